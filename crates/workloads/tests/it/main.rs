//! One binary of all integration tests.
#![forbid(unsafe_code)]

mod engine;
mod events;
mod forgetting;
mod news2_vectors;
mod permutations;
mod runner;
mod scenario;
mod size;
