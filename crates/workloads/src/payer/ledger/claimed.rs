//! What the claims of one member add to the weeks of those who gave the services.

use std::collections::BTreeMap;

use clinical::payer::{Day, Link, ServiceLine};
use clinical::{Decimal, EventId, EventTime, Origin};

use super::super::case::{Case, cases};
use super::super::claim::{self, KINDS};
use super::super::publish::Cause;
use super::super::rule::View;
use super::super::state::{Held, State};
use super::super::step::Effects;
use super::super::tables::ClaimState;
use super::mix::MixKind;
use super::week_of;

/// A service that is said to go on longer than this is taken as of its first day.
const DAYS_MOST: Day = 366;
/// A part of a service that is spread over days is given to a tenth of a minute.
const PLACES: u32 = 1;

/// What a claim adds to a week of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekClaim {
    /// Who gave the services.
    pub provider: Link,
    /// The Monday of the week.
    pub week: Day,
    /// The name of the claim with all that belongs to it.
    pub case: Box<str>,
    /// What it adds; nothing where it no longer adds anything.
    pub added: Option<Added>,
    /// The event that caused that.
    pub cause: Option<EventId>,
}

/// What is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The services.
    pub services: Vec<WeekService>,
    /// The numbers that the claim goes by.
    pub numbers: Vec<Link>,
    /// Whether it is paid.
    pub is_paid: bool,
    /// When it was made.
    pub at: EventTime,
    /// The event that said so.
    pub event: EventId,
    /// Where the stream keeps that event.
    pub origin: Origin,
    /// Whether it is history that was loaded.
    pub backfill: bool,
}

/// A service of a claim, or its part of a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeekService {
    /// On which day.
    pub day: Day,
    /// What was done.
    pub code: Box<str>,
    /// Its modifiers.
    pub modifiers: Box<str>,
    /// How long that takes; none where that is not known.
    pub minutes: Decimal,
    /// What is charged for it.
    pub charge: Option<Decimal>,
    /// What visit it is, where it is one.
    pub visit: Option<LevelOfVisit>,
}

/// A visit as its provider's peers have it, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LevelOfVisit {
    /// Of which visits it is one.
    pub kind: MixKind,
    /// Its level.
    pub level: u8,
}

/// What was told of a claim and a week, so that it can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) provider: Link,
    pub(crate) week: Day,
    pub(crate) case: Box<str>,
    /// When the claim was made.
    pub(crate) at: EventTime,
    /// A hash of what was told.
    pub(crate) digest: u64,
}

impl Told {
    fn is_of(&self, other: &Self) -> bool {
        (self.provider, self.week, &self.case) == (other.provider, other.week, &other.case)
    }
}

/// Tells what differs from what was told before, but for claims that were made before a time.
pub(crate) fn tell(
    mut now: Vec<(Told, Added)>,
    cause: &Cause,
    frozen: EventTime,
    state: &mut State,
    effects: &mut Effects,
) {
    now.retain(|(told, _)| told.at >= frozen);
    let is_gone = |told: &Told| told.at >= frozen && !now.iter().any(|(one, _)| told.is_of(one));
    let (gone, stays): (Vec<Told>, Vec<Told>) = std::mem::take(&mut state.told)
        .into_iter()
        .partition(is_gone);
    state.told = stays;
    let claim = |told: Told, added| WeekClaim {
        provider: told.provider,
        week: told.week,
        case: told.case,
        added,
        cause: cause.event,
    };
    effects
        .claims
        .extend(gone.into_iter().map(|told| claim(told, None)));
    for (told, added) in now {
        let mut held = state.told.iter_mut();
        match held.find(|held| held.is_of(&told)) {
            Some(held) if held.digest == told.digest => continue,
            Some(held) => held.clone_from(&told),
            None => state.told.push(told.clone()),
        }
        effects.claims.push(claim(told, Some(added)));
    }
    let order = |told: &Told| (told.provider, told.week, told.case.clone());
    state.told.sort_by_key(order);
}

/// Says what the claims that stand add to which weeks.
pub(crate) fn claims(view: &View<'_>) -> Vec<(Told, Added)> {
    let mut all = Vec::new();
    for case in cases(&view.documents, &KINDS) {
        if let Some((held, is_paid)) = counts(view, &case) {
            all.extend(of_claim(view, &case, held, is_paid));
        }
    }
    all
}

