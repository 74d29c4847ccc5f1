//! A disk without room: nothing is taken that cannot be kept, senders are told to come again, and it goes on after.

use crate::message::admission;
use crate::platform::Site;
use crate::sender::Sender;
use crate::setting::wait_for;

#[test]
fn a_disk_without_room_defers_every_message_until_there_is_room() {
    let mut site = Site::default();
    let platform = site.start();
    let first = admission("1", "BEFORE");
    Sender::to(platform.mllp).accepted(&first);
    assert_eq!(platform.get("/ready").0, 200);
    assert!(platform.stop().success());

    // More than any disk has free: as if this one were full.
    site.set("journal", "warn_below", "\"1000000GiB\"").set(
        "journal",
        "refuse_below",
        "\"1000000GiB\"",
    );
    let platform = site.start();
    let second = admission("1", "MEANWHILE");
    let mut sender = Sender::to(platform.mllp);
    let answer = sender.exchange(&second);
    assert_eq!(
        (answer.code.as_str(), answer.control_id.as_str()),
        ("AE", "MEANWHILE")
    );
    assert!(
        answer.faults[0].1.contains("send it again later"),
        "{:?}",
        answer.faults
    );
    let enhanced =
        String::from_utf8(second.clone())
            .unwrap()
            .replacen("|2.5.1|||||", "|2.5.1|||AL|NE|", 1);
    assert_eq!(sender.exchange(enhanced.as_bytes()).code, "CE");
    assert_eq!(
        sender.exchange(&first).code,
        "AA",
        "what is kept already is known"
    );
    let (status, troubles) = platform.get("/ready");
    assert_eq!(status, 503);
    assert!(
        troubles.contains("disk of the journal is full"),
        "{troubles}"
    );
    assert_eq!(
        (
            platform.frames("Accepted"),
            platform.frames("Deferred"),
            platform.frames("Resent")
        ),
        (0, 2, 1)
    );
    assert!(platform.stop().success());
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 1);

    site.set("journal", "warn_below", "\"1MiB\"")
        .set("journal", "refuse_below", "\"1MiB\"");
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&second);
    wait_for("it to be ready", || {
        (platform.get("/ready").0 == 200).then_some(())
    });
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 2);
}
