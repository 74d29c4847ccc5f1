//! Patients: the list, and one patient's hours.

use clinical::{
    EncounterClass, EncounterStatus, EventTime, ObservationStatus, PatientKey, Permit, ReceivedTime,
};
use mapping::source::Zone;
use ui::{
    EncounterRow, FindingRow, Frame, Known, Link, Patient, PatientList, PatientRow, PointKind,
    ResultRow, Score, ScorePoint, Shown, Vital, VitalPoint, Window,
};

use super::alert::{label, row};
use super::severity;
use crate::control::Control;
use crate::control::page::Refused;
use crate::views::known::{self, as_known};
use crate::views::{self, LATE_AFTER, PatientView, VITALS, Views};

/// The name of the score that is drawn.
const SCORE: &str = "NEWS2";

/// The NEWS2 range that scores nothing, and the range a chart shows at least, by vital sign as [`VITALS`] lists them.
///
/// Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017, chart 1.
const RANGES: [((f64, f64), (f64, f64)); 5] = [
    ((12.0, 20.0), (4.0, 36.0)),
    ((96.0, 100.0), (80.0, 100.0)),
    ((111.0, 219.0), (60.0, 230.0)),
    ((51.0, 90.0), (30.0, 150.0)),
    ((36.1, 38.0), (34.0, 41.0)),
];

/// The list, most urgent first.
pub(in crate::control) fn list(control: &Control, page: u64, permit: &Permit) -> PatientList {
    let views = control.views.read();
    let present = views
        .patients
        .iter()
        .filter(|(_, view)| view.survivor.is_none());
    let mut rows: Vec<_> = present
        .map(|(key, view)| (worst(&views, *key), patient_row(*key, view, &views, permit)))
        .collect();
    rows.sort_by_key(|(worst, row)| {
        let score = row.score.as_ref().map_or(0, |score| score.value);
        std::cmp::Reverse((*worst, score, row.last_event_us))
    });
    let total = rows.len() as u64;
    let shown = Shown::new(page, total);
    let rows = shown.of(rows).map(|(_, row)| row).collect();
    PatientList { rows, total, shown }
}

/// The severity of the worst alert that somebody may still have to act on.
fn worst(views: &Views, key: PatientKey) -> Option<clinical::Severity> {
    let open = views
        .alerts
        .values()
        .filter(|view| view.alert.patient == key && view.alert.state.is_active());
    open.map(|view| view.alert.severity).max()
}

fn patient_row(key: PatientKey, view: &PatientView, views: &Views, permit: &Permit) -> PatientRow {
    let open = || {
        views
            .alerts
            .values()
            .filter(|alert| alert.alert.patient == key && alert.alert.state.is_active())
    };
    PatientRow {
        id: key.to_string(),
        label: label(views, key, permit),
        birth_date: view.birth_date.open(permit).clone(),
        location: view.location().map(str::to_owned),
        open_alerts: open().count() as u64,
        severity: worst(views, key).map(severity),
        score: score(view),
        last_event_us: view.last_received.micros(),
    }
}

fn score(view: &PatientView) -> Option<Score> {
    let (at, found) = view.score()?;
    Some(Score {
        name: SCORE.to_owned(),
        value: i64::from(found.score?),
        severity: severity(found.severity),
        as_of_us: at.micros(),
    })
}

/// Of so many alerts one can look back to when they opened.
const MOMENTS: usize = 3;
/// So long ago one can look back to.
const HOURS_AGO: [i64; 3] = [1, 4, 12];
const SECOND_MICROS: i64 = 1_000_000;
const HOUR_MICROS: i64 = 60 * 60 * SECOND_MICROS;

/// The page of one patient, as it is known now or was at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::control) struct Asked {
    pub(in crate::control) key: PatientKey,
    pub(in crate::control) window: Window,
    /// The moment as it was written; nothing for now.
    pub(in crate::control) known: Option<String>,
}

