//! Quarantine: what could not be used, why, and what to do about it.

use askama::Template;

use crate::frame::{self, Choice, Choices, Frame, Link, Place, render};
use crate::raw::RawText;
use crate::shown::{Pages, Shown};
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
    /// Whether it was sent through again since.
    pub redriven: bool,
}

/// What the list of quarantine shows.
#[derive(Clone, Debug)]
pub struct QuarantineList {
    /// The reason code chosen; nothing for all.
    pub code: Option<String>,
    /// How many there are for each reason code.
    pub counts: Vec<(String, u64)>,
    /// The source chosen; nothing for all.
    pub source: Option<String>,
    /// How many there are for each source.
    pub sources: Vec<(String, u64)>,
    /// The records, newest first.
    pub rows: Vec<QuarantineRow>,
    /// Which of how many they are.
    pub shown: Shown,
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
    /// How often it was sent through again, the first time first.
    pub attempts: Vec<AttemptRow>,
    /// What can be done with it now; nothing where that is nothing.
    pub forms: Option<QuarantineForms>,
}

/// One time that it was sent through again.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    /// When.
    pub at_us: i64,
    /// Who did it.
    pub who: String,
    /// What was sent, such as `a corrected copy`.
    pub what: String,
    /// What came of it.
    pub result: Link,
}

/// What can be done with a record.
#[derive(Clone, Debug)]
pub struct QuarantineForms {
    /// Whether it can be sent through again as it is.
    pub redrive: bool,
    /// Its text, where a corrected copy can be sent.
    pub text: Option<String>,
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
    let path = format!(
        "/live{}",
        address(
            list.code.as_deref(),
            list.source.as_deref(),
            list.shown.query().as_deref()
        )
    );
    frame::live("quarantine", &path, &quarantine_live(frame, list))
}

/// Makes what is inside the live element, for its stream.
pub fn quarantine_live(frame: &Frame, list: &QuarantineList) -> String {
    let (code, source) = (list.code.as_deref(), list.source.as_deref());
    let reasons = Choice::of_counts(&list.counts, code, |code| address(code, source, None));
    let sources = Choice::of_counts(&list.sources, source, |source| address(code, source, None));
    let of = |label, name, choices| Choices {
        label,
        name,
        target: "quarantine",
        choices,
    };
    render(&List {
        clock: frame.clock(),
        reasons: of("Reason", "choice", reasons),
        sources: of("Source", "source", sources),
        pages: list
            .shown
            .line("quarantine", |page| address(code, source, page)),
        list,
    })
}

fn address(code: Option<&str>, source: Option<&str>, page: Option<&str>) -> String {
    let chosen = [("code", code), ("source", source), ("page", page)];
    frame::filtered("/quarantine", chosen)
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
        frame,
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
    reasons: Choices<'a>,
    sources: Choices<'a>,
    pages: Pages,
    list: &'a QuarantineList,
}

#[derive(Template)]
#[template(path = "quarantined.html")]
struct One<'a> {
    clock: Clock,
    frame: &'a Frame,
    raw: Option<RawText>,
    record: &'a Quarantined,
}
