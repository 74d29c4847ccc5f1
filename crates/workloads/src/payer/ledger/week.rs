//! A week of a provider: what claims of many members added to it, and which of its days cannot have been.

use std::collections::{BTreeMap, BTreeSet};

use clinical::payer::{Day, Link};
use clinical::{
    Decimal, EventId, EventTime, Evidence, Finding, PatientKey, ReceivedTime, Severity,
};

use super::super::calendar::{Calendar, day_words};
use super::super::config::PayerConfig;
use super::super::publish::{Cause, Pack, revise};
use super::super::rule::Conclusion;
use super::super::state::{Line, REVISE};
use super::case::{CaseFacts, DayFacts, IntegrityCase};
use super::claimed::{Added, WeekService};
use super::mix::{Mix, MixKind, WeekMix};
use super::week_of;

/// Whose findings they are.
/// The workload's name in findings.
pub(crate) const NAME: &str = "provider-integrity";
const PACK: Pack = Pack {
    name: NAME,
    rule: "provider-days 1.0.0",
    place: 0,
};
/// So many claims are told of at most as what a day rests on: those of the most minutes.
const EVIDENCE_MOST: usize = 64;
const MICROS_A_MINUTE: i64 = 60 * 1_000_000;

/// What is known of a week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Week {
    /// In the order of members and cases.
    pub(super) claims: Vec<Entry>,
    /// What was published, by condition.
    pub(super) lines: Vec<Line>,
    /// What was told of the levels of its visits.
    pub(super) mixes: Vec<(MixKind, Mix)>,
}

/// What a claim of a member adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) patient: PatientKey,
    pub(super) case: Box<str>,
    pub(super) added: Added,
}

impl Week {
    /// Takes in what a claim adds now, in place of what it added before.
    pub fn take(&mut self, patient: PatientKey, case: &str, added: Option<Added>) {
        let key = (patient, case);
        let order = |entry: &Entry| (entry.patient, &*entry.case).cmp(&key);
        let place = self.claims.binary_search_by(order);
        match (place, added) {
            (Ok(place), None) => {
                self.claims.remove(place);
            }
            (Ok(place), Some(added)) => {
                if let Some(entry) = self.claims.get_mut(place) {
                    entry.added = added;
                }
            }
            (Err(place), Some(added)) => {
                let case = case.into();
                self.claims.insert(
                    place,
                    Entry {
                        patient,
                        case,
                        added,
                    },
                );
            }
            (Err(_), None) => {}
        }
    }

    /// The services that count, each with its claim: one that stands under the same number for two identities counts once.
    pub(super) fn counted(&self) -> Vec<(&Entry, &WeekService)> {
        let mut seen: BTreeMap<(Link, &WeekService), PatientKey> = BTreeMap::new();
        let mut all = Vec::new();
        for entry in &self.claims {
            for service in &entry.added.services {
                let numbers = || entry.added.numbers.iter().map(|number| (*number, service));
                let is_of_another = |key| {
                    let by = seen.get(&key);
                    by.is_some_and(|by| *by != entry.patient)
                };
                if numbers().any(is_of_another) {
                    continue;
                }
                for key in numbers() {
                    seen.entry(key).or_insert(entry.patient);
                }
                all.push((entry, service));
            }
        }
        all
    }
}

/// What follows for a week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Findings, revisions and retractions.
    pub findings: Vec<Finding>,
    /// How cases stand now.
    pub cases: Vec<IntegrityCase>,
    /// How the visits of the week are spread over levels now.
    pub mixes: Vec<WeekMix>,
}

/// Which week is judged, and what caused that.
#[derive(Clone, Copy, Debug)]
pub struct OfWeek {
    /// The pseudonym of the provider.
    pub provider: PatientKey,
    /// The Monday of the week.
    pub week: Day,
    /// The event that changed the week.
    pub cause: Option<EventId>,
    /// When it could be known.
    pub known_at: ReceivedTime,
}

/// Judges weeks by what a site has set.
#[derive(Clone, Debug)]
pub struct Weeks {
    config: PayerConfig,
}

/// What was claimed of a day.
#[derive(Default)]
struct Sum<'w> {
    minutes: Decimal,
    charged: Decimal,
    unpaid: Decimal,
    claims: BTreeMap<(PatientKey, &'w str), (&'w Added, u32, Decimal)>,
}

impl Weeks {
    /// Makes the rules ready.
    pub const fn new(config: PayerConfig) -> Self {
        Self { config }
    }

    /// Until when a week is revised.
    pub fn end(&self, week: Day) -> EventTime {
        let after = week_of(week).saturating_add(7);
        self.calendar().start(after).plus(REVISE)
    }

