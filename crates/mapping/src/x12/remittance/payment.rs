//! What is paid with a remittance, and what was settled beside its claims.

use formats::fhir::json;
use formats::x12::{Segment, Tree};

use super::super::member;
use super::super::page::{Page, Resource};
use super::super::people::Party;
use super::super::value;

/// Writes the payment of a remittance, with what was settled beside its claims (PLB).
pub(super) fn payment(
    page: &mut Page<'_>,
    tree: &Tree<'_, '_>,
    payer: Option<&Party>,
    payee: Option<&Party>,
) {
    let root = tree.root();
    let Some(head) = root.first("BPR") else {
        return;
    };
    let trace = root.first("TRN");
    let traced = trace.map(|one| member::text(one, 2)).unwrap_or_default();
    let by = payer.map_or("", |payer| payer.name.as_str());
    let mut resource = Resource::new("PaymentReconciliation", &[by, &traced]);
    resource.text("status", "active");
    let made = root.first("DTM").map(|one| {
        page.mark(one.element(1), "PaymentReconciliation.period");
        page.day(one.element(2), "PaymentReconciliation.period")
    });
    resource.object("period", |period| {
        period.string("end", made.as_deref().unwrap_or_default());
    });
    let created = page.created.clone();
    resource.text("created", &created);
    if let Some(payer) = payer {
        resource.set("paymentIssuer", value::reference(&payer.reference));
    }
    if let Some(payee) = payee {
        resource.set("requestor", value::reference(&payee.reference));
    }
    resource.text("outcome", "complete");
    let day = page.day(head.element(16), "PaymentReconciliation.paymentDate");
    let paid_on = created.get(..10).unwrap_or_default();
    resource.text("paymentDate", if day.is_empty() { paid_on } else { &day });
    let amount = page.money(head.element(2), "PaymentReconciliation.paymentAmount");
    let nothing = value::money("0");
    resource.set(
        "paymentAmount",
        if amount.is_empty() { nothing } else { amount },
    );
    if let Some(trace) = trace {
        let target = "PaymentReconciliation.paymentIdentifier";
        page.mark(trace.element(2), target);
        let by = page.take(trace.element(3), target);
        resource.object("paymentIdentifier", |identifier| {
            identifier.string("value", &traced);
            identifier.object("assigner", |assigner| {
                assigner.string("display", &by);
            });
        });
    }
    let mut details = Vec::new();
    for segment in root.each("PLB") {
        settled(page, segment, payee, &mut details);
    }
    resource.list("detail", &details);
    let is_written = |one: &Segment<'_>| matches!(one.name(), b"ST" | b"SE" | b"TRN" | b"PLB");
    for segment in root.segments().filter(|one| !is_written(one)) {
        page.keep(&mut resource, segment);
    }
    page.push(resource);
}

/// Reads up to six adjustments of a PLB segment. What is kept back is positive there; here it is what was paid.
fn settled(
    page: &mut Page<'_>,
    segment: &Segment<'_>,
    payee: Option<&Party>,
    details: &mut Vec<Vec<u8>>,
) {
    let said = segment.element(1);
    if payee.is_some_and(|payee| payee.name == said.text()) {
        page.mark(said, "PaymentReconciliation.detail.payee");
    }
    let until = page.day(segment.element(2), "PaymentReconciliation.detail.date");
    for first in (3..=13).step_by(2) {
        let reason = segment.element(first);
        let kind = page.take(reason.component(1), "PaymentReconciliation.detail.type");
        let number = page.take(
            reason.component(2),
            "PaymentReconciliation.detail.identifier",
        );
        let digits = page.number(
            segment.element(first + 1),
            "PaymentReconciliation.detail.amount",
        );
        if kind.is_empty() && digits.is_empty() {
            continue;
        }
        let paid = match digits.strip_prefix('-') {
            Some(digits) => digits.to_owned(),
            None if digits.is_empty() => digits,
            None => format!("-{digits}"),
        };
        details.push(json::object(|detail| {
            detail.object("identifier", |identifier| {
                identifier.string("value", &number);
            });
            detail.raw(
                "type",
                &value::coded("426", &kind, "adjustment of the provider's balance"),
            );
            detail.string("date", &until);
            if let Some(payee) = payee {
                detail.raw("payee", &value::reference(&payee.reference));
            }
            detail.raw("amount", &value::money(&paid));
        }));
    }
}
