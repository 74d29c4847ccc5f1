//! Claims: how each stands from its submission to its payment, what is missing by now, and whether its sums are right.

use std::collections::BTreeSet;

use clinical::payer::{Day, Document, DocumentKind, Link, Standing};
use clinical::{Decimal, EventTime, Severity};

use super::case::{Case, cases};
use super::rule::{Concluded, Conclusion, View};
use super::state::Held;
use super::tables::{ClaimState, Step};

/// What belongs to a claim.
pub(crate) const KINDS: [DocumentKind; 3] = [
    DocumentKind::Claim,
    DocumentKind::ClaimStatus,
    DocumentKind::Remittance,
];

/// How an answer that pays nothing is told from others: its outcome, or what the payer calls it.
const UNDECIDED: &str = "queued";
const REFUSED: &str = "error";
const DENIED: &str = "denied";
const CAPITATED: &str = "capitated";

/// Gives a claim as it was sent last, and how it stands.
pub(crate) fn standing<'a>(view: &View<'_>, case: &Case<'a>) -> (Option<&'a Held>, ClaimState) {
    let followed = Followed::of(view, case);
    (followed.claim, followed.state)
}

/// Says how each claim stands.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded::default();
    for case in cases(&view.documents, &KINDS) {
        let name = case.name();
        let followed = Followed::of(view, &case);
        concluded.conclusions.push(status(&case, &followed, &name));
        concluded.conclusions.extend(wrong(&case, &followed, &name));
        missing(view, &case, &followed, &name, &mut concluded);
        for held in case.of(DocumentKind::Remittance).filter(is_decided) {
            unbalanced(held, &mut concluded);
        }
    }
    concluded
}

/// A claim with all that was said of it.
struct Followed<'a> {
    /// The claim as it was sent last, with its corrections.
    claim: Option<&'a Held>,
    /// What was said last of how it stands.
    said: Option<(&'a Held, ClaimState)>,
    remittances: Vec<&'a Held>,
    /// An answer that decided nothing, since the claim could not be read.
    refused: Option<&'a Held>,
    state: ClaimState,
    paid: Decimal,
    owed: Decimal,
}

impl<'a> Followed<'a> {
    fn of(view: &View<'_>, case: &Case<'a>) -> Self {
        let claim = case.claim();
        let mut told: Vec<&Held> = case.of(DocumentKind::ClaimStatus).collect();
        told.sort_by_key(|held| (held.at(), held.event));
        let said = told.into_iter().rev().find_map(|held| {
            let state = view.tables.claim_state(&held.document.code)?;
            Some((held, state))
        });
        let remittances = answers(view, case);
        let sum = |of: fn(&Document) -> Option<Decimal>| {
            let all = remittances.iter().filter_map(|held| of(&held.document));
            all.fold(Decimal::ZERO, Decimal::saturating_add)
        };
        let (charge, paid) = (sum(|one| one.charge), sum(|one| one.paid));
        // What one payer leaves to the member another one may pay.
        let last = remittances.iter().rfind(|held| !is_reversal(held));
        let owed = last.and_then(|held| held.document.owed).unwrap_or_default();
        let has_reversal = remittances.iter().any(|held| is_reversal(held));
        let is_void = claim.is_some_and(|held| held.document.standing == Standing::Cancelled);
        let after_last = |held: &Held| claim.is_none_or(|claim| held.at() >= claim.at());
        let is_refusal = |held: &&Held| *held.document.code == *REFUSED && after_last(held);
        let refused = case.of(DocumentKind::Remittance).filter(is_refusal).last();
        let decided = last.or(remittances.last());
        let state = match (decided, said) {
            _ if is_void => ClaimState::Void,
            (Some(_), _) if has_reversal && charge.is_zero() => ClaimState::Reversed,
            (Some(_), _) if paid > Decimal::ZERO => ClaimState::Paid,
            (Some(last), _) if *last.document.code == *DENIED => ClaimState::Denied,
            (Some(last), _) if *last.document.code == *CAPITATED => ClaimState::Processed,
            (Some(_), _) if owed > Decimal::ZERO => ClaimState::Processed,
            (Some(last), _) if last.document.paid.is_none() => ClaimState::Finalized,
            (Some(last), _) if last.document.charge.is_some_and(|charge| charge.is_zero()) => {
                ClaimState::Processed
            }
            (Some(_), _) => ClaimState::Denied,
            (None, _) if refused.is_some() => ClaimState::Refused,
            (None, Some((held, state))) if after_last(held) => state,
            (None, _) => ClaimState::Submitted,
        };
        let is_reversed = state == ClaimState::Reversed;
        let owed = if is_reversed { Decimal::ZERO } else { owed };
        Self {
            claim,
            said,
            remittances,
            refused,
            state,
            paid,
            owed,
        }
    }

