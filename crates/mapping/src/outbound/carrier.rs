//! Runs the outbound tables: reads elements of a resource, writes fields, and says of each element that it was carried.

use std::cell::RefCell;

use super::Outbound;
use super::grid::{Cells, Content, Place, Room, Segment};
use super::issue::{Issue, IssueCode};
use super::store::{Resource, Store};
use super::tables::{From, Map, Row, TABLES, Tables};
use super::tree::Node;

/// What all segments of one call are made with.
pub(super) struct Carrier<'c, 'a> {
    pub(super) store: &'c Store<'a>,
    pub(super) outbound: &'c Outbound,
    pub(super) tables: &'static Tables,
    pub(super) issues: RefCell<Vec<Issue>>,
}

/// A resource or a part of one, and the resource whose references it uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'c, 'a> {
    pub(super) node: &'c Node<'a>,
    pub(super) owner: &'c Resource<'a>,
}

/// Where something is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Field(usize),
    Component(usize, usize),
    Subcomponent(usize, usize, usize),
}

/// What one element becomes, until it is known whether there is room for it.
#[derive(Debug, Default)]
pub(super) struct Piece<'c, 'a> {
    pub(super) cells: Cells,
    pub(super) taken: Vec<&'c Node<'a>>,
}

/// What rows may do with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Fill what is empty.
    Fill,
    /// Only find that the segment says the same already.
    Agree,
}

impl At {
    /// Gives the place of a part of it; nothing is deeper than a subcomponent.
    pub(super) fn part(self, number: usize, inner: Option<usize>) -> Option<Self> {
        match (self, inner) {
            (Self::Field(field), None) => Some(Self::Component(field, number)),
            (Self::Field(field), Some(inner)) => Some(Self::Subcomponent(field, number, inner)),
            (Self::Component(field, component), None) => {
                Some(Self::Subcomponent(field, component, number))
            }
            _ => None,
        }
    }

    fn place(self) -> Place {
        match self {
            Self::Field(field) => Place::field(field),
            Self::Component(field, component) => Place::component(field, component),
            Self::Subcomponent(field, component, subcomponent) => Place {
                subcomponent,
                ..Place::component(field, component)
            },
        }
    }
}

impl<'c, 'a> Piece<'c, 'a> {
    /// Writes text, unless it is empty.
    pub(super) fn text(&mut self, at: At, text: &str) -> &mut Self {
        self.put(at, Content::Text(text.to_owned()))
    }

    /// Writes a content, unless it is empty.
    pub(super) fn put(&mut self, at: At, content: Content) -> &mut Self {
        let (Content::Text(text) | Content::Formatted(text)) = &content;
        if !text.is_empty() {
            self.cells.insert(at.place(), content);
        }
        self
    }

    /// Takes note that an element is in it.
    pub(super) fn take(&mut self, node: &'c Node<'a>) -> &mut Self {
        self.taken.push(node);
        self
    }

    /// Gives what is not in a field.
    pub(super) fn around(&self, field: usize) -> Vec<(Place, Content)> {
        let others = self.cells.iter().filter(|(place, _)| place.field != field);
        others
            .map(|(place, content)| (*place, content.clone()))
            .collect()
    }

    /// Takes another in, if there is room or it says the same.
    pub(super) fn join(&mut self, other: Self) {
        let fits = other
            .cells
            .iter()
            .all(|(place, content)| self.cells.get(place).is_none_or(|known| known == content));
        if fits && !other.cells.is_empty() {
            self.cells.extend(other.cells);
            self.taken.extend(other.taken);
        }
    }
}

impl<'c, 'a> Carrier<'c, 'a> {
    pub(super) fn new(store: &'c Store<'a>, outbound: &'c Outbound) -> Self {
        Self {
            store,
            outbound,
            tables: &TABLES,
            issues: RefCell::new(Vec::new()),
        }
    }

    /// Fills a segment by the rows of a table.
    pub(super) fn fill(&self, segment: &mut Segment, table: &str, spot: Spot<'c, 'a>, mode: Mode) {
        spot.owner.used.set(true);
        for row in self.tables.rows(table) {
            if !row.when.holds(spot.node) {
                continue;
            }
            let (at, room) = match row.part {
                None if row.repeats => (At::Field(row.to), Room::Repetition),
                None => (At::Field(row.to), Room::Field),
                Some(part) => (At::Component(row.to, part), Room::Component),
            };
            let pieces = self.pieces(row, spot, at);
            let last = if row.repeats {
                pieces.len()
            } else {
                pieces.len().min(1)
            };
            for (number, piece) in pieces.into_iter().enumerate() {
                let may_fill = mode == Mode::Fill && number < last;
                self.place(segment, piece, room, may_fill);
            }
        }
    }

