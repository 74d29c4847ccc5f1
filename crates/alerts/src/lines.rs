//! What is known of one condition: the newest revision of every finding line, in clinical time.

use std::collections::BTreeMap;

use clinical::{EventTime, Evidence, Finding, FindingId, FindingState, ReceivedTime, Severity};

/// How many finding lines of a condition are kept; the oldest go first.
pub(crate) const MAX_LINES: usize = 128;
/// Of how many lines of a condition the evidence and all words are kept. An alert that comes to rest on an older one, since all
/// of these were taken back, names its finding, which has them.
pub(crate) const MAX_EVIDENT: usize = 8;
/// How long the words of an older one are, in bytes.
pub(crate) const BRIEF: usize = 48;
/// Says that there were more words.
const ELLIPSIS: &str = " …";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Of each workload its lines.
    known: BTreeMap<Box<str>, Dated>,
    /// The newest clinical time of a reason that is no longer kept.
    pub(crate) forgotten: Option<EventTime>,
}

/// Lines in the order of clinical time: nearly all come, and are looked at, at the end.
pub(crate) type Dated = Vec<(EventTime, Line)>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) revision: u32,
    pub(crate) severity: Severity,
    /// False for the mark that a line was taken back, kept so that an older revision cannot bring it up again.
    pub(crate) stands: bool,
    /// What an alert can rest on; only of lines that reach the threshold.
    pub(crate) basis: Option<Box<Basis>>,
}

impl Line {
    /// Says whether a finding is more severe, or of other words.
    fn is_other(&self, finding: &Finding) -> bool {
        let is_reworded = |basis: &Basis| basis.summary != finding.summary;
        !self.stands
            || self.severity < finding.severity
            || self.basis.as_deref().is_some_and(is_reworded)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) finding: FindingId,
    pub(crate) rule: Box<str>,
    pub(crate) known_at: ReceivedTime,
    pub(crate) summary: Box<str>,
    pub(crate) evidence: Vec<Evidence>,
}

/// The lines of one workload.
#[derive(Clone, Copy, Debug)]
struct Own<'a> {
    workload: &'a str,
    lines: &'a [(EventTime, Line)],
}

/// A line that stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) as_of: EventTime,
    pub(crate) workload: &'a str,
    pub(crate) severity: Severity,
    pub(crate) basis: Option<&'a Basis>,
}

/// What a new revision did to its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) is_first: bool,
    /// Whether it says something more severe of its time than was said before, if anything was, or says it in other words.
    pub(crate) is_news: bool,
    pub(crate) was_reason: bool,
    pub(crate) is_reason: bool,
}

/// What a person closed: readings up to a time and a severity need no alert any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handled {
    pub(crate) until: EventTime,
    pub(crate) severity: Severity,
}

impl Handled {
    fn covers(self, reading: Reading<'_>) -> bool {
        let is_reason = reading.basis.is_some();
        is_reason && reading.as_of <= self.until && reading.severity <= self.severity
    }
}

/// How severe a condition is by its newest findings.
#[derive(Debug)]
pub(crate) struct Levels<'a> {
    /// The newest reading of each workload.
    pub(crate) newest: Vec<Reading<'a>>,
    /// The most severe of the newest few of each workload.
    pub(crate) held: Option<Reading<'a>>,
}

impl<'a> Levels<'a> {
    /// Gives the most severe of the newest readings.
    pub(crate) fn up(&self) -> Option<Reading<'a>> {
        self.newest.iter().copied().max_by_key(rank)
    }
}

/// Orders readings by severity, and by clinical time where that is the same.
pub(crate) fn rank(reading: &Reading<'_>) -> (Severity, EventTime) {
    (reading.severity, reading.as_of)
}

impl Lines {
    /// Takes in the lines that were kept; nothing where those of a workload are not in their order.
    pub(crate) fn of(
        kept: impl IntoIterator<Item = (Box<str>, Dated)>,
        forgotten: Option<EventTime>,
    ) -> Option<Self> {
        let mut known = BTreeMap::<Box<str>, Dated>::new();
        for (workload, lines) in kept {
            known.entry(workload).or_default().extend(lines);
        }
        let is_ordered = |lines: &Dated| lines.is_sorted_by(|(one, _), (next, _)| one < next);
        let known = Some(known).filter(|known| known.values().all(is_ordered))?;
        Some(Self { known, forgotten })
    }

