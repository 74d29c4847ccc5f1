//! Maps the messages of files named on standard input, and prints each file's resources on one line; for `cargo xtask conformance`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::io::Read;
use std::panic;

use clinical::{ReceivedTime, SiteKey};
use formats::hl7v2::{Message, batch};
use mapping::identity::{Subjects, split};
use mapping::{Source, bundle, map, subjects};

/// When every message was received: 2026-01-01T00:00:00Z, so that nothing depends on the day.
const RECEIVED: ReceivedTime = ReceivedTime::from_micros(1_767_225_600_000_000);

fn main() {
    let mut paths = String::new();
    let read = std::io::stdin().read_to_string(&mut paths);
    read.expect("paths are text, one a line");
    for path in paths.lines() {
        let bytes = std::fs::read(path).expect("a listed file can be read");
        // A file that makes it panic must not hide the others.
        match panic::catch_unwind(|| bundles(&bytes)) {
            Ok(bundles) => println!("[{}]", bundles.join(",")),
            Err(_) => println!("null"),
        }
    }
}

/// Gives the bundles of a file's messages; of a message of several patients, one each.
fn bundles(bytes: &[u8]) -> Vec<String> {
    let spans = batch::split(bytes).messages;
    let messages = spans.iter().filter_map(|part| bytes.get(part.span.clone()));
    messages.flat_map(of_message).collect()
}

fn of_message(bytes: &[u8]) -> Vec<String> {
    let source = Source::new("sender");
    let readable = source.readable(bytes);
    let message = readable.message();
    if let Subjects::Several(_) = subjects(&message, &source) {
        let parts = split(&message)
            .expect("a message of an example is short")
            .into_iter();
        let parts = parts.map(|part| {
            let part = readable.as_sent(part);
            one(&source.readable(&part).message(), &source)
        });
        return parts.collect();
    }
    vec![one(&message, &source)]
}

fn one(message: &Message<'_>, source: &Source) -> String {
    let mapped = map(message, source, &SiteKey::new([0; 32]), RECEIVED);
    String::from_utf8_lossy(&bundle(&mapped)).into_owned()
}
