//! Compares reading HL7 v2 messages with other parsers in one run; `-- passes N` only reads them N times, for callgrind.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, and where the corpora are"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use formats::hl7v2::{Message, Parser};

/// Each parser runs at least this long in a round.
const SLOT_MS_MIN: u128 = 50;

const ROUNDS: usize = 11;

/// Parses all messages, reads the same places of each, and returns the sum of the lengths of what was read.
type Case<'c> = (&'static str, Box<dyn FnMut(&[Vec<u8>]) -> usize + 'c>);

fn main() {
    let Some(messages) = messages() else { return };
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "passes") {
        let passes = arguments
            .get(place + 1)
            .and_then(|passes| passes.parse().ok());
        let mut parser = Parser::default();
        for _ in 0..passes.unwrap_or(1) {
            black_box(ours(&mut parser, &messages));
        }
        return;
    }
    let bytes: usize = messages.iter().map(Vec::len).sum();
    println!("{} messages, {bytes} bytes", messages.len());
    let mut parser = Parser::default();
    let mut cases: Vec<Case<'_>> = vec![
        (
            "formats::hl7v2",
            Box::new(move |messages| ours(&mut parser, messages)),
        ),
        (
            "mllp 0.3",
            Box::new(|messages| messages.iter().map(|bytes| theirs_mllp(bytes)).sum()),
        ),
        (
            "hl7-parser 0.3",
            Box::new(|messages| messages.iter().map(|bytes| theirs_hl7_parser(bytes)).sum()),
        ),
        (
            "from_utf8 only",
            Box::new(|messages| {
                messages
                    .iter()
                    .filter(|bytes| std::str::from_utf8(black_box(bytes)).is_ok())
                    .count()
            }),
        ),
    ];
    for (name, case) in &mut cases {
        println!("{name}: {} bytes read", case(&messages));
    }
    let rounds: Vec<Vec<f64>> = (0..ROUNDS)
        .map(|_| {
            cases
                .iter_mut()
                .map(|(_, case)| seconds_a_pass(case, &messages))
                .collect()
        })
        .collect();
    println!(
        "{:16} {:>12} {:>10} {:>22}",
        "parser", "messages/s", "MB/s", "formats::hl7v2 is"
    );
    for (place, (name, _)) in cases.iter().enumerate() {
        let own = |round: &Vec<f64>| round.get(place).copied().unwrap_or(f64::NAN);
        let ours = |round: &Vec<f64>| round.first().copied().unwrap_or(f64::NAN);
        let seconds = median(rounds.iter().map(own));
        let ratio = median(rounds.iter().map(|round| own(round) / ours(round)));
        let rate = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds;
        let megabytes = rate(bytes) / 1e6;
        println!(
            "{name:16} {:12.0} {megabytes:10.1} {ratio:15.2}x faster",
            rate(messages.len())
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

fn seconds_a_pass(case: &mut dyn FnMut(&[Vec<u8>]) -> usize, messages: &[Vec<u8>]) -> f64 {
    let start = Instant::now();
    let mut passes = 0;
    let mut spent = Duration::ZERO;
    while spent.as_millis() < SLOT_MS_MIN {
        black_box(case(messages));
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

fn ours(parser: &mut Parser, messages: &[Vec<u8>]) -> usize {
    let mut total = 0;
    for bytes in messages {
        let message = parser.parse(bytes);
        total += touch(&message);
        parser.reclaim(message);
    }
    total
}

fn touch(message: &Message<'_>) -> usize {
    let mut total = message.issues().len();
    if let Some(header) = message.segment(b"MSH") {
        total += header.field(9).component(1).raw().len() + header.field(10).raw().len();
    }
    if let Some(patient) = message.segment(b"PID") {
        let name = patient.field(5);
        total += patient.field(3).component(1).raw().len()
            + name.component(1).raw().len()
            + name.component(2).raw().len()
            + patient.field(7).raw().len();
    }
    if let Some(visit) = message.segment(b"PV1") {
        total += visit.field(3).component(1).raw().len();
    }
    for result in message.segments_named(b"OBX") {
        total += result.field(3).component(1).raw().len() + result.field(5).raw().len();
    }
    total
}

fn theirs_mllp(bytes: &[u8]) -> usize {
    let Some(message) = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| mllp::Message::parse(text).ok())
    else {
        return 0;
    };
    let field = |segment: &mllp::Segment<'_>, number: usize| {
        segment.field(number).map_or(0, |field| field.text().len())
    };
    let component = |segment: &mllp::Segment<'_>, number: usize, part: usize| {
        let field = segment.field(number);
        field
            .and_then(|field| field.component(part))
            .map_or(0, str::len)
    };
    let mut total = 0;
    if let Some(header) = message.segment("MSH") {
        total += component(header, 9, 1) + field(header, 10);
    }
    if let Some(patient) = message.segment("PID") {
        total += component(patient, 3, 1)
            + component(patient, 5, 1)
            + component(patient, 5, 2)
            + field(patient, 7);
    }
    if let Some(visit) = message.segment("PV1") {
        total += component(visit, 3, 1);
    }
    for result in message.segments_named("OBX") {
        total += component(result, 3, 1) + field(result, 5);
    }
    total
}

fn theirs_hl7_parser(bytes: &[u8]) -> usize {
    let Some(message) = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| hl7_parser::Message::parse(text).ok())
    else {
        return 0;
    };
    let field = |segment: &hl7_parser::message::Segment<'_>, number: usize| {
        segment
            .field(number)
            .map_or(0, |field| field.raw_value().len())
    };
    let component = |segment: &hl7_parser::message::Segment<'_>, number: usize, part: usize| {
        let field = segment.field(number);
        let component = field.and_then(|field| field.component(part));
        component.map_or(0, |component| component.raw_value().len())
    };
    let mut total = 0;
    if let Some(header) = message.segment("MSH") {
        total += component(header, 9, 1) + field(header, 10);
    }
    if let Some(patient) = message.segment("PID") {
        total += component(patient, 3, 1)
            + component(patient, 5, 1)
            + component(patient, 5, 2)
            + field(patient, 7);
    }
    if let Some(visit) = message.segment("PV1") {
        total += component(visit, 3, 1);
    }
    for result in message.segments().filter(|segment| segment.name == "OBX") {
        total += component(result, 3, 1) + field(result, 5);
    }
    total
}
