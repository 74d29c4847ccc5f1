//! When an alert is raised, held, told again and left in peace, and who is told.

use std::collections::BTreeSet;
use std::time::Duration;

use clinical::Severity;

/// The severity from which a finding opens an alert, unless configured.
pub const RAISE_AT: Severity = Severity::Medium;
/// How many findings in a row must be lower before an alert follows them down, unless configured.
///
/// A single lower reading is as likely a pause as a recovery (`n of m` persistence of alarm policies).
pub const FALL_FINDINGS: u32 = 2;
/// How long the newest finding must be lower before an alert follows it down, unless configured.
pub const FALL_AFTER: Duration = Duration::from_secs(60 * 60);
/// How long after an alert ended the same severity is not raised again, unless configured.
///
/// Published sepsis alert policies keep 8 to 12 hours per patient and rule; the shorter end errs on the side of telling.
pub const QUIET_FOR: Duration = Duration::from_secs(8 * 60 * 60);
/// The severity from which a relapse after a normal finding is raised even in the quiet time, unless configured.
///
/// Critical result policies ask for a new call when a value normalised and became critical again (UW Health 3.3.6).
pub const RELAPSE_AT: Severity = Severity::Critical;
/// How soon a critical alert must be acknowledged, unless configured.
pub const ACKNOWLEDGE_CRITICAL_WITHIN: Duration = Duration::from_secs(5 * 60);
/// How soon a high alert must be acknowledged, unless configured.
pub const ACKNOWLEDGE_HIGH_WITHIN: Duration = Duration::from_secs(15 * 60);
/// How soon a medium alert must be acknowledged, unless configured.
pub const ACKNOWLEDGE_MEDIUM_WITHIN: Duration = Duration::from_secs(60 * 60);

/// The rules of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Who is told of what.
    pub channels: Vec<Route>,
    /// The severity from which a finding opens an alert.
    pub raise_at: Severity,
    /// How many findings in a row must be lower before an alert follows them down; at least one.
    pub fall_findings: u32,
    /// How long the newest finding must be lower before an alert follows it down.
    pub fall_after: Duration,
    /// How long after an alert ended the same severity is not raised again.
    pub quiet_for: Duration,
    /// The severity from which a relapse after a normal finding is raised even in the quiet time.
    pub relapse_at: Severity,
    /// How soon an alert must be acknowledged before its channels are told once more.
    pub acknowledge_within: AcknowledgeWithin,
    /// What the conditions begin with that count as acknowledged only when somebody repeated what they were told.
    pub read_back: Vec<Box<str>>,
    /// How long what the team does answers an alert, which is held back meanwhile; no time holds none back.
    pub acting_for: Duration,
    /// How long after a patient's alert was told another that is no more severe is told with it; no time tells each.
    pub roll_up_within: Duration,
    /// How many alerts may be told for 100 patient-days, of all patients together; 0 sets no bound.
    pub budget: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            channels: Vec::new(),
            raise_at: RAISE_AT,
            fall_findings: FALL_FINDINGS,
            fall_after: FALL_AFTER,
            quiet_for: QUIET_FOR,
            relapse_at: RELAPSE_AT,
            acknowledge_within: AcknowledgeWithin::default(),
            read_back: Vec::new(),
            acting_for: Duration::ZERO,
            roll_up_within: Duration::ZERO,
            budget: 0,
        }
    }
}

impl Policy {
    /// How many findings of a condition in a row must be lower before its alert follows them down.
    pub(crate) fn fall_findings_of(&self, condition: &str) -> u32 {
        match is_of_the_platform(condition) {
            true => 1,
            false => self.fall_findings.max(1),
        }
    }

    /// The severity from which a relapse of a condition is raised even in the quiet time.
    pub(crate) fn relapse_at_of(&self, condition: &str) -> Severity {
        match is_of_the_platform(condition) {
            true => Severity::Low,
            false => self.relapse_at,
        }
    }

    /// Says whether whoever is told of a condition must repeat it.
    pub fn asks_read_back(&self, condition: &str) -> bool {
        begins(condition, &self.read_back)
    }

