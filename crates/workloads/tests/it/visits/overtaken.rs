//! Messages of one visit that overtake one another: boards and findings are as if they had not.

use std::collections::BTreeSet;

use clinical::FindingState;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use workloads::throughput::{Department, Emergency, PatientState};

use super::{Feed, adt, department, now, shown, time};

/// What an emergency visit's messages may be: event, class, place, earlier place, whether it ends, and how.
const EVENTS: [(&str, &str, &str, &str, bool, &str); 10] = [
    ("A04", "E", "ED^WAIT^1", "", false, ""),
    ("A02", "E", "ED^BAY1^1", "ED^WAIT^1", false, ""),
    ("A02", "E", "ED^BAY2^1", "ED^BAY1^1", false, ""),
    ("A12", "E", "", "", false, ""),
    ("A06", "I", "ED^BAY1^1", "", false, ""),
    ("A08", "E", "ED^BAY2^1", "", false, ""),
    ("A02", "I", "6N^603^C", "ED^BAY1^1", false, ""),
    ("A03", "E", "", "", true, "LWBS"),
    ("A13", "E", "", "", false, ""),
    ("A11", "E", "", "", false, ""),
];

fn message(minute: i64, what: usize) -> (i64, String) {
    let (event, class, place, earlier, ends, how) = EVENTS[what];
    let end = if ends { time(minute) } else { String::new() };
    adt(minute, event, class, place, earlier, &end, how)
}

/// A feed whose events have the time of their half hour, while its messages have their own.
fn message_of_half_hour(minute: i64, what: usize) -> (i64, String) {
    let (minute, text) = message(minute, what);
    let (event, ..) = EVENTS[what];
    let own = |minute| format!("EVN|{event}|{}", time(minute));
    (minute, text.replace(&own(minute), &own(minute / 30 * 30)))
}

/// How the visit stands after all its messages, and what stands of its clocks.
fn after(messages: &[(i64, String)]) -> (Vec<String>, BTreeSet<String>) {
    let emergency = Emergency::new(Department {
        tells: true,
        ..department()
    });
    let mut feed = Feed::new();
    let mut state = PatientState::default();
    let (mut board, mut found) = (Vec::new(), Vec::new());
    let mut conclude = |state: &mut PatientState, minute: i64| {
        let effects = emergency.conclude(state, now(minute), None);
        if !(effects.standings.is_empty() && effects.gone.is_empty()) {
            board = effects.standings.iter().map(shown).collect();
        }
        for finding in effects.findings {
            let line = (finding.condition.clone(), finding.as_of);
            found.retain(|(held, _)| *held != line);
            if finding.state == FindingState::Asserted {
                found.push((line, finding.summary));
            }
        }
    };
    for (minute, text) in messages {
        feed.take(*minute, text);
        for said in feed.said.drain(..) {
            state.take(said);
        }
        conclude(&mut state, 900);
    }
    conclude(&mut state, 1000);
    let found = found.into_iter();
    let found = found.map(|((condition, as_of), words)| format!("{as_of} {condition}: {words}"));
    (board, found.collect())
}

fn check(messages: &[(i64, usize)], want: Expect) {
    let messages: Vec<_> = messages
        .iter()
        .map(|(minute, what)| message(*minute, *what))
        .collect();
    let (board, found) = after(&messages);
    let found: Vec<String> = found.into_iter().collect();
    want.assert_eq(&format!("{}\n{}\n", board.join("\n"), found.join("\n")));
}

#[test]
fn a_room_that_its_own_end_overtook_is_known() {
    check(
        &[(0, 0), (200, 7), (30, 1)],
        expect![[r#"
        ED at "BAY1 / 1": arrival 0, room 30, departure 200, left-unseen

    "#]],
    );
    // As it would have been.
    check(
        &[(0, 0), (30, 1), (200, 7)],
        expect![[r#"
        ED at "BAY1 / 1": arrival 0, room 30, departure 200, left-unseen

    "#]],
    );
}

#[test]
fn a_call_off_that_comes_after_something_newer_calls_off() {
    check(
        &[(0, 0), (10, 1), (300, 8), (20, 3)],
        expect![[r#"
        ED at "WAIT / 1": arrival 0, waiting
        2026-03-02T00:45:00Z emergency/room: wait for a treatment room: 45 min have passed of 60
        2026-03-02T01:01:00Z emergency/room: wait for a treatment room: more than 60 min
        2026-03-02T07:00:00Z emergency/stay: stay in the emergency department: 420 min have passed of 480
        2026-03-02T08:01:00Z emergency/stay: stay in the emergency department: more than 480 min
    "#]],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_ends_in_the_same_boards_and_findings(
        said in prop::collection::vec((0..EVENTS.len(), 1..90_i64, any::<u32>()), 1..10),
        is_of_half_hour: bool,
    ) {
        let make = if is_of_half_hour { message_of_half_hour } else { message };
        let mut minute = 0;
        let straight: Vec<_> = said.iter().map(|(what, later, _)| {
            minute += later;
            make(minute, *what)
        }).collect();
        let mut shuffled: Vec<_> = said.iter().map(|(_, _, key)| *key).zip(straight.clone()).collect();
        shuffled.sort();
        let shuffled: Vec<_> = shuffled.into_iter().map(|(_, message)| message).collect();
        prop_assert_eq!(after(&straight), after(&shuffled));
    }
}
