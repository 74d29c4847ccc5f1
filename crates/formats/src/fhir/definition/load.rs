//! Reads the definitions from their files; a mistake names the file and the line.

use super::{CodeList, Content, Index, Kind, Member, NO_LIST, Part, Primitive, Rule, Tables};

const ELEMENTS: (&str, &str) = (
    "data/fhir/elements.tsv",
    include_str!("../../../data/fhir/elements.tsv"),
);

const CODES: (&str, &str) = (
    "data/fhir/codes.tsv",
    include_str!("../../../data/fhir/codes.tsv"),
);

const INVARIANTS: (&str, &str) = (
    "data/fhir/invariants.tsv",
    include_str!("../../../data/fhir/invariants.tsv"),
);

/// How many elements a part may have: the bits of a set.
const ELEMENTS_MAX: u8 = 64;

/// A mistake in a file of definitions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {problem}")]
pub(crate) struct LoadError {
    file: &'static str,
    line: usize,
    problem: String,
}

/// A part as it is written: where its own elements begin.
struct Written {
    name: &'static str,
    kind: Kind,
    base: &'static str,
    own: std::ops::Range<usize>,
}

/// An element as it is written.
#[derive(Clone, Copy)]
struct Row {
    file: &'static str,
    line: usize,
    columns: [&'static str; 6],
}

impl Tables {
    /// Reads the files that are built in.
    pub(super) fn load() -> Result<Self, LoadError> {
        let mut tables = Self {
            parts: Vec::new(),
            members: Vec::with_capacity(9_000),
            targets: Vec::with_capacity(2_500),
            lists: lists()?,
            rules: Vec::new(),
            index: Index::default(),
            names: Index::default(),
        };
        let (written, rows) = written()?;
        tables.name_parts(&written);
        for (number, part) in written.iter().enumerate() {
            tables.add_part(number, part, &written, &rows)?;
        }
        tables.index = Index::new(tables.parts.iter().flat_map(|part| {
            let members = tables.members_of(part).iter().zip(part.first_member..);
            members.map(|(member, number)| (part.number, member.name, number))
        }));
        tables.add_rules()?;
        Ok(tables)
    }

    /// Gives every part its number, so that they can name each other.
    fn name_parts(&mut self, written: &[Written]) {
        self.parts = (0..)
            .zip(written)
            .map(|(number, part)| Part {
                name: part.name,
                kind: part.kind,
                number,
                first_member: 0,
                members: 0,
                required: 0,
                first_rule: 0,
                rules: 0,
            })
            .collect();
        let names = self.parts.iter().map(|part| (0, part.name, part.number));
        self.names = Index::new(names);
    }

    fn add_part(
        &mut self,
        number: usize,
        part: &Written,
        all: &[Written],
        rows: &[Row],
    ) -> Result<(), LoadError> {
        let first = self.members.len();
        if part.kind == Kind::Resource {
            self.members.push(Member {
                name: "resourceType",
                content: Content::ResourceType,
                ..blank(0)
            });
        }
        let mut elements = u8::from(part.kind == Kind::Resource);
        self.add_elements(part, all, rows, &mut elements)?;
        let members = self.members.get(first..).unwrap_or_default();
        let required = members.iter().filter(|member| member.required);
        let required = required.fold(0, |bits, member| bits | 1_u64 << member.element);
        let count = members.len();
        if let Some(own) = self.parts.get_mut(number) {
            own.first_member = small(first);
            own.members = small(count);
            own.required = required;
        }
        Ok(())
    }

    /// Adds what a part inherits, then what is its own.
    fn add_elements(
        &mut self,
        part: &Written,
        all: &[Written],
        rows: &[Row],
        elements: &mut u8,
    ) -> Result<(), LoadError> {
        if let Some(base) = all.iter().find(|base| base.name == part.base) {
            self.add_elements(base, all, rows, elements)?;
        }
        for row in rows.get(part.own.clone()).unwrap_or_default() {
            if *elements == ELEMENTS_MAX {
                return Err(row.error(format!("more than {ELEMENTS_MAX} elements")));
            }
            self.add_element(row, *elements)?;
            *elements += 1;
        }
        Ok(())
    }

    fn add_element(&mut self, row: &Row, element: u8) -> Result<(), LoadError> {
        let [_, name, often, types, list, _] = row.columns;
        let stem = name.strip_suffix("[x]");
        let list = match list {
            "" => None,
            list => self.lists.iter().position(|known| known.name == list),
        };
        for written in types.split(',') {
            let (name_of_type, targets) = match written.split_once('(') {
                Some((name, targets)) => (name, targets.trim_end_matches(')')),
                None => (written, ""),
            };
            let content = self.content(name_of_type);
            let content =
                content.ok_or_else(|| row.error(format!("`{name_of_type}` is no type")))?;
            let first_target = self.targets.len();
            let resources = targets.split('|').filter_map(|name| self.resource(name));
            let resources: Vec<u16> = resources.map(|part| part.number).collect();
            self.targets.extend(&resources);
            self.members.push(Member {
                name: stem.map_or(name, |stem| chosen(stem, name_of_type)),
                repeats: matches!(often, "*" | "+"),
                required: matches!(often, "1" | "+"),
                choice: stem.is_some(),
                content,
                list: list.map_or(NO_LIST, small),
                first_target: small(first_target),
                targets: small(resources.len()),
                ..blank(element)
            });
        }
        Ok(())
    }

