//! The outbound tables: which element of a resource fills which field, read once from the files under `data/outbound`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::files;
use super::path::{Condition, Path};

/// The tables as built in.
pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    Tables::load()
        .unwrap_or_else(|problem| panic!("a test loads the tables that are built in: {problem}"))
});

/// All outbound tables.
#[derive(Debug, Default)]
pub(super) struct Tables {
    tables: BTreeMap<&'static str, Vec<Row>>,
    codes: Vec<CodeRow>,
    /// The names of coding systems, by their URI.
    systems: BTreeMap<&'static str, &'static str>,
    /// What goes into notes: resource, path, words before it.
    notes: Vec<NoteRow>,
    ignored: Vec<IgnoredRow>,
}

/// One decision: what fills a field, or a part of a data type.
#[derive(Debug)]
pub(super) struct Row {
    /// The field of a segment, or the component of a data type.
    pub(super) to: usize,
    /// The component of the field, or the subcomponent of the component.
    pub(super) part: Option<usize>,
    pub(super) repeats: bool,
    pub(super) from: From,
    pub(super) map: Map,
    pub(super) when: Condition,
    pub(super) vocabulary: &'static str,
}

/// What a row reads.
#[derive(Debug)]
pub(super) enum From {
    Constant(&'static str),
    Path(Path),
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Map {
    /// A function by its name.
    Primitive(&'static str),
    /// The table of a data type.
    Table(&'static str),
    /// The table of a data type, applied to the resource of a type that a reference leads to.
    Reference {
        data_type: &'static str,
        target: &'static str,
    },
}

#[derive(Debug)]
struct CodeRow {
    table: &'static str,
    system: &'static str,
    code: &'static str,
    v2: &'static str,
}

/// What goes into a note.
#[derive(Debug)]
pub(super) struct NoteRow {
    pub(super) resource: &'static str,
    pub(super) path: Path,
    pub(super) words: &'static str,
}

#[derive(Debug)]
struct IgnoredRow {
    resource: &'static str,
    path: &'static str,
}

/// The functions that rows may name.
const PRIMITIVES: [&str; 17] = [
    "@organizations",
    "string",
    "said",
    "formatted",
    "joined",
    "words",
    "code",
    "simple",
    "date-time",
    "coding-system",
    "authority",
    "entity-authority",
    "location",
    "@value",
    "@attachment",
    "@range",
    "@unit",
];

impl Tables {
    /// Reads all files.
    pub(super) fn load() -> Result<Self, String> {
        let mut tables = Self::default();
        for (file, text) in files::TABLES.iter().copied() {
            let rows = lines(file, text).map(|(place, cells)| {
                Row::read(&cells).map_err(|problem| format!("{place}: {problem}"))
            });
            tables.tables.insert(file, rows.collect::<Result<_, _>>()?);
        }
        for (place, cells) in lines("codes", files::CODES) {
            let [table, system, code, v2] = cells.as_slice() else {
                return Err(format!(
                    "{place}: a row has table, system, code and HL7 code"
                ));
            };
            tables.codes.push(CodeRow {
                table,
                system,
                code,
                v2,
            });
        }
        for (place, cells) in lines("systems", files::SYSTEMS) {
            let [uri, name] = cells.as_slice() else {
                return Err(format!("{place}: a row has the URI and the name"));
            };
            tables.systems.insert(uri, name);
        }
        for (place, cells) in lines("notes", files::NOTES) {
            let [resource, path, words] = cells.as_slice() else {
                return Err(format!("{place}: a row has resource, path and words"));
            };
            let path = Path::parse(path).map_err(|problem| format!("{place}: {problem}"))?;
            tables.notes.push(NoteRow {
                resource,
                path,
                words,
            });
        }
        for (place, cells) in lines("ignored", files::IGNORED) {
            let [resource, path, _reason] = cells.as_slice() else {
                return Err(format!("{place}: a row has resource, path and reason"));
            };
            tables.ignored.push(IgnoredRow { resource, path });
        }
        tables.check()?;
        Ok(tables)
    }

    /// A row that names what is not there would be silent.
    fn check(&self) -> Result<(), String> {
        for (file, rows) in &self.tables {
            for row in rows {
                let known = match row.map {
                    Map::Primitive(name) => PRIMITIVES.contains(&name),
                    Map::Table(table) => self.tables.contains_key(table),
                    Map::Reference { data_type, target } => {
                        let table = format!("{data_type}.{target}");
                        self.tables.contains_key(table.as_str())
                    }
                };
                if !known {
                    return Err(format!("{file}: nothing is called {:?}", row.map));
                }
                let coded = matches!(row.map, Map::Primitive("code" | "simple"));
                if coded && !self.codes.iter().any(|code| code.table == row.vocabulary) {
                    return Err(format!("{file}: no codes of `{}`", row.vocabulary));
                }
            }
        }
        Ok(())
    }

    /// Gives the rows of a segment or data type.
    pub(super) fn rows(&self, name: &str) -> &[Row] {
        self.tables.get(name).map_or(&[], Vec::as_slice)
    }

    /// Finds the HL7 code for a code of a system; `*` stands for all codes, which are then the same.
    pub(super) fn code<'c>(&self, table: &str, system: &str, code: &'c str) -> Option<&'c str> {
        let rows = self
            .codes
            .iter()
            .filter(|row| row.table == table && (row.system == system || row.system.is_empty()));
        for row in rows {
            if row.code == code {
                return Some(row.v2);
            }
            if row.code == "*" {
                return Some(code);
            }
        }
        None
    }

    /// Gives the name of a coding system by its URI.
    pub(super) fn system(&self, uri: &str) -> Option<&'static str> {
        self.systems.get(uri).copied()
    }

    /// Gives what goes into the notes of a resource.
    pub(super) fn notes(&self, resource: &str) -> impl Iterator<Item = &NoteRow> {
        let resource = resource.to_owned();
        self.notes
            .iter()
            .filter(move |row| row.resource == resource)
    }

    /// Reports whether an element is left out for a stated reason.
    pub(super) fn ignores(&self, resource: &str, path: &str) -> bool {
        self.ignored.iter().any(|row| {
            let under = || {
                let rest = path.strip_prefix(row.path)?;
                Some(rest.is_empty() || rest.starts_with('.'))
            };
            let anywhere = || {
                let name = row.path.strip_prefix("**.")?;
                Some(path.split('.').any(|step| step == name))
            };
            (row.resource == "*" || row.resource == resource)
                && (under().unwrap_or(false) || anywhere().unwrap_or(false))
        })
    }
}

impl Row {
    /// Reads `to`, `from`, `map`, `when`, `vocabulary`, `guide`.
    fn read(cells: &[&'static str]) -> Result<Self, String> {
        let cell = |number: usize| cells.get(number).copied().unwrap_or_default();
        let to = cell(0).split('-').next_back().unwrap_or_default();
        let (to, repeats) = match to.strip_suffix("[]") {
            Some(to) => (to, true),
            None => (to, false),
        };
        let (to, part) = to
            .split_once('.')
            .map_or((to, None), |(to, part)| (to, Some(part)));
        let number = |text: &str| {
            text.parse::<usize>()
                .map_err(|_| format!("`{text}` is no number"))
        };
        let from = match cell(1).strip_prefix('=') {
            Some(text) => From::Constant(text),
            None => From::Path(Path::parse(cell(1))?),
        };
        let map = match cell(2) {
            "" => Map::Primitive("string"),
            name => match name.split_once('<') {
                Some((data_type, target)) => Map::Reference { data_type, target },
                None if name.starts_with(|c: char| c.is_ascii_uppercase()) => Map::Table(name),
                None => Map::Primitive(name),
            },
        };
        Ok(Self {
            to: number(to)?,
            part: part.map(number).transpose()?,
            repeats,
            from,
            map,
            when: Condition::parse(cell(3))?,
            vocabulary: cell(4),
        })
    }
}

/// Goes through the lines of a file: where each is, and its cells.
fn lines(
    file: &'static str,
    text: &'static str,
) -> impl Iterator<Item = (String, Vec<&'static str>)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(move |(index, line)| {
            let cells = line.split('\t').map(str::trim).collect();
            (format!("outbound/{file}.tsv, line {}", index + 1), cells)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tables_load() {
        assert_eq!(Tables::load().map(|_| ()), Ok(()));
    }
}