    /// Judges a week, and says what differs from what was said before.
    pub fn judge(&self, week: &mut Week, of: OfWeek) -> Judged {
        let mut facts = BTreeMap::new();
        let mut conclusions = Vec::new();
        for (day, sum) in sums(week) {
            if let Some((conclusion, fact)) = self.day(day, &sum) {
                facts.insert(conclusion.condition.clone(), fact);
                conclusions.push(conclusion);
            }
        }
        let cause = Cause {
            patient: of.provider,
            known_at: of.known_at,
            event: of.cause,
            timer: None,
            reason: "no-longer-so",
        };
        let everything = EventTime::from_micros(i64::MIN);
        let revised = revise(&PACK, &cause, everything, conclusions, &mut week.lines);
        let mut judged = Judged {
            mixes: week.mixes(of.week),
            ..Judged::default()
        };
        for revised in revised {
            let line = revised.line;
            let facts = facts.remove(&*line.condition);
            judged.cases.push(IntegrityCase {
                condition: line.condition,
                provider: of.provider,
                finding: line.finding,
                revision: line.revision,
                known_at: of.known_at,
                facts: facts.map(CaseFacts::Day),
            });
            judged.findings.push(revised.finding);
            judged.findings.extend(revised.moved);
        }
        judged
    }

    const fn calendar(&self) -> Calendar<'_> {
        Calendar {
            zone: &self.config.zone,
            holidays: &[],
        }
    }

    /// How many minutes cannot have been on a day: the one on which clocks are set back has more than others.
    fn impossible(&self, day: Day) -> u32 {
        let calendar = self.calendar();
        let (start, end) = (calendar.start(day), calendar.start(day.saturating_add(1)));
        let long = end.micros().saturating_sub(start.micros()) / MICROS_A_MINUTE;
        let more = u32::try_from(long - 24 * 60).unwrap_or_default();
        self.config.ledger.impossible.saturating_add(more)
    }

    fn day(&self, day: Day, sum: &Sum<'_>) -> Option<(Conclusion, DayFacts)> {
        let is_above = |limit: u32| sum.minutes > Decimal::from(limit);
        let (flagged, impossible) = (self.config.ledger.flagged, self.impossible(day));
        let (severity, limit, words) = match (is_above(impossible), is_above(flagged)) {
            (true, _) => (Severity::Medium, impossible, "than a day can have"),
            (false, true) => (Severity::Low, flagged, "than is likely"),
            (false, false) => return None,
        };
        let members: BTreeSet<PatientKey> = sum.claims.keys().map(|key| key.0).collect();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let facts = DayFacts {
            severity,
            day,
            minutes: sum.minutes.normalize(),
            limit,
            claims: count(sum.claims.len()),
            members: count(members.len()),
            charged: sum.charged.normalize(),
            unpaid: sum.unpaid.normalize(),
        };
        let hold = match facts.unpaid > Decimal::ZERO {
            true => "of it is not paid: hold that until somebody has looked",
            false => "of it is not paid",
        };
        let summary = format!(
            "{} minutes of services whose time is known by one provider on {}, more {words} ({limit}): {} claims of {} members, {} charged, {} {hold}",
            facts.minutes,
            day_words(day),
            facts.claims,
            facts.members,
            facts.charged,
            facts.unpaid
        );
        let conclusion = Conclusion {
            condition: format!("impossible-day/{}", day_words(day)),
            as_of: self.calendar().start(day),
            severity,
            score: None,
            summary,
            evidence: evidence(sum),
            missing: Vec::new(),
            backfill: sum.claims.values().all(|(added, ..)| added.backfill),
            authorization: None,
        };
        Some((conclusion, facts))
    }
}

fn sums(week: &Week) -> BTreeMap<Day, Sum<'_>> {
    let mut days: BTreeMap<Day, Sum<'_>> = BTreeMap::new();
    let counted = week.counted().into_iter();
    for (entry, service) in counted.filter(|(_, service)| !service.minutes.is_zero()) {
        let sum = days.entry(service.day).or_default();
        let charge = service.charge.unwrap_or_default();
        sum.minutes = sum.minutes.saturating_add(service.minutes);
        sum.charged = sum.charged.saturating_add(charge);
        if !entry.added.is_paid {
            sum.unpaid = sum.unpaid.saturating_add(charge);
        }
        let key = (entry.patient, &*entry.case);
        let claim = sum
            .claims
            .entry(key)
            .or_insert((&entry.added, 0, Decimal::ZERO));
        claim.1 += 1;
        claim.2 = claim.2.saturating_add(service.minutes);
    }
    days
}

/// The claims of a day, those of the most minutes first where there are too many, in the order in which they were made.
fn evidence(sum: &Sum<'_>) -> Vec<Evidence> {
    let mut all: Vec<_> = sum.claims.values().collect();
    all.sort_by_key(|(added, _, minutes)| (std::cmp::Reverse(*minutes), added.at, added.event));
    all.truncate(EVIDENCE_MOST);
    all.sort_by_key(|(added, ..)| (added.at, added.event));
    let one = |(added, services, minutes): &(&Added, u32, Decimal)| Evidence {
        what: "claim".into(),
        value: format!("{} min in {services} services", minutes.normalize()).into(),
        points: None,
        at: added.at,
        event: added.event,
        origin: added.origin,
    };
    all.into_iter().map(one).collect()
}
