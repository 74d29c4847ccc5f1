//! ASC X12 005010: a lossless reader that fails on no input, the loops of the payer sets, and acknowledgements.
//!
//! ```
//! use formats::x12;
//!
//! let file = x12::read(b"ST*835*0001~BPR*I*34.00~TRN*1*77~SE*4*0001~");
//! let set = file.sets().next().expect("there is one");
//! assert_eq!(set.kind().text(), "835");
//! assert_eq!(set.first(b"BPR").map(|segment| segment.element(2).raw()), Some(&b"34.00"[..]));
//! assert!(file.has("interchange-header-missing"));
//! ```
#![deny(clippy::indexing_slicing)]

mod delimiters;

mod segment;

mod issue;

mod read;

mod envelope;

pub mod loops;

mod check;

pub mod answer;

pub use check::{ElementFault, FAULTS_MAX, SegmentFault, check, is_time};
pub use delimiters::Delimiters;
pub use envelope::{File, Group, Interchange, Set, TransactionSet};
pub use issue::{Issue, IssueCode, Level, Severity};
pub use loops::{Guide, Loop, LoopIssue, LoopIssueCode, Tree, loops};
pub use read::{Limits, read, read_with};
pub use segment::{Element, Segment};

#[cfg(test)]
mod tests;
