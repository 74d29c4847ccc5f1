//! Every limit on what a sender may send, with its default.

/// The largest message that a source may be allowed to send: a frame may not be configured to hold more.
pub const MESSAGE_BYTES_MOST: usize = 32 * 1024 * 1024;

/// Holds how much of everything one message may have.
///
/// What is over a limit is reported as an issue and never read as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of one MLLP frame.
    pub frame_bytes: usize,
    /// The bytes sent outside any frame before the connection is given up.
    pub garbage_bytes: usize,
    /// The bytes of one message.
    pub message_bytes: usize,
    /// The bytes of one segment, its terminator not counted; a document in OBX-5 is part of one.
    pub segment_bytes: usize,
    /// The segments of one message, blank lines included.
    pub segments: usize,
    /// The fields of one segment.
    pub fields: usize,
    /// The repetitions of one field.
    pub repetitions: usize,
    /// The components, or the subcomponents, of one repetition of a field.
    pub components: usize,
}

impl Limits {
    /// The limits that hold when a source sets none.
    pub const DEFAULT: Self = Self {
        frame_bytes: 16 * 1024 * 1024,
        garbage_bytes: 1024,
        message_bytes: MESSAGE_BYTES_MOST,
        segment_bytes: MESSAGE_BYTES_MOST,
        segments: 10_000,
        fields: 1_000,
        repetitions: 1_000,
        components: 1_000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The most issues kept of one message; the rest are counted.
pub const ISSUES_MAX: usize = 100;

/// The most index entries a [`crate::hl7v2::Parser`] keeps between messages, so that one huge message does not hold its memory for ever.
pub const RETAINED_ENTRIES_MAX: usize = 256 * 1024;

/// The most spaces or line breaks one formatting escape may ask for; one asking for more is kept as it stands.
pub const FORMATTING_ESCAPE_MAX: usize = 100;

/// The longest escape sequence read as one, `\X..\` apart; a longer one is text.
pub const ESCAPE_BYTES_MAX: usize = 32;
