//! What goes wrong on every real feed: resends, reused ids, devices and people that err, clocks that are wrong.

use clinical::EventTime;

use super::chance::minutes;
use super::laboratory::{HAEMOGLOBIN, POTASSIUM, Panel, report, result};
use super::messages::{self, Answer, Heading, Reading, Report, Sender};
use super::{Act, Feed, Ward, Who};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    /// A sender did not see the answer and sends the same bytes again.
    Resend,
    /// A sender uses a control id again for something else.
    ReusedControl,
    /// The probe came off: a monitor sends zeros.
    DetachedProbe,
    /// A slip of the keyboard that no living patient can have, put right later.
    Impossible,
    /// A unit that nobody knows.
    UnknownUnit,
    /// A monitor whose clock is three hours ahead.
    FromFuture,
    /// A monitor that nobody told whose it is.
    NoPatient,
    /// A result on the wrong patient, taken back and sent again for the right one.
    WrongPatient,
    /// A critical result that was a mistake of the laboratory.
    Corrected,
    /// Potassium that is high because the specimen was haemolysed; the repeat is normal.
    Haemolysed,
    /// Vital signs of somebody else, deleted by the nurse.
    Deleted,
}

/// When each goes wrong first, in minutes, so that a newcomer sees all of them within two hours of the ward.
pub(super) const FIRST: [(Mishap, i64); 11] = [
    (Mishap::Resend, 6),
    (Mishap::DetachedProbe, 9),
    (Mishap::ReusedControl, 14),
    (Mishap::Corrected, 18),
    (Mishap::NoPatient, 21),
    (Mishap::UnknownUnit, 27),
    (Mishap::Impossible, 31),
    (Mishap::FromFuture, 34),
    (Mishap::WrongPatient, 42),
    (Mishap::Haemolysed, 57),
    (Mishap::Deleted, 75),
];

/// How long it takes until the same goes wrong again, in minutes.
const AGAIN: (i64, i64) = (200, 420);

impl Ward {
    pub(super) fn mishap(&mut self, at: EventTime, mishap: Mishap) {
        let next = at.plus(self.chance.minutes(AGAIN.0, AGAIN.1));
        self.plan(next, Act::Mishap(mishap));
        match mishap {
            Mishap::Resend => return self.resend(at),
            Mishap::NoPatient => return self.without_patient(at),
            _ => {}
        }
        let Some(who) = self.choose_well() else {
            return;
        };
        match mishap {
            Mishap::Resend | Mishap::NoPatient => {}
            Mishap::ReusedControl => self.reuse_control(at, who),
            Mishap::DetachedProbe => self.detach_probe(at, who),
            Mishap::Impossible => self.slip(at, who),
            Mishap::UnknownUnit => self.unknown_unit(at, who),
            Mishap::FromFuture => self.send_from_future(at, who),
            Mishap::WrongPatient => self.wrong_patient(at, who),
            Mishap::Corrected => self.correct(at, who),
            Mishap::Haemolysed => self.haemolyse(at, who),
            Mishap::Deleted => self.delete(at, who),
        }
    }

    fn resend(&mut self, at: EventTime) {
        let feed = self.chance.pick(&Feed::ALL);
        if let Some(bytes) = self.last.get(&feed).cloned() {
            self.plan(at, Act::Send(feed, bytes));
        }
    }

    /// Sends a monitor's reading with a heading of its own.
    fn send_reading(
        &mut self,
        at: EventTime,
        heading: Heading<'_>,
        who: Option<Who>,
        report: Report,
    ) {
        let patient = who.map(|who| &self.patients[who]);
        let bytes = messages::results(heading, patient, &[report]);
        self.plan(at, Act::Send(Feed::Monitors, bytes));
    }

    fn reading_of(&mut self, at: EventTime, who: Who) -> Report {
        let vitals = self.patients[who].body.vitals(at, &mut self.chance);
        self.monitored(at, who, &vitals)
    }

    fn reuse_control(&mut self, at: EventTime, who: Who) {
        let sender = Sender::Monitors;
        let control = format!("{}{:07}", sender.letter(), self.controls[sender as usize]);
        let report = self.reading_of(at, who);
        self.send_reading(
            at.plus(minutes(1)),
            Heading {
                sender,
                control: &control,
                at,
            },
            Some(who),
            report,
        );
    }

    fn detach_probe(&mut self, at: EventTime, who: Who) {
        let mut report = self.reading_of(at, who);
        let probed = ["59408-5", "8867-4", "9279-1"];
        report
            .results
            .retain(|reading| probed.contains(&reading.code.0));
        report
            .results
            .iter_mut()
            .for_each(|reading| reading.value = Answer::Number("0".to_owned()));
        self.send_results(at, Sender::Monitors, who, &[report]);
    }

