//! A site in small: what is known of every patient, and the resources as they stand, after messages in any order.

use std::collections::{BTreeMap, VecDeque};

use clinical::{EventTime, MessageId, PatientKey, ReceivedTime, SiteKey};
use formats::hl7v2;
use mapping::identity::split as divide;
use mapping::normalize::split::Split;
use mapping::normalize::{Input, Normalizer, Output, RawInfo, State};
use mapping::source::Zone;
use mapping::{Source, Subjects, map, subjects};
use serde_json::Value;

/// When all messages of a test are received: after everything that they speak of.
pub(crate) const RECEIVED: &str = "2026-06-01T00:00:00Z";

/// One sender, and all patients that it speaks of.
pub(crate) struct World {
    pub(crate) source: Source,
    pub(crate) refused: Vec<&'static str>,
    pub(crate) resent: usize,
    /// What was doubtful, by its word.
    pub(crate) doubts: Vec<&'static str>,
    site: SiteKey,
    states: BTreeMap<PatientKey, State>,
    resources: BTreeMap<String, Value>,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut source = Source::new("lab");
        source.zone = Zone::parse("Europe/Berlin").expect("Berlin has a zone");
        Self {
            source,
            refused: Vec::new(),
            resent: 0,
            doubts: Vec::new(),
            site: SiteKey::new([7; 32]),
            states: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    /// The world after these messages.
    pub(crate) fn after<T: AsRef<[u8]>>(messages: &[T]) -> Self {
        let mut world = Self::new();
        for message in messages {
            world.take(message.as_ref());
        }
        world
    }

    /// Takes a message in as the platform does.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let received = ReceivedTime::parse(RECEIVED).expect("it is a time");
        let source = self.source.clone();
        let readable = source.readable(bytes);
        let message = readable.message();
        assert_eq!(message.first_error(), None, "intake takes it");
        let time = mapping::map::message_time(&message, &source);
        let addressed = match subjects(&message, &source) {
            Subjects::One(one) => one.key(&self.site),
            Subjects::Merge { survivor, .. } => survivor.key(&self.site),
            Subjects::None | Subjects::Several(_) => self.site.unassigned("lab", bytes),
        };
        let mut waiting = VecDeque::new();
        let raw = RawInfo {
            message_id: MessageId::derive(&[bytes]),
            addressed,
            message_time: time.unwrap_or(EventTime::from_micros(received.micros())),
            received_time: received,
            topic: "healthcare.hl7v2.test",
            partition: 0,
            offset: 0,
            source: "lab",
            way: mapping::normalize::Way::Mllp,
            backfill: false,
            retired: None,
            bytes,
        };
        self.message(addressed, &raw, &mut waiting);
        while let Some((key, bytes)) = waiting.pop_front() {
            let split = Split::decode(&bytes).expect("it was written by this program");
            let Split { raw, notice } = split;
            match notice {
                Some(notice) => self.step(key, &Input::Notice { raw, notice }, &mut waiting),
                None => self.message(key, &raw, &mut waiting),
            }
        }
    }

    fn message(
        &mut self,
        key: PatientKey,
        raw: &RawInfo<'_>,
        waiting: &mut VecDeque<(PatientKey, Vec<u8>)>,
    ) {
        let source = self.source.clone();
        let readable = source.readable(raw.bytes);
        let message = readable.message();
        let mapped = map(&message, &source, &self.site, raw.received_time);
        self.doubts
            .extend(mapped.issues.iter().map(|issue| issue.code.word()));
        let drafts = mapped.drafts.as_slice();
        match mapped.subjects {
            Subjects::None => self.step(key, &Input::Nobody { raw: *raw }, waiting),
            Subjects::One(_) => self.step(key, &Input::Message { raw: *raw, drafts }, waiting),
            Subjects::Merge { retired, .. } => {
                let input = Input::Merge {
                    raw: *raw,
                    drafts,
                    retired: retired.key(&self.site),
                    identifiers: &mapped.retired_identifiers,
                };
                self.step(key, &input, waiting);
            }
            Subjects::Several(_) => {
                for (number, part) in (0_u32..).zip(divide(&message).expect("its parts are short"))
                {
                    let part = readable.as_sent(part);
                    let key = match subjects(&hl7v2::parse(&part), &source) {
                        Subjects::One(one) => one.key(&self.site),
                        Subjects::Merge { survivor, .. } => survivor.key(&self.site),
                        Subjects::None => raw.addressed,
                        Subjects::Several(_) => panic!("a part names several"),
                    };
                    let message_id =
                        MessageId::derive(&[raw.message_id.as_bytes(), &number.to_be_bytes()]);
                    let raw = RawInfo {
                        message_id,
                        addressed: key,
                        bytes: &part,
                        ..*raw
                    };
                    waiting.push_back((key, Split { raw, notice: None }.encode()));
                }
            }
        }
    }

    fn step(
        &mut self,
        key: PatientKey,
        input: &Input<'_>,
        waiting: &mut VecDeque<(PatientKey, Vec<u8>)>,
    ) {
        let state = self.states.entry(key).or_default();
        let outputs = match Normalizer::default().step(key, state, input) {
            Ok(outputs) => outputs,
            Err(refusal) => return self.refused.push(refusal.reason.code()),
        };
        self.refused
            .extend(outputs.refused.map(|refusal| refusal.reason.code()));
        self.resent += usize::from(outputs.resent);
        for record in outputs.records {
            match record {
                Output::Split { key, bytes } => waiting.push_back((key, bytes)),
                Output::Merge { .. } | Output::Moment { .. } => {}
                Output::Resource {
                    resource_type,
                    id,
                    json,
                    ..
                } => {
                    let value = serde_json::from_slice(&json).expect("a resource is JSON");
                    self.resources
                        .insert(format!("{resource_type}/{id}"), value);
                }
            }
        }
    }

    /// The resources of a type as they stand, by their ids.
    pub(crate) fn all(&self, resource_type: &str) -> Vec<&Value> {
        let start = format!("{resource_type}/");
        let named = self.resources.iter();
        named
            .filter(|(name, _)| name.starts_with(&start))
            .map(|(_, value)| value)
            .collect()
    }

    /// The one resource of a type.
    pub(crate) fn one(&self, resource_type: &str) -> &Value {
        let all = self.all(resource_type);
        let [one] = all.as_slice() else {
            panic!("one {resource_type}, not {}: {all:#?}", all.len())
        };
        one
    }

    /// Every resource as it stands, without what tells when and by which message it became so.
    pub(crate) fn stands(&self) -> BTreeMap<&str, Value> {
        let named = self.resources.iter().map(|(name, value)| {
            let mut value = value.clone();
            if let Some(members) = value.as_object_mut() {
                members.remove("meta");
            }
            (name.as_str(), value)
        });
        named.collect()
    }
}
