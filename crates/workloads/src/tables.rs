//! The data files: which codes mean what.

use clinical::{Code, System};

use crate::Parameter;
use crate::chart::read::SEPSIS_NOTES as NOTES;

const PARAMETERS: &str = include_str!("../data/parameters.tsv");
const SEPSIS_NOTES: &str = include_str!("../data/sepsis_notes.tsv");
const CHRONIC_DIALYSIS: &str = include_str!("../data/chronic_dialysis.tsv");
const ANTIMICROBIALS: &str = include_str!("../data/antimicrobials.tsv");

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A value of this parameter.
    Of(Parameter),
    /// A concentration of oxygen that is breathed in.
    InspiredOxygen,
    /// A flow of oxygen.
    OxygenFlow,
    /// A setting of a ventilator: whatever it is, one runs.
    VentilatorSetting,
}

/// The contents of the data files.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// In the order of code and system.
    meanings: Vec<((&'static str, &'static str), Meaning)>,
    sepsis_notes: Vec<(&'static str, &'static str, u8)>,
    chronic_dialysis: Vec<(&'static str, &'static str)>,
    atc_prefixes: Vec<&'static str>,
    names: Vec<&'static str>,
    local_words: Vec<&'static str>,
}

impl Tables {
    /// Reads the data files that are part of the program.
    pub(crate) fn new() -> Self {
        let antimicrobials = |kind: &str| {
            rows(ANTIMICROBIALS)
                .filter(|row| row.first() == Some(&kind))
                .filter_map(|row| row.get(1).copied())
                .collect()
        };
        let mut meanings: Vec<_> = rows(PARAMETERS)
            .map(|row| {
                let (system, code, meaning) = meaning(&row)
                    .expect("every row has a system, a code and a parameter, as a test shows");
                ((code, system), meaning)
            })
            .collect();
        meanings.sort_unstable_by_key(|(key, _)| *key);
        Self {
            meanings,
            sepsis_notes: rows(SEPSIS_NOTES)
                .map(|row| note(&row).expect("every row names a note, as a test shows"))
                .collect(),
            chronic_dialysis: rows(CHRONIC_DIALYSIS)
                .map(|row| diagnosis(&row).expect("every row names a code, as a test shows"))
                .collect(),
            atc_prefixes: antimicrobials("atc"),
            names: antimicrobials("name"),
            local_words: antimicrobials("not"),
        }
    }

    /// Finds what an observation means from its codings.
    pub(crate) fn meaning(&self, codes: &[Code]) -> Option<Meaning> {
        codes.iter().find_map(|code| {
            let system = match &code.system {
                System::Loinc => "loinc",
                System::Snomed => "snomed",
                System::RxNorm => "rxnorm",
                System::Other(uri) => OTHERS.iter().find(|(known, _)| **known == **uri)?.1,
            };
            let key = (&*code.code, system);
            let place = self.meanings.binary_search_by_key(&key, |(key, _)| *key);
            self.meanings.get(place.ok()?).map(|(_, meaning)| *meaning)
        })
    }

    /// Finds what a diagnosis says of a sepsis, by its place among the notes: the gravest that any of its codings says.
    pub(crate) fn sepsis_note(&self, codes: &[Code]) -> Option<u8> {
        let said = codes.iter().filter_map(|code| {
            let (system, written) = diagnosed(code)?;
            let mut known = self.sepsis_notes.iter();
            let is_this = |row: &&(&str, &str, u8)| {
                row.0 == system
                    && match row.1.strip_suffix('*') {
                        Some(begin) => written.starts_with(begin),
                        None => written == row.1,
                    }
            };
            known.find(is_this).map(|(_, _, note)| *note)
        });
        said.max()
    }

    /// Says whether a diagnosis says that somebody is dialysed for good.
    pub(crate) fn is_dialysed_for_good(&self, codes: &[Code]) -> bool {
        let mut said = codes.iter().filter_map(diagnosed);
        said.any(|(system, written)| {
            let mut known = self.chronic_dialysis.iter();
            known.any(|row| (row.0, row.1) == (system, &*written))
        })
    }

