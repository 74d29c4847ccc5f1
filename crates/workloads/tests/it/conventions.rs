//! What mimic-code asks for beyond its tables, rule by rule.

mod rates;

use std::time::Duration;

use clinical::{
    Code, Encounter, EncounterClass, EncounterStatus, Event, Fact, Finding, OrderKind, System,
};
use proptest::prelude::*;
use workloads::Config;

use crate::engine::Engine;
use crate::events::{Place, event, event_time, ordered, received_time};
use crate::permutations::standing;
use crate::scores::{last, observed};

/// Charting: the minute, what, what was said, and the unit, where it is not that of the table, or when a stay began.
type Charted<'a> = (i64, &'a str, &'a str, &'a str);

fn fact(n: usize, (at, what, said, unit): Charted<'_>) -> Fact {
    if what == "stay" {
        let is_over = said.ends_with("over");
        let resource = said.split(' ').next().unwrap_or_default();
        return Fact::Encounter(Encounter {
            resource: resource.into(),
            class: EncounterClass::Inpatient,
            status: match is_over {
                true => EncounterStatus::Finished,
                false => EncounterStatus::InProgress,
            },
            location: "".into(),
            start: match unit.parse() {
                Ok(start) => Some(event_time(start)),
                Err(_) => (!is_over).then(|| event_time(at)),
            },
            end: is_over.then(|| event_time(at)),
        });
    }
    if matches!(what, "culture" | "antimicrobial") {
        let is_culture = what == "culture";
        let drug = Code {
            system: System::Other("".into()),
            code: "7".into(),
            display: said.into(),
        };
        let (kind, code) = match is_culture {
            true => (OrderKind::Specimen, Code::loinc("600-7")),
            false => (OrderKind::MedicationGiven, drug),
        };
        return Fact::Order(ordered(&n.to_string(), kind, vec![code]));
    }
    observed(n, what, said, unit)
}

fn run(pack: &'static str, charted: &[Charted<'_>]) -> Vec<Finding> {
    run_with(Config::of(&[pack]), charted)
}

fn run_with(config: Config, charted: &[Charted<'_>]) -> Vec<Finding> {
    let mut engine = Engine::of(config);
    let mut hour = 0;
    for (n, charted) in charted.iter().enumerate() {
        while 60 * hour < charted.0 {
            engine.tick(received_time(60 * hour));
            hour += 1;
        }
        let place = Place {
            at: charted.0,
            arrives: charted.0,
            offset: n as u64,
        };
        engine.take(&event("ann", place, 0, fact(n, *charted)));
    }
    engine.tick(received_time(60 * hour));
    engine.findings
}

fn score(findings: &[Finding], condition: &str) -> Option<i32> {
    last(findings, condition).and_then(|finding| finding.score)
}

const HOUR: i64 = 60;
const SOFA: &str = "organ-failure-mimic";
const KIDNEY: &str = "kidney-injury-mimic";
const SEPSIS: &str = "sepsis-3-mimic";
const FIRST_DAY: &str = "first-day-mimic";

#[test]
fn no_stay_is_scored_by_the_urine_of_the_one_before() {
    let charted = |between: i64| {
        let again = 2 * HOUR + between;
        run(
            SOFA,
            &[
                (0, "stay", "first", ""),
                (HOUR, "pulse", "80", ""),
                (HOUR, "urine", "100", ""),
                (2 * HOUR, "stay", "first over", ""),
                (again, "stay", "second", ""),
                (again + 5, "pulse", "80", ""),
                (again + 10, "platelets", "300", ""),
                (again + 3 * HOUR, "platelets", "310", ""),
            ],
        )
    };
    // A day of urine stands for two where nothing parts them.
    for between in [26, 40] {
        let findings = charted(between * HOUR);
        assert_eq!(score(&findings, SOFA), Some(0), "{between} h between");
        let at_first = findings.iter().find(|of| of.score == Some(4));
        assert!(at_first.is_some(), "the first stay has its own");
    }
}

#[test]
fn a_stay_of_long_ago_still_has_its_own_charting_beside_the_next() {
    let days_ago = format!("{}", -20 * 24 * HOUR);
    let charted = [
        (0, "stay", "first", &*days_ago),
        (HOUR, "pulse", "110", ""),
        (HOUR, "eye", "1", ""),
        (HOUR, "verbal", "1", ""),
        (HOUR, "motor", "1", ""),
        (2 * HOUR, "stay", "first over", ""),
        (6 * HOUR, "stay", "second", ""),
        (6 * HOUR + 5, "pulse", "80", ""),
        (7 * HOUR, "platelets", "300", ""),
        // By then the first has been over for more than two days.
        (52 * HOUR, "stay", "second over", "360"),
    ];
    let mut config = Config::of(&[SOFA]);
    let window = Duration::from_secs(48 * 3600);
    config.windows.insert(SOFA, window);
    let findings = run_with(config, &charted);
    let stands = |of: &&Finding| of.as_of >= event_time(6 * HOUR);
    let mut scores = findings.iter().filter(stands).map(|of| of.score);
    assert!(scores.all(|score| score == Some(0)), "{findings:#?}");
}

#[test]
fn gases_long_before_a_stay_are_not_of_it() {
    let charted = |before: i64| {
        run(
            SOFA,
            &[
                (20 * HOUR - before, "fio2", "50", ""),
                (20 * HOUR - before, "pao2", "60", ""),
                (20 * HOUR, "stay", "first", ""),
                (20 * HOUR + 5, "pulse", "80", ""),
                (20 * HOUR + 10, "platelets", "300", ""),
            ],
        )
    };
    assert_eq!(score(&charted(11 * HOUR), SOFA), Some(2));
    assert_eq!(score(&charted(13 * HOUR), SOFA), Some(0));
}

#[test]
fn no_ventilator_runs_from_one_stay_into_the_next() {
    let charted = |next: &'static str| {
        let mut charted = vec![
            (0, "stay", "first", ""),
            (5, "pulse", "80", ""),
            (HOUR, "support", "ventilator", ""),
            (HOUR, "fio2", "50", ""),
            (2 * HOUR, "support", "ventilator", ""),
            (2 * HOUR + 10, "stay", "first over", ""),
            // Before the first setting of the stay that it is of.
            (4 * HOUR, "pao2", "75", ""),
            (4 * HOUR + 20, "pulse", "80", ""),
            (5 * HOUR, "support", "ventilator", ""),
        ];
        if !next.is_empty() {
            charted.insert(6, (3 * HOUR + 40, "stay", next, ""));
        }
        score(&run(SOFA, &charted), SOFA)
    };
    assert_eq!((charted("second"), charted("")), (Some(2), Some(3)));
}

