//! What every registry with Confluent's interface does, asked through our client.

use schema::compatibility::{Language, Mode, Schema};
use serde_json::{Value, json};

use super::super::{Ask, Client, Error, Ours, register};
use super::{NARROW, ONE, TWO, client, json_schema};

/// The subject that the suite makes and removes.
const SUBJECT: &str = "pulsewire-suite/1-value";

/// What a request is answered with: its error code, or 0.
fn code(client: &Client, method: &str, path: &str, body: Option<Value>) -> u32 {
    match client.ask(method, path, body.as_ref()) {
        Ok(_) => 0,
        Err(Error::Answered { code, .. }) => code,
        Err(error) => panic!("{method} {path}: {error}"),
    }
}

fn at(path: &str) -> String {
    path.replace("{s}", "pulsewire-suite%2F1-value")
}

/// Removes what an earlier run left.
fn clean(client: &Client) {
    for path in [
        "/subjects/{s}",
        "/subjects/{s}?permanent=true",
        "/config/{s}",
    ] {
        // Most of it is not there.
        code(client, "DELETE", &at(path), None);
    }
}

/// What Apicurio Registry does otherwise than Confluent documents; docs/schema-registry.md has the list.
pub(super) const APICURIO: &[&str] = &[
    "verbose",
    "POST /subjects/{s}/versions",
    "GET /subjects/{s}/versions/first",
    "PUT /config/{s}",
];

/// Asks it all, but for what a registry is known to do otherwise.
pub(super) fn run(url: &str, known: &[&str]) {
    let client = client(url);
    clean(&client);
    nothing_is_there(&client);
    versions_and_ids(&client);
    verdicts(&client, known);
    mistakes(&client, known);
    deletion(&client, known);
    avro(&client);
    registration(&client);
    clean(&client);
}

/// Holds codes against those expected, unless a registry is known to answer otherwise.
fn codes(client: &Client, known: &[&str], asked: &[(&str, &str, Option<Value>, u32)]) {
    for (method, path, body, expected) in asked {
        let what = format!("{method} {path}");
        let found = code(client, method, &at(path), body.clone());
        if !known.contains(&what.as_str()) {
            assert_eq!(found, *expected, "{what}");
        }
    }
}

fn nothing_is_there(client: &Client) {
    let body = json!({"schemaType": "JSON", "schema": ONE});
    let asked = [
        ("GET", "/subjects/{s}/versions", None),
        ("GET", "/subjects/{s}/versions/1", None),
        ("POST", "/subjects/{s}", Some(body)),
        ("GET", "/schemas/ids/2147483646", None),
    ];
    let codes = asked.map(|(method, path, body)| code(client, method, &at(path), body));
    assert_eq!(codes, [40_401, 40_401, 40_401, 40_403]);
    assert_eq!(client.versions(SUBJECT).expect("it answers"), [0; 0]);
    assert_eq!(
        client
            .lookup(SUBJECT, &json_schema(ONE))
            .expect("it answers"),
        None
    );
    assert_eq!(
        client
            .check(SUBJECT, &json_schema(ONE))
            .expect("it answers"),
        [""; 0]
    );
    client
        .settle(SUBJECT, Mode::Backward)
        .expect("it takes a mode");
    assert_eq!(
        client.settings(SUBJECT).expect("it answers").mode,
        Mode::Backward
    );
}

fn versions_and_ids(client: &Client) {
    let (one, two) = (json_schema(ONE), json_schema(TWO));
    let id = client.register(SUBJECT, &one).expect("it is the first");
    assert_eq!(client.register(SUBJECT, &one).expect("it is there"), id);
    assert_eq!(client.lookup(SUBJECT, &one).expect("it answers"), Some(id));
    assert_eq!(client.versions(SUBJECT).expect("it answers"), [1]);
    let second = client.register(SUBJECT, &two).expect("nobody breaks");
    assert_ne!(second, id);
    assert_eq!(client.versions(SUBJECT).expect("it answers"), [1, 2]);
    assert!(
        client
            .subjects()
            .expect("it answers")
            .iter()
            .any(|known| known == SUBJECT)
    );
    for (number, id, schema) in [
        (Some(1), id, &one),
        (Some(2), second, &two),
        (None, second, &two),
    ] {
        let kept = client.version(SUBJECT, number).expect("it was registered");
        assert_eq!((kept.id, kept.language.as_str()), (id, "JSON"));
        assert_eq!(
            kept.schema().expect("it is a schema").canonical(),
            schema.canonical()
        );
    }
    let by_id = client
        .ask("GET", &format!("/schemas/ids/{second}"), None)
        .expect("it is there");
    assert_eq!(by_id["schemaType"], "JSON");
    let text = by_id["schema"].as_str().expect("it has a schema");
    assert_eq!(json_schema(text).canonical(), two.canonical());
    let plain = client.ask("GET", &at("/subjects/{s}/versions/2/schema"), None);
    let plain = json_schema(&plain.expect("it is there").to_string());
    assert_eq!(plain.canonical(), two.canonical());
    let uses = client
        .ask("GET", &format!("/schemas/ids/{second}/versions"), None)
        .expect("it is there");
    let ours = json!({"subject": SUBJECT, "version": 2});
    assert!(uses.as_array().expect("a list").contains(&ours), "{uses}");
    let types = client
        .ask("GET", "/schemas/types", None)
        .expect("it answers");
    let types = types.as_array().expect("a list");
    assert!(
        types.contains(&json!("JSON")) && types.contains(&json!("AVRO")),
        "{types:?}"
    );
}

