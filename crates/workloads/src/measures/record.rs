//! What is kept of a patient's resources: each as it now stands, reduced to what measures ask.

use clinical::{CareDetail, CareFact, EventId, Members, Origin, PatientKey, ReceivedTime, When};

use super::case::any_of;
use super::gap::{Gap, Line};
use super::period::MeasurementPeriod;
use super::set::{self, Set};
use super::time::{Clock, DAY, HOUR, Point};

/// The most resources that are kept of a patient; beyond it those that ended first go.
pub const MAX_RECORDS: usize = 4_000;

/// The most diagnoses and places of a visit, and parts of a result, that are looked at.
pub const MAX_PARTS: usize = 1_000;

/// For how many years a request matters of which only another resource tells the medication: as long as dementia
/// medications, the only ones that measures ask requests for.
const NAMED_MEDICATION_YEARS: i16 = 2;

/// Visits of which a measure asks what was done from their start on, though that was in the year before.
const OF_HOSPITALS: Members = any_of([
    Set::EncounterInpatient,
    Set::ObservationServices,
    Set::EmergencyDepartmentVisit,
    Set::EmergencyEvaluationVisit,
    Set::Triage,
]);

/// What is kept of one patient between two inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeasureState {
    /// In the order of kind and resource.
    pub(super) records: Vec<Record>,
    /// What was said of each gap last.
    pub(super) lines: Vec<Line>,
    /// The identity that took this one over.
    pub(super) retired: Option<PatientKey>,
    /// The fingerprint of the value sets by which the resources were reduced; 0 before the first.
    pub(super) reduced_by: u64,
}

/// A resource as it now stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: u8,
    /// The hash of its id.
    pub(super) resource: u64,
    /// When this version was accepted; of two versions the later one stands.
    pub(super) known: ReceivedTime,
    pub(super) event: EventId,
    pub(super) origin: Origin,
    pub(super) source: Source,
    /// What it says; nothing once it was taken back or says nothing that a measure asks.
    pub(super) fact: Option<CareFact>,
}

/// Where a resource comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Care itself: a laboratory, a ward, a practice.
    Clinical,
    /// History of care that was loaded, and no news.
    History,
    /// A claim that was adjudicated.
    Claim,
}

impl Source {
    /// All of them; the place is the number in stored state.
    pub(super) const ALL: [Self; 3] = [Self::Clinical, Self::History, Self::Claim];
}

impl Record {
    const fn order(&self) -> (u8, u64) {
        (self.kind, self.resource)
    }

    fn version(&self) -> (ReceivedTime, EventId) {
        (self.known, self.event)
    }

    /// Gives the last time at which it may matter, and for how many years from then.
    fn last(&self, clock: Clock) -> Option<(Point, i16)> {
        let fact = self.fact.as_ref()?;
        let mut kept = 1;
        if let CareDetail::MedicationRequest {
            medication: Some(_),
            ..
        } = fact.detail
        {
            kept = NAMED_MEDICATION_YEARS;
        }
        for number in fact.members.numbers() {
            let row = set::row_of(number)?;
            kept = kept.max(row.kept_years?);
        }
        let when = match &fact.detail {
            // Who the patient is and what things are stays true.
            CareDetail::Patient { .. } | CareDetail::Medication | CareDetail::Location => {
                return None;
            }
            CareDetail::Condition {
                active, abatement, ..
            } => match abatement {
                When::Unsaid if *active => return None,
                When::Unsaid => clock.span(fact.when)?,
                // When an age is reached only the birth date tells, which may come later.
                When::At(_) | When::Period(..) | When::Age(..) => clock.span(*abatement)?,
            },
            CareDetail::Encounter { .. }
            | CareDetail::Observation { .. }
            | CareDetail::Procedure
            | CareDetail::ServiceRequest { .. }
            | CareDetail::DeviceRequest { .. }
            | CareDetail::MedicationRequest { .. }
            | CareDetail::MedicationAdministration { .. } => clock.span(fact.when)?,
        };
        when.end().map(|end| (end, kept))
    }
}

/// Leaves out what a resource has more of than is looked at.
pub(super) fn bound(fact: &mut CareFact) {
    if let CareDetail::Encounter {
        diagnoses, places, ..
    } = &mut fact.detail
    {
        diagnoses.truncate(MAX_PARTS);
        places.truncate(MAX_PARTS);
    }
    if let CareDetail::Observation { components, .. } = &mut fact.detail {
        components.truncate(MAX_PARTS);
    }
}

