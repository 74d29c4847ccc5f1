//! What is asked of one resource, and why it is refused.

use std::borrow::Cow;

use clinical::PatientKey;
use formats::fhir::json;
use formats::fhir::links;
use formats::fhir::read::Raw;
use formats::fhir::reference::is_id;
use formats::fhir::refused::Refused;
use formats::fhir::validate::{self, Issue, IssueCode};
use journal::Headers;

use super::index::identifiers;
use crate::intake::keep::MOVED_TO;

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interaction {
    Create,
    Update,
    Delete,
}

/// How a resource is found that is not named by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Criteria {
    Id(String),
    /// It has one of these identifiers.
    Identifier(Vec<Token>),
}

/// An identifier that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Empty where it must have none; nothing where it may be any.
    pub(crate) system: Option<String>,
    pub(crate) value: String,
}

/// How an answer is to look, which does not decide what is found.
const PRESENTATION: [&str; 9] = [
    "_format",
    "_pretty",
    "_count",
    "_summary",
    "_total",
    "_totalMethod",
    "_sort",
    "_elements",
    "_contained",
];

impl Criteria {
    /// Reads a search by `identifier` or `_id` alone.
    pub(crate) fn parse(query: &str) -> Result<Self, Refusal> {
        Self::given(query)?.ok_or_else(Refusal::criteria)
    }

    /// Reads a search where there may be one.
    pub(crate) fn given(query: &str) -> Result<Option<Self>, Refusal> {
        let mut pairs = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| !PRESENTATION.contains(&&**name));
        let Some((name, value)) = pairs.next() else {
            return Ok(None);
        };
        if pairs.next().is_some() {
            return Err(Refusal::criteria());
        }
        match &*name {
            "_id" if is_id(&value) => Ok(Some(Self::Id(value.into_owned()))),
            "identifier" => {
                let tokens: Option<Vec<Token>> = split(&value, ',').map(Token::parse).collect();
                let tokens = tokens.ok_or_else(Refusal::criteria)?;
                Ok(Some(Self::Identifier(tokens)))
            }
            _ => Err(Refusal::criteria()),
        }
    }
}

impl Token {
    fn parse(text: &str) -> Option<Self> {
        let bar = split(text, '|').next().map_or(0, str::len);
        let (system, value) = match text.get(bar..).and_then(|rest| rest.strip_prefix('|')) {
            Some(value) => (text.get(..bar), value),
            None => (None, text),
        };
        Some(Self {
            system: system.map(plain),
            value: Some(plain(value)).filter(|value| !value.is_empty())?,
        })
    }
}

/// Splits the value of a search at a character that has no backslash before it.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    text.split(move |letter| {
        let splits = letter == at && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        splits
    })
}

/// Takes away the backslashes that stand before what FHIR gives a meaning to in searches.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped =
            letters.next_if(|next| letter == '\\' && matches!(next, '\\' | ',' | '|' | '$'));
        plain.push(escaped.unwrap_or(letter));
    }
    plain
}

/// What is asked of one resource.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) interaction: Interaction,
    pub(crate) resource_type: &'static str,
    /// Which one, where that is known; of a creation, the id that it gets.
    pub(crate) id: Option<String>,
    /// Whether that id was made for it just now, so that nothing can have it.
    pub(crate) is_new: bool,
    pub(crate) criteria: Option<Criteria>,
    /// The version that it must have.
    pub(crate) if_match: Option<u64>,
    /// Whether nothing may be there yet.
    pub(crate) must_be_new: bool,
    pub(crate) bytes: Vec<u8>,
    /// What its raw record says besides.
    pub(crate) headers: Headers,
    /// Its own identifiers: system and value.
    pub(crate) identifiers: Vec<(String, String)>,
    /// Why it is not done, where that is known before anything is looked up.
    pub(crate) refusal: Option<Refusal>,
}

impl Asked {
    /// Asks for something with the bytes of a resource.
    pub(crate) fn new(
        interaction: Interaction,
        resource_type: &'static str,
        bytes: Vec<u8>,
    ) -> Self {
        let identifiers = match Raw::read_before(&bytes) {
            Some(resource) if interaction != Interaction::Delete => identifiers(resource),
            _ => Vec::new(),
        };
        Self {
            interaction,
            resource_type,
            id: None,
            is_new: false,
            criteria: None,
            if_match: None,
            must_be_new: false,
            bytes,
            headers: Headers::new(),
            identifiers,
            refusal: None,
        }
    }

