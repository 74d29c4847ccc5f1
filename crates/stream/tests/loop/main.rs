//! The loop from outside: order, time, failures, and that neither batches nor crashes change anything.
#![forbid(unsafe_code)]

mod breaker;
mod changelog;
mod crash;
mod failure;
mod order;
mod script;
mod settled;
mod shaky;
mod stores;
mod world;
