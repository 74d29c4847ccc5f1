//! The mapping tables that come from elsewhere: compiles the official guide and the dictionary of structures into our own form.

mod structures;

mod events;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::step::{Failed, root};

/// Where the compiled tables are.
const GUIDE: &str = "crates/mapping/data/guide";

/// The folder of the dictionary in the shared corpora.
const DICTIONARY: &str = "corpora/hl7v2-dictionary-hl7apy";

/// Compiles all tables and writes what changed.
pub(crate) fn run() -> Result<(), Failed> {
    let shared = shared();
    for (name, text) in compile(&shared)? {
        let path = root().join(GUIDE).join(&name);
        if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
            continue;
        }
        let folder = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
        std::fs::write(&path, text).map_err(|error| wrong(&path, error))?;
        println!("wrote {GUIDE}/{name}");
    }
    Ok(())
}

/// Gives each file's name and text.
fn compile(shared: &Path) -> Result<Vec<(String, String)>, Failed> {
    Ok(structures::compile(&shared.join(DICTIONARY))?.into())
}

fn shared() -> PathBuf {
    std::env::var_os("PULSEWIRE_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from)
}

fn wrong(path: &Path, problem: impl Display) -> Failed {
    Failed(format!("{}: {problem}", path.display()))
}
