//! Codes that nothing translates: how often each comes, from whom, and the rule that would translate it.

use askama::Template;

use crate::frame::{self, Choice, Choices, Frame, Link, Place, render};
use crate::number;
use crate::shown::{Pages, Shown};
use crate::stamp::Clock;

/// A code that nothing translates.
#[derive(Clone, Debug)]
pub struct CodeRow {
    /// What tells it from all others, in letters and digits.
    pub id: String,
    /// The sender.
    pub source: String,
    /// Where it stands, such as `OBX-3`.
    pub field: String,
    /// The sender's name of its coding system; may be empty.
    pub system: String,
    /// The code; may be empty where there are only words.
    pub code: String,
    /// The words for it; may be empty.
    pub text: String,
    /// How often it came.
    pub count: u64,
    /// When it came first.
    pub first_us: i64,
    /// When it came last.
    pub last_us: i64,
    /// The newest message that has it.
    pub example: Link,
    /// The rule to fill in; nothing where there is no code to translate.
    pub rule: Option<String>,
}

/// What the list of codes shows.
#[derive(Clone, Debug)]
pub struct CodeTable {
    /// The sender chosen; nothing for all.
    pub source: Option<String>,
    /// The field chosen; nothing for all.
    pub field: Option<String>,
    /// How often codes came from each sender.
    pub sources: Vec<(String, u64)>,
    /// How often codes came at each field.
    pub fields: Vec<(String, u64)>,
    /// The codes, most frequent first.
    pub rows: Vec<CodeRow>,
    /// Which of how many they are.
    pub shown: Shown,
}

/// Makes the list of codes as a page.
pub fn codes_page(frame: &Frame, table: &CodeTable) -> String {
    let body = render(&Body {
        live: codes_fragment(frame, table),
    });
    frame::page(frame, Place::Codes, "Codes", &body)
}

/// Makes the list of codes as the element that stays live.
pub fn codes_fragment(frame: &Frame, table: &CodeTable) -> String {
    let path = format!(
        "/live{}",
        address(
            table.source.as_deref(),
            table.field.as_deref(),
            table.shown.query().as_deref()
        )
    );
    frame::live("codes", &path, &codes_live(frame, table))
}

/// Makes what is inside the live element, for its stream.
pub fn codes_live(frame: &Frame, table: &CodeTable) -> String {
    let (source, field) = (table.source.as_deref(), table.field.as_deref());
    let sources = Choice::of_counts(&table.sources, source, |source| {
        address(source, field, None)
    });
    let fields = Choice::of_counts(&table.fields, field, |field| address(source, field, None));
    let of = |label, name, choices| Choices {
        label,
        name,
        target: "codes",
        choices,
    };
    render(&List {
        clock: frame.clock(),
        sources: of("Source", "source", sources),
        fields: of("Field", "field", fields),
        pages: table
            .shown
            .line("codes", |page| address(source, field, page)),
        table,
    })
}

fn address(source: Option<&str>, field: Option<&str>, page: Option<&str>) -> String {
    let chosen = [("source", source), ("field", field), ("page", page)];
    frame::filtered("/codes", chosen)
}

#[derive(Template)]
#[template(path = "codes.html")]
struct Body {
    live: String,
}

#[derive(Template)]
#[template(path = "codes_live.html")]
struct List<'a> {
    clock: Clock,
    sources: Choices<'a>,
    fields: Choices<'a>,
    pages: Pages,
    table: &'a CodeTable,
}
