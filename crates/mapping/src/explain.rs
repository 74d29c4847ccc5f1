//! Why a message became what it became: of each element, the field, the row of the tables, and the guide's row or our
//! decision with its reason.

pub(crate) mod paths;

mod leaf;

mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use formats::fhir::json;
use formats::hl7v2::Message;

use crate::coverage::{Coverage, Mark, Outcome, element};
use crate::draft::Draft;
use crate::map::Mapped;
use crate::tables::plan::{From, Map};
use crate::tables::{RowInfo, TABLES};

/// One element of a resource that a message makes, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The resource, such as `Patient/0123`.
    pub resource: String,
    /// The element with the place in its list, such as `identifier[0].value`.
    pub element: String,
    /// What it holds.
    pub value: String,
    /// How it came there.
    pub how: How,
    /// The fields it came from, such as `PID[1]-3[2].1`.
    pub from: Vec<String>,
    /// The row that says so; nothing where none does, as for the links of a merge.
    pub origin: Option<Origin>,
}

/// How an element came to hold what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was read from fields.
    Field,
    /// It stands in the table, and is written beside what was read.
    Text,
    /// It stands in for what the message does not say, where FHIR requires something.
    Default,
    /// It refers to another resource of the message.
    Link,
    /// A rule that sees more than one field wrote it.
    Rule,
}

impl How {
    /// Gives the word for it, which never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Text => "text",
            Self::Default => "default",
            Self::Link => "link",
            Self::Rule => "rule",
        }
    }
}

impl Mapped {
    /// Says of each element of each resource where it comes from.
    pub fn explain(&self, message: &Message<'_>) -> Vec<Explained> {
        let places = place::places(message);
        let drafts = self.drafts.iter().chain(&self.exchange);
        drafts
            .flat_map(|draft| Explainer::new(draft, &self.coverage, &places).elements())
            .collect()
    }
}

impl Explained {
    /// Writes it as one JSON object.
    pub fn to_json(&self) -> Vec<u8> {
        json::object(|object| {
            object
                .string("resource", &self.resource)
                .string("element", &self.element)
                .string("value", &self.value)
                .string("how", self.how.word());
            object.array("from", |fields| {
                for field in &self.from {
                    fields.string(field);
                }
            });
            let Some(origin) = &self.origin else { return };
            object.string("table", &origin.table);
            object.string("guideRow", origin.guide_row.unwrap_or_default());
            if let Some(decision) = origin.decision {
                object.object("decision", |object| {
                    object
                        .string("key", decision.key)
                        .string("guide", decision.guide)
                        .string("ours", decision.ours)
                        .string("why", decision.why);
                });
            }
        })
    }
}

/// Looks for the rows and fields of one resource.
struct Explainer<'a> {
    draft: &'a Draft,
    marks: Vec<&'a Mark>,
    places: &'a place::Places,
    /// How often the rows were found so far: the second element of a row is of its second field.
    found: BTreeMap<(u32, u32), usize>,
    /// The segments that it was read from.
    segments: BTreeSet<&'a str>,
    /// The row and the field that made all of it, where one part of a field does.
    whole: Option<(u32, String)>,
}

impl<'a> Explainer<'a> {
    fn new(draft: &'a Draft, coverage: &'a Coverage, places: &'a place::Places) -> Self {
        let made = coverage
            .made
            .iter()
            .position(|made| made.resource == draft.resource_type && *made.id == *draft.id);
        // What is only described where it is referred to is written together with whatever refers to it.
        let is_of = |mark: &&Mark| made.is_none_or(|made| mark.made == made);
        Self {
            draft,
            marks: coverage.marks.iter().filter(is_of).collect(),
            places,
            found: BTreeMap::new(),
            segments: BTreeSet::new(),
            whole: None,
        }
    }

