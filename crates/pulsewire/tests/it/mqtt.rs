//! Devices through a real broker: killed and started again on either side, nothing is lost, nothing is twice, and the order stays.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use formats::device::packet::Packet as DevicePacket;
use formats::mqtt::{self, Connect, Frame, Packet, Publish, Version};

use crate::kept::Kept;
use crate::platform::{Site, quoted};
use crate::setting::{mosquitto, number, wait_at_most, wait_for};
use crate::sources::heard;

const VITALS: &str = "healthcare.device.vitals";
/// So many messages are on their way to the broker unacknowledged.
const WINDOW: u64 = 20;
const PACKET_MAX: usize = 1 << 20;
/// A broker that is down is tried again and again, but not for ever.
const BROKER_PATIENCE: Duration = Duration::from_secs(120);

/// A device that publishes at QoS 1 and sends again what the broker has not acknowledged.
struct Device {
    address: String,
    name: String,
    stream: Option<(TcpStream, Vec<u8>)>,
}

impl Device {
    fn new(address: &str, name: &str) -> Self {
        Self {
            address: address.to_owned(),
            name: name.to_owned(),
            stream: None,
        }
    }

    fn connect(&mut self) -> Option<()> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .ok()?;
        let hello = Connect {
            version: Version::V3,
            client_id: &self.name,
            user: "",
            password: "",
            keep_alive: 600,
            session_expiry: 0,
            receive_maximum: 0,
            packet_maximum: 0,
        };
        stream.write_all(&mqtt::connect(&hello)).ok()?;
        self.stream = Some((stream, Vec::new()));
        let connected =
            |packet: &Packet<'_>| matches!(packet, Packet::Connected { code: 0, .. }).then_some(());
        self.hear(connected)
    }

    /// The first that is of interest among the next packets; nothing where the connection has ended.
    fn hear<T>(&mut self, mut of_interest: impl FnMut(&Packet<'_>) -> Option<T>) -> Option<T> {
        let (stream, bytes) = self.stream.as_mut()?;
        loop {
            let (found, length) = match mqtt::read(bytes, Version::V3, PACKET_MAX).ok()? {
                Frame::Whole(packet, length) => (of_interest(&packet), length),
                _ => {
                    let mut piece = [0; 4096];
                    let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
                    bytes.extend_from_slice(&piece[..read]);
                    continue;
                }
            };
            bytes.drain(..length);
            if found.is_some() {
                return found;
            }
        }
    }

    /// Publishes these, a window after the other, until the broker has acknowledged them all.
    fn publish(&mut self, topic: &str, from: u64, to: u64, payload: impl Fn(u64) -> String) {
        let mut next = from;
        while next < to {
            let end = to.min(next + WINDOW);
            let sent = wait_at_most(BROKER_PATIENCE, || {
                if self.stream.is_none() {
                    self.connect()?;
                }
                let done = self.window(topic, next..end, &payload);
                if done.is_none() {
                    self.stream = None;
                }
                done
            });
            sent.expect("the broker comes back");
            next = end;
        }
    }

    fn window(
        &mut self,
        topic: &str,
        numbers: std::ops::Range<u64>,
        payload: &impl Fn(u64) -> String,
    ) -> Option<()> {
        let count = numbers.end - numbers.start;
        for (id, number) in (1_u16..).zip(numbers) {
            let text = payload(number);
            let publish = Publish {
                topic,
                id: Some(id),
                payload: text.as_bytes(),
            };
            self.stream
                .as_mut()?
                .0
                .write_all(&mqtt::publish(&publish, Version::V3))
                .ok()?;
        }
        // An acknowledgement is of no interest to a subscriber, and so has no name of its own.
        (0..count)
            .try_for_each(|_| self.hear(|packet| matches!(packet, Packet::Other).then_some(())))
    }
}

fn payload(number: u64) -> String {
    let (seconds, value) = (number % 60, 40 + number % 150);
    let (minutes, hours) = (number / 60 % 60, number / 3600 % 24);
    let day = 1 + number / 86_400;
    format!(
        r#"{{"samples":[{{"code":147842,"value":{value},"unit":"/min","at":"2026-03-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z","sequence":{}}}]}}"#,
        number + 1
    )
}

/// The numbers that are kept, in the order of the journal.
fn numbers(site: &Site) -> Vec<u64> {
    let records = site.records(VITALS);
    let packets = records
        .iter()
        .filter_map(|record| DevicePacket::decode(record.bytes()).ok());
    packets
        .flat_map(|packet| packet.series)
        .flat_map(|series| series.samples)
        .map(|sample| sample.sequence)
        .collect()
}

/// How often each number is kept.
fn kept(site: &Site) -> BTreeMap<u64, u64> {
    let mut found = BTreeMap::new();
    for number in numbers(site) {
        *found.entry(number).or_default() += 1;
    }
    found
}

fn listens(site: &Site, times: usize) {
    wait_for("the broker to be listened to", || {
        (site.log().matches("listening to devices").count() >= times).then_some(())
    });
}

fn tool(tool: &Path, dir: &Path, word: &str) {
    let done = Command::new(tool)
        .args(["mosquitto", word, "--dir"])
        .arg(dir)
        .status();
    assert!(done.expect("the tool runs").success(), "{word}");
}

/// Where the broker of a folder is.
fn mqtt_address(dir: &Path) -> String {
    let port = std::fs::read_to_string(dir.join("port")).expect("the broker has a port");
    format!("127.0.0.1:{}", port.trim())
}