#[test]
fn who_was_not_weighed_is_taken_for_80_kg() {
    let drug = (20, "norepinephrine", "10", "ug/min");
    let others = [(0, "stay", "first", ""), (5, "pulse", "80", "")];
    let not_weighed = [others[0], others[1], drug];
    assert_eq!(score(&run(SOFA, &not_weighed), SOFA), Some(4));
    let weight = (10, "weight", "110", "");
    let weighed = [others[0], others[1], weight, drug];
    assert_eq!(score(&run(SOFA, &weighed), SOFA), Some(3));
    // A weight that is charted later is that of the time before it, too.
    let late = (30, "weight", "110", "");
    let weighed_late = [others[0], others[1], drug, late];
    assert_eq!(score(&run(SOFA, &weighed_late), SOFA), Some(3));
}

#[test]
fn a_weight_is_that_of_the_time_before_the_next_one_however_old_it_is() {
    let rate = 100 * HOUR;
    let findings = run(
        SOFA,
        &[
            (0, "stay", "first", ""),
            (5, "pulse", "80", ""),
            (10, "weight", "110", ""),
            (rate, "norepinephrine", "10", "ug/min"),
            (rate + 3 * HOUR, "weight", "50", ""),
            // All that may still be revised is looked at again.
            (rate + 5 * HOUR, "stay", "first over", "0"),
        ],
    );
    assert_eq!(score(&findings, SOFA), Some(3));
}

#[test]
fn results_of_one_time_are_taken_for_their_mean() {
    let charted = [(5, "platelets", "40", ""), (5, "platelets", "120", "")];
    assert_eq!(score(&run(SOFA, &charted), SOFA), Some(2));
    assert_eq!(
        score(&run("organ-failure", &charted), "organ-failure"),
        Some(3)
    );
}

#[test]
fn a_part_of_the_coma_score_without_an_answer_was_looked_at() {
    let charted = [
        (10, "eye", "2", ""),
        (10, "verbal", "2", ""),
        (10, "motor", "4", ""),
        (2 * HOUR + 10, "verbal", "not testable", ""),
        // The hours of the first three are over; that of the last is not.
        (26 * HOUR + 10, "platelets", "300", ""),
    ];
    assert_eq!(score(&run(SOFA, &charted), SOFA), Some(3));
    assert_eq!(score(&run(SOFA, &charted[..3]), SOFA), Some(3));
    let without = [charted[0], charted[1], charted[2], charted[4]];
    assert_eq!(score(&run(SOFA, &without), SOFA), Some(0));
}

