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
        backfill: false,
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
fn the_end_of_a_message_concludes_from_all_of_it() {
    let mut state = State::default();
    let now = now();
    let workloads = Workloads::new(Config::default());
    let mut effects = Effects::default();
    let event = potassium();
    workloads
        .step(&mut state, Input::Part(&event), now, &mut effects)
        .unwrap();
    assert_eq!(effects.findings, []);
    let mut bytes = Vec::new();
    assert!(state.encode(&mut bytes));
    let mut state = State::decode(&bytes).unwrap();
    workloads
        .step(&mut state, Input::End, now, &mut effects)
        .unwrap();
    let causes: Vec<_> = effects.findings.iter().map(|f| f.cause).collect();
    assert_eq!(causes, [Some(event.id)]);
    let concluded = state.clone();
    workloads
        .step(&mut state, Input::End, now, &mut effects)
        .unwrap();
    assert_eq!((effects.findings.len(), state), (1, concluded));
}

#[test]
fn a_timer_concludes_what_a_lost_end_left() {
    let mut state = State::default();
    let now = now();
    let workloads = Workloads::new(Config::default());
    let mut effects = Effects::default();
    let part = potassium();
    workloads
        .step(&mut state, Input::Part(&part), now, &mut effects)
        .unwrap();
    let timer = Input::Timer {
        tag: b"deterioration",
        at: now.watermark,
    };
    workloads
        .step(&mut state, timer, now, &mut effects)
        .unwrap();
    assert_eq!(effects.findings.len(), 1);
}

#[test]
fn the_end_of_a_message_is_forwarded_as_its_parts_are() {
    let survivor = PatientKey::from_bytes([4; 16]);
    let mut state = State {
        retired: Some(survivor),
        ..State::default()
    };
    let mut effects = Effects::default();
    let now = now();
    Workloads::new(Config::default())
        .step(&mut state, Input::End, now, &mut effects)
        .unwrap();
    assert_eq!(effects.forward_to, Some(survivor));
}

fn now() -> Now {
    Now {
        watermark: EventTime::from_micros(10),
        received: ReceivedTime::from_micros(10),
        patient: PatientKey::from_bytes([1; 16]),
    }
}

/// A potassium that is critical.
fn potassium() -> Event {
    Event {
        id: EventId::from_bytes([2; 16]),
        patient: PatientKey::from_bytes([1; 16]),
        at: EventTime::from_micros(10),
        recorded: None,
        received: ReceivedTime::from_micros(10),
        origin: Origin::default(),
        backfill: false,
        fact: Fact::Observation(clinical::Observation {
            resource: "potassium".into(),
            codes: vec![clinical::Code::loinc("2823-3")],
            value: Some(clinical::Value::Quantity(clinical::Quantity {
                value: clinical::Decimal::new(71, 1),
                comparator: None,
                unit: "mmol/L".into(),
            })),
            components: Vec::new(),
            status: clinical::ObservationStatus::Final,
            interpretation: Vec::new(),
            notes: Vec::new(),
            flags: Vec::new(),
            device: None,
        }),
    }
}

#[test]
fn of_an_idle_patient_little_is_kept() {
    let mut state = State::default();
    let workloads = Workloads::new(Config::default());
    let mut effects = Effects::default();
    let mut take = |state: &mut State, input: Input<'_>, now| {
        effects.timers.clear();
        workloads.step(state, input, now, &mut effects).unwrap();
        let timers = effects.timers.iter();
        let idle: Vec<_> = timers.filter(|(tag, _)| tag == super::IDLE).collect();
        idle.first().and_then(|(_, at)| *at)
    };
    let first = potassium();
    let idle_at = take(&mut state, Input::Event(&first), now()).unwrap();
    let mut later = potassium();
    later.id = EventId::from_bytes([3; 16]);
    later.at = EventTime::from_micros(20);
    if let Fact::Observation(observation) = &mut later.fact {
        observation.resource = "another".into();
    }
    assert_eq!(
        take(&mut state, Input::Event(&later), now()),
        None,
        "once a day"
    );
    let now = Now {
        watermark: idle_at,
        ..now()
    };
    let timer = Input::Timer {
        tag: super::IDLE,
        at: idle_at,
    };
    assert!(!state.chart.entries().is_empty() && take(&mut state, timer, now).is_none());
    assert_eq!(state.chart.entries(), []);
    assert!(
        !state.lines.is_empty(),
        "what was said last is compared with"
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
