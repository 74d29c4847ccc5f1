//! Heart rate variability: the measures that others compute of the same beats, and when it falls with the pressure.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{Event, Finding, FindingState, ObservationStatus, ReceivedTime};
use proptest::prelude::*;
use serde_json::Value as Json;
use workloads::Config;
use workloads::variability::{Beat, DIGITS, measure};

use crate::engine::Engine;
use crate::events::{Place, event, event_time, observation, received_time, told};
use crate::news2_vectors::shared;
use crate::permutations::standing;

const PACK: &str = "variability-and-pressure";
const MINUTE: i64 = 60_000_000;

/// What the file calls each measure: by the formulas, and by neurokit2 where it agrees on what is meant.
const MEASURES: [[&str; 2]; 4] = [
    ["mean_nn", "mean_nn"],
    ["sdnn", "nk_sdnn"],
    ["rmssd", "nk_rmssd"],
    ["pnn50", "pnn50"],
];

#[test]
fn measures_are_those_of_the_published_formulas() {
    let path = shared().join("clinical-data/cgm-simglucose/hrv_oracle.json");
    let Ok(text) = std::fs::read(&path) else {
        println!(
            "skipped: clinical-data/cgm-simglucose is not there; set PULSEWIRE_SHARED to the shared data"
        );
        return;
    };
    let all: Json = serde_json::from_slice(&text).expect("the file is JSON");
    let all = all.as_array().expect("it is a list of series");
    let mut matched = 0;
    for series in all {
        let mut at = 0;
        let intervals = series["rr_ms"].as_array().expect("a series has intervals");
        let beats: Vec<Beat> = intervals
            .iter()
            .map(|milliseconds| {
                let interval = milliseconds.as_i64().expect("they are whole") * 1_000;
                at += interval;
                Beat { at, interval }
            })
            .collect();
        let window = Duration::from_micros(at.unsigned_abs());
        let ours = measure(&beats, window).expect("every beat is valid");
        let ours = [ours.mean, ours.sdnn, ours.rmssd, ours.pnn50];
        for (ours, theirs) in ours.into_iter().zip(MEASURES) {
            let ours = clinical::Decimal::new(ours, DIGITS.into()).to_string();
            for theirs in theirs {
                let known = series["expected"][theirs].as_f64().expect("a number");
                assert_eq!(ours, format!("{known:.5}"), "{theirs}");
            }
        }
        matched += 1;
    }
    println!("heart rate variability: {matched} of {} cases", all.len());
    assert!(matched > 0);
}

/// A patient's own variability over time, in ms.
const OWN: [i64; 12] = [30, 33, 28, 31, 34, 29, 30, 32, 27, 31, 33, 30];

/// A story: six hours of the patient's own variability and a steady pressure, and then these steps, each at its minute.
fn story(baseline: i64, steps: &[(i64, &str)]) -> Vec<(i64, String)> {
    let mut all = Vec::new();
    for (place, value) in (0..baseline).zip(OWN.iter().cycle()) {
        all.push((5 * (place + 1), format!("lab ann variability {value}")));
    }
    all.extend(steps.iter().map(|(at, step)| (*at, (*step).to_owned())));
    all.sort_by_key(|(at, _)| *at);
    all
}

/// Tells a story as it happens, and gives what was found in the end.
fn found(story: &[(i64, String)], until: i64) -> Vec<String> {
    let mut engine = Engine::of(Config::of(&[PACK]));
    for (number, (at, step)) in (0..).zip(story) {
        let place = Place {
            at: *at,
            arrives: *at,
            offset: 10 * number,
        };
        engine.tick(received_time(*at));
        for event in told(step, place).expect("a step is understood") {
            engine.take(&event);
        }
    }
    engine.tick(received_time(until));
    lines(&engine.findings)
}

fn lines(findings: &[Finding]) -> Vec<String> {
    let mut standing: BTreeMap<i64, String> = BTreeMap::new();
    for finding in findings {
        let minute = (finding.as_of.micros() - event_time(0).micros()) / MINUTE;
        match finding.state {
            FindingState::Asserted => {
                let history = if finding.backfill { " history" } else { "" };
                let words = finding.summary.trim_start_matches("investigational: ");
                let severity = finding.severity.word();
                standing.insert(minute, format!("{minute} {severity}{history}: {words}"))
            }
            FindingState::Retracted(_) => standing.remove(&minute),
        };
    }
    standing.into_values().collect()
}

