//! 276 and 277 to Task: a claim's status is asked after and answered, and neither decides anything about it.

use formats::fhir::json;
use formats::x12::{Guide, Loop, Segment, Tree};

use super::claim::line::service;
use super::identity;
use super::insurance;
use super::member;
use super::page::Page;
use super::people::{self, Party};
use super::tables::code;
use super::value;

const CODES: &str = "http://terminology.hl7.org/CodeSystem/financialtaskcode";
const STATES: &str = "https://x12.org/codes/claim-status-codes";
const KINDS: &str = "https://x12.org/codes/claim-status-category-codes";

/// Maps all questions or answers of a set.
pub(super) fn map(page: &mut Page<'_>, tree: &Tree<'_, '_>) {
    let payer = tree
        .all("2100A")
        .next()
        .and_then(|of| people::organization(page, of));
    let asks = tree
        .all("2100B")
        .next()
        .and_then(|of| people::party(page, of));
    let roots = member::roots(tree);
    let first = roots.first().copied();
    if let Some(root) = first {
        insurance::of_level(page, root, payer.as_ref());
    }
    let traced = tree.every().filter(|one| one.id().starts_with("2200"));
    let traced: Vec<Loop<'_, '_, '_>> = traced.collect();
    let apart = identity::of_statuses(tree.guide(), &traced, &page.source.zone);
    for (trace, apart) in traced.into_iter().zip(apart) {
        let provider = provider(page, trace);
        let of = Of {
            payer: payer.as_ref(),
            asks: asks.as_ref(),
            provider,
            is_member: first.is_some(),
            apart,
        };
        one(page, tree, trace, &of);
    }
}

struct Of<'p> {
    payer: Option<&'p Party>,
    asks: Option<&'p Party>,
    provider: Option<Party>,
    is_member: bool,
    /// What tells it from others of its number in the set.
    apart: Vec<String>,
}

/// Writes the provider whose level a trace is in or below.
fn provider(page: &mut Page<'_>, trace: Loop<'_, '_, '_>) -> Option<Party> {
    let mut at = trace.parent();
    while let Some(level) = at {
        if let Some(name) = level.below("2100C").next() {
            return people::party(page, name);
        }
        at = level.parent();
    }
    None
}

fn one(page: &mut Page<'_>, tree: &Tree<'_, '_>, trace: Loop<'_, '_, '_>, of: &Of<'_>) {
    let Some(head) = trace.first("TRN") else {
        return;
    };
    let number = page.take(head.element(2), "Task.identifier");
    let name = |party: Option<&Party>| party.map(|party| party.name.clone()).unwrap_or_default();
    let patient = page.patient();
    let who = if of.is_member {
        patient.clone()
    } else {
        String::new()
    };
    let names = [name(of.payer), name(of.asks), who, number.clone()];
    let mut own = identity::of_status(tree.guide(), trace, &page.source.zone);
    own.extend_from_slice(&of.apart);
    let mut resource = page.each_of("Task", &names.each_ref().map(String::as_str), &own);
    let is_question = tree.guide() == Guide::StatusRequest;
    let batch = tree.root().first("BHT");
    let batch = batch.map(|batch| page.take(batch.element(3), "Task.groupIdentifier"));
    resource.object("groupIdentifier", |identifier| {
        identifier.string("value", batch.as_deref().unwrap_or_default());
    });
    let identifier = json::object(|identifier| {
        identifier.string("value", &number);
    });
    resource.list("identifier", &[identifier]);
    let (state, business, output) = states(page, trace);
    let status = match &state {
        Some(kind) => code("task", kind),
        None if is_question => "requested",
        None => "completed",
    };
    resource.text("status", status);
    resource.set("businessStatus", business);
    resource.text("intent", "order");
    resource.set("code", value::concept(CODES, "status", ""));
    // The number that the provider gave it, or else the payer's; both are inputs.
    let claim = member::reference(trace, "EJ").or_else(|| member::reference(trace, "1K"));
    let claim = claim.unwrap_or_default();
    resource.set("focus", value::by_number("Claim", &claim));
    if of.is_member {
        resource.set("for", value::reference(&patient));
    }
    let created = page.created.clone();
    let made = if is_question {
        "authoredOn"
    } else {
        "lastModified"
    };
    resource.text(made, &created);
    if let Some(asks) = of.provider.as_ref().or(of.asks) {
        resource.set("requester", value::reference(&asks.reference));
    }
    if let Some(payer) = of.payer {
        resource.set("owner", value::reference(&payer.reference));
    }
    let input = inputs(page, trace);
    resource.list("input", &input);
    resource.list("output", &output);
    page.push(resource);
}

