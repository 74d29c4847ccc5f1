//! 835 to ExplanationOfBenefit for each claim, and to PaymentReconciliation for what is paid.

mod payment;

use formats::fhir::json;
use formats::x12::{Loop, Segment, Tree};

use super::claim::line::service;
use super::identity;
use super::insurance::{self, Policy};
use super::member;
use super::page::{Page, Resource};
use super::people::{self, Party};
use super::supporting::Supporting;
use super::tables::code;
use super::value;

const CATEGORIES: &str = "http://terminology.hl7.org/CodeSystem/adjudication";
const GROUPS: &str = "https://x12.org/codes/claim-adjustment-group-codes";
const REASONS: &str = "https://x12.org/codes/claim-adjustment-reason-codes";

/// Maps the claims of a set, or the payment where it speaks of none.
pub(super) fn map(page: &mut Page<'_>, tree: &Tree<'_, '_>) {
    let root = tree.root();
    let payer = root
        .below("1000A")
        .next()
        .and_then(|of| people::organization(page, of));
    let payee = root
        .below("1000B")
        .next()
        .and_then(|of| people::party(page, of));
    let claims: Vec<Loop<'_, '_, '_>> = tree.all("2100").collect();
    if claims.is_empty() {
        payment::payment(page, tree, payer.as_ref(), payee.as_ref());
        return;
    }
    let apart = identity::of_paid(&claims, &page.source.zone);
    for (claim, apart) in claims.into_iter().zip(apart) {
        one(
            page,
            tree,
            (claim, &apart),
            (payer.as_ref(), payee.as_ref()),
        );
    }
}

/// What the head of a remittance says that is told with each of its claims.
fn is_more(segment: &Segment<'_>) -> bool {
    matches!(segment.name(), b"REF" | b"CUR" | b"NTE") || is_other(segment)
}

fn is_other(segment: &Segment<'_>) -> bool {
    !matches!(
        segment.name(),
        b"ST" | b"SE" | b"BPR" | b"TRN" | b"DTM" | b"PLB" | b"REF" | b"CUR" | b"NTE"
    )
}

