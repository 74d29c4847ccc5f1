//! The platform on Apache Kafka from outside: from acknowledgement to finding, and what a process that comes or goes costs.
//!
//! `cargo xtask bench kafka` makes brokers for it; otherwise `PULSEWIRE_KAFKA` names some that nothing else works on. A word
//! after `--` runs one part alone: `latency`, `rebalance` or `restore`; a number after it shortens or lengthens it.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a benchmark reads the clock and may stop at the first mistake"
)]

mod latency;
mod rebalance;
mod restore;

mod fleet;
mod senders;
mod watch;

// What these share with the benchmark of one process, and with the tests.
#[expect(dead_code, reason = "the benchmark of one process uses all of it")]
#[path = "../intake/load.rs"]
mod load;
#[expect(dead_code, reason = "the benchmark of one process uses all of it")]
#[path = "../intake/messages.rs"]
mod messages;
#[path = "../intake/table.rs"]
mod table;

#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../../tests/it/kept.rs"]
mod kept;
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../../tests/it/message.rs"]
mod message;
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../../tests/it/platform.rs"]
mod platform;
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../../tests/it/sender.rs"]
mod sender;
#[expect(dead_code, reason = "the tests of one process use all of it")]
#[path = "../../tests/it/setting.rs"]
mod setting;

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let Some(brokers) = setting::brokers() else {
        return;
    };
    let number = words.iter().find_map(|word| word.parse::<u64>().ok());
    let asked = |part: &str| words.iter().any(|word| word == part);
    let all = !["latency", "rebalance", "restore"].into_iter().any(asked);
    if all || asked("latency") {
        latency::measure(&brokers, number);
    }
    if all || asked("rebalance") {
        rebalance::measure(&brokers, number);
    }
    if all || asked("restore") {
        restore::measure(&brokers, number);
    }
}
