//! Two processes that register under one subject at the same moment.

use std::collections::BTreeMap;
use std::time::Duration;

use journal::{Batch, Bounds, Done, MemoryJournal, TopicSpec};
use schema::compatibility::Language;

use super::*;

const ONE: &str = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;

/// What happens before a write is made, once for each.
type Before = Mutex<Vec<Box<dyn FnOnce() + Send>>>;

/// A journal in which somebody else comes first.
struct Outrun {
    journal: Arc<MemoryJournal>,
    before: Before,
}

impl Journal for Outrun {
    fn ensure_topic(&self, spec: &TopicSpec) -> Result<(), journal::Error> {
        self.journal.ensure_topic(spec)
    }

    fn topics(&self) -> Vec<TopicSpec> {
        self.journal.topics()
    }

    fn submit(&self, write: Write, done: Done) {
        let before = self.before.lock().expect("nobody panics").pop();
        if let Some(before) = before {
            before();
        }
        self.journal.submit(write, done);
    }

    fn read(
        &self,
        from: &TopicPartition,
        offset: Offset,
        max_bytes: usize,
    ) -> Result<Batch, journal::Error> {
        self.journal.read(from, offset, max_bytes)
    }

    fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, journal::Error> {
        self.journal.bounds(of)
    }

    fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Offset>, journal::Error> {
        self.journal.committed(group)
    }

    fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        self.journal.wait(seen, at_most)
    }
}

fn schema(text: &str) -> Schema {
    Schema::parse(Language::Json, text).expect("the tests' schemas are right")
}

fn with(property: &str) -> Schema {
    schema(&ONE.replace(
        "\"a\"",
        &format!("\"a\":{{\"type\":\"string\"}},\"{property}\""),
    ))
}

fn memory() -> Arc<MemoryJournal> {
    let journal = MemoryJournal::new();
    for spec in topics::specs(1, Duration::from_secs(1)) {
        journal.ensure_topic(&spec).expect("nothing is there yet");
    }
    Arc::new(journal)
}

/// A registry that another one comes before, with these schemas, one before each of its writes.
fn outrun(journal: &Arc<MemoryJournal>, by: Vec<Schema>) -> (Embedded, Arc<Embedded>) {
    let shared = Arc::clone(journal) as Arc<dyn Journal>;
    let first = Arc::new(Embedded::new(shared, Clock::system()));
    let before = by.into_iter().rev().map(|schema| {
        let first = Arc::clone(&first);
        let register = move || {
            let registered = first.register_as("x-value", &schema, None, None);
            registered.map(drop).expect("nobody comes before the first");
        };
        Box::new(register) as Box<dyn FnOnce() + Send>
    });
    let journal = Outrun {
        journal: Arc::clone(journal),
        before: Mutex::new(before.collect()),
    };
    (Embedded::new(Arc::new(journal), Clock::system()), first)
}

#[test]
fn what_was_answered_is_there_whoever_registers_at_the_same_moment() {
    let journal = memory();
    let (second, first) = outrun(&journal, vec![with("b")]);
    first
        .register("x-value", &schema(ONE))
        .expect("it is the first");
    let registered = second
        .register_as("x-value", &with("c"), None, None)
        .expect("it is tried again");
    assert_eq!(registered.version, 3);
    for registry in [&*first, &second, &Embedded::new(journal, Clock::system())] {
        let kept = |number| {
            registry
                .version("x-value", Some(number))
                .expect("it is there")
        };
        assert_eq!(registry.versions("x-value").expect("it reads"), [1, 2, 3]);
        assert_eq!(kept(2).text, with("b").text());
        assert_eq!(kept(3).text, with("c").text());
        let left = registry.read(|registry| Ok(registry.take_back_late()));
        assert_eq!(left.expect("it reads"), []);
    }
}

#[test]
fn one_that_comes_too_late_is_held_to_what_came_first() {
    let journal = memory();
    let integer = schema(&ONE.replace("string", "integer"));
    let (second, first) = outrun(&journal, vec![integer]);
    let refused = second
        .register("x-value", &schema(ONE))
        .expect_err("they differ");
    assert_eq!(refused.code(), 409, "{refused}");
    assert_eq!(first.versions("x-value").expect("it reads"), [1]);
}

#[test]
fn one_that_always_comes_too_late_gives_up_and_leaves_nothing() {
    let journal = memory();
    // Between its tries it writes once more, to take back what it wrote.
    let others = (0..2 * TRIES).map(|number| with(&format!("p{number}")));
    let (second, _first) = outrun(&journal, others.collect());
    let refused = second
        .register("x-value", &schema(ONE))
        .expect_err("it is never first");
    assert!(matches!(refused, Error::Behind), "{refused}");
    let left = second.read(|registry| Ok(registry.take_back_late()));
    assert_eq!(left.expect("it reads"), []);
    assert_eq!(
        second.lookup("x-value", &schema(ONE)).expect("it reads"),
        None
    );
}
