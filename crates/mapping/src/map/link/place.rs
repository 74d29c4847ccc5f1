//! Places: each level of a PL or an NDL that is valued is a Location, part of the next one around it.

use formats::fhir::json::Writer;

use super::{marker, write_reference};
use crate::draft::{Elements, Says};
use crate::map::fit::Fit;
use crate::map::piece::Piece;
use crate::map::write::{Frame, Mapper};
use crate::tables::LevelRow;
use crate::tables::plan::Row;

/// The component of PL that is a bed; ward and room stand before it.
const INNERMOST: usize = 3;
/// PL: whether the place is in use.
const STATUS: usize = 5;
/// PL: the place in words.
const DESCRIPTION: usize = 9;
/// PL: one number for all of the place.
const WHOLE_NUMBER: usize = 10;
/// PL: who gave that number.
const ASSIGNER: usize = 11;
/// Where the components of a PL stand in an NDL.
const IN_LISTING: [(usize, usize); 7] = [(1, 4), (2, 5), (3, 6), (4, 7), (5, 8), (7, 10), (8, 11)];
/// What R4 lets a location's status be.
const STATUSES: [&str; 3] = ["active", "suspended", "inactive"];

/// Where the parts of a place stand.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// As in a PL.
    Place,
    /// As in an NDL.
    Listing,
}

impl Layout {
    /// Gives a part of the place by its number in a PL.
    fn part(self, piece: Piece<'_>, number: usize) -> Option<Piece<'_>> {
        let number = match self {
            Self::Place => number,
            Self::Listing => IN_LISTING.iter().find(|(place, _)| *place == number)?.1,
        };
        piece.part(number).filter(|part| part.is_valued())
    }
}

/// A level of a place that was sent.
struct Level<'m> {
    row: &'static LevelRow,
    part: Piece<'m>,
    name: String,
    id: String,
    /// The id of the one around it.
    outer: Option<String>,
    /// Whether nothing is inside it.
    is_innermost: bool,
}

impl<'m> Mapper<'m> {
    /// Writes a reference to the innermost level of a PL.
    pub(super) fn place(&mut self, piece: Piece<'m>, frame: &Frame<'_, 'm>) -> Option<()> {
        let levels = self.levels(piece, Layout::Place);
        let Some(innermost) = levels.last() else {
            return self.described_place(piece, frame);
        };
        let id = innermost.id.clone();
        // The words leave out what is around the ward where there is one: `4 West / 412 / A`.
        let in_ward = |level: &&Level<'_>| level.row.component <= INNERMOST;
        let has_ward = levels.iter().any(|level| in_ward(&level));
        let named = levels.iter().filter(|level| !has_ward || in_ward(level));
        let words: Vec<_> = named.map(|level| level.name.as_str()).collect();
        let words = words.join(" / ");
        for level in &levels {
            self.register_level(level, piece, Layout::Place, frame);
        }
        write_reference(&mut self.out, "Location", &id, &words);
        Some(())
    }

    /// Writes references to all levels of the place of an NDL.
    pub(crate) fn listed_places(&mut self, piece: Piece<'m>, frame: &Frame<'_, 'm>) -> Option<()> {
        let levels = self.levels(piece, Layout::Listing);
        if levels.is_empty() {
            return None;
        }
        for level in &levels {
            self.register_level(level, piece, Layout::Listing, frame);
        }
        self.out.begin_array();
        for level in &levels {
            write_reference(&mut self.out, "Location", &level.id, &level.name);
        }
        self.out.end_array();
        Some(())
    }

