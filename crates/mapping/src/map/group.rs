//! Where each segment of a message stands: the groups of its structure, found by a grammar that forgives.
//!
//! What the standard leaves open is decided here, in this order:
//!
//! 1. A segment takes the next place for it in the innermost open group; else it begins a repetition of that group, if
//!    it may be its first segment; else the same is tried in the group around it.
//! 2. A segment that no place follows begins a group without its head where it is itself what the group is about
//!    ([`HEADS`]): an OBR without ORC begins an order.
//! 3. A segment that stands too late takes its earlier place in the innermost group that has one.
//! 4. Z-segments and what the structure does not know stay in the innermost open group.
//! 5. Notes and roles belong to the segment before them, wherever the structure has them; notes behind what only adds to
//!    an order or a result are that one's ([`notes`]).
//! 6. A result after a specimen is the order's where the order has no result yet, else the specimen's; a specimen after a
//!    result is of the order around that.
//! 7. ORC and OBR after an order begin the next one, unless they say that they report a result of earlier ([`prior`]).
//! 8. Where ORC has its place after OBR (OUL), one that has none begins the order of the OBR that follows it.

mod habit;

mod notes;

mod prior;

use std::ops::Deref;

use formats::hl7v2::{Message, Repetition, Segment};

use crate::tables::structures::{STRUCTURES, Slot, Structure};
pub(crate) use notes::DETAILS;
use prior::Opens;

/// Segments that a group is about, so that they begin it even where its first segment is missing.
const HEADS: [&[u8]; 18] = [
    b"PID", b"PV1", b"OBR", b"SPM", b"RXO", b"RXE", b"RXD", b"RXG", b"RXA", b"FT1", b"IN1", b"PR1",
    b"RGS", b"AIS", b"PRB", b"GOL", b"PTH", b"TXA",
];

/// The group of a result of earlier that is sent with an order.
pub(crate) const PRIOR_RESULT: &str = "PRIOR_RESULT";

/// Segments that belong to the segment before them.
const FOLLOWERS: [&[u8]; 3] = [b"NTE", b"PRT", b"ROL"];

/// A segment, and what was sent of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'m> {
    pub(crate) segment: Segment<'m>,
    /// Its name; zeros where that has not three bytes.
    pub(crate) name: [u8; 3],
    /// One bit for each field with bytes, field 1's lowest.
    pub(crate) sent: u128,
    /// Whether any field may have several repetitions.
    repeats: bool,
}

impl<'m> Sent<'m> {
    pub(crate) fn new(segment: Segment<'m>, repetition: u8) -> Self {
        Self {
            segment,
            name: segment.name().as_array().copied().unwrap_or_default(),
            sent: segment.sent(),
            repeats: segment.raw().contains(&repetition),
        }
    }

    /// Says whether it has this name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        name.as_bytes().as_array() == Some(&self.name)
    }

    /// Gives the first repetition of a field, if anything was sent.
    pub(crate) fn first(&self, field: usize) -> Option<Repetition<'m>> {
        let bit = 1 << field.saturating_sub(1).min(127);
        (self.sent & bit != 0).then(|| {
            let field = self.segment.field(field);
            if self.repeats {
                field.repetition(1)
            } else {
                field.as_repetition()
            }
        })
    }

    /// Gives the repetitions of a field.
    pub(crate) fn repetitions(
        &self,
        field: usize,
    ) -> impl Iterator<Item = Repetition<'m>> + use<'m> {
        self.segment.field(field).repetitions()
    }
}

impl<'m> Deref for Sent<'m> {
    type Target = Segment<'m>;

    fn deref(&self) -> &Segment<'m> {
        &self.segment
    }
}

/// The segments that one resource is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group<'m>(pub(crate) Vec<Sent<'m>>);

/// A message's segments, each in its group.
#[derive(Debug, Default)]
pub(crate) struct Tree<'m> {
    /// The structure's name; empty where nobody knows it.
    pub(crate) structure: &'static str,
    pub(crate) segments: Vec<Placed<'m>>,
    /// The groups as they were opened; the first is the message.
    pub(crate) groups: Vec<Opened>,
    /// Whether results of earlier are among them.
    pub(crate) has_prior: bool,
}

/// A segment and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'m> {
    pub(crate) segment: Sent<'m>,
    /// The group that it is in, among [`Tree::groups`].
    pub(crate) group: usize,
    /// The segment that it belongs to, if it is one that belongs to others.
    pub(crate) owner: Option<usize>,
}

/// A group of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    pub(crate) name: &'static str,
    /// The group around it; of the message, itself.
    pub(crate) parent: usize,
    pub(crate) repeats: bool,
    /// The first of its segments, and the last one in it or in a group inside it.
    pub(crate) span: (usize, usize),
}

