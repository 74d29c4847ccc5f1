//! How the brokers are reached, and what each kind of client is told.

use super::client::Context;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A commit that takes longer than this, or was tried again, leaves behind a producer whose state is not known.
pub(super) const SOCKET_TIMEOUT: Duration = Duration::from_secs(10);
/// A transaction that is open longer than this is aborted by the broker; others wait so long at most for one that was left.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(15);
/// What a client fetches ahead of all its partitions together, before it fetches no more.
const FETCH_AHEAD_KIB: u32 = 1024;

/// How Apache Kafka is reached and used.
#[derive(Clone)]
pub struct KafkaConfig {
    /// The bootstrap servers: `host:port`, separated by commas.
    pub brokers: String,
    /// How connections are protected.
    pub security: Security,
    /// Who we are to the brokers.
    pub login: Login,
    /// What stands before the names of topics, groups and transactional ids, so that several sites share a cluster.
    pub prefix: String,
    /// The name of this process, unlike that of every other one and the same after a restart; with it, a restart within
    /// `session_timeout` moves no partitions. Without it, a process that stops hands its partitions over at once.
    pub instance: Option<String>,
    /// How many brokers hold each record of a topic that is made.
    pub replication: u16,
    /// How many of them must have a record before it counts as written.
    pub min_insync: u16,
    /// What is not written within this is answered as such.
    pub write_timeout: Duration,
    /// A process that does not answer for so long loses its partitions to the others.
    pub session_timeout: Duration,
    /// Settings of librdkafka that stand above all others.
    pub overrides: BTreeMap<String, String>,
}

/// How connections are protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Not at all: on one machine or inside a protected network.
    #[default]
    Plaintext,
    /// With TLS.
    Tls {
        /// The authorities that brokers are checked against; the system's without one.
        ca: Option<PathBuf>,
        /// Our certificate and its key, where the brokers ask for one.
        identity: Option<(PathBuf, PathBuf)>,
    },
}

/// Who we are to the brokers.
#[derive(Clone, Default)]
pub enum Login {
    /// Nobody, or whom the certificate names.
    #[default]
    None,
    /// SASL PLAIN: an API key and its secret on Confluent Cloud.
    Plain {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// SASL SCRAM-SHA-512: Amazon MSK, Redpanda and brokers of one's own.
    Scram {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// SASL OAUTHBEARER with tokens from somewhere else.
    OAuth(TokenSource),
}

/// Gives a token whenever one is needed; the error says why there is none.
pub type TokenSource = Arc<dyn Fn() -> Result<Token, String> + Send + Sync>;

/// An OAuth token.
#[derive(Clone)]
pub struct Token {
    /// The token itself.
    pub token: String,
    /// Whose it is.
    pub principal: String,
    /// When it ends, in milliseconds since the epoch.
    pub expires_ms: i64,
}

impl std::fmt::Debug for KafkaConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Logins and overrides may hold secrets.
        formatter
            .debug_struct("KafkaConfig")
            .field("brokers", &self.brokers)
            .field("security", &self.security)
            .field("prefix", &self.prefix)
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

impl KafkaConfig {
    /// Reaches brokers without protection, as on the machine of a developer.
    pub fn plaintext(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            security: Security::Plaintext,
            login: Login::None,
            prefix: String::new(),
            instance: None,
            replication: 1,
            min_insync: 1,
            write_timeout: Duration::from_secs(10),
            session_timeout: Duration::from_secs(10),
            overrides: BTreeMap::new(),
        }
    }

    /// What every client is told.
    fn base(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", self.client_id())
            .set("socket.timeout.ms", millis(SOCKET_TIMEOUT))
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "2000")
            .set("topic.metadata.refresh.interval.ms", "60000")
            .set("allow.auto.create.topics", "false");
        // What goes wrong comes as an error, which is told once; its log tells each attempt.
        config.set_log_level(RDKafkaLogLevel::Critical);
        self.protect(&mut config);
        config
    }

    fn client_id(&self) -> String {
        let instance = self.instance.as_deref().unwrap_or("pulsewire");
        format!("{}{instance}", self.prefix)
    }

    fn protect(&self, config: &mut ClientConfig) {
        let tls = matches!(self.security, Security::Tls { .. });
        let sasl = !matches!(self.login, Login::None);
        let protocol = match (tls, sasl) {
            (false, false) => "PLAINTEXT",
            (true, false) => "SSL",
            (false, true) => "SASL_PLAINTEXT",
            (true, true) => "SASL_SSL",
        };
        config.set("security.protocol", protocol);
        if let Security::Tls { ca, identity } = &self.security {
            let authorities = ca.as_ref().map(|ca| ca.display().to_string());
            // OpenSSL is built in: it does not know by itself where the system keeps its authorities.
            config.set("ssl.ca.location", authorities.as_deref().unwrap_or("probe"));
            if let Some((certificate, key)) = identity {
                config
                    .set(
                        "ssl.certificate.location",
                        certificate.display().to_string(),
                    )
                    .set("ssl.key.location", key.display().to_string());
            }
        }
        let mut named = |mechanism, user: &str, password: &str| {
            config
                .set("sasl.mechanisms", mechanism)
                .set("sasl.username", user)
                .set("sasl.password", password);
        };
        match &self.login {
            Login::None => {}
            Login::Plain { user, password } => named("PLAIN", user, password),
            Login::Scram { user, password } => named("SCRAM-SHA-512", user, password),
            Login::OAuth(_) => {
                config.set("sasl.mechanisms", "OAUTHBEARER");
            }
        }
    }

