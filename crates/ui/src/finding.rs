//! One finding: what it says, the values behind it, how it was revised, and where it is.

use askama::Template;

use crate::alerts::{EvidenceRow, RevisionRow};
use crate::frame::{self, Frame, Link, Place, render};
use crate::mark::Severity;
use crate::stamp::Clock;

/// A finding, explained.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its id.
    pub id: String,
    /// Where the journal has it.
    pub place: String,
    /// The rule pack, with the way to its page.
    pub workload: Link,
    /// The rule pack and its version.
    pub rule: String,
    /// Whom it is about.
    pub patient: Link,
    /// What it is about.
    pub condition: String,
    /// The line a clinician reads.
    pub summary: String,
    /// Why it was taken back, where it was.
    pub taken_back: Option<String>,
    /// How much it matters.
    pub severity: Severity,
    /// The score, where the rule has one.
    pub score: Option<i64>,
    /// The clinical time that it speaks of.
    pub as_of_us: i64,
    /// When it could be known.
    pub known_us: i64,
    /// Counted from 1.
    pub revision: u64,
    /// Whether it rests on loaded history alone.
    pub is_history: bool,
    /// What it rests on.
    pub evidence: Vec<EvidenceRow>,
    /// What it would have needed and did not have.
    pub missing: Vec<String>,
    /// What the rule said of the same time, newest first.
    pub revisions: Vec<RevisionRow>,
    /// How many records were looked through for them, where there are more.
    pub looked_through: Option<u64>,
    /// The alert about it, where there is one.
    pub alert: Option<Link>,
}

/// Makes a finding as a page.
pub fn finding_page(frame: &Frame, finding: &Finding) -> String {
    let body = render(&Page {
        clock: frame.clock(),
        finding,
    });
    let title = format!("Finding: {}", finding.summary);
    frame::page(frame, Place::Workloads, &title, &body)
}

#[derive(Template)]
#[template(path = "finding.html")]
struct Page<'a> {
    clock: Clock,
    finding: &'a Finding,
}
