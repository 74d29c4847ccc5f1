//! The same workloads and the same alert policy as live, over facts in the order in which they were known.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use alerts::{Alerts, Policy};
use clinical::{
    AlertId, Event, EventId, EventTime, Fact, Finding, FindingState, PatientKey, ReceivedTime,
    Severity,
};
use workloads::{Config, Input, Now, State, Workload, Workloads};

use crate::History;
use crate::gather::moment;

/// What a workload would have raised for a patient.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The alerts, in the order in which they were raised.
    pub alerts: Vec<Open>,
    /// How many findings were published, revisions and retractions included.
    pub findings: u64,
    /// How many of them revised or retracted what had been said.
    pub revisions: u64,
    /// How many facts came too late to be used.
    pub late: u64,
    /// How many findings reached the threshold and were held back by the policy.
    pub suppressed: u64,
    /// What was given at which time, where the workload gives probabilities.
    pub probabilities: Vec<(EventTime, f64)>,
}

/// An alert from when it was raised until it was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// When it was raised.
    pub from: ReceivedTime,
    /// When it was over; nothing where it still was open in the end.
    pub until: Option<ReceivedTime>,
    /// The clinical time that it was raised for.
    pub as_of: EventTime,
    /// How much it mattered when it was raised.
    pub severity: Severity,
    /// How often it changed afterwards.
    pub changes: u64,
}

/// Why history could not be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A workload could not use a fact.
    #[error(transparent)]
    Workload(#[from] workloads::StepError),
    /// The alert policy could not use a finding.
    #[error(transparent)]
    Alert(#[from] alerts::StepError),
}

/// A patient as workload and policy know them.
#[derive(Clone, Default)]
struct Known {
    state: State,
    alerts: alerts::State,
    places: BTreeMap<AlertId, usize>,
    course: Course,
}

/// Which of the two set a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Station {
    Workload,
    Alerts,
}

/// A timer by whom it is for, who set it, and its tag.
type Timer = (PatientKey, Station, Vec<u8>);

/// What of a workload stands, by whom and what it is about and the time it speaks of.
pub(crate) type Standing = BTreeMap<(PatientKey, Box<str>, EventTime), Finding>;

/// Plays histories to one workload, as a site has set it, behind an alert policy.
pub struct Player {
    workload: &'static Workload,
    workloads: Workloads,
    alerts: Alerts,
    raise_at: Severity,
}

impl Player {
    /// Takes the site's settings; of the workloads only this one runs, and those it rests on.
    pub fn new(workload: &'static Workload, settings: Config, policy: Policy) -> Self {
        let mut settings = Config {
            running: BTreeSet::new(),
            ..settings
        };
        settings.start(workload);
        Self {
            workload,
            workloads: Workloads::new(settings),
            raise_at: policy.raise_at,
            alerts: Alerts::new(policy),
        }
    }

    /// Plays a history and gives what would have been raised.
    ///
    /// # Errors
    /// When something of it cannot be used.
    pub fn play(&self, history: &History) -> Result<Course, Error> {
        let mut course = Course::default();
        for known in self.replayed(history)?.patients.into_values() {
            course.add(known.course);
        }
        course.alerts.sort_by_key(|alert| alert.from);
        Ok(course)
    }

    /// Plays a history and gives since when the workload says in the end that it was so: the times of the findings that
    /// stand after all revisions and are grave enough to raise an alert.
    ///
    /// # Errors
    /// When something of it cannot be used.
    pub fn onsets(&self, history: &History) -> Result<Vec<EventTime>, Error> {
        let standing = self.replayed(history)?.standing;
        let grave = standing.into_values().filter(|finding| {
            finding.severity >= self.raise_at && finding.severity > Severity::None
        });
        let onsets: BTreeSet<EventTime> = grave.map(|finding| finding.as_of).collect();
        Ok(onsets.into_iter().collect())
    }

    fn replayed(&self, history: &History) -> Result<Replay<'_>, Error> {
        let mut replay = Replay::new(self);
        for moment in history
            .events
            .chunk_by(|one, next| one.received == next.received)
        {
            replay.take(moment)?;
        }
        let ended = history.stays.iter().map(|stay| stay.ended).max();
        let known = history.events.last().map(|event| moment(event.received));
        if let Some(end) = ended.max(known) {
            replay.pass(ReceivedTime::from_micros(end.micros()))?;
        }
        Ok(replay)
    }
}

impl Course {
    fn add(&mut self, other: Self) {
        self.alerts.extend(other.alerts);
        self.findings += other.findings;
        self.revisions += other.revisions;
        self.late += other.late;
        self.suppressed += other.suppressed;
    }
}

