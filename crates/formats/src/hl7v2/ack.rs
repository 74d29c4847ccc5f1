//! Acknowledgements: which one to send, how it is written, and what one that came in says.

mod answer;

use std::borrow::Cow;

use super::header::Header;
use super::issue::{Issue, Severity};
use super::message::Message;
use super::path::Path;
use super::writer::Writer;

pub use answer::{Answer, AnswerFault, read};

/// What an acknowledgement says, HL7 table 0008.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// `AA`: accepted by the application.
    ApplicationAccept,
    /// `AE`: the application could not use it.
    ApplicationError,
    /// `AR`: the application never will.
    ApplicationReject,
    /// `CA`: in safe storage; no need to send it again.
    CommitAccept,
    /// `CE`: could not be stored now; send it again.
    CommitError,
    /// `CR`: never will be stored.
    CommitReject,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored.
    Accepted,
    /// It is not stored, and sending it again may help.
    Failed,
    /// It is not stored, and sending it again will not help.
    Refused,
}

/// An error of HL7 table 0357.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// 100: segments in the wrong order or missing.
    SegmentSequence,
    /// 101: a required field is empty.
    RequiredFieldMissing,
    /// 102: a value is not of its data type.
    DataType,
    /// 103: a value is not in its table.
    TableValueNotFound,
    /// 104: a value is too long.
    ValueTooLong,
    /// 200: the message type is not supported.
    UnsupportedMessageType,
    /// 201: the trigger event is not supported.
    UnsupportedEvent,
    /// 202: the processing id is not supported.
    UnsupportedProcessingId,
    /// 203: the version is not supported.
    UnsupportedVersion,
    /// 204: an identifier is not known.
    UnknownKey,
    /// 205: an identifier is in use already.
    DuplicateKey,
    /// 206: the record is locked.
    RecordLocked,
    /// 207: anything else.
    Internal,
}

/// One thing that is wrong, as an ERR segment tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault<'f> {
    /// What kind of error it is.
    pub code: ErrorCode,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub location: Option<Path>,
    /// What is wrong and what to do, in plain words without any of the message's content.
    pub text: Cow<'f, str>,
}

/// Everything an acknowledgement says that is not in the message it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'r> {
    /// What it says.
    pub code: Code,
    /// Its own control id.
    pub control_id: &'r str,
    /// When it is made, in HL7 form.
    pub time: &'r str,
    /// What was wrong with the message.
    pub faults: &'r [Fault<'r>],
}

/// The version an acknowledgement gives itself when the message gives none.
const VERSION_DEFAULT: &[u8] = b"2.5.1";

impl Code {
    /// Returns the code of HL7 table 0008.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApplicationAccept => "AA",
            Self::ApplicationError => "AE",
            Self::ApplicationReject => "AR",
            Self::CommitAccept => "CA",
            Self::CommitError => "CE",
            Self::CommitReject => "CR",
        }
    }

    /// Reads a code of HL7 table 0008.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::ApplicationAccept,
            Self::ApplicationError,
            Self::ApplicationReject,
            Self::CommitAccept,
            Self::CommitError,
            Self::CommitReject,
        ]
        .into_iter()
        .find(|code| code.as_str() == name)
    }

    /// Reports whether it says that the message was accepted.
    #[must_use]
    pub const fn is_accept(self) -> bool {
        matches!(self, Self::ApplicationAccept | Self::CommitAccept)
    }

    const fn application(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::ApplicationAccept,
            Outcome::Failed => Self::ApplicationError,
            Outcome::Refused => Self::ApplicationReject,
        }
    }

    const fn commit(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::CommitAccept,
            Outcome::Failed => Self::CommitError,
            Outcome::Refused => Self::CommitReject,
        }
    }
}

