//! Results of any analyte that the laboratory itself calls critical.

use clinical::{Code, Event, Fact, FindingState, MergeRole, ObservationStatus, Quantity, Value};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, event_time, merge, observed, other, received_time};

const fn place(at: i64, offset: u64) -> Place {
    Place {
        at,
        arrives: at,
        offset,
    }
}

/// A result: its id, code, value, flag, and when it was taken.
type Row<'a> = (&'a str, &'a str, &'a str, &'a str, i64);

fn result((resource, code, value, flag, at): Row<'_>, offset: u64) -> Event {
    let (code, display) = code.split_once(' ').unwrap_or((code, ""));
    let code = Code {
        display: display.into(),
        ..Code::loinc(code)
    };
    let value = Quantity::parse(value).map_or_else(|| Value::Text(value.into()), Value::Quantity);
    let mut fact = observed(resource, code, value);
    if let Fact::Observation(of) = &mut fact {
        of.interpretation = vec![flag.into()];
    }
    event("ann", place(at, offset), 0, fact)
}

fn told(events: impl IntoIterator<Item = Event>) -> Vec<String> {
    let mut engine = Engine::of(Config::of(&["critical-results"]));
    for event in events {
        engine.tick(event.received);
        engine.take(&event);
    }
    said(&engine)
}

fn said(engine: &Engine) -> Vec<String> {
    let findings = engine.findings.iter();
    findings
        .map(|of| match &of.state {
            FindingState::Asserted => format!("{} {}", of.severity.word(), of.summary),
            FindingState::Retracted(why) => format!("taken back: {why}"),
        })
        .collect()
}

