//! Throughput of emergency departments: the limits to the minute, what is put right, and real stays.

use clinical::{Decimal, EventId, EventTime, ReceivedTime};
use proptest::prelude::*;
use workloads::throughput::{
    Board, Clock, Crowding, Disposition, Milestone, Report, Said, Stage, UnitBeds, VisitKey,
    breached, own_clocks, parse_clocks,
};

use crate::events::event_time;
use crate::measures::cases::unzipped;
use crate::news2_vectors::shared;

const VISIT: VisitKey = VisitKey(7);

/// A report that reaches us in the minute after the one before.
fn report(visit: VisitKey, number: u64, said: Said) -> Report {
    Report {
        visit,
        event: EventId::derive(&[b"report", &number.to_be_bytes()]),
        known: ReceivedTime::from_micros(event_time(0).micros() + number as i64),
        said,
    }
}

fn reached(milestone: Milestone, minute: i64) -> Said {
    Said::Reached(milestone, Some(event_time(minute)))
}

fn board(said: &[Said]) -> Board {
    let mut board = Board::default();
    for (number, said) in said.iter().enumerate() {
        board.take(report(VISIT, number as u64, said.clone()));
    }
    board
}

/// Says which clocks have warned or breached by a minute.
fn check(said: &[Said], minute: i64, want: &[(Clock, Stage)]) {
    let signals = board(said).signals(&own_clocks(), event_time(minute));
    let got: Vec<(Clock, Stage)> = signals.iter().map(|of| (of.clock, of.stage)).collect();
    assert_eq!(got, want, "{said:?} at {minute}");
}

#[test]
fn more_than_sixty_whole_minutes_to_a_room_are_too_many() {
    use Stage::{Breached, Warned};
    let arrival = reached(Milestone::Arrival, 0);
    check(std::slice::from_ref(&arrival), 44, &[]);
    check(std::slice::from_ref(&arrival), 45, &[(Clock::Room, Warned)]);
    check(std::slice::from_ref(&arrival), 60, &[(Clock::Room, Warned)]);
    let both = [(Clock::Room, Warned), (Clock::Room, Breached)];
    check(std::slice::from_ref(&arrival), 61, &both);
    let room = |minute| [arrival.clone(), reached(Milestone::Room, minute)];
    check(&room(44), 90, &[]);
    check(&room(60), 90, &[(Clock::Room, Warned)]);
    check(&room(61), 90, &both);
}

#[test]
fn boarding_runs_from_the_first_sign_of_admission_to_departure() {
    use Stage::{Breached, Warned};
    let visit = |departs| {
        [
            reached(Milestone::Arrival, 0),
            reached(Milestone::Room, 5),
            reached(Milestone::BedRequest, 60),
            reached(Milestone::Decision, 50),
            reached(Milestone::Departure, departs),
        ]
    };
    check(&visit(229), 400, &[]);
    check(&visit(290), 400, &[(Clock::Boarding, Warned)]);
    check(
        &visit(291),
        400,
        &[(Clock::Boarding, Warned), (Clock::Boarding, Breached)],
    );
    let observation: Vec<Said> = visit(600)
        .into_iter()
        .chain([Said::Observation(true)])
        .collect();
    check(&observation, 700, &[]);
}

#[test]
fn a_stay_of_481_minutes_is_too_long() {
    use Stage::{Breached, Warned};
    let visit = |departs| {
        [
            reached(Milestone::Arrival, 0),
            reached(Milestone::Room, 5),
            reached(Milestone::Departure, departs),
        ]
    };
    check(&visit(480), 600, &[(Clock::Stay, Warned)]);
    check(
        &visit(481),
        600,
        &[(Clock::Stay, Warned), (Clock::Stay, Breached)],
    );
}

#[test]
fn what_is_put_right_or_called_off_is_taken_back() {
    let rules = own_clocks();
    let mut board = board(&[reached(Milestone::Arrival, 0)]);
    assert_eq!(board.wake(&rules, event_time(0)), Some(event_time(45)));
    assert_eq!(board.changes(&rules, event_time(70)).len(), 2);
    assert_eq!(board.changes(&rules, event_time(71)).len(), 0);
    board.take(report(VISIT, 10, reached(Milestone::Room, 50)));
    let back = board.changes(&rules, event_time(72));
    assert_eq!(
        back.iter()
            .map(|of| (of.signal.stage, of.holds))
            .collect::<Vec<_>>(),
        [(Stage::Breached, false)]
    );
    board.take(report(VISIT, 11, Said::Cancelled(true)));
    let back = board.changes(&rules, event_time(73));
    assert_eq!(
        back.iter()
            .map(|of| (of.signal.stage, of.holds))
            .collect::<Vec<_>>(),
        [(Stage::Warned, false)]
    );
    assert_eq!(board.wake(&rules, event_time(73)), None);
}

