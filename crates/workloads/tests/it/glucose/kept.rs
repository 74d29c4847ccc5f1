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
