//! Support that was charted goes on until another is charted, or for a day: SOFA, SOFA-2 and the bands of Berlin.

use clinical::{Code, Finding};
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, number_or_text, observed, received_time};
use crate::permutations::standing;
use crate::scores::{last, run};

/// A gas of a ratio of 75 at a minute, beside what was charted of the support.
fn gas_at(at: i64, support: &[(i64, &'static str)]) -> Vec<(i64, &'static str, &'static str)> {
    let mut charted = vec![(at - 1, "fio2", "80"), (at, "pao2", "60")];
    charted.extend(support.iter().map(|(at, said)| (*at, "support", *said)));
    charted.sort_by_key(|(at, what, _)| (*at, *what != "support"));
    charted
}

/// Gives the score of a pack, and how many findings were told of it.
fn scored(pack: &'static str, charted: &[(i64, &str, &str)]) -> (Option<i32>, usize) {
    let findings = run(pack, charted);
    (
        last(&findings, pack).and_then(|of| of.score),
        findings.len(),
    )
}

/// When a ventilator was charted around a gas of minute 160, whether that makes it one under a ventilator.
const CASES: [(&[(i64, &str)], bool); 12] = [
    (
        &[(0, "ventilator"), (60, "ventilator"), (120, "ventilator")],
        true,
    ),
    (&[(160, "ventilator")], true),
    (&[(155, "ventilator")], true),
    (&[(130, "ventilator")], true),
    (&[(120, "ventilator"), (200, "ventilator")], true),
    // A day of silence ends it.
    (&[(160 - 24 * 60 + 1, "ventilator")], true),
    (&[(160 - 24 * 60, "ventilator")], false),
    (&[(120, "ventilator"), (150, "extubated")], false),
    (&[(120, "ventilator"), (150, "oxygen device")], false),
    (&[(120, "ventilator"), (170, "extubated")], true),
    (&[(161, "ventilator")], false),
    (&[(120, "oxygen device")], false),
];

#[test]
fn a_gas_after_a_ventilator_was_charted_is_one_under_it_at_once() {
    for (support, ventilated) in CASES {
        let charted = gas_at(160, support);
        let wanted = if ventilated { 4 } else { 2 };
        for pack in ["organ-failure", "organ-failure-2"] {
            let told = scored(pack, &charted);
            assert_eq!(told, (Some(wanted), 1), "{pack} {support:?}");
        }
        let bands = run("bedside-scores", &charted);
        let band = last(&bands, "oxygenation").map(|of| of.severity.word());
        assert_eq!(band, ventilated.then_some("high"), "{support:?}");
    }
}

#[test]
fn what_is_no_ventilator_is_none_for_the_table_of_1996() {
    for said in ["non-invasive ventilation", "high-flow nasal oxygen"] {
        let charted = gas_at(160, &[(120, said)]);
        assert_eq!(scored("organ-failure", &charted).0, Some(2));
        assert_eq!(scored("organ-failure-2", &charted).0, Some(4));
    }
}

/// Takes a gas of a patient whose ventilation mode is charted, and gives what was told.
fn under_mode(order: [usize; 3]) -> Vec<Finding> {
    let charted = [
        (0, Code::loinc("20124-4"), "SIMV", ""),
        (30, Code::loinc("3150-6"), "80", "%"),
        (40, Code::loinc("2703-7"), "60", "mm[Hg]"),
    ];
    let mut engine = Engine::of(Config::of(&["organ-failure"]));
    for (offset, which) in (0..).zip(order) {
        let (at, code, said, unit) = charted[which].clone();
        let place = Place {
            at,
            arrives: 41 + offset as i64,
            offset,
        };
        let fact = observed(&which.to_string(), code, number_or_text(said, unit));
        engine.take(&event("ann", place, 0, fact));
    }
    engine.tick(received_time(60));
    engine.findings
}

#[test]
fn a_mode_of_ventilation_is_a_ventilator_whenever_it_is_heard() {
    let first = under_mode([0, 1, 2]);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].score, Some(4));
    let late = under_mode([1, 2, 0]);
    let scores: Vec<_> = late.iter().map(|of| of.score).collect();
    assert_eq!(scores, [Some(2), Some(4)]);
    let of = |findings: &[Finding]| -> Vec<_> {
        let told = standing(findings).into_iter();
        told.map(|(key, says)| (key, says.0, says.1)).collect()
    };
    assert_eq!(of(&first), of(&late));
}
