//! A received notification of a subscription: of R4 with the backport guide, of R4B, and of R5.
//!
//! All are bundles whose first entry says what they are about: a Parameters resource with the backport guide
//! (<https://hl7.org/fhir/uv/subscriptions-backport/>), a SubscriptionStatus after it (<https://hl7.org/fhir/R5/subscriptionstatus.html>).

use std::borrow::Cow;

use super::read::Raw;
use super::reference::{self, Target};
use super::refused::Refused;
use super::validate::IssueCode;

/// How many entries a notification may have.
pub const ENTRIES_MAX: usize = 5_000;
/// The longest number of an event, in digits.
pub const NUMBER_DIGITS_MAX: usize = 18;

/// What a notification is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its server tries whether it is heard, before it begins.
    Handshake,
    /// Nothing happened, and its server is there.
    Heartbeat,
    /// Something happened.
    Event,
    /// Its server was asked how it stands.
    QueryStatus,
    /// Its server was asked what happened.
    QueryEvent,
}

impl Kind {
    const ALL: [(Self, &str); 5] = [
        (Self::Handshake, "handshake"),
        (Self::Heartbeat, "heartbeat"),
        (Self::Event, "event-notification"),
        (Self::QueryStatus, "query-status"),
        (Self::QueryEvent, "query-event"),
    ];

    /// Gives its code in FHIR.
    pub fn code(self) -> &'static str {
        let found = Self::ALL.iter().find(|(kind, _)| *kind == self);
        found.map_or("", |(_, code)| code)
    }
}

/// How a subscription stands at its server (<http://hl7.org/fhir/subscription-status>, R5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is to begin.
    Requested,
    /// It tells what happens.
    Active,
    /// Its server could not reach who is told.
    Error,
    /// It tells nothing any more.
    Off,
    /// It should never have been.
    EnteredInError,
}

impl Standing {
    const ALL: [(Self, &str); 5] = [
        (Self::Requested, "requested"),
        (Self::Active, "active"),
        (Self::Error, "error"),
        (Self::Off, "off"),
        (Self::EnteredInError, "entered-in-error"),
    ];

    /// Gives its code in FHIR.
    pub fn code(self) -> &'static str {
        let found = Self::ALL.iter().find(|(standing, _)| *standing == self);
        found.map_or("", |(_, code)| code)
    }

    /// Reads a code of FHIR.
    pub fn parse(code: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == code);
        found.map(|(standing, _)| *standing)
    }

    /// Says whether nothing, or not all, is told of what happens.
    pub const fn is_silent(self) -> bool {
        matches!(self, Self::Error | Self::Off | Self::EnteredInError)
    }
}

/// One thing that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its number: one more than that of the event before it.
    pub number: u64,
    /// When it happened, as its server writes it.
    pub timestamp: Option<Cow<'a, str>>,
    /// The resource that it is about, as a reference; nothing where its server does not say.
    pub focus: Option<Cow<'a, str>>,
    /// What belongs to it besides, as references.
    pub context: Vec<Cow<'a, str>>,
}

/// A resource that comes with a notification, or news that it is no more.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// Its address, as others in the notification name it.
    pub full_url: Option<Cow<'a, str>>,
    /// Its type.
    pub resource_type: &'static str,
    /// Its id.
    pub id: String,
    /// The resource as sent; nothing where only its id came.
    pub resource: Option<Raw<'a>>,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Why what came cannot be read as the resource that its address names.
    pub wrong: Option<Refused>,
}

/// A received notification.
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    /// What it is for.
    pub kind: Kind,
    /// The id of its subscription, or what names it otherwise.
    pub subscription: String,
    /// How the subscription stands at its server.
    pub standing: Option<Standing>,
    /// When its server made the notification, as it writes it.
    pub timestamp: Option<Cow<'a, str>>,
    /// How many events there have been since the subscription began.
    pub announced: Option<u64>,
    /// What happened, in the order told.
    pub events: Vec<Event<'a>>,
    /// The resources that came with it.
    pub items: Vec<Item<'a>>,
    /// What came with it that can neither be read nor told from others.
    pub unreadable: Vec<Refused>,
}

