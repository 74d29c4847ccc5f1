//! Rule packs: which there are and how each does, and all that must be known of one to trust it.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::chart::{Column, Columns, ColumnsPlot};
use crate::frame::{self, Frame, Link, Place, render};
use crate::mark::{Health, Mark, Severity, Shape};
use crate::number;
use crate::stamp::{Clock, Stamp};

const HOUR_US: i64 = 3_600_000_000;
const VOLUME_HEIGHT_PX: f64 = 120.0;

/// Whether a rule pack runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// What it concludes is told.
    On,
    /// It runs, since another reads what it concludes or to keep its charts; nobody is told.
    Silent,
    /// It does not run.
    Off,
}

impl Runs {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::On, Self::Silent, Self::Off];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Silent => "on, told to nobody",
            Self::Off => "off",
        }
    }

    pub(crate) const fn mark(self) -> Mark {
        let (shape, tone) = match self {
            Self::On => (Shape::Check, "good"),
            Self::Silent => (Shape::Half, "low"),
            Self::Off => (Shape::Cross, "quiet"),
        };
        Mark {
            word: self.word(),
            shape,
            tone,
        }
    }
}

/// What a rule pack read and concluded in a while; what nobody counts is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackCounts {
    /// Values and orders that it read.
    pub items: Option<u64>,
    /// Of these, those that reached us late.
    pub late: Option<u64>,
    /// Of these, those that take the place of another or take it back.
    pub corrected: Option<u64>,
    /// Of these, those that came after its window.
    pub too_late: Option<u64>,
    /// Findings, revisions included.
    pub findings: u64,
    /// Findings that were revised for the first time.
    pub revised: u64,
    /// Revisions of findings that had been revised before.
    pub revised_again: u64,
    /// Revisions that take a finding back.
    pub taken_back: u64,
    /// Findings of loaded history, which count nowhere else.
    pub history: u64,
}

impl PackCounts {
    /// All revisions.
    pub const fn revisions(&self) -> u64 {
        self.revised + self.revised_again
    }
}

/// The station that a rule pack runs in, with the packs beside it.
#[derive(Clone, Debug)]
pub struct PackStation {
    /// Its name.
    pub name: String,
    /// How it is doing.
    pub health: Health,
    /// How many records wait; nothing where another process has it.
    pub waiting: Option<u64>,
    /// How long what waits has been waiting; nothing where that is not known.
    pub behind_us: Option<i64>,
    /// How many records it could not use in the last day, as far as is kept.
    pub errors: u64,
}

/// A rule pack in the list.
#[derive(Clone, Debug)]
pub struct WorkloadRow {
    /// Its name, as in the address.
    pub name: String,
    /// What it concludes.
    pub concludes: String,
    /// The rule pack and its version.
    pub rule: String,
    /// Whether it runs.
    pub runs: Runs,
    /// What happened in the last hour.
    pub hour: PackCounts,
    /// What happened in the last day.
    pub day: PackCounts,
    /// Of how many patients something was concluded in the last hour, and whether there were more.
    pub patients_hour: (u64, bool),
    /// The same of the last day.
    pub patients_day: (u64, bool),
    /// The station that it runs in.
    pub station: PackStation,
}

/// What the list of rule packs shows.
#[derive(Clone, Debug)]
pub struct WorkloadTable {
    /// The rule packs, those that are told first.
    pub rows: Vec<WorkloadRow>,
    /// When the first of what is counted became known; nothing where nothing was yet.
    pub since_us: Option<i64>,
}

/// A parameter of a rule pack.
#[derive(Clone, Debug)]
pub struct SettingRow {
    /// The setting with its table.
    pub key: String,
    /// What it is for; may be empty.
    pub about: String,
    /// What holds here.
    pub here: String,
    /// What holds where nothing is written.
    pub default: String,
}

/// An hour of a rule pack.
#[derive(Clone, Copy, Debug)]
pub struct HourRow {
    /// When it began.
    pub from_us: i64,
    /// What happened in it.
    pub counts: PackCounts,
}

