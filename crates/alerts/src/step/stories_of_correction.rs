//! What is taken back, corrected, late or merged, as stories.

use expect_test::expect;

use super::fixture::check;

#[test]
fn a_taken_back_reason_is_told_to_everybody_who_was_told_of_it() {
    check(
        "
        09:00 finds 09:00 high
        09:05 acknowledges
        09:30 retracts 09:00 entered-in-error
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:05 acknowledges
              1.2 high acknowledged, by ward-4 (person): seen
            09:30 retracts 09:00 entered-in-error
              1.3 high retracted, by rule reason was taken back: finding as of 2026-03-01T09:00:00Z taken back: entered-in-error; nothing stands
              -> list: retracted 1.3
              -> pager: retracted 1.3
        "#]],
    );
}

#[test]
fn a_correction_below_the_threshold_takes_the_reason_back_and_another_brings_it_up_again() {
    check(
        "
        09:00 finds 09:00 critical
        09:30 finds 09:00 none
        09:40 finds 09:00 critical
    ",
        &expect![[r#"
            09:00 finds 09:00 critical
              1.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 1.1
              -> pager: raised 1.1
            09:30 finds 09:00 none
              1.2 critical open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:05:00Z
              1.3 critical retracted, by rule reason was taken back: finding as of 2026-03-01T09:00:00Z corrected: NEWS2 None; none as of 2026-03-01T09:00:00Z
              -> list: escalated 1.2
              -> pager: escalated 1.2
              -> list: retracted 1.3
              -> pager: retracted 1.3
            09:40 finds 09:00 critical
              2.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 2.1
              -> pager: raised 2.1
        "#]],
    );
}

#[test]
fn a_taken_back_reason_falls_back_to_the_newest_that_stands() {
    check(
        "
        09:00 finds 09:00 medium
        09:10 finds 09:10 critical
        09:30 retracts 09:10 entered-in-error
        09:40 finds 09:00 high
    ",
        &expect![[r#"
            09:00 finds 09:00 medium
              1.1 medium open, by rule finding reached the alert threshold: NEWS2 Medium
              -> list: raised 1.1
            09:10 finds 09:10 critical
              1.2 critical open, by rule finding became more severe: NEWS2 Critical
              -> list: escalated 1.2
              -> pager: raised 1.2
            09:30 retracts 09:10 entered-in-error
              1.3 critical open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:15:00Z
              1.4 medium open, by rule finding became less severe: finding as of 2026-03-01T09:10:00Z taken back: entered-in-error; now NEWS2 Medium
              -> list: escalated 1.3
              -> pager: escalated 1.3
              -> list: downgraded 1.4
              -> pager: downgraded 1.4
            09:40 finds 09:00 high
              1.5 high open, by rule finding became more severe: finding as of 2026-03-01T09:00:00Z corrected; now NEWS2 High
              -> list: escalated 1.5
              -> pager: escalated 1.5
        "#]],
    );
}

#[test]
fn a_reason_taken_back_after_the_end_is_told_all_the_same() {
    check(
        "
        09:00 finds 09:00 high
        09:05 resolves
        12:00 retracts 09:00 entered-in-error
        12:05 resolves
        12:10 finds 12:10 high
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:05 resolves
              1.2 high resolved, by ward-4 (person): seen
              -> list: resolved 1.2
              -> pager: resolved 1.2
            12:00 retracts 09:00 entered-in-error
              1.3 high retracted, by rule reason was taken back: finding as of 2026-03-01T09:00:00Z taken back: entered-in-error
              -> list: retracted 1.3
              -> pager: retracted 1.3
            12:05 resolves
              refused: the alert is already retracted; nothing is left to do
            12:10 finds 12:10 high
              2.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 2.1
              -> pager: raised 2.1
        "#]],
    );
}

#[test]
fn what_ended_an_alert_wrongly_opens_it_again_at_once() {
    check(
        "
        09:00 finds 09:00 high
        09:10 finds 09:10 none
        09:20 finds 09:20 none
        09:30 retracts 09:20 entered-in-error
        09:31 retracts 09:10 entered-in-error
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:10 finds 09:10 none
            09:20 finds 09:20 none
              1.2 high open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:15:00Z
              1.3 high resolved, by rule finding fell below the alert threshold: none as of 2026-03-01T09:20:00Z
              -> list: escalated 1.2
              -> pager: escalated 1.2
              -> list: resolved 1.3
              -> pager: resolved 1.3
            09:30 retracts 09:20 entered-in-error
            09:31 retracts 09:10 entered-in-error
              2.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 2.1
              -> pager: raised 2.1
        "#]],
    );
}

#[test]
fn a_late_finding_opens_nothing_and_is_kept_as_what_was() {
    check(
        "
        09:00 finds 09:00 none
        09:10 finds 08:50 critical
        09:20 finds 09:20 medium
        09:30 finds 09:15 critical
    ",
        &expect![[r#"
            09:00 finds 09:00 none
            09:10 finds 08:50 critical
              not raised: Late
            09:20 finds 09:20 medium
              1.1 medium open, by rule finding reached the alert threshold: NEWS2 Medium
              -> list: raised 1.1
            09:30 finds 09:15 critical
              1.2 medium open, by rule late finding of what was: critical as of 2026-03-01T09:15:00Z: NEWS2 Critical
        "#]],
    );
}

#[test]
fn a_finding_from_before_what_is_kept_is_not_raised() {
    check(
        "
        200:00 finds 31:59 critical
        200:00 finds 32:00 critical
    ",
        &expect![[r#"
            200:00 finds 31:59 critical
              not raised: TooOld
            200:00 finds 32:00 critical
              1.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 1.1
              -> pager: raised 1.1
        "#]],
    );
}

#[test]
fn a_merged_identity_ends_its_alert_without_calling_it_wrong() {
    check(
        "
        09:00 finds 09:00 medium
        09:10 finds 09:10 high
        09:20 retracts 09:10 merged
        09:20 retracts 09:00 merged
        12:00 finds 12:00 high
        12:10 retracts 12:00 entered-in-error
    ",
        &expect![[r#"
            09:00 finds 09:00 medium
              1.1 medium open, by rule finding reached the alert threshold: NEWS2 Medium
              -> list: raised 1.1
            09:10 finds 09:10 high
              1.2 high open, by rule finding became more severe: NEWS2 High
              -> list: escalated 1.2
              -> pager: raised 1.2
            09:20 retracts 09:10 merged
              1.3 high resolved, by rule merged into another identity: the surviving identity has its own alert where one is due
              -> list: resolved 1.3
              -> pager: resolved 1.3
            09:20 retracts 09:00 merged
            12:00 finds 12:00 high
              2.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 2.1
              -> pager: raised 2.1
            12:10 retracts 12:00 entered-in-error
              2.2 high retracted, by rule reason was taken back: finding as of 2026-03-01T12:00:00Z taken back: entered-in-error; nothing stands
              -> list: retracted 2.2
              -> pager: retracted 2.2
        "#]],
    );
}

#[test]
fn an_alert_that_fell_back_to_an_earlier_finding_ends_as_one_with_a_reason() {
    check(
        "
        12:00 finds 12:00 high
        12:01 finds 11:50 high
        12:02 retracts 12:00 entered-in-error
        12:10 finds 12:10 none
        12:20 finds 12:20 none
    ",
        &expect![[r#"
            12:00 finds 12:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            12:01 finds 11:50 high
            12:02 retracts 12:00 entered-in-error
              1.2 high open, by rule newer or corrected finding: finding as of 2026-03-01T12:00:00Z taken back: entered-in-error; now NEWS2 High
            12:10 finds 12:10 none
            12:20 finds 12:20 none
              1.3 high open, by rule not acknowledged in time: not acknowledged by 2026-03-01T12:15:00Z
              1.4 high resolved, by rule finding fell below the alert threshold: none as of 2026-03-01T12:20:00Z
              -> list: escalated 1.3
              -> pager: escalated 1.3
              -> list: resolved 1.4
              -> pager: resolved 1.4
        "#]],
    );
}

#[test]
fn an_alert_does_not_fall_back_to_the_reason_of_an_earlier_one() {
    check(
        "
        00:00 finds 00:00 high
        00:10 finds 00:10 none
        00:20 finds 00:20 none
        09:00 finds 09:00 high
        09:01 finds 08:50 critical
        09:10 finds 09:10 none
        09:11 retracts 09:00 entered-in-error
    ",
        &expect![[r#"
            00:00 finds 00:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            00:10 finds 00:10 none
            00:20 finds 00:20 none
              1.2 high open, by rule not acknowledged in time: not acknowledged by 2026-03-01T00:15:00Z
              1.3 high resolved, by rule finding fell below the alert threshold: none as of 2026-03-01T00:20:00Z
              -> list: escalated 1.2
              -> pager: escalated 1.2
              -> list: resolved 1.3
              -> pager: resolved 1.3
            09:00 finds 09:00 high
              2.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 2.1
              -> pager: raised 2.1
            09:01 finds 08:50 critical
              2.2 high open, by rule late finding of what was: critical as of 2026-03-01T08:50:00Z: NEWS2 Critical
            09:10 finds 09:10 none
            09:11 retracts 09:00 entered-in-error
              2.3 critical open, by rule finding became more severe: finding as of 2026-03-01T09:00:00Z taken back: entered-in-error; now NEWS2 Critical
              -> list: escalated 2.3
              -> pager: escalated 2.3
        "#]],
    );
}
