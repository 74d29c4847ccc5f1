//! Who comes, moves, leaves and dies, and what the administration sends of it, mistakes and their cancels included.

use clinical::EventTime;

use super::chance::minutes;
use super::crises::Crisis;
use super::laboratory::{Panel, Step};
use super::messages::{self, Heading, Sender};
use super::patient::{Bed, Class, DOCTORS, Patient, Stay, Unit};
use super::physiology::Illness;
use super::{Act, Feed, Ward, Who};

/// What the administration hears of next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Movement {
    /// Somebody walks into the emergency department.
    Arrive,
    /// The emergency department decides: a bed or home.
    Decide(Who),
    /// To high dependency, and back.
    StepUp(Who),
    StepDown(Who),
    /// One who is well goes home.
    DischargeOne,
    Die(Who),
    /// A new telephone number, or none any more.
    Update,
    /// Somebody is registered who comes later.
    Register,
    /// What was entered by mistake, and its cancel.
    AdmitByMistake,
    CancelAdmit(Who),
    TransferByMistake,
    CancelTransfer(Who, Bed),
    DischargeByMistake,
    CancelDischarge(Who),
    /// Somebody whom nobody knows is brought in, and is known later.
    ArriveUnknown,
    Identify(Who),
    LateForRetired(Who),
}

/// How a stay ends (HL7 table 0112).
const HOME: &str = "01";
const EXPIRED: &str = "20";

const ADMIT: (&str, &str) = ("A01", "ADT_A01");
const TRANSFER: (&str, &str) = ("A02", "ADT_A02");
const DISCHARGE: (&str, &str) = ("A03", "ADT_A03");
const REGISTER: (&str, &str) = ("A04", "ADT_A01");
const UPDATE: (&str, &str) = ("A08", "ADT_A01");
const CANCEL_ADMIT: (&str, &str) = ("A11", "ADT_A09");
const CANCEL_TRANSFER: (&str, &str) = ("A12", "ADT_A12");
const CANCEL_DISCHARGE: (&str, &str) = ("A13", "ADT_A01");
const ADD_PERSON: (&str, &str) = ("A28", "ADT_A05");
const UPDATE_PERSON: (&str, &str) = ("A31", "ADT_A05");

impl Ward {
    pub(super) fn movement(&mut self, at: EventTime, movement: Movement) {
        match movement {
            Movement::Arrive => self.arrive(at),
            Movement::Decide(who) => self.decide(at, who),
            Movement::StepUp(who) => self.move_to(at, who, Unit::HighDependency),
            Movement::StepDown(who) => self.step_down(at, who),
            Movement::DischargeOne => self.discharge_one(at),
            Movement::Die(who) => self.die(at, who),
            Movement::Update => self.update(at),
            Movement::Register => self.register_person(at),
            Movement::AdmitByMistake => self.admit_by_mistake(at),
            Movement::CancelAdmit(who) => {
                self.announce(at, CANCEL_ADMIT, who, None);
                self.patients[who].stay = None;
            }
            Movement::TransferByMistake => self.transfer_by_mistake(at),
            Movement::CancelTransfer(who, bed) => self.cancel_transfer(at, who, bed),
            Movement::DischargeByMistake => self.discharge_by_mistake(at),
            Movement::CancelDischarge(who) if self.patients[who].is_present() => {
                self.announce(at, CANCEL_DISCHARGE, who, None);
            }
            Movement::CancelDischarge(_) => {}
            Movement::ArriveUnknown => self.arrive_unknown(at),
            Movement::Identify(who) => self.identify(at, who),
            Movement::LateForRetired(who) => {
                let number = self.order_number();
                let report = self.found(at.minus(minutes(40)), who, Panel::BloodCount, number);
                self.send_results(at, Sender::Laboratory, who, &[report]);
            }
        }
    }

    /// Plans something again, some hours later.
    fn again(&mut self, at: EventTime, (least, most): (i64, i64), movement: Movement) {
        let next = at.plus(self.chance.minutes(least, most));
        self.plan(next, Act::Movement(movement));
    }

    /// Sends an admission message of a patient as they are.
    fn announce(&mut self, at: EventTime, event: (&str, &str), who: Who, discharged: Option<&str>) {
        let control = self.control(Sender::Administration);
        let heading = Heading {
            sender: Sender::Administration,
            control: &control,
            at,
        };
        let (patient, ended) = (&self.patients[who], discharged.map(|how| (at, how)));
        let message =
            messages::administration(heading, event, patient, patient.stay.as_ref(), ended);
        self.plan(at, Act::Send(Feed::Adt, message.finish()));
    }

    /// Tells of somebody who has been there since before anybody listened.
    pub(super) fn announce_present(&mut self, at: EventTime, who: Who) {
        let stay = self.patients[who].stay.as_ref();
        let event = if stay.is_some_and(|stay| stay.class == Class::Emergency) {
            REGISTER
        } else {
            ADMIT
        };
        self.announce(at, event, who, None);
    }