/// One of a rule pack's newest findings.
#[derive(Clone, Debug)]
pub struct LatestRow {
    /// The page that explains it.
    pub explained: Link,
    /// Whom it is about.
    pub patient: Link,
    /// How much it matters.
    pub severity: Severity,
    /// Counted from 1.
    pub revision: u64,
    /// Whether this revision takes it back.
    pub taken_back: bool,
    /// The clinical time that it speaks of.
    pub as_of_us: i64,
    /// When it could be known.
    pub known_us: i64,
}

/// How far what a learned model meets is from what it was trained on.
#[derive(Clone, Debug)]
pub struct Drift {
    /// Since when it is as it is; nothing where that is not known.
    pub since_us: Option<i64>,
    /// What is said of it in a line.
    pub summary: String,
    /// What was measured.
    pub rows: Vec<DriftRow>,
}

/// One measure of drift.
#[derive(Clone, Debug)]
pub struct DriftRow {
    /// What was measured, such as a feature's stability.
    pub what: String,
    /// Its value.
    pub value: String,
    /// From where on it matters.
    pub limit: String,
    /// How much it matters.
    pub severity: Severity,
}

/// All that is known of a rule pack.
#[derive(Clone, Debug)]
pub struct Workload {
    /// As the list has it.
    pub row: WorkloadRow,
    /// Who answers for it, and what is said of its being signed off.
    pub owner: String,
    /// Where its rules come from.
    pub sources: Vec<String>,
    /// What it reads.
    pub reads: Vec<String>,
    /// The rule packs whose findings it reads.
    pub rests_on: Vec<Link>,
    /// Where what it concludes is published.
    pub output: String,
    /// How late an item may come and still be used; nothing where there is no such time.
    pub late_window_us: Option<i64>,
    /// How far back findings are revised; nothing where there is no such time.
    pub revise_window_us: Option<i64>,
    /// What a late item does.
    pub late_items: String,
    /// So late is late.
    pub late_after_us: i64,
    /// Its parameters here.
    pub settings: Vec<SettingRow>,
    /// How many patients its station has in memory now; nothing where that is not known.
    pub patients_in_memory: Option<u64>,
    /// How much its station's state takes on disk, with what other packs of it keep; nothing where that is not known.
    pub state_bytes: Option<u64>,
    /// The last hours, oldest first.
    pub hours: Vec<HourRow>,
    /// When the first of what is counted became known; nothing where nothing was yet.
    pub since_us: Option<i64>,
    /// Its newest findings.
    pub latest: Vec<LatestRow>,
    /// Drift of what it learned from, where it has learned.
    pub drift: Option<Drift>,
}

/// Makes the list of rule packs as a page.
pub fn workloads_page(frame: &Frame, table: &WorkloadTable) -> String {
    let body = render(&ListPage {
        live: workloads_fragment(frame, table),
    });
    frame::page(frame, Place::Workloads, "Workloads", &body)
}

/// Makes the list of rule packs as the element that stays live.
pub fn workloads_fragment(frame: &Frame, table: &WorkloadTable) -> String {
    let html = workloads_live(frame, table);
    frame::live("workloads", "/live/workloads", &html)
}

/// Makes what is inside the live element, for its stream.
pub fn workloads_live(frame: &Frame, table: &WorkloadTable) -> String {
    render(&List {
        clock: frame.clock(),
        table,
    })
}

/// Makes one rule pack as a page.
pub fn workload_page(frame: &Frame, workload: &Workload) -> String {
    let body = render(&OnePage {
        live: workload_fragment(frame, workload),
    });
    let title = format!("Workload: {}", workload.row.name);
    frame::page(frame, Place::Workloads, &title, &body)
}

/// Makes one rule pack as the element that stays live.
pub fn workload_fragment(frame: &Frame, workload: &Workload) -> String {
    let path = format!("/live/workloads/{}", workload.row.name);
    frame::live("workload", &path, &workload_live(frame, workload))
}

