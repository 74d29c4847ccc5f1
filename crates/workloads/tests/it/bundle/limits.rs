//! Limits in the units in which the measure gives them, bounds of what can be measured, and what is counted from the fluid.

use clinical::{Fact, Given};

use super::{
    HOUR, config, given, infected, measured, note, presents, run, says, sepsis, stands, with,
};
use crate::events::{event_time, quantity};

const ZERO: i64 = 10 * HOUR;

fn low(at: i64) -> (i64, Fact) {
    measured(at, "8480-6", "85", "mm[Hg]")
}

/// Crystalloid that ran from one time to another.
fn ran(from: i64, until: i64, amount: &str) -> (i64, Fact) {
    let given_so = Given {
        dose: Some(quantity(amount, "mL")),
        end: Some(event_time(until)),
        ..Given::default()
    };
    given(from, "B05BB01", given_so)
}

/// Two low pressures at the presentation, who weighs 60 kg, and what follows.
fn hypotension(more: &[(i64, Fact)]) -> Vec<(i64, Fact)> {
    let first = [
        measured(ZERO, "29463-7", "60", "kg"),
        low(ZERO),
        low(ZERO + 10),
    ];
    with(&infected(ZERO), &with(&first, more))
}

#[test]
fn lactate_in_milligrams_has_the_limits_that_the_measure_gives_in_milligrams() {
    let lactate = |value: &str| measured(ZERO, "14118-4", value, "mg/dL");
    let fails = |value: &str| presents(&with(&infected(ZERO), &[lactate(value)])).is_some();
    assert!(!fails("18.0"));
    assert!(fails("18.01"));
    let shock = |value: &str| {
        let found = run(config(), &with(&sepsis(), &[lactate(value)]), ZERO + 20);
        stands(&found, "septic-shock-sep-1").is_some()
    };
    assert!(!shock("35.9"));
    assert!(shock("36"));
    let repeat = |value: &str| {
        says(
            &with(&sepsis(), &[lactate(value)]),
            "repeat-lactate",
            ZERO + 20,
        )
    };
    assert!(repeat("18.0").contains("not required"));
    assert!(repeat("18.01").contains("running"));
}

#[test]
fn a_bound_counts_where_all_that_it_may_be_counts() {
    let bound = |text: &str, loinc: &str, unit: &str| {
        let (at, fact) = measured(ZERO, loinc, "1", unit);
        let Fact::Observation(mut observation) = fact else {
            return (at, fact);
        };
        let words = format!("{text} {unit}");
        observation.value = Some(clinical::Value::Text(words.as_str().into()));
        (at, Fact::Observation(observation))
    };
    let fails = |text: &str, loinc: &str, unit: &str| {
        presents(&with(&infected(ZERO), &[bound(text, loinc, unit)])).is_some()
    };
    assert!(fails(">60", "3173-2", "s") && !fails(">59", "3173-2", "s"));
    assert!(!fails(">=60", "3173-2", "s") && !fails("<150", "3173-2", "s"));
    assert!(fails("<100", "777-3", "10*3/uL") && !fails("<101", "777-3", "10*3/uL"));
    assert!(!fails("<=100", "777-3", "10*3/uL") && !fails(">5", "777-3", "10*3/uL"));
    let shock = |text: &str| {
        let lactate = bound(text, "2524-7", "mmol/L");
        let found = run(config(), &with(&sepsis(), &[lactate]), ZERO + 20);
        stands(&found, "septic-shock-sep-1")
    };
    assert!(shock(">=4").is_some() && shock(">15").is_some());
    assert_eq!((shock(">3.9"), shock("<15")), (None, None));
    // The highest is the one above what can be measured.
    let two = with(
        &sepsis(),
        &[
            measured(ZERO - 30, "32693-4", "3", "mmol/L"),
            bound(">15", "2524-7", "mmol/L"),
        ],
    );
    let said = says(&two, "initial-lactate", ZERO + 20);
    assert!(said.contains("met, >15 mmol/L"), "{said}");
}

