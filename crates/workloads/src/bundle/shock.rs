//! When septic shock presented, and what of blood pressure and fluid says so.

use std::cmp::Reverse;
use std::time::Duration;

use clinical::{Comparator, Decimal, EventTime, ReceivedTime};

use super::evidence::{charted, is_beyond, is_low_pressure};
use super::presentation::Presentation;
use super::{SHOCK_WITHIN, TOGETHER};
use crate::Parameter;
use crate::chart::read::{SHOCK_NOTED, end_of};
use crate::chart::{Chart, Entry};
use crate::config::hours;
use crate::limit::{Limit, tenths};
use crate::organ::weight;
use crate::workload::View;

/// An initial lactate from this on is septic shock, mmol/L (SEP-1).
const SHOCK_LACTATE: Limit = Limit::AtLeast(tenths(40));
/// The initial lactate counts so long before the presentation, and so long after it (EHI table SEP1_AUTOPOP_LACTATE).
const LACTATE_BEFORE: Duration = hours(6);
pub(super) const LACTATE_WITHIN: Duration = hours(3);
/// Initial hypotension counts so long before the presentation and after it (EHI table SEP1_AUTOPOP_INIT_HYPOTN).
const HYPOTENSION: Duration = hours(6);
/// Fluid counts so long before what asks for it, and so long after it (EHI table CMS_SEP1_ABSTN).
pub(super) const FLUID_BEFORE: Duration = hours(6);
pub(super) const FLUID_WITHIN: Duration = hours(3);
/// So much crystalloid, mL/kg, is asked for (SEP-1).
pub(super) const FLUID: Decimal = tenths(300);
/// The least time there is.
const ATOM: Duration = Duration::from_micros(1);
/// Pressures that stay low are looked for in this time after the fluid, from its end on (SEP-1).
const PERSISTENT_WITHIN: Duration = hours(1);

/// Why it may be septic shock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Because {
    Documented,
    Lactate,
    Hypotension,
}

/// A time at which septic shock may have presented.
#[derive(Debug)]
pub(super) struct ShockCandidate<'a> {
    pub(super) at: EventTime,
    because: Vec<Because>,
    pub(super) evidence: Vec<&'a Entry>,
    /// When that could be known.
    pub(super) known: ReceivedTime,
}

/// Low blood pressures, as many as are asked for: the last of them, and when they could be known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Low<'a> {
    pub(super) entry: &'a Entry,
    known: ReceivedTime,
    /// When as many could be known, these or later ones.
    pub(super) any: ReceivedTime,
}

/// What asks for fluid: since when, what shows it, and when that could be known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) at: EventTime,
    pub(super) why: &'a Entry,
    pub(super) known: ReceivedTime,
}

/// As much fluid as is asked for.
#[derive(Clone, Copy, Debug)]
struct Given<'a> {
    /// What made it as much.
    last: &'a Entry,
    /// After this, pressures are of the hour after it.
    after: EventTime,
    until: EventTime,
    known: ReceivedTime,
}

impl ShockCandidate<'_> {
    pub(super) fn because(&self) -> String {
        let words: Vec<&str> = self
            .because
            .iter()
            .map(|because| match because {
                Because::Documented => "it was documented",
                Because::Lactate => "the initial lactate is 4 mmol/L or more",
                Because::Hypotension => "blood pressure stayed low after 30 mL/kg of crystalloid",
            })
            .collect();
        words.join(", and ")
    }
}

/// What blood pressure, lactate and fluid say after a presentation.
#[derive(Debug)]
pub(super) struct Shock<'a> {
    pub(super) candidates: Vec<ShockCandidate<'a>>,
    pub(super) lactate: Option<&'a Entry>,
    /// When fluid was first asked for, and by what.
    pub(super) fluid_asked: Option<Asked<'a>>,
    /// Where pressures stayed low in spite of it, the one that shows it.
    pub(super) persistent: Option<Low<'a>>,
}

