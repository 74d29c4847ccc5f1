//! The data files of payer workloads.

use clinical::Severity;
use clinical::payer::Day;
use jiff::civil::Date;

use super::authorization::Outcome;
use super::calendar::{Span, parse_day};

const AUTHORIZATION_CLOCKS: &str = include_str!("../../data/payer/authorization_clocks.tsv");
const DENIAL_REASONS: &str = include_str!("../../data/payer/denial_reasons.tsv");
const REVIEW_ACTIONS: &str = include_str!("../../data/payer/review_actions.tsv");
const STEP_CLOCKS: &str = include_str!("../../data/payer/step_clocks.tsv");
const CLAIM_STATUSES: &str = include_str!("../../data/payer/claim_statuses.tsv");
const DUPLICATES: &str = include_str!("../../data/payer/duplicates.tsv");
const OUTPATIENT_PLACES: &str = include_str!("../../data/payer/outpatient_places.tsv");
const HOLIDAYS: &str = include_str!("../../data/payer/holidays.tsv");

/// How long a payer may take to decide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthorizationClock {
    pub(crate) kind: &'static str,
    pub(crate) is_drug: bool,
    pub(crate) is_expedited: bool,
    pub(crate) span: Span,
    /// By so many days it may be put off.
    pub(crate) extension_days: u32,
    pub(crate) from: Day,
    pub(crate) until: Option<Day>,
    pub(crate) source: &'static str,
}

/// By what rule a denial must say why.
#[derive(Clone, Copy, Debug)]
struct DenialReason {
    kind: &'static str,
    from: Day,
    source: &'static str,
}

/// What was decided of a service, by its code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReviewAction {
    pub(crate) code: &'static str,
    pub(crate) outcome: Outcome,
}

/// What must follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Acknowledgement,
    Payment,
    Eligibility,
}

impl Step {
    const ALL: [Self; 3] = [Self::Acknowledgement, Self::Payment, Self::Eligibility];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Payment => "payment",
            Self::Eligibility => "eligibility",
        }
    }
}

/// By when something must follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepClock {
    /// `*` is any.
    kind: &'static str,
    step: Step,
    pub(crate) span: Span,
    from: Day,
    pub(crate) source: &'static str,
}

/// How a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimState {
    Submitted,
    Acknowledged,
    Refused,
    Pending,
    /// Decided, and it was not said how.
    Finalized,
    Paid,
    /// Decided, and nothing is paid since all of it is the member's to pay, or there is nothing to pay.
    Processed,
    Denied,
    Reversed,
    /// Called off by its sender.
    Void,
}

impl ClaimState {
    const ALL: [Self; 10] = [
        Self::Submitted,
        Self::Acknowledged,
        Self::Refused,
        Self::Pending,
        Self::Finalized,
        Self::Paid,
        Self::Processed,
        Self::Denied,
        Self::Reversed,
        Self::Void,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Acknowledged => "acknowledged",
            Self::Refused => "refused",
            Self::Pending => "pending",
            Self::Finalized => "finalized",
            Self::Paid => "paid",
            Self::Processed => "processed",
            Self::Denied => "denied",
            Self::Reversed => "reversed",
            Self::Void => "void",
        }
    }
}

/// What counts as the same service claimed twice.
#[derive(Clone, Debug)]
pub(crate) struct Duplicate {
    pub(crate) name: &'static str,
    pub(crate) is_same_provider: bool,
    pub(crate) is_any_modifier: bool,
    pub(crate) days_apart: u32,
    pub(crate) window_days: u32,
    /// Modifiers that say why it is there twice.
    pub(crate) unless: Vec<&'static str>,
    pub(crate) severity: Severity,
    pub(crate) source: &'static str,
}

/// The data files, read.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    clocks: Vec<AuthorizationClock>,
    reasons: Vec<DenialReason>,
    actions: Vec<ReviewAction>,
    steps: Vec<StepClock>,
    statuses: Vec<(&'static str, ClaimState)>,
    pub(crate) duplicates: Vec<Duplicate>,
    places: Vec<(&'static str, &'static str)>,
    pub(crate) holidays: Vec<Date>,
}

