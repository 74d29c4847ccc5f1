//! Facts of many patients, in whatever order they are read, as a history of each.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{
    Encounter, EncounterClass, EncounterStatus, Event, EventTime, Fact, PatientKey, ReceivedTime,
};

use crate::{History, Outcome, Stay};

/// Stays that are no further apart are one: a patient who goes from the emergency department to a ward stays.
const SAME_STAY: Duration = Duration::from_secs(6 * 60 * 60);
/// Where nobody says when a patient was there, charting that pauses longer ends a stay.
const SAME_CHARTING: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known of patients, as it is read.
#[derive(Debug, Default)]
pub struct Gathering {
    events: BTreeMap<PatientKey, Vec<Event>>,
    stays: BTreeMap<PatientKey, Vec<Stay>>,
    /// Where patients were since when, where the data say it by themselves.
    units: BTreeMap<PatientKey, Vec<(EventTime, Box<str>)>>,
    /// The other identity of a patient, one step towards the one whose history it is.
    others: BTreeMap<PatientKey, PatientKey>,
}

impl Gathering {
    /// Takes in a fact.
    pub fn event(&mut self, event: Event) {
        if let Fact::Merge(merge) = &event.fact {
            let (one, other) = (self.first(event.patient), self.first(merge.other));
            if one != other {
                self.others.insert(one, other);
            }
        }
        self.events.entry(event.patient).or_default().push(event);
    }

    /// Takes in a time under observation, where the data say more of it than their encounters.
    pub fn stay(&mut self, patient: PatientKey, stay: Stay) {
        self.stays.entry(patient).or_default().push(stay);
    }

    /// Takes in that a patient was in a unit since a time, where the data say more of it than their encounters.
    pub fn unit(&mut self, patient: PatientKey, since: EventTime, unit: Box<str>) {
        self.units.entry(patient).or_default().push((since, unit));
    }

    /// Gives the number of patients.
    pub fn patients(&self) -> usize {
        self.events.len()
    }

    /// Gives the history of each patient; `minutes_east` says how far the site's clock is ahead of UTC at a time.
    pub fn finish(mut self, minutes_east: impl Fn(EventTime) -> Option<i32>) -> Vec<History> {
        let mut histories: BTreeMap<PatientKey, History> = BTreeMap::new();
        let mut units: BTreeMap<PatientKey, Vec<(EventTime, Box<str>)>> = BTreeMap::new();
        for (patient, events) in std::mem::take(&mut self.events) {
            let first = self.first(patient);
            let history = histories.entry(first).or_insert_with(|| History {
                patient: first,
                events: Vec::new(),
                stays: Vec::new(),
            });
            history.events.extend(events);
            let stays = self.stays.remove(&patient).unwrap_or_default();
            history.stays.extend(stays);
            let own = self.units.remove(&patient).unwrap_or_default();
            units.entry(first).or_default().extend(own);
        }
        let mut all: Vec<History> = histories.into_values().collect();
        for history in &mut all {
            let known = |event: &Event| (event.received, event.origin.offset, event.at);
            history.events.sort_by_key(known);
            if history.stays.is_empty() {
                history.stays = stays(&history.events, &minutes_east);
            }
            history.stays.sort_by_key(|stay| stay.began);
            let said = units.remove(&history.patient).unwrap_or_default();
            for stay in &mut history.stays {
                let own = said.iter().filter(|(since, _)| stay.holds(*since));
                let own: Vec<_> = own.cloned().collect();
                if !own.is_empty() {
                    stay.units = own;
                }
            }
        }
        all
    }

    /// Gives the identity whose history a patient's is.
    fn first(&self, patient: PatientKey) -> PatientKey {
        let mut first = patient;
        while let Some(other) = self.others.get(&first) {
            first = *other;
        }
        first
    }
}

/// A time between two moments, and where it was.
struct Span {
    from: EventTime,
    to: EventTime,
    units: Vec<(EventTime, Box<str>)>,
}

