//! The real binary on a real broker: the same answers as on one machine, read by other people's tools, gone on with by others.
//!
//! `PULSEWIRE_KAFKA` names the broker (`cargo xtask kafka up` prints it); without it each test says so and ends.
#![forbid(unsafe_code)]

// What the tests are written with.
#[cfg(test)]
mod broker;
#[cfg(test)]
mod instance;
#[cfg(test)]
mod kept_records;

// What is promised.
#[cfg(test)]
mod story;

#[cfg(test)]
mod golden;

#[cfg(test)]
mod interop;

#[cfg(test)]
mod takeover;

#[cfg(test)]
mod delivery;

#[cfg(test)]
mod site_key;

// What these share with the tests of one process.
#[cfg(test)]
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../it/kept.rs"]
mod kept;
#[cfg(test)]
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../it/message.rs"]
mod message;
#[cfg(test)]
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../it/platform.rs"]
mod platform;
#[cfg(test)]
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../it/sender.rs"]
mod sender;
#[cfg(test)]
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../it/setting.rs"]
mod setting;
