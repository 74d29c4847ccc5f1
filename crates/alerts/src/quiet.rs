//! Quiet feeds: what each source is used to send, and when its silence is no longer likely to be one of its pauses.
//!
//! What is learned of a feed is how often in each hour of the week a silent minute was followed by one in which it was heard. From
//! that follows how likely a silence is; one that is expected less than once a year of a feed that is well
//! ([`FALSE_ALARMS_PER_YEAR`]) is told, once, and once more when the feed is heard again. A heap counts once, however long it
//! takes, so that a feed that comes in heaps is not taken for a busy one. Hours in which a feed is used to be silent, and those
//! beside them, expect nothing.
//!
//! It is told in the order everything, source, signal: a source is silent on its own only if others are heard meanwhile, and a
//! signal only if its source is. Everything is a function of the journal: the minutes that intake tells of, and the watermark.

mod encoding;
mod feed;
mod hours;
mod news;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use clinical::{EventTime, ReceivedTime};

use feed::{Feed, MINUTE_US};
pub use hours::{FALSE_ALARMS_PER_YEAR, WEEK_HOURS};
pub use news::{About, CONDITION, Kind, News, RULE, WORKLOAD};

/// The name under which all sources together are told of; no source has it.
pub const EVERYTHING: &str = "*";
/// How many signals of a source are looked after; of more, only the source as a whole.
pub const SIGNALS_MAX: usize = 32;
/// Longer than this without being told the time, nobody was there to hear anything: silence counts from then on.
pub const GAP: Duration = Duration::from_secs(5 * 60);
/// In so many minutes of an hour intake must have been there for it to teach anything.
const OBSERVED_MINUTES: u32 = 45;
/// What is expected and of which not even a week is known is missed after this, if `quiet_after` is not longer.
const UNKNOWN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What the site says of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether it is to be heard in any case: it is missed if it never was, and where nothing could be learned.
    pub expected: bool,
    /// No silence is told that is shorter.
    pub quiet_after: Duration,
    /// How long after a minute all that was heard in it is told, at the latest.
    pub report_delay: Duration,
    /// Whether others are told of by who hears this source; otherwise how long to wait for them.
    pub wait_for_others: Option<Duration>,
}

/// What one process heard of a source in one minute; nothing at all says something, too.
#[derive(Clone, Copy, Debug)]
pub struct Minute<'a> {
    /// The minute, counted from the epoch.
    pub minute: i64,
    /// New messages; what is history is not among them.
    pub messages: u64,
    /// The same by signal, where they have any.
    pub signals: &'a [(&'a str, u64)],
    /// When the newest of them came.
    pub last: Option<ReceivedTime>,
    /// When that process last heard anybody.
    pub anybody: Option<ReceivedTime>,
}

/// What a step is taken on.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// What a process heard.
    Minute(Minute<'a>),
    /// The timer that was asked for; when it was due.
    Timer(EventTime),
}

/// When a step is taken, and for whom.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    /// The watermark, the input's own time included.
    pub watermark: EventTime,
    /// The hour of the week on the source's clock at the start of an hour since the epoch: 0 is Monday at midnight.
    pub hour_of_week: &'a dyn Fn(i64) -> usize,
}

/// What is known of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// When it was first told of.
    pub(crate) first: Option<i64>,
    /// The watermark when it was last told of, be it that nothing came.
    pub(crate) told: i64,
    /// Since when somebody is there again to hear.
    pub(crate) resumed: Option<i64>,
    /// When anybody was last heard by who hears this source.
    pub(crate) anybody: Option<i64>,
    /// Of hours that are not over: in which minutes somebody was there to hear.
    pub(crate) observed: BTreeMap<i64, u64>,
    /// The newest hour that was learned from.
    pub(crate) closed: i64,
    pub(crate) whole: Feed,
    pub(crate) signals: BTreeMap<Box<str>, Feed>,
}

