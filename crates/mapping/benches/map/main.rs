//! How fast messages become FHIR JSON, as a part of what writing it directly would take in the same run.
//!
//! `-- passes N` only maps all messages N times, and `-- bound N` only writes them directly, for callgrind.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod bound;

mod typed;

#[path = "../corpus.rs"]
mod corpus;

use std::hint::black_box;
use std::time::{Duration, Instant};

use clinical::{ReceivedTime, SiteKey};
use formats::fhir::validate::Validator;
use mapping::bundle::bundle;
use mapping::map::{Mapped, map};
use mapping::source::Source;

/// The allocator that the program runs on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Each case runs at least this long in a round.
const SLOT_MS_MIN: u128 = 60;

/// Each round runs all cases one after the other, so that all of them meet the same machine.
const ROUNDS: usize = 11;

/// What the cases run over.
struct Bench {
    messages: Vec<Vec<u8>>,
    source: Source,
    site: SiteKey,
    /// Resources as the mapping writes them.
    resources: Vec<Vec<u8>>,
}

/// Runs over everything once, and returns the bytes that came of it.
type Case = (&'static str, fn(&Bench) -> usize);

const CASES: [Case; 6] = [
    ("bound: parse, write directly", direct),
    ("parse", parsed),
    ("parse, map, FHIR JSON", written),
    ("parse, map, validate each", validated),
    ("parse, map, count what is lost", counted),
    ("parse, map, one bundle", bundled),
];

const READS: [Case; 1] = [("serde_json, typed", typed::read)];

fn main() {
    let Some(messages) = corpus::messages() else {
        return;
    };
    let (source, site) = (Source::new("bench"), SiteKey::new([7; 32]));
    let mut bench = Bench {
        messages,
        source,
        site,
        resources: Vec::new(),
    };
    if profiled(&bench) {
        return;
    }
    let loaded = tables_load(&bench);
    bench.resources = resources(&bench);
    let bytes: usize = bench.messages.iter().map(Vec::len).sum();
    println!(
        "{} messages of {bytes} bytes make {} resources",
        bench.messages.len(),
        bench.resources.len()
    );
    table(&bench, &CASES, bench.messages.len(), "messages/s");
    println!();
    table(&bench, &READS, bench.resources.len(), "resources/s");
    println!("\nthe tables are loaded in {loaded:.1?}");
}

/// Does what callgrind is to see, if asked to.
fn profiled(bench: &Bench) -> bool {
    let arguments: Vec<String> = std::env::args().collect();
    for (name, case) in [
        ("passes", written as fn(&Bench) -> usize),
        ("bound", direct),
    ] {
        let Some(place) = arguments.iter().position(|argument| argument == name) else {
            continue;
        };
        let passes = arguments
            .get(place + 1)
            .and_then(|passes| passes.parse().ok());
        for _ in 0..passes.unwrap_or(1) {
            black_box(case(bench));
        }
        return true;
    }
    false
}

/// Prints a row for each case: the median, and the median of the ratios to the first case.
fn table(bench: &Bench, cases: &[Case], count: usize, unit: &str) {
    println!(
        "{:34} {unit:>12} {:>10} {:>12} {:>16}",
        "", "µs each", "KB out each", "of the first"
    );
    let written: Vec<usize> = cases.iter().map(|(_, case)| case(bench)).collect();
    let rounds: Vec<Vec<f64>> = (0..ROUNDS)
        .map(|_| {
            cases
                .iter()
                .map(|(_, case)| seconds_a_pass(|| case(bench)))
                .collect()
        })
        .collect();
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    for (place, ((name, _), bytes)) in cases.iter().zip(&written).enumerate() {
        let own = |round: &Vec<f64>| round.get(place).copied().unwrap_or(f64::NAN);
        let first = |round: &Vec<f64>| round.first().copied().unwrap_or(f64::NAN);
        let seconds = median(rounds.iter().map(own));
        let share = median(rounds.iter().map(|round| first(round) / own(round)));
        println!(
            "{name:34} {:12.0} {:10.2} {:12.2} {:14.1} %",
            number(count) / seconds,
            seconds / number(count) * 1e6,
            number(*bytes) / number(count) / 1e3,
            share * 100.0
        );
    }
}

/// Maps one message before anything else was: that loads the tables.
fn tables_load(bench: &Bench) -> Duration {
    let start = Instant::now();
    if let Some(first) = bench.messages.first() {
        black_box(mapped(bench, first, |mapped| mapped.drafts.len()));
    }
    start.elapsed()
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

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn direct(bench: &Bench) -> usize {
    let mut parser = formats::hl7v2::Parser::default();
    let mut out = Vec::new();
    let lengths = bench.messages.iter().map(|bytes| {
        let message = parser.parse(bytes);
        out.clear();
        bound::write(&message, &mut out);
        parser.reclaim(message);
        black_box(&out).len()
    });
    lengths.sum()
}

fn parsed(bench: &Bench) -> usize {
    let counts = bench.messages.iter().map(|bytes| {
        let readable = bench.source.readable(bytes);
        readable.message().segments().len()
    });
    counts.sum()
}

fn mapped<T>(bench: &Bench, bytes: &[u8], then: impl FnOnce(&Mapped) -> T) -> T {
    let readable = bench.source.readable(bytes);
    let message = readable.message();
    let received = ReceivedTime::from_micros(0);
    then(&map(&message, &bench.source, &bench.site, received))
}

fn written(bench: &Bench) -> usize {
    let lengths = bench.messages.iter().map(|bytes| {
        mapped(bench, bytes, |mapped| {
            let resources = mapped.drafts.iter().map(|draft| draft.to_json());
            resources.map(|json| black_box(json).len()).sum::<usize>()
        })
    });
    lengths.sum()
}

fn validated(bench: &Bench) -> usize {
    let mut validator = Validator::default();
    let lengths = bench.messages.iter().map(|bytes| {
        mapped(bench, bytes, |mapped| {
            let resources = mapped.drafts.iter().map(|draft| draft.to_json());
            resources
                .map(|json| json.len() + black_box(validator.validate(&json)).len())
                .sum::<usize>()
        })
    });
    lengths.sum()
}

fn resources(bench: &Bench) -> Vec<Vec<u8>> {
    let all = bench.messages.iter().map(|bytes| {
        mapped(bench, bytes, |mapped| {
            let resources = mapped.drafts.iter().map(|draft| draft.to_json().to_vec());
            resources.collect::<Vec<_>>()
        })
    });
    all.flatten().collect()
}

fn counted(bench: &Bench) -> usize {
    let lost = bench.messages.iter().map(|bytes| {
        let readable = bench.source.readable(bytes);
        let message = readable.message();
        let received = ReceivedTime::from_micros(0);
        let mapped = map(&message, &bench.source, &bench.site, received);
        mapped.coverage.unexplained(&message) + mapped.drafts.len()
    });
    lost.sum()
}

fn bundled(bench: &Bench) -> usize {
    let lengths = bench
        .messages
        .iter()
        .map(|bytes| mapped(bench, bytes, |mapped| bundle(mapped).len()));
    lengths.sum()
}
