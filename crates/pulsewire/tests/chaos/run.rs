//! The run: instances, senders and a reader, one fault after the other, then the verdict.

use std::collections::BTreeSet;
use std::io::Write as _;

use journal::partition_for;

use crate::brokers::{Brokers, var};
use crate::checker::{Anomaly, check, phase};
use crate::faults::{Chance, FAULTS, Fault, Outcome, SHORT, Scene};
use crate::fleet::{Fleet, INSTANCES, PARTITIONS, PREFIX, site_key};
use crate::gather::{self, raw};
use crate::history::{History, Message};
use crate::load::{Field, send, send_one};
use crate::oracle::{Ends, expected};
use crate::records::{Kept, all};
use crate::setting::{now, number, wait_at_most};
use crate::watch::{PATIENCE, Watch};

/// How many senders there are.
pub(crate) const SENDERS: usize = 4;
/// What decides the order of faults and their moments.
const SEED: u64 = 20_261_121;
/// So many anomalies are shown.
const SHOWN: usize = 40;

#[test]
fn what_comes_out_is_what_one_process_makes_whatever_fails() {
    let Some(brokers) = Brokers::given() else {
        return;
    };
    let seed = number("PULSEWIRE_CHAOS_SEED", SEED);
    let minutes = number("PULSEWIRE_CHAOS_MINUTES", 0);
    println!("PULSEWIRE_CHAOS_SEED={seed}, {minutes} minutes");
    let (field, watch) = (Field::default(), Watch::default());
    let (messages, marks, outcomes) = std::thread::scope(|scope| {
        let _over = Over(&field, &watch);
        scope.spawn(|| watch.run(&brokers.bootstrap, PREFIX));
        let mut fleet = Fleet::new(&brokers, &field);
        (0..INSTANCES).for_each(|one| fleet.start(one));
        let senders: Vec<_> = (0..SENDERS)
            .map(|one| {
                let field = &field;
                scope.spawn(move || send(one, field))
            })
            .collect();
        let mut scene = Scene {
            brokers: &brokers,
            fleet: &mut fleet,
            field: &field,
            watch: &watch,
            chance: Chance::new(seed),
            phase: 0,
        };
        let outcomes = faults(&mut scene, minutes);
        field.end();
        let mut messages: Vec<Message> = Vec::new();
        for sender in senders {
            messages.extend(sender.join().expect("a sender says what is wrong"));
        }
        let marks = drain(&field, &watch, &fleet);
        (0..INSTANCES).for_each(|one| fleet.stop(one));
        (messages, marks, outcomes)
    });
    conclude(&brokers, messages, marks, &watch, &outcomes);
}

/// Ends senders and reader, also where the run fails.
struct Over<'o>(&'o Field, &'o Watch);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.end();
        self.1.end();
    }
}

/// One fault after the other in an order that the seed decides, until the time is over; a short run has some of them once.
fn faults(scene: &mut Scene<'_, '_>, minutes: u64) -> Vec<Outcome> {
    scene.wait_until_resumed("the start");
    let began = now().micros();
    let limit = i64::try_from(minutes * 60_000_000).unwrap_or(i64::MAX);
    let mut outcomes = Vec::new();
    loop {
        let some = if minutes == 0 { SHORT } else { FAULTS.len() };
        let mut left: Vec<&Fault> = FAULTS.iter().take(some).collect();
        while !left.is_empty() {
            let count = u64::try_from(left.len()).expect("faults are few");
            let next = usize::try_from(scene.chance.below(count)).expect("faults are few");
            scene.phase += 1;
            let outcome = scene.inflict(left.remove(next));
            println!("{}", line(&outcome, None));
            outcomes.push(outcome);
            if minutes > 0 && now().micros() - began > limit {
                return outcomes;
            }
        }
        if minutes == 0 {
            return outcomes;
        }
    }
}

/// Sends a last message for each partition and waits until it has led to a finding: all before it has, then.
fn drain(field: &Field, watch: &Watch, fleet: &Fleet<'_>) -> Vec<Message> {
    let key = site_key();
    let mut marks = Vec::new();
    let mut keys: Vec<Box<[u8]>> = Vec::new();
    for partition in 0..PARTITIONS {
        let names = (0..).map(|n| format!("mark-{partition}-{n}"));
        let mut there = names.map(|name| (key.patient("EAST", &name), name));
        let found = there.find(|(key, _)| partition_for(key.as_bytes(), PARTITIONS) == partition);
        let (key, name) = found.expect("some name leads to every partition");
        keys.push((*key.as_bytes()).into());
        marks.push(send_one(&name, field));
    }
    let done = wait_at_most(PATIENCE, || watch.has_all(&keys).then_some(()));
    assert!(
        done.is_some(),
        "the last messages did not come through\n{}",
        fleet.last_words()
    );
    marks
}

