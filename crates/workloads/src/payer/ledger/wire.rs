//! The stored forms of a provider's week and of a specialty: versioned, and readable for ever.

use clinical::{EventId, EventTime, Origin, PatientKey};

use super::super::state::wire::{In, Out};
use super::claimed::{Added, LevelOfVisit, WeekService};
use super::mix::{Mix, MixKind};
use super::peers::Peers;
use super::week::{Entry, Week};
use crate::DecodeError;

/// The version that is written.
const VERSION: u8 = 1;
/// The version of the parts that a member's state has, too.
const PARTS: u8 = 2;

impl Week {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Writes the week at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if *self == Self::default() {
            return false;
        }
        let mut to = Out(out);
        to.0.push(VERSION);
        to.list(&self.claims, entry);
        to.list(&self.lines, Out::line);
        to.list(&self.mixes, told_mix);
        true
    }

    /// Reads a stored week.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        stored(bytes, read)
    }
}

/// Reads all of a stored form; no bytes are nothing.
fn stored<T: Default>(bytes: &[u8], read: fn(&mut In<'_>) -> Option<T>) -> Result<T, DecodeError> {
    let Some((version, rest)) = bytes.split_first() else {
        return Ok(T::default());
    };
    if *version > VERSION {
        return Err(DecodeError::Version(*version));
    }
    let mut from = In(rest, PARTS);
    let all = read(&mut from).filter(|_| from.0.is_empty());
    all.ok_or(DecodeError::Damaged)
}

fn read(from: &mut In<'_>) -> Option<Week> {
    Some(Week {
        claims: from.list(read_entry)?,
        lines: from.list(In::line)?,
        mixes: from.list(read_told_mix)?,
    })
}

fn entry(to: &mut Out<'_>, entry: &Entry) {
    to.0.extend_from_slice(entry.patient.as_bytes());
    to.text(&entry.case);
    let added = &entry.added;
    to.list(&added.services, service);
    to.list(&added.numbers, Out::link);
    to.0.push(u8::from(added.is_paid) | u8::from(added.backfill) << 1);
    to.signed(added.at.micros());
    to.0.extend_from_slice(added.event.as_bytes());
    to.unsigned(u128::from(added.origin.partition));
    to.unsigned(u128::from(added.origin.offset));
}

fn read_entry(from: &mut In<'_>) -> Option<Entry> {
    let patient = PatientKey::from_slice(from.take(16)?)?;
    let case = from.text()?;
    let (services, numbers) = (from.list(read_service)?, from.list(In::link)?);
    let flags = from.byte()?;
    let added = Added {
        services,
        numbers,
        is_paid: flags & 1 != 0,
        backfill: flags & 2 != 0,
        at: EventTime::from_micros(from.signed()?),
        event: EventId::from_slice(from.take(16)?)?,
        origin: Origin {
            partition: u16::try_from(from.unsigned()?).ok()?,
            offset: u64::try_from(from.unsigned()?).ok()?,
        },
    };
    Some(Entry {
        patient,
        case,
        added,
    })
}

fn service(to: &mut Out<'_>, service: &WeekService) {
    to.signed(i64::from(service.day));
    to.text(&service.code);
    to.text(&service.modifiers);
    to.decimal(Some(service.minutes));
    to.decimal(service.charge);
    to.0.push(service.visit.as_ref().map_or(0, |visit| visit.level));
    if let Some(visit) = &service.visit {
        kind(to, &visit.kind);
    }
}

fn read_service(from: &mut In<'_>) -> Option<WeekService> {
    Some(WeekService {
        day: i32::try_from(from.signed()?).ok()?,
        code: from.text()?,
        modifiers: from.text()?,
        minutes: from.decimal()??,
        charge: from.decimal()?,
        visit: match from.byte()? {
            0 => None,
            level => Some(LevelOfVisit {
                level,
                kind: read_kind(from)?,
            }),
        },
    })
}

fn kind(to: &mut Out<'_>, kind: &MixKind) {
    to.text(&kind.specialty);
    to.text(&kind.family);
}

fn read_kind(from: &mut In<'_>) -> Option<MixKind> {
    Some(MixKind {
        specialty: from.text()?,
        family: from.text()?,
    })
}

fn mix(to: &mut Out<'_>, mix: &Mix) {
    for count in mix.counts {
        to.unsigned(u128::from(count));
    }
    to.decimal(Some(mix.charged));
    to.decimal(Some(mix.unpaid));
}

fn read_mix(from: &mut In<'_>) -> Option<Mix> {
    let mut mix = Mix::default();
    for count in &mut mix.counts {
        *count = u32::try_from(from.unsigned()?).ok()?;
    }
    mix.charged = from.decimal()??;
    mix.unpaid = from.decimal()??;
    Some(mix)
}

fn told_mix(to: &mut Out<'_>, told: &(MixKind, Mix)) {
    kind(to, &told.0);
    mix(to, &told.1);
}

fn read_told_mix(from: &mut In<'_>) -> Option<(MixKind, Mix)> {
    Some((read_kind(from)?, read_mix(from)?))
}

impl Peers {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Writes the specialty at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if *self == Self::default() {
            return false;
        }
        let mut to = Out(out);
        to.0.push(VERSION);
        to.unsigned(self.weeks.len() as u128);
        for ((provider, week), of) in &self.weeks {
            to.0.extend_from_slice(provider.as_bytes());
            to.signed(i64::from(*week));
            mix(&mut to, of);
        }
        to.unsigned(self.lines.len() as u128);
        for (provider, lines) in &self.lines {
            to.0.extend_from_slice(provider.as_bytes());
            to.list(lines, Out::line);
        }
        true
    }

    /// Reads a stored specialty.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        stored(bytes, read_peers)
    }
}

fn read_peers(from: &mut In<'_>) -> Option<Peers> {
    let weeks = from.list(|from| {
        let provider = PatientKey::from_slice(from.take(16)?)?;
        let week = i32::try_from(from.signed()?).ok()?;
        Some(((provider, week), read_mix(from)?))
    })?;
    let lines = from.list(|from| {
        let provider = PatientKey::from_slice(from.take(16)?)?;
        Some((provider, from.list(In::line)?))
    })?;
    Some(Peers {
        weeks: weeks.into_iter().collect(),
        lines: lines.into_iter().collect(),
    })
}
