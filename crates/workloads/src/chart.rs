//! What is known of the patient now: one entry for each fact a workload may use.

mod index;
pub(crate) mod infusion;
pub(crate) mod read;
mod sliding;
mod words;

use std::time::Duration;

use clinical::unit::{self, Unit};
use clinical::{Comparator, Decimal, EventId, EventTime, Origin, ReceivedTime};

use crate::Parameter;
use crate::config::{hours, minutes};
use crate::limit::Limit;
use crate::running::{Running, Runs};
use index::Index;
use sliding::Sliding;
pub(crate) use words::{MAX_WORDS, Words};

/// The most entries a chart holds; beyond it the oldest go, and what rests on them is no longer revised.
pub(crate) const MAX_ENTRIES: usize = 4_000;

/// How long any vital sign is kept: the window of `deterioration` and the span of a set.
pub(crate) const KEEP_VITAL: Duration = minutes(9 * 60 + 30);
/// How long the last of each vital sign is kept to say how old it is.
const KEEP_LAST: Duration = hours(48);
/// How long any laboratory result is kept: the window of `critical-results`, and what a repeat is compared with.
const KEEP_LABORATORY: Duration = hours(74);
/// How long what was revised or is not exact is kept: as long as anything that looks back at what is revised.
const KEEP_CORRECTED: Duration = hours(72 + 3 * 24 + 1);
/// How long cultures and antimicrobials are kept: a suspicion rests on what was ordered in the days before it.
const KEEP_ORDER: Duration = hours(240);

/// The specimen was haemolysed.
pub(crate) const HAEMOLYSED: u8 = 1;
/// The sender says that the result is critical.
pub(crate) const FLAGGED: u8 = 2;
/// It replaced an earlier version; of what is not exact, which is kept as long anyhow, that its sender says so.
pub(crate) const REVISED: u8 = 4;
/// It is history that was loaded, and no news.
pub(crate) const BACKFILLED: u8 = 8;
/// Of a drug, which has no specimen: here a rate ended that told its own end, or a fluid.
pub(crate) const ENDS: u8 = HAEMOLYSED;

/// A fact as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) parameter: Parameter,
    /// When it was true.
    pub(crate) at: EventTime,
    /// When this version was accepted; of two versions the later one stands.
    pub(crate) known: ReceivedTime,
    pub(crate) event: EventId,
    pub(crate) origin: Origin,
    /// The hash of the FHIR id: a correction has the same one.
    pub(crate) resource: u64,
    pub(crate) reading: Reading,
    pub(crate) marks: u8,
    /// Which of a patient's sensors said it, or which analyte it is of, as a number; 0 where that is not known or does not matter.
    pub(crate) sensor: u32,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A number, in the unit it came in.
    Number {
        value: Decimal,
        unit: Unit,
        comparator: Option<Comparator>,
    },
    /// An answer from the parameter's own list.
    Coded(u8),
    /// A result is there, but no value can be taken from it.
    Unusable(Unusable),
    /// It was taken back; kept so that an older version does not bring it back.
    Withdrawn(Withdrawal),
}

/// Why no value can be taken from a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// The unit is not known or does not fit.
    Unit,
    /// The result is words.
    Words,
    /// No living patient has this value.
    Implausible,
    /// It speaks of a time that cannot be.
    Time,
}

impl Unusable {
    /// Gives the word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Words => "words",
            Self::Implausible => "implausible",
            Self::Time => "time",
        }
    }

    /// Says why a value is not scored; the sender's own words are left out, since anything may stand in them.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Unit => "not scored: unit not known",
            Self::Words => "not scored: not a number",
            Self::Implausible => "not scored: not a possible value",
            Self::Time => "not scored: not a possible time",
        }
    }
}

/// How a fact was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withdrawal {
    /// It will not come or was called off.
    Cancelled,
    /// It should never have been sent.
    EnteredInError,
}

impl Entry {
    /// Gives its value in the unit its parameter is compared in.
    pub(crate) fn number(&self) -> Option<Decimal> {
        let (value, bound) = self.bounded()?;
        bound.is_none().then_some(value)
    }

