//! What a message could not carry, and why none could be made.

use formats::fhir::read::Malformed;

/// One thing that is in the resources and not in the messages; it names the element and has none of its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issue {
    /// What it is.
    pub code: IssueCode,
    /// The resource, as `Observation/7`.
    pub resource: Box<str>,
    /// The element, as `component.bodySite`; empty where it is the whole resource.
    pub path: Box<str>,
}

/// What can be doubtful about a message that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IssueCode {
    /// The element has no place in the message.
    NotCarried,
    /// Nothing of the resource is in any message.
    ResourceNotCarried,
    /// A time has more digits than HL7 v2 allows; the rest are cut.
    TimeShortened,
    /// No patient is named.
    NoPatient,
}

impl IssueCode {
    /// Gives the name that configuration and metrics use; it never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotCarried => "not-carried",
            Self::ResourceNotCarried => "resource-not-carried",
            Self::TimeShortened => "time-shortened",
            Self::NoPatient => "no-patient",
        }
    }

    /// Says what was done about it and what would help.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::NotCarried => {
                "left out; add a row for it to the outbound tables if the receiver needs it"
            }
            Self::ResourceNotCarried => {
                "left out; send resources of this type as FHIR, or refer to it from what is sent"
            }
            Self::TimeShortened => "cut to four digits after the point, as HL7 v2 allows",
            Self::NoPatient => "sent without a patient; put the Patient beside what is sent",
        }
    }
}

/// Why no message could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A resource cannot be read.
    #[error("resource {}: {cause}", .index + 1)]
    Malformed {
        /// Which of those given.
        index: usize,
        /// Why not.
        cause: Malformed,
    },
    /// A resource does not say what it is.
    #[error("resource {} has no resourceType: give FHIR R4 resources or bundles of them", .index + 1)]
    NoResource {
        /// Which of those given.
        index: usize,
    },
    /// Nothing in it is sent as HL7 v2.
    #[error("there is nothing to send: give an Observation, a DiagnosticReport or a Communication")]
    NothingToSend,
}
