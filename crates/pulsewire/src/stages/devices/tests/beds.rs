//! Who lies at a bed is on the devices that stand there.

use super::*;

const BED: &str = "ICU / 12 / A";

fn patient(number: u8) -> PatientKey {
    PatientKey::from_bytes([number; 16])
}

impl World {
    /// What is now known of a patient's stay, with where they are.
    fn stays(&mut self, at: i64, number: u8, status: &str, place: &str) {
        let json = format!(
            r#"{{"resourceType":"Encounter","id":"e{number}","status":"{status}","location":[{{"location":{{"display":"ICU / 11 / B"}},"status":"completed"}},{{"location":{{"reference":"Location/1","display":"{place}"}},"status":"active"}}]}}"#
        );
        self.resource("Encounter", patient(number), at, json);
    }

    fn resource(&mut self, kind: &str, key: PatientKey, at: i64, json: String) {
        self.messages += 1;
        let key = key.as_bytes().to_vec();
        let id = Some(self.messages);
        self.put((&topics::fhir(kind), key), at, Some(json.into_bytes()), id);
        while self.task.run_once(100).unwrap().records > 0 {}
    }

    /// Whom what was told: the patient's number, the value and the status.
    fn told_by_key(&self) -> String {
        let records = self.read(topics::FHIR_RECEIVED);
        let lines = records.iter().map(|record| {
            let json: serde_json::Value =
                serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
            let key = PatientKey::from_slice(&record.key).unwrap();
            assert_eq!(json["subject"]["reference"], format!("Patient/{key}"));
            let value = &json["valueQuantity"]["value"];
            format!(
                "{} {value} {}",
                key.as_bytes()[0],
                json["status"].as_str().unwrap()
            )
        });
        lines.collect::<Vec<_>>().join(", ")
    }
}

#[test]
fn who_lies_at_a_devices_bed_is_on_it_until_they_leave() {
    let mut world = World::new();
    world.stays(0, 1, "in-progress", BED);
    world.measures(MINUTE, 80);
    world.stays(2 * MINUTE, 1, "in-progress", "ICU / 14 / C");
    world.measures(3 * MINUTE, 90);
    world.stays(4 * MINUTE, 2, "in-progress", BED);
    world.measures(270 * 1_000_000, 100);
    world.passes(6 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final, 2 100 final");
    world.stays(7 * MINUTE, 2, "finished", BED);
    world.measures(8 * MINUTE, 110);
    world.passes(20 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final, 2 100 final");
}

#[test]
fn what_is_said_again_of_a_stay_says_nothing_new_of_its_devices() {
    let mut world = World::new();
    world.stays(0, 1, "arrived", BED);
    world.stays(MINUTE, 1, "in-progress", BED);
    world.passes(2 * MINUTE);
    let said = world.read(topics::DEVICE_ASSOCIATION);
    let said = said.iter().filter(|record| record.value.is_some());
    assert_eq!(said.count(), 1);
}

#[test]
fn an_admission_that_was_none_takes_back_what_was_measured() {
    let mut world = World::new();
    world.stays(0, 1, "in-progress", BED);
    world.measures(MINUTE, 80);
    world.passes(6 * MINUTE);
    world.stays(7 * MINUTE, 1, "cancelled", BED);
    world.stays(7 * MINUTE, 2, "in-progress", BED);
    world.passes(8 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final, 1 80 entered-in-error");
}

#[test]
fn a_device_that_names_its_patient_is_on_them() {
    let mut world = World::new();
    let device = |patient: Option<PatientKey>| {
        let patient = patient.map_or_else(String::new, |key| {
            format!(r#","patient":{{"reference":"Patient/{key}"}}"#)
        });
        format!(
            r#"{{"resourceType":"Device","id":"d","identifier":[{{"value":"bed-12"}}],"status":"active"{patient}}}"#
        )
    };
    world.resource("Device", patient(1), 0, device(Some(patient(1))));
    world.measures(MINUTE, 80);
    world.resource("Device", patient(9), 2 * MINUTE, device(None));
    world.measures(3 * MINUTE, 90);
    world.passes(10 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final");
}

#[test]
fn where_a_patient_lies_is_remembered_byte_for_byte() {
    let mut state = State::default();
    let encounter = br#"{"resourceType":"Encounter","id":"e","status":"arrived","location":[{"location":{"display":"ICU / 12 / A"}}]}"#;
    let places = Places::parse("ICU / 12 / A\ticu\tbed-12\n").unwrap();
    let said = state.lies(patient(1), Raw::read(encounter).unwrap(), 5, &places);
    assert_eq!(said.len(), 1);
    let mut bytes = Vec::new();
    state.encode(&mut bytes);
    assert_eq!(State::decode(&bytes), Some(state));
}
