//! Membership: who has which partitions, and that nobody writes who has lost them.

use super::*;

/// Polls until something becomes of the partitions.
pub(super) fn change(group: &KafkaGroup) -> Change {
    for _ in 0..600 {
        if let Some(change) = group
            .poll(Duration::from_millis(50))
            .expect("it is a member")
        {
            return change;
        }
    }
    panic!("nothing became of the partitions in 30 s");
}

fn set_up(test: &str) -> Option<(KafkaConfig, KafkaJournal)> {
    let config = config(&brokers()?, test);
    let journal = KafkaJournal::open(config.clone()).expect("the brokers answer");
    journal.ensure_topic(&topic("in", 4)).expect("it is made");
    journal.ensure_topic(&topic("out", 4)).expect("it is made");
    Some((config, journal))
}

#[test]
fn members_share_the_partitions_and_hand_them_over_when_they_leave() {
    let Some((config, journal)) = set_up("share") else {
        return;
    };
    let first = journal
        .join("stage", &["in".into()], &[])
        .expect("it joins");
    assert_eq!(change(&first), Change::Assigned(vec![0, 1, 2, 3]));
    let second = KafkaJournal::open(config).expect("the brokers answer");
    let second = second.join("stage", &["in".into()], &[]).expect("it joins");
    // The second is let in once the first has given up what it has.
    let (mut of_first, mut of_second) = (None, None);
    for _ in 0..600 {
        match first
            .poll(Duration::from_millis(20))
            .expect("it is a member")
        {
            Some(Change::Assigned(partitions)) => of_first = Some(partitions),
            Some(Change::Revoking | Change::Lost) => first.release().expect("it is open"),
            None => {}
        }
        if let Some(Change::Assigned(partitions)) = second
            .poll(Duration::from_millis(20))
            .expect("it is a member")
        {
            of_second = Some(partitions);
        }
        if of_first.is_some() && of_second.is_some() {
            break;
        }
    }
    let mut all = of_first.expect("the first has a share");
    assert_eq!(all.len(), 2);
    all.extend(of_second.expect("the second has a share"));
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3]);
    drop(second);
    assert_eq!(change(&first), Change::Revoking);
    first.release().expect("it is open");
    assert_eq!(change(&first), Change::Assigned(vec![0, 1, 2, 3]));
}

#[test]
fn positions_commit_with_records_or_not_at_all_and_a_successor_fences() {
    let Some((_, journal)) = set_up("fence") else {
        return;
    };
    let group = journal
        .join("stage", &["in".into()], &[])
        .expect("it joins");
    assert!(matches!(change(&group), Change::Assigned(_)));
    let task = group.task(1).expect("it takes over");
    assert_eq!(
        task.committed("stage").expect("it is known"),
        BTreeMap::new()
    );
    let write = |what: &[u8], offset| Write {
        records: vec![(at("out", 1), value(what)), (at("out", 1), value(what))],
        offsets: vec![("stage".into(), at("in", 1), offset)],
    };
    task.append(write(b"first", 5)).expect("it is committed");
    assert_eq!(
        task.committed("stage").expect("it is known"),
        [(at("in", 1), 5)].into()
    );
    let successor = group.task(1).expect("it takes over");
    let fenced = task.append(write(b"zombie", 9));
    assert!(matches!(fenced, Err(Error::Fenced { .. })), "{fenced:?}");
    let again = task.append(write(b"zombie", 9));
    assert!(matches!(again, Err(Error::Fenced { .. })), "{again:?}");
    assert_eq!(
        successor.committed("stage").expect("it is known"),
        [(at("in", 1), 5)].into()
    );
    successor
        .append(write(b"second", 6))
        .expect("it is committed");
    assert_eq!(
        successor.committed("stage").expect("it is known"),
        [(at("in", 1), 6)].into()
    );
    assert_eq!(
        all(&journal, &at("out", 1)),
        [
            b"first".to_vec(),
            b"first".to_vec(),
            b"second".to_vec(),
            b"second".to_vec()
        ]
    );
}

