//! A journal of ours: the events of the patient stream, in the order in which they arrived.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use backtest::Gathering;
use clinical::{Event, Fact, PatientKey, ReceivedTime};
use journal::{EmbeddedJournal, Journal, RecordRef, TopicPartition, partition_for};

use super::{LeftOut, Step, Take, Unreadable, share};
use crate::{stages, topics};

/// How much is read at once.
const READ_BYTES: usize = 1 << 20;
/// What every journal has once anything was written.
const CHECKPOINT: &str = "checkpoint";

/// Gives where the journal of a data directory is, or the directory itself where it is one.
pub(super) fn directory(path: &Path) -> Option<PathBuf> {
    let candidates = [path.join("journal"), path.to_owned()];
    let mut journals = candidates.into_iter();
    journals.find(|directory| directory.join(CHECKPOINT).is_file())
}

/// Reads the journal, also while a process has it.
pub(super) fn read<E: From<Unreadable>>(
    path: &Path,
    take: Take<'_, E>,
) -> Result<(Gathering, LeftOut), E> {
    let hint = "give the data directory of a `pulsewire run`";
    let directory =
        directory(path).ok_or_else(|| Unreadable::new(path, "holds no journal", hint))?;
    let journal = EmbeddedJournal::open_read_only(&directory).map_err(Unreadable::from)?;
    let mut all = journal.topics().into_iter();
    let stream = all.find(|topic| &*topic.name == topics::PATIENT_STREAM);
    let places: Vec<TopicPartition> = (0..stream.map_or(0, |topic| topic.partitions))
        .map(|partition| TopicPartition::new(topics::PATIENT_STREAM, partition))
        .collect();
    let bounds = journal.bounds(&places).map_err(Unreadable::from)?;
    let whole: u64 = bounds.iter().map(|one| one.end - one.start).sum();
    if whole == 0 {
        let hint = "run `pulsewire run` on it, which makes events of what was taken in; \
                    what retention has removed cannot be played";
        let what = format!("has no events on {}", topics::PATIENT_STREAM);
        return Err(Unreadable::new(path, what, hint).into());
    }
    let (mut gathering, mut left_out, mut done) = (Gathering::default(), LeftOut::default(), 0);
    for (at, bounds) in places.iter().zip(bounds) {
        let mut next = bounds.start;
        while next < bounds.end {
            let batch = journal
                .read(at, next, READ_BYTES)
                .map_err(Unreadable::from)?;
            for record in batch.iter() {
                match event(at, &record) {
                    Ok(Some(event)) => gathering.event(as_known(event)),
                    Ok(None) => {}
                    Err(()) => left_out.facts += 1,
                }
            }
            let Some(after) = batch.next_offset() else {
                break;
            };
            done += after - next;
            next = after;
            let share = share(done, whole);
            take(Step::Read { share })?;
        }
    }
    Ok((gathering, left_out))
}

/// Reads all that the stream keeps of a patient and of the identities that were merged into theirs, each fact as known when it
/// was accepted.
pub(crate) fn of_patient(
    journal: &dyn Journal,
    partitions: u16,
    patient: PatientKey,
) -> Result<Vec<Event>, journal::Error> {
    let (mut wanted, mut known) = (vec![patient], BTreeSet::from([patient]));
    let mut events = Vec::new();
    while let Some(key) = wanted.pop() {
        let partition = partition_for(key.as_bytes(), partitions);
        let at = TopicPartition::new(topics::PATIENT_STREAM, partition);
        let bounds = journal.bounds(std::slice::from_ref(&at))?;
        let Some(bounds) = bounds.first() else {
            continue;
        };
        let mut next = bounds.start;
        while next < bounds.end {
            let batch = journal.read(&at, next, READ_BYTES)?;
            for record in batch.iter().filter(|record| record.key == key.as_bytes()) {
                let Ok(Some(event)) = event(&at, &record) else {
                    continue;
                };
                if let Fact::Merge(merge) = &event.fact
                    && known.insert(merge.other)
                {
                    wanted.push(merge.other);
                }
                events.push(event);
            }
            let Some(after) = batch.next_offset() else {
                break;
            };
            next = after;
        }
    }
    // Two partitions have no order between them but that of arrival.
    events.sort_by_key(|event| event.received);
    Ok(events)
}

/// A record as what it says; nothing where workloads have no use for it.
fn event(at: &TopicPartition, record: &RecordRef<'_>) -> Result<Option<Event>, ()> {
    // A backtest does that itself.
    if record.header(stages::FORWARDED).is_some() {
        return Ok(None);
    }
    let patient = PatientKey::from_slice(record.key).ok_or(())?;
    let read = mapping::event::event(&stages::envelope(at, record, patient));
    let Some(event) = read.map_err(|_| ())? else {
        return Ok(None);
    };
    Ok(match event.fact {
        // State of then, for the stations of then.
        Fact::Handover { .. } => None,
        Fact::Observation(_)
        | Fact::Order(_)
        | Fact::Problem(_)
        | Fact::Encounter(_)
        | Fact::Person(_)
        | Fact::Merge(_) => Some(event),
    })
}

/// When history was loaded says nothing of when it was known: that was when its source stored it, or else when it was true.
fn as_known(event: Event) -> Event {
    if !event.backfill {
        return event;
    }
    let stored = event.recorded.map(|recorded| recorded.micros());
    Event {
        received: ReceivedTime::from_micros(stored.unwrap_or(event.at.micros())),
        backfill: false,
        ..event
    }
}
