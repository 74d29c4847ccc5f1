//! What stands on each topic, by its name.

use crate::record::RecordKind;
use crate::resource::published;

/// What stands on a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// What it is for, in one sentence.
    pub about: String,
    /// The kinds of record on it.
    pub records: Vec<RecordKind>,
}

const CHANGELOG: &str = "pulsewire.changelog.";
const QUARANTINE: &str = ".quarantine";
const LATE: &str = ".late";

/// Gives what stands on a topic of Pulsewire; nothing of other topics.
pub fn content(topic: &str) -> Option<Content> {
    if let Some(of) = topic.strip_suffix(QUARANTINE) {
        let about = format!("What could not be used of {of}, with the reason.");
        return aside(of, about, RecordKind::Quarantined);
    }
    if let Some(of) = topic.strip_suffix(LATE) {
        let about = format!("What of {of} came after the window of a stage.");
        return aside(of, about, RecordKind::Late);
    }
    if let Some(stage) = topic.strip_prefix(CHANGELOG) {
        let about = format!("The state of the stage {stage}, from which it is restored.");
        return Some(Content {
            about,
            records: vec![RecordKind::Changelog],
        });
    }
    let known = named(topic).or_else(|| of_sources(topic));
    let known = known.or_else(|| of_units(topic));
    if let Some((about, records)) = known.or_else(|| of_models(topic)) {
        return Some(Content {
            about: about.to_owned(),
            records,
        });
    }
    match topic.strip_prefix("healthcare.fhir.") {
        Some(kind) => fhir(kind),
        None => hl7(topic),
    }
}

/// The topics that are alone of their sort.
fn named(topic: &str) -> Option<(&'static str, Vec<RecordKind>)> {
    Some(match topic {
        "healthcare.hl7v2.refused" => (
            "Frames that were refused, kept for inspection.",
            vec![RecordKind::Refused],
        ),
        "healthcare.patient.stream" => (
            "All events of a patient in the order accepted: the one input of all workloads.",
            patient_stream(),
        ),
        "healthcare.patient.split" => (
            "Messages of several patients by patient, and what is sent on after a merge.",
            vec![RecordKind::Split, RecordKind::Tick],
        ),
        "healthcare.alert.stream" => (
            "Findings, what people ask of alerts, and what the budget of alerts is told and answers, in one order per patient.",
            vec![
                RecordKind::Finding,
                RecordKind::Command,
                RecordKind::AlertBudget,
                RecordKind::Tick,
            ],
        ),
        "healthcare.events.prior-auth-decision" => (
            "How each prior authorization stands, whole, after each change.",
            vec![RecordKind::Authorization],
        ),
        "healthcare.events.care-alert" => (
            "Each revision of each alert, whole.",
            vec![RecordKind::Alert],
        ),
        "healthcare.events.risk-gap-identified" => (
            "Where each patient stands in each quality measure, with each change.",
            vec![RecordKind::CareGap],
        ),
        "healthcare.care-gap.handover" => (
            "What quality measures knew of an identity that was merged into another, and what still comes for it.",
            care_handover(),
        ),
        "healthcare.alert.delivery" => (
            "News about alerts that is due to somebody.",
            vec![RecordKind::Delivery],
        ),
        "healthcare.alert.delivery-attempt" => (
            "Each try to bring such news, and how it ended.",
            vec![RecordKind::Attempt],
        ),
        "healthcare.audit" => (
            "Who saw what: written before anything that identifies a person is shown.",
            vec![RecordKind::Audit],
        ),
        "healthcare.mapping.unmapped" => (
            "Codes that nothing translates, message by message.",
            vec![RecordKind::Unmapped],
        ),
        "healthcare.quarantine.redriven" => (
            "What of quarantine was sent through again, by whom and when.",
            vec![RecordKind::Redriven],
        ),
        "healthcare.schemas" => (
            "What the schema registry was told, where it is Pulsewire's own.",
            vec![RecordKind::Registration],
        ),
        "pulsewire.site" => (
            "Which site key all processes derive pseudonyms from, where several share a journal.",
            vec![RecordKind::Site],
        ),
        _ => return incoming(topic),
    })
}

