//! Where the tables read from: the segments of a resource, and the one, the repetition and the value that are meant.

use formats::hl7v2::{Repetition, Segment};

use super::group::{Group, Sent};
use super::piece::{Parts, Piece};
use crate::tables::plan::{Driver, From, Reach, Row};

/// Where the tables read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'f, 'm> {
    pub(crate) group: &'f Group<'m>,
    /// The group of the message that the resource stands in.
    pub(crate) at: usize,
    /// The segment of those with its name that is meant.
    pub(crate) segment: Option<&'f Sent<'m>>,
    /// The repetition that is meant of its field.
    pub(crate) repetition: Option<(&'static str, usize, Repetition<'m>)>,
    /// What a data type's table is applied to.
    pub(crate) piece: Option<Piece<'m>>,
    /// The parts of that, and which were sent.
    pub(crate) parts: Parts<'m>,
    pub(crate) parts_sent: u32,
    pub(crate) vocabulary: Option<&'static str>,
    /// The row of the segment's table that led here.
    pub(crate) outer: Option<u32>,
}

impl<'f, 'm> Frame<'f, 'm> {
    pub(crate) fn new(group: &'f Group<'m>, at: usize) -> Self {
        Self {
            group,
            at,
            segment: None,
            repetition: None,
            piece: None,
            parts: Parts::Unknown,
            parts_sent: u32::MAX,
            vocabulary: None,
            outer: None,
        }
    }

    /// Gives the frame for the inside of a value that a row reads.
    pub(crate) fn inside(&self, row: &Row, piece: Piece<'m>) -> Self {
        let parts = piece.split();
        Self {
            piece: Some(piece),
            parts,
            parts_sent: parts.sent(),
            vocabulary: row.vocabulary.or(self.vocabulary),
            outer: self.outer.or(Some(row.id)),
            ..*self
        }
    }

    /// Gives a part of what a data type's table is applied to.
    pub(crate) fn part(&self, number: usize) -> Option<Piece<'m>> {
        self.parts.of(self.piece?, number)
    }

    /// Gives a field's first valued repetition, or the one that is meant.
    pub(crate) fn field(
        &self,
        segment: &'static str,
        field: usize,
        component: Option<usize>,
    ) -> Option<Piece<'m>> {
        let found = match self.repetition {
            Some((name, number, repetition)) if name == segment && number == field => repetition,
            _ => self
                .sent(segment)
                .filter_map(|segment| segment.first(field))
                .find(|repetition| !repetition.is_blank())?,
        };
        Some(match component {
            None => Piece::Repetition(found),
            Some(number) => Piece::Component(found.component(number)),
        })
    }

    /// Says whether a field has several valued repetitions.
    pub(crate) fn repeats(&self, segment: &'static str, field: usize) -> bool {
        self.segments(segment).any(|segment| {
            let field = segment.field(field);
            let valued = field.repetitions().filter(|one| !one.is_blank());
            valued.count() > 1
        })
    }

    /// Says whether it is that of one of the things that a driver counts.
    pub(crate) fn is_for(&self, driver: Driver) -> bool {
        self.repetition.is_some_and(|(segment, field, _)| {
            segment == driver.segment && Some(field) == driver.field
        })
    }

    /// Says whether anything was sent of what the tables read somewhere.
    #[inline]
    pub(crate) fn has_any(&self, reach: &Reach) -> bool {
        reach.always
            || reach.parts & self.parts_sent != 0
            || (!reach.fields.is_empty() && self.has_field(reach))
    }

    /// Says whether anything may have been sent where a row reads.
    #[inline]
    pub(crate) fn may_hold(&self, from: From) -> bool {
        match from {
            From::Part(number @ 1..=32) => self.parts_sent & (1 << (number - 1)) != 0,
            From::Field { segment, field, .. } => {
                let bit = 1 << field.saturating_sub(1).min(127);
                let mut all = self.group.0.iter();
                all.any(|one| one.sent & bit != 0 && one.is_named(segment))
            }
            _ => true,
        }
    }

    fn has_field(&self, reach: &Reach) -> bool {
        self.group.0.iter().any(|segment| {
            let mut fields = reach.fields.iter();
            fields.any(|(name, fields)| segment.sent & fields != 0 && segment.name == *name)
        })
    }

    /// Gives the segments with a name: the one that is meant, or all.
    pub(crate) fn sent(
        &self,
        name: &'static str,
    ) -> impl Iterator<Item = &'f Sent<'m>> + use<'f, 'm> {
        let meant = self.segment.filter(|segment| segment.is_named(name));
        let others: &'f [Sent<'m>] = if meant.is_some() { &[] } else { &self.group.0 };
        let others = others.iter().filter(move |segment| segment.is_named(name));
        meant.into_iter().chain(others)
    }

    pub(crate) fn segments(
        &self,
        name: &'static str,
    ) -> impl Iterator<Item = Segment<'m>> + use<'f, 'm> {
        self.sent(name).map(|sent| sent.segment)
    }
}

/// Finds what a row reads.
pub(crate) fn locate<'m>(from: From, frame: &Frame<'_, 'm>) -> Option<Piece<'m>> {
    match from {
        From::Field {
            segment,
            field,
            component,
        } => frame.field(segment, field, component),
        From::Part(number) => frame.part(number),
        From::Whole => frame.piece,
        From::Constant(_) | From::Always(_) | From::Default(_) => None,
    }
}
