//! History played again as it was known, and what its alerts would have been worth.
//!
//! A workload sees each fact at the moment at which it was known, behind the same alert policy that pages people, and what it
//! would have raised is held against what became of the patients. Nothing of the outcome reaches the workload.
#![forbid(unsafe_code)]
#![deny(clippy::wildcard_enum_match_arm)]

mod history;

mod gather;
pub mod mimic;
pub mod physionet;

mod replay;

mod risk;

mod what_if;

mod measures;
mod reliability;
mod utility;

pub use gather::Gathering;
pub use history::{History, Outcome, Stay};
pub use measures::{Bin, Expected, Group, Measures, Quartiles, measure};
pub use replay::{Course, Error, Open, Player};
pub use risk::RiskPlayer;
pub use what_if::{Alternative, Instead, Then};
