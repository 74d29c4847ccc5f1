//! Observations that did not come when they were due; silence is an event.

use std::time::Duration;

use clinical::{EventTime, Severity};

use super::news2::{Band, Score};
use super::{earliest, span_words};
use crate::config::{hours, minutes};
use crate::workload::{Concluded, Conclusion, Condition, View};

/// From this interval on a set that is late is worth knowing; below it somebody must look soon.
const RELAXED: Duration = hours(4);

/// How much later a set may be charted that was taken just in time. Of 31,063 vital signs of the MIMIC-III demo (Johnson AEW et al. Sci
/// Data 2016;3:160035) half were stored more than 21 minutes after their time; devices at the bedside are far faster.
const CHARTED_WITHIN: Duration = minutes(15);

/// When a complete set was taken, what it came to, and whether it is loaded history.
type Set = (EventTime, Band, bool);

/// Says which complete sets were not followed by another in time.
pub(super) fn conclude(
    view: &View<'_>,
    first: EventTime,
    scores: &[(EventTime, Score<'_>)],
    concluded: &mut Concluded,
) {
    if view.stays.is_empty() {
        return;
    }
    let config = &view.config.deterioration;
    let mut sets: Vec<Set> = before(view, first).into_iter().collect();
    sets.extend(
        scores
            .iter()
            .filter(|(at, score)| *at >= first && score.missing.is_empty())
            .map(|(at, score)| (*at, score.band(), score.is_history())),
    );
    for (place, (at, band, history)) in sets.iter().enumerate() {
        let due = at.plus(band.due(config));
        let limit = due.plus(config.overdue_grace);
        let next = sets.get(place + 1).map(|(at, ..)| *at);
        if next.is_some_and(|next| next <= limit) || !view.stays.iter().any(|stay| stay.covers(due))
        {
            continue;
        }
        let told = limit.plus(CHARTED_WITHIN);
        if told > view.watermark {
            concluded.wake = earliest(concluded.wake, told);
            continue;
        }
        if due >= first {
            let overdue = overdue(due, band.due(config));
            // Where the set is there by the time at which it is told, nobody has to be called.
            let is_there = next.is_some_and(|next| next <= told);
            concluded.conclusions.push(Conclusion {
                history: *history || is_there,
                ..overdue
            });
        }
        if let Some(next) = next.filter(|next| *next >= first) {
            concluded
                .conclusions
                .push(taken(next, next.since(due).unwrap_or_default()));
        }
    }
}

/// Finds the last complete set before the first time that may have changed.
fn before(view: &View<'_>, first: EventTime) -> Option<Set> {
    let charted = super::scores(view, view.frozen)
        .rev()
        .find(|(at, score)| *at < first && score.missing.is_empty())
        .map(|(at, score)| (at, score.band(), score.is_history()));
    charted.or_else(|| {
        view.lines
            .iter()
            .rev()
            .filter(|line| line.condition == Condition::Deterioration && line.asserted)
            .filter(|line| line.as_of < view.frozen)
            .find_map(|line| Some((line.as_of, Band::from_number(line.note)?, false)))
    })
}

fn overdue(due: EventTime, interval: Duration) -> Conclusion {
    Conclusion {
        condition: Condition::ObservationsOverdue,
        as_of: due,
        severity: if interval >= RELAXED {
            Severity::Low
        } else {
            Severity::Medium
        },
        score: None,
        summary: format!(
            "observations overdue: a complete set was due {} after the last",
            span_words(interval)
        ),
        evidence: Vec::new(),
        missing: Vec::new(),
        history: false,
        note: 0,
    }
}

fn taken(at: EventTime, late: Duration) -> Conclusion {
    Conclusion {
        condition: Condition::ObservationsOverdue,
        as_of: at,
        severity: Severity::None,
        score: None,
        summary: format!(
            "observations taken {} after they were due",
            span_words(late)
        ),
        evidence: Vec::new(),
        missing: Vec::new(),
        history: false,
        note: 0,
    }
}
