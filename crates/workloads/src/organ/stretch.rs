//! Hours that are scored by themselves: mimic-code looks from no stay into another.

use clinical::EventTime;

use super::hours::hour_of;
use super::sofa::{Convention, URINE_HOURS};
use crate::person::{Own, apart};
use crate::workload::View;

/// So many hours before the first one of a stay are looked at for it (mimic-code, `icustay_hours`).
const HOURS_BEFORE_STAY: i64 = 24;

/// Hours one after the other that are scored from the same charting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    /// The hours that are scored.
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// The first hour that is looked at.
    pub(crate) begin: i64,
    /// Whose charting at the bedside is looked at.
    pub(crate) own: Span,
}

/// From when to when charting is of a stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) since: EventTime,
    /// When it began.
    pub(crate) start: EventTime,
    /// Charting at this time is of the next.
    pub(crate) until: EventTime,
}

impl From<Own<'_>> for Span {
    fn from(own: Own<'_>) -> Self {
        Self {
            since: own.since,
            start: own.stay.start,
            until: own.until,
        }
    }
}

impl Span {
    /// All that is known of the patient.
    pub(crate) const ALL: Self = Self {
        since: EventTime::from_micros(i64::MIN),
        start: EventTime::from_micros(i64::MIN),
        until: EventTime::from_micros(i64::MAX),
    };

    /// Says whether charting at a time is of it.
    pub(crate) fn has(&self, at: EventTime) -> bool {
        self.since <= at && at < self.until
    }
}

/// Finds the stretches from one hour to another, each hour in one of them. The hours of a stay begin with the first of
/// which the heart rate was charted.
pub(crate) fn stretches(
    view: &View<'_>,
    convention: Convention,
    first: i64,
    last: i64,
) -> Vec<Stretch> {
    let back = i64::try_from(convention.hours_before + URINE_HOURS).unwrap_or(i64::MAX);
    let mut found = vec![Stretch {
        first,
        last,
        begin: first.saturating_sub(back),
        own: Span::ALL,
    }];
    let stays = if convention.by_stay {
        apart(view.stays)
    } else {
        Vec::new()
    };
    for of in stays {
        let pulse = of.stay.first_pulse(of.since, view.chart, view.watermark);
        let Some(begins) = pulse.map(hour_of).filter(|begins| *begins <= last) else {
            continue;
        };
        let from = begins.max(first);
        found.retain_mut(|before| {
            before.last = before.last.min(from - 1);
            before.first <= before.last
        });
        found.push(Stretch {
            first: from,
            last,
            begin: from.saturating_sub(back).max(begins - HOURS_BEFORE_STAY),
            own: of.into(),
        });
    }
    found
}

/// Gives the charting that is of the same stay as a time.
pub(crate) fn span_at(view: &View<'_>, convention: Convention, at: EventTime) -> Span {
    let stays = if convention.by_stay {
        apart(view.stays)
    } else {
        Vec::new()
    };
    let own = stays.into_iter().rfind(|own| own.since <= at);
    own.map_or(Span::ALL, Span::from)
}
