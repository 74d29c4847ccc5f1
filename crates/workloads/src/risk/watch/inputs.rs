//! What a model read in the last weeks, held against what it was trained on; the sum over days is the same in whatever order
//! hours come.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use clinical::unit::{Unit, convert_unit};
use clinical::{Decimal, EventTime};

use super::hour::Hour;
use crate::config::hours;
use crate::risk::drift::{Conversion, Histogram, missing_shift, stability_index, unit_shift};
use crate::risk::{Feature, Pack, Variable};
use crate::sepsis_risk::parameter_of;

/// So many days are held against those that the model was trained on.
pub const WINDOW_DAYS: u16 = 28;
/// So many of the newest tell what is missing and in which unit it comes: that is to be known soon.
pub const RECENT_DAYS: u16 = 2;
/// Of fewer patients nothing is said of distributions. The hours of a patient are alike, so that patients count; by chance
/// alone an index comes to about (bins - 1) / patients (Yurdakul B, Naranjo J. J Risk Model Validation 2020;14(4)), which for
/// ten bins and this many is 0.09.
pub const LEAST_PATIENTS: usize = 100;
/// Of fewer patients nothing is said of the newest days: there are two bins, and by chance the index comes to about 0.1.
pub const LEAST_RECENT_PATIENTS: usize = 10;
/// The most patients that are told apart in the window; hours of others are left out.
pub const MAX_PATIENTS: usize = 5_000;

const DAY_MICROS: i64 = 24 * 3_600_000_000;

/// Which features are last values, of which variable, and how another unit would move them.
static LAST: LazyLock<Vec<(Variable, Vec<Conversion>)>> = LazyLock::new(|| {
    let all = Variable::all().iter();
    all.map(|variable| (variable.clone(), conversions(variable)))
        .collect()
});

/// What a model read, by day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inputs {
    pub(super) days: BTreeMap<i64, Arc<Day>>,
    /// Who was scored, and the end of the last hour: the hours of one come in order.
    pub(super) patients: BTreeMap<u64, EventTime>,
}

/// What a model read of the hours that ended on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) hours: u64,
    /// By feature.
    pub(super) counts: Vec<Histogram>,
    /// How often a last value was of a magnitude: by the variable's place and the highest bits of the value.
    pub(super) magnitudes: BTreeMap<(u16, u16), u64>,
}

/// How what a model reads stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputDrift {
    /// Hours in the window.
    pub hours: u64,
    /// Patients in the window, and in its newest days.
    pub patients: (usize, usize),
    /// The stability index of each feature, by its name; empty where there are too few patients.
    pub features: Vec<(Box<str>, f64)>,
    /// What is missing more or less often than it was, by the variable's name; empty where there are too few patients.
    pub missing: Vec<MissingShare>,
    /// What comes in another unit.
    pub units: Vec<UnitMoved>,
}

/// How often a variable is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct MissingShare {
    /// The variable, as a clinician calls it.
    pub name: &'static str,
    /// The share of hours without it in training, and now.
    pub share: (f64, f64),
    /// The stability index of missing and not.
    pub index: f64,
    /// By how many standard errors of an hour's share it moved, where that can be said.
    pub errors: Option<f64>,
}

/// A variable whose median lies where another unit would put it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitMoved {
    /// The variable, as a clinician calls it.
    pub name: &'static str,
    /// The median in training, and now.
    pub median: (f64, f64),
}

impl Day {
    pub(super) fn new(pack: &Pack) -> Self {
        let counts = pack.reference.iter().map(|of| of.histogram());
        Self {
            hours: 0,
            counts: counts.collect(),
            magnitudes: BTreeMap::new(),
        }
    }

    fn take(&mut self, pack: &Pack, values: &[f64]) {
        self.hours += 1;
        let features = pack.features.iter().zip(values);
        for ((feature, value), (of, counts)) in
            features.zip(pack.reference.iter().zip(&mut self.counts))
        {
            of.count(counts, *value);
            if let Some(place) = place_of(feature)
                && *value > 0.0
            {
                *self
                    .magnitudes
                    .entry((place, magnitude(*value)))
                    .or_default() += 1;
            }
        }
    }
}

impl Inputs {
    /// Counts an hour, once: what is not later than the patient's last one was counted before.
    pub(super) fn take(&mut self, pack: &Pack, patient: u64, hour: &Hour) -> bool {
        let values = hour.row.values();
        if values.len() != pack.reference.len() {
            return false;
        }
        let last = self.patients.get(&patient).copied();
        if last.is_some_and(|last| last >= hour.end)
            || last.is_none() && self.patients.len() >= MAX_PATIENTS
        {
            return false;
        }
        self.patients.insert(patient, hour.end);
        let day = self.days.entry(day_of(hour.end));
        let day = day.or_insert_with(|| Arc::new(Day::new(pack)));
        Arc::make_mut(day).take(pack, values);
        true
    }

