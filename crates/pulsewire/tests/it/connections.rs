//! Many senders at once, too many, idle ones, and what happens to them when the platform stops.

use std::time::Duration;

use formats::mllp::{END, END_SECOND, START};

use crate::message::admission;
use crate::platform::Site;
use crate::sender::Sender;
use crate::setting::wait_for;

#[test]
fn many_senders_at_once_are_all_answered_with_their_own_answers() {
    const SENDERS: usize = 128;
    const EACH: usize = 5;
    let mut site = Site::default();
    site.set("intake.mllp", "connections_per_address", "200");
    let platform = site.start();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..SENDERS)
            .map(|number| {
                let address = platform.mllp;
                scope.spawn(move || {
                    let mut sender = Sender::to(address);
                    for message in 0..EACH {
                        sender.accepted(&admission(
                            &format!("P{number}"),
                            &format!("{number}-{message}"),
                        ));
                    }
                    sender
                })
            })
            .collect();
        let senders: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        assert_eq!(platform.connections(), SENDERS as u64, "all stay connected");
        drop(senders);
    });
    assert_eq!(platform.frames("Accepted"), (SENDERS * EACH) as u64);
    wait_for("all to be gone", || {
        (platform.connections() == 0).then_some(())
    });
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), SENDERS * EACH);
}

#[test]
fn an_idle_connection_is_kept_or_closed_as_configured() {
    let mut site = Site::default();
    site.set("intake.mllp", "first_byte_timeout", "\"200ms\"");
    let platform = site.start();
    let mut patient = Sender::to(platform.mllp);
    patient.accepted(&admission("1", "BEFORE"));
    let mut silent = Sender::to(platform.mllp);
    assert_eq!(
        silent.answer(),
        None,
        "one that never said anything is closed meanwhile"
    );
    patient.accepted(&admission("1", "AFTER"));
    platform.stop();

    site.set("intake.mllp", "idle_timeout", "\"200ms\"");
    let platform = site.start();
    let mut patient = Sender::to(platform.mllp);
    patient.accepted(&admission("1", "ONCE"));
    assert_eq!(patient.answer(), None);
    assert_eq!(platform.closed("idle-timeout"), 1);
    assert_eq!(platform.frames("Closed"), 0, "no frame was cut");
}

#[test]
fn connections_over_a_limit_are_closed_at_once_and_the_others_stay() {
    for (setting, reason) in [
        ("connections_per_address", "too-many-from-address"),
        ("connections", "too-many-connections"),
    ] {
        let mut site = Site::default();
        site.set("intake.mllp", setting, "2");
        let platform = site.start();
        let mut first = Sender::to(platform.mllp);
        let mut second = Sender::to(platform.mllp);
        first.accepted(&admission("1", "A1"));
        second.accepted(&admission("1", "B1"));
        assert_eq!(Sender::to(platform.mllp).answer(), None, "{setting}");
        assert_eq!(platform.closed(reason), 1);
        drop(second);
        wait_for("a place to be free", || {
            (platform.connections() == 1).then_some(())
        });
        Sender::to(platform.mllp).accepted(&admission("1", "C1"));
        first.accepted(&admission("1", "A2"));
    }
}

#[test]
fn a_message_in_flight_is_finished_when_the_platform_is_asked_to_stop() {
    let site = Site::default();
    let mut platform = site.start();
    let mut idle = Sender::to(platform.mllp);
    idle.accepted(&admission("1", "IDLE"));
    let message = admission("1", "FLIGHT");
    let (beginning, rest) = message.split_at(message.len() / 2);
    let mut sender = Sender::to(platform.mllp);
    sender.raw(&[&[START], beginning].concat()).unwrap();
    wait_for("both connections", || {
        (platform.connections() == 2).then_some(())
    });
    platform.ask_to_stop();
    assert_eq!(idle.answer(), None, "one between messages is closed");
    sender.raw(&[rest, &[END, END_SECOND]].concat()).unwrap();
    assert_eq!(
        sender
            .answer()
            .map(|answer| (answer.code, answer.control_id)),
        Some(("AA".into(), "FLIGHT".into()))
    );
    assert_eq!(sender.patience(Duration::from_secs(20)).answer(), None);
    assert!(platform.ended().success());
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 2);
}
