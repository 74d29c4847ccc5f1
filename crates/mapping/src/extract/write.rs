//! Writes the resources of one row.

use clinical::{MessageId, SiteKey};
use formats::fhir::definition::Primitive;
use formats::fhir::element::{CodeableConcept, Coding, Identifier, Quantity};
use formats::fhir::json::{self, Array, Object, ToJson};

use super::build::{Item, Made, Node};
use super::plan::Unknown;
use super::value::{From, Kind, Leaf, Meaning, NOT_A_NUMBER, To, Unit, bounded, primitive_json};
use super::{About, Resource};

const UCUM: &str = "http://unitsofmeasure.org";

/// A row, as it is looked at.
pub(super) struct RowText<'r> {
    pub(super) field: &'r dyn Fn(usize) -> Option<&'r str>,
    pub(super) about: &'r About<'r>,
    /// The name of what it says.
    pub(super) name: MessageId,
}

/// Takes what is wrong: the column, the name of the reason, and what to do.
pub(super) type Refuse<'f> = dyn FnMut(Option<usize>, &'static str, &'static str) + 'f;

impl Made {
    /// Writes the resource, where the row makes it.
    pub(super) fn write(&self, row: &RowText<'_>, refuse: &mut Refuse<'_>) -> Option<Resource> {
        if !self.when.iter().all(|condition| condition.holds(row.field)) {
            return None;
        }
        let id = match self.id.is_empty() {
            true => {
                let nth = row.about.equal_before.to_be_bytes();
                derived(row.about, &self.resource_type, &[row.name.as_bytes(), &nth])
            }
            false => match named(&self.id, row) {
                Ok(values) => derived(row.about, &self.resource_type, &values),
                Err(column) => {
                    refuse(
                        Some(column),
                        "id-missing",
                        "every row needs what names its resource",
                    );
                    return None;
                }
            },
        };
        let json = json::object(|object| {
            object
                .string("resourceType", &self.resource_type)
                .string("id", &id);
            members(&self.elements, object, row, refuse);
        });
        Some(Resource {
            resource_type: self.resource_type.clone(),
            id: id.into(),
            json,
        })
    }
}

/// The values of the columns that name something; the first one that has none otherwise.
fn named<'r>(columns: &[usize], row: &RowText<'r>) -> Result<Vec<&'r [u8]>, usize> {
    let values = columns
        .iter()
        .map(|column| (row.field)(*column).map(str::as_bytes).ok_or(*column));
    values.collect()
}

/// The id of a resource, by what names it.
fn derived(about: &About<'_>, resource_type: &str, values: &[&[u8]]) -> String {
    let site: &SiteKey = about.site;
    let namespace = format!("extract|{}|{resource_type}", about.source);
    site.unassigned(&namespace, MessageId::derive(values).as_bytes())
        .to_string()
}

fn members(nodes: &[Node], object: &mut Object<'_>, row: &RowText<'_>, refuse: &mut Refuse<'_>) {
    for node in nodes {
        if node.repeats {
            object.array(node.name, |array| {
                for item in &node.items {
                    in_list(item, array, row, refuse);
                }
            });
        } else if let Some(item) = node.items.first() {
            match one(item, row, refuse) {
                Some(json) => object.raw(node.name, &json),
                None => object.object(node.name, |inner| {
                    members(&item.members, inner, row, refuse);
                }),
            };
        }
    }
}

fn in_list(item: &Item, array: &mut Array<'_>, row: &RowText<'_>, refuse: &mut Refuse<'_>) {
    match one(item, row, refuse) {
        Some(json) => array.raw(&json),
        None => array.object(|inner| members(&item.members, inner, row, refuse)),
    };
}

/// What is written from the first of an item's columns that applies and has something.
fn one(item: &Item, row: &RowText<'_>, refuse: &mut Refuse<'_>) -> Option<Vec<u8>> {
    item.leaves.iter().find_map(|leaf| leaf.write(row, refuse))
}

impl Leaf {
    fn write(&self, row: &RowText<'_>, refuse: &mut Refuse<'_>) -> Option<Vec<u8>> {
        if !self.when.iter().all(|condition| condition.holds(row.field)) {
            return None;
        }
        let column = match &self.from {
            From::Column(column) => Some(*column),
            From::Columns(columns) => columns.first().copied(),
            From::Fixed(_) => None,
        };
        let text = match &self.from {
            From::Fixed(fixed) => Some(&**fixed),
            From::Column(column) => (row.field)(*column),
            From::Columns(columns) => {
                let is_whole = columns.iter().all(|column| (row.field)(*column).is_some());
                is_whole.then_some("")
            }
        };
        let Some(text) = text else {
            if self.required {
                refuse(
                    column,
                    "value-missing",
                    "the mapping asks for a value in every row",
                );
            }
            return None;
        };
        match self.json(text, row) {
            Ok(json) => json.filter(|json| !json.is_empty()),
            Err((code, hint)) => {
                refuse(column, code, hint);
                None
            }
        }
    }

