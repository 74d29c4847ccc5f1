//! What a site may set, with the defaults it starts from.

use std::time::Duration;

use clinical::{Code, System};

/// Gives a number of minutes as a span.
pub(crate) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// Gives a number of hours as a span.
pub(crate) const fn hours(count: u64) -> Duration {
    minutes(count * 60)
}

/// What a site may set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Settings of `deterioration`.
    pub deterioration: DeteriorationConfig,
    /// Settings of `sepsis`.
    pub sepsis: SepsisConfig,
    /// Settings of `critical-results`.
    pub critical: CriticalConfig,
}

/// Settings of `deterioration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeteriorationConfig {
    /// The youngest age that is scored, in years: NEWS2 is for 16 and over (RCP 2017).
    pub least_age_years: u16,
    /// How far apart the seven parameters of one set may be.
    pub set_span: Duration,
    /// How long a set may stay incomplete before that is said.
    pub settle: Duration,
    /// How soon after a score of 0 the next set is due (RCP 2017: at least every 12 h).
    pub due_at_0: Duration,
    /// How soon after a score of 1 to 4 (RCP 2017: at least every 4 to 6 h).
    pub due_at_low: Duration,
    /// How soon after a score of 5 or 6, or a single parameter of 3 (RCP 2017: at least hourly).
    pub due_at_medium: Duration,
    /// How soon after a score of 7 or more (RCP 2017: continuous monitoring; charted sets are checked at this interval).
    pub due_at_high: Duration,
    /// How long charting may take after the time that is charted before a set counts as overdue.
    pub overdue_grace: Duration,
    /// The code of the observation or order by which a clinician sets the SpO2 scale: its value is 1 or 2.
    pub scale_code: Code,
}

impl Default for DeteriorationConfig {
    fn default() -> Self {
        Self {
            least_age_years: 16,
            set_span: minutes(60),
            settle: minutes(15),
            due_at_0: hours(12),
            due_at_low: hours(6),
            due_at_medium: hours(1),
            due_at_high: minutes(30),
            overdue_grace: minutes(30),
            scale_code: Code {
                system: System::Other("urn:pulsewire:code".into()),
                code: "news2-spo2-scale".into(),
                display: "NEWS2 SpO2 scale".into(),
            },
        }
    }
}

/// Settings of `sepsis`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SepsisConfig {
    /// The youngest age that is screened, in years.
    pub least_age_years: u16,
    /// How long before and after suspicion the criteria may be met.
    pub around_suspicion: Duration,
    /// How long a vital sign counts towards the criteria.
    pub vital_span: Duration,
    /// How long a laboratory result counts towards the criteria.
    pub laboratory_span: Duration,
}

impl Default for SepsisConfig {
    fn default() -> Self {
        Self {
            least_age_years: 18,
            around_suspicion: hours(24),
            vital_span: hours(2),
            laboratory_span: hours(24),
        }
    }
}

/// Settings of `critical-results`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalConfig {
    /// The youngest age the ranges hold for, in years; below it only the sender's own flag counts.
    pub least_age_years: u16,
    /// How long a repeat in the same direction is not told again, unless it is worse by the delta of its range.
    pub repeat: Duration,
    /// Whether the sender's `HH`, `LL` and `AA` count where our own range says otherwise.
    pub sender_flags: bool,
}

impl Default for CriticalConfig {
    fn default() -> Self {
        Self {
            least_age_years: 18,
            repeat: hours(12),
            sender_flags: true,
        }
    }
}
