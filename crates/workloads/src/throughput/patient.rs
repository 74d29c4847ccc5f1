//! One patient's visits: what is said of them, what their boards are told, and what is found of their clocks.

mod finding;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::{
    Event, EventId, EventTime, Fact, Finding, FindingId, PatientKey, ReceivedTime, VisitState,
    resource_hash,
};

use super::clock::Clock;
use super::course::{Course, Heard};
use super::department::Department;
use super::sign::{Sign, SignRule, signs};
use super::standing::Standing;
use crate::{DecodeError, Now};

/// So long after it was spoken of last a visit is given up: what is said of it then begins anew.
pub(super) const KEEP: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The most visits of a patient that are kept; beyond it the one that was spoken of longest ago goes.
pub(super) const MAX_COURSES: usize = 32;
/// The most that is kept of what observations and orders said of a patient; beyond it what was first goes.
pub(super) const MAX_SIGNS: usize = 128;

/// What concludes from one patient's visits.
#[derive(Clone, Debug)]
pub struct Emergency {
    department: Department,
}

/// What is kept of one patient between two inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientState {
    pub(super) courses: BTreeMap<u64, Course>,
    /// In the order of their own times.
    pub(super) signs: Vec<Sign>,
    /// What boards were told.
    pub(super) told: BTreeMap<u64, Told>,
    /// What was found of clocks.
    pub(super) lines: Vec<Line>,
    /// The identity that took this one over.
    pub(super) retired: Option<PatientKey>,
}

/// What a board was told of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) unit: Box<str>,
    /// A hash of what was told.
    pub(super) digest: u64,
    /// When that could be known.
    pub(super) known: ReceivedTime,
}

/// One line of revisions, as it was published last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) visit: u64,
    pub(super) clock: Clock,
    pub(super) as_of: EventTime,
    pub(super) revision: u32,
    pub(super) finding: FindingId,
    /// A hash of what it says.
    pub(super) digest: u64,
    pub(super) asserted: bool,
    /// Whether it says that its clock stopped.
    pub(super) is_end: bool,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// By an Encounter, of its visit.
    Visit(Heard, VisitState),
    /// By an observation or order: all that its newest version says.
    Signs {
        /// A hash of its id.
        resource: u64,
        /// When this version reached us.
        known: ReceivedTime,
        /// The event that brought it.
        event: EventId,
        /// What it says.
        signs: Vec<Sign>,
    },
}

/// What follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// How visits stand now.
    pub standings: Vec<Standing>,
    /// The visits that are on a board no more: the unit, and how each stands.
    pub gone: Vec<(Box<str>, Standing)>,
    /// What is found of clocks.
    pub findings: Vec<Finding>,
    /// When to look again.
    pub wake: Option<EventTime>,
}

impl Input {
    /// Takes what an observation or order says; nothing of what is neither.
    pub fn of(rules: &[SignRule], event: &Event) -> Option<Self> {
        let resource = match &event.fact {
            Fact::Observation(found) => &found.resource,
            Fact::Order(order) => &order.resource,
            Fact::Problem(_)
            | Fact::Encounter(_)
            | Fact::Person(_)
            | Fact::Merge(_)
            | Fact::Handover { .. } => {
                return None;
            }
        };
        Some(Self::Signs {
            resource: resource_hash(resource),
            known: event.received,
            event: event.id,
            signs: signs(rules, event),
        })
    }
}

impl PatientState {
    /// Gives the identity that took this one over.
    pub fn survivor(&self) -> Option<PatientKey> {
        self.retired
    }

    /// Says whether an input changes anything.
    pub fn concerns(&self, input: &Input) -> bool {
        match input {
            Input::Visit(..) => true,
            Input::Signs {
                resource, signs, ..
            } => !signs.is_empty() || self.signs.iter().any(|sign| sign.resource == *resource),
        }
    }

    /// Takes in what was said, and says whether that is news.
    pub fn take(&mut self, input: Input) -> bool {
        match input {
            Input::Visit(heard, state) => {
                let is_news = self
                    .courses
                    .entry(state.visit)
                    .or_default()
                    .take(heard, state);
                self.forget_first();
                is_news
            }
            Input::Signs {
                resource,
                known,
                event,
                signs,
            } => {
                let mut held = self.signs.iter().filter(|sign| sign.resource == resource);
                if held.any(|held| (held.known, held.event) >= (known, event)) {
                    return false;
                }
                self.signs.retain(|sign| sign.resource != resource);
                self.signs.extend(signs);
                self.sort();
                true
            }
        }
    }

    fn sort(&mut self) {
        self.signs
            .sort_by_key(|sign| (sign.at, sign.resource, sign.says));
        let over = self.signs.len().saturating_sub(MAX_SIGNS);
        self.signs.drain(..over);
    }

    fn forget_first(&mut self) {
        while self.courses.len() > MAX_COURSES {
            let first = self
                .courses
                .iter()
                .min_by_key(|(_, course)| course.newest().copied());
            let Some(visit) = first.map(|(visit, _)| *visit) else {
                return;
            };
            self.forget(visit);
        }
    }

