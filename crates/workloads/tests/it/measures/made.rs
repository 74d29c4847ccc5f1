//! Resources of an invented patient, and codes for them.

use clinical::{EventId, Finding, FindingState, Origin, PatientKey, ReceivedTime, resource_hash};
use serde_json::{Value, json};
use workloads::Now;
use workloads::measures::{
    Care, Change, Measure, MeasureState, MeasureValueSets, Measures, MeasuresConfig, Source,
};

/// Words for codes, and the value sets that they are in.
const CODES: [(&str, &str); 14] = [
    ("office", "2.16.840.1.113883.3.464.1003.101.12.1001"),
    ("inpatient", "2.16.840.1.113883.3.666.5.307"),
    ("hospice", "2.16.840.1.113883.3.464.1003.1003"),
    ("colonoscopy", "2.16.840.1.113883.3.464.1003.108.12.1020"),
    ("fobt", "2.16.840.1.113883.3.464.1003.198.12.1011"),
    ("mammogram", "2.16.840.1.113883.3.464.1003.108.12.1018"),
    ("diabetes", "2.16.840.1.113883.3.464.1003.103.12.1001"),
    ("hypertension", "2.16.840.1.113883.3.464.1003.104.12.1011"),
    ("a1c", "2.16.840.1.113883.3.464.1003.198.12.1013"),
    ("glucose", "2.16.840.1.113762.1.4.1248.34"),
    ("creatinine", "2.16.840.1.113762.1.4.1248.21"),
    ("insulin", "2.16.840.1.113762.1.4.1196.393"),
    ("ed", "2.16.840.1.113883.3.464.1003.101.12.1010"),
    ("ed-place", "2.16.840.1.113762.1.4.1046.284"),
];

/// The value sets that the words fill.
pub(crate) fn sets() -> MeasureValueSets {
    let mut sets = MeasureValueSets::new();
    for (word, oid) in CODES {
        assert!(sets.add(oid, "urn:test", word), "{word}");
    }
    sets
}

fn concept(word: &str) -> Value {
    json!({"coding": [{"system": "urn:test", "code": word}]})
}

/// A patient born on a day.
pub(crate) fn patient(born: &str, gender: &str) -> Value {
    json!({"resourceType": "Patient", "id": "p", "birthDate": born, "gender": gender})
}

/// A finished visit.
pub(crate) fn visit(id: &str, kind: &str, start: &str, end: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": "finished",
        "class": {"code": "AMB"}, "type": [concept(kind)], "period": {"start": start, "end": end}})
}

/// A condition that goes on.
pub(crate) fn condition(id: &str, kind: &str, onset: &str) -> Value {
    let status = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    json!({"resourceType": "Condition", "id": id, "code": concept(kind), "onsetDateTime": onset,
        "clinicalStatus": {"coding": [{"system": status, "code": "active"}]}})
}

/// A completed procedure.
pub(crate) fn procedure(id: &str, kind: &str, at: &str) -> Value {
    json!({"resourceType": "Procedure", "id": id, "status": "completed", "code": concept(kind),
        "performedDateTime": at})
}

/// A final laboratory result.
pub(crate) fn result(id: &str, kind: &str, at: &str, value: &str, unit: &str) -> Value {
    let category = "http://terminology.hl7.org/CodeSystem/observation-category";
    let value: serde_json::Number = value.parse().expect("what is made up is well made");
    json!({"resourceType": "Observation", "id": id, "status": "final", "code": concept(kind),
        "category": [{"coding": [{"system": category, "code": "laboratory"}]}],
        "effectiveDateTime": at, "valueQuantity": {"value": value, "code": unit}})
}

/// A final blood pressure.
pub(crate) fn pressure(id: &str, at: &str, systolic: u32, diastolic: u32) -> Value {
    let part = |code: &str, value: u32| {
        json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "code": "mm[Hg]"}})
    };
    json!({"resourceType": "Observation", "id": id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "effectiveDateTime": at, "component": [part("8480-6", systolic), part("8462-4", diastolic)]})
}