    fn elements(mut self) -> Vec<Explained> {
        let leaves = leaf::leaves(&self.draft.to_json());
        let at = |mark: &&Mark| self.places.get(mark.start, mark.end);
        let segments = self.marks.iter().copied().filter_map(|mark| at(&mark));
        self.segments = segments
            .filter_map(|place| place.path.split('[').next())
            .collect();
        let name = leaves.iter().find(|leaf| leaf.name == "name");
        self.whole = name.and_then(|name| {
            let is_level = |mark: &&&Mark| {
                let row = info(mark.row);
                let is_ours = row.is_some_and(|row| row.target == self.draft.resource_type);
                is_ours && paths::path(mark.outer, mark.row).is_none()
            };
            let mut levels = self.marks.iter().filter(is_level);
            levels.find_map(|mark| {
                let place = at(mark).filter(|place| place.text == name.value)?;
                Some((mark.row, place.path.clone()))
            })
        });
        leaves.into_iter().map(|leaf| self.element(leaf)).collect()
    }

    fn element(&mut self, leaf: leaf::Leaf) -> Explained {
        let path = format!("{}.{}", self.draft.resource_type, leaf.name);
        let ways = paths::ways_to(&path);
        let explained = |how, from, origin| Explained {
            resource: format!("{}/{}", self.draft.resource_type, self.draft.id),
            element: leaf.path.clone(),
            value: leaf.value.clone(),
            how,
            from,
            origin,
        };
        if let Some((row, from)) = &self.whole {
            return explained(How::Field, vec![from.clone()], origin(*row));
        }
        let said = |how: How| self.said(how, ways, &path, &leaf.value);
        let read = self.read(ways, &path, &leaf.value);
        let is_exact = read.as_ref().is_some_and(|read| read.is_exact);
        if let Some(way) = said(How::Text).filter(|_| !is_exact) {
            return explained(How::Text, Vec::new(), origin(way.row.id));
        }
        if let Some(read) = read {
            let key = (read.outer, read.row);
            let from = read.from;
            let explained = explained(How::Field, from, origin(key.1));
            *self.found.entry(key).or_default() += 1;
            return explained;
        }
        let found = [How::Default, How::Link, How::Rule]
            .into_iter()
            .find_map(|how| Some((how, said(how)?)));
        let (how, row) = match found {
            Some((how, way)) => (how, Some(way.row.id)),
            None => (How::Rule, ways.first().map(|way| way.row.id)),
        };
        explained(how, Vec::new(), row.and_then(origin))
    }

    /// Finds a row that writes an element otherwise than from a field; of a segment that is there before others.
    fn said<'w>(
        &self,
        how: How,
        ways: &'w [paths::Way],
        path: &str,
        value: &str,
    ) -> Option<&'w paths::Way> {
        let says = |way: &&paths::Way| match (how, way.row.from, way.row.map) {
            (How::Text, From::Constant(text) | From::Always(text), _)
            | (How::Default, From::Default(text), _) => text == value && way.path == path,
            (How::Link, _, map) => matches!(map, Map::Link(_) | Map::Links { .. }),
            (How::Rule, _, map) => matches!(map, Map::Computed(_)),
            _ => false,
        };
        let is_near = |way: &&paths::Way| self.segments.contains(way.segment());
        let near = ways.iter().filter(is_near).find(says);
        near.or_else(|| ways.iter().find(says))
    }

    /// Finds the fields that an element was read from: those that hold its text before others.
    fn read(&self, ways: &[paths::Way], path: &str, value: &str) -> Option<Read> {
        let pairs = ways.iter().map(|way| (way.outer, way.row.id));
        let others = self
            .marks
            .iter()
            .map(|mark| (mark.outer, mark.row))
            .filter(|(outer, row)| writes_into(*outer, *row, path));
        let mut best: Option<Read> = None;
        for (outer, row) in pairs.chain(others) {
            let marks: Vec<_> = self
                .marks
                .iter()
                .filter(|mark| (mark.outer, mark.row) == (outer, row))
                .filter_map(|mark| self.places.get(mark.start, mark.end))
                .collect();
            if marks.is_empty() {
                continue;
            }
            let same: Vec<_> = marks.iter().filter(|place| place.text == value).collect();
            let nth = self.found.get(&(outer, row)).copied().unwrap_or_default();
            let from = match (same.as_slice(), marks.get(nth)) {
                ([], Some(place)) if are_repetitions(&marks) => vec![place.path.clone()],
                ([], _) => marks.iter().map(|place| place.path.clone()).collect(),
                (same, _) => same
                    .get(nth)
                    .or(same.last())
                    .map(|place| place.path.clone())
                    .into_iter()
                    .collect(),
            };
            let is_exact = !same.is_empty();
            if best.as_ref().is_none_or(|best| is_exact && !best.is_exact) {
                best = Some(Read {
                    outer,
                    row,
                    from,
                    is_exact,
                });
            }
        }
        let mut best = best?;
        best.from.dedup();
        Some(best)
    }
}

