//! What the events of a notification are about: brought by it, or fetched from its server where only names came.

use std::sync::Arc;

use formats::fhir::refused::Refused;
use formats::fhir::strict;
use formats::fhir::validate::IssueCode;

use super::anew::Repeat;
use super::book::Name;
use super::position::{Place, Position};
use super::server::{Failure, Server};
use super::{EVENT_EPOCH, EVENT_NUMBER, SUBSCRIPTION, Subscriptions, Trouble, changed, moment};
use crate::intake::fhir::{Asked, Interaction, Refusal};
use formats::fhir::notification::{Event, Item, Notification, base, named};

/// What a reference of an event leads to.
enum Found {
    /// The type and id of a resource, and its bytes; nothing where it is no more.
    Brought(&'static str, String, Option<Vec<u8>>),
    /// Its server does not know it: it is left as it is here.
    Nothing,
    /// What can never be taken.
    Wrong(Refused),
}

/// What became of one event.
enum Outcome {
    Complete(Vec<Piece>, Vec<Refusal>),
    PutOff,
    /// Something of it is on a server that is not configured.
    Elsewhere(Refusal),
}

/// A resource, or that it is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) resource_type: &'static str,
    pub(crate) id: String,
    /// Nothing where it is no more.
    pub(crate) bytes: Option<Vec<u8>>,
    /// The event that is about it.
    pub(crate) event: Option<Place>,
}

/// What was gathered of a notification.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) pieces: Vec<Piece>,
    /// The numbers of the events of which everything is there.
    pub(super) complete: Vec<u64>,
    pub(super) again: usize,
    /// Events of which something could not be had, and those that do not say what they are about.
    pub(super) put_off: usize,
    pub(super) asked_for: usize,
    /// When the newest of those happened of which everything is there.
    pub(super) latest: Option<i64>,
    /// What of it is never taken, and why one waits that is elsewhere.
    pub(super) refused: Vec<Refusal>,
    pub(super) elsewhere: Option<Refusal>,
}

impl Piece {
    /// What is asked of the resource.
    pub(super) fn asked(self, name: &Name) -> Result<Asked, Refusal> {
        let place = || format!("{}/{}", self.resource_type, self.id);
        if !mapping::fhir::is_kept(self.resource_type) {
            let words = "a resource of this type wraps others or answers a request, and is not kept: leave it out of the subscription";
            return Err(Refusal::new(
                422,
                Refused::new(IssueCode::NotSupported, place(), words),
            ));
        }
        let interaction = match &self.bytes {
            Some(bytes) => {
                strict::check(bytes)?;
                Interaction::Update
            }
            None => Interaction::Delete,
        };
        let mut asked = Asked::new(
            interaction,
            self.resource_type,
            self.bytes.unwrap_or_default(),
        );
        asked.id = Some(self.id);
        if let Some(Place { epoch, number }) = self.event {
            let (epoch, number) = (epoch.to_string(), number.to_string());
            let said = [
                (SUBSCRIPTION, &*name.subscription),
                (EVENT_EPOCH, &epoch),
                (EVENT_NUMBER, &number),
            ];
            asked.headers = said
                .map(|(name, text)| (name.into(), text.as_bytes().into()))
                .into();
        }
        Ok(asked)
    }
}

impl Subscriptions {
    /// Gathers what the events of a notification are about that were not taken in yet.
    pub(super) async fn gather(
        &self,
        name: &Name,
        position: &Position,
        notification: &Notification<'_>,
    ) -> Result<Gathered, Trouble> {
        let mut gathered = Gathered::default();
        let mut events: Vec<_> = notification.events.iter().collect();
        events.sort_by_key(|event| event.number);
        events.dedup_by_key(|event| event.number);
        gathered.again = notification.events.len() - events.len();
        let unreadable = notification.unreadable.iter().cloned();
        gathered.refused = unreadable.map(|one| Refusal::new(422, one)).collect();
        for event in events {
            if position.has(event.number)
                && self.repeat(name, position, notification, event)? == Repeat::Again
            {
                gathered.again += 1;
                continue;
            }
            if event.focus.is_none() {
                gathered.asked_for += 1;
                continue;
            }
            match self.pieces(name, position, notification, event).await {
                Outcome::Complete(pieces, refused) => {
                    gathered.pieces.extend(pieces);
                    gathered.refused.extend(refused);
                    gathered.complete.push(event.number);
                    let happened = moment(event.timestamp.as_deref());
                    gathered.latest = gathered.latest.max(happened);
                }
                Outcome::PutOff => gathered.put_off += 1,
                Outcome::Elsewhere(refusal) => gathered.elsewhere = Some(refusal),
            }
        }
        if !gathered.complete.is_empty() {
            // Where events have no times: none of them happened after this.
            let made = moment(notification.timestamp.as_deref());
            gathered.latest = gathered.latest.max(made);
        }
        gathered.pieces = newest(gathered.pieces);
        Ok(gathered)
    }

