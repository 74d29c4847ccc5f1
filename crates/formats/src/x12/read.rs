//! Reads a file of X12: cuts it into segments, then finds the envelopes and what does not add up in them.

mod cut;
mod header;

use std::collections::BTreeSet;

use super::envelope::{File, Group, Interchange, TransactionSet};
use super::issue::{Issue, IssueCode, Issues, Level, Severity};
use super::segment::{Element, Segment};

/// Holds how much of everything one file may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of the file.
    pub file_bytes: usize,
    /// The segments of the file.
    pub segments: usize,
    /// The bytes of one segment, its terminator not counted.
    pub segment_bytes: usize,
}

impl Limits {
    /// The limits that hold when nothing else is said.
    pub const DEFAULT: Self = Self {
        file_bytes: 64 * 1024 * 1024,
        segments: 1_000_000,
        segment_bytes: 1024 * 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The most errors kept of one envelope; which of them are kept decides nothing.
const ERRORS_MAX: usize = 20;

/// The transaction sets that are known: those of health care payers, and acknowledgements.
const KNOWN: [&[u8]; 10] = [
    b"270", b"271", b"276", b"277", b"278", b"834", b"835", b"837", b"997", b"999",
];

/// Reads a file.
#[must_use]
pub fn read(bytes: &[u8]) -> File<'_> {
    read_with(bytes, &Limits::DEFAULT)
}

/// Reads a file under limits; what is over them is kept and reported, never read as something else.
#[must_use]
pub fn read_with<'b>(bytes: &'b [u8], limits: &Limits) -> File<'b> {
    let cut = cut::cut(bytes, limits);
    let mut reader = Reader {
        segments: &cut.segments,
        interchanges: Vec::new(),
        issues: Issues::default(),
        has_errors: false,
        open: Open::default(),
        numbers: BTreeSet::new(),
    };
    for issue in cut.issues.iter().filter(|one| one.segment == 0) {
        reader.push(*issue);
    }
    let mut cuts = cut.issues.iter().filter(|one| one.segment > 0).peekable();
    for (place, segment) in cut.segments.iter().enumerate() {
        reader.segment(place, segment);
        reader.examine(segment, limits);
        let mut is_cut_well = true;
        while let Some(issue) = cuts.next_if(|one| one.segment == segment.number) {
            is_cut_well &= issue.code.severity() == Severity::Warning;
            reader.push(*issue);
        }
        if segment.name() == b"ISA" && is_cut_well {
            reader.header(segment);
        }
    }
    reader.close_interchange(None);
    if reader.interchanges.is_empty() && !reader.has_errors {
        reader.report_at(IssueCode::Empty, None);
    }
    File {
        leading: cut.leading,
        trailing: cut.trailing,
        has_errors: reader.has_errors,
        interchanges: reader.interchanges,
        issues: reader.issues,
        segments: cut.segments,
    }
}

/// What is open at a place of the file.
#[derive(Debug, Default)]
struct Open<'b> {
    interchange: bool,
    group: bool,
    set: bool,
    /// The control numbers of the sets of the group.
    controls: BTreeSet<&'b [u8]>,
}

/// What the sender of a group is told of, though it is taken.
const DOUBTS: [IssueCode; 3] = [
    IssueCode::VersionOther,
    IssueCode::GuideOther,
    IssueCode::GroupKindDiffers,
];

struct Reader<'s, 'b> {
    segments: &'s [Segment<'b>],
    interchanges: Vec<Interchange>,
    issues: Issues,
    has_errors: bool,
    open: Open<'b>,
    /// Who sent which control number to whom: ISA05 to ISA08 and ISA13.
    numbers: BTreeSet<[&'b [u8]; 5]>,
}

