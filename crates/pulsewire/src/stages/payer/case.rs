//! How a case stands that somebody should look into, of what a provider claims, as its record says it.

use serde::{Deserialize, Serialize};
use workloads::payer::{CaseFacts, DayFacts, IntegrityCase, LevelFacts, day_words};

/// The newest version of the record's shape.
const VERSION: u32 = 1;

/// How a case stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaseTold {
    version: u32,
    pub(crate) kind: String,
    pub(crate) provider: String,
    pub(crate) condition: String,
    finding: String,
    revision: u32,
    known_at: String,
    /// Whether it stands.
    pub(crate) open: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<FoundTold>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) levels: Option<LevelsTold>,
}

/// What is found of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundTold {
    severity: String,
    day: String,
    pub(crate) minutes: String,
    limit_minutes: u32,
    claims: u32,
    members: u32,
    charged: String,
    /// What could be held until somebody has looked.
    pub(crate) unpaid: String,
}

/// What is found of visits beside those of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LevelsTold {
    severity: String,
    specialty: String,
    family: String,
    from: String,
    until: String,
    /// So many visits of each level, the lowest first.
    pub(crate) visits: Vec<u32>,
    mean: String,
    median: String,
    deviation: String,
    pub(crate) score: String,
    peers: u32,
    charged: String,
    /// What could be held until somebody has looked.
    unpaid: String,
}

impl LevelsTold {
    fn of(facts: &LevelFacts) -> Self {
        Self {
            severity: facts.severity.word().to_owned(),
            specialty: facts.kind.specialty.to_string(),
            family: facts.kind.family.to_string(),
            from: day_words(facts.from),
            until: day_words(facts.until),
            visits: facts.counts.to_vec(),
            mean: facts.mean.to_string(),
            median: facts.median.to_string(),
            deviation: facts.deviation.to_string(),
            score: facts.score.to_string(),
            peers: facts.peers,
            charged: facts.charged.to_string(),
            unpaid: facts.unpaid.to_string(),
        }
    }
}

impl CaseTold {
    /// The media type of its record.
    pub(crate) const CONTENT_TYPE: &'static str = "application/vnd.pulsewire.integrity-case+json";

    /// Writes how one stands.
    pub(super) fn of(case: &IntegrityCase) -> Self {
        let kind = case.condition.split('/').next().unwrap_or_default();
        Self {
            version: VERSION,
            kind: kind.to_owned(),
            provider: case.provider.to_string(),
            condition: case.condition.to_string(),
            finding: case.finding.to_string(),
            revision: case.revision,
            known_at: case.known_at.to_string(),
            open: case.facts.is_some(),
            found: match &case.facts {
                Some(CaseFacts::Day(facts)) => Some(FoundTold::of(facts)),
                _ => None,
            },
            levels: match &case.facts {
                Some(CaseFacts::Levels(facts)) => Some(LevelsTold::of(facts)),
                _ => None,
            },
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("words and numbers always make JSON")
    }
}

impl FoundTold {
    fn of(facts: &DayFacts) -> Self {
        Self {
            severity: facts.severity.word().to_owned(),
            day: day_words(facts.day),
            minutes: facts.minutes.to_string(),
            limit_minutes: facts.limit,
            claims: facts.claims,
            members: facts.members,
            charged: facts.charged.to_string(),
            unpaid: facts.unpaid.to_string(),
        }
    }
}
