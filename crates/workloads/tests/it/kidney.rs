//! Stages of acute kidney injury: units, charting that is far apart, dialysis, and in whatever order it comes.

use clinical::{
    Code, Event, Fact, Finding, ObservationStatus, Problem, ReceivedTime, System, Value,
};
use proptest::prelude::*;
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, event_time, number, observed, observed_as, received_time};
use crate::permutations::standing;

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

fn engine() -> Engine {
    Engine::of(Config::of(&["kidney-injury"]))
}

/// Something that was so at a minute, and came at another.
fn told(n: usize, at: i64, arrives: i64, fact: Fact) -> Event {
    let offset = n as u64;
    let mut event = event(
        "ann",
        Place {
            at,
            arrives,
            offset,
        },
        0,
        fact,
    );
    let micros = received_time(arrives).micros() + n as i64;
    event.received = ReceivedTime::from_micros(micros);
    event
}

fn charted(resource: &str, what: &str, said: &str, unit: &str) -> Fact {
    let loinc = |code| (Code::loinc(code), number(said, unit));
    let (code, value) = match what {
        "creatinine" => loinc("2160-0"),
        "urine" => loinc("9187-6"),
        "weight" => loinc("29463-7"),
        _ => (coded("urn:pulsewire:code", what), Value::Text(said.into())),
    };
    observed(resource, code, value)
}

fn coded(system: &str, code: &str) -> Code {
    Code {
        system: System::from_uri(system),
        code: code.into(),
        display: "".into(),
    }
}

/// Runs what was charted as it was charted, and gives what was told: minute, stage, and why.
fn stages(rows: &[(i64, &str, &str, &str)]) -> Vec<(i64, Option<i32>, String)> {
    let mut engine = engine();
    for (n, (at, what, said, unit)) in rows.iter().enumerate() {
        let fact = charted(&format!("{n}"), what, said, unit);
        engine.take(&told(n, *at, *at, fact));
    }
    told_of(&engine.findings)
}

fn told_of(findings: &[Finding]) -> Vec<(i64, Option<i32>, String)> {
    let standing = standing(findings).into_iter();
    let minute = |at: clinical::EventTime| (at.micros() - event_time(0).micros()) / 60_000_000;
    standing
        .map(|((_, at), (_, score, summary, _))| (minute(at), score, summary.into()))
        .collect()
}

fn last(rows: &[(i64, &str, &str, &str)]) -> (Option<i32>, String) {
    let (_, score, summary) = stages(rows).pop().expect("something was told");
    (score, summary)
}

#[test]
fn creatinine_is_staged_in_the_unit_it_comes_in() {
    let rise = |unit: &'static str, before: &'static str, now: &'static str| {
        let rows = [
            (0, "creatinine", before, unit),
            (DAY, "creatinine", now, unit),
        ];
        last(&rows).0
    };
    for (before, now, wanted) in [
        ("53", "79.4", 0),
        ("53", "79.5", 1),
        ("53", "105.9", 1),
        ("53", "106", 2),
        ("53", "158.9", 2),
        ("53", "159", 3),
        ("100", "126.4", 0),
        ("100", "126.5", 1),
        ("320", "353.5", 1),
        ("320", "353.6", 3),
    ] {
        assert_eq!(
            rise("umol/L", before, now),
            Some(wanted),
            "{before} {now} umol/L"
        );
    }
    for (before, now, wanted) in [
        ("1.00", "1.29", 0),
        ("1.00", "1.30", 1),
        ("0.4", "0.6", 1),
        ("3.6", "3.99", 1),
        ("3.6", "4.0", 3),
        ("3.8", "4.0", 0),
    ] {
        assert_eq!(
            rise("mg/dL", before, now),
            Some(wanted),
            "{before} {now} mg/dL"
        );
    }
    let rows = [
        (0, "creatinine", "53", "umol/L"),
        (DAY, "creatinine", "2.0", "mg/dL"),
    ];
    let words = "KDIGO stage 3: creatinine 2.0 mg/dL, lowest of seven days 53 umol/L";
    assert_eq!(last(&rows), (Some(3), words.to_owned()));
}

#[test]
fn a_bound_is_no_value_and_leaves_the_stage_as_it_is() {
    let mut engine = engine();
    for (n, said) in ["1.0", "2.1", "<0.2"].into_iter().enumerate() {
        let code = Code::loinc("2160-0");
        let value = match said.strip_prefix('<') {
            Some(_) => Value::Text("<0.2 mg/dL".into()),
            None => number(said, "mg/dL"),
        };
        let fact = observed(said, code, value);
        let at = n as i64 * HOUR;
        engine.take(&told(n, at, at, fact));
    }
    let stages: Vec<_> = told_of(&engine.findings)
        .into_iter()
        .map(|of| of.1)
        .collect();
    assert_eq!(stages, [Some(0), Some(2)]);
}

