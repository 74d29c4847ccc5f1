//! Edits of claims that a site has loaded: services that are not claimed together, and units that are not likely.

use clinical::Decimal;
use clinical::payer::Day;

use super::dated::{Days, RowError, find, rows};

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
    days: Days,
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
    days: Days,
}

const PAIR_FORM: &str = "is no edit: give column 1, column 2, modifier indicator (0, 1 or 9), first day and a first day no longer that is not before it, or -";
const UNITS_FORM: &str = "is no edit: give code, most units, adjudication indicator (1, 2 or 3), first day and a first day no longer that is not before it, or -";

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
    pub fn read(name: &str, pairs: &str, units: &str) -> Result<Self, RowError> {
        // An indicator of 9 stands for an edit that never was.
        let mut pairs: Vec<Pair> = rows(pairs, PAIR_FORM, pair)?
            .into_iter()
            .flatten()
            .collect();
        pairs.sort_by(|one, other| {
            (&one.first, &one.second, one.days.from).cmp(&(
                &other.first,
                &other.second,
                other.days.from,
            ))
        });
        let mut units = rows(units, UNITS_FORM, self::units)?;
        units.sort_by(|one, other| (&one.code, one.days.from).cmp(&(&other.code, other.days.from)));
        Ok(Self {
            name: name.into(),
            pairs,
            units,
        })
    }

    /// Finds the edit of two services on a day.
    pub(crate) fn pair(&self, first: &str, second: &str, on: Day) -> Option<&Pair> {
        let key = |pair: &Pair| (&*pair.first, &*pair.second).cmp(&(first, second));
        find(&self.pairs, key, |pair| pair.days, on)
    }

    /// Finds the edit of a service on a day.
    pub(crate) fn units(&self, code: &str, on: Day) -> Option<&Units> {
        let key = |units: &Units| (*units.code).cmp(code);
        find(&self.units, key, |units| units.days, on)
    }
}

fn pair(row: &[&str]) -> Option<Option<Pair>> {
    let [first, second, indicator, from, until] = row else {
        return None;
    };
    let pair = Pair {
        first: (*first).into(),
        second: (*second).into(),
        is_with_modifier: *indicator == "1",
        days: Days::read(from, until)?,
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
        days: Days::read(from, until)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::calendar::parse_day;
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
        let error = Edits::read("a", "A\tB\t0\t2026-01-01\t2025-12-31\n", "").unwrap_err();
        assert!(error.to_string().contains("not before it"), "{error}");
        assert!(Edits::read("a", "A\tB\t9\t2026-01-01\t2026-01-01\n", "").is_ok());
    }
}
