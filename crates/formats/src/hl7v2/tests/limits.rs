//! Tests of every limit at one below, at, and one above it.

use super::*;
use crate::limits::{ISSUES_MAX, Limits};

const HEADER: &str = "MSH|^~\\&|||||||ADT^A01|7|P|2.5\r";

const LIMITS: Limits = Limits {
    message_bytes: 1_000,
    segment_bytes: 60,
    segments: 6,
    fields: 12,
    repetitions: 4,
    components: 5,
    ..Limits::DEFAULT
};

/// Returns the codes of what is wrong, after checking that nothing is lost.
fn codes(text: &str) -> String {
    let options = Options {
        limits: LIMITS,
        ..Options::default()
    };
    let message = Parser::new(options).parse(text.as_bytes());
    assert_eq!(rejoin(&message), text.as_bytes());
    let codes: Vec<_> = message
        .issues()
        .iter()
        .map(|issue| issue.code.as_str())
        .collect();
    codes.join(" ")
}

/// Checks `make` at one below, at, and one above the limit.
fn check(limit: usize, make: impl Fn(usize) -> String, code: &str) {
    assert_eq!(codes(&make(limit - 1)), "");
    assert_eq!(codes(&make(limit)), "");
    assert_eq!(codes(&make(limit + 1)), code);
}

#[test]
fn a_message_has_a_limit_of_bytes() {
    let make = |bytes: usize| {
        let segments = format!("{HEADER}NTE|{}\r", "x".repeat(40));
        format!("{segments}{}", "\n".repeat(bytes - segments.len()))
    };
    check(LIMITS.message_bytes, make, "message-too-long");
}

#[test]
fn a_segment_has_a_limit_of_bytes() {
    let make = |bytes: usize| format!("{HEADER}NTE|{}\r", "x".repeat(bytes - 4));
    check(LIMITS.segment_bytes, make, "segment-too-long");
}

#[test]
fn a_message_has_a_limit_of_segments() {
    let make = |segments: usize| format!("{HEADER}{}", "NTE|1\r".repeat(segments - 1));
    check(LIMITS.segments, make, "too-many-segments");
    let blank = |segments: usize| format!("{HEADER}{}", "\r".repeat(segments - 1));
    check(LIMITS.segments, blank, "too-many-segments");
    let unended = |segments: usize| make(segments).trim_end().to_owned();
    check(LIMITS.segments, unended, "too-many-segments");
}

#[test]
fn a_segment_has_a_limit_of_fields() {
    let make = |fields: usize| format!("{HEADER}ZZZ{}\r", "|".repeat(fields));
    check(LIMITS.fields, make, "too-many-fields");
}

#[test]
fn a_field_has_a_limit_of_repetitions() {
    let make = |repetitions: usize| format!("{HEADER}ZZZ||a{}|b\r", "~".repeat(repetitions - 1));
    check(LIMITS.repetitions, make, "too-many-repetitions");
}

#[test]
fn a_repetition_has_a_limit_of_components_and_subcomponents() {
    for separator in ["^", "&"] {
        let make = |components: usize| {
            let separators = separator.repeat(components - 1);
            format!("{HEADER}ZZZ|{separators}~{separators}\r")
        };
        check(LIMITS.components, make, "too-many-components");
    }
}

#[test]
fn what_is_over_a_limit_is_told_with_its_place() {
    let text = format!("{HEADER}ZZZ|1|a~~~~~\r");
    let options = Options {
        limits: LIMITS,
        ..Options::default()
    };
    let message = Parser::new(options).parse(text.as_bytes());
    let issue = message.first_error().expect("there are six repetitions");
    assert_eq!((issue.segment, issue.field), (Some(2), Some(2)));
    assert_eq!(text.get(issue.position..issue.position + 2), Some("a~"));
}

#[test]
fn a_million_of_anything_is_refused() {
    let million = 1_000_000;
    let cases = [
        ("\r", "too-many-segments"),
        ("A|\r", "too-many-segments"),
        ("~", "too-many-repetitions"),
        ("&", "too-many-components"),
        ("^", "too-many-components"),
        ("|", "too-many-fields"),
    ];
    for (unit, code) in cases {
        let text = format!("{HEADER}ZZZ|{}\r", unit.repeat(million));
        let message = parse(text.as_bytes());
        let error = message.first_error().map(|issue| issue.code.as_str());
        assert_eq!(error, Some(code), "{unit:?}");
        assert!(message.issues().len() <= ISSUES_MAX);
    }
    let line_feeds = "\n".repeat(million);
    assert!(parse(line_feeds.as_bytes()).first_error().is_some());
}

#[test]
fn issues_have_a_limit_and_errors_displace_warnings() {
    let text = format!("{HEADER}{}{HEADER}", "junk|1\r".repeat(ISSUES_MAX + 5));
    let message = parse(text.as_bytes());
    assert_eq!(message.issues().len(), ISSUES_MAX);
    assert_eq!(message.issues_dropped(), 6);
    let error = message.first_error().map(|issue| issue.code);
    assert_eq!(error, Some(IssueCode::SeveralHeaders));
}
