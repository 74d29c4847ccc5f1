//! The mapping tables: read once from the files under `data/`, every mistake named with its file and line.

mod files;

pub(crate) mod plan;

pub(crate) mod condition;

pub(crate) mod codes;

mod lookup;

pub(crate) mod messages;

mod folder;

mod overlay;

mod inline;

mod lists;

mod order;

pub(crate) mod structures;

pub(crate) mod resources;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use condition::Condition;
use folder::{in_order, pairs};
use formats::fhir::definition::Definition;
use formats::fhir::json;
use lookup::Lookup;
use overlay::{Layers, Line};
use plan::{From, Map, Node, Row};

pub(crate) use codes::CodeTable;
use messages::MessageRow;

use crate::map::computed::COMPUTED;
use crate::map::primitive;

/// The tables as built in.
pub(crate) static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables::load().expect("a test loads the tables that are built in"));

/// A mistake in a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {problem}")]
pub(crate) struct TableError {
    file: &'static str,
    line: usize,
    problem: String,
}

/// A line of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    file: &'static str,
    line: usize,
}

impl Place {
    pub(crate) fn error(self, problem: String) -> TableError {
        TableError {
            file: self.file,
            line: self.line,
            problem,
        }
    }
}

/// What a row says of itself, for reports.
#[derive(Debug)]
pub(crate) struct RowInfo {
    /// The resource or data type that the table writes.
    pub(crate) target: &'static str,
    /// The element.
    pub(crate) element: &'static str,
    /// The row of the guide's table, or our decision.
    pub(crate) guide: &'static str,
    /// The file and line it stands in.
    pub(crate) file: &'static str,
    pub(crate) line: usize,
    /// The field that it reads, where it reads one.
    pub(crate) field: Option<(&'static str, usize)>,
}

/// How one type of OBX-5 is written.
#[derive(Debug)]
pub(crate) struct ValueRow {
    pub(crate) data_type: &'static str,
    pub(crate) when: &'static str,
    pub(crate) element: &'static str,
    pub(crate) map: Map,
    pub(crate) row: u32,
}

/// Why a field is left out on purpose.
#[derive(Debug)]
pub(crate) struct Ignored {
    pub(crate) segment: &'static str,
    pub(crate) field: Option<usize>,
    pub(crate) component: Option<usize>,
    /// Whether it is to be mapped in a later version.
    pub(crate) later: bool,
    pub(crate) reason: &'static str,
}

/// The level of a location inside others.
#[derive(Debug)]
pub(crate) struct LevelRow {
    /// Its place among all rows.
    pub(crate) row: u32,
    pub(crate) component: usize,
    pub(crate) code: &'static str,
    pub(crate) words: &'static str,
}

/// All tables.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// The segments that any table reads.
    pub(crate) segments: BTreeSet<&'static str>,
    resources: Vec<(&'static str, Vec<Node>)>,
    types: Vec<(&'static str, Vec<Node>)>,
    pub(crate) codes: Lookup<CodeTable>,
    pub(crate) systems: Lookup<&'static str>,
    /// UCUM codes, by what senders write for them, in lower case.
    pub(crate) units: Lookup<&'static str>,
    pub(crate) values: Vec<ValueRow>,
    pub(crate) ignored: Vec<Ignored>,
    pub(crate) events: Vec<MessageRow>,
    pub(crate) levels: Vec<LevelRow>,
    pub(crate) rows: Vec<RowInfo>,
    /// Elements of which a resource may have only one.
    pub(crate) choices: Vec<(&'static str, Vec<&'static str>)>,
    pub(crate) decisions: BTreeMap<&'static str, [&'static str; 3]>,
}

const LEVELS: &str = "datatypes/PL.Location.tsv";

impl Tables {
    /// Reads all files.
    pub(crate) fn load() -> Result<Self, TableError> {
        let mut tables = Self::default();
        tables.read_decisions()?;
        tables.read_codes()?;
        let types = pairs("datatypes/");
        tables.types = types.keys().map(|name| (*name, Vec::new())).collect();
        for (index, (name, (guide, ours))) in types.into_iter().enumerate() {
            if ours.is_some_and(|(file, _)| file == LEVELS) {
                tables.read_levels(ours.into_iter().collect())?;
                continue;
            }
            let target = name.split_once('.').map_or(name, |(_, target)| target);
            let layers = Layers::read(guide, ours)?;
            let nodes = tables.read_table(vec![layers], target)?;
            if let Some(slot) = tables.types.get_mut(index) {
                slot.1 = nodes;
            }
        }
        tables.read_segments()?;
        tables.read_lists()?;
        let all = tables.resources.iter_mut().chain(&mut tables.types);
        all.for_each(|(_, nodes)| plan::seal(nodes));
        Ok(tables)
    }

