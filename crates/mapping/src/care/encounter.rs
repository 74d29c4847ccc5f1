//! A visit or stay: its class, what it was for, where the patient was and went.

use clinical::{CareClass, CareDetail, Diagnosis, Members, Place, When};
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::ConceptView;

use super::{Found, Reader, coding, span, target};

/// Reads an Encounter.
pub(super) fn encounter(read: &Reader<'_>) -> Result<Found, Malformed> {
    let class = read.resource.get("class").map(coding).transpose()?;
    let stay = read.resource.get("hospitalization");
    let discharge = match stay {
        Some(stay) => stay.get("dischargeDisposition")?.map(ConceptView),
        None => None,
    };
    let detail = CareDetail::Encounter {
        class: class.map_or(CareClass::Other, |class| CareClass::parse(&class.code)),
        discharge: discharge.map_or(Ok(Members::NONE), |concept| read.lists(concept))?,
        diagnoses: diagnoses(read)?,
        places: places(read)?,
    };
    let period = read.resource.get("period").map_or(Ok(When::Unsaid), span)?;
    Ok((read.concepts("type")?, period, detail))
}

fn diagnoses(read: &Reader<'_>) -> Result<Vec<Diagnosis>, Malformed> {
    let mut found = Vec::new();
    for item in read
        .resource
        .get("diagnosis")
        .map(Raw::items)
        .into_iter()
        .flatten()
    {
        let item = item?;
        let Some(condition) = item.get("condition")?.map_or(Ok(None), target)? else {
            continue;
        };
        let rank = item.get("rank")?.map(Raw::number).transpose()?;
        let used = item.get("use")?.map(ConceptView);
        found.push(Diagnosis {
            condition,
            first: rank.is_some_and(|rank| rank.digits() == "1"),
            used: used.map_or(Ok(Members::NONE), |concept| read.lists(concept))?,
        });
    }
    Ok(found)
}

fn places(read: &Reader<'_>) -> Result<Vec<Place>, Malformed> {
    let mut found = Vec::new();
    for item in read
        .resource
        .get("location")
        .map(Raw::items)
        .into_iter()
        .flatten()
    {
        let item = item?;
        if let Some(location) = item.get("location")?.map_or(Ok(None), target)? {
            let when = item.get("period")?.map_or(Ok(When::Unsaid), span)?;
            found.push(Place { location, when });
        }
    }
    Ok(found)
}
