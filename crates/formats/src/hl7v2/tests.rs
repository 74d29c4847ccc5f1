//! Tests of parsing: hostile and unusual messages, limits, and that nothing is lost.

mod charset;
mod corpus;
mod differential;
mod limits;

use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// Puts a message together again from its smallest pieces.
fn rejoin(message: &Message<'_>) -> Vec<u8> {
    let separators = message.separators();
    let mut bytes = message.leading().to_vec();
    for segment in message.segments() {
        bytes.extend_from_slice(segment.name());
        let is_header = segment.field(1).raw() == [separators.field]
            && matches!(segment.name(), b"MSH" | b"FHS" | b"BHS");
        for (number, field) in (1_usize..).zip(segment.fields()) {
            if !(is_header && number <= 2) {
                bytes.push(separators.field);
            }
            if is_header && number <= 2 {
                bytes.extend_from_slice(field.raw());
            } else {
                rejoin_field(&field, separators, &mut bytes);
            }
        }
        bytes.extend_from_slice(segment.terminator());
    }
    bytes.extend_from_slice(message.trailing());
    bytes
}

fn rejoin_field(field: &Field<'_>, separators: Separators, bytes: &mut Vec<u8>) {
    let repetitions = field.repetitions().map(|repetition| {
        let components = repetition.components().map(|component| {
            let subcomponents = component.subcomponents().map(|part| part.raw().to_vec());
            join(subcomponents, separators.subcomponent)
        });
        join(components, separators.component)
    });
    bytes.extend(join(repetitions, separators.repetition));
}

fn join(parts: impl Iterator<Item = Vec<u8>>, separator: u8) -> Vec<u8> {
    parts
        .reduce(|mut joined, part| {
            joined.push(separator);
            joined.extend(part);
            joined
        })
        .unwrap_or_default()
}

/// Shows each segment by its name and number of fields, and each issue.
#[expect(
    clippy::needless_pass_by_value,
    reason = "expect![] is passed as it is made"
)]
fn check(bytes: &[u8], expected: Expect) {
    let message = parse(bytes);
    assert_eq!(rejoin(&message), bytes);
    let mut shown: Vec<_> = message
        .segments()
        .map(|segment| {
            let name = String::from_utf8_lossy(segment.name()).into_owned();
            format!("{name:?} {}", segment.field_count())
        })
        .collect();
    shown.extend(message.issues().iter().map(ToString::to_string));
    expected.assert_eq(&shown.join("\n"));
}

const GOOD: &str = "MSH|^~\\&|A|B|C|D|2026||ADT^A01|7|P|2.5\rPID|1||9^^^H||Doe^Jo\r";

