//! What a result refers to by its own numbers: the result that it follows up, the device that measured it, its specimen.

use formats::fhir::json;

use crate::map::choose::is_called;
use crate::map::link::Made;
use crate::map::piece::Piece;
use crate::map::scope;
use crate::map::write::{Frame, Mapper, Value};
use crate::tables::plan::{From, Row};

/// How many levels a device's containment has: medical device system, virtual device, channel, metric
/// (ISO/IEEE 11073-10201, as IHE PCD-01 writes it into OBX-4).
const LEVELS: usize = 4;

impl<'m> Mapper<'m> {
    /// Refers to the result that asked for this one (OBR-26); where it is in another message, by its words.
    pub(super) fn parent_result(
        &mut self,
        row: &'static Row,
        frame: &Frame<'_, 'm>,
    ) -> Option<Value<'m>> {
        let piece = frame
            .field("OBR", 26, None)
            .filter(|piece| piece.is_valued())?;
        let text = |piece: Option<Piece<'m>>| piece.and_then(Piece::text).unwrap_or_default();
        let code = text(piece.part(1).map(Piece::first));
        let sub_id = text(piece.part(2));
        let here = self.links.made.get(self.links.here)?.anchor;
        let is_it = |made: &&Made| {
            let segment = self.tree.segments.get(made.anchor).map(|one| one.segment);
            made.anchor < here
                && segment.is_some_and(|segment| {
                    let part = |field: usize| segment.first(field).map(Piece::Repetition);
                    let known = text(part(3).map(Piece::first));
                    let known_sub_id = text(part(4));
                    !code.is_empty() && known == code && known_sub_id == sub_id
                })
        };
        let found = self.links.others("Observation").rfind(is_it);
        let found = found.map(|made| (made.resource, made.id.clone()));
        let words = text(piece.part(3).or_else(|| piece.part(1)?.part(2)));
        self.mark(piece, row, frame);
        Some(Value::Raw(json::object(|object| match &found {
            Some((resource, id)) => {
                object.string("reference", &format!("{resource}/{id}"));
            }
            None => {
                let words = if words.is_empty() { &code } else { &words };
                object
                    .string("type", "Observation")
                    .string("display", words);
            }
        })))
    }

    /// Refers to the device that a measurement or a part of a device belongs to by its place in the containment (OBX-4).
    pub(super) fn containing_device(&mut self) -> Option<Value<'m>> {
        let here = self.links.made.get(self.links.here)?;
        let place = |anchor: usize| {
            let segment = self.tree.segments.get(anchor)?.segment;
            levels(Piece::Repetition(segment.first(4)?).text()?.as_ref())
        };
        let own = place(here.anchor)?;
        let devices = self
            .links
            .others("Device")
            .filter(|made| made.table == LEVEL_TABLE);
        let around = devices.filter_map(|made| {
            let other = place(made.anchor)?;
            let depth = depth(other);
            (depth < self::depth(own) && own.get(..depth) == other.get(..depth))
                .then_some((depth, made))
        });
        let (_, found) = around.max_by_key(|(depth, _)| *depth)?;
        let reference = format!("Device/{}", found.id);
        Some(Value::Raw(json::object(|object| {
            object.string("reference", &reference);
        })))
    }

    /// Names the specimen of a result: the only sample of its order, else what the order itself says of one.
    pub(super) fn specimen_reference(&self, row: &Row) -> Option<Value<'m>> {
        if !matches!(row.from, From::Constant(_)) {
            return None;
        }
        let here = self.links.made.get(self.links.here)?;
        let named = |name: &'static str| {
            let all = self.links.others(name);
            all.filter(move |made| is_called(made, name, &self.tree))
        };
        let nearest = |name: &'static str| {
            let places: Vec<_> = named(name).map(|made| (made.anchor, made.group)).collect();
            match places.as_slice() {
                [] => None,
                [(only, _)] => Some(*only),
                _ => scope::nearest(&self.tree, (here.anchor, here.group), &places),
            }
        };
        let is_near = |anchor: &usize| {
            let order = self.tree.parent(here.group).unwrap_or(here.group);
            let group = self.tree.segments.get(*anchor).map(|placed| placed.group);
            group.is_some_and(|group| {
                self.tree.is_inside(here.group, group) || self.tree.is_inside(group, order)
            })
        };
        let sample = nearest("Specimen@SPM").filter(is_near);
        let found = sample.or_else(|| nearest("Specimen").filter(is_near))?;
        let made = named("Specimen").find(|made| made.anchor == found)?;
        Some(Value::Text(format!("Specimen/{}", made.id).into()))
    }
}

/// The table of the devices that a message describes by their place.
const LEVEL_TABLE: &str = "Device-Level";

/// Says whether OBX-4 is the place of a device, and not of a measurement: nothing at its last level.
pub(crate) fn is_device(value: &[u8]) -> bool {
    let text = str::from_utf8(value).unwrap_or_default();
    levels(text).is_some_and(|levels| (1..LEVELS).contains(&depth(levels)))
}

/// Says whether it is not.
pub(crate) fn is_no_device(value: &[u8]) -> bool {
    !is_device(value)
}

/// Reads `1.2.0.0`.
fn levels(text: &str) -> Option<[u32; LEVELS]> {
    let mut levels = [0; LEVELS];
    let mut parts = text.trim().split('.');
    for level in &mut levels {
        *level = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(levels)
}

/// Counts the levels down to the last that is not zero.
fn depth(levels: [u32; LEVELS]) -> usize {
    let last = levels.iter().rposition(|level| *level != 0);
    last.map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_nothing_at_its_last_level() {
        for (text, device) in [
            ("1.0.0.0", true),
            ("1.2.3.0", true),
            ("1.2.3.4", false),
            ("0.0.0.0", false),
            ("1.2.3", false),
            ("1", false),
            ("1.a.0.0", false),
        ] {
            assert_eq!(is_device(text.as_bytes()), device, "{text}");
        }
    }
}
