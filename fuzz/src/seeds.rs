//! What damage starts from: a few messages and resources of our own, and those of the shared corpora where they are there.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use formats::hl7v2::batch;

use crate::pieces;

/// So many of the corpora are taken at most, evenly out of all of them.
const SEEDS_MAX: usize = 4_000;
/// A longer one is left out: it takes the time of many.
const SEED_BYTES_MAX: usize = 32 * 1024;

/// Messages of our own, so that there is always something.
const MESSAGES: [&str; 5] = [
    "MSH|^~\\&|LAB|H|PW|H|20260301101500+0100||ORU^R01^ORU_R01|1|P|2.5.1|||||||UNICODE UTF-8\rPID|1||7^^^H^MR||Doe^Jo||19500601|F\rPV1|1|I|4W^1^A||||||||||||||||V1^^^H^VN\rORC|RE|O1^A|F1^L\rOBR|1|O1^A|F1^L|2823-3^Potassium^LN|||20260301100000+0100|||||||||||||||20260301101000+0100||CH|F\rNTE|1||a note\\.br\\in two lines\rOBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L|3.5-5.1|HH|||F|||20260301100000+0100\rOBX|2|SN|1^x^L||<^0.10|mg/L||||C\rOBX|3|ED|2^y^L||^IM^PDF^Base64^JVBERi0=||||||F\rOBX|4|CWE|3^z^L||A^b^L~C^d^L||||||D\rSPM|1|S1||SER\r",
    "MSH|^~\\&|ADT|H|||20260301||ADT^A01^ADT_A01|2|P|2.5\rEVN|A01|202603010900\rPID|1||7^^^H^MR~8^^^S^SS||Doe^Jo^^^^^L~Roe^Jo^^^^^M|||F||2106-3|1 Way^^Town^ST^1^US||5551234\rNK1|1|Doe^Al|SPO\rPV1|1|I|4W^1^A|||||||||||||||1|V1|||||||||||||||||||||||||202603010900\rAL1|1|DA|P^Penicillin^L|SV\rDG1|1||I10^x^I10|||A\rZPD|1|what^ever\r",
    "MSH|^~\\&|ADT|H|||20260301||ADT^A40^ADT_A39|3|P|2.5\rEVN|A40|20260301\rPID|1||8^^^H^MR\rMRG|7^^^H^MR\rPID|1||9^^^H^MR\rMRG|8^^^H^MR\r",
    "FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A|B|||2026||ADT^A08|4|P|2.3\rPID|||7\rMSH|^~\\&|A|B|||2026||VXU^V04|5|P|2.5.1\rPID|||7\rORC|RE\rRXA|0|1|20260301||08^x^CVX|0.5|mL\rBTS|2\rFTS|1\r",
    "MSH|^~\\&|SIU|H|||20260301||SIU^S12|6|P|2.4\rSCH|1|2\rPID|||7\rRGS|1\rAIS|1||x\rAIP|1||1^Doc\r",
];

/// Resources of our own.
const RESOURCES: [&str; 3] = [
    r##"{"resourceType":"Observation","id":"o","contained":[{"resourceType":"Patient","id":"p"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2823-3","display":"Potassium"}],"text":"K"},"subject":{"reference":"#p"},"effectiveDateTime":"2026-03-01T10:15:00.250+01:00","valueQuantity":{"value":6.90,"comparator":">","unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"},"referenceRange":[{"low":{"value":3.5},"high":{"value":5.1}}],"component":[{"code":{"text":"x"},"valueString":"y"}]}"##,
    r##"{"resourceType":"Patient","id":"p","meta":{"versionId":"1","lastUpdated":"2026-03-01T10:15:00Z"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Doe</p></div>"},"identifier":[{"use":"official","type":{"coding":[{"code":"MR"}]},"system":"urn:oid:1.2.3","value":"7"}],"name":[{"family":"Doe","given":["Jo",null],"_given":[null,{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}]}],"gender":"female","birthDate":"1950-06-01","deceasedBoolean":false,"address":[{"line":["1 Way"],"city":"Town"}]}"##,
    r##"{"resourceType":"Bundle","type":"message","timestamp":"2026-03-01T10:15:00Z","entry":[{"fullUrl":"http://x/fhir/MessageHeader/m","resource":{"resourceType":"MessageHeader","id":"m","eventCoding":{"system":"http://terminology.hl7.org/CodeSystem/v2-0003","code":"R01"},"source":{"endpoint":"urn:x"},"focus":[{"reference":"Patient/p"}]}},{"fullUrl":"http://x/fhir/Patient/p","resource":{"resourceType":"Patient","id":"p"}}]}"##,
];

