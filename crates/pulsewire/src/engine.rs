//! Where records are kept: in files of this machine, or on Apache Kafka, shared with other processes.

mod share;

use std::ops::Deref;
use std::sync::Arc;

#[cfg(feature = "kafka")]
use journal::kafka::KafkaJournal;
use journal::{EmbeddedJournal, Journal, Status, Topic};

pub(crate) use share::{Change, Share};

use crate::config::Config;

/// The journal, whichever it is.
#[derive(Clone)]
pub(crate) enum Engine {
    /// In files of this machine; this process has them for itself.
    Embedded(Arc<EmbeddedJournal>),
    /// On Apache Kafka.
    #[cfg(feature = "kafka")]
    Kafka(Arc<KafkaJournal>),
}

impl Engine {
    /// Opens what the configuration names.
    pub(crate) fn open(config: &Config) -> Result<Self, journal::Error> {
        #[cfg(feature = "kafka")]
        if let Some(kafka) = &config.kafka {
            let told = kafka
                .journal_config()
                .map_err(|cause| journal::Error::Refused {
                    doing: "cannot log in to Apache Kafka".into(),
                    cause,
                    hint: "see [kafka.login] and [kafka.tls]",
                })?;
            return Ok(Self::Kafka(Arc::new(KafkaJournal::open(told)?)));
        }
        let options = journal::Options {
            segment_bytes: config.journal.segment_size,
            warn_below_bytes: config.journal.warn_below,
            refuse_below_bytes: config.journal.refuse_below,
            ..journal::Options::default()
        };
        let directory = config.journal.directory.join("journal");
        Ok(Self::Embedded(Arc::new(EmbeddedJournal::open(
            &directory, &options,
        )?)))
    }

    /// The journal by its rules.
    pub(crate) fn shared(&self) -> Arc<dyn Journal> {
        match self {
            Self::Embedded(journal) => Arc::clone(journal) as Arc<dyn Journal>,
            #[cfg(feature = "kafka")]
            Self::Kafka(journal) => Arc::clone(journal) as Arc<dyn Journal>,
        }
    }

    /// The journal for one who reads much: on Kafka, with a client of its own.
    pub(crate) fn reader(&self) -> Result<Arc<dyn Journal>, journal::Error> {
        match self {
            Self::Embedded(_) => Ok(self.shared()),
            #[cfg(feature = "kafka")]
            Self::Kafka(journal) => Ok(Arc::new(journal.reader()?)),
        }
    }

    /// The part of a group's partitions that is this process's: all of them, or a member's share. `appended` are the inputs that
    /// are written one record at a time.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(unused_variables, reason = "one process has all partitions for itself")
    )]
    pub(crate) fn share(
        &self,
        group: &str,
        inputs: &[Topic],
        appended: &[Topic],
    ) -> Result<Share, journal::Error> {
        match self {
            Self::Embedded(_) => Ok(Share::whole(self.shared())),
            #[cfg(feature = "kafka")]
            Self::Kafka(journal) => Ok(Share::member(journal.join(group, inputs, appended)?)),
        }
    }

    /// Whether other processes work on the same records.
    pub(crate) fn is_shared(&self) -> bool {
        self.embedded().is_none()
    }

    /// The journal in files, where it is that one.
    pub(crate) fn embedded(&self) -> Option<&EmbeddedJournal> {
        match self {
            Self::Embedded(journal) => Some(journal),
            #[cfg(feature = "kafka")]
            Self::Kafka(_) => None,
        }
    }

    /// Tells how the journal in files is; brokers tell of themselves elsewhere.
    pub(crate) fn status(&self) -> Status {
        self.embedded()
            .map(EmbeddedJournal::status)
            .unwrap_or_default()
    }

    /// Whether nothing was ever kept: only then may a new site key be made.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(unused_variables, reason = "one process has all partitions for itself")
    )]
    pub(crate) fn is_empty(&self, of: &[journal::TopicPartition]) -> Result<bool, journal::Error> {
        match self {
            Self::Embedded(journal) => Ok(journal.status().records == 0),
            #[cfg(feature = "kafka")]
            Self::Kafka(journal) => Ok(journal.bounds(of)?.iter().all(|one| one.end == 0)),
        }
    }

    /// Writes down where the files stand, so that the next start reads less.
    pub(crate) fn checkpoint(&self) -> Result<(), journal::Error> {
        self.embedded().map_or(Ok(()), EmbeddedJournal::checkpoint)
    }
}

impl Deref for Engine {
    type Target = dyn Journal;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Embedded(journal) => &**journal,
            #[cfg(feature = "kafka")]
            Self::Kafka(journal) => &**journal,
        }
    }
}
