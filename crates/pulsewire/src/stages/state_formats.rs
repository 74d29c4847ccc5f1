//! Which forms of stored state a data directory may hold, so that a program that cannot read them does not start on it.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use workloads::{measures, payer, risk::watch, throughput};

use super::{
    EmergencyStage, EmergencyUnitStage, PayerStage, PeerStage, ProviderStage, RiskBoardStage,
    RiskOutcomeStage,
};

/// It goes with the state: whoever deletes that has none of any form.
const FILE: &str = "formats";
/// The program that first wrote a form.
const PROGRAM: &str = "program";

/// The newest form of each station's state that this program writes, and reads.
const FORMATS: &[(&str, i64)] = &[
    ("normalize", mapping::normalize::State::FORMAT as i64),
    ("devices", super::devices::State::FORMAT),
    ("workloads", workloads::State::FORMAT as i64),
    (PayerStage::NAME, payer::State::FORMAT as i64),
    (ProviderStage::NAME, payer::Week::FORMAT as i64),
    (PeerStage::NAME, payer::Peers::FORMAT as i64),
    (
        EmergencyStage::NAME,
        throughput::PatientState::FORMAT as i64,
    ),
    (EmergencyUnitStage::NAME, throughput::Board::FORMAT as i64),
    (RiskOutcomeStage::NAME, watch::Outcomes::FORMAT as i64),
    (RiskBoardStage::NAME, watch::Board::FORMAT as i64),
    ("care-gaps", measures::MeasureState::FORMAT as i64),
    ("alerts", alerts::state::VERSION as i64),
    ("sources", alerts::quiet::State::FORMAT as i64),
];

/// Why the state of a directory is not to be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "the state of {station} in {} has format {found} and this program reads up to {known}: start Pulsewire {program} or later, which wrote it; `pulsewire state --delete` of this program lets it be made again from the journal, as far as retention has removed nothing",
        state.display()
    )]
    Newer {
        state: PathBuf,
        station: String,
        found: i64,
        known: i64,
        program: String,
    },
    #[error("{} is not what a program wrote there, at line {line}: restore it from a backup of the directory", file.display())]
    Unreadable { file: PathBuf, line: usize },
    #[error("{} cannot be read or written: {error}", file.display())]
    Io { file: PathBuf, error: io::Error },
}

/// What a directory says of its state.
#[derive(Default)]
struct Kept {
    program: String,
    formats: BTreeMap<String, i64>,
}

/// Refuses a state that a newer program wrote; writes nothing.
pub(crate) fn check(state: &Path) -> Result<(), Error> {
    let kept = read(&state.join(FILE))?;
    for (station, found) in &kept.formats {
        let known = FORMATS.iter().find(|(name, _)| name == station);
        let known = known.map_or(0, |(_, format)| *format);
        if *found > known {
            return Err(Error::Newer {
                state: state.to_owned(),
                station: station.clone(),
                found: *found,
                known,
                program: kept.program,
            });
        }
    }
    Ok(())
}

/// Says, before any state is written, that it may have the forms of this program from now on.
pub(crate) fn raise(state: &Path) -> Result<(), Error> {
    check(state)?;
    let file = state.join(FILE);
    let kept = read(&file)?;
    let is_known = |(station, format): &(&str, i64)| kept.formats.get(*station) == Some(format);
    if FORMATS.iter().all(is_known) {
        return Ok(());
    }
    let mut text = format!("{PROGRAM}\t{}\n", env!("CARGO_PKG_VERSION"));
    for (station, format) in FORMATS {
        text += &format!("{station}\t{format}\n");
    }
    write(state, &file, &text).map_err(|error| Error::Io { file, error })
}

/// All or nothing, also when the power goes.
fn write(state: &Path, file: &Path, text: &str) -> io::Result<()> {
    std::fs::create_dir_all(state)?;
    let new = state.join("formats.new");
    let mut to = std::fs::File::create(&new)?;
    to.write_all(text.as_bytes())?;
    to.sync_all()?;
    std::fs::rename(&new, file)?;
    std::fs::File::open(state)?.sync_all()
}

/// Reads what is said; nothing where a program wrote it that did not say.
fn read(file: &Path) -> Result<Kept, Error> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Kept::default()),
        Err(error) => {
            let file = file.to_owned();
            return Err(Error::Io { file, error });
        }
    };
    let mut kept = Kept::default();
    for (at, line) in text.lines().enumerate() {
        let parts = line.split_once('\t');
        match parts.map(|(name, value)| (name, value, value.parse())) {
            Some((PROGRAM, program, _)) => program.clone_into(&mut kept.program),
            Some((station, _, Ok(format))) => {
                kept.formats.insert(station.to_owned(), format);
            }
            _ => {
                let (file, line) = (file.to_owned(), at + 1);
                return Err(Error::Unreadable { file, line });
            }
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_a_newer_program_wrote_is_refused_and_an_older_one_raised() {
        let folder = tempfile::tempdir().expect("there is room");
        let state = folder.path().join("state");
        check(&state).expect("nothing is there");
        assert!(!state.exists(), "to look makes nothing");
        raise(&state).expect("it can be written");
        check(&state).expect("it is this program's own");
        let file = state.join(FILE);
        let own = std::fs::read_to_string(&file).expect("it was written");
        assert!(own.contains("normalize\t7\n"), "{own}");
        let older = own.replace("normalize\t7\n", "normalize\t6\n");
        std::fs::write(&file, older).expect("there is room");
        raise(&state).expect("an older form is read");
        assert_eq!(std::fs::read_to_string(&file).expect("it is there"), own);
        let newer = own
            .replace("program\t", "program\t9.")
            .replace("normalize\t7\n", "normalize\t8\n");
        for newer in [newer, format!("{own}a-newer-station\t1\n")] {
            std::fs::write(&file, &newer).expect("there is room");
            let told = raise(&state).expect_err("it is newer").to_string();
            assert!(
                told.contains("start Pulsewire") && told.contains("or later"),
                "{told}"
            );
            assert_eq!(std::fs::read_to_string(&file).expect("it is there"), newer);
        }
        std::fs::write(&file, "normalize seven\n").expect("there is room");
        assert!(matches!(
            check(&state),
            Err(Error::Unreadable { line: 1, .. })
        ));
    }
}
