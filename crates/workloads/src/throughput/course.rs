//! The course of a visit: all that Encounters said of it, and the milestones that follow from that.
//!
//! Most feeds say where a patient is now and nothing of before, so a milestone is when a state was first heard of. All
//! that was said is kept in the order of its own times: what is called off or put right is then no milestone any more,
//! and the order of arrival decides nothing.

use std::collections::BTreeSet;

use clinical::{
    EventId, EventTime, Origin, Presence, ReceivedTime, VisitClass, VisitState, VisitStatus,
};

use super::department::{Department, NO_UNIT, unit_of, within};
use super::sign::{Says, Sign};
use super::standing::Standing;
use super::visit::{Disposition, Milestone, Said, Visit, VisitKey};

/// The most that is kept of what was said of one visit; beyond it what came second goes: the first says when it began.
pub const MAX_SNAPSHOTS: usize = 256;

/// When something was said, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heard {
    /// When it was so.
    pub at: EventTime,
    /// When its sender said so.
    pub said: EventTime,
    /// When it reached us.
    pub known: ReceivedTime,
    /// The event that said so.
    pub event: EventId,
    /// What names the message that said so: what it says anew replaces what it said before.
    pub message: u64,
    /// Where the patient stream keeps that event.
    pub origin: Origin,
    /// Whether it is history that was loaded, and no news.
    pub backfill: bool,
    /// Whether it says that the last change of place never took place.
    pub undoes: bool,
}

/// All that was said of a visit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// In the order of their own times.
    pub(super) told: Vec<(Heard, VisitState)>,
}

/// A place of a visit, and when the patient was there.
struct Stop<'a> {
    place: &'a str,
    from: EventTime,
    to: Option<EventTime>,
    /// Whether who said that they came named the place before as left.
    names_before: bool,
}

/// When a patient came to the department and left it.
struct Span {
    arrival: Option<EventTime>,
    departure: Option<EventTime>,
    /// Whether it was left for another place of the visit.
    is_move: bool,
}

impl Span {
    fn holds(&self, at: EventTime) -> bool {
        self.arrival.is_some_and(|came| came <= at) && self.departure.is_none_or(|left| at <= left)
    }
}

impl Course {
    /// Takes in what was said, and says whether that is news.
    pub fn take(&mut self, heard: Heard, state: VisitState) -> bool {
        let order = |heard: &Heard| (heard.at, heard.said, heard.known, heard.event);
        let found = self
            .told
            .binary_search_by_key(&order(&heard), |(heard, _)| order(heard));
        if found.is_ok() {
            return false;
        }
        self.told.retain(|(old, _)| old.message != heard.message);
        let later = |(old, _): &(Heard, VisitState)| order(old) < order(&heard);
        let place = self.told.partition_point(later);
        self.told.insert(place, (heard, state));
        if self.told.len() > MAX_SNAPSHOTS {
            self.told.remove(1);
        }
        true
    }

    /// Says whether it was told of by a message.
    pub(super) fn has(&self, message: u64) -> bool {
        self.told.iter().any(|(heard, _)| heard.message == message)
    }

    /// Gives when it was last spoken of, by its own time.
    pub fn newest(&self) -> Option<&Heard> {
        self.told.last().map(|(heard, _)| heard)
    }

    /// Says whether all that is known of it is history that was loaded.
    pub(super) fn is_backfill(&self) -> bool {
        self.told.iter().all(|(heard, _)| heard.backfill)
    }

    fn latest(&self) -> Option<&VisitState> {
        self.told.last().map(|(_, state)| state)
    }

