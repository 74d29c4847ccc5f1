//! The NEWS2 table: Royal College of Physicians, 2017, chart 1 and appendix.

use std::time::Duration;

use clinical::unit::Unit;
use clinical::{Decimal, EventTime};

use crate::Parameter;
use crate::chart::read::{CONSCIOUSNESS, OXYGEN};
use crate::chart::{BACKFILLED, Chart, Entry, Unusable};
use crate::config::DeteriorationConfig;
use crate::critical::with_unit;

/// The clinical risk that a score stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Band {
    /// Nothing scored.
    Zero,
    /// 1 to 4.
    Low,
    /// One parameter scored 3.
    LowMedium,
    /// 5 or 6.
    Medium,
    /// 7 or more.
    High,
}

impl Band {
    const ALL: [Self; 5] = [
        Self::Zero,
        Self::Low,
        Self::LowMedium,
        Self::Medium,
        Self::High,
    ];

    /// Gives the word the Royal College uses.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Zero | Self::Low => "low",
            Self::LowMedium => "low-medium",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Gives its number beside a published line; 0 is kept for incomplete sets.
    pub(crate) const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Finds the band of a number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|band| band.number() == number)
    }
}

/// From this score on an urgent response is called for (Royal College of Physicians, 2017, chart 2).
const URGENT: i32 = 5;
/// From this score on an emergency response is called for.
const EMERGENCY: i32 = 7;
/// What a single parameter adds that calls for an urgent ward-based response by itself.
const RED: i32 = 3;

/// Says from where on a score is how grave.
pub(crate) fn thresholds() -> Vec<String> {
    vec![
        format!("NEWS2 {EMERGENCY} or more is high"),
        format!("NEWS2 {URGENT} or {} is medium", EMERGENCY - 1),
        format!("{RED} points of a single parameter are medium below that"),
        "source: Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017, chart 2".into(),
    ]
}

/// What one parameter adds.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) points: i32,
}

impl Part<'_> {
    /// Writes the value as it is charted.
    pub(crate) fn shown(&self) -> String {
        shown(self.entry)
    }
}

/// The score at one time.
#[derive(Debug)]
pub(crate) struct Score<'a> {
    pub(crate) parts: Vec<Part<'a>>,
    pub(crate) missing: Vec<Parameter>,
    /// Those of the missing of which a value is there that cannot be used.
    pub(crate) unusable: Vec<(Parameter, Unusable)>,
    pub(crate) scale_2: bool,
}

impl<'a> Score<'a> {
    /// Scores the newest value of each parameter within the span of a set; oxygen holds until something else is charted.
    pub(crate) fn at(chart: &'a Chart, at: EventTime, config: &DeteriorationConfig) -> Self {
        let mut newest: [Option<(&Entry, i32)>; 7] = [None; 7];
        let mut unusable = Vec::new();
        let oxygen = oxygen(chart, at);
        let on_oxygen = oxygen.and_then(Entry::code) == Some(OXYGEN);
        let scale_2 = chart
            .last(Parameter::SaturationScale, at)
            .and_then(Entry::code)
            == Some(2);
        let points = |entry: &Entry| points(entry, scale_2, on_oxygen);
        // What was measured that long before is of the set, too: rounds are made by the hour.
        let before = at
            .minus(config.set_span)
            .minus(std::time::Duration::from_micros(1));
        for entry in chart.between(before, at) {
            if let Some(why) = entry.why_unusable() {
                unusable.retain(|(parameter, _)| *parameter != entry.parameter);
                unusable.push((entry.parameter, why));
            }
            let slot = Parameter::NEWS2
                .iter()
                .position(|parameter| *parameter == entry.parameter);
            let Some(slot) = slot.and_then(|slot| newest.get_mut(slot)) else {
                continue;
            };
            let Some(points) = Some(entry).filter(|e| e.is_usable()).and_then(points) else {
                continue;
            };
            // Of two values at one time the worse one is scored.
            if slot.is_none_or(|(held, worse)| held.at < entry.at || worse <= points) {
                *slot = Some((entry, points));
            }
        }
        let mut score = Self {
            parts: Vec::new(),
            missing: Vec::new(),
            unusable: Vec::new(),
            scale_2,
        };
        for (parameter, mut found) in Parameter::NEWS2.into_iter().zip(newest) {
            if parameter == Parameter::Oxygen {
                found = oxygen.and_then(|entry| Some((entry, points(entry)?)));
            }
            match found {
                Some((entry, points)) => score.parts.push(Part { entry, points }),
                None => {
                    score.missing.push(parameter);
                    let found = unusable.iter().find(|(of, _)| *of == parameter);
                    score.unusable.extend(found);
                }
            }
        }
        score
    }

    /// Gives the sum; of an incomplete set it is the least the score can be.
    pub(crate) fn total(&self) -> i32 {
        self.parts.iter().map(|part| part.points).sum()
    }

    /// Gives the clinical risk.
    pub(crate) fn band(&self) -> Band {
        match self.total() {
            EMERGENCY.. => Band::High,
            URGENT..EMERGENCY => Band::Medium,
            _ if self.parts.iter().any(|part| part.points == RED) => Band::LowMedium,
            1..URGENT => Band::Low,
            _ => Band::Zero,
        }
    }

