//! 278 to Claim for a preauthorization, and its answer to ClaimResponse.

use formats::fhir::json;
use formats::x12::{Loop, Segment, Tree};

use super::claim::line::{Service, service};
use super::claim::{Health, Parts, care, prior};
use super::insurance;
use super::member;
use super::page::{Page, Resource, most_told};
use super::people::{self, Party};
use super::tables::code;
use super::{DoubtCode, value};
use crate::payer::{CERTIFICATION, DEPARTMENT, ITEM_TRACE};

/// The levels of service that are urgent (X12 element 1338): urgent, emergency.
const URGENT: [&[u8]; 2] = [b"U", b"03"];
/// What names an earlier authorization that a request changes or calls off (X12 element 128).
const EARLIER: [&[u8]; 2] = [b"BB", b"NT"];

/// Who decides, who asks, and under which insurance.
struct Of {
    payer: Option<Party>,
    provider: Option<Party>,
    coverage: String,
    /// BHT02: 11 answers, all else asks.
    is_answer: bool,
}

/// Maps all requests or answers of a set.
pub(super) fn map(page: &mut Page<'_>, tree: &Tree<'_, '_>) {
    let payer = tree
        .all("2010A")
        .next()
        .and_then(|of| people::organization(page, of));
    let provider = tree
        .all("2010B")
        .next()
        .and_then(|of| people::party(page, of));
    let is_answer = page.is_answer();
    for root in member::roots(tree) {
        let coverage = insurance::of_level(page, root, payer.as_ref());
        let of = Of {
            payer: payer.clone(),
            provider: provider.clone(),
            coverage,
            is_answer,
        };
        for event in root.below("2000E") {
            if is_answer {
                answer(page, tree, event, &of);
            } else {
                request(page, tree, event, &of);
            }
        }
    }
}

/// Begins a request or its answer: what names both is the request's trace. Gives the trace.
fn begin(
    page: &mut Page<'_>,
    tree: &Tree<'_, '_>,
    event: Loop<'_, '_, '_>,
    of: &Of,
) -> (Resource, String) {
    let batch = tree.root().first("BHT");
    let number = batch
        .map(|batch| page.take(batch.element(3), "identifier"))
        .unwrap_or_default();
    let mut identifiers = Vec::new();
    let mut traces = Vec::new();
    for trace in member::traces(event) {
        let number = page.take(trace.element(2), "identifier");
        traces.push((number, page.take(trace.element(3), "identifier")));
    }
    let trace = traces.first().map_or(number, |(trace, _)| trace.clone());
    for (number, by) in &traces {
        identifiers.push(json::object(|identifier| {
            identifier.string("value", number);
            identifier.object("assigner", |assigner| {
                assigner.string("display", by);
            });
        }));
    }
    let name = |party: &Option<Party>| party.as_ref().map(|party| party.name.clone());
    let (payer, provider) = (
        name(&of.payer).unwrap_or_default(),
        name(&of.provider).unwrap_or_default(),
    );
    let patient = page.patient();
    let kind = if of.is_answer {
        "ClaimResponse"
    } else {
        "Claim"
    };
    let names = ["preauthorization", &patient, &payer, &provider, &trace];
    let mut resource = page.each_of(kind, &names, &[]);
    resource.list("identifier", &identifiers);
    let review = event.first("UM");
    let certification = review
        .map(|review| member::text(review, 2))
        .unwrap_or_default();
    resource.text(
        "status",
        if certification == "3" {
            "cancelled"
        } else {
            "active"
        },
    );
    let is_stay = review.is_some_and(|review| review.element(1).raw() == b"AR");
    let system = "http://terminology.hl7.org/CodeSystem/claim-type";
    let form = if is_stay {
        "institutional"
    } else {
        "professional"
    };
    resource.set("type", value::concept(system, form, ""));
    let kind = review
        .map(|review| member::text(review, 1))
        .unwrap_or_default();
    resource.set("subType", value::coded("1525", &kind, ""));
    resource.text("use", "preauthorization");
    resource.set("patient", value::reference(&patient));
    (resource, trace)
}

