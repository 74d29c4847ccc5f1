//! Which resources a message makes: one row for each kind, by the segment that it begins with.

use std::sync::LazyLock;

use super::condition::Condition;
use super::{Place, TableError, lines};

/// The kinds as built in.
pub(crate) static RESOURCES: LazyLock<Vec<ResourceRow>> =
    LazyLock::new(|| load().expect("a test loads the table that is built in"));

const FILE: &str = "makes.tsv";

/// One kind of resource, and when a message makes one.
#[derive(Debug)]
pub(crate) struct ResourceRow {
    /// The table that writes it: the resource type, and what tells apart two tables of one type (`Provenance-Source`).
    pub(crate) table: &'static str,
    /// The segment of which each makes one.
    pub(crate) anchor: &'static str,
    /// Its field of which each repetition makes one instead.
    pub(crate) field: Option<usize>,
    /// The structures that have it: names, with `*` at the end for all that begin so; after `!`, all but these.
    structures: Vec<&'static str>,
    /// The other segments that it is made of.
    pub(crate) with: Vec<With>,
    /// When it is made.
    pub(crate) when: Condition,
    /// What names it: the first valued field of each part.
    pub(crate) id: Vec<Vec<Name>>,
    /// The fields that say when it was true, the first valued one first.
    pub(crate) time: Vec<FieldName>,
    /// Whether it may be planned: a time that has not come when the message is made is none at which it was true.
    pub(crate) may_lie_ahead: bool,
    /// The fields that say when the source stored it.
    pub(crate) recorded: Vec<FieldName>,
    /// Whether it speaks of the message only, and not of a patient.
    pub(crate) of_message: bool,
    /// Whether the message only mentions it, so that nothing replaces what is known of it.
    pub(crate) is_mention: bool,
}

