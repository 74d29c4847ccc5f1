//! Bytes that are no frame, half a frame, a strange frame or far too much of one, and what their senders get.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use formats::limits::Limits;
use formats::mllp::{END, END_SECOND, START};

use crate::message::{admission, header, lines, person};
use crate::platform::Site;
use crate::sender::Sender;
use crate::setting::wait_for;

/// Far below what a healthy process takes in these tests, and far below what was sent at it.
const MEMORY_KIB_MAX: u64 = 512 << 10;

#[test]
fn hostile_a01_bytes_before_a_frame_are_skipped_and_counted_and_never_answered() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    sender.raw(b"hello?\r\n").unwrap();
    assert_eq!(sender.accepted(&admission("1", "A1")).code, "AA");
    assert_eq!(platform.count(&["pulsewire_intake_skipped_bytes_total"]), 6);

    let mut browser = Sender::to(platform.mllp);
    let request = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
        "y".repeat(2 * Limits::DEFAULT.garbage_bytes)
    );
    browser.raw(request.as_bytes()).unwrap();
    assert_eq!(browser.answer(), None, "it is closed without an answer");
    assert_eq!(platform.closed("garbage"), 1);
    assert_eq!(platform.frames("Accepted"), 1);
}

#[test]
fn hostile_a02_a_connection_that_says_nothing_or_too_little_is_closed_and_holds_up_nobody() {
    let mut site = Site::default();
    site.set("intake.mllp", "first_byte_timeout", "\"1s\"").set(
        "intake.mllp",
        "frame_timeout",
        "\"2s\"",
    );
    let platform = site.start();
    let mut silent = Sender::to(platform.mllp);
    let mut half = Sender::to(platform.mllp);
    half.raw(&[START]).unwrap();
    let mut drip = Sender::to(platform.mllp);
    drip.raw(&[START, b'M']).unwrap();
    drip.stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let mut other = Sender::to(platform.mllp);
    let mut served = 0;
    let mut buffer = [0; 16];
    // One byte, then a wait in which nothing comes back, again and again: until the other side has had enough.
    loop {
        served += 1;
        other.accepted(&admission("1", &format!("A{served}")));
        if drip.stream.write_all(b"S").is_err() || matches!(drip.stream.read(&mut buffer), Ok(0)) {
            break;
        }
    }
    assert_eq!(silent.answer(), None);
    assert_eq!(half.answer(), None);
    wait_for("all three to be counted", || {
        (platform.count(&["pulsewire_intake_connections_closed_total{"]) == 3).then_some(())
    });
    assert_eq!(platform.closed("first-byte-timeout"), 1);
    assert_eq!(
        platform.frames("Closed"),
        2,
        "two frames began and did not end"
    );
    assert_eq!(platform.frames("Accepted"), served);
}

#[test]
fn hostile_a03_ends_inside_a_message_and_odd_segments_of_the_network_change_nothing_of_it() {
    let site = Site::default();
    let platform = site.start();
    let mut sender = Sender::to(platform.mllp);
    let inside = [&admission("1", "IN")[..], b"NTE|1||one\x1Ctwo\r"].concat();
    sender.accepted(&inside);

    let no_second = admission("1", "NOCR");
    sender
        .raw(&[&[START], &no_second[..], &[END]].concat())
        .unwrap();
    assert_eq!(
        sender.answer().unwrap().control_id,
        "NOCR",
        "silence after the first half ends it"
    );

    let (first, second) = (admission("1", "TWO-1"), admission("1", "TWO-2"));
    let both = [
        &[START],
        &first[..],
        &[END, END_SECOND, START],
        &second[..],
        &[END, END_SECOND],
    ]
    .concat();
    sender.raw(&both).unwrap();
    assert_eq!(sender.answer().unwrap().control_id, "TWO-1");
    assert_eq!(sender.answer().unwrap().control_id, "TWO-2");

    let bytewise = admission("1", "BYTES");
    for byte in [&[START], &bytewise[..], &[END, END_SECOND]].concat() {
        sender.raw(&[byte]).unwrap();
    }
    assert_eq!(sender.answer().unwrap().control_id, "BYTES");

    let kept: Vec<Vec<u8>> = site
        .records("healthcare.hl7v2.adt")
        .iter()
        .map(|kept| kept.bytes().to_vec())
        .collect();
    assert_eq!(
        kept,
        [inside, no_second, first, second, bytewise],
        "the exact bytes, in the order sent"
    );
}

