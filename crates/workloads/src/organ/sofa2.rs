//! SOFA-2 (Ranzani OT et al. JAMA 2025, doi:10.1001/jama.2025.20516): its table, and what it reads beside single numbers.

use std::cmp::Ordering;

use clinical::Decimal;

use super::gas::Gas;
use super::hours::Hour;
use super::infusion::Rate;
use super::sofa::{Convention, Part, Table, part};
use super::support::{ADVANCED, Help};
use crate::Parameter;
use crate::chart::Entry;
use crate::chart::read::{CIRCULATION_ECMO, CIRCULATORY_PUMP, RESPIRATION_ECMO, RUNS};
use crate::limit::Limit::{Above, AtLeast, AtMost, Below};
use crate::limit::{Points, points, tenths};

/// Every hour by the worst of its day. Its cut-points belong to the worse band where those of 1996 do not.
pub(crate) const CONVENTION: Convention = Convention {
    table: &TABLE,
    second: true,
    help: Help::Charted(ADVANCED),
    ventilated_has_every_band: true,
    least_urine_span: std::time::Duration::ZERO,
    hours_before: 23,
    hour_for_each_row: false,
    by_stay: false,
    mean_of_results: false,
    silent_coma: false,
    drugs_for_an_hour: true,
    usual_weight: None,
};

const TABLE: Table = Table {
    in_micromoles: None,
    bilirubin: &[
        (Above(tenths(120)), 4),
        (Above(tenths(60)), 3),
        (Above(tenths(30)), 2),
        (Above(tenths(12)), 1),
    ],
    creatinine: &[
        (Above(tenths(35)), 3),
        (Above(tenths(20)), 2),
        (Above(tenths(12)), 1),
    ],
    platelets: &[
        (AtMost(tenths(500)), 4),
        (AtMost(tenths(800)), 3),
        (AtMost(tenths(1000)), 2),
        (AtMost(tenths(1500)), 1),
    ],
    mean_pressure: &[(Below(tenths(700)), 1)],
    coma: &[
        (AtMost(tenths(50)), 4),
        (AtMost(tenths(80)), 3),
        (AtMost(tenths(120)), 2),
        (AtMost(tenths(140)), 1),
    ],
};

/// The motor response, where eyes and speech cannot be judged.
const MOTOR: Points = &[
    (AtMost(tenths(20)), 4),
    (AtMost(tenths(30)), 3),
    (AtMost(tenths(40)), 2),
    (AtMost(tenths(50)), 1),
];

/// Ratios up to which an arterial gas scores; the first two need advanced support.
const BY_GAS: [(i64, u8); 4] = [(75, 4), (150, 3), (225, 2), (300, 1)];
/// The same for the saturation, where there is no gas.
const BY_SATURATION: [(i64, u8); 4] = [(120, 4), (200, 3), (250, 2), (300, 1)];
/// Bands from here up are of patients with advanced support alone.
const SUPPORTED: u8 = 3;
/// A saturation of so much says nothing of the lungs.
const FULL_SATURATION: Decimal = tenths(980);

/// Norepinephrine and epinephrine together, µg/kg/min, alone and beside another drug.
const CATECHOLAMINES: Points = &[
    (Above(tenths(4)), 4),
    (Above(tenths(2)), 3),
    (AtLeast(Decimal::ZERO), 2),
];
const WITH_ANOTHER: Points = &[(Above(tenths(2)), 4), (AtLeast(Decimal::ZERO), 3)];
/// Dopamine where it runs alone, µg/kg/min.
const DOPAMINE: Points = &[
    (Above(tenths(400)), 4),
    (Above(tenths(200)), 3),
    (AtLeast(Decimal::ZERO), 2),
];
/// Any other drug.
const ANOTHER: u8 = 2;

/// Urine below these rates (mL/kg/h) over so many hours, of which so many must be known.
const URINE: [(usize, i64, Decimal, u8); 3] = [
    (24, 22, tenths(3), 3),
    (12, 11, tenths(5), 2),
    (6, 5, tenths(5), 1),
];
/// No urine at all over so many hours, of which so many must be known.
const ANURIA: (usize, i64, u8) = (12, 11, 3);
/// Dialysis, or what would need it: potassium or acidosis, with kidneys that fail.
const DIALYSIS: u8 = 4;
const POTASSIUM: Decimal = tenths(60);
const PH: Decimal = tenths(72);
const BICARBONATE: Decimal = tenths(120);
const CREATININE: Decimal = tenths(12);
const OLIGURIA: Decimal = tenths(3);

