//! Septic shock by the definition of 2016.

use clinical::{Code, Event, Fact, Finding, FindingState, Given, OrderKind};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, administered, event, number, observed, ordered, quantity};

fn measured(at: i64, code: Code, value: &str, unit: &str) -> (i64, Fact) {
    let resource = format!("{}/{at}", code.code);
    (at, observed(&resource, code, number(value, unit)))
}

fn given(at: i64, drug: &str, given: Given) -> (i64, Fact) {
    let order = administered(&format!("{drug}/{at}"), drug, given);
    (at, Fact::Order(order))
}

/// An infection is suspected, and organs fail.
fn sepsis() -> Vec<(i64, Fact)> {
    let culture = ordered("culture", OrderKind::Specimen, vec![Code::loinc("600-7")]);
    vec![
        (0, Fact::Order(culture)),
        given(30, "J01DH02", Given::default()),
        measured(40, Code::loinc("777-3"), "60", "10*9/L"),
    ]
}

fn run(facts: &[(i64, Fact)]) -> Vec<Finding> {
    let mut engine = Engine::of(Config::of(&["septic-shock"]));
    for (n, (at, fact)) in facts.iter().enumerate() {
        let place = Place {
            at: *at,
            arrives: *at,
            offset: n as u64,
        };
        let event: Event = event("ann", place, 0, fact.clone());
        engine.take(&event);
    }
    engine.findings
}

fn shock(facts: &[(i64, Fact)]) -> Option<String> {
    let findings = run(facts);
    let said = findings
        .iter()
        .rfind(|of| &*of.condition == "septic-shock")?;
    matches!(said.state, FindingState::Asserted)
        .then(|| format!("{} {} {:?}", said.as_of, said.summary, said.missing))
}

#[test]
fn shock_is_a_vasopressor_and_a_lactate_above_two_in_sepsis() {
    let lactate = |at, value| measured(at, Code::loinc("2524-7"), value, "mmol/L");
    let noradrenaline = |at, rate: &str| {
        let rate = Some(quantity(rate, "mcg/kg/min"));
        given(
            at,
            "C01CA03",
            Given {
                rate,
                ..Given::default()
            },
        )
    };
    let with = |more: &[(i64, Fact)]| shock(&[sepsis(), more.to_vec()].concat());
    assert_eq!(with(&[lactate(60, "2.1")]), None);
    assert_eq!(with(&[noradrenaline(60, "0.1")]), None);
    assert_eq!(with(&[lactate(60, "2.0"), noradrenaline(70, "0.1")]), None);
    assert_eq!(with(&[lactate(60, "2.1"), noradrenaline(70, "0")]), None);
    assert_eq!(
        with(&[lactate(60, "2.1"), noradrenaline(70, "0.1")]).as_deref(),
        Some(
            "2026-03-02T01:10:00Z septic shock: norepinephrine runs and lactate is 2.1 mmol/L, in sepsis since \
             2026-03-02T00:00:00Z [\"crystalloid fluid\"]"
        )
    );
    let fluid = Given {
        dose: Some(quantity("1500", "mL")),
        ..Given::default()
    };
    let resuscitated = [
        given(50, "B05BB01", fluid),
        lactate(60, "2.1"),
        noradrenaline(70, "0.1"),
    ];
    assert!(with(&resuscitated).is_some_and(|said| said.ends_with(" []")));
    // Without an infection it is shock, but not of sepsis.
    assert_eq!(shock(&[lactate(60, "2.1"), noradrenaline(70, "0.1")]), None);
}

#[test]
fn a_drug_runs_until_its_end() {
    let of = |end: Option<i64>| {
        let running = Given {
            rate: Some(quantity("6", "mg/h")),
            end: end.map(crate::events::event_time),
            ..Given::default()
        };
        let late = measured(90, Code::loinc("2524-7"), "4", "mmol/L");
        shock(&[sepsis(), vec![given(50, "C01CA03", running), late]].concat())
    };
    assert!(of(None).is_some());
    assert!(of(Some(91)).is_some());
    assert_eq!(of(Some(80)), None);
}

#[test]
fn a_drug_that_goes_on_in_another_row_runs() {
    let row = |from: i64, end: i64| {
        let running = Given {
            rate: Some(quantity("6", "mg/h")),
            end: Some(crate::events::event_time(end)),
            ..Given::default()
        };
        given(from, "C01CA03", running)
    };
    let of = |rows: &[(i64, Fact)]| {
        let late = measured(90, Code::loinc("2524-7"), "4", "mmol/L");
        shock(&[sepsis(), rows.to_vec(), vec![late]].concat())
    };
    assert!(of(&[row(50, 80), row(80, 120)]).is_some());
    assert!(of(&[row(50, 120), row(60, 80)]).is_some(), "the longer one");
    assert_eq!(of(&[row(50, 80), row(80, 85)]), None);
    assert_eq!(of(&[row(50, 50)]), None, "it ran for no time");
}

#[test]
fn a_lactate_above_what_can_be_measured_is_high_and_a_fluid_that_ended_is_shown_once() {
    let mut facts = sepsis();
    let mut lactate = measured(60, Code::loinc("2524-7"), "1", "mmol/L");
    if let Fact::Observation(of) = &mut lactate.1 {
        of.value = Some(clinical::Value::Text(">15 mmol/L".into()));
    }
    let rate = Some(quantity("0.1", "mcg/kg/min"));
    let runs = Given {
        rate,
        ..Given::default()
    };
    let fluid = Given {
        dose: Some(quantity("500", "mL")),
        end: Some(crate::events::event_time(58)),
        ..Given::default()
    };
    facts.extend([
        given(50, "C01CA03", runs),
        given(52, "B05BB01", fluid),
        lactate,
    ]);
    let findings = run(&facts);
    let mut told = findings.iter();
    let said = told.rfind(|of| &*of.condition == "septic-shock");
    let said = said.expect("it is shock");
    assert!(
        said.summary.contains("lactate is >15 mmol/L"),
        "{}",
        said.summary
    );
    let fluids = said.evidence.iter().filter(|of| of.value.contains("mL"));
    assert_eq!(fluids.count(), 1);
}
