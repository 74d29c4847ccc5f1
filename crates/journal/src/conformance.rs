//! The rules of [`Journal`], one function each: every implementation passes [`RULES`], one that keeps one order over
//! all topics passes [`ONE_ORDER`] too.
//!
//! A rule panics where it is broken. It takes a factory that makes an empty journal.

use crate::{Batch, Bounds, Error, Journal, Record, TopicPartition, TopicSpec, Write, limits};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Makes an empty journal.
pub type Factory<'a> = &'a dyn Fn() -> Box<dyn Journal>;
/// A rule and its name.
pub type Rule = (&'static str, fn(Factory<'_>));

/// Every rule.
pub const RULES: &[Rule] = &[
    (
        "records_come_back_as_they_were_written",
        records_come_back_as_they_were_written,
    ),
    (
        "a_write_is_readable_once_it_is_acknowledged",
        a_write_is_readable_once_it_is_acknowledged,
    ),
    (
        "writes_are_committed_in_the_order_submitted",
        writes_are_committed_in_the_order_submitted,
    ),
    (
        "a_refused_write_leaves_nothing_behind",
        a_refused_write_leaves_nothing_behind,
    ),
    (
        "group_offsets_commit_with_records",
        group_offsets_commit_with_records,
    ),
    ("a_topic_keeps_its_partitions", a_topic_keeps_its_partitions),
    (
        "names_that_cannot_be_files_are_refused",
        names_that_cannot_be_files_are_refused,
    ),
    ("every_limit_is_kept", every_limit_is_kept),
    (
        "reads_outside_the_bounds_are_refused",
        reads_outside_the_bounds_are_refused,
    ),
    (
        "a_read_gives_one_record_however_small_the_limit",
        a_read_gives_one_record_however_small_the_limit,
    ),
    (
        "reads_at_any_limit_give_the_same_records",
        reads_at_any_limit_give_the_same_records,
    ),
    ("sequences_order_all_topics", sequences_order_all_topics),
    (
        "wait_ends_with_the_next_write",
        wait_ends_with_the_next_write,
    ),
];

/// What holds besides where all topics have one order; Apache Kafka's transactions take offsets of their own and end in one
/// partition after the other.
pub const ONE_ORDER: &[Rule] = &[
    (
        "offsets_are_contiguous_from_zero",
        offsets_are_contiguous_from_zero,
    ),
    (
        "bounds_never_show_half_a_write",
        bounds_never_show_half_a_write,
    ),
    (
        "partitions_are_taken_up_to_their_limit",
        partitions_are_taken_up_to_their_limit,
    ),
];

/// The first record of a partition is at 0, and each next one a step on, whatever happens in other partitions.
pub fn offsets_are_contiguous_from_zero(factory: Factory<'_>) {
    let journal = with_topics(factory);
    assert_eq!(
        append(&*journal, &[(0, b"a"), (1, b"b"), (0, b"c")]),
        [0, 0, 1]
    );
    assert_eq!(append(&*journal, &[(1, b"d"), (0, b"e")]), [1, 2]);
}

/// Key, times, seal, headers and value are kept byte for byte; a tombstone stays one.
pub fn records_come_back_as_they_were_written(factory: Factory<'_>) {
    let journal = with_topics(factory);
    let full = Record {
        key: b"\x00key\xff".as_slice().into(),
        event_time: i64::MIN,
        received_time: i64::MAX,
        seal: u64::MAX,
        headers: vec![
            ("content-type".into(), b"x".as_slice().into()),
            ("content-type".into(), Box::default()),
        ],
        value: Some(vec![7; 100_000].into()),
    };
    let tombstone = Record {
        value: None,
        ..full.clone()
    };
    let empty = Record {
        value: Some(Box::default()),
        ..Record::default()
    };
    let records = vec![full, tombstone, empty, Record::default()];
    let write = Write {
        records: records.iter().map(|one| (at(0), one.clone())).collect(),
        offsets: Vec::new(),
    };
    journal.append(write).expect("it is accepted");
    let batch = read(&*journal, &at(0), 0, usize::MAX);
    assert_eq!(
        batch.iter().map(|one| one.to_record()).collect::<Vec<_>>(),
        records
    );
    assert!(batch.next_offset() >= Some(4));
}

