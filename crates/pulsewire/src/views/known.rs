//! A patient as it was known at a moment: the same views, made of what had arrived in the journal by then.

use std::collections::BTreeSet;

use clinical::{MergeRole, PatientKey, ReceivedTime};
use journal::{Bounds, Journal, Offset, RecordRef, TopicPartition, partition_for};
use mapping::event::identity;

use super::{Views, WINDOW};
use crate::topics;

/// So many records of a partition are read at most, the last ones before the moment.
const RECORDS_MAX: u64 = 250_000;
/// So many identities of one patient are read.
const IDENTITIES_MAX: usize = 16;
/// How much is read at once.
const READ_BYTES: usize = 1 << 20;
/// Records stand about in the order in which they arrived: what arrived so much earlier stands before.
const SLACK_MICROS: i64 = 60 * 60 * 1_000_000;
/// What a patient's page is made of, and whether it is read from its beginning: who somebody is and which alerts are open can
/// be older than the window.
const INPUTS: [(&str, bool); 5] = [
    ("healthcare.fhir.patient", true),
    ("healthcare.fhir.encounter", true),
    (topics::PATIENT_STREAM, false),
    (topics::ALERT_STREAM, false),
    (topics::CARE_ALERT, true),
];

/// What was known.
pub(crate) struct AsKnown {
    /// Of the patient, and of those that are known to be the same.
    pub(crate) views: Views,
    /// What arrived before this was not read, or is no longer kept; nothing where all that is shown was read.
    pub(crate) read_from: Option<ReceivedTime>,
}

/// Reads what was known of a patient at a moment.
pub(crate) fn as_known(
    journal: &dyn Journal,
    partitions: u16,
    patient: PatientKey,
    at: ReceivedTime,
) -> Result<AsKnown, journal::Error> {
    up_to(journal, partitions, patient, (at, RECORDS_MAX))
}

fn up_to(
    journal: &dyn Journal,
    partitions: u16,
    patient: PatientKey,
    (at, records_max): (ReceivedTime, u64),
) -> Result<AsKnown, journal::Error> {
    let mut identities = vec![patient];
    loop {
        let mut known = AsKnown {
            views: Views::default(),
            read_from: None,
        };
        let mut others = BTreeSet::new();
        // Whoever was merged into another is read before it, so that what goes over goes on with the next merge.
        for key in identities.iter().rev() {
            let partition = partition_for(key.as_bytes(), partitions);
            for (topic, is_whole) in INPUTS {
                let place = TopicPartition::new(topic, partition);
                let asked = Asked {
                    key: *key,
                    from: (!is_whole).then(|| at.minus(WINDOW).micros()),
                    at: at.micros(),
                    records_max,
                };
                let mut take = |record: &RecordRef<'_>| {
                    known.views.take_in(&place, record);
                    others.extend(merged_into(record));
                };
                let read_from = read(journal, &place, &asked, &mut take)?;
                known.read_from = known.read_from.max(read_from);
            }
        }
        others.retain(|other| !identities.contains(other));
        if others.is_empty() || identities.len() >= IDENTITIES_MAX {
            return Ok(known);
        }
        identities.extend(others);
    }
}

/// The identity that a record says was merged into its own.
fn merged_into(record: &RecordRef<'_>) -> Option<PatientKey> {
    if record.header("content-type") != Some(identity::MERGE_JSON.as_bytes()) {
        return None;
    }
    let merge = identity::read_merge(record.value?).ok()?;
    (merge.role == MergeRole::Survivor).then_some(merge.other)
}

/// What is wanted of a partition.
struct Asked {
    key: PatientKey,
    /// What arrived before is not wanted.
    from: Option<i64>,
    at: i64,
    records_max: u64,
}

/// Gives each record of a key that had arrived by a moment, and from when on that was read where it is not all.
fn read(
    journal: &dyn Journal,
    place: &TopicPartition,
    asked: &Asked,
    take: &mut dyn FnMut(&RecordRef<'_>),
) -> Result<Option<ReceivedTime>, journal::Error> {
    let bounds = journal.bounds(std::slice::from_ref(place))?;
    let Some(bounds) = bounds.first().copied() else {
        return Ok(None);
    };
    let end = asked.at.saturating_add(SLACK_MICROS);
    let end = first_at(journal, place, bounds, end)?;
    let begin = match asked.from {
        Some(from) => first_at(journal, place, bounds, from.saturating_sub(SLACK_MICROS))?,
        None => bounds.start,
    };
    let limit = end.saturating_sub(asked.records_max);
    // What retention removed of the window is missing as well; of what is read from the beginning it removes what ended.
    let is_gone = asked.from.is_some() && begin == bounds.start && begin > 0;
    let is_cut = limit > begin || is_gone;
    let mut next = begin.max(limit);
    // Where nothing is kept any more, nothing was read.
    let mut read_from = (is_gone && next >= end).then_some(asked.at);
    while next < end {
        let batch = journal.read(place, next, READ_BYTES)?;
        if is_cut && read_from.is_none() {
            read_from = batch.iter().next().map(|record| record.received_time);
        }
        for record in batch.iter().filter(|record| record.offset < end) {
            if record.key == asked.key.as_bytes() && record.received_time <= asked.at {
                take(&record);
            }
        }
        let Some(after) = batch.next_offset() else {
            break;
        };
        next = after;
    }
    let is_within = |first: &i64| asked.from.is_none_or(|from| *first > from);
    Ok(read_from.filter(is_within).map(ReceivedTime::from_micros))
}

/// Finds the first record that arrived at a time or later.
fn first_at(
    journal: &dyn Journal,
    place: &TopicPartition,
    bounds: Bounds,
    micros: i64,
) -> Result<Offset, journal::Error> {
    let (mut low, mut high) = (bounds.start, bounds.end);
    while low < high {
        let middle = low + (high - low) / 2;
        let batch = journal.read(place, middle, 1)?;
        match batch.iter().next() {
            Some(record) if record.received_time < micros => low = record.offset + 1,
            _ => high = middle,
        }
    }
    Ok(low.min(bounds.end))
}

/// A moment as a form or an address gives it: RFC 3339, or the time on a clock that is so many minutes ahead of UTC then.
pub(crate) fn moment(text: &str, minutes_east: impl Fn(i64) -> i32) -> Option<ReceivedTime> {
    if let Some(at) = ReceivedTime::parse(text) {
        return Some(at);
    }
    // A form leaves seconds out where they are none.
    let local = [format!("{text}Z"), format!("{text}:00Z")];
    let local = local.iter().find_map(|text| ReceivedTime::parse(text))?;
    let ahead = |at: i64| i64::from(minutes_east(at)) * 60 * 1_000_000;
    // Twice, since the clock may have been put forward or back between the two.
    let guess = local.micros() - ahead(local.micros());
    Some(ReceivedTime::from_micros(local.micros() - ahead(guess)))
}

#[cfg(test)]
mod tests;
