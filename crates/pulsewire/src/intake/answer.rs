//! The acknowledgements that intake gives: made from the message and the time of its acceptance alone, so that a
//! message sent again gets the same bytes again.

use clinical::{MessageId, ReceivedTime};
use formats::hl7v2::ack::{self, ErrorCode, Fault, Outcome, Reply};
use formats::hl7v2::{Message, Severity};

use super::accept::Envelope;

/// How many characters of the message's id an acknowledgement's own control id has (HL7 allows 20 up to version 2.6).
const CONTROL_ID_LENGTH: usize = 20;

/// The acknowledgement of a message that is stored; nothing where the sender asked for none.
pub(super) fn accepted(message: &Message<'_>, id: MessageId, at: ReceivedTime) -> Option<Vec<u8>> {
    answer(message, id, at, Outcome::Accepted, &[])
}

/// The acknowledgement of a message that is not stored and may be sent again.
pub(super) fn deferred(
    message: &Message<'_>,
    id: MessageId,
    at: ReceivedTime,
    why: &str,
) -> Option<Vec<u8>> {
    let text = format!("not stored, send it again later: {why}");
    let fault = Fault {
        code: ErrorCode::Internal,
        severity: Severity::Error,
        location: None,
        text: text.into(),
    };
    answer(message, id, at, Outcome::Failed, &[fault])
}

/// The acknowledgement of a message that is never taken as it is.
pub(super) fn refused(
    message: &Message<'_>,
    id: MessageId,
    at: ReceivedTime,
    faults: &[Fault<'_>],
) -> Vec<u8> {
    // Whoever sends what cannot be read is told, whatever it asked for.
    let code =
        ack::code(message.header().as_ref(), Outcome::Refused).unwrap_or(ack::Code::CommitReject);
    written(message, code, id, at, faults)
}

/// The acknowledgements of the messages of a batch, as a batch that says whether it added up; nothing where no message
/// asked for one.
pub(super) fn batch(envelope: &Envelope, answers: &[Option<Vec<u8>>]) -> Option<Vec<u8>> {
    let Envelope { bytes, batch, at } = envelope;
    formats::hl7v2::batch::answer(bytes, batch, answers, &hl7_time(*at))
}

fn answer(
    message: &Message<'_>,
    id: MessageId,
    at: ReceivedTime,
    outcome: Outcome,
    faults: &[Fault<'_>],
) -> Option<Vec<u8>> {
    let code = ack::code(message.header().as_ref(), outcome)?;
    Some(written(message, code, id, at, faults))
}

fn written(
    message: &Message<'_>,
    code: ack::Code,
    id: MessageId,
    at: ReceivedTime,
    faults: &[Fault<'_>],
) -> Vec<u8> {
    let control_id: String = id.to_string().chars().take(CONTROL_ID_LENGTH).collect();
    ack::write(
        message,
        &Reply {
            code,
            control_id: &control_id,
            time: &hl7_time(at),
            faults,
        },
    )
}

/// A time as HL7 writes it, in UTC, to the millisecond.
pub(crate) fn hl7_time(at: ReceivedTime) -> String {
    let text = at.to_string();
    let (whole, fraction) = text
        .trim_end_matches('Z')
        .split_once('.')
        .unwrap_or((text.trim_end_matches('Z'), "0"));
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    format!("{digits}.{millis}+0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_hl7_does() {
        let at = ReceivedTime::parse("2026-03-01T09:05:07.123456Z").unwrap();
        assert_eq!(hl7_time(at), "20260301090507.123+0000");
        assert_eq!(
            hl7_time(ReceivedTime::parse("2026-03-01T09:05:07Z").unwrap()),
            "20260301090507.000+0000"
        );
    }
}
