//! The kinds of record that stand on topics: what each is called, what it holds and which headers it carries.

mod own;

mod header;

mod key;

use mapping::event::{FHIR_JSON, identity};

pub use header::Header;
pub use key::Key;

use crate::{resource, vitals};

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// A message as its sender sent it.
    Message,
    /// A frame that is no message, kept for inspection.
    Refused,
    /// A part of a message of several patients, or what is sent on to another identity.
    Split,
    /// A FHIR resource as its sender gave it.
    ReceivedResource,
    /// An X12 transaction set as its sender gave it.
    TransactionSet,
    /// A FHIR resource of this type.
    Resource(&'static str),
    /// A FHIR resource of a type without a topic of its own.
    OtherResource,
    /// An identity that goes into another.
    Merge,
    /// The state of an identity that went into another.
    Handover,
    /// What payer workloads knew of an identity that went into another.
    PayerHandover,
    /// What is known of a patient's visits to emergency departments, of an identity that went into this one.
    VisitHandover,
    /// How a visit stood at an earlier time.
    VisitMoment,
    /// How a visit to an emergency department stands.
    EmergencyVisit,
    /// How an emergency department stands at a minute.
    EmergencyUnit,
    /// An hour of a patient as a learned risk scored it.
    RiskHour,
    /// The same for whoever counts all patients together, and what became of it.
    RiskExample,
    /// The scored hours of an identity that went into this one.
    RiskHandover,
    /// How a learned model stands.
    RiskStatus,
    /// What a workload concluded.
    Finding,
    /// How a prior authorization stands.
    Authorization,
    /// What a claim adds to a week of a provider.
    ProviderWeek,
    /// How the visits of a provider's week are spread over levels.
    VisitMix,
    /// How a case stands that somebody should look into, of what a provider claims.
    IntegrityCase,
    /// Where a patient stands in a quality measure.
    CareGap,
    /// What quality measures knew of an identity that went into another.
    CareHandover,
    /// What a person asks of an alert.
    Command,
    /// What the budget of alerts is told, and what it answers.
    AlertBudget,
    /// A revision of an alert.
    Alert,
    /// News of an alert that is due.
    Delivery,
    /// A try to bring such news.
    Attempt,
    /// Who saw what.
    Audit,
    /// The codes of a message that nothing translates.
    Unmapped,
    /// A record in quarantine that was sent through again.
    Redriven,
    /// What came in of a source in a minute.
    Activity,
    /// How a source stands.
    SourceStatus,
    /// A measurement of a device.
    Vitals,
    /// What a device said in one message: many measurements.
    DevicePacket,
    /// Who is on a device, from when to when.
    DeviceAssociation,
    /// What is wrong with a device, or no longer.
    DeviceStatus,
    /// Which events of a subscription were taken in.
    SubscriptionPosition,
    /// A record that could not be used.
    Quarantined,
    /// A record that came after its window.
    Late,
    /// The time, where nothing else comes.
    Tick,
    /// A part of a stage's state.
    Changelog,
    /// What a schema registry was told.
    Registration,
    /// Which site key pseudonyms are derived from.
    Site,
}

/// A schema of a value, as its language writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// A JSON Schema of draft 7.
    Json(String),
    /// An Avro schema.
    Avro(String),
}

/// What a record is that is of a device.
const fn of_devices(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Vitals => "A measurement of a device at the bedside.",
        RecordKind::DevicePacket => {
            "What a device at the bedside said in one message, in few bytes."
        }
        RecordKind::DeviceAssociation => {
            "Who is on a device, from when to when: a measurement belongs to whoever was on it at that time."
        }
        _ => "What is wrong with a device, not with a patient, or no longer.",
    }
}

/// What a record is that a station beside the workloads writes.
const fn of_stations(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::RiskHour => "An hour of a stay as a learned model scored it when it was over.",
        RecordKind::RiskExample => {
            "An hour that a learned model scored, and again with what became of it when that can be known; the newest revision holds."
        }
        RecordKind::RiskHandover => {
            "The scored hours of an identity that was merged into this one, in the encoding of their stage."
        }
        RecordKind::ProviderWeek => {
            "What a claim of a member adds to a week of who gave the services, whole, or that it no longer adds anything; the newest of a claim holds."
        }
        RecordKind::VisitMix => {
            "How the visits of a provider's week are spread over levels, or that there are none any more; the newest of a week holds."
        }
        RecordKind::IntegrityCase => {
            "What is to be looked into of what a provider claims, with what it rests on in numbers, or that it is taken back; the newest revision of a condition holds."
        }
        RecordKind::RiskStatus => "How a learned model stands: what drifts, and how right it was.",
        _ => "How a visit or a department stands.",
    }
}

