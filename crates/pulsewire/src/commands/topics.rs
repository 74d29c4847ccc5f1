//! `topics`: what is in the journal, topic by topic.

use std::collections::BTreeSet;
use std::io::Write;

use clap::Args;
use journal::{Journal, TopicPartition, TopicSpec};
use schema::asyncapi::{self, TopicDescription};
use serde::Serialize;

use super::{Configured, Failure, reading};
use crate::config::Config;
use crate::topics;
use crate::unmapped::{self, Code, Seen, Unmapped};

/// List or describe the topics, or list the codes that nothing translates
///
/// Reads beside a running process; nothing is locked. On Apache Kafka the marks of transactions count as records. With --unmapped it counts all messages that the journal keeps.
/// With --asyncapi it reads no journal: the document says what stands on each topic, with headers and schemas.
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
    /// All topics as an AsyncAPI 3 document instead
    #[arg(long, conflicts_with_all = ["all", "unmapped", "json"])]
    asyncapi: bool,
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
        if self.asyncapi {
            let specs = topics::specs(config.journal.partitions, config.journal.retention);
            writeln!(out, "{}", asyncapi::document(&described(&specs)))?;
            return Ok(());
        }
        let journal = reading::journal(&config)?;
        if self.unmapped {
            let codes = Unmapped::of(&*journal, config.journal.partitions)?;
            return self.codes(&codes, out);
        }
        if !self.json {
            writeln!(
                out,
                "{:<48} {:>10} {:>12} {:>12}",
                "topic", "partitions", "records", "kept"
            )?;
        }
        let mut is_empty = true;
        for topic in ours(&*journal, &config) {
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
            is_empty = false;
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
        if is_empty && !self.json {
            writeln!(
                out,
                "No topic has a record yet; the first start of `run` makes them, --all lists the empty ones."
            )?;
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

/// The topics of the platform: a cluster may have others beside them.
fn ours(journal: &dyn Journal, config: &Config) -> Vec<TopicSpec> {
    let all = journal.topics().into_iter();
    if config.kafka.is_none() {
        return all.collect();
    }
    let partitions = config.journal.partitions;
    let specs = topics::specs(partitions, config.journal.retention).into_iter();
    let known: BTreeSet<_> = specs
        .chain(topics::shared(partitions))
        .map(|spec| spec.name)
        .collect();
    all.filter(|topic| known.contains(&topic.name)).collect()
}

fn described(specs: &[TopicSpec]) -> Vec<TopicDescription> {
    let describe = |spec: &TopicSpec| TopicDescription {
        name: spec.name.to_string(),
        partitions: u32::from(spec.partitions),
        retention_ms: spec
            .retention
            .map(|kept| u64::try_from(kept.as_millis()).unwrap_or(u64::MAX)),
        is_compacted: spec.compacted,
    };
    specs.iter().map(describe).collect()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use schema::topic::content;
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_topic_is_described_once_and_every_reference_leads_somewhere() {
        let specs = topics::specs(12, Duration::from_hours(24));
        let document = asyncapi::document(&described(&specs));
        let document: Value = serde_json::from_str(&document).unwrap();
        let channels = document["channels"].as_object().unwrap();
        let named: BTreeSet<&str> = channels.keys().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = specs.iter().map(|spec| &*spec.name).collect();
        assert_eq!(named, wanted);
        for (name, channel) in channels {
            assert!(
                content(name).is_some(),
                "say in `schema::topic` what stands on {name}"
            );
            assert_eq!(channel["bindings"]["kafka"]["partitions"], 12);
            for message in channel["messages"].as_object().unwrap().values() {
                let reference = message["$ref"].as_str().unwrap();
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
        }
        assert_eq!(
            document["channels"]["healthcare.audit"]["bindings"]["kafka"]["topicConfiguration"]["retention.ms"],
            86_400_000
        );
    }

    #[test]
    fn content_types_are_those_that_the_stages_write() {
        use crate::intake::accept::CONTENT_TYPE;
        use schema::record::RecordKind;

        let written = [
            (RecordKind::Message, CONTENT_TYPE),
            (RecordKind::Unmapped, unmapped::CONTENT_TYPE),
            (RecordKind::Activity, crate::intake::activity::CONTENT_TYPE),
            (
                RecordKind::SourceStatus,
                crate::stages::SourceStatus::CONTENT_TYPE,
            ),
            (
                RecordKind::RiskStatus,
                crate::stages::RiskStatus::CONTENT_TYPE,
            ),
        ];
        for (kind, content_type) in written {
            assert_eq!(kind.content_type(), Some(content_type));
        }
    }
}
