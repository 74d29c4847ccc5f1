//! The station of emergency departments: the patient stream to how each visit stands, and to findings about its clocks.

mod told;
mod unit;

use std::sync::Arc;

use clinical::{EventId, EventTime, Finding, ReceivedTime};
use journal::{Headers, Record, RecordRef, TopicPartition};
use mapping::event::{FHIR_JSON, event, identity};
use mapping::visit::visit_state;
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::Now;
use workloads::throughput::{
    Department, Effects, Emergency, Heard, Input as Said, PatientState, Standing,
};

use super::merged::{handed_over, readdressed, retired_into};
use super::{
    MORE, begun, envelope, event_id, findings, header, patient, provenance, record, shows, spec,
    text, unreadable, unreadable_resource, with,
};
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;

pub(crate) use told::VisitTold;
pub(crate) use unit::EmergencyUnitStage;

/// The one timer of a patient.
const TIMER: &[u8] = b"emergency";

/// Follows visits.
pub(crate) struct EmergencyStage {
    emergency: Emergency,
    metrics: Arc<Metrics>,
}

/// What is known of a patient's visits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Shared with the state before a step, since most steps change nothing.
    known: Arc<PatientState>,
    /// A message has begun of which more follows: what it says is concluded from once, at its end.
    has_begun: bool,
}

impl EmergencyStage {
    /// Its name.
    pub(crate) const NAME: &'static str = "emergency";

    /// Takes what a site says of its departments.
    pub(crate) fn new(department: &Department, metrics: &Arc<Metrics>) -> Self {
        Self {
            emergency: Emergency::new(department.clone()),
            metrics: Arc::clone(metrics),
        }
    }

    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        let outputs = [
            topics::ED_VISIT,
            topics::ALERT_STREAM,
            topics::PATIENT_STREAM,
        ];
        let inputs = vec![topics::PATIENT_STREAM.into()];
        spec(
            Self::NAME,
            partitions,
            inputs,
            outputs.map(Into::into).into(),
        )
    }

    /// Takes in what a resource says, and tells whether it is news. What arrives for an identity that was retired goes on to
    /// the one that stays by whoever keeps the chart.
    fn take(
        &self,
        state: &mut State,
        from: &TopicPartition,
        read: &RecordRef<'_>,
        now: Now,
    ) -> Result<bool, StepError> {
        if state.known.survivor().is_some() {
            return Ok(false);
        }
        let envelope = envelope(from, read, now.patient);
        let visit = visit_state(envelope.bytes).map_err(|error| unreadable_resource(&error))?;
        let said = match visit {
            Some(visit) => {
                let shows = shows(read);
                let heard = Heard {
                    // What became another's by a merge was said before.
                    at: envelope.event_time.min(shows.said),
                    said: shows.said,
                    known: shows.known,
                    event: envelope.event_id,
                    message: shows.message,
                    origin: envelope.origin,
                    backfill: shows.backfill,
                    undoes: shows.undoes,
                };
                Some(Said::Visit(heard, visit))
            }
            None => {
                let event = event(&envelope).map_err(|error| unreadable(&error))?;
                event.and_then(|event| Said::of(&self.emergency.department().signs, &event))
            }
        };
        let said = said.filter(|said| state.known.concerns(said));
        Ok(said.is_some_and(|said| Arc::make_mut(&mut state.known).take(said)))
    }

    /// Takes in what another identity of the patient handed over; one that went itself hands it on.
    fn absorb(
        &self,
        state: &mut State,
        read: &RecordRef<'_>,
        cx: &mut Context<'_>,
    ) -> Result<bool, StepError> {
        if let Some(survivor) = state.known.survivor() {
            cx.emit(topics::PATIENT_STREAM, readdressed(read, survivor));
            return Ok(false);
        }
        let known = Arc::make_mut(&mut state.known);
        handed_over(read, |state| known.absorb(state))?;
        Ok(true)
    }

    /// Retires an identity that was merged into another.
    fn merge(
        &self,
        state: &mut State,
        read: &RecordRef<'_>,
        now: Now,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let Some(other) = retired_into(read)? else {
            return Ok(());
        };
        if state.known.survivor() == Some(other) {
            return Ok(());
        }
        state.has_begun = false;
        let known = Arc::make_mut(&mut state.known);
        let (findings, handed) = self.emergency.retire(known, other, now, event_id(read));
        let cause = provenance(read);
        if !handed.is_empty() {
            let own = vec![header("content-type", identity::EMERGENCY_HANDOVER)];
            let value = identity::write_handover(now.patient, &handed);
            let handover = record(other, cx.received(), cx, with(&cause, own), value);
            cx.emit(topics::PATIENT_STREAM, handover);
        }
        let effects = Effects {
            findings,
            ..Effects::default()
        };
        self.tell(&effects, now, &cause, cx);
        Ok(())
    }

    fn conclude(
        &self,
        state: &mut State,
        now: Now,
        (cause, headers): (Option<EventId>, &Headers),
        cx: &mut Context<'_>,
    ) {
        state.has_begun = false;
        let known = Arc::make_mut(&mut state.known);
        let effects = self.emergency.conclude(known, now, cause);
        self.tell(&effects, now, headers, cx);
    }

    fn tell(&self, effects: &Effects, now: Now, cause: &Headers, cx: &mut Context<'_>) {
        for (unit, standing) in &effects.gone {
            show(standing, unit, true, now, cause, cx);
        }
        for standing in &effects.standings {
            show(standing, &standing.unit, false, now, cause, cx);
        }
        for finding in &effects.findings {
            self.publish(finding, cause, cx);
        }
        match effects.wake {
            Some(at) => cx.set_timer(TIMER, at.micros()),
            None => cx.cancel_timer(TIMER),
        }
    }

    fn publish(&self, finding: &Finding, cause: &Headers, cx: &mut Context<'_>) {
        findings::publish(finding, cause, cx);
        if !cx.is_repeating() {
            let labels = ReasonLabels {
                stage: Self::NAME,
                reason: findings::label(finding),
            };
            self.metrics.findings.get_or_create(&labels).inc();
        }
    }
}

