//! The stations over a journal in memory, each run from the beginning until nothing is left.

use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::{EventId, EventTime};
use journal::{Journal, MemoryJournal, Record, TopicPartition, Write, partition_for};
use serde_json::Value;
use stream::{MemoryStore, Processor, StageSpec, Task};
use workloads::RiskScore;

use super::{PARTITIONS, at, key, site};
use crate::metrics::Metrics;
use crate::stages::tests::journal_of;
use crate::stages::{RiskBoardStage, RiskOutcomeStage, WorkloadStage, header};
use crate::topics;

/// The stations with their journal.
pub(super) struct World(Arc<MemoryJournal>);

impl World {
    pub(super) fn new() -> Self {
        let specs = [
            &WorkloadStage::spec(PARTITIONS),
            &RiskOutcomeStage::spec(PARTITIONS),
            &RiskBoardStage::spec(PARTITIONS),
        ];
        Self(journal_of(&specs, PARTITIONS))
    }

    pub(super) fn append(&self, topic: &str, partition: u16, record: Record) {
        let records = vec![(TopicPartition::new(topic, partition), record)];
        let offsets = Vec::new();
        self.0.append(Write { records, offsets }).unwrap();
    }

    pub(super) fn write(
        &self,
        topic: &str,
        patient: u8,
        at: EventTime,
        kind: &str,
        value: Vec<u8>,
    ) {
        let key = key(patient);
        let id = EventId::derive(&[&value, &at.micros().to_be_bytes()]);
        let record = Record {
            key: (*key.as_bytes()).into(),
            event_time: at.micros(),
            received_time: at.micros(),
            seal: 0,
            headers: vec![
                header("content-type", kind),
                header("event-id", id.to_string()),
            ],
            value: Some(value.into()),
        };
        let partition = partition_for(key.as_bytes(), PARTITIONS);
        self.append(topic, partition, record);
    }

    pub(super) fn tick(&self, topic: &str, hour: i64) {
        for partition in 0..PARTITIONS {
            let record = Record {
                event_time: at(hour).micros(),
                received_time: at(hour).micros(),
                headers: vec![header("tick", "1")],
                ..Record::default()
            };
            self.append(topic, partition, record);
        }
    }

    /// Runs a station over all that was written, from the beginning, until nothing is left.
    pub(super) fn run<P: Processor + 'static>(&self, spec: &StageSpec, stage: P) {
        let stage = Arc::new(stage);
        let mut tasks: Vec<_> = (0..PARTITIONS)
            .map(|partition| {
                let journal: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&self.0);
                let (spec, stage) = (spec.clone(), Arc::clone(&stage));
                Task::open(spec, partition, stage, journal, MemoryStore::default()).unwrap()
            })
            .collect();
        while tasks
            .iter_mut()
            .map(|task| task.run_once(100).unwrap().records)
            .sum::<usize>()
            > 0
        {}
        for topic in [
            topics::PATIENT_STREAM,
            topics::RISK_HOUR,
            topics::RISK_EXAMPLE,
        ] {
            assert!(self.records(&topics::quarantine(topic)).is_empty());
        }
    }

    pub(super) fn watch(&self, hour: i64) {
        self.watch_by(hour, &Arc::default());
    }

    /// The same with gauges.
    pub(super) fn watch_by(&self, hour: i64, metrics: &Arc<Metrics>) {
        self.tick(topics::RISK_HOUR, hour);
        self.run(&RiskOutcomeStage::spec(PARTITIONS), RiskOutcomeStage);
        self.tick(topics::RISK_EXAMPLE, hour + 1);
        let board = RiskBoardStage::new(RiskScore::Model, "", site(), metrics);
        self.run(&RiskBoardStage::spec(PARTITIONS), board);
    }

    pub(super) fn records(&self, topic: &str) -> Vec<Record> {
        let all = (0..PARTITIONS).flat_map(|partition| {
            let batch = self
                .0
                .read(&TopicPartition::new(topic, partition), 0, usize::MAX);
            let records: Vec<_> = batch.unwrap().iter().map(|read| read.to_record()).collect();
            records
        });
        all.filter(|record| record.value.is_some()).collect()
    }

    pub(super) fn told(&self, topic: &str) -> Vec<Value> {
        let records = self.records(topic);
        let json = records
            .iter()
            .map(|of| serde_json::from_slice(of.value.as_deref().unwrap()));
        json.map(Result::unwrap).collect()
    }

    /// The last that was told of the outcome of each patient's hour.
    pub(super) fn outcomes(&self) -> BTreeMap<(String, String), Value> {
        let told = self.told(topics::RISK_EXAMPLE).into_iter();
        let known = told.filter(|of| !of["outcome"].is_null());
        let named = known.map(|of| {
            let text = |name: &str| of[name].as_str().unwrap().to_owned();
            let mut outcome = of["outcome"].clone();
            outcome.as_object_mut().unwrap().remove("revision");
            ((text("patient"), text("end")), outcome)
        });
        named.collect()
    }

    /// How the model stood at last.
    pub(super) fn status(&self) -> Value {
        self.told(topics::RISK_STATUS).pop().unwrap()
    }
}
