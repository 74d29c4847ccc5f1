//! Why a registry does not do what it is asked, with the codes that clients know.

use super::Which;
use crate::compatibility::Break;

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such subject.
    NoSubject(String),
    /// The subject has no such version.
    NoVersion(Which),
    /// There is no such schema.
    NoSchema,
    /// The subject is deleted for now already.
    SubjectDeleted(String),
    /// The subject must be deleted for now before it is deleted for ever.
    SubjectNotDeleted(String),
    /// The version is deleted for now already.
    VersionDeleted(String, u32),
    /// The version must be deleted for now before it is deleted for ever.
    VersionNotDeleted(String, u32),
    /// The subject has no settings of its own.
    NoOwnSettings(String),
    /// The subject has no mode of its own.
    NoOwnAccess(String),
    /// The schema would break readers.
    Incompatible(Vec<Break>),
    /// The text is no schema, or of no language that is known.
    InvalidSchema(String),
    /// The text is no version.
    InvalidVersion(String),
    /// The text is no mode of compatibility.
    InvalidCompatibility(String),
    /// The text is no mode of a registry.
    InvalidAccess(String),
    /// The mode of the subject does not allow it.
    NotPermitted(String),
    /// The text is no name of a subject.
    InvalidSubject(String),
}

impl Refusal {
    /// Gives the code that clients of registries know; its first three digits are the HTTP status.
    pub const fn code(&self) -> u32 {
        match self {
            Self::NoSubject(_) => 40_401,
            Self::NoVersion(_) => 40_402,
            Self::NoSchema => 40_403,
            Self::SubjectDeleted(_) => 40_404,
            Self::SubjectNotDeleted(_) => 40_405,
            Self::VersionDeleted(..) => 40_406,
            Self::VersionNotDeleted(..) => 40_407,
            Self::NoOwnSettings(_) => 40_408,
            Self::NoOwnAccess(_) => 40_409,
            Self::Incompatible(_) => 409,
            Self::InvalidSchema(_) => 42_201,
            Self::InvalidVersion(_) => 42_202,
            Self::InvalidCompatibility(_) => 42_203,
            Self::InvalidAccess(_) => 42_204,
            Self::NotPermitted(_) => 42_205,
            Self::InvalidSubject(_) => 42_208,
        }
    }

    /// Gives the HTTP status.
    pub fn status(&self) -> u16 {
        let code = self.code();
        let status = if code < 1000 { code } else { code / 100 };
        u16::try_from(status).unwrap_or(500)
    }

    /// Says what is wrong and what to do.
    pub fn message(&self) -> String {
        match self {
            Self::NoSubject(subject) => format!("subject '{subject}' not found"),
            Self::NoVersion(Which::Number(number)) => format!("version {number} not found"),
            Self::NoVersion(Which::Latest) => "version latest not found".to_owned(),
            Self::NoSchema => "schema not found".to_owned(),
            Self::SubjectDeleted(subject) => format!(
                "subject '{subject}' was soft deleted: set permanent=true to delete it for ever"
            ),
            Self::SubjectNotDeleted(subject) => format!(
                "subject '{subject}' was not deleted first: delete it without permanent=true before"
            ),
            Self::VersionDeleted(subject, version) => format!(
                "subject '{subject}' version {version} was soft deleted: set permanent=true to delete it for ever"
            ),
            Self::VersionNotDeleted(subject, version) => format!(
                "subject '{subject}' version {version} was not deleted first: delete it without permanent=true before"
            ),
            Self::NoOwnSettings(subject) => format!(
                "subject '{subject}' has no compatibility of its own: ask with defaultToGlobal=true"
            ),
            Self::NoOwnAccess(subject) => {
                format!("subject '{subject}' has no mode of its own: ask with defaultToGlobal=true")
            }
            Self::Incompatible(breaks) => {
                let first: Vec<String> = breaks.iter().map(Break::sentence).collect();
                format!(
                    "the schema is incompatible with an earlier one of its subject: {}",
                    first.join("; ")
                )
            }
            Self::InvalidSchema(why) => format!("invalid schema: {why}"),
            Self::InvalidVersion(text) => format!(
                "the version '{text}' is no version: a number from 1 to 2147483647, or \"latest\""
            ),
            Self::InvalidCompatibility(text) => format!(
                "invalid compatibility level '{text}': NONE, BACKWARD, FORWARD or FULL, the last three also with _TRANSITIVE; policies are STRICT and LENIENT"
            ),
            Self::InvalidAccess(text) => {
                format!("invalid mode '{text}': READWRITE, READONLY, IMPORT")
            }
            Self::NotPermitted(why) => why.clone(),
            Self::InvalidSubject(subject) => format!(
                "the subject '{subject}' is no name: 1 to {} bytes without control characters",
                super::SUBJECT_BYTES_MAX
            ),
        }
    }
}
