//! Tests of the character sets of whole messages.

use super::*;

#[test]
fn damage_to_the_character_set_is_told_and_no_character_is_lost() {
    let latin: Vec<u8> = GOOD
        .chars()
        .map(|letter| if letter == 'o' { 0xF6 } else { letter as u8 })
        .collect();
    check(
        &latin,
        expect![[r#"
            "MSH" 12
            "PID" 5
            byte 54: bytes that are not text in the declared character set were kept and read as UTF-8 or windows-1252; set MSH-18 or the source's character set (charset-mismatch)"#]],
    );
    let message = parse(&latin);
    let name = message
        .segment(b"PID")
        .map(|segment| segment.field(5).component(1).text().into_owned());
    assert_eq!(name.as_deref(), Some("D\u{f6}e"));
    let declared =
        |name: &str| format!("MSH|^~\\&|||||||ADT^A01|7|P|2.5||||||{name}\rPID|||||M\u{fc}ller\r");
    check(
        declared("UNICODE UTF-8").as_bytes(),
        expect![[r#"
        "MSH" 18
        "PID" 5"#]],
    );
    check(
        declared("8859/1~UNICODE").as_bytes(),
        expect![[r#"
        "MSH" 18
        "PID" 5"#]],
    );
    check(
        declared("ASCII").as_bytes(),
        expect![[r#"
            "MSH" 18
            "PID" 5
            byte 51: bytes that are not text in the declared character set were kept and read as UTF-8 or windows-1252; set MSH-18 or the source's character set (charset-mismatch)"#]],
    );
    check(
        declared("KLINGON").as_bytes(),
        expect![[r#"
        "MSH" 18
        "PID" 5
        segment 1, field 18, byte 36: MSH-18 names no known character set; the source's own was taken, send one of HL7 table 0211 (charset-unknown)"#]],
    );
    check(
        declared("GB 18030-2000").as_bytes(),
        expect![[r#"
        "MSH" 18
        "PID" 5
        segment 1, field 18, byte 36: MSH-18 names a character set whose characters may hold separators; send UNICODE UTF-8 (charset-multibyte)"#]],
    );
}

#[test]
fn latin_1_marked_as_utf_8_is_told_and_read() {
    let bytes = b"MSH|^~\\&|||||||ADT^A01|7|P|2.5||||||UNICODE UTF-8\rPID|||||M\xFCller\r";
    let message = parse(bytes);
    let codes: Vec<_> = message.issues().iter().map(|issue| issue.code).collect();
    assert_eq!(codes, [IssueCode::CharsetMismatch]);
    let name = message
        .segment(b"PID")
        .map(|segment| segment.field(5).text());
    assert_eq!(name.as_deref(), Some("Müller"));
}

#[test]
fn a_source_may_have_a_character_set_of_its_own() {
    let bytes = b"MSH|^~\\&|||||||ADT^A01|7|P|2.5||||||ASCII\rPID|||||\xC1\r";
    let mut options = Options {
        charset: Charset::Greek,
        charset_rule: CharsetRule::Always,
        ..Options::default()
    };
    let message = Parser::new(options).parse(bytes);
    assert_eq!(
        (message.charset(), message.issues()),
        (Charset::Greek, &[][..])
    );
    let name = message
        .segment(b"PID")
        .map(|segment| segment.field(5).text());
    assert_eq!(name.as_deref(), Some("Α"));
    options.charset_rule = CharsetRule::UnlessDeclared;
    let message = Parser::new(options).parse(bytes);
    assert_eq!(message.charset(), Charset::Ascii);
}

#[test]
fn a_set_whose_characters_hold_separators_is_decoded_before_parsing() {
    // The second byte of this character is a vertical bar.
    let bytes = b"MSH|^~\\&|||||||ADT^A01|7|P|2.5||||||GB 18030-2000\rPID|||||\x81\x7C\r";
    let charset = parse(bytes).charset();
    assert!(charset.may_hold_separators());
    let text = charset.decode(bytes);
    let options = Options {
        charset: Charset::Utf8,
        charset_rule: CharsetRule::Always,
        ..Options::default()
    };
    let message = Parser::new(options).parse(text.as_bytes());
    assert_eq!(message.issues(), &[]);
    let name = message
        .segment(b"PID")
        .map(|segment| segment.field(5).text());
    assert_eq!(name.as_deref(), Some("亅"));
}
