//! Takes from an event what the chart keeps, and says what could not be used.

mod answers;

mod cultures;

mod flagged;

mod problems;

mod orders;

use std::borrow::Cow;

use clinical::plausible::{Flag, Reason};
use clinical::unit::{self, Analyte, Unit};
use clinical::{
    Code, Comparator, Decimal, Event, Fact, Observation, ObservationStatus, Quantity, Value,
    resource_hash,
};
use smallvec::SmallVec;

use super::{BACKFILLED, Entry, Reading, Unusable, Withdrawal};
use crate::Parameter;
use crate::config::Config;
use crate::step::{QualityIssue, QualityKind};
use crate::tables::{Meaning, Tables};
pub(crate) use answers::OWN_RHYTHM;
use answers::{answer, consciousness, is_tube, rhythm, scale};
use cultures::culture;
use flagged::{Flagged, flagged, marks};
pub(crate) use orders::{end_of, order, order_of};
pub(crate) use problems::{problem, problem_of};

/// The answers for consciousness, in the order of their numbers.
pub(crate) const CONSCIOUSNESS: [&str; 5] = [
    "alert",
    "confused",
    "responds to voice",
    "responds to pain",
    "unresponsive",
];
/// Room air.
pub(crate) const AIR: u8 = 0;
/// Supplemental oxygen.
pub(crate) const OXYGEN: u8 = 1;
/// A culture or antimicrobial was ordered.
pub(crate) const ORDERED: u8 = 0;
/// A specimen was collected, an antimicrobial given.
pub(crate) const DONE: u8 = 1;
/// A culture has a result that is not positive.
pub(crate) const RESULTED: u8 = 2;
/// A culture is positive.
pub(crate) const POSITIVE: u8 = 3;
/// A specimen was collected on a day, at a time that nobody wrote down.
pub(crate) const DONE_THAT_DAY: u8 = 4;
/// The answers for respiratory support, in the order of their numbers.
pub(crate) const SUPPORT: [&str; 5] = [
    "oxygen device",
    "ventilator",
    "extubated",
    "non-invasive ventilation",
    "high-flow nasal oxygen",
];
/// Oxygen is given by a mask, a cannula or the like.
pub(crate) const OXYGEN_DEVICE: u8 = 0;
/// A ventilator runs through a tube.
pub(crate) const VENTILATED: u8 = 1;
/// The tube came out.
pub(crate) const EXTUBATED: u8 = 2;
/// A mask or helmet breathes with the patient.
pub(crate) const NON_INVASIVE: u8 = 3;
/// Oxygen flows fast and warm through the nose.
pub(crate) const HIGH_FLOW: u8 = 4;

/// The answers for circulatory support, in the order of their numbers.
const MACHINES: [&str; 4] = [
    "ended",
    "respiratory ecmo",
    "circulatory ecmo",
    "circulatory pump",
];
/// An artificial lung, for the lungs.
pub(crate) const RESPIRATION_ECMO: u8 = 1;
/// An artificial lung, for the circulation.
pub(crate) const CIRCULATION_ECMO: u8 = 2;
/// A balloon or turbine that helps the heart.
pub(crate) const CIRCULATORY_PUMP: u8 = 3;
/// The answers for kidney replacement, in the order of their numbers.
const DIALYSIS: [&str; 2] = ["ended", "dialysis"];
/// Dialysis runs.
pub(crate) const RUNS: u8 = 1;
/// What can be written down of a sepsis, in the order of their numbers.
pub(crate) const SEPSIS_NOTES: [&str; 8] = [
    "infection suspected",
    "organ dysfunction",
    "severe sepsis",
    "septic shock",
    "comfort care",
    "care declined",
    "transferred in",
    "perfusion reassessed",
];
/// Somebody suspects an infection.
pub(crate) const INFECTION_NOTED: u8 = 0;
/// An organ fails because of it.
pub(crate) const ORGAN_NOTED: u8 = 1;
/// It is severe sepsis.
pub(crate) const SEVERE_SEPSIS_NOTED: u8 = 2;
/// It is septic shock.
pub(crate) const SHOCK_NOTED: u8 = 3;
/// Comfort alone is cared for.
pub(crate) const COMFORT_CARE: u8 = 4;
/// The patient declined care.
pub(crate) const CARE_DECLINED: u8 = 5;
/// The patient came from another hospital.
pub(crate) const TRANSFERRED_IN: u8 = 6;
/// Volume and perfusion were assessed again.
pub(crate) const REASSESSED: u8 = 7;

