//! Reads settings by name from what was written and, where nothing was, from the defaults; keeps all mistakes.

mod codes;
mod free;
mod paths;
mod settings;

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use clinical::Severity;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(crate) use settings::Setting;

use super::value;

/// Tables whose entries are named by the user, and the entry of the defaults that says what they may hold.
const NAMED: [(&str, &str); 6] = [
    ("source", "default"),
    ("subscription", "default"),
    ("files", "default"),
    ("delivery", "console"),
    ("validation", "default"),
    ("plausibility", "default"),
];

/// The table whose entries somebody else names: they are read by [`Reader::free`].
pub(super) const FREE: &str = "kafka.override";

/// A mistake in a configuration, where it is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Counted from 1; 0 where the file as a whole is meant.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) hint: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{}\n    hint: {}", self.what, self.hint)
    }
}

/// What was written, what the defaults are, and what is wrong so far.
pub(crate) struct Reader<'a> {
    defaults: DeTable<'a>,
    written: DeTable<'a>,
    text: &'a str,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    looks_at_files: bool,
    read: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    /// Takes the defaults and what was written; text that is no TOML at all ends here.
    pub(crate) fn new(defaults: &'a str, text: &'a str) -> Result<Self, Vec<Problem>> {
        let defaults = DeTable::parse(defaults)
            .expect("the defaults are TOML")
            .into_inner();
        let written = DeTable::parse(text).map_err(|error| {
            vec![Problem {
                line: error.span().map_or(0, |span| line(text, span.start)),
                what: format!("this is not TOML: {}{}", error.message(), twice(&error, text)),
                hint: "tables stand in [brackets], settings are `name = value`, words stand in \"quotes\"".into(),
            }]
        })?;
        let mut reader = Self {
            defaults,
            written: written.into_inner(),
            text,
            problems: Vec::new(),
            warnings: Vec::new(),
            looks_at_files: false,
            read: BTreeSet::new(),
        };
        reader.find_unknown();
        Ok(reader)
    }

    /// Misses files that are named and that there are not.
    pub(crate) fn look_at_files(&mut self) {
        self.looks_at_files = true;
    }

    /// Gives what is hardly meant, or all mistakes.
    pub(crate) fn finish(mut self) -> Result<Vec<Problem>, Vec<Problem>> {
        self.problems.sort_by_key(|problem| problem.line);
        self.warnings.sort_by_key(|problem| problem.line);
        if self.problems.is_empty() {
            Ok(self.warnings)
        } else {
            Err(self.problems)
        }
    }

    /// The names under a table whose entries the user names, the default's included.
    pub(crate) fn named(&self, table: &str) -> Vec<String> {
        let mut names = BTreeSet::new();
        for from in [&self.defaults, &self.written] {
            let entries = from.get(table).and_then(|value| value.get_ref().as_table());
            names.extend(
                entries
                    .into_iter()
                    .flat_map(|entries| entries.keys().map(|name| name.get_ref().to_string())),
            );
        }
        names.into_iter().collect()
    }

    pub(crate) fn text(&mut self, table: &str, key: &str) -> String {
        self.get(table, key, "words in quotes", |value| {
            value.as_str().map(str::to_owned)
        })
        .unwrap_or_default()
    }

    /// Words that mean something.
    pub(crate) fn text_as(
        &mut self,
        table: &str,
        key: &str,
        form: &str,
        means: impl Fn(&str) -> bool,
    ) -> String {
        let read =
            |value: &DeValue<'_>| value.as_str().filter(|text| means(text)).map(str::to_owned);
        self.get(table, key, form, read).unwrap_or_default()
    }

    /// Words with commas between them.
    pub(crate) fn words(&mut self, table: &str, key: &str) -> Vec<String> {
        let text = self.text(table, key);
        let words = text.split(',').map(str::trim);
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A list of what is called how: `"name = word"`.
    pub(crate) fn pairs(&mut self, table: &str, key: &str) -> Vec<(String, String)> {
        let form = "a list such as [\"http://hospital.example/mrn = EAST\"]";
        let pair = |value: &Spanned<DeValue<'_>>| {
            let (name, word) = value.get_ref().as_str()?.rsplit_once('=')?;
            let (name, word) = (name.trim(), word.trim());
            let both = !name.is_empty() && !word.is_empty();
            both.then(|| (name.to_owned(), word.to_owned()))
        };
        self.get(table, key, form, |value| {
            value.as_array()?.iter().map(pair).collect()
        })
        .unwrap_or_default()
    }

    pub(crate) fn switch(&mut self, table: &str, key: &str) -> bool {
        self.get(table, key, "true or false", |value| value.as_bool())
            .unwrap_or_default()
    }

    pub(crate) fn duration(&mut self, table: &str, key: &str) -> Duration {
        let form = "a duration such as \"500ms\", \"30s\", \"10m\", \"12h\" or \"7d\"";
        self.get(table, key, form, |value| value::duration(value.as_str()?))
            .unwrap_or_default()
    }

    /// A duration that is no shorter than `least`.
    pub(crate) fn duration_from(&mut self, table: &str, key: &str, least: Duration) -> Duration {
        let least_said = value::said(least);
        let form = format!("a duration of at least \"{least_said}\", in ms, s, m, h or d");
        let read =
            |value: &DeValue<'_>| value::duration(value.as_str()?).filter(|span| *span >= least);
        self.get(table, key, &form, read).unwrap_or_default()
    }

    /// A duration that is neither shorter nor longer than what can work.
    pub(crate) fn duration_between(
        &mut self,
        table: &str,
        key: &str,
        least: Duration,
        most: Duration,
    ) -> Duration {
        let form = format!(
            "a duration from \"{}s\" to \"{}s\"",
            least.as_secs(),
            most.as_secs()
        );
        let read = |value: &DeValue<'_>| {
            value::duration(value.as_str()?).filter(|span| (least..=most).contains(span))
        };
        self.get(table, key, &form, read).unwrap_or_default()
    }

    /// A size that can work.
    pub(crate) fn size_between(&mut self, table: &str, key: &str, least: u64, most: u64) -> u64 {
        let form = format!("a size from {} KiB to {} MiB", least >> 10, most >> 20);
        let read = |value: &DeValue<'_>| {
            value::size(value.as_str()?).filter(|size| (least..=most).contains(size))
        };
        self.get(table, key, &form, read).unwrap_or_default()
    }

    pub(crate) fn size(&mut self, table: &str, key: &str) -> u64 {
        let form = "a size such as \"64KiB\", \"16MiB\" or \"1GiB\"";
        self.get(table, key, form, |value| value::size(value.as_str()?))
            .unwrap_or_default()
    }

    pub(crate) fn address(&mut self, table: &str, key: &str) -> SocketAddr {
        let form = "an address with a port such as \"127.0.0.1:2575\"";
        let none = SocketAddr::from(([127, 0, 0, 1], 0));
        self.get(table, key, form, |value| value.as_str()?.parse().ok())
            .unwrap_or(none)
    }

    /// An address, or nothing where it is empty.
    pub(crate) fn optional_address(&mut self, table: &str, key: &str) -> Option<SocketAddr> {
        let form = "an address with a port such as \"127.0.0.1:8090\", or \"\" for none";
        self.get(table, key, form, |value| match value.as_str()? {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        })
        .unwrap_or_default()
    }

    pub(crate) fn severity(&mut self, table: &str, key: &str) -> Severity {
        let form = "one of \"none\", \"low\", \"medium\", \"high\", \"critical\"";
        self.get(table, key, form, |value| Severity::parse(value.as_str()?))
            .unwrap_or(Severity::None)
    }

    pub(crate) fn one_of(&mut self, table: &str, key: &str, words: &[&str]) -> String {
        let form = format!(
            "one of {}",
            words
                .iter()
                .map(|word| format!("\"{word}\""))
                .collect::<Vec<_>>()
                .join(", ")
        );
        self.get(table, key, &form, |value| {
            value
                .as_str()
                .filter(|word| words.contains(word))
                .map(str::to_owned)
        })
        .unwrap_or_default()
    }

    pub(crate) fn count(&mut self, table: &str, key: &str, least: usize, most: usize) -> usize {
        let form = format!("a number from {least} to {most}");
        let read = |value: &DeValue<'_>| {
            let number = value.as_integer()?;
            let count = usize::from_str_radix(number.as_str(), number.radix()).ok()?;
            (least..=most).contains(&count).then_some(count)
        };
        self.get(table, key, &form, read).unwrap_or(least)
    }

    /// Says that a setting, though well formed, cannot be.
    pub(crate) fn refuse(&mut self, table: &str, key: &str, what: &str, hint: &str) {
        let problem = self.problem(table, key, what, hint);
        self.problems.push(problem);
    }

    /// Says that a setting can be, and is hardly meant.
    pub(crate) fn warn(&mut self, table: &str, key: &str, what: &str, hint: &str) {
        let problem = self.problem(table, key, what, hint);
        self.warnings.push(problem);
    }

    /// Whether it was written, and not left to its default.
    pub(crate) fn is_written(&self, table: &str, key: &str) -> bool {
        find(&self.written, table).is_some_and(|found| found.contains_key(key))
    }

    /// Whether a setting of a table cannot be: what goes with it need not be judged.
    pub(crate) fn is_refused(&self, table: &str) -> bool {
        let begin = format!("{table}.");
        self.problems
            .iter()
            .any(|problem| problem.what.starts_with(&begin))
    }

    fn problem(&self, table: &str, key: &str, what: &str, hint: &str) -> Problem {
        let place = find(&self.written, table).and_then(|found| found.get(key));
        let line = place.map_or_else(
            || self.line_of_table(table),
            |value| line(self.text, value.span().start),
        );
        Problem {
            line,
            what: format!("{table}.{key} {what}"),
            hint: hint.into(),
        }
    }

    fn get<T>(
        &mut self,
        table: &str,
        key: &str,
        form: &str,
        read: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Option<T> {
        self.read.insert(format!("{table}.{key}"));
        if let Some(value) = find(&self.written, table).and_then(|found| found.get(key)) {
            let found = read(value.get_ref());
            if found.is_none() {
                self.problems.push(Problem {
                    line: line(self.text, value.span().start),
                    what: format!("{table}.{key} is not what it should be"),
                    hint: format!("give {form}"),
                });
            }
            return found;
        }
        let default = find(&self.defaults, &template(table)).and_then(|found| found.get(key));
        let default = default.unwrap_or_else(|| panic!("{table}.{key} has a default"));
        Some(
            read(default.get_ref())
                .unwrap_or_else(|| panic!("the default of {table}.{key} is valid")),
        )
    }

    fn line_of_table(&self, table: &str) -> usize {
        let mut at = &self.written;
        let mut start = 0;
        for part in table.split('.') {
            let Some((name, value)) = at.get_key_value(part) else {
                break;
            };
            start = line(self.text, name.span().start);
            let Some(next) = value.get_ref().as_table() else {
                break;
            };
            at = next;
        }
        start
    }

    fn find_unknown(&mut self) {
        let mut found = Vec::new();
        unknown(&self.written, &self.defaults, "", &mut found);
        for (at, path, nearest) in found {
            let hint = match nearest {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`pulsewire check --defaults` prints every setting there is".into(),
            };
            self.problems.push(Problem {
                line: line(self.text, at),
                what: format!("there is no setting `{path}`"),
                hint,
            });
        }
    }
}

