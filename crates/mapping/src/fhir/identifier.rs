//! The identifiers of a Patient, the one that names the patient first.

use std::fmt;

use formats::fhir::read::Raw;

use crate::identity::PatientIdentifier;

/// The code system of identifier types, which the medical record number is of.
const TYPES: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
/// The medical record number among them.
const RECORD_NUMBER: &str = "MR";

/// An identifier with whoever gave it; it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    /// The system's URI.
    pub system: Box<str>,
    /// The identifier.
    pub value: Box<str>,
    /// Its place in the order of preference.
    rank: Rank,
}

/// How good an identifier is to name a patient by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    RecordNumber,
    Official,
    Other,
    /// It was the patient's once.
    Old,
}

impl Identifier {
    /// Reads an Identifier that has a system and a value.
    pub(super) fn read(raw: Raw<'_>) -> Option<Self> {
        let text = |name: &str| raw.get(name).ok().flatten()?.text().ok();
        let valued = |name: &str| text(name).filter(|text| !text.trim().is_empty());
        let rank = match text("use").as_deref() {
            Some("old") => Rank::Old,
            _ if is_record_number(raw) => Rank::RecordNumber,
            Some("official") => Rank::Official,
            _ => Rank::Other,
        };
        Some(Self {
            system: valued("system")?.trim().into(),
            value: valued("value")?.trim().into(),
            rank,
        })
    }

    /// Gives the patient that it names, under the assigning authority that the system is known as.
    pub fn patient(&self, authority: impl FnOnce(&str) -> Option<Box<str>>) -> PatientIdentifier {
        PatientIdentifier {
            authority: authority(&self.system).unwrap_or_else(|| self.system.clone()),
            value: self.value.clone(),
        }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifier(…)")
    }
}

/// Gives the identifiers of a Patient that have a system, best first: a medical record number, then one for official use,
/// then others in the order sent, and last those that are old.
pub fn patient_identifiers(patient: Raw<'_>) -> Vec<Identifier> {
    let all = patient.get("identifier").ok().flatten();
    let items = all.into_iter().flat_map(Raw::items).map_while(Result::ok);
    let mut found: Vec<Identifier> = items.filter_map(Identifier::read).collect();
    found.sort_by_key(|identifier| identifier.rank);
    found
}

fn is_record_number(identifier: Raw<'_>) -> bool {
    let kind = identifier.get("type").ok().flatten();
    let codings = kind.and_then(|kind| kind.get("coding").ok().flatten());
    let mut codings = codings
        .into_iter()
        .flat_map(Raw::items)
        .map_while(Result::ok);
    codings.any(|coding| {
        let text = |name: &str| coding.get(name).ok().flatten()?.text().ok();
        let system = text("system");
        // Releases before R4 named the table by another address, and some leave it out.
        let is_of_table =
            system.is_none_or(|system| system == TYPES || system.ends_with("/v2/0203"));
        is_of_table && text("code").as_deref() == Some(RECORD_NUMBER)
    })
}
