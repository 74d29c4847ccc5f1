//! Care management: a member of a panel comes to an emergency department or is admitted, one thread for each visit; and
//! whether somebody saw them afterwards.

use std::time::Duration;

use clinical::payer::{Day, Document, DocumentKind, Standing, Stated};
use clinical::{EventTime, Severity};

use super::calendar::day_words;
use super::case::{Case, cases};
use super::config::PayerConfig;
use super::integrity::STAY;
use super::rule::{Concluded, Conclusion, View};
use super::state::Held;
use crate::config::hours;

/// Classes of a visit to an emergency department: HL7 v3 ActCode and HL7 table 0004.
const EMERGENCY: [&str; 2] = ["EMER", "E"];
/// Classes of a visit that is watched without being admitted: HL7 v3 ActCode.
const OBSERVATION: [&str; 1] = ["OBSENC"];
/// Classes of a visit by which a member is seen afterwards: HL7 v3 ActCode and HL7 table 0004.
const SEEN: [&str; 4] = ["AMB", "HH", "VR", "O"];

/// What is heard of later than this is told of as late. Hospitals elsewhere are heard of by exchanges 12 to 48 hours later.
const LATE: Duration = hours(12);

/// A visit of a member who is on a panel.
struct Thread<'a> {
    name: String,
    /// What belongs to it, in the order of its own times.
    visits: Vec<&'a Held>,
    panel: &'a Held,
    /// The panel, by the site's own word for it.
    word: &'a str,
}

/// Tells of visits of members of panels, and of who was not seen afterwards.
pub(crate) fn conclude(view: &View<'_>) -> Concluded {
    let mut concluded = Concluded::default();
    let panels = || {
        let all = view.documents.iter();
        all.filter(|held| held.document.kind == DocumentKind::Panel)
    };
    if panels().next().is_none() {
        return concluded;
    }
    // A visit that goes on may be of a member who is not on the panel yet.
    for first in panels().filter_map(|held| held.document.from) {
        concluded.wake_at(view.calendar.start(first), view.watermark);
    }
    for case in cases(&view.documents, &[DocumentKind::Visit]) {
        if let Some(thread) = Thread::of(view, &case) {
            concluded.conclusions.push(thread.visit(view));
            thread.afterwards(view, &mut concluded);
        }
    }
    concluded
}