/// What is given twice, where that is what is wrong: a setting's name or a table's, and nothing of a value.
fn twice(error: &toml::de::Error, text: &str) -> String {
    let is_twice = error.message().contains("duplicate");
    let span = error.span().filter(|_| is_twice);
    let from = span.and_then(|span| text.get(..span.start));
    let begin = from.map(|before| before.rfind('\n').map_or(0, |end| end + 1));
    let words = begin.and_then(|begin| text.get(begin..)?.lines().next());
    let name = words.and_then(|words| words.split('=').next());
    name.map_or_else(String::new, |name| format!(": `{}`", name.trim()))
}

type Unknown = (usize, String, Option<String>);

fn unknown(written: &DeTable<'_>, known: &DeTable<'_>, path: &str, found: &mut Vec<Unknown>) {
    for (key, value) in written {
        let name = key.get_ref().as_ref();
        let here = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        let any = NAMED
            .iter()
            .find(|(table, _)| *table == path)
            .map(|(_, entry)| *entry);
        let Some(counterpart) = known.get(any.unwrap_or(name)) else {
            let names = known.keys().map(|key| key.get_ref().as_ref());
            found.push((key.span().start, here, nearest(name, names)));
            continue;
        };
        match (value.get_ref().as_table(), counterpart.get_ref().as_table()) {
            (Some(_), Some(_)) if here == FREE => {}
            (Some(inner), Some(known)) => unknown(inner, known, &here, found),
            (None, None) => {}
            _ => found.push((key.span().start, here, None)),
        }
    }
}