/// The topics of what comes in, and of what has no topic of its own type.
fn incoming(topic: &str) -> Option<(&'static str, Vec<RecordKind>)> {
    Some(match topic {
        "healthcare.fhir.received" => (
            "FHIR resources as their senders gave them, one a record.",
            vec![RecordKind::ReceivedResource],
        ),
        "healthcare.x12.received" => (
            "X12 transaction sets as their senders gave them, one a record.",
            vec![RecordKind::TransactionSet],
        ),
        "healthcare.fhir.other" => (
            "FHIR R4 resources of types without a topic of their own, each time whole.",
            vec![RecordKind::OtherResource],
        ),
        "healthcare.subscription.position" => (
            "Which events of subscriptions were taken in.",
            vec![RecordKind::SubscriptionPosition],
        ),
        topic => return device(topic),
    })
}

/// The topics of devices.
fn device(topic: &str) -> Option<(&'static str, Vec<RecordKind>)> {
    Some(match topic {
        "healthcare.device.vitals" => (
            "Measurements of devices at the bedside.",
            vec![RecordKind::Vitals, RecordKind::DevicePacket],
        ),
        "healthcare.device.association" => (
            "Who is on which device.",
            vec![RecordKind::DeviceAssociation, RecordKind::Tick],
        ),
        "healthcare.device.status" => (
            "What is wrong with devices: silent, frozen, technical, gaps, clocks.",
            vec![RecordKind::DeviceStatus],
        ),
        _ => return None,
    })
}

/// The topics of who sends.
fn of_sources(topic: &str) -> Option<(&'static str, Vec<RecordKind>)> {
    Some(match topic {
        "healthcare.source.activity" => (
            "What each process heard of each source, minute by minute.",
            vec![RecordKind::Activity, RecordKind::Tick],
        ),
        "healthcare.source.status" => (
            "How each source stands: what is usual, and since when it is silent.",
            vec![RecordKind::SourceStatus],
        ),
        _ => return None,
    })
}

/// The topics of units of the hospital, and of providers.
fn of_units(topic: &str) -> Option<(&'static str, Vec<RecordKind>)> {
    Some(match topic {
        "healthcare.events.ed-visit" => (
            "How each visit to an emergency department stands, whole, after each change, by unit.",
            vec![RecordKind::EmergencyVisit, RecordKind::Tick],
        ),
        "healthcare.payer.provider-week" => (
            "What claims of all members add to a week of a provider, each whole, after each change.",
            vec![RecordKind::ProviderWeek, RecordKind::Tick],
        ),
        "healthcare.payer.visit-mix" => (
            "How the visits of each provider's week are spread over levels, after each change, by specialty.",
            vec![RecordKind::VisitMix, RecordKind::Tick],
        ),
        "healthcare.events.integrity-case" => (
            "How each case stands that somebody should look into, of what a provider claims, after each change.",
            vec![RecordKind::IntegrityCase],
        ),
        "healthcare.events.ed-unit" => (
            "How each emergency department stands, minute by minute.",
            vec![RecordKind::EmergencyUnit],
        ),
        _ => return None,
    })
}

/// The topics of learned models.
fn of_models(topic: &str) -> Option<(&'static str, Vec<RecordKind>)> {
    Some(match topic {
        "healthcare.risk.hour" => (
            "The hours that a learned risk scored, and what says the truth of them, in one order per patient.",
            vec![
                RecordKind::RiskHour,
                RecordKind::Finding,
                RecordKind::Merge,
                RecordKind::RiskHandover,
                RecordKind::Tick,
            ],
        ),
        "healthcare.risk.example" => (
            "The hours that a learned risk scored, and again with what became of each when that can be known: what a model is judged by, and trained on.",
            vec![RecordKind::RiskExample, RecordKind::Tick],
        ),
        "healthcare.risk.status" => (
            "How each learned model stands, by the hour.",
            vec![RecordKind::RiskStatus],
        ),
        _ => return None,
    })
}

