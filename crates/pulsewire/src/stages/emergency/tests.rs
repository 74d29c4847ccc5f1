//! Both stations over a journal: visits of many patients to boards of few units, whatever the partitions and the order.

use std::collections::BTreeMap;

use clinical::{FindingState, Merge, MergeRole, PatientKey, wire};
use expect_test::{Expect, expect};
use journal::{Journal, MemoryJournal, Write, partition_for};
use proptest::prelude::*;
use serde_json::{Value, json};
use stream::{MemoryStore, Task};
use workloads::throughput::UnitBeds;

use super::*;
use crate::metrics::UnitLabel;
use crate::stages::tests::journal_of;

const PARTITIONS: u16 = 3;
/// 2026-03-01T00:00:00Z
const MARCH: i64 = 1_772_323_200_000_000;
const MINUTE: i64 = 60 * 1_000_000;

fn department() -> Department {
    let beds = UnitBeds {
        department: 10,
        hospital: 100,
    };
    Department {
        waiting: ["WAIT".into()].into(),
        beds: [("ED".into(), beds)].into(),
        tells: true,
        ..Department::default()
    }
}

fn key(patient: u8) -> PatientKey {
    PatientKey::from_bytes([patient; 16])
}

/// Both stations with their journal.
struct World(Arc<MemoryJournal>);

impl World {
    fn new() -> Self {
        let specs = [
            &EmergencyStage::spec(PARTITIONS),
            &EmergencyUnitStage::spec(PARTITIONS),
        ];
        Self(journal_of(&specs, PARTITIONS))
    }

    fn append(&self, topic: &str, partition: u16, record: Record) {
        let records = vec![(TopicPartition::new(topic, partition), record)];
        let offsets = Vec::new();
        self.0.append(Write { records, offsets }).unwrap();
    }

    fn write(&self, patient: u8, minute: i64, kind: &str, value: Vec<u8>) {
        let key = key(patient);
        let id = EventId::derive(&[&value, &minute.to_be_bytes()]);
        let at = MARCH + minute * MINUTE;
        let record = Record {
            key: (*key.as_bytes()).into(),
            event_time: at,
            received_time: at + 1,
            seal: 0,
            headers: vec![
                header("content-type", kind),
                header("event-id", id.to_string()),
            ],
            value: Some(value.into()),
        };
        let partition = partition_for(key.as_bytes(), PARTITIONS);
        self.append(topics::PATIENT_STREAM, partition, record);
    }

    fn tell(&self, patient: u8, minute: i64, resource: &Value) {
        self.write(
            patient,
            minute,
            FHIR_JSON,
            resource.to_string().into_bytes(),
        );
    }

    fn merge(&self, minute: i64, retired: u8, survivor: u8) {
        for (patient, role, other) in [
            (retired, MergeRole::Retired, survivor),
            (survivor, MergeRole::Survivor, retired),
        ] {
            let other = key(other);
            let merge = identity::write_merge(&Merge { role, other });
            self.write(patient, minute, identity::MERGE_JSON, merge);
        }
    }

    /// Tells every partition what time it is.
    fn tick(&self, topic: &str, minute: i64) {
        for partition in 0..PARTITIONS {
            let at = MARCH + minute * MINUTE;
            let record = Record {
                event_time: at,
                received_time: at,
                headers: vec![header("tick", "1")],
                ..Record::default()
            };
            self.append(topic, partition, record);
        }
    }

