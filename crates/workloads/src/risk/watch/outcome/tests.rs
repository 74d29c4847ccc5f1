//! Labels at their limits, revised, merged, stored, and in any order of what is heard.

use expect_test::expect;
use proptest::prelude::*;

use super::*;
use crate::workload::WORKLOADS;

const HOUR: i64 = 3_600_000_000;

fn at(hour: i64) -> EventTime {
    EventTime::from_micros(hour * HOUR)
}

fn hour(end: i64) -> Hour {
    Hour {
        end: at(end),
        admission: at(0),
        model: "abc".into(),
        score: -2.5,
        probability: 0.01,
        row: Row::new([1.0, f64::NAN, end as f64]),
    }
}

fn onset(hour: i64) -> Heard {
    Heard::Sepsis {
        onset: at(hour),
        asserted: true,
    }
}

fn alert(number: u8, from: i64, until: Option<i64>, feedback: Option<Feedback>) -> Heard {
    let raised = Raised {
        from: at(from),
        until: until.map(at),
        feedback,
    };
    Heard::Alert(AlertId::from_bytes([number; 16]), raised)
}

/// The end of the hour, whether the label is on, and the revision.
fn said(examples: &[Example]) -> Vec<(i64, bool, u32)> {
    let said = |of: &Example| {
        let end = of.hour.end.micros() / HOUR;
        (end, of.outcome.is_septic(), of.revision)
    };
    examples.iter().map(said).collect()
}

#[test]
fn the_label_is_on_from_six_hours_before_onset_and_given_when_its_time_is_over() {
    let mut known = Outcomes::default();
    for end in 1..=40 {
        assert!(known.take(Heard::Hour(hour(end))));
    }
    assert!(!known.take(Heard::Hour(Hour {
        score: 9.0,
        ..hour(40)
    })));
    assert!(known.take(onset(30)));
    assert_eq!(known.wake(), Some(at(1 + 78)));
    assert!(
        known
            .conclude(EventTime::from_micros(79 * HOUR - 1))
            .is_empty()
    );
    assert_eq!(said(&known.conclude(at(79))), [(1, false, 1)]);
    let rest = known.conclude(at(40 + 78));
    assert_eq!(rest.len(), 39);
    for example in &rest {
        let end = example.hour.end.micros() / HOUR;
        assert_eq!(example.outcome.is_septic(), end >= 24, "{end}");
        assert_eq!(example.hour, hour(end), "as it was scored");
    }
    assert_eq!(known.waiting(), 0);
    assert!(known.conclude(at(40 + 78)).is_empty());
}

#[test]
fn sepsis_before_the_hospital_admitted_is_of_no_hour() {
    let mut known = Outcomes::default();
    known.take(Heard::Hour(hour(1)));
    known.take(onset(-1));
    assert_eq!(said(&known.conclude(at(79))), [(1, false, 1)]);
}

#[test]
fn a_revised_onset_revises_the_label_until_nothing_can_change_it() {
    let mut known = Outcomes::default();
    known.take(Heard::Hour(hour(10)));
    known.take(Heard::Hour(hour(11)));
    assert_eq!(
        said(&known.conclude(at(90))),
        [(10, false, 1), (11, false, 1)]
    );
    known.take(onset(17));
    let told = known.conclude(at(91));
    assert_eq!(said(&told), [(11, true, 2)]);
    assert!(told.iter().all(|of| of.hour.row.values().is_empty()));
    known.take(Heard::Sepsis {
        onset: at(17),
        asserted: false,
    });
    known.take(onset(16));
    let told = known.conclude(at(92));
    assert_eq!(said(&told), [(10, true, 2), (11, true, 3)]);
    assert_eq!(told[0].outcome.because, Because::Onset(at(16)));
    // Each is settled when `sepsis-3` no longer revises what decides over it, and the onset itself last.
    assert_eq!(known.wake(), Some(at(10 + 6 + 120)));
    known.conclude(at(11 + 6 + 120));
    assert!(known.hours.is_empty() && !known.is_empty());
    assert_eq!(known.wake(), Some(at(16 + 6 + 120)));
    known.conclude(at(16 + 6 + 120));
    assert!(known.is_empty(), "{known:?}");
    assert_eq!(known.wake(), None);
}

