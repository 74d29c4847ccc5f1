//! What patients' keys send each other on `healthcare.patient.split`.

use clinical::{EventTime, MessageId, PatientKey, ReceivedTime};

use super::bytes::{Decoder, Encoder};
use super::visit::{NamedAccount, Passage};
use super::{Input, RawInfo, Way};

/// The version that a split record begins with.
const VERSION: u8 = 2;
/// The version before ways were told apart.
const VERSION_1: u8 = 1;
/// Is set where the message is history.
const BACKFILL: u8 = 1;
/// Is set where an identity follows that the sender says goes into this one.
const RETIRED: u8 = 2;

/// A record of `healthcare.patient.split`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Split<'a> {
    /// A raw message for this key: one patient's part of a message of several, or what arrived for a retired identity.
    Message {
        /// The raw message.
        raw: RawInfo<'a>,
    },
    /// The key's identity goes: the survivor has accepted that.
    Retire {
        /// The survivor.
        into: PatientKey,
        /// The merge message.
        raw: RawInfo<'a>,
    },
    /// The identity that this key took in stays: it went elsewhere before, or took this one in itself.
    Kept {
        /// The identity that stays.
        by: PatientKey,
        /// The merge message.
        raw: RawInfo<'a>,
    },
    /// What normalize knew of an identity that has gone.
    Handover {
        /// The identity that has gone.
        from: PatientKey,
        /// Its state, as [`super::State::encode`] gives it.
        state: &'a [u8],
        /// The merge message.
        raw: RawInfo<'a>,
    },
    /// A visit of this key is another's: this key gives it up.
    Release {
        /// Whose visit it is.
        to: PatientKey,
        /// The visit.
        visit: Passage<'a>,
        /// The message that moves it.
        raw: RawInfo<'a>,
    },
    /// An account of this key is another's, with its visits: this key gives them up.
    ReleaseAccount {
        /// Whose account it is.
        to: PatientKey,
        /// The account.
        account: NamedAccount<'a>,
        /// The message that moves it.
        raw: RawInfo<'a>,
    },
    /// What normalize knew of a visit where it did not belong.
    Moved {
        /// Whose visit it was.
        from: PatientKey,
        /// The visit.
        visit: Passage<'a>,
        /// What was known of it there.
        stay: &'a [u8],
        /// The message that moves it.
        raw: RawInfo<'a>,
    },
}

/// A split record was not written by this program, or by a newer version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the split record was not written by this program, or by a newer version: upgrade before reading it"
)]
pub struct UnreadableSplit;

