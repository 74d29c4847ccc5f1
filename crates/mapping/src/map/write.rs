//! Runs the tables: goes through the elements of a resource and writes those that the message has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use clinical::{EventTime, ReceivedTime, SiteKey};
use formats::fhir::json::{self, Array, Object};
use formats::hl7v2::{Repetition, Segment};

use super::clock::Clock;
use super::computed::UNKNOWN;
use super::group::{Group, Tree, is_named};
use super::link::{Described, Description, Links};
use super::piece::Piece;
use crate::coverage::Mark;
use crate::draft::{Draft, Element};
use crate::issue::{Issue, IssueCode};
use crate::source::Source;
use crate::tables::Tables;
use crate::tables::condition::{Condition, NAMED, Subject, Term, Test};
use crate::tables::plan::{Body, Driver, From, Item, Map, Node, Row};

/// What one message's mapping knows and gathers.
#[derive(Debug)]
pub(crate) struct Mapper<'m> {
    pub(crate) source: &'m Source,
    pub(crate) site: &'m SiteKey,
    pub(crate) tables: &'static Tables,
    pub(crate) clock: Clock<'m>,
    /// When the message was made; else when it was received.
    pub(crate) message_time: EventTime,
    /// When the message reached us.
    pub(crate) received: ReceivedTime,
    pub(crate) tree: Tree<'m>,
    pub(crate) links: Links,
    /// Resources that others refer to: practitioners, organizations, locations.
    pub(crate) drafts: Vec<Draft>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) issues: Vec<Issue>,
    /// Whether an explicit null was met since it was last asked.
    pub(crate) met_null: bool,
    /// What was described already: many results refer to the same few people and places.
    pub(crate) described: BTreeMap<Described, Description>,
}

/// Where the tables read from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'f, 'm> {
    pub(crate) group: &'f Group<'m>,
    /// The group of the message that the resource stands in.
    pub(crate) at: usize,
    /// The segment of those with its name that is meant.
    pub(crate) segment: Option<Segment<'m>>,
    /// The repetition that is meant of its field.
    pub(crate) repetition: Option<(&'static str, usize, Repetition<'m>)>,
    /// What a data type's table is applied to.
    pub(crate) piece: Option<Piece<'m>>,
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
            vocabulary: None,
            outer: None,
        }
    }

    /// Gives the frame for the inside of a value that a row reads.
    pub(crate) fn inside(&self, row: &Row, piece: Piece<'m>) -> Self {
        Self {
            piece: Some(piece),
            vocabulary: row.vocabulary.or(self.vocabulary),
            outer: self.outer.or(Some(row.id)),
            ..*self
        }
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
                .segments(segment)
                .map(|segment| segment.field(field).repetition(1))
                .find(|repetition| !repetition.is_blank())?,
        };
        Some(match component {
            None => Piece::Repetition(found),
            Some(number) => Piece::Component(found.component(number)),
        })
    }

    /// Says whether a field has several valued repetitions.
    fn repeats(&self, segment: &'static str, field: usize) -> bool {
        self.segments(segment).any(|segment| {
            let field = segment.field(field);
            let valued = field.repetitions().filter(|one| !one.is_blank());
            valued.count() > 1
        })
    }

    /// Says whether it is that of one of the things that a driver counts.
    fn is_for(&self, driver: Driver) -> bool {
        self.repetition.is_some_and(|(segment, field, _)| {
            segment == driver.segment && Some(field) == driver.field
        })
    }

    /// Says whether anything was sent in a field.
    fn has(&self, segment: &'static str, field: usize) -> bool {
        self.segments(segment)
            .any(|segment| !segment.field(field).is_empty())
    }

    pub(crate) fn segments(
        &self,
        name: &'static str,
    ) -> impl Iterator<Item = Segment<'m>> + use<'f, 'm>
    where
        'm: 'f,
    {
        let meant = self.segment.filter(|segment| is_named(segment, name));
        let others = if meant.is_some() {
            None
        } else {
            Some(self.group.named(name))
        };
        meant.into_iter().chain(others.into_iter().flatten())
    }
}

/// A value to write.
#[derive(Debug)]
pub(crate) enum Value<'m> {
    /// A JSON string.
    Text(Cow<'m, str>),
    /// Bytes that are JSON already.
    Raw(Vec<u8>),
}

