//! The services of a request, a claim or an answer.

use clinical::Decimal;
use clinical::payer::{Document, Link, ServiceLine, Trace, Way, link};
use formats::fhir::read::Raw;

use super::part::{amount, code, codes, day, each, member, number, reference, said, text, within};
use super::team::Team;

/// The most services that are read of one document; a claim has at most 999 (X12 837).
pub(super) const MAX_LINES: usize = 999;
/// What was decided of a service (X12 element 306), in PAS.
const REVIEW_ACTION: &str =
    "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction";
/// The code in it.
const REVIEW_ACTION_CODE: &str =
    "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewActionCode";
/// The number by which a service is named in its request and in its answer, in PAS.
pub(crate) const ITEM_TRACE: &str =
    "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-itemTraceNumber";
/// Which part of an organization gave a number (X12 TRN04), in PAS.
pub(crate) const DEPARTMENT: &str =
    "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-identifierSubDepartment";
/// What is asked for of a request or a service (X12 element 1322), in PAS, and the code of what is called off.
pub(crate) const CERTIFICATION: &str =
    "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-certificationType";
const CALLED_OFF: &str = "3";
/// That a service is no longer asked for, in PAS.
pub(crate) const CANCELLED: &str =
    "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/modifierextension-infoCancelled";
/// The system of such codes ends with the number of the element.
const ACTION_ELEMENT: &str = "/306";
/// The groups of adjustments (CAS01).
const GROUPS: &str = "claim-adjustment-group-codes";
/// The group of what the member is to pay.
const MEMBER: &str = "PR";
/// How a claim was processed (X12 CLP02), and which of it is a denial.
const CLAIM_STATUS: (&str, &str) = ("/1029", "4");
/// The same in CARIN, of adjudications.
const PAYER_STATUS: (&str, &str) = ("C4BBPayerAdjudicationStatus", "denied");
/// And of the payment (value set C4BBPayerClaimPaymentStatusCode).
const NO_PAYMENT: &str = "denied";
/// The reason of an adjustment for what a capitation agreement covers (X12 claim adjustment reason code 24).
const CAPITATION: &str = "24";
/// What the member's part is made of, where it is not stated as one.
const OWED: [&str; 4] = ["deductible", "copay", "coinsurance", "coins"];
/// What a total is of (FHIR adjudication; C4BBAdjudication): what is charged, paid, taken off by contract, and the member's part.
const SUBMITTED: &str = "submitted";
const BENEFIT: &str = "benefit";
const DISCOUNT: &str = "discount";
const LIABILITY: &str = "memberliability";
/// What is paid, where it is not stated as a benefit.
const PAID: [&str; 2] = ["paidtoprovider", "paidtopatient"];
/// The role of who gave a service (X12 element 98).
const RENDERING: &str = "82";

/// Reads what is asked for, without what is asked for no longer.
pub(super) fn requested(raw: Raw<'_>) -> Vec<ServiceLine> {
    let items = each(member(raw, "item")).take(MAX_LINES);
    items
        .filter(|item| !is_called_off(*item))
        .map(|item| ServiceLine {
            units: number(within(item, &["quantity", "value"])),
            charge: amount(member(item, "net")),
            traces: traces(item),
            ..service(item, "sequence")
        })
        .collect()
}

/// Whether a request names services, and calls all of them off.
pub(super) fn are_all_called_off(raw: Raw<'_>) -> bool {
    let mut items = each(member(raw, "item")).take(MAX_LINES).peekable();
    items.peek().is_some() && items.all(is_called_off)
}

/// Whether a request, or a service of one, is there to call it off.
pub(super) fn is_called_off(of: Raw<'_>) -> bool {
    let mut modifiers = each(member(of, "modifierExtension"));
    let mut extensions = each(member(of, "extension"));
    let is_set =
        |one: Raw<'_>| member(one, "valueBoolean").is_some_and(|set| set.boolean() == Ok(true));
    modifiers.any(|one| text(one, "url") == CANCELLED && is_set(one))
        || extensions.any(|one| {
            let concept = member(one, "valueCodeableConcept");
            text(one, "url") == CERTIFICATION && code(concept) == CALLED_OFF
        })
}

