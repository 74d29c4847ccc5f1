//! Tells somebody outside that all is well, now and then, and nothing else: it stays away as soon as it would not be true.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clinical::ReceivedTime;
use serde::Serialize;

use crate::clock::Clock;
use crate::config::Heartbeat;
use crate::control::Control;
use crate::delivery;
use crate::metrics::ReasonLabels;
use crate::stages::StageHealth;
use crate::tasks::Stop;

/// Each second the stations are told the time through the journal: one that has not taken it in for so long has stopped, or what
/// is written to it does not arrive.
const STALE: Duration = Duration::from_secs(2 * 60);
/// The stations that are told the time; what comes before them in the data's way would be seen there.
const TOLD: [&str; 3] = ["workloads", "alerts", "sources"];
/// A receiver that does not answer within this has not heard it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Beat<'a> {
    site: &'a str,
    at: String,
    version: &'a str,
    process: u32,
    roles: Vec<&'static str>,
    /// When the next one comes, if all stays well.
    every_ms: u64,
    stations: Vec<Station>,
}

/// How far a station is.
#[derive(Serialize)]
struct Station {
    name: &'static str,
    records: u64,
    lag: u64,
    /// Until when it knows all that came; nothing where it was told nothing yet.
    watermark: Option<String>,
}

/// Starts telling, where somebody wants to know.
pub(crate) fn start(control: &Arc<Control>) -> Result<(), delivery::Error> {
    let Some(heartbeat) = control.config.heartbeat.clone() else {
        return Ok(());
    };
    let failed = |what| delivery::Error::Heartbeat { what };
    let agent =
        delivery::agent(&heartbeat.url, heartbeat.ca.as_deref(), TIMEOUT).map_err(failed)?;
    let (shared, tasks) = (Arc::clone(control), control.tasks.clone());
    let run = move |stop: Stop| run(&shared, &heartbeat, &agent, &stop);
    // It cannot wait for the processor: who hears nothing raises the alarm.
    tasks
        .thread("heartbeat", run)
        .map_err(|error| failed(error.to_string()))
}

fn run(control: &Control, heartbeat: &Heartbeat, agent: &ureq::Agent, stop: &Stop) {
    let mut withheld = String::new();
    while !stop.is_asked() {
        match trouble(control) {
            Some(why) => {
                count(control, "withheld");
                if why != withheld {
                    tracing::error!(why, "the heartbeat stays away");
                }
                withheld = why;
            }
            None => {
                if !withheld.is_empty() {
                    tracing::info!("all is well again, and the heartbeat comes again");
                    withheld.clear();
                }
                let outcome = match post(control, heartbeat, agent) {
                    Ok(()) => "sent",
                    Err(error) => {
                        tracing::warn!(error, "the heartbeat did not arrive");
                        "failed"
                    }
                };
                count(control, outcome);
            }
        }
        stop.rest(heartbeat.every);
    }
}

fn count(control: &Control, outcome: &str) {
    let labels = ReasonLabels {
        stage: "heartbeat",
        reason: outcome.to_owned(),
    };
    control.metrics.heartbeats.get_or_create(&labels).inc();
}

/// What keeps this process from doing all of its work.
fn trouble(control: &Control) -> Option<String> {
    let status = control.journal.status();
    if let Some(why) = status.poisoned {
        return Some(format!("the journal has stopped: {why}"));
    }
    if status.disk == journal::Disk::Full {
        return Some("the disk of the journal is full".to_owned());
    }
    if let Some(name) = control.tasks.ended_early().first() {
        return Some(format!("the part {name} has ended in a defect"));
    }
    let stages = control.stages.iter();
    stages
        .filter_map(|stage| standstill(stage, control.clock, control.started))
        .next()
}

/// The stations that wait for a clock that was set back: what they would tell by it, such as that an alert waits, nobody is told.
pub(crate) fn set_back(control: &Control) -> impl Iterator<Item = String> {
    let stages = control.stages.iter();
    stages.filter_map(|stage| waits_for_the_clock(stage, control.clock))
}

/// Says until when a station waits because the clock was set back.
fn waits_for_the_clock(stage: &StageHealth, clock: Clock) -> Option<String> {
    let watermark = stage.watermark.load(Ordering::Relaxed);
    if !TOLD.contains(&stage.name) || watermark == i64::MAX {
        return None;
    }
    let until = ReceivedTime::from_micros(watermark);
    let ahead = until.since(clock.now()).unwrap_or_default();
    let name = stage.name;
    (clock.in_the_room(ahead) > STALE).then(|| {
        format!("the clock was set back: the station {name} waits until it is {until} again")
    })
}

