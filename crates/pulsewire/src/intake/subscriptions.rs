//! What FHIR servers tell their subscribers: taken in as if it had been sent here, each event once, and what was missed is
//! asked for.

mod anew;
mod book;
mod catch_up;
mod gather;
mod position;
mod server;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use formats::fhir::notification::{Kind, Notification};
use formats::fhir::read::Raw;
use formats::fhir::refused::Refused;
use formats::fhir::strict;
use formats::fhir::validate::IssueCode;
use tokio::sync::{Notify, OwnedMutexGuard};

use super::fhir::{Done, Fhir, IndexError, Refusal, Sender};
use super::keep::{self, Received};
use crate::config::Subscription;
use crate::metrics::{SourceLabel, SubscriptionLabels};
use book::{Book, Name};
use gather::Gathered;
pub(crate) use gather::Piece;
use position::{GAPS_MAX, Position};
use server::Server;

/// The raw record's headers that say which event of which subscription brought it.
const SUBSCRIPTION: &str = "subscription";
const EVENT_NUMBER: &str = "event-number";
/// The raw record's header with how often its server had begun to count anew by then.
const EVENT_EPOCH: &str = "event-epoch";
/// The first query of a source looks back so far.
const LOOK_BACK_MICROS: i64 = 60 * 60 * 1_000_000;

/// Why the receiver cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("subscription.{name}: {what}")]
    Server { name: String, what: String },
    #[error("how far subscriptions were taken in cannot be read: {0}")]
    Journal(#[from] journal::Error),
}

/// Why a notification is not taken.
#[derive(Debug)]
pub(crate) enum Trouble {
    Refused(Refusal),
    NotKept(keep::Refusal),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<keep::Refusal> for Trouble {
    fn from(refusal: keep::Refusal) -> Self {
        Self::NotKept(refusal)
    }
}

impl From<journal::Error> for Trouble {
    fn from(error: journal::Error) -> Self {
        Self::NotKept(keep::Refusal::Journal(error))
    }
}

impl From<IndexError> for Trouble {
    fn from(error: IndexError) -> Self {
        Self::NotKept(keep::Refusal::History(error.to_string()))
    }
}

/// What became of a notification.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Events that were new, and that were taken in before.
    pub(crate) taken: usize,
    pub(crate) again: usize,
    /// Events whose resources could not be had yet, and events that do not say what they are about: both are asked for.
    pub(crate) put_off: usize,
    pub(crate) asked_for: usize,
    /// What of it can never be taken.
    pub(crate) refused: Vec<Refusal>,
    /// Why an event waits whose resource is on a server that is not configured.
    pub(crate) elsewhere: Option<Refusal>,
    /// Its server counts anew, and did not say so.
    pub(crate) anew: bool,
}

/// Takes in what subscriptions tell.
pub(crate) struct Subscriptions {
    fhir: Arc<Fhir>,
    book: Book,
    servers: BTreeMap<String, Arc<Server>>,
    settings: BTreeMap<String, Subscription>,
    /// One notification of a subscription is worked on at a time.
    turns: Mutex<BTreeMap<Name, Arc<tokio::sync::Mutex<()>>>>,
    /// Something is missing.
    due: Notify,
}

impl Subscriptions {
    /// Reads how far each was taken in.
    pub(crate) fn open(
        fhir: Arc<Fhir>,
        settings: &BTreeMap<String, Subscription>,
        body_size: usize,
    ) -> Result<Self, Error> {
        let intake = &fhir.intake;
        let book = Book::open(&*intake.journal, intake.partitions, intake.site_key.clone())?;
        let mut servers = BTreeMap::new();
        for (name, setting) in settings {
            let server =
                Server::new(setting, body_size, intake.clock).map_err(|what| Error::Server {
                    name: name.clone(),
                    what,
                })?;
            servers.extend(server.map(|server| (name.clone(), Arc::new(server))));
        }
        let subscriptions = Self {
            fhir,
            book,
            servers,
            settings: settings.clone(),
            turns: Mutex::default(),
            due: Notify::new(),
        };
        subscriptions.tell_standings();
        Ok(subscriptions)
    }

