//! Whom a transaction set is about: a member, named by the payer and the member number.

use formats::x12::{Element, Guide, Loop, Segment, Set, Tree, loops};

use super::page::TOLD_WITH_EACH;
use crate::identity::{PatientIdentifier, Subjects};
use crate::source::Source;

/// Says whom a transaction set is about; [`super::split()`] gives each of several a set of their own.
///
/// The authority is the payer's number, or the one that the source says it is, and the value the member number. A dependent who has none is the subscriber's
/// number and the given name, so that two people never share a key.
pub fn subjects(set: &Set<'_, '_>, source: &Source) -> Subjects {
    loops(set).map_or(Subjects::None, |tree| of_tree(&tree, source))
}

pub(super) fn of_tree(tree: &Tree<'_, '_>, source: &Source) -> Subjects {
    let found = roots(tree).into_iter();
    let members = Members::new(tree, source);
    let mut members: Vec<Option<PatientIdentifier>> = found.map(|root| members.of(root)).collect();
    members.sort();
    members.dedup();
    match members.as_slice() {
        [] | [None] => Subjects::None,
        [Some(one)] => Subjects::One(one.clone()),
        _ => Subjects::Several(members.into_iter().flatten().collect()),
    }
}

/// The loops that speak of one member each.
const fn ids(guide: Guide) -> &'static [&'static str] {
    match guide {
        Guide::EligibilityInquiry | Guide::EligibilityResponse | Guide::ServicesReview => {
            &["2000C", "2000D"]
        }
        Guide::StatusRequest | Guide::StatusResponse => &["2000D", "2000E"],
        Guide::ClaimAcknowledgement => &["2000D"],
        Guide::Enrolment => &["2000"],
        Guide::Remittance => &["2100"],
        Guide::ProfessionalClaim | Guide::InstitutionalClaim | Guide::DentalClaim => {
            &["2000B", "2000C"]
        }
        Guide::Acknowledgement => &[],
    }
}

/// What makes a level that has others below it one of a member's own: a question, an answer, a claim, a request.
pub(super) const CONTENT: [&str; 4] = ["2110", "2200", "2300", "2000E"];

/// Gives the loops that speak of one member each; a subscriber's that only leads to dependents is none.
pub(super) fn roots<'t, 'f, 'b>(tree: &'t Tree<'f, 'b>) -> Vec<Loop<'t, 'f, 'b>> {
    let ids = ids(tree.guide());
    let is_one = |of: &Loop<'_, '_, '_>| {
        if !ids.contains(&of.id()) {
            return false;
        }
        let leads = of.children().any(|child| ids.contains(&child.id()));
        let is_content = |child: Loop<'_, '_, '_>| {
            let id = child.id();
            !ids.contains(&id) && CONTENT.iter().any(|start| id.starts_with(start))
        };
        let deeper = |child: Loop<'_, '_, '_>| {
            !ids.contains(&child.id()) && child.children().any(is_content)
        };
        let has_own = of
            .children()
            .any(|child| is_content(child) || deeper(child));
        !leads || has_own || of.first("TRN").is_some()
    };
    tree.every().filter(is_one).collect()
}

/// Who the members of a set are.
pub(super) struct Members<'s> {
    guide: Guide,
    source: &'s Source,
    /// The payer's number, where the whole set has one.
    payer: Option<String>,
}

impl<'s> Members<'s> {
    pub(super) fn new(tree: &Tree<'_, '_>, source: &'s Source) -> Self {
        let first = |id: &str| {
            let found = tree.all(id).next();
            found.map(number).unwrap_or_default()
        };
        let payer = match tree.guide() {
            // Who decides is at the first level, whoever asks.
            Guide::ServicesReview => Some(first("2010A")),
            Guide::Enrolment => Some(first("1000B")),
            Guide::Remittance => Some(remitter(tree)),
            Guide::ProfessionalClaim | Guide::InstitutionalClaim | Guide::DentalClaim => None,
            _ => Some(first("2100A")),
        };
        Self {
            guide: tree.guide(),
            source,
            payer,
        }
    }

    /// Names the member that a loop speaks of.
    pub(super) fn of(&self, root: Loop<'_, '_, '_>) -> Option<PatientIdentifier> {
        let of_holder = || {
            let payer = subscriber(root).below("2010BB").next();
            payer.map(number).unwrap_or_default()
        };
        let payer = self.payer.clone().unwrap_or_else(of_holder);
        let authority = self.source.authority_called(&payer);
        let value = match self.guide {
            Guide::Remittance => of_claim_paid(root)?,
            Guide::Enrolment => of_enrolled(root)?,
            guide => of_level(guide, root)?,
        };
        Some(PatientIdentifier {
            authority: authority.into(),
            value: value.into(),
        })
    }
}

