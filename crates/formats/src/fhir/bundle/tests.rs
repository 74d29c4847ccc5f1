//! Bundles as they come: what each kind allows, in which order it is done, and what is called what afterwards.

use expect_test::{Expect, expect};

use super::*;

/// A bundle of a type with these entries.
fn bundle(kind: &str, entries: &[&str]) -> String {
    let entries = entries.join(",");
    format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entries}]}}"#)
}

/// An entry with a request for a resource; a fullUrl where one is given.
fn entry(url: &str, resource: &str, (method, target): (&str, &str)) -> String {
    let url = if url.is_empty() {
        String::new()
    } else {
        format!(r#""fullUrl":"{url}","#)
    };
    let resource = if resource.is_empty() {
        String::new()
    } else {
        format!(r#""resource":{resource},"#)
    };
    format!(r#"{{{url}{resource}"request":{{"method":"{method}","url":"{target}"}}}}"#)
}

fn check(json: &str, expected: Expect) {
    let found = match Bundle::read(json.as_bytes()) {
        Err(refused) => format!("{} {refused}", refused.code.code()),
        Ok(bundle) => {
            let shown = bundle.in_order().into_iter().map(|entry| {
                let method = entry.method().map_or("-", Method::name);
                let kind = entry.resource_type.unwrap_or("-");
                let refused = entry.refused.as_ref().map_or_else(String::new, |refused| {
                    format!(" ({} {refused})", refused.code.code())
                });
                format!("{} {method} {kind}{refused}", entry.number)
            });
            shown.collect::<Vec<_>>().join("\n")
        }
    };
    expected.assert_eq(&found);
}

const PATIENT: &str = r#"{"resourceType":"Patient","id":"1"}"#;

#[test]
fn a_transaction_is_done_in_the_order_of_its_methods() {
    let entries = [
        entry("", "", ("GET", "Patient/9")),
        entry("", PATIENT, ("PUT", "Patient/1")),
        entry(
            "urn:uuid:a",
            r#"{"resourceType":"Observation"}"#,
            ("POST", "Observation"),
        ),
        entry("", "", ("DELETE", "Observation/4")),
        entry(
            "",
            r#"{"resourceType":"Parameters"}"#,
            ("PATCH", "Encounter/5"),
        ),
        entry("", "", ("DELETE", "Observation?code=1")),
        entry(
            "",
            r#"{"resourceType":"Patient"}"#,
            ("PUT", "Patient?identifier=a|b"),
        ),
    ];
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    check(
        &bundle("transaction", &entries),
        expect![[r#"
            3 DELETE Observation
            5 DELETE Observation
            2 POST Observation
            1 PUT Patient
            4 PATCH Encounter
            6 PUT Patient
            0 GET Patient"#]],
    );
}

#[test]
fn the_request_is_held_against_the_resource() {
    let one = |target: (&str, &str), resource: &str, expected: Expect| {
        check(&bundle("batch", &[&entry("", resource, target)]), expected);
    };
    one(
        ("PUT", "Patient/2"),
        PATIENT,
        expect![
            "0 PUT Patient (invalid Bundle.entry[0].resource.id: the url names another id than the resource has: make them the same)"
        ],
    );
    one(
        ("PUT", "Observation/1"),
        PATIENT,
        expect![
            "0 PUT Patient (invalid Bundle.entry[0].request.url: the url names another type than the resource is of: make them the same)"
        ],
    );
    one(
        ("PUT", "Patient"),
        PATIENT,
        expect![
            "0 PUT Patient (value Bundle.entry[0].request.url: what is created is posted to its type, what is changed or deleted is named by its id or a search: change the url)"
        ],
    );
    one(
        ("POST", "Patient/1"),
        PATIENT,
        expect![
            "0 POST Patient (value Bundle.entry[0].request.url: what is created is posted to its type, what is changed or deleted is named by its id or a search: change the url)"
        ],
    );
    one(
        ("POST", "Patient"),
        "",
        expect![
            "0 POST - (required Bundle.entry[0].resource: what is created or changed is sent along: add the resource)"
        ],
    );
    one(
        ("DELETE", "Patient/1"),
        PATIENT,
        expect![
            "0 DELETE Patient (invalid Bundle.entry[0].resource: what is read or deleted is not sent along: leave the resource out)"
        ],
    );
    one(
        ("BREW", "Patient/1"),
        PATIENT,
        expect![
            "0 - Patient (value Bundle.entry[0].request.method: the method is none of GET, HEAD, POST, PUT, PATCH and DELETE: name one)"
        ],
    );
    one(
        ("PUT", "Nobody/1"),
        PATIENT,
        expect![
            "0 PUT Patient (value Bundle.entry[0].request.url: the url names no resource type of FHIR R4: write it relative to the server, as in Patient/7)"
        ],
    );
    one(
        ("POST", "Nobody"),
        r#"{"resourceType":"Nobody"}"#,
        expect![
            "0 POST - (not-supported Bundle.entry[0].resource.resourceType: the resourceType is none of FHIR R4: look for its right name)"
        ],
    );
}

#[test]
fn an_entry_that_asks_for_nothing_is_refused_by_itself() {
    check(
        &bundle(
            "batch",
            &[
                &format!(r#"{{"resource":{PATIENT}}}"#),
                &entry("", PATIENT, ("PUT", "Patient/1")),
            ],
        ),
        expect![[r#"
            0 - Patient (required Bundle.entry[0].request: bdl-3: an entry of a batch or transaction says what to do: add its request)
            1 PUT Patient"#]],
    );
}

#[test]
fn what_is_wrong_with_one_entry_is_wrong_with_all_of_a_transaction() {
    check(
        &bundle("transaction", &[&entry("", PATIENT, ("PUT", "Patient/2"))]),
        expect![
            "invalid Bundle.entry[0].resource.id: the url names another id than the resource has: make them the same"
        ],
    );
}

#[test]
fn what_is_no_bundle_for_a_server_is_refused() {
    check(
        PATIENT,
        expect!["invalid Resource: this is no Bundle: send it to the address of its own type"],
    );
    check(
        r#"{"resourceType":"Bundle"}"#,
        expect!["required Bundle.type: a bundle says its type: add it"],
    );
    check(
        &bundle("batch-response", &[]),
        expect![
            "not-supported Bundle.type: a server takes batch, transaction, message, document, collection, history and searchset bundles: send one of these"
        ],
    );
    check(
        &bundle("collection", &["7"]),
        expect![
            "structure Bundle.entry[0]: the resource is not JSON: an object expected, 1 bytes before its end"
        ],
    );
    check(
        &bundle("collection", &["{}"]),
        expect![
            "required Bundle.entry[0].resource: the entry has no resource: put it in, or leave the entry out"
        ],
    );
    check(&bundle("collection", &[]), expect![""]);
}

#[test]
fn one_thing_is_named_once() {
    let versioned = |version: &str| {
        format!(
            r#"{{"fullUrl":"urn:uuid:a","resource":{{"resourceType":"Patient","meta":{{"versionId":"{version}"}}}}}}"#
        )
    };
    let (first, second) = (versioned("1"), versioned("2"));
    check(
        &bundle("collection", &[&first, &first]),
        expect![
            "duplicate Bundle.entry[1].fullUrl: bdl-7: another entry has the same fullUrl: leave one out"
        ],
    );
    check(
        &bundle("collection", &[&first, &second]),
        expect![[r#"
        0 - Patient
        1 - Patient"#]],
    );
    check(
        &bundle("history", &[&second, &second]),
        expect![[r#"
        1 - Patient
        0 - Patient"#]],
    );
    let observation = r#"{"resourceType":"Observation"}"#;
    let posted = entry("urn:uuid:a", observation, ("POST", "Observation"));
    check(
        &bundle("transaction", &[&posted, &posted]),
        expect![
            "duplicate Bundle.entry[1].fullUrl: bdl-7: another entry has the same fullUrl: leave one out"
        ],
    );
    check(
        &bundle(
            "transaction",
            &[
                &entry("", PATIENT, ("PUT", "Patient/1")),
                &entry("", "", ("DELETE", "Patient/1")),
            ],
        ),
        expect![
            "duplicate Bundle.entry[1].request.url: another entry of the transaction changes the same resource: put both into one"
        ],
    );
}

#[test]
fn entries_are_limited() {
    let of = |count: usize| {
        let entries = vec![r#"{"resource":{"resourceType":"Patient"}}"#; count];
        Bundle::read(bundle("collection", &entries).as_bytes()).map(|bundle| bundle.entries.len())
    };
    assert_eq!(of(ENTRIES_MAX - 1), Ok(ENTRIES_MAX - 1));
    assert_eq!(of(ENTRIES_MAX), Ok(ENTRIES_MAX));
    assert_eq!(of(ENTRIES_MAX + 1).unwrap_err().code, IssueCode::TooCostly);
}

/// Resolves every entry, each under the id `n0`, `n1` …; questions are answered `Patient/found`.
fn resolve(json: &str, expected: Expect) {
    let bundle = Bundle::read(json.as_bytes()).unwrap();
    let ids: Vec<Option<String>> = bundle
        .entries
        .iter()
        .map(|e| Some(format!("n{}", e.number)))
        .collect();
    let mut links = bundle.links(&ids);
    let mut out = String::new();
    for question in bundle.questions().unwrap() {
        out += &format!(
            "{}? {}, asked by {}\n",
            question.kind, question.query, question.entry
        );
        if question.query != "name=nobody" {
            links.answer(&question, "Patient/found");
        }
    }
    for entry in &bundle.entries {
        let id = ids[entry.number].as_deref();
        out += &match bundle.resolved(entry, &links, id) {
            Ok(bytes) => String::from_utf8(bytes).unwrap(),
            Err(refused) => format!("{} {refused}", refused.code.code()),
        };
        out.push('\n');
    }
    expected.assert_eq(&out);
}

fn observation(subject: &str) -> String {
    format!(r#"{{"resourceType":"Observation","subject":{{"reference":"{subject}"}}}}"#)
}

#[test]
fn references_of_a_transaction_lead_to_what_it_creates_even_in_a_circle() {
    let patient = r#"{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:o"}}]}"#;
    resolve(
        &bundle(
            "transaction",
            &[
                &entry("urn:uuid:p", patient, ("POST", "Patient")),
                &entry(
                    "urn:uuid:o",
                    &observation("urn:uuid:p"),
                    ("POST", "Observation"),
                ),
                &entry("", &observation("Patient/p"), ("POST", "Observation")),
            ],
        ),
        expect![[r#"
            {"resourceType":"Patient","id":"n0","link":[{"other":{"reference":"Observation/n1"}}]}
            {"resourceType":"Observation","id":"n1","subject":{"reference":"Patient/n0"}}
            {"resourceType":"Observation","id":"n2","subject":{"reference":"Patient/p"}}
        "#]],
    );
}

#[test]
fn a_relative_reference_is_seen_from_its_entry() {
    let own = r#"{"resourceType":"Patient","id":"p"}"#;
    resolve(
        &bundle(
            "transaction",
            &[
                &entry(
                    "http://ehr.example/fhir/Patient/p",
                    own,
                    ("POST", "Patient"),
                ),
                &entry(
                    "http://ehr.example/fhir/Observation/o",
                    &observation("Patient/p/_history/2"),
                    ("POST", "Observation"),
                ),
                &entry(
                    "http://other.example/fhir/Observation/o",
                    &observation("Patient/p"),
                    ("POST", "Observation"),
                ),
                &entry(
                    "urn:uuid:o",
                    &observation("http://ehr.example/fhir/Patient/p"),
                    ("POST", "Observation"),
                ),
            ],
        ),
        expect![[r#"
            {"resourceType":"Patient","id":"n0"}
            {"resourceType":"Observation","id":"n1","subject":{"reference":"Patient/n0"}}
            {"resourceType":"Observation","id":"n2","subject":{"reference":"Patient/p"}}
            {"resourceType":"Observation","id":"n3","subject":{"reference":"Patient/n0"}}
        "#]],
    );
}

#[test]
fn a_reference_by_a_search_is_a_question_and_nothing_for_an_answer_is_refused() {
    resolve(
        &bundle(
            "transaction",
            &[
                &entry(
                    "",
                    &observation("Patient?identifier=s|1"),
                    ("POST", "Observation"),
                ),
                &entry(
                    "",
                    &observation("Patient?identifier=s|1"),
                    ("POST", "Observation"),
                ),
                &entry(
                    "",
                    &observation("Patient?name=nobody"),
                    ("POST", "Observation"),
                ),
            ],
        ),
        expect![[r#"
            Patient? identifier=s|1, asked by 0
            Patient? name=nobody, asked by 2
            {"resourceType":"Observation","id":"n0","subject":{"reference":"Patient/found"}}
            {"resourceType":"Observation","id":"n1","subject":{"reference":"Patient/found"}}
            not-found Bundle.entry[2].resource: a reference by a search finds nothing: create what it looks for first
        "#]],
    );
}

#[test]
fn what_leads_nowhere_is_refused_in_a_transaction_and_stays_in_a_collection() {
    let posted = entry(
        "",
        &observation("urn:uuid:nowhere"),
        ("POST", "Observation"),
    );
    resolve(
        &bundle("transaction", &[&posted]),
        expect![[r#"
            not-found Bundle.entry[0].resource: a reference leads to a fullUrl that no entry of the bundle has: put the entry in
        "#]],
    );
    let held = format!(r#"{{"resource":{}}}"#, observation("urn:uuid:nowhere"));
    resolve(
        &bundle("collection", &[&held]),
        expect![[r#"
            {"resourceType":"Observation","id":"n0","subject":{"reference":"urn:uuid:nowhere"}}
        "#]],
    );
}

#[test]
fn what_a_batch_creates_is_not_there_for_its_others() {
    resolve(
        &bundle(
            "batch",
            &[
                &entry(
                    "urn:uuid:p",
                    r#"{"resourceType":"Patient"}"#,
                    ("POST", "Patient"),
                ),
                &entry("", &observation("urn:uuid:p"), ("POST", "Observation")),
            ],
        ),
        expect![[r#"
            {"resourceType":"Patient","id":"n0"}
            invalid Bundle.entry[1].resource: an entry of a batch refers to what another of its entries creates: send them as a transaction
        "#]],
    );
}

#[test]
fn a_message_is_its_header_what_it_is_about_and_the_rest() {
    let header = |focus: &str| {
        format!(
            r#"{{"resource":{{"resourceType":"MessageHeader","focus":[{{"reference":"{focus}"}}]}}}}"#
        )
    };
    let patient = format!(r#"{{"fullUrl":"urn:uuid:p","resource":{PATIENT}}}"#);
    let other = format!(
        r#"{{"fullUrl":"urn:uuid:o","resource":{}}}"#,
        observation("urn:uuid:p")
    );
    for focus in ["urn:uuid:p", "Patient/1"] {
        let json = bundle("message", &[&header(focus), &other, &patient]);
        let read = Bundle::read(json.as_bytes()).unwrap();
        let message = read.message().unwrap();
        assert_eq!(message.header.number, 0);
        assert_eq!(
            message.focus.iter().map(|e| e.number).collect::<Vec<_>>(),
            [2]
        );
        assert_eq!(
            message.rest.iter().map(|e| e.number).collect::<Vec<_>>(),
            [1]
        );
    }
    let refused = |kind: &str, entries: &[&str]| {
        let json = bundle(kind, entries);
        Bundle::read(json.as_bytes())
            .unwrap()
            .message()
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    expect!["Bundle.entry[0].resource.focus: the message does not hold what its header says it is about: put it in"]
        .assert_eq(&refused("message", &[&header("urn:uuid:x"), &patient]));
    expect![
        "Bundle.entry[0].resource: bdl-12: a message begins with a MessageHeader: put it first"
    ]
    .assert_eq(&refused("message", &[&patient, &header("urn:uuid:p")]));
    expect!["Bundle.type: $process-message takes a Bundle of type message: send that"]
        .assert_eq(&refused("collection", &[&header("urn:uuid:p"), &patient]));
}
