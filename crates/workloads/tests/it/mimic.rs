//! The published reference answers for the MIMIC-III demo, from its charting streamed as it was stored.

mod first_day;
mod gases;
mod infusions;
mod kidney;
mod orders;
mod sepsis;
mod sofa;
mod stream;
mod suspicion;
mod table;
mod weights;

use std::path::PathBuf;

use clinical::{EventTime, Finding, FindingState};

use crate::news2_vectors::shared;

/// Finds the tables.
fn folder() -> Option<PathBuf> {
    let path = shared().join("clinical-data/mimic3-demo");
    if !path.join("raw/chartevents.csv.gz").exists() {
        return None;
    }
    Some(path)
}

/// What is printed where the tables are missing.
const SKIPPED: &str =
    "skipped: clinical-data/mimic3-demo is not there; set PULSEWIRE_SHARED to the shared data";

/// Gives what stands of a condition after all revisions, by the time it speaks of.
fn standing(findings: &[Finding], condition: &str) -> Vec<(EventTime, Finding)> {
    let mut lines = std::collections::BTreeMap::new();
    for finding in findings.iter().filter(|of| *of.condition == *condition) {
        match finding.state {
            FindingState::Asserted => lines.insert(finding.as_of, finding.clone()),
            FindingState::Retracted(_) => lines.remove(&finding.as_of),
        };
    }
    lines.into_iter().collect()
}
