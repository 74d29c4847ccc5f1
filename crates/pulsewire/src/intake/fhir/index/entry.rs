//! One resource in the index: what it last was, where that is kept, and how this is written down.

use clinical::{PatientKey, ReceivedTime, SiteKey};
use formats::fhir::read::Raw;
use journal::{Offset, RecordRef};

use super::{Key, identifiers_of, name};
use crate::intake::keep::INTERACTION;

/// The first byte of a written entry: how the others are read.
const FORMAT: u8 = 1;
/// The raw record's header with the number of a resource's version, counted from 1.
pub(crate) const VERSION: &str = "version";
/// What a deletion's interaction is called.
pub(crate) const DELETE: &str = "delete";

/// What a resource last was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) source: Box<str>,
    pub(crate) resource_type: Box<str>,
    pub(crate) id: Box<str>,
    pub(crate) version: u64,
    pub(crate) deleted: bool,
    /// What its record is keyed by.
    pub(crate) key: PatientKey,
    /// Of its bytes.
    pub(crate) hash: [u8; 16],
    pub(crate) at: ReceivedTime,
    /// The pseudonyms of its identifiers.
    pub(crate) identifiers: Vec<Key>,
}

/// A resource, and where its newest version is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) state: State,
    pub(crate) partition: u16,
    pub(crate) offset: Offset,
}

/// The first half of a hash of bytes: tells versions of one resource apart.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    let hash = blake3::hash(bytes);
    half.iter_mut()
        .zip(hash.as_bytes())
        .for_each(|(to, from)| *to = *from);
    half
}

/// The systems and values of a resource's own identifiers.
pub(crate) fn identifiers(resource: Raw<'_>) -> Vec<(String, String)> {
    let Ok(Some(list)) = resource.get("identifier") else {
        return Vec::new();
    };
    let text = |raw: Raw<'_>, member: &str| {
        let text = raw.get(member).ok().flatten()?.text().ok()?;
        Some(text.into_owned())
    };
    let pair = |one: Raw<'_>| {
        let value = text(one, "value")?;
        Some((text(one, "system").unwrap_or_default(), value))
    };
    // Of a few types an identifier is one object instead of a list.
    match list.as_bytes().first() {
        Some(b'{') => pair(list).into_iter().collect(),
        _ => list.items().flatten().filter_map(pair).collect(),
    }
}

impl State {
    /// Reads it off the record of a resource; nothing where that is none.
    pub(super) fn of_record(record: &RecordRef<'_>, site: &SiteKey) -> Option<Self> {
        let text = |name: &str| std::str::from_utf8(record.header(name)?).ok();
        let source = text("source-system")?;
        let version = text(VERSION)?.parse().ok()?;
        let deleted = text(INTERACTION) == Some(DELETE);
        let bytes = record.value?;
        let resource = Raw::read(bytes).ok()?;
        let member = |raw: Raw<'_>, name: &str| {
            let text = raw.get(name).ok().flatten()?.text().ok()?;
            Some(text.into_owned())
        };
        let (resource_type, id) = if deleted {
            let url = member(resource.get("request").ok().flatten()?, "url")?;
            let (resource_type, id) = url.split_once('/')?;
            (resource_type.to_owned(), id.to_owned())
        } else {
            (member(resource, "resourceType")?, member(resource, "id")?)
        };
        let keys = identifiers(resource)
            .into_iter()
            .flat_map(|pair| identifiers_of(site, source, &resource_type, &pair));
        Some(Self {
            identifiers: keys.collect(),
            source: source.into(),
            resource_type: resource_type.into(),
            id: id.into(),
            version,
            deleted,
            key: PatientKey::from_slice(record.key)?,
            hash: hash(bytes),
            at: ReceivedTime::from_micros(record.received_time),
        })
    }

    /// Its pseudonym.
    pub(crate) fn name(&self, site: &SiteKey) -> Key {
        name(site, &self.source, &self.resource_type, &self.id)
    }
}

impl Entry {
    pub(super) fn encode(&self) -> Vec<u8> {
        let state = &self.state;
        let mut bytes = vec![FORMAT, u8::from(state.deleted)];
        bytes.extend_from_slice(&state.version.to_be_bytes());
        bytes.extend_from_slice(state.key.as_bytes());
        bytes.extend_from_slice(&state.hash);
        bytes.extend_from_slice(&state.at.micros().to_be_bytes());
        bytes.extend_from_slice(&self.partition.to_be_bytes());
        bytes.extend_from_slice(&self.offset.to_be_bytes());
        for text in [&state.source, &state.resource_type, &state.id] {
            // None of them is longer than a topic's name or an id of FHIR.
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        state
            .identifiers
            .iter()
            .for_each(|key| bytes.extend_from_slice(key));
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let [format, deleted] = take(&mut rest)?;
        if format != FORMAT {
            return None;
        }
        let version = u64::from_be_bytes(take(&mut rest)?);
        let key = PatientKey::from_bytes(take(&mut rest)?);
        let hash = take(&mut rest)?;
        let at = ReceivedTime::from_micros(i64::from_be_bytes(take(&mut rest)?));
        let partition = u16::from_be_bytes(take(&mut rest)?);
        let offset = Offset::from_be_bytes(take(&mut rest)?);
        let mut text = || {
            let length = u16::from_be_bytes(take(&mut rest)?);
            let (text, after) = rest.split_at_checked(usize::from(length))?;
            rest = after;
            Some(Box::from(std::str::from_utf8(text).ok()?))
        };
        let (source, resource_type, id) = (text()?, text()?, text()?);
        let (keys, []) = rest.as_chunks() else {
            return None;
        };
        Some(Self {
            state: State {
                source,
                resource_type,
                id,
                version,
                deleted: deleted == 1,
                key,
                hash,
                at,
                identifiers: keys.to_vec(),
            },
            partition,
            offset,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*head)
}
