//! When severe sepsis presented: each way to say so, and the one that begins the clocks.

use std::time::Duration;

use clinical::{EventTime, ReceivedTime};

use super::evidence::{self, CRITERIA, Evidence};
use super::{LOOKS_BACK, NEW_AFTER, TOGETHER};
use crate::chart::Entry;
use crate::config::TimeZero;
use crate::workload::View;

/// So many criteria of SIRS are asked for (SEP-1).
const INFLAMED: usize = 2;

/// A time at which severe sepsis may have presented.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    pub(super) at: EventTime,
    pub(super) ways: Vec<TimeZero>,
    pub(super) evidence: Vec<&'a Entry>,
}

/// The time at which severe sepsis presented.
pub(super) type Presentation<'a> = Candidate<'a>;

/// What the chart says of severe sepsis, by clinical time.
#[derive(Debug, Default)]
pub(super) struct Timeline<'a> {
    pub(super) sirs: Vec<(EventTime, Vec<&'a Entry>)>,
    pub(super) candidates: Vec<Candidate<'a>>,
    /// The first of every sepsis by a way that the site counts.
    pub(super) presentations: Vec<Presentation<'a>>,
}

/// The last evidence of each kind up to a time.
#[derive(Clone, Debug, Default)]
struct Latest<'a> {
    sepsis: Option<&'a Entry>,
    documented: Option<&'a Entry>,
    ordered: Option<&'a Entry>,
    inflammation: [Option<&'a Entry>; CRITERIA],
    dysfunction: Option<&'a Entry>,
}

/// The last times at which something was so.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    sirs: Option<EventTime>,
    ways: [Option<EventTime>; TimeZero::ALL.len()],
    counted: Option<EventTime>,
}

impl Presentation<'_> {
    /// Gives when it could be known: by the way and the evidence that were there first. What came later says it once more.
    pub(super) fn known(&self, view: &View<'_>) -> Option<ReceivedTime> {
        let just_before = self.at.minus(TOGETHER + Duration::from_micros(1));
        let fever = view.config.bundle.fever;
        let charted = view.chart.between(just_before, self.at);
        let evidence: Vec<(&Entry, Evidence)> = charted
            .filter_map(|entry| Some((entry, evidence::of(view.chart, fever, entry)?)))
            .collect();
        let first = |counts: &dyn Fn(&Entry, Evidence) -> bool| {
            let counted = evidence.iter().filter(|(entry, kind)| counts(entry, *kind));
            let known = counted.map(|(entry, _)| evidence::known(view.chart, entry));
            known.min()
        };
        let places = 0..CRITERIA;
        let mut inflamed: Vec<ReceivedTime> = places
            .filter_map(|place| first(&|_, kind| kind == Evidence::Inflammation(place)))
            .collect();
        inflamed.sort_unstable();
        let inflamed = inflamed.get(INFLAMED - 1).copied();
        let fails = first(&|_, kind| kind == Evidence::Dysfunction);
        let beside = |infection: Option<ReceivedTime>| Some(infection?.max(inflamed?).max(fails?));
        let known = self.ways.iter().filter_map(|way| match way {
            TimeZero::Documented => {
                first(&|entry, kind| kind == Evidence::Sepsis && entry.at == self.at)
            }
            TimeZero::Criteria => beside(first(&|_, kind| {
                matches!(kind, Evidence::Documented | Evidence::Sepsis)
            })),
            TimeZero::Orders => beside(first(&|_, kind| kind == Evidence::Ordered)),
        });
        known.min()
    }
}

impl<'a> Timeline<'a> {
    /// Reads the chart, as far back as what is concluded rests on.
    pub(super) fn read(view: &View<'a>) -> Self {
        let fever = view.config.bundle.fever;
        let mut timeline = Self::default();
        let (mut latest, mut before) = (Latest::default(), Before::default());
        let from = view.frozen.minus(LOOKS_BACK);
        let end = EventTime::from_micros(i64::MAX);
        let mut entries = view
            .chart
            .between(from, end)
            .filter_map(|entry| Some((entry, evidence::of(view.chart, fever, entry)?)))
            .peekable();
        while let Some((entry, kind)) = entries.next() {
            latest.take(entry, kind);
            while let Some((other, kind)) = entries.next_if(|(other, _)| other.at == entry.at) {
                latest.take(other, kind);
            }
            timeline.look(view, entry.at, &latest, &mut before);
        }
        timeline
    }

