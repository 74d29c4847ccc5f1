//! The guide's concept maps, compiled into our tables of codes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::corrections;
use super::segments::{Counts, Sheet};

/// The columns that we read.
const V2_CODE: usize = 0;
const V2_SYSTEM: usize = 2;
const CONDITION: usize = 3;
const NARRATIVE: usize = 5;
const CODE: usize = 6;
const DISPLAY: usize = 8;
const SYSTEM: usize = 9;

/// Files whose names are not the v2 table's number alone, and tables that the guide gives no number.
const FILES: [(&str, &str); 44] = [
    ("AddressType[Type]", "0190-type"),
    ("AddressType[Use]", "0190-use"),
    ("AllergenType[AllergyIntoleranceCategory]", "0127-category"),
    (
        "AllergenType[AllergyIntoleranceOriginalCategory]",
        "0127-original",
    ),
    (
        "AllergySeverity[AllergyIntolerance.criticality-original]",
        "0128-original",
    ),
    (
        "AllergySeverity[AllergyIntolerance.criticality]",
        "0128-criticality",
    ),
    (
        "AllergySeverity[AllergyIntolerance.reaction.severity]",
        "0128-severity",
    ),
    ("AllergyType", "0127-type"),
    (
        "ConfidentialityClassification",
        "confidentiality-classification",
    ),
    ("ConfidentialityCode", "0177"),
    ("ContainerType", "container-type"),
    ("DiagnosisType", "0052"),
    ("DietType", "0114"),
    ("DischargeDisposition", "0112"),
    ("DischargedToLocation", "0113"),
    ("DocumentConfidentialityStatus", "0272"),
    ("Event[EncounterStatus]", "0003-status"),
    ("EventRelatedPeriod", "0528"),
    ("FillerStatusCodes[Appointment]", "0278"),
    ("FinancialClass", "0064"),
    ("HospitalService", "0069-service"),
    ("MessageStructure", "0354"),
    ("OperatorID", "0188"),
    ("OrderControlCode[ServiceRequest.status]", "0119-status"),
    ("ParticipantOrganizationUnitType", "0406"),
    ("PatientClass[EncounterClass]", "0004-class"),
    ("PatientClass[EncounterStatus]", "0004-status"),
    ("PlanId", "0072"),
    ("PractitionerIDNumberType", "0338"),
    ("PrimaryLanguage", "0296"),
    ("PrincipalLanguageOfMessage", "0356-language"),
    ("ProcessingMode", "0207"),
    ("RequestedDispenseUnits", "requested-dispense-units"),
    ("RequestedDosageForm", "requested-dosage-form"),
    (
        "RequestedDrugStrengthVolumeUnits",
        "requested-drug-strength-volume-units",
    ),
    (
        "RequestedGiveStrengthUnits",
        "requested-give-strength-units",
    ),
    ("RequestedGiveUnits", "requested-give-units"),
    ("RoutingInstruction", "routing-instruction"),
    (
        "SecurityLabelHandlingInstructions",
        "security-label-handling-instructions",
    ),
    ("SpecimenSourceSite", "specimen-source-site"),
    (
        "SpecimenSourceTypeModifier",
        "specimen-source-type-modifier",
    ),
    ("TestServiceDefaultDurationUnits", "service-duration-units"),
    ("VIPIndicator", "0099"),
    ("YesNoIndicator[AvailabilityStatus]", "0136-availability"),
];

/// One concept map that rows may name.
#[derive(Clone, Debug)]
pub(super) struct Vocabulary {
    /// The table's file, without folder and ending.
    pub(super) file: String,
    /// Whether every code stays what it is.
    pub(super) is_identity: bool,
}

/// All concept maps, by the names that rows give them.
#[derive(Debug, Default)]
pub(super) struct Vocabularies(BTreeMap<String, Vocabulary>);

impl Vocabularies {
    /// Takes note of a sheet.
    pub(super) fn add(&mut self, sheet: &Sheet) {
        let pairs = || {
            sheet
                .rows()
                .map(|(_, record)| (cell(record, V2_CODE), cell(record, CODE)))
        };
        let vocabulary = Vocabulary {
            file: file(sheet),
            is_identity: pairs().all(|(sent, code)| sent == code),
        };
        self.0.insert(plain(&sheet.name), vocabulary);
    }

    /// Finds what a row names.
    pub(super) fn find(&self, name: &str) -> Option<&Vocabulary> {
        self.0.get(&plain(name))
    }
}

/// Gives a table's file, without folder and ending.
pub(super) fn file(sheet: &Sheet) -> String {
    if let Some((_, file)) = FILES.iter().find(|(name, _)| *name == sheet.name) {
        return (*file).to_owned();
    }
    number(sheet).unwrap_or_else(|| plain(&sheet.name))
}

/// Compiles a sheet; gives the text of its table.
pub(super) fn compile(sheet: &Sheet, counts: &mut Counts) -> String {
    let mut systems: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    for (_, record) in sheet.rows() {
        let sent = cell(record, V2_CODE);
        let code = corrections::text(cell(record, CODE));
        let reason = if sent.is_empty() {
            Some("a code without a v2 code")
        } else if code.is_empty() {
            Some("a code without a code of FHIR")
        } else if !cell(record, CONDITION).is_empty() || !cell(record, NARRATIVE).is_empty() {
            Some("a code under a condition")
        } else if seen.insert(sent) {
            None
        } else {
            Some("a code that stands twice")
        };
        if let Some(reason) = reason {
            *counts.left_out.entry(reason).or_default() += 1;
            continue;
        }
        let system = corrections::text(cell(record, SYSTEM));
        *systems.entry(system.clone()).or_default() += 1;
        rows.push((sent, code, cell(record, DISPLAY), system));
    }
    counts.compiled += rows.len();
    let most = systems.iter().max_by_key(|(_, count)| **count);
    let most = most.map_or("", |(system, _)| system.as_str());
    let v2 = number(sheet).unwrap_or_else(|| {
        let file = file(sheet);
        file.split('-').next().unwrap_or_default().to_owned()
    });
    let mut text = "# Generated by `cargo xtask tables`; do not edit.\n".to_owned();
    if v2.bytes().all(|byte| byte.is_ascii_digit()) {
        writeln!(text, "# v2\t{v2}").expect("a string takes all");
    }
    writeln!(text, "# system\t{most}\n# v2 code\tcode\tdisplay\tsystem")
        .expect("a string takes all");
    for (sent, code, display, system) in rows {
        let own = if system == most { "" } else { &system };
        let row = format!("{sent}\t{code}\t{display}\t{own}");
        writeln!(text, "{}", row.trim_end_matches('\t')).expect("a string takes all");
    }
    text
}

/// Gives the number of the v2 table that most codes are of.
fn number(sheet: &Sheet) -> Option<String> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, record) in sheet.rows() {
        if let Some(number) = cell(record, V2_SYSTEM).strip_prefix("HL7") {
            let number = number.trim_start_matches('-');
            let number = number
                .get(number.len().saturating_sub(4)..)
                .unwrap_or(number);
            *numbers.entry(number).or_default() += 1;
        }
    }
    let most = numbers.into_iter().max_by_key(|(_, count)| *count)?;
    Some(most.0.to_owned())
}

fn cell(record: &[String], column: usize) -> &str {
    record.get(column).map_or("", String::as_str)
}

fn plain(name: &str) -> String {
    let letters = name
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '[');
    letters.collect::<String>().to_ascii_lowercase()
}
