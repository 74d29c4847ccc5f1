//! What normalize remembers of one patient.

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{EventId, EventTime, MessageId, PatientKey, ReceivedTime};

use super::awaited::Awaited;
use super::bytes::{Decoder, Encoder};
use super::claimed::Claimed;
use super::gathered::Gathered;
use super::links::Linked;
use super::snapshot::Snapshot;
use super::snapshot::stay::Stay;
use super::way::{Contents, Way};

/// How long a message's name and a result's version are remembered: a resend after it is a new message.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many message names are kept at most for one patient; the oldest go first.
pub const MAX_MESSAGES: usize = 8_192;
/// How many versions of results are kept at most for one patient; the oldest go first.
pub const MAX_VERSIONS: usize = 16_384;
/// How many visits are kept for one patient; the one spoken of least recently goes first.
pub const MAX_ENCOUNTERS: usize = 8;

/// How many visits are remembered that have another id now; the one that got it first goes first.
pub const MAX_RENAMED: usize = 64;

/// The version that encoded state begins with.
const VERSION: u8 = 7;
/// The version before reports and documents were known by their parts, when links were last spoken of, and whose visits are awaited.
const VERSION_6: u8 = 6;
/// The version before orders, drugs and problems were known by their parts.
const VERSION_5: u8 = 5;
/// The version before claims were known, and which ways say what stands; of visits nothing is new since.
pub(super) const VERSION_4: u8 = 4;
/// The version before visits kept what was said of them.
const VERSION_3: u8 = 3;
/// The version before ways were told apart.
const VERSION_2: u8 = 2;
/// The version before visits could have another id.
const VERSION_1: u8 = 1;

/// What normalize remembers of one patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The messages seen, by the time of their acceptance.
    pub(super) messages: Vec<(ReceivedTime, u64)>,
    pub(super) patient: Option<Snapshot>,
    pub(super) encounters: Vec<Stay>,
    /// The newest versions of resources that messages state whole.
    pub(super) versions: BTreeMap<u64, Version>,
    pub(super) merged_into: Option<PatientKey>,
    pub(super) absorbed: Vec<PatientKey>,
    /// Visits that have another id now.
    pub(super) renamed: Vec<Renamed>,
    /// Whose visits moved to this patient.
    pub(super) moved_from: Vec<PatientKey>,
    /// What each way said.
    pub(super) contents: Contents,
    /// The claims of this patient, by their keys.
    pub(super) claims: Vec<(ReceivedTime, PatientKey)>,
    /// Of a claim's key, what is known of that claim.
    pub(super) claimed: Claimed,
    /// Orders, drugs, problems and reports; the one spoken of last stands last.
    pub(super) gathered: Vec<Gathered>,
    /// When links to others were last spoken of, in that order.
    pub(super) links: Vec<Linked>,
    /// Visits that are another patient's; the one that was given up last stands last.
    pub(super) awaited: Vec<Awaited>,
}

/// An Encounter that has another id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Renamed {
    pub(super) before: Box<str>,
    pub(super) now: Box<str>,
}

/// The newest version of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// The time of the message that stated it.
    pub(super) message_time: EventTime,
    /// How far its status has come.
    pub(super) rank: u8,
    pub(super) content: u64,
    pub(super) number: u32,
    pub(super) received: ReceivedTime,
    /// The way it came in.
    pub(super) way: Way,
    /// What it says as another way would say it; 0 where that is not known.
    pub(super) said: u64,
    /// The same whatever its status, or that of a report or an order; 0 where that is not known.
    pub(super) same: u64,
    /// The ways that say so and did not take it back.
    pub(super) by: u8,
}

/// State was written by a newer version of this program, or is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the normalize state is damaged or of a newer version: upgrade, or rebuild it from the journal"
)]
pub struct UnreadableState;

impl State {
    /// The newest form that is written: a program that does not know it cannot read all that there is.
    pub const FORMAT: u8 = VERSION;

    /// Gives the survivor that this identity was merged into.
    pub const fn merged_into(&self) -> Option<PatientKey> {
        self.merged_into
    }

    /// Says whether an identity is this one, `own`, or went into it.
    pub fn speaks_for(&self, own: PatientKey, identity: PatientKey) -> bool {
        identity == own || self.absorbed.contains(&identity)
    }

    /// Gives the patient's birth date as FHIR writes it, where it is known.
    pub fn birth_date(&self) -> Option<&str> {
        let json = self.patient.as_ref()?.get("birthDate")?;
        std::str::from_utf8(json)
            .ok()?
            .strip_prefix('"')?
            .strip_suffix('"')
    }

