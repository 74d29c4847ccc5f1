//! Where the segments and the loops of each name stand in a loop that has many: who looks for one does not go through all.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::super::segment::Segment;
use super::Node;

/// A loop that holds more segments or loops than this has an index.
const MANY: usize = 64;

/// The places of a loop's own segments and of the loops below it, by their names.
#[derive(Debug, Clone, Default)]
pub(super) struct Index<'b> {
    segments: BTreeMap<&'b [u8], Vec<usize>>,
    children: BTreeMap<&'static str, Vec<usize>>,
}

impl<'b> Index<'b> {
    /// The index of a loop, where it holds much.
    pub(super) fn of(
        node: &Node<'b>,
        nodes: &[Node<'b>],
        segments: &[Segment<'b>],
    ) -> Option<Box<Self>> {
        if node.segments.len() <= MANY && node.children.len() <= MANY {
            return None;
        }
        let mut index = Self::default();
        for place in &node.segments {
            let name = segments.get(*place).map(|segment| segment.name());
            let places = index.segments.entry(name.unwrap_or_default());
            places.or_default().push(*place);
        }
        for place in &node.children {
            let id = nodes.get(*place).map(|child| child.id);
            let places = index.children.entry(id.unwrap_or_default());
            places.or_default().push(*place);
        }
        Some(index.into())
    }

    /// The places of the segments of a name.
    pub(super) fn segments(&self, name: &[u8]) -> &[usize] {
        self.segments.get(name).map_or(&[], Vec::as_slice)
    }

    /// The loops whose names begin so.
    pub(super) fn below(&self, start: &str) -> Places<'_> {
        let all = self
            .children
            .range::<str, _>((Bound::Included(start), Bound::Unbounded));
        let mut lists = all
            .take_while(|(id, _)| id.starts_with(start))
            .map(|(_, places)| places.as_slice());
        Places {
            first: lists.next().unwrap_or_default(),
            others: lists.collect(),
        }
    }
}

/// Places from lists that are in order, in the order of all.
pub(super) struct Places<'t> {
    pub(super) first: &'t [usize],
    pub(super) others: Vec<&'t [usize]>,
}

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let head = |list: &[usize]| list.first().copied().unwrap_or(usize::MAX);
        let next = self.others.iter_mut().chain([&mut self.first]);
        let next = next.min_by_key(|list| head(list))?;
        let (place, rest) = next.split_first()?;
        *next = rest;
        Some(*place)
    }
}

#[cfg(test)]
mod tests {
    use super::MANY;
    use crate::x12::{Loop, loops, read};

    #[test]
    fn what_is_found_by_the_index_is_what_is_found_by_going_through_all() {
        for count in [MANY / 4, MANY / 2 + 1, MANY * 2] {
            let providers = "NM1*DN*1*A~NM1*82*1*B~REF*G2*1~NM1*77*2*C~".repeat(count);
            let dates = "DTP*431*D8*20260101~REF*D9*1~".repeat(count);
            let text = format!(
                "ST*837*1*005010X222A1~HL*1**20*1~HL*2*1*22*0~CLM*A1*10~{dates}{providers}LX*1~SE*9*1~"
            );
            let file = read(text.as_bytes());
            let set = file.sets().next().unwrap();
            let tree = loops(&set).unwrap();
            let claim = tree.all("2300").next().unwrap();
            let own = claim.segments().count();
            assert_eq!(own, 2 * count + 1);
            assert_eq!(claim.children().count(), 3 * count + 1);
            for name in ["CLM", "DTP", "REF", "NM1", ""] {
                let all = claim.segments().filter(|one| one.name() == name.as_bytes());
                let places = |one: &crate::x12::Segment<'_>| one.position();
                assert_eq!(
                    claim.each(name).map(places).collect::<Vec<_>>(),
                    all.map(places).collect::<Vec<_>>()
                );
            }
            for start in ["2310", "2310A", "2310B", "24", "2", "2305", "3", ""] {
                let number = |of: Loop<'_, '_, '_>| of.number();
                let all = claim.children().filter(|one| one.id().starts_with(start));
                assert_eq!(
                    claim.below(start).map(number).collect::<Vec<_>>(),
                    all.map(number).collect::<Vec<_>>(),
                    "{start}"
                );
            }
        }
    }
}
