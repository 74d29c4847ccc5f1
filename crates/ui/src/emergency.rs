//! Emergency departments: how crowded each is, who is there, and whose clock runs out next.

use askama::Template;

use crate::frame::{self, Frame, Link, Place, render};
use crate::mark::Severity;
use crate::number;
use crate::stamp::Clock;

/// What the page of emergency departments shows.
#[derive(Clone, Debug)]
pub struct EmergencyBoard {
    /// Whether the site follows visits.
    pub is_enabled: bool,
    /// The departments.
    pub units: Vec<EmergencyUnit>,
}

/// A department as it stands now.
#[derive(Clone, Debug)]
pub struct EmergencyUnit {
    /// Its name.
    pub name: String,
    /// The score of crowding with its band, where beds are known.
    pub crowding: Option<(String, String, Severity)>,
    /// Counts and medians: what, how much, and in what unit.
    pub facts: Vec<(String, String)>,
    /// The visits, the one whose clock runs out next before the others.
    pub rows: Vec<EmergencyRow>,
    /// How many more there are than are shown.
    pub hidden: u64,
}

/// A visit of somebody who is there.
#[derive(Clone, Debug)]
pub struct EmergencyRow {
    /// Whose it is.
    pub patient: Link,
    /// How urgent it is, from 1; nothing where nobody judged it.
    pub acuity: Option<u8>,
    /// Where in the department the patient is.
    pub place: String,
    /// Whether that is a place to wait.
    pub is_waiting: bool,
    /// How far the visit has come, in words.
    pub step: String,
    /// For what it counts in the measure of access and timeliness, in words.
    pub measured: Vec<String>,
    /// When the patient came.
    pub arrived_us: i64,
    /// The clock that runs out next: what is waited for, until when, and how much that matters.
    pub next: Option<(String, i64, Severity)>,
    /// What is over its time besides, in words.
    pub over: Vec<String>,
}

/// Makes the departments as a page.
pub fn emergency_page(frame: &Frame, board: &EmergencyBoard) -> String {
    let body = render(&Body {
        live: emergency_fragment(frame, board),
    });
    frame::page(frame, Place::Emergency, "Emergency", &body)
}

/// Makes the departments as the element that stays live.
pub fn emergency_fragment(frame: &Frame, board: &EmergencyBoard) -> String {
    let html = emergency_live(frame, board);
    frame::live("emergency", "/live/ed", &html)
}

/// Makes what is inside the live element, for its stream.
pub fn emergency_live(frame: &Frame, board: &EmergencyBoard) -> String {
    render(&Live {
        clock: frame.clock(),
        board,
    })
}

#[derive(Template)]
#[template(path = "emergency.html")]
struct Body {
    live: String,
}

#[derive(Template)]
#[template(path = "emergency_live.html")]
struct Live<'a> {
    clock: Clock,
    board: &'a EmergencyBoard,
}
