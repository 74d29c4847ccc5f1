//! Rules over the values of an object: those that `invariants.tsv` cannot say, and what every object must keep.

use std::cmp::Ordering;
use std::sync::LazyLock;

use super::super::definition::{Kind, Part, tables};
use super::super::read::Raw;
use super::IssueCode;
use super::date::Moment;
use super::object::{KEPT_MAX, Object, Span};
use super::reference::string;
use super::walk::Walk;

/// How many elements a rule asks for without needing their values.
const ASKED_MAX: usize = 3;

/// The system of units of measure.
const UCUM: &str = "http://unitsofmeasure.org";

/// The code systems that the status of a condition or allergy is from; `*-clinical` where it is active, `*-ver-status` how sure it is.
const CONDITION_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CONDITION_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const ALLERGY_VERIFICATION: &str =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";

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
    pub(super) keeps: u128,
    kept: [Option<u8>; KEPT_MAX],
    asked: [u128; ASKED_MAX],
}

/// What is held against each type, by its number.
pub(super) static CHECKS: LazyLock<Vec<Check>> = LazyLock::new(|| {
    let tables = tables();
    let numbers = (0..).map_while(|number| tables.part(number));
    numbers.map(Check::of).collect()
});

/// The bit of an element that the rule of a type asks for.
pub(super) fn asked(name: &str, which: usize) -> u128 {
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
        let missing = object.part.required & !object.elements;
        if missing != 0 {
            self.tell_missing(object, missing);
        }
        for rule in self.tables.rules_of(object.part) {
            if object.elements & rule.there == 0 && object.elements & rule.absent == rule.absent {
                let text = format!("{}: {}", rule.key, rule.advice);
                self.found.add(object.at, IssueCode::Invariant, text);
            }
        }
        if object.nulls || object.has_lone_shadow() {
            self.judge_pairs(object);
        }
        let only_id = object.part.kind != Kind::Resource && object.elements == 1;
        if only_id {
            let text = "ele-1: the object says nothing but its id: leave it out";
            self.found.add(object.at, IssueCode::Invariant, text);
        }
        if let Some(check) = check
            && check.rule != Rule::None
        {
            self.judge_values(object, check);
        }
    }

    fn tell_missing(&mut self, object: &Object, missing: u128) {
        let mut told = 0_u128;
        for member in self.tables.members_of(object.part) {
            let bit = 1 << member.element;
            if missing & bit == 0 || told & bit != 0 {
                continue;
            }
            told |= bit;
            let name = member.name.clone();
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
        let span = Span {
            at: object.at,
            end: object.end,
        };
        let Some(raw) = span.of(self.cursor.text).map(Raw::begin) else {
            return;
        };
        for (member, place) in self.tables.members_of(object.part).iter().zip(0..) {
            let nulls = object.nulls && object.has_member(place) && member.repeats;
            if !object.has_shadow(place) && !nulls {
                continue;
            }
            let values = raw.get(&member.name).ok().flatten();
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
                .is_some_and(|bit| object.elements & bit != 0)
        };
        let problem = match check.rule {
            Rule::Period if later(first, second, text) => {
                Some("per-1: the period ends before it starts: correct its start or end")
            }
            Rule::Dispense if later(first, second, text) => {
                Some("mdd-1: handed over before it was prepared: correct one of both times")
            }
            Rule::Task if later(first, second, text) => {
                Some("inv-1: lastModified is before authoredOn: correct one of both")
            }
            Rule::Range => problem_of_range(first, second, text),
            Rule::Repeat => problem_of_repeat(object, has(0), text),
            Rule::Amount => problem_of_amount(object, has(0), text),
            Rule::Condition => problem_of_condition(first, second, has(0), text),
            Rule::Allergy => problem_of_allergy(first, second, text),
            Rule::Observation if has(0) => problem_of_observation(first, second, text),
            Rule::Appointment => problem_of_appointment(first, has(0), has(1), text),
            Rule::Organization => problem_of_organization(first, second, text),
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

/// Whether the first moment is later than the second.
fn later(first: Span, second: Span, text: &str) -> bool {
    let (first, second) = (string(first, text), string(second, text));
    let moments = first
        .as_deref()
        .and_then(Moment::parse)
        .zip(second.as_deref().and_then(Moment::parse));
    moments.is_some_and(|(first, second)| first.compare(&second) == Some(Ordering::Greater))
}

fn member<'b>(value: Span, name: &str, text: &'b str) -> Option<Raw<'b>> {
    Raw::begin(value.of(text)?).get(name).ok().flatten()
}

/// A number near enough to be compared.
fn number(raw: Raw<'_>) -> Option<f64> {
    raw.number().ok()?.digits().parse().ok()
}

fn problem_of_range(low: Span, high: Span, text: &str) -> Option<&'static str> {
    let value = |span| member(span, "value", text).and_then(number);
    let unit = |span| {
        member(span, "code", text)
            .or_else(|| member(span, "unit", text))
            .map(Raw::as_bytes)
    };
    let (low_value, high_value) = (value(low)?, value(high)?);
    (low_value > high_value && unit(low) == unit(high))
        .then_some("rng-2: the low end is above the high end: exchange them")
}

