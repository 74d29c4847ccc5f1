//! `state`: what the stages keep, and the proof that it is a function of the journal.

mod compare;

use std::io::Write;
use std::sync::Arc;

use alerts::Alerts;
use clap::Args;
use clinical::PatientKey;
use journal::{EmbeddedJournal, Journal, TopicPartition, partition_for};
use stream::{FjallDatabase, Processor, StageSpec, Store};

use super::{Configured, Failure, reading};
use crate::config::Config;
use crate::intake::sources::Sources;
use crate::metrics::Metrics;
use crate::pipeline;
use crate::site_key;
use crate::stages::{
    AlertStage, CareGapStage, EmergencyStage, EmergencyUnitStage, NormalizeStage, PayerStage,
    PeerStage, ProviderStage, RiskBoardStage, RiskOutcomeStage, SourcesStage, WorkloadStage,
};

/// Show, verify or delete the state that stages keep
///
/// State is derived: as long as the journal is whole it can be deleted and is rebuilt from it to the same bytes. Without options it shows how
/// much each stage keeps. The platform must not be running on this directory.
#[derive(Args)]
pub(crate) struct State {
    #[command(flatten)]
    configured: Configured,
    /// Only this patient, by the key that pages and topics show
    patient: Option<String>,
    /// Rebuild everything from the journal and compare it byte for byte; exits with 1 if anything differs
    #[arg(long, conflicts_with_all = ["patient", "delete"])]
    verify: bool,
    /// Delete it; the next start rebuilds it
    #[arg(long, conflicts_with = "patient")]
    delete: bool,
    /// Delete or verify though records that the state rests on are past their retention
    #[arg(long)]
    force: bool,
}

/// Topics that stages take in, from whose beginning on a rebuild reads.
fn inputs() -> Vec<journal::Topic> {
    let specs = [
        NormalizeStage::spec(1),
        WorkloadStage::spec(1),
        AlertStage::spec(1),
        SourcesStage::spec(1),
    ];
    specs.into_iter().flat_map(|spec| spec.inputs).collect()
}

/// The stages as they are when nothing runs.
struct Closed {
    journal: Arc<dyn Journal>,
    states: FjallDatabase,
    partitions: u16,
    patient: Option<PatientKey>,
    verify: bool,
}

