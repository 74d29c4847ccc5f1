//! Our application: the stage as a member of its group, each partition a task with a changelog and a store on disk.
//!
//! It runs until its standard input ends, and says on its standard output what it has come to.

use super::brokers::{ensure, open};
use crate::charting::{Charting, FINDINGS, VITALS};
use crate::in_memory::PARTITIONS;
use journal::Journal;
use journal::kafka::{Change, KafkaGroup};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stream::{
    FjallDatabase, FjallStore, Limits, StageSpec, Task, changelog_topic, late_topic,
    quarantine_topic,
};

/// How many records a task takes before the next one has its turn.
const TURN_RECORDS: usize = 2000;
/// How long it waits for news.
const WAIT: Duration = Duration::from_millis(100);

type OfCharts = Task<Charting, FjallStore>;

struct Running {
    spec: StageSpec,
    group: KafkaGroup,
    states: FjallDatabase,
    tasks: BTreeMap<u16, OfCharts>,
    /// Whether it has said that all states are whole.
    told: bool,
}

/// Runs.
pub(crate) fn run(brokers: &str, name: &str, dir: &str) -> Result<(), String> {
    let mut running = Running::open(brokers, name, dir).map_err(|error| error.to_string())?;
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&stop);
    std::thread::spawn(move || {
        // Whatever it reads, it is over.
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        ended.store(true, Ordering::Release);
    });
    let mut seen = 0;
    while !stop.load(Ordering::Acquire) {
        running.take_part()?;
        let newest = running.group.wait(0, Duration::ZERO);
        let worked = running.turn()?;
        if !worked && newest == seen {
            running.group.wait(newest, WAIT);
        }
        seen = if worked { 0 } else { newest };
    }
    running.finish()
}

impl Running {
    fn open(brokers: &str, name: &str, dir: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let journal = open(brokers)?;
        let changelog = changelog_topic(name);
        ensure(&journal, &changelog, true)?;
        for side in [quarantine_topic(VITALS), late_topic(VITALS)] {
            ensure(&journal, &side, false)?;
        }
        let spec = StageSpec {
            name: name.into(),
            version: "1".into(),
            inputs: vec![VITALS.into()],
            outputs: vec![FINDINGS.into()],
            partitions: PARTITIONS,
            limits: Limits::default(),
        };
        Ok(Self {
            group: journal.join(name, &spec.inputs, &[])?,
            spec,
            states: FjallDatabase::open(Path::new(dir))?,
            tasks: BTreeMap::new(),
            told: false,
        })
    }

    fn take_part(&mut self) -> Result<(), String> {
        let change = self.group.poll(Duration::ZERO);
        match change.map_err(|error| error.to_string())? {
            None => {}
            Some(Change::Assigned(partitions)) => {
                println!("assigned {}", partitions.len());
                for partition in partitions {
                    let task = self.open_task(partition);
                    let task = task.map_err(|error| error.to_string())?;
                    self.tasks.insert(partition, task);
                }
            }
            Some(_) => return Err("another member came: there is to be one".to_owned()),
        }
        Ok(())
    }

    fn open_task(&self, partition: u16) -> Result<OfCharts, stream::TaskError> {
        let journal: Arc<dyn Journal> = Arc::new(self.group.task(partition)?);
        let store = self.states.store(&self.spec.name, partition)?;
        let changelog = changelog_topic(&self.spec.name);
        let (spec, charting) = (self.spec.clone(), Arc::new(Charting));
        Task::open_with_changelog(spec, changelog, partition, charting, journal, store)
    }

    /// Gives every task a turn; tells whether any had work.
    fn turn(&mut self) -> Result<bool, String> {
        let (mut worked, mut recovering) = (false, self.tasks.is_empty());
        for task in self.tasks.values_mut() {
            let progress = task.run_once(TURN_RECORDS);
            let progress = progress.map_err(|error| error.to_string())?;
            worked |= progress.records > 0 || progress.recovering;
            recovering |= progress.recovering;
        }
        if !recovering && !self.told {
            self.told = true;
            let restored = self.tasks.values().map(|task| task.recovery().restored);
            println!("restored {}", restored.sum::<u64>());
        }
        Ok(worked)
    }

    /// Commits what was taken in, and tells what it was.
    fn finish(&mut self) -> Result<(), String> {
        let (mut commits, mut records, mut emitted, mut evicted) = (0, 0, 0, 0);
        for task in self.tasks.values_mut() {
            task.flush().map_err(|error| error.to_string())?;
            let counters = task.counters();
            assert_eq!(counters.quarantined, 0, "every input is a vital");
            commits += counters.commits;
            records += counters.records;
            emitted += counters.emitted;
            evicted += counters.evicted;
        }
        println!(
            "ended {records} records, {emitted} findings, {commits} commits, {evicted} evicted"
        );
        self.tasks.clear();
        self.group.release().map_err(|error| error.to_string())
    }
}
