//! Messages that speak of a patient and do not register them: laboratories, pharmacies, billing.

use serde_json::Value;

use super::hospital::Hospital;
use super::parts::{each, stands};
use crate::normalize::snapshot::person::MAX_MENTIONED;

const REGISTERED: &str = "PID|||1^^^H^MR~943^^^NHS^NH~77^^^INS^MA||Doe^Ann^Middle||19700101|F|||1 Main St^^Town||^PRN^PH^^^555^1111";
const PERSON_2: &str = "PID|||2^^^H^MR||Doe^Ann||19700101|F|||||||||||||||||||||20260101|Y";
const RESULT: &str =
    "PID|||1^^^H^MR||Doe^Ann||19700101|F / OBR|1||F1|BMP / OBX|1|NM|K||4.1|mmol/L|||||F";

fn numbers(patient: &Value) -> Vec<String> {
    each(&patient["identifier"], "/value")
}

/// Gives the patient after messages, without the version.
fn patient(messages: &[(&str, usize, &str)]) -> Value {
    let mut hospital = Hospital::new();
    for (event, minute, segments) in messages {
        hospital.send(event, *minute, segments);
    }
    assert!(hospital.refused.is_empty());
    let mut patient = hospital.patient("1").clone();
    patient["meta"] = Value::Null;
    patient
}

#[test]
fn a_result_takes_nothing_from_a_patient() {
    let registered = patient(&[("A28", 1, REGISTERED)]);
    assert_eq!(
        patient(&[("A28", 1, REGISTERED), ("R01", 2, RESULT)]),
        registered
    );
    let other = RESULT
        .replace("Doe^Ann", "Roe^Bea")
        .replace("19700101|F", "19800202|M|||\"\"||\"\"");
    assert_eq!(
        patient(&[("A28", 1, REGISTERED), ("R01", 2, &other)]),
        registered
    );
}

#[test]
fn only_who_registers_patients_says_who_they_are() {
    let registered = "DOE^JANE^M\rPV1||I|ICU^1^A||||||||||||||||V33^^^H^VN";
    let name = |event: &str| {
        let later = "ROE^JANET\rPV1||I|ICU^1^A||||||||||||||||V33^^^H^VN";
        let all = stands(
            "Patient",
            &[("ADT^A28^ADT_A05", registered), (event, later)],
        );
        all[0]["name"][0]["family"].as_str().unwrap().to_owned()
    };
    for event in ["ADT^A08^ADT_A01", "ADT^A31", "ADT^Z99", "BAR^P05^BAR_P05"] {
        assert_eq!(name(event), "ROE", "{event}");
    }
    for event in [
        "DFT^P03^DFT_P03",
        "VXU^V04^VXU_V04",
        "SIU^S12^SIU_S12",
        "MDM^T02^MDM_T02",
        "ORM^O01^ORM_O01",
        "RDE^O11^RDE_O11",
        "ORU^R01^ORU_R01",
        "PPR^PC1^PPR_PC1",
        "OML^O21^OML_O21",
        "ZZZ^Z01",
        "",
    ] {
        assert_eq!(name(event), "DOE", "{event}");
    }
}

#[test]
fn what_is_mentioned_fills_gaps_and_adds_identifiers_of_other_kinds() {
    let registered = "PID|||1^^^H^MR~943^^^NHS^NH||Doe^Ann||19700101";
    let mentions =
        "PID|||1^^^H^MR~944^^^NHS^NH~E5^^^EAST^MR||Roe^Ann||19800101|F||||||^WPN^PH^^^555^2222";
    let now = patient(&[("A28", 1, registered), ("R01", 2, mentions)]);
    assert_eq!(numbers(&now), ["1", "943", "E5"]);
    assert_eq!(
        (&now["gender"], &now["birthDate"]),
        (&"female".into(), &"1970-01-01".into())
    );
    assert_eq!(each(&now["telecom"], "/use"), ["work"]);
    assert_eq!(each(&now["name"], "/family"), ["Doe"]);
    // The list of who registers them says which they are.
    let listed = patient(&[
        ("A28", 1, registered),
        ("R01", 2, mentions),
        ("A08", 3, registered),
    ]);
    assert_eq!(numbers(&listed), ["1", "943"]);
}

