//! Rules of sustained thresholds: rows of a data file, each checked with words that say what to write instead.

use std::time::Duration;

use clinical::unit::{self, Unit};
use clinical::{Decimal, Severity};

use crate::deterioration::span_words;
use crate::{Parameter, site_rows, without_rows};

/// The columns, in their order.
const COLUMNS: [&str; 12] = [
    "number",
    "name",
    "parameter",
    "unit",
    "begins",
    "lasts",
    "ends",
    "recovers",
    "gap",
    "sampling",
    "severity",
    "source",
];
/// The greatest number of a rule: stored state has room for no more.
pub(crate) const MOST_RULES: u8 = 99;
/// The longest span a rule may ask for, in minutes: readings are kept no longer.
const LONGEST_MINUTES: u64 = 120;

/// When an episode begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its number in stored state; it is never given to another rule.
    pub number: u8,
    /// Its name; rows of one name are one rule in several units.
    pub name: Box<str>,
    /// What it reads.
    pub(crate) parameter: Parameter,
    /// The unit of its limits.
    pub(crate) unit: Unit,
    /// Readings beyond this begin an episode,
    pub(crate) begins: Bound,
    /// when they last for this long.
    pub(crate) lasts: Span,
    /// Readings beyond this end it,
    pub(crate) ends: Bound,
    /// when they last for this long.
    pub(crate) recovers: Span,
    /// Readings farther apart than this belong to no common episode.
    pub(crate) gap: Duration,
    /// How the readings come.
    pub(crate) sampling: Sampling,
    /// How much an episode matters.
    pub(crate) severity: Severity,
    /// Where the rule comes from.
    pub(crate) source: Box<str>,
}

/// How readings come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sampling {
    /// A sensor measures at even times; what was not heard lies on a line between what was.
    Regular,
    /// Each reading stands for its own time alone.
    AsCharted,
}

/// A limit with the side that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    sign: Sign,
    limit: Decimal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// A time that must be reached, or passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    time: Duration,
    /// Whether reaching it is not enough.
    passed: bool,
}

/// A row that is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct RuleError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl Bound {
    fn parse(text: &str) -> Option<Self> {
        let (sign, limit) = [
            ("<=", Sign::AtMost),
            (">=", Sign::AtLeast),
            ("<", Sign::Below),
            (">", Sign::Above),
        ]
        .into_iter()
        .find_map(|(written, sign)| Some((sign, text.strip_prefix(written)?)))?;
        Some(Self {
            sign,
            limit: limit.parse().ok()?,
        })
    }

    /// Says whether a value is on its side.
    pub(super) fn holds(self, value: Decimal) -> bool {
        match self.sign {
            Sign::Below => value < self.limit,
            Sign::AtMost => value <= self.limit,
            Sign::Above => value > self.limit,
            Sign::AtLeast => value >= self.limit,
        }
    }

    /// Says whether one value is farther on its side than another.
    pub(super) fn is_farther(self, value: Decimal, than: Decimal) -> bool {
        if self.is_low() {
            value < than
        } else {
            value > than
        }
    }

    const fn is_low(self) -> bool {
        matches!(self.sign, Sign::Below | Sign::AtMost)
    }

    /// Says whether a value can be on both sides.
    fn meets(self, other: Self) -> bool {
        let (low, high) = if self.is_low() {
            (self, other)
        } else {
            (other, self)
        };
        self.is_low() == other.is_low()
            || high.limit < low.limit
            || (high.limit == low.limit && high.holds(high.limit) && low.holds(low.limit))
    }

    /// Says it in words: `below 70`.
    pub(super) fn words(self) -> String {
        let words = match self.sign {
            Sign::Below => "below",
            Sign::AtMost => "at most",
            Sign::Above => "above",
            Sign::AtLeast => "at least",
        };
        format!("{words} {}", self.limit)
    }
}

impl Rule {
    /// Says it in words, as its row has it.
    pub(crate) fn words(&self) -> String {
        let (what, unit) = (self.parameter.words(), self.unit);
        format!(
            "{what} {} {unit} for {} begins it, and {} {unit} for {} ends it; source: {}",
            self.begins.words(),
            self.lasts.words(),
            self.ends.words(),
            self.recovers.words(),
            self.source
        )
    }
}

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let (passed, minutes) = match text.strip_prefix(">=") {
            Some(minutes) => (false, minutes),
            None => (true, text.strip_prefix('>')?),
        };
        let minutes: u64 = minutes.parse().ok()?;
        (minutes <= LONGEST_MINUTES).then_some(Self {
            time: Duration::from_secs(minutes * 60),
            passed,
        })
    }

    /// Says it in words: `at least 15 min`.
    pub(super) fn words(self) -> String {
        let words = if self.passed { "more than" } else { "at least" };
        format!("{words} {}", span_words(self.time))
    }

    /// Says whether so long is long enough.
    pub(super) fn is_reached(self, lasted: Duration) -> bool {
        if self.passed {
            lasted > self.time
        } else {
            lasted >= self.time
        }
    }
}

