//! CMS871, Hospital Harm: Severe Hyperglycemia (0.1.001). It counts days of each stay.

use clinical::Decimal;

use super::case::{Case, Measured};
use super::hospitalization::{Stay, adult_inpatient_stays, milligrams_per_decilitre};
use super::outcome::Episode;
use super::record::Record;
use super::set::Set;
use super::time::{DAY, HOUR, Point, Span};
use super::truth::holds;

/// In mg/dL: "hasSevereResult".
const SEVERE_ABOVE: Decimal = Decimal::from_parts(300, 0, 0, false, 0);
/// In mg/dL: "hasElevatedResult".
const ELEVATED_FROM: Decimal = Decimal::from_parts(200, 0, 0, false, 0);
/// In mg/dL: so high at the start that the hospital did not cause it.
const EXCLUDED_ABOVE: Decimal = Decimal::from_parts(600, 0, 0, false, 0);
/// Hours before and after the start in which the first result is looked for.
const START_HOURS: (i64, i64) = (-1, 6);
/// "Hospital Days Max 10".
const MOST_DAYS: i64 = 10;

/// Says what the measure finds of each stay.
pub(super) fn evaluate(case: &Case<'_>) -> Vec<Episode> {
    let stays: Vec<Stay<'_>> = adult_inpatient_stays(case)
        .into_iter()
        .filter(|stay| stay.visit.is_finished())
        .filter(|stay| is_in_initial_population(case, stay))
        .collect();
    stays
        .iter()
        .map(|stay| {
            let days = days(case, stay);
            let exclusion = first_glucose_greater_than_600(case, &stays, stay);
            let harmed = days.iter().filter_map(|day| day.event.as_ref());
            let evidence: Vec<&Record> = harmed.flatten().copied().collect();
            let count = |days: usize| u32::try_from(days).unwrap_or(u32::MAX);
            // "eligibleEventDays": the first is none.
            let eligible = count(days.len().saturating_sub(1));
            let events = count(days.iter().filter(|day| day.event.is_some()).count());
            let mut episode = stay.episode(exclusion, events > 0, &evidence);
            let counts = !episode.is_excluded;
            // In a ratio the numerator is taken from the initial population, whatever the denominator leaves out (HL7 Quality
            // Measure IG 2.0.0, IGRatio); what is excluded has no days in either ("Denominator Observations" and
            // "Numerator Observations").
            episode.is_in_numerator = events > 0;
            episode.denominator_observation = counts.then_some(eligible);
            episode.numerator_observation = (counts && events > 0).then_some(events);
            episode
        })
        .collect()
}

/// "Initial Population".
fn is_in_initial_population(case: &Case<'_>, stay: &Stay<'_>) -> bool {
    // "Encounter with Existing Diabetes Diagnosis"
    let starts_before = |start: Option<Point>| {
        let before = start.zip(stay.span.end());
        before.is_some_and(|(start, end)| holds(start.before(end)))
    };
    let diabetic = || {
        case.problems_of(Set::Diabetes.members())
            .any(|diabetes| starts_before(diabetes.prevalence.and_then(Span::start)))
    };
    // "Encounter with Hypoglycemic Medication"
    let treated = || {
        case.given_of(Set::HypoglycemicTreatment.members())
            .any(|given| {
                given
                    .span()
                    .is_some_and(|span| holds(stay.span.includes(span)))
            })
    };
    // "Encounter with Elevated Glucose Greater Than or Equal to 200"
    let elevated = || {
        glucose_tests(case)
            .filter(|test| {
                milligrams_per_decilitre(test).is_some_and(|value| value >= ELEVATED_FROM)
            })
            .any(|test| stay.has(test.item.earliest()))
    };
    diabetic() || treated() || elevated()
}

/// A block of 24 hours from the start of the stay.
struct Day<'a> {
    is_elevated: bool,
    /// What shows that it was one of severe hyperglycemia, if it was.
    event: Option<Vec<&'a Record>>,
}

/// "Days with Hyperglycemic Events": a severe result, or no test after two days of elevated ones.
fn days<'a>(case: &Case<'a>, stay: &Stay<'a>) -> Vec<Day<'a>> {
    let mut days: Vec<Day<'a>> = Vec::new();
    let (Some(start), Some(end)) = (stay.span.start(), stay.span.end()) else {
        return days;
    };
    let length = end
        .low
        .saturating_sub(start.high)
        .div_euclid(DAY)
        .min(MOST_DAYS);
    for number in 0..length {
        let begins = start.plus(number * DAY);
        let day = Span::until(begins, begins.plus(DAY));
        let tests: Vec<Measured<'a>> = glucose_tests(case)
            .filter(|test| holds(day.contains(test.item.earliest())))
            .collect();
        let with = |limit: fn(Decimal) -> bool| {
            let found = tests.iter();
            let found = found.filter(|test| milligrams_per_decilitre(test).is_some_and(limit));
            found.map(|test| test.item.record).collect::<Vec<_>>()
        };
        let severe = with(|value| value > SEVERE_ABOVE);
        let before: Vec<&Day<'a>> = days.iter().rev().take(2).collect();
        let untested =
            tests.is_empty() && before.len() == 2 && before.iter().all(|day| day.is_elevated);
        let event = (number > 0 && (!severe.is_empty() || untested)).then_some(severe);
        let is_elevated = !with(|value| value >= ELEVATED_FROM).is_empty();
        days.push(Day { is_elevated, event });
    }
    days
}

/// "Encounter with First Glucose Greater Than 600": gives what shows it.
fn first_glucose_greater_than_600<'a>(
    case: &Case<'a>,
    stays: &[Stay<'a>],
    stay: &Stay<'a>,
) -> Option<Vec<&'a Record>> {
    let at_start = |stay: &Stay<'_>| stay.hours(START_HOURS.0, START_HOURS.1);
    let is_at_start =
        |stay: &Stay<'_>, time| at_start(stay).is_some_and(|span| holds(span.contains(time)));
    // "Glucose Tests Earlier Than Glucose Greater Than 600 …": of any status, and of any result.
    let has_earlier = |test: &Measured<'a>| {
        let time = test.item.earliest();
        stays
            .iter()
            .filter(|stay| is_at_start(stay, time))
            .any(|stay| {
                let (Some(start), Some(time)) = (stay.span.start(), time) else {
                    return false;
                };
                let before = Span::until(start.plus(START_HOURS.0 * HOUR), time);
                case.measured_of(Set::GlucoseTest.members())
                    .filter(|earlier| earlier.item.record.resource != test.item.record.resource)
                    .any(|earlier| holds(before.contains(earlier.item.earliest())))
            })
    };
    glucose_tests(case)
        .filter(|test| milligrams_per_decilitre(test).is_some_and(|value| value > EXCLUDED_ABOVE))
        .filter(|test| is_at_start(stay, test.item.earliest()))
        .find(|test| !has_earlier(test))
        .map(|test| vec![test.item.record])
}

fn glucose_tests<'a>(case: &Case<'a>) -> impl Iterator<Item = Measured<'a>> + use<'a> {
    case.measured_of(Set::GlucoseTest.members())
        .filter(Measured::is_released)
}
