//! Says what is wrong with a FHIR R4 resource in JSON, where, and what to do: in one pass over the bytes, by the definitions as tables.

pub(super) mod cursor;

mod walk;

mod object;

mod primitive;

mod date;

mod narrative;

mod invariant;

mod reference;

mod bundle;

pub(super) mod place;

mod outcome;

use std::borrow::Cow;

pub use date::compare as compare_dates;
pub use outcome::operation_outcome;

use reference::Seen;

/// The longest resource that is validated: a bundle of some 60,000 resources.
pub const RESOURCE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How deep arrays and objects may stand in each other.
pub const DEPTH_MAX: u32 = super::read::MAX_DEPTH;

/// The longest string that FHIR allows; bytes in base64 may be longer.
pub const STRING_BYTES_MAX: usize = 1024 * 1024;

/// The most issues told of one resource; the last of them says how many there are beside them.
pub const ISSUES_MAX: usize = 100;

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be meant so.
    Warning,
    /// It is not FHIR.
    Error,
    /// It could not be read to its end.
    Fatal,
}

impl Severity {
    /// Gives its code in an OperationOutcome.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueCode {
    /// It is not built as FHIR builds it.
    Structure,
    /// Something is missing.
    Required,
    /// A value is not what its type asks for.
    Value,
    /// A rule over several elements is broken.
    Invariant,
    /// A code is not one of those allowed.
    CodeInvalid,
    /// What is referred to is not there.
    NotFound,
    /// The resource type is not one of FHIR R4.
    NotSupported,
    /// It is longer or deeper than any resource needs to be.
    TooCostly,
    /// It is longer than is taken.
    TooLong,
    /// It does not fit what stands beside it.
    Invalid,
    /// It has an extension that is not known and must be.
    Extension,
    /// It is there twice.
    Duplicate,
    /// Several are what only one may be.
    MultipleMatches,
    /// It does not fit what is there already.
    Conflict,
    /// It was there and is no longer.
    Deleted,
    /// It may not be done.
    Forbidden,
    /// It is not known who asks.
    Security,
    /// There is more to do than can be done now.
    Throttled,
    /// It cannot be done now.
    Transient,
}

impl IssueCode {
    /// Gives its code in an OperationOutcome.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Required => "required",
            Self::Value => "value",
            Self::Invariant => "invariant",
            Self::CodeInvalid => "code-invalid",
            Self::NotFound => "not-found",
            Self::NotSupported => "not-supported",
            Self::TooCostly => "too-costly",
            Self::TooLong => "too-long",
            Self::Invalid => "invalid",
            Self::Extension => "extension",
            Self::Duplicate => "duplicate",
            Self::MultipleMatches => "multiple-matches",
            Self::Conflict => "conflict",
            Self::Deleted => "deleted",
            Self::Forbidden => "forbidden",
            Self::Security => "security",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
        }
    }
}

/// Something that is wrong with a resource; it holds nothing of what stands in it but names of elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing is wrong.
    pub code: IssueCode,
    /// Where, such as `Observation.component[2].valueQuantity.value`.
    pub path: String,
    /// What is wrong and what to do.
    pub text: String,
    /// How many bytes stand before the place.
    pub position: usize,
}

/// Validates resources one after the other, and keeps the memory that takes.
#[derive(Debug, Default)]
pub struct Validator {
    found: Findings,
    seen: Seen,
}

impl Validator {
    /// Says what is wrong with a resource, in the order of its bytes; nothing where it is valid.
    pub fn validate(&mut self, bytes: &[u8]) -> Vec<Issue> {
        self.found.clear();
        self.seen.clear();
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let text = "the resource is not UTF-8: send it in UTF-8, as FHIR asks";
                return vec![whole(IssueCode::Structure, text, error.valid_up_to())];
            }
        };
        if text.starts_with('\u{feff}') {
            let text = "the resource begins with a byte order mark: leave it out, as JSON asks";
            return vec![whole(IssueCode::Structure, text, 0)];
        }
        if bytes.len() > RESOURCE_BYTES_MAX {
            let text = "the resource is longer than 64 MiB: send it in parts";
            return vec![whole(IssueCode::TooCostly, text, RESOURCE_BYTES_MAX)];
        }
        walk::walk(text, &mut self.found, &mut self.seen);
        self.found.issues(text)
    }
}

/// Says what is wrong with a resource, in the order of its bytes; nothing where it is valid.
pub fn validate(bytes: &[u8]) -> Vec<Issue> {
    Validator::default().validate(bytes)
}

/// An issue of the whole resource.
fn whole(code: IssueCode, text: &str, position: usize) -> Issue {
    Issue {
        severity: Severity::Fatal,
        code,
        path: "Resource".to_owned(),
        text: text.to_owned(),
        position,
    }
}

/// What was found so far: where it is, not yet the way there.
#[derive(Debug, Default)]
struct Findings {
    found: Vec<Finding>,
    more: usize,
}

#[derive(Debug)]
struct Finding {
    at: usize,
    /// An element that is not there, after the path to where it should be.
    element: Cow<'static, str>,
    severity: Severity,
    code: IssueCode,
    text: Cow<'static, str>,
}

impl Findings {
    fn clear(&mut self) {
        self.found.clear();
        self.more = 0;
    }

    /// Notes that something is wrong at a byte.
    fn add(&mut self, at: usize, code: IssueCode, text: impl Into<Cow<'static, str>>) {
        self.note(at, "", Severity::Error, code, text.into());
    }

    /// Notes that something may be wrong at a byte.
    fn warn(&mut self, at: usize, code: IssueCode, text: impl Into<Cow<'static, str>>) {
        self.note(at, "", Severity::Warning, code, text.into());
    }

    /// Notes that an element is missing from the object at a byte.
    fn miss(&mut self, at: usize, element: impl Into<Cow<'static, str>>, text: String) {
        self.note(
            at,
            element,
            Severity::Error,
            IssueCode::Required,
            text.into(),
        );
    }

    fn note(
        &mut self,
        at: usize,
        element: impl Into<Cow<'static, str>>,
        severity: Severity,
        code: IssueCode,
        text: Cow<'static, str>,
    ) {
        if self.found.len() >= ISSUES_MAX && severity != Severity::Fatal {
            self.more += 1;
            return;
        }
        self.found.push(Finding {
            at,
            element: element.into(),
            severity,
            code,
            text,
        });
    }

    /// Gives each issue with the way there.
    fn issues(&mut self, text: &str) -> Vec<Issue> {
        if self.found.is_empty() {
            return Vec::new();
        }
        self.found.sort_by_key(|finding| finding.at);
        let wanted = self.found.iter().map(|finding| finding.at);
        let paths = place::paths(text, wanted);
        let more = self.more;
        let mut issues: Vec<Issue> = self
            .found
            .drain(..)
            .zip(paths)
            .map(|(finding, path)| Issue {
                severity: finding.severity,
                code: finding.code,
                path: match &*finding.element {
                    "" => path,
                    element => format!("{path}.{element}"),
                },
                text: finding.text.into_owned(),
                position: finding.at,
            })
            .collect();
        if let (Some(last), 1..) = (issues.last_mut(), more) {
            last.text
                .push_str(&format!(" (and {more} more issues, which are not told)"));
        }
        issues
    }
}

#[cfg(test)]
mod tests;