impl<'a> Shock<'a> {
    pub(super) fn find(view: &View<'a>, presentation: &Presentation<'a>) -> Self {
        let chart = view.chart;
        let lactate = initial_lactate(chart, presentation.at);
        let mut shock = Self {
            candidates: Vec::new(),
            lactate,
            fluid_asked: None,
            persistent: None,
        };
        let (from, until) = (
            presentation.at.minus(TOGETHER),
            presentation.at.plus(SHOCK_WITHIN),
        );
        let noted = || {
            charted(chart, Parameter::SepsisNote, from, until)
                .filter(|entry| entry.code() == Some(SHOCK_NOTED))
        };
        if let Some(entry) = noted().next() {
            let at = entry.at.max(presentation.at);
            // Of several notes that say the same, the one that came first says when it could be known.
            let same = noted().take_while(|note| note.at.max(presentation.at) == at);
            let known = same.map(|note| note.known).min().unwrap_or(entry.known);
            shock.add(at, Because::Documented, vec![entry], known);
        }
        if let Some(entry) = lactate.filter(|entry| is_beyond(entry, SHOCK_LACTATE)) {
            let at = entry.at.max(presentation.at);
            let known = lactate_known(chart, presentation.at, entry, SHOCK_LACTATE);
            shock.add(at, Because::Lactate, vec![entry], known);
        }
        shock.fluid_asked = shock.asks_for_fluid(view, presentation.at);
        if let Some(asked) = shock.fluid_asked
            && let Some(given) = given_in_full(chart, asked)
        {
            let low = low_pressures(view, given.after, given.until);
            shock.persistent = low.map(|low| Low {
                known: low.known.max(given.known),
                any: low.any.max(given.known),
                ..low
            });
            if let Some(low) = shock.persistent {
                let at = low.entry.at.max(presentation.at);
                shock.add(
                    at,
                    Because::Hypotension,
                    vec![given.last, low.entry],
                    low.known,
                );
            }
        }
        shock
    }

    /// Finds what first asks for fluid: initial hypotension, or shock for another reason than pressures after it.
    fn asks_for_fluid(&self, view: &View<'a>, presented: EventTime) -> Option<Asked<'a>> {
        let low = initial_hypotension(view, presented).map(|low| Asked {
            at: low.entry.at,
            why: low.entry,
            known: low.known,
        });
        let shock = self.first().and_then(|of| {
            Some(Asked {
                at: of.at,
                why: *of.evidence.first()?,
                known: of.known,
            })
        });
        let first = low.into_iter().chain(shock).min_by_key(|asked| asked.at)?;
        let at_once = low.into_iter().chain(shock).filter(|of| of.at == first.at);
        Some(Asked {
            known: at_once.map(|of| of.known).min()?,
            ..first
        })
    }

    /// Gives when it presented first.
    pub(super) fn first(&self) -> Option<&ShockCandidate<'a>> {
        self.candidates.iter().min_by_key(|candidate| candidate.at)
    }

    fn add(
        &mut self,
        at: EventTime,
        because: Because,
        evidence: Vec<&'a Entry>,
        known: ReceivedTime,
    ) {
        match self.candidates.iter_mut().find(|other| other.at == at) {
            Some(other) => {
                other.because.push(because);
                other.evidence.extend(evidence);
                other.known = other.known.min(known);
            }
            None => self.candidates.push(ShockCandidate {
                at,
                because: vec![because],
                evidence,
                known,
            }),
        }
    }
}

/// Gives the initial lactate: the highest of those before the presentation, or else the first after it. One above what
/// can be measured is higher than what was.
fn initial_lactate(chart: &Chart, at: EventTime) -> Option<&Entry> {
    let lactates = |from, until| {
        charted(chart, Parameter::Lactate, from, until).filter(|of| of.bounded().is_some())
    };
    let before = lactates(at.minus(LACTATE_BEFORE), at);
    let height = |entry: &Entry| {
        let (value, bound) = entry.bounded().unwrap_or_default();
        let is_below = matches!(bound, Some(Comparator::Less | Comparator::LessOrEqual));
        let is_above = bound.is_some() && !is_below;
        (value, is_above, !is_below)
    };
    let highest = before.max_by_key(|entry| (height(entry), Reverse(entry.at)));
    // Of several at once the highest, as before.
    let after = lactates(at.plus(ATOM), at.plus(LACTATE_WITHIN));
    highest.or_else(|| after.max_by_key(|entry| (Reverse(entry.at), height(entry))))
}

