//! A sepsis that somebody wrote down as a diagnosis begins the clock of the bundle, by when it was written down.

use clinical::{Code, Event, Fact, Problem, System};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, event_time, received_time};

const ICD_10_CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";

fn coded(system: System, code: &str) -> Problem {
    Problem {
        resource: "c1".into(),
        codes: vec![Code {
            system,
            code: code.into(),
            display: "".into(),
        }],
        written: Some(event_time(10)),
        active: true,
        doubtful: false,
        over: false,
    }
}

fn severe() -> Problem {
    coded(System::Other(ICD_10_CM.into()), "R65.20")
}

/// A problem that the patient had at a minute, told of at another.
fn told(had: i64, arrives: i64, problem: Problem) -> Event {
    let place = Place {
        at: had,
        arrives,
        offset: u64::try_from(arrives).expect("minutes are counted from 0"),
    };
    event("ann", place, 0, Fact::Problem(problem))
}

/// When severe sepsis, and septic shock, present in the end.
fn presents(events: &[Event]) -> [Option<i64>; 2] {
    let mut engine = Engine::of(Config::of(&["sepsis-bundle"]));
    for event in events {
        engine.tick(event.received);
        engine.take(event);
    }
    engine.tick(received_time(60));
    ["severe-sepsis-sep-1", "septic-shock-sep-1"].map(|condition| {
        let mut of = engine.findings.iter();
        let last = of.rfind(|finding| *finding.condition == *condition)?;
        let minutes = (last.as_of.micros() - event_time(0).micros()) / 60_000_000;
        (last.state == clinical::FindingState::Asserted).then_some(minutes)
    })
}

#[test]
fn what_is_written_down_counts_from_when_it_was() {
    assert_eq!(presents(&[told(0, 12, severe())]), [Some(10), None]);
    let snomed = coded(System::Snomed, "76571007");
    assert_eq!(presents(&[told(0, 12, snomed)])[1], Some(10));
    let without_points = coded(System::Other(ICD_10_CM.into()), "r6521");
    assert_eq!(presents(&[told(0, 12, without_points)])[1], Some(10));
}

#[test]
fn what_is_refuted_or_becomes_something_else_takes_it_back() {
    let refuted = Problem {
        active: false,
        ..severe()
    };
    let other = coded(System::Other(ICD_10_CM.into()), "J18.9");
    for later in [refuted.clone(), other] {
        let events = [told(0, 12, severe()), told(0, 20, later)];
        assert_eq!(presents(&events), [None, None]);
    }
    // The older version comes last.
    let (older, newer) = (told(0, 12, severe()), told(0, 20, refuted));
    assert_eq!(presents(&[newer, older]), [None, None]);
}

#[test]
fn history_days_and_other_codes_begin_no_clock() {
    let problem = |problem: Problem| presents(&[told(0, 12, problem)]);
    let only_a_day = Problem {
        written: None,
        ..severe()
    };
    assert_eq!(problem(only_a_day), [None, None]);
    // What began in time counts, and what began a minute too long before it was written down does not.
    let window = 72 * 60;
    assert_eq!(presents(&[told(10 - window, 12, severe())])[0], Some(10));
    assert_eq!(presents(&[told(9 - window, 12, severe())])[0], None);
    for code in ["A49.9", "R65.11", "R65.10", "T81.11XA"] {
        let other = coded(System::Other(ICD_10_CM.into()), code);
        assert_eq!(problem(other), [None, None], "{code}");
    }
    let elsewhere = coded(System::Other("urn:site".into()), "R65.20");
    assert_eq!(problem(elsewhere), [None, None]);
}
