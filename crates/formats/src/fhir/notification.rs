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

/// One thing that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its number: one more than that of the event before it.
    pub number: u64,
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
}

/// A received notification.
#[derive(Clone, Debug)]
pub struct Notification<'a> {
    /// What it is for.
    pub kind: Kind,
    /// The id of its subscription, or what names it otherwise.
    pub subscription: String,
    /// How many events there have been since the subscription began.
    pub announced: Option<u64>,
    /// What happened, in the order told.
    pub events: Vec<Event<'a>>,
    /// The resources that came with it.
    pub items: Vec<Item<'a>>,
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
        for (number, entry) in entries.iter().enumerate().skip(1) {
            told.items.extend(item(*entry, number)?);
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
                by_name
                    .filter(|item| item.resource_type == kind && item.id == id)
                    .collect()
            }
            _ => by_url,
        }
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
            announced,
            events,
            items: Vec::new(),
        })
    }
}

/// Reads the status of R4B and R5.
fn subscription_status(status: Raw<'_>) -> Result<Notification<'_>, Refused> {
    let reference = |raw: Raw<'_>| text(raw, "reference").map(|text| Cow::Owned(text.into_owned()));
    let mut told = Told {
        kind: text(status, "type"),
        subscription: member(status, "subscription").and_then(reference),
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
            "type" => told.kind = value(parameter).and_then(|raw| raw.text().ok()),
            "events-since-subscription-start" => told.announced = value(parameter),
            "notification-event" => {
                let mut event = Event::default();
                let mut number = None;
                for (name, part) in named_parts(parameter, "part") {
                    match &*name {
                        "event-number" => number = value(part),
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

/// Reads what an entry after the first brings; nothing where it is of a type that FHIR R4 does not have, or says nothing of one.
fn item(entry: Raw<'_>, number: usize) -> Result<Option<Item<'_>>, Refused> {
    let full_url = text(entry, "fullUrl");
    let request = member(entry, "request");
    let method = request.and_then(|raw| text(raw, "method"));
    let url = request.and_then(|raw| text(raw, "url"));
    let resource = member(entry, "resource");
    let own = resource.and_then(|raw| {
        let kind = reference::resource_type(&text(raw, "resourceType")?)?;
        Some((kind, text(raw, "id")?.into_owned()))
    });
    let by_name = |text: &Option<Cow<'_, str>>| {
        let (kind, id) = named(text.as_deref()?)?;
        Some((kind, id.to_owned()))
    };
    let known = own.or_else(|| by_name(&full_url)).or_else(|| by_name(&url));
    let Some((resource_type, id)) = known else {
        return match resource {
            None => Ok(None),
            Some(_) => {
                let place = format!("Bundle.entry[{number}].resource");
                let words = "the resource has no type of FHIR R4 or no id: without them it cannot be told from others";
                Err(Refused::new(IssueCode::Required, place, words))
            }
        };
    };
    Ok(Some(Item {
        is_deleted: method.as_deref() == Some("DELETE"),
        full_url,
        resource_type,
        id,
        resource,
    }))
}

#[cfg(test)]
mod tests;
