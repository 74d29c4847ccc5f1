//! The seven signs of NEWS2 by the codes and units that senders have for them.

use clinical::{Code, Finding, System, Value};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, number, number_or_text, observed};

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
        let mut take = |at: i64, code: &str, value: Value| {
            let place = Place {
                at,
                arrives: at,
                offset: 0,
            };
            let fact = observed(code, Code::loinc(code), value);
            engine.take(&event("ann", place, 0, fact));
        };
        let values = ["16", "98", "21", "120", "70", "alert"];
        let units = ["/min", "%", "%", "mm[Hg]", "/min", ""];
        for (code, (value, unit)) in at_once.into_iter().zip(values.into_iter().zip(units)) {
            take(600, code, number_or_text(value, unit));
        }
        take(last, "8310-5", number("39.2", "Cel"));
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