    fn overridden(&self, mut config: ClientConfig) -> ClientConfig {
        for (name, value) in &self.overrides {
            config.set(name, value);
        }
        config
    }

    /// What an administrator's client is told.
    pub(super) fn admin(&self) -> ClientConfig {
        self.overridden(self.base())
    }

    /// What a producer is told that writes one record at a time.
    pub(super) fn producer(&self) -> ClientConfig {
        let mut config = self.base();
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("compression.type", "lz4")
            .set("linger.ms", "1")
            // Where no partition is given; ours always is, by the same rule.
            .set("partitioner", "murmur2_random")
            .set("message.timeout.ms", millis(self.write_timeout))
            .set(
                "message.max.bytes",
                crate::limits::WRITE_BYTES_MAX.to_string(),
            )
            .set("queue.buffering.max.kbytes", "65536");
        self.overridden(config)
    }

    /// How long a commit is waited for before it is asked for again.
    pub(super) fn commit_timeout(&self) -> Duration {
        self.write_timeout.min(SOCKET_TIMEOUT)
    }

    /// What a producer of transactions is told.
    pub(super) fn transactions(&self, id: &str) -> ClientConfig {
        let mut config = self.producer();
        config
            .set("transactional.id", id)
            .set("transaction.timeout.ms", millis(TRANSACTION_TIMEOUT))
            .set(
                "message.timeout.ms",
                millis(self.write_timeout.min(TRANSACTION_TIMEOUT)),
            )
            .set("linger.ms", "0");
        self.overridden(config)
    }

    /// What a consumer is told; `group` is whose positions it asks for.
    pub(super) fn consumer(&self, group: &str) -> ClientConfig {
        let mut config = self.base();
        config
            .set("group.id", format!("{}{group}", self.prefix))
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("check.crcs", "true")
            .set("fetch.message.max.bytes", "1048576")
            .set("fetch.wait.max.ms", "100")
            .set("fetch.queue.backoff.ms", "10")
            .set("fetch.error.backoff.ms", "50")
            .set("queued.min.messages", "10000")
            .set("queued.max.messages.kbytes", FETCH_AHEAD_KIB.to_string())
            // It is not in the group by reading; see the member's own settings.
            .set("max.poll.interval.ms", "86400000");
        self.overridden(config)
    }

    /// What a consumer is told that says when it has reached an end.
    pub(super) fn to_the_end(&self, group: &str) -> ClientConfig {
        let mut config = self.consumer(group);
        config.set("enable.partition.eof", "true");
        config
    }

    /// What a consumer is told that sees what is not committed, too.
    pub(super) fn uncommitted(&self) -> ClientConfig {
        let mut config = self.consumer("ends");
        config.set("isolation.level", "read_uncommitted");
        config
    }

    /// What the member of a group is told.
    pub(super) fn member(&self, group: &str) -> ClientConfig {
        let mut config = self.consumer(group);
        // Members hear by a heartbeat's answer that partitions move: until then nobody reads them.
        let heartbeat = self.session_timeout.checked_div(10).unwrap_or_default();
        config
            .set("session.timeout.ms", millis(self.session_timeout))
            .set("heartbeat.interval.ms", millis(heartbeat))
            .set("max.poll.interval.ms", "60000")
            // Cooperative members that go on writing are fenced for nothing, so that a rolling restart never settles.
            .set("partition.assignment.strategy", "range")
            .set("group.protocol", "classic");
        if let Some(instance) = &self.instance {
            config.set(
                "group.instance.id",
                format!("{}{group}.{instance}", self.prefix),
            );
        }
        self.overridden(config)
    }

    /// What every client of it calls back.
    pub(super) fn context(&self) -> Context {
        let tokens = match &self.login {
            Login::OAuth(source) => Some(Arc::clone(source)),
            Login::None | Login::Plain { .. } | Login::Scram { .. } => None,
        };
        Context::new(tokens)
    }
}

fn millis(span: Duration) -> String {
    span.as_millis().to_string()
}

/// Says why the client of Kafka does not take a setting of its own: there is none of this name, or it is not of its form.
pub fn setting_fault(name: &str, value: &str) -> Option<String> {
    let mut config = ClientConfig::new();
    config.set(name, value);
    match config.create_native_config() {
        Err(rdkafka::error::KafkaError::ClientConfig(_, why, ..)) => Some(why),
        Err(error) => Some(error.to_string()),
        Ok(_) => None,
    }
}
