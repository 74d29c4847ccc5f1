//! Merges, links and renumbered visits, as one message states them: nothing but that message is known.

use clinical::{ReceivedTime, SiteKey};
use expect_test::{Expect, expect};
use formats::hl7v2;

use crate::draft::Draft;
use crate::identity::{Subjects, split, subjects};
use crate::map::map;
use crate::source::Source;

fn drafts(text: &[u8]) -> Vec<Draft> {
    let (source, site) = (Source::new("adt1"), SiteKey::new([7; 32]));
    let message = hl7v2::parse(text);
    map(&message, &source, &site, ReceivedTime::from_micros(0)).drafts
}

/// Shows the Patients and Encounters of a message, each key by the number of the patient who has it.
fn check(event: &str, segments: &str, expected: Expect) {
    let text = format!(
        "MSH|^~\\&|A|B|||20260301||ADT^{event}|1|P|2.5\rEVN|{event}|20260301\r{}\r",
        segments.replace(" / ", "\r")
    );
    let message = hl7v2::parse(text.as_bytes());
    let parts = match subjects(&message, &Source::new("adt1")) {
        Subjects::Several(_) => split(&message).unwrap(),
        _ => vec![text.clone().into_bytes()],
    };
    let mut out = String::new();
    for draft in parts.iter().flat_map(|part| drafts(part)) {
        if matches!(draft.resource_type, "Patient" | "Encounter") {
            out += &format!(
                "{:?} {}\n",
                draft.effect,
                String::from_utf8(draft.to_json().to_vec()).unwrap()
            );
        }
    }
    let site = SiteKey::new([7; 32]);
    for number in ["1", "2"] {
        out = out.replace(&site.patient("H", number).to_string(), number);
    }
    expected.assert_eq(&out);
}

#[test]
fn a_merge_states_both_sides() {
    check(
        "A40",
        "PID|||1^^^H^MR / MRG|2^^^H^MR",
        expect![[r#"
            State {"resourceType":"Patient","id":"2","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"2","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}],"active":false,"link":[{"other":{"reference":"Patient/1"},"type":"replaced-by"}]}
            State {"resourceType":"Patient","id":"1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"1","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}},{"use":"old","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"2","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}],"active":true,"link":[{"other":{"reference":"Patient/2"},"type":"replaces"}]}
        "#]],
    );
}

#[test]
fn who_gave_a_number_that_goes_is_a_resource_of_the_message() {
    let made = drafts(
        b"MSH|^~\\&|A|B|||20260301||ADT^A40|1|P|2.5\rEVN||20260301\rPID|||1^^^H^MR\rMRG|2^^^OLD^MR\r",
    );
    let names = made
        .iter()
        .filter(|draft| draft.resource_type == "Organization")
        .map(|draft| String::from_utf8(draft.to_json().to_vec()).unwrap());
    let named = |name: &str| {
        let told = format!(r#""name":"{name}""#);
        names.clone().filter(|json| json.contains(&told)).count()
    };
    assert_eq!(
        (named("OLD"), named("H")),
        (1, 1),
        "{:?}",
        names.clone().collect::<Vec<_>>()
    );
}

#[test]
fn a_link_states_both_sides_and_taking_it_back_states_none() {
    let both = "PID|||1^^^H^MR / PV1||N / PID|||2^^^H^MR / PV1||N";
    check(
        "A24",
        both,
        expect![[r#"
            State {"resourceType":"Patient","id":"2","identifier":[{"value":"2","assigner":{"display":"H"}}],"link":[{"other":{"reference":"Patient/1"},"type":"seealso"}]}
            Link {"resourceType":"Patient","id":"1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"1","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}],"link":[{"other":{"reference":"Patient/2"},"type":"seealso"}]}
            State {"resourceType":"Patient","id":"1","identifier":[{"value":"1","assigner":{"display":"H"}}],"link":[{"other":{"reference":"Patient/2"},"type":"seealso"}]}
            Link {"resourceType":"Patient","id":"2","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"2","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}],"link":[{"other":{"reference":"Patient/1"},"type":"seealso"}]}
        "#]],
    );
    check(
        "A37",
        both,
        expect![[r#"
            State {"resourceType":"Patient","id":"2","identifier":[{"value":"2","assigner":{"display":"H"}}]}
            Unlink {"resourceType":"Patient","id":"1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"1","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]}
            State {"resourceType":"Patient","id":"1","identifier":[{"value":"1","assigner":{"display":"H"}}]}
            Unlink {"resourceType":"Patient","id":"2","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"2","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]}
        "#]],
    );
}

