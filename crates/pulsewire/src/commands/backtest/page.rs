//! The report of a backtest: one page with plots, whole in itself, without script and without anything from elsewhere.

use std::fmt::Write as _;

use backtest::Bin;

use super::figure::{Bar, Caption, bars, escaped, reliability, table};
use super::told::{Told, share};

const STYLE: &str = include_str!("report.css");

/// Writes the page.
pub(super) fn page(told: &Told) -> String {
    let name = escaped(told.workload);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Backtest of {name}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header><p>Pulsewire {version}</p><h1>Backtest of {name}</h1>\
         <p>Rule pack {rule} over {data}. {known} {outcomes}</p></header>\n",
        version = env!("CARGO_PKG_VERSION"),
        rule = escaped(&told.rule),
        data = source(told.data),
        known = match told.known_at_once {
            true => "Every fact was taken as known when it was true.",
            false => "Every fact reached it at the moment at which it was known.",
        },
        outcomes = match &told.outcomes {
            Some(who) => format!("What became of the patients is said by {}.", escaped(who)),
            None =>
                "Nothing says what became of the patients: what needs that is not known.".into(),
        },
    );
    let rows: Vec<[String; 3]> = told
        .lines()
        .into_iter()
        .map(|(what, value, means)| [what.to_owned(), value, means.to_owned()])
        .collect();
    let figures = table(&["figure", "value", "means"], &rows);
    writeln!(
        html,
        "<section><h2 id=\"figures\">Figures</h2>\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"figures\">{figures}</div></section>"
    )
    .expect("a string takes whatever is written to it");
    plots(told, &mut html);
    html.push_str(
        "<footer><p>A secondary notification system: not a primary alarm and not a medical device. \
         History says what would have been raised, not what would have been done.</p></footer>\n\
         </main>\n</body>\n</html>\n",
    );
    html
}

fn plots(told: &Told, html: &mut String) {
    let measures = &told.measures;
    let (shifts, units): (Vec<_>, Vec<_>) = measures
        .groups
        .iter()
        .partition(|group| !group.name.starts_with("unit "));
    for (caption, groups) in [(UNITS, units), (SHIFTS, shifts)] {
        let all: Vec<Bar> = groups
            .iter()
            .map(|group| Bar {
                name: group.name.trim_start_matches("unit ").to_owned(),
                value: group.alerts_per_100_patient_days.unwrap_or_default(),
                shown: share(group.alerts_per_100_patient_days),
            })
            .collect();
        if !all.is_empty() {
            html.push_str(&bars(&caption, &all));
        }
    }
    for (caption, bins) in [
        (LEADS, &measures.lead_bins),
        (STAYS, &measures.alerts_per_stay),
        (SEVERITIES, &measures.severities),
    ] {
        if !bins.is_empty() {
            html.push_str(&bars(&caption, &counted(bins)));
        }
    }
    if !measures.calibration.is_empty() {
        html.push_str(&reliability(&CALIBRATION, &measures.calibration));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bar is drawn to the pixel")]
fn counted(bins: &[Bin]) -> Vec<Bar> {
    let bars = bins.iter().map(|bin| Bar {
        name: bin.name.clone(),
        value: bin.count as f64,
        shown: bin.count.to_string(),
    });
    bars.collect()
}

/// What data are called in a sentence.
fn source(kind: &str) -> &'static str {
    match kind {
        "physionet" => "rows of the PhysioNet/CinC Challenge 2019",
        "fhir" => "resources of FHIR R4",
        "mimic" => "tables of MIMIC",
        _ => "a journal of Pulsewire",
    }
}

const UNITS: Caption = Caption {
    id: "units",
    title: "Alerts by unit",
    text: "For a hundred patient-days in each unit.",
    columns: ("unit", "alerts per 100 patient-days"),
};
const SHIFTS: Caption = Caption {
    id: "shifts",
    title: "Alerts by shift",
    text: "For a hundred patient-days of day and of night, by the site's clock.",
    columns: ("shift", "alerts per 100 patient-days"),
};
const LEADS: Caption = Caption {
    id: "leads",
    title: "How early",
    text: "Stays with onset whose first alert came before it, by how long before. A long lead is as often chance as foresight.",
    columns: ("before onset", "stays"),
};
const STAYS: Caption = Caption {
    id: "stays",
    title: "Alerts in a stay",
    text: "Stays by how many alerts they had.",
    columns: ("alerts", "stays"),
};
const SEVERITIES: Caption = Caption {
    id: "severities",
    title: "How grave",
    text: "Alerts by their severity when they were raised.",
    columns: ("severity", "alerts"),
};
const CALIBRATION: Caption = Caption {
    id: "calibration",
    title: "Whether probabilities hold",
    text: "Hours in ten bins of equally many, by their probability: across what was expected, upwards what came to be. On the line both are the same.",
    columns: ("", ""),
};

#[cfg(test)]
mod tests {
    use backtest::{Course, History, Outcome, Stay, measure};
    use clinical::{EventTime, PatientKey};

    use super::*;

    fn told(outcome: Outcome, outcomes: Option<String>) -> Told {
        let day = EventTime::from_micros(0);
        let history = History {
            patient: PatientKey::default(),
            events: Vec::new(),
            stays: vec![Stay {
                units: vec![(day, "4 <West>".into())],
                began: day,
                ended: EventTime::from_micros(24 * 3_600_000_000),
                admitted: None,
                outcome,
                minutes_east: Some(0),
            }],
        };
        Told {
            workload: "deterioration",
            rule: "news2 1.0.0".into(),
            data: "fhir",
            outcomes,
            known_at_once: false,
            facts_left_out: 0,
            measures: measure([(&history, &Course::default())]),
        }
    }

    #[test]
    fn the_page_is_whole_in_itself() {
        let html = page(&told(Outcome::Without, Some("the data".into())));
        for outside in [
            "<script", "http://", "https://", "src=", "<link", "url(", "NaN",
        ] {
            assert!(!html.contains(outside), "{outside} in {html}");
        }
        for inside in [
            "4 &lt;West&gt;",
            "id=\"units\"",
            "id=\"shifts\"",
            "light dark",
            "<title>",
        ] {
            assert!(html.contains(inside), "{inside} in {html}");
        }
    }

    #[test]
    fn what_nobody_says_is_said_to_be_unknown() {
        let html = page(&told(Outcome::Unknown, None));
        assert!(html.contains("<th scope=\"row\">sensitivity at any time</th><td>not known</td>"));
        assert!(html.contains("Nothing says what became of the patients"));
    }
}
