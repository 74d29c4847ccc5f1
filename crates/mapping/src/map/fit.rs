//! Objects as FHIR allows them: what it requires is there, nothing is there twice, and nothing ends before it begins.

use std::cmp::Ordering;

use formats::fhir::json::{self, Mark};
use formats::fhir::read::Raw;
use formats::fhir::validate::compare_dates;

use super::write::{Frame, Mapper};
use crate::issue::{Issue, IssueCode};
use crate::tables::plan::{Body, Bound, Map, Node, Row};

/// What is known of an object while its members are being written.
#[derive(Debug, Default)]
pub(crate) struct Fit {
    /// The required element that was looked at last, and whether it was written.
    required: Option<(usize, bool)>,
    lacks: bool,
    /// Where the members of another table begin that were written into it.
    spliced: Option<Mark>,
    /// Where the lower bound begins and ends.
    opening: Option<(Mark, usize)>,
    /// Whether there are times of a day.
    has_hours: bool,
    /// Where the events of a Timing begin and end.
    events: Option<(Mark, usize)>,
}

impl Fit {
    /// Takes note of an element; the forms of a choice come one after the other.
    fn note(&mut self, node: &Node, is_written: bool) {
        let Some(order) = node.required else { return };
        match &mut self.required {
            Some((known, is_met)) if *known == order => *is_met |= is_written,
            _ => {
                self.close();
                self.required = Some((order, is_written));
            }
        }
    }

    fn close(&mut self) {
        self.lacks |= matches!(self.required.take(), Some((_, false)));
    }

    /// Says whether something is missing without which FHIR does not allow the object.
    pub(super) fn lacks(&mut self) -> bool {
        self.close();
        self.lacks && self.spliced.is_none()
    }
}

impl<'m> Mapper<'m> {
    /// Writes an object, or nothing; says whether any of it comes from the message.
    pub(crate) fn object(&mut self, nodes: &'static [Node], frame: &Frame<'_, 'm>) -> bool {
        let (before, marked) = (self.out.mark(), self.marks.len());
        self.out.begin_object();
        let mut fit = Fit::default();
        let content = self.members(nodes, frame, &mut fit);
        if !self.out.end_object_unless_empty(before) || !fit.lacks() {
            return content;
        }
        self.out.rollback(before);
        // Where nothing but an explicit null was sent, nothing is left out.
        if content {
            self.withdraw(marked);
        }
        false
    }

    pub(crate) fn members(
        &mut self,
        nodes: &'static [Node],
        frame: &Frame<'_, 'm>,
        fit: &mut Fit,
    ) -> bool {
        let mut any = false;
        for node in nodes {
            if !node.stands && !frame.has_any(&node.reach) {
                fit.note(node, false);
                continue;
            }
            let (before, marked) = (self.out.mark(), self.marks.len());
            if let Body::Leaf(rows) = &node.body
                && node.name == "*"
            {
                let content = self.splice(rows, frame);
                if before != self.out.mark() {
                    fit.spliced = Some(before);
                }
                any |= content;
                continue;
            }
            self.out.key_raw(&node.key);
            let start = self.out.mark();
            let content = self.body(&node.body, frame);
            let is_bare = matches!(node.body, Body::Object(_)) && !content && !node.constant;
            if is_bare || start == self.out.mark() {
                self.out.rollback(before);
                fit.note(node, false);
            } else if !self.goes_with(node, start, fit) {
                self.out.rollback(before);
                self.withdraw(marked);
                continue;
            } else {
                fit.note(node, true);
                if let Some(spliced) = fit.spliced {
                    self.put_together(node, spliced, (before, start), marked);
                }
            }
            any |= content;
        }
        any
    }

    /// Writes the members of data types into the object that is being written.
    fn splice(&mut self, rows: &'static [Row], frame: &Frame<'_, 'm>) -> bool {
        let (start, mut any) = (self.out.mark(), false);
        for row in rows {
            if let Map::Table(table) = row.map
                && self.holds(&row.when, row, frame)
                && let Some(piece) = self.read(row, frame)
            {
                let nodes = self.tables.data_type(table);
                let mut fit = Fit {
                    spliced: (start < self.out.mark()).then_some(start),
                    ..Fit::default()
                };
                any |= self.members(nodes, &frame.inside(row, piece), &mut fit);
            }
        }
        any
    }

