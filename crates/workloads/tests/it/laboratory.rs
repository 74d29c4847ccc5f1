//! Results of the laboratory by the codes and units that senders have for them.

use clinical::{Code, Finding, Severity, Value};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, number, number_or_text, observed, received_time};

/// What a workload tells of one result, two hours later.
fn told_of(workload: &'static str, code: &str, value: Value) -> Vec<Finding> {
    let mut engine = Engine::of(Config::of(&[workload]));
    let place = Place {
        at: 600,
        arrives: 600,
        offset: 0,
    };
    engine.take(&event(
        "ann",
        place,
        0,
        observed("result", Code::loinc(code), value),
    ));
    engine.tick(received_time(720));
    engine.findings
}

#[test]
fn what_laboratories_measure_in_blood_is_judged_by_each_of_its_codes() {
    for (code, value, unit) in [
        ("6298-4", "6.9", "mmol/L"),
        ("77142-8", "6.9", "mmol/L"),
        ("39789-3", "2.1", "mmol/L"),
        ("2947-0", "115", "mmol/L"),
        ("2000-8", "1.2", "mmol/L"),
        ("49765-1", "14", "mg/dL"),
        ("1994-3", "0.7", "mmol/L"),
        ("14749-6", "1.4", "mmol/L"),
        ("20565-8", "8", "mmol/L"),
        ("11558-4", "7.1", ""),
        ("2746-6", "7.1", ""),
        ("2745-8", "7.1", "[pH]"),
        ("59260-0", "4.0", "mmol/L"),
        ("718-7", "4.0", "mmol/L"),
        ("30313-1", "6.4", "g/dL"),
        ("20570-8", "18", "%"),
        ("32354-3", "18", "%"),
        ("34714-6", "6", ""),
        ("2519-7", "5.5", "mmol/L"),
        // Giga per litre of cells, which lost its case on the way.
        ("777-3", "8", "g/L"),
        ("6690-2", "0.4", "g/L"),
        ("777-3", "8", "G/L"),
        ("777-3", "8", "1000/µl"),
        ("777-3", "8", "/nL"),
        ("6690-2", "0.4", "10*3/µL"),
        ("2345-7", "0.25", "g/L"),
        ("2345-7", "5.5", "g/l"),
        ("2823-3", "7.4", "mval/l"),
        ("2823-3", "7.4", "mEq/L"),
        ("17861-6", "0.05", "g/L"),
        ("718-7", "64", "G/L"),
    ] {
        let findings = told_of("critical-results", code, number(value, unit));
        let told: Vec<_> = findings.iter().map(|of| of.severity).collect();
        assert_eq!(told, [Severity::Critical], "{code}: {findings:?}");
    }
    for code in ["606-4", "543-9"] {
        let findings = told_of("critical-cultures", code, Value::Text("positive".into()));
        assert_eq!(findings.len(), 1, "{code}");
    }
}

#[test]
fn a_unit_that_says_nothing_certain_is_told_and_not_judged() {
    for (code, unit) in [
        ("2823-3", "10/uL"),
        ("2823-3", "g"),
        ("17861-6", "meq/L"),
        ("2345-7", "/nL"),
        ("2345-7", "G/mL"),
    ] {
        let findings = told_of("critical-results", code, number("0.1", unit));
        let told: Vec<_> = findings.iter().map(|of| &*of.summary).collect();
        assert!(
            told.iter()
                .any(|said| said.ends_with("cannot be evaluated: its unit is not known")),
            "{code} {unit}: {told:?}"
        );
    }
}

/// Values of a code, each with the points that SOFA gives it.
type Limits = (&'static str, &'static str, &'static str);

/// The table of Vincent 1996, which has its limits in both units, on either side of each.
const LIMITS: [Limits; 4] = [
    (
        "14682-9",
        "umol/L",
        "109=0 110=1 170=1 171=2 299=2 300=3 440=3 441=4 >440=4",
    ),
    (
        "14631-6",
        "umol/L",
        "19=0 20=1 32=1 33=2 101=2 102=3 204=3 205=4 >204=4",
    ),
    (
        "2160-0",
        "mg/dL",
        "1.1=0 1.2=1 1.9=1 2.0=2 3.4=2 3.5=3 4.9=3 5.0=4 >5.0=4",
    ),
    (
        "1975-2",
        "mg/dL",
        "1.1=0 1.2=1 1.9=1 2.0=2 5.9=2 6.0=3 11.9=3 12.0=4 >12.0=4",
    ),
];

#[test]
fn sofa_scores_a_result_in_the_unit_that_it_came_in() {
    for (code, unit, cases) in LIMITS {
        for case in cases.split(' ') {
            let (value, points) = case.rsplit_once('=').expect("a value and its points");
            let findings = told_of("organ-failure", code, number_or_text(value, unit));
            let told = findings
                .iter()
                .rfind(|of| &*of.condition == "organ-failure");
            let score = told.and_then(|of| of.score).unwrap_or_default();
            assert_eq!(score.to_string(), points, "{code} {value} {unit}");
        }
    }
}
