//! What is remembered over restarts, failures and reused control ids.

use journal::{MemoryJournal, Record, TopicSpec, Write};

use super::*;

const WINDOW: Duration = Duration::from_secs(3600);

/// A journal of one raw partition, and a folder for the memory.
struct Site {
    journal: MemoryJournal,
    raw: TopicPartition,
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let journal = MemoryJournal::default();
        let spec = TopicSpec {
            name: "raw".into(),
            partitions: 1,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        journal.ensure_topic(&spec).unwrap();
        Self {
            journal,
            raw: TopicPartition::new("raw", 0),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn open(&self) -> Resends {
        let raw = std::slice::from_ref(&self.raw);
        Resends::open(self.folder.path(), WINDOW, &self.journal, raw, at(0)).unwrap()
    }

    /// Keeps a message as intake does; its offset.
    fn keep(&self, body: &str) -> Offset {
        let header = |name: &str, value: String| (name.into(), value.into_bytes().into());
        let record = Record {
            received_time: at(1).micros(),
            headers: vec![
                header(MESSAGE_ID, message(body).to_string()),
                header(CONTROL_KEY, control().to_string()),
            ],
            ..Record::default()
        };
        let write = Write {
            records: vec![(self.raw.clone(), record)],
            offsets: vec![],
        };
        self.journal.append(write).unwrap()[0]
    }
}

fn at(second: i64) -> ReceivedTime {
    ReceivedTime::from_micros(second * 1_000_000)
}

fn message(body: &str) -> MessageId {
    MessageId::derive(&[body.as_bytes()])
}

fn control() -> PatientKey {
    PatientKey::from_bytes([7; 16])
}

fn ask(resends: &Resends, body: &str) -> String {
    match resends.ask(message(body), control(), at(2)).unwrap() {
        Known::New { collision } => format!("new, collision {collision}"),
        Known::Pending(_) => "pending".into(),
        Known::Accepted(first) => {
            let second = first.at.micros() / 1_000_000;
            let (at, offset) = first.place.expect("it was told where it is");
            format!("accepted at {second} in {}/{offset}", at.topic)
        }
    }
}

#[test]
fn what_was_answered_is_known_before_during_and_after_it_goes_to_disk() {
    let site = Site::new();
    let resends = site.open();
    assert_eq!(ask(&resends, "a"), "new, collision false");
    assert_eq!(ask(&resends, "a"), "pending");
    let offset = site.keep("a");
    resends.accepted(message("a"), at(1), Some((&site.raw, offset)));
    assert_eq!(ask(&resends, "a"), "accepted at 1 in raw/0");
    resends.flush(at(2)).unwrap();
    assert_eq!(ask(&resends, "a"), "accepted at 1 in raw/0");
    drop(resends);
    assert_eq!(ask(&site.open(), "a"), "accepted at 1 in raw/0");
}

#[test]
fn what_is_kept_but_not_answered_at_a_flush_is_found_after_a_crash() {
    let site = Site::new();
    let resends = site.open();
    ask(&resends, "a");
    // The journal has it, and its answer is on the way while the memory goes to disk: then the process ends.
    site.keep("a");
    resends.flush(at(2)).unwrap();
    drop(resends);
    assert_eq!(ask(&site.open(), "a"), "accepted at 1 in raw/0");
}

#[test]
fn what_failed_may_come_again_and_hides_nothing_else_of_its_control_id() {
    let site = Site::new();
    let resends = site.open();
    ask(&resends, "a");
    let offset = site.keep("a");
    resends.accepted(message("a"), at(1), Some((&site.raw, offset)));
    assert_eq!(ask(&resends, "b"), "new, collision true");
    resends.not_accepted(message("b"));
    resends.flush(at(2)).unwrap();
    assert_eq!(ask(&resends, "a"), "accepted at 1 in raw/0");
    assert_eq!(ask(&resends, "b"), "new, collision true");
}

#[test]
fn what_an_earlier_version_remembered_is_known_without_its_place() {
    let written = store::read_first(&5_i64.to_be_bytes()).unwrap();
    let first = First {
        at: ReceivedTime::from_micros(5),
        place: None,
    };
    assert_eq!(written, first);
    assert_eq!(store::write_first(&first), 5_i64.to_be_bytes());
}
