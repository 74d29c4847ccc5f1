//! Topics on the brokers: made as asked for, or checked.

use super::client::{Context, ask, asker, listen, refused};
use super::config::{KafkaConfig, Login};
use super::{ASK_TIMEOUT, Prefix};
use crate::{Error, Topic, TopicSpec};
use futures_executor::block_on;
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic,
    ResourceSpecifier, TopicReplication,
};
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often the brokers are asked whether they know a new topic by now, `MADE_ASK_WAIT` apart.
const MADE_ASKS: u32 = 200;
/// How long one of them is waited for.
const MADE_ASK_WAIT: Duration = Duration::from_millis(50);
/// Deleted keys stay visible for so long: a state that is older than this is read anew.
pub(super) const KEEPS_DELETES: Duration = Duration::from_secs(24 * 60 * 60);

/// How many brokers must have a record before it counts as written.
const MIN_INSYNC: &str = "min.insync.replicas";

/// How long the brokers are waited for at first, one after the other; being turned away ends it early.
const CONNECT_TIMEOUTS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// The topics, as the brokers have them.
pub(super) struct Topics {
    pub(super) admin: AdminClient<Context>,
    /// An administrator's client says nothing of why it waits, and never renews a token: what can be is asked by this one.
    pub(super) asker: BaseConsumer<Context>,
    /// Whether the administrator's client can log in.
    pub(super) administers: bool,
    prefix: Prefix,
    replication: u16,
    min_insync: u16,
    known: Mutex<BTreeMap<Topic, TopicSpec>>,
    /// Topics that acknowledge what too few brokers have, and why.
    unsafe_to_use: Mutex<BTreeMap<Topic, String>>,
}

/// A topic as it was found.
struct Found {
    name: Topic,
    partitions: u16,
    /// On how many brokers each of its partitions is, at least.
    replicas: usize,
}

impl Topics {
    /// Connects and reads what topics there are.
    pub(super) fn open(config: &KafkaConfig, prefix: Prefix) -> Result<Self, Error> {
        let admin = AdminClient::from_config_and_context(&config.admin(), config.context());
        let admin = admin.map_err(|error| asking("connect to Apache Kafka", &error))?;
        let asker = asker(&config.consumer("ends"), config.context());
        let topics = Self {
            admin,
            asker: asker.map_err(|error| asking("connect to Apache Kafka", &error))?,
            administers: !matches!(config.login, Login::OAuth(_)),
            prefix,
            replication: config.replication,
            min_insync: config.min_insync,
            known: Mutex::default(),
            unsafe_to_use: Mutex::default(),
        };
        let metadata = topics.connect()?;
        topics.take_over(&metadata)?;
        Ok(topics)
    }

    /// Gets to know the brokers, or why they do not let us.
    fn connect(&self) -> Result<Metadata, Error> {
        let doing = "cannot log in to Apache Kafka";
        let mut answer = Err(Error::Closed);
        for timeout in CONNECT_TIMEOUTS {
            answer = self.ask("list the topics", |asker| {
                asker.fetch_metadata(None, timeout)
            });
            let turned_away = self.asker.context().turned_away(doing);
            match (&answer, turned_away) {
                (Ok(_), _) => break,
                (Err(_), Some(error)) => return Err(error),
                (Err(_), None) => {}
            }
        }
        answer
    }

    fn ask<T>(
        &self,
        doing: &str,
        question: impl Fn(&BaseConsumer<Context>) -> KafkaResult<T>,
    ) -> Result<T, Error> {
        ask(&self.asker, question, |error| asking(doing, error))
    }

    /// What it means that the administrator's client was not answered as hoped.
    fn administering(&self, doing: &str, error: &KafkaError) -> Error {
        listen(&self.asker);
        self.asker.context().explain(asking(doing, error))
    }

    /// Gives the topics that were there at the last look.
    pub(super) fn known(&self) -> MutexGuard<'_, BTreeMap<Topic, TopicSpec>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what topics there are, with how they are kept.
    fn refresh(&self) -> Result<(), Error> {
        let metadata = self.ask("list the topics", |asker| {
            asker.fetch_metadata(None, ASK_TIMEOUT)
        })?;
        self.take_over(&metadata)
    }

    fn take_over(&self, metadata: &Metadata) -> Result<(), Error> {
        let mut found = Vec::new();
        for topic in metadata.topics() {
            let Some(name) = self.prefix.topic(topic.name()) else {
                continue;
            };
            let partitions = topic.partitions();
            found.push(Found {
                name,
                partitions: u16::try_from(partitions.len()).unwrap_or(u16::MAX),
                replicas: partitions
                    .iter()
                    .map(|one| one.replicas().len())
                    .min()
                    .unwrap_or_default(),
            });
        }
        let specs = self.describe(&found)?;
        let mut known = self.known();
        known.clear();
        known.extend(specs.into_iter().map(|spec| (spec.name.clone(), spec)));
        Ok(())
    }