#[test]
fn the_first_day_begins_with_what_is_charted_as_it_begins_and_ends_with_the_next_stay() {
    let coma = |at: i64| {
        run(
            FIRST_DAY,
            &[
                (0, "stay", "first", ""),
                (at, "eye", "1", ""),
                (at, "verbal", "1", ""),
                (at, "motor", "1", ""),
            ],
        )
    };
    assert_eq!(score(&coma(0), "first-day-qsofa"), Some(1));
    let findings = run(
        FIRST_DAY,
        &[
            (0, "stay", "first", ""),
            (10, "sbp", "120", ""),
            (4 * HOUR, "stay", "first over", ""),
            (8 * HOUR, "stay", "second", ""),
            (9 * HOUR, "sbp", "80", ""),
        ],
    );
    let of = |start: i64| {
        let mut own = findings
            .iter()
            .filter(|of| *of.condition == *"first-day-qsofa");
        own.rfind(|of| of.as_of == event_time(start))
            .and_then(|of| of.score)
    };
    assert_eq!((of(0), of(8 * HOUR)), (Some(0), Some(1)));
}

#[test]
fn litres_that_flow_in_at_once_are_not_believed_either() {
    let charted = |irrigated: &'static str| {
        run(
            KIDNEY,
            &[
                (0, "stay", "first", ""),
                (5, "weight", "80", ""),
                (3 * HOUR, "urine", "300", ""),
                (7 * HOUR, "urine", irrigated, ""),
                (7 * HOUR, "urine", "300", ""),
            ],
        )
    };
    assert_eq!(score(&charted("-4000"), KIDNEY), Some(2));
    assert_eq!(score(&charted("-6000"), KIDNEY), Some(0));
}

#[test]
fn a_weight_of_before_the_stay_says_nothing_of_the_time_before_it() {
    let stages = |weighed: i64| {
        let findings = run(
            KIDNEY,
            &[
                (0, "urine", "300", ""),
                (weighed, "weight", "80", ""),
                (2 * HOUR, "stay", "first", ""),
                (3 * HOUR, "urine", "300", ""),
            ],
        );
        let mut of = findings.iter().filter(|of| of.as_of == event_time(0));
        of.next_back().map(|of| of.evidence.len())
    };
    assert_eq!(stages(HOUR), None);
    assert_eq!(stages(2 * HOUR + 30), Some(1));
}

#[test]
fn kidneys_of_a_stay_are_not_judged_by_the_urine_of_the_one_before() {
    let findings = run(
        KIDNEY,
        &[
            (0, "stay", "first", ""),
            (5, "weight", "80", ""),
            (7 * HOUR, "urine", "10", ""),
            (8 * HOUR, "stay", "first over", ""),
            (10 * HOUR, "stay", "second", ""),
            (10 * HOUR + 5, "weight", "80", ""),
            (17 * HOUR, "urine", "300", ""),
        ],
    );
    assert_eq!(score(&findings, KIDNEY), Some(0));
}

#[test]
fn what_was_judged_in_a_stay_that_is_over_is_judged_so_again() {
    let days_ago = format!("{}", -20 * 24 * HOUR);
    let charted = [
        (0, "stay", "first", &*days_ago),
        (5, "weight", "80", ""),
        (HOUR, "urine", "300", ""),
        (10 * HOUR, "stay", "first over", ""),
        (37 * HOUR, "stay", "second", ""),
        // Nobody was weighed in it.
        (38 * HOUR, "urine", "300", ""),
        (60 * HOUR, "urine", "300", ""),
    ];
    let findings = run(KIDNEY, &charted);
    assert!(findings.iter().any(|of| of.as_of == event_time(38 * HOUR)));
    assert!(findings.iter().all(|of| of.score.is_some()));
}

#[test]
fn a_stage_of_days_ago_is_over_when_urine_is_charted_of_which_nothing_is_known() {
    let mut charted = vec![(0, "stay", "first", ""), (5, "weight", "80", "")];
    charted.extend((1..=12).map(|hour| (hour * HOUR, "urine", "10", "")));
    assert_eq!(score(&run(KIDNEY, &charted), KIDNEY), Some(3));
    charted.extend([
        (13 * HOUR, "stay", "first over", ""),
        (130 * HOUR, "stay", "second", ""),
        (131 * HOUR, "urine", "300", ""),
    ]);
    assert_eq!(score(&run(KIDNEY, &charted), KIDNEY), Some(0));
}

