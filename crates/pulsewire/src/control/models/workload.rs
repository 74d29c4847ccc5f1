//! Rule packs: which there are, how each does, and all that must be known of one; for pages and for scripts.

mod drift;
mod pack;
mod told;

use std::sync::atomic::Ordering;

use clinical::{FindingState, Permit, ReceivedTime};
use ui::{
    Health, HourRow, LatestRow, Link, PackCounts, PackStation, Runs, SettingRow, Workload,
    WorkloadRow, WorkloadTable,
};

use super::alert::label;
use super::overview::{behind, stage_health};
use super::severity;
use crate::control::Control;
use crate::control::page::{Forms, Refused};
use crate::metrics::StageLabel;
use crate::stages::StageHealth;
use crate::topics;
use crate::views::{self, LATE_AFTER, LatestFinding, PackView, Views};

pub(crate) use pack::{Pack, all as packs};
pub(in crate::control) use told::told;

/// The forms of the list.
pub(in crate::control) const TABLE_FORMS: Forms<WorkloadTable> = [
    ui::workloads_page,
    ui::workloads_fragment,
    ui::workloads_live,
];
/// The forms of one rule pack's page.
pub(in crate::control) const FORMS: Forms<Workload> =
    [ui::workload_page, ui::workload_fragment, ui::workload_live];

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The list, those that are told first.
pub(in crate::control) fn table(control: &Control) -> WorkloadTable {
    let now = control.clock.now();
    let views = control.views.read();
    let packs = pack::all(&control.config);
    let mut rows: Vec<WorkloadRow> = packs
        .iter()
        .map(|pack| row(control, &views, pack, now))
        .collect();
    rows.sort_by_key(|row| match row.runs {
        Runs::On => 0,
        Runs::Silent => 1,
        Runs::Off => 2,
    });
    WorkloadTable {
        rows,
        since_us: since(&views, now),
    }
}

/// One rule pack.
pub(in crate::control) fn one(
    control: &Control,
    name: &str,
    permit: &Permit,
) -> Result<Workload, Refused> {
    let now = control.clock.now();
    let views = control.views.read();
    let mut packs = pack::all(&control.config).into_iter();
    let pack = packs.find(|pack| pack.name == name);
    let pack = pack.ok_or(Refused::missing("There is no such workload."))?;
    let nothing = PackView::default();
    let view = views.packs.of(name).unwrap_or(&nothing);
    let hours = view.hours(now).into_iter();
    let latest = view.latest(now);
    let settings = control.config.workloads.settings.iter();
    let settings = settings.filter(|setting| setting.table == pack.table);
    let rests_on = pack.rests_on.iter();
    Ok(Workload {
        row: row(control, &views, &pack, now),
        owner: pack.owner.to_owned(),
        sources: pack.sources.iter().copied().map(str::to_owned).collect(),
        reads: pack.reads.iter().copied().map(str::to_owned).collect(),
        rests_on: rests_on
            .map(|other| Link::to(*other, format!("/workloads/{other}")))
            .collect(),
        output: format!("findings on {}", topics::ALERT_STREAM),
        late_window_us: pack.late_window.map(micros),
        revise_window_us: pack.revise_window.map(micros),
        late_items: pack.late_items.to_owned(),
        late_after_us: micros(LATE_AFTER),
        settings: settings
            .map(|setting| SettingRow {
                key: format!("{}.{}", setting.table, setting.key),
                about: setting.about.clone(),
                here: setting.here.clone(),
                default: setting.default.clone(),
            })
            .collect(),
        patients_in_memory: patients_in_memory(control, &pack),
        state_bytes: state_bytes(control, &pack),
        hours: hours
            .map(|(from, of)| HourRow {
                from_us: from.micros(),
                counts: counts(&pack, &of),
            })
            .collect(),
        since_us: since(&views, now),
        latest: latest
            .map(|latest| latest_row(&views, latest, permit))
            .collect(),
        drift: views.risk.get(name).map(drift::of),
    })
}

