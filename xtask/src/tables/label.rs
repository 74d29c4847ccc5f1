//! Which rows write into the same entry of a list, and what there is an entry for each of.

use std::collections::{BTreeMap, BTreeSet};

use super::row::Row;

/// All that is known of one entry, or of one object.
#[derive(Debug, Default)]
struct Entry {
    /// The fields whose values stand in it.
    fields: BTreeSet<String>,
    /// Fields of rows that fill all of it.
    whole: BTreeSet<String>,
    deeper: bool,
}

/// Writes the elements of all rows of a table, with the labels of their lists; fills in when a text is written.
pub(super) fn elements(rows: &mut [Row], segment: Option<&str>) -> Vec<String> {
    let keys = keys(rows);
    let mut entries: BTreeMap<&str, Entry> = BTreeMap::new();
    for (row, keys) in rows.iter().zip(&keys) {
        for (depth, key) in keys.iter().enumerate() {
            let entry = entries.entry(key).or_default();
            if !row.is_constant() && !row.field.is_empty() {
                entry.fields.insert(row.field.clone());
            }
            if depth + 1 < keys.len() {
                entry.deeper = true;
            } else {
                entry.whole.insert(row.field.clone());
            }
        }
    }
    let elements = rows
        .iter()
        .zip(&keys)
        .map(|(row, keys)| element(row, keys, &entries, segment))
        .collect();
    for (row, keys) in rows.iter_mut().zip(&keys) {
        let guarded = keys.iter().any(|key| {
            entries
                .get(key.as_str())
                .is_some_and(|entry| entry.fields.contains(&row.field))
        });
        if row.is_constant() && row.when.is_empty() && !guarded {
            row.when.clone_from(&row.guard);
        }
    }
    elements
}

/// The names of the entries and objects that each row goes through.
fn keys(rows: &[Row]) -> Vec<Vec<String>> {
    let mut keys: Vec<Vec<String>> = vec![Vec::new(); rows.len()];
    let deepest = rows.iter().map(|row| row.steps.len()).max().unwrap_or(0);
    for depth in 0..deepest {
        let plain: Vec<Option<String>> = rows
            .iter()
            .zip(&keys)
            .map(|(row, keys)| {
                let step = row.steps.get(depth)?;
                let parent = keys.last().map_or("", String::as_str);
                let entry = step.entry.as_deref().unwrap_or("");
                Some(format!("{parent}.{}[{entry}]", step.name))
            })
            .collect();
        let split: BTreeSet<&str> = plain
            .iter()
            .flatten()
            .map(String::as_str)
            .filter(|key| is_several(key, depth, rows, &plain))
            .collect();
        for ((row, keys), key) in rows.iter().zip(&mut keys).zip(&plain) {
            let Some(key) = key else { continue };
            keys.push(if split.contains(key.as_str()) {
                format!("{key}{}", row.field)
            } else {
                key.clone()
            });
        }
    }
    keys
}

/// Says whether the guide gave one number to several entries: extensions with other URLs, or values that each fill one.
fn is_several(key: &str, depth: usize, rows: &[Row], plain: &[Option<String>]) -> bool {
    let mut urls = BTreeSet::new();
    let mut whole = BTreeSet::new();
    let mut deeper = false;
    let same = rows
        .iter()
        .zip(plain)
        .filter(|(_, other)| other.as_deref() == Some(key));
    for (row, _) in same {
        let is_list = row
            .steps
            .get(depth)
            .is_some_and(|step| step.entry.is_some());
        match row.steps.get(depth + 1..) {
            Some([last]) if last.name == "url" && is_list => {
                urls.insert(row.from.as_str());
                deeper = true;
            }
            Some([]) if is_list => {
                whole.insert(row.field.as_str());
            }
            _ => deeper = true,
        }
    }
    urls.len() > 1 || (deeper && whole.len() > 1)
}

fn element(
    row: &Row,
    keys: &[String],
    entries: &BTreeMap<&str, Entry>,
    segment: Option<&str>,
) -> String {
    let mut text = String::new();
    let mut labels: Vec<String> = Vec::new();
    let none = Entry::default();
    for (depth, (step, key)) in row.steps.iter().zip(keys).enumerate() {
        let entry = entries.get(key.as_str()).unwrap_or(&none);
        if depth > 0 {
            text.push('.');
        }
        text.push_str(&step.name);
        let is_last = depth + 1 == row.steps.len();
        let is_table = row.map.contains('.');
        let joins = entry.deeper && (!is_last || is_table);
        if let Some(number) = &step.entry {
            let label = if joins {
                let number = if key.ends_with(']') {
                    number.clone()
                } else {
                    // One number of the guide's for several entries.
                    format!("{number}/{}", row.field)
                };
                label(entry, number, &labels, segment, depth)
            } else {
                String::new()
            };
            text.push('[');
            text.push_str(&label);
            text.push(']');
            labels.push(label);
        }
        if is_last && joins {
            text.push_str(".*");
        }
    }
    text
}

/// What there is an entry for each of: the field that fills it, else the segment; a number only holds rows together.
fn label(
    entry: &Entry,
    number: String,
    outer: &[String],
    segment: Option<&str>,
    depth: usize,
) -> String {
    let Some(segment) = segment else {
        return number;
    };
    let repeats = |field: &&String| !outer.contains(field) && is_field(field);
    if entry.whole.len() == 1
        && let Some(field) = entry.whole.iter().find(repeats)
    {
        return field.clone();
    }
    let mut fields = entry.fields.iter();
    match (fields.next(), fields.next()) {
        (Some(field), None) if repeats(&field) => field.clone(),
        (Some(_), Some(_)) if depth == 0 => segment.to_owned(),
        _ => number,
    }
}

/// A component is not repeated by itself.
fn is_field(field: &str) -> bool {
    field.contains('-') && !field.contains('.')
}
