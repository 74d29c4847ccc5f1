//! Gives each member of a transaction set one of their own, in an envelope of its own.

use std::collections::{BTreeMap, BTreeSet};

use formats::x12::{Guide, Loop, LoopIssueCode, Segment, Set, Tree};

use super::claimed::{ClaimName, of_answer};
use super::member::{CONTENT, Members, roots};
use super::{Refusal, readable};
use crate::identity::{PARTS_BYTES_MAX, PartsTooLong, PatientIdentifier};
use crate::source::Source;

/// A transaction set of one member, or what a set says of nobody; it can be read on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whom it is about.
    pub patient: Option<PatientIdentifier>,
    /// The claim that it answers, where it answers one.
    pub claim: Option<ClaimName>,
    /// The interchange: the envelope of the whole, around one set.
    pub bytes: Vec<u8>,
}

/// Why a transaction set is not split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// It cannot be used at all.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The parts would be far longer than the set.
    #[error(transparent)]
    TooLong(#[from] PartsTooLong),
}

impl SplitError {
    /// Gives the reason code, which stays the same in every version.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::TooLong(_) => PartsTooLong::CODE,
        }
    }
}

/// Gives each member of a set a set of their own, and what is about none of them, such as a payment, another.
///
/// # Errors
/// When the set cannot be used, or the parts together would have more than [`PARTS_BYTES_MAX`].
pub fn split(set: &Set<'_, '_>, source: &Source) -> Result<Vec<Part>, SplitError> {
    let tree = readable(set)?;
    let mut splitter = Splitter::new(set, &tree);
    let mut members: Vec<(Whose, Vec<Loop<'_, '_, '_>>)> = Vec::new();
    let mut known: BTreeMap<Whose, usize> = BTreeMap::new();
    let named = Members::new(&tree, source);
    for root in roots(&tree) {
        // Claims of one member's number may be of several members: each answer is by itself.
        let claim = of_answer(&tree, root, source);
        let whose = match (named.of(root), claim) {
            (Some(member), claim) => Whose::Member(member, claim),
            (None, Some(claim)) => Whose::Claim(claim),
            (None, None) => Whose::Nobody,
        };
        let place = known.get(&whose);
        match place.and_then(|place| members.get_mut(*place)) {
            Some((_, roots)) => roots.push(root),
            None => {
                if whose != Whose::Nobody {
                    known.insert(whose.clone(), members.len());
                }
                members.push((whose, vec![root]));
            }
        }
    }
    let mut parts = Vec::with_capacity(members.len() + 1);
    let mut bytes = 0_usize;
    for (whose, roots) in members {
        let places = splitter.places(&roots);
        let (patient, claim) = match whose {
            Whose::Member(member, claim) => (Some(member), claim),
            Whose::Claim(claim) => (None, Some(claim)),
            Whose::Nobody => (None, None),
        };
        let part = splitter.part(&places);
        bytes = bytes.saturating_add(part.len());
        if bytes > PARTS_BYTES_MAX {
            return Err(PartsTooLong { bytes }.into());
        }
        parts.push(Part {
            patient,
            claim,
            bytes: part,
        });
    }
    if let Some(rest) = splitter.rest() {
        let bytes = splitter.part(&rest);
        parts.push(Part {
            patient: None,
            claim: None,
            bytes,
        });
    }
    Ok(parts)
}

/// Whom a loop is about. What two loops say of nobody is two persons'.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    /// This member, and the claim of it that is answered.
    Member(PatientIdentifier, Option<ClaimName>),
    /// Whoever has this claim.
    Claim(ClaimName),
    Nobody,
}

struct Splitter<'s, 't, 'f, 'b> {
    set: &'s Set<'f, 'b>,
    tree: &'t Tree<'f, 'b>,
    /// The loops that speak of members, and those that lead to them.
    roots: BTreeSet<usize>,
    above: BTreeSet<usize>,
    /// What each loop above members says itself, in places.
    shared: BTreeMap<usize, Vec<usize>>,
    /// The places of segments that no open loop has: among fewer segments another loop would take them.
    misplaced: BTreeSet<usize>,
    taken: BTreeSet<usize>,
}

impl<'s, 't, 'f, 'b> Splitter<'s, 't, 'f, 'b> {
    fn new(set: &'s Set<'f, 'b>, tree: &'t Tree<'f, 'b>) -> Self {
        let roots: BTreeSet<usize> = roots(tree).iter().map(|root| root.number()).collect();
        let mut above = BTreeSet::new();
        for root in tree.every().filter(|one| roots.contains(&one.number())) {
            let mut at = root.parent();
            while let Some(one) = at.filter(|one| above.insert(one.number())) {
                at = one.parent();
            }
        }
        let issues = tree.issues().iter();
        let misplaced = issues.filter(|issue| issue.code == LoopIssueCode::SegmentMisplaced);
        Self {
            set,
            tree,
            roots,
            above,
            shared: BTreeMap::new(),
            misplaced: misplaced.map(|issue| issue.place).collect(),
            taken: BTreeSet::new(),
        }
    }

