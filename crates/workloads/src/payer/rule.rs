//! The list of payer workloads, and what each may look at and say.

use std::cmp::Ordering;

use clinical::payer::{Day, Stated};
use clinical::{EventTime, Evidence, Severity};

use super::authorization::{self, Authorization};
use super::calendar::Calendar;
use super::config::{PayerConfig, Receipt};
use super::state::Held;
use super::tables::{Step, StepClock, Tables};
use super::{care, claim, eligibility, integrity};

/// A rule pack of payer workloads.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its name in findings and configuration.
    pub(crate) name: &'static str,
    /// The rule pack and its version.
    pub(crate) rule: &'static str,
    pub(crate) conclude: fn(&View<'_>) -> Concluded,
}

/// All payer workloads, in the order they run. Their places are in stored states.
pub(crate) const RULES: [Rule; 5] = [
    Rule {
        name: "prior-authorization",
        rule: "authorization-clocks 1.0.0",
        conclude: authorization::conclude,
    },
    Rule {
        name: "claims",
        rule: "claim-life-cycle 1.0.0",
        conclude: claim::conclude,
    },
    Rule {
        name: "eligibility",
        rule: "coverage-on-the-day 1.0.0",
        conclude: eligibility::conclude,
    },
    Rule {
        name: "claim-integrity",
        rule: "claim-signals 1.0.0",
        conclude: integrity::conclude,
    },
    Rule {
        name: "care-management",
        rule: "panel-visits 1.0.0",
        conclude: care::conclude,
    },
];

/// Gives the names of the workloads that conclude from what is said of one member.
pub fn payer_workloads() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

/// What a rule may look at.
pub(crate) struct View<'a> {
    pub(crate) config: &'a PayerConfig,
    pub(crate) tables: &'a Tables,
    pub(crate) calendar: Calendar<'a>,
    /// What stands or was called off, in the order of their own times.
    pub(crate) documents: Vec<&'a Held>,
    pub(crate) watermark: EventTime,
}

impl View<'_> {
    /// When a request or a claim was received by whom it is for.
    pub(crate) fn receipt(&self, held: &Held) -> EventTime {
        let first_known = EventTime::from_micros(held.first_known.micros());
        let counts = self.config.receipt == Receipt::Stated || held.backfill;
        let stated = held.document.created.filter(|_| counts);
        stated.map_or(first_known, |stated| {
            self.calendar.moment(stated).min(first_known)
        })
    }

    /// On which day a document was made.
    pub(crate) fn made_on(&self, held: &Held) -> Day {
        match held.document.created {
            Some(Stated::Day(day)) => day,
            Some(Stated::Moment(at)) => self.calendar.day(at),
            None => self.calendar.day(held.at()),
        }
    }

    /// Which of two versions was said first: as their senders state it, or as they were accepted. One that states a day only is of
    /// no time of that day, and beside another of it stands as they were accepted.
    pub(crate) fn said_order(&self, one: &Held, other: &Held) -> Ordering {
        let is_of_day = |held: &Held| matches!(held.document.created, Some(Stated::Day(_)));
        let known = one.known.cmp(&other.known);
        let said = [one, other].map(|held| {
            let known = EventTime::from_micros(held.known.micros());
            match held.document.created {
                Some(Stated::Moment(moment)) => {
                    (self.calendar.day(moment.min(known)), moment.min(known))
                }
                Some(Stated::Day(day)) => (day.min(self.calendar.day(known)), known),
                None => (self.calendar.day(known), known),
            }
        });
        let [(day, at), (other_day, other_at)] = said;
        match is_of_day(one) || is_of_day(other) {
            true => day.cmp(&other_day).then(known),
            false => at.cmp(&other_at),
        }
    }

    /// Until when a step must follow, and by which rule; nothing where there is none.
    pub(crate) fn due(&self, step: Step, from: EventTime) -> Option<(EventTime, &StepClock)> {
        let day = self.calendar.day(from);
        let clock = self.tables.step(step, &self.config.kind, day)?;
        Some((self.calendar.end(from, clock.span), clock))
    }
}

/// What a rule concludes from what is known.
#[derive(Debug, Default)]
pub(crate) struct Concluded {
    pub(crate) conclusions: Vec<Conclusion>,
    /// When time alone may change that.
    pub(crate) wake: Option<EventTime>,
}

impl Concluded {
    /// Asks to be looked at again at a time, where that is still to come.
    pub(crate) fn wake_at(&mut self, at: EventTime, watermark: EventTime) {
        if at > watermark {
            self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
        }
    }
}

/// What is true of one matter.
#[derive(Debug)]
pub(crate) struct Conclusion {
    pub(crate) condition: String,
    pub(crate) as_of: EventTime,
    pub(crate) severity: Severity,
    pub(crate) score: Option<i32>,
    pub(crate) summary: String,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) missing: Vec<Box<str>>,
    /// Whether it rests on loaded history alone.
    pub(crate) backfill: bool,
    /// How the authorization stands that it is about.
    pub(crate) authorization: Option<Authorization>,
}

impl Conclusion {
    /// Makes one that rests on documents.
    pub(crate) fn new(
        condition: String,
        severity: Severity,
        summary: String,
        of: &[&Held],
    ) -> Self {
        let as_of = of.iter().map(|held| held.at()).min();
        Self {
            condition,
            as_of: as_of.unwrap_or_default(),
            severity,
            score: None,
            summary,
            evidence: of.iter().map(|held| evidence(held)).collect(),
            missing: Vec::new(),
            backfill: !of.is_empty() && of.iter().all(|held| held.backfill),
            authorization: None,
        }
    }
}

/// A document as what something rests on. Its codes may be words of its sender: only those of known tables are told.
fn evidence(held: &Held) -> Evidence {
    Evidence {
        what: held.document.kind.word().into(),
        value: match held.document.lines.len() {
            0 => "".into(),
            1 => "1 service".into(),
            count => format!("{count} services").into(),
        },
        points: None,
        at: held.at(),
        event: held.event,
        origin: held.origin,
    }
}
