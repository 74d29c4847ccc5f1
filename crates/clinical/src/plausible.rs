//! Whether a measurement can be true: its value, its unit and its times, and what is done with one that cannot.

use std::time::Duration;

use crate::unit::Analyte;
use crate::{Code, EventTime, Observation, ReceivedTime, RecordedTime};

pub mod policy;

mod flag;

mod table;

mod times;

mod value;

pub use flag::{Flag, Reason, flags_from_header, flags_to_header};
pub use policy::{Action, Policy};

/// How far a clock may run ahead before what it says is from the future.
pub const MAX_AHEAD: Duration = Duration::from_secs(5 * 60);
/// How many years back a measurement may lie: the longest documented life is of 122 years.
pub const MAX_AGE_YEARS: u16 = 122;

/// What is known of a measurement beside what it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'a> {
    /// The source it came from.
    pub source: &'a str,
    /// When it was true of the patient, where that is said.
    pub effective: Option<EventTime>,
    /// When the source released it, where that is said.
    pub issued: Option<RecordedTime>,
    /// When this platform accepted it.
    pub received: ReceivedTime,
    /// The patient's birth date as FHIR writes it (`1954`, `1954-02`, `1954-02-11`), where it is known.
    pub birth: Option<&'a str>,
}

/// What is to be done with a measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong with it, or nothing that the policy minds.
    Pass,
    /// It is published with these flags.
    Flag(Vec<Flag>),
    /// It is kept in quarantine.
    Quarantine(Reason),
    /// It is refused at the door; where the sender was answered already, it is kept in quarantine.
    Reject(Reason),
}

/// Gives what is measured, as far as the factors between its units depend on it.
pub fn analyte(codes: &[Code]) -> Analyte {
    let row = codes.iter().find_map(value::row_of);
    row.map_or(Analyte::Other, |row| row.analyte)
}

/// Judges a measurement.
///
/// What is withdrawn is never held back, whatever stands in it: otherwise a mistake could not be taken back.
pub fn judge(observation: &Observation, given: &Circumstances<'_>, policy: &Policy) -> Verdict {
    if !observation.status.is_usable() {
        return Verdict::Pass;
    }
    let mut flags = Vec::new();
    let mut held: Option<(Action, Reason)> = None;
    let doubts = times::doubts(given, policy)
        .into_iter()
        .map(|reason| (Flag::whole(reason), true))
        .chain(value::doubts(observation));
    for (flag, published) in doubts {
        let action = match policy.action(given.source, flag.reason) {
            // Nobody may lose a record to a limit that nothing but general knowledge stands behind.
            Action::Quarantine | Action::Reject if !published => Action::Flag,
            action => action,
        };
        match action {
            Action::Pass => {}
            Action::Flag => flags.push(flag),
            Action::Quarantine | Action::Reject => {
                if held.is_none_or(|(known, _)| known < action) {
                    held = Some((action, flag.reason));
                }
            }
        }
    }
    match held {
        Some((Action::Reject, reason)) => Verdict::Reject(reason),
        Some((_, reason)) => Verdict::Quarantine(reason),
        None if flags.is_empty() => Verdict::Pass,
        None => Verdict::Flag(flags),
    }
}

#[cfg(test)]
mod tests;
