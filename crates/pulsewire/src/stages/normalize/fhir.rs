//! FHIR resources as they were received, to what they state.

use std::borrow::Cow;
use std::collections::BTreeMap;

use clinical::PatientKey;
use formats::fhir::read::Raw;
use formats::fhir::refused::Refused;
use mapping::draft::Draft;
use mapping::fhir::{Names, Subject, deletion, draft, subject};
use mapping::normalize::{Input as Given, RawInfo, State};
use stream::{Context, StepError};

use super::super::{UNREADABLE_RESOURCE, patient};
use super::NormalizeStage;
use crate::intake::keep::MOVED_TO;

impl NormalizeStage {
    /// Takes in one resource.
    pub(super) fn resource(
        &self,
        state: &mut State,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        // What left an identity for the one that it went into itself never left.
        let own = patient(cx)?;
        if moved_to(raw.bytes).is_some_and(|to| state.speaks_for(own, to)) {
            return Ok(());
        }
        let unreadable =
            |refused: Refused| StepError::new(UNREADABLE_RESOURCE, refused.to_string());
        let drafts = [self.stated(raw).map_err(unreadable)?];
        let given = match raw.retired {
            Some(retired) => Given::Merge {
                raw: *raw,
                drafts: &drafts,
                retired,
                identifiers: b"",
            },
            None => Given::Message {
                raw: *raw,
                drafts: &drafts,
            },
        };
        self.step(state, &given, cx)
    }

    /// What a resource, or the entry that asks for its deletion, states.
    fn stated(&self, raw: &RawInfo<'_>) -> Result<Draft, Refused> {
        let source = self.sources.named(raw.source);
        let own_ids = format!("urn:pulsewire:source:{}", source.name);
        let mut names = Names {
            patient: Some(raw.addressed),
            patients: &BTreeMap::new(),
            own_ids: &own_ids,
            zone: &source.mapping.zone,
            message_time: raw.message_time,
        };
        if let Some((kind, id)) = deleted(raw.bytes) {
            return deletion(&kind, &id, &names);
        }
        let resource = Raw::read(raw.bytes).ok();
        let kind = resource.and_then(|one| member(one, "resourceType"));
        let is_patient = kind.as_deref() == Some("Patient");
        if !is_patient && resource.map(subject) == Some(Subject::None) {
            names.patient = None;
        }
        draft(raw.bytes, &names)
    }
}

/// The patient whose the resource is by now, where a deletion says so.
fn moved_to(bytes: &[u8]) -> Option<PatientKey> {
    let links = Raw::read_before(bytes)?.get("link").ok().flatten()?;
    let mut links = links.items().flatten();
    let moved = links.find(|link| member(*link, "relation").as_deref() == Some(MOVED_TO))?;
    PatientKey::parse(&member(moved, "url")?)
}

/// The type and id of the resource that is deleted, where the record asks for that.
fn deleted(bytes: &[u8]) -> Option<(String, String)> {
    let request = Raw::read(bytes).ok()?.get("request").ok().flatten()?;
    let url = member(request, "url")?;
    let (kind, id) = url.split_once('/')?;
    Some((kind.to_owned(), id.to_owned()))
}

fn member<'a>(raw: Raw<'a>, name: &str) -> Option<Cow<'a, str>> {
    raw.get(name).ok().flatten()?.text().ok()
}
