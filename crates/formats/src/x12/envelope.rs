//! A file as it was read: interchanges, functional groups and transaction sets over one list of segments.

use std::ops::Range;

use super::issue::{Issue, IssueCode, Issues, Severity};
use super::segment::{Element, Segment};

/// A file of X12 as it was read; it borrows the bytes.
#[derive(Debug, Clone)]
pub struct File<'b> {
    pub(crate) leading: &'b [u8],
    pub(crate) segments: Vec<Segment<'b>>,
    pub(crate) trailing: &'b [u8],
    pub(crate) interchanges: Vec<Interchange>,
    pub(crate) issues: Issues,
    pub(crate) has_errors: bool,
}

/// An interchange: places in the list of segments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interchange {
    /// Its ISA segment; a fragment has none.
    pub header: Option<usize>,
    /// Its IEA segment.
    pub trailer: Option<usize>,
    /// Its functional groups.
    pub groups: Vec<Group>,
    /// The errors of the interchange itself, in the order found.
    pub errors: Vec<Issue>,
}

/// A functional group: places in the list of segments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Its GS segment; a fragment has none.
    pub header: Option<usize>,
    /// Its GE segment.
    pub trailer: Option<usize>,
    /// Its transaction sets.
    pub sets: Vec<TransactionSet>,
    /// The errors of the group itself, in the order found.
    pub errors: Vec<Issue>,
    /// What its sender is told of, though it is taken: another version, guide or kind of group.
    pub doubts: Vec<Issue>,
}

/// A transaction set: places in the list of segments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionSet {
    /// From ST to SE.
    pub segments: Range<usize>,
    /// Whether the last of them is SE.
    pub has_trailer: bool,
    /// Its errors, in the order found.
    pub errors: Vec<Issue>,
}

/// A transaction set with the envelope that it came in.
#[derive(Debug, Clone, Copy)]
pub struct Set<'f, 'b> {
    /// The file.
    pub file: &'f File<'b>,
    /// The interchange that it is in.
    pub interchange: &'f Interchange,
    /// The functional group that it is in.
    pub group: &'f Group,
    /// Its own places and errors.
    pub set: &'f TransactionSet,
}

impl<'b> File<'b> {
    /// Gives the interchanges; a fragment is one without header.
    #[must_use]
    pub fn interchanges(&self) -> &[Interchange] {
        &self.interchanges
    }

    /// Gives all segments, envelopes with them.
    #[must_use]
    pub fn segments(&self) -> &[Segment<'b>] {
        &self.segments
    }

    /// Gives the segment at a place that an envelope names.
    #[must_use]
    pub fn segment(&self, place: Option<usize>) -> Option<&Segment<'b>> {
        self.segments.get(place?)
    }

    /// Goes through the transaction sets of all groups and interchanges.
    pub fn sets(&self) -> impl Iterator<Item = Set<'_, 'b>> {
        self.interchanges.iter().flat_map(move |interchange| {
            interchange.groups.iter().flat_map(move |group| {
                group.sets.iter().map(move |set| Set {
                    file: self,
                    interchange,
                    group,
                    set,
                })
            })
        })
    }

    /// Refuses each interchange whose ISA15 does not say that it is production data.
    pub fn refuse_tests(&mut self) {
        for interchange in &mut self.interchanges {
            let header = interchange
                .header
                .and_then(|place| self.segments.get(place));
            let Some(header) = header.filter(|one| one.element(15).raw().trim_ascii() != b"P")
            else {
                continue;
            };
            let issue = Issue {
                code: IssueCode::NotProduction,
                segment: header.number,
                element: Some(15),
                position: header.element(15).position(),
            };
            self.issues.push(issue);
            interchange.errors.push(issue);
            self.has_errors = true;
        }
    }

    /// Gives what is wrong, in the order of the bytes.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.issues.kept
    }

    /// Counts the issues that are not kept, since there are too many.
    #[must_use]
    pub const fn issues_dropped(&self) -> usize {
        self.issues.dropped
    }

    /// Reports whether there is an issue of that name.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.issues().iter().any(|one| one.code.as_str() == code)
    }

    /// Reports whether anything in it is to be refused.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// Gives the bytes back as they were read.
    #[must_use]
    pub fn join(&self) -> Vec<u8> {
        let segments = self.segments.iter().map(|segment| segment.whole);
        let parts: Vec<&[u8]> = std::iter::once(self.leading)
            .chain(segments)
            .chain(std::iter::once(self.trailing))
            .collect();
        parts.concat()
    }
}

impl<'f, 'b> Set<'f, 'b> {
    /// Gives its segments, ST and SE with them.
    #[must_use]
    pub fn segments(&self) -> &'f [Segment<'b>] {
        let place = self.set.segments.clone();
        self.file.segments.get(place).unwrap_or_default()
    }

    /// Gives the first segment of a name.
    #[must_use]
    pub fn first(&self, name: &[u8]) -> Option<&'f Segment<'b>> {
        self.segments()
            .iter()
            .find(|segment| segment.name() == name)
    }

    /// Gives what kind it is, ST01, such as `837`.
    #[must_use]
    pub fn kind(&self) -> Element<'b> {
        self.element(1)
    }

    /// Gives its control number, ST02.
    #[must_use]
    pub fn control(&self) -> Element<'b> {
        self.element(2)
    }

    /// Gives the implementation guide that it follows, such as `005010X222A1`: ST03, else GS08.
    #[must_use]
    pub fn guide(&self) -> Element<'b> {
        let of_group = self.group_header().map(|header| header.element(8));
        let of_set = self.element(3);
        of_group.filter(|_| of_set.is_empty()).unwrap_or(of_set)
    }

    /// Gives the interchange's ISA segment.
    #[must_use]
    pub fn interchange_header(&self) -> Option<&'f Segment<'b>> {
        self.file.segment(self.interchange.header)
    }

    /// Gives the group's GS segment.
    #[must_use]
    pub fn group_header(&self) -> Option<&'f Segment<'b>> {
        self.file.segment(self.group.header)
    }

    /// Gives why it is refused: the first error of its interchange, its group or its own; none where it can be used.
    #[must_use]
    pub fn refusal(&self) -> Option<&'f Issue> {
        let errors = [
            &self.interchange.errors,
            &self.group.errors,
            &self.set.errors,
        ];
        errors.into_iter().flatten().find(is_error)
    }

    fn element(&self, number: usize) -> Element<'b> {
        let header = self.segments().first().copied();
        header
            .expect("a set begins with ST, which makes it one")
            .element(number)
    }
}

fn is_error(issue: &&Issue) -> bool {
    issue.code.severity() == Severity::Error
}