/// What was taken from an event.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// The hash of the id of the observation.
    pub(crate) resource: u64,
    /// Whether nothing was said of its observation before, and nothing twice now.
    pub(crate) is_first: bool,
    pub(crate) entries: SmallVec<[Entry; 2]>,
    /// What it is in words, where no parameter stands for it.
    pub(crate) words: Option<Box<str>>,
    pub(crate) quality: Vec<QualityIssue>,
}

impl Taken {
    /// Says whether it has nothing to say twice of the same.
    pub(crate) fn says_each_once(&self) -> bool {
        let mut rest = self.entries.as_slice();
        while let Some((first, others)) = rest.split_first() {
            if others
                .iter()
                .any(|other| other.parameter == first.parameter)
            {
                return false;
            }
            rest = others;
        }
        true
    }
}

struct Reader<'a> {
    config: &'a Config,
    tables: &'a Tables,
    event: &'a Event,
    taken: Taken,
}

/// Takes what the chart keeps from an observation.
pub(crate) fn observation(
    config: &Config,
    tables: &Tables,
    event: &Event,
    observation: &Observation,
) -> Taken {
    let mut reader = Reader {
        config,
        tables,
        event,
        taken: Taken::default(),
    };
    let resource = resource_of(event, &observation.resource);
    reader.taken.resource = resource;
    let withdrawal = match observation.status {
        ObservationStatus::EnteredInError => Some(Withdrawal::EnteredInError),
        ObservationStatus::Cancelled => Some(Withdrawal::Cancelled),
        ObservationStatus::Registered => return reader.taken,
        ObservationStatus::Preliminary
        | ObservationStatus::Final
        | ObservationStatus::Corrected
        | ObservationStatus::Amended
        | ObservationStatus::Unknown => None,
    };
    let parts = observation
        .components
        .iter()
        .map(|(codes, value)| (codes, Some(value)));
    for (codes, value) in
        std::iter::once((&observation.codes, observation.value.as_ref())).chain(parts)
    {
        let Some(meaning) = reader.meaning(codes) else {
            continue;
        };
        let doubted = value.and_then(|_| forbidding(observation, codes));
        for parameter in parameters(meaning).into_iter().flatten() {
            let reading = match (withdrawal, value) {
                (Some(withdrawal), _) => Some(Reading::Withdrawn(withdrawal)),
                (None, Some(_)) if doubted.is_some() => {
                    doubted.map(|flag| reader.doubt(parameter, flag.reason))
                }
                (None, Some(value)) => reader.reading(meaning, parameter, value, observation),
                (None, None) => None,
            };
            if let Some(reading) = reading {
                let marks = marks(observation);
                reader.keep(parameter, resource, reading, marks);
            }
        }
    }
    if withdrawal.is_none() {
        let meaning = reader.meaning(&observation.codes);
        if let Some(flagged) = flagged(observation, meaning) {
            reader.keep_flagged(resource, flagged, marks(observation));
        }
    }
    reader.taken
}

/// Gives what a value of this meaning says something of.
const fn parameters(meaning: Meaning) -> [Option<Parameter>; 2] {
    match meaning {
        Meaning::Of(Parameter::BloodCulture) => CULTURE_OF_BLOOD,
        Meaning::Of(parameter) => [Some(parameter), None],
        Meaning::InspiredOxygen => [Some(Parameter::Oxygen), Some(Parameter::OxygenFraction)],
        Meaning::OxygenFlow => [Some(Parameter::Oxygen), None],
        Meaning::VentilatorSetting => [Some(Parameter::RespiratorySupport), None],
    }
}

/// A culture of blood is a culture as well.
const CULTURE_OF_BLOOD: [Option<Parameter>; 2] =
    [Some(Parameter::Culture), Some(Parameter::BloodCulture)];

/// Finds a doubt that forbids to score the value with these codes: one about the whole, or about this part.
fn forbidding<'o>(observation: &'o Observation, codes: &[Code]) -> Option<&'o Flag> {
    let is_own = || *codes == *observation.codes;
    observation.flags.iter().find(|flag| {
        let about = match &*flag.part {
            "" => is_own() || flag.reason.is_about_time(),
            part => codes.iter().any(|code| &*code.code == part),
        };
        about && !flag.reason.allows_scoring()
    })
}

fn resource_of(event: &Event, resource: &str) -> u64 {
    if resource.is_empty() {
        resource_hash(&event.id.to_string())
    } else {
        resource_hash(resource)
    }
}