    /// Invents somebody and gives them a place among the patients.
    pub(super) fn invent(&mut self) -> Who {
        let number = u64::try_from(self.patients.len()).unwrap_or_default() * 7;
        let patient = Patient::new(number, self.year, &mut self.chance);
        self.patients.push(patient);
        self.patients.len() - 1
    }

    /// Puts somebody into a bed.
    pub(super) fn put_in_bed(&mut self, at: EventTime, who: Who, bed: Bed) {
        self.visits += 1;
        let class = if bed.unit == Unit::Emergency {
            Class::Emergency
        } else {
            Class::Inpatient
        };
        self.patients[who].stay = Some(Stay {
            visit_number: format!("V{}", 50_000 + self.visits),
            class,
            bed,
            bed_before: None,
            doctor: &DOCTORS[self.chance.place(DOCTORS.len())],
            admitted: at,
        });
    }

    fn arrive(&mut self, at: EventTime) {
        self.again(at, (28, 48), Movement::Arrive);
        let Some(bed) = self.free_bed(Unit::Emergency) else {
            return;
        };
        let who = self.invent();
        self.put_in_bed(at, who, bed);
        self.announce(at, REGISTER, who, None);
        self.settle_in_emergency(at, who);
    }

    fn settle_in_emergency(&mut self, at: EventTime, who: Who) {
        let seen = at.plus(self.chance.minutes(2, 6));
        self.round_at(seen, who);
        self.monitor(at, who, Some(minutes(5)));
        let taken = at.plus(self.chance.minutes(8, 20));
        self.plan(taken, Act::Laboratory(Step::Routine(who)));
        self.again(at, (90, 200), Movement::Decide(who));
    }

    fn decide(&mut self, at: EventTime, who: Who) {
        if !self.patients[who].is_present() {
            return;
        }
        let ill = self.patients[who].body.course.is_some();
        if !ill && self.chance.permille(400) {
            self.discharge(at, who, HOME);
            return;
        }
        let unit = if self.chance.permille(550) {
            Unit::Medical
        } else {
            Unit::Surgical
        };
        let bed = self
            .free_bed(unit)
            .or_else(|| self.free_bed(Unit::Medical))
            .or_else(|| self.free_bed(Unit::Surgical));
        let Some(bed) = bed else {
            self.again(at, (20, 40), Movement::Decide(who));
            return;
        };
        if let Some(stay) = &mut self.patients[who].stay {
            stay.bed_before = Some(stay.bed);
            stay.bed = bed;
            stay.class = Class::Inpatient;
        }
        let every = self.chance.permille(500).then_some(minutes(8));
        self.monitor(at, who, every);
        self.announce(at, ADMIT, who, None);
    }

    fn move_to(&mut self, at: EventTime, who: Who, unit: Unit) {
        let Some(bed) = self.free_bed(unit) else {
            return;
        };
        let Some(stay) = &mut self.patients[who].stay else {
            return;
        };
        stay.bed_before = Some(stay.bed);
        stay.bed = bed;
        stay.class = Class::Inpatient;
        self.announce(at, TRANSFER, who, None);
        if unit == Unit::HighDependency {
            self.monitor(at, who, Some(minutes(5)));
        }
    }

    fn step_down(&mut self, at: EventTime, who: Who) {
        let there = self.patients[who]
            .stay
            .as_ref()
            .is_some_and(|stay| stay.bed.unit == Unit::HighDependency);
        if there && self.patients[who].body.course.is_none() {
            let unit = if self.free_bed(Unit::Medical).is_some() {
                Unit::Medical
            } else {
                Unit::Surgical
            };
            self.monitor(at, who, Some(minutes(15)));
            self.move_to(at, who, unit);
        }
    }

    fn discharge_one(&mut self, at: EventTime) {
        self.again(at, (50, 95), Movement::DischargeOne);
        let ready = |patient: &&Patient| patient.body.course.is_none() && patient.stay.is_some();
        let waiting = (0..self.patients.len()).filter(|who| ready(&&self.patients[*who]));
        let stays = waiting.filter_map(|who| Some((self.patients[who].stay.as_ref()?, who)));
        let wards =
            stays.filter(|(stay, _)| matches!(stay.bed.unit, Unit::Medical | Unit::Surgical));
        if let Some((_, who)) = wards.min_by_key(|(stay, who)| (stay.admitted, *who)) {
            self.discharge(at, who, HOME);
        }
    }

    fn discharge(&mut self, at: EventTime, who: Who, how: &str) {
        self.announce(at, DISCHARGE, who, Some(how));
        self.patients[who].stay = None;
    }

    fn die(&mut self, at: EventTime, who: Who) {
        if self.patients[who].is_present() {
            self.patients[who].died = Some(at);
            self.discharge(at.plus(minutes(12)), who, EXPIRED);
        }
    }

