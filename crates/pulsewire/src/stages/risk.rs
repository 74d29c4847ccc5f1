//! The station of scored hours: each hour of a patient that the learned risk scored, until it is known what became of it.
//!
//! It and the one behind it, which counts all patients together, only watch: nothing of what they conclude reaches the
//! model, or an alert of a patient.

mod board;
mod told;

use std::sync::Arc;

use clinical::{Actor, Alert, AlertState, EventTime, FALSE_ALARM, FindingState, PatientKey, wire};
use journal::{Headers, Record, RecordRef};
use mapping::event::identity;
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::Effects;
use workloads::risk::watch::{Feedback, Heard, Outcomes, Raised, TRUTH};

use super::merged::{handed_over, readdressed, retired_into};
use super::{header, patient, record, spec, text, with};
use crate::topics;

pub(crate) use board::RiskBoardStage;
pub(crate) use told::{QualityTold, StatusTold as RiskStatus};

use told::HourTold;

/// The workload whose hours are kept.
pub(crate) const WORKLOAD: &str = "sepsis-risk";
/// What a merge is told with.
const MERGED: &str = alerts::rule::MERGED_REASON;
/// The one timer of a patient.
const TIMER: &[u8] = b"risk";

/// Keeps the hours of patients until their outcome is known.
pub(crate) struct RiskOutcomeStage;

/// What is known of a patient's hours, shared with the state before a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(Arc<Outcomes>);

/// Tells whoever watches the learned risk of the hours that it scored, and of what says the truth of them.
pub(super) fn tell(patient: PatientKey, effects: &Effects, cause: &Headers, cx: &mut Context<'_>) {
    for hour in &effects.scored {
        let told = HourTold::of(patient, hour, None);
        let headers = vec![header("content-type", HourTold::CONTENT_TYPE)];
        let record = record(patient, hour.end.micros(), cx, headers, told.to_json());
        cx.emit(topics::RISK_HOUR, record);
    }
    let findings = effects.findings.iter();
    for finding in findings.filter(|finding| &*finding.workload == TRUTH) {
        let own = vec![
            header("content-type", wire::FINDING_CONTENT_TYPE),
            header("finding", finding.id.to_string()),
        ];
        let json = wire::finding_to_json(finding);
        let headers = with(cause, own);
        let record = record(patient, finding.as_of.micros(), cx, headers, json);
        cx.emit(topics::RISK_HOUR, record);
    }
}

impl RiskOutcomeStage {
    /// Its name.
    pub(crate) const NAME: &'static str = "risk-outcomes";

    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        let inputs = [topics::RISK_HOUR, topics::CARE_ALERT];
        let outputs = [topics::RISK_EXAMPLE, topics::RISK_HOUR];
        spec(
            Self::NAME,
            partitions,
            inputs.map(Into::into).into(),
            outputs.map(Into::into).into(),
        )
    }
}

/// What a record says that hours ask for; nothing where it says nothing of the kind.
fn heard(record: &RecordRef<'_>) -> Result<Option<Heard>, StepError> {
    let unreadable = |why: String| StepError::new("unreadable", why);
    let json = record.value.unwrap_or_default();
    Ok(match text(record, "content-type") {
        Some(HourTold::CONTENT_TYPE) => {
            let told = HourTold::from_json(json);
            let hour = told.as_ref().and_then(HourTold::hour);
            let hour = hour.ok_or_else(|| {
                unreadable("it is no hour as this version, or an earlier one, tells it".to_owned())
            })?;
            Some(Heard::Hour(hour))
        }
        Some(wire::FINDING_CONTENT_TYPE) => {
            let finding = wire::finding_from_json(json).map_err(|of| unreadable(of.to_string()))?;
            let asserted = match &finding.state {
                FindingState::Asserted => true,
                // Under the identity that stays it is said again.
                FindingState::Retracted(why) if **why == *MERGED => return Ok(None),
                FindingState::Retracted(_) => false,
            };
            Some(Heard::Sepsis {
                onset: finding.as_of,
                asserted,
            })
        }
        Some(wire::ALERT_CONTENT_TYPE) => {
            let alert = wire::alert_from_json(json).map_err(|of| unreadable(of.to_string()))?;
            (*alert.condition == *WORKLOAD).then(|| Heard::Alert(alert.id, raised(&alert)))
        }
        _ => None,
    })
}

