//! What a site does with measurements that are doubted, by rule and by source.

use std::collections::BTreeMap;

use super::{MAX_AGE_YEARS, Reason};

/// What is done with a measurement that a rule doubts; the last ones are the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    Pass,
    /// It is published with a flag, and not scored.
    Flag,
    /// It is kept in quarantine; what else its message made is published.
    Quarantine,
    /// It is refused at the door, where the door can still refuse.
    Reject,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Flag, Self::Quarantine, Self::Reject];
    /// What they are called in a configuration.
    pub const NAMES: [&str; 4] = ["pass", "flag", "quarantine", "reject"];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Flag => "flag",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }
}

/// What a site does with measurements that are doubted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For rules that are not named.
    pub default: Action,
    /// For those that are.
    pub by_rule: BTreeMap<Reason, Action>,
    /// For what a source sends, whatever holds for others.
    pub by_source: BTreeMap<(Reason, Box<str>), Action>,
    /// How many years back a measurement may lie.
    pub max_age_years: u16,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            default: Action::Flag,
            by_rule: BTreeMap::from([(Reason::FromFuture, Action::Quarantine)]),
            by_source: BTreeMap::new(),
            max_age_years: MAX_AGE_YEARS,
        }
    }
}

impl Policy {
    /// Gives what is done with what a source sends and a rule doubts.
    pub fn action(&self, source: &str, reason: Reason) -> Action {
        let own = self.by_source.get(&(reason, source.into()));
        let own = own.or_else(|| self.by_rule.get(&reason));
        own.copied().unwrap_or(self.default)
    }

    /// Says whether anything that a source sends may be rejected.
    pub fn may_reject(&self, source: &str) -> bool {
        let own = self.by_source.iter();
        let own = own.filter(|((_, of), _)| &**of == source);
        let mut actions = self.by_rule.values().chain(own.map(|(_, action)| action));
        self.default == Action::Reject || actions.any(|action| *action == Action::Reject)
    }
}
