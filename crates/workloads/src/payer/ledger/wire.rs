//! The stored form of a provider's week: versioned, and readable for ever.

use clinical::{EventId, EventTime, Origin, PatientKey};

use super::super::state::wire::{In, Out};
use super::claimed::{Added, WeekService};
use super::week::{Entry, Week};
use crate::DecodeError;

/// The version that is written.
const VERSION: u8 = 1;
/// The version of the parts that a member's state has, too.
const PARTS: u8 = 2;

impl Week {
    /// Writes the week at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if *self == Self::default() {
            return false;
        }
        let mut to = Out(out);
        to.0.push(VERSION);
        to.list(&self.claims, entry);
        to.list(&self.lines, Out::line);
        true
    }

    /// Reads a stored week.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some((version, rest)) = bytes.split_first() else {
            return Ok(Self::default());
        };
        if *version > VERSION {
            return Err(DecodeError::Version(*version));
        }
        let mut from = In(rest, PARTS);
        let week = read(&mut from).filter(|_| from.0.is_empty());
        week.ok_or(DecodeError::Damaged)
    }
}

fn read(from: &mut In<'_>) -> Option<Week> {
    Some(Week {
        claims: from.list(read_entry)?,
        lines: from.list(In::line)?,
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
}

fn read_service(from: &mut In<'_>) -> Option<WeekService> {
    Some(WeekService {
        day: i32::try_from(from.signed()?).ok()?,
        code: from.text()?,
        modifiers: from.text()?,
        minutes: from.decimal()??,
        charge: from.decimal()?,
    })
}
