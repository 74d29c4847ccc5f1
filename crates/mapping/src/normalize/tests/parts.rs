//! What a later message leaves empty stays known: field by field of patients and visits, and of orders, drugs and problems.

use clinical::SiteKey;
use formats::hl7v2;
use serde_json::Value;

use super::*;
use crate::map::map;
use crate::source::Source;

/// The patient of one identity, after messages whose segments are given, each a minute after the one before; the resources of a
/// type as they are published last.
pub(super) fn stands(kind: &str, messages: &[(&str, &str)]) -> Vec<Value> {
    let (source, site) = (Source::new("adt1"), SiteKey::new([7; 32]));
    let mut state = State::default();
    let mut last: Vec<Value> = Vec::new();
    for (minute, (event, segments)) in messages.iter().enumerate() {
        let text = format!(
            "MSH|^~\\&|A|B|||2026030112{minute:02}00||{event}|{minute}|P|2.5.1\rPID|1||7^^^H^MR||{segments}"
        );
        let message = hl7v2::parse(text.as_bytes());
        let received = ReceivedTime::from_micros(i64::MAX / 2);
        let mapped = map(&message, &source, &site, received);
        let key = mapped.subjects.patient().unwrap().key(&site);
        let mut raw = raw(
            key,
            &minute.to_string(),
            60 + i64::try_from(minute).unwrap(),
        );
        raw.received_time = received;
        let drafts = &mapped.drafts;
        let input = Input::Message { raw, drafts };
        let outputs = Normalizer::default().step(key, &mut state, &input).unwrap();
        for record in outputs.records {
            if let Output::Resource {
                resource_type,
                id,
                json,
                ..
            } = record
                && *resource_type == *kind
            {
                last.retain(|one| one["id"] != *id);
                last.push(serde_json::from_slice(&json).unwrap());
            }
        }
        assert_eq!(State::decode(&state.encode()).as_ref(), Ok(&state));
    }
    last
}

/// Gives what stands under a path of each entry of a list.
pub(super) fn each(list: &Value, path: &str) -> Vec<String> {
    let entries = list.as_array().into_iter().flatten();
    let text = |entry: &Value| match entry.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "-".to_owned(),
    };
    entries.map(text).collect()
}

const ADMITTED: &str = "DOE^JANE^^^^^L||19600101|M|ROE^JANE^^^^^A||||^PRN^PH^^1^617^1111111|^WPN^PH^^1^617^2222222|||CAT||123456789\
    \rPV1||I|ICU^1^A||||ATT1^ATT^A|REF1^REF^R|CON1^CON^C||TMP^1|||7|B6||ADM1^ADM^A||V33^^^H^VN|||||||||||||||||||LOW||||HALL^1||||||||ALT33^^^H\
    \rPV2|||R07.9^Chest pain^I10C|||||20261125||||free text";

#[test]
fn each_field_of_a_patients_lists_stays_until_it_is_said_anew() {
    let later = "DOE^JANET^^^^^L||19600101|M|||||^PRN^PH^^1^617^3333333";
    let all = stands("Patient", &[("ADT^A01", ADMITTED), ("ADT^A08", later)]);
    let [patient] = &all[..] else {
        panic!("{all:?}")
    };
    assert_eq!(each(&patient["name"], "/given/0"), ["JANET", "JANE"]);
    let phones = each(&patient["telecom"], "/value");
    assert_eq!(phones, ["+1 617 3333333", "+1 617 2222222"]);
    let numbers = each(&patient["identifier"], "/value");
    assert!(numbers.contains(&"123456789".to_owned()), "{numbers:?}");
    // What is deleted goes alone.
    let deleted = "DOE^JANET||19600101|M|\"\"||||\"\"";
    let messages = [
        ("ADT^A01", ADMITTED),
        ("ADT^A08", later),
        ("ADT^A08", deleted),
    ];
    let all = stands("Patient", &messages);
    assert_eq!(each(&all[0]["name"], "/given/0"), ["JANET"]);
    assert_eq!(each(&all[0]["telecom"], "/value"), ["+1 617 2222222"]);
    // What was said before and comes late fills what is not known, and brings back nothing.
    assert_eq!(each(&all[0]["identifier"], "/value"), ["7", "123456789"]);
}

