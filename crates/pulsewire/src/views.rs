//! What the pages show, derived from the journal: in memory, bounded, gone and made again at every start.

mod alert;
mod authorization;
mod care_gap;
mod days;
mod emergency;
pub(crate) mod known;
mod line;
mod patient;
mod quarantine;
mod risk;
mod source;
mod workload;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use clinical::{AlertId, Fact, Finding, PatientKey, ReceivedTime, wire};
use journal::{Journal, Offset, RecordRef, TopicPartition, Write};
use mapping::event::event;
use workloads::Workloads;

use crate::intake::activity::Told;
use crate::quarantine::attempt::Attempt;
use crate::stages::{
    AuthorizationTold, FORWARDED, LATE_FOR, RiskStatus, SourceStatus, envelope, partitions_of,
};
use crate::tasks::{Stop, Tasks};
use crate::topics;
use crate::unmapped::Unmapped;

pub(crate) use alert::{AlertView, is_superseded};
pub(crate) use patient::{Before, LATE_AFTER, PatientView, VITALS};
pub(crate) use quarantine::QuarantineView;
pub(crate) use risk::{is_of_a_model, is_of_nobody};
pub(crate) use source::SourceView;
pub(crate) use workload::{Counts as PackCounts, HOURS_KEPT, Latest as LatestFinding, PackView};

/// So much of a patient's time is kept.
pub(crate) const WINDOW: Duration = Duration::from_secs(48 * 60 * 60);
/// So many patients are kept, the ones heard of last.
const PATIENTS_MAX: usize = 20_000;
/// So many alerts that are over are kept beside those that are not.
const ENDED_ALERTS_MAX: usize = 5_000;
/// So many unusable records are listed, the newest.
const QUARANTINE_MAX: usize = 2_000;
/// Of so many records it is known that they were sent through again.
const REDRIVEN_MAX: usize = 20_000;
/// How much is read at once.
const READ_BYTES: usize = 512 << 10;
/// How long to wait for news before looking at the word to stop.
const WAIT: Duration = Duration::from_millis(500);
/// How long the reader rests when it is up to date: a page is not read faster, and every look costs those who work.
const REST: Duration = Duration::from_millis(50);
/// How often the place to read from at the next start is kept.
const REMEMBER_EVERY: usize = 50_000;
/// How far apart the places are that a start can begin at.
const MARK_EVERY_MICROS: i64 = 30 * 60 * 1_000_000;
/// Topics that are read from their beginning at every start: a stay and an alert can be older than the window.
const WHOLE: [&str; 8] = [
    "healthcare.fhir.patient",
    "healthcare.fhir.encounter",
    topics::CARE_ALERT,
    topics::AUTHORIZATION,
    topics::ED_VISIT,
    topics::DELIVERY,
    topics::DELIVERY_ATTEMPT,
    topics::CARE_GAP,
];
/// The group whose positions say where the window begins.
const GROUP: &str = "views";

/// Everything that the pages show.
#[derive(Default)]
pub(crate) struct Views {
    pub(crate) patients: BTreeMap<PatientKey, PatientView>,
    pub(crate) alerts: BTreeMap<AlertId, AlertView>,
    pub(crate) quarantine: VecDeque<QuarantineView>,
    pub(crate) deliveries: BTreeMap<AlertId, Vec<alert::DeliveryView>>,
    /// Tries of news that is not read yet.
    early_attempts: BTreeMap<clinical::DeliveryId, crate::delivery::Attempt>,
    /// Those in the order in which they were read.
    early: VecDeque<clinical::DeliveryId>,
    pub(crate) care_gaps: care_gap::CareGaps,
    pub(crate) patient_days: days::PatientDays,
    pub(crate) emergency: emergency::Departments,
    /// How learned models stand, by workload.
    pub(crate) risk: BTreeMap<String, RiskStatus>,
    pub(crate) unmapped: Unmapped,
    /// What each rule pack read and concluded.
    pub(crate) packs: workload::Packs,
    /// What was sent through again, by the place of the record in quarantine.
    pub(crate) redriven: BTreeMap<String, Attempt>,
    /// How authorizations stand, by patient and case.
    pub(crate) authorizations: BTreeMap<(String, String), AuthorizationTold>,
    /// By their names; `*` is all of them together.
    pub(crate) sources: BTreeMap<String, SourceView>,
    /// Changes with every record taken in: pages that show it have nothing new while it stands still.
    pub(crate) version: u64,
}

