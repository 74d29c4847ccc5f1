//! The keyed core of the normalize stage: what messages say of one patient becomes whole resources, each version once.

use std::time::Duration;

use clinical::{EventId, EventTime, Merge, MessageId, PatientKey, ReceivedTime, RecordedTime};

use crate::draft::Draft;

pub mod split;

pub mod state;

pub mod snapshot;

mod apply;

mod awaited;

mod merge;

pub mod visit;

mod kin;

mod links;

mod member;

mod splice;

mod claimed;

mod gathered;

mod bytes;

pub mod way;

pub use awaited::MAX_AWAITED;
pub use claimed::{
    KNOWN as CLAIMS_KNOWN, MAX_CLAIMS, MAX_HOLDERS, MAX_WAITING, MAX_WAITING_BYTES,
    WAITS as ANSWERS_WAIT, Whose, unknown as claim_unknown,
};
pub(crate) use gathered::is_gathered;
pub use gathered::{MAX_DOCUMENT_BYTES, MAX_DOCUMENTS, MAX_DOCUMENTS_BYTES};
pub use gathered::{MAX_GATHERED, MAX_GATHERED_BYTES, MAX_REPORTS, MAX_REPORTS_BYTES};
pub use links::MAX_LINKS;
pub(crate) use splice::{as_old, union_keeping_old as with_old};
pub use split::Notice;
pub use state::State;
pub use visit::{NamedAccount, Passage};
pub use way::Way;

/// How far a source's clock may run ahead before what it says is from the future.
pub const MAX_AHEAD: Duration = Duration::from_secs(5 * 60);

/// The normalize stage's core.
#[derive(Clone, Debug)]
pub struct Normalizer {
    ahead: Duration,
}

/// A raw message, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawInfo<'a> {
    /// Its name.
    pub message_id: MessageId,
    /// Whom its sender meant: the retired identity where it was forwarded to the survivor.
    pub addressed: PatientKey,
    /// When its sender made it (MSH-7), or else when it was accepted.
    pub message_time: EventTime,
    /// When it was accepted.
    pub received_time: ReceivedTime,
    /// The topic that keeps it.
    pub topic: &'a str,
    /// The partition that keeps it.
    pub partition: u16,
    /// Where in the partition.
    pub offset: u64,
    /// The source it came from.
    pub source: &'a str,
    /// The way it came in.
    pub way: Way,
    /// Whether it is history that is loaded, and no news.
    pub backfill: bool,
    /// The identity that its sender says goes into this one, where the message itself does not say it.
    pub retired: Option<PatientKey>,
    /// The message.
    pub bytes: &'a [u8],
}

/// What arrives for one patient.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A message of this patient.
    Message {
        /// The message.
        raw: RawInfo<'a>,
        /// What it says.
        drafts: &'a [Draft],
    },
    /// A message that merges another identity into this patient (A40).
    Merge {
        /// The message.
        raw: RawInfo<'a>,
        /// What it says of the survivor.
        drafts: &'a [Draft],
        /// The identity that goes.
        retired: PatientKey,
        /// Its identifiers as the message has them (MRG-1), a JSON array of Identifier; may be empty.
        identifiers: &'a [u8],
    },
    /// A message that names nobody.
    Nobody {
        /// The message.
        raw: RawInfo<'a>,
    },
    /// Another key says something.
    Notice {
        /// The message that it says it because of.
        raw: RawInfo<'a>,
        /// What it says.
        notice: Notice<'a>,
    },
}

impl<'a> Input<'a> {
    /// Gives the message that it comes from.
    pub const fn raw(&self) -> &RawInfo<'a> {
        match self {
            Self::Message { raw, .. }
            | Self::Merge { raw, .. }
            | Self::Nobody { raw }
            | Self::Notice { raw, .. } => raw,
        }
    }

    const fn notice(&self) -> Option<Notice<'a>> {
        match *self {
            Self::Notice { notice, .. } => Some(notice),
            Self::Message { .. } | Self::Merge { .. } | Self::Nobody { .. } => None,
        }
    }

    const fn drafts(&self) -> &'a [Draft] {
        match self {
            Self::Message { drafts, .. } | Self::Merge { drafts, .. } => drafts,
            _ => &[],
        }
    }
}

