//! What observations and orders say of a visit, and how the code of a disposition is read: by tables.

use clinical::{
    Code, Event, EventId, EventTime, Fact, Order, OrderKind, ReceivedTime, Value, resource_hash,
};

use super::visit::{Disposition, Milestone};
use crate::{site_rows, without_rows};

const SIGNS: &str = include_str!("../../data/ed_signs.tsv");
const DISPOSITIONS: &str = include_str!("../../data/ed_dispositions.tsv");
/// Levels of urgency are counted from 1 to this.
const LEAST_URGENT: i64 = 5;

/// What an observation or order says of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// A milestone was reached.
    Reached(Milestone),
    /// The patient is ventilated.
    Ventilated,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignRule {
    /// Whether it is of orders; of observations otherwise.
    pub is_order: bool,
    /// The system of the code, by its URI.
    pub system: Box<str>,
    /// The code.
    pub code: Box<str>,
    /// The code of the answer; nothing for any.
    pub answer: Option<Box<str>>,
    /// What it says.
    pub says: Says,
}

/// What was said of whatever visit the patient was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The observation or order: a hash of its id.
    pub resource: u64,
    /// What it says.
    pub says: Says,
    /// When it was so.
    pub at: EventTime,
    /// When it reached us; of two versions the later one holds.
    pub known: ReceivedTime,
    /// The event that said so.
    pub event: EventId,
    /// Whether it stands.
    pub stands: bool,
    /// How urgent it is, from 1, where it says so.
    pub acuity: Option<u8>,
}

/// Reads what an event says of a visit, each of it once. An event that says nothing of what is waited for takes back what
/// an earlier version of its resource said: the caller drops that.
pub fn signs(rules: &[SignRule], event: &Event) -> Vec<Sign> {
    let (resource, stands, codes, answer, is_order) = match &event.fact {
        Fact::Observation(found) => {
            let answer = found.value.as_ref();
            (
                &found.resource,
                found.status.is_usable(),
                &found.codes,
                answer,
                false,
            )
        }
        Fact::Order(Order {
            kind: OrderKind::Service,
            resource,
            active,
            codes,
            ..
        }) => (resource, *active, codes, None, true),
        Fact::Order(_)
        | Fact::Problem(_)
        | Fact::Encounter(_)
        | Fact::Person(_)
        | Fact::Merge(_)
        | Fact::Handover { .. } => return Vec::new(),
    };
    let mut said: Vec<Says> = rules
        .iter()
        .filter(|rule| rule.is_order == is_order && codes.iter().any(|code| rule.is_of(code)))
        .filter(|rule| {
            rule.answer
                .as_deref()
                .is_none_or(|wanted| answers(answer, wanted))
        })
        .map(|rule| rule.says)
        .collect();
    said.sort_unstable();
    said.dedup();
    let acuity = answer.and_then(acuity);
    said.into_iter()
        .map(|says| Sign {
            resource: resource_hash(resource),
            says,
            at: event.at,
            known: event.received,
            event: event.id,
            stands,
            acuity: acuity.filter(|_| says == Says::Reached(Milestone::Triage)),
        })
        .collect()
}

fn answers(answer: Option<&Value>, wanted: &str) -> bool {
    match answer {
        Some(Value::Coded(codes)) => codes.iter().any(|code| &*code.code == wanted),
        Some(Value::Quantity(_) | Value::Text(_)) | None => false,
    }
}

fn acuity(answer: &Value) -> Option<u8> {
    let level = |text: &str| {
        text.trim()
            .parse()
            .ok()
            .filter(|level| (1..=LEAST_URGENT).contains(level))
    };
    let level: i64 = match answer {
        Value::Quantity(quantity) => level(&quantity.value.normalize().to_string()),
        Value::Coded(codes) => codes
            .iter()
            .find_map(|code| level(&code.code).or_else(|| level(&code.display))),
        Value::Text(text) => level(text),
    }?;
    u8::try_from(level).ok()
}

impl SignRule {
    fn is_of(&self, code: &Code) -> bool {
        code.code == self.code && code.system.uri() == &*self.system
    }
}

/// Reads the signs that are part of the program.
pub fn own_signs() -> Vec<SignRule> {
    parse_signs(SIGNS).expect("every row is a sign, as a test shows")
}

/// Reads a file of signs.
///
/// # Errors
/// With the line, where a row is no sign.
pub fn parse_signs(text: &str) -> Result<Vec<SignRule>, String> {
    if let Some((line, what)) = without_rows(text) {
        return Err(format!("line {line}: {what}"));
    }
    site_rows(text)
        .map(|(line, row)| rule(row).map_err(|what| format!("line {line}: {what}")))
        .collect()
}

fn rule(row: &str) -> Result<SignRule, &'static str> {
    let cells: Vec<&str> = row.split('\t').collect();
    let [kind, system, code, answer, says, source] = cells.as_slice() else {
        return Err("write kind, system, code, answer, what it says and source, separated by tabs");
    };
    if code.is_empty() || source.trim().is_empty() {
        return Err("name the code, and say where the row comes from");
    }
    Ok(SignRule {
        is_order: match *kind {
            "order" => true,
            "observation" => false,
            _ => return Err("the kind is observation or order"),
        },
        system: (*system).into(),
        code: (*code).into(),
        answer: (*answer != "-").then(|| (*answer).into()),
        says: match *says {
            "ventilated" => Says::Ventilated,
            word => Milestone::parse(word)
                .map(Says::Reached)
                .filter(|says| ORDERED.contains(says))
                .ok_or(
                    "it says triage, provider, decision, bed-request, bed-assigned or ventilated",
                )?,
        },
    })
}

/// What observations and orders can say; the rest is where the patient is.
const ORDERED: [Says; 5] = [
    Says::Reached(Milestone::Triage),
    Says::Reached(Milestone::Provider),
    Says::Reached(Milestone::Decision),
    Says::Reached(Milestone::BedRequest),
    Says::Reached(Milestone::BedAssigned),
];

/// Reads the code of where the patient went.
pub(super) fn disposition(code: &str) -> Option<Disposition> {
    let mut rows = DISPOSITIONS.lines().map(|row| row.split('\t'));
    let mut ended = rows.find_map(|mut cells| (cells.next() == Some(code)).then_some(cells))?;
    ended.next().and_then(Disposition::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read() {
        assert_eq!(own_signs().len(), 8);
        let rows = DISPOSITIONS.lines().filter(|row| !row.starts_with('#'));
        for row in rows {
            let code = row.split('\t').next().unwrap_or_default();
            assert!(disposition(code).is_some(), "{row}");
        }
        assert_eq!((disposition(""), disposition("99")), (None, None));
    }

    #[test]
    fn a_row_that_is_no_sign_is_told_with_its_line() {
        for row in [
            "result\thttp://loinc.org\t1\t-\ttriage\tthe site",
            "order\thttp://loinc.org\t1\t-\tarrival\tthe site",
            "order\thttp://loinc.org\t1\t-\ttriage\t ",
            "order\thttp://loinc.org\t\t-\ttriage\tthe site",
            "order\thttp://loinc.org\t1\ttriage",
        ] {
            let wrong = parse_signs(&format!("# words\n{row}")).expect_err("the row is no sign");
            assert!(wrong.starts_with("line 2: "), "{wrong}");
        }
    }
}
