//! Looks at a transaction set as a 999 reports of it: segments that do not belong, and elements that are missing or malformed.

mod length;

mod required;

use std::sync::LazyLock;

use super::envelope::Set;
use super::loops::tables::{TABLES, lines};
use super::loops::{LoopIssueCode, loops};
use super::segment::{Element, Segment};

/// The most faults told of one transaction set.
pub const FAULTS_MAX: usize = 100;

/// A segment with something wrong, as IK3 tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentFault {
    /// The segment's name.
    pub name: Box<str>,
    /// Its place in the set, counted from 1 for ST.
    pub place: usize,
    /// The loop it stands in.
    pub kept_in: &'static str,
    /// IK304: `1` not recognized, `2` unexpected, `3` required and missing, `4` begins a loop too many, `5` once too often,
    /// `6` of other sets only, `8` has faults in its elements.
    pub code: &'static str,
    /// What is wrong with its elements.
    pub elements: Vec<ElementFault>,
}

/// An element with something wrong, as IK4 tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElementFault {
    /// The element, counted from 1.
    pub element: usize,
    /// IK403: `1` missing, `4` too short, `5` too long, `6` invalid character, `7` invalid code, `8` invalid date.
    pub code: &'static str,
}

/// The version whose guides say what is required and how long elements are; of others only their form is looked at.
const VERSION: &str = "005010";

/// Gives what is wrong with the segments of a set, in their order, at most [`FAULTS_MAX`].
#[must_use]
pub fn check(set: &Set<'_, '_>) -> Vec<SegmentFault> {
    let tree = loops(set);
    let segments = set.segments();
    let mut kept_in = vec!["ST"; segments.len()];
    for found in tree.iter().flat_map(super::Tree::every) {
        for place in found.places() {
            if let Some(known) = kept_in.get_mut(place) {
                *known = found.id();
            }
        }
    }
    let is_of_version = set.guide().text().starts_with(VERSION);
    let mut issues = tree.iter().flat_map(|tree| tree.issues()).peekable();
    let mut faults = Vec::new();
    for (place, (segment, kept_in)) in segments.iter().zip(kept_in).enumerate() {
        let mut code = None;
        let mut elements = elements(segment);
        if is_of_version {
            length::look(segment, &mut elements);
        }
        while let Some(issue) = issues.next_if(|issue| issue.place == place) {
            match issue.code {
                LoopIssueCode::SegmentUnknown if TABLES.know(segment.name()) => code = Some("6"),
                LoopIssueCode::SegmentUnknown => code = Some("1"),
                LoopIssueCode::SegmentMisplaced => code = Some("2"),
                LoopIssueCode::LevelDuplicate => elements.push(fault(1, "7")),
                LoopIssueCode::ParentUnknown => elements.push(fault(2, "7")),
                LoopIssueCode::LevelUnknown => elements.push(fault(3, "7")),
                LoopIssueCode::ChildrenDiffer => elements.push(fault(4, "7")),
            }
        }
        if code.is_none() && elements.is_empty() {
            continue;
        }
        if faults.len() >= FAULTS_MAX {
            break;
        }
        elements.sort_by_key(|fault| fault.element);
        faults.push(SegmentFault {
            name: String::from_utf8_lossy(segment.name()).into(),
            place: place + 1,
            kept_in,
            code: code.unwrap_or("8"),
            elements,
        });
    }
    match tree.filter(|_| is_of_version) {
        Some(tree) => required::add(&tree, faults),
        None => faults,
    }
}

/// What is asked of an element.
struct Rule {
    segment: &'static str,
    element: usize,
    must: bool,
    asks: Asks,
}

enum Asks {
    Text,
    Number,
    Date,
    /// By the format in another element.
    Dates(usize),
    Codes(Vec<&'static str>),
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rows = lines(include_str!("../../data/x12/elements.tsv"));
    rows.map(|[segment, element, must, asks]| Rule {
        segment,
        element: element.parse().unwrap_or_default(),
        must: must == "must",
        asks: match (asks, asks.split_once(':')) {
            ("text", _) => Asks::Text,
            ("number", _) => Asks::Number,
            ("date", _) => Asks::Date,
            (_, Some((_, other))) => Asks::Dates(other.parse().unwrap_or_default()),
            _ => Asks::Codes(asks.split('|').collect()),
        },
    })
    .collect()
});

fn elements(segment: &Segment<'_>) -> Vec<ElementFault> {
    let name = segment.name();
    let rules = RULES.iter().filter(|rule| rule.segment.as_bytes() == name);
    rules.filter_map(|rule| rule.fault(segment)).collect()
}

impl Rule {
    fn fault(&self, segment: &Segment<'_>) -> Option<ElementFault> {
        let found = segment.element(self.element);
        if found.is_empty() {
            return self.must.then_some(fault(self.element, "1"));
        }
        let text = found.raw().trim_ascii();
        let code = match &self.asks {
            Asks::Text => return None,
            Asks::Number => "6",
            Asks::Codes(_) => "7",
            Asks::Date | Asks::Dates(_) => "8",
        };
        let is_fine = match &self.asks {
            Asks::Text => true,
            Asks::Number => is_number(text),
            Asks::Date => is_date(text),
            Asks::Dates(other) => is_of(segment.element(*other), text),
            Asks::Codes(codes) => codes.iter().any(|known| known.as_bytes() == text),
        };
        (!is_fine).then_some(fault(self.element, code))
    }
}

const fn fault(element: usize, code: &'static str) -> ElementFault {
    ElementFault { element, code }
}

/// Whether a text is of the format that another element names; of formats that nobody knows, anything.
fn is_of(format: Element<'_>, text: &[u8]) -> bool {
    match format.raw() {
        b"D8" => is_date(text),
        b"RD8" => {
            let mut ends = text.split(|byte| *byte == b'-');
            let both = [ends.next(), ends.next()];
            both.iter().all(|end| end.is_some_and(is_date)) && ends.next().is_none()
        }
        b"DT" => text
            .split_at_checked(8)
            .is_some_and(|(date, time)| is_date(date) && is_time(time)),
        b"TM" => is_time(text),
        _ => true,
    }
}

/// Whether a text is a decimal number as X12 writes it: digits with at most one point, and a sign where it is negative.
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let points = text.iter().filter(|byte| **byte == b'.').count();
    digits > 0 && points <= 1 && digits + points == text.len()
}

/// Whether a text is a day, CCYYMMDD.
pub(super) fn is_date(text: &[u8]) -> bool {
    let number = |from: usize, to: usize| {
        let part = text.get(from..to)?;
        let is_digits = part.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(part)
            .ok()
            .filter(|_| is_digits)?
            .parse::<u16>()
            .ok()
    };
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(4, 6), number(6, 8)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    text.len() == 8 && (1..=days).contains(&day)
}

/// Whether a text is a time, HHMM with seconds and their parts where they are known.
#[must_use]
pub fn is_time(text: &[u8]) -> bool {
    let mut pairs = text.chunks(2).zip([b"24", b"60", b"60"]);
    (4..=8).contains(&text.len())
        && text.iter().all(u8::is_ascii_digit)
        && pairs.all(|(pair, most)| pair.len() < 2 || pair < most.as_slice())
}

#[cfg(test)]
mod tests;