/// What was acknowledged can be read at once.
pub fn a_write_is_readable_once_it_is_acknowledged(factory: Factory<'_>) {
    let journal = with_topics(factory);
    for offset in 0..50 {
        append(&*journal, &[(0, b"a")]);
        assert_eq!(values(&read(&*journal, &at(0), offset, 1)), [b"a"]);
    }
}

/// A partition's offsets and callbacks follow the order in which one thread submitted.
pub fn writes_are_committed_in_the_order_submitted(factory: Factory<'_>) {
    let journal = with_topics(factory);
    let seen = Arc::new(Mutex::new(Vec::new()));
    for number in 0..200_u64 {
        let seen = Arc::clone(&seen);
        let done = Box::new(move |result: Result<Vec<u64>, Error>| {
            let offsets = result.expect("it is accepted");
            seen.lock()
                .expect("no callback panics")
                .push((number, offsets));
        });
        journal.submit(write(&[(0, &number.to_le_bytes())]), done);
    }
    append(&*journal, &[(0, b"last")]);
    let seen = seen.lock().expect("no callback panics");
    assert_eq!(
        *seen,
        (0..200)
            .map(|number| (number, vec![number]))
            .collect::<Vec<_>>()
    );
}

/// A write to a partition that does not exist is refused whole.
pub fn a_refused_write_leaves_nothing_behind(factory: Factory<'_>) {
    let journal = with_topics(factory);
    let mut refused = write(&[(0, b"a")]);
    refused
        .records
        .push((TopicPartition::new("other", 0), Record::default()));
    refused.offsets.push(("group".into(), at(0), 9));
    assert!(matches!(
        journal.append(refused),
        Err(Error::NoSuchPartition(_))
    ));
    let mut refused = write(&[(0, b"a")]);
    refused.offsets.push(("group".into(), at(9), 9));
    assert!(matches!(
        journal.append(refused),
        Err(Error::NoSuchPartition(_))
    ));
    assert_eq!(
        journal.bounds(&[at(0)]).expect("it exists"),
        [Bounds { start: 0, end: 0 }]
    );
    assert!(journal.committed("group").expect("it is known").is_empty());
    assert_eq!(append(&*journal, &[(0, b"a")]), [0]);
}

/// Whoever asks for the bounds of two partitions while writes to both go on sees all of a write or nothing.
pub fn bounds_never_show_half_a_write(factory: Factory<'_>) {
    let journal = with_topics(factory);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..300).for_each(|_| drop(append(&*journal, &[(0, b"a"), (1, b"b")]))));
        let mut last = 0;
        while last < 300 {
            let bounds = journal.bounds(&[at(0), at(1)]).expect("they exist");
            let ends: Vec<_> = bounds.iter().map(|one| one.end).collect();
            assert_eq!(ends.first(), ends.last());
            last = ends.first().copied().unwrap_or_default();
        }
    });
}

/// The positions of groups become true with the write that carries them.
pub fn group_offsets_commit_with_records(factory: Factory<'_>) {
    let journal = with_topics(factory);
    let mut both = write(&[(0, b"a")]);
    both.offsets = vec![
        ("one".into(), at(0), 5),
        ("two".into(), at(1), 6),
        ("one".into(), at(1), 7),
    ];
    journal.append(both).expect("it is accepted");
    let only = Write {
        offsets: vec![("one".into(), at(0), 4)],
        ..Write::default()
    };
    assert!(journal.append(only).expect("it is accepted").is_empty());
    let one: Vec<_> = journal
        .committed("one")
        .expect("it is known")
        .into_iter()
        .collect();
    assert_eq!(one, [(at(0), 4), (at(1), 7)]);
    assert_eq!(
        journal
            .committed("two")
            .expect("it is known")
            .into_iter()
            .collect::<Vec<_>>(),
        [(at(1), 6)]
    );
    assert!(journal.committed("three").expect("it is known").is_empty());
}

