//! The SOFA table of 1996 (Vincent JL et al. Intensive Care Med 1996;22:707-10), and two ways of reading it.

use std::time::Duration;

use clinical::Decimal;
use clinical::unit::Unit;

use super::gas::Gas;
use super::infusion::Rate;
use super::support::{Help, VENTILATOR};
use crate::Parameter;
use crate::chart::{Entry, Reading};
use crate::config::hours;
use crate::limit::Limit::{Above, AtLeast, Below};
use crate::limit::{Points, least_points, points, tenths};

/// The six organ systems, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Respiration,
    Coagulation,
    Liver,
    Cardiovascular,
    Nervous,
    Renal,
}

impl System {
    pub(crate) const ALL: [Self; 6] = [
        Self::Respiration,
        Self::Coagulation,
        Self::Liver,
        Self::Cardiovascular,
        Self::Nervous,
        Self::Renal,
    ];

    /// Gives its name for a clinician.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Respiration => "respiration",
            Self::Coagulation => "coagulation",
            Self::Liver => "liver",
            Self::Cardiovascular => "circulation",
            Self::Nervous => "nervous system",
            Self::Renal => "kidneys",
        }
    }

    /// Gives what it is judged by first.
    pub(crate) const fn parameter(self) -> Parameter {
        match self {
            Self::Respiration => Parameter::OxygenPressure,
            Self::Coagulation => Parameter::Platelets,
            Self::Liver => Parameter::Bilirubin,
            Self::Cardiovascular => Parameter::MeanPressure,
            Self::Nervous => Parameter::ComaScale,
            Self::Renal => Parameter::Creatinine,
        }
    }
}

/// How the table is read where it leaves a choice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convention {
    /// The table.
    pub(crate) table: &'static Table,
    /// Whether it is SOFA-2: what needs more than one number is read by that.
    pub(crate) second: bool,
    /// How it is told that a patient was helped to breathe.
    pub(crate) help: Help,
    /// Whether a ventilated patient has the bands below 400 and 300 as well, and not those of support alone.
    pub(crate) ventilated_has_every_band: bool,
    /// How long urine must have been collected before its sum is taken for that of a day.
    pub(crate) least_urine_span: Duration,
    /// How many hours before the last one its worst is looked for in.
    pub(crate) hours_before: usize,
    /// Whether an hour in which several gases were taken, or several rates of one drug ran, counts as several in every window.
    pub(crate) hour_for_each_row: bool,
    /// Whether each stay is scored from what was charted of it, as far as that is known.
    pub(crate) by_stay: bool,
    /// Whether results of one time are taken for their mean.
    pub(crate) mean_of_results: bool,
    /// Whether a part of the coma score that was charted without an answer says that it was looked at.
    pub(crate) silent_coma: bool,
    /// Whether drugs count only when they have run for an hour, and whenever that is; else those that run when an hour is over.
    pub(crate) drugs_for_an_hour: bool,
    /// The weight, in kg, of a patient who was not weighed.
    pub(crate) usual_weight: Option<Decimal>,
}

/// As published: the worst of 24 hours, and urine by the day.
pub(crate) const PUBLISHED: Convention = Convention {
    table: &TABLE,
    second: false,
    help: Help::Charted(VENTILATOR),
    ventilated_has_every_band: true,
    least_urine_span: hours(22),
    hours_before: 23,
    hour_for_each_row: false,
    by_stay: false,
    mean_of_results: false,
    silent_coma: false,
    drugs_for_an_hour: true,
    usual_weight: None,
};

