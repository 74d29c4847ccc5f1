//! When an appointment is: its beginning, its end by how long it takes, and how many minutes that is.

use formats::fhir::json;
use formats::hl7v2::Timestamp;

use super::UNKNOWN_EXTENSION;
use crate::draft::{Elements, Says};
use crate::map::piece::Piece;
use crate::map::primitive::{MINUTES_MAX, minutes};
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::{From, Row};

/// A field, or a component of one.
type Place = (&'static str, usize, Option<usize>);

/// Where the beginning is said, the first that is valued before the others.
const STARTS: [Place; 7] = [
    ("TQ1", 7, None),
    ("SCH", 11, Some(4)),
    ("AIS", 4, None),
    ("AIL", 6, None),
    ("AIP", 6, None),
    ("AIG", 8, None),
    ("ARQ", 11, Some(1)),
];

/// Where the end is said.
const ENDS: [Place; 3] = [("TQ1", 8, None), ("SCH", 11, Some(5)), ("ARQ", 11, Some(2))];

/// Where it is said how long it takes; the field after it has the unit.
const DURATIONS: [(&str, usize); 6] = [
    ("SCH", 9),
    ("AIS", 7),
    ("AIL", 9),
    ("AIP", 9),
    ("AIG", 11),
    ("ARQ", 9),
];

/// Events after which an appointment needs no time (R4 constraint app-3): it was cancelled or stopped.
const TIMELESS: [&str; 2] = ["S15", "S16"];

impl<'m> Mapper<'m> {
    /// Writes when an appointment begins, or that nobody knows.
    pub(super) fn appointment_start(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
        elements: &mut Elements,
    ) {
        let start = self.first_instant(&STARTS, row, frame);
        let start = start.map(|(text, _)| text);
        let other = self.end_of(row, frame).is_some();
        self.appointment_time(("start", "_start"), (start, other), frame, elements);
    }

    /// Writes when an appointment ends: as sent, else by its beginning and how long it takes.
    pub(super) fn appointment_end(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
        elements: &mut Elements,
    ) {
        let end = self.end_of(row, frame);
        let other = self.first_instant(&STARTS, row, frame).is_some();
        self.appointment_time(("end", "_end"), (end, other), frame, elements);
    }

    fn end_of(&mut self, row: &'static Row, frame: &Frame<'_, 'm>) -> Option<String> {
        if let Some((sent, _)) = self.first_instant(&ENDS, row, frame) {
            return Some(sent);
        }
        let (_, start) = self.first_instant(&STARTS, row, frame)?;
        let (amount, unit) = DURATIONS.iter().find_map(|(segment, field)| {
            let amount = frame.field(segment, *field, None)?;
            amount
                .is_valued()
                .then(|| (amount, frame.field(segment, field + 1, None)))
        })?;
        let minutes = minutes(&amount.text()?, unit)?;
        self.clock.instant_after(&start, minutes)
    }

    /// Writes one end of an appointment; both are there or none is (R4 constraint app-2).
    fn appointment_time(
        &mut self,
        (name, underscored): (&'static str, &'static str),
        (text, other): (Option<String>, bool),
        frame: &Frame<'_, 'm>,
        elements: &mut Elements,
    ) {
        let is_request = frame.segments("ARQ").next().is_some();
        let is_timeless = is_request || TIMELESS.contains(&self.links.event.as_str());
        let needs = other || !is_timeless;
        let (name, bytes) = match text {
            Some(text) => (name, json::string(&text)),
            None if needs => (underscored, UNKNOWN_EXTENSION.as_bytes().to_vec()),
            None => return,
        };
        self.element(name, Says::Set, elements, |this| this.out.raw(&bytes));
    }

    /// Gives the first of some fields that is known to the minute.
    fn first_instant(
        &mut self,
        places: &[Place],
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<(String, Timestamp)> {
        places.iter().find_map(|(segment, field, component)| {
            let piece = frame.field(segment, *field, *component).map(Piece::first)?;
            let time = Timestamp::parse(piece.raw()).ok()?;
            let text = self.clock.instant(&time)?;
            self.mark(piece, row, frame);
            Some((text, time))
        })
    }

    /// Writes how many minutes something takes; the unit is in the field after it.
    pub(super) fn minutes_of(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<Value<'m>> {
        let From::Field { segment, field, .. } = row.from else {
            return None;
        };
        let amount = frame.field(segment, field, None)?;
        let unit = frame.field(segment, field + 1, None);
        let found =
            minutes(&amount.text()?, unit).filter(|found| (1..=MINUTES_MAX).contains(found))?;
        self.mark(amount, row, frame);
        if let Some(unit) = unit.filter(|unit| unit.is_valued()) {
            self.mark(unit, row, frame);
        }
        Some(Value::Raw(found.to_string().into_bytes()))
    }
}
