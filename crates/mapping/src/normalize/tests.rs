//! Messages in, whole resources out: updates, cancellations, versions, resends.

use clinical::{Event, Fact, MergeRole};
use expect_test::{Expect, expect};

use super::*;
use crate::draft::{Effect, Element};
use crate::event::{Envelope, FHIR_JSON, event};

mod codings;

mod course;

mod documents;

mod first;

mod hospital;

mod life;

mod identities;

mod limits;

mod members;

mod mentions;

mod merges;

mod overtaken;

mod parts;

mod properties;

mod references;

mod resends;

mod stored;

mod ways;

mod whole;

const A: PatientKey = PatientKey::from_bytes([0xaa; 16]);
const B: PatientKey = PatientKey::from_bytes([0xbb; 16]);
const C: PatientKey = PatientKey::from_bytes([0xcc; 16]);

/// A message of `key` that its sender made at a minute.
fn raw(key: PatientKey, name: &str, minute: i64) -> RawInfo<'static> {
    RawInfo {
        message_id: MessageId::derive(&[name.as_bytes()]),
        addressed: key,
        message_time: EventTime::from_micros(minute * 60_000_000),
        received_time: ReceivedTime::from_micros(minute * 60_000_000),
        topic: "healthcare.hl7v2.adt",
        partition: 3,
        offset: 7,
        source: "lab",
        way: Way::Mllp,
        backfill: false,
        retired: None,
        bytes: b"MSH|",
    }
}

/// Reads elements as `name=json`, `name?json` for defaults and `name-` for deletions.
fn draft(kind: &'static str, id: &str, effect: Effect, elements: &[&str]) -> Draft {
    let said = elements.iter().map(|text| {
        let (name, element) = if let Some(name) = text.strip_suffix('-') {
            (name, Element::Clear)
        } else if let Some((name, json)) = text.split_once('?') {
            (name, Element::Default(json.as_bytes()))
        } else {
            let (name, json) = text.split_once('=').unwrap();
            (name, Element::Set(json.as_bytes()))
        };
        (name.to_owned().into(), element)
    });
    let mut draft = Draft::new(kind, id, EventTime::default(), said);
    draft.effect = effect;
    draft
}

fn show(outputs: &Result<Outputs, Refusal>) -> String {
    let outputs = match outputs {
        Ok(outputs) => outputs,
        Err(refusal) => return format!("refused: {refusal}\n"),
    };
    let mut out = String::new();
    for record in &outputs.records {
        out += &match record {
            Output::Resource { json, .. } => String::from_utf8(json.clone()).unwrap(),
            Output::Moment { json, .. } => {
                format!("earlier: {}", String::from_utf8(json.clone()).unwrap())
            }
            Output::Merge { merge, .. } => format!("{:?} of {}", merge.role, name(merge.other)),
            Output::Split { key, bytes } => {
                let what = match split::Split::decode(bytes).unwrap().notice {
                    None => "message",
                    Some(Notice::Retire { .. }) => "retire",
                    Some(Notice::Kept { .. }) => "kept",
                    Some(Notice::Handover { .. }) => "handover",
                    Some(Notice::Release { .. }) => "release",
                    Some(Notice::ReleaseAccount { .. }) => "release of an account",
                    Some(Notice::Moved { .. }) => "moved",
                    Some(Notice::Claimed { .. }) => "claimed",
                    Some(Notice::Succeeded { .. }) => "succeeded",
                };
                format!("{what} to {}", name(*key))
            }
        };
        out += "\n";
    }
    for (count, what) in [
        (u32::from(outputs.resent), "resent"),
        (outputs.stale, "stale"),
        (outputs.unchanged, "unchanged"),
        (outputs.duplicates_across_ways, "said by another way"),
    ] {
        if count > 0 {
            out += &format!("({count} {what})\n");
        }
    }
    if let Some(refusal) = &outputs.refused {
        out += &format!("refused: {refusal}\n");
    }
    out.replace(&A.to_string(), "A")
        .replace(&B.to_string(), "B")
        .replace(&C.to_string(), "C")
}

