//! What is remembered of a device: who was on it, what it measured lately, and how it is doing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use formats::device::avro::{Decoder, Encoder};
use formats::device::{Decimal, System};

use super::binding::{BINDINGS_MAX, Binding, Bindings, Named};
use super::clock::{BLOCKS_MAX, Clock};
use super::resources::Stay;
use super::variability::BESIDE_MAX;

/// The version of the encoding that is written where something was told beside a value; the first is read as well.
const VERSION: i64 = 2;
/// The version before that.
const VERSION_1: i64 = 1;
/// So many messages are remembered, so that one that stands twice counts once.
pub(super) const SEEN_MAX: usize = 256;
/// So many codes and channels are looked after, each.
pub(super) const SIGNALS_MAX: usize = 256;
/// So many samples of an interval are kept; the rest only stands on the raw topic.
pub(super) const SAMPLES_MAX: usize = 1_000;
/// So many intervals of a code are kept at most.
pub(super) const INTERVALS_MAX: usize = 1_000;
/// So many Encounters of one patient are at a bed with devices at once.
pub(super) const STAYS_MAX: usize = 16;

/// No interval was told to more patients, however often who was on the device was said anew.
const TOLD_MAX: usize = 1 << 16;

/// A device; or a patient, of whom only the beds are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Its id in its site.
    pub(super) device: Box<str>,
    /// The source that it is of.
    pub(super) source: Box<str>,
    /// Whether it said that it is not there.
    pub(super) is_offline: bool,
    /// Whether nothing was heard of it for too long.
    pub(super) is_silent: bool,
    /// Whether it measures somebody whom nobody named.
    pub(super) is_unassociated: bool,
    /// How many samples were of nobody since.
    pub(super) unassociated: u64,
    pub(super) bindings: Bindings,
    pub(super) clock: Clock,
    pub(super) seen: VecDeque<[u8; 16]>,
    pub(super) signals: BTreeMap<Channel, Signal>,
    /// Where a patient lies, by Encounter.
    pub(super) stays: BTreeMap<Box<str>, Stay>,
}

/// What a device measures: a code, and which of its sensors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Channel {
    pub(super) system: System,
    pub(super) code: Arc<str>,
    pub(super) channel: Arc<str>,
}

/// What is known of one code and channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) unit: Arc<str>,
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
    pub(super) intervals: BTreeMap<i64, Arc<Interval>>,
}

/// The samples of one interval, and what was told of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interval {
    /// When it is to be told; nothing where all is told.
    pub(super) due: Option<i64>,
    /// In the order of their times.
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

impl State {
    /// Appends its bytes.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        let mut out = Encoder(std::mem::take(bytes));
        let version = self.version();
        out.long(version);
        out.text(&self.device);
        out.text(&self.source);
        for flag in [
            self.is_offline,
            self.is_silent,
            self.is_unassociated,
            self.clock.is_wrong,
        ] {
            out.boolean(flag);
        }
        out.long(self.unassociated.cast_signed());
        out.count(self.bindings.iter().count());
        for binding in self.bindings.iter() {
            out.long(binding.from);
            optional(binding.to.as_ref(), &mut out, |to, out| out.long(*to));
            optional(binding.patient.as_ref(), &mut out, named);
        }
        out.count(self.clock.blocks.len());
        for (began, least) in &self.clock.blocks {
            out.long(*began);
            out.long(*least);
        }
        out.count(self.seen.len());
        self.seen.iter().for_each(|id| out.0.extend_from_slice(id));
        out.count(self.signals.len());
        for (channel, signal) in &self.signals {
            encode_signal(channel, signal, version, &mut out);
        }
        if !self.stays.is_empty() {
            out.count(self.stays.len());
        }
        for (encounter, stay) in &self.stays {
            out.text(encounter);
            out.text(&stay.place);
            out.long(stay.from);
        }
        *bytes = out.0;
    }

    /// The least version that can say what there is.
    fn version(&self) -> i64 {
        let intervals = self.signals.values().flat_map(|of| of.intervals.values());
        let mut told = intervals.flat_map(|interval| &interval.told);
        match told.any(|told| !told.beside.is_empty()) {
            true => VERSION,
            false => VERSION_1,
        }
    }

    /// Reads bytes; nothing where they are none of a state.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Decoder(bytes);
        let version = from.long()?;
        if !(VERSION_1..=VERSION).contains(&version) {
            return None;
        }
        let (device, source) = (from.text()?.into(), from.text()?.into());
        let [is_offline, is_silent, is_unassociated, is_wrong] = [
            from.boolean()?,
            from.boolean()?,
            from.boolean()?,
            from.boolean()?,
        ];
        let mut state = Self {
            device,
            source,
            is_offline,
            is_silent,
            is_unassociated,
            unassociated: from.long()?.cast_unsigned(),
            ..Self::default()
        };
        for _ in 0..length(&mut from, BINDINGS_MAX)? {
            let binding = Binding {
                from: from.long()?,
                to: option(&mut from, Decoder::long)?,
                patient: option(&mut from, read_named)?,
            };
            state.bindings.take(binding);
        }
        state.clock.is_wrong = is_wrong;
        for _ in 0..length(&mut from, BLOCKS_MAX)? {
            state.clock.blocks.push_back((from.long()?, from.long()?));
        }
        for _ in 0..length(&mut from, SEEN_MAX)? {
            state.seen.push_back(from.take(16)?.try_into().ok()?);
        }
        for _ in 0..length(&mut from, SIGNALS_MAX)? {
            let (channel, signal) = decode_signal(&mut from, version)?;
            state.signals.insert(channel, signal);
        }
        let stays = match from.0.is_empty() {
            true => 0,
            false => length(&mut from, STAYS_MAX)?,
        };
        for _ in 0..stays {
            let encounter = from.text()?.into();
            let (place, since) = (from.text()?.into(), from.long()?);
            state.stays.insert(encounter, Stay { place, from: since });
        }
        from.0.is_empty().then_some(state)
    }
}