    /// What cannot be asked, in the place where it was.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self {
            refusal: Some(refusal),
            ..Self::new(Interaction::Delete, "Basic", Vec::new())
        }
    }

    /// The resource's own id.
    pub(super) fn own_id(&self) -> Option<String> {
        Raw::text_of(&self.bytes, "id").map(Cow::into_owned)
    }

    /// The resource under an id; every other byte is as it was sent.
    pub(super) fn with_id(&self, id: &str) -> Result<Vec<u8>, Refusal> {
        if self.own_id().as_deref() == Some(id) {
            return Ok(self.bytes.clone());
        }
        links::with_id(&self.bytes, id).map_err(|refused| Refusal::new(400, refused))
    }
}

/// What is kept of a deletion: the entry of a bundle that asks for it; of what is another patient's by now, with whose.
pub(super) fn deletion(resource_type: &str, id: &str, moved_to: Option<PatientKey>) -> Vec<u8> {
    json::object(|entry| {
        if let Some(patient) = moved_to {
            entry.array("link", |links| {
                links.object(|link| {
                    link.string("relation", MOVED_TO)
                        .string("url", &patient.to_string());
                });
            });
        }
        entry.object("request", |request| {
            request
                .string("method", "DELETE")
                .string("url", &format!("{resource_type}/{id}"));
        });
    })
}

/// Why something is not done: the status that says so, and the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    issues: Issues,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Issues {
    Refused(Refused),
    Invalid(Vec<Issue>),
}

impl Refusal {
    pub(crate) fn new(status: u16, refused: Refused) -> Self {
        Self {
            status,
            issues: Issues::Refused(refused),
        }
    }

    /// Says why in words; what they are about has no place in the body.
    pub(crate) fn because(status: u16, code: IssueCode, words: impl Into<String>) -> Self {
        Self::new(status, Refused::new(code, "", words))
    }

    /// The resource is not valid, and its type's setting is to reject such.
    pub(super) fn invalid(issues: Vec<Issue>) -> Self {
        Self {
            status: 422,
            issues: Issues::Invalid(issues),
        }
    }

    pub(super) fn criteria() -> Self {
        let words = "resources are found by identifier, as in identifier=system|value, or by _id: give one of them and nothing else";
        Self::because(400, IssueCode::NotSupported, words)
    }

    pub(super) fn several() -> Self {
        let words =
            "more than one resource has the identifier: name the one that is meant by its id";
        Self::because(412, IssueCode::Conflict, words)
    }

    pub(super) fn twice() -> Self {
        let words = "the same is asked for twice at once: ask once";
        Self::because(409, IssueCode::Conflict, words)
    }

    pub(super) fn other_version(there: Option<u64>) -> Self {
        let words = match there {
            Some(version) => format!(
                "the resource is of version {version}, not the one that If-Match names: read it again and change that one"
            ),
            None => "there is no such resource, and If-Match names a version of it: leave If-Match out to create it".to_owned(),
        };
        Self::because(412, IssueCode::Conflict, words)
    }

    pub(super) fn is_there() -> Self {
        let words = "the resource is there, and If-None-Match says that it must not be: leave that out to change it";
        Self::because(412, IssueCode::Conflict, words)
    }

    pub(super) fn other_id() -> Self {
        let words = "the resource has another id than the one it is put under: make them the same";
        Self::because(400, IssueCode::Value, words)
    }

    pub(super) fn used_key() -> Self {
        let words =
            "the Idempotency-Key was used for other content: give each creation a key of its own";
        Self::because(409, IssueCode::Duplicate, words)
    }

    /// The words as an OperationOutcome.
    pub(crate) fn outcome(&self) -> Vec<u8> {
        match &self.issues {
            Issues::Refused(refused) => refused.operation_outcome(),
            Issues::Invalid(issues) => validate::operation_outcome(issues),
        }
    }

    /// The code of the first issue, for what is counted.
    pub(crate) fn code(&self) -> &'static str {
        match &self.issues {
            Issues::Refused(refused) => refused.code.code(),
            Issues::Invalid(_) => "invalid-resource",
        }
    }

    /// The words of the first issue.
    pub(crate) fn words(&self) -> String {
        match &self.issues {
            Issues::Refused(refused) => refused.to_string(),
            Issues::Invalid(issues) => issues
                .first()
                .map(|issue| format!("{}: {}", issue.path, issue.text))
                .unwrap_or_default(),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::new(400, refused)
    }
}