fn row(control: &Control, views: &Views, pack: &Pack, now: ReceivedTime) -> WorkloadRow {
    let nothing = PackView::default();
    let view = views.packs.of(pack.name).unwrap_or(&nothing);
    WorkloadRow {
        name: pack.name.to_owned(),
        concludes: pack.concludes.to_owned(),
        rule: pack.rule.to_owned(),
        runs: pack.runs,
        hour: counts(pack, &view.last_hour(now)),
        day: counts(pack, &view.last_day(now)),
        patients_hour: view.patients_last_hour(now),
        patients_day: view.patients_last_day(now),
        station: station(control, views, pack, now),
    }
}

/// What was counted; what nobody counts of this rule pack is nothing.
fn counts(pack: &Pack, of: &views::PackCounts) -> PackCounts {
    let counted = |count: u64| pack.is_read_counted.then_some(count);
    PackCounts {
        items: counted(of.items),
        late: counted(of.late),
        corrected: counted(of.corrected),
        too_late: counted(of.too_late),
        findings: of.findings(),
        revised: of.revised,
        revised_again: of.revised_again,
        taken_back: of.taken_back,
        history: of.history,
    }
}

/// Since when is counted: no longer than what is kept.
fn since(views: &Views, now: ReceivedTime) -> Option<i64> {
    let oldest = now.micros() - views::HOURS_KEPT * 60 * 60 * 1_000_000;
    let since = views.packs.since?;
    Some(since.micros().max(oldest))
}

fn station_of<'c>(control: &'c Control, pack: &Pack) -> Option<&'c StageHealth> {
    let mut stages = control.stages.iter();
    let found = stages.find(|stage| stage.name == pack.station);
    found.map(|stage| &**stage)
}

fn station(control: &Control, views: &Views, pack: &Pack, now: ReceivedTime) -> PackStation {
    let stage = station_of(control, pack);
    let waiting = stage.map(|stage| stage.lag.load(Ordering::Relaxed));
    let begin = now.micros() - DAY_MICROS;
    let errors = views.quarantine.iter().filter(|set_aside| {
        set_aside.received.micros() >= begin && pack.is_of_station(&set_aside.stage)
    });
    PackStation {
        name: pack.station.to_owned(),
        health: stage.map_or(Health::Off, |stage| stage_health(stage).0),
        // The most there is stands for what is not known yet.
        waiting: waiting.filter(|waiting| *waiting < u64::MAX),
        behind_us: stage.map(|stage| behind(control, stage)),
        errors: errors.count() as u64,
    }
}

/// How much the state of its station takes on disk, where this process has it and that can be known.
fn state_bytes(control: &Control, pack: &Pack) -> Option<u64> {
    let stage = station_of(control, pack)?;
    let states = control.desk.states.as_ref()?;
    states.disk_bytes(stage.name)
}

/// How many patients its station has in memory, where this process has it.
fn patients_in_memory(control: &Control, pack: &Pack) -> Option<u64> {
    let stage = station_of(control, pack)?;
    let label = StageLabel { stage: stage.name };
    let keys = control.metrics.stage_keys.get_or_create(&label).get();
    u64::try_from(keys).ok()
}

fn latest_row(views: &Views, latest: &LatestFinding, permit: &Permit) -> LatestRow {
    let finding = &latest.finding;
    let (text, taken_back) = match &finding.state {
        FindingState::Asserted => (finding.summary.to_string(), false),
        FindingState::Retracted(why) => (format!("{}: {why}", finding.condition), true),
    };
    LatestRow {
        explained: Link::to(
            text,
            format!("/findings/{}:{}", latest.partition, latest.offset),
        ),
        patient: Link::to(
            label(views, finding.patient, permit),
            format!("/patients/{}", finding.patient),
        ),
        severity: severity(finding.severity),
        revision: u64::from(finding.revision),
        taken_back,
        as_of_us: finding.as_of.micros(),
        known_us: finding.known_at.micros(),
    }
}

fn micros(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
