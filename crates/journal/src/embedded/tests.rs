//! What only the embedded journal promises: recovery, damage, full disks, failing disks.

mod crash;
mod damage;
mod disk;
mod keeping;
mod model;

use super::*;
use crate::Record;
use crate::conformance::{ONE_ORDER, RULES};
use crate::segment::path_of;
use crate::storage::simulated::Simulated;
use std::path::PathBuf;

/// Options that make every file turn over after a few records.
pub(super) fn tiny() -> Options {
    Options {
        segment_bytes: 2048,
        commit_bytes: 16 << 10,
        open_files: 3,
        ..Options::small()
    }
}

pub(super) fn dir() -> PathBuf {
    PathBuf::from("/journal")
}

pub(super) fn try_open(disk: &Simulated) -> Result<EmbeddedJournal, Error> {
    EmbeddedJournal::open_on(Arc::new(disk.clone()), &dir(), &tiny())
}

/// Opens a journal with a topic of two partitions.
pub(super) fn open(disk: &Simulated) -> EmbeddedJournal {
    let journal = try_open(disk).expect("it opens");
    journal.ensure_topic(&spec()).expect("the topic is there");
    journal
}

pub(super) fn spec() -> TopicSpec {
    TopicSpec {
        name: "topic".into(),
        partitions: 2,
        retention: None,
        retention_bytes: None,
        compacted: false,
    }
}

pub(super) fn at(partition: u16) -> TopicPartition {
    TopicPartition::new("topic", partition)
}

pub(super) fn record(value: &[u8]) -> Record {
    Record {
        value: Some(value.into()),
        ..Record::default()
    }
}

/// Makes a write to both partitions, and of a group's position, that says its number.
pub(super) fn numbered(number: u64) -> Write {
    let value = number
        .to_le_bytes()
        .repeat(usize::try_from(number % 7).expect("small") + 1);
    let records = vec![(at(0), record(&value)), (at(1), record(&value))];
    Write {
        records,
        offsets: vec![("group".into(), at(0), number)],
    }
}

/// Checks that the writes numbered from 0 are there, whole and in order, and gives how many.
pub(super) fn check_numbered(journal: &dyn Journal) -> u64 {
    let bounds = journal.bounds(&[at(0), at(1)]).expect("they exist");
    assert_eq!(bounds[0], bounds[1]);
    for partition in 0..2 {
        let found = all(journal, &at(partition), bounds[0].start);
        for (found, number) in found.iter().zip(bounds[0].start..) {
            let expected = &numbered(number).records[usize::from(partition)].1;
            assert_eq!(found, expected, "{number}");
        }
        assert_eq!(found.len() as u64, bounds[0].end - bounds[0].start);
    }
    let position = journal
        .committed("group")
        .expect("it is known")
        .get(&at(0))
        .copied();
    assert_eq!(position, bounds[0].end.checked_sub(1));
    bounds[0].end
}

pub(super) fn all(journal: &dyn Journal, from: &TopicPartition, start: Offset) -> Vec<Record> {
    let (mut records, mut next) = (Vec::new(), start);
    loop {
        let batch = journal.read(from, next, 700).expect("it can be read");
        let Some(offset) = batch.next_offset() else {
            return records;
        };
        records.extend(batch.iter().map(|one| one.to_record()));
        next = offset;
    }
}

#[test]
fn follows_the_rules_of_every_journal() {
    for (name, rule) in RULES.iter().chain(ONE_ORDER) {
        println!("{name}");
        let options = Options {
            segment_bytes: 8 << 10,
            ..Options::small()
        };
        rule(&|| {
            let opened = EmbeddedJournal::open_on(Arc::new(Simulated::new()), &dir(), &options);
            Box::new(opened.expect("it opens"))
        });
    }
}

#[test]
fn follows_the_rules_on_a_real_disk() {
    for (name, rule) in RULES.iter().chain(ONE_ORDER) {
        println!("{name}");
        let dir = tempfile::tempdir().expect("a directory");
        rule(&|| {
            let path = dir.path().join("journal");
            Box::new(EmbeddedJournal::open(&path, &Options::small()).expect("it opens"))
        });
    }
}

#[test]
fn everything_is_there_after_a_restart() {
    let disk = Simulated::new();
    for round in 0..4 {
        let journal = open(&disk);
        let newest = journal.wait(0, Duration::ZERO);
        assert_eq!(check_or_none(&journal), round * 50);
        for number in round * 50..round * 50 + 50 {
            assert_eq!(
                journal.append(numbered(number)).expect("accepted"),
                [number, number]
            );
        }
        assert!(journal.wait(0, Duration::ZERO) >= newest + 50);
        assert_eq!(
            journal.verify().expect("it is whole").records,
            (round * 50 + 50) * 2
        );
        match round % 2 {
            0 => journal.close().expect("it closes"),
            _ => drop(journal),
        }
    }
    assert_eq!(check_numbered(&open(&disk)), 200);
}

fn check_or_none(journal: &dyn Journal) -> u64 {
    match journal.committed("group").expect("it is known").is_empty() {
        true => 0,
        false => check_numbered(journal),
    }
}

