//! The real binary from outside: over sockets, signals and its command line, killed and started again.
#![forbid(unsafe_code)]

// What the tests are written with.
#[cfg(test)]
mod attack;
#[cfg(test)]
mod broker;
mod care_gaps;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod message;
#[cfg(test)]
mod platform;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod sender;
#[cfg(test)]
mod setting;

// From the socket to the person, then the promises.
#[cfg(test)]
mod framing;

#[cfg(test)]
mod content;

#[cfg(test)]
mod batches;

#[cfg(test)]
mod modes;

#[cfg(test)]
mod files;

#[cfg(test)]
mod placed;

#[cfg(test)]
mod dropped;

#[cfg(test)]
mod emergency;

#[cfg(test)]
mod providers;

#[cfg(test)]
mod understood;

#[cfg(test)]
mod workloads;

#[cfg(test)]
mod known;

#[cfg(test)]
mod risk;

#[cfg(test)]
mod connections;

#[cfg(test)]
mod tls;

#[cfg(test)]
mod moved;
mod mqtt;

#[cfg(test)]
mod devices;

#[cfg(test)]
mod resend;

#[cfg(test)]
mod fhir;

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod hostile_devices;

#[cfg(test)]
mod story;
mod subscriptions;

#[cfg(test)]
mod subscribed;

#[cfg(test)]
mod quarantine;

#[cfg(test)]
mod resting;

#[cfg(test)]
mod delivery;

#[cfg(test)]
mod corpora;

#[cfg(test)]
mod kill_loop;

#[cfg(test)]
mod disk_full;

#[cfg(test)]
mod faults;

#[cfg(test)]
mod backtest;

#[cfg(test)]
mod commands;

#[cfg(test)]
mod status;

#[cfg(test)]
mod upgrade;

#[cfg(test)]
mod sources;

#[cfg(test)]
mod asyncapi;
