//! A request to the registry, taken apart: its way through the paths, its parameters and its body.

use std::collections::BTreeMap;

use axum::http::{Method, Uri};
use schema::compatibility::{Mode, Policy, Schema};
use schema::registry::{self, Access, Refusal, Scope, Settings};
use serde::Deserialize;

use super::super::Error;

/// What is asked.
pub(super) struct Request<'r> {
    pub(super) method: String,
    pub(super) path: Vec<String>,
    parameters: BTreeMap<String, String>,
    body: &'r [u8],
}

/// A schema as a request brings it; what else stands there is left alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SchemaBody {
    schema: Option<String>,
    schema_type: Option<String>,
    #[serde(default)]
    references: Option<Vec<serde_json::Value>>,
    id: Option<i64>,
    version: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigBody {
    compatibility: Option<String>,
    compatibility_level: Option<String>,
    compatibility_policy: Option<String>,
}

#[derive(Deserialize)]
struct ModeBody {
    mode: Option<String>,
}

/// A schema to be registered or looked for, with the numbers it had elsewhere.
pub(super) struct Proposed {
    pub(super) schema: Schema,
    pub(super) id: Option<u32>,
    pub(super) version: Option<u32>,
}

impl<'r> Request<'r> {
    pub(super) fn new(method: &Method, uri: &Uri, body: &'r [u8]) -> Self {
        let parts = uri.path().split('/').filter(|part| !part.is_empty());
        let parameters = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self {
            method: match method.as_str() {
                "HEAD" => "GET".to_owned(),
                other => other.to_owned(),
            },
            path: parts.map(decoded).collect(),
            parameters: parameters.into_owned().collect(),
            body,
        }
    }

    /// Whether a parameter is set to true.
    pub(super) fn is(&self, name: &str) -> bool {
        self.parameters
            .get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A parameter's text.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Which versions count.
    pub(super) fn scope(&self) -> Scope {
        if self.is("deletedOnly") {
            Scope::OnlyDeleted
        } else if self.is("deleted") {
            Scope::WithDeleted
        } else {
            Scope::Present
        }
    }

    /// The schema in the body.
    pub(super) fn schema(&self) -> Result<Proposed, Error> {
        let body: SchemaBody = self.json()?;
        if body
            .references
            .is_some_and(|references| !references.is_empty())
        {
            return Err(invalid(
                "references to other schemas are not taken: put what they hold into this one",
            ));
        }
        let text = body
            .schema
            .as_deref()
            .filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| invalid("the request has no schema"))?;
        let schema = registry::parse(body.schema_type.as_deref(), text).map_err(Error::Refused)?;
        // Clients say that they have no number by 0 or -1.
        let number = |given: Option<i64>| {
            given
                .and_then(|it| u32::try_from(it).ok())
                .filter(|it| *it > 0)
        };
        Ok(Proposed {
            schema,
            id: number(body.id),
            version: number(body.version),
        })
    }

    /// The settings in the body; what it does not name stays as it is.
    pub(super) fn settings(&self, held: Settings) -> Result<Settings, Error> {
        let body: ConfigBody = self.json()?;
        let unknown = |text: String| Error::Refused(Refusal::InvalidCompatibility(text));
        let mode = match body.compatibility.or(body.compatibility_level) {
            Some(text) => Mode::parse(&text).ok_or_else(|| unknown(text))?,
            None if body.compatibility_policy.is_some() => held.mode,
            None => return Err(unknown(String::new())),
        };
        let policy = match body.compatibility_policy {
            Some(text) => Policy::parse(&text).ok_or_else(|| unknown(text))?,
            None => held.policy,
        };
        Ok(Settings { mode, policy })
    }

    /// The mode in the body.
    pub(super) fn access(&self) -> Result<Access, Error> {
        let body: ModeBody = self.json()?;
        let text = body.mode.unwrap_or_default();
        Access::parse(&text).ok_or(Error::Refused(Refusal::InvalidAccess(text)))
    }

    fn json<T: Deserialize<'r>>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.body).map_err(|error| Error::Answered {
            code: 400,
            message: format!("the body is not what is asked for: {error}"),
        })
    }
}

fn invalid(why: &str) -> Error {
    Error::Refused(Refusal::InvalidSchema(why.to_owned()))
}

/// A part of a path with its escapes undone; what is no escape stays.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| {
                after
                    .get(..2)
                    .and_then(|digits| std::str::from_utf8(digits).ok())
            })
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn escapes_are_undone_and_the_rest_stays() {
        assert_eq!(decoded("a%2Fb-value"), "a/b-value");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%C3%A4+"), "%zzä+");
    }
}