#[test]
fn hostile_a04_a_frame_at_its_limit_is_taken_and_one_byte_more_is_refused_and_closed() {
    const LIMIT: usize = 4096;
    let mut site = Site::default();
    site.set("intake.mllp", "frame_size", "\"4KiB\"");
    let platform = site.start();
    for (length, expected) in [(LIMIT - 1, "AA"), (LIMIT, "AA"), (LIMIT + 1, "AR")] {
        let mut message = admission("1", &format!("L{length}"));
        message.extend_from_slice(b"NTE|1||");
        message.resize(length - 1, b'x');
        message.push(b'\r');
        let mut sender = Sender::to(platform.mllp);
        let answer = sender.exchange(&message);
        assert_eq!(answer.code, expected, "{length} bytes");
        if expected == "AR" {
            assert!(
                answer.faults[0].1.contains("longer than 4096 bytes"),
                "{:?}",
                answer.faults
            );
            assert_eq!(sender.answer(), None, "it is closed");
        }
    }
    assert_eq!(
        (platform.frames("Accepted"), platform.frames("Refused")),
        (2, 1)
    );
}

#[test]
fn hostile_a04_the_largest_frame_by_default_is_taken_and_a_stream_without_end_is_cut_off() {
    let site = Site::default();
    let platform = site.start();
    let note = format!("NTE|1||{}\r", "x".repeat(Limits::DEFAULT.segment_bytes - 7));
    let mut message = admission("1", "BIG");
    while message.len() + note.len() <= Limits::DEFAULT.frame_bytes {
        message.extend_from_slice(note.as_bytes());
    }
    message.extend_from_slice(b"NTE|1||");
    message.resize(Limits::DEFAULT.frame_bytes - 1, b'y');
    message.push(b'\r');
    Sender::to(platform.mllp).accepted(&message);

    let mut endless = Sender::to(platform.mllp);
    endless.raw(&[START]).unwrap();
    let chunk = vec![b'x'; 1 << 20];
    let mut sent = 0_usize;
    while sent < 8 * Limits::DEFAULT.frame_bytes && endless.raw(&chunk).is_ok() {
        sent += chunk.len();
    }
    assert!(sent < 8 * Limits::DEFAULT.frame_bytes, "it was not cut off");
    wait_for("the cut to be counted", || {
        (platform.closed("frame-too-long") == 1).then_some(())
    });
    let status = std::fs::read_to_string(format!("/proc/{}/status", platform.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < MEMORY_KIB_MAX, "it took {peak} KiB");
}

#[test]
fn hostile_a05_a_sender_that_resets_before_its_answer_has_its_message_stored_once() {
    let site = Site::default();
    let platform = site.start();
    let message = admission("1", "RESET");
    let mut hasty = Sender::to(platform.mllp);
    hasty.send(&message);
    drop(hasty);
    wait_for("the message to be taken", || {
        (platform.frames("Accepted") == 1).then_some(())
    });
    assert_eq!(
        Sender::to(platform.mllp).accepted(&message).control_id,
        "RESET"
    );
    assert_eq!(platform.frames("Resent"), 1);
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 1);

    // Half a close: what was sent is answered all the same.
    let mut half = Sender::to(platform.mllp);
    half.send(&admission("1", "HALF"));
    half.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(half.answer().unwrap().control_id, "HALF");
    assert_eq!(half.answer(), None);
}

#[test]
fn a_frame_that_is_cut_off_is_counted_and_nothing_of_it_is_a_message() {
    let site = Site::default();
    let platform = site.start();
    let mut cut = Sender::to(platform.mllp);
    cut.raw(&[&[START], &admission("1", "CUT")[..]].concat())
        .unwrap();
    cut.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(cut.answer(), None);
    wait_for("it to be counted", || {
        (platform.frames("Closed") == 1).then_some(())
    });
    assert_eq!(site.records("healthcare.hl7v2.adt").len(), 0);
}

#[test]
fn hostile_a06_a_sender_that_never_reads_its_answers_is_closed_and_holds_up_nobody() {
    let mut site = Site::default();
    site.set("intake.mllp", "write_timeout", "\"1s\"");
    let platform = site.start();
    let mut deaf = Sender::to(platform.mllp).patience(Duration::from_millis(500));
    // An answer repeats its message's control id: long ones fill what the network holds soon.
    let mut sent = 0;
    while platform.closed("write-timeout") == 0 {
        let id = format!("{sent}-{}", "x".repeat(200 << 10));
        let message = lines(&[&header("ADT^A01^ADT_A01", &id), &person("1")]);
        sent += 1;
        assert!(sent < 500, "nothing fills up");
        drop(deaf.raw(&formats::mllp::encode(&message)));
    }
    assert_eq!(
        Sender::to(platform.mllp)
            .accepted(&admission("2", "OTHER"))
            .code,
        "AA"
    );
    drop(deaf);
    wait_for("its connection to be gone", || {
        (platform.connections() == 0).then_some(())
    });
}
