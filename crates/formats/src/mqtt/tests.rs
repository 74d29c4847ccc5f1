//! Packets are read as they are written, in pieces too, and what is no MQTT is refused.

use super::*;

const LIMIT: usize = 256 << 10;

fn message(payload: &[u8], version: Version) -> Vec<u8> {
    let publish = Publish {
        topic: "devices/bed-12/measurements",
        id: Some(7),
        payload,
    };
    super::publish(&publish, version)
}

#[test]
fn a_message_is_read_as_it_was_written_however_it_is_cut() {
    for version in [Version::V3, Version::V5] {
        let bytes = message(b"{}", version);
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end], version, LIMIT), Ok(Frame::Partial));
        }
        let Ok(Frame::Whole(Packet::Publish(publish), length)) = read(&bytes, version, LIMIT)
        else {
            panic!("a message");
        };
        assert_eq!(
            (publish.id, publish.payload, length),
            (Some(7), &b"{}"[..], bytes.len())
        );
    }
}

#[test]
fn a_message_over_the_limit_can_be_acknowledged_and_stepped_over() {
    let head = message(b"", Version::V3).len();
    // Three bytes of length instead of one.
    let of = |bytes: usize| message(&vec![b'x'; bytes - head - 2], Version::V3);
    for (bytes, too_long) in [(LIMIT - 1, false), (LIMIT, false), (LIMIT + 1, true)] {
        let sent = of(bytes);
        assert_eq!(sent.len(), bytes);
        let frame = read(&sent, Version::V3, LIMIT).unwrap();
        assert_eq!(frame == Frame::TooLong(Some(7), bytes), too_long);
        assert_eq!(
            read(&sent[..64], Version::V3, LIMIT).unwrap() == frame,
            too_long
        );
    }
}

#[test]
fn the_answer_to_a_connection_says_how_often_the_broker_must_hear_of_us() {
    let v3 = [0x20, 2, 1, 0];
    let connected = |session, keep_alive| Packet::Connected {
        session,
        code: 0,
        keep_alive,
        words: None,
    };
    assert_eq!(
        read(&v3, Version::V3, LIMIT),
        Ok(Frame::Whole(connected(true, None), 4))
    );
    let v5 = [0x20, 11, 0, 0, 8, 0x21, 0, 20, 0x24, 1, 0x13, 0, 9];
    assert_eq!(
        read(&v5, Version::V5, LIMIT),
        Ok(Frame::Whole(connected(false, Some(9)), 13))
    );
    let odd = [0x20, 4, 0, 0, 1, 0x7e];
    assert_eq!(read(&odd, Version::V5, LIMIT), Err(Malformed));
}

#[test]
fn what_is_no_mqtt_is_refused() {
    for bytes in [
        &b"HTTP/1.1 400"[..],
        &[0x00, 0],
        &[0x30, 0xff, 0xff, 0xff, 0xff, 1],
        &[0x32, 1, 0],
    ] {
        assert_eq!(read(bytes, Version::V3, LIMIT), Err(Malformed), "{bytes:?}");
    }
    assert_eq!(read(&[], Version::V3, LIMIT), Ok(Frame::Partial));
}

#[test]
fn a_connection_asks_for_a_session_that_stays() {
    let asked = Connect {
        version: Version::V3,
        client_id: "pulsewire",
        user: "",
        password: "",
        keep_alive: 30,
        session_expiry: 3600,
        receive_maximum: 64,
        packet_maximum: 262_144,
    };
    assert_eq!(
        connect(&asked),
        b"\x10\x15\0\x04MQTT\x04\0\0\x1e\0\x09pulsewire"
    );
    let signed = Connect {
        version: Version::V5,
        user: "u",
        password: "p",
        ..asked
    };
    assert_eq!(
        connect(&signed),
        b"\x10\x29\0\x04MQTT\x05\xc0\0\x1e\x0d\x11\0\0\x0e\x10\x21\0\x40\x27\0\x04\0\0\0\x09pulsewire\0\x01u\0\x01p"
    );
    let filters = ["devices/+/status".to_owned()];
    assert_eq!(
        subscribe(1, &filters, Version::V3),
        b"\x82\x15\0\x01\0\x10devices/+/status\x01"
    );
}