    /// What was decided last: a reversal only takes back.
    fn last(&self) -> Option<&'a Held> {
        let mut decided = self.remittances.iter().rev();
        let last = decided.find(|held| !is_reversal(held));
        last.or(self.remittances.last()).copied()
    }
}

/// Gives the answers that stand in the order in which they were made, without those that a later one stands in place of.
fn answers<'a>(view: &View<'_>, case: &Case<'a>) -> Vec<&'a Held> {
    let mut remittances: Vec<_> = case
        .of(DocumentKind::Remittance)
        .filter(|held| is_decided(held) && held.document.standing == Standing::Active)
        .collect();
    // What an answer stands in place of is an answer; the number of the claim is one that they share.
    let of_claim: BTreeSet<Link> = case
        .of(DocumentKind::Claim)
        .flat_map(|held| held.document.links.iter().copied())
        .collect();
    let adjusted: Vec<(Link, Day, Link)> = remittances
        .iter()
        .flat_map(|held| {
            let all = held.document.replaces.iter();
            all.map(|link| (*link, view.made_on(held), held.document.resource))
        })
        .filter(|(link, ..)| !of_claim.contains(link))
        .collect();
    remittances.retain(|held| {
        let document = &held.document;
        !adjusted.iter().any(|(link, made, by)| {
            let is_it = document.links.contains(link) && !document.replaces.contains(link);
            is_it && *by != document.resource && view.made_on(held) <= *made
        })
    });
    // Most state a day only: of two days the order of arrival says nothing.
    remittances.sort_by_key(|held| (view.made_on(held), held.at(), held.event));
    remittances
}

/// Whether an answer has decided: there is nothing to count and to weigh before.
fn is_decided(held: &&Held) -> bool {
    !matches!(&*held.document.code, UNDECIDED | REFUSED)
}

/// A reversal takes back what was decided before: its charge is below zero.
fn is_reversal(held: &Held) -> bool {
    held.document
        .charge
        .is_some_and(|charge| charge < Decimal::ZERO)
}

fn status(case: &Case<'_>, followed: &Followed<'_>, name: &str) -> Conclusion {
    let mut summary = format!("claim {}", followed.state.word());
    if let Some(charge) = followed.claim.and_then(|claim| claim.document.charge) {
        summary.push_str(&format!(", charged {charge}"));
    }
    if !followed.remittances.is_empty() {
        summary.push_str(&format!(", paid {}", followed.paid));
    }
    if followed.owed > Decimal::ZERO {
        summary.push_str(&format!(", the member owes {}", followed.owed));
    }
    let condition = format!("claim/{name}");
    let mut conclusion = Conclusion::new(condition, Severity::None, summary, &case.documents);
    if followed.claim.is_none() {
        conclusion.missing.push("the claim".into());
    }
    conclusion
}

