//! What was missed is asked for: the events by their numbers, or, where a server has none to give, what changed since.

use std::sync::Arc;

use clinical::ReceivedTime;
use formats::fhir::read::Raw;
use formats::fhir::reference;
use formats::fhir::strict;

use super::book::Name;
use super::gather::{Gathered, Piece};
use super::server::{Failure, Server};
use super::{Subscriptions, Trouble};
use crate::intake::fhir::Sender;
use crate::intake::keep::{Patience, Way};
use crate::tasks::Stop;
use formats::fhir::notification::Notification;

/// So many events are asked for at once.
const EVENTS_AT_ONCE: u64 = 100;
/// A query has at most so many pages.
const PAGES_MAX: usize = 10_000;
/// Each query looks a little behind what the one before it brought: not all that has a time is there at that time.
const OVERLAP_MICROS: i64 = 60 * 1_000_000;

/// Why what is missing could not be had.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Server(#[from] Failure),
    #[error("its server gives none of the events that are asked for")]
    NotGiven,
    #[error("a query has more than {PAGES_MAX} pages: narrow it")]
    Endless,
    #[error("what its server gives cannot be read: {0}")]
    Unreadable(String),
    #[error("{0}")]
    NotKept(String),
}

impl From<Trouble> for Stopped {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => Self::Unreadable(refusal.words()),
            Trouble::NotKept(refusal) => Self::NotKept(refusal.to_string()),
        }
    }
}

impl Subscriptions {
    /// Asks for what is missing, at once when something is and now and then after that, until it is time to stop.
    pub(crate) async fn catch_up(self: Arc<Self>, mut stop: Stop) {
        loop {
            self.look_at_others();
            for name in self.book.behind() {
                if stop.is_asked() {
                    return;
                }
                self.catch_up_one(&name).await;
            }
            let every = self.settings.values().map(|setting| setting.retry).min();
            tokio::select! {
                () = self.due.notified() => {}
                () = tokio::time::sleep(every.unwrap_or_default()) => {}
                () = stop.asked() => return,
            }
        }
    }

    /// What other processes took in need not be asked for here.
    fn look_at_others(&self) {
        let journal = &*self.fhir.intake.journal;
        if let Err(error) = tokio::task::block_in_place(|| self.book.read_on(journal)) {
            tracing::warn!(%error, "how far subscriptions were taken in cannot be read now");
        }
    }

    async fn catch_up_one(&self, name: &Name) {
        let Some(server) = self.server(&name.source) else {
            let (source, subscription) = (&name.source, &name.subscription);
            tracing::warn!(%source, %subscription, "events are missing, and no server is configured that could be asked: set server in [subscription.{source}]");
            return;
        };
        let by_number = match name.subscription.is_empty() {
            true => Err(Stopped::NotGiven),
            false => self.ask_for_events(name, &server).await,
        };
        let done =
            match by_number {
                Err(
                    Stopped::NotGiven | Stopped::Server(Failure::Answered(_) | Failure::Unknown),
                ) if !server.queries().is_empty() => self.ask_for_changes(name, &server).await,
                done => done,
            };
        let (source, subscription) = (&name.source, &name.subscription);
        // That it wants to be left alone was told when it said so.
        let is_paused = matches!(done, Err(Stopped::Server(Failure::Paused(_))));
        if let Err(why) = done
            && !is_paused
        {
            tracing::warn!(%source, %subscription, %why, "missing events could not be had; they are asked for again");
        }
        self.tell_missing(name);
    }