fn encode_signal(channel: &Channel, signal: &Signal, version: i64, out: &mut Encoder) {
    out.long(match channel.system {
        System::Mdc => 0,
        System::Loinc => 1,
        System::Local => 2,
    });
    out.text(&channel.code);
    out.text(&channel.channel);
    out.text(&signal.unit);
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
    for (start, interval) in &signal.intervals {
        out.long(*start);
        optional(interval.due.as_ref(), out, |due, out| out.long(*due));
        out.count(interval.samples.len());
        for (at, value) in &interval.samples {
            out.long(at.wrapping_sub(*start));
            decimal(*value, out);
        }
        out.count(interval.told.len());
        for told in &interval.told {
            named(&told.patient, out);
            out.long(told.at);
            decimal(told.value, out);
            if version > VERSION_1 {
                out.count(told.beside.len());
                told.beside.iter().for_each(|value| decimal(*value, out));
            }
            out.boolean(told.is_retracted);
        }
    }
}

fn decode_signal(from: &mut Decoder<'_>, version: i64) -> Option<(Channel, Signal)> {
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
    let mut signal = Signal {
        unit: from.text()?.into(),
        sequence: from.long()?.cast_unsigned(),
        step: from.long()?.cast_unsigned(),
        value: option(from, read_decimal)?,
        same_since: from.long()?,
        same: from.long()?.cast_unsigned(),
        last_at: from.long()?,
        is_frozen: from.boolean()?,
        is_technical: from.boolean()?,
        intervals: BTreeMap::new(),
    };
    for _ in 0..length(from, INTERVALS_MAX)? {
        let start = from.long()?;
        let mut interval = Interval {
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
        signal.intervals.insert(start, Arc::new(interval));
    }
    Some((channel, signal))
}

fn optional<T>(value: Option<&T>, out: &mut Encoder, write: impl FnOnce(&T, &mut Encoder)) {
    out.boolean(value.is_some());
    if let Some(value) = value {
        write(value, out);
    }
}

fn option<'a, T>(
    from: &mut Decoder<'a>,
    read: impl FnOnce(&mut Decoder<'a>) -> Option<T>,
) -> Option<Option<T>> {
    if from.boolean()? {
        read(from).map(Some)
    } else {
        Some(None)
    }
}

fn named(patient: &Named, out: &mut Encoder) {
    out.text(&patient.authority);
    out.text(&patient.identifier);
}

fn read_named(from: &mut Decoder<'_>) -> Option<Named> {
    Some(Named {
        authority: from.text()?.into(),
        identifier: from.text()?.into(),
    })
}

fn decimal(value: Decimal, out: &mut Encoder) {
    out.long(value.units);
    out.long(value.scale.into());
}

fn read_decimal(from: &mut Decoder<'_>) -> Option<Decimal> {
    Some(Decimal::new(from.long()?, u8::try_from(from.long()?).ok()?))
}

fn beside(from: &mut Decoder<'_>, version: i64) -> Option<Vec<Decimal>> {
    let count = match version {
        VERSION_1 => 0,
        _ => length(from, BESIDE_MAX)?,
    };
    (0..count).map(|_| read_decimal(from)).collect()
}

fn length(from: &mut Decoder<'_>, most: usize) -> Option<usize> {
    usize::try_from(from.long()?)
        .ok()
        .filter(|count| *count <= most)
}
