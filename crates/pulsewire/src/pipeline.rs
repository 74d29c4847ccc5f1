//! The data's way on one page: what is opened, what is started, in which order, and how it stops.
//!
//! A message comes in, its answer goes out when its bytes are durable, and everything after that is read from the journal:
//! normalize makes FHIR events of it, workloads conclude, alerts decide, delivery tells, pages show.

mod doors;
mod opening;
mod payer;

mod rules;

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use alerts::Alerts;
use clinical::SiteKey;
use stream::FjallDatabase;
use workloads::Workloads;

use crate::clock::Clock;
use crate::config::Config;
use crate::control::{self, Control, Places, rates};
use crate::delivery;
use crate::engine::Engine;
use crate::intake;
use crate::intake::activity::Activity;
use crate::intake::fhir::Fhir;
use crate::intake::files;
use crate::intake::keep::Room;
use crate::intake::resend::Resends;
use crate::intake::sources::Sources;
use crate::intake::subscriptions::Subscriptions;
use crate::intake::{Intake, http, mllp, tls};
use crate::metrics::Metrics;
use crate::quarantine::Desk;
use crate::registry::{self, SchemaIds};
use crate::roles::Role;
use crate::site_key;
use crate::stages::{
    self, AlertStage, CareGapStage, DeviceStage, EmergencyStage, EmergencyUnitStage,
    NormalizeStage, RiskBoardStage, RiskOutcomeStage, SourcesStage, StageHealth, WorkloadStage,
    partitions_of,
};
use crate::tasks::{self, Tasks};
use crate::topics;
use crate::upkeep;
use crate::views;

use opening::Opening;
pub(crate) use rules::{is_told, policy, risk_board, running, settings, workload_stage};

/// The file that marks a data directory as one of simulated patients.
pub(crate) const SIMULATED: &str = "simulated";