impl Reader<'_> {
    fn meaning(&self, codes: &[Code]) -> Option<Meaning> {
        let scale = &self.config.deterioration.scale_code;
        if codes
            .iter()
            .any(|code| code.system == scale.system && code.code == scale.code)
        {
            return Some(Meaning::Of(Parameter::SaturationScale));
        }
        self.tables.meaning(codes)
    }

    fn keep(&mut self, parameter: Parameter, resource: u64, reading: Reading, marks: u8) {
        self.taken.entries.push(Entry {
            parameter,
            at: self.event.at,
            known: self.event.received,
            event: self.event.id,
            origin: self.event.origin,
            resource,
            reading,
            marks: if self.event.backfill {
                marks | BACKFILLED
            } else {
                marks
            },
            sensor: self.sensor(parameter),
        });
    }

    /// Keeps a result that its sender flags, with what it is.
    fn keep_flagged(&mut self, resource: u64, flagged: Flagged, marks: u8) {
        let reading = Reading::Coded(RESULTED);
        self.keep(Parameter::FlaggedResult, resource, reading, marks);
        if let Some(entry) = self.taken.entries.last_mut() {
            entry.sensor = flagged.analyte;
        }
        self.taken.words = Some(flagged.words);
    }

    /// Gives the number of the sensor, of what several sensors of a patient measure at once.
    fn sensor(&self, parameter: Parameter) -> u32 {
        let Fact::Observation(observation) = &self.event.fact else {
            return 0;
        };
        let device = observation.device.as_deref();
        let device = device.filter(|_| parameter.is_told_apart());
        let number = device.map(|device| u32::try_from(resource_hash(device) >> 32).unwrap_or(0));
        number.map_or(0, |number| number.max(1))
    }

    fn refuse(&mut self, parameter: Parameter, kind: QualityKind, hint: String) {
        self.taken.quality.push(QualityIssue {
            event: self.event.id,
            parameter,
            kind,
            hint: hint.into(),
        });
    }

    /// Takes note of what normalize doubted.
    fn doubt(&mut self, parameter: Parameter, reason: Reason) -> Reading {
        let (why, kind) = match reason {
            Reason::UnknownUnit | Reason::MissingUnit | Reason::UnfitUnit => {
                (Unusable::Unit, QualityKind::UnitRefused)
            }
            Reason::UnparsedValue => (Unusable::Words, QualityKind::NotANumber),
            Reason::ImpossibleValue | Reason::ImplausibleValue | Reason::ZeroValue => {
                (Unusable::Implausible, QualityKind::Implausible)
            }
            Reason::FromFuture
            | Reason::BeforeBirth
            | Reason::TooLongAgo
            | Reason::IssuedBefore => (Unusable::Time, QualityKind::ImpossibleTime),
        };
        let hint = format!("{}: {}", parameter.words(), reason.words());
        self.refuse(parameter, kind, hint);
        Reading::Unusable(why)
    }

    fn reading(
        &mut self,
        meaning: Meaning,
        parameter: Parameter,
        value: &Value,
        observation: &Observation,
    ) -> Option<Reading> {
        let coded = match (meaning, parameter) {
            (_, Parameter::OxygenFraction) => return oxygen_fraction(value),
            (Meaning::VentilatorSetting, _) => Some(VENTILATED),
            (_, Parameter::RespiratorySupport) => answer(&SUPPORT, value),
            (_, Parameter::CirculatorySupport) => answer(&MACHINES, value),
            (_, Parameter::KidneyReplacement) => answer(&DIALYSIS, value),
            (_, Parameter::HeartRhythm) => rhythm(value),
            (_, Parameter::SepsisNote) => answer(&SEPSIS_NOTES, value),
            (_, Parameter::ComaVerbal) if is_tube(value) => {
                return Some(Reading::Number {
                    value: Decimal::ZERO,
                    unit: Unit::One,
                    comparator: None,
                });
            }
            (Meaning::InspiredOxygen | Meaning::OxygenFlow, _) | (_, Parameter::Oxygen) => {
                self.oxygen(meaning, value)
            }
            (_, Parameter::Consciousness) => consciousness(value),
            (_, Parameter::SaturationScale) => scale(value),
            (_, Parameter::Culture | Parameter::BloodCulture) => {
                let is_of_blood = meaning == Meaning::Of(Parameter::BloodCulture);
                Some(culture(value, &observation.interpretation, is_of_blood))
            }
            (_, other) => return self.number(other, value),
        };
        if coded.is_none() {
            let hint = format!(
                "the answer for {} is not one that is known: map it to a code",
                parameter.words()
            );
            self.refuse(parameter, QualityKind::NotUnderstood, hint);
        }
        coded.map(Reading::Coded)
    }

    fn oxygen(&mut self, meaning: Meaning, value: &Value) -> Option<u8> {
        let (number, unit) = match value {
            Value::Quantity(quantity) => (quantity.value, &*quantity.unit),
            Value::Text(text) if unit::is_room_air(text) => return Some(AIR),
            Value::Text(text) => (text.trim().trim_end_matches('%').trim().parse().ok()?, ""),
            Value::Coded(codes) => {
                return codes
                    .iter()
                    .any(|code| unit::is_room_air(&code.display))
                    .then_some(AIR);
            }
        };
        if meaning == Meaning::OxygenFlow {
            let converts = |unit| {
                let litres = Unit::LitrePerMinute;
                unit::convert_unit(number, unit, litres, Analyte::Other)
            };
            let is_flow = unit.is_empty() || Unit::parse(unit).and_then(converts).is_ok();
            return (is_flow && !number.is_sign_negative()).then_some(if number.is_zero() {
                AIR
            } else {
                OXYGEN
            });
        }
        let fraction = unit::inspired_oxygen(number, unit).ok()?;
        Some(if fraction <= ROOM_AIR { AIR } else { OXYGEN })
    }

    fn number(&mut self, parameter: Parameter, value: &Value) -> Option<Reading> {
        let known = parameter.numeric()?;
        let read = match value {
            Value::Quantity(quantity) => Some(Cow::Borrowed(quantity)),
            Value::Text(text) => Quantity::parse(text)
                .or_else(|| beyond_sensor(parameter, text))
                .map(Cow::Owned),
            Value::Coded(_) => None,
        };
        let Some(quantity) = read else {
            let hint = format!("{} is words and not a number", parameter.words());
            self.refuse(parameter, QualityKind::NotANumber, hint);
            return Some(Reading::Unusable(Unusable::Words));
        };
        let sent = if quantity.unit.is_empty() && known.unit == Unit::One {
            Ok((quantity.value, Unit::One))
        } else {
            unit::measured(quantity.value, &quantity.unit)
        };
        let sent = sent.map(|(sent, unit)| (sent, unit.of_count(known.unit)));
        // What runs by the minute needs the weight of its time, which the rule looks up.
        let is_by_minute = |unit| parameter.is_infusion() && unit == Unit::MicrogramPerMinute;
        let by_minute = sent.as_ref().is_ok_and(|(_, unit)| is_by_minute(*unit));
        let converted = sent.and_then(|(sent, unit)| {
            if by_minute {
                return Ok((sent, unit, sent));
            }
            unit::convert_unit(sent, unit, known.unit, known.analyte)
                .map(|value| (sent, unit, value))
        });
        let (sent, unit, value) = match converted {
            Ok(converted) => converted,
            Err(error) => {
                self.refuse(parameter, QualityKind::UnitRefused, error.to_string());
                return Some(Reading::Unusable(Unusable::Unit));
            }
        };
        // A bound such as <0 is odd but says something; only a measured value can be implausible.
        if quantity.comparator.is_none() && !by_minute && !known.is_plausible(value) {
            let hint = format!(
                "{} of {quantity} is not possible in a living patient",
                parameter.words()
            );
            self.refuse(parameter, QualityKind::Implausible, hint);
            return Some(Reading::Unusable(Unusable::Implausible));
        }
        Some(Reading::Number {
            value: sent,
            unit,
            comparator: quantity.comparator,
        })
    }
}

