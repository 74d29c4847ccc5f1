//! Measures durable appends, reads and recovery, each beside a bare `fdatasync` of the same disk in the same run.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a benchmark prints, reads the clock and may stop at the first mistake"
)]
#![expect(
    clippy::cast_precision_loss,
    reason = "rates are printed with few digits"
)]

use journal::{EmbeddedJournal, Journal, Options, Record, TopicPartition, TopicSpec, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The size of an HL7 v2 message with some results.
const MESSAGE_BYTES: usize = 2300;
/// The size of a record for the rates of small ones.
const SMALL_BYTES: usize = 500;
const PARTITIONS: u16 = 12;
const SLOT: Duration = Duration::from_secs(2);

fn main() {
    let dir = tempfile::tempdir_in(".").unwrap();
    probe(dir.path());
    let only_bulk = std::env::args().any(|argument| argument == "bulk");
    for writers in if only_bulk { &[][..] } else { &[1, 16, 128] } {
        let writers = *writers;
        durable(&dir.path().join(format!("durable-{writers}")), writers);
        probe(dir.path());
    }
    bulk(&dir.path().join("bulk"));
}

fn probe(dir: &Path) {
    let file = std::fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .open(dir.join("probe"))
        .unwrap();
    file.write_all_at(&vec![0; 16 << 20], 0).unwrap();
    file.sync_all().unwrap();
    let mut times = Vec::new();
    for number in 0..4000_u64 {
        let begun = Instant::now();
        file.write_all_at(&[7; 4096], number * 4096).unwrap();
        file.sync_data().unwrap();
        times.push(begun.elapsed());
    }
    tell("probe: 4 KiB written and synced", &mut times, None);
}

fn tell(what: &str, times: &mut [Duration], rate: Option<f64>) {
    times.sort();
    let at = |share: usize| times[(times.len() * share / 1000).min(times.len() - 1)].as_micros();
    let rate = rate.map_or(String::new(), |rate| format!(", {rate:.0}/s"));
    println!(
        "{what}: p50 {} us, p99 {} us, p99.9 {} us{rate}",
        at(500),
        at(990),
        at(999)
    );
}

fn open(dir: &Path) -> EmbeddedJournal {
    let journal = EmbeddedJournal::open(dir, &Options::default()).unwrap();
    let spec = TopicSpec {
        name: "topic".into(),
        partitions: PARTITIONS,
        retention: None,
        retention_bytes: None,
        compacted: false,
    };
    journal.ensure_topic(&spec).unwrap();
    journal
}

fn write(number: u64, bytes: usize) -> Write {
    let to = TopicPartition::new("topic", (number % u64::from(PARTITIONS)) as u16);
    let record = Record {
        key: [1; 16].into(),
        value: Some(vec![7; bytes].into()),
        ..Record::default()
    };
    Write {
        records: vec![(to, record)],
        offsets: Vec::new(),
    }
}

fn durable(dir: &Path, writers: u64) {
    let journal = open(dir);
    let times = Mutex::new(Vec::new());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let (journal, times) = (&journal, &times);
            scope.spawn(move || {
                let mut own = Vec::new();
                for number in writer.. {
                    let write = write(number, MESSAGE_BYTES);
                    let one = Instant::now();
                    journal.append(write).unwrap();
                    own.push(one.elapsed());
                    if begun.elapsed() > SLOT {
                        break;
                    }
                }
                times.lock().unwrap().extend(own);
            });
        }
    });
    let mut times = times.into_inner().unwrap();
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    tell(
        &format!("append and wait, {writers} writers, {MESSAGE_BYTES} B"),
        &mut times,
        Some(rate),
    );
    let counters = journal.status().counters;
    println!(
        "  {:.1} writes a group",
        counters.writes as f64 / counters.groups as f64
    );
}

fn bulk(dir: &Path) {
    let journal = open(dir);
    let total = 2_000_000_u64;
    let done = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    for number in 0..total {
        let done = Arc::clone(&done);
        let counted = move |result: Result<Vec<u64>, journal::Error>| {
            result.unwrap();
            done.fetch_add(1, Ordering::Relaxed);
        };
        journal.submit(write(number, SMALL_BYTES), Box::new(counted));
    }
    journal.append(write(0, 1)).unwrap();
    assert_eq!(done.load(Ordering::Relaxed), total);
    let took = begun.elapsed().as_secs_f64();
    println!(
        "append without waiting, {SMALL_BYTES} B: {:.0}/s",
        total as f64 / took
    );
    batches(&journal);
    for _ in 0..2 {
        let (took, records) = read_all(&journal);
        println!(
            "read {SMALL_BYTES} B, 64 KiB at once: {:.0}/s",
            records as f64 / took
        );
    }
    let begun = Instant::now();
    let verified = journal.verify().unwrap();
    println!(
        "verify: {} records in {:.2} s",
        verified.records,
        begun.elapsed().as_secs_f64()
    );
    recover(dir, journal);
}

fn batches(journal: &EmbeddedJournal) {
    let (writes, records) = (1000_u64, 1000);
    let begun = Instant::now();
    for number in 0..writes {
        let mut batch = write(number, SMALL_BYTES);
        let one = batch.records[0].clone();
        batch.records = vec![one; records];
        journal.submit(batch, Box::new(|result| drop(result.unwrap())));
    }
    journal.append(write(0, 1)).unwrap();
    let took = begun.elapsed().as_secs_f64();
    println!(
        "append without waiting, {records} of {SMALL_BYTES} B a write: {:.0}/s",
        (writes * records as u64) as f64 / took
    );
}

fn read_all(journal: &dyn Journal) -> (f64, u64) {
    let begun = Instant::now();
    let mut records = 0;
    for partition in 0..PARTITIONS {
        let from = TopicPartition::new("topic", partition);
        let mut next = 0;
        while let Some(after) = {
            let batch = journal.read(&from, next, 64 << 10).unwrap();
            records += batch.iter().filter(|one| one.value.is_some()).count() as u64;
            batch.next_offset()
        } {
            next = after;
        }
    }
    (begun.elapsed().as_secs_f64(), records)
}

fn recover(dir: &Path, journal: EmbeddedJournal) {
    let bytes = journal.status().bytes;
    drop(journal);
    let begun = Instant::now();
    let journal = EmbeddedJournal::open(dir, &Options::default()).unwrap();
    println!(
        "open after a stop, {} MB: {:.3} s",
        bytes >> 20,
        begun.elapsed().as_secs_f64()
    );
    // As after a crash: the commit file is as full as it gets.
    (0..100_000).for_each(|number| {
        journal.submit(
            write(number, SMALL_BYTES),
            Box::new(|result| drop(result.unwrap())),
        );
    });
    journal.append(write(0, 1)).unwrap();
    let copy = dir.with_extension("copy");
    copy_dir(dir, &copy);
    let begun = Instant::now();
    let journal = EmbeddedJournal::open(&copy, &Options::default()).unwrap();
    let took = begun.elapsed().as_secs_f64();
    println!(
        "open after a crash, {} MB kept: {took:.3} s",
        journal.status().bytes >> 20
    );
    let (took, records) = read_all(&journal);
    println!(
        "first read after it, 64 KiB at once: {:.0}/s",
        records as f64 / took
    );
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