    /// Gives the bytes that [`State::decode`] reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        out.byte(VERSION);
        out.count(self.messages.len());
        for (received, name) in &self.messages {
            out.i64(received.micros());
            out.u64(*name);
        }
        out.byte(u8::from(self.patient.is_some()));
        if let Some(patient) = &self.patient {
            patient.encode(&mut out);
        }
        out.count(self.encounters.len());
        for stay in &self.encounters {
            stay.encode(&mut out);
        }
        out.count(self.versions.len());
        for (name, version) in &self.versions {
            out.u64(*name);
            version.encode(&mut out);
        }
        out.byte(u8::from(self.merged_into.is_some()));
        if let Some(key) = &self.merged_into {
            out.id(key.as_bytes());
        }
        out.count(self.absorbed.len());
        for key in &self.absorbed {
            out.id(key.as_bytes());
        }
        out.count(self.renamed.len());
        for one in &self.renamed {
            out.bytes(one.before.as_bytes());
            out.bytes(one.now.as_bytes());
        }
        out.count(self.moved_from.len());
        for key in &self.moved_from {
            out.id(key.as_bytes());
        }
        self.contents.encode(&mut out);
        let knows_claims = !self.claims.is_empty() || !self.claimed.is_empty();
        out.byte(u8::from(knows_claims));
        if knows_claims {
            out.count(self.claims.len());
            for (since, claim) in &self.claims {
                out.i64(since.micros());
                out.id(claim.as_bytes());
            }
            self.claimed.encode(&mut out);
        }
        out.count(self.gathered.len());
        for one in &self.gathered {
            one.encode(&mut out);
        }
        out.count(self.links.len());
        for one in &self.links {
            one.encode(&mut out);
        }
        out.count(self.awaited.len());
        for one in &self.awaited {
            one.encode(&mut out);
        }
        out.0
    }

    /// Reads state of any released version.
    ///
    /// # Errors
    /// When it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, UnreadableState> {
        Self::read(&mut Decoder(bytes)).ok_or(UnreadableState)
    }

    fn read(fields: &mut Decoder<'_>) -> Option<Self> {
        let version = fields.byte()?;
        if !(VERSION_1..=VERSION).contains(&version) {
            return None;
        }
        let messages = fields.list(|f| Some((ReceivedTime::from_micros(f.i64()?), f.u64()?)))?;
        let patient = match fields.byte()? {
            0 => None,
            _ => Some(Snapshot::decode(fields)?),
        };
        let encounters = fields.list(|f| Stay::decode(f, version))?;
        let versions = fields.list(|f| Some((f.u64()?, Version::decode(f, version)?)))?;
        let merged_into = match fields.byte()? {
            0 => None,
            _ => Some(PatientKey::from_bytes(fields.id()?)),
        };
        let absorbed = fields.list(|f| f.id().map(PatientKey::from_bytes))?;
        let renamed = match version {
            VERSION_1 => Vec::new(),
            _ => fields.list(|f| {
                Some(Renamed {
                    before: f.text()?.into(),
                    now: f.text()?.into(),
                })
            })?,
        };
        let moved_from = match version {
            VERSION_1 => Vec::new(),
            _ => fields.list(|f| f.id().map(PatientKey::from_bytes))?,
        };
        let contents = match version {
            VERSION_1 | VERSION_2 => Contents::default(),
            _ => Contents::decode(fields)?,
        };
        let knows_claims = version > VERSION_4 && fields.byte()? != 0;
        let (claims, claimed) = match knows_claims {
            true => {
                let claim = |f: &mut Decoder<'_>| {
                    let since = ReceivedTime::from_micros(f.i64()?);
                    Some((since, PatientKey::from_bytes(f.id()?)))
                };
                (fields.list(claim)?, Claimed::decode(fields)?)
            }
            false => Default::default(),
        };
        let gathered = match version > VERSION_5 {
            true => fields.list(Gathered::decode)?,
            false => Vec::new(),
        };
        let (links, awaited) = match version > VERSION_6 {
            true => (fields.list(Linked::decode)?, fields.list(Awaited::decode)?),
            false => Default::default(),
        };
        fields.0.is_empty().then(|| Self {
            messages,
            patient,
            encounters,
            versions: versions.into_iter().collect(),
            merged_into,
            absorbed,
            renamed,
            moved_from,
            contents,
            claims,
            claimed,
            gathered,
            links,
            awaited,
        })
    }

    /// Remembers whose visits moved to this patient; of too many, the first go first.
    pub(super) fn remember_source(&mut self, from: PatientKey) {
        self.moved_from.retain(|known| *known != from);
        self.moved_from.push(from);
        let over = self.moved_from.len().saturating_sub(MAX_RENAMED);
        self.moved_from.drain(..over);
    }

    /// Takes a visit out.
    pub(super) fn take_stay(&mut self, id: &str) -> Option<Stay> {
        let mut stays = self.encounters.iter();
        let at = stays.position(|stay| *stay.snapshot.id == *id)?;
        Some(self.encounters.remove(at))
    }

    /// Remembers that a visit has another id, and what had that id's as well.
    pub(super) fn rename(&mut self, one: Renamed) {
        for earlier in &mut self.renamed {
            if earlier.now == one.before {
                earlier.now.clone_from(&one.now);
            }
        }
        // A number that is taken up again names a visit of its own.
        self.renamed.retain(|earlier| earlier.before != one.now);
        self.renamed.push(one);
    }

    /// Remembers a message; says whether it was new.
    pub(super) fn remember(&mut self, message: MessageId, received: ReceivedTime) -> bool {
        let name = short(message.as_bytes());
        if self.messages.iter().any(|(_, known)| *known == name) {
            return false;
        }
        self.messages.push((received, name));
        true
    }

    /// Takes back that a message was remembered: it was not used after all.
    pub(super) fn unremember(&mut self, message: MessageId) {
        let name = short(message.as_bytes());
        self.messages.retain(|(_, known)| *known != name);
    }

    /// Forgets what is older than [`REMEMBERED`].
    pub(super) fn forget(&mut self, now: ReceivedTime) {
        let oldest = now.minus(REMEMBERED);
        self.messages.retain(|(received, _)| *received >= oldest);
        self.versions
            .retain(|_, version| version.received >= oldest);
        for stay in &mut self.encounters {
            stay.forget(oldest);
        }
        self.contents.forget(now);
    }

    /// Forgets the oldest of what is over the limits.
    pub(super) fn trim(&mut self) {
        let over = self.messages.len().saturating_sub(MAX_MESSAGES);
        if over > 0 {
            self.messages.sort_unstable();
            self.messages.drain(..over);
        }
        let over = self.versions.len().saturating_sub(MAX_VERSIONS);
        if over > 0 {
            let versions = self.versions.iter();
            let mut oldest: Vec<_> = versions.map(|(name, v)| (v.received, *name)).collect();
            oldest.sort_unstable();
            for (_, name) in oldest.into_iter().take(over) {
                self.versions.remove(&name);
            }
        }
        self.contents.trim();
        self.trim_gathered();
        let over = self.renamed.len().saturating_sub(MAX_RENAMED);
        self.renamed.drain(..over);
        while self.encounters.len() > MAX_ENCOUNTERS {
            let stays = self.encounters.iter().enumerate();
            let Some((at, _)) = stays.min_by_key(|(at, stay)| (stay.snapshot.as_of, *at)) else {
                break;
            };
            self.encounters.remove(at);
        }
    }
}

