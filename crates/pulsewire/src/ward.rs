//! The simulated ward of the demonstration: patients with bodies, people who chart, a laboratory, and what goes wrong.
//!
//! It is pure: the same seed and start give the same bytes. What is to happen waits in one list in the order of time;
//! whatever happens puts what follows from it on the list.

mod admission;

mod charting;

mod laboratory;

mod crises;

mod mishaps;

mod opening;

mod emergency;

mod messages;

mod patient;

mod physiology;

mod chance;

use std::collections::BTreeMap;

use clinical::EventTime;

use chance::Chance;
use messages::{Heading, Report, Sender};
use patient::{Bed, Patient, Unit};

/// A sending system, with a connection of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Feed {
    /// Who is where.
    Adt,
    /// What the laboratory finds.
    Laboratory,
    /// What monitors measure and nurses chart.
    Monitors,
}

impl Feed {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Adt, Self::Laboratory, Self::Monitors];
}

/// A message, and when its sender sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// When the sender sends it.
    pub(crate) at: EventTime,
    /// Which sender.
    pub(crate) feed: Feed,
    /// The message, not framed.
    pub(crate) bytes: Vec<u8>,
}

/// The ward.
#[derive(Debug)]
pub(crate) struct Ward {
    chance: Chance,
    patients: Vec<Patient>,
    acts: BTreeMap<(EventTime, u64), Act>,
    acts_planned: u64,
    orders: u64,
    visits: u64,
    controls: [u64; Sender::COUNT],
    /// The last message of each feed, for senders that send it again.
    last: BTreeMap<Feed, Vec<u8>>,
    year: i64,
    department: emergency::Department,
    /// Whether more walk in; before, only those do who are there at the beginning.
    department_is_open: bool,
    /// How far the list has been worked off.
    now: EventTime,
}

/// Someone by their place among the patients.
type Who = usize;

/// What is to happen.
#[derive(Clone, Debug)]
enum Act {
    Send(Feed, Vec<u8>),
    Round(Who),
    Reading(Who),
    Laboratory(laboratory::Step),
    Movement(admission::Movement),
    Emergency(emergency::Step),
    FallIll,
    Mishap(mishaps::Mishap),
}

impl Ward {
    /// Gives the ward as it is at `start`.
    pub(crate) fn new(seed: u64, start: EventTime) -> Self {
        let year = start.to_string().chars().take(4).collect::<String>();
        let mut ward = Self {
            chance: Chance::new(seed),
            patients: Vec::new(),
            acts: BTreeMap::new(),
            acts_planned: 0,
            orders: 0,
            visits: 0,
            controls: [0; Sender::COUNT],
            last: BTreeMap::new(),
            year: year.parse().unwrap_or_default(),
            department: emergency::Department::new(seed),
            department_is_open: false,
            now: start,
        };
        ward.open_department(start);
        ward.open(start);
        ward
    }

    /// Puts something on the list.
    fn plan(&mut self, at: EventTime, act: Act) {
        self.acts_planned += 1;
        self.acts.insert((at, self.acts_planned), act);
    }

    fn perform(&mut self, at: EventTime, act: Act) -> Option<Sent> {
        match act {
            Act::Send(feed, bytes) => {
                self.last.insert(feed, bytes.clone());
                return Some(Sent { at, feed, bytes });
            }
            Act::Round(who) => self.round(at, who),
            Act::Reading(who) => self.monitor_reading(at, who),
            Act::Laboratory(step) => self.laboratory(at, step),
            Act::Movement(movement) => self.movement(at, movement),
            Act::Emergency(step) => self.emergency(at, step),
            Act::FallIll => self.someone_falls_ill(at),
            Act::Mishap(mishap) => self.mishap(at, mishap),
        }
        None
    }

    /// Gives a sender's next control id.
    fn control(&mut self, sender: Sender) -> String {
        let count = &mut self.controls[sender as usize];
        *count += 1;
        format!("{}{count:07}", sender.letter())
    }

    /// Gives the next order number.
    fn order_number(&mut self) -> String {
        self.orders += 1;
        format!("{}", 4_000_000 + self.orders)
    }

    /// Plans a message with results.
    fn send_results(&mut self, at: EventTime, sender: Sender, who: Who, reports: &[Report]) {
        let control = self.control(sender);
        let heading = Heading {
            sender,
            control: &control,
            at,
        };
        let bytes = messages::results(heading, self.patients.get(who), reports);
        self.plan(at, Act::Send(feed_of(sender), bytes));
    }

    /// Chooses one of the patients that a rule allows.
    fn choose(&mut self, allowed: impl Fn(&Patient) -> bool) -> Option<Who> {
        let found: Vec<Who> = (0..self.patients.len())
            .filter(|who| allowed(&self.patients[*who]))
            .collect();
        (!found.is_empty()).then(|| self.chance.pick(&found))
    }

    /// Chooses an inpatient who is well, so that a mishap is not lost in an illness.
    fn choose_well(&mut self) -> Option<Who> {
        self.choose(|patient| {
            let stay = patient.stay.as_ref();
            patient.body.course.is_none()
                && stay.is_some_and(|stay| stay.bed.unit != Unit::Emergency)
        })
    }

    /// Finds a bed that nobody lies in.
    fn free_bed(&self, unit: Unit) -> Option<Bed> {
        let taken = |bed: Bed| {
            self.patients
                .iter()
                .any(|patient| patient.stay.as_ref().is_some_and(|stay| stay.bed == bed))
        };
        (0..unit.beds())
            .map(|number| Bed { unit, number })
            .find(|bed| !taken(*bed))
    }
}

impl Iterator for Ward {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        loop {
            let ((at, _), act) = self.acts.pop_first()?;
            self.now = at;
            if let Some(sent) = self.perform(at, act) {
                return Some(sent);
            }
        }
    }
}

const fn feed_of(sender: Sender) -> Feed {
    match sender {
        Sender::Administration => Feed::Adt,
        Sender::Laboratory => Feed::Laboratory,
        Sender::Monitors | Sender::Charting => Feed::Monitors,
    }
}

#[cfg(test)]
mod tests;
