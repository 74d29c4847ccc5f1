//! Why a resource, a bundle or an entry of one is not taken, and that as an OperationOutcome.

use super::json;
use super::validate::{IssueCode, Severity};

/// Why something is not taken; it holds nothing of what was sent but names of elements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expression}: {diagnostics}")]
pub struct Refused {
    /// What kind of thing is wrong.
    pub code: IssueCode,
    /// Where, such as `Bundle.entry[2].request.url`.
    pub expression: String,
    /// What is wrong and what to do.
    pub diagnostics: String,
}

impl Refused {
    /// Says what is wrong at a place.
    pub fn new(
        code: IssueCode,
        expression: impl Into<String>,
        diagnostics: impl Into<String>,
    ) -> Self {
        Self {
            code,
            expression: expression.into(),
            diagnostics: diagnostics.into(),
        }
    }

    /// Writes it as an OperationOutcome in JSON.
    pub fn operation_outcome(&self) -> Vec<u8> {
        operation_outcome(std::slice::from_ref(self))
    }
}

/// Writes why something is not taken as one OperationOutcome in JSON.
pub fn operation_outcome(refused: &[Refused]) -> Vec<u8> {
    json::object(|outcome| {
        outcome.string("resourceType", "OperationOutcome");
        outcome.array("issue", |issues| {
            for one in refused {
                issues.object(|issue| {
                    issue
                        .string("severity", Severity::Error.code())
                        .string("code", one.code.code())
                        .string("diagnostics", &one.diagnostics);
                    if !one.expression.is_empty() {
                        issue.array("expression", |paths| {
                            paths.string(&one.expression);
                        });
                    }
                });
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_is_refused_is_told_as_a_valid_outcome() {
        let refused = Refused::new(
            IssueCode::TooCostly,
            "Bundle.entry[5000]",
            "the bundle is too long: send it in parts",
        );
        let outcome = refused.operation_outcome();
        expect![[
            r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"too-costly","diagnostics":"the bundle is too long: send it in parts","expression":["Bundle.entry[5000]"]}]}"#
        ]]
        .assert_eq(std::str::from_utf8(&outcome).unwrap());
        assert_eq!(crate::fhir::validate::validate(&outcome), []);
    }
}