/// A topic can be asked for again, but not with another number of partitions.
pub fn a_topic_keeps_its_partitions(factory: Factory<'_>) {
    let journal = with_topics(factory);
    let changed = TopicSpec {
        retention: Some(Duration::from_secs(9)),
        ..spec(2)
    };
    journal
        .ensure_topic(&changed)
        .expect("its retention may change");
    assert_eq!(journal.topics(), std::slice::from_ref(&changed));
    let refused = journal.ensure_topic(&spec(3));
    assert!(matches!(
        refused,
        Err(Error::Partitions {
            existing: 2,
            asked: 3,
            ..
        })
    ));
    assert_eq!(journal.topics(), [changed]);
}

/// A topic's name is a directory's name too.
pub fn names_that_cannot_be_files_are_refused(factory: Factory<'_>) {
    let journal = factory();
    for name in [
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        ".a",
        "a b",
        "\u{e4}",
        &"a".repeat(201),
    ] {
        let spec = TopicSpec {
            name: name.into(),
            ..spec(1)
        };
        assert!(
            matches!(journal.ensure_topic(&spec), Err(Error::Name { .. })),
            "{name}"
        );
    }
    assert!(matches!(
        journal.ensure_topic(&spec(0)),
        Err(Error::Name { .. })
    ));
    assert!(journal.topics().is_empty());
}

/// Names are taken up to their limits, and refused above them.
pub fn every_limit_is_kept(factory: Factory<'_>) {
    let journal = with_topics(factory);
    for (length, taken) in around(limits::TOPIC_NAME_BYTES_MAX) {
        let named = TopicSpec {
            name: "t".repeat(length).into(),
            ..spec(1)
        };
        assert_eq!(
            journal.ensure_topic(&named).is_ok(),
            taken,
            "a topic of {length} bytes"
        );
    }
    for (length, taken) in around(limits::GROUP_NAME_BYTES_MAX) {
        let offsets = vec![("g".repeat(length).into(), at(0), 0)];
        let result = journal.append(Write {
            offsets,
            ..Write::default()
        });
        assert_eq!(result.is_ok(), taken, "a group of {length} bytes");
    }
    for (length, taken) in around(limits::HEADER_NAME_BYTES_MAX) {
        let headers = vec![("h".repeat(length).into(), Box::default())];
        let records = vec![(
            at(0),
            Record {
                headers,
                ..Record::default()
            },
        )];
        let result = journal.append(Write {
            records,
            ..Write::default()
        });
        assert_eq!(result.is_ok(), taken, "a header's name of {length} bytes");
    }
}

/// A topic has up to so many partitions.
pub fn partitions_are_taken_up_to_their_limit(factory: Factory<'_>) {
    let journal = factory();
    for (partitions, taken) in around(usize::from(limits::PARTITIONS_MAX)) {
        let partitions = u16::try_from(partitions).expect("the limit is less than 16 bits");
        let name = format!("of-{partitions}");
        let many = TopicSpec {
            name: name.into(),
            ..spec(partitions)
        };
        assert_eq!(
            journal.ensure_topic(&many).is_ok(),
            taken,
            "{partitions} partitions"
        );
    }
}

fn around(limit: usize) -> [(usize, bool); 3] {
    [
        (limit.saturating_sub(1), true),
        (limit, true),
        (limit.saturating_add(1), false),
    ]
}

/// The end gives an empty batch; behind it, or where there is no partition, is an error.
pub fn reads_outside_the_bounds_are_refused(factory: Factory<'_>) {
    let journal = with_topics(factory);
    assert!(read(&*journal, &at(0), 0, 1).is_empty());
    append(&*journal, &[(0, b"a")]);
    assert!(read(&*journal, &at(0), 1, 1).is_empty());
    let refused = journal.read(&at(0), 2, 1);
    assert!(matches!(
        refused,
        Err(Error::OutOfRange {
            asked: 2,
            start: 0,
            end: 1,
            ..
        })
    ));
    assert!(matches!(
        journal.read(&at(2), 0, 1),
        Err(Error::NoSuchPartition(_))
    ));
    assert!(matches!(
        journal.bounds(&[at(0), at(2)]),
        Err(Error::NoSuchPartition(_))
    ));
}

