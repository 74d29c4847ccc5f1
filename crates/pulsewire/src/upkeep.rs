//! What looks after the rest: telling streams the time, retention, the memory of accepted messages, rates.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clinical::ReceivedTime;
use journal::{Record, TopicPartition, Write};

use crate::clock::Clock;
use crate::control::{self, Control, rates};
use crate::engine::Engine;
use crate::intake::Intake;
use crate::intake::fhir::Fhir;
use crate::stages::StageHealth;
use crate::tasks::Tasks;
use crate::topics;

/// How often each partition of the streams is told what time it is.
const TICK: Duration = Duration::from_secs(1);
/// Where time runs faster, ticks come no more often than this.
const TICK_LEAST: Duration = Duration::from_millis(100);
/// A station that has more records than this before it does not keep up.
const TICK_LAG_MAX: u64 = 10_000;
/// How often the memory of accepted messages goes to disk.
const REMEMBER: Duration = Duration::from_secs(1);
/// How often it is looked whether a minute is over in which sources were heard; where time runs faster, no more often than this.
const TELL: Duration = Duration::from_secs(5);
const TELL_LEAST: Duration = Duration::from_millis(250);
/// Of so many ticks, the stream of what is heard of sources takes one: what is told of them is by the minute.
const TICKS_A_SOURCE_TICK: u64 = 10;
/// Of so many ticks, the stream of visits to emergency departments takes one: what is told of units is by the minute.
const TICKS_A_UNIT_TICK: u64 = 5;
/// Of so many ticks, the streams of scored hours and of providers' weeks take one: what is told of them is by the hour.
const TICKS_AN_HOURLY_TICK: u64 = 60;
/// Which streams are told, by the station that has to keep up for that, and every how many ticks. The devices' topics are written
/// by intake, which waits for nobody: their station itself tells whether it keeps up.
pub(crate) const TOLD: [(&str, &str, u64); 10] = [
    ("devices", topics::DEVICE_ASSOCIATION, 1),
    ("normalize", topics::PATIENT_STREAM, 1),
    // What normalize hands to itself: answers of payers do not wait for their claims longer than they should.
    ("normalize", topics::PATIENT_SPLIT, TICKS_AN_HOURLY_TICK),
    ("workloads", topics::ALERT_STREAM, 1),
    ("payer", topics::PROVIDER_WEEK, TICKS_AN_HOURLY_TICK),
    ("providers", topics::VISIT_MIX, TICKS_AN_HOURLY_TICK),
    ("emergency", topics::ED_VISIT, TICKS_A_UNIT_TICK),
    ("workloads", topics::RISK_HOUR, TICKS_AN_HOURLY_TICK),
    ("risk-outcomes", topics::RISK_EXAMPLE, TICKS_AN_HOURLY_TICK),
    // Intake writes it minute by minute, whoever reads it: its reader tells it the time in between.
    ("sources", topics::SOURCE_ACTIVITY, TICKS_A_SOURCE_TICK),
];
/// How often what is older than its retention is removed.
const RETAIN: Duration = Duration::from_secs(60);
/// The header that marks a record which only tells the time.
const TICK_HEADER: &str = "tick";

/// Keeps the memory of accepted messages on disk.
pub(crate) fn start_remembering(
    clock: Clock,
    intake: &Arc<Intake>,
    tasks: &Tasks,
) -> std::io::Result<()> {
    let intake = Arc::clone(intake);
    keep_on_disk("resends", "memory of accepted messages", tasks, move || {
        intake
            .resends
            .flush(clock.now())
            .map_err(|error| error.to_string())
    })
}

/// Keeps the index of resources on disk.
pub(crate) fn start_indexing(fhir: &Arc<Fhir>, tasks: &Tasks) -> std::io::Result<()> {
    let fhir = Arc::clone(fhir);
    keep_on_disk("resources", "index of resources", tasks, move || {
        fhir.index().flush().map_err(|error| error.to_string())
    })
}

/// Writes what is new again and again; where that does not go, it is said until it does.
fn keep_on_disk(
    name: &'static str,
    what: &'static str,
    tasks: &Tasks,
    write: impl Fn() -> Result<(), String> + Send + 'static,
) -> std::io::Result<()> {
    let noted = tasks.clone();
    tasks.background(name, move |stop| {
        while !stop.is_asked() {
            stop.rest(REMEMBER);
            let error = write().err();
            let fault = error.as_ref().map(|error| format!("The {what} cannot be written: {error}. Nothing is lost, but it grows in memory: make room on the disk, then restart the process."));
            match (noted.note(name, fault), error) {
                (true, Some(error)) => tracing::error!(%error, "the {what} cannot be written"),
                (true, None) => tracing::info!("the {what} is written again"),
                (false, _) => {}
            }
        }
    })
}