/// What an input leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// The records to write, in this order.
    pub records: Vec<Output>,
    /// Whether the message had been seen before, so that nothing was done.
    pub resent: bool,
    /// How many resources were not written because a newer version is known.
    pub stale: u32,
    /// How many resources were not written because nothing in them is new.
    pub unchanged: u32,
    /// How many resources were not written because another way had said the same.
    pub duplicates_across_ways: u32,
    /// Why the message is quarantined although records are written: a merge that the other side turned down.
    pub refused: Option<Refusal>,
}

/// A record to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A resource as it now stands, for its own topic and the patient stream.
    Resource {
        /// The event's name.
        event_id: EventId,
        /// The resource type.
        resource_type: Box<str>,
        /// The resource's id.
        id: Box<str>,
        /// The whole resource as JSON.
        json: Vec<u8>,
        /// When it was true.
        event_time: EventTime,
        /// When the source stored it, where it says so.
        recorded: Option<RecordedTime>,
        /// Of a visit, by which message it stands as it does: one that was overtaken changes another's.
        shows: Option<Shows>,
    },
    /// How a visit stood at an earlier time, which is otherwise than it was told before; for the patient stream.
    Moment {
        /// The event's name.
        event_id: EventId,
        /// The Encounter as JSON, as it stood then.
        json: Vec<u8>,
        /// When it stood so.
        event_time: EventTime,
        /// By which message.
        shows: Shows,
    },
    /// Two identities became one, for the patient stream.
    Merge {
        /// The event's name.
        event_id: EventId,
        /// Which side this patient is, and who the other is.
        merge: Merge,
        /// When the merge was stated.
        event_time: EventTime,
    },
    /// A record for another patient's key on the split topic.
    Split {
        /// The other patient.
        key: PatientKey,
        /// A [`split::Split`], encoded.
        bytes: Vec<u8>,
    },
}

/// By which message a visit stood as it did: what is told of it anew replaces what was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shows {
    /// What names the message.
    pub message: u64,
    /// When its sender made it; of two that speak of one time the later one stands.
    pub said: EventTime,
    /// When it reached us.
    pub known: ReceivedTime,
    /// Whether it is history that was loaded, and no news.
    pub backfill: bool,
    /// Whether it says that the last change of where the patient is never took place.
    pub undoes: bool,
}

impl Shows {
    /// Names a message.
    pub fn by(raw: &RawInfo<'_>) -> Self {
        Self {
            message: state::short(raw.message_id.as_bytes()),
            said: raw.message_time,
            known: raw.received_time,
            backfill: raw.backfill,
            undoes: false,
        }
    }

    /// Gives the words that [`Shows::parse`] reads.
    pub fn words(self) -> String {
        let (message, said, known) = (self.message, self.said.micros(), self.known.micros());
        let undoes = if self.undoes { UNDOES } else { "" };
        let loaded = if self.backfill { LOADED } else { "" };
        format!("{message:016x}/{said}/{known}{undoes}{loaded}")
    }

    /// Reads what [`Shows::words`] gave.
    pub fn parse(words: &str) -> Option<Self> {
        let news = words.strip_suffix(LOADED);
        let rest = news.unwrap_or(words);
        let undoes = rest.strip_suffix(UNDOES);
        let mut parts = undoes.unwrap_or(rest).split('/');
        let shows = Self {
            message: u64::from_str_radix(parts.next()?, 16).ok()?,
            said: EventTime::from_micros(parts.next()?.parse().ok()?),
            known: ReceivedTime::from_micros(parts.next()?.parse().ok()?),
            backfill: news.is_some(),
            undoes: undoes.is_some(),
        };
        parts.next().is_none().then_some(shows)
    }
}

/// What the words of a message end with that was loaded as history.
const LOADED: &str = "/backfill";
/// What stands before that of one that says that the last change of place never took place.
const UNDOES: &str = "/undoes";

