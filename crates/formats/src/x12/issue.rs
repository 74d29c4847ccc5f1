//! What is wrong with a file of X12, said so that its sender can put it right.

use std::fmt;

use crate::limits::ISSUES_MAX;

/// Says how bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It can be used; something about it is doubtful.
    Warning,
    /// It cannot be relied on and is to be refused.
    Error,
}

/// Says of what an issue speaks, from the outside in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The whole file.
    File,
    /// One interchange.
    Interchange,
    /// One functional group.
    Group,
    /// One transaction set.
    Set,
}

/// Describes one thing that is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// What is wrong.
    pub code: IssueCode,
    /// The segment it is in, counted from 1 in the file; 0 where it is in none.
    pub segment: u32,
    /// The element it is in, counted from 1.
    pub element: Option<u32>,
    /// The byte it starts at, counted from 0.
    pub position: usize,
}

impl fmt::Display for Issue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segment > 0 {
            write!(formatter, "segment {}, ", self.segment)?;
        }
        if let Some(element) = self.element {
            write!(formatter, "element {element}, ")?;
        }
        let (text, name) = (self.code.text(), self.code.as_str());
        write!(formatter, "byte {}: {text} ({name})", self.position)
    }
}

/// Names what can be wrong with a file of X12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IssueCode {
    /// No interchange, and no part of one.
    Empty,
    /// More bytes than a file may have.
    FileTooLong,
    /// More segments than a file may have.
    TooManySegments,
    /// More bytes than a segment may have.
    SegmentTooLong,
    /// Other bytes before the first segment.
    LeadingBytes,
    /// Bytes that are not UTF-8.
    NotText,
    /// No ISA segment before what needs one.
    InterchangeHeaderMissing,
    /// An ISA segment that cannot be read.
    HeaderInvalid,
    /// An ISA segment whose elements have other widths than they must have.
    HeaderWidth,
    /// An element of ISA whose value it cannot have.
    HeaderValue,
    /// An interchange that is no production data where only that is taken.
    NotProduction,
    /// The control number of an earlier interchange of the same sender.
    InterchangeControlDuplicate,
    /// Delimiters that cannot split.
    DelimitersInvalid,
    /// Two delimiters with one character.
    DelimitersDuplicate,
    /// No IEA segment.
    InterchangeTrailerMissing,
    /// IEA02 is not ISA13.
    InterchangeControlDiffers,
    /// IEA01 is not the number of groups.
    GroupCountDiffers,
    /// No GS segment before what needs one.
    GroupHeaderMissing,
    /// No GE segment.
    GroupTrailerMissing,
    /// GE02 is not GS06.
    GroupControlDiffers,
    /// GE01 is not the number of transaction sets.
    SetCountDiffers,
    /// A version in GS08 that is not 005010.
    VersionOther,
    /// A guide in GS08 that the group has not.
    GuideOther,
    /// A transaction set that stands in no group of this GS01.
    GroupKindDiffers,
    /// A segment outside any transaction set.
    StraySegment,
    /// An SE segment without ST.
    SetHeaderMissing,
    /// No SE segment.
    SetTrailerMissing,
    /// SE02 is not ST02.
    SetControlDiffers,
    /// ST02 is empty.
    SetControlMissing,
    /// ST02 is that of an earlier set of the group.
    SetControlDuplicate,
    /// SE01 is not the number of segments.
    SegmentCountDiffers,
    /// ST01 names no set that is known here.
    SetUnknown,
    /// A segment whose name is not two or three capitals or digits.
    SegmentName,
    /// The last segment has no end.
    SegmentUnterminated,
}

