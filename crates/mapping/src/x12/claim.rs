//! 837 to Claim: who claims what for whom, under which insurance, for which diagnoses and services.

mod health;

pub(super) mod line;

use std::collections::BTreeMap;

use clinical::EventTime;
use formats::fhir::json;
use formats::x12::{Guide, Loop, Segment, Tree};

use super::DoubtCode;
use super::identity;
use super::insurance::{self, Policy};
use super::member;
use super::page::{Page, Resource, TOLD_WITH_EACH, most_told};
use super::people::{self, Party};
use super::supporting::Supporting;
use super::tables::code;
use super::value;

pub(super) use health::Health;

use crate::payer::TYPE_OF_BILL;

/// Maps all claims of a set.
pub(super) fn map(page: &mut Page<'_>, tree: &Tree<'_, '_>) {
    let root = tree.root();
    let submitter = root
        .below("1000A")
        .next()
        .and_then(|of| people::organization(page, of));
    for receiver in root.below("1000B") {
        people::organization(page, receiver);
    }
    let claims: Vec<Loop<'_, '_, '_>> = tree.all("2300").collect();
    let apart = identity::of_claims(&claims, &page.source.zone);
    let mut paid = BTreeMap::new();
    for (claim, apart) in claims.into_iter().zip(apart) {
        let own = [identity::of_claim(claim, &page.source.zone), apart].concat();
        one(page, tree, (claim, &own), submitter.as_ref(), &mut paid);
    }
    for level in tree
        .all("2000B")
        .filter(|level| level.below("2300").next().is_none())
    {
        if level.below("2000C").next().is_none() {
            insurance::of_level(page, level, None);
        }
    }
}

/// What a claim is being made of.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) supporting: Supporting,
    pub(super) team: Vec<Vec<u8>>,
    pub(super) facility: Option<String>,
}

/// Who is paid of what one billing provider claims, beside the provider.
#[derive(Default)]
struct Paid<'f, 'b> {
    reference: Option<String>,
    /// What is said of those without a name.
    unnamed: Vec<&'f Segment<'b>>,
    is_told: bool,
}

/// Those who are paid, by the number of the level.
type AllPaid<'f, 'b> = BTreeMap<usize, Paid<'f, 'b>>;

