//! Each rule as a story: what came in, what was said of the alert, and who was told.

use expect_test::expect;

use super::Timer;
use super::fixture::check;

#[test]
fn an_alert_is_opened_by_the_rising_edge() {
    check(
        "
        09:00 finds 09:00 low
        09:05 finds 09:05 medium
        09:10 finds 09:10 medium
        09:10 repeats 09:10
    ",
        &expect![[r#"
            09:00 finds 09:00 low
            09:05 finds 09:05 medium
              1.1 medium open, by rule finding reached the alert threshold: NEWS2 Medium
              -> list: raised 1.1
            09:10 finds 09:10 medium
              1.2 medium open, by rule newer or corrected finding: NEWS2 Medium
            09:10 repeats 09:10
        "#]],
    );
}

#[test]
fn what_becomes_worse_is_told_and_asked_for_again() {
    check(
        "
        09:00 finds 09:00 medium
        09:01 acknowledges
        09:10 finds 09:10 critical
    ",
        &expect![[r#"
            09:00 finds 09:00 medium
              1.1 medium open, by rule finding reached the alert threshold: NEWS2 Medium
              -> list: raised 1.1
            09:01 acknowledges
              1.2 medium acknowledged, by ward-4 (person): seen
            09:10 finds 09:10 critical
              1.3 critical open, by rule finding became more severe: NEWS2 Critical
              -> list: escalated 1.3
              -> pager: raised 1.3
        "#]],
    );
}

#[test]
fn one_lower_finding_changes_nothing_and_the_second_is_followed() {
    check(
        "
        09:00 finds 09:00 critical
        09:10 finds 09:10 none
        09:20 finds 09:20 critical
        09:30 finds 09:30 medium
        09:40 finds 09:40 medium
        09:50 finds 09:50 none
        10:00 finds 10:00 low
    ",
        &expect![[r#"
            09:00 finds 09:00 critical
              1.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 1.1
              -> pager: raised 1.1
            09:10 finds 09:10 none
              1.2 critical open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:05:00Z
              -> list: escalated 1.2
              -> pager: escalated 1.2
            09:20 finds 09:20 critical
              1.3 critical open, by rule newer or corrected finding: NEWS2 Critical
            09:30 finds 09:30 medium
            09:40 finds 09:40 medium
              1.4 medium open, by rule finding became less severe: NEWS2 Medium
              -> list: downgraded 1.4
              -> pager: downgraded 1.4
            09:50 finds 09:50 none
            10:00 finds 10:00 low
              1.5 medium resolved, by rule finding fell below the alert threshold: low as of 2026-03-01T10:00:00Z
              -> list: resolved 1.5
              -> pager: resolved 1.5
        "#]],
    );
}

#[test]
fn a_lower_finding_is_followed_when_nothing_else_comes() {
    check(
        "
        09:00 finds 09:00 high
        09:01 acknowledges
        09:10 finds 09:10 low
        10:09 waits
        10:10 waits
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:01 acknowledges
              1.2 high acknowledged, by ward-4 (person): seen
            09:10 finds 09:10 low
            10:09 waits
            10:10 waits
              1.3 high resolved, by rule finding fell below the alert threshold: lower for 60 min; low as of 2026-03-01T09:10:00Z
              -> list: resolved 1.3
              -> pager: resolved 1.3
        "#]],
    );
}

#[test]
fn the_same_severity_stays_quiet_for_a_while_and_a_higher_one_does_not() {
    check(
        "
        09:00 finds 09:00 medium
        09:01 resolves
        10:00 finds 10:00 medium
        11:00 finds 11:00 high
    ",
        &expect![[r#"
            09:00 finds 09:00 medium
              1.1 medium open, by rule finding reached the alert threshold: NEWS2 Medium
              -> list: raised 1.1
            09:01 resolves
              1.2 medium resolved, by ward-4 (person): seen
              -> list: resolved 1.2
            10:00 finds 10:00 medium
              not raised: Quiet { until: 2026-03-01T17:01:00Z }
            11:00 finds 11:00 high
              2.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 2.1
              -> pager: raised 2.1
        "#]],
    );
}

#[test]
fn a_false_alarm_is_over_and_says_so() {
    check(
        "
        09:00 finds 09:00 medium
        09:01 dismisses
        09:02 dismisses
    ",
        &expect![[r#"
            09:00 finds 09:00 medium
              1.1 medium open, by rule finding reached the alert threshold: NEWS2 Medium
              -> list: raised 1.1
            09:01 dismisses
              1.2 medium resolved, by ward-4 (person): false alarm: seen
              -> list: resolved 1.2
            09:02 dismisses
              refused: the alert is already resolved; nothing is left to do
        "#]],
    );
}

#[test]
fn what_still_stands_when_the_quiet_time_is_over_is_raised() {
    check(
        "
        09:00 finds 09:00 high
        09:01 resolves
        10:00 finds 10:00 high
        17:01 waits
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:01 resolves
              1.2 high resolved, by ward-4 (person): seen
              -> list: resolved 1.2
              -> pager: resolved 1.2
            10:00 finds 10:00 high
              not raised: Quiet { until: 2026-03-01T17:01:00Z }
            17:01 waits
              2.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 2.1
              -> pager: raised 2.1
        "#]],
    );
}

#[test]
fn a_critical_value_that_was_normal_in_between_is_raised_even_in_the_quiet_time() {
    check(
        "
        09:00 finds 09:00 critical
        09:01 resolves
        10:00 finds 10:00 critical
        11:00 finds 11:00 none
        12:00 finds 12:00 critical
    ",
        &expect![[r#"
            09:00 finds 09:00 critical
              1.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 1.1
              -> pager: raised 1.1
            09:01 resolves
              1.2 critical resolved, by ward-4 (person): seen
              -> list: resolved 1.2
              -> pager: resolved 1.2
            10:00 finds 10:00 critical
              not raised: Quiet { until: 2026-03-01T17:01:00Z }
            11:00 finds 11:00 none
            12:00 finds 12:00 critical
              2.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 2.1
              -> pager: raised 2.1
        "#]],
    );
}

#[test]
fn an_unacknowledged_alert_is_told_once_more() {
    check(
        "
        09:00 finds 09:00 critical
        09:04 waits
        09:05 waits
        09:30 waits
        09:31 acknowledges
    ",
        &expect![[r#"
            09:00 finds 09:00 critical
              1.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 1.1
              -> pager: raised 1.1
            09:04 waits
            09:05 waits
              1.2 critical open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:05:00Z
              -> list: escalated 1.2
              -> pager: escalated 1.2
            09:30 waits
            09:31 acknowledges
              1.3 critical acknowledged, by ward-4 (person): seen
        "#]],
    );
}

#[test]
fn a_person_ends_an_alert_and_says_why() {
    check(
        "
        08:59 acknowledges
        09:00 finds 09:00 high
        09:01 acknowledges
        09:02 acknowledges
        09:03 resolves
        09:04 resolves
        09:05 acknowledges
        10:00 waits
    ",
        &expect![[r#"
            08:59 acknowledges
              refused: no such alert of this patient; list the open ones and try again
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:01 acknowledges
              1.2 high acknowledged, by ward-4 (person): seen
            09:02 acknowledges
            09:03 resolves
              1.3 high resolved, by ward-4 (person): seen
              -> list: resolved 1.3
              -> pager: resolved 1.3
            09:04 resolves
              refused: the alert is already resolved; nothing is left to do
            09:05 acknowledges
              refused: the alert is already resolved; nothing is left to do
            10:00 waits
        "#]],
    );
}

#[test]
fn two_workloads_of_a_condition_share_an_alert_that_holds_while_one_asks_for_it() {
    check(
        "
        09:00 finds 09:00 high
        09:10 finds 09:10 critical sofa
        09:20 finds 09:20 none sofa
        09:30 finds 09:30 none sofa
        09:40 finds 09:40 none
        09:50 finds 09:50 none
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:10 finds 09:10 critical sofa
              1.2 critical open, by rule finding became more severe: NEWS2 Critical
              -> list: escalated 1.2
              -> pager: escalated 1.2
            09:20 finds 09:20 none sofa
              1.3 critical open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:15:00Z
              -> list: escalated 1.3
              -> pager: escalated 1.3
            09:30 finds 09:30 none sofa
              1.4 high open, by rule finding became less severe: NEWS2 High
              -> list: downgraded 1.4
              -> pager: downgraded 1.4
            09:40 finds 09:40 none
            09:50 finds 09:50 none
              1.5 high resolved, by rule finding fell below the alert threshold: none as of 2026-03-01T09:50:00Z
              -> list: resolved 1.5
              -> pager: resolved 1.5
        "#]],
    );
}

#[test]
fn a_flapping_finding_is_one_alert() {
    check(
        "
        09:00 finds 09:00 high
        09:10 finds 09:10 none
        09:20 finds 09:20 high
        09:30 finds 09:30 none
        09:40 finds 09:40 high
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:10 finds 09:10 none
            09:20 finds 09:20 high
              1.2 high open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:15:00Z
              1.3 high open, by rule newer or corrected finding: NEWS2 High
              -> list: escalated 1.2
              -> pager: escalated 1.2
            09:30 finds 09:30 none
            09:40 finds 09:40 high
              1.4 high open, by rule newer or corrected finding: NEWS2 High
        "#]],
    );
}

#[test]
fn the_wait_starts_anew_when_the_alert_follows_and_stops_when_findings_rise_again() {
    check(
        "
        09:00 finds 09:00 critical
        09:01 acknowledges
        09:10 finds 09:10 high
        09:20 finds 09:20 low
        10:10 waits
        10:20 waits
    ",
        &expect![[r#"
            09:00 finds 09:00 critical
              1.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 1.1
              -> pager: raised 1.1
            09:01 acknowledges
              1.2 critical acknowledged, by ward-4 (person): seen
            09:10 finds 09:10 high
            09:20 finds 09:20 low
              1.3 high acknowledged, by rule finding became less severe: NEWS2 High
              -> list: downgraded 1.3
              -> pager: downgraded 1.3
            10:10 waits
            10:20 waits
              1.4 high resolved, by rule finding fell below the alert threshold: lower for 60 min; low as of 2026-03-01T09:20:00Z
              -> list: resolved 1.4
              -> pager: resolved 1.4
        "#]],
    );
    check(
        "
        09:00 finds 09:00 high
        09:01 acknowledges
        09:10 finds 09:10 none
        09:20 finds 09:20 high
        10:05 finds 10:05 none
        10:10 waits
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:01 acknowledges
              1.2 high acknowledged, by ward-4 (person): seen
            09:10 finds 09:10 none
            09:20 finds 09:20 high
              1.3 high acknowledged, by rule newer or corrected finding: NEWS2 High
            10:05 finds 10:05 none
            10:10 waits
        "#]],
    );
}

#[test]
fn what_a_person_closed_stays_closed_unless_it_was_worse_than_known() {
    check(
        "
        09:00 finds 09:00 high
        09:10 finds 09:10 high
        09:15 resolves
        09:20 retracts 09:10 entered-in-error
        09:30 finds 09:00 critical
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:10 finds 09:10 high
              1.2 high open, by rule newer or corrected finding: NEWS2 High
            09:15 resolves
              1.3 high open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:15:00Z
              1.4 high resolved, by ward-4 (person): seen
              -> list: escalated 1.3
              -> pager: escalated 1.3
              -> list: resolved 1.4
              -> pager: resolved 1.4
            09:20 retracts 09:10 entered-in-error
            09:30 finds 09:00 critical
              2.1 critical open, by rule finding reached the alert threshold: NEWS2 Critical
              -> list: raised 2.1
              -> pager: raised 2.1
        "#]],
    );
    check(
        "
        09:00 finds 09:00 high
        09:10 finds 09:10 none
        09:11 resolves
        09:20 finds 09:00 critical
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:10 finds 09:10 none
            09:11 resolves
              1.2 high resolved, by ward-4 (person): seen
              -> list: resolved 1.2
              -> pager: resolved 1.2
            09:20 finds 09:00 critical
              not raised: Late
        "#]],
    );
}

#[test]
fn a_timer_is_known_by_its_tag() {
    for timer in Timer::ALL {
        let condition = "critical-result/potassium";
        let tag = timer.tag(condition);
        assert_eq!(Timer::parse(&tag), Some((timer, condition)));
    }
    assert_eq!(Timer::parse(b"fall"), None);
    assert_eq!(Timer::parse(b"fall/\xff"), None);
}
