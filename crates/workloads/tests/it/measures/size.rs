//! How much is kept of a patient for measures.

use serde_json::Value;
use workloads::measures::Measure;

use super::made::{Followed, change, condition, given, patient, pressure, result, visit};

/// The most that is kept of an active patient.
const ACTIVE_BYTES: usize = 8 * 1024;
/// The most that is kept of an idle patient.
const IDLE_BYTES: usize = 1024;

/// A patient with two conditions: a visit a month, and a stay of a week with a glucose test every six hours.
fn busy_year() -> Vec<(String, Value)> {
    let february = "2025-02-01T00:00:00Z".to_owned();
    let mut year = vec![
        (february.clone(), patient("1960-01-01", "female")),
        (february.clone(), condition("d", "diabetes", "2010")),
        (february, condition("h", "hypertension", "2010")),
    ];
    for month in 1..=12 {
        let at = |hour: u32| format!("2025-{month:02}-10T{hour:02}:00:00Z");
        let id = |kind: &str| format!("{kind}{month}");
        year.extend([
            (at(23), visit(&id("v"), "office", &at(9), &at(10))),
            (at(23), pressure(&id("p"), &at(9), 130, 80)),
            (at(23), result(&id("a"), "a1c", &at(9), "7.1", "%")),
        ]);
    }
    let (admitted, discharged) = ("2025-12-12T08:00:00Z", "2025-12-19T08:00:00Z");
    let now = "2025-12-20T00:00:00Z".to_owned();
    year.push((now.clone(), visit("s", "inpatient", admitted, discharged)));
    for day in 12..19 {
        let at = |hour: u32| format!("2025-12-{day}T{hour:02}:00:00Z");
        let id = |kind: &str| format!("{kind}{day}");
        for hour in [9, 13, 18, 23] {
            let test = result(
                &format!("g{day}{hour}"),
                "glucose",
                &at(hour),
                "144",
                "mg/dL",
            );
            year.push((now.clone(), test));
        }
        let creatinine = result(&id("c"), "creatinine", &at(10), "0.91", "mg/dL");
        year.push((now.clone(), creatinine));
        year.push((now.clone(), given(&id("m"), "insulin", &at(11))));
    }
    year
}

#[test]
fn a_state_stays_small() {
    let mut ann = Followed::new(&Measure::ALL, None);
    for (received, (now, resource)) in (1..).zip(busy_year()) {
        ann.take(&now, change(&resource, received));
    }
    let size = |ann: &Followed| {
        let mut bytes = Vec::new();
        ann.state.encode(&mut bytes);
        bytes.len()
    };
    let active = size(&ann);
    ann.conclude("2027-06-01T00:00:00Z", None);
    let idle = size(&ann);
    println!("bytes of state for measures: active {active}, idle {idle}");
    assert!(
        active <= ACTIVE_BYTES,
        "{active} bytes of an active patient"
    );
    assert!(idle <= IDLE_BYTES, "{idle} bytes of an idle patient");
}
