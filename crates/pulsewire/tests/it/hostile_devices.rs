//! What attackers and broken brokers send in the name of devices.

use formats::device::Presence;
use formats::device::packet::Packet;

use crate::broker::{AGAIN, Broker, Message, ONCE, RETAINED, Session, TWICE};
use crate::platform::{Platform, Site, quoted};
use crate::rest::Rest;
use crate::setting::wait_for;

const VITALS: &str = "healthcare.device.vitals";
const TOPIC: &str = "devices/bed-1/measurements";

fn started() -> (Site, Platform, Broker, Session) {
    let broker = Broker::open();
    let mut site = Site::default();
    site.set("intake.mqtt", "broker", &quoted(&broker.url()));
    site.set("intake.mqtt", "retry_longest", "\"200ms\"");
    let platform = site.start();
    let session = broker.accept();
    (site, platform, broker, session)
}

fn payload(value: u64) -> String {
    format!(
        r#"{{"samples":[{{"code":147842,"value":{value},"unit":"/min","at":"2026-03-01T09:00:00Z"}}]}}"#
    )
}

fn message(id: u16, payload: &str) -> Message<'_> {
    Message {
        topic: TOPIC,
        id,
        flags: ONCE,
        payload,
    }
}

/// Device and value of each sample that is kept, in the order of the journal.
fn kept(site: &Site) -> Vec<(String, u64)> {
    let packets = site.records(VITALS);
    let packets = packets
        .iter()
        .filter_map(|record| Packet::decode(record.bytes()).ok());
    packets
        .flat_map(|packet| {
            let device = packet.device.to_string();
            let samples = packet.series.into_iter().flat_map(|series| series.samples);
            samples.map(move |sample| {
                let value = sample.value.expect("each has one").to_string();
                (device.clone(), value.parse().expect("a whole number"))
            })
        })
        .collect()
}

fn of_bed_1(values: &[u64]) -> Vec<(String, u64)> {
    values
        .iter()
        .map(|value| ("bed-1".to_owned(), *value))
        .collect()
}

#[test]
fn hostile_d24_a_flood_of_one_device_is_taken_as_fast_as_it_is_kept_and_others_go_on() {
    const FLOOD: u16 = 3000;
    let (site, platform, _broker, mut session) = started();
    let mut writer = session.writer();
    let address = platform.fhir();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for id in 1..=FLOOD {
                let payload = payload(u64::from(id));
                writer.deliver(message(id, &payload));
            }
        });
        scope.spawn(move || {
            for value in 1..=20 {
                let headers = [("Content-Type", "application/json")];
                let path = "/devices/bed-2/measurements";
                let body = payload(100_000 + value);
                let answer = Rest(address).try_ask_at("POST", path, &headers, body.as_bytes());
                assert_eq!(answer.map(|answer| answer.status), Some(202));
            }
        });
        for id in 1..=FLOOD {
            assert_eq!(session.acknowledged(), id, "in order");
        }
    });
    let kept = kept(&site);
    let (flood, others): (Vec<_>, Vec<_>) =
        kept.into_iter().partition(|(device, _)| device == "bed-1");
    assert_eq!(flood, of_bed_1(&(1..=u64::from(FLOOD)).collect::<Vec<_>>()));
    assert_eq!(others.len(), 20);
}

#[test]
fn hostile_d24_a_burst_is_kept_in_the_order_in_which_the_broker_gives_it() {
    const ROUNDS: u16 = 500;
    let (site, _platform, _broker, mut session) = started();
    let mut writer = session.writer();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for round in 0..ROUNDS {
                let value = payload(round.into());
                let association = format!(
                    r#"{{"association":{{"patient":{{"authority":"H","identifier":"{round}"}},"from":"2026-03-01T08:00:00Z"}}}}"#
                );
                let word = if round % 2 == 0 { "online" } else { "offline" };
                let status = "devices/bed-2/status";
                for (id, (topic, payload)) in
                    (1..).zip([(TOPIC, &*value), (TOPIC, &association), (status, word)])
                {
                    writer.deliver(Message {
                        topic,
                        id: round * 3 + id,
                        flags: ONCE,
                        payload,
                    });
                }
            }
        });
        for id in 1..=ROUNDS * 3 {
            assert_eq!(session.acknowledged(), id);
        }
    });
    let rounds = || 0..u64::from(ROUNDS);
    assert_eq!(kept(&site), of_bed_1(&rounds().collect::<Vec<_>>()));
    let associations = site.records("healthcare.device.association");
    let patients: Vec<String> = associations
        .iter()
        .filter_map(|kept| serde_json::from_slice(kept.bytes()).ok())
        .filter_map(|said: serde_json::Value| Some(said["identifier"].as_str()?.to_owned()))
        .collect();
    assert_eq!(
        patients,
        rounds().map(|n| n.to_string()).collect::<Vec<_>>()
    );
    let packets = site.records(VITALS);
    let words: Vec<Presence> = packets
        .iter()
        .filter_map(|kept| Packet::decode(kept.bytes()).ok()?.presence)
        .collect();
    let expected = [Presence::Online, Presence::Offline];
    let expected: Vec<Presence> = expected.into_iter().cycle().take(ROUNDS.into()).collect();
    assert_eq!(words, expected);
}