fn one(
    page: &mut Page<'_>,
    tree: &Tree<'_, '_>,
    (claim, apart): (Loop<'_, '_, '_>, &[String]),
    (payer, payee): (Option<&Party>, Option<&Party>),
) {
    let Some(head) = claim.first("CLP") else {
        return;
    };
    let number = page.take(head.element(1), "ExplanationOfBenefit.claim");
    let state = page.take(head.element(2), "ExplanationOfBenefit.disposition");
    let control = page.take(head.element(7), "ExplanationOfBenefit.identifier");
    let trace = tree.root().first("TRN");
    let traced = trace.map(|trace| page.take(trace.element(2), "ExplanationOfBenefit.payment"));
    let traced = traced.unwrap_or_default();
    let by = payer.map_or("", |payer| payer.name.as_str());
    let names = [by, &traced, &control, &number, &state];
    let mut resource = page.each_of("ExplanationOfBenefit", &names, apart);
    let coverage = member(page, claim, payer);
    let system = value::system("127");
    let identifier = json::object(|identifier| {
        if !control.is_empty() {
            identifier
                .string("system", &system)
                .string("value", &control);
        }
    });
    resource.list("identifier", &[identifier]);
    resource.text("status", "active");
    let filing = page.take(head.element(6), "ExplanationOfBenefit.type");
    let words = if filing.is_empty() { "not stated" } else { "" };
    resource.set("type", value::coded("1032", &filing, words));
    resource.text("use", code("claim-use", &state));
    let patient = page.patient();
    resource.set("patient", value::reference(&patient));
    period(page, claim, &mut resource);
    let created = page.created.clone();
    resource.text("created", &created);
    resource.set("insurer", insurance::payor(payer));
    resource.set("provider", insurance::payor(payee));
    resource.set("claim", value::by_number("Claim", &number));
    resource.text("outcome", code("claim-outcome", &state));
    let words = code("claim-status", &state);
    resource.text("disposition", if words.is_empty() { &state } else { words });
    let mut supporting = Supporting::default();
    let team = team(page, claim);
    resource.list("careTeam", &team);
    let mut adjudications = said(page, tree, claim, &mut supporting);
    if !state.is_empty() {
        adjudications.push(json::object(|entry| {
            entry.raw("category", &value::coded("1029", &state, words));
        }));
    }
    let items = items(page, claim, &mut supporting);
    let has_more = (8..=14).any(|element| !head.element(element).is_empty());
    let (total, payment) = totals(page, head, tree, &traced);
    if has_more {
        supporting.add(page, head);
    }
    resource.list("supportingInfo", &supporting.entries);
    resource.set("precedence", code("precedence", &state).as_bytes().to_vec());
    let insurance = json::object(|entry| {
        entry
            .boolean("focal", Some(true))
            .raw("coverage", &value::reference(&coverage));
    });
    resource.list("insurance", &[insurance]);
    resource.list("item", &items);
    resource.list("adjudication", &adjudications);
    resource.list("total", &total);
    resource.set("payment", payment);
    page.push(resource);
}

/// Reads the adjustments of a claim; what else it says beside its items is supporting information.
fn said(
    page: &mut Page<'_>,
    tree: &Tree<'_, '_>,
    claim: Loop<'_, '_, '_>,
    supporting: &mut Supporting,
) -> Vec<Vec<u8>> {
    let mut adjudications = Vec::new();
    let of_root = page.told(tree.root());
    let of_root = of_root.into_iter().filter(|one| is_more(one));
    for segment in claim.segments().chain(of_root) {
        match segment.name() {
            b"CAS" => adjustments(page, segment, &mut adjudications),
            b"NM1" | b"CLP" => {}
            b"DTM" if matches!(segment.element(1).raw(), b"232" | b"233") => {}
            _ => {
                supporting.add(page, segment);
            }
        }
    }
    if let Some(group) = claim.parent() {
        for segment in page.told(group) {
            if segment.name() == b"LX" {
                continue;
            }
            supporting.add(page, segment);
        }
    }
    adjudications
}

/// Writes the member of a claim, and the Coverage; gives how others refer to it.
fn member(page: &mut Page<'_>, claim: Loop<'_, '_, '_>, payer: Option<&Party>) -> String {
    let with_role = |role: &[u8]| {
        let mut names = claim.each("NM1");
        names.find(|name| name.element(1).raw() == role)
    };
    let (patient, insured) = (with_role(b"QC"), with_role(b"IL"));
    let segments: Vec<&Segment<'_>> = patient.or(insured).into_iter().collect();
    people::patient(page, &segments);
    let mut number = insured
        .or(patient)
        .map(|name| member::text(name, 9))
        .unwrap_or_default();
    if number.is_empty() {
        number = patient
            .map(|name| member::text(name, 9))
            .unwrap_or_default();
    }
    let mut subscriber = String::new();
    if let (Some(insured), Some(_)) = (insured, patient) {
        let id = member::text(insured, 9);
        let of = page.patient();
        let mut holder = Resource::new("RelatedPerson", &[&of, "subscriber", &id]);
        holder.set("patient", value::reference(&of));
        let (kind, own) = (insured.element(8), insured.element(9));
        page.mark(insured.element(1), "role");
        let identifier = people::identifier(page, "66", kind, own, "identifier");
        holder.list("identifier", &[identifier]);
        let name = people::human_name(page, insured);
        holder.list("name", &[name]);
        subscriber = page.push(holder);
    }
    let policy = Policy {
        information: None,
        relationship: "",
        number: &number,
        subscriber: &subscriber,
    };
    insurance::coverage(page, payer, policy)
}

/// Writes who gave the services, and who else is named beside the member.
fn team(page: &mut Page<'_>, claim: Loop<'_, '_, '_>) -> Vec<Vec<u8>> {
    let mut team = Vec::new();
    let others = claim
        .each("NM1")
        .filter(|name| !matches!(name.element(1).raw(), b"QC" | b"IL"));
    for name in others {
        let Some(party) = people::party_of(page, &[name], None) else {
            continue;
        };
        let number = team.len() as u64 + 1;
        team.push(json::object(|entry| {
            entry
                .integer("sequence", number)
                .raw("provider", &value::reference(&party.reference))
                .raw("role", &value::coded("98", &party.role, ""));
        }));
    }
    team
}

/// Writes when the services of the claim were given.
fn period(page: &mut Page<'_>, claim: Loop<'_, '_, '_>, resource: &mut Resource) {
    let mut day = |kind: &[u8]| {
        let mut dates = claim.each("DTM");
        let found = dates.find(|date| date.element(1).raw() == kind)?;
        page.mark(found.element(1), "ExplanationOfBenefit.billablePeriod");
        let day = page.day(found.element(2), "ExplanationOfBenefit.billablePeriod");
        Some(day).filter(|day| !day.is_empty())
    };
    let (start, end) = (day(b"232"), day(b"233"));
    resource.object("billablePeriod", |period| {
        period.string("start", start.as_deref().unwrap_or_default());
        period.string("end", end.as_deref().unwrap_or_default());
    });
    if let Some(at) =
        start.and_then(|day| value::moment(&day.replace('-', ""), "", &page.source.zone))
    {
        resource.at(Some(at.time));
    }
}

/// Reads up to six adjustments of a CAS segment.
pub(super) fn adjustments(page: &mut Page<'_>, segment: &Segment<'_>, out: &mut Vec<Vec<u8>>) {
    let group = page.take(segment.element(1), "adjudication.category");
    for first in (2..=17).step_by(3) {
        let reason = page.take(segment.element(first), "adjudication.reason");
        let amount = page.money(segment.element(first + 1), "adjudication.amount");
        if reason.is_empty() && amount.is_empty() {
            continue;
        }
        let count = page.number(segment.element(first + 2), "adjudication.value");
        out.push(json::object(|entry| {
            entry
                .raw(
                    "category",
                    &value::concept(GROUPS, &group, code("adjustment-group", &group)),
                )
                .raw("reason", &value::concept(REASONS, &reason, ""))
                .raw("amount", &amount)
                .raw("value", count.as_bytes());
        }));
    }
}

/// Writes an amount of a category.
fn amount(category: &str, amount: &[u8]) -> Vec<u8> {
    if amount.is_empty() {
        return Vec::new();
    }
    json::object(|entry| {
        entry
            .raw("category", &value::concept(CATEGORIES, category, ""))
            .raw("amount", amount);
    })
}

/// Gives when a service was given, and whether that is a day: on one (472), or from one (150) until another (151).
fn serviced(page: &mut Page<'_>, line: Loop<'_, '_, '_>) -> (Vec<u8>, bool) {
    let target = "ExplanationOfBenefit.item.serviced";
    let mut day = |kind: &[u8]| {
        let mut dates = line.each("DTM");
        let found = dates.find(|date| date.element(1).raw() == kind);
        let day = found.map(|date| {
            page.mark(date.element(1), target);
            page.day(date.element(2), target)
        });
        day.unwrap_or_default()
    };
    let (on, start, end) = (day(b"472"), day(b"150"), day(b"151"));
    if start.is_empty() && end.is_empty() {
        return (json::string(&on), true);
    }
    let start = if start.is_empty() { on } else { start };
    let period = json::object(|period| {
        period.string("start", &start).string("end", &end);
    });
    (period, false)
}

/// Writes the services of a claim.
fn items(
    page: &mut Page<'_>,
    claim: Loop<'_, '_, '_>,
    supporting: &mut Supporting,
) -> Vec<Vec<u8>> {
    let mut items = Vec::new();
    for (line, number) in claim.below("2110").zip(1_u64..) {
        let Some(head) = line.first("SVC") else {
            continue;
        };
        let service = service(page, head.element(1));
        let charged = page.money(head.element(2), "ExplanationOfBenefit.item.adjudication");
        let paid = page.money(head.element(3), "ExplanationOfBenefit.item.adjudication");
        let revenue = page.take(head.element(4), "ExplanationOfBenefit.item.revenue");
        let count = page.number(head.element(5), "ExplanationOfBenefit.item.quantity");
        let mut adjudications = vec![amount("submitted", &charged), amount("benefit", &paid)];
        adjudications.retain(|one| !one.is_empty());
        let mut about = Vec::new();
        let serviced = serviced(page, line);
        for segment in line.segments() {
            match segment.name() {
                b"SVC" => {}
                b"CAS" => adjustments(page, segment, &mut adjudications),
                b"DTM" if !page.has_left(segment) => {}
                _ => about.push(supporting.add(page, segment)),
            }
        }
        if (6..=7).any(|element| !head.element(element).is_empty()) {
            about.push(supporting.add(page, head));
        }
        let system = "https://www.nubc.org/CodeSystem/RevenueCodes";
        items.push(json::object(|item| {
            item.integer("sequence", number);
            item.array("informationSequence", |all| {
                for one in &about {
                    all.raw(one.to_string().as_bytes());
                }
            });
            item.raw("revenue", &value::concept(system, &revenue, ""));
            service.members(item);
            let name = if serviced.1 {
                "servicedDate"
            } else {
                "servicedPeriod"
            };
            item.raw(name, &serviced.0)
                .raw("quantity", &value::quantity(&count, ""))
                .raw("adjudication", &value::list(&adjudications));
        }));
    }
    items
}

/// Writes what was charged, paid and is left to the patient, and the payment.
fn totals(
    page: &mut Page<'_>,
    head: &Segment<'_>,
    tree: &Tree<'_, '_>,
    traced: &str,
) -> (Vec<Vec<u8>>, Vec<u8>) {
    let charged = page.money(head.element(3), "ExplanationOfBenefit.total");
    let paid = page.money(head.element(4), "ExplanationOfBenefit.payment.amount");
    let left = page.money(head.element(5), "ExplanationOfBenefit.total");
    let mut total = vec![amount("submitted", &charged), amount("benefit", &paid)];
    if !left.is_empty() {
        total.push(json::object(|entry| {
            entry
                .raw(
                    "category",
                    &value::concept(GROUPS, "PR", code("adjustment-group", "PR")),
                )
                .raw("amount", &left);
        }));
    }
    total.retain(|one| !one.is_empty());
    let root = tree.root();
    let day = root
        .first("BPR")
        .map(|one| page.day(one.element(16), "ExplanationOfBenefit.payment.date"));
    let day = day.unwrap_or_default();
    let payer = root
        .first("TRN")
        .map(|one| page.take(one.element(3), "ExplanationOfBenefit.payment.identifier"));
    for date in root.each("DTM") {
        page.mark_all(date, "PaymentReconciliation.created");
    }
    let payment = json::object(|payment| {
        payment.string("date", &day).raw("amount", &paid);
        payment.object("identifier", |identifier| {
            identifier.string("value", traced);
            identifier.object("assigner", |assigner| {
                assigner.string("display", payer.as_deref().unwrap_or_default());
            });
        });
    });
    (total, payment)
}
