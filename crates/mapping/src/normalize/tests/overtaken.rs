//! Messages of one visit that overtake one another: the visit and its moments are as if they had not.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::normalize::snapshot::statements::{MAX_STATEMENT_BYTES, MAX_STATEMENTS};

/// One thing that a message may say, made by its sender at a minute.
fn said(what: usize, minute: i64) -> Draft {
    let place = format!("location=[{{\"location\":{{\"display\":\"{minute}\"}}}}]");
    let doctor = format!("participant=[\"{minute}\"]");
    let begun = format!("period={{\"start\":\"{minute}\"}}");
    let ended = format!("period={{\"end\":\"{minute}\"}}");
    let (effect, elements): (_, Vec<&str>) = match what {
        0 => (Effect::State, vec!["status=\"arrived\"", &place, &begun]),
        1 => (Effect::State, vec!["status=\"in-progress\"", &place]),
        2 => (Effect::CancelTransfer, vec!["priority=\"a\""]),
        3 => (Effect::State, vec!["status=\"finished\"", &ended, &doctor]),
        4 => (Effect::CancelDischarge, vec!["status?\"in-progress\""]),
        5 => (Effect::State, vec![&doctor, "location-"]),
        6 => (Effect::CancelAttending, vec![]),
        7 => (Effect::State, vec!["status=\"in-progress\""]),
        8 => (Effect::CancelPlan, vec!["status=\"cancelled\""]),
        _ => (Effect::State, vec![&place, "period.end-"]),
    };
    let mut draft = draft("Encounter", "e1", effect, &elements);
    draft.event_time = EventTime::from_micros(minute * 60_000_000);
    draft
}

/// Whoever follows a visit by what is told of it.
#[derive(Default)]
struct Follower {
    state: State,
    told: BTreeMap<u64, (EventTime, String)>,
    newest: String,
}

/// Takes the version out, which counts what was told.
fn without_version(json: &[u8]) -> String {
    let text = std::str::from_utf8(json).unwrap();
    let (_, after) = text.split_once('}').unwrap();
    after.to_owned()
}

impl Follower {
    fn hear(&mut self, minute: i64, draft: &Draft) -> Outputs {
        self.hear_of(minute, draft, false)
    }

    fn hear_of(&mut self, minute: i64, draft: &Draft, backfill: bool) -> Outputs {
        let mut raw = raw(A, &minute.to_string(), minute);
        raw.received_time = ReceivedTime::from_micros(1_000 * 60_000_000);
        raw.backfill = backfill;
        let own = Shows::by(&raw);
        let input = Input::Message {
            raw,
            drafts: std::slice::from_ref(draft),
        };
        let outputs = Normalizer::default().step(A, &mut self.state, &input);
        let outputs = outputs.unwrap();
        for record in &outputs.records {
            let (shows, at, json) = match record {
                Output::Resource {
                    shows,
                    event_time,
                    json,
                    ..
                } => {
                    self.newest = without_version(json);
                    (shows.unwrap_or(own), *event_time, json)
                }
                Output::Moment {
                    shows,
                    event_time,
                    json,
                    ..
                } => (*shows, *event_time, json),
                other => panic!("a visit makes no {other:?}"),
            };
            self.told.insert(shows.message, (at, without_version(json)));
        }
        assert_eq!(State::decode(&self.state.encode()), Ok(self.state.clone()));
        outputs
    }

