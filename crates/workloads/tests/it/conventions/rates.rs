//! Rates of drugs that run beside one another, in the tables of mimic-code.

use clinical::{Code, Fact, Given, Order, OrderKind, Quantity, System};
use workloads::Config;

use super::{HOUR, SOFA, fact, score};
use crate::engine::Engine;
use crate::events::{Place, event, event_time, received_time};

/// Norepinephrine at a rate up to a time.
fn runs(n: usize, rate: &str, until: i64) -> Fact {
    Fact::Order(Order {
        resource: format!("{n}").into(),
        kind: OrderKind::MedicationGiven,
        codes: vec![Code {
            system: System::Other("http://www.whocc.no/atc".into()),
            code: "C01CA03".into(),
            display: "".into(),
        }],
        active: true,
        given: Given {
            dose: None,
            rate: Some(Quantity {
                comparator: None,
                value: rate.parse().expect("a rate is a number"),
                unit: "ug/kg/min".into(),
            }),
            end: Some(event_time(until)),
        },
    })
}

#[test]
fn an_hour_in_which_two_rates_of_a_drug_ran_is_two_hours_of_every_window() {
    let scored = |rates: &[&str]| {
        let mut facts = vec![
            (0, fact(0, (0, "stay", "first", ""))),
            (5, fact(1, (5, "pulse", "80", ""))),
            (10, fact(2, (10, "eye", "1", ""))),
            (10, fact(3, (10, "verbal", "1", ""))),
            (10, fact(4, (10, "motor", "1", ""))),
        ];
        let numbered = (5..).zip(rates);
        facts.extend(numbered.map(|(n, rate)| (HOUR, runs(n, rate, 20 * HOUR))));
        facts.push((16 * HOUR, fact(9, (16 * HOUR, "platelets", "300", ""))));
        let mut engine = Engine::of(Config::of(&[SOFA]));
        let mut hour = 0;
        for (offset, (at, fact)) in (0..).zip(facts) {
            while 60 * hour < at {
                engine.tick(received_time(60 * hour));
                hour += 1;
            }
            let place = Place {
                at,
                arrives: at,
                offset,
            };
            engine.take(&event("ann", place, 0, fact));
        }
        score(&engine.findings, SOFA)
    };
    // The coma of the first hour is of the window of 25 rows, or is not any more.
    assert_eq!(scored(&["0.05"]), Some(7));
    assert_eq!(scored(&["0.05", "0.02"]), Some(3));
}
