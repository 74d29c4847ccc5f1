//! Retention, reading beside the writer, and the number of open files.

use super::*;
use crate::ReadOnlyJournal;

const HOUR: i64 = 3_600_000_000;

fn keep(retention: Option<Duration>, retention_bytes: Option<u64>) -> TopicSpec {
    TopicSpec {
        retention,
        retention_bytes,
        compacted: false,
        ..spec()
    }
}

fn aged(number: u64) -> Write {
    let mut write = numbered(number);
    for (_, record) in &mut write.records {
        record.received_time = i64::try_from(number).expect("small") * HOUR;
    }
    write.offsets.push(("group".into(), at(1), number));
    write
}

#[test]
fn old_segments_go_and_never_the_one_written_to() {
    let disk = Simulated::new();
    let journal = open(&disk);
    (0..40).for_each(|number| drop(journal.append(aged(number)).expect("accepted")));
    assert_eq!(
        journal.retain(1000 * HOUR).expect("done"),
        0,
        "nothing says that they may go"
    );
    journal
        .ensure_topic(&keep(Some(Duration::from_secs(3600 * 10)), None))
        .expect("changed");
    let removed = journal.retain(40 * HOUR).expect("done");
    let [bounds, _] = journal.bounds(&[at(0), at(1)]).expect("they exist")[..] else {
        panic!("two")
    };
    assert!(bounds.start > 10 && bounds.start <= 30, "{bounds:?}");
    assert_eq!(removed, bounds.start * 2);
    assert!(matches!(
        journal.read(&at(0), 0, 1),
        Err(Error::OutOfRange { .. })
    ));
    journal.retain(10_000 * HOUR).expect("done");
    let status = journal.status();
    assert!(
        status
            .partitions
            .iter()
            .all(|one| one.segments == 1 && one.bounds.end == 40)
    );
    // The group of these writes stands at the last of them: nothing unread was removed.
    assert_eq!(status.counters.removed_unread_records, 0);
    drop(journal);
    assert_eq!(disk.find("topic/0").len(), 1);
    let journal = open(&disk);
    assert_eq!(journal.bounds(&[at(0)]).expect("it exists")[0].end, 40);
    journal.verify().expect("it is whole");
}

#[test]
fn what_a_group_had_not_read_is_counted_when_it_goes() {
    let journal = open(&Simulated::new());
    (0..40).for_each(|number| drop(journal.append(numbered(number)).expect("accepted")));
    let slow = Write {
        offsets: vec![("slow".into(), at(0), 3)],
        ..Write::default()
    };
    journal.append(slow).expect("accepted");
    journal
        .ensure_topic(&keep(None, Some(2500)))
        .expect("changed");
    journal.retain(0).expect("done");
    let start = journal.bounds(&[at(0)]).expect("it exists")[0].start;
    assert!(start > 3);
    // In the other partition the slow group has read nothing yet.
    let unread = (start - 3) + start;
    assert_eq!(journal.status().counters.removed_unread_records, unread);
    assert!(
        journal
            .status()
            .partitions
            .iter()
            .all(|one| one.bytes <= 2500)
    );
}

#[test]
fn files_that_retention_had_no_time_to_remove_go_at_the_next_start() {
    let disk = Simulated::new();
    let journal = open(&disk);
    (0..40).for_each(|number| drop(journal.append(numbered(number)).expect("accepted")));
    let first = path_of(&dir(), &at(0), 0);
    let content = disk.get(&first);
    journal
        .ensure_topic(&keep(None, Some(2500)))
        .expect("changed");
    journal.retain(0).expect("done");
    drop(journal);
    disk.put(&first, content);
    let journal = open(&disk);
    assert!(journal.bounds(&[at(0)]).expect("it exists")[0].start > 0);
    assert!(!disk.find("topic/0").contains(&first));
}

#[test]
fn a_reader_beside_the_writer_sees_what_is_in_the_segments() {
    let disk = Simulated::new();
    assert!(matches!(reader(&disk), Err(Error::NoJournal { .. })));
    let journal = open(&disk);
    journal.append(numbered(0)).expect("accepted");
    journal.checkpoint().expect("written");
    let reader = reader(&disk).expect("it opens");
    assert_eq!(all(&reader, &at(0), 0).len(), 1);
    for number in 1..60 {
        let seen = reader.wait(0, Duration::ZERO);
        journal.append(numbered(number)).expect("accepted");
        assert!(reader.wait(seen, Duration::from_secs(60)) > seen);
        assert_eq!(
            reader.bounds(&[at(0)]).expect("it exists")[0].end,
            number + 1
        );
    }
    let found = all(&reader, &at(0), 0);
    assert_eq!(reader.verify().expect("it is whole").records, 120);
    assert_eq!(found, all(&journal, &at(0), 0));
    assert!(matches!(reader.append(numbered(60)), Err(Error::ReadOnly)));
    journal
        .ensure_topic(&keep(None, Some(2500)))
        .expect("changed");
    journal.retain(0).expect("done");
    let bounds = reader.bounds(&[at(0)]).expect("it exists");
    assert_eq!(bounds, journal.bounds(&[at(0)]).expect("it exists"));
    assert!(matches!(
        reader.read(&at(0), 0, 1),
        Err(Error::OutOfRange { .. })
    ));
    assert_eq!(
        all(&reader, &at(0), bounds[0].start),
        found[usize::try_from(bounds[0].start).expect("small")..]
    );
}

fn reader(disk: &Simulated) -> Result<ReadOnlyJournal, Error> {
    ReadOnlyJournal::open_on(Arc::new(disk.clone()), &dir())
}

#[test]
fn the_files_of_another_commit_size_are_made_anew() {
    let disk = Simulated::new();
    drop(open(&disk));
    let larger = Options {
        commit_bytes: 32 << 10,
        ..tiny()
    };
    let journal =
        EmbeddedJournal::open_on(Arc::new(disk.clone()), &dir(), &larger).expect("it opens");
    (0..300).for_each(|number| drop(journal.append(numbered(number)).expect("accepted")));
    assert_eq!(
        disk.find("commit-")
            .iter()
            .map(|path| disk.get(path).len())
            .max(),
        Some(32 << 10)
    );
    assert_eq!(check_numbered(&open(&disk.copy())), 300);
}

#[test]
fn every_offset_is_found_after_a_restart_from_any_side() {
    let disk = Simulated::new();
    let wide = Options {
        segment_bytes: 1 << 20,
        commit_bytes: 1 << 20,
        ..tiny()
    };
    let open = |disk: &Simulated| {
        let opened = EmbeddedJournal::open_on(Arc::new(disk.clone()), &dir(), &wide);
        opened.expect("it opens")
    };
    let large = |number: u64| {
        let value = number.to_le_bytes().repeat(100);
        Write {
            records: vec![(at(0), record(&value))],
            offsets: Vec::new(),
        }
    };
    open(&disk).ensure_topic(&spec()).expect("created");
    for part in 0..3 {
        let journal = open(&disk);
        for number in part * 200..part * 200 + 200 {
            journal.append(large(number)).expect("accepted");
        }
    }
    for step in [599, 101, 1] {
        let journal = open(&disk.copy());
        for number in (0..600).rev().step_by(step) {
            let batch = journal.read(&at(0), number, 1).expect("it can be read");
            assert_eq!(
                batch.iter().next().map(|one| one.to_record()),
                Some(large(number).records[0].1.clone())
            );
        }
    }
}