/// Why a station does not do its work.
fn standstill(stage: &StageHealth, clock: Clock, started: ReceivedTime) -> Option<String> {
    let name = stage.name;
    if stage.failing.load(Ordering::Relaxed) {
        return Some(format!("the station {name} is failing"));
    }
    if stage.recovering.load(Ordering::Relaxed) {
        return Some(format!("the station {name} is restoring its state"));
    }
    let watermark = stage.watermark.load(Ordering::Relaxed);
    // Whoever has no partitions has nothing to be late with.
    if !TOLD.contains(&name) || watermark == i64::MAX {
        return None;
    }
    // Who was told nothing yet is late from the start on.
    let until = started.max(ReceivedTime::from_micros(watermark));
    let is_long = |span: Option<Duration>| clock.in_the_room(span.unwrap_or_default()) > STALE;
    if is_long(clock.now().since(until)) {
        return Some(format!("the station {name} stands still since {until}"));
    }
    waits_for_the_clock(stage, clock)
}

fn post(control: &Control, heartbeat: &Heartbeat, agent: &ureq::Agent) -> Result<(), String> {
    let stations = control.stages.iter().map(|stage| {
        let watermark = stage.watermark.load(Ordering::Relaxed);
        let is_known = watermark > i64::MIN && watermark < i64::MAX;
        Station {
            name: stage.name,
            records: stage.records.load(Ordering::Relaxed),
            lag: stage.lag.load(Ordering::Relaxed),
            watermark: is_known.then(|| ReceivedTime::from_micros(watermark).to_string()),
        }
    });
    let beat = Beat {
        site: &control.site,
        at: control.clock.now().to_string(),
        version: env!("CARGO_PKG_VERSION"),
        process: std::process::id(),
        roles: control.config.roles.names(),
        every_ms: u64::try_from(heartbeat.every.as_millis()).unwrap_or(u64::MAX),
        stations: stations.collect(),
    };
    let json = serde_json::to_vec(&beat).expect("words and numbers always make JSON");
    let answer = agent
        .post(&heartbeat.url)
        .header("Content-Type", "application/json")
        .send(&json[..])
        .map_err(|error| error.to_string())?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the receiver answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_that_fails_restores_or_stands_still_is_not_well() {
        let clock = Clock::system();
        let at = |behind: Duration| clock.now().minus(behind).micros();
        let second = Duration::from_secs(1);
        let started = clock.now().minus(2 * STALE);
        for (name, behind, is_well) in [
            ("alerts", Duration::ZERO, true),
            ("alerts", STALE - second, true),
            ("alerts", STALE + second, false),
            ("workloads", STALE + second, false),
            ("sources", STALE + second, false),
            // Nobody tells it the time: that nothing comes is no fault of its own.
            ("normalize", STALE + second, true),
        ] {
            let stage = StageHealth::new(name);
            assert!(
                standstill(&stage, clock, started).is_some(),
                "it is not ready before its first turn"
            );
            stage.recovering.store(false, Ordering::Relaxed);
            stage.watermark.store(at(behind), Ordering::Relaxed);
            assert_eq!(
                standstill(&stage, clock, started).is_none(),
                is_well,
                "{name} {behind:?}"
            );
            stage.failing.store(true, Ordering::Relaxed);
            assert!(standstill(&stage, clock, started).is_some());
        }
        // Whoever has no partitions has nothing to be late with.
        let idle = StageHealth::new("alerts");
        idle.recovering.store(false, Ordering::Relaxed);
        assert_eq!(standstill(&idle, clock, started), None);
        // Who was told nothing yet is given its time from the start on, and no more.
        let told = StageHealth::new("alerts");
        told.recovering.store(false, Ordering::Relaxed);
        told.watermark.store(i64::MIN, Ordering::Relaxed);
        assert!(standstill(&told, clock, started).is_some());
        assert_eq!(standstill(&told, clock, clock.now()), None);
        // Time that went ahead and was set back stands still, too.
        let ahead = clock.now().plus(STALE + 10 * second).micros();
        told.watermark.store(ahead, Ordering::Relaxed);
        assert!(standstill(&told, clock, started).is_some());
        assert!(waits_for_the_clock(&told, clock).is_some());
        told.watermark.store(at(STALE + second), Ordering::Relaxed);
        assert_eq!(waits_for_the_clock(&told, clock), None);
    }
}
