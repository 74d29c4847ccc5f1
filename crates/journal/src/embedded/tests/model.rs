//! Whatever is done, the journal on disk says what the one in memory says.

use super::*;
use crate::MemoryJournal;
use proptest::prelude::*;

/// One thing to do.
#[derive(Clone, Debug)]
enum Step {
    Write(Write),
    Checkpoint,
    Restart,
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![12 => write().prop_map(Step::Write), 1 => Just(Step::Checkpoint), 1 => Just(Step::Restart), 1 => Just(Step::Kill)]
}

fn write() -> impl Strategy<Value = Write> {
    let records = prop::collection::vec((0_u16..3, any_record()), 0..6);
    let offsets = prop::collection::vec((0_u8..3, 0_u16..3, any::<u64>()), 0..3);
    (records, offsets).prop_map(|(records, offsets)| Write {
        records: records
            .into_iter()
            .map(|(to, record)| (at(to), record))
            .collect(),
        offsets: offsets
            .into_iter()
            .map(|(group, of, offset)| (format!("group-{group}").into(), at(of), offset))
            .collect(),
    })
}

fn any_record() -> impl Strategy<Value = Record> {
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    let headers = prop::collection::vec(("[a-z-]{0,9}", bytes(9)), 0..3);
    let value = prop::option::of(bytes(700));
    (bytes(20), any::<(i64, i64, u64)>(), headers, value).prop_map(
        |(key, (event_time, received_time, seal), headers, value)| Record {
            key: key.into(),
            event_time,
            received_time,
            seal,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            value: value.map(Into::into),
        },
    )
}

fn open_wide(disk: &Simulated) -> EmbeddedJournal {
    let journal = try_open(disk).expect("it opens");
    journal
        .ensure_topic(&TopicSpec {
            partitions: 3,
            ..spec()
        })
        .expect("created");
    journal
}

/// Gives all that can be asked of a journal.
fn everything(journal: &dyn Journal) -> Vec<String> {
    let mut told = Vec::new();
    for partition in 0..3 {
        let from = at(partition);
        let bounds = journal
            .bounds(std::slice::from_ref(&from))
            .expect("it exists");
        told.push(format!("{bounds:?}"));
        for record in all(journal, &from, 0) {
            told.push(format!("{record:?}"));
        }
    }
    for group in 0..3 {
        told.push(format!(
            "{:?}",
            journal
                .committed(&format!("group-{group}"))
                .expect("it is known")
        ));
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_disk_says_what_memory_says(steps in prop::collection::vec(step(), 1..80)) {
        let memory = MemoryJournal::new();
        memory.ensure_topic(&TopicSpec { partitions: 3, ..spec() }).expect("created");
        let mut disk = Simulated::new();
        let mut journal = open_wide(&disk);
        for step in steps {
            match step {
                Step::Write(write) => {
                    let expected = memory.append(write.clone()).expect("accepted");
                    prop_assert_eq!(journal.append(write).expect("accepted"), expected);
                    continue;
                }
                Step::Checkpoint => journal.checkpoint().expect("written"),
                Step::Restart => {
                    drop(journal);
                    journal = open_wide(&disk);
                }
                Step::Kill => {
                    let killed = disk.copy();
                    drop(journal);
                    disk = killed;
                    journal = open_wide(&disk);
                }
            }
            prop_assert_eq!(everything(&journal), everything(&memory));
        }
        prop_assert_eq!(everything(&journal), everything(&memory));
    }
}
