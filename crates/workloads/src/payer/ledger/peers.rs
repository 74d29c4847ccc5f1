//! Providers of a specialty beside each other: whose visits are of higher levels than those of the others, week by week.

use std::collections::{BTreeMap, BTreeSet};

use clinical::payer::Day;
use clinical::{Decimal, EventTime, PatientKey, ReceivedTime, Severity};

use super::super::calendar::{Calendar, day_words};
use super::super::config::PayerConfig;
use super::super::publish::{Cause, Pack, revise};
use super::super::rule::Conclusion;
use super::super::state::Line;
use super::case::{CaseFacts, IntegrityCase, LevelFacts};
use super::mix::{Mix, MixKind};
use super::week::Judged;
use super::week_of;

/// Whose findings they are.
const PACK: Pack = Pack {
    name: "provider-peers",
    rule: "visit-levels 1.0.0",
    place: 0,
};
/// What a deviation of the median is of a standard deviation, and from where on it is an outlier: Iglewicz and Hoaglin, How to
/// Detect and Handle Outliers, ASQC 1993: a modified z-score above 3.5. In thousandths and in ten thousandths.
const OUTLIER_THOUSANDTHS: i64 = 3_500;
const DEVIATION_TEN_THOUSANDTHS: i64 = 6_745;
/// So many weeks back it is followed since when somebody stands out.
const FOLLOWED_WEEKS: i32 = 26;
const WEEK_DAYS: i32 = 7;
/// Numbers are told to so many places.
const PLACES: u32 = 2;

/// The providers of a specialty, by the mixes of their weeks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    pub(super) weeks: BTreeMap<(PatientKey, Day), Mix>,
    /// What was published of each.
    pub(super) lines: BTreeMap<PatientKey, Vec<Line>>,
}

impl Peers {
    /// Takes in the mix of a provider's week, in place of what it was before.
    pub fn take(&mut self, provider: PatientKey, week: Day, mix: Option<Mix>) {
        match mix {
            Some(mix) => self.weeks.insert((provider, week), mix),
            None => self.weeks.remove(&(provider, week)),
        };
    }

    /// Says whether there is anything to look at.
    pub fn is_empty(&self) -> bool {
        self.weeks.is_empty()
    }
}

/// Judges specialties by what a site has set.
#[derive(Clone, Debug)]
pub struct PeerRules {
    config: PayerConfig,
}

/// How the providers of a specialty were spread in the weeks before a day.
struct Spread {
    median: Decimal,
    deviation: Decimal,
    peers: u32,
    /// Those who stand out, with their mix and mean.
    out: BTreeMap<PatientKey, (Mix, Decimal)>,
}

impl PeerRules {
    /// Makes the rules ready.
    pub const fn new(config: PayerConfig) -> Self {
        Self { config }
    }

    /// The beginning of the week after a moment.
    pub fn next_week(&self, at: EventTime) -> EventTime {
        let calendar = self.calendar();
        let monday = week_of(calendar.day(at));
        calendar.start(monday.saturating_add(WEEK_DAYS))
    }

    /// Judges a specialty by the last week that is over, and says what differs from what was said before.
    pub fn judge(
        &self,
        peers: &mut Peers,
        kind: &MixKind,
        at: EventTime,
        known_at: ReceivedTime,
    ) -> Judged {
        let last = week_of(self.calendar().day(at)).saturating_sub(WEEK_DAYS);
        let first = last.saturating_sub(FOLLOWED_WEEKS * WEEK_DAYS);
        let kept = first.saturating_sub(self.window());
        peers.weeks.retain(|(_, week), _| *week >= kept);
        let spread = self.spread(peers, last);
        let since = self.since(peers, last, first, &spread);
        let told = peers.lines.keys().copied();
        let of: BTreeSet<PatientKey> = told.chain(since.keys().copied()).collect();
        let mut judged = Judged::default();
        for provider in of {
            let lines = peers.lines.entry(provider).or_default();
            let conclusion = since.get(&provider).map(|(week, is_longer)| {
                let held = lines.iter().find(|line| line.asserted && *is_longer);
                let start = self.calendar().start(*week);
                let start = held.map_or(start, |line| line.as_of.min(start));
                self.conclude(kind, &spread, provider, (last, start))
            });
            let (conclusions, facts) = conclusion.into_iter().flatten().unzip();
            let cause = Cause {
                patient: provider,
                known_at,
                event: None,
                timer: Some(at),
                reason: "no-longer-so",
            };
            tell(&cause, conclusions, facts, lines, &mut judged);
        }
        judged
    }

