//! Damage that is not a torn tail: refused at the start, or told when it is read; never wrong data.

use super::*;

/// Makes a closed journal of several segments.
fn closed() -> Simulated {
    let disk = Simulated::new();
    let journal = open(&disk);
    (0..40).for_each(|number| drop(journal.append(numbered(number)).expect("accepted")));
    journal.close().expect("it closes");
    disk
}

fn refused(disk: &Simulated) -> String {
    match try_open(disk) {
        Ok(_) => panic!("it must not open"),
        Err(error) => error.to_string(),
    }
}

/// Reads everything; true when there was an error on the way, panics on wrong data.
fn complains(disk: &Simulated) -> bool {
    let Ok(journal) = try_open(disk) else {
        return true;
    };
    let told = journal.verify().is_err();
    for number in 0..40_u64 {
        match journal.read(&at(0), number, 1) {
            Ok(batch) => {
                let found = batch.iter().next().expect("one record");
                assert_eq!(found.offset, number);
                assert_eq!(found.to_record(), numbered(number).records[0].1);
            }
            Err(Error::Damaged { .. }) => assert!(told),
            Err(other) => panic!("{other}"),
        }
    }
    told
}

#[test]
fn a_bit_flipped_anywhere_in_a_segment_is_told() {
    let disk = closed();
    let path = path_of(&dir(), &at(0), 0);
    let whole = disk.get(&path);
    for byte in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << (byte % 8);
        let damaged = disk.copy();
        damaged.put(&path, flipped);
        assert!(complains(&damaged), "byte {byte}");
    }
}

#[test]
fn a_bit_flipped_anywhere_in_the_checkpoint_is_refused() {
    let disk = closed();
    let path = crate::checkpoint::path_of(&dir());
    let whole = disk.get(&path);
    for byte in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << (byte % 8);
        let damaged = disk.copy();
        damaged.put(&path, flipped);
        assert!(refused(&damaged).contains("checkpoint"), "byte {byte}");
    }
}

#[test]
fn a_bit_flipped_before_the_last_entry_of_the_commit_file_is_refused() {
    let disk = Simulated::new();
    let journal = open(&disk);
    (0..5).for_each(|number| drop(journal.append(numbered(number)).expect("accepted")));
    let [commit, _] = commit_file::paths(&dir());
    let last = disk
        .get(&commit)
        .iter()
        .rposition(|byte| *byte != 0)
        .expect("entries");
    journal.append(numbered(5)).expect("accepted");
    let whole = disk.get(&commit);
    let mut harmless = 0;
    for byte in 0..=last {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << (byte % 8);
        let damaged = disk.copy();
        damaged.put(&commit, flipped);
        match try_open(&damaged) {
            Err(Error::Damaged { file, .. }) => assert!(file.contains("commit")),
            Err(Error::Version { .. }) => {}
            Err(other) => panic!("{other}"),
            // The filling between entries says nothing.
            Ok(journal) => {
                assert_eq!(check_numbered(&journal), 6);
                harmless += 1;
            }
        }
    }
    assert!(harmless < 100, "{harmless}");
}

#[test]
fn a_missing_segment_is_refused() {
    let disk = closed();
    let segments = disk.find("topic/0");
    assert!(segments.len() > 2);
    for segment in segments {
        let damaged = disk.copy();
        damaged.delete(&segment);
        assert!(refused(&damaged).contains("missing"));
    }
}

#[test]
fn swapped_and_foreign_segments_are_refused() {
    let disk = closed();
    let (ours, others) = (path_of(&dir(), &at(0), 0), path_of(&dir(), &at(1), 0));
    let swapped = disk.copy();
    swapped.put(&ours, disk.get(&others));
    swapped.put(&others, disk.get(&ours));
    assert!(refused(&swapped).contains("swapped"));
    let foreign = disk.copy();
    foreign.put(&ours, closed().get(&ours));
    assert!(refused(&foreign).contains("another journal"));
    let foreign = disk.copy();
    let [commit, _] = commit_file::paths(&dir());
    foreign.put(&commit, closed().get(&commit));
    assert!(refused(&foreign).contains("another journal"));
}

#[test]
fn a_segment_cut_or_grown_before_its_durable_end_is_refused() {
    let disk = closed();
    let segments = disk.find("topic/0");
    for segment in &segments {
        let cut = disk.copy();
        let mut content = disk.get(segment);
        content.pop();
        cut.put(segment, content);
        assert!(refused(&cut).contains("it ends here"));
    }
    let grown = disk.copy();
    let mut content = disk.get(&segments[0]);
    content.push(0);
    grown.put(&segments[0], content);
    assert!(refused(&grown).contains("goes on"));
}

#[test]
fn missing_files_are_refused() {
    let disk = closed();
    for path in commit_file::paths(&dir()) {
        let damaged = disk.copy();
        damaged.delete(&path);
        assert!(refused(&damaged).contains("missing"));
    }
    let damaged = disk.copy();
    damaged.delete(&crate::checkpoint::path_of(&dir()));
    assert!(refused(&damaged).contains("checkpoint is missing"));
}

#[test]
fn segments_of_no_topic_are_refused() {
    let disk = closed();
    let content = disk.get(&path_of(&dir(), &at(0), 0));
    disk.put(
        &path_of(&dir(), &TopicPartition::new("other", 0), 0),
        content,
    );
    assert!(refused(&disk).contains("no such topic"));
}

#[test]
fn later_versions_are_refused() {
    let disk = closed();
    let patched = |path: &Path, covered: usize| {
        let damaged = disk.copy();
        let mut content = disk.get(path);
        content[8] = 9;
        let length = if covered == 0 {
            content.len() - 4
        } else {
            covered
        };
        let sum = crc32c::crc32c(&content[..length]);
        content[length..length + 4].copy_from_slice(&sum.to_le_bytes());
        damaged.put(path, content);
        refused(&damaged)
    };
    let [commit, _] = commit_file::paths(&dir());
    let told = "format version 9, this program reads up to 1: use the newer program";
    assert!(patched(&commit, 26).contains(told));
    assert!(patched(&crate::checkpoint::path_of(&dir()), 0).contains(told));
    assert!(patched(&path_of(&dir(), &at(0), 0), 252).contains(told));
}

#[test]
fn damage_tells_the_file_the_place_and_what_to_do() {
    let disk = closed();
    let path = path_of(&dir(), &at(0), 0);
    let mut content = disk.get(&path);
    let position = usize::try_from(crate::segment::SEGMENT_HEADER_BYTES).expect("small");
    content[position + 20] ^= 1;
    disk.put(&path, content);
    let journal = try_open(&disk).expect("it opens: what is old is checked when it is read");
    let told = journal
        .read(&at(0), 0, 1)
        .expect_err("it is damaged")
        .to_string();
    expect_test::expect![[
        "/journal/topics/topic/0/00000000000000000000.segment is damaged at byte 256: a record whose checksum does not match; restore this file from a replica or a backup before starting again"
    ]]
    .assert_eq(&told);
}
