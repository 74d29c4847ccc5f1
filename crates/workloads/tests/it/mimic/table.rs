//! Reads the tables: comma-separated, compressed, times without an offset taken as UTC.

use std::collections::BTreeMap;
use std::path::Path;

use clinical::EventTime;

use crate::measures::cases::unzipped;

/// A table in memory.
pub(super) struct Table {
    columns: BTreeMap<String, usize>,
    rows: Vec<Vec<String>>,
}

/// A row of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
}

impl Table {
    /// Reads `raw/NAME` or `oracle/NAME`.
    pub(super) fn read(folder: &Path, name: &str) -> Self {
        let path = folder.join(format!("{name}.csv.gz"));
        let bytes = std::fs::read(&path).expect("the folder has all tables");
        let text = String::from_utf8(unzipped(&bytes)).expect("a table is text");
        let mut lines = text.lines();
        let head = cells(lines.next().expect("a table has a head"));
        let columns = head.into_iter().enumerate().map(|(n, name)| (name, n));
        Self {
            columns: columns.collect(),
            rows: lines.map(cells).collect(),
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }
}

impl<'a> Row<'a> {
    /// Gives a cell; empty where there is nothing.
    pub(super) fn text(self, column: &str) -> &'a str {
        let place = self.table.columns[column];
        self.cells.get(place).map_or("", String::as_str)
    }

    pub(super) fn number(self, column: &str) -> Option<f64> {
        self.text(column).parse().ok()
    }

    pub(super) fn id(self, column: &str) -> i64 {
        self.text(column).parse().unwrap_or_default()
    }

    pub(super) fn time(self, column: &str) -> Option<EventTime> {
        time(self.text(column))
    }
}

/// Reads a time such as `2107-03-24 04:35:00`.
pub(super) fn time(text: &str) -> Option<EventTime> {
    let (day, clock) = text.split_once(' ')?;
    EventTime::parse(&format!("{day}T{clock}Z"))
}

fn cells(line: &str) -> Vec<String> {
    if !line.contains('"') {
        return line.split(',').map(str::to_owned).collect();
    }
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}
