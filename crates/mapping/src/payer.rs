//! Records of the patient stream to what payers and providers say of a member.

mod line;
mod part;
mod team;

use clinical::EventTime;
use clinical::payer::{
    Document, DocumentKind, EVERY_PRODUCT, HOSPITAL_STAY, Link, PayerEvent, PayerFact, Standing,
    Stated, Way, link,
};
use formats::fhir::read::{Malformed, Raw};

use crate::event::{Envelope, FHIR_JSON, Unreadable, identity};
use crate::fhir::usable;
use crate::x12::{MEMBERSHIP, PRODUCT};
pub(crate) use line::{CANCELLED, CERTIFICATION, DEPARTMENT, ITEM_TRACE};
pub use team::practitioner;

use part::{
    amount, code, codes, day, each, identifiers, member, reference, said, stated, text, within,
};

/// Until when a payer put off its answer, on a ClaimResponse: no element of FHIR R4 or PAS says so.
pub const EXTENDED_UNTIL: &str = "urn:pulsewire:authorization:extended-until";

/// In CARIN a relationship to what stands in place of it (C4BBRelatedClaimRelationshipCodes: `replaced`, earlier `replacedby`).
const LATER: &str = "replaced";
/// A claim of other services that belongs to it in some other way (FHIR R4, ex-relatedclaimrelationship).
const ASSOCIATED: &str = "associated";
/// How an answer is to another one that it stands in place of (C4BB, related claims).
const ADJUSTED: &str = "prior";
/// What PAS calls a Claim that only asks how another one stands.
const INQUIRY_PROFILE: &str = "profile-claim-inquiry";
/// The type of an identifier that names the member and no coverage (HL7 table 0203).
const MEMBER_NUMBER: &str = "MB";
/// How urgent a PAS request is (X12 element 1338).
const LEVEL_OF_SERVICE: &str =
    "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-levelOfServiceCode";

/// The system of the qualifiers of X12 REF ends with the number of the element, and which of them number a claim.
const REFERENCE_ELEMENT: &str = "/128";
const CLAIM_NUMBERS: [&str; 2] = ["EJ", "1K"];
/// The systems by which a document of X12 is known: of what kind of review is asked for, and of the number that a payer gave a
/// claim.
const REVIEW_ELEMENT: &str = "/1525";
const NUMBER_ELEMENT: &str = "/127";
/// The type of an identifier that a payer gave a claim (C4BBIdentifierType).
const CLAIM_OF_PAYER: &str = "uc";
/// What is said beside a claim that is the number that its provider gave it (C4BBSupportingInfoType).
const ACCOUNT_NUMBER: &str = "patientaccountnumber";
/// The system of types of bill (National Uniform Billing Committee): the first two digits but for a 0 before them say where, 11
/// a hospital's inpatients.
pub(crate) const TYPE_OF_BILL: &str = "https://www.nubc.org/CodeSystem/TypeOfBill";
const HOSPITAL_INPATIENT: &str = "11";

/// Reads a record of the patient stream; nothing where payer workloads have no use for what it holds.
///
/// # Errors
/// When the record is not what its content type says.
pub fn payer_event(envelope: &Envelope<'_>) -> Result<Option<PayerEvent>, Unreadable> {
    let fact = match envelope.content_type {
        FHIR_JSON => document(envelope.bytes)?.map(|mut document| {
            // A Coverage does not say when it was said; who sent it may.
            if document.kind == DocumentKind::Coverage {
                let said = envelope
                    .recorded
                    .map(|at| EventTime::from_micros(at.micros()));
                document.created = document.created.or(said.map(Stated::Moment));
            }
            PayerFact::Document(document.into())
        }),
        identity::MERGE_JSON => Some(PayerFact::Merge(identity::read_merge(envelope.bytes)?)),
        _ => None,
    };
    Ok(fact.map(|fact| PayerEvent {
        id: envelope.event_id,
        patient: envelope.key,
        received: envelope.received_time,
        origin: envelope.origin,
        backfill: envelope.backfill,
        fact,
    }))
}

