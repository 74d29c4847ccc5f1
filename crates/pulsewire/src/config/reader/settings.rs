//! The settings of tables as they were written, beside their defaults and what the defaults say of them: to be shown.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Reader, find, template};
use crate::config::DEFAULTS;

/// A setting as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its table, such as `workloads.sepsis`.
    pub(crate) table: String,
    /// Its name in the table.
    pub(crate) key: String,
    /// What holds here.
    pub(crate) here: String,
    /// What holds where nothing is written.
    pub(crate) default: String,
    /// What the defaults say of it; may be empty.
    pub(crate) about: String,
}

impl Reader<'_> {
    /// Gives all settings of the tables in a table.
    pub(in crate::config) fn settings(&self, under: &str) -> Vec<Setting> {
        let Some(tables) = find(&self.defaults, under) else {
            return Vec::new();
        };
        let tables = tables.iter().filter_map(|(name, table)| {
            let table = table.get_ref().as_table()?;
            Some((format!("{under}.{}", name.get_ref()), table))
        });
        let settings = tables.flat_map(|(name, table)| self.of_table(&name, table));
        settings.collect()
    }

    /// Whether a setting was written, and is not what it is by default.
    pub(in crate::config) fn is_changed(&self, table: &str, key: &str) -> bool {
        let written = find(&self.written, table).and_then(|found| found.get(key));
        let default = find(&self.defaults, &template(table)).and_then(|found| found.get(key));
        let said = |value: &Spanned<DeValue<'_>>| words(value.get_ref());
        written.is_some_and(|written| Some(said(written)) != default.map(said))
    }

    fn of_table(&self, name: &str, table: &DeTable<'_>) -> Vec<Setting> {
        let written = find(&self.written, name);
        let mut settings: Vec<(usize, Setting)> = table
            .iter()
            .map(|(key, value)| {
                let here = written.and_then(|table| table.get(key.get_ref().as_ref()));
                let default = words(value.get_ref());
                let setting = Setting {
                    table: name.to_owned(),
                    key: key.get_ref().to_string(),
                    here: here.map_or_else(|| default.clone(), |here| words(here.get_ref())),
                    default,
                    about: about(key.span().start),
                };
                (key.span().start, setting)
            })
            .collect();
        settings.sort_by_key(|(place, _)| *place);
        settings.into_iter().map(|(_, setting)| setting).collect()
    }
}

/// A value as one writes it, without quotes.
fn words(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(is_on) => is_on.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        DeValue::Array(values) => {
            let values = values.iter().map(|value| words(value.get_ref()));
            values.collect::<Vec<_>>().join(", ")
        }
        DeValue::Table(_) => String::new(),
    }
}

/// The comment right above a place in the defaults, as one line.
fn about(place: usize) -> String {
    let before = DEFAULTS.get(..place).unwrap_or_default();
    let mut lines: Vec<&str> = before
        .trim_end_matches(|c| c != '\n')
        .lines()
        .rev()
        .map_while(|line| line.strip_prefix('#'))
        .map(str::trim)
        .collect();
    lines.reverse();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use crate::config::parse;

    #[test]
    fn what_holds_stands_beside_its_default_and_what_it_is_for() {
        let text = "[workloads.deterioration]\ncomplete_within = \"30m\"\n";
        let config = parse(text).expect("the setting exists");
        let settings = config.workloads.settings.iter();
        let own: Vec<_> = settings
            .filter(|setting| setting.table == "workloads.deterioration")
            .map(|setting| (&*setting.key, &*setting.here, &*setting.default))
            .collect();
        let expected = [
            ("enabled", "true", "true"),
            ("complete_within", "30m", "60m"),
        ];
        assert_eq!(own, expected);
        let about = config.workloads.settings.iter();
        let about = about.filter(|setting| setting.key == "complete_within");
        let about: Vec<_> = about.map(|setting| &*setting.about).collect();
        assert_eq!(
            about,
            ["The seven NEWS2 parameters count as one set within this, 75 minutes at most."]
        );
    }
}
