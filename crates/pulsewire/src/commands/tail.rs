//! `tail`: the records of a topic as they come, what identifies a person masked.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use clinical::ReceivedTime;
use journal::{Bounds, Journal, Offset, RecordRef, TopicPartition};
use serde::Serialize;

use super::{Configured, Failure, reading};

/// How much is read at once.
const READ_BYTES: usize = 1 << 20;
/// How often the journal is looked at for more.
const PAUSE: Duration = Duration::from_millis(200);

/// Print the records of a topic
///
/// Prints keys, times, headers and sizes, beside a running process. Contents can identify a person and are not printed:
/// a page or `explain` shows them, and that is written to the audit.
#[derive(Args)]
pub(crate) struct Tail {
    #[command(flatten)]
    configured: Configured,
    /// The topic, such as healthcare.fhir.observation
    topic: String,
    /// Only this many of the newest records of each partition
    #[arg(long, short = 'n', default_value_t = 10)]
    last: u64,
    /// Go on as more come, until interrupted
    #[arg(long, short)]
    follow: bool,
    /// As JSON, one record a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    partition: u16,
    offset: u64,
    key: String,
    event_time: String,
    received_time: String,
    bytes: Option<usize>,
    headers: Vec<(String, String)>,
}

impl Tail {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        let journal = reading::journal(&config)?;
        let known = journal
            .topics()
            .into_iter()
            .find(|topic| *topic.name == *self.topic);
        let topic = known.ok_or_else(|| {
            Failure::new(
                format!("there is no topic {}", self.topic),
                "`pulsewire topics --all` lists them",
            )
        })?;
        let partitions: Vec<_> = (0..topic.partitions)
            .map(|p| TopicPartition::new(topic.name.clone(), p))
            .collect();
        let bounds = journal.bounds(&partitions)?;
        let each = partitions.iter().zip(bounds);
        let mut next = each
            .map(|(at, bounds)| newest(&*journal, at, bounds, self.last))
            .collect::<Result<Vec<_>, Failure>>()?;
        let mut seen = 0;
        loop {
            for (at, next) in partitions.iter().zip(&mut next) {
                self.print_new(&*journal, at, next, out)?;
            }
            if !self.follow {
                return Ok(());
            }
            out.flush()?;
            seen = journal.wait(seen, PAUSE);
        }
    }

    fn print_new(
        &self,
        journal: &dyn Journal,
        at: &TopicPartition,
        next: &mut u64,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        loop {
            let batch = journal.read(at, *next, READ_BYTES)?;
            for record in batch.iter() {
                self.print(at, &record, out)?;
            }
            match batch.next_offset().filter(|after| *after > *next) {
                Some(after) => *next = after,
                None => return Ok(()),
            }
        }
    }

    fn print(
        &self,
        at: &TopicPartition,
        record: &RecordRef<'_>,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = Line {
            partition: at.partition,
            offset: record.offset,
            key: record
                .key
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            event_time: ReceivedTime::from_micros(record.event_time).to_string(),
            received_time: ReceivedTime::from_micros(record.received_time).to_string(),
            bytes: record.value.map(<[u8]>::len),
            headers: record
                .headers()
                .map(|(name, value)| (name.to_owned(), text(value)))
                .collect(),
        };
        if self.json {
            writeln!(
                out,
                "{}",
                serde_json::to_string(&line).expect("words and numbers always make JSON")
            )?;
            return Ok(());
        }
        let size = line
            .bytes
            .map_or_else(|| "deleted".to_owned(), |bytes| format!("{bytes} bytes"));
        writeln!(
            out,
            "{}/{} {} {} {size}",
            line.partition, line.offset, line.received_time, line.key
        )?;
        for (name, value) in &line.headers {
            writeln!(out, "    {name}: {value}")?;
        }
        Ok(())
    }
}

/// The offset of the first of the newest so many records: offsets have gaps where there are transactions.
fn newest(
    journal: &dyn Journal,
    at: &TopicPartition,
    bounds: Bounds,
    last: u64,
) -> Result<Offset, Failure> {
    let mut span = last;
    loop {
        let from = bounds.end.saturating_sub(span).max(bounds.start);
        let offsets = offsets(journal, at, from, bounds.end)?;
        let enough = usize::try_from(last).unwrap_or(usize::MAX);
        if let Some(before) = offsets.len().checked_sub(enough) {
            return Ok(offsets.get(before).copied().unwrap_or(bounds.end));
        }
        if from == bounds.start {
            return Ok(from);
        }
        span = span.saturating_mul(2);
    }
}

/// The offsets of the records between two places.
fn offsets(
    journal: &dyn Journal,
    at: &TopicPartition,
    from: Offset,
    end: Offset,
) -> Result<Vec<Offset>, Failure> {
    let (mut found, mut next) = (Vec::new(), from);
    while next < end {
        let batch = journal.read(at, next, READ_BYTES)?;
        found.extend(batch.iter().map(|record| record.offset));
        match batch.next_offset().filter(|after| *after > next) {
            Some(after) => next = after,
            None => break,
        }
    }
    Ok(found)
}
