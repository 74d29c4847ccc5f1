//! Tests of the ward: that it is the same ward, that all happens, and what the platform makes of it.

mod platform;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::EventTime;
use formats::hl7v2;

use super::*;
use platform::Platform;

fn start() -> EventTime {
    EventTime::parse("2026-03-02T09:00:00.25Z").unwrap()
}

fn of_minutes(seed: u64, minutes: u64) -> Vec<Sent> {
    let end = start().plus(Duration::from_secs(60 * minutes));
    Ward::new(seed, start())
        .take_while(|sent| sent.at < end)
        .collect()
}

fn count(ward: &[Sent], wanted: impl Fn(&str) -> bool) -> usize {
    ward.iter()
        .filter(|sent| wanted(&String::from_utf8_lossy(&sent.bytes)))
        .count()
}

#[test]
fn dump_for_tuning() {
    let seed = option_env!("WARD_SEED").unwrap_or("1").parse().unwrap();
    let hours: u64 = option_env!("WARD_HOURS").unwrap_or("2").parse().unwrap();
    let mut platform = Platform::new();
    let mut next = start();
    for sent in of_minutes(seed, hours * 60) {
        while sent.at > next {
            next = next.plus(Duration::from_secs(600));
            println!(
                "{next} open {} of {}",
                platform.open().count(),
                platform.newest.len()
            );
        }
        platform.take(&sent);
    }
    for (at, what) in &platform.raised {
        println!("{at} {what}");
    }
    println!(
        "quarantined {:?}\ndoubts {:?}\nretracted {:?}\nlate {} resent {} unusable {:?}",
        platform.quarantined,
        platform.doubts,
        platform.retracted,
        platform.late,
        platform.resent,
        platform.unusable
    );
    for alert in platform.open() {
        println!(
            "OPEN {} {} {}",
            alert.condition,
            alert.severity.word(),
            alert.reason
        );
    }
}
