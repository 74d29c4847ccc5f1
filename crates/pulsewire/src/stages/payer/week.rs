//! What a claim adds to a week of a provider, as its record says it.

use clinical::{Decimal, EventId, EventTime, Origin, PatientKey};
use serde::{Deserialize, Serialize};
use workloads::payer::{
    Added, LevelOfVisit, MixKind, WeekClaim, WeekService, day_words, parse_day,
};

/// The newest version of the record's shape.
const VERSION: u32 = 1;

/// What a claim adds to a week of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WeekTold {
    version: u32,
    provider: String,
    week: String,
    patient: String,
    pub(super) case: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added: Option<AddedTold>,
}

/// What is added; where there is nothing the claim no longer adds anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AddedTold {
    services: Vec<ServiceTold>,
    numbers: Vec<String>,
    paid: bool,
    at: String,
    event: String,
    partition: u16,
    offset: u64,
    backfill: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ServiceTold {
    day: String,
    code: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    modifiers: String,
    minutes: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    charge: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    visit: Option<VisitTold>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct VisitTold {
    specialty: String,
    family: String,
    level: u8,
}

impl VisitTold {
    fn of(visit: &LevelOfVisit) -> Self {
        Self {
            specialty: visit.kind.specialty.to_string(),
            family: visit.kind.family.to_string(),
            level: visit.level,
        }
    }

    fn read(&self) -> LevelOfVisit {
        LevelOfVisit {
            kind: MixKind {
                specialty: self.specialty.as_str().into(),
                family: self.family.as_str().into(),
            },
            level: self.level,
        }
    }
}

impl WeekTold {
    /// The media type of its record.
    pub(crate) const CONTENT_TYPE: &'static str = "application/vnd.pulsewire.provider-week+json";

    /// Writes what a claim of a member adds to the week of a provider, by their pseudonyms.
    pub(super) fn of(claim: &WeekClaim, patient: PatientKey, provider: PatientKey) -> Self {
        Self {
            version: VERSION,
            provider: provider.to_string(),
            week: day_words(claim.week),
            patient: patient.to_string(),
            case: claim.case.to_string(),
            cause: claim.cause.map(|event| event.to_string()),
            added: claim.added.as_ref().map(AddedTold::of),
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

    /// Gives whose week it is, which, and of which member the claim is.
    pub(super) fn of_whom(&self) -> Option<(PatientKey, i32, PatientKey)> {
        let provider = PatientKey::parse(&self.provider)?;
        Some((
            provider,
            parse_day(&self.week)?,
            PatientKey::parse(&self.patient)?,
        ))
    }

    /// Gives the event that caused it.
    pub(super) fn cause(&self) -> Option<EventId> {
        self.cause.as_deref().and_then(EventId::parse)
    }

    /// Gives what is added; nothing where a part of it cannot be read.
    pub(super) fn added(&self) -> Option<Option<Added>> {
        let added = self.added.as_ref();
        added
            .map(AddedTold::read)
            .map_or(Some(None), |added| added.map(Some))
    }
}

impl AddedTold {
    fn of(added: &Added) -> Self {
        Self {
            services: added.services.iter().map(ServiceTold::of).collect(),
            numbers: added
                .numbers
                .iter()
                .map(|one| format!("{one:016x}"))
                .collect(),
            paid: added.is_paid,
            at: added.at.to_string(),
            event: added.event.to_string(),
            partition: added.origin.partition,
            offset: added.origin.offset,
            backfill: added.backfill,
        }
    }

    fn read(&self) -> Option<Added> {
        let numbers = self.numbers.iter();
        let numbers = numbers.map(|one| u64::from_str_radix(one, 16).ok());
        Some(Added {
            services: self
                .services
                .iter()
                .map(ServiceTold::read)
                .collect::<Option<_>>()?,
            numbers: numbers.collect::<Option<_>>()?,
            is_paid: self.paid,
            at: EventTime::parse(&self.at)?,
            event: EventId::parse(&self.event)?,
            origin: Origin {
                partition: self.partition,
                offset: self.offset,
            },
            backfill: self.backfill,
        })
    }
}

impl ServiceTold {
    fn of(service: &WeekService) -> Self {
        Self {
            day: day_words(service.day),
            code: service.code.to_string(),
            modifiers: service.modifiers.to_string(),
            minutes: service.minutes.to_string(),
            charge: service.charge.map(|charge| charge.to_string()),
            visit: service.visit.as_ref().map(VisitTold::of),
        }
    }

    fn read(&self) -> Option<WeekService> {
        let charge = self.charge.as_deref().map(Decimal::from_str_exact);
        Some(WeekService {
            day: parse_day(&self.day)?,
            code: self.code.as_str().into(),
            modifiers: self.modifiers.as_str().into(),
            minutes: Decimal::from_str_exact(&self.minutes).ok()?,
            charge: charge.transpose().ok()?,
            visit: self.visit.as_ref().map(VisitTold::read),
        })
    }
}
