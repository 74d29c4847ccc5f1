//! Heart rate variability that falls below a patient's own while the mean pressure falls: investigational.
//!
//! What is said is a function of what is charted, so that late, corrected and withdrawn values revise it.

use std::time::Duration;

use clinical::{Decimal, EventId, EventTime, ReceivedTime, Severity};

use super::DIGITS;
use super::limits::{Limits, limits, units};
use super::robust::{deviation, median, slope};
use crate::Parameter;
use crate::chart::infusion::Infusion;
use crate::chart::read::OWN_RHYTHM;
use crate::chart::{Chart, Entry, Reading};
use crate::config::{hours, minutes};
use crate::critical::shown;
use crate::deterioration::span_words;
use crate::shock::VASOPRESSORS;
use crate::workload::{Concluded, Conclusion, Condition, Proof, View};

pub(crate) const READS: &[Parameter] = &[
    Parameter::HeartRateVariability,
    Parameter::HeartRhythm,
    Parameter::MeanPressure,
    Parameter::Norepinephrine,
    Parameter::Epinephrine,
    Parameter::Dopamine,
    Parameter::Vasopressin,
    Parameter::Phenylephrine,
];
/// How late a value may come.
pub(crate) const WINDOW: Duration = hours(8);
/// How far before a time values decide: the baseline, and the buckets before it.
pub(crate) const LOOKS_BACK: Duration = hours(25);
/// The same of pressures.
pub(super) const PRESSURE_LOOKS_BACK: Duration = minutes(90);
/// How far before what may be revised buckets are looked at, to know how they stood then.
pub(super) const CONTEXT: Duration = minutes(30);
/// Until a study shows what it is worth nobody is hurried by it.
const SEVERITY: Severity = Severity::Low;

/// Stands beside the line by which it began, and that by which it was over.
const BEGAN: u8 = 1;
const OVER: u8 = 2;

/// Says how long an entry matters.
pub(crate) fn matters(entry: &Entry) -> Option<Duration> {
    let parameter = entry.parameter;
    if parameter == Parameter::HeartRateVariability {
        Some(LOOKS_BACK)
    } else if parameter == Parameter::HeartRhythm {
        Some(LOOKS_BACK + limits().rhythm)
    } else {
        READS.contains(&parameter).then_some(PRESSURE_LOOKS_BACK)
    }
}

/// Says when variability fell with the pressure, and when that was over.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let limits = limits();
    let buckets = buckets(view.chart, limits);
    let titrations = titrations(view.chart);
    let mut course = Course::begun(view);
    let first = view.frozen.minus(CONTEXT);
    let from = buckets.partition_point(|bucket| bucket.at < first);
    for place in from..buckets.len() {
        let seen = Seen {
            view,
            limits,
            buckets: buckets.get(..=place).unwrap_or_default(),
            titrations: &titrations,
        };
        course.take(&seen);
    }
    let mut concluded = Concluded {
        from: view.frozen,
        conclusions: course.said,
        wake: None,
    };
    if let Some(running) = course.running {
        let silent = running.last.plus(limits.join);
        if view.watermark >= silent {
            concluded.conclusions.push(unheard(&running, silent));
        } else {
            concluded.wake = Some(silent);
        }
    }
    concluded
        .conclusions
        .retain(|conclusion| conclusion.as_of >= view.frozen);
    concluded
}

/// The value of a window.
struct Bucket<'a> {
    /// Which window of the day's grid it is.
    slot: i64,
    at: EventTime,
    value: i64,
    entry: &'a Entry,
}

