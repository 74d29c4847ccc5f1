//! "FemaleeGFR" and "MaleeGFR": the glomerular filtration rate that the index creatinine shows (CKD-EPI 2021).

use clinical::{CareGender, Decimal};

use super::{ARRIVAL_HOURS, FILTRATION_BELOW, INDEX_HOURS, qualifying_creatinines};
use crate::measures::case::Case;
use crate::measures::hospitalization::Stay;
use crate::measures::period::civil;
use crate::measures::truth::holds;

/// The sex-specific numbers of the equation: Inker LA et al. N Engl J Med 2021;385:1737-49.
struct Equation {
    creatinine: f64,
    exponent: f64,
    factor: f64,
}

const FEMALE: Equation = Equation {
    creatinine: 0.7,
    exponent: -0.241,
    factor: 1.012,
};
const MALE: Equation = Equation {
    creatinine: 0.9,
    exponent: -0.302,
    factor: 1.0,
};

/// "Encounter with Index eGFR Less Than 60 within First 48 Hours".
pub(super) fn is_less_than_60(case: &Case<'_>, stay: &Stay<'_>) -> bool {
    filtration(case, stay).is_some_and(|rate| rate < FILTRATION_BELOW)
}

fn filtration(case: &Case<'_>, stay: &Stay<'_>) -> Option<f64> {
    let equation = match case.gender {
        CareGender::Female => FEMALE,
        CareGender::Male => MALE,
        CareGender::Other => return None,
    };
    let index: f64 = index_creatinine(case, stay)?.to_string().parse().ok()?;
    let day = civil(stay.span.start()?.low)?;
    let age = case.age_at(day)?.exact()?;
    let ratio = index / equation.creatinine;
    let below = ratio.min(1.0).powf(equation.exponent);
    let above = ratio.max(1.0).powf(-1.200);
    Some(142.0 * below * above * 0.9938_f64.powi(age) * equation.factor)
}

/// "IndexCreatinine": the lowest of the first 24 hours, else the first of 48 hours where there is only one.
fn index_creatinine(case: &Case<'_>, stay: &Stay<'_>) -> Option<Decimal> {
    let creatinines = qualifying_creatinines(case, stay);
    let within = |hours: i64| {
        let span = stay.hours(0, hours);
        let creatinines = creatinines.iter();
        creatinines
            .filter(move |test| span.is_some_and(|span| holds(span.contains(Some(test.time)))))
    };
    let lowest = within(INDEX_HOURS).map(|test| test.value).min();
    let first = || {
        let time = within(ARRIVAL_HOURS).map(|test| test.time).min()?;
        let mut values: Vec<Decimal> = within(ARRIVAL_HOURS)
            .filter(|test| test.time == time)
            .map(|test| test.value)
            .collect();
        values.sort_unstable();
        values.dedup();
        match values.as_slice() {
            [value] => Some(*value),
            _ => None,
        }
    };
    lowest.or_else(first)
}
