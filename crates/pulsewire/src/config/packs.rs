//! Which workloads are told, and what a site sets of their rules.

use std::collections::BTreeSet;
use std::time::Duration;

use workloads::payer::PayerConfig;
use workloads::throughput::Department;
use workloads::{
    BundleConfig, CriticalRange, DeteriorationConfig, RiskScore, Rule, RuleError, WORKLOADS,
    critical_ranges, site_rules,
};

use super::holding::Holding;
use super::reader::{Reader, Setting};
use super::{bundle, emergency, payer};

/// The table of the learned risk.
const RISK: &str = "workloads.sepsis-risk";
/// Says what the team does: it runs where alerts are held back for that.
const TEAM_ACTIONS: &str = "team-actions";

/// The workloads' settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workloads {
    /// What these conclude is told.
    pub(crate) enabled: BTreeSet<&'static str>,
    pub(crate) complete_within: Duration,
    pub(crate) repeat_suppression: Duration,
    pub(crate) risk_score: RiskScore,
    /// Who approved that the learned risk is scored by the rule; empty where it is not.
    pub(crate) risk_approved_by: String,
    /// Whether the learned risk is watched, which it never is where it does not run.
    pub(crate) risk_watched: bool,
    pub(crate) bundle: BundleConfig,
    /// The site's own rules of sustained thresholds; nothing where Pulsewire's hold.
    pub(crate) sustained: Option<Vec<Rule>>,
    /// None where what payers say is not looked at.
    pub(crate) payer: Option<PayerConfig>,
    /// None where visits to emergency departments are not followed.
    pub(crate) emergency: Option<Department>,
    /// The laboratory's own critical ranges.
    pub(crate) ranges: Option<Vec<CriticalRange>>,
    /// All settings of workloads as they were written, by table, to be shown.
    pub(crate) settings: Vec<Setting>,
}

/// Reads `[workloads]`.
pub(super) fn read(reader: &mut Reader<'_>, holding: &Holding) -> Workloads {
    let names = WORKLOADS.iter().map(|workload| workload.name);
    let enabled = names.filter(|name| reader.switch(&format!("workloads.{name}"), "enabled"));
    let mut enabled: BTreeSet<&'static str> = enabled.collect();
    if !holding.while_acting.is_zero() {
        enabled.insert(TEAM_ACTIONS);
    }
    let (risk_score, risk_approved_by) = risk(reader);
    let risk_watched = reader.switch(RISK, "watch") && enabled.contains("sepsis-risk");
    Workloads {
        enabled,
        complete_within: reader.duration_between(
            "workloads.deterioration",
            "complete_within",
            Duration::from_secs(1),
            DeteriorationConfig::MOST_SET_SPAN,
        ),
        repeat_suppression: reader.duration("workloads.critical-results", "repeat_suppression"),
        risk_score,
        risk_approved_by,
        risk_watched,
        bundle: bundle::read(reader),
        payer: payer::read(reader),
        emergency: emergency::read(reader),
        sustained: table(
            reader,
            "workloads.sustained-thresholds",
            "rules",
            site_rules,
        ),
        ranges: table(
            reader,
            "workloads.critical-results",
            "ranges",
            critical_ranges,
        ),
        settings: reader.settings("workloads"),
    }
}

/// What scores the learned risk, and who approved that, where it is not the model: nothing falls back unless a person answers
/// for it.
fn risk(reader: &mut Reader<'_>) -> (RiskScore, String) {
    let score = reader.one_of(RISK, "score", &RiskScore::WORDS);
    let score = RiskScore::parse(&score).unwrap_or_default();
    let approved_by = reader.text(RISK, "approved_by").trim().to_owned();
    if score != RiskScore::default() && approved_by.is_empty() {
        let what = "is empty, and the score is not the model's";
        let hint = "name the person who approved it, such as approved_by = \"A. Okafor, chief medical officer\"";
        reader.refuse(RISK, "approved_by", what, hint);
    }
    (score, approved_by)
}

/// What a file of the site says; nothing where none is named.
fn table<T>(
    reader: &mut Reader<'_>,
    at: &str,
    key: &str,
    parse: fn(&str) -> Result<Vec<T>, RuleError>,
) -> Option<Vec<T>> {
    let path = reader.path(at, key)?;
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot be read: {error}"));
    let rows = text.and_then(|text| parse(&text).map_err(|error| error.to_string()));
    match rows {
        Ok(rows) => Some(rows),
        Err(why) => {
            let hint = format!("name a file of {key} as docs/thresholds.md describes it");
            reader.refuse(at, key, &why, &hint);
            None
        }
    }
}
