//! What the team does, as findings that ask for nothing.

use clinical::{Fact, Finding, FindingState, Given, Order, Severity};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, administered, event, observation, quantity};

fn given(at: i64, drug: &str, rate: Option<&str>, active: bool) -> (i64, Fact) {
    let given = Given {
        rate: rate.map(|rate| quantity(rate, "ug/kg/min")),
        ..Given::default()
    };
    let order = administered(&format!("{drug}/{at}"), drug, given);
    (at, Fact::Order(Order { active, ..order }))
}

fn run(facts: Vec<(i64, Fact)>) -> Vec<Finding> {
    let mut engine = Engine::of(Config::of(&["team-actions"]));
    for (n, (at, fact)) in facts.into_iter().enumerate() {
        let place = Place {
            at,
            arrives: 60 + n as i64,
            offset: n as u64,
        };
        engine.take(&event("ann", place, 0, fact));
    }
    engine.findings
}

#[test]
fn what_was_given_is_told_at_its_own_time_and_asks_for_nothing() {
    let comfort = observation(
        "ann",
        5,
        "note",
        Some(("comfort care", "")),
        clinical::ObservationStatus::Final,
    );
    let findings = run(vec![
        given(1, "J01DH02", None, true),
        given(2, "C01CA03", Some("0.1"), true),
        given(3, "C01CA03", Some("0"), true),
        (5, comfort.expect("a note is known")),
    ]);
    let told: Vec<_> = findings
        .iter()
        .map(|of| (&*of.condition, &*of.summary))
        .collect();
    assert_eq!(
        told,
        [
            ("team-action/antimicrobial", "an antimicrobial was given"),
            (
                "team-action/circulation",
                "fluid was given or a drug for the circulation runs"
            ),
            ("team-action/comfort-care", "comfort alone is cared for"),
        ]
    );
    assert!(
        findings
            .iter()
            .all(|of| of.severity == Severity::None && of.evidence.len() == 1)
    );
}

#[test]
fn what_was_entered_in_error_is_taken_back() {
    let findings = run(vec![
        given(1, "J01DH02", None, true),
        given(1, "J01DH02", None, false),
    ]);
    let last = findings.last().expect("it was told");
    assert_eq!(last.state, FindingState::Retracted("cancelled".into()));
}
