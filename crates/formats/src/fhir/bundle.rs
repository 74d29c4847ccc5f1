//! A received Bundle: its entries and what each asks for, refused where FHIR R4 asks for that.
//!
//! The rules are those of <https://hl7.org/fhir/R4/bundle.html> (bdl-7 and bdl-12 among them) and of batches and transactions
//! in <https://hl7.org/fhir/R4/http.html#transaction>.

mod entry;

mod resolve;

mod message;

use std::borrow::Cow;

pub use entry::{Entry, Method, Request};
pub use message::Message;
pub use resolve::{Links, Question};

use super::read::Raw;
use super::refused::Refused;
use super::validate::IssueCode;

/// How many entries a bundle may have.
pub const ENTRIES_MAX: usize = 5_000;

/// What a bundle is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests of which each is done by itself.
    Batch,
    /// Requests that are done all or none.
    Transaction,
    /// A MessageHeader and what it is about.
    Message,
    /// A Composition and what it is made of.
    Document,
    /// Resources that somebody put together.
    Collection,
    /// Versions of resources, the newest first.
    History,
    /// What a search found.
    Searchset,
}

impl Kind {
    const ALL: [(Self, &str); 7] = [
        (Self::Batch, "batch"),
        (Self::Transaction, "transaction"),
        (Self::Message, "message"),
        (Self::Document, "document"),
        (Self::Collection, "collection"),
        (Self::History, "history"),
        (Self::Searchset, "searchset"),
    ];

    /// Gives its code in FHIR.
    pub fn code(self) -> &'static str {
        let found = Self::ALL.iter().find(|(kind, _)| *kind == self);
        found.map_or("", |(_, code)| code)
    }

    /// Says whether its entries carry requests that are to be carried out.
    pub const fn has_requests(self) -> bool {
        matches!(self, Self::Batch | Self::Transaction)
    }
}

/// A received Bundle.
#[derive(Clone, Debug)]
pub struct Bundle<'a> {
    /// What it is for.
    pub kind: Kind,
    /// Its entries, in the order sent.
    pub entries: Vec<Entry<'a>>,
}

impl<'a> Bundle<'a> {
    /// Reads a Bundle that went through [`super::strict::check`].
    ///
    /// What is wrong with one entry of a batch is that entry's own ([`Entry::refused`]); of any other kind, it is the bundle's.
    ///
    /// # Errors
    /// When it is no Bundle, of a kind that nobody sends to a server, too long, or what its kind does not allow.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        let members = Raw::read_members(bytes)
            .map_err(|wrong| Refused::new(IssueCode::Structure, "Bundle", wrong.to_string()))?;
        let member = |name: &str| {
            let found = members.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        };
        let text = |name: &str| member(name).and_then(|raw| raw.text().ok());
        if text("resourceType").as_deref() != Some("Bundle") {
            let text = "this is no Bundle: send it to the address of its own type";
            return Err(Refused::new(IssueCode::Invalid, "Resource", text));
        }
        let kind = kind(text("type"))?;
        let mut entries = Vec::new();
        let items = member("entry").map(Raw::items);
        for (number, item) in items.into_iter().flatten().enumerate() {
            if number == ENTRIES_MAX {
                let text =
                    format!("the bundle has more than {ENTRIES_MAX} entries: send it in parts");
                return Err(Refused::new(IssueCode::TooCostly, "Bundle.entry", text));
            }
            let item = item.map_err(|wrong| {
                Refused::new(IssueCode::Structure, "Bundle.entry", wrong.to_string())
            })?;
            entries.push(Entry::read(item, number, kind));
        }
        let bundle = Self { kind, entries };
        bundle.refuse_twice()?;
        if kind != Kind::Batch
            && let Some(refused) = bundle
                .entries
                .iter()
                .find_map(|entry| entry.refused.as_ref())
        {
            return Err(refused.clone());
        }
        Ok(bundle)
    }

    /// Gives the entries in the order in which they are carried out: those of a transaction by their methods (first what is
    /// deleted, then what is created, then what is changed, then what is read), of a history the oldest first.
    pub fn in_order(&self) -> Vec<&Entry<'a>> {
        let mut entries: Vec<&Entry<'a>> = self.entries.iter().collect();
        match self.kind {
            Kind::Transaction => entries.sort_by_key(|entry| entry.method().map(Method::turn)),
            Kind::History => entries.reverse(),
            _ => {}
        }
        entries
    }

    /// Refuses what names one thing twice: a fullUrl, and in a transaction a resource that two entries would change.
    fn refuse_twice(&self) -> Result<(), Refused> {
        let versioned = self.kind != Kind::Transaction;
        let mut urls: Vec<(&str, Option<Cow<'_, str>>, usize)> = Vec::new();
        for entry in &self.entries {
            if let Some(url) = &entry.full_url {
                let version = versioned.then(|| entry.version()).flatten();
                urls.push((url, version, entry.number));
            }
        }
        if self.kind != Kind::History
            && let Some(number) = second_of_same(urls)
        {
            let text = "bdl-7: another entry has the same fullUrl: leave one out";
            let place = format!("Bundle.entry[{number}].fullUrl");
            return Err(Refused::new(IssueCode::Duplicate, place, text));
        }
        if self.kind != Kind::Transaction {
            return Ok(());
        }
        let changed = self.entries.iter().filter_map(|entry| {
            let (kind, id) = entry.changes()?;
            Some((kind, Some(Cow::Borrowed(id)), entry.number))
        });
        match second_of_same(changed.collect()) {
            None => Ok(()),
            Some(number) => {
                let text =
                    "another entry of the transaction changes the same resource: put both into one";
                let place = format!("Bundle.entry[{number}].request.url");
                Err(Refused::new(IssueCode::Duplicate, place, text))
            }
        }
    }
}

fn kind(said: Option<Cow<'_, str>>) -> Result<Kind, Refused> {
    let place = "Bundle.type";
    let Some(said) = said else {
        let text = "a bundle says its type: add it";
        return Err(Refused::new(IssueCode::Required, place, text));
    };
    let found = Kind::ALL.iter().find(|(_, code)| *code == said);
    found.map(|(kind, _)| *kind).ok_or_else(|| {
        let text = "a server takes batch, transaction, message, document, collection, history and searchset bundles: send one of these";
        Refused::new(IssueCode::NotSupported, place, text)
    })
}

/// Finds an entry that names what an earlier one does, and gives its number.
fn second_of_same(mut named: Vec<(&str, Option<Cow<'_, str>>, usize)>) -> Option<usize> {
    named.sort_unstable();
    let pairs = named.windows(2).filter_map(|pair| match pair {
        [first, second] if (first.0, &first.1) == (second.0, &second.1) => Some(second.2),
        _ => None,
    });
    pairs.min()
}

#[cfg(test)]
mod tests;