    const fn calendar(&self) -> Calendar<'_> {
        Calendar {
            zone: &self.config.zone,
            holidays: &[],
        }
    }

    /// So many days before the last week are looked at with it.
    fn window(&self) -> Day {
        i32::from(self.config.ledger.weeks.saturating_sub(1)) * WEEK_DAYS
    }

    /// Compares those who have visits enough in the weeks that end with one; nobody stands out where too few have, or where
    /// more than half are alike.
    fn spread(&self, peers: &Peers, last: Day) -> Option<Spread> {
        let from = last.saturating_sub(self.window());
        let mut sums: BTreeMap<PatientKey, Mix> = BTreeMap::new();
        for ((provider, week), mix) in &peers.weeks {
            if (from..=last).contains(week) {
                sums.entry(*provider).or_default().add(mix);
            }
        }
        sums.retain(|_, mix| mix.visits() >= self.config.ledger.visits);
        let others = u32::try_from(sums.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let least = self.config.ledger.peers?;
        let means: Vec<Decimal> = sums.values().filter_map(Mix::mean).collect();
        let median = median(&means).filter(|_| others >= least)?;
        let apart: Vec<Decimal> = means.iter().map(|mean| (*mean - median).abs()).collect();
        let deviation = self::median(&apart).filter(|apart| !apart.is_zero())?;
        let far = Decimal::new(OUTLIER_THOUSANDTHS, 3) * deviation;
        let is_out = |mean: Decimal| {
            let above = mean - median;
            Decimal::new(DEVIATION_TEN_THOUSANDTHS, 4) * above > far
        };
        let out = sums.into_iter().filter_map(|(provider, mix)| {
            let mean = mix.mean().filter(|mean| is_out(*mean))?;
            Some((provider, (mix, mean)))
        });
        Some(Spread {
            median,
            deviation,
            peers: others,
            out: out.collect(),
        })
    }

    /// Since which week each of those stands out who does now, and whether it may be longer than is followed.
    fn since(
        &self,
        peers: &Peers,
        last: Day,
        first: Day,
        now: &Option<Spread>,
    ) -> BTreeMap<PatientKey, (Day, bool)> {
        let out = now.iter().flat_map(|spread| spread.out.keys().copied());
        let mut since: BTreeMap<_, _> = out.map(|provider| (provider, (last, true))).collect();
        let mut week = last.saturating_sub(WEEK_DAYS);
        while week >= first && since.values().any(|(_, goes_on)| *goes_on) {
            let spread = self.spread(peers, week);
            let is_out = |provider| {
                let mut of = spread.iter();
                of.any(|spread| spread.out.contains_key(provider))
            };
            for (provider, (start, goes_on)) in &mut since {
                *goes_on &= is_out(provider);
                if *goes_on {
                    *start = week;
                }
            }
            week = week.saturating_sub(WEEK_DAYS);
        }
        since
    }

    fn conclude(
        &self,
        kind: &MixKind,
        spread: &Option<Spread>,
        provider: PatientKey,
        (last, since): (Day, EventTime),
    ) -> Option<(Conclusion, LevelFacts)> {
        let spread = spread.as_ref()?;
        let (mix, mean) = spread.out.get(&provider)?;
        let above = Decimal::new(DEVIATION_TEN_THOUSANDTHS, 4) * (*mean - spread.median);
        let facts = LevelFacts {
            severity: Severity::Low,
            kind: kind.clone(),
            from: last.saturating_sub(self.window()),
            until: last.saturating_add(WEEK_DAYS - 1),
            counts: mix.counts,
            mean: told_as(*mean),
            median: told_as(spread.median),
            deviation: told_as(spread.deviation),
            score: told_as(above / spread.deviation),
            peers: spread.peers,
            charged: mix.charged.normalize(),
            unpaid: mix.unpaid.normalize(),
        };
        let summary = format!(
            "visits ({}) from {} to {} are of higher levels than those of {} peers: {} visits of mean level {}, median of all {} (deviation {}, score {}), {} charged, {} of it is not paid; to be looked at, not decided by this",
            kind.family,
            day_words(facts.from),
            day_words(facts.until),
            facts.peers,
            mix.visits(),
            facts.mean,
            facts.median,
            facts.deviation,
            facts.score,
            facts.charged,
            facts.unpaid
        );
        let conclusion = Conclusion {
            condition: format!("visit-levels/{}/{}", kind.specialty, kind.family),
            as_of: since,
            severity: Severity::Low,
            score: None,
            summary,
            evidence: Vec::new(),
            missing: Vec::new(),
            backfill: false,
            authorization: None,
        };
        Some((conclusion, facts))
    }
}

fn tell(
    cause: &Cause,
    conclusions: Vec<Conclusion>,
    facts: Vec<LevelFacts>,
    lines: &mut Vec<Line>,
    judged: &mut Judged,
) {
    let everything = EventTime::from_micros(i64::MIN);
    let mut facts = facts.into_iter();
    for revised in revise(&PACK, cause, everything, conclusions, lines) {
        let line = revised.line;
        let facts = facts.next().filter(|_| line.asserted);
        judged.cases.push(IntegrityCase {
            condition: line.condition,
            provider: cause.patient,
            finding: line.finding,
            revision: line.revision,
            known_at: cause.known_at,
            facts: facts.map(CaseFacts::Levels),
        });
        judged.findings.push(revised.finding);
        judged.findings.extend(revised.moved);
    }
}

fn told_as(number: Decimal) -> Decimal {
    number.round_dp(PLACES).normalize()
}

fn median(of: &[Decimal]) -> Option<Decimal> {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied()?;
    match sorted.len() % 2 {
        1 => Some(upper),
        _ => {
            let lower = sorted.get(middle.checked_sub(1)?).copied()?;
            Some((lower + upper) / Decimal::TWO)
        }
    }
}

#[cfg(test)]
mod tests;
