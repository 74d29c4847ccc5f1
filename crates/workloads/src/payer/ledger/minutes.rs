//! How long services take, from a table that a site loads.

use clinical::Decimal;
use clinical::payer::Day;

use super::super::dated::{Days, RowError, find, rows};

const SYNTHETIC: &str = include_str!("../../../data/payer/synthetic_minutes.tsv");

/// How long services take, in the order of their codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minutes {
    rows: Vec<Row>,
}

/// How long one takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    code: Box<str>,
    /// Of one unit.
    pub(crate) minutes: Decimal,
    /// With one of these modifiers it is not, or not alone, the time of who claims it.
    unless: Vec<Box<str>>,
    days: Days,
}

impl Row {
    /// Whether a service with these modifiers took the time of who claims it.
    pub(crate) fn is_own_time(&self, modifiers: &str) -> bool {
        let mut modifiers = modifiers.split(',');
        !modifiers.any(|one| self.unless.iter().any(|unless| **unless == *one))
    }
}

const FORM: &str = "says of no service how long it takes: give code, minutes of a unit, modifiers or -, first day and a first day no longer that is not before it, or -";

impl Default for Minutes {
    /// Gives those of invented codes.
    fn default() -> Self {
        Self::read(SYNTHETIC).expect("a test reads the file that is part of the program")
    }
}

impl Minutes {
    /// Reads the file of a site.
    ///
    /// # Errors
    /// When a row cannot be used.
    pub fn read(file: &str) -> Result<Self, RowError> {
        let mut rows = rows(file, FORM, row)?;
        rows.sort_by(|one, other| (&one.code, one.days.from).cmp(&(&other.code, other.days.from)));
        Ok(Self { rows })
    }

    /// Finds how long a service takes on a day.
    pub(crate) fn of(&self, code: &str, on: Day) -> Option<&Row> {
        find(&self.rows, |row| (*row.code).cmp(code), |row| row.days, on)
    }
}

fn row(row: &[&str]) -> Option<Row> {
    let [code, minutes, unless, from, until] = row else {
        return None;
    };
    let minutes = Decimal::from_str_exact(minutes).ok()?;
    let unless = unless.split(',').filter(|one| *one != "-");
    Some(Row {
        code: (*code).into(),
        minutes: Some(minutes).filter(|minutes| *minutes > Decimal::ZERO)?,
        unless: unless.map(Into::into).collect(),
        days: Days::read(from, until)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::calendar::parse_day;
    use super::*;

    #[test]
    fn the_synthetic_minutes_can_be_read_and_hold_on_their_days() {
        let minutes = Minutes::default();
        let day = |text| parse_day(text).unwrap();
        let row = minutes.of("SYN20", day("2026-01-01")).unwrap();
        assert_eq!(row.minutes, Decimal::from(15));
        assert!(row.is_own_time("59") && !row.is_own_time("59,QK"));
        assert_eq!(minutes.of("SYN20", day("2019-12-31")), None);
        assert_eq!(minutes.of("SYN99", day("2026-01-01")), None);
    }

    #[test]
    fn a_row_that_says_nothing_is_named_by_its_line() {
        let line = |file| Minutes::read(file).unwrap_err().line;
        assert_eq!(line("# head\nA\t0\t-\t2020-01-01\t-\n"), 2);
        assert_eq!(line("A\t15\t2020-01-01\t-"), 1);
    }
}
