//! The messages that damage starts from: a few of our own, and those of the shared corpora where they are there.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use formats::hl7v2::batch;

/// So many messages of the corpora are taken at most, evenly out of all of them.
const SEEDS_MAX: usize = 4_000;
/// A longer message is left out: it takes the time of many.
const SEED_BYTES_MAX: usize = 32 * 1024;

/// A list of byte strings.
pub type Pieces = Vec<Vec<u8>>;

/// Messages of our own, so that there is always something.
const OWN: [&str; 5] = [
    "MSH|^~\\&|LAB|H|PW|H|20260301101500+0100||ORU^R01^ORU_R01|1|P|2.5.1|||||||UNICODE UTF-8\rPID|1||7^^^H^MR||Doe^Jo||19500601|F\rPV1|1|I|4W^1^A||||||||||||||||V1^^^H^VN\rORC|RE|O1^A|F1^L\rOBR|1|O1^A|F1^L|2823-3^Potassium^LN|||20260301100000+0100|||||||||||||||20260301101000+0100||CH|F\rNTE|1||a note\\.br\\in two lines\rOBX|1|NM|2823-3^Potassium^LN||6.9|mmol/L|3.5-5.1|HH|||F|||20260301100000+0100\rOBX|2|SN|1^x^L||<^0.10|mg/L||||C\rOBX|3|ED|2^y^L||^IM^PDF^Base64^JVBERi0=||||||F\rOBX|4|CWE|3^z^L||A^b^L~C^d^L||||||D\rSPM|1|S1||SER\r",
    "MSH|^~\\&|ADT|H|||20260301||ADT^A01^ADT_A01|2|P|2.5\rEVN|A01|202603010900\rPID|1||7^^^H^MR~8^^^S^SS||Doe^Jo^^^^^L~Roe^Jo^^^^^M|||F||2106-3|1 Way^^Town^ST^1^US||5551234\rNK1|1|Doe^Al|SPO\rPV1|1|I|4W^1^A|||||||||||||||1|V1|||||||||||||||||||||||||202603010900\rAL1|1|DA|P^Penicillin^L|SV\rDG1|1||I10^x^I10|||A\rZPD|1|what^ever\r",
    "MSH|^~\\&|ADT|H|||20260301||ADT^A40^ADT_A39|3|P|2.5\rEVN|A40|20260301\rPID|1||8^^^H^MR\rMRG|7^^^H^MR\rPID|1||9^^^H^MR\rMRG|8^^^H^MR\r",
    "FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A|B|||2026||ADT^A08|4|P|2.3\rPID|||7\rMSH|^~\\&|A|B|||2026||VXU^V04|5|P|2.5.1\rPID|||7\rORC|RE\rRXA|0|1|20260301||08^x^CVX|0.5|mL\rBTS|2\rFTS|1\r",
    "MSH|^~\\&|SIU|H|||20260301||SIU^S12|6|P|2.4\rSCH|1|2\rPID|||7\rRGS|1\rAIS|1||x\rAIP|1||1^Doc\r",
];

/// Returns the seeds, read once.
#[expect(
    clippy::print_stdout,
    reason = "a test says what it could not start from"
)]
#[must_use]
pub fn seeds() -> &'static Pieces {
    static SEEDS: OnceLock<Pieces> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let mut seeds: Pieces = OWN.iter().map(|text| text.as_bytes().to_vec()).collect();
        let found = corpora();
        let found_none = found.is_empty();
        let step = found.len().div_ceil(SEEDS_MAX).max(1);
        seeds.extend(found.into_iter().step_by(step));
        if found_none {
            println!(
                "no shared corpora; set PULSEWIRE_SHARED for more than {} seeds",
                seeds.len()
            );
        }
        seeds
    })
}

fn corpora() -> Pieces {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    #[expect(
        clippy::disallowed_methods,
        reason = "where the corpora are is a setting of the tests"
    )]
    let shared = std::env::var("PULSEWIRE_SHARED").map_or(beside, PathBuf::from);
    let mut paths = Vec::new();
    files(&shared.join("corpora"), &mut paths);
    paths.sort();
    let mut found = Pieces::new();
    for bytes in paths.iter().filter_map(|path| std::fs::read(path).ok()) {
        let messages = batch::split(&bytes).messages.into_iter();
        let messages = messages.filter_map(|message| bytes.get(message.span));
        found.extend(
            messages
                .filter(|one| one.len() <= SEED_BYTES_MAX)
                .map(<[u8]>::to_vec),
        );
    }
    found
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("hl7") || kind == "txt")
        {
            found.push(path);
        }
    }
}
