//! An Encounter to what it says of a visit: where the patient is, since when, and how far it has come.

use clinical::{
    EventTime, Presence, VisitClass, VisitPlace, VisitState, VisitStatus, resource_hash,
};
use formats::fhir::read::{Malformed, Raw};
use formats::fhir::view::encounter::EncounterView;
use formats::fhir::view::{CodingView, ConceptView, PeriodView, ReferenceView, ResourceView};

use crate::fhir::usable;

/// Reads what an Encounter says of its visit; nothing where the resource is none.
///
/// # Errors
/// When it is not JSON, or an element in it is not of its type.
pub fn visit_state(bytes: &[u8]) -> Result<Option<VisitState>, Malformed> {
    let bytes = usable(bytes);
    let resource = ResourceView::read(&bytes)?;
    if resource.resource_type()? != "Encounter" {
        return Ok(None);
    }
    let view = EncounterView::of(resource);
    let resource = view.resource();
    let class = view.class()?.unwrap_or_default();
    let period = view.period()?;
    Ok(Some(VisitState {
        visit: resource_hash(&resource.id()?),
        class: class_of(&class.code),
        status: status_of(&resource.status()?),
        start: EventTime::parse(&period.start),
        end: EventTime::parse(&period.end),
        places: each(resource, "location", place)?,
        statuses: each(resource, "statusHistory", |item| {
            let status = item.get("status")?.map(Raw::text).transpose()?;
            Ok(since(item)?.map(|at| (status_of(&status.unwrap_or_default()), at)))
        })?,
        classes: each(resource, "classHistory", |item| {
            let class = item.get("class")?.map(CodingView::read).transpose()?;
            Ok(since(item)?.map(|at| (class_of(&class.unwrap_or_default().code), at)))
        })?,
        disposition: disposition(resource)?,
    }))
}

fn each<'a, T>(
    resource: &ResourceView<'a>,
    name: &str,
    read: impl Fn(Raw<'a>) -> Result<Option<T>, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut found = Vec::new();
    for item in resource.get(name).map(Raw::items).into_iter().flatten() {
        found.extend(read(item?)?);
    }
    Ok(found)
}

fn since(item: Raw<'_>) -> Result<Option<EventTime>, Malformed> {
    let period = item.get("period")?.map(PeriodView::read).transpose()?;
    Ok(period.and_then(|period| EventTime::parse(&period.start)))
}

fn place(item: Raw<'_>) -> Result<Option<VisitPlace>, Malformed> {
    let Some(location) = item.get("location")?.map(ReferenceView::read).transpose()? else {
        return Ok(None);
    };
    let status = item.get("status")?.map(Raw::text).transpose()?;
    let period = item.get("period")?.map(PeriodView::read).transpose()?;
    let period = period.unwrap_or_default();
    let to = EventTime::parse(&period.end);
    let words = match location.display.is_empty() {
        true => location.reference,
        false => location.display,
    };
    if words.is_empty() {
        return Ok(None);
    }
    Ok(Some(VisitPlace {
        words: words.as_ref().into(),
        presence: match status.as_deref() {
            Some("planned" | "reserved") => Presence::Kept,
            Some("completed") => Presence::Left,
            Some("active") => Presence::Here,
            _ if to.is_some() => Presence::Left,
            _ => Presence::Here,
        },
        from: EventTime::parse(&period.start),
        to,
    }))
}

fn disposition(resource: &ResourceView<'_>) -> Result<Box<str>, Malformed> {
    let Some(stay) = resource.get("hospitalization") else {
        return Ok("".into());
    };
    let Some(concept) = stay.get("dischargeDisposition")?.map(ConceptView) else {
        return Ok("".into());
    };
    let first = concept.codings()?.next().transpose()?;
    Ok(match first {
        Some(coding) => coding.code.as_ref().into(),
        None => concept.text()?.as_ref().into(),
    })
}

/// Reads a code of HL7 v3 ActCode, or of HL7 table 0004, which feeds send as well.
fn class_of(code: &str) -> VisitClass {
    match code {
        "EMER" | "E" => VisitClass::Emergency,
        "IMP" | "ACUTE" | "NONAC" | "I" => VisitClass::Inpatient,
        "OBSENC" => VisitClass::Observation,
        _ => VisitClass::Other,
    }
}

/// Reads a code of the FHIR R4 value set encounter-status.
fn status_of(code: &str) -> VisitStatus {
    match code {
        "planned" => VisitStatus::Planned,
        "arrived" => VisitStatus::Arrived,
        "triaged" => VisitStatus::Triaged,
        "in-progress" | "onleave" => VisitStatus::InProgress,
        "finished" => VisitStatus::Finished,
        "cancelled" | "entered-in-error" => VisitStatus::Cancelled,
        _ => VisitStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(encounter: &str, want: Expect) {
        let said = visit_state(encounter.as_bytes()).unwrap().unwrap();
        let mut lines = format!(
            "{:?} {:?} {:?} to {:?}, {:?}\n",
            said.class, said.status, said.start, said.end, said.disposition
        );
        for place in &said.places {
            lines += &format!(
                "{} {:?} {:?} to {:?}\n",
                place.words, place.presence, place.from, place.to
            );
        }
        lines += &format!("{:?}\n{:?}\n", said.statuses, said.classes);
        want.assert_eq(&lines);
    }

    #[test]
    fn places_histories_and_disposition_are_read() {
        check(
            r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"EMER"},
            "period":{"start":"2026-03-01T09:00:00Z","end":"2026-03-01T12:00:00Z"},
            "statusHistory":[{"status":"arrived","period":{"start":"2026-03-01T09:00:00Z"}},{"status":"triaged"}],
            "classHistory":[{"class":{"code":"OBSENC"},"period":{"start":"2026-03-01T11:00:00Z"}}],
            "hospitalization":{"dischargeDisposition":{"coding":[{"code":"07"}]}},
            "location":[{"location":{"display":"ED / BAY2 / 1"},"status":"active"},
            {"location":{"reference":"Location/9"},"period":{"start":"2026-03-01T09:00:00Z","end":"2026-03-01T09:30:00Z"}},
            {"location":{"display":"6N / 603 / C"},"status":"reserved"},{"status":"active"}]}"#,
            expect![[r#"
                Emergency Finished Some(2026-03-01T09:00:00Z) to Some(2026-03-01T12:00:00Z), "07"
                ED / BAY2 / 1 Here None to None
                Location/9 Left Some(2026-03-01T09:00:00Z) to Some(2026-03-01T09:30:00Z)
                6N / 603 / C Kept None to None
                [(Arrived, 2026-03-01T09:00:00Z)]
                [(Observation, 2026-03-01T11:00:00Z)]
            "#]],
        );
    }

    #[test]
    fn what_is_no_encounter_says_nothing_of_a_visit() {
        assert_eq!(
            visit_state(br#"{"resourceType":"Patient","id":"p"}"#),
            Ok(None)
        );
        assert!(visit_state(b"{").is_err());
    }
}
