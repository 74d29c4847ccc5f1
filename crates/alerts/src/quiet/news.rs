//! What is told of a feed, in words, as a finding like every other.

use clinical::{EventTime, Finding, FindingId, FindingState, PatientKey, ReceivedTime, Severity};

use crate::summary::words;

/// What concludes that a feed is silent.
pub const WORKLOAD: &str = "sources";
/// The rule and its version.
pub const RULE: &str = "sources 1.0.0";
/// What the conditions of silent feeds begin with; behind it stands a signal, if it is about one.
pub const CONDITION: &str = "quiet-feed";

/// Something to tell of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Which feed.
    pub about: About,
    /// What of it.
    pub kind: Kind,
    /// When that was seen.
    pub as_of: EventTime,
    /// When it was last heard before; nothing where it never was.
    pub since: Option<EventTime>,
}

/// A feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// All sources together.
    Everything,
    /// One source.
    Source,
    /// One signal of a source.
    Signal(Box<str>),
}

/// What became of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is silent for too long.
    Silent,
    /// It was never heard, and should have been.
    NeverHeard,
    /// It is heard again.
    Back,
}

impl News {
    /// Gives the condition that it is about.
    pub fn condition(&self) -> Box<str> {
        match &self.about {
            About::Everything | About::Source => CONDITION.into(),
            About::Signal(signal) => format!("{CONDITION}/{signal}").into(),
        }
    }

    /// Gives it in one line.
    pub fn words(&self, source: &str) -> String {
        let since = self.since.map(|at| at.to_string()).unwrap_or_default();
        let after = self.since.and_then(|since| self.as_of.since(since));
        let after = after.map(|span| format!(" after {}", words(span)));
        let after = after.unwrap_or_default();
        match (&self.about, self.kind) {
            (About::Everything, Kind::Silent) => format!(
                "Nothing comes from any source since {since}: look at the network and at this system first"
            ),
            (About::Everything, Kind::NeverHeard) => {
                "Nothing ever came from any source, and something is expected".to_owned()
            }
            (About::Everything, Kind::Back) => format!("Sources are heard again{after}"),
            (About::Source, Kind::Silent) => {
                format!("Source {source} is silent since {since}, for longer than its pauses are")
            }
            (About::Source, Kind::NeverHeard) => {
                format!("Source {source} was never heard, and is expected")
            }
            (About::Source, Kind::Back) => format!("Source {source} is heard again{after}"),
            (About::Signal(signal), Kind::Silent | Kind::NeverHeard) => {
                format!("Source {source} sends no {signal} since {since}, and other messages come")
            }
            (About::Signal(signal), Kind::Back) => {
                format!("Source {source} sends {signal} again{after}")
            }
        }
    }

    /// Gives it as a finding under the pseudonym of its source.
    pub fn finding(&self, source: &str, key: PatientKey, known_at: ReceivedTime) -> Finding {
        let condition = self.condition();
        let severity = match (self.kind, &self.about) {
            (Kind::Back, _) => Severity::None,
            (Kind::Silent, About::Everything) => Severity::Critical,
            (Kind::Silent, About::Source) => Severity::High,
            (Kind::Silent | Kind::NeverHeard, _) => Severity::Medium,
        };
        let parts: [&[u8]; 5] = [
            WORKLOAD.as_bytes(),
            key.as_bytes(),
            condition.as_bytes(),
            &self.as_of.micros().to_be_bytes(),
            severity.word().as_bytes(),
        ];
        Finding {
            id: FindingId::derive(&parts),
            workload: WORKLOAD.into(),
            rule: RULE.into(),
            patient: key,
            condition,
            as_of: self.as_of,
            known_at,
            revision: 1,
            replaces: None,
            state: FindingState::Asserted,
            severity,
            score: None,
            summary: self.words(source).into(),
            evidence: Vec::new(),
            missing: Vec::new(),
            cause: None,
            backfill: false,
        }
    }
}
