//! Reads the table whose entries are another program's settings: any name, words as values.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::{FREE, Problem, Reader, find, line};

impl Reader<'_> {
    /// The settings of that table by their names. A dot outside quotes is a dot of the name, too.
    pub(crate) fn free(&mut self) -> BTreeMap<String, String> {
        let mut settings = BTreeMap::new();
        if let Some(table) = find(&self.written, FREE) {
            gather(table, "", self.text, &mut settings, &mut self.problems);
        }
        settings
    }

    /// Says that one of these settings cannot be.
    pub(crate) fn refuse_free(&mut self, name: &str, what: &str, hint: &str) {
        let at = find(&self.written, FREE).and_then(|table| place(table, name));
        self.problems.push(Problem {
            line: at.map_or(0, |at| line(self.text, at)),
            what: format!("{FREE} {what}"),
            hint: hint.into(),
        });
    }
}

fn gather(
    table: &DeTable<'_>,
    before: &str,
    text: &str,
    settings: &mut BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    for (key, value) in table {
        let name = format!("{before}{}", key.get_ref());
        match value.get_ref() {
            DeValue::String(words) => {
                settings.insert(name, words.to_string());
            }
            DeValue::Table(inner) => {
                gather(inner, &format!("{name}."), text, settings, problems);
            }
            _ => problems.push(Problem {
                line: line(text, value.span().start),
                what: format!("{FREE}.{name} is not what it should be"),
                hint: "give words in quotes, numbers too".into(),
            }),
        }
    }
}

/// Where a setting is written, if it is.
fn place(table: &DeTable<'_>, name: &str) -> Option<usize> {
    table.iter().find_map(|(key, value)| {
        let rest = name.strip_prefix(key.get_ref().as_ref())?;
        match value.get_ref().as_table() {
            Some(inner) => place(inner, rest.strip_prefix('.')?),
            None => rest.is_empty().then_some(key.span().start),
        }
    })
}