impl<'a> Split<'a> {
    /// Gives the message that it comes from.
    pub const fn raw(&self) -> &RawInfo<'a> {
        match self {
            Self::Message { raw }
            | Self::Retire { raw, .. }
            | Self::Kept { raw, .. }
            | Self::Handover { raw, .. }
            | Self::Release { raw, .. }
            | Self::ReleaseAccount { raw, .. }
            | Self::Moved { raw, .. } => raw,
        }
    }

    /// Gives what it says to the key that it is sent to; nothing where it is a message, which is to be mapped first.
    pub const fn input(&self) -> Option<Input<'a>> {
        Some(match *self {
            Self::Message { .. } => return None,
            Self::Retire { into, raw } => Input::Retire { into, raw },
            Self::Kept { by, raw } => Input::Kept { by, raw },
            Self::Handover { from, state, raw } => Input::Handover { from, state, raw },
            Self::Release { to, visit, raw } => Input::Release { to, visit, raw },
            Self::ReleaseAccount { to, account, raw } => Input::ReleaseAccount { to, account, raw },
            Self::Moved {
                from,
                visit,
                stay,
                raw,
            } => Input::Moved {
                from,
                visit,
                stay,
                raw,
            },
        })
    }

    /// Gives the bytes that [`Split::decode`] reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        let raw = self.raw();
        // What came as everything did before ways were told apart is written as it was then.
        if raw.way == Way::Mllp && !raw.backfill && raw.retired.is_none() {
            out.byte(VERSION_1);
        } else {
            out.byte(VERSION);
            came(&mut out, raw);
        }
        match self {
            Self::Message { raw } => {
                out.byte(b'M');
                raw_info(&mut out, raw);
            }
            Self::Retire { into, raw } => {
                out.byte(b'R');
                out.id(into.as_bytes());
                raw_info(&mut out, raw);
            }
            Self::Kept { by, raw } => {
                out.byte(b'K');
                out.id(by.as_bytes());
                raw_info(&mut out, raw);
            }
            Self::Handover { from, state, raw } => {
                out.byte(b'H');
                out.id(from.as_bytes());
                out.bytes(state);
                raw_info(&mut out, raw);
            }
            Self::Release { to, visit, raw } => {
                out.byte(b'L');
                out.id(to.as_bytes());
                passage(&mut out, *visit);
                raw_info(&mut out, raw);
            }
            Self::ReleaseAccount { to, account, raw } => {
                out.byte(b'A');
                out.id(to.as_bytes());
                out.bytes(account.id.as_bytes());
                out.bytes(account.number.as_bytes());
                raw_info(&mut out, raw);
            }
            Self::Moved {
                from,
                visit,
                stay,
                raw,
            } => {
                out.byte(b'V');
                out.id(from.as_bytes());
                passage(&mut out, *visit);
                out.bytes(stay);
                raw_info(&mut out, raw);
            }
        }
        out.0
    }

    /// Reads a split record of any released version.
    ///
    /// # Errors
    /// When it is none.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, UnreadableSplit> {
        Self::read(&mut Decoder(bytes)).ok_or(UnreadableSplit)
    }

    fn read(fields: &mut Decoder<'a>) -> Option<Self> {
        let came = match fields.byte()? {
            VERSION_1 => Came::default(),
            VERSION => read_came(fields)?,
            _ => return None,
        };
        let read_raw_info = |fields: &mut Decoder<'a>| read_raw_info(fields, came);
        let split = match fields.byte()? {
            b'M' => Self::Message {
                raw: read_raw_info(fields)?,
            },
            b'R' => Self::Retire {
                into: PatientKey::from_bytes(fields.id()?),
                raw: read_raw_info(fields)?,
            },
            b'K' => Self::Kept {
                by: PatientKey::from_bytes(fields.id()?),
                raw: read_raw_info(fields)?,
            },
            b'H' => Self::Handover {
                from: PatientKey::from_bytes(fields.id()?),
                state: fields.bytes()?,
                raw: read_raw_info(fields)?,
            },
            b'L' => Self::Release {
                to: PatientKey::from_bytes(fields.id()?),
                visit: read_passage(fields)?,
                raw: read_raw_info(fields)?,
            },
            b'A' => Self::ReleaseAccount {
                to: PatientKey::from_bytes(fields.id()?),
                account: NamedAccount {
                    id: fields.text()?,
                    number: fields.text()?,
                },
                raw: read_raw_info(fields)?,
            },
            b'V' => Self::Moved {
                from: PatientKey::from_bytes(fields.id()?),
                visit: read_passage(fields)?,
                stay: fields.bytes()?,
                raw: read_raw_info(fields)?,
            },
            _ => return None,
        };
        fields.0.is_empty().then_some(split)
    }
}

fn passage(out: &mut Encoder, visit: Passage<'_>) {
    out.bytes(visit.before.as_bytes());
    out.bytes(visit.now.as_bytes());
}

fn read_passage<'a>(fields: &mut Decoder<'a>) -> Option<Passage<'a>> {
    Some(Passage {
        before: fields.text()?,
        now: fields.text()?,
    })
}

/// What is said of a message beside it.
#[derive(Clone, Copy, Default)]
struct Came {
    way: Way,
    backfill: bool,
    retired: Option<PatientKey>,
}

fn came(out: &mut Encoder, raw: &RawInfo<'_>) {
    let backfill = if raw.backfill { BACKFILL } else { 0 };
    let retired = if raw.retired.is_some() { RETIRED } else { 0 };
    out.byte(raw.way.number());
    out.byte(backfill | retired);
    if let Some(retired) = raw.retired {
        out.id(retired.as_bytes());
    }
}

