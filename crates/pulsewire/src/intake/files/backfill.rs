//! History that is asked to be brought in: by the process that asks, or by one that runs beside it.
//!
//! Who asks leaves a request in the data directory, which is nobody else's, and reads there how far it is. A request that is
//! taken away is given up; one that is left is gone on with after a restart.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clinical::{MessageId, ReceivedTime, SiteKey};
use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::cut::Kind;
use super::job::{self, Ending, Job, Work};
use super::memory::Memory;
use super::pace::Pace;
use super::report::Report;
use super::{Mapping, Shared, door, watch};
use crate::clock::Clock;
use crate::intake::sources::Sources;
use crate::tasks::Stop;

/// How often it is looked whether something is asked for.
const LOOK: Duration = Duration::from_millis(500);
/// What is said where it did not come to its end.
const STOPPED: &str = "it was stopped; ask for it again to go on";
/// How many reasons for failed files are named.
const FAILED_MAX: usize = 100;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// A file, or a folder of some; absolute, since who reads it runs elsewhere.
    pub(crate) path: PathBuf,
    pub(crate) source: String,
    pub(crate) kind: Option<Kind>,
    pub(crate) mapping: Option<PathBuf>,
    pub(crate) rate: Option<u32>,
    /// Whether files are read though they were.
    pub(crate) again: bool,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    pub(crate) files: usize,
    pub(crate) files_ended: usize,
    pub(crate) bytes: u64,
    pub(crate) bytes_read: u64,
    /// The counts of all files together; what each of them is in a report is left out.
    pub(crate) total: Report,
    /// The files that failed, by name, and why.
    pub(crate) failed: Vec<(String, String)>,
    pub(crate) has_ended: bool,
    /// Why it could not go on.
    pub(crate) error: Option<String>,
}

impl Progress {
    /// Takes in how a file ended, after what all before it came to.
    fn end(&mut self, before: &Report, report: &Report, name: &str) {
        self.total.clone_from(before);
        self.total.add(report);
        if let Some(failed) = &report.failed
            && self.failed.len() < FAILED_MAX
        {
            let why = format!("{}: {}", failed.code, failed.detail);
            self.failed.push((name.to_owned(), why));
        }
    }
}

impl Request {
    /// Its name: asked for again, it is the same one.
    pub(crate) fn id(&self) -> String {
        let bytes = serde_json::to_vec(self).expect("paths that were read from text make JSON");
        MessageId::derive(&[&bytes]).to_string()
    }

    fn folder(directory: &Path) -> PathBuf {
        directory.join("backfill")
    }

    fn place(&self, directory: &Path) -> PathBuf {
        Self::folder(directory).join(format!("{}.request.json", self.id()))
    }

    fn progress_place(&self, directory: &Path) -> PathBuf {
        Self::folder(directory).join(format!("{}.progress.json", self.id()))
    }

    /// Leaves it for the process that runs.
    pub(crate) fn leave(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(Self::folder(directory))?;
        remove(&self.progress_place(directory))?;
        let bytes = serde_json::to_vec(self).expect("paths that were read from text make JSON");
        write(&self.place(directory), &bytes)
    }

