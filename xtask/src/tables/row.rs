//! One row of the guide's table as one row of ours, or the reason why it is none.

use super::codes::{Vocabularies, Vocabulary};
use super::condition::{self, FieldTypes};
use super::corrections;
use super::datatype::{self, TypeTables, Wanted};
use super::definition::{Definitions, Spot};
use super::path::{self, Path, Step};

/// The columns of the guide's spreadsheets that we read.
const IDENTIFIER: usize = 1;
const DATA_TYPE: usize = 3;
const CONDITION: usize = 6;
const NARRATIVE: usize = 8;
const ATTRIBUTE: usize = 9;
const MAPPING: usize = 14;
const VOCABULARY: usize = 15;
const ASSIGNMENT: usize = 16;

/// Why a field that the guide maps to nothing has no row.
pub(super) const NO_ELEMENT: &str = "the guide names no element";

/// What all rows are read with.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) definitions: Definitions,
    pub(super) tables: TypeTables,
    pub(super) vocabularies: Vocabularies,
    pub(super) fields: FieldTypes,
}

/// A row of ours, its lists not yet labelled.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) number: usize,
    /// The field or part that the guide's row is about.
    pub(super) field: String,
    /// What makes a text stand there that nothing else guards: its field, or its segment.
    pub(super) guard: String,
    pub(super) from: String,
    pub(super) steps: Vec<Step>,
    pub(super) map: String,
    pub(super) when: String,
    pub(super) vocabulary: String,
}

impl Row {
    /// Says whether it is a text that stands in the table.
    pub(super) fn is_constant(&self) -> bool {
        self.from.starts_with('=')
    }
}

/// Reads a record of the guide; the reason if it cannot be a row of ours.
pub(super) fn read(
    context: &Context,
    root: &Spot,
    is_segment: bool,
    number: usize,
    record: &[String],
) -> Result<Row, &'static str> {
    let cell = |column: usize| record.get(column).map_or("", String::as_str);
    let field = field(cell(IDENTIFIER), is_segment);
    let attribute = corrections::path(cell(ATTRIBUTE));
    if attribute.is_empty() {
        return Err(NO_ELEMENT);
    }
    let attribute = match attribute.strip_prefix('$') {
        Some("value") if context.definitions.element(root, "value").is_none() => {
            return Err("a primitive, which a function writes");
        }
        Some("value") => "value".to_owned(),
        _ => attribute,
    };
    let when = if cell(CONDITION).is_empty() {
        corrections::prose(cell(NARRATIVE)).ok_or("a condition in prose")?
    } else {
        condition::translate(cell(CONDITION), &field, &context.fields)
            .ok_or("a condition that cannot be computed")?
    };
    if attribute == "$this" {
        return whole(context, root, is_segment, record, number, field, when);
    }
    // Some say the text beside the element.
    let (attribute, beside) = attribute.split_once('=').unwrap_or((&attribute, ""));
    let own = format!("{}.", root.name());
    let attribute = attribute
        .trim_start_matches("[1].")
        .trim_start_matches(&own);
    let attribute = corrections::beginning(root.name(), attribute);
    let mut path = path::resolve(&context.definitions, root, &attribute)?;
    if path.inner.is_none() && path.kind == "Reference" {
        path.inner = context.tables.resource(cell(MAPPING));
    }
    let mut assigned = assignment(if cell(ASSIGNMENT).is_empty() {
        beside
    } else {
        cell(ASSIGNMENT)
    })?;
    if path.inner.is_some() && !cell(MAPPING).is_empty() {
        // The text beside a reference stands in the wrong column.
        assigned = Assigned::Nothing;
    }
    if !is_segment && is_coding_system(&path, record) {
        assigned = Assigned::CodingSystem;
    }
    let mut when = when;
    if matches!(assigned, Assigned::Text(_)) && when == "@has-time" {
        // What it stands beside asks the same.
        when.clear();
    }
    let row = Row {
        number,
        from: match &assigned {
            Assigned::Text(text) => format!("={text}"),
            _ => field.clone(),
        },
        guard: guard(cell(IDENTIFIER), &field),
        field,
        map: String::new(),
        when,
        vocabulary: String::new(),
        steps: path.steps.clone(),
    };
    let wanted = Wanted {
        data_type: cell(DATA_TYPE),
        mapping: cell(MAPPING),
        element: path.steps.last().map_or("", |step| step.name.as_str()),
        kind: &path.kind,
        part: &path.part,
        vocabulary: false,
    };
    let vocabulary = context.vocabularies.find(cell(VOCABULARY));
    write(context, &path, &assigned, wanted, vocabulary, row)
}