    /// Forgets the days before the window.
    pub(super) fn forget(&mut self, now: EventTime) {
        let first = day_of(now) - i64::from(WINDOW_DAYS) + 1;
        self.days.retain(|day, _| *day >= first);
        self.patients.retain(|_, last| day_of(*last) >= first);
        let recent = day_of(now) - i64::from(RECENT_DAYS) + 1;
        for day in self.days.range_mut(..recent).map(|(_, day)| day) {
            if !day.magnitudes.is_empty() {
                Arc::make_mut(day).magnitudes.clear();
            }
        }
    }

    /// Says how the days up to now stand beside training.
    pub(super) fn drift(&self, pack: &Pack, now: EventTime) -> InputDrift {
        let all = self.sum(pack, now, WINDOW_DAYS);
        let recent = self.sum(pack, now, RECENT_DAYS);
        let patients = (self.seen(now, WINDOW_DAYS), self.seen(now, RECENT_DAYS));
        let mut drift = InputDrift {
            hours: all.hours,
            patients,
            ..InputDrift::default()
        };
        if patients.0 >= LEAST_PATIENTS {
            let indices = pack.reference.iter().zip(&all.counts);
            let indices = indices.map(|(of, counts)| of.index(counts).unwrap_or_default());
            let names = pack.model.features().map(Box::from);
            drift.features = names.zip(indices).collect();
        }
        if patients.1 >= LEAST_RECENT_PATIENTS {
            let features = pack
                .features
                .iter()
                .zip(&pack.reference)
                .zip(&recent.counts);
            for ((feature, of), counts) in features {
                if let Feature::Last(variable) = feature {
                    drift
                        .missing
                        .extend(missing(variable, of.missing(), counts));
                    let place = place_of(feature).unwrap_or_default();
                    let was = of.quantile(0.5);
                    let is = recent.median(place);
                    let moved = was.zip(is).filter(|(was, is)| {
                        let known = LAST.get(usize::from(place));
                        known.is_some_and(|(_, to)| unit_shift(*was, *is, to).is_some())
                    });
                    drift.units.extend(moved.map(|median| UnitMoved {
                        name: variable.name,
                        median,
                    }));
                }
            }
        }
        drift
    }

    /// Counts who was scored on the newest days.
    fn seen(&self, now: EventTime, days: u16) -> usize {
        let first = day_of(now) - i64::from(days) + 1;
        let seen = self
            .patients
            .values()
            .filter(|last| day_of(**last) >= first);
        seen.count()
    }

    fn sum(&self, pack: &Pack, now: EventTime, days: u16) -> Day {
        let last = day_of(now);
        let first = last - i64::from(days) + 1;
        let mut sum = Day::new(pack);
        for day in self.days.range(first..=last).map(|(_, day)| day) {
            sum.hours += day.hours;
            for (all, more) in sum.counts.iter_mut().zip(&day.counts) {
                all.add(more);
            }
            for (of, count) in &day.magnitudes {
                *sum.magnitudes.entry(*of).or_default() += count;
            }
        }
        sum
    }
}

impl Day {
    /// Gives the median of a variable's values above zero, to one part in sixteen.
    fn median(&self, place: u16) -> Option<f64> {
        let of = || self.magnitudes.range((place, 0)..=(place, u16::MAX));
        let total: u64 = of().map(|(_, count)| count).sum();
        let mut below = 0;
        let middle = of().find(|(_, count)| {
            below += **count;
            below * 2 >= total
        });
        middle.map(|((_, magnitude), _)| {
            // The middle of those that begin with these bits.
            f64::from_bits(u64::from(*magnitude) << 48 | 1 << 47)
        })
    }
}

/// The sign, the exponent and four more bits, which rise with the value.
fn magnitude(value: f64) -> u16 {
    u16::try_from(value.to_bits() >> 48).unwrap_or(u16::MAX)
}

fn day_of(at: EventTime) -> i64 {
    at.micros().div_euclid(DAY_MICROS)
}

/// Gives the end of the hour in which a time lies: who looks by the hour looks then.
pub(super) fn next_hour(at: EventTime) -> EventTime {
    let hour = i64::try_from(hours(1).as_micros()).unwrap_or(i64::MAX);
    EventTime::from_micros((at.micros().div_euclid(hour) + 1).saturating_mul(hour))
}

