//! The platform's own states of many patients: how large they are, and how long a process takes to have them again.

use std::path::Path;
use std::time::Instant;

use crate::fleet::Fleet;
use crate::messages::Messages;

/// Patients, where nothing else is asked for.
const PATIENTS: u64 = 30_000;
/// The topics that hold the states.
const CHANGELOG: &str = "pulsewire.changelog.";
/// What a projection is made to.
const PROJECTED: f64 = 10_000_000.0;

/// Measures and prints.
pub(crate) fn measure(brokers: &str, patients: Option<u64>) {
    let patients = patients.unwrap_or(PATIENTS);
    println!("\nthe platform's states of {patients} patients with a set of vitals each");
    let mut fleet = Fleet::new(brokers, 1, false);
    fleet.start(0);
    fleet.wait_until_whole();
    let messages = Messages::new();
    crate::rebalance::make_known(&fleet, &messages, patients);
    fleet.stop(0);
    let state = fleet.site(0).data().join("state");
    let each = |bytes: u64| bytes as f64 / patients as f64;
    println!("  on disk {:.0} bytes a patient", each(bytes_under(&state)));
    if let Some(log) = std::env::var_os("PULSEWIRE_KAFKA_DIR") {
        let log = Path::new(&log).join("broker-1/data");
        let bytes = changelog_bytes(&log, &fleet.prefix);
        println!(
            "  changelogs on the broker {:.0} bytes a patient, before compaction",
            each(bytes)
        );
    }
    for (what, keep) in [("warm restart", true), ("cold restore", false)] {
        if !keep {
            drop(std::fs::remove_dir_all(&state));
        }
        let began = Instant::now();
        fleet.start(0);
        let taking = began.elapsed().as_secs_f64();
        fleet.wait_until_whole();
        let whole = began.elapsed().as_secs_f64();
        println!(
            "  {what}: takes messages after {taking:.2} s, all stations work after {whole:.2} s (projection, not measured: {:.0} s for ten million); {:.1} CPU s",
            whole * PROJECTED / patients as f64,
            fleet.cpu_seconds(0)
        );
        fleet.stop(0);
    }
}

fn changelog_bytes(log: &Path, prefix: &str) -> u64 {
    let begins = format!("{prefix}{CHANGELOG}");
    let Ok(entries) = std::fs::read_dir(log) else {
        return 0;
    };
    let of_changelogs = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&begins));
    of_changelogs
        .map(|entry| segment_bytes(&entry.path()))
        .sum()
}

/// The bytes of a partition's records, without its indexes, which are made larger than they are.
fn segment_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten();
    let segments = files
        .filter_map(Result::ok)
        .filter(|file| file.path().extension().is_some_and(|kind| kind == "log"));
    segments
        .filter_map(|file| Some(file.metadata().ok()?.len()))
        .sum()
}

/// The bytes of the files under a folder.
fn bytes_under(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let sizes = entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_under(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        });
    sizes.sum()
}
