//! CMS122, Diabetes: Glycemic Status Assessment Greater Than 9 % (0.1.002). An inverse measure: the numerator is poor.

use clinical::unit::{Analyte, Unit, convert_unit};
use clinical::{CareValue, Decimal, Members};

use super::case::{Case, Measured, any_of};
use super::outcome::Episode;
use super::record::Record;
use super::set::Set;
use super::time::Point;
use super::truth::holds;
use super::{frailty, hospice, visits};

/// In hundredths: "Has Most Recent Elevated Glycemic Status Assessment".
const ELEVATED_ABOVE: Decimal = Decimal::from_parts(9, 0, 0, false, 0);
const ASSESSMENTS: Members = any_of([
    Set::GlycatedHaemoglobinTest,
    Set::GlucoseManagementIndicator,
]);

/// Says what the measure finds of a patient.
pub(super) fn evaluate(case: &Case<'_>) -> Vec<Episode> {
    if !is_in_initial_population(case) {
        return Vec::new();
    }
    let reading = lowest_reading_on_most_recent_day(case);
    let evidence: Vec<&Record> = reading.iter().map(|reading| reading.item.record).collect();
    let poor = match reading.map(|reading| reading.value) {
        // "Has No Record Of Glycemic Status Assessment", "… Without Result". What is no quantity is no result of such an
        // assessment: one of the published cases expects that of a coded answer.
        None | Some(CareValue::None | CareValue::Coded(_) | CareValue::Other) => true,
        Some(CareValue::Number(value, unit)) => {
            percent(value, unit).is_some_and(|value| value > ELEVATED_ABOVE)
        }
    };
    vec![Episode::of_patient(exclusion(case), poor, &evidence)]
}

/// "Initial Population".
fn is_in_initial_population(case: &Case<'_>) -> bool {
    let year = case.period.days();
    case.age_at_end().is_some_and(|age| age.is_in(18, 75))
        && visits::qualifying_encounter(case).is_some()
        && case
            .problems_of(Set::Diabetes.members())
            .filter_map(|diabetes| diabetes.prevalence)
            .any(|diabetes| holds(diabetes.days().overlaps(year)))
}

/// "Denominator Exclusions": gives what shows one.
fn exclusion<'a>(case: &Case<'a>) -> Option<Vec<&'a Record>> {
    hospice::has_hospice_services(case)
        .map(|record| vec![record])
        .or_else(|| frailty::is_66_in_nursing_home(case))
        .or_else(|| frailty::is_66_with_advanced_illness_and_frailty(case))
        .or_else(|| hospice::has_palliative_care(case).map(|record| vec![record]))
}

/// "Lowest Glycemic Status Assessment Reading on Most Recent Day"; one without a value is lower than any.
fn lowest_reading_on_most_recent_day<'a>(case: &Case<'a>) -> Option<Measured<'a>> {
    let year = case.period.days();
    // "Glycemic Status Assessment"
    let assessments = || {
        case.measured_of(ASSESSMENTS)
            .filter(Measured::is_laboratory_test_performed)
            .filter(move |reading| holds(year.contains(day(reading))))
    };
    let most_recent = assessments().filter_map(|reading| day(&reading)).max()?;
    assessments()
        .filter(|reading| day(reading) == Some(most_recent))
        .min_by_key(|reading| {
            let value = match reading.value {
                CareValue::Number(value, unit) => percent(value, unit),
                CareValue::None | CareValue::Coded(_) | CareValue::Other => None,
            };
            (value, reading.item.record.resource)
        })
}

fn day(reading: &Measured<'_>) -> Option<Point> {
    reading.item.latest().map(Point::day)
}

/// Gives the hundredths of haemoglobin that is glycated.
fn percent(value: Decimal, unit: Unit) -> Option<Decimal> {
    convert_unit(value, unit, Unit::Percent, Analyte::GlycatedHaemoglobin).ok()
}