#[test]
fn a_unit_is_counted_by_what_its_visits_now_say() {
    let mut board = Board::default();
    let mut number = 0;
    let mut say = |board: &mut Board, visit: u64, said: Said| {
        number += 1;
        board.take(report(VisitKey(visit), number, said));
    };
    for visit in 0..4 {
        say(&mut board, visit, Said::Unit("ED".into()));
        say(
            &mut board,
            visit,
            reached(Milestone::Arrival, 10 * visit as i64),
        );
    }
    say(&mut board, 0, reached(Milestone::Room, 20));
    say(&mut board, 0, reached(Milestone::Provider, 30));
    say(&mut board, 0, reached(Milestone::Decision, 60));
    say(&mut board, 0, Said::Ventilated(true));
    say(&mut board, 1, reached(Milestone::Room, 40));
    say(
        &mut board,
        2,
        Said::Disposition(Some(Disposition::LeftUnseen)),
    );
    say(&mut board, 2, reached(Milestone::Departure, 100));
    let beds = UnitBeds {
        department: 10,
        hospital: 100,
    };
    let state = board.unit("ED", event_time(120), Some(beds));
    assert_eq!(
        (
            state.patients,
            state.waiting,
            state.boarding,
            state.ventilated
        ),
        (3, 1, 1, 1)
    );
    assert_eq!((state.departed, state.left_unseen), (1, 1));
    assert_eq!(
        (
            state.longest_boarding_minutes,
            state.last_door_to_room_minutes
        ),
        (60, 30)
    );
    assert_eq!(state.door_to_room, Some(Decimal::from(25)));
    assert_eq!(state.length_of_stay, Some(Decimal::from(80)));
    // -20 + 85.8 × 3/10 + 600 × 1/100 + 13.4 + 0.93 × 1 h + 5.64 × 0.5 h
    assert_eq!(state.nedocs, "28.89".parse().ok());
    assert_eq!(state.crowding, Some(Crowding::Busy));
    // The departure was another patient's: nobody left.
    say(&mut board, 2, Said::Reached(Milestone::Departure, None));
    let state = board.unit("ED", event_time(120), None);
    assert_eq!(
        (state.patients, state.departed, state.length_of_stay),
        (4, 0, None)
    );
    assert_eq!(board.units().into_iter().collect::<Vec<_>>(), ["ED"]);
    assert_eq!(board.there("ED", event_time(15)).len(), 2);
    board.expire(event_time(8 * 24 * 60));
    assert_eq!(board.units().len(), 0);
}

#[test]
fn a_row_that_is_no_clock_is_told_with_its_line() {
    let told = |text: &str| parse_clocks(text).map_err(|error| error.to_string());
    assert!(told("provider\t20\t30\tthe site").is_ok());
    for (row, line) in [
        ("door\t20\t30\tthe site", 1),
        ("# words\nroom\t20\tmany\tthe site", 2),
        ("room\t40\t30\tthe site", 1),
        ("room\t20\t30\t ", 1),
        ("room\t20\t30", 1),
        ("room\t20\t10081\tthe site", 1),
        ("room\t20\t30\ta\nroom\t20\t30\tb", 2),
        ("", 1),
        ("# words\n\n", 2),
    ] {
        let wrong = told(row).expect_err("the row is no clock");
        assert!(wrong.starts_with(&format!("line {line}: ")), "{wrong}");
    }
    assert!(told("room\t20\t10080\tthe site").is_ok());
}

