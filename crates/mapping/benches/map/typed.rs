//! FHIR JSON read into structs with `serde_json`, as other Rust programs do: what our own reading is compared with.

use std::hint::black_box;

use serde::Deserialize;

use crate::Bench;

/// Reads all resources.
pub(crate) fn read(bench: &Bench) -> usize {
    let resources = bench.resources.iter();
    resources
        .filter(|json| black_box(serde_json::from_slice::<Resource>(json)).is_ok())
        .map(Vec::len)
        .sum()
}

/// The members of the resources that come most.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only reading them is measured")]
struct Resource {
    resource_type: String,
    id: Option<String>,
    status: Option<String>,
    active: Option<bool>,
    gender: Option<String>,
    birth_date: Option<String>,
    effective_date_time: Option<String>,
    issued: Option<String>,
    value_string: Option<String>,
    value_quantity: Option<Quantity>,
    value_codeable_concept: Option<Concept>,
    subject: Option<Reference>,
    encounter: Option<Reference>,
    class: Option<Coding>,
    period: Option<Period>,
    #[serde(default)]
    identifier: Vec<Identifier>,
    #[serde(default)]
    result: Vec<Reference>,
    #[serde(default)]
    interpretation: Vec<Concept>,
    #[serde(default)]
    telecom: Vec<Telecom>,
    #[serde(default)]
    address: Vec<Address>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading them is measured")]
struct Coding {
    system: Option<String>,
    code: Option<String>,
    display: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading them is measured")]
struct Concept {
    #[serde(default)]
    coding: Vec<Coding>,
    text: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading them is measured")]
struct Quantity {
    value: Option<f64>,
    comparator: Option<String>,
    unit: Option<String>,
    system: Option<String>,
    code: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading them is measured")]
struct Period {
    start: Option<String>,
    end: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading them is measured")]
struct Reference {
    reference: Option<String>,
    display: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only reading them is measured")]
struct Identifier {
    r#type: Option<Concept>,
    system: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only reading them is measured")]
struct Telecom {
    system: Option<String>,
    value: Option<String>,
    r#use: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only reading them is measured")]
struct Address {
    #[serde(default)]
    line: Vec<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
}
