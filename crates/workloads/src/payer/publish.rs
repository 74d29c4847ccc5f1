//! Compares what is true now with what was published; only the difference goes out.

use clinical::{
    EventId, EventTime, Finding, FindingId, FindingState, PatientKey, ReceivedTime, Severity,
};

use super::authorization::{Authorization, STATUS};
use super::rule::{Conclusion, RULES};
use super::state::{Line, State};
use super::step::Effects;

/// Who is spoken of, when it could be known and what caused it.
pub(crate) struct Cause {
    pub(crate) patient: PatientKey,
    pub(crate) known_at: ReceivedTime,
    pub(crate) event: Option<EventId>,
    pub(crate) timer: Option<EventTime>,
    /// Why what is no longer so is taken back.
    pub(crate) reason: &'static str,
}

/// Whose lines of revisions they are.
pub(crate) struct Pack {
    pub(crate) name: &'static str,
    pub(crate) rule: &'static str,
    /// Its place among the rules that share a state.
    pub(crate) place: u8,
}

/// What changed of one matter.
pub(crate) struct Revised {
    pub(crate) line: Line,
    pub(crate) finding: Finding,
    /// What takes back the one before, where that was of another time; it comes after the new one, so that nobody thinks
    /// meanwhile that it is over.
    pub(crate) moved: Option<Finding>,
    /// How the authorization stands that it is about; nothing where it is taken back.
    pub(crate) authorization: Option<Authorization>,
}

/// Publishes what a rule now concludes in place of what it had published, but for what lies before a time.
pub(crate) fn publish(
    place: u8,
    cause: &Cause,
    frozen: EventTime,
    conclusions: Vec<Conclusion>,
    state: &mut State,
    effects: &mut Effects,
) {
    let Some(rule) = RULES.get(usize::from(place)) else {
        return;
    };
    let pack = Pack {
        name: rule.name,
        rule: rule.rule,
        place,
    };
    for revised in revise(&pack, cause, frozen, conclusions, &mut state.lines) {
        let line = &revised.line;
        let case = line.condition.strip_prefix(STATUS);
        let withdrawn = case
            .filter(|_| !line.asserted)
            .map(Authorization::withdrawn);
        let told = revised.authorization.or(withdrawn);
        let told = told.map(|authorization| named(authorization, cause, line));
        effects.authorizations.extend(told);
        effects.findings.push(revised.finding);
        effects.findings.extend(revised.moved);
    }
}

/// Says what differs from what was published of a rule, and writes it down, but for what lies before a time.
pub(crate) fn revise(
    pack: &Pack,
    cause: &Cause,
    frozen: EventTime,
    conclusions: Vec<Conclusion>,
    lines: &mut Vec<Line>,
) -> Vec<Revised> {
    let mut all = Vec::new();
    let gone: Vec<Line> = lines
        .iter()
        .filter(|line| line.workload == pack.place && line.asserted && line.as_of >= frozen)
        .filter(|line| {
            conclusions
                .iter()
                .all(|one| *one.condition != *line.condition)
        })
        .cloned()
        .collect();
    for held in gone {
        let line = next(pack, cause, &held.condition, held.as_of, Some(&held), None);
        put(lines, line.clone());
        all.push(Revised {
            finding: finding(pack, cause, &line, Some(&held), None),
            moved: None,
            line,
            authorization: None,
        });
    }
    for mut conclusion in conclusions {
        let found = lines
            .iter()
            .find(|line| line.workload == pack.place && *line.condition == *conclusion.condition);
        let held = found.cloned();
        let digest = digest(&conclusion);
        if held
            .as_ref()
            .is_some_and(|held| held.asserted && held.digest == digest)
        {
            continue;
        }
        let of = (&*conclusion.condition, conclusion.as_of);
        let line = next(pack, cause, of.0, of.1, held.as_ref(), Some(digest));
        put(lines, line.clone());
        let authorization = conclusion.authorization.take();
        let moved = held
            .as_ref()
            .and_then(|held| moved(pack, cause, held, &line));
        all.push(Revised {
            finding: finding(pack, cause, &line, held.as_ref(), Some(conclusion)),
            moved,
            line,
            authorization,
        });
    }
    all
}