    fn update(&mut self, at: EventTime) {
        self.again(at, (70, 150), Movement::Update);
        let Some(who) = self.choose(|patient| patient.is_present() && !patient.born.is_empty())
        else {
            return;
        };
        let patient = &mut self.patients[who];
        if patient.telephone.is_empty() {
            patient.telephone = "555-0142".to_owned();
            self.announce(at, UPDATE, who, None);
        } else {
            patient.telephone.clear();
            self.announce(at, UPDATE_PERSON, who, None);
        }
    }

    fn register_person(&mut self, at: EventTime) {
        self.again(at, (150, 300), Movement::Register);
        let who = self.invent();
        self.announce(at, ADD_PERSON, who, None);
    }

    /// Finds somebody who is registered and was never there.
    fn expected(&mut self) -> Who {
        let found = self.choose(|patient| {
            !patient.is_present()
                && patient.died.is_none()
                && patient.next_round.is_none()
                && !patient.born.is_empty()
        });
        found.unwrap_or_else(|| self.invent())
    }

    fn admit_by_mistake(&mut self, at: EventTime) {
        self.again(at, (300, 540), Movement::AdmitByMistake);
        let Some(bed) = self
            .free_bed(Unit::Surgical)
            .or_else(|| self.free_bed(Unit::Medical))
        else {
            return;
        };
        let who = self.expected();
        self.put_in_bed(at, who, bed);
        self.announce(at, ADMIT, who, None);
        self.again(at, (4, 9), Movement::CancelAdmit(who));
    }

    fn transfer_by_mistake(&mut self, at: EventTime) {
        self.again(at, (300, 540), Movement::TransferByMistake);
        let Some(who) = self.choose_well() else {
            return;
        };
        let before = self.patients[who].stay.as_ref().map(|stay| stay.bed);
        let unit = if self.free_bed(Unit::Medical).is_some() {
            Unit::Medical
        } else {
            Unit::Surgical
        };
        if let (Some(bed), true) = (before, self.free_bed(unit).is_some()) {
            self.move_to(at, who, unit);
            self.again(at, (4, 9), Movement::CancelTransfer(who, bed));
        }
    }

    fn cancel_transfer(&mut self, at: EventTime, who: Who, bed: Bed) {
        if let Some(stay) = &mut self.patients[who].stay {
            stay.bed = bed;
            stay.bed_before = None;
            self.announce(at, CANCEL_TRANSFER, who, None);
        }
    }

    fn discharge_by_mistake(&mut self, at: EventTime) {
        self.again(at, (300, 540), Movement::DischargeByMistake);
        if let Some(who) = self.choose_well() {
            self.announce(at, DISCHARGE, who, Some(HOME));
            self.again(at, (4, 9), Movement::CancelDischarge(who));
        }
    }

    fn arrive_unknown(&mut self, at: EventTime) {
        self.again(at, (420, 660), Movement::ArriveUnknown);
        let Some(bed) = self.free_bed(Unit::Emergency) else {
            return;
        };
        let who = self.invent();
        let patient = &mut self.patients[who];
        patient.record_number = format!("TEMP{}", 900 + who);
        patient.family = "UNKNOWN".to_owned();
        patient.given = if patient.sex == "F" { "Female" } else { "Male" };
        patient.born.clear();
        patient.street.clear();
        self.put_in_bed(at, who, bed);
        let crisis = Crisis {
            illness: Illness::Hypovolaemia,
            since: 50,
            rise: 45,
            peak: 640,
            treated_in: 55,
            recovery: 120,
        };
        self.fall_ill(at, who, crisis);
        self.announce(at, REGISTER, who, None);
        self.settle_in_emergency(at, who);
        self.again(at, (40, 50), Movement::Identify(who));
    }

    /// Somebody finds out who it is: the record that was made for the unknown patient goes into the one they had.
    fn identify(&mut self, at: EventTime, who: Who) {
        let known = self.expected();
        let stay = self.patients[who].stay.take();
        let body = self.patients[who].body.clone();
        let mut survivor = self.patients[known].clone();
        survivor.body = body;
        survivor.asked = self.patients[who].asked;
        let control = self.control(Sender::Administration);
        let heading = Heading {
            sender: Sender::Administration,
            control: &control,
            at,
        };
        let bytes = messages::merge(heading, &survivor, &self.patients[who]);
        self.plan(at, Act::Send(Feed::Adt, bytes));
        survivor.stay = stay;
        self.patients[known] = survivor;
        let soon = at.plus(minutes(1));
        self.announce(soon, UPDATE, known, None);
        self.round_at(at.plus(minutes(9)), known);
        self.monitor(at, known, Some(minutes(5)));
        self.again(at, (60, 120), Movement::Decide(known));
        self.again(at, (4, 8), Movement::LateForRetired(who));
    }
}
