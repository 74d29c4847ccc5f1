//! The topics by name: what they hold, and who reads them.

use std::time::Duration;

use journal::{Topic, TopicSpec};

/// One FHIR record after the other, in the order accepted, per patient: the one input of all workloads.
pub(crate) const PATIENT_STREAM: &str = "healthcare.patient.stream";
/// Messages of several patients, split by patient, and what arrives for a retired identity, forwarded.
pub(crate) const PATIENT_SPLIT: &str = "healthcare.patient.split";
/// Findings, and what people ask of alerts, in one order per patient.
pub(crate) const ALERT_STREAM: &str = "healthcare.alert.stream";
/// Each revision of each alert, whole.
pub(crate) const CARE_ALERT: &str = "healthcare.events.care-alert";
/// How each prior authorization stands, whole, after each change.
pub(crate) const AUTHORIZATION: &str = "healthcare.events.prior-auth-decision";
/// What claims add to a week of a provider, each whole, keyed by provider and week.
pub(crate) const PROVIDER_WEEK: &str = "healthcare.payer.provider-week";
/// How the visits of a provider's week are spread over levels, whole, keyed by specialty and family of visits.
pub(crate) const VISIT_MIX: &str = "healthcare.payer.visit-mix";
/// How each case stands that somebody should look into, of what a provider claims.
pub(crate) const INTEGRITY_CASE: &str = "healthcare.events.integrity-case";
/// How each visit to an emergency department stands, whole, after each change, keyed by unit.
pub(crate) const ED_VISIT: &str = "healthcare.events.ed-visit";
/// How each emergency department stands, minute by minute.
pub(crate) const ED_UNIT: &str = "healthcare.events.ed-unit";
/// Where a patient stands in a quality measure, with each change.
pub(crate) const CARE_GAP: &str = "healthcare.events.risk-gap-identified";
/// What quality measures knew of a retired identity, and what arrives for it, forwarded.
pub(crate) const CARE_HANDOVER: &str = "healthcare.care-gap.handover";
/// The hours that a learned risk scored, what says the truth of them, and merges, in one order per patient.
pub(crate) const RISK_HOUR: &str = "healthcare.risk.hour";
/// The same hours, and each again with what became of it when that can be known, keyed by model.
pub(crate) const RISK_EXAMPLE: &str = "healthcare.risk.example";
/// How each learned model stands, by the hour and with every change.
pub(crate) const RISK_STATUS: &str = "healthcare.risk.status";
/// News about alerts that is due to somebody.
pub(crate) const DELIVERY: &str = "healthcare.alert.delivery";
/// Each try to bring such news, and how it ended.
pub(crate) const DELIVERY_ATTEMPT: &str = "healthcare.alert.delivery-attempt";
/// Who saw what.
pub(crate) const AUDIT: &str = "healthcare.audit";
/// Frames that were refused, kept for inspection.
pub(crate) const REFUSED: &str = "healthcare.hl7v2.refused";
/// Codes that nothing translates, message by message, without whose they are.
pub(crate) const UNMAPPED: &str = "healthcare.mapping.unmapped";
/// What of quarantine was sent through again, by whom and when.
pub(crate) const REDRIVEN: &str = "healthcare.quarantine.redriven";
/// What intake heard of each source, minute by minute.
pub(crate) const SOURCE_ACTIVITY: &str = "healthcare.source.activity";
/// How each source stands: what is usual of it, and since when it is silent.
pub(crate) const SOURCE_STATUS: &str = "healthcare.source.status";
/// Which schemas were registered under which subjects, where the registry is our own.
pub(crate) const SCHEMAS: &str = "healthcare.schemas";
/// Which site key all processes derive pseudonyms from, by its fingerprint, where several share a journal.
pub(crate) const SITE: &str = "pulsewire.site";
/// FHIR resources as their senders gave them, one a record.
pub(crate) const FHIR_RECEIVED: &str = "healthcare.fhir.received";
/// Which events of subscriptions were taken in.
pub(crate) const SUBSCRIPTION: &str = "healthcare.subscription.position";
/// X12 transaction sets as their senders gave them, one a record.
pub(crate) const X12_RECEIVED: &str = "healthcare.x12.received";
/// Device measurements.
pub(crate) const DEVICE_VITALS: &str = "healthcare.device.vitals";
/// Who is on which device, and from when.
pub(crate) const DEVICE_ASSOCIATION: &str = "healthcare.device.association";
/// What is wrong with devices, or no longer.
pub(crate) const DEVICE_STATUS: &str = "healthcare.device.status";
/// Resources of types without a topic of their own.
pub(crate) const FHIR_OTHER: &str = "healthcare.fhir.other";
/// What cannot be put under its own message type.
pub(crate) const HL7_OTHER: &str = "healthcare.hl7v2.other";

