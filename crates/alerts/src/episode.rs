//! One alert from its opening to its end, and who was told what of it.

mod history;

use std::collections::{BTreeMap, BTreeSet};

use clinical::{
    Actor, Alert, AlertId, AlertState, Change, Delivery, DeliveryId, DeliveryKind, EventTime,
    Finding, ReceivedTime, Severity,
};

use crate::budget::Report;
use crate::heard::is_read_back;
use crate::hold::{Hold, held_because, is_budgeted, is_just_told};
use crate::lines::{Basis, Reading};
use crate::rule;
use crate::step::{Effects, Held, Now};
use crate::{Policy, Timer};
use history::shorten;

/// What a change of an alert is decided with and written to.
pub(crate) struct Scene<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) now: Now,
    pub(crate) condition: &'a str,
    /// What holds an alert of this condition back.
    pub(crate) holds: &'a [Hold],
    pub(crate) effects: &'a mut Effects,
}

impl<'a> Scene<'a> {
    pub(crate) fn set(&mut self, timer: Timer, at: Option<EventTime>) {
        let tag = timer.tag(self.condition);
        self.effects.timers.push((tag, at));
    }

    /// Gives what holds an alert of a severity back.
    fn hold(&self, severity: Severity) -> Option<&'a Hold> {
        self.holds.iter().find(|hold| hold.covers(severity))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Episode {
    pub(crate) alert: Alert,
    /// The earliest clinical time it ever rested on.
    pub(crate) since: EventTime,
    pub(crate) told: BTreeMap<Box<str>, Told>,
    pub(crate) acknowledge_by: Option<EventTime>,
    /// When it follows its findings down, unless they rise again.
    pub(crate) fall_at: Option<EventTime>,
    pub(crate) end: Option<End>,
}

/// The newest news that a channel was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) kind: DeliveryKind,
    pub(crate) revision: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The newest clinical time that was known then.
    pub(crate) until: EventTime,
    /// The watermark at which it ended.
    pub(crate) at: EventTime,
}

/// How an alert can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Resolved,
    Retracted,
}

impl Episode {
    pub(crate) fn open(
        scene: &mut Scene<'_>,
        number: u32,
        reading: Reading<'_>,
        basis: &Basis,
    ) -> Self {
        let mut episode = Self::begin(scene, number, reading, basis);
        let why = basis.summary.clone();
        episode.change(scene, by_rule(rule::RAISED), AlertState::Open, why);
        if let Some(hold) = scene.hold(reading.severity) {
            episode.hold(scene, hold);
            return episode;
        }
        if !episode.ask_for_room(scene) {
            episode.tell(scene, DeliveryKind::Raised);
            episode.await_acknowledgement(scene);
        }
        episode
    }

    /// Asks for room in the budget where that is needed, and says whether it was; what needs none uses it all the same.
    fn ask_for_room(&mut self, scene: &mut Scene<'_>) -> bool {
        let (alert, severity) = (self.alert.id, self.alert.severity);
        if !is_budgeted(scene.policy, scene.condition, severity) {
            if scene.policy.budget > 0 {
                scene.effects.reports.push(Report::Told);
            }
            return false;
        }
        let hold = Hold {
            rule: rule::HELD_BUDGET,
            why: format!("{} for 100 patient-days", scene.policy.budget).into(),
            up_to: severity,
            until: None,
        };
        self.hold(scene, &hold);
        scene.effects.reports.push(Report::Asks { alert, severity });
        true
    }

    /// Says whether it waits for room in the budget.
    pub(crate) fn waits_for_room(&self) -> bool {
        let held = held_because(&self.alert);
        held.is_some_and(|held| held.by.is_rule(rule::HELD_BUDGET))
    }

    /// Tells of it, since there is room, unless something else holds it back by now.
    pub(crate) fn take_room(&mut self, scene: &mut Scene<'_>) {
        match scene.hold(self.alert.severity) {
            Some(hold) => self.hold(scene, hold),
            None => self.let_go(scene),
        }
    }

    /// Keeps it open and tells nobody, for a reason that its history says.
    fn hold(&mut self, scene: &mut Scene<'_>, hold: &Hold) {
        let state = self.alert.state;
        self.change(scene, by_rule(hold.rule), state, hold.why.clone());
        scene.set(Timer::Hold, hold.until);
        scene.effects.held.push(Held {
            alert: self.alert.id,
            severity: self.alert.severity,
            rule: hold.rule,
        });
    }