#[test]
fn hostile_d25_nobody_measures_in_the_name_of_another() {
    let (site, platform, _broker, mut session) = started();
    assert_eq!(
        session.filters,
        ["devices/+/measurements", "devices/+/status"]
    );
    let of_another =
        r#"{"device":"bed-2","samples":[{"code":147842,"value":66,"at":"2026-03-01T09:00:00Z"}]}"#;
    let will = r#"{"device":"bed-2","presence":"offline"}"#;
    let long = format!("devices/{}/measurements", "d".repeat(500));
    let good = payload(1);
    let bad = [
        (TOPIC, of_another),
        ("devices/bed-1/status", will),
        ("$SYS/broker/clients/total", "12"),
        ("devices/bed-1/orders", &good),
        ("devices/a\0b/measurements", &good),
        ("devices/#", &good),
        ("devices/+/measurements", &good),
        ("devices/1/2/3/4/5/6/7/measurements", &good),
        (&long, &good),
    ];
    for (id, (topic, payload)) in (1..).zip(bad) {
        session.deliver(Message {
            topic,
            id,
            flags: ONCE,
            payload,
        });
        assert_eq!(session.acknowledged(), id, "{topic} does not come for ever");
    }
    // What the broker keeps and delivers again at each subscription is kept once.
    for id in 20..22 {
        let retained = Message {
            flags: RETAINED,
            ..message(id, &good)
        };
        session.deliver(retained);
        assert_eq!(session.acknowledged(), id);
    }
    assert_eq!(kept(&site), of_bed_1(&[1]));
    let aside = site.records("healthcare.device.vitals.quarantine").len();
    let refused = platform.count(&["intake_received", "\"mqtt\"", "Refused"]);
    let refused = usize::try_from(refused).expect("a few");
    assert_eq!(
        aside + refused,
        bad.len(),
        "{aside} set aside, {refused} refused"
    );
}

#[test]
fn hostile_d26_whatever_is_delivered_again_is_kept_once() {
    let (site, platform, broker, mut session) = started();
    let first = payload(1);
    session.deliver(message(1, &first));
    assert_eq!(session.acknowledged(), 1);
    // As if the acknowledgement had been lost.
    for flags in [AGAIN, ONCE, TWICE] {
        session.deliver(Message {
            flags,
            ..message(1, &first)
        });
        assert_eq!(session.acknowledged(), 1);
    }
    // One number for two messages that are on their way.
    let (second, third) = (payload(2), payload(3));
    session.deliver(message(7, &second));
    session.deliver(message(7, &third));
    assert_eq!([session.acknowledged(), session.acknowledged()], [7, 7]);
    // The rest of a QoS 2 that nobody began.
    session.raw(&[0x62, 2, 0, 1]);
    // The session is taken over while messages are on their way; the broker delivers them to whoever comes.
    let fourth = payload(4);
    session.deliver(message(8, &fourth));
    drop(session);
    let mut session = broker.accept();
    session.deliver(Message {
        flags: AGAIN,
        ..message(8, &fourth)
    });
    assert_eq!(session.acknowledged(), 8);
    assert_eq!(kept(&site), of_bed_1(&[1, 2, 3, 4]));
    platform.kill();
    let _platform = site.start();
    let mut session = broker.accept();
    session.deliver(Message {
        flags: AGAIN,
        ..message(8, &fourth)
    });
    assert_eq!(session.acknowledged(), 8);
    assert_eq!(kept(&site), of_bed_1(&[1, 2, 3, 4]));
}

#[test]
fn a_broker_that_is_not_heard_is_a_trouble_with_its_reason_until_it_is() {
    let broker = Broker::open();
    let mut site = Site::default();
    site.set("intake.mqtt", "broker", &quoted(&broker.url()));
    site.set("intake.mqtt", "retry_longest", "\"200ms\"");
    let platform = site.start();
    let told = |words: &str| {
        wait_for(words, || {
            let (_, ready) = platform.get("/ready");
            ready.contains(words).then_some(())
        });
    };
    broker.refuse(4);
    told("bad user name or password (0x04)");
    // As a port that takes TLS answers.
    broker.answer(&[0x15, 3, 3, 0, 2, 2, 0x46]);
    told("begin it with mqtts://");
    drop(broker.accept_granting(0x80));
    told("it refuses devices/+/measurements: failure (0x80)");
    let session = broker.accept_granting(0);
    told("it grants devices/+/measurements at QoS 0 alone");
    drop(session);
    let _session = broker.accept();
    wait_for("nothing to be told of the broker", || {
        let (_, ready) = platform.get("/ready");
        (!ready.contains("broker")).then_some(())
    });
}
