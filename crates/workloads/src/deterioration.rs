//! Deterioration: NEWS2 at every charted time, and observations that are overdue.

mod news2;
mod overdue;

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::read::OXYGEN;
use crate::chart::{Entry, Unusable};
use crate::config::{DeteriorationConfig, minutes};
use crate::revise::add;
use crate::workload::{Concluded, Conclusion, Condition, Missing, Proof, View};
use news2::Band;
pub(crate) use news2::{Part, Score, thresholds};

pub(crate) const READS: &[Parameter] = &[
    Parameter::RespiratoryRate,
    Parameter::OxygenSaturation,
    Parameter::Oxygen,
    Parameter::SystolicPressure,
    Parameter::Pulse,
    Parameter::Consciousness,
    Parameter::Temperature,
    Parameter::SaturationScale,
];

/// Scores that follow one another within this time and say the same are published once.
const SAME: Duration = minutes(15);

/// Says how long an entry matters: as long as a set, compared with the one before it, may rest on it.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    let reach = DeteriorationConfig::MOST_SET_SPAN + SAME;
    READS.contains(&entry.parameter).then_some(reach)
}

/// Says what NEWS2 is at every time that may have changed.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let config = &view.config.deterioration;
    // A change decides about the time before it too: whether a set was completed, and whether one came in time.
    let before = config.settle.max(config.overdue_grace);
    let first = view.from.minus(before).max(view.frozen);
    let mut concluded = Concluded {
        from: first,
        conclusions: Vec::new(),
        wake: None,
    };
    let scores: Vec<_> = scores(view, first.minus(SAME)).collect();
    for (place, (at, score)) in scores
        .iter()
        .enumerate()
        .filter(|(_, (at, _))| *at >= first)
    {
        let before = place.checked_sub(1).and_then(|place| scores.get(place));
        if before.is_some_and(|(then, earlier)| {
            bucket(*then) == bucket(*at) && earlier.says_the_same_as(score)
        }) {
            continue;
        }
        if !score.missing.is_empty() && score.band() < Band::LowMedium {
            let settled = at.plus(config.settle);
            let completed = scores
                .iter()
                .any(|(then, other)| then > at && *then <= settled && other.missing.is_empty());
            if completed {
                continue;
            }
            if settled > view.watermark {
                concluded.wake = earliest(concluded.wake, settled);
                continue;
            }
        }
        concluded.conclusions.push(conclusion(view, *at, score));
    }
    overdue::conclude(view, first, &scores, &mut concluded);
    concluded
}

/// Scores each time since another at which something of a score was charted.
fn scores<'a>(
    view: &'a View<'_>,
    from: EventTime,
) -> impl DoubleEndedIterator<Item = (EventTime, Score<'a>)> {
    let mut times: Vec<EventTime> = view
        .chart
        .between(
            from.minus(Duration::from_micros(1)),
            EventTime::from_micros(i64::MAX),
        )
        .filter(|entry| Parameter::NEWS2.contains(&entry.parameter) && entry.is_usable())
        .map(|entry| entry.at)
        .collect();
    times.dedup();
    let times = times.into_iter().filter(|at| is_old_enough(view, *at));
    times.map(|at| (at, Score::at(view.chart, at, &view.config.deterioration)))
}

fn is_old_enough(view: &View<'_>, at: EventTime) -> bool {
    view.person
        .age_years(at)
        .is_none_or(|age| age >= view.config.deterioration.least_age_years)
}

fn bucket(at: EventTime) -> i64 {
    at.micros()
        .div_euclid(i64::try_from(SAME.as_micros()).expect("15 minutes fit"))
}

fn earliest(known: Option<EventTime>, at: EventTime) -> Option<EventTime> {
    Some(known.map_or(at, |known| known.min(at)))
}

fn conclusion(view: &View<'_>, at: EventTime, score: &Score<'_>) -> Conclusion {
    let config = &view.config.deterioration;
    let missing: Vec<Missing> = score
        .missing
        .iter()
        .map(|parameter| Missing {
            parameter: *parameter,
            last: view
                .chart
                .last(*parameter, at)
                .and_then(|entry| at.since(entry.at)),
            why: score.why_unusable(*parameter),
        })
        .collect();
    Conclusion {
        condition: Condition::Deterioration,
        as_of: at,
        severity: score.band().severity(),
        score: Some(score.total()),
        summary: summary(config, score, view.person.born.is_none()),
        evidence: score
            .parts
            .iter()
            .map(|part| Proof {
                entry: *part.entry,
                value: part.shown(),
                points: Some(part.points),
            })
            .collect(),
        missing,
        history: false,
        note: if score.missing.is_empty() {
            score.band().number()
        } else {
            0
        },
    }
}

/// About as long as a summary is.
const SUMMARY_BYTES: usize = 128;
/// So many missing parameters are named in the summary; of more their number says enough.
const NAMED: usize = 3;

fn summary(config: &DeteriorationConfig, score: &Score<'_>, age_unknown: bool) -> String {
    let band = score.band().word();
    let mut text = String::with_capacity(SUMMARY_BYTES);
    if score.missing.is_empty() {
        add(&mut text, format_args!("NEWS2 {}, {band}", score.total()));
    } else {
        let (total, count) = (score.total(), score.parts.len());
        let words = format_args!("NEWS2 at least {total} ({count} of 7 measured), {band}");
        add(&mut text, words);
    }
    let mut mark = ": ";
    for part in score.parts.iter().filter(|part| part.points > 0) {
        text.push_str(std::mem::replace(&mut mark, ", "));
        // "on oxygen" says it all.
        let is_oxygen = part.entry.parameter == Parameter::Oxygen;
        if !(is_oxygen && part.entry.code() == Some(OXYGEN)) {
            text.push_str(part.entry.parameter.words());
            text.push(' ');
        }
        text.push_str(&part.shown());
        add(&mut text, format_args!(" ({})", part.points));
    }
    if score.missing.is_empty() {
        text.push_str("; next set within ");
        text.push_str(&span_words(score.band().due(config)));
    } else if score.missing.len() <= NAMED {
        let names: Vec<String> = score
            .missing
            .iter()
            .map(|parameter| named(*parameter, score.why_unusable(*parameter)))
            .collect();
        text.push_str("; missing ");
        text.push_str(&names.join(", "));
    }
    if score.scale_2 {
        text.push_str("; SpO2 scale 2 as ordered");
    }
    if age_unknown {
        text.push_str("; age not known, scored as an adult");
    }
    text
}

/// Names a parameter, and says why the value that is there is not used.
pub(crate) fn named(parameter: Parameter, why: Option<Unusable>) -> String {
    match why {
        Some(why) => format!("{} {}", parameter.words(), why.words()),
        None => parameter.words().to_owned(),
    }
}

/// Gives a span in hours and minutes.
pub(crate) fn span_words(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

impl Band {
    /// Gives the severity of the band: the same words, with `low-medium` an urgent ward review.
    const fn severity(self) -> Severity {
        match self {
            Self::Zero => Severity::None,
            Self::Low => Severity::Low,
            Self::LowMedium | Self::Medium => Severity::Medium,
            Self::High => Severity::High,
        }
    }

    /// Gives how soon the next set is due.
    const fn due(self, config: &DeteriorationConfig) -> Duration {
        match self {
            Self::Zero => config.due_at_0,
            Self::Low => config.due_at_low,
            Self::LowMedium | Self::Medium => config.due_at_medium,
            Self::High => config.due_at_high,
        }
    }
}