    /// Says whether it is held back.
    pub(crate) fn is_held(&self) -> bool {
        held_because(&self.alert).is_some()
    }

    /// Tells of it when nothing holds it back any more; waits on where something does.
    pub(crate) fn release(&mut self, scene: &mut Scene<'_>) {
        if self.waits_for_room() {
            return;
        }
        if let Some(hold) = scene.hold(self.alert.severity) {
            // The same reason may have become later; another one is said.
            let is_same = |held: &Change| held.by.is_rule(hold.rule);
            if held_because(&self.alert).is_some_and(is_same) {
                scene.set(Timer::Hold, hold.until);
            } else {
                self.hold(scene, hold);
            }
            return;
        }
        let is_known = !self.told.is_empty();
        if is_known || !self.ask_for_room(scene) {
            self.let_go(scene);
        }
    }

    fn let_go(&mut self, scene: &mut Scene<'_>) {
        let why = self.alert.reason.clone();
        self.change(scene, by_rule(rule::RELEASED), AlertState::Open, why);
        self.tell(scene, DeliveryKind::Escalated);
        self.await_acknowledgement(scene);
    }

    fn begin(scene: &Scene<'_>, number: u32, reading: Reading<'_>, basis: &Basis) -> Self {
        let patient = scene.now.patient;
        let parts: [&[u8]; 3] = [
            patient.as_bytes(),
            scene.condition.as_bytes(),
            &number.to_be_bytes(),
        ];
        let alert = Alert {
            id: AlertId::derive(&parts),
            patient,
            condition: scene.condition.into(),
            episode: number,
            revision: 0,
            severity: reading.severity,
            state: AlertState::Open,
            reason: basis.summary.clone(),
            rule: basis.rule.clone(),
            as_of: reading.as_of,
            known_at: basis.known_at,
            opened_at: scene.now.received,
            finding: basis.finding,
            evidence: basis.evidence.clone(),
            history: Vec::new(),
        };
        Self {
            alert,
            since: reading.as_of,
            told: BTreeMap::new(),
            acknowledge_by: None,
            fall_at: None,
            end: None,
        }
    }

    /// Keeps an alert of what was loaded as history: it is over from the start, and nobody is told.
    pub(crate) fn record(scene: &mut Scene<'_>, number: u32, finding: &Finding) -> Self {
        let basis = Basis::of(finding);
        let reading = Reading {
            as_of: finding.as_of,
            workload: &finding.workload,
            severity: finding.severity,
            basis: Some(&basis),
        };
        let mut episode = Self::begin(scene, number, reading, &basis);
        let raised = Change {
            at: scene.now.received,
            by: by_rule(rule::RAISED),
            to: AlertState::Open,
            severity: finding.severity,
            why: basis.summary.clone(),
        };
        episode.alert.history.push(raised);
        let why = "it rests on history that was loaded; nobody was told".into();
        episode.change(scene, by_rule(rule::BACKFILLED), AlertState::Resolved, why);
        episode.end = Some(End {
            until: finding.as_of,
            at: scene.now.watermark,
        });
        episode
    }

    /// Says whether it is kept of history that was loaded.
    pub(crate) fn is_history(&self) -> bool {
        let last = self.alert.history.last();
        last.is_some_and(|change| change.by.is_rule(rule::BACKFILLED))
    }

