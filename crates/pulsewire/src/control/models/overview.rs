//! The overview: every station with its rate, what waits before it and what it set aside.

use std::sync::atomic::Ordering;

use journal::Disk as Room;
use ui::{Disk, Health, Overview, Source, Station};

use super::severity;
use crate::control::Control;
use crate::metrics::{Outcome, SourceLabel};
use crate::stages::StageHealth;

/// A station without a message for this long is quiet.
const QUIET_US: i64 = 60 * 1_000_000;

/// What a station passes on is called, and what it does.
const STATIONS: [(&str, &str, &str); 6] = [
    (
        "intake",
        "takes messages and answers when they are kept",
        "messages",
    ),
    ("journal", "keeps every record in order", "records"),
    ("normalize", "HL7 v2 to FHIR events", "messages"),
    ("workloads", "concludes from events", "events"),
    ("alerts", "decides what a person must see", "findings"),
    ("delivery", "brings the news", "deliveries"),
];

/// The stations that have a thread and a state of their own.
const STAGES: [&str; 3] = ["normalize", "workloads", "alerts"];

/// What it shows now.
pub(in crate::control) fn model(control: &Control) -> Overview {
    let status = control.journal.status();
    let views = control.views.read();
    let active = || {
        views
            .alerts
            .values()
            .filter(|view| view.alert.state.is_active())
    };
    let open = |wanted| {
        active()
            .filter(|view| view.alert.severity == wanted)
            .count() as u64
    };
    let oldest = active()
        .filter(|view| view.alert.state == clinical::AlertState::Open)
        .map(|view| view.alert.opened_at)
        .min();
    let open_alerts = clinical::Severity::ALL
        .into_iter()
        .map(|each| (severity(each), open(each)))
        .collect();
    drop(views);
    Overview {
        stations: STATIONS
            .iter()
            .map(|(name, does, unit)| station(control, &status, name, does, unit))
            .collect(),
        open_alerts,
        oldest_open_us: oldest.map(clinical::ReceivedTime::micros),
        sources: sources(control),
        disk: disk(&status),
        started_us: control.started.micros(),
    }
}

fn station(
    control: &Control,
    status: &journal::Status,
    name: &str,
    does: &str,
    unit: &str,
) -> Station {
    let trend = control.rates.trend(name);
    let stage = control.stages.iter().find(|stage| stage.name == name);
    let (health, note) = match stage {
        Some(stage) => stage_health(stage),
        None if STAGES.contains(&name) => (Health::Off, "not in this process".to_owned()),
        None => own_health(status),
    };
    Station {
        name: name.to_owned(),
        does: does.to_owned(),
        health,
        note,
        unit: unit.to_owned(),
        rate_per_second: trend.last().copied().unwrap_or(0.0),
        trend,
        total: total(control, status, name),
        lag_us: stage.map(|stage| behind(control, stage)),
        waiting: stage.map_or(0, |stage| lag(stage)),
        quarantined: stage
            .map(|stage| stage.quarantined.load(Ordering::Relaxed))
            .or_else(|| refused(control, name)),
    }
}

/// How much each station has passed on, for the rates as well.
pub(crate) fn total(control: &Control, status: &journal::Status, name: &str) -> u64 {
    let frames = |outcome| {
        control
            .sources
            .all()
            .map(|source| control.metrics.frames_of(&source.name, outcome))
            .sum::<u64>()
    };
    match name {
        "intake" => frames(Outcome::Accepted),
        "journal" => status.counters.records,
        "delivery" => control
            .views
            .read()
            .deliveries
            .values()
            .flatten()
            .filter(|view| view.attempt.is_some())
            .count() as u64,
        stage => {
            let found = control.stages.iter().find(|each| each.name == stage);
            found.map_or(0, |found| found.records.load(Ordering::Relaxed))
        }
    }
}

/// The totals of all stations.
pub(crate) fn totals(control: &Control) -> Vec<(&'static str, u64)> {
    let status = control.journal.status();
    STATIONS
        .iter()
        .map(|(name, _, _)| (*name, total(control, &status, name)))
        .collect()
}

fn refused(control: &Control, name: &str) -> Option<u64> {
    let refused = || {
        control
            .sources
            .all()
            .map(|source| control.metrics.frames_of(&source.name, Outcome::Refused))
            .sum()
    };
    (name == "intake").then(refused)
}

/// How far a stage is behind: nothing waits, nothing is behind.
pub(super) fn behind(control: &Control, stage: &StageHealth) -> i64 {
    if lag(stage) == 0 {
        return 0;
    }
    control
        .clock
        .now()
        .micros()
        .saturating_sub(stage.watermark.load(Ordering::Relaxed))
        .max(0)
}

/// How many records wait; not known before the first turn.
fn lag(stage: &StageHealth) -> u64 {
    Some(stage.lag.load(Ordering::Relaxed))
        .filter(|lag| *lag != u64::MAX)
        .unwrap_or(0)
}

pub(super) fn stage_health(stage: &StageHealth) -> (Health, String) {
    if stage.failing.load(Ordering::Relaxed) {
        let error = stage
            .error
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        return (Health::Degraded, error);
    }
    if stage.recovering.load(Ordering::Relaxed) {
        let note = match stage.restoring.load(Ordering::Relaxed) {
            0 => "brings its state up to what was committed".to_owned(),
            left => format!("restoring, {left} records left"),
        };
        return (Health::CatchingUp, note);
    }
    (Health::Running, String::new())
}

fn own_health(status: &journal::Status) -> (Health, String) {
    match (&status.poisoned, status.disk) {
        (Some(why), _) => (Health::Stopped, why.clone()),
        (None, Room::Full) => (Health::Degraded, "the disk is full".to_owned()),
        (None, Room::Low) => (Health::Degraded, "the disk is getting full".to_owned()),
        (None, Room::Enough) => (Health::Running, String::new()),
    }
}

fn sources(control: &Control) -> Vec<Source> {
    let now = control.clock.now().micros();
    let all = control.sources.all().map(|source| {
        let last = control
            .metrics
            .last_seen
            .get_or_create(&SourceLabel {
                source: source.name.to_string(),
            })
            .get();
        let last = std::time::Duration::try_from_secs_f64(last)
            .ok()
            .and_then(|at| i64::try_from(at.as_micros()).ok());
        let last = last.filter(|at| *at > 0);
        let counts = Outcome::ALL.map(|outcome| {
            (
                word(outcome).to_owned(),
                control.metrics.frames_of(&source.name, outcome),
            )
        });
        Source {
            name: source.name.to_string(),
            transport: match control.mllp {
                Some(mllp) => format!("MLLP on {mllp}"),
                None => "taken by other processes".to_owned(),
            },
            health: if last.is_some_and(|at| now.saturating_sub(at) < QUIET_US) {
                Health::Running
            } else {
                Health::Idle
            },
            connections: u64::try_from(control.metrics.connections.get()).unwrap_or(0),
            last_message_us: last,
            acknowledgements: counts.into_iter().filter(|(_, count)| *count > 0).collect(),
        }
    });
    all.collect()
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Resent => "sent again",
        Outcome::Refused => "refused",
        Outcome::Deferred => "deferred",
        Outcome::Closed => "closed",
    }
}

fn disk(status: &journal::Status) -> Disk {
    let (health, _) = own_health(status);
    Disk {
        health,
        used_bytes: status.bytes,
        free_bytes: status.disk_free_bytes,
        size_bytes: status.disk_free_bytes.saturating_add(status.bytes),
        full_in_us: None,
        sync_us: None,
    }
}
