//! When septic shock presented, and what of blood pressure and fluid says so.

use std::time::Duration;

use clinical::{Decimal, EventTime};

use super::evidence::{charted, is_low_pressure};
use super::presentation::Presentation;
use super::{SHOCK_WITHIN, TOGETHER};
use crate::Parameter;
use crate::chart::read::SHOCK_NOTED;
use crate::chart::{Chart, Entry};
use crate::config::hours;
use crate::limit::{Limit, tenths};
use crate::organ::weight;
use crate::workload::View;

/// An initial lactate from this on is septic shock, mmol/L (SEP-1).
const SHOCK_LACTATE: Limit = Limit::AtLeast(tenths(40));
/// The initial lactate counts so long before the presentation, and so long after it (EHI table SEP1_AUTOPOP_LACTATE).
pub(super) const LACTATE_BEFORE: Duration = hours(6);
pub(super) const LACTATE_WITHIN: Duration = hours(3);
/// Initial hypotension counts so long before the presentation and after it (EHI table SEP1_AUTOPOP_INIT_HYPOTN).
const HYPOTENSION: Duration = hours(6);
/// Fluid counts so long before what asks for it, and so long after it (EHI table CMS_SEP1_ABSTN).
pub(super) const FLUID_BEFORE: Duration = hours(6);
pub(super) const FLUID_WITHIN: Duration = hours(3);
/// So much crystalloid, mL/kg, is asked for (SEP-1).
pub(super) const FLUID: Decimal = tenths(300);
/// Pressures that stay low are looked for in this time after the fluid.
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
    pub(super) fluid_asked: Option<(EventTime, &'a Entry)>,
    /// When pressures had stayed low in spite of it, and the one that shows it.
    pub(super) persistent: Option<&'a Entry>,
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
        let noted = charted(chart, Parameter::SepsisNote, from, until)
            .find(|entry| entry.code() == Some(SHOCK_NOTED));
        let high = lactate.filter(|of| of.number().is_some_and(|of| SHOCK_LACTATE.is_met(of)));
        for (because, entry) in [(Because::Documented, noted), (Because::Lactate, high)] {
            if let Some(entry) = entry {
                shock.add(entry.at.max(presentation.at), because, vec![entry]);
            }
        }
        let low = initial_hypotension(view, presentation.at);
        let asked = low.map(|entry| (entry.at, entry));
        let by_shock = shock
            .first()
            .and_then(|of| Some((of.at, *of.evidence.first()?)));
        shock.fluid_asked = asked.into_iter().chain(by_shock).min_by_key(|(at, _)| *at);
        if let Some(given) = shock
            .fluid_asked
            .and_then(|(at, _)| given_in_full(chart, at))
        {
            shock.persistent = low_pressures(view, given.at, given.at.plus(PERSISTENT_WITHIN));
            if let Some(entry) = shock.persistent {
                let at = entry.at.max(presentation.at);
                shock.add(at, Because::Hypotension, vec![given, entry]);
            }
        }
        shock
    }

    /// Gives when it presented first.
    pub(super) fn first(&self) -> Option<&ShockCandidate<'a>> {
        self.candidates.iter().min_by_key(|candidate| candidate.at)
    }

    fn add(&mut self, at: EventTime, because: Because, evidence: Vec<&'a Entry>) {
        match self.candidates.iter_mut().find(|known| known.at == at) {
            Some(known) => {
                known.because.push(because);
                known.evidence.extend(evidence);
            }
            None => self.candidates.push(ShockCandidate {
                at,
                because: vec![because],
                evidence,
            }),
        }
    }
}

/// Gives the initial lactate: the highest of those before the presentation, or else the first after it.
fn initial_lactate(chart: &Chart, at: EventTime) -> Option<&Entry> {
    let lactates = |from, until| {
        charted(chart, Parameter::Lactate, from, until).filter(|of| of.number().is_some())
    };
    let before = lactates(at.minus(LACTATE_BEFORE), at);
    let highest = before.max_by_key(|entry| (entry.number(), std::cmp::Reverse(entry.at)));
    let just_after = at.plus(Duration::from_micros(1));
    highest.or_else(|| lactates(just_after, at.plus(LACTATE_WITHIN)).next())
}

fn initial_hypotension<'a>(view: &View<'a>, at: EventTime) -> Option<&'a Entry> {
    let just_before = at.minus(HYPOTENSION + Duration::from_micros(1));
    low_pressures(view, just_before, at.plus(HYPOTENSION))
}

/// Gives the pressure that makes as many low ones as are asked for, at times of their own, after one time and up to another.
fn low_pressures<'a>(view: &View<'a>, after: EventTime, until: EventTime) -> Option<&'a Entry> {
    let mut times = 0;
    let mut last = None;
    view.chart.between(after, until).find(|entry| {
        if !entry.is_usable() || !is_low_pressure(entry) {
            return false;
        }
        if last.replace(entry.at) != Some(entry.at) {
            times += 1;
        }
        times >= view.config.bundle.low_pressures
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

/// Finds the crystalloid with which as much was given as is asked for; unknown without a weight.
pub(super) fn given_in_full(chart: &Chart, asked: EventTime) -> Option<&Entry> {
    let target = weight(chart, asked)? * FLUID;
    let mut sum = Decimal::ZERO;
    fluids(chart, asked).find(|entry| {
        sum += entry.number().unwrap_or_default();
        sum >= target
    })
}
