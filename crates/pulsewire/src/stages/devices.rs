//! The devices station: samples to whoever was on the device at that time, and what is wrong with the device to the technicians.
//!
//! A measurement belongs to whoever was on the device when it was taken. Who that was may be said later: what is kept of the last
//! while is then told to the right one and taken back from the wrong one.

mod beds;
mod binding;
mod places;
mod resources;
mod rules;
mod signal;
mod state;
mod take;
mod tell;
#[cfg(test)]
mod tests;
mod variability;

use std::sync::Arc;
use std::time::Duration;

use clinical::{EventTime, MessageId, PatientKey, SiteKey};
use formats::device::packet::Packet;
use formats::fhir::json;
use formats::fhir::read::Raw;
use journal::{Headers, Record, RecordRef};
use mapping::event::identity::{MERGE_JSON, VISIT_MOMENT};
use stream::{Context, Input, Processor, StageSpec, StepError};

use binding::{Binding, Named};
pub(crate) use places::Places;
use resources::Heard;
pub(crate) use rules::Rules;
pub(crate) use state::State;
use take::{Finding, FindingState};

use super::merged::retired_into;
use super::{header, provenance, shows, text};
use crate::intake::measurements::device_key;
use crate::intake::resend::{CONTROL_KEY, MESSAGE_ID};
use crate::intake::sources::Sources;
use crate::metrics::{Metrics, ReasonLabels};
use crate::topics;

/// What packets are called on a topic.
pub(crate) const PACKET: &str = "application/vnd.apache.avro";
/// What associations are called on a topic.
pub(crate) const ASSOCIATION: &str = "application/vnd.pulsewire.device-association+json";
/// What news of a device is called on a topic.
const STATUS: &str = "application/vnd.pulsewire.device-status+json";
/// What resources are called.
const FHIR: &str = "application/fhir+json";

/// The timer of what is to be told.
const DUE: &[u8] = b"due";
/// The timer of silence.
const SILENCE: &[u8] = b"silence";
/// The timer of visits that are forgotten.
const STAYS: &[u8] = b"stays";

/// How devices are looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) rules: Rules,
    /// Which devices stand where.
    pub(crate) places: Places,
    /// A device that was heard of and says nothing for so long is silent.
    pub(crate) silent_after: Duration,
    /// Samples are kept for so long, to be told to whoever is said later to have been on the device.
    pub(crate) rebind_window: Duration,
}

impl Settings {
    /// For how long samples are kept, in microseconds.
    fn window(&self) -> i64 {
        i64::try_from(self.rebind_window.as_micros()).unwrap_or(i64::MAX)
    }
}

/// Binds samples to patients.
pub(crate) struct DeviceStage {
    pub(crate) settings: Settings,
    pub(crate) sources: Arc<Sources>,
    pub(crate) site: SiteKey,
    pub(crate) metrics: Arc<Metrics>,
}

impl DeviceStage {
    /// What it reads and writes.
    pub(crate) fn spec(partitions: u16, settings: &Settings) -> StageSpec {
        let mut inputs = vec![
            topics::DEVICE_VITALS.into(),
            topics::DEVICE_ASSOCIATION.into(),
            topics::fhir("Encounter"),
            topics::fhir("Device"),
        ];
        if !settings.places.is_empty() {
            // How visits stood at earlier times, where that is told late.
            inputs.push(topics::PATIENT_STREAM.into());
        }
        super::spec(
            "devices",
            partitions,
            inputs,
            vec![
                topics::FHIR_RECEIVED.into(),
                topics::DEVICE_STATUS.into(),
                topics::DEVICE_ASSOCIATION.into(),
            ],
        )
    }

    fn associate(
        &self,
        state: &mut State,
        read: &RecordRef<'_>,
    ) -> Result<Vec<Finding>, StepError> {
        let source = text(read, "source-system").unwrap_or_default();
        let said = association(read.value.unwrap_or_default());
        let (device, binding) = said.ok_or_else(|| {
            let detail = "the record is no association as the schema device-association says: write it through intake";
            StepError::new("unreadable-association", detail)
        })?;
        state.name(&device, source);
        Ok(state.associate(binding, read.received_time))
    }