/// Charts urine every so many hours for a day and a half, of so many mL/h at 100 kg, and gives the last stage.
fn urine(every: i64, rate: i64) -> Option<i32> {
    let amount = (rate * every).to_string();
    let mut rows = vec![(0, "weight", "100", "kg")];
    let times = (0..=36).filter(|hour| hour % every == 0);
    rows.extend(times.map(|hour| (hour * HOUR, "urine", amount.as_str(), "mL")));
    last(&rows).0
}

#[test]
fn urine_gathers_since_it_was_charted_before() {
    for every in [1, 2, 3, 4, 6] {
        assert_eq!(urine(every, 50), Some(0), "every {every} h");
        assert_eq!(urine(every, 49), Some(2), "every {every} h");
        assert_eq!(urine(every, 29), Some(3), "every {every} h");
    }
    // A night of which nobody charted anything says nothing of the hours since.
    let rows = [
        (0, "weight", "100", "kg"),
        (0, "urine", "1000", "mL"),
        (20 * HOUR, "urine", "100", "mL"),
        (21 * HOUR, "urine", "100", "mL"),
    ];
    assert!(stages(&rows).iter().all(|of| of.1 == Some(0)));
}

#[test]
fn dialysis_is_known_until_it_ends_however_long_ago_it_was_charted() {
    let mut rows = vec![(0, "kidney-replacement", "dialysis", "")];
    rows.extend((1..=15).map(|day| (day * DAY, "creatinine", "4.0", "mg/dL")));
    let told = stages(&rows);
    assert!(told.iter().all(|of| of.1 == Some(3)), "{told:?}");
    rows.push((16 * DAY, "kidney-replacement", "ended", ""));
    assert_eq!(last(&rows).0, Some(0));
}

fn diagnosed(resource: &str, code: Code, active: bool, over: bool) -> Fact {
    Fact::Problem(Problem {
        resource: resource.into(),
        codes: vec![code],
        written: None,
        active,
        doubtful: false,
        over,
    })
}

fn icd(code: &str) -> Code {
    coded("http://hl7.org/fhir/sid/icd-10-cm", code)
}

/// Creatinine that rises and dialysis, and what was diagnosed of the patient, each with when it was so and when it came.
fn with_diagnoses(diagnoses: &[(i64, i64, Fact)]) -> Vec<(i64, Option<i32>, String)> {
    let rows = [
        (0, "creatinine", "4.0", "mg/dL"),
        (HOUR, "creatinine", "8.0", "mg/dL"),
        (2 * HOUR, "kidney-replacement", "dialysis", ""),
        (30 * HOUR, "creatinine", "5.0", "mg/dL"),
    ];
    let mut events: Vec<Event> = Vec::new();
    for (at, what, said, unit) in rows {
        let n = events.len();
        let fact = charted(&format!("{n}"), what, said, unit);
        events.push(told(n, at, at, fact));
    }
    for (at, arrives, fact) in diagnoses {
        events.push(told(events.len(), *at, *arrives, fact.clone()));
    }
    events.sort_by_key(|event| event.received);
    let mut engine = engine();
    for event in &events {
        engine.take(event);
    }
    told_of(&engine.findings)
}

#[test]
fn who_is_dialysed_for_good_is_not_staged() {
    let staged = with_diagnoses(&[]);
    assert_eq!(staged.iter().map(|of| of.1).max(), Some(Some(3)));
    let long_ago = -3_000 * DAY;
    for code in [
        icd("N18.6"),
        icd("z992"),
        coded("http://hl7.org/fhir/sid/icd-10", "Z99.2"),
        coded("http://snomed.info/sct", "46177005"),
        coded("http://snomed.info/sct", "105502003"),
    ] {
        let said = |arrives| [(long_ago, arrives, diagnosed("c", code.clone(), true, false))];
        assert_eq!(with_diagnoses(&said(-1)), [], "{code:?}");
        // It comes later: what is still revised goes.
        assert_eq!(with_diagnoses(&said(3 * HOUR)), [], "{code:?}");
    }
    for code in [
        icd("N18.5"),
        icd("N17.9"),
        icd("N18.60"),
        coded("urn:site", "N18.6"),
    ] {
        let other = [(long_ago, -1, diagnosed("c", code.clone(), true, false))];
        assert_eq!(with_diagnoses(&other), staged, "{code:?}");
    }
}

#[test]
fn what_is_only_thought_of_silences_nothing() {
    let Fact::Problem(problem) = diagnosed("c", icd("N18.6"), true, false) else {
        panic!("it is a problem");
    };
    let doubtful = true;
    let thought = Fact::Problem(Problem {
        doubtful,
        ..problem
    });
    let staged = with_diagnoses(&[]);
    assert_eq!(with_diagnoses(&[(-DAY, -1, thought.clone())]), staged);
    let confirmed = diagnosed("c", icd("N18.6"), true, false);
    let both = [(-DAY, -DAY, thought), (-DAY, -1, confirmed)];
    assert_eq!(with_diagnoses(&both), []);
}