fn read_came(fields: &mut Decoder<'_>) -> Option<Came> {
    let way = Way::from_number(fields.byte()?)?;
    let flags = fields.byte()?;
    if flags & !(BACKFILL | RETIRED) != 0 {
        return None;
    }
    let retired = match flags & RETIRED {
        0 => None,
        _ => Some(PatientKey::from_bytes(fields.id()?)),
    };
    Some(Came {
        way,
        backfill: flags & BACKFILL != 0,
        retired,
    })
}

fn raw_info(out: &mut Encoder, raw: &RawInfo<'_>) {
    out.id(raw.message_id.as_bytes());
    out.id(raw.addressed.as_bytes());
    out.i64(raw.message_time.micros());
    out.i64(raw.received_time.micros());
    out.bytes(raw.topic.as_bytes());
    out.u16(raw.partition);
    out.u64(raw.offset);
    out.bytes(raw.source.as_bytes());
    out.bytes(raw.bytes);
}

fn read_raw_info<'a>(fields: &mut Decoder<'a>, came: Came) -> Option<RawInfo<'a>> {
    Some(RawInfo {
        message_id: MessageId::from_bytes(fields.id()?),
        addressed: PatientKey::from_bytes(fields.id()?),
        message_time: EventTime::from_micros(fields.i64()?),
        received_time: ReceivedTime::from_micros(fields.i64()?),
        topic: fields.text()?,
        partition: fields.u16()?,
        offset: fields.u64()?,
        source: fields.text()?,
        way: came.way,
        backfill: came.backfill,
        retired: came.retired,
        bytes: fields.bytes()?,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn split_bytes_of_version_1_are_read_for_ever() {
        let raw = RawInfo {
            message_id: MessageId::from_bytes([1; 16]),
            addressed: PatientKey::from_bytes([2; 16]),
            message_time: EventTime::from_micros(3),
            received_time: ReceivedTime::from_micros(4),
            topic: "t",
            partition: 5,
            offset: 6,
            source: "s",
            way: Way::Mllp,
            backfill: false,
            retired: None,
            bytes: b"MSH",
        };
        let key = PatientKey::from_bytes([7; 16]);
        let visit = Passage {
            before: "e1",
            now: "e2",
        };
        let all = [
            Split::Message { raw },
            Split::Retire { into: key, raw },
            Split::Kept { by: key, raw },
            Split::Handover {
                from: key,
                state: b"st",
                raw,
            },
            Split::Release {
                to: key,
                visit,
                raw,
            },
            Split::ReleaseAccount {
                to: key,
                account: NamedAccount {
                    id: "a1",
                    number: "7",
                },
                raw,
            },
            Split::Moved {
                from: key,
                visit,
                stay: b"st",
                raw,
            },
        ];
        let mut hex = String::new();
        for split in &all {
            let bytes = split.encode();
            assert_eq!(Split::decode(&bytes).as_ref(), Ok(split));
            for end in 0..bytes.len() {
                assert_eq!(Split::decode(&bytes[..end]), Err(UnreadableSplit));
            }
            hex.extend(bytes.iter().map(|byte| format!("{byte:02x}")));
            hex.push('\n');
        }
        expect![[r#"
            014d0101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
            0152070707070707070707070707070707070101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
            014b070707070707070707070707070707070101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
            0148070707070707070707070707070707070000000273740101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
            014c070707070707070707070707070707070000000265310000000265320101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
            01410707070707070707070707070707070700000002613100000001370101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
            0156070707070707070707070707070707070000000265310000000265320000000273740101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
        "#]].assert_eq(&hex);
    }

    #[test]
    fn what_is_said_beside_a_message_goes_along() {
        let retired = PatientKey::from_bytes([8; 16]);
        for way in Way::ALL {
            for (backfill, retired) in [
                (false, None),
                (true, None),
                (false, Some(retired)),
                (true, Some(retired)),
            ] {
                let raw = RawInfo {
                    message_id: MessageId::from_bytes([1; 16]),
                    addressed: PatientKey::from_bytes([2; 16]),
                    message_time: EventTime::from_micros(3),
                    received_time: ReceivedTime::from_micros(4),
                    topic: "t",
                    partition: 5,
                    offset: 6,
                    source: "s",
                    way,
                    backfill,
                    retired,
                    bytes: b"MSH",
                };
                let split = Split::Message { raw };
                assert_eq!(Split::decode(&split.encode()), Ok(split));
            }
        }
    }
}
