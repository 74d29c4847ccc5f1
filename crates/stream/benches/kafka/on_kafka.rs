//! The workload on real brokers: our stage beside the Java application, and what it takes to restore a state.

mod beside;
mod million;

mod stage;

mod child;

mod brokers;

use crate::generator::Plan;

/// What the side by side is measured with where nothing else is asked for.
pub(crate) const BESIDE: (u64, u64, u64) = (1_000_000, 50_000, 2);
/// A million patients, each with a vital at least.
pub(crate) const MILLION: (u64, u64, u64) = (1_500_000, 1_000_000, 3);

/// Runs what the words ask for; they begin with the brokers.
pub(crate) fn run(words: &[&str], plan: impl Fn(&[&str]) -> Result<Plan, String>) -> Option<Done> {
    let or = |sizes: &[&str], usual: (u64, u64, u64)| {
        let usual = [usual.0, usual.1, usual.2].map(|number| number.to_string());
        let usual: Vec<&str> = usual.iter().map(String::as_str).collect();
        plan(if sizes.is_empty() { &usual } else { sizes })
    };
    Some(match words {
        ["stage", brokers, name, dir] => stage::run(brokers, name, dir),
        ["beside", brokers, sizes @ ..] => {
            or(sizes, BESIDE).and_then(|plan| beside::measure(brokers, plan))
        }
        ["million", brokers, sizes @ ..] => {
            or(sizes, MILLION).and_then(|plan| million::measure(brokers, plan))
        }
        _ => return None,
    })
}

/// How a run ended.
pub(crate) type Done = Result<(), String>;
