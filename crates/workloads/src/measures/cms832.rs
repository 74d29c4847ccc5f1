//! CMS832, Hospital Harm: Acute Kidney Injury (0.0.003).

mod filtration;

use clinical::unit::Unit;
use clinical::{CareGender, CareValue, Decimal};

use super::case::{Case, Measured};
use super::hospitalization::{Stay, adult_inpatient_stays, milligrams_per_decilitre};
use super::outcome::Episode;
use super::record::Record;
use super::set::Set;
use super::time::{DAY, HOUR, Point, Span};
use super::truth::holds;

/// In mg/dL: "Serum Creatinine Normal".
const NORMAL_FEMALE: Decimal = Decimal::from_parts(102, 0, 0, false, 2);
const NORMAL_MALE: Decimal = Decimal::from_parts(118, 0, 0, false, 2);
/// In mg/dL: an increase above it is one of 0.3 or more.
const INCREASE_ABOVE: Decimal = Decimal::from_parts(299, 0, 0, false, 3);
/// In mL/min/1.73 m²: "Encounter with Index eGFR Less Than 60 within First 48 Hours".
const FILTRATION_BELOW: f64 = 60.0;
/// Hours after arrival: what is found before was not caused by the hospital.
const ARRIVAL_HOURS: i64 = 48;
/// Hours after arrival in which the lowest creatinine is the index.
const INDEX_HOURS: i64 = 24;
/// How long before the highest creatinine the lowest may be.
const LOW_WITHIN: i64 = 7 * DAY;
/// Hours after arrival until which the highest creatinine counts.
const HIGH_HOURS: i64 = 30 * 24;

/// Says what the measure finds of each stay.
pub(super) fn evaluate(case: &Case<'_>) -> Vec<Episode> {
    let stays: Vec<Stay<'_>> = adult_inpatient_stays(case)
        .into_iter()
        .filter(is_48_hours_or_more)
        .filter(|stay| has_late_creatinine(case, stay) && !is_obstetric(case, stay))
        .collect();
    let doubled: Vec<Stay<'_>> = stays
        .iter()
        .copied()
        .filter(|stay| is_doubled(case, stay).is_some())
        .collect();
    stays
        .iter()
        .map(|stay| {
            let numerator = is_doubled(case, stay)
                .or_else(|| dialysis(case, stay, &doubled, Dialysis::After48Hours));
            let evidence = numerator.clone().unwrap_or_default();
            let exclusion = exclusion(case, stay, &doubled);
            stay.episode(exclusion, numerator.is_some(), &evidence)
        })
        .collect()
}

/// A creatinine of "Qualifying Creatinine Lab Result by Time".
#[derive(Clone, Copy)]
struct Creatinine {
    time: Point,
    value: Decimal,
}

/// "Denominator Exclusion": gives what shows one.
fn exclusion<'a>(
    case: &Case<'a>,
    stay: &Stay<'a>,
    doubled: &[Stay<'a>],
) -> Option<Vec<&'a Record>> {
    let diagnosis = stay
        .visit
        .diagnoses
        .iter()
        .filter_map(|diagnosis| case.problem(diagnosis.condition))
        .find(|problem| problem.item.is_in(Set::HighRiskDiagnosis));
    let procedure = || {
        case.procedures_of(Set::HighRiskProcedure.members())
            .find(|done| stay.has(done.start()))
    };
    has_less_than_2_creatinines(case, stay)
        .then(Vec::new)
        .or_else(|| filtration::is_less_than_60(case, stay).then(Vec::new))
        .or_else(|| is_increased(case, stay))
        .or_else(|| dialysis(case, stay, doubled, Dialysis::Within48Hours))
        .or_else(|| diagnosis.map(|problem| vec![problem.item.record]))
        .or_else(|| procedure().map(|done| vec![done.record]))
}

fn is_48_hours_or_more(stay: &Stay<'_>) -> bool {
    let ends = stay.span.start().zip(stay.span.end());
    // Of days, the least that it may have been.
    ends.is_some_and(|(start, end)| end.low.saturating_sub(start.high) >= ARRIVAL_HOURS * HOUR)
}

fn released_creatinines<'a>(case: &Case<'a>) -> impl Iterator<Item = Measured<'a>> + use<'a> {
    case.measured_of(Set::CreatinineTest.members())
        .filter(Measured::is_released)
}

/// "Inpatient Encounter with Creatinine".
fn has_late_creatinine(case: &Case<'_>, stay: &Stay<'_>) -> bool {
    let late = after_48_hours(stay);
    released_creatinines(case)
        .filter(|test| test.value != CareValue::None)
        .any(|test| late.is_some_and(|late| holds(late.contains(test.item.earliest()))))
}

fn after_48_hours(stay: &Stay<'_>) -> Option<Span> {
    let start = stay.span.start()?.plus(ARRIVAL_HOURS * HOUR);
    Some(Span::between(start, stay.span.end()?))
}

/// "Encounter with Creatinine and without Obstetrical Conditions" leaves these out.
fn is_obstetric(case: &Case<'_>, stay: &Stay<'_>) -> bool {
    let diagnoses = stay.visit.diagnoses.iter();
    diagnoses
        .filter_map(|diagnosis| case.problem(diagnosis.condition))
        .any(|problem| problem.item.is_in(Set::Obstetrics))
}

