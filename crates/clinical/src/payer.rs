//! What payers and providers send each other of a member: one shape for requests, claims and what answers them.

use crate::{Decimal, EventId, EventTime, Merge, Origin, PatientKey, ReceivedTime};

/// A number or a name shortened to 64 bits; 0 where there is none.
pub type Link = u64;

/// The code of a coverage that stands for all products of a payer: who is no member any more has none of them.
pub const EVERY_PRODUCT: &str = "*";

/// The code of a claim for a stay in a hospital.
pub const HOSPITAL_STAY: &str = "hospital-stay";

/// A day, counted from 1970-01-01.
pub type Day = i32;

/// What was said of a member, and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerEvent {
    /// Its name; the same after a replay.
    pub id: EventId,
    /// Whose it is.
    pub patient: PatientKey,
    /// When this platform accepted it.
    pub received: ReceivedTime,
    /// Where the stream keeps it.
    pub origin: Origin,
    /// Whether it is history that was loaded, and no news.
    pub backfill: bool,
    /// What it says.
    pub fact: PayerFact,
}

/// What is said of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayerFact {
    /// A request, a claim, an answer, or what is known of the member and their visits.
    Document(Box<Document>),
    /// Two identities became one.
    Merge(Merge),
    /// The state that a retired identity hands to its survivor, in the owner's own encoding.
    Handover {
        /// Whose state it is.
        from: PatientKey,
        /// The state.
        state: Box<[u8]>,
    },
}

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// A prior authorization is asked for (X12 278, PAS Claim).
    AuthorizationRequest,
    /// A prior authorization is answered (X12 278, PAS ClaimResponse).
    AuthorizationAnswer,
    /// A claim (X12 837, Claim).
    Claim,
    /// How a claim stands (X12 277, 277CA, Task).
    ClaimStatus,
    /// What became of a claim (X12 835, ClaimResponse, ExplanationOfBenefit).
    Remittance,
    /// It is asked whether a member is covered (X12 270, CoverageEligibilityRequest).
    Inquiry,
    /// What was answered (X12 271, CoverageEligibilityResponse).
    Eligibility,
    /// A coverage (X12 834, Coverage).
    Coverage,
    /// A stay or visit (Encounter).
    Visit,
    /// The member (Patient): `days` are those of birth and death.
    Member,
    /// That a member is on a panel, and from when to when (Flag); `code` has its codes, each as system, `|` and code.
    Panel,
}

impl DocumentKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::AuthorizationRequest,
        Self::AuthorizationAnswer,
        Self::Claim,
        Self::ClaimStatus,
        Self::Remittance,
        Self::Inquiry,
        Self::Eligibility,
        Self::Coverage,
        Self::Visit,
        Self::Member,
        Self::Panel,
    ];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AuthorizationRequest => "authorization request",
            Self::AuthorizationAnswer => "authorization answer",
            Self::Claim => "claim",
            Self::ClaimStatus => "claim status",
            Self::Remittance => "remittance",
            Self::Inquiry => "eligibility inquiry",
            Self::Eligibility => "eligibility answer",
            Self::Coverage => "coverage",
            Self::Visit => "visit",
            Self::Member => "member",
            Self::Panel => "panel",
        }
    }
}

/// Whether a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Standing {
    /// It stands.
    #[default]
    Active,
    /// It was called off by whoever wrote it: that is news in itself.
    Cancelled,
    /// It should never have been sent, or was deleted.
    Withdrawn,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Cancelled, Self::Withdrawn];
}

/// By which way a document came, where that is said of it: one matter may be told by several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Way {
    /// It is not said.
    #[default]
    Unknown,
    /// A document of X12.
    X12,
    /// A FHIR `Claim`.
    Claim,
    /// A FHIR `ClaimResponse`.
    ClaimResponse,
    /// A FHIR `ExplanationOfBenefit`.
    ExplanationOfBenefit,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Unknown,
        Self::X12,
        Self::Claim,
        Self::ClaimResponse,
        Self::ExplanationOfBenefit,
    ];

    /// Says whether two are known, and not the same.
    pub fn is_other(self, than: Self) -> bool {
        self != than && self != Self::Unknown && than != Self::Unknown
    }
}