impl<'m> Tree<'m> {
    /// Places the segments of a message.
    pub(crate) fn of(message: &'m Message<'m>) -> Self {
        let header = message.header().map(|header| header.segment().field(9));
        let part = |number| {
            let part = header.map(|field| field.component(number).text());
            part.unwrap_or_default()
        };
        let structure = STRUCTURES.find(part(1).trim(), part(2).trim(), part(3).trim());
        let mut placing = Placing::new(message, structure);
        let repetition = message.separators().repetition;
        for segment in message.segments() {
            placing.take(Sent::new(segment, repetition));
        }
        notes::settle(&mut placing.tree);
        placing.tree
    }

    /// Finds the place of the next segment of a name.
    pub(crate) fn next_named(&self, name: &str, from: usize) -> Option<usize> {
        let mut rest = self.segments.iter().skip(from);
        let found = rest.position(|placed| placed.segment.is_named(name));
        found.map(|place| from + place)
    }

    /// Says whether a group is another one or inside of it.
    pub(crate) fn is_inside(&self, group: usize, outer: usize) -> bool {
        let mut group = group;
        loop {
            if group == outer {
                return true;
            }
            match self.groups.get(group) {
                Some(opened) if opened.parent != group => group = opened.parent,
                _ => return false,
            }
        }
    }

    /// Gives the group around another; nothing for the message.
    pub(crate) fn parent(&self, group: usize) -> Option<usize> {
        let parent = self.groups.get(group)?.parent;
        (parent != group).then_some(parent)
    }

    /// Says whether a segment stands in a group of this name, or in one inside of it.
    pub(crate) fn stands_in(&self, group: usize, name: &str) -> bool {
        let mut group = Some(group);
        while let Some(at) = group {
            if self
                .groups
                .get(at)
                .is_some_and(|opened| opened.name == name)
            {
                return true;
            }
            group = self.parent(at);
        }
        false
    }
}

/// A group that is open while segments are placed.
#[derive(Clone, Copy)]
struct Level {
    /// Its slot in the structure.
    slot: usize,
    /// The slot inside it that was last taken.
    at: usize,
    /// Its place among the opened groups.
    group: usize,
}

struct Placing<'m> {
    message: &'m Message<'m>,
    slots: &'static [Slot],
    levels: Vec<Level>,
    tree: Tree<'m>,
    /// The last segment that others may belong to.
    last: Option<usize>,
}

impl<'m> Placing<'m> {
    fn new(message: &'m Message<'m>, structure: Option<&'static Structure>) -> Self {
        let (name, slots) = structure.map_or(("", &[][..]), |one| (one.name, &one.slots));
        Self {
            message,
            slots,
            levels: vec![Level {
                slot: 0,
                at: 0,
                group: 0,
            }],
            tree: Tree {
                structure: name,
                segments: Vec::new(),
                groups: vec![Opened {
                    name,
                    parent: 0,
                    repeats: false,
                    span: (0, 0),
                }],
                has_prior: false,
            },
            last: None,
        }
    }

    fn take(&mut self, segment: Sent<'m>) {
        let name = segment.name();
        let follows = FOLLOWERS.contains(&name);
        let owner = self.last.filter(|_| follows);
        let group = match owner.and_then(|owner| self.tree.segments.get(owner)) {
            Some(owner) => owner.group,
            None => self.place(name),
        };
        if !follows && !name.starts_with(b"Z") {
            self.last = Some(self.tree.segments.len());
        }
        let place = self.tree.segments.len();
        self.tree.segments.push(Placed {
            segment,
            group,
            owner,
        });
        let mut around = group;
        while let Some(opened) = self.tree.groups.get_mut(around) {
            opened.span.1 = place;
            if opened.parent == around {
                break;
            }
            around = opened.parent;
        }
    }

    /// Finds the group of a segment, and opens it where it is a new one.
    fn place(&mut self, name: &[u8]) -> usize {
        if name == b"OBX" && self.specimen_before_results() {
            self.levels.pop();
        }
        let innermost = self.levels.last().map_or(0, |level| level.group);
        if name.starts_with(b"Z") || self.slots.is_empty() {
            return innermost;
        }
        if let Some(order) = self.order_without_request(name) {
            return order;
        }
        let is_head = HEADS.contains(&name) || self.is_before_its_request(name);
        self.next(name, |slots, group| begins(slots, group, name))
            .or_else(|| self.specimen_after_results(name))
            .or_else(|| {
                let has = |slots: &[Slot], group| is_head && contains(slots, group, name);
                self.next(name, has)
            })
            .or_else(|| self.earlier(name))
            .unwrap_or(innermost)
    }