impl Tables {
    pub(crate) fn new() -> Self {
        let mut holidays: Vec<Date> = rows(HOLIDAYS).filter_map(|row| holiday(&row)).collect();
        holidays.sort_unstable();
        Self {
            clocks: rows(AUTHORIZATION_CLOCKS)
                .filter_map(|row| clock(&row))
                .collect(),
            reasons: rows(DENIAL_REASONS)
                .filter_map(|row| denial_reason(&row))
                .collect(),
            actions: rows(REVIEW_ACTIONS)
                .filter_map(|row| action(&row))
                .collect(),
            steps: rows(STEP_CLOCKS).filter_map(|row| step(&row)).collect(),
            statuses: rows(CLAIM_STATUSES)
                .filter_map(|row| claim_status(&row))
                .collect(),
            duplicates: rows(DUPLICATES).filter_map(|row| duplicate(&row)).collect(),
            places: rows(OUTPATIENT_PLACES)
                .filter_map(|row| place(&row))
                .collect(),
            holidays,
        }
    }

    /// Finds by when a step must follow on a day: a payer's own rule before one for all.
    pub(crate) fn step(&self, step: Step, kind: &str, on: Day) -> Option<&StepClock> {
        let of = |wanted: &str| {
            let mut steps = self.steps.iter().rev();
            steps.find(|row| row.step == step && row.kind == wanted && row.from <= on)
        };
        of(kind).or_else(|| of("*"))
    }

    /// Finds what a category of claim status means.
    pub(crate) fn claim_state(&self, code: &str) -> Option<ClaimState> {
        let mut statuses = self.statuses.iter();
        statuses.find(|row| row.0 == code).map(|row| row.1)
    }

    /// Names a place where nobody can be who stays in a hospital.
    pub(crate) fn outpatient_place(&self, code: &str) -> Option<&'static str> {
        let mut places = self.places.iter();
        places.find(|row| row.0 == code).map(|row| row.1)
    }

    /// Finds the clock that was in force on a day.
    pub(crate) fn clock(
        &self,
        kind: &str,
        is_drug: bool,
        is_expedited: bool,
        on: Day,
    ) -> Option<&AuthorizationClock> {
        self.clocks.iter().find(|clock| {
            clock.kind == kind
                && clock.is_drug == is_drug
                && clock.is_expedited == is_expedited
                && clock.from <= on
                && clock.until.is_none_or(|until| on < until)
        })
    }

    /// Finds the rule by which a denial of that day must say why; drugs have none.
    pub(crate) fn denial_reason(&self, kind: &str, is_drug: bool, on: Day) -> Option<&'static str> {
        let mut reasons = self.reasons.iter();
        let found = reasons.find(|row| row.kind == kind && row.from <= on && !is_drug);
        found.map(|row| row.source)
    }

    /// Finds what a code of a decision means.
    pub(crate) fn action(&self, code: &str) -> Option<&ReviewAction> {
        self.actions.iter().find(|action| action.code == code)
    }
}

/// Gives the kinds of payer that have clocks.
pub fn payer_kinds() -> Vec<&'static str> {
    let all = rows(AUTHORIZATION_CLOCKS).chain(rows(STEP_CLOCKS));
    let mut kinds: Vec<_> = all
        .filter_map(|row| row.first().copied())
        .filter(|kind| *kind != "*")
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('\t').collect())
}

