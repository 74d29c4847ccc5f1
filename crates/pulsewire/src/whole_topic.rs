//! Reads all that a small topic holds.

use journal::{Journal, RecordRef, TopicPartition};

/// Read at a time.
const READ_BYTES: usize = 1 << 20;

/// Goes through a topic, partition by partition; a journal of an earlier version may have none of it.
pub(crate) fn each(
    journal: &dyn Journal,
    topic: &str,
    partitions: u16,
    mut take: impl FnMut(&RecordRef<'_>),
) -> Result<(), journal::Error> {
    for partition in 0..partitions {
        let at = TopicPartition::new(topic, partition);
        let bounds = match journal.bounds(std::slice::from_ref(&at)) {
            Ok(bounds) => bounds,
            Err(journal::Error::NoSuchPartition(_)) => continue,
            Err(error) => return Err(error),
        };
        let Some(bounds) = bounds.first() else {
            continue;
        };
        let mut next = bounds.start;
        while next < bounds.end {
            let batch = journal.read(&at, next, READ_BYTES)?;
            batch.iter().for_each(|record| take(&record));
            match batch.next_offset().filter(|after| *after > next) {
                Some(after) => next = after,
                None => break,
            }
        }
    }
    Ok(())
}
