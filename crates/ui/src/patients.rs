//! Patients: the list, and one patient's hours as charts, results, stays and alerts.

use askama::Template;

use crate::alerts::{AlertRow, AlertTable};
use crate::frame::{self, Choice, Choices, Frame, Link, Place, render};
use crate::mark::Severity;
use crate::number;
use crate::patient_charts::{self, TimedChart};
use crate::shown::{Pages, Shown};
use crate::stamp::Clock;

/// A score with what it means.
#[derive(Clone, Debug)]
pub struct Score {
    /// The score's name, such as `NEWS2`.
    pub name: String,
    /// Its value.
    pub value: i64,
    /// How much it matters.
    pub severity: Severity,
    /// The clinical time it speaks of.
    pub as_of_us: i64,
}

/// A patient in a list.
#[derive(Clone, Debug)]
pub struct PatientRow {
    /// The patient's pseudonym, as in the address.
    pub id: String,
    /// The name, or the pseudonym's beginning where the viewer may not see it.
    pub label: String,
    /// The birth date as the source has it.
    pub birth_date: Option<String>,
    /// Where the patient is.
    pub location: Option<String>,
    /// How many alerts are open.
    pub open_alerts: u64,
    /// The most severe of them.
    pub severity: Option<Severity>,
    /// The newest score.
    pub score: Option<Score>,
    /// When the last event came.
    pub last_event_us: i64,
}

/// What the list of patients shows.
#[derive(Clone, Debug)]
pub struct PatientList {
    /// The patients, most urgent first.
    pub rows: Vec<PatientRow>,
    /// How many are known in all.
    pub total: u64,
    /// Which of them these are.
    pub shown: Shown,
}

/// How much of a patient's time is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Window {
    /// Six hours.
    Hours6,
    /// A day.
    #[default]
    Hours24,
    /// Two days.
    Hours48,
}

impl Window {
    /// All of them, shortest first.
    pub const ALL: [Self; 3] = [Self::Hours6, Self::Hours24, Self::Hours48];

    /// Gives the word for it in an address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hours6 => "6h",
            Self::Hours24 => "24h",
            Self::Hours48 => "48h",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.word() == word)
    }

    /// Gives its length.
    pub const fn length_us(self) -> i64 {
        const HOUR_US: i64 = 3_600_000_000;
        match self {
            Self::Hours6 => 6 * HOUR_US,
            Self::Hours24 => 24 * HOUR_US,
            Self::Hours48 => 48 * HOUR_US,
        }
    }
}

/// How a value came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PointKind {
    /// In time.
    #[default]
    Timely,
    /// After its hour had been scored.
    Late,
    /// In place of another that was wrong.
    Corrected,
    /// It was taken back: it is shown and counts for nothing.
    Withdrawn,
}

impl PointKind {
    /// Gives the words for it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Timely => "in time",
            Self::Late => "late",
            Self::Corrected => "corrected",
            Self::Withdrawn => "taken back",
        }
    }
}

/// What was believed before something was corrected, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The value as the source wrote it then.
    pub text: String,
    /// When that was known.
    pub known_us: i64,
}

/// A value of a vital sign.
#[derive(Clone, Debug)]
pub struct VitalPoint {
    /// When it was true.
    pub at_us: i64,
    /// When it could be known.
    pub known_us: i64,
    /// The value to draw.
    pub value: f64,
    /// The value as the source wrote it, without the unit.
    pub text: String,
    /// How it came to be known.
    pub kind: PointKind,
    /// What was believed before it was corrected.
    pub before: Option<Before>,
}

/// One vital sign over time.
#[derive(Clone, Debug)]
pub struct Vital {
    /// One word for it, such as `respiration`.
    pub key: String,
    /// What people call it.
    pub label: String,
    /// The unit.
    pub unit: String,
    /// Its values, oldest first.
    pub points: Vec<VitalPoint>,
    /// The range that scores nothing.
    pub reference: Option<(f64, f64)>,
    /// The range the chart shows at least.
    pub scale: (f64, f64),
}