    /// Puts a piece into a segment; only then is what it is made of carried.
    pub(super) fn place(
        &self,
        segment: &mut Segment,
        piece: Piece<'c, 'a>,
        room: Room,
        may_fill: bool,
    ) {
        if segment.place(piece.cells, room, may_fill) {
            for node in piece.taken {
                node.take();
            }
        }
    }

    /// Gives what a row makes of each element that it reads.
    fn pieces(&self, row: &Row, spot: Spot<'c, 'a>, at: At) -> Vec<Piece<'c, 'a>> {
        let path = match &row.from {
            From::Constant(text) => {
                let mut piece = Piece::default();
                piece.text(at, text);
                return vec![piece];
            }
            From::Path(path) => path,
        };
        let found = path.find(spot.node);
        if row.map == Map::Primitive("joined") {
            return vec![super::primitive::joined(&found, at)];
        }
        let pieces = found.into_iter().map(|node| {
            let spot = Spot { node, ..spot };
            self.map(row.map, row.vocabulary, spot, at)
        });
        pieces.filter(|piece| !piece.cells.is_empty()).collect()
    }

    pub(super) fn map(
        &self,
        map: Map,
        vocabulary: &str,
        spot: Spot<'c, 'a>,
        at: At,
    ) -> Piece<'c, 'a> {
        match map {
            Map::Primitive(name) => self.primitive(name, vocabulary, spot, at),
            Map::Table(table) => self.table(table, spot, at),
            Map::Reference { data_type, target } => self.reference(data_type, target, spot, at),
        }
    }

    /// Writes a data type by its table.
    pub(super) fn table(&self, table: &str, spot: Spot<'c, 'a>, at: At) -> Piece<'c, 'a> {
        let mut whole = Piece::default();
        for row in self.tables.rows(table) {
            let Some(at) = at.part(row.to, row.part) else {
                continue;
            };
            if row.when.holds(spot.node) {
                for piece in self.pieces(row, spot, at) {
                    whole.join(piece);
                }
            }
        }
        // Constants alone say nothing.
        if whole.taken.is_empty() {
            return Piece::default();
        }
        whole
    }

    /// Writes what a reference leads to if it is of that type; its own words where nothing is known of that.
    fn reference(
        &self,
        data_type: &str,
        target: &str,
        spot: Spot<'c, 'a>,
        at: At,
    ) -> Piece<'c, 'a> {
        let mut found = self.store.resolve(spot.owner, spot.node);
        let mut role = None;
        if let Some(known) = found
            && known.node.word("resourceType") == "PractitionerRole"
            && let Some(held) = known.node.get(&target.to_lowercase())
        {
            role = Some(held);
            found = self.store.resolve(known.owner, held);
        }
        if let Some(known) = found {
            if known.node.word("resourceType") != target {
                return Piece::default();
            }
            let inner = Spot {
                node: known.node,
                owner: known.owner,
            };
            let mut piece = self.table(&format!("{data_type}.{target}"), inner, at);
            if !piece.cells.is_empty() {
                piece.take(spot.node);
                piece.taken.extend(role);
                return piece;
            }
        }
        let kind = match spot.node.word("type") {
            "" => {
                let mut steps = spot.node.word("reference").rsplit('/');
                steps.nth(1).unwrap_or(target)
            }
            kind => kind,
        };
        if kind != target && !(kind == "PractitionerRole" && target == "Practitioner") {
            return Piece::default();
        }
        let mut piece = self.table(&format!("{data_type}.Reference"), spot, at);
        if !piece.cells.is_empty() {
            // Words or an identifier stand for what is not here; an address on this server would tell nobody more.
            let address = ["reference", "type"].into_iter();
            piece
                .taken
                .extend(address.filter_map(|name| spot.node.get(name)));
        }
        piece
    }

    /// Takes note of what a resource has and no message.
    pub(super) fn doubt(&self, code: IssueCode, resource: &Resource<'_>, path: &str) {
        self.issues.borrow_mut().push(Issue {
            code,
            resource: format!("{}/{}", resource.kind, resource.id).into(),
            path: path.into(),
        });
    }

    /// Names everything that no message carries.
    pub(super) fn finish(self) -> Vec<Issue> {
        for resource in &self.store.resources {
            if !resource.used.get() {
                if !self.tables.ignores(&resource.kind, "") {
                    self.doubt(IssueCode::ResourceNotCarried, resource, "");
                }
                continue;
            }
            resource.node.left("", &mut |path| {
                let path = path.trim_start_matches('.');
                if !self.tables.ignores(&resource.kind, path) {
                    self.doubt(IssueCode::NotCarried, resource, path);
                }
            });
        }
        let mut issues = self.issues.into_inner();
        issues.sort();
        issues.dedup();
        issues
    }
}
