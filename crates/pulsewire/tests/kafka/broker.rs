//! The broker that the tests are given, and a place on it that is one test's own.
#![expect(
    clippy::disallowed_methods,
    reason = "which broker is there is told by the environment"
)]

use std::time::Duration;

use journal::kafka::{KafkaConfig, KafkaJournal};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::platform::{Site, quoted};
use crate::setting::now;

/// A question to the broker is given up after this.
const ASK: Duration = Duration::from_secs(30);

/// The names that one test has on the broker; its topics go with it.
pub(crate) struct Place {
    pub(crate) brokers: String,
    pub(crate) prefix: String,
}

impl Place {
    /// A new one, or nothing, with the reason printed, where no broker is given.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let Ok(brokers) = std::env::var("PULSEWIRE_KAFKA") else {
            println!(
                "skipped: PULSEWIRE_KAFKA names no broker; `cargo xtask kafka up` starts one and says its name"
            );
            return None;
        };
        let prefix = format!("{name}-{}.", now().micros());
        Some(Self { brokers, prefix })
    }

    /// The journal there.
    pub(crate) fn journal(&self) -> KafkaJournal {
        let config = KafkaConfig {
            prefix: self.prefix.clone(),
            ..KafkaConfig::plaintext(&self.brokers)
        };
        KafkaJournal::open(config).expect("the broker is up")
    }

    /// A topic's name on the broker.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Has a site keep its journal there.
    pub(crate) fn configure(&self, site: &mut Site) {
        site.set("kafka", "brokers", &quoted(&self.brokers))
            .set("kafka", "prefix", &quoted(&self.prefix))
            .set("kafka", "replication", "1")
            .set("kafka", "min_insync", "1");
    }

    /// How a client that is not ours reaches the broker.
    pub(crate) fn plain(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("group.id", format!("{}plain", self.prefix))
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "earliest");
        config
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be removed stays on a broker that is made for tests.
        let Ok(client) = self.plain().create::<BaseConsumer>() else {
            return;
        };
        let Ok(known) = client.fetch_metadata(None, ASK) else {
            return;
        };
        let names = known.topics().iter().map(|topic| topic.name());
        let names: Vec<_> = names
            .filter(|name| name.starts_with(&self.prefix))
            .collect();
        let admin = self.plain().create::<AdminClient<DefaultClientContext>>();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        if let (Ok(admin), Ok(runtime)) = (admin, runtime) {
            let options = AdminOptions::new().request_timeout(Some(ASK));
            drop(runtime.block_on(admin.delete_topics(&names, &options)));
        }
    }
}
