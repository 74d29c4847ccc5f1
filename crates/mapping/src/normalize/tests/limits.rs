//! What is forgotten at each limit, and not before.

use clinical::SiteKey;

use super::kin::MAX_KIN;
use super::state::{MAX_ENCOUNTERS, MAX_MESSAGES, MAX_RENAMED, MAX_VERSIONS, Renamed, Version};
use super::*;
use crate::normalize::snapshot::MAX_EARLIER_LOCATIONS;

fn step(state: &mut State, id: &str, minute: i64, draft: &Draft) -> Outputs {
    let mut raw = raw(A, id, minute);
    raw.received_time = ReceivedTime::default();
    raw.message_time = EventTime::from_micros(minute);
    let drafts = std::slice::from_ref(draft);
    let input = Input::Message { raw, drafts };
    Normalizer::default().step(A, state, &input).unwrap()
}

#[test]
fn the_visit_spoken_of_least_recently_is_forgotten_first() {
    let mut state = State::default();
    for (at, kept) in [
        (MAX_ENCOUNTERS - 1, true),
        (MAX_ENCOUNTERS, true),
        (MAX_ENCOUNTERS + 1, false),
    ] {
        let from = state.encounters.len();
        for visit in from..at {
            let id = format!("e{visit}");
            let draft = draft("Encounter", &id, Effect::State, &["status=\"planned\""]);
            step(&mut state, &id, i64::try_from(visit).unwrap(), &draft);
        }
        assert_eq!(state.encounters.len(), at.min(MAX_ENCOUNTERS));
        let first = state
            .encounters
            .iter()
            .any(|stay| &*stay.snapshot.id == "e0");
        assert_eq!(first, kept, "{at}");
    }
}

#[test]
fn the_oldest_message_is_forgotten_first() {
    for (known, resent) in [
        (MAX_MESSAGES - 2, true),
        (MAX_MESSAGES - 1, true),
        (MAX_MESSAGES, false),
    ] {
        let mut state = State::default();
        let draft = patient(&["gender=\"male\""]);
        step(&mut state, "first", 0, &draft);
        let later = ReceivedTime::from_micros(1);
        let others = (1..known).map(|at| (later, u64::try_from(at).unwrap()));
        state.messages.extend(others);
        let other = visit(Effect::State, &["status=\"planned\""]);
        let mut last = raw(A, "last", 0);
        last.received_time = ReceivedTime::from_micros(2);
        let input = Input::Message {
            raw: last,
            drafts: std::slice::from_ref(&other),
        };
        Normalizer::default().step(A, &mut state, &input).unwrap();
        assert_eq!(state.messages.len(), (known + 1).min(MAX_MESSAGES));
        assert_eq!(
            step(&mut state, "first", 0, &draft).resent,
            resent,
            "{known}"
        );
    }
}

#[test]
fn the_oldest_version_is_forgotten_first() {
    for (known, stale) in [
        (MAX_VERSIONS - 2, 1),
        (MAX_VERSIONS - 1, 1),
        (MAX_VERSIONS, 0),
    ] {
        let mut state = State::default();
        step(&mut state, "1", 9, &result(&["status=\"final\""]));
        let version = Version {
            message_time: EventTime::default(),
            rank: 0,
            content: 0,
            number: 1,
            received: ReceivedTime::from_micros(1),
            way: Way::Mllp,
            said: 0,
            same: 0,
            by: 0,
        };
        let others = (1..known).map(|at| (u64::try_from(at).unwrap(), version));
        state.versions.extend(others);
        let other = draft("Observation", "o2", Effect::State, &["status=\"final\""]);
        let mut last = raw(A, "2", 0);
        last.received_time = ReceivedTime::from_micros(2);
        let input = Input::Message {
            raw: last,
            drafts: std::slice::from_ref(&other),
        };
        Normalizer::default().step(A, &mut state, &input).unwrap();
        assert_eq!(state.versions.len(), (known + 1).min(MAX_VERSIONS));
        let older = step(&mut state, "3", 5, &result(&["status=\"preliminary\""]));
        assert_eq!(older.stale, stale, "{known}");
    }
}

