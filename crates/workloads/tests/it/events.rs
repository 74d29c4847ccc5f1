//! Makes clinical events of what scenarios and properties say.

pub(crate) use workloads::scenario::{
    Place, event, event_time, merge, observation, patient, received_time, told,
};
