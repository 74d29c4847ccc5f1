//! Files for others: inputs a line each, and what they come to.

use crate::generator::{Generator, Plan};
use crate::in_memory::{InMemory, PARTITIONS};
use crate::instant;
use journal::Record;
use std::fs::File;
use std::io::{BufWriter, Write};

/// Writes the values of the plan's vitals, then the end.
pub(crate) fn write_vitals(plan: Plan, file: &str) -> Result<(), String> {
    let values = Generator::new(plan).map(|record| line(&record));
    write_lines(file, values.chain([line(&Generator::end(plan))]))
}

/// Writes what the stage finds in the plan's vitals.
pub(crate) fn write_findings(plan: Plan, file: &str) -> Result<(), String> {
    let journal = InMemory::filled(Generator::new(plan), PARTITIONS);
    journal.end(&Generator::end(plan));
    let counters = journal.run();
    println!("{} findings of {} vitals", counters.emitted, counters.steps);
    write_lines(file, journal.findings().into_iter())
}

/// Writes lines to a file.
pub(crate) fn write_lines(file: &str, lines: impl Iterator<Item = String>) -> Result<(), String> {
    let failed = |cause| format!("{file} cannot be written: {cause}");
    let mut out = BufWriter::new(File::create(file).map_err(failed)?);
    for line in lines {
        writeln!(out, "{line}").map_err(failed)?;
    }
    out.flush().map_err(failed)
}

/// Gives a record's value, or its time where it has none.
pub(crate) fn line(record: &Record) -> String {
    match &record.value {
        Some(value) => String::from_utf8_lossy(value).into_owned(),
        None => format!(
            r#"{{"tick":"{}"}}"#,
            instant::format(record.received_time / 1000)
        ),
    }
}
