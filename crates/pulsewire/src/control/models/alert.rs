//! Alerts: the list, and one with the values behind it and the way back to the message.

use std::cmp::Reverse;

use clinical::{
    Actor, AlertId, AlertState, Change, FindingState, PatientKey, Permit, ReceivedTime, Severity,
};
use ui::{
    Alert, AlertForms, AlertList, AlertRow, DeliveryRow, EvidenceRow, HistoryRow, Link,
    RevisionRow, Shown, WayStep,
};

use super::{message, severity, state};
use crate::control::page::Refused;
use crate::control::{Control, RISK_PATH};
use crate::delivery::Ended;
use crate::explain;
use crate::views::{AlertView, Views, is_of_a_model, is_superseded};

/// So many characters of a pseudonym stand for a patient without a name.
const SHORT: usize = 8;

/// The list, most urgent first.
pub(in crate::control) fn list(
    control: &Control,
    wanted: Option<ui::AlertState>,
    page: u64,
    permit: &Permit,
) -> AlertList {
    let views = control.views.read();
    let mut chosen: Vec<&AlertView> = views
        .alerts
        .values()
        .filter(|view| wanted.is_none_or(|wanted| state(view.alert.state) == wanted))
        .collect();
    chosen.sort_by_key(|view| urgency(&view.alert));
    let shown = Shown::new(page, chosen.len() as u64);
    let count = |each: &ui::AlertState| {
        views
            .alerts
            .values()
            .filter(|view| state(view.alert.state) == *each)
            .count() as u64
    };
    AlertList {
        state: wanted,
        counts: ui::AlertState::ALL
            .iter()
            .map(|each| (*each, count(each)))
            .collect(),
        rows: shown
            .of(&chosen)
            .map(|view| row(view, &views, (permit, control.clock.now())))
            .collect(),
        shown,
    }
}

/// By what alerts are listed, the least first: of those that wait for somebody the one that waits longest, of those that are over
/// the newest.
fn urgency(alert: &clinical::Alert) -> (bool, Reverse<Severity>, bool, i64) {
    let opened = alert.opened_at.micros();
    let is_over = !alert.state.is_active();
    let is_taken = alert.state != AlertState::Open;
    let order = if is_over {
        opened.saturating_neg()
    } else {
        opened
    };
    (
        is_over,
        Reverse(alert.severity),
        is_taken && !is_over,
        order,
    )
}

/// One alert.
pub(in crate::control) fn one(
    control: &Control,
    id: AlertId,
    permit: &Permit,
) -> Result<Alert, Refused> {
    let views = control.views.read();
    let view = views.alerts.get(&id).ok_or(Refused::missing(
        "There is no such alert, or it ended long ago.",
    ))?;
    let alert = view.alert.clone();
    let row = row(view, &views, (permit, control.clock.now()));
    let revisions = view.findings.iter().rev().map(revision).collect();
    let finding = view
        .findings
        .iter()
        .rev()
        .find(|finding| finding.id == alert.finding)
        .cloned();
    let deliveries = deliveries(&views, id);
    drop(views);
    let mut asked = control.config.read_back.iter();
    let asks_read_back = asked.any(|begin| alert.condition.starts_with(&**begin));
    Ok(Alert {
        row,
        rule: alert.rule.to_string(),
        score: finding
            .as_ref()
            .and_then(|finding| finding.score)
            .map(i64::from),
        revision: u64::from(alert.revision),
        known_us: alert.known_at.micros(),
        evidence: alert.evidence.iter().map(evidence).collect(),
        missing: finding
            .map(|finding| finding.missing.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        history: alert.history.iter().map(history).collect(),
        revisions,
        deliveries,
        way_back: way_back(control, &alert),
        forms: alert.state.is_active().then(|| AlertForms {
            acknowledge: alert.state == AlertState::Open
                || (asks_read_back && !alerts::is_read_back(&alert)),
            read_back: asks_read_back,
            resolve: true,
            who: String::new(),
            problem: None,
        }),
    })
}

/// An alert as a list shows it.
pub(super) fn row(
    view: &AlertView,
    views: &Views,
    (permit, now): (&Permit, ReceivedTime),
) -> AlertRow {
    let alert = &view.alert;
    let patient = views.patients.get(&alert.patient);
    let owner = alert.history.iter().rev().find(|change| {
        change.to == AlertState::Acknowledged && &*change.why != alerts::rule::READ_BACK
    });
    AlertRow {
        id: alert.id.to_string(),
        severity: severity(alert.severity),
        state: state(alert.state),
        reason: alert.reason.to_string(),
        condition: alert.condition.to_string(),
        // It may be about a source, or a model, and about nobody.
        patient: if alert.condition.starts_with(alerts::quiet::CONDITION) {
            Link::to("nobody: a source", "/sources")
        } else if is_of_a_model(&alert.condition) {
            Link::to("nobody: a learned model", RISK_PATH)
        } else {
            Link::to(
                label(views, alert.patient, permit),
                format!("/patients/{}", alert.patient),
            )
        },
        location: patient
            .and_then(|patient| patient.location())
            .map(str::to_owned),
        as_of_us: alert.as_of.micros(),
        opened_us: alert.opened_at.micros(),
        owner: owner.map(|change| who(&change.by)),
        held: alerts::held_because(alert).map(held_words),
        given_up: Vec::from_iter(views.unreached(alert)).join(", "),
        late: Vec::from_iter(views.late(alert, now)).join(", "),
    }
}

/// Why an alert is held back, in one line.
pub(super) fn held_words(change: &Change) -> String {
    let (Actor::Person(by) | Actor::Rule(by)) = &change.by;
    format!("{by}: {}", change.why)
}

/// The patient's name, or the beginning of the pseudonym.
pub(super) fn label(views: &Views, key: PatientKey, permit: &Permit) -> String {
    let name = views
        .patients
        .get(&key)
        .and_then(|patient| patient.name.open(permit).clone());
    name.unwrap_or_else(|| key.to_string().chars().take(SHORT).collect())
}

fn who(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) => name.to_string(),
        Actor::Rule(name) => format!("rule: {name}"),
    }
}

