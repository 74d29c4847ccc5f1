//! The ways in, and what each said: the same result by HL7 v2 and by FHIR is one event.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::ReceivedTime;

use super::bytes::{Decoder, Encoder};
use super::splice::replaced_each;
use super::state::{REMEMBERED, State, fingerprint};
use crate::content_key;
use crate::draft::{Draft, Effect};

/// How long after one way said something another way's saying the same is no news.
pub const CONTENT_WINDOW: Duration = Duration::from_secs(48 * 3600);
/// How many contents are kept at most for one patient; the oldest go first.
pub const MAX_CONTENTS: usize = 4_096;
/// How many resources are kept at most that one way calls otherwise than another; the oldest go first.
pub const MAX_ALIASES: usize = 4_096;

/// The way a message came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// HL7 v2 over MLLP; what says nothing came so.
    #[default]
    Mllp,
    /// FHIR over HTTP.
    Http,
    /// Devices over MQTT.
    Mqtt,
    /// Files and extracts.
    File,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mllp, Self::Http, Self::Mqtt, Self::File];

    /// Gives the word for it, as the header `way` has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mllp => "mllp",
            Self::Http => "http",
            Self::Mqtt => "mqtt",
            Self::File => "file",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }

    /// Says whether several ways may say the same of this type of resource.
    pub(crate) fn may_say_the_same(kind: &str) -> bool {
        KINDS.contains(&kind)
    }

    /// Gives its bit in a set of ways.
    pub(super) const fn bit(self) -> u8 {
        1 << self.number()
    }

    /// Gives its number in stored state.
    pub(super) const fn number(self) -> u8 {
        self as u8
    }

    /// Finds the way of a number.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.number() == number)
    }
}

/// What was said of which resource, by which way; and which resources one way calls otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    said: BTreeMap<([u8; 16], Box<str>), Said>,
    aliases: BTreeMap<u64, Alias>,
}

/// Which ways said a content of a resource, with the status it had: four bits a rank, one a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said {
    ways: u64,
    received: ReceivedTime,
}

/// What a resource is called here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alias {
    id: Box<str>,
    received: ReceivedTime,
}

/// Each rank has so many bits: one for each way.
const WAYS_BITS: u32 = 4;
/// A bit of one way at every rank.
const EVERY_RANK: u64 = 0x1111_1111_1111_1111;

fn bit(rank: u8, way: Way) -> u64 {
    1 << (u32::from(rank) * WAYS_BITS + u32::from(way.number()))
}

impl Said {
    fn by(self, way: Way) -> bool {
        self.ways & (EVERY_RANK << way.number()) != 0
    }
}

impl Contents {
    /// Takes note that a way said something; says whether another way had said it before, and this one not yet.
    pub(super) fn hear(
        &mut self,
        (key, id): ([u8; 16], &str),
        (rank, way): (u8, Way),
        received: ReceivedTime,
    ) -> bool {
        let own = bit(rank, way);
        let all: u64 = 0b1111 << (u32::from(rank) * WAYS_BITS);
        let said = self
            .said
            .entry((key, id.into()))
            .or_insert(Said { ways: 0, received });
        let before = said.ways & all;
        said.ways |= own;
        before != 0 && before & own == 0
    }

    /// Finds the resource of which another way said the same, and this way nothing yet.
    fn same_by_another_way(&self, key: [u8; 16], way: Way) -> Option<&str> {
        self.said
            .range((key, "".into())..)
            .take_while(|((of, _), _)| *of == key)
            .filter(|(_, said)| !said.by(way))
            .min_by_key(|((_, id), said)| (said.received, id))
            .map(|((_, id), _)| &**id)
    }

    /// Forgets what a way said of a resource: it took that back.
    pub(super) fn take_back(&mut self, id: &str, way: Way) {
        let said = self.said.iter_mut().filter(|((_, of), _)| **of == *id);
        for (_, said) in said {
            said.ways &= !(EVERY_RANK << way.number());
        }
    }

    /// Takes over what another identity of the patient had heard.
    pub(super) fn absorb(&mut self, other: Self) {
        for (content, said) in other.said {
            let known = self.said.entry(content).or_insert(said);
            known.ways |= said.ways;
        }
        for (name, alias) in other.aliases {
            self.aliases.entry(name).or_insert(alias);
        }
    }

    /// Forgets what is older than the window.
    pub(super) fn forget(&mut self, now: ReceivedTime) {
        let oldest = now.minus(CONTENT_WINDOW);
        self.said.retain(|_, said| said.received >= oldest);
        let oldest = now.minus(REMEMBERED);
        self.aliases.retain(|_, alias| alias.received >= oldest);
    }

