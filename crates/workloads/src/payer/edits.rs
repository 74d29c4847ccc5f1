//! Edits of claims that a site has loaded: services that are not claimed together, and units that are not likely.

use clinical::Decimal;
use clinical::payer::Day;

use super::calendar::parse_day;

const SYNTHETIC_PAIRS: &str = include_str!("../../data/payer/synthetic_pairs.tsv");
const SYNTHETIC_UNITS: &str = include_str!("../../data/payer/synthetic_units.tsv");

/// What edits are loaded, in the order of their codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edits {
    /// What they are called in findings.
    pub(crate) name: Box<str>,
    pairs: Vec<Pair>,
    units: Vec<Units>,
}

/// Two services that are not claimed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) first: Box<str>,
    pub(crate) second: Box<str>,
    pub(crate) is_with_modifier: bool,
    from: Day,
    until: Option<Day>,
}

/// Of what at most so many units are likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitScope {
    /// A line.
    Line,
    /// All lines of a day.
    Day,
}

/// How many units of a service are likely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Units {
    pub(crate) code: Box<str>,
    pub(crate) most: Decimal,
    pub(crate) scope: UnitScope,
    from: Day,
    until: Option<Day>,
}

/// A row of a file of edits that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no edit: {expected}, with tabs between them")]
pub struct EditError {
    /// Its line, counted from 1.
    pub line: usize,
    /// What stands in a row.
    pub expected: &'static str,
}

const PAIR_FORM: &str = "give column 1, column 2, modifier indicator (0, 1 or 9), first day and first day no longer or -";
const UNITS_FORM: &str = "give code, most units, adjudication indicator (1, 2 or 3), first day and first day no longer or -";

impl Default for Edits {
    /// Gives those of invented codes.
    fn default() -> Self {
        Self::read("synthetic edits", SYNTHETIC_PAIRS, SYNTHETIC_UNITS)
            .expect("a test reads the files that are part of the program")
    }
}

impl Edits {
    /// Reads the files of a site.
    ///
    /// # Errors
    /// When a row is no edit.
    pub fn read(name: &str, pairs: &str, units: &str) -> Result<Self, EditError> {
        // An indicator of 9 stands for an edit that never was.
        let mut pairs: Vec<Pair> = rows(pairs, PAIR_FORM, pair)?
            .into_iter()
            .flatten()
            .collect();
        pairs.sort_by(|one, other| {
            (&one.first, &one.second, one.from).cmp(&(&other.first, &other.second, other.from))
        });
        let mut units = rows(units, UNITS_FORM, self::units)?;
        units.sort_by(|one, other| (&one.code, one.from).cmp(&(&other.code, other.from)));
        Ok(Self {
            name: name.into(),
            pairs,
            units,
        })
    }

    /// Finds the edit of two services on a day.
    pub(crate) fn pair(&self, first: &str, second: &str, on: Day) -> Option<&Pair> {
        let key = (first, second);
        let of = |pair: &Pair| (&*pair.first, &*pair.second) < key;
        let start = self.pairs.partition_point(of);
        let mut same = self.pairs.iter().skip(start);
        same.by_ref()
            .take_while(|pair| (&*pair.first, &*pair.second) == key)
            .find(|pair| in_force(pair.from, pair.until, on))
    }

    /// Finds the edit of a service on a day.
    pub(crate) fn units(&self, code: &str, on: Day) -> Option<&Units> {
        let start = self.units.partition_point(|units| *units.code < *code);
        let mut same = self.units.iter().skip(start);
        same.by_ref()
            .take_while(|units| *units.code == *code)
            .find(|units| in_force(units.from, units.until, on))
    }
}

fn in_force(from: Day, until: Option<Day>, on: Day) -> bool {
    from <= on && until.is_none_or(|until| on < until)
}

fn rows<T>(
    file: &str,
    expected: &'static str,
    read: fn(&[&str]) -> Option<T>,
) -> Result<Vec<T>, EditError> {
    let lines = file.lines().zip(1..);
    lines
        .filter(|(line, _)| !line.starts_with('#') && !line.trim().is_empty())
        .map(|(text, line)| {
            let row: Vec<&str> = text.split('\t').map(str::trim).collect();
            read(&row).ok_or(EditError { line, expected })
        })
        .collect()
}

fn pair(row: &[&str]) -> Option<Option<Pair>> {
    let [first, second, indicator, from, until] = row else {
        return None;
    };
    let pair = Pair {
        first: (*first).into(),
        second: (*second).into(),
        is_with_modifier: *indicator == "1",
        from: parse_day(from)?,
        until: end(until)?,
    };
    match *indicator {
        "0" | "1" => Some(Some(pair)),
        "9" => Some(None),
        _ => None,
    }
}

fn units(row: &[&str]) -> Option<Units> {
    let [code, most, indicator, from, until] = row else {
        return None;
    };
    Some(Units {
        code: (*code).into(),
        most: Decimal::from_str_exact(most).ok()?,
        scope: match *indicator {
            "1" => UnitScope::Line,
            "2" | "3" => UnitScope::Day,
            _ => return None,
        },
        from: parse_day(from)?,
        until: end(until)?,
    })
}

fn end(text: &str) -> Option<Option<Day>> {
    match text {
        "-" => Some(None),
        day => parse_day(day).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_synthetic_edits_can_be_read_and_hold_on_their_days() {
        let edits = Edits::default();
        let day = |text| parse_day(text).unwrap();
        assert!(edits.pair("SYN01", "SYN02", day("2026-01-01")).is_some());
        assert!(edits.pair("SYN02", "SYN01", day("2026-01-01")).is_none());
        assert!(edits.pair("SYN04", "SYN05", day("2024-12-31")).is_some());
        assert!(edits.pair("SYN04", "SYN05", day("2025-01-01")).is_none());
        assert!(edits.pair("SYN06", "SYN07", day("2026-01-01")).is_none());
        assert!(edits.units("SYN09", day("2026-01-01")).is_some());
        assert!(edits.units("SYN10", day("2026-01-01")).is_none());
    }

    #[test]
    fn a_row_that_is_no_edit_is_named_by_its_line() {
        let error = Edits::read("a", "# head\nA\tB\t2\t2020-01-01\t-\n", "").unwrap_err();
        assert_eq!(error.line, 2);
        let error = Edits::read("a", "", "A\tmany\t1\t2020-01-01\t-").unwrap_err();
        assert_eq!(error.line, 1);
    }
}