/// Fills in how the value is written.
fn write(
    context: &Context,
    path: &Path,
    assigned: &Assigned,
    wanted: Wanted<'_>,
    vocabulary: Option<&Vocabulary>,
    mut row: Row,
) -> Result<Row, &'static str> {
    match (assigned, &path.inner) {
        (Assigned::Text(_), Some(_)) => return Err("part of another resource"),
        (Assigned::Text(_), None) => row.map = constant_map(path)?.to_owned(),
        (_, _) if row.from.is_empty() => return Err("no field"),
        (_, Some(inner)) => refer(context, path, inner, wanted, &mut row)?,
        (Assigned::CodingSystem, None) => row.map = "@coding-system".to_owned(),
        (Assigned::Nothing, None) => {
            let is_translated = path.kind == "boolean"
                || vocabulary.is_some_and(|known| !known.is_identity)
                    && path.kind == "code"
                    && !is_in_coding(path);
            row.map = datatype::map(
                &context.tables,
                Wanted {
                    vocabulary: is_translated,
                    ..wanted
                },
            )?;
            let takes = is_translated || !Definitions::is_primitive(&path.kind);
            if let Some(known) = vocabulary.filter(|_| takes) {
                row.vocabulary.clone_from(&known.file);
            }
        }
    }
    Ok(row)
}

/// A row whose data type's table writes into the same thing.
fn whole(
    context: &Context,
    root: &Spot,
    is_segment: bool,
    record: &[String],
    number: usize,
    field: String,
    when: String,
) -> Result<Row, &'static str> {
    let cell = |column: usize| record.get(column).map_or("", String::as_str);
    if is_segment {
        return Err("a data type that writes into the resource itself");
    }
    let map = datatype::map(
        &context.tables,
        Wanted {
            data_type: cell(DATA_TYPE),
            mapping: cell(MAPPING),
            element: "",
            kind: root.name(),
            part: "",
            vocabulary: false,
        },
    )?;
    let step = Step {
        name: "*".to_owned(),
        entry: None,
    };
    Ok(Row {
        number,
        from: field.clone(),
        guard: String::new(),
        field,
        steps: vec![step],
        map,
        when,
        vocabulary: String::new(),
    })
}

/// The third, sixth and twelfth part of a coded value name its coding systems.
fn is_coding_system(path: &Path, record: &[String]) -> bool {
    let part = record.get(IDENTIFIER).and_then(|name| name.split_once('.'));
    let is_coded = part.is_some_and(|(name, part)| {
        matches!(name, "CWE" | "CNE" | "CE" | "CF") && matches!(part, "3" | "6" | "12")
    });
    is_coded && path.steps.last().is_some_and(|step| step.name == "system")
}

/// A code beside its system says what was sent.
fn is_in_coding(path: &Path) -> bool {
    let names: Vec<&str> = path.steps.iter().map(|step| step.name.as_str()).collect();
    matches!(
        names.as_slice(),
        [
            ..,
            "coding" | "valueCoding" | "class" | "security" | "tag",
            "code"
        ]
    )
}

/// Writes what the guide says of a resource that is referred to.
fn refer(
    context: &Context,
    path: &Path,
    inner: &str,
    wanted: Wanted<'_>,
    row: &mut Row,
) -> Result<(), &'static str> {
    let (resource, rest) = innermost(inner);
    let known = context.tables.find(wanted.mapping);
    let data_type = known.map_or_else(|| wanted.data_type, |(data_type, _)| data_type);
    let target = known.map_or("", |(_, target)| target);
    if rest == Some("identifier") && path.kind == "Reference" {
        row.steps.push(Step {
            name: "identifier".to_owned(),
            entry: None,
        });
        let wanted = Wanted {
            data_type,
            mapping: wanted.mapping,
            element: "identifier",
            kind: "Identifier",
            part: "",
            vocabulary: false,
        };
        row.map = datatype::map(&context.tables, wanted)?;
        return Ok(());
    }
    let is_role = resource == "PractitionerRole" && rest == Some("practitioner");
    let resource = if is_role && target == "Practitioner" {
        target
    } else if rest.is_some() {
        return Err("part of another resource");
    } else {
        resource
    };
    if !path.targets.is_empty() && !path.targets.iter().any(|known| known == resource) {
        return Err("R4 does not refer to that resource here");
    }
    if wanted.mapping.is_empty() {
        "=".clone_into(&mut row.from);
        row.map = format!("^{resource}");
        if row.when.is_empty() {
            row.when.clone_from(&row.field);
        }
        return Ok(());
    }
    let stem = target.split('-').next().unwrap_or(target);
    if stem != resource {
        return Err("the data type's table is of another type");
    }
    row.map = format!("{data_type}>{target}");
    Ok(())
}