/// Gives when it could be known that the initial lactate is beyond a limit: of those before the presentation any may say so.
pub(super) fn lactate_known(
    chart: &Chart,
    presented: EventTime,
    initial: &Entry,
    limit: Limit,
) -> ReceivedTime {
    let from = presented.minus(LACTATE_BEFORE);
    let before = charted(chart, Parameter::Lactate, from, presented);
    let known = before
        .filter(|entry| initial.at <= presented && is_beyond(entry, limit))
        .map(|entry| entry.known);
    known.min().unwrap_or(initial.known)
}

fn initial_hypotension<'a>(view: &View<'a>, at: EventTime) -> Option<Low<'a>> {
    let just_before = at.minus(HYPOTENSION + ATOM);
    low_pressures(view, just_before, at.plus(HYPOTENSION))
}

/// Gives the pressure that makes as many low ones as are asked for, at times of their own, after one time and up to another.
fn low_pressures<'a>(view: &View<'a>, after: EventTime, until: EventTime) -> Option<Low<'a>> {
    let mut times: Vec<(&Entry, ReceivedTime)> = Vec::new();
    let charted = view.chart.between(after, until);
    for entry in charted.filter(|entry| entry.is_usable() && is_low_pressure(entry)) {
        match times.last_mut() {
            Some((low, known)) if low.at == entry.at => *known = entry.known.min(*known),
            Some(_) | None => times.push((entry, entry.known)),
        }
    }
    let last = view.config.bundle.low_pressures.saturating_sub(1);
    let (entry, _) = *times.get(last)?;
    let mut known: Vec<ReceivedTime> = times.iter().map(|(_, known)| *known).collect();
    let these = known.iter().take(last + 1).copied().max()?;
    known.sort_unstable();
    Some(Low {
        entry,
        known: these,
        any: *known.get(last)?,
    })
}

/// Gives the crystalloid that was asked for at a time, oldest first.
pub(super) fn fluids(chart: &Chart, asked: EventTime) -> impl Iterator<Item = &Entry> {
    let until = asked.plus(SHOCK_WITHIN);
    charted(
        chart,
        Parameter::Crystalloid,
        asked.minus(FLUID_BEFORE),
        until,
    )
    .filter(|entry| entry.number().is_some_and(|amount| amount > Decimal::ZERO))
}

/// Finds the crystalloid with which as much had been given as is asked for; unknown without a weight.
fn given_in_full<'a>(chart: &'a Chart, asked: Asked<'a>) -> Option<Given<'a>> {
    let target = weight(chart, asked.at)? * FLUID;
    let over = |entry: &'a Entry| (over(chart, entry), entry);
    let mut given: Vec<_> = fluids(chart, asked.at).map(over).collect();
    given.sort_by_key(|(over, entry)| (over.unwrap_or(entry.at), entry.at, entry.resource));
    let (mut sum, mut known) = (Decimal::ZERO, asked.known);
    let (over, last) = given.into_iter().find(|(_, entry)| {
        sum += entry.number().unwrap_or_default();
        known = known.max(entry.known);
        sum >= target
    })?;
    // By whatever weight it is enough, so that a later weight does not make it unforeseen.
    let weights = chart.of(Parameter::Weight);
    let enough = |of: &&Entry| of.number().is_some_and(|weight| weight * FLUID <= sum);
    known = known.max(weights.filter(enough).map(|of| of.known).min()?);
    // The manual counts from the minute in which the fluid ended. Where that is not said, what was charted with it may be
    // from before it.
    let after = over.map_or(last.at, |over| over.minus(ATOM));
    Some(Given {
        last,
        after,
        until: over.unwrap_or(last.at).plus(PERSISTENT_WITHIN),
        known,
    })
}

/// Gives when a fluid was over, where that is said.
fn over(chart: &Chart, fluid: &Entry) -> Option<EventTime> {
    let later = EventTime::from_micros(i64::MAX);
    let mut ends = chart.of_between(Parameter::Crystalloid, fluid.at, later);
    let end = |of: &&Entry| of.is_end() && of.is_usable() && of.resource == end_of(fluid.resource);
    ends.find(end).map(|end| end.at)
}
