//! The registry as its clients see it: one suite over HTTP, for ours and for any other that is named.

mod suite;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use journal::{Journal, MemoryJournal};
use schema::compatibility::{Language, Mode, Policy, Schema};
use schema::registry::Settings;
use serde_json::json;

use super::*;
use crate::topics;

/// No answer of a test takes longer.
const TIMEOUT: Duration = Duration::from_secs(20);
const ONE: &str =
    r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#;
const TWO: &str = r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"additionalProperties":false}"#;
const NARROW: &str =
    r#"{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}"#;

fn json_schema(text: &str) -> Schema {
    Schema::parse(Language::Json, text).expect("the tests' schemas are right")
}

fn memory() -> Arc<dyn Journal> {
    let journal = MemoryJournal::new();
    for spec in topics::specs(1, Duration::from_secs(1)) {
        journal.ensure_topic(&spec).expect("nothing is there yet");
    }
    Arc::new(journal)
}

/// Our own registry, served on loopback as long as the runtime lives.
fn served(journal: Arc<dyn Journal>) -> (tokio::runtime::Runtime, String) {
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(any))
        .expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    let routes = rest::serving(Arc::new(Embedded::new(journal, Clock::system())));
    let serving = async move { axum::serve(listener, routes).await };
    drop(runtime.spawn(serving));
    (runtime, format!("http://{address}"))
}

fn client(url: &str) -> Client {
    Client::at(url, None, TIMEOUT).expect("loopback needs no certificate")
}

#[test]
fn ours_answers_as_registries_do() {
    let (_runtime, url) = served(memory());
    suite::run(&url, &[]);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "which registry to test with is said from outside"
)]
fn another_registry_answers_as_ours_does() {
    match std::env::var("PULSEWIRE_REGISTRY") {
        Ok(url) => suite::run(&url, suite::APICURIO),
        Err(_) => println!("skipped: PULSEWIRE_REGISTRY names no registry"),
    }
}

#[test]
fn what_was_registered_is_there_again_and_without_http() {
    let journal = memory();
    let first = Embedded::new(Arc::clone(&journal), Clock::system());
    let id = first
        .register("x-value", &json_schema(ONE))
        .expect("it is the first");
    let again = Embedded::new(journal, Clock::system());
    assert_eq!(
        again
            .lookup("x-value", &json_schema(ONE))
            .expect("it reads"),
        Some(id)
    );
    // One that is behind takes in what the other wrote before it decides.
    again
        .register("x-value", &json_schema(TWO))
        .expect("nobody breaks");
    assert_eq!(first.versions("x-value").expect("it reads"), [1, 2]);
    let settings = first.settings("x-value").expect("it reads");
    assert_eq!(
        (settings.mode, settings.policy),
        (Mode::BackwardTransitive, Policy::Lenient)
    );
    first.settle("x-value", Mode::Full).expect("it writes");
    let full = Settings {
        mode: Mode::Full,
        policy: Policy::Lenient,
    };
    assert_eq!(again.settings("x-value").expect("it reads"), full);
}

#[test]
fn a_start_registers_all_our_schemas_once() {
    let (config, journal) = (crate::config::defaults(), memory());
    let ids = prepare(&config, &journal, Clock::system()).expect("nothing is there yet");
    let end = |journal: &Arc<dyn Journal>| {
        let at = journal::TopicPartition::new(topics::SCHEMAS, 0);
        journal.bounds(&[at]).expect("the topic is there")[0].end
    };
    let written = end(&journal);
    assert_eq!(written, u64::try_from(ours().len()).expect("they are few"));
    assert_eq!(
        prepare(&config, &journal, Clock::system()).expect("they are there"),
        ids
    );
    assert_eq!(end(&journal), written);
    assert!(ids.0.contains_key("healthcare.fhir.observation"));
}

