//! Which of the resources of a message a table's reference means: by type, by table, by the segment that it begins with.

use super::group::{Sent, Tree};
use super::link::Made;
use super::write::Mapper;

/// Observation types that ask about the patient, and do not answer an order (HL7 table 0936: question, supporting
/// clinical information).
const ASKED: [&[u8]; 2] = [b"QST", b"SCI"];

/// What a reference asks for: `Specimen`, `PractitionerRole-Director`, `Specimen@SPM`, `Observation@asked`.
pub(crate) fn is_called(made: &Made, name: &str, tree: &Tree<'_>) -> bool {
    // A table is named after its resource: most others differ in the first letter already.
    if made.resource.as_bytes().first() != name.as_bytes().first() {
        return false;
    }
    let asks = |of: &str| {
        let rest = name.strip_prefix(of)?;
        (rest.is_empty() || rest.starts_with('@')).then_some(rest)
    };
    let Some(by) = asks(made.resource).or_else(|| asks(made.table)) else {
        return false;
    };
    match by.trim_start_matches('@') {
        "" => true,
        "asked" => is_asked(made, tree),
        segment => tree
            .segments
            .get(made.anchor)
            .is_some_and(|placed| placed.segment.is_named(segment)),
    }
}

/// Says whether it is the answer to a question that came with the order.
fn is_asked(made: &Made, tree: &Tree<'_>) -> bool {
    let placed = tree.segments.get(made.anchor);
    placed.is_some_and(|placed| {
        let segment = placed.segment;
        segment.is_named("OBX") && ASKED.contains(&segment.field(29).raw().trim_ascii())
    })
}

impl<'m> Mapper<'m> {
    /// Finds the resource that a table's reference means: in an entry of a segment, the one of that segment where such
    /// segments make any; else the nearest.
    pub(crate) fn linked(&self, name: &str, segment: Option<&Sent<'m>>) -> Option<&Made> {
        let Some(segment) = segment else {
            return self.nearest(name);
        };
        let placed = |made: &&Made| self.tree.segments.get(made.anchor);
        let mut own = self.links.others(name).filter(|made| {
            is_called(made, name, &self.tree)
                && placed(made).is_some_and(|placed| placed.segment.name == segment.name)
        });
        let mut any = false;
        let found = own.find(|made| {
            any = true;
            let at = segment.segment.position();
            placed(made).is_some_and(|placed| placed.segment.segment.position() == at)
        });
        match (found, any) {
            (None, false) => self.nearest(name),
            _ => found,
        }
    }

    /// Finds the resources that a name asks for in the group of the one being written and in those inside it, but not in
    /// the groups inside it that are named, or `@asked` if that is; after `~`, those of segments that belong to its own.
    pub(crate) fn all_below<'s>(
        &'s self,
        name: &'s str,
        but_in: &'s str,
    ) -> impl Iterator<Item = &'s Made> + 's {
        let here = self.links.made.get(self.links.here);
        let (name, follows) = match name.strip_prefix('~') {
            Some(name) => (name, true),
            None => (name, false),
        };
        self.links.others(name).filter(move |made| {
            let Some(here) = here else { return false };
            let left_out = |one: &str| match one {
                "" => false,
                "@asked" => is_asked(made, &self.tree),
                group => self.is_between(made.group, here.group, group),
            };
            let owner = || self.tree.segments.get(made.anchor)?.owner;
            is_called(made, name, &self.tree)
                && (!follows || owner() == Some(here.anchor))
                && self.tree.is_inside(made.group, here.group)
                && !but_in.split(',').any(left_out)
        })
    }

    /// Says whether a group of a name lies between a group and one around it.
    fn is_between(&self, group: usize, outer: usize, name: &str) -> bool {
        let mut at = group;
        while at != outer {
            match self.tree.groups.get(at) {
                Some(opened) if opened.name == name => return true,
                Some(opened) if opened.parent != at => at = opened.parent,
                _ => return false,
            }
        }
        false
    }
}
