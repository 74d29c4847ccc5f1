//! Moves that are cancelled, and moves back.

use super::*;

#[test]
fn a_bed_that_is_kept_no_longer_was_not_assigned_though_the_patient_stays_where_they_are() {
    let with = |pending: &str, (minute, text): (i64, String)| {
        let (none, named) = (
            format!("||||||||{}", time(0)),
            format!("||||||{pending}||{}", time(0)),
        );
        (minute, text.replace(&none, &named))
    };
    let here = "ED^BAY2^1";
    let asked = || with("6N^603^C", adt(30, "A15", "E", here, "", "", ""));
    check(
        &[
            adt(0, "A04", "E", here, "", "", ""),
            asked(),
            adt(60, "A26", "E", here, "", "", ""),
        ],
        expect![[r#"
            0: ED at "BAY2 / 1": arrival 0, room 0
            30: ED at "BAY2 / 1": arrival 0, room 0, bed-assigned 30
            60: ED at "BAY2 / 1": arrival 0, room 0
        "#]],
    );
    check(
        &[
            adt(0, "A04", "E", here, "", "", ""),
            asked(),
            adt(60, "A02", "I", "6N^603^C", here, "", ""),
        ],
        expect![[r#"
            0: ED at "BAY2 / 1": arrival 0, room 0
            30: ED at "BAY2 / 1": arrival 0, room 0, bed-assigned 30
            60: ED at "BAY2 / 1": arrival 0, room 0, admission 60, bed-assigned 30, departure 60, admitted
        "#]],
    );
}

#[test]
fn a_transfer_that_is_cancelled_is_none_though_its_place_is_named_as_left() {
    check(
        &[
            adt(0, "A04", "E", "ED^WAIT^3", "", "", ""),
            adt(10, "A02", "E", "ED^BAY2^1", "ED^WAIT^3", "", ""),
            adt(20, "A12", "E", "ED^WAIT^3", "ED^BAY2^1", "", ""),
        ],
        expect![[r#"
            0: ED at "WAIT / 3": arrival 0, waiting
            10: ED at "BAY2 / 1": arrival 0, room 10
            20: ED at "WAIT / 3": arrival 0, waiting
        "#]],
    );
}

#[test]
fn who_goes_back_was_in_a_room_where_nobody_names_places_that_are_left() {
    check(
        &[
            adt(0, "A04", "E", "ED^WAIT^3", "", "", ""),
            adt(10, "A02", "E", "ED^BAY2^1", "", "", ""),
            adt(20, "A02", "E", "ED^WAIT^3", "", "", ""),
        ],
        expect![[r#"
            0: ED at "WAIT / 3": arrival 0, waiting
            10: ED at "BAY2 / 1": arrival 0, room 10
            20: ED at "WAIT / 3": arrival 0, room 10, waiting
        "#]],
    );
}

#[test]
fn a_patient_who_goes_back_to_wait_was_in_a_room_all_the_same() {
    check(
        &[
            adt(0, "A04", "E", "ED^WAIT^3", "", "", ""),
            adt(10, "A02", "E", "ED^BAY2^1", "ED^WAIT^3", "", ""),
            adt(20, "A02", "E", "ED^WAIT^5", "ED^BAY2^1", "", ""),
        ],
        expect![[r#"
            0: ED at "WAIT / 3": arrival 0, waiting
            10: ED at "BAY2 / 1": arrival 0, room 10
            20: ED at "WAIT / 5": arrival 0, room 10, waiting
        "#]],
    );
}
