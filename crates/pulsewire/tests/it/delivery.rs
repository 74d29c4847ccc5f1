//! News to a receiver that is down, refuses, and comes back: it arrives, each piece once, and so does its retraction.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use clinical::{AlertState, Delivery, DeliveryKind, wire};

use crate::kept::Kept;
use crate::message::{Potassium, minutes_ago, potassium};
use crate::platform::{Site, quoted};
use crate::sender::Sender;
use crate::setting::wait_for;

/// One POST as it came, and whether it was taken.
#[derive(Clone, Debug)]
struct Post {
    key: String,
    delivery: Delivery,
    taken: bool,
}

/// A receiver of webhooks that refuses for as long as it is told to.
struct Receiver {
    address: SocketAddr,
    refusing: Arc<AtomicBool>,
    posts: Arc<Mutex<Vec<Post>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let refusing = Arc::new(AtomicBool::new(true));
        let posts = Arc::new(Mutex::new(Vec::new()));
        let (decides, keeps) = (Arc::clone(&refusing), Arc::clone(&posts));
        // It ends with the test's process: nobody else connects to it.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                serve(stream, &decides, &keeps);
            }
        });
        Self {
            address,
            refusing,
            posts,
        }
    }

    fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    fn taken(&self) -> Vec<Post> {
        self.posts().into_iter().filter(|post| post.taken).collect()
    }
}

/// Answers what comes over one connection until it ends.
fn serve(stream: TcpStream, refusing: &AtomicBool, posts: &Mutex<Vec<Post>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut key, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let lower = line.trim().to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("idempotency-key:") {
                value.trim().clone_into(&mut key);
            } else if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            } else if lower.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let taken = !refusing.load(Ordering::SeqCst);
        posts.lock().unwrap().push(Post {
            key,
            delivery: wire::delivery_from_json(&body).unwrap(),
            taken,
        });
        let status = if taken {
            "200 OK"
        } else {
            "503 Service Unavailable"
        };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn site(receiver: &Receiver) -> Site {
    let mut site = Site::default();
    let pager = "delivery.pager";
    site.set(pager, "kind", "\"webhook\"").set(
        pager,
        "url",
        &quoted(&format!("http://{}/news", receiver.address)),
    );
    site.set(pager, "retry_first", "\"100ms\"")
        .set(pager, "retry_longest", "\"500ms\"");
    site
}

#[test]
fn news_is_tried_until_it_arrives_once_and_its_retraction_reaches_the_same_receiver() {
    let receiver = Receiver::start();
    let site = site(&receiver);
    let platform = site.start();
    let taken = minutes_ago(1);
    let result = |control_id, value, status| {
        potassium(&Potassium {
            patient: "1",
            control_id,
            order: "1",
            taken: &taken,
            value,
            status,
        })
    };
    Sender::to(platform.mllp).accepted(&result("HIGH", "6.9", "F"));
    wait_for("three tries", || {
        (receiver.posts().len() >= 3).then_some(())
    });
    assert!(platform.stop().success());

    let before = receiver.posts().len();
    let platform = site.start();
    wait_for("it to be tried again after the restart", || {
        (receiver.posts().len() > before).then_some(())
    });
    receiver.refusing.store(false, Ordering::SeqCst);
    wait_for("it to arrive", || receiver.taken().first().cloned());
    Sender::to(platform.mllp).accepted(&result("CORRECTED", "4.4", "C"));
    wait_for("the retraction to arrive", || {
        receiver.taken().get(1).cloned()
    });
    platform.wait_until_idle();
    let taken = receiver.taken();
    let kinds: Vec<DeliveryKind> = taken.iter().map(|post| post.delivery.kind).collect();
    assert_eq!(kinds, [DeliveryKind::Raised, DeliveryKind::Retracted]);
    assert_eq!(taken[1].delivery.alert.state, AlertState::Retracted);
    assert_eq!(taken[0].delivery.alert.id, taken[1].delivery.alert.id);
    assert_ne!(taken[0].key, taken[1].key);
    let same = receiver
        .posts()
        .iter()
        .filter(|post| !post.taken)
        .all(|post| post.key == taken[0].key);
    assert!(same, "each try of one piece of news has the same key");
    assert!(platform.stop().success());

    let attempts = attempts(&site);
    let ended = |outcome: &str| attempts.iter().filter(|ended| *ended == outcome).count();
    assert_eq!(ended("delivered"), 2);
    assert!(ended("failed") >= 3, "{attempts:?}");

    // Nothing of it is brought again by another start.
    let platform = site.start();
    platform.wait_until_idle();
    assert_eq!(receiver.taken().len(), 2);
}

#[test]
fn an_alert_that_a_channel_gave_up_is_told_wherever_one_looks() {
    let receiver = Receiver::start();
    let mut site = site(&receiver);
    site.set("delivery.pager", "give_up_after", "\"300ms\"");
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&potassium(&Potassium {
        patient: "1",
        control_id: "HIGH",
        order: "1",
        taken: &minutes_ago(1),
        value: "6.9",
        status: "F",
    }));
    let told = wait_for("it to be told", || {
        let (_, body) = platform.get("/ready");
        body.contains("given up by pager").then_some(body)
    });
    assert!(
        told.contains("given up by pager: 1, of them critical: 1"),
        "{told}"
    );
    let (code, list) = platform.get("/alerts");
    assert_eq!(code, 200);
    assert!(list.contains("Not delivered: given up by pager"), "{list}");
    let (_, overview) = platform.get("/");
    assert!(overview.contains("given up by pager: 1"), "{overview}");
    let (_, status) = platform.get("/status");
    assert!(status.contains("given up by pager: 1"), "{status}");
}

#[test]
fn a_site_without_a_channel_says_so() {
    let mut site = Site::default();
    site.set("delivery.console", "enabled", "false");
    let platform = site.start();
    for path in ["/ready", "/status", "/"] {
        let (code, body) = platform.get(path);
        assert_eq!(code, 200);
        assert!(body.contains("No channel is configured"), "{path}: {body}");
    }
}

/// How the tries to reach the pager ended, as the journal keeps them.
fn attempts(site: &Site) -> Vec<String> {
    let all = site
        .records("healthcare.alert.delivery-attempt")
        .into_iter();
    let outcome = |kept: Kept| {
        let attempt: serde_json::Value = serde_json::from_slice(kept.bytes()).unwrap();
        attempt["outcome"].as_str().unwrap().to_owned()
    };
    all.filter(|kept| kept.header("channel") == "pager")
        .map(outcome)
        .collect()
}
