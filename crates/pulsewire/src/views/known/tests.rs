//! What was known at a moment, of what came late, was corrected or merged, and where not all is read.

use clinical::{EventId, Merge};
use journal::{Headers, MemoryJournal, Record, TopicSpec, Write};
use proptest::prelude::*;

use super::*;

/// 1 March 2026, midnight.
const MARCH: i64 = 1_772_323_200_000_000;
const MINUTE: i64 = 60 * 1_000_000;
const PARTITIONS: u16 = 3;

fn key(patient: u8) -> PatientKey {
    PatientKey::from_bytes([patient; 16])
}

fn minute(of: i64) -> ReceivedTime {
    ReceivedTime::from_micros(MARCH + of * MINUTE)
}

fn journal() -> MemoryJournal {
    let journal = MemoryJournal::new();
    for name in INPUTS.map(|(name, _)| name) {
        let topic = TopicSpec {
            name: name.into(),
            partitions: PARTITIONS,
            retention: None,
            retention_bytes: None,
            compacted: false,
        };
        journal.ensure_topic(&topic).unwrap();
    }
    journal
}

/// Writes what arrived at a minute and was true at another.
fn write(journal: &MemoryJournal, (patient, known, at): (u8, i64, i64), kind: &str, value: &[u8]) {
    let key = key(patient);
    let id = EventId::derive(&[value, &known.to_be_bytes()]);
    let headers: Headers = vec![
        ("content-type".into(), kind.as_bytes().into()),
        ("event-id".into(), id.to_string().as_bytes().into()),
    ];
    let record = Record {
        key: (*key.as_bytes()).into(),
        event_time: minute(at).micros(),
        received_time: minute(known).micros(),
        headers,
        value: Some(value.into()),
        ..Record::default()
    };
    let partition = partition_for(key.as_bytes(), PARTITIONS);
    let records = vec![(
        TopicPartition::new(topics::PATIENT_STREAM, partition),
        record,
    )];
    let offsets = Vec::new();
    journal.append(Write { records, offsets }).unwrap();
}

/// A pulse of a resource, or a result of the laboratory.
fn tell(
    journal: &MemoryJournal,
    when: (u8, i64, i64),
    (id, code): (&str, &str),
    said: (u32, &str),
) {
    let (value, status) = said;
    let resource = serde_json::json!({
        "resourceType": "Observation", "id": id, "status": status,
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": value, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
    });
    let bytes = resource.to_string().into_bytes();
    write(journal, when, "application/fhir+json", &bytes);
}

fn pulse(journal: &MemoryJournal, when: (u8, i64, i64), id: &str, value: u32, status: &str) {
    tell(journal, when, (id, "8867-4"), (value, status));
}

fn merge(journal: &MemoryJournal, at: i64, retired: u8, survivor: u8) {
    for (patient, role, other) in [
        (retired, MergeRole::Retired, survivor),
        (survivor, MergeRole::Survivor, retired),
    ] {
        let other = key(other);
        let merge = identity::write_merge(&Merge { role, other });
        write(journal, (patient, at, at), identity::MERGE_JSON, &merge);
    }
}

/// The pulses that were known: when each was true, its words, and what was believed before.
fn pulses(journal: &MemoryJournal, patient: u8, known: i64) -> Vec<(i64, String, Option<String>)> {
    let known = as_known(journal, PARTITIONS, key(patient), minute(known)).unwrap();
    assert_eq!(known.read_from, None);
    let Some(view) = known.views.patients.get(&key(patient)) else {
        return Vec::new();
    };
    let points = view.vitals.iter().map(|((_, at, _), point)| {
        let before = point.before.as_ref().map(|before| before.text.to_string());
        (
            (at.micros() - MARCH) / MINUTE,
            point.text.to_string(),
            before,
        )
    });
    points.collect()
}

fn told(at: i64, text: &str, before: Option<&str>) -> (i64, String, Option<String>) {
    (at, text.to_owned(), before.map(str::to_owned))
}

#[test]
fn what_was_corrected_later_stands_as_it_was_believed() {
    let journal = journal();
    pulse(&journal, (1, 10, 5), "one", 170, "final");
    pulse(&journal, (1, 20, 2), "late", 80, "final");
    pulse(&journal, (2, 25, 5), "other", 60, "final");
    pulse(&journal, (1, 30, 5), "one", 70, "corrected");
    assert_eq!(pulses(&journal, 1, 9), []);
    assert_eq!(pulses(&journal, 1, 10), [told(5, "170", None)]);
    let late = told(2, "80", None);
    assert_eq!(
        pulses(&journal, 1, 29),
        [late.clone(), told(5, "170", None)]
    );
    assert_eq!(pulses(&journal, 1, 30), [late, told(5, "70", Some("170"))]);
}

