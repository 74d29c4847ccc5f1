//! The keyed vital signs: the workload that a Kafka Streams application computes too, here as a stage of ours.
//!
//! `benches/kafka/README.md` states its rules, by which both must find the same. `cargo bench -p stream --bench kafka`
//! checks the example beside it and prints the rate of the loop on a journal in memory; after `--`, `vitals` and
//! `findings` with RECORDS PATIENTS SEED FILE write inputs, and what they come to, for others to compare with.
//!
//! With `--features kafka`, `beside` and `million` run it on real brokers; `cargo xtask bench kafka` makes some for it.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints its table, and a process of it says why it ended"
)]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod generator;
mod vital;

mod charting;

mod chart;
mod score;

mod finding;

mod instant;

mod example;
mod exchange;
mod in_memory;

#[cfg(feature = "kafka")]
mod on_kafka;

use generator::{Generator, Plan, VALUE_BYTES};
use in_memory::InMemory;
use std::process::ExitCode;
use std::time::Instant;

/// As in the binary that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the rate is measured with.
const PLAN: Plan = Plan {
    records: 500_000,
    patients: 20_000,
    seed: 1,
    value_bytes: VALUE_BYTES,
    each_first: false,
};

const USAGE: &str = "\
usage: kafka [check | vitals RECORDS PATIENTS SEED FILE | findings RECORDS PATIENTS SEED FILE | example DIR]
       kafka beside|million BROKERS [RECORDS PATIENTS SEED]   (with --features kafka)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        [] => example::check().map(|()| measure()),
        ["check"] => example::check(),
        ["vitals", plan @ .., file] => {
            parse(plan).and_then(|plan| exchange::write_vitals(plan, file))
        }
        ["findings", plan @ .., file] => {
            parse(plan).and_then(|plan| exchange::write_findings(plan, file))
        }
        ["example", dir] => example::write(dir),
        words => on_brokers(words),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "kafka")]
fn on_brokers(words: &[&str]) -> Result<(), String> {
    on_kafka::run(words, parse).unwrap_or_else(|| Err(USAGE.to_owned()))
}

#[cfg(not(feature = "kafka"))]
fn on_brokers(_words: &[&str]) -> Result<(), String> {
    Err(USAGE.to_owned())
}

fn parse(plan: &[&str]) -> Result<Plan, String> {
    let numbers: Result<Vec<u64>, _> = plan.iter().map(|number| number.parse()).collect();
    match numbers.as_deref() {
        Ok(&[records, patients, seed]) if patients > 0 => Ok(Plan {
            records,
            patients,
            seed,
            value_bytes: VALUE_BYTES,
            each_first: false,
        }),
        _ => Err(USAGE.to_owned()),
    }
}

fn measure() {
    let journal = InMemory::filled(Generator::new(PLAN), in_memory::PARTITIONS);
    let start = Instant::now();
    let counters = journal.run();
    let took = start.elapsed();
    let rate = u128::from(PLAN.records) * 1_000_000_000 / took.as_nanos().max(1);
    let (records, patients) = (PLAN.records, PLAN.patients);
    println!("{records} vitals of {patients} patients, memory journal, one core: {rate} vitals/s");
    println!(
        "{} findings, {} timers fired",
        counters.emitted, counters.timers_fired
    );
}