#[test]
fn each_field_of_a_visits_lists_stays_until_it_is_said_anew() {
    let later = "DOE\rPV1||I|ICU^1^A||||||CON2^CON^D||||||||||V33^^^H^VN\rPV2||||||||||||new text";
    let visit = |messages: &[(&str, &str)]| {
        let all = stands("Encounter", messages);
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    };
    let now = visit(&[("ADT^A01", ADMITTED), ("ADT^A08", later)]);
    let who = each(&now["participant"], "/individual/display");
    assert_eq!(who, ["A ATT", "R REF", "D CON", "A ADM"]);
    assert_eq!(now["location"].as_array().unwrap().len(), 3, "{now}");
    assert_eq!(each(&now["identifier"], "/value"), ["V33", "ALT33"]);
    assert_eq!(each(&now["reasonCode"], "/text"), ["new text", "-"]);
    let reasons = each(&now["reasonCode"], "/coding/0/code");
    assert_eq!(reasons, ["-", "R07.9"]);
    // A doctor that is deleted goes alone.
    let deleted = "DOE\rPV1||I|||||\"\"||||||||||||V33^^^H^VN";
    let now = visit(&[("ADT^A01", ADMITTED), ("ADT^A08", deleted)]);
    let who = each(&now["participant"], "/individual/display");
    assert_eq!(who, ["R REF", "C CON", "A ADM"]);
}

#[test]
fn whoever_moves_leaves_behind_what_was_said_of_the_way_there() {
    let moved = |place: &str| {
        let later = format!("DOE\rPV1||I|{place}||||||||||||||||V33^^^H^VN");
        let all = stands("Encounter", &[("ADT^A01", ADMITTED), ("ADT^A02", &later)]);
        let all = each(&all[0]["location"], "/status");
        all.join(" ")
    };
    // The temporary location is over; the planned one stays unless it is the one.
    assert_eq!(moved("WARD^1^A"), "active planned");
    assert_eq!(moved("HALL^1"), "active");
}

const ORDERED: &str = "DOE\rORC|NW|R9^EPIC|||||||20260301120000|||1^DOC^DAN\
    \rOBR|1|R9^EPIC||24323-8^CMP^LN|S|||||||||||1^DOC^DAN|||||||||||||||R50.9^Fever^I10C";

#[track_caller]
fn order_stands(later: (&str, &str), status: &str) -> Value {
    let all = stands("ServiceRequest", &[("ORM^O01^ORM_O01", ORDERED), later]);
    let [order] = &all[..] else { panic!("{all:?}") };
    assert_eq!(order["status"], status, "{order}");
    assert_eq!(order["priority"], "stat", "{order}");
    assert!(order["requester"].is_object(), "{order}");
    assert!(order["authoredOn"].is_string(), "{order}");
    assert!(order["reasonCode"].is_array(), "{order}");
    order.clone()
}

#[test]
fn what_a_later_message_of_an_order_leaves_empty_stays() {
    let cancelled = "DOE\rORC|CA|R9^EPIC||||||||||||||dup\rOBR|1|R9^EPIC||24323-8^CMP^LN";
    order_stands(("ORM^O01^ORM_O01", cancelled), "active");
    let discontinued = "DOE\rORC|DC|R9^EPIC\rOBR|1|R9^EPIC||24323-8^CMP^LN";
    order_stands(("ORM^O01^ORM_O01", discontinued), "revoked");
    // A status that is not translated is none.
    let refused = "DOE\rORC|UA|R9^EPIC\rOBR|1|R9^EPIC||24323-8^CMP^LN";
    order_stands(("ORR^O02^ORR_O02", refused), "active");
}

#[test]
fn what_a_result_says_of_its_order_is_the_orders() {
    let result = |status: &str, of: &str| {
        format!(
            "DOE\rORC|RE|R9^EPIC|F9^LIS||{status}\rOBR|1|R9^EPIC|F9^LIS|24323-8^CMP^LN|||20260301120500|||||||||||||||20260301120500|||{of}\
             \rOBX|1|NM|2823-3^K^LN||4.1|mmol/L|||||{of}|||20260301120500"
        )
    };
    for (sent, of, expected) in [
        ("CM", "F", "completed"),
        ("CA", "X", "revoked"),
        ("IP", "P", "active"),
        ("", "F", "active"),
        ("ER", "F", "active"),
    ] {
        let order = order_stands(("ORU^R01^ORU_R01", &result(sent, of)), expected);
        let numbers = each(&order["identifier"], "/value");
        assert_eq!(numbers, ["R9", "F9"], "{order}");
    }
}

