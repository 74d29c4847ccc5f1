//! One request for a decision after the other: what was asked, what was answered, and when it was decided.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use clinical::EventTime;
use clinical::payer::{Document, DocumentKind, Link, Standing, Stated, Way};

use super::super::calendar::Span;
use super::super::case::Case;
use super::super::rule::View;
use super::super::state::Held;
use super::super::tables::AuthorizationClock;
use super::services::Services;
use super::{Exchange, ExchangeKind, Outcome};

/// Codes that make a request urgent: `stat` of FHIR's process priorities; of X12 element 1338 emergency and urgent.
const EXPEDITED: [&str; 3] = ["stat", "03", "U"];
/// The outcome of what was looked at whole; of `partial`, some of it was (FHIR R4, remittance-outcome).
const COMPLETE: &str = "complete";
/// The claim type of drugs in FHIR.
const DRUG: &str = "pharmacy";
/// The day of rules counts in spans of so many hours.
const DAY_HOURS: u64 = 24;

/// A request with all that was said of it until the next one after its decision.
#[derive(Debug)]
pub(super) struct Round {
    /// When the payer received it; of an answer whose request is not known, when that was made.
    pub(super) start: EventTime,
    /// Whether its request is known.
    pub(super) is_asked: bool,
    pub(super) is_expedited: bool,
    pub(super) is_drug: bool,
    insurer: Link,
    way: Way,
    pub(super) due: Option<EventTime>,
    /// The rule's time, and where it stands.
    pub(super) clock: Option<(Span, &'static str)>,
    extension_days: u32,
    pub(super) is_extended: bool,
    services: Services,
    results: BTreeMap<u16, (Outcome, bool)>,
    pub(super) outcome: Outcome,
    pub(super) decided_at: Option<EventTime>,
    pub(super) is_overturned: bool,
    pub(super) has_reason: bool,
}

/// All rounds of a case, and who said what when.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) rounds: Vec<Round>,
    pub(super) exchanges: Vec<Exchange>,
}

/// Follows a case through what was asked and answered, in the order of time.
pub(super) fn rounds(view: &View<'_>, case: &Case<'_>) -> Followed {
    let mut told: Vec<(EventTime, EventTime, &Held)> = case
        .documents
        .iter()
        .map(|held| {
            let at = moment(view, case, held);
            (placed(view, case, held, at), at, *held)
        })
        .collect();
    told.sort_by_key(|(place, at, held)| (*place, held.document.kind, *at, held.known, held.event));
    let mut followed = Followed::default();
    for (_, at, held) in told {
        if held.document.kind == DocumentKind::AuthorizationRequest {
            followed.ask(view, at, held);
        } else {
            followed.answer(view, at, held);
        }
    }
    followed
}

/// When something is taken in: an answer not before the request that it names, whichever clock is ahead. A request that was both
/// said and received after an answer is another one.
fn placed(view: &View<'_>, case: &Case<'_>, held: &Held, at: EventTime) -> EventTime {
    if held.document.kind == DocumentKind::AuthorizationRequest {
        return first_received(view, case, held, at);
    }
    let requests = || case.of(DocumentKind::AuthorizationRequest);
    let most = requests().map(|request| shared(request, held)).max();
    let most = most.filter(|most| *most > 0);
    let named = || requests().filter(|request| Some(shared(request, held)) == most);
    if named().any(|request| moment(view, case, request) <= at) {
        return at;
    }
    let answered = named().filter(|request| !is_after(view, request, held));
    let first = answered.map(|request| moment(view, case, request)).min();
    first.unwrap_or(at)
}

/// When a request was received first: by another way it may have come before. What is after an answer is another request.
fn first_received(view: &View<'_>, case: &Case<'_>, held: &Held, at: EventTime) -> EventTime {
    let mut answers = case.of(DocumentKind::AuthorizationAnswer);
    if answers.any(|answer| is_after(view, held, answer)) {
        return at;
    }
    let others = case.of(DocumentKind::AuthorizationRequest);
    let same =
        others.filter(|one| one.document.way.is_other(held.document.way) && shared(one, held) > 0);
    let received = same.map(|one| moment(view, case, one));
    received.min().map_or(at, |first| first.min(at))
}

/// How many numbers two documents share.
fn shared(one: &Held, other: &Held) -> usize {
    let links = &other.document.links;
    let own = one.document.links.iter();
    own.filter(|link| links.contains(link)).count()
}

/// Whether a request was both said and received after an answer.
fn is_after(view: &View<'_>, request: &Held, answer: &Held) -> bool {
    request.first_known > answer.first_known
        && view.said_order(request, answer) == Ordering::Greater
}

/// When a request was received, or an answer given.
fn moment(view: &View<'_>, case: &Case<'_>, held: &Held) -> EventTime {
    if held.document.kind == DocumentKind::AuthorizationRequest {
        return view.receipt(held);
    }
    // What is told again, as to a question, was given when it was known first.
    let known = EventTime::from_micros(held.first_known.micros());
    match held.document.created {
        // An answer that was changed in place states when it was first made, and not when it was decided.
        Some(Stated::Moment(at)) if at <= known && !was_put_off(case, held) => at,
        Some(stated) if held.backfill => view.calendar.moment(stated).min(known),
        Some(_) | None => known,
    }
}

