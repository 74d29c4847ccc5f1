//! Messages as senders write them, through mapping and normalize, as the stage does it.

use std::collections::{BTreeMap, VecDeque};

use clinical::SiteKey;
use formats::hl7v2;

use super::*;
use crate::identity::{self, Subjects};
use crate::map::{map, map_as, message_time};
use crate::source::Source;

/// When everything is received: after all that is spoken of.
const RECEIVED: &str = "2100-01-01T00:00:00Z";

/// All patients of a site, and every resource as it now stands.
pub(super) struct Hospital {
    pub(super) states: BTreeMap<PatientKey, State>,
    /// By type and id.
    pub(super) current: BTreeMap<String, serde_json::Value>,
    /// By which message each visit stands, by status.
    pub(super) shows: BTreeMap<String, Option<Shows>>,
    /// What was refused, by code.
    pub(super) refused: Vec<&'static str>,
    /// How many resources were written in an older version than before.
    pub(super) backward: usize,
    /// How many resources were written.
    pub(super) written: usize,
    provenances: usize,
    /// Merge events, by whose they are.
    pub(super) merges: Vec<(PatientKey, clinical::Merge)>,
    source: Source,
    site: SiteKey,
}

impl Hospital {
    pub(super) fn new() -> Self {
        Self {
            states: BTreeMap::new(),
            current: BTreeMap::new(),
            shows: BTreeMap::new(),
            refused: Vec::new(),
            backward: 0,
            written: 0,
            provenances: 0,
            merges: Vec::new(),
            source: Source::new("adt1"),
            site: SiteKey::new([7; 32]),
        }
    }

    pub(super) fn key(&self, number: &str) -> PatientKey {
        self.site.patient("H", number)
    }

    /// Sends a message of an event at a minute.
    pub(super) fn send(&mut self, event: &str, minute: usize, segments: &str) {
        let at = format!("20260301{:02}{:02}00+0000", minute / 60, minute % 60);
        let kind = if event.starts_with('R') { "ORU" } else { "ADT" };
        let text = format!(
            "MSH|^~\\&|A|B|||{at}||{kind}^{event}|{minute}|P|2.5\rEVN|{event}|{at}\r{}\r",
            segments.replace(" / ", "\r")
        );
        self.receive(text.as_bytes());
    }

    /// Counts the versions of resources that were written, but for those that tell of a message.
    pub(super) const fn count_but_provenance(&self) -> usize {
        self.written - self.provenances
    }

    /// Gives each part of a message of several patients, or the message.
    fn parts(&self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let message = hl7v2::parse(bytes);
        match identity::subjects(&message, &self.source) {
            Subjects::Several(_) => identity::split(&message).unwrap(),
            _ => vec![bytes.to_vec()],
        }
    }

    /// Maps a message.
    pub(super) fn map(&self, bytes: &[u8]) -> Vec<Draft> {
        let received = ReceivedTime::parse(RECEIVED).unwrap();
        let map = |part: &Vec<u8>| {
            let message = hl7v2::parse(part);
            map(&message, &self.source, &self.site, received).drafts
        };
        self.parts(bytes).iter().flat_map(map).collect()
    }

    /// What of a message is mapped.
    pub(super) fn coverage(&self, bytes: &[u8]) -> crate::coverage::Coverage {
        let received = ReceivedTime::parse(RECEIVED).unwrap();
        let message = hl7v2::parse(bytes);
        map(&message, &self.source, &self.site, received).coverage
    }

