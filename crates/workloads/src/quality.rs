//! Says that a value could not be used: once for a patient, a parameter and a reason in a while, and not each time.

use std::time::Duration;

use clinical::{Evidence, Finding, FindingId, FindingState, Severity};

use crate::chart::{BACKFILLED, Chart, Entry};
use crate::config::hours;
use crate::step::Now;

/// What a finding about the quality of data is signed with.
pub(crate) const WORKLOAD: &str = "data-quality";
/// Its rule and version.
pub(crate) const RULE: &str = "plausibility 1.0.0";
/// So long around a value that could not be used another one like it is not told.
const WINDOW: Duration = hours(24);

/// Gives what is to be said of an entry that is about to be charted; nothing where it can be used, or was spoken of.
pub(crate) fn finding(chart: &Chart, entry: &Entry, now: Now) -> Option<Finding> {
    let why = entry.why_unusable()?;
    if chart.has_unusable(entry, WINDOW) {
        return None;
    }
    let (name, word) = (entry.parameter.words(), entry.parameter.word());
    let parts: [&[u8]; 5] = [
        WORKLOAD.as_bytes(),
        now.patient.as_bytes(),
        entry.event.as_bytes(),
        word.as_bytes(),
        why.word().as_bytes(),
    ];
    Some(Finding {
        id: FindingId::derive(&parts),
        workload: WORKLOAD.into(),
        rule: RULE.into(),
        patient: now.patient,
        condition: format!("{WORKLOAD}/{word}/{}", why.word()).into(),
        as_of: entry.at,
        known_at: entry.known,
        revision: 1,
        replaces: None,
        state: FindingState::Asserted,
        severity: Severity::Low,
        score: None,
        summary: format!("{name} {}", why.words()).into(),
        evidence: vec![Evidence {
            what: name.into(),
            value: why.words().into(),
            points: None,
            at: entry.at,
            event: entry.event,
            origin: entry.origin,
        }],
        missing: vec![name.into()],
        cause: Some(entry.event),
        backfill: entry.is(BACKFILLED),
    })
}