/// A record larger than the limit is given alone.
pub fn a_read_gives_one_record_however_small_the_limit(factory: Factory<'_>) {
    let journal = with_topics(factory);
    append(&*journal, &[(0, &[1; 300_000]), (0, b"b")]);
    for max_bytes in [0, 1, 1000] {
        assert_eq!(read(&*journal, &at(0), 0, max_bytes).len(), 1);
    }
    assert_eq!(read(&*journal, &at(0), 0, 400_000).len(), 2);
}

/// Reading on from the next offset gives every record once, whatever the limit.
pub fn reads_at_any_limit_give_the_same_records(factory: Factory<'_>) {
    let journal = with_topics(factory);
    let all: Vec<Vec<u8>> = (0..400_usize)
        .map(|number| number.to_le_bytes().repeat(number % 97))
        .collect();
    for chunk in all.chunks(7) {
        append(
            &*journal,
            &chunk
                .iter()
                .map(|value| (0, value.as_slice()))
                .collect::<Vec<_>>(),
        );
    }
    for max_bytes in [1, 100, 1000, 5000, 1_000_000] {
        let (mut found, mut next) = (Vec::new(), 0);
        loop {
            let batch = read(&*journal, &at(0), next, max_bytes);
            found.extend(values(&batch));
            match batch.next_offset() {
                Some(offset) => next = offset,
                None => break,
            }
        }
        assert_eq!(found, all);
    }
}

/// The records of one write share a sequence, and a later write has a greater one, whatever the partition; a journal
/// that keeps no such order says 0.
pub fn sequences_order_all_topics(factory: Factory<'_>) {
    let journal = with_topics(factory);
    for _ in 0..3 {
        append(&*journal, &[(0, b"a"), (1, b"b")]);
    }
    let sequences = |partition| -> Vec<u64> {
        let batch = read(&*journal, &at(partition), 0, usize::MAX);
        batch.iter().map(|one| one.sequence).collect()
    };
    let first = sequences(0);
    assert_eq!(first, sequences(1));
    assert!(
        first.iter().all(|one| *one == 0)
            || (first.is_sorted_by(|a, b| a < b) && !first.contains(&0))
    );
}

/// A reader that waits is woken by the next write, and not before it.
pub fn wait_ends_with_the_next_write(factory: Factory<'_>) {
    let journal = with_topics(factory);
    let seen = journal.wait(0, Duration::ZERO);
    assert_eq!(journal.wait(seen, Duration::from_millis(1)), seen);
    std::thread::scope(|scope| {
        scope.spawn(|| append(&*journal, &[(0, b"a")]));
        assert!(journal.wait(seen, Duration::from_secs(60)) > seen);
    });
    assert_eq!(read(&*journal, &at(0), 0, 1).len(), 1);
}

fn with_topics(factory: Factory<'_>) -> Box<dyn Journal> {
    let journal = factory();
    journal.ensure_topic(&spec(2)).expect("it is created");
    journal
}

fn spec(partitions: u16) -> TopicSpec {
    TopicSpec {
        name: "topic".into(),
        partitions,
        retention: None,
        retention_bytes: None,
        compacted: false,
    }
}

fn at(partition: u16) -> TopicPartition {
    TopicPartition::new("topic", partition)
}

fn write(records: &[(u16, &[u8])]) -> Write {
    let record = |value: &[u8]| Record {
        value: Some(value.into()),
        ..Record::default()
    };
    Write {
        records: records
            .iter()
            .map(|(to, value)| (at(*to), record(value)))
            .collect(),
        offsets: Vec::new(),
    }
}

fn append(journal: &dyn Journal, records: &[(u16, &[u8])]) -> Vec<u64> {
    journal.append(write(records)).expect("it is accepted")
}

fn read(journal: &dyn Journal, from: &TopicPartition, offset: u64, max_bytes: usize) -> Batch {
    journal
        .read(from, offset, max_bytes)
        .expect("it can be read")
}

fn values(batch: &Batch) -> Vec<Vec<u8>> {
    batch
        .iter()
        .map(|one| one.value.unwrap_or_default().to_vec())
        .collect()
}
