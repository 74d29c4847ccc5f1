//! What nurses chart on their rounds, late as on real wards, and what monitors send by themselves.

use std::time::Duration;

use clinical::EventTime;

use super::admission::Movement;
use super::chance::{Chance, minutes};
use super::laboratory::{Panel, Step};
use super::messages::{Answer, Reading, Report, Sender, fixed};
use super::patient::{NURSES, Staff, Unit};
use super::physiology::{Consciousness, Illness, Vitals};
use super::{Act, Ward, Who};

/// How late a vital sign is stored, as thousandths of all and minutes: measured on the store times of the open MIMIC-III
/// demonstration data, where the median is 14 minutes, 17 % come after an hour and 4.5 % after two.
const STORED_AFTER: [(i64, i64); 8] = [
    (0, 0),
    (126, 0),
    (500, 14),
    (670, 30),
    (830, 60),
    (955, 120),
    (993, 240),
    (1000, 450),
];

/// The score from which a nurse stays close and a doctor is called (RCP 2017: medium and high risk).
const MEDIUM: i64 = 5;
const HIGH: i64 = 7;
/// The doctors ask the laboratory again after this.
const ASK_AGAIN: Duration = minutes(150);

impl Ward {
    /// A nurse goes to the patient, unless the round was moved.
    pub(super) fn round(&mut self, at: EventTime, who: Who) {
        let patient = &self.patients[who];
        if patient.next_round != Some(at) || !patient.is_present() {
            return;
        }
        if patient.body.course.is_some_and(|course| course.is_over(at)) {
            self.patients[who].body.course = None;
            self.plan(at.plus(minutes(90)), Act::Movement(Movement::StepDown(who)));
        }
        let vitals = self.patients[who].body.vitals(at, &mut self.chance);
        let (score, three) = vitals.early_warning();
        let delay = stored_after(score, three, &mut self.chance);
        let report = self.charted(at, &vitals);
        self.send_results(at.plus(delay), Sender::Charting, who, &[report]);
        if score >= MEDIUM {
            self.ask_for_help(at, who, score);
        }
        let next = self.next_round_in(score, three);
        self.round_at(at.plus(next), who);
    }

    /// Says how soon somebody with this score is seen again.
    pub(super) fn next_round_in(&mut self, score: i64, three: bool) -> Duration {
        match score {
            HIGH.. => self.chance.minutes(20, 28),
            MEDIUM.. => self.chance.minutes(38, 50),
            _ if three => self.chance.minutes(38, 50),
            1.. => self.chance.minutes(120, 210),
            _ => self.chance.minutes(180, 240),
        }
    }

    /// Sets when the next round is, sooner where somebody looks unwell; one that was set before does not take place.
    pub(super) fn round_at(&mut self, at: EventTime, who: Who) {
        let course = self.patients[who].body.course;
        let at = course
            .and_then(|course| course.noticed(self.now))
            .map_or(at, |noticed| noticed.min(at));
        self.patients[who].next_round = Some(at);
        self.plan(at, Act::Round(who));
    }

    fn ask_for_help(&mut self, at: EventTime, who: Who, score: i64) {
        let patient = &mut self.patients[who];
        let asked = patient.asked.and_then(|asked| at.since(asked));
        if asked.is_some_and(|passed| passed < ASK_AGAIN) {
            return;
        }
        let first = patient.asked.is_none();
        patient.asked = Some(at);
        let illness = patient.body.illness(at).map(|(illness, _)| illness);
        let unit = patient.stay.as_ref().map(|stay| stay.bed.unit);
        let mut panels = vec![Panel::Lactate, Panel::Chemistry, Panel::BloodCount];
        match illness {
            Some(Illness::Sepsis) if first => panels.push(Panel::BloodCulture),
            Some(Illness::RespiratoryFailure) => panels.push(Panel::BloodGas),
            Some(Illness::Hypoglycaemia) => panels.push(Panel::CapillaryGlucose),
            Some(Illness::Sepsis | Illness::Hypovolaemia | Illness::RenalFailure) | None => {}
        }
        for panel in panels {
            let when = at.plus(self.chance.minutes(4, 15));
            self.plan(when, Act::Laboratory(Step::Order(who, panel)));
        }
        if score >= HIGH && unit.is_some_and(|unit| unit != Unit::HighDependency) {
            let when = at.plus(self.chance.minutes(25, 55));
            self.plan(when, Act::Movement(Movement::StepUp(who)));
        }
    }

    /// Makes the report of a whole set of vital signs.
    pub(super) fn charted(&mut self, at: EventTime, vitals: &Vitals) -> Report {
        let nurse = &NURSES[self.chance.place(NURSES.len())];
        let mut report = vitals_report(self.order_number(), at);
        report.results = by_hand(vitals, nurse);
        report
    }

    /// Starts or stops a patient's monitor.
    pub(super) fn monitor(&mut self, at: EventTime, who: Who, every: Option<Duration>) {
        self.patients[who].monitor = every;
        self.patients[who].next_reading = None;
        if every.is_some() {
            let first = at.plus(self.chance.seconds(60, 240));
            self.patients[who].next_reading = Some(first);
            self.plan(first, Act::Reading(who));
        }
    }

