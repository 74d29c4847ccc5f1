//! What is loaded as history, as stories: nobody is paged for it, and news is told as usual.

use expect_test::expect;

use super::fixture::check;

#[test]
fn loaded_history_pages_nobody_and_its_alert_says_why() {
    check(
        "
        09:00 loads 03:00 critical
        09:01 loads 03:30 high
        09:02 loads 12:00 high
        10:00 waits
    ",
        &expect![[r#"
            09:00 loads 03:00 critical
              1.1 critical resolved, by rule loaded history: it rests on history that was loaded; nobody was told
            09:01 loads 03:30 high
              not raised: History
            09:02 loads 12:00 high
              2.1 high resolved, by rule loaded history: it rests on history that was loaded; nobody was told
            10:00 waits
        "#]],
    );
}

#[test]
fn live_news_of_the_same_condition_pages_as_usual() {
    check(
        "
        09:00 loads 08:50 high
        09:05 finds 09:00 high
        09:06 loads 09:05 critical
        09:07 loads 09:06 none
        09:30 retracts 09:00 entered-in-error
    ",
        &expect![[r#"
            09:00 loads 08:50 high
              1.1 high resolved, by rule loaded history: it rests on history that was loaded; nobody was told
            09:05 finds 09:00 high
              2.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 2.1
              -> pager: raised 2.1
            09:06 loads 09:05 critical
              3.1 critical resolved, by rule loaded history: it rests on history that was loaded; nobody was told
            09:07 loads 09:06 none
            09:30 retracts 09:00 entered-in-error
              2.2 high open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:20:00Z
              2.3 high retracted, by rule reason was taken back: finding as of 2026-03-01T09:00:00Z taken back: entered-in-error; nothing stands
              -> list: escalated 2.2
              -> pager: escalated 2.2
              -> list: retracted 2.3
              -> pager: retracted 2.3
        "#]],
    );
}

#[test]
fn a_correction_of_news_by_what_is_loaded_is_told_to_those_who_were_told() {
    check(
        "
        09:00 finds 09:00 high
        09:30 loads 09:00 none
    ",
        &expect![[r#"
            09:00 finds 09:00 high
              1.1 high open, by rule finding reached the alert threshold: NEWS2 High
              -> list: raised 1.1
              -> pager: raised 1.1
            09:30 loads 09:00 none
              1.2 high open, by rule not acknowledged in time: not acknowledged by 2026-03-01T09:15:00Z
              1.3 high retracted, by rule reason was taken back: finding as of 2026-03-01T09:00:00Z corrected: NEWS2 None; none as of 2026-03-01T09:00:00Z
              -> list: escalated 1.2
              -> pager: escalated 1.2
              -> list: retracted 1.3
              -> pager: retracted 1.3
        "#]],
    );
}
