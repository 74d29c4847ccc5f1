//! Prior authorizations: which are open and until when they must be decided, and what is reported of all each year.

use askama::Template;

use crate::frame::{self, Frame, Link, Place, render};
use crate::mark::Severity;
use crate::number;
use crate::stamp::Clock;

/// What the page of authorizations shows.
#[derive(Clone, Debug)]
pub struct AuthorizationTable {
    /// Those that are open, the one that is due first before the others, and behind them those that were decided.
    pub rows: Vec<AuthorizationRow>,
    /// How many more there are than are shown.
    pub hidden: u64,
    /// What is reported of all that were decided, by urgency.
    pub metrics: Vec<AuthorizationMetrics>,
}

/// An authorization.
#[derive(Clone, Debug)]
pub struct AuthorizationRow {
    /// Its name.
    pub case: String,
    /// Whose it is.
    pub patient: Link,
    /// How it stands, in words.
    pub outcome: String,
    /// How urgent it is, in words.
    pub urgency: String,
    /// Where its rule stands.
    pub rule: Option<String>,
    /// When the payer received it.
    pub received_us: Option<i64>,
    /// Until when it must be decided.
    pub due_us: Option<i64>,
    /// When it was decided.
    pub decided_us: Option<i64>,
    /// How much of its time has passed, in percent; nothing where it is decided or no rule is known.
    pub passed: Option<u64>,
    /// How much that matters.
    pub severity: Severity,
}

/// What is reported of the authorizations of one urgency that were decided.
#[derive(Clone, Debug)]
pub struct AuthorizationMetrics {
    /// How urgent they are, in words.
    pub urgency: String,
    /// How many.
    pub decided: u64,
    /// How many of them were approved, all of it or with changes.
    pub approved: u64,
    /// How many were denied.
    pub denied: u64,
    /// How many were approved after a denial.
    pub overturned: u64,
    /// How many were approved after their time was made longer.
    pub extended: u64,
    /// How many were decided late.
    pub late: u64,
    /// The average time to the decision, in words.
    pub mean: String,
    /// The median of it, in words.
    pub median: String,
}

/// Makes the authorizations as a page.
pub fn authorizations_page(frame: &Frame, table: &AuthorizationTable) -> String {
    let body = render(&Body {
        live: authorizations_fragment(frame, table),
    });
    frame::page(frame, Place::Authorizations, "Authorizations", &body)
}

/// Makes the authorizations as the element that stays live.
pub fn authorizations_fragment(frame: &Frame, table: &AuthorizationTable) -> String {
    let html = authorizations_live(frame, table);
    frame::live("authorizations", "/live/authorizations", &html)
}

/// Makes what is inside the live element, for its stream.
pub fn authorizations_live(frame: &Frame, table: &AuthorizationTable) -> String {
    render(&Live {
        clock: frame.clock(),
        table,
    })
}

#[derive(Template)]
#[template(path = "authorizations.html")]
struct Body {
    live: String,
}

#[derive(Template)]
#[template(path = "authorizations_live.html")]
struct Live<'a> {
    clock: Clock,
    table: &'a AuthorizationTable,
}
