//! Who insures the member, and under what.

use formats::fhir::json;
use formats::x12::{Loop, Segment};

use super::member::{self, subscriber as subscriber_level};
use super::page::{Page, Resource};
use super::people::{self, Party};
use super::tables::code;
use super::value;

/// What a set says of one insurance of the member.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy<'s, 'b> {
    /// SBR, the subscriber's information.
    pub(super) information: Option<&'s Segment<'b>>,
    /// The code of how the member is related to the subscriber, where no SBR says it.
    pub(super) relationship: &'s str,
    /// The subscriber's number.
    pub(super) number: &'s str,
    /// The subscriber, where the member is another.
    pub(super) subscriber: &'s str,
}

/// Writes a Coverage; gives how others refer to it.
pub(super) fn coverage(
    page: &mut Page<'_>,
    payer: Option<&Party>,
    policy: Policy<'_, '_>,
) -> String {
    let patient = page.patient();
    let of = payer.map_or("", |payer| payer.name.as_str());
    let mut resource = Resource::new("Coverage", &[&patient, of, policy.number]);
    if policy.information.is_none() {
        resource.mention();
    }
    resource.text("status", "active");
    let of = |element: usize| policy.information.map(|one| one.element(element));
    if let Some(filing) = of(9) {
        let filing = page.take(filing, "Coverage.type");
        resource.set("type", value::coded("1032", &filing, ""));
    }
    if !policy.subscriber.is_empty() {
        resource.set("subscriber", value::reference(policy.subscriber));
    }
    resource.text("subscriberId", policy.number);
    resource.set("beneficiary", value::reference(&patient));
    let own = of(2).map(|said| page.take(said, "Coverage.relationship"));
    let related = own.filter(|code| !code.is_empty());
    let related = related.unwrap_or_else(|| policy.relationship.to_owned());
    resource.set("relationship", relationship(&related));
    resource.list("payor", &[payor(payer)]);
    let group = of(3)
        .map(|group| page.take(group, "Coverage.class"))
        .unwrap_or_default();
    let name = of(4)
        .map(|name| page.take(name, "Coverage.class.name"))
        .unwrap_or_default();
    resource.list("class", &[class("group", &group, &name)]);
    if let Some(order) = of(1) {
        let order = page.coded("order", order, "Coverage.order");
        resource.set("order", order.as_bytes().to_vec());
    }
    if let Some(information) = policy.information
        && (5..=8).any(|element| !information.element(element).is_empty())
    {
        page.keep(&mut resource, information);
    }
    page.push(resource)
}

/// Gives who pays as Coverage must name it.
pub(super) fn payor(payer: Option<&Party>) -> Vec<u8> {
    match payer {
        Some(payer) => value::reference(&payer.reference),
        None => value::by_words("not stated"),
    }
}

/// Gives how the member is related to the subscriber.
pub(super) fn relationship(related: &str) -> Vec<u8> {
    if related.is_empty() {
        return Vec::new();
    }
    let known = code("relationship", related);
    let system = value::system("1069");
    json::object(|concept| {
        concept.array("coding", |codings| {
            codings.object(|coding| {
                let system = "http://terminology.hl7.org/CodeSystem/subscriber-relationship";
                coding.string("system", system).string("code", known);
            });
            codings.object(|coding| {
                coding.string("system", &system).string("code", related);
            });
        });
    })
}

/// Gives a class of a Coverage; nothing where there is neither value nor name.
pub(super) fn class(kind: &str, number: &str, name: &str) -> Vec<u8> {
    let number = if number.is_empty() { name } else { number };
    if number.is_empty() {
        return Vec::new();
    }
    let kind = value::concept(
        "http://terminology.hl7.org/CodeSystem/coverage-class",
        kind,
        "",
    );
    json::object(|class| {
        class
            .raw("type", &kind)
            .string("value", number)
            .string("name", name);
    })
}

/// Writes the member of a level, the subscriber where that is another, and the Coverage, once for all that stands below it; gives
/// how others refer to it.
pub(super) fn of_level(
    page: &mut Page<'_>,
    root: Loop<'_, '_, '_>,
    payer: Option<&Party>,
) -> String {
    if let Some(known) = page.coverages.get(&root.number()) {
        return known.clone();
    }
    let reference = level(page, root, payer);
    page.coverages.insert(root.number(), reference.clone());
    reference
}

fn level(page: &mut Page<'_>, root: Loop<'_, '_, '_>, payer: Option<&Party>) -> String {
    let own = member::person(root);
    let mut segments: Vec<&Segment<'_>> = own.into_iter().flat_map(Loop::segments).collect();
    segments.extend(root.each("DMG"));
    people::patient(page, &segments);
    let level = subscriber_level(root);
    let holder = member::person(level);
    let is_dependent = member::is_dependent(root);
    let (mut number, mut subscriber) = (String::new(), String::new());
    if let Some(holder) = holder {
        number = member::number(holder);
        if is_dependent {
            subscriber = people::subscriber(page, holder);
        }
    }
    let information = level.first("SBR");
    let related = related(page, root, own, is_dependent);
    coverage(
        page,
        payer,
        Policy {
            information,
            relationship: &related,
            number: &number,
            subscriber: &subscriber,
        },
    )
}

/// The code of how the member of a level is related to the subscriber: INS02, PAT01, or themselves.
fn related(
    page: &mut Page<'_>,
    root: Loop<'_, '_, '_>,
    own: Option<Loop<'_, '_, '_>>,
    is_dependent: bool,
) -> String {
    let insured = own.and_then(|own| own.first("INS"));
    if let Some(insured) = insured {
        page.mark(insured.element(1), "Coverage.relationship");
        return page.take(insured.element(2), "Coverage.relationship");
    }
    let patient = root.first("PAT").filter(|_| is_dependent);
    match patient {
        Some(patient) => page.take(patient.element(1), "Coverage.relationship"),
        None if is_dependent => String::new(),
        None => "18".to_owned(),
    }
}
