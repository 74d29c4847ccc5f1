//! The sources: what came of each, how it stands, and what is to be looked at; as JSON for scripts, and as the page shows it.

use std::collections::BTreeMap;

use alerts::quiet::EVERYTHING;
use clinical::{MessageId, ReceivedTime};
use serde::{Deserialize, Serialize};
use ui::{Health, SignalRow, SourceRow, SourceTable};

use crate::control::Control;
use crate::views::{QuarantineView, SourceView, Views};

/// A source that was heard within this is running.
const HEARD_US: i64 = 60 * 1_000_000;
/// So many sources stand on the page; scripts get all of them.
const ROWS_MAX: usize = 500;
/// The name of the source that all messages have that no other names.
const DEFAULT: &str = "default";

/// What a process tells of its sources.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sources {
    pub(crate) now: String,
    /// Since when nothing comes from any source, where that is longer than likely.
    pub(crate) everything_quiet_since: Option<String>,
    pub(crate) sources: Vec<Source>,
    /// Our own certificates.
    pub(crate) certificates: Vec<Certificate>,
}

/// One source.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) ways: Vec<String>,
    /// Whether the configuration still has it.
    pub(crate) configured: bool,
    pub(crate) expected: bool,
    pub(crate) quiet_since: Option<String>,
    /// At the rate of the last minutes.
    pub(crate) messages_per_hour: u64,
    /// Nothing until it is known.
    pub(crate) usual_per_hour: Option<u64>,
    pub(crate) last: Option<String>,
    pub(crate) lag_ms: Option<u64>,
    /// By code.
    pub(crate) answers: BTreeMap<String, u64>,
    pub(crate) backfill: u64,
    /// Among the newest records in quarantine, without those that were sent through again.
    pub(crate) quarantined: u64,
    pub(crate) unmapped_codes: u64,
    pub(crate) certificate_expires: Option<String>,
    pub(crate) signals: Vec<Signal>,
}

/// One kind of message of a source.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signal {
    pub(crate) name: String,
    pub(crate) last: Option<String>,
    pub(crate) quiet_since: Option<String>,
    pub(crate) usual_per_hour: Option<u64>,
}

/// A certificate of ours.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) way: String,
    pub(crate) expires: String,
}

impl Source {
    /// Whether it, or a kind of message of it, is silent for longer than likely.
    pub(crate) fn is_missed(&self) -> bool {
        let mut signals = self.signals.iter();
        self.quiet_since.is_some() || signals.any(|signal| signal.quiet_since.is_some())
    }
}

/// What there is to tell now.
pub(in crate::control) fn told(control: &Control) -> Sources {
    let views = control.views.read();
    let now = control.clock.now();
    let everything = views.sources.get(EVERYTHING);
    let names = names(control, &views);
    let counts = Counts::of(&views);
    let sources = names
        .iter()
        .map(|name| source(control, &views, &counts, (name, now)));
    Sources {
        now: now.to_string(),
        everything_quiet_since: everything.and_then(quiet_since),
        sources: sources.collect(),
        certificates: control
            .certificates
            .iter()
            .map(|(way, expires)| Certificate {
                way: way.clone(),
                expires: expires.to_string(),
            })
            .collect(),
    }
}

/// Those that are configured, and those that were once; the one for all others only if there are such.
fn names(control: &Control, views: &Views) -> Vec<String> {
    let configured = control.config.source_names().map(str::to_owned);
    let heard = views.sources.keys().cloned();
    let mut names: Vec<String> = configured.chain(heard).collect();
    names.sort();
    names.dedup();
    let is_alone = control.config.source_names().count() == 1;
    names.retain(|name| {
        let is_heard = || {
            views
                .sources
                .get(name)
                .is_some_and(|view| view.last.is_some())
        };
        name != EVERYTHING && (name != DEFAULT || is_alone || is_heard())
    });
    names
}

/// What is to be looked at, by source.
#[derive(Default)]
struct Counts<'v> {
    quarantined: BTreeMap<&'v str, u64>,
    unmapped: BTreeMap<&'v str, u64>,
}

impl<'v> Counts<'v> {
    fn of(views: &'v Views) -> Self {
        let mut counts = Self::default();
        // What was sent through again is done with; where it failed again, it is here again.
        let waits = |view: &&QuarantineView| !views.is_settled(view);
        for view in views.quarantine.iter().filter(waits) {
            *counts.quarantined.entry(&view.source).or_default() += 1;
        }
        for source in views.unmapped.sources() {
            *counts.unmapped.entry(source).or_default() += 1;
        }
        counts
    }
}

