//! What holds an alert back: the team acts already, or the patient's other alert was told.

use std::sync::LazyLock;

use clinical::{Alert, AlertState, Change, EventTime, ReceivedTime, Severity};

use crate::episode::Episode;
use crate::policy::is_of_the_platform;
use crate::step::Now;
use crate::{Policy, State, rule};

/// What the conditions of findings begin with that tell what the team does.
pub const ACTION: &str = "team-action/";
/// An alert of this severity or above is never held back.
const NEVER_HELD: Severity = Severity::Critical;

const CONCERNS: &str = include_str!("../data/concerns.tsv");

/// Something that holds alerts back up to a severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) rule: &'static str,
    pub(crate) why: Box<str>,
    /// The most severe alert that it holds.
    pub(crate) up_to: Severity,
    /// When it is over, where time ends it.
    pub(crate) until: Option<EventTime>,
}

impl Hold {
    /// Says whether it holds an alert of a severity.
    pub(crate) fn covers(&self, severity: Severity) -> bool {
        severity <= self.up_to && severity < NEVER_HELD
    }
}

/// A row of the table of concerns.
struct Row {
    concern: &'static str,
    /// What its conditions begin with.
    prefix: &'static str,
    actions: Vec<&'static str>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows = CONCERNS.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| {
        let mut cells = line.split('\t');
        Some(Row {
            concern: cells.next()?,
            prefix: cells.next()?,
            actions: cells.next()?.split_whitespace().collect(),
        })
    });
    rows.collect()
});

/// Finds the concern that a condition is about.
fn concern_of(condition: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| condition.starts_with(row.prefix))
}

/// Gives what holds alerts of a condition back now; `stays` asks of one that is held already, which stays so for as long as
/// the alert that it was told with.
pub(crate) fn holds(
    policy: &Policy,
    state: &State,
    condition: &str,
    now: Now,
    stays: bool,
) -> Vec<Hold> {
    if is_of_the_platform(condition) {
        return Vec::new();
    }
    let mut holds = acting(policy, state, condition, now);
    holds.extend(rolled_up(policy, state, condition, now, stays));
    holds
}

/// What the team does about the concern of a condition.
fn acting(policy: &Policy, state: &State, condition: &str, now: Now) -> Vec<Hold> {
    let is_alone = || state.conditions.keys().all(|other| **other == *condition);
    if policy.acting_for.is_zero() || is_alone() {
        return Vec::new();
    }
    let Some(row) = concern_of(condition) else {
        return Vec::new();
    };
    let open = |at: EventTime| {
        let until = at.plus(policy.acting_for);
        (until > now.watermark).then_some(until)
    };
    let done = row.actions.iter().filter_map(|action| {
        let course = state.conditions.get(&*[ACTION, *action].concat())?;
        let at = course.lines.newest_as_of()?;
        Some(Hold {
            rule: rule::HELD_ACTING,
            why: format!("{action} since {at}").into(),
            up_to: Severity::High,
            until: Some(open(at)?),
        })
    });
    let taken = others(state, condition).filter_map(|(other, episode)| {
        concern_of(other).filter(|of| of.concern == row.concern)?;
        let at = acknowledged_at(&episode.alert)?;
        Some(Hold {
            rule: rule::HELD_ACTING,
            why: format!("{other} was acknowledged at {at}").into(),
            up_to: episode.alert.severity,
            until: Some(open(at)?),
        })
    });
    done.chain(taken).collect()
}

/// The patient's alert that another is told with.
fn rolled_up(
    policy: &Policy,
    state: &State,
    condition: &str,
    now: Now,
    stays: bool,
) -> Option<Hold> {
    if policy.roll_up_within.is_zero() {
        return None;
    }
    let told = others(state, condition).filter(|(_, episode)| {
        let is_recent = || {
            let at = told_at(&episode.alert);
            at.is_some_and(|at| at.plus(policy.roll_up_within) > now.watermark)
        };
        !episode.told.is_empty() && !episode.is_held() && (stays || is_recent())
    });
    let (other, episode) = told.max_by_key(|(_, episode)| episode.alert.severity)?;
    Some(Hold {
        rule: rule::HELD_ROLLED_UP,
        why: format!("{other} was told at {}", told_at(&episode.alert)?).into(),
        up_to: episode.alert.severity,
        until: None,
    })
}

