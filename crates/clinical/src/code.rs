//! Codes and the systems they come from.

use std::fmt;

/// A code system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// LOINC.
    Loinc,
    /// SNOMED CT.
    Snomed,
    /// RxNorm.
    RxNorm,
    /// Any other, by its URI; empty where the sender gave none.
    Other(Box<str>),
}

impl System {
    /// Reads a system from the URI that FHIR uses for it.
    pub fn from_uri(uri: &str) -> Self {
        match uri {
            "http://loinc.org" => Self::Loinc,
            "http://snomed.info/sct" => Self::Snomed,
            "http://www.nlm.nih.gov/research/umls/rxnorm" => Self::RxNorm,
            other => Self::Other(other.into()),
        }
    }

    /// Gives the URI that FHIR uses for it.
    pub fn uri(&self) -> &str {
        match self {
            Self::Loinc => "http://loinc.org",
            Self::Snomed => "http://snomed.info/sct",
            Self::RxNorm => "http://www.nlm.nih.gov/research/umls/rxnorm",
            Self::Other(uri) => uri,
        }
    }
}

/// A code in its system, with the sender's words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The system.
    pub system: System,
    /// The code.
    pub code: Box<str>,
    /// The words for it; may be empty.
    pub display: Box<str>,
}

impl Code {
    /// Names a LOINC code.
    pub fn loinc(code: &str) -> Self {
        Self {
            system: System::Loinc,
            code: code.into(),
            display: "".into(),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = if self.display.is_empty() {
            &self.code
        } else {
            &self.display
        };
        f.write_str(words)
    }
}
