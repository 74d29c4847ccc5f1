//! Which partitions of a group are this process's: all there are, or what the members of the group share out.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "kafka")]
use journal::kafka::KafkaGroup;
use journal::{Journal, Topic, TopicPartition};

/// How long a member waits at most before it looks at its group again.
#[cfg(feature = "kafka")]
const LOOK_AT_LEAST: Duration = Duration::from_millis(100);

/// How long what comes is gathered into one transaction: three stations in a row must be done well within a second, and a
/// transaction costs its brokers milliseconds however little is in it.
#[cfg(feature = "kafka")]
const COMMIT_EVERY: Duration = Duration::from_millis(100);

/// What has become of this process's partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "kafka"),
    expect(dead_code, reason = "one process has all partitions for itself")
)]
pub(crate) enum Change {
    /// These are its own from now on.
    Assigned(Vec<u16>),
    /// All of them are to be given up: finish, then [`Share::release`].
    Revoking,
    /// Others may have them already: drop everything, then [`Share::release`].
    Lost,
}

/// This process's part of a group.
pub(crate) struct Share(Of);

enum Of {
    Whole(Arc<dyn Journal>),
    #[cfg(feature = "kafka")]
    Member(Box<KafkaGroup>),
}

impl Share {
    /// All partitions, from the start and for good.
    pub(super) fn whole(journal: Arc<dyn Journal>) -> Self {
        Self(Of::Whole(journal))
    }

    /// What a group gives to a member.
    #[cfg(feature = "kafka")]
    pub(super) fn member(group: KafkaGroup) -> Self {
        Self(Of::Member(Box::new(group)))
    }

    /// Whether partitions come and go.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.0, Of::Whole(_))
    }

    /// How long a task that took anything in rests before it goes on, so that a transaction is worth its cost.
    pub(crate) fn pace(&self) -> Duration {
        match &self.0 {
            Of::Whole(_) => Duration::ZERO,
            #[cfg(feature = "kafka")]
            Of::Member(_) => COMMIT_EVERY,
        }
    }

    /// The partitions that are ours without anybody's saying so.
    pub(crate) fn held_at_the_start(&self, partitions: u16) -> Range<u16> {
        match self.is_shared() {
            false => 0..partitions,
            true => 0..0,
        }
    }

    /// The journal as the task of one partition uses it.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(unused_variables, reason = "one process has all partitions for itself")
    )]
    pub(crate) fn task(&self, partition: u16) -> Result<Arc<dyn Journal>, journal::Error> {
        match &self.0 {
            Of::Whole(journal) => Ok(Arc::clone(journal)),
            #[cfg(feature = "kafka")]
            Of::Member(group) => Ok(Arc::new(group.task(partition)?)),
        }
    }

    /// Keeps the place in the group and tells what has become of the partitions.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(unused_variables, reason = "one process has all partitions for itself")
    )]
    pub(crate) fn poll(&self, at_most: Duration) -> Result<Option<Change>, journal::Error> {
        match &self.0 {
            Of::Whole(_) => Ok(None),
            #[cfg(feature = "kafka")]
            Of::Member(group) => {
                use journal::kafka::Change as Told;
                Ok(group.poll(at_most)?.map(|told| match told {
                    Told::Assigned(partitions) => Change::Assigned(partitions),
                    Told::Revoking => Change::Revoking,
                    Told::Lost => Change::Lost,
                }))
            }
        }
    }

    /// Says that nothing of the partitions is in use any more.
    pub(crate) fn release(&self) -> Result<(), journal::Error> {
        match &self.0 {
            Of::Whole(_) => Ok(()),
            #[cfg(feature = "kafka")]
            Of::Member(group) => group.release(),
        }
    }

    /// Waits for news of what the tasks read.
    pub(crate) fn wait(&self, seen: u64, at_most: Duration) -> u64 {
        match &self.0 {
            Of::Whole(journal) => journal.wait(seen, at_most),
            #[cfg(feature = "kafka")]
            Of::Member(group) => group.wait(seen, at_most.min(LOOK_AT_LEAST)),
        }
    }

    /// Counts what a group has not committed yet of some partitions of its inputs.
    pub(crate) fn lag(
        &self,
        group: &str,
        inputs: &[Topic],
        partitions: &[u16],
    ) -> Result<u64, journal::Error> {
        match &self.0 {
            Of::Whole(journal) => {
                let of = |number: &u16| {
                    let number = *number;
                    let each = inputs.iter();
                    each.map(move |topic| TopicPartition::new(topic.clone(), number))
                };
                let all: Vec<_> = partitions.iter().flat_map(of).collect();
                let committed = journal.committed(group)?;
                let lags = all.iter().zip(journal.bounds(&all)?).map(|(at, bounds)| {
                    let from = committed.get(at).copied().unwrap_or(bounds.start);
                    bounds.end.saturating_sub(from.max(bounds.start))
                });
                Ok(lags.fold(0, u64::saturating_add))
            }
            #[cfg(feature = "kafka")]
            Of::Member(group) => group.lag(partitions),
        }
    }
}