fn others<'a>(
    state: &'a State,
    condition: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Episode)> {
    let others = state.conditions.iter();
    others
        .filter(move |(other, _)| ***other != *condition)
        .filter_map(|(other, course)| Some((&**other, course.active.as_ref()?)))
}

fn acknowledged_at(alert: &Alert) -> Option<EventTime> {
    if alert.state != AlertState::Acknowledged {
        return None;
    }
    let mut changes = alert.history.iter().rev();
    let is_first = |change: &&Change| change.to == AlertState::Acknowledged;
    let change = changes.by_ref().take_while(is_first).last()?;
    Some(EventTime::from_micros(change.at.micros()))
}

/// The rules by which news is told that asks somebody to act.
const TELLING: [&str; 5] = [
    rule::RAISED,
    rule::ESCALATED,
    rule::AGAIN,
    rule::OVERDUE,
    rule::RELEASED,
];

/// Says whether a change is by one of these rules.
fn is(change: &Change, names: &[&str]) -> bool {
    names.iter().any(|name| change.by.is_rule(name))
}

/// Gives when somebody was last asked to act on an alert.
pub(crate) fn told_at(alert: &Alert) -> Option<EventTime> {
    let mut changes = alert.history.iter().rev();
    let telling = changes.find(|change| is(change, &TELLING))?;
    Some(EventTime::from_micros(telling.at.micros()))
}

/// Says whether what an alert says now is what somebody was asked to act on now.
pub(crate) fn is_just_told(alert: &Alert, now: ReceivedTime) -> bool {
    let mut changes = alert.history.iter().rev();
    let telling = changes.find(|change| is(change, &TELLING));
    let tells = [rule::RAISED, rule::ESCALATED, rule::AGAIN];
    telling.is_some_and(|change| change.at == now && is(change, &tells))
}

/// Says whether the budget bounds what is told of a condition at a severity.
pub(crate) fn is_budgeted(policy: &Policy, condition: &str, severity: Severity) -> bool {
    policy.budget > 0 && severity < NEVER_HELD && !is_of_the_platform(condition)
}

/// Gives why an alert is held back, where it is and nobody took it.
pub fn held_because(alert: &Alert) -> Option<&Change> {
    let mut changes = alert.history.iter().rev();
    let last = changes.find(|change| is(change, &TELLING) || is(change, &HOLDING))?;
    (alert.state == AlertState::Open && is(last, &HOLDING)).then_some(last)
}

/// Says whether somebody was asked to act on an alert, or would have been if a channel took it.
pub fn was_told(alert: &Alert) -> bool {
    let next = alert.history.iter().skip(1).map(Some).chain([None]);
    let is_loaded = |change: &Change| change.by.is_rule(rule::BACKFILLED);
    let mut pairs = alert.history.iter().zip(next);
    // What is held back at once was told to nobody; what is held back later was told before.
    let undoes = |change: &Change, next: &Change| {
        next.at == change.at && (is(next, &HOLDING) || is_loaded(next))
    };
    pairs.any(|(change, next)| {
        is(change, &TELLING) && !next.is_some_and(|next| undoes(change, next))
    })
}

/// The rules by which an alert is held back.
const HOLDING: [&str; 3] = [rule::HELD_ACTING, rule::HELD_ROLLED_UP, rule::HELD_BUDGET];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_concern_with_a_prefix_and_its_actions() {
        let rows = CONCERNS.lines().filter(|line| !line.starts_with('#'));
        for row in rows {
            assert_eq!(row.split('\t').count(), 3, "{row}");
        }
        let of = |condition| concern_of(condition).map(|row| row.concern);
        assert_eq!(of("sepsis-screen"), Some("sepsis"));
        assert_eq!(of("septic-shock-sep-1"), Some("shock"));
        assert_eq!(of("critical-result/potassium"), None);
    }

    #[test]
    fn what_is_critical_is_never_held() {
        let hold = |up_to| Hold {
            rule: rule::HELD_ROLLED_UP,
            why: "".into(),
            up_to,
            until: None,
        };
        assert!(!hold(Severity::Critical).covers(Severity::Critical));
        assert!(hold(Severity::Critical).covers(Severity::High));
        assert!(hold(Severity::High).covers(Severity::High));
        assert!(!hold(Severity::Medium).covers(Severity::High));
    }
}
