//! From a record in quarantine to the one that could not be used, as it would be written again.

use clinical::ReceivedTime;
use journal::{Journal, Record, TopicPartition};
use mapping::normalize::RawInfo;
use mapping::normalize::split::Split;
use stream::ADDED_HEADERS;

use super::list::Place;
use super::{ATTEMPT, Error, REDRIVEN_FROM};
use crate::explain;
use crate::topics;
use crate::views::QuarantineView;

/// A record that could not be used, and the topic that it came by.
pub(super) struct Original {
    pub(super) to: TopicPartition,
    pub(super) record: Record,
}

/// Reads a record in quarantine.
pub(super) fn quarantined(
    journal: &dyn Journal,
    place: &Place,
) -> Result<(QuarantineView, Record), Error> {
    let not_there = || Error::NotThere(place.to_string());
    let is_quarantine =
        place.at.topic.ends_with(".quarantine") || &*place.at.topic == topics::REFUSED;
    if !is_quarantine {
        return Err(not_there());
    }
    let read = match journal.read(&place.at, place.offset, 1) {
        Err(journal::Error::OutOfRange { .. } | journal::Error::NoSuchPartition(_)) => {
            return Err(not_there());
        }
        read => read?,
    };
    let found = read.iter().find(|record| record.offset == place.offset);
    let record = found.ok_or_else(not_there)?;
    Ok((QuarantineView::new(&place.at, &record), record.to_record()))
}

/// Gives what a record in quarantine is of, or why there is nothing to send.
pub(super) fn original(
    journal: &dyn Journal,
    view: &QuarantineView,
    copy: Record,
) -> Result<Result<Original, String>, journal::Error> {
    let Some(origin) = Place::parse(&view.origin) else {
        return Ok(Err("it names no record that it is of".to_owned()));
    };
    // A stage's own copy is whole; what normalize sets aside of a message it used in part is not the message.
    let record = match view.at.topic == topics::quarantine(&origin.at.topic) {
        true => Some(copy),
        false => explain::read(journal, &origin.at, origin.offset)?,
    };
    let Some(mut record) = record else {
        let why = format!("the record that it is of, {origin}, is past its retention");
        return Ok(Err(why));
    };
    record.headers.retain(|(name, _)| !is_of_the_copy(name));
    let to = origin.at;
    Ok(Ok(Original { to, record }))
}

impl Original {
    /// As it is received at another time: what is held against the time of receipt is held against that one.
    pub(super) fn received(mut self, now: ReceivedTime) -> Self {
        self.record.received_time = now.micros();
        if &*self.to.topic == topics::PATIENT_SPLIT {
            let bytes = self.record.value.take().unwrap_or_default();
            let again = match Split::decode(&bytes) {
                Ok(Split { raw, notice: None }) => {
                    let received_time = now;
                    let raw = RawInfo {
                        received_time,
                        ..raw
                    };
                    Some(Split { raw, notice: None }.encode().into())
                }
                _ => None,
            };
            self.record.value = Some(again.unwrap_or(bytes));
        }
        self
    }

    /// A header's text.
    pub(super) fn header(&self, name: &str) -> String {
        let found = self
            .record
            .headers
            .iter()
            .find(|(known, _)| &**known == name);
        found.map_or_else(String::new, |(_, value)| {
            String::from_utf8_lossy(value).into_owned()
        })
    }
}

/// Says whether a header stands on the copy alone.
fn is_of_the_copy(name: &str) -> bool {
    ADDED_HEADERS.contains(&name) || [REDRIVEN_FROM, ATTEMPT].contains(&name)
}
