//! What is taken out of what has come, and when a broker is tried again.

use super::*;
use crate::config::MqttTls;

fn config() -> Mqtt {
    Mqtt {
        host: "127.0.0.1".into(),
        port: 1883,
        is_version_5: false,
        client_id: "pulsewire".into(),
        topics: vec!["devices/+/measurements".into()],
        status_topics: vec!["devices/+/status".into()],
        source: "devices".into(),
        user: String::new(),
        password_file: None,
        session_expiry: Duration::from_secs(60),
        keep_alive: Duration::from_secs(30),
        retry_longest: Duration::from_secs(30),
        tls: Some(MqttTls {
            ca: None,
            certificate: None,
        }),
    }
}

fn message(id: u16, payload: &[u8]) -> Vec<u8> {
    let publish = Publish {
        topic: "devices/a/measurements",
        id: Some(id),
        payload,
    };
    mqtt::publish(&publish, Version::V3)
}

/// The numbers of the messages, those over the limit negative, from bytes that come in pieces.
fn taken(bytes: &[u8], piece: usize) -> Vec<i32> {
    let mut input = Input::default();
    let mut found = Vec::new();
    for piece in bytes.chunks(piece) {
        input.bytes.extend_from_slice(piece);
        while let Some(taken) = input.next(Version::V3).unwrap() {
            match taken {
                Taken::Message { id, .. } => found.push(i32::from(id.unwrap())),
                Taken::TooLong(id) => found.push(-i32::from(id.unwrap())),
                _ => panic!("only messages were sent"),
            }
        }
    }
    assert!(input.bytes.is_empty() && input.skip == 0);
    found
}

#[test]
fn messages_are_taken_in_order_and_one_over_the_limit_is_stepped_over() {
    let long = vec![b'x'; PACKET_BYTES_MAX];
    let bytes = [message(1, b"a"), message(2, &long), message(3, b"c")].concat();
    for piece in [1_000, 65_536, bytes.len()] {
        assert_eq!(taken(&bytes, piece), [1, -2, 3]);
    }
    assert_eq!(taken(&message(4, b"d"), 1), [4]);
}

#[test]
fn hostile_d24_pauses_grow_up_to_the_longest_and_are_not_the_same() {
    let config = config();
    for attempt in 0..40 {
        let whole = RETRY_FIRST
            .saturating_mul(1 << attempt.min(16))
            .min(config.retry_longest);
        let pauses: Vec<Duration> = (0..50).map(|now| pause(attempt, &config, now)).collect();
        assert!(
            pauses
                .iter()
                .all(|pause| *pause >= whole / 2 && *pause <= whole),
            "{attempt}"
        );
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{attempt}");
    }
    assert!(pause(39, &config, 0) >= config.retry_longest / 2);
}

#[test]
fn only_a_connection_that_held_ends_the_growing_of_pauses() {
    let config = config();
    let over = |ended: &Ended, listened: Option<u64>| {
        is_over(ended, listened.map(Duration::from_secs), &config)
    };
    let gone = Ended::Silent;
    assert_eq!(
        [None, Some(0), Some(9), Some(10)].map(|listened| over(&gone, listened)),
        [false, false, false, true]
    );
    // Refused, or the session is another's: as long as the longest pause.
    let taken = Ended::Disconnected("session taken over".into());
    let refused = Ended::Refused("not authorized".into());
    for ended in [taken, refused] {
        assert_eq!(
            [None, Some(10), Some(29), Some(30)].map(|listened| over(&ended, listened)),
            [false, false, false, true]
        );
    }
}