impl State {
    /// Refuses where retention has removed what the state rests on: a rebuild would be another state.
    fn whole(&self, journal: &EmbeddedJournal) -> Result<(), Failure> {
        for topic in journal
            .topics()
            .into_iter()
            .filter(|topic| inputs().contains(&topic.name))
        {
            let partitions: Vec<_> = (0..topic.partitions)
                .map(|p| TopicPartition::new(topic.name.clone(), p))
                .collect();
            let removed: u64 = journal
                .bounds(&partitions)?
                .iter()
                .map(|bounds| bounds.start)
                .sum();
            if removed > 0 && !self.force {
                let what = format!(
                    "{removed} records of {} are past their retention, and the state rests on them",
                    topic.name
                );
                return Err(Failure::new(
                    what,
                    "a rebuild would not be the same state; --force does it all the same",
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let config = self.configured.load()?;
        let kept = config.journal.directory.join("state");
        let hint = format!(
            "to have a process make its state anew, stop it and delete {}: the next start restores it from the changelog topics; `pulsewire status` shows how far that is",
            kept.display()
        );
        reading::only_in_files(&config, "state", &hint)?;
        let patient = self.patient.as_deref().map(|text| {
            PatientKey::parse(text).ok_or_else(|| {
                Failure::new(
                    format!("{text} is no patient key"),
                    "a key has 32 hexadecimal digits; pages show it in the address",
                )
            })
        });
        let patient = patient.transpose()?;
        let directory = &config.journal.directory;
        // Where there is no journal, none is made to look into.
        drop(reading::journal(&config)?);
        if !self.delete {
            crate::stages::state_formats::check(&directory.join("state"))?;
        }
        // Opening the journal takes its lock: whoever runs has it, and keeps the state.
        let journal =
            EmbeddedJournal::open(&directory.join("journal"), &journal::Options::default())?;
        if self.delete || self.verify {
            self.whole(&journal)?;
        }
        if self.delete {
            for part in ["state", "resends"] {
                let part = directory.join(part);
                if part.exists() {
                    std::fs::remove_dir_all(&part)?;
                    writeln!(out, "deleted {}", part.display())?;
                }
            }
            return Ok(());
        }
        let states = FjallDatabase::open(&directory.join("state"))
            .map_err(|error| Failure::new(error, ""))?;
        let closed = Closed {
            journal: Arc::new(journal),
            states,
            partitions: config.journal.partitions,
            patient,
            verify: self.verify,
        };
        closed.every_stage(&config, out)
    }
}

impl Closed {
    fn every_stage(&self, config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
        let other = |error: &dyn std::fmt::Display| Failure::new(error, "");
        let sources = Sources::new(&config.sources).map_err(|error| other(&error))?;
        let site = site_key::load(
            config.journal.site_key.as_deref(),
            &config.journal.directory,
        )
        .map_err(|error| other(&error))?;
        let metrics = Arc::new(Metrics::default());
        if self.patient.is_none() {
            writeln!(
                out,
                "{:<12} {:>10} {:>14} {:>10}",
                "stage", "patients", "bytes", "timers"
            )?;
        }
        let heard = SourcesStage::new(&config.sources, false, site.clone(), Arc::clone(&metrics));
        let normalize = NormalizeStage::new(Arc::new(sources), site.clone(), Arc::clone(&metrics))
            .validating(&config.validation);
        let mut same = self.stage(NormalizeStage::spec(self.partitions), normalize, out)?;
        let workloads = pipeline::workload_stage(config, &metrics);
        same &= self.stage(WorkloadStage::spec(self.partitions), workloads, out)?;
        if let Some(settings) = &config.workloads.payer {
            let payer = PayerStage::new(settings, &site, &metrics);
            same &= self.stage(PayerStage::spec(self.partitions), payer, out)?;
            let providers = ProviderStage::new(settings, &metrics);
            same &= self.stage(ProviderStage::spec(self.partitions), providers, out)?;
            let peers = PeerStage::new(settings, &metrics);
            same &= self.stage(PeerStage::spec(self.partitions), peers, out)?;
        }
        if let Some(department) = &config.workloads.emergency {
            let visits = EmergencyStage::new(department, &metrics);
            same &= self.stage(EmergencyStage::spec(self.partitions), visits, out)?;
            let units = EmergencyUnitStage::new(department, &metrics);
            same &= self.stage(EmergencyUnitStage::spec(self.partitions), units, out)?;
        }
        if config.workloads.risk_watched {
            let spec = RiskOutcomeStage::spec(self.partitions);
            same &= self.stage(spec, RiskOutcomeStage, out)?;
            let board = pipeline::risk_board(config, &site, &metrics);
            same &= self.stage(RiskBoardStage::spec(self.partitions), board, out)?;
        }
        if let Some(settings) = &config.care_gaps {
            let spec = CareGapStage::spec(settings, self.partitions);
            same &= self.stage(spec, CareGapStage::new(settings, &metrics), out)?;
        }
        let alerts = AlertStage {
            alerts: Alerts::new(pipeline::policy(config)),
            metrics,
        };
        same &= self.stage(AlertStage::spec(self.partitions), alerts, out)?;
        same &= self.stage(SourcesStage::spec(self.partitions), heard, out)?;
        if same { Ok(()) } else { Err(Failure::Said) }
    }

    /// Shows or verifies one stage; tells whether it is as it should be.
    fn stage<P: Processor>(
        &self,
        spec: StageSpec,
        processor: P,
        out: &mut dyn Write,
    ) -> Result<bool, Failure> {
        let processor = Arc::new(processor);
        let (mut keys, mut bytes, mut timers) = (0_u64, 0_u64, 0_u64);
        let mut differences = Vec::new();
        for partition in 0..spec.partitions {
            let failed = |error: &dyn std::fmt::Display| Failure::new(error, "");
            let store = self
                .states
                .store(&spec.name, partition)
                .map_err(|error| failed(&error))?;
            if let Some(patient) = self.patient {
                if partition_for(patient.as_bytes(), spec.partitions) == partition {
                    let state = store
                        .get(patient.as_bytes())
                        .map_err(|error| failed(&error))?;
                    let size = state.map_or_else(
                        || "nothing".to_owned(),
                        |state| format!("{} bytes", state.len()),
                    );
                    writeln!(out, "{:<12} {size}", &*spec.name)?;
                }
                continue;
            }
            if self.verify {
                differences.extend(compare::rebuild(
                    &spec,
                    partition,
                    &processor,
                    &self.journal,
                    &self.states,
                )?);
            }
            store
                .scan_states(&mut |_, state| {
                    keys += 1;
                    bytes += state.len() as u64;
                })
                .map_err(|error| failed(&error))?;
            store
                .scan_timers(&mut |_, _, _| timers += 1)
                .map_err(|error| failed(&error))?;
        }
        if self.patient.is_none() {
            let verdict = match (self.verify, differences.len()) {
                (false, _) => String::new(),
                (true, 0) => "  equal to a rebuild".to_owned(),
                (true, count) => format!("  {count} difference(s) from a rebuild"),
            };
            writeln!(
                out,
                "{:<12} {keys:>10} {bytes:>14} {timers:>10}{verdict}",
                &*spec.name
            )?;
            differences
                .iter()
                .take(10)
                .try_for_each(|difference| writeln!(out, "    {difference}"))?;
        }
        Ok(differences.is_empty())
    }
}
