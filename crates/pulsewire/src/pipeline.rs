//! The data's way on one page: what is opened, what is started, in which order, and how it stops.
//!
//! A message comes in, its answer goes out when its bytes are durable, and everything after that is read from the journal:
//! normalize makes FHIR events of it, workloads conclude, alerts decide, delivery tells, pages show.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alerts::{Alerts, Policy, Route};
use clinical::{ReceivedTime, SiteKey};
use journal::{EmbeddedJournal, Journal, Record, TopicPartition, Write};
use stream::FjallDatabase;
use tokio::net::TcpListener;
use workloads::Workloads;

use crate::clock::Clock;
use crate::config::Config;
use crate::control::{self, Control, rates};
use crate::delivery;
use crate::intake::resend::Resends;
use crate::intake::sources::Sources;
use crate::intake::{Intake, mllp};
use crate::metrics::Metrics;
use crate::site_key;
use crate::stages::{
    self, AlertStage, NormalizeStage, Stage, StageHealth, WorkloadStage, partitions_of,
};
use crate::tasks::Tasks;
use crate::topics;
use crate::views;

/// The file that marks a data directory as one of simulated patients.
pub(crate) const SIMULATED: &str = "simulated";
/// How often each partition of the streams is told what time it is.
const TICK: Duration = Duration::from_secs(1);
/// Where time runs faster, ticks come no more often than this.
const TICK_LEAST: Duration = Duration::from_millis(100);
/// A station that has more records than this before it does not keep up.
const TICK_LAG_MAX: u64 = 10_000;
/// How often the memory of accepted messages goes to disk.
const REMEMBER: Duration = Duration::from_secs(1);
/// How often what is older than its retention is removed.
const RETAIN: Duration = Duration::from_secs(60);
/// The header that marks a record which only tells the time.
const TICK_HEADER: &str = "tick";