impl ErrorCode {
    /// Returns the number in HL7 table 0357.
    #[must_use]
    pub const fn number(self) -> &'static str {
        self.row().0
    }

    /// Returns the name in HL7 table 0357.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().1
    }

    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::SegmentSequence => ("100", "Segment sequence error"),
            Self::RequiredFieldMissing => ("101", "Required field missing"),
            Self::DataType => ("102", "Data type error"),
            Self::TableValueNotFound => ("103", "Table value not found"),
            Self::ValueTooLong => ("104", "Value too long"),
            Self::UnsupportedMessageType => ("200", "Unsupported message type"),
            Self::UnsupportedEvent => ("201", "Unsupported event code"),
            Self::UnsupportedProcessingId => ("202", "Unsupported processing id"),
            Self::UnsupportedVersion => ("203", "Unsupported version id"),
            Self::UnknownKey => ("204", "Unknown key identifier"),
            Self::DuplicateKey => ("205", "Duplicate key identifier"),
            Self::RecordLocked => ("206", "Application record locked"),
            Self::Internal => ("207", "Application internal error"),
        }
    }
}

impl Fault<'static> {
    /// Tells an issue that parsing found.
    #[must_use]
    pub fn from_issue(message: &Message<'_>, issue: &Issue) -> Self {
        use super::issue::IssueCode as Is;
        let code = match issue.code {
            Is::NoHeader | Is::SeveralHeaders | Is::BatchHeader | Is::SegmentName => {
                ErrorCode::SegmentSequence
            }
            Is::MessageTypeMissing | Is::ControlIdMissing | Is::VersionMissing => {
                ErrorCode::RequiredFieldMissing
            }
            Is::MessageTooLong
            | Is::SegmentTooLong
            | Is::TooManySegments
            | Is::TooManyFields
            | Is::TooManyRepetitions
            | Is::TooManyComponents => ErrorCode::ValueTooLong,
            Is::CharsetUnknown => ErrorCode::TableValueNotFound,
            _ => ErrorCode::DataType,
        };
        Self {
            code,
            severity: issue.severity(),
            location: location(message, issue),
            text: Cow::Borrowed(issue.code.text()),
        }
    }
}

/// Says which acknowledgement a sender waits for when its message has been stored or not; nothing if it wants none.
///
/// A message without MSH-15 and MSH-16 (original mode) is answered AA, AE or AR. Otherwise (enhanced mode) MSH-15 says
/// whether CA, CE or CR is sent; where it asks for none and MSH-16 does, that of original mode is. One frame is answered by one at most:
/// who waits for an answer to each frame would take a second one for that to the next. MSH-15 left empty or unknown counts as `AL`,
/// since a sender that waits in vain resends for ever.
#[must_use]
pub fn code(header: Option<&Header<'_>>, outcome: Outcome) -> Option<Code> {
    let Some(header) = header.filter(|header| is_enhanced(header)) else {
        return Some(Code::application(outcome));
    };
    if wants(&header.accept_acknowledgment_type(), true, outcome) {
        return Some(Code::commit(outcome));
    }
    let applies = wants(&header.application_acknowledgment_type(), false, outcome);
    applies.then(|| Code::application(outcome))
}

