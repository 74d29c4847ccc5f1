//! EB: whether a coverage is in force, and what it pays.

use formats::fhir::json::{self, Number};
use formats::x12::{Loop, Segment};

use super::super::claim::line::{Service, service};
use super::super::page::{Page, Resource};
use super::super::tables::code;
use super::super::{member, people, value};
use super::SERVICE_TYPES;

/// So many kinds of service one EB segment names (EB03 repeats up to 99 times, 005010X279A1): with more its words are not told again.
const KINDS_MAX: usize = 99;

/// Writes what an answer says of a coverage.
pub(super) fn insurance(
    page: &mut Page<'_>,
    root: Loop<'_, '_, '_>,
    (coverage, term): (&str, &[u8]),
    resource: &mut Resource,
) -> Vec<u8> {
    let benefits: Vec<Loop<'_, '_, '_>> = root
        .children()
        .flat_map(Loop::children)
        .filter(|one| one.id().starts_with("2110"))
        .collect();
    let mut inforce = None;
    let mut items = Vec::new();
    for benefit in benefits {
        let Some(said) = benefit.first("EB") else {
            continue;
        };
        match code("inforce", &member::text(said, 1)) {
            "true" => inforce = Some(true),
            "false" => inforce = inforce.or(Some(false)),
            _ => {}
        }
        let text = words(page, benefit, resource);
        let provider = provider(page, benefit, resource);
        items.extend(entries(page, said, &text, provider.as_deref()));
    }
    json::object(|entry| {
        entry
            .raw("coverage", &value::reference(coverage))
            .boolean("inforce", inforce)
            .raw("benefitPeriod", term)
            .raw("item", &value::list(&items));
    })
}

/// Gives what a benefit says in words; its other segments are kept as they stand.
fn words(page: &mut Page<'_>, benefit: Loop<'_, '_, '_>, resource: &mut Resource) -> String {
    let mut words = Vec::new();
    for segment in benefit.segments() {
        match segment.name() {
            b"EB" | b"LS" | b"LE" | b"AAA" => {}
            b"MSG" => words.push(page.take(segment.element(1), "item.description")),
            _ => page.keep(resource, segment),
        }
    }
    for other in benefit.below("2115") {
        for segment in other.segments() {
            page.keep(resource, segment);
        }
    }
    words.join(" ")
}

/// Writes whom a benefit is with; only a person may stand there, of others it is kept who they are.
fn provider(
    page: &mut Page<'_>,
    benefit: Loop<'_, '_, '_>,
    resource: &mut Resource,
) -> Option<String> {
    let mut first = None;
    for of in benefit.below("2120") {
        let party = people::party(page, of);
        let person = party.filter(|one| one.kind == "Practitioner" && first.is_none());
        match person {
            Some(person) => first = Some(person.reference),
            None => people::keep_name(page, of, resource),
        }
    }
    first
}

/// What an EB segment says but for the kinds of service.
struct Said {
    kind: String,
    level: String,
    plan: String,
    name: String,
    term: String,
    money: Vec<u8>,
    percent: String,
    amount: String,
    authorization: Option<bool>,
    network: String,
    service: Option<Service>,
}

fn said(page: &mut Page<'_>, segment: &Segment<'_>) -> Said {
    let kind = page.take(segment.element(1), "item.benefit.type");
    let mut text = |element: usize, target| page.take(segment.element(element), target);
    let level = text(2, "item.unit");
    let plan = text(4, "item.description");
    let name = text(5, "item.name");
    let term = text(6, "item.term");
    let unit = text(9, "item.benefit.allowed");
    let network = text(12, "item.network");
    let authorization = match segment.element(11).raw() {
        b"Y" => Some(true),
        b"N" => Some(false),
        _ => None,
    };
    if authorization.is_some() {
        page.mark(segment.element(11), "item.authorizationRequired");
    }
    let money = page.money(segment.element(7), "item.benefit.allowed");
    let percent = page.number(segment.element(8), "item.benefit.allowed");
    let count = page.number(segment.element(10), "item.benefit.allowed");
    let composite = segment.element(13);
    let service = (!composite.is_empty()).then(|| service(page, composite));
    Said {
        kind,
        level,
        plan,
        name,
        term,
        money,
        percent,
        amount: [count.as_str(), unit.as_str()].join(" ").trim().to_owned(),
        authorization,
        network,
        service,
    }
}

/// Writes one item for each kind of service that an EB segment names, since an item has one.
fn entries(
    page: &mut Page<'_>,
    segment: &Segment<'_>,
    words: &str,
    provider: Option<&str>,
) -> Vec<Vec<u8>> {
    let said = said(page, segment);
    let kinds: Vec<String> = segment
        .element(3)
        .repetitions()
        .filter(|kind| !kind.is_empty())
        .map(|kind| page.take(kind, "item.category"))
        .collect();
    if kinds.is_empty() || said.service.is_some() {
        let more = kinds.join(", ");
        return vec![item(&said, "", &format!("{words} {more}"), provider)];
    }
    let items = kinds.iter().enumerate().map(|(place, kind)| {
        let words = if place < KINDS_MAX { words } else { "" };
        item(&said, kind, words, provider)
    });
    items.collect()
}

fn item(said: &Said, kind: &str, words: &str, provider: Option<&str>) -> Vec<u8> {
    let benefit = benefit(said);
    let plan = if said.plan.is_empty() {
        String::new()
    } else {
        format!("insurance type {}", said.plan)
    };
    let share = if said.money.is_empty() {
        String::new()
    } else {
        share(said)
    };
    let words = [words.trim(), &plan, &share].join(" ");
    json::object(|item| {
        if let Some(service) = &said.service {
            service.members(item);
        } else if kind.is_empty() {
            item.raw("category", &value::concept("", "", "the whole coverage"));
        } else {
            item.raw("category", &value::concept(SERVICE_TYPES, kind, ""));
        }
        item.raw("provider", &value::reference(provider.unwrap_or_default()))
            .boolean("excluded", (said.kind == "I").then_some(true))
            .string("name", &said.name)
            .string("description", words.trim())
            .raw(
                "network",
                &value::coded("1073", &said.network, network(&said.network)),
            )
            .raw("unit", &value::coded("1207", &said.level, ""))
            .raw("term", &value::coded("615", &said.term, ""))
            .raw("benefit", &value::list(&[benefit]))
            .boolean("authorizationRequired", said.authorization);
    })
}

fn network(code: &str) -> &'static str {
    match code {
        "Y" => "in network",
        "N" => "out of network",
        _ => "",
    }
}

fn benefit(said: &Said) -> Vec<u8> {
    let share = share(said);
    let is_said = !said.money.is_empty() || !share.is_empty();
    let kind = match said.kind.is_empty() && is_said {
        true => value::concept("", "", "not stated"),
        false => value::coded("1390", &said.kind, code("benefit", &said.kind)),
    };
    json::object(|benefit| {
        benefit.raw("type", &kind);
        if said.money.is_empty() {
            benefit.string("allowedString", &share);
        } else {
            benefit.raw("allowedMoney", &said.money);
        }
    })
}

/// Gives a share or a count in words.
fn share(said: &Said) -> String {
    let percent = Number::parse(&said.percent);
    let percent = percent.map(|number| format!("{} as a fraction", number.digits()));
    let words = [percent.as_deref().unwrap_or_default(), &said.amount].join(" ");
    words.trim().to_owned()
}
