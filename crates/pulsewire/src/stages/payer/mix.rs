//! How the visits of a provider's week are spread over levels, as its record says it.

use clinical::{Decimal, PatientKey};
use serde::{Deserialize, Serialize};
use workloads::payer::{Mix, MixKind, WeekMix, day_words, parse_day};

/// The newest version of the record's shape.
const VERSION: u32 = 1;

/// A mix of a week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MixTold {
    version: u32,
    provider: String,
    week: String,
    specialty: String,
    family: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    visits: Option<VisitsTold>,
}

/// The visits; where there is nothing there are none any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct VisitsTold {
    /// By level, the lowest first.
    levels: Vec<u32>,
    charged: String,
    unpaid: String,
}

impl MixTold {
    /// The media type of its record.
    pub(crate) const CONTENT_TYPE: &'static str = "application/vnd.pulsewire.visit-mix+json";

    /// Writes a mix of a provider, by their pseudonym.
    pub(super) fn of(mix: &WeekMix, provider: PatientKey) -> Self {
        Self {
            version: VERSION,
            provider: provider.to_string(),
            week: day_words(mix.week),
            specialty: mix.kind.specialty.to_string(),
            family: mix.kind.family.to_string(),
            visits: mix.mix.as_ref().map(VisitsTold::of),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("words and numbers always make JSON")
    }

    /// Reads a record; nothing where it is none, or of a newer version.
    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        let told: Self = serde_json::from_slice(json).ok()?;
        (told.version <= VERSION).then_some(told)
    }

    /// What its record is keyed by.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.specialty, self.family)
    }

    /// Gives whose it is, and of which visits and week; nothing where that cannot be read.
    pub(super) fn mix(&self) -> Option<(PatientKey, WeekMix)> {
        let kind = MixKind {
            specialty: self.specialty.as_str().into(),
            family: self.family.as_str().into(),
        };
        let mix = match &self.visits {
            None => None,
            Some(visits) => Some(visits.read()?),
        };
        let week = parse_day(&self.week)?;
        Some((
            PatientKey::parse(&self.provider)?,
            WeekMix { week, kind, mix },
        ))
    }
}

impl VisitsTold {
    fn of(mix: &Mix) -> Self {
        Self {
            levels: mix.counts.to_vec(),
            charged: mix.charged.to_string(),
            unpaid: mix.unpaid.to_string(),
        }
    }

    fn read(&self) -> Option<Mix> {
        Some(Mix {
            counts: self.levels.as_slice().try_into().ok()?,
            charged: Decimal::from_str_exact(&self.charged).ok()?,
            unpaid: Decimal::from_str_exact(&self.unpaid).ok()?,
        })
    }
}