    /// What takes resources in.
    pub(crate) const fn fhir(&self) -> &Arc<Fhir> {
        &self.fhir
    }

    /// Takes in a notification.
    pub(crate) async fn notified(&self, sender: &Sender, bytes: &[u8]) -> Result<Told, Trouble> {
        strict::check(bytes).map_err(Refusal::from)?;
        let notification =
            Notification::read(bytes).map_err(|refused| Refusal::new(422, refused))?;
        self.count(&sender.source, notification.kind.code());
        let name = Name {
            source: Arc::clone(&sender.source),
            subscription: notification.subscription.as_str().into(),
        };
        let _turn = self.turn(&name).await;
        let mut position = self.position(&name)?;
        let anew = self.hear(&name, &mut position, &notification)?;
        if notification.kind != Kind::Event {
            self.keep_position(sender, &name, &position).await?;
            self.tell_standings();
            return Ok(Told {
                anew,
                ..Told::default()
            });
        }
        let gathered = self.gather(&name, &position, &notification).await?;
        let mut told = self.take_in(sender, &name, position, gathered).await?;
        told.anew = anew;
        self.tell_standings();
        self.ask_for_missing(&name);
        if let Some(refusal) = told.elsewhere.take() {
            return Err(refusal.into());
        }
        if told.put_off + told.asked_for > 0 && self.server(&sender.source).is_none() {
            let words = format!(
                "events came without their resources, and no server is configured that could be asked for them: set server in [subscription.{}], or let the subscription send its resources",
                sender.source
            );
            return Err(Refusal::because(422, IssueCode::NotSupported, words).into());
        }
        Ok(told)
    }

    /// Takes in that something changed, where the server says neither what nor in which subscription.
    pub(crate) async fn something_changed(&self, sender: &Sender) -> Result<(), Trouble> {
        self.count(&sender.source, "empty");
        let server = self.servers.get(&*sender.source);
        if server.is_none_or(|server| server.queries().is_empty()) {
            let words = format!(
                "an empty notification says that something changed and not what: set server and queries in [subscription.{}], or let the subscription send its resources",
                sender.source
            );
            return Err(Refusal::because(422, IssueCode::NotSupported, words).into());
        }
        let name = Name {
            source: Arc::clone(&sender.source),
            subscription: "".into(),
        };
        let _turn = self.turn(&name).await;
        let mut position = self.position(&name)?;
        position.announced += 1;
        position.queried.get_or_insert_with(|| self.look_back());
        self.keep_position(sender, &name, &position).await
    }

    /// Takes in one resource, or that it is no more, which came without a number.
    pub(crate) async fn resource(
        &self,
        sender: &Sender,
        piece: Piece,
    ) -> Result<Option<Done>, Trouble> {
        self.count(&sender.source, "resource");
        let name = Name {
            source: Arc::clone(&sender.source),
            subscription: "".into(),
        };
        let _turn = self.turn(&name).await;
        let asked = match self.is_older(&name, &piece)? {
            true => return Ok(None),
            false => piece.asked(&name)?,
        };
        let done = self.fhir.take(vec![asked], sender, false).await?;
        Ok(done.into_iter().next())
    }