impl<'a> Thread<'a> {
    /// Takes the acute visits of a case, where the member was on a panel during them.
    fn of(view: &View<'a>, case: &Case<'a>) -> Option<Self> {
        let is_acute =
            |held: &&Held| held.document.standing == Standing::Active && place(held).is_some();
        let visits: Vec<&Held> = case
            .of(DocumentKind::Visit)
            .filter(is_acute)
            .filter(|held| held.document.from.is_some())
            .collect();
        let from = visits.iter().filter_map(|held| held.document.from).min()?;
        let now = view.calendar.day(view.watermark);
        let until = last_day(&visits).unwrap_or(now);
        let on = |held: &&'a Held| {
            let panel = &held.document;
            panel.standing == Standing::Active
                && panel.from.is_none_or(|first| first <= until)
                && panel.until.is_none_or(|last| from <= last)
        };
        let (panel, word) = view.documents.iter().copied().filter(on).find_map(|held| {
            let word = word(view.config, &held.document)?;
            Some((held, word))
        })?;
        Some(Self {
            name: case.name(),
            visits,
            panel,
            word,
        })
    }

    /// Where the member is, or that they left.
    fn visit(&self, view: &View<'_>) -> Conclusion {
        let of = self.evidence();
        let first = self
            .visits
            .iter()
            .map(|held| (started(view, held), held.first_known, begun(view, held)));
        let (start, known, begun) = first.min().unwrap_or_default();
        let behind = EventTime::from_micros(known.micros()).since(begun);
        let is_late = behind.is_some_and(|behind| behind > LATE);
        let here = self
            .visits
            .iter()
            .rev()
            .find(|held| held.document.until.is_none());
        let last = here.or(self.visits.last()).and_then(|held| place(held));
        let place = last.unwrap_or_default();
        let (severity, now) = match (here, is_late) {
            (Some(_), false) => (Severity::Medium, place.to_owned()),
            (Some(_), true) => (Severity::Low, place.to_owned()),
            (None, _) => {
                let left = match self.ended(view) {
                    Some(end) => format!(", left {}", view.calendar.words(end)),
                    None => String::new(),
                };
                (Severity::None, format!("no longer {place}{left}"))
            }
        };
        let late = match behind.filter(|_| is_late) {
            Some(behind) => format!("; heard of {} h after it began", behind.as_secs() / 3_600),
            None => String::new(),
        };
        let came = view.calendar.words(start);
        let summary = format!(
            "member of the panel {}: {now}, came {came}{late}",
            self.word
        );
        let condition = format!("care-visit/{}", self.name);
        let mut conclusion = Conclusion::new(condition, severity, summary, &of);
        conclusion.as_of = start;
        // That a member has been on a panel for long makes no visit of now history, nor the other way round.
        conclusion.backfill = self.visits.iter().all(|held| held.backfill);
        conclusion
    }

    /// Tells of a member whom nobody saw in the days after the visit.
    fn afterwards(&self, view: &View<'_>, concluded: &mut Concluded) {
        let stayed = self
            .visits
            .iter()
            .any(|held| STAY.contains(&&*held.document.code));
        let days = match stayed {
            true => view.config.seen_after_stay,
            false => view.config.seen_after_emergency,
        };
        let (Some(days), Some(left)) = (days, last_day(&self.visits)) else {
            return;
        };
        let last = left.saturating_add(Day::from(days));
        let mut all = view.documents.iter();
        let own = |held: &Held| {
            let mut own = self.visits.iter();
            own.any(|visit| visit.document.resource == held.document.resource)
        };
        let is_over = all.any(|held| !own(held) && is_answer(held, left, last));
        if is_over {
            return;
        }
        let due = view.calendar.start(last.saturating_add(1));
        if view.watermark < due {
            concluded.wake_at(due, view.watermark);
            return;
        }
        let summary = format!(
            "member of the panel {}: seen by nobody in the {days} days after {}",
            self.word,
            day_words(left)
        );
        let condition = format!("care-follow-up/{}", self.name);
        let of = self.evidence();
        let mut conclusion = Conclusion::new(condition, Severity::Low, summary, &of);
        conclusion.as_of = due;
        conclusion.backfill = self.visits.iter().all(|held| held.backfill);
        concluded.conclusions.push(conclusion);
    }

    /// When the last of it ended.
    fn ended(&self, view: &View<'_>) -> Option<EventTime> {
        let ends = self.visits.iter().filter_map(|held| held.document.deadline);
        ends.map(|end| view.calendar.moment(end)).max()
    }

    fn evidence(&self) -> Vec<&'a Held> {
        let panel = std::iter::once(self.panel);
        panel.chain(self.visits.iter().copied()).collect()
    }
}

/// The last day of visits that have all ended.
fn last_day(visits: &[&Held]) -> Option<Day> {
    let ends: Option<Vec<Day>> = visits.iter().map(|held| held.document.until).collect();
    ends?.into_iter().max()
}

/// Says whether by a document the member was seen, came back or died from one day to another.
fn is_answer(held: &Held, left: Day, last: Day) -> bool {
    let document = &held.document;
    let within = |day: Option<Day>| day.is_some_and(|day| left <= day && day <= last);
    if document.kind == DocumentKind::Member {
        return within(document.until);
    }
    let is_visit = document.kind == DocumentKind::Visit && document.standing == Standing::Active;
    let came_back = place(held).is_some();
    is_visit && within(document.from) && (came_back || SEEN.contains(&&*document.code))
}

/// When a visit began.
fn started(view: &View<'_>, held: &Held) -> EventTime {
    let day = held.document.from.map(Stated::Day);
    let stated = held.document.created.or(day);
    stated.map_or(held.at(), |stated| view.calendar.moment(stated))
}

/// By when a visit had begun at the latest: of a day that has no time that is its end.
fn begun(view: &View<'_>, held: &Held) -> EventTime {
    match (held.document.created, held.document.from) {
        (Some(Stated::Moment(moment)), _) => moment,
        (Some(Stated::Day(day)), _) | (None, Some(day)) => {
            view.calendar.start(day.saturating_add(1))
        }
        (None, None) => held.at(),
    }
}

/// Where a member is by the class of a visit, in words; nothing of one that nobody is called for.
fn place(held: &Held) -> Option<&'static str> {
    let class = &*held.document.code;
    if EMERGENCY.contains(&class) {
        Some("in an emergency department")
    } else if OBSERVATION.contains(&class) {
        Some("under observation")
    } else {
        STAY.contains(&class).then_some("admitted")
    }
}

/// What the site calls the panel that a document puts a member on.
pub(super) fn word<'a>(config: &'a PayerConfig, document: &Document) -> Option<&'a str> {
    let mut panels = config.panels.iter();
    let (_, word) = panels.find(|(panel, _)| {
        let mut codes = document.code.split(' ');
        codes.any(|code| code == &**panel)
    })?;
    Some(word)
}

#[cfg(test)]
mod tests;
