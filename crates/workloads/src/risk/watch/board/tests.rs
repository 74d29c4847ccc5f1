//! Boards of hours as the model was trained on them, and of others; in any order of patients, redelivered, stored and read.

use proptest::prelude::*;

use super::super::{Because, Outcome, Row};
use super::*;
use crate::DecodeError;

const HOUR: i64 = 3_600_000_000;

fn at(hour: i64) -> EventTime {
    EventTime::from_micros(hour * HOUR)
}

fn patient(number: u16) -> PatientKey {
    PatientKey::from_slice(EventId::derive(&[&number.to_be_bytes()]).as_bytes()).unwrap()
}

/// A number below a limit that follows from a seed, as evenly as it goes.
fn draw(seed: u64, below: u64) -> u64 {
    let mixed = (seed ^ seed >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ mixed >> 32) % below
}

/// A value as the feature's distribution has it: in each bin, or missing, as often as it was.
fn drawn(pack: &Pack, place: usize, seed: u64) -> f64 {
    let of = &pack.reference[place];
    let mut left = draw(seed, 10_000) as f64 / 10_000.0;
    let bin = of.shares.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    match bin {
        Some(bin) if bin < of.edges.len() => of.edges[bin],
        Some(bin) if bin == of.edges.len() => of.edges.last().map_or(0.0, |last| last + 1.0),
        _ => f64::NAN,
    }
}

fn hour(pack: &Pack, number: u16, end: i64) -> Hour {
    let seed = |place: usize| (u64::from(number) << 40) + (end.unsigned_abs() << 16) + place as u64;
    Hour {
        end: at(end),
        admission: at(0),
        model: pack.version.clone(),
        score: 0.0,
        probability: draw(seed(999), 50) as f64 / 1_000.0,
        row: Row::new((0..pack.reference.len()).map(|place| drawn(pack, place, seed(place)))),
    }
}

fn example(hour: &Hour, septic: bool, revision: u32) -> Example {
    let because = match septic {
        true => Because::Onset(hour.end),
        false => Because::Horizon,
    };
    Example {
        hour: hour.clone(),
        outcome: Outcome {
            because,
            alerted: septic,
            feedback: None,
        },
        revision,
        told_of: None,
    }
}

/// Each of the patients in each of the hours from one on, with what is changed of each.
fn play(
    board: &mut Board,
    pack: &Pack,
    patients: u16,
    (first, last): (i64, i64),
    change: impl Fn(&mut Vec<f64>),
) {
    for end in first..=last {
        for number in 0..patients {
            let mut hour = hour(pack, number, end);
            let mut values = hour.row.values().to_vec();
            change(&mut values);
            hour.row = Row::new(values);
            assert!(board.take_hour(pack, patient(number), &hour));
        }
    }
}

fn place(pack: &Pack, name: &str) -> usize {
    pack.model.features().position(|of| of == name).unwrap()
}

fn drifts(news: &[News]) -> Vec<(Drift, bool)> {
    news.iter().map(|of| (of.drift, of.begins)).collect()
}

#[test]
fn what_it_was_trained_on_is_no_drift_and_too_few_patients_say_nothing() {
    let pack = Pack::built_in();
    let mut board = Board::default();
    play(&mut board, &pack, 9, (1, 12), |_| {});
    assert_eq!(board.look(&pack, at(12)), []);
    let inputs = board.standing(&pack, at(12)).inputs;
    assert_eq!((inputs.hours, inputs.patients), (9 * 12, (9, 9)));
    assert!(inputs.features.is_empty() && inputs.missing.is_empty());
    play(&mut board, &pack, 120, (13, 24), |_| {});
    assert_eq!(board.look(&pack, at(24)), []);
    let standing = board.standing(&pack, at(24));
    assert_eq!(standing.inputs.features.len(), pack.reference.len());
    assert_eq!(standing.inputs.missing.len(), 34);
    let worst = standing.inputs.features.iter().map(|(_, index)| *index);
    assert!(worst.fold(0.0, f64::max) < WATCH);
    assert_eq!(standing.since, Some(at(1)));
    assert!(standing.drifting.is_empty());
}

