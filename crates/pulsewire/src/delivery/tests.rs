//! A channel's turns over the journal in files.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};

use clinical::{Alert, AlertId, AlertState, EventTime, FindingId, PatientKey, Severity};
use journal::{Batch, Bounds, Done, EmbeddedJournal, Error, Options, TopicSpec};

use super::*;

/// A receiver that takes nothing.
struct Hanging(Arc<AtomicU32>);

impl Carry for Hanging {
    fn carry(&mut self, _: &Delivery, _: &[u8]) -> Result<(), Failed> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err("it hangs".into())
    }
}

/// A receiver that does as it is told.
struct Told<F>(F);

impl<F: FnMut(DeliveryId) -> Result<(), String> + Send> Carry for Told<F> {
    fn carry(&mut self, delivery: &Delivery, _: &[u8]) -> Result<(), Failed> {
        self.0(delivery.id).map_err(Failed::from)
    }
}

/// A journal whose reader follows what it has read: more of it comes with a wait only. Tries are readable up to an offset.
struct Followed {
    journal: Arc<EmbeddedJournal>,
    readable: AtomicU64,
    came: Mutex<BTreeMap<TopicPartition, Offset>>,
}

impl Followed {
    fn new(journal: &Arc<EmbeddedJournal>, readable: Offset) -> Arc<Self> {
        Arc::new(Self {
            journal: Arc::clone(journal),
            readable: AtomicU64::new(readable),
            came: Mutex::default(),
        })
    }

    fn end(&self, at: &TopicPartition) -> Offset {
        self.bounds(std::slice::from_ref(at)).unwrap()[0].end
    }
}

impl Journal for Followed {
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        self.journal.ensure_topic(spec)
    }

    fn topics(&self) -> Vec<TopicSpec> {
        self.journal.topics()
    }

    fn submit(&self, write: Write, done: Done) {
        self.journal.submit(write, done);
    }

    fn read(&self, from: &TopicPartition, offset: Offset, _: usize) -> Result<Batch, Error> {
        let mut came = self.came.lock().unwrap();
        let came = came.entry(from.clone()).or_insert_with(|| self.end(from));
        if offset >= *came {
            return Ok(Batch::default());
        }
        self.journal.read(from, offset, 1)
    }

    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        let mut bounds = self.journal.bounds(of)?;
        for (at, bounds) in of.iter().zip(&mut bounds) {
            if *at.topic == *topics::DELIVERY_ATTEMPT {
                bounds.end = bounds.end.min(self.readable.load(Ordering::Relaxed));
            }
        }
        Ok(bounds)
    }

    fn written(&self, of: &[TopicPartition]) -> Result<Vec<Offset>, Error> {
        self.journal.written(of)
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, Error> {
        self.journal.committed(group)
    }

    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        let newest = self.journal.wait(seen, at_most);
        for (at, came) in self.came.lock().unwrap().iter_mut() {
            *came = self.end(at);
        }
        newest
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
    runner_over(journal, Arc::clone(journal) as Arc<dyn Journal>, carry)
}

fn runner_over(
    journal: &Arc<EmbeddedJournal>,
    reader: Arc<dyn Journal>,
    carry: impl Carry + 'static,
) -> Runner {
    let engine = Engine::Embedded(Arc::clone(journal));
    let share = engine.share("delivery.pager", &[topics::DELIVERY.into()], &[]);
    let shared = Shared {
        journal: reader,
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

#[test]
fn tries_that_can_be_read_a_little_later_are_known_to_who_takes_over() {
    let directory = tempfile::tempdir().unwrap();
    let journal = journal(directory.path());
    append(&journal, "a");
    append(&journal, "b");
    let (a, b) = (news("a").id, news("b").id);
    let takes_one = Told(move |id| {
        let taken = (id == b).then_some(());
        taken.ok_or_else(|| "it is refused".into())
    });
    let mut before = runner(&journal, takes_one);
    for _ in 0..3 {
        assert!(before.turn().unwrap());
    }
    let followed = Followed::new(&journal, 1);
    let reader = Arc::clone(&followed) as Arc<dyn Journal>;
    let mut after = runner_over(&journal, reader, Told(|_| Ok(())));
    assert!(!after.turn().unwrap(), "the last try cannot be read yet");
    followed.wait(0, Duration::ZERO);
    followed.readable.store(u64::MAX, Ordering::Relaxed);
    assert!(after.turn().unwrap(), "now all are read");
    assert!(after.turn().unwrap(), "what was refused is tried again");
    assert!(!after.turn().unwrap(), "what arrived is not brought again");
    assert_eq!(attempts(&journal), [(a, 1), (b, 1), (a, 2)]);
}

#[test]
fn what_is_new_is_tried_before_what_is_always_due_again() {
    let directory = tempfile::tempdir().unwrap();
    let journal = journal(directory.path());
    append(&journal, "a");
    let (sender, tried) = mpsc::sync_channel(2);
    let writer = Arc::clone(&journal);
    let mut is_first = true;
    let refuses = Told(move |id| {
        if std::mem::take(&mut is_first) {
            append(&writer, "b");
        }
        // It takes all once nobody listens any more.
        sender
            .send(id)
            .map_or(Ok(()), |()| Err("it is refused".into()))
    });
    let reader = Followed::new(&journal, u64::MAX);
    let mut runner = runner_over(&journal, reader, refuses);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let tasks = Tasks::new(runtime.handle().clone());
    tasks
        .thread("delivery", move |stop| runner.run(&stop))
        .unwrap();
    let first: Vec<_> = tried.into_iter().take(2).collect();
    runtime.block_on(async {
        tasks.stop_all().await;
    });
    assert_eq!(first, [news("a").id, news("b").id]);
}