    /// Gives how the visit stands: its milestones by what was said of it and of the patient meanwhile.
    pub fn standing(&self, department: &Department, signs: &[Sign]) -> Standing {
        let stops = self.stops();
        let home = self.home(department, &stops);
        let is_home = |stop: &&Stop<'_>| home.contains(unit_of(stop.place));
        let last = stops.iter().rfind(is_home);
        // Where the site names its departments, a patient can go from one to another.
        let counted = match department.units.is_empty() {
            true => stops.iter().find(is_home),
            false => last,
        };
        let unit = counted.map_or(NO_UNIT, |stop| unit_of(stop.place));
        let mut standing = Standing {
            key: VisitKey(self.latest().map_or(0, |state| state.visit)),
            unit: unit.into(),
            place: last
                .map(|stop| within(stop.place))
                .unwrap_or_default()
                .into(),
            is_waiting: last.is_none_or(|stop| department.is_waiting(stop.place)),
            acuity: None,
            known: ReceivedTime::default(),
            visit: Visit::default(),
        };
        let is_there = department.units.is_empty() || last.is_some();
        let Some(latest) = self.latest().filter(|_| is_there && self.is_emergency()) else {
            return standing;
        };
        let span = self.span(latest, &stops, &is_home);
        let held: Vec<&Sign> = signs
            .iter()
            .filter(|sign| sign.stands && span.holds(sign.at))
            .collect();
        let room = stops.iter().filter(is_home);
        let room = room.clone().find(|stop| !department.is_waiting(stop.place));
        standing.acuity = held.iter().rev().find_map(|sign| sign.acuity);
        let reached = self.reached(&span, room.map(|stop| stop.from), &held);
        let (admitted, observed) = self.classes();
        let is_admitted = admitted.is_some_and(|at| span.holds(at));
        let ended = match span.is_move && is_admitted {
            true => Some(Disposition::Admitted),
            false => department.ended(&latest.disposition),
        };
        let said = reached.into_iter().chain([
            Said::Disposition(ended.filter(|_| span.departure.is_some())),
            Said::Unit(unit.into()),
            Said::Observation(observed.is_some_and(|at| span.holds(at))),
            Said::Ventilated(held.iter().any(|sign| sign.says == Says::Ventilated)),
            Said::Cancelled(matches!(
                latest.status,
                VisitStatus::Cancelled | VisitStatus::Planned
            )),
        ]);
        standing.visit = Visit::of(said);
        standing
    }

    /// Says whether it is a visit to an emergency department: it was one at some time, and was not put right to be none.
    fn is_emergency(&self) -> bool {
        let emergency = VisitClass::Emergency;
        let was = self.told.iter().any(|(_, state)| {
            state.class == emergency || state.classes.iter().any(|(class, _)| *class == emergency)
        });
        was && self
            .latest()
            .is_some_and(|state| state.class != VisitClass::Other)
    }

