//! How well an identifier names a patient, by its type (HL7 table 0203).

/// How well an identifier of a type names a patient, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The medical record number.
    Record,
    /// The patient's number within an organisation.
    Internal,
    /// Another number of a patient, or one whose type is not said or not known.
    Other,
    /// A number that others than who cares for the patient gave: of a state, an insurer, an employer.
    Foreign,
}

/// Types of numbers that others gave the patient: social security, driver's licence, passport, taxes, insurance and its
/// programs, employment, birth certificate, bank.
const FOREIGN: [&str; 25] = [
    "SS", "DL", "PPN", "TAX", "HC", "MA", "MC", "MCD", "MCR", "MCT", "MI", "MB", "SN", "PNT", "WC",
    "WCN", "EN", "EI", "PEN", "MS", "BC", "BCT", "CC", "CZ", "CY",
];
/// Types of numbers that no patient has: visits, accounts, accessions.
const NOT_A_PATIENT: [&str; 8] = ["VN", "AN", "ANC", "AND", "ANT", "BA", "ACSN", "LACSN"];

impl Kind {
    /// Gives how well a type names a patient; nothing for numbers of something else than patients.
    pub(super) fn of(code: &str) -> Option<Self> {
        match code {
            "MR" => Some(Self::Record),
            "PI" => Some(Self::Internal),
            code if NOT_A_PATIENT.contains(&code) => None,
            code if FOREIGN.contains(&code) => Some(Self::Foreign),
            _ => Some(Self::Other),
        }
    }
}
