//! What is forgotten changes nothing that was said.

use std::collections::BTreeSet;

use clinical::{Encounter, EncounterClass, EncounterStatus, Event, Fact, Finding};
use proptest::prelude::*;
use workloads::{Config, RiskScore, WORKLOADS};

use crate::engine::Engine;
use crate::events::{Place, event, told};

/// Ten days: longer than anything is kept.
const DAYS: usize = 10;

/// What is charted in an hour, and at which minute of it.
type Hour = Option<(i64, String)>;

fn hours() -> impl Strategy<Value = Vec<Hour>> {
    prop::collection::vec(
        prop::option::weighted(0.6, (0..59_i64, action())),
        24 * DAYS,
    )
}

/// A step as stories write it.
fn action() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0..40i64, 0..40i64).prop_map(|(a, b)| format!(
            "vitals ann rr {} spo2 {} {} sbp {} pulse {} {} temp {}.{}",
            8 + a % 25,
            84 + b % 17,
            if a % 9 == 0 { "oxygen" } else { "air" },
            80 + 3 * b,
            50 + 2 * a,
            if b % 11 == 0 { "confused" } else { "alert" },
            35 + a % 5,
            b % 10,
        )),
        2 => (0..40i64).prop_map(|a| format!("vitals ann pulse {}", 50 + 3 * a)),
        2 => (20..80i64).prop_map(|a| format!("lab ann potassium {}.{} mmol/L", a / 10, a % 10)),
        1 => (0..30i64).prop_map(|a| format!("lab ann white-cells {a} K/uL")),
        1 => Just("culture ann collected".to_owned()),
        1 => (0..5i64).prop_map(|a| format!(
            "lab ann support {}",
            if a == 0 { "extubated" } else { "ventilator" },
        )),
        2 => (0..40i64).prop_map(|a| format!("lab ann oxygen-pressure {} mm[Hg]", 50 + 3 * a)),
        1 => (0..40i64).prop_map(|a| format!("lab ann inspired-oxygen {} %", 30 + a)),
        2 => Just("antibiotic ann meropenem given".to_owned()),
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
fn looked_again(mut engine: Engine, actions: &[Hour]) -> Vec<Finding> {
    // That there is a visit is news once.
    engine.take(&look_again(0, 0));
    let mut looks = BTreeSet::new();
    for (hour, action) in actions.iter().enumerate() {
        let begin = 60 * hour as i64;
        let offset = 1_000 * hour as u64;
        if let Some((minute, action)) = action {
            let at = begin + minute;
            let place = Place {
                at,
                arrives: at,
                offset,
            };
            for event in told(action, place).expect("the names are known") {
                engine.take(&event);
            }
        }
        let again = look_again(begin + 59, offset + 500);
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
    fn looking_again_says_nothing_new(actions in hours()) {
        prop_assert_eq!(looked_again(Engine::default(), &actions), vec![]);
    }

    /// What a workload needs is kept for its own sake, and not because another one runs.
    #[test]
    fn looking_again_says_nothing_new_where_one_workload_runs_by_itself(
        place in any::<prop::sample::Index>(),
        by_rule in any::<bool>(),
        actions in hours(),
    ) {
        let mut config = Config::of(&[place.get(&WORKLOADS).name]);
        config.risk.score = match by_rule {
            true => RiskScore::Rule,
            false => RiskScore::Model,
        };
        prop_assert_eq!(looked_again(Engine::of(config), &actions), vec![]);
    }
}