/// Gives the newest version of each window's value while the heart beats by its own rhythm, as far as that is known.
fn buckets<'a>(chart: &'a Chart, limits: &Limits) -> Vec<Bucket<'a>> {
    let width = micros(limits.bucket);
    let mut buckets: Vec<Bucket<'a>> = Vec::new();
    let entries = chart.of(Parameter::HeartRateVariability);
    for entry in entries.filter(|entry| entry.is_usable()) {
        let Some(value) = entry.number().and_then(units) else {
            continue;
        };
        let bucket = Bucket {
            // A window is told of at its end.
            slot: (entry.at.micros() - 1).div_euclid(width),
            at: entry.at,
            value,
            entry,
        };
        match buckets.last_mut().filter(|last| last.slot == bucket.slot) {
            Some(last) if version(last.entry) < version(entry) => *last = bucket,
            Some(_) => {}
            None => buckets.push(bucket),
        }
    }
    let rhythms: Vec<&Entry> = chart
        .of(Parameter::HeartRhythm)
        .filter(|entry| entry.is_usable())
        .collect();
    buckets.retain(|bucket| {
        let known = rhythms.partition_point(|rhythm| rhythm.at <= bucket.at);
        let last = known.checked_sub(1).and_then(|last| rhythms.get(last));
        let last = last.filter(|rhythm| rhythm.at > bucket.at.minus(limits.rhythm));
        last.is_none_or(|rhythm| rhythm.code() == Some(OWN_RHYTHM))
    });
    buckets
}

const fn version(entry: &Entry) -> (ReceivedTime, EventId) {
    (entry.known, entry.event)
}

/// Gives when the rate of a vasopressor was changed.
fn titrations(chart: &Chart) -> Vec<EventTime> {
    let ends = chart.ends();
    let mut changes = Vec::new();
    for drug in VASOPRESSORS {
        let mut before: Vec<Reading> = Vec::new();
        let mut infusion = Infusion::default();
        let mut rates = chart.of(drug).filter(|entry| entry.is_usable()).peekable();
        while let Some(rate) = rates.next() {
            infusion.take(rate, &ends);
            // Of several at one time the last is what runs then.
            if rates.peek().is_some_and(|next| next.at == rate.at) {
                continue;
            }
            let now: Vec<Reading> = infusion.open.iter().map(|open| open.reading).collect();
            if before != now {
                changes.push(rate.at);
            }
            before = now;
        }
    }
    changes
}

/// What is said of a bucket.
enum Stands {
    Holds(Conclusion),
    Beside,
    /// Variability is low, and a drug whose rate was changed may be why the pressure is as it is.
    Masked,
}

/// What is known at the end of a bucket.
struct Seen<'v, 'b> {
    view: &'b View<'v>,
    limits: &'b Limits,
    /// The bucket is the last of them.
    buckets: &'b [Bucket<'v>],
    titrations: &'b [EventTime],
}

/// How a bucket lies in its patient's baseline.
struct Low {
    median: i64,
    /// How many deviations from it, in tenths.
    tenths: i64,
}

/// The pressure of a bucket's end.
struct Pressure<'v> {
    last: &'v Entry,
    first: &'v Entry,
    value: i64,
    /// How much it changes an hour, where that can be said.
    slope: Option<i64>,
}

