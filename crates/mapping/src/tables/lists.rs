//! The lists beside the tables of segments and data types: values of OBX-5, systems, units, events, what is left out.

use super::messages::MessageRow;
use super::overlay::File;
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
            self.ignored.push(read_ignored(&cells, place)?);
        }
        Ok(())
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
