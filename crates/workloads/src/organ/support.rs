//! Whether a patient was helped to breathe: by what was charted last, or by the runs that mimic-code makes of settings
//! (`ventilation_durations`).

use std::time::Duration;

use clinical::EventTime;

use super::stretch::Span;
use crate::Parameter;
use crate::chart::read::{EXTUBATED, HIGH_FLOW, NON_INVASIVE, OXYGEN_DEVICE, VENTILATED};
use crate::chart::{Chart, Entry};
use crate::config::hours;

/// Settings further apart than this are of two ventilations.
pub(crate) const GAP: Duration = hours(8);
/// How long support that was charted goes on where nothing else is; and how far before the hours looked at settings are
/// read, to know which run is on.
pub(crate) const REACH: Duration = hours(24);

/// What is support where SOFA of 1996 and the bands of Berlin ask for it: a ventilator.
pub(crate) const VENTILATOR: &[u8] = &[VENTILATED];
/// What is advanced support in SOFA-2: non-invasive ventilation and high flow as well.
pub(crate) const ADVANCED: &[u8] = &[VENTILATED, NON_INVASIVE, HIGH_FLOW];

/// How it is told that a patient was helped to breathe.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Help {
    /// One of these was charted last.
    Charted(&'static [u8]),
    /// A ventilator was charted before and after, in one of the runs of mimic-code.
    Runs,
}

/// A time over which a ventilator ran.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    from: EventTime,
    to: EventTime,
    ventilated: bool,
}

/// What was charted at one time.
#[derive(Default)]
struct Charted {
    ventilated: bool,
    oxygen: bool,
    extubated: bool,
}

/// Finds the runs around a span of time, of what was charted of one stay. A run ends at its last setting, at an extubation,
/// or where an oxygen device takes its place.
pub(crate) fn runs(chart: &Chart, own: Span, from: EventTime, until: EventTime) -> Vec<Run> {
    let (from, until) = (from.minus(REACH), until.plus(REACH));
    let charted = chart.of_between(Parameter::RespiratorySupport, from, until);
    let charted = charted.filter(|entry| entry.is_usable() && own.has(entry.at));
    let mut entries = charted.peekable();
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    let (mut last_setting, mut after_extubation) = (None, false);
    while let Some(entry) = entries.next() {
        let at = entry.at;
        let mut charted = Charted::default();
        charted.add(entry);
        while let Some(other) = entries.next_if(|other| other.at == at) {
            charted.add(other);
        }
        let gap = last_setting.is_some_and(|last: EventTime| at > last.plus(GAP));
        let breathing = charted.ventilated || charted.extubated;
        if charted.oxygen && !charted.ventilated
            || breathing && after_extubation
            || charted.ventilated && gap
        {
            open = false;
        }
        if breathing {
            match runs.last_mut().filter(|_| open) {
                Some(run) => {
                    run.to = at;
                    run.ventilated |= charted.ventilated;
                }
                None => runs.push(Run {
                    from: at,
                    to: at,
                    ventilated: charted.ventilated,
                }),
            }
            open = true;
            after_extubation = charted.extubated;
        }
        if charted.ventilated {
            last_setting = Some(at);
        }
    }
    runs
}

/// Says whether a ventilator ran at a time.
pub(crate) fn covers(runs: &[Run], at: EventTime) -> bool {
    runs.iter()
        .any(|run| run.ventilated && run.from < run.to && run.from <= at && at <= run.to)
}

/// Says whether one of some kinds of support goes on at a time: it was charted last, and nothing took its place.
pub(crate) fn goes_on(chart: &Chart, kinds: &[u8], at: EventTime) -> bool {
    let charted = chart.of_between(Parameter::RespiratorySupport, at.minus(REACH), at);
    let mut charted = charted.rev().filter(|entry| entry.is_usable());
    let Some(last) = charted.next() else {
        return false;
    };
    let beside = charted.take_while(|entry| entry.at == last.at);
    std::iter::once(last)
        .chain(beside)
        .any(|entry| entry.code().is_some_and(|code| kinds.contains(&code)))
}

/// Gives when a setting before a time was charted that a change then may reach back to.
pub(crate) fn reaches_back(chart: &Chart, at: EventTime) -> EventTime {
    let before = at.minus(Duration::from_micros(1));
    let mut settings = chart.of_between(Parameter::RespiratorySupport, at.minus(REACH), before);
    let last = settings.rfind(|entry| entry.code() == Some(VENTILATED));
    last.map_or(at, |entry| entry.at)
}

impl Charted {
    fn add(&mut self, entry: &Entry) {
        match entry.code() {
            Some(VENTILATED) => self.ventilated = true,
            Some(EXTUBATED) => self.extubated = true,
            Some(OXYGEN_DEVICE) => self.oxygen = true,
            Some(_) | None => {}
        }
    }
}
