//! Alerts: the list, and one with the values behind it and the way back to the message.

use clinical::{Actor, AlertId, AlertState, Change, FindingState, PatientKey, Permit};
use ui::{
    Alert, AlertForms, AlertList, AlertRow, DeliveryRow, EvidenceRow, HistoryRow, Link,
    RevisionRow, WayStep,
};

use super::{message, severity, state};
use crate::control::page::Refused;
use crate::control::{Control, RISK_PATH};
use crate::delivery::Ended;
use crate::explain;
use crate::views::{AlertView, Views, is_of_a_model};

/// So many alerts are listed.
const LISTED: usize = 200;
/// So many characters of a pseudonym stand for a patient without a name.
const SHORT: usize = 8;

/// The list, most urgent first.
pub(in crate::control) fn list(
    control: &Control,
    wanted: Option<ui::AlertState>,
    permit: &Permit,
) -> AlertList {
    let views = control.views.read();
    let mut chosen: Vec<&AlertView> = views
        .alerts
        .values()
        .filter(|view| wanted.is_none_or(|wanted| state(view.alert.state) == wanted))
        .collect();
    chosen.sort_by_key(|view| {
        (
            !view.alert.state.is_active(),
            std::cmp::Reverse(view.alert.severity),
            std::cmp::Reverse(view.alert.opened_at),
        )
    });
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
        rows: chosen
            .iter()
            .take(LISTED)
            .map(|view| row(view, &views, permit))
            .collect(),
        more: None,
    }
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
    let row = row(view, &views, permit);
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
pub(super) fn row(view: &AlertView, views: &Views, permit: &Permit) -> AlertRow {
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
    let rows = all.iter().rev().map(|view| DeliveryRow {
        at_us: view.at.micros(),
        kind: view.kind.word().to_owned(),
        channel: view.channel.to_string(),
        result: match view
            .attempt
            .as_ref()
            .map(|attempt| (&attempt.ended, attempt.number))
        {
            None => "waiting".to_owned(),
            Some((Ended::Delivered, _)) => "delivered".to_owned(),
            Some((Ended::Failed { why, .. }, number)) => format!("waiting, {number} tries: {why}"),
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
