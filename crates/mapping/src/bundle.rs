//! One message's resources as one FHIR bundle on one line.

use formats::fhir::json;

use crate::draft::{Draft, Element};
use crate::map::Mapped;

/// Gives a bundle of type `message` that begins with its header, or `collection` where the message has none.
///
/// The ids are real ones, so that the references between the resources resolve by their full URLs.
pub fn bundle(mapped: &Mapped) -> Vec<u8> {
    let (outer, about): (Vec<&Draft>, Vec<&Draft>) = mapped
        .exchange
        .iter()
        .partition(|draft| draft.resource_type == "Bundle");
    let (headers, about): (Vec<&Draft>, Vec<&Draft>) = about
        .into_iter()
        .partition(|draft| draft.resource_type == "MessageHeader");
    let kind = match headers.is_empty() {
        true => "collection",
        false => "message",
    };
    let own = |bundle: &mut json::Object<'_>, wanted: &[&str]| {
        let elements = outer.iter().take(1).flat_map(|draft| draft.elements());
        for (name, element) in elements.filter(|(name, _)| wanted.contains(&name.as_ref())) {
            if let Element::Set(bytes) = element {
                bundle.raw(name, bytes);
            }
        }
    };
    json::object(|bundle| {
        bundle.string("resourceType", "Bundle");
        own(bundle, &["meta", "implicitRules", "language", "identifier"]);
        bundle.string("type", kind);
        own(bundle, &["timestamp"]);
        bundle.array("entry", |entries| {
            for draft in headers.into_iter().chain(about).chain(&mapped.drafts) {
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
