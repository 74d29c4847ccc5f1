//! Visits of which much was said, or little: where somebody lay follows from it all the same, and is forgotten in the end.

use super::beds::{BED, kept_by_a_server, patient};
use super::*;

/// A visit as a feed shows it that says where somebody is now, and nothing of before.
fn here(number: u8, status: &str, place: &str) -> String {
    format!(
        r#"{{"resourceType":"Encounter","id":"e{number}","status":"{status}","location":[{{"location":{{"display":"{place}"}}}}]}}"#
    )
}

#[test]
fn a_move_back_of_which_nothing_names_what_was_left_is_one() {
    let mut world = World::new();
    let mut moves = |at: i64, number: u8, status: &str, place: &str| {
        world.resource(
            "Encounter",
            patient(number),
            at * MINUTE,
            here(number, status, place),
        );
        world.measures(at * MINUTE + MINUTE / 2, 80 + at);
    };
    moves(0, 1, "in-progress", BED);
    moves(5, 1, "in-progress", "OR");
    moves(6, 2, "in-progress", BED);
    moves(9, 2, "finished", BED);
    moves(10, 1, "in-progress", BED);
    world.passes(20 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final, 2 86 final, 1 90 final");
}

#[test]
fn since_when_somebody_is_there_tells_a_move_back_from_one_that_never_was() {
    for (start, expected) in [
        ("2026-03-01T09:00:00Z", "1 80 final, 1 85 final, 1 92 final"),
        ("2026-03-01T09:12:00Z", "1 80 final, 1 92 final"),
    ] {
        let mut world = World::new();
        let at = |place: &str, start: &str| {
            let place =
                format!(r#"{{"location":{{"display":"{place}"}},"period":{{"start":"{start}"}}}}"#);
            kept_by_a_server(1, "2026-03-01T09:00:00Z", &place)
        };
        let said = [
            (0, at(BED, "2026-03-01T09:00:00Z")),
            (4, at("OR", "2026-03-01T09:04:00Z")),
            (12, at(BED, start)),
        ];
        for (minute, json) in said {
            world.said("Encounter", patient(1), (0, minute * MINUTE), json);
            world.measures(minute * MINUTE + 1, 80 + minute);
            if minute == 4 {
                world.measures(5 * MINUTE, 85);
            }
        }
        world.passes(20 * MINUTE);
        assert_eq!(world.told_by_key(), expected);
    }
}

#[test]
fn an_occupied_bed_stays_occupied_however_much_is_said_of_the_visit() {
    let mut world = World::new();
    let start = -60 * MINUTE;
    let at = |place: &str| {
        let place = format!(r#"{{"location":{{"display":"{place}"}}}}"#);
        kept_by_a_server(1, "2026-03-01T08:00:00Z", &place)
    };
    world.said("Encounter", patient(1), (start, start), at("WARD"));
    world.stays(-40 * MINUTE, 2, "in-progress", BED);
    world.stays(-30 * MINUTE, 2, "finished", BED);
    for minute in 0..40 {
        world.said("Encounter", patient(1), (start, minute * MINUTE), at(BED));
    }
    world.measures(40 * MINUTE, 80);
    world.passes(46 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final");
}

#[test]
fn who_was_expected_lies_there_from_when_the_visit_began() {
    let mut world = World::new();
    world.stays(-10 * MINUTE, 1, "planned", BED);
    let place = format!(r#"{{"location":{{"display":"{BED}"}}}}"#);
    let came = kept_by_a_server(1, "2026-03-01T09:00:00Z", &place);
    world.said("Encounter", patient(1), (0, 3 * MINUTE), came);
    world.measures(MINUTE, 80);
    world.passes(6 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final");
}

#[test]
fn times_of_a_place_that_was_left_are_put_right_and_none_stays_beside() {
    let mut world = World::new();
    let was = |start: u32, end: u32| {
        kept_by_a_server(
            1,
            "2026-03-01T09:00:00Z",
            &format!(
                r#"{{"location":{{"display":"{BED}"}},"status":"completed","period":{{"start":"2026-03-01T09:{start:02}:00Z","end":"2026-03-01T09:{end:02}:00Z"}}}},{{"location":{{"display":"WARD"}},"status":"active"}}"#
            ),
        )
    };
    world.measures(3 * MINUTE, 83);
    world.measures(7 * MINUTE, 87);
    world.measures(11 * MINUTE, 91);
    for (minute, json) in [(12, was(2, 4)), (13, was(6, 8)), (14, was(7, 9))] {
        world.said("Encounter", patient(1), (0, minute * MINUTE), json);
    }
    world.passes(20 * MINUTE);
    assert_eq!(world.told_by_key(), "1 87 final");
}

#[test]
fn an_old_moment_of_a_visit_of_which_nothing_is_known_takes_no_bed() {
    for is_known in [false, true] {
        let mut world = World::new();
        if is_known {
            let elsewhere = here(1, "in-progress", "WARD");
            world.resource("Encounter", patient(1), 3 * MINUTE, elsewhere);
        }
        world.messages += 1;
        world.moment = Some(Shows {
            message: 1,
            said: EventTime::from_micros(world.zero),
            known: ReceivedTime::from_micros(world.zero),
            backfill: false,
            undoes: false,
        });
        world.put(
            (topics::PATIENT_STREAM, patient(1).as_bytes().to_vec()),
            (0, 4 * MINUTE),
            Some(here(1, "in-progress", BED).into_bytes()),
            Some(world.messages),
        );
        world.measures(MINUTE, 80);
        world.passes(5 * MINUTE);
        world.passes(6 * MINUTE);
        let expected = if is_known { "1 80 final" } else { "" };
        assert_eq!(world.told_by_key(), expected);
    }
}

/// What is known of a patient after these visits, each a number, a status, a place and the minute in which that was said.
fn known(said: &[(u8, &str, &str, i64)]) -> State {
    let mut state = State::default();
    let places = Places::parse("ICU / 12 / A\ticu\tbed-12\n").unwrap();
    for (number, (visit, status, place, minute)) in (1..).zip(said) {
        let json = here(*visit, status, place);
        let heard = Heard {
            at: minute * MINUTE,
            said: minute * MINUTE,
            message: number,
            is_moment: false,
            undoes: false,
        };
        let encounter = Raw::read(json.as_bytes()).unwrap();
        state.lies(patient(1), encounter, heard, &places);
    }
    state
}

#[test]
fn visits_elsewhere_push_none_out_of_the_bed() {
    let mut said = vec![(200, "in-progress", BED, 0)];
    said.extend((0..40).map(|visit| (visit, "finished", "CLINIC", 1 + i64::from(visit))));
    let state = known(&said);
    assert_eq!(state.stays.len(), state::STAYS_MAX);
    assert!(state.stays["e200"].is_at_devices());
}

#[test]
fn a_visit_that_ended_long_ago_is_forgotten() {
    let window = 60 * MINUTE;
    let day = 24 * 60 * MINUTE;
    let forgotten = |said: &[(u8, &str, &str, i64)]| {
        let mut state = known(said);
        let at = state.next_forgotten(window)?;
        let before = state.stays.len();
        state.forget_stays(at - 1, window);
        assert_eq!(state.stays.len(), before);
        state.forget_stays(at, window);
        assert_eq!(state.stays.len(), before - 1);
        Some(at)
    };
    assert_eq!(forgotten(&[(1, "in-progress", BED, 0)]), None);
    let over = forgotten(&[(1, "in-progress", BED, 0), (1, "finished", BED, 5)]);
    assert_eq!(over, Some(5 * MINUTE + window + day));
    let never = forgotten(&[(1, "cancelled", "CLINIC", 5), (2, "in-progress", BED, 0)]);
    assert_eq!(never, Some(5 * MINUTE + window + day));
    let unspoken = forgotten(&[(1, "in-progress", "CLINIC", 5)]);
    assert_eq!(unspoken, Some(5 * MINUTE + window + 30 * day));
}

#[test]
fn of_who_went_nothing_is_kept_in_the_end() {
    let mut world = World::new();
    world.stays(0, 1, "in-progress", BED);
    world.stays(MINUTE, 1, "finished", BED);
    let is_known = |world: &mut World| {
        world.task.flush().unwrap();
        world.store.get(patient(1).as_bytes()).unwrap().is_some()
    };
    let day = 24 * 60 * MINUTE;
    world.passes(day);
    assert!(is_known(&mut world));
    world.passes(2 * day);
    assert!(!is_known(&mut world));
}

#[test]
fn a_move_that_is_taken_back_never_was_though_nothing_names_what_was_left() {
    let mut world = World::new();
    for (minute, place, undoes) in [(0, BED, false), (5, "OR", false), (10, BED, true)] {
        world.moment = Some(Shows {
            message: minute,
            said: EventTime::from_micros(world.zero + minute.cast_signed() * MINUTE),
            known: ReceivedTime::from_micros(world.zero + minute.cast_signed() * MINUTE),
            backfill: false,
            undoes,
        });
        let minute = minute.cast_signed();
        world.resource(
            "Encounter",
            patient(1),
            minute * MINUTE,
            here(1, "in-progress", place),
        );
        world.measures(minute * MINUTE + MINUTE / 2, 80 + minute);
    }
    world.task.flush().unwrap();
    let state = world.store.get(patient(1).as_bytes()).unwrap().unwrap();
    let mut again = Vec::new();
    State::decode(&state).unwrap().encode(&mut again);
    assert_eq!(*again, *state);
    world.passes(20 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final, 1 85 final, 1 90 final");
}