/// One patient.
pub(in crate::control) fn one(
    control: &Control,
    asked: &Asked,
    frame: &Frame,
    permit: &Permit,
) -> Result<Patient, Refused> {
    const MISSING: Refused =
        Refused::missing("There is no such patient among those heard of lately.");
    let views = control.views.read();
    let at = asked.known.as_deref().map(|text| moment(text, frame));
    let at = at.transpose()?;
    let Some(at) = at.filter(|at| at.micros() < frame.now_us) else {
        let view = views.patients.get(&asked.key).ok_or(MISSING)?;
        return Ok(Patient {
            moments: moments(&views, asked.key, frame.now_us, frame.now_us),
            ..shown(&views, view, asked, frame.now_us, permit)
        });
    };
    let moments = moments(&views, asked.key, frame.now_us, at.micros());
    let is_known_now = views.patients.contains_key(&asked.key);
    drop(views);
    let Ok(_place) = control.places.looking_back.try_acquire() else {
        return Err(Refused {
            status: 503,
            what: "Others look back at this moment: try again in a few seconds.",
        });
    };
    let known = as_known(
        &*control.journal,
        control.config.journal.partitions,
        asked.key,
        at,
    );
    let known = known.map_err(|error| {
        tracing::error!(%error, "what was known of a patient cannot be read");
        Refused::unreadable()
    })?;
    let nothing = PatientView::default();
    let view = known.views.patients.get(&asked.key);
    let view = view.or(is_known_now.then_some(&nothing)).ok_or(MISSING)?;
    Ok(Patient {
        known: Some(Known {
            at_us: at.micros(),
            read_from_us: known.read_from.map(ReceivedTime::micros),
        }),
        moments,
        ..shown(&known.views, view, asked, at.micros(), permit)
    })
}

/// The moment that is asked for.
fn moment(text: &str, frame: &Frame) -> Result<ReceivedTime, Refused> {
    let zone = Zone::parse(&frame.zone).unwrap_or(Zone::UTC);
    let east = |at| zone.minutes_east(EventTime::from_micros(at));
    known::moment(text, east).ok_or(Refused {
        status: 400,
        what: "This is no time: write it as 2026-03-01T12:30, on the site's clock, or with its offset.",
    })
}

/// What one may want to look at: some hours ago, and when the newest alerts opened of those that were known by then.
fn moments(views: &Views, key: PatientKey, now_us: i64, known_us: i64) -> Vec<(String, i64)> {
    let own = views
        .alerts
        .values()
        .filter(|view| view.alert.patient == key);
    let opened = own.map(|view| view.alert.opened_at.micros());
    // An address has whole seconds, and by the one that follows it was open.
    let whole = |at: i64| {
        at.saturating_add(SECOND_MICROS - 1)
            .div_euclid(SECOND_MICROS)
            * SECOND_MICROS
    };
    let mut opened: Vec<i64> = opened.map(whole).filter(|at| *at <= known_us).collect();
    opened.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
    opened.dedup();
    let opened = opened.into_iter().take(MOMENTS);
    let ago = HOURS_AGO.map(|hours| (format!("{hours} h ago,"), now_us - hours * HOUR_MICROS));
    ago.into_iter()
        .chain(opened.map(|at| ("alert opened".to_owned(), at)))
        .collect()
}

fn shown(
    views: &Views,
    view: &PatientView,
    asked: &Asked,
    now_us: i64,
    permit: &Permit,
) -> Patient {
    let (key, window) = (asked.key, asked.window);
    let until = now_us.max(view.last_event.micros());
    let from = until.saturating_sub(window.length_us());
    let mut alerts: Vec<_> = views
        .alerts
        .values()
        .filter(|alert| alert.alert.patient == key)
        .collect();
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.alert.opened_at));
    Patient {
        id: key.to_string(),
        name: view.name.open(permit).clone(),
        birth_date: view.birth_date.open(permit).clone(),
        gender: view.gender.as_deref().map(str::to_owned),
        location: view.location().map(str::to_owned),
        note: if view.survivor.is_some() {
            "This identity was merged into another.".to_owned()
        } else {
            String::new()
        },
        survivor: view.survivor.map(|survivor| {
            Link::to(
                label(views, survivor, permit),
                format!("/patients/{survivor}"),
            )
        }),
        known: None,
        window,
        until_us: until,
        score: score(view),
        scores: scores(view, from),
        vitals: vitals(view, from),
        results: results(view),
        encounters: encounters(view),
        alerts: alerts
            .iter()
            .map(|alert| row(alert, views, (permit, ReceivedTime::from_micros(now_us))))
            .collect(),
        findings: findings(view, from),
        moments: Vec::new(),
    }
}

/// What workloads said of the time that is shown.
fn findings(view: &PatientView, from: i64) -> Vec<FindingRow> {
    let lines = view.lines.newest_first();
    let lines = lines.filter(|(at, _)| at.micros() >= from);
    let rows = lines.map(|(at, line)| {
        let (partition, offset) = line.place;
        FindingRow {
            explained: Link::to(&*line.summary, format!("/findings/{partition}:{offset}")),
            workload: Link::to(&*line.workload, format!("/workloads/{}", line.workload)),
            severity: severity(line.severity),
            taken_back: line.taken_back,
            revision: u64::from(line.revision),
            as_of_us: at.micros(),
            first_known_us: line.first_known.micros(),
            known_us: line.known.micros(),
        }
    });
    rows.collect()
}