#[test]
fn what_a_person_said_of_an_alert_stands_beside_the_label() {
    let mut known = Outcomes::default();
    for end in 1..=6 {
        known.take(Heard::Hour(hour(end)));
    }
    known.take(alert(1, 2, Some(4), Some(Feedback::FalseAlarm)));
    let told = known.conclude(at(6 + 78));
    let beside: Vec<_> = told
        .iter()
        .map(|of| (of.outcome.alerted, of.outcome.feedback))
        .collect();
    let stood = (true, Some(Feedback::FalseAlarm));
    let none = (false, None);
    assert_eq!(beside, [none, stood, stood, stood, none, none]);
    assert!(told.iter().all(|of| !of.outcome.is_septic()));
}

#[test]
fn onsets_are_revised_for_as_long_as_sepsis_3_revises_them() {
    let sepsis = WORKLOADS.iter().find(|of| of.name == "sepsis-3");
    assert_eq!(sepsis.map(|of| of.revise_window), Some(SETTLED));
    assert_eq!(
        WORKLOADS
            .iter()
            .find(|of| of.name == "suspected-infection")
            .map(|of| of.looks_back),
        Some(LABEL_DELAY)
    );
}

#[test]
fn hours_go_to_the_identity_that_stays() {
    let mut retired = Outcomes::default();
    retired.take(Heard::Hour(hour(10)));
    retired.take(Heard::Hour(hour(11)));
    retired.conclude(at(10 + 78));
    retired.take(onset(12));
    let mut stays = Outcomes::default();
    stays.take(Heard::Hour(hour(11)));
    stays.take(Heard::Hour(hour(12)));
    let survivor = PatientKey::from_bytes([7; 16]);
    let own = PatientKey::from_bytes([6; 16]);
    let mut before = retired.clone();
    stays.absorb(retired.retire(own, survivor, at(12 + 100)));
    assert!(stays.onsets.is_empty(), "they are said anew");
    let mut later = Outcomes::default();
    later.absorb(before.retire(own, survivor, at(12 + 121)));
    assert!(
        later.onsets.contains(&at(12)),
        "of them nothing is said anew"
    );
    stays.take(onset(12));
    assert_eq!(retired.survivor(), Some(survivor));
    assert!(retired.conclude(at(500)).is_empty());
    let told = stays.conclude(at(12 + 78));
    // What was told of an hour of the retired identity is revised by the name under which it was told.
    let told_of: Vec<_> = told.iter().map(|of| of.told_of).collect();
    assert_eq!(told_of, [Some(own), None, None]);
    assert_eq!(said(&told), [(10, true, 2), (11, true, 1), (12, true, 1)]);
}

#[test]
fn what_is_kept_is_limited() {
    let mut known = Outcomes::default();
    let count = |of: usize| i64::try_from(of).unwrap();
    for number in 0..count(MAX_HOURS) + 1 {
        known.take(Heard::Hour(hour(number)));
    }
    assert_eq!(known.hours.len(), MAX_HOURS);
    assert!(!known.hours.contains_key(&at(0)));
    for number in 0..count(MAX_ONSETS) + 1 {
        known.take(onset(number));
    }
    assert_eq!(known.onsets.len(), MAX_ONSETS);
    assert!(known.onsets.contains(&at(0)));
    for number in 0..=u8::try_from(MAX_ALERTS).unwrap() {
        known.take(alert(number, i64::from(number), None, None));
    }
    assert_eq!(known.alerts.len(), MAX_ALERTS);
    assert!(!known.alerts.contains_key(&AlertId::from_bytes([0; 16])));
}

