//! Splits: read from the arrays of one tree, which are checked to be a tree, and kept with those of all trees that read the same.

use std::collections::BTreeMap;

use super::MAX_LEAVES;
use super::read::Problem;

/// Bits of a decision as LightGBM writes it.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
const MISSING_SHIFT: u8 = 2;
/// LightGBM takes what is this near to zero for zero: 1e-35 as a 32-bit float.
const ZERO: f64 = 1e-35_f32 as f64;

/// What some splits read of a row, and those splits in the order of thresholds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    reads: Reads,
    pub(super) splits: Vec<Split>,
}

/// A split of one tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    pub(super) threshold: f64,
    /// The leaves that rows above the threshold can still reach, a bit each, counted from the left.
    pub(super) leaves: u64,
    pub(super) tree: u16,
}

/// A feature, with what is missing sent to its side already, so that splits compare and do nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reads {
    feature: u16,
    missing: Missing,
}

/// Where what is missing goes, and what that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    /// Nothing was missing in training: NaN counts as zero.
    AsZero,
    Left,
    Right,
    /// Zero is missing, too.
    ZeroLeft,
    ZeroRight,
}

impl Column {
    /// Gives what splits compare. Only what is missing is infinite.
    pub(super) fn of(&self, row: &[f64]) -> f64 {
        let place = usize::from(self.reads.feature);
        let value = row.get(place).copied().unwrap_or(f64::NAN);
        let missing = match self.reads.missing {
            Missing::AsZero => 0.0,
            Missing::Left | Missing::ZeroLeft => f64::NEG_INFINITY,
            Missing::Right | Missing::ZeroRight => f64::INFINITY,
        };
        let zero_is_missing = matches!(self.reads.missing, Missing::ZeroLeft | Missing::ZeroRight);
        let is_zero = value.abs() <= ZERO;
        if value.is_nan() || is_zero && zero_is_missing {
            missing
        } else if is_zero {
            0.0
        } else {
            finite(value)
        }
    }
}

fn finite(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}

/// The arrays of one tree, one place for each inner node.
#[derive(Debug, Default)]
pub(super) struct Arrays {
    pub(super) features: Vec<u16>,
    pub(super) thresholds: Vec<f64>,
    pub(super) decisions: Vec<u8>,
    pub(super) left: Vec<i32>,
    pub(super) right: Vec<i32>,
    pub(super) leaves: Vec<f64>,
}

impl Arrays {
    /// Adds the splits of a tree to the columns, and what its leaves say, from left to right, to those of all trees.
    pub(super) fn add(
        self,
        tree: u16,
        columns: &mut Columns,
        leaves: &mut Vec<f64>,
    ) -> Result<(), Problem> {
        let root = if self.features.is_empty() { !0 } else { 0 };
        let mut order = Order::default();
        self.walk(root, &mut order)?;
        if order.leaves.len() != self.leaves.len() {
            return Err(Problem::NoTree);
        }
        for (node, left) in order.nodes {
            let reads = Reads {
                feature: self.features[node],
                missing: missing(self.decisions[node])?,
            };
            let split = Split {
                threshold: finite(self.thresholds[node]),
                leaves: !left,
                tree,
            };
            columns.0.entry(reads).or_default().push(split);
        }
        leaves.extend(order.leaves.into_iter().map(|leaf| self.leaves[leaf]));
        Ok(())
    }

    /// Walks everything below a child; what is reached twice, or is not there, makes no tree.
    fn walk(&self, child: i32, order: &mut Order) -> Result<(), Problem> {
        let Ok(node) = usize::try_from(child) else {
            let leaf = usize::try_from(!child).unwrap_or(usize::MAX);
            if leaf >= self.leaves.len() || order.leaves.contains(&leaf) {
                return Err(Problem::NoTree);
            }
            order.leaves.push(leaf);
            return Ok(());
        };
        let (Some(left), Some(right)) = (self.left.get(node), self.right.get(node)) else {
            return Err(Problem::NoTree);
        };
        if order.nodes.insert(node, 0).is_some() {
            return Err(Problem::NoTree);
        }
        let before = order.leaves.len();
        self.walk(*left, order)?;
        order
            .nodes
            .insert(node, bits(order.leaves.len()) & !bits(before));
        self.walk(*right, order)
    }
}

/// What was met of a tree, going left before right.
#[derive(Debug, Default)]
struct Order {
    /// Inner nodes, each with the leaves to its left.
    nodes: BTreeMap<usize, u64>,
    leaves: Vec<usize>,
}

/// Gives the bits of the first so many leaves.
const fn bits(count: usize) -> u64 {
    if count < MAX_LEAVES {
        (1 << count) - 1
    } else {
        u64::MAX
    }
}

/// The splits of a model by what they read.
#[derive(Debug, Default)]
pub(super) struct Columns(BTreeMap<Reads, Vec<Split>>);

impl Columns {
    /// Gives them with their splits in the order of thresholds.
    pub(super) fn finish(self) -> Vec<Column> {
        let column = |(reads, mut splits): (Reads, Vec<Split>)| {
            splits.sort_by(|one, other| one.threshold.total_cmp(&other.threshold));
            Column { reads, splits }
        };
        self.0.into_iter().map(column).collect()
    }
}

/// Reads where what is missing goes.
fn missing(decision: u8) -> Result<Missing, Problem> {
    if decision & CATEGORICAL != 0 {
        return Err(Problem::Categorical);
    }
    match (decision >> MISSING_SHIFT, decision & DEFAULT_LEFT != 0) {
        (0, _) => Ok(Missing::AsZero),
        (1, true) => Ok(Missing::ZeroLeft),
        (1, false) => Ok(Missing::ZeroRight),
        (2, true) => Ok(Missing::Left),
        (2, false) => Ok(Missing::Right),
        _ => Err(Problem::Number(
            "decision_type",
            decision.to_string().into(),
        )),
    }
}
