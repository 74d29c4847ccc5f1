//! A message: its header, what it is about, and what it brings along.

use super::super::links::{self, Link};
use super::super::read::Raw;
use super::super::reference::unversioned;
use super::super::refused::Refused;
use super::super::validate::IssueCode;
use super::{Bundle, Entry, Kind};

/// The parts of a message.
#[derive(Clone, Debug)]
pub struct Message<'b, 'a> {
    /// The entry of the MessageHeader.
    pub header: &'b Entry<'a>,
    /// The entries that the header says it is about, in the order in which it does.
    pub focus: Vec<&'b Entry<'a>>,
    /// All other entries.
    pub rest: Vec<&'b Entry<'a>>,
}

impl<'a> Bundle<'a> {
    /// Takes a message apart.
    ///
    /// # Errors
    /// When it is none, has no MessageHeader in its first entry, or is about what it does not hold.
    pub fn message(&self) -> Result<Message<'_, 'a>, Refused> {
        let wrong = |place: &str, text: &str| Refused::new(IssueCode::Invalid, place, text);
        if self.kind != Kind::Message {
            let text = "$process-message takes a Bundle of type message: send that";
            return Err(wrong("Bundle.type", text));
        }
        let header = self.entries.first();
        let header = header.filter(|first| first.resource_type == Some("MessageHeader"));
        let Some(header) = header else {
            let text = "bdl-12: a message begins with a MessageHeader: put it first";
            return Err(wrong("Bundle.entry[0].resource", text));
        };
        let focus = header.resource.map(|raw| raw.get("focus"));
        let focus = focus.and_then(Result::ok).flatten();
        let mut found: Vec<&Entry<'a>> = Vec::new();
        for item in focus.into_iter().flat_map(Raw::items).flatten() {
            for address in addresses(item)? {
                let entry = self.holds(&address).ok_or_else(|| {
                    let text =
                        "the message does not hold what its header says it is about: put it in";
                    let place = "Bundle.entry[0].resource.focus";
                    Refused::new(IssueCode::NotFound, place, text)
                })?;
                if found.iter().all(|known| known.number != entry.number) {
                    found.push(entry);
                }
            }
        }
        let others = self.entries.iter().skip(1);
        let rest = others.filter(|entry| found.iter().all(|known| known.number != entry.number));
        Ok(Message {
            header,
            rest: rest.collect(),
            focus: found,
        })
    }

    /// Finds an entry by its fullUrl, or by type and id where it has none that fits.
    fn holds(&self, address: &str) -> Option<&Entry<'a>> {
        let plain = unversioned(address);
        let by_url = |entry: &&Entry<'a>| entry.full_url.as_deref() == Some(plain);
        let by_id = |entry: &&Entry<'a>| {
            let name = entry.resource_type.zip(entry.id.as_deref());
            name.is_some_and(|(kind, id)| plain.split_once('/') == Some((kind, id)))
        };
        let mut entries = self.entries.iter();
        entries.clone().find(by_url).or_else(|| entries.find(by_id))
    }
}

/// Gives what a Reference leads to.
fn addresses(reference: Raw<'_>) -> Result<Vec<String>, Refused> {
    let mut found = Vec::new();
    links::each(reference.as_bytes(), |link| {
        if let Link::Reference(text) = link {
            found.push(text.to_owned());
        }
    })?;
    Ok(found)
}
