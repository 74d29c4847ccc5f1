//! The normalize station: what came in, of whatever form, to FHIR events, whole, once, for everybody.

mod claimed;
mod fhir;
mod hl7;
pub(crate) mod plausibility;
mod provenance;
mod x12;

use std::sync::Arc;

use clinical::plausible;
use clinical::{EventId, EventTime, MessageId, PatientKey, ReceivedTime, SiteKey};
use journal::{Headers, Record, RecordRef, TopicPartition};
use mapping::event::FHIR_JSON;
use mapping::event::identity as wire;
use mapping::normalize::split::Split;
use mapping::normalize::{
    Input as Given, Normalizer, Output, Outputs, RawInfo, Refusal, State, Way,
};
use stream::{Context, Input, Processor, StageSpec, StepError};

use plausibility::{Judged, PLAUSIBILITY_HEADER, Plausibility};
use provenance::{cause, headers, resource_headers};

use super::validation::{INVALID, VALIDATION_HEADER, Validation, Verdict};
use super::{MORE, header, patient, record, text};
use crate::intake::accept::CONTENT_TYPE as RAW;
use crate::intake::keep::{BACKFILL, RETIRED_KEY, WAY, X12};
use crate::intake::resend::MESSAGE_ID;
use crate::intake::sources::Sources;
use crate::metrics::{Metrics, ReasonLabels};
use crate::quarantine::REDRIVEN_FROM;
use crate::registry::SchemaIds;
use crate::topics;

/// The registry's id of the schema that the value is written by.
const SCHEMA_ID: &str = "schema-id";
/// By which message a visit stands as the record says, where that is not the one it was made of.
pub(crate) const MOMENT: &str = "moment";
/// What a split record is called.
const SPLIT: &str = "application/vnd.pulsewire.split";

/// The reason code of a record whose content nothing here reads.
const UNSUPPORTED: &str = "unsupported-content";

/// What the records of a raw topic hold.
fn content_type(topic: &str) -> &'static str {
    match topic {
        topics::FHIR_RECEIVED => FHIR_JSON,
        topics::X12_RECEIVED => X12,
        _ => RAW,
    }
}

/// Makes FHIR events.
pub(crate) struct NormalizeStage {
    normalizer: Normalizer,
    sources: Arc<Sources>,
    site: SiteKey,
    metrics: Arc<Metrics>,
    validation: Validation,
    plausibility: Plausibility,
    schemas: SchemaIds,
}

impl NormalizeStage {
    /// Takes what it needs to know.
    pub(crate) fn new(sources: Arc<Sources>, site: SiteKey, metrics: Arc<Metrics>) -> Self {
        Self {
            normalizer: Normalizer::default(),
            sources,
            site,
            metrics,
            validation: Validation::default(),
            plausibility: Plausibility::default(),
            schemas: SchemaIds::default(),
        }
    }

    /// Does this with what is not valid.
    pub(crate) fn validating(self, validation: &Validation) -> Self {
        Self {
            validation: validation.clone(),
            ..self
        }
    }

    /// Does this with what cannot be true.
    pub(crate) fn doubting(self, plausibility: &Plausibility) -> Self {
        Self {
            plausibility: plausibility.clone(),
            ..self
        }
    }

