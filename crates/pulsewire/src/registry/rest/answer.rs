//! What the registry answers to each request.

use schema::compatibility::{Break, Language, Schema};
use schema::registry::{Found, Refusal, Scope, Settings, Which};
use serde_json::{Map, Value, json};

use super::super::{Embedded, Error};
use super::request::Request;

/// An answer that is not refused.
pub(super) enum Answer {
    /// JSON.
    Json(Value),
    /// A schema as it was given.
    Schema(String),
}

/// Answers a request.
pub(super) fn answer(registry: &Embedded, request: &Request<'_>) -> Result<Answer, Error> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["subjects", rest @ ..] => subjects(registry, request, rest),
        ["schemas", rest @ ..] => schemas(registry, request, rest),
        ["compatibility", "subjects", subject, "versions", rest @ ..] if rest.len() < 2 => {
            compatibility(registry, request, subject, rest.first().copied())
        }
        ["config"] => config(registry, request, None),
        ["config", subject] => config(registry, request, Some(subject)),
        ["mode"] => mode(registry, request, None),
        ["mode", subject] => mode(registry, request, Some(subject)),
        _ => Err(unknown()),
    }
}

fn unknown() -> Error {
    Error::Answered {
        code: 404,
        message: "there is nothing under this path".to_owned(),
    }
}

fn not_allowed() -> Error {
    Error::Answered {
        code: 405,
        message: "this method does nothing under this path".to_owned(),
    }
}

fn json(value: Value) -> Result<Answer, Error> {
    Ok(Answer::Json(value))
}

fn subjects(registry: &Embedded, request: &Request<'_>, path: &[&str]) -> Result<Answer, Error> {
    let method = request.method.as_str();
    match (path, method) {
        ([], "GET") => {
            let prefix = request.parameter("subjectPrefix").unwrap_or_default();
            registry.read(|registry| {
                let subjects = registry.subjects(request.scope()).into_iter();
                let found: Vec<_> = subjects.filter(|name| name.starts_with(prefix)).collect();
                Ok(Answer::Json(json!(found)))
            })
        }
        ([subject], "POST") => {
            let proposed = request.schema()?;
            registry.read(|registry| {
                let found = registry.lookup(subject, &proposed.schema, request.scope())?;
                Ok(Answer::Json(version(&found)))
            })
        }
        ([subject], "DELETE") => {
            let permanent = request.is("permanent");
            let gone = registry.change(|registry| registry.delete_subject(subject, permanent))?;
            json(json!(gone))
        }
        ([subject, "versions"], "GET") => registry.read(|registry| {
            let found = registry.versions(subject, request.scope())?;
            Ok(Answer::Json(json!(found)))
        }),
        ([subject, "versions"], "POST") => {
            let proposed = request.schema()?;
            let registered =
                registry.register_as(subject, &proposed.schema, proposed.id, proposed.version)?;
            json(json!({"id": registered.id}))
        }
        ([subject, "versions", which, rest @ ..], _) => {
            one_version(registry, request, subject, which, rest)
        }
        ([] | [_] | [_, "versions"], _) => Err(not_allowed()),
        _ => Err(unknown()),
    }
}

fn one_version(
    registry: &Embedded,
    request: &Request<'_>,
    subject: &str,
    which: &str,
    rest: &[&str],
) -> Result<Answer, Error> {
    let which = Which::parse(which).map_err(Error::Refused)?;
    match (rest, request.method.as_str()) {
        ([], "GET") => registry.read(|registry| {
            let found = registry.version(subject, which, request.scope())?;
            Ok(Answer::Json(version(&found)))
        }),
        (["schema"], "GET") => registry.read(|registry| {
            let found = registry.version(subject, which, request.scope())?;
            Ok(Answer::Schema(found.schema.text().to_owned()))
        }),
        // No schema refers to another here.
        (["referencedby"], "GET") => registry.read(|registry| {
            registry.version(subject, which, Scope::WithDeleted)?;
            Ok(Answer::Json(json!([])))
        }),
        ([], "DELETE") => {
            let permanent = request.is("permanent");
            let gone =
                registry.change(|registry| registry.delete_version(subject, which, permanent))?;
            json(json!(gone))
        }
        ([] | ["schema" | "referencedby"], _) => Err(not_allowed()),
        _ => Err(unknown()),
    }
}

fn schemas(registry: &Embedded, request: &Request<'_>, path: &[&str]) -> Result<Answer, Error> {
    if request.method != "GET" {
        return Err(not_allowed());
    }
    match path {
        [] => all(registry, request),
        ["types"] => json(json!(Language::ALL.map(Language::name))),
        ["ids", id, rest @ ..] => {
            let id: u32 = id.parse().map_err(|_| Error::Refused(Refusal::NoSchema))?;
            by_id(registry, request, id, rest)
        }
        _ => Err(unknown()),
    }
}

fn all(registry: &Embedded, request: &Request<'_>) -> Result<Answer, Error> {
    let prefix = request.parameter("subjectPrefix").unwrap_or_default();
    let (scope, latest) = (request.scope(), request.is("latestOnly"));
    registry.read(|registry| {
        let mut found = Vec::new();
        for subject in registry.subjects(scope) {
            if !subject.starts_with(prefix) {
                continue;
            }
            let mut versions = registry.versions(subject, scope)?;
            if latest {
                versions.drain(..versions.len().saturating_sub(1));
            }
            for number in versions {
                found.push(version(&registry.version(
                    subject,
                    Which::Number(number),
                    scope,
                )?));
            }
        }
        Ok(Answer::Json(Value::Array(found)))
    })
}

