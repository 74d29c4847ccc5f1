//! Heart rate variability: how much the times between beats differ, by windows of a few minutes.

mod measures;

pub use measures::{Beat, DIGITS, Measures, Rejected, measure};