/// Says whether the same answer stood before, undecided, with the time of its making unchanged.
fn was_put_off(case: &Case<'_>, held: &Held) -> bool {
    let of = |held: &Held| (held.document.resource, held.document.created);
    case.of(DocumentKind::AuthorizationAnswer)
        .any(|other| of(other) == of(held) && other.first_known < held.first_known && other != held)
}

impl Followed {
    fn ask(&mut self, view: &View<'_>, at: EventTime, held: &Held) {
        let document = &held.document;
        let is_cancel = document.standing == Standing::Cancelled;
        let open = self
            .rounds
            .last_mut()
            .filter(|round| round.decided_at.is_none() && round.is_asked);
        let kind = match (&open, is_cancel) {
            (_, true) => ExchangeKind::Cancel,
            (Some(_), false) => ExchangeKind::Subsequent,
            (None, false) if self.exchanges.is_empty() => ExchangeKind::Initial,
            (None, false) => ExchangeKind::Update,
        };
        match open {
            Some(round) if is_cancel => round.decide(at, Outcome::Cancelled),
            // Who receives it for the first time has all of the time.
            Some(round) if !round.is_of_another(document) => round.urge(view, at, held),
            Some(round) => *round = Round::of_request(view, at, held),
            None if is_cancel => {
                if self.rounds.is_empty() {
                    self.rounds.push(Round::of_request(view, at, held));
                }
                if let Some(last) = self.rounds.last_mut() {
                    last.decide(at, Outcome::Cancelled);
                }
            }
            None => self.rounds.push(Round::of_request(view, at, held)),
        }
        self.exchanges.push(Exchange {
            kind,
            at,
            results: Vec::new(),
        });
    }

    fn answer(&mut self, view: &View<'_>, at: EventTime, held: &Held) {
        if held.document.standing != Standing::Active {
            return;
        }
        if self.rounds.is_empty() {
            self.rounds.push(Round::unasked(at, held));
        }
        let Some(round) = self.rounds.last_mut() else {
            return;
        };
        let results = results(view, held, &round.services);
        let told = results.iter().map(|(number, (one, _))| (*number, *one));
        self.exchanges.push(Exchange {
            kind: ExchangeKind::Response,
            at,
            results: told.collect(),
        });
        round.take(view, at, held, results);
    }
}

impl Round {
    fn of_request(view: &View<'_>, at: EventTime, held: &Held) -> Self {
        let mut words = held.document.code.split(' ');
        let is_drug = words.any(|word| word == DRUG);
        let mut round = Self {
            is_asked: true,
            is_drug,
            ..Self::unasked(at, held)
        };
        round.services.ask(&held.document.lines);
        if is_urgent(held) {
            round.is_expedited = true;
        }
        let clock = round.clock_of(view, at);
        round.wind(view, at, clock);
        round
    }

    fn unasked(at: EventTime, held: &Held) -> Self {
        Self {
            start: at,
            is_asked: false,
            is_expedited: false,
            is_drug: false,
            insurer: held.document.insurer,
            way: held.document.way,
            due: None,
            clock: None,
            extension_days: 0,
            is_extended: false,
            services: Services::default(),
            results: BTreeMap::new(),
            outcome: Outcome::Requested,
            decided_at: None,
            is_overturned: false,
            has_reason: false,
        }
    }

    /// Whether a request is to another payer. X12 and FHIR name one payer by different things, and by different things tell nothing.
    fn is_of_another(&self, request: &Document) -> bool {
        self.insurer != request.insurer && !self.way.is_other(request.way)
    }

    fn clock_of<'v>(&self, view: &'v View<'_>, at: EventTime) -> Option<&'v AuthorizationClock> {
        let day = view.calendar.day(at);
        view.tables
            .clock(&view.config.kind, self.is_drug, self.is_expedited, day)
    }

    fn wind(&mut self, view: &View<'_>, at: EventTime, clock: Option<&AuthorizationClock>) {
        let Some(clock) = clock else {
            return;
        };
        let end = view.calendar.end(at, clock.span);
        if self.due.is_none_or(|due| end < due) {
            self.due = Some(end);
            self.clock = Some((clock.span, clock.source));
            self.extension_days = clock.extension_days;
        }
    }

    /// A further request of the same: one that became urgent has the shorter of both times, and nothing makes it longer. What
    /// it no longer asks for is not awaited: where all else is decided, so is the whole since then.
    fn urge(&mut self, view: &View<'_>, at: EventTime, held: &Held) {
        if self.services.ask(&held.document.lines) {
            let services = &self.services;
            self.results
                .retain(|number, _| !services.is_dropped(*number));
            let outcome = whole(self.results.values().map(|(one, _)| *one));
            if outcome.is_decided() && !self.has_undecided() {
                self.has_reason = self.is_explained();
                self.decide(at, outcome);
            }
        }
        if is_urgent(held) && !self.is_expedited {
            self.is_expedited = true;
            let clock = self.clock_of(view, at);
            self.wind(view, at, clock);
        }
    }