    /// How the visit stood after each change, and how it stands.
    fn knows(&self) -> (Vec<(EventTime, String)>, String) {
        let mut moments: Vec<_> = self.told.values().cloned().collect();
        moments.sort();
        moments.dedup_by(|later, earlier| later.1 == earlier.1);
        (moments, self.newest.clone())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Of a visit that is new, and of one of which much was said before.
    #[test]
    fn any_order_ends_in_the_same_visit_and_moments(
        before in prop::collection::vec(0..10_usize, 0..2 * MAX_STATEMENTS),
        said_in in prop::collection::vec((0..10_usize, any::<u32>()), 1..14),
    ) {
        let (mut straight, mut overtaken) = (Follower::default(), Follower::default());
        for (minute, what) in (1..).zip(&before) {
            let draft = said(*what, minute);
            straight.hear(minute, &draft);
            overtaken.hear(minute, &draft);
        }
        let next = 1 + i64::try_from(before.len()).unwrap();
        let all: Vec<_> = (next..).zip(&said_in).map(|(minute, (what, _))| (minute, said(*what, minute))).collect();
        let mut shuffled: Vec<_> = said_in.iter().map(|(_, key)| *key).zip(&all).collect();
        shuffled.sort_by_key(|(key, (minute, _))| (*key, *minute));
        for (minute, draft) in &all {
            straight.hear(*minute, draft);
        }
        for (_, (minute, draft)) in shuffled {
            overtaken.hear(*minute, draft);
        }
        prop_assert_eq!(straight.knows(), overtaken.knows());
    }
}

#[test]
fn a_transfer_that_its_cancellation_overtook_is_cancelled() {
    let mut follower = Follower::default();
    for (minute, what) in [(1, 0), (3, 2)] {
        follower.hear(minute, &said(what, minute));
    }
    let outputs = follower.hear(2, &said(1, 2));
    expect![[r#"
        {"resourceType":"Encounter","id":"e1","meta":{"versionId":"3"},"status":"in-progress","priority":"a","period":{"start":"1"},"location":[{"location":{"display":"1"}}]}
        earlier: {"resourceType":"Encounter","id":"e1","meta":{"versionId":"2"},"status":"in-progress","period":{"start":"1"},"location":[{"location":{"display":"2"}}]}
    "#]]
    .assert_eq(&show(&Ok(outputs)));
}

#[test]
fn what_is_told_anew_since_history_was_loaded_stays_news() {
    let mut follower = Follower::default();
    for (minute, what) in [(10, 0), (30, 1)] {
        follower.hear(minute, &said(what, minute));
    }
    let loaded = follower.hear_of(20, &said(2, 20), true);
    let shown = loaded.records.iter().map(|record| match record {
        Output::Moment { shows, .. } => *shows,
        Output::Resource { shows, .. } => shows.expect("it is of a visit"),
        other => panic!("a visit makes no {other:?}"),
    });
    let own = Shows::by(&raw(A, "20", 20)).message;
    let shown: Vec<Shows> = shown.collect();
    assert!(!shown.is_empty());
    for shows in shown {
        assert_eq!(shows.backfill, shows.message == own);
        assert_eq!(Shows::parse(&shows.words()), Some(shows));
    }
}

#[test]
fn of_a_visit_so_many_statements_are_kept() {
    for count in [MAX_STATEMENTS - 1, MAX_STATEMENTS, MAX_STATEMENTS + 1] {
        let mut follower = Follower::default();
        for minute in 1..=i64::try_from(count).unwrap() {
            follower.hear(minute * 10, &said(1, minute * 10));
        }
        // Where the first is kept, one after it has its place; where it is not, nothing is known of then.
        let outputs = follower.hear(15, &said(1, 15));
        let is_told = !outputs.records.is_empty();
        assert_eq!(is_told, count <= MAX_STATEMENTS, "{count}");
    }
}

#[test]
fn of_what_is_said_so_many_bytes_are_kept() {
    // Beside the value, each thing that is said keeps two lengths, its own length and what it says.
    let rest = 4 + 1 + 4 + "serviceType".len() + 4;
    for (length, kept) in [
        (MAX_STATEMENT_BYTES - rest - 1, true),
        (MAX_STATEMENT_BYTES - rest, true),
        (MAX_STATEMENT_BYTES - rest + 1, false),
    ] {
        let mut follower = Follower::default();
        let long = format!("serviceType=\"{}\"", "x".repeat(length - 2));
        follower.hear(5, &draft("Encounter", "e1", Effect::State, &[&long]));
        let small = follower.state.encode().len() < length + 1_000;
        assert_eq!(small, !kept, "{length}");
    }
}

#[test]
fn what_was_said_long_ago_is_taken_for_known() {
    let week = 7 * 24 * 60;
    for (received, told) in [(999, 1), (1_000, 1), (1_001, 0)] {
        let mut state = State::default();
        let mut hear = |minute: i64, received: i64| {
            let mut raw = raw(A, &minute.to_string(), minute);
            raw.received_time = ReceivedTime::from_micros(received * 60_000_000);
            let draft = said(1, minute);
            let input = Input::Message {
                raw,
                drafts: std::slice::from_ref(&draft),
            };
            let outputs = Normalizer::default().step(A, &mut state, &input);
            outputs.unwrap().records.len()
        };
        assert_eq!((hear(10, 1_000), hear(30, 2_000)), (1, 1));
        assert_eq!(hear(5, received + week), told, "{received}");
    }
}

#[test]
fn what_only_fills_overtakes_nothing() {
    let mut follower = Follower::default();
    follower.hear(1, &said(0, 1));
    let filled = draft("Encounter", "e1", Effect::State, &["status?\"unknown\""]);
    follower.hear(9, &filled);
    let stored = RecordedTime::from_micros(5);
    let mut moved = said(1, 5);
    moved.recorded = Some(stored);
    let outputs = follower.hear(5, &moved);
    let [
        Output::Resource {
            recorded, shows, ..
        },
    ] = &outputs.records[..]
    else {
        panic!("one is told: {outputs:?}");
    };
    let own = Shows::by(&raw(A, "5", 5)).message;
    let shown = shows.map(|shows| shows.message);
    assert_eq!((*recorded, shown), (Some(stored), Some(own)));
}
