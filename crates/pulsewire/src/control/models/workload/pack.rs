//! Every rule pack of every station, as pages tell of it: what it is, where it runs, and whether it does here.

use std::time::Duration;

use ui::Runs;
use workloads::payer::PayerConfig;
use workloads::{BESIDE, Beside, Config as Rules, Parameter, WORKLOADS, Workload};

use crate::config::Config;
use crate::pipeline;
use crate::stages::{EmergencyStage, PayerStage, PeerStage, ProviderStage};

/// The station of the chart.
const CHART: &str = "workloads";
/// The station of quality measures.
pub(super) const CARE_GAPS: &str = "care-gaps";

/// A rule pack.
pub(crate) struct Pack {
    pub(crate) name: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) concludes: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) sources: &'static [&'static str],
    pub(crate) reads: Vec<&'static str>,
    pub(crate) rests_on: &'static [&'static str],
    pub(crate) late_items: &'static str,
    /// Nothing where an item is used whenever it comes.
    pub(crate) late_window: Option<Duration>,
    pub(crate) revise_window: Option<Duration>,
    /// The station that it runs in.
    pub(crate) station: &'static str,
    /// Where its settings are.
    pub(crate) table: String,
    pub(crate) runs: Runs,
    /// Whether what it reads is counted.
    pub(crate) is_read_counted: bool,
}

impl Pack {
    /// Whether a name that records have of a station is that of its own. That of quality measures has a number behind it.
    pub(super) fn is_of_station(&self, name: &str) -> bool {
        let numbered = name.strip_prefix(CARE_GAPS);
        name == self.station
            || self.station == CARE_GAPS && numbered.is_some_and(|number| number.starts_with('-'))
    }
}

/// All of them, in the order in which they run.
pub(crate) fn all(config: &Config) -> Vec<Pack> {
    let rules = pipeline::running(config);
    let chart = WORKLOADS.iter().map(|pack| of_chart(pack, config, &rules));
    chart
        .chain(BESIDE.iter().map(|pack| beside(pack, config)))
        .collect()
}

fn of_chart(pack: &'static Workload, config: &Config, rules: &Rules) -> Pack {
    Pack {
        name: pack.name,
        rule: pack.rule,
        concludes: pack.concludes,
        owner: pack.owner,
        sources: pack.sources,
        reads: pack.reads.iter().copied().map(Parameter::words).collect(),
        rests_on: pack.rests_on,
        late_items: pack.late_items,
        late_window: Some(rules.late_window(pack)),
        revise_window: Some(rules.revise_window(pack)),
        station: CHART,
        table: format!("workloads.{}", pack.name),
        runs: match (pipeline::is_told(config, pack), rules.runs(pack)) {
            (true, _) => Runs::On,
            (false, true) => Runs::Silent,
            (false, false) => Runs::Off,
        },
        is_read_counted: true,
    }
}

fn beside(pack: &'static Beside, config: &Config) -> Pack {
    let emergency = config.workloads.emergency.as_ref();
    let (station, table, runs) = match pack.name {
        "emergency" => {
            let told = emergency.map(|department| match department.tells {
                true => Runs::On,
                false => Runs::Silent,
            });
            (EmergencyStage::NAME, EmergencyStage::NAME, told)
        }
        CARE_GAPS => {
            let told = config.care_gaps.as_ref().map(|_| Runs::On);
            (CARE_GAPS, CARE_GAPS, told)
        }
        // It speaks of what any workload of the chart reads.
        "data-quality" => (CHART, "", Some(Runs::On)),
        name => {
            let runs =
                |payer: &&PayerConfig| name != "provider-peers" || payer.ledger.peers.is_some();
            let told = config
                .workloads
                .payer
                .as_ref()
                .filter(runs)
                .map(|_| Runs::On);
            let station = match name {
                "provider-integrity" => ProviderStage::NAME,
                "provider-peers" => PeerStage::NAME,
                _ => PayerStage::NAME,
            };
            (station, PayerStage::NAME, told)
        }
    };
    Pack {
        name: pack.name,
        rule: pack.rule,
        concludes: pack.concludes,
        owner: pack.owner,
        sources: pack.sources,
        reads: pack.reads.to_vec(),
        rests_on: &[],
        late_items: pack.late_items,
        late_window: None,
        revise_window: None,
        station,
        table: format!("workloads.{table}"),
        runs: runs.unwrap_or(Runs::Off),
        is_read_counted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{defaults, parse};

    fn runs(config: &Config, name: &str) -> Runs {
        let mut packs = all(config).into_iter();
        packs.find(|pack| pack.name == name).unwrap().runs
    }

    #[test]
    fn every_pack_is_listed_once_with_its_settings() {
        let config = defaults();
        let packs = all(&config);
        assert_eq!(packs.len(), WORKLOADS.len() + BESIDE.len());
        let mut names: Vec<_> = packs.iter().map(|pack| pack.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), packs.len());
        for pack in packs.iter().filter(|pack| pack.name != "data-quality") {
            let mut settings = config.workloads.settings.iter();
            let switch = settings.find(|of| of.table == pack.table && of.key == "enabled");
            assert!(switch.is_some(), "{}", pack.name);
        }
    }

    #[test]
    fn what_runs_is_what_the_site_says() {
        let config = defaults();
        assert_eq!(runs(&config, "deterioration"), Runs::On);
        assert_eq!(runs(&config, "sepsis-3"), Runs::Off);
        assert_eq!(runs(&config, "claims"), Runs::Off);
        let text = "[workloads.sepsis-3]\nenabled = true\n[workloads.payer]\nenabled = true\n\
            [workloads.emergency]\nenabled = true\n[workloads.sepsis]\nenabled = false\n";
        let config = parse(text).unwrap();
        assert_eq!(runs(&config, "sepsis-3"), Runs::On);
        // Sepsis-3 reads it; and what runs from the start keeps its chart.
        assert_eq!(runs(&config, "organ-failure"), Runs::Silent);
        assert_eq!(runs(&config, "sepsis"), Runs::Silent);
        assert_eq!(runs(&config, "claims"), Runs::On);
        assert_eq!(runs(&config, "emergency"), Runs::Silent);
    }
}
