//! One finding, explained by the journal: what it rests on, and how it was revised.

use clinical::{FindingState, PatientKey, Permit, wire};
use journal::{Journal, TopicPartition};
use ui::{Finding, Link, RevisionRow};

use super::alert::{evidence, label, revision};
use super::{severity, state};
use crate::control::page::Refused;
use crate::control::{Control, RISK_PATH};
use crate::explain;
use crate::topics;
use crate::views::{Views, is_of_nobody};

/// So many records before and after a finding are looked through for its revisions.
const AROUND: u64 = 10_000;
/// How much is read at once.
const READ_BYTES: usize = 1 << 20;

/// Where a finding is, as its address says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::control) struct Place {
    partition: u16,
    offset: u64,
}

impl Place {
    /// Reads `PARTITION:OFFSET`.
    pub(in crate::control) fn parse(text: &str) -> Option<Self> {
        let (partition, offset) = text.split_once(':')?;
        Some(Self {
            partition: partition.parse().ok()?,
            offset: offset.parse().ok()?,
        })
    }

    fn at(self) -> TopicPartition {
        TopicPartition::new(topics::ALERT_STREAM, self.partition)
    }
}

/// Whom it is about.
pub(in crate::control) fn patient(control: &Control, place: Place) -> Result<PatientKey, Refused> {
    find(control, place).map(|finding| finding.patient)
}

/// The finding at a place.
pub(in crate::control) fn one(
    control: &Control,
    place: Place,
    permit: &Permit,
) -> Result<Finding, Refused> {
    let finding = find(control, place)?;
    let (revisions, looked_through) = revisions(&*control.journal, place, &finding);
    let views = control.views.read();
    let is_about_patient = !is_of_nobody(&finding.workload);
    let (nobody, of_nobody) = match &*finding.workload == alerts::quiet::WORKLOAD {
        true => ("nobody: a source", "/sources"),
        false => ("nobody: a learned model", RISK_PATH),
    };
    Ok(Finding {
        id: finding.id.to_string(),
        place: format!(
            "{}/{}/{}",
            topics::ALERT_STREAM,
            place.partition,
            place.offset
        ),
        workload: match is_about_patient {
            true => Link::to(
                &*finding.workload,
                format!("/workloads/{}", finding.workload),
            ),
            false => Link::to(&*finding.workload, of_nobody),
        },
        rule: finding.rule.to_string(),
        patient: match is_about_patient {
            true => Link::to(
                label(&views, finding.patient, permit),
                format!("/patients/{}", finding.patient),
            ),
            false => Link::words(nobody),
        },
        condition: finding.condition.to_string(),
        summary: finding.summary.to_string(),
        taken_back: match &finding.state {
            FindingState::Asserted => None,
            FindingState::Retracted(why) => Some(why.to_string()),
        },
        severity: severity(finding.severity),
        score: finding.score.map(i64::from),
        as_of_us: finding.as_of.micros(),
        known_us: finding.known_at.micros(),
        revision: u64::from(finding.revision),
        is_history: finding.backfill,
        evidence: finding.evidence.iter().map(evidence).collect(),
        missing: finding.missing.iter().map(ToString::to_string).collect(),
        revisions,
        looked_through,
        alert: alert(&views, &finding),
    })
}

fn find(control: &Control, place: Place) -> Result<clinical::Finding, Refused> {
    const MISSING: Refused =
        Refused::missing("There is no such finding, or retention has removed it.");
    if place.partition >= control.config.journal.partitions {
        return Err(MISSING);
    }
    let record = explain::read(&*control.journal, &place.at(), place.offset);
    let record = record.map_err(|error| {
        tracing::error!(%error, "a finding cannot be read");
        Refused::unreadable()
    })?;
    let value = record.and_then(|record| record.value);
    let finding = value.and_then(|json| wire::finding_from_json(&json).ok());
    finding.ok_or(MISSING)
}

/// What the rule said of the same time, newest first, and how much was looked through where there is more.
fn revisions(
    journal: &dyn Journal,
    place: Place,
    asked: &clinical::Finding,
) -> (Vec<RevisionRow>, Option<u64>) {
    let found = around(journal, place, asked).unwrap_or_else(|error| {
        tracing::warn!(%error, "the revisions of a finding cannot be read");
        (Vec::new(), true, 0)
    });
    let (mut revisions, is_cut, looked_through) = found;
    revisions.sort_by_key(|finding| std::cmp::Reverse(finding.revision));
    let rows = revisions.iter().map(revision).collect();
    (rows, is_cut.then_some(looked_through))
}

type Around = (Vec<clinical::Finding>, bool, u64);

fn around(
    journal: &dyn Journal,
    place: Place,
    asked: &clinical::Finding,
) -> Result<Around, journal::Error> {
    let at = place.at();
    let bounds = journal.bounds(std::slice::from_ref(&at))?;
    let Some(bounds) = bounds.first() else {
        return Ok((Vec::new(), false, 0));
    };
    let from = place.offset.saturating_sub(AROUND).max(bounds.start);
    let to = place.offset.saturating_add(AROUND).min(bounds.end);
    let (mut next, mut found) = (from, Vec::new());
    while next < to {
        let batch = journal.read(&at, next, READ_BYTES)?;
        let own = batch
            .iter()
            .filter(|record| record.key == asked.patient.as_bytes());
        let findings = own.filter_map(|record| wire::finding_from_json(record.value?).ok());
        found.extend(findings.filter(|other| {
            other.workload == asked.workload
                && other.condition == asked.condition
                && other.as_of == asked.as_of
        }));
        let Some(after) = batch.next_offset() else {
            break;
        };
        next = after;
    }
    let is_cut = from > bounds.start || to < bounds.end;
    Ok((found, is_cut, to.saturating_sub(from)))
}

/// The alert about the same of the same patient; one that somebody may still have to act on before others.
fn alert(views: &Views, finding: &clinical::Finding) -> Option<Link> {
    let about = views.alerts.values().filter(|view| {
        view.alert.patient == finding.patient && view.alert.condition == finding.condition
    });
    let newest = about.max_by_key(|view| (view.alert.state.is_active(), view.alert.opened_at))?;
    let words = format!(
        "{}, {}",
        state(newest.alert.state).word(),
        newest.alert.severity.word()
    );
    Some(Link::to(words, format!("/alerts/{}", newest.alert.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_partition_and_an_offset() {
        let place = Place {
            partition: 7,
            offset: 1_204,
        };
        assert_eq!(Place::parse("7:1204"), Some(place));
        for wrong in ["", "7", "7:", ":7", "x:1", "70000:1", "7:1:2"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