/// Tells the board of a unit of a visit.
fn show(
    standing: &Standing,
    unit: &str,
    gone: bool,
    now: Now,
    cause: &Headers,
    cx: &mut Context<'_>,
) {
    let told = VisitTold::of(standing, unit, gone, now.patient);
    let own = vec![header("content-type", VisitTold::CONTENT_TYPE)];
    let record = Record {
        key: unit.as_bytes().into(),
        // The time of a record that came late is behind what others have reached.
        event_time: now.watermark.micros().min(cx.received()),
        received_time: cx.received(),
        seal: 0,
        headers: with(cause, own),
        value: Some(told.to_json().into()),
    };
    cx.emit(topics::ED_VISIT, record);
}

impl Processor for EmergencyStage {
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
        let Input::Record { from, record } = input else {
            self.conclude(state, now, (None, &Headers::new()), cx);
            return Ok(());
        };
        let is_news = match text(&record, "content-type") {
            Some(FHIR_JSON | identity::VISIT_MOMENT) => self.take(state, from, &record, now)?,
            Some(identity::EMERGENCY_HANDOVER) => self.absorb(state, &record, cx)?,
            Some(identity::MERGE_JSON) => return self.merge(state, &record, now, cx),
            _ => false,
        };
        let is_due = is_news || state.has_begun;
        if is_due && record.header(MORE).is_some() {
            state.has_begun = true;
        } else if is_due {
            let cause = provenance(&record);
            self.conclude(state, now, (event_id(&record), &cause), cx);
        }
        Ok(())
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        begun::encode(state.has_begun, out, |out| state.known.encode(out))
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        let decode = |rest: &[u8]| PatientState::decode(rest).map_err(|error| error.to_string());
        let (has_begun, known) = begun::decode(bytes, decode)?;
        Ok(State {
            known: Arc::new(known),
            has_begun,
        })
    }
}

#[cfg(test)]
mod tests;
