//! A receiver hangs: other processes share in what is to be delivered all the same, and nothing is brought twice by them.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clinical::{
    Alert, AlertId, AlertState, Delivery, DeliveryId, DeliveryKind, EventTime, FindingId,
    PatientKey, Severity, wire,
};
use journal::{Journal as _, Record, TopicPartition, Write, partition_for};

use crate::broker::Place;
use crate::instance::{Instance, PARTITIONS, site};
use crate::platform::{Site, quoted};
use crate::setting::{now, wait_at_most, wait_for};

/// So many pieces of news, of as many alerts: at two seconds for each try, they are never all tried.
const NEWS: u8 = 60;
/// A member that does not look at its group for a minute is turned out of it: it is to hand over long before.
const HANDED_OVER: Duration = Duration::from_secs(40);
const DELIVERY: &str = "healthcare.alert.delivery";

fn news(number: u8) -> Delivery {
    let at = now();
    let patient = PatientKey::from_slice(&[number; 16]).expect("it has this length");
    let alert = Alert {
        id: AlertId::derive(&[&[number]]),
        patient,
        condition: "deterioration".into(),
        episode: 1,
        revision: 1,
        severity: Severity::High,
        state: AlertState::Open,
        reason: "".into(),
        rule: "".into(),
        as_of: EventTime::default(),
        known_at: at,
        opened_at: at,
        finding: FindingId::default(),
        evidence: vec![],
        history: vec![],
    };
    Delivery {
        id: DeliveryId::derive(&[&[number]]),
        alert,
        kind: DeliveryKind::Raised,
        channel: "pager".into(),
        at,
    }
}

fn record(news: &Delivery) -> (TopicPartition, Record) {
    let key = *news.alert.patient.as_bytes();
    let at = news.at.micros();
    let record = Record {
        key: key.into(),
        event_time: at,
        received_time: at,
        headers: vec![("channel".into(), (*b"pager").into())],
        value: Some(wire::delivery_to_json(news).into()),
        ..Record::default()
    };
    (
        TopicPartition::new(DELIVERY, partition_for(&key, PARTITIONS)),
        record,
    )
}

/// A site that delivers to a receiver.
fn delivering(place: &Place, receiver: &TcpListener) -> Site {
    let address = receiver.local_addr().expect("it is bound");
    let mut site = site();
    place.configure(&mut site);
    site.set("kafka", "session_timeout", "\"6s\"");
    let pager = "delivery.pager";
    site.set(pager, "kind", "\"webhook\"")
        .set(pager, "url", &quoted(&format!("http://{address}/news")))
        .set(pager, "timeout", "\"2s\"")
        .set(pager, "retry_first", "\"100ms\"");
    site
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port is free")
}

/// Takes connections and never answers; counts them.
fn hang(receiver: TcpListener) -> Arc<AtomicUsize> {
    let came = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&came);
    // It ends with the test's process: nobody else connects to it.
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in receiver.incoming() {
            counts.fetch_add(1, Ordering::SeqCst);
            open.push(stream);
        }
    });
    came
}

/// Answers every request that all is well; keeps their idempotency keys.
fn take(receiver: TcpListener) -> Arc<Mutex<Vec<String>>> {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let keeps = Arc::clone(&taken);
    std::thread::spawn(move || {
        for mut stream in receiver.incoming().map_while(Result::ok) {
            let (mut came, mut some) = (String::new(), [0; 4096]);
            while let Ok(length @ 1..) = stream.read(&mut some) {
                came.push_str(&String::from_utf8_lossy(
                    some.get(..length).unwrap_or_default(),
                ));
                // Its JSON ends the request.
                if !came.ends_with('}') {
                    continue;
                }
                let key = came.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("idempotency-key")
                        .then(|| value.trim().to_owned())
                });
                let mut taken = keeps.lock().expect("nobody panics with it");
                taken.extend(key);
                drop(taken);
                came.clear();
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                if stream.write_all(answer).is_err() {
                    break;
                }
            }
        }
    });
    taken
}

#[test]
fn a_receiver_that_hangs_holds_no_other_process_up() {
    let Some(place) = Place::new("hanging") else {
        return;
    };
    let (hanging, taking) = (listener(), listener());
    let (first, second) = (delivering(&place, &hanging), delivering(&place, &taking));
    let (came, taken) = (hang(hanging), take(taking));
    let held_up = Instance::start(&first, "delivery");
    let records = (0..NEWS).map(|number| record(&news(number))).collect();
    let offsets = Vec::new();
    let written = place.journal().append(Write { records, offsets });
    written.expect("it is written");
    wait_for("a first try", || {
        (came.load(Ordering::SeqCst) > 0).then_some(())
    });
    let other = Instance::start(&second, "delivery");
    let arrived = || taken.lock().expect("nobody panics with it").clone();
    let shared = wait_at_most(HANDED_OVER, || (!arrived().is_empty()).then_some(()));
    assert!(shared.is_some(), "its share is held back:\n{}", first.log());
    // Without the one that is held up, the other brings all there is, each once.
    held_up.stop();
    let every: BTreeSet<_> = (0..NEWS)
        .map(|number| news(number).id.to_string())
        .collect();
    wait_for("all news", || {
        (arrived().len() >= every.len()).then_some(())
    });
    other.stop();
    let arrived = arrived();
    assert_eq!(arrived.len(), every.len());
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>(), every);
}
