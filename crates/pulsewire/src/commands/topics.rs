//! `topics`: what is in the journal, topic by topic.

use std::io::Write;

use clap::Args;
use journal::{EmbeddedJournal, Journal, TopicPartition};
use serde::Serialize;

use super::{Configured, Failure};

/// List the topics with their records
///
/// Reads beside a running process; nothing is locked.
#[derive(Args)]
pub(crate) struct Topics {
    #[command(flatten)]
    configured: Configured,
    /// Also topics without a record
    #[arg(long)]
    all: bool,
    /// As JSON, one topic a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'t> {
    topic: &'t str,
    partitions: u16,
    records: u64,
    kept: u64,
}

impl Topics {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        let journal = EmbeddedJournal::open_read_only(&config.journal.directory.join("journal"))?;
        if !self.json {
            writeln!(
                out,
                "{:<48} {:>10} {:>12} {:>12}",
                "topic", "partitions", "records", "kept"
            )?;
        }
        for topic in journal.topics() {
            let partitions: Vec<_> = (0..topic.partitions)
                .map(|p| TopicPartition::new(topic.name.clone(), p))
                .collect();
            let bounds = journal.bounds(&partitions)?;
            let records = bounds.iter().map(|bounds| bounds.end).sum();
            let kept = bounds
                .iter()
                .map(|bounds| bounds.end.saturating_sub(bounds.start))
                .sum();
            if records == 0 && !self.all {
                continue;
            }
            let line = Line {
                topic: &topic.name,
                partitions: topic.partitions,
                records,
                kept,
            };
            if self.json {
                writeln!(
                    out,
                    "{}",
                    serde_json::to_string(&line).expect("names and numbers always make JSON")
                )?;
            } else {
                writeln!(
                    out,
                    "{:<48} {:>10} {records:>12} {kept:>12}",
                    line.topic, line.partitions
                )?;
            }
        }
        Ok(())
    }
}
