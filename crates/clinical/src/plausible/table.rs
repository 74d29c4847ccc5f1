//! The data file of what a measurement can be, by LOINC code.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::Decimal;
use crate::unit::{Analyte, Unit};

const FILE: &str = include_str!("../../data/plausibility.tsv");
/// Concentrations of oxygen that is breathed in: charted as a fraction, as a percentage or in words.
const INSPIRED_OXYGEN: [&str; 2] = ["3150-6", "19994-3"];

/// What a measurement can be.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) unit: Unit,
    pub(super) analyte: Analyte,
    pub(super) impossible: RangeInclusive<Decimal>,
    pub(super) implausible: RangeInclusive<Decimal>,
    pub(super) zero: Zero,
    /// Whether something published stands behind it.
    pub(super) is_published: bool,
    pub(super) is_inspired_oxygen: bool,
}

/// What a zero is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zero {
    /// A value like another.
    Value,
    /// What a sensor says that measures nothing.
    Artefact,
}

static ROWS: LazyLock<BTreeMap<&'static str, Row>> = LazyLock::new(|| {
    let rows = lines().map(|line| rows_of(line).expect("every line is a row, as a test shows"));
    rows.flatten().collect()
});

/// Finds what a measurement with this LOINC code can be.
pub(super) fn row(code: &str) -> Option<&'static Row> {
    ROWS.get(code)
}

fn lines() -> impl Iterator<Item = &'static str> {
    FILE.lines().filter(|line| !line.starts_with('#'))
}

/// Reads a line: one row for each of its codes.
fn rows_of(line: &'static str) -> Option<Vec<(&'static str, Row)>> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [
        codes,
        "vital" | "laboratory" | "body" | "setting",
        unit,
        analyte,
        least,
        most,
        low,
        high,
        zero,
        basis,
        _source,
    ] = columns[..]
    else {
        return None;
    };
    let decimal = |text: &str| text.parse::<Decimal>().ok();
    let row = |code: &'static str| {
        let row = Row {
            unit: Unit::parse(unit).ok()?,
            analyte: Analyte::parse(analyte)?,
            impossible: decimal(least)?..=decimal(most)?,
            implausible: decimal(low)?..=decimal(high)?,
            zero: match zero {
                "value" => Zero::Value,
                "artefact" => Zero::Artefact,
                _ => return None,
            },
            is_published: match basis {
                "published" => true,
                "general" => false,
                _ => return None,
            },
            is_inspired_oxygen: INSPIRED_OXYGEN.contains(&code),
        };
        Some((code, row))
    };
    codes.split(' ').map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_is_a_row_with_a_source_and_every_code_has_one_row() {
        let mut seen = BTreeSet::new();
        for line in lines() {
            let rows = rows_of(line).unwrap_or_else(|| panic!("not a row: {line}"));
            let source = line.rsplit('\t').next().unwrap();
            for (code, row) in rows {
                assert!(seen.insert(code), "{code} has two rows");
                assert!(row.impossible.contains(row.implausible.start()), "{code}");
                assert!(row.impossible.contains(row.implausible.end()), "{code}");
                assert!(source.len() > 10, "{code} names no source");
                let general = source.starts_with("general knowledge");
                assert_eq!(general, !row.is_published, "{code}");
            }
        }
        assert!(INSPIRED_OXYGEN.iter().all(|code| row(code).is_some()));
    }
}