/// Reads a resource as a document; nothing where it is none.
///
/// # Errors
/// When it is not JSON.
pub fn document(bytes: &[u8]) -> Result<Option<Document>, Malformed> {
    let bytes = usable(bytes);
    let raw = Raw::read(&bytes)?;
    let kind = text(raw, "resourceType");
    let is_preauthorization = text(raw, "use") == "preauthorization";
    let read: fn(Raw<'_>, &mut Document) = match (&*kind, is_preauthorization) {
        ("Claim", true) if is_inquiry(raw) => return Ok(None),
        ("Claim", true) => authorization_request,
        ("ClaimResponse", true) => authorization_answer,
        ("Claim", false) if text(raw, "use") == "claim" => claim,
        ("ClaimResponse" | "ExplanationOfBenefit", false) if !is_estimate(raw) => remittance,
        ("Task", _) if is_status(raw) => claim_status,
        ("CoverageEligibilityRequest", _) => inquiry,
        ("CoverageEligibilityResponse", _) => eligibility,
        ("Coverage", _) => coverage,
        ("Encounter", _) => visit,
        ("Flag", _) => panel,
        ("Patient", _) => person,
        _ => return Ok(None),
    };
    let id = text(raw, "id");
    let own = format!("{kind}/{id}");
    let mut document = Document::new(kind_of(&kind, is_preauthorization), link(&own));
    document.standing = standing(&text(raw, "status"));
    document.created = stated(&text(raw, "created"));
    document.links.push(link(&own));
    document.insurer = reference(member(raw, "insurer"));
    read(raw, &mut document);
    tidy(&mut document.links);
    tidy(&mut document.replaces);
    Ok(Some(document))
}

fn tidy(links: &mut Vec<Link>) {
    links.retain(|link| *link != 0);
    links.sort_unstable();
    links.dedup();
}

fn kind_of(kind: &str, is_preauthorization: bool) -> DocumentKind {
    match (kind, is_preauthorization) {
        ("Claim", true) => DocumentKind::AuthorizationRequest,
        ("ClaimResponse", true) => DocumentKind::AuthorizationAnswer,
        ("Claim", false) => DocumentKind::Claim,
        ("Task", _) => DocumentKind::ClaimStatus,
        ("CoverageEligibilityRequest", _) => DocumentKind::Inquiry,
        ("CoverageEligibilityResponse", _) => DocumentKind::Eligibility,
        ("Coverage", _) => DocumentKind::Coverage,
        ("Encounter", _) => DocumentKind::Visit,
        ("Flag", _) => DocumentKind::Panel,
        ("Patient", _) => DocumentKind::Member,
        _ => DocumentKind::Remittance,
    }
}

fn standing(status: &str) -> Standing {
    match status {
        "cancelled" => Standing::Cancelled,
        "entered-in-error" | "draft" => Standing::Withdrawn,
        _ => Standing::Active,
    }
}

fn is_inquiry(raw: Raw<'_>) -> bool {
    let profiles = member(raw, "meta").and_then(|meta| member(meta, "profile"));
    each(profiles).any(|profile| said(profile).contains(INQUIRY_PROFILE))
}

/// Nothing is claimed yet.
fn is_estimate(raw: Raw<'_>) -> bool {
    text(raw, "use") == "predetermination"
}

fn is_status(raw: Raw<'_>) -> bool {
    let status = text(raw, "status");
    let asked = status == "requested";
    // What is said of a batch as a whole is about no claim, unless nothing of it was taken.
    let is_of_claim = member(raw, "for").is_some() || matches!(&*status, "rejected" | "failed");
    !asked && is_of_claim && codes(member(raw, "code")).any(|(_, code)| code == "status")
}