fn scores(view: &PatientView, from: i64) -> Vec<ScorePoint> {
    let shown = view.scores.iter().filter(|(at, _)| at.micros() >= from);
    let points = shown.map(|(at, found)| ScorePoint {
        at_us: at.micros(),
        value: found.score.map(i64::from),
        first_known: found.first.map(i64::from),
        known_us: found.known.micros(),
        first_known_us: found.first_known.micros(),
        revisions: u64::from(found.revision.saturating_sub(1)),
        summary: found.summary.to_string(),
    });
    points.collect()
}

fn vitals(view: &PatientView, from: i64) -> Vec<Vital> {
    let all = VITALS.iter().zip(RANGES).enumerate();
    all.map(
        |(number, ((key, label, unit, _), (reference, scale)))| Vital {
            key: (*key).to_owned(),
            label: (*label).to_owned(),
            unit: (*unit).to_owned(),
            points: points(view, number, from),
            reference: Some(reference),
            scale,
        },
    )
    .collect()
}

fn points(view: &PatientView, number: usize, from: i64) -> Vec<VitalPoint> {
    let of = view
        .vitals
        .iter()
        .filter(|((vital, at, _), _)| *vital == number && at.micros() >= from);
    let points = of.filter_map(|((_, at, _), point)| {
        Some(VitalPoint {
            at_us: at.micros(),
            known_us: point.known.micros(),
            value: point.text.parse().ok()?,
            text: point.text.to_string(),
            kind: match (point.withdrawn, point.corrected, point.late) {
                (true, _, _) => PointKind::Withdrawn,
                (_, true, _) => PointKind::Corrected,
                (_, _, true) => PointKind::Late,
                _ => PointKind::Timely,
            },
            before: point.before.as_ref().map(before),
        })
    });
    points.collect()
}

fn results(view: &PatientView) -> Vec<ResultRow> {
    let mut rows: Vec<ResultRow> = view
        .results
        .values()
        .map(|result| ResultRow {
            what: result.what.clone(),
            value: result.value.clone(),
            flag: result.flag.to_string(),
            severity: flag_severity(&result.flag),
            reference: result.reference.clone(),
            status: status(result.status).to_owned(),
            at_us: result.at.micros(),
            received_us: result.received.micros(),
            late_us: late(result.at, result.received),
            before: result.before.as_ref().map(before),
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.at_us, row.received_us)));
    rows
}

/// What was believed before.
fn before(before: &views::Before) -> ui::Before {
    ui::Before {
        text: before.text.to_string(),
        known_us: before.known.micros(),
    }
}

/// How long after it was true it came, where that is late.
fn late(at: EventTime, received: ReceivedTime) -> Option<i64> {
    let behind = received.micros().saturating_sub(at.micros());
    let is_late = i64::try_from(LATE_AFTER.as_micros()).is_ok_and(|after| behind > after);
    is_late.then_some(behind)
}

/// How much a sender's flag matters: HL7 table 0078 calls `HH`, `LL` and `AA` beyond panic limits.
fn flag_severity(flag: &str) -> ui::Severity {
    match flag {
        "HH" | "LL" | "AA" => ui::Severity::High,
        "H" | "L" | "A" => ui::Severity::Low,
        _ => ui::Severity::None,
    }
}

const fn status(status: ObservationStatus) -> &'static str {
    match status {
        ObservationStatus::Registered => "registered",
        ObservationStatus::Preliminary => "preliminary",
        ObservationStatus::Final => "final",
        ObservationStatus::Corrected => "corrected",
        ObservationStatus::Amended => "amended",
        ObservationStatus::Cancelled => "cancelled",
        ObservationStatus::EnteredInError => "entered in error",
        ObservationStatus::Unknown => "unknown",
    }
}

fn encounters(view: &PatientView) -> Vec<EncounterRow> {
    let mut stays: Vec<_> = view.encounters.values().collect();
    stays.sort_by_key(|stay| std::cmp::Reverse(stay.start));
    let rows = stays.into_iter().map(|stay| EncounterRow {
        class: match stay.class {
            EncounterClass::Emergency => "emergency",
            EncounterClass::Inpatient => "inpatient",
            EncounterClass::Ambulatory => "ambulatory",
            EncounterClass::Other => "other",
        }
        .to_owned(),
        status: match stay.status {
            EncounterStatus::Planned => "planned",
            EncounterStatus::Arrived => "arrived",
            EncounterStatus::InProgress => "in progress",
            EncounterStatus::OnLeave => "on leave",
            EncounterStatus::Finished => "finished",
            EncounterStatus::Cancelled => "cancelled",
            EncounterStatus::EnteredInError => "entered in error",
            EncounterStatus::Unknown => "unknown",
        }
        .to_owned(),
        location: stay.location.to_string(),
        start_us: stay.start.map(clinical::EventTime::micros),
        end_us: stay.end.map(clinical::EventTime::micros),
    });
    rows.collect()
}
