//! Whatever the order in which its facts arrive, the bundle ends the same.

use clinical::{Event, Fact, Given, ObservationStatus, ReceivedTime};
use proptest::prelude::*;

use super::{HOUR, antibiotic, config, culture, given, measured, note};
use crate::engine::Engine;
use crate::events::{Place, event, event_time, quantity, received_time};
use crate::permutations::standing;

/// All is heard of in this minute, while it is young enough for each version of it to be kept.
const END: i64 = 13 * HOUR;

fn fluid(at: i64, lasts: i64) -> (i64, Fact) {
    let given_so = Given {
        dose: Some(quantity("1000", "mL")),
        end: (lasts > 0).then(|| event_time(at + lasts)),
        ..Given::default()
    };
    given(at, "B05BB01", given_so)
}

/// A fact, said first or as a correction, or taken back.
fn fact() -> impl Strategy<Value = (i64, Fact)> {
    (0..11usize, 0..36i64, 0..4usize, 0..8u8).prop_map(|(which, slot, size, fate)| {
        let at = 4 * HOUR + slot * 15;
        let (at, mut fact) = match which {
            0 => note(
                at,
                ["infection suspected", "severe sepsis"][usize::from(size == 3)],
            ),
            1 => note(
                at,
                ["perfusion reassessed", "septic shock"][usize::from(size == 3)],
            ),
            2 => measured(at, "8867-4", ["80", "91", "120", "130"][size], "/min"),
            3 => measured(at, "9279-1", ["18", "21", "24", "30"][size], "/min"),
            4 | 5 => measured(at, "8480-6", ["80", "85", "89", "110"][size], "mm[Hg]"),
            6 => measured(at, "2524-7", ["1.0", "2.1", "3", "4"][size], "mmol/L"),
            7 => measured(at, "29463-7", "60", "kg"),
            8 => culture(at, "600-7"),
            9 => antibiotic(at),
            _ => fluid(at, [0, 20, 40, 60][size]),
        };
        match &mut fact {
            Fact::Observation(of) if fate == 0 => {
                of.status = ObservationStatus::EnteredInError;
                of.value = None;
            }
            Fact::Observation(of) if fate < 3 => of.status = ObservationStatus::Corrected,
            Fact::Order(of) => of.active = fate > 0,
            _ => {}
        }
        (at, fact)
    })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(fact(), 8..50).prop_map(|facts| {
        let events = (1..).zip(facts).map(|(n, (at, fact))| {
            let place = Place {
                at,
                arrives: END,
                offset: n,
            };
            let moment = received_time(END).micros() + i64::try_from(n).unwrap_or_default();
            Event {
                received: ReceivedTime::from_micros(moment),
                ..event("ann", place, 0, fact)
            }
        });
        events.collect()
    })
}

fn run(events: &[Event]) -> Engine {
    let mut engine = Engine::of(config());
    for event in events {
        engine.take(event);
    }
    engine.tick(received_time(END + HOUR));
    engine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_in_the_same_bundle(
        (events, shuffled) in events().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        let (one, other) = (run(&events), run(&shuffled));
        prop_assert_eq!(standing(&one.findings), standing(&other.findings));
    }
}
