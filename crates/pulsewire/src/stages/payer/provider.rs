//! The station of providers: what claims of all members add to a provider's week, to days that cannot have been.
//!
//! What it reads is keyed by provider and week, so all claims of a week come to one task, each whole in its newest form:
//! whatever the partition of a member, a claim counts once and as it now stands.

use std::sync::Arc;

use clinical::{PatientKey, ReceivedTime};
use journal::{Headers, Record, RecordRef};
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::payer::{Judged, OfWeek, PayerConfig, Week, Weeks};

use super::super::{findings, header, provenance, record, spec, text, with};
use super::case::CaseTold;
use super::mix::MixTold;
use super::week::WeekTold;
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;

/// A week has one timer: when it is given up.
const END: &[u8] = b"end";

/// Judges weeks.
pub(crate) struct ProviderStage {
    weeks: Weeks,
    metrics: Arc<Metrics>,
}

/// A week of a provider, shared with the state before a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(Arc<Week>);

impl ProviderStage {
    /// Its name.
    pub(crate) const NAME: &'static str = "providers";

    /// Makes the station of what a site has set.
    pub(crate) fn new(config: &PayerConfig, metrics: &Arc<Metrics>) -> Self {
        Self {
            weeks: Weeks::new(config.clone()),
            metrics: Arc::clone(metrics),
        }
    }

    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        let inputs = vec![topics::PROVIDER_WEEK.into()];
        let outputs = [
            topics::ALERT_STREAM,
            topics::INTEGRITY_CASE,
            topics::VISIT_MIX,
        ];
        spec(
            Self::NAME,
            partitions,
            inputs,
            outputs.map(Into::into).into(),
        )
    }

    fn take(
        &self,
        state: &mut State,
        read: &RecordRef<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let unreadable = || {
            let detail = "the record is not what this version, or an earlier one, tells of a provider's week";
            StepError::new("unreadable", detail)
        };
        let told = WeekTold::from_json(read.value.unwrap_or_default()).ok_or_else(unreadable)?;
        let (provider, day, patient) = told.of_whom().ok_or_else(unreadable)?;
        let added = told.added().ok_or_else(unreadable)?;
        let end = self.weeks.end(day);
        // What it was is not known any more, and a part of it would be judged as the whole.
        if end.micros() <= cx.watermark() {
            return Ok(());
        }
        let week = Arc::make_mut(&mut state.0);
        week.take(patient, &told.case, added);
        let of = OfWeek {
            provider,
            week: day,
            cause: told.cause(),
            known_at: ReceivedTime::from_micros(cx.received()),
        };
        let judged = self.weeks.judge(week, of);
        let cause = provenance(read);
        publish(Self::NAME, &self.metrics, &judged, &cause, cx);
        mixes(provider, &judged, &cause, cx);
        cx.set_timer(END, end.micros());
        Ok(())
    }
}

/// Publishes what follows of a provider's days or visits: findings, cases, and how visits are spread.
pub(super) fn publish(
    stage: &'static str,
    metrics: &Metrics,
    judged: &Judged,
    cause: &Headers,
    cx: &mut Context<'_>,
) {
    for finding in &judged.findings {
        findings::publish(finding, cause, cx);
        if !cx.is_repeating() {
            let label = ReasonLabels {
                stage,
                reason: findings::label(finding),
            };
            metrics.findings.get_or_create(&label).inc();
        }
    }
    // The time of a record that came late is behind what others have reached.
    let at = cx.watermark().min(cx.received());
    for case in &judged.cases {
        let own = vec![header("content-type", CaseTold::CONTENT_TYPE)];
        let json = CaseTold::of(case).to_json();
        let record = record(case.provider, at, cx, with(cause, own), json);
        cx.emit(topics::INTEGRITY_CASE, record);
    }
}

/// Tells a specialty how the visits of a provider's week are spread.
fn mixes(provider: PatientKey, judged: &Judged, cause: &Headers, cx: &mut Context<'_>) {
    for mix in &judged.mixes {
        let told = MixTold::of(mix, provider);
        let record = Record {
            key: told.key().into_bytes().into(),
            event_time: cx.watermark().min(cx.received()),
            received_time: cx.received(),
            seal: 0,
            headers: with(cause, vec![header("content-type", MixTold::CONTENT_TYPE)]),
            value: Some(told.to_json().into()),
        };
        cx.emit(topics::VISIT_MIX, record);
    }
}

impl Processor for ProviderStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        match input {
            Input::Record { record, .. } => match text(&record, "content-type") {
                Some(WeekTold::CONTENT_TYPE) => self.take(state, &record, cx),
                _ => Ok(()),
            },
            Input::Timer { .. } => {
                *state = State::default();
                Ok(())
            }
        }
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        state.0.encode(out)
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        let week = Week::decode(bytes);
        let week = week.map_err(|error| StepError::new("undecodable-state", error.to_string()))?;
        Ok(State(Arc::new(week)))
    }
}
