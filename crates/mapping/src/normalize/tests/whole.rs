//! Resources stated whole: what they leave out is gone, unless something newer was said or a merge brought it.

use super::*;

fn whole(elements: &[&str]) -> Draft {
    draft("Patient", &A.to_string(), Effect::Whole, elements)
}

fn whole_visit(elements: &[&str]) -> Draft {
    draft("Encounter", "e1", Effect::Whole, elements)
}

fn whole_result(elements: &[&str]) -> Draft {
    draft("Observation", "o1", Effect::Whole, elements)
}

#[test]
fn what_a_whole_patient_leaves_out_is_gone_for_older_messages_too() {
    check(
        &[
            (
                10,
                whole(&[
                    "gender=\"female\"",
                    "birthDate=\"1970-01-01\"",
                    "_birthDate={\"id\":\"b\"}",
                    "deceasedBoolean=false",
                ]),
            ),
            (
                20,
                whole(&["gender=\"female\"", "deceasedDateTime=\"2020\""]),
            ),
            (
                15,
                whole(&[
                    "gender=\"male\"",
                    "birthDate=\"1971-01-01\"",
                    "_birthDate={\"id\":\"c\"}",
                    "deceasedBoolean=true",
                ]),
            ),
            (15, patient(&["birthDate=\"1972-01-01\"", "active?true"])),
            (30, patient(&["birthDate=\"1973-01-01\""])),
            (25, whole(&["gender=\"male\""])),
        ],
        expect![[r#"
            {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"gender":"female","birthDate":"1970-01-01","_birthDate":{"id":"b"},"deceasedBoolean":false}
            {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"gender":"female","deceasedDateTime":"2020"}
            (1 unchanged)
            {"resourceType":"Patient","id":"A","meta":{"versionId":"3"},"active":true,"gender":"female","deceasedDateTime":"2020"}
            {"resourceType":"Patient","id":"A","meta":{"versionId":"4"},"active":true,"gender":"female","birthDate":"1973-01-01","deceasedDateTime":"2020"}
            {"resourceType":"Patient","id":"A","meta":{"versionId":"5"},"gender":"male","birthDate":"1973-01-01"}
        "#]],
    );
}

#[test]
fn what_a_whole_visit_leaves_out_is_gone_with_parts_of_what_it_says() {
    check(
        &[
            (
                10,
                visit(
                    Effect::State,
                    &[
                        "status=\"in-progress\"",
                        "period={\"start\":\"2026\",\"end\":\"2027\"}",
                        "location=[{\"status\":\"active\"}]",
                    ],
                ),
            ),
            (
                20,
                whole_visit(&["status=\"finished\"", "period={\"start\":\"2026\"}"]),
            ),
            (30, visit(Effect::State, &["period={\"end\":\"2028\"}"])),
        ],
        expect![[r#"
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"1"},"status":"in-progress","period":{"start":"2026","end":"2027"},"location":[{"status":"active"}]}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"2"},"status":"finished","period":{"start":"2026"}}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"3"},"status":"finished","period":{"start":"2026","end":"2028"}}
        "#]],
    );
}

