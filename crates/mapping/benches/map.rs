//! How fast messages are mapped, and where the time goes; `-- passes N` only maps them N times, for callgrind.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, and where the corpora are"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clinical::{ReceivedTime, SiteKey};
use mapping::{Source, Subjects, bundle, map};

/// Each case runs at least this long in a round.
const SLOT_MS_MIN: u128 = 200;

const ROUNDS: usize = 5;

/// Runs over all messages, and returns something that depends on every one.
type Case = (&'static str, fn(&[Vec<u8>], &Source, &SiteKey) -> usize);

const CASES: [Case; 4] = [
    ("parse", parsed),
    ("parse, map", mapped),
    ("parse, map, count", counted),
    ("parse, map, bundle", bundled),
];

fn main() {
    let Some(messages) = messages() else { return };
    let (source, site) = (Source::new("bench"), SiteKey::new([7; 32]));
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "passes") {
        let passes = arguments
            .get(place + 1)
            .and_then(|passes| passes.parse().ok());
        for _ in 0..passes.unwrap_or(1) {
            black_box(mapped(&messages, &source, &site));
        }
        return;
    }
    let bytes: usize = messages.iter().map(Vec::len).sum();
    println!(
        "{} messages, {bytes} bytes, {} resources",
        messages.len(),
        mapped(&messages, &source, &site)
    );
    println!(
        "{:20} {:>12} {:>10} {:>14}",
        "", "messages/s", "MB/s", "µs a message"
    );
    for (name, case) in CASES {
        let mut rounds: Vec<f64> = (0..ROUNDS)
            .map(|_| seconds_a_pass(|| case(&messages, &source, &site)))
            .collect();
        rounds.sort_by(f64::total_cmp);
        let seconds = rounds.get(ROUNDS / 2).copied().unwrap_or(f64::NAN);
        let count = f64::from(u32::try_from(messages.len()).unwrap_or(u32::MAX));
        let megabytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6;
        println!(
            "{name:20} {:12.0} {:10.1} {:14.2}",
            count / seconds,
            megabytes / seconds,
            seconds / count * 1e6
        );
    }
}

fn messages() -> Option<Vec<Vec<u8>>> {
    let shared = std::env::var("PULSEWIRE_SHARED").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = shared.join("corpora/bench-hl7v2/synthetic-858.bin");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("no messages at {}; set PULSEWIRE_SHARED", path.display());
        return None;
    };
    let mut rest = bytes.as_slice();
    let mut messages = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (message, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        messages.push(message.to_vec());
        rest = after;
    }
    Some(messages)
}

fn seconds_a_pass(mut case: impl FnMut() -> usize) -> f64 {
    let start = Instant::now();
    let mut passes = 0;
    let mut spent = Duration::ZERO;
    while spent.as_millis() < SLOT_MS_MIN {
        black_box(case());
        passes += 1;
        spent = start.elapsed();
    }
    spent.as_secs_f64() / f64::from(passes)
}

fn parsed(messages: &[Vec<u8>], source: &Source, _: &SiteKey) -> usize {
    let lengths = messages.iter().map(|bytes| {
        let readable = source.readable(bytes);
        readable.message().segments().len()
    });
    lengths.sum()
}

fn mapped(messages: &[Vec<u8>], source: &Source, site: &SiteKey) -> usize {
    let resources = messages.iter().map(|bytes| {
        let readable = source.readable(bytes);
        let mapped = map(
            &readable.message(),
            source,
            site,
            ReceivedTime::from_micros(0),
        );
        debug_assert!(!matches!(mapped.subjects, Subjects::Several(_)));
        mapped.drafts.len()
    });
    resources.sum()
}

fn counted(messages: &[Vec<u8>], source: &Source, site: &SiteKey) -> usize {
    let lost = messages.iter().map(|bytes| {
        let readable = source.readable(bytes);
        let message = readable.message();
        let mapped = map(&message, source, site, ReceivedTime::from_micros(0));
        mapped.coverage.unexplained(&message) + mapped.drafts.len()
    });
    lost.sum()
}

fn bundled(messages: &[Vec<u8>], source: &Source, site: &SiteKey) -> usize {
    let lengths = messages.iter().map(|bytes| {
        let readable = source.readable(bytes);
        let mapped = map(
            &readable.message(),
            source,
            site,
            ReceivedTime::from_micros(0),
        );
        bundle(&mapped).len()
    });
    lengths.sum()
}