    /// Lets the alert rest on a reading from now on; says nothing when it already does.
    pub(crate) fn rest_on(
        &mut self,
        scene: &mut Scene<'_>,
        reading: Reading<'_>,
        basis: &Basis,
        note: Option<&str>,
    ) {
        let before = self.alert.severity;
        if before == reading.severity && self.rests_on(reading, basis) {
            return;
        }
        self.since = self.since.min(reading.as_of);
        self.alert.severity = reading.severity;
        self.alert.reason.clone_from(&basis.summary);
        self.alert.rule.clone_from(&basis.rule);
        self.alert.as_of = reading.as_of;
        self.alert.known_at = basis.known_at;
        self.alert.finding = basis.finding;
        self.alert.evidence.clone_from(&basis.evidence);
        let why = now(note, &basis.summary);
        if reading.severity > before {
            // Whoever took the alert took something less severe: it is asked for again.
            let is_untold = self.is_held() && self.told.is_empty();
            let waited = self.waits_for_room();
            self.change(scene, by_rule(rule::ESCALATED), AlertState::Open, why);
            if is_untold && self.ask_for_room(scene) {
                return;
            }
            if waited {
                let alert = self.alert.id;
                scene.effects.reports.push(Report::Ended { alert });
            }
            self.tell(scene, DeliveryKind::Escalated);
            self.await_acknowledgement(scene);
        } else if reading.severity < before {
            let state = self.alert.state;
            self.change(scene, by_rule(rule::DOWNGRADED), state, why);
            self.tell(scene, DeliveryKind::Downgraded);
            if self.waits_for_room() {
                let (alert, severity) = (self.alert.id, reading.severity);
                scene.effects.reports.push(Report::Asks { alert, severity });
            }
        } else {
            let state = self.alert.state;
            self.change(scene, by_rule(rule::UPDATED), state, why);
        }
    }

    /// Tells of it anew, as it now stands, and asks for it again; what was told just now is not told twice.
    pub(crate) fn tell_anew(&mut self, scene: &mut Scene<'_>, note: Option<&str>) {
        if self.is_held() || is_just_told(&self.alert, scene.now.received) {
            return;
        }
        let why = now(note, &self.alert.reason);
        self.change(scene, by_rule(rule::AGAIN), AlertState::Open, why);
        if let Some(hold) = scene.hold(self.alert.severity) {
            self.rest(scene);
            self.hold(scene, hold);
            return;
        }
        if scene.policy.budget > 0 {
            scene.effects.reports.push(Report::Told);
        }
        self.tell(scene, DeliveryKind::Escalated);
        self.await_acknowledgement(scene);
    }

    /// Keeps in the history that something more severe was true earlier; nobody is told, since nothing is to be done now.
    pub(crate) fn note_retrospective(&mut self, scene: &mut Scene<'_>, why: Box<str>) {
        let state = self.alert.state;
        self.change(scene, by_rule(rule::RETROSPECTIVE), state, why);
    }

    /// Somebody takes it.
    pub(crate) fn acknowledge(&mut self, scene: &mut Scene<'_>, by: Actor, why: Box<str>) {
        self.stop_waiting(scene);
        self.change(scene, by, AlertState::Acknowledged, why);
    }

    /// Who was told repeats it, once; where that is asked, the deadline stands until somebody has.
    pub(crate) fn hear(&mut self, scene: &mut Scene<'_>, read_back_by: &str) {
        if !read_back_by.is_empty() && !is_read_back(&self.alert) {
            let by = Actor::Person(read_back_by.into());
            let why = rule::READ_BACK.into();
            self.change(scene, by, AlertState::Acknowledged, why);
        }
        if !scene.policy.asks_read_back(scene.condition) || is_read_back(&self.alert) {
            self.rest(scene);
        } else if self.acknowledge_by.is_none() {
            self.await_acknowledgement(scene);
        }
    }

    /// Nothing is waited for any more.
    fn rest(&mut self, scene: &mut Scene<'_>) {
        self.acknowledge_by = None;
        scene.set(Timer::Acknowledge, None);
    }

    /// Tells everybody once more when the deadline has passed and nobody took the alert, or nobody repeated it where that is asked.
    pub(crate) fn remind(&mut self, scene: &mut Scene<'_>) {
        let is_due = |by: &mut EventTime| *by <= scene.now.watermark;
        let Some(by) = self.acknowledge_by.take_if(is_due) else {
            return;
        };
        let severity = self.alert.severity;
        let mut holds = scene.holds.iter();
        // What somebody took is not held back: it waits for who was told to repeat it.
        let is_open = self.alert.state == AlertState::Open;
        let acts =
            |hold: &&Hold| is_open && hold.rule == rule::HELD_ACTING && hold.covers(severity);
        if let Some(hold) = holds.find(acts) {
            self.hold(scene, hold);
            return;
        }
        let what = match self.alert.state {
            AlertState::Acknowledged => "read back",
            AlertState::Open | AlertState::Resolved | AlertState::Retracted => "acknowledged",
        };
        let why = format!("not {what} by {}", by.to_second()).into();
        self.change(scene, by_rule(rule::OVERDUE), AlertState::Open, why);
        self.tell(scene, DeliveryKind::Escalated);
    }

