//! When alerts are held back: while the team acts, with another of the patient, and for want of room in the budget.

use std::time::Duration;

use workloads::{begins_a_condition, conditions};

use super::packs::Workloads;
use super::reader::{Reader, nearest};

/// The most alerts for 100 patient-days that can be set: a hundred for each day of a patient.
const MAX_BUDGET: usize = 10_000;

/// What of `[alerts]` holds alerts back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// No time holds none back.
    pub(crate) while_acting: Duration,
    /// No time tells each apart.
    pub(crate) roll_up_within: Duration,
    /// For 100 patient-days; 0 sets no bound.
    pub(crate) budget: u32,
}

/// Reads it.
pub(super) fn read(reader: &mut Reader<'_>) -> Holding {
    let budget = reader.count("alerts", "budget_per_100_patient_days", 0, MAX_BUDGET);
    Holding {
        while_acting: reader.duration("alerts", "hold_while_acting"),
        roll_up_within: reader.duration("alerts", "roll_up_within"),
        budget: u32::try_from(budget).unwrap_or(u32::MAX),
    }
}

/// Reads what the conditions begin with that are to be read back. What no condition begins with would be read back of none.
pub(super) fn read_back(reader: &mut Reader<'_>, workloads: &Workloads) -> Vec<Box<str>> {
    let mut site = workloads::Config::default();
    if let Some(rules) = &workloads.sustained {
        site.sustained.clone_from(rules);
    }
    let words = reader.words("alerts", "read_back");
    for wrong in words.iter().filter(|word| !begins_a_condition(word, &site)) {
        let names = conditions(&site);
        let kinds = names
            .iter()
            .filter_map(|name| Some(name.split_once('/')?.0));
        let known = names.iter().map(String::as_str).chain(kinds);
        let hint = nearest(wrong, known).map_or_else(
            || "give what conditions begin with, such as critical-result, with commas between; `pulsewire workload list` names the workloads, and docs/scores.md what they conclude".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        let what = format!("names `{wrong}`, with which no condition begins");
        reader.refuse("alerts", "read_back", &what, &hint);
    }
    words.into_iter().map(String::into_boxed_str).collect()
}

#[cfg(test)]
mod tests {
    use crate::config::parse;

    #[test]
    fn what_no_condition_begins_with_is_not_read_back() {
        let told = parse("[alerts]\nread_back = \"critcal-results\"\n").unwrap_err();
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 2: alerts.read_back names `critcal-results`, with which no condition begins\n    hint: did you mean `critical-result`?"
            ]
        );
        let read = parse("[alerts]\nread_back = \"critical-result, sepsis-3\"\n").unwrap();
        assert_eq!(read.read_back.len(), 2);
    }
}
