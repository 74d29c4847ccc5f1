//! Rows of the PhysioNet/CinC Challenge 2019: one file of all patients, or one of each.

use std::path::Path;

use backtest::History;
use backtest::physionet::Stays;
use formats::csv::Dialect;

use super::text::Texts;
use super::{Step, Take, Unreadable, files, name};

const HINT: &str = "give the files of the PhysioNet/CinC Challenge 2019 as they are, or rows with the patient's name in a first column `pid`";
/// The challenge's own files, one of each patient.
const PIPES: Dialect = Dialect {
    delimiter: b'|',
    quote: None,
};

/// Says whether a file may hold such rows.
pub(super) fn is_file(path: &Path) -> bool {
    let name = name(path);
    is_of_one(&name) || name.ends_with(".csv")
}

fn is_of_one(name: &str) -> bool {
    name.ends_with(".psv")
}

/// Gives the history of each patient as it is read.
pub(super) fn each<E: From<Unreadable>>(path: &Path, take: Take<'_, E>) -> Result<(), E> {
    let mut files = files(path)?;
    files.retain(|file| is_file(file));
    if files.is_empty() {
        return Err(Unreadable::new(path, "holds no rows", HINT).into());
    }
    let texts = Texts::new(&files)?;
    for file in &files {
        if !one(file, &texts, take)? {
            break;
        }
    }
    Ok(())
}

/// Goes through one file; says whether more is wanted.
fn one<E: From<Unreadable>>(path: &Path, texts: &Texts, take: Take<'_, E>) -> Result<bool, E> {
    let name = name(path);
    let of_one = is_of_one(&name).then(|| name.trim_end_matches(".psv").to_owned());
    let dialect = match of_one {
        Some(_) => PIPES,
        None => Dialect::COMMAS,
    };
    let told = |error| Unreadable::new(path, error, HINT);
    let mut stays = Stays::default();
    let mut is_wanted = true;
    let mut give = |history: Option<History>| match history {
        Some(history) => take(Step::Patient {
            history: Box::new(history),
            share: texts.share(),
        }),
        None => Ok(true),
    };
    texts.rows(path, dialect, |row| {
        let text = |field| String::from_utf8_lossy(field).into_owned().into_boxed_str();
        let number = row.place.number;
        let mut fields: Vec<Box<str>> = row.fields().map(text).collect();
        if let Some(patient) = &of_one {
            let own = if number == 1 { "pid" } else { patient.as_str() };
            fields.push(own.into());
        }
        is_wanted = give(stays.take(number, fields).map_err(told)?)?;
        Ok::<bool, E>(is_wanted)
    })?;
    if is_wanted {
        is_wanted = give(stays.finish().map_err(told)?)?;
    }
    Ok(is_wanted)
}
