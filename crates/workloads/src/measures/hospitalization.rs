//! CQMCommon 2.2.000 and HospitalHarm 1.1.000: an inpatient stay with what led to it.

use clinical::unit::{Analyte, Unit, convert_unit};
use clinical::{CareValue, Decimal};

use super::case::{Case, Measured, Visit};
use super::outcome::{Episode, events};
use super::record::Record;
use super::set::Set;
use super::time::{HOUR, Point, Span};
use super::truth::holds;

/// An inpatient stay, and the span from the visit that led to it to its end.
#[derive(Clone, Copy)]
pub(super) struct Stay<'a> {
    pub(super) visit: Visit<'a>,
    /// `hospitalizationWithObservation`.
    pub(super) span: Span,
}

/// Gives inpatient stays that end in the period and began at 18 years or older.
pub(super) fn adult_inpatient_stays<'a>(case: &Case<'a>) -> Vec<Stay<'a>> {
    let year = case.period.days();
    let is_adult = |visit: &Visit<'_>| {
        let day = visit
            .item
            .start()
            .and_then(|start| super::period::civil(start.low));
        let age = day.and_then(|day| case.age_at(day));
        age.is_some_and(|age| age.is_least(18))
    };
    case.visits_of(Set::EncounterInpatient.members())
        .filter(|visit| holds(year.contains(visit.item.days().and_then(Span::end))))
        .filter(is_adult)
        .filter_map(|visit| {
            let span = hospitalization_with_observation(case, &visit)?;
            Some(Stay { visit, span })
        })
        .collect()
}

/// `hospitalizationWithObservation`: from the start of an emergency visit or observation within the hour before.
fn hospitalization_with_observation(case: &Case<'_>, visit: &Visit<'_>) -> Option<Span> {
    let span = visit.item.span()?;
    let start = span.start()?;
    let observation = visit_before(case, Set::ObservationServices, start);
    let start = observation.unwrap_or(start);
    let emergency = visit_before(case, Set::EmergencyDepartmentVisit, start);
    Some(Span::between(emergency.unwrap_or(start), span.end()?))
}

/// Gives the start of the last finished visit of a kind that ends an hour or less before a time.
fn visit_before(case: &Case<'_>, kind: Set, time: Point) -> Option<Point> {
    let hour_before = Span::between(time.plus(-HOUR), time);
    let last = case
        .visits_of(kind.members())
        .filter(Visit::is_finished)
        .filter(|visit| holds(hour_before.contains(visit.item.end())))
        // Of two that end together the logic takes either; here it is always the same.
        .max_by_key(|visit| (visit.item.end(), visit.item.record.resource))?;
    last.item.start()
}

impl Stay<'_> {
    /// Gives the span from so many hours after its start to so many hours after it.
    pub(super) fn hours(&self, from: i64, to: i64) -> Option<Span> {
        let start = self.span.start()?;
        Some(Span::between(
            start.plus(from * HOUR),
            start.plus(to * HOUR),
        ))
    }

    /// Says whether a time is in the stay.
    pub(super) fn has(&self, time: Option<Point>) -> bool {
        holds(self.span.contains(time))
    }

    /// Says what a measure finds of the stay.
    pub(super) fn episode(
        &self,
        exclusion: Option<Vec<&Record>>,
        is_in_numerator: bool,
        evidence: &[&Record],
    ) -> Episode {
        Episode {
            visit: Some(self.visit.item.record.event),
            evidence: events(evidence),
            ..Episode::of_patient(exclusion, is_in_numerator, evidence)
        }
    }
}

/// Gives a result as milligrams a decilitre.
pub(super) fn milligrams_per_decilitre(found: &Measured<'_>) -> Option<Decimal> {
    match found.value {
        CareValue::Number(value, unit) => {
            convert_unit(value, unit, Unit::MilligramPerDecilitre, Analyte::Other).ok()
        }
        CareValue::None | CareValue::Coded(_) | CareValue::Other => None,
    }
}
