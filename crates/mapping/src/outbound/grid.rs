//! A segment as it is filled: contents by place, written in order at the end.

use std::collections::BTreeMap;

use formats::hl7v2::Writer;

/// A place in a segment, each part counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) field: usize,
    pub(super) repetition: usize,
    pub(super) component: usize,
    pub(super) subcomponent: usize,
}

impl Place {
    /// The first place of a field.
    pub(super) const fn field(field: usize) -> Self {
        Self {
            field,
            repetition: 1,
            component: 1,
            subcomponent: 1,
        }
    }

    /// A component of the field's first repetition.
    pub(super) const fn component(field: usize, component: usize) -> Self {
        Self {
            component,
            ..Self::field(field)
        }
    }
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Text of any kind.
    Text(String),
    /// Formatted text (FT), in which a line break is `\.br\`.
    Formatted(String),
}

/// What must be empty before something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Field,
    Component,
    /// Nothing: there is always another repetition.
    Repetition,
}

/// Contents that belong together, such as those of one repetition.
pub(super) type Cells = BTreeMap<Place, Content>;

/// A segment being filled.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) name: &'static str,
    cells: Cells,
}

impl Segment {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            cells: Cells::new(),
        }
    }

    /// Writes a text at the first place of a field.
    pub(super) fn set(&mut self, field: usize, text: &str) -> &mut Self {
        self.set_component(field, 1, text)
    }

    /// Writes a text at a component of a field.
    pub(super) fn set_component(
        &mut self,
        field: usize,
        component: usize,
        text: &str,
    ) -> &mut Self {
        if !text.is_empty() {
            let place = Place::component(field, component);
            self.cells.insert(place, Content::Text(text.to_owned()));
        }
        self
    }

    /// Gives the text at the first place of a field; empty where there is none.
    pub(super) fn text(&self, field: usize) -> &str {
        match self.cells.get(&Place::field(field)) {
            Some(Content::Text(text) | Content::Formatted(text)) => text,
            None => "",
        }
    }

    /// Reports whether a field has anything in it.
    pub(super) fn has(&self, field: usize) -> bool {
        self.cells.keys().any(|place| place.field == field)
    }

    /// Gives what a field has, as one value that can be compared.
    pub(super) fn contents(&self, field: usize) -> Vec<(&Place, &Content)> {
        let of_field = |(place, _): &(&Place, &Content)| place.field == field;
        self.cells.iter().filter(of_field).collect()
    }

    /// Puts the cells of a field at a repetition of it, and others where they want to stand.
    pub(super) fn repeat(&mut self, repetition: usize, field: usize, cells: Cells) {
        let moved = cells.into_iter().map(|(place, content)| {
            let repetition = if place.field == field {
                repetition
            } else {
                place.repetition
            };
            (
                Place {
                    repetition,
                    ..place
                },
                content,
            )
        });
        self.cells.extend(moved);
    }

    /// Reports whether another segment says the same from a field on.
    pub(super) fn is_same_from(&self, field: usize, other: &Self) -> bool {
        let from = Place::field(field)..;
        self.cells.range(from.clone()).eq(other.cells.range(from))
    }

    /// Puts cells where they want to stand if nothing stands there yet, or the same; of a field that repeats, behind what
    /// stands there. Reports whether they are in the segment now.
    pub(super) fn place(&mut self, cells: Cells, room: Room, may_fill: bool) -> bool {
        let Some(first) = cells.keys().next().copied() else {
            return false;
        };
        if room != Room::Repetition || cells.keys().any(|place| place.field != first.field) {
            let fits = |(place, content): (&Place, &Content)| match self.cells.get(place) {
                Some(known) => known == content,
                None => may_fill && !self.covers(*place, room, &cells),
            };
            if !cells.iter().all(fits) {
                return false;
            }
            self.cells.extend(cells);
            return true;
        }
        let last = self.repetitions(first.field);
        if (1..=last).any(|repetition| self.is_like(&cells, first.field, repetition)) {
            return true;
        }
        if may_fill {
            let moved = cells.into_iter().map(|(place, content)| {
                let repetition = last + place.repetition;
                (
                    Place {
                        repetition,
                        ..place
                    },
                    content,
                )
            });
            self.cells.extend(moved);
        }
        may_fill
    }

    /// Reports whether another value stands in the room that is to be filled.
    fn covers(&self, place: Place, room: Room, cells: &Cells) -> bool {
        self.cells.keys().any(|known| {
            known.field == place.field
                && (room != Room::Component || known.component == place.component)
                && !cells.contains_key(known)
        })
    }

    fn repetitions(&self, field: usize) -> usize {
        let of_field = self.cells.keys().filter(|place| place.field == field);
        of_field.map(|place| place.repetition).max().unwrap_or(0)
    }

    fn is_like(&self, cells: &Cells, field: usize, repetition: usize) -> bool {
        let known = self
            .cells
            .iter()
            .filter(|(place, _)| place.field == field && place.repetition == repetition)
            .map(|(place, content)| {
                (
                    Place {
                        repetition: 1,
                        ..*place
                    },
                    content,
                )
            });
        known.eq(cells.iter().map(|(place, content)| (*place, content)))
    }

    /// Writes the segment.
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.segment(self.name);
        let mut last = Place::field(0);
        for (place, content) in &self.cells {
            if place.field != last.field {
                last = Place::field(place.field);
                writer.field(place.field);
            }
            if place.repetition != last.repetition {
                last = Place {
                    repetition: place.repetition,
                    ..Place::field(place.field)
                };
                writer.repetition(place.repetition);
            }
            if place.component != last.component {
                writer.component(place.component);
                last.subcomponent = 1;
            }
            if place.subcomponent != last.subcomponent {
                writer.subcomponent(place.subcomponent);
            }
            last = *place;
            content.write(writer);
        }
    }
}

impl Content {
    /// Writes it with escape sequences. Control characters would end frames and files elsewhere; two quotation marks alone
    /// would delete what the receiver knows.
    fn write(&self, writer: &mut Writer) {
        let (text, line_break): (&str, &[u8]) = match self {
            Self::Text(text) => (text, b"\\X0A\\"),
            Self::Formatted(text) => (text, b"\\.br\\"),
        };
        if text == "\"\"" {
            writer.raw(b"\\X22\\\"");
            return;
        }
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_ascii_control()) {
            let (before, from) = rest.split_at(at);
            writer.text(before);
            let control = from.bytes().next().unwrap_or_default();
            match control {
                b'\n' => writer.raw(line_break),
                _ => writer.raw(format!("\\X{control:02X}\\").as_bytes()),
            };
            rest = from.get(1..).unwrap_or_default();
        }
        writer.text(rest);
    }
}