fn by_id(
    registry: &Embedded,
    request: &Request<'_>,
    id: u32,
    rest: &[&str],
) -> Result<Answer, Error> {
    let scope = request.scope();
    registry.read(|registry| {
        let schema = registry.schema(id)?;
        let answer = match rest {
            [] => Answer::Json(with_language(schema, Map::new())),
            ["schema"] => Answer::Schema(schema.text().to_owned()),
            ["versions"] => {
                let uses = registry.uses(id, scope)?.into_iter();
                let uses =
                    uses.map(|(subject, version)| json!({"subject": subject, "version": version}));
                Answer::Json(uses.collect())
            }
            ["subjects"] => {
                let mut subjects: Vec<_> = registry
                    .uses(id, scope)?
                    .into_iter()
                    .map(|(subject, _)| subject)
                    .collect();
                subjects.dedup();
                Answer::Json(json!(subjects))
            }
            _ => return Ok(Err(unknown())),
        };
        Ok(Ok(answer))
    })?
}

fn compatibility(
    registry: &Embedded,
    request: &Request<'_>,
    subject: &str,
    which: Option<&str>,
) -> Result<Answer, Error> {
    if request.method != "POST" {
        return Err(not_allowed());
    }
    let which = which
        .map(Which::parse)
        .transpose()
        .map_err(Error::Refused)?;
    let proposed = request.schema()?;
    registry.read(|registry| {
        let breaks = match which {
            None => registry.check(subject, &proposed.schema),
            Some(which) => match registry.check_one(subject, which, &proposed.schema) {
                // Nothing is there that a first schema could break.
                Err(Refusal::NoSubject(_)) if which == Which::Latest => Vec::new(),
                other => other?,
            },
        };
        let mut answer = json!({"is_compatible": breaks.is_empty()});
        if request.is("verbose") {
            let settings = registry.settings(Some(subject));
            answer["messages"] = messages(&breaks, settings);
        }
        Ok(Answer::Json(answer))
    })
}

/// One message a difference, and one that says what was asked.
fn messages(breaks: &[Break], settings: Settings) -> Value {
    let mut messages: Vec<Value> = breaks
        .iter()
        .map(|found| {
            json!(format!(
                "{{errorType:\"{}\", description:\"{}\", oldSchemaVersion:{}, breaks:\"{}\"}}",
                found.difference.kind.name(),
                found.sentence(),
                found.version,
                found.readers.words(),
            ))
        })
        .collect();
    if !messages.is_empty() {
        let (mode, policy) = (settings.mode.name(), settings.policy.name());
        messages.push(json!(format!(
            "{{compatibility: '{mode}', compatibilityPolicy: '{policy}'}}"
        )));
    }
    Value::Array(messages)
}

fn config(
    registry: &Embedded,
    request: &Request<'_>,
    subject: Option<&str>,
) -> Result<Answer, Error> {
    match request.method.as_str() {
        "GET" => registry.read(|registry| {
            let own = subject.map(|subject| registry.own_settings(subject));
            if own == Some(None) && !request.is("defaultToGlobal") {
                return Err(Refusal::NoOwnSettings(
                    subject.unwrap_or_default().to_owned(),
                ));
            }
            Ok(Answer::Json(shown(
                registry.settings(subject),
                "compatibilityLevel",
            )))
        }),
        "PUT" => {
            let held = registry.read(|registry| Ok(registry.settings(subject)))?;
            let settings = request.settings(held)?;
            let set = registry.change(|registry| Ok(registry.set_settings(subject, settings)))?;
            json(shown(set, "compatibility"))
        }
        "DELETE" => {
            let held = registry.change(|registry| registry.clear_settings(subject))?;
            json(shown(held, "compatibilityLevel"))
        }
        _ => Err(not_allowed()),
    }
}

fn shown(settings: Settings, level: &str) -> Value {
    json!({level: settings.mode.name(), "compatibilityPolicy": settings.policy.name()})
}

fn mode(
    registry: &Embedded,
    request: &Request<'_>,
    subject: Option<&str>,
) -> Result<Answer, Error> {
    let access = match request.method.as_str() {
        "GET" => registry.read(|registry| {
            let own = subject.map(|subject| registry.own_access(subject));
            if own == Some(None) && !request.is("defaultToGlobal") {
                return Err(Refusal::NoOwnAccess(subject.unwrap_or_default().to_owned()));
            }
            Ok(registry.access(subject))
        })?,
        "PUT" => {
            let access = request.access()?;
            registry.change(|registry| Ok(registry.set_access(subject, access)))?
        }
        "DELETE" => registry.change(|registry| registry.clear_access(subject))?,
        _ => return Err(not_allowed()),
    };
    json(json!({"mode": access.name()}))
}

fn version(found: &Found<'_>) -> Value {
    let mut answer = Map::new();
    answer.insert("subject".to_owned(), json!(found.subject));
    answer.insert("version".to_owned(), json!(found.version));
    answer.insert("id".to_owned(), json!(found.id));
    if found.deleted {
        answer.insert("deleted".to_owned(), json!(true));
    }
    with_language(found.schema, answer)
}

/// A schema with its language, unless that is the one that goes without saying.
fn with_language(schema: &Schema, mut answer: Map<String, Value>) -> Value {
    if let Some(language) = super::super::ask::type_of(schema) {
        answer.insert("schemaType".to_owned(), json!(language));
    }
    answer.insert("schema".to_owned(), json!(schema.text()));
    Value::Object(answer)
}
