//! How many vital signs a second go through the scores and their alert policy on one core, whether that depends on how many
//! patients there are, and what is kept of one.
//!
//! Each patient is charted by the hour, seven signs a message; after eight hours the next ones are timed, and again after 32. What
//! is concluded goes through the alert policy, and what either of the two wants to be woken for comes when it is due. A tenth of the
//! patients is ill.
//! `cargo bench -p workloads --bench scores [SET] [MOST-PATIENTS]`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use alerts::{Alerts, Policy, Route};

use clinical::{
    Code, Event, EventId, EventTime, Fact, Observation, ObservationStatus, Origin, PatientKey,
    Quantity, ReceivedTime, Severity, Value,
};
use workloads::{Config, Effects, Input, Now, State, Workloads};

/// The allocator that the program runs on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is charted: its code and unit, a usual value and that of one in ten patients; without a unit they are words.
const SIGNS: [(&str, &str, &str, &str); 7] = [
    ("9279-1", "/min", "16", "26"),
    ("59408-5", "%", "97", "91"),
    ("3150-6", "%", "21", "40"),
    ("8480-6", "mm[Hg]", "124", "92"),
    ("8867-4", "/min", "76", "121"),
    ("80288-4", "", "Alert", "Confused"),
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
const PATIENTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// With more than these a set is measured when it is asked for.
const USUAL_PATIENTS: usize = 100_000;
/// After so many hours the next ones are timed: of a new patient, and of one whose chart is as long as it gets.
const WARM_HOURS: [i64; 2] = [8, 32];
/// So many hours are timed, of however many patients: charts outgrow their room in some of them.
const TIMED_HOURS: i64 = 20;
const HOUR: i64 = 3_600_000_000;
/// Some Monday.
const BEGIN: i64 = 1_772_409_600_000_000;
/// Who has not been charted for so long is idle.
const IDLE_HOURS: i64 = 10 * 24;

fn main() {
    println!(
        "workloads, with their alert policy patients hours  signs/s  state of one, bytes: mean, ill, idle"
    );
    // A word asks for the set of that name or those that have it in theirs, a number for so many patients at most.
    let words = std::env::args().skip(1);
    let words: Vec<String> = words.filter(|word| !word.starts_with('-')).collect();
    let asked = words.iter().find(|word| word.parse::<usize>().is_err());
    let asked = asked.map_or("", String::as_str);
    let is_name = SETS.iter().any(|(words, _)| *words == asked);
    let most = words.iter().find_map(|word| word.parse().ok());
    let most = most.unwrap_or(USUAL_PATIENTS);
    for (words, names) in SETS {
        if !words.contains(asked) || is_name && words != asked {
            continue;
        }
        let packs = Packs::of(names);
        for patients in PATIENTS.into_iter().filter(|patients| *patients <= most) {
            for warm in WARM_HOURS {
                let [a_second, mean, ill, idle] = measure(&packs, patients, warm);
                println!(
                    "{words:<33} {patients:>8} {warm:>5} {a_second:>8.0} {mean:>26.0} {ill:>6.0} {idle:>6.0}"
                );
            }
        }
    }
}

/// What judges.
struct Packs {
    workloads: Workloads,
    alerts: Alerts,
}

impl Packs {
    fn of(names: &[&str]) -> Self {
        let channel = Route {
            channel: "team".into(),
            min_severity: Severity::Medium,
            conditions: Vec::new(),
        };
        Self {
            workloads: Workloads::new(Config::of(names)),
            alerts: Alerts::new(Policy {
                channels: vec![channel],
                acting_for: Duration::from_secs(3_600),
                ..Policy::default()
            }),
        }
    }
}

/// A patient and all that is kept of one.
#[derive(Default)]
struct Patient {
    chart: State,
    alerts: alerts::State,
    /// What is to wake whom: the alerts, or else the workloads.
    timers: Vec<(bool, Vec<u8>, EventTime)>,
}

impl Patient {
    /// Charts an hour.
    fn take(&mut self, packs: &Packs, message: &[Event], now: Now) {
        let (last, parts) = message.split_last().expect("a message has seven signs");
        let inputs = parts.iter().map(Input::Part).chain([Input::Event(last)]);
        for input in inputs {
            self.step(packs, input, now);
        }
    }

    /// Wakes whoever wanted to be woken by now.
    fn wake(&mut self, packs: &Packs, now: Now) {
        while let Some(place) = self.timers.iter().position(|(.., at)| *at <= now.watermark) {
            let (is_of_alerts, tag, at) = self.timers.swap_remove(place);
            let input = Input::Timer { tag: &tag, at };
            match is_of_alerts {
                true => self.judge(packs, alerts::Input::Timer { tag: &tag, at }, now),
                false => self.step(packs, input, now),
            }
        }
    }

    fn step(&mut self, packs: &Packs, input: Input<'_>, now: Now) {
        let mut effects = Effects::default();
        let taken = packs
            .workloads
            .step(&mut self.chart, input, now, &mut effects);
        taken.expect("signs can be taken in");
        for (tag, at) in effects.timers {
            self.set(false, tag, at);
        }
        for finding in &effects.findings {
            self.judge(packs, alerts::Input::Finding(finding), now);
        }
    }

    fn judge(&mut self, packs: &Packs, input: alerts::Input<'_>, now: Now) {
        let now = alerts::Now {
            watermark: now.watermark,
            received: now.received,
            patient: now.patient,
        };
        let mut effects = alerts::Effects::default();
        let taken = packs
            .alerts
            .step(&mut self.alerts, input, now, &mut effects);
        taken.expect("findings can be judged");
        for (tag, at) in std::mem::take(&mut effects.timers) {
            self.set(true, tag, at);
        }
        black_box(&effects);
    }

    fn set(&mut self, is_of_alerts: bool, tag: Vec<u8>, at: Option<EventTime>) {
        let timers = &mut self.timers;
        timers.retain(|(other, set, _)| (*other, set) != (is_of_alerts, &tag));
        timers.extend(at.map(|at| (is_of_alerts, tag, at)));
    }

    /// The bytes that are kept of it: what the workloads know, and the alerts.
    fn bytes(&self) -> f64 {
        let mut bytes = Vec::new();
        self.chart.encode(&mut bytes);
        (bytes.len() + self.alerts.encode().len()) as f64
    }
}

/// Gives the signs a second, and the bytes of a patient in the mean, of one who is ill, and of one who is idle.
fn measure(packs: &Packs, count: usize, warm: i64) -> [f64; 4] {
    let mut patients: Vec<Patient> = (0..count).map(|_| Patient::default()).collect();
    for hour in 0..warm {
        go_round(packs, &mut patients, hour);
    }
    let end = warm + TIMED_HOURS;
    let seconds: f64 = (warm..end)
        .map(|hour| go_round(packs, &mut patients, hour))
        .sum();
    let signs = count as f64 * TIMED_HOURS as f64 * SIGNS.len() as f64;
    let some = patients.get_mut(..100).expect("there are as many");
    let mean = |some: &[Patient]| some.iter().map(Patient::bytes).sum::<f64>() / some.len() as f64;
    let active = mean(some);
    let ill = some.first().map_or(0.0, Patient::bytes);
    for (number, patient) in some.iter_mut().enumerate() {
        for hour in end..end + IDLE_HOURS {
            patient.wake(packs, now(number, hour));
        }
    }
    [signs / seconds, active, ill, mean(some)]
}

/// Charts an hour of every patient, and gives the seconds that it took to take it in.
fn go_round(packs: &Packs, patients: &mut [Patient], hour: i64) -> f64 {
    let mut seconds = 0.0;
    for (number, patient) in patients.iter_mut().enumerate() {
        let message = message(number, hour);
        let now = now(number, hour);
        let start = Instant::now();
        patient.wake(packs, now);
        patient.take(packs, &message, now);
        seconds += start.elapsed().as_secs_f64();
    }
    seconds
}

fn now(number: usize, hour: i64) -> Now {
    let at = BEGIN + hour * HOUR;
    Now {
        watermark: EventTime::from_micros(at),
        received: ReceivedTime::from_micros(at + HOUR / 4),
        patient: PatientKey::derive(&[&number.to_be_bytes()]),
    }
}

fn message(number: usize, hour: i64) -> Vec<Event> {
    let bytes = number.to_be_bytes();
    let is_ill = number.is_multiple_of(10);
    let signs = SIGNS.iter().enumerate();
    signs
        .map(|(place, (code, unit, usual, ill))| {
            let said = if is_ill { ill } else { usual };
            let value = match *unit {
                "" => Value::Text((*said).into()),
                unit => Value::Quantity(Quantity {
                    comparator: None,
                    value: said.parse().expect("they are digits"),
                    unit: unit.into(),
                }),
            };
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
                    value: Some(value),
                    components: Vec::new(),
                    status: ObservationStatus::Final,
                    interpretation: Vec::new(),
                    notes: Vec::new(),
                    flags: Vec::new(),
                    device: None,
                }),
            }
        })
        .collect()
}
