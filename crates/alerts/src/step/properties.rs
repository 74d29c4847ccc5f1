//! What holds after any findings, commands and timers, in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::{
    Actor, Alert, AlertState, Command, CommandKind, Delivery, DeliveryId, DeliveryKind, Finding,
    FindingState, Severity,
};
use proptest::prelude::*;

use super::fixture::{CONDITION, Story, finding, now, patient, policy};
use crate::{Effects, Input, Policy, State, Timer};

/// The policy of these properties keeps alerts at most this long after they fell.
const END_MINUTES: i64 = 24 * 60;

#[derive(Clone, Debug)]
enum Act {
    Find {
        workload: &'static str,
        as_of: i64,
        severity: Severity,
        retracted: Option<&'static str>,
    },
    Repeat,
    Ask {
        kind: CommandKind,
        of_newest: bool,
    },
    Wait,
}

fn act(with_people: bool) -> impl Strategy<Value = Act> {
    let find = (
        prop::sample::select(&["news2", "sofa"][..]),
        0..12_i64,
        prop::sample::select(&Severity::ALL[..]),
        prop::option::weighted(
            0.2,
            prop::sample::select(if with_people {
                &["entered-in-error", "merged"][..]
            } else {
                &["entered-in-error"][..]
            }),
        ),
    );
    let find = find.prop_map(|(workload, slot, severity, retracted)| Act::Find {
        workload,
        as_of: slot * 10,
        severity,
        retracted,
    });
    let kind = prop::sample::select(&CommandKind::ALL[..]);
    let ask = (kind, prop::bool::weighted(0.8))
        .prop_map(|(kind, of_newest)| Act::Ask { kind, of_newest });
    prop_oneof![
        8 => find,
        1 => Just(Act::Repeat),
        if with_people { 2 } else { 0 } => ask,
        2 => Just(Act::Wait),
    ]
}

/// A story of acts some minutes apart, with a model of what stands and who was told what.
struct Run {
    story: Story,
    at: i64,
    lines: BTreeMap<(&'static str, i64), Finding>,
    sent: Option<Finding>,
    alerts: BTreeMap<(Box<str>, u32), Alert>,
    newest: Option<Alert>,
    told: BTreeMap<(u32, Box<str>), Vec<DeliveryKind>>,
    deliveries: BTreeSet<DeliveryId>,
}

impl Run {
    fn new(policy: Policy) -> Self {
        Self {
            story: Story::new(policy),
            at: 120,
            lines: BTreeMap::new(),
            sent: None,
            alerts: BTreeMap::new(),
            newest: None,
            told: BTreeMap::new(),
            deliveries: BTreeSet::new(),
        }
    }

    fn act(&mut self, act: &Act, minutes: i64) {
        self.at += minutes;
        let due = self.story.step(None, now(self.at));
        self.watch(due, false);
        match act {
            Act::Find {
                workload,
                as_of,
                severity,
                retracted,
            } => {
                let finding = self.revision(workload, *as_of, *severity, *retracted);
                let effects = self.find(&finding);
                self.watch(effects, false);
                self.sent = Some(finding);
            }
            Act::Repeat => {
                if let Some(sent) = self.sent.clone() {
                    let before = self.story.state.clone();
                    assert_eq!(self.find(&sent), Effects::default());
                    assert_eq!(self.story.state, before);
                }
            }
            Act::Ask { kind, of_newest } => self.ask(*kind, *of_newest),
            Act::Wait => {}
        }
        let bytes = self.story.state.encode();
        assert_eq!(State::decode(&bytes).as_ref(), Ok(&self.story.state));
        self.check_reason();
        self.check_timers();
    }

    fn find(&mut self, finding: &Finding) -> Effects {
        self.story.step(Some(Input::Finding(finding)), now(self.at))
    }

    fn revision(
        &mut self,
        workload: &'static str,
        as_of: i64,
        severity: Severity,
        retracted: Option<&str>,
    ) -> Finding {
        let last = self.lines.get(&(workload, as_of));
        let revision = last.map_or(1, |last| last.revision + 1);
        let mut next = finding(workload, as_of, self.at, revision);
        next.severity = severity;
        next.summary = severity.word().into();
        if let Some(reason) = retracted {
            next.state = FindingState::Retracted(reason.into());
        }
        if retracted == Some("merged") {
            // A workload takes back all that it said of a retired identity; the first of them decides.
            for line in self.lines.values_mut() {
                line.state = FindingState::Retracted("merged".into());
            }
        }
        self.lines.insert((workload, as_of), next.clone());
        next
    }

    fn ask(&mut self, kind: CommandKind, of_newest: bool) {
        let newest = self.newest.clone().filter(|_| of_newest);
        let command = Command {
            alert: newest.as_ref().map(|alert| alert.id).unwrap_or_default(),
            patient: patient(),
            kind,
            by: "ward-4".into(),
            at: now(self.at).received,
            note: "".into(),
            read_back_by: "".into(),
        };
        let effects = self
            .story
            .step(Some(Input::Command(&command)), now(self.at));
        let is_active = newest.is_some_and(|alert| alert.state.is_active());
        assert_eq!(
            effects.refused.is_empty(),
            is_active,
            "{:?}",
            effects.refused
        );
        self.watch(effects, true);
    }

