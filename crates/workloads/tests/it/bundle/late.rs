//! What the bundle says of a deadline that was over before anybody could know of it, and of no other.

use clinical::{Fact, Finding, FindingState};

use super::{HOUR, antibiotic, config, culture, fluid, measured, note, sepsis};
use crate::engine::Engine;
use crate::events::{Place, event, received_time};

const ZERO: i64 = 10 * HOUR;

/// Runs what is known when it happens, and then what is known later, in the order in which it is known.
fn last_said(late: &[(i64, (i64, Fact))], element: &str) -> Finding {
    let prompt = sepsis().into_iter().map(|said| (said.0, said));
    let mut all: Vec<_> = prompt.chain(late.iter().cloned()).collect();
    all.sort_by_key(|(arrives, _)| *arrives);
    let mut engine = Engine::of(config());
    for (n, (arrives, (at, fact))) in all.into_iter().enumerate() {
        let offset = n as u64;
        engine.tick(received_time(arrives));
        engine.take(&event(
            "ann",
            Place {
                at,
                arrives,
                offset,
            },
            0,
            fact,
        ));
    }
    engine.tick(received_time(ZERO + 20 * HOUR));
    let condition = format!("sepsis-bundle/{element}");
    let mut said = engine.findings.into_iter();
    let last = said.rfind(|of| *of.condition == *condition && of.state == FindingState::Asserted);
    last.expect("every element is spoken of")
}

fn lactate(at: i64, value: &str) -> (i64, Fact) {
    measured(at, "2524-7", value, "mmol/L")
}

/// A note of the presentation beside the one that is there.
fn said_too(what: &str) -> (i64, Fact) {
    let (_, mut fact) = note(ZERO, what);
    if let Fact::Observation(of) = &mut fact {
        of.resource = "another note".into();
    }
    (ZERO, fact)
}

#[test]
fn what_comes_later_does_not_make_a_presentation_that_was_known_unforeseen() {
    let missed = |late: &[(i64, (i64, Fact))]| {
        let said = last_said(late, "antibiotics");
        assert!(said.summary.contains(": missed"), "{}", said.summary);
        assert_eq!(said.backfill, said.summary.contains("in retrospect"));
        said.backfill
    };
    let known = ZERO + 5 * HOUR;
    assert!(!missed(&[]));
    // A third criterion, and another organ, of before the presentation.
    let fever = measured(ZERO - 5, "8310-5", "39.0", "Cel");
    let platelets = measured(ZERO, "777-3", "90", "10*3/uL");
    assert!(!missed(&[(known, fever), (known, platelets)]));
    // Another way to say the same.
    assert!(!missed(&[(known, said_too("severe sepsis"))]));
    assert!(!missed(&[(known, culture(ZERO - 10, "600-7"))]));
    // The same by a presentation that is earlier and was not known.
    let before = measured(ZERO - HOUR, "8310-5", "39.0", "Cel");
    let noted = note(ZERO - HOUR, "severe sepsis");
    assert!(missed(&[(known, before), (known, noted)]));
}

#[test]
fn a_deadline_that_a_late_result_makes_is_seen_in_retrospect() {
    let of = |late: &[(i64, (i64, Fact))], element: &str| {
        let said = last_said(late, element);
        assert!(said.summary.contains(": missed"), "{}", said.summary);
        assert_eq!(
            said.backfill,
            said.summary
                .contains("since what asks for it was known only after that"),
            "{}",
            said.summary
        );
        said.backfill
    };
    let prompt = |value| [(ZERO, lactate(ZERO, value))];
    let late = |value| [(ZERO + 6 * HOUR + 1, lactate(ZERO - 1, value))];
    for element in ["repeat-lactate", "reassessment", "crystalloid"] {
        assert!(!of(&prompt("4.1"), element));
        assert!(of(&late("4.1"), element));
        // Of two results the one that came in time says so, however high the other is.
        let both = [prompt("4.1"), late("5.0")].concat();
        assert!(!of(&both, element));
    }
    let low = |known: i64, at: i64| (known, measured(at, "8480-6", "85", "mm[Hg]"));
    let pressures = |known: i64| [low(ZERO, ZERO - 20), low(known, ZERO - 10)];
    assert!(!of(&pressures(ZERO), "crystalloid"));
    assert!(of(&pressures(ZERO + 4 * HOUR), "crystalloid"));
    // Pressures after the fluid, and the weight by which it is enough.
    let after = |known: i64, weighed: i64| {
        let fluid = [
            (weighed, measured(ZERO, "29463-7", "50", "kg")),
            (ZERO + 30, fluid(ZERO + 30, "1500")),
        ];
        let stays = [low(known, ZERO + 40), low(known, ZERO + 50)];
        [&pressures(ZERO)[..], &fluid, &stays].concat()
    };
    assert!(!of(&after(ZERO + 50, ZERO), "vasopressors"));
    assert!(of(&after(ZERO + 8 * HOUR, ZERO), "vasopressors"));
    assert!(of(&after(ZERO + 50, ZERO + 8 * HOUR), "vasopressors"));
    let again = (ZERO + 8 * HOUR, measured(ZERO - 15, "29463-7", "49", "kg"));
    let twice = [after(ZERO + 50, ZERO), vec![again]].concat();
    assert!(!of(&twice, "vasopressors"));
    // One that is charted late between two that were known: where shock is documented they asked for the same by then.
    let shock = (ZERO, said_too("septic shock"));
    let between = low(ZERO + 8 * HOUR, ZERO + 45);
    let known = [after(ZERO + 50, ZERO), vec![shock, between]].concat();
    assert!(!of(&known, "vasopressors"));
    let in_time = last_said(&[(ZERO, antibiotic(ZERO))], "antibiotics");
    assert!(in_time.summary.contains(": met"));
}
