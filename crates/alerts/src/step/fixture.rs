//! Stories of one patient in one condition, told in lines, and what came of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clinical::{
    Actor, AlertId, Command, CommandKind, EventId, EventTime, Evidence, Finding, FindingId,
    FindingState, Origin, PatientKey, ReceivedTime, Severity,
};

use crate::{Alerts, Effects, Input, Now, Policy, Route, State};

const START: &str = "2026-03-01T00:00:00Z";
pub(crate) const CONDITION: &str = "deterioration";

/// A site with a pager for what is high and a work list for everything.
pub(crate) fn policy() -> Policy {
    let route = |channel: &str, min_severity| Route {
        channel: channel.into(),
        min_severity,
        conditions: Vec::new(),
    };
    Policy {
        channels: vec![
            route("list", Severity::Medium),
            route("pager", Severity::High),
        ],
        ..Policy::default()
    }
}

pub(crate) fn patient() -> PatientKey {
    PatientKey::from_bytes([7; 16])
}

pub(crate) fn minute(minute: i64) -> EventTime {
    let start = EventTime::parse(START).unwrap().micros();
    EventTime::from_micros(start + minute * 60_000_000)
}

pub(crate) fn now(at: i64) -> Now {
    Now {
        watermark: minute(at),
        received: ReceivedTime::from_micros(minute(at).micros()),
        patient: patient(),
    }
}

pub(crate) fn finding(workload: &str, as_of: i64, known: i64, revision: u32) -> Finding {
    let parts: [&[u8]; 3] = [
        workload.as_bytes(),
        &as_of.to_be_bytes(),
        &revision.to_be_bytes(),
    ];
    Finding {
        id: FindingId::derive(&parts),
        workload: workload.into(),
        rule: format!("{workload} 1.0.0").into(),
        patient: patient(),
        condition: CONDITION.into(),
        as_of: minute(as_of),
        known_at: now(known).received,
        revision,
        replaces: None,
        state: FindingState::Asserted,
        severity: Severity::None,
        score: None,
        summary: "".into(),
        evidence: vec![Evidence {
            what: "respiratory rate".into(),
            value: "25 /min".into(),
            points: Some(3),
            at: minute(as_of),
            event: EventId::derive(&parts),
            origin: Origin {
                partition: 3,
                offset: 1207,
            },
        }],
        missing: Vec::new(),
        cause: None,
        backfill: false,
    }
}

/// A patient's way through the step, with the timers that a driver would fire.
pub(crate) struct Story {
    pub(crate) alerts: Alerts,
    pub(crate) state: State,
    pub(crate) timers: BTreeMap<Vec<u8>, EventTime>,
    newest: Option<AlertId>,
    last: BTreeMap<(i64, String), Finding>,
}

