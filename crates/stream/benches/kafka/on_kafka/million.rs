//! The state of a million patients: how large it is, and how long it takes to have it again, with and without the store.

use super::beside::{scratch, wait};
use super::brokers::{ends, ensure, fill, open, taken};
use super::child::Running;
use crate::charting::VITALS;
use crate::generator::Plan;
use journal::kafka::KafkaJournal;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use stream::changelog_topic;

/// The group of the stage.
const NAME: &str = "million";
/// Each of the steps ends within this.
const PATIENCE: Duration = Duration::from_secs(900);
/// How often positions and files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// What a projection is made to.
const PROJECTED: f64 = 10_000_000.0;

/// Measures and prints.
pub(crate) fn measure(brokers: &str, plan: Plan) -> Result<(), String> {
    println!("\nthe state of {} patients", plan.patients);
    let journal = open(brokers)?;
    let plan = Plan {
        each_first: true,
        ..plan
    };
    fill(&journal, plan)?;
    let folder = scratch(brokers)?;
    let store = folder.join("store");
    let built = build(&journal, brokers, &store)?;
    let patients = plan.patients as f64;
    println!(
        "  built: {:.0} s; on disk {:.0} bytes a patient; memory {:.0} MB at most",
        built.0,
        on_disk(&store) as f64 / patients,
        built.1 as f64 / 1e6,
    );
    let changelog = changelog_topic(NAME);
    // The stage made it; this client has to know it, too.
    ensure(&journal, &changelog, true)?;
    let offsets: u64 = ends(&journal, &changelog)?.iter().sum();
    println!("  the changelog has {offsets} offsets");
    for (what, keep) in [("warm restart", true), ("cold restore", false)] {
        if !keep {
            drop(std::fs::remove_dir_all(&store));
        }
        let again = again(brokers, &store)?;
        let seconds = again.whole - again.assigned;
        println!(
            "  {what}: {seconds:.2} s from the assignment on ({:.2} s from the start of the process), {} records, {:.0} a second; {:.1} CPU s, memory {:.0} MB at most; on disk {:.0} bytes a patient",
            again.whole,
            again.records,
            again.records as f64 / seconds,
            again.cpu_seconds,
            again.peak_bytes as f64 / 1e6,
            on_disk(&store) as f64 / patients,
        );
        println!(
            "    projection, not measured: {:.0} s for ten million patients of one process",
            seconds * PROJECTED / patients
        );
    }
    drop(std::fs::remove_dir_all(&folder));
    Ok(())
}

/// Takes in all vitals; gives the seconds and the most memory.
fn build(journal: &KafkaJournal, brokers: &str, store: &Path) -> Result<(f64, u64), String> {
    let all: u64 = ends(journal, VITALS)?.iter().sum();
    let mut running = start(brokers, store)?;
    while taken(journal, NAME) < all {
        running.check_runs()?;
        if running.began.elapsed() > PATIENCE {
            return Err("the state is not built in time".to_owned());
        }
        wait(LOOK_EVERY);
    }
    let took = running.began.elapsed().as_secs_f64();
    let (peak, _) = running.memory_bytes()?;
    println!("    {}", running.end()?);
    Ok((took, peak))
}

struct Again {
    assigned: f64,
    whole: f64,
    records: u64,
    cpu_seconds: f64,
    peak_bytes: u64,
}

/// Starts it once more and waits until its state is whole.
fn again(brokers: &str, store: &Path) -> Result<Again, String> {
    let running = start(brokers, store)?;
    let (_, assigned) = running.wait_for("assigned", PATIENCE)?;
    let (records, whole) = running.wait_for("restored", PATIENCE)?;
    let again = Again {
        assigned: assigned.as_secs_f64(),
        whole: whole.as_secs_f64(),
        records: records.parse().map_err(|_| "it says no number")?,
        cpu_seconds: running.cpu_seconds()?,
        peak_bytes: running.memory_bytes()?.0,
    };
    running.end()?;
    Ok(again)
}

fn start(brokers: &str, store: &Path) -> Result<Running, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(this);
    command.args(["stage", brokers, NAME]).arg(store);
    Running::start(command)
}

/// The bytes of the files under a folder.
fn on_disk(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let entries = entries.filter_map(Result::ok);
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => on_disk(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
