//! A folder that is watched: looked at again and again, and what is ready in it is read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::job::{Ending, Job, Work};
use super::pace::Pace;
use super::watch::Watch;
use super::{Mapping, Shared, ending, listing};
use crate::clock::Stopwatch;
use crate::config;
use crate::tasks::Stop;

/// How often a folder is looked at, at most and at least.
const LOOK_LEAST: Duration = Duration::from_millis(100);
const LOOK_MOST: Duration = Duration::from_secs(1);

/// A folder that is watched.
pub(super) struct Folder {
    pub(super) name: String,
    pub(super) config: config::Files,
    pub(super) mapping: Option<Mapping>,
    pub(super) shared: Arc<Shared>,
}

impl Folder {
    /// Watches it until it is to stop.
    pub(super) fn run(&self, stop: &Stop) {
        let watch = Stopwatch::start();
        let mut seen = Watch::new(self.config.ready, self.config.settle);
        let rest = (self.config.settle / 2).clamp(LOOK_LEAST, LOOK_MOST);
        // What is wrong is told once, not with every look.
        let mut told: BTreeSet<String> = BTreeSet::new();
        while !stop.is_asked() {
            let mut wrong = BTreeSet::new();
            match self.look(&mut seen, watch.elapsed()) {
                Ok(ready) => self.read_all(&ready, stop, &mut wrong),
                Err(error) => {
                    wrong.insert(format!("the folder cannot be looked into: {error}"));
                }
            }
            for what in wrong.difference(&told) {
                tracing::error!(
                    files = self.name,
                    what,
                    "files are not read; it is tried again"
                );
            }
            told = wrong;
            stop.rest(rest);
        }
    }

    fn look(&self, seen: &mut Watch, now: Duration) -> std::io::Result<Vec<String>> {
        let folder = &self.config.directory;
        ending::make_folders(folder)?;
        let (listing, unreadable) = listing::list(folder)?;
        if unreadable > 0 {
            tracing::debug!(
                files = self.name,
                unreadable,
                "names that are not UTF-8 are left alone"
            );
        }
        let ready = seen.step(&listing, now).into_iter();
        Ok(ready.map(|seen| seen.name).collect())
    }

    fn read_all(&self, ready: &[String], stop: &Stop, wrong: &mut BTreeSet<String>) {
        for name in ready {
            if stop.is_asked() {
                return;
            }
            if listing::is_being_written(&self.config.directory.join(name)) {
                continue;
            }
            match self.read(name, stop) {
                Ok(Ending::Ended(report)) => report.log(&self.name),
                Ok(Ending::Stopped) => return,
                Err(error) => {
                    wrong.insert(error.to_string());
                }
            }
        }
    }

    fn read(&self, name: &str, stop: &Stop) -> Result<Ending, super::job::Error> {
        let shared = &self.shared;
        let source = shared.intake.sources.named(&self.config.source);
        let job = Job {
            folder: &self.config.directory,
            name,
            source: &self.config.source,
            zone: &source.mapping.zone,
            production_only: source.production_only,
            kind: self.config.kind,
            mapping: self.mapping.as_ref(),
            is_history: self.config.is_history,
            moves: true,
            again: false,
            answers: self.config.answers,
        };
        let mut work = Work {
            memory: Some(&shared.memory),
            door: &|source, pieces| shared.door.take(source, pieces),
            site: &shared.intake.site_key,
            now: &|| shared.intake.clock.now(),
            rest: &|span| {
                stop.rest(span);
                !stop.is_asked()
            },
            lag: &|| shared.lag(),
            pace: Pace::new(self.config.rate, self.config.is_history),
            tell: &mut |_, _| {},
        };
        work.run(&job)
    }
}
