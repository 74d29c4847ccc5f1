//! Tests of which acknowledgement is sent and how it is written.

use super::*;
use crate::hl7v2::{self, IssueCode};
use expect_test::{Expect, expect};
use proptest::prelude::*;

const REPLY: Reply<'_> = Reply {
    code: Code::ApplicationAccept,
    control_id: "P1",
    time: "20260102030405+0000",
    faults: &[],
};

#[expect(
    clippy::needless_pass_by_value,
    reason = "expect![] is passed as it is made"
)]
fn check(request: &str, reply: &Reply<'_>, expected: Expect) {
    let bytes = write(&hl7v2::parse(request.as_bytes()), reply);
    let text = String::from_utf8_lossy(&bytes).replace('\r', "\n");
    expected.assert_eq(&text);
    let message = hl7v2::parse(&bytes);
    assert_eq!(message.first_error(), None);
    let answer = read(&message).expect("what we write we can read");
    assert_eq!(answer.code, reply.code);
    assert_eq!(answer.faults.len(), reply.faults.len());
}

#[test]
fn an_acknowledgement_swaps_the_parties_and_echoes_the_rest() {
    check(
        "MSH|^~\\&|LAB^1.2^ISO|H1|PULSE|H2|20260101||ADT^A01^ADT_A01| 00 7|T|2.3.1|||||DEU|8859/1\r",
        &REPLY,
        expect![[r"
            MSH|^~\&|PULSE|H2|LAB^1.2^ISO|H1|20260102030405+0000||ACK^A01^ACK|P1|T|2.3.1||||||8859/1
            MSA|AA| 00 7
        "]],
    );
}

#[test]
fn an_acknowledgement_uses_the_separators_of_the_message() {
    check(
        "MSH#:~\\@#LAB#H1#PULSE#H2#20260101##ADT:A01#a:b|^#P#2.5\r",
        &REPLY,
        expect![[r"
            MSH#:~\@#PULSE#H2#LAB#H1#20260102030405+0000##ACK:A01:ACK#P1#P#2.5
            MSA#AA#a:b|^
        "]],
    );
}

#[test]
fn what_is_no_message_is_answered_without_a_control_id() {
    let reply = Reply {
        code: Code::ApplicationReject,
        ..REPLY
    };
    check(
        "GET / HTTP/1.1",
        &reply,
        expect![[r"
            MSH|^~\&|||||20260102030405+0000||ACK|P1|P|2.5.1
            MSA|AR
        "]],
    );
}

#[test]
fn faults_say_where_what_and_how_to_put_it_right() {
    let request = "MSH|^~\\&|LAB|H1|||20260101||ADT^A01||P|2.5\r";
    let message = hl7v2::parse(request.as_bytes());
    let issue = message.first_error().expect("MSH-10 is empty");
    assert_eq!(issue.code, IssueCode::ControlIdMissing);
    let faults = [
        Fault::from_issue(&message, issue),
        Fault {
            code: ErrorCode::DuplicateKey,
            severity: Severity::Error,
            location: "MRG[2]-1[3].4.1".parse().ok(),
            text: Cow::Borrowed("same id | in PID and MRG"),
        },
    ];
    let reply = Reply {
        code: Code::ApplicationReject,
        faults: &faults,
        ..REPLY
    };
    check(
        request,
        &reply,
        expect![[r"
            MSH|^~\&|||LAB|H1|20260102030405+0000||ACK^A01^ACK|P1|P|2.5
            MSA|AR||MSH-10 is empty; send an id of the message, so that it can be acknowledged
            ERR||MSH^1^10^1|101^Required field missing^HL70357|E||||MSH-10 is empty; send an id of the message, so that it can be acknowledged
            ERR||MRG^2^1^3^4^1|205^Duplicate key identifier^HL70357|E||||same id \F\ in PID and MRG
        "]],
    );
    check(
        &request.replace("2.5", "2.3"),
        &reply,
        expect![[r"
            MSH|^~\&|||LAB|H1|20260102030405+0000||ACK^A01^ACK|P1|P|2.3
            MSA|AR||MSH-10 is empty; send an id of the message, so that it can be acknowledged
            ERR|MSH^1^10^101&Required field missing&HL70357
            ERR|MRG^2^1^205&Duplicate key identifier&HL70357
        "]],
    );
}

#[test]
fn a_refused_message_with_duplicate_separators_is_answered_in_standard_ones() {
    let reply = Reply {
        code: Code::ApplicationReject,
        ..REPLY
    };
    check(
        "MSH|&&&&|LAB|H1|||20260101||ADT&A01|77|P|2.5\r",
        &reply,
        expect![[r#"
            MSH|^~\&|||LAB|H1|20260102030405+0000||ACK^A01^ACK|P1|P|2.5
            MSA|AR|77
        "#]],
    );
}

#[test]
fn the_modes_say_which_acknowledgement_is_sent() {
    let row = |accept: &str, application: &str| {
        let request = format!("MSH|^~\\&|||||||ADT^A01|7|P|2.5|||{accept}|{application}\r");
        let message = hl7v2::parse(request.as_bytes());
        let header = message.header().expect("it starts with MSH");
        let codes = [Outcome::Accepted, Outcome::Failed, Outcome::Refused]
            .map(|outcome| code(Some(&header), outcome).map_or("--", Code::as_str));
        codes.join(" ")
    };
    for (accept, application, expected) in [
        ("", "", "AA AE AR"),
        ("AL", "NE", "CA CE CR"),
        ("AL", "", "CA CE CR"),
        ("", "NE", "CA CE CR"),
        ("NE", "NE", "-- -- --"),
        ("NE", "AL", "AA AE AR"),
        ("", "AL", "CA CE CR"),
        ("AL", "AL", "CA CE CR"),
        ("ER", "AL", "AA CE CR"),
        ("SU", "AL", "CA AE AR"),
        ("NE", "ER", "-- AE AR"),
        ("NE", "SU", "AA -- --"),
        ("ER", "ER", "-- CE CR"),
        ("SU", "SU", "CA -- --"),
        ("ER", "NE", "-- CE CR"),
        ("SU", "NE", "CA -- --"),
    ] {
        assert_eq!(row(accept, application), expected, "{accept} {application}");
    }
    assert_eq!(code(None, Outcome::Refused), Some(Code::ApplicationReject));
}

#[test]
fn an_answer_of_another_system_is_read() {
    let bytes = b"MSH|^~\\&|EHR|H|P|S|2026||ACK^A01|9|P|2.5\rMSA|AE|77|see ERR\rERR||PID^1^3^2^4|204^Unknown key identifier^HL70357|W|||diagnosis|tell\r";
    let message = hl7v2::parse(bytes);
    let answer = read(&message).expect("it has an MSA");
    assert_eq!(answer.control_id, b"77");
    assert_eq!(answer.text, "see ERR");
    let fault = answer.faults.first().expect("it has an ERR");
    assert_eq!((&*fault.code, &*fault.text), ("204", "tell"));
    assert_eq!(fault.severity, Severity::Warning);
    let location = fault.location.as_ref().map(ToString::to_string);
    assert_eq!(location.as_deref(), Some("PID[1]-3[2].4"));
    assert_eq!(read(&hl7v2::parse(b"MSH|^~\\&|\rMSA|OK|1\r")), None);
}

#[test]
fn what_was_wrong_of_the_sender_is_not_wrong_of_the_answer() {
    let many = "&".repeat(20_000);
    for separators in ["^~\\&", "^~\\", "^~"] {
        let request = format!("MSH|{separators}|{many}|B|C|D|2026||ORU^R01|7|P|2.5\r");
        let bytes = write(&hl7v2::parse(request.as_bytes()), &REPLY);
        assert_eq!(hl7v2::parse(&bytes).first_error(), None, "{separators}");
    }
}

proptest! {
    #[test]
    fn the_control_id_comes_back_byte_for_byte(id in prop::collection::vec(any::<u8>(), 1..20)) {
        let id: Vec<u8> = id.into_iter().filter(|byte| !b"|\r\n".contains(byte)).collect();
        let mut request = b"MSH|^~\\&|A|B|C|D|2026||ORU^R01|".to_vec();
        request.extend_from_slice(&id);
        request.extend_from_slice(b"|P|2.5\r");
        let bytes = write(&hl7v2::parse(&request), &REPLY);
        let acknowledgement = hl7v2::parse(&bytes);
        let answer = read(&acknowledgement);
        prop_assert_eq!(answer.map(|answer| answer.control_id.to_vec()), Some(id));
    }
}
