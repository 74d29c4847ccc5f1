//! What a process tells of itself and of the groups it works in, as JSON: for `pulsewire status`, and for scripts.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use clinical::ReceivedTime;
use journal::{Offset, Topic, TopicPartition};
use serde::{Deserialize, Serialize};

use super::Control;
use super::respond::troubles;
use crate::config::Config;
use crate::engine::Engine;
use crate::roles::Role;
use crate::stages::{
    AlertStage, CareGapStage, EmergencyStage, EmergencyUnitStage, NormalizeStage, PayerStage,
    PeerStage, ProviderStage, RiskBoardStage, RiskOutcomeStage, SourcesStage, StageHealth,
    WorkloadStage, partitions_of,
};
use crate::topics;

/// Where it is asked for.
pub(crate) const PATH: &str = "/status";
/// The transaction protocol that our client speaks, whatever the brokers offer (KIP-890 calls the newer one version 2).
#[cfg(feature = "kafka")]
const TRANSACTION_PROTOCOL: &str = "TV1";
/// The state of a group that has members and no unrest, in the word of Apache Kafka.
pub(crate) const STABLE: &str = "Stable";
/// The state of a group without members.
const EMPTY: &str = "Empty";

/// What a process tells of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) version: String,
    /// The process, as its machine knows it.
    pub(crate) process: u32,
    pub(crate) roles: Vec<String>,
    pub(crate) engine: EngineStatus,
    pub(crate) started: String,
    pub(crate) now: String,
    /// What keeps this process from doing its work, in words.
    pub(crate) troubles: Vec<String>,
    pub(crate) stations: Vec<StationStatus>,
    pub(crate) groups: Vec<GroupStatus>,
}

/// Where the records are.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum EngineStatus {
    /// In files of one machine.
    Embedded { directory: String },
    /// On Apache Kafka.
    #[serde(rename_all = "camelCase")]
    Kafka {
        brokers: String,
        prefix: String,
        instance: Option<String>,
        transaction_protocol: String,
    },
}

/// One station, as far as it is this process's.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StationStatus {
    pub(crate) name: String,
    pub(crate) partitions: Vec<u16>,
    pub(crate) records: u64,
    /// Nothing until it is known.
    pub(crate) lag: Option<u64>,
    pub(crate) watermark: Option<String>,
    /// Whether its state is still being brought up to what was committed.
    pub(crate) recovering: bool,
    /// Records that are left of that.
    pub(crate) left_to_restore: u64,
    pub(crate) failing: bool,
    /// The partitions that rest instead of filling the quarantine.
    #[serde(default)]
    pub(crate) resting: u64,
    pub(crate) cause: String,
}

/// A consumer group of ours, whoever its members are.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupStatus {
    pub(crate) name: String,
    /// The role that its members have.
    pub(crate) role: String,
    /// In the words of Apache Kafka.
    pub(crate) state: String,
    pub(crate) members: Vec<MemberStatus>,
    /// Nothing where it could not be found out.
    pub(crate) lag: Option<u64>,
    /// Where it stands in each partition that was ever written.
    pub(crate) positions: Vec<PositionStatus>,
    /// Why not all of this is known.
    pub(crate) unknown: Vec<String>,
}

/// A member of a group.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberStatus {
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) host: String,
    pub(crate) partitions: Vec<u16>,
}

/// Where a group stands in a partition.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PositionStatus {
    pub(crate) topic: String,
    pub(crate) partition: u16,
    /// Nothing where it never committed.
    pub(crate) committed: Option<Offset>,
    pub(crate) end: Offset,
    /// On Apache Kafka the marks of transactions count.
    pub(crate) lag: u64,
}

/// What there is to tell now; it asks brokers and waits for them.
pub(super) fn status(control: &Control) -> Status {
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        process: std::process::id(),
        roles: control
            .config
            .roles
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        engine: engine(control),
        started: control.started.to_string(),
        now: control.clock.now().to_string(),
        troubles: troubles(control),
        stations: control.stages.iter().map(|stage| station(stage)).collect(),
        groups: groups(control),
    }
}

fn engine(control: &Control) -> EngineStatus {
    let config = &control.config;
    match &control.journal {
        Engine::Embedded(_) => EngineStatus::Embedded {
            directory: config.journal.directory.display().to_string(),
        },
        #[cfg(feature = "kafka")]
        Engine::Kafka(_) => {
            let kafka = config.kafka.as_ref();
            EngineStatus::Kafka {
                brokers: kafka.map_or_else(String::new, |kafka| kafka.brokers.clone()),
                prefix: kafka.map_or_else(String::new, |kafka| kafka.prefix.clone()),
                instance: kafka.and_then(|kafka| kafka.instance.clone()),
                transaction_protocol: TRANSACTION_PROTOCOL.to_owned(),
            }
        }
    }
}

fn station(stage: &StageHealth) -> StationStatus {
    let watermark = stage.watermark.load(Ordering::Relaxed);
    let known = watermark > i64::MIN && watermark < i64::MAX;
    StationStatus {
        name: stage.name.to_owned(),
        partitions: stage.partitions(),
        records: stage.records.load(Ordering::Relaxed),
        lag: Some(stage.lag.load(Ordering::Relaxed)).filter(|lag| *lag < u64::MAX),
        watermark: known.then(|| ReceivedTime::from_micros(watermark).to_string()),
        recovering: stage.recovering.load(Ordering::Relaxed),
        left_to_restore: stage.restoring.load(Ordering::Relaxed),
        failing: stage.failing.load(Ordering::Relaxed),
        resting: stage.resting.load(Ordering::Relaxed),
        cause: stage
            .error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone(),
    }
}

/// A group that the platform has, with what it reads.
struct Known {
    name: String,
    role: Role,
    inputs: Vec<Topic>,
}

