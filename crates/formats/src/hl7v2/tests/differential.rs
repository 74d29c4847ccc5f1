//! Other parsers, the crates `er7` and `hl7-parser`, read the accepted messages of the shared corpora as we do.

use std::collections::BTreeMap;

use super::corpus::{bench_messages, corpora, file_messages};
use super::*;

/// Every non-empty subcomponent in the order sent: its place and its bytes.
type Leaves = Vec<(Place, String)>;

/// The segment's place, the field, its repetition, the component and the subcomponent.
type Place = [usize; 5];

fn leaves_here(message: &Message<'_>) -> Leaves {
    let mut leaves = Leaves::new();
    for (at, segment) in message.segments().enumerate() {
        let name = String::from_utf8_lossy(segment.name()).into_owned();
        for (number, field) in (1..).zip(segment.fields()) {
            if is_separators(&name, number) {
                continue;
            }
            for (repeat, repetition) in (1..).zip(field.repetitions()) {
                for (part, component) in (1..).zip(repetition.components()) {
                    for (inner, leaf) in (1..).zip(component.subcomponents()) {
                        let place = [at, number, repeat, part, inner];
                        let text = String::from_utf8_lossy(leaf.raw()).into_owned();
                        leaves.push((place, text));
                    }
                }
            }
        }
    }
    leaves.retain(|(_, text)| !text.is_empty());
    leaves
}

fn leaves_of_er7(message: &er7::Message) -> Leaves {
    let mut leaves = Leaves::new();
    for (at, segment) in message.segments.iter().enumerate() {
        for (number, field) in (1..).zip(&segment.fields) {
            if is_separators(&segment.name, number) {
                continue;
            }
            for (repeat, repetition) in (1..).zip(&field.repetitions) {
                for (part, component) in (1..).zip(&repetition.components) {
                    for (inner, leaf) in (1..).zip(&component.subcomponents) {
                        let place = [at, number, repeat, part, inner];
                        leaves.push((place, leaf.raw.clone()));
                    }
                }
            }
        }
    }
    leaves.retain(|(_, text)| !text.is_empty());
    leaves
}

fn leaves_of_hl7_parser(message: &hl7_parser::Message<'_>) -> Leaves {
    let mut leaves = Leaves::new();
    for (at, segment) in message.segments().enumerate() {
        for (number, field) in (1..).zip(segment.fields()) {
            if is_separators(segment.name, number) {
                continue;
            }
            for (repeat, repetition) in (1..).zip(field.repeats()) {
                for (part, component) in (1..).zip(repetition.components()) {
                    for (inner, leaf) in (1..).zip(component.subcomponents()) {
                        let place = [at, number, repeat, part, inner];
                        leaves.push((place, leaf.raw_value().to_owned()));
                    }
                }
            }
        }
    }
    leaves.retain(|(_, text)| !text.is_empty());
    leaves
}

/// The first two fields of a header hold what separates, and are read by rules of their own.
fn is_separators(segment: &str, field: usize) -> bool {
    matches!(segment, "MSH" | "FHS" | "BHS") && field <= 2
}

/// The messages of the corpora that are accepted and are text that the other parsers take.
fn accepted(corpora: &std::path::Path) -> Vec<String> {
    let messages = bench_messages(corpora).into_iter();
    let messages = messages.chain(file_messages(corpora));
    let texts = messages.filter_map(|bytes| String::from_utf8(bytes).ok());
    texts
        .filter(|text| parse(text.as_bytes()).first_error().is_none())
        .collect()
}