/// A score at a time.
#[derive(Clone, Debug)]
pub struct ScorePoint {
    /// The clinical time it speaks of.
    pub at_us: i64,
    /// The score as it is known now; nothing where it was taken back.
    pub value: Option<i64>,
    /// The score as it was first known.
    pub first_known: Option<i64>,
    /// When it was known as it is now.
    pub known_us: i64,
    /// When it was first known.
    pub first_known_us: i64,
    /// How often it was revised.
    pub revisions: u64,
    /// The line a clinician reads.
    pub summary: String,
}

/// A laboratory result.
#[derive(Clone, Debug)]
pub struct ResultRow {
    /// What was measured.
    pub what: String,
    /// The value with its unit.
    pub value: String,
    /// The source's own flag, such as `HH`; may be empty.
    pub flag: String,
    /// How much the flag matters.
    pub severity: Severity,
    /// The range the source gives; may be empty.
    pub reference: String,
    /// Its status, such as `final` or `corrected`.
    pub status: String,
    /// When it was true.
    pub at_us: i64,
    /// When it came.
    pub received_us: i64,
    /// How long after it was true it came, where that is late.
    pub late_us: Option<i64>,
    /// What was believed before it was corrected.
    pub before: Option<Before>,
}

/// What a workload said of the patient, as it stands.
#[derive(Clone, Debug)]
pub struct FindingRow {
    /// The page that explains it.
    pub explained: Link,
    /// The workload.
    pub workload: Link,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it was taken back.
    pub taken_back: bool,
    /// Counted from 1.
    pub revision: u64,
    /// The clinical time that it speaks of.
    pub as_of_us: i64,
    /// When it was first said.
    pub first_known_us: i64,
    /// When it was said as it stands.
    pub known_us: i64,
}

/// That what is shown is what was known at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The moment.
    pub at_us: i64,
    /// What arrived before this was not read: there is more than is read at once, or it is no longer kept.
    pub read_from_us: Option<i64>,
}

/// A stay or visit.
#[derive(Clone, Debug)]
pub struct EncounterRow {
    /// What kind, such as `inpatient`.
    pub class: String,
    /// Its status, such as `in progress`.
    pub status: String,
    /// Where; may be empty.
    pub location: String,
    /// When it began.
    pub start_us: Option<i64>,
    /// When it ended.
    pub end_us: Option<i64>,
}

/// One patient's hours.
#[derive(Clone, Debug)]
pub struct Patient {
    /// The patient's pseudonym, as in the address.
    pub id: String,
    /// The name, where the viewer may see it.
    pub name: Option<String>,
    /// The birth date, where the viewer may see it.
    pub birth_date: Option<String>,
    /// The administrative gender.
    pub gender: Option<String>,
    /// Where the patient is.
    pub location: Option<String>,
    /// What else must be known, such as a merge; may be empty.
    pub note: String,
    /// The identity that took this one's place.
    pub survivor: Option<Link>,
    /// That this is what was known at a moment; nothing where it is what is known now.
    pub known: Option<Known>,
    /// How much time is shown.
    pub window: Window,
    /// The end of it.
    pub until_us: i64,
    /// The newest score.
    pub score: Option<Score>,
    /// The scores of the window, oldest first.
    pub scores: Vec<ScorePoint>,
    /// The vital signs of the window.
    pub vitals: Vec<Vital>,
    /// The results, newest first.
    pub results: Vec<ResultRow>,
    /// The stays and visits, newest first.
    pub encounters: Vec<EncounterRow>,
    /// The alerts, newest first.
    pub alerts: Vec<AlertRow>,
    /// What workloads said that matters, newest first.
    pub findings: Vec<FindingRow>,
    /// The moments that can be looked back to from here, with what happened then.
    pub moments: Vec<(String, i64)>,
}

impl Patient {
    /// The page with another window and moment; none is now.
    fn path(&self, clock: &Clock, window: Window, known_us: Option<i64>) -> String {
        let known = known_us.map(|at| clock.rfc3339(at));
        let chosen = [("window", Some(window.word())), ("known", known.as_deref())];
        frame::filtered(&format!("/patients/{}", self.id), chosen)
    }
}

/// Makes the list of patients as a page.
pub fn patients_page(frame: &Frame, list: &PatientList) -> String {
    let body = render(&ListPage {
        live: patients_fragment(frame, list),
    });
    frame::page(frame, Place::Patients, "Patients", &body)
}

