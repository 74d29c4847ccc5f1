//! A model over all patients: what it reads, how right it was, and how right one is that learns beside it.
//!
//! Whatever the partitions of patients, and however they are interleaved, the board ends the same: an hour is counted into
//! the sum of its day, an outcome replaces the one before, and the challenger learns from the outcomes of an hour together,
//! in one order, when all of them are there.

mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{EventId, EventTime, PatientKey};

use super::challenger::{Challenger, LEAST_LEARNED, Standardised};
use super::hour::Hour;
use super::inputs::{InputDrift, Inputs, next_hour};
use super::outcome::{Example, matures};
use super::window::{Judged, Name, Quality, Said, Window};
use crate::config::hours;
use crate::risk::Pack;
use crate::risk::drift::{ACT, PageHinkley, WATCH};

/// How long after an outcome can be known it is waited for those of other patients.
const TOGETHER: Duration = hours(1);
/// The most outcomes that wait for others; beyond that the oldest hour is not waited for any longer.
pub const MAX_WAITING: usize = 2_000;
/// How far a mean may be off, and how much beyond that may add up before the calibration has changed (the defaults of
/// PageHinkley in MOA, Bifet A et al. JMLR 2010;11:1601-4, and in River).
pub(super) const TOLERANCE: f64 = 0.005;
const THRESHOLD: f64 = 50.0;

/// What can drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drift {
    /// How values are distributed.
    Inputs,
    /// What is missing.
    Missing,
    /// In which unit something comes.
    Units,
    /// How often what is foreseen comes true.
    Calibration,
}

/// A drift that began or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// What drifts, or no longer.
    pub drift: Drift,
    /// Whether it began.
    pub begins: bool,
    /// When that was seen.
    pub at: EventTime,
    /// What of it, in words; of an end only where another model is the reason.
    pub words: Box<str>,
}

/// How a model stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The model's version.
    pub model: Box<str>,
    /// The end of the first hour that it scored.
    pub since: Option<EventTime>,
    /// When that was so.
    pub at: EventTime,
    /// What drifts, and since when.
    pub drifting: BTreeMap<Drift, EventTime>,
    /// What it reads.
    pub inputs: InputDrift,
    /// How right it was about the newest hours whose outcome is known.
    pub quality: Quality,
    /// The end of the oldest and of the newest of these.
    pub judged: Option<(EventTime, EventTime)>,
    /// What people said of their alerts.
    pub said: Said,
    /// How many hours the challenger learned from.
    pub learned: u64,
    /// How right the model, and the challenger, were about the hours of which both said anything.
    pub both: (Quality, Quality),
}

/// A model over all patients.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    pub(super) model: Box<str>,
    pub(super) since: Option<EventTime>,
    pub(super) inputs: Inputs,
    /// Outcomes whose hour the challenger has not learned from yet.
    pub(super) waiting: BTreeMap<Name, (Standardised, Judged)>,
    pub(super) window: Window,
    pub(super) challenger: Challenger,
    pub(super) calibration: PageHinkley,
    /// Whether the calibration changed where an outcome was judged for want of room, and nobody looked yet; a restart forgets it.
    pub(super) calibration_changed: bool,
    pub(super) drifting: BTreeMap<Drift, EventTime>,
    /// Whether there was another model before, of whose drift nobody has said yet that it is over.
    pub(super) succeeds: bool,
}

impl Drift {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Inputs, Self::Missing, Self::Units, Self::Calibration];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Missing => "missing",
            Self::Units => "units",
            Self::Calibration => "calibration",
        }
    }
}

impl Default for Board {
    fn default() -> Self {
        Self {
            model: Box::default(),
            since: None,
            inputs: Inputs::default(),
            waiting: BTreeMap::new(),
            window: Window::default(),
            challenger: Challenger::default(),
            calibration: PageHinkley::new(TOLERANCE, THRESHOLD),
            calibration_changed: false,
            drifting: BTreeMap::new(),
            succeeds: false,
        }
    }
}

