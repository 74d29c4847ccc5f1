//! Our rows on top of the guide's: they replace some, drop others, and come before the rest.

use std::ops::RangeInclusive;

use super::{Place, TableError, lines};

/// A file's name and text.
pub(super) type File = (&'static str, &'static str);

/// One row: where it stands, and its cells.
pub(super) type Line = (Place, Vec<&'static str>);

/// The rows of one table in the order in which they count.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// Rows that we add: of two rows for one element, the first that has a value wins.
    pub(super) ours: Vec<Line>,
    /// The guide's rows, those that we replace replaced.
    pub(super) guide: Vec<Line>,
    /// What stands in where no row has a value.
    pub(super) defaults: Vec<Line>,
    /// Rows that only drop others; they count as uses of their decisions.
    pub(super) drops: Vec<Line>,
}

impl Layers {
    /// Puts one file on top of the other.
    pub(super) fn read(guide: Option<File>, ours: Option<File>) -> Result<Self, TableError> {
        let mut layers = Self::default();
        if let Some((file, text)) = guide {
            layers.guide.extend(lines(file, text));
        }
        let Some((file, text)) = ours else {
            return Ok(layers);
        };
        let known: Vec<&str> = layers
            .guide
            .iter()
            .map(|(_, cells)| origin(cells))
            .collect();
        let mut replaced: Vec<(&str, Line)> = Vec::new();
        for (place, cells) in lines(file, text) {
            if decision(origin(&cells)).is_none() {
                return Err(place.error("a row of ours names its decision: `ours:key`".to_owned()));
            }
            let (row, is_drop) = (replaces(&cells), cells.first() == Some(&"-"));
            match row {
                Some("r*") if is_drop => layers.guide.clear(),
                Some(row) if is_drop && row.contains('-') => {
                    let range = range(row).ok_or_else(|| wrong_range(place, row))?;
                    layers.guide.retain(|(_, cells)| {
                        !number(origin(cells)).is_some_and(|number| range.contains(&number))
                    });
                }
                Some(row) if !known.contains(&row) => {
                    let name = guide.map_or(file, |(name, _)| name);
                    return Err(place.error(format!("the guide's table has no row {row}: {name}")));
                }
                Some(row) if !is_drop => {
                    replaced.push((row, (place, cells)));
                    continue;
                }
                Some(row) => layers.guide.retain(|(_, cells)| origin(cells) != row),
                None if is_drop => {
                    return Err(place.error("a row to drop is named: `r12 ours:key`".to_owned()));
                }
                None => {}
            }
            if is_drop {
                layers.drops.push((place, cells));
            } else if cells.first().is_some_and(|from| from.starts_with('?')) {
                layers.defaults.push((place, cells));
            } else {
                layers.ours.push((place, cells));
            }
        }
        layers.replace(replaced);
        Ok(layers)
    }

    /// Puts rows in the places of those that they replace.
    fn replace(&mut self, replaced: Vec<(&'static str, Line)>) {
        let mut merged = Vec::with_capacity(self.guide.len());
        for line in std::mem::take(&mut self.guide) {
            let mut instead = replaced
                .iter()
                .filter(|(row, _)| *row == origin(&line.1))
                .map(|(_, line)| line.clone())
                .peekable();
            if instead.peek().is_none() {
                merged.push(line);
            } else {
                merged.extend(instead);
            }
        }
        self.guide = merged;
    }
}

/// Reads `r7-r36`.
fn range(text: &str) -> Option<RangeInclusive<u32>> {
    let (first, last) = text.split_once('-')?;
    Some(number(first)?..=number(last)?)
}

fn number(row: &str) -> Option<u32> {
    row.strip_prefix('r')?.parse().ok()
}

fn wrong_range(place: Place, text: &str) -> TableError {
    place.error(format!("`{text}` is no range of rows; write `r7-r36`"))
}

/// Gives a row's last cell, which says where it comes from.
pub(super) fn origin(cells: &[&'static str]) -> &'static str {
    cells.get(5).copied().unwrap_or_default()
}

/// Gives the decision that a row rests on, if it is one of ours.
pub(super) fn decision(origin: &'static str) -> Option<&'static str> {
    origin.split_once("ours:").map(|(_, key)| key)
}

/// Gives the guide's row that one of ours speaks of: `r12 ours:key`.
fn replaces(cells: &[&'static str]) -> Option<&'static str> {
    let (row, rest) = origin(cells).split_once(' ')?;
    (row.starts_with('r') && rest.trim_start().starts_with("ours:")).then_some(row)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const GUIDE: File = (
        "guide/segments/PID.Patient.tsv",
        "PID-2\tidentifier[]\tCX.Identifier\t\t\tr4\nPID-8\tgender\tcode\t\t0001\tr13\nPID-7\tbirthDate\tdate\t\t\tr10",
    );

    fn check(ours: &'static str, expected: &Expect) {
        let found = match Layers::read(Some(GUIDE), Some(("segments/PID.Patient.tsv", ours))) {
            Err(error) => error.to_string(),
            Ok(layers) => {
                let all = [layers.ours, layers.guide, layers.defaults].concat();
                let rows = all.iter().map(|(place, cells)| {
                    format!("{} ({}:{})", cells.join(" "), place.file, place.line)
                });
                rows.collect::<Vec<_>>().join("\n")
            }
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn rows_replace_drop_and_come_first() {
        check(
            "-\tidentifier[]\t\t\t\tr4 ours:old\nPID-8.1\tgender\tcode\t\t0001\tr13 ours:coded\nPID-7.1\tbirthDate\tdate\t\t\tours:first\n?x\tname\tstring\t\t\tours:last",
            &expect![[r"
                PID-7.1 birthDate date   ours:first (segments/PID.Patient.tsv:3)
                PID-8.1 gender code  0001 r13 ours:coded (segments/PID.Patient.tsv:2)
                PID-7 birthDate date   r10 (guide/segments/PID.Patient.tsv:3)
                ?x name string   ours:last (segments/PID.Patient.tsv:4)"]],
        );
    }

    #[test]
    fn a_row_of_the_guide_that_is_not_there_is_told() {
        check(
            "PID-8\tgender\tcode\t\t0001\tr99 ours:coded",
            &expect![
                "segments/PID.Patient.tsv, line 1: the guide's table has no row r99: guide/segments/PID.Patient.tsv"
            ],
        );
        check(
            "-\tgender\t\t\t\tours:coded",
            &expect!["segments/PID.Patient.tsv, line 1: a row to drop is named: `r12 ours:key`"],
        );
    }
}
