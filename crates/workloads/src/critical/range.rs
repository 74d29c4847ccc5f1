//! Critical ranges by analyte, unit and age: rows of a data file, or of the laboratory that is accountable for them.

use clinical::unit::{self, Unit};
use clinical::{Decimal, EventTime};

use crate::person::PersonFacts;
use crate::{Parameter, RuleError};

const RANGES: &str = include_str!("../../data/critical_ranges.tsv");

/// The critical range of one analyte in one unit, at some ages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalRange {
    pub(super) parameter: Parameter,
    pub(super) unit: Unit,
    from: Option<Age>,
    before: Option<Age>,
    pub(super) low: Option<Limit>,
    pub(super) high: Option<Limit>,
    /// How much worse a repeat must be to be told again.
    pub(super) delta: Decimal,
}

/// A limit, and whether it belongs to what is critical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) value: Decimal,
    pub(super) inclusive: bool,
}

/// An age, as those who write ranges count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Days(i32),
    Years(u16),
}

impl Age {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('d') {
            Some(days) => days.parse().ok().filter(|days| *days >= 0).map(Self::Days),
            None => text.strip_suffix('y')?.parse().ok().map(Self::Years),
        }
    }

    /// Says whether a person has come to this age; nothing where the birth date is not known.
    fn is_reached(self, person: &PersonFacts, at: EventTime) -> Option<bool> {
        match self {
            Self::Days(days) => person.age_days(at).map(|age| age >= days),
            Self::Years(years) => person.age_years(at).map(|age| age >= years),
        }
    }

    /// Gives it in days, near enough to say which of two comes first.
    fn about_days(self) -> i64 {
        match self {
            Self::Days(days) => i64::from(days),
            Self::Years(years) => i64::from(years) * 365,
        }
    }
}

impl CriticalRange {
    /// Says whether it holds for a person at a time. Whoever's age is not known may be grown up.
    pub(super) fn holds_for(&self, person: &PersonFacts, at: EventTime) -> bool {
        if person.born.is_none() {
            return self.before.is_none();
        }
        let reached = |age: Age| age.is_reached(person, at) == Some(true);
        self.from.is_none_or(reached) && !self.before.is_some_and(reached)
    }
}

/// Reads the ranges that are part of the program.
pub(crate) fn own_ranges() -> Vec<CriticalRange> {
    critical_ranges(RANGES).expect("every row is a range, as a test shows")
}

/// Reads a laboratory's file of ranges.
///
/// # Errors
/// When a row is no range.
pub fn critical_ranges(text: &str) -> Result<Vec<CriticalRange>, RuleError> {
    let rows = text.lines().enumerate();
    let rows = rows.filter(|(_, row)| !row.trim().is_empty() && !row.starts_with('#'));
    let ranges = rows.map(|(place, row)| {
        range(row).map_err(|what| RuleError {
            line: place + 1,
            what,
        })
    });
    ranges.collect()
}

fn range(row: &str) -> Result<CriticalRange, String> {
    let cells: Vec<&str> = row.split('\t').collect();
    let [word, unit, ages, low, high, delta, source] = cells.as_slice() else {
        return Err(
            "write parameter, unit, ages, low, high, delta and source, separated by tabs".into(),
        );
    };
    let parameter = Parameter::parse(word)
        .filter(|parameter| super::READS.contains(parameter))
        .ok_or_else(|| format!("`{word}` is no result that is judged"))?;
    let known = parameter
        .numeric()
        .ok_or_else(|| format!("`{word}` is no number"))?;
    let own = Unit::parse(unit).map_err(|error| format!("unit `{unit}`: {error}"))?;
    if unit::convert_unit(Decimal::ONE, own, known.unit, known.analyte).is_err() {
        return Err(format!("`{word}` is not measured in `{unit}`"));
    }
    let (from, before) = self::ages(ages)
        .ok_or_else(|| format!("ages `{ages}`: write -, 18y-, 0d-28d or the like"))?;
    let limit = |column: &str, said: &str, sign: char| {
        limit(said, sign)
            .ok_or_else(|| format!("{column} `{said}`: write - or {sign} or {sign}= and a number"))
    };
    if source.trim().is_empty() {
        return Err("say where the range comes from".into());
    }
    Ok(CriticalRange {
        parameter,
        unit: own,
        from,
        before,
        low: limit("low", low, '<')?,
        high: limit("high", high, '>')?,
        delta: delta
            .parse()
            .map_err(|_| format!("delta `{delta}`: write a number"))?,
    })
}