    /// Takes the next place for a segment, from the innermost open group out.
    fn next(&mut self, name: &[u8], may_begin: impl Fn(&[Slot], usize) -> bool) -> Option<usize> {
        for depth in (0..self.levels.len()).rev() {
            let level = *self.levels.get(depth)?;
            let end = self.slots.get(level.slot)?.end;
            let here = self.slots.get(level.at)?;
            if level.at != level.slot
                && here.repeats
                && (!here.is_group && here.name.as_bytes() == name)
            {
                self.levels.truncate(depth + 1);
                return Some(level.group);
            }
            if level.at != level.slot
                && here.is_group
                && here.repeats
                && may_begin(self.slots, level.at)
                && self.may_open(level.at, Opens::Another)
            {
                self.levels.truncate(depth + 1);
                return Some(self.enter(level.at, name));
            }
            let mut child = if level.at == level.slot {
                level.slot + 1
            } else {
                here.end
            };
            while child < end {
                let slot = self.slots.get(child)?;
                if !slot.is_group && slot.name.as_bytes() == name {
                    self.levels.truncate(depth + 1);
                    self.levels.last_mut()?.at = child;
                    return Some(level.group);
                }
                if slot.is_group
                    && may_begin(self.slots, child)
                    && self.may_open(child, Opens::First)
                {
                    self.levels.truncate(depth + 1);
                    return Some(self.enter(child, name));
                }
                child = slot.end;
            }
        }
        None
    }

    /// Says whether the segment that is placed may open a group, where the grammar alone does not decide.
    fn may_open(&self, slot: usize, opens: Opens) -> bool {
        let at = self.tree.segments.len();
        let name = self.slots.get(slot).map_or("", |slot| slot.name);
        match (name, opens) {
            (PRIOR_RESULT, _) => prior::begins(self.message, at, Opens::First),
            ("ORDER_PRIOR", Opens::Another) => prior::begins(self.message, at, opens),
            _ => true,
        }
    }

    /// Takes an earlier place in the innermost open group that has one, or opens an earlier group there.
    fn earlier(&mut self, name: &[u8]) -> Option<usize> {
        for depth in (0..self.levels.len()).rev() {
            let level = *self.levels.get(depth)?;
            let mut child = level.slot + 1;
            while child < self.slots.get(level.slot)?.end {
                let slot = self.slots.get(child)?;
                let is_taken =
                    !slot.repeats && child <= level.at && begins(self.slots, level.slot, name);
                if !slot.is_group && slot.name.as_bytes() == name && !is_taken {
                    return Some(level.group);
                }
                if slot.is_group && begins(self.slots, child, name) {
                    self.levels.truncate(depth + 1);
                    let group = self.enter(child, name);
                    self.levels.get_mut(depth)?.at = level.at.max(child);
                    return Some(group);
                }
                child = slot.end;
            }
        }
        None
    }

    /// Opens a group, and those inside it down to the segment.
    fn enter(&mut self, slot: usize, name: &[u8]) -> usize {
        let parent = self.levels.last().map_or(0, |level| level.group);
        if let Some(level) = self.levels.last_mut() {
            level.at = slot;
        }
        let group = self.tree.groups.len();
        let Some(opening) = self.slots.get(slot) else {
            return parent;
        };
        self.tree.has_prior |= opening.name == PRIOR_RESULT;
        self.tree.groups.push(Opened {
            name: opening.name,
            parent,
            repeats: opening.repeats,
            span: (self.tree.segments.len(), self.tree.segments.len()),
        });
        self.levels.push(Level {
            slot,
            at: slot,
            group,
        });
        let mut child = slot + 1;
        while child < opening.end {
            let Some(inner) = self.slots.get(child) else {
                break;
            };
            if !inner.is_group && inner.name.as_bytes() == name {
                if let Some(level) = self.levels.last_mut() {
                    level.at = child;
                }
                return group;
            }
            if inner.is_group && contains(self.slots, child, name) {
                return self.enter(child, name);
            }
            child = inner.end;
        }
        group
    }
}

/// Says whether a segment may be the first one of a group.
fn begins(slots: &[Slot], group: usize, name: &[u8]) -> bool {
    let mut child = group + 1;
    let end = slots.get(group).map_or(0, |slot| slot.end);
    while child < end {
        let Some(slot) = slots.get(child) else {
            return false;
        };
        let fits = match slot.is_group {
            true => begins(slots, child, name),
            false => slot.name.as_bytes() == name,
        };
        if fits {
            return true;
        }
        // What belongs to the segment before it never opens a group.
        let follows = !slot.is_group && FOLLOWERS.contains(&slot.name.as_bytes());
        if !slot.optional && !follows {
            return false;
        }
        child = slot.end;
    }
    false
}

/// Says whether a group has a place for a segment at any depth.
fn contains(slots: &[Slot], group: usize, name: &[u8]) -> bool {
    let end = slots.get(group).map_or(0, |slot| slot.end);
    let inside = slots.get(group + 1..end).unwrap_or_default();
    inside
        .iter()
        .any(|slot| !slot.is_group && slot.name.as_bytes() == name)
}

#[cfg(test)]
mod tests;