/// Tells what was heard of each source whenever a minute is over, and the rest at the end.
pub(crate) fn start_telling(
    clock: Clock,
    intake: &Arc<Intake>,
    tasks: &Tasks,
) -> std::io::Result<()> {
    let intake = Arc::clone(intake);
    tasks.thread("activity", move |stop| {
        while !stop.is_asked() {
            intake.tell_activity(clock.now(), false);
            stop.rest(clock.in_the_room(TELL).max(TELL_LEAST));
        }
        intake.tell_activity(clock.now(), true);
    })
}

/// Removes what is past its retention; brokers do that by themselves.
pub(crate) fn start_retention(
    clock: Clock,
    journal: &Engine,
    tasks: &Tasks,
) -> std::io::Result<()> {
    let journal = journal.clone();
    if journal.is_shared() {
        return Ok(());
    }
    tasks.background("retention", move |stop| {
        while !stop.is_asked() {
            let now = clock.now().micros();
            match journal
                .embedded()
                .map_or(Ok(0), |journal| journal.retain(now))
            {
                Ok(0) => {}
                Ok(records) => tracing::info!(records, "records past their retention were removed"),
                Err(error) => {
                    tracing::error!(%error, "records past their retention could not be removed");
                }
            }
            stop.rest(RETAIN);
        }
    })
}

/// Starts telling both streams what time it is, so that silence cannot stop the time there: each process those partitions
/// that its own stations write.
///
/// A stream is told only while the station that writes it keeps up: time that went on before what is still to come
/// would make that late, and would call observations overdue that are on their way.
pub(crate) fn start_ticks(
    clock: Clock,
    journal: &Engine,
    healths: &[Arc<StageHealth>],
    tasks: &Tasks,
) -> std::io::Result<()> {
    let has_watch = healths.iter().any(|health| health.name == "risk-outcomes");
    let told: Vec<(Arc<StageHealth>, journal::Topic, u64)> = TOLD
        .iter()
        .filter(|(_, topic, _)| has_watch || *topic != topics::RISK_HOUR)
        .filter_map(|(writer, topic, every)| {
            let health = healths.iter().find(|health| health.name == *writer)?;
            Some((Arc::clone(health), (*topic).into(), *every))
        })
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    let journal = journal.clone();
    tasks.thread("ticks", move |stop| {
        for round in 0_u64.. {
            if stop.is_asked() {
                return;
            }
            let due = told
                .iter()
                .filter(|(_, _, every)| round.is_multiple_of(*every));
            for (writer, stream, _) in due {
                let keeps_up = writer.lag.load(Ordering::Relaxed) <= TICK_LAG_MAX
                    && !writer.recovering.load(Ordering::Relaxed);
                if keeps_up {
                    let partitions = writer.partitions().into_iter();
                    let at = partitions.map(|number| TopicPartition::new(stream.clone(), number));
                    tell(&journal, at, clock.now());
                }
            }
            stop.rest(clock.in_the_room(TICK).max(TICK_LEAST));
        }
    })
}

/// Appends a record without a key to each partition, so that silence cannot stop the time there.
///
/// Each stands for itself: to tell them together would cost a transaction where others share the journal.
fn tell(journal: &Engine, streams: impl Iterator<Item = TopicPartition>, now: ReceivedTime) {
    let record = Record {
        event_time: now.micros(),
        received_time: now.micros(),
        headers: vec![(TICK_HEADER.into(), (*b"1").into())],
        ..Record::default()
    };
    let records: Vec<_> = streams.map(|at| (at, record.clone())).collect();
    let writes: Vec<Write> = match journal.is_shared() {
        false => vec![Write {
            records,
            offsets: Vec::new(),
        }],
        true => {
            let each = records.into_iter().map(|record| Write {
                records: vec![record],
                offsets: Vec::new(),
            });
            each.collect()
        }
    };
    for write in writes {
        let done = |result: Result<journal::Committed, journal::Error>| {
            if let Err(error) = result {
                tracing::error!(%error, "a stream could not be told the time");
            }
        };
        journal.submit(write, Box::new(done));
    }
}

/// Looks now and then how fast everything is.
pub(crate) async fn look_at_rates(control: Arc<Control>) {
    let mut stop = control.tasks.stop();
    while stop.sleep(rates::EVERY).await {
        control.rates.look(&control::totals(&control));
        let free = control.journal.status().disk_free_bytes;
        control
            .metrics
            .disk_free
            .set(i64::try_from(free).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_that_is_told_the_time_is_described_so() {
        for (_, topic, every) in TOLD {
            let content = schema::topic::content(topic).unwrap();
            let ticks = content
                .records
                .iter()
                .filter(|kind| kind.name() == TICK_HEADER);
            assert_eq!((ticks.count(), every > 0), (1, true), "{topic}");
        }
    }
}
