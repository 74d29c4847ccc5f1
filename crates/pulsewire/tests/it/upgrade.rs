//! State that a newer program wrote: an older one leaves it as it is, and says which to start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::message::admission;
use crate::platform::{Site, complained, said};
use crate::sender::Sender;

/// A form that no program has yet.
const NEWER: i64 = 1_000_000;

/// Every file below a folder, with its bytes.
fn all(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("it is a folder") {
        let path = entry.expect("it can be read").path();
        match path.is_dir() {
            true => all(&path, found),
            false => {
                let bytes = std::fs::read(&path).expect("it can be read");
                found.insert(path, bytes);
            }
        }
    }
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    all(folder, &mut found);
    found
}

/// The file with another number for one station.
fn with(text: &str, station: &str, format: i64) -> String {
    let line = |line: &str| match line.split_once('\t') {
        Some((name, _)) if name == station => format!("{station}\t{format}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn a_program_does_not_start_on_state_that_a_newer_one_wrote_and_changes_nothing() {
    let site = Site::default();
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&admission("31337", "U1"));
    platform.wait_until_idle();
    assert!(platform.stop().success());
    let formats = site.data().join("state/formats");
    let own = std::fs::read_to_string(&formats).expect("a start says what it may write");
    assert!(own.contains("\nnormalize\t"), "{own}");

    let newer = with(&own, "normalize", NEWER).replacen("program\t", "program\t9.", 1);
    std::fs::write(&formats, &newer).expect("the data directory can be written");
    let before = contents(site.data());
    for command in ["run", "state", "redrive"] {
        let arguments: &[&str] = match command {
            "redrive" => &["redrive", "--all"],
            other => &[other],
        };
        let ended = site.command(arguments);
        let told = complained(&ended);
        assert_eq!(ended.status.code(), Some(4), "{command}: {told}");
        for words in [
            "the state of normalize",
            "format 1000000",
            "start Pulsewire 9.",
            "state --delete",
        ] {
            assert!(told.contains(words), "{command}: {told}");
        }
        assert!(!said(&ended).contains("is running"), "{}", said(&ended));
    }
    let after = contents(site.data());
    assert!(before.keys().eq(after.keys()), "{:?}", after.keys());
    for (path, bytes) in after {
        assert_eq!(before[&path], bytes, "{} was written", path.display());
    }

    let older = with(&own, "normalize", 1);
    std::fs::write(&formats, older).expect("the data directory can be written");
    let platform = site.start();
    let raised = std::fs::read_to_string(&formats).expect("it is there");
    assert_eq!(
        raised, own,
        "from now on state may have this program's form"
    );
    Sender::to(platform.mllp).accepted(&admission("31338", "U2"));
    assert!(platform.stop().success());

    // As the words say: without its state the journal is enough.
    std::fs::write(&formats, newer).expect("the data directory can be written");
    let deleted = site.command(&["state", "--delete"]);
    assert_eq!(deleted.status.code(), Some(0), "{}", complained(&deleted));
    let platform = site.start();
    platform.wait_until_idle();
    assert!(platform.stop().success());
    assert_eq!(site.records("healthcare.fhir.patient").len(), 2);
}
