//! Heart rate variability: how much the times between beats differ, by windows of a few minutes, and when that falls with the
//! pressure.

mod measures;

mod falling;
mod limits;
mod robust;

pub(crate) use falling::{LOOKS_BACK, READS, WINDOW, conclude, matters};

pub use measures::{Beat, DIGITS, Measures, Rejected, measure};
