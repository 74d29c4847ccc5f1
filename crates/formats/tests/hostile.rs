//! What real senders get wrong about bytes: one test for each defect, numbered as in `docs/hostile-input.md`.
#![forbid(unsafe_code)]

use expect_test::{Expect, expect};
use formats::hl7v2::{self, Charset, Message, Options, Parser, Severity, ack, batch};
use formats::limits::Limits;

const HEADER: &str = "MSH|^~\\&|LAB|H|||20260301||ORU^R01|7|P|2.5.1";

/// Checks the segments of a message, each with its last field, and the issues.
#[expect(
    clippy::needless_pass_by_value,
    reason = "expect![] is passed as it is made"
)]
fn check(bytes: &[u8], expected: Expect) {
    expected.assert_eq(&shown(&hl7v2::parse(bytes)));
}

fn shown(message: &Message<'_>) -> String {
    assert_eq!(rejoined(message), message.bytes(), "every byte is kept");
    let mut shown = String::new();
    for segment in message.segments() {
        let last = segment.field(segment.field_count());
        let name = String::from_utf8_lossy(segment.name()).into_owned();
        shown += &format!("{name}-{} {:?}\n", segment.field_count(), last.text());
    }
    for issue in message.issues() {
        let kind = match issue.severity() {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        shown += &format!("{kind} {}\n", issue.code.as_str());
    }
    shown
}

/// The bytes of a message from its segments.
fn rejoined(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = message.leading().to_vec();
    for segment in message.segments() {
        bytes.extend_from_slice(segment.raw());
        bytes.extend_from_slice(segment.terminator());
    }
    bytes.extend_from_slice(message.trailing());
    bytes
}

fn with(lines: &str) -> Vec<u8> {
    format!("{HEADER}\r{lines}").into_bytes()
}

/// The codes of a message's issues.
fn codes(message: &Message<'_>) -> String {
    let codes = message.issues().iter().map(|issue| issue.code.as_str());
    codes.collect::<Vec<_>>().join(" ")
}

#[test]
fn defect_01_segments_that_end_in_line_feeds_or_both_or_now_this_now_that() {
    let expected = "MSH-12 \"2.5.1\"\nPID-3 \"7\"\nNTE-3 \"a\"\n";
    let lines = format!("{HEADER}\rPID|||7\rNTE|||a\r");
    for end in ["\r", "\n", "\r\n", "\r\r", "\n\n"] {
        let message = lines.replace('\r', end);
        let message = hl7v2::parse(message.as_bytes());
        assert_eq!(shown(&message), expected, "{end:?}");
    }
    let mixed = format!("{HEADER}\rPID|||7\nNTE|||a\r\n");
    check(
        mixed.as_bytes(),
        expect![[r#"
        MSH-12 "2.5.1"
        PID-3 "7"
        NTE-3 "a"
        warning segment-ends-mixed
    "#]],
    );
}

#[test]
fn defect_02_line_feeds_inside_a_text_are_text() {
    check(
        &with("OBX|1|TX|1||first line\nsecond line\r\nNTE|1||a\n\nb\r"),
        expect![[r#"
            MSH-12 "2.5.1"
            OBX-5 "first line\nsecond line"
            NTE-3 "a\n\nb"
        "#]],
    );
}

#[test]
fn defect_03_marks_junk_blank_lines_and_framing_around_a_message() {
    let message = with("PID|||7\r");
    for (before, after, told) in [
        ("\u{feff}", "", "byte-order-mark"),
        ("junk and noise\r\n", "", "leading-bytes"),
        ("\r\n\r\n  \r", "\r\n\r\n", ""),
        ("\x0b", "\x1c\r", "leading-bytes trailing-bytes"),
        ("\x0b\x0b", "\x1c\x1c\r", "leading-bytes trailing-bytes"),
        ("", "\x1a", "trailing-bytes"),
    ] {
        let bytes = [before.as_bytes(), &message, after.as_bytes()].concat();
        let parsed = hl7v2::parse(&bytes);
        assert_eq!(parsed.first_error(), None, "{before:?}");
        assert_eq!(parsed.segments().len(), 2, "{before:?}");
        assert_eq!(codes(&parsed), told, "{before:?}");
        assert_eq!(rejoined(&parsed), bytes);
    }
}

#[test]
fn defect_04_encoding_characters_too_few_too_many_doubled_or_the_same() {
    let read = |characters: &str, separator: &str| {
        let text = format!("{HEADER}\rOBX|1|CE|a^b&c~d\r");
        let text = text
            .replacen("^~\\&", characters, 1)
            .replace('|', separator);
        let message = hl7v2::parse(text.as_bytes());
        let obx = message.segment(b"OBX").expect("it has one");
        let parts = obx.field(3).repetitions();
        let parts: Vec<_> = parts.map(|one| one.components().count()).collect();
        format!("{parts:?} {}", codes(&message))
    };
    assert_eq!(read("^~", "|"), "[2, 1] separators-short");
    assert_eq!(read("^~\\&#", "|"), "[2, 1] ");
    assert_eq!(read("^~\\\\&", "|"), "[2, 1] separators-doubled-escape");
    assert_eq!(read("^~\\&", "#"), "[2, 1] ");
    let text = format!("{HEADER}\r").replacen("^~\\&", "&&&&", 1);
    let message = hl7v2::parse(text.as_bytes());
    let error = message.first_error().expect("it is refused");
    let answer = ack::write(
        &message,
        &ack::Reply {
            code: ack::Code::ApplicationReject,
            control_id: "1",
            time: "20260301",
            faults: &[ack::Fault::from_issue(&message, error)],
        },
    );
    let answer = String::from_utf8(answer).expect("ASCII is UTF-8");
    expect![[r#"
        MSH|^~\&|||LAB|H|20260301||ACK|1|P|2.5.1
        MSA|AR|7|two of the separators in MSH-1 and MSH-2 are the same character; give each its own, best MSH\F\\S\\R\\E\\T\
        ERR||MSH^1^2^1|102^Data type error^HL70357|E||||two of the separators in MSH-1 and MSH-2 are the same character; give each its own, best MSH\F\\S\\R\\E\\T\
    "#]].assert_eq(&answer.replace('\r', "\n"));
}

#[test]
fn defect_05_versions_that_are_none_and_structures_that_are_missing_are_no_error() {
    for (kind, version) in [
        ("ORU^R01", "2.3.z"),
        ("ORU", ""),
        ("ORU^R01^ORU_R99", "9.9"),
    ] {
        let text = format!("MSH|^~\\&|A|B|||2026||{kind}|7|P|{version}\rPID|||7\r");
        let message = hl7v2::parse(text.as_bytes());
        assert_eq!(message.first_error(), None, "{kind} {version}");
        let told = if version.is_empty() {
            "version-missing"
        } else {
            ""
        };
        assert_eq!(codes(&message), told);
    }
}

#[test]
fn defect_06_escape_sequences_are_read_once_and_broken_ones_are_kept() {
    for (raw, read) in [
        ("a\\X0D0A\\b", "a\r\nb"),
        ("\\E\\T\\E\\", "\\T\\"),
        ("end\\E\\", "end\\"),
        ("C:\\temp", "C:\\temp"),
        ("one \\ alone", "one \\ alone"),
        ("\\Xc3a9\\", "é"),
        ("\\Xc3a\\", "\\Xc3a\\"),
        ("10\\S\\9/L", "10^9/L"),
        ("\\H\\loud\\N\\", "loud"),
        ("a\\.sp\\b\\.br\\c", "a\nb\nc"),
        ("\\Zxx\\", "\\Zxx\\"),
        ("\\.sp99999999\\", "\\.sp99999999\\"),
    ] {
        let bytes = with(&format!("OBX|1|TX|1||{raw}|mg\r"));
        let message = hl7v2::parse(&bytes);
        assert_eq!(message.issues(), [], "{raw}");
        let field = message.segment(b"OBX").expect("it has one").field(5);
        assert_eq!(field.raw(), raw.as_bytes(), "the raw bytes are kept");
        assert_eq!(field.text(), read, "{raw}");
    }
}

/// A name as it is read of bytes, and what is told of it.
fn name(source: Charset, declared: &str, bytes: &[u8]) -> String {
    let head = format!("MSH|^~\\&|A|B|||2026||ADT^A08|7|P|2.5||||||{declared}\rPID|||7||");
    let bytes = [head.as_bytes(), bytes, b"\r"].concat();
    let mut parser = Parser::new(Options {
        charset: source,
        ..Options::default()
    });
    let message = parser.parse(&bytes);
    assert_eq!(message.first_error(), None);
    let patient = message.segment(b"PID").expect("it has one");
    let text = patient.field(5).text();
    format!("{text} {}", codes(&message)).trim_end().to_owned()
}

#[test]
fn defect_07_character_sets_declared_oddly_repeated_wrong_or_not_at_all() {
    let utf8 = Charset::Utf8;
    assert_eq!(name(utf8, "UNICODE UTF-8", b"M\xc3\xbcller"), "Müller");
    assert_eq!(name(utf8, "8859/1", b"M\xfcller"), "Müller");
    assert_eq!(name(utf8, "8859/1~UNICODE UTF-8", b"M\xfcller"), "Müller");
    // What is declared wrongly, or not at all: nothing is lost, and it is told.
    for declared in ["UNICODE UTF-8", "", "ASCII"] {
        let read = name(utf8, declared, b"M\xfcller");
        assert_eq!(read, "Müller charset-mismatch", "{declared}");
    }
    // What the source is known to send holds where the message says nothing that anybody knows.
    let read = name(Charset::Latin1, "KLINGON", b"M\xfcller");
    assert_eq!(read, "Müller charset-unknown");
    assert_eq!(name(Charset::Latin2, "", b"Wa\xb3\xeasa"), "Wałęsa");
    for (declared, known) in [
        ("ASCII", Charset::Ascii),
        ("8859/15", Charset::Latin9),
        ("ISO IR6", Charset::Ascii),
        ("ISO IR14", Charset::ShiftJis),
        ("ISO IR87", Charset::Iso2022Jp),
        ("GB 18030-2000", Charset::Gb18030),
        ("KS X 1001", Charset::EucKr),
        ("BIG-5", Charset::Big5),
        ("UNICODE", Charset::Utf8),
    ] {
        assert_eq!(Charset::from_name(declared), Some(known), "{declared}");
    }
}

#[test]
fn defect_08_the_explicit_null_is_not_the_empty_field() {
    let bytes = with("PID|||7||\"\"||\"\"^x\r");
    let message = hl7v2::parse(&bytes);
    let patient = message.segment(b"PID").expect("it has one");
    let (null, empty) = (patient.field(5), patient.field(6));
    assert!(null.is_null() && !null.is_empty() && !null.is_valued());
    assert!(empty.is_empty() && !empty.is_null() && !empty.is_valued());
    assert!(patient.field(7).component(1).is_null());
    assert!(patient.field(7).component(2).is_valued());
}

#[test]
fn defect_12_a_field_that_repeats_146_times_keeps_all() {
    let lines: Vec<String> = (0..146).map(|line| format!("line {line}")).collect();
    let bytes = with(&format!("OBX|1|TX|1||{}\r", lines.join("~")));
    let message = hl7v2::parse(&bytes);
    let values = message.segment(b"OBX").expect("it has one").field(5);
    let read = values.repetitions().map(|one| one.text().into_owned());
    assert_eq!(read.collect::<Vec<_>>(), lines);
}

#[test]
fn defect_13_a_document_of_many_megabytes_is_read_up_to_the_limit_and_refused_over_it() {
    const DATA_BYTES: usize = 12 << 20;
    let data = "QUJD".repeat(DATA_BYTES / 4);
    let bytes = with(&format!("OBX|1|ED|1||^IM^PDF^Base64^{data}\r"));
    let read = |segment_bytes| {
        let limits = Limits {
            segment_bytes,
            ..Limits::DEFAULT
        };
        let options = Options {
            limits,
            ..Options::default()
        };
        let mut parser = Parser::new(options);
        let message = parser.parse(&bytes);
        let value = message.segment(b"OBX").map(|obx| obx.field(5));
        let size = value.map_or(0, |value| value.component(5).raw().len());
        (size, codes(&message))
    };
    assert_eq!(read(DATA_BYTES + 100), (DATA_BYTES, String::new()));
    assert_eq!(read(1 << 20).1, "segment-too-long");
}

#[test]
fn defect_19_files_and_batches_without_header_trailer_or_the_right_count() {
    let split = |text: &str| {
        let batch = batch::split(text.as_bytes());
        let issues: Vec<_> = batch.issues.iter().map(|one| one.code.as_str()).collect();
        let told = format!("{} {}", batch.messages.len(), issues.join(" "));
        told.trim_end().to_owned()
    };
    let (one, two) = ("MSH|1\rPID|1\r", "MSH|1\rPID|1\rMSH|2\r");
    assert_eq!(split(&format!("FHS|\rBHS|\r{two}BTS|2\rFTS|1\r")), "2");
    assert_eq!(split(&format!("BHS|\r{two}BTS|2\r")), "2");
    assert_eq!(split(&format!("FHS|\r{two}FTS|1\r")), "2");
    let counts = split(&format!("FHS|\rBHS|\r{one}BTS|2\rFTS|3\r"));
    assert_eq!(counts, "1 batch-message-count file-batch-count");
    let trailers = split(&format!("FHS|\rBHS|\r{two}"));
    assert_eq!(trailers, "2 batch-trailer-missing file-trailer-missing");
    let headers = split(&format!("{two}BTS|2\rFTS|1\r"));
    assert_eq!(headers, "2 batch-header-missing file-header-missing");
    let wordless = split(&format!("FHS|\rBHS|\r{one}BTS||no count\rFTS|\r"));
    assert_eq!(wordless, "1");
}

#[test]
fn defect_20_unknown_segments_short_names_and_fields_too_many_are_kept() {
    let extra = "|".repeat(60);
    check(
        &with(&format!("ZLR|1|x\rZZ|2\rPID|||7{extra}new\rXYZ|1^2\rz9|\r")),
        expect![[r#"
            MSH-12 "2.5.1"
            ZLR-2 "x"
            ZZ-1 "2"
            PID-63 "new"
            XYZ-1 "1^2"
            z9-1 ""
            warning segment-name
            warning segment-name
        "#]],
    );
}

#[test]
fn a_resource_that_ends_inside_an_escape_is_told_at_its_end() {
    let bytes = br#"{"resourceType":"Patient","id":"x\"#;
    let issues = formats::fhir::validate::Validator::default().validate(bytes);
    let places: Vec<usize> = issues.iter().map(|issue| issue.position).collect();
    assert_eq!(places, [bytes.len()]);
}
