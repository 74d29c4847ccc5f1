//! The order in which resources arrive decides nothing about populations and gaps.

use std::collections::BTreeMap;

use clinical::{Finding, FindingState};
use proptest::prelude::*;
use serde_json::Value;
use workloads::measures::{Care, Change, Measure, MeasurementPeriod};

use super::cases;
use super::made::{
    Followed, change, condition, given, patient, pressure, procedure, result, taken_back, visit,
};

/// When all has arrived.
const END: &str = "2025-12-01T00:00:00Z";

fn resource() -> impl Strategy<Value = Value> {
    (0..11usize, 0..4u32, 1..13u32, 1..400u32).prop_map(|(kind, id, month, size)| {
        let (day, id) = (format!("2025-{month:02}-05"), format!("{kind}-{id}"));
        let at = |hour: u32| format!("{day}T{hour:02}:00:00Z");
        match kind {
            0 => patient("1960-07-01", if size % 2 == 0 { "female" } else { "male" }),
            1 => visit(&id, "office", &at(9), &at(10)),
            2 => visit(
                &id,
                "inpatient",
                &at(3),
                &format!("2025-{month:02}-{:02}", 8 + size % 5),
            ),
            3 => condition(&id, "diabetes", &day),
            4 => condition(&id, "hypertension", "2020"),
            5 => procedure(&id, "colonoscopy", &format!("{}-01-01", 2016 + size % 10)),
            6 => result(
                &id,
                "a1c",
                &at(8),
                &format!("{}.{}", 6 + size % 6, size % 10),
                "%",
            ),
            7 => pressure(&id, &at(7), 120 + size % 40, 80 + size % 20),
            8 => result(
                &id,
                "glucose",
                &at(5 + size % 15),
                &size.to_string(),
                "mg/dL",
            ),
            9 => result(
                &id,
                "creatinine",
                &at(4 + size % 15),
                &format!("{}.{}", size % 4, size % 10),
                "mg/dL",
            ),
            _ => given(&id, "insulin", &at(4)),
        }
    })
}

/// Gives changes, all of what is kept at the end, of which some are corrections, and some take back what was said.
fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((resource(), 0..8u8), 1..40).prop_map(|made| {
        let made = made
            .into_iter()
            .enumerate()
            .map(|(place, (resource, fate))| {
                let received = i64::try_from(place).expect("what is made up is well made");
                match fate {
                    0 => taken_back(&resource, received),
                    _ => change(&resource, received),
                }
            });
        made.collect()
    })
}

type Standing = BTreeMap<(Box<str>, clinical::EventTime), String>;

/// Gives what stands in the end. That a gap was closed in between is about what came first, and left out; so is which of
/// several messages said the same.
fn standing(findings: &[Finding]) -> Standing {
    let mut lines = BTreeMap::new();
    for finding in findings {
        let key = (finding.condition.clone(), finding.as_of);
        match finding.state {
            FindingState::Asserted => {
                let summary = finding.summary.replace("open again", "open");
                let proofs = finding.evidence.iter();
                let proofs: Vec<_> = proofs.map(|of| (&of.what, &of.value, of.at)).collect();
                lines.insert(key, format!("{summary} {proofs:?}"))
            }
            FindingState::Retracted(_) => lines.remove(&key),
        };
    }
    lines
}

fn run(changes: &[Change]) -> Followed {
    let mut ann = Followed::new(&Measure::ALL, None);
    for change in changes {
        ann.take(END, change.clone());
    }
    ann
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_the_same(
        (changes, shuffled) in changes().prop_flat_map(|changes| (Just(changes.clone()), Just(changes).prop_shuffle()))
    ) {
        let (one, other) = (run(&changes), run(&shuffled));
        prop_assert_eq!(standing(&one.findings), standing(&other.findings));
        let year = MeasurementPeriod::of_year(2025, 0).expect("what is made up is well made");
        for measure in Measure::ALL {
            let (one, other) = (measure.evaluate(&one.state, year), measure.evaluate(&other.state, year));
            prop_assert_eq!(one, other, "{}", measure.word());
        }
    }

    #[test]
    fn a_line_of_revisions_has_no_gap(changes in changes().prop_shuffle()) {
        let mut last: BTreeMap<(Box<str>, clinical::EventTime), Finding> = BTreeMap::new();
        for finding in run(&changes).findings {
            let before = last.insert((finding.condition.clone(), finding.as_of), finding.clone());
            prop_assert_eq!(finding.revision, before.as_ref().map_or(1, |before| before.revision + 1));
            prop_assert_eq!(finding.replaces, before.map(|before| before.id));
        }
    }
}

/// Puts items in another order, by a seed.
fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut keyed: Vec<(u64, T)> = items
        .iter()
        .map(|item| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33, item.clone())
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, item)| item).collect()
}

#[test]
fn any_order_of_a_published_case_gives_its_populations() {
    let folder = match cases::folder() {
        Ok(folder) => folder,
        Err(reason) => return println!("{reason}"),
    };
    let sets = cases::value_sets(&folder);
    for measure in Measure::ALL {
        for case in cases::cases(&folder, measure, &sets) {
            let changes = cases::changes(&case.facts);
            let wanted = measure.evaluate(&cases::state(changes.clone()), case.period);
            for seed in 0..20 {
                let state = cases::state(shuffled(&changes, seed));
                let found = measure.evaluate(&state, case.period);
                assert_eq!(found, wanted, "{} in order {seed}", measure.word());
            }
            // Before the last resource is there, or after one was taken back, it is as if it had never been.
            let Some((last, first)) = changes.split_last() else {
                continue;
            };
            let without = measure.evaluate(&cases::state(first.to_vec()), case.period);
            let Care::Stands(fact) = &last.care else {
                continue;
            };
            let mut gone = last.clone();
            gone.received = clinical::ReceivedTime::from_micros(i64::MAX);
            gone.care = Care::TakenBack {
                kind: fact.detail.number(),
                resource: fact.resource,
            };
            let state = cases::state(changes.iter().cloned().chain([gone]));
            assert_eq!(
                measure.evaluate(&state, case.period),
                without,
                "{}",
                measure.word()
            );
        }
    }
}
