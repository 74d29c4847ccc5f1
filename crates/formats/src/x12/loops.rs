//! The loops of a transaction set as a tree, by tables: what does not belong is kept where it stands and reported.

mod index;
pub(crate) mod tables;

use std::collections::BTreeMap;
use std::fmt;

use self::index::{Index, Places};
use self::tables::{Row, TABLES};
use super::envelope::Set;
use super::segment::Segment;

pub use self::tables::Guide;

/// A transaction set as a tree of loops; its segments stay in their order.
#[derive(Debug, Clone)]
pub struct Tree<'f, 'b> {
    guide: Guide,
    segments: &'f [Segment<'b>],
    nodes: Vec<Node<'b>>,
    issues: Vec<LoopIssue>,
}

#[derive(Debug, Clone)]
struct Node<'b> {
    id: &'static str,
    row: usize,
    parent: Option<usize>,
    children: Vec<usize>,
    segments: Vec<usize>,
    /// Only where it holds much.
    index: Option<Box<Index<'b>>>,
}

/// A loop: the segments that stand in it and the loops below.
#[derive(Clone, Copy)]
pub struct Loop<'t, 'f, 'b> {
    tree: &'t Tree<'f, 'b>,
    place: usize,
}

/// Something about the loops that is not as the tables have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopIssue {
    /// What it is.
    pub code: LoopIssueCode,
    /// The segment's place in the set, counted from 0 for ST.
    pub place: usize,
    /// The loop it was kept in.
    pub kept_in: &'static str,
}

/// Names what can be wrong with the loops of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoopIssueCode {
    /// No loop of the set has such a segment.
    SegmentUnknown,
    /// Loops of the set have such a segment, but none that is open.
    SegmentMisplaced,
    /// HL03 names a level that the set has not.
    LevelUnknown,
    /// HL02 names no level before.
    ParentUnknown,
    /// HL01 is that of a level before.
    LevelDuplicate,
    /// HL04 says that there are levels below, or that there are none, and it is not so.
    ChildrenDiffer,
}

impl LoopIssueCode {
    /// Returns the name that configuration, metrics and documents use; it never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SegmentUnknown => "segment-unknown",
            Self::SegmentMisplaced => "segment-misplaced",
            Self::LevelUnknown => "level-unknown",
            Self::ParentUnknown => "parent-unknown",
            Self::LevelDuplicate => "level-duplicate",
            Self::ChildrenDiffer => "children-differ",
        }
    }

    /// Returns what is wrong and what to do, in plain words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::SegmentUnknown => "the set has no such segment; it was kept where it stands",
            Self::SegmentMisplaced => {
                "no loop that is open has such a segment; it was kept where it stands, check the order"
            }
            Self::LevelUnknown => "HL03 names a level that the set has not; send one that it has",
            Self::ParentUnknown => "HL02 names no level before; send the number of the level above",
            Self::LevelDuplicate => "HL01 is used twice; number the levels from 1",
            Self::ChildrenDiffer => "HL04 does not agree with the levels that follow",
        }
    }
}

impl fmt::Display for LoopIssue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, name) = (self.code.text(), self.code.as_str());
        let (place, kept) = (self.place + 1, self.kept_in);
        write!(
            formatter,
            "segment {place}, kept in {kept}: {text} ({name})"
        )
    }
}

/// Gives the loops of a transaction set; nothing where no table describes such a set.
#[must_use]
pub fn loops<'f, 'b>(set: &Set<'f, 'b>) -> Option<Tree<'f, 'b>> {
    let guide = Guide::of(&set.kind().text(), &set.guide().text())?;
    Some(Tree::new(guide, set.segments()))
}

impl<'f, 'b> Tree<'f, 'b> {
    fn new(guide: Guide, segments: &'f [Segment<'b>]) -> Self {
        let mut builder = Builder {
            rows: TABLES.of(guide),
            tree: Self {
                guide,
                segments,
                nodes: Vec::new(),
                issues: Vec::new(),
            },
            stack: Vec::new(),
            levels: BTreeMap::new(),
        };
        builder.open(None, 0);
        for (place, segment) in segments.iter().enumerate() {
            builder.segment(place, segment);
        }
        builder.children();
        builder.index();
        builder.tree.issues.sort_by_key(|issue| issue.place);
        builder.tree
    }

    /// Says which loops it was read by.
    #[must_use]
    pub const fn guide(&self) -> Guide {
        self.guide
    }

    /// Gives the loop that holds all others, `ST`.
    #[must_use]
    pub const fn root(&self) -> Loop<'_, 'f, 'b> {
        Loop {
            tree: self,
            place: 0,
        }
    }

    /// Goes through all loops, in the order in which they begin.
    pub fn every(&self) -> impl Iterator<Item = Loop<'_, 'f, 'b>> {
        (0..self.nodes.len()).map(|place| Loop { tree: self, place })
    }

    /// Goes through all loops of a name, in the order of their segments.
    pub fn all<'t>(&'t self, id: &'t str) -> impl Iterator<Item = Loop<'t, 'f, 'b>> {
        let places = self.nodes.iter().enumerate();
        places
            .filter(move |(_, node)| node.id == id)
            .map(|(place, _)| Loop { tree: self, place })
    }

    /// Gives the segment at a place of the set.
    #[must_use]
    pub fn segment(&self, place: usize) -> Option<&'f Segment<'b>> {
        self.segments.get(place)
    }

    /// Gives what is not as the tables have it.
    #[must_use]
    pub fn issues(&self) -> &[LoopIssue] {
        &self.issues
    }
}

