//! Runs the workloads over events as the stream does: timers first, then the event, then what it sends on.

use std::collections::{BTreeMap, VecDeque};

use crate::risk::watch::Hour;
use crate::{Config, Effects, Input, Now, QualityIssue, State, Workloads};
use clinical::{Event, EventId, EventTime, Fact, Finding, PatientKey, ReceivedTime};

/// One partition with its patients, for stories and properties.
#[derive(Debug)]
pub struct Engine {
    workloads: Workloads,
    /// What is kept of each patient.
    pub states: BTreeMap<PatientKey, State>,
    timers: BTreeMap<(PatientKey, Vec<u8>), EventTime>,
    watermark: EventTime,
    /// What was published since it was last taken.
    pub findings: Vec<Finding>,
    /// What could not be used.
    pub quality: Vec<QualityIssue>,
    /// The hours that the learned risk scored, where it is watched.
    pub scored: Vec<Hour>,
    /// How many events came too late.
    pub late: usize,
    /// Whether every state is written and read back.
    careful: bool,
}

impl Default for Engine {
    /// Runs the workloads that run unless told otherwise.
    fn default() -> Self {
        Self::of(Config::default())
    }
}

impl Engine {
    /// Runs over long histories, of which not every state is written and read back.
    pub fn swift(config: Config) -> Self {
        Self {
            careful: false,
            ..Self::of(config)
        }
    }

    /// Runs workloads as they are set; every state is written and read back.
    pub fn of(config: Config) -> Self {
        Self {
            workloads: Workloads::new(config),
            states: BTreeMap::new(),
            timers: BTreeMap::new(),
            watermark: EventTime::from_micros(0),
            findings: Vec::new(),
            quality: Vec::new(),
            scored: Vec::new(),
            late: 0,
            careful: true,
        }
    }

    /// Moves time on, as a tick record does.
    pub fn tick(&mut self, received: ReceivedTime) {
        self.advance(EventTime::from_micros(received.micros()), received);
    }

    /// Takes in the events of one message.
    pub fn take_message(&mut self, events: &[Event]) {
        if let Some((last, parts)) = events.split_last() {
            for part in parts {
                self.receive(part, true);
            }
            self.take(last);
        }
    }

    /// Takes in a message of one event.
    pub fn take(&mut self, event: &Event) {
        self.receive(event, false);
    }

    /// Takes in the beginning of a message.
    pub fn take_part(&mut self, event: &Event) {
        self.receive(event, true);
    }

    /// Ends the message of a patient.
    pub fn end(&mut self, patient: PatientKey, received: ReceivedTime) {
        self.step(patient, Input::End, received);
    }

    /// Takes an event in, and what follows from it until nothing is left to do.
    fn receive(&mut self, event: &Event, more: bool) {
        let reached = event
            .at
            .min(EventTime::from_micros(event.received.micros()));
        self.advance(reached, event.received);
        let mut queue = VecDeque::from([(event.clone(), more)]);
        while let Some((event, more)) = queue.pop_front() {
            let input = if more {
                Input::Part(&event)
            } else {
                Input::Event(&event)
            };
            let effects = self.step(event.patient, input, event.received);
            if let Some(patient) = effects.forward_to {
                let forwarded = Event {
                    patient,
                    ..event.clone()
                };
                queue.push_back((forwarded, more));
            }
            for (patient, bytes) in effects.handover {
                let handover = Event {
                    id: EventId::derive(&[b"handover", event.id.as_bytes()]),
                    patient,
                    fact: Fact::Handover {
                        from: event.patient,
                        state: bytes.into(),
                    },
                    ..event.clone()
                };
                queue.push_back((handover, false));
            }
        }
    }

    fn advance(&mut self, to: EventTime, received: ReceivedTime) {
        self.watermark = self.watermark.max(to);
        while let Some(((patient, tag), at)) = self
            .timers
            .iter()
            .filter(|(_, at)| **at <= self.watermark)
            .min_by_key(|((_, tag), at)| (**at, tag.clone()))
            .map(|(key, at)| (key.clone(), *at))
        {
            self.timers.remove(&(patient, tag.clone()));
            self.step(patient, Input::Timer { tag: &tag, at }, received);
        }
    }

    fn step(&mut self, patient: PatientKey, input: Input<'_>, received: ReceivedTime) -> Effects {
        let mut effects = Effects::default();
        let state = self.states.entry(patient).or_default();
        let now = Now {
            watermark: self.watermark,
            received,
            patient,
        };
        self.workloads
            .step(state, input, now, &mut effects)
            .expect("no story merges a patient with itself, and states are our own");
        // What is kept between two inputs is what was written.
        if self.careful {
            let mut bytes = Vec::new();
            state.encode(&mut bytes);
            assert_eq!(
                State::decode(&bytes).as_ref(),
                Ok(&*state),
                "a state reads back as it was"
            );
        }
        for (tag, at) in &effects.timers {
            match at {
                Some(at) => self.timers.insert((patient, tag.clone()), *at),
                None => self.timers.remove(&(patient, tag.clone())),
            };
        }
        self.findings.append(&mut effects.findings);
        self.quality.append(&mut effects.quality);
        self.late += usize::from(!effects.late_for.is_empty());
        self.scored.append(&mut effects.scored);
        effects
    }
}