/// The most numbers by which a service is named.
const MAX_TRACES: usize = 8;

/// The numbers by which a service is named, as they are sent: what an answer repeats of its request stands first.
fn traces(item: Raw<'_>) -> Vec<Trace> {
    let all = each(member(item, "extension")).filter(|one| text(*one, "url") == ITEM_TRACE);
    let identifiers = all.filter_map(|one| member(one, "valueIdentifier"));
    let mut traces: Vec<Trace> = Vec::new();
    for trace in identifiers.map(trace) {
        if traces.len() < MAX_TRACES && trace.number != 0 && !traces.contains(&trace) {
            traces.push(trace);
        }
    }
    traces
}

/// A number with who gave it. Its system says what kind of number it is, and most often not whose.
fn trace(identifier: Raw<'_>) -> Trace {
    let number = link(&text(identifier, "value"));
    let words = [
        &["assigner", "identifier", "value"][..],
        &["assigner", "display"],
        &["assigner", "reference"],
    ];
    let mut words = words
        .into_iter()
        .filter_map(|path| within(identifier, path));
    let by = words.next().map(said).unwrap_or_default();
    let mut extensions = each(member(identifier, "extension"));
    let department = extensions.find(|one| text(*one, "url") == DEPARTMENT);
    let department = department.map(|one| text(one, "valueString"));
    let by = match department.filter(|name| !name.is_empty()) {
        Some(department) => link(&format!("{by}|{department}")),
        None => link(&by),
    };
    Trace { number, by }
}

/// Reads the services of a claim, with who gave each.
pub(super) fn claimed(raw: Raw<'_>) -> Vec<ServiceLine> {
    let team = Team::of(raw);
    lines(raw, "item", |item| {
        let (renderer, specialty) = team.renderer(item);
        ServiceLine {
            units: number(within(item, &["quantity", "value"])),
            is_minutes: is_minutes(item),
            charge: amount(member(item, "net")),
            until: within(item, &["servicedPeriod", "end"]).and_then(|end| day(&said(end))),
            renderer,
            specialty,
            ..service(item, "sequence")
        }
    })
}

/// Whether the units of a service are its minutes: X12 element 355, or UCUM.
fn is_minutes(item: Raw<'_>) -> bool {
    let Some(quantity) = member(item, "quantity") else {
        return false;
    };
    text(quantity, "unit") == "MJ" || text(quantity, "code") == "min"
}

fn lines(raw: Raw<'_>, name: &str, read: impl Fn(Raw<'_>) -> ServiceLine) -> Vec<ServiceLine> {
    each(member(raw, name)).take(MAX_LINES).map(read).collect()
}

fn service(item: Raw<'_>, sequence: &str) -> ServiceLine {
    let start = within(item, &["servicedPeriod", "start"]).map(said);
    let served = match text(item, "servicedDate") {
        date if date.is_empty() => start.unwrap_or_default(),
        date => date,
    };
    let modifiers: Vec<_> = each(member(item, "modifier"))
        .map(|one| code(Some(one)))
        .collect();
    ServiceLine {
        number: sequence_of(item, sequence),
        code: code(member(item, "productOrService")).into(),
        modifiers: modifiers.join(",").into(),
        place: code(member(item, "locationCodeableConcept")).into(),
        day: day(&served),
        ..ServiceLine::default()
    }
}

pub(super) fn sequence_of(item: Raw<'_>, name: &str) -> u16 {
    let digits = member(item, name).and_then(|raw| raw.number().ok());
    digits
        .and_then(|digits| digits.digits().parse().ok())
        .unwrap_or_default()
}

/// Reads what was decided: of the whole, of services, and of services that the payer added.
pub(super) fn decided(raw: Raw<'_>) -> Vec<ServiceLine> {
    let mut all = Vec::new();
    let whole = decision(raw, 0);
    all.extend((!whole.action.is_empty()).then_some(whole));
    for item in each(member(raw, "item")).take(MAX_LINES) {
        let said = decision(item, sequence_of(item, "itemSequence"));
        all.extend((!said.action.is_empty()).then_some(said));
    }
    all
}

