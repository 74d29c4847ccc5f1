//! What is forgotten changes nothing that was said.

use std::collections::BTreeSet;

use clinical::{Encounter, EncounterClass, EncounterStatus, Event, Fact, Finding};
use proptest::prelude::*;

use crate::engine::Engine;
use crate::events::{Place, event, events};
use crate::scenario::Action;

/// Ten days: longer than anything is kept.
const DAYS: usize = 10;

fn action() -> impl Strategy<Value = Action> {
    let who = || "ann".to_owned();
    let set = |values: &[(&str, String)]| {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    };
    prop_oneof![
        4 => (0..40i64, 0..40i64).prop_map(move |(a, b)| Action::Vitals { who: who(), values: set(&[
            ("rr", (8 + a % 25).to_string()),
            ("spo2", (84 + b % 17).to_string()),
            ("oxygen", if a % 9 == 0 { "oxygen" } else { "air" }.to_owned()),
            ("sbp", (80 + 3 * b).to_string()),
            ("pulse", (50 + 2 * a).to_string()),
            ("consciousness", if b % 11 == 0 { "confused" } else { "alert" }.to_owned()),
            ("temp", format!("{}.{}", 35 + a % 5, b % 10)),
        ]) }),
        2 => (0..40i64).prop_map(move |a| Action::Vitals { who: who(), values: set(&[("pulse", (50 + 3 * a).to_string())]) }),
        2 => (20..80i64).prop_map(move |a| Action::Lab {
            who: who(), what: "potassium".into(), value: format!("{}.{}", a / 10, a % 10), unit: "mmol/L".into(),
            flag: String::new(), note: String::new(),
        }),
        1 => (0..30i64).prop_map(move |a| Action::Lab {
            who: who(), what: "white-cells".into(), value: a.to_string(), unit: "K/uL".into(),
            flag: String::new(), note: String::new(),
        }),
        1 => Just(Action::Culture { who: who(), stage: "collected".into() }),
        2 => Just(Action::Antibiotic { who: who(), name: "meropenem".into(), stage: "given".into() }),
    ]
}

/// Makes every workload look at all it may still revise, and says nothing that matters to any.
fn look_again(at: i64, offset: u64) -> Event {
    let encounter = Encounter {
        resource: "visit".into(),
        class: EncounterClass::Inpatient,
        status: EncounterStatus::InProgress,
        location: "".into(),
        start: None,
        end: None,
    };
    event(
        "ann",
        Place {
            at,
            arrives: at,
            offset,
        },
        0,
        Fact::Encounter(encounter),
    )
}

/// Runs a patient hour by hour, and gives the findings that came of looking again.
fn looked_again(actions: &[Option<Action>]) -> Vec<Finding> {
    let mut engine = Engine::new();
    let mut looks = BTreeSet::new();
    for (hour, action) in actions.iter().enumerate() {
        let at = 60 * hour as i64;
        let offset = 1_000 * hour as u64;
        let place = Place {
            at,
            arrives: at,
            offset,
        };
        for event in action
            .iter()
            .flat_map(|action| events(action, place).expect("the names are known"))
        {
            engine.take(&event);
        }
        let again = look_again(at + 40, offset + 500);
        looks.insert(again.id);
        engine.take(&again);
    }
    let mut findings = engine.findings;
    findings.retain(|finding| finding.cause.is_some_and(|cause| looks.contains(&cause)));
    findings
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn looking_again_says_nothing_new(
        actions in prop::collection::vec(prop::option::weighted(0.6, action()), 24 * DAYS)
    ) {
        prop_assert_eq!(looked_again(&actions), vec![]);
    }
}