/// Says whether all are the same part of the repetitions of one field, or of the same segments.
fn are_repetitions(places: &[&place::Place]) -> bool {
    let mut all = places.iter().map(|place| place.kind());
    let first = all.next();
    all.all(|kind| Some(&kind) == first.as_ref())
}

/// Says whether a row that is in no resource's table writes an element, or all of what is around it.
fn writes_into(outer: u32, row: u32, path: &str) -> bool {
    let info = |row: u32| {
        usize::try_from(row)
            .ok()
            .and_then(|row| TABLES.rows.get(row))
    };
    let (Some(outer_row), Some(inner)) = (info(outer), info(row)) else {
        return false;
    };
    if paths::path(outer, row).is_some() {
        return false;
    }
    let written = element(outer_row, inner);
    let is_in = |path: &str| {
        let rest = path.strip_prefix(&*written);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    // A rule writes a value's parts either way: as the resource's own, or as those of a component.
    let own = path.replace(".component.", ".");
    [path, &without_type(path), &own, &without_type(&own)]
        .into_iter()
        .any(is_in)
}

/// Names the choice of a value by its stem, since the rule that makes the choice is known by that: `valueQuantity` is `value`.
fn without_type(path: &str) -> String {
    let names = path.split('.').map(|name| {
        let is_choice = name
            .strip_prefix("value")
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()));
        if is_choice { "value" } else { name }
    });
    names.collect::<Vec<_>>().join(".")
}

/// Where an element was read from.
struct Read {
    outer: u32,
    row: u32,
    from: Vec<String>,
    /// Whether the text of the field is that of the element.
    is_exact: bool,
}

/// Where a row of a table comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The table's file and line.
    pub table: String,
    /// The row of the guide's own table, such as `r12`.
    pub guide_row: Option<&'static str>,
    /// What we decided otherwise, or where the guide says nothing.
    pub decision: Option<Decision>,
}

/// One of our decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its key.
    pub key: &'static str,
    /// What the guide says.
    pub guide: &'static str,
    /// What we do.
    pub ours: &'static str,
    /// Why.
    pub why: &'static str,
}

impl Origin {
    /// Reads what a row says of itself in its last cell: `r12`, `ours:key`, or both.
    pub(crate) fn read(table: String, guide: &'static str) -> Self {
        let mut words = guide.split_whitespace();
        let decision = words.find_map(|word| {
            let key = word.strip_prefix("ours:")?;
            let [guide, ours, why] = TABLES.decisions.get(key)?;
            Some(Decision {
                key,
                guide,
                ours,
                why,
            })
        });
        Self {
            table,
            guide_row: guide
                .split_whitespace()
                .find(|word| word.starts_with('r') && !word.contains(':')),
            decision,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table)?;
        if let Some(row) = self.guide_row {
            write!(f, ", row {} of the guide", row.trim_start_matches('r'))?;
        }
        if let Some(Decision { ours, why, .. }) = self.decision {
            write!(f, "; our decision: {ours}, since {why}")?;
        }
        Ok(())
    }
}

impl Outcome {
    /// Says in words why it is so; nothing where nobody knows.
    pub fn why(&self) -> String {
        match self {
            Self::Mapped { guide, table, .. } => Origin::read(table.clone(), guide).to_string(),
            Self::Ignored { reason } => (*reason).to_owned(),
            Self::Unmapped { reason } => reason.unwrap_or_default().to_owned(),
        }
    }
}

fn info(row: u32) -> Option<&'static RowInfo> {
    TABLES.rows.get(usize::try_from(row).ok()?)
}

fn origin(row: u32) -> Option<Origin> {
    let info = info(row)?;
    Some(Origin::read(
        format!("{}:{}", info.file, info.line),
        info.guide,
    ))
}

#[cfg(test)]
mod tests;
