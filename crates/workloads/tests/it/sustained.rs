//! Values that stay beyond a limit: what comes late of an episode that was told in time.

use clinical::FindingState;
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, received_time, told};

#[test]
fn an_earlier_reading_that_comes_late_makes_no_history_of_what_was_told() {
    let mut engine = Engine::of(Config::of(&["sustained-thresholds"]));
    for (offset, (at, arrives)) in (1..).zip([(600, 600), (615, 615), (590, 660)]) {
        let place = Place {
            at,
            arrives,
            offset: 10 * offset,
        };
        engine.tick(received_time(arrives));
        engine.take_message(&told("vitals ann spo2 87", place).expect("a step"));
    }
    let minutes = |micros: i64| (micros - received_time(0).micros()) / 60_000_000;
    let findings = engine.findings.iter();
    let told: Vec<_> = findings
        .map(|finding| {
            let stands = finding.state == FindingState::Asserted;
            (minutes(finding.as_of.micros()), stands, finding.backfill)
        })
        .collect();
    // The new beginning comes first, so that an alert follows it.
    assert_eq!(
        told,
        [(600, true, false), (590, true, false), (600, false, false)]
    );
}
