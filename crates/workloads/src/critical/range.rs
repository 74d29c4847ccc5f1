//! Critical ranges by analyte, unit and age: rows of a data file, or of the laboratory that is accountable for them.

use clinical::unit::{self, Unit};
use clinical::{Decimal, EventTime};

use crate::person::PersonFacts;
use crate::{Parameter, RuleError, site_rows, without_rows};

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
    ages: Box<str>,
    source: Box<str>,
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

    /// Says it in words, as its row has it.
    fn words(&self) -> String {
        let side = |limit: Option<Limit>, within: &str, beyond: &str| {
            limit.map(|Limit { value, inclusive }| {
                format!("{} {value}", if inclusive { within } else { beyond })
            })
        };
        let low = side(self.low, "at most", "below");
        let high = side(self.high, "at least", "above");
        let both: Vec<String> = low.into_iter().chain(high).collect();
        let ages = match &*self.ages {
            "-" => String::new(),
            ages => format!(", ages {ages}"),
        };
        format!(
            "{} {} {}{ages} is critical; source: {}",
            self.parameter.words(),
            both.join(" or "),
            self.unit,
            self.source
        )
    }

    /// Says whether both are for the same values of somebody: which of them held would be left to the order of the rows.
    fn overlaps(&self, other: &Self) -> bool {
        let days = |range: &Self| {
            let from = range.from.map_or(0, Age::about_days);
            (from, range.before.map_or(i64::MAX, Age::about_days))
        };
        let ((from, before), (other_from, other_before)) = (days(self), days(other));
        let is_same = self.parameter == other.parameter && self.unit == other.unit;
        is_same && from < other_before && other_from < before
    }
}

/// Says from where on results of a parameter are critical.
pub(crate) fn thresholds(ranges: &[CriticalRange], parameter: Parameter) -> Vec<String> {
    let own = ranges.iter().filter(|range| range.parameter == parameter);
    own.map(CriticalRange::words).collect()
}

/// Reads the ranges that are part of the program.
pub(crate) fn own_ranges() -> Vec<CriticalRange> {
    critical_ranges(RANGES).expect("every row is a range, as a test shows")
}

/// Reads a laboratory's file of ranges.
///
/// # Errors
/// When there is no row, a row is no range, or two are for the same ages.
pub fn critical_ranges(text: &str) -> Result<Vec<CriticalRange>, RuleError> {
    if let Some((line, what)) = without_rows(text) {
        let what = what.to_owned();
        return Err(RuleError { line, what });
    }
    let mut ranges: Vec<(usize, CriticalRange)> = Vec::new();
    for (line, row) in site_rows(text) {
        let at = |what: String| RuleError { line, what };
        let new = range(row).map_err(at)?;
        let mut others = ranges.iter();
        if let Some((other, _)) = others.find(|(_, range)| range.overlaps(&new)) {
            let (word, unit) = (new.parameter.word(), new.unit);
            return Err(at(format!(
                "`{word}` in `{unit}` has a range for some of these ages in line {other}: let the ages of one end where those of the other begin, such as 0d-18y and 18y-"
            )));
        }
        ranges.push((line, new));
    }
    Ok(ranges.into_iter().map(|(_, range)| range).collect())
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
    let (from, before) = parse_ages(ages)
        .ok_or_else(|| format!("ages `{ages}`: write -, 18y-, 0d-28d or the like"))?;
    let limit = |column: &str, said: &str, sign: char| {
        limit(said, sign)
            .ok_or_else(|| format!("{column} `{said}`: write - or {sign} or {sign}= and a number"))
    };
    if source.trim().is_empty() {
        return Err("say where the range comes from".into());
    }
    let (low, high) = (limit("low", low, '<')?, limit("high", high, '>')?);
    in_order(low, high)?;
    let is_delta = |delta: &Decimal| *delta >= Decimal::ZERO;
    Ok(CriticalRange {
        parameter,
        unit: own,
        from,
        before,
        low,
        high,
        delta: (delta.parse().ok())
            .filter(is_delta)
            .ok_or_else(|| format!("delta `{delta}`: write a number that is not below 0"))?,
        ages: (*ages).into(),
        source: source.trim().into(),
    })
}

/// A range that has no limit says nothing, and one whose limits leave no value between them says it of everybody.
fn in_order(low: Option<Limit>, high: Option<Limit>) -> Result<(), String> {
    match (low, high) {
        (None, None) => Err("the range has no limit: write low, high or both".into()),
        (Some(low), Some(high)) if low.value >= high.value => Err(format!(
            "low {} is not below high {}: a value between would be both, or none would be normal",
            low.value, high.value
        )),
        _ => Ok(()),
    }
}

fn parse_ages(text: &str) -> Option<(Option<Age>, Option<Age>)> {
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
                "line 2: delta `one`: write a number that is not below 0",
            ),
            (
                "glucose\tmg/dL\t-\t<40\t-\t-1\ta test",
                "line 2: delta `-1`: write a number that is not below 0",
            ),
            (
                "glucose\tmg/dL\t-\t-\t-\t1\ta test",
                "line 2: the range has no limit: write low, high or both",
            ),
            (
                "potassium\tmmol/L\t-\t<6.5\t>6.0\t1\ta test",
                "line 2: low 6.5 is not below high 6.0: a value between would be both, or none would be normal",
            ),
            (
                "potassium\tmmol/L\t-\t<=6\t>=6\t1\ta test",
                "line 2: low 6 is not below high 6: a value between would be both, or none would be normal",
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
    fn a_file_without_a_row_is_refused_and_one_with_a_mark_is_read() {
        for empty in ["", "\u{feff}", "# words\n\n"] {
            let told = critical_ranges(empty).unwrap_err().to_string();
            assert!(told.contains("has no row"), "{told}");
        }
        let marked = "\u{feff}glucose\tmg/dL\t18y-\t<40\t>450\t50\ta test\n";
        assert_eq!(critical_ranges(marked).unwrap().len(), 1);
    }

    #[test]
    fn ranges_of_one_analyte_and_unit_have_no_age_in_common() {
        let told = |first: &str, second: &str| {
            let row = |ages: &str| format!("potassium\tmmol/L\t{ages}\t<2.8\t>6.2\t1\ta test\n");
            let rows = format!("{}{}", row(first), row(second));
            critical_ranges(&rows).map_or_else(|error| error.line, |_| 0)
        };
        assert_eq!(told("18y-65y", "65y-"), 0);
        assert_eq!(told("0d-28d", "28d-18y"), 0);
        for (first, second) in [
            ("18y-65y", "40y-"),
            ("40y-", "18y-65y"),
            ("18y-", "18y-"),
            ("-", "0d-28d"),
            ("0d-400d", "1y-"),
        ] {
            assert_eq!(told(first, second), 2, "{first} and {second}");
        }
        let two_units = "calcium\tmg/dL\t18y-\t<6.0\t>13.0\t1\ta test\n\
                         calcium\tmmol/L\t18y-\t<1.50\t>3.24\t1\ta test\n";
        assert_eq!(critical_ranges(two_units).map(|rows| rows.len()), Ok(2));
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
