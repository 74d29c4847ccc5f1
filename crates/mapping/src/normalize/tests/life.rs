//! The life of a stay, event by event, from the messages themselves.

use super::hospital::Hospital;
use super::*;
use crate::coverage::Outcome;

pub(super) const ANN: &str = "PID|||1^^^H^MR||Doe^Ann";
pub(super) const BOB: &str = "PID|||2^^^H^MR||Roe^Bob";

/// PV1 with class, place, visit number, and fields after it.
pub(super) fn visit(class: &str, place: &str, number: &str) -> String {
    format!("PV1||{class}|{place}||||||||||||||||{number}")
}

/// Sends events of one stay, a minute apart: event, class, place.
fn stay(events: &[(&str, &str, &str)], expected: Expect) {
    let mut hospital = Hospital::new();
    let mut out = String::new();
    for (minute, (event, class, place)) in events.iter().enumerate() {
        hospital.send(
            event,
            minute,
            &format!("{ANN} / {}", visit(class, place, "V1")),
        );
        out += &format!("{event}: {}", hospital.stays());
    }
    assert!(hospital.refused.is_empty());
    expected.assert_eq(&out);
}

#[test]
fn a_stay_is_planned_begun_left_and_ended() {
    stay(
        &[
            ("A05", "P", ""),
            ("A14", "P", "W1"),
            ("A01", "I", "W1^1"),
            ("A21", "I", ""),
            ("A08", "I", ""),
            ("A22", "I", ""),
            ("A16", "I", ""),
            ("A25", "I", ""),
            ("A03", "I", ""),
            ("A08", "I", ""),
            ("A13", "I", ""),
        ],
        expect![[r#"
            A05: V1 of 1: planned at 
            A14: V1 of 1: planned at W1 planned
            A01: V1 of 1: in-progress at W1 / 1 active
            A21: V1 of 1: onleave at W1 / 1 active
            A08: V1 of 1: onleave at W1 / 1 active
            A22: V1 of 1: in-progress at W1 / 1 active
            A16: V1 of 1: in-progress at W1 / 1 active
            A25: V1 of 1: in-progress at W1 / 1 active
            A03: V1 of 1: finished at W1 / 1 active
            A08: V1 of 1: finished at W1 / 1 active
            A13: V1 of 1: in-progress at W1 / 1 active
        "#]],
    );
}

#[test]
fn class_changes_and_tracking_move_the_stay() {
    stay(
        &[
            ("A04", "E", "ED^1"),
            ("A06", "I", "W1^1"),
            ("A09", "I", "XR"),
            ("A10", "I", "W1^1"),
            ("A32", "I", ""),
            ("A33", "I", ""),
            ("A07", "O", "OPD"),
        ],
        expect![[r#"
            A04: V1 of 1: in-progress at ED / 1 active
            A06: V1 of 1: in-progress at W1 / 1 active
            A09: V1 of 1: in-progress at XR active
            A10: V1 of 1: in-progress at W1 / 1 active
            A32: V1 of 1: in-progress at XR active
            A33: V1 of 1: in-progress at W1 / 1 active
            A07: V1 of 1: in-progress at OPD active
        "#]],
    );
}

#[test]
fn cancelled_plans_end_and_begun_stays_do_not() {
    stay(
        &[("A05", "P", ""), ("A38", "P", "")],
        expect![[r#"
        A05: V1 of 1: planned at 
        A38: V1 of 1: cancelled at 
    "#]],
    );
    stay(
        &[("A14", "P", ""), ("A27", "P", "")],
        expect![[r#"
        A14: V1 of 1: planned at 
        A27: V1 of 1: cancelled at 
    "#]],
    );
    stay(
        &[
            ("A05", "P", ""),
            ("A01", "I", "W1"),
            ("A38", "I", ""),
            ("A27", "I", ""),
        ],
        expect![[r#"
            A05: V1 of 1: planned at 
            A01: V1 of 1: in-progress at W1 active
            A38: V1 of 1: in-progress at W1 active
            A27: V1 of 1: in-progress at W1 active
        "#]],
    );
}

#[test]
fn a_deleted_visit_was_entered_in_error() {
    stay(
        &[("A01", "I", "W1"), ("A23", "I", ""), ("A08", "I", "")],
        expect![[r#"
            A01: V1 of 1: in-progress at W1 active
            A23: V1 of 1: entered-in-error at W1 active
            A08: V1 of 1: entered-in-error at W1 active
        "#]],
    );
}

#[test]
fn a_deleted_person_is_no_longer_active() {
    let mut hospital = Hospital::new();
    hospital.send("A28", 0, ANN);
    hospital.send("A29", 1, ANN);
    let ann = hospital.patient("1");
    assert_eq!(ann["active"], false);
    assert_eq!(ann["name"][0]["family"], "Doe");
}

#[test]
fn a_person_who_is_registered_again_after_a_deletion_is_active_whichever_comes_first() {
    let said = [("A28", 0), ("A29", 1), ("A28", 2)];
    for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        let mut hospital = Hospital::new();
        for (event, minute) in order.map(|at| said[at]) {
            hospital.send(event, minute, ANN);
        }
        assert_ne!(hospital.patient("1")["active"], false, "{order:?}");
    }
    // A result is no registration.
    let mut hospital = Hospital::new();
    hospital.send("A28", 0, ANN);
    hospital.send("A29", 1, ANN);
    hospital.send("R01", 2, &format!("{ANN} / OBR|1||F1|K"));
    assert_eq!(hospital.patient("1")["active"], false);
}

#[test]
fn a_planned_transfer_is_planned_until_it_is_cancelled() {
    let mut hospital = Hospital::new();
    let planned = |place: &str| {
        format!(
            "{ANN} / {}{}{place}",
            visit("I", "W1", "V1"),
            "|".repeat(23)
        )
    };
    hospital.send("A01", 0, &format!("{ANN} / {}", visit("I", "W1", "V1")));
    hospital.send("A15", 1, &planned("W2"));
    expect![[r#"
        V1 of 1: in-progress at W1 active, W2 planned
    "#]]
    .assert_eq(&hospital.stays());
    hospital.send("A26", 2, &planned("W2"));
    expect![[r#"
        V1 of 1: in-progress at W1 active
    "#]]
    .assert_eq(&hospital.stays());
}

#[test]
fn a_change_of_the_attending_doctor_is_undone() {
    let mut hospital = Hospital::new();
    let by = |doctor: &str| format!("{ANN} / PV1||I|W1||||{doctor}||||||||||||V1");
    hospital.send("A01", 0, &by("1^Early"));
    hospital.send("A54", 1, &by("2^Late"));
    hospital.send("A55", 2, &by(""));
    let stays = hospital.all("Encounter");
    assert_eq!(stays[0]["participant"][0]["individual"]["display"], "Early");
}

#[test]
fn an_end_that_is_deleted_goes_without_the_beginning() {
    let mut hospital = Hospital::new();
    let from_to = |times: &str| {
        let stay = visit("I", "W1", "V1");
        format!("{ANN} / {stay}{}{times}", "|".repeat(25))
    };
    hospital.send("A03", 0, &from_to("20260227|20260228"));
    hospital.send("A08", 1, &from_to("|\"\""));
    let stays = hospital.all("Encounter");
    assert_eq!(
        stays[0]["period"],
        serde_json::json!({"start": "2026-02-27"})
    );
}

#[test]
fn an_end_that_was_taken_back_does_not_come_again_with_an_older_message() {
    let messages = [("A01", 0, ""), ("A03", 2, "20260301"), ("A13", 3, "")];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [2, 0, 1],
        [1, 2, 0],
        [2, 1, 0],
        [1, 0, 2],
    ] {
        let mut hospital = Hospital::new();
        for (event, minute, end) in order.map(|at| messages[at]) {
            let stay = [&*visit("I", "W1", "V1"), &"|".repeat(26), end].concat();
            hospital.send(event, minute, &format!("{ANN} / {stay}"));
        }
        let stay = hospital.all("Encounter")[0];
        assert_eq!(stay["status"], "in-progress", "{order:?}");
        assert_eq!(
            stay["period"]["end"],
            serde_json::Value::Null,
            "{order:?} {stay}"
        );
    }
}

#[test]
fn a_corrected_report_is_the_same_report() {
    let mut hospital = Hospital::new();
    let report = |status: &str, value: &str| {
        format!(
            "{ANN} / OBR|1||F1|BMP|||202603010000|||||||||||||||20260301|||{status} / OBX|1|NM|K||{value}|mmol/L|||||{status}"
        )
    };
    for (minute, (status, value)) in [("P", "6.0"), ("F", "6.9"), ("C", "4.9")]
        .into_iter()
        .enumerate()
    {
        hospital.send("R01", minute, &report(status, value));
    }
    let (reports, results) = (
        hospital.all("DiagnosticReport"),
        hospital.all("Observation"),
    );
    assert_eq!((reports.len(), results.len()), (1, 1));
    assert_eq!(reports[0]["status"], "corrected");
    assert_eq!(reports[0]["meta"]["versionId"], "3");
    assert_eq!(results[0]["valueQuantity"]["value"], 4.9);
    // An older version that comes late changes nothing; one that is taken back stays so.
    hospital.send("R01", 1, &report("F", "6.8"));
    assert_eq!(
        hospital.all("Observation")[0]["valueQuantity"]["value"],
        4.9
    );
    hospital.send("R01", 5, &report("W", "4.9"));
    hospital.send("R01", 6, &report("F", "5.0"));
    assert_eq!(hospital.all("Observation")[0]["status"], "entered-in-error");
}

#[test]
fn an_event_that_is_not_listed_states_the_patient_and_tells_what_it_left() {
    let mut hospital = Hospital::new();
    let text = b"MSH|^~\\&|A|B|||20260301||PEX^P07^PEX_P07|1|P|2.5\rEVN|P07|20260301\rPID|||1^^^H^MR||Doe^Ann\rPV1||I|W1||||||||||||||||V1\rPES|Firm||Aspirin\r";
    hospital.receive(text);
    assert_eq!(hospital.patient("1")["name"][0]["family"], "Doe");
    assert_eq!(hospital.stays(), "V1 of 1: in-progress at W1 active\n");
    let message = formats::hl7v2::parse(text);
    let report = hospital.coverage(text).report(&message);
    let left = report
        .lines
        .iter()
        .filter(|line| line.path.starts_with("PES"));
    for line in left.clone() {
        let told = !matches!(line.outcome, Outcome::Mapped { .. });
        assert!(told, "{}", line.path);
    }
    assert_eq!(left.count(), 2);
}

#[test]
fn two_patients_that_swap_beds_are_each_where_the_other_was() {
    let mut hospital = Hospital::new();
    hospital.send("A01", 0, &format!("{ANN} / {}", visit("I", "W1^1", "V1")));
    hospital.send("A01", 1, &format!("{BOB} / {}", visit("I", "W2^2", "V2")));
    let (ann, bob) = (visit("I", "W2^2", "V1"), visit("I", "W1^1", "V2"));
    hospital.send("A17", 2, &format!("{ANN} / {ann} / {BOB} / {bob}"));
    expect![[r#"
        V1 of 1: in-progress at W2 / 2 active
        V2 of 2: in-progress at W1 / 1 active
    "#]]
    .assert_eq(&hospital.stays());
}

#[test]
fn a_message_that_names_nobody_is_refused_and_says_nothing() {
    let mut hospital = Hospital::new();
    hospital.send(
        "A01",
        0,
        &format!("PID|||||Doe^Jane / {}", visit("I", "W1", "V1")),
    );
    hospital.send("A20", 1, "NPU|W1^1^A|U");
    assert_eq!(hospital.refused, ["no-patient", "no-patient"]);
    assert!(hospital.current.is_empty());
}
