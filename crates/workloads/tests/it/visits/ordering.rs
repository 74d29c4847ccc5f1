//! Whatever was said of visits comes when: boards and findings end the same.

use std::collections::BTreeSet;

use clinical::{
    EventTime, FindingState, Presence, ReceivedTime, VisitClass, VisitState, VisitStatus,
};
use proptest::prelude::*;
use workloads::throughput::{
    Department, Emergency, Heard, Input, Milestone, PatientState, Says, Sign,
};

use super::{department, heard, now, place, shown, state};
use crate::events::event_time;

/// What one version of the Encounter may say, a minute and its place in the order of arrival beside it.
fn said() -> impl Strategy<Value = VisitState> {
    use VisitStatus::{Arrived, Cancelled, Finished, InProgress, Triaged};
    let class = prop::sample::select(
        &[
            VisitClass::Emergency,
            VisitClass::Emergency,
            VisitClass::Inpatient,
            VisitClass::Observation,
        ][..],
    );
    let status = prop::sample::select(
        &[
            Arrived, Triaged, InProgress, InProgress, InProgress, Finished, Cancelled,
        ][..],
    );
    let words = || {
        prop::sample::select(
            &[
                "ED / WAIT / 1",
                "ED / BAY1 / 1",
                "ED / BAY2 / 1",
                "6N / 1 / A",
            ][..],
        )
    };
    (class, status, words(), prop::option::of(words())).prop_map(|(class, status, here, left)| {
        let mut places = vec![place(here, Presence::Here, None, None)];
        places.extend(left.map(|words| place(words, Presence::Left, None, None)));
        state(class, status, places)
    })
}

fn sign() -> impl Strategy<Value = (u64, Says, bool)> {
    let says = prop::sample::select(
        &[
            Says::Reached(Milestone::Triage),
            Says::Reached(Milestone::Provider),
            Says::Reached(Milestone::Decision),
            Says::Ventilated,
        ][..],
    );
    (0..3u64, says, any::<bool>())
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let one = prop_oneof![
        3 => said().prop_map(Ok),
        1 => sign().prop_map(Err),
    ];
    prop::collection::vec((0..700i64, one), 1..24).prop_map(|all| {
        let all = all.into_iter().zip(1u64..);
        all.map(|((minute, one), number)| match one {
            Ok(state) => Input::Visit(heard(minute, number), state),
            Err((resource, says, stands)) => {
                let Heard { at, event, .. } = heard(minute, number);
                let known = ReceivedTime::from_micros(event_time(minute).micros() + 1);
                let sign = Sign {
                    resource,
                    says,
                    at,
                    known,
                    event,
                    stands,
                    acuity: None,
                };
                Input::Signs {
                    resource,
                    known,
                    event,
                    signs: vec![sign],
                }
            }
        })
        .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_in_the_same_board_and_findings(
        inputs in inputs(),
        keys in prop::collection::vec(any::<u32>(), 24),
        stored in any::<bool>(),
        merged in 0..24usize,
    ) {
        let emergency = Emergency::new(Department { tells: true, ..department() });
        let mut shuffled: Vec<(u32, Input)> = keys.into_iter().zip(inputs.iter().cloned()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let twice: Vec<Input> = shuffled.into_iter().flat_map(|(_, input)| [input.clone(), input]).collect();
        let after = |inputs: &[Input], merged: Option<usize>| {
            let mut state = PatientState::default();
            let (mut board, mut held) = (Vec::new(), BTreeSet::new());
            let mut minute = 0;
            let mut conclude = |state: &mut PatientState, minute: i64| {
                let effects = emergency.conclude(state, now(minute), None);
                board = if effects.standings.is_empty() && effects.gone.is_empty() { std::mem::take(&mut board) } else { effects.standings };
                for finding in effects.findings {
                    let line = (finding.condition.clone(), finding.as_of);
                    held.retain(|(condition, as_of, _): &(Box<str>, EventTime, Box<str>)| (condition, as_of) != (&line.0, &line.1));
                    if finding.state == FindingState::Asserted {
                        held.insert((finding.condition, finding.as_of, finding.summary));
                    }
                }
            };
            for (number, input) in inputs.iter().enumerate() {
                state.take(input.clone());
                minute = (minute + 40).min(900);
                conclude(&mut state, minute);
                if stored {
                    let mut bytes = Vec::new();
                    state.encode(&mut bytes);
                    assert_eq!(PatientState::decode(&bytes), Ok(state.clone()));
                }
                if merged == Some(number) {
                    // The survivor knows all that the other knew, and tells it anew.
                    let (_, handed) = emergency.retire(&mut state, now(0).patient, now(minute), None);
                    state = PatientState::default();
                    state.absorb(&handed).expect("the state was written by this program");
                    conclude(&mut state, minute);
                }
            }
            conclude(&mut state, 1000);
            let standings: Vec<String> = emergency.conclude(&mut PatientState::default(), now(0), None).standings.iter().map(shown).collect();
            assert!(standings.is_empty());
            (board.iter().map(shown).collect::<Vec<_>>(), held)
        };
        let straight = after(&inputs, None);
        prop_assert_eq!(&straight, &after(&twice, None));
        prop_assert_eq!(&straight.0, &after(&inputs, Some(merged)).0);
    }
}
