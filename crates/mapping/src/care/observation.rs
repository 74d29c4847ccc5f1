//! Something measured, found or answered.

use clinical::{CareDetail, CareValue};
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::ConceptView;

use super::{Found, Reader};

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const LOINC: &str = "http://loinc.org";
/// The panel that the blood pressure profile of FHIR R4 asks for.
const PRESSURE_PANEL: [&str; 1] = ["85354-9"];
/// Systolic and diastolic pressure, as that profile has them in a panel.
const PRESSURE_PARTS: [&str; 2] = ["8480-6", "8462-4"];
/// The profiles of a blood pressure: FHIR R4's own, and US Core's on top of it.
const PRESSURE_PROFILES: [&str; 2] = [
    "http://hl7.org/fhir/StructureDefinition/bp",
    "http://hl7.org/fhir/us/core/StructureDefinition/us-core-blood-pressure",
];

/// Reads an Observation.
pub(super) fn observation(read: &Reader<'_>) -> Result<Found, Malformed> {
    let members = read.concept("code")?;
    let mut value = read.value(read.resource.elements().map(Ok))?;
    let mut components = Vec::new();
    let mut has_pressure_part = false;
    for item in read
        .resource
        .get("component")
        .map(Raw::items)
        .into_iter()
        .flatten()
    {
        let item = item?;
        let code = item.get("code")?.map(ConceptView);
        has_pressure_part |= code.map_or(Ok(false), |code| has_code(code, &PRESSURE_PARTS))?;
        let members = code.map(|code| read.lists(code)).transpose()?;
        components.push((members.unwrap_or_default(), read.value(item.members())?));
    }
    let code = read.resource.concept("code");
    if components.is_empty() && code.map_or(Ok(false), |code| has_code(code, &PRESSURE_PARTS))? {
        // Senders of HL7 v2 have each part as a result of its own.
        has_pressure_part = true;
        components.push((members, std::mem::replace(&mut value, CareValue::None)));
    }
    let pressure = is_pressure(read)? || has_pressure_part;
    // Most senders of HL7 v2 name no section: what a measure finds in a list of laboratory tests is one.
    let is_uncategorized = !pressure && read.resource.get("category").is_none();
    let detail = CareDetail::Observation {
        survey: has_category(read, "survey")?,
        laboratory: is_uncategorized || has_category(read, "laboratory")?,
        pressure,
        value,
        components,
        encounter: read.reference("encounter")?,
    };
    Ok((members, read.when("effective")?, detail))
}

fn has_category(read: &Reader<'_>, wanted: &str) -> Result<bool, Malformed> {
    for item in read
        .resource
        .get("category")
        .map(Raw::items)
        .into_iter()
        .flatten()
    {
        for coding in ConceptView(item?).codings()? {
            let coding = coding?;
            if coding.system == CATEGORY && coding.code == wanted {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Says whether it is of the blood pressure profile: by what it says of itself, or by its code.
fn is_pressure(read: &Reader<'_>) -> Result<bool, Malformed> {
    let meta = read.resource.get("meta");
    let profiles = meta.map_or(Ok(None), |meta| meta.get("profile"))?;
    for profile in profiles.map(Raw::items).into_iter().flatten() {
        let profile = profile?.text()?;
        let url = profile.split('|').next().unwrap_or_default();
        if PRESSURE_PROFILES.contains(&url) {
            return Ok(true);
        }
    }
    let code = read.resource.concept("code");
    code.map_or(Ok(false), |code| has_code(code, &PRESSURE_PANEL))
}

/// Says whether a concept has one of these LOINC codes.
fn has_code(concept: ConceptView<'_>, codes: &[&str]) -> Result<bool, Malformed> {
    for coding in concept.codings()? {
        let coding = coding?;
        if coding.system == LOINC && codes.contains(&coding.code.as_ref()) {
            return Ok(true);
        }
    }
    Ok(false)
}
