//! Every component in both themes, for a person and a browser test to look at.

use askama::Template;

use crate::alerts::{AlertRow, AlertTable};
use crate::chart::{Bar, Spark};
use crate::frame::{self, Frame, Place, render};
use crate::mark::{AlertState, Health, Severity};
use crate::patient_charts::{self, TimedChart};
use crate::patients::PointKind;
use crate::sample;
use crate::stamp::{Clock, Stamp};

/// Makes the page of components, with invented data.
pub fn kit_page(frame: &Frame) -> String {
    let rows = ["light", "dark"].map(|theme| sample::alert_rows(&format!("{theme}-")));
    let [light, dark] = &rows;
    let clock = Clock::new(sample::NOW_US, &frame.zone);
    let themes = [("light", light), ("dark", dark)];
    let body = render(&Body {
        themes: themes.map(|(name, rows)| panel(&clock, frame, name, rows)),
    });
    frame::page(frame, Place::Elsewhere, "Components", &body)
}

fn panel<'a>(clock: &Clock, frame: &Frame, theme: &'static str, rows: &'a [AlertRow]) -> Panel<'a> {
    let mut charts = patient_charts::vitals(clock, &sample::patient(&format!("{theme}-")));
    charts.truncate(2);
    charts.insert(0, patient_charts::score(clock, &sample::patient(theme)));
    for timed in &mut charts {
        timed.key = format!("{theme}-{}", timed.key);
    }
    Panel {
        theme,
        severities: Severity::ALL,
        states: AlertState::ALL,
        healths: Health::ALL,
        kinds: [
            PointKind::Timely,
            PointKind::Late,
            PointKind::Corrected,
            PointKind::Withdrawn,
        ],
        stamps: [0, 190, 4_000, 200_000]
            .map(|seconds| clock.stamp(sample::NOW_US - seconds * 1_000_000)),
        spark: Spark::new(&[1.0, 3.0, 2.0, 5.0, 4.0, 6.0], "Six values"),
        bar: Bar::new(3, 8, "good", "Three of eight"),
        table: AlertTable::new(frame, rows, "Alerts of every severity and state"),
        charts,
    }
}

#[derive(Template)]
#[template(path = "kit.html")]
struct Body<'a> {
    themes: [Panel<'a>; 2],
}

struct Panel<'a> {
    theme: &'static str,
    severities: [Severity; 5],
    states: [AlertState; 4],
    healths: [Health; 6],
    kinds: [PointKind; 4],
    stamps: [Stamp; 4],
    spark: Spark,
    bar: Bar,
    table: AlertTable<'a>,
    charts: Vec<TimedChart>,
}
