//! Measures the risk model in one run: a score, and the features of an hour, of a patient with two days of readings;
//! `-- FILE` measures scores of another model file.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::Instant;

use clinical::EventTime;
use workloads::risk::{Course, Kind, Model, Pack, Person, Reading, Variable};

const HOUR: i64 = 3_600_000_000;
const HOURS: i64 = 48;
/// Rounds are short, so that most are not interrupted.
const ROUNDS: usize = 501;
const TIMES: u32 = 20;

fn main() {
    let file = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    if let Some(file) = file {
        return other(&file);
    }
    let pack = Pack::built_in();
    let course = course();
    let person = Person {
        age_years: Some(70.0),
        male: Some(true),
        hospital_admission: Some(EventTime::from_micros(-9 * HOUR)),
    };
    let rows: Vec<Vec<f64>> = (0..HOURS)
        .map(|hour| {
            let mut row = Vec::new();
            course.features(&pack.features, &person, hour, &mut row);
            row
        })
        .collect();
    let (trees, features) = (pack.model.trees(), pack.features.iter().len());
    println!(
        "{trees} trees, {features} features, {} readings",
        course.len()
    );
    println!("| | µs, median of {ROUNDS} rounds |\n| --- | --- |");
    let mut place = 0;
    let score = median(|| {
        place = (place + 1) % rows.len();
        black_box(pack.model.score(black_box(&rows[place])));
    });
    println!("| a score | {score:.2} |");
    let (mut row, mut hour) = (Vec::new(), 0);
    let all = median(|| {
        hour = (hour + 1) % HOURS;
        course.features(&pack.features, &person, black_box(hour), &mut row);
    });
    println!("| all features of an hour | {all:.2} |");
    let mut changed = course.clone();
    let late = reading(&Variable::all()[0], 30, 7);
    let take = median(|| {
        changed.take(black_box(&late));
        changed.withdraw(&late);
    });
    println!("| a late reading taken in and withdrawn | {take:.2} |");
}

/// Measures scores of rows that lead to different leaves.
fn other(file: &str) {
    let text = std::fs::read_to_string(file).expect("give the path of a model file");
    let model = Model::parse(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let value = |place: usize| {
        let drawn = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        if drawn.is_multiple_of(3) {
            f64::NAN
        } else {
            (drawn % 200) as f64
        }
    };
    let width = model.features().len();
    let rows: Vec<Vec<f64>> = (0..50)
        .map(|row| (0..width).map(|place| value(row * width + place)).collect())
        .collect();
    let mut place = 0;
    let score = median(|| {
        place = (place + 1) % rows.len();
        black_box(model.score(black_box(&rows[place])));
    });
    println!("a score of {} trees: {score:.2} µs", model.trees());
}

/// Vital signs each hour, laboratory results each six hours.
fn course() -> Course {
    let mut course = Course::new(EventTime::from_micros(0));
    for (place, variable) in (0..).zip(Variable::all()) {
        let every = if variable.kind == Kind::Vital { 1 } else { 6 };
        for hour in (0..HOURS).step_by(every) {
            course.take(&reading(variable, hour, place));
        }
    }
    course
}

fn reading(variable: &'static Variable, hour: i64, place: i64) -> Reading {
    let share = (hour * 7 + place * 3) % 11;
    let middle = f64::midpoint(variable.least, variable.most.min(variable.least + 150.0));
    Reading {
        variable,
        at: EventTime::from_micros(hour * HOUR + place * 60_000_000),
        value: middle * (1.0 + share as f64 / 100.0),
    }
}

/// Gives the microseconds of one call.
fn median(mut call: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            for _ in 0..TIMES {
                call();
            }
            began.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}
