//! Where partitions begin and end, asked from their leaders.

use super::Prefix;
use super::client::{Context, answered, ask_leader, asker, listen, refused};
use super::config::KafkaConfig;
use crate::{Bounds, Error, Offset, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset as At, TopicPartitionList};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// A committed transaction is looked for so long where it can be read, whatever the brokers do.
const MARK_PATIENCE: Duration = Duration::from_secs(5);
/// How long between two looks.
const MARK_WAIT: Duration = Duration::from_millis(2);

/// Two clients that only ask: one sees what is committed, one everything.
pub(super) struct Ends {
    prefix: Prefix,
    committed: BaseConsumer<Context>,
    uncommitted: BaseConsumer<Context>,
}

impl Ends {
    pub(super) fn open(config: &KafkaConfig, prefix: Prefix) -> Result<Self, Error> {
        let open = |told| {
            let client = asker(&told, config.context());
            client.map_err(|error| asking("open a client", &error))
        };
        Ok(Self {
            prefix,
            committed: open(config.consumer("ends"))?,
            uncommitted: open(config.uncommitted())?,
        })
    }

    /// Gives what can be read of each partition now.
    pub(super) fn bounds(&self, of: &[TopicPartition]) -> Result<Vec<Bounds>, Error> {
        let starts = self.ask(&self.committed, of, At::Beginning)?;
        let ends = self.ask(&self.committed, of, At::End)?;
        let bounds = starts.into_iter().zip(ends);
        // Retention may remove something between the two questions.
        Ok(bounds
            .map(|(start, end)| Bounds {
                start: start.min(end),
                end,
            })
            .collect())
    }

    /// Gives the end of what can be read of each partition now.
    pub(super) fn readable(&self, of: &[TopicPartition]) -> Result<Vec<Offset>, Error> {
        self.ask(&self.committed, of, At::End)
    }

    /// Waits until these records can be read; gives up after a while, since they are written all the same.
    pub(super) fn wait_until_readable(&self, of: &[TopicPartition], offsets: &[Offset]) {
        let mut last: BTreeMap<&TopicPartition, Offset> = BTreeMap::new();
        for (at, offset) in of.iter().zip(offsets) {
            last.insert(at, *offset);
        }
        let partitions: Vec<_> = last.keys().map(|at| (*at).clone()).collect();
        #[expect(
            clippy::disallowed_methods,
            reason = "how long is waited comes into no record"
        )]
        let began = Instant::now();
        while let Some(left) = MARK_PATIENCE.checked_sub(began.elapsed()) {
            listen(&self.committed);
            let ends = match self.question(&self.committed, &partitions, At::End, left) {
                Ok(answer) => self.found(&answer, &partitions).unwrap_or_default(),
                Err(_) => {
                    // Who leads may be another by now.
                    let left = MARK_PATIENCE.saturating_sub(began.elapsed());
                    drop(self.committed.fetch_metadata(None, left));
                    Vec::new()
                }
            };
            let mut each = ends.iter().zip(last.values());
            if ends.len() == last.len() && each.all(|(end, offset)| end > offset) {
                return;
            }
            std::thread::park_timeout(MARK_WAIT);
        }
    }

    /// Gives the end of what is written, committed or not.
    pub(super) fn written(&self, of: &[TopicPartition]) -> Result<Vec<Offset>, Error> {
        self.ask(&self.uncommitted, of, At::End)
    }

    fn ask(
        &self,
        client: &BaseConsumer<Context>,
        of: &[TopicPartition],
        when: At,
    ) -> Result<Vec<Offset>, Error> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        let answer = ask_leader(
            client,
            |client, at_most| self.question(client, of, when, at_most),
            |error| asking("ask where partitions end", error),
        )?;
        self.found(&answer, of)
    }

    fn question(
        &self,
        client: &BaseConsumer<Context>,
        of: &[TopicPartition],
        when: At,
        at_most: Duration,
    ) -> KafkaResult<TopicPartitionList> {
        let asked = self.prefix.list(of.iter().map(|at| (at, when)));
        answered(client.offsets_for_times(asked, at_most)?)
    }

    fn found(
        &self,
        answer: &TopicPartitionList,
        of: &[TopicPartition],
    ) -> Result<Vec<Offset>, Error> {
        let mut found = HashMap::with_capacity(of.len());
        for element in answer.elements() {
            // A partition without any record answers "end".
            let offset = match element.offset() {
                At::Offset(offset) => u64::try_from(offset).unwrap_or_default(),
                _ => 0,
            };
            let at = self.prefix.partition(element.topic(), element.partition());
            found.extend(at.map(|at| (at, offset)));
        }
        let each = of.iter().map(|at| {
            let offset = found.get(at).copied();
            offset.ok_or_else(|| Error::NoSuchPartition(at.clone()))
        });
        each.collect()
    }
}

fn asking(doing: &str, error: &rdkafka::error::KafkaError) -> Error {
    let passing = "the brokers that lead some partitions do not answer";
    refused(error, &format!("cannot {doing}"), passing)
}
