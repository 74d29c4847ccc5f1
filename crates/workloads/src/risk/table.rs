//! Rows of a tab-separated table, each with its line for the error.

/// Why a table was refused, and at which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of {table}: {problem}")]
pub struct TableError {
    /// The table.
    pub table: &'static str,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong and what should be there.
    pub problem: Box<str>,
}

/// A row, and how to say what is wrong with it.
pub(super) struct Row<'a> {
    table: &'static str,
    line: usize,
    pub(super) cells: Vec<&'a str>,
}

impl Row<'_> {
    /// Says what is wrong with the row.
    pub(super) fn error(&self, problem: impl Into<Box<str>>) -> TableError {
        TableError {
            table: self.table,
            line: self.line,
            problem: problem.into(),
        }
    }

    /// Reads a cell as a finite number.
    pub(super) fn number(&self, place: usize, what: &str) -> Result<f64, TableError> {
        let cell = self.cells.get(place).copied().unwrap_or_default();
        cell.parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| {
                self.error(format!(
                    "write {what}, a finite number, as column {}",
                    place + 1
                ))
            })
    }

    /// Reads a cell as a share.
    pub(super) fn share(&self, place: usize, what: &str) -> Result<f64, TableError> {
        let share = self.number(place, what)?;
        if (0.0..=1.0).contains(&share) {
            Ok(share)
        } else {
            Err(self.error(format!(
                "write {what}, from 0 to 1, as column {}",
                place + 1
            )))
        }
    }
}

/// Gives the rows of a table, without comments and empty lines.
pub(super) fn rows<'a>(table: &'static str, text: &'a str) -> impl Iterator<Item = Row<'a>> {
    let lines = text.lines().zip(1..);
    lines
        .filter(|(line, _)| !line.starts_with('#') && !line.is_empty())
        .map(move |(line, number)| Row {
            table,
            line: number,
            cells: line.split('\t').collect(),
        })
}