fn site(broker: &str, name: &str, version: &str) -> Site {
    let mut site = Site::default();
    site.set("intake.mqtt", "broker", &quoted(broker))
        .set("intake.mqtt", "version", &quoted(version))
        .set(
            "intake.mqtt",
            "client_id",
            &quoted(&format!("pulsewire-{name}")),
        )
        .set(
            "intake.mqtt",
            "topics",
            &quoted(&format!("{name}/+/measurements")),
        )
        .set(
            "intake.mqtt",
            "status_topics",
            &quoted(&format!("{name}/+/status")),
        );
    site
}

#[test]
fn nothing_is_lost_twice_or_out_of_order_when_the_broker_and_the_platform_are_killed() {
    let Some((address, dir, xtask)) = mosquitto() else {
        return;
    };
    let count = number("PULSEWIRE_MQTT_MESSAGES", 1_500);
    let name = format!("once-{}", std::process::id());
    let site = site(&format!("mqtt://{address}"), &name, "3.1.1");
    let mut platform = site.start();
    listens(&site, 1);
    let published = Arc::new(AtomicU64::new(0));
    let sending = {
        let (published, name) = (Arc::clone(&published), name.clone());
        std::thread::spawn(move || {
            let mut device = Device::new(&address, &format!("{name}-device"));
            let topic = format!("{name}/bed-12/measurements");
            for from in (0..count).step_by(100) {
                device.publish(&topic, from, count.min(from + 100), payload);
                published.store(from + 100, Ordering::Release);
            }
        })
    };
    let reached = |share: u64| {
        let limit = Duration::from_secs(60 + count / 50);
        wait_at_most(limit, || {
            (published.load(Ordering::Acquire) >= count * share / 4).then_some(())
        })
        .expect("it goes on");
    };
    reached(1);
    tool(&xtask, &dir, "down");
    tool(&xtask, &dir, "start");
    reached(2);
    platform.kill();
    platform = site.start();
    reached(3);
    tool(&xtask, &dir, "down");
    platform.kill();
    platform = site.start();
    tool(&xtask, &dir, "start");
    sending.join().expect("the device goes on");
    // What the broker sends again comes before what it is given now.
    let mut device = Device::new(&mqtt_address(&dir), &format!("{name}-last"));
    device.publish(
        &format!("{name}/bed-12/measurements"),
        count,
        count + 1,
        payload,
    );
    let limit = Duration::from_secs(60 + count / 50);
    let all = wait_at_most(limit, || {
        assert!(platform.is_alive());
        kept(&site).contains_key(&(count + 1)).then_some(())
    });
    all.expect("the last one comes");
    assert!(platform.stop().success());
    let found = kept(&site);
    let lost: Vec<u64> = (1..=count + 1)
        .filter(|number| !found.contains_key(number))
        .collect();
    let twice: Vec<u64> = found
        .into_iter()
        .filter(|(_, times)| *times > 1)
        .map(|(number, _)| number)
        .collect();
    assert_eq!((lost, twice), (vec![], vec![]));
    assert!(
        numbers(&site).is_sorted(),
        "they are kept as the device sent them"
    );
}

#[test]
fn a_last_will_makes_a_device_offline_and_what_cannot_be_read_is_kept_with_its_reason() {
    let Some((address, dir, _)) = mosquitto() else {
        return;
    };
    let name = format!("will-{}", std::process::id());
    let port: u16 = address
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok())
        .expect("an address");
    let mut site = site(&format!("mqtts://localhost:{}", port + 1), &name, "5");
    let file = |file: &str| -> PathBuf { dir.join(file) };
    for (key, name) in [
        ("ca", "ca.pem"),
        ("certificate", "client.pem"),
        ("key", "client.key"),
    ] {
        site.set(
            "intake.mqtt.tls",
            key,
            &quoted(&file(name).display().to_string()),
        );
    }
    let platform = site.start();
    listens(&site, 1);
    let mut device = Device::new(&address, &format!("{name}-device"));
    device.publish(&format!("{name}/bed-12/status"), 0, 1, |_| {
        "offline".to_owned()
    });
    device.publish(&format!("{name}/bed-12/measurements"), 0, 1, |_| {
        r#"{"samples":[{"value":1}]}"#.to_owned()
    });
    device.publish(&format!("{name}/bed-12/measurements"), 0, 1, |_| {
        "x".repeat((256 << 10) + 1)
    });
    device.publish(&format!("{name}/bed-12/measurements"), 0, 1, payload);
    // The last of them came behind all others.
    wait_for("the measurement to be kept", || {
        (!kept(&site).is_empty()).then_some(())
    });
    wait_for("the device to be offline", || {
        let status = site.records("healthcare.device.status");
        let is_offline =
            |json: serde_json::Value| json["kind"] == "offline" && json["state"] == "open";
        let mut told = status
            .iter()
            .filter_map(|kept| serde_json::from_slice(kept.bytes()).ok());
        told.any(is_offline).then_some(())
    });
    assert!(platform.stop().success());
    let aside = site.records(&format!("{VITALS}.quarantine"));
    assert_eq!(
        aside
            .iter()
            .map(|kept| kept.header("reason"))
            .collect::<Vec<_>>(),
        ["device-sample-without-code"]
    );
    assert_eq!(kept(&site).into_iter().collect::<Vec<_>>(), [(1, 1)]);
    // What is measured is told of by its name, what cannot be read as something else.
    let [signals, answers] = heard(&site, "devices");
    let expected = ["MDC_ECG_HEART_RATE", "other", "presence"].map(|name| (name.to_owned(), 1));
    assert_eq!(signals, BTreeMap::from(expected));
    let expected = [("accepted", 3), ("refused", 1)].map(|(name, count)| (name.to_owned(), count));
    assert_eq!(answers, BTreeMap::from(expected));
    let told = site.records("healthcare.source.activity");
    let is_shown =
        |kept: &Kept| memchr::memmem::find(kept.bytes(), b"certificateExpires").is_some();
    assert!(told.iter().any(is_shown), "the broker showed a certificate");
}
