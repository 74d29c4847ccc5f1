//! A patient as measures see one: resources by kind and value set, with the functions that all measures share.
//!
//! Functions carry the names of the published libraries' (QICoreCommon 2.1.000, Status 1.8.000, CQMCommon 2.2.000), so
//! that both can be read side by side.

use clinical::{
    CareClass, CareDetail, CareFact, CareGender, CareStatus, CareValue, Diagnosis, Members, Moment,
    Place, When,
};
use jiff::civil::Date;

use super::period::{AgeYears, MeasurementPeriod, midnight, reaches};
use super::record::{MeasureState, Record, Source};
use super::set::Set;
use super::time::{Clock, Point, Span};

/// What is known of a patient, beside the period that is measured.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    records: &'a [Record],
    pub(super) period: MeasurementPeriod,
    pub(super) gender: CareGender,
    born: Option<Moment>,
}

/// A resource.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) record: &'a Record,
    fact: &'a CareFact,
    clock: Clock,
    born: Option<Moment>,
}

/// A visit or stay.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) item: Item<'a>,
    pub(super) class: CareClass,
    pub(super) discharge: Members,
    pub(super) diagnoses: &'a [Diagnosis],
    pub(super) places: &'a [Place],
}

/// A diagnosis or problem.
#[derive(Clone, Copy)]
pub(super) struct Problem<'a> {
    pub(super) item: Item<'a>,
    pub(super) site: Members,
    /// From its onset to its abatement; nothing where the logic gives none.
    pub(super) prevalence: Option<Span>,
}

/// Something measured, found or answered.
#[derive(Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) item: Item<'a>,
    survey: bool,
    laboratory: bool,
    pub(super) pressure: bool,
    pub(super) value: CareValue,
    pub(super) components: &'a [(Members, CareValue)],
    pub(super) encounter: Option<u64>,
}

impl<'a> Case<'a> {
    /// Looks at a patient in a period.
    pub(super) fn new(state: &'a MeasureState, period: MeasurementPeriod) -> Self {
        let mut case = Self {
            records: &state.records,
            period,
            gender: CareGender::Other,
            born: None,
        };
        // Of several that were merged, the one that was said last; one that went says nothing of the patient.
        let mut known = None;
        for record in &state.records {
            if let Some(CareFact {
                detail: CareDetail::Patient { born, gender },
                ..
            }) = &record.fact
                && known < Some((born.is_some(), record.known, record.event))
            {
                known = Some((born.is_some(), record.known, record.event));
                (case.born, case.gender) = (*born, *gender);
            }
        }
        case
    }

    /// Gives the age in whole years on a day.
    pub(super) fn age_at(&self, day: Date) -> Option<AgeYears> {
        AgeYears::at(self.born, day)
    }

    /// Gives the age at the end of the period.
    pub(super) fn age_at_end(&self) -> Option<AgeYears> {
        self.age_at(self.period.last_day())
    }

    fn items(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let (clock, born) = (self.period.clock(), self.born);
        self.records.iter().filter_map(move |record| {
            let fact = record.fact.as_ref()?;
            Some(Item {
                record,
                fact,
                clock,
                born,
            })
        })
    }

    /// Gives all visits.
    pub(super) fn visits(&self) -> impl Iterator<Item = Visit<'a>> + use<'a> {
        self.items().filter_map(|item| {
            let CareDetail::Encounter {
                class,
                discharge,
                diagnoses,
                places,
            } = &item.fact.detail
            else {
                return None;
            };
            Some(Visit {
                item,
                class: *class,
                discharge: *discharge,
                diagnoses,
                places,
            })
        })
    }

    /// Gives the visits of a kind.
    pub(super) fn visits_of(&self, kinds: Members) -> impl Iterator<Item = Visit<'a>> + use<'a> {
        self.visits()
            .filter(move |visit| visit.item.fact.members.any(kinds))
    }

    /// Gives all diagnoses and problems.
    fn problems(&self) -> impl Iterator<Item = Problem<'a>> + use<'a> {
        self.items().filter_map(|item| {
            let CareDetail::Condition {
                active,
                abatement,
                site,
            } = &item.fact.detail
            else {
                return None;
            };
            Some(Problem {
                item,
                site: *site,
                prevalence: prevalence_interval(&item, *abatement, *active),
            })
        })
    }

    /// Gives the diagnoses and problems of a kind.
    pub(super) fn problems_of(
        &self,
        kinds: Members,
    ) -> impl Iterator<Item = Problem<'a>> + use<'a> {
        self.problems()
            .filter(move |problem| problem.item.fact.members.any(kinds))
    }

