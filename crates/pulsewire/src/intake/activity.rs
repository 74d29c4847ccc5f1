//! What came in of each source, minute by minute, told to its own topic: silence, too, is told.

mod told;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alerts::quiet::EVERYTHING;
use clinical::ReceivedTime;
use journal::Write;

pub(crate) use told::Told;
use told::{Answer, Signal};

use super::Intake;
use crate::clock::Clock;
use crate::clock_offset::ClockOffset;
use crate::config::Config;
use crate::metrics::SourceLabel;
use crate::topics::OTHER;

/// What a record of the topic is called.
pub(crate) const CONTENT_TYPE: &str = "application/vnd.pulsewire.source-activity+json";
/// The version of its shape.
const VERSION: u32 = 1;
const MINUTE_US: i64 = 60 * 1_000_000;
/// So many minutes wait to be told, if they cannot be; of more, the oldest are given up.
const MINUTES_MAX: usize = 60;
/// So many signals of a source are told apart in a minute, and so many letters of one are told.
const SIGNALS_MAX: usize = 64;
const SIGNAL_LENGTH: usize = 40;

/// One frame, request, packet or file that came in, with what was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// `mllp`, `http`, `mqtt` or `file`.
    pub(crate) way: &'static str,
    /// What kinds of message it counts as: types of ours, never words of its sender.
    pub(crate) signals: &'a [&'a str],
    /// The code of the answer: `AA`, `AE`, `2xx`, `accepted`.
    pub(crate) answer: &'static str,
    pub(crate) bytes: usize,
    pub(crate) at: ReceivedTime,
    /// When its sender says that it was true, in microseconds since the epoch.
    pub(crate) event_time: Option<i64>,
    pub(crate) sort: Sort,
}

/// What something that came in says of its source, beside that it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sign {
    /// What kinds of message it counts as, by names of ours; where there are none, its topic says it.
    pub(crate) signals: Vec<&'static str>,
    /// When its sender made it, in microseconds since the epoch; where it does not say, when it was true.
    pub(crate) made: Option<i64>,
}

/// Whether what came in says that its source lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// It was kept and is new.
    New,
    /// It was kept and is history.
    Backfill,
    /// It was known, refused or put off.
    Other,
}

/// What came in since it was last told.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Told apart from every other process's.
    process: String,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sources: BTreeMap<Arc<str>, Source>,
    anybody: Option<ReceivedTime>,
    /// The newest minute that was told of.
    told: i64,
}

#[derive(Debug, Default)]
struct Source {
    minutes: BTreeMap<i64, Minute>,
    clock: ClockOffset,
    certificate_expires: Option<ReceivedTime>,
}

#[derive(Clone, Debug, Default)]
struct Minute {
    ways: Vec<&'static str>,
    signals: Vec<(Box<str>, u64)>,
    messages: u64,
    backfill: u64,
    answers: Vec<(&'static str, u64)>,
    bytes: u64,
    last: Option<ReceivedTime>,
    first_event: Option<i64>,
    last_event: Option<i64>,
    lag_us: Option<i64>,
}

impl Activity {
    /// Counts what comes in for all sources that are configured.
    pub(crate) fn of(config: &Config, clock: Clock) -> Self {
        let process = format!("{}-{}", std::process::id(), clock.now().micros());
        Self::new(config.source_names().map(Arc::from), process)
    }

    /// Knows the sources that are to be told of even if nothing comes.
    pub(crate) fn new(known: impl Iterator<Item = Arc<str>>, process: String) -> Self {
        let everything = std::iter::once(EVERYTHING.into());
        let sources = known.chain(everything);
        let inner = Inner {
            sources: sources.map(|name| (name, Source::default())).collect(),
            ..Inner::default()
        };
        Self {
            process,
            inner: Mutex::new(inner),
        }
    }

    /// Counts what came in.
    pub(crate) fn heard(&self, source: &str, frame: &Frame<'_>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if frame.sort == Sort::New {
            inner.anybody = inner.anybody.max(Some(frame.at));
        }
        for name in [source, EVERYTHING] {
            let source = match inner.sources.get_mut(name) {
                Some(source) => source,
                None => inner.sources.entry(name.into()).or_default(),
            };
            if let Some(made) = frame.made_by_its_clock().filter(|_| name != EVERYTHING) {
                source.clock.take(frame.at.micros(), made);
            }
            let minute = frame.at.micros().div_euclid(MINUTE_US);
            let minute = source.minutes.entry(minute).or_default();
            minute.count(frame, name != EVERYTHING);
        }
    }