#[test]
fn so_many_transfers_can_be_cancelled_one_after_another() {
    for (transfers, back) in [
        (MAX_EARLIER_LOCATIONS - 1, 0),
        (MAX_EARLIER_LOCATIONS, 0),
        (MAX_EARLIER_LOCATIONS + 1, 1),
    ] {
        let mut state = State::default();
        for at in 0..=transfers {
            let place = format!("location=[{at}]");
            let id = format!("m{at}");
            step(
                &mut state,
                &id,
                i64::try_from(at).unwrap(),
                &visit(Effect::State, &[&place]),
            );
        }
        for at in 0..transfers {
            let id = format!("c{at}");
            step(&mut state, &id, 100, &visit(Effect::CancelTransfer, &[]));
        }
        let location = state.encounters[0].snapshot.get("location");
        assert_eq!(
            location,
            Some(format!("[{back}]").as_bytes()),
            "{transfers}"
        );
    }
}

#[test]
fn the_visit_that_got_another_id_first_is_forgotten_first() {
    for (known, kept) in [
        (MAX_RENAMED - 1, true),
        (MAX_RENAMED, true),
        (MAX_RENAMED + 1, false),
    ] {
        let mut state = State::default();
        for at in 0..known {
            state.rename(Renamed {
                before: format!("e{at}").into(),
                now: "now".into(),
            });
            state.remember_source(SiteKey::new([7; 32]).patient("H", &at.to_string()));
        }
        state.trim();
        assert_eq!(state.renamed.len(), known.min(MAX_RENAMED));
        assert_eq!(state.moved_from.len(), known.min(MAX_RENAMED));
        let first = state.renamed.iter().any(|one| &*one.before == "e0");
        assert_eq!(first, kept, "{known}");
    }
}

#[test]
fn a_visit_that_is_handed_over_in_pieces_is_refused_and_changes_nothing() {
    let mut state = State::default();
    let input = Input::Notice {
        raw: raw(A, "m", 0),
        notice: Notice::Moved {
            from: B,
            visit: Passage {
                before: "e1",
                now: "e2",
            },
            stay: b"no stay",
        },
    };
    let refusal = Normalizer::default().step(A, &mut state, &input);
    assert_eq!(refusal.unwrap_err().reason.code(), "unreadable-handover");
    assert_eq!(state, State::default());
}

#[test]
fn of_many_identities_the_last_ones_are_asked() {
    let site = SiteKey::new([7; 32]);
    let key = |number: usize| site.patient("H", &number.to_string());
    for (merged, first) in [(MAX_KIN - 1, 0), (MAX_KIN, 0), (MAX_KIN + 1, 1)] {
        let state = State {
            absorbed: (0..merged).map(key).collect(),
            ..State::default()
        };
        let asked: Vec<PatientKey> = state.kin(A, A).collect();
        let expected: Vec<PatientKey> = (first..merged).rev().map(key).collect();
        assert_eq!(asked, expected);
    }
}

fn order(id: &str, elements: &[&str]) -> Draft {
    draft("ServiceRequest", id, Effect::State, elements)
}

#[test]
fn the_order_spoken_of_least_recently_is_forgotten_first() {
    for (others, known) in [
        (MAX_GATHERED - 2, true),
        (MAX_GATHERED - 1, true),
        (MAX_GATHERED, false),
    ] {
        let mut state = State::default();
        step(&mut state, "first", 0, &order("o", &["priority=\"stat\""]));
        for other in 0..others {
            let id = format!("o{other}");
            step(&mut state, &id, 1, &order(&id, &["status=\"active\""]));
        }
        assert_eq!(state.gathered.len(), (others + 1).min(MAX_GATHERED));
        let outputs = step(&mut state, "last", 2, &order("o", &["status=\"revoked\""]));
        assert_eq!(show(&Ok(outputs)).contains("stat\""), known, "{others}");
    }
}

/// An order with a text, so large that it takes so many bytes.
fn noted(id: &str, bytes: usize) -> Draft {
    let text = "a".repeat(bytes - "note".len() - "\"\"".len());
    order(id, &[&format!("note=\"{text}\"")])
}

