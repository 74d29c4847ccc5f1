//! What would become of a record if it were sent through again: the stage's own step, on a copy of its state.

use std::sync::Arc;

use alerts::Alerts;
use journal::{Journal, MemoryJournal, Record, TopicPartition, TopicSpec, Write};
use stream::{DETAIL_HEADER, MemoryStore, Processor, REASON_HEADER, StageSpec, rehearse};

use super::Desk;
use crate::metrics::Metrics;
use crate::pipeline;
use crate::stages::{AlertStage, NormalizeStage, PayerStage, WorkloadStage};
use crate::topics;

/// A message leads to no more records for other patients than are followed.
const FOLLOWED_MAX: usize = 64;

/// What would become of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It would be used, and lead to so many records.
    Used(usize),
    /// It was used before, or says nothing new.
    Nothing,
    /// It would be set aside again.
    Fails { reason: String, detail: String },
    /// This cannot be told here.
    Unknown(String),
}

impl Desk {
    /// Steps a record as the stage that could not use it would.
    pub(super) fn rehearse(&self, stage: &str, at: &TopicPartition, record: &Record) -> Verdict {
        let metrics = Arc::new(Metrics::default());
        let partitions = self.config.journal.partitions;
        match stage {
            "normalize" | "" => {
                let (sources, site) = (Arc::clone(&self.sources), self.site.clone());
                let stage = NormalizeStage::new(sources, site, metrics)
                    .validating(&self.config.validation)
                    .doubting(&self.config.plausibility);
                self.try_all(&NormalizeStage::spec(partitions), stage, at, record)
            }
            "workloads" => {
                let stage = pipeline::workload_stage(&self.config, &metrics);
                self.try_all(&WorkloadStage::spec(partitions), stage, at, record)
            }
            PayerStage::NAME => match &self.config.workloads.payer {
                Some(settings) => {
                    let stage = PayerStage::new(settings, &self.site, &metrics);
                    self.try_all(&PayerStage::spec(partitions), stage, at, record)
                }
                None => Verdict::Unknown("payer workloads are off".to_owned()),
            },
            "alerts" => {
                let alerts = Alerts::new(pipeline::policy(&self.config));
                let stage = AlertStage { alerts, metrics };
                self.try_all(&AlertStage::spec(partitions), stage, at, record)
            }
            other => Verdict::Unknown(format!("the stage {other} cannot be tried on a copy")),
        }
    }

    /// Tries a record, and what it would send on to other patients.
    fn try_all<P: Processor>(
        &self,
        spec: &StageSpec,
        processor: P,
        at: &TopicPartition,
        record: &Record,
    ) -> Verdict {
        let processor = Arc::new(processor);
        let mut left = vec![(at.clone(), record.clone())];
        let (mut written, mut tried) = (0, 0);
        while let Some((at, record)) = left.pop() {
            tried += 1;
            let made = match self.try_one(spec, &processor, &at, &record) {
                Ok(made) => made,
                Err(why) => return Verdict::Unknown(why),
            };
            for (to, made) in made {
                if to.topic.ends_with(".quarantine") {
                    let (reason, detail) = (text(&made, REASON_HEADER), text(&made, DETAIL_HEADER));
                    return Verdict::Fails { reason, detail };
                }
                if &*to.topic == topics::PATIENT_SPLIT && tried + left.len() < FOLLOWED_MAX {
                    left.push((to, made));
                } else {
                    written += 1;
                }
            }
        }
        match written {
            0 => Verdict::Nothing,
            written => Verdict::Used(written),
        }
    }

    fn try_one<P: Processor>(
        &self,
        spec: &StageSpec,
        processor: &Arc<P>,
        at: &TopicPartition,
        record: &Record,
    ) -> Result<Vec<(TopicPartition, Record)>, String> {
        // A record is read as a journal gives it.
        let aside = MemoryJournal::new();
        let topic = TopicSpec {
            name: at.topic.clone(),
            partitions: spec.partitions,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        let wrong = |error: &dyn std::fmt::Display| error.to_string();
        aside.ensure_topic(&topic).map_err(|error| wrong(&error))?;
        let write = Write {
            records: vec![(at.clone(), record.clone())],
            offsets: vec![],
        };
        aside.append(write).map_err(|error| wrong(&error))?;
        let batch = aside.read(at, 0, 1).map_err(|error| wrong(&error))?;
        let Some(record) = batch.iter().next() else {
            return Err("it cannot be read".to_owned());
        };
        let processor = Arc::clone(processor);
        let made = match &self.states {
            Some(states) => {
                let store = states.store(&spec.name, at.partition);
                let store = store.map_err(|error| wrong(&error))?;
                rehearse(processor, spec, &store, at, record)
            }
            None => rehearse(processor, spec, &MemoryStore::new(), at, record),
        };
        made.map_err(|error| wrong(&error))
    }
}

fn text(record: &Record, name: &str) -> String {
    let found = record.headers.iter().find(|(known, _)| &**known == name);
    found.map_or_else(String::new, |(_, value)| {
        String::from_utf8_lossy(value).into_owned()
    })
}