    fn packet(
        &self,
        state: &mut State,
        read: &RecordRef<'_>,
        cx: &Context<'_>,
    ) -> Result<Vec<Finding>, StepError> {
        let packet = Packet::decode(read.value.unwrap_or_default());
        let mut packet =
            packet.map_err(|error| StepError::new("unreadable-packet", error.to_string()))?;
        packet.received_at = read.received_time;
        state.name(
            &packet.device,
            text(read, "source-system").unwrap_or_default(),
        );
        let id = text(read, MESSAGE_ID).and_then(MessageId::parse);
        if id.is_some_and(|id| state.has_seen(*id.as_bytes())) {
            return Ok(Vec::new());
        }
        let (findings, too_late) = state.take(&packet, &self.settings);
        (0..too_late).for_each(|_| self.count(cx, "too-late"));
        Ok(findings)
    }

    /// What is said of a patient on the stream alone: what stands there as it is, stands on its own topic, too.
    fn streamed(
        &self,
        state: &mut State,
        read: &RecordRef<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        match text(read, "content-type") {
            Some(VISIT_MOMENT) => self.resource(state, read, cx),
            Some(MERGE_JSON) if retired_into(read)?.is_some() => {
                let patient = PatientKey::from_slice(cx.key()).unwrap_or_default();
                let gone = state.retire(patient, &self.settings.places);
                self.remind(state, cx);
                self.say_all(gone, read, cx);
            }
            _ => {}
        }
        Ok(())
    }

    /// Who is on a device by what a resource of a patient or a device says.
    fn resource(&self, state: &mut State, read: &RecordRef<'_>, cx: &mut Context<'_>) {
        let resource = read.value.and_then(|bytes| Raw::read(bytes).ok());
        let Some(resource) = resource else {
            return;
        };
        let kind = resource.get("resourceType").ok().flatten();
        let kind = kind.and_then(|kind| kind.text().ok()).unwrap_or_default();
        let source = text(read, "source-system").unwrap_or_default();
        let patient = PatientKey::from_slice(cx.key()).unwrap_or_default();
        let said = match &*kind {
            "Encounter" => {
                let said = state.lies(patient, resource, heard(read), &self.settings.places);
                self.remind(state, cx);
                said
            }
            _ => {
                let heard = (read.event_time, source);
                Vec::from_iter(resources::device(resource, patient, heard))
            }
        };
        self.say_all(said, read, cx);
    }

    fn say_all(
        &self,
        said: impl IntoIterator<Item = resources::Said>,
        read: &RecordRef<'_>,
        cx: &mut Context<'_>,
    ) {
        let cause = provenance(read);
        for (source, association) in said {
            self.say(&source, &association, read, &cause, cx);
        }
    }

    /// Sets the timer for the visit that is forgotten next.
    fn remind(&self, state: &State, cx: &mut Context<'_>) {
        match state.next_forgotten(self.settings.window()) {
            Some(at) => cx.set_timer(STAYS, at),
            None => cx.cancel_timer(STAYS),
        }
    }

    fn say(
        &self,
        source: &str,
        association: &formats::device::Association,
        read: &RecordRef<'_>,
        cause: &Headers,
        cx: &mut Context<'_>,
    ) {
        let json = association_json(association);
        let key = device_key(&self.site, source, &association.device);
        let message = text(read, MESSAGE_ID).unwrap_or_default();
        let id = MessageId::derive(&[b"association", message.as_bytes(), key.as_bytes(), &json]);
        let mut headers = vec![
            header("content-type", ASSOCIATION),
            header("source-system", source),
            header(MESSAGE_ID, id.to_string()),
        ];
        let trace = cause.iter().filter(|(name, _)| &**name == "traceparent");
        headers.extend(trace.cloned());
        let record = Record {
            key: (*key.as_bytes()).into(),
            event_time: read.event_time,
            received_time: cx.received(),
            seal: 0,
            headers,
            value: Some(json.into()),
        };
        self.count(cx, "associated");
        cx.emit(topics::DEVICE_ASSOCIATION, record);
    }