/// Makes the list of patients as the element that stays live.
pub fn patients_fragment(frame: &Frame, list: &PatientList) -> String {
    let path = format!("/live{}", address(list.shown.query().as_deref()));
    frame::live("patients", &path, &patients_live(frame, list))
}

/// Makes what is inside the live element, for its stream.
pub fn patients_live(frame: &Frame, list: &PatientList) -> String {
    render(&List {
        clock: frame.clock(),
        pages: list.shown.line("patients", address),
        list,
    })
}

fn address(page: Option<&str>) -> String {
    frame::filtered("/patients", [("page", page)])
}

/// Makes one patient's hours as a page.
pub fn patient_page(frame: &Frame, patient: &Patient) -> String {
    let clock = frame.clock();
    let at_us = patient.known.map_or(frame.now_us, |known| known.at_us);
    let body = render(&OnePage {
        live: patient_fragment(frame, patient),
        moment: clock.format(at_us, "%Y-%m-%dT%H:%M:%S"),
        clock,
        patient,
    });
    let name = patient.name.as_deref().unwrap_or("Patient");
    let title = match patient.known {
        Some(_) => format!("{name}, as it was known"),
        None => name.to_owned(),
    };
    frame::page(frame, Place::Patients, &title, &body)
}

/// Makes one patient's hours as the element that stays live; what was known at a moment stays as it is.
pub fn patient_fragment(frame: &Frame, patient: &Patient) -> String {
    let html = patient_live(frame, patient);
    if patient.known.is_some() {
        return frame::still("patient", &html);
    }
    let window = patient.window.word();
    let path = format!("/live/patients/{}?window={window}", patient.id);
    frame::live("patient", &path, &html)
}

/// Makes what is inside the live element, for its stream.
pub fn patient_live(frame: &Frame, patient: &Patient) -> String {
    let clock = frame.clock();
    let known_us = patient.known.map(|known| known.at_us);
    let windows = Window::ALL.map(|window| Choice {
        text: window.word().to_owned(),
        href: patient.path(&clock, window, known_us),
        count: None,
        current: window == patient.window,
    });
    let now = Choice {
        text: "now".to_owned(),
        href: patient.path(&clock, patient.window, None),
        count: None,
        current: known_us.is_none(),
    };
    let moments = patient.moments.iter().map(|(words, at_us)| Choice {
        text: format!("{words} {}", clock.short(*at_us)),
        href: patient.path(&clock, patient.window, Some(*at_us)),
        count: None,
        current: known_us == Some(*at_us),
    });
    render(&One {
        windows: Choices {
            label: "Time shown",
            name: "choice",
            target: "patient",
            choices: windows.into(),
        },
        moments: Choices {
            label: "As it was known",
            name: "known",
            target: "patient",
            choices: std::iter::once(now).chain(moments).collect(),
        },
        score_chart: patient_charts::score(&clock, patient),
        vital_charts: patient_charts::vitals(&clock, patient),
        alerts: AlertTable::new(frame, &patient.alerts, "Alerts, newest first"),
        clock,
        patient,
    })
}

#[derive(Template)]
#[template(path = "patients.html")]
struct ListPage {
    live: String,
}

#[derive(Template)]
#[template(path = "patients_live.html")]
struct List<'a> {
    clock: Clock,
    pages: Pages,
    list: &'a PatientList,
}

#[derive(Template)]
#[template(path = "patient.html")]
struct OnePage<'a> {
    live: String,
    /// A moment as an input of a form holds it.
    moment: String,
    clock: Clock,
    patient: &'a Patient,
}

#[derive(Template)]
#[template(path = "patient_live.html")]
struct One<'a> {
    clock: Clock,
    windows: Choices<'a>,
    moments: Choices<'a>,
    score_chart: TimedChart,
    vital_charts: Vec<TimedChart>,
    alerts: AlertTable<'a>,
    patient: &'a Patient,
}

impl One<'_> {
    fn full(&self, at_us: &i64) -> String {
        self.clock.full(*at_us)
    }

    fn short(&self, at_us: &i64) -> String {
        self.clock.short(*at_us)
    }

    fn age(&self, at_us: &i64) -> String {
        self.clock.age(*at_us)
    }
}
