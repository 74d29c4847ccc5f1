//! The OpenAPI document of what this server does: made of the same table as the router.

use serde_json::{Map, Value, json};

use super::Door;
use super::answer::Answer;
use super::bundle::PLACE;
use super::routes::{Body, Operation, ROUTES, Route};
use super::write::{KEY_BYTES_MAX, VERSION_DIGITS_MAX};
use crate::intake::measurements;

/// The release of OpenAPI that the document follows.
const OPENAPI_VERSION: &str = "3.1.0";
/// What any request may be answered.
const ALWAYS: [u16; 8] = [400, 403, 405, 406, 408, 421, 429, 503];

/// Gives the document.
pub(super) fn answer(door: &Door, base: &str) -> Answer {
    let sources = door.fhir.intake.sources.all();
    let sources: Vec<&str> = sources.map(|source| &*source.name).collect();
    let document = document(base, &sources);
    let body = serde_json::to_vec(&document).unwrap_or_default();
    Answer::new(200, body).with("content-type", "application/json")
}

fn document(base: &str, sources: &[&str]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in &ROUTES {
        let path = paths
            .entry(route.path.to_owned())
            .or_insert_with(|| json!({}));
        path[route.method.to_ascii_lowercase()] = operation(route, sources);
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
    let bundle = |kind: Value, entries: Value| {
        json!({
            "type": "object",
            "required": ["resourceType", "type"],
            "properties": {
                "resourceType": {"const": "Bundle"},
                "type": kind,
                "entry": entries,
            },
        })
    };
    let with_request = with_request();
    let with_resource = |resource: Value| json!({"type": "object", "required": ["resource"], "properties": {"resource": resource}});
    let message = json!({
        "type": "array",
        "minItems": 1,
        "prefixItems": [with_resource(resource(json!({"const": "MessageHeader"})))],
        "items": with_resource(reference("Resource")),
    });
    // Of a batch, what is wrong with an entry is that entry's own.
    let requests = json!({"anyOf": [
        bundle(json!({"const": "batch"}), json!({"type": "array"})),
        bundle(json!({"const": "transaction"}), json!({"type": "array", "items": with_request})),
    ]});
    json!({
        "Resource": resource(json!({"type": "string", "pattern": "^[A-Z][A-Za-z]*$"})),
        "Answers": bundle(json!({"enum": ["batch-response", "transaction-response"]}), answers()),
        "Requests": requests,
        "Notification": bundle(json!({"enum": ["history", "subscription-notification"]}), notification()),
        "Message": bundle(json!({"const": "message"}), message),
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
        "Imported": imported(),
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

/// What the entries of a bundle are answered, each with its place in the journal where it has one.
fn answers() -> Value {
    let place = json!({
        "type": "array",
        "description": "Where the record is: topic, partition and offset.",
        "items": {
            "type": "object",
            "required": ["url", "valueString"],
            "properties": {
                "url": {"const": PLACE},
                "valueString": {"type": "string", "pattern": "^[a-z0-9.-]+/[0-9]+/[0-9]+$"},
            },
        },
    });
    let response = json!({
        "type": "object",
        "required": ["status"],
        "properties": {
            "extension": place,
            "status": {"type": "string", "pattern": "^[2-5][0-9]{2}$"},
            "location": {"type": "string"},
            "etag": {"type": "string"},
            "lastModified": {"type": "string"},
            "outcome": reference("OperationOutcome"),
        },
    });
    let entry =
        json!({"type": "object", "required": ["response"], "properties": {"response": response}});
    json!({"type": "array", "items": entry})
}

/// What lines are answered: their counts, where the kept ones are, and which are refused.
fn imported() -> Value {
    let names = [
        "lines",
        "kept",
        "unchanged",
        "refused",
        "place",
        "refusedLine",
    ];
    let parameter = json!({
        "type": "object",
        "required": ["name"],
        "description": "A place is a partition of a topic, with the first and the last offset of what was kept there; a refused line has the number that it has in the body.",
        "properties": {"name": {"enum": names}},
    });
    json!({
        "type": "object",
        "required": ["resourceType", "parameter"],
        "properties": {
            "resourceType": {"const": "Parameters"},
            "parameter": {"type": "array", "items": parameter},
        },
    })
}

/// What a notification begins with.
fn notification() -> Value {
    let status = json!({
        "type": "object",
        "required": ["resourceType", "type", "subscription"],
        "properties": {
            "resourceType": {"const": "SubscriptionStatus"},
            "type": {"enum": ["handshake", "heartbeat", "event-notification"]},
            "eventsSinceSubscriptionStart": {"anyOf": [
                {"type": "string", "pattern": "^[0-9]{1,18}$"},
                {"type": "integer", "minimum": 0},
            ]},
            "subscription": {
                "type": "object",
                "required": ["reference"],
                "properties": {"reference": {"type": "string", "pattern": "^Subscription/[A-Za-z0-9.-]{1,64}$"}},
            },
        },
    });
    let parameters = json!({
        "type": "object",
        "required": ["resourceType", "parameter"],
        "properties": {"resourceType": {"const": "Parameters"}, "parameter": {"type": "array", "items": {"type": "object"}}},
    });
    let first = json!({
        "type": "object",
        "required": ["resource"],
        "properties": {"resource": {"anyOf": [status, parameters]}},
    });
    let items = json!({"type": "object"});
    json!({"type": "array", "minItems": 1, "prefixItems": [first], "items": items})
}

/// An entry of a transaction: what is asked, and of what.
fn with_request() -> Value {
    let request = json!({
        "type": "object",
        "required": ["method", "url"],
        "properties": {
            "method": {"enum": ["POST", "PUT", "DELETE"]},
            "url": {"type": "string"},
        },
    });
    json!({
        "type": "object",
        "required": ["request"],
        "properties": {"request": request, "resource": reference("Resource")},
    })
}

fn operation(route: &Route, sources: &[&str]) -> Value {
    let mut all: Vec<u16> = ALWAYS.iter().chain(route.statuses).copied().collect();
    all.sort_unstable();
    let responses: Map<String, Value> = all
        .into_iter()
        .map(|status| (status.to_string(), response(route, status)))
        .collect();
    let mut operation = json!({
        "operationId": format!("{:?}", route.operation),
        "summary": route.about,
        "parameters": parameters(route, sources),
        "responses": responses,
    });
    let (kind, schema) = match route.body {
        Body::None => return operation,
        Body::Resource => ("application/fhir+json", reference("Resource")),
        Body::Bundle => ("application/fhir+json", reference("Requests")),
        Body::Message => ("application/fhir+json", reference("Message")),
        Body::Form => ("application/x-www-form-urlencoded", form(route)),
        // A resource a line: what is wrong with one is that line's own.
        Body::Notification => ("application/fhir+json", reference("Notification")),
        Body::Lines => ("application/fhir+ndjson", json!({})),
        Body::Measurements => {
            let content = json!({
                measurements::JSON: {"schema": reference("DeviceReport")},
                measurements::FHIR: {"schema": reference("Resource")},
                measurements::HL7: {"schema": {"type": "string"}},
            });
            let required = route.body != Body::Notification;
            operation["requestBody"] = json!({"required": required, "content": content});
            return operation;
        }
    };
    operation["requestBody"] = json!({"required": true, "content": {kind: {"schema": schema}}});
    operation
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn form(route: &Route) -> Value {
    let members = route.query.iter();
    let members: Map<String, Value> = members
        .map(|(name, _, about)| {
            let mut schema = value(name, &[]);
            schema["description"] = json!(about);
            ((*name).to_owned(), schema)
        })
        .collect();
    json!({"type": "object", "properties": members})
}

/// What the value of a parameter looks like.
fn value(name: &str, sources: &[&str]) -> Value {
    let pattern = |pattern: &str| json!({"type": "string", "pattern": pattern});
    let types: Vec<&str> = mapping::fhir::resource_types().collect();
    match name {
        "type" => json!({"type": "string", "enum": types}),
        "id" | "_id" => pattern("^[A-Za-z0-9.-]{1,64}$"),
        "device" => {
            let most = formats::device::NAME_BYTES_MAX;
            json!({"type": "string", "minLength": 1, "maxLength": most})
        }
        "version" => pattern(&format!("^[1-9][0-9]{{0,{}}}$", VERSION_DIGITS_MAX - 1)),
        "identifier" => pattern(r"^([^|,\\]*[|])?[^|,\\]+$"),
        "If-None-Exist" => pattern("^identifier=[A-Za-z0-9:/._-]+[|][A-Za-z0-9._-]+$"),
        "If-Match" | "If-None-Match" => {
            let number = format!("[0-9]{{1,{VERSION_DIGITS_MAX}}}");
            // A list of versions that are known may be empty, what must be the version may not.
            let list = if name == "If-None-Match" { "?" } else { "" };
            pattern(&format!("^(W/\"{number}\"|{number}){list}$"))
        }
        "Idempotency-Key" => {
            let mut schema = pattern("^[!-~]+$");
            schema["maxLength"] = json!(KEY_BYTES_MAX);
            schema
        }
        "X-Pulsewire-Source" | "source" => json!({"type": "string", "enum": sources}),
        "Pulsewire-Backfill" => json!({"type": "string", "enum": ["true", "false"]}),
        _ => json!({"type": "string"}),
    }
}

fn parameters(route: &Route, sources: &[&str]) -> Vec<Value> {
    let parameter = |place: &str, name: &str, required: bool, about: &str| {
        json!({
            "name": name,
            "in": place,
            "required": required,
            "description": about,
            "schema": value(name, sources),
        })
    };
    let segments = [
        ("type", "A resource type of FHIR R4."),
        ("source", "The configured source that notifies."),
        ("id", "The resource's id."),
        ("version", "The number of a version."),
        (
            "device",
            "The device's name in its source, percent-encoded.",
        ),
    ];
    let is_named = |(name, _): &&(&str, &str)| route.path.contains(&format!("{{{name}}}"));
    let mut all: Vec<Value> = segments
        .iter()
        .filter(is_named)
        .map(|(name, about)| parameter("path", name, true, about))
        .collect();
    if route.body != Body::Form {
        let query = route.query.iter();
        all.extend(query.map(|(name, required, about)| parameter("query", name, *required, about)));
    }
    let source = (
        "X-Pulsewire-Source",
        "The configured source that sends it, where the connection does not say.",
    );
    let backfill = ("Pulsewire-Backfill", "true where it is history.");
    for (name, about) in [source, backfill] {
        all.push(parameter("header", name, false, about));
    }
    let headers = route.headers.iter();
    all.extend(headers.map(|name| {
        let mut header = parameter("header", name, false, "As FHIR R4 says.");
        if route.writes() && *name == "If-None-Match" {
            header["schema"] = json!({"type": "string", "enum": ["*"]});
        }
        header
    }));
    all
}

fn response(route: &Route, status: u16) -> Value {
    let is_document = route.path.ends_with("openapi.json") && status == 200;
    let (kind, schema) = match (status, route.body) {
        _ if is_document => ("application/json", json!({"type": "object"})),
        (200 | 202, Body::Bundle | Body::Message) => {
            ("application/fhir+json", reference("Answers"))
        }
        (200, Body::Lines) => ("application/fhir+json", reference("Imported")),
        (200 | 202, Body::Measurements) => ("application/fhir+json", reference("Parameters")),
        (200 | 202, _) => ("application/fhir+json", reference("Resource")),
        _ => ("application/fhir+json", reference("OperationOutcome")),
    };
    let mut response = json!({"description": description(status)});
    if status != 304 {
        response["content"] = json!({kind: {"schema": schema}});
    }
    let text = || json!({"schema": {"type": "string"}});
    let of_resource: &[&str] = match route.body {
        Body::Resource => &["Location", "ETag", "Pulsewire-Validation"],
        _ => &[],
    };
    let is_placed = matches!(route.body, Body::Resource | Body::Measurements);
    if is_placed && matches!(status, 200 | 202) {
        let place = ["Pulsewire-Topic", "Pulsewire-Partition", "Pulsewire-Offset"];
        let names = of_resource.iter().chain(&place);
        let headers: Map<String, Value> = names.map(|name| ((*name).to_owned(), text())).collect();
        response["headers"] = Value::Object(headers);
    }
    if matches!(route.operation, Operation::Create | Operation::Update) && status == 202 {
        let follow = |operation: &str| {
            let parameters = json!({"type": "$request.path.type", "id": "$response.body#/id"});
            json!({"operationId": operation, "parameters": parameters})
        };
        let links = ["Read", "Update", "Delete"].map(|name| (name.to_owned(), follow(name)));
        response["links"] = Value::Object(links.into_iter().collect());
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
        304 => "It is still the version that is known.",
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
        let document = document("http://localhost:8090", &["default"]);
        let mut count = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            let real = path.replace("{type}", "Patient");
            let real = real.replace("{id}", "7").replace("{version}", "1");
            let real = real.replace("{source}", "default");
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
        let document = document("", &[]);
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
