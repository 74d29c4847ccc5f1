//! The hours of a patient until it is known what followed: sepsis by Sepsis-3, or nothing within the horizon.
//!
//! An hour's label is that of the PhysioNet/CinC Challenge 2019 (Reyna 2020): on from six hours before onset, and from then
//! on. Onset is what `sepsis-3` says of the same patient, and may be known only days later. Whether it is on or off, a label
//! is given when that time is over and not before: sepsis that is known at once would else weigh more than its share
//! in all that is counted of the newest hours.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::{AlertId, EventTime, PatientKey};

use super::hour::{Hour, Row};
use crate::config::hours;

/// How long before onset the label is on (Reyna MA et al. Crit Care Med 2020;48:210-7).
pub const HORIZON: Duration = hours(6);
/// How long after an onset it may take until it can be known: an antimicrobial follows a culture within 72 hours (Seymour
/// CW et al. JAMA 2016;315:762-74).
pub const LABEL_DELAY: Duration = hours(72);
/// How long after an onset `sepsis-3` still revises it, so that labels may change: its revise window.
pub const SETTLED: Duration = hours(120);
/// The most hours of a patient; the oldest go first.
pub const MAX_HOURS: usize = 512;
/// The most onsets of a patient; the latest go first, since the first of a stay decides.
pub const MAX_ONSETS: usize = 64;
/// The most alerts of a patient; the oldest go first.
pub const MAX_ALERTS: usize = 64;

/// What is heard of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The model scored an hour.
    Hour(Hour),
    /// `sepsis-3` says when sepsis began, or takes that back.
    Sepsis {
        /// Since when.
        onset: EventTime,
        /// Whether it is said, and not taken back.
        asserted: bool,
    },
    /// How an alert that the score raised stands.
    Alert(AlertId, Raised),
}

/// An alert, as far as hours ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The end of the hour that raised it.
    pub from: EventTime,
    /// When it ended, if it did.
    pub until: Option<EventTime>,
    /// What a person said of it.
    pub feedback: Option<Feedback>,
}

/// What a person said of an alert. It stands beside the label and does not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feedback {
    /// Somebody took it.
    Acknowledged,
    /// Somebody said that it is over.
    Resolved,
    /// Somebody said that it was a false alarm.
    FalseAlarm,
}

/// What an outcome rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// Sepsis began then.
    Onset(EventTime),
    /// The horizon, and the time in which an onset could become known, are over without one.
    Horizon,
}

/// What became of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What says so.
    pub because: Because,
    /// Whether an alert stood at the end of the hour: who is treated early may never get what was foreseen.
    pub alerted: bool,
    /// What a person said of that alert.
    pub feedback: Option<Feedback>,
}

/// An hour with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The hour; the row of one that is told again is empty.
    pub hour: Hour,
    /// What became of it.
    pub outcome: Outcome,
    /// Counted from 1; each replaces the one before.
    pub revision: u32,
    /// The identity that it was told of before, where that was merged into this one.
    pub told_of: Option<PatientKey>,
}

/// What is known of a patient's hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// By the end of the hour.
    pub(super) hours: BTreeMap<EventTime, Held>,
    pub(super) onsets: BTreeSet<EventTime>,
    pub(super) alerts: BTreeMap<AlertId, Raised>,
    pub(super) survivor: Option<PatientKey>,
}

/// An hour, and what was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) hour: Hour,
    pub(super) told: Option<Outcome>,
    pub(super) revision: u32,
    /// The identity that it was told of, where that was merged into this one.
    pub(super) told_of: Option<PatientKey>,
}

impl Feedback {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Acknowledged, Self::Resolved, Self::FalseAlarm];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::FalseAlarm => "false-alarm",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.word() == word)
    }
}

impl Raised {
    /// Gives from when on no hour asks for it that is still to come to an end.
    fn settles(&self) -> EventTime {
        settles(self.until.unwrap_or(self.from))
    }
}

impl Outcome {
    /// Says whether the label is on.
    pub const fn is_septic(&self) -> bool {
        matches!(self.because, Because::Onset(_))
    }
}

impl Outcomes {
    /// Takes in what is heard, and says whether it is news; an hour is kept as it was told first.
    pub fn take(&mut self, heard: Heard) -> bool {
        match heard {
            Heard::Hour(hour) => {
                let end = hour.end;
                let is_new = !self.hours.contains_key(&end);
                self.hours.entry(end).or_insert(Held {
                    hour,
                    told: None,
                    revision: 0,
                    told_of: None,
                });
                while self.hours.len() > MAX_HOURS {
                    self.hours.pop_first();
                }
                is_new && self.hours.contains_key(&end)
            }
            Heard::Sepsis { onset, asserted } => {
                let is_news = match asserted {
                    true => self.onsets.insert(onset),
                    false => self.onsets.remove(&onset),
                };
                while self.onsets.len() > MAX_ONSETS {
                    self.onsets.pop_last();
                }
                is_news
            }
            Heard::Alert(id, mut raised) => {
                // An alert speaks of its newest reason, and stood since its first one.
                let before = self.alerts.get(&id).map(|before| before.from);
                raised.from = before.map_or(raised.from, |before| before.min(raised.from));
                let is_news = self.alerts.insert(id, raised) != Some(raised);
                while self.alerts.len() > MAX_ALERTS {
                    let oldest = self.alerts.iter().min_by_key(|(id, of)| (of.from, **id));
                    let Some(oldest) = oldest.map(|(id, _)| *id) else {
                        break;
                    };
                    self.alerts.remove(&oldest);
                }
                is_news
            }
        }
    }

