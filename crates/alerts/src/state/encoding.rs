//! The order in which a state's parts stand in its bytes; each part is read by the function after its writer.

use clinical::{
    Actor, Alert, AlertState, Change, DeliveryKind, EventTime, Evidence, Origin, Severity,
};

use super::{DecodeError, State, VERSION_3};
use crate::budget::{Pool, Waiting};
use crate::bytes::{Reader, Writer};
use crate::course::{Course, Quiet};
use crate::episode::{End, Episode, Told};
use crate::lines::{Basis, Handled, Line, Lines};

type Decoded<T> = Result<T, DecodeError>;

pub(super) fn write(to: &mut Writer, state: &State) {
    to.list(state.conditions.iter(), |to, (condition, course)| {
        to.text(condition);
        write_course(to, course);
    });
}

pub(super) fn read(from: &mut Reader<'_>, version: u8) -> Decoded<State> {
    let conditions = from.list(|from| Ok((from.text()?, read_course(from, version)?)))?;
    Ok(State {
        conditions,
        ..State::default()
    })
}

pub(super) fn write_budget(to: &mut Writer, state: &State) {
    to.option(state.day, Writer::signed);
    to.option(state.pool.as_ref(), |to, pool| {
        to.list(pool.days.iter(), |to, (day, (days, told))| {
            to.signed(*day);
            to.number(*days);
            to.number(*told);
        });
        to.list(pool.waiting.iter(), |to, waiting| {
            to.id(waiting.patient);
            to.id(waiting.alert);
            write_severity(to, waiting.severity);
        });
    });
}

pub(super) fn read_budget(from: &mut Reader<'_>, state: &mut State) -> Decoded<()> {
    state.day = from.option(Reader::signed)?;
    state.pool = from.option(|from| {
        let days = from.list(|from| {
            let day = from.signed()?;
            Ok((day, (from.number()?, from.number()?)))
        })?;
        let waiting = from.list(|from| {
            Ok(Waiting {
                patient: from.id()?,
                alert: from.id()?,
                severity: read_severity(from)?,
            })
        })?;
        Ok(Pool { days, waiting })
    })?;
    Ok(())
}

fn write_course(to: &mut Writer, course: &Course) {
    to.number(course.episode.into());
    write_lines(to, &course.lines);
    to.option(course.active.as_ref(), write_episode);
    to.list(course.ended.iter(), write_episode);
    to.option(course.handled, |to, handled| {
        to.time(handled.until);
        write_severity(to, handled.severity);
    });
    to.option(course.quiet, |to, quiet| {
        to.time(quiet.until);
        write_severity(to, quiet.severity);
        to.time(quiet.after);
    });
}

fn read_course(from: &mut Reader<'_>, version: u8) -> Decoded<Course> {
    Ok(Course {
        episode: from.narrow()?,
        lines: read_lines(from, version)?,
        active: from.option(read_episode)?,
        ended: from.list(read_episode)?,
        handled: from.option(|from| {
            Ok(Handled {
                until: from.time()?,
                severity: read_severity(from)?,
            })
        })?,
        quiet: from.option(|from| {
            Ok(Quiet {
                until: from.time()?,
                severity: read_severity(from)?,
                after: from.time()?,
            })
        })?,
    })
}

fn write_lines(to: &mut Writer, lines: &Lines) {
    to.list(lines.known(), |to, (workload, lines)| {
        to.text(workload);
        let mut before = 0;
        to.list(lines.iter(), |to, (as_of, line)| {
            to.step(as_of.micros(), &mut before);
            write_line(to, line);
        });
    });
    to.option(lines.forgotten, Writer::time);
}

fn read_lines(from: &mut Reader<'_>, version: u8) -> Decoded<Lines> {
    let known: Vec<_> = from.list(|from| {
        if version < VERSION_3 {
            let (as_of, workload) = (from.time()?, from.text()?);
            return Ok((workload, vec![(as_of, read_line(from)?)]));
        }
        let workload = from.text()?;
        let mut before = 0;
        let lines = from.list(|from| {
            let as_of = EventTime::from_micros(from.step(&mut before)?);
            Ok((as_of, read_line(from)?))
        })?;
        Ok((workload, lines))
    })?;
    let forgotten = from.option(Reader::time)?;
    Lines::of(known, forgotten).ok_or_else(|| from.damaged("lines in the order of their times"))
}

fn write_line(to: &mut Writer, line: &Line) {
    to.number(line.revision.into());
    write_severity(to, line.severity);
    to.flag(line.stands);
    to.option(line.basis.as_deref(), write_basis);
}

fn read_line(from: &mut Reader<'_>) -> Decoded<Line> {
    Ok(Line {
        revision: from.narrow()?,
        severity: read_severity(from)?,
        stands: from.flag()?,
        basis: from.option(read_basis)?.map(Box::new),
    })
}

fn write_basis(to: &mut Writer, basis: &Basis) {
    to.id(basis.finding);
    to.text(&basis.rule);
    to.time(basis.known_at);
    to.text(&basis.summary);
    to.list(basis.evidence.iter(), write_evidence);
}

fn read_basis(from: &mut Reader<'_>) -> Decoded<Basis> {
    Ok(Basis {
        finding: from.id()?,
        rule: from.text()?,
        known_at: from.time()?,
        summary: from.text()?,
        evidence: from.list(read_evidence)?,
    })
}

