//! One message's resources as one FHIR bundle on one line.

use formats::fhir::json;

use crate::map::Mapped;

/// Gives a bundle of type `collection`: `message` would need a MessageHeader, and says that it is to be processed.
///
/// The ids are real ones, so that the references between the resources resolve by their full URLs.
pub fn bundle(mapped: &Mapped) -> Vec<u8> {
    json::object(|bundle| {
        bundle
            .string("resourceType", "Bundle")
            .string("type", "collection");
        bundle.array("entry", |entries| {
            for draft in &mapped.drafts {
                let url = format!("{BASE}{}/{}", draft.resource_type, draft.id);
                entries.object(|entry| {
                    entry
                        .string("fullUrl", &url)
                        .raw("resource", &draft.to_json());
                });
            }
        });
    })
}

/// Where relative references start from; a name that resolves nowhere.
const BASE: &str = "http://pulsewire.invalid/fhir/";