    /// Tells what is due, and sets the timer for what is due next.
    fn tell(&self, state: &mut State, at: Option<i64>, cause: &Headers, cx: &mut Context<'_>) {
        if let Some(at) = at {
            let concluded = state.conclude(at, &self.settings);
            for _ in 0..concluded.rejected {
                self.count(cx, "variability-rejected");
            }
            for observation in concluded.summaries {
                let patient = &observation.patient;
                let authority = self.authority(state, patient);
                let key = patient.key(&authority, &self.site);
                let device = PatientKey::from_slice(cx.key()).unwrap_or_default();
                let (id, json) = observation.to_json((device, key), &authority, state);
                let headers = self.headers((id, &json, cx.received()), state, cause);
                self.count(cx, observation.status);
                cx.emit(
                    topics::FHIR_RECEIVED,
                    Record {
                        key: (*key.as_bytes()).into(),
                        // When it is said: what is amended may rest on an earlier sample, and is no older version for that.
                        event_time: cx.received(),
                        received_time: cx.received(),
                        seal: 0,
                        headers,
                        value: Some(json.into()),
                    },
                );
            }
        }
        match state.next_due() {
            Some(due) => cx.set_timer(DUE, due),
            None => cx.cancel_timer(DUE),
        }
    }

    /// Who gives a patient's identifier: what was said, else what is configured for the source, else the source.
    fn authority(&self, state: &State, patient: &Named) -> Box<str> {
        if !patient.authority.is_empty() {
            return patient.authority.clone();
        }
        let source = self.sources.named(&state.source);
        let configured = source.mapping.authority.clone();
        configured.unwrap_or_else(|| state.source.clone())
    }

    fn headers(
        &self,
        (id, json, told): (MessageId, &[u8], i64),
        state: &State,
        cause: &Headers,
    ) -> Headers {
        // Each time another one, so that what is told, taken back and told again is not taken for what was told before.
        let message = MessageId::derive(&[id.as_bytes(), json, &told.to_be_bytes()]).to_string();
        let trace = cause.iter().find(|(name, _)| &**name == "traceparent");
        let own = [
            header("content-type", FHIR),
            header("source-system", &*state.source),
            header(MESSAGE_ID, &message),
            header(CONTROL_KEY, id.to_string()),
            header("way", "mqtt"),
            header("interaction", "update"),
        ];
        let span = message.get(..16).unwrap_or_default();
        let made = || header("traceparent", format!("00-{message}-{span}-01"));
        own.into_iter()
            .chain([trace.cloned().unwrap_or_else(made)])
            .collect()
    }

    fn report(&self, state: &State, findings: &[Finding], cause: &Headers, cx: &mut Context<'_>) {
        for finding in findings {
            self.count(cx, finding.kind);
            let mut headers = vec![header("content-type", STATUS)];
            headers.extend(cause.iter().cloned());
            let record = Record {
                key: cx.key().into(),
                event_time: cx.received(),
                received_time: cx.received(),
                seal: 0,
                headers,
                value: Some(status(&state.device, finding).into()),
            };
            cx.emit(topics::DEVICE_STATUS, record);
        }
    }

    fn count(&self, cx: &Context<'_>, reason: &str) {
        if !cx.is_repeating() {
            let label = ReasonLabels {
                stage: "devices",
                reason: reason.to_owned(),
            };
            self.metrics.normalized.get_or_create(&label).inc();
        }
    }
}

impl Processor for DeviceStage {
    type State = State;

