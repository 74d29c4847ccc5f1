//! A channel's turns over the journal in files.

use std::sync::atomic::{AtomicU32, Ordering};

use clinical::{Alert, AlertId, AlertState, EventTime, FindingId, PatientKey, Severity};
use journal::{EmbeddedJournal, Options, TopicSpec};

use super::*;

/// A receiver that takes nothing.
struct Hanging(Arc<AtomicU32>);

impl Carry for Hanging {
    fn carry(&mut self, _: &Delivery, _: &[u8]) -> Result<(), String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err("it hangs".into())
    }
}

fn news(name: &str) -> Delivery {
    let at = clinical::ReceivedTime::from_micros(1);
    let alert = Alert {
        id: AlertId::derive(&[name.as_bytes()]),
        patient: PatientKey::default(),
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
        id: DeliveryId::derive(&[name.as_bytes()]),
        alert,
        kind: DeliveryKind::Raised,
        channel: "pager".into(),
        at,
    }
}

fn journal(directory: &std::path::Path) -> Arc<EmbeddedJournal> {
    let journal = EmbeddedJournal::open(directory, &Options::default()).unwrap();
    for name in [topics::DELIVERY, topics::DELIVERY_ATTEMPT] {
        let spec = TopicSpec {
            name: name.into(),
            partitions: 1,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        journal.ensure_topic(&spec).unwrap();
    }
    Arc::new(journal)
}

fn runner(journal: &Arc<EmbeddedJournal>, carry: impl Carry + 'static) -> Runner {
    let engine = Engine::Embedded(Arc::clone(journal));
    let share = engine.share("delivery.pager", &[topics::DELIVERY.into()], &[]);
    let shared = Shared {
        journal: engine.shared(),
        engine,
        metrics: Arc::default(),
        clock: Clock::system(),
        partitions: 1,
    };
    let retry = Retry {
        first: Duration::ZERO,
        longest: Duration::ZERO,
        give_up_after: Duration::from_secs(3600),
    };
    let parts = (share.unwrap(), Box::new(carry) as Box<dyn Carry>);
    Runner::new(Arc::new(shared), "pager".into(), retry, parts)
}

fn append(journal: &EmbeddedJournal, name: &str) {
    let record = Record {
        headers: vec![("channel".into(), (*b"pager").into())],
        value: Some(wire::delivery_to_json(&news(name)).into()),
        ..Record::default()
    };
    let records = vec![(TopicPartition::new(topics::DELIVERY, 0), record)];
    let offsets = Vec::new();
    journal.append(Write { records, offsets }).unwrap();
}

fn attempts(journal: &EmbeddedJournal) -> Vec<(DeliveryId, u32)> {
    let at = TopicPartition::new(topics::DELIVERY_ATTEMPT, 0);
    let batch = journal.read(&at, 0, usize::MAX).unwrap();
    let each = batch.iter().map(|record| {
        let attempt = Attempt::from_json(record.value.unwrap()).unwrap();
        (attempt.delivery, attempt.number)
    });
    each.collect()
}

#[test]
fn a_receiver_that_hangs_holds_a_turn_up_for_one_try() {
    let directory = tempfile::tempdir().unwrap();
    let journal = journal(directory.path());
    for name in ["a", "b", "c"] {
        append(&journal, name);
    }
    let tries = Arc::new(AtomicU32::new(0));
    let mut runner = runner(&journal, Hanging(Arc::clone(&tries)));
    assert!(runner.turn().unwrap(), "what was tried before is read");
    for number in 1..=5 {
        // What failed is due again at once: without an end to a turn, it is never looked who has the partitions.
        assert!(runner.turn().unwrap());
        assert_eq!(tries.load(Ordering::Relaxed), number);
        assert_eq!(attempts(&journal).len(), number as usize);
    }
}

#[test]
fn who_goes_on_knows_what_was_tried_before() {
    let directory = tempfile::tempdir().unwrap();
    let journal = journal(directory.path());
    append(&journal, "a");
    for _ in 0..2 {
        let mut runner = runner(&journal, Hanging(Arc::default()));
        for _ in 0..3 {
            assert!(runner.turn().unwrap());
        }
    }
    let id = news("a").id;
    assert_eq!(attempts(&journal), [(id, 1), (id, 2), (id, 3), (id, 4)]);
}
