//! The example that holds both applications to the same rules: a few vitals, and what they come to.

use crate::exchange::{line, write_lines};
use crate::generator::{Generator, Plan};
use crate::in_memory::InMemory;

/// The example's inputs, on one partition: enough for more heart rates than are kept.
const PLAN: Plan = Plan {
    records: 520,
    patients: 2,
    seed: 7,
    value_bytes: 0,
    each_first: false,
};
const VITALS: &str = include_str!("../../../../benches/kafka/example/vitals.jsonl");
const FINDINGS: &str = include_str!("../../../../benches/kafka/example/findings.jsonl");

/// Finds the same again.
pub(crate) fn check() -> Result<(), String> {
    let (vitals, findings) = run();
    differ("vitals.jsonl", VITALS, &vitals)?;
    differ("findings.jsonl", FINDINGS, &findings)
}

/// Writes it anew.
pub(crate) fn write(dir: &str) -> Result<(), String> {
    let (vitals, findings) = run();
    write_lines(&format!("{dir}/vitals.jsonl"), vitals.into_iter())?;
    write_lines(&format!("{dir}/findings.jsonl"), findings.into_iter())
}

fn run() -> (Vec<String>, Vec<String>) {
    let journal = InMemory::filled(Generator::new(PLAN), 1);
    let end = Generator::end(PLAN);
    journal.end(&end);
    journal.run();
    let vitals = Generator::new(PLAN).chain([end]);
    (
        vitals.map(|record| line(&record)).collect(),
        journal.findings(),
    )
}

fn differ(file: &str, expected: &str, found: &[String]) -> Result<(), String> {
    let expected: Vec<&str> = expected.lines().collect();
    let places = expected.len().max(found.len());
    let place =
        (0..places).find(|at| expected.get(*at).copied() != found.get(*at).map(String::as_str));
    place.map_or(Ok(()), |at| {
        let (expected, found) = (expected.get(at), found.get(at));
        Err(format!(
            "{file}, line {}: expected {expected:?}, found {found:?}",
            at + 1
        ))
    })
}