/// What is damaged, and what with.
#[derive(Debug)]
pub struct Kind {
    /// What damage starts from.
    pub seeds: Vec<Vec<u8>>,
    pub(crate) pieces: &'static [&'static [u8]],
    /// What stands between the smallest parts; the last between the largest.
    pub(crate) separators: &'static [u8],
}

impl Kind {
    /// HL7 v2 messages.
    #[must_use]
    pub fn messages() -> &'static Self {
        static KIND: OnceLock<Kind> = OnceLock::new();
        KIND.get_or_init(|| Self {
            seeds: seeds(&MESSAGES, messages()),
            pieces: &pieces::OF_MESSAGES,
            separators: b"|^~&\r",
        })
    }

    /// FHIR resources in JSON.
    #[must_use]
    pub fn resources() -> &'static Self {
        static KIND: OnceLock<Kind> = OnceLock::new();
        KIND.get_or_init(|| Self {
            seeds: seeds(&RESOURCES, resources()),
            pieces: &pieces::OF_RESOURCES,
            separators: b":{}[],",
        })
    }

    pub(crate) fn piece(&self, number: u8) -> &'static [u8] {
        let chosen = usize::from(number) % self.pieces.len().max(1);
        self.pieces.get(chosen).copied().unwrap_or_default()
    }

    pub(crate) fn segments<'b>(&self, bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let end = self.separators.last();
        bytes.split_inclusive(|byte| Some(byte) == end).collect()
    }
}

/// Our own, and evenly out of all that were found.
#[expect(
    clippy::print_stdout,
    reason = "a test says what it could not start from"
)]
fn seeds(own: &[&str], found: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    if found.is_empty() {
        println!("no shared corpora; set PULSEWIRE_SHARED for more seeds than our own");
    }
    let step = found.len().div_ceil(SEEDS_MAX).max(1);
    let own = own.iter().map(|text| text.as_bytes().to_vec());
    own.chain(found.into_iter().step_by(step)).collect()
}

fn messages() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for bytes in corpora(&["hl7", "txt"]) {
        let messages = batch::split(&bytes).messages.into_iter();
        let messages = messages.filter_map(|message| bytes.get(message.span));
        let short = messages.filter(|one| one.len() <= SEED_BYTES_MAX);
        found.extend(short.map(<[u8]>::to_vec));
    }
    found
}

fn resources() -> Vec<Vec<u8>> {
    let all = corpora(&["json", "fhir"]);
    all.filter(|bytes| bytes.len() <= SEED_BYTES_MAX && is_resource(bytes))
        .collect()
}

fn is_resource(bytes: &[u8]) -> bool {
    let name = b"\"resourceType\"";
    bytes.windows(name.len()).any(|window| window == name)
}

/// The corpora's files with these endings, in the order of their names.
fn corpora(endings: &[&str]) -> impl Iterator<Item = Vec<u8>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    #[expect(
        clippy::disallowed_methods,
        reason = "where the corpora are is a setting of the tests"
    )]
    let shared = std::env::var("PULSEWIRE_SHARED").map_or(beside, PathBuf::from);
    let mut paths = Vec::new();
    files(&shared.join("corpora"), endings, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .filter_map(|path| std::fs::read(path).ok())
}

fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            files(&path, endings, found);
        } else if ending.is_some_and(|one| endings.iter().any(|e| one.eq_ignore_ascii_case(e))) {
            found.push(path);
        }
    }
}