/// Why other parsers read a message otherwise, where it is known.
fn known(message: &Message<'_>) -> Option<&'static str> {
    let has = |code: &str| {
        message
            .issues()
            .iter()
            .any(|issue| issue.code.as_str() == code)
    };
    if has("separators-doubled-escape") {
        return Some("they take a doubled escape character for two separators");
    }
    if has("segment-ends-mixed") {
        return Some("they end a segment at any line feed, also at one inside of a value");
    }
    None
}

/// What was compared.
#[derive(Debug, Default)]
struct Total {
    messages: usize,
    segments: usize,
    fields: usize,
    texts: usize,
    /// Messages that are read otherwise, by the reason.
    otherwise: BTreeMap<&'static str, usize>,
}

impl Total {
    /// Compares what two parsers found in a message; tells whether it is the same.
    fn add(
        &mut self,
        message: &Message<'_>,
        mut names: Vec<String>,
        theirs: Option<&Leaves>,
    ) -> bool {
        let ours = leaves_here(message);
        let mut our_names: Vec<String> = message
            .segments()
            .map(|segment| String::from_utf8_lossy(segment.name()).into_owned())
            .collect();
        // A line of blanks is cut to three of them elsewhere.
        names.retain(|name| !name.trim().is_empty());
        our_names.retain(|name| !name.trim().is_empty());
        if theirs == Some(&ours) && names == our_names {
            self.messages += 1;
            self.segments += our_names.len();
            self.fields += ours.len();
            return true;
        }
        let reason = known(message);
        let differs = ours
            .iter()
            .zip(theirs.into_iter().flatten())
            .find(|(ours, theirs)| ours != theirs);
        let reason = reason.unwrap_or_else(|| {
            panic!("{our_names:?} {names:?} {differs:?} {:?}", message.issues())
        });
        *self.otherwise.entry(reason).or_default() += 1;
        false
    }
}

#[test]
fn er7_finds_the_same_segments_fields_and_texts() {
    let Some(corpora) = corpora() else { return };
    let mut total = Total::default();
    for text in accepted(&corpora) {
        let message = parse(text.as_bytes());
        let theirs = er7::parse(&text).ok();
        let names = theirs.iter().flat_map(|theirs| &theirs.segments);
        let names: Vec<String> = names.map(|segment| segment.name.clone()).collect();
        let leaves = theirs.as_ref().map(leaves_of_er7);
        if !total.add(&message, names, leaves.as_ref()) {
            continue;
        }
        let theirs = theirs.expect("it was compared");
        let segments: Vec<Segment<'_>> = message.segments().collect();
        for (place, raw) in leaves.iter().flatten() {
            let [at, field, repeat, part, inner] = place;
            let segment = &segments[*at];
            let leaf = segment.field(*field).repetition(*repeat);
            let leaf = leaf.component(*part).subcomponent(*inner);
            if let Some(reason) = text_otherwise(&message, raw) {
                *total.otherwise.entry(reason).or_default() += 1;
                continue;
            }
            let value = er7::Subcomponent::new(raw.as_str());
            assert_eq!(leaf.text(), value.value(&theirs.separators), "{raw}");
            total.texts += 1;
        }
    }
    println!("{total:#?}");
    assert!(total.messages > 1_500 && total.texts > 400_000, "{total:?}");
}

/// Why a text is decoded otherwise by `er7`, where it is known.
fn text_otherwise(message: &Message<'_>, raw: &str) -> Option<&'static str> {
    if raw == "\"\"" {
        return Some("text: they read an explicit null as empty");
    }
    if !raw.is_ascii() && message.charset() != Charset::Utf8 {
        return Some("text: they know no character set but UTF-8");
    }
    let formats = [
        ".br", ".sp", ".in", ".ti", ".fi", ".nf", ".ce", ".sk", "H", "N",
    ];
    let escape = char::from(message.separators().escape);
    let has_format = raw
        .split(escape)
        .skip(1)
        .any(|part| formats.iter().any(|format| part.starts_with(format)));
    has_format.then_some("text: they leave formatting commands as they are")
}

#[test]
fn hl7_parser_finds_the_same_segments_and_fields() {
    let Some(corpora) = corpora() else { return };
    let mut total = Total::default();
    for text in accepted(&corpora) {
        let message = parse(text.as_bytes());
        // It takes a byte order mark for the header, and a fifth encoding character for a field.
        let plain = text.trim_start_matches('\u{feff}');
        let plain = plain.replacen("|^~\\&#|", "|^~\\&|", 1);
        let theirs = hl7_parser::Message::parse_with_lenient_newlines(&plain, true).ok();
        let names = theirs.iter().flat_map(hl7_parser::Message::segments);
        let names: Vec<String> = names.map(|segment| segment.name.to_owned()).collect();
        let leaves = theirs.as_ref().map(leaves_of_hl7_parser);
        total.add(&message, names, leaves.as_ref());
    }
    println!("{total:#?}");
    assert!(
        total.messages > 1_500 && total.fields > 400_000,
        "{total:?}"
    );
}
