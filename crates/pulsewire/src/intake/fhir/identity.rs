//! Whom a resource is about, and under which pseudonym that is kept.

use clinical::{PatientKey, ReceivedTime, SiteKey};
use formats::fhir::read::Raw;
use mapping::PatientIdentifier;
use mapping::fhir::Subject;

use super::index::{Key, State};
use crate::intake::sources::Source;

/// Whom a resource is about.
pub(super) enum About {
    /// The patient with this identifier.
    Identified(PatientIdentifier),
    /// It is a patient without an identifier.
    Unidentified,
    /// The patient whom its source calls so.
    Patient(String),
    /// The one patient whom a search finds.
    Found(String),
    /// No patient.
    Nobody,
}

/// What a record is keyed by, and what follows from it.
pub(super) struct Keyed {
    pub(super) key: PatientKey,
    /// The key that goes into it.
    pub(super) retired: Option<PatientKey>,
    /// A patient who is spoken of and not known yet: under which key, so that it is found again when the patient comes.
    pub(super) placeholder: Option<(Key, State)>,
}

impl Keyed {
    pub(super) fn of(key: PatientKey) -> Self {
        Self {
            key,
            retired: None,
            placeholder: None,
        }
    }

    /// What is deleted goes where its versions went.
    pub(super) fn of_deleted(before: Option<&State>) -> Self {
        Self::of(before.map_or_else(PatientKey::default, |before| before.key))
    }
}

/// Says whom a resource is about.
pub(super) fn about(resource_type: &str, bytes: &[u8], source: &Source) -> About {
    let Some(resource) = Raw::read_before(bytes) else {
        return About::Nobody;
    };
    let authority = |system: &str| Some(source.mapping.authority_called(system).into());
    match mapping::fhir::subject(resource) {
        Subject::Identifier(identifier)
        | Subject::Reference {
            identifier: Some(identifier),
            ..
        } => About::Identified(identifier.patient(authority)),
        Subject::Reference { .. } if resource_type == "Patient" => About::Unidentified,
        Subject::Reference { id, base, .. } if base.is_empty() => About::Patient(id.into()),
        // Another server's patient is who that server says.
        Subject::Reference { id, base, .. } => About::Identified(PatientIdentifier {
            authority: format!("fhir:{base}").into(),
            value: id,
        }),
        Subject::Conditional { query, .. } => About::Found(query.into()),
        Subject::None if resource_type == "Patient" => About::Unidentified,
        Subject::None | Subject::Unresolved(_) => About::Nobody,
    }
}

/// Says whether a resource whose key is another by now names another patient than it did, or none any more.
pub(super) fn names_another(before: &[u8], now: &[u8]) -> bool {
    let whose = |bytes| Raw::read_before(bytes).map(mapping::fhir::subject);
    match (whose(before), whose(now)) {
        (None | Some(Subject::None | Subject::Unresolved(_)), _) => false,
        // The same search may find another.
        (Some(Subject::Conditional { .. }), Some(Subject::Conditional { .. })) => true,
        (before, now) => before != now,
    }
}

/// The source's own id of the patient whom a resource is about, where nothing else names them.
pub(super) fn referred_patient(bytes: &[u8]) -> Option<String> {
    match mapping::fhir::subject(Raw::read(bytes).ok()?) {
        Subject::Reference {
            id,
            base,
            identifier: None,
            ..
        } if base.is_empty() => Some(id.into()),
        _ => None,
    }
}

/// The pseudonym of a patient of whom only the source's own id is known.
pub(super) fn unidentified(site: &SiteKey, source: &str, id: &str) -> PatientKey {
    site.patient(&format!("fhir:{source}"), id)
}

/// A patient who is spoken of and was never sent.
pub(super) fn placeholder(source: &str, id: &str, key: PatientKey) -> State {
    State {
        source: source.into(),
        resource_type: "Patient".into(),
        id: id.into(),
        version: 0,
        deleted: true,
        key,
        hash: [0; 16],
        at: ReceivedTime::from_micros(0),
        identifiers: Vec::new(),
    }
}
