//! FHIR over HTTP that must not be misunderstood: what changes a resource's meaning, whose it is, what a search finds.

use serde_json::{Value, json};

use crate::fhir::{patient, potassium, started};
use crate::platform::Site;
use crate::setting::wait_for;

const EVENTS: &str = "healthcare.fhir.observation";
const ALERTS: &str = "healthcare.events.care-alert";

fn told(site: &Site, topic: &str) -> Vec<String> {
    let records = site.records(topic);
    let words = records
        .iter()
        .map(|kept| String::from_utf8_lossy(kept.bytes()).into_owned());
    words.collect()
}

/// The events of an observation, oldest first: its subject, and what is not valid in it.
fn events(site: &Site, id: &str) -> Vec<(Value, String)> {
    let records = site.records(EVENTS);
    let all = records.iter().map(|kept| {
        let json: Value = serde_json::from_slice(kept.bytes()).unwrap();
        (json, kept.header("validation").to_owned())
    });
    all.filter(|(json, _)| json["id"] == id).collect()
}

#[test]
fn what_changes_the_meaning_and_is_not_understood_is_kept_and_used_by_no_workload() {
    let site = Site::default();
    let (platform, rest) = started(&site);
    for id in ["a", "b"] {
        assert_eq!(
            rest.put(&format!("/Patient/{id}"), &with_id(patient(id), id))
                .status,
            202
        );
    }
    let mut negated = with_id(potassium("b", 7.1), "kb");
    negated["modifierExtension"] = json!([{"url": "http://x/negated", "valueBoolean": true}]);
    let answer = rest.put("/Observation/kb", &negated);
    let marks = "Observation.modifierExtension extension";
    assert_eq!(
        (answer.status, answer.header("pulsewire-validation")),
        (202, marks.to_owned())
    );
    let mut ruled = with_id(potassium("b", 7.2), "kr");
    ruled["implicitRules"] = json!("http://x/rules");
    let wish = [("Prefer", "return=OperationOutcome")];
    let answer = rest.ask(
        "PUT",
        "/Observation/kr",
        &wish,
        ruled.to_string().as_bytes(),
    );
    let issue = &answer.json()["issue"][0];
    assert_eq!(
        (&issue["severity"], &issue["code"], &issue["expression"][0]),
        (
            &json!("warning"),
            &json!("not-supported"),
            &json!("Observation.implicitRules")
        )
    );
    let plain = with_id(potassium("a", 7.1), "ka");
    let answer = rest.put("/Observation/ka", &plain);
    assert_eq!(answer.header("pulsewire-validation"), "");
    wait_for("an alert", || {
        let alerts = told(&site, ALERTS);
        alerts.into_iter().find(|alert| alert.contains("critical"))
    });
    platform.wait_until_idle();
    let kept = events(&site, "kb");
    assert_eq!(kept[0].1, marks);
    assert_eq!(kept[0].0["modifierExtension"], negated["modifierExtension"]);
    let other = kept[0].0["subject"]["reference"].as_str().unwrap();
    let other = other.trim_start_matches("Patient/");
    assert!(
        !told(&site, ALERTS)
            .iter()
            .any(|alert| alert.contains(other))
    );
    assert_eq!(
        platform.count(&["normalize_invalid_resources", "Observation", "published"]),
        2
    );
    // What was used is used no longer.
    let mut now = plain;
    now["component"] = json!([{"code": {"text": "x"}, "modifierExtension": [{"url": "http://x", "valueBoolean": true}]}]);
    assert_eq!(rest.put("/Observation/ka", &now).status, 202);
    wait_for("that it is taken back", || {
        let alerts = told(&site, ALERTS);
        alerts
            .into_iter()
            .find(|alert| alert.contains(r#""retracted""#))
    });
}

fn with_id(mut resource: Value, id: &str) -> Value {
    resource["id"] = json!(id);
    resource
}

#[test]
fn what_changes_the_meaning_is_refused_where_the_setting_is_to_reject() {
    let mut site = Site::default();
    site.set("validation.Observation", "mode", "\"reject\"");
    let (_platform, rest) = started(&site);
    let mut negated = potassium("b", 7.1);
    negated["modifierExtension"] = json!([{"url": "http://x/negated", "valueBoolean": true}]);
    let answer = rest.post("/Observation", &negated);
    let issue = &answer.json()["issue"][0];
    assert_eq!((answer.status, &issue["code"]), (422, &json!("extension")));
    assert_eq!(rest.post("/Observation", &potassium("b", 7.1)).status, 202);
}

#[test]
fn this_servers_own_address_names_the_same_patient() {
    let mut site = Site::default();
    site.set("intake.http", "base", "\"https://ehr.example/pw\"");
    let (platform, rest) = started(&site);
    let answer = rest.put("/Patient/d", &with_id(patient("d"), "d"));
    let location = answer.header("location");
    assert!(
        location.starts_with("https://ehr.example/pw/fhir/Patient/d/"),
        "{location}"
    );
    let about = |id: &str, reference: &str| {
        let mut result = with_id(potassium("d", 4.1), id);
        result["subject"]["reference"] = json!(reference);
        assert_eq!(rest.put(&format!("/Observation/{id}"), &result).status, 202);
    };
    about("k1", "Patient/d");
    about("k2", &format!("http://{}/fhir/Patient/d", platform.fhir()));
    about("k3", "https://ehr.example/pw/fhir/Patient/d");
    let entry = |id: &str, reference: &str| {
        let mut result = with_id(potassium("d", 4.1), id);
        result["subject"]["reference"] = json!(reference);
        json!({"resource": result, "request": {"method": "PUT", "url": format!("Observation/{id}")}})
    };
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        entry("k4", "https://ehr.example/pw/fhir/Patient/d/_history/1"),
        entry("k5", "https://other.example/fhir/Patient/d"),
    ]});
    assert_eq!(rest.post("", &bundle).status, 202);
    let subjects: Vec<Value> = ["k1", "k2", "k3", "k4", "k5"]
        .map(|id| {
            let event = wait_for("an event", || events(&site, id).pop());
            event.0["subject"]["reference"].clone()
        })
        .into();
    assert!(
        subjects[..4].iter().all(|one| *one == subjects[0]),
        "{subjects:?}"
    );
    assert_ne!(subjects[4], subjects[0]);
}

