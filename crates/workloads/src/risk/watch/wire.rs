//! The stored form of a patient's hours: versioned, compact, and readable for ever.

use clinical::{AlertId, EventTime, PatientKey};

use super::hour::{Hour, Row};
use super::outcome::{
    Because, Feedback, Held, MAX_ALERTS, MAX_HOURS, MAX_ONSETS, Outcome, Outcomes, Raised,
};
use crate::DecodeError;
use crate::risk::MAX_FEATURES;
use crate::state::wire::{Bytes, optional, signed, unsigned};

const VERSION: u8 = 1;
/// The longest name of a model's version.
const MAX_NAME: usize = 64;

impl Outcomes {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Writes what is known at the end of a buffer, and says whether there is anything to keep.
    pub fn encode(&self, out: &mut Vec<u8>) -> bool {
        if self.is_empty() {
            return false;
        }
        out.push(VERSION);
        write_key(out, self.survivor);
        unsigned(out, self.hours.len() as u128);
        for held in self.hours.values() {
            write_hour(out, &held.hour);
            unsigned(out, u128::from(held.revision));
            write_outcome(out, held.told.as_ref());
            write_key(out, held.told_of);
        }
        unsigned(out, self.onsets.len() as u128);
        for onset in &self.onsets {
            signed(out, onset.micros());
        }
        unsigned(out, self.alerts.len() as u128);
        for (id, raised) in &self.alerts {
            out.extend_from_slice(id.as_bytes());
            signed(out, raised.from.micros());
            optional(out, raised.until.map(EventTime::micros));
            out.push(feedback_number(raised.feedback));
        }
        true
    }

    /// Reads what was stored.
    ///
    /// # Errors
    /// When the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        read_versioned(bytes, VERSION, |bytes| {
            let mut known = Self {
                survivor: read_key(bytes)?,
                ..Self::default()
            };
            for _ in 0..bytes.length(MAX_HOURS)? {
                let held = Held {
                    hour: read_hour(bytes)?,
                    revision: u32::try_from(bytes.unsigned()?).ok()?,
                    told: read_outcome(bytes)?,
                    told_of: read_key(bytes)?,
                };
                known.hours.insert(held.hour.end, held);
            }
            for _ in 0..bytes.length(MAX_ONSETS)? {
                known.onsets.insert(EventTime::from_micros(bytes.signed()?));
            }
            for _ in 0..bytes.length(MAX_ALERTS)? {
                let id = AlertId::from_slice(bytes.take(16)?)?;
                let raised = Raised {
                    from: EventTime::from_micros(bytes.signed()?),
                    until: bytes.optional()?.map(EventTime::from_micros),
                    feedback: read_feedback(bytes.byte()?)?,
                };
                known.alerts.insert(id, raised);
            }
            Some(known)
        })
    }
}

/// Reads what begins with its version.
pub(super) fn read_versioned<T: Default>(
    bytes: &[u8],
    version: u8,
    read: impl Fn(&mut Bytes<'_>) -> Option<T>,
) -> Result<T, DecodeError> {
    let mut bytes = Bytes(bytes);
    match bytes.byte() {
        None => Ok(T::default()),
        Some(first) if first == version => read(&mut bytes)
            .filter(|_| bytes.0.is_empty())
            .ok_or(DecodeError::Damaged),
        Some(other) => Err(DecodeError::Version(other)),
    }
}

pub(super) fn number(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_bits().to_be_bytes());
}

pub(super) fn read_number(bytes: &mut Bytes<'_>) -> Option<f64> {
    bytes.eight().map(f64::from_bits)
}

pub(super) fn name(out: &mut Vec<u8>, text: &str) {
    unsigned(out, text.len() as u128);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn read_name(bytes: &mut Bytes<'_>) -> Option<Box<str>> {
    let length = bytes.length(MAX_NAME)?;
    std::str::from_utf8(bytes.take(length)?).ok().map(Box::from)
}

pub(super) const fn feedback_number(feedback: Option<Feedback>) -> u8 {
    match feedback {
        None => 0,
        Some(Feedback::Acknowledged) => 1,
        Some(Feedback::Resolved) => 2,
        Some(Feedback::FalseAlarm) => 3,
    }
}

pub(super) const fn read_feedback(number: u8) -> Option<Option<Feedback>> {
    match number {
        0 => Some(None),
        1 => Some(Some(Feedback::Acknowledged)),
        2 => Some(Some(Feedback::Resolved)),
        3 => Some(Some(Feedback::FalseAlarm)),
        _ => None,
    }
}

fn write_key(out: &mut Vec<u8>, key: Option<PatientKey>) {
    out.push(u8::from(key.is_some()));
    if let Some(key) = key {
        out.extend_from_slice(key.as_bytes());
    }
}

fn read_key(bytes: &mut Bytes<'_>) -> Option<Option<PatientKey>> {
    match bytes.byte()? {
        0 => Some(None),
        _ => Some(Some(PatientKey::from_slice(bytes.take(16)?)?)),
    }
}

fn write_hour(out: &mut Vec<u8>, hour: &Hour) {
    signed(out, hour.end.micros());
    signed(out, hour.admission.micros());
    name(out, &hour.model);
    number(out, hour.score);
    number(out, hour.probability);
    write_row(out, &hour.row);
}

fn read_hour(bytes: &mut Bytes<'_>) -> Option<Hour> {
    Some(Hour {
        end: EventTime::from_micros(bytes.signed()?),
        admission: EventTime::from_micros(bytes.signed()?),
        model: read_name(bytes)?,
        score: read_number(bytes)?,
        probability: read_number(bytes)?,
        row: read_row(bytes)?,
    })
}

/// Which values are known as bits, eight to a byte, and then those: most of a row is not.
fn write_row(out: &mut Vec<u8>, row: &Row) {
    let values = row.values();
    unsigned(out, values.len() as u128);
    for eight in values.chunks(8) {
        let bits = eight.iter().rev();
        out.push(bits.fold(0, |bits, value| bits << 1 | u8::from(!value.is_nan())));
    }
    let known = values.iter().filter(|value| !value.is_nan());
    known.for_each(|value| number(out, *value));
}

fn read_row(bytes: &mut Bytes<'_>) -> Option<Row> {
    let length = bytes.length(MAX_FEATURES)?;
    let bits = bytes.take(length.div_ceil(8))?;
    let mut values = Vec::with_capacity(length);
    for place in 0..length {
        let is_known = bits.get(place / 8)? >> (place % 8) & 1 == 1;
        values.push(match is_known {
            true => read_number(bytes)?,
            false => f64::NAN,
        });
    }
    Some(Row::new(values))
}

/// Nothing told, the horizon, or an onset with its time; then whether an alert stood, and what was said of it.
fn write_outcome(out: &mut Vec<u8>, outcome: Option<&Outcome>) {
    let Some(outcome) = outcome else {
        out.push(0);
        return;
    };
    match outcome.because {
        Because::Horizon => out.push(1),
        Because::Onset(at) => {
            out.push(2);
            signed(out, at.micros());
        }
    }
    out.push(u8::from(outcome.alerted));
    out.push(feedback_number(outcome.feedback));
}

fn read_outcome(bytes: &mut Bytes<'_>) -> Option<Option<Outcome>> {
    let because = match bytes.byte()? {
        0 => return Some(None),
        1 => Because::Horizon,
        2 => Because::Onset(EventTime::from_micros(bytes.signed()?)),
        _ => return None,
    };
    Some(Some(Outcome {
        because,
        alerted: bytes.byte()? != 0,
        feedback: read_feedback(bytes.byte()?)?,
    }))
}