/// Three windows far below, beside a mean pressure at the end of them.
fn low_with(pressures: &[(i64, &'static str)]) -> Vec<(i64, &'static str)> {
    let mut steps = vec![
        (365, "lab ann variability 12"),
        (370, "lab ann variability 11"),
        (375, "lab ann variability 12"),
    ];
    steps.extend(pressures);
    steps
}

const FALLING: [(i64, &str); 4] = [
    (320, "vitals ann map 90"),
    (340, "vitals ann map 87"),
    (355, "vitals ann map 85"),
    (374, "vitals ann map 82"),
];

#[test]
fn low_variability_with_a_falling_or_a_low_pressure_is_told() {
    let told = |pressures: &[(i64, &'static str)]| found(&story(72, &low_with(pressures)), 380);
    expect_test::expect![[r#"
        [
            "375 low: for 15 min heart rate variability is far below the patient's own (now 12.0 ms, 6.1 deviations below 30.0 ms), while mean pressure falls by 8.9 mmHg an hour",
        ]
    "#]]
    .assert_debug_eq(&told(&FALLING));
    expect_test::expect![[r#"
        [
            "375 low: for 15 min heart rate variability is far below the patient's own (now 12.0 ms, 6.1 deviations below 30.0 ms), while mean pressure is 69 mmHg",
        ]
    "#]]
    .assert_debug_eq(&told(&[(374, "vitals ann map 69")]));
    assert_eq!(told(&[(374, "vitals ann map 70")]), [""; 0]);
}

#[test]
fn a_slope_has_its_limit_its_readings_and_its_span() {
    let told =
        |pressures: &[(i64, &'static str)]| found(&story(72, &low_with(pressures)), 376).len();
    let falls = |by: &'static str| {
        [
            (330, "vitals ann map 80"),
            (345, "vitals ann map 78.75"),
            (360, by),
        ]
    };
    assert_eq!(
        told(&falls("vitals ann map 77.5")),
        0,
        "a reading of a quarter of an hour ago"
    );
    let falls = |last: &'static str| {
        [
            (330, "vitals ann map 90"),
            (348, "vitals ann map 88.5"),
            (366, last),
        ]
    };
    assert_eq!(told(&falls("vitals ann map 87")), 1, "5 mmHg an hour");
    assert_eq!(told(&falls("vitals ann map 87.1")), 0, "less");
    assert_eq!(
        told(&[(330, "vitals ann map 90"), (366, "vitals ann map 80")]),
        0,
        "two readings"
    );
    assert_eq!(
        told(&[
            (345, "vitals ann map 90"),
            (360, "vitals ann map 85"),
            (374, "vitals ann map 80")
        ]),
        0,
        "29 minutes"
    );
    assert_eq!(
        told(&[
            (344, "vitals ann map 90"),
            (360, "vitals ann map 85"),
            (374, "vitals ann map 80")
        ]),
        1,
        "30 minutes"
    );
    assert_eq!(told(&[(360, "vitals ann map 60")]), 0, "15 minutes before");
    assert_eq!(told(&[(361, "vitals ann map 60")]), 1, "14 minutes before");
}

#[test]
fn a_baseline_needs_six_hours_and_a_run_three_buckets() {
    let told = |baseline: i64, last: &'static str| {
        let mut steps = low_with(&FALLING);
        steps[2].1 = last;
        // What is short of six hours begins later.
        let mut story = story(baseline, &steps);
        let shift = 5 * (72 - baseline);
        let is_own = |at: i64| at <= 5 * baseline;
        for (at, step) in &mut story {
            if step.contains("variability") && is_own(*at) {
                *at += shift;
            }
        }
        story.sort_by_key(|(at, _)| *at);
        found(&story, 376).len()
    };
    assert_eq!(told(72, "lab ann variability 12"), 1);
    // The first low one belongs to the baseline of the third; the first has one less than it needs.
    assert_eq!(told(71, "lab ann variability 12"), 0);
    // The median is 30 and the deviation from it 2: the limit lies 2 × 1.4826 × 2 below.
    assert_eq!(told(72, "lab ann variability 24"), 1);
    assert_eq!(told(72, "lab ann variability 25"), 0);
    let mut gap = low_with(&FALLING);
    gap[0].0 = 360;
    assert_eq!(found(&story(71, &gap), 376).len(), 0, "a window is missing");
}

#[test]
fn a_rhythm_that_is_not_the_hearts_own_and_a_vasopressor_that_is_titrated_say_nothing() {
    let told = |more: &[(i64, &'static str)]| {
        let mut steps = low_with(&FALLING);
        steps.extend(more);
        found(&story(72, &steps), 376).len()
    };
    assert_eq!(told(&[(300, "lab ann rhythm sinus")]), 1);
    for rhythm in [
        "lab ann rhythm \"AF (Atrial Fibrillation)\"",
        "lab ann rhythm \"V Paced\"",
    ] {
        assert_eq!(told(&[(300, rhythm)]), 0, "{rhythm}");
        assert_eq!(told(&[(301, rhythm), (304, "lab ann rhythm sinus")]), 1);
    }
    let drug = "infusion ann norepinephrine 0.05 ug/kg/min";
    assert_eq!(told(&[(316, drug)]), 0);
    assert_eq!(told(&[(315, drug)]), 1);
    assert_eq!(told(&[(200, drug), (370, drug)]), 1, "the same rate again");
    let more = "infusion ann norepinephrine 0.10 ug/kg/min";
    assert_eq!(told(&[(200, drug), (370, more)]), 0);
}

#[test]
fn it_is_over_after_three_buckets_beside_the_rule_or_when_nothing_is_heard() {
    let mut steps = low_with(&FALLING);
    steps.extend([
        (379, "vitals ann map 80"),
        (380, "lab ann variability 30"),
        (385, "lab ann variability 31"),
        (389, "vitals ann map 79"),
        (390, "lab ann variability 30"),
    ]);
    let told = found(&story(72, &steps), 400);
    assert_eq!(told.len(), 2);
    assert!(told[1].starts_with("390 none: heart rate variability is no longer"));
    let told = found(&story(72, &low_with(&FALLING)), 390);
    assert!(
        told[1]
            .starts_with("390 none: heart rate variability or mean pressure not heard for 15 min")
    );
    assert_eq!(found(&story(72, &low_with(&FALLING)), 389).len(), 1);
}

#[test]
fn a_pressure_that_a_drug_brought_back_is_no_recovery() {
    let lines = |value: &'static str, drug: &[(i64, &'static str)]| {
        let mut steps = low_with(&FALLING);
        steps.extend([(379, "vitals ann map 95"), (389, "vitals ann map 96")]);
        steps.extend([380, 385, 390].map(|at| (at, value)));
        steps.extend(drug);
        found(&story(72, &steps), 395).len()
    };
    let drug = [(378, "infusion ann norepinephrine 0.05 ug/kg/min")];
    assert_eq!(lines("lab ann variability 12", &drug), 1);
    assert_eq!(lines("lab ann variability 30", &drug), 2);
    assert_eq!(lines("lab ann variability 12", &[]), 2);
}

#[test]
fn what_is_known_long_afterwards_is_history() {
    let known = |minutes: i64| {
        let mut engine = Engine::of(Config::of(&[PACK]));
        for (number, (at, step)) in (0..).zip(story(72, &low_with(&FALLING))) {
            let late = if at == 375 { minutes } else { 0 };
            let place = Place {
                at,
                arrives: at + late,
                offset: 10 * number,
            };
            for event in told(&step, place).expect("a step is understood") {
                engine.take(&event);
            }
        }
        lines(&engine.findings)[0].contains("history")
    };
    assert_eq!([30, 31].map(known), [false, true]);
}

/// What is heard in two hours after six of the patient's own: windows and pressures, each said once or more, some wrong and put right.
fn heard() -> impl Strategy<Value = Vec<(bool, i64, i64, u8)>> {
    let variability = (
        0..22i64,
        prop_oneof![4 => 8..14i64, 1 => 26..34i64],
        0..14u8,
    )
        .prop_map(|(slot, value, fate)| (true, slot, value, fate));
    let pressure = (0..22i64, 0..14i64, 0..14u8)
        .prop_map(|(slot, noise, fate)| (false, slot, 92 - slot - noise / 2, fate));
    prop::collection::vec(prop_oneof![2 => variability, 1 => pressure], 1..90)
}

/// The same as events, all accepted within a minute, behind those of the patient's own.
fn events(heard: &[(bool, i64, i64, u8)]) -> Vec<Event> {
    let own = (0..72)
        .zip(OWN.iter().cycle())
        .map(|(slot, value)| (true, slot - 72, *value, 13));
    let all = own.chain(heard.iter().copied()).enumerate();
    let made = all.map(|(number, (is_variability, slot, value, fate))| {
        let status = match fate {
            0 => ObservationStatus::EnteredInError,
            1 => ObservationStatus::Corrected,
            _ => ObservationStatus::Final,
        };
        let what = if is_variability { "variability" } else { "map" };
        let at = 5 * (slot + 73) - i64::from(!is_variability);
        let digits = value.to_string();
        let value = (status != ObservationStatus::EnteredInError).then_some((digits.as_str(), ""));
        let fact = observation("ann", at, what, value, status).expect("a name of stories");
        let place = Place {
            at,
            arrives: 0,
            offset: number as u64,
        };
        Event {
            received: ReceivedTime::from_micros(received_time(475).micros() + number as i64),
            ..event("ann", place, 0, fact)
        }
    });
    made.collect()
}

fn after(events: impl IntoIterator<Item = Event>) -> Vec<Finding> {
    let mut engine = Engine::of(Config::of(&[PACK]));
    for event in events {
        engine.take(&event);
    }
    engine.tick(received_time(500));
    engine.findings
}

#[test]
fn the_property_looks_at_findings() {
    let heard: Vec<(bool, i64, i64, u8)> = (0..6)
        .flat_map(|slot| [(true, slot, 11, 13), (false, slot, 80 - 3 * slot, 13)])
        .collect();
    assert_eq!(lines(&after(events(&heard))).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_windows_and_pressures_ends_the_same(heard in heard(), keys in prop::collection::vec(any::<u32>(), 162)) {
        let events = events(&heard);
        let mut shuffled: Vec<(u32, Event)> = keys.into_iter().zip(events.iter().cloned()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let twice = shuffled.into_iter().flat_map(|(_, event)| [event.clone(), event]);
        prop_assert_eq!(standing(&after(events.clone())), standing(&after(twice)));
    }
}
