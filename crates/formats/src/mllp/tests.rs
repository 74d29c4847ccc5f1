//! Tests of framing: what arrives whole, in pieces, damaged, or without end.

use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    frame_bytes: 10,
    garbage_bytes: 4,
    ..Limits::DEFAULT
};

fn describe(event: Event<'_>) -> String {
    match event {
        Event::Frame(bytes) => format!("frame {:?}", String::from_utf8_lossy(bytes)),
        Event::Skipped { bytes } => format!("skipped {bytes}"),
        Event::TooMuchGarbage { limit } => format!("garbage over {limit}"),
        Event::TooLong { limit } => format!("frame over {limit}"),
        Event::Incomplete { bytes } => format!("incomplete {bytes}"),
    }
}

fn events(chunks: &[&[u8]]) -> Vec<String> {
    let mut decoder = Decoder::new(LIMITS);
    let mut found = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        while let Some(event) = decoder.next_event() {
            found.push(describe(event));
        }
    }
    found.extend(decoder.finish().map(describe));
    found
}

/// Checks that the events are the same in one chunk and in chunks of one byte.
#[expect(
    clippy::needless_pass_by_value,
    reason = "expect![] is passed as it is made"
)]
fn check(input: &[u8], expected: Expect) {
    let whole = events(&[input]);
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(whole, events(&bytes));
    expected.assert_eq(&whole.join(", "));
}