/// Scores a motor response by itself.
pub(crate) fn motor(entry: &Entry, response: Decimal) -> Part<'_> {
    part(entry, response, points(MOTOR, response))
}

/// Scores dialysis.
pub(crate) fn dialysis(entry: &Entry) -> Option<Part<'_>> {
    (entry.code() == Some(RUNS)).then(|| part(entry, Decimal::ONE, DIALYSIS))
}

/// Scores a drug that is given for delirium.
pub(crate) const fn delirium(entry: &Entry) -> Part<'_> {
    part(entry, Decimal::ONE, 1)
}

/// Says whether a saturation says anything of the lungs.
pub(crate) fn is_telling(entry: &Entry) -> bool {
    entry.number().is_some_and(|value| value < FULL_SATURATION)
}

/// Scores the worst gases of an hour, or the worst saturations where no gas was taken.
pub(crate) fn respiration<'a>(
    (supported, free): (Option<Gas<'a>>, Option<Gas<'a>>),
    (dimmed, dim): (Option<Gas<'a>>, Option<Gas<'a>>),
) -> Option<Part<'a>> {
    if supported.or(free).is_some() {
        worst(&BY_GAS, supported, free)
    } else {
        worst(&BY_SATURATION, dimmed, dim)
    }
}

fn worst<'a>(
    bands: &[(i64, u8)],
    supported: Option<Gas<'a>>,
    free: Option<Gas<'a>>,
) -> Option<Part<'a>> {
    let band = |gas: Option<Gas<'a>>, most: u8| {
        let gas = gas?;
        let met = bands
            .iter()
            .find(|(limit, points)| *points <= most && gas.is_at_most(*limit));
        Some((gas, met.map_or(0, |(_, points)| *points)))
    };
    let (gas, points) = [band(supported, u8::MAX), band(free, SUPPORTED - 1)]
        .into_iter()
        .flatten()
        .max_by_key(|(_, points)| *points)?;
    Some(Part {
        other: Some(gas.fraction),
        ..part(gas.pressure, gas.shown(), points)
    })
}

/// Scores a pump or an artificial lung: the lungs, and the circulation where that is what it is for.
pub(crate) fn machine(entry: &Entry) -> (Option<Part<'_>>, Option<Part<'_>>) {
    let full = || Some(part(entry, Decimal::ONE, 4));
    match entry.code() {
        Some(RESPIRATION_ECMO) => (full(), None),
        Some(CIRCULATION_ECMO) => (full(), full()),
        Some(CIRCULATORY_PUMP) => (None, full()),
        Some(_) | None => (None, None),
    }
}

/// Scores the drugs that have run for an hour.
pub(crate) fn circulation<'a>(running: &[(&'a Entry, Rate)]) -> Option<Part<'a>> {
    let known = |rate: &Rate| match rate {
        Rate::ByWeight(rate) => *rate,
        Rate::Running => Decimal::ZERO,
    };
    let is_catecholamine = |drug: &Entry| {
        matches!(
            drug.parameter,
            Parameter::Norepinephrine | Parameter::Epinephrine
        )
    };
    let (first, others): (Vec<_>, Vec<_>) =
        running.iter().partition(|(drug, _)| is_catecholamine(drug));
    let other = others.first().map(|(drug, _)| *drug);
    if let Some((drug, _)) = first.first() {
        let sum: Decimal = first.iter().map(|(_, rate)| known(rate)).sum();
        let rows = if other.is_some() {
            WITH_ANOTHER
        } else {
            CATECHOLAMINES
        };
        return Some(Part {
            other: other.or(first.get(1).map(|(drug, _)| *drug)),
            ..part(drug, sum, points(rows, sum))
        });
    }
    let (drug, rate) = others.first()?;
    let alone = others.len() == 1 && drug.parameter == Parameter::Dopamine;
    let points = if alone {
        points(DOPAMINE, known(rate))
    } else {
        ANOTHER
    };
    Some(Part {
        other: others.get(1).map(|(drug, _)| *drug),
        ..part(drug, known(rate), points)
    })
}

/// What was known of the blood when an hour was over, of a day at most.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Blood<'a> {
    pub(crate) creatinine: Option<&'a Entry>,
    pub(crate) potassium: Option<&'a Entry>,
    pub(crate) ph: Option<&'a Entry>,
    pub(crate) bicarbonate: Option<&'a Entry>,
}

impl<'a> Blood<'a> {
    pub(crate) const OF: [Parameter; 4] = [
        Parameter::Creatinine,
        Parameter::Potassium,
        Parameter::Ph,
        Parameter::Bicarbonate,
    ];