fn authorization_request(raw: Raw<'_>, document: &mut Document) {
    document.links.extend(identifiers(raw));
    for related in each(member(raw, "related")) {
        let claim = member(related, "claim");
        document.links.push(reference(claim));
        document.links.extend(claim.and_then(by_uuid));
        let number = claim.and_then(|claim| member(claim, "identifier"));
        let numbers = [number, member(related, "reference")];
        let values = numbers.into_iter().flatten().map(|one| text(one, "value"));
        document.links.extend(values.map(|value| link(&value)));
    }
    document.provider = reference(member(raw, "provider"));
    let mut kinds = codes(member(raw, "subType"));
    document.way = match kinds.any(|(system, _)| system.ends_with(REVIEW_ELEMENT)) {
        true => Way::X12,
        false => Way::Claim,
    };
    let level = each(member(raw, "extension"))
        .find(|one| text(*one, "url") == LEVEL_OF_SERVICE)
        .and_then(|one| member(one, "valueCodeableConcept"));
    if line::is_called_off(raw) {
        document.standing = document.standing.max(Standing::Cancelled);
    }
    // What kind it is and how urgent, in the codes of the sender.
    let said = [
        code(member(raw, "type")),
        code(member(raw, "priority")),
        code(level),
    ];
    document.code = said.join(" ").into();
    document.lines = line::requested(raw);
    if line::are_all_called_off(raw) {
        document.standing = document.standing.max(Standing::Cancelled);
    }
}

fn authorization_answer(raw: Raw<'_>, document: &mut Document) {
    document.links.extend(identifiers(raw));
    refers(raw, "request", document);
    document.provider = reference(member(raw, "requestor"));
    document.code = text(raw, "outcome").into();
    document.links.push(link(&text(raw, "preAuthRef")));
    let extended = each(member(raw, "extension")).find(|one| text(*one, "url") == EXTENDED_UNTIL);
    document.deadline = extended.and_then(|one| {
        let moment = text(one, "valueDateTime");
        stated(&moment)
    });
    document.lines = line::decided(raw);
}

/// Takes in which document another one belongs to, by its place or its number.
fn refers(raw: Raw<'_>, name: &str, document: &mut Document) {
    let Some(to) = member(raw, name) else {
        return;
    };
    document.links.push(reference(Some(to)));
    document.links.extend(by_uuid(to));
    if let Some(number) = member(to, "identifier") {
        document.links.push(link(&text(number, "value")));
    }
}

/// A claim that was named as in the bundle that it came in: its id there is that of its resource.
fn by_uuid(to: Raw<'_>) -> Option<Link> {
    let named = text(to, "reference");
    let id = named.strip_prefix("urn:uuid:")?;
    Some(link(&format!("Claim/{id}")))
}

fn claim(raw: Raw<'_>, document: &mut Document) {
    // The number of the batch is on each of its claims: it is no number of this one.
    let own = each(member(raw, "identifier")).next();
    document
        .links
        .extend(own.map(|one| link(&text(one, "value"))));
    document.provider = line::rendering(raw);
    document.charge = amount(member(raw, "total"));
    document.code = code(member(raw, "type")).into();
    if is_of_stay(raw) {
        document.code = HOSPITAL_STAY.into();
    }
    period(raw, "billablePeriod", document);
    document.replaces = earlier(raw, |relationship| {
        !relationship.starts_with(LATER) && relationship != ASSOCIATED
    });
    document.lines = line::claimed(raw);
    let days = || document.lines.iter().filter_map(|line| line.day);
    document.from = document.from.or(days().min());
    document.until = document.until.or(days().max()).or(document.from);
}

/// Whether a claim is for a hospital's inpatient.
fn is_of_stay(raw: Raw<'_>) -> bool {
    let said = each(member(raw, "supportingInfo"));
    let mut codes = said.flat_map(|one| codes(member(one, "code")));
    codes.any(|(system, code)| {
        let place = code.trim_start_matches('0');
        system == TYPE_OF_BILL && place.starts_with(HOSPITAL_INPATIENT)
    })
}

