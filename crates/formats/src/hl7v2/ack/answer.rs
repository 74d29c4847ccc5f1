//! What an acknowledgement that came in says about a message we sent.

use std::borrow::Cow;

use super::super::issue::Severity;
use super::super::message::Message;
use super::super::path::Path;
use super::super::segment::Segment;
use super::Code;

/// An acknowledgement received for a message we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'m> {
    /// What it says, MSA-1.
    pub code: Code,
    /// The control id of the message it answers, MSA-2, as sent.
    pub control_id: &'m [u8],
    /// What it says in words, MSA-3.
    pub text: Cow<'m, str>,
    /// What it says is wrong.
    pub faults: Vec<AnswerFault<'m>>,
}

/// One error that an acknowledgement tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFault<'m> {
    /// The number in HL7 table 0357, or whatever was sent for it.
    pub code: Cow<'m, str>,
    /// How bad it is; an error unless it says otherwise.
    pub severity: Severity,
    /// Where it is.
    pub location: Option<Path>,
    /// What it says in words.
    pub text: Cow<'m, str>,
}

/// Reads an acknowledgement; nothing if there is no MSA segment with a code of HL7 table 0008.
#[must_use]
pub fn read<'m>(message: &'m Message<'_>) -> Option<Answer<'m>> {
    let segment = message.segment(b"MSA")?;
    let code = Code::from_name(segment.field(1).component(1).text().trim())?;
    Some(Answer {
        code,
        control_id: segment.field(2).raw(),
        text: segment.field(3).text(),
        faults: message
            .segments_named(b"ERR")
            .map(|segment| read_fault(&segment))
            .collect(),
    })
}

fn read_fault<'m>(segment: &Segment<'m>) -> AnswerFault<'m> {
    if segment.field(3).is_empty() {
        return read_old_fault(segment);
    }
    let location = segment.field(2);
    let numbers = [2, 3, 4, 5, 6].map(|place| number(&location.component(place).text()));
    let text = [8, 7]
        .map(|place| segment.field(place))
        .into_iter()
        .find(super::super::Element::is_valued)
        .map_or_else(
            || segment.field(3).component(2).text(),
            |field| field.text(),
        );
    AnswerFault {
        code: segment.field(3).component(1).text(),
        severity: match segment.field(4).raw() {
            b"W" | b"I" => Severity::Warning,
            _ => Severity::Error,
        },
        location: path(location.component(1).text(), numbers),
        text,
    }
}

/// Before version 2.5 everything was in ERR-1.
fn read_old_fault<'m>(segment: &Segment<'m>) -> AnswerFault<'m> {
    let field = segment.field(1);
    let code = field.component(4);
    let numbers = [2, 3].map(|place| number(&field.component(place).text()));
    let [occurrence, position] = numbers;
    AnswerFault {
        code: code.subcomponent(1).text(),
        severity: Severity::Error,
        location: path(field.component(1).text(), [occurrence, position, 0, 0, 0]),
        text: code.subcomponent(2).text(),
    }
}

fn number(text: &str) -> usize {
    text.trim().parse().unwrap_or_default()
}

fn path(segment: Cow<'_, str>, numbers: [usize; 5]) -> Option<Path> {
    let is_name = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| Path::from_numbers(segment.into_owned(), numbers))
}
