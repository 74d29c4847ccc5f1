//! What a report of a device changes: what is kept of its samples, and what is found wrong with it.

use std::sync::Arc;

use formats::device::packet::Packet;
use formats::device::{Decimal, Presence, Quality, Sample, Series};

use crate::clock_offset::OFF_MOST;

use super::Settings;
use super::binding::Binding;
use super::rules::Rule;
use super::signal::{INTERVALS_MAX, Interval, SAMPLES_MAX, Signal, Window};
use super::state::{Channel, SEEN_MAX, SIGNALS_MAX, State};
use super::tell::code;

/// What an interval waits for stragglers before it is told, and again after each that comes later.
pub(super) const GRACE: i64 = 30_000_000;
/// Fewer samples in a row with one value are no frozen value.
const SAME_LEAST: u64 = 10;

/// What is wrong with a device, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) kind: &'static str,
    pub(super) state: FindingState,
    pub(super) at: i64,
    /// The code that it is about; may be empty.
    pub(super) code: Box<str>,
    pub(super) words: Vec<&'static str>,
    pub(super) count: Option<u64>,
    /// Received less observed, in microseconds.
    pub(super) offset: Option<i64>,
}

/// Whether something begins, ends, or was seen once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FindingState {
    Open,
    Over,
    Noted,
}

impl Finding {
    fn of(kind: &'static str, state: FindingState, at: i64) -> Self {
        Self {
            kind,
            state,
            at,
            code: Box::default(),
            words: Vec::new(),
            count: None,
            offset: None,
        }
    }
}

/// What all samples of a report share.
struct Taking<'a> {
    settings: &'a Settings,
    received: i64,
    /// Whether the device's clock is known to be wrong.
    is_misdated: bool,
    findings: Vec<Finding>,
    /// How many samples are of nobody.
    of_nobody: u64,
    /// How many are of intervals that were let go.
    too_late: u64,
}

impl State {
    /// Takes note of what a device is called, once.
    pub(super) fn name(&mut self, device: &str, source: &str) {
        if self.device.is_empty() {
            (self.device, self.source) = (device.into(), source.into());
        }
    }

    /// Whether a message was taken in before; it is from now on.
    pub(super) fn has_seen(&mut self, message: [u8; 16]) -> bool {
        if self.seen.contains(&message) {
            return true;
        }
        if self.seen.len() >= SEEN_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(message);
        false
    }

    /// Takes a report in; gives what is found of the device, and how many samples are of intervals that were let go.
    pub(super) fn take(&mut self, packet: &Packet, settings: &Settings) -> (Vec<Finding>, u64) {
        let received = packet.received_at;
        let mut findings = self.presence(packet);
        let times = packet.series.iter().flat_map(|series| &series.samples);
        if let Some(latest) = times.filter_map(|sample| sample.at).max() {
            self.clock.take(received, latest);
            findings.extend(self.judge_clock(received));
        }
        let mut taking = Taking {
            settings,
            received,
            is_misdated: self.clock.is_wrong,
            findings,
            of_nobody: 0,
            too_late: 0,
        };
        for series in &packet.series {
            self.take_series(series, &mut taking);
        }
        self.forget(received, settings);
        let mut findings = taking.findings;
        findings.extend(self.count_of_nobody(taking.of_nobody, received));
        (findings, taking.too_late)
    }

    /// The device has said nothing for too long.
    pub(super) fn fall_silent(&mut self, at: i64) -> Vec<Finding> {
        let news = !std::mem::replace(&mut self.is_silent, true);
        let finding = news.then(|| Finding::of("silent", FindingState::Open, at));
        finding.into_iter().collect()
    }

    /// Takes in who was on the device; what is kept of that time is to be told again.
    pub(super) fn associate(&mut self, said: Binding, now: i64) -> Vec<Finding> {
        let from = said.from;
        if !self.bindings.take(said) {
            return Vec::new();
        }
        // Where it ends, and whom it ends, is for the whole history to say: all from its beginning on is looked at again.
        for interval in self
            .signals
            .values_mut()
            .flat_map(|signal| signal.intervals.values_mut())
        {
            let touched = interval.samples.last().is_some_and(|(at, _)| *at >= from);
            if touched && interval.due.is_none() {
                Arc::make_mut(interval).due = Some(now);
            }
        }
        let is_someones = self.bindings.at(now).is_some();
        let over = self.is_unassociated && is_someones;
        let count = std::mem::take(&mut self.unassociated);
        self.is_unassociated &= !over;
        if !over {
            self.unassociated = count;
        }
        let finding = over.then(|| Finding {
            count: Some(count),
            ..Finding::of("unassociated", FindingState::Over, now)
        });
        finding.into_iter().collect()
    }