/// What a step leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// What is to be told.
    pub news: Vec<News>,
    /// When to look again, if nothing comes; the only timer.
    pub look_at: Option<EventTime>,
    /// Whether what is usual at this time may have changed.
    pub is_new_hour: bool,
}

/// How a feed stands, for people to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The signal; nothing for the source as a whole.
    pub signal: Option<Box<str>>,
    /// When it was last heard.
    pub last: Option<ReceivedTime>,
    /// Since when it is told to be silent.
    pub quiet_since: Option<ReceivedTime>,
    /// About how many messages are usual in this hour of the week; nothing until that is known.
    pub usual_per_hour: Option<u64>,
}

impl State {
    /// Says whether nothing is known.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// Takes one input in; `is_everything` is for all sources together, which have nobody beside them.
    pub fn step(
        &mut self,
        input: Input<'_>,
        now: Now<'_>,
        rules: Rules,
        is_everything: bool,
    ) -> Effects {
        let watermark = now.watermark.micros();
        let mut effects = Effects::default();
        let is_long_after = |then: i64| watermark.saturating_sub(then) > micros(GAP);
        match input {
            Input::Minute(minute) => {
                let is_heard = minute.last.is_some();
                if self.first.is_none() && !is_heard && !rules.expected {
                    return effects;
                }
                if self.first.is_some() && is_long_after(self.told) {
                    self.resumed = Some(watermark);
                }
                self.told = self.told.max(watermark);
                self.first.get_or_insert(watermark);
                self.take(&minute);
            }
            Input::Timer(at) if is_everything => {
                if is_long_after(at.micros()) {
                    self.resumed = Some(watermark);
                }
            }
            // Nobody listens to it: intake is away, which is told of everything at once, or the configuration no longer has it.
            Input::Timer(_) if is_long_after(self.told) => return effects,
            Input::Timer(_) => {}
        }
        let of = |name: Option<&str>| match (name, is_everything) {
            (Some(signal), _) => About::Signal(signal.into()),
            (None, true) => About::Everything,
            (None, false) => About::Source,
        };
        for (name, feed) in self.feeds_mut() {
            if let Some(quiet) = feed.take_back() {
                effects.news.push(News {
                    about: of(name),
                    kind: Kind::Back,
                    as_of: now.watermark,
                    since: quiet.map(EventTime::from_micros),
                });
            }
        }
        effects.is_new_hour = self.learn(now, rules);
        self.look(now, rules, is_everything, &mut effects);
        effects
    }

    /// Says how it stands; the source as a whole first.
    pub fn standing(&self, now: Now<'_>) -> Vec<Standing> {
        let hour = now.watermark.micros().div_euclid(60 * MINUTE_US);
        let label = (now.hour_of_week)(hour);
        let whole = std::iter::once((None, &self.whole));
        let signals = self.signals.iter();
        let all = whole.chain(signals.map(|(name, feed)| (Some(name.clone()), feed)));
        all.map(|(signal, feed)| Standing {
            signal,
            last: feed.last.map(ReceivedTime::from_micros),
            quiet_since: feed.quiet.map(|quiet| {
                let since = quiet.last.or(self.first).unwrap_or_default();
                ReceivedTime::from_micros(since)
            }),
            usual_per_hour: feed.hours.volume(label),
        })
        .collect()
    }

    fn feeds_mut(&mut self) -> impl Iterator<Item = (Option<&str>, &mut Feed)> {
        let whole = std::iter::once((None, &mut self.whole));
        let signals = self.signals.iter_mut();
        whole.chain(signals.map(|(name, feed)| (Some(&**name), feed)))
    }

    fn take(&mut self, minute: &Minute<'_>) {
        let (hour, bit) = (minute.minute.div_euclid(60), minute.minute.rem_euclid(60));
        let anybody = minute.anybody.map(ReceivedTime::micros);
        self.anybody = self.anybody.max(anybody);
        let is_open = hour > self.closed;
        if is_open {
            *self.observed.entry(hour).or_default() |= 1 << bit;
        }
        let Some(last) = minute.last.map(ReceivedTime::micros) else {
            return;
        };
        let at = is_open.then_some((hour, bit));
        self.whole.heard(last, at, minute.messages);
        for (name, count) in minute.signals.iter().filter(|(_, count)| *count > 0) {
            if !self.signals.contains_key(*name) && self.signals.len() >= SIGNALS_MAX {
                continue;
            }
            let feed = self.signals.entry((*name).into()).or_default();
            feed.heard(last, at, *count);
        }
    }