/// Makes what is inside the live element, for its stream.
pub fn workload_live(frame: &Frame, workload: &Workload) -> String {
    let clock = frame.clock();
    let items = workload.row.day.items.is_some();
    let items = items.then(|| items_volume(&clock, workload));
    render(&One {
        volumes: items
            .into_iter()
            .chain([findings_volume(&clock, workload)])
            .collect(),
        clock,
        workload,
    })
}

/// A count by the hour as a chart, with the same as a table.
#[derive(Template)]
#[template(path = "part/volume.html")]
struct Volume {
    key: &'static str,
    label: &'static str,
    /// What the whole columns and their parts are called.
    words: [&'static str; 2],
    chart: Columns,
    rows: Vec<(Stamp, u64, u64)>,
}

impl HtmlSafe for Volume {}

fn items_volume(clock: &Clock, workload: &Workload) -> Volume {
    let of = |counts: &PackCounts| {
        let (items, late) = (counts.items, counts.late);
        (items.unwrap_or_default(), late.unwrap_or_default())
    };
    let words = ["read", "of these late"];
    volume(clock, workload, ("items", "Items by hour"), words, of)
}

fn findings_volume(clock: &Clock, workload: &Workload) -> Volume {
    let of = |counts: &PackCounts| (counts.findings, counts.revisions());
    let words = ["published", "of these revisions"];
    volume(clock, workload, ("findings", "Findings by hour"), words, of)
}

fn volume(
    clock: &Clock,
    workload: &Workload,
    (key, label): (&'static str, &'static str),
    words: [&'static str; 2],
    of: impl Fn(&PackCounts) -> (u64, u64),
) -> Volume {
    let hours = workload.hours.iter();
    let hours: Vec<(i64, u64, u64)> = hours
        .map(|hour| {
            let (whole, part) = of(&hour.counts);
            (hour.from_us, whole, part)
        })
        .collect();
    let [all, some] = words;
    let columns = hours.iter().map(|(from_us, whole, part)| Column {
        from_us: *from_us,
        whole: *whole,
        part: *part,
        title: format!(
            "{}: {} {all}, {} {some}",
            clock.short(*from_us),
            number::count(whole),
            number::count(part)
        ),
    });
    let total: u64 = hours.iter().map(|(_, whole, _)| whole).sum();
    let chart = ColumnsPlot {
        clock,
        label: format!(
            "{label}: {} {all} in {} hours",
            number::count(total),
            hours.len()
        ),
        each_us: HOUR_US,
        height_px: VOLUME_HEIGHT_PX,
        columns: columns.collect(),
    };
    let chart = chart.draw();
    let rows = hours.iter().rev().filter(|(_, whole, _)| *whole > 0);
    Volume {
        key,
        label,
        words,
        chart,
        rows: rows
            .map(|(from_us, whole, part)| (clock.stamp(from_us), *whole, *part))
            .collect(),
    }
}

/// A count, or that nobody counts it.
fn counted(count: &Option<u64>) -> String {
    count.map_or_else(|| "not counted".to_owned(), number::count)
}

/// A count of patients, where there may be more.
fn patients((count, is_more): &(u64, bool)) -> String {
    let word = if *count == 1 { "patient" } else { "patients" };
    let least = if *is_more { "at least " } else { "" };
    format!("{least}{} {word}", number::count(count))
}

/// A setting's value, or that it is empty.
fn shown(value: &str) -> &str {
    match value {
        "" => "empty",
        value => value,
    }
}

#[derive(Template)]
#[template(path = "workloads.html")]
struct ListPage {
    live: String,
}

#[derive(Template)]
#[template(path = "workloads_live.html")]
struct List<'a> {
    clock: Clock,
    table: &'a WorkloadTable,
}

#[derive(Template)]
#[template(path = "workload.html")]
struct OnePage {
    live: String,
}

#[derive(Template)]
#[template(path = "workload_live.html")]
struct One<'a> {
    clock: Clock,
    volumes: Vec<Volume>,
    workload: &'a Workload,
}
