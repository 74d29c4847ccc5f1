//! The two applications one after the other on the same topic of the same brokers: what each costs, and that they find the
//! same.

use super::brokers::{ends, fill, findings, open, taken};
use super::child::Running;
use crate::charting::{FINDINGS, VITALS};
use crate::generator::{Generator, Plan};
use crate::in_memory::{InMemory, PARTITIONS};
use journal::kafka::KafkaJournal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How the Java application is run: its name in the table, the collector, the heap and its store.
const JAVA: [(&str, &[&str], &str); 3] = [
    (
        "Kafka Streams, RocksDB, serial",
        &["-XX:+UseSerialGC", "-Xms256m", "-Xmx512m"],
        "rocksdb",
    ),
    (
        "Kafka Streams, RocksDB, parallel",
        &["-XX:+UseParallelGC", "-Xms256m", "-Xmx512m"],
        "rocksdb",
    ),
    (
        "Kafka Streams, in memory, serial",
        &["-XX:+UseSerialGC", "-Xms256m", "-Xmx512m"],
        "memory",
    ),
];
/// Where Maven has put it, in the workspace.
const CLASSES: &str = "target/kafka-bench/classes";
const LIBRARIES: &str = "target/kafka-bench/lib/*";
/// How often positions are asked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A run that is not done by then is not going to be.
const PATIENCE: Duration = Duration::from_secs(600);
/// From here on an application counts as warm.
const WARM_FROM: u64 = 4;

/// What one run cost.
struct Cost {
    name: &'static str,
    seconds: f64,
    cpu_seconds: f64,
    /// Vitals and CPU seconds after it was warm.
    warm: (u64, f64),
    peak_bytes: u64,
    findings: Vec<String>,
}

/// Measures and prints.
pub(crate) fn measure(brokers: &str, plan: Plan) -> Result<(), String> {
    println!("\nside by side, one after the other");
    let journal = open(brokers)?;
    fill(&journal, plan)?;
    let in_memory = InMemory::filled(Generator::new(plan), PARTITIONS);
    in_memory.end(&Generator::end(plan));
    in_memory.run();
    let expected = in_memory.findings();
    drop(in_memory);
    let folder = scratch(brokers)?;
    let run = Run {
        journal: &journal,
        brokers,
        folder: &folder,
        expected: expected.len(),
    };
    let mut costs = vec![run.ours()?];
    for (name, options, store) in JAVA {
        costs.push(run.java(name, options, store)?);
    }
    costs.push(run.ours()?);
    drop(std::fs::remove_dir_all(&folder));
    print(&costs, plan.records);
    for cost in &costs {
        if cost.findings != expected {
            return Err(format!("{} found something else", cost.name));
        }
    }
    println!(
        "  {} findings, those of all runs equal byte for byte",
        expected.len()
    );
    Ok(())
}

struct Run<'r> {
    journal: &'r KafkaJournal,
    brokers: &'r str,
    folder: &'r Path,
    expected: usize,
}

impl Run<'_> {
    fn ours(&self) -> Result<Cost, String> {
        let group = format!("ours-{}", std::process::id());
        let group = self.unlike(&group);
        let dir = self.folder.join(&group);
        let this = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(this);
        command
            .args(["stage", self.brokers, &group])
            .arg(&dir)
            .env("RUST_BACKTRACE", "1");
        let (cost, running) = self.cost("Pulsewire's stage", &group, command)?;
        println!("    {}", running.end()?);
        Ok(cost)
    }

    fn java(&self, name: &'static str, options: &[&str], store: &str) -> Result<Cost, String> {
        let group = self.unlike("java");
        let classes = format!(
            "{}:{}",
            root().join(CLASSES).display(),
            root().join(LIBRARIES).display()
        );
        let mut command = Command::new("java");
        command
            .args(options)
            .args(["-cp", &classes, "pulsewire.bench.KeyedVitals", self.brokers])
            .arg(&group)
            .arg(self.folder.join(&group))
            .args(["--store", store]);
        Ok(self.cost(name, &group, command)?.0)
    }

    /// Names a group that nobody has had.
    fn unlike(&self, name: &str) -> String {
        let numbers = 0..;
        let mut names = numbers.map(|number| format!("{name}-{number}"));
        let free = names.find(|name| !self.folder.join(name).exists());
        let free = free.expect("there is always another number");
        drop(std::fs::create_dir_all(self.folder.join(&free)));
        free
    }

    /// Runs an application until it has committed all vitals.
    fn cost(
        &self,
        name: &'static str,
        group: &str,
        command: Command,
    ) -> Result<(Cost, Running), String> {
        let before = ends(self.journal, FINDINGS)?;
        let all: u64 = ends(self.journal, VITALS)?.iter().sum();
        let mut running = Running::start(command)?;
        let mut warm = None;
        loop {
            running.check_runs()?;
            let taken = taken(self.journal, group);
            let cpu_seconds = running.cpu_seconds()?;
            if taken >= all {
                let (from, before_warm) = warm.unwrap_or_default();
                let cost = Cost {
                    name,
                    seconds: running.began.elapsed().as_secs_f64(),
                    cpu_seconds,
                    warm: (taken - from, cpu_seconds - before_warm),
                    peak_bytes: running.memory_bytes()?.0,
                    findings: findings(self.journal, &before, self.expected)?,
                };
                return Ok((cost, running));
            }
            if warm.is_none() && taken >= all / WARM_FROM {
                warm = Some((taken, cpu_seconds));
            }
            if running.began.elapsed() > PATIENCE {
                return Err(format!("{name} has taken in {taken} of {all} only"));
            }
            wait(LOOK_EVERY);
        }
    }
}

fn print(costs: &[Cost], vitals: u64) {
    println!(
        "  {:<34} {:>8} {:>8} {:>14} {:>14} {:>10}",
        "", "seconds", "CPU s", "vitals/CPU s", "warm", "peak MB"
    );
    for cost in costs {
        println!(
            "  {:<34} {:>8.1} {:>8.1} {:>14.0} {:>14.0} {:>10}",
            cost.name,
            cost.seconds,
            cost.cpu_seconds,
            vitals as f64 / cost.cpu_seconds,
            cost.warm.0 as f64 / cost.warm.1,
            cost.peak_bytes / 1_000_000
        );
    }
}

/// A folder for the states of this process's runs.
pub(crate) fn scratch(brokers: &str) -> Result<PathBuf, String> {
    let name = brokers.replace([':', ',', '/'], "-");
    let folder = root().join("target/kafka").join(format!("bench-{name}"));
    drop(std::fs::remove_dir_all(&folder));
    let made = std::fs::create_dir_all(&folder);
    made.map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Waits: the brokers do not say when a group commits.
pub(crate) fn wait(so_long: Duration) {
    std::thread::sleep(so_long);
}
