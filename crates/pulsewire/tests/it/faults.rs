//! What a machine does to a process: too few open files, a long pause, and damage on the disk.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::message::{admission, header, lines, person};
use crate::platform::{Site, complained, said};
use crate::sender::Sender;
use crate::setting::wait_for;

#[test]
fn a_crowd_of_connections_leaves_the_journal_the_files_it_needs() {
    const OPEN_FILES: u64 = 1024;
    let mut site = Site::default();
    site.set("intake.mllp", "connections_per_address", "4096");
    let platform = site.start_with_open_files(OPEN_FILES);
    assert!(
        site.log().contains("for want of open files"),
        "{}",
        site.log()
    );
    let mut first = Sender::to(platform.mllp);
    first.accepted(&admission("1", "BEFORE"));
    let mut crowd = Vec::new();
    while platform.closed("too-many-connections") == 0 {
        crowd.extend((0..50).filter_map(|_| Sender::try_to(platform.mllp).ok()));
        assert!(
            crowd.len() < 2 * usize::try_from(OPEN_FILES).unwrap(),
            "nobody is turned away"
        );
    }
    first.accepted(&lines(&[&header("ORU^R01", "MEANWHILE"), &person("1")]));
    drop(crowd);
    wait_for("places to be free", || {
        (platform.connections() == 1).then_some(())
    });
    Sender::to(platform.mllp).accepted(&admission("1", "AFTER"));
    assert_eq!(platform.frames("Accepted"), 3);
    assert_eq!(platform.get("/ready").0, 200);
}

#[test]
fn a_process_that_was_paused_answers_what_came_meanwhile() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.accepted(&admission("1", "BEFORE"));
    platform.signal("STOP");
    sender.send(&admission("1", "PAUSED"));
    platform.signal("CONT");
    assert_eq!(
        sender.answer().map(|answer| answer.control_id),
        Some("PAUSED".to_owned())
    );
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 2);
}

#[test]
fn damage_in_the_journal_is_named_and_never_read_as_a_message() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    for number in 0..20 {
        sender.accepted(&admission("1", &format!("A{number}")));
    }
    platform.wait_until_idle();
    assert!(platform.stop().success());
    let damaged = segment_with(&site.data().join("journal"), b"Testperson")
        .expect("the messages are in some file");
    flip(&damaged, b"Testperson");
    let looked = site.command(&["doctor", "--verify"]);
    assert_eq!(looked.status.code(), Some(1), "{}", said(&looked));
    let text = format!("{}{}", said(&looked), complained(&looked));
    assert!(text.contains("bad       journal"), "{text}");
    assert!(
        text.contains("healthcare.hl7v2.adt"),
        "it says where:\n{text}"
    );
}

/// A file under a folder whose bytes hold these words, with a topic's messages in its path.
fn segment_with(folder: &Path, words: &[u8]) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            return segment_with(&path, words);
        }
        let holds = std::fs::read(&path)
            .unwrap()
            .windows(words.len())
            .any(|window| window == words);
        (holds && path.display().to_string().contains("healthcare.hl7v2.adt")).then_some(path)
    })
}

/// Turns one bit of the first such words around.
fn flip(path: &Path, words: &[u8]) {
    let bytes = std::fs::read(path).unwrap();
    let at = bytes
        .windows(words.len())
        .position(|window| window == words)
        .unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&[bytes[at] ^ 1], at as u64).unwrap();
}

#[test]
fn a_command_that_looks_at_what_is_not_there_makes_nothing() {
    let site = Site::default();
    let told = site.command(&["state"]);
    assert_eq!(told.status.code(), Some(4));
    assert!(
        complained(&told).contains("holds no journal"),
        "{}",
        complained(&told)
    );
    assert!(!site.data().exists());
}