    fn own(&self, workload: &str) -> Option<Own<'_>> {
        let own = self.known.get_key_value(workload);
        own.map(|(workload, lines)| Own { workload, lines })
    }

    /// Gives the lines of each workload.
    fn each(&self) -> impl DoubleEndedIterator<Item = Own<'_>> {
        let each = self.known.iter();
        each.map(|(workload, lines)| Own { workload, lines })
    }

    /// Gives the lines of each workload as they are kept.
    pub(crate) fn known(&self) -> impl ExactSizeIterator<Item = (&str, &Dated)> {
        let known = self.known.iter();
        known.map(|(workload, lines)| (&**workload, lines))
    }

    /// Gives every line with its time.
    pub(crate) fn all(&self) -> impl Iterator<Item = &(EventTime, Line)> {
        self.known.values().flatten()
    }

    /// Gives the time of the newest line.
    pub(crate) fn newest(&self) -> Option<EventTime> {
        let newest = self.known.values().filter_map(|lines| lines.last());
        newest.map(|(as_of, _)| *as_of).max()
    }

    pub(crate) fn knows(&self, finding: &Finding) -> bool {
        let lines = self.known.get(&finding.workload);
        lines.is_some_and(|lines| place(lines, finding.as_of).is_ok())
    }

    /// Takes a revision in, or gives nothing when it is not newer than what is known.
    pub(crate) fn take(&mut self, finding: &Finding, raise_at: Severity) -> Option<Taken> {
        let lines = match self.known.get_mut(&finding.workload) {
            Some(lines) => lines,
            None => self.known.entry(finding.workload.clone()).or_default(),
        };
        let place = place(lines, finding.as_of);
        let before = place.ok().and_then(|place| lines.get(place));
        let before = before.map(|(_, line)| line);
        if before.is_some_and(|line| line.revision >= finding.revision) {
            return None;
        }
        let stands = match finding.state {
            FindingState::Asserted => true,
            FindingState::Retracted(_) => false,
        };
        let is_reason = stands && finding.severity >= raise_at;
        let taken = Taken {
            is_first: before.is_none(),
            is_news: stands && before.is_none_or(|line| line.is_other(finding)),
            was_reason: before.is_some_and(|line| line.basis.is_some()),
            is_reason,
        };
        let line = Line {
            revision: finding.revision,
            severity: finding.severity,
            stands,
            basis: is_reason.then(|| Box::new(Basis::of(finding))),
        };
        let dated = (finding.as_of, line);
        match place {
            Ok(place) => lines.splice(place..=place, [dated]).for_each(drop),
            Err(place) => lines.insert(place, dated),
        }
        Some(taken)
    }

    pub(crate) fn take_all_back(&mut self) {
        for (_, line) in self.known.values_mut().flatten() {
            line.stands = false;
            line.basis = None;
        }
    }

    pub(crate) fn newest_as_of(&self) -> Option<EventTime> {
        let newest = self.each().filter_map(|own| own.standing().next());
        newest.map(|reading| reading.as_of).max()
    }

    /// Looks at the newest `count` readings of each workload, passing over what a person closed.
    pub(crate) fn levels(&self, count: u32, handled: Option<Handled>) -> Levels<'_> {
        let mut levels = Levels {
            newest: Vec::new(),
            held: None,
        };
        for own in self.each().rev() {
            for (place, reading) in (0..count).zip(own.open(handled)) {
                if place == 0 {
                    levels.newest.push(reading);
                }
                levels.held = levels.held.into_iter().chain([reading]).max_by_key(rank);
            }
        }
        levels
    }

    /// Finds the newest reason of exactly this severity since a time.
    pub(crate) fn reason(
        &self,
        severity: Severity,
        since: EventTime,
        handled: Option<Handled>,
    ) -> Option<Reading<'_>> {
        let newest = self.each().filter_map(|own| {
            own.open(handled)
                .take_while(|reading| reading.as_of >= since)
                .find(|reading| reading.basis.is_some() && reading.severity == severity)
        });
        newest.max_by_key(|reading| reading.as_of)
    }

    /// Says whether a reason stands, or may have stood, in a stretch of clinical time.
    pub(crate) fn has_reason(
        &self,
        since: EventTime,
        until: EventTime,
        handled: Option<Handled>,
    ) -> bool {
        let inside = |at: EventTime| since <= at && at <= until;
        let mut open = self.each().flat_map(|own| own.open(handled));
        self.forgotten.is_some_and(|at| at >= since)
            || open.any(|reading| reading.basis.is_some() && inside(reading.as_of))
    }

    /// Gives how severe it was at most, as far as is known, in a stretch of clinical time.
    pub(crate) fn most_severe(&self, since: EventTime, until: EventTime) -> Option<Severity> {
        let standing = self.each().flat_map(Own::standing);
        let inside = standing.filter(|reading| since <= reading.as_of && reading.as_of <= until);
        inside.map(|reading| reading.severity).max()
    }

    /// Says whether the finding's workload has since said something about a later time.
    pub(crate) fn has_newer(&self, finding: &Finding) -> bool {
        let newest = self.own(&finding.workload);
        let newest = newest.and_then(|own| own.standing().next());
        newest.is_some_and(|newest| newest.as_of > finding.as_of)
    }

    /// Says whether the reading of the same workload before this one was below the threshold.
    pub(crate) fn rose(&self, to: Reading<'_>) -> bool {
        let is_before = |reading: &Reading<'_>| reading.as_of < to.as_of;
        let own = self.own(to.workload);
        let before = own.and_then(|own| own.standing().find(is_before));
        before.is_some_and(|before| before.basis.is_none())
    }

    /// Forgets lines before the horizon and beyond the limit, never the one that an alert rests on.
    pub(crate) fn prune(&mut self, horizon: EventTime, keep: Option<FindingId>) {
        let count = self.known.values().map(Vec::len).sum::<usize>();
        let excess = count.saturating_sub(MAX_LINES);
        let mut first = self.known.values().filter_map(|lines| lines.first());
        if excess > 0 || first.any(|(as_of, _)| *as_of < horizon) {
            self.forget(horizon, excess, keep);
        }
    }

    /// Keeps the evidence and all words of the newest reasons alone, with those of the time of the last of them, and of the one
    /// that an alert rests on.
    pub(crate) fn thin(&mut self, keep: Option<FindingId>) {
        let reasons = self.all().filter(|(_, line)| line.basis.is_some());
        let mut times: Vec<EventTime> = reasons.map(|(as_of, _)| *as_of).collect();
        if times.len() <= MAX_EVIDENT {
            return;
        }
        let place = times.len() - MAX_EVIDENT;
        let (_, oldest, _) = times.select_nth_unstable(place);
        for lines in self.known.values_mut() {
            let older = lines.iter_mut().take_while(|(as_of, _)| as_of < oldest);
            for basis in older.filter_map(|(_, line)| line.basis.as_deref_mut()) {
                if Some(basis.finding) != keep {
                    basis.shorten();
                }
            }
        }
    }

    fn forget(&mut self, horizon: EventTime, excess: usize, keep: Option<FindingId>) {
        // The oldest of all are among the oldest of each.
        let oldest = self.known.iter().flat_map(|(workload, lines)| {
            let is_old = |(place, (as_of, _)): &(usize, &(EventTime, Line))| {
                *place < excess || *as_of < horizon
            };
            let oldest = lines.iter().enumerate().take_while(is_old);
            oldest.map(|(_, (as_of, _))| (*as_of, workload.clone()))
        });
        let mut oldest: Vec<(EventTime, Box<str>)> = oldest.collect();
        oldest.sort_unstable();
        for (number, (as_of, workload)) in oldest.into_iter().enumerate() {
            let Some(lines) = self.known.get_mut(&workload) else {
                continue;
            };
            let Ok(place) = place(lines, as_of) else {
                continue;
            };
            let basis = lines.get(place).and_then(|(_, line)| line.basis.as_ref());
            let finding = basis.map(|basis| basis.finding);
            let goes = as_of < horizon || number < excess;
            if !goes || (finding.is_some() && finding == keep) {
                continue;
            }
            if finding.is_some() {
                self.forgotten = self.forgotten.max(Some(as_of));
            }
            lines.remove(place);
        }
        self.known.retain(|_, lines| !lines.is_empty());
    }
}

