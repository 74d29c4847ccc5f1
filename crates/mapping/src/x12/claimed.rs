//! What a claim is known by to whoever answers it: the provider who bills it, and the number that they gave it.

use clinical::{PatientKey, SiteKey};
use formats::x12::{Guide, Loop, Segment, Set, Tree, loops};

use super::member::{self, reference, roots, text};
use crate::identity::Subjects;
use crate::source::Source;

/// Who bills is named by a National Provider Identifier (X12 element 66).
const NPI: &str = "XX";
/// The numbers that payers have (X12 element 66): a payor identification, or a national plan identifier.
const OF_PAYERS: [&str; 2] = ["PI", "XV"];

/// What a claim is known by; it does not print.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimName {
    provider: Box<str>,
    number: Box<str>,
    payer: Box<str>,
}

impl std::fmt::Debug for ClaimName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClaimName(…)")
    }
}

impl ClaimName {
    fn new(provider: Option<String>, number: &str, payer: String) -> Option<Self> {
        let number = number.trim();
        Some(Self {
            provider: provider?.into(),
            number: (!number.is_empty()).then_some(number)?.into(),
            payer: payer.into(),
        })
    }

    /// Gives the key under which it is known whose claim it is.
    pub fn key(&self, site: &SiteKey) -> PatientKey {
        site.claim(&self.provider, &self.number)
    }

    /// Gives the payer's authority; nothing where they are named by no number that is a payer's own.
    pub fn payer(&self) -> &str {
        &self.payer
    }
}

/// Names the claims that a set states (837).
pub fn claims(set: &Set<'_, '_>, source: &Source) -> Vec<ClaimName> {
    let Some(tree) = loops(set) else {
        return Vec::new();
    };
    let is_claim = matches!(
        tree.guide(),
        Guide::ProfessionalClaim | Guide::InstitutionalClaim | Guide::DentalClaim
    );
    let claims = tree.all("2300").filter(|_| is_claim);
    let name = |claim: Loop<'_, '_, '_>| {
        let holder = member::subscriber(claim.parent()?);
        let billing = name(holder.parent()?, "2010AA");
        let payer = name(holder, "2010BB");
        let number = text(claim.first("CLM")?, 1);
        ClaimName::new(provider(billing, 8), &number, own_number(payer, source))
    };
    claims.filter_map(name).collect()
}

/// Names the claim that a set of one member or of nobody answers; nothing where it names none.
pub fn answered(set: &Set<'_, '_>, source: &Source) -> Option<ClaimName> {
    let tree = loops(set)?;
    match member::of_tree(&tree, source) {
        Subjects::None | Subjects::One(_) => of_answer(&tree, *roots(&tree).first()?, source),
        Subjects::Several(_) | Subjects::Merge { .. } => None,
    }
}

/// Names the claim that a member's loop answers (277CA, 277, 835).
pub(super) fn of_answer(
    tree: &Tree<'_, '_>,
    root: Loop<'_, '_, '_>,
    source: &Source,
) -> Option<ClaimName> {
    if tree.guide() == Guide::Remittance {
        let number = text(root.first("CLP")?, 1);
        let payee = tree.all("1000B").next().and_then(|of| of.first("N1"));
        let payer = tree.all("1000A").next();
        let named = payer.map(|of| {
            let plan = of.first("N1").filter(|name| text(name, 3) == "XV");
            let plan = plan.map(|name| text(name, 4));
            plan.or_else(|| reference(of, "2U")).unwrap_or_default()
        });
        let payer = called(&named.unwrap_or_default(), source);
        return ClaimName::new(provider(payee, 3), &number, payer);
    }
    let mut traces = root.below("2200");
    let number = match tree.guide() {
        Guide::ClaimAcknowledgement => text(traces.next()?.first("TRN")?, 2),
        Guide::StatusResponse => reference(traces.next()?, "EJ")?,
        _ => return None,
    };
    let billing = above(root, "2100C");
    let payer = name(tree.all("2000A").next()?, "2100A");
    // A clearinghouse says nothing of which payer it is.
    let payer = payer.filter(|name| text(name, 1) == "PR");
    ClaimName::new(provider(billing, 8), &number, own_number(payer, source))
}

/// The name in a loop right below a level.
fn name<'f, 'b>(level: Loop<'_, 'f, 'b>, id: &str) -> Option<&'f Segment<'b>> {
    level.below(id).next()?.first("NM1")
}

/// The name in a loop at the nearest level above that has one.
fn above<'f, 'b>(of: Loop<'_, 'f, 'b>, id: &str) -> Option<&'f Segment<'b>> {
    let mut at = of.parent();
    while let Some(level) = at {
        if let Some(found) = name(level, id) {
            return Some(found);
        }
        at = level.parent();
    }
    None
}

/// The National Provider Identifier that a name has, its kind at an element and itself at the next.
fn provider(name: Option<&Segment<'_>>, kind: usize) -> Option<String> {
    let name = name.filter(|name| text(name, kind) == NPI)?;
    Some(text(name, kind + 1)).filter(|number| !number.is_empty())
}

/// The authority of a payer who is named by a number that is a payer's own.
fn own_number(name: Option<&Segment<'_>>, source: &Source) -> String {
    let own = name.filter(|name| OF_PAYERS.contains(&&*text(name, 8)));
    called(&own.map(|name| text(name, 9)).unwrap_or_default(), source)
}

fn called(number: &str, source: &Source) -> String {
    match number {
        "" => String::new(),
        number => source.authority_called(number).to_owned(),
    }
}