#[test]
fn a_search_finds_what_fhir_says_and_no_condition_makes_a_second_or_overwrites() {
    let site = Site::default();
    let (_platform, rest) = started(&site);
    let numbered = |id: &str, system: Option<&str>, value: &str| {
        let mut one = with_id(json!({"resourceType": "Basic", "code": {"text": "x"}}), id);
        one["identifier"] = json!([{"value": value}]);
        if let Some(system) = system {
            one["identifier"][0]["system"] = json!(system);
        }
        one
    };
    for one in [
        numbered("1", Some("urn:s"), "D1"),
        numbered("2", None, "D1"),
        numbered("3", Some("urn:s"), "D2"),
    ] {
        let place = format!("/Basic/{}", one["id"].as_str().unwrap());
        assert_eq!(rest.put(&place, &one).status, 202);
    }
    let total =
        |query: &str| rest.get(&format!("/Basic?identifier={query}")).json()["total"].clone();
    let found = [
        "D1",
        "%7CD1",
        "urn:s%7CD1",
        "urn:s%7CD1,urn:s%7CD2",
        "D2,D1",
        "urn:t%7CD1",
        "D3",
    ];
    assert_eq!(
        found.map(total),
        [2, 1, 1, 2, 3, 0, 0].map(|total| json!(total))
    );
    let new = |value: &str| {
        let mut new = numbered("", Some("urn:s"), "D2");
        new.as_object_mut().unwrap().remove("id");
        rest.ask(
            "POST",
            "/Basic",
            &[("If-None-Exist", value)],
            new.to_string().as_bytes(),
        )
    };
    let made = new("identifier=D2");
    assert_eq!((made.status, made.id()), (200, "3".to_owned()));
    assert_eq!(new("identifier=D1").status, 412);
    assert_eq!(new("identifier=urn:s|D1,urn:s|D2").status, 412);
    assert_eq!(
        rest.ask("DELETE", "/Basic?identifier=D1", &[], b"").status,
        412
    );
    let changed = numbered("3", Some("urn:s"), "D4").to_string();
    let only_new =
        |place: &str| rest.ask("PUT", place, &[("If-None-Match", "*")], changed.as_bytes());
    let refused = only_new("/Basic/3");
    assert_eq!(
        (refused.status, &refused.json()["issue"][0]["code"]),
        (412, &json!("conflict"))
    );
    assert_eq!(only_new("/Basic?identifier=D2").status, 412);
    assert_eq!(total("D4"), 0);
    assert_eq!(
        rest.ask("DELETE", "/Basic?identifier=D2", &[], b"").status,
        202
    );
    assert_eq!(only_new("/Basic/3").status, 202);
    assert_eq!(total("D4"), 1);
}

