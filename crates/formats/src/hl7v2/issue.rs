//! What is wrong with a message, said so that its sender can put it right.

use std::fmt;

use crate::limits::ISSUES_MAX;

/// Says how bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The message can be used; something about it was repaired or is doubtful.
    Warning,
    /// The message cannot be relied on and is to be refused.
    Error,
}

/// Names what can be wrong with the bytes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IssueCode {
    /// No segment that starts with MSH.
    NoHeader,
    /// UTF-16 bytes, which HL7 v2 separators cannot be found in.
    Utf16,
    /// More bytes than one message may have.
    MessageTooLong,
    /// More bytes than one segment may have.
    SegmentTooLong,
    /// More segments than a message may have.
    TooManySegments,
    /// More fields than a segment may have.
    TooManyFields,
    /// More repetitions than a field may have.
    TooManyRepetitions,
    /// More components or subcomponents than a field may have.
    TooManyComponents,
    /// Separators that cannot separate.
    SeparatorsInvalid,
    /// Two separators with one character.
    SeparatorsDuplicate,
    /// Fewer than four encoding characters.
    SeparatorsShort,
    /// More than five encoding characters.
    SeparatorsLong,
    /// The escape character written twice in MSH-2.
    SeparatorsDoubledEscape,
    /// A second MSH segment.
    SeveralHeaders,
    /// A batch or file header.
    BatchHeader,
    /// MSH-9 without a message type.
    MessageTypeMissing,
    /// MSH-10 without a control id.
    ControlIdMissing,
    /// MSH-12 without a version.
    VersionMissing,
    /// A byte order mark before the message.
    ByteOrderMark,
    /// Other bytes before the message.
    LeadingBytes,
    /// Framing bytes after the message.
    TrailingBytes,
    /// A line feed that ends a segment where carriage returns end the others.
    SegmentEndsMixed,
    /// A NUL byte.
    NulByte,
    /// A segment whose name is not three capitals or digits.
    SegmentName,
    /// A character set nobody knows in MSH-18.
    CharsetUnknown,
    /// A character set whose characters may hold separators.
    CharsetMultibyte,
    /// Bytes that are not text in the declared character set.
    CharsetMismatch,
}

/// Describes one thing that is wrong with a message, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// What is wrong.
    pub code: IssueCode,
    /// The segment it is in, counted from 1.
    pub segment: Option<u32>,
    /// The field it is in, counted from 1.
    pub field: Option<u32>,
    /// The byte it starts at, counted from 0.
    pub position: usize,
}

impl Issue {
    pub(crate) fn at(code: IssueCode, position: usize) -> Self {
        Self {
            code,
            segment: None,
            field: None,
            position,
        }
    }

    pub(crate) fn in_field(code: IssueCode, segment: u32, field: u32, position: usize) -> Self {
        Self {
            code,
            segment: Some(segment),
            field: Some(field),
            position,
        }
    }

    /// Returns how bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(segment) = self.segment {
            write!(formatter, "segment {segment}, ")?;
        }
        if let Some(field) = self.field {
            write!(formatter, "field {field}, ")?;
        }
        write!(
            formatter,
            "byte {}: {} ({})",
            self.position,
            self.code.text(),
            self.code.as_str()
        )
    }
}

