//! The seven signs of NEWS2, and results of the laboratory, by the codes and units that senders have for them.

use clinical::{Code, Finding, Severity, System, Value};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, number, number_or_text, observed, received_time};

fn code(written: &str) -> Code {
    match written.split_once(' ') {
        Some((_, code)) => Code {
            system: System::Snomed,
            code: code.into(),
            display: "".into(),
        },
        None => Code::loinc(written),
    }
}

fn answer(system: System, code: &str, display: &str) -> Value {
    Value::Coded(vec![Code {
        system,
        code: code.into(),
        display: display.into(),
    }])
}

/// Scores a set in which all is usual but what is said.
fn scored(what: &str, said: (&str, Value)) -> Option<Finding> {
    let usual = [
        ("respiratory rate", "9279-1", number("16", "/min")),
        ("SpO2", "59408-5", number("98", "%")),
        ("oxygen", "3150-6", number("21", "%")),
        ("systolic pressure", "8480-6", number("120", "mm[Hg]")),
        ("pulse", "8867-4", number("70", "/min")),
        ("consciousness", "80288-4", Value::Text("alert".into())),
        ("temperature", "8310-5", number("37.0", "Cel")),
    ];
    let mut engine = Engine::default();
    for (ordinal, (name, usual, value)) in usual.into_iter().enumerate() {
        let (written, value) = if name == what {
            said.clone()
        } else {
            (usual, value)
        };
        let place = Place {
            at: 600,
            arrives: 600,
            offset: 0,
        };
        let fact = observed(name, code(written), value);
        engine.take(&event("ann", place, ordinal, fact));
    }
    let mut findings = engine.findings.into_iter();
    findings.rfind(|finding| &*finding.condition == "deterioration")
}

fn check(what: &str, said: (&str, Value), points: i32) {
    let finding = scored(what, said.clone());
    let finding = finding.expect("a set is scored");
    let mut parts = finding.evidence.iter();
    let part = parts.find(|part| *part.what == *what);
    assert_eq!(part.and_then(|part| part.points), Some(points), "{said:?}");
    assert_eq!(finding.score, Some(points), "{said:?}");
    assert!(
        finding.missing.is_empty(),
        "{said:?}: {:?}",
        finding.missing
    );
}

fn lacks(finding: &Finding, what: &str) -> bool {
    finding.missing.iter().any(|of| of.starts_with(what))
}

#[test]
fn a_sign_is_scored_by_each_of_its_codes() {
    for written in ["9279-1", "snomed 86290005"] {
        check("respiratory rate", (written, number("25", "/min")), 3);
    }
    for written in ["59408-5", "2708-6", "snomed 431314004"] {
        check("SpO2", (written, number("91", "%")), 3);
    }
    for written in ["8480-6", "76534-7", "8459-0", "snomed 271649006"] {
        check("systolic pressure", (written, number("90", "mm[Hg]")), 3);
    }
    for written in ["8867-4", "8889-8", "68999-2", "snomed 364075005"] {
        check("pulse", (written, number("131", "/min")), 3);
    }
    for written in [
        "8310-5",
        "8331-1",
        "8332-9",
        "8329-5",
        "8333-7",
        "snomed 386725007",
    ] {
        check("temperature", (written, number("35.0", "Cel")), 3);
    }
}

#[test]
fn the_level_of_responsiveness_is_consciousness_by_code_or_words() {
    for (code, words, points) in [
        ("LA9340-6", "Alert", 0),
        ("LA6560-2", "Confused", 3),
        ("LA17108-4", "Verbal", 3),
        ("LA17107-6", "Painful", 3),
        ("LA9343-0", "Unresponsive", 3),
    ] {
        for written in ["67775-7", "80288-4"] {
            let answers = [
                answer(System::Loinc, code, ""),
                answer(System::Loinc, code, words),
                answer(System::Other("urn:site".into()), "1", words),
                Value::Text(words.into()),
            ];
            for said in answers {
                check("consciousness", (written, said), points);
            }
        }
    }
    let unknown = scored(
        "consciousness",
        ("67775-7", answer(System::Loinc, "LA4489-6", "Unknown")),
    );
    assert!(unknown.is_none_or(|of| lacks(&of, "consciousness")));
}

#[test]
fn a_flow_of_oxygen_is_read_in_litres_or_millilitres() {
    for (amount, unit, points) in [
        ("2", "L/min", 2),
        ("2000", "mL/min", 2),
        ("250", "ml/min", 2),
        ("0", "mL/min", 0),
    ] {
        check("oxygen", ("3151-8", number(amount, unit)), points);
    }
    let other = scored("oxygen", ("3151-8", number("2000", "mL")));
    assert!(other.is_none_or(|of| lacks(&of, "oxygen")));
}

#[test]
fn a_set_that_is_made_within_the_hour_is_whole_to_the_minute() {
    let charted = |last: i64| {
        let at_once = ["9279-1", "59408-5", "3150-6", "8480-6", "8867-4", "80288-4"];
        let mut engine = Engine::of(Config::of(&["deterioration"]));
        let values = ["16", "98", "21", "120", "70", "alert"];
        let units = ["/min", "%", "%", "mm[Hg]", "/min", ""];
        for (ordinal, (code, (value, unit))) in
            at_once.iter().zip(values.iter().zip(units)).enumerate()
        {
            let value = number_or_text(value, unit);
            let place = Place {
                at: 600,
                arrives: 600,
                offset: 0,
            };
            engine.take(&event(
                "ann",
                place,
                ordinal,
                observed(code, Code::loinc(code), value),
            ));
        }
        let place = Place {
            at: last,
            arrives: last,
            offset: 1,
        };
        let temperature = observed("temperature", Code::loinc("8310-5"), number("39.2", "Cel"));
        engine.take(&event("ann", place, 0, temperature));
        let told = engine
            .findings
            .iter()
            .rfind(|of| &*of.condition == "deterioration");
        let told = told.expect("a set is scored");
        (told.score, told.missing.is_empty())
    };
    assert_eq!(charted(659), (Some(2), true));
    assert_eq!(charted(660), (Some(2), true));
    assert!(!charted(661).1);
}

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