#[test]
fn a_write_may_be_as_large_as_the_limit() {
    let journal = open(&Simulated::new());
    let limit = commit_file::write_bytes_max(tiny().commit_bytes);
    let empty = check::write(
        &Write {
            records: vec![(at(0), record(b""))],
            offsets: Vec::new(),
        },
        limit,
    );
    let room = limit - empty.expect("it is small");
    for (size, accepted) in [(room - 1, true), (room, true), (room + 1, false)] {
        let write = Write {
            records: vec![(at(0), record(&vec![7; size]))],
            offsets: Vec::new(),
        };
        let result = journal.append(write);
        assert_eq!(result.is_ok(), accepted, "{result:?}");
        assert!(accepted || matches!(result, Err(Error::TooLarge { .. })));
    }
    assert_eq!(all(&journal, &at(0), 0).len(), 2);
}

#[test]
fn options_outside_their_limits_are_refused() {
    let refused = [
        Options {
            commit_bytes: limits::COMMIT_BYTES_MIN - 1,
            ..tiny()
        },
        Options {
            commit_bytes: limits::COMMIT_BYTES_MAX + 1,
            ..tiny()
        },
        Options {
            segment_bytes: limits::SEGMENT_BYTES_MAX + 1,
            ..tiny()
        },
        Options {
            segment_bytes: 0,
            ..tiny()
        },
    ];
    for options in refused {
        let opened = EmbeddedJournal::open_on(Arc::new(Simulated::new()), &dir(), &options);
        assert!(matches!(opened, Err(Error::Option { .. })), "{options:?}");
    }
}

#[test]
fn a_full_queue_gives_the_write_back() {
    let journal = open(&Simulated::new());
    let (block, blocked) = std::sync::mpsc::sync_channel::<()>(0);
    let (entered, entering) = std::sync::mpsc::sync_channel(1);
    let done = Box::new(move |_: Result<Vec<u64>, Error>| {
        entered.send(()).expect("the test waits");
        blocked.recv().expect("the test lets go");
    });
    journal.submit(numbered(0), done);
    entering.recv().expect("the commit thread calls back");
    let mut queued = 0;
    let given_back = loop {
        match journal.try_submit(
            numbered(queued + 1),
            Box::new(|result| drop(result.expect("accepted"))),
        ) {
            Ok(()) => queued += 1,
            Err((write, _)) => break write,
        }
    };
    assert_eq!(given_back, numbered(queued + 1));
    assert_eq!(journal.status().queued_writes as u64, queued);
    block.send(()).expect("the commit thread waits");
    journal.append(given_back).expect("there is space again");
    assert_eq!(check_numbered(&journal), queued + 2);
}

#[test]
fn a_callback_that_panics_stops_the_journal_and_leaves_nobody_waiting() {
    let journal = open(&Simulated::new());
    journal.submit(numbered(0), Box::new(|_| panic!("on purpose")));
    let refused = journal.append(numbered(1));
    assert!(
        matches!(refused, Err(Error::Poisoned(_) | Error::Closed)),
        "{refused:?}"
    );
}

#[test]
fn one_process_has_a_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = EmbeddedJournal::open(dir.path(), &Options::small()).expect("it opens");
    let second = EmbeddedJournal::open(dir.path(), &Options::small());
    let Err(Error::InUse { pid, .. }) = second else {
        panic!("it must not open twice");
    };
    assert_eq!(pid, std::process::id().to_string());
    drop(first);
    assert!(EmbeddedJournal::open(dir.path(), &Options::small()).is_ok());
}

#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().expect("a directory");
    let dir = root.path().join("journal");
    let journal = EmbeddedJournal::open(&dir, &Options::small()).expect("it opens");
    journal.ensure_topic(&spec()).expect("created");
    journal.append(numbered(0)).expect("accepted");
    let segment = path_of(&dir, &at(0), 0);
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    for file in [
        &segment,
        &dir.join("lock"),
        &crate::checkpoint::path_of(&dir),
        &commit_file::paths(&dir)[0],
    ] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(
        (mode(&dir), mode(segment.parent().expect("it has one"))),
        (0o700, 0o700)
    );
}

#[test]
fn the_longest_names_fit_what_a_write_is_estimated_with() {
    let journal = open(&Simulated::new());
    let topic = "t".repeat(limits::TOPIC_NAME_BYTES_MAX);
    let long = TopicSpec {
        name: topic.as_str().into(),
        partitions: 60,
        ..spec()
    };
    journal.ensure_topic(&long).expect("created");
    let to = |partition| TopicPartition::new(topic.as_str(), partition);
    let group = "g".repeat(limits::GROUP_NAME_BYTES_MAX);
    for _ in 0..40 {
        let write = Write {
            records: (0..30)
                .map(|partition| (to(partition), Record::default()))
                .collect(),
            offsets: (30..40)
                .map(|partition| (group.as_str().into(), to(partition), 1))
                .collect(),
        };
        journal.append(write).expect("accepted");
    }
    assert_eq!(journal.bounds(&[to(29)]).expect("it exists")[0].end, 40);
}

#[test]
fn a_journal_may_be_dropped_by_its_own_callback() {
    let disk = Simulated::new();
    let journal = Arc::new(open(&disk));
    let (entered, entering) = std::sync::mpsc::sync_channel(1);
    let (block, blocked) = std::sync::mpsc::sync_channel::<()>(0);
    let last = Arc::clone(&journal);
    let done = Box::new(move |_: Result<Vec<u64>, Error>| {
        blocked.recv().expect("the test lets go");
        drop(last);
        entered.send(()).expect("the test waits");
    });
    journal.submit(numbered(0), done);
    drop(journal);
    block.send(()).expect("the callback waits");
    entering.recv().expect("it came back from dropping");
    assert_eq!(check_numbered(&open(&disk.copy())), 1);
}