#[test]
fn subjects_that_will_refuse_further_elements_are_named_with_their_mode() {
    let registry = Embedded::new(memory(), Clock::system());
    let schema = |topic: &str, language| Ours {
        topic: topic.into(),
        subject: format!("{topic}-value"),
        schema: Schema::parse(language, ONE).expect("it is one"),
    };
    let ours = [schema("a", Language::Json), schema("b", Language::Json)];
    let told = |mode, policy| {
        let settings = Settings { mode, policy };
        let set = registry.change(|registry| Ok(registry.set_settings(Some("a-value"), settings)));
        set.expect("it writes");
        too_strict(&registry, &ours).expect("it reads").join(", ")
    };
    for mode in [Mode::None, Mode::Forward, Mode::ForwardTransitive] {
        assert_eq!(told(mode, Policy::Strict), "");
    }
    assert_eq!(told(Mode::Backward, Policy::Lenient), "");
    assert_eq!(told(Mode::Backward, Policy::Strict), "a-value (BACKWARD)");
    assert_eq!(
        told(Mode::FullTransitive, Policy::Strict),
        "a-value (FULL_TRANSITIVE)"
    );
}

#[test]
fn what_was_said_of_a_subject_before_it_had_a_version_stays() {
    let (_runtime, url) = served(memory());
    let client = client(&url);
    let asked = |subject: &str| client.own_settings(subject).expect("it answers");
    let ours = |subject: &str| Ours {
        topic: "x".into(),
        subject: subject.to_owned(),
        schema: json_schema(ONE),
    };
    client
        .settle("governed-value", Mode::Full)
        .expect("it writes");
    let both = [ours("governed-value"), ours("free-value")];
    register(&client, &both, Mode::Forward).expect("nothing is there yet");
    let mode = |subject| asked(subject).map(|settings| settings.mode);
    assert_eq!(mode("governed-value"), Some(Mode::Full));
    assert_eq!(mode("free-value"), Some(Mode::Forward));
    assert_eq!(mode("other-value"), None);
}

#[test]
fn a_registry_that_is_not_there_is_named() {
    let mut config = crate::config::defaults();
    config.schema_registry.url = "http://127.0.0.1:9".to_owned();
    config.schema_registry.retry_for = Duration::from_millis(300);
    let refused = prepare(&config, &memory(), Clock::system()).expect_err("nobody is there");
    let told = refused.to_string();
    assert!(
        told.starts_with("the schema registry at http://127.0.0.1:9 cannot be reached"),
        "{told}"
    );
    assert!(
        told.ends_with("start it, or correct schema_registry.url"),
        "{told}"
    );
}

/// A request as a browser or a careless program sends it; gives the status and the body.
fn raw(url: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let agent = crate::delivery::agent(url, None, TIMEOUT).expect("loopback needs no certificate");
    let mut request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{url}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(body.to_owned()).expect("it is a request");
    let mut answer = agent.run(request).expect("it answers");
    let text = answer.body_mut().read_to_string().expect("it is text");
    (answer.status().as_u16(), text)
}

#[test]
fn pages_of_other_sites_change_nothing() {
    let (_runtime, url) = served(memory());
    let json = ("content-type", "application/json");
    let body = json!({"schema": "\"string\""}).to_string();
    let post =
        |headers: &[(&str, &str)]| raw(&url, "POST", "/subjects/x/versions", headers, &body).0;
    assert_eq!(post(&[json, ("origin", "https://attacker.example")]), 403);
    assert_eq!(post(&[json, ("host", "attacker.example")]), 421);
    assert_eq!(post(&[("content-type", "text/plain")]), 415);
    assert_eq!(
        post(&[("content-type", "application/x-www-form-urlencoded")]),
        415
    );
    assert_eq!(
        raw(&url, "GET", "/subjects", &[], ""),
        (200, "[]".to_owned())
    );
    assert_eq!(post(&[json]), 200);
}

