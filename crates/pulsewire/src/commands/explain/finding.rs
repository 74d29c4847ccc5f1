//! What a finding rests on, how it came to be said, and what would change it.

use std::io::Write;

use backtest::{Alternative, History, Instead, Player, Then};
use clinical::{EventTime, Finding, FindingId, FindingState, wire};
use journal::{Journal, TopicPartition};
use serde_json::json;
use workloads::{WORKLOADS, what_changes};

use super::each;
use crate::commands::Failure;
use crate::config::Config;
use crate::{history, pipeline, topics};

/// A finding as it was published, and where.
struct Published {
    place: String,
    finding: Finding,
}

/// Explains the finding of an id.
pub(super) fn explain(
    journal: &dyn Journal,
    config: &Config,
    id: &str,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let id = FindingId::parse(id);
    let partitions = config.journal.partitions;
    let mut asked = None;
    for partition in 0..partitions {
        let found = published(journal, partition, |finding| Some(finding.id) == id)?;
        asked = asked.or(found.into_iter().next_back());
    }
    let asked = asked.ok_or_else(|| {
        let hint = "`pulsewire tail healthcare.events.care-alert` shows the newest alerts, \
                    `pulsewire tail healthcare.alert.stream` the newest findings";
        Failure::new("there is no alert or finding of this id", hint)
    })?;
    let finding = &asked.finding;
    let partition = journal::partition_for(finding.patient.as_bytes(), partitions);
    let revisions = published(journal, partition, |other| {
        other.patient == finding.patient
            && other.condition == finding.condition
            && other.as_of == finding.as_of
    })?;
    let changes = what_if(journal, config, finding)?;
    let thresholds = workloads::thresholds(&finding.condition, &pipeline::settings(config));
    if json {
        return print_json(&asked, &revisions, changes.as_deref(), &thresholds, out);
    }
    print(&asked, out)?;
    if !thresholds.is_empty() {
        writeln!(out, "\nlimits, as they are set now")?;
    }
    for threshold in &thresholds {
        writeln!(out, "  {threshold}")?;
    }
    print_history(&revisions, out)?;
    print_changes(finding, changes.as_deref(), out)
}

/// The findings of a partition that are wanted, in the order in which they were published.
fn published(
    journal: &dyn Journal,
    partition: u16,
    is_wanted: impl Fn(&Finding) -> bool,
) -> Result<Vec<Published>, Failure> {
    let at = TopicPartition::new(topics::ALERT_STREAM, partition);
    let mut found = Vec::new();
    each(journal, &at, |record| {
        let finding = record
            .value
            .and_then(|json| wire::finding_from_json(json).ok());
        if let Some(finding) = finding.filter(&is_wanted) {
            let place = format!("{}/{partition}/{}", at.topic, record.offset);
            found.push(Published { place, finding });
        }
    })?;
    Ok(found)
}

/// Asks the rule again with other values; nothing where it no longer says the same of what is kept, or is none of ours.
fn what_if(
    journal: &dyn Journal,
    config: &Config,
    finding: &Finding,
) -> Result<Option<Vec<Alternative>>, Failure> {
    let rule = WORKLOADS
        .iter()
        .find(|workload| *workload.name == *finding.workload);
    let Some(rule) = rule.filter(|_| finding.state == FindingState::Asserted) else {
        return Ok(None);
    };
    let history = History {
        patient: finding.patient,
        events: history::of_patient(journal, config.journal.partitions, finding.patient)?,
        stays: Vec::new(),
    };
    let player = Player::new(rule, pipeline::settings(config), pipeline::policy(config));
    let changes = player.what_if(&history, finding);
    changes.map_err(|error| Failure::new(error, ""))
}

fn print(asked: &Published, out: &mut dyn Write) -> Result<(), Failure> {
    let finding = &asked.finding;
    writeln!(
        out,
        "finding   {} (revision {})",
        finding.id, finding.revision
    )?;
    writeln!(out, "          {}", asked.place)?;
    writeln!(out, "patient   {}", finding.patient)?;
    writeln!(out, "condition {}", finding.condition)?;
    writeln!(out, "says      {}", finding.summary)?;
    let score = finding.score.map(|score| format!(", score {score}"));
    let score = score.unwrap_or_default();
    writeln!(out, "severity  {}{score}", finding.severity.word())?;
    writeln!(out, "rule      {} ({})", finding.rule, finding.workload)?;
    writeln!(
        out,
        "as of     {}, known {}",
        finding.as_of, finding.known_at
    )?;
    writeln!(out, "\ninputs")?;
    for value in &finding.evidence {
        let points = value
            .points
            .map_or_else(String::new, |points| format!(", {points} points"));
        writeln!(
            out,
            "  {:<24} {:<16} at {}, {}{points}\n    event {}, {}/{}/{}",
            value.what,
            value.value,
            value.at,
            age(value.at, finding.as_of),
            value.event,
            topics::PATIENT_STREAM,
            value.origin.partition,
            value.origin.offset,
        )?;
    }
    for missing in &finding.missing {
        writeln!(out, "  missing: {missing}")?;
    }
    Ok(())
}

