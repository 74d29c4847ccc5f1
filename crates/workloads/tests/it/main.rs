//! One binary of all integration tests.
#![forbid(unsafe_code)]

mod actions;
mod bundle;
mod conventions;
mod critical;
mod engine;
mod events;
mod flagged;
mod forgetting;
mod glucose;
mod kidney;
mod laboratory;
mod measures;
mod mimic;
mod news2_vectors;
mod noted;
mod packs;
mod permutations;
mod risk;
mod scores;
mod screen;
mod second;
mod sepsis_risk;
mod shock;
mod signs;
mod size;
mod sustained;
mod throughput;
mod variability;
mod ventilated;
mod visits;