impl<'a> Notification<'a> {
    /// Reads a notification that went through [`super::strict::check`].
    ///
    /// # Errors
    /// When it is no bundle, begins with no status, or its status does not say what it must.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        let bundle = Raw::read(bytes)
            .map_err(|wrong| Refused::new(IssueCode::Structure, "Bundle", wrong.to_string()))?;
        if text(bundle, "resourceType").as_deref() != Some("Bundle") {
            let words = "a notification is a Bundle that begins with a status: send that";
            return Err(Refused::new(IssueCode::Invalid, "Resource", words));
        }
        let mut entries = Vec::new();
        for item in bundle
            .get("entry")
            .ok()
            .flatten()
            .into_iter()
            .flat_map(Raw::items)
        {
            if entries.len() == ENTRIES_MAX {
                let words = format!(
                    "the notification has more than {ENTRIES_MAX} entries: send it in parts"
                );
                return Err(Refused::new(IssueCode::TooCostly, "Bundle.entry", words));
            }
            entries.push(item.map_err(|wrong| {
                Refused::new(IssueCode::Structure, "Bundle.entry", wrong.to_string())
            })?);
        }
        let status = entries.first().and_then(|entry| member(*entry, "resource"));
        let (kind, status) = status
            .and_then(|raw| Some((text(raw, "resourceType")?, raw)))
            .ok_or_else(no_status)?;
        let mut told = match &*kind {
            "Parameters" => parameters(status)?,
            "SubscriptionStatus" => subscription_status(status)?,
            _ => return Err(no_status()),
        };
        told.timestamp = text(bundle, "timestamp");
        for (number, entry) in entries.iter().enumerate().skip(1) {
            match item(*entry, number) {
                Ok(item) => told.items.extend(item),
                Err(refused) => told.unreadable.push(refused),
            }
        }
        Ok(told)
    }

    /// Finds all that came with it of the resource that a reference names, in the order told.
    pub fn items_of(&self, reference: &str) -> Vec<&Item<'a>> {
        let by_url = self.items.iter();
        let by_url: Vec<_> = by_url
            .filter(|item| item.full_url.as_deref() == Some(reference))
            .collect();
        match (by_url.is_empty(), named(reference)) {
            (true, Some((kind, id))) => {
                let by_name = self.items.iter();
                let is_named = |item: &&Item<'_>| item.resource_type == kind && item.id == id;
                let elsewhere = |item: &&Item<'_>| {
                    let there = item.full_url.as_deref().and_then(base);
                    there.is_some_and(|there| base(reference).is_some_and(|here| here != there))
                };
                by_name
                    .filter(|item| is_named(item) && !elsewhere(item))
                    .collect()
            }
            _ => by_url,
        }
    }
}

/// The address of the server that an absolute reference names, without the slash behind it.
pub fn base(text: &str) -> Option<&str> {
    match Target::parse(text) {
        Target::Absolute { base, .. } => Some(base),
        _ => None,
    }
}

/// The type and id that a reference names, whatever server and version it means.
pub fn named(text: &str) -> Option<(&'static str, &str)> {
    match Target::parse(text) {
        Target::Relative { kind, id } | Target::Absolute { kind, id, .. } => Some((kind, id)),
        _ => None,
    }
}

fn no_status() -> Refused {
    let words = "a notification begins with its status, which is a SubscriptionStatus or, of the R4 backport, Parameters: put that first";
    Refused::new(IssueCode::Required, "Bundle.entry[0].resource", words)
}

fn member<'a>(raw: Raw<'a>, name: &str) -> Option<Raw<'a>> {
    raw.get(name).ok().flatten()
}

fn text<'a>(raw: Raw<'a>, name: &str) -> Option<Cow<'a, str>> {
    member(raw, name)?.text().ok()
}

/// A whole number, written as one or, as 64 bits are in FHIR, as a text.
fn count(raw: Raw<'_>) -> Option<u64> {
    let digits = match raw.text() {
        Ok(text) => text.into_owned(),
        Err(_) => std::str::from_utf8(raw.as_bytes()).ok()?.to_owned(),
    };
    let is_count =
        digits.len() <= NUMBER_DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_count)
}

/// What a status says, whichever way it says it.
#[derive(Default)]
struct Told<'a> {
    kind: Option<Cow<'a, str>>,
    subscription: Option<Cow<'a, str>>,
    standing: Option<Cow<'a, str>>,
    announced: Option<Raw<'a>>,
    events: Vec<(Option<Raw<'a>>, Event<'a>)>,
}

impl<'a> Told<'a> {
    fn notification(self, place: &str) -> Result<Notification<'a>, Refused> {
        let wrong = |part: &str, words: String| {
            Refused::new(IssueCode::Value, format!("{place}.{part}"), words)
        };
        let said = self.kind.unwrap_or_default();
        let kind = Kind::ALL.iter().find(|(_, code)| *code == said);
        let Some((kind, _)) = kind else {
            let codes: Vec<&str> = Kind::ALL.iter().map(|(_, code)| *code).collect();
            let words = format!("a notification is one of {}: say which", codes.join(", "));
            return Err(wrong("type", words));
        };
        let subscription = self.subscription.filter(|text| !text.is_empty());
        let Some(subscription) = subscription else {
            let words = "a notification names its subscription: add the reference";
            return Err(wrong("subscription", words.to_owned()));
        };
        let number = || {
            format!(
                "a number of events is a whole number of at most {NUMBER_DIGITS_MAX} digits: correct it"
            )
        };
        let announced = match self.announced {
            None => None,
            Some(raw) => {
                Some(count(raw).ok_or_else(|| wrong("eventsSinceSubscriptionStart", number()))?)
            }
        };
        let mut events = Vec::with_capacity(self.events.len());
        for (raw, event) in self.events {
            let found = raw.and_then(count).filter(|number| *number > 0);
            let number = found.ok_or_else(|| wrong("notificationEvent.eventNumber", number()))?;
            events.push(Event { number, ..event });
        }
        Ok(Notification {
            kind: *kind,
            subscription: named(&subscription)
                .map_or_else(|| subscription.to_string(), |(_, id)| id.to_owned()),
            standing: self.standing.as_deref().and_then(Standing::parse),
            timestamp: None,
            announced,
            events,
            items: Vec::new(),
            unreadable: Vec::new(),
        })
    }
}

