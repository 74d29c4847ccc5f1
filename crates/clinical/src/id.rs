//! Names for things: derived from what they name, never random, so that a replay gives the same ones.

use std::fmt;
use std::marker::PhantomData;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A patient, as a pseudonym: nothing in it identifies a person without the site key.
pub type PatientKey = Id<kind::Patient>;
/// A message, from its source, control id, time and body.
pub type MessageId = Id<kind::Message>;
/// One clinical fact, from its message and its place in it.
pub type EventId = Id<kind::Event>;
/// What a workload concluded, from workload, patient, cause, `asOf` and ordinal.
pub type FindingId = Id<kind::Finding>;
/// An alert, from patient, condition and episode.
pub type AlertId = Id<kind::Alert>;
/// One piece of news for one recipient.
pub type DeliveryId = Id<kind::Delivery>;

/// What an [`Id`] can name.
pub mod kind {
    /// A patient.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct Patient;
    /// A message.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct Message;
    /// An event.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct Event;
    /// A finding.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct Finding;
    /// An alert.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct Alert;
    /// A delivery.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub struct Delivery;
}

/// A name of 128 bits; printed as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id<K>([u8; 16], PhantomData<K>);

impl<K> Id<K> {
    /// Takes the bytes of a name that was derived before.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes, PhantomData)
    }

    /// Takes the bytes of a name from a slice of exactly 16.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }

    /// Gives its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Derives a name from what it stands for; where one part ends and the next begins counts.
    pub fn derive(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self::from_bytes(first_half(&hash.finalize()))
    }

    /// Gives its first half as a number, for where 64 bits are enough.
    pub fn first_eight(&self) -> u64 {
        let bytes = self.0.iter().take(8);
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 32 {
            return None;
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self::from_bytes(bytes))
    }
}

/// Shortens a FHIR id; two of one patient and kind would have to agree in 64 bits to be taken for one.
pub fn resource_hash(resource: &str) -> u64 {
    EventId::derive(&[b"resource", resource.as_bytes()]).first_eight()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn first_half(hash: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(hash) {
        *to = *from;
    }
    half
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The secret of a site that turns identifiers into [`PatientKey`]s; the same on all its nodes.
///
/// It is never rotated without a re-key run: keys and ids depend on it.
#[derive(Clone)]
pub struct SiteKey {
    /// The hash with the secret in it already: that is half of the work of each name.
    mac: Hmac<Sha256>,
}

impl SiteKey {
    /// Takes the secret.
    pub fn new(secret: [u8; 32]) -> Self {
        let mac = Hmac::new_from_slice(&secret).expect("HMAC takes a key of any length");
        Self { mac }
    }

    /// Gives the pseudonym of a patient known by an identifier under an assigning authority.
    pub fn patient(&self, authority: &str, identifier: &str) -> PatientKey {
        let mut mac = self.mac();
        mac.update(authority.as_bytes());
        mac.update(b"|");
        mac.update(identifier.as_bytes());
        Id::from_bytes(first_half(&mac.finalize().into_bytes()))
    }

    /// Gives the key of a message of no patient, or of several, until it is split by patient.
    pub fn unassigned(&self, source: &str, control_id: &[u8]) -> PatientKey {
        let mut mac = self.mac();
        mac.update(b"unassigned|");
        mac.update(source.as_bytes());
        mac.update(b"|");
        mac.update(control_id);
        Id::from_bytes(first_half(&mac.finalize().into_bytes()))
    }

    /// Gives the key of a claim by who bills it and the number that they gave it, for what answers it without naming the member.
    pub fn claim(&self, provider: &str, number: &str) -> PatientKey {
        let mut mac = self.mac();
        mac.update(b"claim|");
        mac.update(provider.as_bytes());
        mac.update(b"|");
        mac.update(number.as_bytes());
        Id::from_bytes(first_half(&mac.finalize().into_bytes()))
    }

    fn mac(&self) -> Hmac<Sha256> {
        self.mac.clone()
    }
}

impl fmt::Debug for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SiteKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(
            EventId::derive(&[b"ab", b"c"]),
            EventId::derive(&[b"a", b"bc"])
        );
    }

    #[test]
    fn a_printed_id_reads_back() {
        let id = EventId::derive(&[b"x"]);
        assert_eq!(EventId::parse(&id.to_string()), Some(id));
        assert_eq!(EventId::parse("zz"), None);
        assert_eq!(EventId::parse(&"g".repeat(32)), None);
    }

    #[test]
    fn the_site_key_decides_the_pseudonym() {
        let (a, b) = (SiteKey::new([1; 32]), SiteKey::new([2; 32]));
        assert_eq!(a.patient("MRN", "1"), a.patient("MRN", "1"));
        assert_ne!(a.patient("MRN", "1"), b.patient("MRN", "1"));
        assert_ne!(a.patient("MRN", "1"), a.patient("MRN2", "1"));
        assert_eq!(format!("{a:?}"), "SiteKey(…)");
    }
}
