//! How much memory mapping takes: allocations a message, and the most that is held at once for a large one.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

#[path = "../corpus.rs"]
mod corpus;

use std::hint::black_box;

use allocation_counter::{AllocationInfo, measure};
use clinical::{ReceivedTime, SiteKey};
use mapping::map::map;
use mapping::source::Source;

/// The size that the large message is made to have at least.
const LARGE_BYTES_MIN: usize = 50_000;

fn main() {
    let Some(messages) = corpus::messages() else {
        return;
    };
    let (source, site) = (Source::new("bench"), SiteKey::new([7; 32]));
    // The first loads the tables, which stay.
    once(&messages, &source, &site);
    let all = once(&messages, &source, &site);
    let count = messages.len() as u64;
    println!(
        "{count} messages: {} allocations and {} bytes allocated each",
        all.count_total / count,
        all.bytes_total / count
    );
    let large = large(&messages);
    let held = once(std::slice::from_ref(&large), &source, &site);
    println!(
        "one message of {} bytes: {} allocations, {:.2} MiB held at most",
        large.len(),
        held.count_total,
        f64::from(u32::try_from(held.bytes_max).unwrap_or(u32::MAX)) / f64::from(1 << 20)
    );
}

/// Maps messages to FHIR JSON, each dropped before the next.
fn once(messages: &[Vec<u8>], source: &Source, site: &SiteKey) -> AllocationInfo {
    measure(|| {
        for bytes in messages {
            let readable = source.readable(bytes);
            let message = readable.message();
            let mapped = map(&message, source, site, ReceivedTime::from_micros(0));
            let resources: Vec<_> = mapped.drafts.iter().map(|draft| draft.to_json()).collect();
            black_box(resources);
        }
    })
}

/// Makes a large message of the results of others.
fn large(messages: &[Vec<u8>]) -> Vec<u8> {
    let is_result = |message: &&Vec<u8>| message.windows(9).any(|bytes| bytes == b"|ORU^R01^");
    let mut large: Vec<u8> = Vec::new();
    for message in messages.iter().filter(is_result) {
        for segment in message.split_inclusive(|byte| *byte == b'\r') {
            let is_shared = [b"MSH", b"PID", b"PV1"]
                .iter()
                .any(|name| segment.starts_with(*name));
            if large.is_empty() || !is_shared || !large.windows(4).any(|bytes| bytes == b"\rPV1") {
                large.extend_from_slice(segment);
            }
        }
        if large.len() >= LARGE_BYTES_MIN {
            break;
        }
    }
    large
}
