//! The rows of a table as a tree of the elements that they write.

use super::condition::Condition;
use super::{Place, TableError};
use crate::map::primitive::Primitive;

/// One element and where it comes from.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) body: Body,
    /// Whether nothing under it comes from the message.
    pub(crate) constant: bool,
    /// Its name as JSON, with the colon.
    pub(crate) key: Box<[u8]>,
    /// Whether it may be written inside another element though nothing of it was sent.
    pub(crate) stands: bool,
    /// What it comes from.
    pub(crate) reach: Reach,
    /// Its place in its type, where R4 requires it there.
    pub(crate) required: Option<usize>,
    /// What it is of an object whose elements do not all go together.
    pub(crate) bound: Option<Bound>,
    /// What stands in for it where R4 requires it and nothing was sent of it.
    pub(crate) stand_in: Option<&'static [u8]>,
}

/// The elements that go with others, or do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The beginning of a Period or a Range.
    Lower,
    /// Its end, which is not before that.
    Upper,
    /// The events of a day that a Timing repeats by.
    Events,
    /// How far it is from them.
    Offset,
    /// The times of a day that it repeats by, beside which there are no events.
    Hours,
}

/// What rows read, so that what nothing was sent of is passed over.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// Fields of segments: one bit each, field 1's lowest, as [`formats::hl7v2::Segment::sent`] has them.
    pub(crate) fields: Vec<([u8; 3], u128)>,
    /// Parts of what a data type's table is applied to: one bit each, part 1's lowest.
    pub(crate) parts: u32,
    /// Whether it is to be looked at in any case.
    pub(crate) always: bool,
}

impl Reach {
    fn take_note(&mut self, row: &Row) {
        let reads = matches!(
            row.map,
            Map::Primitive(_) | Map::Table(_) | Map::Reference { .. }
        );
        match row.from {
            From::Field { segment, field, .. } if reads => {
                let bit = 1 << field.saturating_sub(1).min(127);
                let Some(name) = segment.as_bytes().as_array::<3>() else {
                    self.always = true;
                    return;
                };
                match self.fields.iter_mut().find(|(known, _)| known == name) {
                    Some((_, fields)) => *fields |= bit,
                    None => self.fields.push((*name, bit)),
                }
            }
            From::Part(number @ 1..=32) if reads => self.parts |= 1 << (number - 1),
            _ => self.always |= !is_constant(row),
        }
    }
}

/// Takes note of what nodes come from, once all rows are there.
pub(crate) fn seal(nodes: &mut [Node]) {
    for node in nodes {
        node.stands = node.constant;
        match &mut node.body {
            Body::Leaf(rows) => node.stands |= rows.iter().any(is_constant),
            Body::Object(nodes) => seal(nodes),
            Body::Array(items) => {
                for item in items {
                    node.stands |= item.constant;
                    if let Body::Object(nodes) = &mut item.body {
                        seal(nodes);
                    }
                    item.body.reached_by(&mut item.reach);
                }
            }
        }
        node.body.reached_by(&mut node.reach);
    }
}

/// What an element holds.
#[derive(Debug)]
pub(crate) enum Body {
    /// One value: of the first row that has one.
    Leaf(Vec<Row>),
    /// An object.
    Object(Vec<Node>),
    /// An array.
    Array(Vec<Item>),
}

impl Body {
    /// Makes room for rows beside those of data types: all write into one object.
    fn open(&mut self) {
        if let Self::Leaf(rows) = self
            && rows.iter().all(|row| matches!(row.map, Map::Table(_)))
        {
            let constant = rows.iter().all(is_constant);
            *self = Self::Object(vec![Node {
                name: "*",
                body: Self::Leaf(std::mem::take(rows)),
                constant,
                key: Box::default(),
                stands: true,
                reach: Reach::default(),
                required: None,
                bound: None,
                stand_in: None,
            }]);
        }
    }
}

impl Body {
    fn reached_by(&self, reach: &mut Reach) {
        match self {
            Self::Leaf(rows) => rows.iter().for_each(|row| reach.take_note(row)),
            Self::Object(nodes) => nodes.iter().for_each(|node| node.body.reached_by(reach)),
            Self::Array(items) => items.iter().for_each(|item| item.body.reached_by(reach)),
        }
    }
}

/// One or more entries of an array.
#[derive(Debug)]
pub(crate) struct Item {
    label: &'static str,
    /// What there is an entry for each of; one entry where nothing is said.
    pub(crate) driver: Option<Driver>,
    pub(crate) body: Body,
    pub(crate) constant: bool,
    /// What it comes from.
    pub(crate) reach: Reach,
}

impl Item {
    /// Names what its entries come from, by its place among the items where that is no field.
    pub(crate) fn field(&self, at: usize) -> Box<str> {
        match self.driver {
            Some(Driver {
                segment,
                field: Some(field),
            }) => format!("{segment}-{field}").into(),
            Some(Driver { segment, .. }) => segment.into(),
            None if self.label.is_empty() => format!("#{at}").into(),
            None => format!("#{}", self.label).into(),
        }
    }
}

/// What there is an entry for each of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Driver {
    pub(crate) segment: &'static str,
    /// The field whose repetitions count; the segments themselves where nothing is said.
    pub(crate) field: Option<usize>,
}

