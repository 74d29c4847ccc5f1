//! The order of records and timers, and the watermark that they see.

use crate::script::Ask;
use crate::world::{drain, memory_journal, open, put, record, tick, written_to};
use expect_test::{Expect, expect};
use journal::Record;
use stream::{FUTURE_SKEW_MICROS, Limits, MemoryStore};

/// Writes the records, runs the stage, and compares what it emitted, less the digests.
fn check(records: Vec<(&str, Record)>, expected: Expect) {
    let journal = memory_journal();
    for (topic, record) in records {
        put(&*journal, topic, record);
    }
    let mut task = open(journal.clone(), MemoryStore::new(), Limits::default()).expect("it opens");
    drain(&mut task, 1000).expect("it runs");
    let written = written_to(&*journal, "out");
    let words = |line: &str| {
        let words = line.split(' ').filter(|word| word.len() != 16);
        words.skip(2).collect::<Vec<_>>().join(" ") + "\n"
    };
    expected.assert_eq(&written.lines().map(words).collect::<String>());
}

#[test]
fn inputs_are_met_in_the_order_they_were_committed() {
    check(
        vec![
            ("b", record("first", 30, Ask::Emit, 0, "")),
            ("a", record("second", 10, Ask::Emit, 0, "")),
            ("b", record("third", 20, Ask::Emit, 0, "")),
        ],
        expect![[r#"
            first @30/30 emitted 1 at 30 by 30
            second @30/10 emitted 1 at 30 by 10
            third @30/20 emitted 1 at 30 by 20
        "#]],
    );
}

#[test]
fn due_timers_of_all_keys_fire_before_the_record_by_time_key_and_tag() {
    check(
        vec![
            ("a", record("k2", 10, Ask::SetTimer, 10, "t")),
            ("a", record("k1", 10, Ask::SetTimer, 10, "t")),
            ("a", record("k1", 10, Ask::SetTimer, 10, "s")),
            ("a", record("k3", 10, Ask::SetTimer, 5, "t")),
            ("a", record("k4", 10, Ask::SetTimer, 11, "t")),
            ("a", record("k1", 19, Ask::Emit, 0, "")),
            ("a", record("k1", 20, Ask::Emit, 0, "")),
        ],
        expect![[r#"
            k3 @19/19 fired 2 at 19 by 19
            k1 @19/19 emitted 3 at 19 by 19
            k1 @20/20 fired 4 at 20 by 20
            k1 @20/20 fired 5 at 20 by 20
            k2 @20/20 fired 2 at 20 by 20
            k1 @20/20 emitted 6 at 20 by 20
        "#]],
    );
}

#[test]
fn a_tick_moves_time_and_nothing_else() {
    check(
        vec![
            ("a", record("k", 10, Ask::SetTimer, 10, "t")),
            ("a", tick(19)),
            ("b", tick(20)),
        ],
        expect![[r#"
            k @20/20 fired 2 at 20 by 20
        "#]],
    );
}

#[test]
fn a_timer_can_be_put_off_brought_forward_and_cancelled() {
    check(
        vec![
            ("a", record("off", 10, Ask::SetTimer, 1, "t")),
            ("a", record("off", 10, Ask::SetTimer, 9, "t")),
            ("a", record("forward", 10, Ask::SetTimer, 9, "t")),
            ("a", record("forward", 10, Ask::SetTimer, 1, "t")),
            ("a", record("never", 10, Ask::SetTimer, 1, "t")),
            ("a", record("never", 10, Ask::CancelTimer, 0, "t")),
            ("a", record("again", 10, Ask::SetTimer, 1, "t")),
            ("a", record("again", 10, Ask::CancelTimer, 0, "t")),
            ("a", record("again", 10, Ask::SetTimer, 2, "t")),
            ("a", tick(11)),
            ("a", tick(12)),
            ("a", tick(99)),
        ],
        expect![[r#"
            forward @11/11 fired 3 at 11 by 11
            again @12/12 fired 4 at 12 by 12
            off @99/99 fired 3 at 99 by 99
        "#]],
    );
}

#[test]
fn a_timer_set_into_the_past_fires_before_the_next_record_and_one_that_repeats_catches_up() {
    check(
        vec![
            ("a", record("k", 10, Ask::Emit, 0, "")),
            ("a", record("k", 2, Ask::SetTimer, 1, "past")),
            ("a", record("k", 5, Ask::SetTimer, 8, "*")),
            ("a", record("k", 27, Ask::Emit, 0, "")),
        ],
        expect![[r#"
            k @10/10 emitted 1 at 10 by 10
            k @10/5 fired 3 at 10 by 5
            k @27/27 fired 5 at 27 by 27
            k @27/27 fired 6 at 27 by 27
            k @27/27 fired 7 at 27 by 27
            k @27/27 emitted 8 at 27 by 27
        "#]],
    );
}

#[test]
fn the_future_moves_nothing_and_late_is_by_the_window() {
    let mut future = record("k", 60, Ask::Emit, 0, "");
    future.event_time += FUTURE_SKEW_MICROS + 1;
    check(
        vec![
            ("a", record("k", 50, Ask::Emit, 0, "")),
            ("a", future),
            ("a", record("k", 0, Ask::EmitIfLate, 0, "")),
            ("a", tick(51)),
            ("a", record("k", 0, Ask::EmitIfLate, 0, "")),
        ],
        expect![[r#"
            k @50/50 emitted 1 at 50 by 50
            k @50/60 emitted 2 at 50 by 60
            k @50/0 in time 3 at 50 by 0
        "#]],
    );
}