/// `PractitionerRole.practitioner(Practitioner)` is about a `Practitioner`; gives what of it, too.
fn innermost(inner: &str) -> (&str, Option<&str>) {
    let (resource, rest) = match inner.split_once('(') {
        Some((role, last)) if role.starts_with("PractitionerRole") => {
            return innermost(last.trim_end_matches(')'));
        }
        Some((resource, rest)) => (resource, Some(rest)),
        None => match inner.split_once('.') {
            Some((resource, rest)) => (resource, Some(rest)),
            None => (inner, None),
        },
    };
    let plain = |text: &'_ str| text.split('[').next().unwrap_or_default().len();
    let resource = resource.get(..plain(resource)).unwrap_or(resource);
    (
        resource,
        rest.map(|rest| rest.get(..plain(rest)).unwrap_or(rest)),
    )
}

enum Assigned {
    Nothing,
    Text(String),
    CodingSystem,
}

fn assignment(cell: &str) -> Result<Assigned, &'static str> {
    if cell.is_empty() || cell.contains("convert v2 date time") {
        return Ok(Assigned::Nothing);
    }
    if cell.contains("map HL7 code system") {
        return Ok(Assigned::CodingSystem);
    }
    let quoted = cell
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    if let Some(text) = quoted
        && !text.contains('"')
    {
        return Ok(Assigned::Text(corrections::text(text)));
    }
    if cell.starts_with("http") || cell.chars().all(|letter| letter.is_ascii_lowercase()) {
        return Ok(Assigned::Text(corrections::text(cell)));
    }
    Err(if cell.starts_with('/') || cell.starts_with('#') {
        "a rule in prose"
    } else {
        "a text put together from several parts"
    })
}

/// The map of a text that stands in the table.
fn constant_map(path: &Path) -> Result<&'static str, &'static str> {
    let is_url = path.steps.last().is_some_and(|step| step.name == "url");
    Ok(match path.kind.as_str() {
        "$String" if is_url => "uri",
        "code" => "code",
        "uri" | "url" | "canonical" | "oid" | "uuid" => "uri",
        "boolean" => "boolean",
        "string" | "$String" | "markdown" | "id" => "string",
        "integer" | "positiveInt" | "unsignedInt" => "integer",
        "decimal" => "decimal",
        _ => return Err("a text where R4 has another type"),
    })
}

/// Gives the element of the resource that a row writes into, if its value comes from the message: `agent[1]`.
pub(super) fn content_head(record: &[String]) -> Option<String> {
    let cell = |column: usize| record.get(column).map_or("", String::as_str);
    let attribute = corrections::path(cell(ATTRIBUTE));
    (!attribute.is_empty() && cell(ASSIGNMENT).is_empty()).then(|| head(&attribute))
}

fn head(attribute: &str) -> String {
    let end = attribute.find(['.', '(']).unwrap_or(attribute.len());
    let head = attribute.get(..end).unwrap_or(attribute);
    if head.contains('[') {
        head.to_owned()
    } else {
        format!("{head}[1]")
    }
}

fn guard(identifier: &str, field: &str) -> String {
    match field {
        "" if super::is_segment(identifier) => identifier.to_owned(),
        "." => String::new(),
        field => field.to_owned(),
    }
}

/// Writes a field as our tables do: `PID-3`, or `3` for a part of a data type, `.` for all of it.
fn field(identifier: &str, is_segment: bool) -> String {
    match (is_segment, identifier.split_once(['-', '.'])) {
        (true, Some((segment, field))) => format!("{segment}-{field}"),
        (true, None) => String::new(),
        (false, Some((_, part))) => part.to_owned(),
        (false, None) if identifier.is_empty() => String::new(),
        (false, None) => ".".to_owned(),
    }
}
