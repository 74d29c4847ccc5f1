//! Whom a resource is about.

use std::collections::BTreeSet;
use std::fmt;

use formats::fhir::links::{self, Link};
use formats::fhir::read::Raw;
use formats::fhir::reference::{Target, unversioned};
use formats::fhir::refused::Refused;

use super::identifier::{Identifier, patient_identifiers};
use super::path::Path;
use super::table::{Patient, row};

/// Whom a resource is about; it does not print.
#[derive(Clone, PartialEq, Eq)]
pub enum Subject {
    /// Nobody, somebody who is no patient, or several patients.
    None,
    /// The patient that an identifier names; [`Subject::Reference`] where the resource refers to one as well.
    Identifier(Identifier),
    /// The patient that a server knows by an id.
    Reference {
        /// The reference as sent, without a version.
        text: Box<str>,
        /// The id.
        id: Box<str>,
        /// The server's address; empty for the one that sent it.
        base: Box<str>,
        /// The identifier that the reference gives as well.
        identifier: Option<Identifier>,
    },
    /// The one patient that a search finds.
    Conditional {
        /// The reference as sent.
        text: Box<str>,
        /// The search, behind the question mark.
        query: Box<str>,
    },
    /// What leads to a patient only together with its bundle: a reference such as `urn:uuid:…` that nothing resolved.
    Unresolved(Box<str>),
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Identifier(_) => "Identifier(…)",
            Self::Reference { .. } => "Reference(…)",
            Self::Conditional { .. } => "Conditional(…)",
            Self::Unresolved(_) => "Unresolved(…)",
        })
    }
}

/// Says whom a resource is about; of a Patient without an identifier, its own id. Where references lead to several
/// patients, the resource is about none of them.
pub fn subject(resource: Raw<'_>) -> Subject {
    let text = |name: &str| resource.get(name).ok().flatten()?.text().ok();
    let Some(row) = text("resourceType").and_then(|name| row(&name)) else {
        return Subject::None;
    };
    match &row.patient {
        Patient::Nobody => Subject::None,
        Patient::Itself => match patient_identifiers(resource).into_iter().next() {
            Some(identifier) => Subject::Identifier(identifier),
            None => text("id").map_or(Subject::None, |id| Subject::Reference {
                text: format!("Patient/{id}").into(),
                id: id.into(),
                base: "".into(),
                identifier: None,
            }),
        },
        Patient::At(paths) => {
            let found = paths.iter().map(|path| at(resource, path));
            found
                .into_iter()
                .find(|found| *found != Subject::None)
                .unwrap_or(Subject::None)
        }
    }
}

/// Gives the references to patients in a resource as sent, each once: what [`super::Names::patients`] should know.
///
/// # Errors
/// When the resource cannot be read.
pub fn patient_references(resource: &[u8]) -> Result<BTreeSet<String>, Refused> {
    let mut found = BTreeSet::new();
    links::each(resource, |link| {
        let Link::Reference(text) = link else { return };
        if let Target::Relative {
            kind: "Patient", ..
        }
        | Target::Absolute {
            kind: "Patient", ..
        } = Target::parse(text)
        {
            found.insert(unversioned(text).to_owned());
        }
    })?;
    Ok(found)
}

/// Gives the one patient at a path.
fn at(resource: Raw<'_>, path: &Path) -> Subject {
    let mut one = Subject::None;
    let mut several = false;
    path.each(resource, &mut |reference| {
        let found = referred(resource, reference, path.is_named());
        if found != Subject::None {
            several |= one != Subject::None && !is_same(&one, &found);
            one = found;
        }
    });
    if several { Subject::None } else { one }
}

fn is_same(one: &Subject, other: &Subject) -> bool {
    match (one, other) {
        (Subject::Reference { text, .. }, Subject::Reference { text: same, .. }) => text == same,
        _ => one == other,
    }
}

/// Gives the patient that a Reference leads to; with `named`, only where it says that it is one.
fn referred(resource: Raw<'_>, reference: Raw<'_>, named: bool) -> Subject {
    let member = |name: &str| reference.get(name).ok().flatten();
    let text = |name: &str| member(name).and_then(|raw| raw.text().ok());
    let kind = text("type");
    let says_other = kind.as_deref().is_some_and(|kind| kind != "Patient");
    let may_be = !says_other && (kind.is_some() || !named);
    let identifier = || member("identifier").and_then(Identifier::read);
    let address = text("reference").unwrap_or_default();
    match Target::parse(&address) {
        Target::Relative {
            kind: "Patient",
            id,
        } => Subject::Reference {
            text: unversioned(&address).into(),
            id: id.into(),
            base: "".into(),
            identifier: identifier(),
        },
        Target::Absolute {
            base,
            kind: "Patient",
            id,
        } => Subject::Reference {
            text: unversioned(&address).into(),
            id: id.into(),
            base: base.into(),
            identifier: identifier(),
        },
        Target::Conditional {
            kind: "Patient",
            query,
        } => Subject::Conditional {
            text: (*address).into(),
            query: query.into(),
        },
        Target::Contained(id) => contained(resource, id),
        _ if address.is_empty() && may_be => {
            identifier().map_or(Subject::None, Subject::Identifier)
        }
        Target::Urn(urn) if may_be => match identifier() {
            Some(identifier) => Subject::Identifier(identifier),
            None => Subject::Unresolved(urn.into()),
        },
        _ => Subject::None,
    }
}

/// Gives the patient that stands in the resource itself.
fn contained(resource: Raw<'_>, id: &str) -> Subject {
    let all = resource.get("contained").ok().flatten();
    let mut items = all.into_iter().flat_map(Raw::items).map_while(Result::ok);
    let is = |raw: Raw<'_>, name: &str, expected: &str| {
        let found = raw
            .get(name)
            .ok()
            .flatten()
            .and_then(|value| value.text().ok());
        found.as_deref() == Some(expected)
    };
    let own = items.find(|one| is(*one, "id", id) && is(*one, "resourceType", "Patient"));
    let identifier = own.and_then(|own| patient_identifiers(own).into_iter().next());
    identifier.map_or(Subject::None, Subject::Identifier)
}
