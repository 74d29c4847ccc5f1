//! The address of this server as its clients know it: what they refer to by it is a resource of their own.

use axum::http::{HeaderMap, header};
use formats::fhir::links::{self, Link};
use formats::fhir::reference::Target;

use super::routes::BASE;

/// The names of the machine that asks.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The addresses of this server, without `/fhir`.
pub(super) struct Own {
    configured: String,
    asked: String,
}

impl Own {
    /// Takes the address that is configured, which may be empty, and that to which a request came.
    pub(super) fn of(configured: &str, headers: &HeaderMap, is_tls: bool) -> Self {
        let host = headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let scheme = if is_tls { "https" } else { "http" };
        Self {
            configured: configured.trim_end_matches('/').to_owned(),
            asked: host
                .map(|host| format!("{scheme}://{host}"))
                .unwrap_or_default(),
        }
    }

    /// What answers begin addresses with.
    pub(super) fn base(&self) -> &str {
        match self.configured.is_empty() {
            true => &self.asked,
            false => &self.configured,
        }
    }

    /// Gives a resource with its references to this server's own resources as they are here, such as `Patient/7`: by them it
    /// is known whose it is. What cannot be read is as it was.
    pub(super) fn relative(&self, bytes: Vec<u8>) -> Vec<u8> {
        let found = links::relinked(&bytes, |link| {
            let Link::Reference(text) = link else {
                return None;
            };
            let Target::Absolute { base, kind, id } = Target::parse(text) else {
                return None;
            };
            let version = text.find("/_history/").and_then(|at| text.get(at..));
            let own = || format!("{kind}/{id}{}", version.unwrap_or_default());
            self.is_own(base).then(own)
        });
        match found {
            Ok(std::borrow::Cow::Owned(found)) => found,
            _ => bytes,
        }
    }

    fn is_own(&self, base: &str) -> bool {
        let own = [&self.configured, &self.asked];
        let mut own = own.into_iter().filter(|own| !own.is_empty());
        let given = plain(base);
        given.is_some() && own.any(|own| plain(&format!("{own}{BASE}")) == given)
    }
}

/// Says whether a text is an address that resources can be at.
pub(crate) fn is_address(text: &str) -> bool {
    plain(text).is_some_and(|(host, _)| !host.is_empty())
}

/// An address without what does not tell it from others: host with port, and path. What stands in between may take the
/// encryption off, so that the scheme is none of it.
fn plain(address: &str) -> Option<(String, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    let port = match scheme.to_ascii_lowercase().as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(port).unwrap_or(&host);
    let loopback = LOOPBACK.iter().find_map(|name| {
        let port = host.strip_prefix(name)?;
        (port.is_empty() || port.starts_with(':')).then_some(port)
    });
    let host = match loopback {
        Some(port) => format!("localhost{port}"),
        None => host.to_owned(),
    };
    Some((host, path.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn own(configured: &str, host: &'static str) -> Own {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        Own::of(configured, &headers, false)
    }

    fn referred(own: &Own, reference: &str) -> String {
        let sent = format!(
            r#"{{"resourceType":"Observation","subject":{{"reference":"{reference}"}},"valueString":"{reference}"}}"#
        );
        let found = String::from_utf8(own.relative(sent.into_bytes())).unwrap();
        assert!(found.ends_with(&format!(r#""valueString":"{reference}"}}"#)));
        let found = found.split('"').nth(9);
        found.unwrap_or_default().to_owned()
    }

    #[test]
    fn what_stands_at_this_server_is_referred_to_as_it_is_here() {
        let asked = own("", "EHR.example:8090");
        for same in [
            "http://ehr.example:8090/fhir/Patient/7",
            "https://Ehr.Example:8090/fhir/Patient/7",
            "Patient/7",
        ] {
            assert_eq!(referred(&asked, same), "Patient/7", "{same}");
        }
        assert_eq!(
            referred(&asked, "http://ehr.example:8090/fhir/Patient/7/_history/2"),
            "Patient/7/_history/2"
        );
        for other in [
            "http://ehr.example/fhir/Patient/7",
            "http://ehr.example:8090/r4/Patient/7",
            "http://ehr.example:8090/fhir/x/Patient/7",
            "http://other.example:8090/fhir/Patient/7",
            "ftp://ehr.example:8090/fhir/Patient/7",
        ] {
            assert_eq!(referred(&asked, other), other);
        }
    }

    #[test]
    fn a_machine_that_asks_itself_has_three_names() {
        let asked = own("", "127.0.0.1:8090");
        let named = referred(&asked, "http://localhost:8090/fhir/Patient/7");
        assert_eq!(named, "Patient/7");
        let other = "http://localhost:8091/fhir/Patient/7";
        assert_eq!(referred(&asked, other), other);
    }

    #[test]
    fn the_address_that_is_configured_counts_and_is_what_answers_give() {
        let asked = own("https://fhir.example/pulsewire/", "10.0.0.7:8090");
        assert_eq!(asked.base(), "https://fhir.example/pulsewire");
        for same in [
            "https://fhir.example/pulsewire/fhir/Patient/7",
            "https://fhir.example:443/pulsewire/fhir/Patient/7",
            "http://10.0.0.7:8090/fhir/Patient/7",
        ] {
            assert_eq!(referred(&asked, same), "Patient/7", "{same}");
        }
        assert!(is_address("https://fhir.example"));
        assert!(!is_address("fhir.example") && !is_address("https:///fhir"));
    }
}
