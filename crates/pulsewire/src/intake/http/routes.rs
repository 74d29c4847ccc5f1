//! Which requests there are, in one table: the router, the capabilities and the OpenAPI document are made of it.

use formats::device::NAME_BYTES_MAX;
use formats::fhir::reference::{is_id, resource_type};

/// Where all of it is.
pub(super) const BASE: &str = "/fhir";

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Capabilities,
    OpenApi,
    Bundle,
    ProcessMessage,
    Import,
    Create,
    Search,
    SearchByForm,
    UpdateFound,
    DeleteFound,
    Read,
    ReadVersion,
    Update,
    Delete,
    Measure,
    Notification,
    NotifiedUpdate,
    NotifiedDelete,
}

/// What the body of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Resource,
    Bundle,
    Message,
    Lines,
    Form,
    /// A bundle, or nothing.
    Notification,
    /// What a device measured, in any of the forms that are read.
    Measurements,
}

/// One kind of request.
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) about: &'static str,
    pub(super) body: Body,
    /// The parameters of its query: name, whether it must be there, what it says.
    pub(super) query: &'static [(&'static str, bool, &'static str)],
    /// The headers that it looks at beside those that all do.
    pub(super) headers: &'static [&'static str],
    /// The statuses that it answers with beside those that all do.
    pub(super) statuses: &'static [u16],
}

impl Route {
    /// Whether it asks for something to be kept.
    pub(super) fn writes(&self) -> bool {
        self.method != "GET"
    }
}

const IDENTIFIER: (&str, bool, &str) = (
    "identifier",
    false,
    "The identifier of the resource: system|value, value of any system, or |value without a system; several with commas, of which it has one.",
);
const ID: (&str, bool, &str) = ("_id", false, "The id of the resource.");

