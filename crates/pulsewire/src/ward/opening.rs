//! The ward as it is when somebody starts to listen: who lies there, what the last hours were, what is to come.

use std::time::Duration;

use clinical::EventTime;

use super::admission::Movement;
use super::chance::minutes;
use super::crises::Crisis;
use super::laboratory::{Panel, Step};
use super::messages::{Report, Sender};
use super::mishaps::FIRST;
use super::patient::{Bed, Unit};
use super::physiology::Illness;
use super::{Act, Ward, Who};

/// How far back the chart is sent: less than the eight hours after which a score is not revised any more.
const CHARTED_BACK: Duration = minutes(7 * 60 + 20);
/// How many of the beds are taken.
const TAKEN: [(Unit, u8); 4] = [
    (Unit::Surgical, 8),
    (Unit::Medical, 8),
    (Unit::HighDependency, 4),
    (Unit::Emergency, 3),
];
/// Everybody is announced in this order, one a second.
const ANNOUNCED_FROM_SECOND: u64 = 1;
/// The chart follows from here, a few messages a second.
const CHART_FROM_SECOND: u64 = 30;
const CHART_MESSAGES_A_SECOND: u64 = 5;
/// What the laboratory found before follows at the same time.
const LABORATORY_FROM_SECOND: u64 = 32;

/// Who is ill from the beginning, or soon: the place among the patients, and how it goes.
const CRISES: [(Who, Crisis); 5] = [
    (
        0,
        Crisis {
            illness: Illness::Sepsis,
            since: 300,
            rise: 280,
            peak: 880,
            treated_in: 75,
            recovery: 280,
        },
    ),
    (
        1,
        Crisis {
            illness: Illness::RenalFailure,
            since: 600,
            rise: 480,
            peak: 930,
            treated_in: 50,
            recovery: 200,
        },
    ),
    (
        9,
        Crisis {
            illness: Illness::RespiratoryFailure,
            since: -8,
            rise: 70,
            peak: 760,
            treated_in: 115,
            recovery: 220,
        },
    ),
    (
        2,
        Crisis {
            illness: Illness::Hypovolaemia,
            since: -58,
            rise: 45,
            peak: 880,
            treated_in: 130,
            recovery: 160,
        },
    ),
    (
        10,
        Crisis {
            illness: Illness::Hypoglycaemia,
            since: -2,
            rise: 30,
            peak: 980,
            treated_in: 45,
            recovery: 20,
        },
    ),
];

/// What happens to the administration's patients first, in minutes.
const MOVEMENTS: [(Movement, i64); 9] = [
    (Movement::Register, 3),
    (Movement::Arrive, 5),
    (Movement::ArriveUnknown, 11),
    (Movement::AdmitByMistake, 22),
    (Movement::DischargeOne, 26),
    (Movement::Update, 32),
    (Movement::TransferByMistake, 44),
    (Movement::DischargeByMistake, 68),
    (Movement::Register, 2),
];

impl Ward {
    /// Fills the ward and plans its first hours.
    pub(super) fn open(&mut self, start: EventTime) {
        self.take_in(start);
        for (who, crisis) in CRISES {
            self.fall_ill(start, who, crisis);
        }
        for who in 0..self.patients.len() {
            let second = ANNOUNCED_FROM_SECOND + u64::try_from(who).unwrap_or_default();
            self.announce_present(start.plus(Duration::from_secs(second)), who);
        }
        self.send_laboratory(start);
        self.send_chart(start);
        for (mishap, minute) in FIRST {
            let at = start.plus(self.chance.seconds(minute * 60, minute * 60 + 50));
            self.plan(at, Act::Mishap(mishap));
        }
        for (movement, minute) in MOVEMENTS {
            let at = start.plus(self.chance.seconds(minute * 60, minute * 60 + 50));
            self.plan(at, Act::Movement(movement));
        }
        let ill = start.plus(self.chance.minutes(95, 115));
        self.plan(ill, Act::FallIll);
        let low = start.plus(minutes(24));
        self.plan(
            low,
            Act::Laboratory(Step::Order(10, Panel::CapillaryGlucose)),
        );
    }

