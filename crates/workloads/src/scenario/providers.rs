//! Counts what claims of all members of a story add to weeks of providers, as the station of providers does.

use std::collections::BTreeMap;

use clinical::payer::{Day, Link};
use clinical::{EventTime, Finding, PatientKey, ReceivedTime};

use super::made::patient;
use crate::payer::{OfWeek, PayerConfig, Week, WeekClaim, Weeks};

/// All weeks of a story.
pub(super) struct Providers {
    rules: Weeks,
    weeks: BTreeMap<(PatientKey, Day), Week>,
    names: BTreeMap<Link, PatientKey>,
}

impl Providers {
    pub(super) fn of(config: PayerConfig) -> Self {
        Self {
            rules: Weeks::new(config),
            weeks: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// Learns what a story calls a provider.
    pub(super) fn know(&mut self, link: Link, name: &str) {
        self.names.insert(link, patient(name));
    }

    /// Takes in what a member's claim adds to a week, and gives what follows.
    pub(super) fn take(
        &mut self,
        member: PatientKey,
        claim: WeekClaim,
        (watermark, known_at): (EventTime, ReceivedTime),
    ) -> Vec<Finding> {
        let provider = self.names.get(&claim.provider).copied();
        let is_over = self.rules.end(claim.week) <= watermark;
        let Some(provider) = provider.filter(|_| !is_over) else {
            return Vec::new();
        };
        let week = self.weeks.entry((provider, claim.week)).or_default();
        week.take(member, &claim.case, claim.added);
        let of = OfWeek {
            provider,
            week: claim.week,
            cause: claim.cause,
            known_at,
        };
        self.rules.judge(week, of).findings
    }
}
