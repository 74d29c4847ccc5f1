//! One journal, three ways to run: on one machine, on Kafka, on Kafka by three processes. What comes out is the same.

mod messages;

use std::collections::{BTreeMap, BTreeSet};

use clinical::PatientKey;
use journal::{EmbeddedJournal, Journal, Options, Record, TopicPartition, TopicSpec, Write};

use crate::broker::Place;
use crate::instance::{Instance, PARTITIONS, site};
use crate::kept_records::{Kept, all, by_key};
use crate::platform::Site;
use crate::setting::{PATIENCE, number, wait_at_most};

use messages::{Hospital, Identities};

/// So many messages unless PULSEWIRE_GOLDEN_MESSAGES says otherwise; 20 000 make more than 100 000 events.
const MESSAGES: u64 = 1_500;
/// A write of the embedded journal.
const WRITE_RECORDS: usize = 1_000;
/// What one partition's state hands to another's patient may take so many turns.
const ROUNDS: u32 = 3;

const PATIENT_STREAM: &str = "healthcare.patient.stream";
const ALERT_STREAM: &str = "healthcare.alert.stream";
const OBSERVATIONS: &str = "healthcare.fhir.observation";

/// Records, each with where it goes.
type Records = Vec<(TopicPartition, Record)>;

/// What is written to begin with, and then round by round.
struct Given {
    records: Records,
    rounds: Vec<(Vec<PatientKey>, Records)>,
}

impl Given {
    fn new(identities: Identities) -> Self {
        let messages = number("PULSEWIRE_GOLDEN_MESSAGES", MESSAGES);
        let messages = usize::try_from(messages).expect("it fits into memory");
        let mut hospital = Hospital::new(messages, identities);
        let records = hospital.messages(messages);
        let rounds = (0..ROUNDS).map(|round| hospital.marks(round)).collect();
        Self { records, rounds }
    }

    /// What was made of them on the patient stream, to be written there in its place.
    fn streamed(&self, stream: Vec<Kept>) -> Self {
        let told = |kept: &Kept| {
            let at = TopicPartition::new(PATIENT_STREAM, kept.partition);
            (at, kept.record.clone())
        };
        let (mut records, mut rounds) = (Vec::new(), Vec::new());
        let mut rest = stream;
        for (marks, _) in &self.rounds {
            let of_round = |kept: &Kept| marks.iter().any(|key| is_of(kept, *key));
            let (marked, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(of_round);
            rounds.push((marks.clone(), marked.iter().map(told).collect()));
            rest = others;
        }
        records.extend(rest.iter().map(told));
        Self { records, rounds }
    }

    fn marks(&self) -> BTreeSet<Box<[u8]>> {
        let keys = self.rounds.iter().flat_map(|(keys, _)| keys);
        keys.map(|key| (*key.as_bytes()).into()).collect()
    }
}

fn is_of(kept: &Kept, patient: PatientKey) -> bool {
    *kept.record.key == *patient.as_bytes()
}

/// One way to run.
enum Way<'p> {
    Embedded,
    Kafka { place: &'p Place, instances: usize },
}

/// What a run left behind, per topic and patient, without the marks.
struct Outcome {
    topics: BTreeMap<&'static str, BTreeMap<Box<[u8]>, Vec<Kept>>>,
    /// The patient stream as it is, marks and all.
    stream: Vec<Kept>,
}

impl Outcome {
    fn count(&self, topic: &str) -> usize {
        self.topics[topic].values().map(Vec::len).sum()
    }
}

/// Writes what is given, runs the roles over it until all of it went through, and gives what came of it.
fn run(way: &Way<'_>, given: &Given, roles: &str) -> Outcome {
    let instances = match way {
        Way::Embedded => 1,
        Way::Kafka { instances, .. } => *instances,
    };
    let mut sites: Vec<Site> = (0..instances).map(|_| site()).collect();
    if let Way::Kafka { place, .. } = way {
        sites.iter_mut().for_each(|site| place.configure(site));
    }
    write(way, &sites[0], &given.records);
    for (marks, records) in &given.rounds {
        // The embedded journal is one process's at a time.
        if matches!(way, Way::Embedded) {
            write(way, &sites[0], records);
        }
        let running: Vec<_> = sites
            .iter()
            .map(|site| Instance::start(site, roles))
            .collect();
        if matches!(way, Way::Kafka { .. }) {
            write(way, &sites[0], records);
        }
        wait_for_findings(way, &sites, marks);
        running.into_iter().for_each(Instance::stop);
    }
    for site in &sites {
        let log = site.log();
        assert!(!log.contains(" ERROR "), "{log}");
    }
    let journal = journal(way, &sites[0]);
    let stream = all(&*journal, PATIENT_STREAM);
    let marks = given.marks();
    let kept = |topic: &'static str| {
        let mut keys = by_key(all(&*journal, topic));
        keys.retain(|key, _| !marks.contains(key));
        (topic, keys)
    };
    let topics = [PATIENT_STREAM, OBSERVATIONS, ALERT_STREAM];
    Outcome {
        topics: topics.map(kept).into(),
        stream,
    }
}