    /// The places of all that one member's set has.
    fn places(&mut self, roots: &[Loop<'t, 'f, 'b>]) -> BTreeSet<usize> {
        let mut places = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for root in roots {
            self.own(*root, &mut places);
            let mut at = root.parent();
            while let Some(one) = at.filter(|one| seen.insert(one.number())) {
                places.extend(self.shared(one).iter().copied());
                at = one.parent();
            }
        }
        self.taken.extend(places.iter().copied());
        places
    }

    /// What a member's loop holds, but for what is below it of other members.
    fn own(&self, of: Loop<'t, 'f, 'b>, places: &mut BTreeSet<usize>) {
        places.extend(of.places());
        for child in of.children() {
            let number = child.number();
            if !self.roots.contains(&number) && !self.above.contains(&number) {
                self.own(child, places);
            }
        }
    }

    /// What a loop above members says itself: its segments and names, not the levels below it.
    fn shared(&mut self, of: Loop<'t, 'f, 'b>) -> &[usize] {
        let number = of.number();
        if !self.shared.contains_key(&number) {
            let mut places = BTreeSet::new();
            self.names(of, &mut places);
            self.shared.insert(number, places.into_iter().collect());
        }
        self.shared.get(&number).map_or(&[], Vec::as_slice)
    }

    /// What names a level and says what it is, but for what is asked, answered or claimed at it, what is below it and what is
    /// out of place.
    fn names(&self, of: Loop<'t, 'f, 'b>, places: &mut BTreeSet<usize>) {
        let is_root = self.roots.contains(&of.number());
        let is_own = |place: &usize| {
            let segment = self.set.segments().get(*place);
            let name = segment.map_or(&b""[..], |segment| segment.name());
            name == b"PLB" || (is_root && name == b"TRN") || self.misplaced.contains(place)
        };
        places.extend(of.places().filter(|place| !is_own(place)));
        for child in of.children() {
            let number = child.number();
            let leads = self.roots.contains(&number) || self.above.contains(&number);
            let is_level = child.first("HL").is_some() || child.first("LX").is_some();
            let is_content = CONTENT.iter().any(|start| child.id().starts_with(start));
            if !leads && !is_level && !is_content {
                self.names(child, places);
            }
        }
    }

    /// What no member's set has, with what stands above it; a payment is always told on its own.
    fn rest(&mut self) -> Option<BTreeSet<usize>> {
        let count = self.set.segments().len();
        let left: Vec<usize> = (0..count)
            .filter(|place| !self.taken.contains(place))
            .collect();
        let is_payment = self.tree.guide() == Guide::Remittance && !self.roots.is_empty();
        if left.is_empty() && !is_payment {
            return None;
        }
        let mut places: BTreeSet<usize> = left.iter().copied().collect();
        let tree = self.tree;
        let root = tree.root();
        places.extend(self.shared(root).iter().copied());
        let missing: BTreeSet<usize> = left.into_iter().collect();
        let mut seen = BTreeSet::new();
        for one in tree.every() {
            if one.places().any(|place| missing.contains(&place)) {
                let mut at = one.parent();
                while let Some(above) = at.filter(|above| seen.insert(above.number())) {
                    places.extend(self.shared(above).iter().copied());
                    at = above.parent();
                }
            }
        }
        Some(places)
    }

    /// Writes the segments at some places as a set in an envelope of its own.
    fn part(&self, places: &BTreeSet<usize>) -> Vec<u8> {
        let headers = [self.set.interchange_header(), self.set.group_header()];
        let mut out = Vec::new();
        for header in headers.into_iter().flatten() {
            out.extend_from_slice(header.whole());
        }
        let segments = self.set.segments();
        let above: BTreeSet<Vec<u8>> = places
            .iter()
            .filter_map(|place| segments.get(*place))
            .filter(|segment| segment.name() == b"HL")
            .map(|segment| segment.element(2).raw().to_vec())
            .collect();
        let count = places.len();
        for segment in places.iter().filter_map(|place| segments.get(*place)) {
            match segment.name() {
                b"HL" => {
                    let leads = above.contains(segment.element(1).raw());
                    level(segment, leads, &mut out);
                }
                b"SE" => replaced(segment, 1, count.to_string().as_bytes(), &mut out),
                _ => out.extend_from_slice(segment.whole()),
            }
        }
        let trailers = [self.set.group.trailer, self.set.interchange.trailer];
        for trailer in trailers {
            if let Some(trailer) = self.set.file.segment(trailer) {
                replaced(trailer, 1, b"1", &mut out);
            }
        }
        out
    }
}

/// Writes a level, with whether there are levels below it now.
fn level(segment: &Segment<'_>, leads: bool, out: &mut Vec<u8>) {
    if segment.element(4).is_empty() {
        out.extend_from_slice(segment.whole());
    } else {
        let said: &[u8] = if leads { b"1" } else { b"0" };
        replaced(segment, 4, said, out);
    }
}

/// Writes a segment with another element at a place.
fn replaced(segment: &Segment<'_>, element: usize, by: &[u8], out: &mut Vec<u8>) {
    let (raw, whole) = (segment.raw(), segment.whole());
    let old = segment.element(element);
    let start = old.position().saturating_sub(segment.position());
    let (before, rest) = raw.split_at_checked(start).unwrap_or((raw, b""));
    out.extend_from_slice(before);
    out.extend_from_slice(by);
    out.extend_from_slice(rest.get(old.raw().len()..).unwrap_or_default());
    out.extend_from_slice(whole.get(raw.len()..).unwrap_or_default());
}
