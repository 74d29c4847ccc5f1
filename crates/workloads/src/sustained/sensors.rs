//! Several sensors of one patient: each has episodes of its own, and what they show at once is one.

use std::collections::BTreeMap;

use clinical::EventTime;

use super::told::newest;
use super::{End, Episode, Rule};
use crate::chart::Entry;

/// An episode as one sensor showed it.
#[derive(Clone)]
pub(super) struct Heard<'a> {
    pub(super) rule: &'a Rule,
    /// All that the sensor said.
    pub(super) entries: &'a [&'a Entry],
    pub(super) episode: Episode,
    /// The reading that showed it while it went on; nothing where it could be known only when it was long past.
    pub(super) shown: Option<&'a Entry>,
}

/// An episode as all sensors showed it.
pub(super) struct Together<'a> {
    /// What showed it first.
    pub(super) first: Heard<'a>,
    /// What showed it last.
    pub(super) last: Heard<'a>,
    /// What begins by then belongs to it.
    until: EventTime,
    /// The first reading of any sensor that showed it while it went on.
    pub(super) shown: Option<&'a Entry>,
}

impl Together<'_> {
    /// Gives all of it as one.
    pub(super) fn whole(&self) -> Episode {
        Episode {
            start: self.first.episode.start,
            ..self.last.episode
        }
    }
}

/// Splits what was said by sensor, each with the newest version of each time; what names no sensor is of one more. Sensors that
/// follow each other are one series: some senders name another with each upload, and who wears a new one goes on.
pub(super) fn by_sensor<'a>(said: impl Iterator<Item = &'a Entry>) -> Vec<Vec<&'a Entry>> {
    let mut sensors: BTreeMap<u32, Vec<&Entry>> = BTreeMap::new();
    for entry in said {
        sensors.entry(entry.sensor).or_default().push(entry);
    }
    let time = |entry: Option<&&Entry>| entry.map(|entry| entry.at);
    let mut sensors: Vec<Vec<&Entry>> = sensors.into_values().collect();
    sensors.sort_by_key(|entries| time(entries.first()));
    let mut series: Vec<Vec<&Entry>> = Vec::new();
    for next in sensors {
        let mut ended = series.iter_mut();
        match ended.find(|before| time(before.last()) < time(next.first())) {
            Some(before) => before.extend(next),
            None => series.push(next),
        }
    }
    series
        .into_iter()
        .map(|entries| newest(entries.into_iter()))
        .filter(|entries| !entries.is_empty())
        .collect()
}

/// Makes one of episodes that overlap: it begins with the first of them and is over with the last.
pub(super) fn together(mut heard: Vec<Heard<'_>>) -> Vec<Together<'_>> {
    heard.sort_by_key(|heard| heard.episode.start);
    let mut all: Vec<Together<'_>> = Vec::new();
    for next in heard {
        match all.last_mut() {
            Some(current) if next.episode.start <= current.until => {
                let both = current.shown.into_iter().chain(next.shown);
                current.shown = both.min_by_key(|entry| (entry.at, entry.event));
                if shown_until(&next) > shown_until(&current.last) {
                    current.last = next;
                }
                // What another showed to be over is not kept open by one that fell silent.
                current.until = until(&current.last);
            }
            Some(_) | None => all.push(Together {
                until: until(&next),
                shown: next.shown,
                last: next.clone(),
                first: next,
            }),
        }
    }
    all
}

/// Until when a sensor showed how it stands: one that fell silent says nothing of what came after its last reading.
fn shown_until(heard: &Heard<'_>) -> EventTime {
    match heard.episode.end {
        Some(End::Silence) => heard.episode.last,
        Some(End::Recovered(_)) | None => until(heard),
    }
}

/// When it is told to be over.
fn until(heard: &Heard<'_>) -> EventTime {
    match heard.episode.end {
        None => EventTime::from_micros(i64::MAX),
        Some(End::Recovered(at)) => at,
        Some(End::Silence) => heard.episode.last.plus(heard.rule.gap),
    }
}
