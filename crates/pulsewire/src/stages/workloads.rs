//! The workloads station: the patient stream to findings.

use std::sync::Arc;

use clinical::{
    Event, EventId, EventTime, Finding, FindingState, Origin, PatientKey, ReceivedTime,
    RecordedTime, wire,
};
use journal::{Headers, RecordRef, TopicPartition};
use mapping::event::{Envelope, event, identity};
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::{Effects, Input as Given, Now, State, Workloads};

use super::normalize::plausibility::PLAUSIBILITY_HEADER;
use super::{BACKFILL, MORE, header, patient, provenance, record, text, with};
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;

/// Concludes.
pub(crate) struct WorkloadStage {
    pub(crate) workloads: Workloads,
    /// What these conclude is told to nobody.
    pub(crate) off: Vec<&'static str>,
    pub(crate) metrics: Arc<Metrics>,
}

impl WorkloadStage {
    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        StageSpec {
            name: "workloads".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            inputs: vec![topics::PATIENT_STREAM.into()],
            outputs: vec![topics::ALERT_STREAM.into(), topics::PATIENT_STREAM.into()],
            partitions,
            limits: stream::Limits::default(),
        }
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
            let own = vec![
                header("content-type", wire::FINDING_CONTENT_TYPE),
                header("finding", finding.id.to_string()),
            ];
            let mut cause = cause.clone();
            // It is the finding that says whether it is history: another may have come to rest on news beside it.
            cause.retain(|(name, _)| &**name != BACKFILL);
            cause.extend(finding.backfill.then(|| header(BACKFILL, "1")));
            let headers = with(&cause, own);
            let json = wire::finding_to_json(finding);
            let record = record(finding.patient, finding.as_of.micros(), cx, headers, json);
            cx.emit(topics::ALERT_STREAM, record);
            let reason = label(finding);
            self.count(cx, reason);
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
    let envelope = Envelope {
        key: patient,
        content_type: text(record, "content-type").unwrap_or_default(),
        event_id: text(record, "event-id")
            .and_then(EventId::parse)
            .unwrap_or_default(),
        event_time: EventTime::from_micros(record.event_time),
        recorded: text(record, "recorded-time").and_then(RecordedTime::parse),
        received_time: ReceivedTime::from_micros(record.received_time),
        origin: Origin {
            partition: from.partition,
            offset: record.offset,
        },
        plausibility: text(record, PLAUSIBILITY_HEADER).unwrap_or_default(),
        backfill: record.header(BACKFILL).is_some(),
        bytes: record.value.unwrap_or_default(),
    };
    event(&envelope).map_err(|error| StepError::new("unreadable", error.to_string()))
}

/// What came too late goes to the side, what belongs to another identity now goes there.
fn send_on(read: &RecordRef<'_>, patient: PatientKey, effects: &Effects, cx: &mut Context<'_>) {
    if effects.late {
        cx.emit_late(*read);
    }
    if let Some(survivor) = effects.forward_to {
        let mut forwarded = read.to_record();
        forwarded.key = (*survivor.as_bytes()).into();
        forwarded
            .headers
            .push(header("forwarded-from", patient.to_string()));
        cx.emit(topics::PATIENT_STREAM, forwarded);
    }
}

fn label(finding: &Finding) -> String {
    let state = match finding.state {
        FindingState::Asserted => finding.severity.word(),
        FindingState::Retracted(_) => "retracted",
    };
    let history = if finding.backfill { " backfill" } else { "" };
    format!("{} {state}{history}", finding.workload)
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
