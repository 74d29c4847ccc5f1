//! Whose claim an answer is about that names no member: what is known under a claim's own key.

use std::time::Duration;

use clinical::{EventTime, PatientKey, ReceivedTime};

use super::apply::Writer;
use super::bytes::{Decoder, Encoder};
use super::merge::send;
use super::split::{Notice, Split};
use super::state::State;
use super::{Output, Outputs, RawInfo, Reason, Refusal};

/// So long an answer waits for the claim that it is about: less than messages are remembered, so that who sends its set through
/// again soon after tells the others in that set nothing twice.
pub const WAITS: Duration = Duration::from_secs(5 * 24 * 3600);
/// So long it is known whose a claim is: as long as payers' documents are kept of a member.
pub const KNOWN: Duration = Duration::from_secs(800 * 24 * 3600);
/// A claim that is told again is not told on more often than this.
const TOLD_AGAIN: Duration = Duration::from_secs(24 * 3600);
/// So many answers wait for one claim at most.
pub const MAX_WAITING: usize = 16;
/// And so many bytes of them.
pub const MAX_WAITING_BYTES: usize = 1024 * 1024;
/// With so many who have a claim of one number it is several patients', whatever else is said.
pub const MAX_HOLDERS: usize = 8;
/// So many claims are kept of one patient at most, to tell of them when the patient is merged; the oldest go first.
pub const MAX_CLAIMS: usize = 1024;

/// What is known of the claims that a provider gave one number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claimed {
    holders: Vec<Holder>,
    waiting: Vec<Waiting>,
}

/// Whose a claim is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Holder {
    patient: PatientKey,
    /// The payer whom it was sent to, where their number is known.
    payer: Box<str>,
    since: ReceivedTime,
}

/// An answer that came before its claim.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    payer: Box<str>,
    since: ReceivedTime,
    /// A [`Split`], encoded.
    split: Box<[u8]>,
}

/// What becomes of an answer that names no member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It is about this patient's claim.
    Patient(PatientKey),
    /// It waits until its claim comes.
    Waits,
}

impl State {
    /// Looks whose claim an answer is about, and keeps it where nobody has that claim yet; the payer is that of the answer, or nothing.
    ///
    /// # Errors
    /// When it may be several patients', or too many wait already.
    pub fn whose(&mut self, payer: &str, raw: &RawInfo<'_>) -> Result<Whose, Refusal> {
        let claimed = &mut self.claimed;
        let mut found = claimed.holders.iter().filter(|one| one.may_be_of(payer));
        let patient = found.next().map(|one| one.patient);
        let is_of_several = found.any(|one| Some(one.patient) != patient);
        if is_of_several || claimed.holders.len() >= MAX_HOLDERS {
            let detail = "several patients have a claim of this number by this provider: have the sender name the member";
            return Err(Refusal::new(Reason::ClaimOfSeveral, detail));
        }
        if let Some(patient) = patient {
            return Ok(Whose::Patient(patient));
        }
        let split = Split {
            raw: *raw,
            notice: None,
        };
        claimed.wait(payer, raw, split.encode().into())
    }

    /// Gives who has the claim that an answer with a member's number is about: that member, or the one other who is known to have
    /// it, since a family may have one number; nothing where that is not known.
    pub fn holder(&self, payer: &str, member: PatientKey) -> Option<PatientKey> {
        let holders = &self.claimed.holders;
        let mut found = holders.iter().filter(|one| one.may_be_of(payer));
        if holders.len() >= MAX_HOLDERS || found.clone().any(|one| one.patient == member) {
            return None;
        }
        let patient = found.next()?.patient;
        found.all(|one| one.patient == patient).then_some(patient)
    }

    /// Whether a claim is known to be this patient's.
    pub fn has_claim(&self, claim: PatientKey) -> bool {
        self.claims.iter().any(|(_, known)| *known == claim)
    }

