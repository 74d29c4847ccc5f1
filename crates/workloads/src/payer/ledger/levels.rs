//! Which visits are of which family and level, from a table that a site loads.

use clinical::payer::Day;

use super::super::calendar::parse_day;

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
    from: Day,
    until: Option<Day>,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} says of no visit which level it has: give code, family, level from 1 to 5, first day and first day no longer or -, with tabs between them"
)]
pub struct LevelError {
    /// Its line, counted from 1.
    pub line: usize,
}

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
    pub fn read(file: &str) -> Result<Self, LevelError> {
        let lines = file.lines().zip(1..);
        let mut rows = lines
            .filter(|(text, _)| !text.starts_with('#') && !text.trim().is_empty())
            .map(|(text, line)| {
                let row: Vec<&str> = text.split('\t').map(str::trim).collect();
                self::row(&row).ok_or(LevelError { line })
            })
            .collect::<Result<Vec<Row>, LevelError>>()?;
        rows.sort_by(|one, other| (&one.code, one.from).cmp(&(&other.code, other.from)));
        Ok(Self { rows })
    }

    /// Finds the family and the level of a visit on a day.
    pub(crate) fn of(&self, code: &str, on: Day) -> Option<(&str, u8)> {
        let start = self.rows.partition_point(|row| *row.code < *code);
        let mut same = self.rows.iter().skip(start);
        let found = same
            .by_ref()
            .take_while(|row| *row.code == *code)
            .find(|row| row.from <= on && row.until.is_none_or(|until| on < until));
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
        from: parse_day(from)?,
        until: match *until {
            "-" => None,
            day => Some(parse_day(day)?),
        },
    })
}

#[cfg(test)]
mod tests {
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