    /// Learns from hours of which nothing more is to come; says whether there was one.
    fn learn(&mut self, now: Now<'_>, rules: Rules) -> bool {
        let told_until = now.watermark.minus(rules.report_delay).micros();
        let over = |hour: i64| (hour + 1) * 60 * MINUTE_US <= told_until;
        let mut is_any = false;
        while let Some((hour, observed)) = self.observed.first_key_value()
            && over(*hour)
        {
            let (hour, observed) = (*hour, *observed);
            self.observed.remove(&hour);
            self.closed = self.closed.max(hour);
            let label = (now.hour_of_week)(hour);
            let is_known = observed.count_ones() >= OBSERVED_MINUTES;
            for (_, feed) in self.feeds_mut() {
                feed.close(hour, label, is_known);
            }
            is_any = true;
        }
        is_any
    }

    /// Tells which feeds are silent for too long, and when to look again.
    fn look(&mut self, now: Now<'_>, rules: Rules, is_everything: bool, effects: &mut Effects) {
        let watermark = now.watermark.micros();
        let (first, resumed) = (self.first.unwrap_or(watermark), self.resumed);
        let (anybody, source) = (self.anybody, self.whole.last);
        let source_is_silent = self.whole.quiet.is_some();
        let mut look_at: Option<i64> = None;
        let mut silent_source = source_is_silent;
        for (name, feed) in self.feeds_mut() {
            if feed.quiet.is_some() || name.is_some() && silent_source {
                continue;
            }
            let since = feed.last.unwrap_or(first).max(resumed.unwrap_or(i64::MIN));
            let learned = feed.due(since, now.hour_of_week);
            let is_missed = rules.expected && name.is_none() && learned.is_none();
            let Some(due) = learned.or_else(|| is_missed.then(|| missed(feed, since, rules)))
            else {
                continue;
            };
            let due = due
                .max(since.saturating_add(micros(rules.quiet_after)))
                .saturating_add(micros(rules.report_delay));
            let others = if name.is_some() { source } else { anybody };
            let is_alone = is_everything && name.is_none() || is_missed;
            let is_others_heard =
                is_alone || others > Some(feed.last.unwrap_or(first).saturating_add(MINUTE_US));
            let due = match rules.wait_for_others {
                _ if is_others_heard => due,
                // A signal's source is told of by the same records: there is nobody to wait for.
                Some(wait) if name.is_none() => due.saturating_add(micros(wait)),
                _ => continue,
            };
            if due > watermark {
                look_at = Some(look_at.map_or(due, |at| at.min(due)));
                continue;
            }
            let kind = match feed.last {
                Some(_) => Kind::Silent,
                None => Kind::NeverHeard,
            };
            effects.news.push(News {
                about: match (name, is_everything) {
                    (Some(signal), _) => About::Signal(signal.into()),
                    (None, true) => About::Everything,
                    (None, false) => About::Source,
                },
                kind,
                as_of: now.watermark,
                since: feed.last.map(EventTime::from_micros),
            });
            feed.fall_silent();
            silent_source |= name.is_none();
        }
        effects.look_at = look_at.map(EventTime::from_micros);
    }
}

/// When a source that is expected and of which nothing can be learned is missed.
fn missed(feed: &Feed, since: i64, rules: Rules) -> i64 {
    let is_new = feed.last.is_some() && !feed.hours.is_week_known();
    let after = if is_new {
        UNKNOWN_AFTER
    } else {
        Duration::ZERO
    };
    since.saturating_add(micros(after.max(rules.quiet_after)))
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
