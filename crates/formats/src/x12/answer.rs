//! Acknowledgements of what came in: TA1 for an interchange, 999 for a functional group.

mod compose;

use self::compose::{Frame, digits};
use super::check::{SegmentFault, check};
use super::envelope::{File, Group, Interchange, Set};
use super::issue::{Issue, IssueCode, Severity};

/// What an acknowledgement says of whatever it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// `A`: accepted.
    Accepted,
    /// `E`: accepted, and there are errors to put right.
    AcceptedWithErrors,
    /// `P`: some of the group's sets are accepted.
    Partly,
    /// `R`: refused.
    Refused,
}

impl Verdict {
    /// Gives its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Accepted => "A",
            Self::AcceptedWithErrors => "E",
            Self::Partly => "P",
            Self::Refused => "R",
        }
    }
}

/// The control numbers and the time of an acknowledgement; whoever sends it gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// ISA13, at most 999,999,999; digits before that are left out.
    pub interchange: u32,
    /// GS06, at most 999,999,999.
    pub group: u32,
    /// The year, of four digits.
    pub year: u16,
    /// The month from 1.
    pub month: u8,
    /// The day from 1.
    pub day: u8,
    /// The hour from 0.
    pub hour: u8,
    /// The minute from 0.
    pub minute: u8,
}

/// What became of an interchange: the verdict and TA105.
#[must_use]
pub fn interchange_verdict(interchange: &Interchange) -> (Verdict, &'static str) {
    let error = interchange.errors.iter().find(is_error);
    error.map_or((Verdict::Accepted, "000"), |error| {
        (Verdict::Refused, note(error))
    })
}

/// What became of a functional group: AK901.
#[must_use]
pub fn group_verdict(file: &File<'_>, interchange: &Interchange, group: &Group) -> Verdict {
    let verdicts = group.sets.iter().map(|set| {
        let set = Set {
            file,
            interchange,
            group,
            set,
        };
        set_verdict(&set, &check(&set))
    });
    combined(group, &verdicts.collect::<Vec<_>>())
}

/// Writes the TA1 that answers an interchange, in an interchange of its own; nothing for a fragment, whose sender is not known.
#[must_use]
pub fn ta1(file: &File<'_>, interchange: &Interchange, stamp: &Stamp) -> Option<Vec<u8>> {
    let header = file.segment(interchange.header)?;
    let mut frame = Frame::begin(header, stamp);
    let (verdict, note) = interchange_verdict(interchange);
    let text = |element: usize| header.element(element).text().into_owned();
    let number = text(13);
    let (date, time) = (text(9), text(10));
    frame.segment(&["TA1", &number, &date, &time, verdict.code(), note]);
    Some(frame.end(0))
}

/// Writes the 999 that answers a functional group, in an interchange of its own; nothing for a group without header, and
/// nothing for one of acknowledgements, which nobody acknowledges.
#[must_use]
pub fn implementation_acknowledgement(
    file: &File<'_>,
    interchange: &Interchange,
    group: &Group,
    stamp: &Stamp,
) -> Option<Vec<u8>> {
    let header = file.segment(interchange.header)?;
    let of_group = file.segment(group.header)?;
    let text = |element: usize| of_group.element(element).text().into_owned();
    let (kind, control, version) = (text(1), text(6), text(8));
    if kind == "FA" {
        return None;
    }
    let mut frame = Frame::begin(header, stamp);
    frame.group(&text(3), &text(2), stamp);
    frame.begin_set();
    frame.segment(&["AK1", &kind, &control, &version]);
    let mut verdicts = Vec::new();
    for set in &group.sets {
        let set = Set {
            file,
            interchange,
            group,
            set,
        };
        let faults = check(&set);
        verdicts.push(set_verdict(&set, &faults));
        // Where the group is refused, AK9 says it of its sets; only what is wrong with one of them is told beside that.
        if !is_refused(group) || is_wrong(&set, &faults) {
            answer_set(&mut frame, &set, &faults);
        }
    }
    let verdict = combined(group, &verdicts);
    let received = group.sets.len();
    let accepted = verdicts
        .iter()
        .filter(|one| **one < Verdict::Partly)
        .count();
    let trailer = file.segment(group.trailer);
    let said = trailer.and_then(|trailer| trailer.element(1).text().parse().ok());
    let (included, received) = (said.unwrap_or(received), received);
    let mut line = vec!["AK9".to_owned(), verdict.code().to_owned()];
    line.extend([included, received, accepted].map(|count| digits(count, 6)));
    let errors = group.errors.iter().filter(is_error).chain(&group.doubts);
    let mut codes: Vec<&str> = errors.map(|error| group_code(error.code)).collect();
    codes.dedup();
    line.extend(codes.into_iter().take(CODES_MAX).map(str::to_owned));
    frame.segment(&line.iter().map(String::as_str).collect::<Vec<_>>());
    frame.end_set();
    Some(frame.end(1))
}

