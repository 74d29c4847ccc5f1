//! Rates of drugs that run beside one another, in the tables of mimic-code.

use clinical::{Fact, Given};
use workloads::Config;

use super::{HOUR, SOFA, fact, score};
use crate::engine::Engine;
use crate::events::{Place, administered, event, event_time, quantity, received_time};

/// A drug, its rate and the unit of that.
type Rate = (&'static str, &'static str, &'static str);

/// A drug at a rate up to a time.
fn runs(n: usize, (code, rate, unit): Rate, until: i64) -> Fact {
    let given = Given {
        dose: None,
        rate: Some(quantity(rate, unit)),
        end: Some(event_time(until)),
    };
    Fact::Order(administered(&n.to_string(), code, given))
}

#[test]
fn an_hour_in_which_two_rates_of_a_drug_ran_is_two_hours_of_every_window() {
    let scored = |rates: &[Rate]| {
        let mut facts = vec![
            (0, fact(0, (0, "stay", "first", ""))),
            (5, fact(1, (5, "pulse", "80", ""))),
            (10, fact(2, (10, "eye", "1", ""))),
            (10, fact(3, (10, "verbal", "1", ""))),
            (10, fact(4, (10, "motor", "1", ""))),
        ];
        let numbered = (5..).zip(rates);
        facts.extend(numbered.map(|(n, rate)| (HOUR, runs(n, *rate, 20 * HOUR))));
        facts.push((16 * HOUR, fact(9, (16 * HOUR, "platelets", "300", ""))));
        // SOFA-2 reads vasopressin, so that it is charted.
        let mut engine = Engine::of(Config::of(&[SOFA, "organ-failure-2"]));
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
    let norepinephrine = |rate| ("C01CA03", rate, "ug/kg/min");
    let [rate, other] = ["0.05", "0.02"].map(norepinephrine);
    assert_eq!(scored(&[rate]), Some(7));
    assert_eq!(scored(&[rate, other]), Some(3));
    // Of vasopressin no rate is joined.
    let vasopressin = |rate| ("H01BA01", rate, "U/min");
    let [first, second] = ["0.03", "0.04"].map(vasopressin);
    assert_eq!(scored(&[rate, first, second]), Some(7));
}
