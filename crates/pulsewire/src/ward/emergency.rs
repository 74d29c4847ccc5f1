//! The emergency department: who walks in, waits, is seen, and goes home or waits for a bed upstairs.
//!
//! It has a chance of its own, so that what happens on the wards does not depend on it.

use clinical::EventTime;

use super::chance::{Chance, minutes};
use super::messages::{self, Answer, Heading, Reading, Report, Sender};
use super::patient::{Bed, Class, DOCTORS, FIRST_SEAT, Patient, Stay, Unit};
use super::{Act, Feed, Ward, feed_of};

/// How many are there when somebody starts to listen, and how long ago the first of them came, in minutes.
const THERE: i64 = 9;
const FIRST_CAME: i64 = 290;
/// Bays beyond those that the wards' own patients come through.
const FIRST_BAY: u8 = 8;
const BAYS: u8 = 14;
const SEATS: u8 = 20;
/// Beds upstairs that the wards' own patients do not lie in.
const FIRST_UPSTAIRS: u8 = 30;
/// Their numbers are beside those of everybody else.
const FIRST_NUMBER: u64 = 100_000;
/// How visits end (HL7 table 0112, and a code of the site's own).
const HOME: &str = "01";
const UNSEEN: &str = "LWBS";

const REGISTER: (&str, &str) = ("A04", "ADT_A01");
const TRANSFER: (&str, &str) = ("A02", "ADT_A02");
const ADMIT: (&str, &str) = ("A01", "ADT_A01");
const DISCHARGE: (&str, &str) = ("A03", "ADT_A03");

/// The department's own patients.
#[derive(Debug)]
pub(super) struct Department {
    chance: Chance,
    patients: Vec<Patient>,
}

/// What happens to a visit next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Somebody walks in.
    Arrive,
    Triage(usize),
    Room(usize),
    LeaveUnseen(usize),
    See(usize),
    Decide(usize),
    Admit(usize),
    Upstairs(usize),
    Home(usize),
}

impl Department {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed ^ 0x4544),
            patients: Vec::new(),
        }
    }

    /// Finds a place that nobody is in.
    fn free(&self, unit: Unit, first: u8, count: u8) -> Option<Bed> {
        let taken = |bed: &Bed| {
            let mut stays = self
                .patients
                .iter()
                .filter_map(|patient| patient.stay.as_ref());
            stays.any(|stay| stay.bed == *bed)
        };
        let mut beds = (first..first + count).map(|number| Bed { unit, number });
        beds.find(|bed| !taken(bed))
    }
}

impl Ward {
    /// Fills the department: what happened to those who are there is sent with its own times.
    pub(super) fn open_department(&mut self, start: EventTime) {
        let apart = FIRST_CAME / THERE;
        for place in 0..THERE {
            let ago = FIRST_CAME - place * apart - self.department.chance.between(0, apart - 1);
            let came = start.minus(minutes(ago.unsigned_abs()));
            self.plan(came, Act::Emergency(Step::Arrive));
        }
        let mut late = Vec::new();
        while let Some(entry) = self
            .acts
            .first_entry()
            .filter(|entry| entry.key().0 < start)
        {
            let (at, act) = (entry.key().0, entry.remove());
            match act {
                Act::Emergency(step) => self.emergency(at, step),
                Act::Send(feed, bytes) => late.push((feed, bytes)),
                other => self.plan(start, other),
            }
        }
        for ((feed, bytes), second) in late.into_iter().zip(OPENED_FROM_SECOND..) {
            self.plan(
                start.plus(std::time::Duration::from_secs(second)),
                Act::Send(feed, bytes),
            );
        }
        let next = start.plus(self.department.chance.minutes(2, 8));
        self.plan(next, Act::Emergency(Step::Arrive));
        self.department_is_open = true;
    }

    fn next_step(&mut self, at: EventTime, (least, most): (i64, i64), step: Step) {
        let next = at.plus(self.department.chance.minutes(least, most));
        self.plan(next, Act::Emergency(step));
    }

