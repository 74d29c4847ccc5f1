//! What the first message says of a resource is what is published of it.

use std::path::{Path, PathBuf};

use clinical::SiteKey;
use formats::fhir::read::Raw;
use formats::hl7v2;

use super::*;
use crate::map::corpus::{files, shared};
use crate::map::map;
use crate::source::Source;

/// Elements that this stage writes itself.
const OWN: [&str; 2] = ["meta", "link"];

fn members(json: &[u8]) -> Vec<(String, String)> {
    let raw = Raw::read(json).unwrap();
    let all = raw.members().flatten();
    let all = all.filter(|(name, _)| !OWN.contains(name));
    let text = |json: Raw<'_>| String::from_utf8(json.as_bytes().to_vec()).unwrap();
    let mut all: Vec<_> = all
        .map(|(name, json)| (name.to_owned(), text(json)))
        .collect();
    all.sort();
    all
}

/// Maps a message, and gives what of each resource is said and what is published, of those that are otherwise.
fn lost(text: &[u8]) -> Vec<String> {
    let (source, site) = (Source::new("adt1"), SiteKey::new([7; 32]));
    let message = hl7v2::parse(text);
    let mapped = map(
        &message,
        &source,
        &site,
        ReceivedTime::from_micros(i64::MAX / 2),
    );
    let Some(patient) = mapped.subjects.patient() else {
        return Vec::new();
    };
    let key = patient.key(&site);
    let mut raw = raw(key, "first", 0);
    raw.received_time = ReceivedTime::from_micros(i64::MAX / 2);
    let input = Input::Message {
        raw,
        drafts: &mapped.drafts,
    };
    let mut state = State::default();
    let outputs = Normalizer::default().step(key, &mut state, &input).unwrap();
    let published = |draft: &Draft| {
        let mut records = outputs.records.iter().rev();
        records.find_map(|record| match record {
            Output::Resource { id, json, .. } if *id == draft.id => Some(members(json)),
            _ => None,
        })
    };
    let once = |draft: &&Draft| {
        let same = |other: &&Draft| other.id == draft.id;
        // The other side of a merge speaks for itself.
        let is_own = draft.resource_type != "Patient" || *draft.id == *key.to_string();
        is_own
            && matches!(draft.effect, Effect::State | Effect::Mention)
            && mapped.drafts.iter().filter(same).count() == 1
    };
    let mut lost = Vec::new();
    for draft in mapped.drafts.iter().filter(once) {
        let said = members(&draft.to_json());
        if published(draft).as_ref() != Some(&said) {
            lost.push(format!("said {said:?}, published {:?}", published(draft)));
        }
    }
    lost
}

/// A patient with a value in every field of PID, and a birth and a death as given.
fn patient_with(fields: &str) -> String {
    format!(
        "MSH|^~\\&|A|B|||20260301||ADT^A08|1|P|2.5\rPID|1|2^^^H^PT|7^^^H^MR|8^^^H^PI|DOE^JANE^^^^^L|ROE^MARY|19540211|F|DOE^J^^^^^A\
         |2106-3|1 Main^^Boston^MA^02115|MID|^PRN^PH^^1^617^1111111|^WPN^PH^^1^617^2222222|en|M|CAT|A1^^^H^AN|123456789|D1^MA|5^^^H^MR\
         |N|Boston|{fields}\rPD1||||PCP^Doc^P\rNK1|1|DOE^JIM|SPO\
         \rPV1|1|I|ICU^1^A|E||OLD^1^B|ATT^A|REF^R|CON^C||TMP^1|||7|B6||ADM^A||V1^^^H^VN||||||||||||||||||01||||HALL^1||20260228|||||ALT^^^H\
         \rPV2|||R07.9^Chest pain^I10|||||20260305||||free text"
    )
}

#[test]
fn all_that_is_said_first_of_a_patient_and_a_visit_is_published() {
    // PID-24 and PID-25, PID-29 and PID-30, in each combination that says anything.
    for birth in ["|", "Y|", "Y|2", "N|", "|3", "\"\"|2", "Y|\"\""] {
        for death in [
            "|",
            "20260301|Y",
            "20260301|",
            "202603010830|Y",
            "|Y",
            "|N",
            "20260301|N",
            "\"\"|Y",
        ] {
            let text = patient_with(&format!("{birth}||||{death}"));
            assert_eq!(lost(text.as_bytes()), [""; 0], "{birth} {death}");
        }
    }
}

#[test]
fn all_that_is_said_first_in_the_messages_of_the_project_is_published() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/hl7v2");
    let mut paths: Vec<PathBuf> = Vec::new();
    files(&folder, &mut paths);
    assert!(paths.len() >= 15, "{paths:?}");
    files(&shared().unwrap_or_default().join("corpora"), &mut paths);
    for path in paths {
        let text = std::fs::read(&path).unwrap();
        assert_eq!(lost(&text), [""; 0], "{}", path.display());
    }
}
