//! The budget of alerts between patients of several partitions and the pool, which is in one of them.

use std::collections::BTreeMap;

use ::alerts::{Alerts, Policy, Route};
use clinical::{
    DeliveryKind, EventTime, Finding, FindingId, FindingState, PatientKey, ReceivedTime, Severity,
};
use journal::partition_for;

use super::*;

const PARTITIONS: u16 = 3;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;
/// Some Monday.
const BEGIN: i64 = 1_772_409_600_000_000;

fn finding(patient: u8, at: i64, severity: Severity) -> Finding {
    Finding {
        id: FindingId::derive(&[&[patient], &at.to_be_bytes()]),
        workload: "deterioration".into(),
        rule: "news2 1.0.0".into(),
        patient: PatientKey::from_bytes([patient; 16]),
        condition: "deterioration".into(),
        as_of: EventTime::from_micros(at),
        known_at: ReceivedTime::from_micros(at),
        revision: 1,
        replaces: None,
        state: FindingState::Asserted,
        severity,
        score: Some(6),
        summary: "NEWS2 6".into(),
        evidence: Vec::new(),
        missing: Vec::new(),
        cause: None,
        backfill: false,
    }
}

/// A ward whose alerts station is one task a partition.
struct Ward {
    journal: Arc<MemoryJournal>,
    tasks: Vec<Task<AlertStage, MemoryStore>>,
}

impl Ward {
    /// A station that may tell so many alerts for 100 patient-days.
    fn new(budget: u32) -> Self {
        let policy = Policy {
            budget,
            channels: vec![Route {
                channel: "pager".into(),
                min_severity: Severity::Low,
                conditions: Vec::new(),
            }],
            ..Policy::default()
        };
        let spec = AlertStage::spec(PARTITIONS);
        let journal = journal_of(&[&spec], PARTITIONS);
        let task = |partition| {
            let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&journal);
            let stage = AlertStage {
                alerts: Alerts::new(policy.clone()),
                metrics: Arc::new(Metrics::default()),
            };
            let store = MemoryStore::default();
            Task::open(spec.clone(), partition, Arc::new(stage), shared, store).unwrap()
        };
        let tasks = (0..PARTITIONS).map(task).collect();
        Self { journal, tasks }
    }

    fn put(&self, partition: u16, record: Record) {
        let to = TopicPartition::new(topics::ALERT_STREAM, partition);
        let write = Write {
            records: vec![(to, record)],
            offsets: Vec::new(),
        };
        self.journal.append(write).unwrap();
    }

    fn find(&self, finding: &Finding) {
        let key = *finding.patient.as_bytes();
        let record = Record {
            key: key.into(),
            event_time: finding.as_of.micros(),
            received_time: finding.known_at.micros(),
            headers: vec![header("content-type", wire::FINDING_CONTENT_TYPE)],
            value: Some(wire::finding_to_json(finding).into()),
            ..Record::default()
        };
        self.put(partition_for(&key, PARTITIONS), record);
    }

    /// Lets the time come, on every partition.
    fn wait(&mut self, until: i64) {
        for partition in 0..PARTITIONS {
            let tick = Record {
                event_time: until,
                received_time: until,
                headers: vec![header("tick", "1")],
                ..Record::default()
            };
            self.put(partition, tick);
        }
        self.settle();
    }

    /// Goes on until no task has anything to read.
    fn settle(&mut self) {
        loop {
            let read = self.tasks.iter_mut().map(|task| {
                let read = task.run_once(100).unwrap().records;
                task.flush().unwrap();
                read
            });
            if read.sum::<usize>() == 0 {
                return;
            }
        }
    }

    /// How often each patient's alert was told.
    fn told(&self) -> BTreeMap<PatientKey, usize> {
        let mut told = BTreeMap::new();
        for partition in 0..PARTITIONS {
            let at = TopicPartition::new(topics::DELIVERY, partition);
            let batch = self.journal.read(&at, 0, usize::MAX).unwrap();
            for read in batch.iter() {
                let json = read.to_record().value.unwrap();
                let delivery = wire::delivery_from_json(&json).unwrap();
                if delivery.kind == DeliveryKind::Raised {
                    *told.entry(delivery.alert.patient).or_default() += 1;
                }
            }
        }
        told
    }
}

#[test]
fn patients_of_all_partitions_share_one_budget_and_each_is_told_once() {
    let mut ward = Ward::new(50);
    for patient in 0..12 {
        ward.find(&finding(patient, BEGIN, Severity::Medium));
    }
    ward.wait(BEGIN + DAY / 24);
    let first = ward.told();
    // Twelve patient-days leave room for six, of which alerts of medium severity may use three quarters.
    assert!((1..=6).contains(&first.len()), "{first:?}");
    // A critical one asks for no room.
    ward.find(&finding(99, BEGIN + DAY / 24, Severity::Critical));
    ward.wait(BEGIN + DAY / 12);
    assert!(ward.told().contains_key(&PatientKey::from_bytes([99; 16])));
    // Each day on which something is concluded of a patient makes room for others.
    for day in 1..4 {
        for patient in 0..12 {
            ward.find(&finding(patient, BEGIN + day * DAY, Severity::Medium));
        }
        ward.wait(BEGIN + day * DAY + DAY / 24);
    }
    let told = ward.told();
    assert_eq!(told.len(), 13, "{told:?}");
    assert!(told.values().all(|times| *times == 1), "{told:?}");
}

#[test]
fn without_a_budget_each_is_told_at_once() {
    let mut ward = Ward::new(0);
    for patient in 0..12 {
        ward.find(&finding(patient, BEGIN, Severity::Medium));
    }
    ward.settle();
    assert_eq!(ward.told().len(), 12);
}
