//! Who falls ill and how it goes on: most get better once they are treated, a few do not.

use std::time::Duration;

use clinical::EventTime;

use super::admission::Movement;
use super::patient::Unit;
use super::physiology::{Course, Illness};
use super::{Act, Ward, Who};

/// How an illness is to go, in minutes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crisis {
    pub(super) illness: Illness,
    /// How long ago it began; less than 0 is how soon it begins.
    pub(super) since: i64,
    pub(super) rise: i64,
    /// How bad it becomes, in thousandths.
    pub(super) peak: i64,
    /// How soon the treatment begins to work.
    pub(super) treated_in: i64,
    pub(super) recovery: i64,
}

/// The most who are ill at the same time: a ward of the dying shows nothing.
const ILL_MAX: usize = 6;
/// So many in a thousand illnesses do not answer to treatment.
const FATAL_PERMILLE: i64 = 30;
/// The illness that kills does so after this many minutes at its worst.
const UNTIL_DEATH: (i64, i64) = (150, 300);

impl Ward {
    /// Lets somebody fall ill.
    pub(super) fn fall_ill(&mut self, at: EventTime, who: Who, crisis: Crisis) {
        let onset = shifted(at, -crisis.since);
        self.patients[who].body.course = Some(Course {
            illness: crisis.illness,
            onset,
            rise: span(crisis.rise),
            peak: crisis.peak,
            treated: shifted(at, crisis.treated_in),
            recovery: span(crisis.recovery),
        });
        self.patients[who].asked = None;
        if let Some(next) = self.patients[who].next_round {
            self.round_at(next, who);
        }
    }

    pub(super) fn someone_falls_ill(&mut self, at: EventTime) {
        let next = at.plus(self.chance.minutes(50, 130));
        self.plan(next, Act::FallIll);
        let ill = self
            .patients
            .iter()
            .filter(|patient| patient.is_present() && patient.body.course.is_some());
        if ill.count() >= ILL_MAX {
            return;
        }
        let Some(who) = self.choose_well() else {
            return;
        };
        let rise = self.chance.between(40, 110);
        let crisis = Crisis {
            illness: self.chance.pick(&Illness::ALL),
            since: 0,
            rise,
            peak: self.chance.between(620, 960),
            treated_in: rise + self.chance.between(30, 90),
            recovery: self.chance.between(90, 240),
        };
        if self.chance.permille(FATAL_PERMILLE) {
            let end = rise + self.chance.between(UNTIL_DEATH.0, UNTIL_DEATH.1);
            self.fall_ill(
                at,
                who,
                Crisis {
                    peak: 1000,
                    treated_in: end * 2,
                    ..crisis
                },
            );
            self.plan(shifted(at, end), Act::Movement(Movement::Die(who)));
        } else {
            self.fall_ill(at, who, crisis);
        }
    }

    /// Says where the patient lies.
    pub(super) fn unit(&self, who: Who) -> Option<Unit> {
        self.patients[who].stay.as_ref().map(|stay| stay.bed.unit)
    }
}

fn span(minutes: i64) -> Duration {
    Duration::from_secs(minutes.unsigned_abs() * 60)
}

fn shifted(at: EventTime, minutes: i64) -> EventTime {
    if minutes < 0 {
        at.minus(span(minutes))
    } else {
        at.plus(span(minutes))
    }
}