    fn json(&self, text: &str, row: &RowText<'_>) -> Result<Option<Vec<u8>>, Why> {
        let system = &*self.system;
        let display = self.display.and_then(row.field).unwrap_or_default();
        match &self.kind {
            Kind::Primitive(primitive) => self.primitive(*primitive, text),
            Kind::Moment(primitive, format, zone) => {
                let known = format.read(text, zone).ok_or(UNREADABLE_DATE)?;
                let written = match primitive {
                    Primitive::Date => known.date(),
                    Primitive::Instant => known.instant().ok_or(UNREADABLE_DATE)?,
                    _ => known.date_time(),
                };
                Ok(Some(json::string(&written)))
            }
            Kind::Coding => Ok(self.coding(text, display)?.map(|coding| match coding {
                Coded::Coding(coding) => coding.to_json(),
                Coded::Words(words) => Coding {
                    display: words,
                    ..Coding::default()
                }
                .to_json(),
            })),
            Kind::Concept => Ok(self.coding(text, display)?.map(|coding| match coding {
                Coded::Coding(coding) => CodeableConcept {
                    codings: &[coding],
                    text: coding.display,
                }
                .to_json(),
                Coded::Words(words) => CodeableConcept {
                    codings: &[],
                    text: words,
                }
                .to_json(),
            })),
            Kind::Quantity(unit) => {
                let number = self.decimal.pointed(text).ok_or(NO_QUANTITY)?;
                let (comparator, value) = bounded(&number).ok_or(NO_QUANTITY)?;
                let (unit, code) = unit.of(row);
                let has_code = !code.is_empty();
                let quantity = Quantity {
                    value: Some(value),
                    comparator,
                    unit,
                    system: if !has_code {
                        ""
                    } else if system.is_empty() {
                        UCUM
                    } else {
                        system
                    },
                    code,
                };
                Ok(Some(quantity.to_json()))
            }
            Kind::Reference(to) => Ok(Some(self.reference(to, text, display, row))),
            Kind::Identifier => {
                let identifier = Identifier {
                    system,
                    value: text,
                    ..Identifier::default()
                };
                Ok(Some(identifier.to_json()))
            }
        }
    }

    fn primitive(&self, primitive: Primitive, text: &str) -> Result<Option<Vec<u8>>, Why> {
        let json = |text: &str| primitive_json(primitive, text, self.allowed).map(Some);
        match self.meaning(text)? {
            Meant::Nothing => Ok(None),
            Meant::Itself if primitive == Primitive::Decimal => {
                json(&self.decimal.pointed(text).ok_or(NOT_A_NUMBER)?)
            }
            Meant::Itself => json(text),
            Meant::Code(meaning) => json(&meaning.code),
        }
    }

    /// What a code means, as far as tables and the mapping say.
    fn coding<'t>(&'t self, text: &'t str, display: &'t str) -> Result<Option<Coded<'t>>, Why> {
        Ok(match self.meaning(text)? {
            Meant::Nothing => None,
            Meant::Itself if self.codes.is_none() && self.system.is_empty() => {
                Some(Coded::Words(if display.is_empty() {
                    text
                } else {
                    display
                }))
            }
            Meant::Itself => Some(Coded::Coding(Coding {
                // A code that the table has not is none of the table's system.
                system: if self.codes.is_none() {
                    &self.system
                } else {
                    ""
                },
                code: text,
                display,
                ..Coding::default()
            })),
            Meant::Code(meaning) => {
                let or =
                    |first: &'t str, second: &'t str| if first.is_empty() { second } else { first };
                Some(Coded::Coding(Coding {
                    system: or(&meaning.system, &self.system),
                    code: &meaning.code,
                    display: or(&meaning.display, display),
                    ..Coding::default()
                }))
            }
        })
    }

    fn meaning(&self, text: &str) -> Result<Meant<'_>, Why> {
        let Some(codes) = &self.codes else {
            return Ok(Meant::Itself);
        };
        match (codes.get(text), self.unknown) {
            (Some(meaning), _) => Ok(Meant::Code(meaning)),
            (None, Unknown::Keep) => Ok(Meant::Itself),
            (None, Unknown::LeaveOut) => Ok(Meant::Nothing),
            (None, Unknown::Refuse) => Err((
                "code-unknown",
                "add it to its table of codes, or say in `unknown` that such are kept or left out",
            )),
        }
    }

    fn reference(&self, to: &To, text: &str, display: &str, row: &RowText<'_>) -> Vec<u8> {
        json::object(|object| {
            if to.by_identifier {
                let identifier = Identifier {
                    system: &self.system,
                    value: text,
                    ..Identifier::default()
                };
                object
                    .string("type", &to.kind)
                    .one("identifier", &identifier);
            } else {
                let id = match &self.from {
                    From::Fixed(id) => id.to_string(),
                    From::Column(_) => derived(row.about, &to.kind, &[text.as_bytes()]),
                    From::Columns(columns) => {
                        let values = named(columns, row).unwrap_or_default();
                        derived(row.about, &to.kind, &values)
                    }
                };
                object.string("reference", &format!("{}/{id}", to.kind));
            }
            object.string("display", display);
        })
    }
}

/// Why a value cannot be written: the reason's name, and what to do.
type Why = (&'static str, &'static str);

const UNREADABLE_DATE: Why = (
    "date-unreadable",
    "say in `format` how the column writes dates",
);
const NO_QUANTITY: Why = (
    "not-a-number",
    "a quantity is a number, or one after <, <=, > or >=: say decimal = \",\" in [extract] where it is written as 9,60, and put other words into another element by a condition on number",
);

/// What a table says of a value.
enum Meant<'t> {
    /// It is written as it is.
    Itself,
    Code(&'t Meaning),
    Nothing,
}

/// A code, or words where there is none.
enum Coded<'t> {
    Coding(Coding<'t>),
    Words(&'t str),
}

impl Unit {
    /// The unit's words and its code in UCUM; without a table, a fixed unit is a code.
    fn of<'a>(&'a self, row: &'a RowText<'_>) -> (&'a str, &'a str) {
        let sent = self
            .column
            .and_then(row.field)
            .or(self.fixed.as_deref())
            .unwrap_or_default();
        match &self.codes {
            Some(codes) => (sent, codes.get(sent).map_or("", |meaning| &meaning.code)),
            None if self.column.is_none() => (sent, sent),
            None => (sent, ""),
        }
    }
}