    /// Runs both stations over all that was written, from the beginning, until nothing is left.
    fn run(&self, minute: i64) -> Arc<Metrics> {
        let metrics = Arc::<Metrics>::default();
        let shared = || -> Arc<dyn Journal> { Arc::<MemoryJournal>::clone(&self.0) };
        self.tick(topics::PATIENT_STREAM, minute);
        let stage = Arc::new(EmergencyStage::new(&department(), &Arc::default()));
        let spec = EmergencyStage::spec(PARTITIONS);
        let mut tasks: Vec<_> = (0..PARTITIONS)
            .map(|partition| {
                Task::open(
                    spec.clone(),
                    partition,
                    Arc::clone(&stage),
                    shared(),
                    MemoryStore::default(),
                )
                .unwrap()
            })
            .collect();
        // A handover goes from one partition to another.
        while tasks
            .iter_mut()
            .map(|task| task.run_once(100).unwrap().records)
            .sum::<usize>()
            > 0
        {}
        self.tick(topics::ED_VISIT, minute);
        self.tick(topics::ED_VISIT, minute + 1);
        let stage = Arc::new(EmergencyUnitStage::new(&department(), &metrics));
        let spec = EmergencyUnitStage::spec(PARTITIONS);
        for partition in 0..PARTITIONS {
            let stage = Arc::clone(&stage);
            let mut task = Task::open(
                spec.clone(),
                partition,
                stage,
                shared(),
                MemoryStore::default(),
            )
            .unwrap();
            while task.run_once(100).unwrap().records > 0 {}
        }
        for topic in [topics::PATIENT_STREAM, topics::ED_VISIT] {
            assert!(self.records(&topics::quarantine(topic)).is_empty());
        }
        metrics
    }

    fn records(&self, topic: &str) -> Vec<Record> {
        let all = (0..PARTITIONS).flat_map(|partition| {
            let batch = self
                .0
                .read(&TopicPartition::new(topic, partition), 0, usize::MAX);
            let records: Vec<_> = batch.unwrap().iter().map(|read| read.to_record()).collect();
            records
        });
        all.filter(|record| record.value.is_some()).collect()
    }

    /// How each visit stands now, and each unit in which there is anything to count at a minute.
    fn boards(&self, minute: i64) -> BTreeMap<String, Value> {
        let minute = EventTime::from_micros(MARCH + minute * MINUTE).to_string();
        let mut boards = BTreeMap::new();
        for record in self.records(topics::ED_VISIT) {
            let mut told: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
            assert_eq!(&*record.key, told["unit"].as_str().unwrap().as_bytes());
            let visit = format!("{} {}", told["visit"], told["unit"]);
            let is_gone = told["gone"] == true;
            told.as_object_mut().unwrap().remove("knownAt");
            if is_gone {
                boards.remove(&visit);
            } else {
                boards.insert(visit, told);
            }
        }
        for record in self.records(topics::ED_UNIT) {
            let told: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
            if told["at"] == minute.as_str() {
                boards.insert(told["unit"].as_str().unwrap().to_owned(), told);
            }
        }
        boards
    }

    /// The findings that stand: whose, about what, and in which words.
    fn findings(&self) -> Vec<String> {
        let mut lines = BTreeMap::new();
        for record in self.records(topics::ALERT_STREAM) {
            let finding = wire::finding_from_json(record.value.as_deref().unwrap()).unwrap();
            let line = (finding.patient, finding.condition.clone(), finding.as_of);
            let words = format!(
                "{} {}: {}",
                short(&finding.patient.to_string()),
                finding.condition,
                finding.summary
            );
            match finding.state {
                FindingState::Asserted => lines.insert(line, words),
                FindingState::Retracted(_) => lines.remove(&line),
            };
        }
        lines.into_values().collect()
    }

    fn check(&self, minute: i64, want: Expect) {
        self.run(minute);
        let mut out = String::new();
        for told in self.boards(minute + 1).into_values() {
            out += &match told.get("at") {
                None => format!(
                    "{} at {}: {}\n",
                    short(told["patient"].as_str().unwrap()),
                    told["place"],
                    told["milestones"]
                ),
                Some(_) => format!("{told}\n"),
            };
        }
        want.assert_eq(&(out + &self.findings().join("\n")));
    }
}

/// The number of a patient, which their key repeats.
fn short(key: &str) -> String {
    key.chars().take(2).collect()
}

/// An Encounter as an ADT message makes it: where the patient is, and where they were before.
fn encounter(id: &str, class: &str, status: &str, here: &str, before: &str) -> Value {
    let place =
        |words: &str, status: &str| json!({"location": {"display": words}, "status": status});
    let mut places = vec![place(here, "active")];
    places.extend((!before.is_empty()).then(|| place(before, "completed")));
    json!({"resourceType": "Encounter", "id": id, "status": status, "class": {"code": class},
        "period": {"start": "2026-03-01T00:00:00Z"}, "location": places})
}