/// Message types that have a raw topic of their own (MSH-9.1).
const HL7_TYPES: &[&str] = &[
    "ADT", "ORU", "ORM", "OML", "OMG", "OMP", "ORR", "ORL", "ORG", "RDE", "RDS", "RAS", "RGV",
    "SIU", "MDM", "VXU", "DFT", "BAR", "OUL", "PPR", "REF", "MFN", "QBP", "RSP", "ACK",
];
/// How long the topic of gaps is kept at least: the year measured, the one after it, and a year to settle.
const CARE_GAPS_KEPT: Duration = Duration::from_secs(3 * 366 * 24 * 60 * 60);
/// What is told of everything that no name of ours is for.
pub(crate) const OTHER: &str = "other";

/// The raw topic of a message type.
pub(crate) fn hl7(message_type: &str) -> Topic {
    match signal(message_type) {
        OTHER => HL7_OTHER.into(),
        known => hl7_topic(known),
    }
}

fn hl7_topic(known: &str) -> Topic {
    format!("healthcare.hl7v2.{}", known.to_ascii_lowercase()).into()
}

/// The raw topics that normalize reads, beside [`PATIENT_SPLIT`].
pub(crate) fn all_raw() -> Vec<Topic> {
    let others = [FHIR_RECEIVED, X12_RECEIVED].map(Topic::from);
    all_hl7().into_iter().chain(others).collect()
}

/// All that intake writes what came in to.
pub(crate) fn all_received() -> Vec<Topic> {
    let devices = [DEVICE_VITALS, DEVICE_ASSOCIATION].map(Topic::from);
    all_raw().into_iter().chain(devices).collect()
}

/// The message type as it is told of, one that has no raw topic of its own under one name with all such.
pub(crate) fn signal(message_type: &str) -> &'static str {
    let mut known = HL7_TYPES.iter();
    let known = known.find(|known| known.eq_ignore_ascii_case(message_type));
    known.copied().unwrap_or(OTHER)
}

/// What is told of what came to a topic, where nothing more is known of it; of what came to quarantine, that it is something
/// else.
pub(crate) fn signal_of(topic: &str) -> &'static str {
    match topic {
        FHIR_RECEIVED => "FHIR",
        X12_RECEIVED => "X12",
        DEVICE_VITALS => "vitals",
        DEVICE_ASSOCIATION => "association",
        _ => signal(topic.strip_prefix("healthcare.hl7v2.").unwrap_or_default()),
    }
}

/// The raw topics of HL7 v2 messages.
pub(crate) fn all_hl7() -> Vec<Topic> {
    HL7_TYPES
        .iter()
        .map(|known| hl7_topic(known))
        .chain([HL7_OTHER.into()])
        .collect()
}

/// The topics that are written one record at a time. Other raw topics are written by transactions, too: a bundle is kept whole.
pub(crate) fn one_by_one() -> Vec<Topic> {
    all_hl7()
        .into_iter()
        .chain([SOURCE_ACTIVITY.into()])
        .collect()
}

/// The public topic of a FHIR resource type.
pub(crate) fn fhir(resource_type: &str) -> Topic {
    match schema::resource::published().contains(resource_type) {
        true => format!("healthcare.fhir.{}", resource_type.to_ascii_lowercase()).into(),
        false => FHIR_OTHER.into(),
    }
}

/// The public topics of all FHIR resource types.
pub(crate) fn all_fhir() -> Vec<Topic> {
    let own = schema::resource::published().iter().map(|name| fhir(name));
    own.chain([FHIR_OTHER.into()]).collect()
}

/// Where what could not be used of a topic is kept, with its reason.
pub(crate) fn quarantine(topic: &str) -> Topic {
    format!("{topic}.quarantine").into()
}

/// What ends the name of a topic of what came after a workload's window.
pub(crate) const LATE: &str = ".late";

/// Where what came after a workload's window is kept.
pub(crate) fn late(topic: &str) -> Topic {
    format!("{topic}{LATE}").into()
}

/// Topics whose records can be unusable, so that each has a quarantine beside it.
pub(crate) fn with_quarantine() -> Vec<Topic> {
    let streams = [
        PATIENT_SPLIT,
        PATIENT_STREAM,
        ALERT_STREAM,
        CARE_ALERT,
        SOURCE_ACTIVITY,
        CARE_HANDOVER,
        PROVIDER_WEEK,
        VISIT_MIX,
        ED_VISIT,
        RISK_HOUR,
        RISK_EXAMPLE,
    ];
    // The station of devices reads who lies where.
    let places = ["Encounter", "Device"].map(fhir);
    all_received()
        .into_iter()
        .chain(streams.map(Topic::from))
        .chain(places)
        .collect()
}

