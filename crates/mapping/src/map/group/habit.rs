//! Orders, specimens and results that senders write in another order than the standard.

use super::Placing;

/// Segments that say that what an ORC speaks of does not follow it.
const ENDS_OF_ORC: [&[u8]; 6] = [b"ORC", b"OBR", b"OBX", b"SPM", b"SAC", b"PID"];

impl Placing<'_> {
    /// Says whether the innermost open group is a specimen of an order that has no result yet.
    pub(super) fn specimen_before_results(&self) -> bool {
        let [.., order, specimen] = self.levels.as_slice() else {
            return false;
        };
        let is_named = |group: usize, name| {
            let opened = self.tree.groups.get(group);
            opened.is_some_and(|opened| opened.name == name)
        };
        let has_result = self.tree.segments.iter().any(|placed| {
            placed.segment.name() == b"OBX" && self.tree.is_inside(placed.group, order.group)
        });
        self.tree.structure.starts_with("ORU")
            && is_named(specimen.group, "SPECIMEN")
            && !has_result
    }

    /// Finds the place of a specimen behind the results of its order, where the structure has it before them.
    pub(super) fn specimen_after_results(&mut self, name: &[u8]) -> Option<usize> {
        let is_it = name == b"SPM" && self.tree.structure == "OUL_R24";
        is_it.then(|| self.earlier(name))?
    }

    /// Says whether the segment that is placed is an ORC in front of its OBR, where the structure has it behind.
    pub(super) fn is_before_its_request(&self, name: &[u8]) -> bool {
        let mut rest = self.message.segments().skip(self.tree.segments.len() + 1);
        name == b"ORC"
            && self.tree.structure.starts_with("OUL_")
            && rest
                .find(|one| ENDS_OF_ORC.contains(&one.name()))
                .is_some_and(|next| next.name() == b"OBR")
    }

    /// Finds the order of an OBR, where the ORC in front of it began that.
    pub(super) fn order_without_request(&mut self, name: &[u8]) -> Option<usize> {
        if name != b"OBR" || !self.tree.structure.starts_with("OUL_") {
            return None;
        }
        let is_begun = |group: usize| {
            let opened = self.tree.groups.get(group)?;
            let own = self.tree.segments.get(opened.span.0..)?;
            let begins = own.first()?.segment.name() == b"ORC" && opened.name == "ORDER";
            let has_request = || {
                own.iter()
                    .any(|one| one.group == group && one.segment.name() == b"OBR")
            };
            (begins && !has_request()).then_some(group)
        };
        let found = |depth: usize| Some((depth, is_begun(self.levels.get(depth)?.group)?));
        let (depth, group) = (0..self.levels.len()).rev().find_map(found)?;
        self.levels.truncate(depth + 1);
        Some(group)
    }
}