    /// Finds the levels that are valued, from the outermost in.
    fn levels(&self, piece: Piece<'m>, layout: Layout) -> Vec<Level<'m>> {
        let mut path = self.source.name.to_string();
        let mut levels: Vec<Level<'m>> = Vec::new();
        for row in self.tables.levels.iter().rev() {
            let Some(part) = layout.part(piece, row.component) else {
                continue;
            };
            let named = [1, 2]
                .into_iter()
                .filter_map(|number| part.part(number)?.first().text());
            let Some(name) = named.into_iter().next() else {
                continue;
            };
            path.push('|');
            path.push_str(row.code);
            path.push('=');
            path.push_str(&name);
            if let Some(outer) = levels.last_mut() {
                outer.is_innermost = false;
            }
            levels.push(Level {
                row,
                part,
                id: self.register_id("Location", &path, &name),
                name: name.into_owned(),
                outer: levels.last().map(|outer| outer.id.clone()),
                is_innermost: true,
            });
        }
        levels
    }

    /// Writes a reference to a place that is said in words only.
    fn described_place(&mut self, piece: Piece<'m>, frame: &Frame<'_, 'm>) -> Option<()> {
        let part = Layout::Place.part(piece, DESCRIPTION)?;
        let words = part.text()?;
        let row = marker(self.tables.levels.first()?.row);
        let path = format!("{}|description", self.source.name);
        let id = self.register_id("Location", &path, &words);
        self.mark(part, &row, frame);
        self.register("Location", &id, true, |this| {
            let mut elements = Elements::with_capacity(3);
            for name in ["name", "description"] {
                this.element(name, Says::Set, &mut elements, |this| {
                    this.out.string(&words);
                });
            }
            this.element("mode", Says::Set, &mut elements, |this| {
                this.out.plain(b"instance");
            });
            elements
        });
        write_reference(&mut self.out, "Location", &id, &words);
        Some(())
    }

    fn register_level(
        &mut self,
        level: &Level<'m>,
        piece: Piece<'m>,
        layout: Layout,
        frame: &Frame<'_, 'm>,
    ) {
        let row = marker(level.row.row);
        self.mark(level.part, &row, frame);
        self.register("Location", &level.id, true, |this| {
            this.level_elements(level, (piece, layout), &row, frame)
        });
    }

    fn level_elements(
        &mut self,
        level: &Level<'m>,
        (piece, layout): (Piece<'m>, Layout),
        row: &Row,
        frame: &Frame<'_, 'm>,
    ) -> Elements {
        let mut elements = Elements::with_capacity(8);
        // What is said of the place as a whole is said of the innermost level; a listing is of places side by side.
        let of_whole = |number: usize| {
            let is_said = level.is_innermost || matches!(layout, Layout::Listing);
            layout.part(piece, number).filter(|_| is_said)
        };
        self.element("identifier", Says::Set, &mut elements, |this| {
            this.out.begin_array();
            this.level_number(level.part);
            if let Some(number) = of_whole(WHOLE_NUMBER) {
                this.whole_number(number, of_whole(ASSIGNER), row, frame);
            }
            this.out.end_array();
        });
        let status = of_whole(STATUS).and_then(|part| Some((part, part.text()?.to_lowercase())));
        if let Some((part, status)) = status.filter(|(_, text)| STATUSES.contains(&text.as_str())) {
            self.mark(part, row, frame);
            self.element("status", Says::Set, &mut elements, |this| {
                this.out.string(&status);
            });
        }
        self.element("name", Says::Set, &mut elements, |this| {
            this.out.string(&level.name);
        });
        if let Some((part, text)) =
            of_whole(DESCRIPTION).and_then(|part| Some((part, part.text()?)))
        {
            self.mark(part, row, frame);
            self.element("description", Says::Set, &mut elements, |this| {
                this.out.string(&text);
            });
        }
        self.element("mode", Says::Set, &mut elements, |this| {
            this.out.plain(b"instance");
        });
        self.element("physicalType", Says::Set, &mut elements, |this| {
            write_kind(&mut this.out, level.row);
        });
        if let Some(outer) = &level.outer {
            self.element("partOf", Says::Set, &mut elements, |this| {
                write_reference(&mut this.out, "Location", outer, "");
            });
        }
        elements
    }

    /// Writes the identifiers of a level: its name there, and its universal id.
    fn level_number(&mut self, part: Piece<'m>) {
        let text = |number: usize| part.part(number)?.first().text();
        if let Some(name) = text(1) {
            self.out.begin_object();
            self.out.key("value");
            self.out.string(&name);
            self.out.end_object();
        }
        if let Some(id) = text(2) {
            self.out.begin_object();
            if let Some(kind) = text(3) {
                self.out.key("type");
                let table = self.tables.codes.get(UNIVERSAL_ID_TYPES);
                let table = table.filter(|table| table.get(&kind).is_some());
                let system = table.map_or("", |table| table.v2_system());
                write_coding(&mut self.out, system, &kind, "");
            }
            self.out.key("value");
            self.out.string(&id);
            self.out.end_object();
        }
    }

    fn whole_number(
        &mut self,
        number: Piece<'m>,
        assigner: Option<Piece<'m>>,
        row: &Row,
        frame: &Frame<'_, 'm>,
    ) {
        let before = self.out.mark();
        self.out.begin_object();
        let table = match assigner {
            Some(_) => "EI.Identifier-DefaultAssigner",
            None => "EI.Identifier-Extension",
        };
        if let Some(table) = self.tables.type_index(table) {
            let nodes = self.tables.data_type(table);
            self.members(nodes, &frame.inside(row, number), &mut Fit::default());
        }
        if let Some(assigner) = assigner
            && let Some(table) = self.tables.type_index("HD.Organization")
        {
            let start = self.out.mark();
            self.out.key("assigner");
            let inside = frame.inside(row, assigner);
            if self
                .reference(table, "HD", "Organization", assigner, &inside)
                .is_none()
            {
                self.out.rollback(start);
            }
        }
        self.out.end_object_unless_empty(before);
    }
}

/// The table that says which kind of universal id it is.
const UNIVERSAL_ID_TYPES: &str = "0301";
/// Which kind of place it is.
const PHYSICAL_TYPE: &str = "http://terminology.hl7.org/CodeSystem/location-physical-type";

fn write_kind(out: &mut Writer, level: &LevelRow) {
    write_coding(out, PHYSICAL_TYPE, level.code, level.words);
}

/// Writes a concept of one coding.
fn write_coding(out: &mut Writer, system: &str, code: &str, display: &str) {
    out.begin_object();
    out.key("coding");
    out.begin_array();
    out.begin_object();
    for (name, text) in [("system", system), ("code", code), ("display", display)] {
        if !text.is_empty() {
            out.key(name);
            out.string(text);
        }
    }
    out.end_object();
    out.end_array();
    out.end_object();
}
