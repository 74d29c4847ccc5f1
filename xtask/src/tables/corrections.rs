//! The guide's slips of the pen, each put right in one place.

/// In conditions: what stands there, what is meant.
const CONDITIONS: [(&str, &str); 13] = [
    ("PL3.NOT", "PL.3 NOT"),
    ("AREA NOT", "NOT"),
    ("\"U\", X\"", "\"U\", \"X\""),
    ("IF (OBX-2 EQUALS \"SN\"", "IF OBX-2 EQUALS \"SN\""),
    ("ORC.1", "ORC-1"),
    ("VALUE AND", "VALUED AND"),
    ("NOT VALUED XCN.20", "NOT VALUED AND XCN.20"),
    ("VALUED AND NOT \"SEL\"", "VALUED AND IAM-15 NOT \"SEL\""),
    ("NOT VAlUED", "NOT VALUED"),
    ("LST.COUNT EQUALS 1", "ONCE"),
    ("LST.COUNT GREATER THAN 1", "REPEATED"),
    ("COUNT>1", "REPEATED"),
    ("COUNT=1", "ONCE"),
];

/// In conditions where it must not be a part of a longer word.
const LENGTH: (&str, &str) = ("LENGTH GREATER THAN 8", "LONG");

/// In paths of elements.
const PATHS: [(&str, &str); 35] = [
    ("extension[1].uri", "extension[1].url"),
    ("extension[2].uri", "extension[2].url"),
    ("valueSampedData", "valueSampledData"),
    ("suffix[2}", "suffix[2]"),
    ("([1]Organization", "(Organization"),
    ("payer[1]", "payor[1]"),
    ("Practioner", "Practitioner"),
    ("recorder.reference(", "recorder("),
    ("contact.organization[1]", "contact.organization"),
    ("valueCodeableConcept[1]", "valueCodeableConcept"),
    ("valueQuantity[1]", "valueQuantity"),
    ("valueRange[1]", "valueRange"),
    ("valueRatio[1]", "valueRatio"),
    ("line[1-3]", "line"),
    (
        "extension[1].valueString.valueString",
        "extension[1].valueString",
    ),
    ("coding.value", "coding.code"),
    ("note(Annotation.text)", "note.text"),
    ("name.family.extension", "name.extension"),
    ("coding.sytem", "coding.system"),
    ("coding.uri", "coding.system"),
    ("occurneceTiming", "occurrenceTiming"),
    ("occurrenceTiming.bounds", "occurrenceTiming.repeat.bounds"),
    (
        "occurrenceTiming.duration",
        "occurrenceTiming.repeat.duration",
    ),
    ("participant.coveragePeriod", "participant.period"),
    ("].contentType", "].attachment.contentType"),
    ("].data", "].attachment.data"),
    ("content[3].url", "content[3].attachment.url"),
    ("medication(Medication.code)", "medicationCodeableConcept"),
    ("valuedateTime", "valueDateTime"),
    ("value.CodeableConcept", "valueCodeableConcept"),
    ("doseAndRate.timing", "timing"),
    ("recorder(Practitioner.name)", "recorder(Practitioner)"),
    ("occurenceTiming", "occurrenceTiming"),
    ("boundPeriod", "boundsPeriod"),
    (
        "performer[1](PractitionerRole.practitioner)",
        "performer[1](PractitionerRole)",
    ),
];

/// In paths of elements of one resource, from their beginning.
const BEGINNINGS: [(&str, &str, &str); 3] = [
    (
        "MedicationRequest",
        "occurrenceTiming",
        "dosageInstruction.timing",
    ),
    ("MedicationRequest", "text", "dosageInstruction.text"),
    ("Provenance", "occurred", "occurredDateTime"),
];

/// In texts that stand for themselves.
const TEXTS: [(&str, &str); 13] = [
    ("entered-in-errror", "entered-in-error"),
    ("#add-on#", "order"),
    (
        "http://hl7.org/fhir/sid/us-ssn.",
        "http://hl7.org/fhir/sid/us-ssn",
    ),
    ("http://hl7.org/fhir/v\\5.0/", "http://hl7.org/fhir/5.0/"),
    ("https://hl7.org/fhir/5.0/", "http://hl7.org/fhir/5.0/"),
    (
        "http://hl7.org/fhir/R4/extension-humanname-assembly-order.html",
        "http://hl7.org/fhir/StructureDefinition/humanname-assembly-order",
    ),
    (
        "http://hl7.org/fhir/R4/extension-data-absent-reason.html",
        "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    ),
    (
        "http://www.hl7.org/fhir/extension-condition-asserteddate",
        "http://hl7.org/fhir/StructureDefinition/condition-assertedDate",
    ),
    (
        "https://hl7.org/fhir/StructureDefinition/",
        "http://hl7.org/fhir/StructureDefinition/",
    ),
    (
        "https://hl7.org/fhir/R4/v3/ParticipationType/cs.html",
        "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
    ),
    (
        "https://hl7.org/fhir/R4/v3/RoleCode/cs.html#v3-RoleCode-_PersonalRelationshipRoleType",
        "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
    ),
    (
        "http://terminology.hl7.org/ValueSet/v2-0119",
        "http://terminology.hl7.org/CodeSystem/v2-0119",
    ),
    ("http://unitsofmeasure.org/", "http://unitsofmeasure.org"),
];

/// Conditions in prose, by how they begin: what they ask, as our tables say it; nothing where they ask nothing of the message.
const PROSE: [(&str, &str); 8] = [
    ("If mapped to FHIR", ""),
    ("If positive", ""),
    ("If in the US and various other jurisdictions", ""),
    ("If ORC-2 of the same ORC/OBR pair is not valued", "!ORC-2"),
    ("If ORC-3 of the same ORC/OBR pair is not valued", "!ORC-3"),
    ("If time is included", "@has-time"),
    ("If severity was not used equivalent to criticality", ""),
    ("if the resource attribute using the HumanName", ""),
];

/// Gives what a remark asks of the message; nothing if that cannot be computed.
pub(super) fn prose(remark: &str) -> Option<String> {
    let known = PROSE.iter().find(|(begin, _)| remark.starts_with(begin));
    if let Some((_, condition)) = known {
        return Some((*condition).to_owned());
    }
    let remark = remark.to_ascii_lowercase();
    (!remark.starts_with("if ") && !remark.starts_with("when ")).then(String::new)
}

/// Puts a condition right.
pub(super) fn condition(text: &str) -> String {
    let text = text.replace(LENGTH.0, LENGTH.1);
    replace_all(&text, &CONDITIONS)
}

/// Puts the path of an element right.
pub(super) fn path(text: &str) -> String {
    let text: String = text.chars().filter(|letter| *letter != ' ').collect();
    let text = replace_all(&text, &PATHS);
    let missing = text
        .matches('(')
        .count()
        .saturating_sub(text.matches(')').count());
    text + &")".repeat(missing)
}

/// Puts the beginning of a resource's path right.
pub(super) fn beginning(resource: &str, path: &str) -> String {
    for (name, wrong, right) in BEGINNINGS {
        if let Some(rest) = path.strip_prefix(wrong).filter(|_| name == resource)
            && (rest.is_empty() || rest.starts_with('.'))
        {
            return format!("{right}{rest}");
        }
    }
    path.to_owned()
}

/// Puts a text right.
pub(super) fn text(text: &str) -> String {
    replace_all(text.trim(), &TEXTS)
}

fn replace_all(text: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (wrong, right)| {
        text.replace(wrong, right)
    })
}
