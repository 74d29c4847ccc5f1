//! How far time has come in a story, and who wants to be woken.

use std::collections::BTreeMap;

use clinical::{EventTime, PatientKey, ReceivedTime};

use crate::Now;

/// One clock for all patients, each with one timer at most.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) watermark: EventTime,
    wakes: BTreeMap<PatientKey, EventTime>,
}

impl Clock {
    /// Gives the first timer that is due as time moves on, with what is known then; time has come to its end where none is.
    pub(super) fn ring(&mut self, received: ReceivedTime) -> Option<Now> {
        let now = EventTime::from_micros(received.micros());
        let first = self.wakes.iter().map(|(key, at)| (*at, *key)).min();
        let Some((at, patient)) = first.filter(|(at, _)| *at <= now) else {
            self.watermark = self.watermark.max(now);
            return None;
        };
        self.watermark = self.watermark.max(at);
        // What a timer says could be known when it rang, whenever the story goes on.
        Some(self.now(patient, ReceivedTime::from_micros(at.micros())))
    }

    /// Gives what is known of the moment.
    pub(super) const fn now(&self, patient: PatientKey, received: ReceivedTime) -> Now {
        Now {
            watermark: self.watermark,
            received,
            patient,
        }
    }

    /// Sets a patient's timer, or stops it.
    pub(super) fn set(&mut self, patient: PatientKey, wake: Option<EventTime>) {
        match wake {
            Some(at) => self.wakes.insert(patient, at),
            None => self.wakes.remove(&patient),
        };
    }
}