/// "Encounter with Less Than 2 Creatinine Results within 48 Hours of Arrival".
fn has_less_than_2_creatinines(case: &Case<'_>, stay: &Stay<'_>) -> bool {
    let first = stay.hours(0, ARRIVAL_HOURS);
    let found = released_creatinines(case)
        .filter(|test| test.value != CareValue::None)
        .filter(|test| first.is_some_and(|first| holds(first.contains(test.item.earliest()))))
        .filter(|test| stay.has(test.item.earliest()));
    found.count() < 2
}

/// "Qualifying Creatinine Lab Result by Time", of one stay.
fn qualifying_creatinines(case: &Case<'_>, stay: &Stay<'_>) -> Vec<Creatinine> {
    released_creatinines(case)
        .filter(Measured::is_laboratory)
        .filter(|test| stay.has(test.item.earliest()))
        .filter_map(|test| {
            let CareValue::Number(value, Unit::MilligramPerDecilitre) = test.value else {
                return None;
            };
            let time = test.item.earliest()?;
            (value > Decimal::ZERO).then_some(Creatinine { time, value })
        })
        .collect()
}

/// "LowestSerumCreatinineResult" and "HighestSerumCreatinineResult".
fn extremes(creatinines: &[Creatinine]) -> Option<(Decimal, Decimal)> {
    let values = || creatinines.iter().map(|creatinine| creatinine.value);
    values().min().zip(values().max())
}

/// "Increase of 0.3 or More Using Lowest Creatinine within 24 Hours": gives the two. The published logic names a second
/// way, from the first creatinine, but takes it only where the first way gives null, and a list is never that.
fn is_increased<'a>(case: &Case<'a>, stay: &Stay<'a>) -> Option<Vec<&'a Record>> {
    let (lowest, _) = extremes(&qualifying_creatinines(case, stay))?;
    let (day, two_days) = (stay.hours(0, INDEX_HOURS)?, stay.hours(0, ARRIVAL_HOURS)?);
    let is_index = |test: &Measured<'_>| {
        milligrams_per_decilitre(test) == Some(lowest)
            && stay.has(test.item.earliest())
            && holds(day.contains(test.item.earliest()))
    };
    for index in released_creatinines(case).filter(is_index) {
        let later = released_creatinines(case)
            .filter(|later| later.item.record.resource != index.item.record.resource)
            .filter(|later| {
                let value = milligrams_per_decilitre(later);
                value.is_some_and(|value| value - lowest > INCREASE_ABOVE)
            })
            .filter(|later| stay.has(later.item.earliest()))
            .filter(|later| holds(two_days.contains(later.item.earliest())))
            .find(|later| {
                let before = later
                    .item
                    .earliest()
                    .map(|time| Span::between(time.plus(-ARRIVAL_HOURS * HOUR), time));
                before.is_some_and(|before| holds(before.contains(index.item.earliest())))
            });
        if let Some(later) = later {
            return Some(vec![index.item.record, later.item.record]);
        }
    }
    None
}

/// "Encounter with 2 Times Serum Creatinine Increase", which is also one of 1.5 times: gives the two.
fn is_doubled<'a>(case: &Case<'a>, stay: &Stay<'a>) -> Option<Vec<&'a Record>> {
    let normal = match case.gender {
        CareGender::Female => NORMAL_FEMALE,
        CareGender::Male => NORMAL_MALE,
        CareGender::Other => return None,
    };
    let (lowest, highest) = extremes(&qualifying_creatinines(case, stay))?;
    if highest <= normal || highest < lowest * Decimal::TWO {
        return None;
    }
    let high_time = stay.hours(ARRIVAL_HOURS, HIGH_HOURS)?;
    let of = move |wanted: Decimal| {
        released_creatinines(case)
            .filter(move |test| milligrams_per_decilitre(test) == Some(wanted))
            .filter(|test| stay.has(test.item.earliest()))
    };
    for high in of(highest).filter(|high| holds(high_time.contains(high.item.earliest()))) {
        let Some(time) = high.item.earliest() else {
            continue;
        };
        let before = Span::until(time.plus(-LOW_WITHIN), time);
        if let Some(low) = of(lowest).find(|low| holds(before.contains(low.item.earliest()))) {
            return Some(vec![low.item.record, high.item.record]);
        }
    }
    None
}

/// When dialysis started.
#[derive(Clone, Copy)]
enum Dialysis {
    Within48Hours,
    After48Hours,
}

/// "Encounter with Kidney Dialysis Started … without High Creatinine": gives what shows it.
fn dialysis<'a>(
    case: &Case<'a>,
    stay: &Stay<'a>,
    doubled: &[Stay<'a>],
    when: Dialysis,
) -> Option<Vec<&'a Record>> {
    let window = match when {
        Dialysis::Within48Hours => stay.hours(0, ARRIVAL_HOURS)?,
        Dialysis::After48Hours => after_48_hours(stay)?,
    };
    let started = case
        .procedures_of(Set::HospitalDialysis.members())
        .find(|done| holds(window.contains(done.start())) && stay.has(done.start()))?;
    let own = stay.visit.item.span()?;
    let is_doubled = doubled.iter().any(|doubled| {
        let span = doubled.visit.item.span();
        span.is_some_and(|span| holds(span.includes(own)))
    });
    (!is_doubled).then(|| vec![started.record])
}