fn write_evidence(to: &mut Writer, evidence: &Evidence) {
    to.text(&evidence.what);
    to.text(&evidence.value);
    to.option(evidence.points, |to, points| to.signed(points.into()));
    to.time(evidence.at);
    to.id(evidence.event);
    to.number(evidence.origin.partition.into());
    to.number(evidence.origin.offset);
}

fn read_evidence(from: &mut Reader<'_>) -> Decoded<Evidence> {
    Ok(Evidence {
        what: from.text()?,
        value: from.text()?,
        points: from.option(|from| {
            let points = from.signed()?;
            i32::try_from(points).map_err(|_| from.damaged("points of 32 bits"))
        })?,
        at: from.time()?,
        event: from.id()?,
        origin: Origin {
            partition: from.narrow()?,
            offset: from.number()?,
        },
    })
}

fn write_episode(to: &mut Writer, episode: &Episode) {
    write_alert(to, &episode.alert);
    to.time(episode.since);
    to.list(episode.told.iter(), |to, (channel, told)| {
        to.text(channel);
        to.byte(kind_code(told.kind));
        to.number(told.revision.into());
    });
    to.option(episode.acknowledge_by, Writer::time);
    to.option(episode.fall_at, Writer::time);
    to.option(episode.end, |to, end| {
        to.time(end.until);
        to.time(end.at);
    });
}

fn read_episode(from: &mut Reader<'_>) -> Decoded<Episode> {
    Ok(Episode {
        alert: read_alert(from)?,
        since: from.time()?,
        told: from.list(|from| {
            let channel = from.text()?;
            let kind = from.byte()?;
            let kind = (DeliveryKind::ALL.into_iter())
                .find(|known| kind_code(*known) == kind)
                .ok_or_else(|| from.damaged("a kind of news"))?;
            let revision = from.narrow()?;
            Ok((channel, Told { kind, revision }))
        })?,
        acknowledge_by: from.option(Reader::time)?,
        fall_at: from.option(Reader::time)?,
        end: from.option(|from| {
            Ok(End {
                until: from.time()?,
                at: from.time()?,
            })
        })?,
    })
}

fn write_alert(to: &mut Writer, alert: &Alert) {
    to.id(alert.id);
    to.id(alert.patient);
    to.text(&alert.condition);
    to.number(alert.episode.into());
    to.number(alert.revision.into());
    write_severity(to, alert.severity);
    to.byte(state_code(alert.state));
    to.text(&alert.reason);
    to.text(&alert.rule);
    to.time(alert.as_of);
    to.time(alert.known_at);
    to.time(alert.opened_at);
    to.id(alert.finding);
    to.list(alert.evidence.iter(), write_evidence);
    to.list(alert.history.iter(), write_change);
}

fn read_alert(from: &mut Reader<'_>) -> Decoded<Alert> {
    Ok(Alert {
        id: from.id()?,
        patient: from.id()?,
        condition: from.text()?,
        episode: from.narrow()?,
        revision: from.narrow()?,
        severity: read_severity(from)?,
        state: read_state(from)?,
        reason: from.text()?,
        rule: from.text()?,
        as_of: from.time()?,
        known_at: from.time()?,
        opened_at: from.time()?,
        finding: from.id()?,
        evidence: from.list(read_evidence)?,
        history: from.list(read_change)?,
    })
}

fn write_change(to: &mut Writer, change: &Change) {
    to.time(change.at);
    let (is_person, name) = match &change.by {
        Actor::Rule(name) => (false, name),
        Actor::Person(name) => (true, name),
    };
    to.flag(is_person);
    to.text(name);
    to.byte(state_code(change.to));
    write_severity(to, change.severity);
    to.text(&change.why);
}

fn read_change(from: &mut Reader<'_>) -> Decoded<Change> {
    Ok(Change {
        at: from.time()?,
        by: match (from.flag()?, from.text()?) {
            (false, name) => Actor::Rule(name),
            (true, name) => Actor::Person(name),
        },
        to: read_state(from)?,
        severity: read_severity(from)?,
        why: from.text()?,
    })
}

fn write_severity(to: &mut Writer, severity: Severity) {
    to.byte(severity_code(severity));
}

fn read_severity(from: &mut Reader<'_>) -> Decoded<Severity> {
    let code = from.byte()?;
    (Severity::ALL.into_iter())
        .find(|known| severity_code(*known) == code)
        .ok_or_else(|| from.damaged("a severity"))
}

fn read_state(from: &mut Reader<'_>) -> Decoded<AlertState> {
    use AlertState::{Acknowledged, Open, Resolved, Retracted};
    let code = from.byte()?;
    [Open, Acknowledged, Resolved, Retracted]
        .into_iter()
        .find(|known| state_code(*known) == code)
        .ok_or_else(|| from.damaged("an alert's state"))
}

const fn severity_code(severity: Severity) -> u8 {
    match severity {
        Severity::None => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    }
}

const fn state_code(state: AlertState) -> u8 {
    match state {
        AlertState::Open => 0,
        AlertState::Acknowledged => 1,
        AlertState::Resolved => 2,
        AlertState::Retracted => 3,
    }
}

const fn kind_code(kind: DeliveryKind) -> u8 {
    match kind {
        DeliveryKind::Raised => 0,
        DeliveryKind::Escalated => 1,
        DeliveryKind::Downgraded => 2,
        DeliveryKind::Retracted => 3,
        DeliveryKind::Resolved => 4,
    }
}