impl Board {
    /// Takes in an hour as the model scored it, and says whether it is news; an hour of another model is none.
    pub fn take_hour(&mut self, pack: &Pack, patient: PatientKey, hour: &Hour) -> bool {
        if hour.model != pack.version {
            return false;
        }
        self.follow(pack);
        let is_news = self.inputs.take(pack, patient.first_eight(), hour);
        if is_news {
            self.since = Some(self.since.map_or(hour.end, |since| since.min(hour.end)));
        }
        is_news
    }

    /// Takes in what became of an hour, and says whether it is news.
    pub fn take_example(&mut self, pack: &Pack, patient: PatientKey, example: &Example) -> bool {
        let hour = &example.hour;
        if hour.model != pack.version {
            return false;
        }
        self.follow(pack);
        let name = (hour.end, number(patient, hour.end));
        let (outcome, revision) = (&example.outcome, example.revision);
        let held = match self.window.0.get_mut(&name) {
            Some(judged) => Some(judged),
            None => self.waiting.get_mut(&name).map(|(_, judged)| judged),
        };
        if let Some(judged) = held {
            let before = *judged;
            judged.revise(outcome, revision);
            return before != *judged;
        }
        let Some(row) = Standardised::of(pack, hour.row.values()) else {
            // It is told again, and was forgotten here.
            return false;
        };
        let judged = Judged {
            revision,
            septic: outcome.is_septic(),
            alerted: outcome.alerted,
            feedback: outcome.feedback,
            champion: hour.probability,
            challenger: None,
        };
        self.waiting.insert(name, (row, judged));
        while self.waiting.len() > MAX_WAITING {
            self.calibration_changed |= self.judge_first();
        }
        true
    }

    /// Looks at all there is at a time, and says what began to drift and what no longer does.
    pub fn look(&mut self, pack: &Pack, now: EventTime) -> Vec<News> {
        self.follow(pack);
        self.inputs.forget(now);
        let mut news = Vec::new();
        if std::mem::take(&mut self.succeeds) {
            news.extend(Drift::ALL.map(|drift| News {
                drift,
                begins: false,
                at: now,
                words: format!("version {} began", pack.version).into(),
            }));
        }
        let mut calibration_changed = std::mem::take(&mut self.calibration_changed);
        while let Some((end, _)) = self.waiting.first_key_value().map(|(name, _)| *name)
            && matures(end).plus(TOGETHER) <= now
        {
            calibration_changed |= self.judge_first();
        }
        let inputs = self.inputs.drift(pack, now);
        for (drift, stands) in [
            (Drift::Inputs, stands_of_inputs(&inputs)),
            (Drift::Missing, stands_of_missing(&inputs)),
            (Drift::Units, stands_of_units(&inputs)),
            (
                Drift::Calibration,
                self.stands_of_calibration(calibration_changed),
            ),
        ] {
            self.tell(drift, stands, now, &mut news);
        }
        news
    }

    /// Gives when to look next: at the end of the hour.
    pub fn wake(now: EventTime) -> EventTime {
        next_hour(now)
    }

    /// Says how the model stands.
    pub fn standing(&self, pack: &Pack, now: EventTime) -> Standing {
        let first = self.window.0.first_key_value().map(|((end, _), _)| *end);
        let last = self.window.0.last_key_value().map(|((end, _), _)| *end);
        Standing {
            model: pack.version.clone(),
            since: self.since,
            at: now,
            drifting: self.drifting.clone(),
            inputs: self.inputs.drift(pack, now),
            quality: self.window.champion(),
            judged: first.zip(last),
            said: self.window.said(),
            learned: self.challenger.learned(),
            both: self.window.both(),
        }
    }

    /// What was counted of another model says nothing of this one.
    fn follow(&mut self, pack: &Pack) {
        if self.model != pack.version {
            *self = Self {
                model: pack.version.clone(),
                succeeds: self.succeeds || !self.model.is_empty(),
                ..Self::default()
            };
        }
    }

