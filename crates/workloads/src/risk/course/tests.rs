//! The course of a stay: what is known at each hour, in whatever order it came.

use proptest::prelude::*;

use super::*;

const ADMISSION: i64 = 1_772_359_200_000_000;

fn admission() -> EventTime {
    EventTime::from_micros(ADMISSION)
}

fn reading(word: &str, minutes: i64, value: f64) -> Reading {
    Reading {
        variable: Variable::find(word).unwrap(),
        at: EventTime::from_micros(ADMISSION + minutes * 60_000_000),
        value,
    }
}

fn features(course: &Course, names: &[&str], hour: i64) -> Vec<f64> {
    let features = Features::parse(names.iter().copied()).unwrap();
    let person = Person {
        age_years: Some(70.0),
        male: Some(false),
        hospital_admission: Some(EventTime::from_micros(ADMISSION - 5_400_000_000)),
    };
    let mut row = Vec::new();
    course.features(&features, &person, hour, &mut row);
    row
}

/// NaN is equal to NaN here.
fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|value| value.to_bits()).collect()
}

const ALL: [&str; 14] = [
    "HR.last",
    "HR.age",
    "HR.step",
    "HR.change24",
    "HR.mean6",
    "HR.min6",
    "HR.max6",
    "HR.off6",
    "HR.n6",
    "vitals.n6",
    "labs.kinds48",
    "HR/SBP",
    "SBP-DBP",
    "labs.n24",
];

#[test]
fn features_are_those_of_the_last_hours() {
    let mut course = Course::new(admission());
    for reading in [
        reading("HR", 10, 80.0),
        reading("HR", 5 * 60 + 59, 90.0),
        reading("SBP", 0, 120.0),
    ] {
        course.take(&reading);
    }
    let names = [
        "HR.last", "HR.age", "HR.step", "HR.mean6", "HR.n6", "HR/SBP", "age", "male", "hour",
        "before", "hospital",
    ];
    assert_eq!(
        features(&course, &names, 5),
        [90.0, 0.0, 10.0, 85.0, 2.0, 0.75, 70.0, 0.0, 6.0, -1.5, 7.5]
    );
    assert_eq!(
        features(&course, &["HR.n6", "HR.mean6", "HR.change24"], 6)[..2],
        [1.0, 90.0]
    );
    assert_eq!(features(&course, &["HR.change24"], 24), [10.0]);
}

#[test]
fn a_value_is_known_for_the_hours_looked_back_and_no_longer() {
    let mut course = Course::new(admission());
    course.take(&reading("Lactate", 30, 2.0));
    assert_eq!(
        features(
            &course,
            &["Lactate.last", "Lactate.age"],
            LOOKBACK_HOURS - 1
        ),
        [2.0, 47.0]
    );
    assert!(features(&course, &["Lactate.last"], LOOKBACK_HOURS)[0].is_nan());
    course.forget(LOOKBACK_HOURS - 1);
    assert_eq!(course.len(), 1);
    course.forget(LOOKBACK_HOURS);
    assert!(course.is_empty());
}

#[test]
fn an_hour_is_the_median_of_its_readings() {
    let mut course = Course::new(admission());
    for (minute, value) in [(0, 70.0), (59, 90.0), (30, 200.0)] {
        course.take(&reading("HR", minute, value));
    }
    assert_eq!(features(&course, &["HR.last"], 0), [90.0]);
    assert_eq!(course.withdraw(&reading("HR", 59, 90.0)), Some(0));
    assert_eq!(features(&course, &["HR.last"], 0), [135.0]);
    assert_eq!(course.withdraw(&reading("HR", 59, 90.0)), None);
}

#[test]
fn what_no_patient_has_is_not_used() {
    let mut course = Course::new(admission());
    assert_eq!(course.take(&reading("FiO2", 0, 21.0)), None);
    assert_eq!(course.take(&reading("HR", 0, 0.0)), None);
    assert_eq!(course.take(&reading("HR", 0, f64::NAN)), None);
    assert!(course.is_empty());
}

#[test]
fn times_at_the_end_of_time_do_not_overflow() {
    let mut course = Course::new(EventTime::from_micros(i64::MIN));
    let late = Reading {
        at: EventTime::from_micros(i64::MAX),
        ..reading("HR", 0, 80.0)
    };
    let hour = course.take(&late).unwrap();
    assert_eq!(features(&course, &["HR.n1"], hour), [1.0]);
    course.forget(i64::MAX);
    course.forget(i64::MIN);
    course.withdraw(&late);
}

#[derive(Clone, Debug)]
struct Charted(Vec<Reading>);

fn charted(most: usize) -> impl Strategy<Value = Charted> {
    let one = (
        prop::sample::select(vec!["HR", "SBP", "DBP", "Lactate", "WBC"]),
        0..60_i64 * 70,
        1..40_u8,
    );
    prop::collection::vec(one, 0..most).prop_map(|rows| {
        Charted(
            rows.into_iter()
                .map(|(word, at, value)| reading(word, at, f64::from(value) * 1.7))
                .collect(),
        )
    })
}

proptest! {
    #[test]
    fn the_order_of_arrival_decides_nothing(rows in charted(60), wrong in charted(20), seed in any::<u64>()) {
        let mut straight = Course::new(admission());
        for row in &rows.0 {
            straight.take(row);
        }
        let mut mixed: Vec<(u64, bool, Reading)> = Vec::new();
        for (place, row) in (0..).zip(&rows.0) {
            mixed.push((place ^ seed, true, *row));
        }
        mixed.sort_by_key(|(key, ..)| key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut other = Course::new(admission());
        for row in &wrong.0 {
            other.take(row);
        }
        for (_, _, row) in &mixed {
            other.take(row);
        }
        for row in wrong.0.iter().rev() {
            other.withdraw(row);
        }
        prop_assert_eq!(&straight, &other);
    }

    #[test]
    fn a_late_reading_changes_no_hour_before_the_one_it_gives(rows in charted(40), late in charted(3)) {
        let mut course = Course::new(admission());
        for row in &rows.0 {
            course.take(row);
        }
        for row in &late.0 {
            let before: Vec<_> = (0..72).map(|hour| bits(&features(&course, &ALL, hour))).collect();
            let Some(first) = course.take(row) else { continue };
            for (hour, before) in (0..72).zip(&before) {
                if hour < first || hour >= first + LOOKBACK_HOURS {
                    prop_assert_eq!(&bits(&features(&course, &ALL, hour)), before);
                }
            }
        }
    }

    #[test]
    fn forgetting_changes_nothing_that_is_still_asked(rows in charted(60), first in 0..80_i64) {
        let mut course = Course::new(admission());
        for row in &rows.0 {
            course.take(row);
        }
        let before: Vec<_> = (first..80).map(|hour| bits(&features(&course, &ALL, hour))).collect();
        course.forget(first);
        let after: Vec<_> = (first..80).map(|hour| bits(&features(&course, &ALL, hour))).collect();
        prop_assert_eq!(before, after);
    }
}
