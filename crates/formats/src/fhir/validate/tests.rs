//! What is valid, what is not, and what is said of it.

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

#[test]
fn what_is_valid_has_no_issues() {
    check(
        r#"{"resourceType":"Observation","status":"final","code":{"text":"pulse"},"valueQuantity":{"value":80.0,"unit":"/min"}}"#,
        expect![[""]],
    );
}
