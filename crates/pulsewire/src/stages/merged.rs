//! What a record says of a merge to a station that keeps something of each identity.

use clinical::{Fact, Merge, MergeRole, PatientKey};
use journal::{Record, RecordRef};
use mapping::event::identity;
use stream::StepError;

/// Gives the identity that stays, where this one goes; the one that stays learns what the other knew from the handover.
pub(super) fn retired_into(read: &RecordRef<'_>) -> Result<Option<PatientKey>, StepError> {
    let merge = identity::read_merge(read.value.unwrap_or_default());
    let merge = merge.map_err(|error| StepError::new("unreadable", error.to_string()))?;
    Ok(match merge {
        Merge {
            role: MergeRole::Retired,
            other,
        } => Some(other),
        Merge {
            role: MergeRole::Survivor,
            ..
        } => None,
    })
}

/// Gives what an identity that went hands over, as `known` reads it.
pub(super) fn handed_over<T, E: ToString>(
    read: &RecordRef<'_>,
    known: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<T, StepError> {
    let unreadable = |why: String| StepError::new("unreadable-handover", why);
    let handed = identity::read_handover(read.value.unwrap_or_default());
    let handed = handed.map_err(|error| unreadable(error.to_string()))?;
    let Fact::Handover { state, .. } = handed else {
        return Err(unreadable("the record is no handover".to_owned()));
    };
    known(&state).map_err(|error| unreadable(error.to_string()))
}

/// Gives a record under the key of the identity that stays.
pub(super) fn readdressed(read: &RecordRef<'_>, survivor: PatientKey) -> Record {
    let mut record = read.to_record();
    record.key = (*survivor.as_bytes()).into();
    record
}
