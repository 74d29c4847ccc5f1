//! FHIR over HTTP against the running platform: written, read back, concluded from, refused, raced and killed.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::platform::{Platform, Site};
use crate::rest::{Answer, Rest};
use crate::setting::{now, wait_for};

const RAW: &str = "healthcare.fhir.received";

pub(crate) fn started(site: &Site) -> (Platform, Rest) {
    let platform = site.start();
    let rest = Rest(platform.fhir());
    (platform, rest)
}

pub(crate) fn patient(number: &str) -> Value {
    json!({
        "resourceType": "Patient",
        "identifier": [{"system": "http://east.example/mrn", "value": number}],
        "gender": "female",
    })
}

/// A potassium result of a patient, critical where it is high.
pub(crate) fn potassium(patient: &str, value: f64) -> Value {
    let taken = now().minus(Duration::from_secs(300)).to_string();
    json!({
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "subject": {"reference": format!("Patient/{patient}")},
        "effectiveDateTime": taken,
        "issued": taken,
        "valueQuantity": {"value": value, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
    })
}

fn kept(site: &Site) -> usize {
    site.records(RAW).len()
}

fn code(answer: &Answer) -> String {
    let issue = &answer.json()["issue"][0]["code"];
    format!("{} {}", answer.status, issue.as_str().unwrap_or_default())
}

#[test]
fn what_is_created_becomes_an_event_and_an_alert_and_is_read_back() {
    let site = Site::default();
    let (platform, rest) = started(&site);
    let created = rest.post("/Patient", &patient("4711"));
    assert_eq!(created.status, 202, "{created:?}");
    assert_eq!(created.header("pulsewire-topic"), RAW);
    assert_eq!(created.header("etag"), "W/\"1\"");
    let id = created.id();
    assert_eq!(created.json()["id"], id.as_str());
    let result = rest.post("/Observation", &potassium(&id, 6.9));
    assert_eq!(result.status, 202, "{result:?}");
    let read = rest.get(&format!("/Observation/{}", result.id()));
    assert_eq!(
        (read.status, read.json()["meta"]["versionId"].as_str()),
        (200, Some("1"))
    );
    let found = rest
        .get("/Patient?identifier=http://east.example/mrn%7C4711")
        .json();
    assert_eq!(
        (&found["total"], &found["entry"][0]["resource"]["id"]),
        (&json!(1), &json!(id))
    );
    assert_eq!(
        rest.get("/Patient?identifier=http://east.example/mrn%7C4712")
            .json()["total"],
        0
    );
    wait_for("an alert", || {
        let alerts = site.records("healthcare.events.care-alert");
        let news = alerts
            .iter()
            .map(|kept| String::from_utf8_lossy(kept.bytes()).into_owned());
        news.into_iter().find(|alert| alert.contains("critical"))
    });
    let events = site.records("healthcare.fhir.observation");
    let event: Value = serde_json::from_slice(events[0].bytes()).unwrap();
    let key = event["subject"]["reference"].as_str().unwrap();
    assert_eq!(key.len(), "Patient/".len() + 32, "{key}");
    assert_eq!(events[0].header("source-system"), "default");
    // That it was read back is written down.
    assert!(!site.records("healthcare.audit").is_empty());
    drop(platform);
}

#[test]
fn a_resource_is_changed_as_long_as_nobody_changed_it_meanwhile_and_deleted() {
    let site = Site::default();
    let (_platform, rest) = started(&site);
    let mut one = patient("1");
    one["id"] = json!("p1");
    let place = "/Patient/p1";
    assert_eq!(rest.put(place, &one).status, 202);
    // The same again: its sender did not hear the answer.
    let again = rest.put(place, &one);
    assert_eq!(
        (again.status, again.header("etag")),
        (200, "W/\"1\"".to_owned())
    );
    assert_eq!(kept(&site), 1);
    one["gender"] = json!("male");
    let body = one.to_string();
    let with = |version: &str, body: &str| {
        rest.ask("PUT", place, &[("If-Match", version)], body.as_bytes())
    };
    assert_eq!(code(&with("W/\"7\"", &body)), "412 conflict");
    assert_eq!(with("W/\"1\"", &body).header("etag"), "W/\"2\"");
    assert_eq!(
        code(&with("W/\"1\"", &patient("1").to_string())),
        "412 conflict"
    );
    assert_eq!(rest.ask("DELETE", place, &[], b"").status, 202);
    assert_eq!(rest.ask("DELETE", place, &[], b"").status, 200);
    assert_eq!(code(&rest.get(place)), "410 deleted");
    assert_eq!(
        rest.get("/Patient?identifier=http://east.example/mrn%7C1")
            .json()["total"],
        0
    );
    // What was deleted may come again.
    assert_eq!(rest.put(place, &one).header("etag"), "W/\"4\"");
    let by_identifier = "/Patient?identifier=http://east.example/mrn%7C1";
    one["active"] = json!(true);
    assert_eq!(rest.put(by_identifier, &one).header("etag"), "W/\"5\"");
    assert_eq!(rest.ask("DELETE", by_identifier, &[], b"").status, 202);
    assert_eq!(rest.ask("DELETE", by_identifier, &[], b"").status, 200);
}

#[test]
fn what_cannot_be_taken_is_refused_with_a_code_and_words() {
    let site = Site::default();
    let (_platform, rest) = started(&site);
    let post = |path: &str, body: &str| code(&rest.ask("POST", path, &[], body.as_bytes()));
    assert_eq!(
        post(
            "/Patient",
            "{\"resourceType\":\"Patient\",\"id\":\"1\",\"id\":\"2\"}"
        ),
        "400 structure"
    );
    assert_eq!(post("/Patient", "no JSON"), "400 structure");
    let deep = format!(
        "{{\"resourceType\":\"Patient\",\"x\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(post("/Patient", &deep), "400 too-costly");
    assert_eq!(
        post(
            "/Patient",
            "{\"resourceType\":\"Patient\",\"multipleBirthInteger\":1e999999}"
        ),
        "400 value"
    );
    assert_eq!(
        post(
            "/Patient",
            "{\"resourceType\":\"Patient\",\"language\":\"\\ud800\"}"
        ),
        "400 structure"
    );
    assert_eq!(
        post("/Patient", "{\"resourceType\":\"Observation\"}"),
        "400 invalid"
    );
    assert_eq!(post("/Nobody", "{}"), "404 not-found");
    assert_eq!(post("/nowhere/at/all", "{}"), "404 not-found");
    let xml = rest.ask(
        "POST",
        "/Patient",
        &[("Content-Type", "application/fhir+xml")],
        b"<Patient/>",
    );
    assert_eq!(code(&xml), "415 not-supported");
    let patch = rest.ask("PATCH", "/Patient/1", &[], b"{}");
    assert_eq!(
        (patch.status, patch.header("allow").as_str()),
        (405, "GET, PUT, DELETE")
    );
    let page = rest.ask(
        "POST",
        "/Patient",
        &[("Origin", "http://evil.example")],
        b"{}",
    );
    assert_eq!(code(&page), "403 forbidden");
    let nobody = rest.ask(
        "POST",
        "/Patient",
        &[("X-Pulsewire-Source", "nobody")],
        b"{}",
    );
    assert_eq!(code(&nobody), "400 value");
    assert_eq!(code(&rest.get("/Patient/none")), "404 not-found");
    assert_eq!(
        rest.get("/metadata").json()["resourceType"],
        "CapabilityStatement"
    );
    assert_eq!(rest.get("/openapi.json").json()["openapi"], "3.1.0");
    assert_eq!(kept(&site), 0);
}

#[test]
fn a_type_whose_setting_is_to_reject_is_refused_where_it_is_not_valid() {
    let mut site = Site::default();
    site.set("validation.Patient", "mode", "\"reject\"");
    let (_platform, rest) = started(&site);
    let wrong = json!({"resourceType": "Patient", "gender": "F"});
    assert_eq!(code(&rest.post("/Patient", &wrong)), "422 code-invalid");
    let warned = json!({"resourceType": "Observation", "status": "none"});
    let prefer = [("Prefer", "return=OperationOutcome")];
    let told = rest.ask(
        "POST",
        "/Observation",
        &prefer,
        warned.to_string().as_bytes(),
    );
    assert_eq!(told.status, 202);
    assert_eq!(told.json()["issue"][0]["severity"], "error");
    let minimal = [("Prefer", "return=minimal")];
    let told = rest.ask(
        "POST",
        "/Patient",
        &minimal,
        patient("1").to_string().as_bytes(),
    );
    assert_eq!((told.status, told.body.len()), (202, 0));
    assert_eq!(kept(&site), 2);
}

#[test]
fn a_measurement_that_cannot_be_true_is_refused_where_the_site_says_so() {
    let mut site = Site::default();
    site.set("plausibility.impossible-value", "action", "\"reject\"");
    site.set("plausibility.from-future", "action", "\"reject\"");
    let (platform, rest) = started(&site);
    let saturation = |value: u32, at: &str| {
        json!({
            "resourceType": "Observation", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "59408-5"}]},
            "subject": {"identifier": {"system": "urn:x", "value": "7"}},
            "effectiveDateTime": at,
            "valueQuantity": {"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
        })
    };
    let then = "2026-03-01T09:00:00Z";
    let refused = rest.post("/Observation", &saturation(104, then));
    assert_eq!(code(&refused), "422 value");
    let words = refused.json()["issue"][0]["diagnostics"].to_string();
    assert!(words.contains("impossible-value"), "{words}");
    let ahead = rest.post("/Observation", &saturation(97, "2200-03-01T09:00:00Z"));
    assert_eq!(code(&ahead), "422 value");
    let words = ahead.json()["issue"][0]["diagnostics"].to_string();
    assert!(words.contains("from-future"), "{words}");
    let entries = [
        entry("urn:uuid:1", "POST", "Observation", saturation(104, then)),
        entry("urn:uuid:2", "POST", "Observation", saturation(97, then)),
    ];
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
    let told = rest.post("", &bundle).json();
    let status = |number: usize| told["entry"][number]["response"]["status"].to_string();
    assert!(status(0).contains("422"), "{told}");
    assert!(status(1).contains("202"), "{told}");
    // What is withdrawn is not judged, and a doubt whose rule is not to reject is normalize's.
    let mut withdrawn = saturation(104, then);
    withdrawn["status"] = json!("entered-in-error");
    assert_eq!(rest.post("/Observation", &withdrawn).status, 202);
    assert_eq!(kept(&site), 2);
    let refused = ["normalize_implausible_measurements", "refused"];
    assert_eq!(platform.count(&refused), 3);
}