/// Takes back what was told of another time, where it is of this one now: who reads findings knows them by their times.
fn moved(pack: &Pack, cause: &Cause, held: &Line, line: &Line) -> Option<Finding> {
    if !held.asserted || held.as_of == line.as_of {
        return None;
    }
    let old = next(pack, cause, &held.condition, held.as_of, Some(held), None);
    Some(finding(pack, cause, &old, Some(held), None))
}

/// Names whose an authorization is and which finding says how it stands.
fn named(authorization: Authorization, cause: &Cause, line: &Line) -> Authorization {
    Authorization {
        finding: line.finding,
        revision: line.revision,
        known_at: cause.known_at,
        patient: cause.patient,
        ..authorization
    }
}

fn put(lines: &mut Vec<Line>, line: Line) {
    let order = |line: &Line| (line.workload, line.condition.clone());
    let key = order(&line);
    match lines.binary_search_by_key(&key, order) {
        Ok(place) => {
            if let Some(held) = lines.get_mut(place) {
                *held = line;
            }
        }
        Err(place) => lines.insert(place, line),
    }
}

fn next(
    pack: &Pack,
    cause: &Cause,
    condition: &str,
    as_of: EventTime,
    held: Option<&Line>,
    digest: Option<u64>,
) -> Line {
    let revision = held.map_or(1, |held| held.revision + 1);
    let moment = |at: Option<EventTime>| at.map_or([0; 8], |at| at.micros().to_be_bytes());
    Line {
        workload: pack.place,
        condition: condition.into(),
        as_of,
        revision,
        finding: FindingId::derive(&[
            pack.name.as_bytes(),
            cause.patient.as_bytes(),
            cause
                .event
                .as_ref()
                .map_or(&[][..], |event| event.as_bytes()),
            &moment(cause.timer),
            &moment(Some(as_of)),
            condition.as_bytes(),
            &revision.to_be_bytes(),
        ]),
        digest: digest.unwrap_or_default(),
        asserted: digest.is_some(),
    }
}

fn finding(
    pack: &Pack,
    cause: &Cause,
    line: &Line,
    held: Option<&Line>,
    conclusion: Option<Conclusion>,
) -> Finding {
    let base = Finding {
        id: line.finding,
        workload: pack.name.into(),
        rule: pack.rule.into(),
        patient: cause.patient,
        condition: line.condition.clone(),
        as_of: line.as_of,
        known_at: cause.known_at,
        revision: line.revision,
        replaces: held.map(|held| held.finding),
        state: FindingState::Retracted(cause.reason.into()),
        severity: Severity::None,
        score: None,
        summary: "taken back: what is known now no longer says so".into(),
        evidence: Vec::new(),
        missing: Vec::new(),
        cause: cause.event,
        backfill: false,
    };
    match conclusion {
        None => base,
        Some(conclusion) => Finding {
            state: FindingState::Asserted,
            severity: conclusion.severity,
            score: conclusion.score,
            summary: conclusion.summary.into(),
            evidence: conclusion.evidence,
            missing: conclusion.missing,
            backfill: conclusion.backfill,
            ..base
        },
    }
}

/// Hashes what a conclusion says; the same from another record changes nothing.
fn digest(conclusion: &Conclusion) -> u64 {
    let mut text = format!(
        "{}|{:?}|{:?}|{}|{:?}",
        conclusion.as_of,
        conclusion.severity,
        conclusion.score,
        conclusion.summary,
        conclusion.missing
    );
    for proof in &conclusion.evidence {
        text.push_str(&format!("|{}={}@{}", proof.what, proof.value, proof.at));
    }
    clinical::payer::link(&text)
}
