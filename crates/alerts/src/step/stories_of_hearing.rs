//! What whoever is told has to repeat, as stories: until they have, the deadline stands.

use expect_test::expect;

use super::fixture::{CONDITION, check_by, policy};
use crate::Policy;

fn repeating() -> Policy {
    Policy {
        read_back: vec![CONDITION.into()],
        ..policy()
    }
}

#[test]
fn who_repeats_what_they_were_told_ends_the_waiting() {
    check_by(
        repeating(),
        "
        09:00 finds 08:50 high
        09:05 acknowledges dr adams
        09:06 acknowledges dr adams
        10:00 waits
    ",
        &expect![[r#"
            09:00 finds 08:50 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:05 acknowledges dr adams
              1.2 high acknowledged, by ward-4 (person): seen
              1.3 high acknowledged, by dr adams (person): repeated what was told
            09:06 acknowledges dr adams
            10:00 waits
        "#]],
    );
}

#[test]
fn who_takes_it_and_is_not_heard_to_repeat_it_is_told_once_more() {
    check_by(
        repeating(),
        "
        09:00 finds 08:50 high
        09:05 acknowledges
        09:10 finds 09:08 high
        09:30 waits
        09:31 acknowledges
        09:32 acknowledges dr adams
        12:00 waits
        12:01 resolves
    ",
        &expect![[r#"
            09:00 finds 08:50 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:05 acknowledges
              1.2 high acknowledged, by ward-4 (person): seen
            09:10 finds 09:08 high
              1.3 high acknowledged, by rule newer or corrected finding: NEWS2 High
            09:30 waits
              1.4 high open, by rule not acknowledged in time: not read back by 2026-03-01T09:15:00Z
              -> list: escalated 1.4
              -> pager: escalated 1.4
            09:31 acknowledges
              1.5 high acknowledged, by ward-4 (person): seen
            09:32 acknowledges dr adams
              1.6 high acknowledged, by ward-4 (person): seen
              1.7 high acknowledged, by dr adams (person): repeated what was told
            12:00 waits
            12:01 resolves
              1.8 high resolved, by ward-4 (person): seen
              -> list: resolved 1.8
              -> pager: resolved 1.8
        "#]],
    );
}

#[test]
fn what_becomes_worse_is_to_be_repeated_again() {
    check_by(
        repeating(),
        "
        09:00 finds 08:50 high
        09:05 acknowledges dr adams
        09:20 finds 09:15 critical
        09:30 waits
        09:31 acknowledges dr baker
        10:30 waits
    ",
        &expect![[r#"
            09:00 finds 08:50 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:05 acknowledges dr adams
              1.2 high acknowledged, by ward-4 (person): seen
              1.3 high acknowledged, by dr adams (person): repeated what was told
            09:20 finds 09:15 critical
              1.4 critical open, by rule finding became more severe: NEWS2 Critical
              -> list: escalated 1.4
              -> pager: escalated 1.4
            09:30 waits
              1.5 critical open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:25:00Z
              -> list: escalated 1.5
              -> pager: escalated 1.5
            09:31 acknowledges dr baker
              1.6 critical acknowledged, by ward-4 (person): seen
              1.7 critical acknowledged, by dr baker (person): repeated what was told
            10:30 waits
        "#]],
    );
}

#[test]
fn where_nobody_has_to_repeat_it_who_does_stands_in_the_history() {
    check_by(
        policy(),
        "
        09:00 finds 08:50 high
        09:05 acknowledges dr adams
        10:00 waits
    ",
        &expect![[r#"
            09:00 finds 08:50 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:05 acknowledges dr adams
              1.2 high acknowledged, by ward-4 (person): seen
              1.3 high acknowledged, by dr adams (person): repeated what was told
            10:00 waits
        "#]],
    );
}

#[test]
fn the_deadline_of_a_read_back_begins_anew_after_a_reminder() {
    check_by(
        repeating(),
        "
        09:00 finds 08:50 high
        09:15 waits
        09:20 acknowledges
        09:36 waits
    ",
        &expect![[r#"
            09:00 finds 08:50 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:15 waits
              1.2 high open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:15:00Z
              -> list: escalated 1.2
              -> pager: escalated 1.2
            09:20 acknowledges
              1.3 high acknowledged, by ward-4 (person): seen
            09:36 waits
              1.4 high open, by rule not acknowledged in time: not read back by 2026-03-01T09:35:00Z
              -> list: escalated 1.4
              -> pager: escalated 1.4
        "#]],
    );
}
