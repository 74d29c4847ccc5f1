//! The records of the patient stream that are no resource as it stands: merges, handovers and moments of visits.

use clinical::{Fact, Merge, MergeRole, PatientKey};
use formats::fhir::json;
use formats::fhir::read::Raw;

use super::Unreadable;

/// The content type of a merge record.
pub const MERGE_JSON: &str = "application/vnd.pulsewire.merge+json";
/// The content type of a handover record.
pub const HANDOVER: &str = "application/vnd.pulsewire.handover";
/// The content type of the state that payer workloads hand to a survivor.
pub const PAYER_HANDOVER: &str = "application/vnd.pulsewire.payer-handover";
/// The content type of what is known of a patient's visits that is handed to a survivor.
pub const EMERGENCY_HANDOVER: &str = "application/vnd.pulsewire.emergency-handover";
/// The content type of an Encounter as it stood at an earlier time.
pub const VISIT_MOMENT: &str = "application/vnd.pulsewire.visit-moment+json";
/// The content type of the scored hours of a patient that are handed to a survivor.
pub const RISK_HANDOVER: &str = "application/vnd.pulsewire.risk-handover";

/// The version that a handover record begins with.
const HANDOVER_VERSION: u8 = 1;
const MERGE: Unreadable = Unreadable::Record("merge");

/// Writes a merge record.
pub fn write_merge(merge: &Merge) -> Vec<u8> {
    json::object(|record| {
        record
            .string("role", role_word(merge.role))
            .string("other", &merge.other.to_string());
    })
}

/// Reads a merge record.
///
/// # Errors
/// When it is not what [`write_merge`] wrote.
pub fn read_merge(bytes: &[u8]) -> Result<Merge, Unreadable> {
    let record = Raw::read(bytes)?;
    let member = |name| record.get(name)?.map(Raw::text).transpose();
    let role = member("role")?.ok_or(MERGE)?;
    let other = member("other")?.ok_or(MERGE)?;
    let roles = [MergeRole::Retired, MergeRole::Survivor];
    Ok(Merge {
        role: roles
            .into_iter()
            .find(|known| role_word(*known) == role)
            .ok_or(MERGE)?,
        other: PatientKey::parse(&other).ok_or(MERGE)?,
    })
}

/// Writes a handover record: whose state it is, and the state in its owner's own encoding.
pub fn write_handover(from: PatientKey, state: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(17 + state.len());
    out.push(HANDOVER_VERSION);
    out.extend_from_slice(from.as_bytes());
    out.extend_from_slice(state);
    out
}

/// Reads a handover record.
///
/// # Errors
/// When it is not what [`write_handover`] wrote.
pub fn read_handover(bytes: &[u8]) -> Result<Fact, Unreadable> {
    let read = || {
        let (version, rest) = bytes.split_first()?;
        let (from, state) = rest.split_at_checked(16)?;
        Some(Fact::Handover {
            from: PatientKey::from_slice(from).filter(|_| *version == HANDOVER_VERSION)?,
            state: state.into(),
        })
    };
    read().ok_or(Unreadable::Record("handover"))
}

const fn role_word(role: MergeRole) -> &'static str {
    match role {
        MergeRole::Retired => "retired",
        MergeRole::Survivor => "survivor",
    }
}
