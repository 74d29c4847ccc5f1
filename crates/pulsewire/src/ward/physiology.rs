//! The body behind the numbers: what is usual for a patient, what an illness does to it, and what treatment undoes.

use std::time::Duration;

use clinical::EventTime;

use super::chance::Chance;

/// An illness at its worst, in thousandths.
pub(super) const FULL: i64 = 1000;

/// What a patient can fall ill with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Illness {
    Sepsis,
    RespiratoryFailure,
    Hypovolaemia,
    /// Potassium that the kidneys do not get rid of.
    RenalFailure,
    Hypoglycaemia,
}

impl Illness {
    pub(super) const ALL: [Self; 5] = [
        Self::Sepsis,
        Self::RespiratoryFailure,
        Self::Hypovolaemia,
        Self::RenalFailure,
        Self::Hypoglycaemia,
    ];

    /// Gives its place in the tables of what illnesses change.
    pub(super) const fn place(self) -> usize {
        self as usize
    }
}

/// How an illness goes: it rises, stays, and falls once it is treated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    pub(super) illness: Illness,
    pub(super) onset: EventTime,
    pub(super) rise: Duration,
    /// How bad it becomes, in thousandths.
    pub(super) peak: i64,
    pub(super) treated: EventTime,
    pub(super) recovery: Duration,
}

impl Course {
    /// Says how bad it is at a time, in thousandths.
    pub(super) fn severity(&self, at: EventTime) -> i64 {
        let risen = passed(self.onset, self.rise, at) * self.peak / FULL;
        let left = FULL - passed(self.treated, self.recovery, at);
        risen * left / FULL
    }

    /// Gives the next time after this one at which somebody sees that the patient looks unwell.
    pub(super) fn noticed(&self, after: EventTime) -> Option<EventTime> {
        let times = [self.rise * 6 / 10, self.rise].map(|span| self.onset.plus(span));
        times.into_iter().find(|time| *time > after)
    }

    /// Says whether it is over.
    pub(super) fn is_over(&self, at: EventTime) -> bool {
        at >= self.treated.plus(self.recovery)
    }
}

/// How much of a span has passed, in thousandths.
fn passed(from: EventTime, span: Duration, at: EventTime) -> i64 {
    let Some(since) = at.since(from) else {
        return 0;
    };
    let share = since.as_millis() * 1000 / span.as_millis().max(1);
    i64::try_from(share).unwrap_or(FULL).min(FULL)
}

/// How awake somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consciousness {
    Alert,
    Confused,
    Voice,
}

/// What can be read at the bedside at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vitals {
    /// Breaths a minute.
    pub(super) respiration: i64,
    /// Percent.
    pub(super) saturation: i64,
    /// Litres a minute; 0 is room air.
    pub(super) oxygen: i64,
    /// mmHg.
    pub(super) systolic: i64,
    /// mmHg.
    pub(super) diastolic: i64,
    /// Beats a minute.
    pub(super) pulse: i64,
    /// Tenths of a degree Celsius.
    pub(super) temperature: i64,
    pub(super) consciousness: Consciousness,
}

impl Vitals {
    /// Gives the early warning score a nurse works out at the bedside, and whether one reading alone scores 3
    /// (RCP 2017). It decides how soon the next round is.
    pub(super) fn early_warning(&self) -> (i64, bool) {
        let points = [
            score(self.respiration, [(8, 3), (11, 1), (20, 0), (24, 2)], 3),
            score(self.saturation, [(91, 3), (93, 2), (95, 1), (100, 0)], 0),
            score(self.systolic, [(90, 3), (100, 2), (110, 1), (219, 0)], 3),
            score(
                self.pulse.max(41),
                [(50, 1), (90, 0), (110, 1), (130, 2)],
                3,
            ),
            score(
                self.temperature.max(351),
                [(360, 1), (380, 0), (390, 1), (500, 2)],
                2,
            ),
            if self.oxygen > 0 { 2 } else { 0 },
            if self.consciousness == Consciousness::Alert {
                0
            } else {
                3
            },
        ];
        (points.iter().sum(), points.contains(&3))
    }
}

fn score(value: i64, steps: [(i64, i64); 4], above: i64) -> i64 {
    let step = steps.iter().find(|(most, _)| value <= *most);
    step.map_or(above, |(_, points)| *points)
}

/// What is usual for a patient, and the illness they have.
#[derive(Clone, Debug)]
pub(super) struct Body {
    respiration: i64,
    saturation: i64,
    oxygen: i64,
    systolic: i64,
    diastolic: i64,
    pulse: i64,
    temperature: i64,
    pub(super) course: Option<Course>,
}

/// What an illness at its worst adds: respiration, saturation, systolic, diastolic, pulse, temperature in tenths.
const CHANGES: [[i64; 6]; 5] = [
    [12, -6, -42, -22, 48, 24],
    [15, -12, 8, 4, 32, 8],
    [9, -1, -48, -26, 52, -9],
    [3, 0, -8, -4, -14, 0],
    [2, 0, 10, 2, 28, -6],
];