    /// Ends the alert, or changes how it ended, and tells everybody who was told of it.
    pub(crate) fn finish(
        &mut self,
        scene: &mut Scene<'_>,
        outcome: Outcome,
        by: Actor,
        why: Box<str>,
    ) {
        let (to, kind) = match outcome {
            Outcome::Retracted => (AlertState::Retracted, DeliveryKind::Retracted),
            Outcome::Resolved => (AlertState::Resolved, DeliveryKind::Resolved),
        };
        if self.acknowledge_by.take().is_some() {
            scene.set(Timer::Acknowledge, None);
        }
        if self.fall_at.take().is_some() {
            scene.set(Timer::Fall, None);
        }
        if self.is_held() {
            scene.set(Timer::Hold, None);
        }
        self.stop_waiting(scene);
        self.change(scene, by, to, why);
        self.tell(scene, kind);
    }

    /// Asks for no room any more.
    fn stop_waiting(&self, scene: &mut Scene<'_>) {
        if self.waits_for_room() {
            let alert = self.alert.id;
            scene.effects.reports.push(Report::Ended { alert });
        }
    }

    fn rests_on(&self, reading: Reading<'_>, basis: &Basis) -> bool {
        self.alert.finding == basis.finding
            && self.alert.as_of == reading.as_of
            && self.alert.known_at == basis.known_at
            && self.alert.reason == basis.summary
            && self.alert.evidence == basis.evidence
    }

    fn await_acknowledgement(&mut self, scene: &mut Scene<'_>) {
        let within = scene.policy.acknowledge_within.of(self.alert.severity);
        // Where no tick has come yet, clinical time is that of the specimen: nobody can have been told before now.
        let received = EventTime::from_micros(scene.now.received.micros());
        let at = scene.now.watermark.max(received).plus(within);
        self.acknowledge_by = Some(at);
        scene.set(Timer::Acknowledge, Some(at));
    }

    fn change(&mut self, scene: &mut Scene<'_>, by: Actor, to: AlertState, why: Box<str>) {
        self.alert.revision += 1;
        self.alert.state = to;
        self.alert.history.push(Change {
            at: scene.now.received,
            by,
            to,
            severity: self.alert.severity,
            why,
        });
        shorten(&mut self.alert.history);
        scene.effects.alerts.push(self.alert.clone());
    }

    /// Plans the news: of the worse for everybody it is routed to, of anything else for those who were told before.
    ///
    /// A channel that was told hears the rest even when no route names it any more.
    /// To a channel that hears of the alert for the first time it is new, however old it is to others.
    fn tell(&mut self, scene: &mut Scene<'_>, kind: DeliveryKind) {
        let mut channels: BTreeSet<Box<str>> = self.told.keys().cloned().collect();
        match kind {
            DeliveryKind::Raised | DeliveryKind::Escalated => {
                let severity = self.alert.severity;
                let routed = scene.policy.channels_for(scene.condition, severity);
                channels.extend(routed.into_iter().map(Box::from));
            }
            DeliveryKind::Downgraded | DeliveryKind::Retracted | DeliveryKind::Resolved => {}
        }
        for channel in channels {
            let kind = if self.told.contains_key(&channel) {
                kind
            } else {
                DeliveryKind::Raised
            };
            let revision = self.alert.revision;
            let delivery = delivery(&self.alert, kind, &channel, scene.now.received);
            scene.effects.deliveries.push(delivery);
            self.told.insert(channel, Told { kind, revision });
        }
    }
}

/// Says what became of what was known, where something did, and what there is now.
fn now(note: Option<&str>, reason: &str) -> Box<str> {
    note.map_or_else(
        || reason.into(),
        |note| format!("{note}; now {reason}").into(),
    )
}

pub(crate) fn by_rule(name: &str) -> Actor {
    Actor::Rule(name.into())
}

fn delivery(alert: &Alert, kind: DeliveryKind, channel: &str, at: ReceivedTime) -> Delivery {
    let parts: [&[u8]; 4] = [
        alert.id.as_bytes(),
        &alert.revision.to_be_bytes(),
        kind.word().as_bytes(),
        channel.as_bytes(),
    ];
    Delivery {
        id: DeliveryId::derive(&parts),
        alert: alert.clone(),
        kind,
        channel: channel.into(),
        at,
    }
}