/// As `pivoted_sofa` of mimic-code computes it for MIMIC-III: a window of 24 hours before the last one, a table of
/// each stay in which an hour stands once for each gas and each rate of a drug of it, urine of whatever time there is taken for that of a day, a
/// ratio of a ventilated patient that counts below 200 alone, and 80 kg where nobody was weighed (`norepinephrine_dose`).
pub(crate) const MIMIC_III: Convention = Convention {
    table: &TABLE,
    second: false,
    help: Help::Runs,
    ventilated_has_every_band: false,
    least_urine_span: Duration::ZERO,
    hours_before: 24,
    hour_for_each_row: true,
    by_stay: true,
    mean_of_results: true,
    silent_coma: true,
    drugs_for_an_hour: false,
    usual_weight: Some(Decimal::from_parts(80, 0, 0, false, 0)),
};

/// The hours of which urine is summed.
pub(crate) const URINE_HOURS: usize = 24;

/// What one organ scores, and by what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) points: u8,
    pub(crate) value: Decimal,
    pub(crate) entry: &'a Entry,
    pub(crate) other: Option<&'a Entry>,
    /// Whether a higher value is worse.
    pub(super) rising: bool,
}

impl Part<'_> {
    /// Says whether it says worse than another of the same organ.
    pub(crate) fn is_worse(&self, other: &Self) -> bool {
        let value = |part: &Self| {
            if part.rising { part.value } else { -part.value }
        };
        let same_kind = self.entry.parameter == other.entry.parameter;
        self.points > other.points
            || self.points == other.points && same_kind && value(self) > value(other)
    }
}

/// The rows of a table that ask for one number each, worst first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// mg/dL
    pub(crate) bilirubin: Points,
    /// mg/dL
    pub(crate) creatinine: Points,
    /// µmol/L, where the table has limits of its own for it: one is not the other by any factor.
    pub(crate) in_micromoles: Option<Micromoles>,
    pub(crate) platelets: Points,
    pub(crate) mean_pressure: Points,
    pub(crate) coma: Points,
}

/// The rows of a table for results in µmol/L.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Micromoles {
    bilirubin: Points,
    creatinine: Points,
}

impl Table {
    /// Gives the rows of a result in the unit that it came in, and that unit; nothing where the table has none for it.
    pub(crate) fn in_micromoles(&self, entry: &Entry) -> Option<(Points, Unit)> {
        let Reading::Number {
            unit: Unit::MicromolePerLitre | Unit::MillimolePerLitre,
            ..
        } = entry.reading
        else {
            return None;
        };
        let own = self.in_micromoles?;
        let rows = match entry.parameter == Parameter::Bilirubin {
            true => own.bilirubin,
            false => own.creatinine,
        };
        Some((rows, Unit::MicromolePerLitre))
    }
}

pub(crate) const TABLE: Table = Table {
    in_micromoles: Some(Micromoles {
        bilirubin: &[
            (Above(tenths(2040)), 4),
            (AtLeast(tenths(1020)), 3),
            (AtLeast(tenths(330)), 2),
            (AtLeast(tenths(200)), 1),
        ],
        creatinine: &[
            (Above(tenths(4400)), 4),
            (AtLeast(tenths(3000)), 3),
            (AtLeast(tenths(1710)), 2),
            (AtLeast(tenths(1100)), 1),
        ],
    }),
    bilirubin: &[
        (AtLeast(tenths(120)), 4),
        (AtLeast(tenths(60)), 3),
        (AtLeast(tenths(20)), 2),
        (AtLeast(tenths(12)), 1),
    ],
    creatinine: &[
        (AtLeast(tenths(50)), 4),
        (AtLeast(tenths(35)), 3),
        (AtLeast(tenths(20)), 2),
        (AtLeast(tenths(12)), 1),
    ],
    platelets: &[
        (Below(tenths(200)), 4),
        (Below(tenths(500)), 3),
        (Below(tenths(1000)), 2),
        (Below(tenths(1500)), 1),
    ],
    mean_pressure: &[(Below(tenths(700)), 1)],
    coma: &[
        (Below(tenths(60)), 4),
        (Below(tenths(100)), 3),
        (Below(tenths(130)), 2),
        (Below(tenths(150)), 1),
    ],
};
/// Millilitres of urine in a day.
const URINE: Points = &[(Below(tenths(2000)), 4), (Below(tenths(5000)), 3)];
/// Norepinephrine or epinephrine by its rate, µg/kg/min; any scores three.
const CATECHOLAMINE: Points = &[(Above(tenths(1)), 4), (AtLeast(Decimal::ZERO), 3)];
/// Dopamine by its rate, µg/kg/min; any scores two.
const DOPAMINE: Points = &[
    (Above(tenths(150)), 4),
    (Above(tenths(50)), 3),
    (AtLeast(Decimal::ZERO), 2),
];
/// Dobutamine: any scores two.
const DOBUTAMINE: Points = &[(AtLeast(Decimal::ZERO), 2)];

