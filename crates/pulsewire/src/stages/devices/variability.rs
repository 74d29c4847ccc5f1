//! Beats of an interval as its heart rate variability: one Observation with the measures beside one another.

use std::time::Duration;

use formats::device::nomenclature::LOINC_SYSTEM;
use formats::device::{Code, Decimal};
use formats::fhir::json::{self, Number};
use workloads::variability::{Beat, DIGITS, measure};

use super::tell::UCUM;

/// What LOINC calls the standard deviation of R-R intervals, and its words for it.
const SDNN: (&str, &str) = (
    "80404-7",
    "R-R interval.standard deviation (Heart rate variability)",
);
/// The system of codes of our own.
const OWN_SYSTEM: &str = "urn:pulsewire:code";
/// The unit of a measure in time.
pub(super) const UNIT: &str = "ms";
/// What is told beside it, in this order: LOINC has no codes for them.
const BESIDE: [(&str, &str, &str); 4] = [
    ("rr-mean", "Mean of R-R intervals", UNIT),
    (
        "rr-rmssd",
        "Root mean square of successive differences of R-R intervals",
        UNIT,
    ),
    (
        "rr-pnn50",
        "Successive differences of R-R intervals above 50 ms",
        "%",
    ),
    ("rr-valid", "Valid beats", "%"),
];
/// How many measures are told beside the first.
pub(super) const BESIDE_MAX: usize = BESIDE.len();

/// Says whether samples of a code are times between beats.
pub(super) fn is_measured_of(code: &Code) -> bool {
    code.meaning().is_some_and(|row| row.intervals)
}

/// Measures what was heard in a window, in order of time; nothing where it is rejected.
pub(super) fn measured(
    samples: &[(i64, Decimal)],
    unit: &str,
    window: i64,
) -> Option<(Decimal, Vec<Decimal>)> {
    let beats = samples.iter().filter_map(|(at, value)| {
        let interval = value.microseconds(unit)?;
        Some(Beat { at: *at, interval })
    });
    let beats: Vec<Beat> = beats.collect();
    let window = Duration::from_micros(window.unsigned_abs());
    let measures = measure(&beats, window).ok()?;
    let beside = [
        measures.mean,
        measures.rmssd,
        measures.pnn50,
        measures.valid,
    ];
    let number = |units: i64| Decimal::new(units, DIGITS);
    Some((number(measures.sdnn), beside.map(number).to_vec()))
}

/// Writes what the Observation is of.
pub(super) fn coding(codings: &mut json::Array<'_>) {
    codings.object(|coding| {
        coding
            .string("system", LOINC_SYSTEM)
            .string("code", SDNN.0)
            .string("display", SDNN.1);
    });
}

/// Writes the measures beside the first.
pub(super) fn components(beside: &[Decimal], all: &mut json::Array<'_>) {
    for ((code, words, unit), value) in BESIDE.iter().zip(beside) {
        let digits = value.to_string();
        all.object(|one| {
            one.object("code", |concept| {
                concept.array("coding", |codings| {
                    codings.object(|coding| {
                        coding
                            .string("system", OWN_SYSTEM)
                            .string("code", code)
                            .string("display", words);
                    });
                });
            });
            one.object("valueQuantity", |quantity| {
                quantity
                    .number("value", Number::parse(&digits))
                    .string("unit", unit)
                    .string("system", UCUM)
                    .string("code", unit);
            });
        });
    }
}