    /// Gives its value in the unit its parameter is compared in, and which bound that is where it is one, such as `>15`.
    pub(crate) fn bounded(&self) -> Option<(Decimal, Option<Comparator>)> {
        let Reading::Number { comparator, .. } = self.reading else {
            return None;
        };
        let value = self.in_unit(self.parameter.numeric()?.unit)?;
        Some((value, comparator))
    }

    /// Gives its value in a unit; of a bound, the bound.
    pub(crate) fn in_unit(&self, wanted: Unit) -> Option<Decimal> {
        let analyte = self.parameter.numeric()?.analyte;
        match self.reading {
            Reading::Number { value, unit, .. } => {
                unit::convert_unit(value, unit, wanted, analyte).ok()
            }
            Reading::Coded(_) | Reading::Unusable(_) | Reading::Withdrawn(_) => None,
        }
    }

    /// Says whether its value is what a limit asks for or, of a bound, whatever it may be.
    pub(crate) fn is_beyond(&self, limit: Limit) -> bool {
        self.bounded()
            .is_some_and(|(value, bound)| limit.holds(value, bound))
    }

    /// Gives its coded answer.
    pub(crate) const fn code(&self) -> Option<u8> {
        match self.reading {
            Reading::Coded(code) => Some(code),
            Reading::Number { .. } | Reading::Unusable(_) | Reading::Withdrawn(_) => None,
        }
    }

    /// Says why no value can be taken from it, where none can.
    pub(crate) const fn why_unusable(&self) -> Option<Unusable> {
        match self.reading {
            Reading::Unusable(why) => Some(why),
            Reading::Number { .. } | Reading::Coded(_) | Reading::Withdrawn(_) => None,
        }
    }

    /// Says whether a score can use it.
    pub(crate) const fn is_usable(&self) -> bool {
        matches!(self.reading, Reading::Number { .. } | Reading::Coded(_))
    }

    /// Says whether it can be used and is no bound.
    pub(crate) const fn is_exact(&self) -> bool {
        self.is_usable()
            && !matches!(
                self.reading,
                Reading::Number {
                    comparator: Some(_),
                    ..
                }
            )
    }

    /// Says whether it is the rate of a drug that runs, whatever the unit.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.reading, Reading::Number { value, .. } if value > Decimal::ZERO)
            && self.parameter.is_infusion()
    }

    /// Says whether it is when a rate of a drug ended that told its own end, or a fluid.
    pub(crate) const fn is_end(&self) -> bool {
        let runs = self.parameter.is_infusion() || matches!(self.parameter, Parameter::Crystalloid);
        runs && self.is(ENDS)
    }

    /// Says whether it was taken back.
    pub(crate) const fn is_withdrawn(&self) -> bool {
        matches!(self.reading, Reading::Withdrawn(_))
    }

    /// Says whether it carries this mark.
    pub(crate) const fn is(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    /// Where it stands in a chart. Where one infusion ends and another begins, the drug runs: the end comes first.
    fn order(&self) -> (EventTime, Parameter, bool, u64) {
        (self.at, self.parameter, !self.is_end(), self.resource)
    }
}

/// What is known of the patient now, by clinical time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    /// In the order of time, parameter, resource.
    entries: Sliding<Entry>,
    index: Index,
    /// What results are that no parameter stands for.
    pub(crate) words: Words,
    /// Before this, entries were given up for room.
    pub(crate) floor: Option<EventTime>,
}

impl PartialEq for Chart {
    fn eq(&self, other: &Self) -> bool {
        (self.entries(), &self.words, self.floor) == (other.entries(), &other.words, other.floor)
    }
}

impl Eq for Chart {}

impl Chart {
    /// Takes in what was kept, in its order.
    pub(crate) fn new(entries: Vec<Entry>, floor: Option<EventTime>) -> Self {
        Self {
            index: Index::of(&entries),
            entries: entries.into(),
            words: Words::default(),
            floor,
        }
    }

