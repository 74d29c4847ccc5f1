//! What is told in codes and what in words alone: units, and who gives a patient's number.

use super::*;

/// What is told of a heart rate in a unit, of a patient whose number somebody gives.
fn told_of(unit: &str, authority: &str) -> serde_json::Value {
    let mut world = World::new();
    world.associates_by(authority, (0, Some("7"), -MINUTE));
    let series = Series {
        unit: unit.into(),
        ..world.series(HEART_RATE, &[(MINUTE, 80)])
    };
    world.says(MINUTE, None, vec![series]);
    world.passes(6 * MINUTE);
    let told = world.read(topics::FHIR_RECEIVED);
    let [record] = &told[..] else {
        panic!("one is told")
    };
    let bytes = record.value.as_deref().unwrap();
    assert_eq!(formats::fhir::validate::validate(bytes), []);
    let key = SiteKey::new([7; 32]).patient(authority, "7");
    let json: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(json["subject"]["reference"], format!("Patient/{key}"));
    assert_eq!(&*record.key, key.as_bytes());
    json
}

#[test]
fn a_unit_has_a_code_where_ucum_is_known_to_have_it() {
    for (unit, code) in [
        ("/min", Some("/min")),
        ("bpm", Some("/min")),
        ("mmHg", Some("mm[Hg]")),
        ("mV", Some("mV")),
        ("mL/h", Some("mL/h")),
        ("Hz", Some("Hz")),
        ("L", Some("L")),
        ("1/min", Some("1/min")),
        ("cc/hr", None),
        ("beats a minute", None),
        ("", None),
    ] {
        let value = &told_of(unit, "H")["valueQuantity"];
        assert_eq!(value["code"].as_str(), code, "{unit}");
        let system = code.map(|_| "http://unitsofmeasure.org");
        assert_eq!(value["system"].as_str(), system, "{unit}");
        assert_eq!(value["unit"].as_str().unwrap_or_default(), unit);
    }
}

#[test]
fn who_gives_a_number_is_a_system_only_as_a_uri() {
    for (authority, is_system) in [
        ("http://hospital.example/mrn", true),
        ("urn:oid:2.16.840.1", true),
        ("GOOD HEALTH", false),
        ("2.16.840.1", false),
    ] {
        let identifier = &told_of("/min", authority)["subject"]["identifier"];
        assert_eq!(identifier["value"], "7");
        let (system, words) = (&identifier["system"], &identifier["assigner"]["display"]);
        let given = if is_system { system } else { words };
        assert_eq!(given, authority);
        assert!(system.is_null() || words.is_null());
    }
}

#[test]
fn what_a_meter_measures_is_told_and_what_no_rule_knows_is_said_once() {
    let told_of = |code: &str| {
        let mut world = World::new();
        world.associates_by("H", (0, Some("7"), -MINUTE));
        for at in [MINUTE, 20 * MINUTE] {
            let series = world.series(code, &[(at, 38)]);
            world.says(at, None, vec![series]);
            world.passes(at + 10 * MINUTE);
        }
        let told = world.read(topics::FHIR_RECEIVED).len();
        // What is heard of now and then is silent in between.
        let mut findings = world.findings();
        findings.retain(|finding| !finding.starts_with("silent"));
        (told, findings)
    };
    for code in [
        "41653-7",
        "2339-0",
        "2345-7",
        "15074-8",
        "2708-6",
        "29463-7",
        "MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD",
        "160184",
    ] {
        let (told, findings) = told_of(code);
        assert_eq!((told, findings.len()), (2, 0), "{code}: {findings:?}");
    }
    assert_eq!(told_of("3141-9"), (0, vec!["no-rule noted".to_owned()]));
}
