//! What the tests take from outside: the time, and a few settings by environment variable.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place where these tests read the clock and their settings"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clinical::ReceivedTime;

/// Waits are given up after this: far more than any of them takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The time now.
pub(crate) fn now() -> ReceivedTime {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970");
    ReceivedTime::from_micros(
        i64::try_from(since.as_micros()).expect("it is long before the year 292 000"),
    )
}

/// Waits until there is something.
pub(crate) fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait_at_most(PATIENCE, look).unwrap_or_else(|| panic!("waited in vain for {what}"))
}

/// Waits until there is something, or the time is over.
pub(crate) fn wait_at_most<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if began.elapsed() > limit {
            return None;
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}

/// A number from the environment.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// The MQTT broker to test against: its address, its folder, and what starts and stops it; or a printed reason why there is none.
pub(crate) fn mosquitto() -> Option<(String, PathBuf, PathBuf)> {
    let names = [
        "PULSEWIRE_MOSQUITTO",
        "PULSEWIRE_MOSQUITTO_DIR",
        "PULSEWIRE_MOSQUITTO_TOOL",
    ];
    let [address, dir, tool] = names.map(|name| std::env::var(name).ok());
    let found = address.zip(dir).zip(tool);
    if found.is_none() {
        println!(
            "skipped: PULSEWIRE_MOSQUITTO names no broker; `cargo xtask mosquitto beside cargo test` starts one"
        );
    }
    found.map(|((address, dir), tool)| (address, dir.into(), tool.into()))
}

/// The brokers to test against, or a printed reason why there are none.
pub(crate) fn brokers() -> Option<String> {
    let brokers = std::env::var("PULSEWIRE_KAFKA").ok();
    if brokers.is_none() {
        println!("skipped: PULSEWIRE_KAFKA names no brokers; `cargo xtask kafka up` starts one");
    }
    brokers
}

/// The folder with the corpora, or a printed reason why there is none.
pub(crate) fn corpora() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("PULSEWIRE_SHARED").map_or_else(beside, PathBuf::from);
    let corpora = shared.join("corpora");
    if corpora.is_dir() {
        return Some(corpora);
    }
    println!(
        "skipped: no corpora in {}; set PULSEWIRE_SHARED",
        shared.display()
    );
    None
}