    fn presence(&mut self, packet: &Packet) -> Vec<Finding> {
        let at = packet.received_at;
        let is_offline = packet.presence == Some(Presence::Offline);
        let mut findings = Vec::new();
        if std::mem::replace(&mut self.is_offline, is_offline) != is_offline {
            let state = if is_offline {
                FindingState::Open
            } else {
                FindingState::Over
            };
            findings.push(Finding::of("offline", state, at));
        }
        if !is_offline && std::mem::take(&mut self.is_silent) {
            findings.push(Finding::of("silent", FindingState::Over, at));
        }
        findings
    }

    fn judge_clock(&mut self, at: i64) -> Option<Finding> {
        let wrong = self.clock.judge()?;
        if std::mem::replace(&mut self.clock.is_wrong, wrong) == wrong {
            return None;
        }
        let state = if wrong {
            FindingState::Open
        } else {
            FindingState::Over
        };
        Some(Finding {
            offset: self.clock.offset(),
            ..Finding::of("clock", state, at)
        })
    }

    fn count_of_nobody(&mut self, count: u64, at: i64) -> Option<Finding> {
        self.unassociated += count;
        if count == 0 || std::mem::replace(&mut self.is_unassociated, true) {
            return None;
        }
        Some(Finding::of("unassociated", FindingState::Open, at))
    }

    fn take_series(&mut self, series: &Series, taking: &mut Taking<'_>) {
        let channel = Channel {
            system: series.code.system,
            code: (*series.code.code).into(),
            channel: (*series.channel).into(),
        };
        let known = self.signals.contains_key(&channel);
        if !known && self.signals.len() >= SIGNALS_MAX {
            return;
        }
        let mut signal = self.signals.remove(&channel).unwrap_or_default();
        let unit: Arc<str> = (*series.unit).into();
        let rule = taking
            .settings
            .rules
            .of(&series.code)
            .filter(|_| !series.waveform);
        if !known && rule.is_none() && !series.waveform {
            taking.findings.push(Finding {
                code: (*series.code.code).into(),
                ..Finding::of("no-rule", FindingState::Noted, taking.received)
            });
        }
        let (began, ended) = signal.judge(series, taking.received);
        taking.findings.extend(began);
        taking
            .findings
            .extend(signal.number(series, taking.received));
        for sample in &series.samples {
            let at = sample.at.unwrap_or(taking.received);
            let Some((rule, value)) = rule.zip(sample.value) else {
                continue;
            };
            if sample.quality.is_technical() {
                continue;
            }
            taking
                .findings
                .extend(signal.compare(value, at, rule, &channel));
            let is_ahead = at > taking.received.saturating_add(OFF_MOST);
            // What was taken before the value froze may come later.
            let is_frozen = signal.is_frozen && at >= signal.same_since;
            if taking.is_misdated || is_ahead || is_frozen {
                continue;
            }
            if signal.keep(value, (at, taking.received), &unit, rule) {
                taking.of_nobody += u64::from(self.bindings.at(at).is_none());
            } else {
                taking.too_late += 1;
            }
        }
        taking.findings.extend(ended);
        self.signals.insert(channel, signal);
    }

    /// Lets go of what is told and older than the window.
    fn forget(&mut self, now: i64, settings: &Settings) {
        let oldest = now.saturating_sub(settings.window());
        for (channel, signal) in &mut self.signals {
            let is_old = |interval: &Interval| {
                let newest = interval.samples.last().map(|(at, _)| *at);
                interval.due.is_none() && newest.max(Some(interval.heard)) < Some(oldest)
            };
            let mut gone: Vec<i64> = Vec::new();
            signal.intervals.retain(|window, interval| {
                let goes = is_old(interval);
                gone.extend(goes.then_some(window.start));
                !goes
            });
            while signal.intervals.len() > INTERVALS_MAX {
                let first = signal.intervals.pop_first();
                gone.extend(first.map(|(window, _)| window.start));
            }
            if gone.is_empty() {
                continue;
            }
            if let Some(rule) = settings.rules.of(&code(channel)) {
                for start in gone {
                    signal.let_go(start, start.saturating_add(rule.interval));
                }
            }
        }
    }
}

impl Signal {
    /// Looks whether numbers of the device's count are missing in a report: how many, and when the first gap was.
    fn number(&mut self, series: &Series, received: i64) -> Option<Finding> {
        let mut gap: Option<Finding> = None;
        for sample in &series.samples {
            let Some(missing) = self.missing(sample.sequence) else {
                continue;
            };
            let found = gap.get_or_insert_with(|| Finding {
                code: (*series.code.code).into(),
                ..Finding::of("gap", FindingState::Noted, sample.at.unwrap_or(received))
            });
            found.count = Some(found.count.unwrap_or(0).saturating_add(missing));
        }
        gap
    }

