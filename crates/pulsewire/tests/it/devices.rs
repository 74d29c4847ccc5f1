//! Devices over HTTP: what each form becomes, that it is kept once, and what is refused.

use formats::device::packet::Packet;
use serde_json::{Value, json};

use crate::platform::{Platform, Site};
use crate::rest::{Answer, Rest};

const VITALS: &str = "healthcare.device.vitals";
const JSON: &str = "application/json";
const FHIR: &str = "application/fhir+json";
const HL7: &str = "x-application/hl7-v2+er7";

fn send(platform: &Platform, device: &str, kind: &str, body: &[u8]) -> Answer {
    let path = format!("/devices/{device}/measurements");
    let rest = Rest(platform.fhir());
    let answer = rest.try_ask_at("POST", &path, &[("Content-Type", kind)], body);
    answer.expect("it is answered")
}

/// Each sample that is kept: device, code, unit, value.
fn kept(site: &Site) -> Vec<String> {
    let packets = site.records(VITALS);
    let packets = packets
        .iter()
        .filter_map(|record| Packet::decode(record.bytes()).ok());
    let mut told: Vec<String> = packets
        .flat_map(|packet| {
            let device = packet.device;
            packet.series.into_iter().flat_map(move |series| {
                let device = device.clone();
                series.samples.into_iter().map(move |sample| {
                    let value = sample.value.map(|value| value.to_string());
                    let value = value.unwrap_or_default();
                    format!("{device} {} {} {value}", series.code.code, series.unit)
                })
            })
        })
        .collect();
    told.sort_unstable();
    told
}

fn sample(value: u32) -> Value {
    json!({"samples": [{"code": "MDC_ECG_HEART_RATE", "value": value, "unit": "/min", "at": "2026-03-01T09:00:00Z"}]})
}

