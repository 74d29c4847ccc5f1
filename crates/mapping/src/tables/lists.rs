//! The lists beside the tables of segments and data types: values of OBX-5, systems, units, events, what is left out.

use std::collections::BTreeSet;

use super::messages::MessageRow;
use super::overlay::File;
use super::plan::{Body, From, Map, Node, Row};
use super::{Ignored, LevelRow, Place, TableError, Tables, ValueRow, condition, lines, number};
use crate::map::result::SHAPES;

impl Tables {
    pub(super) fn read_levels(&mut self, files: Vec<File>) -> Result<(), TableError> {
        for (place, cells) in files.into_iter().flat_map(|(file, text)| lines(file, text)) {
            let [component, code, words, guide] = cells.as_slice() else {
                return Err(place.error("a level has component, code, words and guide".to_owned()));
            };
            let row = self.next_row(place, "Location", "name", guide)?;
            self.levels.push(LevelRow {
                row,
                component: number(component, place)?,
                code,
                words,
            });
        }
        Ok(())
    }

    pub(super) fn read_lists(&mut self) -> Result<(), TableError> {
        for (place, cells) in lines("values.tsv", include_str!("../../data/values.tsv")) {
            let [data_type, when, element, map, rest @ ..] = cells.as_slice() else {
                return Err(place.error("a row has type, when, element and map".to_owned()));
            };
            if !SHAPES.contains(when) {
                return Err(place.error(format!("no shape is called `{when}`")));
            }
            let guide = rest.first().copied().unwrap_or_default();
            let row = self.next_row(place, "Observation", element, guide)?;
            self.values.push(ValueRow {
                data_type,
                when,
                element,
                map: self.read_map(map, place)?,
                row,
            });
        }
        for (place, cells) in lines("systems.tsv", include_str!("../../data/systems.tsv")) {
            let [name, uri] = cells.as_slice() else {
                return Err(place.error("a row has name and URI".to_owned()));
            };
            self.systems.insert(name, uri);
        }
        for (place, cells) in lines("units.tsv", include_str!("../../data/units.tsv")) {
            let [sent, code] = cells.as_slice() else {
                return Err(place.error("a row has unit and UCUM code".to_owned()));
            };
            self.units.insert(sent, code);
        }
        for (place, cells) in lines("messages.tsv", include_str!("../../data/messages.tsv")) {
            let row = MessageRow::read(&cells).map_err(|why| place.error(why))?;
            self.events.push(row);
        }
        for (place, cells) in lines("ignored.tsv", include_str!("../../data/ignored.tsv")) {
            let ignored = read_ignored(&cells, place)?;
            match ignored.segment.split_once('.') {
                Some((data_type, component)) => {
                    let component = number(component, place)?;
                    self.ignore_part(data_type, component, &ignored);
                }
                None => self.ignored.push(ignored),
            }
        }
        Ok(())
    }

    /// Leaves a part of a data type out of every field that is mapped by a table of the type.
    fn ignore_part(&mut self, data_type: &str, component: usize, why: &Ignored) {
        let mut fields: BTreeSet<(&'static str, usize)> = BTreeSet::new();
        for (_, nodes) in &self.resources {
            each_row(nodes, &mut |row| {
                let table = match row.map {
                    Map::Table(table) | Map::Reference { table, .. } => self.types.get(table),
                    _ => None,
                };
                let name = table.map_or("", |(name, _)| name);
                if let From::Field {
                    segment,
                    field,
                    component: None,
                } = row.from
                    && name.split('.').next() == Some(data_type)
                {
                    fields.insert((segment, field));
                }
            });
        }
        let rows = fields.into_iter().map(|(segment, field)| Ignored {
            segment,
            field: Some(field),
            component: Some(component),
            later: why.later,
            reason: why.reason,
        });
        self.ignored.extend(rows);
    }
}

/// Goes through the rows of elements, those of lists and objects too.
fn each_row(nodes: &[Node], visit: &mut impl FnMut(&Row)) {
    for node in nodes {
        each_row_of(&node.body, visit);
    }
}

fn each_row_of(body: &Body, visit: &mut impl FnMut(&Row)) {
    match body {
        Body::Leaf(rows) => rows.iter().for_each(visit),
        Body::Object(nodes) => each_row(nodes, visit),
        Body::Array(items) => {
            for item in items {
                each_row_of(&item.body, visit);
            }
        }
    }
}

fn read_ignored(cells: &[&'static str], place: Place) -> Result<Ignored, TableError> {
    let [path, kind, reason] = cells else {
        return Err(place.error("a row has path, kind and reason".to_owned()));
    };
    let (segment, rest) = match path.split_once('-') {
        Some((segment, rest)) => (segment, condition::field(rest)),
        None => (*path, None),
    };
    let (field, component) = rest.map_or((None, None), |(field, part)| (Some(field), part));
    Ok(Ignored {
        segment,
        field,
        component,
        later: *kind == "later",
        reason,
    })
}