/// Reads a file of rules.
///
/// # Errors
/// When there is no row, a row is no rule, or two contradict each other.
pub(crate) fn parse_rules(text: &str) -> Result<Vec<Rule>, RuleError> {
    if let Some((line, what)) = without_rows(text) {
        let what = what.to_owned();
        return Err(RuleError { line, what });
    }
    let mut rules: Vec<Rule> = Vec::new();
    for (line, row) in site_rows(text) {
        let at = |what: String| RuleError { line, what };
        let rule = parse(row).map_err(at)?;
        agree(&rules, &rule).map_err(at)?;
        rules.push(rule);
    }
    Ok(rules)
}

fn parse(row: &str) -> Result<Rule, String> {
    let cells: Vec<&str> = row.split('\t').collect();
    let Ok(cells) = <[&str; COLUMNS.len()]>::try_from(cells) else {
        let columns = COLUMNS.join(", ");
        return Err(format!("write these columns, separated by tabs: {columns}"));
    };
    let [
        number,
        name,
        parameter,
        unit,
        begins,
        lasts,
        ends,
        recovers,
        gap,
        sampling,
        severity,
        source,
    ] = cells;
    let wrong = |column: &str, said: &str, write: &str| format!("{column} `{said}`: write {write}");
    let bound = |column: &str, said: &str| {
        Bound::parse(said)
            .ok_or_else(|| wrong(column, said, "<, <=, > or >= and a number, such as >130"))
    };
    let span = |column: &str, said: &str| {
        Span::parse(said).ok_or_else(|| {
            wrong(
                column,
                said,
                &format!(">= or > and whole minutes of at most {LONGEST_MINUTES}"),
            )
        })
    };
    let rule = Rule {
        number: number
            .parse()
            .ok()
            .filter(|number| (1..=MOST_RULES).contains(number))
            .ok_or_else(|| wrong("number", number, &format!("1 to {MOST_RULES}")))?,
        name: Some(name)
            .filter(|name| is_name(name))
            .ok_or_else(|| wrong("name", name, "small letters, digits and hyphens"))?
            .into(),
        parameter: Parameter::parse(parameter)
            .filter(|parameter| parameter.numeric().is_some())
            .ok_or_else(|| wrong("parameter", parameter, "the name of a measured parameter"))?,
        unit: Unit::parse(unit).map_err(|error| wrong("unit", unit, &error.to_string()))?,
        begins: bound("begins", begins)?,
        lasts: span("lasts", lasts)?,
        ends: bound("ends", ends)?,
        recovers: span("recovers", recovers)?,
        gap: gap
            .parse()
            .ok()
            .filter(|minutes| (1..=LONGEST_MINUTES).contains(minutes))
            .map(|minutes| Duration::from_secs(minutes * 60))
            .ok_or_else(|| wrong("gap", gap, &format!("minutes from 1 to {LONGEST_MINUTES}")))?,
        sampling: match sampling {
            "regular" => Sampling::Regular,
            "as-charted" => Sampling::AsCharted,
            _ => return Err(wrong("sampling", sampling, "regular or as-charted")),
        },
        severity: Severity::parse(severity)
            .ok_or_else(|| wrong("severity", severity, "none, low, medium, high or critical"))?,
        source: Some(source)
            .filter(|source| !source.trim().is_empty())
            .ok_or_else(|| wrong("source", source, "where the rule comes from"))?
            .into(),
    };
    check(rule)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn check(rule: Rule) -> Result<Rule, String> {
    let known = rule.parameter.numeric();
    let fits = known.is_some_and(|known| {
        unit::convert_unit(Decimal::ONE, rule.unit, known.unit, known.analyte).is_ok()
    });
    if !fits {
        let (unit, word) = (rule.unit, rule.parameter.word());
        return Err(format!("`{word}` is not measured in `{unit}`"));
    }
    if rule.begins.meets(rule.ends) {
        return Err(format!(
            "a value can be {} and {}: let `ends` be on the other side of `begins`, with no value on both",
            rule.begins.words(),
            rule.ends.words()
        ));
    }
    Ok(rule)
}

/// Rows of one name are one rule; its number is its own.
fn agree(rules: &[Rule], new: &Rule) -> Result<(), String> {
    for rule in rules {
        let same = rule.name == new.name;
        if same != (rule.number == new.number) {
            return Err(format!(
                "number {} belongs to `{}`: give each name its own number",
                rule.number, rule.name
            ));
        }
        if same && rule.unit == new.unit {
            return Err(format!("`{}` has two rows for `{}`", new.name, new.unit));
        }
        if same && rule.parameter != new.parameter {
            return Err(format!("`{}` reads two parameters", new.name));
        }
    }
    Ok(())
}
