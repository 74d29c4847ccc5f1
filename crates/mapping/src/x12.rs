//! ASC X12 payer transactions to FHIR R4: whom a set is about, one part for each member, and the resources each states.
//!
//! 270 becomes CoverageEligibilityRequest, 271 its Response; 278 becomes Claim or ClaimResponse for a preauthorization;
//! 834 becomes Coverage; 835 becomes ExplanationOfBenefit for each claim and PaymentReconciliation for what is paid; 837 becomes Claim.
//! 276 and 277 become one Task: R4 has a code for asking after a claim's status (`status` of financialtaskcode), and a
//! 277 decides nothing, whereas a ClaimResponse would have to say that an adjudication is complete.

mod member;

mod split;

mod page;

mod identity;

mod report;

mod value;

mod tables;

mod people;

mod insurance;

mod supporting;

mod claim;

mod remittance;

mod eligibility;

mod status;

mod review;

mod enrolment;

mod balance;

mod claimed;

use std::fmt;

use clinical::{EventTime, PatientKey, ReceivedTime, SiteKey};
use formats::x12::{Guide, IssueCode, Set, Tree, loops};

use crate::draft::Draft;
use crate::identity::Subjects;
use crate::source::Source;

pub use balance::{BalanceIssue, BalanceIssueCode, balance};
pub use claimed::{ClaimName, answered, claims};
pub(crate) use enrolment::{MEMBERSHIP, PRODUCT};
pub use member::subjects;
pub use report::{Coverage, Line, Outcome, Report};
pub use split::{Part, SplitError, split};

/// The types of all resources that X12 becomes.
pub const RESOURCE_TYPES: [&str; 13] = [
    "Claim",
    "ClaimResponse",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "ExplanationOfBenefit",
    "Location",
    "Organization",
    "Patient",
    "PaymentReconciliation",
    "Practitioner",
    "RelatedPerson",
    "Task",
];

/// What a transaction set says, in FHIR.
#[derive(Debug)]
pub struct Mapped {
    /// The member it is about, or nobody.
    pub subjects: Subjects,
    /// The key of that member; of nobody, one of this set alone.
    pub key: PatientKey,
    /// When the set was made, or received where it does not say: of two that state one resource, the later one stands.
    pub made: EventTime,
    /// The resources as it states them: what others refer to comes first.
    pub drafts: Vec<Draft>,
    /// What of it was mapped.
    pub coverage: Coverage,
    /// What was doubtful.
    pub issues: Vec<Issue>,
}

/// One doubt: what it is and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// What it is.
    pub code: DoubtCode,
    /// The byte of the file at which it is.
    pub position: usize,
}

/// What can be doubtful about the content of a transaction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DoubtCode {
    /// Something that should be an amount is none.
    NotANumber,
    /// Something that should be a day or a time is none.
    NotATime,
    /// A code with its qualifier stands in one piece, since another component separator than ISA16 was used.
    NotSplit,
    /// A person has no member number of their own and no given name to tell them from the subscriber.
    MemberUnnamed,
    /// Something that FHIR must have is not said; words stand in.
    Missing,
    /// A segment that the set has not was kept as it stands.
    SegmentKept,
}

impl DoubtCode {
    /// Gives the name that configuration and metrics use; it never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotANumber => "not-a-number",
            Self::NotATime => "not-a-time",
            Self::NotSplit => "not-split",
            Self::MemberUnnamed => "member-unnamed",
            Self::Missing => "missing",
            Self::SegmentKept => "segment-kept",
        }
    }

    /// Says what became of it and what would help.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::NotANumber => "left out; amounts are digits with at most one point",
            Self::NotATime => "left out; days are CCYYMMDD, times HHMM",
            Self::NotSplit => {
                "kept as words; ask the sender to separate components by the character in ISA16"
            }
            Self::MemberUnnamed => {
                "kept as nobody's unless it answers a claim that is known; ask the sender for a member number or a given name"
            }
            Self::Missing => "words stand in; ask the sender to fill it",
            Self::SegmentKept => "kept as it stands; ask the sender to leave it out",
        }
    }
}

/// Why a transaction set is not mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its envelope has an error: the set, its group or its interchange may be cut or not be meant.
    Envelope(IssueCode),
    /// No mapping is for such a set, as for acknowledgements.
    NotMapped,
    /// It speaks of several members: [`split`] it first.
    SeveralMembers,
    /// What it says is of nothing that could be made of it, such as a claim or a coverage.
    NothingMapped,
}