/// The known name that is nearest to what was written, if any is near.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let farthest = name.len().div_ceil(3);
    known
        .map(|other| (distance(name, other), other))
        .filter(|(d, _)| *d <= farthest)
        .min()
        .map(|(_, n)| n.to_owned())
}

/// The number of letters to add, drop or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let change = row[j] + usize::from(x != *y);
            next.push(change.min(row[j + 1] + 1).min(next[j] + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

fn find<'t, 'a>(root: &'t DeTable<'a>, path: &str) -> Option<&'t DeTable<'a>> {
    path.split('.').try_fold(root, |table, part| {
        table.get(part).map(Spanned::get_ref)?.as_table()
    })
}

/// The table of the defaults that stands for a table the user named.
fn template(table: &str) -> String {
    let named = NAMED.iter().find(|(prefix, _)| {
        table
            .split_once('.')
            .is_some_and(|(first, _)| first == *prefix)
    });
    named.map_or_else(
        || table.to_owned(),
        |(prefix, entry)| format!("{prefix}.{entry}"),
    )
}

fn line(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|b| *b == b'\n').count()
}

/// Which defaults a reading of the defaults themselves does not ask for.
#[cfg(test)]
pub(crate) fn unread_defaults<T>(text: &str, parse: impl Fn(&str) -> T) -> (T, Vec<String>) {
    fn settings(table: &DeTable<'_>, path: &str, all: &mut Vec<String>) {
        for (key, value) in table {
            let here = if path.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{path}.{}", key.get_ref())
            };
            match value.get_ref().as_table() {
                Some(inner) => settings(inner, &here, all),
                None => all.push(here),
            }
        }
    }
    let mut all = Vec::new();
    settings(DeTable::parse(text).unwrap().get_ref(), "", &mut all);
    // Each setting in turn gets a value of a kind that none has: one that is read is refused.
    let unread = all.into_iter().filter(|path| {
        let (table, key) = path.rsplit_once('.').unwrap();
        let wrong = format!("[{table}]\n{key} = 1979-05-27\n");
        super::parse(&wrong).is_ok()
    });
    let unread = unread.collect();
    (parse(text), unread)
}