#[test]
fn what_is_registered_stands_whenever_it_comes() {
    let registered = "PID|||1^^^H^MR~943^^^NHS^NH||Doe^Ann||19700101";
    let mentions = "PID|||1^^^H^MR~944^^^NHS^NH~E5^^^EAST^MR||Roe^Bea||19800101|F";
    let later = "PID|||1^^^H^MR||Poe^Ann||||||||^PRN^PH^^^555^1111";
    let last = "PID|||1^^^H^MR~W6^^^WEST^MR||Zoe||19900101|M|||||||||||||||||||||19990101|Y";
    let said = [
        ("A28", 1, registered),
        ("R01", 2, mentions),
        ("A08", 3, later),
        ("R01", 4, last),
    ];
    let expected = patient(&said);
    assert_eq!(numbers(&expected), ["1", "W6"]);
    assert_eq!(expected["gender"], "male");
    assert_eq!(expected["deceasedDateTime"], "1999-01-01");
    for [a, b, c, d] in orders() {
        assert_eq!(
            patient(&[said[a], said[b], said[c], said[d]]),
            expected,
            "{a} {b} {c} {d}"
        );
    }
}

/// All orders of four.
fn orders() -> Vec<[usize; 4]> {
    let mut all = Vec::new();
    for number in 0..256 {
        let order = [number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6];
        let mut sorted = order;
        sorted.sort_unstable();
        if sorted == [0, 1, 2, 3] {
            all.push(order);
        }
    }
    all
}

#[test]
fn a_death_that_is_mentioned_takes_back_none_that_is_registered() {
    let person = |death: &str| format!("PID|||1^^^H^MR||Doe{}{death}", "|".repeat(24));
    let (died, mentioned) = (person("20260101|Y"), person("20250101|Y"));
    for messages in [
        [("A08", 1, &*died), ("R01", 2, &*mentioned)],
        [("R01", 2, &*mentioned), ("A08", 1, &*died)],
    ] {
        assert_eq!(patient(&messages)["deceasedDateTime"], "2026-01-01");
    }
    let now = patient(&[("A08", 1, "PID|||1^^^H^MR||Doe"), ("R01", 2, &mentioned)]);
    assert_eq!(now["deceasedDateTime"], "2025-01-01");
    let alive = person("\"\"|N");
    let now = patient(&[("A08", 1, &alive), ("R01", 2, &mentioned)]);
    assert!(now["deceasedDateTime"].is_null(), "{now}");
}

#[test]
fn what_a_merged_identity_was_registered_with_stands_before_a_mention_of_the_survivor() {
    let registered = PERSON_2;
    let mentioned = "PID|||1^^^H^MR||Roe^Bea||19800202|M|||||||||||||||||||||20250101|Y";
    let merge = "PID|||1^^^H^MR / MRG|2^^^H^MR";
    let person = |messages: [(&str, usize, &str); 3]| {
        let mut now = patient(&messages);
        now["link"] = Value::Null;
        now
    };
    let (told, said, merged) = (
        ("A28", 1, registered),
        ("R01", 2, mentioned),
        ("A40", 3, merge),
    );
    let now = person([told, said, merged]);
    assert_eq!(now["birthDate"], "1970-01-01", "{now}");
    assert_eq!(now["gender"], "female");
    assert_eq!(now["deceasedDateTime"], "2026-01-01");
    assert_eq!(person([told, merged, said]), now);
    assert_eq!(person([said, told, merged]), now);
    assert_eq!(person([said, merged, told]), now);
}

#[test]
fn of_a_patient_whom_nobody_registered_the_last_mention_stands_and_no_identifier_goes() {
    let first = "PID|||1^^^H^MR~943^^^NHS^NH||Doe^Ann";
    let second = "PID|||1^^^H^MR~77^^^INS^MA||Roe^Ann";
    for messages in [
        [("R01", 1, first), ("R01", 2, second)],
        [("R01", 2, second), ("R01", 1, first)],
    ] {
        let now = patient(&messages);
        let mut numbers = numbers(&now);
        numbers.sort_unstable();
        assert_eq!(numbers, ["1", "77", "943"]);
        assert_eq!(each(&now["name"], "/family"), ["Roe"]);
    }
}

#[test]
fn so_many_identifiers_are_kept_that_are_only_mentioned() {
    let said: Vec<String> = (0..MAX_MENTIONED + 4)
        .map(|number| format!("PID|||1^^^H^MR~{number}^^^INS^VN||Doe"))
        .collect();
    for count in [
        MAX_MENTIONED - 2,
        MAX_MENTIONED - 1,
        MAX_MENTIONED,
        MAX_MENTIONED + 4,
    ] {
        let said = said.iter().take(count).enumerate();
        let messages: Vec<_> = said.map(|(at, said)| ("R01", at, &**said)).collect();
        let numbers = numbers(&patient(&messages));
        assert_eq!(numbers.len(), MAX_MENTIONED.min(count + 1));
        assert_eq!(numbers.first().map(String::as_str), Some("1"));
    }
}
