//! What a resource says to quality measures: what stands, what was taken back, and what the site says of places it names.

use clinical::{Care, CareDetail, CareFact, CareStatus, ValueSets, When, resource_hash};
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::{ReferenceView, ResourceView};

use super::fact_of;
use crate::fhir::usable;

/// What a site's lists of codes call places and medications, by the ids of their resources: who they belong to is nobody,
/// so they come with no patient's events.
pub(super) const LOCATION: &str = "Location";
pub(super) const MEDICATION: &str = "Medication";

const IN_ERROR: &str = "entered-in-error";

/// Reads what a resource says; nothing where measures have no use for its type.
///
/// # Errors
/// When it is not JSON, or an element in it is not of its type.
pub fn said(bytes: &[u8], sets: &ValueSets) -> Result<Vec<Care>, Malformed> {
    let bytes = usable(bytes);
    let resource = ResourceView::read(&bytes)?;
    let Some(fact) = fact_of(&resource, sets)? else {
        return Ok(Vec::new());
    };
    if is_in_error(&resource)? {
        let kind = fact.detail.number();
        let resource = fact.resource;
        return Ok(vec![Care::TakenBack { kind, resource }]);
    }
    let mut said = Vec::new();
    if matches!(fact.detail, CareDetail::Encounter { .. }) {
        places(&resource, sets, &mut said)?;
    }
    said.push(Care::Stands(fact));
    Ok(said)
}

/// Says whether a resource should not have been, by its status or the status of its verification.
fn is_in_error(resource: &ResourceView<'_>) -> Result<bool, Malformed> {
    if resource.status()? == IN_ERROR {
        return Ok(true);
    }
    let Some(verification) = resource.concept("verificationStatus") else {
        return Ok(false);
    };
    for coding in verification.codings()? {
        if coding?.code == IN_ERROR {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds the places of a visit that the site's lists say something of.
fn places(
    resource: &ResourceView<'_>,
    sets: &ValueSets,
    said: &mut Vec<Care>,
) -> Result<(), Malformed> {
    let stays = resource.get("location").map(Raw::items);
    for stay in stays.into_iter().flatten() {
        let place = stay?
            .get("location")?
            .map(ReferenceView::read)
            .transpose()?;
        let reference = place.map(|place| place.reference).unwrap_or_default();
        let id = reference.rsplit('/').next().unwrap_or_default();
        let members = sets.members(LOCATION, id);
        if !members.is_none() {
            said.push(Care::Stands(CareFact {
                resource: resource_hash(id),
                status: CareStatus::Active,
                members,
                when: When::Unsaid,
                detail: CareDetail::Location,
            }));
        }
    }
    Ok(())
}