fn journal(way: &Way<'_>, site: &Site) -> Box<dyn Journal> {
    match way {
        Way::Embedded => {
            let folder = site.data().join("journal");
            Box::new(EmbeddedJournal::open_read_only(&folder).expect("the journal can be read"))
        }
        Way::Kafka { place, .. } => Box::new(place.journal()),
    }
}

/// Writes records one at a time, so that their offsets are the same everywhere.
fn write(way: &Way<'_>, site: &Site, records: &[(TopicPartition, Record)]) {
    let names: BTreeSet<_> = records.iter().map(|(at, _)| at.topic.clone()).collect();
    let specs = names.into_iter().map(|name| TopicSpec {
        name,
        partitions: PARTITIONS,
        retention: Some(std::time::Duration::from_secs(30 * 24 * 60 * 60)),
        retention_bytes: None,
        compacted: false,
    });
    match way {
        Way::Embedded => {
            let folder = site.data().join("journal");
            let journal = EmbeddedJournal::open(&folder, &Options::default());
            let journal = journal.expect("nobody else has it");
            specs.for_each(|spec| journal.ensure_topic(&spec).expect("it fits"));
            for records in records.chunks(WRITE_RECORDS) {
                let write = Write {
                    records: records.to_vec(),
                    offsets: Vec::new(),
                };
                journal.append(write).expect("the disk takes it");
            }
        }
        Way::Kafka { place, .. } => {
            let journal = place.journal();
            specs.for_each(|spec| journal.ensure_topic(&spec).expect("it fits"));
            let (sender, answers) = std::sync::mpsc::sync_channel(records.len());
            for record in records {
                let sender = sender.clone();
                let write = Write {
                    records: vec![record.clone()],
                    offsets: Vec::new(),
                };
                let done = move |result| sender.send(result).expect("it is waited for");
                journal.submit(write, Box::new(done));
            }
            drop(sender);
            for answer in answers {
                answer.expect("the broker takes it");
            }
        }
    }
}

/// Waits until each of these patients has a finding.
fn wait_for_findings(way: &Way<'_>, sites: &[Site], marks: &[PatientKey]) {
    let mut before = 0;
    loop {
        let look = || {
            let journal = journal(way, &sites[0]);
            let found = all(&*journal, ALERT_STREAM);
            let missing = marks
                .iter()
                .filter(|key| !found.iter().any(|kept| is_of(kept, **key)));
            (missing.count(), found.len())
        };
        let mut last = (marks.len(), 0);
        let done = wait_at_most(PATIENCE, || {
            last = look();
            (last.0 == 0).then_some(())
        });
        if done.is_some() {
            return;
        }
        let (missing, found) = last;
        let logs: Vec<_> = sites.iter().map(Site::log).collect();
        assert!(
            found > before,
            "{missing} of {} marks have no finding, and nothing comes any more:\n{}",
            marks.len(),
            logs.join("\n")
        );
        before = found;
    }
}