fn request(page: &mut Page<'_>, tree: &Tree<'_, '_>, event: Loop<'_, '_, '_>, of: &Of) {
    let (mut resource, _) = begin(page, tree, event, of);
    let mut parts = Parts::default();
    let mut health = Health::default();
    for segment in event.segments() {
        match segment.name() {
            b"HL" | b"TRN" => {}
            b"HI" => health.add(page, segment, &mut parts.supporting),
            _ => {
                parts.supporting.add(page, segment);
            }
        }
    }
    let created = page.created.clone();
    resource.text("created", &created);
    resource.set("insurer", insurance::payor(of.payer.as_ref()));
    if of.provider.is_none() {
        page.doubt(DoubtCode::Missing, 0);
    }
    resource.set("provider", insurance::payor(of.provider.as_ref()));
    let mut reviews = event.each("UM");
    let urgent = reviews.any(|review| URGENT.contains(&review.element(6).raw()));
    let earlier = event
        .each("REF")
        .filter(|one| EARLIER.contains(&one.element(1).raw()));
    let earlier: Vec<_> = earlier.map(|one| prior(&member::text(one, 2))).collect();
    resource.list("related", &earlier);
    let system = "http://terminology.hl7.org/CodeSystem/processpriority";
    let priority = if urgent { "stat" } else { "normal" };
    resource.set("priority", value::concept(system, priority, ""));
    for provider in event.below("2010E") {
        care(page, provider, &mut parts);
    }
    let mut items = Vec::new();
    for (line, number) in event.below("2000F").zip(1_u64..) {
        items.push(item(page, line, number, &mut parts));
    }
    if let Some(facility) = &parts.facility {
        resource.set("facility", value::reference(facility));
    }
    resource.list("careTeam", &parts.team);
    levels(page, tree, event, &mut parts);
    resource.list("supportingInfo", &parts.supporting.entries);
    resource.list("diagnosis", &health.diagnoses);
    resource.list("procedure", &health.procedures);
    let insured = json::object(|entry| {
        entry
            .integer("sequence", 1)
            .boolean("focal", Some(true))
            .raw("coverage", &value::reference(&of.coverage));
    });
    resource.list("insurance", &[insured]);
    resource.list("item", &items);
    page.push(resource);
}

/// Keeps what the levels above say beside their names.
fn levels(page: &mut Page<'_>, tree: &Tree<'_, '_>, event: Loop<'_, '_, '_>, parts: &mut Parts) {
    let mut at = event.parent();
    while let Some(level) = at {
        let is_written =
            |one: &Segment<'_>| matches!(one.name(), b"HL" | b"ST" | b"SE" | b"BHT" | b"DMG");
        for segment in page.told(level) {
            if !is_written(segment) {
                parts.supporting.add(page, segment);
            }
        }
        at = level
            .parent()
            .filter(|_| level.number() != tree.root().number());
    }
}

/// Writes a service that is asked for.
fn item(page: &mut Page<'_>, line: Loop<'_, '_, '_>, number: u64, parts: &mut Parts) -> Vec<u8> {
    let said = services(page, line);
    let named = named(page, line);
    let mut about = Vec::new();
    for segment in line.segments() {
        if !is_named(page, segment) && segment.name() != b"HL" {
            about.push(parts.supporting.add(page, segment));
        }
    }
    let mut team = Vec::new();
    for provider in line.below("2010F") {
        team.extend(care(page, provider, parts));
    }
    json::object(|item| {
        item.raw("extension", &named).integer("sequence", number);
        for (name, all) in [("careTeamSequence", &team), ("informationSequence", &about)] {
            item.array(name, |array| {
                for one in all {
                    array.raw(one.to_string().as_bytes());
                }
            });
        }
        said.service.members(item);
        item.raw("quantity", &said.quantity).raw("net", &said.net);
    })
}