    /// Notes what is true at a time and was not before.
    fn look(&mut self, view: &View<'_>, at: EventTime, latest: &Latest<'a>, before: &mut Before) {
        let sirs = latest.inflamed(at);
        if sirs.len() >= INFLAMED && is_of(&sirs, at) {
            if before.sirs.is_none_or(|last| last.plus(TOGETHER) < at) {
                self.sirs.push((at, sirs));
            }
            before.sirs = Some(at);
        }
        let is_new = |last: Option<EventTime>| last.is_none_or(|last| last.plus(NEW_AFTER) < at);
        let (mut new, mut counted) = (Vec::new(), Vec::new());
        for (way, last) in TimeZero::ALL.into_iter().zip(&mut before.ways) {
            let Some(evidence) = latest.shows(way, at) else {
                continue;
            };
            if view.config.bundle.time_zero.contains(&way) {
                counted.push((way, evidence.clone()));
            }
            if is_new(last.replace(at)) {
                new.push((way, evidence));
            }
        }
        self.candidates.extend(candidate(at, new));
        if !counted.is_empty() && is_new(before.counted.replace(at)) {
            self.presentations.extend(candidate(at, counted));
        }
    }
}

fn candidate<'a>(at: EventTime, shown: Vec<(TimeZero, Vec<&'a Entry>)>) -> Option<Candidate<'a>> {
    if shown.is_empty() {
        return None;
    }
    let ways = shown.iter().map(|(way, _)| *way).collect();
    let mut evidence: Vec<&Entry> = Vec::new();
    for entry in shown.into_iter().flat_map(|(_, evidence)| evidence) {
        if !evidence.contains(&entry) {
            evidence.push(entry);
        }
    }
    evidence.sort_by_key(|entry| (entry.at, entry.parameter, entry.resource));
    Some(Candidate { at, ways, evidence })
}

impl<'a> Latest<'a> {
    fn take(&mut self, entry: &'a Entry, kind: Evidence) {
        let slot = match kind {
            Evidence::Documented => &mut self.documented,
            Evidence::Ordered => &mut self.ordered,
            Evidence::Dysfunction => &mut self.dysfunction,
            Evidence::Sepsis => &mut self.sepsis,
            Evidence::Inflammation(place) => match self.inflammation.get_mut(place) {
                Some(slot) => slot,
                None => return,
            },
        };
        *slot = Some(entry);
    }

    fn inflamed(&self, at: EventTime) -> Vec<&'a Entry> {
        let met = self.inflammation.iter().flatten();
        met.copied().filter(|of| is_with(of, at)).collect()
    }

    /// Gives what shows severe sepsis in one of the ways at a time.
    fn shows(&self, way: TimeZero, at: EventTime) -> Option<Vec<&'a Entry>> {
        let near = |entry: Option<&'a Entry>| entry.filter(|of| is_with(of, at));
        let infection = match way {
            TimeZero::Documented => {
                let noted = self.sepsis.filter(|of| of.at == at)?;
                return Some(vec![noted]);
            }
            TimeZero::Criteria => {
                let noted = [self.documented, self.sepsis].into_iter().flatten();
                near(noted.max_by_key(|of| of.at))?
            }
            TimeZero::Orders => near(self.ordered)?,
        };
        let dysfunction = near(self.dysfunction)?;
        let mut evidence = self.inflamed(at);
        if evidence.len() < INFLAMED {
            return None;
        }
        evidence.extend([infection, dysfunction]);
        is_of(&evidence, at).then_some(evidence)
    }
}

/// Says whether anything of it is of a time: what only still holds when something else is charted is not said once more.
fn is_of(evidence: &[&Entry], at: EventTime) -> bool {
    evidence.iter().any(|of| of.at == at)
}

fn is_with(entry: &Entry, at: EventTime) -> bool {
    entry.at.plus(TOGETHER) >= at
}
