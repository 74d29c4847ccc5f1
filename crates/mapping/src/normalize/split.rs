//! What patients' keys send each other on `healthcare.patient.split`.

use clinical::{EventTime, MessageId, PatientKey, ReceivedTime};

use super::bytes::{Decoder, Encoder};
use super::visit::{NamedAccount, Passage};
use super::{RawInfo, Way};

/// The version that a split record begins with.
const VERSION: u8 = 2;
/// The version before ways were told apart.
const VERSION_1: u8 = 1;
/// Is set where the message is history.
const BACKFILL: u8 = 1;
/// Is set where an identity follows that the sender says goes into this one.
const RETIRED: u8 = 2;

/// A record of `healthcare.patient.split`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split<'a> {
    /// The raw message: one patient's part of a message of several, what arrived for a retired identity, or what a notice is about.
    pub raw: RawInfo<'a>,
    /// What another key says because of it; nothing where the message itself is for this key, and to be mapped first.
    pub notice: Option<Notice<'a>>,
}

/// What one key says to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// The key's identity goes: the survivor has accepted that.
    Retire {
        /// The survivor.
        into: PatientKey,
    },
    /// The identity that this key took in stays: it went elsewhere before, or took this one in itself.
    Kept {
        /// The identity that stays.
        by: PatientKey,
    },
    /// What normalize knew of an identity that has gone.
    Handover {
        /// The identity that has gone.
        from: PatientKey,
        /// Its state, as [`super::State::encode`] gives it.
        state: &'a [u8],
    },
    /// A visit of this key is another's: this key gives it up.
    Release {
        /// Whose visit it is.
        to: PatientKey,
        /// The visit.
        visit: Passage<'a>,
    },
    /// An account of this key is another's, with its visits: this key gives them up.
    ReleaseAccount {
        /// Whose account it is.
        to: PatientKey,
        /// The account.
        account: NamedAccount<'a>,
    },
    /// What normalize knew of a visit where it did not belong.
    Moved {
        /// Whose visit it was.
        from: PatientKey,
        /// The visit.
        visit: Passage<'a>,
        /// What was known of it there.
        stay: &'a [u8],
    },
    /// The claim of this key is a patient's.
    Claimed {
        /// Whose claim it is.
        by: PatientKey,
        /// The payer whom it was sent to, where their number is known.
        payer: &'a str,
    },
    /// Who had the claim of this key is another identity now.
    Succeeded {
        /// Who has it now.
        by: PatientKey,
        /// The identity that has gone.
        gone: PatientKey,
    },
}

/// A split record was not written by this program, or by a newer version of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the split record was not written by this program, or by a newer version: upgrade before reading it"
)]
pub struct UnreadableSplit;

impl<'a> Split<'a> {
    /// Gives the bytes that [`Split::decode`] reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        let raw = &self.raw;
        // What came as everything did before ways were told apart is written as it was then.
        if raw.way == Way::Mllp && !raw.backfill && raw.retired.is_none() {
            out.byte(VERSION_1);
        } else {
            out.byte(VERSION);
            came(&mut out, raw);
        }
        match &self.notice {
            None => out.byte(b'M'),
            Some(notice) => self::notice(&mut out, notice),
        }
        raw_info(&mut out, raw);
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
        let notice = match fields.byte()? {
            b'M' => None,
            kind => Some(read_notice(fields, kind)?),
        };
        let raw = read_raw_info(fields, came)?;
        fields.0.is_empty().then_some(Self { raw, notice })
    }
}

fn notice(out: &mut Encoder, notice: &Notice<'_>) {
    let (kind, whom) = match notice {
        Notice::Retire { into } => (b'R', into),
        Notice::Kept { by } => (b'K', by),
        Notice::Handover { from, .. } => (b'H', from),
        Notice::Release { to, .. } => (b'L', to),
        Notice::ReleaseAccount { to, .. } => (b'A', to),
        Notice::Moved { from, .. } => (b'V', from),
        Notice::Claimed { by, .. } => (b'C', by),
        Notice::Succeeded { by, .. } => (b'S', by),
    };
    out.byte(kind);
    out.id(whom.as_bytes());
    match notice {
        Notice::Retire { .. } | Notice::Kept { .. } => {}
        Notice::Handover { state, .. } => out.bytes(state),
        Notice::Release { visit, .. } => passage(out, *visit),
        Notice::Claimed { payer, .. } => out.bytes(payer.as_bytes()),
        Notice::Succeeded { gone, .. } => out.id(gone.as_bytes()),
        Notice::ReleaseAccount { account, .. } => {
            out.bytes(account.id.as_bytes());
            out.bytes(account.number.as_bytes());
        }
        Notice::Moved { visit, stay, .. } => {
            passage(out, *visit);
            out.bytes(stay);
        }
    }
}

fn read_notice<'a>(fields: &mut Decoder<'a>, kind: u8) -> Option<Notice<'a>> {
    let whom = PatientKey::from_bytes(fields.id()?);
    Some(match kind {
        b'R' => Notice::Retire { into: whom },
        b'K' => Notice::Kept { by: whom },
        b'H' => Notice::Handover {
            from: whom,
            state: fields.bytes()?,
        },
        b'L' => Notice::Release {
            to: whom,
            visit: read_passage(fields)?,
        },
        b'A' => Notice::ReleaseAccount {
            to: whom,
            account: NamedAccount {
                id: fields.text()?,
                number: fields.text()?,
            },
        },
        b'V' => Notice::Moved {
            from: whom,
            visit: read_passage(fields)?,
            stay: fields.bytes()?,
        },
        b'C' => Notice::Claimed {
            by: whom,
            payer: fields.text()?,
        },
        b'S' => Notice::Succeeded {
            by: whom,
            gone: PatientKey::from_bytes(fields.id()?),
        },
        _ => return None,
    })
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

    const RAW: RawInfo<'static> = RawInfo {
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

    #[test]
    fn split_bytes_of_version_1_are_read_for_ever() {
        let raw = RAW;
        let key = PatientKey::from_bytes([7; 16]);
        let visit = Passage {
            before: "e1",
            now: "e2",
        };
        let all = [
            None,
            Some(Notice::Retire { into: key }),
            Some(Notice::Kept { by: key }),
            Some(Notice::Handover {
                from: key,
                state: b"st",
            }),
            Some(Notice::Release { to: key, visit }),
            Some(Notice::ReleaseAccount {
                to: key,
                account: NamedAccount {
                    id: "a1",
                    number: "7",
                },
            }),
            Some(Notice::Moved {
                from: key,
                visit,
                stay: b"st",
            }),
            Some(Notice::Claimed {
                by: key,
                payer: "P1",
            }),
            Some(Notice::Succeeded {
                by: key,
                gone: PatientKey::from_bytes([8; 16]),
            }),
        ];
        let mut hex = String::new();
        for notice in all {
            let split = Split { raw, notice };
            let bytes = split.encode();
            assert_eq!(Split::decode(&bytes), Ok(split));
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
            0143070707070707070707070707070707070000000250310101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
            015307070707070707070707070707070707080808080808080808080808080808080101010101010101010101010101010102020202020202020202020202020202000000000000000300000000000000040000000174000500000000000000060000000173000000034d5348
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
                    way,
                    backfill,
                    retired,
                    ..RAW
                };
                let split = Split { raw, notice: None };
                assert_eq!(Split::decode(&split.encode()), Ok(split));
            }
        }
    }
}
