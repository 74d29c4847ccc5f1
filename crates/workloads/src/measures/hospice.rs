//! Hospice 6.12.000 and PalliativeCare 1.11.000: care that leaves a measure's aim behind.

use clinical::{CareStatus, Members};

use super::case::{Case, Measured, Visit, any_of};
use super::record::Record;
use super::set::Set;
use super::time::Span;
use super::truth::holds;

const DISCHARGE_TO_HOSPICE: Members =
    any_of([Set::DischargeToHospiceHome, Set::DischargeToHospiceFacility]);

/// "Has Hospice Services": gives what shows it.
pub(super) fn has_hospice_services<'a>(case: &Case<'a>) -> Option<&'a Record> {
    let year = case.period.days();
    let overlaps = |days: Option<Span>| days.is_some_and(|days| holds(days.overlaps(year)));
    let discharged = || {
        case.visits_of(Set::EncounterInpatient.members())
            .filter(Visit::is_performed)
            .filter(|stay| stay.discharge.any(DISCHARGE_TO_HOSPICE))
            .find(|stay| holds(year.contains(stay.item.days().and_then(Span::end))))
            .map(|stay| stay.item.record)
    };
    let visited = || {
        case.visits_of(Set::HospiceEncounter.members())
            .filter(Visit::is_performed)
            .find(|visit| overlaps(visit.item.days()))
            .map(|visit| visit.item.record)
    };
    let assessed = || {
        case.measured_of(Set::HospiceAssessment.members())
            .filter(Measured::is_assessment_performed)
            .filter(|assessment| assessment.answers(Set::AnswerYes))
            .find(|assessment| overlaps(assessment.item.days()))
            .map(|assessment| assessment.item.record)
    };
    let ordered = || {
        case.services_of(Set::HospiceCareAmbulatory.members())
            .filter(|(service, ordered)| *ordered && service.is_standing())
            .find(|(service, _)| {
                service
                    .days()
                    .is_some_and(|days| holds(year.includes(days)))
            })
            .map(|(service, _)| service.record)
    };
    let performed = || {
        case.procedures_of(Set::HospiceCareAmbulatory.members())
            .filter(|done| done.is(CareStatus::Completed))
            .find(|done| overlaps(done.days()))
            .map(|done| done.record)
    };
    let diagnosed = || {
        case.problems_of(Set::HospiceDiagnosis.members())
            .find(|problem| overlaps(problem.prevalence.map(Span::days)))
            .map(|problem| problem.item.record)
    };
    discharged()
        .or_else(visited)
        .or_else(assessed)
        .or_else(ordered)
        .or_else(performed)
        .or_else(diagnosed)
}

/// "Has Palliative Care in the Measurement Period": gives what shows it.
pub(super) fn has_palliative_care<'a>(case: &Case<'a>) -> Option<&'a Record> {
    let year = case.period.days();
    let overlaps = |days: Option<Span>| days.is_some_and(|days| holds(days.overlaps(year)));
    let assessed = || {
        case.measured_of(Set::PalliativeAssessment.members())
            .filter(Measured::is_assessment_performed)
            .find(|assessment| overlaps(assessment.item.days()))
            .map(|assessment| assessment.item.record)
    };
    let diagnosed = || {
        case.problems_of(Set::PalliativeCareDiagnosis.members())
            .find(|problem| overlaps(problem.prevalence.map(Span::days)))
            .map(|problem| problem.item.record)
    };
    let visited = || {
        case.visits_of(Set::PalliativeCareEncounter.members())
            .filter(Visit::is_performed)
            .find(|visit| overlaps(visit.item.days()))
            .map(|visit| visit.item.record)
    };
    let performed = || {
        case.procedures_of(Set::PalliativeCareIntervention.members())
            .filter(|done| done.is(CareStatus::Completed))
            .find(|done| overlaps(done.days()))
            .map(|done| done.record)
    };
    assessed()
        .or_else(diagnosed)
        .or_else(visited)
        .or_else(performed)
}
