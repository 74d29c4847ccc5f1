//! Reads what a sender's own codes mean: from a file of rows, or from tables in the configuration itself.

use mapping::source::{LocalCode, LocalCodeError, LocalCodes, LocalRule};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Problem, Reader, find, line, nearest};

/// What a table of a code may hold.
const KEYS: [&str; 5] = ["where", "from", "system", "code", "display"];

impl Reader<'_> {
    /// The codes of a source: the name of a file, or a list of tables.
    pub(crate) fn codes(&mut self, table: &str, key: &str) -> LocalCodes {
        self.read.insert(format!("{table}.{key}"));
        let place = find(&self.written, table).and_then(|found| found.get(key));
        let Some(value) = place else {
            return LocalCodes::default();
        };
        let at = line(self.text, value.span().start);
        let read = match value.get_ref() {
            DeValue::String(path) if path.is_empty() => Ok(LocalCodes::default()),
            DeValue::String(path) => file(path, at),
            DeValue::Array(rows) => tables(self.text, rows.iter()),
            _ => Err(vec![Problem {
                line: at,
                what: format!("{table}.{key} is not what it should be"),
                hint: format!(
                    "give the name of a file, or write [[{table}.{key}]] tables with where, from, system, code and display"
                ),
            }]),
        };
        read.unwrap_or_else(|problems| {
            self.problems.extend(problems);
            LocalCodes::default()
        })
    }
}

fn file(path: &str, at: usize) -> Result<LocalCodes, Vec<Problem>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![Problem {
            line: at,
            what: format!("{path} cannot be read: {error}"),
            hint: "name a file of rows: where, from, system, code and display, separated by tabs"
                .into(),
        }]
    })?;
    LocalCodes::read(&text).map_err(|mistakes| {
        let told = mistakes.into_iter().map(|mistake| Problem {
            line: at,
            what: format!("{path}, line {}: {mistake}", mistake.line),
            hint: mistake.hint.into(),
        });
        told.collect()
    })
}

fn tables<'v>(
    text: &str,
    rows: impl Iterator<Item = &'v Spanned<DeValue<'v>>>,
) -> Result<LocalCodes, Vec<Problem>> {
    let mut rules = Vec::new();
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for row in rows {
        let at = line(text, row.span().start);
        match row.get_ref().as_table() {
            Some(row) => match rule(text, row) {
                Ok(rule) => {
                    rules.push(rule.map_err(|mistake| problem(at, mistake)));
                    lines.push(at);
                }
                Err(mistakes) => problems.extend(mistakes),
            },
            None => problems.push(Problem {
                line: at,
                what: "a code is no table".into(),
                hint: "write { from = \"GLU\", system = \"http://loinc.org\", code = \"2345-7\" }"
                    .into(),
            }),
        }
    }
    let (rules, mistakes): (Vec<_>, Vec<_>) = rules.into_iter().partition(Result::is_ok);
    problems.extend(mistakes.into_iter().filter_map(Result::err));
    if !problems.is_empty() {
        return Err(problems);
    }
    LocalCodes::from_rules(rules.into_iter().filter_map(Result::ok).collect()).map_err(
        |(index, mistake)| {
            vec![problem(
                lines.get(index).copied().unwrap_or_default(),
                mistake,
            )]
        },
    )
}

/// A rule as its table has it, whether or not it makes sense; or which of its settings there is not.
fn rule(text: &str, row: &DeTable<'_>) -> Result<Result<LocalRule, LocalCodeError>, Vec<Problem>> {
    let mut problems = Vec::new();
    for (key, value) in row {
        let name = key.get_ref().as_ref();
        if !KEYS.contains(&name) {
            problems.push(Problem {
                line: line(text, key.span().start),
                what: format!("a code has no `{name}`"),
                hint: nearest(name, KEYS.into_iter()).map_or_else(
                    || "it has where, from, system, code and display".into(),
                    |name| format!("did you mean `{name}`?"),
                ),
            });
        } else if value.get_ref().as_str().is_none() {
            problems.push(Problem {
                line: line(text, value.span().start),
                what: format!("the `{name}` of a code is not what it should be"),
                hint: "give words in quotes".into(),
            });
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let cell = |name: &str| {
        let value = row.get(name).and_then(|value| value.get_ref().as_str());
        value.unwrap_or_default().trim()
    };
    let to = LocalCode {
        system: cell("system").into(),
        code: cell("code").into(),
        display: cell("display").into(),
    };
    Ok(LocalRule::new(cell("where"), cell("from"), to))
}

fn problem(line: usize, mistake: LocalCodeError) -> Problem {
    Problem {
        line,
        what: mistake.problem,
        hint: mistake.hint.into(),
    }
}