    fn step(
        &self,
        state: &mut State,
        input: Input<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), StepError> {
        match input {
            Input::Timer { tag: SILENCE, at } => {
                let findings = state.fall_silent(at);
                self.report(state, &findings, &Headers::new(), cx);
            }
            Input::Timer { tag: STAYS, at } => {
                state.forget_stays(at, self.settings.window());
                self.remind(state, cx);
            }
            Input::Timer { at, .. } => self.tell(state, Some(at), &Headers::new(), cx),
            Input::Record { from, record } => {
                let cause = provenance(&record);
                let now = cx.watermark();
                let heard = &*from.topic == topics::DEVICE_VITALS;
                let findings = match &*from.topic {
                    topics::DEVICE_VITALS => self.packet(state, &record, cx)?,
                    topics::DEVICE_ASSOCIATION => self.associate(state, &record)?,
                    topics::PATIENT_STREAM => return self.streamed(state, &record, cx),
                    _ => {
                        self.resource(state, &record, cx);
                        return Ok(());
                    }
                };
                state.put_off(now);
                self.report(state, &findings, &cause, cx);
                self.tell(state, None, &cause, cx);
                if heard && state.is_offline {
                    cx.cancel_timer(SILENCE);
                } else if heard {
                    let after = i64::try_from(self.settings.silent_after.as_micros());
                    cx.set_timer(
                        SILENCE,
                        record
                            .received_time
                            .saturating_add(after.unwrap_or(i64::MAX)),
                    );
                }
            }
        }
        Ok(())
    }

    fn encode(&self, state: &State, out: &mut Vec<u8>) -> bool {
        let is_worth_it = *state != State::default();
        if is_worth_it {
            state.encode(out);
        }
        is_worth_it
    }

    fn decode(&self, bytes: &[u8]) -> Result<State, StepError> {
        let detail = "the bytes are no state of a device, or of a later version";
        State::decode(bytes).ok_or_else(|| StepError::new("undecodable-state", detail))
    }
}

/// When an Encounter was so, and which message says so.
fn heard(read: &RecordRef<'_>) -> Heard {
    let shows = shows(read);
    Heard {
        at: read.event_time,
        said: shows.said.micros(),
        message: shows.message,
        is_moment: text(read, "content-type") == Some(VISIT_MOMENT),
        undoes: shows.undoes,
    }
}

/// An association as its topic keeps it.
pub(crate) fn association_json(said: &formats::device::Association) -> Vec<u8> {
    json::object(|object| {
        object.integer("version", 1).string("device", &said.device);
        if let Some(identifier) = &said.identifier {
            object
                .string("authority", &said.authority)
                .string("identifier", identifier);
        }
        object.string("from", &EventTime::from_micros(said.from).to_string());
        if let Some(to) = said.to {
            object.string("to", &EventTime::from_micros(to).to_string());
        }
    })
}

fn association(bytes: &[u8]) -> Option<(Box<str>, Binding)> {
    let raw = Raw::read(bytes).ok()?;
    let text = |name: &str| raw.get(name).ok().flatten().and_then(|raw| raw.text().ok());
    let time = |name: &str| Some(EventTime::parse(&text(name)?)?.micros());
    let patient = text("identifier").map(|identifier| Named {
        authority: text("authority").unwrap_or_default().into(),
        identifier: identifier.into(),
    });
    let binding = Binding {
        from: time("from")?,
        to: time("to"),
        patient,
    };
    Some((text("device")?.into(), binding))
}

fn status(device: &str, finding: &Finding) -> Vec<u8> {
    json::object(|object| {
        object
            .integer("version", 1)
            .string("device", device)
            .string("kind", finding.kind);
        object.string(
            "state",
            match finding.state {
                FindingState::Open => "open",
                FindingState::Over => "over",
                FindingState::Noted => "noted",
            },
        );
        object.string("at", &EventTime::from_micros(finding.at).to_string());
        object.string("code", &finding.code);
        object.array("words", |words| {
            for word in &finding.words {
                words.string(word);
            }
        });
        if let Some(count) = finding.count {
            object.integer("count", count);
        }
        if let Some(offset) = finding.offset {
            let milliseconds = (offset / 1_000).to_string();
            object.number("offsetMs", json::Number::parse(&milliseconds));
        }
    })
}
