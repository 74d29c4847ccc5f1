//! What the chart keeps of an order.

use clinical::{Decimal, Event, Order, OrderKind, Quantity, Value, resource_hash};

use super::{DONE, DONE_THAT_DAY, ORDERED, Reader, Taken, parameters, resource_of};
use crate::Parameter;
use crate::chart::{ENDS, Reading, Withdrawal};
use crate::config::Config;
use crate::step::QualityKind;
use crate::tables::{Meaning, Tables};

/// The code beside those of an order whose time is a day.
const DAY_ONLY: &str = "day-only";

/// Takes what the chart keeps from an order.
pub(crate) fn order(config: &Config, tables: &Tables, event: &Event, order: &Order) -> Taken {
    let mut reader = Reader {
        config,
        tables,
        event,
        taken: Taken::default(),
    };
    let resource = order_of(event, order);
    match order.kind {
        OrderKind::Service | OrderKind::Specimen => {
            if let Some((parameters, code)) = asked_for(&reader, order) {
                for parameter in parameters.into_iter().flatten() {
                    reader.say(order, parameter, Reading::Coded(code), resource);
                }
            }
        }
        OrderKind::MedicationOrdered | OrderKind::MedicationGiven => {
            if tables.is_antimicrobial(&order.codes) {
                let stage = if order.kind == OrderKind::MedicationGiven {
                    DONE
                } else {
                    ORDERED
                };
                let reading = Reading::Coded(stage);
                reader.say(order, Parameter::Antimicrobial, reading, resource);
            } else if order.kind == OrderKind::MedicationGiven
                && let Some(Meaning::Of(drug)) = reader.meaning(&order.codes)
            {
                reader.given(order, drug, resource);
            }
        }
    }
    reader.taken
}

/// Gives what was asked for or collected.
fn asked_for(reader: &Reader<'_>, order: &Order) -> Option<([Option<Parameter>; 2], u8)> {
    let meaning = reader.meaning(&order.codes)?;
    match meaning {
        Meaning::Of(Parameter::Culture | Parameter::BloodCulture) => {
            let day_only = order.codes.iter().any(|code| *code.code == *DAY_ONLY);
            let stage = match order.kind {
                OrderKind::Specimen if day_only => DONE_THAT_DAY,
                OrderKind::Specimen => DONE,
                OrderKind::Service | OrderKind::MedicationOrdered | OrderKind::MedicationGiven => {
                    ORDERED
                }
            };
            Some((parameters(meaning), stage))
        }
        Meaning::Of(Parameter::SaturationScale) => Some((parameters(meaning), 2)),
        Meaning::Of(_)
        | Meaning::InspiredOxygen
        | Meaning::OxygenFlow
        | Meaning::VentilatorSetting => None,
    }
}

impl Reader<'_> {
    fn say(&mut self, order: &Order, parameter: Parameter, reading: Reading, resource: u64) {
        let reading = if order.active {
            reading
        } else {
            Reading::Withdrawn(Withdrawal::Cancelled)
        };
        self.keep(parameter, resource, reading, 0);
    }

    /// Takes how fast a drug runs and when it stops, how much of a fluid was given, or that a drug was.
    fn given(&mut self, order: &Order, drug: Parameter, resource: u64) {
        if drug == Parameter::DeliriumDrug {
            self.say(order, drug, Reading::Coded(DONE), resource);
        } else if drug == Parameter::Crystalloid {
            let dose = order.given.dose.clone().map(Value::Quantity);
            if let Some(reading) = dose.and_then(|dose| self.number(drug, &dose)) {
                self.say(order, drug, reading, resource);
                self.end(order, drug, resource);
            }
        } else if drug.is_infusion() {
            let Some(rate) = &order.given.rate else {
                let hint = format!(
                    "how fast {} runs is not said: send dosage.rateQuantity",
                    drug.words()
                );
                self.refuse(drug, QualityKind::NotUnderstood, hint);
                return;
            };
            if order.given.end.is_some_and(|end| end <= self.event.at) {
                // It ran for no time.
                return;
            }
            if let Some(reading) = self.number(drug, &Value::Quantity(by_minute(rate))) {
                self.say(order, drug, reading, resource);
            }
            self.end(order, drug, resource);
        }
    }

    /// Takes when it was over, where that is said.
    fn end(&mut self, order: &Order, drug: Parameter, resource: u64) {
        let end = order.given.end.filter(|end| *end > self.event.at);
        let (Some(end), Some(number)) = (end, drug.numeric()) else {
            return;
        };
        let nothing = Reading::Number {
            value: Decimal::ZERO,
            unit: number.unit,
            comparator: None,
        };
        self.say(order, drug, nothing, end_of(resource));
        if let Some(entry) = self.taken.entries.last_mut() {
            entry.at = end;
            entry.marks |= ENDS;
        }
    }
}

/// The name under which the end of what a resource says is kept.
pub(crate) const fn end_of(resource: u64) -> u64 {
    resource | END
}

/// Tells the end of what a resource says from the rest of it.
const END: u64 = 1 << 63;

/// Rates that are charted by the hour or in milligrams, by how many of what is compared they are.
const RATES: [(&str, i64, i64, &str); 7] = [
    ("mg/min", 1000, 1, "ug/min"),
    ("mg/h", 1000, 60, "ug/min"),
    ("ug/h", 1, 60, "ug/min"),
    ("mg/kg/min", 1000, 1, "ug/kg/min"),
    ("mg/kg/h", 1000, 60, "ug/kg/min"),
    ("ug/kg/h", 1, 60, "ug/kg/min"),
    ("[IU]/h", 1, 60, "[IU]/min"),
];
/// What is written for a unit of UCUM as well.
const WRITTEN: [(&str, &str); 5] = [
    ("mcg", "ug"),
    ("µg", "ug"),
    ("/hr", "/h"),
    ("[iU]", "[IU]"),
    ("units", "[IU]"),
];

/// Gives a rate by the minute.
fn by_minute(rate: &Quantity) -> Quantity {
    let unit = WRITTEN
        .iter()
        .fold(rate.unit.to_string(), |unit, (from, to)| {
            unit.replace(from, to)
        });
    let known = RATES.iter().find(|(from, ..)| *from == unit);
    known.map_or_else(
        || rate.clone(),
        |(_, times, by, to)| Quantity {
            comparator: rate.comparator,
            value: rate.value * Decimal::from(*times) / Decimal::from(*by),
            unit: (*to).into(),
        },
    )
}

/// An order may have the id of an observation, since ids are of a type.
pub(crate) fn order_of(event: &Event, order: &Order) -> u64 {
    let kind = match order.kind {
        OrderKind::Service => "service",
        OrderKind::Specimen => "specimen",
        OrderKind::MedicationOrdered => "medication-ordered",
        OrderKind::MedicationGiven => "medication-given",
    };
    if order.resource.is_empty() {
        return resource_of(event, "");
    }
    resource_hash(&format!("{kind}/{}", order.resource)) & !END
}
