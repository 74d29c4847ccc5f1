//! Killed without warning under load, again and again: what was acknowledged is there, once, in order, and nothing is
//! concluded twice.
//!
//! `PULSEWIRE_KILL_CYCLES` sets how often, `PULSEWIRE_KILL_SEED` when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::kept::drain;
use crate::message::{Potassium, admission, minutes_ago, potassium, vitals};
use crate::platform::{Platform, Site, complained, said};
use crate::sender::Sender;
use crate::setting::{number, wait_for};

const CYCLES: u64 = 6;
const SEED: u64 = 20_260_301;
/// How many senders there are; each has patients of its own and waits for every answer.
const SENDERS: u64 = 4;
/// A sender goes on to its next patient after so many messages.
const PER_PATIENT: u64 = 6;
/// It is killed so long after it takes messages, at most.
const LONGEST_MS: u64 = 1500;
/// A sender takes so long for its next message.
const PAUSE: Duration = Duration::from_millis(5);
/// And then again so long after its start, at most: about as long as a start takes.
const STARTING_MS: u64 = 200;

/// Where senders find the platform now, and when they are to stop.
#[derive(Default)]
struct Field {
    address: Mutex<Option<SocketAddr>>,
    over: AtomicBool,
    acknowledged: AtomicU64,
}

impl Field {
    fn address(&self) -> Option<SocketAddr> {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, address: Option<SocketAddr>) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_it_is_killed() {
    let (cycles, seed) = (
        number("PULSEWIRE_KILL_CYCLES", CYCLES),
        number("PULSEWIRE_KILL_SEED", SEED),
    );
    println!("{cycles} cycles, PULSEWIRE_KILL_SEED={seed}");
    let mut site = Site::default();
    // Small segments, so that it is killed while files are made and closed, too.
    site.set("journal", "segment_size", "\"1MiB\"");
    let (field, site) = (&Field::default(), &site);
    let ledgers = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| scope.spawn(move || send(sender, field)))
            .collect();
        let platform = kill_again_and_again(site, field, cycles, seed);
        field.over.store(true, Ordering::SeqCst);
        let ledgers: Vec<Vec<String>> = senders
            .into_iter()
            .map(|sender| sender.join().expect("a sender ends by itself"))
            .collect();
        drain(&platform, site, 1);
        assert!(platform.stop().success());
        ledgers
    });
    check(site, &ledgers, cycles);
    let verified = site.command(&["state", "--verify"]);
    assert!(
        verified.status.success(),
        "state differs from a rebuild: {}{}",
        said(&verified),
        complained(&verified)
    );
    nothing_new_after_a_rebuild(site);
}

/// Starts it, lets senders send, kills it; in the end it runs.
fn kill_again_and_again(site: &Site, field: &Field, cycles: u64, seed: u64) -> Platform {
    let mut chance = seed;
    let (never, wait) = sync_channel::<()>(1);
    for cycle in 0..cycles {
        let platform = site.start();
        let before = field.acknowledged.load(Ordering::SeqCst);
        field.set(Some(platform.mllp));
        // A number that looks random and is the same for the same seed (Marsaglia's xorshift).
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        if cycle % 2 == 0 {
            wait_for("the load to run", || {
                (field.acknowledged.load(Ordering::SeqCst) > before).then_some(())
            });
        }
        let lived = Duration::from_millis(chance % LONGEST_MS);
        assert_eq!(wait.recv_timeout(lived), Err(RecvTimeoutError::Timeout));
        platform.kill();
        field.set(None);
        // Once more in the middle of its recovery, which must be as safe as what it recovers from.
        site.start_and_kill(Duration::from_millis(chance % STARTING_MS));
        println!(
            "killed after {lived:?}, {} acknowledged so far",
            field.acknowledged.load(Ordering::SeqCst)
        );
    }
    drop(never);
    let platform = site.start();
    let before = field.acknowledged.load(Ordering::SeqCst);
    field.set(Some(platform.mllp));
    let more = 20 * SENDERS;
    wait_for("the load to go on", || {
        (field.acknowledged.load(Ordering::SeqCst) > before + more).then_some(())
    });
    platform
}

/// Sends until it is over, each message again until it is acknowledged; gives the control ids of those that were.
fn send(number: u64, field: &Field) -> Vec<String> {
    let taken = minutes_ago(30);
    let mut ledger = Vec::new();
    let mut sender: Option<Sender<_>> = None;
    let mut count = 0_u64;
    while !field.over.load(Ordering::SeqCst) {
        let id = format!("S{number}-{count}");
        let message = message(number, count, &id, &taken);
        let answer = loop {
            if field.over.load(Ordering::SeqCst) && sender.is_none() {
                return ledger;
            }
            let Some(address) = field.address() else {
                sender = None;
                std::thread::park_timeout(Duration::from_millis(10));
                continue;
            };
            if sender.is_none() {
                sender = Sender::try_to(address).ok();
            }
            let Some(connected) = &mut sender else {
                continue;
            };
            let answered = connected
                .raw(&formats::mllp::encode(&message))
                .ok()
                .and_then(|()| connected.answer());
            match answered {
                Some(answer) => break answer,
                None => sender = None,
            }
        };
        assert_eq!((answer.code.as_str(), &answer.control_id), ("AA", &id));
        ledger.push(id);
        field.acknowledged.fetch_add(1, Ordering::SeqCst);
        count += 1;
        std::thread::park_timeout(PAUSE);
    }
    ledger
}

