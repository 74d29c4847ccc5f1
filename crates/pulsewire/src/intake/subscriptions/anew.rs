//! Whether an event whose number is known came before, or its server counts anew without having said so.

use formats::fhir::notification::{Event, Kind, Notification, named};
use formats::fhir::reference::unversioned;

use super::book::Name;
use super::gather::brought;
use super::position::{Place, Position};
use super::{EVENT_EPOCH, EVENT_NUMBER, SUBSCRIPTION, Subscriptions, Trouble, changed, moment};
use crate::intake::fhir::Entry;

/// What an event with a known number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It was taken in.
    Again,
    /// It brings what is not there, or may.
    News,
    /// It is another event under the same number.
    Other,
}

/// What the record of a resource says of where it came from, and of its change.
pub(super) struct Last {
    pub(super) place: Option<Place>,
    pub(super) changed: Option<i64>,
}

impl Subscriptions {
    /// Whether a notification shows that its server counts anew: its total falls, or a number is of another event than before.
    pub(super) fn counts_anew(
        &self,
        name: &Name,
        position: &Position,
        notification: &Notification<'_>,
    ) -> Result<bool, Trouble> {
        if notification.kind != Kind::Event {
            // One that was made before the newest event is late.
            let is_late = moment(notification.timestamp.as_deref())
                .zip(position.latest)
                .is_some_and(|(made, latest)| made <= latest);
            return Ok(falls(position, notification) && !is_late);
        }
        for event in &notification.events {
            if position.has(event.number)
                && self.repeat(name, position, notification, event)? == Repeat::Other
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What an event with a known number is. Its time decides where its server tells times; else whether what it is about is there.
    pub(super) fn repeat(
        &self,
        name: &Name,
        position: &Position,
        notification: &Notification<'_>,
        event: &Event<'_>,
    ) -> Result<Repeat, Trouble> {
        let happened = moment(event.timestamp.as_deref()).zip(position.latest);
        if happened.is_some_and(|(happened, latest)| happened > latest) {
            return Ok(Repeat::Other);
        }
        let Some(focus) = event.focus.as_deref() else {
            return Ok(Repeat::Again);
        };
        let item = brought(notification, event.number, focus);
        let target = item.map(|item| (item.resource_type, item.id.as_str()));
        let Some((kind, id)) = target.or_else(|| named(unversioned(focus))) else {
            return Ok(Repeat::Again);
        };
        let here = item.and_then(|item| item.resource);
        let is_deleted = item.is_some_and(|item| item.is_deleted && here.is_none());
        let found = self.fhir.find(&name.source, kind, id)?;
        let is_known = found.is_some();
        // A deletion has no time of its server's: what changed before it came does not undo it.
        let deleted = found.as_ref().filter(|entry| entry.state.deleted);
        let deleted = deleted.map(|entry| entry.state.at.micros());
        let last = match found {
            Some(entry) => self.last(name, position, &entry)?,
            None => None,
        };
        let last = last.map(|last| Last {
            changed: last.changed.or(deleted),
            ..last
        });
        let never_kept =
            !mapping::fhir::is_kept(kind) || item.is_some_and(|item| item.wrong.is_some());
        let is_news = match (last, here) {
            _ if never_kept => false,
            (None, Some(_)) => true,
            (Some(last), Some(here)) => {
                last.is_before(position, event.number, changed(here.as_bytes()))
            }
            // Its time says that it came before.
            (_, None) if happened.is_some() || is_deleted => false,
            (None, None) => true,
            (Some(last), None) => last.place != Some(position.place(event.number)),
        };
        let is_other = falls(position, notification) && happened.is_none();
        Ok(match is_news {
            false => Repeat::Again,
            // What is only named may be of an earlier event: it is looked at, and tells nothing of numbers.
            true if is_other && (here.is_some() || !is_known) => Repeat::Other,
            true => Repeat::News,
        })
    }

    /// What the newest record of a resource says.
    pub(super) fn last(
        &self,
        name: &Name,
        position: &Position,
        entry: &Entry,
    ) -> Result<Option<Last>, Trouble> {
        let last = tokio::task::block_in_place(|| self.fhir.record(entry))?;
        let Some(last) = last else { return Ok(None) };
        let said = |name: &str| {
            let found = last.headers.iter().find(|(known, _)| **known == *name);
            found.and_then(|(_, value)| std::str::from_utf8(value).ok())
        };
        let number = said(EVENT_NUMBER).and_then(|text| text.parse().ok());
        // Records of earlier versions do not say of which count they are.
        let epoch = said(EVENT_EPOCH).map_or(Some(position.epoch), |text| text.parse().ok());
        let place = epoch
            .zip(number)
            .map(|(epoch, number)| Place { epoch, number });
        Ok(Some(Last {
            place: place.filter(|_| said(SUBSCRIPTION) == Some(&*name.subscription)),
            changed: last.value.as_deref().and_then(changed),
        }))
    }
}

impl Last {
    /// Whether what an event brings was changed after it, or, where nobody says when, cannot have come before it.
    fn is_before(&self, position: &Position, number: u64, here: Option<i64>) -> bool {
        match (self.changed, here, self.place) {
            (Some(there), Some(here), _) => here > there,
            (_, _, Some(place)) => place.epoch != position.epoch || place.number < number,
            (_, _, None) => true,
        }
    }
}

/// Whether there have been fewer events than were heard of.
fn falls(position: &Position, notification: &Notification<'_>) -> bool {
    let announced = notification.announced;
    announced.is_some_and(|announced| announced < position.announced)
}
