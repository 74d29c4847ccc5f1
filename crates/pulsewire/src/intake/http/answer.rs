//! Answers: their status, their headers and their body, which is FHIR in JSON even where something is wrong.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use formats::fhir::json;
use formats::fhir::read::Raw;
use formats::fhir::validate::{self, Issue, IssueCode};

use super::routes::BASE;
use crate::intake::fhir::{Done, Refusal, State};
use crate::intake::keep::{self, Kept, RETRY_AFTER};
use crate::stages::{is_marked, marks};

/// What every body is.
const FHIR_JSON: &str = "application/fhir+json";

/// Says what is wrong with what is kept all the same, as its record does.
pub(super) const VALIDATION: &str = "pulsewire-validation";

/// What is answered so may be sent again, and the answer says when.
const LATER: [u16; 2] = [429, 503];

/// An answer before it is on its way.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What of a resource its sender wants back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Prefer {
    #[default]
    Representation,
    Minimal,
    Outcome,
}

impl Prefer {
    /// Reads it off a request.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all("prefer").into_iter();
        let words = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']))
            .map(str::trim);
        let mut preferred = Self::default();
        for word in words {
            match word {
                "return=minimal" => preferred = Self::Minimal,
                "return=OperationOutcome" => preferred = Self::Outcome,
                "return=representation" => preferred = Self::Representation,
                _ => {}
            }
        }
        preferred
    }
}

impl Answer {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    /// Adds a header; one that cannot stand in an answer is left out.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Says in words why something is not done.
    pub(super) fn because(status: u16, code: IssueCode, words: &str) -> Self {
        Self::from(&Refusal::because(status, code, words))
    }

