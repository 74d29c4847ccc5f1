//! The order in which facts arrive decides nothing but when things could be known.

use std::collections::{BTreeMap, BTreeSet};

use clinical::{Code, Fact, Order, System};
use clinical::{
    Event, EventTime, Finding, FindingState, MergeRole, ObservationStatus, OrderKind, Severity,
};
use proptest::prelude::*;

use crate::engine::Engine;
use crate::events::{Place, event, merge, observation, ordered, received_time};

/// Everything is received in this minute: the property is about order, within the window of every workload.
const END: i64 = 420;

pub(crate) type Standing =
    BTreeMap<(Box<str>, EventTime), (Severity, Option<i32>, Box<str>, Vec<Box<str>>)>;

/// Leaves out how old the last value of a missing parameter was: that alone is no reason to publish again.
fn names(missing: &[Box<str>]) -> Vec<Box<str>> {
    let name = |missing: &str| missing.split(" (").next().unwrap_or_default().into();
    missing.iter().map(|missing| name(missing)).collect()
}

/// Gives what stands after all revisions. That the first value of its kind could not be used is about what came first, and left out.
pub(crate) fn standing(findings: &[Finding]) -> Standing {
    let mut lines = BTreeMap::new();
    for finding in findings.iter().filter(|of| *of.workload != *"data-quality") {
        let key = (finding.condition.clone(), finding.as_of);
        match finding.state {
            FindingState::Asserted => {
                let says = (
                    finding.severity,
                    finding.score,
                    finding.summary.clone(),
                    names(&finding.missing),
                );
                lines.insert(key, says)
            }
            FindingState::Retracted(_) => lines.remove(&key),
        };
    }
    lines
}

type Made = (i64, u8, Fact);

fn vital() -> impl Strategy<Value = Made> {
    (0..7usize, 0..12i64, 0..1000i64, 0..10u8).prop_map(|(which, slot, size, fate)| {
        let at = slot * 30;
        let (what, value) = match which {
            0 => ("rr", (8 + size % 25).to_string()),
            1 => ("spo2", (85 + size % 16).to_string()),
            2 => (
                "oxygen",
                ["air", "oxygen"][usize::from(size % 2 == 1)].to_owned(),
            ),
            3 => ("sbp", (80 + size % 150).to_string()),
            4 => ("pulse", (size % 150).to_string()),
            5 => (
                "consciousness",
                ["alert", "confused"][usize::from(size % 5 == 0)].to_owned(),
            ),
            _ => ("temp", format!("{}.{}", 35 + size % 6, size % 10)),
        };
        let status = match fate {
            0 => ObservationStatus::EnteredInError,
            1 | 2 => ObservationStatus::Corrected,
            _ => ObservationStatus::Final,
        };
        let value = (status != ObservationStatus::EnteredInError).then_some((value.as_str(), ""));
        (
            at,
            fate,
            observation("ann", at, what, value, status).expect("the names are known"),
        )
    })
}

fn laboratory() -> impl Strategy<Value = Made> {
    (0..3usize, 0..12i64, 0..60i64, 0..10u8).prop_map(|(which, slot, size, fate)| {
        let at = slot * 30;
        let (what, value, unit) = match which {
            0 => (
                "potassium",
                format!("{}.{}", 2 + size % 6, size % 10),
                "mmol/L",
            ),
            1 => ("white-cells", (size / 3).to_string(), "K/uL"),
            _ => (
                "lactate",
                format!("{}.1", size % 8),
                if size % 7 == 0 { "mg/L" } else { "mmol/L" },
            ),
        };
        let status = if fate == 0 {
            ObservationStatus::Cancelled
        } else {
            ObservationStatus::Final
        };
        let fact = observation("ann", at, what, Some((&value, unit)), status);
        (at, fate, fact.expect("the names are known"))
    })
}

fn order() -> impl Strategy<Value = Made> {
    (any::<bool>(), 0..12i64, 0..10u8).prop_map(|(culture, slot, fate)| {
        let (kind, code) = if culture {
            (OrderKind::Specimen, Code::loinc("600-7"))
        } else {
            let drug = Code {
                system: System::Other("".into()),
                code: "7".into(),
                display: "Meropenem 1 g".into(),
            };
            (OrderKind::MedicationGiven, drug)
        };
        let order = Order {
            active: fate > 1,
            ..ordered(&format!("order/{culture}/{slot}"), kind, vec![code])
        };
        (slot * 30, fate, Fact::Order(order))
    })
}

