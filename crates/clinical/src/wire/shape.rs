//! The JSON shapes, field by field, and how they become our types and back.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{VERSION, WireError};
use crate::id::Id;
use crate::time::Time;
use crate::{AlertState, CommandKind, DeliveryKind, FindingState, GapStatus, Severity};

const TIME: &str = "RFC 3339 such as 2026-03-01T09:00:00Z";
const ID: &str = "32 hexadecimal digits";
const SEVERITY: &str = "none, low, medium, high or critical";
const GAP_STATUSES: &str =
    "not-eligible, excluded, open, reopened, provisionally-closed, closed or counted";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding<'a> {
    version: u32,
    id: String,
    #[serde(borrow)]
    workload: Cow<'a, str>,
    #[serde(borrow)]
    rule: Cow<'a, str>,
    patient: String,
    #[serde(borrow)]
    condition: Cow<'a, str>,
    as_of: String,
    known_at: String,
    revision: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    #[serde(borrow)]
    severity: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score: Option<i32>,
    #[serde(borrow)]
    summary: Cow<'a, str>,
    #[serde(default, borrow)]
    evidence: Vec<Evidence<'a>>,
    #[serde(default)]
    missing: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    backfill: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evidence<'a> {
    #[serde(borrow)]
    what: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    points: Option<i32>,
    at: String,
    event: String,
    origin: Origin,
}

