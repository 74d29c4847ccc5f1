//! Compares taking FHIR JSON in and holding it against the standard with serde_json alone; `-- passes N [NDJSON]` only validates N times, for callgrind.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, and where the corpora are"
)]

mod typed;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use formats::fhir::definition::Definition;
use formats::fhir::read::Raw;
use formats::fhir::validate::Validator;
use formats::fhir::view::ResourceView;

/// Each case runs at least this long in a round.
const SLOT_MS_MIN: u128 = 50;

const ROUNDS: usize = 11;

/// Goes through all resources once, and returns something of each.
type Case<'c> = (&'static str, Box<dyn FnMut(&[Vec<u8>]) -> usize + 'c>);

fn main() {
    let start = Instant::now();
    let known = Definition::of("Observation").is_some();
    println!("definitions ready: {known}, after {:?}", start.elapsed());
    let arguments: Vec<String> = std::env::args().collect();
    let mut validator = Validator::default();
    if let Some(place) = arguments.iter().position(|argument| argument == "passes") {
        let passes = arguments.get(place + 1);
        let passes = passes.and_then(|passes| passes.parse().ok()).unwrap_or(1);
        let file = arguments.get(place + 2);
        for resource in file.map_or_else(resources, lines).iter().flatten() {
            for _ in 0..passes {
                black_box(validator.validate(resource));
            }
        }
        println!("{passes} passes, after {:?}", start.elapsed());
        return;
    }
    let Some(resources) = resources() else { return };
    let bytes: usize = resources.iter().map(Vec::len).sum();
    println!("{} resources, {bytes} bytes", resources.len());
    let mut again = Validator::default();
    let mut cases: Vec<Case<'_>> = vec![
        (
            "read and validate",
            Box::new(move |resources| {
                let read = |bytes: &Vec<u8>| {
                    ResourceView::read(bytes).map_or(0, |view| view.elements().count())
                };
                resources
                    .iter()
                    .map(|bytes| read(bytes) + validator.validate(bytes).len())
                    .sum()
            }),
        ),
        (
            "validate",
            Box::new(move |resources| {
                resources
                    .iter()
                    .map(|bytes| again.validate(bytes).len())
                    .sum()
            }),
        ),
        (
            "serde_json typed",
            Box::new(|resources| resources.iter().map(|bytes| typed::read(bytes)).sum()),
        ),
        (
            "serde_json Value",
            Box::new(|resources| {
                let read = |bytes: &Vec<u8>| {
                    serde_json::from_slice::<serde_json::Value>(bytes)
                        .map_or(0, |value| value.as_object().map_or(0, serde_json::Map::len))
                };
                resources.iter().map(read).sum()
            }),
        ),
        (
            "from_utf8 only",
            Box::new(|resources| {
                let is_text = |bytes: &&Vec<u8>| std::str::from_utf8(black_box(bytes)).is_ok();
                resources.iter().filter(is_text).count()
            }),
        ),
    ];
    for (name, case) in &mut cases {
        println!("{name}: {}", case(&resources));
    }
    table(&mut cases, &resources, bytes);
}

fn table(cases: &mut [Case<'_>], resources: &[Vec<u8>], bytes: usize) {
    let round = |cases: &mut [Case<'_>]| -> Vec<f64> {
        cases
            .iter_mut()
            .map(|(_, case)| seconds_a_pass(case, resources))
            .collect()
    };
    let rounds: Vec<Vec<f64>> = (0..ROUNDS).map(|_| round(cases)).collect();
    println!(
        "{:18} {:>12} {:>10} {:>25}",
        "", "resources/s", "MB/s", "read and validate is"
    );
    for (place, (name, _)) in cases.iter().enumerate() {
        let own = |round: &Vec<f64>| round.get(place).copied().unwrap_or(f64::NAN);
        let ours = |round: &Vec<f64>| round.first().copied().unwrap_or(f64::NAN);
        let seconds = median(rounds.iter().map(own));
        let ratio = median(rounds.iter().map(|round| own(round) / ours(round)));
        let rate = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds;
        println!(
            "{name:18} {:12.0} {:10.1} {ratio:18.2}x faster",
            rate(resources.len()),
            rate(bytes) / 1e6
        );
    }
}

/// The resources of an NDJSON file.
fn lines(file: &String) -> Option<Vec<Vec<u8>>> {
    let bytes = std::fs::read(file).ok()?;
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    Some(lines.map(<[u8]>::to_vec).collect())
}

/// The Patients and Observations of the synthetic patients, each without the space between its parts.
fn resources() -> Option<Vec<Vec<u8>>> {
    let shared = std::env::var("PULSEWIRE_SHARED").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("corpora/synthea-fhir-data-pipes");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("no resources at {}; set PULSEWIRE_SHARED", folder.display());
        return None;
    };
    let mut found = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        if let Some(entries) = Raw::read(&bytes)
            .ok()
            .and_then(|raw| raw.get("entry").ok()?)
        {
            let resources = entries
                .items()
                .filter_map(|entry| entry.ok()?.get("resource").ok()?);
            found.extend(
                resources
                    .filter(|raw| is_wanted(*raw))
                    .map(|raw| dense(raw.as_bytes())),
            );
        }
    }
    Some(found)
}

fn is_wanted(resource: Raw<'_>) -> bool {
    let name = resource.get("resourceType").ok().flatten();
    name.and_then(|name| name.text().ok())
        .is_some_and(|name| matches!(&*name, "Patient" | "Observation"))
}

/// Takes out the white space between the parts of JSON.
fn dense(json: &[u8]) -> Vec<u8> {
    let (mut within, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        let space = byte.is_ascii_whitespace() && !within;
        if *byte == b'"' && !escaped {
            within = !within;
        }
        escaped = *byte == b'\\' && !escaped;
        !space
    };
    let mut out = json.to_vec();
    out.retain(keep);
    out
}

fn seconds_a_pass(case: &mut dyn FnMut(&[Vec<u8>]) -> usize, resources: &[Vec<u8>]) -> f64 {
    let start = Instant::now();
    let mut passes = 0;
    let mut spent = Duration::ZERO;
    while spent.as_millis() < SLOT_MS_MIN {
        black_box(case(resources));
        passes += 1;
        spent = start.elapsed();
    }
    spent.as_secs_f64() / f64::from(passes)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
