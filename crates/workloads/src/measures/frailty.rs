//! AdvancedIllnessandFrailty 1.16.000: the old and frail, of whom some measures ask nothing.

use super::case::{Case, Measured, Visit};
use super::record::Record;
use super::set::Set;
use super::time::Span;
use super::truth::holds;

/// "Is Age 66 or Older with Advanced Illness and Frailty": gives what shows it.
pub(super) fn is_66_with_advanced_illness_and_frailty<'a>(
    case: &Case<'a>,
) -> Option<Vec<&'a Record>> {
    case.age_at_end()?.is_least(66).then_some(())?;
    Some(vec![has_frailty(case)?, has_advanced_illness(case)?])
}

/// "Is Age 66 to 80 with Advanced Illness and Frailty or Is Age 81 or Older with Frailty": gives what shows it.
pub(super) fn is_66_with_advanced_illness_and_frailty_or_81_with_frailty<'a>(
    case: &Case<'a>,
) -> Option<Vec<&'a Record>> {
    let age = case.age_at_end()?;
    if age.is_in(66, 80) {
        return is_66_with_advanced_illness_and_frailty(case);
    }
    age.is_least(81).then_some(())?;
    Some(vec![has_frailty(case)?])
}

/// "Is Age 66 or Older Living Long Term in a Nursing Home": gives what shows it.
pub(super) fn is_66_in_nursing_home<'a>(case: &Case<'a>) -> Option<Vec<&'a Record>> {
    case.age_at_end()?.is_least(66).then_some(())?;
    let end_of_year = case.period.days().end()?;
    let last = case
        .measured_of(Set::HousingStatus.members())
        .filter(Measured::is_assessment_performed)
        .filter(|housing| {
            let end = housing.item.days().and_then(Span::end);
            end.is_some_and(|end| holds(end.at_or_before(end_of_year)))
        })
        // Of two that end together the logic takes either; here it is always the same.
        .max_by_key(|housing| (housing.item.end(), housing.item.record.resource))?;
    last.answers(Set::LivesInNursingHome)
        .then(|| vec![last.item.record])
}

/// "Has Criteria Indicating Frailty": gives what shows it.
fn has_frailty<'a>(case: &Case<'a>) -> Option<&'a Record> {
    let year = case.period.days();
    let overlaps = |days: Option<Span>| days.is_some_and(|days| holds(days.overlaps(year)));
    let device_ordered = || {
        case.device_orders_of(Set::FrailtyDevice.members())
            .find(|device| device.days().is_some_and(|days| holds(year.includes(days))))
            .map(|device| device.record)
    };
    let equipment_used = || {
        case.measured_of(Set::MedicalEquipmentUsed.members())
            .filter(Measured::is_assessment_performed)
            .filter(|equipment| equipment.answers(Set::FrailtyDevice))
            .find(|equipment| holds(year.contains(equipment.item.days().and_then(Span::end))))
            .map(|equipment| equipment.item.record)
    };
    let diagnosed = || {
        case.problems_of(Set::FrailtyDiagnosis.members())
            .find(|problem| overlaps(problem.prevalence.map(Span::days)))
            .map(|problem| problem.item.record)
    };
    let visited = || {
        case.visits_of(Set::FrailtyEncounter.members())
            .filter(Visit::is_performed)
            .find(|visit| overlaps(visit.item.days()))
            .map(|visit| visit.item.record)
    };
    let symptom = || {
        case.measured_of(Set::FrailtySymptom.members())
            .filter(Measured::is_symptom)
            .find(|symptom| overlaps(symptom.item.days()))
            .map(|symptom| symptom.item.record)
    };
    device_ordered()
        .or_else(equipment_used)
        .or_else(diagnosed)
        .or_else(visited)
        .or_else(symptom)
}

/// "Has Advanced Illness …" or "Has Dementia Medications in Year Before or During Measurement Period": gives what
/// shows it.
fn has_advanced_illness<'a>(case: &Case<'a>) -> Option<&'a Record> {
    let two_years = case.period.days_from_years_before(1);
    let ill = case
        .problems_of(Set::AdvancedIllness.members())
        .find(|problem| {
            let start = problem.prevalence.and_then(|span| span.days().start());
            holds(two_years.contains(start))
        });
    let treated = || {
        case.active_medications_of(Set::DementiaMedications.members())
            .find(|medication| {
                let days = medication.days();
                days.is_some_and(|days| holds(days.overlaps(two_years)))
            })
            .map(|medication| medication.record)
    };
    ill.map(|problem| problem.item.record).or_else(treated)
}
