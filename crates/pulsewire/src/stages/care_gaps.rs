//! The care-gaps station: the patient stream to where each patient stands in the quality measures of the site.

use std::collections::BTreeSet;
use std::sync::Arc;

use clinical::{Care, EventId, EventTime, Origin, PatientKey, ReceivedTime, wire};
use journal::{Headers, RecordRef, TopicPartition, TopicSpec};
use mapping::event::{FHIR_JSON, identity};
use stream::{Context, Input, Processor, StageSpec, StepError};
use workloads::Now;
use workloads::measures::{
    Change, MeasureEffects, MeasureState, MeasureValueSets, Measures, Source,
};

use super::merged::{handed_over, readdressed, retired_into};
use super::{
    BACKFILL, FORWARDED, MORE, begun, event_id, header, patient, provenance, record, text,
    unreadable_resource, with,
};
use crate::config::{CareGaps, Config};
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;

/// What an identity that goes hands over to the one that stays, in this station's own encoding.
const HANDOVER: &str = "application/vnd.pulsewire.care-handover";
/// Who looks again when a year ends, or has settled, has one timer.
const YEAR: &[u8] = b"year";

/// Evaluates quality measures, and tells what changed.
pub(crate) struct CareGapStage {
    measures: Measures,
    value_sets: MeasureValueSets,
    claim_sources: BTreeSet<String>,
    metrics: Arc<Metrics>,
}

/// What is known of a patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Shared with the state before a step, since most steps change nothing.
    known: Arc<MeasureState>,
    /// A message has begun of which more follows: what it says is concluded from once, at its end.
    has_begun: bool,
}

impl CareGapStage {
    /// Takes what is configured.
    pub(crate) fn new(settings: &CareGaps, metrics: &Arc<Metrics>) -> Self {
        Self {
            measures: Measures::new(settings.measures.clone(), &settings.value_sets),
            value_sets: settings.value_sets.clone(),
            claim_sources: settings.claim_sources.clone(),
            metrics: Arc::clone(metrics),
        }
    }

    /// The station with what it reads and writes.
    pub(crate) fn with_spec(
        settings: &CareGaps,
        metrics: &Arc<Metrics>,
        partitions: u16,
    ) -> (Self, StageSpec) {
        let spec = Self::spec(settings, partitions);
        (Self::new(settings, metrics), spec)
    }

    /// What it reads and writes.
    ///
    /// What it keeps was reduced by the site's value sets and concluded by its settings: under others it is another group,
    /// which reads the journal from its beginning.
    pub(crate) fn spec(settings: &CareGaps, partitions: u16) -> StageSpec {
        let measures = Measures::new(settings.measures.clone(), &settings.value_sets);
        let sources: Vec<&[u8]> = settings
            .claim_sources
            .iter()
            .map(String::as_bytes)
            .collect();
        let settings =
            EventId::derive(&[&measures.fingerprint().to_be_bytes(), &sources.join(&b' ')]);
        let name: String = settings.to_string().chars().take(8).collect();
        super::spec(
            &format!("care-gaps-{name}"),
            partitions,
            vec![topics::PATIENT_STREAM.into(), topics::CARE_HANDOVER.into()],
            vec![topics::CARE_GAP.into(), topics::CARE_HANDOVER.into()],
        )
    }

    /// Where it keeps its state, if that is on topics.
    pub(crate) fn changelog(config: &Config) -> Option<TopicSpec> {
        let partitions = config.journal.partitions;
        let spec = Self::spec(config.care_gaps.as_ref()?, partitions);
        Some(topics::changelog(&spec.name, partitions))
    }

    /// Takes in what a resource says; what belongs to another identity by now goes there.
    fn take(
        &self,
        state: &mut State,
        from: &TopicPartition,
        read: &RecordRef<'_>,
        cx: &mut Context<'_>,
    ) -> Result<bool, StepError> {
        let said = mapping::care::said(read.value.unwrap_or_default(), self.value_sets.sets());
        let said = said.map_err(|error| unreadable_resource(&error))?;
        if let (Some(survivor), false) = (state.known.survivor(), said.is_empty()) {
            forward(read, survivor, cx);
            return Ok(false);
        }
        let mut is_news = false;
        for care in said {
            let change = self.change(from, read, care);
            if self.measures.concerns(&state.known, &change) {
                let taken = self.measures.take(Arc::make_mut(&mut state.known), change);
                is_news |=
                    taken.expect("an identity that was retired takes nothing in, as seen above");
            }
        }
        Ok(is_news)
    }