    /// Names the channels that are to hear of a condition at a severity, each once.
    pub fn channels_for(&self, condition: &str, severity: Severity) -> BTreeSet<&str> {
        self.channels
            .iter()
            .filter(|route| route.takes(condition, severity))
            .map(|route| &*route.channel)
            .collect()
    }
}

/// What is about a feed and about no patient is over when it is over, and told again when it comes again.
pub(crate) fn is_of_the_platform(condition: &str) -> bool {
    condition.starts_with(crate::quiet::CONDITION)
}

/// What conditions begin with of which the workload keeps repeats to itself: each finding that it tells of is news, as a critical
/// result is that is worse by the delta of its laboratory, critical again, or corrected to another value.
const EACH_IS_NEWS: [&str; 1] = ["critical-result/"];

/// Says whether each finding of a condition is news, though it is no more severe than the one before.
pub(crate) fn is_each_news(condition: &str) -> bool {
    let mut prefixes = EACH_IS_NEWS.iter();
    prefixes.any(|prefix| condition.starts_with(prefix))
}

/// What conditions begin with whose one finding is told anew as the matter goes on: where it asks for no alert any more the
/// matter is over, and was no mistake.
const FOLLOWED: [&str; 1] = ["care-visit/"];

/// Says whether a condition's finding follows its matter to the end.
pub(crate) fn is_followed(condition: &str) -> bool {
    let mut prefixes = FOLLOWED.iter();
    prefixes.any(|prefix| condition.starts_with(prefix))
}

/// What conditions begin with that speak of days and weeks which claims tell of later: they are news when they are known,
/// however long ago that was.
const OF_CLAIMS: [&str; 2] = ["impossible-day/", "visit-levels/"];

/// Says whether a condition is news however long ago it was.
pub(crate) fn is_of_claims(condition: &str) -> bool {
    OF_CLAIMS.iter().any(|prefix| condition.starts_with(prefix))
}

/// Sends the news of some conditions, from some severity on, to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The channel's name in the configuration.
    pub channel: Box<str>,
    /// The least severity it is told of.
    pub min_severity: Severity,
    /// What its conditions begin with, such as `critical-result`; empty for all of them.
    pub conditions: Vec<Box<str>>,
}

impl Route {
    fn takes(&self, condition: &str, severity: Severity) -> bool {
        severity >= self.min_severity
            && (self.conditions.is_empty() || begins(condition, &self.conditions))
    }
}

fn begins(condition: &str, prefixes: &[Box<str>]) -> bool {
    prefixes
        .iter()
        .any(|prefix| condition.starts_with(&**prefix))
}

/// How soon an alert must be acknowledged, by its severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcknowledgeWithin {
    /// For critical alerts.
    pub critical: Duration,
    /// For high alerts.
    pub high: Duration,
    /// For medium alerts, and lower ones where the policy raises them.
    pub medium: Duration,
}

impl Default for AcknowledgeWithin {
    fn default() -> Self {
        Self {
            critical: ACKNOWLEDGE_CRITICAL_WITHIN,
            high: ACKNOWLEDGE_HIGH_WITHIN,
            medium: ACKNOWLEDGE_MEDIUM_WITHIN,
        }
    }
}

impl AcknowledgeWithin {
    /// Gives the time for a severity.
    pub const fn of(&self, severity: Severity) -> Duration {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium | Severity::Low | Severity::None => self.medium,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_named_by_two_routes_is_told_once() {
        let route = |channel: &str, min_severity, conditions: &[&str]| Route {
            channel: channel.into(),
            min_severity,
            conditions: conditions.iter().map(|&prefix| prefix.into()).collect(),
        };
        let policy = Policy {
            channels: vec![
                route("pager", Severity::High, &[]),
                route("pager", Severity::Medium, &["critical-result"]),
                route("list", Severity::Low, &["sepsis", "shock"]),
            ],
            ..Policy::default()
        };
        let told = |condition, severity| Vec::from_iter(policy.channels_for(condition, severity));
        assert_eq!(
            told("critical-result/potassium", Severity::Critical),
            ["pager"]
        );
        assert_eq!(
            told("critical-result/potassium", Severity::Medium),
            ["pager"]
        );
        assert_eq!(told("sepsis", Severity::High), ["list", "pager"]);
        assert!(told("deterioration", Severity::Medium).is_empty());
    }
}