fn place_of(feature: &Feature) -> Option<u16> {
    let Feature::Last(variable) = feature else {
        return None;
    };
    let place = LAST
        .iter()
        .position(|(known, _)| known.word == variable.word)?;
    u16::try_from(place).ok()
}

fn missing(variable: &'static Variable, was: f64, counts: &Histogram) -> Option<MissingShare> {
    let (missing, total) = (counts.missing(), counts.total());
    if total == 0 {
        return None;
    }
    let is = missing as f64 / total as f64;
    Some(MissingShare {
        name: variable.name,
        share: (was, is),
        index: stability_index(&[was, 1.0 - was], &[is, 1.0 - is])?,
        errors: missing_shift(was, missing, total),
    })
}

/// Gives how the values of a variable would move that came in another of its units, or were converted from one for nothing.
fn conversions(variable: &Variable) -> Vec<Conversion> {
    let number = parameter_of(variable.word).and_then(|of| of.numeric());
    let Some(number) = number else {
        return Vec::new();
    };
    let all = (0..=u8::MAX).map_while(Unit::from_number);
    let others = all.filter(|unit| *unit != number.unit);
    let convert = |value: Decimal, from, to| {
        let converted = convert_unit(value, from, to, number.analyte).ok()?;
        f64::try_from(converted).ok()
    };
    let ways = others.flat_map(|other| [(number.unit, other), (other, number.unit)]);
    ways.filter_map(|(from, to)| {
        let offset = convert(Decimal::ZERO, from, to)?;
        let scale = convert(Decimal::ONE, from, to)? - offset;
        Some(Conversion { scale, offset })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_magnitude_rises_with_the_value_and_gives_it_back_nearly() {
        let mut before = 0;
        for value in [0.05_f64, 0.4, 1.0, 1.1, 7.2, 126.0, 3000.0] {
            let now = magnitude(value);
            assert!(now > before, "{value}");
            before = now;
            let day = Day {
                hours: 1,
                counts: Vec::new(),
                magnitudes: [((3, now), 1)].into(),
            };
            let median = day.median(3).unwrap();
            assert!((median / value).ln().abs() < 0.07, "{value} {median}");
            assert_eq!(day.median(2), None);
        }
    }

    #[test]
    fn no_more_patients_are_told_apart_than_there_is_room_for() {
        let pack = Pack::built_in();
        let hour = |end: i64| Hour {
            end: EventTime::from_micros(end),
            admission: EventTime::from_micros(0),
            model: pack.version.clone(),
            score: 0.0,
            probability: 0.0,
            row: crate::risk::watch::Row::new(vec![f64::NAN; pack.reference.len()]),
        };
        let mut inputs = Inputs::default();
        let count = MAX_PATIENTS as u64;
        for patient in 1..count {
            inputs.patients.insert(patient, EventTime::from_micros(1));
        }
        assert!(inputs.take(&pack, count, &hour(1)));
        assert!(!inputs.take(&pack, count + 1, &hour(1)));
        assert!(inputs.take(&pack, 1, &hour(2)), "it is known");
        assert_eq!(
            (inputs.patients.len(), inputs.days[&0].hours),
            (MAX_PATIENTS, 2)
        );
    }

    #[test]
    fn what_is_behind_the_window_is_forgotten() {
        let pack = Pack::built_in();
        let mut inputs = Inputs::default();
        let window = i64::from(WINDOW_DAYS);
        for day in 0..window {
            let mut counted = Day::new(&pack);
            counted.magnitudes.insert((1, 2), 3);
            inputs.days.insert(day, Arc::new(counted));
        }
        let noon = |day: i64| EventTime::from_micros(day * DAY_MICROS + DAY_MICROS / 2);
        inputs.forget(noon(window - 1));
        assert_eq!(inputs.days.len(), usize::from(WINDOW_DAYS));
        let told = inputs
            .days
            .values()
            .filter(|day| !day.magnitudes.is_empty());
        assert_eq!(told.count(), usize::from(RECENT_DAYS));
        inputs.forget(noon(window));
        assert_eq!(inputs.days.first_key_value().map(|(day, _)| *day), Some(1));
    }

    #[test]
    fn glucose_and_temperature_have_other_units_and_the_pulse_has_none() {
        let of = |word: &str| {
            let known = LAST.iter().find(|(variable, _)| variable.word == word);
            &known.unwrap().1
        };
        assert!(unit_shift(126.0, 7.0, of("Glucose")).is_some());
        assert!(unit_shift(126.0, 126.0 * 18.0, of("Glucose")).is_some());
        assert!(unit_shift(37.0, 98.6, of("Temp")).is_some());
        assert!(of("HR").is_empty());
    }
}