    /// Takes a result in, of several of one time the worst; says whether it is one of the blood.
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is asked for")]
    pub(crate) fn take(&mut self, entry: &'a Entry) -> bool {
        let (slot, worse) = match entry.parameter {
            Parameter::Creatinine => (&mut self.creatinine, Ordering::Greater),
            Parameter::Potassium => (&mut self.potassium, Ordering::Greater),
            Parameter::Ph => (&mut self.ph, Ordering::Less),
            Parameter::Bicarbonate => (&mut self.bicarbonate, Ordering::Less),
            _ => return false,
        };
        let stays = |held: &Entry| {
            let is_worse = match (entry.number(), held.number()) {
                (Some(now), Some(held)) => now.cmp(&held) == worse,
                (now, _) => now.is_some(),
            };
            held.at == entry.at && !is_worse
        };
        if !slot.is_some_and(stays) {
            *slot = Some(entry);
        }
        true
    }

    /// Leaves out what does not hold.
    pub(crate) fn only(self, holds: impl Fn(&&Entry) -> bool) -> Self {
        let only = |entry: Option<&'a Entry>| entry.filter(|entry| holds(entry));
        Self {
            creatinine: only(self.creatinine),
            potassium: only(self.potassium),
            ph: only(self.ph),
            bicarbonate: only(self.bicarbonate),
        }
    }

    /// Gives the creatinine where it says that the kidneys fail.
    fn failing(&self) -> Option<&'a Entry> {
        let of = self.creatinine;
        of.filter(|entry| entry.number().is_some_and(|value| value > CREATININE))
    }

    /// Gives what of it would need dialysis where the kidneys fail.
    fn danger(&self) -> Option<&'a Entry> {
        let is = |entry: Option<&'a Entry>, meets: &dyn Fn(Decimal) -> bool| {
            entry.filter(|entry| entry.number().is_some_and(meets))
        };
        let acid = || {
            is(self.bicarbonate, &|value| value <= BICARBONATE)?;
            is(self.ph, &|value| value <= PH)
        };
        is(self.potassium, &|value| value >= POTASSIUM).or_else(acid)
    }
}

/// Scores the kidneys at the end of the last of some hours, by urine and by what would need dialysis.
pub(crate) fn kidneys<'a>(day: &[(i64, Hour<'a>)], weight: Option<Decimal>) -> Option<Part<'a>> {
    let (_, hour) = day.last()?;
    let urine = |hours: usize, least: i64| rate(day, hours, least, weight);
    let (most, least, none) = ANURIA;
    let dry = urine(most, least).filter(|(_, rate)| rate.is_zero());
    let little = URINE.iter().find_map(|(hours, least, limit, points)| {
        let (entry, rate) = urine(*hours, *least).filter(|(_, rate)| rate < limit)?;
        Some(part(entry, rate, *points))
    });
    let by_urine = dry
        .map(|(entry, rate)| part(entry, rate, none))
        .or(little)
        .filter(|_| hour.urine.is_some());
    let oliguria = || {
        let (hours, least, ..) = *URINE.last()?;
        let (entry, rate) = urine(hours, least)?;
        (rate < OLIGURIA).then_some(entry)
    };
    let danger = hour.blood.and_then(|blood| {
        let danger = blood.danger()?;
        Some(Part {
            other: Some(blood.failing().or_else(oliguria)?),
            ..part(danger, danger.number()?, DIALYSIS)
        })
    });
    danger.or(by_urine)
}

/// Gives the rate of urine over the last hours of a day, if nearly all of them are known.
fn rate<'a>(
    day: &[(i64, Hour<'a>)],
    hours: usize,
    least: i64,
    weight: Option<Decimal>,
) -> Option<(&'a Entry, Decimal)> {
    let window = day.get(day.len().saturating_sub(hours)..)?;
    let mut known = window.iter().filter_map(|(_, hour)| hour.urine);
    let sum: Decimal = known.clone().map(|(amount, _)| amount).sum();
    let (_, first) = known.next()?;
    let last = known.next_back().map_or(first, |(_, last)| last);
    // What is charted first gathered in the hour before.
    let span =
        Decimal::from(last.at.micros() - first.at.micros()) / Decimal::from(HOUR) + Decimal::ONE;
    if span < Decimal::from(least) {
        return None;
    }
    let rate = sum.checked_div(weight?.checked_mul(span)?)?;
    Some((last, rate))
}

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;
