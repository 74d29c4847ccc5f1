//! Framing at random: however bytes are cut into chunks, the same frames come out, none is too long, nothing is lost.
#![forbid(unsafe_code)]

use formats::limits::Limits;
use formats::mllp::{self, Decoder, Event};
use fuzz::Recipe;

const LIMITS: Limits = Limits {
    frame_bytes: 2_000,
    garbage_bytes: 100,
    ..Limits::DEFAULT
};

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Frame(Vec<u8>),
    Skipped(usize),
    Ended(&'static str),
}

/// What comes out of bytes that come in chunks.
fn seen<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Vec<Seen> {
    let mut decoder = Decoder::new(LIMITS);
    let mut all = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        while let Some(event) = decoder.next_event() {
            all.push(noted(event));
        }
    }
    all.extend(decoder.finish().map(noted));
    all
}

fn noted(event: Event<'_>) -> Seen {
    match event {
        Event::Frame(bytes) => Seen::Frame(bytes.to_vec()),
        Event::Skipped { bytes } => Seen::Skipped(bytes),
        Event::TooMuchGarbage { .. } => Seen::Ended("garbage"),
        Event::TooLong { .. } => Seen::Ended("too long"),
        Event::Incomplete { .. } => Seen::Ended("incomplete"),
    }
}

#[test]
fn framing() {
    bolero::check!()
        .with_type::<(Recipe, Vec<Recipe>, Vec<u8>)>()
        .for_each(|(first, others, cuts)| {
            let mut bytes = mllp::encode(&first.message());
            for other in others.iter().take(3) {
                bytes.extend(mllp::encode(&other.message()));
            }
            let mut chunks = Vec::new();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (chunk, after) = rest.split_at(rest.len().min(usize::from(*cut)));
                chunks.push(chunk);
                rest = after;
            }
            chunks.push(rest);
            let whole = seen([bytes.as_slice()]);
            assert_eq!(whole, seen(chunks), "cut into chunks it is the same");
            for one in &whole {
                match one {
                    Seen::Frame(frame) => assert!(frame.len() <= LIMITS.frame_bytes),
                    Seen::Skipped(skipped) => assert!(*skipped <= LIMITS.garbage_bytes),
                    Seen::Ended(_) => {}
                }
            }
            let message = first.message();
            if mllp::fits_in_frame(&message) && message.len() <= LIMITS.frame_bytes {
                assert_eq!(
                    seen([mllp::encode(&message).as_slice()]),
                    [Seen::Frame(message)]
                );
            }
        });
}
