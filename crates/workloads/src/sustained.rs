//! Episodes of a value: beyond a limit for a while, until it is back for a while.
//!
//! What is said is a function of the readings alone, so that late, corrected and withdrawn ones revise it.

mod rule;
mod sampling;

mod sensors;
mod told;

use std::time::Duration;

use clinical::{Decimal, EventTime};

pub(crate) use rule::MOST_RULES;
use rule::Sampling;
pub(crate) use rule::parse_rules;
pub use rule::{Rule, RuleError};
use sampling::{Held, as_charted, regular};
pub use told::site_rules;
pub(crate) use told::{
    LOOKS_BACK, READS, WINDOW, conclude, matters, name_of, own_rules, read, tell,
};

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// When it was true, by the clock of what measured it.
    pub(crate) at: EventTime,
    /// The value, in the unit of the rule.
    pub(crate) value: Decimal,
}

/// A time during which a rule held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Episode {
    /// The first reading beyond the limit.
    pub(crate) start: EventTime,
    /// The reading by which it had lasted long enough.
    pub(crate) confirmed: EventTime,
    /// The last reading of it so far.
    pub(crate) last: EventTime,
    /// Until when that one stands.
    pub(crate) until: EventTime,
    /// The reading farthest beyond the limit.
    pub(crate) extreme: Reading,
    /// How it ended; nothing while it goes on.
    pub(crate) end: Option<End>,
}

/// How an episode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The value was back for as long as the rule asks; this reading showed it.
    Recovered(EventTime),
    /// Nothing was heard for longer than the rule allows: silence is not taken for more of the same.
    Silence,
}

/// What is known before the first reading: whether an episode was going on then, and since when.
pub(crate) type Before = Option<EventTime>;

/// Finds the episodes in readings that are in order of time, each time once.
pub(crate) fn episodes(rule: &Rule, before: Before, readings: &[Reading]) -> Vec<Episode> {
    let held = match rule.sampling {
        Sampling::AsCharted => as_charted(readings),
        Sampling::Regular => regular(readings, rule.gap),
    };
    let mut course = Course {
        rule,
        run: None,
        current: None,
        back: None,
        done: Vec::new(),
    };
    let mut last: Option<Reading> = None;
    for held in &held {
        let reading = &held.reading;
        match last {
            None => course.resume(before, reading),
            Some(last) if reading.at > last.at.plus(rule.gap) => course.silence(),
            Some(_) => {}
        }
        course.take(held);
        last = Some(*reading);
    }
    course.done.extend(course.current);
    course.done
}

/// Where the search has come to.
struct Course<'a> {
    rule: &'a Rule,
    /// Readings beyond the limit that have not lasted long enough yet.
    run: Option<Episode>,
    current: Option<Episode>,
    /// The first of the readings that are back, and the episode as it was before them.
    back: Option<(EventTime, Episode)>,
    done: Vec<Episode>,
}

impl Course<'_> {
    fn resume(&mut self, before: Before, first: &Reading) {
        self.current = before.map(|start| Episode {
            start,
            confirmed: start,
            last: first.at,
            until: first.at,
            extreme: *first,
            end: None,
        });
    }

    fn silence(&mut self) {
        self.run = None;
        self.back = None;
        self.done.extend(self.current.take().map(|episode| Episode {
            end: Some(End::Silence),
            ..episode
        }));
    }

    fn take(&mut self, held: &Held) {
        let reading = &held.reading;
        if let Some(episode) = self.current {
            self.go_on(episode, held);
        } else if self.rule.begins.holds(reading.value) {
            let run = self.run.unwrap_or(Episode {
                start: reading.at,
                confirmed: reading.at,
                last: reading.at,
                until: held.until,
                extreme: *reading,
                end: None,
            });
            let run = self.rule.with(run, held);
            if self.rule.lasts.is_reached(self.rule.lasted(&run)) {
                self.run = None;
                self.current = Some(Episode {
                    confirmed: reading.at,
                    ..run
                });
            } else {
                self.run = Some(run);
            }
        } else {
            self.run = None;
        }
    }

    fn go_on(&mut self, episode: Episode, held: &Held) {
        let reading = &held.reading;
        if !self.rule.ends.holds(reading.value) {
            self.back = None;
            self.current = Some(self.rule.with(episode, held));
            return;
        }
        let (since, before) = *self.back.get_or_insert((reading.at, episode));
        let recovered = self.rule.time(since, held.until);
        if self.rule.recovers.is_reached(recovered) {
            self.back = None;
            self.current = None;
            self.done.push(Episode {
                end: Some(End::Recovered(reading.at)),
                ..before
            });
        } else {
            self.current = Some(self.rule.with(episode, held));
        }
    }
}

impl Rule {
    /// Adds a reading to an episode.
    fn with(&self, mut episode: Episode, held: &Held) -> Episode {
        episode.last = held.reading.at;
        episode.until = held.until;
        if self
            .begins
            .is_farther(held.reading.value, episode.extreme.value)
        {
            episode.extreme = held.reading;
        }
        episode
    }

    /// Says how long an episode has lasted.
    pub(crate) fn lasted(&self, episode: &Episode) -> Duration {
        self.time(episode.start, episode.until)
    }

    /// Gives the time between two times, by a sensor in whole minutes: its clock is a few seconds off its beat.
    fn time(&self, since: EventTime, until: EventTime) -> Duration {
        let time = until.since(since).unwrap_or_default();
        match self.sampling {
            Sampling::AsCharted => time,
            Sampling::Regular => Duration::from_secs((time.as_secs() + 30) / 60 * 60),
        }
    }
}

#[cfg(test)]
mod tests;