/// The claim as it was sent last, and whether it is paid. What was refused, denied, reversed or called off is often claimed
/// again under another number, and is not counted.
fn counts<'a>(view: &View<'_>, case: &Case<'a>) -> Option<(&'a Held, bool)> {
    let (held, state) = claim::standing(view, case);
    match state {
        ClaimState::Submitted
        | ClaimState::Acknowledged
        | ClaimState::Pending
        | ClaimState::Finalized
        | ClaimState::Processed => Some((held?, false)),
        ClaimState::Paid => Some((held?, true)),
        ClaimState::Refused | ClaimState::Denied | ClaimState::Reversed | ClaimState::Void => None,
    }
}

fn of_claim(view: &View<'_>, case: &Case<'_>, held: &Held, is_paid: bool) -> Vec<(Told, Added)> {
    let mut weeks: BTreeMap<(Link, Day), Vec<WeekService>> = BTreeMap::new();
    for line in &held.document.lines {
        let groups = &view.config.ledger.groups;
        if line.renderer == 0 || groups.contains(&line.renderer) {
            continue;
        }
        for service in services(view, line, held.document.from) {
            let week = (line.renderer, week_of(service.day));
            weeks.entry(week).or_default().push(service);
        }
    }
    let name = case.name();
    let of_week = |((provider, week), services): ((Link, Day), Vec<WeekService>)| {
        let added = Added {
            services,
            numbers: held.document.links.clone(),
            is_paid,
            at: held.at(),
            event: held.event,
            origin: held.origin,
            backfill: held.backfill,
        };
        let told = Told {
            provider,
            week,
            case: name.as_str().into(),
            at: added.at,
            digest: digest(&added),
        };
        (told, added)
    };
    weeks.into_iter().map(of_week).collect()
}

/// A service by days: what goes on for several is spread evenly over them, so that no day is given more than it had.
fn services(view: &View<'_>, line: &ServiceLine, from: Option<Day>) -> Vec<WeekService> {
    let Some(first) = line.day.or(from) else {
        return Vec::new();
    };
    let (minutes, visit) = (minutes(view, line, first), visit(view, line, first));
    if minutes.is_zero() && visit.is_none() {
        return Vec::new();
    }
    let last = line.until.unwrap_or(first);
    let days = last.saturating_sub(first).saturating_add(1);
    let days = if (1..=DAYS_MOST).contains(&days) {
        days
    } else {
        1
    };
    let share = |whole: Decimal| (whole / Decimal::from(days)).round_dp(PLACES);
    let part = |day| WeekService {
        day,
        code: line.code.clone(),
        modifiers: line.modifiers.clone(),
        minutes: share(minutes),
        charge: line.charge.map(|charge| match days {
            1 => charge,
            _ => share(charge),
        }),
        visit: visit.clone().filter(|_| day == first),
    };
    (first..first.saturating_add(days)).map(part).collect()
}

/// How long a service took; none where that is not known, or it is not its claimant's own time.
fn minutes(view: &View<'_>, line: &ServiceLine, on: Day) -> Decimal {
    let row = view.config.ledger.minutes.of(&line.code, on);
    let Some(row) = row.filter(|row| row.is_own_time(&line.modifiers)) else {
        return Decimal::ZERO;
    };
    let units = line.units.unwrap_or(Decimal::ONE);
    let minutes = match line.is_minutes {
        true => units,
        false => units.saturating_mul(row.minutes),
    };
    minutes.max(Decimal::ZERO)
}

/// What visit a service is, where levels are compared and the specialty is known.
fn visit(view: &View<'_>, line: &ServiceLine, on: Day) -> Option<LevelOfVisit> {
    let ledger = &view.config.ledger;
    let is_compared = ledger.peers.is_some() && !line.specialty.is_empty();
    let (family, level) = ledger.levels.of(&line.code, on).filter(|_| is_compared)?;
    Some(LevelOfVisit {
        kind: MixKind {
            specialty: line.specialty.clone(),
            family: family.into(),
        },
        level,
    })
}

fn digest(added: &Added) -> u64 {
    let mut text = format!("{:?}|{}", added.numbers, added.is_paid);
    for service in &added.services {
        text.push_str(&format!(
            "|{} {} {} {} {:?} {:?}",
            service.day,
            service.code,
            service.modifiers,
            service.minutes,
            service.charge,
            service.visit
        ));
    }
    clinical::payer::link(&text)
}