impl Story {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            alerts: Alerts::new(policy),
            state: State::default(),
            timers: BTreeMap::new(),
            newest: None,
            last: BTreeMap::new(),
        }
    }

    /// Fires the timers due until then, in order of time and tag, and then takes the input.
    pub(crate) fn step(&mut self, input: Option<Input<'_>>, now: Now) -> Effects {
        let mut effects = Effects::default();
        while let Some((at, tag)) = self.due(now.watermark) {
            self.timers.remove(&tag);
            self.take(Input::Timer { tag: &tag, at }, now, &mut effects);
        }
        if let Some(input) = input {
            self.take(input, now, &mut effects);
        }
        effects
    }

    fn due(&self, until: EventTime) -> Option<(EventTime, Vec<u8>)> {
        let due = self.timers.iter().filter(|(_, at)| **at <= until);
        due.map(|(tag, at)| (*at, tag.clone())).min()
    }

    fn take(&mut self, input: Input<'_>, now: Now, effects: &mut Effects) {
        let before = effects.timers.len();
        self.alerts
            .step(&mut self.state, input, now, effects)
            .unwrap();
        for (tag, at) in &effects.timers[before..] {
            match at {
                Some(at) => self.timers.insert(tag.clone(), *at),
                None => self.timers.remove(tag),
            };
        }
        self.newest = effects.alerts.last().map(|alert| alert.id).or(self.newest);
    }

    /// Takes a line such as `09:00 finds 08:50 high`, and prints what it led to.
    fn tell(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [time, verb, rest @ ..] = &words[..] else {
            panic!("a line has a time and a verb: {line}")
        };
        let at = minutes(time);
        let effects = match (*verb, rest) {
            ("finds" | "loads", [as_of, severity, workload @ ..]) => {
                let severity = Severity::parse(severity).unwrap();
                let as_of = minutes(as_of);
                let workload = workload.first().copied().unwrap_or("news2");
                let mut finding = self.next(workload, as_of, at);
                finding.severity = severity;
                finding.backfill = *verb == "loads";
                finding.summary = format!("NEWS2 {severity:?}").into();
                self.send(finding, as_of, at)
            }
            ("retracts", [as_of, reason]) => {
                let as_of = minutes(as_of);
                let mut finding = self.next("news2", as_of, at);
                finding.state = FindingState::Retracted((*reason).into());
                self.send(finding, as_of, at)
            }
            ("repeats", [as_of]) => {
                let finding = self.last[&(minutes(as_of), "news2".into())].clone();
                self.step(Some(Input::Finding(&finding)), now(at))
            }
            ("acknowledges" | "resolves" | "dismisses", read_back_by) => {
                let command = Command {
                    read_back_by: read_back_by.join(" ").into(),
                    ..self.command(verb, at)
                };
                self.step(Some(Input::Command(&command)), now(at))
            }
            ("waits", []) => self.step(None, now(at)),
            _ => panic!("not a line of a story: {line}"),
        };
        print(line, &effects)
    }

    fn next(&self, workload: &str, as_of: i64, at: i64) -> Finding {
        let last = self.last.get(&(as_of, workload.into()));
        finding(
            workload,
            as_of,
            at,
            last.map_or(1, |last| last.revision + 1),
        )
    }

    fn send(&mut self, finding: Finding, as_of: i64, at: i64) -> Effects {
        let effects = self.step(Some(Input::Finding(&finding)), now(at));
        self.last
            .insert((as_of, finding.workload.to_string()), finding);
        effects
    }

    fn command(&self, verb: &str, at: i64) -> Command {
        Command {
            alert: self.newest.unwrap_or_default(),
            patient: patient(),
            kind: match verb {
                "resolves" => CommandKind::Resolve,
                "dismisses" => CommandKind::Dismiss,
                _ => CommandKind::Acknowledge,
            },
            by: "ward-4".into(),
            at: now(at).received,
            note: "seen".into(),
            read_back_by: "".into(),
        }
    }
}

fn minutes(time: &str) -> i64 {
    let (hours, minutes) = time.split_once(':').unwrap();
    hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap()
}

fn print(line: &str, effects: &Effects) -> String {
    let mut out = format!("{line}\n");
    for alert in &effects.alerts {
        let change = alert.history.last().unwrap();
        let by = match &change.by {
            Actor::Person(name) => format!("{name} (person)"),
            Actor::Rule(name) => format!("rule {name}"),
        };
        let (episode, revision) = (alert.episode, alert.revision);
        let (severity, state) = (alert.severity.word(), alert.state.word());
        writeln!(
            out,
            "  {episode}.{revision} {severity} {state}, by {by}: {}",
            change.why
        )
        .unwrap();
    }
    for delivery in &effects.deliveries {
        let (channel, kind) = (&delivery.channel, delivery.kind.word());
        let alert = &delivery.alert;
        writeln!(
            out,
            "  -> {channel}: {kind} {}.{}",
            alert.episode, alert.revision
        )
        .unwrap();
    }
    for refused in &effects.refused {
        writeln!(out, "  refused: {}", refused.why).unwrap();
    }
    for suppressed in &effects.suppressed {
        writeln!(out, "  not raised: {:?}", suppressed.why).unwrap();
    }
    out
}

#[track_caller]
pub(crate) fn check(story: &str, expect: &expect_test::Expect) {
    check_by(policy(), story, expect);
}

pub(crate) fn check_by(policy: Policy, story: &str, expect: &expect_test::Expect) {
    let mut patient = Story::new(policy);
    let told: String = story
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| patient.tell(line))
        .collect();
    let bytes = patient.state.encode();
    assert_eq!(State::decode(&bytes).as_ref(), Ok(&patient.state));
    expect.assert_eq(&told);
}
