//! The drugs that support the circulation: how fast each runs, of several rates of one the fastest.

use std::time::Duration;

use clinical::unit::Unit;
use clinical::{Decimal, EventTime};

use super::stretch::Span;
use crate::Parameter;
use crate::chart::infusion::{Ends, Infusion};
use crate::chart::{Chart, Entry, Reading};
use crate::config::hours;

/// The drugs that support the circulation.
pub(crate) const DRUGS: [Parameter; 7] = [
    Parameter::Norepinephrine,
    Parameter::Epinephrine,
    Parameter::Dopamine,
    Parameter::Dobutamine,
    Parameter::Vasopressin,
    Parameter::Phenylephrine,
    Parameter::Milrinone,
];
/// A stay's weight holds from this long before it on (mimic-code, `weight_durations`).
const WEIGHT_BESIDE: Duration = hours(2);
/// How long a drug must have run to count, where that is asked (Vincent 1996, below its table; SOFA-2).
const HOUR: Duration = hours(1);

/// Of so many drugs, the first, mimic-code joins the rates (`pivoted_sofa`).
const JOINED: usize = 4;

/// How fast each drug runs.
pub(crate) struct Rates<'a> {
    now: [Infusion<'a>; DRUGS.len()],
    /// What was set at the very end of the hour, and holds from the next one on.
    next: [Infusion<'a>; DRUGS.len()],
    /// Whether that is something else than what runs now.
    changes: bool,
    ends: Ends,
}

impl<'a> Rates<'a> {
    /// Finds what ran at a time.
    pub(crate) fn before(chart: &'a Chart, own: Span, at: EventTime) -> Self {
        let ends = chart.ends();
        let mut now = <[Infusion<'a>; DRUGS.len()]>::default();
        let start = own.since.minus(Duration::from_micros(1));
        for entry in chart.between(start, at) {
            if let Some(infusion) = place(entry).and_then(|place| now.get_mut(place)) {
                infusion.take(entry, &ends);
            }
        }
        let next = now.clone();
        Self {
            now,
            next,
            changes: false,
            ends,
        }
    }

    /// Takes a change of rate in, of an hour that ends at a time.
    pub(crate) fn set(&mut self, entry: &'a Entry, end: EventTime) {
        let Some(place) = place(entry) else { return };
        let Some(next) = self.next.get_mut(place) else {
            return;
        };
        next.take(entry, &self.ends);
        self.changes = true;
        if entry.at < end
            && let Some(now) = self.now.get_mut(place)
        {
            now.clone_from(next);
        }
    }

    /// Goes on to the next hour.
    pub(crate) fn next_hour(&mut self) {
        if std::mem::take(&mut self.changes) {
            self.now.clone_from(&self.next);
        }
    }

    /// Says whether any of them runs.
    pub(crate) fn any(&self) -> bool {
        self.now.iter().any(|infusion| !infusion.open.is_empty())
    }

    /// Gives the drugs that run, each at its fastest.
    pub(crate) fn running(&self, chart: &Chart, weighed: Option<OfStay>) -> Vec<(&'a Entry, Rate)> {
        let drugs = self.now.iter();
        let fastest = drugs.filter_map(|infusion| fastest(chart, infusion, weighed));
        fastest.collect()
    }

    /// Counts in how many ways one rate of each drug that runs can be taken.
    pub(crate) fn ways(&self) -> usize {
        let joined = self.now.iter().take(JOINED);
        let rates = joined.map(|infusion| infusion.open.len().max(1));
        rates.fold(1, usize::saturating_mul)
    }

    /// Gives the drugs that have run for an hour at a time.
    pub(crate) fn for_an_hour(&self, chart: &Chart, at: EventTime) -> Vec<(&'a Entry, Rate)> {
        self.now
            .iter()
            .filter(|infusion| infusion.since.is_some_and(|since| since.plus(HOUR) <= at))
            .filter_map(|infusion| fastest(chart, infusion, None))
            .collect()
    }
}

fn place(entry: &Entry) -> Option<usize> {
    DRUGS
        .iter()
        .position(|drug| *drug == entry.parameter && entry.is_usable())
}

/// A rate by weight where it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rate {
    /// It runs, but of a patient whose weight is not known.
    Running,
    /// µg/kg/min.
    ByWeight(Decimal),
}

/// Gives the fastest of the rates at which a drug runs.
fn fastest<'a>(
    chart: &Chart,
    infusion: &Infusion<'a>,
    weighed: Option<OfStay>,
) -> Option<(&'a Entry, Rate)> {
    let rates = infusion.open.iter();
    let rates = rates.filter_map(|entry| Some((*entry, rate(chart, entry, weighed)?)));
    rates.max_by_key(|(_, rate)| *rate)
}

