//! How the visits of a provider's week are spread over levels.

use std::collections::BTreeMap;

use clinical::Decimal;
use clinical::payer::Day;

use super::levels::MOST;
use super::week::Week;

/// So many levels there are.
pub(crate) const LEVELS: usize = MOST as usize;

/// Of which visits a mix is: whose specialty, and of which family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MixKind {
    /// The specialty (NUCC taxonomy).
    pub specialty: Box<str>,
    /// The family of visits.
    pub family: Box<str>,
}

/// So many visits of each level, and what is charged for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mix {
    /// By level, the lowest first.
    pub counts: [u32; LEVELS],
    /// What is charged for all.
    pub charged: Decimal,
    /// What of that is not paid yet.
    pub unpaid: Decimal,
}

impl Mix {
    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.charged = self.charged.saturating_add(other.charged);
        self.unpaid = self.unpaid.saturating_add(other.unpaid);
    }

    pub(super) fn visits(&self) -> u32 {
        self.counts
            .iter()
            .fold(0, |all, one| all.saturating_add(*one))
    }

    /// The mean level; nothing where there is no visit.
    pub(super) fn mean(&self) -> Option<Decimal> {
        let levels = self.counts.iter().zip(1_u32..);
        let sum = levels.map(|(count, level)| Decimal::from(*count) * Decimal::from(level));
        let sum: Decimal = sum.sum();
        sum.checked_div(Decimal::from(self.visits()))
    }
}

/// A mix of a week that is now told, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekMix {
    /// The Monday of the week.
    pub week: Day,
    /// Of which visits.
    pub kind: MixKind,
    /// The mix; nothing where there are no visits any more.
    pub mix: Option<Mix>,
}

impl Week {
    fn now(&self) -> BTreeMap<MixKind, Mix> {
        let mut all: BTreeMap<MixKind, Mix> = BTreeMap::new();
        for (entry, service) in self.counted() {
            let Some(visit) = &service.visit else {
                continue;
            };
            let charge = service.charge.unwrap_or_default();
            let unpaid = if entry.added.is_paid {
                Decimal::ZERO
            } else {
                charge
            };
            let mut one = Mix {
                charged: charge,
                unpaid,
                ..Mix::default()
            };
            let place = usize::from(visit.level).saturating_sub(1);
            if let Some(count) = one.counts.get_mut(place) {
                *count = 1;
            }
            all.entry(visit.kind.clone()).or_default().add(&one);
        }
        all
    }

    /// Says which mixes differ from those that were told before, and takes them as told.
    pub(super) fn mixes(&mut self, week: Day) -> Vec<WeekMix> {
        let now = self.now();
        let of = |kind: &MixKind, mix| WeekMix {
            week,
            kind: kind.clone(),
            mix,
        };
        let gone = self
            .mixes
            .iter()
            .filter(|(kind, _)| !now.contains_key(kind));
        let mut all: Vec<WeekMix> = gone.map(|(kind, _)| of(kind, None)).collect();
        for (kind, mix) in &now {
            let is_told = self
                .mixes
                .iter()
                .any(|told| (&told.0, &told.1) == (kind, mix));
            if !is_told {
                all.push(of(kind, Some(mix.clone())));
            }
        }
        self.mixes = now.into_iter().collect();
        all
    }
}