impl IssueCode {
    /// Returns the name that configuration, metrics and documents use; it never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::FileTooLong => "file-too-long",
            Self::TooManySegments => "too-many-segments",
            Self::SegmentTooLong => "segment-too-long",
            Self::LeadingBytes => "leading-bytes",
            Self::NotText => "not-text",
            Self::InterchangeHeaderMissing => "interchange-header-missing",
            Self::HeaderInvalid => "header-invalid",
            Self::HeaderWidth => "header-width",
            Self::HeaderValue => "header-value",
            Self::NotProduction => "not-production",
            Self::InterchangeControlDuplicate => "interchange-control-duplicate",
            Self::DelimitersInvalid => "delimiters-invalid",
            Self::DelimitersDuplicate => "delimiters-duplicate",
            Self::InterchangeTrailerMissing => "interchange-trailer-missing",
            Self::InterchangeControlDiffers => "interchange-control-differs",
            Self::GroupCountDiffers => "group-count-differs",
            Self::GroupHeaderMissing => "group-header-missing",
            Self::GroupTrailerMissing => "group-trailer-missing",
            Self::GroupControlDiffers => "group-control-differs",
            Self::SetCountDiffers => "set-count-differs",
            Self::VersionOther => "version-other",
            Self::GuideOther => "guide-other",
            Self::GroupKindDiffers => "group-kind-differs",
            Self::StraySegment => "stray-segment",
            Self::SetHeaderMissing => "set-header-missing",
            Self::SetTrailerMissing => "set-trailer-missing",
            Self::SetControlDiffers => "set-control-differs",
            Self::SetControlMissing => "set-control-missing",
            Self::SetControlDuplicate => "set-control-duplicate",
            Self::SegmentCountDiffers => "segment-count-differs",
            Self::SetUnknown => "set-unknown",
            Self::SegmentName => "segment-name",
            Self::SegmentUnterminated => "segment-unterminated",
        }
    }

    /// Returns what it speaks of.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Empty
            | Self::FileTooLong
            | Self::TooManySegments
            | Self::LeadingBytes
            | Self::NotText => Level::File,
            Self::InterchangeHeaderMissing
            | Self::HeaderInvalid
            | Self::HeaderWidth
            | Self::HeaderValue
            | Self::NotProduction
            | Self::InterchangeControlDuplicate
            | Self::DelimitersInvalid
            | Self::DelimitersDuplicate
            | Self::InterchangeTrailerMissing
            | Self::InterchangeControlDiffers
            | Self::GroupCountDiffers => Level::Interchange,
            Self::GroupHeaderMissing
            | Self::GroupTrailerMissing
            | Self::GroupControlDiffers
            | Self::SetCountDiffers
            | Self::VersionOther
            | Self::GuideOther
            | Self::GroupKindDiffers
            | Self::SetHeaderMissing
            | Self::StraySegment => Level::Group,
            Self::SetTrailerMissing
            | Self::SetControlDiffers
            | Self::SetControlMissing
            | Self::SetControlDuplicate
            | Self::SegmentCountDiffers
            | Self::SetUnknown
            | Self::SegmentTooLong
            | Self::SegmentName
            | Self::SegmentUnterminated => Level::Set,
        }
    }

    /// Returns how bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::LeadingBytes
            | Self::NotText
            | Self::InterchangeHeaderMissing
            | Self::HeaderWidth
            | Self::GroupHeaderMissing
            | Self::VersionOther
            | Self::GuideOther
            | Self::GroupKindDiffers
            | Self::StraySegment
            | Self::SegmentName
            | Self::SegmentUnterminated => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Returns what is wrong and what to do, in plain words without any of the content.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Empty => "there is no interchange; send one that starts with ISA",
            Self::FileTooLong => {
                "the file is longer than may be sent; send it in several interchanges"
            }
            Self::TooManySegments => {
                "the file has more segments than may be sent; send it in several interchanges"
            }
            Self::SegmentTooLong => {
                "a segment is longer than may be sent; check the segment terminator in ISA"
            }
            Self::LeadingBytes => "bytes before the first segment were skipped; start with ISA",
            Self::NotText => {
                "bytes that are not UTF-8 were read as windows-1252; send the basic or extended set in UTF-8"
            }
            Self::InterchangeHeaderMissing => {
                "no ISA segment; the delimiters * ^ : ~ were taken, send the whole interchange"
            }
            Self::HeaderInvalid => {
                "the ISA segment cannot be read and the delimiters * ^ : ~ were taken; send 16 elements and a terminator, 106 bytes"
            }
            Self::HeaderWidth => {
                "the elements of ISA have not their widths; pad them with blanks to 106 bytes"
            }
            Self::HeaderValue => {
                "an element of ISA has a value that it cannot have; send one of its code list, a date, a time or a number as the standard has it there"
            }
            Self::NotProduction => {
                "ISA15 is not P and this source takes production data alone; send P, or set processing = \"any\" for the source"
            }
            Self::InterchangeControlDuplicate => {
                "ISA13 is the control number of an earlier interchange; send one of its own"
            }
            Self::DelimitersInvalid => {
                "a delimiter of ISA is a letter, a digit or a blank and the delimiters * ^ : ~ were taken; send these"
            }
            Self::DelimitersDuplicate => {
                "two delimiters of ISA are one character and the delimiters * ^ : ~ were taken; send these"
            }
            Self::InterchangeTrailerMissing => {
                "no IEA segment; the interchange may be cut, send it whole"
            }
            Self::InterchangeControlDiffers => {
                "IEA02 is not the control number in ISA13; send the same in both"
            }
            Self::GroupCountDiffers => {
                "IEA01 is not the number of functional groups; the interchange may be cut, send it whole"
            }
            Self::GroupHeaderMissing => "no GS segment; send the whole functional group",
            Self::GroupTrailerMissing => "no GE segment; the group may be cut, send it whole",
            Self::GroupControlDiffers => {
                "GE02 is not the control number in GS06; send the same in both"
            }
            Self::SetCountDiffers => {
                "GE01 is not the number of transaction sets; the group may be cut, send it whole"
            }
            Self::VersionOther => {
                "GS08 names another version than 005010; it was read as 005010, send that"
            }
            Self::GuideOther => {
                "GS08 names no guide that this group has; its sets were read by ST01 and ST03, send the guide's own"
            }
            Self::GroupKindDiffers => {
                "GS01 is not that of a transaction set in the group; the set was read by ST01, send it in a group of its own"
            }
            Self::StraySegment => {
                "a segment outside any transaction set was left out; send it between ST and SE"
            }
            _ => self.text_of_set(),
        }
    }

    const fn text_of_set(self) -> &'static str {
        match self {
            Self::SetHeaderMissing => "an SE segment without ST; send the whole transaction set",
            Self::SetTrailerMissing => {
                "no SE segment; the transaction set may be cut, send it whole"
            }
            Self::SetControlDiffers => {
                "SE02 is not the control number in ST02; send the same in both"
            }
            Self::SetControlMissing => "ST02 is empty; send a control number",
            Self::SetControlDuplicate => {
                "ST02 is the control number of an earlier set of the group; send one of its own"
            }
            Self::SegmentCountDiffers => {
                "SE01 is not the number of segments; the transaction set may be cut, send it whole"
            }
            Self::SetUnknown => {
                "ST01 names a transaction set that is not read here; send 270, 271, 276, 277, 278, 834, 835 or 837"
            }
            Self::SegmentName => {
                "a segment name that is not two or three capitals or digits was kept; check for a terminator inside an element"
            }
            _ => "the last segment has no terminator; end it with one",
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
    #[cold]
    pub(crate) fn push(&mut self, issue: Issue) {
        if self.kept.len() < ISSUES_MAX {
            self.kept.push(issue);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}