fn fact() -> impl Strategy<Value = Made> {
    prop_oneof![6 => vital(), 2 => laboratory(), 1 => order()]
}

/// Gives events that were all accepted by the end, a minute apart in the order they were made.
fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(fact(), 1..60).prop_map(|facts| {
        let made = facts.into_iter().enumerate().map(|(n, (at, _, fact))| {
            let place = Place {
                at,
                arrives: END,
                offset: 10 * n as u64,
            };
            let mut event = event("ann", place, 0, fact);
            event.received =
                clinical::ReceivedTime::from_micros(received_time(END).micros() + n as i64);
            event
        });
        made.collect()
    })
}

/// A stay without an end, so that observations can be overdue.
fn stay() -> Fact {
    Fact::Encounter(clinical::Encounter {
        resource: "stay".into(),
        class: clinical::EncounterClass::Inpatient,
        status: clinical::EncounterStatus::InProgress,
        location: "".into(),
        start: None,
        end: None,
    })
}

fn run(events: &[Event]) -> Engine {
    let mut engine = Engine::default();
    for event in events {
        engine.take(event);
    }
    engine.tick(received_time(END + 60));
    engine
}

#[test]
fn of_a_version_that_was_replaced_already_nothing_is_said() {
    let said = |offset: u64, value: (&str, &str)| {
        let place = Place {
            at: 0,
            arrives: 10,
            offset,
        };
        let lactate = observation("ann", 0, "lactate", Some(value), ObservationStatus::Final);
        let mut event = event("ann", place, 0, lactate.unwrap());
        event.received =
            clinical::ReceivedTime::from_micros(received_time(10).micros() + offset as i64);
        event
    };
    let (older, newer) = (said(1, ("3.1", "U/L")), said(2, ("0.9", "mmol/L")));
    let told = |events: &[Event]| {
        let findings = run(events).findings;
        findings.iter().any(|of| *of.workload == *"data-quality")
    };
    assert!(told(&[older.clone(), newer.clone()]));
    assert!(!told(&[newer, older]));
}

