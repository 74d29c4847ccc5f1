//! Over the shared files: each set is mapped or refused with a code, nothing is lost, and all resources are valid.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clinical::{MessageId, ReceivedTime, SiteKey};
use expect_test::expect;
use formats::fhir::validate::{Severity, Validator};
use formats::x12::{self, IssueCode};

use crate::normalize::{Input, Normalizer, RawInfo, State, Way};
use crate::source::Source;
use crate::x12::{Mapped, Outcome, balance, map, split};

/// Gives the shared files, each with its name; none where they are not here.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let Some(shared) = crate::map::corpus::shared() else {
        println!("no shared files here; set PULSEWIRE_SHARED to run over them");
        return files;
    };
    let folders = std::fs::read_dir(shared.join("clinical-data/x12-lfh"));
    for folder in folders.into_iter().flatten().flatten() {
        for file in std::fs::read_dir(folder.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let folder = folder.file_name();
            let name = format!(
                "{}/{}",
                folder.to_string_lossy(),
                file.file_name().to_string_lossy()
            );
            files.push((name, std::fs::read(file.path()).unwrap()));
        }
    }
    files.sort();
    files
}

/// What became of the files.
#[derive(Default)]
struct Found {
    counts: BTreeMap<String, usize>,
    odd: String,
    validator: Validator,
}

impl Found {
    fn count(&mut self, what: String) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn set(&mut self, name: &str, set: &x12::Set<'_, '_>) {
        let kind = set.kind().text().into_owned();
        let parts = match split(set, &Source::new("corpus")) {
            Ok(parts) => parts,
            Err(error) => {
                self.count(format!("refused {kind}: {}", error.code()));
                return;
            }
        };
        self.count(format!("mapped {kind}"));
        for part in parts {
            let of = part.patient.as_ref().map_or("nobody", |_| "a member");
            self.count(format!("parts of {kind} of {of}"));
            self.part(name, &part.bytes);
        }
    }

    /// The keyed core takes over what was made.
    fn normalized(&mut self, name: &str, bytes: &[u8], found: &Mapped) {
        let raw = RawInfo {
            message_id: MessageId::derive(&[bytes]),
            addressed: found.key,
            message_time: found.made,
            received_time: ReceivedTime::from_micros(1_790_000_000_000_000),
            topic: "healthcare.x12.received",
            partition: 0,
            offset: 0,
            source: "corpus",
            way: Way::File,
            backfill: false,
            retired: None,
            bytes,
        };
        let drafts = &found.drafts;
        let input = Input::Message { raw, drafts };
        match Normalizer::default().step(found.key, &mut State::default(), &input) {
            Ok(outputs) => {
                self.count("sets that normalize takes".into());
                assert_eq!(outputs.records.len(), drafts.len(), "{name}");
            }
            Err(refusal) => writeln!(self.odd, "{name}: {}", refusal.detail).unwrap(),
        }
    }

    fn part(&mut self, name: &str, bytes: &[u8]) {
        let file = x12::read(bytes);
        assert_eq!(
            file.issues()
                .iter()
                .filter(|one| one.code != IssueCode::VersionOther)
                .count(),
            0
        );
        let set = file.sets().next().unwrap();
        let (source, site) = (Source::new("corpus"), SiteKey::new([7; 32]));
        let found = map(&set, &source, &site, ReceivedTime::from_micros(0)).unwrap();
        for line in found.coverage.report(&set).lines {
            match line.outcome {
                Outcome::Mapped(_) => self.count("pieces mapped".into()),
                Outcome::Ignored(_) => self.count("pieces ignored for a reason".into()),
                Outcome::Unmapped => writeln!(self.odd, "{name}: lost {}", line.path).unwrap(),
            }
        }
        for issue in &found.issues {
            self.count(format!("doubt {}", issue.code.word()));
        }
        self.normalized(name, bytes, &found);
        for draft in &found.drafts {
            self.count(format!("resource {}", draft.resource_type));
            for issue in self.validator.validate(&draft.to_json()) {
                if issue.severity >= Severity::Error {
                    writeln!(self.odd, "{name}: {} {}", issue.path, issue.text).unwrap();
                }
            }
        }
    }
}

#[test]
fn every_shared_file_is_mapped_or_refused() {
    let files = files();
    if files.is_empty() {
        return;
    }
    let mut found = Found::default();
    for (name, bytes) in &files {
        found.count("files".into());
        let file = x12::read(bytes);
        for set in file.sets() {
            found.set(name, &set);
        }
    }
    let Found { counts, odd, .. } = found;
    let counts: String = counts
        .iter()
        .map(|(what, count)| format!("{what}: {count}\n"))
        .collect();
    expect![""].assert_eq(&odd);
    expect![[r#"
        doubt not-a-time: 4
        doubt not-split: 30
        files: 61
        mapped 270: 2
        mapped 271: 2
        mapped 276: 4
        mapped 277: 4
        mapped 834: 10
        mapped 835: 5
        mapped 837: 33
        parts of 270 of a member: 2
        parts of 271 of a member: 2
        parts of 276 of a member: 7
        parts of 277 of a member: 5
        parts of 277 of nobody: 2
        parts of 834 of a member: 10
        parts of 835 of a member: 8
        parts of 835 of nobody: 5
        parts of 837 of a member: 34
        pieces ignored for a reason: 1716
        pieces mapped: 5925
        refused 271: set-control-differs: 1
        resource Claim: 34
        resource Coverage: 77
        resource CoverageEligibilityRequest: 2
        resource CoverageEligibilityResponse: 2
        resource ExplanationOfBenefit: 8
        resource Location: 14
        resource Organization: 239
        resource Patient: 68
        resource PaymentReconciliation: 5
        resource Practitioner: 39
        resource RelatedPerson: 28
        resource Task: 14
        sets that normalize takes: 75
    "#]]
    .assert_eq(&counts);
}

#[test]
fn every_shared_remittance_adds_up() {
    let mut odd = String::new();
    for (name, bytes) in files() {
        let file = x12::read(&bytes);
        for set in file.sets() {
            for issue in balance(&set) {
                let word = issue.code.word();
                writeln!(odd, "{name}: {word} {} {}", issue.stated, issue.found).unwrap();
            }
        }
    }
    expect![[r#"
        835_005010X221A1/tertiary-payment.835: line-unbalanced 24599000000000 3345500000000
    "#]]
    .assert_eq(&odd);
}
