//! How much is kept of a patient.

use clinical::ObservationStatus;

use crate::engine::Engine;
use crate::events::{Place, event, observation, patient, received_time};

/// The most that is kept of an active patient.
const ACTIVE_BYTES: usize = 8 * 1024;
/// The most that is kept of a patient as sick as the criteria of sepsis can say, in every set of two days.
const SICKEST_BYTES: usize = 12 * 1024;
/// The most that is kept of an idle patient.
const IDLE_BYTES: usize = 1024;

fn charted(values: impl Fn(i64) -> [(&'static str, String); 7], days_after: i64) -> usize {
    let mut engine = Engine::default();
    let mut offset = 0;
    let mut take = |engine: &mut Engine, at: i64, what: &str, value: &str, unit: &str| {
        offset += 1;
        let fact = observation(
            "ann",
            at,
            what,
            Some((value, unit)),
            ObservationStatus::Final,
        );
        let place = Place {
            at,
            arrives: at + 14,
            offset,
        };
        engine.take(&event("ann", place, 0, fact.expect("the names are known")));
    };
    for hour in 0..48 {
        for (what, value) in values(hour) {
            take(&mut engine, hour * 60, what, &value, "");
        }
        if hour % 12 == 0 {
            let results = [
                ("potassium", "4.1", "mmol/L"),
                ("sodium", "139", "mmol/L"),
                ("glucose", "104", "mg/dL"),
                ("lactate", "1.4", "mmol/L"),
                ("haemoglobin", "11.2", "g/dL"),
                ("platelets", "204", "K/uL"),
                ("white-cells", "9.1", "K/uL"),
                ("inr", "1.1", ""),
            ];
            for (what, value, unit) in results {
                take(&mut engine, hour * 60 + 20, what, value, unit);
            }
        }
    }
    engine.tick(received_time((48 + 24 * days_after) * 60));
    if days_after > 0 {
        // State is looked after when something comes.
        take(&mut engine, (48 + 24 * days_after) * 60, "pulse", "70", "");
    }
    let mut bytes = Vec::new();
    engine.states[&patient("ann")].encode(&mut bytes);
    bytes.len()
}

fn usual(hour: i64) -> [(&'static str, String); 7] {
    let fever = hour % 6 == 0;
    [
        ("rr", if fever { "22" } else { "18" }.into()),
        ("spo2", "96".into()),
        ("oxygen", "air".into()),
        ("sbp", "121".into()),
        ("pulse", if fever { "104" } else { "84" }.into()),
        ("consciousness", "alert".into()),
        ("temp", if fever { "38.4" } else { "37.1" }.into()),
    ]
}

fn sickest(_: i64) -> [(&'static str, String); 7] {
    [
        ("rr", "28".into()),
        ("spo2", "89".into()),
        ("oxygen", "oxygen".into()),
        ("sbp", "88".into()),
        ("pulse", "124".into()),
        ("consciousness", "confused".into()),
        ("temp", "39.2".into()),
    ]
}

#[test]
fn a_state_stays_small() {
    let sizes = [charted(usual, 0), charted(sickest, 0), charted(usual, 30)];
    println!(
        "bytes of state: active {}, sickest {}, idle {}",
        sizes[0], sizes[1], sizes[2]
    );
    for (size, most) in sizes
        .into_iter()
        .zip([ACTIVE_BYTES, SICKEST_BYTES, IDLE_BYTES])
    {
        assert!(size <= most, "{size} bytes are kept, at most {most} may be");
    }
}
