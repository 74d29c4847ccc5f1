//! What a person must see, what was done about it, and who was told.

use crate::{
    AlertId, DeliveryId, EventTime, Evidence, FindingId, PatientKey, ReceivedTime, Severity,
};

/// Something a person must see; at most one is open per patient and condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its name: from patient, condition and episode.
    pub id: AlertId,
    /// Whom it is about.
    pub patient: PatientKey,
    /// What it is about.
    pub condition: Box<str>,
    /// Counted from 1 per patient and condition.
    pub episode: u32,
    /// Counted from 1; each change of the alert makes one.
    pub revision: u32,
    /// How much it matters now.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlertState,
    /// The reason in one line, without anything that identifies a person.
    pub reason: Box<str>,
    /// The workload and rule that found it.
    pub rule: Box<str>,
    /// The clinical time that it speaks of.
    pub as_of: EventTime,
    /// When its newest reason could be known.
    pub known_at: ReceivedTime,
    /// When it was opened.
    pub opened_at: ReceivedTime,
    /// The finding it rests on now.
    pub finding: FindingId,
    /// The values behind it.
    pub evidence: Vec<Evidence>,
    /// What was done, oldest first.
    pub history: Vec<Change>,
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// Nobody has taken it.
    Open,
    /// Somebody has.
    Acknowledged,
    /// It is over.
    Resolved,
    /// Its reason turned out not to be true.
    Retracted,
}

impl AlertState {
    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Retracted => "retracted",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Open,
            Self::Acknowledged,
            Self::Resolved,
            Self::Retracted,
        ]
        .into_iter()
        .find(|state| state.word() == word)
    }

    /// Says whether somebody may still have to act.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged)
    }
}

/// Who did something: an alert ends only by a person or by a rule that names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, as signed in or as stated.
    Person(Box<str>),
    /// A rule, by its name.
    Rule(Box<str>),
}

impl Actor {
    /// Says whether it is the rule of this name.
    pub fn is_rule(&self, name: &str) -> bool {
        match self {
            Self::Rule(rule) => **rule == *name,
            Self::Person(_) => false,
        }
    }
}

/// One step in an alert's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: ReceivedTime,
    /// Who.
    pub by: Actor,
    /// The state it led to.
    pub to: AlertState,
    /// The severity it led to.
    pub severity: Severity,
    /// Why, in one line.
    pub why: Box<str>,
}

/// What a person asks of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The alert.
    pub alert: AlertId,
    /// Whom it is about: commands are kept with the patient's other records.
    pub patient: PatientKey,
    /// What is asked.
    pub kind: CommandKind,
    /// Who asks.
    pub by: Box<str>,
    /// When.
    pub at: ReceivedTime,
    /// Why; may be empty.
    pub note: Box<str>,
    /// Who was told and repeated it, where that was asked; may be empty.
    pub read_back_by: Box<str>,
}

/// What can be asked of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Somebody takes it.
    Acknowledge,
    /// Somebody says it is over.
    Resolve,
    /// Somebody says that it was a false alarm, and so is over.
    Dismiss,
}

impl CommandKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Acknowledge, Self::Resolve, Self::Dismiss];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
            Self::Dismiss => "dismiss",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What the reason begins with where a person said that an alert was a false alarm.
pub const FALSE_ALARM: &str = "false alarm";

/// News about an alert that is due to one recipient; carried out at least once, known by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its name: from alert, revision, kind and recipient.
    pub id: DeliveryId,
    /// The alert as it stood.
    pub alert: Alert,
    /// What the news is.
    pub kind: DeliveryKind,
    /// The channel's name in the configuration.
    pub channel: Box<str>,
    /// When it was planned.
    pub at: ReceivedTime,
}

/// What the news is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryKind {
    /// A new alert.
    Raised,
    /// It became more severe.
    Escalated,
    /// It matters less than was said.
    Downgraded,
    /// Its reason was wrong: act no further on it.
    Retracted,
    /// It is over.
    Resolved,
}

impl DeliveryKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Raised,
        Self::Escalated,
        Self::Downgraded,
        Self::Retracted,
        Self::Resolved,
    ];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Escalated => "escalated",
            Self::Downgraded => "downgraded",
            Self::Retracted => "retracted",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}
