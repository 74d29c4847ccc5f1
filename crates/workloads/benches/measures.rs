//! How many patients a second each measure is evaluated for, and how many resources a second are reduced and taken in.
//!
//! The patients are the published test cases, each with its own resources; every line is the best of five runs.
//! `cargo bench -p workloads --bench measures`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../tests/it/measures/cases.rs"]
mod cases;

use std::hint::black_box;
use std::time::Instant;

use cases::TestCase;
use workloads::Now;
use workloads::measures::{Measure, MeasureState, Measures, MeasuresConfig};

const RUNS: usize = 5;
/// How often all patients are gone through in a run.
const ROUNDS: u32 = 200;
/// What the JavaScript engine (fqm-execution 1.8.6) took for a patient and a measure on two cores, in seconds.
const JAVASCRIPT_SECONDS: f64 = 0.63;

fn main() {
    let folder = match cases::folder() {
        Ok(folder) => folder,
        Err(reason) => return println!("{reason}"),
    };
    let sets = cases::value_sets(&folder);
    println!("measure      patients   exact   patient-measures/s   times the JavaScript engine");
    for measure in Measure::ALL {
        let cases = cases::cases(&folder, measure, &sets);
        let states: Vec<MeasureState> = cases
            .iter()
            .map(|case| cases::state(cases::changes(&case.facts)))
            .collect();
        let seconds = best(|| {
            for (case, state) in cases.iter().zip(&states) {
                black_box(measure.evaluate(black_box(state), case.period));
            }
        });
        let a_second = cases.len() as f64 / seconds;
        let (word, patients) = (measure.word(), cases.len());
        let times = a_second * JAVASCRIPT_SECONDS;
        let exact = patients - cases.iter().filter_map(TestCase::difference).count();
        println!("{word:<12} {patients:>8} {exact:>7} {a_second:>20.0} {times:>29.0}");
    }
    taking(&folder, &sets);
}

/// Measures a resource's way in: reduced, taken in, and all nine measures concluded from.
fn taking(folder: &std::path::Path, sets: &workloads::measures::MeasureValueSets) {
    let config = MeasuresConfig {
        measures: Measure::ALL.to_vec(),
        ..MeasuresConfig::default()
    };
    let measures = Measures::new(config, sets);
    let cases: Vec<_> = Measure::ALL
        .into_iter()
        .flat_map(|measure| cases::cases(folder, measure, sets))
        .collect();
    let now = Now {
        watermark: clinical::EventTime::parse("2026-06-01T00:00:00Z").expect("it is a time"),
        received: clinical::ReceivedTime::from_micros(0),
        patient: clinical::PatientKey::default(),
    };
    let resources: usize = cases.iter().map(|case| case.facts.len()).sum();
    let seconds = best(|| {
        for case in &cases {
            let mut state = MeasureState::default();
            for change in cases::changes(&case.facts) {
                let event = change.event;
                measures
                    .take(&mut state, change)
                    .expect("the patient is known under no other identity");
                black_box(measures.conclude(&mut state, now, Some(event)));
            }
        }
    });
    let a_second = resources as f64 / seconds;
    println!(
        "taken in and concluded from, all nine measures in two years: {a_second:.0} resources/s"
    );
}

/// Gives the seconds of one round in the best of some runs.
fn best(mut round: impl FnMut()) -> f64 {
    let runs = (0..RUNS).map(|_| {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            round();
        }
        start.elapsed().as_secs_f64() / f64::from(ROUNDS)
    });
    runs.fold(f64::INFINITY, f64::min)
}