impl<'v> Seen<'v, '_> {
    fn newest(&self) -> Option<&Bucket<'v>> {
        self.buckets.last()
    }

    /// What lies before a bucket in its patient's own baseline; nothing where that is too little.
    fn baseline(&self, place: usize) -> Option<&[Bucket<'v>]> {
        let slot = self.buckets.get(place)?.slot;
        let slots = micros(self.limits.baseline) / micros(self.limits.bucket);
        let before = self.buckets.get(..place)?;
        let from = before.partition_point(|bucket| bucket.slot < slot - slots);
        before
            .get(from..)
            .filter(|baseline| baseline.len() >= self.limits.baseline_least)
    }

    /// Says how a bucket lies below its baseline, if it is far below.
    fn low(&self, place: usize) -> Option<Low> {
        let value = self.buckets.get(place)?.value;
        let mut values: Vec<i64> = self
            .baseline(place)?
            .iter()
            .map(|bucket| bucket.value)
            .collect();
        let median = median(&mut values)?;
        let spread = deviation(&values, median).filter(|spread| *spread > 0)?;
        let one = 10_i128.pow(DIGITS.into());
        let scaled = i128::from(spread) * i128::from(self.limits.normal_scale);
        let below = i128::from(median - value) * one;
        let is_low = below * one >= scaled * i128::from(self.limits.deviations);
        is_low.then(|| Low {
            median,
            tenths: i64::try_from((20 * below + scaled) / (2 * scaled)).unwrap_or(i64::MAX),
        })
    }

    /// The buckets that are all far below, one after another, and how the last one is.
    fn all_low(&self) -> Option<(Low, &[Bucket<'v>])> {
        let first = self.buckets.len().checked_sub(self.limits.below)?;
        let run = self.buckets.get(first..)?;
        let pairs = run.iter().zip(run.iter().skip(1));
        let is_unbroken = pairs.clone().all(|(one, next)| next.slot == one.slot + 1);
        let mut lows = (first..self.buckets.len()).map(|place| self.low(place));
        let last = lows.next_back()??;
        (is_unbroken && lows.all(|low| low.is_some())).then_some((last, run))
    }

    /// The newest pressure, if it is new enough, and its slope over what came before it: of each window the newest reading.
    fn pressure(&self) -> Option<Pressure<'v>> {
        let at = self.newest()?.at;
        let width = micros(self.limits.bucket);
        let slot = |entry: &Entry| (entry.at.micros() - 1).div_euclid(width);
        let mut readings: Vec<&Entry> = Vec::new();
        let hour = self
            .view
            .chart
            .between(at.minus(self.limits.slope_over), at);
        let is_pressure = |entry: &&Entry| entry.parameter == Parameter::MeanPressure;
        for entry in hour.filter(is_pressure).filter(|of| of.number().is_some()) {
            match readings.last_mut().filter(|last| slot(last) == slot(entry)) {
                Some(last) if last.at == entry.at && version(last) > version(entry) => {}
                Some(last) => *last = entry,
                None => readings.push(entry),
            }
        }
        let (first, last) = (*readings.first()?, *readings.last()?);
        if last.at <= at.minus(self.limits.join) {
            return None;
        }
        let points: Vec<(i64, i64)> = readings
            .iter()
            .filter_map(|entry| Some((entry.at.micros(), units(entry.number()?)?)))
            .collect();
        let is_long = last.at.since(first.at)? >= self.limits.slope_span;
        let is_enough = is_long && points.len() >= self.limits.slope_readings;
        Some(Pressure {
            last,
            first,
            value: points.last()?.1,
            slope: slope(&points).filter(|_| is_enough),
        })
    }

    fn is_titrated(&self, at: EventTime) -> bool {
        let since = at.minus(self.limits.titration);
        let mut changes = self.titrations.iter();
        changes.any(|change| *change > since && *change <= at)
    }

    /// Says how the end of the bucket stands: nothing where it cannot be said.
    fn stands(&self) -> Option<Stands> {
        let newest = self.newest()?;
        self.baseline(self.buckets.len() - 1)?;
        let pressure = self.pressure()?;
        let falls = pressure.slope.filter(|slope| *slope <= -self.limits.fall);
        let Some((low, run)) = self.all_low() else {
            return Some(Stands::Beside);
        };
        if self.is_titrated(newest.at) {
            return Some(Stands::Masked);
        }
        if falls.is_none() && pressure.value >= self.limits.low {
            return Some(Stands::Beside);
        }
        let beside = match falls {
            Some(slope) => format!("falls by {} mmHg an hour", tenths(-slope)),
            None => format!("is {}", shown(pressure.last)),
        };
        let minutes = self.limits.bucket * u32::try_from(run.len()).unwrap_or(u32::MAX);
        let summary = format!(
            "investigational: for {} heart rate variability is far below the patient's own (now {} ms, {} deviations below {} ms), while mean pressure {beside}",
            span_words(minutes),
            tenths(newest.value),
            Decimal::new(low.tenths, 1),
            tenths(low.median),
        );
        let mut shown: Vec<&Entry> = run.iter().map(|bucket| bucket.entry).collect();
        shown.extend(falls.map(|_| pressure.first));
        shown.push(pressure.last);
        shown.dedup();
        let history = self.is_history(&shown, newest.at);
        Some(Stands::Holds(Conclusion {
            severity: SEVERITY,
            history,
            note: BEGAN,
            evidence: shown.into_iter().map(proof).collect(),
            ..said(newest.at, summary)
        }))
    }

    /// Says whether what shows it could be known only when it was long past.
    fn is_history(&self, shown: &[&Entry], at: EventTime) -> bool {
        let latest = at.plus(self.limits.history_after).micros();
        shown.iter().any(|entry| entry.known.micros() > latest)
    }
}

