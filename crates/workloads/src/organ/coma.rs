//! The Glasgow coma score from its three parts, charted together or one by one.

use std::time::Duration;

use clinical::{Decimal, EventTime};

use crate::Parameter;
use crate::chart::{Chart, Entry};
use crate::config::hours;

/// How long a part that was charted before stands for one that was not charted now (mimic-code, `pivoted_gcs`).
pub(crate) const CARRIED: Duration = hours(6);
/// The best responses: eyes, speech, movement (Teasdale 1974).
const BEST: [i64; 3] = [4, 5, 6];
/// A score of which speech cannot be judged is taken as full: a tube says nothing of the brain.
const FULL: i64 = 15;
const VERBAL: usize = 1;

/// The parts charted at one time.
type Parts = [Option<Decimal>; 3];

/// Scores what was charted at a time, without what was charted before another. A part that is missing is that of the time
/// before of which a part counts.
pub(crate) fn total(
    chart: &Chart,
    at: EventTime,
    since: EventTime,
    counts: fn(&Entry) -> bool,
) -> Decimal {
    let now = parts(chart, at);
    let instant = Duration::from_micros(1);
    let before = chart
        .between(at.minus(CARRIED), at.minus(instant))
        .rev()
        .take_while(|entry| entry.at >= since)
        .find(|entry| counts(entry))
        .map_or([None; 3], |entry| parts(chart, entry.at));
    let [_, speech, _] = now;
    let [_, speech_before, _] = before;
    let tube = |speech: Option<Decimal>| speech == Some(Decimal::ZERO);
    if tube(speech) || speech.is_none() && tube(speech_before) {
        return Decimal::from(FULL);
    }
    // What was charted beside an impossible answer is not carried.
    let carried = if tube(speech_before) {
        [None; 3]
    } else {
        before
    };
    now.into_iter()
        .zip(carried)
        .zip(BEST)
        .map(|((now, before), best)| now.or(before).unwrap_or(Decimal::from(best)))
        .sum()
}

/// Gives the motor response of a time at which neither eyes nor speech can be judged.
pub(crate) fn motor_alone(chart: &Chart, at: EventTime) -> Option<Decimal> {
    let [_, speech, motor] = parts(chart, at);
    let speaks = |speech: Option<Decimal>| speech.is_some_and(|speech| !speech.is_zero());
    let before = chart
        .of_between(Parameter::ComaVerbal, at.minus(CARRIED), at)
        .any(|entry| speaks(entry.number()));
    motor.filter(|_| !speaks(speech) && (speech.is_some() || !before))
}

/// Says whether it is a part of the score with an answer.
pub(crate) fn is_answered(entry: &Entry) -> bool {
    is_part(entry.parameter) && entry.is_usable()
}

/// Says whether it is a part of the score that was charted, with an answer or without.
pub(crate) fn is_charted(entry: &Entry) -> bool {
    is_part(entry.parameter) && !entry.is_withdrawn()
}

/// Says whether it is a part of the score.
pub(crate) const fn is_part(parameter: Parameter) -> bool {
    part_of(parameter).is_some()
}

fn parts(chart: &Chart, at: EventTime) -> Parts {
    let mut found = [None; 3];
    for entry in chart.between(at.minus(Duration::from_micros(1)), at) {
        if let (Some(slot), Some(value)) = (
            part_of(entry.parameter).and_then(|part| found.get_mut(part)),
            entry.number(),
        ) {
            *slot = Some(slot.map_or(value, |held: Decimal| held.max(value)));
        }
    }
    found
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other parameter is a part of the score"
)]
const fn part_of(parameter: Parameter) -> Option<usize> {
    match parameter {
        Parameter::ComaEye => Some(0),
        Parameter::ComaVerbal => Some(VERBAL),
        Parameter::ComaMotor => Some(2),
        _ => None,
    }
}
