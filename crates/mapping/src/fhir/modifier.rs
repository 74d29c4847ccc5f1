//! What workloads see of a resource whose meaning something changes that nobody here understands: that it does not count.

use std::borrow::Cow;

use formats::fhir::json;
use formats::fhir::modifier;
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::reference::resource_type;
use formats::fhir::validate::Issue;
use formats::fhir::view::ResourceView;

use super::deletion;
use crate::payer::CANCELLED;

/// Where QI-Core 4.1.1 says that a device shall not be given, of which FHIR R4 has no element; and as its published cases write it, too.
const DO_NOT_PERFORM: [&str; 2] = [
    "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-doNotPerform",
    "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-doNotPeform",
];

/// The modifier extensions that readers here understand.
const UNDERSTOOD: [&str; 3] = {
    let [shall_not, misspelt] = DO_NOT_PERFORM;
    [CANCELLED, shall_not, misspelt]
};

/// What tells payer workloads which kind of document a resource is, by type; any type where none is named.
const KIND: [(&str, &str); 2] = [("", "use"), ("Task", "code")];

/// Says where something changes the meaning of a resource that nobody here understands; nothing where all is understood.
pub fn not_understood(resource: &[u8]) -> Vec<Issue> {
    modifier::unknown(resource, &UNDERSTOOD)
}

/// Says whether nothing changes the meaning of a resource that nobody here understands.
pub(crate) fn is_understood(resource: &[u8]) -> bool {
    !modifier::is_unknown(resource, &UNDERSTOOD)
}

/// Says whether a request is that something shall not be done.
pub(crate) fn is_declined(request: &ResourceView<'_>) -> Result<bool, Malformed> {
    let said = request.get("doNotPerform").map(Raw::boolean);
    if said.transpose()?.unwrap_or(false) {
        return Ok(true);
    }
    let extensions = request.get("modifierExtension").map(Raw::items);
    for extension in extensions.into_iter().flatten() {
        let extension = extension?;
        let url = extension.get("url")?.map(Raw::text).transpose()?;
        if url.is_some_and(|url| DO_NOT_PERFORM.contains(&&*url)) {
            let value = extension.get("valueBoolean")?.map(Raw::boolean);
            if value.transpose()? == Some(true) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Gives a resource as workloads may use it: as it is, or, where its meaning is not understood, as one that should not have
/// been. What was concluded from an earlier version is so taken back.
pub(crate) fn usable(resource: &[u8]) -> Cow<'_, [u8]> {
    if is_understood(resource) {
        return Cow::Borrowed(resource);
    }
    let Ok(raw) = Raw::read(resource) else {
        return Cow::Borrowed(resource);
    };
    let text = |name: &str| raw.get(name).ok().flatten()?.text().ok();
    let named = text("resourceType").unwrap_or_default();
    let kind = resource_type(&named).unwrap_or_default();
    let said = deletion::elements(kind, None);
    let is_kind = |name: &str| {
        let mut of = KIND.iter().filter(|(_, member)| *member == name);
        of.any(|(of, _)| of.is_empty() || *of == kind)
    };
    Cow::Owned(json::object(|object| {
        object.string("resourceType", &named);
        object.string("id", &text("id").unwrap_or_default());
        for (name, value) in raw.members().map_while(Result::ok) {
            if is_kind(name) {
                object.raw(name, value.as_bytes());
            }
        }
        for (name, value) in &said {
            if !is_kind(name.trim_start_matches('_')) {
                object.raw(name, value);
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_is_not_understood_counts_as_what_should_not_have_been() {
        let negated = r#"{"resourceType":"Observation","id":"k","status":"final","code":{"text":"K"},"valueInteger":7,"modifierExtension":[{"url":"urn:negated"}]}"#;
        let seen = usable(negated.as_bytes());
        expect![[r#"{"resourceType":"Observation","id":"k","meta":{"tag":[{"system":"urn:pulsewire:tag","code":"deleted"}]},"status":"entered-in-error","code":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}"#]].assert_eq(std::str::from_utf8(&seen).unwrap());
        assert_eq!(not_understood(negated.as_bytes()).len(), 1);
    }

    #[test]
    fn what_is_understood_is_used_as_it_is() {
        let called_off = format!(
            r#"{{"resourceType":"Claim","id":"c","status":"active","item":[{{"modifierExtension":[{{"url":"{CANCELLED}","valueBoolean":true}}]}}]}}"#
        );
        assert_eq!(*usable(called_off.as_bytes()), *called_off.as_bytes());
        assert_eq!(not_understood(called_off.as_bytes()), []);
    }

    #[test]
    fn a_document_of_a_payer_stays_the_kind_that_it_is() {
        let request = br#"{"resourceType":"Claim","id":"c","status":"active","use":"preauthorization","implicitRules":"urn:rules"}"#;
        let document = crate::payer::document(request).unwrap().unwrap();
        assert_eq!(document.standing, clinical::payer::Standing::Withdrawn);
    }
}