fn entry(url: &str, method: &str, to: &str, resource: Value) -> Value {
    json!({"fullUrl": url, "resource": resource, "request": {"method": method, "url": to}})
}

#[test]
fn a_transaction_is_kept_whole_or_not_at_all() {
    let site = Site::default();
    let (_platform, rest) = started(&site);
    let mut result = potassium("x", 4.1);
    result["subject"]["reference"] = json!("urn:uuid:1b3c0a52-7d7c-4f4e-8d0b-000000000001");
    let entries = |second: Value| {
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            entry("urn:uuid:1b3c0a52-7d7c-4f4e-8d0b-000000000002", "POST", "Observation", second),
            entry("urn:uuid:1b3c0a52-7d7c-4f4e-8d0b-000000000001", "POST", "Patient", patient("9")),
        ]})
    };
    let mut dangling = result.clone();
    dangling["subject"]["reference"] = json!("urn:uuid:1b3c0a52-7d7c-4f4e-8d0b-00000000000f");
    assert_eq!(rest.post("", &entries(dangling)).status, 400);
    assert_eq!(kept(&site), 0);
    let answer = rest.post("", &entries(result));
    assert_eq!(answer.status, 202, "{answer:?}");
    let answer = answer.json();
    assert_eq!(answer["type"], "transaction-response");
    let written = &answer["entry"];
    let to = written[0]["resource"]["subject"]["reference"]
        .as_str()
        .unwrap();
    assert_eq!(
        to,
        format!("Patient/{}", written[1]["resource"]["id"].as_str().unwrap())
    );
    let records = site.records(RAW);
    assert_eq!(records.len(), 2);
    // Both are kept under the key that the patient's identifier has.
    assert_eq!(records[0].record.key, records[1].record.key);
}

