//! Which visits are of which family and level, from a table that a site loads.

use clinical::payer::Day;

use super::super::dated::{Days, RowError, find, rows};

const SYNTHETIC: &str = include_str!("../../../data/payer/synthetic_levels.tsv");
/// The highest level that a visit may have.
pub(crate) const MOST: u8 = 5;

/// Families and levels of visits, in the order of their codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    code: Box<str>,
    family: Box<str>,
    level: u8,
    days: Days,
}

const FORM: &str = "says of no visit which level it has: give code, family, level from 1 to 5, first day and a first day no longer that is not before it, or -";

impl Default for Levels {
    /// Gives those of invented codes.
    fn default() -> Self {
        Self::read(SYNTHETIC).expect("a test reads the file that is part of the program")
    }
}

impl Levels {
    /// Reads the file of a site.
    ///
    /// # Errors
    /// When a row cannot be used.
    pub fn read(file: &str) -> Result<Self, RowError> {
        let mut rows = rows(file, FORM, row)?;
        rows.sort_by(|one, other| (&one.code, one.days.from).cmp(&(&other.code, other.days.from)));
        Ok(Self { rows })
    }

    /// Finds the family and the level of a visit on a day.
    pub(crate) fn of(&self, code: &str, on: Day) -> Option<(&str, u8)> {
        let found = find(&self.rows, |row| (*row.code).cmp(code), |row| row.days, on);
        found.map(|row| (&*row.family, row.level))
    }
}

fn row(row: &[&str]) -> Option<Row> {
    let [code, family, level, from, until] = row else {
        return None;
    };
    let level = level.parse().ok()?;
    Some(Row {
        code: (*code).into(),
        family: Some(*family).filter(|family| !family.is_empty())?.into(),
        level: Some(level).filter(|level| (1..=MOST).contains(level))?,
        days: Days::read(from, until)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::calendar::parse_day;
    use super::*;

    #[test]
    fn the_synthetic_levels_can_be_read_and_hold_on_their_days() {
        let levels = Levels::default();
        let day = |text| parse_day(text).unwrap();
        assert_eq!(levels.of("SYN34", day("2026-01-01")), Some(("office", 4)));
        assert_eq!(levels.of("SYN34", day("2019-12-31")), None);
        assert_eq!(levels.of("SYN30", day("2026-01-01")), None);
    }

    #[test]
    fn a_row_that_says_nothing_is_named_by_its_line() {
        let line = |file| Levels::read(file).unwrap_err().line;
        assert_eq!(line("# head\nA\toffice\t0\t2020-01-01\t-\n"), 2);
        assert_eq!(line("A\toffice\t6\t2020-01-01\t-\n"), 1);
        assert_eq!(line("A\t\t5\t2020-01-01\t-\n"), 1);
    }
}