    fn content(&self, name: &str) -> Option<Content> {
        match name {
            "Resource" => Some(Content::Resource),
            name => Primitive::parse(name)
                .map(Content::Primitive)
                .or_else(|| Some(Content::Part(self.part_named(name)?.number))),
        }
    }

    /// Adds the invariants, one rule a clause, those of one part together.
    fn add_rules(&mut self) -> Result<(), LoadError> {
        let mut found = Vec::new();
        for row in rows(INVARIANTS) {
            let [name, key, clauses, advice, ..] = row.columns;
            let part = self.part_named(name);
            let part = part.ok_or_else(|| row.error(format!("`{name}` is no type")))?;
            for clause in clauses.split('&') {
                let (mut there, mut absent) = (0, 0);
                for term in clause.trim().split('|') {
                    let (wanted, element) = match term.strip_prefix('!') {
                        Some(element) => (&mut absent, element),
                        None => (&mut there, term),
                    };
                    let bit = self.bit(part, element);
                    *wanted |=
                        bit.ok_or_else(|| row.error(format!("`{element}` is no element")))?;
                }
                found.push((
                    part.number,
                    Rule {
                        key,
                        advice,
                        there,
                        absent,
                    },
                ));
            }
        }
        found.sort_by_key(|(part, _)| *part);
        for (first, (part, rule)) in found.into_iter().enumerate() {
            if let Some(part) = self.parts.get_mut(usize::from(part)) {
                if part.rules == 0 {
                    part.first_rule = small(first);
                }
                part.rules += 1;
            }
            self.rules.push(rule);
        }
        Ok(())
    }

    /// The bit of an element of a part, by its name as defined.
    fn bit(&self, part: &Part, name: &str) -> Option<u64> {
        let members = self.members_of(part);
        let found = match name.strip_suffix("[x]") {
            Some(stem) => members
                .iter()
                .find(|member| member.choice && member.name.starts_with(stem)),
            None => members.iter().find(|member| member.name == name),
        };
        found.map(|member| 1 << member.element)
    }
}

impl Row {
    fn error(&self, problem: String) -> LoadError {
        let Self { file, line, .. } = *self;
        LoadError {
            file,
            line,
            problem,
        }
    }
}

/// A member with nothing said of it yet.
const fn blank(element: u8) -> Member {
    Member {
        name: "",
        element,
        repeats: false,
        required: false,
        choice: false,
        content: Content::Resource,
        list: NO_LIST,
        first_target: 0,
        targets: 0,
    }
}

/// The name of a choice in the form of one type: `valueQuantity`.
fn chosen(stem: &str, name_of_type: &str) -> &'static str {
    let mut letters = name_of_type.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let name = stem.chars().chain(first).chain(letters);
    // The tables are made once and last as long as the program.
    name.collect::<String>().leak()
}

fn written() -> Result<(Vec<Written>, Vec<Row>), LoadError> {
    let mut parts: Vec<Written> = Vec::with_capacity(700);
    let mut elements = Vec::with_capacity(4_500);
    for row in rows(ELEMENTS) {
        let [name, kind, base, ..] = row.columns;
        if name.is_empty() {
            elements.push(row);
            let part = parts.last_mut();
            let part = part.ok_or_else(|| row.error("an element of no type".to_owned()))?;
            part.own.end = elements.len();
        } else {
            let kind = match kind {
                "resource" => Kind::Resource,
                "type" => Kind::Type,
                "part" => Kind::Part,
                other => return Err(row.error(format!("`{other}` is no kind of type"))),
            };
            let own = elements.len()..elements.len();
            parts.push(Written {
                name,
                kind,
                base,
                own,
            });
        }
    }
    Ok((parts, elements))
}

fn lists() -> Result<Vec<CodeList>, LoadError> {
    let lists = rows(CODES).map(|row| {
        let [name, system, codes, ..] = row.columns;
        let codes: Vec<&str> = codes.split(' ').collect();
        if !codes.is_sorted() {
            return Err(row.error("the codes are not in byte order".to_owned()));
        }
        Ok(CodeList {
            name,
            system,
            codes,
        })
    });
    lists.collect()
}

/// The lines of a file that say something, in columns.
fn rows((file, text): (&'static str, &'static str)) -> impl Iterator<Item = Row> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, text)| !text.starts_with('#') && !text.is_empty());
    lines.map(move |(line, text)| {
        let mut columns = [""; 6];
        for (column, text) in columns.iter_mut().zip(text.split('\t')) {
            *column = text;
        }
        Row {
            file,
            line,
            columns,
        }
    })
}

/// A number of a table of fewer than 65,536 rows.
fn small(number: usize) -> u16 {
    u16::try_from(number).expect("FHIR R4 defines fewer than 65,536 of anything")
}
