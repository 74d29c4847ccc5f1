//! Which resource and which list entry of ours stands for which expected one: whatever agrees best.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::node::{Node, Target};
use super::resources::Resource;

/// How often at most the resources are aligned anew, each time knowing where references then lead.
const ROUNDS: usize = 4;
/// What a message names again and again: expected copies may all be one resource of ours, if it says three quarters of what
/// they do; the rest counts as disagreement.
pub(super) const NAMED_AGAIN: [&str; 7] = [
    "Device",
    "Endpoint",
    "Location",
    "Medication",
    "Organization",
    "Practitioner",
    "PractitionerRole",
];

/// The places of our resources that stand for expected ones.
pub(super) struct Alignment<'r> {
    expected: Side<'r>,
    ours: Side<'r>,
    places: Vec<Option<usize>>,
    is_first_round: bool,
}

/// The resources of one side.
struct Side<'r> {
    resources: &'r [Resource],
    /// Where each is referred to from: the place of the resource that does, and its path.
    incoming: Vec<Vec<(usize, String)>>,
    /// For each, the place of the first that says the same.
    copies: Vec<usize>,
}

impl<'r> Side<'r> {
    fn new(resources: &'r [Resource]) -> Self {
        let mut incoming = vec![Vec::new(); resources.len()];
        let mut first = BTreeMap::new();
        let mut copies = Vec::new();
        for (place, resource) in resources.iter().enumerate() {
            let words = format!("{} {}", resource.kind, resource.content.words());
            copies.push(*first.entry(words).or_insert(place));
            resource.content.references("", &mut |path, target| {
                if let Some(list) = target.place.and_then(|to| incoming.get_mut(to)) {
                    list.push((place, path.to_owned()));
                }
            });
        }
        Self {
            resources,
            incoming,
            copies,
        }
    }
}

/// An expected resource, one of ours, and how much speaks for them.
struct Candidate {
    score: usize,
    expected: usize,
    ours: usize,
    says_most: bool,
}

/// How two primitives compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// They are the same.
    Same,
    /// They are the same instant to the same precision, with another offset.
    SameInstant,
    /// They differ.
    Other,
}

impl<'r> Alignment<'r> {
    /// Aligns each expected resource with one of ours of its type.
    pub(super) fn new(expected: &'r [Resource], ours: &'r [Resource]) -> Self {
        let mut alignment = Self {
            places: vec![None; expected.len()],
            expected: Side::new(expected),
            ours: Side::new(ours),
            is_first_round: true,
        };
        for _ in 0..ROUNDS {
            let places = alignment.round();
            let is_settled = !alignment.is_first_round && places == alignment.places;
            alignment.places = places;
            alignment.is_first_round = false;
            if is_settled {
                break;
            }
        }
        alignment
    }

