//! Runs the tables: goes through the elements of a resource and writes those that the message has.

use std::borrow::Cow;

use clinical::{EventTime, ReceivedTime, SiteKey};
use formats::fhir::json::Writer;

use super::clock::Clock;
use super::computed::{UNKNOWN, WHOLE};
use super::frame::locate;
use super::group::Tree;
use super::link::{Description, Links};
use super::piece::Piece;
use crate::coverage::Mark;
use crate::draft::{Draft, Elements, Says, Stated};
use crate::issue::{Issue, IssueCode};
use crate::normalize::is_gathered;
use crate::source::Source;
use crate::tables::Tables;
use crate::tables::condition::{Condition, NAMED, Subject, Term, Test};
use crate::tables::plan::{Body, From, Item, Map, Node, Row};

pub(crate) use super::frame::Frame;

/// The elements that most resources have no more than.
const ELEMENTS_USUAL: usize = 16;

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
    /// The resource that is being written.
    pub(crate) out: Writer,
    /// Memory for resources that are described while another is being written.
    pub(crate) spare: Vec<Writer>,
    /// Resources that others refer to: practitioners, organizations, locations.
    pub(crate) drafts: Vec<Draft>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) issues: Vec<Issue>,
    /// Whether it is noted which fields the entries of lists come from: of resources that several messages make up.
    pub(crate) notes_fields: bool,
    /// Whether an explicit null was met since it was last asked.
    pub(crate) met_null: bool,
    /// Whether anything was met that was sent, and does not only stand in the table.
    pub(crate) met_value: bool,
    /// What was described already: many results refer to the same few people and places.
    pub(crate) described: Vec<Description>,
    /// The references to that, as JSON, one after the other.
    pub(crate) references: Vec<u8>,
}