/// Other segments that a resource is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum With {
    /// `RXR`: of the anchor's own group.
    Own(&'static str),
    /// `^OBR`: the nearest one around it.
    Around(&'static str),
    /// `SPM*`: all of the group and of those inside it.
    Below(&'static str),
    /// `^DG1*`: all of the nearest group around it that has any.
    AllAround(&'static str),
    /// `TIMING/TQ1`: all of the groups of that name nearest to it; of several names (`A|B/TQ1`) the first that has any.
    Beside(&'static str, &'static str),
    /// `~NTE`: those that belong to the anchor or another segment of the resource.
    Following(&'static str),
}

/// A field, or a component of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldName {
    pub(crate) segment: &'static str,
    pub(crate) field: usize,
    pub(crate) component: Option<usize>,
}

impl FieldName {
    /// Names a whole field.
    pub(crate) const fn of(segment: &'static str, field: usize) -> Self {
        Self {
            segment,
            field,
            component: None,
        }
    }
}

/// The most parts that an id may be made of.
pub(crate) const ID_PARTS_MAX: usize = 6;

/// A part of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// What a field says.
    Field(FieldName),
    /// What a field says of another resource of the type, whose own number is in that field: `DG1-22=DG1-20`.
    Other(FieldName, FieldName),
    /// The time of the resource, to the second.
    Second,
    /// A rule of its own.
    Rule(&'static str),
}

impl Name {
    /// Says whether it names another resource.
    pub(crate) fn is_other(&self) -> bool {
        matches!(self, Self::Other(..))
    }
}

/// The rules that name what fields alone do not.
pub(crate) const RULES: [&str; 4] = ["@patient", "@visit", "@account", "@message"];

impl ResourceRow {
    /// Gives the resource type.
    pub(crate) fn resource(&self) -> &'static str {
        self.table.split('-').next().unwrap_or(self.table)
    }

    /// Says whether messages of a structure have it.
    pub(crate) fn is_in(&self, structure: &str) -> bool {
        let fits = |pattern: &&str| match pattern.strip_suffix('*') {
            Some(start) => structure.starts_with(start),
            None => structure == *pattern,
        };
        let but = |pattern: &str| pattern.strip_prefix('!').is_some_and(|one| fits(&one));
        let mut only = self
            .structures
            .iter()
            .filter(|pattern| !pattern.starts_with('!'))
            .peekable();
        (only.peek().is_none() || only.any(fits)) && !self.structures.iter().any(|one| but(one))
    }
}

/// Reads the file.
pub(crate) fn load() -> Result<Vec<ResourceRow>, TableError> {
    let text = include_str!("../../data/makes.tsv");
    lines(FILE, text)
        .map(|(place, cells)| read(&cells, place))
        .collect()
}

fn read(cells: &[&'static str], place: Place) -> Result<ResourceRow, TableError> {
    let [
        table,
        anchor,
        structures,
        with,
        when,
        id,
        time,
        recorded,
        scope,
    ] = cells
    else {
        return Err(place.error(format!(
            "a row has table, anchor, structures, with, when, id, time, recorded and scope, not {} cells",
            cells.len()
        )));
    };
    let (of_message, is_mention) = match *scope {
        "patient" => (false, false),
        "mention" => (false, true),
        "message" => (true, false),
        other => {
            return Err(place.error(format!(
                "`{other}` is no scope; write `patient`, `mention` or `message`"
            )));
        }
    };
    let split = |text: &'static str, by: char| {
        let words = text.split(by).map(str::trim);
        words.filter(|word| !word.is_empty())
    };
    let fields = |text| split(text, '|').map(|one| field_name(one, place));
    if split(id, ',').count() > ID_PARTS_MAX {
        return Err(place.error(format!("an id has {ID_PARTS_MAX} parts at most")));
    }
    let id = split(id, ',').map(|part| split(part, '|').map(|one| name(one, place)).collect());
    let (time, may_lie_ahead) = time
        .strip_prefix('~')
        .map_or((*time, false), |time| (time, true));
    let (anchor, field) = match anchor.split_once('-') {
        None => (*anchor, None),
        Some(_) => field_name(anchor, place).map(|name| (name.segment, Some(name.field)))?,
    };
    Ok(ResourceRow {
        table,
        anchor,
        field,
        structures: split(structures, ',').filter(|one| *one != "*").collect(),
        with: split(with, ' ').map(read_with).collect(),
        when: Condition::parse(when, place)?,
        id: id.collect::<Result<_, _>>()?,
        time: fields(time).collect::<Result<_, _>>()?,
        may_lie_ahead,
        recorded: fields(recorded).collect::<Result<_, _>>()?,
        of_message,
        is_mention,
    })
}

fn read_with(word: &'static str) -> With {
    if let Some((groups, name)) = word.split_once('/') {
        With::Beside(groups, name)
    } else if let Some(name) = word.strip_prefix('^') {
        name.strip_suffix('*')
            .map_or(With::Around(name), With::AllAround)
    } else if let Some(name) = word.strip_prefix('~') {
        With::Following(name)
    } else if let Some(name) = word.strip_suffix('*') {
        With::Below(name)
    } else {
        With::Own(word)
    }
}

fn name(text: &'static str, place: Place) -> Result<Name, TableError> {
    match text {
        "@second" => Ok(Name::Second),
        _ if RULES.contains(&text) => Ok(Name::Rule(text)),
        _ => match text.split_once('=') {
            Some((says, own)) => Ok(Name::Other(
                field_name(says, place)?,
                field_name(own, place)?,
            )),
            None => field_name(text, place).map(Name::Field),
        },
    }
}

fn field_name(text: &'static str, place: Place) -> Result<FieldName, TableError> {
    let read = || {
        let (segment, rest) = text.split_once('-')?;
        let (field, component) = super::condition::field(rest)?;
        Some(FieldName {
            segment,
            field,
            component,
        })
    };
    read().ok_or_else(|| place.error(format!("`{text}` is no field; write `OBR-3` or `OBR-3.1`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let place = Place {
            file: FILE,
            line: 7,
        };
        let row = |cells: &[&'static str]| read(cells, place).unwrap_err().to_string();
        let wrong = row(&["Task", "ORC", "*", "", "", "ORC", "", "", "patient"]);
        assert_eq!(
            wrong,
            "makes.tsv, line 7: `ORC` is no field; write `OBR-3` or `OBR-3.1`"
        );
        let wrong = row(&["Task", "ORC", "*", "", "", "", "", "", "all"]);
        assert_eq!(
            wrong,
            "makes.tsv, line 7: `all` is no scope; write `patient`, `mention` or `message`"
        );
    }

    #[test]
    fn structures_are_named_or_left_out() {
        let place = Place {
            file: FILE,
            line: 1,
        };
        let row = |structures| {
            read(
                &["Task", "ORC", structures, "", "", "", "", "", "patient"],
                place,
            )
            .unwrap()
        };
        let fits = |structures| ["ORU_R01", "ORM_O01"].map(|name| row(structures).is_in(name));
        assert_eq!(fits("*"), [true, true]);
        assert_eq!(fits("ORU_*,OUL_*"), [true, false]);
        assert_eq!(fits("!ORU_*"), [false, true]);
    }
}