    /// Says on each resource which schema it is written by.
    pub(crate) fn written_by(self, schemas: &SchemaIds) -> Self {
        Self {
            schemas: schemas.clone(),
            ..self
        }
    }

    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16) -> StageSpec {
        let mut inputs = topics::all_raw();
        inputs.push(topics::PATIENT_SPLIT.into());
        let mut outputs = topics::all_fhir();
        outputs.extend(
            [
                topics::PATIENT_STREAM,
                topics::PATIENT_SPLIT,
                topics::UNMAPPED,
            ]
            .map(journal::Topic::from),
        );
        outputs.extend([topics::PATIENT_SPLIT, topics::PATIENT_STREAM].map(topics::quarantine));
        super::spec("normalize", partitions, inputs, outputs)
    }

    /// A message as intake kept it: for this patient, for others, or for several.
    fn raw(
        &self,
        state: &mut State,
        from: &TopicPartition,
        read: &RecordRef<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let message_id = text(read, MESSAGE_ID).and_then(MessageId::parse);
        let expected = content_type(&from.topic);
        let found = text(read, "content-type").unwrap_or(expected);
        if found != expected {
            let detail = format!("the record is {found:?}, and {expected} is read from this topic");
            return Err(StepError::new(UNSUPPORTED, detail));
        }
        let nameless = || {
            StepError::new(
                "no-message-id",
                "the record has no message-id header: write it through intake",
            )
        };
        let raw = RawInfo {
            message_id: message_id.ok_or_else(nameless)?,
            addressed: patient(cx)?,
            message_time: EventTime::from_micros(read.event_time),
            received_time: ReceivedTime::from_micros(read.received_time),
            topic: &from.topic,
            partition: from.partition,
            offset: read.offset,
            source: text(read, "source-system").unwrap_or_default(),
            way: text(read, WAY).and_then(Way::parse).unwrap_or_default(),
            backfill: read.header(BACKFILL).is_some(),
            retired: text(read, RETIRED_KEY).and_then(PatientKey::parse),
            bytes: read.value.unwrap_or_default(),
        };
        // Who sends a record through again has looked at it.
        if raw.topic == topics::X12_RECEIVED && read.header(REDRIVEN_FROM).is_none() {
            self.weigh(&raw, cx)?;
        }
        if raw.topic == topics::X12_RECEIVED {
            return self.set_as_sent(state, &raw, cx);
        }
        self.content(state, &raw, cx)
    }

    fn split(
        &self,
        state: &mut State,
        read: &RecordRef<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        let unreadable = |error: mapping::normalize::split::UnreadableSplit| {
            StepError::new("unreadable-split", error.to_string())
        };
        let split = Split::decode(read.value.unwrap_or_default()).map_err(unreadable)?;
        let Split { raw, notice } = split;
        match notice {
            Some(notice) => {
                self.step(state, &Given::Notice { raw, notice }, cx)?;
                claimed::look_again(state, cx);
                Ok(())
            }
            None => self.content(state, &raw, cx),
        }
    }

    /// Takes in what a raw record holds, by the topic that keeps it: what is sent on to another identity has no headers.
    fn content(
        &self,
        state: &mut State,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        match raw.topic {
            topics::FHIR_RECEIVED => self.resource(state, raw, cx),
            topics::X12_RECEIVED => self.transaction_set(state, raw, cx),
            _ => self.message(state, raw, cx),
        }
    }

    /// Gives a message to the identity that it is about.
    fn send_on(&self, key: PatientKey, raw: &RawInfo<'_>, cx: &mut Context<'_>) {
        let raw = RawInfo {
            addressed: key,
            ..*raw
        };
        self.emit_split(key, Split { raw, notice: None }.encode(), &raw, cx);
    }

    fn step(
        &self,
        state: &mut State,
        given: &Given<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        self.take_in(state, given, cx).map(drop)
    }

    /// Takes in what is given; tells whether it was new.
    fn take_in(
        &self,
        state: &mut State,
        given: &Given<'_>,
        cx: &mut Context<'_>,
    ) -> Result<bool, StepError> {
        let key = patient(cx)?;
        let outputs = self.normalizer.step(key, state, given);
        let outputs = outputs
            .map_err(|refusal| StepError::new(refusal.reason.code(), refusal.detail.to_string()))?;
        if !cx.is_repeating() {
            self.count(given, &outputs);
        }
        if let Some(refusal) = &outputs.refused {
            self.set_aside(key, refusal, given.raw(), cx);
        }
        let judged = self.validation.judged(outputs.records);
        if !cx.is_repeating() {
            Validation::count(&judged, &self.metrics);
        }
        let judged = self.plausibility.judged(judged, given.raw(), state);
        if !cx.is_repeating() {
            Plausibility::count(&judged, given.raw().source, &self.metrics);
        }
        let to_stream =
            |judged: &Judged| !matches!(judged.output, Output::Split { .. }) && !judged.is_kept();
        let mut left = judged.iter().filter(|judged| to_stream(judged)).count();
        for judged in judged {
            left -= usize::from(to_stream(&judged));
            self.emit(key, judged, left > 0, given.raw(), cx);
        }
        Ok(!outputs.resent)
    }

    /// A merge that is turned down late has records of its own to write, and is kept for a person to look at as well.
    fn set_aside(
        &self,
        key: PatientKey,
        refusal: &Refusal,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) {
        let mut headers = headers(raw, content_type(raw.topic));
        headers.extend(cause(raw, refusal.reason.code(), refusal.detail.as_bytes()));
        let record = record(
            key,
            raw.message_time.micros(),
            cx,
            headers,
            raw.bytes.to_vec(),
        );
        cx.emit(&topics::quarantine(topics::PATIENT_SPLIT), record);
    }

    fn count(&self, given: &Given<'_>, outputs: &Outputs) {
        if !matches!(given, Given::Message { .. } | Given::Merge { .. }) {
            return;
        }
        let what = if outputs.resent { "resent" } else { "used" };
        let label = ReasonLabels {
            stage: "normalize",
            reason: what.to_owned(),
        };
        self.metrics.normalized.get_or_create(&label).inc();
        for (count, what) in [
            (outputs.duplicates_across_ways, "duplicate_across_ways"),
            (u32::from(given.raw().backfill), "backfill"),
        ] {
            if count > 0 {
                let label = ReasonLabels {
                    stage: "normalize",
                    reason: what.to_owned(),
                };
                let counter = self.metrics.normalized.get_or_create(&label);
                counter.inc_by(u64::from(count));
            }
        }
        if outputs.stale > 0 {
            let label = ReasonLabels {
                stage: "normalize",
                reason: "stale resource".to_owned(),
            };
            self.metrics
                .normalized
                .get_or_create(&label)
                .inc_by(u64::from(outputs.stale));
        }
    }

    /// Writes a record; more are to follow on the patient stream if so said.
    fn emit(
        &self,
        key: PatientKey,
        judged: Judged,
        more: bool,
        raw: &RawInfo<'_>,
        cx: &mut Context<'_>,
    ) {
        let more = more.then(|| header(MORE, "1"));
        match judged.output {
            Output::Split { key, bytes } => self.emit_split(key, bytes, raw, cx),
            Output::Merge {
                event_id,
                merge,
                event_time,
            } => {
                let told = (wire::MERGE_JSON, wire::write_merge(&merge));
                let record = streamed(key, told, (event_id, event_time), raw, cx);
                cx.emit(topics::PATIENT_STREAM, with_headers(record, more));
            }
            Output::Moment {
                event_id,
                json,
                event_time,
                shows,
            } => {
                let told = (wire::VISIT_MOMENT, json);
                let record = streamed(key, told, (event_id, event_time), raw, cx);
                let record = with_headers(record, [header(MOMENT, shows.words())]);
                match judged.valid {
                    Verdict::Keep(outcome) => set_aside(record, cause(raw, INVALID, &outcome), cx),
                    Verdict::Publish | Verdict::Mark(_) => {
                        cx.emit(topics::PATIENT_STREAM, with_headers(record, more));
                    }
                }
            }
            Output::Resource {
                event_id,
                resource_type,
                id,
                json,
                event_time,
                recorded,
                shows,
            } => {
                let mut headers = resource_headers(raw, event_id, (&resource_type, &id), recorded);
                headers.extend(shows.map(|shows| header(MOMENT, shows.words())));
                let why = doubted(judged.plausible, judged.valid, &mut headers, raw);
                let mut public = record(key, event_time.micros(), cx, headers, json);
                if let Some(why) = why {
                    set_aside(public, why, cx);
                    return;
                }
                let topic = topics::fhir(&resource_type);
                let mut streamed = public.clone();
                streamed.headers.extend(more);
                let schema = self.schemas.of(&topic);
                public
                    .headers
                    .extend(schema.map(|id| header(SCHEMA_ID, id)));
                cx.emit(&topic, public);
                cx.emit(topics::PATIENT_STREAM, streamed);
            }
        }
    }

    fn emit_split(&self, key: PatientKey, bytes: Vec<u8>, raw: &RawInfo<'_>, cx: &mut Context<'_>) {
        let record = record(
            key,
            raw.message_time.micros(),
            cx,
            headers(raw, SPLIT),
            bytes,
        );
        cx.emit(topics::PATIENT_SPLIT, record);
    }
}

