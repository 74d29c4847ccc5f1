//! FHIR resources as they were received, to what they state.

use std::collections::BTreeMap;

use formats::fhir::read::Raw;
use formats::fhir::refused::Refused;
use mapping::draft::Draft;
use mapping::fhir::{Names, Subject, deletion, draft, subject};
use mapping::normalize::{Input as Given, RawInfo, State};
use stream::{Context, StepError};

use super::NormalizeStage;

/// The reason code of a resource that cannot be read.
const UNREADABLE: &str = "unreadable-resource";

impl NormalizeStage {
    /// Takes in one resource.
    pub(super) fn resource(
        &self,
        state: &mut State,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let unreadable = |refused: Refused| StepError::new(UNREADABLE, refused.to_string());
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
        let is_patient = resource.and_then(|one| one.get("resourceType").ok().flatten());
        let is_patient = is_patient.and_then(|name| name.text().ok()).as_deref() == Some("Patient");
        if !is_patient && resource.map(subject) == Some(Subject::None) {
            names.patient = None;
        }
        draft(raw.bytes, &names)
    }
}

/// The type and id of the resource that is deleted, where the record asks for that.
fn deleted(bytes: &[u8]) -> Option<(String, String)> {
    let request = Raw::read(bytes).ok()?.get("request").ok().flatten()?;
    let url = request.get("url").ok().flatten()?.text().ok()?;
    let (kind, id) = url.split_once('/')?;
    Some((kind.to_owned(), id.to_owned()))
}