/// The views, shared between the thread that makes them and the pages.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<RwLock<Views>>);

impl Shared {
    /// Reads them.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Views> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the thread that keeps them.
    pub(crate) fn start(
        &self,
        journal: &Arc<dyn Journal>,
        partitions: u16,
        rules: Workloads,
        tasks: &Tasks,
    ) -> std::io::Result<()> {
        let mut views = self.0.write().unwrap_or_else(PoisonError::into_inner);
        views.packs.read_by(rules);
        drop(views);
        let mut reader = Reader::new(Arc::clone(journal), partitions, self.clone());
        tasks.background("views", move |stop| reader.run(&stop))
    }
}

/// Reads the topics that pages are made of.
struct Reader {
    journal: Arc<dyn Journal>,
    views: Shared,
    inputs: Vec<TopicPartition>,
    next: Vec<Offset>,
    /// Where the records of about each half hour began, so that the start of the window is known.
    marks: VecDeque<(i64, Vec<Offset>)>,
    since_mark: usize,
}

impl Reader {
    fn new(journal: Arc<dyn Journal>, partitions: u16, views: Shared) -> Self {
        let whole = WHOLE.map(journal::Topic::from);
        let streams = [
            topics::PATIENT_STREAM,
            topics::ALERT_STREAM,
            topics::REFUSED,
            topics::UNMAPPED,
            topics::REDRIVEN,
            topics::SOURCE_ACTIVITY,
            topics::SOURCE_STATUS,
            topics::RISK_STATUS,
        ];
        let quarantines = topics::with_quarantine()
            .into_iter()
            .map(|topic| topics::quarantine(&topic));
        let late = topics::late(topics::PATIENT_STREAM);
        // Who the patients are and which alerts are open comes first: the rest is told beside it.
        let streams = streams.map(journal::Topic::from).into_iter();
        let all: Vec<journal::Topic> = whole
            .into_iter()
            .chain(streams)
            .chain([late])
            .chain(quarantines)
            .collect();
        let inputs = partitions_of(&all, partitions);
        let committed = journal.committed(GROUP).unwrap_or_else(|error| {
            tracing::warn!(%error, "the pages are made from the beginning");
            BTreeMap::new()
        });
        let next = inputs
            .iter()
            .map(|at| committed.get(at).copied().unwrap_or(0))
            .collect();
        Self {
            journal,
            views,
            inputs,
            next,
            marks: VecDeque::new(),
            since_mark: 0,
        }
    }

    fn run(&mut self, stop: &Stop) {
        let mut seen = 0;
        while !stop.is_asked() {
            match self.turn(stop) {
                Ok(true) => {}
                Ok(false) => {
                    stop.rest(REST);
                    seen = self.journal.wait(seen, WAIT);
                }
                Err(error) => {
                    tracing::error!(%error, "the pages cannot be brought up to date");
                    self.journal.wait(u64::MAX, WAIT);
                }
            }
        }
    }

    fn turn(&mut self, stop: &Stop) -> Result<bool, journal::Error> {
        let mut worked = false;
        let bounds = self.journal.bounds(&self.inputs)?;
        for (number, bounds) in bounds.into_iter().enumerate() {
            let (Some(at), Some(next)) = (
                self.inputs.get(number).cloned(),
                self.next.get(number).copied(),
            ) else {
                continue;
            };
            let from = next.max(bounds.start);
            if stop.is_asked() || from >= bounds.end {
                continue;
            }
            let batch = self.journal.read(&at, from, READ_BYTES)?;
            {
                let mut views = self.views.0.write().unwrap_or_else(PoisonError::into_inner);
                batch.iter().for_each(|record| views.take_in(&at, &record));
            }
            self.since_mark += batch.len();
            if let (Some(after), Some(slot)) = (batch.next_offset(), self.next.get_mut(number)) {
                *slot = after;
                worked = true;
            }
        }
        if self.since_mark >= REMEMBER_EVERY {
            self.since_mark = 0;
            self.remember()?;
        }
        Ok(worked)
    }