/// All of them.
pub(super) const ROUTES: [Route; 18] = [
    Route {
        operation: Operation::Capabilities,
        method: "GET",
        path: "/fhir/metadata",
        about: "Tells what this server does, as a CapabilityStatement.",
        body: Body::None,
        query: &[],
        headers: &[],
        statuses: &[200],
    },
    Route {
        operation: Operation::OpenApi,
        method: "GET",
        path: "/fhir/openapi.json",
        about: "Gives this document.",
        body: Body::None,
        query: &[],
        headers: &[],
        statuses: &[200],
    },
    Route {
        operation: Operation::Bundle,
        method: "POST",
        path: "/fhir",
        about: "Carries out a batch, each entry by itself, or a transaction, all of it in one write or nothing.",
        body: Body::Bundle,
        query: &[],
        headers: &["Prefer"],
        statuses: &[200, 202, 404, 409, 412, 413, 415, 422],
    },
    Route {
        operation: Operation::ProcessMessage,
        method: "POST",
        path: "/fhir/$process-message",
        about: "Takes a message: a Bundle that begins with a MessageHeader, all of it in one write.",
        body: Body::Message,
        query: &[],
        headers: &[],
        statuses: &[200, 202, 409, 412, 413, 415, 422],
    },
    Route {
        operation: Operation::Import,
        method: "POST",
        path: "/fhir/$import-ndjson",
        about: "Takes resources one a line, each by itself, while they come; the answer counts them and names the lines that are refused.",
        body: Body::Lines,
        query: &[],
        headers: &[],
        statuses: &[200, 413, 415],
    },
    Route {
        operation: Operation::Create,
        method: "POST",
        path: "/fhir/{type}",
        about: "Creates a resource under an id that it gets here; with a search, only where that finds nothing.",
        body: Body::Resource,
        query: &[IDENTIFIER, ID],
        headers: &["If-None-Exist", "Idempotency-Key", "Prefer"],
        statuses: &[200, 202, 404, 409, 412, 413, 415, 422],
    },
    Route {
        operation: Operation::Search,
        method: "GET",
        path: "/fhir/{type}",
        about: "Finds resources by one identifier or by id.",
        body: Body::None,
        query: &[IDENTIFIER, ID],
        headers: &[],
        statuses: &[200, 404],
    },
    Route {
        operation: Operation::SearchByForm,
        method: "POST",
        path: "/fhir/{type}/_search",
        about: "Finds resources as a search does, with nothing of it in the address.",
        body: Body::Form,
        query: &[IDENTIFIER, ID],
        headers: &[],
        statuses: &[200, 404, 413, 415],
    },
    Route {
        operation: Operation::UpdateFound,
        method: "PUT",
        path: "/fhir/{type}",
        about: "Changes the one resource that has an identifier, or creates it.",
        body: Body::Resource,
        query: &[IDENTIFIER, ID],
        headers: &["If-Match", "If-None-Match", "Prefer"],
        statuses: &[200, 202, 404, 409, 412, 413, 415, 422],
    },
    Route {
        operation: Operation::DeleteFound,
        method: "DELETE",
        path: "/fhir/{type}",
        about: "Deletes the one resource that has an identifier.",
        body: Body::None,
        query: &[IDENTIFIER, ID],
        headers: &["If-Match"],
        statuses: &[200, 202, 404, 412],
    },
    Route {
        operation: Operation::Read,
        method: "GET",
        path: "/fhir/{type}/{id}",
        about: "Gives a resource as it was sent last.",
        body: Body::None,
        query: &[],
        headers: &["If-None-Match"],
        statuses: &[200, 304, 404, 410],
    },
    Route {
        operation: Operation::ReadVersion,
        method: "GET",
        path: "/fhir/{type}/{id}/_history/{version}",
        about: "Gives a resource where this is its newest version.",
        body: Body::None,
        query: &[],
        headers: &["If-None-Match"],
        statuses: &[200, 304, 404, 410],
    },
    Route {
        operation: Operation::Update,
        method: "PUT",
        path: "/fhir/{type}/{id}",
        about: "Changes a resource, or creates it under this id.",
        body: Body::Resource,
        query: &[],
        headers: &["If-Match", "If-None-Match", "Prefer"],
        statuses: &[200, 202, 404, 409, 412, 413, 415, 422],
    },
    Route {
        operation: Operation::Delete,
        method: "DELETE",
        path: "/fhir/{type}/{id}",
        about: "Deletes a resource.",
        body: Body::None,
        query: &[],
        headers: &["If-Match"],
        statuses: &[200, 202, 404, 412],
    },
    Route {
        operation: Operation::Measure,
        method: "POST",
        path: "/devices/{device}/measurements",
        about: "Takes what a device measured: as JSON, as an Observation, or as ORU^R01 of IHE's PCD-01.",
        body: Body::Measurements,
        query: &[],
        headers: &[],
        statuses: &[200, 202, 404, 413, 415],
    },
    Route {
        operation: Operation::Notification,
        method: "POST",
        path: "/subscriptions/{source}",
        about: "Takes a notification of a subscription of the source: a bundle of R4 with the backport guide, of R4B or of R5, or nothing at all.",
        body: Body::Notification,
        query: &[],
        headers: &[],
        statuses: &[200, 202, 404, 413, 415, 422],
    },
    Route {
        operation: Operation::NotifiedUpdate,
        method: "PUT",
        path: "/subscriptions/{source}/{type}/{id}",
        about: "Takes a resource that changed, as subscriptions of R4 send it, unless what is there is newer.",
        body: Body::Resource,
        query: &[],
        headers: &["Prefer"],
        statuses: &[200, 202, 404, 409, 412, 413, 415, 422],
    },
    Route {
        operation: Operation::NotifiedDelete,
        method: "DELETE",
        path: "/subscriptions/{source}/{type}/{id}",
        about: "Takes that a resource was deleted, as subscriptions of R4 send it.",
        body: Body::None,
        query: &[],
        headers: &[],
        statuses: &[200, 202, 404],
    },
];

/// What the path of a request names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) resource_type: Option<&'static str>,
    pub(super) id: Option<String>,
    pub(super) version: Option<String>,
    pub(super) device: Option<String>,
    pub(super) source: Option<String>,
}

