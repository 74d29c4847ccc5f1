//! History: which files are read, at what pace, and that a stop in the middle loses and doubles nothing.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::job::{Outcome, Piece};
use super::*;
use crate::config;

/// How many messages a file has.
const MESSAGES: usize = 100;

/// An archive of three files, with what is not one of its files.
struct Archive {
    folder: tempfile::TempDir,
    memory: Memory,
    sources: Sources,
    kept: Mutex<BTreeSet<Vec<u8>>>,
    /// How often it may rest until it is told to stop.
    rests_left: AtomicUsize,
    rests: Mutex<Vec<Duration>>,
}

impl Archive {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::create_dir_all(inside("2025/01")).unwrap();
        fs::create_dir(inside(".memory")).unwrap();
        for (number, name) in ["b.hl7", "2025/01/a.hl7", "2025/c.hl7"].iter().enumerate() {
            let messages = (0..MESSAGES).map(|message| format!("MSH|{number}-{message}\rPID|\r"));
            fs::write(inside(name), messages.collect::<String>()).unwrap();
        }
        for name in [".hidden.hl7", "half.hl7.part", "b.hl7.report.json"] {
            fs::write(inside(name), "MSH|none\r").unwrap();
        }
        std::os::unix::fs::symlink(inside("b.hl7"), inside("link.hl7")).unwrap();
        let memory = Memory::open(&inside(".memory"), ReceivedTime::from_micros(0)).unwrap();
        Self {
            folder,
            memory,
            sources: Sources::new(&config::defaults().sources).unwrap(),
            kept: Mutex::default(),
            rests_left: AtomicUsize::new(usize::MAX),
            rests: Mutex::default(),
        }
    }

    fn request(&self, rate: Option<u32>) -> Request {
        Request {
            path: self.folder.path().to_owned(),
            source: "default".into(),
            kind: None,
            mapping: None,
            rate,
            again: false,
        }
    }

    fn run(&self, request: &Request) -> Progress {
        let door = |_: &str, pieces: Vec<Piece>| {
            let mut kept = self.kept.lock().unwrap();
            let outcomes = pieces.into_iter().map(|piece| {
                assert!(piece.is_history);
                match kept.insert(piece.what.into_bytes()) {
                    true => Outcome::Accepted,
                    false => Outcome::Known,
                }
            });
            Ok(outcomes.collect())
        };
        let rest = |span: Duration| {
            if !span.is_zero() {
                self.rests.lock().unwrap().push(span);
            }
            self.rests_left.fetch_sub(1, Ordering::Relaxed) > 1
        };
        let with = With {
            memory: Some(&self.memory),
            door: &door,
            site: &SiteKey::new([7; 32]),
            sources: &self.sources,
            now: &|| ReceivedTime::from_micros(0),
            lag: &|| 0,
            rest: &rest,
        };
        request.run_with(&with, &mut |_| {})
    }
}

#[test]
fn the_files_of_a_folder_are_read_in_the_order_of_their_names() {
    let archive = Archive::new();
    let found = archive.request(None).files().unwrap().into_iter();
    let names = found.map(|(path, _)| path.file_name().unwrap().to_str().unwrap().to_owned());
    assert_eq!(names.collect::<Vec<_>>(), ["a.hl7", "c.hl7", "b.hl7"]);
}

#[test]
fn what_was_stopped_goes_on_where_it_was_and_makes_nothing_twice() {
    for stopped_at in 1..4 {
        let archive = Archive::new();
        let request = archive.request(None);
        archive.rests_left.store(stopped_at, Ordering::Relaxed);
        let stopped = archive.run(&request);
        assert_eq!(stopped.error.as_deref(), Some(STOPPED));
        assert!(stopped.files_ended < 3 && stopped.has_ended);
        archive.rests_left.store(usize::MAX, Ordering::Relaxed);
        let whole = archive.run(&request);
        assert_eq!((whole.error.as_deref(), whole.files_ended), (None, 3));
        let total = stopped.total.accepted + whole.total.accepted;
        assert_eq!(total, 3 * MESSAGES as u64);
        assert_eq!(archive.kept.lock().unwrap().len(), 3 * MESSAGES);
        let again = archive.run(&request);
        assert_eq!(
            (again.files_ended, again.total.rows, again.total.refused),
            (3, 0, 0)
        );
    }
}

#[test]
fn many_small_files_are_no_faster_than_one_large_one() {
    let archive = Archive::new();
    let progress = archive.run(&archive.request(Some(1)));
    assert_eq!(progress.total.accepted, 3 * MESSAGES as u64);
    // One second for each message, less what keeping them took.
    assert_eq!(archive.rests.lock().unwrap().len(), 3);
}
