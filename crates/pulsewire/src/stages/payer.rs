//! The payer station: what payers and providers say of a member, to findings and to how authorizations stand.

mod authorization;
mod case;
mod mix;
mod peers;
mod provider;
mod week;

use std::sync::Arc;

use clinical::payer::{PayerEvent, PayerFact};
use clinical::{EventTime, Fact, Finding, PatientKey, ReceivedTime, SiteKey};
use journal::{Headers, Record, RecordRef, TopicPartition};
use mapping::event::identity;
use mapping::payer::payer_event;
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::Now;
use workloads::payer::{Effects, Input as Given, Payer, PayerConfig, State, WeekClaim};

use super::{
    MORE, envelope, findings, header, patient, provenance, record, spec, unreadable, with,
};
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;
use week::WeekTold;

pub(crate) use authorization::Told as AuthorizationTold;
pub(crate) use peers::PeerStage;
pub(crate) use provider::ProviderStage;

/// The one timer of a member.
const TIMER: &[u8] = b"payer";

/// Concludes.
pub(crate) struct PayerStage {
    payer: Payer,
    site: SiteKey,
    metrics: Arc<Metrics>,
}

impl PayerStage {
    /// Its name.
    pub(crate) const NAME: &'static str = "payer";

    /// Makes the station of what a site has set.
    pub(crate) fn new(config: &PayerConfig, site: &SiteKey, metrics: &Arc<Metrics>) -> Self {
        Self {
            payer: Payer::new(config.clone()),
            site: site.clone(),
            metrics: Arc::clone(metrics),
        }
    }

    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        let outputs = [
            topics::ALERT_STREAM,
            topics::PATIENT_STREAM,
            topics::AUTHORIZATION,
            topics::PROVIDER_WEEK,
        ];
        let inputs = vec![topics::PATIENT_STREAM.into()];
        spec(
            Self::NAME,
            partitions,
            inputs,
            outputs.map(Into::into).into(),
        )
    }

    fn conclude(
        &self,
        state: &mut State,
        given: Given<'_>,
        now: Now,
        effects: &mut Effects,
    ) -> Result<(), StepError> {
        let stepped = self.payer.step(state, given, now, effects);
        stepped.map_err(|error| StepError::new("workload", error.to_string()))
    }

    fn emit(&self, patient: PatientKey, effects: &Effects, cause: &Headers, cx: &mut Context<'_>) {
        if let Some((survivor, handed)) = &effects.handover {
            let headers = with(
                cause,
                vec![header("content-type", identity::PAYER_HANDOVER)],
            );
            let state = identity::write_handover(patient, handed);
            let record = record(*survivor, cx.received(), cx, headers, state);
            cx.emit(topics::PATIENT_STREAM, record);
        }
        for finding in &effects.findings {
            self.tell(finding, cause, cx);
        }
        for authorization in &effects.authorizations {
            let own = vec![header("content-type", AuthorizationTold::CONTENT_TYPE)];
            let json = AuthorizationTold::of(authorization).to_json();
            let at = authorization.received_at.unwrap_or_default().micros();
            let record = record(patient, at, cx, with(cause, own), json);
            cx.emit(topics::AUTHORIZATION, record);
        }
        for claim in &effects.claims {
            self.add(claim, patient, cause, cx);
        }
        match effects.timer {
            Some(Some(at)) => cx.set_timer(TIMER, at.micros()),
            Some(None) => cx.cancel_timer(TIMER),
            None => {}
        }
    }

    /// Tells the week of a provider what a claim now adds to it.
    fn add(&self, claim: &WeekClaim, patient: PatientKey, cause: &Headers, cx: &mut Context<'_>) {
        let provider = claim.provider.to_be_bytes();
        let week = [&provider[..], &claim.week.to_be_bytes()].concat();
        let told = WeekTold::of(claim, patient, self.site.unassigned("provider", &provider));
        let record = Record {
            key: (*self.site.unassigned("provider-week", &week).as_bytes()).into(),
            // The time of a record that came late is behind what others have reached.
            event_time: cx.watermark().min(cx.received()),
            received_time: cx.received(),
            seal: 0,
            headers: with(cause, vec![header("content-type", WeekTold::CONTENT_TYPE)]),
            value: Some(told.to_json().into()),
        };
        cx.emit(topics::PROVIDER_WEEK, record);
    }

    fn tell(&self, finding: &Finding, cause: &Headers, cx: &mut Context<'_>) {
        findings::publish(finding, cause, cx);
        if !cx.is_repeating() {
            let label = ReasonLabels {
                stage: Self::NAME,
                reason: findings::label(finding),
            };
            self.metrics.findings.get_or_create(&label).inc();
        }
    }
}

/// The record as what was said of a member; nothing where payer workloads have no use for it.
fn read(
    from: &TopicPartition,
    record: &RecordRef<'_>,
    patient: PatientKey,
) -> Result<Option<PayerEvent>, StepError> {
    let envelope = envelope(from, record, patient);
    if envelope.content_type != identity::PAYER_HANDOVER {
        return payer_event(&envelope).map_err(|error| unreadable(&error));
    }
    let fact = identity::read_handover(envelope.bytes).map_err(|error| unreadable(&error))?;
    let Fact::Handover { from, state } = fact else {
        return Ok(None);
    };
    Ok(Some(PayerEvent {
        id: envelope.event_id,
        patient,
        received: envelope.received_time,
        origin: envelope.origin,
        backfill: envelope.backfill,
        fact: PayerFact::Handover { from, state },
    }))
}

impl Processor for PayerStage {
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
            Input::Timer { at, .. } => {
                let given = Given::Timer(EventTime::from_micros(at));
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
                cause = provenance(&record);
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

#[cfg(test)]
mod tests;