/// Finds when a patient was there: by encounters on wards and in emergency departments; without any encounter by charting.
fn stays(events: &[Event], minutes_east: &impl Fn(EventTime) -> Option<i32>) -> Vec<Stay> {
    let mut spans = match events.iter().any(is_encounter) {
        true => visited(events),
        false => charted(events),
    };
    spans.sort_by_key(|span| span.from);
    let mut stays: Vec<Stay> = Vec::new();
    for span in spans {
        match stays.last_mut() {
            Some(stay) if span.from <= stay.ended.plus(SAME_STAY) => {
                stay.ended = stay.ended.max(span.to);
                stay.units.extend(span.units);
            }
            _ => stays.push(Stay {
                units: span.units,
                began: span.from,
                ended: span.to,
                admitted: None,
                outcome: Outcome::Unknown,
                minutes_east: minutes_east(span.from),
            }),
        }
    }
    stays
}

fn is_encounter(event: &Event) -> bool {
    matches!(event.fact, Fact::Encounter(_))
}

/// The encounters as they stand in the end, each with where it was from when on.
fn visited(events: &[Event]) -> Vec<Span> {
    let mut encounters: BTreeMap<(PatientKey, &str), Vec<(&Event, &Encounter)>> = BTreeMap::new();
    for event in events {
        if let Fact::Encounter(encounter) = &event.fact {
            let name = (event.patient, &*encounter.resource);
            encounters.entry(name).or_default().push((event, encounter));
        }
    }
    let last = events.iter().map(reached).max();
    let spans = encounters.values().filter_map(|versions| {
        let (_, newest) = versions.last()?;
        let is_bed = matches!(
            newest.class,
            EncounterClass::Emergency | EncounterClass::Inpatient
        );
        if !(is_bed && has_begun(newest.status)) {
            return None;
        }
        let said = versions.iter().map(|(event, _)| event.at);
        let from = newest.start.or(said.clone().min())?;
        let is_over = newest.status == EncounterStatus::Finished;
        let to = newest.end.or(if is_over { said.max() } else { last })?;
        let places = versions.iter().filter(|(_, of)| !of.location.is_empty());
        Some(Span {
            from,
            to: to.max(from),
            units: places
                .map(|(event, of)| (event.at, ward(&of.location)))
                .collect(),
        })
    });
    spans.collect()
}

fn has_begun(status: EncounterStatus) -> bool {
    match status {
        EncounterStatus::Arrived
        | EncounterStatus::InProgress
        | EncounterStatus::OnLeave
        | EncounterStatus::Finished => true,
        EncounterStatus::Planned
        | EncounterStatus::Cancelled
        | EncounterStatus::EnteredInError
        | EncounterStatus::Unknown => false,
    }
}

/// The ward of a place such as `4 West / 412 / A`.
fn ward(place: &str) -> Box<str> {
    place.split(" / ").next().unwrap_or(place).trim().into()
}

fn charted(events: &[Event]) -> Vec<Span> {
    let measured = events.iter().filter(|event| match event.fact {
        Fact::Observation(_) => true,
        Fact::Order(_)
        | Fact::Problem(_)
        | Fact::Encounter(_)
        | Fact::Person(_)
        | Fact::Merge(_)
        | Fact::Handover { .. } => false,
    });
    let mut times: Vec<EventTime> = measured.map(|event| event.at).collect();
    times.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    for at in times {
        match spans.last_mut() {
            Some(span) if at <= span.to.plus(SAME_CHARTING) => span.to = at,
            _ => spans.push(Span {
                from: at,
                to: at,
                units: Vec::new(),
            }),
        }
    }
    spans
}

/// When whoever knows of an event has come to.
pub(crate) fn reached(event: &Event) -> EventTime {
    moment(event.received).max(event.at)
}

pub(crate) fn moment(received: ReceivedTime) -> EventTime {
    EventTime::from_micros(received.micros())
}

#[cfg(test)]
mod tests {
    use clinical::{EventId, Merge, MergeRole, Origin};

    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    fn at(hour: i64) -> EventTime {
        EventTime::from_micros(hour * HOUR_US)
    }

