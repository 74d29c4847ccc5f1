//! Several processes on several brokers, killed, held still and cut off under load: what comes out is what one process makes.
//!
//! `cargo xtask chaos kafka` starts the brokers and this; without them only the checker is tested.
#![forbid(unsafe_code)]

// What happened, and whether it may.
#[cfg(test)]
mod history;

#[cfg(test)]
mod checker;

// What makes it happen.
#[cfg(test)]
mod run;

#[cfg(test)]
mod faults;

#[cfg(test)]
mod fleet;

#[cfg(test)]
mod brokers;

#[cfg(test)]
mod load;

// What looks on, and what it is held against.
#[cfg(test)]
mod watch;

#[cfg(test)]
mod records;

#[cfg(test)]
mod gather;

#[cfg(test)]
mod oracle;

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