impl IssueCode {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::NoHeader,
        Self::Utf16,
        Self::MessageTooLong,
        Self::SegmentTooLong,
        Self::TooManySegments,
        Self::TooManyFields,
        Self::TooManyRepetitions,
        Self::TooManyComponents,
        Self::SeparatorsInvalid,
        Self::SeparatorsDuplicate,
        Self::SeparatorsShort,
        Self::SeparatorsLong,
        Self::SeparatorsDoubledEscape,
        Self::SeveralHeaders,
        Self::BatchHeader,
        Self::MessageTypeMissing,
        Self::ControlIdMissing,
        Self::VersionMissing,
        Self::ByteOrderMark,
        Self::LeadingBytes,
        Self::TrailingBytes,
        Self::SegmentEndsMixed,
        Self::NulByte,
        Self::SegmentName,
        Self::CharsetUnknown,
        Self::CharsetMultibyte,
        Self::CharsetMismatch,
    ];

    /// Returns the name that configuration, metrics and documents use; it never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoHeader => "no-header",
            Self::Utf16 => "utf-16",
            Self::MessageTooLong => "message-too-long",
            Self::SegmentTooLong => "segment-too-long",
            Self::TooManySegments => "too-many-segments",
            Self::TooManyFields => "too-many-fields",
            Self::TooManyRepetitions => "too-many-repetitions",
            Self::TooManyComponents => "too-many-components",
            Self::SeparatorsInvalid => "separators-invalid",
            Self::SeparatorsDuplicate => "separators-duplicate",
            Self::SeparatorsShort => "separators-short",
            Self::SeparatorsLong => "separators-long",
            Self::SeparatorsDoubledEscape => "separators-doubled-escape",
            Self::SeveralHeaders => "several-headers",
            Self::BatchHeader => "batch-header",
            Self::MessageTypeMissing => "message-type-missing",
            Self::ControlIdMissing => "control-id-missing",
            Self::VersionMissing => "version-missing",
            Self::ByteOrderMark => "byte-order-mark",
            Self::LeadingBytes => "leading-bytes",
            Self::TrailingBytes => "trailing-bytes",
            Self::SegmentEndsMixed => "segment-ends-mixed",
            Self::NulByte => "nul-byte",
            Self::SegmentName => "segment-name",
            Self::CharsetUnknown => "charset-unknown",
            Self::CharsetMultibyte => "charset-multibyte",
            Self::CharsetMismatch => "charset-mismatch",
        }
    }

    /// Returns how bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::NoHeader
            | Self::Utf16
            | Self::MessageTooLong
            | Self::SegmentTooLong
            | Self::TooManySegments
            | Self::TooManyFields
            | Self::TooManyRepetitions
            | Self::TooManyComponents
            | Self::SeparatorsInvalid
            | Self::SeparatorsDuplicate
            | Self::SeveralHeaders
            | Self::BatchHeader
            | Self::MessageTypeMissing
            | Self::ControlIdMissing => Severity::Error,
            Self::SeparatorsShort
            | Self::SeparatorsLong
            | Self::SeparatorsDoubledEscape
            | Self::VersionMissing
            | Self::ByteOrderMark
            | Self::LeadingBytes
            | Self::TrailingBytes
            | Self::SegmentEndsMixed
            | Self::NulByte
            | Self::SegmentName
            | Self::CharsetUnknown
            | Self::CharsetMultibyte
            | Self::CharsetMismatch => Severity::Warning,
        }
    }

    /// Returns what is wrong and what to do, in plain words without any of the message's content.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoHeader => "no MSH segment; send a message that starts with MSH",
            Self::Utf16 => "the bytes are UTF-16; send UTF-8 and say UNICODE UTF-8 in MSH-18",
            Self::MessageTooLong => {
                "the message is longer than this source may send; send less or raise the limit on message bytes"
            }
            Self::SegmentTooLong => {
                "the segment is longer than this source may send; send less or raise the limit on segment bytes"
            }
            Self::TooManySegments => {
                "the message has more segments than this source may send; split it or raise the limit on segments"
            }
            Self::TooManyFields => {
                "the segment has more fields than this source may send; send fewer or raise the limit on fields"
            }
            Self::TooManyRepetitions => {
                "the field repeats more often than this source may send; send fewer or raise the limit on repetitions"
            }
            Self::TooManyComponents => {
                "the field has more components than this source may send; send fewer or raise the limit on components"
            }
            Self::SeparatorsInvalid => {
                "MSH-1 and MSH-2 do not give usable separators; send MSH|^~\\& and what follows"
            }
            Self::SeparatorsDuplicate => {
                "two of the separators in MSH-1 and MSH-2 are the same character; give each its own, best MSH|^~\\&"
            }
            Self::SeparatorsShort => {
                "MSH-2 has fewer than four characters; the standard ones were taken for the rest, send ^~\\&"
            }
            Self::SeparatorsLong => {
                "MSH-2 has more than five characters; those after the fifth were ignored, send ^~\\&"
            }
            Self::SeparatorsDoubledEscape => {
                "MSH-2 has the escape character twice; it was read as once, send ^~\\&"
            }
            Self::SeveralHeaders => {
                "a second MSH segment; send each message in a frame of its own or all in a batch"
            }
            Self::BatchHeader => {
                "a batch header instead of MSH; send the messages of the batch, one at least"
            }
            Self::MessageTypeMissing => "MSH-9 is empty; send the message type, such as ADT^A01",
            Self::ControlIdMissing => {
                "MSH-10 is empty; send an id of the message, so that it can be acknowledged"
            }
            Self::VersionMissing => "MSH-12 is empty; send the HL7 version, such as 2.5.1",
            Self::ByteOrderMark => "a byte order mark before MSH was skipped; send none",
            Self::LeadingBytes => "bytes before MSH were skipped; start the message with MSH",
            Self::TrailingBytes => {
                "framing bytes after the last segment were skipped; end with a carriage return"
            }
            Self::SegmentEndsMixed => {
                "a line feed before a segment name was read as the end of a segment; end every segment with a carriage return"
            }
            Self::NulByte => "a NUL byte was kept as data; send none",
            Self::SegmentName => {
                "a segment name that is not three capitals or digits was kept; check for a line break inside a field"
            }
            Self::CharsetUnknown => {
                "MSH-18 names no known character set; the source's own was taken, send one of HL7 table 0211"
            }
            Self::CharsetMultibyte => {
                "MSH-18 names a character set whose characters may hold separators; send UNICODE UTF-8"
            }
            Self::CharsetMismatch => {
                "bytes that are not text in the declared character set were kept and read as UTF-8 or windows-1252; set MSH-18 or the source's character set"
            }
        }
    }
}

/// Collects issues up to a limit and counts the rest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Issues {
    pub(crate) kept: Vec<Issue>,
    pub(crate) dropped: usize,
}

impl Issues {
    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.dropped = 0;
    }

    /// An error is always kept, in place of the last warning if need be, since it decides whether the message is used.
    #[cold]
    pub(crate) fn push(&mut self, issue: Issue) {
        if self.kept.len() < ISSUES_MAX {
            self.kept.push(issue);
            return;
        }
        self.dropped = self.dropped.saturating_add(1);
        let replaceable = self
            .kept
            .iter_mut()
            .rev()
            .find(|kept| kept.severity() < issue.severity());
        if let Some(warning) = replaceable {
            *warning = issue;
        }
    }
}