impl Refusal {
    /// Gives the reason code that quarantine, configuration and metrics use; it never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Envelope(code) => code.as_str(),
            Self::NotMapped => "set-not-mapped",
            Self::SeveralMembers => "several-members",
            Self::NothingMapped => "nothing-mapped",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Envelope(code) => code.text(),
            Self::NotMapped => {
                "no mapping is for such a set; send 270, 271, 276, 277, 278, 834, 835 or 837"
            }
            Self::SeveralMembers => "it speaks of several members; split it first",
            Self::NothingMapped => {
                "what it says stands with no member, claim or payment; send it in the loop that it belongs to"
            }
        };
        f.write_str(text)
    }
}

impl std::error::Error for Refusal {}

/// Maps a transaction set of one member or of nobody; where it does not say when it was made, the time it was received stands in.
///
/// # Errors
/// When its envelope has errors, no mapping is for it, or it speaks of several members.
pub fn map(
    set: &Set<'_, '_>,
    source: &Source,
    site: &SiteKey,
    received: ReceivedTime,
) -> Result<Mapped, Refusal> {
    let tree = readable(set)?;
    let subjects = member::of_tree(&tree, source);
    let key = match &subjects {
        Subjects::One(member) => member.key(site),
        Subjects::None | Subjects::Merge { .. } => site.unassigned(&source.name, &control(set)),
        Subjects::Several(_) => return Err(Refusal::SeveralMembers),
    };
    let mut found = mapped(set, &tree, (source, key), received)?;
    if let (Subjects::None, Some(root)) = (&subjects, member::roots(&tree).first()) {
        let first = root.segments().next();
        found.issues.push(Issue {
            code: DoubtCode::MemberUnnamed,
            position: first.map_or(0, |one| one.position()),
        });
    }
    found.subjects = subjects;
    Ok(found)
}

/// Maps a transaction set of one member as if that member were known by another key: the ids are those that the resources of
/// the other identity have.
///
/// # Errors
/// When its envelope has errors, no mapping is for it, or it speaks of several members.
pub fn map_as(
    set: &Set<'_, '_>,
    source: &Source,
    received: ReceivedTime,
    patient: PatientKey,
) -> Result<Vec<Draft>, Refusal> {
    let tree = readable(set)?;
    if let Subjects::Several(_) = member::of_tree(&tree, source) {
        return Err(Refusal::SeveralMembers);
    }
    let found = mapped(set, &tree, (source, patient), received)?;
    Ok(found.drafts)
}

fn mapped(
    set: &Set<'_, '_>,
    tree: &Tree<'_, '_>,
    (source, key): (&Source, PatientKey),
    received: ReceivedTime,
) -> Result<Mapped, Refusal> {
    let mut page = page::Page::new(source, key, (set, tree), received);
    match tree.guide() {
        Guide::EligibilityInquiry => eligibility::request(&mut page, tree),
        Guide::EligibilityResponse => eligibility::response(&mut page, tree),
        Guide::StatusRequest | Guide::StatusResponse | Guide::ClaimAcknowledgement => {
            status::map(&mut page, tree);
        }
        Guide::ServicesReview => review::map(&mut page, tree),
        Guide::Enrolment => enrolment::map(&mut page, tree),
        Guide::Remittance => remittance::map(&mut page, tree),
        Guide::ProfessionalClaim | Guide::InstitutionalClaim | Guide::DentalClaim => {
            claim::map(&mut page, tree);
        }
        Guide::Acknowledgement => return Err(Refusal::NotMapped),
    }
    let made = page.time;
    let (drafts, coverage, issues) = page.finish(set)?;
    Ok(Mapped {
        subjects: Subjects::None,
        key,
        made,
        drafts,
        coverage,
        issues,
    })
}

/// Gives the loops of a set that may be used.
fn readable<'f, 'b>(set: &Set<'f, 'b>) -> Result<Tree<'f, 'b>, Refusal> {
    if let Some(issue) = set.refusal() {
        return Err(Refusal::Envelope(issue.code));
    }
    loops(set).ok_or(Refusal::NotMapped)
}

/// What tells a set from others of its sender: the control numbers and the time of its envelope, and what it says, since the
/// parts of one set have one envelope.
fn control(set: &Set<'_, '_>) -> Vec<u8> {
    let mut out = Vec::new();
    let headers = [
        (set.interchange_header(), &[9, 10, 13][..]),
        (set.group_header(), &[4, 5, 6]),
        (set.segments().first(), &[1, 2]),
    ];
    for (header, elements) in headers {
        for element in elements {
            out.extend(header.map_or(&b""[..], |header| header.element(*element).raw()));
            out.push(b'|');
        }
    }
    for segment in set.segments() {
        out.extend_from_slice(segment.raw());
        out.push(b'~');
    }
    out
}

#[cfg(test)]
mod tests;