fn name(key: PatientKey) -> &'static str {
    match key {
        A => "A",
        B => "B",
        C => "C",
        _ => "?",
    }
}

/// Sends drafts to A, one a message, at the minutes given.
fn check(messages: &[(i64, Draft)], expected: Expect) {
    let mut state = State::default();
    let mut out = String::new();
    for (at, (minute, draft)) in messages.iter().enumerate() {
        let id = at.to_string();
        let mut raw = raw(A, &id, *minute);
        raw.received_time = ReceivedTime::from_micros(1_000 * 60_000_000);
        let input = Input::Message {
            raw,
            drafts: std::slice::from_ref(draft),
        };
        out += &show(&Normalizer::default().step(A, &mut state, &input));
    }
    assert_eq!(State::decode(&state.encode()), Ok(state));
    expected.assert_eq(&out);
}

fn patient(elements: &[&str]) -> Draft {
    draft("Patient", &A.to_string(), Effect::State, elements)
}

fn visit(effect: Effect, elements: &[&str]) -> Draft {
    draft("Encounter", "e1", effect, elements)
}

fn result(elements: &[&str]) -> Draft {
    draft("Observation", "o1", Effect::State, elements)
}

#[test]
fn what_a_message_leaves_out_stays_and_what_it_deletes_goes() {
    check(
        &[
            (
                1,
                patient(&[
                    "gender=\"female\"",
                    "birthDate=\"1954\"",
                    "_birthDate={\"a\":1}",
                ]),
            ),
            (2, patient(&["name=[{\"family\":\"Doe\"}]", "active?true"])),
            (3, patient(&["birthDate-", "active?false"])),
            (4, patient(&["birthDate-"])),
        ],
        expect![[r#"
            {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"gender":"female","birthDate":"1954","_birthDate":{"a":1}}
            {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"active":true,"name":[{"family":"Doe"}],"gender":"female","birthDate":"1954","_birthDate":{"a":1}}
            {"resourceType":"Patient","id":"A","meta":{"versionId":"3"},"active":true,"name":[{"family":"Doe"}],"gender":"female"}
            (1 unchanged)
        "#]],
    );
}

#[test]
fn an_older_message_that_comes_late_overrules_nothing() {
    check(
        &[
            (5, patient(&["gender=\"female\""])),
            (2, patient(&["gender=\"unknown\"", "birthDate=\"1954\""])),
        ],
        expect![[r#"
            {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"gender":"female"}
            {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"gender":"female","birthDate":"1954"}
        "#]],
    );
}

#[test]
fn only_one_choice_stands() {
    check(
        &[
            (1, patient(&["deceasedBoolean=false"])),
            (2, patient(&["deceasedDateTime=\"2026-03-01\""])),
        ],
        expect![[r#"
            {"resourceType":"Patient","id":"A","meta":{"versionId":"1"},"deceasedBoolean":false}
            {"resourceType":"Patient","id":"A","meta":{"versionId":"2"},"deceasedDateTime":"2026-03-01"}
        "#]],
    );
}

#[test]
fn a_cancelled_admission_is_cancelled_and_an_update_does_not_revive_it() {
    check(
        &[
            (
                1,
                visit(
                    Effect::State,
                    &["status=\"in-progress\"", "class={\"code\":\"IMP\"}"],
                ),
            ),
            (2, visit(Effect::CancelAdmit, &[])),
            (
                3,
                visit(
                    Effect::State,
                    &["status?\"in-progress\"", "type=[{\"text\":\"x\"}]"],
                ),
            ),
        ],
        expect![[r#"
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"1"},"status":"in-progress","class":{"code":"IMP"}}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"2"},"status":"cancelled","class":{"code":"IMP"}}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"3"},"status":"cancelled","class":{"code":"IMP"},"type":[{"text":"x"}]}
        "#]],
    );
}

#[test]
fn a_cancelled_transfer_brings_the_location_back() {
    check(
        &[
            (1, visit(Effect::State, &["location=[\"a\"]"])),
            (2, visit(Effect::State, &["location=[\"b\"]"])),
            (3, visit(Effect::State, &["location=[\"c\"]"])),
            (4, visit(Effect::CancelTransfer, &[])),
            (5, visit(Effect::CancelTransfer, &["location=[\"named\"]"])),
            (3, visit(Effect::CancelTransfer, &[])),
        ],
        expect![[r#"
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"1"},"location":["a"]}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"2"},"location":["b"]}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"3"},"location":["c"]}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"4"},"location":["b"]}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"5"},"location":["named"]}
            earlier: {"resourceType":"Encounter","id":"e1","meta":{"versionId":"5"},"location":["b"]}
            earlier: {"resourceType":"Encounter","id":"e1","meta":{"versionId":"5"},"location":["a"]}
            (1 unchanged)
        "#]],
    );
}

