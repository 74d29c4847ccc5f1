//! Invented authorizations: one that is late, one that has time, one that was decided.

use super::{NOW_US, ago};
use crate::{AuthorizationMetrics, AuthorizationRow, AuthorizationTable, Link, Severity};

const HOUR_US: i64 = 60 * 60 * 1_000_000;

/// Gives a table of authorizations.
pub fn authorizations() -> AuthorizationTable {
    let row = |case: &str, outcome: &str, severity| AuthorizationRow {
        case: case.to_owned(),
        patient: Link::to("7c1e", "/patients/7c1e"),
        outcome: outcome.to_owned(),
        urgency: "standard".to_owned(),
        rule: Some("42 CFR 422.568(b)(1)".to_owned()),
        received_us: Some(ago(600)),
        due_us: Some(NOW_US + 90 * HOUR_US),
        decided_us: None,
        passed: None,
        severity,
    };
    AuthorizationTable {
        rows: vec![
            AuthorizationRow {
                urgency: "expedited".to_owned(),
                due_us: Some(NOW_US - HOUR_US),
                passed: Some(101),
                ..row("0d5e7a41c29b8f36", "pended", Severity::High)
            },
            AuthorizationRow {
                passed: Some(10),
                ..row("7b90cc13ee5204ad", "requested", Severity::None)
            },
            AuthorizationRow {
                decided_us: Some(ago(30)),
                ..row("e4412f7708d19a5c", "approved", Severity::None)
            },
        ],
        hidden: 12,
        metrics: vec![AuthorizationMetrics {
            urgency: "standard".to_owned(),
            decided: 1_204,
            approved: 1_011,
            denied: 120,
            overturned: 9,
            extended: 31,
            late: 4,
            mean: "61.2 h".to_owned(),
            median: "44.0 h".to_owned(),
        }],
    }
}