fn verdicts(client: &Client, known: &[&str]) {
    let (one, two, narrow) = (json_schema(ONE), json_schema(TWO), json_schema(NARROW));
    assert_eq!(client.check(SUBJECT, &two).expect("it answers"), [""; 0]);
    for breaking in [&one, &narrow] {
        assert!(
            !client
                .check(SUBJECT, breaking)
                .expect("it answers")
                .is_empty()
        );
    }
    let body = json!({"schemaType": "JSON", "schema": NARROW});
    assert_eq!(
        code(
            client,
            "POST",
            &at("/subjects/{s}/versions"),
            Some(body.clone())
        ),
        409
    );
    for (which, compatible) in [("1", false), ("latest", false)] {
        let path = at(&format!(
            "/compatibility/subjects/{{s}}/versions/{which}?verbose=true"
        ));
        let answer = client.ask("POST", &path, Some(&body)).expect("it answers");
        assert_eq!(answer["is_compatible"], compatible, "{answer}");
        let words = answer["messages"].as_array();
        let says_why = words.is_some_and(|words| !words.is_empty());
        assert!(says_why || known.contains(&"verbose"), "{answer}");
    }
    // Without a mode nobody looks, and what others send beside is left alone.
    client.settle(SUBJECT, Mode::None).expect("it takes a mode");
    assert_eq!(client.check(SUBJECT, &narrow).expect("it answers"), [""; 0]);
    client
        .settle(SUBJECT, Mode::Backward)
        .expect("it takes a mode");
}

fn mistakes(client: &Client, known: &[&str]) {
    let versions = "/subjects/{s}/versions";
    let no_json = json!({"schemaType": "JSON", "schema": "{"});
    let no_type = json!({"schemaType": "COBOL", "schema": "x"});
    let no_mode = json!({"compatibility": "SIDEWAYS"});
    let asked = [
        (
            "POST",
            "/subjects/{s}/versions?normalize=true",
            Some(no_json),
            42_201,
        ),
        ("POST", versions, Some(no_type), 42_201),
        ("GET", "/subjects/{s}/versions/first", None, 42_202),
        ("GET", "/subjects/{s}/versions/99", None, 40_402),
        ("PUT", "/config/{s}", Some(no_mode), 42_203),
    ];
    codes(client, known, &asked);
}

fn deletion(client: &Client, known: &[&str]) {
    let permanent = "/subjects/{s}?permanent=true";
    codes(client, known, &[("DELETE", permanent, None, 40_405)]);
    let gone = client.ask("DELETE", &at("/subjects/{s}/versions/1"), None);
    assert_eq!(gone.expect("it is there"), json!(1));
    assert_eq!(client.versions(SUBJECT).expect("it answers"), [2]);
    let gone = client.ask("DELETE", &at("/subjects/{s}"), None);
    assert_eq!(gone.expect("it is there"), json!([2]));
    assert_eq!(client.versions(SUBJECT).expect("it answers"), [0; 0]);
    let asked = [
        ("DELETE", "/subjects/{s}", None, 40_404),
        ("DELETE", permanent, None, 0),
        ("GET", "/subjects/{s}/versions?deleted=true", None, 40_401),
    ];
    codes(client, known, &asked);
}

fn avro(client: &Client) {
    let record = |fields: &str| {
        let text = format!(
            r#"{{"type":"record","name":"R","fields":[{{"name":"a","type":"int"}}{fields}]}}"#
        );
        Schema::parse(Language::Avro, &text).expect("the tests' schemas are right")
    };
    let (old, new) = (
        record(""),
        record(r#",{"name":"b","type":"int","default":0}"#),
    );
    client.settle(SUBJECT, Mode::Full).expect("it takes a mode");
    client.register(SUBJECT, &old).expect("it is the first");
    let without = record(r#",{"name":"b","type":"int"}"#);
    assert!(
        !client
            .check(SUBJECT, &without)
            .expect("it answers")
            .is_empty()
    );
    client.register(SUBJECT, &new).expect("nobody breaks");
    assert_eq!(
        client.version(SUBJECT, None).expect("it is there").language,
        "AVRO"
    );
    clean(client);
}

/// What a start does: all or nothing, and again without another version.
fn registration(client: &Client) {
    let ours = |text: &str| {
        [Ours {
            topic: "t".into(),
            subject: SUBJECT.to_owned(),
            schema: json_schema(text),
        }]
    };
    let ids = register(client, &ours(TWO), Mode::Full).expect("it is the first");
    assert_eq!(
        register(client, &ours(TWO), Mode::Full).expect("it is there"),
        ids
    );
    assert_eq!(client.versions(SUBJECT).expect("it answers"), [1]);
    assert_eq!(
        client.settings(SUBJECT).expect("it answers").mode,
        Mode::Full
    );
    let broken = register(client, &ours(ONE), Mode::Full).expect_err("readers break");
    let told = broken.to_string();
    assert!(told.contains("PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL breaks readers with the new schema, of records written before: #/properties/b"), "{told}");
    assert!(ids.0.contains_key("t") && !ids.0.contains_key("u"));
}