    /// Puts it on its way.
    pub(super) fn into_response(self) -> Response<Body> {
        let is_empty = self.body.is_empty();
        let mut response = Response::new(Body::from(self.body));
        let status = StatusCode::from_u16(self.status);
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        if LATER.contains(&self.status) {
            let after = HeaderValue::from(RETRY_AFTER.as_secs());
            let headers = response.headers_mut();
            headers.entry(header::RETRY_AFTER).or_insert(after);
        }
        let fixed = [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        for (name, value) in fixed {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        if !is_empty {
            let kind = HeaderValue::from_static(FHIR_JSON);
            let headers = response.headers_mut();
            headers.entry(header::CONTENT_TYPE).or_insert(kind);
        }
        response
    }
}

impl From<&Refusal> for Answer {
    fn from(refusal: &Refusal) -> Self {
        Self::new(refusal.status, refusal.outcome())
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::from(&refusal)
    }
}

impl From<keep::Refusal> for Answer {
    fn from(refusal: keep::Refusal) -> Self {
        let (status, code) = match &refusal {
            keep::Refusal::Journal(journal::Error::TooLarge { .. }) => (413, IssueCode::TooLong),
            keep::Refusal::Busy => (429, IssueCode::Throttled),
            keep::Refusal::Journal(_) | keep::Refusal::History(_) => (503, IssueCode::Transient),
        };
        Self::because(status, code, &refusal.to_string())
    }
}

/// What became of one thing that was asked.
pub(super) fn done(done: &Done, base: &str, prefer: Prefer) -> Answer {
    match done {
        Done::Refused(refusal) => refusal.into(),
        Done::Unchanged(None) => Answer::new(
            200,
            outcome("it is not there, so there is nothing to delete"),
        ),
        Done::Unchanged(Some(entry)) => {
            let state = &entry.state;
            let kept = Kept {
                topic: crate::topics::FHIR_RECEIVED.into(),
                partition: entry.partition,
                offset: entry.offset,
                at: state.at,
                again: true,
            };
            let body = match prefer {
                Prefer::Minimal => Vec::new(),
                _ => outcome("it is so already: nothing was changed"),
            };
            placed(Answer::new(200, body), &kept, state, base)
        }
        Done::Kept {
            kept,
            state,
            issues,
            bytes,
            ..
        } => {
            let body = match prefer {
                Prefer::Minimal => Vec::new(),
                _ if state.deleted => outcome("it is deleted"),
                Prefer::Representation => versioned(bytes, state),
                Prefer::Outcome if issues.is_empty() => outcome("it is kept"),
                Prefer::Outcome => validate::operation_outcome(issues),
            };
            let answer = placed(Answer::new(202, body), kept, state, base);
            let marked: Vec<Issue> = issues
                .iter()
                .filter(|one| is_marked(one))
                .cloned()
                .collect();
            match marked.is_empty() {
                true => answer,
                false => answer.with(VALIDATION, &marks(&marked)),
            }
        }
    }
}

/// Says where something is: for FHIR, and in the journal.
fn placed(answer: Answer, kept: &Kept, state: &State, base: &str) -> Answer {
    let location = location(state);
    let answer = answer
        .with("location", &format!("{base}{BASE}/{location}"))
        .with("etag", &etag(state));
    answer
        .with("pulsewire-topic", &kept.topic)
        .with("pulsewire-partition", &kept.partition.to_string())
        .with("pulsewire-offset", &kept.offset.to_string())
}

/// The address of a version of a resource, from the base on.
pub(super) fn location(state: &State) -> String {
    format!(
        "{}/{}/_history/{}",
        state.resource_type, state.id, state.version
    )
}

/// The version as an ETag.
pub(super) fn etag(state: &State) -> String {
    format!("W/\"{}\"", state.version)
}

/// An OperationOutcome that says that all is well.
pub(super) fn outcome(words: &str) -> Vec<u8> {
    json::object(|outcome| {
        outcome.string("resourceType", "OperationOutcome");
        outcome.array("issue", |issues| {
            issues.object(|issue| {
                issue
                    .string("severity", "information")
                    .string("code", "informational")
                    .string("diagnostics", words);
            });
        });
    })
}

/// A resource as it was sent, with the version that it has here.
pub(super) fn versioned(bytes: &[u8], state: &State) -> Vec<u8> {
    let Ok(members) = Raw::read_members(bytes) else {
        return bytes.to_vec();
    };
    let own = members.iter().find(|(name, _)| *name == "meta");
    let meta = json::object(|meta| {
        meta.string("versionId", &state.version.to_string());
        meta.string("lastUpdated", &state.at.to_string());
        let said = own.and_then(|(_, raw)| Raw::read_members(raw.as_bytes()).ok());
        for (name, raw) in said.iter().flatten() {
            if !matches!(*name, "versionId" | "lastUpdated") {
                meta.raw(name, raw.as_bytes());
            }
        }
    });
    json::object(|resource| {
        for (name, raw) in &members {
            if *name != "meta" {
                resource.raw(name, raw.as_bytes());
            }
            if *name == "id" {
                resource.raw("meta", &meta);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use clinical::{PatientKey, ReceivedTime};
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_resource_is_given_as_it_was_sent_with_the_version_it_has() {
        let state = State {
            source: "default".into(),
            resource_type: "Patient".into(),
            id: "7".into(),
            version: 3,
            deleted: false,
            key: PatientKey::default(),
            hash: [0; 16],
            at: ReceivedTime::parse("2026-03-01T09:14:03.25Z").unwrap(),
            identifiers: Vec::new(),
        };
        let sent = br#"{"resourceType":"Patient","meta":{"versionId":"9","profile":["p"]},"id":"7","multipleBirthInteger":1.20}"#;
        expect![[r#"{"resourceType":"Patient","id":"7","meta":{"versionId":"3","lastUpdated":"2026-03-01T09:14:03.25Z","profile":["p"]},"multipleBirthInteger":1.20}"#]]
            .assert_eq(std::str::from_utf8(&versioned(sent, &state)).unwrap());
        assert_eq!(location(&state), "Patient/7/_history/3");
        assert_eq!(etag(&state), "W/\"3\"");
    }

    #[test]
    fn whoever_may_come_again_is_told_when() {
        for (status, after) in [(429, Some("1")), (503, Some("1")), (413, None), (202, None)] {
            let refusal = Refusal::because(status, IssueCode::Throttled, "later");
            let response = Answer::from(refusal).into_response();
            let told = response.headers().get(header::RETRY_AFTER);
            assert_eq!(told.map(|value| value.to_str().unwrap()), after, "{status}");
        }
    }

    #[test]
    fn the_last_wish_of_a_sender_counts() {
        let check = |value: &'static str, expected| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", HeaderValue::from_static(value));
            assert_eq!(Prefer::of(&headers), expected, "{value}");
        };
        check("return=minimal", Prefer::Minimal);
        check("respond-async, return=OperationOutcome", Prefer::Outcome);
        check("return=everything", Prefer::Representation);
        assert_eq!(Prefer::of(&HeaderMap::new()), Prefer::Representation);
    }
}
