//! Visits that are another patient's (A45): what their older messages still say here goes to that patient, too.

use clinical::{EventTime, PatientKey};

use super::bytes::{Decoder, Encoder};
use super::snapshot::stay::Stay;
use super::state::State;
use super::visit::Passage;

/// How many visits of a patient are remembered that are another's; the one that was given up first goes first.
pub const MAX_AWAITED: usize = 16;

/// A visit that is another patient's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Awaited {
    pub(super) before: Box<str>,
    pub(super) now: Box<str>,
    pub(super) to: PatientKey,
    /// When that was said: who speaks of it later means another visit.
    pub(super) said: EventTime,
    /// The last version of it that was published here.
    pub(super) version: u32,
}

impl Awaited {
    pub(super) fn passage(&self) -> Passage<'_> {
        Passage {
            before: &self.before,
            now: &self.now,
        }
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        out.bytes(self.before.as_bytes());
        out.bytes(self.now.as_bytes());
        out.id(self.to.as_bytes());
        out.i64(self.said.micros());
        out.u32(self.version);
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            before: fields.text()?.into(),
            now: fields.text()?.into(),
            to: PatientKey::from_bytes(fields.id()?),
            said: EventTime::from_micros(fields.i64()?),
            version: fields.u32()?,
        })
    }
}

impl State {
    /// Gives whose a visit is of which an older message speaks.
    pub(super) fn awaited(&self, visit: &str, said: EventTime) -> Option<Awaited> {
        let mut all = self.awaited.iter();
        all.find(|one| *one.before == *visit && said < one.said)
            .cloned()
    }

    /// Gives the last version of a visit that was published before it was given up.
    pub(super) fn version_given_up(&self, visit: &str) -> u32 {
        let mut all = self.awaited.iter();
        all.find(|one| *one.before == *visit)
            .map_or(0, |one| one.version)
    }

    /// Gives a visit of which nothing is known yet, or no longer.
    pub(super) fn new_stay(&self, visit: &str) -> Stay {
        let mut stay = Stay::new(visit);
        stay.snapshot.version = self.version_given_up(visit);
        stay
    }

    /// Remembers that a visit is another patient's.
    pub(super) fn wait_for(&mut self, one: Awaited) {
        self.awaited.retain(|known| known.before != one.before);
        self.awaited.push(one);
        let over = self.awaited.len().saturating_sub(MAX_AWAITED);
        self.awaited.drain(..over);
    }
}
