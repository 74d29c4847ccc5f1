//! What is kept of one patient between two inputs.

pub(crate) mod wire;

use std::time::Duration;

use clinical::{EventTime, FindingId, PatientKey};

use crate::chart::{Chart, KEEP_VITAL};
use crate::config::hours;
use crate::person::{PersonFacts, Stay, apart};
use crate::running::Running;
use crate::touched::Touched;
use crate::workload::{Condition, WORKLOADS};

pub use wire::DecodeError;

/// The most stays that are kept; beyond it the one that began first goes.
pub(crate) const MAX_STAYS: usize = 32;
/// How long a stay is kept after its end, beyond what is revised: it says whose the charting was that stood then.
const KEEP_STAY: Duration = hours(4 * 24);
/// How long a stay is kept after its beginning, beyond what is revised: kidneys are judged by its first seven days.
const KEEP_STAY_FROM_START: Duration = hours(8 * 24);
/// How much longer than the revision window a published line is kept. Of each condition the last one before the window,
/// the last that decides anything, and the last before what is kept, is kept as long as the patient: what follows is compared
/// with it, and a merge takes it back.
const KEEP_LINE: Duration = hours(1);

/// How long after the last day of which something is known what is kept for a while is let go of, where nothing else came: by
/// then vital signs and most laboratory results have served. What may still be revised stays.
const KEEP_IDLE: Duration = hours(4 * 24);
/// The timer by which that happens.
pub(crate) const IDLE: &[u8] = b"idle";
const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// What is kept of one patient between two inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub(crate) chart: Chart,
    /// What was published, in the order of time and condition.
    pub(crate) lines: Vec<Line>,
    pub(crate) person: PersonFacts,
    pub(crate) stays: Vec<Stay>,
    /// The identity that took this one over.
    pub(crate) retired: Option<PatientKey>,
    /// What a message changed whose end did not come yet.
    pub(crate) pending: Option<Touched>,
    /// The timers that are set, by workload.
    pub(crate) wakes: [Option<EventTime>; WORKLOADS.len()],
}

/// One line of revisions, as it was published last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) as_of: EventTime,
    pub(crate) condition: Condition,
    pub(crate) revision: u32,
    pub(crate) finding: FindingId,
    /// A hash of what it says.
    pub(crate) digest: u64,
    /// Whether it stands.
    pub(crate) asserted: bool,
    /// What the workload wants to find again; 0 where that decides nothing.
    pub(crate) note: u8,
}

impl State {
    /// Takes note of what changed, for when the message ends.
    pub(crate) fn touch(&mut self, touched: Touched) {
        match &mut self.pending {
            Some(pending) => pending.add(touched),
            None => self.pending = Some(touched),
        }
    }

    /// Takes in how a stay now stands, and says whether that is news.
    pub(crate) fn put_stay(&mut self, stay: Stay) -> bool {
        if let Some(held) = self
            .stays
            .iter_mut()
            .find(|held| held.resource == stay.resource)
        {
            if held.known >= stay.known {
                return false;
            }
            *held = stay;
        } else {
            self.stays.push(stay);
        }
        self.stays.sort_by_key(|stay| (stay.start, stay.resource));
        if self.stays.len() > MAX_STAYS {
            self.stays.remove(0);
        }
        true
    }

    /// Takes in what another identity of the same patient knew.
    pub(crate) fn absorb(&mut self, other: Self) {
        for entry in other.chart.entries() {
            let is_newer = self.chart.put(*entry).is_some();
            let words = other.chart.words.of(entry.resource);
            if let Some(words) = words.filter(|_| is_newer) {
                self.chart.words.put(entry.resource, words.into());
            }
        }
        self.chart.floor = self.chart.floor.max(other.chart.floor);
        for stay in other.stays {
            self.put_stay(stay);
        }
        let deceased = self.person.deceased || other.person.deceased;
        self.person.born = self.person.born.or(other.person.born);
        self.person.male = self.person.male.or(other.person.male);
        self.person.deceased = deceased;
    }

    /// Gives when a patient of whom nothing more came is idle; the same all day long, so that few timers are set.
    pub(crate) fn idle_at(&self) -> Option<EventTime> {
        let newest = self.chart.entries().last()?.at.micros();
        let day_ends = newest
            .div_euclid(DAY_MICROS)
            .saturating_add(1)
            .saturating_mul(DAY_MICROS);
        Some(EventTime::from_micros(day_ends).plus(KEEP_IDLE))
    }

    /// Drops what nothing can use any more.
    pub(crate) fn expire(&mut self, watermark: EventTime, running: &Running) {
        let reads_stays = [Condition::Sepsis3Mimic, Condition::OrganFailureMimic]
            .map(|condition| condition.workload().name);
        if running
            .iter()
            .any(|runs| reads_stays.contains(&runs.workload.name))
        {
            // What may still be corrected is looked up.
            let until = watermark.minus(KEEP_VITAL);
            let pulses: Vec<_> = apart(&self.stays)
                .into_iter()
                .map(|own| own.stay.first_pulse(own.since, &self.chart, until))
                .collect();
            let watched = self.stays.iter_mut().filter(|stay| stay.watched);
            for (stay, pulse) in watched.zip(pulses) {
                stay.pulse = pulse;
            }
        }
        self.chart.expire(watermark, running);
        let longest = running.longest;
        self.forget_stays(watermark, longest);
        let revised = |line: &Line| running.revise_window(line.condition);
        let kept = |line: &Line| {
            let workload = line.condition.workload();
            (revised(line) + KEEP_LINE).max(workload.lines_kept)
        };
        let mut newest: Vec<(Condition, EventTime, u8)> = Vec::new();
        for line in self.lines.iter().filter(|line| line.asserted) {
            let is_before = |span: Duration| line.as_of < watermark.minus(span);
            let settled = is_before(revised(line));
            // What stands where what is kept begins may have been told at any time before.
            let kinds = [settled, settled && line.note != 0, is_before(kept(line))];
            for (kind, _) in (0..).zip(kinds).filter(|(_, is_of)| *is_of) {
                newest.retain(|(condition, _, of)| (*condition, *of) != (line.condition, kind));
                newest.push((line.condition, line.as_of, kind));
            }
        }
        self.lines.retain(|line| {
            line.as_of >= watermark.minus(kept(line))
                || newest
                    .iter()
                    .any(|(condition, at, _)| (*condition, *at) == (line.condition, line.as_of))
        });
    }

    /// Drops stays that are over for long. One that ended shortly before another is kept with it: what was charted between
    /// them is told apart by both.
    fn forget_stays(&mut self, watermark: EventTime, longest: Duration) {
        let ended = watermark.minus(longest + KEEP_STAY);
        let begun = watermark.minus(longest + KEEP_STAY_FROM_START);
        let mut next: Option<EventTime> = None;
        self.stays.reverse();
        self.stays.retain(|stay| {
            let is_kept = stay.end.is_none_or(|end| end > ended)
                || stay.watched && stay.start > begun
                || stay.watched && next.is_some_and(|next| stay.is_close_to(next));
            if is_kept && stay.watched {
                next = Some(stay.start);
            }
            is_kept
        });
        self.stays.reverse();
    }
}
