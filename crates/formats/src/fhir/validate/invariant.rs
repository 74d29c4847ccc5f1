//! Rules over the values of an object: those that `invariants.tsv` cannot say, and what every object must keep.

mod values;

use std::sync::LazyLock;

use super::super::definition::{Kind, Part, tables};
use super::super::read::Raw;
use super::IssueCode;
use super::object::{KEPT_MAX, Object, Span};
use super::walk::Walk;

/// How many elements a rule asks for without needing their values.
const ASKED_MAX: usize = 3;

/// Which rule a type is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    None,
    Reference,
    Entry,
    Bundle,
    Period,
    Range,
    Repeat,
    Amount,
    Condition,
    Allergy,
    Observation,
    Appointment,
    Dispense,
    Task,
    Organization,
    Group,
}

/// The rules: of which type, the elements whose values they need, and those that they only ask for.
const RULES: [(&str, Rule, &[&str], &[&str]); 18] = [
    ("Reference", Rule::Reference, &["reference", "type"], &[]),
    (
        "Bundle",
        Rule::Bundle,
        &["type", "identifier"],
        &["total", "timestamp"],
    ),
    (
        "Bundle.entry",
        Rule::Entry,
        &["fullUrl"],
        &["request", "response", "search"],
    ),
    ("Period", Rule::Period, &["start", "end"], &[]),
    ("Range", Rule::Range, &["low", "high"], &[]),
    (
        "Timing.repeat",
        Rule::Repeat,
        &["duration", "period", "when"],
        &["offset"],
    ),
    ("Age", Rule::Amount, &["system", "value"], &["code"]),
    ("Count", Rule::Amount, &["system", "value"], &["code"]),
    ("Distance", Rule::Amount, &["system", "value"], &["code"]),
    ("Duration", Rule::Amount, &["system", "value"], &["code"]),
    (
        "Condition",
        Rule::Condition,
        &["clinicalStatus", "verificationStatus"],
        &["abatementDateTime"],
    ),
    (
        "AllergyIntolerance",
        Rule::Allergy,
        &["clinicalStatus", "verificationStatus"],
        &[],
    ),
    (
        "Observation",
        Rule::Observation,
        &["code", "component"],
        &["valueQuantity"],
    ),
    (
        "Appointment",
        Rule::Appointment,
        &["status"],
        &["start", "cancelationReason"],
    ),
    (
        "MedicationDispense",
        Rule::Dispense,
        &["whenPrepared", "whenHandedOver"],
        &[],
    ),
    ("Task", Rule::Task, &["authoredOn", "lastModified"], &[]),
    (
        "Organization",
        Rule::Organization,
        &["telecom", "address"],
        &[],
    ),
    ("Group", Rule::Group, &["actual"], &["member"]),
];

/// What is held against a type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check {
    rule: Rule,
    /// The elements whose values are kept, as bits.
    pub(super) keeps: u64,
    kept: [Option<u8>; KEPT_MAX],
    asked: [u64; ASKED_MAX],
}

/// What is held against each type, by its number.
pub(super) static CHECKS: LazyLock<Vec<Check>> = LazyLock::new(|| {
    let tables = tables();
    let numbers = (0..).map_while(|number| tables.part(number));
    numbers.map(Check::of).collect()
});

/// The bit of an element that the rule of a type asks for.
pub(super) fn asked(name: &str, which: usize) -> u64 {
    let part = tables().part_named(name);
    let check = part.and_then(|part| CHECKS.get(usize::from(part.number)));
    check
        .and_then(|check| check.asked.get(which).copied())
        .unwrap_or_default()
}

impl Check {
    fn of(part: &Part) -> Self {
        let mut check = Self {
            rule: Rule::None,
            keeps: 0,
            kept: [None; KEPT_MAX],
            asked: [0; ASKED_MAX],
        };
        let element = |name: &str| {
            let number = tables().find(part, name);
            let member = number.and_then(|number| tables().member(number));
            member.map(|member| member.element)
        };
        if part.kind == Kind::Resource {
            check.kept = [None, None, element("meta"), element("id")];
        }
        if let Some((_, rule, kept, asked)) = RULES.iter().find(|(name, ..)| *name == part.name) {
            check.rule = *rule;
            for (place, name) in check.kept.iter_mut().zip(*kept) {
                *place = element(name);
            }
            for (bit, name) in check.asked.iter_mut().zip(*asked) {
                *bit = element(name).map_or(0, |element| 1 << element);
            }
        }
        let kept = check.kept.iter().flatten();
        check.keeps = kept.fold(0, |bits, element| bits | 1 << element);
        check
    }

    /// Keeps the value of an element.
    pub(super) fn keep(&self, object: &mut Object, element: u8, span: Span) {
        for (place, wanted) in object.kept.iter_mut().zip(self.kept) {
            if wanted == Some(element) {
                *place = span;
            }
        }
    }

    pub(super) fn is_reference(&self) -> bool {
        self.rule == Rule::Reference
    }

