//! Tests of batches: whole, damaged, and put together again.

use super::*;
use crate::hl7v2;
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// Puts a file together again from its parts.
fn rejoin(bytes: &[u8]) -> Vec<u8> {
    let batch = split(bytes);
    let mut spans = batch.envelope;
    spans.push(batch.leading);
    spans.extend(batch.messages.into_iter().map(|message| message.span));
    spans.sort_by_key(|span| (span.start, span.end));
    let parts = spans.into_iter().filter_map(|span| bytes.get(span));
    parts.flatten().copied().collect()
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "expect![] is passed as it is made"
)]
fn check(text: &str, expected: Expect) {
    let batch = split(text.as_bytes());
    assert_eq!(rejoin(text.as_bytes()), text.as_bytes());
    let mut shown: Vec<_> = batch
        .messages
        .iter()
        .map(|message| {
            let text = text.get(message.span.clone()).unwrap_or_default();
            format!("{}: {text:?}", message.batch)
        })
        .collect();
    shown.extend(batch.issues.iter().map(ToString::to_string));
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn a_batch_is_split_into_its_messages() {
    check(
        "FHS|^~\\&\rBHS|^~\\&\rMSH|1\rPID|\rMSH|2\rBTS|2\rBHS|^~\\&\rMSH|3\rBTS|1\rFTS|2\r",
        expect![[r#"
            1: "MSH|1\rPID|\r"
            1: "MSH|2\r"
            2: "MSH|3\r""#]],
    );
    check(
        "MSH|1\nPID|\n\nMSH|2",
        expect![[r#"
        0: "MSH|1\nPID|\n\n"
        0: "MSH|2""#]],
    );
    check("MSH|1\r\nPID|\r\n", expect![[r#"0: "MSH|1\r\nPID|\r\n""#]]);
}

#[test]
fn a_batch_that_does_not_add_up_says_so() {
    check(
        "FHS|^~\\&\rMSH|1\rBTS|2\rFTS|1\r",
        expect![[r#"
            0: "MSH|1\r"
            byte 15: a BTS ends no batch; start the batch with BHS
            byte 15: BTS-1 says 2 messages, 1 came; check what was cut off and send the rest"#]],
    );
    check(
        "junk\rBHS|^~\\&\rMSH|1\r",
        expect![[r#"
            1: "MSH|1\r"
            byte 0: bytes before the first header were skipped; start with FHS, BHS or MSH
            byte 5: a batch has no BTS; check whether the file was cut off"#]],
    );
    check("no batch\r", expect![""]);
}

#[test]
fn a_broken_message_in_a_batch_leaves_the_others_whole() {
    let good = |id: u8| format!("MSH|^~\\&|||||||ADT^A01|{id}|P|2.5\rPID|1||{id}\r");
    let text = format!(
        "BHS|^~\\&\r{}{}MSH|&&&&|\rPID|\0\rBTS|3\r",
        good(1),
        good(2)
    );
    let batch = split(text.as_bytes());
    assert_eq!(batch.issues, []);
    let errors: Vec<_> = batch
        .messages
        .into_iter()
        .filter_map(|message| text.as_bytes().get(message.span))
        .map(|bytes| hl7v2::parse(bytes).first_error().map(|issue| issue.code))
        .collect();
    let refused = Some(hl7v2::IssueCode::SeparatorsDuplicate);
    assert_eq!(errors, [None, None, refused]);
}

/// What is answered to a file whose messages are answered `ACK` and their place in it.
#[expect(
    clippy::needless_pass_by_value,
    reason = "expect![] is passed as it is made"
)]
fn check_answer(text: &str, expected: Expect) {
    let batch = split(text.as_bytes());
    let answers: Vec<_> = (1..=batch.messages.len())
        .map(|place| Some(format!("ACK {place}\r").into_bytes()))
        .collect();
    let answer = answer(text.as_bytes(), &batch, &answers, "20260301").unwrap_or_default();
    let answer = String::from_utf8(answer).expect("an answer to UTF-8 is UTF-8");
    expected.assert_eq(&answer.replace('\r', "\n"));
}

#[test]
fn a_batch_is_answered_by_a_batch_that_refers_to_it() {
    check_answer(
        "BHS|^~\\&|LAB|H1|PW|H2|20260101|||note|B7\rMSH|1\rMSH|2\rBTS|2\r",
        expect![[r#"
            BHS|^~\&|PW|H2|LAB|H1|20260301|||||B7
            ACK 1
            ACK 2
            BTS|2
        "#]],
    );
    check_answer(
        "FHS#^~\\&#LAB########F1\rBHS#^~\\&#LAB\rMSH|1\rBTS#1\rBHS#^~\\&#LAB\rMSH|2\rBTS#1\rFTS#2\r",
        expect![[r#"
            FHS#^~\&###LAB##20260301#####F1
            BHS#^~\&###LAB##20260301
            ACK 1
            BTS#1
            BHS#^~\&###LAB##20260301
            ACK 2
            BTS#1
            FTS#2
        "#]],
    );
}

#[test]
fn a_batch_that_does_not_add_up_is_told_so_in_its_answer() {
    check_answer(
        "FHS|^~\\&\rBHS|^~\\&\rMSH|1\rBTS|2\rBHS|^~\\&\rMSH|2\r",
        expect![[r#"
            FHS|^~\&|||||20260301
            BHS|^~\&|||||20260301
            ACK 1
            BTS|1|BTS-1 says 2 messages, 1 came; check what was cut off and send the rest
            BHS|^~\&|||||20260301
            ACK 2
            BTS|1|a batch has no BTS; check whether the file was cut off
            FTS|2|the file has no FTS; check whether it was cut off
        "#]],
    );
    check_answer(
        "MSH|1\rBTS|2\rFTS|4\r",
        expect![[r#"
        BHS|^~\&|||||20260301
        ACK 1
        BTS|1|a BTS ends no batch; start the batch with BHS; BTS-1 says 2 messages, 1 came; check what was cut off and send the rest; an FTS ends no file; start the file with FHS; FTS-1 says 4 batches, 1 came; check what was cut off and send the rest
    "#]],
    );
}

#[test]
fn nobody_who_asked_for_no_answer_gets_one() {
    let text = b"BHS|^~\\&\rMSH|1\rBTS|1\r";
    assert_eq!(answer(text, &split(text), &[None], ""), None);
}

proptest! {
    #[test]
    fn any_lines_are_split_without_loss(text in "((\u{feff}|\x0b|MSH|FHS|BHS|BTS|FTS|PID|[|1-3]|\r|\n| ){0,40})") {
        prop_assert_eq!(rejoin(text.as_bytes()), text.as_bytes());
    }
}