#[test]
fn what_version_1_stored_is_read() {
    let mut known = Outcomes::default();
    known.take(Heard::Hour(hour(1)));
    known.take(Heard::Hour(hour(90)));
    known.take(onset(7));
    known.take(alert(3, 1, Some(2), Some(Feedback::FalseAlarm)));
    known.take(alert(4, 90, None, None));
    known.conclude(at(80));
    let mut bytes = Vec::new();
    assert!(known.encode(&mut bytes));
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    expect!["01000280909de91a0003616263c0040000000000003f847ae147ae147b00010280f0cbe0bb0101030080a0bdfeed120003616263c0040000000000003f847ae147ae147b03053ff000000000000040568000000000000000000180f0cbe0bb01020303030303030303030303030303030380909de91a0180a0bad235030404040404040404040404040404040480a0bdfeed120000"].assert_eq(&hex);
    assert_eq!(Outcomes::decode(&bytes), Ok(known));
}

#[test]
fn another_version_and_damage_are_refused() {
    use crate::DecodeError;
    assert_eq!(Outcomes::decode(&[2]), Err(DecodeError::Version(2)));
    assert_eq!(Outcomes::decode(&[1, 9]), Err(DecodeError::Damaged));
    assert_eq!(Outcomes::decode(&[]), Ok(Outcomes::default()));
}

/// What can be heard of a patient, each once.
fn heard() -> impl Strategy<Value = Vec<Heard>> {
    let hours = proptest::collection::btree_set(1_i64..60, 1..20);
    let onsets = proptest::collection::btree_set(-5_i64..80, 0..4);
    let alerts = proptest::collection::btree_map(1_u8..4, (1_i64..60, 0_i64..20), 0..3);
    (hours, onsets, alerts).prop_flat_map(|(hours, onsets, alerts)| {
        let hours = hours.into_iter().map(|end| Heard::Hour(hour(end)));
        let onsets = onsets.into_iter().map(onset);
        let alerts = alerts.into_iter().map(|(number, (from, long))| {
            alert(number, from, Some(from + long), Some(Feedback::Resolved))
        });
        let all: Vec<_> = hours.chain(onsets).chain(alerts).collect();
        Just(all).prop_shuffle()
    })
}

/// The last that was told of each hour.
fn last(told: Vec<Example>) -> BTreeMap<EventTime, Outcome> {
    let of = told
        .into_iter()
        .map(|example| (example.hour.end, example.outcome));
    of.collect()
}

/// How often something was told depends on when it was asked.
fn unnumbered(mut known: Outcomes) -> Outcomes {
    known.hours.values_mut().for_each(|held| held.revision = 0);
    known
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_what_is_heard_ends_in_the_same_labels(
        one in heard(),
        seed in any::<u64>(),
        early in 1_i64..170,
    ) {
        let mut straight = Outcomes::default();
        for heard in one.clone() {
            straight.take(heard);
        }
        let expected = last(straight.conclude(at(170)));
        // Another order, concluded from in between, with all stored and read again.
        let mut other = one;
        let middle = usize::try_from(seed % other.len() as u64).unwrap();
        other.rotate_left(middle);
        let mut known = Outcomes::default();
        let mut told = Vec::new();
        for heard in other {
            known.take(heard.clone());
            prop_assert!(!known.take(heard), "what is heard again is no news");
            // Nothing is forgotten yet at this time, so that nothing is heard too late.
            told.extend(known.conclude(at(early.min(120))));
            let mut bytes = Vec::new();
            known.encode(&mut bytes);
            prop_assert_eq!(&Outcomes::decode(&bytes).unwrap(), &known);
        }
        told.extend(known.conclude(at(170)));
        prop_assert_eq!(last(told), expected);
        prop_assert_eq!(unnumbered(known), unnumbered(straight));
    }
}
