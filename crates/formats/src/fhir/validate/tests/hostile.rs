//! Input that means harm or nothing: it is refused, and soon.

use expect_test::expect;
use proptest::prelude::*;

use super::super::{ISSUES_MAX, IssueCode, Severity, validate};
use super::check;

#[test]
fn what_is_no_json_is_told_with_its_place() {
    check(
        "",
        expect![[r#"
        0 fatal structure Resource: this is not JSON: an object expected; what stands after it was not looked at
    "#]],
    );
    check(
        "[]",
        expect![[r#"
        0 fatal structure Resource: this is not JSON: an object expected; what stands after it was not looked at
    "#]],
    );
    check(
        "{\"resourceType\":\"Patient\",\"active\":tru}",
        expect![[r#"
            35 fatal structure Patient.active: this is not JSON: true, false or null expected; what stands after it was not looked at
        "#]],
    );
    check(
        "{\"resourceType\":\"Patient\",\"active\":true} x",
        expect![[r#"
            41 fatal structure Patient: this is not JSON: the end expected; what stands after it was not looked at
        "#]],
    );
    check(
        "{\"resourceType\":\"Patient\",\"id\":\"a\nb\"}",
        expect![[r#"
            33 fatal structure Patient.id: this is not JSON: an escape for a control character expected; what stands after it was not looked at
        "#]],
    );
    check(
        "{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}",
        expect![[r#"
            31 fatal structure Patient.id: this is not JSON: a right escape expected; what stands after it was not looked at
        "#]],
    );
    check(
        "{\"resourceType\":\"Patient\",\"multipleBirthInteger\":01}",
        expect![[r#"
            49 fatal structure Patient.multipleBirthInteger: this is not JSON: a number expected; what stands after it was not looked at
        "#]],
    );
    let issues = validate(b"{\"resourceType\":\"Pat\xff\"}");
    assert_eq!(issues.first().map(|issue| issue.position), Some(20));
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth: usize| {
        let open = r#"{"url":"http://a","extension":["#.repeat(depth);
        let inner = r#"{"url":"http://a","valueCode":"x"}"#;
        format!(
            r#"{{"resourceType":"Patient","extension":[{open}{inner}{}]}}"#,
            "]}".repeat(depth)
        )
    };
    // The resource and its array, two levels each, and the innermost extension.
    assert_eq!(validate(nested(30).as_bytes()), []);
    assert!(
        validate(nested(31).as_bytes())
            .iter()
            .all(|issue| issue.code == IssueCode::TooCostly)
    );
    for hostile in [
        "[".repeat(1_000_000),
        "{\"resourceType\":\"Patient\",\"a\":".to_owned() + &"[".repeat(1_000_000),
        "{\"a\":".repeat(1_000_000),
    ] {
        let issues = validate(hostile.as_bytes());
        assert!(issues.iter().any(|issue| issue.severity == Severity::Fatal || issue.code == IssueCode::Required));
    }
}

#[test]
fn as_many_issues_are_told_as_a_person_reads() {
    let patient = |count: usize| {
        format!(
            "{{\"resourceType\":\"Patient\",\"name\":[{}]}}",
            vec!["{}"; count].join(",")
        )
    };
    assert_eq!(
        validate(patient(ISSUES_MAX - 1).as_bytes()).len(),
        ISSUES_MAX - 1
    );
    assert_eq!(validate(patient(ISSUES_MAX).as_bytes()).len(), ISSUES_MAX);
    let issues = validate(patient(ISSUES_MAX + 1).as_bytes());
    assert_eq!(issues.len(), ISSUES_MAX);
    assert!(issues.last().is_some_and(|last| {
        last.text
            .ends_with("(and 1 more issues, which are not told)")
    }));
}

proptest! {
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let issues = validate(&bytes);
        prop_assert!(!issues.is_empty(), "nothing so short is a resource");
    }

    #[test]
    fn nothing_that_looks_like_a_resource_panics(text in "\\{\"resourceType\":\"(Patient|Bundle|Observation)\",\"(name|entry|component|_id|extension)\":[\\[\\]{},:\"\\\\u0-9atrue -]{0,40}") {
        let issues = validate(text.as_bytes());
        let read = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        let fatal = issues.iter().any(|issue| issue.severity == Severity::Fatal);
        prop_assert_eq!(read, !fatal, "{} {:?}", text, issues);
    }
}