    fn take_in(&mut self, start: EventTime) {
        for (unit, taken) in TAKEN {
            for number in 0..taken {
                let who = self.invent();
                let ago = match unit {
                    Unit::Emergency => self.chance.minutes(30, 110),
                    Unit::Medical | Unit::Surgical | Unit::HighDependency => {
                        self.chance.minutes(11 * 60, 5 * 24 * 60)
                    }
                };
                self.put_in_bed(start.minus(ago), who, Bed { unit, number });
                if unit == Unit::Emergency {
                    let decided = start.plus(self.chance.minutes(40, 120));
                    self.plan(decided, Act::Movement(Movement::Decide(who)));
                }
            }
        }
    }

    /// Sends the rounds of the last hours as they were charted, the newest first: nobody must seem forgotten.
    fn send_chart(&mut self, start: EventTime) {
        let mut place = 0;
        for who in 0..self.patients.len() {
            let mut charted = self.rounds_before(start, who);
            if self.unit(who) == Some(Unit::HighDependency)
                || who % 2 == 0
                || self.unit(who) == Some(Unit::Emergency)
            {
                charted.extend(self.readings_before(start, who));
                let every = if self.unit(who) == Some(Unit::HighDependency) {
                    5
                } else {
                    6 + who as u64 % 7
                };
                self.monitor(start.plus(minutes(1)), who, Some(minutes(every)));
            }
            charted.sort_by_key(|(report, _)| std::cmp::Reverse(report.taken));
            for (report, sender) in charted {
                let at = start.plus(Duration::from_secs(
                    CHART_FROM_SECOND + place / CHART_MESSAGES_A_SECOND,
                ));
                place += 1;
                self.send_results(at, sender, who, &[report]);
            }
        }
    }

    fn rounds_before(&mut self, start: EventTime, who: Who) -> Vec<(Report, Sender)> {
        let admitted = self.patients[who]
            .stay
            .as_ref()
            .map_or(start, |stay| stay.admitted);
        let mut at = start
            .minus(CHARTED_BACK)
            .max(admitted)
            .plus(self.chance.minutes(2, 70));
        let mut charted = Vec::new();
        while at < start {
            let vitals = self.patients[who].body.vitals(at, &mut self.chance);
            let report = self.charted(at, &vitals);
            charted.push((report, Sender::Charting));
            let (score, three) = vitals.early_warning();
            let next = self.next_round_in(score, three);
            at = at.plus(next);
        }
        let noticed = self.patients[who]
            .next_round
            .filter(|noticed| *noticed < at);
        self.round_at(noticed.unwrap_or(at).max(start.plus(minutes(2))), who);
        charted
    }

    fn readings_before(&mut self, start: EventTime, who: Who) -> Vec<(Report, Sender)> {
        let halves = 1..CHARTED_BACK.as_secs() / 1800;
        let times: Vec<EventTime> = halves.map(|half| start.minus(minutes(30 * half))).collect();
        let mut readings = Vec::new();
        for at in times {
            let vitals = self.patients[who].body.vitals(at, &mut self.chance);
            readings.push((self.monitored(at, who, &vitals), Sender::Monitors));
        }
        readings
    }

    /// Sends the last results of everybody; those of the patient whose kidneys fail are new.
    fn send_laboratory(&mut self, start: EventTime) {
        for who in 0..self.patients.len() {
            let taken = match who {
                1 => start.minus(minutes(25)),
                _ => start.minus(self.chance.minutes(40, 600)),
            };
            let second = LABORATORY_FROM_SECOND + u64::try_from(who).unwrap_or_default();
            let at = start.plus(Duration::from_secs(second));
            for panel in [Panel::Chemistry, Panel::BloodCount] {
                let number = self.order_number();
                let report = self.found(taken, who, panel, number);
                self.send_results(at, Sender::Laboratory, who, &[report]);
            }
            let next = start.plus(self.chance.minutes(20, 12 * 60));
            self.plan(next, Act::Laboratory(Step::Routine(who)));
        }
        self.repeat(start.plus(minutes(1)), 1, Panel::Chemistry);
        let (taken, number) = (start.minus(minutes(240)), self.order_number());
        let at = start.plus(Duration::from_secs(LABORATORY_FROM_SECOND + 2));
        self.register(at, 0, Panel::BloodCulture, &number, taken);
        let grown = start.plus(self.chance.minutes(95, 110));
        self.find(taken, grown, 0, Panel::BloodCulture, number);
    }
}
