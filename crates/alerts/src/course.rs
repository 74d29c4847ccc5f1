//! The course of one condition of one patient: its findings, its open alert, and those that ended.

mod look;

use std::time::Duration;

use clinical::{
    Actor, Alert, AlertId, AlertState, Command, CommandKind, EventTime, FALSE_ALARM, Finding,
    FindingState, Severity,
};

use crate::episode::{End, Episode, Outcome, Scene, by_rule};
use crate::heard::is_read_back;
use crate::hold::held_because;
use crate::lines::{Handled, Lines, Reading, rank};
use crate::policy::{is_each_news, is_followed, is_of_claims};
use crate::rule;
use crate::step::{Refusal, Suppressed, Suppression, Timer};
use look::{Look, note};

/// How long findings and ended alerts are kept, by the watermark.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many ended alerts of a condition are kept; the oldest go first.
pub(crate) const MAX_ENDED: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Course {
    /// The number of the newest episode.
    pub(crate) episode: u32,
    pub(crate) lines: Lines,
    pub(crate) active: Option<Episode>,
    /// Oldest first.
    pub(crate) ended: Vec<Episode>,
    pub(crate) handled: Option<Handled>,
    pub(crate) quiet: Option<Quiet>,
}

/// The time after an alert in which the same severity is not raised again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet {
    pub(crate) until: EventTime,
    pub(crate) severity: Severity,
    /// Only readings after this are new; an earlier one that stands again ended the alert wrongly and is raised at once.
    pub(crate) after: EventTime,
}

impl Course {
    pub(crate) fn take(&mut self, scene: &mut Scene<'_>, finding: &Finding) {
        let horizon = scene.now.watermark.minus(KEPT_FOR);
        let is_old = finding.as_of < horizon && !is_of_claims(&finding.condition);
        if is_old && !self.lines.knows(finding) {
            let stands = finding.state == FindingState::Asserted;
            if stands && finding.severity >= scene.policy.raise_at {
                suppress(scene, finding, Suppression::TooOld);
            }
            return;
        }
        // A correction of what was news is taken as any other.
        if finding.backfill && !self.lines.knows(finding) {
            self.keep_history(scene, finding);
            return;
        }
        let Some(taken) = self.lines.take(finding, scene.policy.raise_at) else {
            return;
        };
        if is_merged(finding) {
            self.retire(scene);
            return;
        }
        if taken.is_news && is_each_news(scene.condition) {
            self.reopen(finding);
        }
        let note = note(finding, taken);
        // That somebody left says nothing against that they were there.
        let is_over = is_followed(scene.condition) && finding.state == FindingState::Asserted;
        if taken.was_reason && !taken.is_reason && !is_over {
            self.take_back_ended(scene, finding.as_of, note.as_deref().unwrap_or_default());
        }
        self.look(scene, Look::At(finding, taken, note.as_deref()));
        if taken.is_reason {
            self.look_back(scene, finding);
        }
        let resting = self.active.as_ref().map(|active| active.alert.finding);
        self.lines.prune(horizon, resting);
        if taken.is_reason {
            self.lines.thin(resting);
        }
    }

    /// Lets the newest finding be looked at again though a person closed what it said before.
    fn reopen(&mut self, finding: &Finding) {
        if let Some(handled) = &mut self.handled
            && finding.as_of <= handled.until
            && !self.lines.has_newer(finding)
        {
            handled.until = finding.as_of.minus(Duration::from_micros(1));
            self.quiet = None;
        }
    }

    /// Keeps an alert of loaded history where one would have been opened: one for each severity it rose to, and in a quiet
    /// time no other.
    fn keep_history(&mut self, scene: &mut Scene<'_>, finding: &Finding) {
        let stands = finding.state == FindingState::Asserted;
        if !stands || finding.severity < scene.policy.raise_at {
            return;
        }
        let quiet_for = scene.policy.quiet_for;
        let is_kept = self.ended.iter().any(|episode| {
            let as_of = episode.alert.as_of;
            let around = as_of.minus(quiet_for)..=as_of.plus(quiet_for);
            episode.is_history()
                && episode.alert.severity >= finding.severity
                && around.contains(&finding.as_of)
        });
        if is_kept {
            suppress(scene, finding, Suppression::History);
            return;
        }
        self.episode += 1;
        let episode = Episode::record(scene, self.episode, finding);
        self.keep_ended(episode);
    }