#[test]
fn of_two_diagnoses_that_say_so_each_stands_for_itself() {
    let long_ago = -3_000 * DAY;
    let first = (
        long_ago,
        -2 * DAY,
        diagnosed("a", icd("N18.6"), true, false),
    );
    let second = (-DAY, -2 * DAY, diagnosed("b", icd("Z99.2"), true, false));
    let ended = (-DAY, -HOUR, diagnosed("b", icd("Z99.2"), true, true));
    assert_eq!(with_diagnoses(&[first.clone(), second, ended]), []);
    // One that is put right and over at once is none, and the other one stands.
    let other = (long_ago, -HOUR, diagnosed("a", icd("N18.3"), true, true));
    let staged = with_diagnoses(&[]);
    assert_eq!(with_diagnoses(&[first, other]), staged);
}

#[test]
fn a_full_chart_forgets_measurements_and_no_dialysis() {
    let mut engine = engine();
    let diagnosis = diagnosed("c", icd("N18.6"), true, false);
    engine.take(&told(0, -3_000 * DAY, 0, diagnosis));
    let urine: Vec<Event> = (1..5_000)
        .map(|n| {
            let fact = charted(&format!("u{n}"), "urine", "1", "mL");
            told(n, n as i64 % 600, 600, fact)
        })
        .collect();
    engine.take_message(&urine);
    for (n, (at, said)) in [(601, "1.0"), (602, "8.0")].into_iter().enumerate() {
        let fact = charted(&format!("c{n}"), "creatinine", said, "mg/dL");
        engine.take(&told(5_000 + n, at, at, fact));
    }
    assert_eq!(told_of(&engine.findings), []);
}

#[test]
fn who_has_a_kidney_again_or_never_had_the_disease_is_staged() {
    let staged = with_diagnoses(&[]);
    let said = |active, over| diagnosed("c", icd("N18.6"), active, over);
    for (active, over) in [(true, true), (false, false), (false, true)] {
        let first = [
            (-DAY, -DAY, said(true, false)),
            (-DAY, -1, said(active, over)),
        ];
        assert_eq!(with_diagnoses(&first), staged, "{active} {over}");
        let late = [
            (-DAY, -1, said(true, false)),
            (-DAY, 5 * HOUR, said(active, over)),
        ];
        assert_eq!(with_diagnoses(&late), staged, "{active} {over}");
    }
}

#[test]
fn a_stage_that_was_told_ends_when_chronic_dialysis_becomes_known() {
    // What was told a day before is not taken back any more.
    let said = [(-DAY, 2 * DAY, diagnosed("c", icd("N18.6"), true, false))];
    let rows = with_diagnoses(&said);
    assert_eq!(
        rows.last(),
        Some(&(30 * HOUR, None, "not staged: dialysed for good".to_owned()))
    );
    assert_eq!(rows.iter().rev().nth(1).map(|of| of.1), Some(Some(3)));
}

fn made() -> impl Strategy<Value = (i64, i64, Fact)> {
    let fact = (0..14u8, 0..8usize, 0..1000i64, 0..12u8).prop_map(|(which, name, size, fate)| {
        let status = match fate {
            0 => ObservationStatus::EnteredInError,
            _ => ObservationStatus::Final,
        };
        let (code, value) = match which {
            0..=3 => {
                let digits = format!("{}.{}", size % 5, 1 + size % 9);
                (Code::loinc("2160-0"), number(&digits, "mg/dL"))
            }
            4..=7 => (
                Code::loinc("9187-6"),
                number(&(size % 90).to_string(), "mL"),
            ),
            _ => {
                let said = ["dialysis", "ended"][usize::from(size % 2 == 0)];
                let code = coded("urn:pulsewire:code", "kidney-replacement");
                (code, Value::Text(said.into()))
            }
        };
        (which, name, code, value, status)
    });
    // Hours apart, two days or more, and so far apart that what came before is not looked at again.
    let hours = (prop::sample::select(&[0, 60, 170, 280][..]), 0..20i64);
    (hours.prop_map(|(since, hour)| since + hour), 0..23i64, fact).prop_map(
        |(hour, delay, (which, name, code, value, status))| {
            let resource = format!("{which}/{name}/{hour}");
            (
                hour * HOUR,
                delay * HOUR,
                observed_as(&resource, code, value, status),
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn charting_that_comes_late_ends_as_if_it_had_come_in_time(made in prop::collection::vec(made(), 1..30)) {
        let weight = told(0, 0, 0, charted("weight", "weight", "80", "kg"));
        let mut events: Vec<Event> = made
            .into_iter()
            .enumerate()
            .map(|(n, (at, delay, fact))| told(n + 1, at, at + delay, fact))
            .collect();
        // Time goes on whether anything of the patient comes or not.
        let run = |events: &[Event], in_time: bool| {
            let mut engine = engine();
            engine.take(&weight);
            for event in events {
                let now = if in_time { event.at.micros() } else { event.received.micros() };
                engine.tick(ReceivedTime::from_micros(now));
                engine.take(event);
            }
            standing(&engine.findings)
        };
        events.sort_by_key(|event| (event.at, event.received));
        let in_time = run(&events, true);
        events.sort_by_key(|event| event.received);
        prop_assert_eq!(run(&events, false), in_time);
    }
}
