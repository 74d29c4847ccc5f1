//! Whether a model still meets what it was trained on: pure measures over counts and sequences, for whoever watches it.

mod distribution;

mod page_hinkley;

mod reliability;

mod unit;

pub use distribution::{
    ACT, Distribution, Histogram, MAX_BINS, Stability, WATCH, missing_shift, stability_index,
};
pub use page_hinkley::PageHinkley;
pub use reliability::{RELIABILITY_BINS, Reliability};
pub use unit::{Conversion, SAME_UNIT, unit_shift};