const DRUG: &str = "DOE\rORC|NW|R6^EPIC|R6F^RX||IP||||20260301120000|||1^DOC^DAN\rRXE||11124^Vancomycin^RXNORM|1000||mg\rRXR|IV^^HL70162";

#[test]
fn a_drug_that_is_discontinued_is_stopped_and_all_else_of_it_stays() {
    for code in ["DC", "OD", "DR"] {
        let later =
            format!("DOE\rORC|{code}|R6^EPIC|R6F^RX\rRXE||11124^Vancomycin^RXNORM|1000||mg");
        let messages = [("RDE^O11^RDE_O11", DRUG), ("RDE^O11^RDE_O11", &*later)];
        let all = stands("MedicationRequest", &messages);
        let [drug] = &all[..] else { panic!("{all:?}") };
        assert_eq!(drug["status"], "stopped", "{code}");
        assert!(drug["requester"].is_object(), "{drug}");
        assert!(drug["authoredOn"].is_string(), "{drug}");
        let dosage = &drug["dosageInstruction"];
        assert_eq!(each(dosage, "/route/coding/0/code"), ["IVINJ"], "{drug}");
        assert_eq!(each(dosage, "/doseAndRate/0/doseQuantity/value"), ["1000"]);
    }
}

#[test]
fn what_a_later_message_of_a_problem_leaves_empty_stays() {
    let problem = "DOE\rPRB|AD|20260301|44054006^Diabetes type 2^SCT|PB1^EPIC|||20200101|20250101||C^clinical^L|1|CON^Confirmed^L|ACTIVE|PROB^p^L||20190101";
    let check = |later: &[&str]| {
        let mut messages = vec![("PPR^PC1^PPR_PC1", problem)];
        messages.extend(later.iter().map(|later| ("PPR^PC2^PPR_PC1", *later)));
        let all = stands("Condition", &messages);
        let [now] = &all[..] else { panic!("{all:?}") };
        assert_eq!(now["onsetDateTime"], "2019-01-01", "{now}");
        assert_eq!(now["recordedDate"], "2020-01-01", "{now}");
        assert_eq!(now["category"].as_array().unwrap().len(), 2, "{now}");
        now["clinicalStatus"]["coding"][0]["code"].clone()
    };
    let code = "44054006^Diabetes type 2^SCT|PB1^EPIC";
    let ended = format!("DOE\rPRB|UP|20260302|{code}|||||20260302||||RES^Resolved^L|INACTIVE");
    assert_eq!(check(&[&ended]), "inactive");
    // Nothing is said of whether it is active.
    let empty = format!("DOE\rPRB|UP|20260302|{code}");
    assert_eq!(check(&[&empty]), "active");
    assert_eq!(check(&[&ended, &empty]), "inactive");
}

#[test]
fn a_report_has_the_results_of_all_its_messages() {
    let panel = |status: &str, results: &[(&str, &str)]| {
        let results = results.iter().map(|(code, value)| {
            format!("OBX|1|NM|{code}^Analyte^LN||{value}|mmol/L|||||F|||20260301110000\r")
        });
        let results: String = results.collect();
        format!(
            "\rORC|RE|P1|F1\rOBR|1|P1|F1|24323-8^Panel^LN|||20260301110000|||||||||||||||||LAB|{status}\r{results}"
        )
    };
    let (sodium, potassium) = (("2951-2", "140"), ("2823-3", "4.1"));
    for messages in [
        [panel("P", &[sodium]), panel("F", &[potassium])],
        [panel("P", &[sodium]), panel("F", &[sodium, potassium])],
    ] {
        let reports = stands(
            "DiagnosticReport",
            &messages.each_ref().map(|said| ("ORU^R01", &**said)),
        );
        let [report] = reports.as_slice() else {
            panic!("one report: {reports:?}");
        };
        let results = report["result"].as_array().expect("results");
        assert_eq!(
            (results.len(), &report["status"]),
            (2, &Value::from("final"))
        );
    }
}