    /// Says why a value of a parameter that is there is not used.
    pub(crate) fn why_unusable(&self, parameter: Parameter) -> Option<Unusable> {
        let found = self.unusable.iter().find(|(of, _)| *of == parameter);
        found.map(|(_, why)| *why)
    }

    /// Says whether it rests on nothing but loaded history.
    pub(crate) fn is_history(&self) -> bool {
        self.parts.iter().all(|part| part.entry.is(BACKFILLED))
    }

    /// Says whether another score tells a clinician nothing new.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        self.total() == other.total()
            && self.band() == other.band()
            && self.missing == other.missing
            && self.unusable == other.unusable
    }
}

/// Finds what is breathed at a time: what was charted of it last. Of air and oxygen at one time it is oxygen: a flow of
/// nothing is charted beside a fraction, and the fraction of a mask's air beside its flow.
fn oxygen(chart: &Chart, at: EventTime) -> Option<&Entry> {
    let last = chart.last(Parameter::Oxygen, at)?;
    let before = last.at.minus(Duration::from_micros(1));
    let mut beside = chart.of_between(Parameter::Oxygen, before, last.at);
    let given = beside.find(|entry| entry.code() == Some(OXYGEN));
    given.or(Some(last))
}

fn shown(entry: &Entry) -> String {
    match (entry.parameter, entry.code()) {
        (Parameter::Consciousness, Some(code)) => CONSCIOUSNESS
            .get(usize::from(code))
            .copied()
            .unwrap_or("not known")
            .into(),
        (_, Some(OXYGEN)) => "on oxygen".into(),
        (_, Some(_)) => "room air".into(),
        (parameter, None) => {
            let value = entry.number().unwrap_or_default();
            let value = if parameter == Parameter::Temperature {
                tenths(value)
            } else {
                whole(value)
            };
            let unit = parameter.numeric().map_or(Unit::One, |number| number.unit);
            with_unit(value, unit)
        }
    }
}

/// Gives what a value adds, after rounding it to the precision of the chart.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not in the table scores nothing"
)]
fn points(entry: &Entry, scale_2: bool, on_oxygen: bool) -> Option<i32> {
    if let Some(code) = entry.code() {
        return match entry.parameter {
            Parameter::Oxygen => Some(if code == OXYGEN { 2 } else { 0 }),
            Parameter::Consciousness => Some(if code == 0 { 0 } else { 3 }),
            _ => None,
        };
    }
    let value = entry.number()?;
    let count = || i64::try_from(whole(value)).ok();
    match entry.parameter {
        Parameter::RespiratoryRate => Some(respiratory_rate(count()?)),
        Parameter::OxygenSaturation if scale_2 => Some(saturation_scale_2(count()?, on_oxygen)),
        Parameter::OxygenSaturation => Some(saturation_scale_1(count()?)),
        Parameter::SystolicPressure => Some(systolic_pressure(count()?)),
        Parameter::Pulse => Some(pulse(count()?)),
        Parameter::Temperature => {
            let tenths = i64::try_from(tenths(value).mantissa());
            Some(temperature(tenths.ok()?))
        }
        _ => None,
    }
}

const fn respiratory_rate(per_minute: i64) -> i32 {
    match per_minute {
        ..=8 => 3,
        9..=11 => 1,
        12..=20 => 0,
        21..=24 => 2,
        25.. => 3,
    }
}

const fn saturation_scale_1(percent: i64) -> i32 {
    match percent {
        ..=91 => 3,
        92..=93 => 2,
        94..=95 => 1,
        96.. => 0,
    }
}

const fn saturation_scale_2(percent: i64, on_oxygen: bool) -> i32 {
    match percent {
        ..=83 => 3,
        84..=85 => 2,
        86..=87 => 1,
        88..=92 => 0,
        93.. if !on_oxygen => 0,
        93..=94 => 1,
        95..=96 => 2,
        97.. => 3,
    }
}

const fn systolic_pressure(mmhg: i64) -> i32 {
    match mmhg {
        ..=90 => 3,
        91..=100 => 2,
        101..=110 => 1,
        111..=219 => 0,
        220.. => 3,
    }
}

const fn pulse(per_minute: i64) -> i32 {
    match per_minute {
        ..=40 => 3,
        41..=50 => 1,
        51..=90 => 0,
        91..=110 => 1,
        111..=130 => 2,
        131.. => 3,
    }
}

const fn temperature(tenths_celsius: i64) -> i32 {
    match tenths_celsius {
        ..=350 => 3,
        351..=360 => 1,
        361..=380 => 0,
        381..=390 => 1,
        391.. => 2,
    }
}

/// Rounds to whole numbers, as everything but temperatures is charted.
fn whole(value: Decimal) -> Decimal {
    rounded(value)
}

/// Rounds to tenths, as temperatures are charted.
fn tenths(value: Decimal) -> Decimal {
    if value.scale() == 1 {
        return value;
    }
    let mut tenths = rounded(value * Decimal::TEN);
    // A whole number of tenths; the place of the point is all that changes.
    tenths
        .set_scale(1)
        .expect("one place is fewer than a decimal can have");
    tenths
}

/// Rounds halves up; every value here is above 0.
fn rounded(value: Decimal) -> Decimal {
    if value.scale() == 0 {
        return value;
    }
    (value + Decimal::new(5, 1)).floor()
}