#[test]
fn answers_have_the_form_that_clients_know() {
    let (_runtime, url) = served(memory());
    let ask = |method: &str, path: &str, body: &str| {
        let (status, text) = raw(
            &url,
            method,
            path,
            &[("content-type", "application/vnd.schemaregistry.v1+json")],
            body,
        );
        format!("{status} {text}")
    };
    let body = json!({"schema": "\"string\"", "somethingNew": {"a": 1}, "id": -1}).to_string();
    let narrower = json!({"schema": "\"int\""}).to_string();
    let answers = [
        ask("POST", "/subjects/x-value/versions?normalize=true", &body),
        ask("GET", "/subjects/x-value/versions/latest", ""),
        ask(
            "POST",
            "/compatibility/subjects/x-value/versions/latest?verbose=true",
            &narrower,
        ),
        ask(
            "POST",
            "/compatibility/subjects/x-value/versions/latest",
            &body,
        ),
        ask("POST", "/subjects/x-value/versions", &narrower),
        ask("GET", "/config", ""),
        ask("GET", "/config/x-value", ""),
        ask("PUT", "/config/x-value", r#"{"compatibility":"full"}"#),
        ask("DELETE", "/config/x-value", ""),
        ask("GET", "/mode", ""),
        ask("GET", "/mode/x-value", ""),
        ask("PUT", "/mode/x-value", r#"{"mode":"READONLY"}"#),
        ask("POST", "/subjects/x-value/versions", &narrower),
        ask("PUT", "/mode/x-value", r#"{"mode":"SIDEWAYS"}"#),
        ask("DELETE", "/mode/x-value", ""),
        ask("GET", "/schemas?latestOnly=true", ""),
        ask("GET", "/schemas/types", ""),
        ask("PATCH", "/subjects", ""),
        ask("GET", "/subjects/x-value/nothing", ""),
        ask("POST", "/subjects/x-value/versions", "{"),
    ];
    expect![[r##"
        200 {"id":316003923}
        200 {"id":316003923,"schema":"\"string\"","subject":"x-value","version":1}
        200 {"is_compatible":false,"messages":["{errorType:\"TYPE_MISMATCH\", description:\"#: the new schema cannot read the type that version 1 wrote (string and int)\", oldSchemaVersion:1, breaks:\"readers with the new schema, of records written before\"}","{compatibility: 'BACKWARD_TRANSITIVE', compatibilityPolicy: 'LENIENT'}"]}
        200 {"is_compatible":true}
        409 {"error_code":409,"message":"the schema is incompatible with an earlier one of its subject: #: the new schema cannot read the type that version 1 wrote (string and int)"}
        200 {"compatibilityLevel":"BACKWARD_TRANSITIVE","compatibilityPolicy":"LENIENT"}
        404 {"error_code":40408,"message":"subject 'x-value' has no compatibility of its own: ask with defaultToGlobal=true"}
        200 {"compatibility":"FULL","compatibilityPolicy":"LENIENT"}
        200 {"compatibilityLevel":"FULL","compatibilityPolicy":"LENIENT"}
        200 {"mode":"READWRITE"}
        404 {"error_code":40409,"message":"subject 'x-value' has no mode of its own: ask with defaultToGlobal=true"}
        200 {"mode":"READONLY"}
        422 {"error_code":42205,"message":"subject 'x-value' is in mode READONLY"}
        422 {"error_code":42204,"message":"invalid mode 'SIDEWAYS': READWRITE, READONLY, IMPORT"}
        200 {"mode":"READONLY"}
        200 [{"id":316003923,"schema":"\"string\"","subject":"x-value","version":1}]
        200 ["JSON","AVRO"]
        405 {"error_code":405,"message":"this method does nothing under this path"}
        404 {"error_code":404,"message":"there is nothing under this path"}
        400 {"error_code":400,"message":"the body is not what is asked for: EOF while parsing an object at line 1 column 1"}"##]].assert_eq(&answers.join("\n"));
}
