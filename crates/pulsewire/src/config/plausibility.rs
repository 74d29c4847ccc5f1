//! What a site does with measurements that cannot be true: `[plausibility.default]`, and a table for each rule that differs.

use clinical::plausible::{Action, Reason};

use super::reader::Reader;
use crate::stages::Plausibility;

/// The most years back that a measurement may be let lie.
const MAX_YEARS: usize = 1_000;

/// Reads the tables.
pub(super) fn read(reader: &mut Reader<'_>) -> Plausibility {
    let mut plausibility = Plausibility::default();
    let policy = &mut plausibility.policy;
    for name in reader.named("plausibility") {
        let at = format!("plausibility.{name}");
        let word = reader.one_of(&at, "action", &Action::NAMES);
        let action = Action::parse(&word).unwrap_or(Action::Flag);
        let sources = Action::ALL.map(|action| {
            let key = format!("{}_sources", action.word());
            let names = reader.text(&at, &key);
            let names: Vec<Box<str>> = names.split_whitespace().map(Box::from).collect();
            (action, key, names)
        });
        let years = reader.count(&at, "max_age_years", 1, MAX_YEARS);
        if name == "default" {
            policy.default = action;
            policy.max_age_years = u16::try_from(years).unwrap_or(u16::MAX);
            let by_source = sources.into_iter().filter(|(.., names)| !names.is_empty());
            for (_, key, _) in by_source {
                let hint = "name sources under a rule, such as [plausibility.unknown-unit]";
                reader.refuse(&at, &key, "is for a rule and not for all of them", hint);
            }
            continue;
        }
        let Some(reason) = Reason::parse(&name) else {
            let rules = Reason::ALL.map(Reason::code).join(", ");
            let hint = format!("name one of {rules}");
            reader.refuse(&at, "action", "is for a rule that there is not", &hint);
            continue;
        };
        let passes = |action| reason == Reason::FromFuture && action < Action::Quarantine;
        if passes(action) {
            let hint = "give \"quarantine\" or \"reject\": what has not happened yet would move time for everybody";
            reader.refuse(&at, "action", "cannot let the future pass", hint);
        }
        policy.by_rule.insert(reason, action);
        for (action, key, names) in sources {
            if passes(action) && !names.is_empty() {
                let hint = "quarantine or reject it: what has not happened yet would move time for everybody";
                reader.refuse(&at, &key, "cannot let the future pass", hint);
            }
            let names = names.into_iter().map(|name| ((reason, name), action));
            policy.by_source.extend(names);
        }
    }
    plausibility
}