    pub(crate) fn fire(&mut self, scene: &mut Scene<'_>, timer: Timer) {
        match timer {
            Timer::Acknowledge => {
                if let Some(active) = &mut self.active {
                    active.remind(scene);
                }
            }
            Timer::Fall => {
                let due = |active: &mut Episode| {
                    let is_due = |at: &mut EventTime| *at <= scene.now.watermark;
                    active.fall_at.take_if(is_due).is_some()
                };
                if self.active.as_mut().is_some_and(due) {
                    self.look(scene, Look::Fallen);
                }
            }
            Timer::Quiet => {
                if self.active.is_none() {
                    self.consider(scene, Look::QuietOver);
                }
            }
            // Every step looks at what is held back.
            Timer::Hold => {}
        }
    }

    /// Says whether its alert is held back.
    pub(crate) fn is_held(&self) -> bool {
        self.active.as_ref().is_some_and(Episode::is_held)
    }

    /// Tells of its alert where nothing holds it back any more.
    pub(crate) fn release(&mut self, scene: &mut Scene<'_>) {
        if let Some(active) = self.active.as_mut().filter(|active| active.is_held()) {
            active.release(scene);
        }
    }

    /// Tells of its alert where it waits for the room that there is now.
    pub(crate) fn take_room(&mut self, scene: &mut Scene<'_>, alert: AlertId) {
        let waits = |active: &&mut Episode| active.alert.id == alert && active.waits_for_room();
        if let Some(active) = self.active.as_mut().filter(waits) {
            active.take_room(scene);
        }
    }

    /// Acknowledges its alert with another that it was told with.
    pub(crate) fn go_along(&mut self, scene: &mut Scene<'_>, command: &Command, with: &str) {
        let Some(active) = &mut self.active else {
            return;
        };
        let held = held_because(&active.alert);
        let is_with = held.is_some_and(|held| held.by.is_rule(rule::HELD_ROLLED_UP));
        if is_with && active.alert.state == AlertState::Open {
            let by = Actor::Person(command.by.clone());
            active.acknowledge(scene, by, format!("with {with}").into());
            active.hear(scene, "");
        }
    }

    /// Carries out a command on an alert of this condition; nothing when it has no such alert.
    pub(crate) fn obey(
        &mut self,
        scene: &mut Scene<'_>,
        command: &Command,
    ) -> Option<Result<(), Refusal>> {
        let state = self.state_of(command.alert)?;
        if !state.is_active() {
            return Some(Err(Refusal::Ended(state)));
        }
        if command.by.is_empty() {
            return Some(Err(Refusal::Unnamed));
        }
        let by = Actor::Person(command.by.clone());
        match (command.kind, state) {
            (CommandKind::Acknowledge, _) => {
                if let Some(active) = &mut self.active {
                    let tells = !command.read_back_by.is_empty() && !is_read_back(&active.alert);
                    if state == AlertState::Open || tells {
                        // These words stand beside nobody's name but that of who repeated them.
                        let note = Some(&command.note).filter(|note| ***note != *rule::READ_BACK);
                        active.acknowledge(scene, by, note.cloned().unwrap_or_default());
                    }
                    active.hear(scene, &command.read_back_by);
                }
            }
            (CommandKind::Resolve, _) => {
                self.end(scene, Outcome::Resolved, by, command.note.clone());
            }
            (CommandKind::Dismiss, _) => {
                let why = match &*command.note {
                    "" => FALSE_ALARM.into(),
                    note => format!("{FALSE_ALARM}: {note}").into(),
                };
                self.end(scene, Outcome::Resolved, by, why);
            }
        }
        Some(Ok(()))
    }

    pub(crate) fn prune(&mut self, watermark: EventTime) {
        let horizon = watermark.minus(KEPT_FOR);
        let resting = self.active.as_ref().map(|active| active.alert.finding);
        self.lines.prune(horizon, resting);
        let is_recent = |episode: &Episode| episode.end.is_some_and(|end| end.at >= horizon);
        self.ended.retain(is_recent);
        self.quiet = self.quiet.filter(|quiet| quiet.until >= horizon);
        self.handled = self.handled.filter(|handled| handled.until >= horizon);
    }

    /// Gives the newest time that something is kept for a while after; nothing where nothing goes with time.
    pub(crate) fn newest(&self) -> Option<EventTime> {
        let line = self.lines.newest();
        let ended = self.ended.iter().filter_map(|episode| episode.end);
        let ended = ended.map(|end| end.at).max();
        let quiet = self.quiet.map(|quiet| quiet.until);
        let handled = self.handled.map(|handled| handled.until);
        [line, ended, quiet, handled].into_iter().flatten().max()
    }

    /// Says whether nothing would be lost with it.
    pub(crate) fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn open_alert(&self) -> Option<&Alert> {
        self.active.as_ref().map(|active| &active.alert)
    }

