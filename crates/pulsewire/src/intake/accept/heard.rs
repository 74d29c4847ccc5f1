//! What is told of a message beside the message: who sent which kind when, and what it was answered.

use std::sync::Arc;

use clinical::ReceivedTime;
use formats::hl7v2::{Header, ack};

use super::Arrival;
use crate::intake::activity::{Activity, Frame, Sort};
use crate::topics;

/// What is told of a message, without the message.
pub(super) struct Heard {
    source: Arc<str>,
    signal: &'static str,
    accepted: Option<ack::Code>,
    failed: Option<ack::Code>,
    refused: Option<ack::Code>,
    bytes: usize,
    at: ReceivedTime,
    event_time: Option<i64>,
}

impl Heard {
    pub(super) fn of(arrival: &Arrival<'_>, event_time: Option<i64>) -> Self {
        let header = arrival.message.header();
        let code = |outcome| ack::code(header.as_ref(), outcome);
        let kind = header.as_ref().map(Header::message_type);
        Self {
            source: Arc::clone(&arrival.source.name),
            signal: topics::signal(&kind.unwrap_or_default()),
            accepted: code(ack::Outcome::Accepted),
            failed: code(ack::Outcome::Failed),
            // Whoever sends what cannot be read is told, whatever it asked for.
            refused: code(ack::Outcome::Refused).or(Some(ack::Code::CommitReject)),
            bytes: arrival.bytes.len(),
            at: arrival.at,
            event_time,
        }
    }

    pub(super) fn tell(&self, activity: &Activity, outcome: ack::Outcome, sort: Sort) {
        let code = match outcome {
            ack::Outcome::Accepted => self.accepted,
            ack::Outcome::Failed => self.failed,
            ack::Outcome::Refused => self.refused,
        };
        let frame = Frame {
            way: "mllp",
            signals: &[self.signal],
            // A sender in enhanced mode may want no answer.
            answer: code.map_or("none", ack::Code::as_str),
            bytes: self.bytes,
            at: self.at,
            event_time: self.event_time,
            sort,
        };
        activity.heard(&self.source, &frame);
    }
}