fn source(
    control: &Control,
    views: &Views,
    counts: &Counts<'_>,
    (name, now): (&str, ReceivedTime),
) -> Source {
    let unheard = SourceView::default();
    let view = views.sources.get(name).unwrap_or(&unheard);
    let count = |of: &BTreeMap<&str, u64>| of.get(name).copied().unwrap_or_default();
    let time = |at: Option<ReceivedTime>| at.map(|at| at.to_string());
    let configured = control.config.sources.get(name);
    let feeds = view.standing.iter().flat_map(|standing| &standing.feeds);
    let whole = feeds.clone().find(|feed| feed.signal.is_none());
    let signals = feeds.clone().filter_map(|feed| {
        Some(Signal {
            name: feed.signal.clone()?,
            last: feed.last.clone(),
            quiet_since: feed.quiet_since.clone(),
            usual_per_hour: feed.usual_per_hour,
        })
    });
    Source {
        name: name.to_owned(),
        ways: view.ways.iter().cloned().collect(),
        configured: control.config.has_source(name),
        expected: configured.is_some_and(|source| source.expected),
        quiet_since: quiet_since(view),
        messages_per_hour: view.per_hour(now),
        usual_per_hour: whole.and_then(|feed| feed.usual_per_hour),
        last: time(view.last),
        lag_ms: view.lag_ms,
        answers: view.answers.clone(),
        backfill: view.backfill,
        quarantined: count(&counts.quarantined),
        unmapped_codes: count(&counts.unmapped),
        certificate_expires: time(view.certificate_expires),
        signals: signals.collect(),
    }
}

fn quiet_since(view: &SourceView) -> Option<String> {
    let mut feeds = view.standing.iter().flat_map(|standing| &standing.feeds);
    let whole = feeds.find(|feed| feed.signal.is_none())?;
    whole.quiet_since.clone()
}

/// The same as the page shows it.
pub(in crate::control) fn table(control: &Control) -> SourceTable {
    let told = told(control);
    let now = control.clock.now();
    let mut sources: Vec<&Source> = told.sources.iter().collect();
    // Whoever is missed comes first, so that none of them is left out.
    sources.sort_by_key(|source| !source.is_missed());
    let more = sources.len().saturating_sub(ROWS_MAX);
    sources.truncate(ROWS_MAX);
    let views = control.views.read();
    let rows = sources.into_iter().map(|source| {
        let view = views.sources.get(&source.name);
        let trend = view.map(|view| view.trend(now)).unwrap_or_default();
        row(source, &trend, now)
    });
    SourceTable {
        more: more as u64,
        everything_quiet_us: micros(told.everything_quiet_since.as_ref()),
        certificates: told
            .certificates
            .iter()
            .filter_map(|own| Some((own.way.clone(), micros(Some(&own.expires))?)))
            .collect(),
        rows: rows.collect(),
    }
}

fn row(source: &Source, trend: &[u64], now: ReceivedTime) -> SourceRow {
    let last_us = micros(source.last.as_ref());
    let is_heard = last_us.is_some_and(|at| now.micros().saturating_sub(at) < HEARD_US);
    let health = match (source.quiet_since.is_some(), is_heard) {
        (true, _) => Health::Degraded,
        (false, true) => Health::Running,
        (false, false) => Health::Idle,
    };
    let signals = source.signals.iter().map(|signal| SignalRow {
        name: signal.name.clone(),
        last_us: micros(signal.last.as_ref()),
        quiet_us: micros(signal.quiet_since.as_ref()),
        usual_per_hour: signal.usual_per_hour,
    });
    let small = |count: &u64| f64::from(u32::try_from(*count).unwrap_or(u32::MAX));
    let answers = source.answers.iter();
    SourceRow {
        id: MessageId::derive(&[source.name.as_bytes()]).to_string(),
        name: source.name.clone(),
        ways: source.ways.clone(),
        health,
        quiet_us: micros(source.quiet_since.as_ref()),
        configured: source.configured,
        expected: source.expected,
        per_hour: source.messages_per_hour,
        usual_per_hour: source.usual_per_hour,
        trend: trend.iter().map(small).collect(),
        last_us,
        lag_us: source
            .lag_ms
            .and_then(|lag| i64::try_from(lag.saturating_mul(1_000)).ok()),
        answers: answers
            .map(|(code, count)| (code.clone(), *count))
            .collect(),
        quarantined: source.quarantined,
        unmapped: source.unmapped_codes,
        certificate_us: micros(source.certificate_expires.as_ref()),
        signals: signals.collect(),
    }
}

fn micros(text: Option<&String>) -> Option<i64> {
    text.and_then(|text| ReceivedTime::parse(text))
        .map(ReceivedTime::micros)
}
