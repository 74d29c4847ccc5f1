//! What the two charting systems of MIMIC say of infusions, as rates from a time to a time (mimic-code, `*_dose`).

use std::collections::BTreeMap;

use clinical::EventTime;

use super::table::Table;

/// A drug that ran.
pub(super) struct Infused {
    pub(super) subject: i64,
    pub(super) drug: &'static str,
    pub(super) from: EventTime,
    pub(super) to: EventTime,
    pub(super) stored: EventTime,
    /// The digits of the rate.
    pub(super) rate: String,
    pub(super) unit: &'static str,
}

/// The drugs by ATC code, with the items of the older system that are by weight and by minute, and of the newer one.
const DRUGS: [(&str, &[&str], &[&str], &str); 4] = [
    ("C01CA03", &["30120"], &["30047"], "221906"),
    ("C01CA24", &["30119", "30309"], &["30044"], "221289"),
    ("C01CA04", &["30043", "30307"], &[], "221662"),
    ("C01CA07", &["30042", "30306"], &[], "221653"),
];

/// Reads both systems.
pub(super) fn all(older: &Table, newer: &Table) -> Vec<Infused> {
    let mut all = Vec::new();
    for (drug, by_weight, by_minute, item) in DRUGS {
        charted(older, drug, by_weight, by_minute, &mut all);
        for row in newer.rows().filter(|row| row.text("itemid") == item) {
            let times = row.time("starttime").zip(row.time("endtime"));
            let (Some((from, to)), Some(_)) = (times, row.number("rate")) else {
                continue;
            };
            let is_said = !matches!(row.text("statusdescription"), "" | "Rewritten");
            if is_said && !row.text("icustay_id").is_empty() {
                all.push(Infused {
                    subject: row.id("subject_id"),
                    drug,
                    from,
                    to,
                    stored: row.time("storetime").unwrap_or(from),
                    rate: row.text("rate").to_owned(),
                    unit: "ug/kg/min",
                });
            }
        }
    }
    all
}

/// A rate that needs a weight.
pub(super) const BY_MINUTE: &str = "ug/min";

/// Of rates of one moment the highest counts; they are compared by the weight of a patient who was not weighed.
fn per_weight(rate: f64, by_minute: bool) -> f64 {
    if by_minute { rate / 80.0 } else { rate }
}

#[derive(Default)]
struct Moment {
    rate: Option<(f64, String, &'static str)>,
    stopped: bool,
    stored: Option<EventTime>,
}

/// The older system charts a rate now and then; it holds until the next row of the same run.
fn charted(
    older: &Table,
    drug: &'static str,
    by_weight: &[&str],
    by_minute: &[&str],
    infused: &mut Vec<Infused>,
) {
    let mut stays: BTreeMap<(i64, i64), BTreeMap<EventTime, Moment>> = BTreeMap::new();
    for row in older.rows() {
        let item = row.text("itemid");
        let minute = by_minute.contains(&item);
        if !(by_weight.contains(&item) || minute) || row.text("icustay_id").is_empty() {
            continue;
        }
        let Some(at) = row.time("charttime") else {
            continue;
        };
        let stay = (row.id("subject_id"), row.id("icustay_id"));
        let moment = stays.entry(stay).or_default().entry(at).or_default();
        let said = row.text("stopped");
        moment.stopped |= said == "Stopped" || said.starts_with("D/C");
        moment.stored = moment.stored.max(row.time("storetime"));
        if let Some(rate) = row.number("rate")
            && moment.rate.as_ref().is_none_or(|(held, _, unit)| {
                per_weight(rate, minute) > per_weight(*held, *unit == BY_MINUTE)
            })
        {
            let unit = if minute { BY_MINUTE } else { "ug/kg/min" };
            moment.rate = Some((rate, row.text("rate").to_owned(), unit));
        }
    }
    for ((subject, _), moments) in stays {
        let runs = runs(&moments);
        let all: Vec<_> = moments.into_iter().zip(runs).collect();
        for pair in all.windows(2) {
            let [((from, moment), run), ((to, next), next_run)] = pair else {
                continue;
            };
            let Some((rate, digits, unit)) = &moment.rate else {
                continue;
            };
            if run.is_some_and(|run| run != 0) && run == next_run && *rate > 0.0 {
                infused.push(Infused {
                    subject,
                    drug,
                    from: *from,
                    to: *to,
                    stored: moment.stored.max(next.stored).unwrap_or(*to),
                    rate: digits.clone(),
                    unit,
                });
            }
        }
    }
}

/// Numbers the runs: one begins with the first rate, after a rate of nothing, and after a stop.
fn runs(moments: &BTreeMap<EventTime, Moment>) -> Vec<Option<u32>> {
    let mut runs = Vec::new();
    let (mut run, mut any_rate) = (None, false);
    // The last rate that was charted, at the row before.
    let mut held: Option<f64> = None;
    let mut before: Option<(Option<f64>, bool)> = None;
    for moment in moments.values() {
        let rate = moment.rate.as_ref().map(|(rate, ..)| *rate);
        held = rate.or(held);
        let held_before = before.and_then(|(held, _)| held);
        let begins = if rate.is_some_and(|rate| rate > 0.0) && !any_rate {
            Some(1)
        } else if (rate == Some(0.0) || held == Some(0.0)) && held_before == Some(0.0) {
            Some(0)
        } else if held_before == Some(0.0) || before.is_some_and(|(_, stopped)| stopped) {
            Some(1)
        } else {
            None
        };
        if let Some(begins) = begins {
            run = Some(run.unwrap_or(0) + begins);
        }
        any_rate |= rate.is_some();
        before = Some((held, moment.stopped));
        runs.push(run);
    }
    runs
}
