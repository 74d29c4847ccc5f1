//! Full and failing disks.

use super::*;
use std::io::ErrorKind;

#[test]
fn a_full_disk_refuses_and_goes_on_by_itself() {
    let disk = Simulated::new();
    let options = Options {
        warn_below_bytes: 2000,
        refuse_below_bytes: 1000,
        ..tiny()
    };
    disk.set_free(999);
    let journal =
        EmbeddedJournal::open_on(Arc::new(disk.clone()), &dir(), &options).expect("it opens");
    assert_eq!(journal.status().disk, crate::Disk::Full);
    let refused = journal.ensure_topic(&spec());
    assert!(
        matches!(
            refused,
            Err(Error::DiskFull {
                free_bytes: 999,
                limit_bytes: 1000
            })
        ),
        "{refused:?}"
    );
    disk.set_free(1000);
    journal.ensure_topic(&spec()).expect("there is space");
    assert_eq!(journal.status().disk, crate::Disk::Low);
    journal.append(numbered(0)).expect("there is space");
    let status = journal.status();
    assert_eq!(
        (status.disk_free_bytes, status.counters.refused_disk_full),
        (1000, 1)
    );
    assert_eq!(check_numbered(&journal), 1);
    disk.set_free(999);
    let large = Write {
        records: vec![(at(0), record(&[7; 8 << 10]))],
        offsets: Vec::new(),
    };
    let accepted = (0..200)
        .take_while(|_| journal.append(large.clone()).is_ok())
        .count();
    assert!(
        (1..200).contains(&accepted),
        "it looks again after a while: {accepted}"
    );
    disk.set_free(2000);
    journal.append(large).expect("there is space");
}

#[test]
fn a_disk_that_others_fill_is_seen_without_a_write() {
    let disk = Simulated::new();
    let options = Options {
        warn_below_bytes: 2000,
        refuse_below_bytes: 1000,
        ..tiny()
    };
    disk.set_free(5000);
    let journal =
        EmbeddedJournal::open_on(Arc::new(disk.clone()), &dir(), &options).expect("it opens");
    journal.ensure_topic(&spec()).expect("there is space");
    for (free, seen) in [
        (1999, crate::Disk::Low),
        (999, crate::Disk::Full),
        (5000, crate::Disk::Enough),
        (999, crate::Disk::Full),
    ] {
        disk.set_free(free);
        let status = journal.status();
        assert_eq!((status.disk, status.disk_free_bytes), (seen, free));
    }
    let refused = journal.append(numbered(0));
    assert!(
        matches!(
            refused,
            Err(Error::DiskFull {
                free_bytes: 999,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[test]
fn what_was_acknowledged_before_the_disk_ran_out_becomes_readable() {
    let disk = Simulated::new();
    let journal = open(&disk);
    journal.append(numbered(0)).expect("accepted");
    disk.fail_write(Some((".segment", ErrorKind::StorageFull)));
    let seen = journal.wait(0, Duration::ZERO);
    journal
        .append(numbered(1))
        .expect("it is durable in the commit file");
    let refused = journal.append(numbered(2));
    assert!(
        matches!(refused, Err(Error::DiskFull { .. })),
        "{refused:?}"
    );
    assert_eq!(check_numbered(&journal), 1);
    disk.fail_write(None);
    journal.wait(seen, Duration::from_secs(60));
    assert_eq!(check_numbered(&journal), 2);
    journal.append(numbered(2)).expect("there is space");
    assert_eq!(check_numbered(&journal), 3);
}

#[test]
fn a_failed_sync_stops_the_journal_for_good() {
    let disk = Simulated::new();
    let journal = open(&disk);
    journal.append(numbered(0)).expect("accepted");
    disk.fail_sync(Some("commit"));
    assert!(matches!(
        journal.append(numbered(1)),
        Err(Error::Poisoned(_))
    ));
    disk.fail_sync(None);
    assert!(matches!(
        journal.append(numbered(1)),
        Err(Error::Poisoned(_))
    ));
    assert!(matches!(journal.checkpoint(), Err(Error::Poisoned(_))));
    assert!(journal.status().poisoned.is_some());
    assert_eq!(check_numbered(&journal), 1);
    drop(journal);
    // Whether the refused write was durable is not known: it may be there, as it may after a lost acknowledgement.
    assert!((1..=2).contains(&check_numbered(&open(&disk))));
}

#[test]
fn a_failed_write_of_the_commit_file_stops_the_journal_for_good() {
    let disk = Simulated::new();
    let journal = open(&disk);
    disk.fail_write(Some(("commit", ErrorKind::Other)));
    assert!(matches!(
        journal.append(numbered(0)),
        Err(Error::Poisoned(_))
    ));
    disk.fail_write(None);
    assert!(matches!(
        journal.append(numbered(0)),
        Err(Error::Poisoned(_))
    ));
    drop(journal);
    let journal = open(&disk);
    journal.append(numbered(0)).expect("a new process goes on");
    assert_eq!(check_numbered(&journal), 1);
}

#[test]
fn a_segment_that_cannot_be_synced_stops_the_journal_for_good() {
    let disk = Simulated::new();
    let journal = open(&disk);
    journal.append(numbered(0)).expect("accepted");
    disk.fail_sync(Some(".segment"));
    assert!(journal.checkpoint().is_err());
    disk.fail_sync(None);
    assert!(matches!(
        journal.append(numbered(1)),
        Err(Error::Poisoned(_))
    ));
    drop(journal);
    assert_eq!(check_numbered(&open(&disk)), 1);
}

#[test]
fn a_checkpoint_without_space_is_tried_again() {
    let disk = Simulated::new();
    let journal = open(&disk);
    disk.fail_write(Some(("checkpoint", ErrorKind::StorageFull)));
    journal.append(numbered(0)).expect("accepted");
    assert!(matches!(journal.checkpoint(), Err(Error::Io { .. })));
    disk.fail_write(None);
    journal.checkpoint().expect("there is space");
    assert_eq!(check_numbered(&open(&disk.copy())), 1);
}
