//! Patients and Observations as types that serde_json reads, as typed libraries do: every text owned, what is not known stepped over.

use serde::Deserialize;
use serde_json::Number;

/// Reads a resource and returns something of it.
pub(crate) fn read(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"{\"resourceType\":\"Patient\"") {
        let patient = serde_json::from_slice::<Patient>(bytes);
        patient.map_or(0, |patient| patient.name.len() + patient.identifier.len())
    } else {
        let observation = serde_json::from_slice::<Observation>(bytes);
        observation.map_or(0, |observation| observation.component.len() + 1)
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Patient {
    resource_type: Option<String>,
    id: Option<String>,
    meta: Option<Meta>,
    text: Option<Narrative>,
    extension: Vec<Extension>,
    identifier: Vec<Identifier>,
    active: Option<bool>,
    name: Vec<HumanName>,
    telecom: Vec<ContactPoint>,
    gender: Option<String>,
    birth_date: Option<String>,
    deceased_date_time: Option<String>,
    address: Vec<Address>,
    marital_status: Option<CodeableConcept>,
    multiple_birth_boolean: Option<bool>,
    communication: Vec<Communication>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Communication {
    language: Option<CodeableConcept>,
    preferred: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Observation {
    resource_type: Option<String>,
    id: Option<String>,
    meta: Option<Meta>,
    extension: Vec<Extension>,
    identifier: Vec<Identifier>,
    status: Option<String>,
    category: Vec<CodeableConcept>,
    code: Option<CodeableConcept>,
    subject: Option<Reference>,
    encounter: Option<Reference>,
    effective_date_time: Option<String>,
    effective_period: Option<Period>,
    issued: Option<String>,
    performer: Vec<Reference>,
    value_quantity: Option<Quantity>,
    value_codeable_concept: Option<CodeableConcept>,
    value_string: Option<String>,
    data_absent_reason: Option<CodeableConcept>,
    interpretation: Vec<CodeableConcept>,
    specimen: Option<Reference>,
    component: Vec<Component>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Component {
    code: Option<CodeableConcept>,
    value_quantity: Option<Quantity>,
    value_codeable_concept: Option<CodeableConcept>,
    value_string: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    profile: Vec<String>,
    version_id: Option<String>,
    last_updated: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Narrative {
    status: Option<String>,
    div: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Extension {
    url: Option<String>,
    extension: Vec<Self>,
    value_string: Option<String>,
    value_code: Option<String>,
    value_decimal: Option<Number>,
    value_coding: Option<Coding>,
    value_address: Option<Address>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identifier {
    #[serde(rename = "use")]
    usage: Option<String>,
    #[serde(rename = "type")]
    kind: Option<CodeableConcept>,
    system: Option<String>,
    value: Option<String>,
    period: Option<Period>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HumanName {
    #[serde(rename = "use")]
    usage: Option<String>,
    text: Option<String>,
    family: Option<String>,
    given: Vec<String>,
    prefix: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContactPoint {
    system: Option<String>,
    value: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Address {
    line: Vec<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    extension: Vec<Extension>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CodeableConcept {
    coding: Vec<Coding>,
    text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Coding {
    system: Option<String>,
    version: Option<String>,
    code: Option<String>,
    display: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reference {
    reference: Option<String>,
    display: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Period {
    start: Option<String>,
    end: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Quantity {
    value: Option<Number>,
    comparator: Option<String>,
    unit: Option<String>,
    system: Option<String>,
    code: Option<String>,
}