pub(super) fn evidence(evidence: &clinical::Evidence) -> EvidenceRow {
    EvidenceRow {
        what: evidence.what.to_string(),
        value: evidence.value.to_string(),
        points: evidence.points.map(i64::from),
        at_us: evidence.at.micros(),
        origin: Link::words(format!(
            "patient stream {}/{}",
            evidence.origin.partition, evidence.origin.offset
        )),
    }
}

fn history(change: &clinical::Change) -> HistoryRow {
    HistoryRow {
        at_us: change.at.micros(),
        who: who(&change.by),
        state: state(change.to),
        severity: severity(change.severity),
        why: change.why.to_string(),
    }
}

pub(super) fn revision(finding: &clinical::Finding) -> RevisionRow {
    let (summary, retracted) = match &finding.state {
        FindingState::Asserted => (finding.summary.to_string(), false),
        FindingState::Retracted(reason) => (reason.to_string(), true),
    };
    RevisionRow {
        revision: u64::from(finding.revision),
        known_us: finding.known_at.micros(),
        as_of_us: finding.as_of.micros(),
        severity: severity(finding.severity),
        score: finding.score.map(i64::from),
        summary,
        retracted,
    }
}

fn deliveries(views: &Views, id: AlertId) -> Vec<DeliveryRow> {
    let all = views
        .deliveries
        .get(&id)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let rows = all
        .iter()
        .enumerate()
        .rev()
        .map(|(number, view)| DeliveryRow {
            at_us: view.at.micros(),
            kind: view.kind.word().to_owned(),
            channel: view.channel.to_string(),
            result: match view
                .attempt
                .as_ref()
                .map(|attempt| (&attempt.ended, attempt.number))
            {
                _ if is_superseded(view, all.get(number + 1..).unwrap_or_default()) => {
                    "not told: later news took its place".to_owned()
                }
                None => "waiting".to_owned(),
                Some((Ended::Delivered, _)) => "delivered".to_owned(),
                Some((Ended::Failed { why, .. }, number)) => {
                    format!("waiting, {number} tries: {why}")
                }
                Some((Ended::GivenUp { why }, number)) => {
                    format!("given up after {number} tries: {why}")
                }
            },
        });
    rows.collect()
}

fn way_back(control: &Control, alert: &clinical::Alert) -> Vec<WayStep> {
    match explain::way_back(&*control.journal, alert, control.config.journal.partitions) {
        Ok(steps) => steps
            .into_iter()
            .map(|step| WayStep {
                what: step.what.to_owned(),
                name: step.name,
                origin: if step.what == "message" {
                    message::link(&step.place)
                } else {
                    Link::words(step.place)
                },
                at_us: step.at,
            })
            .collect(),
        Err(error) => {
            tracing::warn!(%error, alert = %alert.id, "the way back of an alert cannot be read");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use clinical::{EventTime, FindingId, ReceivedTime};

    use super::*;

    fn alert(severity: Severity, state: AlertState, opened: i64) -> clinical::Alert {
        clinical::Alert {
            id: AlertId::derive(&[&opened.to_be_bytes()]),
            patient: PatientKey::default(),
            condition: "critical-result".into(),
            episode: 1,
            revision: 1,
            severity,
            state,
            reason: "".into(),
            rule: "".into(),
            as_of: EventTime::default(),
            known_at: ReceivedTime::from_micros(opened),
            opened_at: ReceivedTime::from_micros(opened),
            finding: FindingId::default(),
            evidence: vec![],
            history: vec![],
        }
    }

    #[test]
    fn who_waits_longest_comes_first_and_what_is_over_last_and_newest_first() {
        use AlertState::{Acknowledged, Open, Resolved};
        let mut alerts = [
            alert(Severity::Critical, Resolved, 1),
            alert(Severity::Critical, Resolved, 2),
            alert(Severity::High, Open, 3),
            alert(Severity::Critical, Acknowledged, 4),
            alert(Severity::Critical, Open, 6),
            alert(Severity::Critical, Open, 5),
        ];
        alerts.sort_by_key(urgency);
        let order: Vec<_> = alerts
            .iter()
            .map(|alert| alert.opened_at.micros())
            .collect();
        assert_eq!(order, [5, 6, 4, 3, 2, 1]);
    }
}