/// Says in the headers of a resource what is doubted of it, or gives why it is set aside.
fn doubted(
    plausible: plausible::Verdict,
    valid: Verdict,
    headers: &mut Headers,
    raw: &RawInfo<'_>,
) -> Option<Headers> {
    match plausible {
        plausible::Verdict::Pass => {}
        plausible::Verdict::Flag(flags) => {
            let words = plausible::flags_to_header(&flags);
            headers.push(header(PLAUSIBILITY_HEADER, words));
        }
        plausible::Verdict::Quarantine(reason) | plausible::Verdict::Reject(reason) => {
            return Some(cause(raw, reason.code(), reason.words().as_bytes()));
        }
    }
    match valid {
        Verdict::Publish => None,
        Verdict::Mark(words) => {
            headers.push(header(VALIDATION_HEADER, words));
            None
        }
        Verdict::Keep(outcome) => Some(cause(raw, INVALID, &outcome)),
    }
}

/// Keeps a record where it can be worked with, and says why.
fn set_aside(record: Record, why: Headers, cx: &mut Context<'_>) {
    let kept = with_headers(record, why);
    cx.emit(&topics::quarantine(topics::PATIENT_STREAM), kept);
}

/// Makes a record of another kind than a resource for the patient stream.
fn streamed(
    key: PatientKey,
    (kind, value): (&str, Vec<u8>),
    (event_id, event_time): (EventId, EventTime),
    raw: &RawInfo<'_>,
    cx: &Context<'_>,
) -> Record {
    let mut headers = headers(raw, kind);
    headers.push(header("event-id", event_id.to_string()));
    record(key, event_time.micros(), cx, headers, value)
}

fn with_headers(
    record: Record,
    more: impl IntoIterator<Item = <Headers as IntoIterator>::Item>,
) -> Record {
    let mut record = record;
    record.headers.extend(more);
    record
}

impl Processor for NormalizeStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        match input {
            Input::Record { from, record } if &*from.topic == topics::PATIENT_SPLIT => {
                self.split(state, &record, cx)
            }
            Input::Record { from, record } => self.raw(state, from, &record, cx),
            Input::Timer { at, .. } => self.claims_over(state, at, cx),
        }
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        if *state == State::default() {
            return false;
        }
        out.extend_from_slice(&state.encode());
        true
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        State::decode(bytes).map_err(|error| StepError::new("undecodable-state", error.to_string()))
    }
}