#[test]
fn what_moves_goes_missing_or_comes_in_another_unit_is_told_once_and_when_it_ends() {
    let pack = Pack::built_in();
    let (pulse, lactate, glucose) = (
        place(&pack, "HR.last"),
        place(&pack, "O2Sat.last"),
        place(&pack, "Glucose.last"),
    );
    let mut board = Board::default();
    play(&mut board, &pack, 110, (1, 10), |values| {
        values[pulse] = 150.0;
        values[lactate] = f64::NAN;
        values[glucose] /= 18.0;
    });
    let news = board.look(&pack, at(10));
    assert_eq!(
        drifts(&news),
        [
            (Drift::Inputs, true),
            (Drift::Missing, true),
            (Drift::Units, true)
        ]
    );
    assert!(news[0].words.contains("HR.last"), "{}", news[0].words);
    assert!(news[1].words.contains("oxygen"), "{}", news[1].words);
    assert!(news[2].words.contains("glucose"), "{}", news[2].words);
    assert_eq!(board.look(&pack, at(11)), [], "it is told once");
    assert_eq!(board.drifting[&Drift::Units], at(10));
    // The newest days are well again, and weeks later all of it is forgotten.
    play(&mut board, &pack, 110, (73, 82), |_| {});
    assert_eq!(
        drifts(&board.look(&pack, at(82))),
        [(Drift::Missing, false), (Drift::Units, false)]
    );
    let later = 29 * 24;
    play(&mut board, &pack, 110, (later, later + 10), |_| {});
    assert_eq!(
        drifts(&board.look(&pack, at(later + 10))),
        [(Drift::Inputs, false)]
    );
    assert!(board.drifting.is_empty());
}

#[test]
fn a_calibration_that_changes_is_told_and_ends_when_it_holds_again() {
    let pack = Pack::built_in();
    let mut board = Board::default();
    let mut end = 0;
    let mut played = |board: &mut Board, rounds: i64, septic: &dyn Fn(i64) -> bool| {
        let mut news = Vec::new();
        for _ in 0..rounds {
            end += 1;
            for number in 0..20 {
                let mut hour = hour(&pack, number, end);
                hour.probability = 0.05;
                board.take_example(
                    &pack,
                    patient(number),
                    &example(&hour, septic(number.into()), 1),
                );
            }
            news.extend(board.look(&pack, at(end + 79)));
        }
        news
    };
    // One in twenty, as foreseen; then half of them.
    assert_eq!(played(&mut board, 100, &|number| number == 3), []);
    let news = played(&mut board, 30, &|number| number % 2 == 0);
    assert_eq!(drifts(&news), [(Drift::Calibration, true)]);
    assert!(
        news[0].words.contains("times as often"),
        "{}",
        news[0].words
    );
    let standing = board.standing(&pack, at(130 + 79));
    assert_eq!(standing.quality.count, 130 * 20);
    assert_eq!(standing.quality.septic, 100 + 30 * 10);
    assert_eq!(standing.judged, Some((at(1), at(130))));
    // The window forgets what was off.
    let news = played(&mut board, 410, &|number| number == 3);
    assert_eq!(drifts(&news), [(Drift::Calibration, false)]);
}

#[test]
fn the_challenger_is_asked_before_it_learns_and_compared_on_the_same_hours() {
    let pack = Pack::built_in();
    let age = place(&pack, "age");
    let mut board = Board::default();
    let patients: u16 = 100;
    for end in 1..=90_i64 {
        for number in 0..patients {
            let hour = hour(&pack, number, end);
            let septic = hour.row.values()[age] > 70.0;
            assert!(board.take_example(&pack, patient(number), &example(&hour, septic, 1)));
            assert!(!board.take_example(&pack, patient(number), &example(&hour, septic, 1)));
        }
        board.look(&pack, at(end + 79));
        let standing = board.standing(&pack, at(end + 79));
        let (learned, least) = (standing.learned, LEAST_LEARNED);
        assert_eq!(learned, end.unsigned_abs() * u64::from(patients));
        let asked = usize::try_from(learned.saturating_sub(least)).unwrap();
        assert_eq!(
            standing.both.0.count, asked,
            "what it says early is not compared"
        );
        assert_eq!(standing.both.1.count, asked);
    }
    let (model, challenger) = board.standing(&pack, at(200)).both;
    // The model's numbers are drawn, so that it knows nothing.
    assert!((0.4..0.6).contains(&model.auroc.unwrap()), "{model:?}");
    assert!(challenger.auroc.unwrap() > 0.95, "{challenger:?}");
    assert!(challenger.brier < model.brier);
    assert_eq!(
        (model.count, model.septic),
        (challenger.count, challenger.septic)
    );
}

#[test]
fn a_label_that_is_revised_counts_as_it_now_is() {
    let pack = Pack::built_in();
    let mut board = Board::default();
    let hours: Vec<Hour> = (0..4).map(|number| hour(&pack, number, 5)).collect();
    for (number, hour) in (0..).zip(&hours) {
        board.take_example(&pack, patient(number), &example(hour, false, 1));
    }
    let again = |number: u16, septic, revision| {
        let mut again = example(&hours[usize::from(number)], septic, revision);
        again.hour.row = Row::default();
        again
    };
    // One while it waits, one when it is judged; neither by what is older, nor of an hour that is not known.
    assert!(board.take_example(&pack, patient(1), &again(1, true, 2)));
    board.look(&pack, at(5 + 79));
    assert!(board.take_example(&pack, patient(2), &again(2, true, 3)));
    assert!(!board.take_example(&pack, patient(2), &again(2, false, 2)));
    assert!(!board.take_example(&pack, patient(9), &again(3, true, 2)));
    let standing = board.standing(&pack, at(90));
    assert_eq!((standing.quality.count, standing.quality.septic), (4, 2));
    assert_eq!(standing.said.alerted_septic, 2);
    assert_eq!(standing.learned, 4);
}

