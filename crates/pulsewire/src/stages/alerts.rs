//! The alerts station: findings and what people ask of alerts, to alerts and the news that is due.

mod budget;

use std::sync::Arc;

use alerts::budget::{Report, key};
use alerts::{Alerts, Effects, Input as Asked, Now, State, rule};
use clinical::{Actor, Alert, DeliveryKind, EventTime, PatientKey, ReceivedTime, wire};
use journal::Headers;
use stream::{Context, Input, Processor, StageSpec, StepError};

use super::{header, patient, provenance, record, text, with};
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;

/// Decides what a person must see.
pub(crate) struct AlertStage {
    pub(crate) alerts: Alerts,
    pub(crate) metrics: Arc<Metrics>,
}

impl AlertStage {
    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        super::spec(
            "alerts",
            partitions,
            vec![topics::ALERT_STREAM.into()],
            vec![
                topics::CARE_ALERT.into(),
                topics::DELIVERY.into(),
                topics::ALERT_STREAM.into(),
            ],
        )
    }

    fn emit(&self, patient: PatientKey, effects: Effects, cause: &Headers, cx: &mut Context<'_>) {
        for alert in &effects.alerts {
            let own = vec![
                header("content-type", wire::ALERT_CONTENT_TYPE),
                header("alert", alert.id.to_string()),
                header("state", alert.state.word()),
            ];
            let headers = with(cause, own);
            let json = wire::alert_to_json(alert);
            let record = record(alert.patient, alert.as_of.micros(), cx, headers, json);
            cx.emit(topics::CARE_ALERT, record);
            let history = if is_history(alert) { " backfill" } else { "" };
            let condition = workloads::kind_of_condition(&alert.condition);
            let label = format!("{condition} {}{history}", alert.state.word());
            self.count(cx, &label);
        }
        for delivery in &effects.deliveries {
            let own = vec![
                header("content-type", wire::DELIVERY_CONTENT_TYPE),
                header("channel", delivery.channel.as_bytes()),
                header("delivery", delivery.id.to_string()),
            ];
            let headers = with(cause, own);
            let json = wire::delivery_to_json(delivery);
            let record = record(
                delivery.alert.patient,
                delivery.at.micros(),
                cx,
                headers,
                json,
            );
            cx.emit(topics::DELIVERY, record);
        }
        for (tag, at) in &effects.timers {
            match at {
                Some(at) => cx.set_timer(tag, at.micros()),
                None => cx.cancel_timer(tag),
            }
        }
        for refused in &effects.refused {
            tracing::info!(alert = %refused.command.alert, why = ?refused.why, "what was asked of an alert changes nothing");
            self.count(cx, "refused command");
        }
        for _ in &effects.suppressed {
            self.count(cx, "suppressed finding");
        }
        for held in &effects.held {
            self.count(cx, held.rule);
        }
        let raised = |delivery: &&clinical::Delivery| delivery.kind == DeliveryKind::Raised;
        let told = effects.deliveries.iter().filter(raised);
        let told: std::collections::BTreeSet<_> =
            told.map(|news| *news.alert.id.as_bytes()).collect();
        for _ in told {
            self.count(cx, "told alert");
        }
        for report in effects.reports {
            if report == Report::PatientDay {
                self.count(cx, "patient-day");
            }
            send(key(), &budget::Told::of(patient, report), cx);
        }
        for grant in effects.grants {
            send(grant.patient, &budget::Told::room(grant), cx);
        }
    }
}

fn send(to: PatientKey, told: &budget::Told, cx: &mut Context<'_>) {
    let headers = vec![header("content-type", budget::CONTENT_TYPE)];
    let record = record(to, cx.received(), cx, headers, told.to_json());
    cx.emit(topics::ALERT_STREAM, record);
}

/// Says whether an alert is kept of loaded history, so that nobody is told of it.
fn is_history(alert: &Alert) -> bool {
    let last = alert.history.last().map(|change| &change.by);
    matches!(last, Some(Actor::Rule(name)) if **name == *rule::BACKFILLED)
}

impl AlertStage {
    fn count(&self, cx: &Context<'_>, reason: &str) {
        if cx.is_repeating() {
            return;
        }
        self.metrics
            .alerts
            .get_or_create(&ReasonLabels {
                stage: "alerts",
                reason: reason.to_owned(),
            })
            .inc();
    }
}

impl Processor for AlertStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let now = Now {
            watermark: EventTime::from_micros(cx.watermark()),
            received: ReceivedTime::from_micros(cx.received()),
            patient: patient(cx)?,
        };
        let (mut effects, mut cause) = (Effects::default(), Headers::new());
        let unreadable = |error: wire::WireError| StepError::new("unreadable", error.to_string());
        let stepped = match input {
            Input::Timer { tag, at } => self.alerts.step(
                state,
                Asked::Timer {
                    tag,
                    at: EventTime::from_micros(at),
                },
                now,
                &mut effects,
            ),
            Input::Record { record, .. } => {
                cause = provenance(&record);
                let json = record.value.unwrap_or_default();
                match text(&record, "content-type") {
                    Some(wire::FINDING_CONTENT_TYPE) => {
                        let finding = wire::finding_from_json(json).map_err(unreadable)?;
                        self.alerts
                            .step(state, Asked::Finding(&finding), now, &mut effects)
                    }
                    Some(wire::COMMAND_CONTENT_TYPE) => {
                        let command = wire::command_from_json(json).map_err(unreadable)?;
                        self.alerts
                            .step(state, Asked::Command(&command), now, &mut effects)
                    }
                    Some(budget::CONTENT_TYPE) => {
                        let told = budget::Told::read(json)?;
                        let asked = told.asked().ok_or_else(|| {
                            StepError::new("unreadable", "it names no alert or severity".to_owned())
                        })?;
                        self.alerts.step(state, asked, now, &mut effects)
                    }
                    other => {
                        let detail = format!(
                            "the content type is {other:?}, and only findings, commands and what the budget is told are taken here"
                        );
                        return Err(StepError::new("unknown-content-type", detail));
                    }
                }
            }
        };
        stepped.map_err(|error| StepError::new("alert-rule", error.to_string()))?;
        self.emit(now.patient, effects, &cause, cx);
        Ok(())
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        if state.is_empty() {
            return false;
        }
        out.extend_from_slice(&state.encode());
        true
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        State::decode(bytes).map_err(|error| StepError::new("undecodable-state", error.to_string()))
    }
}
