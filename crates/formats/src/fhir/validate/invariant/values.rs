//! Rules that compare values: of periods, ranges, amounts, statuses and codes.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::super::super::read::Raw;
use super::super::date::Moment;
use super::super::object::{Object, Span};
use super::super::reference::string;

/// The system of units of measure.
const UCUM: &str = "http://unitsofmeasure.org";

/// The code systems that the status of a condition or allergy is from; `*-clinical` where it is active, `*-ver-status` how sure it is.
const CONDITION_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CONDITION_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const ALLERGY_VERIFICATION: &str =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";

/// Whether the first moment is later than the second.
pub(super) fn later(first: Span, second: Span, text: &str) -> bool {
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

pub(super) fn problem_of_range(low: Span, high: Span, text: &str) -> Option<&'static str> {
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

pub(super) fn problem_of_repeat(object: &Object, offset: bool, text: &str) -> Option<&'static str> {
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

pub(super) fn problem_of_amount(object: &Object, code: bool, text: &str) -> Option<&'static str> {
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

pub(super) fn problem_of_condition(
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

pub(super) fn problem_of_allergy(
    clinical: Span,
    verification: Span,
    text: &str,
) -> Option<&'static str> {
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

pub(super) fn problem_of_observation(
    code: Span,
    components: Span,
    text: &str,
) -> Option<&'static str> {
    let components = components.of(text).map(Raw::begin)?;
    let own = member(code, "coding", text)?;
    let own: BTreeSet<_> = own.items().flatten().map(coded).collect();
    let codings = components
        .items()
        .flatten()
        .filter_map(codings_of)
        .flat_map(Raw::items)
        .flatten();
    codings
        .map(coded)
        .any(|coding| matches!(coding, [_, Some(_)]) && own.contains(&coding))
        .then_some("obs-7: a component has the code of the whole, which has a value: leave one of both values out")
}

/// A coding's system and code, as they are written.
fn coded(coding: Raw<'_>) -> [Option<&[u8]>; 2] {
    ["system", "code"].map(|name| coding.get(name).ok().flatten().map(Raw::as_bytes))
}

fn codings_of(component: Raw<'_>) -> Option<Raw<'_>> {
    component.get("code").ok()??.get("coding").ok()?
}

pub(super) fn problem_of_appointment(
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

pub(super) fn problem_of_organization(
    telecoms: Span,
    addresses: Span,
    text: &str,
) -> Option<&'static str> {
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
