//! A patient's scores and vital signs as charts, each with the same data as a table.

use crate::chart::{Band, Chart, Curve, CurveShape, Dot, DotSign, Flag, Plot};
use crate::mark::AlertState;
use crate::patients::{Patient, PointKind, ScorePoint, Vital, VitalPoint};
use crate::stamp::{Clock, Stamp};

/// How many rows the table beside a chart has at most.
const TABLE_ROWS_MAX: usize = 500;
const SCORE_HEIGHT_PX: f64 = 150.0;
const VITAL_HEIGHT_PX: f64 = 96.0;
/// NEWS2 asks for an urgent response from 5 and for an emergency response from 7.
/// Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017, chart 2.
const SCORE_MEDIUM: f64 = 5.0;
const SCORE_HIGH: f64 = 7.0;
/// The highest score the chart shows when all are low.
const SCORE_TOP: f64 = 10.0;

/// A chart with its heading, its newest value and its table.
pub(crate) struct TimedChart {
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) unit: String,
    pub(crate) reference: String,
    pub(crate) latest: Option<(String, Stamp)>,
    pub(crate) chart: Chart,
    pub(crate) columns: [&'static str; 4],
    pub(crate) rows: Vec<ChartRow>,
    pub(crate) hidden_rows: usize,
}

/// One row of the table beside a chart.
pub(crate) struct ChartRow {
    pub(crate) at: Stamp,
    pub(crate) value: String,
    pub(crate) known: String,
    pub(crate) note: String,
}

/// Draws the scores of a patient.
pub(crate) fn score(clock: &Clock, patient: &Patient) -> TimedChart {
    let name = patient.score.as_ref();
    let name = name.map_or("NEWS2", |score| score.name.as_str());
    let curve = |of: fn(&ScorePoint) -> Option<i64>, tone| Curve {
        points: patient
            .scores
            .iter()
            .map(|point| (point.at_us, of(point).map(real)))
            .collect(),
        shape: CurveShape::Step,
        tone,
    };
    let revised = patient.scores.iter().any(|p| p.first_known != p.value);
    let mut curves = vec![curve(|point| point.value, "main")];
    if revised {
        curves.insert(0, curve(|point| point.first_known, "before"));
    }
    let highest = patient.scores.iter().filter_map(|point| point.value);
    let highest = highest.max().map_or(0.0, real);
    let top = SCORE_TOP.max(highest + 1.0);
    let chart = Plot {
        clock,
        label: score_label(name, patient),
        from_us: from_us(patient),
        to_us: patient.until_us,
        scale: (0.0, top),
        height_px: SCORE_HEIGHT_PX,
        bands: vec![
            band(
                SCORE_MEDIUM,
                SCORE_HIGH,
                "medium",
                "5 or 6: urgent response",
            ),
            band(SCORE_HIGH, top, "high", "7 or more: emergency response"),
        ],
        curves,
        dots: score_dots(clock, name, &patient.scores),
        flags: flags(clock, patient, true),
    };
    let rows = patient.scores.iter().rev().map(|point| ChartRow {
        at: clock.stamp(point.at_us),
        value: point
            .value
            .map_or("taken back".to_owned(), |v| v.to_string()),
        known: first_known(clock, point),
        note: point.summary.clone(),
    });
    TimedChart {
        key: "score".to_owned(),
        label: format!("{name} score"),
        unit: String::new(),
        reference: "5 urgent, 7 emergency".to_owned(),
        latest: latest_score(clock, patient),
        chart: chart.draw(),
        columns: ["When", "Score", "As first known", "What it says"],
        hidden_rows: patient.scores.len().saturating_sub(TABLE_ROWS_MAX),
        rows: rows.take(TABLE_ROWS_MAX).collect(),
    }
}

/// The score as it was first known, and both times where it was revised.
fn first_known(clock: &Clock, point: &ScorePoint) -> String {
    let first = point
        .first_known
        .map_or("none".to_owned(), |first| first.to_string());
    let first_known = clock.short(point.first_known_us);
    match point.revisions {
        0 => format!("{first}, {first_known}"),
        _ => format!(
            "{first}, {first_known}; revised {}",
            clock.short(point.known_us)
        ),
    }
}

/// Makes a dot of each score that stands; those that were revised look it.
fn score_dots(clock: &Clock, name: &str, scores: &[ScorePoint]) -> Vec<Dot> {
    let dots = scores.iter().filter_map(|point| {
        let value = point.value?;
        Some(Dot {
            at_us: point.at_us,
            value: real(value),
            sign: if point.revisions > 0 {
                DotSign::Corrected
            } else {
                DotSign::Plain
            },
            title: format!(
                "{} {name} {value}{}: {}",
                clock.short(point.at_us),
                revision_words(clock, point),
                point.summary
            ),
        })
    });
    dots.collect()
}

/// Draws the vital signs of a patient.
pub(crate) fn vitals(clock: &Clock, patient: &Patient) -> Vec<TimedChart> {
    let each = patient.vitals.iter();
    each.map(|vital| draw_vital(clock, patient, vital))
        .collect()
}

