//! Histories made by hand: a sound one, and one for each thing that can go wrong, with that planted in it.

use super::*;
use crate::history::{Raw, SetAside, Try};

fn place(topic: &str, partition: u16, offset: u64) -> Place {
    Place {
        topic: topic.to_owned(),
        partition,
        offset,
    }
}

/// Two patients on two partitions, three messages each; the second message makes two events, the third a finding.
fn sound() -> (History, Expected) {
    let mut history = History::default();
    for (partition, patient) in [(0, "ann"), (1, "bob")] {
        let mut next = 0;
        for number in 0..3_u64 {
            let control_id = format!("{patient}-{number}");
            let raw = place("healthcare.hl7v2.oru", partition, number);
            history.messages.push(Message {
                patient: patient.to_owned(),
                number,
                control_id: control_id.clone(),
                tries: vec![Try {
                    phase: 1,
                    until: 1,
                    answer: Answer::Accepted,
                }],
            });
            history.raw.push(Raw {
                place: raw.clone(),
                message_id: format!("m-{control_id}"),
                control_id: control_id.clone(),
            });
            let parts = if number == 1 { 2 } else { 1 };
            for part in 0..parts {
                let event = Event {
                    place: place(PATIENT_STREAM, partition, next),
                    patient: format!("key-{patient}"),
                    message_id: format!("m-{control_id}"),
                    event_id: format!("e-{control_id}-{part}"),
                    more: part + 1 < parts,
                    of: raw.clone(),
                };
                history.published.push(Event {
                    place: place("healthcare.fhir.observation", partition, next),
                    ..event.clone()
                });
                history.events.push(event);
                next += 1;
            }
        }
        history.findings.push(Finding {
            place: place("healthcare.alert.stream", partition, 0),
            id: format!("f-{patient}"),
            revision: 1,
            content: "potassium 6.9".to_owned(),
            of: vec![place(PATIENT_STREAM, partition, next - 1)],
        });
    }
    let all = history.raw.iter().map(|raw| &raw.place);
    let all = all.chain(history.events.iter().map(|event| &event.place));
    let all = all.chain(history.findings.iter().map(|finding| &finding.place));
    history.committed = all.cloned().collect();
    history.seen = history.committed.clone();
    let expected = Expected {
        events: history.events.clone(),
        findings: history.findings.clone(),
    };
    (history, expected)
}

/// Plants something and says what must be found.
fn plant(how: impl FnOnce(&mut History), anomalies: &[Anomaly]) {
    let (mut history, expected) = sound();
    how(&mut history);
    assert_eq!(check(&history, &expected, &BTreeSet::from([1])), anomalies);
}

fn torn(control_id: &str, part: u32) -> Anomaly {
    Anomaly::Torn {
        control_id: control_id.to_owned(),
        event_id: format!("e-{control_id}-{part}"),
    }
}

fn again(answer: Answer) -> Try {
    Try {
        phase: 1,
        until: 1,
        answer,
    }
}

#[test]
fn nothing_is_wrong_with_a_sound_history() {
    plant(|_| {}, &[]);
}

#[test]
fn an_acknowledged_message_that_is_nowhere_is_lost() {
    let control_id = "ann-2".to_owned();
    plant(
        |history| {
            history.raw.retain(|raw| raw.control_id != "ann-2");
            for message in &mut history.messages {
                message.tries.truncate(1);
            }
        },
        &[Anomaly::Lost { control_id }],
    );
}

#[test]
fn a_message_that_nobody_was_promised_may_be_nowhere() {
    let (mut history, mut expected) = sound();
    let of_it = |event: &Event| event.message_id == "m-ann-2";
    history.raw.retain(|raw| raw.control_id != "ann-2");
    history.messages[2].tries = vec![again(Answer::Negative("later".to_owned()))];
    history.events.retain(|event| !of_it(event));
    history.published.retain(|event| !of_it(event));
    history.findings.retain(|finding| finding.id != "f-ann");
    expected.events.retain(|event| !of_it(event));
    expected.findings.retain(|finding| finding.id != "f-ann");
    assert_eq!(check(&history, &expected, &BTreeSet::from([1])), []);
}

#[test]
fn a_message_that_was_never_in_doubt_stands_there_once() {
    let second = |history: &mut History| {
        let mut raw = history.raw[0].clone();
        raw.place.offset = 9;
        history.committed.insert(raw.place.clone());
        history.raw.push(raw);
    };
    let too_often = Anomaly::WrittenTooOften {
        control_id: "ann-0".to_owned(),
        times: 2,
    };
    plant(second, &[too_often]);
    plant(
        |history| {
            second(history);
            history.messages[0].tries = vec![
                again(Answer::Negative("later".to_owned())),
                again(Answer::Accepted),
            ];
        },
        &[],
    );
}

#[test]
fn a_message_that_nobody_sent_is_found() {
    let control_id = "eve-0".to_owned();
    plant(
        |history| {
            let raw = history.raw[0].clone();
            history.raw.push(Raw {
                control_id: "eve-0".to_owned(),
                message_id: "m-eve-0".to_owned(),
                ..raw
            });
        },
        &[Anomaly::NeverSent { control_id }],
    );
}

#[test]
fn an_acknowledged_message_without_any_event_is_found() {
    plant(
        |history| {
            history.events.retain(|event| event.message_id != "m-bob-0");
            history
                .published
                .retain(|event| event.message_id != "m-bob-0");
        },
        &[Anomaly::WithoutEvents {
            control_id: "bob-0".to_owned(),
        }],
    );
}

