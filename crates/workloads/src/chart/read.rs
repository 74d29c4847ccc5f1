//! Takes from an event what the chart keeps, and says what could not be used.

use std::borrow::Cow;

use clinical::plausible::{Flag, Reason};
use clinical::unit::{self, Unit};
use clinical::{
    Code, Decimal, Event, Observation, ObservationStatus, Order, OrderKind, Quantity, System, Value,
};

use super::{BACKFILLED, Entry, FLAGGED, HAEMOLYSED, Reading, Unusable, Withdrawal, resource_hash};
use crate::Parameter;
use crate::config::Config;
use crate::step::{QualityIssue, QualityKind};
use crate::tables::{Meaning, Tables};

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

/// What was taken from an event.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) entries: Vec<Entry>,
    pub(crate) quality: Vec<QualityIssue>,
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
        let parameter = match meaning {
            Meaning::Of(parameter) => parameter,
            Meaning::InspiredOxygen | Meaning::OxygenFlow => Parameter::Oxygen,
        };
        let doubted = value.and_then(|_| forbidding(observation, codes));
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
    reader.taken
}

/// Finds a doubt that forbids to score the value with these codes: one about the whole, or about this part.
fn forbidding<'o>(observation: &'o Observation, codes: &[Code]) -> Option<&'o Flag> {
    let is_own = *codes == *observation.codes;
    observation.flags.iter().find(|flag| {
        let about = match &*flag.part {
            "" => is_own || flag.reason.is_about_time(),
            part => codes.iter().any(|code| &*code.code == part),
        };
        about && !flag.reason.allows_scoring()
    })
}

/// Takes what the chart keeps from an order.
pub(crate) fn order(config: &Config, tables: &Tables, event: &Event, order: &Order) -> Taken {
    let mut reader = Reader {
        config,
        tables,
        event,
        taken: Taken::default(),
    };
    let found = match order.kind {
        OrderKind::Service | OrderKind::Specimen => match reader.meaning(&order.codes) {
            Some(Meaning::Of(Parameter::Culture)) => {
                let stage = if order.kind == OrderKind::Specimen {
                    DONE
                } else {
                    ORDERED
                };
                Some((Parameter::Culture, stage))
            }
            Some(Meaning::Of(Parameter::SaturationScale)) => Some((Parameter::SaturationScale, 2)),
            Some(_) | None => None,
        },
        OrderKind::MedicationOrdered | OrderKind::MedicationGiven => {
            let stage = if order.kind == OrderKind::MedicationGiven {
                DONE
            } else {
                ORDERED
            };
            tables
                .is_antimicrobial(&order.codes)
                .then_some((Parameter::Antimicrobial, stage))
        }
    };
    if let Some((parameter, code)) = found {
        let reading = if order.active {
            Reading::Coded(code)
        } else {
            Reading::Withdrawn(Withdrawal::Cancelled)
        };
        reader.keep(parameter, resource_of(event, &order.resource), reading, 0);
    }
    reader.taken
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
        });
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
            (Meaning::InspiredOxygen | Meaning::OxygenFlow, _) | (_, Parameter::Oxygen) => {
                self.oxygen(meaning, value)
            }
            (_, Parameter::Consciousness) => consciousness(value),
            (_, Parameter::SaturationScale) => scale(value),
            (_, Parameter::Culture) => Some(culture(value, observation.interpretation.as_deref())),
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
            let is_flow = unit.is_empty() || Unit::parse(unit) == Ok(Unit::LitrePerMinute);
            return (is_flow && !number.is_sign_negative()).then_some(if number.is_zero() {
                AIR
            } else {
                OXYGEN
            });
        }
        let fraction = unit::inspired_oxygen(number, unit).ok()?;
        Some(if fraction == ROOM_AIR { AIR } else { OXYGEN })
    }

    fn number(&mut self, parameter: Parameter, value: &Value) -> Option<Reading> {
        let known = parameter.numeric()?;
        let read = match value {
            Value::Quantity(quantity) => Some(Cow::Borrowed(quantity)),
            Value::Text(text) => Quantity::parse(text).map(Cow::Owned),
            Value::Coded(_) => None,
        };
        let Some(quantity) = read else {
            let hint = format!("{} is words and not a number", parameter.words());
            self.refuse(parameter, QualityKind::NotANumber, hint);
            return Some(Reading::Unusable(Unusable::Words));
        };
        let unit = if quantity.unit.is_empty() && known.unit == Unit::One {
            Ok(Unit::One)
        } else {
            Unit::parse(&quantity.unit)
        };
        let converted = unit.and_then(|unit| {
            unit::convert_unit(quantity.value, unit, known.unit, known.analyte)
                .map(|value| (unit, value))
        });
        let (unit, value) = match converted {
            Ok(converted) => converted,
            Err(error) => {
                self.refuse(parameter, QualityKind::UnitRefused, error.to_string());
                return Some(Reading::Unusable(Unusable::Unit));
            }
        };
        // A bound such as <0 is odd but says something; only a measured value can be implausible.
        if quantity.comparator.is_none() && !known.is_plausible(value) {
            let hint = format!(
                "{} of {quantity} is not possible in a living patient",
                parameter.words()
            );
            self.refuse(parameter, QualityKind::Implausible, hint);
            return Some(Reading::Unusable(Unusable::Implausible));
        }
        Some(Reading::Number {
            value: quantity.value,
            unit,
            comparator: quantity.comparator,
        })
    }
}

