//! The lives of files: read once whatever happens, held against their manifests, and told of in their reports.

mod answers;
mod batches;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::expect;
use sha2::{Digest, Sha256};

use super::super::report::Verdict;
use super::look::hex;
use super::*;

/// A folder, what is remembered of it, and what was kept.
struct Place {
    folder: tempfile::TempDir,
    memory: Memory,
    mapping: Mapping,
    kept: Mutex<BTreeSet<Vec<u8>>>,
    /// How many batches are kept until the reader is told to stop.
    batches_left: AtomicUsize,
}

const MAPPING: &str = r#"
[[resource]]
type = "Observation"
id = ["id"]
element = [
  { path = "status", fixed = "final" },
  { path = "code", column = "code", required = true },
  { path = "valueQuantity", column = "value" },
]
"#;

impl Place {
    fn new() -> Self {
        Self::with(MAPPING)
    }

    fn with(mapping: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        ending::make_folders(folder.path()).unwrap();
        let memory = Memory::open(&folder.path().join(".memory"), ReceivedTime::from_micros(0));
        let path = folder.path().join(".mapping.toml");
        std::fs::write(&path, mapping).unwrap();
        Self {
            memory: memory.unwrap(),
            mapping: Mapping::load(&path).unwrap(),
            folder,
            kept: Mutex::default(),
            batches_left: AtomicUsize::new(usize::MAX),
        }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn names(&self, of: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join(of)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    fn job<'p>(&'p self, name: &'p str) -> Job<'p> {
        Job {
            folder: self.folder.path(),
            name,
            source: "lab",
            zone: &Zone::UTC,
            production_only: false,
            kind: None,
            mapping: name.contains(".csv").then_some(&self.mapping),
            is_history: false,
            moves: true,
            again: false,
            answers: Answers::All,
        }
    }

    fn read(&self, name: &str) -> Ending {
        self.run(&self.job(name))
    }

    fn run(&self, job: &Job<'_>) -> Ending {
        let site = SiteKey::new([7; 32]);
        let door = |_: &str, pieces: Vec<Piece>| Ok(self.keep(&pieces));
        let mut work = Work {
            memory: Some(&self.memory),
            door: &door,
            site: &site,
            now: &|| ReceivedTime::parse("2026-03-01T00:00:00Z").unwrap(),
            rest: &|_| self.batches_left.fetch_sub(1, Ordering::Relaxed) > 1,
            lag: &|| 0,
            pace: Pace::new(None, false),
            tell: &mut |_, _| {},
        };
        work.run(job).unwrap()
    }

    /// Keeps what was not kept before, as the real door does.
    fn keep(&self, pieces: &[Piece]) -> Vec<Outcome> {
        let mut kept = self.kept.lock().unwrap();
        let outcomes = pieces.iter().map(|piece| {
            let (What::Message(bytes) | What::Resource(bytes) | What::X12(bytes)) = &piece.what;
            if bytes.starts_with(b"MSH|bad") {
                return Outcome::Refused("version-missing".into(), "state it in MSH-12".into());
            }
            match kept.insert(bytes.clone()) {
                true => Outcome::Accepted,
                false => Outcome::Known,
            }
        });
        outcomes.collect()
    }

    fn count(&self) -> usize {
        self.kept.lock().unwrap().len()
    }

    /// Reads a file until so many batches were kept.
    fn stop_after(&self, batches: usize, name: &str) -> Ending {
        self.batches_left.store(batches, Ordering::Relaxed);
        let ending = self.read(name);
        self.batches_left.store(usize::MAX, Ordering::Relaxed);
        ending
    }

    fn progress(&self, name: &str) -> Option<Progress> {
        let path = self.folder.path().join(name);
        self.memory.progress(&path.display().to_string()).unwrap()
    }
}

fn report(ending: Ending) -> Report {
    let Ending::Ended(report) = ending else {
        panic!("{ending:?}");
    };
    assert!(report.adds_up(), "{report:?}");
    *report
}

fn rows(count: usize) -> String {
    let rows = (0..count).map(|row| format!("{row},K,{}.50\n", row % 7));
    let header = std::iter::once("id,code,value\n".to_owned());
    header.chain(rows).collect()
}

#[test]
fn a_file_is_read_and_moved_with_its_report() {
    let place = Place::new();
    place.write(
        "labs.csv",
        "id,code,value\n1,K,4.0\n2,,4.1\n,NA,x\n1,K,4.0\n\"3\"4,K,1\n",
    );
    let report = report(place.read("labs.csv"));
    assert_eq!(place.names("done"), ["labs.csv", "labs.csv.report.json"]);
    let path = place.folder.path().join("done/labs.csv.report.json");
    let written = std::fs::read_to_string(path).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&written).unwrap(), report);
    expect![[r#"
        {
          "file": "labs.csv",
          "source": "lab",
          "kind": "csv",
          "bytes": 52,
          "blake3": "f9c24c8ba1b30b2378d46c7be21c8dc53dd6add649cc385c23a074f25824917e",
          "backfill": false,
          "began": "2026-03-01T00:00:00Z",
          "ended": "2026-03-01T00:00:00Z",
          "manifest": "none",
          "rows": 5,
          "accepted": 1,
          "alreadyKnown": 1,
          "madeNothing": 0,
          "refused": 3,
          "records": 1,
          "reasons": {
            "id-missing": 1,
            "text-after-quote": 1,
            "value-missing": 1
          },
          "refusals": [
            {
              "row": 2,
              "line": 3,
              "code": "value-missing",
              "column": "code",
              "hint": "the mapping asks for a value in every row"
            },
            {
              "row": 3,
              "line": 4,
              "code": "id-missing",
              "column": "id",
              "hint": "every row needs what names its resource"
            },
            {
              "row": 5,
              "line": 6,
              "code": "text-after-quote",
              "hint": "text follows the quote that ends a field; double each quote inside a quoted field"
            }
          ],
          "doubts": []
        }"#]].assert_eq(&written);
}

#[test]
fn whatever_the_batch_at_which_it_is_stopped_each_row_is_kept_once() {
    let count = 3 * BATCH_UNITS + 17;
    for batches in 1..4 {
        let place = Place::new();
        place.write("labs.csv", rows(count));
        assert_eq!(place.stop_after(batches, "labs.csv"), Ending::Stopped);
        assert_eq!(place.count(), batches * BATCH_UNITS);
        let report = report(place.read("labs.csv"));
        assert_eq!((report.rows, report.accepted), (count as u64, count as u64));
        assert_eq!(place.count(), count);
        assert_eq!(place.names("done"), ["labs.csv", "labs.csv.report.json"]);
    }
}

#[test]
fn what_was_kept_and_not_remembered_is_known_when_it_comes_again() {
    let place = Place::new();
    let count = BATCH_UNITS + 5;
    place.write("labs.csv", rows(count));
    assert_eq!(place.stop_after(1, "labs.csv"), Ending::Stopped);
    // The crash took what was remembered.
    let job = place.progress("labs.csv").unwrap().job;
    let path = place.folder.path().join("labs.csv");
    place
        .memory
        .finish(&path.display().to_string(), &job)
        .unwrap();
    let report = report(place.read("labs.csv"));
    assert_eq!(
        (report.accepted, report.already_known),
        (5, BATCH_UNITS as u64)
    );
    assert_eq!(place.count(), count);
}

#[test]
fn a_crash_while_it_is_moved_ends_in_the_same_place() {
    let place = Place::new();
    place.write("labs.csv", rows(3));
    let first = report(place.read("labs.csv"));
    // The report and the memory are written, the file is still there.
    let folder = place.folder.path();
    std::fs::rename(folder.join("done/labs.csv"), folder.join("labs.csv")).unwrap();
    let path = folder.join("labs.csv");
    let job = place.job("labs.csv");
    let progress = Progress {
        job: Looked::at(&job, &path).unwrap().id(&job),
        at: At::START,
        report: first.clone(),
        ends_as: Some("labs.csv".into()),
    };
    let name = path.display().to_string();
    place.memory.save(&name, &progress, &[]).unwrap();
    assert_eq!(report(place.read("labs.csv")), first);
    assert_eq!(place.names("done"), ["labs.csv", "labs.csv.report.json"]);
    assert_eq!(place.progress("labs.csv"), None);
}

#[test]
fn a_file_that_was_read_is_not_read_again_under_any_name() {
    let place = Place::new();
    place.write("labs.csv", rows(3));
    report(place.read("labs.csv"));
    for name in ["labs.csv", "again.csv"] {
        place.write(name, rows(3));
        let report = report(place.read(name));
        assert_eq!((report.rows, report.accepted), (0, 0));
        assert_eq!(report.read_before.as_deref(), Some("2026-03-01T00:00:00Z"));
    }
    let reports = place.names("done");
    let files = reports
        .iter()
        .filter(|name| !name.ends_with(".report.json"));
    assert_eq!(
        files.collect::<Vec<_>>(),
        ["again.csv", "labs.csv", "labs.csv.2"]
    );
    // Unless that is wanted; then each row is known.
    place.write("labs.csv", rows(3));
    let again = Job {
        again: true,
        ..place.job("labs.csv")
    };
    let report_again = report(place.run(&again));
    assert_eq!(
        (report_again.already_known, report_again.read_before),
        (3, None)
    );
    // Another source is another reading.
    place.write("labs.csv", rows(3));
    let other = Job {
        source: "other",
        ..place.job("labs.csv")
    };
    assert_eq!(report(place.run(&other)).rows, 3);
}

#[test]
fn a_file_of_messages_without_one_fails_and_says_why() {
    let utf16: Vec<u8> = "\u{feff}MSH|^~\\&|LAB\rPID|||1\r"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, wrong) in [
        (&utf16[..], Some("utf-16")),
        (b"\x1f\x8b\x08\x00\n\x99\r\n", Some("no-header")),
        (b"PID|||1\rPV1||I\r", Some("no-header")),
        (b"\r\n \n", Some("no-header")),
        // A batch of nothing is one.
        (b"FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|1\r", None),
    ] {
        let place = Place::new();
        place.write("feed.hl7", bytes);
        let job = Job {
            kind: Some(Kind::Hl7),
            ..place.job("feed.hl7")
        };
        let report = report(place.run(&job));
        let code = report.failed.map(|failed| failed.code);
        assert_eq!((code.as_deref(), report.rows), (wrong, 0));
        let ended = if wrong.is_some() { "failed" } else { "done" };
        assert!(
            place.names(ended).contains(&"feed.hl7".to_owned()),
            "{bytes:?}"
        );
    }
}

#[test]
fn a_manifest_that_differs_fails_the_file_before_any_row_is_used() {
    let place = Place::new();
    let sha256 = hex(&Sha256::digest(rows(3)));
    for (manifest, agrees) in [
        (r#"{"rows": 4}"#.to_owned(), false),
        ("{}".to_owned(), false),
        (format!(r#"{{"sha256": "{}"}}"#, "0".repeat(64)), false),
        (
            format!(r#"{{"file": "labs.csv", "rows": 3, "sha256": "{sha256}"}}"#),
            true,
        ),
    ] {
        place.write("labs.csv", rows(3));
        place.write("labs.csv.manifest", &manifest);
        let report = report(place.read("labs.csv"));
        assert_eq!(report.manifest == Verdict::Agrees, agrees, "{manifest}");
        let code = report.failed.map(|failed| failed.code);
        assert_eq!(code.as_deref(), (!agrees).then_some("manifest-differs"));
        assert_eq!(place.count(), if agrees { 3 } else { 0 });
    }
    let left = place
        .names("")
        .into_iter()
        .filter(|name| name.starts_with("labs"));
    assert_eq!(left.count(), 0);
    for folder in ["done", "failed"] {
        assert!(
            place
                .names(folder)
                .contains(&"labs.csv.manifest".to_owned())
        );
    }
}

#[test]
fn the_third_message_of_a_batch_is_refused_and_the_others_are_kept() {
    let place = Place::new();
    place.write(
        "batch.hl7",
        "FHS|\rBHS|\rMSH|1\rPID|\rMSH|2\rPID|\rMSH|bad\rBTS|3\rFTS|1\r",
    );
    let report = report(place.read("batch.hl7"));
    assert_eq!((report.rows, report.accepted, report.refused), (3, 2, 1));
    assert_eq!(report.refusals[0].row, 3);
    assert_eq!(report.refusals[0].code, "version-missing");
    assert_eq!(report.doubts, [""; 0]);
    assert_eq!(place.names("done"), ["batch.hl7", "batch.hl7.report.json"]);
}

#[test]
fn a_file_that_cannot_be_used_fails_with_its_reason() {
    let place = Place::new();
    for (name, bytes, code) in [
        ("empty.csv", "", "empty-file"),
        ("empty.hl7", "", "empty-file"),
        ("empty", "", "empty-file"),
        ("blank.hl7", "\r\n \n", "no-header"),
        ("wide", "M\0S\0H\0|\0^\0~\0\\\0&\0|\0\r\0", "utf-16"),
        ("packed.zip", "PK\u{3}\u{4}\u{14}\0\0\0", "no-header"),
        ("what.bin", "\u{1}", "kind-unknown"),
        ("other.csv", "a,b\n1,2\n", "column-missing"),
        ("none.CSV", "id,code,value\n", "mapping-missing"),
        ("blank.csv", "\n\n", "header-missing"),
    ] {
        place.write(name, bytes);
        let report = report(place.read(name));
        let failed = report.failed.map(|failed| failed.code);
        assert_eq!(failed.as_deref(), Some(code), "{name}");
        assert!(place.names("failed").contains(&name.to_owned()));
    }
    assert_eq!(place.count(), 0);
}

#[test]
fn a_quote_that_is_not_closed_is_told_with_the_lines_that_it_took() {
    let place = Place::new();
    place.write(
        "labs.csv",
        "id,code,value\n1,K,4.0\n2,\"K,4.0\n3,K,4.0\n4,\"K\",4.0\n5,K,4.0\n6,K\n",
    );
    let report = report(place.read("labs.csv"));
    let refused: Vec<_> = report
        .refusals
        .iter()
        .map(|one| (one.row, one.line, one.lines, &*one.code))
        .collect();
    assert_eq!(
        refused,
        [
            (2, 3, Some(3), "text-after-quote"),
            (4, 7, None, "field-count")
        ]
    );
    assert_eq!((report.rows, report.accepted), (4, 2));
    let told = String::from_utf8(report.to_json()).unwrap();
    assert_eq!(told.matches("\"lines\"").count(), 1);
}

#[test]
fn equal_rows_without_a_name_are_told_apart_across_batches_and_stops() {
    let place = Place::with(&MAPPING.replace("id = [\"id\"]", ""));
    let count = 2 * BATCH_UNITS + 10;
    place.write(
        "labs.csv",
        format!("id,code,value\n{}", "1,K,4.0\n".repeat(count)),
    );
    assert_eq!(place.stop_after(1, "labs.csv"), Ending::Stopped);
    let report = report(place.read("labs.csv"));
    assert_eq!(report.accepted, count as u64);
    assert_eq!(place.count(), count);
}

#[test]
fn what_is_put_in_the_place_of_our_folders_leads_nowhere() {
    let place = Place::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = place.folder.path();
    std::fs::remove_dir(folder.join("done")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.join("done")).unwrap();
    let told = ending::make_folders(folder).unwrap_err().to_string();
    assert!(
        told.ends_with("done is a link: put a folder in its place"),
        "{told}"
    );
    place.write("labs.csv", rows(1));
    let told = ending::free_name(folder, "labs.csv", true)
        .unwrap_err()
        .to_string();
    assert!(
        told.ends_with("done is a link: put a folder in its place"),
        "{told}"
    );
    // A link in the place of a file of ours is not followed.
    let report = folder.join("failed/.a.report.json.part");
    std::fs::write(elsewhere.path().join("other"), b"whole").unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("other"), &report).unwrap();
    ending::write_new(&report, b"report", 0o600).unwrap();
    assert_eq!(
        std::fs::read(elsewhere.path().join("other")).unwrap(),
        b"whole"
    );
    assert_eq!(std::fs::read(&report).unwrap(), b"report");
}
