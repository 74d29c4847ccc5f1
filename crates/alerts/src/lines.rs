//! What is known of one condition: the newest revision of every finding line, in clinical time.

use std::collections::BTreeMap;

use clinical::{EventTime, Evidence, Finding, FindingId, FindingState, ReceivedTime, Severity};

/// How many finding lines of a condition are kept; the oldest go first.
pub(crate) const MAX_LINES: usize = 128;
/// Of how many lines of a condition the evidence is kept. An alert that comes to rest on an older one, since all of these were
/// taken back, names its finding, which has it.
pub(crate) const MAX_EVIDENT: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) known: BTreeMap<(EventTime, Box<str>), Line>,
    /// The newest clinical time of a reason that is no longer kept.
    pub(crate) forgotten: Option<EventTime>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) revision: u32,
    pub(crate) severity: Severity,
    /// False for the mark that a line was taken back, kept so that an older revision cannot bring it up again.
    pub(crate) stands: bool,
    /// What an alert can rest on; only of lines that reach the threshold.
    pub(crate) basis: Option<Box<Basis>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) finding: FindingId,
    pub(crate) rule: Box<str>,
    pub(crate) known_at: ReceivedTime,
    pub(crate) summary: Box<str>,
    pub(crate) evidence: Vec<Evidence>,
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) is_first: bool,
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
    pub(crate) fn knows(&self, finding: &Finding) -> bool {
        let key = (finding.as_of, finding.workload.clone());
        self.known.contains_key(&key)
    }

    /// Takes a revision in, or gives nothing when it is not newer than what is known.
    pub(crate) fn take(&mut self, finding: &Finding, raise_at: Severity) -> Option<Taken> {
        let key = (finding.as_of, finding.workload.clone());
        let before = self.known.get(&key);
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
            was_reason: before.is_some_and(|line| line.basis.is_some()),
            is_reason,
        };
        let line = Line {
            revision: finding.revision,
            severity: finding.severity,
            stands,
            basis: is_reason.then(|| Box::new(Basis::of(finding))),
        };
        self.known.insert(key, line);
        Some(taken)
    }

    pub(crate) fn take_all_back(&mut self) {
        for line in self.known.values_mut() {
            line.stands = false;
            line.basis = None;
        }
    }

    pub(crate) fn newest_as_of(&self) -> Option<EventTime> {
        self.standing().next().map(|reading| reading.as_of)
    }

    /// Looks at the newest `count` readings of each workload, passing over what a person closed.
    pub(crate) fn levels(&self, count: u32, handled: Option<Handled>) -> Levels<'_> {
        let mut counts: Vec<(&str, u32)> = Vec::new();
        let mut levels = Levels {
            newest: Vec::new(),
            held: None,
        };
        for reading in self.open(handled) {
            match counts.iter_mut().find(|(of, _)| *of == reading.workload) {
                Some((_, seen)) if *seen >= count => continue,
                Some((_, seen)) => *seen += 1,
                None => {
                    counts.push((reading.workload, 1));
                    levels.newest.push(reading);
                }
            }
            levels.held = levels.held.into_iter().chain([reading]).max_by_key(rank);
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
        self.open(handled)
            .take_while(|reading| reading.as_of >= since)
            .find(|reading| reading.basis.is_some() && reading.severity == severity)
    }

    /// Says whether a reason stands, or may have stood, in a stretch of clinical time.
    pub(crate) fn has_reason(
        &self,
        since: EventTime,
        until: EventTime,
        handled: Option<Handled>,
    ) -> bool {
        let inside = |at: EventTime| since <= at && at <= until;
        self.forgotten.is_some_and(|at| at >= since)
            || self
                .open(handled)
                .any(|reading| reading.basis.is_some() && inside(reading.as_of))
    }

    /// Says whether the finding's workload has since said something about a later time.
    pub(crate) fn has_newer(&self, finding: &Finding) -> bool {
        self.standing()
            .find(|reading| *reading.workload == *finding.workload)
            .is_some_and(|newest| newest.as_of > finding.as_of)
    }

    /// Says whether the reading of the same workload before this one was below the threshold.
    pub(crate) fn rose(&self, to: Reading<'_>) -> bool {
        self.standing()
            .filter(|reading| reading.workload == to.workload)
            .find(|reading| reading.as_of < to.as_of)
            .is_some_and(|before| before.basis.is_none())
    }

    /// Forgets lines before the horizon and beyond the limit, never the one that an alert rests on.
    pub(crate) fn prune(&mut self, horizon: EventTime, keep: Option<FindingId>) {
        let excess = self.known.len().saturating_sub(MAX_LINES);
        let is_old = |((as_of, _), _): (&(EventTime, _), _)| *as_of < horizon;
        if excess > 0 || self.known.first_key_value().is_some_and(is_old) {
            self.forget(horizon, excess, keep);
        }
    }

    /// Keeps the evidence of the newest reasons alone, and of the one that an alert rests on.
    pub(crate) fn thin(&mut self, keep: Option<FindingId>) {
        let reasons = self.known.values_mut().rev();
        let reasons = reasons.filter_map(|line| line.basis.as_deref_mut());
        for basis in reasons.skip(MAX_EVIDENT) {
            if Some(basis.finding) != keep {
                basis.evidence = Vec::new();
            }
        }
    }

    fn forget(&mut self, horizon: EventTime, excess: usize, keep: Option<FindingId>) {
        let mut forgotten = self.forgotten;
        let mut place = 0;
        self.known.retain(|(as_of, _), line| {
            let goes = *as_of < horizon || place < excess;
            place += 1;
            let finding = line.basis.as_ref().map(|basis| basis.finding);
            if !goes || (finding.is_some() && finding == keep) {
                return true;
            }
            if finding.is_some() {
                forgotten = forgotten.max(Some(*as_of));
            }
            false
        });
        self.forgotten = forgotten;
    }

    /// Every line that stands, newest first.
    fn standing(&self) -> impl Iterator<Item = Reading<'_>> {
        self.known
            .iter()
            .rev()
            .filter(|(_, line)| line.stands)
            .map(|((as_of, workload), line)| Reading {
                as_of: *as_of,
                workload,
                severity: line.severity,
                basis: line.basis.as_deref(),
            })
    }

    /// Every line that stands and was not closed by a person, newest first.
    fn open(&self, handled: Option<Handled>) -> impl Iterator<Item = Reading<'_>> {
        self.standing()
            .filter(move |reading| !handled.is_some_and(|handled| handled.covers(*reading)))
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
}