    /// Notes that a claim is this patient's; tells whether that is news, or was told long enough ago.
    pub fn claims(&mut self, claim: PatientKey, received: ReceivedTime) -> bool {
        let oldest = received.minus(KNOWN);
        self.claims.retain(|(since, _)| *since >= oldest);
        if let Some((since, _)) = self.claims.iter_mut().find(|(_, known)| *known == claim) {
            let is_long_ago = *since <= received.minus(TOLD_AGAIN);
            *since = if is_long_ago { received } else { *since };
            return is_long_ago;
        }
        self.claims.push((received, claim));
        let over = self.claims.len().saturating_sub(MAX_CLAIMS);
        if over > 0 {
            self.claims.sort_unstable_by_key(|(since, _)| *since);
            self.claims.drain(..over);
        }
        true
    }

    /// Gives when something of a claim is over; nothing where nothing is known of one.
    pub fn claim_is_over(&self) -> Option<EventTime> {
        let claimed = &self.claimed;
        let waiting = claimed.waiting.iter().map(|one| (one.since, WAITS));
        let held = claimed.holders.iter().map(|one| (one.since, KNOWN));
        let ends = waiting.chain(held);
        ends.map(|(since, span)| EventTime::from_micros(since.micros()).plus(span))
            .min()
    }

    /// Forgets whose claims were long ago; gives the answers that have waited long enough, each a [`Split`] that is encoded.
    pub fn end_of_claims(&mut self, now: EventTime) -> Vec<Box<[u8]>> {
        let is_over = |since: ReceivedTime, span: Duration| {
            EventTime::from_micros(since.micros()).plus(span) <= now
        };
        let claimed = &mut self.claimed;
        claimed.holders.retain(|one| !is_over(one.since, KNOWN));
        let waiting = claimed
            .waiting
            .extract_if(.., |one| is_over(one.since, WAITS));
        waiting.map(|one| one.split).collect()
    }
}

/// Why what has waited for its claim waits no longer.
pub fn unknown() -> Refusal {
    let detail = "it names no member, and no claim of its number by its provider came: send the claim, then send this through again";
    Refusal::new(Reason::ClaimUnknown, detail)
}

/// A patient has a claim: what waited for it goes to them.
pub(super) fn held(
    key: PatientKey,
    state: &mut State,
    (by, payer): (PatientKey, &str),
    raw: &RawInfo<'_>,
) -> Outputs {
    let claimed = &mut state.claimed;
    let is_known = |one: &Holder| one.patient == by && *one.payer == *payer;
    let since = raw.received_time;
    let is_full = claimed.holders.len() >= MAX_HOLDERS;
    match claimed.holders.iter_mut().find(|one| is_known(one)) {
        Some(known) => known.since = known.since.max(since),
        None if is_full => {}
        None => claimed.holders.push(Holder {
            patient: by,
            payer: payer.into(),
            since,
        }),
    }
    let of_this = claimed
        .waiting
        .extract_if(.., |one| are_one(&one.payer, payer));
    let mut writer = Writer::new(key, raw, &[b"claimed"]);
    for waiting in of_this {
        // It was encoded here.
        if let Ok(Split { raw, notice }) = Split::decode(&waiting.split) {
            let raw = RawInfo {
                addressed: by,
                ..raw
            };
            let bytes = Split { raw, notice }.encode();
            writer
                .outputs
                .records
                .push(Output::Split { key: by, bytes });
        }
    }
    writer.outputs
}

/// Who had a claim goes into another identity.
pub(super) fn succeeded(state: &mut State, gone: PatientKey, by: PatientKey) {
    let mut holders = std::mem::take(&mut state.claimed.holders);
    for one in holders.iter_mut().filter(|one| one.patient == gone) {
        one.patient = by;
    }
    for one in holders {
        let is_same = |known: &Holder| (known.patient, &known.payer) == (one.patient, &one.payer);
        match state
            .claimed
            .holders
            .iter_mut()
            .find(|known| is_same(known))
        {
            Some(known) => known.since = known.since.max(one.since),
            None => state.claimed.holders.push(one),
        }
    }
}

