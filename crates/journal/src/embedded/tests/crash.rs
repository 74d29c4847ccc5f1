//! Killed processes and power cuts: what was acknowledged is there.

use super::*;
use proptest::prelude::*;

#[test]
fn a_tail_torn_at_any_byte_is_cut() {
    let disk = Simulated::new();
    let journal = open(&disk);
    (0..5).for_each(|number| drop(journal.append(numbered(number)).expect("accepted")));
    let [commit, _] = commit_file::paths(&dir());
    let before = disk.get(&commit);
    journal.append(numbered(5)).expect("accepted");
    let after = disk.get(&commit);
    let begin = before
        .iter()
        .zip(&after)
        .position(|(a, b)| a != b)
        .expect("the entry is there");
    let end = after
        .iter()
        .rposition(|byte| *byte != 0)
        .expect("the entry is there")
        + 1;
    for cut in begin..=end {
        for filling in [0, 0xff] {
            let mut torn = after.clone();
            torn[cut..end].fill(filling);
            let killed = disk.copy();
            killed.put(&commit, torn.clone());
            let found = check_numbered(&open(&killed));
            assert!(
                found == 5 || found == 6 && torn == after,
                "cut at {cut}: {found}"
            );
        }
    }
}

#[test]
fn segment_tails_behind_the_checkpoint_do_not_matter() {
    let disk = Simulated::new();
    let journal = open(&disk);
    (0..3).for_each(|number| drop(journal.append(numbered(number)).expect("accepted")));
    journal.checkpoint().expect("written");
    let path = path_of(&dir(), &at(0), 0);
    let durable = disk.get(&path).len();
    (3..6).for_each(|number| drop(journal.append(numbered(number)).expect("accepted")));
    let whole = disk.get(&path);
    for length in durable..whole.len() {
        let killed = disk.copy();
        killed.put(&path, whole[..length].to_vec());
        assert_eq!(check_numbered(&open(&killed)), 6, "cut at {length}");
        let killed = disk.copy();
        let mut zeroed = whole.clone();
        zeroed[length..].fill(0);
        killed.put(&path, zeroed);
        assert_eq!(check_numbered(&open(&killed)), 6, "zeroed from {length}");
    }
}

#[test]
fn a_killed_process_loses_nothing_at_any_moment() {
    let disk = Simulated::new();
    let journal = open(&disk);
    // Enough that both commit files are used several times.
    for number in 0..400 {
        journal.append(numbered(number)).expect("accepted");
        if number % 13 == 0 {
            let killed = disk.copy();
            assert_eq!(check_numbered(&open(&killed)), number + 1);
            // And killed once more right after that start.
            assert_eq!(check_numbered(&open(&killed.copy())), number + 1);
        }
    }
    assert!(journal.status().counters.checkpoints > 2);
}

#[test]
fn a_group_that_was_half_written_does_not_come_back_later() {
    let disk = Simulated::new();
    let journal = open(&disk);
    let (block, blocked) = std::sync::mpsc::sync_channel::<()>(0);
    let (entered, entering) = std::sync::mpsc::sync_channel(1);
    let done = Box::new(move |_: Result<Vec<u64>, Error>| {
        entered.send(()).expect("the test waits");
        blocked.recv().expect("the test lets go");
    });
    journal.submit(numbered(0), done);
    entering.recv().expect("the commit thread calls back");
    // These wait, and become one group.
    (1..6).for_each(|number| journal.submit(numbered(number), Box::new(|_| ())));
    let [commit, _] = commit_file::paths(&dir());
    let before = disk.get(&commit);
    let seen = journal.wait(0, Duration::ZERO);
    block.send(()).expect("the commit thread waits");
    journal.wait(seen, Duration::from_secs(60));
    let after = disk.get(&commit);
    assert_eq!(check_numbered(&journal), 6);

    let begin = before
        .iter()
        .zip(&after)
        .position(|(a, b)| a != b)
        .expect("a group is there");
    let end = after
        .iter()
        .rposition(|byte| *byte != 0)
        .expect("a group is there");
    for torn_at in (begin..end).step_by(8) {
        let mut torn = after.clone();
        torn[torn_at..torn_at + 8].fill(0xee);
        let crashed = disk.copy();
        crashed.put(&commit, torn);
        let journal = open(&crashed);
        let found = check_numbered(&journal);
        assert!((1..=5).contains(&found), "torn at {torn_at}: {found}");
        // The same bytes at the same places as before: what was left of the group would fit behind them.
        journal.append(numbered(found)).expect("accepted");
        assert_eq!(
            check_numbered(&open(&crashed.copy())),
            found + 1,
            "torn at {torn_at}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn power_cuts_lose_nothing_acknowledged(
        seed: u64,
        rounds in prop::collection::vec((1_u64..60, 0_u64..8, any::<bool>()), 1..5),
    ) {
        let mut disk = Simulated::new();
        let mut acknowledged = 0;
        for (number, (writes, unanswered, checkpoint)) in rounds.into_iter().enumerate() {
            let journal = open(&disk);
            let found = check_or_none(&journal);
            prop_assert!(found >= acknowledged, "{found} of {acknowledged}");
            let mut next = found;
            for _ in 0..writes {
                journal.append(numbered(next)).expect("accepted");
                next += 1;
            }
            acknowledged = next;
            if checkpoint {
                journal.checkpoint().expect("written");
            }
            for _ in 0..unanswered {
                journal.submit(numbered(next), Box::new(|_| ()));
                next += 1;
            }
            disk = disk.cut_power(seed.wrapping_add(number as u64));
        }
        let journal = open(&disk);
        prop_assert!(check_or_none(&journal) >= acknowledged);
        journal.verify().expect("it is whole");
    }
}