impl<'t, 'f, 'b> Loop<'t, 'f, 'b> {
    /// Gives its name, such as `2010BA`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.node().map_or("", |node| node.id)
    }

    /// Gives its number among the loops of the set, in the order in which they begin.
    #[must_use]
    pub const fn number(self) -> usize {
        self.place
    }

    /// Gives the loop that it is in.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let place = self.node()?.parent?;
        Some(Self { place, ..self })
    }

    /// Goes through the segments that stand in it itself.
    pub fn segments(self) -> impl Iterator<Item = &'f Segment<'b>> + use<'t, 'f, 'b> {
        self.places()
            .filter_map(move |place| self.tree.segments.get(place))
    }

    /// Goes through the places of its own segments in the set, counted from 0 for ST.
    pub fn places(self) -> impl Iterator<Item = usize> + use<'t, 'f, 'b> {
        let places = self.node().map(|node| node.segments.as_slice());
        places.unwrap_or_default().iter().copied()
    }

    /// Gives its first segment of a name.
    #[must_use]
    pub fn first(self, name: &str) -> Option<&'f Segment<'b>> {
        self.each(name).next()
    }

    /// Goes through its own segments of a name.
    pub fn each<'n>(
        self,
        name: &'n str,
    ) -> impl Iterator<Item = &'f Segment<'b>> + use<'n, 't, 'f, 'b> {
        let places = self.node().map(|node| match &node.index {
            Some(index) => index.segments(name.as_bytes()),
            None => node.segments.as_slice(),
        });
        let places = places.unwrap_or_default().iter();
        places
            .filter_map(move |place| self.tree.segments.get(*place))
            .filter(move |segment| segment.name() == name.as_bytes())
    }

    /// Goes through the loops directly below.
    pub fn children(self) -> impl Iterator<Item = Self> + use<'t, 'f, 'b> {
        let places = self.node().map(|node| node.children.as_slice());
        let places = places.unwrap_or_default().iter();
        places.map(move |place| Self {
            place: *place,
            ..self
        })
    }

    /// Goes through the loops directly below whose name begins so.
    pub fn below<'n>(self, id: &'n str) -> impl Iterator<Item = Self> + use<'n, 't, 'f, 'b> {
        let places = match self.node().and_then(|node| node.index.as_ref()) {
            Some(index) => index.below(id),
            None => Places {
                first: self.node().map_or(&[], |node| &node.children),
                others: Vec::new(),
            },
        };
        places
            .map(move |place| Self { place, ..self })
            .filter(move |child| child.id().starts_with(id))
    }

    fn node(self) -> Option<&'t Node<'b>> {
        self.tree.nodes.get(self.place)
    }
}

impl fmt::Debug for Loop<'_, '_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

struct Builder<'f, 'b> {
    rows: &'static [Row],
    tree: Tree<'f, 'b>,
    /// The open loops from the root inwards.
    stack: Vec<usize>,
    /// The levels by their number, HL01.
    levels: BTreeMap<&'b [u8], usize>,
}

