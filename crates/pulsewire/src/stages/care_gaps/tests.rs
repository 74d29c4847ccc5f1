//! The station over a journal: gaps close, open again, are final in time, and follow merges, in whatever order things come.

use std::collections::BTreeMap;

use clinical::{CareGap, FindingState, GapStatus, Merge, MergeRole};
use expect_test::{Expect, expect};
use journal::{Journal, MemoryJournal, Record, Write};
use proptest::prelude::*;
use serde_json::{Value, json};
use stream::{MemoryStore, Task};

use super::*;
use crate::config;
use crate::stages::tests::journal_of;

const ANN: PatientKey = PatientKey::from_bytes([1; 16]);
const BOB: PatientKey = PatientKey::from_bytes([2; 16]);
/// 2026-03-01T00:00:00Z
const MARCH: i64 = 1_772_323_200_000_000;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;
const SETS: &str = "\
2.16.840.1.113883.3.464.1003.101.12.1001\turn:t\toffice
2.16.840.1.113883.3.464.1003.108.12.1020\turn:t\tcolonoscopy
2.16.840.1.113883.3.464.1003.104.12.1011\turn:t\thypertension
2.16.840.1.113883.3.464.1003.1003\turn:t\thospice
";

fn settings() -> CareGaps {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sets.tsv"), SETS).unwrap();
    let path = folder.path().display().to_string();
    let text = format!(
        "[workloads.care-gaps]\nenabled = true\nmeasures = \"cms130 cms165\"\nvalue_sets = {path:?}\nmissing_value_sets = \"allow\"\nsettles_after = \"30d\"\nclaim_sources = \"payer\"\n[source.payer]\n"
    );
    config::parse(&text).unwrap().care_gaps.unwrap()
}

/// The station with its journal, where everything is on one partition.
struct World {
    settings: CareGaps,
    journal: Arc<MemoryJournal>,
    written: i64,
}

impl World {
    fn new() -> Self {
        let settings = settings();
        let journal = journal_of(&[&CareGapStage::spec(&settings, 1)], 1);
        Self {
            settings,
            journal,
            written: 0,
        }
    }

    fn write(
        &mut self,
        patient: PatientKey,
        kind: &str,
        headers: Headers,
        received: i64,
        value: Vec<u8>,
    ) {
        self.written += 1;
        let id = EventId::derive(&[&value, &received.to_be_bytes()]);
        let mut own = vec![
            header("content-type", kind),
            header("event-id", id.to_string()),
        ];
        own.extend(headers);
        let record = Record {
            key: (*patient.as_bytes()).into(),
            event_time: received,
            received_time: received,
            seal: 0,
            headers: own,
            value: Some(value.into()),
        };
        let records = vec![(TopicPartition::new(topics::PATIENT_STREAM, 0), record)];
        let offsets = Vec::new();
        self.journal.append(Write { records, offsets }).unwrap();
    }

    fn tell(&mut self, patient: PatientKey, resource: &Value) {
        let received = MARCH + self.written;
        self.write(
            patient,
            FHIR_JSON,
            Headers::new(),
            received,
            resource.to_string().into_bytes(),
        );
    }

    fn merge(&mut self, retired: PatientKey, survivor: PatientKey) {
        let received = MARCH + self.written;
        for (patient, role, other) in [
            (retired, MergeRole::Retired, survivor),
            (survivor, MergeRole::Survivor, retired),
        ] {
            let merge = identity::write_merge(&Merge { role, other });
            self.write(
                patient,
                identity::MERGE_JSON,
                Headers::new(),
                received,
                merge,
            );
        }
    }

    /// Runs the station over all that was written, from the beginning; gives what it said.
    fn gaps(&self) -> Vec<CareGap> {
        let spec = CareGapStage::spec(&self.settings, 1);
        let stage = CareGapStage::new(&self.settings, &Arc::default());
        let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&self.journal);
        let mut task =
            Task::open(spec, 0, Arc::new(stage), shared, MemoryStore::default()).unwrap();
        while task.run_once(1_000).unwrap().records > 0 {}
        task.flush().unwrap();
        let refused = topics::quarantine(topics::PATIENT_STREAM);
        assert!(self.records(&refused).is_empty());
        let said = self.records(topics::CARE_GAP);
        let said = said.iter().map(|record| {
            let gap = wire::care_gap_from_json(record.value.as_deref().unwrap()).unwrap();
            assert_eq!(&*record.key, gap.finding.patient.as_bytes());
            gap
        });
        said.collect()
    }

    fn records(&self, topic: &str) -> Vec<Record> {
        let batch = self
            .journal
            .read(&TopicPartition::new(topic, 0), 0, usize::MAX);
        batch.unwrap().iter().map(|read| read.to_record()).collect()
    }

    fn check(&self, expected: Expect) {
        let lines = self.gaps().into_iter().map(|gap| {
            let whose = if gap.finding.patient == ANN {
                "ann"
            } else {
                "bob"
            };
            let proofs = gap.finding.evidence.iter();
            let proofs: Vec<_> = proofs
                .map(|proof| format!("{} {}", proof.what, proof.at))
                .collect();
            format!(
                "{whose} {} {} r{} {} {proofs:?}\n",
                gap.measure,
                gap.year,
                gap.finding.revision,
                gap.status.word()
            )
        });
        expected.assert_eq(&lines.collect::<String>());
    }
}

