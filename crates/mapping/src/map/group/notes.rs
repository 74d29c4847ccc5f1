//! Whose the notes are that stand behind a segment which only adds to an order or a result.
//!
//! The standard has NTE behind ORC and TQ1 in orders, behind TCD and SID in results of analysers (OUL): no resource begins
//! with those.

use super::{FOLLOWERS, Tree};

/// Segments that add to the one before them: timing, contact, how a test was run, with what substance.
const ADDED: [&[u8]; 5] = [b"TQ1", b"TQ2", b"CTD", b"TCD", b"SID"];
/// What is ordered or done: what ORC speaks of.
pub(crate) const DETAILS: [&[u8]; 6] = [b"OBR", b"RXO", b"RXE", b"RXD", b"RXG", b"RXA"];

/// Gives such notes to the order or result that they speak of.
pub(super) fn settle(tree: &mut Tree<'_>) {
    // Whose the notes are that come next.
    let mut subject = None;
    for at in 0..tree.segments.len() {
        let name = name_of(tree, at);
        let adds = ADDED.contains(&name) || FOLLOWERS.contains(&name) || name.starts_with(b"Z");
        if !adds {
            subject = match name {
                b"ORC" => detail(tree, at),
                _ => Some(at),
            };
        }
        if name != b"NTE" {
            continue;
        }
        if let (Some(subject), Some(note)) = (subject, tree.segments.get_mut(at))
            && note.owner.is_some()
        {
            note.owner = Some(subject);
        }
    }
}

/// Finds what an ORC speaks of: what follows it in its order, else what stands there before it.
fn detail(tree: &Tree<'_>, orc: usize) -> Option<usize> {
    let group = tree.segments.get(orc)?.group;
    let order = match tree.groups.get(group)?.name {
        "COMMON_ORDER" => tree.parent(group)?,
        _ => group,
    };
    let is_detail = |at: &usize| {
        let placed = tree.segments.get(*at);
        placed.is_some_and(|one| {
            DETAILS.contains(&one.segment.name()) && tree.is_inside(one.group, order)
        })
    };
    let (first, last) = tree.groups.get(order)?.span;
    let next_order = tree.next_named("ORC", orc + 1).unwrap_or(usize::MAX);
    let mut after = orc + 1..(last + 1).min(next_order);
    after.find(is_detail).or_else(|| {
        let order_before = (first..orc)
            .rev()
            .take_while(|at| name_of(tree, *at) != b"ORC");
        order_before.filter(is_detail).last()
    })
}

fn name_of<'m>(tree: &Tree<'m>, at: usize) -> &'m [u8] {
    tree.segments.get(at).map_or(b"", |one| one.segment.name())
}
