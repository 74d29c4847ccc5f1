//! Orders by their numbers: ORC alone, the placer's number or the filler's alone, in any order of arrival.

use serde_json::Value;

use super::parts::{each, stands};

const DRUG: &str = "DOE\rORC|NW|D7^EPIC|DF7^PH||IP\rRXE||W^Warfarin^L|5||mg\rRXR|PO";
const ORDERED_DRUG: &str = "DOE\rORC|NW|X7^EPIC\rRXO|W^Warfarin^L|5||mg\rRXR|PO";
const CULTURE: &str = "DOE\rORC|NW|L7^EPIC\rOBR|1|L7^EPIC||BC^Blood culture^L";

/// The status of each resource of a type after messages in this order.
fn statuses(kind: &str, messages: &[(&str, &str)]) -> Vec<String> {
    each(&Value::Array(stands(kind, messages)), "/status")
}

/// Order and the ORC alone that follows it, each with its event; the type and the status that it has then.
const FOLLOWED: [(&str, &str, &str, &str, &str, &str); 12] = [
    (
        "ORM^O01",
        ORDERED_DRUG,
        "ORM^O01",
        "DC|X7^EPIC|||DC",
        "MedicationRequest",
        "stopped",
    ),
    (
        "ORM^O01",
        ORDERED_DRUG,
        "ORM^O01",
        "HD|X7^EPIC|||HD",
        "MedicationRequest",
        "on-hold",
    ),
    (
        "ORM^O01",
        ORDERED_DRUG,
        "ORR^O02",
        "CR|X7^EPIC|||CA",
        "MedicationRequest",
        "cancelled",
    ),
    (
        "RDE^O11",
        DRUG,
        "RDE^O11",
        "DC|D7^EPIC|DF7^PH",
        "MedicationRequest",
        "stopped",
    ),
    (
        "RDE^O11",
        DRUG,
        "RRE^O12",
        "CR|D7^EPIC||CA",
        "MedicationRequest",
        "cancelled",
    ),
    (
        "RDE^O11",
        DRUG,
        "ORM^O01",
        "DC||DF7^PH",
        "MedicationRequest",
        "stopped",
    ),
    (
        "ORM^O01",
        CULTURE,
        "ORM^O01",
        "OC|L7^EPIC|||CA",
        "ServiceRequest",
        "revoked",
    ),
    (
        "OML^O21",
        CULTURE,
        "OML^O21",
        "OC|L7^EPIC|||CA",
        "ServiceRequest",
        "revoked",
    ),
    (
        "OMG^O19",
        CULTURE,
        "OMG^O19",
        "DC|L7^EPIC|F6^LAB",
        "ServiceRequest",
        "revoked",
    ),
    (
        "OML^O21",
        CULTURE,
        "ORL^O22",
        "CR|L7^EPIC|||CA",
        "ServiceRequest",
        "revoked",
    ),
    (
        "ORM^O01",
        CULTURE,
        "ORR^O02",
        "CR|L7^EPIC|||CA",
        "ServiceRequest",
        "revoked",
    ),
    (
        "OML^O21",
        CULTURE,
        "ORL^O22",
        "UC|L7^EPIC",
        "ServiceRequest",
        "active",
    ),
];

#[test]
fn orc_alone_reaches_its_order() {
    for (event, order, later, control, kind, expected) in FOLLOWED {
        let later_text = format!("DOE\rORC|{control}");
        let messages = [(event, order), (later, &*later_text)];
        assert_eq!(statuses(kind, &messages), [expected], "{control}");
        let other = if kind == "ServiceRequest" {
            "MedicationRequest"
        } else {
            "ServiceRequest"
        };
        assert_eq!(stands(other, &messages), Vec::<Value>::new(), "{control}");
    }
}

#[test]
fn orc_alone_that_comes_before_its_order_waits_for_it() {
    for (event, order, later, control, kind, expected) in [
        (
            "ORM^O01",
            ORDERED_DRUG,
            "ORM^O01",
            "DC|X7^EPIC|||DC",
            "MedicationRequest",
            "stopped",
        ),
        (
            "RDE^O11",
            DRUG,
            "RDE^O11",
            "DC|D7^EPIC",
            "MedicationRequest",
            "stopped",
        ),
        (
            "ORM^O01",
            CULTURE,
            "ORM^O01",
            "OC|L7^EPIC|||CA||||||||||||dup",
            "ServiceRequest",
            "revoked",
        ),
    ] {
        let early = format!("DOE\rORC|{control}");
        let messages = [(0, event, order), (1, later, &*early)];
        let ends = [[0, 1], [1, 0]].map(|order| {
            let sent: Vec<_> = order.iter().map(|at| messages[*at]).collect();
            let mut all = super::parts::stands_at(kind, &sent);
            for one in &mut all {
                one["meta"] = Value::Null;
            }
            all
        });
        assert_eq!(
            each(&Value::Array(ends[0].clone()), "/status"),
            [expected],
            "{control}"
        );
        assert_eq!(ends[0], ends[1], "{control}");
    }
}