fn concept(word: &str) -> Value {
    json!({"coding": [{"system": "urn:t", "code": word}]})
}

fn person() -> Value {
    json!({"resourceType": "Patient", "id": "p", "birthDate": "1965-05-05", "gender": "male"})
}

fn visit(id: &str, kind: &str) -> Value {
    json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"}, "type": [concept(kind)],
        "period": {"start": "2026-02-01T10:00:00Z", "end": "2026-02-01T10:20:00Z"}})
}

fn colonoscopy(status: &str) -> Value {
    json!({"resourceType": "Procedure", "id": "c", "status": status, "code": concept("colonoscopy"), "performedDateTime": "2020-06-01"})
}

fn hypertension() -> Value {
    let status = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    json!({"resourceType": "Condition", "id": "h", "code": concept("hypertension"), "onsetDateTime": "2020",
        "clinicalStatus": {"coding": [{"system": status, "code": "active"}]}})
}

fn pressure(id: &str, day: u8, systolic: u32) -> Value {
    let part = |code: &str, value: u32| json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": {"value": value, "code": "mm[Hg]"}});
    json!({"resourceType": "Observation", "id": id, "status": "final", "effectiveDateTime": format!("2026-02-{day:02}T08:00:00Z"),
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}, "component": [part("8480-6", systolic), part("8462-4", 80)]})
}