    /// Asks how topics are kept, and takes note of those that acknowledge too soon.
    fn describe(&self, found: &[Found]) -> Result<Vec<TopicSpec>, Error> {
        let names: Vec<_> = found.iter().map(|one| self.prefix.of(&one.name)).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let settings = match self.administers {
            true => self.settings_of(&names)?.into_iter().map(Some).collect(),
            false => vec![None; found.len()],
        };
        let mut specs = Vec::with_capacity(found.len());
        let mut unsafe_to_use = BTreeMap::new();
        for (one, settings) in found.iter().zip(&settings) {
            let cause = self.too_few(one, settings.as_ref());
            unsafe_to_use.extend(cause.map(|cause| (one.name.clone(), cause)));
            specs.push(spec_of(one, settings.as_ref()));
        }
        *self.unsafe_to_use() = unsafe_to_use;
        Ok(specs)
    }

    fn unsafe_to_use(&self) -> MutexGuard<'_, BTreeMap<Topic, String>> {
        let noted = self.unsafe_to_use.lock();
        noted.unwrap_or_else(PoisonError::into_inner)
    }

    /// Why what a topic acknowledges may be lost with fewer brokers than was asked for.
    fn too_few(&self, found: &Found, settings: Option<&Settings>) -> Option<String> {
        let asked = self.min_insync;
        let told = settings.and_then(|all| Some(all.get(MIN_INSYNC)?.0.as_str()));
        // A service that tells no number has a rule of its own.
        let least = told.and_then(|told| told.parse::<u16>().ok());
        if let Some(least) = least.filter(|least| *least < asked) {
            return Some(format!("its {MIN_INSYNC} is {least}, not {asked}"));
        }
        let replicas = found.replicas;
        (replicas < usize::from(asked)).then(|| format!("it is on {replicas} brokers, not {asked}"))
    }

    /// Asks for all settings of topics.
    fn settings_of(&self, names: &[&str]) -> Result<Vec<Settings>, Error> {
        let asked: Vec<_> = names
            .iter()
            .map(|name| ResourceSpecifier::Topic(name))
            .collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let answer = block_on(self.admin.describe_configs(&asked, &options()));
        let answer =
            answer.map_err(|error| self.administering("ask how topics are kept", &error))?;
        let each = answer.into_iter().map(|one| {
            one.map(settings_in)
                .map_err(|code| asking("ask how topics are kept", &KafkaError::AdminOp(code)))
        });
        each.collect()
    }

    /// Makes a topic, or checks that an existing one fits and keeps it as is asked now.
    pub(super) fn ensure(&self, spec: &TopicSpec) -> Result<(), Error> {
        crate::check::topic(spec)?;
        let known = self.known().get(&spec.name).cloned();
        let known = match known {
            Some(known) => known,
            None if self.make(spec)? => return Ok(()),
            None => {
                // Another process was quicker.
                self.refresh()?;
                let found = self.known().get(&spec.name).cloned();
                found.unwrap_or_else(|| spec.clone())
            }
        };
        if known.partitions != spec.partitions {
            return Err(Error::Partitions {
                topic: spec.name.to_string(),
                existing: known.partitions,
                asked: spec.partitions,
            });
        }
        if let Some(cause) = self.unsafe_to_use().get(&spec.name) {
            return Err(Error::Refused {
                doing: format!(
                    "topic {} may lose what is acknowledged",
                    self.prefix.of(&spec.name)
                ),
                cause: cause.clone(),
                hint: "have the topic keep as many copies in sync as kafka.min_insync asks, or lower that",
            });
        }
        if known != *spec && self.administers {
            self.keep(spec)?;
        }
        Ok(())
    }

    /// Makes a topic; tells whether it was not there.
    fn make(&self, spec: &TopicSpec) -> Result<bool, Error> {
        let name = self.prefix.of(&spec.name);
        if !self.administers {
            return Err(Error::Refused {
                doing: format!("cannot make topic {name}"),
                cause: "who logs in by oauth can write and read, but make no topics".to_owned(),
                hint: "make all topics beforehand, as docs/kafka.md lists them",
            });
        }
        let settings = self.settings(spec);
        let replication = TopicReplication::Fixed(i32::from(self.replication));
        let mut topic = NewTopic::new(&name, i32::from(spec.partitions), replication);
        for (key, value) in &settings {
            topic = topic.set(key, value);
        }
        let answer = block_on(self.admin.create_topics([&topic], &options()));
        let answer = answer.map_err(|error| self.administering("make a topic", &error))?;
        for one in answer {
            match one {
                Ok(_) => {}
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => return Ok(false),
                Err((_, code)) => {
                    return Err(asking(
                        &format!("make topic {name}"),
                        &KafkaError::AdminOp(code),
                    ));
                }
            }
        }
        self.wait_until_known(&name, spec.partitions)?;
        self.known().insert(spec.name.clone(), spec.clone());
        Ok(true)
    }

    /// A topic that was made is not known to every broker at once.
    fn wait_until_known(&self, name: &str, partitions: u16) -> Result<(), Error> {
        for _ in 0..MADE_ASKS {
            let metadata = self.ask("look for a new topic", |asker| {
                asker.fetch_metadata(Some(name), ASK_TIMEOUT)
            })?;
            let led = metadata.topics().iter().any(|topic| {
                topic.error().is_none()
                    && topic.partitions().len() == usize::from(partitions)
                    && topic.partitions().iter().all(|one| one.leader() >= 0)
            });
            if led {
                return Ok(());
            }
            std::thread::park_timeout(MADE_ASK_WAIT);
        }
        Err(Error::Unavailable {
            doing: "a new topic has no leader yet",
            cause: name.to_owned(),
        })
    }

    /// Keeps an existing topic as is asked now; what somebody else has set of it stays.
    fn keep(&self, spec: &TopicSpec) -> Result<(), Error> {
        let name = self.prefix.of(&spec.name);
        let settings = self.settings(spec);
        let ours: BTreeSet<_> = settings.iter().map(|(key, _)| *key).collect();
        let all = self.settings_of(&[&name])?.pop().unwrap_or_default();
        let mut change = AlterConfig::new(ResourceSpecifier::Topic(&name));
        // What is not listed would go back to its default.
        for (key, (value, is_of_topic)) in &all {
            if *is_of_topic && !ours.contains(key.as_str()) {
                change = change.set(key, value);
            }
        }
        for (key, value) in &settings {
            let is = all.get(*key).map_or("", |(is, _)| is.as_str());
            // Who asks for more copies than we do is not asked for fewer.
            let more = is.parse().is_ok_and(|is: u16| is > self.min_insync);
            let is_stronger = more && *key == MIN_INSYNC;
            change = change.set(key, if is_stronger { is } else { value });
        }
        let answer = block_on(self.admin.alter_configs([&change], &options()));
        let answer =
            answer.map_err(|error| self.administering("change how a topic is kept", &error))?;
        for one in answer {
            one.map_err(|(_, code)| {
                let doing = format!("change how topic {name} is kept");
                asking(&doing, &KafkaError::AdminOp(code))
            })?;
        }
        self.known().insert(spec.name.clone(), spec.clone());
        Ok(())
    }

    fn settings(&self, spec: &TopicSpec) -> Vec<(&'static str, String)> {
        let millis = |span: Duration| span.as_millis().to_string();
        let whole = || "-1".to_owned();
        let cleanup = if spec.compacted { "compact" } else { "delete" };
        vec![
            ("cleanup.policy", cleanup.to_owned()),
            ("retention.ms", spec.retention.map_or_else(whole, millis)),
            (
                "retention.bytes",
                spec.retention_bytes
                    .map_or_else(whole, |bytes| bytes.to_string()),
            ),
            ("delete.retention.ms", millis(KEEPS_DELETES)),
            (MIN_INSYNC, self.min_insync.to_string()),
            (
                "max.message.bytes",
                crate::limits::WRITE_BYTES_MAX.to_string(),
            ),
            ("message.timestamp.type", "CreateTime".to_owned()),
            // A simulated or replayed day is as good as today.
            ("message.timestamp.before.max.ms", i64::MAX.to_string()),
            ("message.timestamp.after.max.ms", i64::MAX.to_string()),
            // A leader that did not have every acknowledged record must not lead.
            ("unclean.leader.election.enable", "false".to_owned()),
        ]
    }
}

