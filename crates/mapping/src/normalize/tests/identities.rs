//! Merges, links and moves of persons, visits and accounts, from the messages themselves.

use expect_test::expect;

use super::hospital::Hospital;
use super::life::{ANN, BOB, visit};
use crate::normalize::{MAX_AWAITED, MAX_LINKS};

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
fn of_a_link_and_its_end_the_later_one_stands_whichever_comes_first() {
    let both = format!("{ANN} / PV1||N / {BOB} / PV1||N");
    let linked = |messages: &[(&str, usize)]| {
        let mut hospital = Hospital::new();
        for (event, minute) in messages {
            hospital.send(event, *minute, &both);
        }
        ["1", "2"].map(|number| hospital.patient(number)["link"].is_array())
    };
    let (linked_first, ended, again) = (("A24", 1), ("A37", 2), ("A24", 3));
    assert_eq!(linked(&[linked_first, ended]), [false; 2]);
    assert_eq!(linked(&[ended, linked_first]), [false; 2]);
    for messages in [
        [linked_first, ended, again],
        [linked_first, again, ended],
        [ended, linked_first, again],
        [ended, again, linked_first],
        [again, linked_first, ended],
        [again, ended, linked_first],
    ] {
        assert_eq!(linked(&messages), [true; 2], "{messages:?}");
    }
}