/// Nurses give oxygen below this saturation.
const GIVE_OXYGEN_BELOW: i64 = 93;

impl Body {
    /// Makes a body of somebody of this age; one in nine needs a little oxygen all the time.
    pub(super) fn new(age: i64, chance: &mut Chance) -> Self {
        let old = age / 10;
        Self {
            respiration: chance.between(13, 16),
            saturation: chance.between(97, 98),
            oxygen: if chance.permille(110) {
                chance.between(1, 2)
            } else {
                0
            },
            systolic: 112 + 2 * old + chance.noise(8),
            diastolic: 72 + chance.noise(6),
            pulse: chance.between(62, 78),
            temperature: chance.between(365, 370),
            course: None,
        }
    }

    /// Says how ill the patient is, in thousandths, and with what.
    pub(super) fn illness(&self, at: EventTime) -> Option<(Illness, i64)> {
        let course = self.course.filter(|course| at >= course.onset)?;
        Some((course.illness, course.severity(at)))
    }

    /// Reads the body at a time.
    pub(super) fn vitals(&self, at: EventTime, chance: &mut Chance) -> Vitals {
        let (change, severity) = match self.illness(at) {
            Some((illness, severity)) => (CHANGES[illness.place()], severity),
            None => ([0; 6], 0),
        };
        let [
            respiration,
            saturation,
            systolic,
            diastolic,
            pulse,
            temperature,
        ] = change.map(|full| full * severity / FULL);
        let day = time_of_day(at);
        let breathed = self.saturation + saturation + chance.noise(1);
        let given = (GIVE_OXYGEN_BELOW + 1 - breathed).clamp(0, 13);
        let (oxygen, saturation) = if breathed < GIVE_OXYGEN_BELOW {
            (given + 2, breathed + given * 2 / 3)
        } else {
            (self.oxygen, breathed)
        };
        Vitals {
            respiration: (self.respiration + respiration + chance.noise(2)).max(9),
            saturation: saturation.clamp(70, 100),
            oxygen,
            systolic: self.systolic + systolic + day * 5 / DAY_SWING + chance.noise(6),
            diastolic: self.diastolic + diastolic + day * 3 / DAY_SWING + chance.noise(4),
            pulse: self.pulse + pulse + day * 4 / DAY_SWING + chance.noise(5),
            temperature: self.temperature + temperature + day * 3 / DAY_SWING + chance.noise(2),
            consciousness: self.consciousness(at),
        }
    }

    fn consciousness(&self, at: EventTime) -> Consciousness {
        let (confused, voice) = match self.illness(at) {
            Some((Illness::Hypoglycaemia, severity)) => (severity >= 700, severity >= 950),
            Some((Illness::RenalFailure, _)) | None => (false, false),
            Some((_, severity)) => (severity >= 870, severity > FULL),
        };
        match (confused, voice) {
            (_, true) => Consciousness::Voice,
            (true, false) => Consciousness::Confused,
            (false, false) => Consciousness::Alert,
        }
    }
}

/// The swing of the day at its height.
const DAY_SWING: i64 = 360;
/// The minute of the day at which temperature, pulse and pressure are highest, about five in the afternoon.
const HIGHEST_MINUTE: i64 = 17 * 60;

/// Where in the swing of a day a time is: highest in the afternoon, lowest before dawn.
fn time_of_day(at: EventTime) -> i64 {
    let minute = at.micros().div_euclid(60_000_000).rem_euclid(24 * 60);
    let away = (minute - HIGHEST_MINUTE).abs();
    DAY_SWING - away.min(24 * 60 - away)
}

#[cfg(test)]
mod tests {
    use super::super::chance::minutes;
    use super::*;

    #[test]
    fn an_illness_rises_and_falls_once_it_is_treated() {
        let start = EventTime::from_micros(0);
        let course = Course {
            illness: Illness::Sepsis,
            onset: start,
            rise: minutes(100),
            peak: 800,
            treated: start.plus(minutes(200)),
            recovery: minutes(100),
        };
        let at = |count| course.severity(start.plus(minutes(count)));
        assert_eq!(
            [at(0), at(50), at(100), at(200), at(250), at(300)],
            [0, 400, 800, 800, 400, 0]
        );
        assert!(
            course.is_over(start.plus(minutes(300))) && !course.is_over(start.plus(minutes(299)))
        );
    }

    #[test]
    fn sepsis_at_its_worst_is_a_high_score_and_health_a_low_one() {
        let (mut chance, start) = (Chance::new(1), EventTime::from_micros(0));
        for _ in 0..200 {
            let mut body = Body::new(60, &mut chance);
            assert!(body.vitals(start, &mut chance).early_warning().0 <= 4);
            body.course = Some(Course {
                illness: Illness::Sepsis,
                onset: start,
                rise: minutes(1),
                peak: 900,
                treated: start.plus(minutes(600)),
                recovery: minutes(60),
            });
            let ill = body.vitals(start.plus(minutes(30)), &mut chance);
            assert!(ill.early_warning().0 >= 7, "{ill:?}");
        }
    }
}
