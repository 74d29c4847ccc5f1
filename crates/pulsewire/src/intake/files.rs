//! Files as a way in: folders that are watched, and history that is brought in.
//!
//! A file's life: seen, settled, read in batches, done or failed. Each batch is durable before its place in the file is
//! remembered, and what is kept twice because of a crash between the two is recognized by what it says: nothing is lost, and
//! nothing comes twice.

mod answers;
mod backfill;
mod cut;
mod door;
mod ending;
mod folder;
mod job;
mod listing;
mod manifest;
mod memory;
mod pace;
mod report;
mod watch;
mod wrong;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use clinical::SiteKey;
use mapping::extract::{About, Bound, Extract, Plan};
use mapping::source::Zone;

use super::Intake;
use crate::config;
use crate::stages::StageHealth;
use crate::tasks::Tasks;
use cut::{At, Content, Cutter};
use folder::Folder;

pub(crate) use answers::Answers;
pub(crate) use backfill::{Progress, Request};
pub(crate) use cut::Kind;
pub(crate) use door::Door;
pub(crate) use memory::Error;
use memory::Memory;
pub(crate) use report::Report;
pub(crate) use watch::Ready;

/// What all files are read with.
pub(crate) struct Shared {
    intake: Arc<Intake>,
    door: Door,
    memory: Memory,
    /// The stations of this process, once they run.
    stations: OnceLock<Vec<Arc<StageHealth>>>,
}

impl Shared {
    /// Opens what is remembered of files, beside the journal.
    pub(crate) fn open(directory: &Path, door: Door) -> Result<Self, memory::Error> {
        let intake = Arc::clone(door.intake());
        Ok(Self {
            memory: Memory::open(&directory.join("files"), intake.clock.now())?,
            intake,
            door,
            stations: OnceLock::new(),
        })
    }

    /// Tells it of the stations, behind which history stands back.
    pub(crate) fn attend(&self, stations: &[Arc<StageHealth>]) {
        // They are opened once.
        let _known = self.stations.set(stations.to_vec());
    }

    /// Brings to disk what is remembered of what was kept: where nothing else does.
    pub(crate) fn flush(&self) -> Result<(), super::resend::Error> {
        self.intake.resends.flush(self.intake.clock.now())
    }

    /// How many records the station that is farthest behind has before it.
    fn lag(&self) -> u64 {
        let stations = self.stations.get().into_iter().flatten();
        let lags = stations.map(|station| station.lag.load(Ordering::Relaxed));
        lags.max().unwrap_or(0)
    }
}

/// Watches the folders that are configured, and takes up what is asked to be brought in.
pub(crate) fn start(
    folders: &BTreeMap<String, config::Files>,
    directory: &Path,
    shared: &Arc<Shared>,
    tasks: &Tasks,
) -> std::io::Result<()> {
    for (name, config) in folders {
        let mapping = config.mapping.as_deref().map(Mapping::load).transpose();
        let folder = Folder {
            name: name.clone(),
            config: config.clone(),
            mapping: mapping.map_err(|mistakes| std::io::Error::other(mistakes.join("\n")))?,
            shared: Arc::clone(shared),
        };
        tasks.background("files", move |stop| folder.run(&stop))?;
    }
    let (shared, directory) = (Arc::clone(shared), directory.to_owned());
    tasks.background("backfill", move |stop| {
        backfill::attend(&directory, &shared, &stop);
    })
}

/// A mapping file that was read.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) extract: Extract,
    /// Its hash: another mapping is another reading of the same file.
    pub(crate) hash: String,
}

/// The largest mapping file, and the largest table of codes that it names.
const MAPPING_BYTES_MAX: u64 = 16 << 20;

impl Mapping {
    /// Reads a mapping file, and the tables of codes that it names; all mistakes are told.
    pub(crate) fn load(path: &Path) -> Result<Self, Vec<String>> {
        let at = |path: &Path, error: &dyn std::fmt::Display| {
            vec![format!("{}: {error}", path.display())]
        };
        let text = read_text(path).map_err(|error| at(path, &error))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(text.as_bytes());
        let mut plan: Plan =
            toml::from_str(&text).map_err(|error| at(path, &error.to_string().trim_end()))?;
        for (name, file) in std::mem::take(&mut plan.code_files) {
            let file: PathBuf = path.parent().unwrap_or(Path::new("")).join(file);
            let text = read_text(&file).map_err(|error| at(&file, &error))?;
            hasher.update(text.as_bytes());
            let table =
                mapping::extract::codes(text.as_bytes()).map_err(|error| at(&file, &error))?;
            plan.codes.entry(name).or_default().extend(table);
        }
        let extract = Extract::new(plan).map_err(|problems| {
            problems
                .iter()
                .map(|problem| format!("{}: {problem}", path.display()))
                .collect::<Vec<_>>()
        })?;
        Ok(Self {
            extract,
            hash: hasher.finalize().to_hex().to_string(),
        })
    }
}

fn read_text(path: &Path) -> Result<String, std::io::Error> {
    if path.metadata()?.len() > MAPPING_BYTES_MAX {
        return Err(std::io::Error::other(format!(
            "it is longer than {MAPPING_BYTES_MAX} bytes"
        )));
    }
    std::fs::read_to_string(path)
}

/// A row as it is told: its resources as JSON, or why it is refused.
type Told<'t> = dyn FnMut(u64, Result<Vec<Vec<u8>>, Vec<report::Refused>>) + 't;

/// Tells what each row of a CSV file becomes; nothing is kept.
pub(crate) fn rows(
    path: &Path,
    mapping: &Mapping,
    (source, zone, site): (&str, &Zone, &SiteKey),
    tell: &mut Told<'_>,
) -> Result<(), String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mapped = Some((&mapping.extract, zone));
    let cutter = Cutter::new(file, Kind::Csv, At::START, mapped);
    let mut cutter = cutter.map_err(|error| error.to_string())?;
    let mut equal = BTreeMap::new();
    while let Some(unit) = cutter.next().map_err(|error| error.to_string())? {
        let mut equal_before = 0;
        if let Content::Row(fields) = &unit.content {
            let count = equal.entry(Bound::row_name(fields.iter().map(Vec::as_slice)));
            let count = count.or_insert(0_u32);
            equal_before = *count;
            *count = count.saturating_add(1);
        }
        let about = About {
            source,
            site,
            equal_before,
        };
        tell(
            unit.after.number,
            job::made(unit, cutter.bound(), &about)
                .map(|made| made.into_iter().map(job::What::into_bytes).collect()),
        );
    }
    Ok(())
}