    /// Asks for the missing events by their numbers, until none is missing or none is given.
    async fn ask_for_events(&self, name: &Name, server: &Arc<Server>) -> Result<(), Stopped> {
        loop {
            let before = self.position(name)?;
            let Some((first, last)) = before.missing().next() else {
                return Ok(());
            };
            let last = last.min(first.saturating_add(EVENTS_AT_ONCE - 1));
            let (asked, subscription) = (Arc::clone(server), Arc::clone(&name.subscription));
            let bytes = self
                .ask(&name.source, move || {
                    asked.events(&subscription, first, last)
                })
                .await?;
            strict::check(&bytes).map_err(|refused| Stopped::Unreadable(refused.to_string()))?;
            let given = Notification::read(&bytes);
            let mut given = given.map_err(|refused| Stopped::Unreadable(refused.to_string()))?;
            given
                .events
                .retain(|event| (first..=last).contains(&event.number));
            // Asked without a turn: what its server sends meanwhile does not wait for what it is asked.
            let _turn = self.turn(name).await;
            let position = self.position(name)?;
            let gathered = self.gather(name, &position, &given).await?;
            self.take_in(&sender(name), name, position, gathered)
                .await?;
            if self.book.known(name).missing_count() >= before.missing_count() {
                return Err(Stopped::NotGiven);
            }
        }
    }

    /// Asks for what changed since it was last asked, and is then as far as its server was when it was asked.
    async fn ask_for_changes(&self, name: &Name, server: &Arc<Server>) -> Result<(), Stopped> {
        let before = self.position(name)?;
        let since = before.queried.unwrap_or_else(|| self.look_back());
        let since = ReceivedTime::from_micros(since - OVERLAP_MICROS).to_string();
        let mut newest = None;
        for query in server.queries() {
            let (asked, first, since) = (Arc::clone(server), query.clone(), since.clone());
            let mut page = self
                .ask(&name.source, move || asked.changed(&first, &since))
                .await?;
            let mut pages = 1;
            while let Some(next) = self.take_page(name, &mut newest, &page).await? {
                pages += 1;
                if pages > PAGES_MAX {
                    return Err(Stopped::Endless);
                }
                let asked = Arc::clone(server);
                page = self.ask(&name.source, move || asked.page(&next)).await?;
            }
        }
        let _turn = self.turn(name).await;
        let mut position = self.position(name)?;
        // Pages have no order of time: how far it went is known when all of them are there.
        position.queried = position.queried.max(newest);
        if before.announced > 0 && before.epoch == position.epoch {
            position.take(1, before.announced);
            // Whatever of it comes after all, with its time, happened before now.
            let now = self.now();
            position.latest = position.latest.map(|latest| latest.max(now));
        }
        self.take_in(&sender(name), name, position, Gathered::default())
            .await?;
        Ok(())
    }

    /// Takes in a page of what a query finds, and gives the address of the next.
    async fn take_page(
        &self,
        name: &Name,
        newest: &mut Option<i64>,
        page: &[u8],
    ) -> Result<Option<String>, Stopped> {
        strict::check(page).map_err(|refused| Stopped::Unreadable(refused.to_string()))?;
        let bundle = Raw::read(page).map_err(|_| Failure::Strange)?;
        let member = |raw: Raw<'_>, name: &str| {
            let found = raw.get(name).ok().flatten()?;
            Some(found.text().ok()?.into_owned())
        };
        let items = |name: &str| {
            bundle
                .get(name)
                .ok()
                .flatten()
                .into_iter()
                .flat_map(Raw::items)
                .flatten()
        };
        let mut pieces = Vec::new();
        for entry in items("entry") {
            let Ok(Some(resource)) = entry.get("resource") else {
                continue;
            };
            let kind =
                member(resource, "resourceType").and_then(|kind| reference::resource_type(&kind));
            let (Some(resource_type), Some(id)) = (kind, member(resource, "id")) else {
                continue;
            };
            // What its server tells about the search is no resource that was asked for.
            if resource_type == "OperationOutcome" {
                continue;
            }
            *newest = (*newest).max(super::changed(resource.as_bytes()));
            pieces.push(Piece {
                resource_type,
                id,
                bytes: Some(resource.as_bytes().to_vec()),
                event: None,
            });
        }
        let _turn = self.turn(name).await;
        self.take_pieces(&sender(name), name, pieces, Vec::new())
            .await?;
        let next = items("link").find(|link| member(*link, "relation").as_deref() == Some("next"));
        Ok(next.and_then(|link| member(link, "url")))
    }
}

/// Who sends what is asked for.
fn sender(name: &Name) -> Sender {
    Sender {
        source: Arc::clone(&name.source),
        way: Way::Http,
        backfill: false,
        patience: Patience::Wait,
    }
}