/// A medication that was given.
pub(crate) fn given(id: &str, kind: &str, at: &str) -> Value {
    json!({"resourceType": "MedicationAdministration", "id": id, "status": "completed",
        "medicationCodeableConcept": concept(kind), "effectiveDateTime": at})
}

/// 2025-01-01T00:00:00Z, in seconds.
const BEGINNING: i64 = 1_735_689_600;

/// Makes a change of a resource, accepted so many seconds into 2025.
pub(crate) fn change(resource: &Value, received: i64) -> Change {
    change_by(&sets(), resource, received)
}

/// Makes a change of a resource as other value sets have it.
pub(crate) fn change_by(sets: &MeasureValueSets, resource: &Value, received: i64) -> Change {
    let bytes = resource.to_string();
    let fact =
        mapping::care::fact(bytes.as_bytes(), sets.sets()).expect("what is made up is well made");
    Change {
        event: EventId::derive(&[bytes.as_bytes(), &received.to_be_bytes()]),
        origin: Origin {
            partition: 0,
            offset: received.unsigned_abs(),
        },
        received: ReceivedTime::from_micros((BEGINNING + received) * 1_000_000),
        source: Source::Clinical,
        care: Care::Stands(fact.expect("what is made up is well made")),
    }
}

/// Takes back what a change said.
pub(crate) fn taken_back(resource: &Value, received: i64) -> Change {
    let mut change = change(resource, received);
    if let Care::Stands(fact) = change.care {
        change.care = Care::TakenBack {
            kind: fact.detail.number(),
            resource: resource_hash(
                resource["id"]
                    .as_str()
                    .expect("what is made up is well made"),
            ),
        };
    }
    change
}

/// A patient whose gaps are followed.
pub(crate) struct Followed {
    measures: Measures,
    pub(crate) state: MeasureState,
    pub(crate) findings: Vec<Finding>,
}

impl Followed {
    pub(crate) fn new(measures: &[Measure], settles_after_days: Option<u32>) -> Self {
        let day = std::time::Duration::from_secs(24 * 60 * 60);
        let config = MeasuresConfig {
            measures: measures.to_vec(),
            utc_offset_seconds: 0,
            settles_after: settles_after_days.map(|days| day * days),
        };
        Self {
            measures: Measures::new(config, &sets()),
            state: MeasureState::default(),
            findings: Vec::new(),
        }
    }

    /// Takes a change in at a time, and gives what is said then.
    pub(crate) fn take(&mut self, now: &str, change: Change) -> String {
        let event = change.event;
        self.measures
            .take(&mut self.state, change)
            .expect("what is made up is well made");
        self.conclude(now, Some(event))
    }

    /// Lets a time come, and gives what is said then.
    pub(crate) fn conclude(&mut self, now: &str, cause: Option<EventId>) -> String {
        let now = Now {
            watermark: clinical::EventTime::parse(now).expect("what is made up is well made"),
            received: ReceivedTime::parse(now).expect("what is made up is well made"),
            patient: PatientKey::derive(&[b"ann"]),
        };
        let effects = self.measures.conclude(&mut self.state, now, cause);
        // State is written and read between any two inputs.
        let mut bytes = Vec::new();
        self.state.encode(&mut bytes);
        assert_eq!(MeasureState::decode(&bytes).as_ref(), Ok(&self.state));
        let findings = effects.gaps.into_iter().map(|gap| gap.finding);
        let findings: Vec<Finding> = findings.collect();
        let told = findings.iter().map(show).collect::<Vec<_>>();
        self.findings.extend(findings);
        told.join("\n")
    }
}

/// Shows a finding on a line.
fn show(finding: &Finding) -> String {
    let evidence: Vec<String> = finding
        .evidence
        .iter()
        .map(|proof| format!("{} {} {}", proof.what, proof.value, proof.at))
        .collect();
    let state = match &finding.state {
        FindingState::Asserted => "",
        FindingState::Retracted(_) => "retracted ",
    };
    format!(
        "{state}{} r{} {:?}: {} [{}]",
        finding.condition,
        finding.revision,
        finding.severity,
        finding.summary,
        evidence.join("; ")
    )
}