    /// Gives how far the clocks of senders are off, in microseconds, and of which it is news that they are wrong or right.
    fn clocks(&self) -> Vec<(Arc<str>, i64, Option<bool>)> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let clocks = inner.sources.iter_mut().filter_map(|(name, source)| {
            let (offset, is_wrong) = (source.clock.offset()?, source.clock.judge()?);
            let before = std::mem::replace(&mut source.clock.is_wrong, is_wrong);
            Some((
                Arc::clone(name),
                offset,
                (before != is_wrong).then_some(is_wrong),
            ))
        });
        clocks.collect()
    }

    /// Notes when the certificate runs out that a source showed; says whether that is news.
    pub(crate) fn showed(&self, source: &str, expires: ReceivedTime) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let source = inner.sources.entry(source.into()).or_default();
        let before = source.certificate_expires.replace(expires);
        before != Some(expires)
    }

    /// Takes out the minutes that are over, or all of them; one in which nothing came stands for those before it. Nothing, while
    /// no minute is over.
    pub(crate) fn take(&self, now: ReceivedTime, all: bool) -> Vec<Told> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let over = now.micros().div_euclid(MINUTE_US) - i64::from(!all);
        let is_new = over > inner.told;
        let told_before = inner.told;
        inner.told = inner.told.max(over);
        let anybody = inner.anybody;
        let mut told = Vec::new();
        for (name, source) in &mut inner.sources {
            let later = source.minutes.split_off(&(over + 1));
            let mut minutes = std::mem::replace(&mut source.minutes, later);
            // At the start nobody knows what came before.
            if is_new && !all && told_before != 0 {
                minutes.entry(over).or_default();
            }
            for (minute, counts) in minutes {
                told.push(self.told(name, minute, &counts, (anybody, source.certificate_expires)));
            }
        }
        told
    }

    /// Takes back what could not be told.
    fn put_back(&self, told: &Told) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let source = inner.sources.get_mut(&*told.source);
        let (Some(source), Some(minute)) = (source, told.minute()) else {
            return;
        };
        source.minutes.entry(minute).or_default().add(told);
        while source.minutes.len() > MINUTES_MAX {
            source.minutes.pop_first();
        }
    }

    fn told(
        &self,
        source: &str,
        minute: i64,
        counts: &Minute,
        (anybody, expires): (Option<ReceivedTime>, Option<ReceivedTime>),
    ) -> Told {
        let time = |at: Option<ReceivedTime>| at.map(|at| at.to_string());
        let event = |at: Option<i64>| time(at.map(ReceivedTime::from_micros));
        Told {
            version: VERSION,
            source: source.to_owned(),
            process: self.process.clone(),
            minute: ReceivedTime::from_micros(minute.saturating_mul(MINUTE_US)).to_string(),
            ways: counts.ways.iter().map(ToString::to_string).collect(),
            messages: counts.messages,
            signals: counts
                .signals
                .iter()
                .map(|(signal, messages)| Signal {
                    signal: signal.to_string(),
                    messages: *messages,
                })
                .collect(),
            backfill: counts.backfill,
            answers: counts
                .answers
                .iter()
                .map(|(code, count)| Answer {
                    code: (*code).to_owned(),
                    count: *count,
                })
                .collect(),
            bytes: counts.bytes,
            last: time(counts.last),
            anybody: time(anybody),
            first_event: event(counts.first_event),
            last_event: event(counts.last_event),
            lag_ms: counts
                .lag_us
                .and_then(|lag| u64::try_from(lag / 1_000).ok()),
            certificate_expires: time(expires),
        }
    }
}

impl Frame<'_> {
    /// When its sender made it by a clock of theirs: other ways than MLLP say when something was true.
    fn made_by_its_clock(&self) -> Option<i64> {
        let is_live = self.way == "mllp" && self.sort == Sort::New;
        self.event_time.filter(|_| is_live)
    }
}

