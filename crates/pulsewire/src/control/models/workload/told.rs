//! The same for scripts: counts by rule pack, about nobody.

use clinical::ReceivedTime;
use serde::{Deserialize, Serialize};
use ui::{PackCounts, WorkloadRow};

use super::pack;
use crate::control::Control;
use crate::views::PackView;

/// How rule packs do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkloadsTold {
    pub(crate) now: String,
    /// When the first of what is counted became known; nothing where nothing was yet.
    pub(crate) since: Option<String>,
    pub(crate) workloads: Vec<Told>,
}

/// How one does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) rule: String,
    pub(crate) concludes: String,
    pub(crate) runs: String,
    pub(crate) station: String,
    /// Nothing where another process has the station.
    pub(crate) waiting: Option<u64>,
    pub(crate) errors_last_day: u64,
    pub(crate) patients_last_hour: Patients,
    pub(crate) patients_last_day: Patients,
    pub(crate) last_hour: Counts,
    pub(crate) last_day: Counts,
    /// By the hour, oldest first; only where one workload is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hours: Vec<Hour>,
}

/// Of how many patients something was concluded.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Patients {
    pub(crate) count: u64,
    /// Whether there were more than are kept.
    pub(crate) is_more: bool,
}

/// What happened in an hour.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hour {
    pub(crate) from: String,
    #[serde(flatten)]
    pub(crate) counts: Counts,
}

/// What was read and concluded; what nobody counts is nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    pub(crate) items: Option<u64>,
    pub(crate) late: Option<u64>,
    pub(crate) corrected: Option<u64>,
    pub(crate) too_late: Option<u64>,
    pub(crate) findings: u64,
    pub(crate) revised_first_time: u64,
    pub(crate) revised_again: u64,
    pub(crate) taken_back: u64,
    pub(crate) of_history: u64,
}

impl Counts {
    fn of(counts: &PackCounts) -> Self {
        Self {
            items: counts.items,
            late: counts.late,
            corrected: counts.corrected,
            too_late: counts.too_late,
            findings: counts.findings,
            revised_first_time: counts.revised,
            revised_again: counts.revised_again,
            taken_back: counts.taken_back,
            of_history: counts.history,
        }
    }
}

/// Says how they do, or the one that is asked for.
pub(in crate::control) fn told(control: &Control, wanted: Option<&str>) -> WorkloadsTold {
    let now = control.clock.now();
    let table = super::table(control);
    let time = |micros| ReceivedTime::from_micros(micros).to_string();
    let rows = table.rows.into_iter();
    let rows = rows.filter(|row| wanted.is_none_or(|wanted| wanted == row.name));
    WorkloadsTold {
        now: now.to_string(),
        since: table.since_us.map(time),
        workloads: rows
            .map(|row| Told {
                hours: wanted.map_or_else(Vec::new, |name| hours(control, name, now)),
                ..of(row)
            })
            .collect(),
    }
}

fn hours(control: &Control, name: &str, now: ReceivedTime) -> Vec<Hour> {
    let views = control.views.read();
    let nothing = PackView::default();
    let view = views.packs.of(name).unwrap_or(&nothing);
    let mut packs = pack::all(&control.config).into_iter();
    let Some(pack) = packs.find(|pack| pack.name == name) else {
        return Vec::new();
    };
    let hours = view.hours(now).into_iter();
    hours
        .map(|(from, counts)| Hour {
            from: from.to_string(),
            counts: Counts::of(&super::counts(&pack, &counts)),
        })
        .collect()
}

fn of(row: WorkloadRow) -> Told {
    let patients = |(count, is_more)| Patients { count, is_more };
    Told {
        name: row.name,
        rule: row.rule,
        concludes: row.concludes,
        runs: row.runs.word().to_owned(),
        station: row.station.name,
        waiting: row.station.waiting,
        errors_last_day: row.station.errors,
        patients_last_hour: patients(row.patients_hour),
        patients_last_day: patients(row.patients_day),
        last_hour: Counts::of(&row.hour),
        last_day: Counts::of(&row.day),
        hours: Vec::new(),
    }
}
