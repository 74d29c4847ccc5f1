//! What a site may set, with the defaults it starts from.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clinical::{Code, System};

use crate::critical::CriticalRange;
use crate::sustained::Rule;
use crate::workload::{WORKLOADS, Workload};

/// Gives a number of minutes as a span.
pub(crate) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// Gives a number of hours as a span.
pub(crate) const fn hours(count: u64) -> Duration {
    minutes(count * 60)
}

/// What a site may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The workloads that run, by name; the others take nothing in and keep nothing.
    pub running: BTreeSet<&'static str>,
    /// How late an item may come and how far back findings are revised, where a site wants another time than the
    /// workload's own.
    pub windows: BTreeMap<&'static str, Duration>,
    /// Settings of `deterioration`.
    pub deterioration: DeteriorationConfig,
    /// Settings of `sepsis`.
    pub sepsis: SepsisConfig,
    /// Settings of `sepsis-bundle`.
    pub bundle: BundleConfig,
    /// Settings of `critical-results`.
    pub critical: CriticalConfig,
    /// Settings of `sepsis-risk`.
    pub risk: RiskConfig,
    /// The rules of `glucose-episodes`.
    pub glucose: Vec<Rule>,
    /// The rules of `sustained-thresholds`.
    pub sustained: Vec<Rule>,
}

impl Default for Config {
    fn default() -> Self {
        let proven = WORKLOADS.iter().filter(|workload| workload.starts);
        Self {
            running: proven.map(|workload| workload.name).collect(),
            windows: BTreeMap::new(),
            deterioration: DeteriorationConfig::default(),
            sepsis: SepsisConfig::default(),
            bundle: BundleConfig::default(),
            critical: CriticalConfig::default(),
            risk: RiskConfig::default(),
            glucose: crate::glucose::rules(),
            sustained: crate::sustained::own_rules(),
        }
    }
}

impl Config {
    /// Starts from the defaults with these workloads, those they rest on, and no others.
    pub fn of(names: &[&str]) -> Self {
        let mut config = Self {
            running: BTreeSet::new(),
            ..Self::default()
        };
        for workload in WORKLOADS.iter().filter(|of| names.contains(&of.name)) {
            config.start(workload);
        }
        config
    }

    /// Lets a workload run, and with it those whose findings it reads.
    pub fn start(&mut self, workload: &Workload) {
        self.running.insert(workload.name);
        self.running.extend(workload.rests_on);
    }

    /// Watches the learned risk, and lets what says the truth of it run.
    pub fn watch(&mut self) {
        self.risk.watched = true;
        let truth = WORKLOADS
            .iter()
            .find(|workload| workload.name == crate::risk::watch::TRUTH);
        if let Some(truth) = truth {
            self.start(truth);
        }
    }

    /// Says whether a workload runs.
    pub fn runs(&self, workload: &Workload) -> bool {
        self.running.contains(workload.name)
    }

    /// Gives how late an item may come and still be used.
    pub fn late_window(&self, workload: &Workload) -> Duration {
        let own = workload.late_window;
        self.windows.get(workload.name).copied().unwrap_or(own)
    }

    /// Gives how far back findings are revised.
    pub fn revise_window(&self, workload: &Workload) -> Duration {
        let own = workload.revise_window;
        self.windows.get(workload.name).copied().unwrap_or(own)
    }
}

/// Settings of `deterioration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeteriorationConfig {
    /// The youngest age that is scored, in years: NEWS2 is for 16 and over (RCP 2017).
    pub least_age_years: u16,
    /// How far apart the seven parameters of one set may be, at most [`Self::MOST_SET_SPAN`].
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

impl DeteriorationConfig {
    /// The parameters of one set are no further apart than this: what is kept of a patient reaches so far.
    pub const MOST_SET_SPAN: Duration = minutes(75);
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

/// Settings of `sepsis-risk`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RiskConfig {
    /// What scores an hour.
    pub score: RiskScore,
    /// Whether each hour is told as the model scores it, whatever raises alerts, so that it can be watched. It rests on
    /// `sepsis-3` then, which says what became of the hour.
    pub watched: bool,
}

/// What scores an hour of `sepsis-risk`: an operator decides, and nothing falls back by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RiskScore {
    /// The learned model.
    #[default]
    Model,
    /// NEWS2, where the model is not to be relied on.
    Rule,
}

impl RiskScore {
    /// Gives the words for all of them, in their order.
    pub const WORDS: [&'static str; 2] = ["model", "rule"];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Rule => "rule",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "model" => Some(Self::Model),
            "rule" => Some(Self::Rule),
            _ => None,
        }
    }
}

/// What can begin the clocks of the sepsis bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeZero {
    /// Severe sepsis or septic shock was written down.
    Documented,
    /// The criteria were met, and that an infection is suspected was written down.
    Criteria,
    /// The criteria were met, and a culture or an antimicrobial shows that an infection is suspected.
    Orders,
}

impl TimeZero {
    /// All of them, surest first.
    pub const ALL: [Self; 3] = [Self::Documented, Self::Criteria, Self::Orders];

    /// Gives the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Criteria => "criteria",
            Self::Orders => "orders",
        }
    }
}

/// Settings of `sepsis-bundle`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleConfig {
    /// The temperature in °C above which fever counts, as the edition of the manual has it that the site reports by. Published
    /// copies differ, so that there is no default: nothing is taken for fever without it.
    pub fever: Option<clinical::Decimal>,
    /// What can begin the clocks; the earliest of these does.
    pub time_zero: BTreeSet<TimeZero>,
    /// How long before it is due an element that is not done is at risk.
    pub at_risk: Duration,
    /// How many low blood pressures are hypotension that asks for fluid, or that stays in spite of it.
    pub low_pressures: usize,
}

impl BundleConfig {
    /// The least and the most that a limit of fever can be, in °C.
    pub const FEVER: (clinical::Decimal, clinical::Decimal) =
        (crate::limit::tenths(375), crate::limit::tenths(400));
}

impl Default for BundleConfig {
    fn default() -> Self {
        Self {
            fever: None,
            time_zero: TimeZero::ALL.into_iter().collect(),
            at_risk: minutes(45),
            low_pressures: 2,
        }
    }
}

/// Settings of `critical-results`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalConfig {
    /// The ranges, by analyte, unit and age.
    pub ranges: Vec<CriticalRange>,
    /// How long a repeat in the same direction is not told again, unless it is worse by the delta of its range.
    pub repeat: Duration,
    /// Whether the sender's `HH`, `LL` and `AA` count where our own range says otherwise.
    pub sender_flags: bool,
}

impl Default for CriticalConfig {
    fn default() -> Self {
        Self {
            ranges: crate::critical::own_ranges(),
            repeat: hours(12),
            sender_flags: true,
        }
    }
}