/// The groups of a site, whichever of its processes have members in them.
fn known(config: &Config) -> Vec<Known> {
    let partitions = config.journal.partitions;
    let specs = [
        (Role::Normalize, NormalizeStage::spec(partitions)),
        (Role::Workloads, WorkloadStage::spec(partitions)),
        (Role::Alerts, AlertStage::spec(partitions)),
        (Role::Alerts, SourcesStage::spec(partitions)),
    ];
    let payer = config.workloads.payer.iter().flat_map(|_| {
        [
            PayerStage::spec(partitions),
            ProviderStage::spec(partitions),
            PeerStage::spec(partitions),
        ]
    });
    let payer = payer.map(|spec| (Role::Workloads, spec));
    let care_gaps = config.care_gaps.as_ref();
    let care_gaps = care_gaps.map(|settings| CareGapStage::spec(settings, partitions));
    let care_gaps = care_gaps.map(|spec| (Role::Workloads, spec));
    let emergency = config.workloads.emergency.iter().flat_map(|_| {
        [
            EmergencyStage::spec(partitions),
            EmergencyUnitStage::spec(partitions),
        ]
    });
    let emergency = emergency.map(|spec| (Role::Workloads, spec));
    let risk = config.workloads.risk_watched.then(|| {
        [
            RiskOutcomeStage::spec(partitions),
            RiskBoardStage::spec(partitions),
        ]
    });
    let risk = risk
        .into_iter()
        .flatten()
        .map(|spec| (Role::Workloads, spec));
    let specs = specs.into_iter().chain(payer).chain(risk);
    let specs = specs.chain(care_gaps).chain(emergency);
    let stations = specs.map(|(role, spec)| Known {
        name: spec.name.to_string(),
        role,
        inputs: spec.inputs,
    });
    let channels = config.delivery.keys().map(|channel| Known {
        name: format!("delivery.{channel}"),
        role: Role::Delivery,
        inputs: vec![topics::DELIVERY.into()],
    });
    stations.chain(channels).collect()
}

fn groups(control: &Control) -> Vec<GroupStatus> {
    // Whoever did not answer is not asked again for every group: that wait is long.
    let mut away = None;
    let groups = known(&control.config).into_iter();
    groups
        .map(|known| {
            let mut unknown = Vec::new();
            let (state, members) = match members(control, &known, &mut away) {
                Ok(found) => found,
                Err(why) => {
                    unknown.push(why);
                    Default::default()
                }
            };
            let positions = match positions(control, &known, &mut away) {
                Ok(found) => Some(found),
                Err(why) => {
                    unknown.push(why);
                    None
                }
            };
            unknown.dedup();
            GroupStatus {
                name: known.name,
                role: known.role.name().to_owned(),
                state,
                members,
                lag: positions
                    .as_ref()
                    .map(|all| all.iter().map(|one| one.lag).sum()),
                positions: positions.unwrap_or_default(),
                unknown,
            }
        })
        .collect()
}

/// Remembers that nobody answered.
fn asked<T>(result: Result<T, journal::Error>, away: &mut Option<String>) -> Result<T, String> {
    result.map_err(|error| {
        let why = error.to_string();
        if matches!(error, journal::Error::Unavailable { .. }) {
            *away = Some(why.clone());
        }
        why
    })
}

fn members(
    control: &Control,
    known: &Known,
    away: &mut Option<String>,
) -> Result<(String, Vec<MemberStatus>), String> {
    if let Some(why) = away {
        return Err(why.clone());
    }
    match &control.journal {
        Engine::Embedded(_) => Ok(this_process(control, known)),
        #[cfg(feature = "kafka")]
        Engine::Kafka(journal) => {
            let told = asked(journal.members(&known.name), away)?;
            let member = |member: journal::kafka::Member| MemberStatus {
                id: member.id,
                client: member.client,
                host: member.host,
                partitions: numbers(member.partitions.into_iter().map(|at| at.partition)),
            };
            Ok((told.state, told.members.into_iter().map(member).collect()))
        }
    }
}

/// The embedded journal is one process's: it is the only member of the groups whose role it has.
fn this_process(control: &Control, known: &Known) -> (String, Vec<MemberStatus>) {
    if !control.config.roles.has(known.role) {
        return (EMPTY.to_owned(), Vec::new());
    }
    let member = MemberStatus {
        id: format!("process {}", std::process::id()),
        client: "pulsewire".to_owned(),
        host: "this machine".to_owned(),
        partitions: (0..control.config.journal.partitions).collect(),
    };
    (STABLE.to_owned(), vec![member])
}

#[cfg(feature = "kafka")]
fn numbers(of: impl Iterator<Item = u16>) -> Vec<u16> {
    of.collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}

fn positions(
    control: &Control,
    known: &Known,
    away: &mut Option<String>,
) -> Result<Vec<PositionStatus>, String> {
    if let Some(why) = away {
        return Err(why.clone());
    }
    let journal = &control.journal;
    let all = partitions_of(&known.inputs, control.config.journal.partitions);
    let bounds = asked(journal.bounds(&all), away)?;
    let committed: BTreeMap<TopicPartition, Offset> = asked(journal.committed(&known.name), away)?;
    let written = all.iter().zip(bounds).filter(|(_, bounds)| bounds.end > 0);
    let positions = written.map(|(at, bounds)| {
        let committed = committed.get(at).copied();
        let from = committed.unwrap_or(bounds.start).max(bounds.start);
        PositionStatus {
            topic: at.topic.to_string(),
            partition: at.partition,
            committed,
            end: bounds.end,
            lag: bounds.end.saturating_sub(from),
        }
    });
    Ok(positions.collect())
}
