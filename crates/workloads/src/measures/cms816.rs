//! CMS816, Hospital Harm: Severe Hypoglycemia (0.1.001).

use clinical::Decimal;

use super::case::{Case, Item, Measured};
use super::hospitalization::{Stay, adult_inpatient_stays, milligrams_per_decilitre};
use super::outcome::Episode;
use super::record::Record;
use super::set::Set;
use super::time::{DAY, MINUTE, Span};
use super::truth::holds;

/// In mg/dL: "Glucose Test with Result Less Than 40".
const SEVERE_BELOW: Decimal = Decimal::from_parts(40, 0, 0, false, 0);
/// In mg/dL: a repeat above it within five minutes says that the first was wrong.
const REPEAT_ABOVE: Decimal = Decimal::from_parts(80, 0, 0, false, 0);
const REPEAT_WITHIN: i64 = 5 * MINUTE;
/// How long before the test a hypoglycemic may have been given.
const GIVEN_WITHIN: i64 = DAY;

/// Says what the measure finds of each stay.
pub(super) fn evaluate(case: &Case<'_>) -> Vec<Episode> {
    let given: Vec<Item<'_>> = case.given_of(Set::SevereHypoglycemics.members()).collect();
    // "Encounter with Hypoglycemic Medication Administration"
    let stays: Vec<Stay<'_>> = adult_inpatient_stays(case)
        .into_iter()
        .filter(|stay| stay.visit.is_finished())
        .filter(|stay| given.iter().any(|given| stay.has(given.start())))
        .collect();
    let harm = severe_hypoglycemic_harm_events(case, &stays, &given);
    stays
        .iter()
        .map(|stay| {
            let harmed = harm.iter().filter(|test| stay.has(test.item.earliest()));
            let evidence: Vec<&Record> = harmed.map(|test| test.item.record).collect();
            stay.episode(None, !evidence.is_empty(), &evidence)
        })
        .collect()
}

/// "Severe Hypoglycemic Harm Event".
fn severe_hypoglycemic_harm_events<'a>(
    case: &Case<'a>,
    stays: &[Stay<'a>],
    given: &[Item<'a>],
) -> Vec<Measured<'a>> {
    // "Hypoglycemic Medication Administration" starts 24 hours or less before the test, or with it.
    let was_given_before = |test: &Measured<'_>| {
        let Some(time) = test.item.earliest() else {
            return false;
        };
        let before = Span::between(time.plus(-GIVEN_WITHIN), time);
        given
            .iter()
            .any(|given| holds(before.contains(given.start())))
    };
    glucose_tests(case)
        .filter(|test| milligrams_per_decilitre(test).is_some_and(|value| value < SEVERE_BELOW))
        .filter(|test| stays.iter().any(|stay| stay.has(test.item.earliest())))
        .filter(was_given_before)
        .filter(|test| !is_followed_by_normal(case, stays, test))
        .collect()
}

/// "Low Glucose Test Followed By Glucose Test Result Greater Than 80".
fn is_followed_by_normal(case: &Case<'_>, stays: &[Stay<'_>], low: &Measured<'_>) -> bool {
    let Some(time) = low.item.earliest() else {
        return false;
    };
    let after = Span::between(time.next(), time.plus(REPEAT_WITHIN));
    glucose_tests(case)
        .filter(|test| test.item.record.resource != low.item.record.resource)
        .filter(|test| milligrams_per_decilitre(test).is_some_and(|value| value > REPEAT_ABOVE))
        .filter(|test| holds(after.contains(test.item.earliest())))
        .any(|test| {
            let both = |stay: &Stay<'_>| stay.has(Some(time)) && stay.has(test.item.earliest());
            stays.iter().any(both)
        })
}

fn glucose_tests<'a>(case: &Case<'a>) -> impl Iterator<Item = Measured<'a>> + use<'a> {
    case.measured_of(Set::GlucoseTest.members())
        .filter(Measured::is_released)
}