    /// Gives the resource of ours for an expected one.
    pub(super) fn ours(&self, expected: usize) -> Option<&'r Resource> {
        self.ours.resources.get((*self.places.get(expected)?)?)
    }

    fn round(&self) -> Vec<Option<usize>> {
        let mut places = vec![None; self.expected.resources.len()];
        // What each of ours stands for already.
        let mut taken: Vec<Option<usize>> = vec![None; self.ours.resources.len()];
        for equals in self.candidates().chunk_by(|a, b| a.score == b.score) {
            // Of equal candidates, whoever is free comes before whoever is shared.
            for may_share in [false, true] {
                for candidate in equals {
                    let (e, o) = (candidate.expected, candidate.ours);
                    let is_free = match taken[o] {
                        None => true,
                        Some(by) => may_share && self.may_share(candidate, by),
                    };
                    if places[e].is_none() && is_free {
                        places[e] = Some(o);
                        taken[o] = taken[o].or(Some(e));
                    }
                }
            }
        }
        places
    }

    /// Gives all pairs of one type, the best first.
    fn candidates(&self) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for (e, expected) in self.expected.resources.iter().enumerate() {
            for (o, ours) in self.ours.resources.iter().enumerate() {
                if expected.kind == ours.kind {
                    let agreed = self.agreement(&expected.content, &ours.content);
                    candidates.push(Candidate {
                        score: 2 * agreed + self.referred(e, o),
                        expected: e,
                        ours: o,
                        says_most: 4 * agreed >= 3 * expected.content.leaves(),
                    });
                }
            }
        }
        candidates.sort_by_key(|c| (Reverse(c.score), c.expected, c.ours));
        candidates
    }

    /// Says whether one of ours that stands for an expected resource may stand for another, too.
    fn may_share(&self, candidate: &Candidate, taken_by: usize) -> bool {
        let e = candidate.expected;
        let is_copy = self.expected.copies[e] == self.expected.copies[taken_by];
        let is_named_again = NAMED_AGAIN.contains(&self.expected.resources[e].kind.as_str());
        is_named_again && (candidate.says_most || is_copy)
    }

    /// Counts the references to the expected resource that ours has, too.
    fn referred(&self, expected: usize, ours: usize) -> usize {
        let found = self.expected.incoming[expected]
            .iter()
            .filter(|(from, path)| {
                self.ours.incoming[ours].iter().any(|(our_from, our_path)| {
                    let same_from = if self.is_first_round {
                        let kind = &self.expected.resources[*from].kind;
                        *kind == self.ours.resources[*our_from].kind
                    } else {
                        self.places[*from] == Some(*our_from)
                    };
                    path == our_path && same_from
                })
            });
        found.count()
    }

    /// Counts the primitives of an expected element that ours has, too.
    pub(super) fn agreement(&self, expected: &Node, ours: &Node) -> usize {
        match (expected, ours) {
            (Node::List(expected), Node::List(ours)) => {
                let pairs = self.pairs(expected, ours).into_iter().zip(expected);
                let agreed = pairs.filter_map(|(place, expected)| {
                    Some(self.agreement(expected, ours.get(place?)?))
                });
                agreed.sum()
            }
            (Node::Object(parts), Node::Object(_)) => {
                let agreed = parts
                    .iter()
                    .filter_map(|(name, part)| Some(self.agreement(part, ours.part(name)?)));
                agreed.sum()
            }
            _ => usize::from(self.likeness(expected, ours) != Likeness::Other),
        }
    }

    /// Pairs the entries of lists; each entry of ours stands for one at most.
    pub(super) fn pairs(&self, expected: &[Node], ours: &[Node]) -> Vec<Option<usize>> {
        let mut candidates = Vec::new();
        for (e, entry) in expected.iter().enumerate() {
            for (o, our_entry) in ours.iter().enumerate() {
                // An extension is what its URL says, and no other.
                if entry.part("url") == our_entry.part("url") {
                    candidates.push((self.agreement(entry, our_entry), e, o));
                }
            }
        }
        candidates.sort_by_key(|(score, e, o)| (Reverse(*score), e.abs_diff(*o), *e));
        let mut places = vec![None; expected.len()];
        let mut taken = vec![false; ours.len()];
        for (_, e, o) in candidates {
            if places[e].is_none() && !taken[o] {
                places[e] = Some(o);
                taken[o] = true;
            }
        }
        places
    }

    /// Compares two primitives.
    pub(super) fn likeness(&self, expected: &Node, ours: &Node) -> Likeness {
        match (expected, ours) {
            (Node::Reference(expected), Node::Reference(ours)) if self.leads(expected, ours) => {
                Likeness::Same
            }
            (Node::Leaf(expected), Node::Leaf(ours)) if expected == ours => Likeness::Same,
            (Node::Leaf(expected), Node::Leaf(ours)) if is_same_instant(expected, ours) => {
                Likeness::SameInstant
            }
            _ => Likeness::Other,
        }
    }

    /// Says whether references lead to the same: to aligned resources, or to one that says all that is expected.
    fn leads(&self, expected: &Target, ours: &Target) -> bool {
        if expected.kind != ours.kind {
            return false;
        }
        let (Some(e), Some(o)) = (expected.place, ours.place) else {
            return expected.place.is_none();
        };
        if self.is_first_round {
            return true;
        }
        let copies = &self.ours.copies;
        if self.places[e].is_some_and(|place| copies[place] == copies[o]) {
            return true;
        }
        let (expected, ours) = (&self.expected.resources[e], &self.ours.resources[o]);
        by_type(&expected.content, &ours.content) == expected.content.leaves()
    }
}

/// Counts the primitives that agree where references agree by the type they lead to.
fn by_type(expected: &Node, ours: &Node) -> usize {
    let nobody = Alignment {
        expected: Side::new(&[]),
        ours: Side::new(&[]),
        places: Vec::new(),
        is_first_round: true,
    };
    nobody.agreement(expected, ours)
}

/// Says whether two JSON strings are one instant to the same precision.
fn is_same_instant(one: &str, other: &str) -> bool {
    let parsed = |text: &str| text.trim_matches('"').parse::<jiff::Timestamp>().ok();
    let (Some(one_at), Some(other_at)) = (parsed(one), parsed(other)) else {
        return false;
    };
    one_at == other_at && is_fraction_given(one) == is_fraction_given(other)
}

/// Says whether a time has a fraction of a second that is not zero.
fn is_fraction_given(time: &str) -> bool {
    let fraction = time.split_once('.').map_or("", |(_, after)| after);
    let mut digits = fraction.chars().take_while(char::is_ascii_digit);
    digits.any(|digit| digit != '0')
}