fn said() -> impl Strategy<Value = Said> {
    use Milestone::{Arrival, Decision, Departure, Provider, Room};
    const MILESTONES: [Milestone; 5] = [Arrival, Room, Provider, Decision, Departure];
    prop_oneof![
        6 => (prop::sample::select(&MILESTONES[..]), prop::option::weighted(0.9, 0..700i64))
            .prop_map(|(milestone, minute)| Said::Reached(milestone, minute.map(event_time))),
        1 => any::<bool>().prop_map(Said::Cancelled),
        1 => any::<bool>().prop_map(Said::Observation),
        1 => prop::sample::select(&["ED", "Fast track"][..]).prop_map(|unit| Said::Unit(unit.into())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_reports_ends_the_same(
        said in prop::collection::vec((0..4u64, said()), 1..60),
        keys in prop::collection::vec(any::<u32>(), 60),
    ) {
        let reports: Vec<Report> = said
            .into_iter()
            .zip(1..)
            .map(|((visit, said), number)| report(VisitKey(visit), number, said))
            .collect();
        let mut shuffled: Vec<(u32, Report)> = keys.into_iter().zip(reports.iter().cloned()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let twice = shuffled.into_iter().flat_map(|(_, report)| [report.clone(), report]);
        let rules = own_clocks();
        let after = |reports: Vec<Report>| {
            let mut board = Board::default();
            let mut held = std::collections::BTreeSet::new();
            for (minute, report) in (0..).step_by(10).zip(reports) {
                board.take(report);
                for change in board.changes(&rules, event_time(minute.min(900))) {
                    if change.holds {
                        assert!(held.insert(change.signal));
                    } else {
                        assert!(held.remove(&change.signal));
                    }
                }
            }
            let changes = board.changes(&rules, event_time(1000));
            for change in changes {
                if change.holds { held.insert(change.signal) } else { held.remove(&change.signal) };
            }
            assert_eq!(held, board.signals(&rules, event_time(1000)));
            let states = ["ED", "Fast track", ""].map(|unit| board.unit(unit, event_time(400), None));
            (board, states)
        };
        prop_assert_eq!(after(reports), after(twice.collect()));
    }
}

#[test]
fn real_stays_have_the_median_that_was_published() {
    let path = shared().join("clinical-data/mimic3-demo/raw/admissions.csv.gz");
    let Ok(bytes) = std::fs::read(&path) else {
        println!(
            "skipped: clinical-data/mimic3-demo is not there; set PULSEWIRE_SHARED to the shared data"
        );
        return;
    };
    let text = String::from_utf8(unzipped(&bytes)).expect("a table is text");
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = rows.next().expect("a table has a head");
    let column = |name: &str| {
        head.iter()
            .position(|of| *of == name)
            .expect("the table has the column")
    };
    let (came, left) = (column("edregtime"), column("edouttime"));
    let time =
        |text: &str| EventTime::parse(&format!("{}Z", text.trim_matches('"').replace(' ', "T")));
    let mut board = Board::default();
    let end = event_time(0);
    let mut stays = 0;
    for row in rows {
        // A field of words may hold commas; the times stand before it or are read from the end.
        let (Some(came), Some(left)) = (
            row.get(came).and_then(|of| time(of)),
            row.get(left).and_then(|of| time(of)),
        ) else {
            continue;
        };
        let minutes = left.since(came).expect("nobody leaves before they came");
        stays += 1;
        for (number, (milestone, at)) in [
            (Milestone::Arrival, end.minus(minutes)),
            (Milestone::Departure, end),
        ]
        .into_iter()
        .enumerate()
        {
            board.take(report(
                VisitKey(stays),
                number as u64 + 1,
                Said::Reached(milestone, Some(at)),
            ));
        }
    }
    let state = board.unit("", end, None);
    println!(
        "emergency stays: {} of 92 stays, median {:?} min",
        stays, state.length_of_stay
    );
    assert_eq!(
        (stays, state.length_of_stay),
        (92, Some(Decimal::from(302)))
    );
}

#[test]
fn a_visit_counts_for_a_clock_that_took_too_long_though_it_stopped() {
    let counts = |roomed: i64, now: i64| {
        let said = [
            Said::Unit("ED".into()),
            reached(Milestone::Arrival, 0),
            reached(Milestone::Room, roomed),
        ];
        let board = board(&said);
        let visit = board.visit(VISIT).expect("it was reported");
        let rules = own_clocks();
        let clocks = breached(&rules, visit, event_time(now)).map(|rule| rule.clock);
        clocks.collect::<Vec<_>>()
    };
    assert_eq!(counts(60, 300), [], "60 minutes are not more than 60");
    assert_eq!(counts(61, 60), [], "not yet");
    assert_eq!(counts(61, 61), [Clock::Room]);
    assert_eq!(counts(61, 300), [Clock::Room], "it stopped too late");
    assert_eq!(counts(60, 480), []);
    assert_eq!(counts(60, 481), [Clock::Stay]);
}