    fn take(
        &mut self,
        view: &View<'_>,
        at: EventTime,
        held: &Held,
        mut results: BTreeMap<u16, (Outcome, bool)>,
    ) {
        if let Some(until) = held.document.deadline {
            self.extend(view, view.calendar.moment(until));
        }
        let services = &self.services;
        results.retain(|number, _| !services.is_dropped(*number));
        if results.is_empty() {
            return;
        }
        // What is said of the whole stands until something is said of its parts.
        if results.keys().any(|number| *number > 0) {
            self.results.remove(&0);
        } else {
            self.results.clear();
        }
        self.results.extend(results);
        self.has_reason = self.is_explained();
        let mut outcome = whole(self.results.values().map(|(one, _)| *one));
        if *held.document.code != *COMPLETE && outcome.is_decided() && self.has_undecided() {
            outcome = Outcome::Pended;
        }
        let at = at.max(self.start);
        if self.outcome == Outcome::Denied
            && matches!(
                outcome,
                Outcome::Approved | Outcome::Modified | Outcome::Partial
            )
        {
            self.is_overturned = true;
        }
        if outcome.is_decided() {
            self.decide(at, outcome);
        } else if self.decided_at.is_none() {
            self.outcome = outcome;
        }
    }

    /// Whether a denial says why.
    fn is_explained(&self) -> bool {
        let mut results = self.results.values();
        results.any(|(one, has_reason)| *one == Outcome::Denied && *has_reason)
    }

    /// Whether something is asked for of which nothing is said, while nothing is said of the whole.
    fn has_undecided(&self) -> bool {
        let mut asked = self.services.asked();
        !self.results.contains_key(&0) && asked.any(|number| !self.results.contains_key(&number))
    }

    /// Decides it; when it was decided first is what counts.
    fn decide(&mut self, at: EventTime, outcome: Outcome) {
        self.outcome = outcome;
        self.decided_at = self.decided_at.or(Some(at));
    }

    /// Puts it off as far as the rule allows.
    fn extend(&mut self, view: &View<'_>, until: EventTime) {
        let Some(due) = self.due else {
            return;
        };
        let days = u64::from(self.extension_days);
        let latest = due.plus(crate::config::hours(days * DAY_HOURS));
        let asked = match view.calendar.start(view.calendar.day(until)) == until {
            // A day without a time is all of that day.
            true => until
                .plus(crate::config::hours(DAY_HOURS))
                .minus(std::time::Duration::from_micros(1)),
            false => until,
        };
        if asked > due && days > 0 && !self.is_extended {
            self.due = Some(asked.min(latest));
            self.is_extended = true;
        }
    }
}

fn is_urgent(held: &Held) -> bool {
    let mut words = held.document.code.split(' ');
    words.any(|word| EXPEDITED.contains(&word))
}

/// What an answer decides of each service, and whether it says why.
fn results(view: &View<'_>, held: &Held, services: &Services) -> BTreeMap<u16, (Outcome, bool)> {
    let document = &held.document;
    let numbers = services.of(&document.lines);
    let mut said: BTreeMap<u16, (Outcome, bool)> = BTreeMap::new();
    for (line, number) in document.lines.iter().zip(numbers) {
        // A code that no table has is no decision.
        let action = view.tables.action(&line.action);
        let outcome = action.map_or(Outcome::Pended, |action| action.outcome);
        let told = said.entry(number).or_insert((outcome, line.has_reason));
        *told = (
            whole([told.0, outcome].into_iter()),
            told.1 || line.has_reason,
        );
    }
    if !said.is_empty() {
        return said;
    }
    let outcome = match &*document.code {
        COMPLETE => Outcome::Approved,
        "error" => Outcome::Error,
        _ => Outcome::Pended,
    };
    BTreeMap::from([(0, (outcome, false))])
}

/// What becomes of the whole by what becomes of its parts.
fn whole(parts: impl Iterator<Item = Outcome>) -> Outcome {
    let parts: Vec<_> = parts.collect();
    let any = |one: Outcome| parts.contains(&one);
    let undecided = [Outcome::Error, Outcome::Pended, Outcome::Requested];
    if let Some(open) = undecided.into_iter().find(|one| any(*one)) {
        return open;
    }
    let mut granted: Vec<_> = parts.clone();
    granted.sort_unstable();
    granted.dedup();
    match granted.as_slice() {
        [] => Outcome::Pended,
        [one] => *one,
        // Of services that need none, or were called off, the others decide.
        [one, rest @ ..] if rest.iter().all(|rest| is_aside(*rest)) => *one,
        [Outcome::Approved, Outcome::Modified, rest @ ..]
            if rest.iter().all(|rest| is_aside(*rest)) =>
        {
            Outcome::Modified
        }
        _ => Outcome::Partial,
    }
}

const fn is_aside(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::NotRequired | Outcome::Cancelled)
}
