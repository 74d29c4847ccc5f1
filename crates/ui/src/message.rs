//! One message as it was received, and what became of each of its fields.

use askama::Template;

use crate::frame::{self, Choice, Choices, Frame, Place, render};
use crate::mark::{Mark, Shape};
use crate::number;
use crate::raw::RawText;
use crate::stamp::Clock;

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// It is in a resource.
    Mapped,
    /// It was left out for a reason that is written down.
    Ignored,
    /// It has no place yet, or could not be read.
    Unmapped,
}

impl Covered {
    /// All of them, what needs a person last.
    pub const ALL: [Self; 3] = [Self::Mapped, Self::Ignored, Self::Unmapped];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Ignored => "left out",
            Self::Unmapped => "unmapped",
        }
    }

    /// Gives the word for it in an address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Ignored => "ignored",
            Self::Unmapped => "unmapped",
        }
    }

    /// Reads the word of an address.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|covered| covered.name() == name)
    }

    pub(crate) const fn mark(self) -> Mark {
        let (shape, tone) = match self {
            Self::Mapped => (Shape::Check, "good"),
            Self::Ignored => (Shape::Ring, "quiet"),
            Self::Unmapped => (Shape::Triangle, "high"),
        };
        Mark {
            word: self.word(),
            shape,
            tone,
        }
    }
}

/// A populated field, or a part of one.
#[derive(Clone, Debug)]
pub struct CoveredField {
    /// Its place, such as `PID-3.4`.
    pub place: String,
    /// Its value.
    pub value: String,
    /// What became of it.
    pub covered: Covered,
    /// The element that holds it; empty where none does.
    pub element: String,
    /// The row of the table that says so, or why it was left out; may be empty.
    pub why: String,
}

/// The fields of a segment.
#[derive(Clone, Debug)]
pub struct CoveredSegment {
    /// Its name and which of its name it is, such as `OBX[2]`.
    pub name: String,
    /// Its populated fields, in their order.
    pub fields: Vec<CoveredField>,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id, as in its address.
    pub id: String,
    /// The kind of message, such as `ORU^R01`; may be empty.
    pub kind: String,
    /// The sender.
    pub source: String,
    /// The sender's control id; may be empty.
    pub control_id: String,
    /// When it was received.
    pub received_us: i64,
    /// Where it is kept: topic, partition and offset.
    pub origin: String,
    /// The bytes.
    pub raw: Vec<u8>,
    /// What became of the fields shown; nothing for all.
    pub covered: Option<Covered>,
    /// How many fields ended each way.
    pub counts: Vec<(Covered, u64)>,
    /// The segments, with the fields that were chosen.
    pub segments: Vec<CoveredSegment>,
}

/// Makes one message as a page.
pub fn message_page(frame: &Frame, message: &Message) -> String {
    let body = message_fragment(frame, message);
    let title = format!("Message {}", message.kind);
    frame::page(frame, Place::Elsewhere, title.trim_end(), &body)
}

/// Makes one message as an element; it never changes, so it has no stream.
pub fn message_fragment(frame: &Frame, message: &Message) -> String {
    let count = |covered: Covered| {
        let found = message.counts.iter().find(|(known, _)| *known == covered);
        found.map_or(0, |(_, count)| *count)
    };
    let mut choices = vec![Choice {
        text: "All".to_owned(),
        href: format!("/messages/{}", message.id),
        count: Some(number::count(
            message.counts.iter().map(|(_, count)| count).sum::<u64>(),
        )),
        current: message.covered.is_none(),
    }];
    choices.extend(Covered::ALL.map(|covered| Choice {
        text: covered.word().to_owned(),
        href: format!("/messages/{}?fields={}", message.id, covered.name()),
        count: Some(number::count(count(covered))),
        current: message.covered == Some(covered),
    }));
    render(&Body {
        clock: frame.clock(),
        raw: RawText::read(&message.raw),
        choices: Choices {
            label: "What became of the fields",
            name: "fields",
            target: "message",
            choices,
        },
        message,
    })
}

#[derive(Template)]
#[template(path = "message.html")]
struct Body<'a> {
    clock: Clock,
    raw: RawText,
    choices: Choices<'a>,
    message: &'a Message,
}