    /// A monitor sends by itself.
    pub(super) fn monitor_reading(&mut self, at: EventTime, who: Who) {
        let patient = &self.patients[who];
        let (true, Some(every)) = (
            patient.next_reading == Some(at) && patient.is_present(),
            patient.monitor,
        ) else {
            return;
        };
        let vitals = patient.body.vitals(at, &mut self.chance);
        let report = self.monitored(at, who, &vitals);
        let sent = at.plus(self.chance.seconds(2, 20));
        self.send_results(sent, Sender::Monitors, who, &[report]);
        self.patients[who].next_reading = Some(at.plus(every));
        self.plan(at.plus(every), Act::Reading(who));
    }

    /// Makes the report of what a monitor measures.
    pub(super) fn monitored(&mut self, at: EventTime, who: Who, vitals: &Vitals) -> Report {
        let mut report = vitals_report(self.order_number(), at);
        report.results = by_monitor(vitals, who);
        report
    }
}

/// Says how long it takes until what was seen is stored: those who are ill are charted at the bedside.
fn stored_after(score: i64, three: bool, chance: &mut Chance) -> Duration {
    match score {
        HIGH.. => chance.seconds(60, 7 * 60),
        MEDIUM.. => chance.seconds(90, 14 * 60),
        _ if three => chance.seconds(90, 14 * 60),
        _ => routine_delay(chance),
    }
}

/// Draws from what was measured, evenly between the measured points.
pub(super) fn routine_delay(chance: &mut Chance) -> Duration {
    let drawn = chance.between(0, 999);
    let pairs = STORED_AFTER.iter().zip(STORED_AFTER.iter().skip(1));
    let span = pairs
        .map(|(from, to)| (*from, *to))
        .find(|(_, to)| drawn < to.0);
    let ((begin, least), (end, most)) = span.unwrap_or(((0, 0), (1, 0)));
    let seconds = least * 60 + (most - least) * 60 * (drawn - begin) / (end - begin);
    // Nobody stores in the very second of the reading.
    Duration::from_secs(seconds.unsigned_abs() + 20)
}

fn vitals_report(number: String, taken: EventTime) -> Report {
    Report {
        number,
        code: ("85353-1", "Vital signs panel"),
        section: "NRS",
        status: "F",
        taken,
        results: Vec::new(),
    }
}

fn by_hand(vitals: &Vitals, nurse: &'static Staff) -> Vec<Reading> {
    let (code, words) = match vitals.consciousness {
        Consciousness::Alert => ("248234008", "Alert"),
        Consciousness::Confused => ("130987000", "New confusion"),
        Consciousness::Voice => ("300202002", "Responds to voice"),
    };
    let mut readings = measured(vitals);
    readings.push(number(
        ("3151-8", "Inhaled oxygen flow rate"),
        vitals.oxygen.to_string(),
        "L/min",
    ));
    readings.push(number(
        ("8310-5", "Body temperature"),
        fixed(vitals.temperature, 1),
        "Cel",
    ));
    readings.push(Reading {
        code: ("80288-4", "Level of consciousness"),
        value: Answer::Coded(code, words),
        status: "F",
        ..Reading::default()
    });
    readings
        .iter_mut()
        .for_each(|reading| reading.by = Some(nurse));
    readings
}

fn by_monitor(vitals: &Vitals, who: Who) -> Vec<Reading> {
    let mut readings = measured(vitals);
    let device = format!("MON{:03}", who % 900 + 100);
    readings
        .iter_mut()
        .for_each(|reading| reading.device.clone_from(&device));
    readings
}

fn measured(vitals: &Vitals) -> Vec<Reading> {
    vec![
        number(
            ("9279-1", "Respiratory rate"),
            vitals.respiration.to_string(),
            "/min",
        ),
        number(
            ("59408-5", "Oxygen saturation by pulse oximetry"),
            vitals.saturation.to_string(),
            "%",
        ),
        number(
            ("8480-6", "Systolic blood pressure"),
            vitals.systolic.to_string(),
            "mm[Hg]",
        ),
        number(
            ("8462-4", "Diastolic blood pressure"),
            vitals.diastolic.to_string(),
            "mm[Hg]",
        ),
        number(("8867-4", "Heart rate"), vitals.pulse.to_string(), "/min"),
    ]
}

fn number(code: (&'static str, &'static str), value: String, unit: &'static str) -> Reading {
    Reading {
        code,
        value: Answer::Number(value),
        unit,
        status: "F",
        ..Reading::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charting_is_as_late_as_it_was_measured() {
        let mut chance = Chance::new(7);
        let mut delays: Vec<u64> = (0..10_000)
            .map(|_| routine_delay(&mut chance).as_secs())
            .collect();
        delays.sort_unstable();
        let later = |limit: u64| delays.iter().filter(|delay| **delay > limit * 60).count();
        let median = delays[5_000] / 60;
        assert!((12..=16).contains(&median), "median {median} min");
        assert!(
            (1_500..1_900).contains(&later(60)),
            "{} after an hour",
            later(60)
        );
        assert!((350..560).contains(&later(120)), "{} after two", later(120));
    }
}