    /// Gives the units that are the department.
    fn home<'a>(&'a self, department: &'a Department, stops: &[Stop<'a>]) -> BTreeSet<&'a str> {
        if !department.units.is_empty() {
            return department.units.iter().map(|unit| &**unit).collect();
        }
        let is_stated = stops.iter().any(|stop| stop.to.is_some());
        let mut emergency = self.told.iter();
        let emergency = emergency
            .find(|(_, state)| state.class == VisitClass::Emergency && state.here().is_some());
        let here = emergency.and_then(|(_, state)| Some(unit_of(&state.here()?.words)));
        let first = stops.first().map(|stop| unit_of(stop.place));
        here.filter(|_| !is_stated).or(first).into_iter().collect()
    }

    /// Gives where the patient was, one place after the other: by the times that the newest version gives, where it gives
    /// some, and otherwise by when each was first heard of.
    fn stops(&self) -> Vec<Stop<'_>> {
        let places = self
            .latest()
            .map(|state| &*state.places)
            .unwrap_or_default();
        let mut stated: Vec<Stop<'_>> = places
            .iter()
            .filter(|place| place.presence != Presence::Kept)
            .filter_map(|place| {
                let from = place.from?;
                Some(Stop {
                    place: &place.words,
                    from,
                    to: place.to,
                    names_before: false,
                })
            })
            .collect();
        let here = self.latest().and_then(VisitState::here);
        if stated.is_empty() || here.is_some_and(|here| here.from.is_none()) {
            return self.stops_as_heard();
        }
        stated.sort_by_key(|stop| (stop.from, stop.to));
        stated
    }

    fn stops_as_heard(&self) -> Vec<Stop<'_>> {
        let mut stops: Vec<Stop<'_>> = Vec::new();
        for (heard, state) in &self.told {
            let Some(here) = state.here() else {
                continue;
            };
            let Some(last) = stops.last() else {
                // Whoever is heard of first has been where they are since they came, as far as nobody names another place.
                let came = self.came().map_or(heard.at, |came| came.min(heard.at));
                let before = left_for(state, &here.words);
                let from = if before.is_some() { heard.at } else { came };
                let first = before.map(|place| (place, came)).into_iter();
                let all = first.chain([(&*here.words, from)]);
                stops.extend(all.map(|(place, from)| Stop {
                    place,
                    from,
                    to: None,
                    names_before: before.is_some(),
                }));
                continue;
            };
            if last.place == &*here.words {
                continue;
            }
            let mut next = Stop {
                place: &here.words,
                from: heard.at,
                to: None,
                names_before: false,
            };
            if heard.undoes {
                next.from = last.from;
                stops.pop();
                let is_back = stops.last().is_some_and(|last| last.place == next.place);
                stops.extend((!is_back).then_some(next));
                continue;
            }
            // A move that was called off leaves no trace in what is said next; one back names the place that was left, where
            // whoever says so names such places.
            let is_left = |words: &str| {
                let mut places = state.places.iter();
                places.any(|place| place.presence == Presence::Left && &*place.words == words)
            };
            let before = stops
                .len()
                .checked_sub(2)
                .and_then(|place| stops.get(place));
            let is_back = before.is_some_and(|before| before.place == next.place);
            next.names_before = is_left(last.place);
            if is_back && last.names_before && !next.names_before {
                stops.pop();
            } else {
                stops.push(next);
            }
        }
        stops
    }

    /// Gives when the patient came, as the newest version has it, or else as the first.
    fn came(&self) -> Option<EventTime> {
        let latest = self.latest()?;
        let mut began = self.told.iter();
        let began = began
            .next()
            .map(|(heard, state)| state.start.unwrap_or(heard.at));
        let came = stated(&latest.statuses, VisitStatus::Arrived);
        came.or(latest.start).or(began)
    }

    /// Gives when the patient came to the department and left it.
    fn span(
        &self,
        latest: &VisitState,
        stops: &[Stop<'_>],
        is_home: &impl Fn(&&Stop<'_>) -> bool,
    ) -> Span {
        // Where places have times, the department's own says when the patient came.
        let has_times = latest.places.iter().any(|place| place.from.is_some());
        let first = stops.iter().find(is_home).filter(|_| has_times);
        let moved = left(stops, is_home);
        let departure = moved.into_iter().chain(self.ended()).min();
        Span {
            arrival: first.map(|stop| stop.from).or(self.came()),
            departure,
            is_move: departure.is_some() && departure == moved,
        }
    }

    fn reached(
        &self,
        span: &Span,
        room: Option<EventTime>,
        signs: &[&Sign],
    ) -> impl Iterator<Item = Said> + use<> {
        let of_signs = signs.iter().filter_map(|sign| match sign.says {
            Says::Reached(milestone) => Some((milestone, sign.at)),
            Says::Ventilated => None,
        });
        let within = [
            (Milestone::Triage, self.triaged()),
            (Milestone::Provider, self.begun()),
            (Milestone::Admission, self.classes().0),
            (Milestone::BedAssigned, self.kept()),
        ];
        let within = within
            .into_iter()
            .map(|(milestone, at)| (milestone, at.filter(|at| span.holds(*at))));
        let all: Vec<(Milestone, EventTime)> = [
            (Milestone::Arrival, span.arrival),
            (Milestone::Room, room),
            (Milestone::Departure, span.departure),
        ]
        .into_iter()
        .chain(within)
        .filter_map(|(milestone, at)| Some((milestone, at?)))
        .chain(of_signs)
        .collect();
        Milestone::ALL.into_iter().map(move |wanted| {
            let of = all.iter().filter(|(milestone, _)| *milestone == wanted);
            Said::Reached(wanted, of.map(|(_, at)| *at).min())
        })
    }

    /// Gives when the visit was over, unless it goes on after all.
    fn ended(&self) -> Option<EventTime> {
        let latest = self.latest()?;
        let finished = (latest.status == VisitStatus::Finished).then(|| {
            let run = self.told.iter().rev();
            let run = run.take_while(|(_, state)| state.status == VisitStatus::Finished);
            run.last().map(|(heard, _)| heard.at)
        });
        latest.end.or(finished.flatten())
    }

    /// Gives when urgency was judged, by the visit's own status.
    fn triaged(&self) -> Option<EventTime> {
        let stated = stated(&self.latest()?.statuses, VisitStatus::Triaged);
        let mut heard = self
            .told
            .iter()
            .filter(|(_, state)| state.status == VisitStatus::Triaged);
        stated.or_else(|| heard.next().map(|(heard, _)| heard.at))
    }

    /// Gives when treatment began, where the visit's status tells being there from that.
    fn begun(&self) -> Option<EventTime> {
        let is_before =
            |status: VisitStatus| matches!(status, VisitStatus::Arrived | VisitStatus::Triaged);
        let statuses = &self.latest()?.statuses;
        if statuses.iter().any(|(status, _)| is_before(*status)) {
            return stated(statuses, VisitStatus::InProgress);
        }
        let waited = self
            .told
            .iter()
            .rposition(|(_, state)| is_before(state.status))?;
        let mut after = self.told.iter().skip(waited + 1);
        let begun = after.find(|(_, state)| state.status == VisitStatus::InProgress);
        begun.map(|(heard, _)| heard.at)
    }

    /// Gives since when the patient is an inpatient, and since when kept for observation, unless called off.
    fn classes(&self) -> (Option<EventTime>, Option<EventTime>) {
        let (mut admitted, mut observed) = (None, None);
        for (heard, state) in &self.told {
            match state.class {
                VisitClass::Emergency | VisitClass::Other => (admitted, observed) = (None, None),
                VisitClass::Inpatient => admitted = admitted.or(Some(heard.at)),
                VisitClass::Observation => observed = observed.or(Some(heard.at)),
            }
        }
        let classes = self
            .latest()
            .map(|state| &*state.classes)
            .unwrap_or_default();
        let stated = |class| stated(classes, class);
        (
            stated(VisitClass::Inpatient).or(admitted),
            stated(VisitClass::Observation).or(observed),
        )
    }

    /// Gives since when a place is kept for the patient, as far as it still is or was taken.
    fn kept(&self) -> Option<EventTime> {
        let is_kept = |state: &VisitState| {
            let mut places = state.places.iter();
            places.any(|place| place.presence == Presence::Kept)
        };
        let last = self.told.iter().rposition(|(_, state)| is_kept(state))?;
        let run = self
            .told
            .iter()
            .take(last + 1)
            .rev()
            .take_while(|(_, state)| is_kept(state));
        let first = run.last().map(|(heard, _)| heard.at);
        let follows = self.told.get(last + 1);
        let is_taken = follows.is_none_or(|(_, state)| {
            let words = state.here().map(|place| &place.words);
            let kept = self.told.get(last).map(|(_, state)| &state.places);
            let mut kept = kept.into_iter().flatten();
            kept.any(|place| place.presence == Presence::Kept && Some(&place.words) == words)
        });
        first.filter(|_| is_taken)
    }
}

/// Gives since when something first held, where the source says so.
fn stated<T: PartialEq>(history: &[(T, EventTime)], wanted: T) -> Option<EventTime> {
    let of = history.iter().filter(|(held, _)| *held == wanted);
    of.map(|(_, at)| *at).min()
}

/// Gives the place in the same unit that was left for another one, where the source names it.
fn left_for<'a>(state: &'a VisitState, here: &str) -> Option<&'a str> {
    let mut places = state.places.iter();
    let left = places.find(|place| {
        let is_other = &*place.words != here && unit_of(&place.words) == unit_of(here);
        place.presence == Presence::Left && is_other
    });
    left.map(|place| &*place.words)
}

/// Gives when the patient left the department for another place of the visit, unless they are back.
fn left(stops: &[Stop<'_>], is_home: &impl Fn(&&Stop<'_>) -> bool) -> Option<EventTime> {
    let last = stops.iter().rposition(|stop| is_home(&stop))?;
    let home = stops.get(last)?;
    home.to
        .or_else(|| stops.get(last + 1).map(|stop| stop.from))
}
