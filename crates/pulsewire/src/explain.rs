//! The way back from an alert to the bytes of the messages that caused it, each step with its place in the journal.

use std::collections::BTreeSet;

use clinical::{Alert, Evidence, ReceivedTime, SiteKey};
use journal::{Journal, Record, TopicPartition, partition_for};
use mapping::coverage::Report;
use mapping::identity::{self, Subjects};

use crate::intake::sources::{Source, Sources};
use crate::topics;

/// A step on the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// `alert`, `finding`, `event` or `message`.
    pub(crate) what: &'static str,
    /// Its name, or a line about it.
    pub(crate) name: String,
    /// Topic, partition and offset.
    pub(crate) place: String,
    /// When it was accepted or made.
    pub(crate) at: Option<i64>,
}

/// Goes from an alert to its finding, its events and their messages.
pub(crate) fn way_back(
    journal: &dyn Journal,
    alert: &Alert,
    partitions: u16,
) -> Result<Vec<Step>, journal::Error> {
    let partition = partition_for(alert.patient.as_bytes(), partitions);
    let mut steps = vec![Step {
        what: "finding",
        name: format!("{} ({})", alert.finding, alert.rule),
        place: format!("{}/{partition}", topics::ALERT_STREAM),
        at: Some(alert.known_at.micros()),
    }];
    let mut messages = BTreeSet::new();
    for evidence in &alert.evidence {
        let at = event_place(evidence);
        let record = read(journal, &at, evidence.origin.offset)?;
        let resource = record
            .as_ref()
            .and_then(|record| header(record, "resource"));
        steps.push(Step {
            what: "event",
            name: format!(
                "{} {}{}",
                evidence.what,
                evidence.value,
                resource.map(|r| format!(" ({r})")).unwrap_or_default()
            ),
            place: place(&at, evidence.origin.offset),
            at: Some(evidence.at.micros()),
        });
        messages.extend(record.as_ref().and_then(|record| header(record, "raw")));
    }
    for raw in messages {
        let found = parse(&raw)
            .map(|(at, offset)| read(journal, &at, offset))
            .transpose()?
            .flatten();
        let id = found
            .as_ref()
            .and_then(|record| header(record, "message-id"))
            .unwrap_or_default();
        let size = found
            .as_ref()
            .and_then(|record| record.value.as_ref())
            .map_or(0, |value| value.len());
        steps.push(Step {
            what: "message",
            name: format!("{id}, {size} bytes"),
            place: raw,
            at: found.map(|record| record.received_time),
        });
    }
    Ok(steps)
}

/// The raw messages behind an alert, with their places.
pub(crate) fn messages(
    journal: &dyn Journal,
    alert: &Alert,
) -> Result<Vec<(String, Record)>, journal::Error> {
    let mut found: Vec<(String, Record)> = Vec::new();
    for evidence in &alert.evidence {
        let record = read(journal, &event_place(evidence), evidence.origin.offset)?;
        let Some(raw) = record.as_ref().and_then(|record| header(record, "raw")) else {
            continue;
        };
        if found.iter().any(|(place, _)| *place == raw) {
            continue;
        }
        if let Some((at, offset)) = parse(&raw)
            && let Some(message) = read(journal, &at, offset)?
        {
            found.push((raw, message));
        }
    }
    Ok(found)
}

/// What became of each field of a raw message; of one about several patients, part by part.
///
/// It maps the message again, by the tables and the configuration of now.
pub(crate) fn coverage(record: &Record, sources: &Sources) -> Vec<Report> {
    let name = header(record, "source-system").unwrap_or_default();
    let source = sources.named(&name);
    let bytes = record.value.as_deref().unwrap_or_default();
    let received = ReceivedTime::from_micros(record.received_time);
    let readable = source.mapping.readable(bytes);
    let message = readable.message();
    if !matches!(
        identity::subjects(&message, &source.mapping),
        Subjects::Several(_)
    ) {
        return vec![report(bytes, source, received)];
    }
    match identity::split(&message) {
        Ok(parts) => parts
            .into_iter()
            .map(|part| report(&readable.as_sent(part), source, received))
            .collect(),
        // It was set aside whole.
        Err(_) => vec![report(bytes, source, received)],
    }
}

fn report(bytes: &[u8], source: &Source, received: ReceivedTime) -> Report {
    // What became of a field does not depend on the ids, which alone need the key.
    let site = SiteKey::new([0; 32]);
    let readable = source.mapping.readable(bytes);
    let message = readable.message();
    let mapped = mapping::map::map(&message, &source.mapping, &site, received);
    mapped.coverage.report(&message)
}

/// Reads one record; nothing where retention has removed it.
pub(crate) fn read(
    journal: &dyn Journal,
    at: &TopicPartition,
    offset: u64,
) -> Result<Option<Record>, journal::Error> {
    match journal.read(at, offset, 1) {
        Ok(batch) => Ok(batch
            .iter()
            .find(|record| record.offset == offset)
            .map(|record| record.to_record())),
        Err(journal::Error::OutOfRange { .. } | journal::Error::NoSuchPartition(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads `topic/partition/offset`.
pub(crate) fn parse(place: &str) -> Option<(TopicPartition, u64)> {
    let (rest, offset) = place.rsplit_once('/')?;
    let (topic, partition) = rest.rsplit_once('/')?;
    Some((
        TopicPartition::new(topic, partition.parse().ok()?),
        offset.parse().ok()?,
    ))
}

fn event_place(evidence: &Evidence) -> TopicPartition {
    TopicPartition::new(topics::PATIENT_STREAM, evidence.origin.partition)
}

fn place(at: &TopicPartition, offset: u64) -> String {
    format!("{}/{}/{offset}", at.topic, at.partition)
}

fn header(record: &Record, name: &str) -> Option<String> {
    let found = record.headers.iter().find(|(known, _)| &**known == name);
    found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let at = TopicPartition::new("healthcare.hl7v2.oru", 7);
        assert_eq!(parse(&place(&at, 12)), Some((at, 12)));
        assert_eq!(parse("healthcare/x"), None);
    }
}
