//! What is told of sources, and when.

use super::*;

fn at(seconds: i64) -> ReceivedTime {
    ReceivedTime::from_micros(1_795_240_000_000_000 - 40_000_000 + seconds * 1_000_000)
}

fn frame<'a>(seconds: i64, signal: &'a &'a str, sort: Sort) -> Frame<'a> {
    Frame {
        way: "mllp",
        signals: std::slice::from_ref(signal),
        answer: if sort == Sort::Other { "AE" } else { "AA" },
        bytes: 100,
        at: at(seconds),
        event_time: Some(at(seconds - 30).micros()),
        sort,
    }
}

fn activity() -> Activity {
    Activity::new([Arc::from("lab")].into_iter(), "one".to_owned())
}

fn lines(told: &[Told]) -> String {
    let line = |told: &Told| {
        let signals: Vec<_> = told
            .signals
            .iter()
            .map(|s| format!("{} {}", s.signal, s.messages))
            .collect();
        let answers: Vec<_> = told
            .answers
            .iter()
            .map(|a| format!("{} {}", a.code, a.count))
            .collect();
        format!(
            "{} {}: {} new ({}), {} old, {}, {} bytes, lag {:?}\n",
            told.source,
            told.minute,
            told.messages,
            signals.join(", "),
            told.backfill,
            answers.join(", "),
            told.bytes,
            told.lag_ms
        )
    };
    told.iter().map(line).collect()
}

#[test]
fn the_clock_of_a_sender_by_mllp_is_judged_by_when_it_says_it_made_its_messages() {
    let activity = activity();
    let hear = |minutes: std::ops::Range<i64>, off: i64, way, sort| {
        for minute in minutes {
            let made = at(minute * 60 - off).micros();
            let frame = Frame {
                way,
                event_time: Some(made),
                ..frame(minute * 60, &"ORU", sort)
            };
            activity.heard("lab", &frame);
        }
    };
    let told = || {
        let clocks = activity.clocks().into_iter();
        let told = clocks.map(|(name, offset, news)| format!("{name} {offset} {news:?}"));
        told.collect::<Vec<_>>().join(", ")
    };
    // What was true long ago, came again or was loaded says nothing of a clock.
    hear(0..9, 7_200, "http", Sort::New);
    hear(0..9, 7_200, "mllp", Sort::Backfill);
    hear(0..9, 7_200, "mllp", Sort::Other);
    assert_eq!(told(), "");
    hear(0..9, 2, "mllp", Sort::New);
    assert_eq!(told(), "lab 2000000 None");
    hear(20..30, -600, "mllp", Sort::New);
    assert_eq!(told(), "lab -600000000 Some(true)");
    assert_eq!(told(), "lab -600000000 None");
    hear(40..50, 1, "mllp", Sort::New);
    assert_eq!(told(), "lab 1000000 Some(false)");
}

#[test]
fn a_minute_is_told_when_it_is_over_and_silence_once_it_is_known_to_be_one() {
    let activity = activity();
    assert_eq!(
        activity.take(at(1), false).len(),
        0,
        "nobody knows what came before the start"
    );
    activity.heard("lab", &frame(2, &"ORU", Sort::New));
    activity.heard("lab", &frame(3, &"ORU", Sort::Other));
    activity.heard("lab", &frame(4, &"ADT", Sort::Backfill));
    activity.heard("lab", &frame(61, &"Doe, Jane", Sort::New));
    let first = activity.take(at(62), false);
    expect_test::expect![[r#"
        * 2026-11-21T05:46:00Z: 1 new (), 1 old, AA 2, AE 1, 300 bytes, lag Some(30000)
        lab 2026-11-21T05:46:00Z: 1 new (ORU 1), 1 old, AA 2, AE 1, 300 bytes, lag Some(30000)
    "#]]
    .assert_eq(&lines(&first));
    assert_eq!(activity.take(at(63), false), []);
    expect_test::expect![[r#"
        * 2026-11-21T05:47:00Z: 1 new (), 0 old, AA 1, 100 bytes, lag Some(30000)
        lab 2026-11-21T05:47:00Z: 1 new (other 1), 0 old, AA 1, 100 bytes, lag Some(30000)
    "#]]
    .assert_eq(&lines(&activity.take(at(122), false)));
    expect_test::expect![[r#"
        * 2026-11-21T05:48:00Z: 0 new (), 0 old, , 0 bytes, lag None
        lab 2026-11-21T05:48:00Z: 0 new (), 0 old, , 0 bytes, lag None
    "#]]
    .assert_eq(&lines(&activity.take(at(182), false)));
    for told in first {
        let json = serde_json::to_vec(&told).unwrap();
        assert_eq!(Told::from_json(&json), Some(told));
    }
}

#[test]
fn what_could_not_be_told_is_told_later_and_no_more_than_an_hour_of_it() {
    let activity = activity();
    activity.take(at(0), false);
    let mut lost = Vec::new();
    for minute in 0..70 {
        activity.heard("lab", &frame(60 * minute, &"ORU", Sort::New));
    }
    lost.extend(activity.take(at(60 * 70), false));
    lost.iter().for_each(|one| activity.put_back(one));
    let told = activity.take(at(60 * 71), false);
    let of = |name: &str| {
        told.iter()
            .filter(|one| one.source == name)
            .map(|one| one.messages)
            .sum::<u64>()
    };
    assert_eq!((of("lab"), of(EVERYTHING)), (60, 60));
}

#[test]
fn signals_over_the_limit_are_told_as_others() {
    for (sent, apart) in [
        (SIGNALS_MAX - 1, SIGNALS_MAX - 1),
        (SIGNALS_MAX, SIGNALS_MAX),
        (SIGNALS_MAX + 1, SIGNALS_MAX + 1),
    ] {
        let activity = activity();
        for number in 0..sent {
            let name = format!("S{number}");
            activity.heard("lab", &frame(1, &&*name, Sort::New));
        }
        let told = activity.take(at(2), true);
        let lab = told.iter().find(|one| one.source == "lab").unwrap();
        assert_eq!(lab.signals.len(), apart);
        assert_eq!(
            lab.signals.iter().any(|one| one.signal == OTHER),
            sent > SIGNALS_MAX
        );
    }
    for (length, is_told) in [
        (SIGNAL_LENGTH - 1, true),
        (SIGNAL_LENGTH, true),
        (SIGNAL_LENGTH + 1, false),
    ] {
        assert_eq!(signal(&"S".repeat(length)) != OTHER, is_told);
    }
}
