//! How long an alert's history grows.

use clinical::Change;

use crate::rule;

/// How many steps an alert's history holds; beyond it the oldest go, which earlier revisions still hold.
const MAX_HISTORY: usize = 100;
/// How many of them are mere updates: whoever is ill for days has one an hour, and every revision carries all of them.
const MAX_UPDATES: usize = 8;

/// Drops the oldest mere updates; of a history that is too long all the same first what asked nobody for anything, and then the
/// oldest steps after the opening.
pub(super) fn shorten(history: &mut Vec<Change>) {
    let is_update = |change: &Change| change.by.is_rule(rule::UPDATED);
    let updates = history.iter().filter(|change| is_update(change)).count();
    forget(history, updates.saturating_sub(MAX_UPDATES), is_update);
    let excess = history.len().saturating_sub(MAX_HISTORY);
    forget(history, excess, |change| {
        is_update(change) || change.by.is_rule(rule::RETROSPECTIVE)
    });
    let excess = history.len().saturating_sub(MAX_HISTORY);
    history.drain(1..=excess);
}

/// Drops the oldest so many of those that may go.
fn forget(history: &mut Vec<Change>, mut excess: usize, may_go: impl Fn(&Change) -> bool) {
    history.retain(|change| {
        let goes = excess > 0 && may_go(change);
        excess -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use clinical::{AlertState, ReceivedTime, Severity};

    use super::super::by_rule;
    use super::*;

    fn change(name: &str, at: i64) -> Change {
        Change {
            at: ReceivedTime::from_micros(at),
            by: by_rule(name),
            to: AlertState::Open,
            severity: Severity::High,
            why: "".into(),
        }
    }

    #[test]
    fn a_history_holds_the_newest_of_its_mere_updates() {
        let mut history = vec![change(rule::RAISED, 0), change(rule::UPDATED, 1)];
        history.push(change(rule::ESCALATED, 2));
        let newest = (3..).take(MAX_UPDATES);
        for at in newest.clone() {
            history.push(change(rule::UPDATED, at));
            shorten(&mut history);
        }
        let kept: Vec<i64> = history.iter().map(|change| change.at.micros()).collect();
        assert_eq!(kept, [0, 2].into_iter().chain(newest).collect::<Vec<_>>());
    }

    #[test]
    fn what_asked_nobody_for_anything_goes_before_what_somebody_did() {
        let mut history = vec![change(rule::RAISED, 0), change("nurse", 1)];
        let most = i64::try_from(MAX_HISTORY).expect("it is small");
        for at in 2..=most {
            history.push(change(rule::RETROSPECTIVE, at));
            shorten(&mut history);
        }
        let kept: Vec<i64> = history.iter().map(|change| change.at.micros()).collect();
        assert_eq!(kept, [0, 1].into_iter().chain(3..=most).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_history_loses_its_oldest_steps_but_the_opening() {
        let mut history = vec![change(rule::RAISED, 0)];
        let most = i64::try_from(MAX_HISTORY).expect("it is small");
        for at in 1..=most {
            history.push(change(rule::ESCALATED, at));
            shorten(&mut history);
        }
        let kept: Vec<i64> = history.iter().map(|change| change.at.micros()).collect();
        assert_eq!(kept, [0].into_iter().chain(2..=most).collect::<Vec<_>>());
    }
}
