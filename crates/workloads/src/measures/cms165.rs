//! CMS165, Controlling High Blood Pressure (0.1.000).

use clinical::unit::{Analyte, Unit, convert_unit};
use clinical::{CareClass, CareStatus, CareValue, Decimal, Members};
use jiff::ToSpan;

use super::case::{Case, Measured, Visit, any_of};
use super::outcome::Episode;
use super::period::midnight;
use super::record::Record;
use super::set::Set;
use super::time::{Point, Span};
use super::truth::holds;
use super::{frailty, hospice, visits};

/// In mmHg: "Has Systolic Blood Pressure Less Than 140".
const SYSTOLIC_BELOW: Decimal = Decimal::from_parts(140, 0, 0, false, 0);
/// In mmHg: "Has Diastolic Blood Pressure Less Than 90".
const DIASTOLIC_BELOW: Decimal = Decimal::from_parts(90, 0, 0, false, 0);
/// What a blood pressure has two of.
const PARTS: [Set; 2] = [Set::SystolicPressure, Set::DiastolicPressure];
const PREGNANCY_OR_RENAL: Members = any_of([
    Set::Pregnancy,
    Set::EndStageRenalDisease,
    Set::KidneyTransplantRecipient,
    Set::ChronicKidneyDiseaseStage5,
]);
const RENAL_PROCEDURES: Members = any_of([Set::KidneyTransplant, Set::DialysisServices]);

/// Says what the measure finds of a patient.
pub(super) fn evaluate(case: &Case<'_>) -> Vec<Episode> {
    if !is_in_initial_population(case) {
        return Vec::new();
    }
    let mut evidence = Vec::new();
    let mut controlled = true;
    if let Some(day) = most_recent_blood_pressure_day(case) {
        for (part, below) in [
            (Set::SystolicPressure, SYSTOLIC_BELOW),
            (Set::DiastolicPressure, DIASTOLIC_BELOW),
        ] {
            let lowest = readings(case)
                .filter(|reading| reading.item.latest().map(Point::day) == Some(day))
                .filter(|reading| says(reading, part))
                .map(|reading| (component(&reading, part), reading.item.record))
                .min_by_key(|(value, record)| (*value, record.resource));
            // A reading without this part is lower than any that has it, and decides nothing.
            let value = lowest.and_then(|(value, _)| value);
            controlled &= value.is_some_and(|value| value < below);
            evidence.extend(lowest.map(|(_, record)| record));
        }
    }
    let controlled = controlled && !evidence.is_empty();
    vec![Episode::of_patient(exclusion(case), controlled, &evidence)]
}

/// "Initial Population".
fn is_in_initial_population(case: &Case<'_>) -> bool {
    case.age_at_end().is_some_and(|age| age.is_in(18, 85))
        && has_essential_hypertension(case)
        && visits::qualifying_encounter(case).is_some()
}

/// "Essential Hypertension Diagnosis".
fn has_essential_hypertension(case: &Case<'_>) -> bool {
    let after = case.period.first_day().saturating_add(6.months());
    let first_half = Span::until(case.period.start(), midnight(after));
    case.problems_of(Set::EssentialHypertension.members())
        .filter_map(|hypertension| hypertension.prevalence)
        .any(|hypertension| holds(hypertension.overlaps(first_half)))
}

/// "Denominator Exclusions": gives what shows one.
fn exclusion<'a>(case: &Case<'a>) -> Option<Vec<&'a Record>> {
    let one = |record: Option<&'a Record>| record.map(|record| vec![record]);
    one(hospice::has_hospice_services(case))
        .or_else(|| one(pregnancy_or_renal(case)))
        .or_else(|| frailty::is_66_with_advanced_illness_and_frailty_or_81_with_frailty(case))
        .or_else(|| frailty::is_66_in_nursing_home(case))
        .or_else(|| one(hospice::has_palliative_care(case)))
}

/// "Pregnancy or Renal Diagnosis", "End Stage Renal Disease Procedures" and "… Encounter".
fn pregnancy_or_renal<'a>(case: &Case<'a>) -> Option<&'a Record> {
    let end = case.period.end();
    let by_end = |point: Option<Point>| point.is_some_and(|point| holds(point.at_or_before(end)));
    let year = case.period.span();
    let diagnosed = case
        .problems_of(PREGNANCY_OR_RENAL)
        .find(|problem| {
            let prevalence = problem.prevalence;
            prevalence.is_some_and(|span| holds(span.overlaps(year)))
        })
        .map(|problem| problem.item.record);
    let performed = || {
        case.procedures_of(RENAL_PROCEDURES)
            .filter(|done| done.is(CareStatus::Completed))
            .find(|done| by_end(done.end()))
            .map(|done| done.record)
    };
    let visited = || {
        case.visits_of(Set::MonthlyRenalServices.members())
            .filter(Visit::is_performed)
            .find(|visit| by_end(visit.item.start()))
            .map(|visit| visit.item.record)
    };
    diagnosed.or_else(performed).or_else(visited)
}

/// "Qualifying Systolic Blood Pressure Reading", which is the same as the diastolic one.
fn readings<'a>(case: &Case<'a>) -> impl Iterator<Item = Measured<'a>> + use<'a> {
    let (case, year) = (*case, case.period.days());
    case.measured()
        .filter(|found| found.pressure && found.is_released())
        .filter(move |reading| !is_in_acute_care(&case, reading))
        .filter(move |reading| holds(year.contains(reading.item.latest().map(Point::day))))
}

/// Says whether it was read in a visit whose readings do not count; one without a visit counts.
fn is_in_acute_care(case: &Case<'_>, reading: &Measured<'_>) -> bool {
    let visit = reading.encounter.and_then(|visit| case.visit(visit));
    visit.is_some_and(|visit| visit.class != CareClass::Other)
}

/// "Most Recent Blood Pressure Day".
fn most_recent_blood_pressure_day(case: &Case<'_>) -> Option<Point> {
    readings(case)
        .filter_map(|reading| reading.item.latest())
        .map(Point::day)
        .max()
}

/// Says whether a reading speaks of a part: a panel does of both, one that is a part by itself of that.
fn says(reading: &Measured<'_>, part: Set) -> bool {
    reading.item.is_in(part) || !PARTS.into_iter().any(|other| reading.item.is_in(other))
}

/// Gives the one component of this kind, in mmHg; of those that say the same, one.
fn component(reading: &Measured<'_>, part: Set) -> Option<Decimal> {
    let of_part = |(members, _): &&(Members, CareValue)| members.any(part.members());
    let components = reading.components.iter().filter(of_part);
    let mut values = components.map(|(_, value)| match value {
        CareValue::Number(value, unit) => {
            convert_unit(*value, *unit, Unit::MillimetreOfMercury, Analyte::Other).ok()
        }
        CareValue::None | CareValue::Coded(_) | CareValue::Other => None,
    });
    let first = values.next()?;
    first.filter(|_| values.all(|value| value == first))
}