#[test]
fn a_part_of_a_messages_records_is_a_torn_write() {
    let without = |id: &'static str| {
        move |history: &mut History| {
            history.events.retain(|event| event.event_id != id);
            history.published.retain(|event| event.event_id != id);
        }
    };
    plant(without("e-ann-1-1"), &[torn("ann-1", 0), torn("ann-1", 1)]);
    plant(without("e-ann-1-0"), &[torn("ann-1", 0)]);
}

#[test]
fn what_stands_on_one_of_its_topics_alone_is_a_torn_write() {
    let id = "e-bob-0-0";
    plant(
        |history| history.published.retain(|event| event.event_id != id),
        &[torn("bob-0", 0)],
    );
}

#[test]
fn another_messages_record_in_between_is_a_torn_write() {
    plant(
        |history| history.events.swap(2, 3),
        &[
            torn("ann-1", 0),
            Anomaly::OutOfOrder {
                control_id: "ann-2".to_owned(),
                before: "ann-1".to_owned(),
            },
        ],
    );
}

#[test]
fn an_event_twice_is_found_on_each_topic() {
    let twice = |topic: &str| Anomaly::EventTwice {
        topic: topic.to_owned(),
        event_id: "e-bob-2-0".to_owned(),
    };
    plant(
        |history| history.published.push(history.published[7].clone()),
        &[twice("healthcare.fhir.observation")],
    );
    let (mut history, expected) = sound();
    history.events.push(history.events[7].clone());
    let found = check(&history, &expected, &BTreeSet::new());
    assert!(found.contains(&twice(PATIENT_STREAM)), "{found:?}");
}

#[test]
fn an_event_of_nothing_is_found() {
    let (history, mut expected) = sound();
    expected
        .events
        .retain(|event| event.event_id != "e-ann-1-1");
    let found = check(&history, &expected, &BTreeSet::new());
    let event_id = "e-ann-1-1".to_owned();
    assert_eq!(found, [Anomaly::EventUnexpected { event_id }]);
}

#[test]
fn messages_of_a_patient_in_another_order_are_found() {
    plant(
        |history| history.events[..2].reverse(),
        &[
            torn("ann-1", 0),
            Anomaly::OutOfOrder {
                control_id: "ann-1".to_owned(),
                before: "ann-0".to_owned(),
            },
        ],
    );
    // Those of different patients have no order.
    plant(|history| history.events.rotate_left(4), &[]);
}

#[test]
fn findings_are_those_of_one_process_each_once() {
    let finding = || "f-ann revision 1".to_owned();
    plant(
        |history| history.findings.push(history.findings[0].clone()),
        &[Anomaly::FindingTwice { finding: finding() }],
    );
    plant(
        |history| drop(history.findings.remove(0)),
        &[Anomaly::FindingMissing { finding: finding() }],
    );
    plant(
        |history| "potassium 7.9".clone_into(&mut history.findings[0].content),
        &[Anomaly::FindingDiffers { finding: finding() }],
    );
    plant(
        |history| history.findings[0].revision = 2,
        &[
            Anomaly::FindingMissing { finding: finding() },
            Anomaly::FindingUnexpected {
                finding: "f-ann revision 2".to_owned(),
            },
        ],
    );
}

#[test]
fn what_was_aborted_is_never_read() {
    let gone = place(PATIENT_STREAM, 0, 77);
    let read = |by: &str| Anomaly::AbortedRead {
        place: place(PATIENT_STREAM, 0, 77),
        by: by.to_owned(),
    };
    plant(
        |history| {
            history.aborted.insert(gone.clone());
        },
        &[],
    );
    plant(
        |history| {
            history.aborted.insert(gone.clone());
            history.seen.insert(gone.clone());
        },
        &[read("a reader of committed records")],
    );
    plant(
        |history| {
            history.seen.insert(gone.clone());
        },
        &[read("a reader; it is gone since")],
    );
    plant(
        |history| history.findings[0].of = vec![gone.clone()],
        &[read("healthcare.alert.stream/0/0")],
    );
    let raw = place("healthcare.hl7v2.oru", 0, 77);
    plant(
        |history| history.events[0].of = raw.clone(),
        &[Anomaly::AbortedRead {
            place: raw.clone(),
            by: "healthcare.patient.stream/0/0".to_owned(),
        }],
    );
}

#[test]
fn a_sender_that_gets_no_answer_from_a_process_that_runs_is_found() {
    let silent = |history: &mut History, phase, until| {
        let one = Try {
            phase,
            until,
            answer: Answer::Silence,
        };
        history.messages[0].tries.insert(0, one);
    };
    plant(
        |history| silent(history, 1, 1),
        &[Anomaly::Silence {
            control_id: "ann-0".to_owned(),
        }],
    );
    // In the others an instance was killed or held still.
    plant(|history| silent(history, 2, 2), &[]);
    plant(|history| silent(history, 1, 2), &[]);
}

#[test]
fn what_is_set_aside_without_a_reason_is_found() {
    let aside = || place("healthcare.hl7v2.oru.quarantine", 0, 0);
    plant(
        |history| {
            history.set_aside.push(SetAside {
                place: aside(),
                reason: "panic".to_owned(),
            });
        },
        &[Anomaly::SetAside {
            place: aside(),
            reason: "panic".to_owned(),
        }],
    );
}

#[test]
fn an_anomaly_belongs_to_the_fault_in_which_its_message_was_sent() {
    let (mut history, _) = sound();
    history.messages[1].tries[0].phase = 4;
    assert_eq!(phase(&torn("ann-1", 0), &history), Some(4));
    let finding = String::new();
    assert_eq!(phase(&Anomaly::FindingTwice { finding }, &history), None);
}

#[test]
fn a_place_is_read_as_it_is_written() {
    let at = place("a/b", 3, 12);
    assert_eq!(Place::parse(&at.to_string()), Some(at));
    assert_eq!(Place::parse("a/b"), None);
}