#[test]
fn a_gap_closes_opens_again_when_that_was_an_error_and_is_final_when_the_year_has_settled() {
    let mut world = World::new();
    for resource in [
        person(),
        visit("v", "office"),
        colonoscopy("completed"),
        colonoscopy("entered-in-error"),
        colonoscopy("completed"),
    ] {
        world.tell(ANN, &resource);
    }
    // Somebody else's events tell the time.
    world.write(
        BOB,
        FHIR_JSON,
        Headers::new(),
        MARCH + 400 * DAY,
        person().to_string().into_bytes(),
    );
    world.check(expect![[r#"
        ann cms130 2026 r1 open []
        ann cms130 2026 r2 provisionally-closed ["Colonoscopy 2020-06-01T00:00:00Z"]
        ann cms130 2026 r3 reopened []
        ann cms130 2026 r4 provisionally-closed ["Colonoscopy 2020-06-01T00:00:00Z"]
        ann cms130 2026 r5 closed ["Colonoscopy 2020-06-01T00:00:00Z"]
    "#]]);
}

#[test]
fn what_a_payer_says_is_final_and_history_and_messages_of_several_parts_are_told_as_such() {
    let mut world = World::new();
    world.write(
        ANN,
        FHIR_JSON,
        vec![header(MORE, "1")],
        MARCH,
        person().to_string().into_bytes(),
    );
    world.write(
        ANN,
        FHIR_JSON,
        vec![header(MORE, "1")],
        MARCH + 1,
        visit("v", "office").to_string().into_bytes(),
    );
    let claim = vec![header("source-system", "payer")];
    world.write(
        ANN,
        FHIR_JSON,
        claim,
        MARCH + 2,
        colonoscopy("completed").to_string().into_bytes(),
    );
    world.check(expect![[r#"
        ann cms130 2026 r1 closed ["Colonoscopy 2020-06-01T00:00:00Z"]
    "#]]);
    let mut world = World::new();
    for (after, resource) in [(0, person()), (1, visit("v", "office"))] {
        world.write(
            ANN,
            FHIR_JSON,
            vec![header(BACKFILL, "1")],
            MARCH + after,
            resource.to_string().into_bytes(),
        );
    }
    assert!(world.gaps().iter().all(|gap| gap.finding.backfill));
    assert!(
        world
            .records(topics::CARE_GAP)
            .iter()
            .all(|record| record.headers.iter().any(|(name, _)| &**name == BACKFILL))
    );
}

/// What stands in the end of a patient whose visit another identity had, of whom `said` is said last.
fn after_a_merge(
    said: &Value,
    is_known_before: bool,
) -> BTreeMap<(PatientKey, Box<str>, i16), String> {
    let mut world = World::new();
    world.tell(ANN, &visit("v", "office"));
    if is_known_before {
        world.tell(BOB, &person());
        world.tell(ANN, said);
        world.merge(ANN, BOB);
    } else {
        world.tell(ANN, said);
        world.merge(ANN, BOB);
        world.tell(BOB, &person());
    }
    standing(&world.gaps())
}

#[test]
fn of_a_merged_patient_the_identity_that_stays_speaks() {
    let stub = json!({"resourceType": "Patient", "id": "q", "active": false, "gender": "male"});
    let too_young =
        json!({"resourceType": "Patient", "id": "q", "birthDate": "2006-05-05", "gender": "male"});
    let open = BTreeMap::from([((BOB, "cms130".into(), 2026), "open []".to_owned())]);
    assert_eq!(after_a_merge(&stub, true), open);
    assert_eq!(after_a_merge(&stub, false), open);
    assert_eq!(after_a_merge(&too_young, true), open);
}

#[test]
fn other_settings_are_another_group() {
    let name = |settings: &CareGaps| CareGapStage::spec(settings, 1).name;
    let one = settings();
    let mut other = settings();
    assert_eq!(name(&one), name(&other));
    other.measures.utc_offset_seconds = 3600;
    assert_ne!(name(&one), name(&other));
    let mut other = settings();
    other.value_sets.add(
        "2.16.840.1.113883.3.464.1003.108.12.1020",
        "urn:t",
        "another",
    );
    assert_ne!(name(&one), name(&other));
    let mut other = settings();
    other.claim_sources.insert("else".to_owned());
    assert_ne!(name(&one), name(&other));
}

#[test]
fn what_is_no_resource_is_set_aside() {
    let mut world = World::new();
    world.write(ANN, FHIR_JSON, Headers::new(), MARCH, b"no JSON".to_vec());
    let spec = CareGapStage::spec(&world.settings, 1);
    let stage = CareGapStage::new(&world.settings, &Arc::default());
    let shared: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&world.journal);
    let mut task = Task::open(spec, 0, Arc::new(stage), shared, MemoryStore::default()).unwrap();
    while task.run_once(1_000).unwrap().records > 0 {}
    assert_eq!(
        world
            .records(&topics::quarantine(topics::PATIENT_STREAM))
            .len(),
        1
    );
}

#[test]
fn state_is_read_as_it_was_written_and_nothing_is_kept_of_nobody() {
    let settings = settings();
    let stage = CareGapStage::new(&settings, &Arc::default());
    let mut out = vec![7];
    assert!(!stage.encode(&State::default(), &mut out));
    assert_eq!(out, [7]);
    let begun = State {
        has_begun: true,
        ..State::default()
    };
    let mut out = Vec::new();
    assert!(stage.encode(&begun, &mut out));
    assert_eq!(stage.decode(&out).unwrap(), begun);
    assert!(stage.decode(&[9]).is_err());
}

/// What stands in the end of each patient. That a gap was closed in between is about what came first.
fn standing(gaps: &[CareGap]) -> BTreeMap<(PatientKey, Box<str>, i16), String> {
    let mut standing = BTreeMap::new();
    for gap in gaps {
        let finding = &gap.finding;
        let key = (finding.patient, gap.measure.clone(), gap.year);
        if gap.status == GapStatus::NotEligible {
            assert!(matches!(finding.state, FindingState::Retracted(_)));
            standing.remove(&key);
            continue;
        }
        let status = if gap.status.is_open() {
            "open"
        } else {
            gap.status.word()
        };
        let proofs = finding.evidence.iter();
        let proofs: Vec<_> = proofs
            .map(|proof| (&proof.what, &proof.value, proof.at))
            .collect();
        standing.insert(key, format!("{status} {proofs:?}"));
    }
    standing
}

fn resources() -> Vec<Value> {
    vec![
        person(),
        visit("v", "office"),
        visit("w", "hospice"),
        hypertension(),
        colonoscopy("completed"),
        pressure("a", 3, 138),
        pressure("b", 9, 151),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever a patient is known as, whenever that is found to be the same person, and in whatever order things come.
    #[test]
    fn any_order_and_any_time_of_a_merge_ends_the_same(
        order in Just((0..7usize).collect::<Vec<_>>()).prop_shuffle(),
        told in 1..8usize,
        retired in prop::collection::vec(any::<bool>(), 7),
        merged_after in 0..8usize,
    ) {
        let all = resources();
        let (mut one, mut two) = (World::new(), World::new());
        let mut kept: Vec<usize> = order.iter().copied().take(told).collect();
        for (place, number) in kept.iter().enumerate() {
            if place == merged_after {
                two.merge(ANN, BOB);
            }
            two.tell(if retired[*number] { ANN } else { BOB }, &all[*number]);
        }
        if merged_after >= kept.len() {
            two.merge(ANN, BOB);
        }
        kept.sort_unstable();
        for number in kept {
            one.tell(BOB, &all[number]);
        }
        prop_assert_eq!(standing(&one.gaps()), standing(&two.gaps()));
    }
}
