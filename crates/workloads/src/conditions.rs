//! What findings can be about, all workloads together, and what would change what has no single value to change.

use std::collections::BTreeSet;

use clinical::EventTime;

use crate::workload::Condition;
use crate::{Config, Parameter, Rule};

const CHANGES: &str = include_str!("../data/what_changes.tsv");

/// Gives all that findings can be about, by name: those of matters of a patient without the names of these.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other condition is no rule of a file"
)]
pub fn conditions(config: &Config) -> BTreeSet<String> {
    let has_rule = |rules: &[Rule], number| rules.iter().any(|rule| rule.number == number);
    let is_said = |condition: &Condition| match *condition {
        Condition::GlucoseEpisode(number) => has_rule(&config.glucose, number),
        Condition::Sustained(number) => has_rule(&config.sustained, number),
        _ => true,
    };
    let of_chart = (0..=u8::MAX).filter_map(Condition::from_number);
    let of_chart = of_chart.filter(is_said);
    let of_chart = of_chart.map(|condition| {
        let name = condition.name(config, EventTime::default());
        kind_of_condition(&name).to_owned()
    });
    let others = changes().map(|(begins, _)| begins.to_owned());
    of_chart.chain(others).collect()
}

/// Gives what a condition is called without the matter that it is of, such as a visit, a code or the time of a specimen: there is
/// no end of those.
pub fn kind_of_condition(condition: &str) -> &str {
    let begins_with_digit = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let mut matters = condition.match_indices('/').filter(|(place, _)| {
        let rest = condition.get(place + 1..).unwrap_or_default();
        let part = rest.split('/').next().unwrap_or_default();
        is_case(part) || begins_with_digit(part)
    });
    let end = matters.next().map_or(condition.len(), |(place, _)| place);
    condition.get(..end).unwrap_or(condition)
}

/// Says whether a part of a condition's name is the hash of what it is about.
pub(crate) fn is_case(part: &str) -> bool {
    part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Says whether there is a condition whose name begins so.
pub fn begins_a_condition(begins: &str, config: &Config) -> bool {
    let is_matter = || begins.contains('/') && what_changes(begins).is_some();
    let mut names = conditions(config).into_iter();
    !begins.is_empty() && (names.any(|name| name.starts_with(begins)) || is_matter())
}

/// Says in words what would change a finding that rests on more than the values of a chart.
pub fn what_changes(condition: &str) -> Option<&'static str> {
    let is_of = |begins: &str| {
        let rest = condition.strip_prefix(begins);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    changes().find_map(|(begins, words)| is_of(begins).then_some(words))
}

/// Says from where on a condition is what it is, with the source of each limit, as the site has set it; nothing of those whose
/// rules have more than limits.
pub fn thresholds(condition: &str, config: &Config) -> Vec<String> {
    if condition == Condition::Deterioration.name(config, EventTime::default()) {
        return crate::deterioration::thresholds();
    }
    let Some((kind, name)) = condition.split_once('/') else {
        return Vec::new();
    };
    let of_rules = |rules: &[Rule]| {
        let own = rules.iter().filter(|rule| *rule.name == *name);
        own.map(Rule::words).collect()
    };
    match kind {
        "critical-result" => Parameter::parse(name).map_or_else(Vec::new, |parameter| {
            crate::critical::thresholds(&config.critical.ranges, parameter)
        }),
        "glucose-episode" => of_rules(&config.glucose),
        "sustained" => of_rules(&config.sustained),
        _ => Vec::new(),
    }
}

fn changes() -> impl Iterator<Item = (&'static str, &'static str)> {
    crate::site_rows(CHANGES).filter_map(|(_, row)| row.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_condition_and_what_changes_it() {
        let rows = crate::site_rows(CHANGES).count();
        let whole = |(begins, words): &(&str, &str)| !begins.is_empty() && !words.is_empty();
        assert_eq!(changes().filter(whole).count(), rows);
        let all = conditions(&Config::default());
        assert!(all.contains("deterioration") && all.contains("critical-result/potassium"));
        assert!(all.contains("claim-unbalanced") && all.contains("critical-result/culture"));
    }

    #[test]
    fn a_kind_of_condition_names_no_matter() {
        for (condition, kind) in [
            ("deterioration", "deterioration"),
            ("critical-result/potassium", "critical-result/potassium"),
            (
                "critical-result/culture/2026-03-01T09:00:00Z",
                "critical-result/culture",
            ),
            ("care-visit/0123456789abcdef", "care-visit"),
            (
                "claim-not-covered/0123456789abcdef/2026-03-02",
                "claim-not-covered",
            ),
        ] {
            assert_eq!(kind_of_condition(condition), kind);
        }
    }

    #[test]
    fn what_no_condition_begins_with_is_told_apart() {
        let config = Config::default();
        for begins in [
            "critical-result",
            "critical-result/",
            "claim",
            "claim/00ff",
            "care-gap/cms130",
        ] {
            assert!(begins_a_condition(begins, &config), "{begins}");
        }
        for begins in [
            "",
            "critcal-results",
            "critical-results",
            "claims",
            "sustained/none",
            "deterioration/x",
        ] {
            assert!(!begins_a_condition(begins, &config), "{begins}");
        }
    }

    #[test]
    fn limits_are_said_as_their_rows_have_them() {
        let mut config = Config::default();
        let rows = "potassium\tmmol/L\t18y-\t<2.8\t>=6.2\t0.5\tour laboratory\n\
                    potassium\tmmol/L\t-18y\t-\t>6.5\t0.5\tour laboratory\n\
                    sodium\tmmol/L\t-\t<120\t>160\t5\tour laboratory\n";
        config.critical.ranges = crate::critical_ranges(rows).unwrap();
        assert_eq!(
            thresholds("critical-result/potassium", &config),
            [
                "potassium below 2.8 or at least 6.2 mmol/L, ages 18y- is critical; source: our laboratory",
                "potassium above 6.5 mmol/L, ages -18y is critical; source: our laboratory"
            ]
        );
        let news2 = thresholds("deterioration", &config).join("\n");
        assert!(
            news2.contains("NEWS2 7 or more is high\nNEWS2 5 or 6 is medium"),
            "{news2}"
        );
        for rule in config.glucose.iter().take(1) {
            let said = thresholds(&format!("glucose-episode/{}", rule.name), &config);
            assert!(said.iter().all(|words| words.contains("source: ")) && !said.is_empty());
        }
        assert_eq!(thresholds("sepsis-3", &config), [""; 0]);
        assert_eq!(thresholds("claim-denied/00ff", &config), [""; 0]);
    }

    #[test]
    fn what_changes_it_is_found_by_the_whole_of_its_name() {
        assert!(
            what_changes("claim-unbalanced/00ff").is_some_and(|words| words.contains("add up"))
        );
        assert!(what_changes("emergency/room").is_some_and(|words| words.contains("wait")));
        assert_ne!(
            what_changes("claim/00ff"),
            what_changes("claim-denied/00ff")
        );
        assert_eq!(what_changes("deterioration"), None);
    }
}
