//! What holds for every workload, those included that do not run unless they are asked for.

use std::collections::BTreeSet;

use clinical::{
    Code, Encounter, EncounterClass, EncounterStatus, Event, Fact, Given, ObservationStatus, Order,
    OrderKind, Problem, Value,
};
use proptest::prelude::*;
use workloads::{Config, WORKLOADS};

use crate::engine::Engine;
use crate::events::{
    Place, administered, event, number, observed_as, ordered, other, quantity, received_time,
};
use crate::permutations::standing;

/// All is accepted in this minute, within every window.
const END: i64 = 7 * 60;

fn everything() -> Config {
    let names: Vec<&'static str> = WORKLOADS.iter().map(|workload| workload.name).collect();
    let mut config = Config::of(&names);
    config.bundle.fever = Some(clinical::Decimal::new(383, 1));
    config
}

/// Gives what is measured, by a number of each range.
fn measured(which: usize, size: i64) -> (Code, Value) {
    let loinc = |code: &str, low: i64, span: i64, unit: &str| {
        let value = number(&(low + size % span).to_string(), unit);
        (Code::loinc(code), value)
    };
    match which {
        0 => loinc("8478-0", 55, 40, "mm[Hg]"),
        1 => loinc("2703-7", 50, 200, "mm[Hg]"),
        2 => loinc("3150-6", 21, 79, "%"),
        3 => loinc("777-3", 10, 200, "K/uL"),
        4 => loinc("1975-2", 0, 14, "mg/dL"),
        5 => loinc("2160-0", 1, 6, "mg/dL"),
        6 => loinc("9187-6", 0, 300, "mL"),
        7 => loinc("29463-7", 50, 60, "kg"),
        8 => loinc("9267-6", 1, 4, "{score}"),
        9 if size % 4 == 0 => (Code::loinc("9270-0"), Value::Text("1T".into())),
        9 => loinc("9270-0", 1, 5, "{score}"),
        10 => loinc("9268-4", 1, 6, "{score}"),
        11 => loinc("8867-4", 60, 90, "/min"),
        12 => loinc("9279-1", 10, 20, "/min"),
        13 => loinc("8480-6", 80, 90, "mm[Hg]"),
        14 => loinc("8310-5", 34, 7, "Cel"),
        15 => loinc("6690-2", 1, 20, "K/uL"),
        16 => {
            let drugs = ["C01CA03", "C01CA24", "C01CA04", "C01CA07"];
            let drug = drugs[usize::try_from(size % 4).expect("a remainder is small")];
            let unit = ["ug/kg/min", "ug/min"][usize::from(size % 3 == 0)];
            let rate = number(&format!("0.{:02}", size % 30), unit);
            (other("http://www.whocc.no/atc", drug), rate)
        }
        17 => answered(
            "respiratory-support",
            &[
                "ventilator",
                "oxygen device",
                "extubated",
                "non-invasive ventilation",
            ],
            size,
        ),
        18 => answered(
            "circulatory-support",
            &["respiratory ecmo", "circulatory pump", "ended"],
            size,
        ),
        19 => answered("kidney-replacement", &["dialysis", "ended"], size),
        20 => loinc("59408-5", 80, 20, "%"),
        21 => loinc("2524-7", 1, 6, "mmol/L"),
        22 => loinc("2823-3", 3, 5, "mmol/L"),
        23 => loinc("2744-1", 6, 2, ""),
        24 => answered(
            "sepsis-note",
            &[
                "infection suspected",
                "organ dysfunction",
                "severe sepsis",
                "septic shock",
                "perfusion reassessed",
                "comfort care",
            ],
            size,
        ),
        25 => loinc("80404-7", 5, 60, "ms"),
        26 => answered("heart-rhythm", &["sinus", "atrial fibrillation"], size),
        _ => loinc("1963-8", 8, 20, "mmol/L"),
    }
}

fn answered(what: &str, answers: &[&str], size: i64) -> (Code, Value) {
    let place = usize::try_from(size).expect("a size is small") % answers.len();
    let code = other("urn:pulsewire:code", what);
    (code, Value::Text(answers[place].into()))
}