#[test]
fn a_visit_is_on_the_board_of_its_unit_until_it_is_called_off() {
    let world = World::new();
    world.tell(
        1,
        0,
        &encounter("a", "EMER", "in-progress", "ED / WAIT / 1", ""),
    );
    world.tell(
        2,
        1,
        &encounter("b", "EMER", "in-progress", "ED / BAY1 / 1", ""),
    );
    world.tell(
        3,
        2,
        &encounter("c", "EMER", "in-progress", "ED / WAIT / 2", ""),
    );
    world.tell(
        1,
        20,
        &encounter("a", "EMER", "in-progress", "ED / BAY2 / 1", "ED / WAIT / 1"),
    );
    world.tell(
        2,
        30,
        &encounter("b", "IMP", "in-progress", "ED / BAY1 / 1", ""),
    );
    world.tell(
        4,
        31,
        &encounter("d", "IMP", "in-progress", "6N / 1 / A", ""),
    );
    world.tell(
        3,
        40,
        &encounter("c", "EMER", "cancelled", "ED / WAIT / 2", ""),
    );
    world.check(70, expect![[r#"
        02 at "BAY1 / 1": {"admission":"2026-03-01T00:30:00Z","arrival":"2026-03-01T00:00:00Z","room":"2026-03-01T00:00:00Z"}
        01 at "BAY2 / 1": {"arrival":"2026-03-01T00:00:00Z","room":"2026-03-01T00:20:00Z"}
        {"at":"2026-03-01T01:11:00Z","boarding":1,"crowding":"not busy","departed":0,"doorToRoom":10.0,"lastDoorToRoomMinutes":20,"leftUnseen":0,"longestBoardingMinutes":41,"nedocs":5.7,"patients":2,"unit":"ED","ventilated":0,"version":1,"waiting":0}
    "#]]);
}

#[test]
fn a_patient_who_turns_out_to_be_another_takes_the_visit_along() {
    let world = World::new();
    world.tell(
        1,
        0,
        &encounter("a", "EMER", "in-progress", "ED / WAIT / 1", ""),
    );
    world.tell(
        2,
        1,
        &encounter("b", "EMER", "in-progress", "Fast track / WAIT / 1", ""),
    );
    world.tick(topics::PATIENT_STREAM, 50);
    world.merge(51, 1, 7);
    world.tell(
        7,
        55,
        &encounter("a", "EMER", "in-progress", "ED / BAY2 / 1", "ED / WAIT / 1"),
    );
    world.check(70, expect![[r#"
        02 at "WAIT / 1": {"arrival":"2026-03-01T00:00:00Z"}
        07 at "BAY2 / 1": {"arrival":"2026-03-01T00:00:00Z","room":"2026-03-01T00:55:00Z"}
        {"at":"2026-03-01T01:11:00Z","boarding":0,"crowding":"not busy","departed":0,"doorToRoom":55.0,"lastDoorToRoomMinutes":55,"leftUnseen":0,"longestBoardingMinutes":0,"nedocs":-6.2,"patients":1,"unit":"ED","ventilated":0,"version":1,"waiting":0}
        {"at":"2026-03-01T01:11:00Z","boarding":0,"departed":0,"lastDoorToRoomMinutes":0,"leftUnseen":0,"longestBoardingMinutes":0,"patients":1,"unit":"Fast track","ventilated":0,"version":1,"waiting":1}
        02 emergency/room: wait for a treatment room: 45 min have passed of 60
        02 emergency/room: wait for a treatment room: more than 60 min
        07 emergency/room: wait for a treatment room: 45 min have passed of 60
        07 emergency/room: wait for a treatment room: over after 55 min, the limit is 60 min"#]]);
}

#[test]
fn how_crowded_a_unit_is_stands_among_the_metrics() {
    let world = World::new();
    let waits = |id: &str| encounter(id, "EMER", "arrived", "ED / WAIT / 1", "");
    world.tell(1, 0, &waits("visit-1"));
    world.tell(2, 5, &waits("visit-2"));
    let metrics = world.run(30);
    let told = world.boards(31)["ED"]["nedocs"].as_f64().unwrap();
    let unit = "ED".to_owned();
    let gauge = metrics.nedocs.get_or_create(&UnitLabel { unit }).get();
    assert_eq!(gauge.to_string(), told.to_string());
}

#[test]
fn a_unit_that_is_quiet_or_anothers_stands_among_the_metrics_no_more() {
    let world = World::new();
    let is_shown = |metrics: &Metrics| {
        let unit = "ED".to_owned();
        metrics.nedocs.get(&UnitLabel { unit }).is_some()
    };
    let waits = encounter("visit-1", "EMER", "arrived", "ED / WAIT / 1", "");
    world.tell(1, 0, &waits);
    let metrics = world.run(30);
    assert!(is_shown(&metrics));
    EmergencyUnitStage::new(&department(), &metrics).give_up();
    assert!(!is_shown(&metrics));
    let left = encounter("visit-1", "EMER", "finished", "ED / WAIT / 1", "");
    world.tell(1, 40, &left);
    assert!(is_shown(&world.run(40 + 24 * 60 - 2)));
    assert!(!is_shown(&world.run(40 + 24 * 60)));
}

#[test]
fn what_no_station_wrote_is_set_aside() {
    let world = World::new();
    let told = |value: &[u8]| Record {
        key: (*b"ED").into(),
        event_time: MARCH,
        received_time: MARCH,
        headers: vec![header("content-type", VisitTold::CONTENT_TYPE)],
        value: Some(value.into()),
        ..Record::default()
    };
    let partition = partition_for(b"ED", PARTITIONS);
    world.append(topics::ED_VISIT, partition, told(b"{}"));
    let spec = EmergencyUnitStage::spec(PARTITIONS);
    let stage = Arc::new(EmergencyUnitStage::new(&department(), &Arc::default()));
    let journal: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&world.0);
    let mut task = Task::open(spec, partition, stage, journal, MemoryStore::default()).unwrap();
    while task.run_once(100).unwrap().records > 0 {}
    let aside = world.records(&topics::quarantine(topics::ED_VISIT));
    let reason = aside[0]
        .headers
        .iter()
        .find(|(name, _)| &**name == stream::REASON_HEADER);
    assert_eq!(
        reason.map(|(_, reason)| &**reason),
        Some(&b"unreadable"[..])
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_in_the_same_boards_and_findings(
        told in prop::collection::vec((1..6u8, 0..400i64, 0..7usize), 1..24),
        keys in prop::collection::vec(any::<u32>(), 24),
    ) {
        let said = |patient: u8, what: usize| {
            let id = format!("visit-{patient}");
            let (class, status, here, before) = [
                ("EMER", "in-progress", "ED / WAIT / 1", ""),
                ("EMER", "in-progress", "ED / BAY1 / 1", "ED / WAIT / 1"),
                ("EMER", "triaged", "Fast track / WAIT / 1", ""),
                ("IMP", "in-progress", "ED / BAY1 / 1", ""),
                ("IMP", "in-progress", "6N / 1 / A", "ED / BAY1 / 1"),
                ("EMER", "cancelled", "ED / BAY1 / 1", ""),
                ("EMER", "finished", "ED / BAY1 / 1", ""),
            ][what];
            encounter(&id, class, status, here, before)
        };
        let after = |told: &[(u8, i64, usize)]| {
            let world = World::new();
            for (patient, minute, what) in told {
                world.tell(*patient, *minute, &said(*patient, *what));
            }
            world.run(500);
            (world.boards(501), world.findings())
        };
        let mut shuffled: Vec<_> = keys.into_iter().zip(told.clone()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<_> = shuffled.into_iter().flat_map(|(_, one)| [one, one]).collect();
        prop_assert_eq!(after(&told), after(&shuffled));
    }
}