/// An alert, as far as hours ask.
fn raised(alert: &Alert) -> Raised {
    let ended = alert.history.last().filter(|_| !alert.state.is_active());
    let people = alert
        .history
        .iter()
        .filter(|change| matches!(change.by, Actor::Person(_)));
    let said = people.filter_map(|change| match change.to {
        AlertState::Acknowledged => Some(Feedback::Acknowledged),
        AlertState::Resolved if is_false_alarm(&change.why) => Some(Feedback::FalseAlarm),
        AlertState::Resolved => Some(Feedback::Resolved),
        AlertState::Open | AlertState::Retracted => None,
    });
    Raised {
        from: alert.as_of,
        until: ended.map(|change| EventTime::from_micros(change.at.micros())),
        feedback: said.max(),
    }
}

/// Says whether an alert was dismissed with these words, and not resolved with others that begin like them.
fn is_false_alarm(why: &str) -> bool {
    let rest = why.strip_prefix(FALSE_ALARM);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
}

impl State {
    /// Tells the outcomes that can be known, and looks again when others can.
    fn conclude(&mut self, patient: PatientKey, cx: &mut Context<'_>) {
        let now = EventTime::from_micros(cx.watermark());
        let known = Arc::make_mut(&mut self.0);
        for example in known.conclude(now) {
            // Each replaces the one before, by the name under which that was told.
            let name = example.told_of.unwrap_or(patient);
            let told = HourTold::of(name, &example.hour, Some(&example));
            watch(&told, cx);
        }
        match known.wake() {
            Some(at) => cx.set_timer(TIMER, at.micros()),
            None => cx.cancel_timer(TIMER),
        }
    }

    /// Takes in what another identity of the patient handed over; one that went itself hands it on.
    fn absorb(&mut self, read: &RecordRef<'_>, cx: &mut Context<'_>) -> Result<bool, StepError> {
        if let Some(survivor) = self.0.survivor() {
            cx.emit(topics::RISK_HOUR, readdressed(read, survivor));
            return Ok(false);
        }
        let handed = handed_over(read, Outcomes::decode)?;
        Arc::make_mut(&mut self.0).absorb(handed);
        Ok(true)
    }

    /// Retires an identity that was merged into another.
    fn merge(
        &mut self,
        read: &RecordRef<'_>,
        patient: PatientKey,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let Some(other) = retired_into(read)? else {
            return Ok(());
        };
        if self.0.survivor().is_some() {
            return Ok(());
        }
        let now = EventTime::from_micros(cx.watermark());
        let handed = Arc::make_mut(&mut self.0).retire(patient, other, now);
        cx.cancel_timer(TIMER);
        let mut bytes = Vec::new();
        if handed.encode(&mut bytes) {
            let headers = vec![header("content-type", identity::RISK_HANDOVER)];
            let value = identity::write_handover(patient, &bytes);
            cx.emit(
                topics::RISK_HOUR,
                record(other, cx.received(), cx, headers, value),
            );
        }
        Ok(())
    }
}

/// Tells whoever counts all patients together.
fn watch(told: &HourTold, cx: &mut Context<'_>) {
    let record = Record {
        key: WORKLOAD.as_bytes().into(),
        // The hour itself is over since days.
        event_time: cx.watermark().min(cx.received()),
        received_time: cx.received(),
        seal: 0,
        headers: vec![header("content-type", HourTold::WATCHED)],
        value: Some(told.to_json().into()),
    };
    cx.emit(topics::RISK_EXAMPLE, record);
}

impl Processor for RiskOutcomeStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let patient = patient(cx)?;
        let Input::Record { record, .. } = input else {
            state.conclude(patient, cx);
            return Ok(());
        };
        let is_news = match text(&record, "content-type") {
            Some(identity::MERGE_JSON) => return state.merge(&record, patient, cx),
            Some(identity::RISK_HANDOVER) => state.absorb(&record, cx)?,
            _ if state.0.survivor().is_some() => false,
            _ => match heard(&record)? {
                None => false,
                Some(heard) => {
                    let hour = match &heard {
                        Heard::Hour(hour) => Some(HourTold::of(patient, hour, None)),
                        Heard::Sepsis { .. } | Heard::Alert(..) => None,
                    };
                    let is_news = Arc::make_mut(&mut state.0).take(heard);
                    if let Some(hour) = hour.filter(|_| is_news) {
                        watch(&hour, cx);
                    }
                    is_news
                }
            },
        };
        if is_news {
            state.conclude(patient, cx);
        }
        Ok(())
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        state.0.encode(out)
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        let known = Outcomes::decode(bytes);
        let known =
            known.map_err(|error| StepError::new("undecodable-state", error.to_string()))?;
        Ok(State(Arc::new(known)))
    }
}

#[cfg(test)]
mod tests;