impl Intake {
    /// Tells how far the clocks of senders are off.
    fn tell_clocks(&self) {
        for (source, offset, news) in self.activity.clocks() {
            let label = SourceLabel {
                source: source.to_string(),
            };
            let sign = if offset < 0 { -1.0 } else { 1.0 };
            let seconds = Duration::from_micros(offset.unsigned_abs()).as_secs_f64() * sign;
            self.metrics
                .source_clock_offset
                .get_or_create(&label)
                .set(seconds);
            match news {
                Some(true) => {
                    tracing::warn!(%source, seconds, "the clock of a source is off, or its messages are so long on their way");
                }
                Some(false) => tracing::info!(%source, seconds, "the clock of a source is right"),
                None => {}
            }
        }
    }

    /// Writes what was heard of each source in minutes that are over, or in all of them; what cannot be written waits for the next
    /// time.
    pub(crate) fn tell_activity(&self, now: ReceivedTime, all: bool) {
        self.tell_clocks();
        let told = self.activity.take(now, all);
        for one in &told {
            let label = SourceLabel {
                source: one.source.clone(),
            };
            if let Some(lag) = one.lag_ms {
                let lag = Duration::from_millis(lag).as_secs_f64();
                self.metrics.source_lag.get_or_create(&label).set(lag);
            }
        }
        let records = told.iter().map(|one| one.record(now, self.partitions));
        // Each stands for itself: together they would cost a transaction where others share the journal.
        let writes: Vec<_> = records
            .map(|record| Write {
                records: vec![record],
                offsets: Vec::new(),
            })
            .collect();
        for (one, write) in told.into_iter().zip(writes) {
            let activity = Arc::clone(&self.activity);
            let done = move |result: Result<journal::Committed, journal::Error>| {
                if let Err(error) = result {
                    tracing::error!(source = %one.source, %error, "what was heard of a source could not be told yet");
                    activity.put_back(&one);
                }
            };
            self.journal.submit(write, Box::new(done));
        }
    }
}

impl Minute {
    fn count(&mut self, frame: &Frame<'_>, with_signals: bool) {
        if !self.ways.contains(&frame.way) {
            self.ways.push(frame.way);
        }
        self.bytes = self.bytes.saturating_add(frame.bytes as u64);
        match self
            .answers
            .iter_mut()
            .find(|(code, _)| *code == frame.answer)
        {
            Some((_, count)) => *count += 1,
            None => self.answers.push((frame.answer, 1)),
        }
        match frame.sort {
            Sort::New => {}
            Sort::Backfill => {
                self.backfill += 1;
                return;
            }
            Sort::Other => return,
        }
        self.messages += 1;
        self.last = self.last.max(Some(frame.at));
        if with_signals {
            frame
                .signals
                .iter()
                .for_each(|name| self.signal(signal(name), 1));
        }
        if let Some(event) = frame.event_time {
            self.first_event = Some(self.first_event.map_or(event, |first| first.min(event)));
            self.last_event = self.last_event.max(Some(event));
            self.lag_us = Some(frame.at.micros().saturating_sub(event).max(0));
        }
    }

    fn signal(&mut self, name: &str, more: u64) {
        let is_full = self.signals.len() >= SIGNALS_MAX;
        let is_known = |known: &(Box<str>, u64)| &*known.0 == name;
        let name = if is_full && !self.signals.iter().any(is_known) {
            OTHER
        } else {
            name
        };
        match self.signals.iter_mut().find(|(known, _)| &**known == name) {
            Some((_, count)) => *count += more,
            None => self.signals.push((name.into(), more)),
        }
    }

    /// Adds what could not be told; which ways and answers these were is told no more.
    fn add(&mut self, told: &Told) {
        self.messages += told.messages;
        self.backfill += told.backfill;
        self.bytes += told.bytes;
        self.last = self
            .last
            .max(told.last.as_deref().and_then(ReceivedTime::parse));
        for each in &told.signals {
            self.signal(signal(&each.signal), each.messages);
        }
    }
}

/// A signal's name as it may be told: whatever else stands there could be anybody's.
fn signal(name: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = (1..=SIGNAL_LENGTH).contains(&name.len()) && name.bytes().all(is_plain);
    if is_name { name } else { OTHER }
}

#[cfg(test)]
mod tests;
