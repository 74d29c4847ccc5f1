//! CMS1244 (0.2.001) and CMS1264 (0.3.001), Emergency Care Access & Timeliness: of hospitals and of rural emergency
//! hospitals. They differ in what ends the wait for a bed: an admission there, a transfer here.

use clinical::{CareStatus, CareValue};
use jiff::civil::Date;

use super::case::{Case, Item, Visit};
use super::outcome::{Episode, events};
use super::period::civil;
use super::record::Record;
use super::set::Set;
use super::time::{DAY, MINUTE, Point, Span};
use super::truth::holds;

/// "Time to Treatment Room Greater Than 60 Minutes".
const TREATMENT_ROOM: i64 = 61 * MINUTE;
/// "Boarded Time Greater Than 240 Minutes".
const BOARDED: i64 = 241 * MINUTE;
/// "ED Length of Stay Greater Than 480 Minutes".
const LENGTH_OF_STAY: i64 = 481 * MINUTE;

/// Which of the two measures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// CMS1244
    Hospital,
    /// CMS1264
    RuralEmergencyHospital,
}

/// Says what the measure finds of each visit to the emergency department.
pub(super) fn evaluate(case: &Case<'_>, kind: Kind) -> Vec<Episode> {
    let visits = initial_population(case, kind);
    let observed = observation_status(case, &visits);
    let decisions = match kind {
        Kind::Hospital => decisions_to_admit(case, &visits),
        Kind::RuralEmergencyHospital => decision_to_transfer(case).into_iter().collect(),
    };
    visits
        .iter()
        .map(|visit| {
            let (is_in_numerator, shown) = numerator(case, visit, &observed, &decisions);
            let mut evidence: Vec<&Record> = shown.into_iter().collect();
            evidence.push(visit.item.record);
            Episode {
                visit: Some(visit.item.record.event),
                is_in_numerator,
                stratum: stratum(case, kind, visit),
                evidence: events(&evidence),
                ..Episode::default()
            }
        })
        .collect()
}

/// "Initial Population": "ED Encounter" and "ED Triage".
fn initial_population<'a>(case: &Case<'a>, kind: Kind) -> Vec<Visit<'a>> {
    let year = case.period.days();
    let in_population = |visit: &Visit<'_>| {
        let seen = visit.item.is_in(Set::EmergencyEvaluationVisit)
            && (visit.is_finished() || kind == Kind::RuralEmergencyHospital);
        let ends = visit.item.days().and_then(Span::end);
        (seen || visit.item.is_in(Set::Triage)) && holds(year.contains(ends))
    };
    case.visits().filter(in_population).collect()
}

/// "Numerator": says whether the visit is in it, and which decision shows that where one does.
fn numerator<'a>(
    case: &Case<'a>,
    visit: &Visit<'a>,
    observed: &[Observed],
    decisions: &[Decision<'a>],
) -> (bool, Option<&'a Record>) {
    let arrival = last_start(case, visit, Set::EmergencyLocation);
    let departure = last_end(case, visit, Set::EmergencyLocation);
    let treated = last_start(case, visit, Set::EmergencyTreatmentLocation);
    let left_unseen =
        visit.item.is_in(Set::Triage) && visit.discharge.any(Set::LeftWithoutBeingSeen.members());
    if is_long_before(arrival, TREATMENT_ROOM, treated) || left_unseen {
        return (true, None);
    }
    let span = visit.item.span();
    if span.is_some_and(|span| observed.iter().any(|status| status.is_of(span))) {
        return (false, None);
    }
    let boarded = decisions
        .iter()
        .find(|decision| is_long_before(Some(decision.time), BOARDED, departure));
    let long_stay = is_long_before(arrival, LENGTH_OF_STAY, departure);
    (
        boarded.is_some() || long_stay,
        boarded.map(|decision| decision.record),
    )
}

/// Says whether one time is so much or more before another.
fn is_long_before(one: Option<Point>, milliseconds: i64, other: Option<Point>) -> bool {
    let times = one.zip(other);
    times.is_some_and(|(one, other)| holds(one.at_or_before(other.plus(-milliseconds))))
}

/// "EDArrivalTime" and "EDTreatmentRoomTimeArrivalTime".
fn last_start(case: &Case<'_>, visit: &Visit<'_>, kind: Set) -> Option<Point> {
    let places = visit.places.iter();
    let places = places.filter(|place| case.is_place(place.location, kind));
    places.filter_map(|place| visit.stay(place)?.start()).max()
}

/// "EDDepartureTime": of a place that the patient has not left, the end of time.
fn last_end(case: &Case<'_>, visit: &Visit<'_>, kind: Set) -> Option<Point> {
    let places = visit.places.iter();
    let places = places.filter(|place| case.is_place(place.location, kind));
    places.filter_map(|place| visit.stay(place)?.end()).max()
}

/// A stay in observation, or an order for one, during a visit.
enum Observed {
    Visit(Span),
    Order(Option<Point>),
}

impl Observed {
    /// Says whether it starts during a visit.
    fn is_of(&self, visit: Span) -> bool {
        match self {
            Self::Visit(span) => holds(visit.contains(span.start())),
            Self::Order(authored) => holds(visit.contains(*authored)),
        }
    }
}