fn sampled() -> Value {
    json!({
        "resourceType": "Observation", "status": "final",
        "code": {"coding": [{"system": "urn:iso:std:iso:11073:10101", "code": "150456"}]},
        "effectiveDateTime": "2026-03-01T09:00:00Z",
        "device": {"identifier": {"value": "bed-2"}},
        "valueSampledData": {
            "origin": {"value": 0, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
            "period": 1000, "dimensions": 1, "data": "97 96 95",
        },
    })
}

const PCD_01: &str = "MSH|^~\\&|PUMP^0012210000000001^EUI-64|ICU|||20260301090000+0000||ORU^R01^ORU_R01|P1|P|2.6|||NE|AL||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO\r\
    PID|||4711^^^EAST^MR||Testperson^Pump\r\
    OBR|1|||182777000^monitoring of patient^SCT|||20260301090000+0000\r\
    OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|88|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||20260301090000+0000||||bed-3\r";

#[test]
fn every_form_is_taken_and_kept_with_its_place() {
    let site = Site::default();
    let platform = site.start();
    let forms = [
        ("bed-1", JSON, sample(88).to_string()),
        ("bed-2", FHIR, sampled().to_string()),
        ("bed-3", HL7, PCD_01.to_owned()),
        (
            "bed%204",
            "Application/JSON; charset=utf-8",
            sample(89).to_string(),
        ),
    ];
    for (device, kind, body) in &forms {
        let answer = send(&platform, device, kind, body.as_bytes());
        assert_eq!(answer.status, 202, "{device} {}", answer.json());
        assert_eq!(answer.header("pulsewire-topic"), VITALS);
        let partition = answer.header("pulsewire-partition");
        let offset = answer.header("pulsewire-offset");
        let there = site.records(VITALS).into_iter().any(|record| {
            record.partition.to_string() == partition && record.offset.to_string() == offset
        });
        assert!(there, "{device} is at {partition} {offset}");
        // It is kept once, and the second answer names the same place.
        let again = send(&platform, device, kind, body.as_bytes());
        assert_eq!(again.status, 200, "{device}");
        assert_eq!(again.header("pulsewire-offset"), offset, "{device}");
        assert_eq!(again.json(), answer.json(), "{device}");
    }
    let expected = [
        "bed 4 147842 /min 89",
        "bed-1 147842 /min 88",
        "bed-2 150456 % 95",
        "bed-2 150456 % 96",
        "bed-2 150456 % 97",
        "bed-3 147842 /min 88",
    ];
    assert_eq!(kept(&site), expected);
    assert_eq!(
        platform.count(&["intake_received", "\"http\"", "Accepted"]),
        4
    );
    assert_eq!(
        platform.count(&["intake_received", "\"http\"", "Resent"]),
        4
    );
    platform.kill();
    let platform = site.start();
    let (device, kind, body) = &forms[0];
    assert_eq!(send(&platform, device, kind, body.as_bytes()).status, 200);
    assert_eq!(kept(&site), expected, "killed, it still knows what came");
}

#[test]
fn a_time_without_an_offset_is_of_the_message_or_of_the_zone_of_its_source() {
    let mut site = Site::default();
    site.set("source.default", "zone", "\"Europe/Berlin\"");
    let platform = site.start();
    let with = |header: &str, own: &str| {
        let message = PCD_01.replace("||20260301090000+0000||ORU", &format!("||{header}||ORU"));
        let message = message.replace("R|||20260301090000+0000", &format!("R|||{own}"));
        let answer = send(&platform, "gateway", HL7, message.as_bytes());
        assert_eq!(answer.status, 202, "{}", answer.json());
    };
    with("20260301110000", "20260301100000");
    with("20260701090000-0500", "20260301100001");
    with("20260701090000-0500", "20260301100002+0000");
    let mut times: Vec<i64> = site
        .records(VITALS)
        .iter()
        .filter_map(|record| Packet::decode(record.bytes()).ok())
        .flat_map(|packet| packet.series)
        .flat_map(|series| series.samples)
        .filter_map(|sample| sample.at)
        .map(|at| at / 1_000_000 - 1_772_355_600)
        .collect();
    times.sort_unstable();
    assert_eq!(times, [0, 3_602, 6 * 3_600 + 1]);
}

#[test]
fn what_a_device_says_of_its_patient_is_kept_beside_what_it_measured() {
    let site = Site::default();
    let platform = site.start();
    let mut said = sample(80);
    said["association"] = json!({
        "patient": {"authority": "EAST", "identifier": "4711"}, "from": "2026-03-01T08:00:00Z",
    });
    let answer = send(&platform, "bed-1", JSON, said.to_string().as_bytes());
    assert_eq!(answer.status, 202, "{}", answer.json());
    assert_eq!(answer.header("pulsewire-topic"), VITALS);
    let kept = answer.json()["parameter"].as_array().unwrap().len();
    assert_eq!(kept, 2, "the association and the packet, in one write");
    let association = site.records("healthcare.device.association");
    let association = association
        .iter()
        .filter(|record| !record.bytes().is_empty());
    assert_eq!(association.count(), 1);
}

#[test]
fn what_cannot_be_taken_of_a_device_is_refused_with_the_reason() {
    let mut site = Site::default();
    site.set("intake.http", "body_size", "\"2KiB\"");
    let platform = site.start();
    let check = |(device, kind, body): (&str, &str, &str), status: u16, words: &str| {
        let answer = send(&platform, device, kind, body.as_bytes());
        let told = answer.json();
        assert_eq!(answer.status, status, "{body}: {told}");
        assert_eq!(told["resourceType"], "OperationOutcome");
        let said = told["issue"][0]["diagnostics"].as_str().unwrap();
        assert!(said.contains(words), "{said}");
    };
    let good = sample(1).to_string();
    check(("bed-1", JSON, "{"), 400, "device-malformed");
    check(("bed-1", JSON, "{}"), 400, "device-empty");
    check(("bed-1", JSON, ""), 400, "device-");
    let of_another = json!({"device": "bed-2", "samples": sample(1)["samples"]});
    check(("bed-1", JSON, &of_another.to_string()), 400, "device-");
    let unknown = json!({"samples": sample(1)["samples"], "patient": "4711"});
    check(
        ("bed-1", JSON, &unknown.to_string()),
        400,
        "device-malformed",
    );
    check(
        ("bed-1", FHIR, r#"{"resourceType":"Patient"}"#),
        400,
        "device-",
    );
    check(("bed-1", HL7, "MSH|^~\\&|A\r"), 400, "device-");
    check(
        ("bed-1", "application/fhir+xml", "<a/>"),
        415,
        "application/json",
    );
    check(("bed-1", "", &good), 415, "application/json");
    check(("a%00b", JSON, &good), 404, "names no device");
    check(("bed-1", JSON, &" ".repeat(2049)), 413, "body_size");
    let rest = Rest(platform.fhir());
    let answer = rest.try_ask_at("GET", "/devices/bed-1/measurements", &[], b"");
    assert_eq!(answer.unwrap().status, 405);
    let spoof = [("Content-Type", JSON), ("X-Pulsewire-Source", "nobody")];
    let path = "/devices/bed-1/measurements";
    let answer = rest.try_ask_at("POST", path, &spoof, good.as_bytes());
    assert_eq!(answer.unwrap().status, 400);
    assert_eq!(kept(&site), Vec::<String>::new());
}
