//! How many vital signs a second go through the scores on one core, and whether that depends on how many patients there are.
//!
//! Each patient is charted by the hour, seven signs a message; after eight hours the next ones are timed. A tenth of the
//! patients is ill. `cargo bench -p workloads --bench scores`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::Instant;

use clinical::{
    Code, Event, EventId, EventTime, Fact, Observation, ObservationStatus, Origin, PatientKey,
    Quantity, ReceivedTime, Value,
};
use workloads::{Config, Effects, Input, Now, State, Workloads};

/// What is charted: its code and unit, a usual value and that of one in ten patients.
const SIGNS: [(&str, &str, &str, &str); 7] = [
    ("9279-1", "/min", "16", "26"),
    ("59408-5", "%", "97", "91"),
    ("3150-6", "%", "21", "40"),
    ("8480-6", "mm[Hg]", "124", "92"),
    ("8867-4", "/min", "76", "121"),
    ("9269-2", "{score}", "15", "14"),
    ("8310-5", "Cel", "36.8", "38.9"),
];
/// The sets of workloads: what they are called, and their names.
const SETS: [(&str, &[&str]); 3] = [
    ("deterioration", &["deterioration"]),
    (
        "those that start by themselves",
        &["deterioration", "sepsis", "critical-results"],
    ),
    (
        "deterioration and sepsis in full",
        &[
            "deterioration",
            "sepsis",
            "organ-failure",
            "organ-failure-2",
            "kidney-injury",
            "suspected-infection",
            "sepsis-3",
            "septic-shock",
            "bedside-scores",
        ],
    ),
];
/// How many patients the cost is compared between.
const PATIENTS: [usize; 3] = [1_000, 10_000, 100_000];
const WARM_HOURS: i64 = 8;
/// At least so many messages are timed.
const LEAST_MESSAGES: usize = 20_000;
const HOUR: i64 = 3_600_000_000;
/// Some Monday.
const BEGIN: i64 = 1_772_409_600_000_000;

fn main() {
    println!("workloads                          patients    signs/s   state of one, bytes");
    // A word asks for the sets that have it in their name.
    let asked = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let asked = asked.unwrap_or_default();
    for (words, names) in SETS {
        if !words.contains(&asked) {
            continue;
        }
        let workloads = Workloads::new(Config::of(names));
        for patients in PATIENTS {
            let (a_second, bytes) = measure(&workloads, patients);
            println!("{words:<33} {patients:>9} {a_second:>10.0} {bytes:>21}");
        }
    }
}

/// Gives the signs a second, and the bytes of a usual patient's state.
fn measure(workloads: &Workloads, patients: usize) -> (f64, usize) {
    let mut states: Vec<State> = vec![State::default(); patients];
    for hour in 0..WARM_HOURS {
        go_round(workloads, &mut states, hour);
    }
    let hours = i64::try_from(LEAST_MESSAGES.div_ceil(patients)).unwrap_or(1);
    let seconds: f64 = (WARM_HOURS..WARM_HOURS + hours)
        .map(|hour| go_round(workloads, &mut states, hour))
        .sum();
    let signs = patients as f64 * hours as f64 * SIGNS.len() as f64;
    let mut bytes = Vec::new();
    states.last().map(|state| state.encode(&mut bytes));
    (signs / seconds, bytes.len())
}

/// Charts an hour of every patient, and gives the seconds that it took to take it in.
fn go_round(workloads: &Workloads, states: &mut [State], hour: i64) -> f64 {
    let mut seconds = 0.0;
    for (number, state) in states.iter_mut().enumerate() {
        let message = message(number, hour);
        let (last, parts) = message.split_last().expect("a message has seven signs");
        let now = Now {
            watermark: EventTime::from_micros(BEGIN + hour * HOUR),
            received: last.received,
            patient: last.patient,
        };
        let start = Instant::now();
        let mut effects = Effects::default();
        let inputs = parts.iter().map(Input::Part).chain([Input::Event(last)]);
        for input in inputs {
            let taken = workloads.step(state, input, now, &mut effects);
            taken.expect("signs can be taken in");
        }
        black_box(&effects);
        seconds += start.elapsed().as_secs_f64();
    }
    seconds
}

fn message(number: usize, hour: i64) -> Vec<Event> {
    let bytes = number.to_be_bytes();
    let is_ill = number.is_multiple_of(10);
    let signs = SIGNS.iter().enumerate();
    signs
        .map(|(place, (code, unit, usual, ill))| {
            let digits = if is_ill { ill } else { usual };
            let at = BEGIN + hour * HOUR;
            Event {
                id: EventId::derive(&[&bytes, &hour.to_be_bytes(), code.as_bytes()]),
                patient: PatientKey::derive(&[&bytes]),
                at: EventTime::from_micros(at),
                recorded: None,
                received: ReceivedTime::from_micros(at + HOUR / 4),
                origin: Origin {
                    partition: 0,
                    offset: hour.unsigned_abs() * 10 + place as u64,
                },
                backfill: false,
                fact: Fact::Observation(Observation {
                    resource: format!("{code}/{hour}").into(),
                    codes: vec![Code::loinc(code)],
                    value: Some(Value::Quantity(Quantity {
                        comparator: None,
                        value: digits.parse().expect("they are digits"),
                        unit: (*unit).into(),
                    })),
                    components: Vec::new(),
                    status: ObservationStatus::Final,
                    interpretation: None,
                    notes: Vec::new(),
                    flags: Vec::new(),
                }),
            }
        })
        .collect()
}