#[test]
fn an_order_is_known_by_either_of_its_numbers() {
    let stop = "DOE\rORC|DC||DF7^PH||DC\rRXE||W^Warfarin^L|5||mg\rRXR|PO";
    let sent = [("RDE^O11", DRUG), ("RDE^O11", stop)];
    assert_eq!(statuses("MedicationRequest", &sent), ["stopped"]);
    // The number that the filler gave comes with its answer.
    let sent = [
        ("ORM^O01", ORDERED_DRUG),
        ("ORR^O02", "DOE\rORC|OK|X7^EPIC|XF7^PH"),
        ("ORM^O01", "DOE\rORC|DC||XF7^PH\rRXO|W^Warfarin^L|5||mg"),
    ];
    assert_eq!(statuses("MedicationRequest", &sent), ["stopped"]);
}

#[test]
fn what_was_known_by_two_numbers_is_one_once_both_are_said() {
    let stop = "DOE\rORC|DC||DF7^PH||DC\rRXE||W^Warfarin^L|5||mg";
    let placer = "DOE\rORC|NW|D7^EPIC\rRXE||W^Warfarin^L|5||mg";
    let both = "DOE\rORC|SC|D7^EPIC|DF7^PH\rRXE||W^Warfarin^L|5||mg\rRXR|PO";
    // The stop is older than what says both numbers: the last status stands, of one drug.
    let sent = [("RDE^O11", placer), ("RDE^O11", stop), ("RDE^O11", both)];
    let mut all = statuses("MedicationRequest", &sent);
    all.sort_unstable();
    assert_eq!(all.len(), 2);
    assert!(all.contains(&"entered-in-error".to_owned()), "{all:?}");
    let sent = [
        (0, "RDE^O11", placer),
        (3, "RDE^O11", stop),
        (2, "RDE^O11", both),
    ];
    let all = super::parts::stands_at("MedicationRequest", &sent);
    let mut all = each(&Value::Array(all), "/status");
    all.sort_unstable();
    assert_eq!(all, ["entered-in-error", "stopped"]);
}

#[test]
fn a_correction_by_the_placers_number_alone_corrects() {
    let result = |numbers: &str, value: &str, status: &str| {
        format!(
            "DOE\rOBR|1|{numbers}|K^K^L|||20260301120000|||||||||||||||20260301120500|||{status}\
             \rOBX|1|NM|2823-3^K^LN||{value}|mmol/L|||||{status}|||20260301120000"
        )
    };
    let first = result("A1^EPIC|AF1^LAB", "5.1", "F");
    for corrected in [
        result("A1^EPIC|", "5.2", "C"),
        result("|AF1^LAB", "5.2", "C"),
    ] {
        let sent = [("ORU^R01", &*first), ("ORU^R01", &*corrected)];
        let all = Value::Array(stands("Observation", &sent));
        assert_eq!(each(&all, "/valueQuantity/value"), ["5.2"]);
        assert_eq!(each(&all, "/status"), ["corrected"]);
        assert_eq!(statuses("DiagnosticReport", &sent), ["corrected"]);
        assert_eq!(stands("ServiceRequest", &sent).len(), 1);
    }
    // Nor is there a second one where the number that both have comes later.
    let early = result("A1^EPIC|", "5.0", "P");
    let sent = [("ORU^R01", &*early), ("ORU^R01", &*first)];
    assert_eq!(statuses("Observation", &sent), ["final"]);
    assert_eq!(statuses("DiagnosticReport", &sent), ["final"]);
}

#[test]
fn a_number_that_several_orders_share_is_none_of_one() {
    let result = |filler: &str, value: &str| {
        format!(
            "DOE\rOBR|1|A1^EPIC|{filler}|GLU^GLU^L|||20260301120000|||||||||||||||20260301120500|||F\
             \rOBX|1|NM|2339-0^GLU^LN||{value}|mg/dL|||||F|||20260301120000"
        )
    };
    let (one, two) = (result("F1^LAB", "90"), result("F2^LAB", "95"));
    let sent = [("ORU^R01", &*one), ("ORU^R01", &*two)];
    let all = Value::Array(stands("Observation", &sent));
    assert_eq!(each(&all, "/valueQuantity/value"), ["90", "95"]);
}
