//! Tests of what a step refuses.

use clinical::Origin;

use super::*;

fn step(state: &mut State, fact: Fact) -> Result<Effects, StepError> {
    let patient = PatientKey::from_bytes([1; 16]);
    let event = Event {
        id: EventId::from_bytes([2; 16]),
        patient,
        at: EventTime::from_micros(10),
        recorded: None,
        received: ReceivedTime::from_micros(10),
        origin: Origin::default(),
        fact,
    };
    let now = Now {
        watermark: event.at,
        received: event.received,
        patient,
    };
    let mut effects = Effects::default();
    Workloads::new(Config::default())
        .step(state, Input::Event(&event), now, &mut effects)
        .map(|()| effects)
}

#[test]
fn a_handover_that_cannot_be_read_changes_nothing() {
    let mut state = State::default();
    let from = PatientKey::from_bytes([3; 16]);
    let error = step(
        &mut state,
        Fact::Handover {
            from,
            state: vec![99].into(),
        },
    );
    assert_eq!(error, Err(StepError::Handover(DecodeError::Version(99))));
    assert_eq!(state, State::default());
}

#[test]
fn a_patient_is_not_merged_with_itself() {
    let mut state = State::default();
    let merge = Merge {
        role: MergeRole::Retired,
        other: PatientKey::from_bytes([1; 16]),
    };
    assert_eq!(
        step(&mut state, Fact::Merge(merge)),
        Err(StepError::SelfMerge)
    );
    assert_eq!(state, State::default());
}

#[test]
fn a_retired_identity_forwards_everything_but_a_repeated_merge() {
    let mut state = State::default();
    let survivor = PatientKey::from_bytes([4; 16]);
    let merge = Fact::Merge(Merge {
        role: MergeRole::Retired,
        other: survivor,
    });
    assert_eq!(
        step(&mut state, merge.clone()).map(|e| e.forward_to),
        Ok(None)
    );
    assert_eq!(step(&mut state, merge), Ok(Effects::default()));
    let person = Fact::Person(clinical::Person {
        birth_date: None,
        gender: None,
        deceased: false,
    });
    assert_eq!(
        step(&mut state, person).map(|e| e.forward_to),
        Ok(Some(survivor))
    );
}

#[test]
fn every_workload_says_what_it_is() {
    for workload in &WORKLOADS {
        assert!(!workload.sources.is_empty(), "{}", workload.name);
        assert!(!workload.late_items.is_empty(), "{}", workload.name);
        assert!(
            workload.late_window <= workload.revise_window,
            "{}",
            workload.name
        );
        for parameter in workload.reads {
            assert!(Parameter::all().any(|known| known == *parameter));
        }
    }
}
