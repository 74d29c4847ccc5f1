//! Issues as an OperationOutcome, which is how FHIR tells what is wrong.

use super::super::json;
use super::Issue;

/// What an OperationOutcome without issues says, since it must have one.
const NOTHING: &str = "the resource is valid";

/// Writes issues as an OperationOutcome in JSON.
pub fn operation_outcome(issues: &[Issue]) -> Vec<u8> {
    json::object(|outcome| {
        outcome.string("resourceType", "OperationOutcome");
        outcome.array("issue", |array| {
            if issues.is_empty() {
                array.object(|issue| {
                    issue
                        .string("severity", "information")
                        .string("code", "informational")
                        .object("details", |details| {
                            details.string("text", NOTHING);
                        });
                });
            }
            for issue in issues {
                array.object(|object| {
                    object
                        .string("severity", issue.severity.code())
                        .string("code", issue.code.code())
                        .object("details", |details| {
                            details.string("text", &issue.text);
                        })
                        .string("diagnostics", &format!("byte {}", issue.position))
                        .array("expression", |paths| {
                            paths.string(&issue.path);
                        });
                });
            }
        });
    })
}
