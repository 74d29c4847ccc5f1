//! Episodes of continuous glucose monitoring, and the silence of its sensor.

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::Entry;
use crate::config::minutes;
use crate::critical::shown;
use crate::deterioration::span_words;
use crate::sustained::{self, Rule, parse_rules};
use crate::workload::{Concluded, Conclusion, Condition, Proof, View};

const RULES: &str = include_str!("../data/glucose_episodes.tsv");

pub(crate) const READS: &[Parameter] = &[Parameter::InterstitialGlucose];
/// How late a reading may come: a telephone that was out of reach sends hours at once.
pub(crate) const WINDOW: Duration = sustained::WINDOW;
/// A sensor that was not heard for so long is said to be silent: four readings of one that measures every five minutes.
const SILENT_AFTER: Duration = minutes(20);

/// Stands beside the line by which the sensor fell silent, and that by which it was heard again.
const SILENT: u8 = 1;
const HEARD: u8 = 2;

/// Says how long an entry matters.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    READS
        .contains(&entry.parameter)
        .then_some(sustained::LOOKS_BACK)
}

/// Reads the rules, which are part of the program.
pub(crate) fn rules() -> Vec<Rule> {
    parse_rules(RULES).expect("every row is a rule, as a test shows")
}

/// Says which episodes there were, and when the sensor was not heard.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded {
        from: view.frozen,
        conclusions: Vec::new(),
        wake: None,
    };
    let rules = &view.config.glucose;
    sustained::tell(view, rules, Condition::GlucoseEpisode, &mut concluded);
    silences(view, &mut concluded);
    concluded
}

fn silences(view: &View<'_>, concluded: &mut Concluded) {
    let readings = sustained::read(view, Parameter::InterstitialGlucose);
    let first = readings.first().filter(|first| was_silent(view, first));
    concluded
        .conclusions
        .extend(first.map(|first| heard(first)));
    for (place, reading) in readings.iter().enumerate() {
        let silent = reading.at.plus(SILENT_AFTER);
        let next = readings.get(place + 1);
        if next.is_some_and(|next| next.at <= silent) {
            continue;
        }
        if view.watermark < silent {
            concluded.wake = Some(concluded.wake.map_or(silent, |wake| wake.min(silent)));
            continue;
        }
        let history = next.is_some();
        let words = span_words(SILENT_AFTER);
        let fell = said(reading, silent, history, SILENT);
        concluded.conclusions.push(Conclusion {
            severity: Severity::Low,
            summary: format!("the glucose sensor was not heard for {words}"),
            ..fell
        });
        if let Some(next) = next {
            concluded.conclusions.push(heard(next));
        }
    }
    concluded
        .conclusions
        .retain(|conclusion| conclusion.as_of >= view.frozen);
}

/// Says whether the sensor was silent before the first reading that is kept: by what can no longer be revised.
fn was_silent(view: &View<'_>, first: &Entry) -> bool {
    let line = view.lines.iter().rfind(|line| {
        let is_settled = line.as_of < first.at.min(view.frozen);
        line.condition == Condition::GlucoseSignal && line.asserted && is_settled
    });
    line.is_some_and(|line| line.note == SILENT)
}

fn heard(reading: &Entry) -> Conclusion {
    Conclusion {
        summary: "the glucose sensor is heard again".into(),
        ..said(reading, reading.at, true, HEARD)
    }
}

fn said(reading: &Entry, as_of: EventTime, history: bool, note: u8) -> Conclusion {
    Conclusion {
        condition: Condition::GlucoseSignal,
        as_of,
        severity: Severity::None,
        score: None,
        summary: String::new(),
        evidence: vec![Proof {
            entry: *reading,
            value: shown(reading),
            points: None,
        }],
        missing: Vec::new(),
        history,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Condition, WORKLOADS};

    #[test]
    fn there_is_a_number_for_each_rule() {
        for rule in rules() {
            let condition = Condition::GlucoseEpisode(rule.number);
            assert_eq!(Condition::from_number(condition.number()), Some(condition));
            assert_eq!(condition.workload().name, "glucose-episodes");
            assert!(READS.contains(&rule.parameter));
        }
        assert!(WORKLOADS.iter().any(|workload| workload.reads == READS));
    }
}
