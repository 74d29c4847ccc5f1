//! Findings of shipped workloads, and the values that would have changed them.

use alerts::Policy;
use clinical::{Code, EventTime, Observation, Origin, PatientKey, ReceivedTime};
use workloads::{Config, WORKLOADS};

use super::*;

const HOUR_US: i64 = 3_600_000_000;

fn event(code: &str, value: &str, unit: &str) -> Event {
    Event {
        id: EventId::derive(&[code.as_bytes()]),
        patient: PatientKey::default(),
        at: EventTime::from_micros(HOUR_US),
        recorded: None,
        received: ReceivedTime::from_micros(HOUR_US),
        origin: Origin::default(),
        backfill: false,
        fact: Fact::Observation(Observation {
            resource: code.into(),
            codes: vec![Code::loinc(code)],
            value: Some(Value::Quantity(Quantity {
                comparator: None,
                value: value.parse().unwrap(),
                unit: unit.into(),
            })),
            components: Vec::new(),
            status: ObservationStatus::Final,
            interpretation: Vec::new(),
            notes: Vec::new(),
            flags: Vec::new(),
            device: None,
        }),
    }
}

/// What would change the newest finding that these events make, a line each.
fn told(name: &str, events: Vec<Event>) -> String {
    let workload = WORKLOADS.iter().find(|one| one.name == name).unwrap();
    let player = Player::new(workload, Config::default(), Policy::default());
    let history = History {
        patient: PatientKey::default(),
        events,
        stays: Vec::new(),
    };
    let mut replay = Replay::new(&player);
    replay.take(&history.events).unwrap();
    let finding = replay.standing.into_values().next_back().unwrap();
    let found = player.what_if(&history, &finding).unwrap().unwrap();
    let lines = found.into_iter().map(|one| {
        let instead = match one.instead {
            Instead::Nothing => "nothing".to_owned(),
            Instead::Value(value) => value.into(),
        };
        let then = match one.then {
            Then::Nothing => "nothing".to_owned(),
            Then::Said {
                severity, score, ..
            } => format!("{} {score:?}", severity.word()),
        };
        format!("{} {}: {instead} => {then}\n", one.what, one.value)
    });
    lines.collect()
}

#[test]
fn a_critical_result_changes_at_its_limits() {
    expect_test::expect![[r#"
        potassium 6.9 mmol/L: nothing => nothing
        potassium 6.9 mmol/L: 6.2 mmol/L => nothing
    "#]]
    .assert_eq(&told(
        "critical-results",
        vec![event("2823-3", "6.9", "mmol/L")],
    ));
}

#[test]
fn a_score_changes_with_each_value_that_carries_it() {
    expect_test::expect![[r#"
        respiratory rate 22/min: nothing => nothing
        respiratory rate 22/min: 20 /min => nothing
        respiratory rate 22/min: 25 /min => high Some(7)
        SpO2 95%: 93 % => high Some(7)
        systolic pressure 105 mmHg: 100 mm[Hg] => high Some(7)
        systolic pressure 105 mmHg: 220 mm[Hg] => high Some(8)
        pulse 112/min: nothing => nothing
        pulse 112/min: 90 /min => nothing
        pulse 112/min: 131 /min => high Some(7)
        temperature 37.0 °C: 36.0 Cel => high Some(7)
        temperature 37.0 °C: 38.1 Cel => high Some(7)
    "#]]
    .assert_eq(&told(
        "deterioration",
        vec![
            event("9279-1", "22", "/min"),
            event("59408-5", "95", "%"),
            event("8480-6", "105", "mm[Hg]"),
            event("8867-4", "112", "/min"),
            event("8310-5", "37.0", "Cel"),
        ],
    ));
}

#[test]
fn what_history_does_not_give_again_is_not_guessed_at() {
    let workload = WORKLOADS.iter().find(|one| one.name == "critical-results");
    let player = Player::new(workload.unwrap(), Config::default(), Policy::default());
    let mut history = History {
        patient: PatientKey::default(),
        events: vec![event("2823-3", "6.9", "mmol/L")],
        stays: Vec::new(),
    };
    let mut replay = Replay::new(&player);
    replay.take(&history.events).unwrap();
    let finding = replay.standing.into_values().next().unwrap();
    history.events.clear();
    assert_eq!(player.what_if(&history, &finding).unwrap(), None);
}