#[test]
fn a_merge_counts_from_when_it_was_said_and_chains_are_followed() {
    let journal = journal();
    pulse(&journal, (1, 10, 10), "one", 61, "final");
    pulse(&journal, (2, 11, 11), "two", 62, "final");
    pulse(&journal, (3, 12, 12), "three", 63, "final");
    merge(&journal, 20, 1, 2);
    merge(&journal, 30, 2, 3);
    let (one, two) = (told(10, "61", None), told(11, "62", None));
    let three = told(12, "63", None);
    assert_eq!(pulses(&journal, 3, 29), std::slice::from_ref(&three));
    assert_eq!(pulses(&journal, 2, 29), [one.clone(), two.clone()]);
    assert_eq!(pulses(&journal, 3, 30), [one, two, three]);
}

#[test]
fn where_not_all_is_read_it_is_said_from_when_on() {
    let journal = journal();
    for at in 0..100 {
        pulse(&journal, (1, at, at), &format!("p{at}"), 60, "final");
    }
    let at = minute(99);
    let known = up_to(&journal, PARTITIONS, key(1), (at, 10)).unwrap();
    assert_eq!(known.read_from, Some(minute(90)));
    assert_eq!(known.views.patients[&key(1)].vitals.len(), 10);
    let all = up_to(&journal, PARTITIONS, key(1), (at, 100)).unwrap();
    assert_eq!(all.read_from, None);
    assert_eq!(all.views.patients[&key(1)].vitals.len(), 100);
    // What is older than the window is nothing that is missing.
    let later = minute(90 + 48 * 60);
    pulse(
        &journal,
        (1, 89 + 48 * 60, 89 + 48 * 60),
        "new",
        60,
        "final",
    );
    let known = up_to(&journal, PARTITIONS, key(1), (later, 50)).unwrap();
    assert_eq!(known.read_from, None);
}

#[test]
fn a_result_taken_back_says_what_it_was() {
    let journal = journal();
    tell(&journal, (1, 10, 5), ("k", "2823-3"), (7, "final"));
    tell(&journal, (1, 20, 5), ("k", "2823-3"), (4, "corrected"));
    let now = as_known(&journal, PARTITIONS, key(1), minute(20)).unwrap();
    let result = &now.views.patients[&key(1)].results["k"];
    assert_eq!(result.value, "4 /min");
    let before = result.before.as_ref().unwrap();
    assert_eq!((&*before.text, before.known), ("7 /min", minute(10)));
    let then = as_known(&journal, PARTITIONS, key(1), minute(19)).unwrap();
    let result = &then.views.patients[&key(1)].results["k"];
    assert_eq!((&*result.value, result.before.is_none()), ("7 /min", true));
}

#[test]
fn a_moment_is_on_the_clock_of_the_site_or_has_its_offset() {
    let summer = 1_774_746_000 * 1_000_000;
    let berlin = |at: i64| if at < summer { 60 } else { 120 };
    for (text, read) in [
        ("2026-03-01T12:30", "2026-03-01T11:30:00Z"),
        ("2026-03-01T12:30:15", "2026-03-01T11:30:15Z"),
        ("2026-03-29T01:59", "2026-03-29T00:59:00Z"),
        ("2026-03-29T03:01", "2026-03-29T01:01:00Z"),
        ("2026-03-01T12:30:00-05:00", "2026-03-01T17:30:00Z"),
    ] {
        let expected = ReceivedTime::parse(read);
        assert_eq!(moment(text, berlin), expected, "{text}");
    }
    for wrong in ["", "now", "2026-03-01", "2026-13-01T00:00", "12:30"] {
        assert_eq!(moment(wrong, berlin), None, "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes afterwards, what was known at a moment is the same.
    #[test]
    fn what_comes_later_changes_nothing_of_what_was_known(
        told in prop::collection::vec((1..4u8, 0..200i64, 0..4u8, 40..180u32), 1..40),
        moment in 0..40usize,
    ) {
        let moment = moment.min(told.len() - 1);
        let (before, after) = (journal(), journal());
        for (number, (patient, at, id, value)) in told.iter().enumerate() {
            let known = number as i64 * 10;
            let id = format!("p{patient}-{id}");
            for journal in [Some(&before).filter(|_| number <= moment), Some(&after)].into_iter().flatten() {
                pulse(journal, (*patient, known, *at), &id, *value, "final");
            }
        }
        let at = moment as i64 * 10;
        for patient in 1..4 {
            prop_assert_eq!(pulses(&before, patient, at), pulses(&after, patient, at));
        }
    }
}
