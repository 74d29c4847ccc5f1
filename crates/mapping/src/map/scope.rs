//! Which segments a resource is made of: its own, and others by where they stand in the message.

use super::group::{DETAILS, Group, PRIOR_RESULT, Sent, Tree};
use crate::tables::resources::{ResourceRow, With};

/// Segments that every resource may read.
const SHARED: [&[u8]; 3] = [b"MSH", b"EVN", b"PID"];

/// Gives the segments that every resource may read.
pub(crate) fn shared<'m>(tree: &Tree<'m>) -> Group<'m> {
    let segments = tree.segments.iter().map(|placed| placed.segment);
    Group(
        segments
            .filter(|one| SHARED.contains(&one.name()))
            .collect(),
    )
}

/// Gives the segments of a resource that begins with one of them.
pub(crate) fn segments<'m>(
    tree: &Tree<'m>,
    row: &ResourceRow,
    anchor: usize,
    shared: &Group<'m>,
) -> Group<'m> {
    let mut group = Group(Vec::with_capacity(shared.0.len() + 1 + row.with.len()));
    group.0.extend(&shared.0);
    let Some(placed) = tree.segments.get(anchor) else {
        return group;
    };
    if !SHARED.contains(&placed.segment.name()) {
        group.0.push(placed.segment);
    }
    let of_prior = tree.has_prior && is_prior(tree, placed.group);
    let mut own = Vec::new();
    if row.with.iter().any(|with| !matches!(with, With::Around(_))) {
        own.push(anchor);
    }
    for with in &row.with {
        let all = tree.segments.iter().enumerate();
        match *with {
            With::Own(name) => {
                let found = all.filter(|(_, other)| {
                    other.group == placed.group && other.segment.is_named(name)
                });
                take(found.map(|(index, _)| index), tree, &mut group, &mut own);
            }
            With::Below(name) => {
                let found = all.filter(|(_, other)| {
                    other.segment.is_named(name) && tree.is_inside(other.group, placed.group)
                });
                take(found.map(|(index, _)| index), tree, &mut group, &mut own);
            }
            With::Beside(groups, name) => {
                let found = groups
                    .split('|')
                    .map(|one| beside(tree, placed.group, one, name));
                let found = found.into_iter().find(|found| !found.is_empty());
                take(
                    found.unwrap_or_default().into_iter(),
                    tree,
                    &mut group,
                    &mut own,
                );
            }
            With::Around(name) => {
                let named = all.filter(|(_, other)| {
                    other.segment.is_named(name)
                        && (!tree.has_prior || is_prior(tree, other.group) == of_prior)
                });
                let mut places: Vec<_> = named.map(|(index, other)| (index, other.group)).collect();
                if name == "ORC" {
                    keep_own(tree, anchor, &mut places);
                }
                let found = nearest(tree, (anchor, placed.group), &places);
                group.0.extend(found.and_then(|index| segment(tree, index)));
            }
            With::AllAround(name) => {
                let named = all.filter(|(_, other)| other.segment.is_named(name));
                let places: Vec<_> = named.map(|(index, other)| (index, other.group)).collect();
                let found = all_around(tree, placed.group, &places);
                take(found.into_iter(), tree, &mut group, &mut own);
            }
            With::Following(name) => {
                let found = all.filter(|(_, other)| {
                    other.segment.is_named(name)
                        && other.owner.is_some_and(|one| own.contains(&one))
                });
                group.0.extend(found.map(|(_, other)| other.segment));
            }
        }
    }
    group
}

/// Keeps those ORC that may speak of the OBR of a segment: in one group, ORC speaks of the OBR that follows it.
fn keep_own(tree: &Tree<'_>, anchor: usize, orders: &mut Vec<(usize, usize)>) {
    let upto = tree.segments.get(..=anchor).unwrap_or_default();
    let own = upto
        .iter()
        .rposition(|one| DETAILS.contains(&one.segment.name()));
    let placed = own.and_then(|own| tree.segments.get(own));
    let Some((own, request)) = own
        .zip(placed)
        .filter(|(_, one)| one.segment.is_named("OBR"))
    else {
        return;
    };
    let mut beside = tree
        .segments
        .iter()
        .enumerate()
        .filter(|(_, other)| other.group == request.group && other.segment.is_named("OBR"));
    let earlier = beside.by_ref().take_while(|(at, _)| *at < own).last();
    // The own one, too, is taken by now.
    let is_last = beside.next().is_none();
    orders.retain(|(at, group)| {
        *group != request.group
            || match *at < own {
                true => earlier.is_none_or(|(earlier, _)| *at > earlier),
                false => is_last,
            }
    });
}