fn fact() -> impl Strategy<Value = (i64, Fact)> {
    let measurement =
        (0..28usize, 0..14i64, 0..1000i64, 0..10u8).prop_map(|(which, slot, size, fate)| {
            let status = match fate {
                0 => ObservationStatus::EnteredInError,
                1 | 2 => ObservationStatus::Corrected,
                _ => ObservationStatus::Final,
            };
            let (code, value) = measured(which, size);
            let resource = format!("{which}/{slot}");
            (slot * 30, observed_as(&resource, code, value, status))
        });
    let order = (any::<bool>(), 0..14i64, 0..8u8).prop_map(|(culture, slot, fate)| {
        let (kind, code) = if culture {
            (OrderKind::Specimen, Code::loinc("600-7"))
        } else {
            let mut drug = other("", "7");
            drug.display = "Cefepime 2 g".into();
            (OrderKind::MedicationGiven, drug)
        };
        let order = Order {
            active: fate > 0,
            ..ordered(&format!("order/{culture}/{slot}"), kind, vec![code])
        };
        (slot * 30, Fact::Order(order))
    });
    let given = (0..3usize, 0..14i64, 0..40i64, 0..8u8).prop_map(|(which, slot, size, fate)| {
        let drug = ["C01CA03", "B05BB01", "N05AD01"][which];
        let given = Given {
            dose: Some(quantity(&(100 * size).to_string(), "mL")),
            rate: Some(quantity(
                &format!("0.{size:02}"),
                if slot % 2 == 0 { "mcg/kg/min" } else { "mg/h" },
            )),
            end: (fate > 3).then(|| crate::events::event_time(slot * 30 + 10 * size)),
        };
        let order = Order {
            active: fate > 0,
            ..administered(&format!("given/{which}/{slot}"), drug, given)
        };
        (slot * 30, Fact::Order(order))
    });
    let stay = (0..6i64, any::<bool>()).prop_map(|(slot, over)| {
        let stay = Encounter {
            resource: format!("stay/{}", slot % 2).into(),
            class: EncounterClass::Inpatient,
            status: if over {
                EncounterStatus::Finished
            } else {
                EncounterStatus::InProgress
            },
            location: "".into(),
            start: Some(crate::events::event_time(slot * 30)),
            end: over.then(|| crate::events::event_time(slot * 30 + 240)),
        };
        (slot * 30, Fact::Encounter(stay))
    });
    prop_oneof![12 => measurement, 2 => order, 2 => given, 1 => stay, 1 => problem()]
}

fn problem() -> impl Strategy<Value = (i64, Fact)> {
    (0..4usize, 0..14i64, 0..6u8).prop_map(|(which, slot, fate)| {
        let said = Problem {
            resource: format!("problem/{which}").into(),
            codes: vec![other(
                "http://hl7.org/fhir/sid/icd-10-cm",
                ["A41.9", "R65.20", "R65.21", "N18.6"][which],
            )],
            written: Some(crate::events::event_time(slot * 30)),
            active: fate > 1,
            doubtful: fate == 6,
            over: fate == 5,
        };
        (slot * 30, Fact::Problem(said))
    })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(fact(), 1..80).prop_map(|facts| {
        let made = facts.into_iter().enumerate().map(|(n, (at, fact))| {
            let place = Place {
                at,
                arrives: END,
                offset: 10 * n as u64,
            };
            let mut event = event("ann", place, 0, fact);
            let micros = received_time(END).micros() + n as i64;
            event.received = clinical::ReceivedTime::from_micros(micros);
            event
        });
        made.collect()
    })
}

/// Runs what happened, and three days after it by the hour.
fn run(events: &[Event]) -> Engine {
    let mut engine = Engine::of(everything());
    engine.tick(received_time(END));
    for event in events {
        engine.take(event);
    }
    for hour in 1..72 {
        engine.tick(received_time(END + 60 * hour));
    }
    engine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_the_same(
        (events, shuffled) in events().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        prop_assert_eq!(standing(&run(&events).findings), standing(&run(&shuffled).findings));
    }

    #[test]
    fn scoring_on_arrival_ends_as_if_all_had_been_known(events in events()) {
        // Each is accepted when it was true, a microsecond after one another.
        let with_times = |events: &[Event]| -> Vec<Event> {
            events.iter().enumerate().map(|(n, event)| {
                let micros = event.at.micros() + n as i64;
                Event { received: clinical::ReceivedTime::from_micros(micros), ..event.clone() }
            }).collect()
        };
        let at_once = run(&with_times(&events));
        let mut arriving = with_times(&events);
        arriving.sort_by_key(|event| event.received);
        let mut live = Engine::of(everything());
        for event in &arriving {
            live.take(event);
        }
        for hour in 0..72 {
            live.tick(received_time(END + 60 * hour));
        }
        prop_assert_eq!(standing(&live.findings), standing(&at_once.findings));
    }
}

#[test]
fn names_and_tags_are_their_own() {
    let names: BTreeSet<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
    assert_eq!(names.len(), WORKLOADS.len());
    for workload in &WORKLOADS {
        assert!(!workload.owner.is_empty() && !workload.rule.is_empty());
    }
}

#[test]
fn who_is_dialysed_is_of_stage_three_until_that_ends() {
    let charted = [
        (0, "creatinine", "80"),
        (60, "kidney", "dialysis"),
        (120, "creatinine", "80"),
        (24 * 60, "kidney", "ended"),
    ];
    let findings = crate::scores::run("kidney-injury", &charted);
    let told: Vec<_> = findings.iter().map(|of| (of.score, &*of.summary)).collect();
    let runs = (Some(3), "KDIGO stage 3: kidney replacement runs");
    let none = (Some(0), "KDIGO stage 0");
    assert_eq!(told, [none, runs, none]);
    // The reference has creatinine and urine alone.
    let mimic = crate::scores::run("kidney-injury-mimic", &charted);
    assert!(mimic.iter().all(|of| of.score != Some(3)), "{mimic:?}");
}
