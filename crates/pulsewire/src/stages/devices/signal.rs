//! What is remembered of one thing that a device measures: the samples of the last intervals, and what was told of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use formats::device::avro::{Decoder, Encoder};
use formats::device::{Decimal, System};

use super::binding::Named;
use super::state::{Channel, WITH_BESIDE, WITH_UNITS, length, named, option, optional, read_named};
use super::variability::BESIDE_MAX;

/// So many samples of an interval are kept; the rest only stands on the raw topic.
pub(super) const SAMPLES_MAX: usize = 1_000;
/// So many intervals of a code are kept at most.
pub(super) const INTERVALS_MAX: usize = 1_000;
/// So many stretches of time of which intervals were let go are remembered; the oldest goes.
const GONE_MAX: usize = 64;
/// No interval was told to more patients, however often who was on the device was said anew.
const TOLD_MAX: usize = 1 << 16;

/// What is known of one code and channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signal {
    /// The last number in the device's count, and what was added to it.
    pub(super) sequence: u64,
    pub(super) step: u64,
    /// The last value, and since when it is the same over how many samples.
    pub(super) value: Option<Decimal>,
    pub(super) same_since: i64,
    pub(super) same: u64,
    pub(super) last_at: i64,
    pub(super) is_frozen: bool,
    pub(super) is_technical: bool,
    pub(super) intervals: BTreeMap<Window, Arc<Interval>>,
    /// From when to when intervals were let go, in order: what comes later for them would be told without the rest.
    pub(super) gone: VecDeque<(i64, i64)>,
}

/// When an interval begins, and the unit of its samples: values of several units are never told as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window {
    pub(super) start: i64,
    pub(super) unit: Arc<str>,
}

/// The samples of one interval, and what was told of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interval {
    /// When it is to be told; nothing where all is told.
    pub(super) due: Option<i64>,
    /// When the last of its samples came.
    pub(super) heard: i64,
    /// In the order of their times, and of one time by size.
    pub(super) samples: Vec<(i64, Decimal)>,
    pub(super) told: Vec<Told>,
}

/// What was told of an interval to one patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) patient: Named,
    pub(super) at: i64,
    pub(super) value: Decimal,
    /// What was measured beside it.
    pub(super) beside: Vec<Decimal>,
    /// Whether it was taken back.
    pub(super) is_retracted: bool,
}

impl Signal {
    /// Takes note that the interval from then to then was let go.
    pub(super) fn let_go(&mut self, from: i64, to: i64) {
        let place = self.gone.partition_point(|(_, end)| *end < from);
        let (mut from, mut to) = (from, to);
        while let Some((known, end)) = self.gone.get(place).filter(|(known, _)| *known <= to) {
            (from, to) = (from.min(*known), to.max(*end));
            self.gone.remove(place);
        }
        self.gone.insert(place, (from, to));
        if self.gone.len() > GONE_MAX {
            self.gone.pop_front();
        }
    }

    /// Whether the interval that was then was let go.
    pub(super) fn is_gone(&self, at: i64) -> bool {
        self.gone
            .iter()
            .any(|(from, to)| (*from..*to).contains(&at))
    }
}

pub(super) fn encode_signal(channel: &Channel, signal: &Signal, out: &mut Encoder) {
    out.long(match channel.system {
        System::Mdc => 0,
        System::Loinc => 1,
        System::Local => 2,
    });
    out.text(&channel.code);
    out.text(&channel.channel);
    out.long(signal.sequence.cast_signed());
    out.long(signal.step.cast_signed());
    optional(signal.value.as_ref(), out, |value, out| {
        decimal(*value, out);
    });
    out.long(signal.same_since);
    out.long(signal.same.cast_signed());
    out.long(signal.last_at);
    out.boolean(signal.is_frozen);
    out.boolean(signal.is_technical);
    out.count(signal.intervals.len());
    for (window, interval) in &signal.intervals {
        out.long(window.start);
        out.text(&window.unit);
        out.long(interval.heard);
        optional(interval.due.as_ref(), out, |due, out| out.long(*due));
        out.count(interval.samples.len());
        for (at, value) in &interval.samples {
            out.long(at.wrapping_sub(window.start));
            decimal(*value, out);
        }
        out.count(interval.told.len());
        for told in &interval.told {
            named(&told.patient, out);
            out.long(told.at);
            decimal(told.value, out);
            out.count(told.beside.len());
            told.beside.iter().for_each(|value| decimal(*value, out));
            out.boolean(told.is_retracted);
        }
    }
    out.count(signal.gone.len());
    for (from, to) in &signal.gone {
        out.long(*from);
        out.long(*to);
    }
}

pub(super) fn decode_signal(from: &mut Decoder<'_>, version: i64) -> Option<(Channel, Signal)> {
    let system = match from.long()? {
        0 => System::Mdc,
        1 => System::Loinc,
        2 => System::Local,
        _ => return None,
    };
    let channel = Channel {
        system,
        code: from.text()?.into(),
        channel: from.text()?.into(),
    };
    let one_unit: Option<Arc<str>> = match version < WITH_UNITS {
        true => Some(from.text()?.into()),
        false => None,
    };
    let mut signal = Signal {
        sequence: from.long()?.cast_unsigned(),
        step: from.long()?.cast_unsigned(),
        value: option(from, read_decimal)?,
        same_since: from.long()?,
        same: from.long()?.cast_unsigned(),
        last_at: from.long()?,
        is_frozen: from.boolean()?,
        is_technical: from.boolean()?,
        ..Signal::default()
    };
    for _ in 0..length(from, INTERVALS_MAX)? {
        let start = from.long()?;
        let unit = match &one_unit {
            Some(unit) => Arc::clone(unit),
            None => from.text()?.into(),
        };
        let mut interval = Interval {
            heard: match one_unit {
                Some(_) => start,
                None => from.long()?,
            },
            due: option(from, Decoder::long)?,
            ..Interval::default()
        };
        for _ in 0..length(from, SAMPLES_MAX)? {
            interval
                .samples
                .push((start.wrapping_add(from.long()?), read_decimal(from)?));
        }
        for _ in 0..length(from, TOLD_MAX)? {
            interval.told.push(Told {
                patient: read_named(from)?,
                at: from.long()?,
                value: read_decimal(from)?,
                beside: beside(from, version)?,
                is_retracted: from.boolean()?,
            });
        }
        let window = Window { start, unit };
        signal.intervals.insert(window, Arc::new(interval));
    }
    if one_unit.is_none() {
        for _ in 0..length(from, GONE_MAX)? {
            signal.gone.push_back((from.long()?, from.long()?));
        }
    }
    Some((channel, signal))
}

fn decimal(value: Decimal, out: &mut Encoder) {
    out.long(value.units);
    out.long(value.scale.into());
}

fn read_decimal(from: &mut Decoder<'_>) -> Option<Decimal> {
    Some(Decimal::new(from.long()?, u8::try_from(from.long()?).ok()?))
}

fn beside(from: &mut Decoder<'_>, version: i64) -> Option<Vec<Decimal>> {
    let count = match version < WITH_BESIDE {
        true => 0,
        false => length(from, BESIDE_MAX)?,
    };
    (0..count).map(|_| read_decimal(from)).collect()
}