    pub(super) fn emergency(&mut self, at: EventTime, step: Step) {
        match step {
            Step::Arrive => self.walk_in(at),
            Step::Triage(who) => self.judge(at, who),
            Step::Room(who) => self.take_to_room(at, who),
            Step::LeaveUnseen(who) => self.leave(at, who, UNSEEN),
            Step::See(who) => {
                let seen = note(Answer::Text("Seen, examination under way"));
                self.send_note(at, who, seen);
                self.next_step(at, (30, 130), Step::Decide(who));
            }
            Step::Decide(who) if self.department.chance.permille(300) => {
                let admit = Answer::Coded("434081000124108", "Admit to hospital");
                self.send_note(at, who, note(admit));
                self.next_step(at, (10, 40), Step::Admit(who));
            }
            Step::Decide(who) => self.next_step(at, (5, 50), Step::Home(who)),
            Step::Admit(who) => {
                if let Some(stay) = self.stay(who) {
                    stay.class = Class::Inpatient;
                    stay.bed_before = None;
                }
                self.send_movement(at, ADMIT, who, None);
                self.next_step(at, (40, 290), Step::Upstairs(who));
            }
            Step::Upstairs(who) => {
                let bed =
                    self.department
                        .free(Unit::Medical, FIRST_UPSTAIRS, u8::MAX - FIRST_UPSTAIRS);
                if let Some(bed) = bed {
                    self.go_to(who, bed);
                    self.send_movement(at, TRANSFER, who, None);
                }
                self.next_step(at, (600, 2400), Step::Home(who));
            }
            Step::Home(who) => self.leave(at, who, HOME),
        }
    }

    fn stay(&mut self, who: usize) -> Option<&mut Stay> {
        self.department.patients.get_mut(who)?.stay.as_mut()
    }

    fn go_to(&mut self, who: usize, bed: Bed) {
        if let Some(stay) = self.stay(who) {
            stay.bed_before = Some(stay.bed);
            stay.bed = bed;
        }
    }

    fn walk_in(&mut self, at: EventTime) {
        if self.department_is_open {
            self.next_step(at, (8, 17), Step::Arrive);
        }
        let Some(seat) = self.department.free(Unit::Emergency, FIRST_SEAT, SEATS) else {
            return;
        };
        let who = self.department.patients.len();
        let number = FIRST_NUMBER + u64::try_from(who).unwrap_or_default() * 3;
        let mut patient = Patient::new(number, self.year, &mut self.department.chance);
        self.visits += 1;
        patient.stay = Some(Stay {
            visit_number: format!("V{}", 50_000 + self.visits),
            class: Class::Emergency,
            bed: seat,
            bed_before: None,
            doctor: &DOCTORS[self.department.chance.place(DOCTORS.len())],
            admitted: at,
        });
        self.department.patients.push(patient);
        self.send_movement(at, REGISTER, who, None);
        self.next_step(at, (3, 11), Step::Triage(who));
        if self.department.chance.permille(70) {
            self.next_step(at, (50, 110), Step::LeaveUnseen(who));
        } else {
            self.next_step(at, (12, 78), Step::Room(who));
        }
    }

    fn judge(&mut self, at: EventTime, who: usize) {
        let level = self.department.chance.between(2, 5);
        let acuity = Reading {
            code: ("56839-4", "Acuity assessment"),
            value: Answer::Number(level.to_string()),
            status: "F",
            ..Reading::default()
        };
        self.send_note(at, who, acuity);
    }

    fn take_to_room(&mut self, at: EventTime, who: usize) {
        let Some(bay) = self.department.free(Unit::Emergency, FIRST_BAY, BAYS) else {
            self.next_step(at, (5, 15), Step::Room(who));
            return;
        };
        self.go_to(who, bay);
        self.send_movement(at, TRANSFER, who, None);
        self.next_step(at, (4, 45), Step::See(who));
    }

    fn leave(&mut self, at: EventTime, who: usize, how: &'static str) {
        if let Some(stay) = self.stay(who) {
            stay.bed_before = None;
        }
        self.send_movement(at, DISCHARGE, who, Some(how));
        if let Some(patient) = self.department.patients.get_mut(who) {
            patient.stay = None;
        }
    }

    fn send_movement(&mut self, at: EventTime, event: (&str, &str), who: usize, how: Option<&str>) {
        let control = self.control(Sender::Administration);
        let heading = Heading {
            sender: Sender::Administration,
            control: &control,
            at,
        };
        let Some(patient) = self.department.patients.get(who) else {
            return;
        };
        let ended = how.map(|how| (at, how));
        let message =
            messages::administration(heading, event, patient, patient.stay.as_ref(), ended);
        self.plan(at, Act::Send(Feed::Adt, message.finish()));
    }

    fn send_note(&mut self, at: EventTime, who: usize, reading: Reading) {
        let report = Report {
            number: self.order_number(),
            code: reading.code,
            section: "NRS",
            status: "F",
            taken: at,
            results: vec![reading],
        };
        let sender = Sender::Charting;
        let control = self.control(sender);
        let heading = Heading {
            sender,
            control: &control,
            at,
        };
        let bytes = messages::results(heading, self.department.patients.get(who), &[report]);
        self.plan(at, Act::Send(feed_of(sender), bytes));
    }
}

/// What a physician of the department writes.
fn note(value: Answer) -> Reading {
    Reading {
        code: ("28568-4", "Physician Emergency department Note"),
        value,
        status: "F",
        ..Reading::default()
    }
}

/// What happened before is sent from here, a message a second.
const OPENED_FROM_SECOND: u64 = 3;