impl<'b> Reader<'_, 'b> {
    fn segment(&mut self, place: usize, segment: &Segment<'b>) {
        match segment.name() {
            b"ISA" => {
                self.close_interchange(Some(segment));
                self.open_interchange(Some(place));
            }
            b"GS" => {
                self.close_group(Some(segment));
                self.open_group(Some(place), segment);
            }
            b"ST" => self.open_set(place, segment),
            b"SE" => self.set_trailer(place, segment),
            b"GE" => self.group_trailer(place, segment),
            b"IEA" => self.interchange_trailer(place, segment),
            name => {
                let is_answer = self.open.interchange && name == b"TA1";
                match self.set() {
                    Some(set) => set.segments.end = place + 1,
                    None if is_answer => {}
                    None => self.report(IssueCode::StraySegment, segment, None),
                }
            }
        }
    }

    /// Looks at what the elements of ISA say.
    fn header(&mut self, segment: &Segment<'b>) {
        for element in header::wrong_values(segment) {
            self.report(IssueCode::HeaderValue, segment, Some(element));
        }
        let number = [5, 6, 7, 8, 13].map(|element| segment.element(element).raw().trim_ascii());
        if !self.numbers.insert(number) {
            self.report(IssueCode::InterchangeControlDuplicate, segment, Some(13));
        }
    }

    fn examine(&mut self, segment: &Segment<'b>, limits: &Limits) {
        let name = segment.name();
        let is_capital = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(2..=3).contains(&name.len()) || !name.iter().all(is_capital) {
            self.report(IssueCode::SegmentName, segment, None);
        }
        if segment.raw.len() > limits.segment_bytes {
            self.report(IssueCode::SegmentTooLong, segment, None);
        }
    }

    fn open_interchange(&mut self, header: Option<usize>) {
        self.interchanges.push(Interchange {
            header,
            ..Interchange::default()
        });
        self.open.interchange = true;
    }

    fn open_group(&mut self, header: Option<usize>, segment: &Segment<'b>) {
        if !self.open.interchange {
            self.open_interchange(None);
            self.report(IssueCode::InterchangeHeaderMissing, segment, None);
        }
        if let Some(interchange) = self.interchanges.last_mut() {
            interchange.groups.push(Group {
                header,
                ..Group::default()
            });
        }
        self.open.group = true;
        self.open.controls.clear();
        let version = header.map(|_| segment.element(8));
        if version.is_some_and(|version| !version.raw().starts_with(b"005010")) {
            self.report(IssueCode::VersionOther, segment, Some(8));
        }
        let kind = segment.element(1);
        if version.is_some_and(|version| !header::is_guide(kind.raw(), version.raw())) {
            self.report(IssueCode::GuideOther, segment, Some(8));
        }
    }

    fn open_set(&mut self, place: usize, segment: &Segment<'b>) {
        self.close_set(Some(segment));
        if !self.open.group {
            self.open_group(None, segment);
            self.report(IssueCode::GroupHeaderMissing, segment, None);
        }
        self.examine_kind(segment);
        if let Some(group) = self.group() {
            group.sets.push(TransactionSet {
                segments: place..place + 1,
                ..TransactionSet::default()
            });
        }
        self.open.set = true;
        let (kind, control) = (segment.element(1), segment.element(2));
        if !KNOWN.contains(&kind.raw()) {
            self.report(IssueCode::SetUnknown, segment, Some(1));
        }
        if control.is_empty() {
            self.report(IssueCode::SetControlMissing, segment, Some(2));
        } else if !self.open.controls.insert(control.raw()) {
            self.report(IssueCode::SetControlDuplicate, segment, Some(2));
        }
    }

    /// Tells once of a group which sets it does not hold.
    fn examine_kind(&mut self, set: &Segment<'b>) {
        let (code, kind) = (IssueCode::GroupKindDiffers, set.element(1).raw());
        let segments = self.segments;
        let Some(group) = self.group() else {
            return;
        };
        let header = group.header.and_then(|place| segments.get(place));
        let is_told = group.doubts.iter().any(|one| one.code == code);
        if let Some(header) = header.filter(|_| !is_told)
            && !header::holds(header.element(1).raw(), kind)
        {
            self.report(code, header, Some(1));
        }
    }

    fn set_trailer(&mut self, place: usize, segment: &Segment<'b>) {
        let Some(set) = self.set() else {
            self.report(IssueCode::SetHeaderMissing, segment, None);
            return;
        };
        set.segments.end = place + 1;
        set.has_trailer = true;
        let (start, count) = (set.segments.start, set.segments.len());
        if !counts(segment.element(1), count) {
            self.report(IssueCode::SegmentCountDiffers, segment, Some(1));
        }
        if !self.agrees(Some(start), 2, segment) {
            self.report(IssueCode::SetControlDiffers, segment, Some(2));
        }
        self.open.set = false;
    }

    fn group_trailer(&mut self, place: usize, segment: &Segment<'b>) {
        self.close_set(Some(segment));
        if !self.open.group {
            self.open_group(None, segment);
            self.report(IssueCode::GroupHeaderMissing, segment, None);
        }
        let Some(group) = self.group() else {
            return;
        };
        group.trailer = Some(place);
        let (header, count) = (group.header, group.sets.len());
        if !counts(segment.element(1), count) {
            self.report(IssueCode::SetCountDiffers, segment, Some(1));
        }
        if header.is_some() && !self.agrees(header, 6, segment) {
            self.report(IssueCode::GroupControlDiffers, segment, Some(2));
        }
        self.open.group = false;
    }

    fn interchange_trailer(&mut self, place: usize, segment: &Segment<'b>) {
        self.close_group(Some(segment));
        if !self.open.interchange {
            self.open_interchange(None);
            self.report(IssueCode::InterchangeHeaderMissing, segment, None);
        }
        let Some(interchange) = self.interchanges.last_mut() else {
            return;
        };
        interchange.trailer = Some(place);
        let (header, count) = (interchange.header, interchange.groups.len());
        if !counts(segment.element(1), count) {
            self.report(IssueCode::GroupCountDiffers, segment, Some(1));
        }
        if header.is_some() && !self.agrees(header, 13, segment) {
            self.report(IssueCode::InterchangeControlDiffers, segment, Some(2));
        }
        self.open.interchange = false;
    }

    /// Ends a set that no SE ended, at the segment that shows it or at the end of the file.
    fn close_set(&mut self, at: Option<&Segment<'b>>) {
        if self.open.set {
            self.report_at(IssueCode::SetTrailerMissing, at);
            self.open.set = false;
        }
    }

    fn close_group(&mut self, at: Option<&Segment<'b>>) {
        self.close_set(at);
        if self.open.group {
            if self.group().is_some_and(|group| group.header.is_some()) {
                self.report_at(IssueCode::GroupTrailerMissing, at);
            }
            self.open.group = false;
        }
    }

    fn close_interchange(&mut self, at: Option<&Segment<'b>>) {
        self.close_group(at);
        if self.open.interchange {
            let last = self.interchanges.last();
            if last.is_some_and(|interchange| interchange.header.is_some()) {
                self.report_at(IssueCode::InterchangeTrailerMissing, at);
            }
            self.open.interchange = false;
        }
    }

    /// Whether the second element of a trailer is the control number of its header.
    fn agrees(&self, header: Option<usize>, element: usize, trailer: &Segment<'b>) -> bool {
        let header = header.and_then(|place| self.segments.get(place));
        let control = header.map(|header| header.element(element));
        let own = trailer.element(2);
        control.is_some_and(|one| one.raw().trim_ascii() == own.raw().trim_ascii())
    }

    fn group(&mut self) -> Option<&mut Group> {
        self.interchanges.last_mut()?.groups.last_mut()
    }

    fn set(&mut self) -> Option<&mut TransactionSet> {
        if self.open.set {
            self.group()?.sets.last_mut()
        } else {
            None
        }
    }

    fn report(&mut self, code: IssueCode, segment: &Segment<'b>, element: Option<u8>) {
        let place = element.map(|number| segment.element(usize::from(number)).position());
        self.push(Issue {
            code,
            segment: segment.number,
            element: element.map(u32::from),
            position: place.unwrap_or(segment.position),
        });
    }

    fn report_at(&mut self, code: IssueCode, at: Option<&Segment<'b>>) {
        match at.or(self.segments.last()) {
            Some(segment) => self.report(code, segment, None),
            None => self.push(Issue {
                code,
                segment: 0,
                element: None,
                position: 0,
            }),
        }
    }

    /// Notes an issue, and in the envelope that it speaks of where it is an error.
    fn push(&mut self, issue: Issue) {
        self.issues.push(issue);
        if issue.code.severity() != Severity::Error {
            let group = self.interchanges.last_mut();
            let group = group.and_then(|interchange| interchange.groups.last_mut());
            if let Some(group) = group.filter(|_| DOUBTS.contains(&issue.code)) {
                group.doubts.push(issue);
            }
            return;
        }
        self.has_errors = true;
        let has_set = self.open.set;
        let Some(interchange) = self.interchanges.last_mut() else {
            return;
        };
        let errors = match (issue.code.level(), interchange.groups.last_mut()) {
            (Level::Group, Some(group)) => &mut group.errors,
            (Level::Set, Some(group)) => match group.sets.last_mut().filter(|_| has_set) {
                Some(set) => &mut set.errors,
                None => &mut group.errors,
            },
            _ => &mut interchange.errors,
        };
        if errors.len() < ERRORS_MAX {
            errors.push(issue);
        }
    }
}

/// Whether a trailer's first element is a number.
fn counts(declared: Element<'_>, found: usize) -> bool {
    let text = std::str::from_utf8(declared.raw().trim_ascii());
    text.is_ok_and(|text| text.parse() == Ok(found))
}