    fn change(&self, from: &TopicPartition, read: &RecordRef<'_>, care: Care) -> Change {
        let is_claim =
            text(read, "source-system").is_some_and(|source| self.claim_sources.contains(source));
        Change {
            event: event_id(read).unwrap_or_default(),
            origin: Origin {
                partition: from.partition,
                offset: read.offset,
            },
            received: ReceivedTime::from_micros(read.received_time),
            source: match read.header(BACKFILL) {
                _ if is_claim => Source::Claim,
                Some(_) => Source::History,
                None => Source::Clinical,
            },
            care,
        }
    }

    /// Takes in what another identity of the patient handed over; one that went itself hands it on.
    fn absorb(
        &self,
        state: &mut State,
        read: &RecordRef<'_>,
        cx: &mut Context<'_>,
    ) -> Result<bool, StepError> {
        if let Some(survivor) = state.known.survivor() {
            forward(read, survivor, cx);
            return Ok(false);
        }
        let other = handed_over(read, MeasureState::decode)?;
        self.measures.absorb(Arc::make_mut(&mut state.known), other);
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
        let known = Arc::make_mut(&mut state.known);
        let (effects, handed) = self.measures.retire(known, other, now, event_id(read));
        state.has_begun = false;
        let cause = provenance(read);
        let headers = with(&cause, vec![header("content-type", HANDOVER)]);
        let value = identity::write_handover(now.patient, &handed);
        cx.emit(
            topics::CARE_HANDOVER,
            record(other, cx.received(), cx, headers, value),
        );
        self.tell(&effects, &cause, cx);
        Ok(())
    }

    fn conclude(
        &self,
        state: &mut State,
        now: Now,
        cause: (Option<EventId>, &Headers),
        cx: &mut Context<'_>,
    ) {
        state.has_begun = false;
        let known = Arc::make_mut(&mut state.known);
        let effects = self.measures.conclude(known, now, cause.0);
        self.tell(&effects, cause.1, cx);
    }

    fn tell(&self, effects: &MeasureEffects, cause: &Headers, cx: &mut Context<'_>) {
        for gap in &effects.gaps {
            let finding = &gap.finding;
            let mut own = vec![
                header("content-type", wire::CARE_GAP_CONTENT_TYPE),
                header("finding", finding.id.to_string()),
            ];
            let others = cause.iter().filter(|(name, _)| &**name != BACKFILL);
            own.extend(others.cloned());
            own.extend(finding.backfill.then(|| header(BACKFILL, "1")));
            let json = wire::care_gap_to_json(gap);
            let record = record(finding.patient, finding.as_of.micros(), cx, own, json);
            cx.emit(topics::CARE_GAP, record);
            if !cx.is_repeating() {
                let labels = ReasonLabels {
                    stage: "care-gaps",
                    reason: format!("{} {}", gap.measure, gap.status.word()),
                };
                self.metrics.findings.get_or_create(&labels).inc();
            }
        }
        match effects.wake {
            Some(at) => cx.set_timer(YEAR, at.micros()),
            None => cx.cancel_timer(YEAR),
        }
    }
}

/// Sends a record on to the identity that stays.
fn forward(read: &RecordRef<'_>, survivor: PatientKey, cx: &mut Context<'_>) {
    let mut forwarded = readdressed(read, survivor);
    let is_marked = forwarded
        .headers
        .iter()
        .any(|(name, _)| &**name == FORWARDED);
    if !is_marked && let Some(patient) = PatientKey::from_slice(cx.key()) {
        forwarded
            .headers
            .push(header(FORWARDED, patient.to_string()));
    }
    cx.emit(topics::CARE_HANDOVER, forwarded);
}

impl Processor for CareGapStage {
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
            Some(FHIR_JSON) => self.take(state, from, &record, cx)?,
            Some(HANDOVER) => self.absorb(state, &record, cx)?,
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
        let decode = |rest: &[u8]| MeasureState::decode(rest).map_err(|error| error.to_string());
        let (has_begun, known) = begun::decode(bytes, decode)?;
        Ok(State {
            known: Arc::new(known),
            has_begun,
        })
    }
}

#[cfg(test)]
mod tests;