/// "ED Observation Status".
fn observation_status(case: &Case<'_>, visits: &[Visit<'_>]) -> Vec<Observed> {
    let any = |during: &dyn Fn(Span) -> bool, only_finished: bool| {
        let mut visits = visits
            .iter()
            .filter(|visit| visit.is_finished() || !only_finished);
        visits.any(|visit| visit.item.span().is_some_and(during))
    };
    // "ED Observation Encounter Status"
    let stays = case
        .visits_of(Set::EmergencyObservation.members())
        .filter(Visit::is_finished)
        .filter_map(|stay| stay.item.span())
        .filter(|stay| any(&|visit| holds(visit.contains(stay.start())), true))
        .filter(|stay| any(&|visit| holds(visit.includes(*stay)), false))
        .map(Observed::Visit);
    // "ED Observation Order Status"
    let orders = case
        .services_of(Set::EmergencyObservation.members())
        .filter(|(order, _)| order.is(CareStatus::Active))
        .map(|(order, _)| order.start())
        .filter(|authored| any(&|visit| holds(visit.contains(*authored)), true))
        .map(Observed::Order);
    stays.chain(orders).collect()
}

/// When it was decided that a patient needs a bed elsewhere.
struct Decision<'a> {
    time: Point,
    record: &'a Record,
}

/// Gives the last of some times, with what says so.
fn last<'a>(times: impl Iterator<Item = (Option<Point>, Item<'a>)>) -> Option<Decision<'a>> {
    times
        .filter_map(|(time, item)| Some((time?, item.record)))
        .max_by_key(|(time, record)| (*time, record.resource))
        .map(|(time, record)| Decision { time, record })
}

/// "TransferDecisionUsingOrder".
fn decision_to_transfer<'a>(case: &Case<'a>) -> Option<Decision<'a>> {
    let is_during_visit = |time: Option<Point>| {
        case.visits_of(Set::EmergencyEvaluationVisit.members())
            .filter(Visit::is_finished)
            .any(|visit| {
                visit
                    .item
                    .span()
                    .is_some_and(|span| holds(span.contains(time)))
            })
    };
    last(
        case.services_of(Set::DecisionToTransfer.members())
            .filter(|(order, ordered)| *ordered && order.is(CareStatus::Completed))
            .map(|(order, _)| (order.start(), order))
            .filter(|(time, _)| is_during_visit(*time)),
    )
}

/// "Decision to Admit Encounter Order", "… Using Assessment", "Time of Admit Order Or Bed Assignment …" and "Admitted to
/// Inpatient …": for each inpatient stay the last of each kind in the emergency visit before it.
fn decisions_to_admit<'a>(case: &Case<'a>, visits: &[Visit<'a>]) -> Vec<Decision<'a>> {
    let year = case.period.days();
    let inpatient: Vec<Visit<'a>> = case
        .visits_of(Set::EncounterInpatient.members())
        .filter(Visit::is_finished)
        .filter(|stay| holds(year.contains(stay.item.days().and_then(Span::end))))
        .collect();
    let bed = Set::EncounterInpatient
        .members()
        .and(Set::BedAssigned.members());
    let mut decisions = Vec::new();
    for stay in &inpatient {
        let Some(emergency) = last_emergency_visit(case, visits, stay) else {
            continue;
        };
        let during = |time: &Option<Point>| holds(emergency.contains(*time));
        decisions.extend(last(
            case.services_of(Set::DecisionToAdmit.members())
                .filter(|(order, ordered)| *ordered && order.is_standing())
                .map(|(order, _)| (order.start(), order))
                .filter(|(time, _)| during(time)),
        ));
        decisions.extend(last(
            case.measured_of(Set::EmergencyEvaluation.members())
                .filter(|found| found.is_released())
                .filter(|found| {
                    found.value != CareValue::None && found.answers(Set::AdmitInpatient)
                })
                .map(|found| (found.item.start(), found.item))
                .filter(|(time, _)| during(time)),
        ));
        decisions.extend(last(
            case.services_of(bed)
                .map(|(order, _)| (order.start(), order))
                .filter(|(time, _)| during(time)),
        ));
        decisions.extend(last(
            inpatient
                .iter()
                .map(|stay| (stay.item.start(), stay.item))
                .filter(|(time, _)| during(time)),
        ));
    }
    decisions
}

/// "LastEDEncounter": gives when the patient was there.
fn last_emergency_visit(case: &Case<'_>, visits: &[Visit<'_>], stay: &Visit<'_>) -> Option<Span> {
    let admitted = stay.item.start()?;
    let day_before = Span::between(admitted.plus(-DAY), admitted);
    let year = case.period.span();
    visits
        .iter()
        .filter(|visit| visit.item.is_in(Set::EmergencyEvaluationVisit) && visit.is_finished())
        .filter(|visit| {
            let start = visit.item.start();
            let is_earlier = start.is_some_and(|start| holds(start.before(admitted)));
            holds(day_before.contains(start)) && is_earlier
        })
        .filter(|visit| {
            visit
                .item
                .span()
                .is_some_and(|span| holds(year.includes(span)))
        })
        .max_by_key(|visit| (visit.item.end(), visit.item.record.resource))?
        .item
        .span()
}

/// "Stratification 1" to "… 4": by age, and by whether the principal diagnosis is one of mental health.
fn stratum(case: &Case<'_>, kind: Kind, visit: &Visit<'_>) -> Option<u8> {
    let day: Option<Date> = match kind {
        Kind::Hospital => Some(case.period.first_day()),
        Kind::RuralEmergencyHospital => visit.item.start().and_then(|start| civil(start.low)),
    };
    let age = case.age_at(day?)?;
    // `principalDiagnosis`
    let principal = visit
        .diagnoses
        .iter()
        .find(|diagnosis| diagnosis.first && diagnosis.used.any(Set::Billing.members()));
    let principal = principal.and_then(|diagnosis| case.problem(diagnosis.condition));
    let mental = principal.is_some_and(|problem| problem.item.is_in(Set::MentalHealthDiagnosis));
    let adult = if age.is_least(18) {
        true
    } else if age.is_under(18) {
        false
    } else {
        return None;
    };
    Some(1 + u8::from(adult) + 2 * u8::from(mental))
}