    /// Says whether a medication is an antimicrobial given to the whole body.
    pub(crate) fn is_antimicrobial(&self, codes: &[Code]) -> bool {
        let shown: Vec<String> = codes
            .iter()
            .flat_map(|code| {
                code.display
                    .to_lowercase()
                    .split(|c: char| !c.is_alphanumeric())
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        if shown
            .iter()
            .any(|word| self.local_words.contains(&word.as_str()))
        {
            return false;
        }
        // A name of several words stands in a row.
        let is_shown = |name: &&str| {
            let words: Vec<&str> = name.split(' ').collect();
            shown.windows(words.len()).any(|window| window == words)
        };
        self.names.iter().any(is_shown)
            || codes.iter().any(|code| {
                code.system.uri() == ATC
                    && self
                        .atc_prefixes
                        .iter()
                        .any(|prefix| code.code.starts_with(prefix))
            })
    }
}

/// The URIs that FHIR uses for ICD-10 and ICD-10-CM.
const ICD_10: [&str; 2] = [
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10",
];
/// Gives what the data files call the system of a diagnosis, and its code without points.
fn diagnosed(code: &Code) -> Option<(&'static str, String)> {
    let system = match &code.system {
        System::Snomed => "snomed",
        System::Other(uri) if ICD_10.contains(&&**uri) => "icd-10",
        System::Other(_) | System::Loinc | System::RxNorm => return None,
    };
    Some((system, code.code.replace('.', "").to_ascii_uppercase()))
}

/// The URI that FHIR uses for ATC.
const ATC: &str = "http://www.whocc.no/atc";
/// Systems without a name of their own, and what the data files call them.
const OTHERS: [(&str, &str); 2] = [(ATC, "atc"), ("urn:pulsewire:code", "pulsewire")];

fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').collect())
}

fn meaning(row: &[&'static str]) -> Option<(&'static str, &'static str, Meaning)> {
    let [system, code, word, _source] = row else {
        return None;
    };
    let meaning = match *word {
        "inspired-oxygen" => Meaning::InspiredOxygen,
        "oxygen-flow" => Meaning::OxygenFlow,
        "ventilator-setting" => Meaning::VentilatorSetting,
        other => Meaning::Of(Parameter::parse(other)?),
    };
    Some((system, code, meaning))
}

fn note(row: &[&'static str]) -> Option<(&'static str, &'static str, u8)> {
    let [system, code, word, _source] = row else {
        return None;
    };
    let place = NOTES.iter().position(|note| note == word)?;
    Some((system, code, u8::try_from(place).ok()?))
}

fn diagnosis(row: &[&'static str]) -> Option<(&'static str, &'static str)> {
    let [system @ ("icd-10" | "snomed"), code, _source] = row else {
        return None;
    };
    Some((system, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_files_can_be_read() {
        for row in rows(PARAMETERS) {
            assert!(meaning(&row).is_some(), "{row:?}");
        }
        for row in rows(SEPSIS_NOTES) {
            assert!(note(&row).is_some(), "{row:?}");
        }
        for row in rows(CHRONIC_DIALYSIS) {
            assert!(diagnosis(&row).is_some(), "{row:?}");
        }
        for row in rows(ANTIMICROBIALS) {
            assert!(
                matches!(row.as_slice(), ["atc" | "name" | "not", _, _]),
                "{row:?}"
            );
        }
    }

    #[test]
    fn eye_drops_are_no_sign_of_sepsis() {
        let tables = Tables::new();
        let named = |display: &str| Code {
            system: System::Other("".into()),
            code: "1".into(),
            display: display.into(),
        };
        assert!(tables.is_antimicrobial(&[named("Ceftriaxone 1 g IV")]));
        assert!(!tables.is_antimicrobial(&[named("Ciprofloxacin eye drops")]));
        assert!(!tables.is_antimicrobial(&[named("Paracetamol 1 g")]));
        assert!(!tables.is_antimicrobial(&[named("Tab Paracetamol")]));
        for drug in [
            "CefOXitin",
            "Vibra-Tabs 100 mg",
            "PC Pen VK",
            "Zosyn",
            "SMZ-TMP DS",
        ] {
            assert!(tables.is_antimicrobial(&[named(drug)]), "{drug}");
        }
        let atc = Code {
            system: System::Other(ATC.into()),
            code: "J01DD04".into(),
            display: "".into(),
        };
        assert!(tables.is_antimicrobial(&[atc]));
    }
}