    /// How far the process that runs is with it; nothing where it has not begun.
    pub(crate) fn progress(&self, directory: &Path) -> Option<Progress> {
        let bytes = fs::read(self.progress_place(directory)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Takes it away again, with what was said of it.
    pub(crate) fn clear(&self, directory: &Path) -> io::Result<()> {
        remove(&self.place(directory))?;
        remove(&self.progress_place(directory))
    }

    /// The files that it names, in the order of their names.
    pub(crate) fn files(&self) -> io::Result<Vec<(PathBuf, u64)>> {
        let mut found = Vec::new();
        walk(&self.path, true, &mut found)?;
        Ok(found)
    }

    /// Reads all its files; `rest` rests and tells whether to go on, `tell` hears how far it is.
    pub(crate) fn run(
        &self,
        shared: &Shared,
        rest: &(dyn Fn(Duration) -> bool + Sync),
        tell: &mut dyn FnMut(&Progress),
    ) -> Progress {
        let with = With {
            memory: Some(&shared.memory),
            door: &|source, pieces| shared.door.take(source, pieces),
            site: &shared.intake.site_key,
            sources: &shared.intake.sources,
            now: &|| shared.intake.clock.now(),
            lag: &|| shared.lag(),
            rest,
        };
        self.run_with(&with, tell)
    }

    /// Reads all its files and keeps nothing: what would become of them.
    pub(crate) fn dry_run(
        &self,
        sources: &Sources,
        clock: Clock,
        tell: &mut dyn FnMut(&Progress),
    ) -> Progress {
        let with = With {
            memory: None,
            door: &|source, pieces| {
                Ok(pieces
                    .iter()
                    .map(|piece| door::judge(sources, source, piece))
                    .collect())
            },
            // The ids are not those that it would get, and nobody sees them.
            site: &SiteKey::new([0; 32]),
            sources,
            now: &|| clock.now(),
            lag: &|| 0,
            rest: &|_| true,
        };
        let unhurried = Self {
            rate: None,
            ..self.clone()
        };
        unhurried.run_with(&with, tell)
    }

    fn run_with(&self, with: &With<'_>, tell: &mut dyn FnMut(&Progress)) -> Progress {
        let mut progress = Progress::default();
        if let Err(error) = self.read_all(with, &mut progress, tell) {
            progress.error = Some(error);
        }
        progress.has_ended = true;
        tell(&progress);
        progress
    }

    fn read_all(
        &self,
        with: &With<'_>,
        progress: &mut Progress,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<(), String> {
        let files = self
            .files()
            .map_err(|error| format!("{}: {error}", self.path.display()))?;
        let mapping = self.mapping.as_deref().map(Mapping::load).transpose();
        let mapping = mapping.map_err(|mistakes| mistakes.join("\n"))?;
        let source = with
            .sources
            .all()
            .find(|source| *source.name == *self.source);
        let source = source.ok_or_else(|| format!("there is no [source.{}]", self.source))?;
        progress.files = files.len();
        progress.bytes = files.iter().map(|(_, bytes)| bytes).sum();
        tell(progress);
        let mut bytes_before = 0;
        let mut pace = Pace::new(self.rate, true);
        for (path, bytes) in files {
            if !(with.rest)(Duration::ZERO) {
                return Err(STOPPED.into());
            }
            let (Some(folder), Some(name)) = (
                path.parent(),
                path.file_name().and_then(|name| name.to_str()),
            ) else {
                continue;
            };
            let job = Job {
                folder,
                name,
                source: &self.source,
                zone: &source.mapping.zone,
                production_only: source.production_only,
                kind: self.kind,
                mapping: mapping.as_ref(),
                is_history: true,
                moves: false,
                again: self.again,
                answers: Answers::None,
            };
            let before = progress.clone();
            let mut hear = |report: &Report, read: u64| {
                progress.total.clone_from(&before.total);
                progress.total.add(report);
                progress.bytes_read = bytes_before + read;
                tell(progress);
            };
            let mut work = Work {
                memory: with.memory,
                door: with.door,
                site: with.site,
                now: with.now,
                rest: with.rest,
                lag: with.lag,
                pace,
                tell: &mut hear,
            };
            let ending = work.run(&job);
            // How slow it is holds for the next file, too.
            pace = work.pace;
            match ending.map_err(|error| error.to_string())? {
                Ending::Stopped => return Err(STOPPED.into()),
                Ending::Ended(report) => progress.end(&before.total, &report, name),
            }
            bytes_before += bytes;
            progress.files_ended += 1;
            progress.bytes_read = bytes_before;
            tell(progress);
        }
        Ok(())
    }
}

/// What files are read with.
struct With<'a> {
    /// None where nothing is kept.
    memory: Option<&'a Memory>,
    door: &'a job::Door<'a>,
    site: &'a SiteKey,
    sources: &'a Sources,
    now: &'a (dyn Fn() -> ReceivedTime + Sync),
    lag: &'a (dyn Fn() -> u64 + Sync),
    rest: &'a (dyn Fn(Duration) -> bool + Sync),
}

/// Takes up what others ask for, until it is to stop.
pub(super) fn attend(directory: &Path, shared: &Shared, stop: &Stop) {
    while !stop.is_asked() {
        for request in requests(directory) {
            if request
                .progress(directory)
                .is_some_and(|progress| progress.has_ended)
            {
                continue;
            }
            let (place, said) = (request.place(directory), request.progress_place(directory));
            let rest = |span| {
                stop.rest(span);
                !stop.is_asked() && place.exists()
            };
            let mut tell = |progress: &Progress| {
                // What a stop ends is gone on with after the next start.
                if stop.is_asked() {
                    return;
                }
                let bytes =
                    serde_json::to_vec(progress).expect("words and numbers always make JSON");
                if let Err(error) = write(&said, &bytes) {
                    tracing::warn!(%error, "how far a backfill is cannot be told");
                }
            };
            let ended = request.run(shared, &rest, &mut tell);
            tracing::info!(
                files = ended.files_ended,
                rows = ended.total.rows,
                error = ended.error.as_deref(),
                "a backfill ended"
            );
        }
        stop.rest(LOOK);
    }
}

fn requests(directory: &Path) -> Vec<Request> {
    let Ok(entries) = fs::read_dir(Request::folder(directory)) else {
        return Vec::new();
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| {
            path.to_str()
                .is_some_and(|path| path.ends_with(".request.json"))
        })
        .collect();
    paths.sort();
    let read = paths
        .iter()
        .filter_map(|path| serde_json::from_slice(&fs::read(path).ok()?).ok());
    read.collect()
}

/// Finds the files of a folder and of those in it, without those whose names begin with a dot; links are not followed.
fn walk(path: &Path, is_named: bool, found: &mut Vec<(PathBuf, u64)>) -> io::Result<()> {
    let about = path.symlink_metadata()?;
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if about.is_dir() {
        if !is_named && name.starts_with('.') {
            return Ok(());
        }
        let entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
        let mut inside: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        inside.sort();
        return inside.iter().try_for_each(|path| walk(path, false, found));
    }
    if about.is_file() && (is_named || watch::is_content(name)) {
        found.push((path.to_owned(), about.len()));
    }
    Ok(())
}

/// Writes a file as a whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("part");
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    drop(file);
    fs::rename(&unfinished, path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
