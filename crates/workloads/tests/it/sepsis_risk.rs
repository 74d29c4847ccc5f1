//! The workload of sepsis risk beside the model it asks, hour by hour: late, corrected and shuffled, by the model and by the rule.

use std::collections::BTreeSet;

use clinical::{
    Code, Encounter, EncounterClass, EncounterStatus, Event, EventTime, Fact, FindingState,
    ObservationStatus, Person, ReceivedTime, Severity,
};
use workloads::risk::{self, Alerting, Course, Pack, Reading, Variable};
use workloads::{Config, RiskScore};

use crate::engine::Engine;
use crate::events::{Place, event, event_time, number, observed, received_time};

/// How long the stay is, in hours.
const HOURS: i64 = 60;

/// What is measured in an hour, in tenths: well at first, ill from the fortieth hour on, better at the end.
fn measured(hour: i64) -> Vec<(&'static str, i64, &'static str)> {
    let ill = (40..54).contains(&hour);
    let pick = |well, bad| if ill { bad } else { well };
    let mut found = vec![
        ("HR", pick(780 + hour % 7 * 10, 1380), "/min"),
        ("Resp", pick(140 + hour % 5 * 10, 340), "/min"),
        ("SBP", pick(1250, 820), "mm[Hg]"),
        ("MAP", pick(880, 540), "mm[Hg]"),
        ("O2Sat", pick(970, 880), "%"),
    ];
    if hour % 4 == 0 || ill {
        found.push(("Temp", pick(369, 395), "Cel"));
    }
    if hour % 12 == 6 || hour == 44 {
        found.extend([
            ("WBC", pick(80, 240), "10*3/uL"),
            ("Lactate", pick(11, 62), "mmol/L"),
            ("Creatinine", pick(9, 31), "mg/dL"),
            ("BUN", pick(140, 560), "mg/dL"),
            ("Platelets", pick(2300, 700), "10*3/uL"),
            ("Bilirubin_total", pick(7, 41), "mg/dL"),
            ("PTT", pick(300, 610), "s"),
        ]);
    }
    found
}

fn at(hour: i64) -> EventTime {
    event_time(60 * hour + 10)
}