    /// Reads the tables of segments: all that write one resource become one table.
    fn read_segments(&mut self) -> Result<(), TableError> {
        let mut resources: Vec<(&'static str, Vec<Layers>)> = Vec::new();
        for (name, (guide, ours)) in in_order(pairs("segments/")) {
            let resource = name.split_once('.').map_or(name, |(_, resource)| resource);
            let layers = Layers::read(guide, ours)?;
            self.segments.extend(name.split('.').next());
            match resources.iter_mut().find(|(known, _)| *known == resource) {
                Some((_, all)) => all.push(layers),
                None => resources.push((resource, vec![layers])),
            }
        }
        for (resource, layers) in resources {
            let nodes = self.read_table(layers, resource)?;
            if let Some(definition) = definition(resource) {
                let choices = order::choices(&nodes, definition).into_iter();
                self.choices.extend(choices.map(|names| (resource, names)));
            }
            self.resources.push((resource, nodes));
        }
        Ok(())
    }

    fn read_codes(&mut self) -> Result<(), TableError> {
        for (name, (guide, ours)) in pairs("codes/") {
            let table = CodeTable::read(guide.into_iter().chain(ours))?;
            self.codes.insert(name, table);
        }
        Ok(())
    }

    fn read_decisions(&mut self) -> Result<(), TableError> {
        for (place, cells) in lines("overlay.tsv", include_str!("../data/overlay.tsv")) {
            let [key, guide, ours, why] = cells.as_slice() else {
                return Err(place.error("a decision has key, guide, ours and why".to_owned()));
            };
            self.decisions.insert(key, [guide, ours, why]);
        }
        Ok(())
    }

    /// Gives the elements of a resource.
    pub(crate) fn resource(&self, name: &str) -> &[Node] {
        let found = self.resources.iter().find(|(known, _)| *known == name);
        found.map_or(&[], |(_, nodes)| nodes)
    }

    /// Gives the elements of a data type.
    pub(crate) fn data_type(&self, index: usize) -> &[Node] {
        self.types.get(index).map_or(&[], |(_, nodes)| nodes)
    }

    /// Gives the elements of all data types.
    pub(crate) fn data_types(&self) -> impl Iterator<Item = &[Node]> {
        self.types.iter().map(|(_, nodes)| nodes.as_slice())
    }

    /// Gives the elements of a coded value.
    pub(crate) fn concept(&self) -> Option<&[Node]> {
        let index = self.type_index("CWE.CodeableConcept")?;
        Some(self.data_type(index))
    }

    /// Finds how an event is treated; one that is not listed only fills what is not known.
    pub(crate) fn event(&self, event: &str) -> Option<&MessageRow> {
        self.events.iter().find(|row| row.event == event)
    }

    /// Finds the place of a data type's table.
    pub(crate) fn type_index(&self, name: &str) -> Option<usize> {
        self.types
            .binary_search_by_key(&name, |(known, _)| known)
            .ok()
    }

    /// Reads all that writes one resource or data type: first what we add, last what stands in.
    fn read_table(
        &mut self,
        layers: Vec<Layers>,
        target: &'static str,
    ) -> Result<Vec<Node>, TableError> {
        let mut nodes = Vec::new();
        let (mut ours, mut guide, mut defaults) = (Vec::new(), Vec::new(), Vec::new());
        for layer in layers {
            ours.extend(layer.ours);
            guide.extend(layer.guide);
            defaults.extend(layer.defaults);
            for (place, cells) in layer.drops {
                self.next_row(place, target, "", overlay::origin(&cells))?;
            }
        }
        ours.extend(guide);
        ours.extend(defaults);
        for line in inline::write_out(ours, rows_of_type) {
            self.add_row(&mut nodes, line, target)?;
        }
        if let Some(definition) = definition(target) {
            order::order(&mut nodes, definition).map_err(|(row, name)| self.unknown(row, &name))?;
        }
        Ok(nodes)
    }

    fn unknown(&self, row: u32, name: &str) -> TableError {
        let row = usize::try_from(row).ok().and_then(|row| self.rows.get(row));
        let (file, line) = row.map_or(("", 0), |row| (row.file, row.line));
        Place { file, line }.error(format!("R4 has no `{name}`"))
    }

    fn add_row(
        &mut self,
        nodes: &mut Vec<Node>,
        (place, cells): Line,
        target: &'static str,
    ) -> Result<(), TableError> {
        let [from, element, map, rest @ ..] = cells.as_slice() else {
            return Err(place.error("a row has from, element and map".to_owned()));
        };
        let cell = |number: usize| rest.get(number).copied().unwrap_or_default();
        let vocabulary = Some(cell(1)).filter(|name| !name.is_empty());
        if let Some(name) = vocabulary.filter(|name| !self.codes.contains_key(name)) {
            return Err(place.error(format!("there is no codes/{name}.tsv")));
        }
        let from = read_from(from, place)?;
        let row = Row {
            id: self.next_row(place, target, element, cell(2))?,
            from,
            map: self.read_map(map, place)?,
            when: Condition::parse(cell(0), place)?,
            vocabulary,
            standing: standing(from, matches!(*map, "boolean" | "integer" | "decimal")),
        };
        if let From::Field { segment, field, .. } = row.from
            && let Some(info) = self.rows.last_mut()
        {
            info.field = Some((segment, field));
        }
        plan::insert(nodes, element, row, place)
    }

    fn next_row(
        &mut self,
        place: Place,
        target: &'static str,
        element: &'static str,
        guide: &'static str,
    ) -> Result<u32, TableError> {
        if let Some(key) = overlay::decision(guide).filter(|key| !self.decisions.contains_key(key))
        {
            return Err(place.error(format!("overlay.tsv gives no reason for `{key}`")));
        }
        self.rows.push(RowInfo {
            target,
            element,
            guide,
            file: place.file,
            line: place.line,
            field: None,
        });
        Ok(u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX))
    }

