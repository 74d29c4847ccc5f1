//! MLLP: messages framed by a vertical tab before and a file separator and carriage return after.

use crate::limits::Limits;

/// Comes before a message.
pub const START: u8 = 0x0B;
/// Comes after a message, followed by [`END_SECOND`].
pub const END: u8 = 0x1C;
/// Follows [`END`].
pub const END_SECOND: u8 = b'\r';

/// What the bytes of a connection hold, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'d> {
    /// The bytes of one message.
    Frame(&'d [u8]),
    /// Bytes outside any frame were skipped; line ends are not counted.
    Skipped {
        /// How many.
        bytes: usize,
    },
    /// More bytes came outside any frame than are skipped; close the connection without an answer.
    TooMuchGarbage {
        /// How many are skipped at most.
        limit: usize,
    },
    /// A frame is longer than one may be; refuse it and close the connection.
    TooLong {
        /// How long a frame may be.
        limit: usize,
    },
    /// The input ended inside a frame; nothing of it was a message.
    Incomplete {
        /// How many bytes there were.
        bytes: usize,
    },
}

/// Finds frames in the bytes of one connection, however they are cut into chunks.
///
/// A frame ends at [`END`] followed by [`END_SECOND`]. A sender that leaves the second out is understood too: the frame
/// also ends at an [`END`] followed by the next [`START`], or at one that nothing follows when [`Decoder::finish`] is
/// called (at the end of the input, or when the connection has been silent and [`Decoder::is_end_pending`]).
/// Any other [`END`] is data.
///
/// After [`Event::TooLong`] or [`Event::TooMuchGarbage`] nothing that follows is read as a message.
#[derive(Debug, Clone)]
pub struct Decoder {
    limits: Limits,
    buffer: Vec<u8>,
    /// Bytes before this were handed out or skipped.
    consumed: usize,
    /// Bytes of the frame up to this hold no end.
    scanned: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Outside any frame, with so many bytes of garbage since the last one.
    Between { garbage: usize },
    /// Inside a frame, whose first byte is the first one not consumed.
    Inside,
    /// Given up.
    Closed,
}

const BETWEEN: State = State::Between { garbage: 0 };

/// Puts a frame around a message; ask [`fits_in_frame`] first about one that somebody else made.
#[must_use]
pub fn encode(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(message.len() + 3);
    frame.push(START);
    frame.extend_from_slice(message);
    frame.extend_from_slice(&[END, END_SECOND]);
    frame
}

/// Reports whether a message can be framed: whether nothing in it would be read as the end of the frame.
#[must_use]
pub fn fits_in_frame(message: &[u8]) -> bool {
    let ends = memchr::memchr_iter(END, message);
    ends.map(|place| message.get(place + 1))
        .all(|next| !matches!(next, Some(&END_SECOND | &START)))
}

impl Decoder {
    /// Creates a decoder for one connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: Vec::new(),
            consumed: 0,
            scanned: 0,
            state: BETWEEN,
        }
    }

    /// Takes a chunk of bytes; ask for events until there are none before the next one.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.state == State::Closed {
            return;
        }
        self.buffer.drain(..self.consumed);
        self.scanned = self.scanned.saturating_sub(self.consumed);
        self.consumed = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// Gives how many bytes are copied to take a chunk in: those of a long frame when it outgrows its room.
    #[must_use]
    pub fn copies(&self, chunk: usize) -> usize {
        let free = self.buffer.capacity() - self.buffer.len() + self.consumed;
        if chunk > free { self.rest().len() } else { 0 }
    }

    /// Returns the next event; none if more bytes are needed.
    pub fn next_event(&mut self) -> Option<Event<'_>> {
        match self.state {
            State::Closed => None,
            State::Between { garbage } => {
                if let Some(event) = self.skip(garbage) {
                    return Some(event);
                }
                (self.state == State::Inside)
                    .then(|| self.frame())
                    .flatten()
            }
            State::Inside => self.frame(),
        }
    }

    /// Says that no more bytes come for now, and returns the frame that ends because of it, or what is left over.
    ///
    /// Call it when the connection ends, or when it was silent for a while and [`Decoder::is_end_pending`].
    pub fn finish(&mut self) -> Option<Event<'_>> {
        match std::mem::replace(&mut self.state, BETWEEN) {
            State::Closed => {
                self.state = State::Closed;
                None
            }
            State::Between { garbage: 0 } => None,
            State::Between { garbage } => Some(Event::Skipped { bytes: garbage }),
            State::Inside => {
                let start = self.consumed;
                let end = self.buffer.len();
                self.consumed = end;
                let rest = self.buffer.get(start..end).unwrap_or_default();
                Some(match rest.strip_suffix(&[END]) {
                    Some(frame) => Event::Frame(frame),
                    None => Event::Incomplete { bytes: rest.len() },
                })
            }
        }
    }

    /// Reports whether the last byte may have been the end of a frame, so that silence would mean that it was.
    #[must_use]
    pub fn is_end_pending(&self) -> bool {
        self.state == State::Inside && self.rest().last() == Some(&END)
    }

    /// Reports whether a frame has begun and not ended, so that its deadline runs.
    #[must_use]
    pub fn is_inside_frame(&self) -> bool {
        self.state == State::Inside
    }

    /// Reports whether nothing that follows will be read, so that the connection is to be closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.consumed..).unwrap_or_default()
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.buffer = Vec::new();
        self.consumed = 0;
        self.scanned = 0;
    }

    /// Skips what comes before a frame.
    fn skip(&mut self, garbage: usize) -> Option<Event<'static>> {
        let rest = self.rest();
        let start = memchr::memchr(START, rest);
        let before = rest.get(..start.unwrap_or(rest.len())).unwrap_or_default();
        let is_counted = |byte: &&u8| !matches!(**byte, b'\r' | b'\n');
        let garbage = garbage + before.iter().filter(is_counted).count();
        let limit = self.limits.garbage_bytes;
        if garbage > limit {
            self.close();
            return Some(Event::TooMuchGarbage { limit });
        }
        self.consumed += before.len();
        let Some(_) = start else {
            self.state = State::Between { garbage };
            return None;
        };
        self.consumed += 1;
        self.scanned = self.consumed;
        self.state = State::Inside;
        (garbage > 0).then_some(Event::Skipped { bytes: garbage })
    }

    /// Looks for the end of the frame that has begun.
    fn frame(&mut self) -> Option<Event<'_>> {
        let start = self.consumed;
        let limit = self.limits.frame_bytes;
        // One byte past the limit may be the end.
        let last = self
            .buffer
            .len()
            .min(start.saturating_add(limit).saturating_add(1));
        let mut end = None;
        while let Some(found) = self
            .buffer
            .get(self.scanned..last)
            .and_then(|rest| memchr::memchr(END, rest))
        {
            let place = self.scanned + found;
            match self.buffer.get(place + 1) {
                None => {
                    self.scanned = place;
                    return None;
                }
                Some(&END_SECOND) => end = Some((place, place + 2)),
                Some(&START) => end = Some((place, place + 1)),
                Some(_) => {
                    self.scanned = place + 1;
                    continue;
                }
            }
            break;
        }
        let Some((end, next)) = end else {
            self.scanned = last;
            if last - start > limit {
                self.close();
                return Some(Event::TooLong { limit });
            }
            return None;
        };
        self.consumed = next;
        self.scanned = next;
        self.state = BETWEEN;
        self.buffer.get(start..end).map(Event::Frame)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::DEFAULT)
    }
}

#[cfg(test)]
mod tests;