    /// Lets the challenger say what it thinks of the oldest hour that waits, and then learn from it; says whether the
    /// calibration of the model changed.
    fn judge_first(&mut self) -> bool {
        let Some((name, (row, mut judged))) = self.waiting.pop_first() else {
            return false;
        };
        let is_asked = self.challenger.learned() >= LEAST_LEARNED;
        judged.challenger = is_asked.then(|| self.challenger.probability(&row));
        self.challenger.learn(&row, judged.septic);
        self.window.take(name, judged);
        let off = f64::from(judged.septic) - judged.champion;
        self.calibration.changes(off)
    }

    /// The calibration drifts from when its mean changed until the mean of all that is judged is near again.
    fn stands_of_calibration(&self, changed: bool) -> Stands {
        let quality = self.window.champion();
        let words = |off: f64| {
            let ratio = quality.observed_over_expected.unwrap_or_default();
            format!(
                "sepsis came {ratio:.2} times as often as foreseen in the newest {} hours, off by {:.1} % of hours",
                quality.count,
                off * 100.0
            )
        };
        match quality.mean_error {
            None => Stands::Unknown,
            Some(off) if changed => Stands::Yes(words(off)),
            Some(off) if off.abs() <= TOLERANCE => Stands::No,
            Some(_) => Stands::Unknown,
        }
    }

    fn tell(&mut self, drift: Drift, stands: Stands, at: EventTime, news: &mut Vec<News>) {
        let (begins, words) = match (stands, self.drifting.contains_key(&drift)) {
            (Stands::Yes(words), false) => {
                self.drifting.insert(drift, at);
                (true, words)
            }
            (Stands::No, true) => {
                self.drifting.remove(&drift);
                (false, String::new())
            }
            _ => return,
        };
        news.push(News {
            drift,
            begins,
            at,
            words: words.into(),
        });
    }
}

/// Whether something drifts.
enum Stands {
    /// It does, in these words.
    Yes(String),
    /// It does not.
    No,
    /// Nothing can be said, or it lies between: what stood before stands.
    Unknown,
}

/// Gives a number of a patient's hour that another one hardly has.
fn number(patient: PatientKey, end: EventTime) -> u64 {
    EventId::derive(&[patient.as_bytes(), &end.micros().to_be_bytes()]).first_eight()
}

/// From the threshold of acting on it drift stands, and until none is above that of watching.
fn by_index<'a>(named: impl Iterator<Item = (&'a str, f64)>) -> Stands {
    let mut above: Vec<(&str, f64)> = named.filter(|(_, index)| *index >= WATCH).collect();
    above.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    match above.first() {
        None => Stands::No,
        Some((_, index)) if *index >= ACT => {
            let count = above.iter().filter(|(_, index)| *index >= ACT).count();
            let worst = above
                .iter()
                .take(3)
                .map(|(name, index)| format!("{name} {index:.2}"));
            let worst = worst.collect::<Vec<_>>().join(", ");
            Stands::Yes(format!(
                "{count} with a stability index of {ACT} or more: {worst}"
            ))
        }
        Some(_) => Stands::Unknown,
    }
}

fn stands_of_inputs(inputs: &InputDrift) -> Stands {
    if inputs.features.is_empty() {
        return Stands::Unknown;
    }
    by_index(
        inputs
            .features
            .iter()
            .map(|(name, index)| (&**name, *index)),
    )
}

fn stands_of_missing(inputs: &InputDrift) -> Stands {
    if inputs.missing.is_empty() {
        return Stands::Unknown;
    }
    by_index(inputs.missing.iter().map(|of| (of.name, of.index)))
}

fn stands_of_units(inputs: &InputDrift) -> Stands {
    if inputs.missing.is_empty() {
        return Stands::Unknown;
    }
    let moved = inputs.units.iter().map(|of| {
        let (was, is) = of.median;
        format!("{} (median {was} in training, now about {is:.3})", of.name)
    });
    let moved: Vec<String> = moved.collect();
    match moved.is_empty() {
        true => Stands::No,
        false => Stands::Yes(moved.join(", ")),
    }
}

#[cfg(test)]
mod tests;
