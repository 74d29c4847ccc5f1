//! What the text of a reference, or the address of a request, leads to.

use super::definition::Definition;

/// The longest id that FHIR allows.
pub const ID_BYTES_MAX: usize = 64;

/// What a reference leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A resource of the same server, such as `Patient/7`, whatever version of it is meant.
    Relative {
        /// The resource type.
        kind: &'static str,
        /// The id.
        id: &'a str,
    },
    /// A resource of the server at an address, such as `https://ehr.example/fhir/Patient/7`.
    Absolute {
        /// The server's address, without the slash behind it.
        base: &'a str,
        /// The resource type.
        kind: &'static str,
        /// The id.
        id: &'a str,
    },
    /// The one resource that a search finds, such as `Patient?identifier=…`.
    Conditional {
        /// The resource type.
        kind: &'static str,
        /// What stands behind the question mark.
        query: &'a str,
    },
    /// A type alone, such as `Patient`: where one of it is created.
    Type {
        /// The resource type.
        kind: &'static str,
    },
    /// A resource inside the same one, such as `#pat`: its id.
    Contained(&'a str),
    /// What only its bundle gives a place to: `urn:uuid:…` or `urn:oid:…`, whole.
    Urn(&'a str),
    /// Something else, such as an operation or a web page.
    Other(&'a str),
}

impl<'a> Target<'a> {
    /// Reads a reference's text, or a request's address.
    pub fn parse(text: &'a str) -> Self {
        if let Some(id) = text.strip_prefix('#') {
            return Self::Contained(id);
        }
        if text.starts_with("urn:uuid:") || text.starts_with("urn:oid:") {
            return Self::Urn(text);
        }
        if let Some((name, query)) = text.split_once('?') {
            return match resource_type(name.strip_prefix('/').unwrap_or(name)) {
                Some(kind) => Self::Conditional { kind, query },
                None => Self::Other(text),
            };
        }
        let plain = unversioned(text);
        let plain = plain.strip_prefix('/').unwrap_or(plain);
        if let Some(kind) = resource_type(plain) {
            return Self::Type { kind };
        }
        let Some((before, id)) = plain.rsplit_once('/').filter(|(_, id)| is_id(id)) else {
            return Self::Other(text);
        };
        if let Some(kind) = resource_type(before) {
            return Self::Relative { kind, id };
        }
        let split = before.rsplit_once('/');
        match split.and_then(|(base, name)| Some((base, resource_type(name)?))) {
            Some((base, kind)) if base.contains("://") => Self::Absolute { base, kind, id },
            _ => Self::Other(text),
        }
    }
}

/// Leaves out which version is meant.
pub fn unversioned(text: &str) -> &str {
    text.split_once("/_history/")
        .map_or(text, |(before, _)| before)
}

/// Gives the name of a resource type of FHIR R4, as the definitions have it.
pub fn resource_type(name: &str) -> Option<&'static str> {
    let found = Definition::of(name).filter(|found| found.is_resource());
    found.map(Definition::name)
}

/// Says whether a text is an id of a resource.
pub fn is_id(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_part)
}

/// Says whether a text is a URI with its scheme (RFC 3986, 3.1): FHIR R4 takes no other for the system of an identifier.
pub fn is_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(is_part)
    };
    let parts = text.split_once(':');
    parts.is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_from_the_others() {
        let check = |text, expected| assert!(Target::parse(text) == expected, "{text}");
        let (kind, id) = ("Patient", "7");
        check("Patient/7", Target::Relative { kind, id });
        check("/Patient/7", Target::Relative { kind, id });
        check("Patient/7/_history/3", Target::Relative { kind, id });
        let base = "https://ehr.example/fhir";
        check(
            "https://ehr.example/fhir/Patient/7/_history/2",
            Target::Absolute { base, kind, id },
        );
        let query = "identifier=a|b";
        check(
            "Patient?identifier=a|b",
            Target::Conditional { kind, query },
        );
        check("Patient", Target::Type { kind });
        check("#p", Target::Contained("p"));
        check("urn:uuid:1", Target::Urn("urn:uuid:1"));
        check("urn:oid:1.2", Target::Urn("urn:oid:1.2"));
        for other in [
            "",
            "Nobody/7",
            "Patient/",
            "Patient/a b",
            "$process-message",
            "https://ehr.example/Nobody/7",
            "x/y/Patient/7",
            "Nobody?a=b",
        ] {
            check(other, Target::Other(other));
        }
    }

    #[test]
    fn a_uri_has_a_scheme_and_no_blanks() {
        for uri in ["http://a.b/c", "urn:oid:1.2", "mailto:a@b", "x-y+z.1:2"] {
            assert!(is_uri(uri), "{uri}");
        }
        for other in [
            "",
            "a",
            "GOOD HEALTH",
            "1.2.3",
            "1a:b",
            ":b",
            "a:",
            "a b:c",
            "a:b c",
        ] {
            assert!(!is_uri(other), "{other}");
        }
    }

    #[test]
    fn an_id_has_a_length() {
        assert!(!is_id(""));
        assert!(is_id(&"a".repeat(ID_BYTES_MAX - 1)));
        assert!(is_id(&"a".repeat(ID_BYTES_MAX)));
        assert!(!is_id(&"a".repeat(ID_BYTES_MAX + 1)));
        assert!(!is_id("a_b"));
    }
}
