//! Validation at random: nothing panics, what is found valid is JSON, and the verdict does not depend on what came before.
#![forbid(unsafe_code)]

use formats::fhir::validate::{ISSUES_MAX, Validator, operation_outcome};
use formats::fhir::view::ResourceView;
use fuzz::Recipe;
use serde::de::IgnoredAny;
use serde_json::Value;

#[test]
fn validation() {
    bolero::check!()
        .with_type::<(Recipe, Recipe)>()
        .for_each(|(recipe, other)| {
            let bytes = recipe.resource();
            let issues = Validator::default().validate(&bytes);
            assert!(issues.len() <= ISSUES_MAX + 1);
            for issue in &issues {
                assert!(issue.position <= bytes.len(), "{issue:?}");
                assert!(!issue.text.is_empty());
            }
            if issues.is_empty() {
                // Not as a value: `1e999` is a decimal, though no number of a processor is that large.
                let read = serde_json::from_slice::<IgnoredAny>(&bytes);
                assert!(read.is_ok(), "{}", String::from_utf8_lossy(&bytes));
            }
            let outcome = operation_outcome(&issues);
            assert!(serde_json::from_slice::<Value>(&outcome).is_ok());
            assert_eq!(
                Validator::default().validate(&outcome),
                [],
                "an outcome is valid"
            );

            let mut used = Validator::default();
            used.validate(&other.resource());
            assert_eq!(used.validate(&bytes), issues);

            if let Ok(view) = ResourceView::read(&bytes) {
                drop((view.resource_type(), view.id(), view.status()));
            }
        });
}