fn clock(row: &[&'static str]) -> Option<AuthorizationClock> {
    let [
        kind,
        item,
        urgency,
        amount,
        unit,
        extension,
        from,
        until,
        source,
    ] = row
    else {
        return None;
    };
    Some(AuthorizationClock {
        kind,
        is_drug: one_of(item, "service", "drug")?,
        is_expedited: one_of(urgency, "standard", "expedited")?,
        span: Span::parse(amount, unit)?,
        extension_days: extension.parse().ok()?,
        from: parse_day(from)?,
        until: match *until {
            "-" => None,
            day => Some(parse_day(day)?),
        },
        source,
    })
}

/// Says which of two words it is.
fn one_of(word: &str, no: &str, yes: &str) -> Option<bool> {
    match word {
        word if word == no => Some(false),
        word if word == yes => Some(true),
        _ => None,
    }
}

fn denial_reason(row: &[&'static str]) -> Option<DenialReason> {
    let [kind, from, source] = row else {
        return None;
    };
    Some(DenialReason {
        kind,
        from: parse_day(from)?,
        source,
    })
}

fn action(row: &[&'static str]) -> Option<ReviewAction> {
    let [code, outcome, _words, _source] = row else {
        return None;
    };
    Some(ReviewAction {
        code,
        outcome: Outcome::parse(outcome)?,
    })
}

fn step(row: &[&'static str]) -> Option<StepClock> {
    let [kind, word, amount, unit, from, source] = row else {
        return None;
    };
    Some(StepClock {
        kind,
        step: Step::ALL.into_iter().find(|step| step.word() == *word)?,
        span: Span::parse(amount, unit)?,
        from: parse_day(from)?,
        source,
    })
}

fn claim_status(row: &[&'static str]) -> Option<(&'static str, ClaimState)> {
    let [code, word, _source] = row else {
        return None;
    };
    let mut states = ClaimState::ALL.into_iter();
    Some((code, states.find(|state| state.word() == *word)?))
}

fn duplicate(row: &[&'static str]) -> Option<Duplicate> {
    let [
        name,
        provider,
        modifiers,
        days,
        window,
        unless,
        severity,
        source,
    ] = row
    else {
        return None;
    };
    Some(Duplicate {
        name,
        is_same_provider: one_of(provider, "other", "same")?,
        is_any_modifier: one_of(modifiers, "same", "any")?,
        days_apart: days.parse().ok()?,
        window_days: window.parse().ok()?,
        unless: unless.split(',').collect(),
        severity: Severity::parse(severity)?,
        source,
    })
}

fn place(row: &[&'static str]) -> Option<(&'static str, &'static str)> {
    let [code, words, _source] = row else {
        return None;
    };
    Some((code, words))
}

fn holiday(row: &[&'static str]) -> Option<Date> {
    let [date, _name] = row else { return None };
    date.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_files_can_be_read() {
        for row in rows(AUTHORIZATION_CLOCKS) {
            assert!(clock(&row).is_some(), "{row:?}");
        }
        for row in rows(DENIAL_REASONS) {
            assert!(denial_reason(&row).is_some(), "{row:?}");
            assert!(payer_kinds().contains(&row[0]), "{row:?}");
        }
        for row in rows(REVIEW_ACTIONS) {
            assert!(action(&row).is_some(), "{row:?}");
        }
        for row in rows(STEP_CLOCKS) {
            assert!(step(&row).is_some(), "{row:?}");
        }
        for row in rows(CLAIM_STATUSES) {
            assert!(claim_status(&row).is_some(), "{row:?}");
        }
        for row in rows(DUPLICATES) {
            assert!(duplicate(&row).is_some(), "{row:?}");
        }
        for row in rows(OUTPATIENT_PLACES) {
            assert!(place(&row).is_some(), "{row:?}");
        }
        for row in rows(HOLIDAYS) {
            assert!(holiday(&row).is_some(), "{row:?}");
        }
    }

    #[test]
    fn no_two_clocks_are_in_force_at_once() {
        let tables = Tables::new();
        for (place, one) in tables.clocks.iter().enumerate() {
            for other in tables.clocks.iter().skip(place + 1) {
                let same = (one.kind, one.is_drug, one.is_expedited)
                    == (other.kind, other.is_drug, other.is_expedited);
                let ends = |clock: &AuthorizationClock, before: Day| {
                    clock.until.is_some_and(|until| until <= before)
                };
                let apart = ends(one, other.from) || ends(other, one.from);
                assert!(!same || apart, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_rule_of_2026_begins_with_the_year() {
        let tables = Tables::new();
        let span = |day: &str| {
            let day = parse_day(day).unwrap();
            let clock = tables.clock("medicare-advantage", false, false, day);
            clock.unwrap().span
        };
        assert_eq!(span("2025-12-31"), Span::CalendarDays(14));
        assert_eq!(span("2026-01-01"), Span::CalendarDays(7));
    }
}
