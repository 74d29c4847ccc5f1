//! A registry over HTTP, as Confluent's REST interface has it.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use schema::compatibility::{Mode, Policy, Schema};
use schema::registry::Settings;
use serde_json::{Value, json};

use super::{Ask, Error, Kept, ask};
use crate::config::{Address, SchemaRegistry, secret};
use crate::delivery::agent;

/// What is sent, and what is asked for.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// The longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 8 << 20;

/// A registry at an address.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: Option<String>,
}

impl Client {
    /// Prepares to ask; the password and the certificates to trust are read now.
    pub(crate) fn new(settings: &SchemaRegistry) -> Result<Self, Error> {
        let mut client = Self::at(&settings.url, settings.ca.as_deref(), settings.timeout)?;
        if let Some(file) = &settings.password_file {
            let password = secret(file).map_err(Error::Setting)?;
            let pair = format!("{}:{password}", settings.user);
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            client.authorization = Some(format!("Basic {encoded}"));
        }
        Ok(client)
    }

    /// Prepares to ask at an address, without a password.
    pub(crate) fn at(url: &str, ca: Option<&Path>, timeout: Duration) -> Result<Self, Error> {
        let address = Address::parse(url);
        let address = address.ok_or_else(|| {
            Error::Setting("the address is no http or https address of a host".to_owned())
        })?;
        if address.has_user {
            let what = "the address holds a user, which errors and logs would show: set user and password_file";
            return Err(Error::Setting(what.to_owned()));
        }
        Ok(Self {
            agent: agent(url, ca, timeout).map_err(Error::Setting)?,
            base: url.trim_end_matches('/').to_owned(),
            authorization: None,
        })
    }

    fn get(&self, path: &str) -> Result<Value, Error> {
        self.ask("GET", path, None)
    }

    /// One request; what is no success is an error with the code that the registry gives.
    pub(super) fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        let url = format!("{}{path}", self.base);
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(&url)
            .header("Accept", MEDIA_TYPE)
            .header("Content-Type", MEDIA_TYPE);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let strange = |what: String| Error::Strange {
            url: self.base.clone(),
            what,
        };
        let unreachable = |why: String| Error::Unreachable {
            url: self.base.clone(),
            why,
        };
        let body = body.map(ToString::to_string).unwrap_or_default();
        let request = request
            .body(body)
            .map_err(|error| strange(error.to_string()))?;
        let mut answer = self
            .agent
            .run(request)
            .map_err(|error| unreachable(error.to_string()))?;
        let text = answer
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_string()
            .map_err(|error| match broke_off(&error) {
                true => unreachable(error.to_string()),
                false => strange(error.to_string()),
            })?;
        let status = answer.status();
        let value: Option<Value> = serde_json::from_str(&text).ok();
        if status.is_success() {
            return value.ok_or_else(|| strange(format!("{status} without JSON")));
        }
        let code = value.as_ref().and_then(|value| number(value, "error_code"));
        let message = value.as_ref().and_then(|value| value["message"].as_str());
        Err(Error::Answered {
            code: code.unwrap_or_else(|| u32::from(status.as_u16())),
            message: message.map_or_else(|| status.to_string(), str::to_owned),
        })
    }

    /// Nothing where the registry says that it has no such subject, version or schema. A page that is not there says
    /// nothing of the kind: the address leads somewhere else.
    fn unless_missing<T>(&self, asked: Result<T, Error>) -> Result<Option<T>, Error> {
        match asked {
            Ok(found) => Ok(Some(found)),
            Err(Error::Answered {
                code: 40_401..=40_403,
                ..
            }) => Ok(None),
            Err(Error::Answered { code: 404, message }) => {
                Err(self.strange(&format!("404 for a path that registries have: {message}")))
            }
            Err(error) => Err(error),
        }
    }

    fn settings_in(&self, answer: &Value) -> Result<Settings, Error> {
        let mode = answer["compatibilityLevel"].as_str().and_then(Mode::parse);
        let policy = answer["compatibilityPolicy"]
            .as_str()
            .and_then(Policy::parse);
        Ok(Settings {
            mode: mode.ok_or_else(|| self.strange("a configuration without compatibilityLevel"))?,
            policy: policy.unwrap_or_default(),
        })
    }

    fn strange(&self, what: &str) -> Error {
        Error::Strange {
            url: self.base.clone(),
            what: what.to_owned(),
        }
    }
}

/// A path under a subject; what stands in a name must not be read as part of the path.
fn path(before: &str, subject: &str, after: &str) -> String {
    let mut path = before.to_owned();
    for byte in subject.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path + after
}

fn number(value: &Value, key: &str) -> Option<u32> {
    value[key]
        .as_u64()
        .and_then(|number| number.try_into().ok())
}