    /// Keeps the place where the window begins, so that the next start reads no more than it.
    fn remember(&mut self) -> Result<(), journal::Error> {
        let now = self.views.read().newest_received();
        let newest = self.marks.back().map(|(at, _)| *at);
        if newest.is_none_or(|newest| now.saturating_sub(newest) >= MARK_EVERY_MICROS) {
            self.marks.push_back((now, self.next.clone()));
        }
        let old = now.saturating_sub(i64::try_from(WINDOW.as_micros()).unwrap_or(i64::MAX));
        let mut begin = None;
        while self.marks.front().is_some_and(|(at, _)| *at < old) {
            begin = self.marks.pop_front();
        }
        let Some((_, offsets)) = begin else {
            return Ok(());
        };
        let group: journal::Group = GROUP.into();
        let windowed = self
            .inputs
            .iter()
            .cloned()
            .zip(offsets)
            .filter(|(at, _)| !WHOLE.contains(&&*at.topic));
        let offsets = windowed
            .map(|(at, offset)| (Arc::clone(&group), at, offset))
            .collect();
        self.journal
            .append(Write {
                records: vec![],
                offsets,
            })
            .map(drop)
    }
}

impl Views {
    /// Takes in one record; what cannot be read is in a quarantine already and is passed over.
    fn take_in(&mut self, at: &TopicPartition, record: &RecordRef<'_>) {
        if record.key.is_empty() && record.value.is_none() {
            // It only tells the time.
            return;
        }
        self.version += 1;
        match &*at.topic {
            "healthcare.fhir.patient" | "healthcare.fhir.encounter" | topics::PATIENT_STREAM => {
                self.take_event(at, record);
            }
            topics::ALERT_STREAM => self.take_finding(at.partition, record),
            topics::CARE_ALERT => self.take_alert(record),
            topics::AUTHORIZATION => self.take_authorization(record),
            topics::ED_VISIT => self.emergency.take_in(record),
            topics::DELIVERY => self.take_delivery(record),
            topics::DELIVERY_ATTEMPT => self.take_attempt(record),
            topics::CARE_GAP => {
                if let Some(Ok(gap)) = record.value.map(wire::care_gap_from_json) {
                    self.care_gaps.take_in(gap);
                }
            }
            topics::UNMAPPED => self.unmapped.take_in(record),
            topics::REDRIVEN => self.take_redriven(record),
            topics::SOURCE_ACTIVITY => self.take_activity(record),
            topics::SOURCE_STATUS => self.take_status(record),
            other if other.ends_with(topics::LATE) => self.take_late(record),
            topics::RISK_STATUS => self.take_risk(record),
            _ => {
                let view = QuarantineView::new(at, record);
                let place = self
                    .quarantine
                    .iter()
                    .position(|other| other.received <= view.received);
                self.quarantine
                    .insert(place.unwrap_or(self.quarantine.len()), view);
                self.quarantine.truncate(QUARANTINE_MAX);
            }
        }
    }

    fn take_event(&mut self, at: &TopicPartition, record: &RecordRef<'_>) {
        let Some(key) = PatientKey::from_slice(record.key) else {
            return;
        };
        let envelope = envelope(at, record, key);
        let Ok(Some(event)) = event(&envelope) else {
            return;
        };
        let is_forwarded = record.header(FORWARDED).is_some();
        if &*at.topic == topics::PATIENT_STREAM && !is_forwarded {
            self.packs.take_event(&event);
        }
        let view = self.patients.entry(key).or_default();
        view.take_event(&event, envelope.bytes);
        if let Some(survivor) = view
            .survivor
            .filter(|_| matches!(event.fact, Fact::Merge(_)))
        {
            let mut retired = std::mem::take(view);
            self.patients
                .entry(survivor)
                .or_default()
                .take_over(&mut retired);
            self.patients.insert(key, retired);
        }
        self.forget_patients();
    }