/// How old a value was at the time that is spoken of.
fn age(at: EventTime, as_of: EventTime) -> String {
    let (span, word) = match (as_of.since(at), at.since(as_of)) {
        (Some(span), _) => (span, "before"),
        (None, after) => (after.unwrap_or_default(), "after"),
    };
    let minutes = span.as_secs() / 60;
    format!("{} h {:02} min {word}", minutes / 60, minutes % 60)
}

fn print_history(revisions: &[Published], out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "\nhistory")?;
    for Published { place, finding } in revisions {
        let state = match &finding.state {
            FindingState::Asserted => String::new(),
            FindingState::Retracted(reason) => format!(" (taken back: {reason})"),
        };
        writeln!(
            out,
            "  revision {} known {} {} {}{state}\n    finding {}, {place}",
            finding.revision,
            finding.known_at,
            finding.severity.word(),
            finding.summary,
            finding.id,
        )?;
    }
    Ok(())
}

/// Says in words what would change what cannot be asked again with other values, or why that is not known.
fn in_words(finding: &Finding) -> &'static str {
    if finding.state != FindingState::Asserted {
        return "nothing: it was taken back";
    }
    let is_asked = WORKLOADS.iter().any(|of| *of.name == *finding.workload);
    match (what_changes(&finding.condition), is_asked) {
        (Some(words), _) => words,
        (None, true) => {
            "not known: asked again of what is kept, with the settings of now, the rule does not say the same"
        }
        (None, false) => "not known: it rests on more than the values of one patient's chart",
    }
}

fn print_changes(
    finding: &Finding,
    changes: Option<&[Alternative]>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    writeln!(out, "\nwhat would change it")?;
    let Some(changes) = changes else {
        writeln!(out, "  {}", in_words(finding))?;
        return Ok(());
    };
    if changes.is_empty() {
        writeln!(out, "  no single one of its values")?;
    }
    for change in changes {
        let instead = match &change.instead {
            Instead::Nothing => "without it".to_owned(),
            Instead::Value(value) => format!("with {value}"),
        };
        let then = match &change.then {
            Then::Nothing => "nothing would be said".to_owned(),
            Then::Said {
                severity, summary, ..
            } => format!(
                "{} instead of {}: {summary}",
                severity.word(),
                finding.severity.word()
            ),
        };
        let input = format!("{} {}", change.what, change.value);
        writeln!(out, "  {input:<40} {instead}, {then}")?;
    }
    Ok(())
}

fn print_json(
    asked: &Published,
    revisions: &[Published],
    changes: Option<&[Alternative]>,
    thresholds: &[String],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let read = |finding: &Finding| {
        let json = wire::finding_to_json(finding);
        serde_json::from_slice::<serde_json::Value>(&json).map_err(|error| Failure::new(error, ""))
    };
    let revisions = revisions.iter().map(|one| {
        let finding = read(&one.finding)?;
        Ok(json!({ "place": one.place, "finding": finding }))
    });
    let changes = changes.map(|changes| changes.iter().map(change_json).collect::<Vec<_>>());
    let object = json!({
        "place": asked.place,
        "finding": read(&asked.finding)?,
        "history": revisions.collect::<Result<Vec<_>, Failure>>()?,
        "limits": thresholds,
        "whatWouldChangeItInWords": changes.is_none().then(|| in_words(&asked.finding)),
        "whatWouldChangeIt": changes,
    });
    writeln!(out, "{object}")?;
    Ok(())
}

fn change_json(change: &Alternative) -> serde_json::Value {
    let instead = match &change.instead {
        Instead::Nothing => None,
        Instead::Value(value) => Some(value),
    };
    let then = match &change.then {
        Then::Nothing => None,
        Then::Said {
            severity,
            score,
            summary,
        } => Some(json!({ "severity": severity.word(), "score": score, "summary": summary })),
    };
    json!({
        "what": change.what,
        "event": change.event.to_string(),
        "value": change.value,
        "instead": instead,
        "then": then,
    })
}

#[cfg(test)]
mod tests {
    use clinical::{
        EventTime, Finding, FindingId, FindingState, PatientKey, ReceivedTime, Severity,
    };

    use super::in_words;

    fn finding(workload: &str, condition: &str) -> Finding {
        Finding {
            id: FindingId::derive(&[]),
            workload: workload.into(),
            rule: "rule 1.0.0".into(),
            patient: PatientKey::default(),
            condition: condition.into(),
            as_of: EventTime::default(),
            known_at: ReceivedTime::from_micros(0),
            revision: 1,
            replaces: None,
            state: FindingState::Asserted,
            severity: Severity::Low,
            score: None,
            summary: "".into(),
            evidence: Vec::new(),
            missing: Vec::new(),
            cause: None,
            backfill: false,
        }
    }

    #[test]
    fn what_cannot_be_asked_again_is_said_in_words() {
        let said = |workload, condition| in_words(&finding(workload, condition));
        assert!(said("claims", "claim-unbalanced/00ff").contains("amounts that add up"));
        assert!(said("prior-authorization", "authorization-due/00ff").contains("a decision"));
        assert!(said("emergency", "emergency/room").contains("no place to wait"));
        assert!(said("deterioration", "deterioration").starts_with("not known: asked again"));
        assert!(said("other", "other").starts_with("not known: it rests"));
        let gone = Finding {
            state: FindingState::Retracted("corrected".into()),
            ..finding("claims", "claim-unbalanced/00ff")
        };
        assert_eq!(in_words(&gone), "nothing: it was taken back");
    }
}