fn decision(of: Raw<'_>, number: u16) -> ServiceLine {
    let mut line = ServiceLine {
        number,
        traces: traces(of),
        ..ServiceLine::default()
    };
    for adjudication in each(member(of, "adjudication")) {
        let category = codes(member(adjudication, "category"))
            .find(|(system, _)| system.ends_with(ACTION_ELEMENT));
        if let Some((_, action)) = category {
            decide(&mut line, &action);
        }
        line.has_reason |= !code(member(adjudication, "reason")).is_empty();
        for extension in each(member(adjudication, "extension")) {
            if text(extension, "url") == REVIEW_ACTION {
                review(extension, &mut line);
            }
        }
    }
    line
}

/// Of several actions the first one is the service's own.
fn decide(line: &mut ServiceLine, action: &str) {
    if line.action.is_empty() {
        line.action = action.into();
    }
}

/// Reads the action and its reason as PAS writes them.
fn review(extension: Raw<'_>, line: &mut ServiceLine) {
    for part in each(member(extension, "extension")) {
        let concept = member(part, "valueCodeableConcept");
        match &*text(part, "url") {
            REVIEW_ACTION_CODE => decide(line, &code(concept)),
            url if url.ends_with("reasonCode") => line.has_reason |= !code(concept).is_empty(),
            _ => {}
        }
    }
}

/// Whom the claim names as who gave its services, or else who bills for them.
pub(super) fn rendering(raw: Raw<'_>) -> Link {
    let named = each(member(raw, "careTeam"))
        .find(|one| code(member(*one, "role")) == RENDERING)
        .map(|one| reference(member(one, "provider")));
    named.unwrap_or_else(|| reference(member(raw, "provider")))
}

/// What adjudications say in money.
#[derive(Default)]
struct Sums {
    charge: Option<Decimal>,
    paid: Option<Decimal>,
    adjusted: Decimal,
    /// What the member owes, as adjustments.
    owed: Decimal,
    /// And as what it is made of.
    parts: Decimal,
    /// Whether an amount is of a category that no balance is made of.
    has_other: bool,
    has_adjustment: bool,
}

impl Sums {
    fn of(raw: Raw<'_>) -> Self {
        let mut sums = Self::default();
        for one in each(member(raw, "adjudication")) {
            let Some(value) = amount(member(one, "amount")) else {
                continue;
            };
            let category = codes(member(one, "category")).next().unwrap_or_default();
            match (&*category.0, &*category.1) {
                (system, group) if system.contains(GROUPS) => {
                    sums.adjusted = sums.adjusted.saturating_add(value);
                    if group == MEMBER {
                        sums.owed = sums.owed.saturating_add(value);
                    }
                    sums.has_adjustment = true;
                }
                (_, SUBMITTED) => sums.charge = Some(value),
                (_, BENEFIT) => sums.paid = Some(value),
                (_, category) => {
                    sums.has_other = true;
                    if OWED.contains(&category) {
                        sums.parts = sums.parts.saturating_add(value);
                    }
                }
            }
        }
        sums
    }
}