/// Writes what is told of the claim that is asked after: its numbers, charge, days and lines.
fn inputs(page: &mut Page<'_>, trace: Loop<'_, '_, '_>) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let of_level = trace.parent().map(|level| page.told(level));
    let of_level = of_level.into_iter().flatten();
    let lines = trace.below("2210").chain(trace.below("2220"));
    let of_lines = lines.flat_map(Loop::segments);
    let all: Vec<&Segment<'_>> = trace.segments().chain(of_lines).chain(of_level).collect();
    for segment in all {
        let entry = match segment.name() {
            b"TRN" | b"STC" | b"HL" | b"DMG" => continue,
            b"AMT" => {
                let kind = page.take(segment.element(1), "Task.input");
                let amount = page.money(segment.element(2), "Task.input");
                input("522", &kind, "valueMoney", &amount)
            }
            b"DTP" => {
                let kind = page.take(segment.element(1), "Task.input");
                let span = page.span(segment, "Task.input");
                let (json, is_day) = span.map(|span| span.choice()).unwrap_or_default();
                let name = if is_day { "valueDate" } else { "valuePeriod" };
                input("374", &kind, name, &json)
            }
            b"REF" => {
                let kind = page.take(segment.element(1), "Task.input");
                let number = page.take(segment.element(2), "Task.input");
                input("128", &kind, "valueString", &json::string(&number))
            }
            b"SVC" => {
                let service = service(page, segment.element(1));
                page.mark_all(segment, "Task.input");
                let text = String::from_utf8_lossy(segment.raw()).into_owned();
                out.push(input("1470", "SVC", "valueString", &json::string(&text)));
                input("235", "SVC", "valueCodeableConcept", &service.code)
            }
            _ => {
                page.mark_all(segment, "Task.input");
                let text = String::from_utf8_lossy(segment.raw()).into_owned();
                input("", "", "valueString", &json::string(&text))
            }
        };
        out.push(entry);
    }
    out.retain(|one| !one.is_empty());
    out
}

fn input(element: &str, kind: &str, name: &str, json: &[u8]) -> Vec<u8> {
    if json.is_empty() {
        return Vec::new();
    }
    let words = if kind.is_empty() { "segment" } else { "" };
    json::object(|entry| {
        entry
            .raw("type", &value::coded(element, kind, words))
            .raw(name, json);
    })
}

/// Reads the states of a claim and its lines (STC): the category of the first, its words, and all as outputs.
fn states(page: &mut Page<'_>, trace: Loop<'_, '_, '_>) -> (Option<String>, Vec<u8>, Vec<Vec<u8>>) {
    let (mut first, mut business, mut output) = (None, Vec::new(), Vec::new());
    let own = trace.each("STC");
    let lines = trace.below("2220").flat_map(|line| line.each("STC"));
    let all: Vec<&Segment<'_>> = own.chain(lines).collect();
    for segment in all {
        for composite in [1, 10, 11] {
            let said = segment.element(composite);
            if said.is_empty() {
                continue;
            }
            page.mark(said, "Task.businessStatus");
            let (kind, state) = (said.component(1).text(), said.component(2).text());
            let concept = json::object(|concept| {
                concept.array("coding", |codings| {
                    for (system, code) in [(KINDS, &kind), (STATES, &state)] {
                        if !code.is_empty() {
                            codings.object(|coding| {
                                coding.string("system", system).string("code", code);
                            });
                        }
                    }
                });
                concept.string("text", &said.text());
            });
            if first.is_none() {
                first = Some(kind.into_owned());
                business.clone_from(&concept);
            }
            output.push(input("1271", "STC01", "valueCodeableConcept", &concept));
        }
        let day = page.day(segment.element(2), "Task.output");
        output.push(input("1251", "STC02", "valueDate", &json::string(&day)));
        let action = page.take(segment.element(3), "Task.output");
        output.push(input("306", "STC03", "valueString", &json::string(&action)));
        for (element, kind) in [(4, "STC04"), (5, "STC05")] {
            let amount = page.money(segment.element(element), "Task.output");
            output.push(input("782", kind, "valueMoney", &amount));
        }
        if (6..=12)
            .any(|element| !matches!(element, 10 | 11) && !segment.element(element).is_empty())
        {
            page.mark_all(segment, "Task.output");
            let text = String::from_utf8_lossy(segment.raw()).into_owned();
            output.push(input("", "", "valueString", &json::string(&text)));
        }
    }
    output.retain(|one| !one.is_empty());
    (first, business, output)
}