    fn key(name: &str) -> PatientKey {
        PatientKey::derive(&[name.as_bytes()])
    }

    fn event(who: &str, hour: i64, known: i64, fact: Fact) -> Event {
        Event {
            id: EventId::derive(&[who.as_bytes(), &hour.to_be_bytes(), &known.to_be_bytes()]),
            patient: key(who),
            at: at(hour),
            recorded: None,
            received: ReceivedTime::from_micros(known * HOUR_US),
            origin: Origin::default(),
            backfill: false,
            fact,
        }
    }

    fn visit(name: &str, location: &str, status: EncounterStatus, end: Option<i64>) -> Fact {
        Fact::Encounter(Encounter {
            resource: name.into(),
            class: EncounterClass::Inpatient,
            status,
            location: location.into(),
            start: None,
            end: end.map(at),
        })
    }

    #[test]
    fn visits_that_follow_each_other_are_one_stay_with_its_wards() {
        use EncounterStatus::{Cancelled, Finished, InProgress};
        let mut gathering = Gathering::default();
        // Read in the wrong order.
        for event in [
            event("a", 40, 40, visit("two", "4 West / 2", Finished, Some(40))),
            event("a", 0, 0, visit("one", "ED / 1", InProgress, None)),
            event("a", 10, 10, visit("two", "4 West / 1", InProgress, None)),
            event("a", 8, 9, visit("one", "ED / 1", Finished, Some(8))),
            event("a", 90, 90, visit("no", "ED", Cancelled, Some(95))),
        ] {
            gathering.event(event);
        }
        let histories = gathering.finish(|_| Some(60));
        let [history] = histories.as_slice() else {
            panic!("one patient has one history");
        };
        let known: Vec<i64> = history
            .events
            .iter()
            .map(|event| event.received.micros() / HOUR_US)
            .collect();
        assert_eq!(known, [0, 9, 10, 40, 90]);
        let [stay] = history.stays.as_slice() else {
            panic!("both visits are one stay: {:?}", history.stays);
        };
        assert_eq!((stay.began, stay.ended), (at(0), at(40)));
        assert_eq!(
            (stay.unit(at(5)), stay.unit(at(20))),
            (Some("ED"), Some("4 West"))
        );
        assert_eq!(
            (stay.minutes_east, stay.outcome),
            (Some(60), Outcome::Unknown)
        );
    }

    #[test]
    fn identities_that_are_merged_are_one_history() {
        let mut gathering = Gathering::default();
        let merge = |role, other| {
            Fact::Merge(Merge {
                role,
                other: key(other),
            })
        };
        gathering.event(event(
            "a",
            0,
            0,
            visit("one", "", EncounterStatus::InProgress, None),
        ));
        gathering.event(event("b", 1, 1, merge(MergeRole::Retired, "a")));
        gathering.event(event("a", 1, 1, merge(MergeRole::Survivor, "b")));
        gathering.event(event("c", 2, 2, merge(MergeRole::Retired, "b")));
        let histories = gathering.finish(|_| None);
        assert_eq!(histories.len(), 1);
        assert_eq!(histories[0].events.len(), 4);
        assert_eq!(histories[0].patient, key("a"));
    }

    #[test]
    fn a_stay_has_what_set_in_first_within_it() {
        let mut history = History {
            patient: key("a"),
            events: Vec::new(),
            stays: Vec::new(),
        };
        for (began, ended) in [(0, 10), (20, 30)] {
            history.stays.push(Stay {
                units: Vec::new(),
                began: at(began),
                ended: at(ended),
                admitted: None,
                outcome: Outcome::Unknown,
                minutes_east: None,
            });
        }
        history.label(&[at(25), at(22), at(40)]);
        let outcomes: Vec<Outcome> = history.stays.iter().map(|stay| stay.outcome).collect();
        assert_eq!(outcomes, [Outcome::Without, Outcome::Onset(at(22))]);
    }
}
