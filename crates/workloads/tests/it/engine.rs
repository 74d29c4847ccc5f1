//! Runs the workloads over events as the stream does.

pub(crate) use workloads::scenario::Engine;