    /// Takes the effects into the model, and checks every revision and every piece of news against it.
    fn watch(&mut self, effects: Effects, by_person: bool) {
        for alert in effects.alerts {
            let key = (alert.condition.clone(), alert.episode);
            let before = self.alerts.get(&key);
            check_change(before, &alert, by_person);
            self.alerts.insert(key, alert.clone());
            self.newest = Some(alert);
            let active = self.alerts.values().filter(|a| a.state.is_active()).count();
            assert!(active <= 1, "two alerts of a condition are open");
        }
        for delivery in effects.deliveries {
            self.watch_delivery(delivery);
        }
    }

    fn watch_delivery(&mut self, delivery: Delivery) {
        assert!(self.deliveries.insert(delivery.id), "a delivery came twice");
        let key = (delivery.alert.episode, delivery.channel);
        let told = self.told.entry(key).or_default();
        let is_first = told.is_empty();
        assert_eq!(is_first, delivery.kind == DeliveryKind::Raised, "{told:?}");
        told.push(delivery.kind);
    }

    /// Checks that an open alert rests on a finding that stands, and is as severe as it.
    fn check_reason(&self) {
        for alert in self.story.state.open_alerts() {
            let is_it = |line: &&Finding| line.id == alert.finding;
            let line = self
                .lines
                .values()
                .find(is_it)
                .expect("the reason is known");
            assert_eq!(line.state, FindingState::Asserted);
            assert_eq!(line.severity, alert.severity);
            assert!(alert.severity >= self.story.alerts.policy().raise_at);
        }
    }

    /// Checks that the timers of the open alert are set as it knows them, and that no others are.
    fn check_timers(&self) {
        let course = self.story.state.conditions.get(CONDITION);
        let active = course.and_then(|course| course.active.as_ref());
        let set = |timer: Timer| self.story.timers.get(&timer.tag(CONDITION)).copied();
        let acknowledge_by = active.and_then(|active| active.acknowledge_by);
        assert_eq!(set(Timer::Acknowledge), acknowledge_by);
        assert_eq!(set(Timer::Fall), active.and_then(|active| active.fall_at));
    }

    /// Checks that everybody who was told of an alert that is over knows how it ended.
    fn check_told(&self) {
        for ((episode, _channel), told) in &self.told {
            let alert = &self.alerts[&(CONDITION.into(), *episode)];
            let last = told.last().copied();
            match alert.state {
                AlertState::Resolved => assert_eq!(last, Some(DeliveryKind::Resolved)),
                AlertState::Retracted => assert_eq!(last, Some(DeliveryKind::Retracted)),
                AlertState::Open | AlertState::Acknowledged => {
                    assert!(!matches!(
                        last,
                        None | Some(DeliveryKind::Resolved | DeliveryKind::Retracted)
                    ));
                }
            }
        }
    }
}

fn check_change(before: Option<&Alert>, alert: &Alert, by_person: bool) {
    let change = alert.history.last().expect("a revision has a step");
    let name = match &change.by {
        Actor::Person(name) => {
            assert!(by_person, "a person did what nobody asked");
            name
        }
        Actor::Rule(name) => name,
    };
    assert!(!name.is_empty());
    assert_eq!((change.to, change.severity), (alert.state, alert.severity));
    let Some(before) = before else {
        assert_eq!((alert.revision, alert.state), (1, AlertState::Open));
        return;
    };
    assert_eq!(alert.revision, before.revision + 1);
    assert_eq!(alert.id, before.id);
    let ended_for_good = before.state == AlertState::Retracted;
    assert!(!ended_for_good, "a retracted alert changed");
    if before.state == AlertState::Resolved {
        assert_eq!(alert.state, AlertState::Retracted, "it came back to life");
    }
}

fn newest_of<'a>(run: &'a Run, workload: &str) -> Option<&'a Finding> {
    run.lines
        .iter()
        .filter(|((of, _), line)| *of == workload && line.state == FindingState::Asserted)
        .map(|(_, line)| line)
        .max_by_key(|line| line.as_of)
}

proptest! {
    #[test]
    fn alerts_and_news_stay_true(acts in prop::collection::vec((act(true), 0..30_i64), 1..60)) {
        let mut run = Run::new(policy());
        for (act, minutes) in &acts {
            run.act(act, *minutes);
            run.check_told();
        }
    }

    /// Without people and quiet times an alert is open exactly while something asks for one.
    #[test]
    fn nothing_is_missed_and_nothing_stays(
        acts in prop::collection::vec((act(false), 0..30_i64), 1..60),
    ) {
        let mut run = Run::new(Policy { quiet_for: Duration::ZERO, ..policy() });
        for (act, minutes) in &acts {
            run.act(act, *minutes);
            let asks = asking(&run).is_some();
            let open = run.story.state.open_alerts().next().is_some();
            prop_assert!(open || !asks, "nobody was told of what stands");
        }
        run.act(&Act::Wait, END_MINUTES);
        let asks = asking(&run);
        let open = run.story.state.open_alerts().next().map(|alert| alert.severity);
        prop_assert_eq!(open, asks, "in the end the alert is as severe as what stands");
    }

    /// Bytes that were not written by `encode` are refused or read as some state, and never panic.
    #[test]
    fn any_bytes_can_be_read(
        version in 1..=crate::state::VERSION,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut versioned = vec![version];
        versioned.extend(bytes);
        if let Ok(state) = State::decode(&versioned) {
            prop_assert_eq!(State::decode(&state.encode()), Ok(state));
        }
    }
}

/// The most severe of the newest findings, where it reaches the threshold.
fn asking(run: &Run) -> Option<Severity> {
    ["news2", "sofa"]
        .iter()
        .filter_map(|workload| newest_of(run, workload))
        .map(|line| line.severity)
        .max()
        .filter(|severity| *severity >= run.story.alerts.policy().raise_at)
}
