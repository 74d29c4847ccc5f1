//! Reading what transactions leave: gaps, what was aborted, what is still open.

use super::*;

#[test]
fn what_was_aborted_is_not_read_and_reading_goes_on_behind_it() {
    let Some(brokers) = brokers() else { return };
    let config = config(&brokers, "aborted");
    let journal = KafkaJournal::open(config).expect("the brokers answer");
    journal.ensure_topic(&topic("in", 1)).expect("it is made");
    journal.ensure_topic(&topic("out", 1)).expect("it is made");
    let group = journal
        .join("stage", &["in".into()], &[])
        .expect("it joins");
    assert_eq!(groups::change(&group), Change::Assigned(vec![0]));
    let task = group.task(0).expect("it takes over");
    let two = |what: &[u8]| Write {
        records: vec![
            (at("out", 0), value(what)),
            (at("out", 0), value(b"and more")),
        ],
        offsets: Vec::new(),
    };
    task.append(two(b"one")).expect("it is committed");
    // A partition that does not exist is found before anything is written.
    let mut wrong = two(b"never");
    wrong.records.push((at("out", 9), value(b"nowhere")));
    assert!(matches!(task.append(wrong), Err(Error::NoSuchPartition(_))));
    task.append(two(b"two")).expect("the producer goes on");
    assert_eq!(
        all(&journal, &at("out", 0)),
        [&b"one"[..], b"and more", b"two", b"and more"]
    );
}

#[test]
fn a_transaction_left_open_is_waited_for_and_taken_back() {
    let Some(brokers) = brokers() else { return };
    let config = config(&brokers, "open");
    let journal = KafkaJournal::open(config.clone()).expect("the brokers answer");
    journal.ensure_topic(&topic("out", 1)).expect("it is made");
    let id = format!("{}stage.0", config.prefix);
    let open = open_transaction(&config, &id);
    let bounds = journal.bounds(&[at("out", 0)]).expect("it exists");
    assert_eq!(bounds, [Bounds { start: 0, end: 0 }]);
    // Restoring must not stop here.
    assert_eq!(journal.written(&[at("out", 0)]).expect("it exists"), [1]);
    journal.ensure_topic(&topic("in", 1)).expect("it is made");
    let group = journal
        .join("stage", &["in".into()], &[])
        .expect("it joins");
    let task = group.task(0).expect("it takes over");
    let written = task.written(&[at("out", 0)]).expect("it exists");
    let batch = task
        .read(&at("out", 0), 0, 1 << 20)
        .expect("it can be read");
    assert!(batch.is_empty());
    assert_eq!(batch.next_offset(), written.first().copied());
    drop(open);
    assert!(all(&journal, &at("out", 0)).is_empty());
}

/// Writes a record and stops in the middle, as a process does that is killed.
fn open_transaction(config: &KafkaConfig, id: &str) -> impl Drop + use<> {
    use rdkafka::config::FromClientConfigAndContext as _;
    use rdkafka::producer::{BaseProducer, Producer as _};
    let told = config.transactions(id);
    let producer: BaseProducer<client::Context> =
        BaseProducer::from_config_and_context(&told, config.context()).expect("it opens");
    producer
        .init_transactions(ASK_TIMEOUT)
        .expect("it is ready");
    producer.begin_transaction().expect("it begins");
    let gathered = Arc::new(Mutex::new(client::Gathered {
        offsets: vec![0],
        failed: None,
    }));
    let opaque = Box::new(client::Delivery::Part(0, gathered));
    let name = format!("{}out", config.prefix);
    let record = value(b"never committed");
    let sent = single::sendable(&name, 0, &record, opaque);
    assert!(producer.send(sent).is_ok(), "there is room");
    producer.flush(ASK_TIMEOUT).expect("it is written");
    producer
}

#[test]
fn what_is_followed_comes_without_being_asked_for() {
    let Some(brokers) = brokers() else { return };
    let journal = KafkaJournal::open(config(&brokers, "follow")).expect("the brokers answer");
    journal.ensure_topic(&topic("in", 2)).expect("it is made");
    journal
        .follow(&[(at("in", 0), 0), (at("in", 1), 0)])
        .expect("they exist");
    for round in 0..20_u8 {
        let seen = journal.wait(0, Duration::ZERO);
        journal
            .append(one("in", u16::from(round % 2), &[round]))
            .expect("it is written");
        assert!(journal.wait(seen, Duration::from_secs(10)) > seen);
    }
    let mut found = Vec::new();
    let mut next = [0, 0];
    while found.len() < 20 {
        let seen = journal.wait(0, Duration::ZERO);
        for number in 0..2_u16 {
            let from = at("in", number);
            let batch = journal
                .read(&from, next[usize::from(number)], 1)
                .expect("it can be read");
            found.extend(
                batch
                    .iter()
                    .map(|one| one.value.unwrap_or_default().to_vec()),
            );
            next[usize::from(number)] = batch.next_offset().unwrap_or(next[usize::from(number)]);
        }
        journal.wait(seen, Duration::from_millis(50));
    }
    found.sort();
    assert_eq!(
        found,
        (0..20_u8).map(|round| vec![round]).collect::<Vec<_>>()
    );
}

#[test]
fn an_end_that_was_told_before_hides_nothing_that_was_written_after() {
    let Some(brokers) = brokers() else { return };
    let journal = KafkaJournal::open(config(&brokers, "end")).expect("the brokers answer");
    journal.ensure_topic(&topic("end", 1)).expect("it is made");
    for number in 0..5_u8 {
        journal
            .append(one("end", 0, &[number]))
            .expect("it is written");
        let batch = journal.read(&at("end", 0), number.into(), 1);
        let batch = batch.expect("it can be read");
        let values: Vec<_> = batch
            .iter()
            .map(|one| one.value.map(<[u8]>::to_vec))
            .collect();
        assert_eq!(values, [Some(vec![number])]);
        // Meanwhile the end is told to the reader.
        journal.wait(u64::MAX, Duration::from_millis(100));
    }
}