/// One history on its way.
#[derive(Clone)]
pub(crate) struct Replay<'p> {
    player: &'p Player,
    patients: BTreeMap<PatientKey, Known>,
    pub(crate) standing: Standing,
    /// The events with values that could not be used.
    pub(crate) unusable: BTreeSet<EventId>,
    timers: BTreeMap<Timer, EventTime>,
    due: BTreeSet<(EventTime, Timer)>,
    watermark: EventTime,
}

impl<'p> Replay<'p> {
    /// Starts with nothing known.
    pub(crate) fn new(player: &'p Player) -> Self {
        Self {
            player,
            patients: BTreeMap::new(),
            standing: Standing::new(),
            unusable: BTreeSet::new(),
            timers: BTreeMap::new(),
            due: BTreeSet::new(),
            watermark: EventTime::from_micros(i64::MIN),
        }
    }

    /// Takes in what became known at one moment, all of it together.
    pub(crate) fn take(&mut self, events: &[Event]) -> Result<(), Error> {
        for (number, event) in (1..).zip(events) {
            // What is charted ahead of its time does not move time on.
            let reached = event
                .at
                .min(EventTime::from_micros(event.received.micros()));
            self.advance(reached, event.received)?;
            let next = events.get(number);
            let is_part = next.is_some_and(|next| next.patient == event.patient);
            self.receive(event.clone(), is_part)?;
        }
        Ok(())
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, until: ReceivedTime) -> Result<(), Error> {
        self.advance(EventTime::from_micros(until.micros()), until)
    }

    /// Takes an event in, and what a merge makes of it.
    fn receive(&mut self, event: Event, is_part: bool) -> Result<(), Error> {
        let mut queue = VecDeque::from([(event, is_part)]);
        while let Some((event, is_part)) = queue.pop_front() {
            let input = if is_part {
                Input::Part(&event)
            } else {
                Input::Event(&event)
            };
            let effects = self.work(event.patient, input, event.received)?;
            if let Some(patient) = effects.forward_to {
                queue.push_back((
                    Event {
                        patient,
                        ..event.clone()
                    },
                    is_part,
                ));
            }
            for (patient, state) in effects.handover {
                let handover = Event {
                    id: EventId::derive(&[b"handover", event.id.as_bytes()]),
                    patient,
                    fact: Fact::Handover {
                        from: event.patient,
                        state: state.into(),
                    },
                    ..event.clone()
                };
                queue.push_back((handover, false));
            }
        }
        Ok(())
    }