#[test]
fn orders_that_are_too_large_together_are_forgotten_first() {
    const EIGHTH: usize = MAX_GATHERED_BYTES / 8;
    for (over, kept) in [(0, 8), (1, 7)] {
        let mut state = State::default();
        for nth in 0..8 {
            let bytes = EIGHTH + if nth == 7 { over } else { 0 };
            let id = format!("o{nth}");
            step(&mut state, &id, nth, &noted(&id, bytes));
        }
        assert_eq!(state.gathered.len(), kept, "{over}");
    }
}

#[test]
fn what_is_larger_than_is_kept_of_one_lets_nothing_else_go() {
    let mut state = State::default();
    step(&mut state, "1", 0, &order("o", &["priority=\"stat\""]));
    step(&mut state, "2", 1, &noted("large", MAX_GATHERED_BYTES));
    assert_eq!(state.gathered.len(), 1);
}

#[test]
fn a_report_that_is_too_large_keeps_its_results() {
    let mut state = State::default();
    let report =
        |id: &str, elements: &[&str]| draft("DiagnosticReport", id, Effect::State, elements);
    let large = format!("conclusion=\"{}\"", "a".repeat(MAX_GATHERED_BYTES));
    step(&mut state, "1", 0, &report("r", &[&large, "result=[1]"]));
    let outputs = step(&mut state, "2", 1, &report("r", &["result=[2]"]));
    assert!(show(&Ok(outputs)).contains("\"result\":[1,2]"));
}

#[test]
fn reports_take_no_room_from_orders() {
    let mut state = State::default();
    step(&mut state, "1", 0, &order("o", &["priority=\"stat\""]));
    for nth in 0..MAX_GATHERED {
        let id = format!("r{nth}");
        let report = draft("DiagnosticReport", &id, Effect::State, &["result=[1]"]);
        step(&mut state, &id, 1, &report);
    }
    assert_eq!(state.gathered.len(), MAX_REPORTS + 1);
}

#[test]
fn a_merge_hands_over_what_is_known_of_orders() {
    let mut retired = State::default();
    step(
        &mut retired,
        "1",
        0,
        &order("o", &["subject={\"a\":\"b\"}"]),
    );
    let own = order("p", &["status=\"active\""]);
    step(&mut retired, "2", 0, &own);
    let mut state = State::default();
    step(&mut state, "3", 0, &order("p", &["priority=\"stat\""]));
    state.gather_from(retired.gathered, |json| {
        String::from_utf8_lossy(json).replace('b', "c").into_bytes()
    });
    let mut later = |id, message| step(&mut state, message, 1, &order(id, &["intent=\"order\""]));
    let shown = show(&Ok(later("o", "4"))) + &show(&Ok(later("p", "5")));
    expect![[r#"
        {"resourceType":"ServiceRequest","id":"o","meta":{"versionId":"1"},"intent":"order","subject":{"a":"c"}}
        {"resourceType":"ServiceRequest","id":"p","meta":{"versionId":"2"},"intent":"order","priority":"stat"}
    "#]]
    .assert_eq(&shown);
}

#[test]
fn what_is_said_late_of_an_order_fills_what_is_not_known() {
    let mut state = State::default();
    step(&mut state, "1", 5, &order("o", &["status=\"revoked\""]));
    let late = order("o", &["status=\"active\"", "priority=\"stat\""]);
    let shown = show(&Ok(step(&mut state, "2", 3, &late)));
    expect![[r#"
        {"resourceType":"ServiceRequest","id":"o","meta":{"versionId":"2"},"status":"revoked","priority":"stat"}
    "#]]
    .assert_eq(&shown);
    let removed = draft("ServiceRequest", "o", Effect::Delete, &[]);
    let shown = show(&Ok(step(&mut state, "3", 4, &removed)));
    let shown = shown + &show(&Ok(step(&mut state, "4", 6, &late)));
    expect![[r#"
        {"resourceType":"ServiceRequest","id":"o","meta":{"versionId":"3"},"status":"entered-in-error"}
        (1 stale)
    "#]]
    .assert_eq(&shown);
}