#[derive(Serialize, Deserialize)]
struct Origin {
    partition: u16,
    offset: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert<'a> {
    version: u32,
    id: String,
    patient: String,
    #[serde(borrow)]
    condition: Cow<'a, str>,
    episode: u32,
    revision: u32,
    #[serde(borrow)]
    severity: Cow<'a, str>,
    #[serde(borrow)]
    state: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow)]
    rule: Cow<'a, str>,
    as_of: String,
    known_at: String,
    opened_at: String,
    finding: String,
    #[serde(default, borrow)]
    evidence: Vec<Evidence<'a>>,
    #[serde(default, borrow)]
    history: Vec<Change<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Change<'a> {
    at: String,
    #[serde(borrow)]
    by: Actor<'a>,
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow)]
    severity: Cow<'a, str>,
    #[serde(borrow)]
    why: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Actor<'a> {
    Person(#[serde(borrow)] Cow<'a, str>),
    Rule(#[serde(borrow)] Cow<'a, str>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Command<'a> {
    version: u32,
    alert: String,
    patient: String,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    by: Cow<'a, str>,
    at: String,
    #[serde(default, borrow)]
    note: Cow<'a, str>,
    #[serde(default, borrow, skip_serializing_if = "str::is_empty")]
    read_back_by: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Delivery<'a> {
    version: u32,
    id: String,
    #[serde(borrow)]
    alert: Alert<'a>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    channel: Cow<'a, str>,
    at: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CareGap<'a> {
    version: u32,
    #[serde(borrow)]
    measure: Cow<'a, str>,
    #[serde(borrow)]
    title: Cow<'a, str>,
    year: i16,
    #[serde(borrow)]
    status: Cow<'a, str>,
    due: String,
    #[serde(borrow)]
    finding: Finding<'a>,
}

impl<'a> CareGap<'a> {
    pub(super) fn of(gap: &'a crate::CareGap) -> Self {
        Self {
            version: VERSION,
            measure: Cow::from(&*gap.measure),
            title: Cow::from(&*gap.title),
            year: gap.year,
            status: gap.status.word().into(),
            due: gap.due.to_string(),
            finding: Finding::of(&gap.finding),
        }
    }

    pub(super) fn read(self) -> Result<crate::CareGap, WireError> {
        let of = Of("care gap");
        Ok(crate::CareGap {
            measure: boxed(self.measure),
            title: boxed(self.title),
            year: self.year,
            status: of.word("status", &self.status, GapStatus::parse, GAP_STATUSES)?,
            due: of.time("due", &self.due)?,
            finding: self.finding.read()?,
        })
    }
}

impl<'a> Finding<'a> {
    pub(super) fn of(finding: &'a crate::Finding) -> Self {
        let (state, reason) = match &finding.state {
            FindingState::Asserted => ("asserted", None),
            FindingState::Retracted(reason) => ("retracted", Some(Cow::from(&**reason))),
        };
        Self {
            version: VERSION,
            id: finding.id.to_string(),
            workload: Cow::from(&*finding.workload),
            rule: Cow::from(&*finding.rule),
            patient: finding.patient.to_string(),
            condition: Cow::from(&*finding.condition),
            as_of: finding.as_of.to_string(),
            known_at: finding.known_at.to_string(),
            revision: finding.revision,
            replaces: finding.replaces.map(|id| id.to_string()),
            state: state.into(),
            reason,
            severity: finding.severity.word().into(),
            score: finding.score,
            summary: Cow::from(&*finding.summary),
            evidence: finding.evidence.iter().map(Evidence::of).collect(),
            missing: finding.missing.iter().map(|m| Cow::from(&**m)).collect(),
            cause: finding.cause.map(|id| id.to_string()),
            backfill: finding.backfill,
        }
    }

    pub(super) fn read(self) -> Result<crate::Finding, WireError> {
        let of = Of("finding");
        Ok(crate::Finding {
            id: of.id("id", &self.id)?,
            workload: boxed(self.workload),
            rule: boxed(self.rule),
            patient: of.id("patient", &self.patient)?,
            condition: boxed(self.condition),
            as_of: of.time("asOf", &self.as_of)?,
            known_at: of.time("knownAt", &self.known_at)?,
            revision: self.revision,
            replaces: of.id_if_any("replaces", self.replaces.as_deref())?,
            state: match &*self.state {
                "asserted" => FindingState::Asserted,
                "retracted" => FindingState::Retracted(boxed(self.reason.unwrap_or_default())),
                other => return Err(of.refuse("state", other, "asserted or retracted")),
            },
            severity: of.word("severity", &self.severity, Severity::parse, SEVERITY)?,
            score: self.score,
            summary: boxed(self.summary),
            evidence: of.evidence(self.evidence)?,
            missing: self.missing.into_iter().map(boxed).collect(),
            cause: of.id_if_any("cause", self.cause.as_deref())?,
            backfill: self.backfill,
        })
    }
}

impl<'a> Evidence<'a> {
    fn of(evidence: &'a crate::Evidence) -> Self {
        Self {
            what: Cow::from(&*evidence.what),
            value: Cow::from(&*evidence.value),
            points: evidence.points,
            at: evidence.at.to_string(),
            event: evidence.event.to_string(),
            origin: Origin {
                partition: evidence.origin.partition,
                offset: evidence.origin.offset,
            },
        }
    }
}

impl<'a> Alert<'a> {
    pub(super) fn of(alert: &'a crate::Alert) -> Self {
        Self {
            version: VERSION,
            id: alert.id.to_string(),
            patient: alert.patient.to_string(),
            condition: Cow::from(&*alert.condition),
            episode: alert.episode,
            revision: alert.revision,
            severity: alert.severity.word().into(),
            state: alert.state.word().into(),
            reason: Cow::from(&*alert.reason),
            rule: Cow::from(&*alert.rule),
            as_of: alert.as_of.to_string(),
            known_at: alert.known_at.to_string(),
            opened_at: alert.opened_at.to_string(),
            finding: alert.finding.to_string(),
            evidence: alert.evidence.iter().map(Evidence::of).collect(),
            history: alert.history.iter().map(Change::of).collect(),
        }
    }

    pub(super) fn read(self) -> Result<crate::Alert, WireError> {
        let of = Of("alert");
        Ok(crate::Alert {
            id: of.id("id", &self.id)?,
            patient: of.id("patient", &self.patient)?,
            condition: boxed(self.condition),
            episode: self.episode,
            revision: self.revision,
            severity: of.word("severity", &self.severity, Severity::parse, SEVERITY)?,
            state: of.alert_state("state", &self.state)?,
            reason: boxed(self.reason),
            rule: boxed(self.rule),
            as_of: of.time("asOf", &self.as_of)?,
            known_at: of.time("knownAt", &self.known_at)?,
            opened_at: of.time("openedAt", &self.opened_at)?,
            finding: of.id("finding", &self.finding)?,
            evidence: of.evidence(self.evidence)?,
            history: (self.history.into_iter())
                .map(|change| change.read(of))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl<'a> Change<'a> {
    fn of(change: &'a crate::Change) -> Self {
        Self {
            at: change.at.to_string(),
            by: match &change.by {
                crate::Actor::Person(name) => Actor::Person(Cow::from(&**name)),
                crate::Actor::Rule(name) => Actor::Rule(Cow::from(&**name)),
            },
            to: change.to.word().into(),
            severity: change.severity.word().into(),
            why: Cow::from(&*change.why),
        }
    }

    fn read(self, of: Of) -> Result<crate::Change, WireError> {
        Ok(crate::Change {
            at: of.time("history.at", &self.at)?,
            by: match self.by {
                Actor::Person(name) => crate::Actor::Person(boxed(name)),
                Actor::Rule(name) => crate::Actor::Rule(boxed(name)),
            },
            to: of.alert_state("history.to", &self.to)?,
            severity: of.word(
                "history.severity",
                &self.severity,
                Severity::parse,
                SEVERITY,
            )?,
            why: boxed(self.why),
        })
    }
}

impl<'a> Command<'a> {
    pub(super) fn of(command: &'a crate::Command) -> Self {
        Self {
            version: VERSION,
            alert: command.alert.to_string(),
            patient: command.patient.to_string(),
            kind: Cow::from(command.kind.word()),
            by: Cow::from(&*command.by),
            at: command.at.to_string(),
            note: Cow::from(&*command.note),
            read_back_by: Cow::from(&*command.read_back_by),
        }
    }

    pub(super) fn read(self) -> Result<crate::Command, WireError> {
        let of = Of("command");
        Ok(crate::Command {
            alert: of.id("alert", &self.alert)?,
            patient: of.id("patient", &self.patient)?,
            kind: CommandKind::parse(&self.kind)
                .ok_or_else(|| of.refuse("kind", &self.kind, "acknowledge, resolve or dismiss"))?,
            by: boxed(self.by),
            at: of.time("at", &self.at)?,
            note: boxed(self.note),
            read_back_by: boxed(self.read_back_by),
        })
    }
}

impl<'a> Delivery<'a> {
    pub(super) fn of(delivery: &'a crate::Delivery) -> Self {
        Self {
            version: VERSION,
            id: delivery.id.to_string(),
            alert: Alert::of(&delivery.alert),
            kind: delivery.kind.word().into(),
            channel: Cow::from(&*delivery.channel),
            at: delivery.at.to_string(),
        }
    }

    pub(super) fn read(self) -> Result<crate::Delivery, WireError> {
        let of = Of("delivery");
        let kinds = "raised, escalated, downgraded, retracted or resolved";
        Ok(crate::Delivery {
            id: of.id("id", &self.id)?,
            alert: self.alert.read()?,
            kind: of.word("kind", &self.kind, DeliveryKind::parse, kinds)?,
            channel: boxed(self.channel),
            at: of.time("at", &self.at)?,
        })
    }
}

fn boxed(text: Cow<'_, str>) -> Box<str> {
    text.into_owned().into_boxed_str()
}

/// What is being read, for the errors.
#[derive(Clone, Copy)]
struct Of(&'static str);

impl Of {
    fn refuse(self, field: &'static str, value: &str, expected: &'static str) -> WireError {
        WireError::Field {
            what: self.0,
            field,
            value: value.into(),
            expected,
        }
    }

    fn word<T>(
        self,
        field: &'static str,
        text: &str,
        parse: impl Fn(&str) -> Option<T>,
        expected: &'static str,
    ) -> Result<T, WireError> {
        parse(text).ok_or_else(|| self.refuse(field, text, expected))
    }

    fn alert_state(self, field: &'static str, text: &str) -> Result<AlertState, WireError> {
        let states = "open, acknowledged, resolved or retracted";
        self.word(field, text, AlertState::parse, states)
    }

    fn id<K>(self, field: &'static str, text: &str) -> Result<Id<K>, WireError> {
        self.word(field, text, Id::parse, ID)
    }

    fn id_if_any<K>(
        self,
        field: &'static str,
        text: Option<&str>,
    ) -> Result<Option<Id<K>>, WireError> {
        text.map(|text| self.id(field, text)).transpose()
    }

    fn time<K: Copy + fmt::Debug>(
        self,
        field: &'static str,
        text: &str,
    ) -> Result<Time<K>, WireError> {
        let beyond_the_calendar = |text: &str| {
            let micros = text.strip_suffix(" µs")?.parse().ok()?;
            Some(Time::from_micros(micros))
        };
        let parse = |text: &str| Time::parse(text).or_else(|| beyond_the_calendar(text));
        self.word(field, text, parse, TIME)
    }

    fn evidence(self, evidence: Vec<Evidence<'_>>) -> Result<Vec<crate::Evidence>, WireError> {
        let read = |one: Evidence<'_>| {
            Ok(crate::Evidence {
                what: boxed(one.what),
                value: boxed(one.value),
                points: one.points,
                at: self.time("evidence.at", &one.at)?,
                event: self.id("evidence.event", &one.event)?,
                origin: crate::Origin {
                    partition: one.origin.partition,
                    offset: one.origin.offset,
                },
            })
        };
        evidence.into_iter().map(read).collect()
    }
}