fn problem_of_repeat(object: &Object, offset: bool, text: &str) -> Option<&'static str> {
    let [duration, period, when, _] = object.kept;
    let negative = |span: Span| {
        span.of(text)
            .map(Raw::begin)
            .and_then(|_| span.of(text)?.parse::<f64>().ok())
            .is_some_and(|n| n < 0.0)
    };
    if negative(duration) {
        return Some("tim-4: a duration is not negative");
    }
    if negative(period) {
        return Some("tim-5: a period is not negative");
    }
    let mut whens = when
        .of(text)
        .map(Raw::begin)
        .into_iter()
        .flat_map(Raw::items)
        .flatten();
    let is_meal = |when: Raw<'_>| {
        when.text()
            .is_ok_and(|code| matches!(&*code, "C" | "CM" | "CD" | "CV"))
    };
    (offset && whens.any(is_meal))
        .then_some("tim-9: there is no offset from a meal itself: say before or after it")
}

fn problem_of_amount(object: &Object, code: bool, text: &str) -> Option<&'static str> {
    let [system, value, ..] = object.kept;
    let system = string(system, text);
    if system.as_deref().is_some_and(|system| system != UCUM) {
        return Some("the unit's system is http://unitsofmeasure.org and no other");
    }
    let value = value.of(text).and_then(|digits| digits.parse::<f64>().ok());
    match object.part.name {
        "Age" if value.is_some_and(|value| value <= 0.0) => Some("age-1: an age is more than 0"),
        "Duration" if code && system.is_none() => Some("drt-1: say the system of the unit's code"),
        _ => None,
    }
}

/// Whether a concept has one of these codes.
fn is_coded(concept: Span, system: &str, codes: &[&str], text: &str) -> bool {
    let codings = member(concept, "coding", text);
    let mut codings = codings.into_iter().flat_map(Raw::items).flatten();
    codings.any(|coding| {
        let member = |name| {
            coding
                .get(name)
                .ok()
                .flatten()
                .and_then(|raw| raw.text().ok())
        };
        member("system").is_some_and(|own| own == system)
            && member("code").is_some_and(|code| codes.contains(&&*code))
    })
}

fn problem_of_condition(
    clinical: Span,
    verification: Span,
    abated: bool,
    text: &str,
) -> Option<&'static str> {
    let in_error = is_coded(
        verification,
        CONDITION_VERIFICATION,
        &["entered-in-error"],
        text,
    );
    let over = is_coded(
        clinical,
        CONDITION_CLINICAL,
        &["inactive", "remission", "resolved"],
        text,
    );
    if in_error && clinical.of(text).is_some() {
        Some("con-5: what was entered in error has no clinicalStatus: leave it out")
    } else if abated && !over {
        Some(
            "con-4: what has abated is inactive, resolved or in remission: say so in clinicalStatus",
        )
    } else {
        None
    }
}

fn problem_of_allergy(clinical: Span, verification: Span, text: &str) -> Option<&'static str> {
    let in_error = is_coded(
        verification,
        ALLERGY_VERIFICATION,
        &["entered-in-error"],
        text,
    );
    match (in_error, clinical.of(text).is_some()) {
        (false, false) => {
            Some("ait-1: an allergy has a clinicalStatus unless it was entered in error: add it")
        }
        (true, true) => {
            Some("ait-2: what was entered in error has no clinicalStatus: leave it out")
        }
        _ => None,
    }
}

fn problem_of_observation(code: Span, components: Span, text: &str) -> Option<&'static str> {
    let coded = |coding: Raw<'_>| {
        let member = |name| {
            coding
                .get(name)
                .ok()
                .flatten()
                .map(Raw::as_bytes)
                .map(<[u8]>::to_vec)
        };
        (member("system"), member("code"))
    };
    let components = components.of(text).map(Raw::begin)?;
    let own = member(code, "coding", text)?;
    let own: Vec<_> = own.items().flatten().map(coded).collect();
    let mut codings = components
        .items()
        .flatten()
        .filter_map(codings_of)
        .flat_map(Raw::items)
        .flatten();
    codings
        .any(|coding| own.contains(&coded(coding)))
        .then_some("obs-7: a component has the code of the whole, which has a value: leave one of both values out")
}

fn codings_of(component: Raw<'_>) -> Option<Raw<'_>> {
    component.get("code").ok()??.get("coding").ok()?
}

fn problem_of_appointment(
    status: Span,
    timed: bool,
    reasoned: bool,
    text: &str,
) -> Option<&'static str> {
    let status = string(status, text).unwrap_or_default();
    if !timed && !matches!(&*status, "proposed" | "cancelled" | "waitlist") {
        Some("app-3: only what is proposed, cancelled or waiting has no start and end: add them")
    } else if reasoned && !matches!(&*status, "noshow" | "cancelled") {
        Some("app-4: only what was cancelled has a cancelationReason: leave it out")
    } else {
        None
    }
}

fn problem_of_organization(telecoms: Span, addresses: Span, text: &str) -> Option<&'static str> {
    let at_home = |span: Span| {
        let items = span.of(text).map(Raw::begin);
        let mut items = items.into_iter().flat_map(Raw::items).flatten();
        items.any(|item| {
            item.get("use")
                .is_ok_and(|usage| usage.is_some_and(|raw| raw.as_bytes() == b"\"home\""))
        })
    };
    if at_home(telecoms) {
        Some("org-3: an organization is not reached at home: say another use")
    } else if at_home(addresses) {
        Some("org-2: an organization does not live at home: say another use")
    } else {
        None
    }
}