/// Writes the acknowledgement of a message, with its separators, its character set and its MSH-10, byte for byte.
#[must_use]
pub fn write(message: &Message<'_>, reply: &Reply<'_>) -> Vec<u8> {
    let mut writer = Writer::new("MSH", message.separators(), message.charset());
    let header = message.header();
    let is_alike = writer.separators().field == message.separators().field;
    let splits_alike = writer.separators() == message.separators();
    // What was wrong there, such as more parts than a field may have, would be wrong here.
    let is_well = |field: usize| {
        let mut issues = message.issues().iter();
        let field = u32::try_from(field).ok();
        !issues.any(|issue| issue.segment == Some(1) && issue.field == field)
    };
    let copy = |writer: &mut Writer, own: usize, theirs: usize, otherwise: &[u8]| {
        writer.field(own);
        match header.map(|header| header.segment().field(theirs)) {
            Some(field)
                if !field.is_empty()
                    && is_alike
                    && is_well(theirs)
                    && (splits_alike || field.raw().len() <= COPIED_BYTES) =>
            {
                writer.raw(field.raw())
            }
            Some(field) if !field.is_empty() => writer.text(&field.text()),
            _ => writer.raw(otherwise),
        };
    };
    for (own, theirs) in [(3, 5), (4, 6), (5, 3), (6, 4)] {
        copy(&mut writer, own, theirs, b"");
    }
    writer.field(7).text(reply.time);
    writer.field(9).text("ACK");
    let trigger = header.map(|header| header.segment().field(9).component(2));
    if let Some(trigger) = trigger.filter(|trigger| !trigger.is_empty()) {
        writer.component(2).text(&trigger.text());
        writer.component(3).text("ACK");
    }
    writer.field(10).text(reply.control_id);
    copy(&mut writer, 11, 11, b"P");
    copy(&mut writer, 12, 12, VERSION_DEFAULT);
    copy(&mut writer, 18, 18, b"");
    writer.segment("MSA").field(1).text(reply.code.as_str());
    copy(&mut writer, 2, 10, b"");
    if let Some(fault) = reply.faults.first() {
        writer.field(3).text(&fault.text);
    }
    let is_old = header.is_some_and(|header| has_old_errors(&header.version()));
    for fault in reply.faults {
        writer.segment("ERR");
        if is_old {
            write_old_fault(&mut writer, fault);
        } else {
            write_fault(&mut writer, fault);
        }
    }
    writer.finish()
}

/// So much is copied byte for byte where the answer splits it in another way than the message did: more may fall into more
/// parts than a field may have.
const COPIED_BYTES: usize = 200;

fn is_enhanced(header: &Header<'_>) -> bool {
    [15, 16]
        .iter()
        .any(|&number| header.segment().field(number).is_valued())
}

fn wants(condition: &str, otherwise: bool, outcome: Outcome) -> bool {
    match condition {
        "AL" => true,
        "NE" => false,
        "ER" => outcome != Outcome::Accepted,
        "SU" => outcome == Outcome::Accepted,
        _ => otherwise,
    }
}

/// From version 2.5 on, ERR has its present form.
fn has_old_errors(version: &str) -> bool {
    ["2.1", "2.2", "2.3", "2.4"]
        .iter()
        .any(|old| version.starts_with(old))
}

fn write_fault(writer: &mut Writer, fault: &Fault<'_>) {
    if let Some(location) = &fault.location {
        writer.field(2).text(location.segment());
        for (component, number) in (2..).zip(location.numbers()) {
            if number > 0 {
                writer.component(component).text(&number.to_string());
            }
        }
    }
    writer.field(3).text(fault.code.number());
    writer.component(2).text(fault.code.name());
    writer.component(3).text("HL70357");
    writer.field(4).text(match fault.severity {
        Severity::Error => "E",
        Severity::Warning => "W",
    });
    writer.field(8).text(&fault.text);
}

fn write_old_fault(writer: &mut Writer, fault: &Fault<'_>) {
    writer.field(1);
    if let Some(location) = &fault.location {
        let [occurrence, field, ..] = location.numbers();
        writer.text(location.segment());
        writer.component(2).text(&occurrence.to_string());
        if field > 0 {
            writer.component(3).text(&field.to_string());
        }
    }
    writer.component(4).text(fault.code.number());
    writer.subcomponent(2).text(fault.code.name());
    writer.subcomponent(3).text("HL70357");
}

fn location(message: &Message<'_>, issue: &Issue) -> Option<Path> {
    let number = usize::try_from(issue.segment?).ok()?;
    let segment = message.segments().nth(number.checked_sub(1)?)?;
    let name = segment.name();
    let occurrence = message
        .segments()
        .take(number)
        .filter(|other| other.name() == name)
        .count();
    let field = usize::try_from(issue.field.unwrap_or_default()).ok()?;
    let name = std::str::from_utf8(name).ok()?.to_owned();
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then(|| Path::from_numbers(name, [occurrence, field, 0, 0, 0]))
}

#[cfg(test)]
mod tests;