/// What is set of a topic, each with whether it was set for this topic alone.
type Settings = BTreeMap<String, (String, bool)>;

fn settings_in(told: ConfigResource) -> Settings {
    let each = told.entries.into_iter().filter_map(|entry| {
        let is_of_topic = entry.source == ConfigSource::DynamicTopic;
        Some((entry.name, (entry.value?, is_of_topic)))
    });
    each.collect()
}

/// A topic by what is set of it; without that, only its partitions are known.
fn spec_of(found: &Found, settings: Option<&Settings>) -> TopicSpec {
    let value = |key: &str| settings.and_then(|all| Some(all.get(key)?.0.as_str()));
    let number = |key: &str| value(key).and_then(|value| value.parse::<u64>().ok());
    TopicSpec {
        name: found.name.clone(),
        partitions: found.partitions,
        retention: number("retention.ms").map(Duration::from_millis),
        retention_bytes: number("retention.bytes"),
        compacted: value("cleanup.policy").is_some_and(|policy| policy.contains("compact")),
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(ASK_TIMEOUT))
        .operation_timeout(Some(ASK_TIMEOUT))
}

/// What it means that a question was not answered as hoped.
fn asking(doing: &str, error: &KafkaError) -> Error {
    refused(
        error,
        &format!("cannot {doing}"),
        "Apache Kafka does not answer (is kafka.brokers right, are the brokers up?)",
    )
}
