//! Results of any other analyte that the laboratory itself calls critical.

use std::time::Duration;

use clinical::{EventTime, Severity};

use crate::Parameter;
use crate::chart::{BACKFILLED, Entry};
use crate::revise::add;
use crate::workload::{Conclusion, Condition, Proof, View};

/// The condition of such results.
const CONDITION: Condition = Condition::CriticalResult(Parameter::FlaggedResult);

/// What was told last of an analyte.
#[derive(Clone, Copy, Debug)]
struct Told {
    analyte: u32,
    at: EventTime,
    /// Of what was loaded as history nobody was told.
    is_history: bool,
}

/// Tells of each time at which something was flagged that was not told of shortly before. Each is a matter of its own: no later
/// result ends it but a correction of itself.
pub(super) fn conclude(view: &View<'_>, conclusions: &mut Vec<Conclusion>) {
    if !view.config.critical.sender_flags {
        return;
    }
    let results: Vec<&Entry> = view
        .chart
        .of(Parameter::FlaggedResult)
        .filter(|entry| !entry.is_withdrawn())
        .collect();
    let mut told: Vec<Told> = Vec::new();
    for of_one_time in results.chunk_by(|one, other| one.at == other.at) {
        let Some(first) = of_one_time.first() else {
            continue;
        };
        let is_open = first.at >= view.frozen;
        let is_news = match is_open {
            true => of_one_time
                .iter()
                .any(|entry| !is_repeat(entry, &told, view.config.critical.repeat)),
            false => was_told(view, first.at),
        };
        if !is_news {
            continue;
        }
        told.extend(of_one_time.iter().map(|entry| Told {
            analyte: entry.sensor,
            at: entry.at,
            is_history: entry.is(BACKFILLED),
        }));
        if is_open {
            conclusions.push(conclusion(view, first.at, of_one_time));
        }
    }
}

fn is_repeat(entry: &Entry, told: &[Told], repeat: Duration) -> bool {
    let mut told = told.iter().rev();
    told.any(|told| {
        told.analyte == entry.sensor
            && (!told.is_history || entry.is(BACKFILLED))
            && entry
                .at
                .since(told.at)
                .is_some_and(|passed| passed < repeat)
    })
}

/// Says whether somebody was told of a time that is no longer revised.
fn was_told(view: &View<'_>, at: EventTime) -> bool {
    let mut lines = view.lines.iter();
    lines.any(|line| line.condition == CONDITION && line.asserted && line.as_of == at)
}

fn conclusion(view: &View<'_>, at: EventTime, of_one_time: &[&Entry]) -> Conclusion {
    let mut summary = String::new();
    let mut evidence: Vec<Proof> = Vec::new();
    for entry in of_one_time {
        let words = view.chart.words.of(entry.resource);
        let words = words.unwrap_or("a result whose words are no longer kept");
        // Two interfaces may bring one result.
        if evidence.iter().any(|proof| proof.value == words) {
            continue;
        }
        let comma = if summary.is_empty() { "" } else { ", " };
        add(&mut summary, format_args!("{comma}{words}"));
        evidence.push(Proof {
            entry: **entry,
            value: words.into(),
            points: None,
        });
    }
    summary.push_str(", critical by the laboratory's own flag");
    Conclusion {
        condition: CONDITION,
        as_of: at,
        severity: Severity::High,
        score: None,
        summary,
        evidence,
        missing: Vec::new(),
        history: false,
        note: 0,
    }
}
