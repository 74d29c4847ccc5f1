//! Who sends: how much now and usually, since when nothing comes, what was answered, and what is to be looked at.

use askama::Template;

use crate::chart::Spark;
use crate::frame::{self, Frame, Place, render};
use crate::mark::Health;
use crate::number;
use crate::stamp::{Clock, span};

/// So long before a certificate runs out it is pointed at.
const CERTIFICATE_SOON_US: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// What the page of sources shows.
#[derive(Clone, Debug)]
pub struct SourceTable {
    /// The sources, those that are missed first.
    pub rows: Vec<SourceRow>,
    /// Since when nothing comes from any of them, where that is longer than likely.
    pub everything_quiet_us: Option<i64>,
    /// How many more there are than are shown.
    pub more: u64,
    /// Our own certificates: the way they are shown on, and when they run out.
    pub certificates: Vec<(String, i64)>,
}

/// A source.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// What tells it from all others, in letters and digits.
    pub id: String,
    /// Its configured name.
    pub name: String,
    /// By which ways it came.
    pub ways: Vec<String>,
    /// How it is doing.
    pub health: Health,
    /// Since when it is silent for longer than likely.
    pub quiet_us: Option<i64>,
    /// Whether the configuration still has it.
    pub configured: bool,
    /// Whether it is missed even where nothing could be learned of it.
    pub expected: bool,
    /// Messages in an hour, at the rate of the last minutes.
    pub per_hour: u64,
    /// About how many are usual at this hour of the week; nothing until that is known.
    pub usual_per_hour: Option<u64>,
    /// Messages by minute, oldest first.
    pub trend: Vec<f64>,
    /// When its last message came.
    pub last_us: Option<i64>,
    /// How long that was on its way.
    pub lag_us: Option<i64>,
    /// How many answers it got, by code.
    pub answers: Vec<(String, u64)>,
    /// How many of its records are in quarantine.
    pub quarantined: u64,
    /// How many of its codes nothing translates.
    pub unmapped: u64,
    /// When the certificate runs out that it showed last.
    pub certificate_us: Option<i64>,
    /// What it sends, by kind of message.
    pub signals: Vec<SignalRow>,
}

/// One kind of message of a source.
#[derive(Clone, Debug)]
pub struct SignalRow {
    /// Its name.
    pub name: String,
    /// When it last came.
    pub last_us: Option<i64>,
    /// Since when it is missed while its source goes on.
    pub quiet_us: Option<i64>,
    /// About how many are usual at this hour of the week.
    pub usual_per_hour: Option<u64>,
}

/// Makes the sources as a page.
pub fn sources_page(frame: &Frame, table: &SourceTable) -> String {
    let body = render(&Body {
        live: sources_fragment(frame, table),
    });
    frame::page(frame, Place::Sources, "Sources", &body)
}

/// Makes the sources as the element that stays live.
pub fn sources_fragment(frame: &Frame, table: &SourceTable) -> String {
    frame::live("sources", "/live/sources", &sources_live(frame, table))
}

/// Makes what is inside the live element, for its stream.
pub fn sources_live(frame: &Frame, table: &SourceTable) -> String {
    render(&Live {
        clock: frame.clock(),
        now_us: frame.now_us,
        table,
    })
}

#[derive(Template)]
#[template(path = "sources.html")]
struct Body {
    live: String,
}

#[derive(Template)]
#[template(path = "sources_live.html")]
struct Live<'a> {
    clock: Clock,
    now_us: i64,
    table: &'a SourceTable,
}

impl Live<'_> {
    fn spark(&self, row: &SourceRow) -> Spark {
        Spark::new(
            &row.trend,
            &format!("{}: messages by minute in the last hour", row.name),
        )
    }

    /// The part of a page that is about one source.
    fn of(&self, path: &str, row: &SourceRow) -> String {
        frame::filtered(path, [("source", Some(&row.name))])
    }

    /// In how long a certificate runs out, in words.
    fn left(&self, at_us: &i64) -> String {
        match at_us.saturating_sub(self.now_us) {
            ..=0 => "has run out".to_owned(),
            left => format!("{} left", span(left)),
        }
    }

    fn is_soon(&self, at_us: &i64) -> bool {
        at_us.saturating_sub(self.now_us) <= CERTIFICATE_SOON_US
    }

    fn day(&self, at_us: &i64) -> String {
        self.clock.format(*at_us, "%-d %b %Y")
    }
}