    /// Says whether an upper bound is not below the lower one, events are without times of a day (R4 constraint tim-10), which
    /// say them in full (HL7 v2.8.2, 4.5.4.4), and an offset is one from events (tim-9).
    fn goes_with(&self, node: &Node, start: Mark, fit: &mut Fit) -> bool {
        let bytes = self.out.since(start);
        match (node.bound, fit.opening) {
            (Some(Bound::Lower), _) => {
                fit.opening = Some((start, bytes.len()));
                true
            }
            (Some(Bound::Upper), Some((opening, length))) => {
                let lower = self.out.since(opening).get(..length);
                lower.is_none_or(|lower| !is_above(lower, bytes))
            }
            (Some(Bound::Hours), _) => {
                fit.has_hours = true;
                true
            }
            (Some(Bound::Events), _) if fit.has_hours => false,
            (Some(Bound::Events), _) => {
                fit.events = Some((start, bytes.len()));
                true
            }
            (Some(Bound::Offset), _) => fit.events.is_some_and(|(events, length)| {
                let events = self.out.since(events).get(..length).map(Raw::read);
                events.is_some_and(|events| events.is_ok_and(have_offset))
            }),
            _ => true,
        }
    }

    /// Puts an element that another table has written into the same object together with what was written now.
    fn put_together(
        &mut self,
        node: &Node,
        spliced: Mark,
        (before, start): (Mark, Mark),
        marked: usize,
    ) {
        let all = self.out.since(spliced);
        let (Some(earlier), Some(now)) = (
            all.get(..before.offset() - spliced.offset()),
            all.get(start.offset() - spliced.offset()..),
        ) else {
            return;
        };
        if !earlier.windows(node.key.len()).any(|key| *key == *node.key) {
            return;
        }
        let earlier = earlier.strip_prefix(b",").unwrap_or(earlier);
        let object = [b"{", earlier, b"}"].concat();
        let Some((raw, known)) = Raw::read(&object)
            .ok()
            .and_then(|raw| Some((raw, raw.get(node.name).ok()??)))
        else {
            return;
        };
        let both = Raw::read(now).ok().and_then(|now| union(known, now));
        let is_lost = both.is_none();
        let both = both.unwrap_or_else(|| known.as_bytes().to_vec());
        let members = raw.members().flatten().map(|(name, value)| {
            let is_it = name == node.name;
            (name, if is_it { &both } else { value.as_bytes() })
        });
        self.out.rollback(spliced);
        for (name, value) in members {
            self.out.key(name);
            self.out.raw(value);
        }
        if is_lost {
            self.withdraw(marked);
        }
    }

    /// Takes note of what was written and had to be left out: it is in no resource.
    pub(crate) fn withdraw(&mut self, marked: usize) {
        for mark in self.marks.drain(marked..) {
            let issue = Issue {
                code: IssueCode::NotFitting,
                position: mark.start,
            };
            if self.issues.last() != Some(&issue) {
                self.issues.push(issue);
            }
        }
    }
}

/// Says whether something can be before or after events: not of a meal itself (R4 constraint tim-9).
fn have_offset(events: Raw<'_>) -> bool {
    let mut codes = events.items().flatten().map(Raw::text);
    !codes.any(|code| code.is_ok_and(|code| MEALS.contains(&&*code)))
}

/// The meals themselves, by R4's event-timing.
const MEALS: [&str; 4] = ["C", "CM", "CD", "CV"];

/// Puts two objects or arrays together; nothing for single values.
fn union(first: Raw<'_>, second: Raw<'_>) -> Option<Vec<u8>> {
    match (first.as_bytes(), second.as_bytes()) {
        ([b'[', ..], [b'[', ..]) => Some(json::array(|array| {
            for item in first.items().chain(second.items()).flatten() {
                array.raw(item.as_bytes());
            }
        })),
        ([b'{', ..], [b'{', ..]) => Some(json::object(|object| {
            for (name, value) in first.members().flatten() {
                let other = second.get(name).ok().flatten();
                let both = other.and_then(|other| union(value, other));
                object.raw(name, both.as_deref().unwrap_or(value.as_bytes()));
            }
            for (name, value) in second.members().flatten() {
                if matches!(first.get(name), Ok(None)) {
                    object.raw(name, value.as_bytes());
                }
            }
        })),
        _ => None,
    }
}

/// Says whether a bound is above another one: of two times, or of two quantities in the same unit.
fn is_above(first: &[u8], second: &[u8]) -> bool {
    let (Ok(first), Ok(second)) = (Raw::read(first), Raw::read(second)) else {
        return false;
    };
    if let (Ok(first), Ok(second)) = (first.text(), second.text()) {
        return compare_dates(&first, &second) == Some(Ordering::Greater);
    }
    let is_same = |name: &str| {
        let [first, second] = [first, second].map(|one| one.get(name).ok().flatten());
        first.map(Raw::as_bytes) == second.map(Raw::as_bytes)
    };
    let amount = |one: Raw<'_>| -> Option<f64> {
        one.get("value").ok()??.number().ok()?.digits().parse().ok()
    };
    let amounts = amount(first).zip(amount(second));
    is_same("unit") && is_same("code") && amounts.is_some_and(|(first, second)| first > second)
}