/// Runs events as messages: each ends where a cut is, and says of each time and condition one thing at most.
fn run_as_messages(events: &[Event], cuts: &[bool]) -> Result<Engine, TestCaseError> {
    let mut engine = Engine::default();
    // No timer is due within a message then.
    engine.tick(received_time(END));
    let mut message: Vec<Event> = Vec::new();
    for (event, cut) in events.iter().zip(cuts) {
        message.push(event.clone());
        if *cut {
            let told = engine.findings.len();
            engine.take_message(&message);
            message.clear();
            let news = engine.findings.get(told..).unwrap_or_default();
            let of: BTreeSet<_> = news
                .iter()
                .map(|f| (f.condition.clone(), f.as_of))
                .collect();
            let told = || {
                news.iter()
                    .map(|f| (&f.condition, f.as_of, f.revision, &f.state, &f.summary))
            };
            prop_assert_eq!(
                of.len(),
                news.len(),
                "told twice: {:#?}",
                told().collect::<Vec<_>>()
            );
        }
    }
    engine.take_message(&message);
    engine.tick(received_time(END + 60));
    Ok(engine)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_the_same(
        (events, shuffled) in events().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        prop_assert_eq!(standing(&run(&events).findings), standing(&run(&shuffled).findings));
    }

    #[test]
    fn any_split_into_messages_ends_the_same(
        (events, cuts) in events().prop_flat_map(|events| {
            let cuts = prop::collection::vec(prop::bool::weighted(0.3), events.len());
            (Just(events).prop_shuffle(), cuts)
        })
    ) {
        let together = run_as_messages(&events, &cuts)?;
        prop_assert_eq!(standing(&run(&events).findings), standing(&together.findings));
    }

    #[test]
    fn a_lost_end_is_made_up_for(
        (events, kept) in events().prop_flat_map(|events| {
            let kept = prop::collection::vec(any::<bool>(), events.len());
            (Just(events), kept)
        })
    ) {
        // An event that is not the last of its message, and no last one comes; the next one of any message concludes.
        let mut engine = Engine::default();
        for (event, kept) in events.iter().zip(kept) {
            if kept {
                engine.take(event);
            } else {
                engine.take_part(event);
            }
        }
        engine.end(crate::events::patient("ann"), received_time(END));
        engine.tick(received_time(END + 60));
        prop_assert_eq!(standing(&run(&events).findings), standing(&engine.findings));
    }

    #[test]
    fn scoring_on_arrival_ends_as_if_all_had_been_known(
        (events, shuffled, delays) in events().prop_flat_map(|events| {
            let delays = prop::collection::vec(0..60i64, events.len());
            (Just(events.clone()), Just(events).prop_shuffle(), delays)
        })
    ) {
        // Each event is accepted up to an hour after it was true: of two versions the one accepted later stands.
        let accepted: BTreeMap<_, _> = events.iter().zip(delays).enumerate().map(|(n, (event, delay))| {
            let micros = event.at.micros() + delay * 60_000_000 + n as i64;
            (event.id, clinical::ReceivedTime::from_micros(micros))
        }).collect();
        let with_times = |events: &[Event]| events.iter().map(|event| {
            Event { received: accepted[&event.id], ..event.clone() }
        }).collect::<Vec<_>>();
        let mut arriving = with_times(&events);
        arriving.sort_by_key(|event| event.received);
        let mut all_at_once = Engine::default();
        all_at_once.take(&event("ann", Place { at: -9_000, arrives: -9_000, offset: 7 }, 0, stay()));
        all_at_once.tick(received_time(END));
        for event in with_times(&shuffled) {
            all_at_once.take(&event);
        }
        let mut live = Engine::default();
        live.take(&event("ann", Place { at: -9_000, arrives: -9_000, offset: 7 }, 0, stay()));
        for event in arriving {
            live.take(&event);
        }
        live.tick(received_time(END));
        prop_assert_eq!(standing(&live.findings), standing(&all_at_once.findings));
    }

    #[test]
    fn the_same_events_give_the_same_bytes(events in events()) {
        let (one, other) = (run(&events), run(&events));
        prop_assert_eq!(&one.findings, &other.findings);
        let bytes = |engine: &Engine| {
            engine.states.values().map(|state| {
                let mut bytes = Vec::new();
                state.encode(&mut bytes);
                bytes
            }).collect::<Vec<_>>()
        };
        prop_assert_eq!(bytes(&one), bytes(&other));
    }

    #[test]
    fn a_line_of_revisions_has_no_gap(events in events().prop_shuffle()) {
        let mut last: BTreeMap<(Box<str>, EventTime), Finding> = BTreeMap::new();
        // That a value could not be used is said by itself, and again when a correction spoils it again.
        let told = run(&events).findings.into_iter().filter(|of| *of.workload != *"data-quality");
        for finding in told {
            let before = last.insert((finding.condition.clone(), finding.as_of), finding.clone());
            prop_assert_eq!(finding.revision, before.as_ref().map_or(1, |before| before.revision + 1));
            prop_assert_eq!(finding.replaces, before.map(|before| before.id));
        }
    }

    #[test]
    fn a_merge_ends_as_if_there_had_been_one_patient(
        events in events(), split in any::<u64>(), merged_after in 0..60usize, parts in any::<u64>(),
    ) {
        // Every other fact of a run of bits goes to the identity that will be retired.
        let other = crate::events::patient("john-doe");
        let mut engine = Engine::default();
        for (n, event) in events.iter().enumerate() {
            if n == merged_after.min(events.len() - 1) {
                let place = Place { at: END, arrives: END, offset: 100_000 };
                engine.take(&event_of_merge(place));
            }
            let mut event = event.clone();
            // Versions of one resource are of one identity.
            if let Fact::Observation(o) = &event.fact && (split >> ((o.resource.len() as u64 * 7 + event.at.micros().unsigned_abs() / 60_000_000) % 64)) & 1 == 1 {
                event.patient = other;
            }
            // The rest of its message may be the other identity's by then.
            if (parts >> (n % 64)) & 1 == 1 {
                engine.take_part(&event);
            } else {
                engine.take(&event);
            }
        }
        engine.end(crate::events::patient("ann"), received_time(END));
        engine.tick(received_time(END + 60));
        let of = |engine: &Engine, who: &str| {
            let key = crate::events::patient(who);
            standing(&engine.findings.iter().filter(|f| f.patient == key).cloned().collect::<Vec<_>>())
        };
        prop_assert_eq!(of(&engine, "ann"), standing(&run(&events).findings));
        prop_assert_eq!(of(&engine, "john-doe"), BTreeMap::new());
    }
}

fn event_of_merge(place: Place) -> Event {
    event("john-doe", place, 0, merge(MergeRole::Retired, "ann"))
}