/// The numbers of what something stands in place of, corrects or adds to.
fn earlier(raw: Raw<'_>, is_earlier: impl Fn(&str) -> bool) -> Vec<Link> {
    let mut all = Vec::new();
    for related in each(member(raw, "related")) {
        if !is_earlier(&code(member(related, "relationship"))) {
            continue;
        }
        all.push(reference(member(related, "claim")));
        if let Some(number) = member(related, "reference") {
            all.push(link(&text(number, "value")));
        }
    }
    all
}

fn claim_status(raw: Raw<'_>, document: &mut Document) {
    // A 277CA traces a claim by the number that its sender gave it.
    document.links.extend(identifiers(raw));
    refers(raw, "focus", document);
    document.links.extend(numbers_of_claim(raw));
    document.created = stated(&text(raw, "lastModified"));
    document.code = code(member(raw, "businessStatus")).into();
}

/// The numbers by which an answer of X12 names a claim: that of its provider and that of its payer.
fn numbers_of_claim<'a>(raw: Raw<'a>) -> impl Iterator<Item = Link> {
    let is_number = |input: &Raw<'a>| {
        let mut codes = codes(member(*input, "type"));
        codes.any(|(system, code)| {
            system.ends_with(REFERENCE_ELEMENT) && CLAIM_NUMBERS.contains(&&*code)
        })
    };
    let inputs = each(member(raw, "input")).filter(is_number);
    inputs.map(|input| link(&text(input, "valueString")))
}

fn remittance(raw: Raw<'_>, document: &mut Document) {
    document.links.extend(identifiers(raw));
    document.links.extend(account_number(raw));
    (document.way, document.product) = told_by(raw);
    refers(raw, "claim", document);
    refers(raw, "request", document);
    document.provider = reference(member(raw, "provider"));
    document.code = match (line::is_denied(raw), line::is_capitated(raw)) {
        (true, _) => "denied".into(),
        (false, true) => "capitated".into(),
        (false, false) => text(raw, "outcome").into(),
    };
    period(raw, "billablePeriod", document);
    document.replaces = earlier(raw, |relationship| relationship == ADJUSTED);
    line::adjudicated(raw, document);
}

/// The number that the provider gave a claim, as CARIN says it.
fn account_number(raw: Raw<'_>) -> Option<Link> {
    let mut said = each(member(raw, "supportingInfo"));
    let account = said.find(|one| {
        let mut kinds = codes(member(*one, "category"));
        kinds.any(|(_, kind)| kind == ACCOUNT_NUMBER)
    })?;
    Some(link(&text(account, "valueString")))
}

/// By which way a remittance came, and the number that its payer gave the claim.
fn told_by(raw: Raw<'_>) -> (Way, Link) {
    let all = || each(member(raw, "identifier"));
    let is_of_payer = |one: &Raw<'_>| {
        let mut kinds = codes(member(*one, "type"));
        kinds.any(|(_, kind)| kind == CLAIM_OF_PAYER)
    };
    let number = all().find(is_of_payer).or_else(|| all().next());
    let is_x12 = number.is_some_and(|one| text(one, "system").ends_with(NUMBER_ELEMENT));
    let way = match (is_x12, &*text(raw, "resourceType")) {
        (true, _) => Way::X12,
        (false, "ClaimResponse") => Way::ClaimResponse,
        (false, _) => Way::ExplanationOfBenefit,
    };
    (way, number.map_or(0, |one| link(&text(one, "value"))))
}

fn inquiry(raw: Raw<'_>, document: &mut Document) {
    document.links.extend(identifiers(raw));
    document.provider = reference(member(raw, "provider"));
    serviced(raw, document);
}

