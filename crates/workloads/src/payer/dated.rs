//! Tables that a site loads: rows with tabs between their cells, each from one day until another.

use std::cmp::Ordering;

use clinical::payer::Day;

use super::calendar::parse_day;
use crate::site_rows;

/// A row of a table that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {expected}, with tabs between them")]
pub struct RowError {
    /// Its line, counted from 1.
    pub line: usize,
    /// What it is not, and what stands in a row.
    pub expected: &'static str,
}

/// On which days a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) from: Day,
    until: Option<Day>,
}

impl Days {
    /// Reads the first day, and the first day no longer or `-`; what ends before it begins is no row. What ends on its first
    /// day never held, as publishers of edits write of those that they took back.
    pub(super) fn read(from: &str, until: &str) -> Option<Self> {
        let from = parse_day(from)?;
        let until = match until {
            "-" => None,
            day => Some(parse_day(day)?),
        };
        let is_ordered = until.is_none_or(|until| from <= until);
        is_ordered.then_some(Self { from, until })
    }

    fn hold(self, on: Day) -> bool {
        self.from <= on && self.until.is_none_or(|until| on < until)
    }
}

/// Reads the rows of a file; lines that begin with `#` and empty ones are none.
pub(super) fn rows<R>(
    file: &str,
    expected: &'static str,
    read: fn(&[&str]) -> Option<R>,
) -> Result<Vec<R>, RowError> {
    site_rows(file)
        .map(|(line, text)| {
            let row: Vec<&str> = text.split('\t').map(str::trim).collect();
            read(&row).ok_or(RowError { line, expected })
        })
        .collect()
}

/// Finds the first row of a key that holds on a day, in rows that are in the order of their keys.
pub(super) fn find<R>(
    rows: &[R],
    key: impl Fn(&R) -> Ordering,
    days: impl Fn(&R) -> Days,
    on: Day,
) -> Option<&R> {
    let start = rows.partition_point(|row| key(row) == Ordering::Less);
    let mut same = rows.iter().skip(start);
    same.by_ref()
        .take_while(|row| key(row) == Ordering::Equal)
        .find(|row| days(row).hold(on))
}
