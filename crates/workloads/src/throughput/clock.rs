//! The clocks that run in a visit, and when they warn and breach.

use std::time::Duration;

use clinical::EventTime;

use super::visit::{Milestone, Visit};
use crate::{site_rows, without_rows};

const CLOCKS: &str = include_str!("../../data/ed_clocks.tsv");

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    /// From arrival to a treatment room.
    Room,
    /// From arrival to the first contact with a provider.
    Provider,
    /// From the decision to admit to departure.
    Boarding,
    /// From arrival to departure.
    Stay,
}

/// How far a clock has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It will breach soon.
    Warned,
    /// It took too long.
    Breached,
}

/// When a clock warns and breaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockRule {
    /// The clock.
    pub clock: Clock,
    /// After so many minutes it warns.
    pub warns_after: u64,
    /// When more than so many whole minutes have passed it breaches.
    pub breaches_after: u64,
}

/// A row that is no clock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ClockError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub what: &'static str,
}

impl Clock {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Room, Self::Provider, Self::Boarding, Self::Stay];

    /// Gives its word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Provider => "provider",
            Self::Boarding => "boarding",
            Self::Stay => "stay",
        }
    }

    /// Gives what is waited for, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Room => "wait for a treatment room",
            Self::Provider => "wait for a provider",
            Self::Boarding => "wait for a bed after the decision to admit",
            Self::Stay => "stay in the emergency department",
        }
    }

    /// Gives since when it runs in a visit, and when it stopped.
    pub fn of(self, visit: &Visit) -> Option<(EventTime, Option<EventTime>)> {
        let is_exempt = visit.is_observation() && matches!(self, Self::Boarding | Self::Stay);
        if !visit.counts() || is_exempt {
            return None;
        }
        let began = match self {
            Self::Boarding => visit.to_be_admitted()?,
            Self::Room | Self::Provider | Self::Stay => visit.at(Milestone::Arrival)?,
        };
        let reached = match self {
            Self::Room => visit.at(Milestone::Room),
            Self::Provider => visit.at(Milestone::Provider),
            Self::Boarding | Self::Stay => None,
        };
        // Whoever left waits for nothing any more.
        let left = visit.at(Milestone::Departure);
        Some((began, reached.into_iter().chain(left).min()))
    }
}

/// What a clock of a visit tells next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The clock.
    pub clock: Clock,
    /// How far it has come.
    pub reached: Option<Stage>,
    /// When more whole minutes will have passed than it allows.
    pub breaches: EventTime,
}

/// Gives the clocks that run in a visit, the one that breaches first before the others.
pub fn running(rules: &[ClockRule], visit: &Visit, now: EventTime) -> Vec<Due> {
    let mut running: Vec<Due> = rules
        .iter()
        .filter_map(|rule| {
            let (began, stopped) = rule.clock.of(visit)?;
            if began > now || stopped.is_some_and(|stopped| stopped <= now) {
                return None;
            }
            let [(_, warns), (_, breaches)] = rule.times(began);
            let reached = match now {
                now if now >= breaches => Some(Stage::Breached),
                now if now >= warns => Some(Stage::Warned),
                _ => None,
            };
            Some(Due {
                clock: rule.clock,
                reached,
                breaches,
            })
        })
        .collect();
    running.sort_by_key(|due| (due.breaches, due.clock));
    running
}

/// Gives the clocks that took too long in a visit by then, whether they still run or stopped too late.
pub fn breached<'a>(
    rules: &'a [ClockRule],
    visit: &Visit,
    now: EventTime,
) -> impl Iterator<Item = &'a ClockRule> {
    rules.iter().filter(move |rule| {
        rule.clock.of(visit).is_some_and(|(began, stopped)| {
            let [_, (_, breaches)] = rule.times(began);
            breaches <= now && stopped.is_none_or(|stopped| stopped >= breaches)
        })
    })
}

impl ClockRule {
    /// Gives when it warns and breaches, if it began then.
    pub fn times(&self, began: EventTime) -> [(Stage, EventTime); 2] {
        let after = |minutes: u64| began.plus(Duration::from_secs(minutes * 60));
        [
            (Stage::Warned, after(self.warns_after)),
            (Stage::Breached, after(self.breaches_after + 1)),
        ]
    }
}

/// Reads the clocks that are part of the program.
pub fn own_clocks() -> Vec<ClockRule> {
    parse_clocks(CLOCKS).expect("every row is a clock, as a test shows")
}

/// Reads a file of clocks.
///
/// # Errors
/// When there is no row, a row is no clock, or names one that another row has.
pub fn parse_clocks(text: &str) -> Result<Vec<ClockRule>, ClockError> {
    if let Some((line, what)) = without_rows(text) {
        return Err(ClockError { line, what });
    }
    let mut rules: Vec<ClockRule> = Vec::new();
    for (line, row) in site_rows(text) {
        let wrong = |what| ClockError { line, what };
        let rule = rule(row).map_err(wrong)?;
        if rules.iter().any(|known| known.clock == rule.clock) {
            return Err(wrong("the clock has a row already: keep one"));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(row: &str) -> Result<ClockRule, &'static str> {
    let cells: Vec<&str> = row.split('\t').collect();
    let [clock, warns, breaches, source] = cells.as_slice() else {
        return Err("write clock, warning minutes, breach minutes and source, separated by tabs");
    };
    let mut clocks = Clock::ALL.into_iter();
    let rule = ClockRule {
        clock: clocks
            .find(|known| known.word() == *clock)
            .ok_or("the clock is room, provider, boarding or stay")?,
        warns_after: warns.parse().map_err(|_| "write whole minutes")?,
        breaches_after: breaches.parse().map_err(|_| "write whole minutes")?,
    };
    if rule.warns_after > rule.breaches_after || rule.breaches_after > MOST_MINUTES {
        return Err("let the warning come before the breach, and this within a week");
    }
    if source.trim().is_empty() {
        return Err("say where the limit comes from");
    }
    Ok(rule)
}

/// The longest time that a clock may run.
const MOST_MINUTES: u64 = 7 * 24 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_clocks_can_be_read() {
        assert_eq!(own_clocks().len(), 3);
    }
}
