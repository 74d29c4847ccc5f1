//! A stay from admission to its end, as its messages come from the mapping.

use clinical::SiteKey;
use formats::hl7v2;

use super::*;
use crate::map::map;
use crate::source::Source;

/// Sends messages of one stay, an hour apart, and shows the Encounter after each.
fn check_stay(messages: &[(&str, &str)], expected: Expect) {
    let site = SiteKey::new([7; 32]);
    let source = Source::new("adt1");
    let key = site.patient("H", "7");
    let mut state = State::default();
    let mut out = String::new();
    for (hour, (event, visit)) in messages.iter().enumerate() {
        let at = format!("2026030110{hour:02}00+0000");
        let text = format!(
            "MSH|^~\\&|A|B|||{at}||ADT^{event}|{hour}|P|2.5\rEVN|{event}|{at}\rPID|||7^^^H^MR||Doe^Jane\rPV1||{visit}\r"
        );
        let received = ReceivedTime::parse("2026-03-02T00:00:00Z").unwrap();
        let mapped = map(&hl7v2::parse(text.as_bytes()), &source, &site, received);
        let mut raw = raw(key, event, i64::try_from(hour).unwrap());
        raw.received_time = received;
        let input = Input::Message {
            raw,
            drafts: &mapped.drafts,
        };
        let outputs = Normalizer::default().step(key, &mut state, &input).unwrap();
        for record in &outputs.records {
            if let Output::Resource {
                resource_type,
                json,
                ..
            } = record
                && &**resource_type == "Encounter"
            {
                let read = event_of(key, json);
                let Some(Fact::Encounter(visit)) = read else {
                    panic!("an Encounter is read as one");
                };
                out += &format!(
                    "{event}: {:?} {:?} at {:?}, from {:?} to {:?}\n",
                    visit.status, visit.class, visit.location, visit.start, visit.end
                );
            }
        }
    }
    expected.assert_eq(&out);
}

fn event_of(key: PatientKey, bytes: &[u8]) -> Option<Fact> {
    let read = event(&Envelope {
        key,
        content_type: FHIR_JSON,
        event_id: EventId::default(),
        event_time: EventTime::default(),
        recorded: None,
        received_time: ReceivedTime::default(),
        origin: clinical::Origin::default(),
        plausibility: "",
        backfill: false,
        bytes,
    });
    read.unwrap().map(|event| event.fact)
}

/// PV1 from its second field: class, location, earlier location, visit number, begin and end.
fn visit(class: &str, place: &str, earlier: &str, times: &str) -> String {
    format!("{class}|{place}|||{earlier}|||||||||||||V1|||||||||||||||||||||||||{times}")
}

#[test]
fn cancellations_bring_back_what_they_cancel() {
    let admitted = visit("I", "W1^1^A", "", "202603010900");
    let moved = visit("I", "W2^2^B", "W1^1^A", "202603010900");
    let ended = visit("I", "W2^2^B", "", "202603010900|202603011100");
    let bare = visit("I", "", "", "");
    check_stay(
        &[
            ("A01", &admitted),
            ("A02", &moved),
            ("A12", &bare),
            ("A03", &ended),
            ("A13", &bare),
            ("A08", &bare),
            ("A11", &bare),
        ],
        expect![[r#"
            A01: InProgress Inpatient at "W1 / 1 / A", from Some(2026-03-01T09:00:00Z) to None
            A02: InProgress Inpatient at "W2 / 2 / B", from Some(2026-03-01T09:00:00Z) to None
            A12: InProgress Inpatient at "W1 / 1 / A", from Some(2026-03-01T09:00:00Z) to None
            A03: Finished Inpatient at "W2 / 2 / B", from Some(2026-03-01T09:00:00Z) to Some(2026-03-01T11:00:00Z)
            A13: InProgress Inpatient at "W2 / 2 / B", from Some(2026-03-01T09:00:00Z) to None
            A11: Cancelled Inpatient at "W2 / 2 / B", from Some(2026-03-01T09:00:00Z) to None
        "#]],
    );
}