/// Says whether a group is of a result of earlier, which has another order than the one that it is sent with.
fn is_prior(tree: &Tree<'_>, group: usize) -> bool {
    tree.stands_in(group, PRIOR_RESULT)
}

/// Finds the segments of a name in the groups of a name that stand nearest: in the same group, else in one around it.
fn beside(tree: &Tree<'_>, group: usize, groups: &str, name: &str) -> Vec<usize> {
    let mut level = Some(group);
    while let Some(outer) = level {
        let all = tree.segments.iter().enumerate();
        let found: Vec<_> = all
            .filter(|(_, other)| {
                let opened = tree.groups.get(other.group);
                other.segment.is_named(name)
                    && opened.is_some_and(|one| one.name == groups && one.parent == outer)
            })
            .map(|(index, _)| index)
            .collect();
        if !found.is_empty() {
            return found;
        }
        level = tree.parent(outer);
    }
    Vec::new()
}

fn take<'m>(
    found: impl Iterator<Item = usize>,
    tree: &Tree<'m>,
    group: &mut Group<'m>,
    own: &mut Vec<usize>,
) {
    for index in found {
        if !own.contains(&index) {
            group.0.extend(segment(tree, index));
            own.push(index);
        }
    }
}

fn segment<'m>(tree: &Tree<'m>, index: usize) -> Option<Sent<'m>> {
    tree.segments.get(index).map(|placed| placed.segment)
}

/// Finds all of the nearest group around one that has any, but for those in its repeating groups.
fn all_around(tree: &Tree<'_>, group: usize, places: &[(usize, usize)]) -> Vec<usize> {
    let mut level = Some(group);
    while let Some(outer) = level {
        let inside = places.iter().filter(|(_, at)| tree.is_inside(*at, outer));
        let direct = inside.filter(|(_, at)| !is_repeated(tree, *at, outer));
        let found: Vec<_> = direct.map(|(index, _)| *index).collect();
        if !found.is_empty() {
            return found;
        }
        level = tree.parent(outer);
    }
    Vec::new()
}

/// Finds what is nearest to a segment: in its group, else in the groups around it, never in another repetition of a
/// group; except that the only one of a group beside it counts, as a specimen does for its results, unless that is
/// another repetition. The places are in the order of the segments.
pub(crate) fn nearest(
    tree: &Tree<'_>,
    (anchor, group): (usize, usize),
    places: &[(usize, usize)],
) -> Option<usize> {
    let mut level = Some(group);
    let mut height = 0;
    let mut from_group = None;
    while let Some(outer) = level {
        let (first, last) = tree.groups.get(outer)?.span;
        let from = places.partition_point(|(index, _)| *index < first);
        let to = places.partition_point(|(index, _)| *index <= last);
        let near = places.get(from..to).unwrap_or_default();
        let inside = || near.iter().filter(|(_, at)| tree.is_inside(*at, outer));
        let mut direct = inside().filter(|(_, at)| !is_repeated(tree, *at, outer));
        let first = direct.next();
        let before = direct.rfind(|(index, _)| *index < anchor);
        if let Some((index, _)) = before.or(first) {
            return Some(*index);
        }
        let mut others = inside().filter(|(_, at)| !is_sibling(tree, *at, outer, from_group));
        if height <= BESIDE
            && let (Some((index, _)), None) = (others.next(), others.next())
        {
            return Some(*index);
        }
        from_group = Some(outer);
        level = tree.parent(outer);
        height += 1;
    }
    None
}

/// How many groups out the only one of a repeating group counts.
const BESIDE: usize = 1;

/// Says whether a group lies in another repetition of one that stands directly inside of `outer`.
fn is_sibling(tree: &Tree<'_>, group: usize, outer: usize, own: Option<usize>) -> bool {
    let name = |group: usize| tree.groups.get(group).map(|opened| opened.name);
    let mut group = group;
    while let Some(parent) = tree.parent(group) {
        if parent == outer {
            return own.is_some_and(|own| own != group && name(own) == name(group));
        }
        group = parent;
    }
    false
}

/// Says whether a group that may repeat lies between two groups.
fn is_repeated(tree: &Tree<'_>, group: usize, outer: usize) -> bool {
    let mut group = group;
    while group != outer {
        match tree.groups.get(group) {
            Some(opened) if !opened.repeats => group = opened.parent,
            _ => return true,
        }
    }
    false
}
