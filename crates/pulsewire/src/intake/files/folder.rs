//! A folder that is watched: looked at again and again, and what is ready in it is read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::job::{Ending, Job, Work};
use super::pace::Pace;
use super::watch::{Seen, Watch, is_content};
use super::wrong::Wrongs;
use super::{Mapping, Shared, ending, listing};
use crate::clock::Stopwatch;
use crate::config;
use crate::tasks::Stop;

/// How often a folder is looked at, at most and at least.
const LOOK_LEAST: Duration = Duration::from_millis(100);
const LOOK_MOST: Duration = Duration::from_secs(1);

/// What is wrong with the folder has the name of no file.
const FOLDER: &str = "";
/// Why a file is not read whose name no report and no answer could have.
const NOT_UTF8: &str = "its name is not UTF-8: have it written under another one";

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
        let mut wrongs = Wrongs::of(&self.name, self.shared.intake.tasks.clone());
        while !stop.is_asked() {
            match self.look() {
                Ok((listing, unreadable)) => {
                    wrongs.clear(FOLDER);
                    let unreadable: BTreeSet<String> = unreadable.into_iter().collect();
                    for name in &unreadable {
                        wrongs.note(name, NOT_UTF8.to_owned(), watch.elapsed());
                    }
                    let ready = seen.step(&listing, watch.elapsed());
                    self.read_all(&ready, stop, &watch, &mut wrongs);
                    let names: BTreeSet<&str> = listing.iter().map(|seen| &*seen.name).collect();
                    wrongs.tell(|name| names.contains(name) || unreadable.contains(name));
                }
                Err(why) => {
                    wrongs.note(FOLDER, why, watch.elapsed());
                    wrongs.tell(|_| true);
                }
            }
            stop.rest(rest);
        }
    }

    /// What the folder holds, and which names of it cannot be read; or why it cannot be looked into.
    fn look(&self) -> Result<(Vec<Seen>, Vec<String>), String> {
        let folder = &self.config.directory;
        if !folder.is_dir() {
            return Err(format!(
                "{} is no folder that is there: make it, or set directory right",
                folder.display()
            ));
        }
        let listed = ending::make_folders(folder).and_then(|()| listing::list(folder));
        let (listing, mut unreadable) =
            listed.map_err(|error| format!("{} cannot be used: {error}", folder.display()))?;
        unreadable.retain(|name| is_content(name));
        Ok((listing, unreadable))
    }

    fn read_all(&self, ready: &[Seen], stop: &Stop, watch: &Stopwatch, wrongs: &mut Wrongs) {
        for Seen { name, .. } in ready {
            if stop.is_asked() {
                return;
            }
            let is_due = wrongs.is_due(name, watch.elapsed());
            if !is_due || listing::is_being_written(&self.config.directory.join(name)) {
                continue;
            }
            match self.read(name, stop) {
                Ok(Ending::Ended(report)) => {
                    wrongs.clear(name);
                    report.log(&self.name);
                }
                Ok(Ending::Stopped) => return,
                Err(error) => wrongs.note(name, error.to_string(), watch.elapsed()),
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