    /// How many numbers are missing before one.
    fn missing(&mut self, number: u64) -> Option<u64> {
        let last = self.sequence;
        if number <= last {
            // It does not count, or begins again, or this came late.
            if number == 1 {
                self.sequence = 1;
            }
            return None;
        }
        self.sequence = number;
        if last == 0 {
            return None;
        }
        let step = number - last;
        // A count that is shared with other codes goes on by more than one.
        let usual = if self.step == 0 {
            step
        } else {
            self.step.min(step)
        };
        self.step = usual;
        let missing = step / usual - 1;
        (missing > 0).then_some(missing)
    }

    /// Looks whether the device trusts what it says: of a report only whether that began and whether it ended, however often it
    /// came and went in between, as in a wave with gaps.
    fn judge(&mut self, series: &Series, received: i64) -> (Option<Finding>, Option<Finding>) {
        let finding = |sample: &Sample, state| {
            let quality = match sample.value {
                Some(_) => sample.quality,
                None => sample.quality.and(Quality::NOT_AVAILABLE),
            };
            Finding {
                code: (*series.code.code).into(),
                words: quality.words().collect(),
                ..Finding::of("technical", state, sample.at.unwrap_or(received))
            }
        };
        let is_technical =
            |sample: &Sample| sample.quality.is_technical() || sample.value.is_none();
        let samples = &series.samples;
        let last = samples.iter().rposition(is_technical);
        let first = samples.iter().find(|sample| is_technical(sample));
        let began = first.filter(|_| !self.is_technical);
        let began = began.map(|sample| finding(sample, FindingState::Open));
        self.is_technical |= first.is_some();
        let trusted = samples.get(last.map_or(0, |last| last + 1));
        let ended = trusted.filter(|_| self.is_technical);
        let ended = ended.map(|sample| finding(sample, FindingState::Over));
        self.is_technical &= ended.is_none();
        (began, ended)
    }

    /// Looks whether the value has stayed the same for too long.
    fn compare(
        &mut self,
        value: Decimal,
        at: i64,
        rule: &Rule,
        channel: &Channel,
    ) -> Option<Finding> {
        if at < self.last_at {
            return None;
        }
        self.last_at = at;
        let is_same = self.value.is_some_and(|known| known.compare(value).is_eq());
        if !is_same {
            (self.value, self.same_since, self.same) = (Some(value), at, 1);
        } else {
            self.same += 1;
        }
        let long =
            |after: i64| at.saturating_sub(self.same_since) >= after && self.same >= SAME_LEAST;
        let is_frozen = rule.frozen_after.is_some_and(long);
        if std::mem::replace(&mut self.is_frozen, is_frozen) == is_frozen {
            return None;
        }
        let state = if is_frozen {
            FindingState::Open
        } else {
            FindingState::Over
        };
        Some(Finding {
            code: (*channel.code).into(),
            count: Some(self.same),
            ..Finding::of("frozen", state, at)
        })
    }

    /// Keeps a sample in its interval, which is to be told when it is over; not where that was told and let go.
    fn keep(
        &mut self,
        value: Decimal,
        (at, received): (i64, i64),
        unit: &Arc<str>,
        rule: &Rule,
    ) -> bool {
        let start = at - at.rem_euclid(rule.interval);
        let unit = Arc::clone(unit);
        let window = Window { start, unit };
        if self.is_gone(at) && !self.intervals.contains_key(&window) {
            return false;
        }
        let interval = Arc::make_mut(self.intervals.entry(window).or_default());
        let is_before = |known: &(i64, Decimal)| {
            known
                .0
                .cmp(&at)
                .then_with(|| known.1.compare(value))
                .is_lt()
        };
        let place = interval.samples.partition_point(is_before);
        let is_full = interval.samples.len() >= SAMPLES_MAX;
        let known = interval.samples.get_mut(place);
        match known.filter(|known| known.0 == at && known.1.compare(value).is_eq()) {
            // Of two that are the same, the one with more digits stands, whichever came first.
            Some(known) if known.1.scale < value.scale => known.1 = value,
            Some(_) => return true,
            None if is_full => return true,
            None => interval.samples.insert(place, (at, value)),
        }
        interval.heard = interval.heard.max(received);
        interval
            .due
            .get_or_insert(start.saturating_add(rule.interval).saturating_add(GRACE));
        true
    }
}
