//! Which blood gases are arterial: MIMIC often does not say, and mimic-code infers it (`pivoted_bg_art`).

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::EventTime;

use super::table::Table;

/// An arterial gas.
pub(super) struct Gas {
    pub(super) subject: i64,
    pub(super) admission: i64,
    pub(super) at: EventTime,
    pub(super) oxygen: f64,
    /// The oxygen fraction that its report gives.
    pub(super) fraction: Option<f64>,
    pub(super) carbon_dioxide: Option<f64>,
    /// Whether the specimen is not said to be another.
    pub(super) is_said: bool,
}

/// Charted values of an admission by time, as the inference joins them.
pub(super) type Charted = BTreeMap<(i64, EventTime), Vec<f64>>;

/// The terms of the inference: item, factor, and what stands for a missing value.
const TERMS: [(&str, f64, f64, f64); 10] = [
    ("50811", 0.10559, 10.32307, 0.05954),
    ("50817", 0.13251, 93.66539, -0.23172),
    ("50818", -0.01511, 42.08866, -0.01630),
    ("50816", 0.01480, 63.97836, -0.31142),
    ("50801", -0.00200, 442.21186, -0.01328),
    ("50803", -0.03220, 22.96894, -0.06535),
    ("50804", 0.05384, 24.72632, -0.01405),
    ("50813", 0.08202, 3.06436, 0.06038),
    ("50820", 0.10956, 7.36233, -0.00617),
    ("50815", 0.00848, 7.59362, -0.35803),
];

#[derive(Default)]
struct Report {
    subject: i64,
    specimen: Option<String>,
    specimens: usize,
    values: BTreeMap<String, Vec<f64>>,
}

/// Finds the arterial gases, with what was charted of saturation and oxygen before each.
pub(super) fn arterial(labs: &Table, saturation: &Charted, fraction: &Charted) -> Vec<Gas> {
    let mut reports: BTreeMap<(i64, EventTime), Report> = BTreeMap::new();
    for row in labs.rows() {
        let item = row.text("itemid");
        let number: u32 = item.parse().unwrap_or_default();
        let is_gas = (50800..=50828).contains(&number) || number == 51545;
        if !is_gas || row.text("hadm_id").is_empty() {
            continue;
        }
        let Some(at) = row.time("charttime") else {
            continue;
        };
        let report = reports.entry((row.id("hadm_id"), at)).or_default();
        report.subject = row.id("subject_id");
        if item == "50800" {
            report.specimens += 1;
            let said = row.text("value").to_owned();
            report.specimen = report
                .specimen
                .take()
                .max((!said.is_empty()).then_some(said));
        }
        if let Some(value) = row
            .number("valuenum")
            .filter(|value| is_possible(item, *value))
        {
            report
                .values
                .entry(item.to_owned())
                .or_default()
                .push(value);
        }
    }
    reports
        .into_iter()
        .filter(|(_, report)| report.specimens < 2)
        .filter_map(|((admission, at), report)| {
            let value = |item: &str| report.values.get(item).map(|all| mean(all));
            let oxygen = value("50821")?;
            let last = |charted: &Charted, hours: u64, of: fn(&[f64]) -> f64| {
                let span = Duration::from_secs(3600 * hours);
                charted
                    .range((admission, at.minus(span))..=(admission, at))
                    .next_back()
                    .map(|(_, all)| of(all))
            };
            let most = |all: &[f64]| all.iter().copied().fold(f64::MIN, f64::max);
            let mut sum = -0.02544 + 0.04598 * oxygen;
            sum += last(saturation, 2, mean)
                .map_or(-0.15356 * 97.49420 + 0.13429, |value| -0.15356 * value);
            sum += last(fraction, 4, most)
                .map_or(0.00621 * 51.49550 - 0.24958, |value| 0.00621 * value);
            for (item, factor, usual, offset) in TERMS {
                sum += value(item).map_or(factor * usual + offset, |value| factor * value);
            }
            let is_arterial =
                report.specimen.as_deref() == Some("ART") || 1.0 / (1.0 + (-sum).exp()) > 0.75;
            is_arterial.then(|| Gas {
                subject: report.subject,
                admission,
                at,
                oxygen,
                fraction: value("50816"),
                carbon_dioxide: value("50818"),
                is_said: report.specimen.as_deref().is_none_or(|said| said == "ART"),
            })
        })
        .collect()
}

fn is_possible(item: &str, value: f64) -> bool {
    value > 0.0
        && match item {
            "50810" | "50817" => value <= 100.0,
            "50816" => (20.0..=100.0).contains(&value),
            "50815" => value <= 70.0,
            "50821" => value <= 800.0,
            _ => true,
        }
}

fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len() as f64
}
