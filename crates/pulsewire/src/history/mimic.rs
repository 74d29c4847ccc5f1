//! The tables of MIMIC-III or MIMIC-IV, as files of a folder and of those in it.

use std::path::Path;

use backtest::mimic::{Mimic, Table};
use formats::csv::Dialect;

use super::text::Texts;
use super::{Step, Take, Unreadable, files, name};

const HINT: &str = "give the folder with the tables of MIMIC-III or MIMIC-IV as .csv or .csv.gz, icustays and chartevents among them";
/// How often it is told how far it is.
const ROWS_A_STEP: u64 = 10_000;

/// Says which table a file is.
fn table(path: &Path) -> Option<Table> {
    Table::named(name(path).strip_suffix(".csv")?)
}

/// Says whether a file is the table of stays, which nothing else is named like.
pub(super) fn is_stays(path: &Path) -> bool {
    table(path) == Some(Table::Stays)
}

/// Reads the tables.
pub(super) fn read<E: From<Unreadable>>(path: &Path, take: Take<'_, E>) -> Result<Mimic, E> {
    let mut files = files(path)?;
    files.retain(|file| table(file).is_some());
    for needed in [Table::Stays, Table::Patients, Table::Charted] {
        if !files.iter().any(|file| table(file) == Some(needed)) {
            let what = format!("has no table {}", needed.name());
            return Err(Unreadable::new(path, what, HINT).into());
        }
    }
    let texts = Texts::new(&files)?;
    let mut mimic = Mimic::default();
    for file in &files {
        let Some(table) = table(file) else { continue };
        let told = |error| Unreadable::new(file, error, HINT);
        texts.rows(file, Dialect::COMMAS, |row| {
            let number = row.place.number;
            let taken = match number {
                1 => mimic.begin(table, row.fields()),
                _ => mimic.row(number, row.fields()),
            };
            taken.map_err(told)?;
            if number % ROWS_A_STEP == 0 {
                let share = texts.share();
                return take(Step::Read { share });
            }
            Ok::<bool, E>(true)
        })?;
    }
    Ok(mimic)
}