fn ages(text: &str) -> Option<(Option<Age>, Option<Age>)> {
    let (from, before) = text.split_once('-')?;
    let age = |text: &str| match text {
        "" => Some(None),
        text => Age::parse(text).map(Some),
    };
    let (from, before) = (age(from)?, age(before)?);
    let in_order = from
        .zip(before)
        .is_none_or(|(from, before)| from.about_days() < before.about_days());
    in_order.then_some((from, before))
}

fn limit(text: &str, sign: char) -> Option<Option<Limit>> {
    if text == "-" {
        return Some(None);
    }
    let value = text.strip_prefix(sign)?;
    let (inclusive, value) = match value.strip_prefix('=') {
        Some(value) => (true, value),
        None => (false, value),
    };
    Some(Some(Limit {
        value: value.parse().ok()?,
        inclusive,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_ranges_can_be_read() {
        assert!(!own_ranges().is_empty());
    }

    #[test]
    fn a_row_that_is_no_range_is_told_with_its_line() {
        let told = |row: &str| {
            let told = critical_ranges(&format!("# words\n{row}\n"));
            told.map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(
            told("glucose\tmg/dL\t0d-28d\t<40\t>300\t20\ta test"),
            Ok(())
        );
        for (row, want) in [
            (
                "glucose\tmg/dL",
                "line 2: write parameter, unit, ages, low, high, delta and source, separated by tabs",
            ),
            (
                "pulse\t/min\t-\t<40\t-\t1\ta test",
                "line 2: `pulse` is no result that is judged",
            ),
            (
                "glucose\t/min\t-\t<40\t-\t1\ta test",
                "line 2: `glucose` is not measured in `/min`",
            ),
            (
                "glucose\tmg/dL\t28d-0d\t<40\t-\t1\ta test",
                "line 2: ages `28d-0d`: write -, 18y-, 0d-28d or the like",
            ),
            (
                "glucose\tmg/dL\t-\t40\t-\t1\ta test",
                "line 2: low `40`: write - or < or <= and a number",
            ),
            (
                "glucose\tmg/dL\t-\t<40\t-\tone\ta test",
                "line 2: delta `one`: write a number",
            ),
            (
                "glucose\tmg/dL\t-\t<40\t-\t1\t ",
                "line 2: say where the range comes from",
            ),
        ] {
            assert_eq!(told(row), Err(want.to_owned()));
        }
    }

    #[test]
    fn a_range_holds_from_its_age_on_and_before_the_next() {
        let range = critical_ranges("glucose\tmg/dL\t28d-18y\t<40\t-\t1\ta test\n").unwrap();
        let holds = |born: Option<(i16, i8, i8)>, at: &str| {
            let person = PersonFacts {
                born,
                ..PersonFacts::default()
            };
            range[0].holds_for(&person, EventTime::parse(at).unwrap())
        };
        let born = Some((2026, 1, 1));
        assert!(!holds(born, "2026-01-28T00:00:00Z"));
        assert!(holds(born, "2026-01-29T00:00:00Z"));
        assert!(holds(born, "2043-12-31T00:00:00Z"));
        assert!(!holds(born, "2044-01-01T00:00:00Z"));
        assert!(!holds(None, "2026-01-29T00:00:00Z"));
    }
}