impl Value<'_> {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => json::string(&text),
            Self::Raw(bytes) => bytes,
        }
    }
}

/// What a row gave.
struct Given<'m> {
    value: Value<'m>,
    /// Whether it comes from the message.
    content: bool,
}

impl<'m> Mapper<'m> {
    /// Writes the top-level elements of a resource.
    pub(crate) fn elements(
        &mut self,
        resource: &'static str,
        frame: &Frame<'_, 'm>,
    ) -> Vec<(Box<str>, Element)> {
        let mut elements = self.elements_of(self.tables.resource(resource), frame);
        for (owner, names) in &self.tables.choices {
            if *owner == resource {
                clear_other_choices(&mut elements, names);
            }
        }
        elements
    }

    /// Writes top-level elements.
    pub(crate) fn elements_of(
        &mut self,
        nodes: &'static [Node],
        frame: &Frame<'_, 'm>,
    ) -> Vec<(Box<str>, Element)> {
        let mut elements = Vec::with_capacity(nodes.len());
        for node in nodes {
            if let Body::Leaf(rows) = &node.body
                && let [row, ..] = rows.as_slice()
                && let Map::Computed(name) = row.map
            {
                self.computed(name, node.name, row, frame, &mut elements);
                continue;
            }
            if !node.may_be_written(|segment, field| frame.has(segment, field)) {
                continue;
            }
            self.met_null = false;
            if let Body::Object(parts) = &node.body {
                self.in_parts(node, parts, frame, &mut elements);
                continue;
            }
            let (bytes, content) = self.node_bytes(node, frame);
            // A text that stands in the table is written alone only where it is all of an element.
            let stands = node.constant || matches!(node.body, Body::Leaf(_));
            if content || (stands && !bytes.is_empty()) {
                elements.push((node.name.into(), Element::Set(bytes.into())));
            } else if self.met_null {
                elements.push((node.name.into(), Element::Clear));
            }
        }
        elements
    }

    fn node_bytes(&mut self, node: &'static Node, frame: &Frame<'_, 'm>) -> (Vec<u8>, bool) {
        match &node.body {
            Body::Leaf(rows) => match self.first(rows, frame) {
                Some(given) => (given.value.into_bytes(), given.content),
                None => (Vec::new(), false),
            },
            Body::Object(nodes) => self.object(nodes, frame),
            Body::Array(items) => {
                let mut content = false;
                let bytes = json::array(|array| content = self.items(array, items, frame));
                (bytes, content)
            }
        }
    }

    /// Writes an object; says whether any of it comes from the message.
    pub(crate) fn object(
        &mut self,
        nodes: &'static [Node],
        frame: &Frame<'_, 'm>,
    ) -> (Vec<u8>, bool) {
        let mut content = false;
        let bytes = json::object(|object| content = self.members(object, nodes, frame));
        (bytes, content)
    }

    pub(super) fn members(
        &mut self,
        object: &mut Object<'_>,
        nodes: &'static [Node],
        frame: &Frame<'_, 'm>,
    ) -> bool {
        let mut any = false;
        for node in nodes {
            any |= match &node.body {
                Body::Leaf(rows) if node.name == "*" => self.splice(object, rows, frame),
                Body::Leaf(rows) => match self.first(rows, frame) {
                    Some(given) => {
                        match given.value {
                            Value::Text(text) => object.string(node.name, &text),
                            Value::Raw(bytes) => object.raw(node.name, &bytes),
                        };
                        given.content
                    }
                    None => false,
                },
                Body::Object(nodes) => {
                    let (bytes, content) = self.object(nodes, frame);
                    if content || node.constant {
                        object.raw(node.name, &bytes);
                    }
                    content
                }
                Body::Array(items) => {
                    let mut content = false;
                    object.array(node.name, |array| content = self.items(array, items, frame));
                    content
                }
            };
        }
        any
    }

    /// Writes the members of data types into the object that is being written.
    fn splice(
        &mut self,
        object: &mut Object<'_>,
        rows: &'static [Row],
        frame: &Frame<'_, 'm>,
    ) -> bool {
        let mut any = false;
        for row in rows {
            if let Map::Table(table) = row.map
                && self.holds(&row.when, row, frame)
                && let Some(piece) = self.read(row, frame)
            {
                any |= self.members(
                    object,
                    self.tables.data_type(table),
                    &frame.inside(row, piece),
                );
            }
        }
        any
    }

