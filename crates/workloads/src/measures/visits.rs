//! AdultOutpatientEncounters 4.11.000.

use clinical::Members;

use super::case::{Case, Visit, any_of};
use super::set::Set;
use super::truth::holds;

const OUTPATIENT: Members = any_of([
    Set::OfficeVisit,
    Set::AnnualWellnessVisit,
    Set::EstablishedPreventiveVisit,
    Set::InitialPreventiveVisit,
    Set::HomeHealthcare,
    Set::VirtualEncounter,
    Set::TelephoneVisit,
]);

/// "Qualifying Encounters": gives the first.
pub(super) fn qualifying_encounter<'a>(case: &Case<'a>) -> Option<Visit<'a>> {
    let year = case.period.days();
    case.visits_of(OUTPATIENT)
        .filter(Visit::is_performed)
        .find(|visit| {
            visit
                .item
                .days()
                .is_some_and(|days| holds(year.includes(days)))
        })
}
