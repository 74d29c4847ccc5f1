//! The OpenAPI document of what this server does: made of the same table as the router.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::routes::{Body, ROUTES, Route};
use crate::intake::measurements;

/// The release of OpenAPI that the document follows.
const OPENAPI_VERSION: &str = "3.1.0";
/// What any request may be answered.
const ALWAYS: [u16; 8] = [400, 403, 405, 406, 408, 421, 429, 503];

/// Gives the document.
pub(super) fn answer(base: &str) -> Answer {
    let document = document(base);
    let body = serde_json::to_vec(&document).unwrap_or_default();
    Answer::new(200, body).with("content-type", "application/json")
}

fn document(base: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in &ROUTES {
        let path = paths
            .entry(route.path.to_owned())
            .or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = operation(route);
    }
    json!({
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "Pulsewire: FHIR R4 and devices in",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Takes FHIR R4 resources and what devices measured. What is written is answered 202 when it is durable, with its place in the journal.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": if base.is_empty() { "/" } else { base }}],
        "paths": paths,
        "components": {"schemas": schemas()},
    })
}

fn schemas() -> Value {
    let resource = |name: Value| {
        json!({
            "type": "object",
            "required": ["resourceType"],
            "properties": {"resourceType": name},
        })
    };
    json!({
        "Resource": resource(json!({"type": "string"})),
        "Bundle": {
            "type": "object",
            "required": ["resourceType", "type"],
            "properties": {
                "resourceType": {"const": "Bundle"},
                "type": {"type": "string"},
                "entry": {"type": "array", "items": {"type": "object"}},
            },
        },
        "DeviceReport": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "device": {"type": "string"},
                "id": {"type": "string"},
                "samples": {"type": "array", "items": {"type": "object", "required": ["code"]}},
                "waveforms": {"type": "array", "items": {"type": "object", "required": ["code"]}},
                "presence": {"enum": ["online", "offline"]},
                "association": {"type": "object"},
            },
        },
        "Parameters": resource(json!({"const": "Parameters"})),
        "OperationOutcome": {
            "type": "object",
            "required": ["resourceType", "issue"],
            "properties": {
                "resourceType": {"const": "OperationOutcome"},
                "issue": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["severity", "code"]}},
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut all: Vec<u16> = ALWAYS.iter().chain(route.statuses).copied().collect();
    all.sort_unstable();
    let responses: Map<String, Value> = all
        .into_iter()
        .map(|status| (status.to_string(), response(route, status)))
        .collect();
    let mut operation = json!({
        "operationId": format!("{:?}", route.operation),
        "summary": route.about,
        "parameters": parameters(route),
        "responses": responses,
    });
    let (kind, schema) = match route.body {
        Body::None => return operation,
        Body::Resource => ("application/fhir+json", reference("Resource")),
        Body::Bundle => ("application/fhir+json", reference("Bundle")),
        Body::Lines => ("application/fhir+ndjson", json!({"type": "string"})),
        Body::Measurements => {
            let content = json!({
                measurements::JSON: {"schema": reference("DeviceReport")},
                measurements::FHIR: {"schema": reference("Resource")},
                measurements::HL7: {"schema": {"type": "string"}},
            });
            operation["requestBody"] = json!({"required": true, "content": content});
            return operation;
        }
    };
    operation["requestBody"] = json!({"required": true, "content": {kind: {"schema": schema}}});
    operation
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn parameters(route: &Route) -> Vec<Value> {
    let text = |place: &str, name: &str, required: bool, about: &str| {
        json!({
            "name": name,
            "in": place,
            "required": required,
            "description": about,
            "schema": {"type": "string"},
        })
    };
    let mut all = Vec::new();
    if route.path.contains("{type}") {
        let mut one = text("path", "type", true, "A resource type of FHIR R4.");
        let types: Vec<&str> = mapping::fhir::resource_types().collect();
        one["schema"]["enum"] = json!(types);
        all.push(one);
    }
    if route.path.contains("{id}") {
        let mut one = text("path", "id", true, "The resource's id.");
        one["schema"]["pattern"] = json!("^[A-Za-z0-9.-]{1,64}$");
        all.push(one);
    }
    if route.path.contains("{device}") {
        let about = "The device's name in its source, percent-encoded.";
        let mut one = text("path", "device", true, about);
        one["schema"]["minLength"] = json!(1);
        one["schema"]["maxLength"] = json!(formats::device::NAME_BYTES_MAX);
        all.push(one);
    }
    if route.path.contains("{version}") {
        all.push(text("path", "version", true, "The number of a version."));
    }
    let query = route.query.iter();
    all.extend(query.map(|(name, required, about)| text("query", name, *required, about)));
    let source = (
        "X-Pulsewire-Source",
        "The configured source that sends it, where the connection does not say.",
    );
    let backfill = ("Pulsewire-Backfill", "true where it is history.");
    for (name, about) in [source, backfill] {
        all.push(text("header", name, false, about));
    }
    let headers = route.headers.iter();
    all.extend(headers.map(|name| text("header", name, false, "As FHIR R4 says.")));
    all
}

fn response(route: &Route, status: u16) -> Value {
    let is_document = route.path.ends_with("openapi.json") && status == 200;
    let (kind, schema) = match (status, route.body) {
        _ if is_document => ("application/json", json!({"type": "object"})),
        (200 | 202, Body::Bundle) => ("application/fhir+json", reference("Bundle")),
        (200 | 202, Body::Measurements) | (200, Body::Lines) => {
            ("application/fhir+json", reference("Parameters"))
        }
        (200 | 202, _) => ("application/fhir+json", reference("Resource")),
        _ => ("application/fhir+json", reference("OperationOutcome")),
    };
    let mut response = json!({
        "description": description(status),
        "content": {kind: {"schema": schema}},
    });
    let text = || json!({"schema": {"type": "string"}});
    let of_resource: &[&str] = match route.body {
        Body::Resource => &["Location", "ETag"],
        _ => &[],
    };
    let is_placed = matches!(route.body, Body::Resource | Body::Measurements);
    if is_placed && matches!(status, 200 | 202) {
        let place = ["Pulsewire-Topic", "Pulsewire-Partition", "Pulsewire-Offset"];
        let names = of_resource.iter().chain(&place);
        let headers: Map<String, Value> = names.map(|name| ((*name).to_owned(), text())).collect();
        response["headers"] = Value::Object(headers);
    }
    match status {
        405 => response["headers"] = json!({"Allow": text()}),
        429 | 503 => response["headers"] = json!({"Retry-After": text()}),
        _ => {}
    }
    response
}

fn description(status: u16) -> &'static str {
    match status {
        200 => "It is so, or here it is.",
        202 => "The journal has it.",
        400 => "It cannot be read, or asks for what is not done here.",
        403 => "It comes from a page of another site, or in another source's name.",
        404 => "There is nothing here.",
        405 => "There is something here, but not for this method.",
        406 => "Answers are FHIR in JSON and nothing else.",
        408 => "The body did not come in time.",
        409 => "It is in conflict with what was asked before.",
        410 => "It was deleted.",
        412 => "What the request supposes is not so.",
        413 => "It is larger than what is taken.",
        415 => "The body is of a kind that is not read here.",
        421 => "The request names another host.",
        422 => "The resource is not valid.",
        429 => "There is more to do than can be done: again after the time that is said.",
        _ => "It cannot be kept now: again after the time that is said.",
    }
}

#[cfg(test)]
mod tests {
    use super::super::routes::{Found, find};
    use super::*;

    #[test]
    fn every_route_is_in_the_document_and_nothing_else() {
        let document = document("http://localhost:8090");
        let mut count = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            let real = path.replace("{type}", "Patient");
            let real = real.replace("{id}", "7").replace("{version}", "1");
            let real = real.replace("{device}", "bed-7");
            for (method, operation) in operations.as_object().unwrap() {
                let Found::Route(route, _) = find(&method.to_ascii_uppercase(), &real) else {
                    panic!("{method} {path} leads nowhere");
                };
                assert_eq!(operation["operationId"], format!("{:?}", route.operation));
                assert_eq!(route.path, path);
                count += 1;
            }
        }
        assert_eq!(count, ROUTES.len());
    }

    #[test]
    fn references_lead_somewhere_and_every_status_has_words() {
        let document = document("");
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        for status in ROUTES
            .iter()
            .flat_map(|route| route.statuses)
            .chain(&ALWAYS)
        {
            assert!(
                *status == 503 || description(*status) != description(503),
                "{status}"
            );
        }
    }
}