impl MeasureState {
    /// Gives the fingerprint of the value sets by which its resources were reduced: where it is another than that of
    /// the site's, the state is rebuilt from the journal.
    pub const fn reduced_by(&self) -> u64 {
        self.reduced_by
    }

    /// Gives the identity that took this one over.
    pub const fn survivor(&self) -> Option<PatientKey> {
        self.retired
    }

    /// Gives where the patient stands in each measure that asks for something to be done, as it was said last.
    pub fn gaps(&self) -> impl Iterator<Item = Gap> {
        let gaps = self.lines.iter().filter(|line| line.measure.is_gap());
        gaps.map(|line| Gap {
            measure: line.measure,
            year: line.year,
            status: line.status,
            finding: line.finding,
        })
    }

    /// Takes a resource in; says whether that changed anything.
    pub(super) fn put(&mut self, record: Record) -> bool {
        let place = self
            .records
            .binary_search_by_key(&record.order(), Record::order);
        match place {
            Ok(place) => {
                let Some(held) = self.records.get_mut(place) else {
                    return false;
                };
                if held.version() >= record.version() {
                    return false;
                }
                let news = held.fact != record.fact || held.source != record.source;
                *held = record;
                news
            }
            Err(place) => {
                let news = record.fact.is_some();
                self.records.insert(place, record);
                news
            }
        }
    }

    /// Says whether a resource is kept, though it may have been taken back.
    pub(super) fn has(&self, kind: u8, resource: u64) -> bool {
        self.records
            .binary_search_by_key(&(kind, resource), Record::order)
            .is_ok()
    }

    /// Drops what no period from this one on can use.
    pub(super) fn expire(&mut self, first: MeasurementPeriod) {
        let clock = first.clock();
        let stays_since = self.stays_since(first);
        let start = |kept: i16| first.days_from_years_before(kept - 1).start();
        self.records.retain(|record| {
            let last = record.last(clock);
            let open = record.fact.is_some() && last.is_none();
            let taken_back =
                record.fact.is_none() && record.known.micros() / 1_000 >= first.start().low;
            open || taken_back
                || last.is_some_and(|(end, kept)| {
                    let day = end.day().high;
                    day >= stays_since || start(kept).is_some_and(|start| day >= start.low)
                })
        });
        while self.records.len() > MAX_RECORDS {
            let ended = |record: &Record| record.last(clock).map_or(i64::MAX, |(end, _)| end.high);
            let first = self
                .records
                .iter()
                .enumerate()
                .min_by_key(|(_, record)| ended(record));
            let Some((place, _)) = first else { return };
            self.records.remove(place);
        }
    }

    /// Gives the day before the first stay that reaches into a period: CMS816 looks a day back from a test. An emergency
    /// visit or observation within the hour before a stay belongs to it.
    fn stays_since(&self, first: MeasurementPeriod) -> i64 {
        let clock = first.clock();
        let is_hospital = |fact: &&CareFact| {
            let is_visit = matches!(fact.detail, CareDetail::Encounter { .. });
            is_visit && fact.members.any(OF_HOSPITALS)
        };
        let facts = self.records.iter().filter_map(|of| of.fact.as_ref());
        let stays: Vec<(i64, i64)> = facts
            .filter(is_hospital)
            .filter_map(|stay| clock.span(stay.when))
            .filter(|span| !span.is_open())
            .filter_map(|span| Some((span.start()?.low, span.end()?.high)))
            .collect();
        let mut since = first.start().low;
        while let Some(earlier) = stays
            .iter()
            .filter(|(start, end)| *start < since && *end >= since - HOUR)
            .map(|(start, _)| *start)
            .min()
        {
            since = earlier;
        }
        (since - DAY).div_euclid(DAY)
    }

    /// Takes in what another identity of the same patient knew: of the patient the one that stays speaks, where it does.
    pub(super) fn absorb(&mut self, other: Self) {
        let is_patient = |record: &Record| {
            let detail = record.fact.as_ref().map(|fact| &fact.detail);
            matches!(detail, Some(CareDetail::Patient { .. }))
        };
        let speaks = self.records.iter().any(is_patient);
        if self.reduced_by == 0 {
            self.reduced_by = other.reduced_by;
        }
        let others = other.records.into_iter();
        for record in others.filter(|record| !(speaks && is_patient(record))) {
            self.put(record);
        }
    }
}
