//! The workloads station: the patient stream to findings.

use std::sync::Arc;

use clinical::{Event, EventTime, Finding, FindingState, PatientKey, ReceivedTime};
use journal::{Headers, RecordRef, TopicPartition};
use mapping::event::{event, identity};
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::{Effects, Input as Given, Now, State, Workloads};

use super::merged::readdressed;
use super::{
    FORWARDED, MORE, envelope, findings, header, patient, provenance, record, risk, unreadable,
    with,
};
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;

/// Stands on a record that came too late, with the names of the workloads for which it did.
pub(crate) const LATE_FOR: &str = "late-for";

/// Concludes.
pub(crate) struct WorkloadStage {
    pub(crate) workloads: Workloads,
    /// What these conclude is told to nobody.
    pub(crate) off: Vec<&'static str>,
    /// Whether the learned risk is watched: its hours, and what says the truth of them, are told to whoever does.
    pub(crate) watched: bool,
    pub(crate) metrics: Arc<Metrics>,
}

impl WorkloadStage {
    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        super::spec(
            "workloads",
            partitions,
            vec![topics::PATIENT_STREAM.into()],
            vec![
                topics::ALERT_STREAM.into(),
                topics::PATIENT_STREAM.into(),
                topics::RISK_HOUR.into(),
            ],
        )
    }

    fn conclude(
        &self,
        state: &mut State,
        given: Given<'_>,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), StepError> {
        let stepped = self.workloads.step(state, given, now, effects);
        stepped.map_err(|error| StepError::new("workload", error.to_string()))
    }

    /// What is switched off is told to nobody; but what it said before can still be taken back.
    fn is_told(&self, finding: &Finding) -> bool {
        let retracts = matches!(finding.state, FindingState::Retracted(_));
        retracts || !self.off.contains(&&*finding.workload)
    }

    fn count(&self, cx: &Context<'_>, reason: String) {
        if !cx.is_repeating() {
            self.metrics
                .findings
                .get_or_create(&ReasonLabels {
                    stage: "workloads",
                    reason,
                })
                .inc();
        }
    }

    fn emit(&self, patient: PatientKey, effects: &Effects, cause: &Headers, cx: &mut Context<'_>) {
        for (survivor, handed) in &effects.handover {
            let headers = with(cause, vec![header("content-type", identity::HANDOVER)]);
            let state = identity::write_handover(patient, handed);
            let record = record(*survivor, cx.received(), cx, headers, state);
            cx.emit(topics::PATIENT_STREAM, record);
        }
        for issue in &effects.quality {
            let reason = format!("quality {:?} {:?}", issue.kind, issue.parameter);
            self.count(cx, reason);
        }
        for finding in effects
            .findings
            .iter()
            .filter(|finding| self.is_told(finding))
        {
            findings::publish(finding, cause, cx);
            self.count(cx, findings::label(finding));
        }
        if self.watched {
            risk::tell(patient, effects, cause, cx);
        }
        for (tag, at) in &effects.timers {
            match at {
                Some(at) => cx.set_timer(tag, at.micros()),
                None => cx.cancel_timer(tag),
            }
        }
    }
}

/// The record as a clinical event; nothing where workloads have no use for it.
fn read(
    from: &TopicPartition,
    record: &RecordRef<'_>,
    patient: PatientKey,
) -> Result<Option<Event>, StepError> {
    let envelope = envelope(from, record, patient);
    event(&envelope).map_err(|error| unreadable(&error))
}

/// What came too late goes to the side, what belongs to another identity now goes there.
fn send_on(read: &RecordRef<'_>, patient: PatientKey, effects: &Effects, cx: &mut Context<'_>) {
    if !effects.late_for.is_empty() {
        let names: Vec<&str> = effects.late_for.iter().copied().collect();
        cx.emit_late(*read, vec![header(LATE_FOR, names.join(" "))]);
    }
    if let Some(survivor) = effects.forward_to {
        let mut forwarded = readdressed(read, survivor);
        forwarded
            .headers
            .push(header(FORWARDED, patient.to_string()));
        cx.emit(topics::PATIENT_STREAM, forwarded);
    }
}

impl Processor for WorkloadStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let patient = patient(cx)?;
        let now = Now {
            watermark: EventTime::from_micros(cx.watermark()),
            received: ReceivedTime::from_micros(cx.received()),
            patient,
        };
        let (mut effects, mut cause) = (Effects::default(), Headers::new());
        match input {
            Input::Timer { tag, at } => {
                let given = Given::Timer {
                    tag,
                    at: EventTime::from_micros(at),
                };
                self.conclude(state, given, now, &mut effects)?;
            }
            Input::Record { from, record } => {
                let event = read(from, &record, patient)?;
                let given = match (&event, record.header(MORE).is_some()) {
                    (Some(event), true) => Given::Part(event),
                    (Some(event), false) => Given::Event(event),
                    (None, true) => return Ok(()),
                    (None, false) => Given::End,
                };
                self.conclude(state, given, now, &mut effects)?;
                send_on(&record, patient, &effects, cx);
                if self.watched && !effects.handover.is_empty() {
                    // It is the merge: whoever keeps hours of this identity hands them over, too.
                    cx.emit(topics::RISK_HOUR, record.to_record());
                }
                if !effects.findings.is_empty() || !effects.handover.is_empty() {
                    cause = provenance(&record);
                }
            }
        }
        self.emit(patient, &effects, &cause, cx);
        Ok(())
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        state.encode(out)
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        State::decode(bytes).map_err(|error| StepError::new("undecodable-state", error.to_string()))
    }
}
