//! History in files and journals, as what became known of each patient: what a backtest plays.

mod fhir;
mod journal;
mod mimic;
mod physionet;
mod places;
mod text;

use std::path::{Path, PathBuf};

use ::backtest::History;
use mapping::source::Zone;

pub(crate) use self::journal::of_patient;
use crate::config::Config;

/// What holds history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Rows of the PhysioNet/CinC Challenge 2019.
    PhysioNet,
    /// FHIR R4 as newline-delimited JSON, resources by type.
    Fhir,
    /// A journal of ours.
    Journal,
    /// Tables of MIMIC-III or MIMIC-IV.
    Mimic,
}

impl Kind {
    /// All of them, by the name that a command line gives.
    pub(crate) const NAMES: [(&str, Self); 4] = [
        ("physionet", Self::PhysioNet),
        ("fhir", Self::Fhir),
        ("journal", Self::Journal),
        ("mimic", Self::Mimic),
    ];

    /// Finds one by its name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| *kind)
    }

    /// Gives its name.
    pub(crate) fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }
}

/// Why history cannot be read, and what to do.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// What is wrong.
    pub(crate) what: String,
    /// What to do.
    pub(crate) hint: &'static str,
}

impl Unreadable {
    fn new(path: &Path, what: impl std::fmt::Display, hint: &'static str) -> Self {
        Self {
            what: format!("{}: {what}", path.display()),
            hint,
        }
    }
}

impl From<::journal::Error> for Unreadable {
    fn from(error: ::journal::Error) -> Self {
        Self {
            what: error.to_string(),
            hint: "give the data directory of a `pulsewire run`, or what is in its folder `journal`",
        }
    }
}

/// How far reading is.
#[derive(Debug)]
pub(crate) enum Step {
    /// So much was read, of all there is to read, before the first patient is known whole.
    Read {
        /// The share.
        share: f64,
    },
    /// The history of one patient, and how much was given by then.
    Patient {
        /// It.
        history: Box<History>,
        /// The share.
        share: f64,
    },
}

/// What is told of each step; it says whether more is wanted.
pub(crate) type Take<'t, E> = &'t mut dyn FnMut(Step) -> Result<bool, E>;

/// What was read and could not be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Resources or records without a patient, a time, or what can be read of them.
    pub(crate) facts: u64,
}

/// Goes through the history of each patient as long as that is wanted.
pub(crate) fn each<E: From<Unreadable>>(
    kind: Kind,
    path: &Path,
    config: &Config,
    take: Take<'_, E>,
) -> Result<LeftOut, E> {
    let zone = zone(config)?;
    match kind {
        Kind::PhysioNet => physionet::each(path, take).map(|()| LeftOut::default()),
        Kind::Fhir => {
            let (gathering, left_out) = fhir::read(path, &zone, take)?;
            give(gathering.finish(|at| Some(zone.minutes_east(at))), take)?;
            Ok(left_out)
        }
        Kind::Journal => {
            let (gathering, left_out) = journal::read(path, take)?;
            give(gathering.finish(|at| Some(zone.minutes_east(at))), take)?;
            Ok(left_out)
        }
        Kind::Mimic => {
            give(mimic::read(path, take)?.finish(), take)?;
            Ok(LeftOut::default())
        }
    }
}

/// The site's clock.
fn zone(config: &Config) -> Result<Zone, Unreadable> {
    let named = config.sources.get("default");
    let text = named.map_or("UTC", |source| source.zone.as_str());
    Zone::parse(text).map_err(|error| Unreadable {
        what: error.to_string(),
        hint: "correct the zone of [source.default]",
    })
}

fn give<E>(histories: Vec<History>, take: Take<'_, E>) -> Result<(), E> {
    let all = histories.len();
    for (given, history) in (1..).zip(histories) {
        let step = Step::Patient {
            history: Box::new(history),
            share: share(given, all as u64),
        };
        if !take(step)? {
            break;
        }
    }
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "what is shown is rounded anyway"
)]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Finds out what a file or folder holds.
pub(crate) fn kind_of(path: &Path) -> Result<Kind, Unreadable> {
    if journal::directory(path).is_some() {
        return Ok(Kind::Journal);
    }
    let files = files(path)?;
    let any = |is: fn(&Path) -> bool| files.iter().any(|file| is(file));
    if any(fhir::is_file) {
        return Ok(Kind::Fhir);
    }
    if any(mimic::is_stays) {
        return Ok(Kind::Mimic);
    }
    if any(physionet::is_file) {
        return Ok(Kind::PhysioNet);
    }
    let hint = "name rows of the PhysioNet challenge 2019 (.csv, .csv.gz or a folder of .psv), a folder of FHIR .ndjson, \
                a folder of MIMIC tables, or a data directory of Pulsewire; docs/backtest.md says what each holds";
    Err(Unreadable::new(
        path,
        "holds no history that is known",
        hint,
    ))
}

/// How deep folders are looked into.
const DEPTH_MAX: usize = 3;

/// The files of a folder and of those in it, in the order of their names; a file alone.
fn files(path: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let mut found = Vec::new();
    walk(path, DEPTH_MAX, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Unreadable> {
    let told = |error: std::io::Error| {
        Unreadable::new(path, error, "name a file or folder that can be read")
    };
    if !std::fs::metadata(path).map_err(told)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(told)? {
        walk(&entry.map_err(told)?.path(), depth - 1, found)?;
    }
    Ok(())
}

/// A file's name in small letters, without `.gz` and the folders it is in.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    name.strip_suffix(".gz").unwrap_or(&name).to_owned()
}