/// The survivor of a merge takes over claims, and says so to whoever answers them.
pub(super) fn take_over(
    writer: &mut Writer<'_>,
    state: &mut State,
    from: PatientKey,
    claims: Vec<(ReceivedTime, PatientKey)>,
) {
    let by = writer.key;
    for (since, claim) in claims {
        state.claims(claim, since);
        let notice = Notice::Succeeded { by, gone: from };
        send(writer, claim, Some(notice));
    }
}

impl Claimed {
    /// Keeps an answer, which is one however often its message is sent through: its newest copy waits for as long as its first.
    fn wait(&mut self, payer: &str, raw: &RawInfo<'_>, split: Box<[u8]>) -> Result<Whose, Refusal> {
        let is_same = |one: &Waiting| {
            let known = Split::decode(&one.split);
            known.is_ok_and(|known| known.raw.message_id == raw.message_id)
        };
        let place = self.waiting.iter().position(is_same);
        let known = place.map(|place| self.waiting.remove(place));
        let bytes: usize = self.waiting.iter().map(|one| one.split.len()).sum();
        if self.waiting.len() >= MAX_WAITING || bytes + split.len() > MAX_WAITING_BYTES {
            self.waiting.extend(known);
            return Err(unknown());
        }
        self.waiting.push(Waiting {
            payer: payer.into(),
            since: known.map_or(raw.received_time, |known| known.since),
            split,
        });
        Ok(Whose::Waits)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.holders.is_empty() && self.waiting.is_empty()
    }

    pub(super) fn encode(&self, out: &mut Encoder) {
        out.count(self.holders.len());
        for one in &self.holders {
            out.id(one.patient.as_bytes());
            out.bytes(one.payer.as_bytes());
            out.i64(one.since.micros());
        }
        out.count(self.waiting.len());
        for one in &self.waiting {
            out.bytes(one.payer.as_bytes());
            out.i64(one.since.micros());
            out.bytes(&one.split);
        }
    }

    pub(super) fn decode(fields: &mut Decoder<'_>) -> Option<Self> {
        let holders = fields.list(|f| {
            Some(Holder {
                patient: PatientKey::from_bytes(f.id()?),
                payer: f.text()?.into(),
                since: ReceivedTime::from_micros(f.i64()?),
            })
        })?;
        let waiting = fields.list(|f| {
            Some(Waiting {
                payer: f.text()?.into(),
                since: ReceivedTime::from_micros(f.i64()?),
                split: f.bytes()?.into(),
            })
        })?;
        Some(Self { holders, waiting })
    }
}

impl Holder {
    fn may_be_of(&self, payer: &str) -> bool {
        are_one(&self.payer, payer)
    }
}

/// Numbers of two kinds say nothing of each other: only where both are payers' own do they differ.
fn are_one(payer: &str, other: &str) -> bool {
    payer.is_empty() || other.is_empty() || payer == other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(number: u16) -> PatientKey {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        PatientKey::from_bytes(bytes)
    }

    #[test]
    fn of_more_claims_than_are_kept_the_oldest_go_in_whatever_order_they_came() {
        let most = u16::try_from(MAX_CLAIMS).unwrap();
        let mut state = State::default();
        // As after a merge: what the other identity had is older, and comes last.
        for number in (0..=most).rev() {
            assert!(state.claims(claim(number), ReceivedTime::from_micros(i64::from(number))));
        }
        let kept = |number| {
            state
                .claims
                .iter()
                .any(|(_, known)| *known == claim(number))
        };
        assert_eq!(state.claims.len(), MAX_CLAIMS);
        assert!(!kept(0));
        assert!(kept(1) && kept(most));
    }

    #[test]
    fn a_claim_that_is_in_use_is_told_on_once_a_day() {
        let mut state = State::default();
        let at = |hours: i64| ReceivedTime::from_micros(hours * 3600 * 1_000_000);
        let told = [0, 1, 23, 24, 25, 47, 48, 48 + 801 * 24].map(|hours| {
            let is_told = state.claims(claim(1), at(hours));
            assert_eq!(state.claims.len(), 1);
            is_told
        });
        assert_eq!(told, [true, false, false, true, false, false, true, true]);
    }
}
