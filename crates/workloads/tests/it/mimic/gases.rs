//! Which blood gases are arterial: MIMIC often does not say, and mimic-code infers it (`pivoted_bg_art`).

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::EventTime;

use super::stream::is_of;
use super::table::{Row, Table};

/// An arterial gas.
pub(super) struct Gas {
    pub(super) subject: i64,
    pub(super) admission: i64,
    pub(super) at: EventTime,
    pub(super) oxygen: f64,
    /// The oxygen fraction that its report gives.
    pub(super) fraction: Option<f64>,
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

impl Report {
    fn add(&mut self, row: Row<'_>) {
        let item = row.text("itemid");
        if item == "50800" {
            self.specimens += 1;
            let said = row.text("value").to_owned();
            let said = (!said.is_empty()).then_some(said);
            self.specimen = self.specimen.take().max(said);
        }
        let number = row.number("valuenum");
        if let Some(value) = number.filter(|value| is_possible(item, *value)) {
            self.values.entry(item.to_owned()).or_default().push(value);
        }
    }
}

fn is_gas(item: &str) -> bool {
    let number: u32 = item.parse().unwrap_or_default();
    (50800..=50828).contains(&number) || number == 51545
}

/// Finds the arterial gases, with what was charted of saturation and oxygen before each.
pub(super) fn arterial(labs: &Table, saturation: &Charted, fraction: &Charted) -> Vec<Gas> {
    let mut reports: BTreeMap<(i64, EventTime), Report> = BTreeMap::new();
    for row in labs.rows() {
        if !is_gas(row.text("itemid")) || row.text("hadm_id").is_empty() {
            continue;
        }
        let Some(at) = row.time("charttime") else {
            continue;
        };
        let report = reports.entry((row.id("hadm_id"), at)).or_default();
        report.subject = row.id("subject_id");
        report.add(row);
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
            let saturation = last(saturation, 2, mean);
            let fraction = last(fraction, 4, most);
            let is_arterial = report.specimen.as_deref() == Some("ART")
                || is_likely(oxygen, saturation, fraction, value);
            is_arterial.then(|| Gas {
                subject: report.subject,
                admission,
                at,
                oxygen,
                fraction: value("50816"),
            })
        })
        .collect()
}

/// Says whether a gas of which nobody says what it is of is taken for arterial.
fn is_likely(
    oxygen: f64,
    saturation: Option<f64>,
    fraction: Option<f64>,
    value: impl Fn(&str) -> Option<f64>,
) -> bool {
    let mut sum = -0.02544 + 0.04598 * oxygen;
    sum += saturation.map_or(-0.15356 * 97.49420 + 0.13429, |value| -0.15356 * value);
    sum += fraction.map_or(0.00621 * 51.49550 - 0.24958, |value| 0.00621 * value);
    for (item, factor, usual, offset) in TERMS {
        sum += value(item).map_or(factor * usual + offset, |value| factor * value);
    }
    1.0 / (1.0 + (-sum).exp()) > 0.75
}

/// A stay in intensive care.
pub(super) struct Stay {
    pub(super) id: i64,
    pub(super) subject: i64,
    pub(super) admission: i64,
    pub(super) start: EventTime,
}

impl Stay {
    /// Says whether a laboratory row is of its first day.
    pub(super) fn has(&self, row: Row<'_>, at: EventTime) -> bool {
        row.id("subject_id") == self.subject
            && row.id("hadm_id") == self.admission
            && self.start.minus(Duration::from_secs(6 * 3600)) <= at
            && at <= self.start.plus(Duration::from_secs(24 * 3600))
    }
}

/// What was charted of a stay at a time: nothing where all of it is impossible, which hides what came before.
type Last = BTreeMap<(i64, EventTime), Option<f64>>;

/// Finds the carbon dioxide of the arterial gases of first days, which the reference infers in a way of its own
/// (`blood_gas_first_day_arterial`).
pub(super) fn of_first_days(
    labs: &Table,
    charted: &Table,
    stays: &[Stay],
) -> Vec<(i64, EventTime, f64)> {
    let (saturation, fraction) = charted_last(charted);
    let mut reports: BTreeMap<(usize, EventTime), Report> = BTreeMap::new();
    for row in labs.rows().filter(|row| is_gas(row.text("itemid"))) {
        let Some(at) = row.time("charttime") else {
            continue;
        };
        let of = stays
            .iter()
            .enumerate()
            .filter(|(_, stay)| stay.has(row, at));
        for (place, _) in of {
            reports.entry((place, at)).or_default().add(row);
        }
    }
    let found = reports.into_iter().filter_map(|((place, at), report)| {
        let stay = &stays[place];
        let value = |item: &str| report.values.get(item).map(|all| most(all));
        let oxygen = value("50821")?;
        let last = |charted: &Last, hours: u64| {
            let since = at.minus(Duration::from_secs(3600 * hours));
            let mut before = charted.range((stay.id, since)..=(stay.id, at));
            before.next_back().and_then(|(_, value)| *value)
        };
        let is_arterial = match report.specimen.as_deref() {
            Some(said) => said == "ART",
            None => is_likely(oxygen, last(&saturation, 2), last(&fraction, 4), value),
        };
        let value = value("50818").filter(|_| is_arterial)?;
        Some((stay.subject, at, value))
    });
    found.collect()
}

fn charted_last(charted: &Table) -> (Last, Last) {
    let (mut saturation, mut fraction) = (Last::new(), Last::new());
    for row in charted.rows() {
        let (item, number) = (row.text("itemid"), row.number("valuenum"));
        let (Some(at), stay) = (row.time("charttime"), row.id("icustay_id")) else {
            continue;
        };
        let (charted, value) = if is_of(" 646 220277 ", item) {
            let possible = number.filter(|value| *value > 0.0 && *value <= 100.0);
            (&mut saturation, possible)
        } else if is_of(" 3420 190 223835 3422 ", item) && matches!(row.text("error"), "" | "0") {
            let percent = number.and_then(|value| match item {
                "223835" if value > 0.0 && value <= 1.0 => Some(value * 100.0),
                "223835" => Some(value).filter(|value| (21.0..=100.0).contains(value)),
                "190" => Some(value * 100.0).filter(|_| value > 0.20 && value < 1.0),
                _ => Some(value),
            });
            (&mut fraction, percent)
        } else {
            continue;
        };
        let slot = charted.entry((stay, at)).or_default();
        *slot = match (*slot, value) {
            (Some(held), Some(value)) => Some(held.max(value)),
            (held, value) => held.or(value),
        };
    }
    (saturation, fraction)
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

fn most(all: &[f64]) -> f64 {
    all.iter().copied().fold(f64::MIN, f64::max)
}

fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len() as f64
}
