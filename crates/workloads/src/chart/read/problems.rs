//! What a diagnosis or a problem says: what was written down of a sepsis, and that somebody is dialysed for good.

use std::time::Duration;

use clinical::{Event, Problem, resource_hash};

use super::{Reader, Reading, Taken, Withdrawal};
use crate::Parameter;
use crate::config::{Config, hours};
use crate::tables::Tables;

/// What began longer before it was written down is history, and no note of now: SEP-1 counts a sepsis anew after so long.
const WRITTEN_WITHIN: Duration = hours(72);
/// The one answer of who is dialysed for good.
const DIALYSED_FOR_GOOD: u8 = 0;

/// Takes what the chart keeps from a diagnosis: nothing of one that says neither.
pub(crate) fn problem(config: &Config, tables: &Tables, event: &Event, problem: &Problem) -> Taken {
    let mut reader = Reader {
        config,
        tables,
        event,
        taken: Taken::default(),
    };
    let resource = problem_of(event, problem);
    // What no longer stands is kept as that, so that an older version does not bring it back.
    let reading = |answer: u8, stands: bool| match stands {
        true => Reading::Coded(answer),
        false => Reading::Withdrawn(Withdrawal::EnteredInError),
    };
    if tables.is_dialysed_for_good(&problem.codes) {
        // Whoever got a kidney is dialysed no more, and what is only thought of silences nothing.
        let stands = problem.active && !problem.over && !problem.doubtful;
        let reading = reading(DIALYSED_FOR_GOOD, stands);
        reader.keep(Parameter::ChronicDialysis, resource, reading, 0);
    }
    if let Some(note) = tables.sepsis_note(&problem.codes) {
        reader.note(problem, resource, reading(note, problem.active));
    }
    reader.taken
}

impl Reader<'_> {
    /// Keeps what was written down of a sepsis. That it is over says nothing: it was so all the same.
    fn note(&mut self, problem: &Problem, resource: u64, reading: Reading) {
        // Of what only the day is known no clock can begin.
        let Some(written) = problem.written else {
            return;
        };
        let is_history = self.event.at < written.minus(WRITTEN_WITHIN);
        if is_history || problem.active && problem.over {
            return;
        }
        self.keep(Parameter::SepsisNote, resource, reading, 0);
        if let Some(entry) = self.taken.entries.last_mut() {
            entry.at = written;
        }
    }
}

/// The name under which a diagnosis is kept; servers number the resources of each type for themselves.
pub(crate) fn problem_of(event: &Event, problem: &Problem) -> u64 {
    match problem.resource.is_empty() {
        true => resource_hash(&event.id.to_string()),
        false => resource_hash(&format!("problem/{}", problem.resource)),
    }
}