/// Compares two outcomes patient by patient.
fn compare(one: &Outcome, other: &Outcome, topic: &str, seen: impl Fn(&Kept) -> Kept) {
    let (left, right) = (&one.topics[topic], &other.topics[topic]);
    let keys: BTreeSet<_> = left.keys().chain(right.keys()).collect();
    for key in keys {
        let of = |outcome: &BTreeMap<Box<[u8]>, Vec<Kept>>| -> Vec<Kept> {
            outcome.get(key).into_iter().flatten().map(&seen).collect()
        };
        let (left, right) = (of(left), of(right));
        let differs = left
            .iter()
            .zip(&right)
            .position(|(one, other)| one != other);
        if let Some(place) = differs {
            panic!(
                "record {place} of {key:?} on {topic} differs:\n{:#?}\n{}\n{:#?}\n{}",
                left[place].record.headers,
                left[place].text(),
                right[place].record.headers,
                right[place].text()
            );
        }
        assert_eq!(left.len(), right.len(), "records of {key:?} on {topic}");
    }
}

/// A record without its place in its topic: transactions take offsets, too.
fn without_place(kept: &Kept) -> Kept {
    Kept {
        offset: 0,
        ..kept.clone()
    }
}

/// A record without its place, nor the places of the events that it names.
fn without_places(kept: &Kept) -> Kept {
    let mut kept = without_place(kept);
    let text = kept.text();
    let mut parts = text.split("\"offset\":");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += "\"offset\":_";
        plain += part.trim_start_matches(|digit: char| digit.is_ascii_digit());
    }
    kept.record.value = Some(plain.into_bytes().into());
    kept
}

#[test]
fn the_same_events_give_the_same_findings_byte_for_byte() {
    let (Some(alone), Some(among)) = (Place::new("golden-1"), Place::new("golden-3")) else {
        return;
    };
    let raw = Given::new(Identities::Merged);
    let stream = run(&Way::Embedded, &raw, "normalize,workloads").stream;
    let handed_over = |kept: &Kept| kept.header("forwarded-from").is_some() || is_handover(kept);
    // What workloads wrote there is theirs to write again.
    let events: Vec<_> = stream
        .into_iter()
        .filter(|kept| !handed_over(kept))
        .collect();
    let given = raw.streamed(events);
    let embedded = run(&Way::Embedded, &given, "workloads");
    println!(
        "{} events, {} findings",
        given.records.len(),
        embedded.count(ALERT_STREAM)
    );
    assert!(embedded.count(ALERT_STREAM) > raw.records.len() / 20);
    for (place, instances) in [(&alone, 1), (&among, 3)] {
        let on_kafka = run(&Way::Kafka { place, instances }, &given, "workloads");
        compare(&embedded, &on_kafka, ALERT_STREAM, without_place);
    }
}

fn is_handover(kept: &Kept) -> bool {
    let kind = kept.header("content-type").unwrap_or_default();
    kind.contains("handover")
}

#[test]
fn the_same_messages_give_the_same_events_and_findings() {
    let (Some(alone), Some(among)) = (Place::new("raw-1"), Place::new("raw-3")) else {
        return;
    };
    let given = Given::new(Identities::One);
    let roles = "normalize,workloads";
    let embedded = run(&Way::Embedded, &given, roles);
    println!(
        "{} messages, {} events, {} findings",
        given.records.len(),
        embedded.count(PATIENT_STREAM),
        embedded.count(ALERT_STREAM)
    );
    assert!(embedded.count(PATIENT_STREAM) > given.records.len());
    for (place, instances) in [(&alone, 1), (&among, 3)] {
        let on_kafka = run(&Way::Kafka { place, instances }, &given, roles);
        compare(&embedded, &on_kafka, OBSERVATIONS, without_place);
        compare(&embedded, &on_kafka, PATIENT_STREAM, without_place);
        compare(&embedded, &on_kafka, ALERT_STREAM, without_places);
    }
}