fn body(schema: &Schema) -> Value {
    match ask::type_of(schema) {
        Some(language) => json!({"schemaType": language, "schema": schema.text()}),
        None => json!({"schema": schema.text()}),
    }
}

/// Whether an answer broke off or did not come, so that asking again may help.
fn broke_off(error: &ureq::Error) -> bool {
    use std::io::ErrorKind;
    match error {
        ureq::Error::Io(error) => !matches!(error.kind(), ErrorKind::InvalidData),
        ureq::Error::BodyExceedsLimit(_) => false,
        _ => true,
    }
}

impl Ask for Client {
    fn subjects(&self) -> Result<Vec<String>, Error> {
        let answer = self.get("/subjects")?;
        serde_json::from_value(answer).map_err(|error| self.strange(&error.to_string()))
    }

    fn versions(&self, subject: &str) -> Result<Vec<u32>, Error> {
        let answer = self.get(&path("/subjects/", subject, "/versions"));
        match self.unless_missing(answer)? {
            Some(answer) => {
                serde_json::from_value(answer).map_err(|error| self.strange(&error.to_string()))
            }
            None => Ok(Vec::new()),
        }
    }

    fn version(&self, subject: &str, version: Option<u32>) -> Result<Kept, Error> {
        let which = version.map_or_else(|| "latest".to_owned(), |version| version.to_string());
        let answer = self.get(&path("/subjects/", subject, &format!("/versions/{which}")))?;
        let kept = (|| {
            Some(Kept {
                version: number(&answer, "version")?,
                id: number(&answer, "id")?,
                language: answer["schemaType"].as_str().unwrap_or("AVRO").to_owned(),
                text: answer["schema"].as_str()?.to_owned(),
            })
        })();
        kept.ok_or_else(|| self.strange("a version without id or schema"))
    }

    fn lookup(&self, subject: &str, schema: &Schema) -> Result<Option<u32>, Error> {
        let answer = self.ask(
            "POST",
            &path("/subjects/", subject, ""),
            Some(&body(schema)),
        );
        match self.unless_missing(answer)? {
            Some(answer) => number(&answer, "id")
                .map(Some)
                .ok_or_else(|| self.strange("a schema without an id")),
            None => Ok(None),
        }
    }

    fn check(&self, subject: &str, schema: &Schema) -> Result<Vec<String>, Error> {
        let after = "/versions?verbose=true";
        let place = path("/compatibility/subjects/", subject, after);
        let asked = self.ask("POST", &place, Some(&body(schema)));
        let Some(answer) = self.unless_missing(asked)? else {
            return Ok(Vec::new());
        };
        match answer["is_compatible"].as_bool() {
            Some(true) => Ok(Vec::new()),
            Some(false) => {
                let messages = answer["messages"].as_array().into_iter().flatten();
                let mut words: Vec<String> = messages
                    .filter_map(|message| message.as_str().map(str::to_owned))
                    .collect();
                if words.is_empty() {
                    words.push("the registry says that it is not compatible".to_owned());
                }
                Ok(words)
            }
            None => Err(self.strange("a check without is_compatible")),
        }
    }

    fn register(&self, subject: &str, schema: &Schema) -> Result<u32, Error> {
        let place = path("/subjects/", subject, "/versions");
        let answer = self.ask("POST", &place, Some(&body(schema)))?;
        number(&answer, "id").ok_or_else(|| self.strange("a registration without an id"))
    }

    fn settings(&self, subject: &str) -> Result<Settings, Error> {
        let own = self.get(&path("/config/", subject, "?defaultToGlobal=true"));
        let answer = match own {
            // Not every registry knows the parameter.
            Err(Error::Answered {
                code: 404 | 40_401 | 40_408,
                ..
            }) => self.get("/config")?,
            other => other?,
        };
        self.settings_in(&answer)
    }

    fn own_settings(&self, subject: &str) -> Result<Option<Settings>, Error> {
        match self.get(&path("/config/", subject, "")) {
            Ok(answer) => self.settings_in(&answer).map(Some),
            Err(Error::Answered {
                code: 40_401 | 40_408,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn settle(&self, subject: &str, mode: Mode) -> Result<(), Error> {
        let place = path("/config/", subject, "");
        let policy = Policy::Lenient.name();
        let whole = json!({"compatibility": mode.name(), "compatibilityPolicy": policy});
        match self.ask("PUT", &place, Some(&whole)) {
            // Older registries know no policy.
            Err(Error::Answered {
                code: 400 | 422 | 42_203,
                ..
            }) => {
                let less = json!({"compatibility": mode.name()});
                self.ask("PUT", &place, Some(&less)).map(drop)
            }
            done => done.map(drop),
        }
    }
}

#[cfg(test)]
mod tests;
