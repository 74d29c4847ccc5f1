//! The life of a stay and of an identity, event by event, from the messages themselves.

use super::hospital::Hospital;
use super::*;
use crate::coverage::Outcome;

const ANN: &str = "PID|||1^^^H^MR||Doe^Ann";
const BOB: &str = "PID|||2^^^H^MR||Roe^Bob";

/// PV1 with class, place, visit number, and fields after it.
fn visit(class: &str, place: &str, number: &str) -> String {
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
fn a_planned_transfer_is_reserved_until_it_is_cancelled() {
    let mut hospital = Hospital::new();
    let reserved = |place: &str| {
        format!(
            "{ANN} / {}{}{place}",
            visit("I", "W1", "V1"),
            "|".repeat(23)
        )
    };
    hospital.send("A01", 0, &format!("{ANN} / {}", visit("I", "W1", "V1")));
    hospital.send("A15", 1, &reserved("W2"));
    expect![[r#"
        V1 of 1: in-progress at W1 active, W2 reserved
    "#]]
    .assert_eq(&hospital.stays());
    hospital.send("A26", 2, &reserved("W2"));
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
fn a_link_stands_on_both_sides_until_it_is_taken_back() {
    let mut hospital = Hospital::new();
    let both = format!("{ANN} / PV1||N / {BOB} / PV1||N");
    hospital.send("A24", 0, &both);
    let link = |hospital: &Hospital, number: &str| hospital.patient(number)["link"].clone();
    for (one, other) in [("1", "2"), ("2", "1")] {
        let other = format!("Patient/{}", hospital.key(other));
        let expected = serde_json::json!([{"other": {"reference": other}, "type": "seealso"}]);
        assert_eq!(link(&hospital, one), expected);
    }
    hospital.send("A31", 1, ANN);
    assert!(link(&hospital, "1").is_array());
    hospital.send("A37", 2, &both);
    assert!(link(&hospital, "1").is_null() && link(&hospital, "2").is_null());
    hospital.send("A24", 3, &format!("{ANN} / PV1||N / {ANN} / PV1||N"));
    assert!(link(&hospital, "1").is_null());
}

#[test]
fn every_event_that_merges_makes_one_patient_of_two() {
    for event in ["A18", "A30", "A34", "A36", "A39", "A40", "A43", "A47"] {
        let mut hospital = Hospital::new();
        hospital.send("A01", 0, &format!("{BOB} / {}", visit("I", "W1", "V1")));
        hospital.send(event, 1, &format!("{ANN} / MRG|2^^^H^MR"));
        let (one, two) = (hospital.patient("1"), hospital.patient("2"));
        assert_eq!(
            (&one["active"], &two["active"]),
            (&true.into(), &false.into()),
            "{event}"
        );
        assert_eq!(one["link"][0]["type"], "replaces", "{event}");
        assert_eq!(two["link"][0]["type"], "replaced-by", "{event}");
        assert_eq!(one["identifier"][1]["use"], "old", "{event}");
        assert_eq!(one["identifier"][1]["value"], "2", "{event}");
        assert_eq!(hospital.merges.len(), 2, "{event}");
        assert_eq!(
            hospital.stays(),
            "V1 of 1: in-progress at W1 active\n",
            "{event}"
        );
        let before = (hospital.written, hospital.merges.len());
        hospital.send(event, 2, &format!("{ANN} / MRG|2^^^H^MR"));
        let provenance = 1;
        let after = (hospital.written - provenance, hospital.merges.len());
        assert_eq!(after, before, "{event}");
        assert!(hospital.refused.is_empty(), "{event}");
    }
}

#[test]
fn a_patient_is_not_merged_into_itself_nor_in_a_circle() {
    let mut hospital = Hospital::new();
    hospital.send("A40", 0, &format!("{ANN} / MRG|1^^^H^MR"));
    hospital.send("A40", 1, &format!("{ANN} / MRG|2^^^H^MR"));
    hospital.send("A40", 2, &format!("{BOB} / MRG|1^^^H^MR"));
    assert_eq!(hospital.refused, ["self-merge", "merge-cycle"]);
    // An identifier that moves to another person of the same number goes nowhere.
    hospital.send("A43", 3, "PID||9|1^^^H^MR / MRG|1^^^H^MR|||8");
    assert_eq!(hospital.refused.len(), 2);
}

#[test]
fn each_pair_of_a_merge_is_done_by_itself() {
    let mut hospital = Hospital::new();
    hospital.send(
        "A40",
        0,
        "PID|||1^^^H^MR / MRG|2^^^H^MR / MRG|3^^^H^MR / PID|||4^^^H^MR / MRG|4^^^H^MR",
    );
    assert_eq!(hospital.refused, ["self-merge"]);
    assert_eq!(hospital.patient("1")["link"].as_array().unwrap().len(), 2);
    assert_eq!(hospital.patient("2")["active"], false);
    assert_eq!(hospital.patient("3")["active"], false);
}

#[test]
fn a_stay_and_a_result_keep_their_ids_after_a_merge() {
    let mut hospital = Hospital::new();
    let result = |who: &str, status: &str, value: &str| {
        format!(
            "{who} / {} / OBR|1||F1|BMP|||202603010000 / OBX|1|NM|K||{value}|mmol/L|||||{status}",
            visit("I", "W1", "V1")
        )
    };
    hospital.send("A01", 0, &format!("{BOB} / {}", visit("I", "W1", "V1")));
    hospital.send("R01", 1, &result(BOB, "F", "6.9"));
    hospital.send("A40", 2, &format!("{ANN} / MRG|2^^^H^MR"));
    // The correction comes under the number that stayed.
    hospital.send("R01", 3, &result(ANN, "C", "4.9"));
    hospital.send("A03", 4, &format!("{ANN} / {}", visit("I", "W1", "V1")));
    let results = hospital.all("Observation");
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["status"], "corrected");
    let stay = results[0]["encounter"]["reference"].as_str().unwrap();
    assert_eq!(hospital.current[stay]["status"], "finished");
    assert_eq!(hospital.all("Encounter").len(), 1);
    assert_eq!(hospital.all("DiagnosticReport").len(), 1);
    // And what was first said under the number that stayed is not said anew under the one that went.
    hospital.send("A01", 5, &format!("{ANN} / {}", visit("I", "W1", "V2")));
    hospital.send("A08", 6, &format!("{BOB} / {}", visit("I", "W2", "V2")));
    assert_eq!(hospital.all("Encounter").len(), 2);
}

#[test]
fn a_visit_that_gets_another_number_is_one_visit() {
    for event in ["A42", "A50"] {
        let mut hospital = Hospital::new();
        hospital.send("A01", 0, &format!("{ANN} / {}", visit("I", "W1", "V1")));
        let merge = format!("{ANN} / MRG|1^^^H^MR||||V1 / {}", visit("I", "", "V2"));
        hospital.send(event, 1, &merge);
        let gone = "V1 of 1: entered-in-error at W1 active -> another\n";
        let stays = hospital.stays();
        assert_eq!(
            stays,
            format!("{gone}V2, old V1 of 1: in-progress at W1 active\n")
        );
        // What still comes under the old number is of the new one.
        hospital.send("A03", 2, &format!("{ANN} / {}", visit("I", "", "V1")));
        let stays = hospital.stays();
        assert_eq!(
            stays,
            format!("{gone}V2, old V1 of 1: finished at W1 active\n")
        );
        let before = hospital.written;
        hospital.send(event, 3, &merge);
        assert_eq!(
            hospital.written,
            before + 1,
            "only the provenance of the message"
        );
    }
}

#[test]
fn a_visit_that_was_another_patients_moves_with_what_is_known_of_it() {
    let mut hospital = Hospital::new();
    hospital.send("A01", 0, &format!("{BOB} / {}", visit("E", "ED^1", "V1")));
    hospital.send(
        "A45",
        1,
        &format!("{ANN} / MRG|2^^^H^MR||||V1 / {}", visit("E", "", "V1")),
    );
    expect![[r#"
        V1 of 1: in-progress at ED / 1 active
        V1 of 2: entered-in-error at ED / 1 active -> another
    "#]]
    .assert_eq(&hospital.stays());
    assert_ne!(hospital.patient("2")["active"], false);
    assert!(hospital.refused.is_empty());
}

#[test]
fn a_visit_that_moves_from_an_identity_that_was_merged_is_found_at_its_survivor() {
    let mut hospital = Hospital::new();
    hospital.send("A01", 0, &format!("{BOB} / {}", visit("E", "ED^1", "V1")));
    hospital.send("A40", 1, "PID|||3^^^H^MR / MRG|2^^^H^MR");
    hospital.send(
        "A45",
        2,
        &format!("{ANN} / MRG|2^^^H^MR||||V1 / {}", visit("E", "", "V1")),
    );
    expect![[r#"
        V1 of 1: in-progress at ED / 1 active
        V1 of 3: entered-in-error at ED / 1 active -> another
    "#]]
    .assert_eq(&hospital.stays());
}

#[test]
fn an_account_that_was_another_patients_moves_with_its_visits() {
    let mut hospital = Hospital::new();
    let person = |number: &str, account: &str| {
        format!("PID|||{number}^^^H^MR||Doe{}{account}", "|".repeat(13))
    };
    let ann = person("1", "ACC9");
    hospital.send(
        "A01",
        0,
        &format!("{} / {}", person("2", "ACC1"), visit("I", "W1", "V1")),
    );
    hospital.send(
        "A01",
        1,
        &format!("{} / {}", person("2", "ACC2"), visit("O", "W2", "V2")),
    );
    hospital.send("A44", 2, &format!("{ann} / MRG|2^^^H^MR||ACC1"));
    expect![[r#"
        V1 of 1: in-progress at W1 active
        V1 of 2: entered-in-error at W1 active -> another
        V2 of 2: in-progress at W2 active
    "#]]
    .assert_eq(&hospital.stays());
    let accounts = hospital.all("Account");
    let prior = accounts
        .iter()
        .find(|one| one["identifier"][0]["use"] == "old");
    assert_eq!(prior.unwrap()["status"], "entered-in-error");
    // What comes of that visit for the right patient is of the visit that moved.
    hospital.send("A03", 3, &format!("{ann} / {}", visit("I", "W1", "V1")));
    expect![[r#"
        V1 of 1: finished at W1 active
        V1 of 2: entered-in-error at W1 active -> another
        V2 of 2: in-progress at W2 active
    "#]]
    .assert_eq(&hospital.stays());
    // The other account stays where it was.
    hospital.send(
        "A03",
        4,
        &format!("{} / {}", person("2", "ACC2"), visit("O", "W2", "V2")),
    );
    assert!(hospital.stays().contains("V2 of 2: finished"));
}

#[test]
fn an_account_that_is_merged_is_no_longer_in_use() {
    for event in ["A35", "A41", "A49"] {
        let mut hospital = Hospital::new();
        let account = format!("{ANN}{}ACC2", "|".repeat(13));
        hospital.send(event, 0, &format!("{account} / MRG|1^^^H^MR||ACC1"));
        let accounts = hospital.all("Account");
        let prior = accounts
            .iter()
            .find(|one| one["identifier"][0]["use"] == "old");
        let prior = prior.unwrap();
        assert_eq!(prior["status"], "inactive", "{event}");
        let subject = format!("Patient/{}", hospital.key("1"));
        assert_eq!(prior["subject"][0]["reference"], subject, "{event}");
    }
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