/// Which way a value of a parameter is worse.
const fn is_rising(parameter: Parameter) -> bool {
    matches!(parameter, Parameter::Bilirubin | Parameter::Creatinine) || parameter.is_infusion()
}

pub(crate) const fn part(entry: &Entry, value: Decimal, points: u8) -> Part<'_> {
    Part {
        points,
        value,
        entry,
        other: None,
        rising: is_rising(entry.parameter),
    }
}

/// Scores a number by the rows of its table, and a bound such as `<20` by what it has at least.
pub(crate) fn scored(entry: &Entry, rows: Points) -> Option<Part<'_>> {
    let (value, bound) = entry.bounded()?;
    Some(part(entry, value, least_points(rows, value, bound)?))
}

/// Scores a number by rows of a unit of its own.
pub(crate) fn scored_in(entry: &Entry, rows: Points, unit: Unit) -> Option<Part<'_>> {
    let (value, bound) = entry.bounded()?;
    let own = entry.in_unit(unit)?;
    Some(part(entry, value, least_points(rows, own, bound)?))
}

pub(crate) fn urine(entry: &Entry, day: Decimal) -> Part<'_> {
    part(entry, day, points(URINE, day))
}

/// Scores a drug by its rate; one that runs at a rate that is not known scores the least that it can.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other drug is in the table"
)]
fn drug(entry: &Entry, rate: Rate) -> Option<Part<'_>> {
    let known = match rate {
        Rate::ByWeight(rate) => rate,
        Rate::Running => Decimal::ZERO,
    };
    let rows = match entry.parameter {
        Parameter::Norepinephrine | Parameter::Epinephrine => CATECHOLAMINE,
        Parameter::Dopamine => DOPAMINE,
        Parameter::Dobutamine => DOBUTAMINE,
        _ => return None,
    };
    Some(part(entry, known, points(rows, known)))
}

/// Scores the drugs that count: by the one that says the worst.
pub(crate) fn circulation<'a>(running: &[(&'a Entry, Rate)]) -> Option<Part<'a>> {
    let scored = running
        .iter()
        .filter_map(|(entry, rate)| drug(entry, *rate));
    scored.max_by_key(|part| part.points)
}

/// Scores the worst gases of an hour: of those taken under ventilation, and of the others.
pub(crate) fn respiration<'a>(
    convention: Convention,
    ventilated: Option<Gas<'a>>,
    free: Option<Gas<'a>>,
) -> Option<Part<'a>> {
    let band = |gas: Option<Gas<'a>>, limit: i64, points: u8| {
        gas.filter(|gas| gas.is_below(limit))
            .map(|gas| (gas, points))
    };
    let milder = || {
        let supported = ventilated.filter(|_| convention.ventilated_has_every_band);
        band(supported, 300, 2)
            .or(band(free, 300, 2))
            .or(band(supported, 400, 1))
            .or(band(free, 400, 1))
    };
    let (gas, points) = band(ventilated, 100, 4)
        .or(band(ventilated, 200, 3))
        .or_else(milder)
        .or(ventilated.or(free).map(|gas| (gas, 0)))?;
    Some(Part {
        other: Some(gas.fraction),
        ..part(gas.pressure, gas.shown(), points)
    })
}