/// Reads the status of R4B and R5.
fn subscription_status(status: Raw<'_>) -> Result<Notification<'_>, Refused> {
    let reference = |raw: Raw<'_>| text(raw, "reference").map(|text| Cow::Owned(text.into_owned()));
    let mut told = Told {
        kind: text(status, "type"),
        subscription: member(status, "subscription").and_then(reference),
        standing: text(status, "status"),
        announced: member(status, "eventsSinceSubscriptionStart"),
        events: Vec::new(),
    };
    let events = member(status, "notificationEvent").map(Raw::items);
    for event in events.into_iter().flatten().flatten() {
        let context = member(event, "additionalContext").map(Raw::items);
        let context = context.into_iter().flatten().flatten();
        told.events.push((
            member(event, "eventNumber"),
            Event {
                number: 0,
                timestamp: text(event, "timestamp"),
                focus: member(event, "focus").and_then(reference),
                context: context.filter_map(reference).collect(),
            },
        ));
    }
    told.notification("SubscriptionStatus")
}

/// Reads the status that the backport guide puts into Parameters.
fn parameters(status: Raw<'_>) -> Result<Notification<'_>, Refused> {
    let mut told = Told::default();
    for (name, parameter) in named_parts(status, "parameter") {
        match &*name {
            "subscription" => told.subscription = reference_of(parameter),
            "status" => told.standing = value(parameter).and_then(|raw| raw.text().ok()),
            "type" => told.kind = value(parameter).and_then(|raw| raw.text().ok()),
            "events-since-subscription-start" => told.announced = value(parameter),
            "notification-event" => {
                let mut event = Event::default();
                let mut number = None;
                for (name, part) in named_parts(parameter, "part") {
                    match &*name {
                        "event-number" => number = value(part),
                        "timestamp" => {
                            event.timestamp = value(part).and_then(|raw| raw.text().ok());
                        }
                        "focus" => event.focus = reference_of(part),
                        "additional-context" => event.context.extend(reference_of(part)),
                        _ => {}
                    }
                }
                told.events.push((number, event));
            }
            _ => {}
        }
    }
    told.notification("Parameters")
}

fn named_parts<'a>(raw: Raw<'a>, list: &str) -> Vec<(Cow<'a, str>, Raw<'a>)> {
    let items = member(raw, list).map(Raw::items);
    let items = items.into_iter().flatten().flatten();
    items
        .filter_map(|one| Some((text(one, "name")?, one)))
        .collect()
}

/// The value of a parameter, of whatever type.
fn value(parameter: Raw<'_>) -> Option<Raw<'_>> {
    let mut members = parameter.members().filter_map(Result::ok);
    members
        .find(|(name, _)| name.starts_with("value"))
        .map(|(_, value)| value)
}

fn reference_of(parameter: Raw<'_>) -> Option<Cow<'_, str>> {
    text(value(parameter)?, "reference")
}

/// Reads what an entry after the first brings; nothing where it says nothing of a resource, or is its server's words about others.
fn item(entry: Raw<'_>, number: usize) -> Result<Option<Item<'_>>, Refused> {
    let full_url = text(entry, "fullUrl");
    let request = member(entry, "request");
    let method = request.and_then(|raw| text(raw, "method"));
    let url = request.and_then(|raw| text(raw, "url"));
    let resource = member(entry, "resource");
    let kind = resource.and_then(|raw| reference::resource_type(&text(raw, "resourceType")?));
    let own = kind.zip(resource.and_then(|raw| Some(text(raw, "id")?.into_owned())));
    let by_name = |text: &Option<Cow<'_, str>>| {
        let (kind, id) = named(text.as_deref()?)?;
        Some((kind, id.to_owned()))
    };
    let by_name = by_name(&full_url).or_else(|| by_name(&url));
    let is_itself =
        |by_name: &(&'static str, String)| resource.is_none() || kind == Some(by_name.0);
    let known = own.or_else(|| by_name.clone().filter(is_itself));
    let wrong = match (&known, resource, kind) {
        (Some(_), ..) => None,
        (None, None, _) | (None, Some(_), Some("OperationOutcome")) => return Ok(None),
        (None, Some(_), _) => {
            let place = format!("Bundle.entry[{number}].resource");
            let words = "the resource has no type of FHIR R4 or no id: without them it cannot be told from others";
            Some(Refused::new(IssueCode::Required, place, words))
        }
    };
    let Some((resource_type, id)) = known.or(by_name) else {
        return wrong.map_or(Ok(None), Err);
    };
    Ok(Some(Item {
        is_deleted: method.as_deref() == Some("DELETE"),
        full_url,
        resource_type,
        id,
        resource: resource.filter(|_| wrong.is_none()),
        wrong,
    }))
}

#[cfg(test)]
mod tests;