#[test]
fn what_was_acknowledged_before_is_met_before() {
    let Some((_, journal)) = set_up("settled") else {
        return;
    };
    journal.ensure_topic(&topic("also", 4)).expect("it is made");
    let inputs = ["in".into(), "also".into()];
    let group = journal.join("stage", &inputs, &inputs).expect("it joins");
    let task = group.task(2).expect("it takes over");
    let of = [at("in", 2), at("also", 2)];
    task.follow(&[(of[0].clone(), 0), (of[1].clone(), 0)])
        .expect("they exist");
    for round in 0..50 {
        journal
            .append(one("also", 2, b"first"))
            .expect("it is written");
        journal
            .append(one("in", 2, b"then"))
            .expect("it is written");
        // As soon as the second is among what is settled, the first is within the bounds.
        let mut settled = vec![0, 0];
        while settled[0] <= round {
            task.wait(0, Duration::from_millis(1));
            settled = task.settled(&of).expect("there are two");
            let bounds = task.bounds(&of).expect("they exist");
            assert!(bounds[1].end >= settled[0], "{bounds:?} {settled:?}");
        }
    }
}

#[test]
fn a_place_that_was_taken_is_taken_again_once_the_other_is_gone() {
    let Some((mut config, _)) = set_up("again") else {
        return;
    };
    config.instance = Some("the-same".to_owned());
    config.session_timeout = Duration::from_secs(6);
    let first = KafkaJournal::open(config.clone()).expect("the brokers answer");
    let first = first.join("stage", &["in".into()], &[]).expect("it joins");
    assert_eq!(change(&first), Change::Assigned(vec![0, 1, 2, 3]));
    let second = KafkaJournal::open(config).expect("the brokers answer");
    let second = second.join("stage", &["in".into()], &[]).expect("it joins");
    assert_eq!(change(&second), Change::Assigned(vec![0, 1, 2, 3]));
    let until_err = (0..600).find_map(|_| first.poll(Duration::from_millis(50)).err());
    let error = until_err.expect("it is told that its place was taken");
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(change(&first), Change::Lost, "whatever was told before");
    first.release().expect("there is nothing left to give up");
    drop(second);
    let again = (0..600).find_map(|_| match first.poll(Duration::from_millis(50)) {
        Ok(Some(Change::Assigned(partitions))) => Some(partitions),
        _ => None,
    });
    assert_eq!(again, Some(vec![0, 1, 2, 3]));
}

#[test]
fn a_task_commits_much_at_once_and_is_told_which_record_is_too_large_for_any_commit() {
    /// Together more than a write of others may have.
    const PARTS: usize = 5;
    let Some((_config, journal)) = set_up("large") else {
        return;
    };
    let group = journal
        .join("stage", &["in".into()], &[])
        .expect("it joins");
    assert_eq!(change(&group), Change::Assigned(vec![0, 1, 2, 3]));
    let task = group.task(0).expect("the partition is ours");
    let record = |bytes: usize| (at("out", 0), value(&vec![b'x'; bytes]));
    let write = |records| Write {
        records,
        offsets: vec![("stage".into(), at("in", 0), 0)],
    };
    let parts = vec![record(limits::WRITE_BYTES_MAX / PARTS); PARTS + 1];
    task.append(write(parts))
        .expect("each of them is small enough");
    let error = task
        .append(write(vec![record(RECORD_BYTES_MAX)]))
        .expect_err("brokers would not take it");
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    let error = error.to_string();
    for part in ["out 0", "key key", &RECORD_BYTES_MAX.to_string()] {
        assert!(error.contains(part), "{error}");
    }
    let most = RECORD_BYTES_MAX - 256;
    task.append(write(vec![record(most)]))
        .expect("it is just small enough");
    let read = all(&journal, &at("out", 0));
    assert_eq!(read.last().map(Vec::len), Some(most));
}
