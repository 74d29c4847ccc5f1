//! A message sent again: its first answer, byte for byte, and no second event, whatever happened in between.

use crate::message::{Potassium, minutes_ago, potassium};
use crate::platform::Site;
use crate::sender::Sender;

#[test]
fn a_message_sent_again_gets_its_first_answer() {
    let site = Site::default();
    let mut platform = site.start();
    let taken = minutes_ago(5);
    let message = potassium(&Potassium {
        patient: "1",
        control_id: "AGAIN",
        order: "1",
        taken: &taken,
        value: "6.9",
        status: "F",
    });
    let mut sender = Sender::to(platform.mllp);
    let first = sender.accepted(&message).bytes;
    assert_eq!(
        sender.exchange(&message).bytes,
        first,
        "on the same connection"
    );
    assert_eq!(
        Sender::to(platform.mllp).exchange(&message).bytes,
        first,
        "on another one"
    );
    assert!(platform.stop().success());
    platform = site.start();
    assert_eq!(
        Sender::to(platform.mllp).exchange(&message).bytes,
        first,
        "after a restart"
    );
    platform.kill();
    platform = site.start();
    assert_eq!(
        Sender::to(platform.mllp).exchange(&message).bytes,
        first,
        "after it was killed"
    );
    platform.wait_until_idle();
    assert_eq!(
        (platform.frames("Accepted"), platform.frames("Resent")),
        (0, 1),
        "counted since its start"
    );
    assert_eq!(site.records("healthcare.hl7v2.oru").len(), 1);
    assert_eq!(site.records("healthcare.fhir.observation").len(), 1);
    assert_eq!(site.records("healthcare.events.care-alert").len(), 1);
}

#[test]
fn the_same_message_on_many_connections_at_once_is_one_message_with_one_answer() {
    const SENDERS: usize = 16;
    const MESSAGES: usize = 20;
    let site = Site::default();
    let platform = site.start();
    let taken = minutes_ago(5);
    let make = |number: usize| {
        let id = format!("M{number}");
        potassium(&Potassium {
            patient: "1",
            control_id: &id,
            order: &id,
            taken: &taken,
            value: "4.1",
            status: "F",
        })
    };
    let messages: Vec<Vec<u8>> = (0..MESSAGES).map(make).collect();
    let answers: Vec<Vec<Vec<u8>>> = std::thread::scope(|scope| {
        let one = |address| {
            let mut sender = Sender::to(address);
            messages
                .iter()
                .map(|message| sender.accepted(message).bytes)
                .collect()
        };
        let threads: Vec<_> = (0..SENDERS)
            .map(|_| scope.spawn(move || one(platform.mllp)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "all got the same answers"
    );
    assert_eq!(platform.frames("Accepted"), MESSAGES as u64);
    assert_eq!(platform.frames("Resent"), (MESSAGES * (SENDERS - 1)) as u64);
    assert_eq!(site.records("healthcare.hl7v2.oru").len(), MESSAGES);
}