/// Why the platform cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error(transparent)]
    SiteKey(#[from] site_key::Error),
    #[error(transparent)]
    Stage(#[from] stream::TaskError),
    #[error(transparent)]
    Store(#[from] stream::StoreError),
    #[error(transparent)]
    Resends(#[from] crate::intake::resend::Error),
    #[error(transparent)]
    Source(#[from] crate::intake::sources::Error),
    #[error(transparent)]
    Mllp(#[from] mllp::Error),
    #[error(transparent)]
    Control(#[from] control::Error),
    #[error(transparent)]
    Delivery(#[from] delivery::Error),
    #[error("a thread or folder could not be made: {0}")]
    Io(#[from] std::io::Error),
}

/// The platform, running.
pub(crate) struct Running {
    pub(crate) mllp: SocketAddr,
    pub(crate) control: SocketAddr,
    tasks: Tasks,
    journal: Arc<EmbeddedJournal>,
}

/// Both addresses, taken before anything else: a start that cannot succeed fails at once and changes nothing.
struct Doors {
    mllp: mllp::Listener,
    control: TcpListener,
}

/// Starts the platform. Senders are answered as soon as the journal is open; the stations, whose state may be large,
/// follow, and take from the journal what came meanwhile.
pub(crate) async fn start(config: &Config, clock: Clock, site: &str) -> Result<Running, Error> {
    let doors = Doors {
        mllp: mllp::bind(&config.mllp).await?,
        control: control::bind(config.control_listen).await?,
    };
    let tasks = Tasks::new(tokio::runtime::Handle::current());
    let (mllp, control) = (doors.mllp.address()?, doors.control.local_addr()?);
    let entry = {
        let (config, tasks) = (config.clone(), tasks.clone());
        blocking(move || open_entry(&config, clock, &tasks)).await?
    };
    tasks.spawn(doors.mllp.run(Arc::clone(&entry.intake), tasks.clone()));
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
        journal: Arc::clone(&entry.journal),
        views: stations.views,
        metrics: Arc::clone(&entry.metrics),
        sources: Arc::clone(&entry.sources),
        stages: stations.healths,
        rates: rates::Rates::default(),
        clock,
        config: config.clone(),
        mllp,
        started: clock.now(),
        csrf: csrf(&entry.site_key, clock.now()),
        site: site.to_owned(),
        live: Control::live_permits(),
        tasks: tasks.clone(),
    });
    tasks.spawn(control::serve(doors.control, Arc::clone(&state)));
    tasks.spawn(look_at_rates(Arc::clone(&state)));
    let journal = Arc::clone(&entry.journal);
    Ok(Running {
        mllp,
        control,
        tasks,
        journal,
    })
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
    journal: Arc<EmbeddedJournal>,
    intake: Arc<Intake>,
    metrics: Arc<Metrics>,
    sources: Arc<Sources>,
    site_key: SiteKey,
}

/// What is derived from the journal.
struct Stations {
    views: views::Shared,
    healths: Vec<Arc<StageHealth>>,
}

/// Opens the journal and the memory of accepted messages.
fn open_entry(config: &Config, clock: Clock, tasks: &Tasks) -> Result<Entry, Error> {
    let directory = &config.journal.directory;
    std::fs::create_dir_all(directory)?;
    // State and journal hold what identifies people: nobody else on this machine reads them.
    std::fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    let journal = Arc::new(EmbeddedJournal::open(
        &directory.join("journal"),
        &options(config),
    )?);
    let nothing_kept = journal.status().records == 0;
    let site_key =
        site_key::load_or_make(config.journal.site_key.as_deref(), directory, nothing_kept)?;
    for spec in topics::specs(config.journal.partitions, config.journal.retention) {
        journal.ensure_topic(&spec)?;
    }
    // So that commands beside this process know the topics at once.
    journal.checkpoint()?;
    let metrics = Arc::new(Metrics::default());
    let sources = Arc::new(Sources::new(&config.sources)?);
    let shared: Arc<dyn Journal> = journal.clone();
    let raw = partitions_of(&topics::all_hl7(), config.journal.partitions);
    let resends = Resends::open(
        &directory.join("resends"),
        config.mllp.resend_window,
        &*shared,
        &raw,
        clock.now(),
    )?;
    let intake = Arc::new(Intake {
        journal: Arc::clone(&shared),
        resends: Arc::new(resends),
        sources: Arc::clone(&sources),
        site_key: site_key.clone(),
        metrics: Arc::clone(&metrics),
        clock,
        partitions: config.journal.partitions,
        tasks: tasks.clone(),
        last: Mutex::default(),
    });
    Ok(Entry {
        journal,
        intake,
        metrics,
        sources,
        site_key,
    })
}

/// Opens the state of the stations and starts them, and what looks after the rest.
fn open_stations(
    config: &Config,
    clock: Clock,
    entry: &Entry,
    tasks: &Tasks,
) -> Result<Stations, Error> {
    let shared: Arc<dyn Journal> = entry.journal.clone();
    let partitions = config.journal.partitions;
    let healths = if config.intake_only {
        tracing::warn!(
            "only intake runs: messages are kept, nothing is normalized and nobody is alerted"
        );
        Vec::new()
    } else {
        start_stages(config, &shared, entry, tasks)?
    };
    let views = views::Shared::default();
    views.start(&shared, partitions, tasks)?;
    if !config.intake_only {
        let metrics = Arc::clone(&entry.metrics);
        let delivering = delivery::Shared {
            journal: shared,
            metrics,
            clock,
            partitions,
        };
        delivery::start(&Arc::new(delivering), &config.delivery, tasks)?;
        start_ticks(partitions, clock, &entry.journal, &healths, tasks)?;
    }
    start_housekeeping(clock, &entry.journal, &entry.intake, tasks)?;
    Ok(Stations { views, healths })
}

fn options(config: &Config) -> journal::Options {
    journal::Options {
        segment_bytes: config.journal.segment_size,
        warn_below_bytes: config.journal.warn_below,
        refuse_below_bytes: config.journal.refuse_below,
        ..journal::Options::default()
    }
}

/// Starts normalize, workloads and alerts, each on a thread of its own.
fn start_stages(
    config: &Config,
    journal: &Arc<dyn Journal>,
    entry: &Entry,
    tasks: &Tasks,
) -> Result<Vec<Arc<StageHealth>>, Error> {
    let Entry {
        metrics,
        sources,
        site_key,
        ..
    } = entry;
    let states = FjallDatabase::open(&config.journal.directory.join("state"))?;
    let shared = Arc::new(stages::Shared {
        journal: Arc::clone(journal),
        states,
        metrics: Arc::clone(metrics),
    });
    let partitions = config.journal.partitions;
    let normalize = NormalizeStage::new(Arc::clone(sources), site_key.clone(), Arc::clone(metrics))
        .validating(&config.validation);
    let normalize = Stage::open(
        "normalize",
        NormalizeStage::spec(partitions),
        normalize,
        &shared,
    )?;
    let workloads = workload_stage(config, metrics);
    let workloads = Stage::open(
        "workloads",
        WorkloadStage::spec(partitions),
        workloads,
        &shared,
    )?;
    let alerts = AlertStage {
        alerts: Alerts::new(policy(config)),
        metrics: Arc::clone(metrics),
    };
    let alerts = Stage::open("alerts", AlertStage::spec(partitions), alerts, &shared)?;
    let healths = vec![normalize.health(), workloads.health(), alerts.health()];
    normalize.start(tasks)?;
    workloads.start(tasks)?;
    alerts.start(tasks)?;
    Ok(healths)
}

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
        ..Policy::default()
    }
}

/// The workloads as configured.
pub(crate) fn workload_stage(config: &Config, metrics: &Arc<Metrics>) -> WorkloadStage {
    let mut told = workloads::Config::default();
    told.deterioration.set_span = config.workloads.complete_within;
    told.critical.repeat = config.workloads.repeat_suppression;
    let flags = &config.workloads;
    let flags = [
        ("deterioration", flags.deterioration),
        ("sepsis", flags.sepsis),
        ("critical-results", flags.critical_results),
    ];
    let off = flags
        .into_iter()
        .filter(|(_, on)| !on)
        .map(|(name, _)| name)
        .collect();
    WorkloadStage {
        workloads: Workloads::new(told),
        off,
        metrics: Arc::clone(metrics),
    }
}

/// Starts what looks after the rest: ticks, the memory of accepted messages, retention.
fn start_housekeeping(
    clock: Clock,
    journal: &Arc<EmbeddedJournal>,
    intake: &Arc<Intake>,
    tasks: &Tasks,
) -> Result<(), Error> {
    let intake = Arc::clone(intake);
    tasks.background("resends", move |stop| {
        while !stop.is_asked() {
            stop.rest(REMEMBER);
            if let Err(error) = intake.resends.flush(clock.now()) {
                tracing::error!(%error, "the memory of accepted messages could not be written");
            }
        }
    })?;
    let retained = Arc::clone(journal);
    tasks.background("retention", move |stop| {
        while !stop.is_asked() {
            match retained.retain(clock.now().micros()) {
                Ok(0) => {}
                Ok(records) => tracing::info!(records, "records past their retention were removed"),
                Err(error) => {
                    tracing::error!(%error, "records past their retention could not be removed");
                }
            }
            stop.rest(RETAIN);
        }
    })?;
    Ok(())
}

/// Starts telling both streams what time it is, so that silence cannot stop the time there.
///
/// A stream is told only while the station that writes it keeps up: time that went on before what is still to come
/// would make that late, and would call observations overdue that are on their way.
fn start_ticks(
    partitions: u16,
    clock: Clock,
    journal: &Arc<EmbeddedJournal>,
    healths: &[Arc<StageHealth>],
    tasks: &Tasks,
) -> std::io::Result<()> {
    let writers = [
        ("normalize", topics::PATIENT_STREAM),
        ("workloads", topics::ALERT_STREAM),
    ];
    let told: Vec<_> = writers
        .iter()
        .filter_map(|(writer, topic)| {
            let health = healths.iter().find(|health| health.name == *writer)?;
            Some((
                Arc::clone(health),
                partitions_of(&[(*topic).into()], partitions),
            ))
        })
        .collect();
    let journal = Arc::clone(journal);
    tasks.thread("ticks", move |stop| {
        while !stop.is_asked() {
            for (writer, stream) in &told {
                let keeps_up = writer.lag.load(Ordering::Relaxed) <= TICK_LAG_MAX
                    && !writer.recovering.load(Ordering::Relaxed);
                if keeps_up && let Err(error) = journal.append(tick(stream, clock.now())) {
                    tracing::error!(%error, "a stream could not be told the time");
                }
            }
            stop.rest(clock.in_the_room(TICK).max(TICK_LEAST));
        }
    })
}

/// A record without a key in every partition, so that silence cannot stop the time there.
fn tick(streams: &[TopicPartition], now: ReceivedTime) -> Write {
    let record = Record {
        event_time: now.micros(),
        received_time: now.micros(),
        headers: vec![(TICK_HEADER.into(), (*b"1").into())],
        ..Record::default()
    };
    Write {
        records: streams
            .iter()
            .map(|at| (at.clone(), record.clone()))
            .collect(),
        offsets: vec![],
    }
}

async fn look_at_rates(control: Arc<Control>) {
    let mut stop = control.tasks.stop();
    while stop.sleep(rates::EVERY).await {
        control.rates.look(&control::totals(&control));
        let free = control.journal.status().disk_free_bytes;
        control
            .metrics
            .disk_free
            .set(i64::try_from(free).unwrap_or(i64::MAX));
    }
}

/// The token that forms of this run carry.
fn csrf(key: &SiteKey, now: ReceivedTime) -> String {
    key.unassigned("csrf", &now.micros().to_be_bytes())
        .to_string()
}