    fn advance(&mut self, to: EventTime, received: ReceivedTime) -> Result<(), Error> {
        self.watermark = self.watermark.max(to);
        while let Some((at, timer)) = self
            .due
            .first()
            .filter(|(at, _)| *at <= self.watermark)
            .cloned()
        {
            self.set(timer.clone(), None);
            let (patient, station, tag) = timer;
            match station {
                Station::Workload => {
                    self.work(patient, Input::Timer { tag: &tag, at }, received)?;
                }
                Station::Alerts => {
                    self.tell(patient, alerts::Input::Timer { tag: &tag, at }, received)?;
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, timer: Timer, at: Option<EventTime>) {
        let before = match at {
            Some(at) => self.timers.insert(timer.clone(), at),
            None => self.timers.remove(&timer),
        };
        if let Some(before) = before {
            self.due.remove(&(before, timer.clone()));
        }
        if let Some(at) = at {
            self.due.insert((at, timer));
        }
    }

    /// Lets the workload take a step, and the policy what it concludes.
    fn work(
        &mut self,
        patient: PatientKey,
        input: Input<'_>,
        received: ReceivedTime,
    ) -> Result<workloads::Effects, Error> {
        let mut effects = workloads::Effects::default();
        let known = self.patients.entry(patient).or_default();
        let now = Now {
            watermark: self.watermark,
            received,
            patient,
        };
        self.player
            .workloads
            .step(&mut known.state, input, now, &mut effects)?;
        known.course.late += u64::from(!effects.late_for.is_empty());
        self.unusable
            .extend(effects.quality.iter().map(|issue| issue.event));
        for (tag, at) in std::mem::take(&mut effects.timers) {
            self.set((patient, Station::Workload, tag), at);
        }
        for finding in std::mem::take(&mut effects.findings) {
            if *finding.workload == *self.player.workload.name {
                self.conclude(&finding, received)?;
            }
        }
        Ok(effects)
    }

    fn conclude(&mut self, finding: &Finding, received: ReceivedTime) -> Result<(), Error> {
        let course = &mut self.patients.entry(finding.patient).or_default().course;
        let is_retracted = matches!(finding.state, FindingState::Retracted(_));
        course.findings += 1;
        course.revisions += u64::from(finding.revision > 1 || is_retracted);
        let line = (finding.patient, finding.condition.clone(), finding.as_of);
        match is_retracted {
            true => self.standing.remove(&line),
            false => self.standing.insert(line, finding.clone()),
        };
        self.tell(finding.patient, alerts::Input::Finding(finding), received)
    }

    fn tell(
        &mut self,
        patient: PatientKey,
        input: alerts::Input<'_>,
        received: ReceivedTime,
    ) -> Result<(), Error> {
        let mut effects = alerts::Effects::default();
        let known = self.patients.entry(patient).or_default();
        let now = alerts::Now {
            watermark: self.watermark,
            received,
            patient,
        };
        self.player
            .alerts
            .step(&mut known.alerts, input, now, &mut effects)?;
        known.course.suppressed += effects.suppressed.len() as u64;
        for alert in &effects.alerts {
            let is_over = !alert.state.is_active();
            let open = known
                .places
                .get(&alert.id)
                .and_then(|place| known.course.alerts.get_mut(*place));
            match open {
                Some(open) => {
                    open.changes += 1;
                    open.until = is_over.then_some(received);
                }
                // What was over when it was first told of woke nobody.
                None if is_over => {}
                None => {
                    known.places.insert(alert.id, known.course.alerts.len());
                    known.course.alerts.push(Open {
                        from: received,
                        until: None,
                        as_of: alert.as_of,
                        severity: alert.severity,
                        changes: 0,
                    });
                }
            }
        }
        for (tag, at) in effects.timers {
            self.set((patient, Station::Alerts, tag), at);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use workloads::WORKLOADS;

    use super::*;
    use crate::physionet::Stays;

    const HEADER: &str = "pid,HR,O2Sat,Temp,SBP,MAP,DBP,Resp,FiO2,pH,PaCO2,HCO3,Creatinine,Bilirubin_total,Platelets,WBC,Lactate,Potassium,Glucose,Calcium,Magnesium,Hgb,Hct,PTT,Fibrinogen,Age,Gender,Unit1,Unit2,ICULOS,SepsisLabel";

    /// A stay of these hours, each with pulse, saturation, temperature, pressure and breaths.
    fn history(hours: &[&str]) -> History {
        let rows = hours.iter().zip(1..).map(|(vitals, hour)| {
            let [pulse, saturation, temperature, pressure, breaths] =
                vitals.split(' ').collect::<Vec<_>>().try_into().unwrap();
            format!(
                "a,{pulse},{saturation},{temperature},{pressure},,,{breaths},{},70,1,,,{hour},0",
                ",".repeat(16)
            )
        });
        let mut stays = Stays::default();
        for (row, number) in std::iter::once(HEADER.to_owned()).chain(rows).zip(1..) {
            let fields = row.split(',').map(Box::from).collect();
            assert!(stays.take(number, fields).unwrap().is_none());
        }
        stays.finish().unwrap().unwrap()
    }

    fn raised(name: &str, hours: &[&str]) -> Vec<i64> {
        let workload = WORKLOADS
            .iter()
            .find(|workload| workload.name == name)
            .unwrap();
        let history = history(hours);
        let player = Player::new(workload, Config::default(), Policy::default());
        let course = player.play(&history).unwrap();
        let began = history.stays[0].began.micros();
        let hour = |alert: &Open| (alert.from.micros() - began) / 3_600_000_000;
        course.alerts.iter().map(hour).collect()
    }

    const WELL: &str = "80 97 37.0 120 16";
    const ILL: &str = "135 88 39.5 85 28";

    #[test]
    fn an_alert_is_raised_when_its_values_are_known_and_never_before() {
        assert_eq!(raised("critical-results", &[WELL, WELL]), [0; 0]);
        assert_eq!(raised("deterioration", &[WELL, WELL, ILL, ILL]), [3]);
        // What comes afterwards changes nothing of what was raised.
        let more = [WELL, WELL, ILL, ILL, WELL, WELL, WELL];
        assert_eq!(raised("deterioration", &more), [3]);
    }

    #[test]
    fn one_workload_is_played_and_no_other() {
        assert_eq!(raised("critical-results", &[ILL, ILL]), [0; 0]);
    }

    #[test]
    fn what_stands_in_the_end_says_since_when_it_was_so() {
        let workload = WORKLOADS.iter().find(|one| one.name == "deterioration");
        let player = Player::new(workload.unwrap(), Config::default(), Policy::default());
        let history = history(&[WELL, WELL, ILL, ILL, WELL]);
        let began = history.stays[0].began.micros();
        let onsets = player.onsets(&history).unwrap();
        let hours = onsets
            .iter()
            .map(|at| (at.micros() - began) / 3_600_000_000);
        assert_eq!(hours.collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn what_a_site_has_set_decides() {
        let workload = WORKLOADS.iter().find(|one| one.name == "deterioration");
        let mut settings = Config::default();
        settings.deterioration.least_age_years = 90;
        let player = Player::new(workload.unwrap(), settings, Policy::default());
        let course = player.play(&history(&[ILL, ILL])).unwrap();
        assert_eq!(course.alerts, []);
    }
}