    /// Gives the outcomes that can be known at a time and were not told as they are, in the order of hours, and forgets what
    /// nothing can change any more.
    pub fn conclude(&mut self, now: EventTime) -> Vec<Example> {
        let mut told = Vec::new();
        for (end, held) in &mut self.hours {
            if matures(*end) > now {
                break;
            }
            let outcome = outcome(&self.onsets, &self.alerts, &held.hour);
            if held.told == Some(outcome) {
                continue;
            }
            held.told = Some(outcome);
            held.revision = held.revision.saturating_add(1);
            told.push(Example {
                hour: held.hour.clone(),
                outcome,
                revision: held.revision,
                told_of: held.told_of,
            });
            // What is told again is known by its end.
            held.hour.row = Row::default();
        }
        self.forget(now);
        told
    }

    /// Gives when time alone changes anything: the next outcome can be known, or something can be forgotten.
    pub fn wake(&self) -> Option<EventTime> {
        let mut untold = self.hours.iter().filter(|(_, held)| held.told.is_none());
        let outcome = untold.next().map(|(end, _)| matures(*end));
        let oldest = self.hours.first_key_value();
        let forgets = oldest.map(|(end, _)| settles(*end));
        let rest = self.onsets.iter().map(|onset| settles(*onset)).max();
        let of_alerts = self.alerts.values().map(Raised::settles).max();
        let alone = rest.into_iter().chain(of_alerts).max();
        outcome.into_iter().chain(forgets.or(alone)).min()
    }

    /// Gives how many hours wait for their outcome.
    pub fn waiting(&self) -> usize {
        let untold = self.hours.values().filter(|held| held.told.is_none());
        untold.count()
    }

    /// Says whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Gives the identity that has taken over what was known, where one has.
    pub const fn survivor(&self) -> Option<PatientKey> {
        self.survivor
    }

    /// Retires this identity, and gives what the one that stays has to know. What was told of an hour is known by the identity
    /// that it was told of. Since when there is sepsis is said anew of that one, by all that is known of both, as far back as
    /// that is still revised.
    pub fn retire(&mut self, own: PatientKey, survivor: PatientKey, now: EventTime) -> Self {
        let mut known = std::mem::take(self);
        self.survivor = Some(survivor);
        for held in known.hours.values_mut().filter(|held| held.told.is_some()) {
            held.told_of.get_or_insert(own);
        }
        let said_anew = now.minus(SETTLED);
        known.onsets.retain(|onset| *onset < said_anew);
        Self {
            hours: known.hours,
            onsets: known.onsets,
            alerts: known.alerts,
            survivor: None,
        }
    }

    /// Takes in what another identity of the patient knew. Of an hour that both have, the one that was told stays.
    pub fn absorb(&mut self, other: Self) {
        for (end, held) in other.hours {
            let own = self.hours.get(&end);
            if own.is_none_or(|own| own.told.is_none() && held.told.is_some()) {
                self.hours.insert(end, held);
            }
        }
        while self.hours.len() > MAX_HOURS {
            self.hours.pop_first();
        }
        for onset in other.onsets {
            self.take(Heard::Sepsis {
                onset,
                asserted: true,
            });
        }
        for (id, raised) in other.alerts {
            if !self.alerts.contains_key(&id) {
                self.take(Heard::Alert(id, raised));
            }
        }
    }

    fn forget(&mut self, now: EventTime) {
        while let Some(first) = self.hours.first_entry()
            && settles(*first.key()) <= now
        {
            first.remove();
        }
        // Sepsis of a stay that goes on decides over its hours to come.
        let began = self.hours.values().map(|held| held.hour.admission).min();
        let is_kept = |at: EventTime| settles(at) > now || began.is_some_and(|began| began <= at);
        self.onsets.retain(|onset| is_kept(*onset));
        self.alerts.retain(|_, alert| {
            alert.settles() > now || alert.until.is_none() && is_kept(alert.from)
        });
    }
}

/// Gives when the outcome of an hour can be known, whatever it is.
pub(super) fn matures(end: EventTime) -> EventTime {
    end.plus(HORIZON).plus(LABEL_DELAY)
}

/// Gives from when on nothing is revised that decides over an hour.
fn settles(end: EventTime) -> EventTime {
    end.plus(HORIZON).plus(SETTLED)
}

fn outcome(
    onsets: &BTreeSet<EventTime>,
    alerts: &BTreeMap<AlertId, Raised>,
    hour: &Hour,
) -> Outcome {
    let last = hour.end.plus(HORIZON);
    let onset = (hour.admission <= last)
        .then(|| onsets.range(hour.admission..=last).next())
        .flatten();
    let mut standing = alerts.values().filter(|alert| {
        alert.from <= hour.end && alert.until.is_none_or(|until| until >= hour.end)
    });
    let feedback = standing.clone().filter_map(|alert| alert.feedback).max();
    Outcome {
        because: onset.map_or(Because::Horizon, |onset| Because::Onset(*onset)),
        alerted: standing.next().is_some(),
        feedback,
    }
}

#[cfg(test)]
mod tests;