/// Why a message is quarantined; a code that stays the same in every version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It speaks of a time that has not come.
    FromFuture,
    /// It names nobody.
    NoPatient,
    /// It merges an identity into itself.
    SelfMerge,
    /// It merges an identity into one that was merged into it.
    MergeCycle,
    /// It merges an identity that was merged into another one.
    AlreadyMerged,
    /// It takes back a link between identities that are one since a merge.
    MergedNotLinked,
    /// What a retired identity handed over cannot be read.
    UnreadableHandover,
    /// It names no member, and the claim that it answers did not come.
    ClaimUnknown,
    /// It names no member, and several have a claim of the number that it answers.
    ClaimOfSeveral,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::FromFuture,
        Self::NoPatient,
        Self::SelfMerge,
        Self::MergeCycle,
        Self::AlreadyMerged,
        Self::MergedNotLinked,
        Self::UnreadableHandover,
        Self::ClaimUnknown,
        Self::ClaimOfSeveral,
    ];

    /// Gives the code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::FromFuture => "from-future",
            Self::NoPatient => "no-patient",
            Self::SelfMerge => "self-merge",
            Self::MergeCycle => "merge-cycle",
            Self::AlreadyMerged => "already-merged",
            Self::MergedNotLinked => "merged-not-linked",
            Self::UnreadableHandover => "unreadable-handover",
            Self::ClaimUnknown => "claim-unknown",
            Self::ClaimOfSeveral => "claim-of-several",
        }
    }
}

/// An input that is not used, and why; the state is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// What to do about it, without anything that identifies a person.
    pub detail: Box<str>,
}

impl Refusal {
    fn new(reason: Reason, detail: impl Into<Box<str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

impl Default for Normalizer {
    fn default() -> Self {
        Self { ahead: MAX_AHEAD }
    }
}

impl Normalizer {
    /// Takes one input of the patient `key`; the only clock is the time at which its message was accepted.
    ///
    /// # Errors
    /// When the input cannot be used; the state is as it was.
    pub fn step(
        &self,
        key: PatientKey,
        state: &mut State,
        input: &Input<'_>,
    ) -> Result<Outputs, Refusal> {
        if let Input::Nobody { .. } = input {
            let detail = "the message has no patient identifier that the source's settings accept: check PID-3 and the preferred types";
            return Err(Refusal::new(Reason::NoPatient, detail));
        }
        self.refuse_future(input)?;
        let goes = matches!(input.notice(), Some(Notice::Retire { .. }));
        if state.merged_into.is_some() && !goes {
            return merge::forward(key, state, input);
        }
        match *input {
            Input::Notice { raw, notice } => heed(key, state, notice, &raw),
            Input::Merge {
                raw,
                drafts,
                retired,
                identifiers,
            } => merge::accept(key, state, &raw, drafts, (retired, identifiers)),
            Input::Message { raw, drafts } => {
                merge::refuse_unlink(key, state, drafts)?;
                Ok(apply::message(key, state, &raw, drafts))
            }
            Input::Nobody { .. } => Ok(Outputs::default()),
        }
    }

    /// Refuses the whole message where any part of it is from the future: half a message would be a wrong one.
    fn refuse_future(&self, input: &Input<'_>) -> Result<(), Refusal> {
        let raw = input.raw();
        let received = EventTime::from_micros(raw.received_time.micros());
        let latest = received.plus(self.ahead);
        let message = ("the message", raw.message_time);
        let drafts = input.drafts().iter();
        let said = drafts.map(|draft| (draft.resource_type, draft.event_time));
        match std::iter::once(message)
            .chain(said)
            .find(|(_, at)| *at > latest)
        {
            None => Ok(()),
            Some((what, at)) => {
                let detail = format!(
                    "{what} is of {at}, later than its arrival at {received}: set the source's clock or its time zone right"
                );
                Err(Refusal::new(Reason::FromFuture, detail))
            }
        }
    }
}

/// Does what another key asks for.
fn heed(
    key: PatientKey,
    state: &mut State,
    notice: Notice<'_>,
    raw: &RawInfo<'_>,
) -> Result<Outputs, Refusal> {
    match notice {
        Notice::Retire { into } => Ok(merge::retire(key, state, into, raw)),
        Notice::Kept { by } => Ok(merge::keep(key, state, by, raw)),
        Notice::Handover { from, state: other } => merge::take_over(key, state, from, other, raw),
        Notice::Release { to, visit } => Ok(visit::release(key, state, to, visit, raw)),
        Notice::ReleaseAccount { to, account } => {
            Ok(visit::release_account(key, state, to, account, raw))
        }
        Notice::Moved { from, visit, stay } => visit::take_in(key, state, (from, visit), stay, raw),
        Notice::Claimed { by, payer } => Ok(claimed::held(key, state, (by, payer), raw)),
        Notice::Succeeded { by, gone } => {
            claimed::succeeded(state, gone, by);
            Ok(Outputs::default())
        }
    }
}

#[cfg(test)]
mod tests;
