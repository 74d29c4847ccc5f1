//! Whose measurements are where patients are moved, merged and corrected by HL7 v2.

use std::collections::BTreeMap;

use super::*;
use crate::stages::NormalizeStage;
use crate::stages::tests::append;

/// A message of a minute: the event, the patient's number, and what follows PID.
type Message<'m> = (i64, &'m str, &'m str, String);

/// Where a patient is by a visit's number, and where they were before.
fn at(place: &str, before: &str, visit: &str) -> String {
    format!("PV1||I|{place}|||{before}|||||||||||||{visit}")
}

/// Says of each value that the monitor of `ICU^12^A` measured, one in five minutes, whose it is in the end.
fn whose(messages: &[Message<'_>]) -> String {
    let mut world = World::new();
    let config = config::defaults();
    let sources = Arc::new(Sources::new(&config.sources).unwrap());
    let site = SiteKey::new([7; 32]);
    let normalize = NormalizeStage::spec(1);
    ensure(&world.journal, &normalize, 1);
    let stage = NormalizeStage::new(Arc::clone(&sources), site.clone(), Arc::default());
    let journal: Arc<dyn Journal> = Arc::<MemoryJournal>::clone(&world.journal);
    let store = MemoryStore::new();
    let mut task = Task::open(normalize, 0, Arc::new(stage), journal, store).unwrap();
    let values: Vec<_> = (0..6)
        .map(|n| ((5 * n + 2) * MINUTE + MINUTE / 2, 80 + n))
        .collect();
    let series = world.series(HEART_RATE, &values);
    world.says(40 * MINUTE, None, vec![series]);
    for (minute, event, patient, rest) in messages {
        let time = format!("2026030109{minute:02}00+0000");
        let text = format!(
            "MSH|^~\\&|ADT|H|||{time}||ADT^{event}|{event}{minute}|P|2.5\rEVN|{event}|{time}\rPID|||{patient}^^^H^MR\r{rest}\r"
        );
        append(&world.journal, text.into_bytes().leak(), &sources, &site);
        while task.run_once(100).unwrap().records > 0 {}
        while world.task.run_once(100).unwrap().records > 0 {}
    }
    world.passes(50 * MINUTE);
    world.passes(51 * MINUTE);
    let numbers = ["1", "2", "3"].map(|number| (site.patient("H", number), number));
    let mut stands = BTreeMap::new();
    for record in world.read(topics::FHIR_RECEIVED) {
        let told: serde_json::Value =
            serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
        let key = PatientKey::from_slice(&record.key).unwrap();
        let patient = numbers.iter().find(|(known, _)| *known == key);
        let value = told["valueQuantity"]["value"].to_string();
        let line = format!("{value} {}", patient.unwrap().1);
        let id = told["id"].as_str().unwrap().to_owned();
        match told["status"] == "entered-in-error" {
            true => stands.remove(&id),
            false => stands.insert(id, line),
        };
    }
    let mut stands: Vec<String> = stands.into_values().collect();
    stands.sort();
    stands.join(", ")
}

const BED: &str = "ICU^12^A";

#[test]
fn a_cancelled_transfer_never_took_place_whatever_its_messages_name_as_left() {
    for (before, cancelled) in [("", ""), ("WARD", ""), ("", BED), ("WARD", BED)] {
        let told = whose(&[
            (0, "A01", "1", at(BED, "", "V1")),
            (1, "A01", "2", at("WARD", "", "V2")),
            (10, "A02", "2", at(BED, before, "V2")),
            (20, "A12", "2", at("WARD", cancelled, "V2")),
        ]);
        assert_eq!(
            told, "80 1, 81 1, 82 1, 83 1, 84 1, 85 1",
            "{before} {cancelled}"
        );
    }
    // A move back is one.
    let told = whose(&[
        (0, "A01", "2", at("WARD", "", "V2")),
        (10, "A02", "2", at(BED, "WARD", "V2")),
        (20, "A02", "2", at("WARD", BED, "V2")),
    ]);
    assert_eq!(told, "82 2, 83 2");
}

#[test]
fn a_leave_that_is_cancelled_was_none_and_one_whose_return_is_cancelled_goes_on() {
    let came = || (0, "A01", "1", at(BED, "", "V1"));
    let went = || (5, "A21", "1", at(BED, "", "V1"));
    let cancelled = whose(&[came(), went(), (15, "A52", "1", at(BED, "", "V1"))]);
    assert_eq!(cancelled, "80 1, 81 1, 82 1, 83 1, 84 1, 85 1");
    let back = || (15, "A22", "1", at(BED, "", "V1"));
    assert_eq!(whose(&[came(), went(), back()]), "80 1, 83 1, 84 1, 85 1");
    let away = whose(&[came(), went(), back(), (20, "A53", "1", at(BED, "", "V1"))]);
    assert_eq!(away, "80 1");
}

#[test]
fn after_a_merge_all_times_at_the_bed_are_those_of_who_stays() {
    let came = || (0, "A01", "1", at(BED, "", "V1"));
    let went = || (10, "A02", "1", at("WARD", BED, "V1"));
    let merged = || (15, "A40", "2", "MRG|1^^^H^MR".to_owned());
    assert_eq!(whose(&[came(), went(), merged()]), "80 2, 81 2");
    // The admission never was, whoever it was told of.
    let none = whose(&[came(), merged(), (20, "A11", "2", at(BED, "", "V1"))]);
    assert_eq!(none, "");
    let back = whose(&[
        came(),
        went(),
        merged(),
        (20, "A12", "2", at(BED, "", "V1")),
    ]);
    assert_eq!(back, "80 2, 81 2, 82 2, 83 2, 84 2, 85 2");
    // What names who stays may come before the merge.
    let early = whose(&[came(), (20, "A02", "2", at("WARD", BED, "V1")), merged()]);
    assert_eq!(early, "80 2, 81 2, 82 2, 83 2");
}

#[test]
fn a_visit_that_gets_another_patient_or_number_takes_its_times_at_the_bed_along() {
    let came = || (0, "A01", "1", at(BED, "", "V1"));
    let went = || (10, "A02", "1", at("WARD", BED, "V1"));
    let moved = |patient, event, visit| {
        let merged = format!("MRG|1^^^H^MR||||V1\r{}", at("", "", visit));
        (15, event, patient, merged)
    };
    assert_eq!(
        whose(&[came(), went(), moved("2", "A45", "V1")]),
        "80 2, 81 2"
    );
    assert_eq!(
        whose(&[came(), went(), moved("1", "A50", "V9")]),
        "80 1, 81 1"
    );
    // Again, and what is cancelled then is what was said under the first number.
    let again = (
        18,
        "A50",
        "2",
        format!("MRG|2^^^H^MR||||V1\r{}", at("", "", "V8")),
    );
    let back = (20, "A12", "2", at(BED, "", "V8"));
    let told = whose(&[came(), went(), moved("2", "A45", "V1"), again, back]);
    assert_eq!(told, "80 2, 81 2, 82 2, 83 2, 84 2, 85 2");
}
