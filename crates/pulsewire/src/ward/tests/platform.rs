//! What the platform makes of the ward: each message through the mapping, the workloads and the alert rules.

use std::collections::{BTreeMap, VecDeque};

use alerts::{Alerts, Policy};
use clinical::{
    Alert, AlertId, AlertState, EventTime, FindingState, MessageId, Origin, PatientKey,
    ReceivedTime, SiteKey,
};
use formats::hl7v2;
use mapping::event::{Envelope, FHIR_JSON, identity};
use mapping::normalize::split::Split;
use mapping::normalize::{Input, Normalizer, Output, RawInfo};
use mapping::{Source, Subjects};
use workloads::Workloads;

use super::super::Sent;

/// One patient's state in each stage, and the timers that are set.
#[derive(Default)]
struct Chart {
    normalize: mapping::normalize::State,
    workloads: workloads::State,
    alerts: alerts::State,
    timers: BTreeMap<(Stage, Vec<u8>), EventTime>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Workloads,
    Alerts,
}

/// What is on its way to a patient's key.
enum OnTheWay {
    Split(Vec<u8>),
    Event(&'static str, Vec<u8>, clinical::EventId, EventTime),
}

/// The stages of the platform, one message after the other.
pub(super) struct Platform {
    site: SiteKey,
    source: Source,
    normalizer: Normalizer,
    workloads: Workloads,
    alerts: Alerts,
    charts: BTreeMap<PatientKey, Chart>,
    pub(super) now: EventTime,
    offset: u64,
    pub(super) quarantined: BTreeMap<&'static str, usize>,
    pub(super) doubts: BTreeMap<&'static str, usize>,
    pub(super) retracted: BTreeMap<String, usize>,
    pub(super) late: usize,
    pub(super) resent: usize,
    pub(super) unusable: BTreeMap<&'static str, usize>,
    pub(super) newest: BTreeMap<AlertId, Alert>,
    /// When an alert was raised, by its condition and severity.
    pub(super) raised: Vec<(EventTime, String)>,
}

impl Platform {
    pub(super) fn new() -> Self {
        Self {
            site: SiteKey::new([7; 32]),
            source: Source::new("ward"),
            normalizer: Normalizer::default(),
            workloads: Workloads::new(workloads::Config::default()),
            alerts: Alerts::new(Policy::default()),
            charts: BTreeMap::new(),
            now: EventTime::default(),
            offset: 0,
            quarantined: BTreeMap::new(),
            doubts: BTreeMap::new(),
            retracted: BTreeMap::new(),
            late: 0,
            resent: 0,
            unusable: BTreeMap::new(),
            newest: BTreeMap::new(),
            raised: Vec::new(),
        }
    }

    /// The alerts that are open.
    pub(super) fn open(&self) -> impl Iterator<Item = &Alert> {
        self.newest
            .values()
            .filter(|alert| matches!(alert.state, AlertState::Open | AlertState::Acknowledged))
    }

    pub(super) fn take(&mut self, sent: &Sent) {
        self.fire_until(sent.at);
        self.now = sent.at;
        let message = hl7v2::parse(&sent.bytes);
        let Some(key) = self.key_of(&message) else {
            *self.quarantined.entry("no-patient").or_default() += 1;
            return;
        };
        let raw = RawInfo {
            message_id: MessageId::derive(&[&sent.bytes]),
            addressed: key,
            message_time: mapping::map::message_time(&message, &self.source).unwrap_or(sent.at),
            received_time: ReceivedTime::from_micros(sent.at.micros()),
            topic: "ward",
            partition: 0,
            offset: 0,
            source: "ward",
            way: mapping::normalize::Way::Mllp,
            backfill: false,
            retired: None,
            bytes: &sent.bytes,
        };
        let split = Split { raw, notice: None }.encode();
        let mut queue = VecDeque::from([(key, OnTheWay::Split(split))]);
        while let Some((key, next)) = queue.pop_front() {
            match next {
                OnTheWay::Split(bytes) => self.normalize(key, &bytes, &mut queue),
                OnTheWay::Event(kind, bytes, id, at) => {
                    self.conclude(key, (kind, &bytes, id, at), &mut queue);
                }
            }
        }
    }

    fn key_of(&self, message: &hl7v2::Message<'_>) -> Option<PatientKey> {
        match mapping::subjects(message, &self.source) {
            Subjects::One(one) | Subjects::Merge { survivor: one, .. } => Some(one.key(&self.site)),
            Subjects::None | Subjects::Several(_) => None,
        }
    }