/// Why the platform cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error(transparent)]
    Formats(#[from] stages::state_formats::Error),
    #[error(transparent)]
    SiteKey(#[from] site_key::Error),
    #[error(transparent)]
    Stage(#[from] stream::TaskError),
    #[error(transparent)]
    Store(#[from] stream::StoreError),
    #[error(transparent)]
    Resends(#[from] crate::intake::resend::Error),
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error(transparent)]
    Source(#[from] crate::intake::sources::Error),
    #[error(transparent)]
    Mllp(#[from] mllp::Error),
    #[error(transparent)]
    Http(#[from] http::Error),
    #[error(transparent)]
    Fhir(#[from] crate::intake::fhir::IndexError),
    #[error(transparent)]
    Subscriptions(#[from] crate::intake::subscriptions::Error),
    #[error(transparent)]
    Control(#[from] control::Error),
    #[error(transparent)]
    Delivery(#[from] delivery::Error),
    #[error(transparent)]
    Registry(#[from] registry::Error),
    #[error("a thread or folder could not be made: {0}")]
    Io(#[from] std::io::Error),
}

/// The platform, running.
pub(crate) struct Running {
    /// Where messages are taken, where this process takes any.
    pub(crate) mllp: Option<SocketAddr>,
    /// Where FHIR is taken over HTTP, where this process takes any.
    pub(crate) http: Option<SocketAddr>,
    pub(crate) control: SocketAddr,
    tasks: Tasks,
    journal: Engine,
}

/// Starts the platform. Senders are answered as soon as the journal is open; the stations, whose state may be large,
/// follow, and take from the journal what came meanwhile.
pub(crate) async fn start(config: &Config, clock: Clock, site: &str) -> Result<Running, Error> {
    let doors = doors::bind(config).await?;
    let tasks = Tasks::new(tokio::runtime::Handle::current());
    let mllp = doors
        .mllp
        .as_ref()
        .map(mllp::Listener::address)
        .transpose()?;
    let http = doors
        .http
        .as_ref()
        .map(http::Listener::address)
        .transpose()?;
    let control = doors.control.local_addr()?;
    let entry = {
        let (config, tasks) = (config.clone(), tasks.clone());
        blocking(move || open_to_run(&config, clock, &tasks)).await?
    };
    if let (Some(door), Some(intake)) = (doors.mllp, &entry.intake) {
        tasks.spawn(door.run(Arc::clone(intake), tasks.clone()));
    }
    if let (Some(mqtt), Some(intake)) = (config.mqtt.clone(), &entry.intake) {
        tasks.spawn(intake::mqtt::run(Arc::clone(intake), mqtt, tasks.stop()));
    }
    if let (Some(door), Some(subscriptions)) = (doors.http, &entry.subscriptions) {
        tasks.spawn(door.run(Arc::clone(subscriptions), tasks.clone()));
        tasks.spawn(Arc::clone(subscriptions).catch_up(tasks.stop()));
    }
    let entry = Arc::new(entry);
    let stations = {
        let (config, tasks, entry) = (config.clone(), tasks.clone(), Arc::clone(&entry));
        blocking(move || open_stations(&config, clock, &entry, &tasks)).await
    };
    let stations = match stations {
        Ok(stations) => stations,
        Err(error) => {
            tasks.stop_all().await;
            return Err(error);
        }
    };
    let state = Arc::new(Control {
        journal: entry.journal.clone(),
        views: stations.views,
        metrics: Arc::clone(&entry.metrics),
        sources: Arc::clone(&entry.sources),
        stages: stations.healths,
        rates: rates::Rates::default(),
        clock,
        config: config.clone(),
        mllp,
        certificates: tls::own(config, &entry.metrics),
        started: clock.now(),
        csrf: control::csrf(&entry.site_key, clock.now()),
        site: site.to_owned(),
        places: Places::default(),
        tasks: tasks.clone(),
        desk: desk(&entry, config, clock, stations.states),
    });
    if let Err(error) = control::start(doors.control, &state) {
        tasks.stop_all().await;
        return Err(error.into());
    }
    Ok(Running {
        mllp,
        http,
        control,
        tasks,
        journal: entry.journal.clone(),
    })
}

/// Where quarantine is worked at.
fn desk(entry: &Entry, config: &Config, clock: Clock, states: Option<FjallDatabase>) -> Desk {
    Desk {
        journal: entry.journal.shared(),
        sources: Arc::clone(&entry.sources),
        site: entry.site_key.clone(),
        config: config.clone(),
        states,
        clock,
        busy: Mutex::default(),
    }
}

/// Opening reads files, and reading them waits: not on the runtime's threads.
async fn blocking<T: Send + 'static>(
    open: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let opened = tokio::task::spawn_blocking(open).await;
    opened.map_err(|error| std::io::Error::other(error.to_string()))?
}

impl Running {
    /// Stops everything in order: doors, stages, then the journal.
    pub(crate) async fn stop(self) {
        self.tasks.stop_all().await;
        if let Err(error) = self.journal.checkpoint() {
            tracing::warn!(%error, "no checkpoint was written; the next start reads a little more");
        }
    }

    /// What else runs beside it.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }
}

/// What senders need to be answered.
struct Entry {
    journal: Engine,
    /// None where other processes take messages.
    intake: Option<Arc<Intake>>,
    /// None where other processes take messages.
    subscriptions: Option<Arc<Subscriptions>>,
    /// What files are read with, where this process takes messages.
    files: Option<Arc<files::Shared>>,
    metrics: Arc<Metrics>,
    sources: Arc<Sources>,
    site_key: SiteKey,
    schemas: SchemaIds,
}

/// What is derived from the journal.
struct Stations {
    views: views::Shared,
    healths: Vec<Arc<StageHealth>>,
    /// Where those stages that run here keep their state.
    states: Option<FjallDatabase>,
}

/// Opens what senders are answered by; before they are, and before stations write, the state is said to have this program's forms.
fn open_to_run(config: &Config, clock: Clock, tasks: &Tasks) -> Result<Entry, Error> {
    let entry = open_entry(config, clock, tasks)?;
    if config.roles.has_a_stage() {
        stages::state_formats::raise(&config.journal.directory.join("state"))?;
    }
    Ok(entry)
}

/// Opens the journal and the memory of accepted messages.
fn open_entry(config: &Config, clock: Clock, tasks: &Tasks) -> Result<Entry, Error> {
    let directory = &config.journal.directory;
    // Before anything is written: a program that cannot go on with the state leaves it as it is.
    stages::state_formats::check(&directory.join("state"))?;
    std::fs::create_dir_all(directory)?;
    // State and journal hold what identifies people: nobody else on this machine reads them.
    std::fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    let journal = Engine::open(config)?;
    let partitions = config.journal.partitions;
    for spec in topics::specs(partitions, config.journal.retention) {
        journal.ensure_topic(&spec)?;
    }
    if journal.is_shared() {
        let care_gaps = CareGapStage::changelog(config);
        for spec in topics::shared(partitions).iter().chain(&care_gaps) {
            journal.ensure_topic(spec)?;
        }
    }
    let raw = partitions_of(&topics::all_received(), partitions);
    let named = config.journal.site_key.as_deref();
    if journal.is_shared() && named.is_none() {
        return Err(site_key::Error::Unnamed.into());
    }
    let site_key = site_key::load_or_make(named, directory, journal.is_empty(&raw)?)?;
    if journal.is_shared() {
        site_key::agree(&*journal, &site_key, clock.now())?;
    }
    // Before a record is written by them: a change that would break readers stops the start.
    let schemas = registry::prepare(config, &journal.shared(), clock)?;
    tracing::info!(schemas = schemas.len(), "what is published is registered");
    // So that commands beside this process know the topics at once.
    journal.checkpoint()?;
    let metrics = Arc::new(Metrics::default());
    let sources = Arc::new(Sources::new(&config.sources)?);
    let intake = match config.roles.has(Role::Intake) {
        false => None,
        true => {
            let resends = Resends::open(
                &directory.join("resends"),
                config.mllp.resend_window,
                &*journal,
                &raw,
                clock.now(),
            )?;
            Some(Arc::new(Intake {
                journal: journal.shared(),
                resends: Arc::new(resends),
                sources: Arc::clone(&sources),
                site_key: site_key.clone(),
                metrics: Arc::clone(&metrics),
                clock,
                partitions,
                tasks: tasks.clone(),
                last: Mutex::default(),
                room: Room::default(),
                activity: Arc::new(Activity::of(config, clock)),
            }))
        }
    };
    let (subscriptions, files) = intake
        .as_ref()
        .map(|intake| open_content(config, intake, tasks))
        .transpose()?
        .unzip();
    Ok(Entry {
        journal,
        intake,
        subscriptions,
        files,
        metrics,
        sources,
        site_key,
        schemas,
    })
}

/// Opens what resources, subscriptions and files are known by.
fn open_content(
    config: &Config,
    intake: &Arc<Intake>,
    tasks: &Tasks,
) -> Result<(Arc<Subscriptions>, Arc<files::Shared>), Error> {
    let directory = &config.journal.directory;
    let fhir = Arc::new(Fhir::open(
        Arc::clone(intake),
        &directory.join("resources"),
        (&config.validation, &config.plausibility),
    )?);
    let door = files::Door::new(Arc::clone(&fhir), tasks.runtime());
    let files = files::Shared::open(directory, door)?;
    let subscriptions = Subscriptions::open(fhir, &config.subscriptions, config.http.body_size)?;
    Ok((Arc::new(subscriptions), Arc::new(files)))
}

/// Opens what files are read with and nothing else, where no process runs on the data directory.
pub(crate) fn open_files(
    config: &Config,
    clock: Clock,
    tasks: &Tasks,
) -> Result<(Arc<files::Shared>, Engine), Error> {
    let entry = open_entry(config, clock, tasks)?;
    let files = entry.files.expect("a command has all roles");
    Ok((files, entry.journal))
}

/// Opens the state of the stations and starts them, and what looks after the rest.
fn open_stations(
    config: &Config,
    clock: Clock,
    entry: &Entry,
    tasks: &Tasks,
) -> Result<Stations, Error> {
    let partitions = config.journal.partitions;
    let roles = &config.roles;
    let (healths, states) = if roles.has_a_stage() {
        let directory = config.journal.directory.join("state");
        let states = tasks::as_station(|| FjallDatabase::open(&directory))?;
        (start_stages(config, entry, &states, tasks)?, Some(states))
    } else {
        tracing::warn!(
            %roles,
            "here messages are not normalized and nobody is alerted; another process must have these roles"
        );
        (Vec::new(), None)
    };
    let views = views::Shared::default();
    if roles.has(Role::Ui) {
        let rules = Workloads::new(rules::running(config));
        views.start(&entry.journal.reader()?, partitions, rules, tasks)?;
    }
    if roles.has(Role::Delivery) {
        let delivering = delivery::Shared {
            journal: entry.journal.reader()?,
            engine: entry.journal.clone(),
            metrics: Arc::clone(&entry.metrics),
            clock,
            partitions,
        };
        delivery::start(&Arc::new(delivering), &config.delivery, tasks)?;
    }
    upkeep::start_ticks(clock, &entry.journal, &healths, tasks)?;
    upkeep::start_retention(clock, &entry.journal, tasks)?;
    if let Some(intake) = &entry.intake {
        upkeep::start_remembering(clock, intake, tasks)?;
        upkeep::start_telling(clock, intake, tasks)?;
    }
    if let Some(subscriptions) = &entry.subscriptions {
        upkeep::start_indexing(subscriptions.fhir(), tasks)?;
    }
    if let Some(files) = &entry.files {
        files.attend(&healths);
        files::start(&config.files, &config.journal.directory, files, tasks)?;
    }
    Ok(Stations {
        views,
        healths,
        states,
    })
}

/// Starts those of normalize, workloads and alerts that are this process's, each on a thread of its own.
fn start_stages(
    config: &Config,
    entry: &Entry,
    states: &FjallDatabase,
    tasks: &Tasks,
) -> Result<Vec<Arc<StageHealth>>, Error> {
    let states = states.clone();
    let metrics = Arc::clone(&entry.metrics);
    let opening = Opening {
        journal: &entry.journal,
        shared: Arc::new(stages::Shared { states, metrics }),
        tasks,
    };
    let (partitions, roles) = (config.journal.partitions, &config.roles);
    let mut healths = Vec::new();
    if roles.has(Role::Normalize) {
        let stage = DeviceStage {
            settings: config.devices.clone(),
            sources: Arc::clone(&entry.sources),
            site: entry.site_key.clone(),
            metrics: Arc::clone(&entry.metrics),
        };
        let spec = DeviceStage::spec(partitions, &config.devices);
        healths.push(opening.start("devices", spec, stage)?);
        let (sources, metrics) = (Arc::clone(&entry.sources), Arc::clone(&entry.metrics));
        let stage = NormalizeStage::new(sources, entry.site_key.clone(), metrics);
        let stage = stage
            .validating(&config.validation)
            .doubting(&config.plausibility)
            .written_by(&entry.schemas);
        let spec = NormalizeStage::spec(partitions);
        healths.push(opening.start("normalize", spec, stage)?);
    }
    if roles.has(Role::Workloads) {
        let stage = workload_stage(config, &entry.metrics);
        healths.push(opening.start("workloads", WorkloadStage::spec(partitions), stage)?);
        if let Some(settings) = &config.workloads.payer {
            healths.extend(opening.start_payer(settings, partitions, entry)?);
        }
        if let Some(department) = &config.workloads.emergency {
            let stage = EmergencyStage::new(department, &entry.metrics);
            let spec = EmergencyStage::spec(partitions);
            healths.push(opening.start(EmergencyStage::NAME, spec, stage)?);
            let stage = EmergencyUnitStage::new(department, &entry.metrics);
            let spec = EmergencyUnitStage::spec(partitions);
            healths.push(opening.start(EmergencyUnitStage::NAME, spec, stage)?);
        }
        if config.workloads.risk_watched {
            let spec = RiskOutcomeStage::spec(partitions);
            healths.push(opening.start(RiskOutcomeStage::NAME, spec, RiskOutcomeStage)?);
            let stage = risk_board(config, &entry.site_key, &entry.metrics);
            let spec = RiskBoardStage::spec(partitions);
            healths.push(opening.start(RiskBoardStage::NAME, spec, stage)?);
        }
        if let Some(settings) = &config.care_gaps {
            let (stage, spec) = CareGapStage::with_spec(settings, &entry.metrics, partitions);
            healths.push(opening.start("care-gaps", spec, stage)?);
        }
    }
    if roles.has(Role::Alerts) {
        let stage = AlertStage {
            alerts: Alerts::new(policy(config)),
            metrics: Arc::clone(&entry.metrics),
        };
        healths.push(opening.start("alerts", AlertStage::spec(partitions), stage)?);
        let (site_key, metrics) = (entry.site_key.clone(), Arc::clone(&entry.metrics));
        let is_shared = entry.journal.is_shared();
        let stage = SourcesStage::new(&config.sources, is_shared, site_key, metrics);
        healths.push(opening.start("sources", SourcesStage::spec(partitions), stage)?);
    }
    Ok(healths)
}
