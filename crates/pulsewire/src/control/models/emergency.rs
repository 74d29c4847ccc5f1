//! The board of emergency departments: how each stands at this moment, and whose clock runs out next.

use clinical::{Decimal, EventTime, PatientKey, Permit};
use ui::{EmergencyBoard, EmergencyRow, EmergencyUnit, Link, Severity};
use workloads::throughput::{
    Clock, ClockRule, Crowding, Department, Milestone, Stage, UnitState, Visit, VisitKey, breached,
    own_clocks, running, whole_minutes,
};

use super::alert::label;
use crate::control::Control;
use crate::control::page::Forms;
use crate::views::Views;

/// The forms of the page.
pub(in crate::control) const FORMS: Forms<EmergencyBoard> = [
    ui::emergency_page,
    ui::emergency_fragment,
    ui::emergency_live,
];
/// So many patients of a unit stand on the page.
const ROWS_MAX: usize = 300;

/// The board as it stands now.
pub(in crate::control) fn board(control: &Control, now_us: i64, permit: &Permit) -> EmergencyBoard {
    let now = EventTime::from_micros(now_us);
    let Some(department) = &control.config.workloads.emergency else {
        return EmergencyBoard {
            is_enabled: false,
            units: Vec::new(),
        };
    };
    let views = control.views.read();
    let board = views.emergency.board();
    let units = board.units().into_iter();
    let units = units.map(|name| unit(&views, department, name, now, permit));
    EmergencyBoard {
        is_enabled: true,
        units: units.collect(),
    }
}

fn unit(
    views: &Views,
    department: &Department,
    name: &str,
    now: EventTime,
    permit: &Permit,
) -> EmergencyUnit {
    let board = views.emergency.board();
    let state = board.unit(name, now, department.beds.get(name).copied());
    let there = board.there(name, now);
    // The measure has limits of its own, whatever clocks a site has set.
    let measure = own_clocks();
    let mut rows: Vec<EmergencyRow> = there
        .iter()
        .map(|(key, visit)| EmergencyRow {
            measured: measured(&measure, visit, now),
            ..row(views, department, *key, visit, now, permit)
        })
        .collect();
    let counted = rows.iter().filter(|row| !row.measured.is_empty()).count();
    rows.sort_by_key(|row| {
        (
            row.next.as_ref().map_or(i64::MAX, |(_, at, _)| *at),
            row.arrived_us,
        )
    });
    let hidden = rows.len().saturating_sub(ROWS_MAX) as u64;
    rows.truncate(ROWS_MAX);
    EmergencyUnit {
        name: name.to_owned(),
        crowding: state.nedocs.zip(state.crowding).map(|(score, band)| {
            let score = score.round().normalize().to_string();
            (score, band.words().to_owned(), severity(band))
        }),
        facts: facts(&state, counted),
        rows,
        hidden,
    }
}

const fn severity(band: Crowding) -> Severity {
    match band {
        Crowding::NotBusy | Crowding::Busy => Severity::Low,
        Crowding::ExtremelyBusy => Severity::Medium,
        Crowding::Overcrowded => Severity::High,
        Crowding::SeverelyOvercrowded | Crowding::DangerouslyOvercrowded => Severity::Critical,
    }
}

fn facts(state: &UnitState, counted: usize) -> Vec<(String, String)> {
    let minutes = |of: Option<Decimal>| {
        of.map_or_else(
            || "none yet".to_owned(),
            |of| format!("{} min", of.normalize()),
        )
    };
    let facts = [
        ("Patients", state.patients.to_string()),
        ("Waiting for a room", state.waiting.to_string()),
        ("Boarding", state.boarding.to_string()),
        ("Counted by CMS1244", counted.to_string()),
        (
            "Longest boarding",
            format!("{} min", state.longest_boarding_minutes),
        ),
        ("Ventilated", state.ventilated.to_string()),
        ("Left, last 24 h", state.departed.to_string()),
        ("Of these unseen", state.left_unseen.to_string()),
        ("Median door to room", minutes(state.door_to_room)),
        ("Median door to provider", minutes(state.door_to_provider)),
        ("Median stay", minutes(state.length_of_stay)),
        ("Median boarding", minutes(state.boarding_time)),
    ];
    facts.map(|(what, value)| (what.to_owned(), value)).into()
}

fn row(
    views: &Views,
    department: &Department,
    key: VisitKey,
    visit: &Visit,
    now: EventTime,
    permit: &Permit,
) -> EmergencyRow {
    let told = views.emergency.told(key);
    let patient = told.and_then(|told| PatientKey::parse(&told.patient));
    let patient = patient.unwrap_or_default();
    let running = running(&department.clocks, visit, now);
    let next = running.first().map(|due| {
        let severity = match due.reached {
            Some(Stage::Breached) => Severity::High,
            Some(Stage::Warned) => Severity::Medium,
            None => Severity::None,
        };
        (words(due.clock).to_owned(), due.breaches.micros(), severity)
    });
    let is_over = |due: &&workloads::throughput::Due| due.reached == Some(Stage::Breached);
    let over = running.iter().skip(1).filter(is_over);
    EmergencyRow {
        patient: Link::to(
            label(views, patient, permit),
            format!("/patients/{patient}"),
        ),
        acuity: told.and_then(|told| told.acuity),
        place: told.map(|told| told.place.clone()).unwrap_or_default(),
        is_waiting: told.is_some_and(|told| told.waiting),
        step: step(visit, now),
        measured: Vec::new(),
        arrived_us: visit.at(Milestone::Arrival).unwrap_or_default().micros(),
        next,
        over: over
            .map(|due| format!("{} ran out, too", words(due.clock)))
            .collect(),
    }
}

/// For what a visit counts in the measure of access and timeliness by now, whatever becomes of it.
fn measured(measure: &[ClockRule], visit: &Visit, now: EventTime) -> Vec<String> {
    let all = breached(measure, visit, now);
    let words = all.map(|rule| {
        let what = match rule.clock {
            Clock::Room => "waited for a room",
            Clock::Provider => "waited for a provider",
            Clock::Boarding => "boarded",
            Clock::Stay => "stayed",
        };
        format!("CMS1244: {what} more than {} min", rule.breaches_after)
    });
    words.collect()
}

const fn words(clock: Clock) -> &'static str {
    match clock {
        Clock::Room => "treatment room",
        Clock::Provider => "provider",
        Clock::Boarding => "bed upstairs",
        Clock::Stay => "end of the stay",
    }
}

/// How far a visit has come, in words.
fn step(visit: &Visit, now: EventTime) -> String {
    let since = |milestone| whole_minutes(visit.at(milestone)?, now);
    if let Some(minutes) = visit.to_be_admitted().and_then(|at| whole_minutes(at, now)) {
        return format!("to be admitted for {minutes} min");
    }
    match (since(Milestone::Room), since(Milestone::Provider)) {
        (_, Some(_)) => "seen by a provider".to_owned(),
        (Some(minutes), None) => format!("in a room for {minutes} min"),
        (None, None) if visit.at(Milestone::Triage).is_some() => {
            "judged, waits for a room".to_owned()
        }
        (None, None) => "waits for a room".to_owned(),
    }
}