    fn forget(&mut self, visit: u64) {
        self.courses.remove(&visit);
        self.told.remove(&visit);
        self.lines.retain(|line| line.visit != visit);
    }

    /// Gives up visits that were spoken of long ago, and gives the clocks of which something was found and which never stopped.
    fn expire(&mut self, now: EventTime) -> BTreeSet<(u64, Clock)> {
        let old = now.minus(KEEP);
        let is_old = |course: &Course| course.newest().is_none_or(|heard| heard.at <= old);
        let gone = self.courses.iter().filter(|(_, course)| is_old(course));
        let gone: Vec<u64> = gone.map(|(visit, _)| *visit).collect();
        let lines = self.lines.iter();
        let lines = lines.filter(|line| line.asserted && gone.contains(&line.visit));
        let (ended, found): (Vec<&Line>, Vec<&Line>) = lines.partition(|line| line.is_end);
        let clocks = |lines: Vec<&Line>| -> BTreeSet<(u64, Clock)> {
            let lines = lines.into_iter();
            lines.map(|line| (line.visit, line.clock)).collect()
        };
        let (ended, mut left) = (clocks(ended), clocks(found));
        left.retain(|clock| !ended.contains(clock));
        gone.into_iter().for_each(|visit| self.forget(visit));
        self.signs.retain(|sign| sign.at > old);
        left
    }

    /// Gives when the first of what is kept is given up.
    fn expires(&self) -> Option<EventTime> {
        let courses = self
            .courses
            .values()
            .filter_map(|course| Some(course.newest()?.at));
        let signs = self.signs.iter().map(|sign| sign.at);
        courses.chain(signs).min().map(|at| at.plus(KEEP))
    }

    /// Takes in what another identity of the patient knew.
    ///
    /// # Errors
    /// When the bytes are no state.
    pub fn absorb(&mut self, handed: &[u8]) -> Result<(), DecodeError> {
        let other = Self::decode(handed)?;
        for (visit, course) in other.courses {
            let own = self.courses.entry(visit).or_default();
            for (heard, state) in course.told {
                // What was told anew since is newer than what is handed over.
                if !own.has(heard.message) {
                    own.take(heard, state);
                }
            }
            // The other identity may have told its board since: what stands is told again, also where it is the same.
            if let Some(told) = self.told.get_mut(&visit) {
                told.digest = 0;
            }
        }
        self.forget_first();
        for sign in other.signs {
            let same = |held: &Sign| (held.resource, held.says) == (sign.resource, sign.says);
            match self.signs.iter_mut().find(|held| same(held)) {
                Some(held) if (held.known, held.event) >= (sign.known, sign.event) => {}
                Some(held) => *held = sign,
                None => self.signs.push(sign),
            }
        }
        self.sort();
        Ok(())
    }
}

impl Emergency {
    /// Takes what a site says of its departments.
    pub const fn new(department: Department) -> Self {
        Self { department }
    }

    /// Gives what a site says of its departments.
    pub const fn department(&self) -> &Department {
        &self.department
    }

    /// Says what is different from what was told before.
    pub fn conclude(&self, state: &mut PatientState, now: Now, cause: Option<EventId>) -> Effects {
        let mut effects = Effects::default();
        let left = state.expire(now.watermark).into_iter();
        let left = left.map(|(visit, clock)| finding::left(visit, clock, now, cause));
        effects.findings.extend(left);
        let standings: Vec<Standing> = state
            .courses
            .values()
            .map(|course| course.standing(&self.department, &state.signs))
            .collect();
        let mut wakes = Vec::new();
        for standing in standings {
            if self.department.tells {
                finding::publish(
                    &self.department.clocks,
                    state,
                    &standing,
                    now,
                    cause,
                    &mut effects.findings,
                );
                let times = self.department.clocks.iter().filter_map(|rule| {
                    let (began, stopped) = rule.clock.of(&standing.visit)?;
                    // Of a clock that stops later it may still be that it breaches before.
                    let until = stopped.unwrap_or(EventTime::from_micros(i64::MAX));
                    Some(
                        rule.times(began)
                            .map(|(_, at)| at)
                            .into_iter()
                            .chain(stopped)
                            .filter(move |at| *at <= until),
                    )
                });
                wakes.extend(times.flatten().filter(|at| *at > now.watermark));
            }
            tell(state, standing, now.received, &mut effects);
        }
        effects.wake = wakes.into_iter().chain(state.expires()).min();
        effects
    }

    /// Retires an identity that was merged into another: takes back what was found of it, and gives what it knew.
    pub fn retire(
        &self,
        state: &mut PatientState,
        survivor: PatientKey,
        now: Now,
        cause: Option<EventId>,
    ) -> (Vec<Finding>, Vec<u8>) {
        let mut findings = Vec::new();
        for line in &mut state.lines {
            findings.extend(finding::retracted(line, now, cause, "merged"));
        }
        let handed = PatientState {
            courses: std::mem::take(&mut state.courses),
            signs: std::mem::take(&mut state.signs),
            ..PatientState::default()
        };
        let mut bytes = Vec::new();
        handed.encode(&mut bytes);
        *state = PatientState {
            retired: Some(survivor),
            ..PatientState::default()
        };
        (findings, bytes)
    }
}