/// A patient is admitted, has a critical result and vital signs, and a correction takes the result back.
fn message(sender: u64, count: u64, id: &str, taken: &str) -> Vec<u8> {
    let patient = format!("{sender}-{}", count / PER_PATIENT);
    let result = |value, status| {
        potassium(&Potassium {
            patient: &patient,
            control_id: id,
            order: &patient,
            taken,
            value,
            status,
        })
    };
    match count % PER_PATIENT {
        0 => admission(&patient, id),
        1 => result("6.9", "F"),
        2 => vitals(&patient, id, taken, false),
        3 => vitals(&patient, id, &minutes_ago(10), true),
        4 => result("4.4", "C"),
        _ => vitals(&patient, id, &minutes_ago(0), false),
    }
}

/// Sender and number of a control id.
fn place(control_id: &str) -> (u64, u64) {
    let (sender, count) = control_id
        .strip_prefix('S')
        .and_then(|rest| rest.split_once('-'))
        .expect("it is ours");
    (
        sender.parse().expect("it is ours"),
        count.parse().expect("it is ours"),
    )
}

fn control_id(message: &[u8]) -> String {
    let parsed = formats::hl7v2::parse(message);
    String::from_utf8_lossy(parsed.header().expect("it is ours").control_id().raw()).into_owned()
}

/// Looks at the journal alone: what is in it is all that counts.
fn check(site: &Site, ledgers: &[Vec<String>], cycles: u64) {
    let raw = site.records_of_all("healthcare.hl7v2.");
    let (unusable, raw): (Vec<_>, Vec<_>) = raw
        .into_iter()
        .partition(|(topic, _)| topic.ends_with(".quarantine"));
    let kept: Vec<String> = raw
        .iter()
        .map(|(_, kept)| control_id(kept.bytes()))
        .filter(|id| id.starts_with('S'))
        .collect();
    let mut times: BTreeMap<&str, u64> = BTreeMap::new();
    for id in &kept {
        *times.entry(id).or_default() += 1;
    }
    let acknowledged: BTreeSet<&String> = ledgers.iter().flatten().collect();
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|id| !times.contains_key(id.as_str()))
        .collect();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    println!(
        "cycles {cycles}, acknowledged {}, lost {}, duplicated {}",
        acknowledged.len(),
        lost.len(),
        twice.len()
    );
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(twice.is_empty(), "duplicated: {twice:?}");
    assert_eq!(unusable.len(), 0, "all of it can be used");

    let mut next: BTreeMap<u64, u64> = BTreeMap::new();
    for id in &kept {
        let (sender, count) = place(id);
        let expected = next.entry(sender).or_default();
        assert_eq!(count, *expected, "sender {sender} sent these in order");
        *expected += 1;
    }
    once(site, "healthcare.patient.stream", "event-id");
    once(site, "healthcare.alert.stream", "finding");
    let mut revisions = BTreeSet::new();
    for kept in site.records("healthcare.events.care-alert") {
        let alert = clinical::wire::alert_from_json(kept.bytes()).expect("it was written by us");
        assert!(
            revisions.insert((alert.id, alert.revision)),
            "alert {} has revision {} twice",
            alert.id,
            alert.revision
        );
    }
    assert!(!revisions.is_empty(), "the load raises alerts");
    let findings = site
        .records("healthcare.alert.stream")
        .iter()
        .filter(|kept| !kept.header("finding").is_empty())
        .count();
    println!(
        "{findings} findings, {} revisions of alerts",
        revisions.len()
    );
}

/// No name in this header stands on two records.
fn once(site: &Site, topic: &str, header: &str) {
    let mut seen = BTreeSet::new();
    for kept in site.records(topic) {
        let name = kept.header(header);
        assert!(
            name.is_empty() || seen.insert(name.clone()),
            "{header} {name} is twice on {topic}"
        );
    }
}

/// Everything derived is deleted; what comes of it again must be what was there, so that nothing is told twice.
///
/// Alerts are left out: time goes on, and one that nobody acknowledges is told again, rightly.
fn nothing_new_after_a_rebuild(site: &Site) {
    let kept = || {
        let topics = ["healthcare.patient.stream", "healthcare.alert.stream"];
        let all = topics.into_iter().flat_map(|topic| site.records(topic));
        all.map(|kept| kept.record.key)
            .filter(|key| !key.is_empty())
    };
    let before: Vec<_> = kept().collect();
    let patients: BTreeSet<_> = before.iter().cloned().collect();
    let deleted = site.command(&["state", "--delete"]);
    assert!(deleted.status.success(), "{}", complained(&deleted));
    let platform = site.start();
    drain(&platform, site, 1);
    assert!(platform.stop().success());
    let after = kept().filter(|key| patients.contains(key)).count();
    assert_eq!(after, before.len());
}
