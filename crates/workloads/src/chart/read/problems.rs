//! What of a sepsis is written down as a diagnosis or a problem.

use std::time::Duration;

use clinical::{Event, Problem, resource_hash};

use super::{Reader, Reading, Taken, Withdrawal};
use crate::Parameter;
use crate::config::{Config, hours};
use crate::tables::Tables;

/// What began longer before it was written down is history, and no note of now: SEP-1 counts a sepsis anew after so long.
const WRITTEN_WITHIN: Duration = hours(72);

/// Takes what the chart keeps from a diagnosis: nothing of one that says nothing of a sepsis, or no longer stands.
pub(crate) fn problem(config: &Config, tables: &Tables, event: &Event, problem: &Problem) -> Taken {
    let mut reader = Reader {
        config,
        tables,
        event,
        taken: Taken::default(),
    };
    // Of what only the day is known no clock can begin.
    let (Some(written), Some(note)) = (problem.written, tables.sepsis_note(&problem.codes)) else {
        return reader.taken;
    };
    if event.at < written.minus(WRITTEN_WITHIN) {
        return reader.taken;
    }
    // What no longer stands is kept as that, so that an older version does not bring it back.
    let reading = match problem.active {
        true => Reading::Coded(note),
        false => Reading::Withdrawn(Withdrawal::EnteredInError),
    };
    let resource = problem_of(event, problem);
    reader.keep(Parameter::SepsisNote, resource, reading, 0);
    if let Some(entry) = reader.taken.entries.last_mut() {
        entry.at = written;
    }
    reader.taken
}

/// The name under which a diagnosis is kept; servers number the resources of each type for themselves.
pub(crate) fn problem_of(event: &Event, problem: &Problem) -> u64 {
    match problem.resource.is_empty() {
        true => resource_hash(&event.id.to_string()),
        false => resource_hash(&format!("problem/{}", problem.resource)),
    }
}
