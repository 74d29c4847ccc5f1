//! What happened, as senders and readers saw it: all that a verdict rests on.

use std::collections::BTreeSet;

use serde::Serialize;

/// What was sent, what was answered, and what stands on the topics afterwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// In the order in which each patient's were sent.
    pub(crate) messages: Vec<Message>,
    /// The raw messages, by place.
    pub(crate) raw: Vec<Raw>,
    /// The events on the patient stream, by place.
    pub(crate) events: Vec<Event>,
    /// The events on the public topics, by place.
    pub(crate) published: Vec<Event>,
    /// The findings, by place.
    pub(crate) findings: Vec<Finding>,
    /// What was set aside.
    pub(crate) set_aside: Vec<SetAside>,
    /// Every record that a reader of committed records finds at the end.
    pub(crate) committed: BTreeSet<Place>,
    /// Every record that only a reader of uncommitted records finds at the end.
    pub(crate) aborted: BTreeSet<Place>,
    /// Every record that a reader of committed records was given while it all happened.
    pub(crate) seen: BTreeSet<Place>,
}

/// What one process without faults makes of the same records in the same order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// Of the raw messages.
    pub(crate) events: Vec<Event>,
    /// Of the patient stream.
    pub(crate) findings: Vec<Finding>,
}

/// A message as its sender knows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    pub(crate) patient: String,
    /// Its place among the patient's, from 0.
    pub(crate) number: u64,
    pub(crate) control_id: String,
    /// What came of each time it was sent.
    pub(crate) tries: Vec<Try>,
}

/// One time that a message was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Try {
    /// The fault that was going on when it was sent.
    pub(crate) phase: usize,
    /// And when it was answered, or was known to be not.
    pub(crate) until: usize,
    pub(crate) answer: Answer,
}

/// What a sender got for a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Answer {
    /// It was acknowledged.
    Accepted,
    /// It was told to send it again.
    Negative(String),
    /// The connection ended, as those of a process that is killed do.
    Ended,
    /// Nothing came for as long as a sender waits.
    Silence,
}

/// Where a record stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    pub(crate) topic: String,
    pub(crate) partition: u16,
    pub(crate) offset: u64,
}

/// A raw message on its topic.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Raw {
    pub(crate) place: Place,
    pub(crate) message_id: String,
    pub(crate) control_id: String,
}

/// A record made of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Event {
    pub(crate) place: Place,
    pub(crate) patient: String,
    pub(crate) message_id: String,
    pub(crate) event_id: String,
    /// Whether another one of the same message and patient follows.
    pub(crate) more: bool,
    /// The raw message it was made of.
    pub(crate) of: Place,
}

/// A revision of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) revision: u32,
    /// All that it says, without offsets.
    pub(crate) content: String,
    /// The records of the patient stream that it rests on.
    pub(crate) of: Vec<Place>,
}

/// A record in quarantine or among those that came too late.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SetAside {
    pub(crate) place: Place,
    pub(crate) reason: String,
}

impl Message {
    /// Whether its sender was told that it is kept.
    pub(crate) fn is_acknowledged(&self) -> bool {
        let mut answers = self.tries.iter().map(|one| &one.answer);
        answers.any(|answer| *answer == Answer::Accepted)
    }

    /// The fault that went on when it was first sent.
    pub(crate) fn phase(&self) -> usize {
        self.tries.first().map_or(0, |first| first.phase)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.topic, self.partition, self.offset)
    }
}

impl Place {
    /// Reads what `Display` writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (rest, offset) = text.rsplit_once('/')?;
        let (topic, partition) = rest.rsplit_once('/')?;
        Some(Self {
            topic: topic.to_owned(),
            partition: partition.parse().ok()?,
            offset: offset.parse().ok()?,
        })
    }
}
