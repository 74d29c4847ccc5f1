//! 270 to CoverageEligibilityRequest and 271 to CoverageEligibilityResponse.

mod benefit;

use formats::fhir::json;
use formats::x12::{Loop, Segment, Tree};

use super::claim::line::service;
use super::insurance;
use super::member;
use super::page::{Page, Resource, most_told};
use super::people::{self, Party};
use super::{DoubtCode, value};

/// The system of codes of kinds of service.
pub(super) const SERVICE_TYPES: &str = "https://x12.org/codes/service-type-codes";

/// Who answers and who asks.
struct Parties {
    payer: Option<Party>,
    provider: Option<Party>,
}

fn parties(page: &mut Page<'_>, tree: &Tree<'_, '_>) -> Parties {
    let payer = tree
        .all("2100A")
        .next()
        .and_then(|of| people::organization(page, of));
    let provider = tree
        .all("2100B")
        .next()
        .and_then(|of| people::party(page, of));
    Parties { payer, provider }
}

/// Maps an inquiry.
pub(super) fn request(page: &mut Page<'_>, tree: &Tree<'_, '_>) {
    let parties = parties(page, tree);
    for root in member::roots(tree) {
        ask(page, tree, root, &parties);
    }
}

fn ask(page: &mut Page<'_>, tree: &Tree<'_, '_>, root: Loop<'_, '_, '_>, parties: &Parties) {
    let coverage = insurance::of_level(page, root, parties.payer.as_ref());
    let (mut resource, _) = begin(page, tree, root, "CoverageEligibilityRequest");
    let inquiries: Vec<Loop<'_, '_, '_>> = root
        .children()
        .flat_map(Loop::children)
        .filter(|one| one.id().starts_with("2110"))
        .collect();
    let purposes = [json::string("benefits")];
    resource.list("purpose", &purposes);
    let patient = page.patient();
    resource.set("patient", value::reference(&patient));
    when(page, root, &mut resource);
    let created = page.created.clone();
    resource.text("created", &created);
    if let Some(provider) = &parties.provider {
        resource.set("provider", value::reference(&provider.reference));
    }
    resource.set("insurer", insurance::payor(parties.payer.as_ref()));
    let insured = json::object(|entry| {
        entry
            .boolean("focal", Some(true))
            .raw("coverage", &value::reference(&coverage));
    });
    resource.list("insurance", &[insured]);
    let mut items = Vec::new();
    for inquiry in inquiries {
        inquire(page, inquiry, &mut resource, &mut items);
    }
    resource.list("item", &items);
    rest(page, tree, root, &mut resource);
    page.push(resource);
}

fn inquire(
    page: &mut Page<'_>,
    inquiry: Loop<'_, '_, '_>,
    resource: &mut Resource,
    items: &mut Vec<Vec<u8>>,
) {
    for segment in inquiry.segments() {
        if segment.name() != b"EQ" {
            page.keep(resource, segment);
            continue;
        }
        let kinds = segment.element(1);
        for kind in kinds.repetitions().filter(|kind| !kind.is_empty()) {
            let kind = page.take(kind, "CoverageEligibilityRequest.item.category");
            let category = value::concept(SERVICE_TYPES, &kind, "");
            items.push(json::object(|item| {
                item.raw("category", &category);
            }));
        }
        if !segment.element(2).is_empty() {
            let service = service(page, segment.element(2));
            items.push(json::object(|item| service.members(item)));
        }
        if (3..=5).any(|element| !segment.element(element).is_empty()) {
            page.keep(resource, segment);
        }
    }
}

/// Begins a request or its answer: both have the trace of the request, which finds the one by the other. Gives that.
fn begin(
    page: &mut Page<'_>,
    tree: &Tree<'_, '_>,
    root: Loop<'_, '_, '_>,
    kind: &'static str,
) -> (Resource, String) {
    let batch = tree.root().first("BHT");
    let number = batch
        .map(|batch| page.take(batch.element(3), "identifier"))
        .unwrap_or_default();
    let mut traces = Vec::new();
    for trace in member::traces(root) {
        let number = page.take(trace.element(2), "identifier");
        traces.push((number, page.take(trace.element(3), "identifier")));
    }
    let (trace, by) = traces
        .first()
        .cloned()
        .unwrap_or((number.clone(), String::new()));
    let patient = page.patient();
    let mut resource = page.each_of(kind, &[&patient, &trace, &by], &[]);
    if traces.is_empty() {
        traces.push((number.clone(), String::new()));
    }
    let mut identifiers: Vec<Vec<u8>> = Vec::new();
    for (value, by) in &traces {
        identifiers.push(json::object(|identifier| {
            identifier.string("value", value);
            identifier.object("assigner", |assigner| {
                assigner.string("display", by);
            });
        }));
    }
    if !number.is_empty() && trace != number {
        identifiers.push(json::object(|identifier| {
            identifier.string("value", &number);
        }));
    }
    identifiers.retain(|one| !one.is_empty());
    resource.list("identifier", &identifiers);
    resource.text("status", "active");
    (resource, trace)
}

/// The qualifiers of the days for which it is asked or answered, best first.
const DAYS: [&[u8]; 6] = [b"472", b"291", b"307", b"346", b"356", b"348"];

