//! Cultures: what grows is told for as long as a laboratory waits for it.

use std::cmp::Reverse;
use std::time::Duration;

use super::judge::{Verdict, judge};
use super::{severity, shown, summary};
use crate::Parameter;
use crate::chart::Entry;
use crate::config::hours;
use crate::revise::add;
use crate::workload::{Concluded, Conclusion, Condition, Proof, View};

pub(crate) const READS: &[Parameter] = &[Parameter::Culture];

/// How long after its specimen a culture is judged: blood grows for five days before it is called sterile (CLSI M47, second
/// edition, 2022), and is reported after that.
pub(crate) const WINDOW: Duration = hours(7 * 24);

/// Judges every culture that may still be revised.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    Concluded {
        from: view.frozen,
        conclusions: critical(view),
        wake: None,
    }
}

/// Tells of each culture by itself: what grew in blood is no repeat of what grew in urine, and what did not grow in one says
/// nothing of the other. A result that is corrected changes what was told of its own time.
fn critical(view: &View<'_>) -> Vec<Conclusion> {
    let results = view.chart.of(Parameter::Culture);
    let mut critical: Vec<(&Entry, Verdict)> = results
        .filter(|entry| entry.at >= view.frozen && !entry.is_withdrawn())
        .filter_map(|entry| Some((entry, judge(view, entry)?)))
        .filter(|(_, verdict)| matches!(verdict, Verdict::Positive | Verdict::Flagged))
        .collect();
    // The worst of a time comes first.
    critical.sort_by_key(|(entry, verdict)| (entry.at, Reverse(*verdict)));
    let by_time = critical.chunk_by(|(one, _), (other, _)| one.at == other.at);
    by_time.filter_map(conclusion).collect()
}

/// Tells of the critical cultures of one time by the worst of them, which comes first.
fn conclusion(of_one_time: &[(&Entry, Verdict)]) -> Option<Conclusion> {
    let (worst, verdict) = of_one_time.first()?;
    let mut summary = summary(worst, *verdict);
    if of_one_time.len() > 1 {
        let count = format_args!("; {} results of this time", of_one_time.len());
        add(&mut summary, count);
    }
    let evidence = of_one_time.iter().map(|(entry, _)| Proof {
        entry: **entry,
        value: shown(entry),
        points: None,
    });
    Some(Conclusion {
        condition: Condition::CriticalResult(Parameter::Culture),
        as_of: worst.at,
        severity: severity(*verdict),
        score: None,
        summary,
        evidence: evidence.collect(),
        missing: Vec::new(),
        history: false,
        note: verdict.number(),
    })
}