    /// Gives all of it, in the order of time, parameter, resource.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Takes a fact in, and gives the earliest time at which that changed anything.
    pub(crate) fn put(&mut self, mut entry: Entry) -> Option<EventTime> {
        let mut from = entry.at;
        // What an older version said of something else, the newer one no longer says.
        let own = read::end_of(entry.resource);
        let said = self.entries.iter().enumerate();
        let said = said.filter(|(_, held)| read::end_of(held.resource) == own);
        let mut earlier = None;
        for (place, held) in said {
            if (held.known, held.event) > (entry.known, entry.event) {
                return None;
            }
            let is_same = held.resource == entry.resource && held.parameter == entry.parameter;
            earlier = earlier.or(is_same.then_some(place));
        }
        if let Some(place) = earlier {
            let old = self.entries.get(place)?;
            if (old.known, old.event) >= (entry.known, entry.event) {
                return None;
            }
            if entry.is_exact() {
                entry.marks |= REVISED;
            }
            from = from.min(old.at);
            self.drop(place);
        }
        self.put_first(entry);
        Some(from)
    }

    /// Says whether something may be said of a resource.
    pub(crate) fn may_know(&self, resource: u64) -> bool {
        self.index.may_have_resource(resource)
    }

    fn drop(&mut self, place: usize) -> Entry {
        let entry = self.entries.remove(place);
        self.index.remove(&entry);
        entry
    }

    /// Takes in the first fact of a resource.
    pub(crate) fn put_first(&mut self, entry: Entry) -> Option<EventTime> {
        let place = split(&self.entries, |e| e.order() < entry.order());
        self.entries.insert(place, entry);
        self.index.add(&entry);
        if self.entries.len() > MAX_ENTRIES {
            // What holds whenever it began makes no room for what was measured just now.
            let mut entries = self.entries.iter();
            let first = entries.position(|entry| !entry.parameter.lasts());
            let at = self.drop(first.unwrap_or(0)).at;
            self.floor = self.floor.max(Some(at));
        }
        Some(entry.at)
    }

    /// Says whether a value of a parameter was there around a time that could not be used for the same reason.
    pub(crate) fn has_unusable(&self, like: &Entry, window: Duration) -> bool {
        let around = like.at.minus(window)..=like.at.plus(window);
        let mut entries = self.of(like.parameter);
        entries.any(|entry| entry.reading == like.reading && around.contains(&entry.at))
    }

    /// Gives what was said of a resource.
    pub(crate) fn of_resource(&self, resource: u64) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.resource == resource)
    }

    /// Gives the entries after one time and up to another, oldest first.
    pub(crate) fn between(
        &self,
        after: EventTime,
        until: EventTime,
    ) -> impl DoubleEndedIterator<Item = &Entry> {
        between(&self.entries, after, until).iter()
    }

    /// Gives the entries of one parameter after one time and up to another, oldest first.
    pub(crate) fn of_between(
        &self,
        parameter: Parameter,
        after: EventTime,
        until: EventTime,
    ) -> impl DoubleEndedIterator<Item = &Entry> + Clone {
        let any = between(self.any_of(parameter), after, until).iter();
        any.filter(move |entry| entry.parameter == parameter)
    }

    /// Gives the entries of one parameter, oldest first.
    pub(crate) fn of(&self, parameter: Parameter) -> impl DoubleEndedIterator<Item = &Entry> {
        let any = self.any_of(parameter).iter();
        any.filter(move |entry| entry.parameter == parameter)
    }

    /// Gives all entries if one of them may be of a parameter, and else none.
    fn any_of(&self, parameter: Parameter) -> &[Entry] {
        match self.index.may_have(parameter) {
            true => &self.entries,
            false => &[],
        }
    }

    /// Gives the last usable entry of a parameter up to a time.
    pub(crate) fn last(&self, parameter: Parameter, until: EventTime) -> Option<&Entry> {
        let entries = self.any_of(parameter);
        let end = split(entries, |entry| entry.at <= until);
        let mut newest = entries.get(..end)?.iter().rev();
        newest.find(|entry| entry.parameter == parameter && entry.is_usable())
    }

    /// Drops what no workload can use any more.
    pub(crate) fn expire(&mut self, watermark: EventTime, running: &Running) {
        let young = watermark.minus(KEEP_VITAL);
        let is_old = |entry: &&Entry| entry.at <= young;
        if !self.entries.first().as_ref().is_some_and(is_old) {
            return;
        }
        // Of each parameter the place of the last one, counted from 1, and its time.
        let mut newest = [(0, EventTime::default()); Parameter::MOST];
        let mut old = 0;
        for (place, entry) in (1..).zip(self.entries.iter().take_while(is_old)) {
            old = place;
            let slot = newest.get_mut(usize::from(entry.parameter.number()));
            // What holds until another is charted still holds where what is kept begins.
            let begins = || !is_kept(entry, false, entry.at, watermark, running);
            let counts = entry.is_usable() && (!is_held(entry.parameter) || begins());
            if let Some(slot) = slot.filter(|_| counts) {
                *slot = (place, entry.at);
            }
        }
        let ends = self.ends();
        let mut before: Option<(EventTime, Reading)> = None;
        let mut place = 0;
        let mut stays = |entry: &Entry| {
            place += 1;
            // Of many settings of one time one says all, when none is corrected any more.
            if entry.parameter == Parameter::RespiratorySupport {
                let said = Some((entry.at, entry.reading));
                let again = said == before;
                before = said;
                let revised = |runs: &Runs| entry.at > watermark.minus(runs.revise);
                if again && !running.readers(entry.parameter).any(revised) {
                    return false;
                }
            }
            let number = usize::from(entry.parameter.number());
            let (newest, at) = newest.get(number).copied().unwrap_or_default();
            // Of what was charted at once, the worst holds.
            let beside = newest > 0 && is_held(entry.parameter) && entry.at == at;
            let lasts = entry.parameter.lasts() && entry.is_usable();
            let last = newest == place || lasts || beside && entry.is_usable();
            // A rate is as new as its end is.
            let end = ends.end(entry).filter(|_| entry.is_running());
            let end = end.unwrap_or(entry.at);
            is_kept(entry, last, end, watermark, running)
        };
        let index = &mut self.index;
        self.entries.retain_of_first(old, |entry| {
            let stays = stays(entry);
            if !stays {
                index.remove(entry);
            }
            stays
        });
        if !self.words.is_empty() {
            let entries = &self.entries;
            self.words
                .retain(|resource| entries.iter().any(|entry| entry.resource == resource));
        }
    }
}

