//! What a device sent, by whatever way, as the raw records that are kept of it.

use std::sync::Arc;

use clinical::{MessageId, PatientKey, SiteKey};
use formats::device::packet::Packet;
use formats::device::{Presence, Report, Unreadable, json, pcd01, sampled};
use formats::hl7v2;

use super::Intake;
pub(crate) use super::accept::CONTENT_TYPE as HL7;
use super::activity::Sign;
use super::keep::{Received, Way};
use crate::stages::{ASSOCIATION, PACKET, association_json};
use crate::topics::{self, OTHER};

/// The documented JSON.
pub(crate) const JSON: &str = "application/json";
/// A FHIR Observation.
pub(crate) const FHIR: &str = "application/fhir+json";

/// Who sent something, and by which way.
#[derive(Clone, Debug)]
pub(crate) struct Sender<'a> {
    pub(crate) source: Arc<str>,
    pub(crate) way: Way,
    /// The topic or address that it was sent to: the same bytes there are the same message.
    pub(crate) place: &'a str,
    /// The device that the place is of, where it is of one.
    pub(crate) device: Option<&'a str>,
}

/// Says what bytes are whose sender does not.
pub(crate) fn sniffed(bytes: &[u8]) -> &'static str {
    let text = bytes.trim_ascii_start();
    let is_resource = memory_has(text, b"\"resourceType\"");
    match text.starts_with(b"MSH") {
        true => HL7,
        false if is_resource => FHIR,
        false => JSON,
    }
}

fn memory_has(bytes: &[u8], wanted: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(4 << 10)).unwrap_or_default();
    head.windows(wanted.len()).any(|window| window == wanted)
}

impl Intake {
    /// What is to be kept of measurements in JSON, FHIR or HL7 v2; the content type may have parameters.
    pub(crate) fn measurements(
        &self,
        sender: &Sender<'_>,
        content_type: &str,
        bytes: &[u8],
    ) -> Result<Vec<Received>, Unreadable> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let reports = match kind {
            FHIR => vec![sampled::read(bytes, sender.device)?],
            HL7 | "application/hl7-v2" => {
                let message = hl7v2::parse(bytes);
                let source = self.sources.named(&sender.source);
                let offsets = mapping::map::offsets(&message, &source.mapping);
                pcd01::read(&message, &offsets)?.reports
            }
            _ => vec![json::read(bytes, sender.device)?],
        };
        let received = reports
            .into_iter()
            .enumerate()
            .flat_map(|(number, report)| {
                let own = report.id.clone().unwrap_or_default();
                let id = MessageId::derive(&[
                    sender.source.as_bytes(),
                    sender.place.as_bytes(),
                    report.device.as_bytes(),
                    own.as_bytes(),
                    blake3::hash(bytes).as_bytes(),
                    &number.to_be_bytes(),
                ]);
                self.received(sender, report, id)
            });
        Ok(received.collect())
    }

    /// What is to be kept of a device's word that it is there, or of its last will. Each time is another message.
    pub(crate) fn presence(
        &self,
        sender: &Sender<'_>,
        device: &str,
        presence: Presence,
    ) -> Vec<Received> {
        let report = Report {
            device: device.into(),
            presence: Some(presence),
            ..Report::default()
        };
        let now = self.clock.now().micros().to_be_bytes();
        let place = [sender.source.as_bytes(), sender.place.as_bytes(), &now];
        self.received(sender, report, MessageId::derive(&place))
    }

    fn received(&self, sender: &Sender<'_>, report: Report, id: MessageId) -> Vec<Received> {
        let mut all = Vec::new();
        let sign = sign(&report);
        let one = |topic: &str, key, id, content_type, event_time, bytes: Vec<u8>| Received {
            topic: topic.into(),
            key,
            id,
            control: None,
            content_type,
            source: Arc::clone(&sender.source),
            way: sender.way,
            event_time,
            backfill: false,
            headers: Vec::new(),
            sign: Sign::default(),
            bytes: bytes.into(),
        };
        if let Some(said) = &report.association {
            // Beside the measurements of the same message, so that both are kept.
            let own = MessageId::derive(&[id.as_bytes(), b"association"]);
            let key = device_key(&self.site_key, &sender.source, &said.device);
            let json = association_json(said);
            all.push(one(
                topics::DEVICE_ASSOCIATION,
                key,
                own,
                ASSOCIATION,
                None,
                json,
            ));
        }
        if !report.series.is_empty() || report.presence.is_some() {
            let now = self.clock.now().micros();
            let samples = report.series.iter().flat_map(|series| &series.samples);
            // A clock that runs ahead must not take the partition's time with it.
            let latest = samples
                .filter_map(|sample| sample.at)
                .max()
                .map(|at| at.min(now));
            let key = device_key(&self.site_key, &sender.source, &report.device);
            let packet = Packet {
                device: report.device,
                received_at: now,
                message: Some(*id.as_bytes()),
                presence: report.presence,
                series: report.series,
            };
            let bytes = packet.encode();
            all.push(Received {
                sign,
                ..one(topics::DEVICE_VITALS, key, id, PACKET, latest, bytes)
            });
        }
        all
    }

    /// A copy of what cannot be read, with the reason.
    pub(crate) fn unreadable(
        &self,
        sender: &Sender<'_>,
        error: &Unreadable,
        bytes: &[u8],
    ) -> Received {
        let id = MessageId::derive(&[
            b"unreadable",
            sender.source.as_bytes(),
            sender.place.as_bytes(),
            blake3::hash(bytes).as_bytes(),
        ]);
        let header = |name: &str, value: &str| (name.into(), value.as_bytes().into());
        Received {
            topic: topics::quarantine(topics::DEVICE_VITALS),
            key: self.site_key.unassigned(&sender.source, id.as_bytes()),
            id,
            control: None,
            content_type: sniffed(bytes),
            source: Arc::clone(&sender.source),
            way: sender.way,
            event_time: None,
            backfill: false,
            headers: vec![
                header("reason", error.reason.code()),
                header("detail", &error.what),
                header("stage", "intake"),
                header("origin", sender.way.name()),
            ],
            sign: Sign::default(),
            bytes: bytes.into(),
        }
    }
}

/// What a report is a sign of: each thing that is measured is missed by itself, under its name in ISO/IEEE 11073 where it has one.
fn sign(report: &Report) -> Sign {
    let measured = report.series.iter();
    let measured = measured.map(|series| series.code.meaning().map_or(OTHER, |row| row.reference));
    let mut signals: Vec<&'static str> = measured.collect();
    if report.presence.is_some() {
        signals.push("presence");
    }
    signals.sort_unstable();
    signals.dedup();
    Sign {
        signals,
        made: None,
    }
}

/// The pseudonym of a device.
pub(crate) fn device_key(site: &SiteKey, source: &str, device: &str) -> PatientKey {
    site.patient(&format!("urn:pulsewire:source:{source}"), device)
}