    /// Notes what a notification says of numbers, and how the subscription stands; says whether its server counts anew.
    fn hear(
        &self,
        name: &Name,
        position: &mut Position,
        notification: &Notification<'_>,
    ) -> Result<bool, Trouble> {
        position.queried.get_or_insert_with(|| self.look_back());
        if let Some(standing) = notification.standing {
            position.stand(standing, self.now());
        }
        if notification.kind == Kind::Handshake {
            position.begin(notification.announced.unwrap_or(0));
            return Ok(false);
        }
        let numbers = notification.events.iter().map(|event| event.number);
        let greatest = numbers.chain(notification.announced).max();
        let anew = self.counts_anew(name, position, notification)?;
        if anew {
            let (source, subscription) = (&name.source, &name.subscription);
            tracing::warn!(%source, %subscription, heard = position.announced, now = greatest, "its server counts anew without a handshake: what it told of since is asked for");
            self.count(source, "counted-anew");
            position.restart(greatest.unwrap_or(0));
        }
        let can_be = greatest.is_none_or(|greatest| position.announce(greatest));
        if can_be && position.missing().count() <= GAPS_MAX {
            return Ok(anew);
        }
        let place = "notificationEvent.eventNumber";
        let words = "the number is too far beyond those that are missing: begin the subscription anew with a handshake, or wait until they are there";
        let refused = Refused::new(IssueCode::Value, place, words);
        Err(Refusal::new(422, refused).into())
    }

    /// Keeps what was gathered together with how far the subscription is then taken in.
    async fn take_in(
        &self,
        sender: &Sender,
        name: &Name,
        mut position: Position,
        gathered: Gathered,
    ) -> Result<Told, Trouble> {
        let mut told = Told {
            taken: gathered.complete.len(),
            again: gathered.again,
            put_off: gathered.put_off,
            asked_for: gathered.asked_for,
            refused: gathered.refused,
            elsewhere: gathered.elsewhere,
            anew: false,
        };
        position.latest = position.latest.max(gathered.latest);
        for number in gathered.complete {
            position.take(number, number);
        }
        let now = self.now();
        let is_due = self.book.is_due(name, &position, now);
        let line = is_due.then(|| self.book.record(name, &position, now));
        let line = line.into_iter().collect();
        let refused = self
            .take_pieces(sender, name, gathered.pieces, line)
            .await?;
        told.refused.extend(refused);
        if is_due {
            self.book.note(name, &position, now);
        }
        self.fhir.intake.seen(&name.source);
        self.count_events(&name.source, &told);
        Ok(told)
    }

    /// Keeps resources, but for what is older than what is there, and gives why others are refused.
    async fn take_pieces(
        &self,
        sender: &Sender,
        name: &Name,
        pieces: Vec<Piece>,
        beside: Vec<Received>,
    ) -> Result<Vec<Refusal>, Trouble> {
        let (mut asked, mut refused) = (Vec::new(), Vec::new());
        for piece in pieces {
            if self.is_older(name, &piece)? {
                continue;
            }
            match piece.asked(name) {
                Ok(one) => asked.push(one),
                Err(refusal) => refused.push(refusal),
            }
        }
        let done = self.fhir.take_beside(asked, sender, beside).await?;
        refused.extend(done.into_iter().filter_map(|done| match done {
            Done::Refused(refusal) => Some(refusal),
            _ => None,
        }));
        Ok(refused)
    }

    /// Keeps how far a subscription was taken in, where that has changed.
    async fn keep_position(
        &self,
        sender: &Sender,
        name: &Name,
        position: &Position,
    ) -> Result<(), Trouble> {
        let now = self.now();
        if self.book.is_due(name, position, now) {
            let line = self.book.record(name, position, now);
            self.fhir.intake.keep(vec![line], sender.patience).await?;
            self.book.note(name, position, now);
        }
        self.fhir.intake.seen(&name.source);
        self.ask_for_missing(name);
        Ok(())
    }

    fn now(&self) -> i64 {
        self.fhir.intake.clock.now().micros()
    }

    fn position(&self, name: &Name) -> Result<Position, Trouble> {
        let journal = &*self.fhir.intake.journal;
        Ok(tokio::task::block_in_place(|| {
            self.book.position(journal, name)
        })?)
    }

