//! What is remembered of a device: who was on it, what it measured lately, and how it is doing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use formats::device::System;
use formats::device::avro::{Decoder, Encoder};

use crate::clock_offset::{BLOCKS_MAX, ClockOffset};

use super::beds::Stay;
use super::binding::{BINDINGS_MAX, Binding, Bindings, Named};
use super::signal::{Signal, decode_signal, encode_signal};

/// The version of the encoding that is written; those before are read as well.
const VERSION: i64 = 3;
/// Before this version, one unit was known of a signal, and of a stay where somebody is.
pub(super) const WITH_UNITS: i64 = 3;
/// Before this version, nothing was told beside a value.
pub(super) const WITH_BESIDE: i64 = 2;
const VERSION_1: i64 = 1;
/// So many messages are remembered, so that one that stands twice counts once.
pub(super) const SEEN_MAX: usize = 256;
/// So many codes and channels are looked after, each.
pub(super) const SIGNALS_MAX: usize = 256;
/// So many Encounters of one patient are known at once; those at a bed with devices go last.
pub(super) const STAYS_MAX: usize = 16;

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
    pub(super) clock: ClockOffset,
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

impl State {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub(crate) const FORMAT: i64 = VERSION;

    /// Appends its bytes.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        let mut out = Encoder(std::mem::take(bytes));
        out.long(VERSION);
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
            encode_signal(channel, signal, &mut out);
        }
        if !self.stays.is_empty() {
            out.count(self.stays.len());
        }
        for (encounter, stay) in &self.stays {
            out.text(encounter);
            stay.encode(&mut out);
        }
        *bytes = out.0;
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
            let stay = match version < WITH_UNITS {
                true => Stay::since(from.text()?.into(), from.long()?),
                false => Stay::decode(&mut from)?,
            };
            state.stays.insert(encounter, stay);
        }
        from.0.is_empty().then_some(state)
    }
}

pub(super) fn optional<T>(
    value: Option<&T>,
    out: &mut Encoder,
    write: impl FnOnce(&T, &mut Encoder),
) {
    out.boolean(value.is_some());
    if let Some(value) = value {
        write(value, out);
    }
}

pub(super) fn option<'a, T>(
    from: &mut Decoder<'a>,
    read: impl FnOnce(&mut Decoder<'a>) -> Option<T>,
) -> Option<Option<T>> {
    if from.boolean()? {
        read(from).map(Some)
    } else {
        Some(None)
    }
}

pub(super) fn named(patient: &Named, out: &mut Encoder) {
    out.text(&patient.authority);
    out.text(&patient.identifier);
}

pub(super) fn read_named(from: &mut Decoder<'_>) -> Option<Named> {
    Some(Named {
        authority: from.text()?.into(),
        identifier: from.text()?.into(),
    })
}

pub(super) fn length(from: &mut Decoder<'_>, most: usize) -> Option<usize> {
    usize::try_from(from.long()?)
        .ok()
        .filter(|count| *count <= most)
}
