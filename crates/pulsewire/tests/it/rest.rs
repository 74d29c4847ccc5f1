//! A client of FHIR over HTTP, as plain as can be: one request a connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use crate::setting::PATIENCE;

/// What a request was answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header of it; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        let lines = self.head.lines().skip(1);
        let mut found = lines.filter_map(|line| line.split_once(": "));
        let found = found.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    /// Its body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The id of the resource that it is about.
    pub(crate) fn id(&self) -> String {
        let location = self.header("location");
        let id = location.split('/').rev().nth(2);
        id.unwrap_or_default().to_owned()
    }
}

/// The other side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest(pub(crate) SocketAddr);

impl Rest {
    /// Asks with a method, a path under /fhir or /subscriptions, headers and a body; nothing where the connection ends without an answer.
    pub(crate) fn try_ask(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let whole = match path.starts_with("/subscriptions/") {
            true => path.to_owned(),
            false => format!("/fhir{path}"),
        };
        self.try_ask_at(method, &whole, headers, body)
    }

    /// As [`Rest::try_ask`], with the whole path.
    pub(crate) fn try_ask_at(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.0).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.0,
            body.len()
        );
        let kind = ("Content-Type", "application/fhir+json");
        let has_kind = headers.iter().any(|(name, _)| *name == "Content-Type");
        let given = headers.iter().chain((!has_kind).then_some(&kind));
        for (name, value) in given {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        // Who refuses a body early may not read it to its end.
        drop(stream.write_all(body));
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes));
        let end = memchr::memmem::find(&bytes, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        })
    }

    /// Asks, and is answered.
    pub(crate) fn ask(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let answer = self.try_ask(method, path, headers, body);
        answer.unwrap_or_else(|| panic!("{method} {path} was not answered"))
    }

    pub(crate) fn get(self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub(crate) fn post(self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[], body.to_string().as_bytes())
    }

    pub(crate) fn put(self, path: &str, body: &Value) -> Answer {
        self.ask("PUT", path, &[], body.to_string().as_bytes())
    }
}