    fn items(
        &mut self,
        array: &mut Array<'_>,
        items: &'static [Item],
        frame: &Frame<'_, 'm>,
    ) -> bool {
        let mut any = false;
        for item in items {
            let Some(driver) = item.driver.filter(|driver| !frame.is_for(*driver)) else {
                any |= self.item(array, item, frame);
                continue;
            };
            for frame in frames(driver, frame) {
                any |= self.item(array, item, &frame);
            }
        }
        any
    }

    fn item(&mut self, array: &mut Array<'_>, item: &'static Item, frame: &Frame<'_, 'm>) -> bool {
        if let Body::Leaf(rows) = &item.body
            && let [row] = rows.as_slice()
            && let Map::Links { resource, but_in } = row.map
        {
            let holds = self.holds(&row.when, row, frame);
            let made = self.all_below(resource, but_in).filter(|_| holds);
            return made.fold(false, |_, made| {
                array.raw(&made.reference());
                true
            });
        }
        match &item.body {
            Body::Leaf(rows) => match self.first(rows, frame) {
                Some(given) => {
                    match given.value {
                        Value::Text(text) => array.string(&text),
                        Value::Raw(bytes) => array.raw(&bytes),
                    };
                    given.content
                }
                None => false,
            },
            Body::Object(nodes) => {
                let (bytes, content) = self.object(nodes, frame);
                if content || item.constant {
                    array.raw(&bytes);
                }
                content
            }
            Body::Array(_) => false,
        }
    }