fn draw_vital(clock: &Clock, patient: &Patient, vital: &Vital) -> TimedChart {
    let standing = |point: &&VitalPoint| point.kind != PointKind::Withdrawn;
    let curve = vital.points.iter().filter(standing);
    let curve = curve.map(|point| (point.at_us, Some(point.value)));
    let dots = vital.points.iter().map(|point| Dot {
        at_us: point.at_us,
        value: point.value,
        sign: match point.kind {
            PointKind::Timely => DotSign::Plain,
            PointKind::Late => DotSign::Late,
            PointKind::Corrected => DotSign::Corrected,
            PointKind::Withdrawn => DotSign::Withdrawn,
        },
        title: point_title(clock, vital, point),
    });
    let reference = vital.reference.iter();
    let bands = reference.map(|(low, high)| band(*low, *high, "normal", "scores nothing"));
    let chart = Plot {
        clock,
        label: format!(
            "{} in {}, {} values",
            vital.label,
            vital.unit,
            vital.points.len()
        ),
        from_us: from_us(patient),
        to_us: patient.until_us,
        scale: vital.scale,
        height_px: VITAL_HEIGHT_PX,
        bands: bands.collect(),
        curves: vec![Curve {
            points: curve.collect(),
            shape: CurveShape::Line,
            tone: "main",
        }],
        dots: dots.collect(),
        flags: flags(clock, patient, false),
    };
    let rows = vital.points.iter().rev().map(|point| ChartRow {
        at: clock.stamp(point.at_us),
        value: point.text.clone(),
        known: clock.short(point.known_us),
        note: note(clock, point),
    });
    let latest = vital.points.iter().rfind(standing);
    TimedChart {
        key: vital.key.clone(),
        label: vital.label.clone(),
        unit: vital.unit.clone(),
        reference: vital.reference.map_or_else(String::new, |(low, high)| {
            format!("reference {low} to {high}")
        }),
        latest: latest.map(|point| (point.text.clone(), clock.stamp(point.at_us))),
        chart: chart.draw(),
        columns: ["When", "Value", "Known at", "How"],
        hidden_rows: vital.points.len().saturating_sub(TABLE_ROWS_MAX),
        rows: rows.take(TABLE_ROWS_MAX).collect(),
    }
}

/// How a value came to be known, and what was believed before.
fn note(clock: &Clock, point: &VitalPoint) -> String {
    let words = point.kind.words();
    match &point.before {
        Some(before) => format!(
            "{words}; before {}, known {}",
            before.text,
            clock.short(before.known_us)
        ),
        None => words.to_owned(),
    }
}

fn point_title(clock: &Clock, vital: &Vital, point: &VitalPoint) -> String {
    let (when, known) = (clock.short(point.at_us), clock.short(point.known_us));
    let value = format!("{when} {} {}", point.text, vital.unit);
    let title = match point.kind {
        PointKind::Timely => value,
        PointKind::Late => format!("{value}, late: known {known}"),
        PointKind::Corrected => format!("{value}, corrected: known {known}"),
        PointKind::Withdrawn => format!("{value}, taken back {known}"),
    };
    match &point.before {
        Some(before) => {
            let known = clock.short(before.known_us);
            format!("{title}; before {}, known {known}", before.text)
        }
        None => title,
    }
}

fn revision_words(clock: &Clock, point: &ScorePoint) -> String {
    let (first_at, now_at) = (
        clock.short(point.first_known_us),
        clock.short(point.known_us),
    );
    match (point.revisions, point.first_known) {
        (0, _) => String::new(),
        (_, Some(first)) => format!(" (first known as {first} at {first_at}, revised {now_at})"),
        (_, None) => format!(" (first known later, {now_at})"),
    }
}

fn score_label(name: &str, patient: &Patient) -> String {
    match &patient.score {
        Some(score) => format!(
            "{name} over {}, {} scores, newest {}",
            patient.window.word(),
            patient.scores.len(),
            score.value
        ),
        None => format!("{name} over {}, no score", patient.window.word()),
    }
}

fn latest_score(clock: &Clock, patient: &Patient) -> Option<(String, Stamp)> {
    let score = patient.score.as_ref()?;
    Some((score.value.to_string(), clock.stamp(score.as_of_us)))
}

fn flags(clock: &Clock, patient: &Patient, linked: bool) -> Vec<Flag> {
    let shown = patient.alerts.iter();
    let shown = shown.filter(|alert| alert.state != AlertState::Retracted);
    let flag = shown.map(|alert| Flag {
        at_us: alert.as_of_us,
        mark: alert.severity.mark(),
        title: format!(
            "{} alert {}: {}",
            alert.severity.word(),
            clock.short(alert.as_of_us),
            alert.reason
        ),
        href: linked.then(|| format!("/alerts/{}", alert.id)),
    });
    flag.collect()
}

fn band(low: f64, high: f64, tone: &'static str, title: &str) -> Band {
    Band {
        low,
        high,
        tone,
        title: title.to_owned(),
    }
}

fn from_us(patient: &Patient) -> i64 {
    patient.until_us.saturating_sub(patient.window.length_us())
}

#[expect(clippy::cast_precision_loss, reason = "a score is far below 2^53")]
fn real(score: i64) -> f64 {
    score as f64
}
