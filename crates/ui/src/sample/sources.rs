//! Invented sources: one that is well, one that is silent, one of which nothing is known yet.

use super::{NOW_US, ago};
use crate::{Health, SignalRow, SourceRow, SourceTable};

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// Gives a table of sources.
pub fn sources() -> SourceTable {
    let signal = |name: &str, last, quiet_us, usual_per_hour| SignalRow {
        name: name.to_owned(),
        last_us: Some(last),
        quiet_us,
        usual_per_hour: Some(usual_per_hour),
    };
    let row = |number: u32, name: &str, health| SourceRow {
        id: format!("s{number}"),
        name: name.to_owned(),
        ways: vec!["mllp".to_owned()],
        health,
        quiet_us: None,
        configured: true,
        expected: false,
        per_hour: 0,
        usual_per_hour: None,
        trend: (0..59)
            .map(|minute| f64::from((minute * 7 + number) % 11))
            .collect(),
        last_us: None,
        lag_us: None,
        answers: Vec::new(),
        quarantined: 0,
        unmapped: 0,
        certificate_us: None,
        signals: Vec::new(),
    };
    SourceTable {
        more: 0,
        everything_quiet_us: None,
        certificates: vec![("MLLP".to_owned(), NOW_US + 20 * DAY_US)],
        rows: vec![
            SourceRow {
                per_hour: 1_188,
                usual_per_hour: Some(1_152),
                last_us: Some(NOW_US - 4_000_000),
                lag_us: Some(1_840_000),
                answers: vec![
                    ("AA".to_owned(), 41_213),
                    ("AE".to_owned(), 3),
                    ("AR".to_owned(), 17),
                ],
                quarantined: 17,
                unmapped: 41,
                certificate_us: Some(NOW_US + 96 * DAY_US),
                signals: vec![
                    signal("ORU", NOW_US - 4_000_000, None, 1_088),
                    signal("ORM", ago(95), Some(ago(95)), 48),
                ],
                ..row(1, "lab-east", Health::Running)
            },
            SourceRow {
                quiet_us: Some(ago(47)),
                usual_per_hour: Some(640),
                last_us: Some(ago(47)),
                lag_us: Some(41_000_000),
                answers: vec![("AA".to_owned(), 90_127)],
                certificate_us: Some(NOW_US - DAY_US),
                ..row(2, "icu-monitors", Health::Degraded)
            },
            SourceRow {
                expected: true,
                ways: Vec::new(),
                trend: Vec::new(),
                ..row(3, "nightly-extract", Health::Idle)
            },
        ],
    }
}