/// When something was, as exactly as it is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stated {
    /// A day and no time.
    Day(Day),
    /// A moment.
    Moment(EventTime),
}

/// What a document says, as far as payer workloads need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// The FHIR id of its resource: a correction has the same one.
    pub resource: Link,
    /// Whether it stands.
    pub standing: Standing,
    /// When it was written.
    pub created: Option<Stated>,
    /// The first of the days that it speaks of.
    pub from: Option<Day>,
    /// The last of the days that it speaks of.
    pub until: Option<Day>,
    /// Who decides or pays.
    pub insurer: Link,
    /// Who asks or gives the service.
    pub provider: Link,
    /// Its own numbers, and those of what it belongs to.
    pub links: Vec<Link>,
    /// The numbers of earlier claims that it stands in place of, corrects or cancels; of a coverage the numbers that it is
    /// named by, and others may be, too.
    pub replaces: Vec<Link>,
    /// Of a coverage what names its product as such, or its membership, whatever its days; of a remittance the number that its
    /// payer gave the claim; 0 where nothing does.
    pub product: Link,
    /// By which way a request for authorization or a remittance came.
    pub way: Way,
    /// What decides how it is treated: a priority, an outcome, a category of status, a class of visit.
    pub code: Box<str>,
    /// Another day or moment that it states: of a payment, until when an answer was put off, or when a visit ended.
    pub deadline: Option<Stated>,
    /// What is charged in all.
    pub charge: Option<Decimal>,
    /// What is paid in all.
    pub paid: Option<Decimal>,
    /// What was taken off of the whole, beside its lines.
    pub adjusted: Option<Decimal>,
    /// What of it the member is to pay.
    pub owed: Option<Decimal>,
    /// Its services, or what was decided of each.
    pub lines: Vec<ServiceLine>,
}

impl Document {
    /// Makes one that says nothing yet.
    pub fn new(kind: DocumentKind, resource: Link) -> Self {
        Self {
            kind,
            resource,
            standing: Standing::Active,
            created: None,
            from: None,
            until: None,
            insurer: 0,
            provider: 0,
            links: Vec::new(),
            replaces: Vec::new(),
            product: 0,
            way: Way::Unknown,
            code: "".into(),
            deadline: None,
            charge: None,
            paid: None,
            adjusted: None,
            owed: None,
            lines: Vec::new(),
        }
    }
}

/// A number by which a service is named in its request and in its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trace {
    /// The number.
    pub number: Link,
    /// Who gave it; 0 where that is not stated.
    pub by: Link,
}

/// A service, or what was decided of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceLine {
    /// Its number in the request or claim; 0 is the whole.
    pub number: u16,
    /// The numbers by which its request and its answer name it, whatever place it has in either.
    pub traces: Vec<Trace>,
    /// What was done, such as a procedure code.
    pub code: Box<str>,
    /// Its modifiers, with a comma between them.
    pub modifiers: Box<str>,
    /// The code of the place where it was done.
    pub place: Box<str>,
    /// On which day.
    pub day: Option<Day>,
    /// On which day it ended, where that is another one.
    pub until: Option<Day>,
    /// Who gave it, where that is stated and is one person.
    pub renderer: Link,
    /// The specialty under which they gave it (NUCC taxonomy).
    pub specialty: Box<str>,
    /// How many.
    pub units: Option<Decimal>,
    /// Whether its units are minutes (X12 element 355, `MJ`).
    pub is_minutes: bool,
    /// What is charged for it.
    pub charge: Option<Decimal>,
    /// What is paid for it.
    pub paid: Option<Decimal>,
    /// What was taken off.
    pub adjusted: Option<Decimal>,
    /// What was decided (X12 element 306).
    pub action: Box<str>,
    /// Whether a reason for that is given.
    pub has_reason: bool,
}

/// Shortens a number or a name; two of one member would have to agree in 64 bits to be taken for one.
pub fn link(text: &str) -> Link {
    if text.is_empty() {
        return 0;
    }
    let id = EventId::derive(&[b"payer", text.as_bytes()]);
    id.as_bytes()
        .iter()
        .take(8)
        .fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