/// Writes what names a service in its request and in its answer, and what is asked of it, as Da Vinci PAS does.
fn named(page: &mut Page<'_>, line: Loop<'_, '_, '_>) -> Vec<u8> {
    let target = "item.extension";
    let mut all = Vec::new();
    let mut extend = |url: &str, name: &str, json: &[u8]| {
        if !json.is_empty() {
            all.push(json::object(|extension| {
                extension.string("url", url).raw(name, json);
            }));
        }
    };
    for trace in member::traces(line) {
        let number = page.take(trace.element(2), target);
        let by = page.take(trace.element(3), target);
        let department = page.take(trace.element(4), target);
        let department = json::object(|extension| {
            if !department.is_empty() {
                extension
                    .string("url", DEPARTMENT)
                    .string("valueString", &department);
            }
        });
        let identifier = json::object(|identifier| {
            identifier.raw("extension", &value::list(&[department]));
            identifier.string("value", &number);
            identifier.object("assigner", |assigner| {
                assigner.string("display", &by);
            });
        });
        extend(ITEM_TRACE, "valueIdentifier", &identifier);
    }
    let kind = line
        .first("UM")
        .map(|one| page.take(one.element(2), target));
    let kind = value::coded("1322", &kind.unwrap_or_default(), "");
    extend(CERTIFICATION, "valueCodeableConcept", &kind);
    value::list(&all)
}

/// Whether a segment is a trace of which all is said.
fn is_named(page: &Page<'_>, segment: &Segment<'_>) -> bool {
    segment.name() == b"TRN" && !page.has_left(segment)
}

struct Said {
    service: Service,
    net: Vec<u8>,
    quantity: Vec<u8>,
}

fn services(page: &mut Page<'_>, line: Loop<'_, '_, '_>) -> Said {
    let find = |name: &str| line.first(name);
    let found = match (find("SV1"), find("SV2"), find("SV3")) {
        (Some(one), ..) => Some((one, [1, 2, 3, 4])),
        (_, Some(one), _) => Some((one, [2, 3, 4, 5])),
        (_, _, Some(one)) => Some((one, [1, 2, 0, 6])),
        _ => None,
    };
    let Some((segment, [of, net, unit, count])) = found else {
        let kind = find("UM").map(|review| page.take(review.element(3), "item.productOrService"));
        let kind = kind.unwrap_or_default();
        let words = if kind.is_empty() { "not stated" } else { "" };
        return Said {
            service: Service {
                code: value::coded("1365", &kind, words),
                modifiers: Vec::new(),
            },
            net: Vec::new(),
            quantity: Vec::new(),
        };
    };
    let service = service(page, segment.element(of));
    let net = page.money(segment.element(net), "item.net");
    let unit = page.take(segment.element(unit), "item.quantity");
    let count = page.number(segment.element(count), "item.quantity");
    Said {
        service,
        net,
        quantity: value::quantity(&count, &unit),
    }
}

