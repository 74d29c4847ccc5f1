//! The drugs that support the circulation: how fast each runs, by the rate that was charted last.

use std::time::Duration;

use clinical::unit::Unit;
use clinical::{Decimal, EventTime};

use super::sofa::{self, Part};
use crate::Parameter;
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
/// How long a drug must have run to count in SOFA-2.
const HOUR: Duration = hours(1);

/// A rate that was charted, and since when the drug runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running<'a> {
    pub(crate) entry: &'a Entry,
    since: EventTime,
}

impl<'a> Running<'a> {
    fn after(before: Option<Self>, entry: &'a Entry) -> Self {
        let since = before.filter(|before| before.entry.is_running());
        Self {
            entry,
            since: since.map_or(entry.at, |before| before.since),
        }
    }
}

/// How fast each drug runs.
pub(crate) struct Rates<'a> {
    now: [Option<Running<'a>>; DRUGS.len()],
    /// What was set at the very end of the hour, and holds from the next one on.
    next: [Option<Running<'a>>; DRUGS.len()],
}

impl<'a> Rates<'a> {
    /// Finds what ran at a time: a rate holds until another is charted.
    pub(crate) fn before(chart: &'a Chart, at: EventTime) -> Self {
        let mut now = [None; DRUGS.len()];
        let start = EventTime::from_micros(i64::MIN);
        for entry in chart.between(start, at) {
            if let Some(slot) = place(entry).and_then(|place| now.get_mut(place)) {
                *slot = Some(Running::after(*slot, entry));
            }
        }
        Self { now, next: now }
    }

    /// Takes a change of rate in, of an hour that ends at a time.
    pub(crate) fn set(&mut self, entry: &'a Entry, end: EventTime) {
        let Some(place) = place(entry) else { return };
        let Some(slot) = self.next.get_mut(place) else {
            return;
        };
        *slot = Some(Running::after(*slot, entry));
        if entry.at < end
            && let Some(now) = self.now.get_mut(place)
        {
            *now = *slot;
        }
    }

    /// Goes on to the next hour.
    pub(crate) const fn next_hour(&mut self) {
        self.now = self.next;
    }

    /// Gives what the drugs that run at the end of the hour say of the circulation.
    pub(crate) fn part(&self, chart: &Chart) -> Option<Part<'a>> {
        self.now
            .iter()
            .flatten()
            .filter_map(|drug| sofa::drug(drug.entry, rate(chart, drug.entry)?))
            .max_by_key(|part| part.points)
    }

    /// Gives the drugs that have run for an hour at the end of this one.
    pub(crate) fn for_an_hour(&self, chart: &Chart, end: EventTime) -> Vec<(Running<'a>, Rate)> {
        self.now
            .iter()
            .flatten()
            .filter(|drug| drug.since.plus(HOUR) <= end)
            .filter_map(|drug| Some((*drug, rate(chart, drug.entry)?)))
            .collect()
    }
}

fn place(entry: &Entry) -> Option<usize> {
    DRUGS
        .iter()
        .position(|drug| *drug == entry.parameter && entry.is_usable())
}

/// A rate by weight where it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rate {
    /// µg/kg/min.
    ByWeight(Decimal),
    /// It runs, but of a patient whose weight is not known.
    Running,
}

fn rate(chart: &Chart, entry: &Entry) -> Option<Rate> {
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
    let weight = weight(chart, entry.at);
    Some(
        weight
            .and_then(|weight| value.checked_div(weight))
            .map_or(Rate::Running, Rate::ByWeight),
    )
}

/// Says whether a rate is charted that needs a weight.
pub(crate) fn any_by_minute(chart: &Chart) -> bool {
    chart.entries.iter().any(|entry| {
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
    chart
        .last(Parameter::Weight, at)
        .or_else(|| {
            chart
                .of(Parameter::Weight)
                .find(|entry| entry.at > at && entry.is_usable())
        })
        .and_then(Entry::number)
}