#[test]
fn another_model_begins_anew() {
    let pack = Pack::built_in();
    let mut board = Board::default();
    play(&mut board, &pack, 3, (1, 2), |_| {});
    let mut other = pack.clone();
    other.version = "another".into();
    let mut bytes = Vec::new();
    assert!(board.encode(&mut bytes));
    let mut begun = Board::decode(&other, &bytes).unwrap();
    assert_eq!(begun.standing(&other, at(3)).inputs.hours, 0);
    assert!(begun.take_hour(&other, patient(1), &hour(&other, 1, 3)));
    let mut kept = Vec::new();
    assert!(begun.encode(&mut kept));
    let mut begun = Board::decode(&other, &kept).unwrap();
    let ended = begun.look(&other, at(4));
    assert!(ended.len() == Drift::ALL.len() && ended.iter().all(|news| !news.begins));
    assert!(begun.look(&other, at(5)).is_empty(), "it is said once");
    assert!(
        !board.take_hour(&other, patient(1), &hour(&pack, 1, 3)),
        "it is of the old one"
    );
    assert!(board.take_hour(&other, patient(1), &hour(&other, 1, 3)));
    assert_eq!(board.standing(&other, at(3)).inputs.hours, 1);
    assert_eq!(Board::decode(&pack, &[9]), Err(DecodeError::Version(9)));
    assert_eq!(
        Board::decode(&pack, &bytes[..bytes.len() - 1]),
        Err(DecodeError::Damaged)
    );
}

#[test]
fn no_more_outcomes_wait_than_there_is_room_for() {
    let pack = Pack::built_in();
    let mut board = Board::default();
    let count = u16::try_from(MAX_WAITING).unwrap();
    for number in 0..=count {
        let hour = hour(&pack, number, 5);
        board.take_example(&pack, patient(number), &example(&hour, false, 1));
    }
    assert_eq!(
        (board.waiting.len(), board.window.0.len()),
        (MAX_WAITING, 1)
    );
}

/// Of so many patients the hours and outcomes, each patient's in their order.
fn told(pack: &Pack, patients: u16) -> Vec<Vec<(u16, Hour, Option<Example>)>> {
    (0..patients)
        .map(|number| {
            let hours = (1..=6_i64).map(|end| hour(pack, number, end));
            let scored = hours.clone().map(|hour| (number, hour, None));
            let judged = hours.map(|hour| {
                let septic = draw(u64::from(number), 3) == 0;
                let example = example(&hour, septic, 1);
                (number, hour, Some(example))
            });
            scored.chain(judged).collect()
        })
        .collect()
}

/// What is told of all patients, interleaved as numbers say.
fn interleaved(
    mut each: Vec<Vec<(u16, Hour, Option<Example>)>>,
    order: &[usize],
) -> Vec<(u16, Hour, Option<Example>)> {
    each.iter_mut().for_each(|told| told.reverse());
    let mut all = Vec::new();
    let mut order = order.iter().copied().cycle();
    while each.iter().any(|told| !told.is_empty()) {
        let place = order.next().unwrap_or_default() % each.len();
        let at = (place..each.len())
            .chain(0..place)
            .find(|at| !each[*at].is_empty());
        all.extend(at.and_then(|at| each[at].pop()));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_patients_ends_in_the_same_board(
        order in proptest::collection::vec(0_usize..8, 1..40),
        again in any::<u8>(),
    ) {
        let pack = Pack::built_in();
        let (mut straight, mut other) = (Board::default(), Board::default());
        let take = |board: &mut Board, (number, hour, example): &(u16, Hour, Option<Example>)| match example {
            None => board.take_hour(&pack, patient(*number), hour),
            Some(example) => board.take_example(&pack, patient(*number), example),
        };
        for told in told(&pack, 8).iter().flatten() {
            prop_assert!(take(&mut straight, told));
        }
        for (place, told) in interleaved(told(&pack, 8), &order).iter().enumerate() {
            prop_assert!(take(&mut other, told));
            if place % 7 == usize::from(again % 7) {
                prop_assert!(!take(&mut other, told), "what is delivered again is no news");
                let mut bytes = Vec::new();
                other.encode(&mut bytes);
                other = Board::decode(&pack, &bytes).unwrap();
            }
        }
        for end in [80, 83, 90] {
            prop_assert_eq!(straight.look(&pack, at(end)), other.look(&pack, at(end)));
        }
        prop_assert_eq!(straight.standing(&pack, at(90)), other.standing(&pack, at(90)));
        let bytes = |board: &Board| {
            let mut bytes = Vec::new();
            board.encode(&mut bytes);
            bytes
        };
        prop_assert_eq!(bytes(&straight), bytes(&other));
    }
}