#[test]
fn topics_have_limits() {
    let long = |bytes: usize| topic_fault(&"t".repeat(bytes)).is_some();
    assert_eq!([511, 512, 513].map(long), [false, false, true]);
    let deep = |levels: usize| topic_fault(&vec!["l"; levels].join("/")).is_some();
    assert_eq!([7, 8, 9].map(deep), [false, false, true]);
    assert!(topic_fault("a/\0").is_some() && topic_fault("a/#").is_some());
}

#[test]
fn the_device_is_where_the_first_plus_is() {
    assert_eq!(
        wildcard("devices/+/measurements", "devices/bed-12/measurements"),
        Some("bed-12")
    );
    assert_eq!(wildcard("+/+/x", "a/b/x"), Some("a"));
    assert_eq!(wildcard("icu/+/#", "icu/bed-12/a/b"), Some("bed-12"));
    assert_eq!(
        wildcard("$share/grp/ward/+/measurements", "ward/bed-12/measurements"),
        Some("bed-12")
    );
    assert_eq!(
        ["$share/g/a/+", "$share/g", "a/$share/+"].map(unshared),
        ["a/+", "$share/g", "a/$share/+"]
    );
    for (filter, topic) in [
        ("devices/+", "devices/a/b"),
        ("devices/+/x", "devices/a"),
        ("devices/a", "devices/a"),
        ("#", "a"),
    ] {
        assert_eq!(wildcard(filter, topic), None, "{filter}");
    }
}

#[test]
fn what_a_broker_refuses_is_told_in_words() {
    let v5 = [
        0x90, 13, 0, 1, 8, 0x1f, 0, 5, b'n', b'o', b' ', b'w', b'y', 1, 0x87,
    ];
    let told = Packet::Subscribed {
        codes: &[1, 0x87],
        words: Some("no wy"),
    };
    assert_eq!(read(&v5, Version::V5, LIMIT), Ok(Frame::Whole(told, 15)));
    let v3 = [0x90, 4, 0, 1, 0, 0x80];
    let told = Packet::Subscribed {
        codes: &[0, 0x80],
        words: None,
    };
    assert_eq!(read(&v3, Version::V3, LIMIT), Ok(Frame::Whole(told, 6)));
    // A broker of an older MQTT refuses in the form that it knows.
    let old = [0x20, 2, 0, 1];
    let frame = read(&old, Version::V5, LIMIT);
    assert!(
        matches!(
            frame,
            Ok(Frame::Whole(Packet::Connected { code: 1, .. }, 4))
        ),
        "{frame:?}"
    );
    let ended = [0xe0, 6, 0x8e, 4, 0x1f, 0, 1, b'x'];
    let told = Packet::Disconnected {
        code: 0x8e,
        words: Some("x"),
    };
    assert_eq!(read(&ended, Version::V5, LIMIT), Ok(Frame::Whole(told, 8)));
    for (code, version, words, expected) in [
        (
            4,
            Version::V3,
            None,
            "bad user name or password (0x04): look at intake.mqtt.user and password_file",
        ),
        (
            0x8e,
            Version::V5,
            Some("x\n"),
            "session taken over (0x8e), \"x\\n\": another process uses the same client_id: give each its own",
        ),
        (0x89, Version::V5, Some(""), "server busy (0x89)"),
        (0xff, Version::V5, None, "unknown reason (0xff)"),
    ] {
        assert_eq!(reason(code, version, words), expected);
    }
    let long = reason(0x80, Version::V5, Some(&"w".repeat(70_000)));
    assert_eq!(long.matches('w').count(), 200);
}
