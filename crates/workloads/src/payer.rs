//! What payers and providers say of a member, to findings: clocks of authorizations and claims, coverage, and what a
//! person should look at.
//!
//! It is no part of the chart: a member is followed for more than a year by few, large documents. Each rule is a function
//! of all documents that are known, in the order of their own times; what was published and is no longer so is revised or
//! taken back. The order in which documents arrive decides nothing but when things could be known. No finding denies
//! anything: each is for a person, with what it rests on.

mod step;

mod config;
mod tables;

mod state;

mod calendar;
mod case;

mod rule;

mod authorization;
mod care;
mod claim;
mod eligibility;
mod integrity;

mod dated;
mod edits;

mod ledger;

mod publish;

pub use authorization::{Authorization, Exchange, ExchangeKind, Outcome};
pub use calendar::{day_words, parse_day};
pub use config::{PayerConfig, Receipt};
pub use dated::RowError;
pub use edits::Edits;
pub(crate) use ledger::PROVIDERS;
pub use ledger::{
    Added, CaseFacts, DayFacts, IntegrityCase, Judged, LedgerConfig, LevelFacts, LevelOfVisit,
    Levels, Minutes, Mix, MixKind, OfWeek, PeerRules, Peers, Week, WeekClaim, WeekMix, WeekService,
    Weeks,
};
#[cfg(test)]
pub(crate) use rule::RULES;
pub use rule::payer_workloads;
pub use state::State;
pub use step::{Effects, Input, Payer};
pub use tables::payer_kinds;

#[cfg(test)]
mod tests;