#[test]
fn what_leads_nowhere_is_of_another_release_or_no_element_is_told() {
    let site = Site::default();
    let (platform, rest) = started(&site);
    assert_eq!(
        rest.put("/Patient/f", &with_id(patient("f"), "f")).status,
        202
    );
    let mut lost = with_id(potassium("f", 7.1), "k1");
    lost["subject"]["reference"] = json!("urn:uuid:0c9b9c46-7bb6-4d9a-9f3e-0123456789ab");
    let entry = |resource: Value| {
        let url = format!("Observation/{}", resource["id"].as_str().unwrap());
        json!({"resource": resource, "request": {"method": "PUT", "url": url}})
    };
    let entries = [entry(lost), entry(with_id(potassium("f", 4.1), "k2"))];
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
    let answer = rest.post("", &bundle).json();
    let response = |number: usize| answer["entry"][number]["response"].clone();
    assert_eq!(response(0)["status"], "400");
    assert_eq!(response(0)["outcome"]["issue"][0]["code"], "not-found");
    assert_eq!(response(1)["status"], "202");
    let of = |kind: &str| {
        let body = potassium("f", 4.2).to_string();
        rest.ask(
            "POST",
            "/Observation",
            &[("Content-Type", kind)],
            body.as_bytes(),
        )
    };
    assert_eq!(of("application/fhir+json; fhirVersion=3.0").status, 415);
    assert_eq!(of("application/fhir+json; fhirVersion=4.0").status, 202);
    let mut wrong = with_id(potassium("f", 7.1), "k3");
    wrong["value"] = json!("7");
    let answer = rest.put("/Observation/k3", &wrong);
    let marks = answer.header("pulsewire-validation");
    assert_eq!(
        (answer.status, &*marks),
        (202, "Observation.value structure")
    );
    // What is no element takes nothing from what is one.
    wait_for("an alert", || {
        let alerts = told(&site, ALERTS);
        alerts.into_iter().find(|alert| alert.contains("critical"))
    });
    let mut wrong = with_id(potassium("f", 7.1), "k4");
    wrong["valueQuantity"] = json!("7");
    let answer = rest.put("/Observation/k4", &wrong);
    assert!(
        answer
            .header("pulsewire-validation")
            .starts_with("Observation.valueQuantity")
    );
    let aside = wait_for("what is set aside", || {
        let mut all = site.records_of_all("healthcare.").into_iter();
        all.find(|(topic, _)| topic.ends_with(".quarantine"))
    });
    let (topic, kept) = aside;
    assert_eq!(kept.header("reason"), "unreadable-resource", "{topic}");
    drop(platform);
}
