//! What the events of a notification are about: brought by it, or fetched from its server where only names came.

use std::sync::Arc;

use formats::fhir::refused::Refused;
use formats::fhir::strict;
use formats::fhir::validate::IssueCode;

use super::book::Name;
use super::position::Position;
use super::server::{Failure, Server};
use super::{EVENT_NUMBER, SUBSCRIPTION, Subscriptions, changed};
use crate::intake::fhir::{Asked, Interaction, Refusal};
use formats::fhir::notification::{Item, Notification, named};

/// The type and id of a resource, and its bytes; nothing where it is no more.
type Brought = (&'static str, String, Option<Vec<u8>>);

/// A resource, or that it is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) resource_type: &'static str,
    pub(crate) id: String,
    /// Nothing where it is no more.
    pub(crate) bytes: Option<Vec<u8>>,
    /// The number of the event that is about it.
    pub(crate) number: Option<u64>,
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
        if let Some(number) = self.number {
            let number = number.to_string();
            let said = [(SUBSCRIPTION, &*name.subscription), (EVENT_NUMBER, &number)];
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
    ) -> Gathered {
        let mut gathered = Gathered::default();
        let mut events: Vec<_> = notification.events.iter().collect();
        events.sort_by_key(|event| event.number);
        events.dedup_by_key(|event| event.number);
        gathered.again = notification.events.len() - events.len();
        for event in events {
            if position.has(event.number) {
                gathered.again += 1;
                continue;
            }
            if event.focus.is_none() {
                gathered.asked_for += 1;
                continue;
            }
            let references = event.focus.iter().chain(&event.context);
            let mut pieces = Vec::new();
            let mut is_complete = true;
            for reference in references {
                match self
                    .piece(name, notification, (event.number, reference))
                    .await
                {
                    Ok(Some((resource_type, id, bytes))) => pieces.push(Piece {
                        resource_type,
                        id,
                        bytes,
                        number: Some(event.number),
                    }),
                    Ok(None) => {}
                    Err(failure) => {
                        tracing::warn!(source = %name.source, event = event.number, %failure, "what an event is about cannot be had now; it is asked for again");
                        is_complete = false;
                    }
                }
            }
            match is_complete {
                true => {
                    gathered.pieces.extend(pieces);
                    gathered.complete.push(event.number);
                }
                false => gathered.put_off += 1,
            }
        }
        gathered.pieces = newest(gathered.pieces);
        gathered
    }

    /// The resource that a reference names; nothing where it is of a type that FHIR R4 does not have.
    async fn piece(
        &self,
        name: &Name,
        notification: &Notification<'_>,
        (number, reference): (u64, &str),
    ) -> Result<Option<Brought>, Failure> {
        if let Some(item) = brought(notification, number, reference) {
            let (kind, id) = (item.resource_type, item.id.clone());
            if let Some(resource) = item.resource {
                return Ok(Some((kind, id, Some(resource.as_bytes().to_vec()))));
            }
            if item.is_deleted {
                return Ok(Some((kind, id, None)));
            }
        }
        let Some((kind, id)) = named(reference) else {
            return Ok(None);
        };
        let server = self.server(&name.source).ok_or(Failure::Unconfigured)?;
        let asked = id.to_owned();
        match apart(move || server.read(kind, &asked)).await {
            Ok(bytes) => Ok(Some((kind, id.to_owned(), Some(bytes)))),
            Err(Failure::Deleted) => Ok(Some((kind, id.to_owned(), None))),
            Err(failure @ Failure::Unknown) => {
                tracing::warn!(source = %name.source, resource_type = kind, %failure, "what an event names is left as it is");
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The server that a source is, where it is configured.
    pub(super) fn server(&self, source: &str) -> Option<Arc<Server>> {
        self.servers.get(source).map(Arc::clone)
    }
}

/// What an event brought of a resource, where several events of a notification bring it: its newest version, where all say
/// when they changed; else the one of this event, where each has its own.
fn brought<'n, 'a>(
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

/// Asks a server, which may take its time.
pub(super) async fn apart<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let asked = tokio::task::spawn_blocking(ask).await;
    asked.unwrap_or_else(|error| Err(Failure::Unreachable(error.to_string())))
}