/// One row of a table.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its place among all rows.
    pub(crate) id: u32,
    pub(crate) from: From,
    pub(crate) map: Map,
    pub(crate) when: Condition,
    pub(crate) vocabulary: Option<&'static str>,
    /// The text that stands in the table, as JSON.
    pub(crate) standing: Box<[u8]>,
}

/// Where a row's value comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    /// A field, or a component of it.
    Field {
        segment: &'static str,
        field: usize,
        component: Option<usize>,
    },
    /// A part of the value that a data type's table is applied to.
    Part(usize),
    /// The whole of that value.
    Whole,
    /// A text that stands in the table.
    Constant(&'static str),
    /// A text that stands in the table and is written where nothing else of its element is.
    Always(&'static str),
    /// A text that stands in for what the message does not say, where FHIR requires something.
    Default(&'static str),
}

/// How a value is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Map {
    /// By a small function, by its name.
    Primitive(Primitive),
    /// By a function that sees the whole resource, by its name.
    Computed(&'static str),
    /// By a data type's table.
    Table(usize),
    /// As a reference to a resource that a data type's table describes.
    Reference {
        table: usize,
        data_type: &'static str,
        resource: &'static str,
    },
    /// As a reference to the nearest resource of a type that the message makes.
    Link(&'static str),
    /// As references to all resources of a type in the same group and below, but for groups of a name.
    Links {
        resource: &'static str,
        but_in: &'static str,
    },
}

/// Adds a row at the path that it names.
pub(crate) fn insert(
    nodes: &mut Vec<Node>,
    path: &'static str,
    row: Row,
    place: Place,
) -> Result<(), TableError> {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    let (name, label) = match head.split_once('[') {
        Some((name, label)) => match label.strip_suffix(']') {
            Some(label) => (name, Some(label)),
            None => return Err(place.error(format!("`{head}` has no `]`"))),
        },
        None => (head, None),
    };
    let index = match nodes.iter().position(|node| node.name == name) {
        Some(index) => index,
        None => {
            let body = match (label, rest) {
                (Some(_), _) => Body::Array(Vec::new()),
                (None, Some(_)) => Body::Object(Vec::new()),
                (None, None) => Body::Leaf(Vec::new()),
            };
            nodes.push(Node {
                name,
                body,
                constant: true,
                key: format!("\"{name}\":").into_bytes().into(),
                stands: true,
                reach: Reach::default(),
                required: None,
                bound: None,
                stand_in: None,
            });
            nodes.len() - 1
        }
    };
    let Some(node) = nodes.get_mut(index) else {
        return Ok(());
    };
    node.constant &= is_constant(&row);
    if rest.is_some() {
        node.body.open();
    }
    match (&mut node.body, label, rest) {
        (Body::Object(nodes), None, None) if matches!(row.map, Map::Table(_)) => {
            insert(nodes, "*", row, place)
        }
        (Body::Array(items), Some(label), rest) => insert_item(items, label, rest, row, place),
        (Body::Object(nodes), None, Some(rest)) => insert(nodes, rest, row, place),
        (Body::Leaf(rows), None, None) => {
            rows.push(row);
            Ok(())
        }
        _ => Err(place.error(format!(
            "`{name}` is written as one thing here and as another above: a value, an object, or a list `{name}[…]`"
        ))),
    }
}

fn is_constant(row: &Row) -> bool {
    matches!(row.from, From::Constant(text) if !text.is_empty())
}

fn insert_item(
    items: &mut Vec<Item>,
    label: &'static str,
    rest: Option<&'static str>,
    row: Row,
    place: Place,
) -> Result<(), TableError> {
    let constant = is_constant(&row);
    let Some(rest) = rest else {
        let driver = match row.from {
            From::Field { segment, field, .. } => Some(Driver {
                segment,
                field: Some(field),
            }),
            _ => None,
        };
        items.push(Item {
            label: "",
            driver,
            body: Body::Leaf(vec![row]),
            constant,
            reach: Reach::default(),
        });
        return Ok(());
    };
    let known = items
        .iter()
        .position(|item| item.label == label && !label.is_empty());
    let index = match known {
        Some(index) => index,
        None => {
            items.push(Item {
                label,
                driver: driver(label),
                body: Body::Object(Vec::new()),
                constant: true,
                reach: Reach::default(),
            });
            items.len() - 1
        }
    };
    match items.get_mut(index) {
        Some(Item {
            body: Body::Object(nodes),
            constant: all,
            ..
        }) => {
            *all &= constant;
            insert(nodes, rest, row, place)
        }
        _ => Err(place.error(format!(
            "`[{label}]` names a value above and an object here"
        ))),
    }
}

/// Reads a label that is a segment (`NK1`) or a field (`PV1-7`); other labels only hold rows together.
fn driver(label: &'static str) -> Option<Driver> {
    let label = label.split('/').next()?;
    let (segment, field) = match label.split_once('-') {
        Some((segment, field)) => (segment, Some(field.parse().ok()?)),
        None => (label, None),
    };
    let shape = segment.len() == 3
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    shape.then_some(Driver { segment, field })
}