    fn normalize(
        &mut self,
        key: PatientKey,
        bytes: &[u8],
        queue: &mut VecDeque<(PatientKey, OnTheWay)>,
    ) {
        let Split { raw, notice } = Split::decode(bytes).unwrap();
        let message = hl7v2::parse(raw.bytes);
        let mapped = mapping::map(&message, &self.source, &self.site, raw.received_time);
        let drafts = &mapped.drafts;
        let input = match (notice, &mapped.subjects) {
            (Some(notice), _) => Input::Notice { raw, notice },
            (None, Subjects::Merge { retired, .. }) => Input::Merge {
                raw,
                drafts,
                retired: retired.key(&self.site),
                identifiers: b"",
            },
            (None, _) => Input::Message { raw, drafts },
        };
        if matches!(input, Input::Message { .. }) {
            for issue in &mapped.issues {
                *self.doubts.entry(issue.code.word()).or_default() += 1;
            }
        }
        let chart = self.charts.entry(key).or_default();
        match self.normalizer.step(key, &mut chart.normalize, &input) {
            Ok(outputs) => {
                self.resent += usize::from(outputs.resent);
                queue.extend(outputs.records.into_iter().map(|output| match output {
                    Output::Split { key, bytes } => (key, OnTheWay::Split(bytes)),
                    Output::Merge {
                        event_id,
                        merge,
                        event_time,
                    } => (
                        key,
                        OnTheWay::Event(
                            identity::MERGE_JSON,
                            identity::write_merge(&merge),
                            event_id,
                            event_time,
                        ),
                    ),
                    Output::Moment {
                        event_id,
                        json,
                        event_time,
                        ..
                    } => (
                        key,
                        OnTheWay::Event(identity::VISIT_MOMENT, json, event_id, event_time),
                    ),
                    Output::Resource {
                        event_id,
                        json,
                        event_time,
                        ..
                    } => (key, OnTheWay::Event(FHIR_JSON, json, event_id, event_time)),
                }));
            }
            Err(refusal) => *self.quarantined.entry(refusal.reason.code()).or_default() += 1,
        }
    }

    fn conclude(
        &mut self,
        key: PatientKey,
        (content_type, bytes, event_id, event_time): (&str, &[u8], clinical::EventId, EventTime),
        queue: &mut VecDeque<(PatientKey, OnTheWay)>,
    ) {
        self.offset += 1;
        let envelope = Envelope {
            key,
            content_type,
            event_id,
            event_time,
            recorded: None,
            received_time: self.received(),
            origin: Origin {
                partition: 0,
                offset: self.offset,
            },
            plausibility: "",
            backfill: false,
            bytes,
        };
        let Some(event) = mapping::event::event(&envelope).unwrap() else {
            return;
        };
        let mut effects = workloads::Effects::default();
        let now = workloads::Now {
            watermark: self.now,
            received: self.received(),
            patient: key,
        };
        let chart = self.charts.entry(key).or_default();
        self.workloads
            .step(
                &mut chart.workloads,
                workloads::Input::Event(&event),
                now,
                &mut effects,
            )
            .unwrap();
        for (survivor, state) in &effects.handover {
            let bytes = identity::write_handover(key, state);
            queue.push_back((
                *survivor,
                OnTheWay::Event(identity::HANDOVER, bytes, event_id, event_time),
            ));
        }
        self.effects(key, effects);
    }

    fn received(&self) -> ReceivedTime {
        ReceivedTime::from_micros(self.now.micros())
    }

    fn effects(&mut self, key: PatientKey, effects: workloads::Effects) {
        self.late += usize::from(!effects.late_for.is_empty());
        for issue in &effects.quality {
            *self.unusable.entry(issue.kind.word()).or_default() += 1;
        }
        self.set(key, Stage::Workloads, effects.timers);
        for finding in &effects.findings {
            if let FindingState::Retracted(reason) = &finding.state {
                *self
                    .retracted
                    .entry(format!("{} {reason}", finding.condition))
                    .or_default() += 1;
            }
            self.alert(key, alerts::Input::Finding(finding));
        }
    }

    fn alert(&mut self, key: PatientKey, input: alerts::Input<'_>) {
        let now = alerts::Now {
            watermark: self.now,
            received: self.received(),
            patient: key,
        };
        let mut effects = alerts::Effects::default();
        let chart = self.charts.entry(key).or_default();
        self.alerts
            .step(&mut chart.alerts, input, now, &mut effects)
            .unwrap();
        self.set(key, Stage::Alerts, effects.timers);
        for alert in effects.alerts {
            if !self.newest.contains_key(&alert.id) {
                let what = format!(
                    "{} {} {}",
                    alert.condition,
                    alert.severity.word(),
                    alert.reason
                );
                self.raised.push((self.now, what));
            }
            self.newest.insert(alert.id, alert);
        }
    }

    fn set(&mut self, key: PatientKey, stage: Stage, timers: Vec<(Vec<u8>, Option<EventTime>)>) {
        let chart = self.charts.entry(key).or_default();
        for (tag, at) in timers {
            match at {
                Some(at) => chart.timers.insert((stage, tag), at),
                None => chart.timers.remove(&(stage, tag)),
            };
        }
    }

    fn fire_until(&mut self, until: EventTime) {
        loop {
            let due = self.charts.iter().flat_map(|(key, chart)| {
                chart.timers.iter().map(|(of, at)| (*at, *key, of.clone()))
            });
            let Some((at, key, (stage, tag))) = due.filter(|(at, ..)| *at <= until).min() else {
                return;
            };
            self.now = self.now.max(at);
            self.charts
                .entry(key)
                .or_default()
                .timers
                .remove(&(stage, tag.clone()));
            match stage {
                Stage::Alerts => self.alert(key, alerts::Input::Timer { tag: &tag, at }),
                Stage::Workloads => {
                    let mut effects = workloads::Effects::default();
                    let now = workloads::Now {
                        watermark: self.now,
                        received: self.received(),
                        patient: key,
                    };
                    let chart = self.charts.entry(key).or_default();
                    let input = workloads::Input::Timer { tag: &tag, at };
                    self.workloads
                        .step(&mut chart.workloads, input, now, &mut effects)
                        .unwrap();
                    self.effects(key, effects);
                }
            }
        }
    }
}
