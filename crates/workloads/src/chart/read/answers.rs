//! Answers in words or codes, and their numbers in the lists that the chart keeps.

use clinical::{System, Value};

/// SNOMED CT codes of the five answers, as NHS England's NEWS2 value set has them, and those of LOINC, as HL7 Belgium's guide to
/// patient monitoring (0.1.0, NEWS) has them for the level of responsiveness.
const CONSCIOUSNESS_CODES: [(System, &str, u8); 10] = [
    (System::Snomed, "248234008", 0),
    (System::Snomed, "130987000", 1),
    (System::Snomed, "300202002", 2),
    (System::Snomed, "450847001", 3),
    (System::Snomed, "422768004", 4),
    (System::Loinc, "LA9340-6", 0),
    (System::Loinc, "LA6560-2", 1),
    (System::Loinc, "LA17108-4", 2),
    (System::Loinc, "LA17107-6", 3),
    (System::Loinc, "LA9343-0", 4),
];

pub(super) fn consciousness(value: &Value) -> Option<u8> {
    match value {
        Value::Text(text) => consciousness_word(text),
        Value::Coded(codes) => codes.iter().find_map(|code| {
            CONSCIOUSNESS_CODES
                .iter()
                .find(|(system, known, _)| code.system == *system && **known == *code.code)
                .map(|(.., answer)| *answer)
                .or_else(|| consciousness_word(&code.display))
                .or_else(|| consciousness_word(&code.code))
        }),
        Value::Quantity(_) => None,
    }
}

fn consciousness_word(text: &str) -> Option<u8> {
    match text.trim().to_lowercase().as_str() {
        "a" | "alert" => Some(0),
        "c" | "confused" | "confusion" | "new confusion" => Some(1),
        "v" | "voice" | "verbal" | "responds to voice" => Some(2),
        "p" | "pain" | "painful" | "responds to pain" => Some(3),
        "u" | "unresponsive" => Some(4),
        _ => None,
    }
}

/// Gives the words of an answer.
pub(super) fn said(value: &Value) -> Vec<String> {
    match value {
        Value::Text(text) => vec![text.trim().to_lowercase()],
        Value::Coded(codes) => codes
            .iter()
            .flat_map(|code| [&code.code, &code.display])
            .map(|word| word.trim().to_lowercase())
            .collect(),
        Value::Quantity(_) => Vec::new(),
    }
}

/// Finds an answer in its list.
pub(super) fn answer(list: &[&str], value: &Value) -> Option<u8> {
    let said = said(value);
    let place = list
        .iter()
        .position(|answer| said.iter().any(|word| word == answer))?;
    u8::try_from(place).ok()
}

/// Says whether a tube makes it impossible to speak: `1T`, `1.0 ET/Trach`, `No Response-ETT`.
pub(super) fn is_tube(value: &Value) -> bool {
    said(value).iter().any(|word| {
        matches!(word.as_str(), "t" | "1t" | "intubated")
            || word.ends_with("-ett")
            || word.contains("et/trach")
    })
}

/// The heart beats by its own rhythm.
pub(crate) const OWN_RHYTHM: u8 = 0;
/// It fibrillates or flutters: the times between its beats are of no rhythm, or of a fixed one.
const FIBRILLATION: u8 = 1;
/// A pacemaker beats for it.
const PACED: u8 = 2;
/// How charts shorten it.
const FIBRILLATION_WORDS: [&str; 7] = [
    "af",
    "afl",
    "a-fib",
    "a fib",
    "a. fib",
    "atrial fib",
    "a flutter",
];
/// SNOMED CT, Atrial fibrillation (paroxysmal, persistent), Atrial flutter and Rhythm from artificial pacing.
const RHYTHM_SNOMED: [(&str, u8); 5] = [
    ("49436004", FIBRILLATION),
    ("282825002", FIBRILLATION),
    ("440059007", FIBRILLATION),
    ("5370000", FIBRILLATION),
    ("10370003", PACED),
];