    pub(super) fn is_entry(&self) -> bool {
        self.rule == Rule::Entry
    }
}

impl Walk<'_, '_> {
    /// Holds an object against what its type asks for.
    pub(super) fn judge(&mut self, object: &Object, check: Option<&Check>) {
        let missing = object.part.required & !object.elements();
        if missing != 0 {
            self.tell_missing(object, missing);
        }
        for rule in self.tables.rules_of(object.part) {
            if object.elements() & rule.there == 0 && object.elements() & rule.absent == rule.absent
            {
                let text = format!("{}: {}", rule.key, rule.advice);
                self.found.add(object.at, IssueCode::Invariant, text);
            }
        }
        if object.nulls || object.shadows & !object.values != 0 {
            self.judge_pairs(object);
        }
        // Beside a value, an `Element` may have an id alone.
        let only_id = object.part.kind != Kind::Resource && object.elements() == 1;
        if only_id && object.part.name != "Element" {
            let text = "ele-1: the object says nothing but its id: leave it out";
            self.found.add(object.at, IssueCode::Invariant, text);
        }
        if let Some(check) = check
            && check.rule != Rule::None
        {
            self.judge_values(object, check);
        }
    }

    fn tell_missing(&mut self, object: &Object, missing: u64) {
        let mut told = 0_u64;
        for member in self.tables.members_of(object.part) {
            let bit = 1 << member.element;
            if missing & bit == 0 || told & bit != 0 {
                continue;
            }
            told |= bit;
            let name = member.name;
            let text = match member.choice {
                true => format!(
                    "{} needs this in one of its types: add it",
                    object.part.name
                ),
                false => format!("{} needs this: add it", object.part.name),
            };
            self.found.miss(object.at, name, text);
        }
    }

    /// Where a value is null or not there, its sibling must have an extension instead.
    fn judge_pairs(&mut self, object: &Object) {
        let span = Span::new(object.at, object.end);
        let Some(raw) = span.of(self.cursor.text).map(Raw::begin) else {
            return;
        };
        for member in self.tables.members_of(object.part) {
            let bit = 1 << member.element;
            let nulls = object.nulls && object.values & bit != 0 && member.repeats;
            if object.shadows & bit == 0 && !nulls {
                continue;
            }
            let values = raw.get(member.name).ok().flatten();
            let siblings = raw.get(&format!("_{}", member.name)).ok().flatten();
            let well = match (values, siblings) {
                (None, Some(sibling)) if !member.repeats => extends(sibling),
                (Some(_), Some(_)) if !member.repeats => true,
                (None, Some(siblings)) => siblings.items().all(|s| s.is_ok_and(extends)),
                (Some(values), siblings) => {
                    let siblings: Vec<Raw<'_>> = siblings
                        .into_iter()
                        .flat_map(Raw::items)
                        .flatten()
                        .collect();
                    values.items().flatten().zip(0..).all(|(value, place)| {
                        value.as_bytes() != b"null"
                            || siblings.get(place).is_some_and(|s| extends(*s))
                    })
                }
                (None, None) => true,
            };
            if !well {
                let text = format!(
                    "{} has neither a value nor an extension in its place: leave it out",
                    member.name
                );
                self.found.add(object.at, IssueCode::Invariant, text);
            }
        }
    }

    fn judge_values(&mut self, object: &Object, check: &Check) {
        let text = self.cursor.text;
        let [first, second, ..] = object.kept;
        let has = |which: usize| {
            check
                .asked
                .get(which)
                .is_some_and(|bit| object.elements() & bit != 0)
        };
        let problem = match check.rule {
            Rule::Period if values::later(first, second, text) => {
                Some("per-1: the period ends before it starts: correct its start or end")
            }
            Rule::Dispense if values::later(first, second, text) => {
                Some("mdd-1: handed over before it was prepared: correct one of both times")
            }
            Rule::Task if values::later(first, second, text) => {
                Some("inv-1: lastModified is before authoredOn: correct one of both")
            }
            Rule::Range => values::problem_of_range(first, second, text),
            Rule::Repeat => values::problem_of_repeat(object, has(0), text),
            Rule::Amount => values::problem_of_amount(object, has(0), text),
            Rule::Condition => values::problem_of_condition(first, second, has(0), text),
            Rule::Allergy => values::problem_of_allergy(first, second, text),
            Rule::Observation if has(0) => values::problem_of_observation(first, second, text),
            Rule::Appointment => values::problem_of_appointment(first, has(0), has(1), text),
            Rule::Organization => values::problem_of_organization(first, second, text),
            Rule::Group if has(0) && first.of(text) != Some("true") => Some(
                "grp-1: only a group of actual members lists them: set actual or leave the members out",
            ),
            _ => None,
        };
        if let Some(problem) = problem {
            self.found.add(object.at, IssueCode::Invariant, problem);
        }
    }
}

/// Whether a sibling has an extension, which stands for the value.
fn extends(sibling: Raw<'_>) -> bool {
    sibling
        .get("extension")
        .is_ok_and(|extension| extension.is_some())
}