#[test]
fn each_entry_of_a_batch_is_done_by_itself() {
    let site = Site::default();
    let (_platform, rest) = started(&site);
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"resource": patient("1"), "request": {"method": "POST", "url": "Patient"}},
        {"resource": patient("2"), "request": {"method": "POST", "url": "Observation"}},
        {"request": {"method": "GET", "url": "Patient/1"}},
    ]});
    let answer = rest.post("", &batch);
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    let statuses: Vec<_> = answer["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["response"]["status"].clone())
        .collect();
    assert_eq!(statuses, ["202", "400", "400"]);
    assert_eq!(kept(&site), 1);
}

#[test]
fn a_hundred_conditional_creations_at_once_make_one_resource() {
    let site = Site::default();
    let (_platform, rest) = started(&site);
    let condition = [("If-None-Exist", "identifier=http://east.example/mrn%7C77")];
    let body = patient("77").to_string();
    let racers: Vec<_> = (0..100)
        .map(|_| {
            let body = body.clone();
            std::thread::spawn(move || rest.ask("POST", "/Patient", &condition, body.as_bytes()))
        })
        .collect();
    let answers: Vec<Answer> = racers
        .into_iter()
        .map(|racer| racer.join().unwrap())
        .collect();
    let created = answers.iter().filter(|answer| answer.status == 202).count();
    let found = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((created, found), (1, 99));
    assert!(answers.iter().all(|answer| answer.id() == answers[0].id()));
    assert_eq!(kept(&site), 1);
    // A creation with a key is done once, too.
    let key = [("Idempotency-Key", "order-7")];
    let first = rest.ask("POST", "/Patient", &key, body.as_bytes());
    let second = rest.ask("POST", "/Patient", &key, body.as_bytes());
    assert_eq!((first.status, second.status), (202, 200));
    assert_eq!(first.id(), second.id());
    let other = rest.ask(
        "POST",
        "/Patient",
        &key,
        patient("78").to_string().as_bytes(),
    );
    assert_eq!(code(&other), "409 duplicate");
}