fn told_of(rows: &[Row<'_>]) -> Vec<String> {
    told((1..).zip(rows).map(|(offset, row)| result(*row, offset)))
}

const DIGOXIN: &str = "10535-3 Digoxin";

#[test]
fn a_flagged_result_of_an_analyte_without_a_range_is_told_with_its_name() {
    for (code, value, flag, words) in [
        (DIGOXIN, "4.1 ng/mL", "HH", "Digoxin 4.1 ng/mL"),
        (DIGOXIN, "4.1 zorkmid", "HH", "Digoxin 4.1 zorkmid"),
        (
            "20578-1 Vancomycin",
            ">80 mg/L",
            "HH",
            "Vancomycin >80 mg/L",
        ),
        ("49137-3", "0.3 k", "LL", "49137-3 0.3 k"),
        (
            "664-3 Gram stain",
            "cocci  in\nclusters",
            "AA",
            "Gram stain cocci in clusters",
        ),
        (
            "2160-0 Creatinine",
            "9.4 mg/dL",
            "HH",
            "Creatinine 9.4 mg/dL",
        ),
        ("2160-0 Creatinine", "9,4", "HH", "Creatinine 9,4"),
    ] {
        assert_eq!(
            told_of(&[("one", code, value, flag, 540)]),
            [format!(
                "high {words}, critical by the laboratory's own flag"
            )],
            "{code} {value}"
        );
    }
}

#[test]
fn what_is_not_flagged_or_judged_elsewhere_is_not_told() {
    for (code, value, flag) in [
        (DIGOXIN, "4.1 ng/mL", "H"),
        (DIGOXIN, "4.1 ng/mL", "N"),
        ("8867-4 Pulse", "240 /min", "HH"),
        ("9279-1 Respirations", "60 /min", "HH"),
    ] {
        let none: [String; 0] = [];
        assert_eq!(
            told_of(&[("one", code, value, flag, 540)]),
            none,
            "{code} {flag}"
        );
    }
    let mut config = Config::of(&["critical-results"]);
    config.critical.sender_flags = false;
    let mut engine = Engine::of(config);
    engine.take(&result(("one", DIGOXIN, "4.1 ng/mL", "HH", 540), 1));
    assert!(engine.findings.is_empty());
}

#[test]
fn one_flag_of_several_is_enough() {
    let mut result = result(("one", DIGOXIN, "4.1 ng/mL", "PANIC", 540), 1);
    if let Fact::Observation(of) = &mut result.fact {
        of.interpretation.extend(["HH".into(), "U".into()]);
    }
    assert_eq!(told([result]).len(), 1);
}

#[test]
fn the_alarm_of_a_device_is_no_critical_result() {
    let mut alarm = result(("one", DIGOXIN, "41 cmH2O", "HH", 540), 1);
    if let Fact::Observation(of) = &mut alarm.fact {
        of.codes = vec![other("urn:iso:std:iso:11073:10101", "151973")];
    }
    assert!(told([alarm]).is_empty());
}

#[test]
fn a_repeat_of_an_analyte_is_told_again_after_half_a_day_and_another_analyte_at_once() {
    let rows = [
        ("one", DIGOXIN, "4.1 ng/mL", "HH", 540),
        ("two", DIGOXIN, "4.4 ng/mL", "HH", 600),
        ("three", "20578-1 Vancomycin", "90 mg/L", "HH", 660),
        ("four", DIGOXIN, "4.0 ng/mL", "HH", 540 + 12 * 60),
    ];
    let flag = "critical by the laboratory's own flag";
    assert_eq!(
        told_of(&rows),
        [
            format!("high Digoxin 4.1 ng/mL, {flag}"),
            format!("high Vancomycin 90 mg/L, {flag}"),
            format!("high Digoxin 4.0 ng/mL, {flag}"),
        ]
    );
    // Whatever the order, the same stands in the end; of one time both are told.
    let together = [
        rows[0],
        ("five", "20578-1 Vancomycin", "90 mg/L", "HH", 540),
    ];
    assert_eq!(
        told_of(&together).last(),
        Some(&format!(
            "high Vancomycin 90 mg/L, Digoxin 4.1 ng/mL, {flag}"
        ))
    );
}

#[test]
fn a_repeat_is_one_for_as_long_as_it_may_be_told() {
    let mut engine = Engine::of(Config::of(&["critical-results"]));
    let vancomycin = "20578-1 Vancomycin";
    for (offset, row) in (1..).zip([
        ("one", DIGOXIN, "4.1 ng/mL", "HH", 480),
        ("two", vancomycin, "90 mg/L", "HH", 720),
        ("three", DIGOXIN, "4.2 ng/mL", "HH", 1_140),
    ]) {
        engine.take(&result(row, offset));
    }
    let told = said(&engine);
    assert_eq!(told.len(), 2);
    // What was told first is no longer revised, and its repeat still is.
    engine.tick(received_time(480 + 49 * 60 + 30));
    engine.take(&result(
        (
            "four",
            "2160-0 Creatinine",
            "1.1 mg/dL",
            "N",
            480 + 49 * 60 + 30,
        ),
        9,
    ));
    engine.take(&result(
        (
            "five",
            "2823-3 Potassium",
            "4.1 mmol/L",
            "N",
            480 + 49 * 60 + 31,
        ),
        10,
    ));
    assert_eq!(said(&engine), told);
}

#[test]
fn one_result_by_two_interfaces_is_said_once() {
    let rows = [
        ("one", DIGOXIN, "4.1 ng/mL", "HH", 540),
        ("two", DIGOXIN, "4.1 ng/mL", "HH", 540),
    ];
    assert_eq!(told_of(&rows).len(), 1);
}

#[test]
fn whichever_coding_comes_first_it_is_the_same_analyte() {
    let swapped = |resource, at, offset, is_swapped: bool| {
        let mut event = result((resource, DIGOXIN, "4.1 ng/mL", "HH", at), offset);
        if let Fact::Observation(of) = &mut event.fact {
            of.codes.push(Code {
                display: "Digoxin".into(),
                ..other("urn:ours", "DIG")
            });
            if is_swapped {
                of.codes.reverse();
            }
        }
        event
    };
    assert_eq!(
        told([swapped("one", 540, 1, false), swapped("two", 600, 2, true)]).len(),
        1
    );
}

#[test]
fn a_correction_says_what_is_and_one_that_is_not_flagged_takes_it_back() {
    let corrected = |value, flag, offset| {
        let mut event = result(("one", DIGOXIN, value, flag, 540), offset);
        event.received = received_time(600);
        if let Fact::Observation(of) = &mut event.fact {
            of.status = ObservationStatus::Corrected;
        }
        event
    };
    let first = result(("one", DIGOXIN, "4.1 ng/mL", "HH", 540), 1);
    let flag = "critical by the laboratory's own flag";
    assert_eq!(
        told([first.clone(), corrected("5.0 ng/mL", "HH", 2)]),
        [
            format!("high Digoxin 4.1 ng/mL, {flag}"),
            format!("high Digoxin 5.0 ng/mL, {flag}"),
        ]
    );
    assert_eq!(
        told([first, corrected("1.1 ng/mL", "N", 2)])
            .last()
            .map(String::as_str),
        Some("taken back: corrected")
    );
}

#[test]
fn a_merge_takes_the_words_along() {
    let mut engine = Engine::of(Config::of(&["critical-results"]));
    engine.take(&result(("one", DIGOXIN, "4.1 ng/mL", "HH", 540), 1));
    let retired = merge(MergeRole::Retired, "bea");
    engine.take(&event("ann", place(560, 2), 0, retired));
    assert_eq!(
        said(&engine).last().map(String::as_str),
        Some("high Digoxin 4.1 ng/mL, critical by the laboratory's own flag")
    );
    let condition = format!("critical-result/flagged/{}", event_time(540));
    let last = engine.findings.last().expect("it is told of whoever stays");
    assert_eq!(*last.condition, *condition);
}