/// What a glucose sensor says in place of a value that it cannot measure: below 40 and above 400 mg/dL.
fn beyond_sensor(parameter: Parameter, text: &str) -> Option<Quantity> {
    let (comparator, value) = match text.trim().to_lowercase().as_str() {
        _ if parameter != Parameter::InterstitialGlucose => return None,
        "low" | "lo" => (Comparator::Less, 40),
        "high" | "hi" => (Comparator::Greater, 400),
        _ => return None,
    };
    Some(Quantity {
        comparator: Some(comparator),
        value: Decimal::from(value),
        unit: Unit::MilligramPerDecilitre.code().into(),
    })
}

/// The oxygen fraction of room air.
const ROOM_AIR: Decimal = Decimal::from_parts(21, 0, 0, false, 2);

/// Reads the fraction that is breathed in; what is wrong with it is said where it is read as oxygen or air.
fn oxygen_fraction(value: &Value) -> Option<Reading> {
    let (number, unit) = match value {
        Value::Quantity(quantity) if quantity.comparator.is_none() => {
            (quantity.value, &*quantity.unit)
        }
        Value::Text(text) if unit::is_room_air(text) => (ROOM_AIR, ""),
        Value::Text(text) => (text.trim().trim_end_matches('%').trim().parse().ok()?, ""),
        Value::Quantity(_) | Value::Coded(_) => return None,
    };
    let fraction = unit::inspired_oxygen(number, unit).ok()?;
    Some(Reading::Number {
        value: (fraction * Decimal::ONE_HUNDRED).normalize(),
        unit: Unit::Percent,
        comparator: None,
    })
}
