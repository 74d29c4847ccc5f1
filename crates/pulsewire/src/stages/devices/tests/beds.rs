//! Who lies at a bed is on the devices that stand there.

use super::*;

pub(super) const BED: &str = "ICU / 12 / A";

pub(super) fn patient(number: u8) -> PatientKey {
    PatientKey::from_bytes([number; 16])
}

impl World {
    /// What is now known of a patient's stay, with where they are.
    pub(super) fn stays(&mut self, at: i64, number: u8, status: &str, place: &str) {
        let json = format!(
            r#"{{"resourceType":"Encounter","id":"e{number}","status":"{status}","location":[{{"location":{{"display":"ICU / 11 / B"}},"status":"completed"}},{{"location":{{"reference":"Location/1","display":"{place}"}},"status":"active"}}]}}"#
        );
        self.resource("Encounter", patient(number), at, json);
    }

    pub(super) fn resource(&mut self, kind: &str, key: PatientKey, at: i64, json: String) {
        self.said(kind, key, (at, at), json);
    }

    /// A resource that was so at one time, and came at another.
    pub(super) fn said(
        &mut self,
        kind: &str,
        key: PatientKey,
        (at, came): (i64, i64),
        json: String,
    ) {
        self.messages += 1;
        let key = key.as_bytes().to_vec();
        let id = Some(self.messages);
        let times = (at, came);
        self.put(
            (&topics::fhir(kind), key),
            times,
            Some(json.into_bytes()),
            id,
        );
        while self.task.run_once(100).unwrap().records > 0 {}
    }