fn eligibility(raw: Raw<'_>, document: &mut Document) {
    document.links.extend(identifiers(raw));
    refers(raw, "request", document);
    document.provider = reference(member(raw, "requestor"));
    serviced(raw, document);
    let insurances = || each(member(raw, "insurance"));
    let inforce: Vec<bool> = insurances()
        .filter_map(|one| member(one, "inforce")?.boolean().ok())
        .collect();
    let error = each(member(raw, "error")).next();
    document.code = match (inforce.contains(&true), inforce.is_empty()) {
        (true, _) => "active".into(),
        (false, false) => "inactive".into(),
        (false, true) => error
            .map(|one| code(member(one, "code")))
            .map(|code| format!("error {code}"))
            .unwrap_or_else(|| text(raw, "outcome").into_owned())
            .trim()
            .into(),
    };
    let benefit = insurances().find_map(|one| member(one, "benefitPeriod"));
    // What is over, or has not begun, speaks of the day that it was asked for, and not of the days of its plan.
    if let Some(benefit) = benefit.filter(|_| &*document.code == "active") {
        document.from = day(&text(benefit, "start"));
        document.until = day(&text(benefit, "end"));
    }
}

/// The days it is asked or answered for.
fn serviced(raw: Raw<'_>, document: &mut Document) {
    let one = day(&text(raw, "servicedDate"));
    document.from = one;
    document.until = one;
    if one.is_none() {
        period(raw, "servicedPeriod", document);
    }
}

fn coverage(raw: Raw<'_>, document: &mut Document) {
    document.insurer = reference(each(member(raw, "payor")).next());
    document.code = code(member(raw, "type")).into();
    let number = text(raw, "subscriberId");
    for identifier in each(member(raw, "identifier")) {
        let (system, value) = (text(identifier, "system"), text(identifier, "value"));
        let mut kinds = codes(member(identifier, "type"));
        if value == number || kinds.any(|(_, code)| code == MEMBER_NUMBER) {
            continue;
        }
        document.replaces.push(link(&value));
        if matches!(&*system, MEMBERSHIP | PRODUCT) {
            document.product = link(&value);
        }
        match &*system {
            MEMBERSHIP => document.code = EVERY_PRODUCT.into(),
            // So its coverage was called before those of one product had ids of their own.
            PRODUCT => document.replaces.push(link(&format!("Coverage/{value}"))),
            _ => {}
        }
    }
    document.links.extend_from_slice(&document.replaces);
    document.links.push(link(&number));
    period(raw, "period", document);
}

fn visit(raw: Raw<'_>, document: &mut Document) {
    let class = member(raw, "class").map(|class| text(class, "code"));
    document.code = class.unwrap_or_default().into();
    if text(raw, "status") == "planned" {
        document.standing = Standing::Withdrawn;
    }
    let start = within(raw, &["period", "start"]).map(said);
    document.created = start.and_then(|start| stated(&start));
    let end = within(raw, &["period", "end"]).map(said);
    document.deadline = end.and_then(|end| stated(&end));
    document.links.push(reference(member(raw, "partOf")));
    period(raw, "period", document);
    // It is over, and its source does not say since when.
    if text(raw, "status") == "finished" {
        document.until = document.until.or(document.from);
    }
}

fn panel(raw: Raw<'_>, document: &mut Document) {
    let of_category = each(member(raw, "category")).flat_map(|one| codes(Some(one)));
    let all = of_category.chain(codes(member(raw, "code")));
    let all: Vec<_> = all
        .map(|(system, code)| format!("{system}|{code}"))
        .collect();
    document.code = all.join(" ").into();
    period(raw, "period", document);
    // What ended held until then; of what has no end nobody can tell since when it does not hold.
    if text(raw, "status") == "inactive" && document.until.is_none() {
        document.standing = Standing::Cancelled;
    }
}

fn person(raw: Raw<'_>, document: &mut Document) {
    document.standing = Standing::Active;
    document.from = day(&text(raw, "birthDate"));
    document.until = day(&text(raw, "deceasedDateTime"));
}

/// The days of a period; a moment in it counts as its day where it was stated.
fn period(raw: Raw<'_>, name: &str, document: &mut Document) {
    if let Some(period) = member(raw, name) {
        document.from = day(&text(period, "start"));
        document.until = day(&text(period, "end"));
    }
}

#[cfg(test)]
mod tests;