/// Reads what became of a claim and of its services; where categories are used that adjustments are not made of, no
/// sum of adjustments is given, so that nothing is weighed.
pub(super) fn adjudicated(raw: Raw<'_>, document: &mut Document) {
    let whole = Sums::of(raw);
    let mut has_other = whole.has_other;
    let (mut owed, mut parts) = (whole.owed, whole.parts);
    let totals = Totals::of(raw);
    document.charge = totals.one(SUBMITTED);
    document.paid = totals.one(BENEFIT).or_else(|| totals.sum(&PAID));
    if let Some(paid) = within(raw, &["payment", "amount"]) {
        document.paid = amount(Some(paid)).or(document.paid);
    }
    let paid_on = within(raw, &["payment", "date"]).map(said);
    document.deadline = paid_on.and_then(|date| super::stated(&date));
    for item in each(member(raw, "item")).take(MAX_LINES) {
        let sums = Sums::of(item);
        has_other |= sums.has_other;
        owed = owed.saturating_add(sums.owed);
        parts = parts.saturating_add(sums.parts);
        document.lines.push(ServiceLine {
            units: number(within(item, &["quantity", "value"])),
            charge: sums.charge,
            paid: sums.paid,
            adjusted: sums.has_adjustment.then_some(sums.adjusted),
            ..service(item, item_number(item))
        });
    }
    let has_adjustment =
        whole.has_adjustment || document.lines.iter().any(|one| one.adjusted.is_some());
    // X12 tells all adjustments; where FHIR tells none, its totals may say what was taken off.
    let is_told = document.way == Way::X12 || has_adjustment;
    document.adjusted = match (has_other, is_told) {
        (true, _) => None,
        (false, true) => Some(whole.adjusted),
        (false, false) => totals.adjusted(),
    };
    let of_lines = document.lines.iter().filter_map(|line| line.paid);
    let of_lines = of_lines.reduce(Decimal::saturating_add);
    document.paid = document.paid.or(of_lines);
    let said = [
        totals.one(LIABILITY),
        totals.sum(&OWED),
        Some(owed),
        Some(parts),
    ];
    document.owed = said.into_iter().flatten().find(|owed| !owed.is_zero());
}

/// Whether the payer says that it denied the whole.
pub(super) fn is_denied(raw: Raw<'_>) -> bool {
    let said = each(member(raw, "adjudication")).flat_map(|one| {
        let category = codes(member(one, "category"));
        category.chain(codes(member(one, "reason")))
    });
    let payment = member(raw, "payment").and_then(|payment| member(payment, "type"));
    if codes(payment).any(|(_, code)| *code == *NO_PAYMENT) {
        return true;
    }
    let denials = [CLAIM_STATUS, PAYER_STATUS];
    said.into_iter().any(|(system, code)| {
        let mut denials = denials.iter();
        denials.any(|(of, denied)| system.ends_with(of) && *code == **denied)
    })
}

/// Whether a part of it is paid for each member and not for each service.
pub(super) fn is_capitated(raw: Raw<'_>) -> bool {
    let items = each(member(raw, "item"));
    let mut all = std::iter::once(raw)
        .chain(items)
        .flat_map(|of| each(member(of, "adjudication")));
    all.any(|one| {
        let group = codes(member(one, "category")).next().unwrap_or_default();
        group.0.contains(GROUPS) && code(member(one, "reason")) == CAPITATION
    })
}

/// The sums of a document by their categories.
struct Totals(Vec<(String, Decimal)>);

impl Totals {
    fn of(raw: Raw<'_>) -> Self {
        let totals = each(member(raw, "total")).filter_map(|total| {
            let value = amount(member(total, "amount"))?;
            Some((code(member(total, "category")).into_owned(), value))
        });
        Self(totals.collect())
    }

    fn one(&self, category: &str) -> Option<Decimal> {
        let mut of = self.0.iter();
        of.find(|(own, _)| own == category).map(|(_, value)| *value)
    }

    /// What they say was taken off, where no adjustments are told: nothing of it is known where a category of theirs may be a part of
    /// another.
    fn adjusted(&self) -> Option<Decimal> {
        let is_known = |category: &str| {
            let known = [SUBMITTED, BENEFIT, DISCOUNT, LIABILITY];
            known.contains(&category) || OWED.contains(&category) || PAID.contains(&category)
        };
        let is_whole = self.0.iter().all(|(own, _)| is_known(own));
        let owed = self.one(LIABILITY).or_else(|| self.sum(&OWED));
        let parts = [self.one(DISCOUNT), owed].into_iter().flatten();
        is_whole.then(|| parts.fold(Decimal::ZERO, Decimal::saturating_add))
    }

    fn sum(&self, categories: &[&str]) -> Option<Decimal> {
        let values = categories.iter().filter_map(|category| self.one(category));
        values.reduce(Decimal::saturating_add)
    }
}

/// A ClaimResponse names the service it answers, an ExplanationOfBenefit its own.
fn item_number(item: Raw<'_>) -> &'static str {
    match member(item, "itemSequence") {
        Some(_) => "itemSequence",
        None => "sequence",
    }
}
