//! Claims: how each stands from its submission to its payment, what is missing by now, and whether its sums are right.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use clinical::payer::{Day, Document, DocumentKind, Link, Standing, Stated, Way};
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
    /// What decided it: an answer that only takes back does where there is no other.
    decided: Option<&'a Held>,
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
        let (standing, unmatched) = taken_back(&remittances);
        let last = of_last_day(view, &standing);
        let owed = owed(&last);
        // What a reversal takes back may never have been told: beside what was decided with it, or since, it says nothing.
        let first = standing.iter().map(|held| view.made_on(held)).min();
        let is_unknown = |held: &&&Held| {
            let is_before = first.is_some_and(|day| view.made_on(held) <= day);
            is_before && unmatched.iter().any(|one| std::ptr::eq(*one, **held))
        };
        let counted: Vec<&Held> = remittances
            .iter()
            .filter(|held| !is_unknown(held))
            .copied()
            .collect();
        let charge = sum(&counted, |one| one.charge);
        let paid = sum(&counted, |one| one.paid);
        let has_reversal = counted.iter().any(|held| is_reversal(held));
        let is_void = claim.is_some_and(|held| held.document.standing == Standing::Cancelled);
        let after_last = |held: &Held| claim.is_none_or(|claim| held.at() >= claim.at());
        let is_refusal = |held: &&Held| *held.document.code == *REFUSED && after_last(held);
        let refused = case.of(DocumentKind::Remittance).filter(is_refusal).last();
        // What was decided before a claim was corrected decides nothing of the correction.
        let corrected_on = corrected_on(view, case, claim);
        let is_of_it = |held: &&Held| corrected_on.is_none_or(|day| view.made_on(held) >= day);
        let mut last: Vec<&Held> = last.into_iter().filter(is_of_it).collect();
        let taking = remittances.iter().copied().rfind(is_of_it);
        let decided = match has_reversal && charge <= Decimal::ZERO {
            true => taking.map(|_| ClaimState::Reversed),
            false if corrected_on.is_none() => decision(&last, paid, owed),
            false => {
                let of_it: Vec<&Held> = standing.into_iter().filter(is_of_it).collect();
                decision(&last, sum(&of_it, |one| one.paid), owed)
            }
        };
        last.extend(taking.filter(|_| last.is_empty()));
        let state = match (decided, said) {
            _ if is_void => ClaimState::Void,
            (Some(decided), _) => decided,
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
            decided: last.last().copied(),
            refused,
            state,
            paid,
            owed,
        }
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
    // Most state a day only: the order of arrival says nothing of two of one day.
    remittances.sort_by_key(|held| {
        let moment = match held.document.created {
            Some(Stated::Moment(_)) => Some(held.at()),
            Some(Stated::Day(_)) | None => None,
        };
        (view.made_on(held), moment, held.document.resource)
    });
    once(&remittances)
}

/// Leaves out what another way has told: the same payer's number of the claim and the same amounts. Of one way each counts, as parts
/// of a claim that is split may be alike.
fn once<'a>(answers: &[&'a Held]) -> Vec<&'a Held> {
    let is_same = |one: &Document, other: &Document| {
        let amounts = |of: &Document| (of.product, of.charge, of.paid);
        one.product != 0 && amounts(one) == amounts(other)
    };
    let is_told = |held: &&Held| {
        let own = &held.document;
        let same = || answers.iter().filter(|one| is_same(own, &one.document));
        // The way that tells the most counts, of several such one that says what the member owes, or else the first.
        let rank = |way: &Way| {
            let of_way = || same().filter(|one| one.document.way == *way);
            let is_owed = of_way().any(|one| one.document.owed.is_some());
            (of_way().count(), is_owed, Reverse(*way))
        };
        let best = same().map(|one| one.document.way).max_by_key(rank);
        best.is_none_or(|best| best == own.way)
    };
    answers.iter().copied().filter(is_told).collect()
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
    if let (ClaimState::Denied, Some(last)) = (followed.state, followed.decided) {
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
    for reversal in taken_back(&followed.remittances).1 {
        let summary =
            "reversal without an earlier payment of the same amounts with the opposite sign";
        tell("reversal", Severity::Low, summary.into(), &[reversal]);
    }
    all
}