#[test]
fn a_cancelled_discharge_goes_on_without_its_end() {
    check(
        &[
            (
                1,
                visit(
                    Effect::State,
                    &[
                        "status=\"arrived\"",
                        "period={\"start\":\"1\"}",
                        "hospitalization={\"admitSource\":{\"text\":\"er\"}}",
                    ],
                ),
            ),
            (
                2,
                visit(
                    Effect::State,
                    &[
                        "status=\"finished\"",
                        "period={\"end\":\"2\"}",
                        "hospitalization={\"dischargeDisposition\":{\"text\":\"home\"}}",
                    ],
                ),
            ),
            (
                3,
                visit(Effect::CancelDischarge, &["status=\"in-progress\""]),
            ),
        ],
        expect![[r#"
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"1"},"status":"arrived","period":{"start":"1"},"hospitalization":{"admitSource":{"text":"er"}}}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"2"},"status":"finished","period":{"start":"1","end":"2"},"hospitalization":{"admitSource":{"text":"er"},"dischargeDisposition":{"text":"home"}}}
            {"resourceType":"Encounter","id":"e1","meta":{"versionId":"3"},"status":"arrived","period":{"start":"1"},"hospitalization":{"admitSource":{"text":"er"}}}
        "#]],
    );
}

#[test]
fn an_older_version_of_a_result_does_not_replace_a_newer_one() {
    check(
        &[
            (5, result(&["status=\"corrected\"", "valueInteger=2"])),
            (4, result(&["status=\"final\"", "valueInteger=1"])),
            (5, result(&["status=\"final\"", "valueInteger=1"])),
            (6, result(&["status=\"corrected\"", "valueInteger=2"])),
            (7, result(&["status=\"corrected\"", "valueInteger=3"])),
        ],
        expect![[r#"
            {"resourceType":"Observation","id":"o1","meta":{"versionId":"1"},"status":"corrected","valueInteger":2}
            (1 stale)
            (1 stale)
            (1 unchanged)
            {"resourceType":"Observation","id":"o1","meta":{"versionId":"2"},"status":"corrected","valueInteger":3}
        "#]],
    );
}

#[test]
fn a_mention_replaces_nothing_but_an_earlier_mention() {
    let order = |effect, text: &str| draft("ServiceRequest", "o1", effect, &[text]);
    check(
        &[
            (1, order(Effect::Mention, "status=\"unknown\"")),
            (2, order(Effect::Mention, "status=\"on-hold\"")),
            (0, order(Effect::State, "status=\"active\"")),
            (4, order(Effect::Mention, "status=\"unknown\"")),
            (5, order(Effect::State, "status=\"revoked\"")),
        ],
        expect![[r#"
            {"resourceType":"ServiceRequest","id":"o1","meta":{"versionId":"1"},"status":"unknown"}
            {"resourceType":"ServiceRequest","id":"o1","meta":{"versionId":"2"},"status":"on-hold"}
            {"resourceType":"ServiceRequest","id":"o1","meta":{"versionId":"3"},"status":"active"}
            (1 unchanged)
            {"resourceType":"ServiceRequest","id":"o1","meta":{"versionId":"4"},"status":"revoked"}
        "#]],
    );
}

#[test]
fn entered_in_error_wins_whenever_it_comes() {
    check(
        &[
            (5, result(&["status=\"final\"", "valueInteger=1"])),
            (
                3,
                draft(
                    "Observation",
                    "o1",
                    Effect::Delete,
                    &["status=\"final\"", "valueInteger=1"],
                ),
            ),
            (6, result(&["status=\"final\"", "valueInteger=4"])),
        ],
        expect![[r#"
            {"resourceType":"Observation","id":"o1","meta":{"versionId":"1"},"status":"final","valueInteger":1}
            {"resourceType":"Observation","id":"o1","meta":{"versionId":"2"},"status":"entered-in-error","valueInteger":1}
            (1 stale)
        "#]],
    );
}

#[test]
fn a_resend_does_nothing_within_seven_days() {
    let mut state = State::default();
    let drafts = [patient(&["gender=\"male\""])];
    let mut send = |minute: i64| {
        let raw = raw(A, "same", minute);
        let input = Input::Message {
            raw,
            drafts: &drafts,
        };
        Normalizer::default().step(A, &mut state, &input).unwrap()
    };
    const WEEK: i64 = 7 * 24 * 60;
    assert!(!send(0).resent);
    assert!(send(WEEK - 1).resent);
    assert!(send(WEEK).resent);
    let again = send(WEEK + 1);
    assert_eq!((again.resent, again.unchanged), (false, 1));
}

#[test]
fn the_future_and_nobody_are_refused_and_change_nothing() {
    let mut state = State::default();
    let mut late = patient(&["gender=\"male\""]);
    for (ahead, refused) in [
        (299_999_999, false),
        (300_000_000, false),
        (300_000_001, true),
    ] {
        late.event_time = EventTime::from_micros(ahead);
        let raw = raw(A, &ahead.to_string(), 0);
        let before = state.clone();
        let input = Input::Message {
            raw,
            drafts: std::slice::from_ref(&late),
        };
        let found = Normalizer::default().step(A, &mut state, &input);
        assert_eq!(found.is_err(), refused, "{ahead}");
        if let Err(refusal) = found {
            assert_eq!(refusal.reason.code(), "from-future");
            assert_eq!(state, before);
        }
    }
    let nobody = Input::Nobody {
        raw: raw(A, "n", 0),
    };
    let refused = Normalizer::default().step(A, &mut state, &nobody);
    assert_eq!(refused.unwrap_err().reason.code(), "no-patient");
}

#[test]
fn every_event_has_its_own_name_and_a_replay_gives_the_same() {
    let drafts = [
        patient(&["gender=\"male\""]),
        visit(Effect::State, &["status=\"planned\""]),
    ];
    let names = || -> Vec<EventId> {
        let input = Input::Message {
            raw: raw(A, "m", 0),
            drafts: &drafts,
        };
        let outputs = Normalizer::default().step(A, &mut State::default(), &input);
        let records = outputs.unwrap().records;
        let id = |record: &Output| match record {
            Output::Resource { event_id, .. } => *event_id,
            other => panic!("only resources are written, not {other:?}"),
        };
        records.iter().map(id).collect()
    };
    assert_eq!(names(), names());
    assert_ne!(names()[0], names()[1]);
}

#[test]
fn what_is_written_can_be_read_as_events() {
    let drafts = [result(&[
        "status=\"final\"",
        "code={\"text\":\"K\"}",
        "valueQuantity={\"value\":9.60}",
    ])];
    let input = Input::Message {
        raw: raw(A, "m", 0),
        drafts: &drafts,
    };
    let outputs = Normalizer::default().step(A, &mut State::default(), &input);
    let [Output::Resource { json, event_id, .. }] = &outputs.unwrap().records[..] else {
        panic!("one resource is written");
    };
    let read = event(&Envelope {
        key: A,
        content_type: FHIR_JSON,
        event_id: *event_id,
        event_time: EventTime::default(),
        recorded: None,
        received_time: ReceivedTime::default(),
        origin: clinical::Origin::default(),
        plausibility: "",
        backfill: false,
        bytes: json,
    });
    let Ok(Some(Event {
        fact: Fact::Observation(observation),
        ..
    })) = read
    else {
        panic!("an observation was written");
    };
    assert_eq!(&*observation.resource, "o1");
}