#[test]
fn a_renumbered_visit_says_what_it_was_and_what_it_is() {
    check(
        "A42",
        "PID|||1^^^H^MR / MRG|1^^^H^MR||||V1^^^H / PV1||I|||||||||||||||||V2^^^H",
        expect![[r#"
            State {"resourceType":"Patient","id":"1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"1","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]}
            State {"resourceType":"Encounter","id":"9e68b864f3fbf8ce5379c1b209078bfb","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"value":"V2","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}],"status":"in-progress","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"inpatient encounter"},"subject":{"reference":"Patient/1"}}
            Superseded {"resourceType":"Encounter","id":"20900d55c32ec66f516d680af1135b93","identifier":[{"use":"old","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}]},"value":"V1","assigner":{"display":"H"}}],"status":"entered-in-error","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"inpatient encounter"},"subject":{"reference":"Patient/1"},"partOf":{"reference":"Encounter/9e68b864f3fbf8ce5379c1b209078bfb"}}
        "#]],
    );
}

#[test]
fn a_visit_of_another_class_and_number_goes_on_as_that_one() {
    let numbers = |event: &str, prior: &str| {
        let text = format!(
            "MSH|^~\\&|A|B|||20260301||ADT^{event}|1|P|2.5\rPID|||1^^^H^MR\rMRG|{prior}\rPV1||I|||||||||||||||||V2^^^H\r"
        );
        let all = drafts(text.as_bytes());
        let stays = all.iter().filter(|one| one.resource_type == "Encounter");
        let stays: Vec<_> = stays.map(|one| (one.effect, one.id.clone())).collect();
        stays
    };
    let renumbered = numbers("A50", "1^^^H^MR||||V1^^^H");
    assert_eq!(renumbered.len(), 2);
    for event in ["A06", "A07"] {
        assert_eq!(numbers(event, "1^^^H^MR||||V1^^^H"), renumbered, "{event}");
        // Whoever else MRG names, the visit is that of PID.
        assert_eq!(numbers(event, "2^^^H^MR||||V1^^^H"), renumbered, "{event}");
        assert_eq!(numbers(event, "1^^^H^MR||||V2^^^H").len(), 1, "{event}");
        assert_eq!(numbers(event, "1^^^H^MR").len(), 1, "{event}");
    }
}

#[test]
fn a_moved_visit_was_the_other_patients() {
    check(
        "A45",
        "PID|||1^^^H^MR / MRG|2^^^H^MR||||V1^^^H / PV1||I|||||||||||||||||V1^^^H",
        expect![[r#"
            State {"resourceType":"Patient","id":"2","identifier":[{"value":"2","assigner":{"display":"H"}}]}
            State {"resourceType":"Patient","id":"1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"1","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]}
            State {"resourceType":"Encounter","id":"20900d55c32ec66f516d680af1135b93","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}],"text":"visit number"},"value":"V1","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}],"status":"in-progress","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"inpatient encounter"},"subject":{"reference":"Patient/1"}}
            Moved {"resourceType":"Encounter","id":"80e3fbbab0d2ea1eb62eea5b40f9cf41","identifier":[{"use":"old","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}]},"value":"V1","assigner":{"display":"H"}}],"status":"entered-in-error","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"inpatient encounter"},"subject":{"reference":"Patient/2"},"partOf":{"reference":"Encounter/20900d55c32ec66f516d680af1135b93"}}
        "#]],
    );
}

#[test]
fn without_a_visit_or_another_person_nothing_is_added() {
    check(
        "A42",
        "PID|||1^^^H^MR / MRG|1^^^H^MR||||V1",
        expect![[r#"
            State {"resourceType":"Patient","id":"1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"1","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]}
        "#]],
    );
    check(
        "A24",
        "PID|||1^^^H^MR / PV1||N",
        expect![[r#"
            State {"resourceType":"Patient","id":"1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"value":"1","assigner":{"reference":"Organization/c8c8a4397b75e893203f16b5f5783fda","display":"H"}}]}
        "#]],
    );
}

#[test]
fn a_visit_is_named_by_its_number_wherever_that_stands() {
    let admitted = drafts(
        b"MSH|^~\\&|A|B|||20260301||ADT^A01|1|P|2.5\rPID|||1^^^H^MR\rPV1||I|||||||||||||||||V1^^^H",
    );
    let renumbered = drafts(
        b"MSH|^~\\&|A|B|||20260301||ADT^A42|1|P|2.5\rPID|||1^^^H^MR\rMRG|1^^^H^MR||||V1^^^H\rPV1||I|||||||||||||||||V2^^^H",
    );
    let stays = |drafts: &[Draft]| -> Vec<Box<str>> {
        let of = drafts
            .iter()
            .filter(|draft| draft.resource_type == "Encounter");
        of.map(|draft| draft.id.clone()).collect()
    };
    assert_eq!(stays(&admitted)[0], stays(&renumbered)[1]);
}

#[test]
fn control_characters_are_seen_in_what_mrg_names_as_elsewhere() {
    let begin =
        |event: &str| format!("MSH|^~\\&|A|B|||20260301||ADT^{event}|1|P|2.5\rPID|||1^^^H^MR");
    let visit = "\rPV1||I|||||||||||||||||V\\X01\\1^^^H\\X02\\";
    let admitted = drafts(format!("{}{visit}", begin("A01")).as_bytes());
    let stay = admitted
        .iter()
        .find(|draft| draft.resource_type == "Encounter");
    let stay = stay.map(|draft| draft.id.clone()).unwrap();
    let renumbered = drafts(
        format!(
            "{}\rMRG|1^^^H^MR||||V\\X01\\1^^^H\\X02\\\rPV1||I|||||||||||||||||V2^^^H",
            begin("A42")
        )
        .as_bytes(),
    );
    let gone = renumbered.iter().find(|draft| draft.id == stay).unwrap();
    let identifier = String::from_utf8(gone.to_json().to_vec()).unwrap();
    assert!(
        identifier.contains(r#""value":"V␁1","assigner":{"display":"H␂"}"#),
        "{identifier}"
    );
    let moved = drafts(format!("{}\rMRG|2\\X03\\^^^H||||V1{visit}", begin("A45")).as_bytes());
    let other = String::from_utf8(moved[0].to_json().to_vec()).unwrap();
    assert!(other.contains(r#""value":"2␃""#), "{other}");
}
