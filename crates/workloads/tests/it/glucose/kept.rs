//! What was told of a sensor stands when the readings that it rests on are kept no more.

use clinical::{Finding, ObservationStatus};
use workloads::Config;

use super::{PACK, Said, heard};
use crate::engine::Engine;
use crate::events::{event_time, patient, received_time};
use crate::permutations::standing;

/// A day of readings every five minutes, low from 02:00 to 07:00, of which some were not heard; one of them was put right.
fn day(unheard: std::ops::Range<i64>, corrected: Option<i64>) -> Vec<Finding> {
    let mut engine = Engine::of(Config::of(&[PACK]));
    let mut number = 0;
    let mut say = |minute: i64, value: &str, status| {
        number += 1;
        let said = Said {
            at: event_time(minute),
            arrives: received_time(minute + 1),
            number,
            value,
            unit: "mg/dL",
            status,
            sensor: None,
        };
        engine.take(&heard(patient("ann"), &said));
    };
    let heard_at = (0..288).map(|slot| 5 * slot);
    for minute in heard_at.filter(|minute| !unheard.contains(minute)) {
        let low = (120..420).contains(&minute);
        let value = if low { "60" } else { "100" };
        say(minute, value, ObservationStatus::Final);
        if corrected == Some(minute) {
            say(minute, "101", ObservationStatus::Corrected);
        }
    }
    engine.tick(received_time(24 * 60));
    engine.findings
}

fn told(findings: &[Finding], what: &str) -> Vec<String> {
    let of = standing(findings).into_iter();
    let told = of.map(|told| format!("{told:?}"));
    told.filter(|told| told.contains(what)).collect()
}

#[test]
fn a_reading_that_is_kept_longer_for_its_correction_ends_no_episode_of_later_ones() {
    let straight = told(&day(0..0, None), "glucose-episode");
    assert_eq!(straight.len(), 4, "{straight:#?}");
    assert_eq!(told(&day(0..0, Some(40)), "glucose-episode"), straight);
}

#[test]
fn a_sensor_that_is_heard_again_stays_heard() {
    let findings = day(500..800, None);
    let said = told(&findings, "glucose sensor");
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[1].contains("heard again"), "{said:#?}");
    let revised = findings.iter().filter(|finding| finding.revision > 1);
    assert_eq!(revised.count(), 0);
}

#[test]
fn a_sensor_that_says_low_in_words_is_held_against_the_limits_of_its_own_unit() {
    let values = [
        "10.0", "10.0", "10.0", "10.0", "3.89", "3.89", "3.89", "LOW", "LOW", "LOW", "5.0", "5.0",
        "5.0",
    ];
    let readings: Vec<_> = (0..)
        .map(|slot| 5 * slot)
        .zip(values)
        .map(|(at, value)| (at, at, value, "mmol/L"))
        .collect();
    // 10.0 mmol/L is more than 180 mg/dL, and 3.89 mmol/L not less than 70.
    expect_test::expect![[r#"
        [
            "20 glucose-episode/low medium: interstitial glucose below 3.9 mmol/L, for at least 15 min",
            "35 glucose-episode/very-low high: interstitial glucose below 3.0 mmol/L, for at least 15 min",
            "60 glucose-episode/low none: interstitial glucose no longer below 3.9 mmol/L, after 30 min",
            "60 glucose-episode/very-low none: interstitial glucose no longer below 3.0 mmol/L, after 15 min",
        ]
    "#]]
    .assert_debug_eq(&super::told(&readings, 65));
}

#[test]
fn of_what_began_too_long_ago_to_be_told_the_end_is_not_told() {
    // A telephone sends eight hours at once, the newest before those in between.
    let sent = (0..=12).chain(99..100).chain(13..99);
    let low = sent.map(|slot| (5 * slot, 501, "60", "mg/dL"));
    let over = (100..112).map(|slot| (5 * slot, 5 * slot + 1, "100", "mg/dL"));
    let told = super::told(&low.chain(over).collect::<Vec<_>>(), 560);
    let of =
        |what: &str| -> Vec<&String> { told.iter().filter(|told| told.contains(what)).collect() };
    assert!(of("low-extended").is_empty(), "{told:#?}");
    assert!(of("glucose-episode/low")[0].starts_with("0 "), "{told:#?}");
}

#[test]
fn a_low_that_is_heard_of_late_and_goes_on_is_news_and_one_that_is_over_is_none() {
    let pages = |readings: &[(i64, i64, &str)]| {
        let mut engine = Engine::of(Config::of(&[PACK]));
        for (number, (minute, arrives, value)) in (0..).zip(readings) {
            let said = Said {
                at: event_time(*minute),
                arrives: received_time(*arrives),
                number,
                value,
                unit: "mg/dL",
                status: ObservationStatus::Final,
                sensor: None,
            };
            engine.take(&heard(patient("ann"), &said));
        }
        let mut low = engine.findings.iter();
        low.any(|finding| &*finding.condition == "glucose-episode/low" && !finding.backfill)
    };
    // A telephone was out of reach for two hours, and sends all that it has.
    let sent = |low: std::ops::Range<i64>| {
        let slots = (0..25).map(|slot| 5 * slot);
        let value = move |minute| if low.contains(&minute) { "60" } else { "100" };
        slots.map(move |minute| (minute, 121, value(minute)))
    };
    let over: Vec<_> = sent(10..60).collect();
    assert!(!pages(&over));
    let goes_on: Vec<_> = sent(10..121).collect();
    assert!(pages(&goes_on));
    // What shows that it goes on comes after it was taken for history.
    let (old, new) = goes_on.split_at(15);
    let later: Vec<_> = new
        .iter()
        .map(|(at, _, value)| (*at, 124, *value))
        .collect();
    assert!(!pages(old) && pages(&[old, &later].concat()));
}
