//! A disk without room: nothing is taken that cannot be kept, senders are told to come again, and it goes on after.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::message::admission;
use crate::platform::Site;
use crate::sender::Sender;
use crate::setting::wait_for;

/// What is sent to fill a disk; each is so large that a few hundred do.
const MESSAGES_MAX: usize = 4_000;
const MESSAGE_BYTES: usize = 64 << 10;

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

/// A disk of its own in memory, gone with the test.
struct SmallDisk {
    _folder: TempDir,
    place: PathBuf,
}

impl SmallDisk {
    /// Makes one; nothing where this user may not.
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("the system has room for a temporary folder");
        let place = folder.path().to_owned();
        let disk = Self {
            _folder: folder,
            place,
        };
        disk.mount(&format!("size={size}")).then_some(disk)
    }

    fn grow(&self, size: &str) -> bool {
        self.mount(&format!("remount,size={size}"))
    }

    fn mount(&self, options: &str) -> bool {
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&self.place);
        command.output().is_ok_and(|done| done.status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Where it was never mounted there is nothing to unmount.
        drop(Command::new("umount").arg(&self.place).output());
    }
}

#[test]
fn a_disk_that_is_really_full_loses_nothing_that_was_acknowledged() {
    let Some(disk) = SmallDisk::new("200m") else {
        println!("skipped: this user may not mount a small disk");
        return;
    };
    let mut site = Site::with_data(&disk.place.join("data"));
    // No reserve: the disk itself says no, in the middle of a write.
    site.set("journal", "warn_below", "\"0B\"")
        .set("journal", "refuse_below", "\"0B\"");
    site.set("journal", "segment_size", "\"1MiB\"");
    let platform = site.start();
    let message = |number: usize| {
        let note = format!("NTE|1||{}\r", "x".repeat(MESSAGE_BYTES));
        [&admission("1", &format!("F{number}"))[..], note.as_bytes()].concat()
    };
    let mut acknowledged = 0;
    let mut sender = Sender::to(platform.mllp);
    let refused = (0..MESSAGES_MAX).find_map(|number| {
        let message = message(number);
        sender.raw(&formats::mllp::encode(&message)).ok()?;
        match sender.answer() {
            Some(answer) if answer.code == "AA" => {
                acknowledged += 1;
                None
            }
            answer => Some((message, answer)),
        }
    });
    let (message, answer) = refused.expect("a small disk fills up");
    println!(
        "{acknowledged} acknowledged, then {:?}",
        answer.as_ref().map(|answer| &answer.faults)
    );
    assert!(acknowledged > 10);
    assert!(answer.is_none_or(|answer| answer.code == "AE"));
    wait_for("it to say so", || {
        (platform.get("/ready").0 == 503).then_some(())
    });
    drop(platform);

    assert!(disk.grow("600m"));
    let platform = site.start();
    Sender::to(platform.mllp).accepted(&message);
    platform.wait_until_idle();
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), acknowledged + 1);
    assert!(platform.stop().success());
    let verified = site.command(&["doctor", "--verify"]);
    assert!(verified.status.success(), "{verified:?}");
}
