//! Which resource and which list entry of ours stands for which expected one: whatever agrees best.

use super::node::{Node, Target};
use super::resources::Resource;

/// How often at most the resources are aligned anew, each time knowing where references then lead.
const ROUNDS: usize = 4;
/// What a message names again and again: expected copies may all be one resource of ours, if it says all they do.
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
    expected: &'r [Resource],
    ours: &'r [Resource],
    places: Vec<Option<usize>>,
    to_expected: Incoming,
    is_first_round: bool,
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

/// Where a resource is referred to from: the place of the resource that does, and its path.
type Incoming = Vec<Vec<(usize, String)>>;

impl<'r> Alignment<'r> {
    /// Aligns each expected resource with one of ours of its type.
    pub(super) fn new(expected: &'r [Resource], ours: &'r [Resource]) -> Self {
        let mut alignment = Self {
            expected,
            ours,
            places: vec![None; expected.len()],
            to_expected: incoming(expected),
            is_first_round: true,
        };
        let to_ours = incoming(ours);
        for _ in 0..ROUNDS {
            let places = alignment.round(&to_ours);
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
        self.ours.get((*self.places.get(expected)?)?)
    }

    fn round(&self, to_ours: &Incoming) -> Vec<Option<usize>> {
        let mut candidates = Vec::new();
        for (e, expected) in self.expected.iter().enumerate() {
            for (o, ours) in self.ours.iter().enumerate() {
                if expected.kind == ours.kind {
                    let agreed = self.agreement(&expected.content, &ours.content);
                    let referred = self.referred(&self.to_expected[e], &to_ours[o]);
                    let says_all = agreed == expected.content.leaves();
                    candidates.push((2 * agreed + referred, e, o, says_all));
                }
            }
        }
        candidates.sort_by_key(|(score, e, o, _)| (std::cmp::Reverse(*score), *e, *o));
        let mut places = vec![None; self.expected.len()];
        let mut taken = vec![false; self.ours.len()];
        for (_, e, o, says_all) in candidates {
            let may_share = says_all && NAMED_AGAIN.contains(&self.expected[e].kind.as_str());
            if places[e].is_none() && (!taken[o] || may_share) {
                places[e] = Some(o);
                taken[o] = true;
            }
        }
        places
    }

    /// Counts the references to the expected resource that ours has, too.
    fn referred(&self, to_expected: &[(usize, String)], to_ours: &[(usize, String)]) -> usize {
        let found = to_expected.iter().filter(|(from, path)| {
            to_ours.iter().any(|(our_from, our_path)| {
                let same_from = if self.is_first_round {
                    self.expected[*from].kind == self.ours[*our_from].kind
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
        candidates.sort_by_key(|(score, e, o)| (std::cmp::Reverse(*score), e.abs_diff(*o), *e));
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
        if self.is_first_round || self.places[e] == Some(o) {
            return true;
        }
        let by_type = Self {
            expected: self.expected,
            ours: self.ours,
            places: Vec::new(),
            to_expected: Vec::new(),
            is_first_round: true,
        };
        let (expected, ours) = (&self.expected[e].content, &self.ours[o].content);
        by_type.agreement(expected, ours) == expected.leaves()
    }
}

fn incoming(resources: &[Resource]) -> Incoming {
    let mut incoming = vec![Vec::new(); resources.len()];
    for (from, resource) in resources.iter().enumerate() {
        resource.content.references("", &mut |path, target| {
            if let Some(list) = target.place.and_then(|place| incoming.get_mut(place)) {
                list.push((from, path.to_owned()));
            }
        });
    }
    incoming
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
