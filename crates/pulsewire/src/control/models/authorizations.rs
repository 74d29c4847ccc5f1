//! Prior authorizations as the page shows them: open ones by when they are due, and what is reported of those decided.

use clinical::{EventTime, PatientKey, Permit};
use ui::{AuthorizationMetrics, AuthorizationRow, AuthorizationTable, Link, Severity};

use super::alert::label;
use crate::control::Control;
use crate::control::page::Forms;
use crate::stages::AuthorizationTold;
use crate::views::Views;

/// So many stand on the page.
const ROWS_MAX: usize = 200;
/// The forms of the page.
pub(in crate::control) const FORMS: Forms<AuthorizationTable> = [
    ui::authorizations_page,
    ui::authorizations_fragment,
    ui::authorizations_live,
];
const HOUR_US: i64 = 60 * 60 * 1_000_000;

/// The table of authorizations.
pub(in crate::control) fn table(
    control: &Control,
    now_us: i64,
    permit: &Permit,
) -> AuthorizationTable {
    let views = control.views.read();
    let mut all: Vec<&AuthorizationTold> = views.authorizations.values().collect();
    // Open ones first, by when they are due; of those that were decided the newest first.
    all.sort_by_key(|told| match micros(told.final_response_time.as_ref()) {
        None => (false, micros(told.due.as_ref()).unwrap_or(i64::MAX)),
        Some(decided) => (true, decided.saturating_neg()),
    });
    let row = |told: &&AuthorizationTold| row(&views, told, now_us, permit);
    AuthorizationTable {
        rows: all.iter().take(ROWS_MAX).map(row).collect(),
        hidden: all.len().saturating_sub(ROWS_MAX) as u64,
        metrics: ["expedited", "standard"]
            .into_iter()
            .filter_map(|urgency| metrics(&all, urgency))
            .collect(),
    }
}

fn micros(time: Option<&String>) -> Option<i64> {
    EventTime::parse(time?).map(EventTime::micros)
}

fn row(views: &Views, told: &AuthorizationTold, now_us: i64, permit: &Permit) -> AuthorizationRow {
    let key = PatientKey::parse(&told.patient).unwrap_or_default();
    let (received, due) = (micros(told.received.as_ref()), micros(told.due.as_ref()));
    let decided = micros(told.final_response_time.as_ref());
    let span = received.zip(due).filter(|_| decided.is_none());
    let passed = span.and_then(|(from, to)| {
        let whole = to.saturating_sub(from).max(1);
        let part = i128::from(now_us.saturating_sub(from)) * 100 / i128::from(whole);
        u64::try_from(part).ok()
    });
    AuthorizationRow {
        case: told.case.clone(),
        patient: Link::to(label(views, key, permit), format!("/patients/{key}")),
        outcome: told.outcome.clone(),
        urgency: format!("{}, {}", told.urgency, told.item),
        rule: told.rule.clone(),
        received_us: received,
        due_us: due,
        decided_us: decided,
        passed,
        severity: match passed {
            Some(100..) => Severity::High,
            Some(80..) => Severity::Medium,
            Some(50..) => Severity::Low,
            _ => Severity::None,
        },
    }
}

/// Counts what was decided of one urgency; nothing where nothing was.
fn metrics(all: &[&AuthorizationTold], urgency: &str) -> Option<AuthorizationMetrics> {
    let decided: Vec<_> = all
        .iter()
        .filter(|told| told.urgency == urgency && told.final_response_time.is_some())
        .filter(|told| !matches!(&*told.outcome, "cancelled" | "not-required"))
        .collect();
    if decided.is_empty() {
        return None;
    }
    let count = |which: &dyn Fn(&AuthorizationTold) -> bool| {
        decided.iter().filter(|told| which(told)).count() as u64
    };
    let is_approved = |told: &AuthorizationTold| matches!(&*told.outcome, "approved" | "modified");
    let mut spans: Vec<i64> = decided
        .iter()
        .filter_map(|told| {
            let decided = micros(told.final_response_time.as_ref())?;
            Some(decided.saturating_sub(micros(told.received.as_ref())?))
        })
        .collect();
    spans.sort_unstable();
    Some(AuthorizationMetrics {
        urgency: urgency.to_owned(),
        decided: decided.len() as u64,
        approved: count(&is_approved),
        denied: count(&|told| told.outcome == "denied"),
        overturned: count(&|told| told.overturned),
        extended: count(&|told| told.extended && is_approved(told)),
        late: count(&|told| told.in_time == Some(false)),
        mean: mean(&spans).map_or_else(|| "not known".to_owned(), hours),
        median: median(&spans).map_or_else(|| "not known".to_owned(), hours),
    })
}

fn mean(spans: &[i64]) -> Option<i64> {
    let sum: i128 = spans.iter().copied().map(i128::from).sum();
    let count = i128::try_from(spans.len()).ok()?;
    i64::try_from(sum.checked_div(count)?).ok()
}

/// The middle one, or the middle of both, of spans in their order.
fn median(spans: &[i64]) -> Option<i64> {
    let upper = *spans.get(spans.len() / 2)?;
    let lower = *spans.get((spans.len() - 1) / 2)?;
    Some(lower + (upper - lower) / 2)
}

/// Says a span in hours, to a tenth.
fn hours(span: i64) -> String {
    let tenths = span / (HOUR_US / 10);
    format!("{}.{} h", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_both() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3]), Some(3));
        assert_eq!(median(&[1, 3]), Some(2));
        assert_eq!(median(&[1, 2, 9]), Some(2));
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1, 2, 9]), Some(4));
        assert_eq!(hours(61 * HOUR_US + HOUR_US / 4), "61.2 h");
    }
}
