//! Hostile inputs: each that the document numbers has a test of its number, and each test it names is there.

use std::path::Path;

use super::{none, read, texts};

/// What real senders get wrong.
const DEFECTS: std::ops::RangeInclusive<u32> = 1..=21;
/// What comes over the wire.
const WIRE: std::ops::RangeInclusive<u32> = 1..=13;
/// What concerns identity and order.
const IDENTITY: std::ops::RangeInclusive<u32> = 14..=16;
/// What comes over HTTP; who may see what is another matter.
const HTTP: [u32; 5] = [17, 18, 19, 20, 22];
/// What devices send.
const DEVICES: std::ops::RangeInclusive<u32> = 24..=27;

#[test]
fn every_hostile_input_has_a_test_of_its_number() {
    let text = read(Path::new("docs/hostile-input.md"));
    let sources: String = texts("rs").into_iter().map(|(_, text)| text).collect();
    let rows = DEFECTS
        .map(|n| (n.to_string(), format!("defect_{n:02}_")))
        .chain(WIRE.map(|n| (format!("A{n}"), format!("hostile_a{n:02}_"))))
        .chain(IDENTITY.map(|n| (format!("B{n}"), format!("hostile_b{n:02}_"))))
        .chain(HTTP.map(|n| (format!("C{n}"), format!("hostile_c{n:02}_"))))
        .chain(DEVICES.map(|n| (format!("D{n}"), format!("hostile_d{n:02}_"))));
    let mut missing = Vec::new();
    for (number, start) in rows {
        let row = text
            .lines()
            .find(|line| line.starts_with(&format!("| {number} |")));
        let Some((_, tests)) = row.and_then(|row| row.rsplit_once("| `")) else {
            missing.push(format!("{number} has no row that names a test"));
            continue;
        };
        for name in tests.trim_end_matches(" |").split(", ") {
            let name = name.trim_matches('`');
            let is_there = sources.contains(&format!("fn {name}()"));
            if !is_there || !name.starts_with(&start) {
                missing.push(format!(
                    "{number}: no test `{name}` that begins with {start}"
                ));
            }
        }
    }
    none(&missing);
}