#[test]
fn hours_of_a_stay_end_with_its_last_heart_rate() {
    let charted = [
        (0, "stay", "first", ""),
        (10, "pulse", "80", ""),
        (30, "culture", "", ""),
        (40, "antimicrobial", "Meropenem", ""),
        (70, "pulse", "80", ""),
        (5 * HOUR + 10, "platelets", "90", ""),
        (6 * HOUR, "pulse", "80", ""),
    ];
    assert_eq!(score(&run(SEPSIS, &charted[..6]), SEPSIS), None);
    assert_eq!(score(&run(SEPSIS, &charted), SEPSIS), Some(2));
}

#[test]
fn a_score_that_stands_since_long_before_a_stay_is_that_of_its_hours() {
    let begun = 9 * 24;
    let mut charted: Vec<Charted<'_>> = (0..12)
        .map(|n| (20 * n * HOUR, "platelets", "90", ""))
        .collect();
    charted.extend([
        (begun * HOUR, "stay", "first", ""),
        (begun * HOUR + 10, "pulse", "80", ""),
        (begun * HOUR + 30, "culture", "", ""),
        (begun * HOUR + 40, "antimicrobial", "Meropenem", ""),
        ((begun + 30) * HOUR, "platelets", "40", ""),
        ((begun + 44) * HOUR, "pulse", "80", ""),
    ]);
    charted.sort_by_key(|(at, ..)| *at);
    let findings = run(SEPSIS, &charted);
    let told: Vec<_> = findings
        .iter()
        .filter(|of| *of.condition == *SEPSIS)
        .map(|of| (of.as_of, of.score))
        .collect();
    assert_eq!(told, [(event_time((begun + 1) * HOUR), Some(2))]);
}

/// Two stays a day apart and what may be charted around them, each in two ways of arriving up to six hours late.
fn told() -> impl Strategy<Value = [Vec<Event>; 2]> {
    const SAID: [(&str, &[&str], &str); 11] = [
        ("culture", &[""], ""),
        ("antimicrobial", &["Meropenem"], ""),
        ("pulse", &["80", "0"], ""),
        ("urine", &["20", "900", "-300"], ""),
        ("platelets", &["40", "130", "300"], ""),
        // A pressure that scores nothing is not kept for as long as the rest.
        ("map", &["60", "65"], ""),
        ("norepinephrine", &["0", "4", "12"], "ug/min"),
        ("weight", &["60", "110"], ""),
        ("verbal", &["1", "5", "not testable"], ""),
        ("motor", &["3", "6"], ""),
        ("support", &["ventilator", "extubated"], ""),
    ];
    let stays: [Charted<'_>; 3] = [
        (2 * HOUR, "stay", "first", ""),
        (12 * HOUR, "stay", "first over", "120"),
        (38 * HOUR, "stay", "second", ""),
    ];
    let charted = (0..SAID.len(), 0..150i64, 0..3usize).prop_map(|(what, slot, said)| {
        let (what, all, unit) = SAID[what];
        let said = all.get(said).copied().unwrap_or(all[0]);
        (20 * slot, what, said, unit)
    });
    let all = prop::collection::vec(charted, 1..40).prop_map(move |charted| {
        let stays = stays.into_iter();
        stays.chain(charted).collect::<Vec<Charted<'_>>>()
    });
    let delays = |count| prop::collection::vec((0..6 * HOUR, 0..6 * HOUR), count);
    let late = all.prop_flat_map(move |all| (Just(all.clone()), delays(all.len())));
    late.prop_map(|(charted, delays)| {
        [false, true].map(|other| {
            let late = charted.iter().zip(&delays).enumerate();
            let mut events: Vec<Event> = late
                .map(|(n, (charted, delays))| {
                    let delay = if other { delays.1 } else { delays.0 };
                    let place = Place {
                        at: charted.0,
                        arrives: charted.0 + delay,
                        offset: n as u64,
                    };
                    event("ann", place, 0, fact(n, *charted))
                })
                .collect();
            events.sort_by_key(|event| event.received);
            events
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stays_are_told_apart_however_late_charting_comes(told in told()) {
        let packs = [SOFA, KIDNEY, FIRST_DAY, SEPSIS];
        let found = told.map(|events| {
            let mut config = Config::of(&packs);
            for pack in packs {
                config.windows.insert(pack, Duration::from_secs(7 * 24 * 3600));
            }
            let mut engine = Engine::of(config);
            for event in &events {
                engine.take(event);
            }
            engine.tick(received_time(60 * HOUR));
            standing(&engine.findings)
        });
        prop_assert_eq!(&found[0], &found[1]);
    }
}