/// Takes a rhythm for the heart's own unless it is said to be another.
pub(super) fn rhythm(value: &Value) -> Option<u8> {
    let said = said(value);
    let has = |parts: &[&str]| {
        let mut words = said.iter();
        words.any(|word| parts.iter().any(|part| word.contains(part)))
    };
    let by_code = said.iter().find_map(|word| {
        let mut known = RHYTHM_SNOMED.iter();
        known
            .find(|(code, _)| code == word)
            .map(|(_, answer)| *answer)
    });
    let is_short = said
        .iter()
        .any(|word| FIBRILLATION_WORDS.contains(&word.as_str()));
    let by_words = if is_short || has(&["fibrillation", "flutter", "afib"]) {
        FIBRILLATION
    } else if has(&["paced", "pacing", "pacemaker"]) {
        PACED
    } else {
        OWN_RHYTHM
    };
    let is_said = said.iter().any(|word| !word.is_empty());
    is_said.then(|| by_code.unwrap_or(by_words))
}

pub(super) fn scale(value: &Value) -> Option<u8> {
    let is = |text: &str| match text.trim() {
        "1" => Some(1),
        "2" => Some(2),
        _ => None,
    };
    match value {
        Value::Quantity(quantity) => is(&quantity.value.normalize().to_string()),
        Value::Text(text) => is(text),
        Value::Coded(codes) => codes.iter().find_map(|code| is(&code.code)),
    }
}

/// Words by which a laboratory says that something is not so, before what it speaks of or behind it.
const DENIALS: [&str; 6] = ["no", "not", "non", "without", "none", "negative"];

/// Says whether words beside a result say that its specimen was haemolysed, and not that it was not.
pub(super) fn is_haemolysed(note: &str) -> bool {
    let note = note.to_lowercase();
    let mut sentences = note.split(['.', ';', ',', '\n']);
    sentences.any(|sentence| {
        let mut words = sentence.split(|c: char| !c.is_alphabetic());
        let says = sentence.contains("haemoly") || sentence.contains("hemoly");
        says && !words.any(|word| DENIALS.contains(&word))
    })
}

#[cfg(test)]
mod tests {
    use clinical::Code;

    use super::*;

    #[test]
    fn a_rhythm_is_the_hearts_own_unless_it_is_said_to_be_another() {
        let words = |words: &str| rhythm(&Value::Text(words.into()));
        for own in [
            "Sinus rhythm",
            "SR (Sinus Rhythm)",
            "ST (Sinus Tachycardia)",
        ] {
            assert_eq!(words(own), Some(OWN_RHYTHM), "{own}");
        }
        for other in [
            "AF (Atrial Fibrillation)",
            "A Flut (Atrial Flutter)",
            "AF",
            "A-fib",
        ] {
            assert_eq!(words(other), Some(FIBRILLATION), "{other}");
        }
        assert_eq!(words("AV Paced"), Some(PACED));
        assert_eq!(words(" "), None);
        let coded = |code: &str| {
            let code = Code {
                system: System::Snomed,
                code: code.into(),
                display: "".into(),
            };
            rhythm(&Value::Coded(vec![code]))
        };
        let told = ["49436004", "5370000", "10370003", "64730000"].map(coded);
        let known = [FIBRILLATION, FIBRILLATION, PACED, OWN_RHYTHM].map(Some);
        assert_eq!(told, known);
    }

    #[test]
    fn that_a_specimen_was_not_haemolysed_is_not_taken_for_the_contrary() {
        for note in [
            "specimen haemolysed",
            "Slight hemolysis. Not repeated",
            "HEMOLYZED; no clots",
        ] {
            assert!(is_haemolysed(note), "{note}");
        }
        for note in [
            "not haemolysed",
            "Sample not grossly hemolyzed",
            "No evidence of hemolysis",
            "non-hemolyzed",
            "Hemolysis: none",
            "specimen clotted",
        ] {
            assert!(!is_haemolysed(note), "{note}");
        }
    }
}