/// The weights of a stay, and that of a patient who was not weighed in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfStay {
    pub(crate) own: Span,
    pub(crate) usual: Decimal,
}

impl OfStay {
    fn weight(&self, chart: &Chart, at: EventTime) -> Decimal {
        let own = || {
            let weights = chart.of(Parameter::Weight);
            weights.filter(|entry| entry.is_usable() && self.own.has(entry.at))
        };
        let before = own().rev().find(|entry| entry.at <= at);
        // The first weight of a stay is that of the time before it, from a while before the stay on.
        let of_start = || {
            let first = own().next()?;
            let (start, early) = (self.own.start, self.own.start.minus(WEIGHT_BESIDE));
            (first.at > start && at >= early).then_some(first)
        };
        let weight = before.or_else(of_start).and_then(Entry::number);
        weight.unwrap_or(self.usual)
    }
}

fn rate(chart: &Chart, entry: &Entry, weighed: Option<OfStay>) -> Option<Rate> {
    if let Some(rate) = entry.number() {
        return (rate > Decimal::ZERO).then_some(Rate::ByWeight(rate));
    }
    let Reading::Number {
        value,
        unit: Unit::MicrogramPerMinute,
        comparator: None,
    } = entry.reading
    else {
        return None;
    };
    if value <= Decimal::ZERO {
        return None;
    }
    let weight = match weighed {
        Some(of) => Some(of.weight(chart, entry.at)),
        None => weight(chart, entry.at),
    };
    Some(
        weight
            .and_then(|weight| value.checked_div(weight))
            .map_or(Rate::Running, Rate::ByWeight),
    )
}

/// Gives when the next of the drugs that run at a time will have run for an hour.
pub(super) fn runs_for_an_hour_at(chart: &Chart, own: Span, at: EventTime) -> Option<EventTime> {
    // Most patients have none, and their charts are not gone through for it.
    DRUGS.iter().find_map(|drug| chart.of(*drug).next())?;
    let rates = Rates::before(chart, own, at);
    let run = rates
        .now
        .iter()
        .filter(|infusion| !infusion.open.is_empty());
    let full = run.filter_map(|infusion| infusion.since.map(|since| since.plus(HOUR)));
    full.filter(|full| *full > at).min()
}

/// Says whether a rate is charted that needs a weight.
pub(crate) fn any_by_minute(chart: &Chart) -> bool {
    chart.entries().iter().any(|entry| {
        matches!(
            entry.reading,
            Reading::Number {
                unit: Unit::MicrogramPerMinute,
                ..
            }
        )
    })
}

/// Gives the weight at a time: the last one charted, or else the first one after.
pub(crate) fn weight(chart: &Chart, at: EventTime) -> Option<Decimal> {
    weighed(chart, at).and_then(Entry::number)
}

/// Gives what says the weight at a time.
pub(crate) fn weighed(chart: &Chart, at: EventTime) -> Option<&Entry> {
    chart.last(Parameter::Weight, at).or_else(|| {
        chart
            .of(Parameter::Weight)
            .find(|entry| entry.at > at && entry.is_usable())
    })
}
