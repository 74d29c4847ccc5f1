//! Heart rate variability: the measures that others compute of the same beats.

use std::time::Duration;

use serde_json::Value as Json;
use workloads::variability::{Beat, DIGITS, measure};

use crate::news2_vectors::shared;

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