/// Reads everything, lets one process make the same, and compares.
fn conclude(
    brokers: &Brokers,
    mut messages: Vec<Message>,
    marks: Vec<Message>,
    watch: &Watch,
    outcomes: &[Outcome],
) {
    let committed = all(&brokers.bootstrap, PREFIX, "read_committed");
    let everything = all(&brokers.bootstrap, PREFIX, "read_uncommitted");
    let last = last_messages(&committed, &marks);
    messages.extend(marks);
    let ends = Ends::of(&committed, &last);
    let findings = ends.findings(&committed);
    let history = gather::history(messages, findings, &committed, &everything, watch.places());
    write(&history, outcomes);
    let expected = expected(&committed, &last, &ends);
    // The first phase is the start, in which instances come up one after the other.
    let quiet = outcomes.iter().zip(1..).filter(|(one, _)| one.is_quiet);
    let quiet: BTreeSet<usize> = quiet.map(|(_, phase)| phase).collect();
    let anomalies = check(&history, &expected, &quiet);
    for (number, outcome) in (1..).zip(outcomes) {
        let of_it = |anomaly: &&Anomaly| phase(anomaly, &history) == Some(number);
        let count = anomalies.iter().filter(of_it).count();
        println!("{}", line(outcome, Some(count)));
    }
    println!(
        "{} messages, {} acknowledged, {} on raw topics, {} events, {} findings, {} aborted records: {} anomalies",
        history.messages.len(),
        history
            .messages
            .iter()
            .filter(|one| one.is_acknowledged())
            .count(),
        history.raw.len(),
        history.events.len(),
        history.findings.len(),
        history.aborted.len(),
        anomalies.len()
    );
    assert!(
        history.findings.len() > FAULTS.len(),
        "there was something to compare"
    );
    assert!(
        outcomes.len() <= SHORT || !history.aborted.is_empty(),
        "no transaction was cut off: nothing was shown about them"
    );
    let shown: Vec<_> = anomalies.iter().take(SHOWN).collect();
    assert!(
        anomalies.is_empty(),
        "{} anomalies: {shown:#?}",
        anomalies.len()
    );
}

/// The ids of the messages that were sent last.
fn last_messages(committed: &[Kept], marks: &[Message]) -> BTreeSet<String> {
    let named: BTreeSet<_> = marks.iter().map(|mark| &mark.control_id).collect();
    let last = raw(committed).filter(|kept| named.contains(&gather::control_id(kept.bytes())));
    last.map(|kept| kept.header("message-id")).collect()
}

fn line(outcome: &Outcome, anomalies: Option<usize>) -> String {
    let Outcome {
        name,
        sent,
        acknowledged,
        longest_silence,
        took,
        ..
    } = outcome;
    let anomalies = anomalies.map_or_else(String::new, |count| format!(", anomalies {count}"));
    format!(
        "{name}: {:.1} s, sent {sent}, acknowledged {acknowledged}, longest without a finding {:.1} s{anomalies}",
        took.as_secs_f64(),
        longest_silence.as_secs_f64()
    )
}

/// Writes the history where it is asked for, one record a line.
fn write(history: &History, outcomes: &[Outcome]) {
    let Some(path) = var("PULSEWIRE_CHAOS_HISTORY") else {
        return;
    };
    let mut text = Vec::new();
    let mut put = |kind: &str, one: serde_json::Value| {
        let line = serde_json::json!({ kind: one });
        writeln!(text, "{line}").expect("memory takes all that is written");
    };
    for outcome in outcomes {
        put("fault", serde_json::Value::from(line(outcome, None)));
    }
    history
        .messages
        .iter()
        .for_each(|one| put("message", json(one)));
    history.raw.iter().for_each(|one| put("raw", json(one)));
    history
        .events
        .iter()
        .for_each(|one| put("event", json(one)));
    history
        .published
        .iter()
        .for_each(|one| put("published", json(one)));
    history
        .findings
        .iter()
        .for_each(|one| put("finding", json(one)));
    history
        .aborted
        .iter()
        .for_each(|one| put("aborted", json(one)));
    std::fs::write(&path, text).expect("the history can be written");
    println!("history: {path}");
}

fn json(one: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(one).expect("it has text keys")
}
