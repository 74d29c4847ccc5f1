//! Events to findings; deterministic, one state per patient, told the time.
//!
//! All workloads look at one [chart](State) of the patient. Each is a function of the chart: after a change it says
//! what is true now at every clinical time it may still revise, and only what differs from what was published goes
//! out, as a new finding, a revision or a retraction. The order in which facts arrive then decides nothing but when
//! things could be known.
#![forbid(unsafe_code)]
#![deny(clippy::wildcard_enum_match_arm)]

mod step;

mod config;
mod running;

mod conditions;
mod site_file;

mod limit;
mod parameter;
mod tables;

mod chart;
mod person;
mod state;
mod touched;

mod workload;

mod actions;
mod bedside;
mod bundle;
mod critical;
mod deterioration;
mod first_day;
mod glucose;
mod kidney;
mod organ;
mod sepsis;
mod sepsis3;
mod sepsis_risk;
mod shock;
mod suspicion;
mod sustained;

pub mod risk;

mod revise;

mod quality;

pub mod measures;

pub mod throughput;

pub mod variability;

pub mod payer;

pub mod scenario;

pub use conditions::{begins_a_condition, conditions, kind_of_condition, thresholds, what_changes};
pub use config::{
    BundleConfig, Config, CriticalConfig, DeteriorationConfig, RiskConfig, RiskScore, SepsisConfig,
    TimeZero,
};
pub use critical::{CriticalRange, critical_ranges};
pub use parameter::Parameter;
pub use site_file::{site_rows, without_rows};
pub use state::{DecodeError, State};
pub use step::{Effects, Input, Now, QualityIssue, QualityKind, StepError, Workloads};
pub use sustained::{Rule, RuleError, site_rules};
pub use workload::{BESIDE, Beside, WORKLOADS, Workload};
