//! What is kept is kept once, all of it or nothing, and told where.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clinical::SiteKey;
use expect_test::expect;
use journal::{Journal, MemoryJournal};
use tokio::runtime::Runtime;

use super::*;
use crate::clock::Clock;
use crate::intake::resend::Resends;
use crate::intake::sources::Sources;
use crate::metrics::Metrics;
use crate::stages::partitions_of;
use crate::tasks::Tasks;
use crate::topics;

const PARTITIONS: u16 = 2;

/// An intake on a journal in memory.
struct Door {
    runtime: Runtime,
    journal: Arc<MemoryJournal>,
    intake: Intake,
    _folder: tempfile::TempDir,
}

impl Door {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = Arc::new(MemoryJournal::default());
        for spec in topics::specs(PARTITIONS, Duration::from_secs(3600)) {
            journal.ensure_topic(&spec).unwrap();
        }
        let raw = partitions_of(&topics::all_received(), PARTITIONS);
        let clock = Clock::system();
        let window = Duration::from_secs(3600);
        let resends = Resends::open(folder.path(), window, &*journal, &raw, clock.now());
        let runtime = Runtime::new().unwrap();
        let intake = Intake {
            journal: Arc::clone(&journal) as Arc<dyn Journal>,
            resends: Arc::new(resends.unwrap()),
            sources: Arc::new(Sources::new(&crate::config::defaults().sources).unwrap()),
            site_key: SiteKey::new([7; 32]),
            metrics: Arc::new(Metrics::default()),
            clock,
            partitions: PARTITIONS,
            tasks: Tasks::new(runtime.handle().clone()),
            last: Mutex::default(),
            room: Room::default(),
            activity: Arc::new(Activity::new(std::iter::empty(), String::new())),
        };
        Self {
            runtime,
            journal,
            intake,
            _folder: folder,
        }
    }

    fn keep(&self, received: Vec<Received>) -> Result<Vec<Kept>, Refusal> {
        self.runtime
            .block_on(self.intake.keep(received, Patience::Refuse))
    }

    fn written(&self) -> u64 {
        let raw = partitions_of(&[topics::FHIR_RECEIVED.into()], PARTITIONS);
        let bounds = self.journal.bounds(&raw).unwrap();
        bounds.iter().map(|one| one.end).sum()
    }
}

fn received(body: &str) -> Received {
    Received {
        topic: topics::FHIR_RECEIVED.into(),
        key: PatientKey::from_bytes([1; 16]),
        id: MessageId::derive(&[body.as_bytes()]),
        control: None,
        content_type: "application/fhir+json",
        source: "default".into(),
        way: Way::Http,
        event_time: Some(5),
        backfill: body == "history",
        headers: vec![(INTERACTION.into(), (*b"create").into())],
        sign: Sign::default(),
        bytes: body.as_bytes().into(),
    }
}

fn places(kept: &[Kept]) -> Vec<(u64, bool)> {
    kept.iter().map(|one| (one.offset, one.again)).collect()
}

#[test]
fn what_comes_again_is_told_where_it_is_and_written_once() {
    let door = Door::new();
    let first = door.keep(vec![received("a"), received("b")]).unwrap();
    assert_eq!(places(&first), [(0, false), (1, false)]);
    // One that is known beside one that is new, and one twice in what is sent.
    let again = vec![received("b"), received("c"), received("c")];
    let again = door.keep(again).unwrap();
    assert_eq!(places(&again), [(1, true), (2, false), (2, true)]);
    assert_eq!(again[0].at, first[1].at);
    assert_eq!(door.written(), 3);
}

#[test]
fn what_came_is_told_of_its_source_with_what_was_answered() {
    let door = Door::new();
    let mut named = received("named");
    named.sign = Sign {
        signals: vec!["Observation"],
        made: Some(0),
    };
    door.keep(vec![received("a"), named]).unwrap();
    door.keep(vec![received("a"), received("history")]).unwrap();
    let told = door.intake.activity.take(door.intake.clock.now(), true);
    let mut told = told.into_iter().filter(|told| told.source == "default");
    let told = told.next().unwrap();
    let signals: Vec<_> = told
        .signals
        .iter()
        .map(|one| (&*one.signal, one.messages))
        .collect();
    assert_eq!(signals, [("FHIR", 1), ("Observation", 1)]);
    let answers: Vec<_> = told
        .answers
        .iter()
        .map(|one| (&*one.code, one.count))
        .collect();
    assert_eq!(answers, [("2xx", 4)]);
    assert_eq!((told.messages, told.backfill), (2, 1));
    assert!(told.lag_ms.is_some());
}

#[test]
fn a_record_says_whose_it_is_and_by_which_way_it_came() {
    let door = Door::new();
    let kept = door.keep(vec![received("history")]).unwrap();
    let at = TopicPartition::new(Arc::clone(&kept[0].topic), kept[0].partition);
    let batch = door.journal.read(&at, 0, 1 << 20).unwrap();
    let record = batch.iter().next().unwrap().to_record();
    let headers = record.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value);
        match value.len() {
            32 | 55 => format!("{name}: {} characters\n", value.len()),
            _ => format!("{name}: {value}\n"),
        }
    });
    expect![[r"
        content-type: application/fhir+json
        source-system: default
        message-id: 32 characters
        control-key: 32 characters
        traceparent: 55 characters
        way: http
        backfill: 1
        interaction: create
    "]]
    .assert_eq(&headers.collect::<String>());
    assert_eq!(
        (record.event_time, record.received_time),
        (5, kept[0].at.micros())
    );
}

#[test]
fn more_than_there_is_room_for_is_refused_and_then_taken() {
    let door = Door::new();
    let largest = "x".repeat(WAITING_BYTES_MAX + 1);
    let room = door.intake.room.take(1, Patience::Refuse);
    let room = door.runtime.block_on(room).unwrap();
    let refused = door.keep(vec![received(&largest)]);
    assert!(matches!(refused, Err(Refusal::Busy)), "{refused:?}");
    assert_eq!(door.written(), 0);
    drop(room);
    assert_eq!(door.keep(vec![received(&largest)]).unwrap().len(), 1);
}

#[test]
fn what_is_written_now_is_told_in_the_order_of_the_journal() {
    let door = Door::new();
    door.keep(vec![received("a")]).unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    let then = {
        let told = Arc::clone(&told);
        move |kept: &[Option<Kept>]| {
            assert_eq!(kept[0], None);
            assert_eq!(places(kept[1].as_slice()), [(1, false)]);
            told.fetch_add(1, Ordering::Relaxed);
        }
    };
    let both = vec![received("a"), received("b")];
    let kept = door.intake.keep_and(both, Patience::Refuse, then);
    let kept = door.runtime.block_on(kept).unwrap();
    assert_eq!(places(&kept), [(0, true), (1, false)]);
    assert_eq!(told.load(Ordering::Relaxed), 1);
}