#[test]
fn bodies_have_limits_packed_and_unpacked() {
    let mut site = Site::default();
    site.set("intake.http", "body_size", "\"4KiB\"");
    site.set("intake.http", "unpacked_size", "\"8KiB\"");
    let (_platform, rest) = started(&site);
    let of_size = |size: usize| {
        let empty = json!({"resourceType": "Basic", "code": {"text": ""}}).to_string();
        let text = "x".repeat(size - empty.len());
        json!({"resourceType": "Basic", "code": {"text": text}}).to_string()
    };
    let post =
        |body: &[u8], headers: &[(&str, &str)]| rest.ask("POST", "/Basic", headers, body).status;
    assert_eq!(post(of_size(4095).as_bytes(), &[]), 202);
    assert_eq!(post(of_size(4096).as_bytes(), &[]), 202);
    assert_eq!(post(of_size(4097).as_bytes(), &[]), 413);
    let pack = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let packed = [("Content-Encoding", "gzip")];
    let text: String = (0..2000)
        .map(|n: u32| char::from(b'a' + u8::try_from(n * n % 23).unwrap()))
        .collect();
    let small = json!({"resourceType": "Basic", "code": {"text": text}}).to_string();
    assert_eq!(post(&pack(small.as_bytes()), &packed), 202);
    assert_eq!(post(&pack(&vec![b' '; 256 << 20][..]), &packed), 413);
    assert_eq!(post(b"no gzip", &packed), 400);
    assert_eq!(post(small.as_bytes(), &[("Content-Encoding", "br")]), 415);
}

#[test]
fn lines_are_taken_one_by_one_and_the_wrong_ones_named() {
    let site = Site::default();
    let (_platform, rest) = started(&site);
    let mut lines: Vec<String> = (0..450)
        .map(|n| {
            let mut one = patient(&n.to_string());
            one["id"] = json!(format!("p{n}"));
            one.to_string()
        })
        .collect();
    lines[7] = "{\"resourceType\":\"Nobody\"}".to_owned();
    lines[300] = "{".to_owned();
    let kind = [("Content-Type", "application/fhir+ndjson")];
    let import = || {
        rest.ask(
            "POST",
            "/$import-ndjson",
            &kind,
            lines.join("\n").as_bytes(),
        )
    };
    let counts = |answer: &Answer| {
        let parameters = answer.json()["parameter"].clone();
        let all = parameters.as_array().unwrap().iter();
        all.filter_map(|one| one["valueString"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let first = import();
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(counts(&first), ["450", "448", "0", "2"]);
    let named = &first.json()["parameter"][4]["part"];
    assert_eq!(
        (&named[0]["valueString"], &named[1]["valueString"]),
        (&json!("8"), &json!("not-supported"))
    );
    // What comes again makes nothing twice.
    assert_eq!(counts(&import()), ["450", "0", "448", "2"]);
    assert_eq!(kept(&site), 448);
}

#[test]
fn nothing_acknowledged_is_lost_when_it_is_killed() {
    let site = Site::default();
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let (platform, rest) = started(&site);
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                std::thread::spawn(move || {
                    let mut told = Vec::new();
                    for number in 0.. {
                        let id = format!("r{round}-w{writer}-{number}");
                        let mut one = patient(&id);
                        one["id"] = json!(id);
                        let body = one.to_string();
                        let answer =
                            rest.try_ask("PUT", &format!("/Patient/{id}"), &[], body.as_bytes());
                        match answer {
                            Some(answer) => {
                                assert_eq!(answer.status, 202);
                                told.push(id);
                            }
                            None => break,
                        }
                    }
                    told
                })
            })
            .collect();
        wait_for("some to be acknowledged", || {
            (platform.count(&["pulsewire_intake_received_total{"]) > 40).then_some(())
        });
        platform.kill();
        for writer in writers {
            acknowledged.extend(writer.join().unwrap());
        }
    }
    assert!(acknowledged.len() > 100);
    let (_platform, rest) = started(&site);
    for id in &acknowledged {
        assert_eq!(rest.get(&format!("/Patient/{id}")).status, 200, "{id}");
    }
}
