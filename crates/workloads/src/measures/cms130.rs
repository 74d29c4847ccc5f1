//! CMS130, Colorectal Cancer Screening (0.1.000).

use clinical::{CareStatus, CareValue};

use super::case::{Case, Measured};
use super::outcome::Episode;
use super::record::Record;
use super::set::Set;
use super::time::{Point, Span};
use super::truth::holds;
use super::{frailty, hospice, visits};

/// Years before the period in which each examination still counts.
const COLONOSCOPY_YEARS: i16 = 9;
const SIGMOIDOSCOPY_YEARS: i16 = 4;
const COLONOGRAPHY_YEARS: i16 = 4;
const STOOL_DNA_YEARS: i16 = 2;

/// Says what the measure finds of a patient.
pub(super) fn evaluate(case: &Case<'_>) -> Vec<Episode> {
    if !is_in_initial_population(case) {
        return Vec::new();
    }
    // What an adjudicated claim says is final, so it goes first.
    let screening = screening(case, true).or_else(|| screening(case, false));
    let evidence: Vec<&Record> = screening.into_iter().collect();
    let mut episode = Episode::of_patient(exclusion(case), screening.is_some(), &evidence);
    // "Stratification 1" and "… 2"
    episode.stratum = case
        .age_at_end()
        .map(|age| if age.is_under(50) { 1 } else { 2 });
    vec![episode]
}

/// "Initial Population".
fn is_in_initial_population(case: &Case<'_>) -> bool {
    case.age_at_end().is_some_and(|age| age.is_in(46, 75))
        && visits::qualifying_encounter(case).is_some()
}

/// "Denominator Exclusion": gives what shows one.
fn exclusion<'a>(case: &Case<'a>) -> Option<Vec<&'a Record>> {
    let one = |record: Option<&'a Record>| record.map(|record| vec![record]);
    one(hospice::has_hospice_services(case))
        .or_else(|| one(colon_lost(case)))
        .or_else(|| frailty::is_66_with_advanced_illness_and_frailty(case))
        .or_else(|| frailty::is_66_in_nursing_home(case))
        .or_else(|| one(hospice::has_palliative_care(case)))
}

/// "Malignant Neoplasm" and "Total Colectomy Performed".
fn colon_lost<'a>(case: &Case<'a>) -> Option<&'a Record> {
    let end = case.period.end().day();
    let by_end =
        |point: Option<Point>| point.is_some_and(|point| holds(point.day().at_or_before(end)));
    let cancer = case
        .problems_of(Set::MalignantNeoplasmOfColon.members())
        .find(|problem| by_end(problem.prevalence.and_then(Span::start)));
    let colectomy = || {
        case.procedures_of(Set::TotalColectomy.members())
            .filter(|done| done.is(CareStatus::Completed))
            .find(|done| by_end(done.end()))
            .map(|done| done.record)
    };
    cancer.map(|problem| problem.item.record).or_else(colectomy)
}

/// "Numerator": gives the examination, the one that counts longest first; only of claims, where that is asked for.
fn screening<'a>(case: &Case<'a>, claimed: bool) -> Option<&'a Record> {
    let procedure = |kind: Set, years: i16| {
        let span = case.period.days_from_years_before(years);
        case.procedures_of(kind.members())
            .filter(|done| done.is(CareStatus::Completed) && done.is_from(claimed))
            .find(|done| holds(span.contains(done.days().and_then(Span::end))))
            .map(|done| done.record)
    };
    let laboratory = |kind: Set, years: i16| {
        let span = case.period.days_from_years_before(years);
        case.measured_of(kind.members())
            .filter(Measured::is_laboratory_test_performed)
            .filter(|test| test.value != CareValue::None && test.item.is_from(claimed))
            .find(|test| holds(span.contains(test.item.latest().map(Point::day))))
            .map(|test| test.item.record)
    };
    let colonography = || {
        let span = case.period.days_from_years_before(COLONOGRAPHY_YEARS);
        case.measured_of(Set::CtColonography.members())
            .filter(|study| study.is_released() && study.item.is_from(claimed))
            .find(|study| holds(span.contains(study.item.days().and_then(Span::end))))
            .map(|study| study.item.record)
    };
    procedure(Set::Colonoscopy, COLONOSCOPY_YEARS)
        .or_else(|| procedure(Set::FlexibleSigmoidoscopy, SIGMOIDOSCOPY_YEARS))
        .or_else(colonography)
        .or_else(|| laboratory(Set::StoolDnaTest, STOOL_DNA_YEARS))
        .or_else(|| laboratory(Set::FecalOccultBloodTest, 0))
}