    /// Gives everything measured, found or answered.
    pub(super) fn measured(&self) -> impl Iterator<Item = Measured<'a>> + use<'a> {
        self.items().filter_map(|item| {
            let CareDetail::Observation {
                survey,
                laboratory,
                pressure,
                value,
                components,
                encounter,
            } = &item.fact.detail
            else {
                return None;
            };
            Some(Measured {
                item,
                survey: *survey,
                laboratory: *laboratory,
                pressure: *pressure,
                value: *value,
                components,
                encounter: *encounter,
            })
        })
    }

    /// Gives what of a kind was measured, found or answered.
    pub(super) fn measured_of(
        &self,
        kinds: Members,
    ) -> impl Iterator<Item = Measured<'a>> + use<'a> {
        self.measured()
            .filter(move |found| found.item.fact.members.any(kinds))
    }

    /// Gives what of a kind was done.
    pub(super) fn procedures_of(&self, kinds: Members) -> impl Iterator<Item = Item<'a>> + use<'a> {
        self.items().filter(move |item| {
            matches!(item.fact.detail, CareDetail::Procedure) && item.fact.members.any(kinds)
        })
    }

    /// Gives the services of a kind that were asked for, and whether each is an order.
    pub(super) fn services_of(
        &self,
        kinds: Members,
    ) -> impl Iterator<Item = (Item<'a>, bool)> + use<'a> {
        self.items().filter_map(move |item| {
            let CareDetail::ServiceRequest { ordered } = item.fact.detail else {
                return None;
            };
            item.fact.members.any(kinds).then_some((item, ordered))
        })
    }

    /// Gives the devices of a kind that were ordered: `isDeviceOrder`.
    pub(super) fn device_orders_of(
        &self,
        kinds: Members,
    ) -> impl Iterator<Item = Item<'a>> + use<'a> {
        self.items().filter(move |item| {
            let CareDetail::DeviceRequest { ordered } = item.fact.detail else {
                return false;
            };
            ordered && item.fact.members.any(kinds) && item.is_standing()
        })
    }

    /// Gives the medications of a kind that are asked for: `isMedicationActive`.
    pub(super) fn active_medications_of(
        &self,
        kinds: Members,
    ) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let case = *self;
        self.items().filter(move |item| {
            let CareDetail::MedicationRequest {
                ordered,
                medication,
            } = item.fact.detail
            else {
                return false;
            };
            ordered && item.is(CareStatus::Active) && case.is_medication(item, medication, kinds)
        })
    }

    /// Gives the medications of a kind that were given.
    pub(super) fn given_of(&self, kinds: Members) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let case = *self;
        self.items().filter(move |item| {
            let CareDetail::MedicationAdministration { medication } = item.fact.detail else {
                return false;
            };
            item.is(CareStatus::Completed) && case.is_medication(item, medication, kinds)
        })
    }

    /// Says whether a medication is of a kind, by its own codes or those of the resource it names.
    fn is_medication(&self, item: &Item<'_>, named: Option<u64>, kinds: Members) -> bool {
        let elsewhere = || {
            self.items().any(|other| {
                matches!(other.fact.detail, CareDetail::Medication)
                    && named == Some(other.fact.resource)
                    && other.fact.members.any(kinds)
            })
        };
        item.fact.members.any(kinds) || named.is_some() && elsewhere()
    }

    /// Finds the visit that a reference names.
    pub(super) fn visit(&self, resource: u64) -> Option<Visit<'a>> {
        self.visits()
            .find(|visit| visit.item.fact.resource == resource)
    }

    /// Finds the diagnosis that a reference names.
    pub(super) fn problem(&self, resource: u64) -> Option<Problem<'a>> {
        self.problems()
            .find(|problem| problem.item.fact.resource == resource)
    }

    /// Says whether the place that a reference names is of a kind.
    pub(super) fn is_place(&self, resource: u64, kind: Set) -> bool {
        self.items().any(|item| {
            matches!(item.fact.detail, CareDetail::Location)
                && item.fact.resource == resource
                && item.fact.members.any(kind.members())
        })
    }
}

