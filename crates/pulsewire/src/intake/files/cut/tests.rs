//! What each kind of file is taken apart into, and that reading goes on the same from any place.

use std::io::Write;

use expect_test::{Expect, expect};

use super::*;
use crate::intake::files::Mapping;

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn units(bytes: &[u8], kind: Kind, at: At, mapping: Option<&Mapping>) -> (Vec<Unit>, Vec<String>) {
    let zone = Zone::UTC;
    let mapping = mapping.map(|mapping| (&mapping.extract, &zone));
    let mut cutter = Cutter::new(file(bytes), kind, at, mapping).unwrap();
    let mut units = Vec::new();
    while let Some(unit) = cutter.next().unwrap() {
        units.push(unit);
    }
    (units, cutter.doubts().to_vec())
}

/// What a file is taken apart into; from the end of each unit the rest is the same.
fn check(bytes: &[u8], kind: Kind, mapping: Option<&Mapping>, expected: Expect) {
    let (all, doubts) = units(bytes, kind, At::START, mapping);
    for (place, unit) in all.iter().enumerate() {
        let (rest, last) = units(bytes, kind, unit.after, mapping);
        assert_eq!(rest, all[place + 1..]);
        // What was told of batches before is not told again, but nothing is told that is not so.
        assert!(last.iter().all(|doubt| doubts.contains(doubt)), "{last:?}");
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let lines = all.iter().map(|unit| {
        let what = match &unit.content {
            Content::Message(bytes) | Content::Resource(bytes) | Content::X12(bytes) => {
                format!("{:?}", text(bytes))
            }
            Content::Row(fields) => format!(
                "{:?}",
                fields.iter().map(|field| text(field)).collect::<Vec<_>>()
            ),
            Content::Bad(code, _) => (*code).to_owned(),
            Content::Acknowledgement(answer) => answer.clone(),
        };
        format!(
            "{} line {} to {}: {what}\n",
            unit.after.number, unit.line, unit.after.end
        )
    });
    let doubts = doubts.iter().map(|doubt| format!("doubt: {doubt}\n"));
    expected.assert_eq(&lines.chain(doubts).collect::<String>());
}

#[test]
fn messages_stand_alone_in_batches_and_in_frames() {
    check(
        b"MSH|1\rPID|a\r",
        Kind::Hl7,
        None,
        expect![[r#"
        1 line 1 to 12: "MSH|1\rPID|a\r"
    "#]],
    );
    check(
        b"\nMSH|1\nPID|a\n\nMSH|2\nPID|b",
        Kind::Hl7,
        None,
        expect![[r#"
            1 line 2 to 14: "MSH|1\nPID|a\n\n"
            2 line 5 to 25: "MSH|2\nPID|b"
            doubt: segment-end-missing: the last segment of the file is not ended; it may have been cut off
        "#]],
    );
    check(
        b"FHS|^~\\&\rBHS|^~\\&\rMSH|1\rPID|a\rMSH|2\rBTS|2\rFTS|1\r",
        Kind::Hl7,
        None,
        expect![[r#"
            1 line 3 to 30: "MSH|1\rPID|a\r"
            2 line 5 to 36: "MSH|2\r"
        "#]],
    );
    check(
        b"\x0bMSH|1\rPID|a\r\x1c\r\x0bMSH|2\rPID|b\r\x1c\r",
        Kind::Hl7,
        None,
        expect![[r#"
            1 line 1 to 15: "MSH|1\rPID|a\r"
            2 line 4 to 30: "MSH|2\rPID|b\r"
        "#]],
    );
    check(
        b"\x0bMSH|1\rPID|a\x1c",
        Kind::Hl7,
        None,
        expect![[r#"
            1 line 1 to 13: "MSH|1\rPID|a"
        "#]],
    );
}

#[test]
fn batches_that_do_not_add_up_are_doubted() {
    check(
        b"junk\rBHS|\rMSH|1\rBTS|2\rBTS|0\rBHS|\rMSH|2\rFHS|\rMSH|3\rMSH|4\rFTS|2\rFTS|\rFHS|\r",
        Kind::Hl7,
        None,
        expect![[r#"
            1 line 3 to 16: "MSH|1\r"
            2 line 7 to 39: "MSH|2\r"
            3 line 9 to 50: "MSH|3\r"
            4 line 10 to 56: "MSH|4\r"
            doubt: batch-leading-bytes: what stands before the first message was skipped
            doubt: batch-message-count: BTS-1 says 2 messages, 1 came
            doubt: batch-header-missing: a BTS ends no batch
            doubt: batch-trailer-missing: a batch has no BTS; it may have been cut off
            doubt: file-batch-count: FTS-1 says 2 batches, 1 came
            doubt: file-header-missing: an FTS ends no file
            doubt: file-trailer-missing: the file has no FTS; it may have been cut off
        "#]],
    );
}

#[test]
fn a_line_is_a_resource_and_has_a_limit() {
    check(
        b"\xef\xbb\xbf{\"a\":1}\r\n\r\n {\"b\":2} \n{\"c\":3}",
        Kind::FhirNdjson,
        None,
        expect![[r#"
            1 line 1 to 12: "{\"a\":1}"
            2 line 3 to 24: "{\"b\":2}"
            3 line 4 to 31: "{\"c\":3}"
        "#]],
    );
    for (length, fits) in [
        (UNIT_BYTES_MAX - 1, true),
        (UNIT_BYTES_MAX, true),
        (UNIT_BYTES_MAX + 1, false),
    ] {
        let bytes = [&vec![b'x'; length][..], b"\n{}\n"].concat();
        let (found, _) = units(&bytes, Kind::FhirNdjson, At::START, None);
        assert_eq!(
            matches!(found[0].content, Content::Resource(_)),
            fits,
            "{length}"
        );
        assert_eq!(found[1].content, Content::Resource(b"{}".to_vec()));
        assert_eq!(found[1].after.end, bytes.len() as u64);
    }
}

#[test]
fn a_message_has_a_limit() {
    for (length, fits) in [
        (UNIT_BYTES_MAX - 1, true),
        (UNIT_BYTES_MAX, true),
        (UNIT_BYTES_MAX + 1, false),
    ] {
        let note = [&b"NTE|"[..], &vec![b'x'; length - 11], b"\r"].concat();
        let bytes = [b"MSH|1\r", &*note, b"MSH|2\r"].concat();
        let (found, _) = units(&bytes, Kind::Hl7, At::START, None);
        assert_eq!(
            matches!(found[0].content, Content::Message(_)),
            fits,
            "{length}"
        );
        assert_eq!(found[1].content, Content::Message(b"MSH|2\r".to_vec()));
    }
}

#[test]
fn a_line_of_a_gibibyte_takes_no_memory() {
    // The file is sparse: it has a length, and nothing on the disk.
    let mut sparse = tempfile::tempfile().unwrap();
    sparse.set_len(1 << 30).unwrap();
    sparse.seek(SeekFrom::End(0)).unwrap();
    sparse.write_all(b"\n{}\n").unwrap();
    let mut cutter = Cutter::new(sparse, Kind::FhirNdjson, At::START, None).unwrap();
    let first = cutter.next().unwrap().unwrap();
    assert!(matches!(first.content, Content::Bad("line-too-long", _)));
    assert_eq!(first.after.end, (1 << 30) + 1);
    let Cutter::Lines(lines) = &cutter else {
        panic!()
    };
    assert!(lines.held() <= 2 * UNIT_BYTES_MAX, "{}", lines.held());
    assert_eq!(
        cutter.next().unwrap().unwrap().content,
        Content::Resource(b"{}".to_vec())
    );
}

#[test]
fn rows_stand_under_their_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.toml");
    let mapping = |layout: &str| {
        let text = format!(
            "[extract]\n{layout}\n[[resource]]\ntype = \"Basic\"\nelement = [{{ path = \"code\", column = \"a\" }}]\n"
        );
        std::fs::write(&path, text).unwrap();
        Mapping::load(&path).unwrap()
    };
    let named = mapping("");
    check(
        b"a,b\r\n1,2\r\n\"3\"x,4\r\n\"5\r\n\",6",
        Kind::Csv,
        Some(&named),
        expect![[r#"
            1 line 2 to 10: ["1", "2"]
            2 line 3 to 18: text-after-quote
            3 line 4 to 25: ["5\r\n", "6"]
        "#]],
    );
    check(
        b"1;2\n3;4\n",
        Kind::Csv,
        Some(&mapping("columns = [\"a\", \"b\"]\ndelimiter = \";\"")),
        expect![[r#"
            1 line 1 to 4: ["1", "2"]
            2 line 2 to 8: ["3", "4"]
        "#]],
    );
    let zone = Zone::UTC;
    let told = |bytes: &[u8]| match Cutter::new(
        file(bytes),
        Kind::Csv,
        At::START,
        Some((&named.extract, &zone)),
    ) {
        Ok(_) => panic!("it is not refused"),
        Err(error) => error.code(),
    };
    assert_eq!(told(b"\n"), "header-missing");
    assert_eq!(told(b"b,c\n1,2\n"), "column-missing");
    // Whose second value is meant cannot be told; a column that nothing uses may be there as often as it likes.
    assert_eq!(told(b"a,b,a\n1,2,3\n"), "column-twice");
    assert_eq!(told(b"A,b,A\n1,2,3\n"), "column-twice");
    check(
        b"b,a,b\n1,2,3\n",
        Kind::Csv,
        Some(&named),
        expect![[r#"
            1 line 2 to 12: ["1", "2", "3"]
        "#]],
    );
}

#[test]
fn a_whole_file_has_a_limit() {
    check(
        b" {\"resourceType\":\"Basic\"}\n",
        Kind::Fhir,
        None,
        expect![[r#"
            1 line 1 to 0: "{\"resourceType\":\"Basic\"}"
        "#]],
    );
    for (length, fits) in [
        (WHOLE_BYTES_MAX - 1, true),
        (WHOLE_BYTES_MAX, true),
        (WHOLE_BYTES_MAX + 1, false),
    ] {
        let sparse = tempfile::tempfile().unwrap();
        sparse.set_len(length).unwrap();
        let mut cutter = Cutter::new(sparse, Kind::X12, At::START, None).unwrap();
        assert_eq!(cutter.next().is_ok(), fits, "{length}");
    }
}

#[test]
fn a_kind_is_guessed_from_how_a_file_begins() {
    for (name, head, kind) in [
        ("a", &b"\x0bMSH|^~\\&"[..], Some(Kind::Hl7)),
        ("a.txt", b"\xef\xbb\xbf\r\nFHS|", Some(Kind::Hl7)),
        ("a.835", b"ISA*00*", Some(Kind::X12)),
        ("a.json", b"{\n \"resourceType\"", Some(Kind::Fhir)),
        (
            "a.json",
            b"{\"resourceType\":\"Basic\"}\n{",
            Some(Kind::FhirNdjson),
        ),
        (
            "a.ndjson",
            b"{\"resourceType\":\"Ba",
            Some(Kind::FhirNdjson),
        ),
        ("a.CSV", b"a,b\n", Some(Kind::Csv)),
        ("a.txt", b"a,b\n", None),
        ("a.hl7", b"\r\n \n", Some(Kind::Hl7)),
        ("a", b"\xff\xfeM\0S\0H\0", Some(Kind::Hl7)),
        ("a", b"\0M\0S\0H\0|", Some(Kind::Hl7)),
        ("a.gz", b"\x1f\x8b\x08\0", Some(Kind::Hl7)),
        ("a.zip", b"PK\x03\x04", Some(Kind::Hl7)),
        ("a.pdf", b"%PDF-1.4", None),
        ("a", b"", None),
    ] {
        assert_eq!(Kind::guess(name, head), kind, "{name}");
    }
}

#[test]
fn transaction_sets_stand_in_envelopes_of_their_own_and_what_is_wrong_is_told() {
    let isa = "ISA*00*          *00*          *ZZ*S              *ZZ*R              *260301*0900*^*00501*000000905*0*T*:~";
    let payment = "ST*835*1~BPR*I*34*C*CHK************20260301~TRN*1*77*1512345678~SE*4*1~";
    let cut = "ST*270*2~BHT*0022*13*1*20260301*1200~SE*9*2~";
    let file = format!(
        "{isa}GS*HP*S*R*20260301*0900*7*X*005010X221A1~{payment}{cut}NTE*between~GE*2*7~IEA*1*000000905~"
    );
    check(
        file.as_bytes(),
        Kind::X12,
        None,
        expect![[r#"
            1 line 1 to 0: "ISA*00*          *00*          *ZZ*S              *ZZ*R              *260301*0900*^*00501*000000905*0*T*:~GS*HP*S*R*20260301*0900*7*X*005010X221A1~ST*835*1~BPR*I*34*C*CHK************20260301~TRN*1*77*1512345678~SE*4*1~GE*1*7~IEA*1*000000905~"
            2 line 1 to 0: segment-count-differs
            doubt: segment 2, element 1, byte 109: GS01 is not that of a transaction set in the group; the set was read by ST01, send it in a group of its own (group-kind-differs)
            doubt: segment 10, byte 262: a segment outside any transaction set was left out; send it between ST and SE (stray-segment)
            doubt: transaction set 1, segment 4: N1 is required and missing
            doubt: transaction set 1, segment 4: N1 is required and missing
            doubt: transaction set 1, segment 4: payment-unbalanced
        "#]],
    );
    // With a segment on each line, a row is told by that of its ST.
    for end in ["~\n", "~\r\n", "~\r"] {
        let (units, _) = units(
            file.replace('~', end).as_bytes(),
            Kind::X12,
            At::START,
            None,
        );
        let lines: Vec<u64> = units.iter().map(|unit| unit.line).collect();
        assert_eq!(lines, [3, 7], "{end:?}");
    }
    // An interchange without sets that was cut is nobody's, but told.
    let file = format!("{file}{}", isa.replace("905", "906"));
    let (units, _) = units(file.as_bytes(), Kind::X12, At::START, None);
    let codes = units.iter().filter_map(|unit| match &unit.content {
        Content::Bad(code, _) => Some(*code),
        _ => None,
    });
    let codes: Vec<_> = codes.collect();
    assert_eq!(
        codes,
        ["segment-count-differs", "interchange-trailer-missing"]
    );
}

#[test]
fn what_the_999_tells_of_a_set_that_is_taken_in_is_doubted() {
    let claim = "ISA*00*          *00*          *ZZ*S              *ZZ*R              *260301*0900*^*00501*000000905*0*T*:~GS*HC*S*R*20260301*0900*7*X*005010X222A1~\
        ST*837*1*005010X222A1~BHT*0019*00*B1*20260301*0900*CH~NM1*41*2*CLINIC*****46*S1~PER*IC*J*TE*3~NM1*40*2*PAYER*****46*R1~HL*1**20*1~\
        NM1*85*2*CLINIC*****XX*1999996666~HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*SMITH*JANE****MI*M1~NM1*PR*2*PAYER*****PI*P1~CLM*A1*1O0.00***11:B:1*Y*A*Y*Y~\
        HI*ABK:J20~LX*1~SV1*HC:99213*100*UN*1***1~DTP*472*D8*20260225~SE*17*1~GE*1*7~IEA*1*000000905~";
    let (units, doubts) = units(claim.as_bytes(), Kind::X12, At::START, None);
    assert!(matches!(units[0].content, Content::X12(_)));
    expect![[r#"
        transaction set 1, segment 8: N3 is required and missing
        transaction set 1, segment 8: N4 is required and missing
        transaction set 1, segment 8: REF is required and missing
        transaction set 1, segment 12: CLM02 has a character that it cannot have"#]]
    .assert_eq(&doubts.join("\n"));
}