    /// Forgets the oldest of what is over the limits.
    pub(super) fn trim(&mut self) {
        let over = self.said.len().saturating_sub(MAX_CONTENTS);
        if over > 0 {
            let said = self.said.iter();
            let mut oldest: Vec<_> = said.map(|(of, said)| (said.received, of.clone())).collect();
            oldest.sort_unstable();
            for (_, of) in oldest.into_iter().take(over) {
                self.said.remove(&of);
            }
        }
        let over = self.aliases.len().saturating_sub(MAX_ALIASES);
        if over > 0 {
            let aliases = self.aliases.iter();
            let mut oldest: Vec<_> = aliases.map(|(name, one)| (one.received, *name)).collect();
            oldest.sort_unstable();
            for (_, name) in oldest.into_iter().take(over) {
                self.aliases.remove(&name);
            }
        }
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        out.count(self.said.len());
        for ((key, id), said) in &self.said {
            out.id(key);
            out.bytes(id.as_bytes());
            out.u64(said.ways);
            out.i64(said.received.micros());
        }
        out.count(self.aliases.len());
        for (name, alias) in &self.aliases {
            out.u64(*name);
            out.bytes(alias.id.as_bytes());
            out.i64(alias.received.micros());
        }
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        let said = fields.list(|f| {
            let of = (f.id()?, f.text()?.into());
            let said = Said {
                ways: f.u64()?,
                received: ReceivedTime::from_micros(f.i64()?),
            };
            Some((of, said))
        })?;
        let aliases = fields.list(|f| {
            let name = f.u64()?;
            let alias = Alias {
                id: f.text()?.into(),
                received: ReceivedTime::from_micros(f.i64()?),
            };
            Some((name, alias))
        })?;
        Some(Self {
            said: said.into_iter().collect(),
            aliases: aliases.into_iter().collect(),
        })
    }
}

/// The types of which several ways may say the same.
const KINDS: [&str; 3] = ["Observation", "DiagnosticReport", "ServiceRequest"];

/// What drafts say, and what they and those they refer to are called here.
pub(super) struct Settled {
    /// The content of each draft, where it has one.
    pub(super) keys: Vec<Option<[u8; 16]>>,
    names: BTreeMap<String, String>,
}

/// Finds out what the resources of a message are called here where another way said the same before.
pub(super) fn settle(
    state: &mut State,
    drafts: &[Draft],
    (way, received): (Way, ReceivedTime),
) -> Settled {
    let mut settled = Settled {
        keys: Vec::with_capacity(drafts.len()),
        names: BTreeMap::new(),
    };
    for draft in drafts {
        let kind = draft.resource_type;
        let can_be_same =
            KINDS.contains(&kind) && matches!(draft.effect, Effect::State | Effect::Whole);
        let key = can_be_same.then(|| content_key(&draft.to_json())).flatten();
        settled.keys.push(key);
        let name = fingerprint(&[kind.as_bytes(), draft.id.as_bytes()]);
        let is_new =
            !state.versions.contains_key(&name) && !state.contents.aliases.contains_key(&name);
        if let (Some(key), true) = (key, is_new)
            && let Some(id) = state.contents.same_by_another_way(key, way)
            && *id != *draft.id
        {
            let id = id.into();
            state.contents.aliases.insert(name, Alias { id, received });
        }
        // So that the next of the same message is not taken for it as well.
        if let Some(key) = key {
            let id = state.contents.aliases.get(&name);
            let id = id.map_or(&*draft.id, |alias| &*alias.id).to_owned();
            if let Some(said) = state.contents.said.get_mut(&(key, id.into())) {
                said.ways |= bit(CLAIMED, way);
            }
        }
    }
    if !state.contents.aliases.is_empty() {
        for draft in drafts {
            settled.name(state, draft);
        }
    }
    settled
}

/// The rank under which a way takes hold of a content before its status is looked at; no status has it.
const CLAIMED: u8 = 15;

impl Settled {
    /// Takes note of what a draft, and what it refers to, is called here.
    fn name(&mut self, state: &State, draft: &Draft) {
        let own = (draft.resource_type, &*draft.id);
        let json = draft.to_json();
        let text = std::str::from_utf8(&json).unwrap_or_default();
        let referred = text.split('"').filter_map(|word| word.split_once('/'));
        for (kind, id) in std::iter::once(own).chain(referred) {
            if !KINDS.contains(&kind) {
                continue;
            }
            let name = fingerprint(&[kind.as_bytes(), id.as_bytes()]);
            if let Some(alias) = state.contents.aliases.get(&name) {
                let called = format!("{kind}/{}\"", alias.id);
                self.names.insert(format!("{kind}/{id}\""), called);
            }
        }
    }

    /// Gives a draft as it is called here; nothing where that is what it calls itself.
    pub(super) fn renamed(&self, draft: &Draft) -> Option<Draft> {
        if self.names.is_empty() {
            return None;
        }
        let own = format!("{}/{}\"", draft.resource_type, draft.id);
        let id = match self.names.get(&own) {
            Some(called) => called
                .trim_end_matches('"')
                .split_once('/')
                .map_or("", |(_, id)| id),
            None => &draft.id,
        };
        Some(draft.rewritten(id, |_, json| Some(replaced_each(json, &self.names))))
    }
}
