//! Care gaps: the work list of what quality measures ask of patients, by measure and status.

use askama::Template;

use crate::frame::{self, Choice, Choices, Frame, Link, Place, render};
use crate::mark::{Mark, Shape};
use crate::number;
use crate::stamp::Clock;

/// Where a patient stands in a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapStatus {
    /// It was taken to be done, and no longer is.
    Reopened,
    /// It is not done.
    Open,
    /// A visit that a measure counts.
    Counted,
    /// It is done as far as care itself says.
    ProvisionallyClosed,
    /// It is done for good.
    Closed,
    /// The measure leaves the patient out.
    Excluded,
}

impl GapStatus {
    /// All of them, what is to be done first.
    pub const ALL: [Self; 6] = [
        Self::Reopened,
        Self::Open,
        Self::Counted,
        Self::ProvisionallyClosed,
        Self::Closed,
        Self::Excluded,
    ];

    /// Gives the word for it in an address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reopened => "reopened",
            Self::Open => "open",
            Self::Counted => "counted",
            Self::ProvisionallyClosed => "provisionally-closed",
            Self::Closed => "closed",
            Self::Excluded => "excluded",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Reopened => "open again",
            Self::Open => "open",
            Self::Counted => "counted",
            Self::ProvisionallyClosed => "closed, not yet final",
            Self::Closed => "closed",
            Self::Excluded => "excluded",
        }
    }

    const fn mark(self) -> Mark {
        let (shape, tone) = match self {
            Self::Reopened => (Shape::Square, "medium"),
            Self::Open => (Shape::Ring, "open"),
            Self::Counted => (Shape::Disc, "low"),
            Self::ProvisionallyClosed => (Shape::Half, "low"),
            Self::Closed => (Shape::Check, "good"),
            Self::Excluded => (Shape::Cross, "quiet"),
        };
        Mark {
            word: self.words(),
            shape,
            tone,
        }
    }
}

/// A row of the work list.
#[derive(Clone, Debug)]
pub struct CareGapRow {
    /// The id of the finding that says so.
    pub id: String,
    /// Whom it is about, with the way to the patient's page.
    pub patient: Link,
    /// The measure's name, such as `cms130`.
    pub measure: String,
    /// What the measure is about.
    pub title: String,
    /// The published logic that it follows, with its version.
    pub rule: String,
    /// The year that is measured.
    pub year: i16,
    /// Where the patient stands.
    pub status: GapStatus,
    /// When it is due, while it is to be done.
    pub due_us: Option<i64>,
    /// When that could be known.
    pub known_us: i64,
    /// Counted from 1; each change makes one.
    pub revision: u32,
    /// What it rests on, and when that was.
    pub evidence: Vec<(String, i64)>,
    /// How much more it rests on.
    pub more_evidence: u64,
}

/// What the work list shows.
#[derive(Clone, Debug)]
pub struct CareGapList {
    /// The measure chosen; nothing for all.
    pub measure: Option<String>,
    /// How many there are of each measure.
    pub measures: Vec<(String, u64)>,
    /// The status chosen; nothing for all.
    pub status: Option<GapStatus>,
    /// How many there are in each status.
    pub statuses: Vec<(GapStatus, u64)>,
    /// Whether the site looks at any measure.
    pub is_enabled: bool,
    /// The rows, what is to be done first.
    pub rows: Vec<CareGapRow>,
    /// How many more there are.
    pub more: u64,
}

/// Makes the work list as a page.
pub fn care_gaps_page(frame: &Frame, list: &CareGapList) -> String {
    let body = render(&Body {
        live: care_gaps_fragment(frame, list),
    });
    frame::page(frame, Place::CareGaps, "Care gaps", &body)
}

/// Makes the work list as the element that stays live.
pub fn care_gaps_fragment(frame: &Frame, list: &CareGapList) -> String {
    let path = address(list.measure.as_deref(), list.status);
    let path = format!("/live{path}");
    frame::live("care-gaps", &path, &care_gaps_live(frame, list))
}

/// Makes what is inside the live element, for its stream.
pub fn care_gaps_live(frame: &Frame, list: &CareGapList) -> String {
    let (measure, status) = (list.measure.as_deref(), list.status);
    let measures = Choice::of_counts(&list.measures, measure, |one| address(one, status));
    let of = |label, name, choices| Choices {
        label,
        name,
        target: "care-gaps",
        choices,
    };
    render(&Live {
        clock: frame.clock(),
        measures: of("Measure", "measure", measures),
        statuses: of("Status", "status", statuses(list)),
        list,
    })
}

fn statuses(list: &CareGapList) -> Vec<Choice> {
    let measure = list.measure.as_deref();
    let all: u64 = list.statuses.iter().map(|(_, count)| count).sum();
    let choice = |text: &str, status: Option<GapStatus>, count: u64| Choice {
        text: text.to_owned(),
        href: address(measure, status),
        count: Some(number::count(count)),
        current: list.status == status,
    };
    let each = list
        .statuses
        .iter()
        .map(|(status, count)| choice(status.words(), Some(*status), *count));
    std::iter::once(choice("all", None, all))
        .chain(each)
        .collect()
}

fn address(measure: Option<&str>, status: Option<GapStatus>) -> String {
    let chosen = [
        ("measure", measure),
        ("status", status.map(GapStatus::word)),
    ];
    frame::filtered("/care-gaps", chosen)
}

#[derive(Template)]
#[template(path = "care_gaps.html")]
struct Body {
    live: String,
}

#[derive(Template)]
#[template(path = "care_gaps_live.html")]
struct Live<'a> {
    clock: Clock,
    measures: Choices<'a>,
    statuses: Choices<'a>,
    list: &'a CareGapList,
}

impl Live<'_> {
    fn day(&self, at_us: &i64) -> String {
        self.clock.format(*at_us, "%-d %b %Y")
    }
}