/// Who pays: N104, else REF*2U, else the company in TRN03.
fn remitter(tree: &Tree<'_, '_>) -> String {
    let payer = tree.all("1000A").next();
    let own = payer.map(number).filter(|number| !number.is_empty());
    let other = payer.and_then(|payer| reference(payer, "2U"));
    let company = tree.root().first("TRN").map(|trace| text(trace, 3));
    own.or(other).or(company).unwrap_or_default()
}

/// The subscriber's level, of a level of theirs or of a dependent's.
pub(super) fn subscriber<'t, 'f, 'b>(root: Loop<'t, 'f, 'b>) -> Loop<'t, 'f, 'b> {
    if is_dependent(root) {
        root.parent().unwrap_or(root)
    } else {
        root
    }
}

/// Whether a level is that of a dependent.
pub(super) fn is_dependent(root: Loop<'_, '_, '_>) -> bool {
    root.first("HL")
        .is_some_and(|level| level.element(3).raw() == b"23")
}

/// The name of the person at a level.
pub(super) fn person<'t, 'f, 'b>(root: Loop<'t, 'f, 'b>) -> Option<Loop<'t, 'f, 'b>> {
    let is_person = |child: &Loop<'_, '_, '_>| {
        let name = child.first("NM1");
        name.is_some_and(|name| {
            matches!(name.element(1).raw(), b"IL" | b"03" | b"QC" | b"74" | b"70")
        })
    };
    let names = root.below("2010").chain(root.below("2100"));
    names.take(TOLD_WITH_EACH).find(is_person)
}

fn of_level(guide: Guide, root: Loop<'_, '_, '_>) -> Option<String> {
    let of = person(root);
    let own = of.map(number).filter(|number| !number.is_empty());
    if !is_dependent(root) || own.is_some() || guide == Guide::ClaimAcknowledgement {
        return own;
    }
    let number = person(subscriber(root)).map(number)?;
    joined(&number, &of.map(given).unwrap_or_default())
}

/// The patient of a claim that was paid, else the subscriber with the patient's given name.
fn of_claim_paid(root: Loop<'_, '_, '_>) -> Option<String> {
    let name = |role: &str| root.each("NM1").find(|name| text(name, 1) == role);
    let patient = name("QC");
    let own = patient
        .map(|name| text(name, 9))
        .filter(|number| !number.is_empty());
    own.or_else(|| {
        let subscriber = name("IL").map(|name| text(name, 9))?;
        let given = patient.map(|name| text(name, 4).to_uppercase());
        match given {
            Some(given) => joined(&subscriber, &given),
            None => Some(subscriber).filter(|number| !number.is_empty()),
        }
    })
}

fn of_enrolled(root: Loop<'_, '_, '_>) -> Option<String> {
    let subscriber = reference(root, "0F").or_else(|| {
        let own = person(root).map(number);
        own.filter(|number| !number.is_empty())
    })?;
    let is_subscriber = root.first("INS").is_some_and(|ins| text(ins, 1) == "Y");
    if is_subscriber {
        return Some(subscriber);
    }
    joined(&subscriber, &person(root).map(given).unwrap_or_default())
}

fn joined(subscriber: &str, given: &str) -> Option<String> {
    (!subscriber.is_empty() && !given.is_empty()).then(|| format!("{subscriber}/{given}"))
}

fn given(of: Loop<'_, '_, '_>) -> String {
    let name = of.first("NM1").map(|name| text(name, 4));
    name.unwrap_or_default().to_uppercase()
}

/// The number of whoever a loop names: NM109, or N104.
pub(super) fn number(of: Loop<'_, '_, '_>) -> String {
    let name = of.first("NM1").map(|name| text(name, 9));
    name.or_else(|| of.first("N1").map(|name| text(name, 4)))
        .unwrap_or_default()
}

/// The reference of a kind in a loop.
pub(super) fn reference(of: Loop<'_, '_, '_>, kind: &str) -> Option<String> {
    let found = of.each("REF").find(|one| text(one, 1) == kind)?;
    Some(text(found, 2)).filter(|number| !number.is_empty())
}

/// The traces of a loop, those of what is answered (TRN01 is 2) first; of several of a kind in the order of their numbers, since
/// whoever passes them on may put them in another.
pub(super) fn traces<'f, 'b>(of: Loop<'_, 'f, 'b>) -> Vec<&'f Segment<'b>> {
    let mut all: Vec<_> = of.each("TRN").collect();
    all.sort_by_key(|trace| {
        let [kind, number, company] = [1, 2, 3].map(|element| text(trace, element));
        (kind != "2", number, company)
    });
    all
}

/// The text of an element.
pub(super) fn text(segment: &Segment<'_>, element: usize) -> String {
    segment.element(element).text().into_owned()
}

/// The text of an element or of a part of one.
pub(super) fn text_of(element: Element<'_>) -> String {
    element.text().into_owned()
}
