//! Alerts: the list by state, and one alert with everything it rests on.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::frame::{self, Choice, Choices, Frame, Link, Place, render};
use crate::mark::{AlertState, Severity};
use crate::number;
use crate::shown::{Pages, Shown};
use crate::stamp::Clock;

/// An alert in a list.
#[derive(Clone, Debug)]
pub struct AlertRow {
    /// Its id, as in its address.
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlertState,
    /// The reason in one line.
    pub reason: String,
    /// What it is about, such as `deterioration`.
    pub condition: String,
    /// Whom it is about, with the way to the patient's page.
    pub patient: Link,
    /// Where the patient is; may be unknown.
    pub location: Option<String>,
    /// The clinical time that it speaks of.
    pub as_of_us: i64,
    /// When it was opened.
    pub opened_us: i64,
    /// Who took it.
    pub owner: Option<String>,
    /// Why nobody is told of it, where it is held back.
    pub held: Option<String>,
    /// The channels that gave up telling of it, while nobody has taken it; empty where there are none.
    pub given_up: String,
    /// The channels that have not brought it by its deadline, while nobody has taken it; empty where there are none.
    pub late: String,
}

/// What the list of alerts shows.
#[derive(Clone, Debug)]
pub struct AlertList {
    /// The state chosen; nothing for all.
    pub state: Option<AlertState>,
    /// How many there are in each state.
    pub counts: Vec<(AlertState, u64)>,
    /// The alerts, most urgent first.
    pub rows: Vec<AlertRow>,
    /// Which of how many they are.
    pub shown: Shown,
}

/// Makes the list of alerts as a page.
pub fn alerts_page(frame: &Frame, list: &AlertList) -> String {
    let body = render(&ListPage {
        live: alerts_fragment(frame, list),
    });
    frame::page(frame, Place::Alerts, "Alerts", &body)
}

/// Makes the list of alerts as the element that stays live.
pub fn alerts_fragment(frame: &Frame, list: &AlertList) -> String {
    let path = format!(
        "/live{}",
        address(list.state, list.shown.query().as_deref())
    );
    frame::live("alerts", &path, &alerts_live(frame, list))
}

/// Makes what is inside the live element, for its stream.
pub fn alerts_live(frame: &Frame, list: &AlertList) -> String {
    let count = |state: AlertState| -> u64 {
        let of = list.counts.iter().filter(|(each, _)| *each == state);
        of.map(|(_, count)| count).sum()
    };
    let mut choices = vec![Choice {
        text: "All".to_owned(),
        href: address(None, None),
        count: Some(number::count(
            list.counts.iter().map(|(_, n)| n).sum::<u64>(),
        )),
        current: list.state.is_none(),
    }];
    choices.extend(AlertState::ALL.map(|state| Choice {
        text: capital(state.word()),
        href: address(Some(state), None),
        count: Some(number::count(count(state))),
        current: list.state == Some(state),
    }));
    render(&List {
        choices: Choices {
            label: "State",
            name: "choice",
            target: "alerts",
            choices,
        },
        table: AlertTable::new(
            frame,
            &list.rows,
            "Alerts, most urgent first, and of those the longest open",
        ),
        pages: list.shown.line("alerts", |page| address(list.state, page)),
    })
}

fn address(state: Option<AlertState>, page: Option<&str>) -> String {
    let state = state.map(AlertState::word);
    frame::filtered("/alerts", [("state", state), ("page", page)])
}

/// One alert with everything it rests on.
#[derive(Clone, Debug)]
pub struct Alert {
    /// What the list shows of it.
    pub row: AlertRow,
    /// The rule that found it, with its version, such as `news2 1.0.0`.
    pub rule: String,
    /// The score, where the rule has one.
    pub score: Option<i64>,
    /// Counted from 1; each change makes one.
    pub revision: u64,
    /// When its newest reason could be known.
    pub known_us: i64,
    /// The values behind it.
    pub evidence: Vec<EvidenceRow>,
    /// What the rule would have needed and did not have.
    pub missing: Vec<String>,
    /// What was done, oldest first.
    pub history: Vec<HistoryRow>,
    /// What the rule said each time, newest first.
    pub revisions: Vec<RevisionRow>,
    /// Who was told what, newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// The way back to the message, nearest step first.
    pub way_back: Vec<WayStep>,
    /// What can be asked of it now; nothing where the viewer may not.
    pub forms: Option<AlertForms>,
}

/// A value behind an alert.
#[derive(Clone, Debug)]
pub struct EvidenceRow {
    /// What it is.
    pub what: String,
    /// The value with its unit.
    pub value: String,
    /// What it added to the score.
    pub points: Option<i64>,
    /// When it was true.
    pub at_us: i64,
    /// Where it came from.
    pub origin: Link,
}

