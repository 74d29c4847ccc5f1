//! Compares what is true now with what was published; only the difference goes out.

use std::fmt::Write as _;

use clinical::{
    EventId, EventTime, Evidence, Finding, FindingId, FindingState, PatientKey, ReceivedTime,
    Severity,
};

use crate::Config;
use crate::chart::{BACKFILLED, Unusable};
use crate::deterioration::{named, span_words};
use crate::state::Line;
use crate::touched::Touched;
use crate::workload::{Conclusion, Condition, Proof, Workload};

/// Who is spoken of, when it could be known and what caused it.
pub(crate) struct Cause<'a> {
    /// What the site set: its rules have names of their own.
    pub(crate) config: &'a Config,
    pub(crate) patient: PatientKey,
    pub(crate) known_at: ReceivedTime,
    /// The timer that caused it, by its tag and time.
    pub(crate) timer: Option<(&'a [u8], EventTime)>,
    /// What changed, by which event, and why.
    pub(crate) touched: &'a Touched,
}

/// Publishes what a workload now concludes of each condition from a time on, in place of what it had published.
pub(crate) fn publish(
    workload: &Workload,
    cause: &Cause<'_>,
    since: EventTime,
    conclusions: Vec<Conclusion>,
    lines: &mut Vec<Line>,
    findings: &mut Vec<Finding>,
) {
    let first = lines.partition_point(|line| line.as_of < since);
    let mut due: Vec<(EventTime, Condition, Option<Conclusion>)> = lines
        .iter()
        .skip(first)
        .filter(|line| line.asserted)
        .filter(|line| line.condition.workload().name == workload.name)
        .filter(|line| {
            !conclusions
                .iter()
                .any(|c| (c.as_of, c.condition) == (line.as_of, line.condition))
        })
        .map(|line| (line.as_of, line.condition, None))
        .collect();
    due.extend(
        conclusions
            .into_iter()
            .map(|c| (c.as_of, c.condition, Some(c))),
    );
    // What is no longer so comes last: where it is so of another time, nobody thinks meanwhile that it is over.
    due.sort_by_key(|(at, condition, conclusion)| (conclusion.is_none(), *at, *condition));
    for (as_of, condition, conclusion) in due {
        let key = (as_of, condition);
        let place = lines.binary_search_by_key(&key, |line| (line.as_of, line.condition));
        let held = place.ok().and_then(|place| lines.get(place)).copied();
        let digest = conclusion.as_ref().map_or(0, digest);
        if held.is_some_and(|held| held.asserted == conclusion.is_some() && held.digest == digest) {
            continue;
        }
        let revision = held.map_or(1, |held| held.revision + 1);
        let line = Line {
            as_of,
            condition,
            revision,
            finding: name(workload, cause, key, revision),
            digest,
            asserted: conclusion.is_some(),
            note: conclusion.as_ref().map_or(0, |c| c.note),
        };
        findings.push(finding(
            workload,
            cause,
            &line,
            held.map(|held| held.finding),
            conclusion,
        ));
        match place {
            Ok(place) => *lines.get_mut(place).expect("the search found it") = line,
            Err(place) => lines.insert(place, line),
        }
    }
}

fn name(
    workload: &Workload,
    cause: &Cause<'_>,
    (as_of, condition): (EventTime, Condition),
    revision: u32,
) -> FindingId {
    let at = cause
        .timer
        .map_or([0; 8], |(_, at)| at.micros().to_be_bytes());
    FindingId::derive(&[
        workload.name.as_bytes(),
        cause.patient.as_bytes(),
        cause
            .touched
            .event
            .as_ref()
            .map_or(&[][..], |event| event.as_bytes()),
        cause.timer.map_or(&[][..], |(tag, _)| tag),
        &at,
        &as_of.micros().to_be_bytes(),
        condition.name(cause.config, as_of).as_bytes(),
        &revision.to_be_bytes(),
    ])
}

fn finding(
    workload: &Workload,
    cause: &Cause<'_>,
    line: &Line,
    replaces: Option<FindingId>,
    conclusion: Option<Conclusion>,
) -> Finding {
    let reason = cause.touched.reason(line.condition);
    let mut finding = Finding {
        id: line.finding,
        workload: workload.name.into(),
        rule: workload.rule.into(),
        patient: cause.patient,
        condition: line.condition.name(cause.config, line.as_of).into(),
        as_of: line.as_of,
        known_at: cause.known_at,
        revision: line.revision,
        replaces,
        state: FindingState::Retracted(reason.word().into()),
        severity: Severity::None,
        score: None,
        summary: format!("taken back: {}", reason.words()).into(),
        evidence: Vec::new(),
        missing: Vec::new(),
        cause: cause.touched.event,
        backfill: false,
    };
    if let Some(conclusion) = conclusion {
        finding.state = FindingState::Asserted;
        finding.severity = conclusion.severity;
        finding.score = conclusion.score;
        finding.missing = conclusion
            .missing
            .iter()
            .map(|missing| {
                let name = named(missing.parameter, missing.why);
                match missing.last {
                    Some(age) => format!("{name} (last {} before)", span_words(age)),
                    None => name,
                }
            })
            .map(Into::into)
            .collect();
        let mut proofs = conclusion.evidence.iter();
        finding.backfill = conclusion.history
            || !conclusion.evidence.is_empty() && proofs.all(|proof| proof.entry.is(BACKFILLED));
        finding.evidence = conclusion.evidence.into_iter().map(evidence).collect();
        finding.summary = conclusion.summary.into();
    }
    finding
}

fn evidence(proof: Proof) -> Evidence {
    Evidence {
        what: proof.entry.parameter.words().into(),
        value: proof.value.into(),
        points: proof.points,
        at: proof.entry.at,
        event: proof.entry.event,
        origin: proof.entry.origin,
    }
}

/// About as much as is digested of a conclusion.
const DIGESTED_BYTES: usize = 512;

/// Writes at the end of a text.
pub(crate) fn add(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).expect("a string takes all");
}

/// Hashes what a conclusion says. The same value from another message changes nothing, and neither does how old the
/// last value of a missing parameter is, since that may be forgotten.
fn digest(conclusion: &Conclusion) -> u64 {
    let mut text = String::with_capacity(DIGESTED_BYTES);
    let (severity, score) = (conclusion.severity, conclusion.score);
    let said = format_args!("{severity:?}|{score:?}|{}", conclusion.summary);
    add(&mut text, said);
    let mut digits = itoa::Buffer::new();
    for proof in &conclusion.evidence {
        for part in ["|", proof.entry.parameter.word(), "=", &proof.value, "/"] {
            text.push_str(part);
        }
        match proof.points {
            Some(points) => {
                text.push_str("Some(");
                text.push_str(digits.format(points));
                text.push(')');
            }
            None => text.push_str("None"),
        }
        text.push('@');
        text.push_str(digits.format(proof.entry.at.micros()));
    }
    for missing in &conclusion.missing {
        text.push_str("|-");
        text.push_str(missing.parameter.word());
        text.push_str(missing.why.map_or("", Unusable::word));
    }
    EventId::derive(&[text.as_bytes()]).first_eight()
}
