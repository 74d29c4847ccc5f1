//! What is put right to another patient over FHIR.

use clinical::wire::finding_from_json;
use clinical::{Finding, FindingState};
use serde_json::json;

use crate::fhir::{patient, potassium, started};
use crate::platform::Site;
use crate::setting::wait_for;

#[test]
fn a_result_that_is_put_right_to_another_patient_is_taken_back_of_the_first() {
    let site = Site::default();
    let (_platform, rest) = started(&site);
    for number in ["1", "2"] {
        let mut one = patient(number);
        one["id"] = json!(format!("p{number}"));
        assert_eq!(rest.put(&format!("/Patient/p{number}"), &one).status, 202);
    }
    let place = "/Observation/k1";
    let mut result = potassium("p1", 7.7);
    result["id"] = json!("k1");
    assert_eq!(rest.put(place, &result).header("etag"), "W/\"1\"");
    result["subject"]["reference"] = json!("Patient/p2");
    result["status"] = json!("corrected");
    let moved = rest.put(place, &result);
    assert_eq!(
        (moved.status, moved.header("etag")),
        (202, "W/\"3\"".to_owned()),
        "that it is no longer the first one's is a version, too"
    );
    let told = || {
        let findings = site.records("healthcare.alert.stream").into_iter();
        let findings = findings.filter(|kept| !kept.header("finding").is_empty());
        let findings = findings.map(|kept| finding_from_json(kept.bytes()).unwrap());
        let findings: Vec<Finding> = findings.collect();
        let is_retracted = |of: &&Finding| of.state != FindingState::Asserted;
        let retracted = findings.iter().find(is_retracted)?.patient;
        let other = findings.iter().find(|of| of.patient != retracted)?;
        Some(other.state == FindingState::Asserted)
    };
    let is_told = wait_for("what was said of the first to be taken back", told);
    assert!(is_told, "it is told of the other");
}
