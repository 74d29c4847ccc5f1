//! Packets are read as they were written, are small, and damaged ones are refused.

use proptest::prelude::*;

use super::*;

fn sample(at: i64, units: i64, sequence: u64) -> Sample {
    Sample {
        at: Some(at),
        value: Some(Decimal::new(units, 0)),
        quality: Quality::default(),
        sequence,
    }
}

fn packet(samples: Vec<Sample>) -> Packet {
    Packet {
        device: "bed-12-monitor".into(),
        received_at: 1_772_355_600_250_000,
        message: Some([7; 16]),
        presence: None,
        series: vec![Series {
            code: Code::parse("147842"),
            channel: "".into(),
            unit: "/min".into(),
            waveform: false,
            samples,
        }],
    }
}

#[test]
fn sixty_samples_of_a_minute_take_two_to_three_bytes_each() {
    let start = 1_772_355_600_000_000;
    let samples = (0..60).map(|n| sample(start + n * 1_000_000, 80 + n % 5, 0));
    let packet = packet(samples.collect());
    let bytes = packet.encode();
    assert_eq!(bytes.len(), 142);
    assert_eq!(Packet::decode(&bytes), Ok(packet));
}

#[test]
fn a_second_of_a_waveform_takes_about_a_byte_a_sample() {
    let wave = |n: i64| 2048 + [0, 3, 9, 14, 9, 3, 0, -4][usize::try_from(n % 8).unwrap()];
    let start = 1_772_355_600_000_000;
    let samples = (0..250).map(|n| Sample {
        value: Some(Decimal::new(wave(n) * 1612, 3)),
        ..sample(start + n * 4_000, 0, 0)
    });
    let bytes = packet(samples.collect()).encode();
    assert_eq!(bytes.len(), 335);
}

#[test]
fn a_gap_in_the_numbering_is_kept() {
    let numbers = [5, 6, 7, 9, 10, 10, 0];
    let samples: Vec<_> = numbers.into_iter().map(|n| sample(0, 1, n)).collect();
    let read = Packet::decode(&packet(samples.clone()).encode()).unwrap();
    assert_eq!(read.series.len(), 1);
    assert_eq!(read.series[0].samples, samples);
}

#[test]
fn a_number_that_the_device_does_not_count_as_a_value_is_invalid() {
    let told = Sample {
        quality: Quality::NOT_AVAILABLE.and(Quality::EARLY),
        ..sample(0, 88, 0)
    };
    let read = Packet::decode(&packet(vec![told, sample(1, 89, 0)]).encode()).unwrap();
    let samples = &read.series[0].samples;
    assert_eq!(samples[0].value, told.value);
    assert!(samples[0].quality.is_technical());
    assert_eq!(samples[1].quality, Quality::default());
}

#[test]
fn numbers_of_any_size_stand_beside_each_other() {
    let values = [
        Decimal::new(i64::MAX, 0),
        Decimal::new(1, 12),
        Decimal::new(-5, 1),
        Decimal::new(i64::MIN, 3),
    ];
    let samples: Vec<_> = values
        .map(|value| Sample {
            value: Some(value),
            ..sample(i64::MIN, 0, 0)
        })
        .into();
    let read = Packet::decode(&packet(samples).encode()).unwrap();
    let numbers = read.series[0]
        .samples
        .iter()
        .map(|sample| sample.value.unwrap());
    assert!(numbers.zip(values).all(|(a, b)| a.compare(b).is_eq()));
}

#[test]
fn what_is_cut_or_has_something_behind_it_is_refused() {
    let bytes = packet((0..9).map(|n| sample(n * n, n, 0)).collect()).encode();
    for end in 0..bytes.len() {
        assert_eq!(Packet::decode(&bytes[..end]), Err(Undecodable));
    }
    assert_eq!(
        Packet::decode(&[&bytes[..], &[0]].concat()),
        Err(Undecodable)
    );
}

#[test]
fn more_samples_than_may_be_are_refused() {
    let many = |count: usize| packet(vec![sample(0, 1, 0); count]).encode();
    assert!(Packet::decode(&many(SAMPLES_MAX - 1)).is_ok());
    assert!(Packet::decode(&many(SAMPLES_MAX)).is_ok());
    assert_eq!(Packet::decode(&many(SAMPLES_MAX + 1)), Err(Undecodable));
}

fn any_sample() -> impl Strategy<Value = Sample> {
    let value =
        proptest::option::of((-1_000_000_i64..1_000_000).prop_map(|units| Decimal::new(units, 2)));
    (0..1_i64 << 50, value, 0_u32..1 << 20, 0..40_u64).prop_map(|(at, value, flags, sequence)| {
        let flags = Quality(flags & !Quality::NOT_AVAILABLE.0);
        let quality = if value.is_none() {
            flags.and(Quality::NOT_AVAILABLE)
        } else {
            flags
        };
        Sample {
            at: Some(at),
            value,
            quality,
            sequence,
        }
    })
}

proptest! {
    #[test]
    fn a_packet_is_read_as_it_was_written(samples in proptest::collection::vec(any_sample(), 1..40)) {
        // Samples without a value need one with digits beside them, or their scale is not known.
        let packet = packet(samples);
        let read = Packet::decode(&packet.encode()).unwrap();
        prop_assert_eq!(read, packet);
    }

    #[test]
    fn damaged_bytes_never_panic(place in 0..120_usize, byte in 0..=255_u8) {
        let samples = (0..20).map(|n| sample(n * 1_000, n * n, n.unsigned_abs() % 7)).collect();
        let mut bytes = packet(samples).encode();
        if let Some(at) = bytes.get_mut(place) {
            *at = byte;
        }
        drop(Packet::decode(&bytes));
    }
}