/// One step in an alert's life.
#[derive(Clone, Debug)]
pub struct HistoryRow {
    /// When.
    pub at_us: i64,
    /// Who: a person, or a rule by its name.
    pub who: String,
    /// The state it led to.
    pub state: AlertState,
    /// The severity it led to.
    pub severity: Severity,
    /// Why; may be empty.
    pub why: String,
}

/// What the rule said once.
#[derive(Clone, Debug)]
pub struct RevisionRow {
    /// Counted from 1.
    pub revision: u64,
    /// When it could be known.
    pub known_us: i64,
    /// The clinical time it speaks of.
    pub as_of_us: i64,
    /// How much it mattered.
    pub severity: Severity,
    /// The score.
    pub score: Option<i64>,
    /// What it said, or why it was taken back.
    pub summary: String,
    /// Whether it was taken back.
    pub retracted: bool,
}

/// One piece of news for one recipient.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// When.
    pub at_us: i64,
    /// What the news was, such as `raised`.
    pub kind: String,
    /// The channel.
    pub channel: String,
    /// What came of it, such as `delivered` or `waiting, 2 tries`.
    pub result: String,
}

/// One step on the way back from an alert to the bytes that caused it.
#[derive(Clone, Debug)]
pub struct WayStep {
    /// What it is: `finding`, `event`, `message`.
    pub what: String,
    /// Its name or a line about it.
    pub name: String,
    /// Where it is kept: topic, partition and offset.
    pub origin: Link,
    /// When it was accepted or made.
    pub at_us: Option<i64>,
}

/// What can be asked of an alert.
#[derive(Clone, Debug)]
pub struct AlertForms {
    /// Whether it can be acknowledged, or somebody has still to repeat what they were told.
    pub acknowledge: bool,
    /// Whether whoever is told has to repeat it.
    pub read_back: bool,
    /// Whether it can be resolved.
    pub resolve: bool,
    /// Who asks, as far as is known; may be empty.
    pub who: String,
    /// What was wrong with what was sent before.
    pub problem: Option<String>,
}

/// Makes one alert as a page.
pub fn alert_page(frame: &Frame, alert: &Alert) -> String {
    let body = render(&OnePage {
        live: alert_fragment(frame, alert),
        frame,
        alert,
    });
    let title = format!("Alert: {}", alert.row.reason);
    frame::page(frame, Place::Alerts, &title, &body)
}

/// Makes one alert as the element that stays live; its forms are on the page only, so that nothing typed is lost.
pub fn alert_fragment(frame: &Frame, alert: &Alert) -> String {
    let path = format!("/live/alerts/{}", alert.row.id);
    frame::live("alert", &path, &alert_live(frame, alert))
}

/// Makes what is inside the live element, for its stream.
pub fn alert_live(frame: &Frame, alert: &Alert) -> String {
    render(&One {
        clock: frame.clock(),
        alert,
    })
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct ListPage {
    live: String,
}

#[derive(Template)]
#[template(path = "alerts_live.html")]
struct List<'a> {
    choices: Choices<'a>,
    table: AlertTable<'a>,
    pages: Pages,
}

#[derive(Template)]
#[template(path = "alert.html")]
struct OnePage<'a> {
    live: String,
    frame: &'a Frame,
    alert: &'a Alert,
}

#[derive(Template)]
#[template(path = "alert_live.html")]
struct One<'a> {
    clock: Clock,
    alert: &'a Alert,
}

impl One<'_> {
    /// The patient's page as it was known when the alert opened; nothing where it is about nobody.
    fn then(&self) -> Option<String> {
        const SECOND_US: i64 = 1_000_000;
        let row = &self.alert.row;
        let patient = row.patient.href.as_deref()?;
        // An address has whole seconds, and by the one that follows it was open.
        let second = row
            .opened_us
            .saturating_add(SECOND_US - 1)
            .div_euclid(SECOND_US);
        let at = self.clock.rfc3339(second.saturating_mul(SECOND_US));
        let is_patient = patient.starts_with("/patients/");
        is_patient.then(|| frame::filtered(patient, [("known", Some(&at))]))
    }
}

/// A table of alerts, wherever one is shown.
#[derive(Template)]
#[template(path = "part/alert_table.html")]
pub(crate) struct AlertTable<'a> {
    clock: Clock,
    rows: &'a [AlertRow],
    caption: &'a str,
}

impl HtmlSafe for AlertTable<'_> {}

impl<'a> AlertTable<'a> {
    pub(crate) fn new(frame: &Frame, rows: &'a [AlertRow], caption: &'a str) -> Self {
        Self {
            clock: frame.clock(),
            rows,
            caption,
        }
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