/// What a request comes to.
pub(super) enum Found {
    Route(&'static Route, Named),
    /// There is something here, but not for this method; for these.
    Methods(Vec<&'static str>),
    /// The path names a type that there is not, or that is never kept.
    NoType,
    /// The path names an id that is none.
    NoId,
    /// The path names a device by what cannot be its name.
    NoDevice,
    Nothing,
}

/// Finds what a request is for.
pub(super) fn find(method: &str, path: &str) -> Found {
    let path = match path.strip_suffix('/') {
        Some(without) if without == BASE => without,
        _ => path,
    };
    let mut here = ROUTES
        .iter()
        .filter_map(|route| Some((route, matched(route.path, path)?)));
    let Some((first, named)) = here.next() else {
        return Found::Nothing;
    };
    // A path that is named itself is not also a type.
    let same: Vec<&'static Route> = ROUTES
        .iter()
        .filter(|route| route.path == first.path)
        .collect();
    // A body-less question about what is there is the question itself.
    let asked = if method == "HEAD" { "GET" } else { method };
    let Some(route) = same.iter().find(|route| route.method == asked) else {
        return Found::Methods(same.iter().map(|route| route.method).collect());
    };
    let kept = |name: &str| resource_type(name).filter(|name| mapping::fhir::is_kept(name));
    let known = match &named.kind {
        Some(name) => match kept(name) {
            None => return Found::NoType,
            known => known,
        },
        None => None,
    };
    if named.id.as_deref().is_some_and(|id| !is_id(id)) {
        return Found::NoId;
    }
    let device = named.device.as_deref().map(device);
    if device == Some(None) {
        return Found::NoDevice;
    }
    let named = Named {
        resource_type: known,
        id: named.id,
        version: named.version,
        device: device.flatten(),
        source: named.source,
    };
    Found::Route(route, named)
}

/// The name of a device as a segment of a path has it; nothing where it cannot be one.
fn device(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let byte = match first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                let digits = std::str::from_utf8(digits).ok()?;
                let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                is_hex
                    .then(|| u8::from_str_radix(digits, 16).ok())
                    .flatten()?
            }
            byte => *byte,
        };
        bytes.push(byte);
    }
    let name = String::from_utf8(bytes).ok()?;
    let is_name = (1..=NAME_BYTES_MAX).contains(&name.len()) && !name.contains(char::is_control);
    is_name.then_some(name)
}

/// The segments that stand for something.
#[derive(Default)]
struct Segments {
    source: Option<String>,
    kind: Option<String>,
    id: Option<String>,
    version: Option<String>,
    device: Option<String>,
}

fn matched(template: &str, path: &str) -> Option<Segments> {
    let mut found = Segments::default();
    let mut given = path.split('/');
    for wanted in template.split('/') {
        let segment = given.next()?;
        match wanted {
            "{type}" => found.kind = Some(segment.to_owned()),
            "{id}" => found.id = Some(segment.to_owned()),
            "{source}" => found.source = Some(segment.to_owned()),
            "{version}" => found.version = Some(segment.to_owned()),
            "{device}" => found.device = Some(segment.to_owned()),
            _ if wanted != segment => return None,
            _ => {}
        }
    }
    match given.next() {
        None => Some(found),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &str, path: &str) -> String {
        match find(method, path) {
            Found::Route(route, named) => format!("{:?} {named:?}", route.operation),
            Found::Methods(methods) => format!("one of {}", methods.join(", ")),
            Found::NoType => "no type".to_owned(),
            Found::NoId => "no id".to_owned(),
            Found::NoDevice => "no device".to_owned(),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn a_device_is_named_as_it_names_itself() {
        assert_eq!(device("bed-7").as_deref(), Some("bed-7"));
        assert_eq!(device("bed%207%2Fa+b").as_deref(), Some("bed 7/a+b"));
        let name = |length| "d".repeat(length);
        assert!(device(&name(NAME_BYTES_MAX - 1)).is_some());
        assert!(device(&name(NAME_BYTES_MAX)).is_some());
        assert!(device(&name(NAME_BYTES_MAX + 1)).is_none());
        assert!(device("%+1").is_none());
    }

    #[test]
    fn every_request_leads_to_the_one_route_that_is_meant() {
        for route in &ROUTES {
            let path = route.path.replace("{type}", "Patient");
            let path = path.replace("{id}", "7").replace("{version}", "1");
            let path = path.replace("{source}", "lab");
            let path = path.replace("{device}", "bed-7");
            let found = told(route.method, &path);
            let own = format!("{:?} ", route.operation);
            assert!(found.starts_with(&own), "{} {path}: {found}", route.method);
        }
        let check = |method, path, expected| assert_eq!(told(method, path), expected, "{path}");
        check("PATCH", "/fhir/Patient/7", "one of GET, PUT, DELETE");
        check("POST", "/fhir/metadata", "one of GET");
        check("PUT", "/fhir/Patient/_search", "one of POST");
        check("GET", "/fhir/Nobody/7", "no type");
        check("PUT", "/fhir/Bundle/7", "no type");
        check("GET", "/fhir/Patient/a_b", "no id");
        check("GET", "/fhir/Patient/7/8", "nothing");
        check("GET", "/", "nothing");
        check("GET", "/devices/7/measurements", "one of POST");
        check("POST", "/devices//measurements", "no device");
        check("POST", "/devices/a%00b/measurements", "no device");
        check("POST", "/devices/a%0/measurements", "no device");
        check("POST", "/devices/a%ff/measurements", "no device");
        check("POST", "/devices/7/8/measurements", "nothing");
        assert!(told("POST", "/fhir/").starts_with("Bundle "));
        assert!(told("HEAD", "/fhir/metadata").starts_with("Capabilities "));
    }
}