fn answer(page: &mut Page<'_>, tree: &Tree<'_, '_>, event: Loop<'_, '_, '_>, of: &Of) {
    let (mut resource, trace) = begin(page, tree, event, of);
    let created = page.created.clone();
    resource.text("created", &created);
    resource.set("insurer", insurance::payor(of.payer.as_ref()));
    if let Some(provider) = &of.provider {
        resource.set("requestor", value::reference(&provider.reference));
    }
    resource.set("request", value::by_number("Claim", &trace));
    let errors = errors(page, event);
    let decision = event.first("HCR");
    let lines: Vec<Loop<'_, '_, '_>> = event.below("2000F").collect();
    let decided = decision.or_else(|| lines.iter().find_map(|line| line.first("HCR")));
    let outcome = decided.map(|one| member::text(one, 1));
    let mut of_lines = lines.iter().filter_map(|line| line.first("HCR"));
    let is_open = of_lines.any(|one| code("review-outcome", &member::text(one, 1)) == "queued");
    let state = match outcome.as_deref().map(|one| code("review-outcome", one)) {
        _ if !errors.is_empty() => "error",
        Some("complete") if is_open => "partial",
        Some(state) => state,
        None => "queued",
    };
    resource.text("outcome", state);
    let words = outcome
        .as_deref()
        .map_or("", |decision| code("review", decision));
    resource.text("disposition", words);
    let number = decided.map(|one| page.take(one.element(2), "ClaimResponse.preAuthRef"));
    resource.text("preAuthRef", number.as_deref().unwrap_or_default());
    for date in event
        .each("DTP")
        .filter(|one| one.element(1).raw() == b"AAH")
    {
        if let Some(span) = page.span(date, "ClaimResponse.preAuthPeriod") {
            resource.set("preAuthPeriod", span.period());
        }
    }
    let mut items = Vec::new();
    for (line, number) in lines.iter().zip(1_u64..) {
        items.extend(decided_item(page, *line, number, &mut resource));
    }
    resource.list("item", &items);
    let own = decision.map(|one| adjudication(page, one));
    resource.list("adjudication", &own.into_iter().collect::<Vec<_>>());
    let insured = json::object(|entry| {
        entry
            .integer("sequence", 1)
            .boolean("focal", Some(true))
            .raw("coverage", &value::reference(&of.coverage));
    });
    resource.list("insurance", &[insured]);
    resource.list("error", &errors);
    for segment in event.segments() {
        let is_written = matches!(segment.name(), b"HL" | b"TRN" | b"HCR" | b"AAA")
            || (segment.name() == b"DTP" && segment.element(1).raw() == b"AAH");
        if !is_written {
            page.keep(&mut resource, segment);
        }
    }
    for provider in event.below("2010E") {
        people::party(page, provider);
        people::keep_name(page, provider, &mut resource);
    }
    page.push(resource);
}

/// Writes what was decided of a service.
fn decided_item(
    page: &mut Page<'_>,
    line: Loop<'_, '_, '_>,
    number: u64,
    resource: &mut Resource,
) -> Option<Vec<u8>> {
    let decision = line.first("HCR");
    let named = decision.map(|_| named(page, line)).unwrap_or_default();
    for segment in line.segments() {
        if !is_named(page, segment) && !matches!(segment.name(), b"HL" | b"HCR") {
            page.keep(resource, segment);
        }
    }
    for provider in line.below("2010F") {
        people::party(page, provider);
        people::keep_name(page, provider, resource);
    }
    let adjudication = adjudication(page, decision?);
    Some(json::object(|item| {
        item.raw("extension", &named)
            .integer("itemSequence", number)
            .raw("adjudication", &value::list(&[adjudication]));
    }))
}

/// Writes a decision: what was decided and why.
fn adjudication(page: &mut Page<'_>, decision: &Segment<'_>) -> Vec<u8> {
    let target = "ClaimResponse.adjudication";
    let what = page.take(decision.element(1), target);
    let why = decision.element(3).repetitions().next();
    let why = why.map(|one| page.take(one, target)).unwrap_or_default();
    let number = page.take(decision.element(2), target);
    let words = code("review", &what);
    let words = match (words, number.as_str()) {
        (words, "") => words.to_owned(),
        (words, number) => format!("{words}, number {number}"),
    };
    json::object(|entry| {
        entry
            .raw("category", &value::coded("306", &what, &words))
            .raw(
                "reason",
                &value::concept("https://codesystem.x12.org/external/886", &why, ""),
            );
    })
}

/// Reads why a request could not be looked at (AAA), at this level and those above.
fn errors(page: &mut Page<'_>, event: Loop<'_, '_, '_>) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut at = Some(event);
    while let Some(level) = at {
        // Of a level above, which others have, too, the beginning is enough.
        let most = most_told(level.number() == event.number());
        let names = level.below("2010").take(most);
        let all = std::iter::once(level).chain(names);
        for refused in all.flat_map(|of| of.each("AAA")).take(most) {
            let why = page.take(refused.element(3), "ClaimResponse.error");
            let what = page.take(refused.element(4), "ClaimResponse.error");
            let reason = value::coded("901", &why, &what);
            out.push(json::object(|error| {
                error.raw("code", &reason);
            }));
        }
        at = level.parent();
    }
    out
}