/// Tells the board of a visit's unit how it stands, where that is news; and the one it was on before that it is there no more.
fn tell(
    state: &mut PatientState,
    mut standing: Standing,
    received: ReceivedTime,
    effects: &mut Effects,
) {
    let visit = standing.key.0;
    let before = state.told.get(&visit);
    // What came late, or was forwarded, was accepted before what was told: it is news all the same.
    standing.known = before.map_or(received, |before| before.known.max(received));
    let is_shown = standing.visit.counts();
    if let Some(before) = before
        && (!is_shown || before.unit != standing.unit)
    {
        effects.gone.push((before.unit.clone(), standing.clone()));
    }
    if !is_shown {
        state.told.remove(&visit);
        return;
    }
    let digest = standing.digest();
    let is_same = |before: &Told| before.digest == digest && before.unit == standing.unit;
    if before.is_some_and(is_same) {
        return;
    }
    let told = Told {
        unit: standing.unit.clone(),
        digest,
        known: standing.known,
    };
    state.told.insert(visit, told);
    effects.standings.push(standing);
}

#[cfg(test)]
mod tests {
    use clinical::{Origin, VisitClass, VisitStatus};

    use super::super::sign::Says;
    use super::*;

    fn visit(number: u64) -> Input {
        let heard = Heard {
            at: EventTime::from_micros(number.cast_signed()),
            said: EventTime::default(),
            known: ReceivedTime::default(),
            event: EventId::default(),
            message: number,
            origin: Origin::default(),
            backfill: false,
            undoes: false,
        };
        let state = VisitState {
            visit: number,
            class: VisitClass::Emergency,
            status: VisitStatus::InProgress,
            start: None,
            end: None,
            places: Vec::new(),
            statuses: Vec::new(),
            classes: Vec::new(),
            disposition: "".into(),
        };
        Input::Visit(heard, state)
    }

    fn sign(number: u64) -> Input {
        let (known, event) = (ReceivedTime::default(), EventId::default());
        let sign = Sign {
            resource: number,
            says: Says::Ventilated,
            at: EventTime::from_micros(number.cast_signed()),
            known,
            event,
            stands: true,
            acuity: None,
        };
        Input::Signs {
            resource: number,
            known,
            event,
            signs: vec![sign],
        }
    }

    #[test]
    fn what_is_handed_over_is_older_than_what_was_told_anew() {
        let told = |status| {
            let Input::Visit(heard, state) = visit(7) else {
                unreachable!("it is a visit");
            };
            let event = EventId::derive(&[format!("{status:?}").as_bytes()]);
            Input::Visit(Heard { event, ..heard }, VisitState { status, ..state })
        };
        let (mut own, mut other) = (PatientState::default(), PatientState::default());
        own.take(told(VisitStatus::Finished));
        other.take(told(VisitStatus::InProgress));
        let mut handed = Vec::new();
        other.encode(&mut handed);
        let before = own.clone();
        own.absorb(&handed).expect("it was encoded");
        assert_eq!(own.courses, before.courses);
    }

    #[test]
    fn of_a_patient_so_much_is_kept_and_what_is_oldest_goes() {
        for (most, input) in [(MAX_COURSES, visit as fn(u64) -> Input), (MAX_SIGNS, sign)] {
            for count in [most - 1, most, most + 1] {
                let mut state = PatientState::default();
                for number in 0..count as u64 {
                    assert!(state.take(input(number)));
                }
                let kept: Vec<u64> = match input(0) {
                    Input::Visit(..) => state.courses.keys().copied().collect(),
                    Input::Signs { .. } => state.signs.iter().map(|sign| sign.resource).collect(),
                };
                assert_eq!(kept.len(), count.min(most));
                assert_eq!(kept.first(), Some(&u64::from(count > most)));
                assert!(!state.take(input(count as u64 - 1)), "it is known");
            }
        }
    }

    #[test]
    fn what_is_not_spoken_of_for_a_week_is_given_up() {
        let emergency = Emergency::new(Department::default());
        let mut state = PatientState::default();
        state.take(visit(0));
        let now = |at: Duration| Now {
            watermark: EventTime::default().plus(at),
            received: ReceivedTime::default(),
            patient: PatientKey::default(),
        };
        let almost = KEEP - Duration::from_micros(1);
        let effects = emergency.conclude(&mut state, now(almost), None);
        assert_eq!(effects.wake, Some(EventTime::default().plus(KEEP)));
        assert_eq!(state.courses.len(), 1);
        assert_eq!(emergency.conclude(&mut state, now(KEEP), None).wake, None);
        assert_eq!(state, PatientState::default());
    }
}
