//! The overview: the data's way station by station, open alerts, sources and the disk.

use askama::Template;

use crate::chart::{Bar, Spark};
use crate::frame::{self, Frame, Place, render};
use crate::mark::{Health, Severity};
use crate::number;
use crate::stamp::Clock;

/// What the overview shows.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The stations, in the order the data passes them.
    pub stations: Vec<Station>,
    /// How many alerts are open, by severity; severities left out count none.
    pub open_alerts: Vec<(Severity, u64)>,
    /// When the oldest alert that nobody took was opened.
    pub oldest_open_us: Option<i64>,
    /// Who sends.
    pub sources: Vec<Source>,
    /// The disk that the journal is on.
    pub disk: Disk,
    /// When this process started.
    pub started_us: i64,
}

/// One station of the data's way.
#[derive(Clone, Debug)]
pub struct Station {
    /// Its name, one word: `intake`.
    pub name: String,
    /// What it does, in a few words.
    pub does: String,
    /// How it is doing.
    pub health: Health,
    /// Why it is not well, or what it waits for; may be empty.
    pub note: String,
    /// What it passes on, such as `messages`.
    pub unit: String,
    /// How many it passes on in a second.
    pub rate_per_second: f64,
    /// The rate over the last minutes, oldest first.
    pub trend: Vec<f64>,
    /// How many it has passed on since the start.
    pub total: u64,
    /// How far it is behind; nothing where that has no meaning.
    pub lag_us: Option<i64>,
    /// How many wait for it.
    pub waiting: u64,
    /// How many it set aside; nothing where it never does.
    pub quarantined: Option<u64>,
}

/// A sender.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in the configuration.
    pub name: String,
    /// How it sends, such as `MLLP on port 2575`.
    pub transport: String,
    /// How it is doing.
    pub health: Health,
    /// How many connections are open.
    pub connections: u64,
    /// When its last message came.
    pub last_message_us: Option<i64>,
    /// How many answers it got, by code: `AA`, `AE`, `AR`.
    pub acknowledgements: Vec<(String, u64)>,
}

/// The disk that the journal is on.
#[derive(Clone, Debug)]
pub struct Disk {
    /// How it is doing.
    pub health: Health,
    /// How much the journal and the state take.
    pub used_bytes: u64,
    /// How much is free.
    pub free_bytes: u64,
    /// How much there is in all.
    pub size_bytes: u64,
    /// When it is full at today's rate.
    pub full_in_us: Option<i64>,
    /// How long one write to the disk takes, most of the time.
    pub sync_us: Option<i64>,
}

/// Makes the overview as a page.
pub fn overview_page(frame: &Frame, overview: &Overview) -> String {
    let body = overview_fragment(frame, overview);
    frame::page(frame, Place::Overview, "Overview", &body)
}

/// Makes the overview as the element that stays live.
pub fn overview_fragment(frame: &Frame, overview: &Overview) -> String {
    let body = overview_live(frame, overview);
    frame::live("overview", "/live/overview", &body)
}

/// Makes what is inside the live element, for its stream.
pub fn overview_live(frame: &Frame, overview: &Overview) -> String {
    render(&Live {
        clock: frame.clock(),
        frame,
        overview,
    })
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Live<'a> {
    clock: Clock,
    frame: &'a Frame,
    overview: &'a Overview,
}

impl Live<'_> {
    /// Gives the rows of the table of open alerts; those that ask for nothing only where there are some.
    fn open(&self) -> Vec<(Severity, u64)> {
        let count = |severity: Severity| -> u64 {
            let of = self.overview.open_alerts.iter();
            let of = of.filter(|(each, _)| *each == severity);
            of.map(|(_, count)| count).sum()
        };
        let rows = Severity::ALL.map(|severity| (severity, count(severity)));
        let shown = |(severity, count): &(Severity, u64)| *severity != Severity::None || *count > 0;
        rows.into_iter().filter(shown).collect()
    }

    fn open_bar(&self, row: &(Severity, u64)) -> Bar {
        let (severity, count) = *row;
        Bar::new(
            count,
            self.open_in_all(),
            severity.mark().tone,
            severity.word(),
        )
    }

    fn open_in_all(&self) -> u64 {
        self.overview.open_alerts.iter().map(|(_, n)| n).sum()
    }

    fn spark(&self, station: &Station) -> Spark {
        Spark::new(
            &station.trend,
            &format!("{} rate, last minutes", station.name),
        )
    }

    fn disk_bar(&self) -> Bar {
        let disk = &self.overview.disk;
        let taken = disk.size_bytes.saturating_sub(disk.free_bytes);
        Bar::new(
            taken,
            disk.size_bytes,
            disk.health.tone(),
            "Share of the disk that is taken",
        )
    }
}