    fn state_of(&self, alert: AlertId) -> Option<AlertState> {
        self.active
            .iter()
            .chain(&self.ended)
            .find(|episode| episode.alert.id == alert)
            .map(|episode| episode.alert.state)
    }

    fn look(&mut self, scene: &mut Scene<'_>, look: Look<'_>) {
        if self.active.is_some() {
            self.revise(scene, look);
        } else {
            self.consider(scene, look);
        }
    }

    /// Opens an alert when the newest reading of a workload asks for one.
    fn consider(&mut self, scene: &mut Scene<'_>, look: Look<'_>) {
        let newest = self.lines.levels(1, self.handled).newest;
        let asking = newest.iter().filter(|reading| reading.basis.is_some());
        let (quieted, raised): (Vec<Reading<'_>>, Vec<Reading<'_>>) =
            asking.partition(|reading| self.is_quiet(scene, **reading));
        if let Some(reading) = raised.into_iter().max_by_key(rank)
            && let Some(basis) = reading.basis
        {
            self.episode += 1;
            self.active = Some(Episode::open(scene, self.episode, reading, basis));
            return;
        }
        let (Some(quiet), false) = (self.quiet, quieted.is_empty()) else {
            return;
        };
        scene.set(Timer::Quiet, Some(quiet.until));
        if let Look::At(finding, ..) = look
            && quieted
                .iter()
                .any(|reading| reading.basis.is_some_and(|b| b.finding == finding.id))
        {
            suppress(scene, finding, Suppression::Quiet { until: quiet.until });
        }
    }

    fn is_quiet(&self, scene: &Scene<'_>, reading: Reading<'_>) -> bool {
        let relapse_at = scene.policy.relapse_at_of(scene.condition);
        let rose = || reading.severity >= relapse_at && self.lines.rose(reading);
        let is_relapse = || is_each_news(scene.condition) || rose();
        self.quiet.is_some_and(|quiet| {
            scene.now.watermark < quiet.until
                && reading.as_of > quiet.after
                && reading.severity <= quiet.severity
                && !is_relapse()
        })
    }

    /// Lets the open alert follow its findings: up at once, down when they stay down, out when its reason is gone.
    fn revise(&mut self, scene: &mut Scene<'_>, look: Look<'_>) {
        let Some(active) = &mut self.active else {
            return;
        };
        let (count, note) = match look {
            Look::At(.., note) => {
                let count = scene.policy.fall_findings_of(scene.condition);
                (count, note.map(String::from))
            }
            Look::Fallen | Look::QuietOver => {
                let minutes = scene.policy.fall_after.as_secs() / 60;
                (1, Some(format!("lower for {minutes} min")))
            }
        };
        let levels = self.lines.levels(count, self.handled);
        let severity_of = |reading: Option<Reading<'_>>| reading.map(|reading| reading.severity);
        let (up, before) = (levels.up(), active.alert.severity);
        let reading = if severity_of(up) > Some(before) {
            up
        } else if severity_of(levels.held) < Some(before) {
            levels.held
        } else {
            self.lines
                .reason(before, active.since, self.handled)
                .or(levels.held)
        };
        if let Some(reading) = reading
            && let Some(basis) = reading.basis
        {
            let lowered = reading.severity < before;
            let is_anew = reading.severity == before
                && is_each_news(scene.condition)
                && look.is_news(&active.alert, reading.as_of, basis);
            active.rest_on(scene, reading, basis, note.as_deref());
            if is_anew {
                active.tell_anew(scene, note.as_deref());
            }
            let is_lower = severity_of(up) < Some(active.alert.severity);
            follow_down(active, scene, is_lower, lowered);
            return;
        }
        let now = up.map_or_else(
            || "nothing stands".into(),
            |up| format!("{} as of {}", up.severity.word(), up.as_of),
        );
        let note = note.map_or_else(String::new, |note| format!("{note}; "));
        let why = format!("{note}{now}").into();
        let latest = EventTime::from_micros(i64::MAX);
        let is_over = is_followed(scene.condition) && up.is_some();
        if is_over || self.lines.has_reason(active.since, latest, self.handled) {
            self.end(scene, Outcome::Resolved, by_rule(rule::FELL), why);
        } else {
            self.end(scene, Outcome::Retracted, by_rule(rule::TAKEN_BACK), why);
        }
    }

