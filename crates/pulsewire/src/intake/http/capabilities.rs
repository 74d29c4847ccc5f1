//! What this server does, as FHIR tells it: made of the same table as the router.

use serde_json::{Value, json};

use super::Door;
use super::answer::Answer;
use super::routes::{BASE, Operation, ROUTES};

/// The day on which what is told last changed.
const TOLD: &str = "2026-11-23";

/// The operations, where each is defined, and the routes that they are.
const OPERATIONS: [(&str, &str, Operation); 2] = [
    (
        "process-message",
        "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
        Operation::ProcessMessage,
    ),
    (
        "import-ndjson",
        "urn:pulsewire:operation:import-ndjson",
        Operation::Import,
    ),
];

/// The interactions of a type, and the routes that they are.
const INTERACTIONS: [(&str, &[Operation]); 6] = [
    ("create", &[Operation::Create]),
    ("read", &[Operation::Read]),
    ("vread", &[Operation::ReadVersion]),
    ("update", &[Operation::Update, Operation::UpdateFound]),
    ("delete", &[Operation::Delete, Operation::DeleteFound]),
    ("search-type", &[Operation::Search, Operation::SearchByForm]),
];

/// What `readHistory: false` says, in words.
const NEWEST: &str =
    "Of the newest version alone: an earlier one is answered 404, and is in the journal.";

/// Tells it.
pub(super) fn answer(door: &Door, base: &str) -> Answer {
    let security = match (&door.tls, door.config.tls.as_ref()) {
        (Some(_), Some(tls)) if tls.client_ca.is_some() => {
            "Clients show a certificate of the site's authority."
        }
        (Some(_), _) => "TLS; who sends is told by X-Pulsewire-Source.",
        (None, _) => "None: keep it on this machine or behind a proxy that has it.",
    };
    let statement = statement(base, security);
    Answer::new(200, serde_json::to_vec(&statement).unwrap_or_default())
}

fn statement(base: &str, security: &str) -> Value {
    let there = |operations: &[Operation]| {
        operations
            .iter()
            .any(|one| ROUTES.iter().any(|route| route.operation == *one))
    };
    let interactions: Vec<Value> = INTERACTIONS
        .iter()
        .filter(|(_, operations)| there(operations))
        .map(|(code, _)| match *code {
            "vread" => json!({"code": code, "documentation": NEWEST}),
            _ => json!({"code": code}),
        })
        .collect();
    let operations: Vec<Value> = OPERATIONS
        .iter()
        .filter(|(_, _, operation)| there(&[*operation]))
        .map(|(name, definition, _)| json!({"name": name, "definition": definition}))
        .collect();
    let resource = |name: &str| {
        json!({
            "type": name,
            "interaction": interactions,
            "versioning": "versioned-update",
            "readHistory": false,
            "updateCreate": true,
            "conditionalCreate": true,
            "conditionalUpdate": true,
            "conditionalDelete": "single",
            "searchParam": [
                {"name": "_id", "type": "token"},
                {"name": "identifier", "type": "token"},
            ],
        })
    };
    let resources: Vec<Value> = mapping::fhir::resource_types().map(resource).collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": TOLD,
        "kind": "instance",
        "software": {"name": "Pulsewire", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "Pulsewire takes FHIR R4 in", "url": format!("{base}{BASE}")},
        "fhirVersion": formats::fhir::definition::FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "documentation": "What is written is answered 202 when it is durable, with its place in the journal; a source finds again what it sent itself. Subscriptions of other servers notify /subscriptions/NAME, where NAME is their configured source.",
            "security": {"cors": false, "description": security},
            "resource": resources,
            "interaction": [{"code": "transaction"}, {"code": "batch"}],
            "operation": operations,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_is_valid_and_names_every_interaction() {
        let statement = statement("http://localhost:8090", "None.");
        let bytes = serde_json::to_vec(&statement).unwrap();
        assert_eq!(formats::fhir::validate::validate(&bytes), []);
        let first = &statement["rest"][0]["resource"][0];
        assert_eq!(
            first["interaction"].as_array().unwrap().len(),
            INTERACTIONS.len()
        );
        let version = first["interaction"].as_array().unwrap().iter();
        let version = version.filter(|one| one["code"] == "vread");
        assert!(version.eq([&json!({"code": "vread", "documentation": NEWEST})]));
        assert_eq!(first["readHistory"], false);
    }

    #[test]
    fn every_operation_of_the_router_is_named() {
        let statement = statement("http://localhost:8090", "None.");
        let named = statement["rest"][0]["operation"].as_array().unwrap().iter();
        let mut named: Vec<_> = named
            .map(|one| format!("{BASE}/${}", one["name"].as_str().unwrap()))
            .collect();
        let paths = ROUTES.iter().map(|route| route.path.to_owned());
        let mut there: Vec<_> = paths.filter(|path| path.contains('$')).collect();
        named.sort();
        there.sort();
        assert_eq!(named, there);
    }
}
