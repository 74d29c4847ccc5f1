//! Over the shared files of X12: each is read, and what is odd about one is known.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use expect_test::expect;

use crate::x12::{answer, check, loops, read};

/// Gives the shared files, each with its name; none where they are not here.
fn files() -> Vec<(String, Vec<u8>)> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    #[expect(clippy::disallowed_methods, reason = "a test finds its corpora by it")]
    let folder = std::env::var("PULSEWIRE_SHARED").map_or(default, PathBuf::from);
    let mut files = Vec::new();
    let folders = std::fs::read_dir(folder.join("clinical-data/x12-lfh"));
    for folder in folders.into_iter().flatten().flatten() {
        for file in std::fs::read_dir(folder.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = format!(
                "{}/{}",
                folder.file_name().to_string_lossy(),
                file.file_name().to_string_lossy()
            );
            files.push((name, std::fs::read(file.path()).unwrap()));
        }
    }
    files.sort();
    if files.is_empty() {
        println!("no shared files here; set PULSEWIRE_SHARED to run over them");
    }
    files
}

#[test]
fn every_shared_file_is_read() {
    let files = files();
    if files.is_empty() {
        return;
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut odd = String::new();
    for (name, bytes) in &files {
        let file = read(bytes);
        assert_eq!(&file.join(), bytes, "{name}");
        *counts.entry("files".into()).or_default() += 1;
        for issue in file.issues() {
            *counts
                .entry(format!("issue {}", issue.code.as_str()))
                .or_default() += 1;
            if issue.code.as_str() != "version-other" {
                writeln!(odd, "{name}: {}", issue.code.as_str()).unwrap();
            }
        }
        for set in file.sets() {
            let tree = loops(&set).unwrap();
            *counts
                .entry(format!("set {}", tree.guide().name()))
                .or_default() += 1;
            *counts.entry("segments".into()).or_default() += set.segments().len();
            for issue in tree.issues() {
                writeln!(odd, "{name}: {issue}").unwrap();
            }
            for fault in check(&set) {
                let elements: Vec<_> = fault
                    .elements
                    .iter()
                    .map(|one| (one.element, one.code))
                    .collect();
                writeln!(odd, "{name}: {} {} {elements:?}", fault.name, fault.code).unwrap();
            }
        }
    }
    let counts: String = counts
        .iter()
        .map(|(what, count)| format!("{what}: {count}\n"))
        .collect();
    expect![[r#"
        files: 61
        issue set-control-differs: 1
        issue version-other: 11
        segments: 2036
        set 270: 2
        set 271: 3
        set 276: 4
        set 277: 4
        set 834: 10
        set 835: 5
        set 837I: 9
        set 837P: 24
    "#]]
    .assert_eq(&counts);
    expect![[r#"
        271_005010X279A1/subscriber-health-benefit-check-error.271: set-control-differs
        837_004010X096A1/institutional-ppo-repriced.837: DTP 8 [(3, "8")]
        837_005010X222A2/demo.cob.example3.A.837: NM1 3 []
    "#]]
    .assert_eq(&odd);
}

#[test]
fn every_shared_file_gets_answers_that_are_read_back() {
    let stamp = answer::Stamp {
        interchange: 1,
        group: 1,
        year: 2026,
        month: 3,
        day: 1,
        hour: 12,
        minute: 0,
    };
    for (name, bytes) in files() {
        let file = read(&bytes);
        for interchange in file.interchanges() {
            let mut answers = vec![answer::ta1(&file, interchange, &stamp).unwrap()];
            for group in &interchange.groups {
                let answer =
                    answer::implementation_acknowledgement(&file, interchange, group, &stamp);
                answers.push(answer.unwrap());
            }
            for answer in answers {
                let back = read(&answer);
                assert_eq!(back.issues(), [], "{name}");
                for set in back.sets() {
                    assert_eq!(loops(&set).unwrap().issues(), [], "{name}");
                }
            }
        }
    }
}
