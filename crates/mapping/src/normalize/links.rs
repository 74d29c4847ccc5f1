//! Links of a person to others (A24), and the end of them (A37): of two messages what the later one says stands, whichever comes first.

use clinical::EventTime;

use super::bytes::{Decoder, Encoder};
use super::state::{State, fingerprint};

/// Of how many links of a person it is kept when they were last spoken of; the one spoken of least recently goes first.
pub const MAX_LINKS: usize = 32;

/// When a link was last made or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Linked {
    said: EventTime,
    /// What names the link.
    link: u64,
}

impl Linked {
    pub(super) fn encode(&self, out: &mut Encoder) {
        out.i64(self.said.micros());
        out.u64(self.link);
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            said: EventTime::from_micros(fields.i64()?),
            link: fields.u64()?,
        })
    }
}

impl State {
    /// Takes note of when a link is spoken of; says whether nothing newer was said of it.
    pub(super) fn speak_of_link(&mut self, link: &[u8], said: EventTime) -> bool {
        let link = fingerprint(&[link]);
        let is_newer = |known: &Linked| known.link == link && known.said > said;
        if self.links.iter().any(is_newer) {
            return false;
        }
        self.know_link(Linked { said, link });
        true
    }

    /// Takes over what another identity of the patient knew.
    pub(super) fn know_links(&mut self, others: Vec<Linked>) {
        for other in others {
            if !self.links.iter().any(|known| known.link == other.link) {
                self.know_link(other);
            }
        }
    }

    fn know_link(&mut self, one: Linked) {
        self.links.retain(|known| known.link != one.link);
        let at = self.links.partition_point(|known| known.said <= one.said);
        self.links.insert(at, one);
        let over = self.links.len().saturating_sub(MAX_LINKS);
        self.links.drain(..over);
    }
}