fn aside(of: &str, about: String, kind: RecordKind) -> Option<Content> {
    content(of)?;
    Some(Content {
        about,
        records: vec![kind],
    })
}

fn fhir(kind: &str) -> Option<Content> {
    let mut types = published().iter().copied();
    let name = types.find(|name| name.to_ascii_lowercase() == kind)?;
    Some(Content {
        about: format!("{name} resources of FHIR R4, each time whole."),
        records: vec![RecordKind::Resource(name)],
    })
}

fn hl7(topic: &str) -> Option<Content> {
    let kind = topic.strip_prefix("healthcare.hl7v2.")?;
    if kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let about = match kind {
        "other" => "HL7 v2 messages of types without a topic of their own, as sent.".to_owned(),
        kind => format!(
            "HL7 v2 messages of type {}, as sent.",
            kind.to_ascii_uppercase()
        ),
    };
    Some(Content {
        about,
        records: vec![RecordKind::Message],
    })
}

fn patient_stream() -> Vec<RecordKind> {
    let resources = published().iter().copied().map(RecordKind::Resource);
    let others = [
        RecordKind::OtherResource,
        RecordKind::Merge,
        RecordKind::Handover,
        RecordKind::PayerHandover,
        RecordKind::VisitHandover,
        RecordKind::VisitMoment,
        RecordKind::Tick,
    ];
    resources.chain(others).collect()
}

fn care_handover() -> Vec<RecordKind> {
    let streamed = patient_stream().into_iter();
    let resources =
        streamed.filter(|kind| matches!(kind, RecordKind::Resource(_) | RecordKind::OtherResource));
    let own = [RecordKind::CareHandover, RecordKind::Tick];
    resources.chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(topic: &str) -> Vec<&'static str> {
        let records = content(topic).map(|content| content.records);
        records
            .into_iter()
            .flatten()
            .map(RecordKind::name)
            .collect()
    }

    #[test]
    fn a_topic_is_described_by_its_name() {
        assert_eq!(kinds("healthcare.hl7v2.oru"), ["message"]);
        assert_eq!(
            kinds("healthcare.fhir.medicationrequest"),
            ["MedicationRequest"]
        );
        assert_eq!(
            kinds("healthcare.patient.stream.quarantine"),
            ["quarantined"]
        );
        assert_eq!(kinds("healthcare.fhir.received"), ["received-resource"]);
        assert_eq!(kinds("healthcare.fhir.other"), ["other-resource"]);
        assert_eq!(kinds("healthcare.fhir.claim"), ["Claim"]);
        assert_eq!(kinds("healthcare.x12.received"), ["x12-transaction-set"]);
        assert_eq!(kinds("healthcare.hl7v2.adt.late"), ["late"]);
        assert_eq!(
            kinds("healthcare.alert.stream"),
            ["finding", "command", "alert-budget", "tick"]
        );
        assert_eq!(kinds("healthcare.events.risk-gap-identified"), ["care-gap"]);
        assert!(kinds("healthcare.care-gap.handover").contains(&"care-handover"));
        assert_eq!(kinds("pulsewire.changelog.normalize"), ["changelog"]);
        assert!(kinds("healthcare.patient.stream").contains(&"Observation"));
    }

    #[test]
    fn what_is_no_topic_of_ours_is_not_described() {
        for topic in [
            "",
            "orders",
            "healthcare.fhir.nothing",
            "orders.quarantine",
            "healthcare.hl7v2.",
            "healthcare.hl7v2.a.b",
        ] {
            assert_eq!(content(topic), None, "{topic}");
        }
    }
}