    fn end(&mut self, scene: &mut Scene<'_>, outcome: Outcome, by: Actor, why: Box<str>) {
        let Some(mut episode) = self.active.take() else {
            return;
        };
        let newest = self.lines.newest_as_of().max(Some(episode.alert.as_of));
        let until = newest.unwrap_or(episode.alert.as_of);
        let at = scene.now.watermark;
        let severity = episode.alert.severity;
        let is_by_person = matches!(by, Actor::Person(_));
        if outcome == Outcome::Resolved && is_by_person {
            // Who closes an alert that became less severe closes what it was before, too.
            let known = self.lines.most_severe(episode.since, until);
            let severity = known.max(Some(severity)).unwrap_or(severity);
            self.handled = Some(Handled { until, severity });
        }
        // What goes on after all is told at once where it was thought to be over.
        if outcome == Outcome::Resolved && (is_by_person || !is_followed(scene.condition)) {
            self.quiet = Some(Quiet {
                until: at.plus(scene.policy.quiet_for),
                severity,
                after: until,
            });
        }
        episode.finish(scene, outcome, by, why);
        episode.end = Some(End { until, at });
        self.keep_ended(episode);
    }

    fn keep_ended(&mut self, episode: Episode) {
        self.ended.push(episode);
        if self.ended.len() > MAX_ENDED {
            // What somebody was told of may still have to be taken back; history may not.
            let history = self.ended.iter().position(Episode::is_history);
            self.ended.remove(history.unwrap_or_default());
        }
    }

    /// Ends the alert of an identity that was retired: the survivor's findings speak for the patient from now on.
    fn retire(&mut self, scene: &mut Scene<'_>) {
        self.lines.take_all_back();
        let why = "the surviving identity has its own alert where one is due".into();
        self.end(scene, Outcome::Resolved, by_rule(rule::MERGED), why);
        self.quiet = None;
        self.handled = None;
    }

    /// Tells those who acted on an alert that is already over when it turns out that it never had a reason.
    fn take_back_ended(&mut self, scene: &mut Scene<'_>, as_of: EventTime, why: &str) {
        // Where each finding is news, so is that the one was wrong that was told last; an open alert tells of it itself.
        let is_open = |active: &Episode| active.alert.as_of == as_of;
        let is_told_here =
            is_each_news(scene.condition) && !self.active.as_ref().is_some_and(is_open);
        let newest = self.ended.iter().rposition(|episode| !episode.is_history());
        for (place, episode) in self.ended.iter_mut().enumerate() {
            let Some(end) = episode.end else { continue };
            // What nobody was told of needs no taking back.
            let concerned = !episode.is_history() && episode.since <= as_of && as_of <= end.until;
            let was_told = is_told_here && episode.alert.as_of == as_of;
            let has_reason = self.lines.has_reason(episode.since, end.until, None);
            if episode.alert.state != AlertState::Resolved || !concerned || !was_told && has_reason
            {
                continue;
            }
            let by = by_rule(rule::TAKEN_BACK);
            episode.finish(scene, Outcome::Retracted, by, why.into());
            // What a person closed besides stays closed.
            if Some(place) == newest && !has_reason {
                self.handled = None;
                self.quiet = None;
            }
        }
    }

    /// Notes a late finding: opens nothing, and enters the history where it was more severe than what stands now.
    fn look_back(&mut self, scene: &mut Scene<'_>, finding: &Finding) {
        if !self.lines.has_newer(finding) {
            return;
        }
        let Some(active) = &mut self.active else {
            suppress(scene, finding, Suppression::Late);
            return;
        };
        if finding.severity > active.alert.severity {
            let (severity, as_of) = (finding.severity.word(), finding.as_of);
            let why = format!("{severity} as of {as_of}: {}", finding.summary);
            active.note_retrospective(scene, why.into());
        }
    }
}

/// Starts, keeps or stops the wait after which the alert follows its newest findings down.
fn follow_down(active: &mut Episode, scene: &mut Scene<'_>, is_lower: bool, lowered: bool) {
    let waiting = active.fall_at.is_some();
    if is_lower && (!waiting || lowered) {
        let at = scene.now.watermark.plus(scene.policy.fall_after);
        active.fall_at = Some(at);
        scene.set(Timer::Fall, Some(at));
    } else if waiting && !is_lower {
        active.fall_at = None;
        scene.set(Timer::Fall, None);
    }
}

fn suppress(scene: &mut Scene<'_>, finding: &Finding, why: Suppression) {
    scene.effects.suppressed.push(Suppressed {
        finding: finding.id,
        why,
    });
}

fn is_merged(finding: &Finding) -> bool {
    match &finding.state {
        FindingState::Retracted(reason) => **reason == *rule::MERGED_REASON,
        FindingState::Asserted => false,
    }
}