    fn take_finding(&mut self, partition: u16, record: &RecordRef<'_>) {
        if record.header("content-type") != Some(wire::FINDING_CONTENT_TYPE.as_bytes()) {
            return;
        }
        let Some(finding) = record
            .value
            .and_then(|json| wire::finding_from_json(json).ok())
        else {
            return;
        };
        // A source, or a model, is nobody's record.
        let is_patient = !risk::is_of_nobody(&finding.workload);
        if is_patient {
            let view = self.patients.entry(finding.patient).or_default();
            view.take_finding(&finding, (partition, record.offset));
            self.patient_days.take_in(&finding);
            self.packs
                .take_finding(&finding, (partition, record.offset));
        }
        let about = |view: &&mut AlertView| {
            view.alert.patient == finding.patient && view.alert.condition == finding.condition
        };
        self.alerts
            .values_mut()
            .filter(about)
            .for_each(|view| view.take_finding(&finding));
        if is_patient {
            self.early(finding);
        }
    }

    fn take_activity(&mut self, record: &RecordRef<'_>) {
        if let Some(told) = record.value.and_then(Told::from_json) {
            let view = self.sources.entry(told.source.clone()).or_default();
            view.take_activity(&told);
        }
    }

    fn take_status(&mut self, record: &RecordRef<'_>) {
        if let Some(status) = record.value.and_then(SourceStatus::from_json) {
            let view = self.sources.entry(status.source.clone()).or_default();
            view.standing = Some(status);
        }
    }

    fn take_late(&mut self, record: &RecordRef<'_>) {
        let names = record.header(LATE_FOR).unwrap_or_default();
        let names = std::str::from_utf8(names).unwrap_or_default();
        let received = ReceivedTime::from_micros(record.received_time);
        self.packs.take_late(names, received);
    }

    /// Keeps a finding for the alert that it may be about to open.
    fn early(&mut self, finding: Finding) {
        let view = self.patients.entry(finding.patient).or_default();
        view.newest.insert(finding.condition.clone(), finding);
    }

    fn take_alert(&mut self, record: &RecordRef<'_>) {
        let Some(alert) = record
            .value
            .and_then(|json| wire::alert_from_json(json).ok())
        else {
            return;
        };
        let first = self
            .patients
            .get(&alert.patient)
            .and_then(|view| view.newest.get(&alert.condition))
            .cloned();
        match self.alerts.get_mut(&alert.id) {
            Some(view) => view.alert = alert,
            None => {
                self.alerts.insert(alert.id, AlertView::new(alert, first));
            }
        }
        self.forget_alerts();
    }

    fn take_redriven(&mut self, record: &RecordRef<'_>) {
        if let Some(attempt) = Attempt::read(record) {
            self.redriven.insert(attempt.quarantined.clone(), attempt);
        }
        if self.redriven.len() > REDRIVEN_MAX {
            self.redriven.pop_first();
        }
    }

    fn forget_patients(&mut self) {
        // A tenth at a time: to look for the oldest is work in the number of patients.
        if self.patients.len() <= PATIENTS_MAX + PATIENTS_MAX / 10 {
            return;
        }
        let mut by_age: Vec<_> = self
            .patients
            .iter()
            .map(|(key, view)| (view.last_received, *key))
            .collect();
        by_age.sort_unstable();
        for (_, key) in by_age
            .iter()
            .take(by_age.len().saturating_sub(PATIENTS_MAX))
        {
            self.patients.remove(key);
        }
    }

    fn forget_alerts(&mut self) {
        let ended = |view: &AlertView| !view.alert.state.is_active();
        if self.alerts.len() <= ENDED_ALERTS_MAX
            || self.alerts.values().filter(|view| ended(view)).count() <= ENDED_ALERTS_MAX
        {
            return;
        }
        let oldest = self
            .alerts
            .iter()
            .filter(|(_, view)| ended(view))
            .min_by_key(|(_, view)| view.alert.known_at);
        if let Some(id) = oldest.map(|(id, _)| *id) {
            self.alerts.remove(&id);
            self.deliveries.remove(&id);
        }
    }

    fn newest_received(&self) -> i64 {
        self.patients
            .values()
            .map(|view| view.last_received.micros())
            .max()
            .unwrap_or(0)
    }
}