fn one<'f, 'b>(
    page: &mut Page<'_>,
    tree: &Tree<'_, '_>,
    (claim, own): (Loop<'_, 'f, 'b>, &[String]),
    submitter: Option<&Party>,
    paid: &mut AllPaid<'f, 'b>,
) {
    let (Some(level), Some(head)) = (claim.parent(), claim.first("CLM")) else {
        return;
    };
    let holder = member::subscriber(level);
    let billing = holder.parent();
    let payer = holder
        .below("2010BB")
        .next()
        .and_then(|of| people::organization(page, of));
    let coverage = insurance::of_level(page, level, payer.as_ref());
    let provider = billing
        .and_then(|billing| billing.below("2010AA").next())
        .and_then(|of| people::party(page, of));
    let number = page.take(head.element(1), "Claim.identifier");
    let of = |party: Option<&Party>| party.map(|party| party.name.clone()).unwrap_or_default();
    let by = of(provider.as_ref().or(submitter));
    let mut resource = page.each_of("Claim", &[&of(payer.as_ref()), &by, &number], own);
    let mut parts = Parts::default();
    header(page, &mut resource, tree, claim);
    let health = said(page, claim, &mut resource, &mut parts);
    let created = page.created.clone();
    resource.text("created", &created);
    resource.set("insurer", insurance::payor(payer.as_ref()));
    match &provider {
        Some(provider) => resource.set("provider", value::reference(&provider.reference)),
        None => {
            page.doubt(DoubtCode::Missing, head.position());
            resource.set("provider", value::by_words("not stated"));
        }
    }
    let normal = "http://terminology.hl7.org/CodeSystem/processpriority";
    resource.set("priority", value::concept(normal, "normal", ""));
    if let Some(billing) = billing {
        billing_level(
            page,
            billing,
            (&mut resource, &mut parts),
            provider.as_ref(),
            paid,
        );
    }
    subscriber_level(page, holder, level, &mut parts);
    for provider in claim.below("2310") {
        care(page, provider, &mut parts);
    }
    if claim.each("DTP").all(|one| one.element(1).raw() != b"434") {
        resource.at(served(page, claim));
    }
    let insurances = insurances(page, claim, coverage, &mut parts);
    let items = line::items(page, claim, &health, &mut parts);
    accident(page, head, claim, &mut resource, &mut parts);
    type_of_bill(head, &mut parts);
    if let Some(facility) = &parts.facility {
        resource.set("facility", value::reference(facility));
    }
    resource.list("careTeam", &parts.team);
    resource.list("supportingInfo", &parts.supporting.entries);
    resource.list("diagnosis", &health.diagnoses);
    resource.list("procedure", &health.procedures);
    resource.list("insurance", &insurances);
    resource.list("item", &items);
    let total = page.money(head.element(2), "Claim.total");
    resource.set("total", total);
    page.push(resource);
}

/// Reads the codes and the period of a claim; what else its segments say is supporting information.
fn said(
    page: &mut Page<'_>,
    claim: Loop<'_, '_, '_>,
    resource: &mut Resource,
    parts: &mut Parts,
) -> Health {
    let mut health = Health::default();
    for other in claim.segments() {
        match other.name() {
            b"HI" => health.add(page, other, &mut parts.supporting),
            b"CLM" => {}
            b"DTP" if other.element(1).raw() == b"434" => {
                if let Some(span) = page.span(other, "Claim.billablePeriod") {
                    resource.set("billablePeriod", span.period());
                    resource.at(Some(span.start.time));
                }
            }
            _ => {
                parts.supporting.add(page, other);
            }
        }
    }
    health
}

/// When the first service of a claim was given.
fn served(page: &Page<'_>, claim: Loop<'_, '_, '_>) -> Option<EventTime> {
    let dates = claim.below("2400").flat_map(|line| line.each("DTP"));
    let mut dates = dates.filter(|date| date.element(1).raw() == b"472");
    let first = dates.next()?;
    let (format, said) = (member::text(first, 2), member::text(first, 3));
    let span = value::span(&format, &said, &page.source.zone)?;
    Some(span.start.time)
}

/// Writes what kind of claim it is, how it stands to an earlier one, and who it is for.
fn header(
    page: &mut Page<'_>,
    resource: &mut Resource,
    tree: &Tree<'_, '_>,
    claim: Loop<'_, '_, '_>,
) {
    let Some(head) = claim.first("CLM") else {
        return;
    };
    let number = member::text(head, 1);
    let system = value::system("1028");
    let mut identifiers = vec![json::object(|identifier| {
        identifier
            .string("system", &system)
            .string("value", &number);
    })];
    let batch = tree.root().first("BHT");
    if let Some(batch) = batch {
        let number = page.take(batch.element(3), "Claim.identifier");
        let system = value::system("127");
        identifiers.push(json::object(|identifier| {
            identifier
                .string("system", &system)
                .string("value", &number);
        }));
    }
    let frequency = head.element(5).component(3);
    let frequency = page.take(frequency, "Claim.status");
    resource.list("identifier", &identifiers);
    resource.text(
        "status",
        if frequency == "8" {
            "cancelled"
        } else {
            "active"
        },
    );
    let kind = match tree.guide() {
        Guide::DentalClaim => code("claim-kind", "837D"),
        Guide::InstitutionalClaim => code("claim-kind", "837I"),
        _ => code("claim-kind", "837P"),
    };
    let system = "http://terminology.hl7.org/CodeSystem/claim-type";
    resource.set("type", value::concept(system, kind, ""));
    if let Some(batch) = batch {
        let kind = page.take(batch.element(6), "Claim.subType");
        resource.set("subType", value::coded("640", &kind, ""));
    }
    resource.text("use", "claim");
    let patient = page.patient();
    resource.set("patient", value::reference(&patient));
    let original = claim.each("REF").find(|one| one.element(1).raw() == b"F8");
    if let Some(original) = original.filter(|_| matches!(frequency.as_str(), "7" | "8")) {
        let number = member::text(original, 2);
        resource.list("related", &[prior(&number)]);
    }
}

/// Writes which earlier one a claim or a request stands to.
pub(super) fn prior(number: &str) -> Vec<u8> {
    json::object(|related| {
        related
            .raw("relationship", &value::concept(EARLIER, "prior", ""))
            .object("reference", |reference| {
                reference.string("value", number);
            });
    })
}

const EARLIER: &str = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship";

/// Writes what the billing provider's level says beside the provider: specialty, currency, who is paid.
fn billing_level<'f, 'b>(
    page: &mut Page<'_>,
    billing: Loop<'_, 'f, 'b>,
    (resource, parts): (&mut Resource, &mut Parts),
    provider: Option<&Party>,
    paid: &mut AllPaid<'f, 'b>,
) {
    for segment in page.told(billing) {
        match (segment.name(), provider) {
            (b"HL", _) => {}
            (b"PRV", Some(provider)) => {
                let entry = Party {
                    role: page.take(segment.element(1), "careTeam.role"),
                    taxonomy: people::taxonomy(page, segment),
                    ..provider.clone()
                };
                parts
                    .team
                    .push(team_entry(&entry, "1221", parts.team.len() + 1));
            }
            _ => {
                parts.supporting.add(page, segment);
            }
        }
    }
    let paid = paid
        .entry(billing.number())
        .or_insert_with(|| Paid::of(page, billing, provider));
    let most = most_told(!std::mem::replace(&mut paid.is_told, true));
    for segment in paid.unnamed.iter().take(most) {
        parts.supporting.add(page, segment);
    }
    if let Some(paid) = &paid.reference {
        let kind = "http://terminology.hl7.org/CodeSystem/payeetype";
        resource.object("payee", |payee| {
            payee
                .raw("type", &value::concept(kind, "provider", ""))
                .raw("party", &value::reference(paid));
        });
    }
}

impl<'f, 'b> Paid<'f, 'b> {
    fn of(page: &mut Page<'_>, billing: Loop<'_, 'f, 'b>, provider: Option<&Party>) -> Self {
        let mut paid = Self::default();
        for of in billing.below("2010AB").chain(billing.below("2010AC")) {
            let party = people::of_team(page, of);
            if party.is_none() {
                paid.unnamed.extend(of.segments());
            }
            // Without a name of its own it is the provider's other address.
            let party = party.as_ref().or(provider);
            paid.reference = party
                .map(|party| party.reference.clone())
                .or(paid.reference);
        }
        paid
    }
}

/// Keeps what the levels of subscriber and patient say that neither Patient nor Coverage has.
fn subscriber_level(
    page: &mut Page<'_>,
    holder: Loop<'_, '_, '_>,
    level: Loop<'_, '_, '_>,
    parts: &mut Parts,
) {
    for of in holder.below("2010BC").take(TOLD_WITH_EACH) {
        people::party(page, of);
    }
    let mut said = page.told(holder);
    if level.number() != holder.number() {
        said.extend(page.told(level));
    }
    for segment in said {
        let is_more =
            segment.name() == b"PAT" && (2..=9).any(|element| !segment.element(element).is_empty());
        let is_other = !matches!(segment.name(), b"HL" | b"SBR" | b"PAT" | b"DMG");
        if is_more || is_other {
            parts.supporting.add(page, segment);
        } else if segment.name() == b"PAT" {
            page.mark(segment.element(1), "Coverage.relationship");
        }
    }
}

/// Writes a provider of the claim: a place where the services were given, or someone of the team. Gives the number in the team.
pub(super) fn care(page: &mut Page<'_>, of: Loop<'_, '_, '_>, parts: &mut Parts) -> Option<usize> {
    let role = of
        .first("NM1")
        .map(|name| member::text(name, 1))
        .unwrap_or_default();
    if matches!(role.as_str(), "77" | "FA" | "LI" | "TL" | "PW" | "45") {
        let Some(place) = people::location(page, of) else {
            keep(page, of, parts);
            return None;
        };
        if matches!(role.as_str(), "77" | "FA" | "LI" | "TL") && parts.facility.is_none() {
            parts.facility = Some(place);
        } else {
            let category = value::coded("98", &role, "");
            parts.supporting.add_words(&category, b"", &place);
        }
        return None;
    }
    let party = named(page, of, parts)?;
    let number = parts.team.len() + 1;
    parts.team.push(team_entry(&party, "98", number));
    Some(number)
}

/// Gives the party that a loop names; of one without name and number, what is said is supporting information.
fn named(page: &mut Page<'_>, of: Loop<'_, '_, '_>, parts: &mut Parts) -> Option<Party> {
    let party = people::of_team(page, of);
    if party.is_none() {
        keep(page, of, parts);
    }
    party
}

fn keep(page: &mut Page<'_>, of: Loop<'_, '_, '_>, parts: &mut Parts) {
    for segment in of.segments() {
        parts.supporting.add(page, segment);
    }
}

fn team_entry(party: &Party, element: &str, number: usize) -> Vec<u8> {
    json::object(|entry| {
        entry
            .integer("sequence", number as u64)
            .raw("provider", &value::reference(&party.reference))
            .raw("role", &value::coded(element, &party.role, ""))
            .raw("qualification", &party.taxonomy);
    })
}

/// Writes the insurances: the one that is claimed from, and others with what they have paid.
fn insurances(
    page: &mut Page<'_>,
    claim: Loop<'_, '_, '_>,
    coverage: String,
    parts: &mut Parts,
) -> Vec<Vec<u8>> {
    let entry = |number: usize, focal: bool, coverage: &str| {
        json::object(|entry| {
            entry
                .integer("sequence", number as u64)
                .boolean("focal", Some(focal))
                .raw("coverage", &value::reference(coverage));
        })
    };
    let mut all = vec![entry(1, true, &coverage)];
    for other in claim.below("2320") {
        let payer = other
            .below("2330B")
            .next()
            .and_then(|of| people::organization(page, of));
        let holder = other.below("2330A").next();
        let information = other.first("SBR");
        let is_self = information.is_some_and(|one| one.element(2).raw() == b"18");
        let number = holder.map(member::number).unwrap_or_default();
        let subscriber = match holder {
            Some(holder) if !is_self => people::subscriber(page, holder),
            Some(holder) => {
                let segments: Vec<&Segment<'_>> = holder.segments().collect();
                people::patient(page, &segments);
                String::new()
            }
            None => String::new(),
        };
        let policy = Policy {
            information,
            relationship: "",
            number: &number,
            subscriber: &subscriber,
        };
        let reference = insurance::coverage(page, payer.as_ref(), policy);
        for segment in other.segments().filter(|one| one.name() != b"SBR") {
            parts.supporting.add(page, segment);
        }
        for provider in other.below("2330C") {
            care(page, provider, parts);
        }
        all.push(entry(all.len() + 1, false, &reference));
    }
    all
}

/// Writes the type of a bill, where the place is one of it (CLM05-2 `A`): facility, kind of care and frequency.
fn type_of_bill(head: &Segment<'_>, parts: &mut Parts) {
    let place = head.element(5);
    let part = |number: usize| member::text_of(place.component(number));
    if part(2) != "A" || part(1).is_empty() {
        return;
    }
    let category = value::concept(SUPPORTING, "typeofbill", "");
    let kind = value::concept(TYPE_OF_BILL, &format!("0{}{}", part(1), part(3)), "");
    parts.supporting.add_words(&category, &kind, "");
}

/// What is said beside a claim, in CARIN.
const SUPPORTING: &str = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType";

/// Writes an accident, where CLM11 names one and a day is told; what else CLM says is supporting information.
fn accident(
    page: &mut Page<'_>,
    head: &Segment<'_>,
    claim: Loop<'_, '_, '_>,
    resource: &mut Resource,
    parts: &mut Parts,
) {
    let cause = head.element(11);
    let day = claim.each("DTP").find(|one| one.element(1).raw() == b"439");
    let day = day.map(|day| page.day(day.element(3), "Claim.accident.date"));
    if let Some(day) = day.filter(|day| !day.is_empty() && !cause.is_empty()) {
        let kind = page.take(cause.component(1), "Claim.accident.type");
        let state = page.take(cause.component(4), "Claim.accident.location");
        resource.object("accident", |accident| {
            accident
                .string("date", &day)
                .raw("type", &value::coded("1362", &kind, ""))
                .object("locationAddress", |address| {
                    address.string("state", &state);
                });
        });
    }
    let place = head.element(5);
    let is_split = place.components().count() > 1;
    if !place.is_empty() && !is_split {
        page.doubt(DoubtCode::NotSplit, place.position());
    }
    parts.supporting.add(page, head);
}
