//! A finding as a record of the alert stream, and as what is counted of it.

use clinical::{Finding, FindingState, wire};
use journal::Headers;
use stream::Context;

use super::{BACKFILL, header, record, with};
use crate::topics;

/// Publishes a finding, with where it comes from.
pub(super) fn publish(finding: &Finding, cause: &Headers, cx: &mut Context<'_>) {
    let own = vec![
        header("content-type", wire::FINDING_CONTENT_TYPE),
        header("finding", finding.id.to_string()),
    ];
    let mut cause = cause.clone();
    // It is the finding that says whether it is history: another may have come to rest on news beside it.
    cause.retain(|(name, _)| &**name != BACKFILL);
    cause.extend(finding.backfill.then(|| header(BACKFILL, "1")));
    let headers = with(&cause, own);
    let json = wire::finding_to_json(finding);
    let record = record(finding.patient, finding.as_of.micros(), cx, headers, json);
    cx.emit(topics::ALERT_STREAM, record);
}

/// The workload and how much it matters, as it is counted.
pub(super) fn label(finding: &Finding) -> String {
    let state = match finding.state {
        FindingState::Asserted => finding.severity.word(),
        FindingState::Retracted(_) => "retracted",
    };
    let history = if finding.backfill { " backfill" } else { "" };
    format!("{} {state}{history}", finding.workload)
}