    /// Gives the value of the first row that has one.
    fn first(&mut self, rows: &'static [Row], frame: &Frame<'_, 'm>) -> Option<Given<'m>> {
        rows.iter().find_map(|row| self.given(row, frame))
    }

    fn given(&mut self, row: &'static Row, frame: &Frame<'_, 'm>) -> Option<Given<'m>> {
        if !self.holds(&row.when, row, frame) {
            return None;
        }
        if let From::Constant(text) = row.from
            && !text.is_empty()
        {
            return Some(Given {
                value: standing(text, row),
                content: false,
            });
        }
        if let From::Default(text) = row.from {
            self.doubt(IssueCode::CodeMissing, None);
            return Some(Given {
                value: standing(text, row),
                content: false,
            });
        }
        let value = match row.map {
            Map::Link(resource) => Value::Raw(self.nearest(resource)?.reference()),
            Map::Links { .. } => return None,
            Map::Computed(name) => self.computed_part(name, row, frame)?,
            Map::Primitive(run) => {
                let piece = self.read(row, frame)?;
                run(self, piece, row, frame)?
            }
            Map::Table(table) => {
                let piece = self.read(row, frame)?;
                let nodes = self.tables.data_type(table);
                let (bytes, content) = self.object(nodes, &frame.inside(row, piece));
                if !content {
                    return None;
                }
                Value::Raw(bytes)
            }
            Map::Reference {
                table,
                data_type,
                resource,
            } => {
                let piece = self.read(row, frame)?;
                let inside = frame.inside(row, piece);
                Value::Raw(self.reference(table, data_type, resource, piece, &inside)?)
            }
        };
        let content = !matches!(row.map, Map::Computed(UNKNOWN));
        Some(Given { value, content })
    }

    /// Gives what a row reads, if there is content; takes note of an explicit null.
    pub(crate) fn read(&mut self, row: &Row, frame: &Frame<'_, 'm>) -> Option<Piece<'m>> {
        let piece = locate(row.from, frame)?;
        if piece.is_null() {
            self.met_null = true;
            self.mark(piece, row, frame);
            return None;
        }
        (!piece.is_blank()).then_some(piece)
    }

    fn holds(&self, condition: &Condition, row: &Row, frame: &Frame<'_, 'm>) -> bool {
        self.satisfies(condition, row.from, frame)
    }

    /// Says whether a condition holds for a row that reads from somewhere.
    pub(crate) fn satisfies(
        &self,
        condition: &Condition,
        from: From,
        frame: &Frame<'_, 'm>,
    ) -> bool {
        let alternatives = &condition.0;
        let holds = |terms: &Vec<Term>| terms.iter().all(|term| self.is_true(term, from, frame));
        alternatives.is_empty() || alternatives.iter().any(holds)
    }

    fn is_true(&self, term: &Term, from: From, frame: &Frame<'_, 'm>) -> bool {
        let piece = match term.subject {
            Subject::Group(name) => {
                let stands = self.tree.stands_in(frame.at, name);
                return stands == matches!(term.test, Test::Valued);
            }
            Subject::Segment(name) => {
                let is_there = frame.segments(name).next().is_some();
                return is_there == matches!(term.test, Test::Valued);
            }
            Subject::Field {
                segment,
                field,
                component,
            } => frame.field(segment, field, component),
            Subject::Part(number) => frame.piece.and_then(|piece| piece.part(number)),
            Subject::Value => locate(from, frame),
        };
        let valued = piece.filter(|piece| piece.is_valued());
        let raw = valued.map_or(&b""[..], |piece| piece.raw().trim_ascii());
        let is_in = |list: &[&str]| list.iter().any(|one| one.as_bytes() == raw);
        match &term.test {
            Test::Valued => valued.is_some(),
            Test::NotValued => valued.is_none(),
            Test::In(list) => is_in(list),
            Test::NotIn(list) => !is_in(list),
            Test::Named(name) => NAMED.iter().any(|(known, test)| known == name && test(raw)),
            Test::Repeats | Test::Single => match term.subject {
                Subject::Field { segment, field, .. } => {
                    frame.repeats(segment, field) == matches!(term.test, Test::Repeats)
                }
                _ => false,
            },
        }
    }

    /// Takes note that a piece of the message was mapped.
    pub(crate) fn mark(&mut self, piece: Piece<'m>, row: &Row, frame: &Frame<'_, 'm>) {
        let range = piece.position();
        if !range.is_empty() {
            self.marks.push(Mark {
                start: range.start,
                end: range.end,
                outer: frame.outer.unwrap_or(row.id),
                row: row.id,
            });
        }
    }

    pub(crate) fn doubt(&mut self, code: IssueCode, piece: Option<Piece<'m>>) {
        let position = piece.map_or(0, |piece| piece.position().start);
        self.issues.push(Issue { code, position });
    }
}

/// Gives a text that stands in the table as the value that it is.
fn standing<'m>(text: &'static str, row: &Row) -> Value<'m> {
    if row.is_bare {
        Value::Raw(text.as_bytes().to_vec())
    } else {
        Value::Text(Cow::Borrowed(text))
    }
}

fn locate<'m>(from: From, frame: &Frame<'_, 'm>) -> Option<Piece<'m>> {
    match from {
        From::Field {
            segment,
            field,
            component,
        } => frame.field(segment, field, component),
        From::Part(number) => frame.piece?.part(number),
        From::Whole => frame.piece,
        From::Constant(_) | From::Default(_) => None,
    }
}

/// Gives a frame for each thing that an entry is written for.
fn frames<'f, 'm>(driver: Driver, frame: &Frame<'f, 'm>) -> Vec<Frame<'f, 'm>> {
    let Driver {
        segment: name,
        field,
    } = driver;
    let mut all = Vec::new();
    for segment in frame.segments(name) {
        let frame = Frame {
            segment: Some(segment),
            ..*frame
        };
        let Some(number) = field else {
            all.push(frame);
            continue;
        };
        for repetition in segment.field(number).repetitions() {
            if !repetition.is_blank() {
                all.push(Frame {
                    repetition: Some((name, number, repetition)),
                    ..frame
                });
            }
        }
    }
    all
}

/// Deletes what was known of the alternatives of an element that is set.
fn clear_other_choices(elements: &mut Vec<(Box<str>, Element)>, names: &[&'static str]) {
    let has = |elements: &[(Box<str>, Element)], name: &str| {
        elements
            .iter()
            .any(|(known, element)| &**known == name && !matches!(element, Element::Clear))
    };
    if !names.iter().any(|name| has(elements, name)) {
        return;
    }
    for name in names {
        if !elements.iter().any(|(known, _)| **known == **name) {
            elements.push(((*name).into(), Element::Clear));
        }
    }
}
