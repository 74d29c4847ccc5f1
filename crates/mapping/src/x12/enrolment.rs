//! 834 to Coverage: who is a member of what, from when to when.

use formats::fhir::json;
use formats::x12::{Loop, Segment, Tree};

use super::identity;
use super::insurance::{self, class};
use super::member;
use super::page::{Page, Resource, TOLD_WITH_EACH};
use super::people::{self, Party};
use super::tables::code;
use super::value;

/// The qualifiers of the days on which a coverage begins, best first; those of a benefit, then those of a member.
const BEGINS: [&[u8]; 4] = [b"348", b"356", b"303", b"336"];
/// So many of them say so of whatever is said; the others, of a change and of the employment, only where it is added.
const OF_ANY: usize = 2;
/// The maintenance types of what is added and reinstated (X12 element 875).
const ADDED: [&str; 2] = ["021", "025"];
/// The qualifiers of the days on which it ends.
const ENDS: [&[u8]; 3] = [b"349", b"357", b"337"];

/// The system of what names all coverages of a member by one product, whenever each begins and ends.
pub(crate) const PRODUCT: &str = "urn:pulsewire:x12:product";
/// The system of what names a membership as such: what ends it ends all products of that payer.
pub(crate) const MEMBERSHIP: &str = "urn:pulsewire:x12:membership";

/// Maps all members of a set.
pub(super) fn map(page: &mut Page<'_>, tree: &Tree<'_, '_>) {
    let root = tree.root();
    let sponsor = root
        .below("1000A")
        .next()
        .and_then(|of| people::organization(page, of));
    let insurer = root
        .below("1000B")
        .next()
        .and_then(|of| people::organization(page, of));
    for broker in root.below("1000C") {
        people::organization(page, broker);
    }
    let parties = (sponsor.as_ref(), insurer.as_ref());
    let members = tree.all("2000").filter(|one| one.first("INS").is_some());
    let all: Vec<_> = members
        .flat_map(|member| lines(member).into_iter().map(move |line| (member, line)))
        .collect();
    let apart = identity::of_products(&all, &page.source.zone);
    let mut lines = all.into_iter().zip(apart).peekable();
    while let Some(((member, _), _)) = lines.peek() {
        let member = *member;
        let mut own = Vec::new();
        while let Some(line) = lines.next_if(|((of, _), _)| of.number() == member.number()) {
            own.push((line.0.1, line.1));
        }
        one(page, tree, (member, own), parties);
    }
}

/// The products of a member, or nothing where what is said is said of the membership.
fn lines<'t, 'f, 'b>(member: Loop<'t, 'f, 'b>) -> Vec<Option<Loop<'t, 'f, 'b>>> {
    let products: Vec<_> = member.below("2300").map(Some).collect();
    match products.is_empty() {
        true => vec![None],
        false => products,
    }
}

/// A product, or the membership, and what tells it from others of its name.
type Line<'t, 'f, 'b> = (Option<Loop<'t, 'f, 'b>>, Vec<String>);

fn one(
    page: &mut Page<'_>,
    tree: &Tree<'_, '_>,
    (member, lines): (Loop<'_, '_, '_>, Vec<Line<'_, '_, '_>>),
    parties: (Option<&Party>, Option<&Party>),
) {
    let Some(insured) = member.first("INS") else {
        return;
    };
    let person = member::person(member);
    let mut segments: Vec<&Segment<'_>> = person.into_iter().flat_map(Loop::segments).collect();
    // The subscriber's number is a dependent's coverage's, and not their own.
    let is_subscriber = insured.element(1).raw() == b"Y";
    let mut references = member.each("REF");
    let own = references.find(|one| is_subscriber && one.element(1).raw() == b"0F");
    segments.extend(own);
    people::patient(page, &segments);
    let is_person =
        |child: &Loop<'_, '_, '_>| person.is_some_and(|person| person.number() == child.number());
    let mut first = true;
    let numbers = Numbers::of(tree, member);
    for line in &lines {
        let mut resource = coverage(page, (member, &numbers), insured, line, parties);
        if first {
            // What is said of the member and not of a product stands with the first.
            for segment in others(member) {
                if segment.name() != b"DTP" || page.has_left(segment) {
                    page.keep(&mut resource, segment);
                }
            }
            let said = page.told(tree.root());
            for segment in said.into_iter().filter(|one| is_other(one)) {
                page.keep(&mut resource, segment);
            }
            for broker in tree.root().below("1000C").take(TOLD_WITH_EACH) {
                people::keep_name(page, broker, &mut resource);
            }
            for child in member.children() {
                if !is_person(&child) && child.id() != "2300" {
                    keep_all(page, child, &mut resource);
                }
            }
        }
        first = false;
        page.push(resource);
    }
}

/// What the head of a set says beside its time.
fn is_other(segment: &Segment<'_>) -> bool {
    !matches!(segment.name(), b"ST" | b"SE")
}

/// What is said of a member that a Coverage has no element for.
fn others<'t, 'b: 't>(
    member: Loop<'t, 't, 'b>,
) -> impl Iterator<Item = &'t Segment<'b>> + use<'t, 'b> {
    member.segments().filter(|segment| {
        let kind = segment.element(1);
        match segment.name() {
            b"REF" => !matches!(kind.raw(), b"0F" | b"1L"),
            b"INS" => (5..=17).any(|element| !segment.element(element).is_empty()),
            _ => true,
        }
    })
}

