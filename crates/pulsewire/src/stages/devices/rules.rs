//! What of a device's samples becomes an Observation: one per interval, by a statistic, from a table.

use std::path::Path;

use formats::device::{Code, Decimal};

use super::variability;

/// The rules that hold where none are configured.
const RULES: &str = include_str!("rules.tsv");

/// How the samples of an interval become one value: one that was measured, or the variability of times between beats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    /// The middle one by size; the lesser of two.
    Median,
    Least,
    Greatest,
    /// The latest.
    Last,
    /// The standard deviation of times between beats, with other measures beside it.
    Variability,
}

/// What is done with the samples of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    code: Box<str>,
    pub(super) interval: i64,
    pub(super) statistic: Statistic,
    /// How long a value may stay the same; nothing where it may for ever.
    pub(super) frozen_after: Option<i64>,
}

/// All rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules(Vec<Rule>);

impl Default for Rules {
    fn default() -> Self {
        Self::parse(RULES).expect("our own rules are tested")
    }
}

impl Rules {
    /// Reads a file of rules, in place of ours.
    pub(crate) fn load(path: &Path) -> Result<Self, String> {
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().enumerate();
        let rows = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let rules = rows.map(|(number, line)| {
            let wrong = "needs code, interval in seconds from 1, statistic (median, min, max, last, or variability of R-R intervals) and minutes, separated by tabs";
            rule(line).ok_or_else(|| format!("line {} {wrong}", number + 1))
        });
        rules.collect::<Result<_, _>>().map(Self)
    }

    /// The rule of a code: its own, else that of its LOINC code; nothing where it is only kept.
    pub(super) fn of(&self, code: &Code) -> Option<&Rule> {
        let named = |name: &str| self.0.iter().find(|rule| &*rule.code == name);
        let loinc = code
            .meaning()
            .map(|row| row.loinc)
            .filter(|loinc| !loinc.is_empty());
        named(&code.code).or_else(|| named(loinc?))
    }
}

fn rule(line: &str) -> Option<Rule> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [code, interval, statistic, frozen] = cells.try_into().ok()?;
    let (interval, frozen) = (interval.parse::<u32>().ok()?, frozen.parse::<u32>().ok()?);
    if statistic == "variability" && !variability::is_measured_of(&Code::parse(code)) {
        return None;
    }
    Some(Rule {
        code: code.into(),
        interval: Some(i64::from(interval) * 1_000_000).filter(|interval| *interval > 0)?,
        statistic: match statistic {
            "median" => Statistic::Median,
            "min" => Statistic::Least,
            "max" => Statistic::Greatest,
            "last" => Statistic::Last,
            "variability" => Statistic::Variability,
            _ => return None,
        },
        frozen_after: Some(i64::from(frozen) * 60_000_000).filter(|after| *after > 0),
    })
}

impl Statistic {
    /// Its word in the table.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::Least => "min",
            Self::Greatest => "max",
            Self::Last => "last",
            Self::Variability => "variability",
        }
    }

    /// The one sample that stands for all, with when it was taken, where one does; samples are in the order of their times.
    pub(super) fn of(self, samples: &[(i64, Decimal)]) -> Option<(i64, Decimal)> {
        let mut by_size = samples.to_vec();
        by_size.sort_by(|a, b| a.1.compare(b.1).then(a.0.cmp(&b.0)));
        match self {
            Self::Median => by_size.get(by_size.len().checked_sub(1)? / 2).copied(),
            Self::Least => by_size.first().copied(),
            Self::Greatest => by_size.last().copied(),
            Self::Last => samples.last().copied(),
            Self::Variability => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_own_rule_before_that_of_its_loinc_code() {
        let rules = Rules::default();
        let of = |code: &str| {
            rules
                .of(&Code::parse(code))
                .map(|rule| (rule.interval, rule.statistic))
        };
        assert_eq!(
            of("MDC_ECG_HEART_RATE"),
            Some((300_000_000, Statistic::Median))
        );
        assert_eq!(
            of("MDC_PRESS_CUFF_SYS"),
            Some((60_000_000, Statistic::Last))
        );
        assert_eq!(
            of("MDC_PRESS_BLD_ART_SYS"),
            Some((300_000_000, Statistic::Median))
        );
        assert_eq!(of("MDC_PULS_OXIM_PLETH"), None);
    }

    #[test]
    fn a_line_that_says_too_little_is_named() {
        for line in [
            "8867-4",
            "8867-4\t0\tmedian\t0",
            "8867-4\t5\tmean\t0",
            "8867-4\t5\tlast\t-1",
            "8867-4\t300\tvariability\t0",
        ] {
            assert!(
                Rules::parse(&format!("# words\n{line}\n"))
                    .is_err_and(|told| told.starts_with("line 2 "))
            );
        }
        assert!(Rules::parse("8867-4\t1\tlast\t0").is_ok());
        assert!(Rules::parse("MDC_ECG_TIME_PD_RR_GL\t300\tvariability\t0").is_ok());
    }

    #[test]
    fn a_statistic_is_a_value_that_was_measured() {
        let samples =
            [(1, 90), (2, 70), (3, 80), (4, 100)].map(|(at, units)| (at, Decimal::new(units, 0)));
        let told =
            |statistic: Statistic| statistic.of(&samples).map(|(at, value)| (at, value.units));
        assert_eq!(told(Statistic::Median), Some((3, 80)));
        assert_eq!(told(Statistic::Least), Some((2, 70)));
        assert_eq!(told(Statistic::Greatest), Some((4, 100)));
        assert_eq!(told(Statistic::Last), Some((4, 100)));
        assert_eq!(Statistic::Median.of(&[]), None);
    }
}