/// A time in which the rule holds.
struct Running {
    /// The last bucket of which something could be said.
    last: EventTime,
    /// How many buckets beside the rule came since it held.
    beside: usize,
    history: bool,
}

/// Where the search has come to.
struct Course {
    running: Option<Running>,
    said: Vec<Conclusion>,
}

impl Course {
    /// Begins with what can no longer be revised.
    fn begun(view: &View<'_>) -> Self {
        let is_settled = |line: &&crate::state::Line| {
            let own = line.condition == Condition::VariabilityAndPressure;
            own && line.asserted && line.as_of < view.frozen
        };
        let line = view.lines.iter().rfind(is_settled);
        let began = line.filter(|line| line.note == BEGAN);
        Self {
            running: began.map(|line| Running {
                last: line.as_of,
                beside: 0,
                history: false,
            }),
            said: Vec::new(),
        }
    }

    fn take(&mut self, seen: &Seen<'_, '_>) {
        let (Some(newest), Some(stands)) = (seen.newest(), seen.stands()) else {
            return;
        };
        let at = newest.at;
        // What was before is settled; it only says how things stood.
        let is_settled = at < seen.view.frozen;
        if let Some(running) = &self.running {
            let silent = running.last.plus(seen.limits.join);
            if at > silent && !is_settled {
                self.said
                    .push(unheard(running, silent.max(seen.view.frozen)));
                self.running = None;
            }
        }
        match (&mut self.running, stands) {
            (Some(running), Stands::Holds(_)) => (running.last, running.beside) = (at, 0),
            (Some(running), Stands::Masked) => running.last = at,
            (Some(running), Stands::Beside) => {
                (running.last, running.beside) = (at.max(running.last), running.beside + 1);
                if running.beside >= seen.limits.recovered && !is_settled {
                    let words = "investigational: heart rate variability is no longer far below the patient's own while mean pressure falls";
                    self.said.push(Conclusion {
                        history: running.history,
                        evidence: vec![proof(newest.entry)],
                        ..said(at, words.into())
                    });
                    self.running = None;
                }
            }
            (None, Stands::Holds(began)) if !is_settled => {
                self.running = Some(Running {
                    last: at,
                    beside: 0,
                    history: began.history,
                });
                self.said.push(began);
            }
            (None, _) => {}
        }
    }
}

fn unheard(running: &Running, at: EventTime) -> Conclusion {
    let words = format!(
        "investigational: heart rate variability or mean pressure not heard for {}: how it goes on is not known",
        span_words(limits().join)
    );
    Conclusion {
        history: running.history,
        ..said(at, words)
    }
}

/// What is said at a time: that it is over, unless more is said.
fn said(as_of: EventTime, summary: String) -> Conclusion {
    Conclusion {
        condition: Condition::VariabilityAndPressure,
        as_of,
        severity: Severity::None,
        score: None,
        summary,
        evidence: Vec::new(),
        missing: Vec::new(),
        history: false,
        note: OVER,
    }
}

fn proof(entry: &Entry) -> Proof {
    Proof {
        entry: *entry,
        value: shown(entry),
        points: None,
    }
}

/// Writes a number with one digit behind the point.
fn tenths(value: i64) -> Decimal {
    Decimal::new(value, DIGITS.into()).round_dp(1)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::infusion::tests::{at, chart};

    #[test]
    fn a_row_that_ends_beside_another_is_a_change_of_rate() {
        let rows = [(0, Some(300), 5), (100, Some(400), 1), (400, Some(500), 1)];
        assert_eq!(titrations(&chart(&rows)), [0, 100, 300, 500].map(at));
    }
}