/// What somebody should do something about, whatever time it is.
fn wrong(case: &Case<'_>, followed: &Followed<'_>, name: &str) -> Vec<Conclusion> {
    let mut all = Vec::new();
    let mut tell = |what: &str, severity, summary: String, of: &[&Held]| {
        all.push(Conclusion::new(
            format!("claim-{what}/{name}"),
            severity,
            summary,
            of,
        ));
    };
    if followed.state == ClaimState::Refused {
        let summary = "claim refused before it was decided: correct it and send it again";
        let said = followed.refused.or(followed.said.map(|(held, _)| held));
        let of: Vec<&Held> = said.into_iter().collect();
        tell("refused", Severity::Medium, summary.into(), &of);
    }
    if let (ClaimState::Denied, Some(last)) = (followed.state, followed.last()) {
        let summary =
            "claim denied, nothing is paid: to be looked at for an appeal or a correction";
        tell("denied", Severity::Low, summary.into(), &[last]);
    }
    if followed.state == ClaimState::Void && followed.paid > Decimal::ZERO {
        let summary = format!(
            "claim called off by its sender, and {} paid for it is not taken back",
            followed.paid
        );
        tell("void-paid", Severity::Low, summary, &case.documents);
    }
    let mut taken: Vec<usize> = Vec::new();
    for reversal in followed.remittances.iter().filter(|held| is_reversal(held)) {
        let matching = followed
            .remittances
            .iter()
            .enumerate()
            .find(|(place, held)| {
                !taken.contains(place) && reverses(&reversal.document, &held.document)
            });
        match matching {
            Some((place, _)) => taken.push(place),
            None => {
                let summary = "reversal without an earlier payment of the same amounts with the opposite sign";
                tell("reversal", Severity::Low, summary.into(), &[*reversal]);
            }
        }
    }
    all
}

/// A reversal is what it takes back, with the opposite sign.
fn reverses(reversal: &Document, earlier: &Document) -> bool {
    let opposite = |one: Option<Decimal>, other: Option<Decimal>| {
        one.unwrap_or_default() == -other.unwrap_or_default()
    };
    opposite(reversal.charge, earlier.charge) && opposite(reversal.paid, earlier.paid)
}

/// What should have followed by now, and when to look again.
fn missing(
    view: &View<'_>,
    case: &Case<'_>,
    followed: &Followed<'_>,
    name: &str,
    concluded: &mut Concluded,
) {
    let Some(claim) = followed.claim else {
        return;
    };
    let steps = match followed.state {
        ClaimState::Submitted => &[Step::Acknowledgement, Step::Payment][..],
        ClaimState::Acknowledged | ClaimState::Pending | ClaimState::Finalized => &[Step::Payment],
        ClaimState::Refused
        | ClaimState::Paid
        | ClaimState::Processed
        | ClaimState::Denied
        | ClaimState::Reversed
        | ClaimState::Void => &[],
    };
    let start = view.receipt(claim);
    for step in steps {
        let Some((due, clock)) = view.due(*step, start) else {
            continue;
        };
        let late = EventTime::from_micros(due.micros().saturating_add(1));
        if view.watermark < late {
            concluded.wake_at(late, view.watermark);
            continue;
        }
        let summary = format!(
            "claim without its {}: due {}, {} after it was received ({})",
            step.word(),
            view.calendar.words(due),
            clock.span.words(),
            clock.source
        );
        let condition = format!("claim-{}-missing/{name}", step.word());
        let mut conclusion = Conclusion::new(condition, Severity::Low, summary, &case.documents);
        conclusion.as_of = start;
        concluded.conclusions.push(conclusion);
    }
}

/// Weighs a remittance: charge is payment and adjustments of the claim and its services, and of each service that has
/// adjustments of its own. Where not all adjustments are known nothing is weighed.
fn unbalanced(held: &Held, concluded: &mut Concluded) {
    let document = &held.document;
    let mut tell = |summary: String, part: &str| {
        let condition = format!("{part}/{:016x}", document.resource);
        concluded
            .conclusions
            .push(Conclusion::new(condition, Severity::Low, summary, &[held]));
    };
    let (Some(charge), Some(adjusted)) = (document.charge, document.adjusted) else {
        return;
    };
    let of_lines = document.lines.iter().filter_map(|line| line.adjusted);
    let adjusted = of_lines.fold(adjusted, Decimal::saturating_add);
    let paid = document.paid.unwrap_or_default();
    if charge != paid.saturating_add(adjusted) {
        let summary = format!(
            "remittance does not add up: charged {charge}, paid {paid}, adjusted {adjusted}"
        );
        tell(summary, "claim-unbalanced");
    }
    for line in &document.lines {
        let (Some(charge), Some(adjusted)) = (line.charge, line.adjusted) else {
            continue;
        };
        let paid = line.paid.unwrap_or_default();
        if charge != paid.saturating_add(adjusted) {
            let summary = format!(
                "service {} of a remittance does not add up: charged {charge}, paid {paid}, adjusted {adjusted}",
                line.number
            );
            tell(summary, &format!("claim-line-unbalanced/{}", line.number));
        }
    }
}