impl Version {
    fn encode(&self, out: &mut Encoder) {
        out.i64(self.message_time.micros());
        out.byte(self.rank);
        out.u64(self.content);
        out.u32(self.number);
        out.i64(self.received.micros());
        out.byte(self.way.number());
        out.u64(self.said);
        out.u64(self.same);
        out.byte(self.by);
    }

    fn decode(fields: &mut Decoder<'_>, version: u8) -> Option<Self> {
        let mut read = Self {
            message_time: EventTime::from_micros(fields.i64()?),
            rank: fields.byte()?,
            content: fields.u64()?,
            number: fields.u32()?,
            received: ReceivedTime::from_micros(fields.i64()?),
            way: Way::Mllp,
            said: 0,
            same: 0,
            by: 0,
        };
        if version >= VERSION_3 {
            read.way = Way::from_number(fields.byte()?)?;
            read.said = fields.u64()?;
        }
        read.by = read.way.bit();
        if version > VERSION_4 {
            read.same = fields.u64()?;
            read.by = fields.byte()?;
        }
        Some(read)
    }
}

/// Names bytes in 64 bits: enough to tell one patient's messages and resources apart.
pub(super) fn fingerprint(parts: &[&[u8]]) -> u64 {
    short(EventId::derive(parts).as_bytes())
}

/// Tells two contents of the same resource apart: a word at a time, since each result of each message passes here.
pub(super) fn content<'a>(parts: impl Iterator<Item = &'a [u8]>) -> u64 {
    // Any odd number with mixed bits serves; this is the golden ratio's fraction in 64 bits.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |sum: u64, word: u64| {
        let product = u128::from(sum ^ word) * u128::from(MIX);
        let [low, high] = [product & u128::from(u64::MAX), product >> 64];
        u64::try_from(low ^ high).expect("both halves have 64 bits")
    };
    let mut sum = MIX;
    for part in parts {
        sum = fold(sum, part.len() as u64).wrapping_add(MIX);
        let (words, tail) = part.as_chunks::<8>();
        for word in words {
            sum = fold(sum, u64::from_le_bytes(*word)).wrapping_add(MIX);
        }
        let last = tail
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        sum = fold(sum, last).wrapping_add(MIX);
    }
    sum
}

pub(super) fn short(id: &[u8; 16]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *id;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
