//! A processor whose records say what it is to do, so that a test can make it do anything.

use journal::limits::WRITE_BYTES_MAX;
use journal::{Headers, Record};
use stream::{Context, Input, Processor, StepError};

/// What a record's value asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ask {
    Emit,
    SetTimer,
    CancelTimer,
    Forget,
    Forward,
    EmitIfLate,
    Fail,
    Panic,
    SetFailingTimer,
    EmitElsewhere,
    EmitMuch,
    EmitTooMuch,
}

pub(crate) const ASKS: [Ask; 11] = [
    Ask::Emit,
    Ask::SetTimer,
    Ask::CancelTimer,
    Ask::Forget,
    Ask::Forward,
    Ask::EmitIfLate,
    Ask::Fail,
    Ask::Panic,
    Ask::SetFailingTimer,
    Ask::EmitElsewhere,
    Ask::EmitMuch,
];

/// What a tag starts with whose timer fails.
const FAILING: u8 = b'!';
/// What a tag starts with whose timer sets itself again.
const REPEATING: u8 = b'*';
/// What a tag starts with whose timer sets itself again at once, and does nothing else.
const STUCK: u8 = b'=';
/// What counts as late.
const WINDOW: i64 = 50;

/// Sums up everything a key has seen, in order, so that any other order gives another sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    count: u64,
    digest: u64,
}

impl Seen {
    fn add(&mut self, what: &[u8], cx: &Context<'_>) {
        let times = [cx.watermark().to_be_bytes(), cx.received().to_be_bytes()].concat();
        self.count += 1;
        for byte in what.iter().chain(&times) {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

pub(crate) struct Script;

impl Processor for Script {
    type State = Seen;

    fn step(
        &self,
        seen: &mut Seen,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        match input {
            Input::Record { record, .. } => {
                let value = record.value.unwrap_or_default();
                seen.add(value, cx);
                let (ask, delay) = (value.first().copied(), value.get(1).copied().unwrap_or(0));
                let at = record.event_time + i64::from(delay);
                let tag = value.get(2..).unwrap_or_default();
                let known = ASKS.into_iter().chain([Ask::EmitTooMuch]);
                let ask = ask.and_then(|ask| known.into_iter().find(|known| *known as u8 == ask));
                match ask.unwrap_or(Ask::Emit) {
                    Ask::Emit => emit(seen, cx, "emitted"),
                    Ask::SetTimer => cx.set_timer(tag, at),
                    Ask::CancelTimer => cx.cancel_timer(tag),
                    Ask::Forget => *seen = Seen::default(),
                    Ask::Forward => {
                        let key = [record.key, b"+"].concat().into();
                        let value = Some([Ask::Emit as u8, 0].as_slice().into());
                        cx.emit(
                            "b",
                            Record {
                                key,
                                value,
                                ..record.to_record()
                            },
                        );
                    }
                    Ask::EmitIfLate if cx.is_late(record.event_time, WINDOW) => {
                        cx.emit_late(record, Headers::new());
                    }
                    Ask::EmitIfLate => emit(seen, cx, "in time"),
                    Ask::Fail => {
                        half_done(seen, cx, at);
                        return Err(StepError::new("asked-to-fail", "it was asked to"));
                    }
                    Ask::Panic => {
                        half_done(seen, cx, at);
                        panic!("it was asked to");
                    }
                    Ask::SetFailingTimer => cx.set_timer(&[&[FAILING], tag].concat(), at),
                    Ask::EmitElsewhere => cx.emit("elsewhere", Record::default()),
                    Ask::EmitMuch => (0..9).for_each(|_| emit(seen, cx, "one of many")),
                    Ask::EmitTooMuch => {
                        let value = Some(vec![0; WRITE_BYTES_MAX].into());
                        cx.emit(
                            "out",
                            Record {
                                value,
                                ..Record::default()
                            },
                        );
                    }
                }
            }
            Input::Timer { tag, at } if tag.first() == Some(&STUCK) => cx.set_timer(tag, at),
            Input::Timer { tag, at } => {
                seen.add(tag, cx);
                emit(seen, cx, "fired");
                match tag.first() {
                    Some(&FAILING) => {
                        half_done(seen, cx, at);
                        return Err(StepError::new("asked-to-fail", "it was asked to"));
                    }
                    Some(&REPEATING) => cx.set_timer(tag, at + 7),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn encode(&self, seen: &Seen, out: &mut Vec<u8>) -> bool {
        out.push(1);
        out.extend_from_slice(&seen.count.to_be_bytes());
        out.extend_from_slice(&seen.digest.to_be_bytes());
        *seen != Seen::default()
    }

    fn decode(&self, bytes: &[u8]) -> Result<Seen, StepError> {
        let damaged = || StepError::new("state", "not a state of this version");
        let [1, rest @ ..] = bytes else {
            return Err(damaged());
        };
        let (count, digest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let digest = digest.try_into().map_err(|_| damaged())?;
        Ok(Seen {
            count: u64::from_be_bytes(*count),
            digest: u64::from_be_bytes(digest),
        })
    }
}

/// Leaves as much behind as a step can before it fails.
fn half_done(seen: &mut Seen, cx: &mut Context<'_>, at: i64) {
    seen.digest = 0;
    cx.set_timer(b"left behind", at);
    cx.cancel_timer(b"t");
    emit(seen, cx, "never seen");
}

fn emit(seen: &Seen, cx: &mut Context<'_>, what: &str) {
    let (watermark, received) = (cx.watermark(), cx.received());
    let value = format!(
        "{what} {} {:016x} at {watermark} by {received}",
        seen.count, seen.digest
    );
    let record = Record {
        key: cx.key().into(),
        event_time: watermark,
        received_time: received,
        value: Some(value.into_bytes().into()),
        ..Record::default()
    };
    cx.emit("out", record);
}