#[test]
fn frames_arrive_in_any_chunks() {
    check(b"\x0bone\r\x1c\r", expect![[r#"frame "one\r""#]]);
    check(
        b"\x0bone\x1c\r\x0btwo\x1c\r",
        expect![[r#"frame "one", frame "two""#]],
    );
    check(b"\x0b\x1c\r", expect![[r#"frame """#]]);
    check(b"", expect![""]);
}

#[test]
fn a_file_separator_inside_a_field_is_data() {
    check(b"\x0ba\x1cb\x1c\r", expect![[r#"frame "a\u{1c}b""#]]);
    check(b"\x0ba\x1c\x1c\r", expect![[r#"frame "a\u{1c}""#]]);
    check(b"\x0ba\x1c\n\x1c\r", expect![[r#"frame "a\u{1c}\n""#]]);
}

#[test]
fn a_missing_carriage_return_after_the_end_is_tolerated() {
    check(
        b"\x0bone\x1c\x0btwo\x1c",
        expect![[r#"frame "one", frame "two""#]],
    );
    let mut decoder = Decoder::new(LIMITS);
    decoder.push(b"\x0bone\x1c");
    assert_eq!(decoder.next_event(), None);
    assert!(decoder.is_end_pending());
    assert_eq!(decoder.finish(), Some(Event::Frame(b"one")));
    decoder.push(b"\r\x0btwo\x1c\r");
    assert_eq!(decoder.next_event(), Some(Event::Frame(b"two")));
    assert_eq!(decoder.next_event(), None);
}

#[test]
fn bytes_before_a_frame_are_skipped_and_counted_up_to_the_limit() {
    check(b"abc\x0bm\x1c\r", expect![[r#"skipped 3, frame "m""#]]);
    check(b"abcd\x0bm\x1c\r", expect![[r#"skipped 4, frame "m""#]]);
    check(b"abcde\x0bm\x1c\r", expect!["garbage over 4"]);
    check(b"\r\n\r\n\r\n\x0bm\x1c\r\n", expect![[r#"frame "m""#]]);
    check(b"\x0bm\x1c\r\r\nab", expect![[r#"frame "m", skipped 2"#]]);
    check(
        b"\x0bm\x1c\rabc\x0bn\x1c\rabc\x0bo\x1c\r",
        expect![[r#"frame "m", skipped 3, frame "n", skipped 3, frame "o""#]],
    );
}

#[test]
fn http_is_no_message() {
    let mut decoder = Decoder::default();
    let limit = Limits::DEFAULT.garbage_bytes;
    decoder.push("GET / HTTP/1.1 ".repeat(100).as_bytes());
    assert_eq!(decoder.next_event(), Some(Event::TooMuchGarbage { limit }));
    assert!(decoder.is_closed());
    decoder.push(b"\x0bm\x1c\r");
    assert_eq!(decoder.next_event(), None);
    assert_eq!(decoder.finish(), None);
}

#[test]
fn a_frame_over_the_limit_is_told_once_and_the_rest_is_no_message() {
    check(b"\x0b123456789\x1c\r", expect![[r#"frame "123456789""#]]);
    check(b"\x0b1234567890\x1c\r", expect![[r#"frame "1234567890""#]]);
    check(b"\x0b12345678901\x1c\r", expect!["frame over 10"]);
    check(
        b"\x0b1234567890\x1c1\x1c\r\x0bm\x1c\r",
        expect!["frame over 10"],
    );
    check(
        b"\x0b12345678901234\x0bm\x1c\r\x0bm\x1c\r",
        expect!["frame over 10"],
    );
}

#[test]
fn a_stream_without_end_is_held_no_longer_than_the_limit() {
    let mut decoder = Decoder::new(LIMITS);
    decoder.push(b"\x0b");
    let mut told = 0;
    for _ in 0..1_000 {
        decoder.push(&[b'x'; 64]);
        told += usize::from(decoder.next_event().is_some());
        assert!(decoder.buffer.len() <= LIMITS.frame_bytes + 65);
    }
    assert_eq!(told, 1);
}

#[test]
fn input_that_ends_inside_a_frame_is_no_message() {
    check(b"\x0bone", expect!["incomplete 3"]);
    check(b"\x0b", expect!["incomplete 0"]);
}

#[test]
fn what_would_end_its_own_frame_does_not_fit() {
    assert!(fits_in_frame(b"MSH|\x1c|\x0b\r\x1c"));
    assert!(!fits_in_frame(b"MSH|\x1c\rPID"));
    assert!(!fits_in_frame(b"MSH|\x1c\x0bPID"));
}

#[test]
fn what_a_chunk_costs_is_known_before_it_is_taken() {
    let mut decoder = Decoder::new(LIMITS);
    assert_eq!(decoder.copies(1 << 20), 0, "there is nothing to copy");
    decoder.push(&[&[START][..], &[b'a'; 9]].concat());
    assert!(decoder.next_event().is_none());
    assert_eq!(decoder.copies(0), 0);
    assert_eq!(decoder.copies(1 << 20), 9, "what has come of the frame");
}

proptest! {
    #[test]
    fn what_fits_in_a_frame_comes_out_of_it(message in "[\x0b\x1c\ra]{0,9}") {
        let fits = fits_in_frame(message.as_bytes());
        let frame = encode(message.as_bytes());
        let mut decoder = Decoder::new(LIMITS);
        decoder.push(&frame);
        prop_assert_eq!(decoder.next_event() == Some(Event::Frame(message.as_bytes())), fits);
    }

    #[test]
    fn what_is_encoded_is_decoded(messages in prop::collection::vec("[^\x0b\x1c]{0,9}", 0..5), cut in 1_usize..7) {
        let limits = Limits { frame_bytes: 100, ..LIMITS };
        let stream: Vec<u8> = messages.iter().flat_map(|message| encode(message.as_bytes())).collect();
        let mut decoder = Decoder::new(limits);
        let mut found = Vec::new();
        for chunk in stream.chunks(cut) {
            decoder.push(chunk);
            while let Some(Event::Frame(frame)) = decoder.next_event() {
                found.push(String::from_utf8_lossy(frame).into_owned());
            }
        }
        prop_assert_eq!(found, messages);
    }

    #[test]
    fn any_bytes_give_the_same_events_in_any_chunks(input in "[\x0b\x1c\rab]{0,40}", cut in 1_usize..7) {
        let chunks: Vec<&[u8]> = input.as_bytes().chunks(cut).collect();
        prop_assert_eq!(events(&[input.as_bytes()]), events(&chunks));
    }
}