/// Gives the answers that no reversal takes back, and the reversals that take nothing back that is known.
fn taken_back<'a>(remittances: &[&'a Held]) -> (Vec<&'a Held>, Vec<&'a Held>) {
    let (reversals, mut standing): (Vec<&Held>, Vec<&Held>) =
        remittances.iter().partition(|held| is_reversal(held));
    let without = |reversal: &&Held| {
        let back = &reversal.document;
        let is_it = |held: &&Held| reverses(back, &held.document);
        let of_member = |held: &&Held| is_it(held) && is_opposite(back.owed, held.document.owed);
        let place = standing.iter().position(of_member);
        let place = place.or_else(|| standing.iter().position(is_it));
        place.map(|place| standing.remove(place)).is_none()
    };
    let unmatched = reversals.into_iter().filter(without).collect();
    (standing, unmatched)
}

/// The answers of the last day: a claim that is split has several at once.
fn of_last_day<'a>(view: &View<'_>, answers: &[&'a Held]) -> Vec<&'a Held> {
    let last = answers.iter().map(|held| view.made_on(held)).max();
    let is_last = |held: &&Held| Some(view.made_on(held)) == last;
    answers.iter().copied().filter(is_last).collect()
}

/// On which day a claim was first sent as a correction of another, in whatever files it was sent again since; nothing where it
/// corrects nothing.
fn corrected_on(view: &View<'_>, case: &Case<'_>, claim: Option<&Held>) -> Option<Day> {
    let resource = claim.filter(|held| corrects(held))?.document.resource;
    let sent = case.of(DocumentKind::Claim);
    let it = sent.filter(|held| corrects(held) && held.document.resource == resource);
    it.map(|held| view.made_on(held)).min()
}

fn corrects(claim: &Held) -> bool {
    !claim.document.replaces.is_empty()
}

fn sum(answers: &[&Held], of: fn(&Document) -> Option<Decimal>) -> Decimal {
    let all = answers.iter().filter_map(|held| of(&held.document));
    all.fold(Decimal::ZERO, Decimal::saturating_add)
}

/// What answers of one day decide; nothing where there are none.
fn decision(last: &[&Held], paid: Decimal, owed: Decimal) -> Option<ClaimState> {
    let all = |is_so: fn(&Document) -> bool| last.iter().all(|held| is_so(&held.document));
    let is_free = |one: &Document| one.charge.is_some_and(|charge| charge.is_zero());
    Some(match () {
        () if last.is_empty() => return None,
        () if paid > Decimal::ZERO => ClaimState::Paid,
        () if all(|one| *one.code == *DENIED) => ClaimState::Denied,
        () if owed > Decimal::ZERO || !all(|one| *one.code != *CAPITATED) => ClaimState::Processed,
        () if all(|one| one.paid.is_none()) => ClaimState::Finalized,
        () if all(is_free) => ClaimState::Processed,
        () => ClaimState::Denied,
    })
}

/// What the member owes by answers of one day: all that one payer says, and what one leaves to the member another may pay.
fn owed(answers: &[&Held]) -> Decimal {
    let mut by_payer: BTreeMap<Link, Decimal> = BTreeMap::new();
    for held in answers {
        let sum = by_payer.entry(held.document.insurer).or_default();
        *sum = sum.saturating_add(held.document.owed.unwrap_or_default());
    }
    by_payer.into_values().min().unwrap_or_default()
}

/// A reversal is what it takes back, with the opposite sign.
fn reverses(reversal: &Document, earlier: &Document) -> bool {
    is_opposite(reversal.charge, earlier.charge) && is_opposite(reversal.paid, earlier.paid)
}

fn is_opposite(one: Option<Decimal>, other: Option<Decimal>) -> bool {
    one.unwrap_or_default() == -other.unwrap_or_default()
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