impl<'b> Builder<'_, 'b> {
    fn segment(&mut self, place: usize, segment: &Segment<'b>) {
        let name = segment.name();
        if name == b"HL" && self.level(place, segment) {
            return;
        }
        for depth in (0..self.stack.len()).rev() {
            let Some(row) = self.row_at(depth) else {
                continue;
            };
            if let Some(child) = self.child(row, name, segment) {
                self.stack.truncate(depth + 1);
                self.open(Some(self.innermost()), child);
                self.keep(place);
                return;
            }
            let holds = self.rows.get(row).is_some_and(|row| row.holds(name));
            if holds || place == 0 {
                self.stack.truncate(depth + 1);
                self.keep(place);
                return;
            }
        }
        let is_known = self.rows.iter().any(|row| row.has(name));
        let code = if is_known {
            LoopIssueCode::SegmentMisplaced
        } else {
            LoopIssueCode::SegmentUnknown
        };
        self.issue(code, place);
        self.keep(place);
    }

    /// Opens the loop of an HL segment below the level that it names.
    fn level(&mut self, place: usize, segment: &Segment<'b>) -> bool {
        let mut rows = self.rows.iter().enumerate();
        let found = rows.find(|(_, row)| row.begins_with(b"HL", segment));
        let Some((row, known)) = found else {
            if self.rows.iter().any(|row| row.has(b"HL")) {
                self.issue(LoopIssueCode::LevelUnknown, place);
                self.keep(place);
                return true;
            }
            return false;
        };
        let (number, above) = (segment.element(1), segment.element(2));
        // A level stands below one that the table has before it, so that no chain is longer than the table.
        let is_above = |node: &usize| self.tree.nodes.get(*node).is_some_and(|one| one.row < row);
        let named = self.levels.get(above.raw()).copied().filter(is_above);
        if !above.is_empty() && named.is_none() {
            self.issue(LoopIssueCode::ParentUnknown, place);
        }
        let parent = match named {
            Some(node) => Some(node),
            None => self.open_level(known.parent),
        };
        let parent = parent.unwrap_or_default();
        self.stack_to(parent);
        let node = self.open(Some(parent), row);
        self.keep(place);
        if !number.is_empty() && self.levels.insert(number.raw(), node).is_some() {
            self.issue(LoopIssueCode::LevelDuplicate, place);
        }
        true
    }

    /// The open loop of a name, for a level that does not say what is above it.
    fn open_level(&self, id: &str) -> Option<usize> {
        let mut open = self.stack.iter().rev().copied();
        open.find(|node| self.tree.nodes.get(*node).is_some_and(|node| node.id == id))
    }

    fn stack_to(&mut self, node: usize) {
        let mut stack = vec![node];
        let mut at = node;
        while let Some(parent) = self.tree.nodes.get(at).and_then(|node| node.parent) {
            stack.push(parent);
            at = parent;
        }
        stack.reverse();
        self.stack = stack;
    }

    /// The loop below a row that a segment begins.
    fn child(&self, row: usize, name: &[u8], segment: &Segment<'_>) -> Option<usize> {
        let parent = self.rows.get(row)?.id;
        let mut rows = self.rows.iter().enumerate();
        let found = rows.find(|(_, row)| row.parent == parent && row.begins_with(name, segment));
        found.map(|(place, _)| place)
    }

    fn innermost(&self) -> usize {
        self.stack.last().copied().unwrap_or_default()
    }

    fn row_at(&self, depth: usize) -> Option<usize> {
        let node = self.tree.nodes.get(*self.stack.get(depth)?)?;
        Some(node.row)
    }

    fn open(&mut self, parent: Option<usize>, row: usize) -> usize {
        let place = self.tree.nodes.len();
        self.tree.nodes.push(Node {
            id: self.rows.get(row).map_or("ST", |row| row.id),
            row,
            parent,
            children: Vec::new(),
            segments: Vec::new(),
            index: None,
        });
        if let Some(parent) = parent.and_then(|parent| self.tree.nodes.get_mut(parent)) {
            parent.children.push(place);
        }
        self.stack.push(place);
        place
    }

    fn keep(&mut self, place: usize) {
        let open = self.innermost();
        if let Some(node) = self.tree.nodes.get_mut(open) {
            node.segments.push(place);
        }
    }

    fn issue(&mut self, code: LoopIssueCode, place: usize) {
        let open = self.innermost();
        let kept_in = self.tree.nodes.get(open).map_or("ST", |node| node.id);
        self.tree.issues.push(LoopIssue {
            code,
            place,
            kept_in,
        });
    }

    /// Notes where everything is in loops that hold much.
    fn index(&mut self) {
        let tree = &mut self.tree;
        for place in 0..tree.nodes.len() {
            let node = tree.nodes.get(place);
            let index = node.and_then(|node| Index::of(node, &tree.nodes, tree.segments));
            if let Some(node) = tree.nodes.get_mut(place) {
                node.index = index;
            }
        }
    }

    /// Looks whether HL04 of each level agrees with the levels below it.
    fn children(&mut self) {
        let nodes = &self.tree.nodes;
        let is_level = |node: &Node<'_>| self.rows.get(node.row).is_some_and(|row| row.has(b"HL"));
        let mut found = Vec::new();
        for node in nodes.iter().filter(|node| is_level(node)) {
            let Some(&place) = node.segments.first() else {
                continue;
            };
            let below = node.children.iter().filter_map(|child| nodes.get(*child));
            let has = below.into_iter().any(is_level);
            let said = self.tree.segments.get(place).map(|one| one.element(4));
            let differs = match said.map(|said| said.raw()) {
                Some(b"0") => has,
                Some(b"1") => !has,
                _ => false,
            };
            if differs {
                found.push(LoopIssue {
                    code: LoopIssueCode::ChildrenDiffer,
                    place,
                    kept_in: node.id,
                });
            }
        }
        self.tree.issues.extend(found);
    }
}