    fn without_patient(&mut self, at: EventTime) {
        let Some(who) = self.choose_well() else {
            return;
        };
        let report = self.reading_of(at, who);
        let sender = Sender::Monitors;
        let control = self.control(sender);
        self.send_reading(
            at,
            Heading {
                sender,
                control: &control,
                at,
            },
            None,
            report,
        );
    }

    fn send_from_future(&mut self, at: EventTime, who: Who) {
        let ahead = at.plus(minutes(180));
        let report = self.reading_of(ahead, who);
        let sender = Sender::Monitors;
        let control = self.control(sender);
        self.send_reading(
            at,
            Heading {
                sender,
                control: &control,
                at: ahead,
            },
            Some(who),
            report,
        );
    }

    fn slip(&mut self, at: EventTime, who: Who) {
        let vitals = self.patients[who].body.vitals(at, &mut self.chance);
        let right = self.charted(at, &vitals);
        let mut wrong = right.clone();
        for reading in wrong
            .results
            .iter_mut()
            .filter(|reading| is_temperature(reading))
        {
            // The decimal point was left out.
            reading.value = Answer::Number(vitals.temperature.to_string());
        }
        self.send_results(at.plus(minutes(3)), Sender::Charting, who, &[wrong]);
        let mut corrected = right;
        corrected.results.retain(is_temperature);
        corrected.set_status("C");
        self.send_results(at.plus(minutes(16)), Sender::Charting, who, &[corrected]);
    }

    fn delete(&mut self, at: EventTime, who: Who) {
        let mut vitals = self.patients[who].body.vitals(at, &mut self.chance);
        (vitals.pulse, vitals.respiration) = (138, 27);
        let mut report = self.charted(at, &vitals);
        self.send_results(
            at.plus(minutes(2)),
            Sender::Charting,
            who,
            &[report.clone()],
        );
        report.status = "F";
        report
            .results
            .iter_mut()
            .for_each(|reading| reading.status = "D");
        self.send_results(at.plus(minutes(11)), Sender::Charting, who, &[report]);
    }

    /// Makes a report with one result of the laboratory.
    fn one_result(&mut self, taken: EventTime, panel: Panel, place: usize, amount: i64) -> Report {
        let mut report = report(panel, self.order_number(), taken);
        report.results = vec![result(place, amount)];
        report
    }

    fn unknown_unit(&mut self, at: EventTime, who: Who) {
        let mut report = self.one_result(at.minus(minutes(30)), Panel::Chemistry, POTASSIUM, 43);
        report
            .results
            .iter_mut()
            .for_each(|reading| reading.unit = "mval");
        self.send_results(at, Sender::Laboratory, who, &[report]);
    }

    fn wrong_patient(&mut self, at: EventTime, who: Who) {
        let low = self.chance.between(61, 69);
        let mut report =
            self.one_result(at.minus(minutes(25)), Panel::BloodCount, HAEMOGLOBIN, low);
        self.send_results(at, Sender::Laboratory, who, &[report.clone()]);
        let (noticed, right) = (
            at.plus(minutes(12)),
            self.choose_well().filter(|right| *right != who),
        );
        report
            .results
            .iter_mut()
            .for_each(|reading| reading.status = "W");
        self.send_results(noticed, Sender::Laboratory, who, &[report.clone()]);
        if let Some(right) = right {
            report.number = self.order_number();
            report.set_status("F");
            self.send_results(
                noticed.plus(minutes(1)),
                Sender::Laboratory,
                right,
                &[report],
            );
        }
    }

    fn correct(&mut self, at: EventTime, who: Who) {
        let high = self.chance.between(68, 76);
        let mut report = self.one_result(at.minus(minutes(35)), Panel::Chemistry, POTASSIUM, high);
        report.set_status("P");
        self.send_results(at, Sender::Laboratory, who, &[report.clone()]);
        report.results = vec![Reading {
            note: "Previous result was of another tube | measured again",
            ..result(POTASSIUM, 42)
        }];
        report.set_status("C");
        self.send_results(at.plus(minutes(10)), Sender::Laboratory, who, &[report]);
    }

    fn haemolyse(&mut self, at: EventTime, who: Who) {
        let high = self.chance.between(64, 68);
        let mut report = self.one_result(at.minus(minutes(40)), Panel::Chemistry, POTASSIUM, high);
        let note = "Specimen haemolysed (index 3+): potassium may be falsely high; please repeat";
        report
            .results
            .iter_mut()
            .for_each(|reading| reading.note = note);
        self.send_results(at, Sender::Laboratory, who, &[report]);
        let repeat = self.one_result(at.plus(minutes(15)), Panel::Chemistry, POTASSIUM, 44);
        self.send_results(at.plus(minutes(38)), Sender::Laboratory, who, &[repeat]);
        self.repeat(at.plus(minutes(40)), who, Panel::Chemistry);
    }
}

fn is_temperature(reading: &Reading) -> bool {
    reading.code.0 == "8310-5"
}