impl RecordKind {
    /// Gives its name, which never changes; of a resource, that of its type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Refused => "refused",
            Self::Split => "split",
            Self::ReceivedResource => "received-resource",
            Self::TransactionSet => "x12-transaction-set",
            Self::Resource(name) => name,
            Self::OtherResource => "other-resource",
            Self::Merge => "merge",
            Self::Handover => "handover",
            Self::PayerHandover => "payer-handover",
            Self::VisitHandover => "emergency-handover",
            Self::VisitMoment => "visit-moment",
            Self::EmergencyVisit => "emergency-visit",
            Self::EmergencyUnit => "emergency-unit",
            Self::RiskHour => "risk-hour",
            Self::RiskExample => "risk-example",
            Self::RiskHandover => "risk-handover",
            Self::RiskStatus => "risk-status",
            Self::Finding => "finding",
            Self::Authorization => "authorization",
            Self::ProviderWeek => "provider-week",
            Self::VisitMix => "visit-mix",
            Self::IntegrityCase => "integrity-case",
            Self::CareGap => "care-gap",
            Self::CareHandover => "care-handover",
            Self::Command => "command",
            Self::AlertBudget => "alert-budget",
            Self::Alert => "alert",
            Self::Delivery => "delivery",
            Self::Attempt => "delivery-attempt",
            Self::Audit => "audit",
            Self::Unmapped => "unmapped",
            Self::Redriven => "redriven",
            Self::Activity => "source-activity",
            Self::SourceStatus => "source-status",
            Self::Vitals => "device-vitals",
            Self::DevicePacket => "device-packet",
            Self::DeviceAssociation => "device-association",
            Self::DeviceStatus => "device-status",
            Self::SubscriptionPosition => "subscription-position",
            Self::Quarantined => "quarantined",
            Self::Late => "late",
            Self::Tick => "tick",
            Self::Changelog => "changelog",
            Self::Registration => "registration",
            Self::Site => "site",
        }
    }

    /// Says what it is in one sentence.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Message => "An HL7 v2 message in the bytes in which its sender sent it.",
            Self::Refused => "A frame that is no HL7 v2 message, in the bytes that came.",
            Self::Split => {
                "A message that concerns this patient too, in the encoding of the normalize stage."
            }
            Self::ReceivedResource => {
                "A FHIR R4 resource as its sender gave it, with its id and with references that lead out of its bundle; a deletion is the entry of a bundle that asks for it."
            }
            Self::TransactionSet => {
                "An X12 transaction set as its sender gave it, from ST to SE, within the envelope that it came in."
            }
            Self::Resource(_) | Self::OtherResource => {
                "The newest version of a FHIR R4 resource, whole; an older one is replaced by it."
            }
            Self::Merge => "This identity was merged with another one.",
            Self::VisitMoment => {
                "An Encounter as it stood at an earlier time, of which something that came late tells otherwise than was told before."
            }
            Self::EmergencyVisit | Self::EmergencyUnit | Self::RiskStatus => of_stations(self),
            Self::RiskHour | Self::RiskExample | Self::RiskHandover => of_stations(self),
            Self::ProviderWeek | Self::VisitMix | Self::IntegrityCase => of_stations(self),
            Self::Handover | Self::PayerHandover | Self::CareHandover | Self::VisitHandover => {
                "What a stage's workloads knew of an identity that was merged into this one, in their own encoding."
            }
            Self::Finding => "What a workload concluded of a patient, or takes back.",
            Self::Authorization => {
                "How a prior authorization stands: its clock, who said what when, and what was decided; the newest revision of a case holds."
            }
            Self::CareGap => {
                "Where a patient stands in a quality measure and year, with the finding that says so; each revision replaces the one before."
            }
            Self::Command => "What a person asks of an alert.",
            Self::AlertBudget => "What the budget of alerts is told, and what it answers.",
            Self::Alert => "A revision of an alert, whole, with its evidence and history.",
            Self::Delivery => "News of an alert that is due to a channel.",
            Self::Attempt => "A try to bring news of an alert, and how it ended.",
            Self::Audit => "Somebody opened what identifies a person; written before it is shown.",
            Self::Unmapped => "The codes of a message that nothing translates.",
            Self::Redriven => "A record in quarantine was sent through again, corrected or not.",
            Self::Activity => {
                "What one process heard of a source in a minute; that it was nothing is told, too."
            }
            Self::SourceStatus => {
                "How a source stands: what is usual of it at this hour, and since when it is silent."
            }
            Self::Vitals | Self::DevicePacket => of_devices(self),
            Self::DeviceAssociation | Self::DeviceStatus => of_devices(self),
            Self::SubscriptionPosition => {
                "Which events of a subscription of a FHIR server were taken in; of several the union holds."
            }
            Self::Quarantined => {
                "A record that a stage could not use, in the bytes in which it came; its headers are those it came with and those described here."
            }
            Self::Late => {
                "A record that came after the window of a stage, in the bytes in which it came; its headers are those it came with and those described here."
            }
            Self::Tick => {
                "The time, written regularly so that silence cannot stop it; it has no key and no value."
            }
            Self::Changelog => {
                "A part of a stage's state in its own encoding; nobody else is to read it."
            }
            Self::Registration => {
                "A schema, a level of compatibility or a mode of the registry, by subject; ask the registry instead of reading it."
            }
            Self::Site => {
                "The fingerprint of the site key that pseudonyms are derived from; the first one holds, and nobody else is to write any."
            }
        }
    }

    /// Gives the media type of its value; nothing where it has no value of its own.
    pub const fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Message | Self::Refused => Some("x-application/hl7-v2+er7"),
            Self::Split => Some("application/vnd.pulsewire.split"),
            Self::ReceivedResource | Self::Resource(_) | Self::OtherResource => Some(FHIR_JSON),
            Self::TransactionSet => Some("application/EDI-X12"),
            Self::Merge => Some(identity::MERGE_JSON),
            Self::Handover => Some(identity::HANDOVER),
            Self::PayerHandover => Some(identity::PAYER_HANDOVER),
            Self::VisitHandover => Some(identity::EMERGENCY_HANDOVER),
            Self::VisitMoment => Some(identity::VISIT_MOMENT),
            Self::EmergencyVisit => Some("application/vnd.pulsewire.emergency-visit+json"),
            Self::EmergencyUnit => Some("application/vnd.pulsewire.emergency-unit+json"),
            Self::RiskHour => Some("application/vnd.pulsewire.risk-hour+json"),
            Self::RiskExample => Some("application/vnd.pulsewire.risk-example+json"),
            Self::RiskHandover => Some(identity::RISK_HANDOVER),
            Self::RiskStatus => Some("application/vnd.pulsewire.risk-status+json"),
            Self::Finding => Some("application/vnd.pulsewire.finding+json"),
            Self::Authorization => Some("application/vnd.pulsewire.authorization+json"),
            Self::ProviderWeek => Some("application/vnd.pulsewire.provider-week+json"),
            Self::VisitMix => Some("application/vnd.pulsewire.visit-mix+json"),
            Self::IntegrityCase => Some("application/vnd.pulsewire.integrity-case+json"),
            Self::CareGap => Some("application/vnd.pulsewire.care-gap+json"),
            Self::CareHandover => Some("application/vnd.pulsewire.care-handover"),
            Self::Command => Some("application/vnd.pulsewire.command+json"),
            Self::AlertBudget => Some("application/vnd.pulsewire.alert-budget+json"),
            Self::Alert => Some("application/vnd.pulsewire.alert+json"),
            Self::Delivery => Some("application/vnd.pulsewire.delivery+json"),
            Self::Attempt | Self::Audit | Self::Registration => Some("application/json"),
            Self::Unmapped => Some("application/vnd.pulsewire.unmapped+json"),
            Self::Redriven => Some("application/vnd.pulsewire.redriven+json"),
            Self::Vitals | Self::DevicePacket => Some("application/vnd.apache.avro"),
            Self::DeviceAssociation => Some("application/vnd.pulsewire.device-association+json"),
            Self::DeviceStatus => Some("application/vnd.pulsewire.device-status+json"),
            Self::SubscriptionPosition => {
                Some("application/vnd.pulsewire.subscription-position+json")
            }
            Self::Activity => Some("application/vnd.pulsewire.source-activity+json"),
            Self::SourceStatus => Some("application/vnd.pulsewire.source-status+json"),
            Self::Changelog => Some("application/octet-stream"),
            Self::Site => Some("text/plain"),
            Self::Quarantined | Self::Late | Self::Tick => None,
        }
    }

    /// Gives the schema of its value; nothing where that is not ours to say, or bytes.
    pub fn schema(self) -> Option<Schema> {
        match self {
            Self::Resource(name) => resource::schema(name).map(Schema::Json),
            Self::VisitMoment => resource::schema("Encounter").map(Schema::Json),
            Self::Vitals => Some(Schema::Avro(vitals::schema())),
            Self::DevicePacket => Some(Schema::Avro(vitals::packet())),
            _ => own::document(self).map(|document| Schema::Json(document.to_json())),
        }
    }

    /// Gives what it is keyed by.
    pub const fn key(self) -> Key {
        match self {
            Self::Refused => Key::Message,
            Self::Unmapped | Self::Tick => Key::None,
            Self::Vitals | Self::DevicePacket | Self::DeviceAssociation | Self::DeviceStatus => {
                Key::Device
            }
            Self::SubscriptionPosition => Key::Subscription,
            Self::Redriven => Key::Place,
            Self::Activity | Self::SourceStatus => Key::Source,
            Self::RiskExample | Self::RiskStatus => Key::Model,
            Self::ProviderWeek => Key::ProviderWeek,
            Self::VisitMix => Key::Specialty,
            Self::IntegrityCase => Key::Provider,
            Self::EmergencyVisit | Self::EmergencyUnit => Key::Unit,
            Self::Changelog => Key::State,
            Self::Registration => Key::Subject,
            Self::Site => Key::Fingerprint,
            _ => Key::Patient,
        }
    }

    /// Gives the headers that it carries.
    pub fn headers(self) -> Vec<Header> {
        header::of(self)
    }
}

#[cfg(test)]
mod tests;
