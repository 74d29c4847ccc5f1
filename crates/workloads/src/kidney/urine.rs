//! The stage by urine: its rate by weight over six, twelve and twenty-four hours (KDIGO 2012, table 2).

use std::time::Duration;

use clinical::{Decimal, EventTime, RoundingStrategy};

use super::{Convention, HOUR, Staged, boundaries, stay_at};
use crate::Parameter;
use crate::chart::Entry;
use crate::config::hours;
use crate::person::Own;
use crate::workload::View;

/// mL/kg/h below which it is little, and below which it is very little.
const LITTLE: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
const VERY_LITTLE: Decimal = Decimal::from_parts(3, 0, 0, false, 1);
/// So much at once is not believed (mimic-code, `urine_output`).
const MOST_AT_ONCE: Decimal = Decimal::from_parts(5000, 0, 0, false, 0);
/// How long a stay must have lasted before little urine says anything (mimic-code, `kdigo_stages`).
const SETTLING: Duration = hours(6);
/// Weights are of a stay until this long after it.
const BESIDE: Duration = hours(12);
/// A stay's weight holds this long before it and after it (mimic-code, `weight_durations`).
const WEIGHT_BESIDE: Duration = hours(2);

/// A span of collection: how many hours, and how many of them must be known.
struct Span {
    hours: i64,
    /// Hours of collection that must be known: nearly all of them, or those that mimic-code asks for.
    least: i64,
    least_by_clock: i64,
}

const SPANS: [Span; 3] = [
    Span {
        hours: 6,
        least: 5,
        least_by_clock: 2,
    },
    Span {
        hours: 12,
        least: 11,
        least_by_clock: 5,
    },
    Span {
        hours: 24,
        least: 22,
        least_by_clock: 11,
    },
];

/// Stages the urine of a time; nothing where none was charted then, and no stage where its rate is not known.
pub(super) fn stage<'a>(
    view: &View<'a>,
    convention: Convention,
    at: EventTime,
) -> Option<Option<Staged<'a>>> {
    let entry = charted(view, at.minus(Duration::from_micros(1)), at).next_back()?;
    let own = stay_at(view, at).filter(|_| convention.by_stay);
    let Some(weight) = weight(view, convention, own, at) else {
        return Some(None);
    };
    let begun = own.map_or(EventTime::from_micros(i64::MIN), |own| own.since);
    let rates = SPANS.map(|span| rate(view, convention, &span, (begun, at), weight));
    let [six, twelve, day] = rates;
    let settled = !convention.by_stay || own.is_some_and(|own| at > own.stay.start.plus(SETTLING));
    let below = |rate: Option<Decimal>, limit: Decimal| rate.is_some_and(|rate| rate < limit);
    let stage = if !settled {
        0
    } else if below(day, VERY_LITTLE) || twelve.is_some_and(|rate| rate.is_zero()) {
        3
    } else if below(twelve, LITTLE) {
        2
    } else {
        u8::from(below(six, LITTLE))
    };
    let known = [(6, six), (12, twelve), (24, day)].into_iter();
    let words: Vec<String> = known
        .filter_map(|(hours, rate)| Some(format!("{} over {hours} h", rate?.normalize())))
        .collect();
    Some(Some(Staged {
        stage,
        entry,
        shown: format!("mL/kg/h {}", words.join(", ")),
    }))
}

fn charted<'a>(
    view: &View<'a>,
    after: EventTime,
    until: EventTime,
) -> impl DoubleEndedIterator<Item = &'a Entry> {
    let chart = view.chart;
    chart.between(after, until).filter(|entry| {
        entry.parameter == Parameter::UrineOutput
            && entry
                .number()
                .is_some_and(|amount| amount.abs() < MOST_AT_ONCE)
    })
}

/// Gives the rate over a span, if enough of it is known. The first urine in it gathered since the charting before it, if that
/// is not longer ago than the span is; where nobody says, and for the reference, in the hour before.
fn rate(
    view: &View<'_>,
    convention: Convention,
    span: &Span,
    (begun, at): (EventTime, EventTime),
    weight: Decimal,
) -> Option<Decimal> {
    let begun = begun.minus(Duration::from_micros(1));
    let back = Duration::from_secs(3600 * (span.hours - 1).unsigned_abs());
    let exact = at.minus(back + Duration::from_micros(1)).max(begun);
    let first = charted(view, exact, at).next()?.at;
    let hours = if convention.by_clock {
        Decimal::from(boundaries(first, at, HOUR) + 1)
    } else {
        let long = Duration::from_secs(3600 * span.hours.unsigned_abs());
        let instant = Duration::from_micros(1);
        let before = charted(view, first.minus(long + instant), first.minus(instant)).next_back();
        let gathers = before.map_or(first.minus(super::hours(1)), |before| before.at);
        Decimal::from(at.micros() - gathers.micros()) / Decimal::from(HOUR)
    };
    let least = if convention.by_clock {
        span.least_by_clock
    } else {
        span.least
    };
    if hours < Decimal::from(least) {
        return None;
    }
    // Of a day only what is in it to the minute counts; of the shorter spans what is in it by the clock.
    let by_clock = convention.by_clock && span.hours < 24;
    let since = if by_clock {
        at.minus(back + super::hours(1)).max(begun)
    } else {
        exact
    };
    let sum: Decimal = charted(view, since, at)
        .filter(|entry| !by_clock || boundaries(entry.at, at, HOUR) < span.hours)
        .filter_map(Entry::number)
        .sum();
    let rate = sum.checked_div(weight.checked_mul(hours)?)?;
    let half_up = RoundingStrategy::MidpointAwayFromZero;
    Some(
        rate.round_dp_with_strategy(9, half_up)
            .round_dp_with_strategy(4, half_up),
    )
}

/// Gives the weight at a time: the last one charted, else the next; of the stay where stays are judged apart.
fn weight(
    view: &View<'_>,
    convention: Convention,
    own: Option<Own<'_>>,
    at: EventTime,
) -> Option<Decimal> {
    let weights = view
        .chart
        .of(Parameter::Weight)
        .filter(|entry| entry.is_usable());
    let of_stay: Vec<&Entry> = if convention.by_stay {
        let of = own?;
        let stay = of.stay;
        let end = stay.end.map(|end| end.plus(BESIDE));
        let is_own = |entry: &&Entry| {
            of.since <= entry.at && entry.at < of.until && end.is_none_or(|end| entry.at <= end)
        };
        let own: Vec<&Entry> = weights.filter(is_own).collect();
        let (first, last) = (own.first()?.at, own.last()?.at);
        let over = stay
            .end
            .is_some_and(|end| at >= end.max(last).plus(WEIGHT_BESIDE));
        // The first weight holds before it was charted only where it was charted in the stay.
        let early = at < first && (at < stay.start.minus(WEIGHT_BESIDE) || first <= stay.start);
        if over || early {
            return None;
        }
        own
    } else {
        weights.collect()
    };
    let before = of_stay.iter().rev().find(|entry| entry.at <= at);
    before.or(of_stay.first())?.number()
}