/// The oxygen fraction of room air.
const ROOM_AIR: Decimal = Decimal::from_parts(21, 0, 0, false, 2);

fn marks(observation: &Observation) -> u8 {
    let haemolysed = observation.notes.iter().any(|note| {
        let note = note.to_lowercase();
        (note.contains("haemoly") || note.contains("hemoly"))
            && !note.contains("no h")
            && !note.contains("not h")
    });
    let flagged = matches!(
        observation.interpretation.as_deref(),
        Some("HH" | "LL" | "AA")
    );
    (u8::from(haemolysed) * HAEMOLYSED) | (u8::from(flagged) * FLAGGED)
}

/// SNOMED CT codes of the five answers, as NHS England's NEWS2 value set has them.
const CONSCIOUSNESS_SNOMED: [(&str, u8); 5] = [
    ("248234008", 0),
    ("130987000", 1),
    ("300202002", 2),
    ("450847001", 3),
    ("422768004", 4),
];

fn consciousness(value: &Value) -> Option<u8> {
    match value {
        Value::Text(text) => consciousness_word(text),
        Value::Coded(codes) => codes.iter().find_map(|code| {
            CONSCIOUSNESS_SNOMED
                .iter()
                .find(|(known, _)| code.system == System::Snomed && **known == *code.code)
                .map(|(_, answer)| *answer)
                .or_else(|| consciousness_word(&code.display))
                .or_else(|| consciousness_word(&code.code))
        }),
        Value::Quantity(_) => None,
    }
}

fn consciousness_word(text: &str) -> Option<u8> {
    match text.trim().to_lowercase().as_str() {
        "a" | "alert" => Some(0),
        "c" | "confused" | "confusion" | "new confusion" => Some(1),
        "v" | "voice" | "verbal" | "responds to voice" => Some(2),
        "p" | "pain" | "responds to pain" => Some(3),
        "u" | "unresponsive" => Some(4),
        _ => None,
    }
}

fn scale(value: &Value) -> Option<u8> {
    let is = |text: &str| match text.trim() {
        "1" => Some(1),
        "2" => Some(2),
        _ => None,
    };
    match value {
        Value::Quantity(quantity) => is(&quantity.value.normalize().to_string()),
        Value::Text(text) => is(text),
        Value::Coded(codes) => codes.iter().find_map(|code| is(&code.code)),
    }
}

/// SNOMED CT, Positive.
const POSITIVE_SNOMED: &str = "10828004";

fn culture(value: &Value, interpretation: Option<&str>) -> u8 {
    let positive = match value {
        Value::Coded(codes) => codes.iter().any(|code| &*code.code == POSITIVE_SNOMED),
        Value::Text(text) => text.trim().to_lowercase().starts_with("positive"),
        Value::Quantity(_) => false,
    };
    if positive || matches!(interpretation, Some("POS" | "AA")) {
        POSITIVE
    } else {
        RESULTED
    }
}
