//! The stage on a journal in memory: what it finds, and how fast the loop alone is.

use crate::charting::{Charting, FINDINGS, VITALS};
use journal::{Journal, MemoryJournal, Record, TopicPartition, TopicSpec, Write, partition_for};
use std::sync::Arc;
use stream::{Counters, Limits, MemoryStore, StageSpec, Task, late_topic, quarantine_topic};

/// How many partitions the topics have in a run.
pub(crate) const PARTITIONS: u16 = 12;
/// Records of one write.
const WRITE_RECORDS: usize = 1000;
/// Records that one call may take in.
const CALL_RECORDS: usize = 100_000;

/// A journal with inputs.
pub(crate) struct InMemory {
    journal: Arc<MemoryJournal>,
    partitions: u16,
}

impl InMemory {
    /// Writes the vitals to the partitions of their keys.
    pub(crate) fn filled(vitals: impl Iterator<Item = Record>, partitions: u16) -> Self {
        let journal = Arc::new(MemoryJournal::new());
        for name in [
            VITALS.into(),
            FINDINGS.into(),
            quarantine_topic(VITALS),
            late_topic(VITALS),
        ] {
            let spec = TopicSpec {
                name,
                partitions,
                compacted: false,
                retention: None,
                retention_bytes: None,
            };
            journal.ensure_topic(&spec).expect("a new topic");
        }
        let mut write = Write::default();
        for record in vitals {
            let to = TopicPartition::new(VITALS, partition_for(&record.key, partitions));
            write.records.push((to, record));
            if write.records.len() == WRITE_RECORDS {
                let full = std::mem::take(&mut write);
                journal.append(full).expect("it is written");
            }
        }
        journal.append(write).expect("it is written");
        Self {
            journal,
            partitions,
        }
    }

    /// Ends every partition with a record.
    pub(crate) fn end(&self, last: &Record) {
        let to = |partition| (TopicPartition::new(VITALS, partition), last.clone());
        let write = Write {
            records: (0..self.partitions).map(to).collect(),
            ..Write::default()
        };
        self.journal.append(write).expect("it is written");
    }

    /// Runs the stage to the end of its input, one partition after the other; gives the totals.
    pub(crate) fn run(&self) -> Counters {
        let mut sum = Counters::default();
        for partition in 0..self.partitions {
            let journal: Arc<dyn Journal> = self.journal.clone();
            let opened = Task::open(
                spec(self.partitions),
                partition,
                Arc::new(Charting),
                journal,
                MemoryStore::new(),
            );
            let mut task = opened.expect("it opens");
            while task.run_once(CALL_RECORDS).expect("it runs").lag > 0 {}
            task.flush().expect("it flushes");
            let counters = task.counters();
            assert_eq!(counters.quarantined, 0, "every input is a vital");
            sum.emitted += counters.emitted;
            sum.timers_fired += counters.timers_fired;
            sum.steps += counters.steps;
        }
        sum
    }

    /// Gives the findings, sorted by key; those of one key in their order.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut findings: Vec<(Box<[u8]>, String)> = Vec::new();
        for partition in 0..self.partitions {
            let from = TopicPartition::new(FINDINGS, partition);
            let batch = self.journal.read(&from, 0, usize::MAX).expect("readable");
            findings.extend(batch.iter().map(|record| {
                let value = record.value.unwrap_or_default().to_vec();
                let json = String::from_utf8(value).expect("findings are text");
                (record.key.into(), json)
            }));
        }
        findings.sort_by(|(one, _), (other, _)| one.cmp(other));
        findings.into_iter().map(|(_, json)| json).collect()
    }
}

fn spec(partitions: u16) -> StageSpec {
    StageSpec {
        name: "bench".into(),
        version: "1".into(),
        inputs: vec![VITALS.into()],
        outputs: vec![FINDINGS.into()],
        partitions,
        limits: Limits::default(),
    }
}
