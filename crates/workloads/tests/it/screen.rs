//! The screen for sepsis: how far around a suspicion it looks, and results that are bounds.

use clinical::{Code, Fact, ObservationStatus, OrderKind, ReceivedTime, Value};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, number, observed, observed_as, ordered, received_time};

const DAY: i64 = 24 * 60;
/// When a culture is taken.
const SUSPECTED: i64 = 2 * DAY;

fn measured(at: i64, loinc: &str, value: Value) -> (i64, Fact) {
    (
        at,
        observed(&format!("{loinc}/{at}"), Code::loinc(loinc), value),
    )
}

/// Says what is found where somebody suspects an infection.
fn found(facts: &[(i64, Fact)]) -> Option<String> {
    let culture = ordered("culture", OrderKind::Specimen, vec![Code::loinc("600-7")]);
    let mut facts = facts.to_vec();
    facts.push((SUSPECTED, Fact::Order(culture)));
    facts.sort_by_key(|(at, _)| *at);
    let mut engine = Engine::of(Config::of(&["sepsis"]));
    for (n, (at, fact)) in facts.into_iter().enumerate() {
        let place = Place {
            at,
            arrives: at,
            offset: n as u64,
        };
        engine.take(&event("ann", place, 0, fact));
    }
    let mut found = engine.findings.into_iter();
    let screen = found.rfind(|of| &*of.condition == "sepsis-screen")?;
    Some(screen.summary.into())
}

#[test]
fn criteria_count_a_day_before_and_a_day_after_and_no_longer() {
    let at = |at: i64| {
        found(&[
            measured(at, "8867-4", number("91", "/min")),
            measured(at, "9279-1", number("21", "/min")),
        ])
    };
    assert!(at(SUSPECTED - DAY).is_some());
    assert_eq!(at(SUSPECTED - DAY - 1), None);
    assert!(at(SUSPECTED + DAY).is_some());
    assert_eq!(at(SUSPECTED + DAY + 1), None);
}

#[test]
fn a_bound_is_a_criterion_where_all_that_it_may_be_is_one() {
    let cells = |text: &str| {
        let cells = Value::Text(format!("{text} 10*3/uL").into());
        found(&[
            measured(SUSPECTED, "8867-4", number("91", "/min")),
            measured(SUSPECTED, "6690-2", cells),
        ])
    };
    assert!(cells("<0.1").is_some_and(|said| said.contains("SIRS 2 of 4")));
    assert!(cells("<4").is_some() && cells(">12").is_some());
    assert_eq!((cells("<4.1"), cells(">11.9")), (None, None));
    assert_eq!((cells("<=4"), cells(">=12")), (None, None));
}

#[test]
fn a_value_that_was_corrected_does_not_come_back_when_it_arrives_after_its_correction() {
    let culture = ordered("culture", OrderKind::Specimen, vec![Code::loinc("600-7")]);
    let temperature = |value: &str, status: ObservationStatus| {
        observed_as(
            "temperature",
            Code::loinc("8310-5"),
            number(value, "Cel"),
            status,
        )
    };
    let fast = measured(0, "8867-4", number("120", "/min")).1;
    let arriving = [
        Fact::Order(culture),
        fast,
        temperature("37.0", ObservationStatus::Corrected),
        temperature("39.0", ObservationStatus::Final),
    ];
    let mut engine = Engine::of(Config::of(&["sepsis"]));
    // The correction is heard of longer after its time than a normal value is kept.
    engine.tick(received_time(DAY));
    let received = [2, 3, 4, 1];
    for ((n, fact), moment) in arriving.into_iter().enumerate().zip(received) {
        let place = Place {
            at: 0,
            arrives: DAY,
            offset: n as u64,
        };
        let mut event = event("ann", place, 0, fact);
        event.received = ReceivedTime::from_micros(received_time(DAY).micros() + moment);
        engine.take(&event);
    }
    let found: Vec<_> = engine.findings.iter().map(|of| &of.summary).collect();
    assert!(found.is_empty(), "{found:?}");
}