fn between(entries: &[Entry], after: EventTime, until: EventTime) -> &[Entry] {
    let first = split(entries, |entry| entry.at <= after);
    let end = split(entries, |entry| entry.at <= until);
    entries.get(first..end).unwrap_or_default()
}

/// Counts the entries that are older than something, by looking back from the newest: it is seldom far from there, and
/// what lies before it is not in reach of the processor.
fn split(entries: &[Entry], is_older: impl Fn(&Entry) -> bool) -> usize {
    let mut back = 8;
    let begin = loop {
        let begin = entries.len().saturating_sub(back);
        if begin == 0 || entries.get(begin).is_none_or(&is_older) {
            break begin;
        }
        back *= 2;
    };
    let rest = entries.get(begin..).unwrap_or_default();
    begin + rest.partition_point(is_older)
}

/// Says whether a value holds until another is charted, however old it is.
const fn is_held(parameter: Parameter) -> bool {
    matches!(
        parameter,
        Parameter::Oxygen
            | Parameter::SaturationScale
            | Parameter::Weight
            | Parameter::KidneyReplacement
    ) || parameter.is_infusion()
        || parameter.lasts()
}

/// Says whether an entry that holds until a time is kept; what is soon answered is asked first.
fn is_kept(entry: &Entry, last: bool, end: EventTime, now: EventTime, running: &Running) -> bool {
    let parameter = entry.parameter;
    let is_within = |span: Duration| end > now.minus(span);
    let by_kind = if last && is_held(parameter) {
        Duration::MAX
    } else if parameter.is_order() {
        KEEP_ORDER
    } else if !parameter.is_vital() {
        KEEP_LABORATORY
    } else if last {
        KEEP_LAST
    } else {
        KEEP_VITAL
    };
    let is_corrected = entry.is(REVISED) || !entry.is_exact();
    let matters = |runs: &Runs| {
        let matters = (runs.workload.matters)(entry);
        matters.is_some_and(|span| is_within(span + runs.revise))
    };
    is_within(by_kind) || is_corrected && is_within(KEEP_CORRECTED) || running.iter().any(matters)
}