    /// Whom what was told: the patient's number, the value and the status.
    pub(super) fn told_by_key(&self) -> String {
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
fn a_move_that_is_called_off_never_was_and_whoever_lay_there_lies_there() {
    let mut world = World::new();
    world.stays(0, 1, "in-progress", BED);
    world.measures(MINUTE, 80);
    // Moved here by mistake, while the other lies here.
    let elsewhere = |place: &str, left: &str| {
        let left = match left {
            "" => String::new(),
            left => {
                format!(r#"{{"location":{{"display":"{left}"}},"status":"completed"}},"#)
            }
        };
        format!(
            r#"{{"resourceType":"Encounter","id":"e2","status":"in-progress","location":[{left}{{"location":{{"display":"{place}"}},"status":"active"}}]}}"#
        )
    };
    world.resource("Encounter", patient(2), 0, elsewhere("ICU / 14 / C", ""));
    let moved = elsewhere(BED, "ICU / 14 / C");
    world.resource("Encounter", patient(2), 2 * MINUTE, moved);
    world.measures(3 * MINUTE, 90);
    world.passes(6 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final, 2 90 final");
    let back = elsewhere("ICU / 14 / C", "");
    world.resource("Encounter", patient(2), 7 * MINUTE, back);
    world.passes(8 * MINUTE);
    assert_eq!(
        world.told_by_key(),
        "1 80 final, 2 90 final, 2 90 entered-in-error"
    );
    world.measures(8 * MINUTE, 100);
    world.passes(12 * MINUTE);
    assert!(world.told_by_key().ends_with(", 1 100 final"));
}

#[test]
fn a_move_back_ends_the_time_between() {
    let mut world = World::new();
    let at = |place: &str, left: &str| {
        format!(
            r#"{{"resourceType":"Encounter","id":"e1","status":"in-progress","location":[{{"location":{{"display":"{left}"}},"status":"completed"}},{{"location":{{"display":"{place}"}},"status":"active"}}]}}"#
        )
    };
    world.resource("Encounter", patient(1), 0, at("WARD", "ED"));
    world.resource("Encounter", patient(1), MINUTE, at(BED, "WARD"));
    world.measures(2 * MINUTE, 80);
    world.resource("Encounter", patient(1), 3 * MINUTE, at("WARD", BED));
    world.measures(4 * MINUTE, 90);
    world.passes(10 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final");
}

/// A stay whose Encounter is kept by a server, which says when the visit began and not when somebody moved.
pub(super) fn kept_by_a_server(number: u8, begin: &str, locations: &str) -> String {
    format!(
        r#"{{"resourceType":"Encounter","id":"e{number}","status":"in-progress","period":{{"start":"{begin}"}},"location":[{locations}]}}"#
    )
}

#[test]
fn a_move_that_has_no_time_is_when_it_was_said_and_not_when_the_visit_began() {
    let mut world = World::new();
    let (begin, start) = ("2026-03-01T08:00:00Z", -60 * MINUTE);
    let at = |place: &str| {
        let place = format!(r#"{{"location":{{"display":"{place}"}}}}"#);
        kept_by_a_server(2, begin, &place)
    };
    world.stays(-30 * MINUTE, 1, "in-progress", BED);
    world.said("Encounter", patient(2), (start, 0), at("WARD"));
    world.measures(MINUTE, 80);
    world.stays(2 * MINUTE, 1, "finished", BED);
    world.said("Encounter", patient(2), (start, 3 * MINUTE), at(BED));
    world.measures(4 * MINUTE, 90);
    world.passes(10 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final, 2 90 final");
}

#[test]
fn a_time_at_a_bed_that_is_put_right_is_told_anew() {
    let mut world = World::new();
    let begin = "2026-03-01T09:00:00Z";
    let since = |start: &str| {
        let place = format!(
            r#"{{"location":{{"display":"{BED}"}},"status":"active","period":{{"start":"{start}"}}}}"#
        );
        kept_by_a_server(1, begin, &place)
    };
    world.said(
        "Encounter",
        patient(1),
        (0, 0),
        since("2026-03-01T09:02:00Z"),
    );
    world.measures(MINUTE, 80);
    world.measures(3 * MINUTE, 90);
    world.passes(6 * MINUTE);
    assert_eq!(world.told_by_key(), "1 90 final");
    let put_right = since("2026-03-01T09:00:30Z");
    world.said("Encounter", patient(1), (0, 7 * MINUTE), put_right);
    world.passes(8 * MINUTE);
    assert_eq!(world.told_by_key(), "1 90 final, 1 80 amended");
    // All that a server knows of where they were, said at once.
    let place = format!(
        r#"{{"location":{{"display":"{BED}"}},"status":"completed","period":{{"start":"2026-03-01T09:02:30Z","end":"2026-03-01T09:03:30Z"}}}},{{"location":{{"display":"WARD"}},"status":"active","period":{{"start":"2026-03-01T09:03:30Z"}}}}"#
    );
    let whole = kept_by_a_server(1, begin, &place);
    world.said("Encounter", patient(1), (0, 9 * MINUTE), whole);
    world.passes(10 * MINUTE);
    assert!(world.told_by_key().ends_with(", 1 90 amended"));
}

#[test]
fn who_is_on_leave_is_not_on_the_devices_of_the_bed() {
    let mut world = World::new();
    world.stays(0, 1, "in-progress", BED);
    world.measures(MINUTE, 80);
    world.stays(2 * MINUTE, 1, "onleave", BED);
    world.measures(3 * MINUTE, 90);
    world.stays(7 * MINUTE, 1, "in-progress", BED);
    world.measures(8 * MINUTE, 100);
    world.passes(20 * MINUTE);
    assert_eq!(world.told_by_key(), "1 80 final, 1 100 final");
}

#[test]
fn what_overtook_what_was_said_before_it_decides_nothing() {
    let words = [(0, "WARD"), (MINUTE, BED), (3 * MINUTE, "OTHER")];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut world = World::new();
        world.measures(2 * MINUTE, 80);
        world.measures(4 * MINUTE, 90);
        for (number, place) in (5_i64..).zip(order) {
            let (at, name) = words[place];
            let json = format!(
                r#"{{"resourceType":"Encounter","id":"e1","status":"in-progress","location":[{{"location":{{"display":"{name}"}},"status":"active"}}]}}"#
            );
            world.moment = Some(Shows {
                message: at.cast_unsigned(),
                said: EventTime::from_micros(world.zero + at),
                known: ReceivedTime::from_micros(world.zero + number * MINUTE),
                backfill: false,
                undoes: false,
            });
            world.said("Encounter", patient(1), (at, number * MINUTE), json);
        }
        world.passes(12 * MINUTE);
        let told = world.told_by_key();
        assert!(
            told.ends_with("1 80 final") || told.ends_with("1 80 amended"),
            "{order:?}: {told}"
        );
    }
}

#[test]
fn what_the_first_versions_knew_of_a_stay_is_read() {
    let mut out = formats::device::avro::Encoder(Vec::new());
    out.long(2);
    out.text("");
    out.text("");
    (0..4).for_each(|_| out.boolean(false));
    (0..5).for_each(|_| out.long(0));
    out.count(1);
    out.text("e1");
    out.text(BED);
    out.long(7);
    let mut state = State::decode(&out.0).unwrap();
    let finished = br#"{"resourceType":"Encounter","id":"e1","status":"finished"}"#;
    let places = Places::parse("ICU / 12 / A\ticu\tbed-12\n").unwrap();
    let heard = Heard {
        at: 9,
        said: 9,
        message: 1,
        is_moment: false,
        undoes: false,
    };
    let said = state.lies(patient(1), Raw::read(finished).unwrap(), heard, &places);
    let [(_, association)] = &said[..] else {
        panic!("it ends")
    };
    assert_eq!((association.from, association.to), (7, Some(9)));
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
fn a_device_may_name_its_patient_by_an_identifier_alone() {
    for (named, expected) in [
        (
            r#""identifier":{"system":"urn:h","value":"7"}"#,
            "1 80 final",
        ),
        (
            r#""type":"Group","identifier":{"system":"urn:h","value":"7"}"#,
            "",
        ),
        (r#""display":"Testperson""#, ""),
    ] {
        let mut world = World::new();
        let json = format!(
            r#"{{"resourceType":"Device","id":"d","identifier":[{{"value":"bed-12"}}],"status":"active","patient":{{{named}}}}}"#
        );
        // Whom an identifier names, the record has as its key.
        world.resource("Device", patient(1), 0, json);
        world.measures(MINUTE, 80);
        world.passes(10 * MINUTE);
        assert_eq!(world.told_by_key(), expected, "{named}");
    }
}

#[test]
fn where_a_patient_lies_is_remembered_byte_for_byte() {
    let mut state = State::default();
    let encounter = br#"{"resourceType":"Encounter","id":"e","status":"arrived","location":[{"location":{"display":"ICU / 12 / A"}}]}"#;
    let places = Places::parse("ICU / 12 / A\ticu\tbed-12\n").unwrap();
    let heard = Heard {
        at: 5,
        said: 6,
        message: 7,
        is_moment: false,
        undoes: false,
    };
    let said = state.lies(patient(1), Raw::read(encounter).unwrap(), heard, &places);
    assert_eq!(said.len(), 1);
    let mut bytes = Vec::new();
    state.encode(&mut bytes);
    assert_eq!(State::decode(&bytes), Some(state));
}

#[test]
fn a_merge_is_no_move() {
    let mut world = World::new();
    world.stays(0, 1, "in-progress", BED);
    world.stays(2 * MINUTE, 2, "in-progress", BED);
    // The first one never left by what was said, and is now another.
    let merged = format!(
        r#"{{"resourceType":"Encounter","id":"e1","status":"in-progress","location":[{{"location":{{"display":"{BED}"}}}}]}}"#
    );
    world.moment = Some(Shows {
        message: 9,
        said: EventTime::from_micros(world.zero),
        known: ReceivedTime::from_micros(world.zero + 3 * MINUTE),
        backfill: false,
        undoes: false,
    });
    world.said("Encounter", patient(3), (3 * MINUTE, 3 * MINUTE), merged);
    world.measures(4 * MINUTE, 80);
    world.passes(6 * MINUTE);
    assert_eq!(world.told_by_key(), "2 80 final");
}
