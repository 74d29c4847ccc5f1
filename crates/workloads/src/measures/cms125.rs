//! CMS125, Breast Cancer Screening (0.0.001).

use clinical::{CareGender, CareStatus, Members};
use jiff::civil::date;

use super::case::Case;
use super::outcome::Episode;
use super::period::midnight;
use super::record::Record;
use super::set::Set;
use super::time::{Point, Span};
use super::truth::holds;
use super::{frailty, hospice, visits};

/// Says what the measure finds of a patient.
pub(super) fn evaluate(case: &Case<'_>) -> Vec<Episode> {
    if !is_in_initial_population(case) {
        return Vec::new();
    }
    // What an adjudicated claim says is final, so it goes first.
    let mammogram = mammogram(case, true).or_else(|| mammogram(case, false));
    let evidence: Vec<&Record> = mammogram.into_iter().collect();
    vec![Episode::of_patient(
        exclusion(case),
        mammogram.is_some(),
        &evidence,
    )]
}

/// "Initial Population".
fn is_in_initial_population(case: &Case<'_>) -> bool {
    case.age_at_end().is_some_and(|age| age.is_in(52, 74))
        && case.gender == CareGender::Female
        && visits::qualifying_encounter(case).is_some()
}

/// "Denominator Exclusions": gives what shows one.
fn exclusion<'a>(case: &Case<'a>) -> Option<Vec<&'a Record>> {
    let one = |record: Option<&'a Record>| record.map(|record| vec![record]);
    one(hospice::has_hospice_services(case))
        .or_else(|| {
            let right = removed(case, RIGHT)?;
            Some(vec![right, removed(case, LEFT)?])
        })
        .or_else(|| one(removed(case, BOTH)))
        .or_else(|| frailty::is_66_with_advanced_illness_and_frailty(case))
        .or_else(|| frailty::is_66_in_nursing_home(case))
        .or_else(|| one(hospice::has_palliative_care(case)))
}

/// The value sets of a side: the diagnosis, the procedure, and the body site beside a diagnosis without a side.
#[derive(Clone, Copy)]
struct Side {
    diagnosis: Set,
    procedure: Set,
    site: Members,
}

const RIGHT: Side = Side {
    diagnosis: Set::StatusPostRightMastectomy,
    procedure: Set::UnilateralMastectomyRight,
    site: Set::RightSide.members(),
};
const LEFT: Side = Side {
    diagnosis: Set::StatusPostLeftMastectomy,
    procedure: Set::UnilateralMastectomyLeft,
    site: Set::LeftSide.members(),
};
const BOTH: Side = Side {
    diagnosis: Set::HistoryOfBilateralMastectomy,
    procedure: Set::BilateralMastectomy,
    site: Members::NONE,
};

/// "Right Mastectomy Diagnosis" or "… Procedure", and so for left and both: gives what shows it.
fn removed<'a>(case: &Case<'a>, side: Side) -> Option<&'a Record> {
    let end = case.period.end();
    let by_end = |point: Option<Point>| point.is_some_and(|point| holds(point.at_or_before(end)));
    let unspecified = Set::UnilateralMastectomyUnspecified;
    let diagnosis = case
        .problems_of(side.diagnosis.members().and(unspecified.members()))
        .filter(|problem| problem.item.is_in(side.diagnosis) || problem.site.any(side.site))
        .find(|problem| by_end(problem.prevalence.and_then(Span::start)));
    let procedure = || {
        case.procedures_of(side.procedure.members())
            .filter(|done| done.is(CareStatus::Completed))
            .find(|done| by_end(done.end()))
            .map(|done| done.record)
    };
    diagnosis
        .map(|problem| problem.item.record)
        .or_else(procedure)
}

/// "Numerator": gives the mammogram; only of claims, where that is asked for.
fn mammogram<'a>(case: &Case<'a>, claimed: bool) -> Option<&'a Record> {
    // "October 1 Two Years Prior to the Measurement Period"
    let october = midnight(date(case.period.year() - 2, 10, 1));
    let months_27 = Span::between(october, case.period.end()).days();
    case.measured_of(Set::Mammography.members())
        .filter(|study| study.is_released() && study.item.is_from(claimed))
        .find(|study| holds(months_27.contains(study.item.days().and_then(Span::end))))
        .map(|study| study.item.record)
}
