//! `topics`: what is in the journal, topic by topic.

use std::io::Write;

use clap::Args;
use journal::{EmbeddedJournal, Journal, TopicPartition};
use serde::Serialize;

use super::{Configured, Failure};
use crate::unmapped::{self, Code, Seen, Unmapped};

/// List the topics with their records, or the codes that nothing translates
///
/// Reads beside a running process; nothing is locked. With --unmapped it counts all messages that the journal keeps.
#[derive(Args)]
pub(crate) struct Topics {
    #[command(flatten)]
    configured: Configured,
    /// Also topics without a record
    #[arg(long)]
    all: bool,
    /// The codes that nothing translates instead, the most frequent first
    #[arg(long, conflicts_with = "all")]
    unmapped: bool,
    /// Of these codes, print rules to fill in and put into the configuration
    #[arg(long, requires = "unmapped", conflicts_with = "json")]
    rules: bool,
    /// As JSON, one topic or code a line
    #[arg(long)]
    json: bool,
}

/// So many characters of a code's words are shown in a table.
const TEXT_SHOWN: usize = 40;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeLine<'c> {
    source: &'c str,
    field: &'c str,
    system: &'c str,
    code: &'c str,
    text: &'c str,
    count: u64,
    first: String,
    last: String,
    message: &'c str,
    place: &'c str,
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
        if self.unmapped {
            let codes = Unmapped::of(&journal, config.journal.partitions)?;
            return self.codes(&codes, out);
        }
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

    fn codes(&self, codes: &Unmapped, out: &mut dyn Write) -> Result<(), Failure> {
        let rows = codes.rows(None, None);
        if rows.is_empty() && !self.json {
            writeln!(out, "Every code that came in so far means something.")?;
            return Ok(());
        }
        if !self.json && !self.rules {
            writeln!(
                out,
                "{:>10}  {:<16} {:<10} {:<12} {:<16} {:<24} text",
                "count", "source", "field", "system", "code", "last"
            )?;
        }
        for (code, seen) in rows {
            if self.json {
                writeln!(out, "{}", code_line(code, seen))?;
            } else if self.rules {
                writeln!(
                    out,
                    "# {} times, {}\n{}",
                    seen.count,
                    seen.text,
                    unmapped::configuration(code, seen.is_text)
                )?;
            } else {
                let text: String = seen.text.chars().take(TEXT_SHOWN).collect();
                let sent = if seen.is_text { "" } else { &*code.code };
                writeln!(
                    out,
                    "{:>10}  {:<16} {:<10} {:<12} {sent:<16} {:<24} {text}",
                    seen.count,
                    code.source,
                    code.field,
                    code.system,
                    seen.last.to_string()
                )?;
            }
        }
        Ok(())
    }
}

fn code_line(code: &Code, seen: &Seen) -> String {
    let line = CodeLine {
        source: &code.source,
        field: &code.field,
        system: &code.system,
        code: if seen.is_text { "" } else { &code.code },
        text: &seen.text,
        count: seen.count,
        first: seen.first.to_string(),
        last: seen.last.to_string(),
        message: &seen.message,
        place: &seen.place,
    };
    serde_json::to_string(&line).expect("words and numbers always make JSON")
}
