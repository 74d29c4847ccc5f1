//! `explain`: walks from an alert back to the bytes of the messages that caused it, or says what a finding rests on.

mod finding;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use clap::Args;
use clinical::{Actor, Alert, AlertId, FindingState, ReceivedTime, wire};
use journal::{Journal, Record, TopicPartition};
use mapping::coverage::Outcome;
use serde::Serialize;

use super::{Configured, Failure, reading};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{self, AuditTopic, OPERATOR};
use crate::explain::{self, Step};
use crate::intake::sources::Sources;
use crate::topics;

/// Where commands write down who looked at what, beside the journal's own audit topic.
const AUDIT_FILE: &str = "audit-commands.jsonl";
/// How much is read at once.
const READ_BYTES: usize = 1 << 20;

/// Explain an alert or a finding: its values, its rule, and the messages it came from
///
/// Reads beside a running process. Of a finding it says what it rests on with ids and ages, what each value added, every
/// revision, and what would change it: the rule is asked again with other values, by the site's settings. Each step is given with its place in the journal (topic/partition/offset), and of each
/// message how many of its fields were mapped, and which were not. The bytes
/// of the messages identify the patient: they are printed only with --content, and that is written to an audit file first.
#[derive(Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    configured: Configured,
    /// The alert's id, as pages and deliveries give it, or a finding's
    #[arg(value_name = "ALERT|FINDING")]
    id: String,
    /// Print the raw messages too; they identify the patient
    #[arg(long)]
    content: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        let Some(id) = AlertId::parse(&self.id) else {
            return Err(Failure::new(
                format!("{} is no id of an alert or finding", self.id),
                "an id has 32 hexadecimal digits; pages and deliveries give it",
            ));
        };
        let journal = reading::journal(&config)?;
        let journal = &*journal;
        let Some((place, alert)) = newest(journal, config.journal.partitions, id)? else {
            return finding::explain(journal, &config, &self.id, self.json, out);
        };
        let steps = explain::way_back(journal, &alert, config.journal.partitions)?;
        let sources = Sources::new(&config.sources).map_err(|error| Failure::new(error, ""))?;
        let mut messages = explain::messages(journal, &alert)?;
        let coverage: Vec<Coverage> = messages
            .iter()
            .map(|(place, record)| Coverage::of(place, record, &sources))
            .collect();
        if self.content {
            audit(&config, journal, &alert, Clock::system().now())?;
        } else {
            messages.clear();
        }
        if self.json {
            return print_json(&alert, &place, &steps, (&coverage, &messages), out);
        }
        print(&alert, &place, out)?;
        print_findings(journal, &alert, config.journal.partitions, out)?;
        writeln!(out, "\nthe way back")?;
        for step in steps {
            writeln!(
                out,
                "  {:<8} {}\n           {}",
                step.what, step.name, step.place
            )?;
        }
        for coverage in &coverage {
            coverage.print(out)?;
        }
        for (place, message) in messages {
            writeln!(
                out,
                "\n{place}\n{}",
                text(&message).replace('\r', "\n").trim_end()
            )?;
        }
        Ok(())
    }
}

/// What became of the fields of one message, without what is in them.
#[derive(Serialize)]
struct Coverage {
    place: String,
    mapped: usize,
    ignored: usize,
    unmapped: Vec<Unmapped>,
}

#[derive(Serialize)]
struct Unmapped {
    path: String,
    reason: &'static str,
}

impl Coverage {
    fn of(place: &str, message: &Record, sources: &Sources) -> Self {
        let mut coverage = Self {
            place: place.to_owned(),
            mapped: 0,
            ignored: 0,
            unmapped: Vec::new(),
        };
        let lines = explain::coverage(message, sources).into_iter();
        for line in lines.flat_map(|report| report.lines) {
            match line.outcome {
                Outcome::Mapped { .. } => coverage.mapped += 1,
                Outcome::Ignored { .. } => coverage.ignored += 1,
                Outcome::Unmapped { reason } => coverage.unmapped.push(Unmapped {
                    path: line.path,
                    reason: reason.unwrap_or_default(),
                }),
            }
        }
        coverage
    }

    fn print(&self, out: &mut dyn Write) -> Result<(), Failure> {
        writeln!(
            out,
            "\nfields of {}: {} mapped, {} left out on purpose, {} unmapped",
            self.place,
            self.mapped,
            self.ignored,
            self.unmapped.len()
        )?;
        for Unmapped { path, reason } in &self.unmapped {
            writeln!(out, "  {path:<24} {reason}")?;
        }
        Ok(())
    }
}

fn text(message: &Record) -> String {
    String::from_utf8_lossy(message.value.as_deref().unwrap_or_default()).into_owned()
}

/// The alert, the way back and, if asked for, the messages, as one object on one line.
fn print_json(
    alert: &Alert,
    place: &str,
    steps: &[Step],
    (coverage, messages): (&[Coverage], &[(String, Record)]),
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let alert: serde_json::Value = serde_json::from_slice(&wire::alert_to_json(alert))
        .map_err(|error| Failure::new(error, ""))?;
    let steps: Vec<_> = steps
        .iter()
        .map(
            |step| serde_json::json!({ "what": step.what, "name": step.name, "place": step.place }),
        )
        .collect();
    let messages: Vec<_> = messages
        .iter()
        .map(|(place, message)| serde_json::json!({ "place": place, "content": text(message) }))
        .collect();
    let object = serde_json::json!({ "place": place, "alert": alert, "wayBack": steps, "coverage": coverage, "messages": messages });
    writeln!(out, "{object}")?;
    Ok(())
}

