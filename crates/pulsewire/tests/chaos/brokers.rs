//! The brokers of a run: three of its own, which the dev loop started and does things to when asked.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::DeliveryResult;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;

use crate::records::client;
use crate::setting::wait_at_most;

/// Brokers agree again within this, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);
/// A question about them.
const ASK_PATIENCE: Duration = Duration::from_secs(5);
/// How many there are.
pub(crate) const BROKERS: u16 = 3;

/// The brokers, and who does things to them.
pub(crate) struct Brokers {
    pub(crate) bootstrap: String,
    dir: PathBuf,
    xtask: PathBuf,
}

impl Brokers {
    /// Those that the environment names, or a printed reason why there is nothing to do.
    pub(crate) fn given() -> Option<Self> {
        let named = (
            var("PULSEWIRE_KAFKA"),
            var("PULSEWIRE_KAFKA_DIR"),
            var("PULSEWIRE_XTASK"),
        );
        let (Some(bootstrap), Some(dir), Some(xtask)) = named else {
            println!("skipped: it needs three brokers of its own; run `cargo xtask chaos kafka`");
            return None;
        };
        Some(Self {
            bootstrap,
            dir: dir.into(),
            xtask: xtask.into(),
        })
    }

    /// Ends a broker at once.
    pub(crate) fn kill(&self, number: u16) {
        self.tell("kill", number);
    }

    /// Starts a broker that was killed.
    pub(crate) fn start(&self, number: u16) {
        self.tell("start", number);
    }

    /// Holds a broker still.
    pub(crate) fn pause(&self, number: u16) {
        self.tell("pause", number);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self, number: u16) {
        self.tell("resume", number);
    }

    fn tell(&self, what: &str, number: u16) {
        let dir = self.dir.display().to_string();
        self.run(&["kafka", what, &number.to_string(), "--dir", &dir]);
    }

    /// Says how many brokers must have a record of this topic before it counts as written.
    pub(crate) fn require(&self, topic: &str, copies: u16) {
        let setting = format!("min.insync.replicas={copies}");
        let words = [
            "kafka",
            "tool",
            "kafka.admin.ConfigCommand",
            "--bootstrap-server",
            &self.bootstrap,
            "--alter",
            "--entity-type",
            "topics",
            "--entity-name",
            topic,
            "--add-config",
            &setting,
        ];
        self.run(&words);
    }

    /// Waits until a topic's brokers refuse a record because too few of them would have it.
    pub(crate) fn wait_until_refused(&self, topic: &str) {
        let mut told = ClientConfig::new();
        told.set("bootstrap.servers", &self.bootstrap)
            .set("message.timeout.ms", "5000")
            .set("retries", "0");
        let answers = Answers::default();
        let producer: BaseProducer<Answers> = told
            .create_with_context(answers)
            .expect("a client can be made");
        let refused = wait_at_most(PATIENCE, || {
            self.lacks_a_copy(topic).then_some(())?;
            // A record that was refused is nowhere. One that was taken all the same, since its leader has not heard of the
            // setting yet, tells the time and nothing else.
            let tick = OwnedHeaders::new().insert(Header {
                key: "tick",
                value: Some("1"),
            });
            let record = BaseRecord::to(topic).partition(0).key("").payload("");
            producer.send(record.headers(tick)).ok()?;
            producer.flush(PATIENCE).ok()?;
            let last = *producer.context().last();
            (last == Some(RDKafkaErrorCode::NotEnoughReplicas)).then_some(())
        });
        assert!(
            refused.is_some(),
            "{topic}: {:?}",
            producer.context().last()
        );
    }

    /// Whether fewer brokers than there are have what is in a topic's first partition.
    fn lacks_a_copy(&self, topic: &str) -> bool {
        let asker: BaseConsumer = client(&self.bootstrap, "read_committed");
        let metadata = asker.fetch_metadata(None, ASK_PATIENCE).ok();
        let isr = metadata.and_then(|metadata| {
            let of_name = |one: &&MetadataTopic| one.name() == topic;
            let topic = metadata.topics().iter().find(of_name)?;
            Some(topic.partitions().first()?.isr().len())
        });
        isr.is_some_and(|isr| isr < usize::from(BROKERS))
    }

    fn run(&self, words: &[&str]) {
        let mut command = Command::new(&self.xtask);
        command.args(words).stdin(Stdio::null());
        let output = command.output().expect("the dev loop can be run");
        assert!(
            output.status.success(),
            "{}: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Waits until every broker has all that it is to hold.
    pub(crate) fn wait_until_whole(&self) {
        let asker: BaseConsumer = client(&self.bootstrap, "read_committed");
        let mut last = String::new();
        let whole = wait_at_most(PATIENCE, || {
            last = lacking(&asker);
            last.is_empty().then_some(())
        });
        assert!(whole.is_some(), "the brokers do not agree again: {last}");
    }
}

/// What became of the record that was tried last.
#[derive(Default)]
struct Answers(Mutex<Option<RDKafkaErrorCode>>);

impl Answers {
    fn last(&self) -> MutexGuard<'_, Option<RDKafkaErrorCode>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Answers {}

impl ProducerContext for Answers {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let error = result.as_ref().err();
        *self.last() = error.and_then(|(error, _)| error.rdkafka_error_code());
    }
}

/// What is not held by all.
fn lacking(asker: &BaseConsumer) -> String {
    let metadata = match asker.fetch_metadata(None, ASK_PATIENCE) {
        Ok(metadata) => metadata,
        Err(error) => return error.to_string(),
    };
    let all = usize::from(BROKERS);
    let partitions = metadata.topics().iter().flat_map(|topic| {
        let each = topic.partitions().iter();
        each.map(move |partition| (topic.name(), partition))
    });
    let lacking = partitions
        .filter(|(_, one)| one.isr().len() < one.replicas().len() || one.leader() < 0)
        .map(|(topic, one)| format!("{topic}/{} is held by {:?}", one.id(), one.isr()));
    let lacking: Vec<_> = lacking.take(3).collect();
    match metadata.brokers().len() {
        count if count < all => format!("only {count} are there"),
        _ => lacking.join(", "),
    }
}

/// A word from the environment.
pub(crate) fn var(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "what a run is given is no setting of the product"
    )]
    let value = std::env::var(name).ok();
    value.filter(|value| !value.is_empty())
}