/// Finds where a line of a time stands, or else where it would.
fn place(lines: &[(EventTime, Line)], as_of: EventTime) -> Result<usize, usize> {
    lines.binary_search_by_key(&as_of, |(at, _)| *at)
}

impl<'a> Own<'a> {
    /// Every line that stands, newest first.
    fn standing(self) -> impl Iterator<Item = Reading<'a>> {
        let standing = self.lines.iter().rev().filter(|(_, line)| line.stands);
        standing.map(move |(as_of, line)| Reading {
            as_of: *as_of,
            workload: self.workload,
            severity: line.severity,
            basis: line.basis.as_deref(),
        })
    }

    /// Every line that stands and was not closed by a person, newest first.
    fn open(self, handled: Option<Handled>) -> impl Iterator<Item = Reading<'a>> {
        let is_closed = move |reading| handled.is_some_and(|handled| handled.covers(reading));
        self.standing().filter(move |reading| !is_closed(*reading))
    }
}

impl Basis {
    pub(crate) fn of(finding: &Finding) -> Self {
        let rule = if finding.rule.starts_with(&*finding.workload) {
            finding.rule.clone()
        } else {
            format!("{}: {}", finding.workload, finding.rule).into()
        };
        Self {
            finding: finding.id,
            rule,
            known_at: finding.known_at,
            summary: finding.summary.clone(),
            evidence: finding.evidence.clone(),
        }
    }

    /// Leaves the first words and the name of the finding.
    fn shorten(&mut self) {
        self.evidence = Vec::new();
        if self.summary.len() > BRIEF {
            let most = BRIEF - ELLIPSIS.len();
            let head = self
                .summary
                .split_at(self.summary.floor_char_boundary(most))
                .0;
            let words = head.rfind(' ').and_then(|end| head.get(..end));
            self.summary = [words.unwrap_or(head), ELLIPSIS].concat().into();
        }
    }
}