/// Writes down that somebody looks at what identifies the patient, before it is shown.
///
/// On Apache Kafka it goes to the audit topic; a journal in files may be another process's, so there it goes to a file beside it.
fn audit(
    config: &Config,
    journal: &dyn Journal,
    alert: &Alert,
    now: ReceivedTime,
) -> Result<(), Failure> {
    if config.kafka.is_none() {
        return audit_file(&config.journal.directory, alert, now);
    }
    let topic = AuditTopic {
        journal,
        partitions: config.journal.partitions,
    };
    let kept = control::permit(
        &topic,
        "explain alert with content",
        Some(alert.patient),
        now,
    );
    kept.map(drop).map_err(|error| {
        let hint = "nothing is shown without it: this user must be let write to healthcare.audit";
        Failure::new(format!("the audit record could not be kept: {error}"), hint)
    })
}

fn audit_file(directory: &Path, alert: &Alert, now: ReceivedTime) -> Result<(), Failure> {
    let line = format!(
        "{{\"who\":\"{OPERATOR}\",\"purpose\":\"explain alert with content\",\"patient\":\"{}\",\"at\":\"{now}\"}}\n",
        alert.patient
    );
    let path = directory.join(AUDIT_FILE);
    let kept = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.sync_all()
        });
    kept.map_err(|error| {
        Failure::new(
            format!(
                "the audit record could not be kept in {}: {error}",
                path.display()
            ),
            "nothing is shown without it: run as the user who owns the data directory",
        )
    })
}

/// The newest revision of an alert, with its place.
fn newest(
    journal: &dyn Journal,
    partitions: u16,
    id: AlertId,
) -> Result<Option<(String, Alert)>, Failure> {
    let mut found = None;
    let wanted = id.to_string();
    for partition in 0..partitions {
        let at = TopicPartition::new(topics::CARE_ALERT, partition);
        each(journal, &at, |record| {
            if record.header("alert") != Some(wanted.as_bytes()) {
                return;
            }
            let alert = record
                .value
                .and_then(|json| wire::alert_from_json(json).ok());
            if let Some(alert) = alert {
                found = Some((format!("{}/{partition}/{}", at.topic, record.offset), alert));
            }
        })?;
    }
    Ok(found)
}

fn each(
    journal: &dyn Journal,
    at: &TopicPartition,
    mut take: impl FnMut(&journal::RecordRef<'_>),
) -> Result<(), Failure> {
    let bounds = journal.bounds(std::slice::from_ref(at))?;
    let Some(bounds) = bounds.first() else {
        return Ok(());
    };
    let mut next = bounds.start;
    while next < bounds.end {
        let batch = journal.read(at, next, READ_BYTES)?;
        batch.iter().for_each(|record| take(&record));
        let Some(after) = batch.next_offset() else {
            break;
        };
        next = after;
    }
    Ok(())
}

fn print(alert: &Alert, place: &str, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(
        out,
        "alert     {} (episode {}, revision {})",
        alert.id, alert.episode, alert.revision
    )?;
    writeln!(out, "          {place}")?;
    writeln!(out, "patient   {}", alert.patient)?;
    writeln!(out, "condition {}", alert.condition)?;
    writeln!(out, "severity  {}", alert.severity.word())?;
    writeln!(out, "state     {}", alert.state.word())?;
    writeln!(out, "reason    {}", alert.reason)?;
    writeln!(out, "rule      {}", alert.rule)?;
    writeln!(
        out,
        "as of     {}, known {}, opened {}",
        alert.as_of, alert.known_at, alert.opened_at
    )?;
    writeln!(out, "\nvalues")?;
    for value in &alert.evidence {
        let points = value
            .points
            .map_or_else(String::new, |points| format!(", {points} points"));
        writeln!(
            out,
            "  {:<24} {:<16} at {}{points}",
            value.what, value.value, value.at
        )?;
    }
    writeln!(out, "\nhistory")?;
    for change in &alert.history {
        writeln!(
            out,
            "  {} {:<12} {:<8} {}: {}",
            change.at,
            change.to.word(),
            change.severity.word(),
            who(&change.by),
            change.why
        )?;
    }
    Ok(())
}

fn who(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) => name.to_string(),
        Actor::Rule(name) => format!("rule \"{name}\""),
    }
}

/// What the rule said about this condition, revision by revision.
fn print_findings(
    journal: &dyn Journal,
    alert: &Alert,
    partitions: u16,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    writeln!(out, "\nwhat the rule said")?;
    let partition = journal::partition_for(alert.patient.as_bytes(), partitions);
    let at = TopicPartition::new(topics::ALERT_STREAM, partition);
    let mut lines = Vec::new();
    each(journal, &at, |record| {
        if record.key != alert.patient.as_bytes() {
            return;
        }
        let Some(finding) = record
            .value
            .and_then(|json| wire::finding_from_json(json).ok())
        else {
            return;
        };
        if finding.condition != alert.condition || finding.as_of != alert.as_of {
            return;
        }
        let state = match &finding.state {
            FindingState::Asserted => String::new(),
            FindingState::Retracted(reason) => format!(" (taken back: {reason})"),
        };
        lines.push(format!(
            "  revision {} known {} {}{state}\n           {partition}/{}",
            finding.revision, finding.known_at, finding.summary, record.offset
        ));
    })?;
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}