#[test]
fn pressures_after_the_fluid_are_those_of_the_hour_after_its_end() {
    let of = |first: i64, second: i64| {
        let fluid = ran(ZERO + 20, ZERO + 80, "1800");
        let facts = hypotension(&[fluid, low(ZERO + first), low(ZERO + second)]);
        says(&facts, "vasopressors", ZERO + 200)
    };
    // While it runs nothing is known of what it does.
    assert!(of(40, 60).contains("not required"));
    assert!(of(79, 80).contains("not required"));
    assert!(of(80, 81).contains("running"));
    assert!(of(100, 140).contains("running"));
    assert!(of(100, 141).contains("not required"));
    // As much as is asked for had been given when the last of it ended.
    let halves = |last: i64| {
        let fluids = [
            ran(ZERO + 20, ZERO + 120, "900"),
            ran(ZERO + 30, ZERO + 60, "900"),
        ];
        let facts = hypotension(&with(&fluids, &[low(ZERO + 70), low(ZERO + last)]));
        says(&facts, "vasopressors", ZERO + 200)
    };
    assert!(halves(110).contains("not required"));
    let facts = hypotension(&[
        ran(ZERO + 20, ZERO + 120, "900"),
        ran(ZERO + 30, ZERO + 60, "900"),
        low(ZERO + 130),
        low(ZERO + 140),
    ]);
    assert!(says(&facts, "vasopressors", ZERO + 200).contains("running"));
}

#[test]
fn what_was_assessed_before_the_fluid_reassesses_nothing() {
    let shock = measured(ZERO, "2524-7", "4.5", "mmol/L");
    let of = |noted: i64, begun: Option<i64>| {
        let fluid = begun.map(|at| ran(at, at + 30, "500"));
        let more: Vec<_> = fluid.into_iter().collect();
        let said = [shock.clone(), note(noted, "perfusion reassessed")];
        let facts = with(&sepsis(), &with(&said, &more));
        says(&facts, "reassessment", ZERO + 5 * HOUR)
    };
    assert!(of(ZERO + 59, Some(ZERO + 60)).contains("running"));
    assert!(of(ZERO + 60, Some(ZERO + 60)).contains("met"));
    assert!(of(ZERO - 30, Some(ZERO - 40)).contains("met"));
    // Without any fluid it counts from the shock on.
    assert!(of(ZERO - 1, None).contains("running"));
    assert!(of(ZERO + 1, None).contains("met"));
}

#[test]
fn of_two_first_lactates_at_once_the_higher_is_the_initial_one() {
    let pair = |one: &str, other: &str| {
        let first = measured(ZERO + 5, "2524-7", one, "mmol/L");
        let second = measured(ZERO + 5, "32693-4", other, "mmol/L");
        let facts = with(&sepsis(), &[first, second]);
        says(&facts, "initial-lactate", ZERO + 20)
    };
    assert!(pair("1.5", "4.2").contains("met, 4.2 mmol/L"));
    assert!(pair("4.2", "1.5").contains("met, 4.2 mmol/L"));
}

#[test]
fn what_only_still_holds_when_something_else_is_charted_is_no_presentation() {
    let days = 72 * HOUR;
    let severe = |at: i64| with(&infected(at), &[measured(at, "2160-0", "2.1", "mg/dL")]);
    // An order counts for the way by orders alone.
    let ordered = super::antibiotic(ZERO + HOUR);
    let count = |second: i64, condition: &str| {
        let facts = with(
            &severe(ZERO),
            &with(std::slice::from_ref(&ordered), &severe(second)),
        );
        let mut config = config();
        config.bundle.time_zero = [workloads::TimeZero::Criteria].into();
        let found = run(config, &facts, second);
        let told = found.iter().filter(|of| of.condition == condition.into());
        told.filter(|of| of.revision == 1).count()
    };
    let presented = "severe-sepsis-sep-1";
    assert_eq!(count(ZERO + days, presented), 1);
    assert_eq!(count(ZERO + days + 1, presented), 2);
    assert_eq!(count(ZERO + 6 * HOUR, "sirs-sep-1"), 1);
    assert_eq!(count(ZERO + 6 * HOUR + 1, "sirs-sep-1"), 2);
}