    async fn turn(&self, name: &Name) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(name.clone()).or_default())
        };
        turn.lock_owned().await
    }

    /// Whether something newer of the same resource was taken in.
    fn is_older(&self, name: &Name, piece: &Piece) -> Result<bool, Trouble> {
        let found = self
            .fhir
            .find(&name.source, piece.resource_type, &piece.id)?;
        let Some(entry) = found else {
            return Ok(false);
        };
        let position = self.book.known(name);
        let Some(last) = self.last(name, &position, &entry)? else {
            return Ok(false);
        };
        let here = piece.bytes.as_deref().and_then(changed);
        if let Some((there, here)) = last.changed.zip(here)
            && there != here
        {
            return Ok(there > here);
        }
        let both = last.place.zip(piece.event);
        Ok(both
            .is_some_and(|(there, here)| there.epoch == here.epoch && there.number > here.number))
    }

    /// Says which subscriptions tell nothing any more, until one of the same source is heard to be active after that.
    fn tell_standings(&self) {
        let intake = &self.fhir.intake;
        let mut all = self.book.standings();
        // A source that is no longer configured is not missed.
        all.retain(|(name, _)| intake.sources.find(&name.source).is_some());
        for (name, stands) in &all {
            let of_source = all.iter().filter(|(other, _)| other.source == name.source);
            let mut active = of_source.filter(|(_, other)| !other.is_silent());
            let is_trouble = stands.is_silent() && !active.any(|(_, other)| other.at > stands.at);
            let (source, subscription) = (&name.source, &name.subscription);
            let status = &stands.status;
            let fault = is_trouble.then(|| format!(
                "The subscription {subscription} of {source} is {status} at its server, which tells nothing of what happens, or not all. Set it active there again."
            ));
            let named = format!("subscription {source} {subscription}");
            if intake.tasks.note(&named, fault) {
                tracing::warn!(%source, %subscription, status, "how a subscription stands at its server has changed");
            }
        }
    }

    /// Tells how much is missing.
    fn tell_missing(&self, name: &Name) -> u64 {
        let missing = self.book.missing(&name.source);
        let source = name.source.to_string();
        let told = &self.fhir.intake.metrics.subscription_missing;
        let told = told.get_or_create(&SourceLabel { source });
        told.set(i64::try_from(missing).unwrap_or(i64::MAX));
        missing
    }

    /// Tells how much is missing, and has it asked for.
    fn ask_for_missing(&self, name: &Name) {
        if self.tell_missing(name) > 0 {
            self.due.notify_one();
        }
    }

    /// From when on the first query asks.
    fn look_back(&self) -> i64 {
        self.now() - LOOK_BACK_MICROS
    }

    fn count(&self, source: &str, kind: &'static str) {
        let source = source.to_owned();
        let counted = &self.fhir.intake.metrics.subscription_notifications;
        counted
            .get_or_create(&SubscriptionLabels { source, kind })
            .inc();
    }

    fn count_events(&self, source: &str, told: &Told) {
        let counts = [
            ("taken", told.taken),
            ("again", told.again),
            ("put-off", told.put_off + told.asked_for),
            ("refused-resource", told.refused.len()),
        ];
        let counted = &self.fhir.intake.metrics.subscription_events;
        for (kind, count) in counts {
            let source = source.to_owned();
            counted
                .get_or_create(&SubscriptionLabels { source, kind })
                .inc_by(count as u64);
        }
    }
}

/// A time that a server tells, in microseconds since the epoch.
fn moment(text: Option<&str>) -> Option<i64> {
    clinical::ReceivedTime::parse(text?).map(clinical::ReceivedTime::micros)
}

/// When a resource last changed, in microseconds since the epoch.
fn changed(bytes: &[u8]) -> Option<i64> {
    let meta = Raw::read(bytes).ok()?.get("meta").ok().flatten()?;
    let text = meta.get("lastUpdated").ok().flatten()?.text().ok()?;
    moment(Some(&text))
}