impl Item<'_> {
    /// Says whether it comes of an adjudicated claim, where only such are asked for.
    pub(super) fn is_from(&self, claim: bool) -> bool {
        !claim || self.record.source == Source::Claim
    }

    /// Says whether its status is this.
    pub(super) fn is(&self, status: CareStatus) -> bool {
        self.fact.status == status
    }

    /// Says whether a request stands: active or completed.
    pub(super) const fn is_standing(&self) -> bool {
        matches!(self.fact.status, CareStatus::Active | CareStatus::Completed)
    }

    /// Says whether it is of a kind.
    pub(super) fn is_in(&self, kind: Set) -> bool {
        self.fact.members.any(kind.members())
    }

    /// Gives when it was, as a span.
    pub(super) fn span(&self) -> Option<Span> {
        self.interval(self.fact.when)
    }

    /// `toInterval`: an age lasts from the day it is reached to the day before the next one is.
    fn interval(&self, when: When) -> Option<Span> {
        let When::Age(from, to) = when else {
            return self.clock.span(when);
        };
        let (first, last) = (reaches(self.born, from)?, reaches(self.born, to)?);
        let after = last.checked_add(jiff::ToSpan::year(1)).ok()?;
        Some(Span::until(midnight(first), midnight(after)))
    }

    /// Gives when it was, in days.
    pub(super) fn days(&self) -> Option<Span> {
        self.span().map(Span::days)
    }

    /// Gives when it started, unless nobody knows.
    pub(super) fn start(&self) -> Option<Point> {
        self.span()?.start()
    }

    /// Gives when it ended, unless nobody knows.
    pub(super) fn end(&self) -> Option<Point> {
        self.span()?.end()
    }

    /// Gives the end of it where it has one, else its start.
    pub(super) fn latest(&self) -> Option<Point> {
        self.span()?.latest()
    }

    /// Gives the start of it where it has one, else its end.
    pub(super) fn earliest(&self) -> Option<Point> {
        self.span()?.earliest()
    }
}

impl Visit<'_> {
    /// `isEncounterPerformed`.
    pub(super) const fn is_performed(&self) -> bool {
        matches!(
            self.item.fact.status,
            CareStatus::Finished
                | CareStatus::Arrived
                | CareStatus::Triaged
                | CareStatus::InProgress
                | CareStatus::OnLeave
        )
    }

    /// Says whether it is over.
    pub(super) fn is_finished(&self) -> bool {
        self.item.is(CareStatus::Finished)
    }

    /// Gives when the patient was at a place.
    pub(super) fn stay(&self, place: &Place) -> Option<Span> {
        self.item.clock.span(place.when)
    }
}

impl Measured<'_> {
    /// Says whether it was released: `isDiagnosticStudyPerformed`, `isObservationBP`.
    pub(super) const fn is_released(&self) -> bool {
        matches!(
            self.item.fact.status,
            CareStatus::Final | CareStatus::Amended | CareStatus::Corrected
        )
    }

    /// `isAssessmentPerformed`.
    pub(super) const fn is_assessment_performed(&self) -> bool {
        self.survey && self.is_released()
    }

    /// `isLaboratoryTestPerformed`.
    pub(super) const fn is_laboratory_test_performed(&self) -> bool {
        self.laboratory && self.is_released()
    }

    /// `isSymptom`.
    pub(super) const fn is_symptom(&self) -> bool {
        self.is_released() || matches!(self.item.fact.status, CareStatus::Preliminary)
    }

    /// `isLaboratory`.
    pub(super) const fn is_laboratory(&self) -> bool {
        self.laboratory
    }

    /// Says whether the answer is in a value set.
    pub(super) fn answers(&self, set: Set) -> bool {
        matches!(self.value, CareValue::Coded(members) if members.any(set.members()))
    }
}

/// From onset to abatement: `prevalenceInterval`. A condition that is active and has not abated goes on. One that is
/// neither has none: there the function queries an end that is null, and CQL gives null for that (HL7 FHIR-40225).
fn prevalence_interval(item: &Item<'_>, abatement: When, active: bool) -> Option<Span> {
    let start = item.span().and_then(Span::start);
    let end = match abatement {
        // The end of a period of abatement is no part of it.
        When::Period(_, end) => end.map(|end| item.clock.point(end).previous()),
        When::Unsaid | When::At(_) | When::Age(..) => item.interval(abatement).and_then(Span::end),
    };
    (active || end.is_some()).then(|| Span::open(start, end))
}

/// Gives any of several value sets.
pub(super) const fn any_of<const N: usize>(sets: [Set; N]) -> Members {
    let mut all = Members::NONE;
    let mut place = 0;
    while place < N {
        all = all.and(sets[place].members());
        place += 1;
    }
    all
}