/// A value to write.
#[derive(Debug)]
pub(crate) enum Value<'m> {
    /// A JSON string.
    Text(Cow<'m, str>),
    /// A text that needs no escape, as it was sent.
    Plain(&'m [u8]),
    /// Bytes that are JSON already.
    Raw(Vec<u8>),
    /// It was written already.
    Written,
}

impl<'m> Mapper<'m> {
    /// Writes the top-level elements of a resource.
    pub(crate) fn elements(&mut self, resource: &'static str, frame: &Frame<'_, 'm>) -> Elements {
        let kind = resource.split('-').next().unwrap_or(resource);
        self.notes_fields = is_gathered(kind);
        let mut elements = self.elements_of(self.tables.resource(resource), frame);
        self.notes_fields = false;
        for (owner, names) in &self.tables.choices {
            if *owner == resource {
                clear_other_choices(&mut elements, names);
            }
        }
        elements
    }

    /// Writes top-level elements into the object begun last.
    pub(crate) fn elements_of(
        &mut self,
        nodes: &'static [Node],
        frame: &Frame<'_, 'm>,
    ) -> Elements {
        let mut elements = Elements::with_capacity(nodes.len().min(ELEMENTS_USUAL));
        for node in nodes {
            if let Body::Leaf(rows) = &node.body
                && let [row, ..] = rows.as_slice()
                && let Map::Computed(name) = row.map
                && WHOLE.contains(&name)
            {
                self.computed(name, node, row, frame, &mut elements);
                continue;
            }
            if !node.constant && !frame.has_any(&node.reach) {
                self.stand_in(node, &mut elements);
                continue;
            }
            if let Body::Leaf(rows) = &node.body
                && node.name == "*"
            {
                // Another table of the data type, with more beside it.
                elements.extend(self.other_table(rows, frame));
                continue;
            }
            self.met_null = false;
            if let Body::Object(parts) = &node.body {
                self.in_parts(node, parts, frame, &mut elements);
                continue;
            }
            if let Body::Array(items) = &node.body
                && self.notes_fields
            {
                self.by_fields(node, items, frame, &mut elements);
                continue;
            }
            let before = self.out.mark();
            self.out.key_raw(&node.key);
            let start = self.out.mark();
            let content = self.body(&node.body, frame);
            // A text that stands in the table is written alone only where it is all of an element.
            let stands = content || node.constant || matches!(node.body, Body::Leaf(_));
            let end = self.out.mark();
            if stands && start < end {
                // What stands in for what the message does not say replaces nothing.
                let fills = self.notes_fields && !content && !node.constant;
                let says = match fills && stands_in_only(&node.body) {
                    true => Says::Default,
                    false => Says::Set,
                };
                elements.push(Stated::new(node.name, says, start..end));
                continue;
            }
            self.out.rollback(before);
            if self.met_null && node.stand_in.is_none() {
                elements.push(Stated::clear(node.name));
            }
            self.stand_in(node, &mut elements);
        }
        elements
    }

    /// Writes what stands in for an element of which nothing was sent.
    pub(super) fn stand_in(&mut self, node: &'static Node, elements: &mut Elements) {
        if let Some(stand_in) = node.stand_in {
            self.element(node.name, Says::Set, elements, |this| {
                this.out.raw(stand_in);
            });
        }
    }

    /// Writes the elements of a data type's other tables.
    fn other_table(&mut self, rows: &'static [Row], frame: &Frame<'_, 'm>) -> Elements {
        let mut elements = Elements::new();
        for row in rows {
            if let Map::Table(table) = row.map
                && let Some(piece) = self.read(row, frame)
            {
                let nodes = self.tables.data_type(table);
                elements.extend(self.elements_of(nodes, &frame.inside(row, piece)));
            }
        }
        elements
    }

    /// Writes what an element holds, or nothing; says whether any of it comes from the message.
    pub(super) fn body(&mut self, body: &'static Body, frame: &Frame<'_, 'm>) -> bool {
        match body {
            Body::Leaf(rows) => self.first(rows, frame),
            Body::Object(nodes) => self.object(nodes, frame),
            Body::Array(items) => {
                let before = self.out.mark();
                self.out.begin_array();
                let content = self.items(items, frame);
                self.out.end_array_unless_empty(before);
                content
            }
        }
    }

    pub(super) fn items(&mut self, items: &'static [Item], frame: &Frame<'_, 'm>) -> bool {
        let mut any = false;
        for item in items {
            if !item.constant && !frame.has_any(&item.reach) {
                continue;
            }
            let Some(driver) = item.driver.filter(|driver| !frame.is_for(*driver)) else {
                any |= self.item(item, frame);
                continue;
            };
            for segment in frame.sent(driver.segment) {
                let frame = Frame {
                    segment: Some(segment),
                    ..*frame
                };
                let Some(number) = driver.field else {
                    any |= self.item(item, &frame);
                    continue;
                };
                for repetition in segment.repetitions(number) {
                    if !repetition.is_blank() {
                        let frame = Frame {
                            repetition: Some((driver.segment, number, repetition)),
                            ..frame
                        };
                        any |= self.item(item, &frame);
                    }
                }
            }
        }
        any
    }

    fn item(&mut self, item: &'static Item, frame: &Frame<'_, 'm>) -> bool {
        match &item.body {
            Body::Leaf(rows) => match rows.as_slice() {
                [row] if matches!(row.map, Map::Links { .. }) => self.links(row, frame),
                _ => self.first(rows, frame),
            },
            Body::Object(nodes) => {
                let before = self.out.mark();
                let content = self.object(nodes, frame);
                if !content && !item.constant {
                    self.out.rollback(before);
                }
                content
            }
            Body::Array(_) => false,
        }
    }

    /// Writes references to all resources of a type; says whether there are any.
    fn links(&mut self, row: &'static Row, frame: &Frame<'_, 'm>) -> bool {
        let Map::Links { resource, but_in } = row.map else {
            return false;
        };
        if !self.holds(&row.when, row, frame) {
            return false;
        }
        let mut out = std::mem::take(&mut self.out);
        let mut any = false;
        for made in self.all_below(resource, but_in) {
            made.write_reference(&mut out);
            any = true;
        }
        self.out = out;
        self.met_value |= any;
        any
    }

    /// Writes the value of the first row that has one; says whether it comes from the message.
    fn first(&mut self, rows: &'static [Row], frame: &Frame<'_, 'm>) -> bool {
        let found = rows.iter().find_map(|row| self.given(row, frame));
        found.unwrap_or(false)
    }

    /// Writes the value of a row, if it has one; says whether it comes from the message.
    fn given(&mut self, row: &'static Row, frame: &Frame<'_, 'm>) -> Option<bool> {
        let reads = matches!(
            row.map,
            Map::Primitive(_) | Map::Table(_) | Map::Reference { .. }
        );
        // Most of what a table may read was not sent: that is seen faster than whether the row holds.
        if (reads && !frame.may_hold(row.from)) || !self.holds(&row.when, row, frame) {
            return None;
        }
        match row.from {
            From::Constant(text) if !text.is_empty() => {
                self.out.raw(&row.standing);
                return Some(false);
            }
            From::Always(_) => {
                self.out.raw(&row.standing);
                self.met_value |= row.when.needs_value();
                return Some(true);
            }
            From::Default(text) => {
                if text == UNKNOWN_CODE && !self.links.is_mention {
                    self.doubt(IssueCode::CodeMissing, None);
                }
                self.out.raw(&row.standing);
                return Some(false);
            }
            _ => {}
        }
        let value = match row.map {
            Map::Link(resource) => {
                let mut out = std::mem::take(&mut self.out);
                let found = self.linked(resource, frame.segment);
                if let Some(found) = found {
                    found.write_reference(&mut out);
                }
                let is_found = found.is_some();
                self.met_value |= is_found;
                self.out = out;
                return is_found.then_some(true);
            }
            Map::Links { .. } => return None,
            Map::Computed(name) => self.computed_part(name, row, frame)?,
            Map::Primitive(run) => {
                let piece = self.read(row, frame)?;
                run(self, piece, row, frame)?
            }
            Map::Table(table) => {
                let piece = self.read(row, frame)?;
                let before = self.out.mark();
                if !self.object(self.tables.data_type(table), &frame.inside(row, piece)) {
                    self.out.rollback(before);
                    return None;
                }
                Value::Written
            }
            Map::Reference {
                table,
                data_type,
                resource,
            } => {
                let piece = self.read(row, frame)?;
                let inside = frame.inside(row, piece);
                self.reference(table, data_type, resource, piece, &inside)?;
                Value::Written
            }
        };
        self.value(value);
        let is_sent = !matches!(row.map, Map::Computed(UNKNOWN));
        self.met_value |= is_sent;
        Some(is_sent)
    }

    /// Writes a value, unless it is empty.
    pub(crate) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Text(text) if !text.is_empty() => self.out.string(&text),
            Value::Plain(text) => self.out.plain(text),
            Value::Raw(bytes) if !bytes.is_empty() => self.out.raw(&bytes),
            Value::Text(_) | Value::Raw(_) | Value::Written => {}
        }
    }

    /// Writes a top-level element by code: what `write` writes, if it writes anything.
    pub(crate) fn element(
        &mut self,
        name: &'static str,
        says: Says,
        elements: &mut Elements,
        write: impl FnOnce(&mut Self),
    ) {
        let before = self.out.mark();
        self.out.key(name);
        let start = self.out.mark();
        write(self);
        let end = self.out.mark();
        if start < end {
            elements.push(Stated::new(name, says, start..end));
        } else {
            self.out.rollback(before);
        }
    }

    /// Gives what a row reads, if there is content; takes note of an explicit null.
    pub(crate) fn read(&mut self, row: &Row, frame: &Frame<'_, 'm>) -> Option<Piece<'m>> {
        let piece = locate(row.from, frame)?;
        match piece.raw() {
            [] => return None,
            [first, ..] if first.is_ascii_alphanumeric() => return Some(piece),
            _ => {}
        }
        if piece.is_null() {
            self.met_null = true;
            self.mark(piece, row, frame);
            return None;
        }
        (!piece.is_blank()).then_some(piece)
    }

    #[inline]
    pub(super) fn holds(&self, condition: &Condition, row: &Row, frame: &Frame<'_, 'm>) -> bool {
        condition.0.is_empty() || self.satisfies(condition, row.from, frame)
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
            Subject::Part(number) => frame.part(number),
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
                made: self.links.here,
            });
        }
    }

    pub(crate) fn doubt(&mut self, code: IssueCode, piece: Option<Piece<'m>>) {
        let position = piece.map_or(0, |piece| piece.position().start);
        self.issues.push(Issue { code, position });
    }
}

/// What stands in for a code that FHIR requires and the sender should have said.
const UNKNOWN_CODE: &str = "unknown";

/// Says whether what an element has where nothing of it was sent is a default.
fn stands_in_only(body: &Body) -> bool {
    let is_default = |row: &Row| {
        matches!(row.from, From::Default(_)) || matches!(row.map, Map::Computed(UNKNOWN))
    };
    matches!(body, Body::Leaf(rows) if rows.iter().any(is_default))
}

/// Deletes what was known of the alternatives of an element that is set.
fn clear_other_choices(elements: &mut Elements, names: &[&'static str]) {
    let is_said = |elements: &Elements, name: &str| {
        let mut known = elements.iter().filter(|known| known.name == name);
        known.any(|known| known.says != Says::Clear)
    };
    if !names.iter().any(|name| is_said(elements, name)) {
        return;
    }
    for name in names {
        if !elements.iter().any(|known| known.name == *name) {
            elements.push(Stated::clear(*name));
        }
    }
}
