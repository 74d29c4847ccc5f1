//! Gradient boosted trees from a LightGBM model file, evaluated as LightGBM evaluates them.

mod read;

mod tree;

use tree::{Column, Split};

pub use read::{ModelError, Problem};

/// The largest model file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;
/// The most trees of a model.
pub const MAX_TREES: usize = 2_000;
/// The most leaves of one tree: a bit each.
pub const MAX_LEAVES: usize = 64;
/// The most features of a model.
pub const MAX_FEATURES: usize = 4_096;

/// Boosted trees for a yes or no, as read from a model file.
///
/// No tree is walked (`QuickScorer`, Lucchese et al., SIGIR 2015): the splits of all trees lie together by what they read,
/// in the order of thresholds, so that those a row is above are the first ones. Each takes the leaves to its left from its
/// tree; of the leaves that remain the leftmost is the one that walking would have come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    features: Vec<Box<str>>,
    columns: Vec<Column>,
    /// Where the leaves of each tree begin.
    trees: Vec<u32>,
    /// What the leaves of all trees say, each tree's from left to right.
    leaves: Vec<f64>,
    sigmoid: f64,
}

impl Model {
    /// Reads the text of a model file.
    ///
    /// # Errors
    /// When it is not a LightGBM model of version 4 for a yes or no with numerical splits, or breaks a limit.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        read::model(text)
    }

    /// Gives the names of the features in the order of a row.
    pub fn features(&self) -> impl ExactSizeIterator<Item = &str> {
        self.features.iter().map(|name| &**name)
    }

    /// Gives the number of trees.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// Gives the raw score of a row, the sum over all trees, or nothing where the row has not one value for each
    /// feature. What is not known is NaN.
    pub fn score(&self, row: &[f64]) -> Option<f64> {
        if row.len() != self.features.len() {
            return None;
        }
        let mut reachable = vec![u64::MAX; self.trees.len()];
        for column in &self.columns {
            let value = column.of(row);
            let above = column
                .splits
                .iter()
                .take_while(|split| value > split.threshold);
            for Split { tree, leaves, .. } in above {
                reachable[usize::from(*tree)] &= leaves;
            }
        }
        // In the order of trees, since sums round by it. Every place lies within, as reading checked.
        let said = self.trees.iter().zip(reachable);
        let said =
            said.map(|(first, leaves)| self.leaves[(first + leaves.trailing_zeros()) as usize]);
        Some(said.sum())
    }

    /// Gives the model's own probability of a raw score; a [`Calibration`](super::Calibration) gives the one that held
    /// on held-out patients.
    pub fn probability(&self, score: f64) -> f64 {
        1.0 / (1.0 + (-self.sigmoid * score).exp())
    }
}

#[cfg(test)]
mod tests;
