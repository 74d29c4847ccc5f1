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
use sampling::{resample, step_of};
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
    match rule.sampling {
        Sampling::AsCharted => found(rule, Duration::ZERO, before, readings),
        Sampling::Regular => {
            let step = step_of(readings);
            found(rule, step, before, &resample(readings, step, rule.gap))
        }
    }
}

/// Each reading stands for `hold`, the time until the next one where they come regularly.
fn found(rule: &Rule, hold: Duration, before: Before, readings: &[Reading]) -> Vec<Episode> {
    let mut course = Course {
        rule,
        hold,
        run: None,
        current: None,
        back: None,
        done: Vec::new(),
    };
    let mut last: Option<Reading> = None;
    for reading in readings {
        match last {
            None => course.resume(before, reading),
            Some(last) if reading.at > last.at.plus(rule.gap) => course.silence(),
            Some(_) => {}
        }
        course.take(reading);
        last = Some(*reading);
    }
    course.done.extend(course.current);
    course.done
}

/// Where the search has come to.
struct Course<'a> {
    rule: &'a Rule,
    hold: Duration,
    /// Readings beyond the limit that have not lasted long enough yet.
    run: Option<Episode>,
    current: Option<Episode>,
    /// The first of the readings that are back, and the last one before them.
    back: Option<(EventTime, EventTime)>,
    done: Vec<Episode>,
}

impl Course<'_> {
    fn resume(&mut self, before: Before, first: &Reading) {
        self.current = before.map(|start| Episode {
            start,
            confirmed: start,
            last: first.at,
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

    fn take(&mut self, reading: &Reading) {
        if let Some(episode) = self.current {
            self.go_on(episode, reading);
        } else if self.rule.begins.holds(reading.value) {
            let run = self.run.unwrap_or(Episode {
                start: reading.at,
                confirmed: reading.at,
                last: reading.at,
                extreme: *reading,
                end: None,
            });
            let run = self.rule.with(run, reading);
            if self.rule.lasts.is_reached(self.lasted(run.start, reading)) {
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

    fn go_on(&mut self, episode: Episode, reading: &Reading) {
        if !self.rule.ends.holds(reading.value) {
            self.back = None;
            self.current = Some(self.rule.with(episode, reading));
            return;
        }
        let (since, until) = *self.back.get_or_insert((reading.at, episode.last));
        if self.rule.recovers.is_reached(self.lasted(since, reading)) {
            self.back = None;
            self.current = None;
            self.done.push(Episode {
                last: until,
                end: Some(End::Recovered(reading.at)),
                ..episode
            });
        } else {
            self.current = Some(self.rule.with(episode, reading));
        }
    }

    fn lasted(&self, since: EventTime, reading: &Reading) -> Duration {
        reading.at.since(since).unwrap_or_default() + self.hold
    }
}

impl Rule {
    /// Adds a reading to an episode.
    fn with(&self, mut episode: Episode, reading: &Reading) -> Episode {
        episode.last = reading.at;
        if self.begins.is_farther(reading.value, episode.extreme.value) {
            episode.extreme = *reading;
        }
        episode
    }
}

#[cfg(test)]
mod tests;