#[test]
fn what_was_deleted_can_be_brought_back_by_who_states_it_whole() {
    check(
        &[
            (10, whole_result(&["status=\"final\"", "valueString=\"a\""])),
            (20, draft("Observation", "o1", Effect::Delete, &["code?{}"])),
            (
                15,
                whole_result(&["status=\"final\"", "valueString=\"late\""]),
            ),
            (30, whole_result(&["status=\"final\"", "valueString=\"b\""])),
            (30, whole_result(&["status=\"final\"", "valueString=\"b\""])),
            (
                40,
                draft("Organization", "o1", Effect::Delete, &["active?false"]),
            ),
        ],
        expect![[r#"
            {"resourceType":"Observation","id":"o1","meta":{"versionId":"1"},"status":"final","valueString":"a"}
            {"resourceType":"Observation","id":"o1","meta":{"versionId":"2"},"status":"entered-in-error","code":{}}
            (1 stale)
            {"resourceType":"Observation","id":"o1","meta":{"versionId":"3"},"status":"final","valueString":"b"}
            (1 unchanged)
            {"resourceType":"Organization","id":"o1","meta":{"versionId":"1"},"active":false}
        "#]],
    );
}

#[test]
fn what_a_merge_brought_stays_when_the_patient_is_stated_whole() {
    let mut state = State::default();
    let mut out = String::new();
    let first = whole(&[
        "identifier=[{\"value\":\"1\"}]",
        "link=[{\"other\":{\"reference\":\"Patient/x\"},\"type\":\"seealso\"}]",
    ]);
    let inputs = [
        Input::Message {
            raw: raw(A, "1", 10),
            drafts: &[first],
        },
        Input::Merge {
            raw: raw(A, "2", 20),
            drafts: &[],
            retired: B,
            identifiers: b"[{\"value\":\"2\"}]",
        },
        Input::Message {
            raw: raw(A, "3", 30),
            drafts: &[whole(&["identifier=[{\"value\":\"3\"}]"])],
        },
    ];
    for input in &inputs {
        out += &show(&Normalizer::default().step(A, &mut state, input));
    }
    assert_eq!(State::decode(&state.encode()), Ok(state));
    expect![[r#"
        {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"identifier":[{"value":"1"}],"link":[{"other":{"reference":"Patient/x"},"type":"seealso"}]}
        {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"identifier":[{"value":"1"},{"use":"old","value":"2"}],"active":true,"link":[{"other":{"reference":"Patient/x"},"type":"seealso"},{"other":{"reference":"Patient/B"},"type":"replaces"}]}
        Survivor of B
        retire to B
        {"resourceType":"Patient","id":"A","meta":{"versionId":"3"},"identifier":[{"value":"3"},{"use":"old","value":"2"}],"link":[{"other":{"reference":"Patient/B"},"type":"replaces"}]}
    "#]].assert_eq(&out);
}

#[test]
fn a_link_that_its_sender_stated_goes_when_it_is_stated_no_longer() {
    let mut state = State::default();
    let mut out = String::new();
    let linked = whole(&[
        "active?false",
        "link=[{\"other\":{\"reference\":\"Patient/x\"},\"type\":\"replaced-by\"}]",
    ]);
    for (message, draft) in [("1", linked), ("2", whole(&["active?true"]))] {
        let at = if message == "1" { 10 } else { 20 };
        let input = Input::Message {
            raw: raw(A, message, at),
            drafts: &[draft],
        };
        out += &show(&Normalizer::default().step(A, &mut state, &input));
    }
    expect![[r#"
        {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"active":false,"link":[{"other":{"reference":"Patient/x"},"type":"replaced-by"}]}
        {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"active":true}
    "#]].assert_eq(&out);
}

#[test]
fn the_same_result_by_another_way_is_no_news_though_it_is_stated_whole() {
    let result = |id, effect| {
        let elements = [
            "status=\"final\"",
            "code={\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"2823-3\"}]}",
            "effectiveDateTime=\"2026-03-01T10:00:00Z\"",
            "valueQuantity={\"value\":4.1,\"system\":\"http://unitsofmeasure.org\",\"code\":\"mmol/L\"}",
        ];
        [draft("Observation", id, effect, &elements)]
    };
    let mut state = State::default();
    let mut take = |raw, drafts: &[Draft]| {
        let input = Input::Message { raw, drafts };
        let outputs = Normalizer::default().step(A, &mut state, &input).unwrap();
        (outputs.records.len(), outputs.duplicates_across_ways)
    };
    let by_http = |name| RawInfo {
        way: Way::Http,
        ..raw(A, name, 11)
    };
    assert_eq!(take(raw(A, "1", 10), &result("a", Effect::State)), (1, 0));
    assert_eq!(take(by_http("2"), &result("b", Effect::Whole)), (0, 1));
}