/// Writes for when it is asked or answered.
fn when(page: &mut Page<'_>, root: Loop<'_, '_, '_>, resource: &mut Resource) {
    let own = member::person(root);
    let dates = || own.into_iter().flat_map(|own| own.each("DTP"));
    let found = DAYS.iter().find_map(|kind| {
        let mut left = dates().filter(|date| page.has_left(date));
        left.find(|date| date.element(1).raw() == *kind)
    });
    if let Some(span) = found.and_then(|date| page.span(date, "serviced")) {
        let (json, is_day) = span.choice();
        resource.set(
            if is_day {
                "servicedDate"
            } else {
                "servicedPeriod"
            },
            json,
        );
        resource.at(Some(span.start.time));
    }
    let others: Vec<&Segment<'_>> = dates().collect();
    for other in others {
        if page.has_left(other) {
            page.keep(resource, other);
        }
    }
}

/// The qualifiers of the days on which a plan, a benefit or an eligibility begins and ends, best first.
const TERMS: [(&[u8], &[u8]); 3] = [(b"346", b"347"), (b"356", b"357"), (b"348", b"349")];

/// Gives from when to when what is answered holds; nothing where one day or period says it all.
fn term(page: &mut Page<'_>, root: Loop<'_, '_, '_>) -> Vec<u8> {
    let own = member::person(root);
    let dates = || own.into_iter().flat_map(|own| own.each("DTP"));
    let mut day = |kind: &[u8]| {
        let found =
            dates().find(|date| date.element(1).raw() == kind && date.element(2).raw() == b"D8")?;
        page.span(found, "insurance.benefitPeriod")
    };
    TERMS
        .iter()
        .map(|(begins, ends)| (day(begins), day(ends)))
        .find(|(start, end)| start.is_some() || end.is_some())
        .map(|(start, end)| {
            json::object(|period| {
                period.string("start", start.as_ref().map_or("", |one| &one.start.text));
                period.string("end", end.as_ref().map_or("", |one| &one.start.text));
            })
        })
        .unwrap_or_default()
}

/// Keeps what the levels say that nothing else has: segments of the levels themselves, and the provider's other names.
fn rest(page: &mut Page<'_>, tree: &Tree<'_, '_>, root: Loop<'_, '_, '_>, resource: &mut Resource) {
    let is_written =
        |one: &Segment<'_>| matches!(one.name(), b"HL" | b"TRN" | b"ST" | b"SE" | b"BHT" | b"AAA");
    let mut levels = vec![tree.root(), root];
    let mut at = root.parent();
    while let Some(level) = at {
        levels.push(level);
        at = level.parent();
    }
    levels.dedup_by_key(|level| level.number());
    for level in levels {
        for segment in page.told(level) {
            if !is_written(segment) {
                page.keep(resource, segment);
            }
        }
    }
}

/// Maps an answer.
pub(super) fn response(page: &mut Page<'_>, tree: &Tree<'_, '_>) {
    let parties = parties(page, tree);
    let roots = member::roots(tree);
    if roots.is_empty() {
        // The payer could not find out whom it was about.
        let last = tree.every().filter(|one| one.first("HL").is_some()).last();
        answer(page, tree, last.unwrap_or(tree.root()), &parties, false);
    }
    for root in roots {
        answer(page, tree, root, &parties, true);
    }
}

fn answer(
    page: &mut Page<'_>,
    tree: &Tree<'_, '_>,
    root: Loop<'_, '_, '_>,
    parties: &Parties,
    is_member: bool,
) {
    let coverage = is_member.then(|| insurance::of_level(page, root, parties.payer.as_ref()));
    let (mut resource, trace) = begin(page, tree, root, "CoverageEligibilityResponse");
    resource.list("purpose", &[json::string("benefits")]);
    let patient = page.patient();
    if is_member {
        resource.set("patient", value::reference(&patient));
    } else {
        page.doubt(DoubtCode::Missing, 0);
        resource.set("patient", value::by_words("not stated"));
    }
    let term = term(page, root);
    when(page, root, &mut resource);
    let created = page.created.clone();
    resource.text("created", &created);
    if let Some(provider) = &parties.provider {
        resource.set("requestor", value::reference(&provider.reference));
    }
    let kind = "CoverageEligibilityRequest";
    let request = if trace.is_empty() {
        value::by_words("not stated")
    } else {
        value::by_number(kind, &trace)
    };
    resource.set("request", request);
    let errors = errors(page, tree, root);
    resource.text(
        "outcome",
        if errors.is_empty() {
            "complete"
        } else {
            "error"
        },
    );
    resource.set("insurer", insurance::payor(parties.payer.as_ref()));
    if let Some(coverage) = coverage {
        let insurance = benefit::insurance(page, root, (&coverage, &term), &mut resource);
        resource.list("insurance", &[insurance]);
    }
    resource.list("error", &errors);
    rest(page, tree, root, &mut resource);
    page.push(resource);
}

/// Reads why a request was refused (AAA), wherever it is said: at this level, above, or of the person.
fn errors(page: &mut Page<'_>, tree: &Tree<'_, '_>, root: Loop<'_, '_, '_>) -> Vec<Vec<u8>> {
    let mut levels = vec![root];
    let mut at = root.parent();
    while let Some(level) = at {
        levels.push(level);
        at = level.parent();
    }
    levels.push(tree.root());
    levels.dedup_by_key(|level| level.number());
    let mut out = Vec::new();
    for level in levels {
        // Of a level above, which others have, too, the beginning is enough.
        let most = most_told(level.number() == root.number());
        let names = || level.below("2100").take(most);
        let benefits = names().flat_map(|name| name.below("2110"));
        let all = std::iter::once(level).chain(names()).chain(benefits);
        for refused in all.flat_map(|of| of.each("AAA")).take(most) {
            let why = page.take(refused.element(3), "CoverageEligibilityResponse.error");
            let what = page.take(refused.element(4), "CoverageEligibilityResponse.error");
            let reason = value::coded("901", &why, &what);
            out.push(json::object(|error| {
                error.raw("code", &reason);
            }));
        }
    }
    out
}