fn value(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The stay as events: who it is, that it began, and what is measured, at the time that it is true.
fn stay() -> Vec<Event> {
    let made = |minute: i64, offset: u64, fact: Fact| {
        let place = Place {
            at: minute,
            arrives: minute,
            offset,
        };
        event("ann", place, 0, fact)
    };
    let mut events = vec![
        made(
            0,
            0,
            Fact::Person(Person {
                birth_date: Some("1954-02-11".into()),
                gender: Some("male".into()),
                deceased: false,
            }),
        ),
        made(
            0,
            1,
            Fact::Encounter(Encounter {
                resource: "stay".into(),
                class: EncounterClass::Inpatient,
                status: EncounterStatus::InProgress,
                location: "ICU".into(),
                start: Some(event_time(0)),
                end: None,
            }),
        ),
    ];
    for hour in 0..HOURS {
        for (word, tenths, unit) in measured(hour) {
            let variable = Variable::find(word).expect("the model reads it");
            let fact = observed(
                &format!("{word}/{hour}"),
                Code::loinc(variable.loinc.first().expect("it has a code")),
                number(&value(tenths), unit),
            );
            let offset = 10 + u64::try_from(events.len()).expect("they are few");
            events.push(made(60 * hour + 10, offset, fact));
        }
    }
    events
}

/// The ends of the hours that alert by the model alone, with the hours at which it falls back.
fn expected() -> BTreeSet<EventTime> {
    let pack = Pack::built_in();
    let mut course = Course::new(event_time(0));
    for hour in 0..HOURS {
        for (word, tenths, _) in measured(hour) {
            let variable = Variable::find(word).expect("the model reads it");
            let value = value(tenths).parse().expect("it is a number");
            course.take(&Reading {
                variable,
                at: at(hour),
                value,
            });
        }
    }
    let person = risk::Person {
        age_years: Some(72.0),
        male: Some(true),
        hospital_admission: Some(event_time(0)),
    };
    let (mut patient, mut row) = (Alerting::default(), Vec::new());
    (0..HOURS)
        .filter(|hour| {
            let score = pack.assess(&course, &person, *hour, &mut row).score;
            pack.policy.step(&mut patient, *hour, score)
        })
        .map(|hour| course.end(hour))
        .collect()
}

fn config(score: RiskScore) -> Config {
    let mut config = Config::of(&["sepsis-risk"]);
    config.risk.score = score;
    config
}

/// Runs events in the order of their acceptance, with time moved on by the hour; gives the alerts that stand.
fn run(mut events: Vec<Event>, score: RiskScore) -> (BTreeSet<EventTime>, Engine) {
    events.sort_by_key(|event| event.received);
    let mut engine = Engine::swift(config(score));
    let mut hour = 0;
    for event in &events {
        while received_time(60 * hour) <= event.received {
            engine.tick(received_time(60 * hour));
            hour += 1;
        }
        engine.take(event);
    }
    engine.tick(received_time(60 * HOURS + 1));
    let mut standing = BTreeSet::new();
    for finding in engine
        .findings
        .iter()
        .filter(|of| *of.condition == *"sepsis-risk")
    {
        let alerts =
            finding.state == FindingState::Asserted && finding.severity == Severity::Medium;
        if alerts {
            standing.insert(finding.as_of);
        } else {
            standing.remove(&finding.as_of);
        }
    }
    (standing, engine)
}

#[test]
fn it_alerts_at_the_hours_at_which_the_model_does() {
    let expected = expected();
    assert!(!expected.is_empty(), "nobody would be ill");
    assert!(
        expected.iter().all(|at| *at > event_time(60 * 40)),
        "{expected:?}"
    );
    let (found, engine) = run(stay(), RiskScore::Model);
    assert_eq!(found, expected);
    let first = engine
        .findings
        .iter()
        .find(|of| of.severity == Severity::Medium);
    let first = first.expect("there is one");
    assert!(first.summary.contains("% (model "), "{}", first.summary);
    assert!(!first.evidence.is_empty());
}

#[test]
fn what_comes_late_ends_the_same() {
    let late = |hours: i64| {
        let mut events = stay();
        for event in &mut events {
            if let Fact::Observation(of) = &event.fact
                && !of.resource.starts_with("HR")
            {
                let micros = event.received.micros() + hours * 3_600_000_000;
                let end = received_time(60 * HOURS).micros();
                event.received = ReceivedTime::from_micros(micros.min(end));
            }
        }
        run(events, RiskScore::Model).0
    };
    assert_eq!(late(11), expected());
    // What is later than the window is kept aside, so that something is missed.
    assert_ne!(late(13), expected());
}

#[test]
fn a_slip_that_is_corrected_takes_its_alert_back() {
    let mut events = stay();
    let ill = |event: &Event| event.at >= at(40) && event.at < at(54);
    // All that made the patient ill turns out to be another's.
    let corrections: Vec<Event> = events
        .iter()
        .filter(|event| ill(event))
        .enumerate()
        .map(|(n, event)| {
            let Fact::Observation(of) = &event.fact else {
                panic!("only measurements are of these hours")
            };
            let mut of = of.clone();
            (of.status, of.value) = (ObservationStatus::EnteredInError, None);
            let mut taken_back = event.clone();
            taken_back.fact = Fact::Observation(of);
            taken_back.received = ReceivedTime::from_micros(
                received_time(60 * 54).micros() + i64::try_from(n).expect("they are few"),
            );
            taken_back.id = clinical::EventId::derive(&[b"taken back", event.id.as_bytes()]);
            taken_back.origin.offset += 10_000;
            taken_back
        })
        .collect();
    events.extend(corrections);
    let (found, engine) = run(events, RiskScore::Model);
    let raised = engine
        .findings
        .iter()
        .any(|of| of.severity == Severity::Medium);
    assert!(raised, "it was right for what was known");
    // Within the window nothing of it is left.
    assert!(
        found.iter().all(|at| *at < event_time(60 * 42)),
        "{found:?}"
    );
}

#[test]
fn by_the_rule_it_is_the_early_warning_score() {
    let (found, engine) = run(stay(), RiskScore::Rule);
    assert_eq!(found.first().copied(), Some(event_time(60 * 42)));
    let first = engine
        .findings
        .iter()
        .find(|of| of.severity == Severity::Medium);
    let summary = &first.expect("there is one").summary;
    assert!(
        summary.contains("NEWS2") && summary.contains("in place of the model"),
        "{summary}"
    );
    let fell = engine
        .findings
        .iter()
        .find(|of| of.summary.contains("fell back"));
    let fell = fell.expect("it is told that it is over").as_of;
    assert!(fell > event_time(60 * 54), "{fell}");
}

/// Runs events with the hours watched; gives those that were told.
fn watched(mut events: Vec<Event>, score: RiskScore) -> Engine {
    events.sort_by_key(|event| event.received);
    // Others look at the passing of time, too, and may do so first.
    let mut config = Config {
        running: Config::default().running,
        ..config(score)
    };
    config.running.insert("sepsis-risk");
    config.watch();
    let mut engine = Engine::swift(config);
    let mut hour = 0;
    for event in &events {
        while received_time(60 * hour) <= event.received {
            engine.tick(received_time(60 * hour));
            hour += 1;
        }
        engine.take(event);
    }
    engine.tick(received_time(60 * HOURS + 1));
    engine
}

#[test]
fn a_watched_model_tells_each_hour_once_as_it_scored_it_then_whatever_raises_alerts() {
    let pack = Pack::built_in();
    for score in [RiskScore::Model, RiskScore::Rule] {
        let told = watched(stay(), score).scored;
        let ends: Vec<_> = told.iter().map(|hour| hour.end).collect();
        let each: Vec<_> = (1..=HOURS).map(|hour| event_time(60 * hour)).collect();
        assert_eq!(ends, each, "each hour once");
        for hour in &told {
            assert_eq!(hour.admission, event_time(0));
            let score = pack.model.score(hour.row.values());
            assert_eq!(score.map(f64::to_bits), Some(hour.score.to_bits()));
            let probability = pack.calibration.probability(hour.score);
            assert_eq!(probability.to_bits(), hour.probability.to_bits());
        }
    }
    // Who does not watch is told nothing.
    assert!(run(stay(), RiskScore::Model).1.scored.is_empty());
}

#[test]
fn what_comes_late_does_not_change_what_was_told_of_an_hour() {
    let mut events = stay();
    for event in &mut events {
        if matches!(&event.fact, Fact::Observation(of) if of.resource.starts_with("MAP")) {
            let late = event.received.micros() + 3 * 3_600_000_000;
            event.received = ReceivedTime::from_micros(late);
        }
    }
    let (prompt, late) = (
        watched(stay(), RiskScore::Model),
        watched(events, RiskScore::Model),
    );
    let ends = |engine: &Engine| {
        engine
            .scored
            .iter()
            .map(|hour| hour.end)
            .collect::<Vec<_>>()
    };
    assert_eq!(ends(&prompt)[..57], ends(&late)[..57]);
    assert_ne!(
        prompt.scored[45], late.scored[45],
        "it was scored without what was not known"
    );
}