#[test]
fn of_so_many_links_it_is_kept_when_they_were_taken_back() {
    for (count, expected) in [(MAX_LINKS - 1, 0), (MAX_LINKS, 0), (MAX_LINKS + 1, 1)] {
        let mut hospital = Hospital::new();
        let link = |number: usize| format!("{ANN} / PID|||{}^^^H^MR||Roe", number + 10);
        for number in 0..count {
            hospital.send("A37", number + 100, &link(number));
        }
        for number in 0..count {
            hospital.send("A24", number, &link(number));
        }
        let links = hospital.patient("1")["link"].as_array();
        assert_eq!(links.map_or(0, Vec::len), expected, "{count}");
    }
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
fn only_the_identifiers_that_a_merge_names_become_old() {
    let numbers = |own: &str, other: &str, later: Option<&str>| {
        let mut hospital = Hospital::new();
        hospital.send("A28", 0, &format!("PID|||1^^^H^MR{own}||Doe"));
        hospital.send("A28", 1, &format!("PID|||2^^^H^MR{other}||Doe"));
        hospital.send("A40", 2, "PID|||1^^^H^MR||Doe / MRG|2^^^H^MR");
        if let Some(later) = later {
            hospital.send("A08", 3, later);
        }
        assert!(hospital.refused.is_empty());
        let numbers = hospital.patient("1")["identifier"].as_array().unwrap();
        let mut numbers: Vec<String> = numbers
            .iter()
            .map(|one| {
                let value = one["value"].as_str().unwrap();
                format!("{} {value}", one["use"].as_str().unwrap_or("-"))
            })
            .collect();
        numbers.sort_unstable();
        numbers.join(", ")
    };
    let nhs = "~943^^^NHS^NH";
    assert_eq!(numbers(nhs, nhs, None), "- 1, - 943, old 2");
    assert_eq!(numbers("", nhs, None), "- 1, - 943, old 2");
    // What is still sent under the number that went says nothing else.
    let still = "PID|||2^^^H^MR~943^^^NHS^NH||Doe";
    assert_eq!(numbers("", "", Some(still)), "- 1, - 943, old 2");
    assert_eq!(numbers(nhs, nhs, Some(still)), "- 1, - 943, old 2");
    // Of one kind the survivor's own stands.
    let other = "PID|||1^^^H^MR~944^^^NHS^NH||Doe";
    assert_eq!(numbers("", nhs, Some(other)), "- 1, - 944, old 2");
    assert_eq!(numbers("", "~3^^^H^MR", None), "- 1, old 2, old 3");
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
fn each_record_number_that_a_merge_names_is_merged() {
    let mut hospital = Hospital::new();
    hospital.send("A28", 0, "PID|||1^^^H^MR||Doe");
    hospital.send("A28", 1, "PID|||E7^^^EAST^MR||Doe");
    let merge = "PID|||3^^^H^MR~P5^^^ENT^PI||Doe / MRG|1^^^H^MR~E7^^^EAST^PI~P5^^^ENT^PI~V9^^^H^VN~999^^^SSA^SS";
    hospital.send("A40", 2, merge);
    assert!(hospital.refused.is_empty(), "{:?}", hospital.refused);
    let people = hospital.all("Patient");
    let gone = people.iter().filter(|one| one["active"] == false);
    assert_eq!((people.len(), gone.count()), (3, 2));
    let survivor = hospital.patient("3");
    let links = survivor["link"].as_array().unwrap();
    assert!(links.len() == 2 && links.iter().all(|link| link["type"] == "replaces"));
    let numbers = survivor["identifier"].as_array().unwrap();
    let old = numbers.iter().filter(|one| one["use"] == "old");
    let mut old: Vec<&str> = old.filter_map(|one| one["value"].as_str()).collect();
    old.sort_unstable();
    assert_eq!(old, ["1", "999", "E7", "V9"]);
    assert_eq!(hospital.merges.len(), 4);
    let before = hospital.count_but_provenance();
    hospital.send("A40", 3, merge);
    assert_eq!(hospital.count_but_provenance(), before);
    // A result of the other site finds the one who stayed.
    let result = "PID|||E7^^^EAST^MR||Doe / OBR|1||F1|BMP / OBX|1|NM|K||4.1|mmol/L|||||F";
    hospital.send("R01", 4, result);
    let subject = &hospital.all("Observation")[0]["subject"]["reference"];
    assert_eq!(*subject, format!("Patient/{}", hospital.key("3")));
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
fn a_visit_that_gets_another_number_after_its_end_has_its_start() {
    let timed = |number: &str, start: &str, end: &str| {
        format!(
            "{ANN} / {}{}{start}|{end}",
            visit("I", "W1", number),
            "|".repeat(25)
        )
    };
    let (first, last) = ("202603010000", "202603010300");
    let merge = format!("{ANN} / MRG|1^^^H^MR||||V1 / {}", visit("I", "", "V2"));
    let period = |minute: usize, ended: Option<&str>| {
        let mut hospital = Hospital::new();
        hospital.send("A01", 0, &timed("V1", first, ""));
        if let Some(end) = ended {
            hospital.send("A03", 1, &timed("V1", first, end));
        }
        hospital.send("A02", 120, &timed("V2", "", ""));
        if ended.is_none() {
            hospital.send("A03", 180, &timed("V2", "", last));
        }
        hospital.send("A50", minute, &merge);
        let stays = hospital.all("Encounter");
        let stays = stays.into_iter().find(|stay| !stay["partOf"].is_object());
        stays.unwrap()["period"].clone()
    };
    for minute in [60, 240] {
        let period = period(minute, None);
        assert_eq!(period["start"], "2026-03-01T00:00:00+00:00", "{period}");
        assert_eq!(period["end"], "2026-03-01T03:00:00+00:00", "{period}");
    }
    // A stay that goes on under the other number has not ended.
    let period = period(240, Some(first));
    assert!(period["end"].is_null(), "{period}");
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
fn a_visit_that_moved_before_anything_was_heard_of_it_moves_when_it_comes() {
    let moved = format!("{ANN} / MRG|2^^^H^MR||||V1 / {}", visit("I", "", "V1"));
    let (admitted, transferred) = ["W1", "W2"]
        .map(|place| format!("{BOB} / {}", visit("I", place, "V1")))
        .into();
    let mut hospital = Hospital::new();
    hospital.send("A45", 10, &moved);
    hospital.send("A01", 0, &admitted);
    let stays = |open: &str| format!("{open}V1 of 2: entered-in-error at W1 active -> another\n");
    assert_eq!(
        hospital.stays(),
        stays("V1 of 1: in-progress at W1 active\n")
    );
    // What is said under the other patient since is of another visit.
    hospital.send("A02", 20, &transferred);
    assert!(
        hospital.stays().contains("V1 of 2: in-progress at W2"),
        "{}",
        hospital.stays()
    );
    let mut hospital = Hospital::new();
    hospital.send("A01", 0, &admitted);
    hospital.send("A45", 10, &moved);
    hospital.send("A02", 5, &transferred);
    assert!(
        hospital.stays().contains("V1 of 2: entered-in-error"),
        "{}",
        hospital.stays()
    );
}

#[test]
fn a_visit_that_moved_twice_goes_on_to_the_last_patient_whenever_it_comes() {
    let admitted = format!("{BOB} / {}", visit("I", "W1", "V1"));
    let first = format!("{ANN} / MRG|2^^^H^MR||||V1 / {}", visit("I", "", "V1"));
    let second = format!(
        "PID|||3^^^H^MR||Cy / MRG|1^^^H^MR||||V1 / {}",
        visit("I", "", "V1")
    );
    let said = [
        ("A01", 0, &admitted),
        ("A45", 10, &first),
        ("A45", 20, &second),
    ];
    for order in [[0, 1, 2], [1, 2, 0], [1, 0, 2], [2, 1, 0], [2, 0, 1]] {
        let mut hospital = Hospital::new();
        for (event, minute, segments) in order.map(|at| said[at]) {
            hospital.send(event, minute, segments);
        }
        assert_eq!(
            hospital.stays(),
            "V1 of 1: entered-in-error at W1 active -> another\nV1 of 2: entered-in-error at W1 active -> another\n\
             V1 of 3: in-progress at W1 active\n",
            "{order:?}"
        );
        assert_eq!(hospital.backward, 0, "{order:?}");
    }
}

#[test]
fn so_many_visits_are_remembered_that_are_another_patients() {
    for (count, moves) in [
        (MAX_AWAITED - 1, true),
        (MAX_AWAITED, true),
        (MAX_AWAITED + 1, false),
    ] {
        let mut hospital = Hospital::new();
        for number in 0..count {
            let stay = visit("I", "", &format!("V{number}"));
            let moved = format!("{ANN} / MRG|2^^^H^MR||||V{number} / {stay}");
            hospital.send("A45", number + 10, &moved);
        }
        hospital.send("A01", 0, &format!("{BOB} / {}", visit("I", "W1", "V0")));
        let stands = hospital.stays().contains("V0 of 2: in-progress");
        assert_eq!(stands, !moves, "{count}");
    }
}

#[test]
fn a_visit_that_becomes_another_says_since_when_its_sender_said_how_it_stands() {
    let events = [("A42", ANN, "V2"), ("A50", ANN, "V2"), ("A45", BOB, "V1")];
    for (event, who, number) in events {
        let mut hospital = Hospital::new();
        hospital.send("A01", 0, &format!("{who} / {}", visit("I", "W1", "V1")));
        let mrg = if who == ANN { "1" } else { "2" };
        let stay = visit("I", "", number);
        let became = format!("{ANN} / MRG|{mrg}^^^H^MR||||V1 / {stay}");
        hospital.send(event, 1, &became);
        let said = ["\"in-progress\"", "\"entered-in-error\""].map(|status| {
            let shows = hospital.shows[status].expect("it names a message");
            shows.said.to_string()
        });
        let [stands, gone] = said.each_ref().map(|said| &**said);
        assert!(stands <= gone, "{event}: {stands}");
        assert_eq!(gone, "2026-03-01T00:01:00Z", "{event}");
    }
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
fn the_end_of_a_link_undoes_no_merge_and_says_so() {
    let merge = format!("{ANN} / MRG|2^^^H^MR");
    let (one, other) = (format!("{ANN} / {BOB}"), format!("{BOB} / {ANN}"));
    for unlink in [one, other] {
        let mut hospital = Hospital::new();
        hospital.send("A40", 0, &merge);
        let before = hospital.written;
        hospital.send("A37", 1, &unlink);
        // Each of the two is told.
        assert_eq!(hospital.refused, ["merged-not-linked"; 2], "{unlink}");
        assert_eq!(hospital.written, before);
    }
}
