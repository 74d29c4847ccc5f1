//! The settings of the listener that takes FHIR over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use super::reader::Reader;
use super::{SHORTEST, Tls, tls};
use crate::intake::http::is_address;

/// A body is at least so large, or no resource fits.
const BODY_SIZE_LEAST: u64 = 1 << 10;
/// A body is at most so large: a write of the journal holds it.
const BODY_SIZE_MOST: u64 = 32 << 20;
/// What a body unpacks to is at most so large.
const UNPACKED_SIZE_MOST: u64 = 64 << 20;

/// The HTTP listener's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Http {
    /// Nothing where no FHIR is taken over HTTP.
    pub(crate) listen: Option<SocketAddr>,
    /// What stands before `/fhir` in its address, where a request does not say; empty where it does.
    pub(crate) base: String,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) body_size: usize,
    pub(crate) unpacked_size: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) tls: Option<Tls>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Http {
    let at = "intake.http";
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let listen = reader.optional_address(at, "listen");
    let body_size = reader.size_between(at, "body_size", BODY_SIZE_LEAST, BODY_SIZE_MOST);
    let unpacked = reader.size_between(at, "unpacked_size", BODY_SIZE_LEAST, UNPACKED_SIZE_MOST);
    let form = "an address such as \"https://fhir.example\", or \"\" for that of the request";
    let base = reader.text_as(at, "base", form, |text| text.is_empty() || is_address(text));
    Http {
        listen,
        base,
        connections: reader.count(at, "connections", 1, 65_536),
        connections_per_address: reader.count(at, "connections_per_address", 1, 65_536),
        body_size: size(body_size),
        unpacked_size: size(unpacked),
        header_timeout: reader.duration_from(at, "header_timeout", SHORTEST),
        body_timeout: reader.duration_from(at, "body_timeout", SHORTEST),
        tls: tls(reader, "intake.http.tls"),
    }
}
