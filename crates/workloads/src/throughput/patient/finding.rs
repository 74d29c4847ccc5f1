//! What is found of the clocks of a visit: near its limit, beyond it, over, or never so.

use std::time::Duration;

use clinical::{
    EventId, EventTime, Evidence, Finding, FindingId, FindingState, PatientKey, Severity,
};

use super::{Line, PatientState};
use crate::Now;
use crate::throughput::NAME;
use crate::throughput::clock::{Clock, ClockRule};
use crate::throughput::course::Course;
use crate::throughput::standing::Standing;
use crate::throughput::visit::{Visit, whole_minutes};

const RULE: &str = "emergency 1.0.0";

/// What is so of a clock at a time: it came near its limit, went beyond it, or stopped.
struct Conclusion {
    as_of: EventTime,
    severity: Severity,
    summary: String,
    began: EventTime,
}

/// Publishes what differs from what was published of a visit.
pub(super) fn publish(
    rules: &[ClockRule],
    state: &mut PatientState,
    standing: &Standing,
    now: Now,
    cause: Option<EventId>,
    findings: &mut Vec<Finding>,
) {
    let visit = standing.key.0;
    for rule in rules {
        let concluded = conclusions(rule, &standing.visit, now.watermark);
        let is_other = |line: &&mut Line| {
            let mut same = concluded.iter().map(|concluded| concluded.as_of);
            let is_of = line.visit == visit && line.clock == rule.clock;
            is_of && !same.any(|as_of| as_of == line.as_of)
        };
        for line in state.lines.iter_mut().filter(is_other) {
            findings.extend(retracted(line, now, cause, "no-longer-so"));
        }
        for concluded in concluded {
            findings.extend(say(state, (visit, rule.clock), concluded, now, cause));
        }
    }
}

/// Publishes a conclusion, where that is news.
fn say(
    state: &mut PatientState,
    (visit, clock): (u64, Clock),
    concluded: Conclusion,
    now: Now,
    cause: Option<EventId>,
) -> Option<Finding> {
    let said = [concluded.severity.word(), &concluded.summary].map(str::as_bytes);
    let digest = EventId::derive(&said).first_eight();
    let key = (visit, clock, concluded.as_of);
    let mut lines = state.lines.iter();
    let place = lines.position(|line| (line.visit, line.clock, line.as_of) == key);
    let known = place.and_then(|place| state.lines.get(place));
    if known.is_some_and(|line| line.asserted && line.digest == digest) {
        return None;
    }
    let revision = known.map_or(1, |line| line.revision.saturating_add(1));
    let replaces = known.map(|line| line.finding);
    let line = Line {
        visit,
        clock,
        as_of: concluded.as_of,
        revision,
        finding: id(now.patient, visit, clock, concluded.as_of, revision),
        digest,
        asserted: true,
        is_end: concluded.severity == Severity::None,
    };
    let course = state.courses.get(&visit);
    let finding = Finding {
        replaces,
        severity: concluded.severity,
        evidence: course
            .and_then(|course| evidence(course, &concluded))
            .into_iter()
            .collect(),
        summary: concluded.summary.into(),
        backfill: course.is_some_and(Course::is_backfill),
        ..blank(&line, now, cause)
    };
    match place.and_then(|place| state.lines.get_mut(place)) {
        Some(slot) => *slot = line,
        None => state.lines.push(line),
    }
    Some(finding)
}

/// Says of a clock that never stopped that its visit is not followed any more.
pub(super) fn left(visit: u64, clock: Clock, now: Now, cause: Option<EventId>) -> Finding {
    let line = Line {
        visit,
        clock,
        as_of: now.watermark,
        revision: 1,
        finding: id(now.patient, visit, clock, now.watermark, 1),
        digest: 0,
        asserted: true,
        is_end: true,
    };
    Finding {
        summary: format!("{}: nothing was heard of it for a week", clock.words()).into(),
        ..blank(&line, now, cause)
    }
}

/// Takes a line back, if it stands.
pub(super) fn retracted(
    line: &mut Line,
    now: Now,
    cause: Option<EventId>,
    why: &str,
) -> Option<Finding> {
    if !line.asserted {
        return None;
    }
    let replaces = Some(line.finding);
    line.asserted = false;
    line.revision = line.revision.saturating_add(1);
    line.finding = id(
        now.patient,
        line.visit,
        line.clock,
        line.as_of,
        line.revision,
    );
    Some(Finding {
        replaces,
        state: FindingState::Retracted(why.into()),
        summary: format!("{}: taken back", line.clock.words()).into(),
        ..blank(line, now, cause)
    })
}

fn blank(line: &Line, now: Now, cause: Option<EventId>) -> Finding {
    Finding {
        id: line.finding,
        workload: NAME.into(),
        rule: RULE.into(),
        patient: now.patient,
        condition: format!("emergency/{}", line.clock.word()).into(),
        as_of: line.as_of,
        known_at: now.received,
        revision: line.revision,
        replaces: None,
        state: FindingState::Asserted,
        severity: Severity::None,
        score: None,
        summary: "".into(),
        evidence: Vec::new(),
        missing: Vec::new(),
        cause,
        backfill: false,
    }
}

fn id(patient: PatientKey, visit: u64, clock: Clock, as_of: EventTime, revision: u32) -> FindingId {
    FindingId::derive(&[
        NAME.as_bytes(),
        patient.as_bytes(),
        &visit.to_be_bytes(),
        clock.word().as_bytes(),
        &as_of.micros().to_be_bytes(),
        &revision.to_be_bytes(),
    ])
}

fn conclusions(rule: &ClockRule, visit: &Visit, now: EventTime) -> Vec<Conclusion> {
    let mut concluded = Vec::new();
    let Some((began, stopped)) = rule.clock.of(visit) else {
        return concluded;
    };
    let [(_, warns), (_, breaches)] = rule.times(began);
    let over = stopped.filter(|stopped| *stopped <= now);
    let reached = over.unwrap_or(now);
    let (words, limit) = (rule.clock.words(), rule.breaches_after);
    if reached < warns {
        return concluded;
    }
    let mut conclude = |as_of, severity, summary| {
        concluded.push(Conclusion {
            as_of,
            severity,
            summary,
            began,
        });
    };
    let warned = rule.warns_after;
    let summary = format!("{words}: {warned} min have passed of {limit}");
    conclude(warns, Severity::Medium, summary);
    if reached >= breaches {
        let summary = format!("{words}: more than {limit} min");
        conclude(breaches, Severity::High, summary);
    }
    if let Some(over) = over {
        let took = whole_minutes(began, over).unwrap_or_default();
        let summary = format!("{words}: over after {took} min, the limit is {limit} min");
        // At one time one thing is said: a clock that stopped as it ran out is over just after.
        let is_taken = over == warns || over == breaches;
        let as_of = over.plus(Duration::from_micros(u64::from(is_taken)));
        conclude(as_of, Severity::None, summary);
    }
    concluded
}

/// What began the clock, and the newest event that the visit was spoken of by.
fn evidence(course: &Course, concluded: &Conclusion) -> Option<Evidence> {
    let heard = course.newest()?;
    Some(Evidence {
        what: "since".into(),
        value: concluded.began.to_string().into(),
        points: None,
        at: heard.at,
        event: heard.event,
        origin: heard.origin,
    })
}
