//! What the stations decide by, as the site has configured it.

use std::sync::Arc;

use alerts::{Policy, Route};
use clinical::SiteKey;
use workloads::{WORKLOADS, Workload, Workloads};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::stages::{RiskBoardStage, WorkloadStage};

/// Who is told of what, from the configured channels.
pub(crate) fn policy(config: &Config) -> Policy {
    let channels = config.delivery.iter().map(|(name, channel)| Route {
        channel: name.as_str().into(),
        min_severity: channel.from_severity,
        conditions: Vec::new(),
    });
    Policy {
        channels: channels.collect(),
        raise_at: config.alerts_from,
        read_back: config.read_back.clone(),
        acting_for: config.holding.while_acting,
        roll_up_within: config.holding.roll_up_within,
        budget: config.holding.budget,
        ..Policy::default()
    }
}

/// What the site has set of the workloads; which of them run is not said by it.
pub(crate) fn settings(config: &Config) -> workloads::Config {
    let mut told = workloads::Config::default();
    told.deterioration.set_span = config.workloads.complete_within;
    told.critical.repeat = config.workloads.repeat_suppression;
    told.risk.score = config.workloads.risk_score;
    told.bundle.clone_from(&config.workloads.bundle);
    if let Some(ranges) = &config.workloads.ranges {
        told.critical.ranges.clone_from(ranges);
    }
    if let Some(rules) = &config.workloads.sustained {
        told.sustained.clone_from(rules);
    }
    told
}

/// The workloads as they run here.
pub(crate) fn running(config: &Config) -> workloads::Config {
    let mut told = settings(config);
    for workload in WORKLOADS.iter().filter(|of| is_told(config, of)) {
        told.start(workload);
    }
    if config.workloads.risk_watched {
        told.watch();
    }
    told
}

/// Whether what a workload concludes is told.
pub(crate) fn is_told(config: &Config, workload: &Workload) -> bool {
    config.workloads.enabled.contains(workload.name)
}

/// The workloads as configured.
pub(crate) fn workload_stage(config: &Config, metrics: &Arc<Metrics>) -> WorkloadStage {
    let silent = WORKLOADS.iter().filter(|of| !is_told(config, of));
    let off = silent.map(|workload| workload.name).collect();
    WorkloadStage {
        workloads: Workloads::new(running(config)),
        off,
        watched: config.workloads.risk_watched,
        metrics: Arc::clone(metrics),
    }
}

/// Who watches the learned risk, as configured.
pub(crate) fn risk_board(
    config: &Config,
    site: &SiteKey,
    metrics: &Arc<Metrics>,
) -> RiskBoardStage {
    let (score, by) = (
        config.workloads.risk_score,
        &config.workloads.risk_approved_by,
    );
    RiskBoardStage::new(score, by, site.clone(), metrics)
}
