//! Quarantine: what could not be used, why, and what to do about it.

use askama::Template;

use crate::frame::{self, Choice, Choices, Frame, Place, query, render};
use crate::number;
use crate::raw::RawText;
use crate::stamp::Clock;

/// A record in quarantine, in a list.
#[derive(Clone, Debug)]
pub struct QuarantineRow {
    /// Its id, as in its address.
    pub id: String,
    /// When it was received.
    pub received_us: i64,
    /// The sender.
    pub source: String,
    /// The kind of message, such as `ORU^R01`; may be empty.
    pub kind: String,
    /// The sender's control id; may be empty.
    pub control_id: String,
    /// The reason code.
    pub code: String,
    /// The reason in plain words.
    pub reason: String,
}

/// What the list of quarantine shows.
#[derive(Clone, Debug)]
pub struct QuarantineList {
    /// The reason code chosen; nothing for all.
    pub code: Option<String>,
    /// How many there are for each reason code.
    pub counts: Vec<(String, u64)>,
    /// The records, newest first.
    pub rows: Vec<QuarantineRow>,
    /// Where older ones are, when there are more.
    pub more: Option<String>,
}

/// One record in quarantine.
#[derive(Clone, Debug)]
pub struct Quarantined {
    /// What the list shows of it.
    pub row: QuarantineRow,
    /// The particulars, such as the field and the value that was wrong; may be empty.
    pub detail: String,
    /// What to do about it.
    pub advice: String,
    /// The command that sends it through again, when it can be.
    pub command: Option<String>,
    /// Where it is kept: topic, partition and offset.
    pub origin: String,
    /// Where it came from: topic, partition and offset of the raw message, when it is another.
    pub raw_origin: Option<String>,
    /// The bytes; nothing where the viewer may not see them.
    pub raw: Option<Vec<u8>>,
    /// What could be read of them.
    pub parsed: Vec<ParsedSegment>,
}

/// A segment as it was read.
#[derive(Clone, Debug)]
pub struct ParsedSegment {
    /// Its name, such as `PID`.
    pub name: String,
    /// What it is, such as `patient identification`; may be empty.
    pub title: String,
    /// Its fields that have a value.
    pub fields: Vec<ParsedField>,
}

/// A field as it was read.
#[derive(Clone, Debug)]
pub struct ParsedField {
    /// Its place, such as `PID-3`.
    pub place: String,
    /// What it is, such as `patient identifier list`; may be empty.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Makes the list of quarantine as a page.
pub fn quarantine_page(frame: &Frame, list: &QuarantineList) -> String {
    let body = render(&ListPage {
        live: quarantine_fragment(frame, list),
    });
    frame::page(frame, Place::Quarantine, "Quarantine", &body)
}

/// Makes the list of quarantine as the element that stays live.
pub fn quarantine_fragment(frame: &Frame, list: &QuarantineList) -> String {
    let path = match &list.code {
        Some(code) => format!("/live/quarantine?code={}", query(code)),
        None => "/live/quarantine".to_owned(),
    };
    frame::live("quarantine", &path, &quarantine_live(frame, list))
}

/// Makes what is inside the live element, for its stream.
pub fn quarantine_live(frame: &Frame, list: &QuarantineList) -> String {
    let mut choices = vec![Choice {
        text: "All".to_owned(),
        href: "/quarantine".to_owned(),
        count: Some(number::count(
            list.counts.iter().map(|(_, n)| n).sum::<u64>(),
        )),
        current: list.code.is_none(),
    }];
    choices.extend(list.counts.iter().map(|(code, count)| Choice {
        text: code.clone(),
        href: format!("/quarantine?code={}", query(code)),
        count: Some(number::count(*count)),
        current: list.code.as_ref() == Some(code),
    }));
    render(&List {
        clock: frame.clock(),
        choices: Choices {
            label: "Reason",
            name: "choice",
            target: "quarantine",
            choices,
        },
        list,
    })
}

/// Makes one record in quarantine as a page.
pub fn quarantined_page(frame: &Frame, record: &Quarantined) -> String {
    let body = quarantined_fragment(frame, record);
    let title = format!("Quarantine: {}", record.row.code);
    frame::page(frame, Place::Quarantine, &title, &body)
}

/// Makes one record in quarantine as an element; it never changes, so it has no stream.
pub fn quarantined_fragment(frame: &Frame, record: &Quarantined) -> String {
    render(&One {
        clock: frame.clock(),
        raw: record.raw.as_deref().map(RawText::read),
        record,
    })
}

#[derive(Template)]
#[template(path = "quarantine.html")]
struct ListPage {
    live: String,
}

#[derive(Template)]
#[template(path = "quarantine_live.html")]
struct List<'a> {
    clock: Clock,
    choices: Choices<'a>,
    list: &'a QuarantineList,
}

#[derive(Template)]
#[template(path = "quarantined.html")]
struct One<'a> {
    clock: Clock,
    raw: Option<RawText>,
    record: &'a Quarantined,
}
