//! Scores of rows that a split may trip over, beside LightGBM's.

use workloads::risk::Model;

use super::{data, models, script};

/// SplitMix64, as the script draws.
fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// For each feature the values that rows are drawn from: zeros, infinities, each threshold and the number after it.
fn palettes(text: &str, features: usize) -> Vec<Vec<f64>> {
    let mut found = vec![Vec::new(); features];
    let mut split: Vec<usize> = Vec::new();
    for line in text.lines() {
        if let Some(places) = line.strip_prefix("split_feature=") {
            split = places
                .split_whitespace()
                .map(|place| place.parse().expect("a place"))
                .collect();
        } else if let Some(thresholds) = line.strip_prefix("threshold=") {
            for (feature, threshold) in split.iter().zip(thresholds.split_whitespace()) {
                found[*feature].push(threshold.parse::<f64>().expect("a number"));
            }
        }
    }
    let tiny = f64::from(1e-35_f32);
    let always = [
        0.0,
        -0.0,
        tiny,
        -tiny,
        tiny.next_up(),
        (-tiny).next_down(),
        1e300,
        -1e300,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    found
        .into_iter()
        .map(|mut thresholds| {
            thresholds.sort_by(f64::total_cmp);
            thresholds.dedup();
            let next = thresholds.iter().map(|threshold| threshold.next_up());
            always
                .into_iter()
                .chain(thresholds.iter().copied())
                .chain(next)
                .collect()
        })
        .collect()
}

fn row(palettes: &[Vec<f64>], place: u64, seed: u64) -> Vec<f64> {
    let draw = |(feature, palette): (u64, &Vec<f64>)| {
        let drawn = mixed(seed + place * 4096 + feature);
        let length = u64::try_from(palette.len()).expect("it fits");
        if (drawn >> 32).is_multiple_of(3) {
            f64::NAN
        } else {
            palette[usize::try_from((drawn & 0xffff_ffff) % length).expect("it fits")]
        }
    };
    (0..).zip(palettes).map(draw).collect()
}

/// Compares with expected scores, one a line, and gives how many there were.
fn compare(text: &str, expected: &str, seed: u64) -> usize {
    let model = Model::parse(text).expect("a model");
    let palettes = palettes(text, model.features().len());
    let mut missing = 0;
    for (place, expected) in (0..).zip(expected.lines()) {
        let row = row(&palettes, place, seed);
        missing += row.iter().filter(|value| value.is_nan()).count();
        let (score, expected) = (
            model.score(&row).expect("the width is the model's"),
            expected.parse::<f64>().expect("a score"),
        );
        assert!(
            (score - expected).abs() < 1e-9,
            "row {place}: {score} is not {expected}"
        );
    }
    assert!(missing > 0);
    expected.lines().count()
}

#[test]
fn scores_are_those_of_lightgbm() {
    let model = std::fs::read_to_string(models().join("model.lgb.txt")).unwrap();
    let expected = data("model.scores");
    let rows = compare(&model, &expected, 1);
    println!(
        "sepsis risk: {rows} of {} rows score as LightGBM scores them",
        expected.lines().count()
    );
    assert!(rows >= 5_000);
}

#[test]
fn models_that_take_zero_or_nothing_for_missing_score_alike() {
    for name in ["zero", "none", "nan", "leaf", "slope"] {
        let rows = compare(
            &data(&format!("{name}.lgb.txt")),
            &data(&format!("{name}.scores")),
            1,
        );
        assert!(rows >= 1_000, "{name}");
    }
}

#[test]
fn lightgbm_itself_gives_these_scores() {
    let expected = match script(&["score-hard-rows", "--seed", "99"]) {
        Ok(expected) => expected,
        Err(skipped) => return println!("{skipped}"),
    };
    let model = std::fs::read_to_string(models().join("model.lgb.txt")).unwrap();
    let rows = compare(&model, &expected, 99);
    println!("{rows} rows scored beside LightGBM");
    assert!(rows >= 5_000);
}