#[test]
fn segment_ends_are_told_apart_from_line_breaks_in_text() {
    let expected = expect![[r#"
        "MSH" 12
        "PID" 5"#]];
    check(GOOD.as_bytes(), expected);
    check(
        GOOD.replace('\r', "\n").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5"#]],
    );
    check(
        GOOD.replace('\r', "\r\n").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5"#]],
    );
    check(
        GOOD.trim_end().as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5"#]],
    );
    check(
        GOOD.replace('\r', "\r\n\n\r\r\n").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5"#]],
    );
    check(
        GOOD.replace('\r', "\n\n\n").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5"#]],
    );
    let message = format!("{GOOD}OBX|1|TX|||one\ntwo|x\r");
    let message = parse(message.as_bytes());
    let text = message
        .segment(b"OBX")
        .map(|segment| segment.field(5).text().into_owned());
    assert_eq!(text.as_deref(), Some("one\ntwo"));
}

#[test]
fn a_line_feed_before_a_segment_ends_the_one_before_it() {
    let message = format!("{GOOD}NTE|1||text\nOBX|1|NM|||72\r\nZBX|1\nNTE\nZZZ|1\r");
    check(
        message.as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        "NTE" 3
        "OBX" 5
        "ZBX" 1
        "ZZZ" 1
        byte 71: a line feed before a segment name was read as the end of a segment; end every segment with a carriage return (segment-ends-mixed)"#]],
    );
    // No segment follows these.
    let message = format!("{GOOD}NTE|1||one\ntwo|x\nOBX^1\n|\nobx|\rNTE|1||\n\n\r");
    check(
        message.as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        "NTE" 6
        "NTE" 3"#]],
    );
    let long = "x".repeat(100);
    let message = format!("{GOOD}NTE|{long}\nOBX|{long}\nOBX|{long}\r");
    check(
        message.as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        "NTE" 1
        "OBX" 1
        "OBX" 1
        byte 164: a line feed before a segment name was read as the end of a segment; end every segment with a carriage return (segment-ends-mixed)"#]],
    );
}

#[test]
fn header_fields_missing_are_told() {
    check(
        b"MSH|^~\\&|A|B|C|D|2026|||||\r",
        expect![[r#"
        "MSH" 12
        segment 1, field 9, byte 23: MSH-9 is empty; send the message type, such as ADT^A01 (message-type-missing)
        segment 1, field 10, byte 24: MSH-10 is empty; send an id of the message, so that it can be acknowledged (control-id-missing)
        segment 1, field 12, byte 26: MSH-12 is empty; send the HL7 version, such as 2.5.1 (version-missing)"#]],
    );
    check(
        b"MSH",
        expect![[r#"
        "MSH" 0
        segment 1, field 2, byte 3: MSH-1 and MSH-2 do not give usable separators; send MSH|^~\& and what follows (separators-invalid)
        segment 1, field 9, byte 3: MSH-9 is empty; send the message type, such as ADT^A01 (message-type-missing)
        segment 1, field 10, byte 3: MSH-10 is empty; send an id of the message, so that it can be acknowledged (control-id-missing)
        segment 1, field 12, byte 3: MSH-12 is empty; send the HL7 version, such as 2.5.1 (version-missing)"#]],
    );
    check(
        b"",
        expect!["byte 0: no MSH segment; send a message that starts with MSH (no-header)"],
    );
    check(
        b"hello world",
        expect![[r#"
        "hello world" 0
        segment 1, byte 0: a segment name that is not three capitals or digits was kept; check for a line break inside a field (segment-name)
        byte 0: no MSH segment; send a message that starts with MSH (no-header)"#]],
    );
}

#[test]
fn unusual_separators_are_told_and_used() {
    check(
        GOOD.replace('|', "#").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5"#]],
    );
    check(
        GOOD.replace("^~\\&", "^").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        segment 1, field 2, byte 3: MSH-2 has fewer than four characters; the standard ones were taken for the rest, send ^~\& (separators-short)"#]],
    );
    check(
        GOOD.replace("^~\\&", "^~\\&#!").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        segment 1, field 2, byte 3: MSH-2 has more than five characters; those after the fifth were ignored, send ^~\& (separators-long)"#]],
    );
    check(
        GOOD.replace("^~\\&", "^~\\\\&").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        segment 1, field 2, byte 3: MSH-2 has the escape character twice; it was read as once, send ^~\& (separators-doubled-escape)"#]],
    );
    check(
        GOOD.replace("^~\\&", "&&&&").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        segment 1, field 2, byte 3: two of the separators in MSH-1 and MSH-2 are the same character; give each its own, best MSH|^~\& (separators-duplicate)"#]],
    );
}

#[test]
fn what_is_around_a_message_is_kept_apart_and_told() {
    check(
        format!("\u{feff}{GOOD}").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        byte 0: a byte order mark before MSH was skipped; send none (byte-order-mark)"#]],
    );
    check(
        format!("\r\n \r\n{GOOD}").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5"#]],
    );
    check(
        format!("\x0b{GOOD}\x1c\r").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        byte 0: bytes before MSH were skipped; start the message with MSH (leading-bytes)
        byte 61: framing bytes after the last segment were skipped; end with a carriage return (trailing-bytes)"#]],
    );
    check(
        format!("POST 1\r\n\r\n{GOOD}").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        byte 0: bytes before MSH were skipped; start the message with MSH (leading-bytes)"#]],
    );
    check(
        format!("xx{GOOD}").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        byte 0: bytes before MSH were skipped; start the message with MSH (leading-bytes)"#]],
    );
}

#[test]
fn utf_16_is_told_and_nul_is_kept() {
    let wide: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(
        &wide,
        expect![
            "byte 0: the bytes are UTF-16; send UTF-8 and say UNICODE UTF-8 in MSH-18 (utf-16)"
        ],
    );
    check(
        GOOD.replace("Doe", "D\0e").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        byte 54: a NUL byte was kept as data; send none (nul-byte)"#]],
    );
}

#[test]
fn versions_and_triggers_nobody_knows_are_no_issue() {
    for (version, kind) in [("2.1", "ADT"), ("2.9", "XYZ^Q99"), ("2.3.z", "ORU^R01")] {
        let text = format!("MSH|^~\\&|||||||{kind}|7|P|{version}\rPID|1|");
        let message = parse(text.as_bytes());
        assert_eq!(message.issues(), &[]);
        assert_eq!(message.segments().len(), 2);
    }
}

#[test]
fn unknown_segments_and_several_headers_are_kept() {
    check(
        format!("{GOOD}ZLR|1\rZZ|2\rzzz|3\rjunk\r").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        "ZLR" 1
        "ZZ" 1
        "zzz" 1
        "junk" 0
        segment 4, byte 66: a segment name that is not three capitals or digits was kept; check for a line break inside a field (segment-name)
        segment 5, byte 71: a segment name that is not three capitals or digits was kept; check for a line break inside a field (segment-name)
        segment 6, byte 77: a segment name that is not three capitals or digits was kept; check for a line break inside a field (segment-name)"#]],
    );
    check(
        format!("{GOOD}{GOOD}").as_bytes(),
        expect![[r#"
        "MSH" 12
        "PID" 5
        "MSH" 12
        "PID" 5
        segment 3, byte 60: a second MSH segment; send each message in a frame of its own or all in a batch (several-headers)"#]],
    );
    check(
        format!("FHS|^~\\&\r{GOOD}FTS|1\r").as_bytes(),
        expect![[r#"
            "FHS" 2
            "MSH" 12
            "PID" 5
            "FTS" 1
            byte 0: a batch header instead of MSH; send the messages of the batch, one at least (batch-header)"#]],
    );
}

#[test]
fn empty_and_null_are_two_things() {
    let bytes = b"MSH|^~\\&|||||||ADT^A08|7|P|2.5\rPID|1||\"\"|| ^\"\"^x\r";
    let message = parse(bytes);
    let patient = message.segment(b"PID").expect("it is there");
    assert!(patient.field(3).is_null() && !patient.field(3).is_empty());
    assert!(patient.field(4).is_empty() && !patient.field(4).is_null());
    assert!(patient.field(5).component(1).is_blank());
    assert!(patient.field(5).component(2).is_null());
    assert!(patient.field(5).component(3).is_valued());
    assert!(patient.field(99).is_empty());
    assert!(patient.field(5).component(0).is_empty());
    assert_eq!(patient.field(0).raw(), b"PID");
}

#[test]
fn pieces_know_where_they_are() {
    let message = parse(GOOD.as_bytes());
    let patient = message.segment(b"PID").expect("it is there");
    let given = patient.field(5).repetition(1).component(2).subcomponent(1);
    assert_eq!(GOOD.get(given.position()), Some("Jo"));
    assert_eq!(patient.number(), 2);
    assert_eq!(GOOD.get(patient.position()), Some("PID|1||9^^^H||Doe^Jo"));
}

#[test]
fn the_header_says_what_the_message_is() {
    let bytes = b"MSH|^~\\&|LAB|H|EHR|H|20260101120000.12+0100||ORU^R01^ORU_R01|7\\F\\8|P^T|2.5.1^DEU|||AL|NE||UNICODE UTF-8\r";
    let message = parse(bytes);
    let header = message.header().expect("it starts with MSH");
    assert_eq!(header.message_type(), "ORU");
    assert_eq!(header.trigger_event(), "R01");
    assert_eq!(header.structure(), "ORU_R01");
    assert_eq!(header.control_id().raw(), b"7\\F\\8");
    assert_eq!(header.control_id().text(), "7|8");
    assert_eq!(header.version(), "2.5.1");
    assert_eq!(header.processing_id(), "P");
    assert_eq!(header.sending_application().text(), "LAB");
    assert_eq!(header.accept_acknowledgment_type(), "AL");
    assert_eq!(header.application_acknowledgment_type(), "NE");
    let time = header.time().expect("it is there").expect("it is a time");
    assert_eq!(time.to_string(), "20260101120000.12+0100");
    assert_eq!(message.charset(), Charset::Utf8);
}

#[test]
fn a_parser_gives_the_same_in_used_memory() {
    let mut parser = Parser::default();
    let long = format!("{GOOD}{}", "OBX|1|ST|a||b\0\u{e9}\r".repeat(50));
    let first = parser.parse(long.as_bytes());
    assert_eq!(first.segments().len(), 52);
    parser.reclaim(first);
    let second = parser.parse(GOOD.as_bytes());
    assert_eq!(second.issues(), &[]);
    assert_eq!(rejoin(&second), GOOD.as_bytes());
    assert_eq!(second.segments().len(), 2);
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_that_loses_none(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(rejoin(&parse(&bytes)), bytes);
    }

    #[test]
    fn any_text_that_looks_like_a_message_loses_nothing(text in "[\x0b\x1c\u{feff}M]{0,3}(MSH|FHS|BHS|PID)[|^~&\\\\#]{0,6}([|^~&\\\\\r\n\x1cMSHé0]{0,150})") {
        let message = parse(text.as_bytes());
        prop_assert_eq!(rejoin(&message), text.as_bytes());
        for segment in message.segments() {
            for field in segment.fields() {
                prop_assert_eq!(text.as_bytes().get(field.position()), Some(field.raw()));
                prop_assert!(field.raw().is_empty() == field.text().is_empty() || field.raw().contains(&message.separators().escape));
                if let Some(plain) = field.plain() {
                    let text = field.text();
                    prop_assert_eq!(text.trim().as_bytes(), plain);
                    prop_assert_eq!(crate::fhir::json::string(&text), [b"\"", plain, b"\""].concat());
                }
            }
            let sent = (1..128).filter(|number| segment.sent() & (1 << (number - 1)) != 0);
            let valued = (1..128).filter(|number| !segment.field(*number).is_empty());
            prop_assert!(sent.eq(valued));
        }
        let reply = ack::Reply { code: ack::Code::ApplicationReject, control_id: "1", time: "2026", faults: &[] };
        let acknowledgement = ack::write(&message, &reply);
        let error = parse(&acknowledgement).first_error().copied();
        prop_assert_eq!(error, None);
    }
}