/// Every topic, with how it is kept.
pub(crate) fn specs(partitions: u16, retention: Duration) -> Vec<TopicSpec> {
    let own = [
        AUTHORIZATION,
        INTEGRITY_CASE,
        ED_UNIT,
        DELIVERY,
        DELIVERY_ATTEMPT,
        AUDIT,
        REFUSED,
        UNMAPPED,
        DEVICE_STATUS,
        REDRIVEN,
        SUBSCRIPTION,
        SOURCE_STATUS,
        RISK_STATUS,
    ]
    .map(Topic::from);
    let with_quarantine = with_quarantine();
    let plain = all_fhir().into_iter();
    let plain: Vec<Topic> = plain
        .filter(|topic| !with_quarantine.contains(topic))
        .collect();
    let names = with_quarantine
        .into_iter()
        .flat_map(|topic| [quarantine(&topic), late(&topic), topic])
        .chain(plain)
        .chain(own);
    names
        .map(|name| TopicSpec {
            name,
            partitions,
            retention: Some(retention),
            retention_bytes: None,
            compacted: false,
        })
        .chain([schemas(partitions), care_gaps(partitions, retention)])
        .collect()
}

/// A gap stands for the year that is measured and the one after it, so the topic of gaps is kept for at least that long.
fn care_gaps(partitions: u16, retention: Duration) -> TopicSpec {
    TopicSpec {
        name: CARE_GAP.into(),
        partitions,
        retention: Some(retention.max(CARE_GAPS_KEPT)),
        retention_bytes: None,
        compacted: false,
    }
}

/// The topic of schemas is kept for ever: an old record is read by the schema it was written with. All of it is on
/// partition 0, where it has one order.
fn schemas(partitions: u16) -> TopicSpec {
    TopicSpec {
        name: SCHEMAS.into(),
        partitions,
        retention: None,
        retention_bytes: None,
        compacted: true,
    }
}

/// What a journal has besides that several processes share.
pub(crate) fn shared(partitions: u16) -> Vec<TopicSpec> {
    let site = TopicSpec {
        name: SITE.into(),
        ..changelog("", partitions)
    };
    let stations = [
        "devices",
        "normalize",
        "workloads",
        "payer",
        "providers",
        "provider-peers",
        "emergency",
        "emergency-units",
        "risk-outcomes",
        "risk-board",
        "alerts",
        "sources",
    ];
    let changelogs = stations.map(|station| changelog(station, partitions));
    changelogs.into_iter().chain([site]).collect()
}

/// Where a station keeps its state, if that is on topics: the newest record of each key is the state.
pub(crate) fn changelog(station: &str, partitions: u16) -> TopicSpec {
    TopicSpec {
        name: stream::changelog_topic(station),
        partitions,
        retention: None,
        retention_bytes: None,
        compacted: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_type_without_a_topic_of_its_own_is_kept_with_the_others() {
        assert_eq!(&*hl7("ORU"), "healthcare.hl7v2.oru");
        assert_eq!(&*hl7("ZZZ"), HL7_OTHER);
        assert_eq!(&*hl7(""), HL7_OTHER);
        assert_eq!(&*hl7("../../etc"), HL7_OTHER);
    }

    #[test]
    fn a_resource_type_without_a_topic_of_its_own_is_published_with_the_others() {
        assert_eq!(&*fhir("Observation"), "healthcare.fhir.observation");
        assert_eq!(&*fhir("Claim"), "healthcare.fhir.claim");
        assert_eq!(&*fhir("MolecularSequence"), FHIR_OTHER);
        assert_eq!(&*fhir("received"), FHIR_OTHER);
    }

    #[test]
    fn what_is_told_of_a_topic_is_no_word_of_a_sender() {
        assert_eq!(signal_of(&hl7("ORU")), "ORU");
        assert_eq!(signal_of(HL7_OTHER), "other");
        assert_eq!(signal_of(DEVICE_VITALS), "vitals");
        assert_eq!(signal_of(&quarantine(DEVICE_VITALS)), "other");
        assert_eq!(signal_of(&quarantine(&hl7("ORU"))), "other");
        assert_eq!(signal("adt"), "ADT");
        assert_eq!(signal("Doe"), "other");
    }

    #[test]
    fn every_topic_is_listed_once() {
        let mut names: Vec<_> = specs(12, Duration::ZERO)
            .into_iter()
            .map(|spec| spec.name)
            .collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
