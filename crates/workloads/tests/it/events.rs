//! Makes clinical events of what scenarios and properties say.

use clinical::{
    Code, Comparator, Fact, Given, ObservationStatus, Order, OrderKind, Quantity, System, Value,
};

pub(crate) use workloads::scenario::{
    Place, event, event_time, merge, observation, patient, received_time, told,
};

/// Makes what was observed once and stays.
pub(crate) fn observed(resource: &str, code: Code, value: Value) -> Fact {
    observed_as(resource, code, value, ObservationStatus::Final)
}

/// Makes what was observed, in a status: what was entered in error has no value.
pub(crate) fn observed_as(
    resource: &str,
    code: Code,
    value: Value,
    status: ObservationStatus,
) -> Fact {
    let value = (status != ObservationStatus::EnteredInError).then_some(value);
    workloads::scenario::observed(resource, code, value, status)
}

/// Makes a code of a system that has no name of its own.
pub(crate) fn other(system: &str, code: &str) -> Code {
    Code {
        system: System::Other(system.into()),
        code: code.into(),
        display: "".into(),
    }
}

/// Makes an order that stands.
pub(crate) fn ordered(resource: &str, kind: OrderKind, codes: Vec<Code>) -> Order {
    Order {
        resource: resource.into(),
        kind,
        codes,
        active: true,
        given: Given::default(),
    }
}

/// Makes a drug of the ATC as it was given.
pub(crate) fn administered(resource: &str, drug: &str, given: Given) -> Order {
    let codes = vec![other("http://www.whocc.no/atc", drug)];
    Order {
        given,
        ..ordered(resource, OrderKind::MedicationGiven, codes)
    }
}

/// Makes a quantity of digits.
pub(crate) fn quantity(digits: &str, unit: &str) -> Quantity {
    Quantity {
        comparator: None,
        value: digits.parse().expect("they are digits"),
        unit: unit.into(),
    }
}

/// Makes a value of digits.
pub(crate) fn number(digits: &str, unit: &str) -> Value {
    Value::Quantity(quantity(digits, unit))
}

/// Makes a value of digits, and a text of anything else.
pub(crate) fn number_or_text(said: &str, unit: &str) -> Value {
    let digits = said.trim_start_matches(['<', '>', '=']);
    match digits.parse() {
        Ok(value) => Value::Quantity(Quantity {
            comparator: said.strip_suffix(digits).and_then(Comparator::parse),
            value,
            unit: unit.into(),
        }),
        Err(_) => Value::Text(said.into()),
    }
}
