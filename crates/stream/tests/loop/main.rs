//! The loop from outside: order, time, failures, and that neither batches nor crashes change anything.
#![forbid(unsafe_code)]

mod crash;
mod failure;
mod order;
mod script;
mod stores;
mod world;