fn keep_all(page: &mut Page<'_>, of: Loop<'_, '_, '_>, resource: &mut Resource) {
    for segment in of.segments() {
        page.keep(resource, segment);
    }
    for child in of.children() {
        keep_all(page, child, resource);
    }
}

/// By which numbers a member is known.
struct Numbers {
    subscriber: String,
    group: String,
}

impl Numbers {
    fn of(tree: &Tree<'_, '_>, member: Loop<'_, '_, '_>) -> Self {
        let group = member::reference(member, "1L");
        let group = group.or_else(|| member::reference(tree.root(), "38"));
        Self {
            subscriber: member::reference(member, "0F").unwrap_or_default(),
            group: group.unwrap_or_default(),
        }
    }
}

fn coverage(
    page: &mut Page<'_>,
    (member, numbers): (Loop<'_, '_, '_>, &Numbers),
    insured: &Segment<'_>,
    (line, apart): &Line<'_, '_, '_>,
    (sponsor, insurer): (Option<&Party>, Option<&Party>),
) -> Resource {
    let line = *line;
    let head = line.and_then(|line| line.first("HD"));
    let mut take = |element: usize, target| {
        head.map(|head| page.take(head.element(element), target))
            .unwrap_or_default()
    };
    let kind = take(3, "Coverage.type");
    let plan = take(4, "Coverage.class");
    let level = take(5, "Coverage.class");
    let change = take(1, "Coverage.status");
    let number = numbers.subscriber.as_str();
    let patient = page.patient();
    let by = insurer.map_or("", |insurer| insurer.name.as_str());
    let names = [patient.as_str(), by, number, &kind, &plan];
    let mut resource = named(page, &names, line, apart);
    for reference in member.each("REF").take(TOLD_WITH_EACH) {
        if matches!(reference.element(1).raw(), b"0F" | b"1L") {
            page.mark_each(reference, 1..=2, "Coverage.subscriberId");
        }
    }
    let own = page.take(insured.element(3), "Coverage.status");
    let change = if change.is_empty() { own } else { change };
    resource.text("status", code("enrolment", &change));
    resource.set("type", value::coded("1205", &kind, ""));
    if let Some(sponsor) = sponsor {
        resource.set("policyHolder", value::reference(&sponsor.reference));
    }
    resource.text("subscriberId", number);
    resource.set("beneficiary", value::reference(&patient));
    page.mark(insured.element(1), "Coverage.relationship");
    page.mark(insured.element(4), "Coverage.status");
    let related = page.take(insured.element(2), "Coverage.relationship");
    resource.set("relationship", insurance::relationship(&related));
    let begins = match ADDED.contains(&&*change) {
        true => &BEGINS[..],
        false => BEGINS.split_at(OF_ANY).0,
    };
    period(page, member, line, begins, &mut resource);
    resource.list("payor", &[insurance::payor(insurer)]);
    let classes = [
        class("group", &numbers.group, ""),
        class("plan", &plan, ""),
        class("class", &level, ""),
    ];
    let classes: Vec<Vec<u8>> = classes.into_iter().filter(|one| !one.is_empty()).collect();
    resource.list("class", &classes);
    if let Some(line) = line {
        keep_more(page, line, &mut resource);
    }
    resource
}

/// Begins a coverage of these names, with the number that it shares with all of its product, or the membership's.
fn named(
    page: &mut Page<'_>,
    names: &[&str],
    line: Option<Loop<'_, '_, '_>>,
    apart: &[String],
) -> Resource {
    let mut own = identity::of_product(line, &page.source.zone);
    own.extend_from_slice(apart);
    let mut resource = page.each_of("Coverage", names, &own);
    let of = Resource::new("Coverage", names);
    let system = if line.is_some() { PRODUCT } else { MEMBERSHIP };
    let identifier = json::object(|identifier| {
        identifier.string("system", system).string("value", of.id());
    });
    resource.list("identifier", &[identifier]);
    resource
}

/// Keeps what a product says that a Coverage has no element for.
fn keep_more(page: &mut Page<'_>, line: Loop<'_, '_, '_>, resource: &mut Resource) {
    for segment in line.segments() {
        let is_written = match segment.name() {
            b"HD" => {
                let mut more = [2].into_iter().chain(6..=11);
                more.all(|element| segment.element(element).is_empty())
            }
            b"DTP" => !page.has_left(segment),
            _ => false,
        };
        if !is_written {
            page.keep(resource, segment);
        }
    }
    for child in line.children() {
        keep_all(page, child, resource);
    }
}

/// Writes from when to when it holds: by the product's days, else by the member's.
fn period(
    page: &mut Page<'_>,
    member: Loop<'_, '_, '_>,
    line: Option<Loop<'_, '_, '_>>,
    begins: &[&[u8]],
    resource: &mut Resource,
) {
    let own = line.into_iter().flat_map(|line| line.each("DTP"));
    let all: Vec<&Segment<'_>> = own.chain(member.each("DTP").take(TOLD_WITH_EACH)).collect();
    let mut day = |kinds: &[&[u8]]| {
        let mut best = kinds.iter().flat_map(|kind| {
            let of_kind = |date: &&&Segment<'_>| date.element(1).raw() == *kind;
            all.iter().filter(of_kind).collect::<Vec<_>>()
        });
        best.find_map(|date| page.span(date, "Coverage.period"))
    };
    let (start, end) = (day(begins), day(&ENDS));
    let period = json::object(|period| {
        period.string("start", start.as_ref().map_or("", |span| &span.start.text));
        period.string("end", end.as_ref().map_or("", |span| &span.start.text));
    });
    resource.set("period", period);
}
