//! What is valid, what is not, and what is said of it.

mod mutation;

mod hostile;

mod corpus;

use expect_test::{Expect, expect};

use super::*;

fn check(json: &str, expected: Expect) {
    let lines = validate(json.as_bytes()).into_iter().map(|issue| {
        format!(
            "{} {} {} {}: {}\n",
            issue.position,
            issue.severity.code(),
            issue.code.code(),
            issue.path,
            issue.text
        )
    });
    expected.assert_eq(&lines.collect::<String>());
}

/// Checks an Observation with these members beside those that it needs.
fn check_observation(members: &str, expected: Expect) {
    check(
        &format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"pulse"}},{members}}}"#
        ),
        expected,
    );
}

#[test]
fn what_is_valid_has_no_issues() {
    check_observation(
        r#""valueQuantity":{"value":80.0,"unit":"/min"},"_issued":{"extension":[{"url":"http://a","valueCode":"b"}]}"#,
        expect![[""]],
    );
}

#[test]
fn what_fhir_does_not_know_is_told() {
    check(
        "{\"id\":\"a\"}",
        expect![[r#"
        0 error required Resource.resourceType: a resource says its resourceType: add it
    "#]],
    );
    check("{\"id\":\"a\",\"resourceType\":\"Patient\"}", expect![[""]]);
    check(
        "{\"resourceType\":\"DomainResource\"}",
        expect![[r#"
        0 error not-supported DomainResource: the resourceType is none of FHIR R4: look for its right name
    "#]],
    );
    check(
        "{\"resourceType\":\"Patientt\",\"id\":\"a\"}",
        expect![[r#"
            0 error not-supported Patientt: the resourceType is none of FHIR R4: look for its right name
        "#]],
    );
    check_observation(
        r#""valueMoney":{"value":1},"colour":{"a":[1,"x",null]}"#,
        expect![[r#"
            84 error structure Observation.valueMoney: Observation has no such element: remove it or look for its right name
            105 error structure Observation.colour: Observation has no such element: remove it or look for its right name
        "#]],
    );
    check(
        "{\"resourceType\":\"Patient\",\"id\":\"a b\"}",
        expect![[r#"
            31 error value Patient.id: an id is 1 to 64 letters, digits, `-` and `.`: choose another
        "#]],
    );
    check_observation(
        r#""_code":{"id":"a"}"#,
        expect![[r#"
        79 error structure Observation.code: Observation has no such element: remove it or look for its right name
    "#]],
    );
}

#[test]
fn each_element_is_there_as_often_as_it_may_be() {
    check(
        r#"{"resourceType":"Observation","component":[{"valueString":"x"}]}"#,
        expect![[r#"
            0 error required Observation.status: Observation needs this: add it
            0 error required Observation.code: Observation needs this: add it
            43 error required Observation.component[0].code: Observation.component needs this: add it
        "#]],
    );
    check_observation(
        r#""status":"final","issued":["2024-01-01T00:00:00Z"],"note":{"text":"x"}"#,
        expect![[r#"
            80 error structure Observation.status: the element is there twice: keep one, or put both into its array
            97 error structure Observation.issued: one value is allowed: take it out of the array
            129 error structure Observation.note: the element repeats: put it into an array
        "#]],
    );
    check_observation(
        r#""category":[],"method":{},"issued":null"#,
        expect![[r#"
        82 error structure Observation.category: the array is empty: leave it out
        94 error invariant Observation.method: the object is empty: leave it out
        106 error structure Observation.issued: null is no value: leave the element out
    "#]],
    );
    check_observation(
        r#""valueString":"x","valueInteger":1"#,
        expect![[r#"
        104 error structure Observation.valueInteger: the element is there in another type already: keep one
    "#]],
    );
    check_observation(
        r#""valueString":"x","_valueInteger":{"extension":[{"url":"http://a","valueCode":"b"}]}"#,
        expect![[r#"
            105 error structure Observation.valueInteger: the element is there in another type already: keep one
        "#]],
    );
}

#[test]
fn values_are_of_their_type() {
    check_observation(
        r#""issued":"2024-01-01","valueQuantity":{"value":"9"}"#,
        expect![[r#"
            80 error value Observation.issued: an instant is a real YYYY-MM-DDThh:mm:ss with its offset
            118 error value Observation.valueQuantity.value: write it without quotes
        "#]],
    );
    check_observation(
        r#""valueInteger":1.5,"language":"en ""#,
        expect![[r#"
            86 error value Observation.valueInteger: write a whole number between -2147483648 and 2147483647
            101 error value Observation.language: a code has no space before, behind or twice in it: take it out
        "#]],
    );
    check_observation(
        r#""valueBoolean":"true","bodySite":"arm","subject":[{"display":""}]"#,
        expect![[r#"
            86 error value Observation.valueBoolean: write it without quotes
            104 error structure Observation.bodySite: an object is expected
            120 error structure Observation.subject: one value is allowed: take it out of the array
        "#]],
    );
}

#[test]
fn a_value_may_be_missing_where_an_extension_stands_for_it() {
    let why = r#"{"extension":[{"url":"http://a","valueCode":"unknown"}]}"#;
    check(
        &format!(
            r#"{{"resourceType":"Patient","name":[{{"given":["a",null],"_given":[null,{why}]}}]}}"#
        ),
        expect![[""]],
    );
    check(
        r#"{"resourceType":"Patient","name":[{"given":["a",null]}]}"#,
        expect![[r#"
            34 error invariant Patient.name[0]: given has neither a value nor an extension in its place: leave it out
        "#]],
    );
    check(
        &format!(
            r#"{{"resourceType":"Patient","name":[{{"given":["a",null],"_given":[{why}]}}]}}"#
        ),
        expect![[r#"
            34 error invariant Patient.name[0]: given has neither a value nor an extension in its place: leave it out
        "#]],
    );
    check(
        r#"{"resourceType":"Patient","birthDate":"1970","_birthDate":{"id":"a"}}"#,
        expect![[""]],
    );
    check(
        r#"{"resourceType":"Patient","_birthDate":{"id":"a"}}"#,
        expect![[r#"
            0 error invariant Patient: birthDate has neither a value nor an extension in its place: leave it out
        "#]],
    );
    check(
        &format!(r#"{{"resourceType":"Patient","_birthDate":{why}}}"#),
        expect![[""]],
    );
    check(
        &format!(r#"{{"resourceType":"Observation","_status":{why},"code":{{"text":"x"}}}}"#),
        expect![[""]],
    );
}

#[test]
fn codes_are_those_of_their_binding() {
    check(
        r#"{"resourceType":"Patient","gender":"F","contact":[{"name":{"use":"legal"}}]}"#,
        expect![[r#"
            35 error code-invalid Patient.gender: write one of the codes of administrative-gender: female, male, other, unknown
            65 error code-invalid Patient.contact[0].name.use: write one of the codes of name-use: anonymous, maiden, nickname, official, old, temp, usual
        "#]],
    );
    let condition = |status: &str| {
        format!(
            r#"{{"resourceType":"Condition","subject":{{"reference":"Patient/1"}},"clinicalStatus":{status}}}"#
        )
    };
    check(
        &condition(
            r#"{"coding":[{"system":"http://a","code":"x"},{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}"#,
        ),
        expect![[""]],
    );
    check(
        &condition(r#"{"text":"active"}"#),
        expect![[r#"
        81 error code-invalid Condition.clinicalStatus: write one of the codes of condition-clinical of http://terminology.hl7.org/CodeSystem/condition-clinical: active, inactive, recurrence, relapse, remission, resolved
    "#]],
    );
    check(
        &condition(r#"{"coding":[{"system":"http://a","code":"active"}]}"#),
        expect![[r#"
            81 error code-invalid Condition.clinicalStatus: write one of the codes of condition-clinical of http://terminology.hl7.org/CodeSystem/condition-clinical: active, inactive, recurrence, relapse, remission, resolved
        "#]],
    );
}

#[test]
fn references_lead_to_what_they_may() {
    check_observation(
        r#""subject":{"reference":"Encounter/1"},"encounter":{"type":"Patient","display":"x"}"#,
        expect![[r#"
            94 error value Observation.subject.reference: Encounter is not referred to here: refer to Patient, Group, Device, Location
            121 error value Observation.encounter: Patient is not referred to here: refer to Encounter
        "#]],
    );
    check_observation(
        r#""subject":{"reference":"http://a/fhir/Practitioner/1/_history/2"},"encounter":{"reference":"here"}"#,
        expect![[r#"
            94 error value Observation.subject.reference: Practitioner is not referred to here: refer to Patient, Group, Device, Location
            162 warning value Observation.encounter.reference: this leads nowhere: write Type/id, an address, urn:uuid: or # and the id of what is contained
        "#]],
    );
    check_observation(
        r#""subject":{"reference":"Person/1"},"encounter":{"reference":"Visit/1"}"#,
        expect![[r#"
            94 error value Observation.subject.reference: Person is not referred to here: refer to Patient, Group, Device, Location
            131 error value Observation.encounter.reference: the type referred to is no resource of FHIR R4: look for its right name
        "#]],
    );
    check_observation(
        r#""subject":{"reference":"Patient/a b"},"specimen":{"reference":"Specimen?identifier=1"}"#,
        expect![[r#"
            94 error value Observation.subject.reference: the id is 1 to 64 letters, digits, `-` and `.`: refer to it by an address or urn:uuid:
        "#]],
    );
    check_observation(
        r#""subject":{"reference":"Patient/1","type":"Group"}"#,
        expect![[r#"
            81 error value Observation.subject: the type is not that of the reference: leave the type out
        "#]],
    );
}

#[test]
fn what_is_contained_is_there_once_and_used() {
    let contained = |inside: &str, subject: &str| {
        format!(
            r#""contained":[{{"resourceType":"Patient","id":"p"{inside}}}],"subject":{{"reference":"{subject}"}}"#
        )
    };
    check_observation(&contained("", "#p"), expect![[""]]);
    check_observation(
        &contained("", "#q"),
        expect![[r#"
        84 error invariant Observation.contained[0]: dom-3: nothing refers to what is contained: refer to it by # and its id, or leave it out
        144 error not-found Observation.subject.reference: ref-1: nothing contained has this id: put it into contained, or refer to it elsewhere
    "#]],
    );
    check_observation(
        &contained(
            r##","managingOrganization":{"reference":"#"}"##,
            "Patient/1",
        ),
        expect![[""]],
    );
    check_observation(
        &contained(r#","meta":{"versionId":"1"}"#, "#p"),
        expect![[r#"
            126 error invariant Observation.contained[0].meta: dom-4: what is contained has no versionId: leave it out
        "#]],
    );
    check_observation(
        &contained(
            r#","contained":[{"resourceType":"Group","id":"g","type":"person","actual":true}]"#,
            "#p",
        ),
        expect![[r#"
            132 error invariant Observation.contained[0].contained[0]: dom-2: nothing is contained in what is contained: put it beside
        "#]],
    );
    check_observation(
        r##""contained":[{"resourceType":"Patient","id":"p"}],"encounter":{"reference":"#p"}"##,
        expect![[r#"
            146 error value Observation.encounter.reference: Patient is not referred to here: refer to Encounter
        "#]],
    );
}

#[test]
fn rules_over_several_elements_hold() {
    check_observation(
        r#""valueQuantity":{"value":1,"code":"mg"},"dataAbsentReason":{"text":"x"},"referenceRange":[{"type":{"text":"x"}}]"#,
        expect![[r#"
            0 error invariant Observation: obs-6: leave out dataAbsentReason, since there is a value
            87 error invariant Observation.valueQuantity: qty-3: say the system of the unit's code
            161 error invariant Observation.referenceRange[0]: obs-3: give low, high or text
        "#]],
    );
    check_observation(
        r#""effectivePeriod":{"start":"2024-02-01","end":"2024-01"},"valueRange":{"low":{"value":2},"high":{"value":1}}"#,
        expect![[r#"
            89 error invariant Observation.effectivePeriod: per-1: the period ends before it starts: correct its start or end
            141 error invariant Observation.valueRange: rng-2: the low end is above the high end: exchange them
        "#]],
    );
    check_observation(
        r#""extension":[{"url":"http://a"},{"url":"http://a","valueCode":"x","extension":[{"url":"b","valueCode":"c"}]},{"valueCode":"x"}]"#,
        expect![[r#"
            84 error invariant Observation.extension[0]: ext-1: give either a value or extensions
            103 error invariant Observation.extension[1]: ext-1: give either a value or extensions
            180 error required Observation.extension[2].url: Extension needs this: add it
        "#]],
    );
    check(
        r#"{"resourceType":"Patient","contact":[{"gender":"male"}],"photo":[{"data":"QQ=="}],"telecom":[{"value":"1"}]}"#,
        expect![[r#"
            37 error invariant Patient.contact[0]: pat-1: say who the contact is or how to reach them
            65 error invariant Patient.photo[0]: att-1: say the contentType of the data
            93 error invariant Patient.telecom[0]: cpt-2: say the system of the value
        "#]],
    );
    check(
        r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1"}]},"valueString":"x","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"1"}]}}]}"#,
        expect![[r#"
            0 error invariant Observation: obs-7: a component has the code of the whole, which has a value: leave one of both values out
        "#]],
    );
    check(
        r#"{"resourceType":"Organization","name":"x","telecom":[{"system":"phone","value":"1","use":"home"}]}"#,
        expect![[r#"
            0 error invariant Organization: org-3: an organization is not reached at home: say another use
        "#]],
    );
    check(
        r#"{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}}"#,
        expect![[r#"
            0 error invariant AllergyIntolerance: ait-1: an allergy has a clinicalStatus unless it was entered in error: add it
        "#]],
    );
    check(
        r#"{"resourceType":"Condition","subject":{"reference":"Patient/1"},"abatementString":"gone"}"#,
        expect![[r#"
            0 error invariant Condition: con-4: what has abated is inactive, resolved or in remission: say so in clinicalStatus
        "#]],
    );
    check(
        r#"{"resourceType":"Appointment","status":"booked","participant":[{"status":"accepted"}]}"#,
        expect![[r#"
            0 error invariant Appointment: app-3: only what is proposed, cancelled or waiting has no start and end: add them
            63 error invariant Appointment.participant[0]: app-1: say who takes part, or in which role
        "#]],
    );
    check(
        r#"{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>"}}"#,
        expect![[r#"
            61 error value Patient.text.div: a narrative holds plain markup alone: no scripts, forms, frames or styles
        "#]],
    );
}

#[test]
fn bundles_hold_what_is_referred_to() {
    let bundle = |kind: &str, entries: &str| {
        format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entries}]}}"#)
    };
    let patient =
        r#"{"fullUrl":"http://a/Patient/1","resource":{"resourceType":"Patient","id":"1"}}"#;
    let observation = |subject: &str| {
        format!(
            r#"{{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{subject}"}}}}}}"#
        )
    };
    check(
        &bundle(
            "collection",
            &format!("{patient},{}", observation("Patient/1")),
        ),
        expect![[""]],
    );
    check(
        &bundle(
            "collection",
            &format!("{patient},{}", observation("Patient/2")),
        ),
        expect![[r#"
            294 warning not-found Bundle.entry[1].resource.subject.reference: the bundle does not hold what is referred to: put it in, or leave the reference out
        "#]],
    );
    check(
        &bundle(
            "collection",
            &format!("{patient},{}", observation("Group/2")),
        ),
        expect![[""]],
    );
    check(
        &bundle(
            "collection",
            &observation("urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
        ),
        expect![[r#"
            214 error value Bundle.entry[0].resource.subject.reference: Observation is not referred to here: refer to Patient, Group, Device, Location
        "#]],
    );
    check(
        &bundle("message", &format!("{patient},{patient}")),
        expect![[r#"
            0 error invariant Bundle: bdl-12: a message begins with a MessageHeader: put it first
            142 error invariant Bundle.entry[1].fullUrl: bdl-7: another entry has the same fullUrl: leave one out
        "#]],
    );
    check(
        &bundle("transaction", patient),
        expect![[r#"
        55 error invariant Bundle.entry[0]: bdl-3: entries of a batch, transaction or history have a request, and no others
    "#]],
    );
    check(
        &bundle(
            "collection",
            r#"{"fullUrl":"Patient/1","resource":{"resourceType":"Patient","id":"2"}},{"search":{"mode":"match"}}"#,
        ),
        expect![[r#"
            65 error value Bundle.entry[0].fullUrl: a fullUrl is a whole address or urn:uuid: and no relative one
            65 warning value Bundle.entry[0].fullUrl: the fullUrl ends in another type or id than its resource has: make them the same
            125 error invariant Bundle.entry[1]: bdl-5: give the entry a resource, a request or a response
            125 error invariant Bundle.entry[1]: bdl-2: only entries of a searchset have a search: leave it out
        "#]],
    );
}

#[test]
fn an_outcome_is_itself_valid() {
    let issues = validate(b"{\"resourceType\":\"Patient\",\"gender\":\"F\",\"\\\"\":1}");
    assert_eq!(issues.len(), 2);
    for outcome in [operation_outcome(&issues), operation_outcome(&[])] {
        assert_eq!(
            validate(&outcome),
            [],
            "{}",
            String::from_utf8_lossy(&outcome)
        );
    }
    expect![[r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"code-invalid","details":{"text":"write one of the codes of administrative-gender: female, male, other, unknown"},"diagnostics":"byte 35","expression":["Patient.gender"]},{"severity":"error","code":"structure","details":{"text":"Patient has no such element: remove it or look for its right name"},"diagnostics":"byte 44","expression":["Patient.\\\""]}]}"#]].assert_eq(&String::from_utf8_lossy(&operation_outcome(&issues)));
}
