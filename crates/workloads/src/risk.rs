//! Learned risk: a model file evaluated natively, the features it reads, its calibration, when it alerts, and whether it drifts.
//!
//! A [`Pack`] is what the training script writes: the trees, the probabilities of their scores, the thresholds, and how
//! the features were distributed. A [`Course`] is what is known of a patient's stay; it gives the same features
//! whatever order the readings came in, and says from which hour on a late one changes them.

mod variable;

mod feature;

mod course;

mod model;

mod calibration;

mod policy;

mod explain;

pub mod drift;

pub mod watch;

mod table;

mod pack;

pub use calibration::Calibration;
pub use course::{Course, Person, Reading};
pub use explain::{Contribution, Subject};
pub use feature::{Feature, FeatureError, Features, LOOKBACK_HOURS};
pub use model::{MAX_FEATURES, MAX_FILE_BYTES, MAX_LEAVES, MAX_TREES, Model, ModelError, Problem};
pub use pack::{Assessment, Files, Pack, PackError};
pub use policy::{Alerting, Policy};
pub use table::TableError;
pub use variable::{Kind, Variable};
