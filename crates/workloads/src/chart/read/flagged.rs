//! What the sender says of a result beside its value; and results flagged as critical, of analytes that no range is for.

use clinical::{Code, Observation, ObservationStatus, System, Value, resource_hash};

use super::answers::is_haemolysed;
use crate::chart::{FLAGGED, HAEMOLYSED, REVISED};
use crate::critical;
use crate::tables::Meaning;

/// The flags of HL7 that say that a result is critical (table 0078: above or below panic limits, very abnormal).
const FLAGS: [&str; 3] = ["HH", "LL", "AA"];

/// What devices call what they measure (IEEE 11073-10101): their alarms are theirs, and no laboratory's.
const DEVICE_CODES: &str = "urn:iso:std:iso:11073:10101";

/// How many characters of a name, and of a value in words, are kept.
const MOST_CHARACTERS: usize = 80;

/// Gives what its sender says beside a value.
pub(super) fn marks(observation: &Observation) -> u8 {
    let haemolysed = observation.notes.iter().any(|note| is_haemolysed(note));
    let flagged = is_flagged(observation);
    // It is kept as one that replaced another, though that may come after it.
    let revised = matches!(
        observation.status,
        ObservationStatus::Corrected | ObservationStatus::Amended
    );
    (u8::from(haemolysed) * HAEMOLYSED)
        | (u8::from(flagged) * FLAGGED)
        | (u8::from(revised) * REVISED)
}

/// What such a result is.
pub(super) struct Flagged {
    /// Tells analytes apart.
    pub(super) analyte: u32,
    /// Its name and its value.
    pub(super) words: Box<str>,
}

/// Reads a result that its sender flags as critical and that nothing else here judges.
pub(super) fn flagged(observation: &Observation, meaning: Option<Meaning>) -> Option<Flagged> {
    let value = observation.value.as_ref()?;
    let is_judged_elsewhere = match meaning {
        Some(Meaning::Of(parameter)) => !critical::ONLY_FLAGGED.contains(&parameter),
        Some(_) => true,
        None => is_by_device(&observation.codes),
    };
    if is_judged_elsewhere || !is_flagged(observation) {
        return None;
    }
    let codes = &observation.codes;
    let hash = |code: &Code| {
        let name = match &*code.code {
            "" => &code.display,
            written => written,
        };
        resource_hash(&format!("{}|{name}", code.system.uri()))
    };
    // Whichever coding comes first, and whatever local one stands beside it, it is the same analyte.
    let loinc = codes.iter().filter(|code| code.system == System::Loinc);
    let analyte = loinc.map(hash).min();
    let analyte = analyte.or_else(|| codes.iter().map(hash).min())?;
    Some(Flagged {
        analyte: u32::try_from(analyte >> 32).unwrap_or_default().max(1),
        words: format!("{} {}", name_of(codes), cut(&words_of(value))).into(),
    })
}

fn is_flagged(observation: &Observation) -> bool {
    let mut judged = observation.interpretation.iter();
    judged.any(|flag| FLAGS.contains(&&**flag))
}

fn is_by_device(codes: &[Code]) -> bool {
    codes.iter().any(|code| match &code.system {
        System::Other(uri) => **uri == *DEVICE_CODES,
        System::Loinc | System::Snomed | System::RxNorm => false,
    })
}

/// Gives the first words that there are for it, or else its code.
fn name_of(codes: &[Code]) -> String {
    let displays = codes.iter().map(|code| code.display.trim());
    let written = codes.iter().map(|code| code.code.trim());
    let mut names = displays.chain(written).filter(|name| !name.is_empty());
    names.next().map_or_else(|| "result".into(), cut)
}

fn words_of(value: &Value) -> String {
    match value {
        Value::Quantity(quantity) => quantity.to_string(),
        Value::Text(text) => text.trim().into(),
        Value::Coded(codes) => name_of(codes),
    }
}

/// Cuts what is long, on one line.
fn cut(words: &str) -> String {
    let mut kept: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = kept.char_indices().nth(MOST_CHARACTERS) {
        kept.truncate(end);
        kept.push('…');
    }
    kept
}