    /// Takes in a message and everything that follows from it.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        for part in self.parts(bytes) {
            let message = hl7v2::parse(&part);
            let subjects = identity::subjects(&message, &self.source);
            let whom = subjects.patient().map(|one| one.key(&self.site));
            let key = whom.unwrap_or_default();
            let received = ReceivedTime::parse(RECEIVED).unwrap();
            let time = message_time(&message, &self.source);
            let raw = RawInfo {
                message_id: MessageId::derive(&[&part]),
                addressed: key,
                message_time: time.unwrap_or(EventTime::from_micros(received.micros())),
                received_time: received,
                topic: "healthcare.hl7v2.adt",
                partition: 0,
                offset: 0,
                source: "adt1",
                way: Way::Mllp,
                backfill: false,
                retired: None,
                bytes: &part,
            };
            let mut queue = VecDeque::from([(key, split::Split { raw, notice: None }.encode())]);
            while let Some((key, bytes)) = queue.pop_front() {
                let split = split::Split::decode(&bytes).unwrap();
                queue.extend(self.step(key, &split));
            }
        }
    }

    fn step(&mut self, key: PatientKey, split: &split::Split<'_>) -> Vec<(PatientKey, Vec<u8>)> {
        let state = self.states.entry(key).or_default();
        let raw = split.raw;
        let message = hl7v2::parse(raw.bytes);
        let received = raw.received_time;
        let mut mapped = map(&message, &self.source, &self.site, received);
        state.recognize(&mut mapped.drafts, &mapped.others);
        for kin in state.kin(key, raw.addressed) {
            let as_kin = map_as(&message, &self.source, &self.site, received, kin);
            state.adopt(&mut mapped.drafts, &as_kin);
        }
        let drafts = &mapped.drafts;
        let input = match (split.notice, &mapped.subjects) {
            (Some(notice), _) => Input::Notice { raw, notice },
            (None, Subjects::Merge { retired, .. }) => Input::Merge {
                raw,
                drafts,
                retired: retired.key(&self.site),
                identifiers: &mapped.retired_identifiers,
            },
            (None, Subjects::One(_)) => Input::Message { raw, drafts },
            (None, _) => Input::Nobody { raw },
        };
        let outputs = Normalizer::default().step(key, state, &input);
        assert_eq!(State::decode(&state.encode()).as_ref(), Ok(&*state));
        match outputs {
            Ok(outputs) => self.take(key, outputs),
            Err(refusal) => {
                self.refused.push(refusal.reason.code());
                Vec::new()
            }
        }
    }

    fn take(&mut self, key: PatientKey, outputs: Outputs) -> Vec<(PatientKey, Vec<u8>)> {
        self.refused
            .extend(outputs.refused.map(|refusal| refusal.reason.code()));
        let mut splits = Vec::new();
        for record in outputs.records {
            match record {
                Output::Resource {
                    resource_type,
                    id,
                    json,
                    shows,
                    ..
                } => {
                    self.written += 1;
                    self.provenances += usize::from(&*resource_type == "Provenance");
                    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
                    if &*resource_type == "Encounter" {
                        self.shows.insert(json["status"].to_string(), shows);
                    }
                    let id = format!("{resource_type}/{id}");
                    let version = |json: &serde_json::Value| {
                        let number = json["meta"]["versionId"].as_str().unwrap();
                        number.parse::<u32>().unwrap()
                    };
                    let before = self.current.get(&id).map(version);
                    self.backward += usize::from(before > Some(version(&json)));
                    self.current.insert(id, json);
                }
                Output::Merge { merge, .. } => self.merges.push((key, merge)),
                Output::Split { key, bytes } => splits.push((key, bytes)),
                Output::Moment { .. } => {}
            }
        }
        splits
    }

    /// Gives the resources of a type as they now stand.
    pub(super) fn all(&self, kind: &str) -> Vec<&serde_json::Value> {
        let of = |(name, value)| -> Option<&serde_json::Value> {
            let name: &String = name;
            name.starts_with(&format!("{kind}/")).then_some(value)
        };
        self.current.iter().filter_map(of).collect()
    }

    /// Gives the Patient of a number.
    pub(super) fn patient(&self, number: &str) -> &serde_json::Value {
        &self.current[&format!("Patient/{}", self.key(number))]
    }

    /// Shows each Encounter: visit numbers, whose, status, place and what it became.
    pub(super) fn stays(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for stay in self.all("Encounter") {
            let numbers: Vec<String> = stay["identifier"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| {
                    let old = if one["use"] == "old" { "old " } else { "" };
                    format!("{old}{}", one["value"].as_str().unwrap())
                })
                .collect();
            let places: Vec<String> = stay["location"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|place| {
                    let status = place["status"].as_str().unwrap_or_default();
                    format!(
                        "{} {status}",
                        place["location"]["display"].as_str().unwrap()
                    )
                })
                .collect();
            let mut whose = "?";
            for number in ["1", "2", "3", "4"] {
                if stay["subject"]["reference"] == format!("Patient/{}", self.key(number)) {
                    whose = number;
                }
            }
            let whole = if stay["partOf"].is_object() {
                " -> another"
            } else {
                ""
            };
            lines.push(format!(
                "{} of {whose}: {} at {}{whole}\n",
                numbers.join(", "),
                stay["status"].as_str().unwrap(),
                places.join(", "),
            ));
        }
        lines.sort();
        lines.concat()
    }
}