/// How many error codes IK5 and AK9 have room for.
const CODES_MAX: usize = 5;

fn answer_set(frame: &mut Frame, set: &Set<'_, '_>, faults: &[SegmentFault]) {
    let (kind, control) = (set.kind().text(), set.control().text());
    let guide = set.segments().first().map(|header| header.element(3));
    let guide = guide.map_or_else(String::new, |guide| guide.text().into_owned());
    frame.segment(&["AK2", &kind, &control, &guide]);
    for fault in faults {
        let place = digits(fault.place, 10);
        let kept_in = if fault.kept_in == "ST" {
            ""
        } else {
            fault.kept_in
        };
        frame.segment(&["IK3", &fault.name, &place, kept_in, fault.code]);
        for element in &fault.elements {
            frame.segment(&["IK4", &digits(element.element, 2), "", element.code]);
        }
    }
    let verdict = set_verdict(set, faults);
    let errors = set.set.errors.iter().filter(is_error);
    let mut codes: Vec<&str> = errors.map(|error| set_code(error.code)).collect();
    if !faults.is_empty() {
        codes.push("5");
    }
    codes.dedup();
    let mut line = vec!["IK5", verdict.code()];
    line.extend(codes.into_iter().take(CODES_MAX));
    frame.segment(&line);
}

fn set_verdict(set: &Set<'_, '_>, faults: &[SegmentFault]) -> Verdict {
    if is_refused(set.group) || set.set.errors.iter().any(|one| is_error(&one)) {
        Verdict::Refused
    } else if faults.is_empty() {
        Verdict::Accepted
    } else {
        Verdict::AcceptedWithErrors
    }
}

/// Whether a group is refused for what is wrong with itself, and all of its sets with it.
fn is_refused(group: &Group) -> bool {
    group.errors.iter().any(|one| is_error(&one))
}

/// Whether anything is wrong with a set itself.
fn is_wrong(set: &Set<'_, '_>, faults: &[SegmentFault]) -> bool {
    !faults.is_empty() || set.set.errors.iter().any(|one| is_error(&one))
}

fn combined(group: &Group, sets: &[Verdict]) -> Verdict {
    let refused = sets.iter().filter(|one| **one == Verdict::Refused).count();
    if is_refused(group) || (refused == sets.len() && refused > 0) {
        Verdict::Refused
    } else if refused > 0 {
        Verdict::Partly
    } else if group.doubts.is_empty() {
        sets.iter().copied().max().unwrap_or(Verdict::Accepted)
    } else {
        Verdict::AcceptedWithErrors
    }
}

fn is_error(issue: &&Issue) -> bool {
    issue.code.severity() == Severity::Error
}

/// TA105, for what is wrong with an interchange.
fn note(error: &Issue) -> &'static str {
    match error.code {
        IssueCode::HeaderValue => note_of_element(error.element),
        IssueCode::NotProduction => "020",
        IssueCode::InterchangeControlDuplicate => "025",
        IssueCode::InterchangeControlDiffers => "001",
        IssueCode::GroupCountDiffers => "021",
        IssueCode::InterchangeTrailerMissing => "023",
        IssueCode::DelimitersInvalid | IssueCode::DelimitersDuplicate => "026",
        IssueCode::HeaderInvalid => "022",
        _ => "024",
    }
}

/// TA105, for an element of ISA whose value it cannot have.
const fn note_of_element(element: Option<u32>) -> &'static str {
    match element {
        Some(1) => "010",
        Some(3) => "012",
        Some(5) => "005",
        Some(7) => "007",
        Some(9) => "014",
        Some(10) => "015",
        Some(12) => "017",
        Some(13) => "018",
        Some(14) => "019",
        Some(15) => "020",
        _ => "022",
    }
}

/// AK905, for what is wrong with a group.
const fn group_code(code: IssueCode) -> &'static str {
    match code {
        IssueCode::GroupKindDiffers => "1",
        IssueCode::VersionOther | IssueCode::GuideOther => "2",
        IssueCode::GroupTrailerMissing => "3",
        IssueCode::GroupControlDiffers => "4",
        IssueCode::SetCountDiffers => "5",
        _ => "6",
    }
}

/// IK502, for what is wrong with a set.
const fn set_code(code: IssueCode) -> &'static str {
    match code {
        IssueCode::SetUnknown => "1",
        IssueCode::SetTrailerMissing => "2",
        IssueCode::SetControlDiffers => "3",
        IssueCode::SegmentCountDiffers => "4",
        IssueCode::SetControlMissing => "7",
        IssueCode::SetControlDuplicate => "23",
        _ => "5",
    }
}

#[cfg(test)]
mod tests;