    fn read_map(&self, text: &'static str, place: Place) -> Result<Map, TableError> {
        if let Some(resource) = text.strip_prefix('^') {
            return Ok(Map::Link(resource));
        }
        if let Some(resource) = text.strip_prefix('*') {
            let (resource, but_in) = resource.split_once('!').unwrap_or((resource, ""));
            return Ok(Map::Links { resource, but_in });
        }
        if let Some((data_type, resource)) = text.split_once('>') {
            let name = text.replace('>', ".");
            let resource = resource.split('-').next().unwrap_or(resource);
            return match self.type_index(&name) {
                Some(table) => Ok(Map::Reference {
                    table,
                    data_type,
                    resource,
                }),
                None => Err(place.error(format!("there is no datatypes/{name}.tsv"))),
            };
        }
        Ok(match self.type_index(text) {
            Some(table) => Map::Table(table),
            None if text.contains('.') => {
                return Err(place.error(format!("there is no datatypes/{text}.tsv")));
            }
            None if COMPUTED.contains(&text) => Map::Computed(text),
            None => match primitive::find(text) {
                Some(primitive) => Map::Primitive(primitive),
                None => return Err(place.error(format!("no map or rule is called `{text}`"))),
            },
        })
    }
}

/// Gives all rows of a data type's table; none if it cannot be read, which is told where it is read itself.
fn rows_of_type(name: &str) -> Vec<Line> {
    let file = |folder: &str| {
        let path = format!("{folder}{name}.tsv");
        files::FILES.iter().copied().find(|(file, _)| *file == path)
    };
    let layers = Layers::read(file("guide/datatypes/"), file("datatypes/")).unwrap_or_default();
    [layers.ours, layers.guide, layers.defaults].concat()
}

/// Gives a text that stands in a table as JSON; numbers and booleans are not quoted.
fn standing(from: From, is_bare: bool) -> Box<[u8]> {
    match from {
        From::Constant(text) | From::Always(text) | From::Default(text) if is_bare => {
            text.as_bytes().into()
        }
        From::Constant(text) | From::Always(text) | From::Default(text) => {
            json::string(text).into()
        }
        _ => Box::default(),
    }
}

/// Finds what R4 says of what a table writes; nothing for what is no resource of its own.
fn definition(target: &str) -> Option<Definition> {
    Definition::of(target.split('-').next().unwrap_or(target))
}

/// Gives the rows of a file, their cells trimmed, without comments.
fn lines(
    file: &'static str,
    text: &'static str,
) -> impl Iterator<Item = (Place, Vec<&'static str>)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(move |(index, line)| {
            let place = Place {
                file,
                line: index + 1,
            };
            (place, line.split('\t').map(str::trim).collect())
        })
}

fn number(text: &str, place: Place) -> Result<usize, TableError> {
    text.parse()
        .map_err(|_| place.error(format!("`{text}` is no number")))
}

fn read_from(text: &'static str, place: Place) -> Result<From, TableError> {
    if let Some(constant) = text.strip_prefix("==") {
        return Ok(From::Always(constant));
    }
    if let Some(constant) = text.strip_prefix('=') {
        return Ok(From::Constant(constant));
    }
    if let Some(default) = text.strip_prefix('?') {
        return Ok(From::Default(default));
    }
    if text == "." {
        return Ok(From::Whole);
    }
    let Some((segment, rest)) = text.split_once('-') else {
        return Ok(From::Part(number(text, place)?));
    };
    match condition::field(rest) {
        Some((field, component)) => Ok(From::Field {
            segment,
            field,
            component,
        }),
        None => Err(place.error(format!("`{text}` is no field; write `PID-3` or `PID-3.1`"))),
    }
}

#[cfg(test)]
mod tests;
