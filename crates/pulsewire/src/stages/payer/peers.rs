//! The station of specialties: how the visits of each provider are spread over levels, to those who stand out.
//!
//! What it reads is keyed by specialty and family of visits, so all providers that are compared come to one task, each
//! week whole in its newest form. It looks by the hour: many claims change one comparison.

use std::sync::Arc;

use clinical::{EventTime, ReceivedTime};
use journal::{Headers, RecordRef};
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::payer::{MixKind, PayerConfig, PeerRules, Peers};

use super::super::{spec, text};
use super::mix::MixTold;
use super::provider::publish;
use crate::metrics::Metrics;
use crate::topics;

/// Who looks has one timer.
const LOOK: &[u8] = b"look";
const HOUR_US: i64 = 60 * 60 * 1_000_000;

/// Compares.
pub(crate) struct PeerStage {
    rules: PeerRules,
    metrics: Arc<Metrics>,
}

/// A specialty, shared with the state before a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(Arc<Peers>);

impl PeerStage {
    /// Its name.
    pub(crate) const NAME: &'static str = "provider-peers";

    /// Makes the station of what a site has set.
    pub(crate) fn new(config: &PayerConfig, metrics: &Arc<Metrics>) -> Self {
        Self {
            rules: PeerRules::new(config.clone()),
            metrics: Arc::clone(metrics),
        }
    }

    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        let inputs = vec![topics::VISIT_MIX.into()];
        let outputs = [topics::ALERT_STREAM, topics::INTEGRITY_CASE];
        spec(
            Self::NAME,
            partitions,
            inputs,
            outputs.map(Into::into).into(),
        )
    }

    fn look(
        &self,
        state: &mut State,
        at: EventTime,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let key = String::from_utf8_lossy(cx.key()).into_owned();
        let (specialty, family) = key.split_once(' ').ok_or_else(|| {
            StepError::new("unreadable", "the key names no specialty and no family")
        })?;
        let kind = MixKind {
            specialty: specialty.into(),
            family: family.into(),
        };
        let known_at = ReceivedTime::from_micros(cx.received());
        let peers = Arc::make_mut(&mut state.0);
        let judged = self.rules.judge(peers, &kind, at, known_at);
        publish(Self::NAME, &self.metrics, &judged, &Headers::new(), cx);
        if !peers.is_empty() {
            cx.set_timer(LOOK, self.rules.next_week(at).micros());
        }
        Ok(())
    }
}

fn take(state: &mut State, read: &RecordRef<'_>, cx: &Context<'_>) -> Result<(), StepError> {
    let unreadable = || {
        let detail =
            "the record is not what this version, or an earlier one, tells of a provider's visits";
        StepError::new("unreadable", detail)
    };
    let told = MixTold::from_json(read.value.unwrap_or_default()).ok_or_else(unreadable)?;
    let (provider, mix) = told
        .mix()
        .filter(|_| told.key().as_bytes() == cx.key())
        .ok_or_else(unreadable)?;
    Arc::make_mut(&mut state.0).take(provider, mix.week, mix.mix);
    Ok(())
}

impl Processor for PeerStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        match input {
            Input::Record { record, .. } => {
                if text(&record, "content-type") != Some(MixTold::CONTENT_TYPE) {
                    return Ok(());
                }
                take(state, &record, cx)?;
                let hour = cx.watermark().div_euclid(HOUR_US);
                cx.set_timer(LOOK, hour.saturating_add(1).saturating_mul(HOUR_US));
                Ok(())
            }
            Input::Timer { at, .. } => {
                let now = EventTime::from_micros(at.max(cx.watermark()));
                self.look(state, now, cx)
            }
        }
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        state.0.encode(out)
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        let peers = Peers::decode(bytes);
        let peers =
            peers.map_err(|error| StepError::new("undecodable-state", error.to_string()))?;
        Ok(State(Arc::new(peers)))
    }
}