    /// What one event is about.
    async fn pieces(
        &self,
        name: &Name,
        position: &Position,
        notification: &Notification<'_>,
        event: &Event<'_>,
    ) -> Outcome {
        let (mut pieces, mut refused) = (Vec::new(), Vec::new());
        for reference in event.focus.iter().chain(&event.context) {
            let number = event.number;
            match self.piece(name, notification, (number, reference)).await {
                Ok(Found::Brought(resource_type, id, bytes)) => pieces.push(Piece {
                    resource_type,
                    id,
                    bytes,
                    event: Some(position.place(number)),
                }),
                Ok(Found::Nothing) => {}
                Ok(Found::Wrong(wrong)) => {
                    tracing::warn!(source = %name.source, event = number, "what an event is about is not taken: it is no resource of FHIR R4");
                    refused.push(Refusal::new(422, wrong));
                }
                Err(Failure::Elsewhere) => return self.elsewhere(name, number, reference),
                Err(failure) => {
                    tracing::warn!(source = %name.source, event = number, %failure, "what an event is about cannot be had now; it is asked for again");
                    return Outcome::PutOff;
                }
            }
        }
        Outcome::Complete(pieces, refused)
    }

    /// Says that an event names a resource of a server that is not the configured one.
    fn elsewhere(&self, name: &Name, number: u64, reference: &str) -> Outcome {
        let source = &name.source;
        let there = base(reference).unwrap_or_default();
        tracing::warn!(%source, event = number, server = there, "what an event names is on another server than the one that is configured");
        let words = format!(
            "event {number} names a resource of {there} and does not bring it, and the server of [subscription.{source}] is another one: if it is the same, name that address in bases there; else let the subscription send its resources"
        );
        Outcome::Elsewhere(Refusal::because(422, IssueCode::NotSupported, words))
    }

    /// What a reference leads to.
    async fn piece(
        &self,
        name: &Name,
        notification: &Notification<'_>,
        (number, reference): (u64, &str),
    ) -> Result<Found, Failure> {
        if let Some(item) = brought(notification, number, reference) {
            let (kind, id) = (item.resource_type, item.id.clone());
            if let Some(wrong) = &item.wrong {
                return Ok(Found::Wrong(wrong.clone()));
            }
            if let Some(resource) = item.resource {
                return Ok(Found::Brought(kind, id, Some(resource.as_bytes().to_vec())));
            }
            if item.is_deleted {
                return Ok(Found::Brought(kind, id, None));
            }
        }
        let Some((kind, id)) = named(reference) else {
            let words = format!("event {number} names no resource of FHIR R4: it is not taken");
            let place = "notificationEvent.focus";
            return Ok(Found::Wrong(Refused::new(IssueCode::Value, place, words)));
        };
        let server = self.server(&name.source).ok_or(Failure::Unconfigured)?;
        if base(reference).is_some_and(|base| !server.is_at(base)) {
            return Err(Failure::Elsewhere);
        }
        let asked = id.to_owned();
        let read = move || server.read(kind, &asked);
        match self.ask(&name.source, read).await {
            Ok(bytes) => Ok(Found::Brought(kind, id.to_owned(), Some(bytes))),
            Err(Failure::Deleted) => Ok(Found::Brought(kind, id.to_owned(), None)),
            Err(failure @ Failure::Unknown) => {
                tracing::warn!(source = %name.source, resource_type = kind, %failure, "what an event names is left as it is");
                Ok(Found::Nothing)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Asks a server, which may take its time; that it does not let us in is a trouble until it does.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        source: &str,
        ask: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let asked = tokio::task::spawn_blocking(ask).await;
        let asked = asked.unwrap_or_else(|error| Err(Failure::Unreachable(error.to_string())));
        let fault = match &asked {
            // It was not asked, or could not be.
            Err(Failure::Paused(_) | Failure::Unreachable(_)) => return asked,
            Err(failure @ Failure::NotLetIn(_)) => Some(format!(
                "What subscriptions of {source} name or have missed cannot be had: {failure}. Set token_file in [subscription.{source}] right and restart the process."
            )),
            _ => None,
        };
        let is_fault = fault.is_some();
        let name = format!("subscription {source}");
        if self.fhir.intake.tasks.note(&name, fault) {
            match is_fault {
                true => tracing::error!(source, "the server of subscriptions does not let us in"),
                false => tracing::info!(source, "the server of subscriptions lets us in again"),
            }
        }
        asked
    }

    /// The server that a source is, where it is configured.
    pub(super) fn server(&self, source: &str) -> Option<Arc<Server>> {
        self.servers.get(source).map(Arc::clone)
    }
}

/// What an event brought of a resource, where several events of a notification bring it: its newest version, where all say
/// when they changed; else the one of this event, where each has its own.
pub(super) fn brought<'n, 'a>(
    notification: &'n Notification<'a>,
    number: u64,
    reference: &str,
) -> Option<&'n Item<'a>> {
    let mut items = notification.items_of(reference);
    let times: Option<Vec<i64>> = items
        .iter()
        .map(|item| changed(item.resource?.as_bytes()))
        .collect();
    if let Some(times) = times {
        let newest = items.into_iter().zip(times).max_by_key(|(_, time)| *time);
        return newest.map(|(item, _)| item);
    }
    let about = notification.events.iter();
    let mut about: Vec<u64> = about
        .filter(|event| event.focus.as_deref() == Some(reference))
        .map(|event| event.number)
        .collect();
    about.sort_unstable();
    about.dedup();
    let own = about.iter().position(|one| *one == number);
    match own.filter(|_| about.len() == items.len()) {
        Some(own) => items.get(own).copied(),
        None => items.pop(),
    }
}

/// Of several pieces of one resource the one of the last event.
fn newest(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        kept.retain(|one| (one.resource_type, &one.id) != (piece.resource_type, &piece.id));
        kept.push(piece);
    }
    kept
}
